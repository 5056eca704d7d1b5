#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# tlshd as the agent, as ktls-utils has it: it gives kTLS the keys, and nobody
# the secrets, so that all works but a key update.
. "$(dirname "$0")/lib/agents.sh"

start_agent() {
	cat >tlshd.conf <<-END
		[debug]
		loglevel=1
		[authenticate.client]
		x509.truststore=$WORK/server.pem
	END
	# It makes itself a session keyring: ours has to be in one already.
	keyctl session - sh -c 'keyctl link @u @s && exec "$@"' sh \
		tlshd --config tlshd.conf --stderr >agent.log 2>&1 &
	AGENT_PID=$!
	wait_agent 'Built from'
}

# The peer renews its key, and the session ends for that reason (-127).
update_from_openssl() {
	local trace=/sys/kernel/tracing
	mountpoint -q $trace || mount -t tracefs none $trace
	echo 1 >$trace/events/sluice/sluice_session_state/enable
	openssl_updates 1
	! grep -q '^behind$' openssl.log && grep -q 'error=-127' $trace/trace
}

# It has a clock, too: whose is the first is not said.
silent_peer_here() {
	silent_peer || grep '^EACCES' drive.log
}

# The peer may have closed before it comes to kTLS.
refused_here() {
	"$@" || grep -E '^(ENOTCONN|EIO) ' drive.log
}

no_agent() {
	kill "$AGENT_PID" && wait "$AGENT_PID"
	drives ESRCH 1 "$PEER_PORT" auth=anon name=localhost
}

make_keys
start_peer
load_drivers
check "it starts" start_agent
check "$MEGABYTES MiB to OpenSSL and back" to_peer
check "64 sessions at once" many_to_peer
check "a server of another name is refused" wrong_name
check "a server of an unknown authority is refused" wrong_authority
check "application protocols, of which it does not know" protocol_to_peer echo/1 ''
check "a pre-shared key with OpenSSL" psk_to_peer sluice-psk ok
check "a client certificate to OpenSSL, which asks for it" as alice ok
check "a client certificate of another authority" refused_here as_refused mallory 48
check "no client certificate" refused_here as_nobody
check "a server that says nothing is given up" silent_peer_here
check "$MEGABYTES MiB from OpenSSL and back" from_python
check "a line from GnuTLS and back" from_gnutls
check "a key update of the peer's ends it by name" update_from_openssl
check "a key update of the driver's is refused by name" drives ENOTSUP 1 \
	"$PEER_PORT" auth=anon name=localhost bytes=1000000 update=1
check "without an agent" no_agent
check "the drivers unload" unload_drivers
end_all
