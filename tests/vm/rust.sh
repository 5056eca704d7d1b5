#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Drivers in Rust, with sluiced as the agent and peers that are not ours.
. "$(dirname "$0")/lib/agents.sh"
HTTP_PORT=4445
UNLOADS=${UNLOADS:-20}

start_agent() {
	/out/userspace/sluiced --verbose --cacert server.pem 2>agent.log &
	AGENT_PID=$!
	wait_agent ready
}

load_echo() {
	insmod "$RUST/samples/sluice_echo/sluice_rust_echo.ko" port="$SERVER_PORT" \
		cert="$CERT" privkey="$KEY"
}

many_from_python() {
	local pids=() pid result=0
	for ((i = 0; i < 16; i++)); do
		$ECHO send "$SERVER_PORT" server.pem 1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || result=1
	done
	return "$result"
}

# To a client that has the server's key, and takes no certificate.
raw_key() {
	insmod "$RUST/samples/sluice_echo/sluice_rust_echo.ko" port="$SERVER_PORT" \
		privkey="$KEY" || return
	(echo 'as it is'; sleep 2) |
		openssl s_client -connect "localhost:$SERVER_PORT" -tls1_3 \
			-enable_server_rpk >raw.log 2>&1
	grep -q '^as it is$' raw.log && ! grep 'BEGIN CERTIFICATE' raw.log &&
		grep -A9 'Server raw public key' raw.log && rmmod sluice_rust_echo
}

# A web server that knows files alone: s_server.
start_http() {
	mkdir www
	head -c 5000000 /dev/urandom >www/file
	(cd www && exec openssl s_server -accept "$HTTP_PORT" -WWW -tls1_3 \
		-cert ../server.pem -key ../server.key >../http.log 2>&1) &
	HTTP_PID=$!
	wait_port "$HTTP_PORT"
}

# fetch ADDRESS NAME PATH: the page on standard output.
fetch() {
	exec 3<>/dev/sluice_fetch &&
		echo "$1 $2 $3" >&3 && cat <&3
	local result=$?
	exec 3>&-
	return "$result"
}

page() {
	fetch "127.0.0.1:$HTTP_PORT" "$1" /file >page || return
	sed '1,/^\r$/d' page | cmp - www/file
}

refused() {
	! fetch "127.0.0.1:$HTTP_PORT" impostor.example /file >page 2>refused.log &&
		grep -q 'Permission denied' refused.log && [[ ! -s page ]]
}

nonsense() {
	! fetch "$@" >page 2>refused.log && grep -q 'Invalid argument' refused.log
}

# The driver goes while data goes round, over and over.
unload_in_traffic() {
	local i pid
	for ((i = 0; i < UNLOADS; i++)); do
		$ECHO send "$SERVER_PORT" server.pem 64 >/dev/null 2>&1 &
		pid=$!
		sleep "0.$((RANDOM % 8))"
		rmmod sluice_rust_echo || return
		wait "$pid" && return 1
		load_echo || return
	done
}

make_keys
start_agent
check "the echo service shows OpenSSL a raw public key" raw_key
check "the echo service loads" load_echo
check "$MEGABYTES MiB from OpenSSL and back" from_python
check "a line from GnuTLS and back" from_gnutls
check "16 at once" many_from_python
check "the driver is unloaded in traffic, $UNLOADS times" unload_in_traffic
check "the fetcher loads" insmod "$RUST/samples/sluice_fetch/sluice_rust_fetch.ko"
start_http
check "a page from OpenSSL, by the server's name" page localhost
check "a page from OpenSSL, by its address" page 127.0.0.1
check "a server of another name is refused" refused
check "a name that is none" nonsense "127.0.0.1:$HTTP_PORT" "not_a/name" /file
check "an address that is none" nonsense "localhost" localhost /file
check "the drivers unload" rmmod sluice_rust_fetch sluice_rust_echo
kill "$HTTP_PID" "$AGENT_PID"
# shellcheck disable=SC2154 # of agents.sh
exit "$status"
