#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# sluiced as the agent of drivers that show certificates to OpenSSL, and see
# OpenSSL's: good ones, and those that are not.
DRIVER_PORT=4446
. "$(dirname "$0")/lib/sluiced.sh"
. "$(dirname "$0")/lib/agents.sh"

# The keys of one certificate are one.
as_alice() {
	local first
	as alice ok && key_of localhost || return
	first=$(counted peer)
	as alice ok && [[ $(counted peer) == "$first" ]] &&
		keyctl list "$KEYRING" | grep -q "asymmetric: TLS x509 localhost [0-9a-f]\{64\}$"
}

# No server, no certificate of its own.
unasked() {
	# shellcheck disable=SC2046 # several words
	drives ok 1 "$PEER_PORT" auth=x509 name=localhost bytes=1000 \
		$(credential mallory)
}

no_key() {
	drives ENOKEY 1 "$MUTUAL_PORT" auth=x509 name=localhost cert=1 privkey=1
}

# The driver is the server of an OpenSSL client. meets RESULT [NAME]
meets() {
	$ECHO meet "$DRIVER_PORT" server.pem "auth=x509 cert=$CERT privkey=$KEY keyring=$KEYRING bytes=100000" \
		${2:+"$2.pem"} | tee drive.log
	grep -q "^$1 " drive.log
}

meets_alice() {
	meets ok alice && key_of CN=alice
}

# The kernel has no Ed25519, and so no key of it.
meets_ed25519() {
	openssl req -x509 -newkey ed25519 -CA ca.pem -CAkey ca.key -nodes \
		-keyout eddy.key -out eddy.pem -subj /CN=eddy -days 2 \
		-addext extendedKeyUsage=clientAuth 2>/dev/null
	cat eddy.key >>eddy.pem
	meets ok eddy && [[ $(counted peer) == 0 ]] &&
		grep -q 'does not know its algorithm' agent.log
}

meets_other() {	# NAME ALERT
	meets EACCES "$1" && grep -q "alert sent: $2" agent.log &&
		grep -qi "alert ${2//_/ }" drive.log
}

# The driver names no certificate.
own_certificate() {
	reload_server
	! $ECHO send "$SERVER_PORT" server.pem 1 &&
		grep -q 'names no certificate' agent.log &&
		restart --cert server.pem --key server.key &&
		$ECHO send "$SERVER_PORT" server.pem 1 || return
	reload_server cert="$CERT" privkey="$KEY" keyring="$KEYRING"
}

# A list that has the certificate in it, and one that has not.
revoked() {
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=1\n' >ca.cnf
	: >index
	local ca=(openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem)
	"${ca[@]}" -gencrl -out crl.pem 2>/dev/null
	restart --client-ca ca.pem --crl crl.pem &&
		meets ok alice || return
	"${ca[@]}" -revoke alice.pem 2>/dev/null
	"${ca[@]}" -gencrl -out crl.pem 2>/dev/null
	kill -HUP "$AGENT_PID"
	wait_agent 'read again' && meets_other alice certificate_revoked && restart
}

meets_nobody() {
	meets ok && [[ $(counted peer) == 0 ]]
}

make_keys
cp server.pem trusted.pem
start_peer
load_drivers
check "it starts" start_agent --cacert trusted.pem
check "a client certificate to OpenSSL, which asks for it, and the server's" as_alice
check "a client certificate to OpenSSL, which does not ask" unasked
check "a client certificate of another authority" as_refused mallory 48
check "a client certificate that has expired" as_refused expired 45
check "no client certificate" as_nobody
check "a client certificate that is none" no_key
check "the agent's own certificate" own_certificate
check "a server that asks for the client's certificate" restart --client-ca ca.pem
check "OpenSSL's certificate" meets_alice
check "OpenSSL's certificate, that no kernel key can be made of" meets_ed25519
check "OpenSSL's certificate of another authority" meets_other mallory unknown_ca
check "OpenSSL's certificate that has expired" meets_other expired certificate_expired
check "OpenSSL without a certificate" meets_other '' certificate_required
check "a server that leaves it to the client" restart --client-ca ca.pem --client-optional
check "OpenSSL's certificate, if it wants" meets_alice
check "OpenSSL without a certificate, if it wants" meets_nobody
check "a pre-shared key for a server that asks for certificates" psk_from_python psk="$PSK"
check "OpenSSL's certificate, before and after it is revoked" revoked
check "the drivers unload" unload_drivers
kill "$AGENT_PID"
end_all
