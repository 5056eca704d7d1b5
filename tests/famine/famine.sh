#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All memory is taken but the reserves, in the middle of an echo from one kernel
# driver to another: with SLUICE_SESSION_RECLAIM it goes on, without it waits.
# It takes long, on a slow machine, to see both: so it is not part of 'check'.
MEGABYTES=512
. "$(dirname "$0")/../vm/lib/sluiced.sh"
. "$(dirname "$0")/../vm/lib/agents.sh"
OVER=/sys/module/famine/parameters

on_loopback() {
	cat /sys/class/net/lo/statistics/rx_bytes
}

# The result of an echo, in the middle of which there was nothing to be had for
# three seconds; what crossed the loopback device meanwhile is in $MOVED.
famine() {
	local driver rest
	reload_server cert="$CERT" privkey="$KEY" keyring="$KEYRING" ${1:+reclaim=1} || return
	insmod /out/famine/famine.ko after=8000000 || return
	$ECHO drive "$SERVER_PORT" 1 "auth=anon name=localhost depth=2 update=50
		linger=60000 bytes=$((MEGABYTES << 20)) $1" >drive.log &
	driver=$!
	until [[ $(<"$OVER/over") == Y ]]; do
		sleep 0.5
	done
	rest=$(on_loopback)
	MOVED=$(<"$OVER/moved")
	echo "$MOVED octets moved, of $(<"$OVER/taken") pages none was left," \
		"$(<"$OVER/waits") times somebody would have been killed"
	rmmod famine
	wait "$driver"
	rest=$(($(on_loopback) - rest))
	echo "$rest octets moved after it"
	cat drive.log
	grep -q "^ok .*received=$((MEGABYTES << 20)) " drive.log &&
		[[ $rest -gt 1000000 ]]
}

goes_on() {
	famine reclaim && [[ $MOVED -gt 1000000 ]]
}

waits() {
	famine "" && [[ $MOVED -lt 500000 ]]
}

make_keys
start_peer
load_drivers
check "the agent starts" start_agent --cacert server.pem
check "without SLUICE_SESSION_RECLAIM it waits for memory" waits
sed 's/^/# /' case.log
check "with it, it goes on without any" goes_on
sed 's/^/# /' case.log
check "the drivers unload" unload_drivers
check "the agent ends" stop_agent
end_all
