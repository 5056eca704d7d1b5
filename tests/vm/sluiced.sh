#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sluiced as the agent: it has the secrets, so that keys can be renewed.
MEGABYTES=${MEGABYTES:-1024}
. "$(dirname "$0")/lib/sluiced.sh"
. "$(dirname "$0")/lib/agents.sh"

# Each of the requests renews both keys, and OpenSSL has to follow.
storm_to_peer() {
	drives ok 1 "$PEER_PORT" auth=anon name=localhost bytes=$((8 << 20)) \
		update=1 &&
		[[ $(counted tx_key_updates) -ge 500 &&
			$(counted rx_key_updates) -ge 500 ]]
}

storm_from_openssl() {
	openssl_updates 50 && grep -q '^behind$' openssl.log &&
		[[ $(grep -c '^KEYUPDATE$' openssl.log) == 50 ]]
}

# A client that offers one of them, others only, and none at all.
protocol_from_openssl() {
	reload_server cert="$CERT" privkey="$KEY" keyring="$KEYRING" alpn=echo/1
	openssl s_client -connect "127.0.0.1:$SERVER_PORT" -CAfile server.pem \
		-alpn echo/2,echo/1 </dev/null | grep -q '^ALPN protocol: echo/1$' &&
		openssl s_client -connect "127.0.0.1:$SERVER_PORT" -CAfile server.pem \
			-alpn echo/2 </dev/null 2>&1 | grep 'alert number 120' &&
		$ECHO send "$SERVER_PORT" server.pem 1
}

bad_psk() {
	drives "$2" 1 "$PEER_PORT" auth=psk psk="$1" &&
		! grep 'died of signal' agent.log
}

# A key that is none, and a certificate and a key that do not belong together.
bad_keys() {
	reload_server cert="$CERT" privkey="$1"
	! $ECHO send "$SERVER_PORT" server.pem 1 && grep -q "$2" agent.log
}

# Another file under the same name, and word of it.
reload() {
	cat other.pem >>trusted.pem
	kill -HUP "$AGENT_PID"
	wait_agent 'read again' &&
		drives ok 1 "$((PEER_PORT + 100))" auth=anon name=localhost bytes=1000
}

# What can't be read takes nothing away.
reload_nothing() {
	: >trusted.pem
	kill -HUP "$AGENT_PID"
	wait_agent 'no certificate in PEM format' &&
		drives ok 1 "$PEER_PORT" auth=anon name=localhost bytes=1000
}

handshaking() {
	/out/userspace/sluice stat | grep -q handshaking
}

in_use() {
	[[ $(</sys/module/sluice_echo_client/refcnt) != 0 ]]
}

# One agent has been told, and does not come to it; the next one does.
from_before() {
	local driver
	kill -STOP "$AGENT_PID"
	$ECHO drive "$PEER_PORT" 1 "auth=anon name=localhost bytes=1000" >drive.log &
	driver=$!
	until_true 30 handshaking
	sleep 0.5
	kill -KILL "$AGENT_PID"
	start_agent --cacert trusted.pem
	wait "$driver"
	cat drive.log
	grep -q '^ok ' drive.log
}

say_nothing() {
	exec 7<>"/dev/tcp/127.0.0.1/$1"
	exec sleep 60
}

# A driver goes while its sessions are in every state: handshakes of peers that
# say nothing, and connections with all they can hold on the way.
unload_in_traffic() {
	local i pids
	for i in 1 2 3 4 5; do
		reload_server cert="$CERT" privkey="$KEY" keyring="$KEYRING"
		pids=()
		for _ in 1 2 3; do
			$ECHO send "$SERVER_PORT" server.pem 4096 >/dev/null 2>&1 &
			pids+=("$!")
			say_nothing "$SERVER_PORT" &
			pids+=("$!")
		done
		$ECHO drive "$SERVER_PORT" 4 "auth=anon name=localhost
			bytes=$((1 << 32)) linger=500" >drive.log &
		pids+=("$!")
		until_true 30 in_use
		sleep "$i.5"
		! rmmod sluice_echo_client 2>/dev/null || return
		rmmod sluice_echo_server || return
		kill -9 "${pids[@]}" 2>/dev/null
		wait "${pids[@]}" 2>/dev/null
	done
	reload_server cert="$CERT" privkey="$KEY" keyring="$KEYRING"
}

make_keys
SHORT=$(keyctl add user short "fifteen octets." "$KEYRING")
HIDDEN=$(keyctl add user hidden "sixteen octets.." "$KEYRING")
keyctl setperm "$HIDDEN" 0x01010000
cp server.pem trusted.pem
start_peer
load_drivers
check "it starts" start_agent --cacert trusted.pem
check "a request from before it started" from_before
check "$MEGABYTES MiB to OpenSSL and back" to_peer
check "64 sessions at once" many_to_peer
check "512 key updates each way with OpenSSL" storm_to_peer
check "a server of another name is refused" wrong_name
check "a server of an unknown authority is refused" wrong_authority
check "a server that says nothing is given up" silent_peer
check "$MEGABYTES MiB from OpenSSL and back" from_python
check "a line from GnuTLS and back" from_gnutls
check "50 key updates from OpenSSL" storm_from_openssl
check "an application protocol with OpenSSL" protocol_to_peer echo/1,echo/2 echo/2
check "no application protocol that OpenSSL knows" protocol_to_peer other ''
check "application protocols from OpenSSL" protocol_from_openssl
check "a pre-shared key with OpenSSL" psk_to_peer sluice-psk ok
check "a pre-shared key that OpenSSL does not know" psk_to_peer other ECONNABORTED
check "a pre-shared key from OpenSSL, and no other" psk_from_python psk="$PSK"
check "a pre-shared key that is none" bad_psk 1 ENOKEY
check "a pre-shared key that can't be read" bad_psk "$HIDDEN" EACCES
check "a pre-shared key that is too short" bad_psk "$SHORT" EINVAL
check "a server without a key" bad_keys 1 'key 1 can.t be read'
check "a server with a key that is none" bad_keys "$CERT" 'no private key'
check "SIGHUP reads the authorities again" reload
check "SIGHUP keeps them if it can't" reload_nothing
check "the drivers go in mid-traffic" unload_in_traffic
check "SIGTERM ends it" stop_agent
check "the drivers unload" unload_drivers
end_all
