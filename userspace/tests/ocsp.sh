#!/bin/bash
# SPDX-License-Identifier: MIT
# Stapled OCSP responses made by `openssl ocsp`, against OpenSSL's and GnuTLS's
# clients and servers, on loopback: ocsp.sh BUILD-FOLDER. Prints TAP.
set -u

# shellcheck source-path=SCRIPTDIR source=interop/peer.bash
. "$(dirname "$(readlink -f "$0")")/interop/peer.bash"
cd "$tmp" || exit 1

ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9)
for name in ca other; do
	openssl req -x509 "${ec[@]}" -keyout $name.key -out $name.pem \
		-subj "/CN=authority $name" 2>/dev/null
done
issue() {	# NAME ARGUMENTS…
	local name=$1
	shift
	openssl req -x509 -CA ca.pem -CAkey ca.key "${ec[@]}" -keyout "$name.key" \
		-out "$name.pem" -subj "/CN=$name" -addext basicConstraints=CA:FALSE \
		-addext subjectAltName=DNS:localhost "$@" 2>/dev/null
	printf 'V\t301231235959Z\t\t%s\tunknown\t/CN=%s\n' \
		"$(openssl x509 -in "$name.pem" -noout -serial | cut -d= -f2)" "$name" >>index
}
issue good
issue revoked
issue must -addext tlsfeature=status_request
issue unknown
issue alice -addext extendedKeyUsage=clientAuth
issue responder -addext extendedKeyUsage=OCSPSigning
issue impostor
sed -i '/CN=revoked/s/^V\t\([^\t]*\)\t/R\t\1\t261101000000Z/; /CN=unknown/d' index

respond() {	# FILE CERTIFICATE SIGNER ARGUMENTS…
	openssl ocsp -issuer ca.pem -cert "$2.pem" -no_nonce -reqout request.der >/dev/null 2>&1
	openssl ocsp -index index -CA ca.pem -rsigner "$3.pem" -rkey "$3.key" \
		-reqin request.der -respout "$1.der" -ndays 1 "${@:4}" >/dev/null 2>&1
}
respond good good ca
respond delegated good responder
respond by-key good responder -resp_key_id
respond revoked revoked ca
respond unknown unknown ca
respond impostor good impostor
respond other good other
respond must must responder
respond alice alice responder
head -c 100 good.der >cut.der

ask() {	# ARGUMENTS…: our client
	timeout 20 "$peer" --port "$port" --name localhost --ca ca.pem "$@" 2>&1
}

openssl_server() {	# CERTIFICATE ARGUMENTS…
	next_port
	openssl s_server -accept "$port" -tls1_3 -rev -quiet -cert "$1.pem" \
		-key "$1.key" "${@:2}" >server.log 2>&1 &
	server=$!
	await
}

good='stapled=1 .*error=0'
for name in good delegated by-key; do
	openssl_server good -status_file "$name.der"
	expect "client, openssl s_server, $name" \
		"$(ask --expect olleh --staple required)" "verified=1.*data=1.*$good"
	stop
done
while read -r cert name reason; do
	openssl_server "$cert" -status_file "$name.der"
	expect "client, openssl s_server, $cert's certificate, response $name" \
		"$(ask --staple optional)
$(ask)" "done=0.*error=3 .*reason=$reason" 'done=1.*error=0'
	stop
done <<'EOF'
revoked revoked certificate revoked
unknown unknown the OCSP responder does not know
good impostor .*not authorised
good other .*not signed for the
good must .*about another
EOF
openssl_server good -status_file good.der
expect "client, openssl s_server, response out of date" "$(ask --staple optional --clock 172800)" \
	'sent=bad_certificate_status_response .*out of date'
stop
openssl_server good
expect "client, openssl s_server without a response" "$(ask --expect olleh --staple optional)
$(ask --staple required)" 'data=1.*stapled=0 .*error=0' 'sent=bad_certificate_status_response .*without an OCSP response'
stop
openssl_server must
expect "client, openssl s_server that breaks its promise" "$(ask --staple optional)
$(ask)" 'sent=bad_certificate_status_response .*promises' 'done=1'
stop
openssl_server must -status_file must.der
expect "client, openssl s_server that keeps its promise" "$(ask --expect olleh --staple optional)" "$good"
stop

# In TLS 1.2 it comes in a message of its own.
next_port
openssl s_server -accept "$port" -tls1_2 -rev -quiet -cert must.pem -key must.key \
	-status_file must.der >server.log 2>&1 &
server=$!
await
expect "client, openssl s_server of TLS 1.2" \
	"$(ask --min 1.2 --expect olleh --staple required)" "version=1.2.*data=1.*$good"
stop

gnutls_server() {	# CERTIFICATE ARGUMENTS…
	next_port
	gnutls-serv --echo -q -p "$port" --x509certfile "$1.pem" \
		--x509keyfile "$1.key" "${@:2}" >server.log 2>&1 &
	server=$!
	await
}
gnutls_server good --ocsp-response delegated.der
expect "client, gnutls-serv" "$(ask --staple required)" "data=1.*$good"
stop
gnutls_server revoked --ocsp-response revoked.der --ignore-ocsp-response-errors
expect "client, gnutls-serv, revoked" "$(ask --staple optional)" 'sent=certificate_revoked'
stop
gnutls_server good --ocsp-response cut.der --ignore-ocsp-response-errors
expect "client, gnutls-serv, malformed response or none" "$(ask --staple required)" \
	'sent=bad_certificate_status_response'
stop

our_server() {	# CERTIFICATE ARGUMENTS…
	next_port
	timeout 30 "$peer" --server --port "$port" --cert "$1.pem" --key "$1.key" \
		"${@:2}" >ours.log 2>&1 &
	server=$!
	await
}
s_client() {
	echo hello | timeout 20 openssl s_client -connect "127.0.0.1:$port" \
		-CAfile ca.pem -verify_return_error -ign_eof "$@" 2>&1
}
for name in good delegated; do
	our_server good --ocsp "$name.der"
	text=$(s_client -status)
	expect "server, openssl s_client, $name" "$text
$(ended)" '^hello' 'OCSP Response Status: successful' 'Cert Status: good' 'data=1.*error=0'
done
our_server good --ocsp good.der
text=$(s_client)
expect "server, openssl s_client that does not ask" "$text
$(ended)" '^hello' 'data=1.*error=0'
our_server good
text=$(s_client -status)
expect "server without a response, openssl s_client that asks" "$text
$(ended)" '^hello' 'OCSP response: no response sent' 'data=1.*error=0'

gnutls_client() {
	(echo hello; sleep 1) | timeout 20 gnutls-cli -p "$port" \
		--x509cafile ca.pem "$@" localhost 2>&1
}
our_server good --ocsp delegated.der
text=$(gnutls_client --save-ocsp=saved.der; cmp saved.der delegated.der && echo the same)
expect "server, gnutls-cli" "$text
$(ended)" '^hello' 'certificate is trusted' '^the same' 'data=1.*error=[06]'
our_server revoked --ocsp revoked.der
text=$(gnutls_client)
expect "server, gnutls-cli, revoked" "$text
$(ended)" 'revoked' 'data=0'

# Clients' certificates.
our_server good --ca ca.pem --client-auth required --staple required
text=$(ask --cert alice.pem --key alice.key --ocsp alice.der)
expect "client and server of ours, client's response" "$text
$(ended)" 'client=ecdsa.*done=1|done=1.*client=ecdsa' "peer=.*alice.*verified=1.*$good"
our_server good --ca ca.pem --client-auth required --staple required
text=$(s_client -cert alice.pem -key alice.key)
expect "server that requires a client's response, openssl s_client has none" "$text
$(ended)" 'sent=bad_certificate_status_response'
our_server good --ca ca.pem --client-auth required --staple required
text=$(gnutls_client --x509certfile alice.pem --x509keyfile alice.key)
expect "server that requires a client's response, gnutls-cli has none" "$text
$(ended)" 'sent=bad_certificate_status_response'

# What a server staples is not what it waits for.
our_server good --min 1.2 --ocsp good.der --ca ca.pem --client-auth required
text=$(s_client -tls1_2 -status -cert alice.pem -key alice.key)
expect "server of TLS 1.2 that staples and asks for a certificate, openssl s_client" "$text
$(ended)" '^hello' 'Cert Status: good' "version=1.2.*peer=.*alice.*verified=1.*data=1.*error=0"

# The command.
serve() {	# ARGUMENTS…
	next_port
	timeout 30 "$out/sluice" serve -v --no-kernel --port "$port" "$@" ca.pem 2>serve.log &
	server=$!
	await
}
get() {
	timeout 20 "$out/sluice" get -v --no-kernel --cacert ca.pem "$@" "https://localhost:$port/" 2>&1
	echo "status $?"
}
serve --cert good.pem --key good.key --ocsp delegated.der
expect "sluice get and serve" "$(get)
$(get --ocsp-check=never)" 'not revoked by OCSP' 'status 0'
expect "sluice get, a response is required" "$(get --ocsp-check=required)" \
	'not revoked by OCSP' 'status 0'
stop
serve --cert good.pem --key good.key
expect "sluice get, a response is required, and none" "$(get --ocsp-check=required)" \
	'without an OCSP response' 'status 3'
stop
serve --cert revoked.pem --key revoked.key --ocsp revoked.der
expect "sluice get, revoked" "$(get)" 'says the OCSP response' 'status 3'
expect "sluice get, revoked, but not asked" "$(get --ocsp-check=never)" 'status 0'
stop
serve --cert good.pem --key good.key --client-ca ca.pem --ocsp-check=required
expect "sluice serve, client's response is required" \
	"$(get --cert alice.pem --key alice.key --ocsp alice.der)" 'status 0'
expect "sluice serve, client's response is required, and none" \
	"$(get --cert alice.pem --key alice.key)" 'bad_certificate_status_response' 'status 3'
stop
expect "sluice serve, a response on another certificate" \
	"$("$out/sluice" serve --cert good.pem --key good.key --ocsp must.der ca.pem 2>&1; echo "status $?")" \
	'must.der: .*not about this certificate' 'status 7'
expect "sluice serve, --ocsp-check without clients' certificates" \
	"$("$out/sluice" serve --cert good.pem --key good.key --ocsp-check required ca.pem 2>&1; echo "status $?")" \
	'needs --client-ca' 'status 1'

echo "1..$count"
[[ $failed == 0 ]]
