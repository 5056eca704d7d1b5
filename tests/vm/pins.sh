#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sluiced as the agent of drivers whose peers are known by their keys: pins, and
# raw public keys (RFC 7250), with OpenSSL and GnuTLS at the other end.
DRIVER_PORT=4446 RAW_PORT=4447 GNUTLS_PORT=4448
ROUND=30000
GNUTLS=NORMAL:-VERS-ALL:+VERS-TLS1.3:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK
. "$(dirname "$0")/lib/sluiced.sh"
. "$(dirname "$0")/lib/agents.sh"

hash_of() {
	openssl pkey -in "$1.key" -pubout -outform DER | sha256sum | cut -d' ' -f1
}

pin() {
	openssl pkey -in "$1.key" -pubout -outform DER |
		openssl dgst -sha256 -binary | base64 | sed 's|^|sha256//|'
}

# agent ARGUMENT…: anew
agent() {
	stop_agent && start_agent "$@"
}

# Peers that have raw public keys. OpenSSL's sends back what it gets, by way of a
# pipe to itself: no more than that holds.
start_raw_peers() {
	mkfifo server.pipe client.pipe
	openssl s_server -quiet -accept "127.0.0.1:$RAW_PORT" -tls1_3 \
		-cert server.pem -key server.key -Verify 1 \
		-enable_server_rpk -enable_client_rpk \
		<>server.pipe 1<>server.pipe 2>raw.log &
	RAW_PID=$!
	openssl pkey -in server.key -pubout -out server.pub
	openssl pkey -in alice.key -pubout -out alice.pub
	gnutls-serv --echo -q -p "$GNUTLS_PORT" --rawpkfile server.pub \
		--rawpkkeyfile server.key --priority "$GNUTLS" \
		--require-client-cert >gnutls.log 2>&1 &
	GNUTLS_PID=$!
	wait_port "$RAW_PORT" && wait_port "$GNUTLS_PORT"
}

private_key() {
	openssl pkcs8 -topk8 -nocrypt -in "$1.key" -outform DER |
		keyctl padd user "$1.key" "$KEYRING"
}

pinned() {	# PIN…
	agent --cacert trusted.pem "${@/#/--pin=}" &&
		drives ok 1 "$PEER_PORT" auth=anon name=localhost bytes=100000
}

# A certificate that all else is right with.
pinned_other() {
	agent --cacert trusted.pem --pin "$(pin alice)" &&
		drives EACCES 1 "$PEER_PORT" auth=anon name=localhost bytes=1 &&
		grep 'none of those that are pinned (alert sent: certificate_unknown)' agent.log &&
		[[ $(tail -n1 peer.log) == *CERTIFICATE_UNKNOWN* ]]
}

pinned_and_named() {
	agent --cacert trusted.pem --pin "$(pin server)" &&
		wrong_name && wrong_authority
}

# The driver is told the serial of a key with the peer's. raw_key_of NAME HOLDER
raw_key_of() {
	local serial
	serial=$(counted peer)
	keyctl rdescribe "$serial"
	keyctl rdescribe "$serial" | grep -q "^user;.*;TLS spki $1 $(hash_of "$2")$" &&
		openssl pkey -in "$2.key" -pubout -outform DER |
		cmp - <(keyctl pipe "$serial")
}

# The key is the driver's, and for OpenSSL, which says that it has seen one.
raw_both_ways() {
	: >raw.log
	agent --pin "$(pin server)" --peer-raw-key=only &&
		drives ok 1 "$RAW_PORT" auth=x509 name=localhost bytes=$ROUND \
			privkey="$(private_key alice)" keyring="$KEYRING" &&
		raw_key_of localhost server &&
		grep 'client of localhost: .*, a raw public key$' agent.log &&
		grep -i 'raw public key' raw.log
}

raw_other() {
	agent --pin "$(pin mallory)" --peer-raw-key=only &&
		drives EACCES 1 "$RAW_PORT" auth=anon bytes=1 &&
		grep 'none of those that are pinned' agent.log
}

raw_wanted() {
	agent --pin "$(pin server)" --peer-raw-key=only &&
		drives EACCES 1 "$PEER_PORT" auth=anon name=localhost bytes=1 &&
		grep 'where only a raw public key will do (alert sent: unsupported_certificate)' agent.log
}

raw_too() {
	agent --cacert trusted.pem --pin "$(pin server)" --peer-raw-key &&
		drives ok 1 "$PEER_PORT" auth=anon name=localhost bytes=1000 &&
		drives ok 1 "$RAW_PORT" auth=x509 name=impostor.example bytes=1000 \
			privkey="$(private_key alice)" keyring="$KEYRING"
}

# gnutls-serv sends no zeros back.
raw_to_gnutls() {
	agent --key alice.key --raw-key=only --pin "$(pin server)" \
		--peer-raw-key=only &&
		drives ok 1 "$GNUTLS_PORT" auth=x509 name=localhost &&
		raw_key_of localhost server
}

raw_from_gnutls() {
	reload_server
	agent --key server.key --raw-key=only --client-pin "$(pin alice)" \
		--peer-raw-key=only || return
	(echo 'over GnuTLS'; sleep 3) | gnutls-cli --insecure \
		--rawpkfile alice.pub --rawpkkeyfile alice.key \
		--priority "$GNUTLS" -p "$SERVER_PORT" localhost | tee gnutls-cli.log
	grep -q '^over GnuTLS$' gnutls-cli.log &&
		grep 'server for a client: .*, a raw public key$' agent.log
}

# The driver is the server of an OpenSSL client, which sends back what it gets.
# takes RESULT ARGUMENT…
takes() {
	local driver
	$ECHO take "$DRIVER_PORT" "auth=x509 bytes=$ROUND keyring=$KEYRING" >drive.log &
	driver=$!
	wait_port "$DRIVER_PORT" || return
	timeout 30 openssl s_client -quiet -connect "127.0.0.1:$DRIVER_PORT" \
		"${@:2}" <>client.pipe 1<>client.pipe 2>openssl.log
	wait "$driver"
	cat drive.log openssl.log
	grep -q "^$1 " drive.log
}

as_key() {	# NAME
	echo -enable_client_rpk -cert "$1.pem" -key "$1.key"
}

serving_pinned() {
	agent --cert server.pem --key server.key --client-pin "$(pin alice)" "$@"
}

client_raw() {
	# shellcheck disable=SC2046 # several words
	serving_pinned --peer-raw-key && takes ok $(as_key alice) &&
		raw_key_of '' alice
}

client_pinned() {
	takes ok -cert alice.pem -key alice.key && key_of CN=alice
}

client_other() {	# ARGUMENT…: of OpenSSL
	takes EACCES "$@" &&
		grep 'none of those that are pinned (alert sent: certificate_unknown)' agent.log &&
		grep 'alert certificate unknown' openssl.log
}

client_nobody() {
	serving_pinned && takes EACCES &&
		grep 'alert sent: certificate_required' agent.log &&
		grep 'alert certificate required' openssl.log &&
		serving_pinned --client-optional && takes ok &&
		[[ $(counted peer) == 0 ]]
}

# sees NAME: OpenSSL has the server's raw public key, and knows whose it is.
sees() {
	takes ok -enable_server_rpk -verify_return_error \
		-dane_tlsa_domain localhost -dane_tlsa_rrdata "3 1 1 $(hash_of "$1")"
}

# Another key under the same name, and word of it; then none.
reload_key() {
	cp alice.key own.key
	agent --key own.key --raw-key=only && sees alice && ! sees server || return
	cp server.key own.key
	kill -HUP "$AGENT_PID"
	wait_agent 'read again' && sees server && ! sees alice || return
	: >own.key
	kill -HUP "$AGENT_PID"
	wait_agent 'own.key' && sees server
}

make_keys
cp server.pem trusted.pem
start_peer
check "OpenSSL and GnuTLS with raw public keys start" start_raw_peers
load_drivers
check "it starts" start_agent --cacert trusted.pem
check "the pin of OpenSSL's server" pinned "$(pin server)"
check "one of several pins" pinned "$(pin alice)" "$(pin server)"
check "a server with another key than is pinned" pinned_other
check "a pin does not make up for the name or the authority" pinned_and_named
check "raw public keys to OpenSSL and back" raw_both_ways
check "another raw public key than is pinned" raw_other
check "a certificate where only a raw public key will do" raw_wanted
check "a certificate or a raw public key, as OpenSSL has it" raw_too
check "raw public keys to GnuTLS and back" raw_to_gnutls
check "raw public keys from GnuTLS and back" raw_from_gnutls
check "the pin of OpenSSL's raw public key" client_raw
check "a certificate with the key that is pinned" client_pinned
# shellcheck disable=SC2046 # several words
check "another raw public key of OpenSSL" client_other $(as_key mallory)
check "a certificate with another key" client_other -cert mallory.pem -key mallory.key
check "OpenSSL without a key" client_nobody
check "SIGHUP reads the own key again, and keeps it if it can't" reload_key
check "SIGTERM ends it" stop_agent
check "the drivers unload" unload_drivers
kill "$RAW_PID" "$GNUTLS_PID"
end_all
