# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# sluiced as the agent.

start_agent() {
	/out/userspace/sluiced --verbose "$@" 2>agent.log &
	AGENT_PID=$!
	wait_agent ready
}

stop_agent() {
	kill "$AGENT_PID" && wait "$AGENT_PID"
}

restart() {
	stop_agent && start_agent --cacert trusted.pem "$@"
}
