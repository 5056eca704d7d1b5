#!/bin/bash
# SPDX-License-Identifier: MIT
# sluice diagnose, and STARTTLS, against OpenSSL, GnuTLS, nginx and Python, on
# loopback: diagnose.sh BUILD-FOLDER. Prints TAP.
set -u

# shellcheck source-path=SCRIPTDIR source=interop/base.bash
. "$(dirname "$(readlink -f "$0")")/interop/base.bash"
cd "$tmp" || exit 1
sluice=$out/sluice
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$tmp"' EXIT

diagnose() {
	timeout 30 "$sluice" diagnose "$@" 2>&1
	echo "status $?"
}

ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
openssl req -x509 "${ec[@]}" -days 9 -keyout ca.key -out ca.pem -subj '/CN=authority' 2>/dev/null
issue() {	# NAME SUBJECT ARGUMENTS…
	openssl req -x509 -CA ca.pem -CAkey ca.key -days 9 -keyout "$1.key" -out "$1.pem" \
		-subj "$2" -addext basicConstraints=CA:FALSE -nodes \
		-addext subjectAltName=DNS:localhost,IP:127.0.0.1,email:a@a.test "${@:3}" 2>/dev/null
	cat "$1.pem" ca.pem >"$1-chain.pem"
}
issue ec '/O=Company/CN=localhost' "${ec[@]}"
issue rsa /CN=localhost -newkey rsa:2048
issue alice /CN=alice "${ec[@]}"
issue expired /CN=localhost "${ec[@]}" -not_before 20200101000000Z -not_after 20210101000000Z
# what would do harm on a terminal, or to JSON
issue hostile "/O=say \"yes\" \\\\ $(printf '\033[31m\n')/CN=localhost" "${ec[@]}" -utf8
pin() {
	openssl x509 -in "$1.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -binary | base64
}
# as a pattern
pin_re() {
	pin "$1" | as_pattern
}
sha256() {
	openssl x509 -in "$1" -outform DER | sha256sum | cut -d' ' -f1
}
serial() {
	openssl x509 -in "$1.pem" -noout -serial | cut -d= -f2
}
server() {	# PORT NAME ARGUMENTS…
	openssl s_server -accept "$1" -rev -quiet -cert "$2.pem" -key "$2.key" "${@:3}" >/dev/null 2>&1 &
}
good=('good: yes' 'status 0')
bad=('good: no' 'status 3')

server 4801 ec -cert_chain ca.pem -tls1_3 -alpn echo
server 4802 rsa -tls1_2
server 4803 expired
server 4804 hostile
server 4805 ec -tls1_3 -Verify 1 -verify_return_error -CAfile ca.pem
server 4806 ec -enable_server_rpk
server 4807 rsa -tls1_3 -groups P-384
gnutls-serv --echo -q -p 4808 --x509certfile ec-chain.pem --x509keyfile ec.key >/dev/null 2>&1 &
cat >nginx.conf <<NGINX
daemon off; pid $tmp/nginx.pid; error_log $tmp/nginx.log; events {}
http { access_log off; server { listen 127.0.0.1:4809 ssl; ssl_certificate $tmp/ec-chain.pem;
	ssl_certificate_key $tmp/ec.key; ssl_session_timeout 10m; ssl_protocols TLSv1.2 TLSv1.3; } }
NGINX
nginx -c "$tmp/nginx.conf" -p "$tmp" 2>/dev/null &
printf 'V\t301231235959Z\t\t%s\tunknown\t/CN=x\n' "$(serial ec)" >index
printf 'R\t301231235959Z\t261101000000Z\t%s\tunknown\t/CN=x\n' "$(serial rsa)" >>index
for name in ec rsa; do
	openssl ocsp -issuer ca.pem -cert $name.pem -no_nonce -reqout request.der >/dev/null 2>&1
	openssl ocsp -index index -CA ca.pem -rsigner ca.pem -rkey ca.key -reqin request.der \
		-respout $name.der -ndays 1 >/dev/null 2>&1
done
server 4810 ec -status_file ec.der
server 4811 rsa -status_file rsa.der
await_at 4801 4802 4803 4804 4805 4806 4807 4808 4809 4810 4811

text=$(diagnose --cacert ca.pem --alpn echo --show-certs localhost:4801)
expect "openssl s_server" "$text" "${good[@]}" '^server: localhost:4801$' \
	'^address: (127.0.0.1|::1)$' '^    subject: CN=localhost,O=Company$' '^    issuer: CN=authority$' \
	'^      0: DNS:localhost$' '^      1: IP:127.0.0.1$' '^      2: email:a@a.test$' \
	"^    serial: 0*$(serial ec)\$" '^    key: EC 256$' "^    sha256: $(sha256 ec.pem)\$" \
	"^    pin: sha256//$(pin_re ec)\$" "^    sha256: $(sha256 ca.pem)\$" '^  ocsp: no response$' \
	"^    not_after: $(date -u -d "$(openssl x509 -in ec.pem -noout -enddate | cut -d= -f2)" +%Y-%m-%dT%H:%M:%SZ)\$" \
	'^version: TLS 1.3$' '^suite: TLS_AES_256_GCM_SHA384$' '^group: X25519MLKEM768$' \
	'^signature: ecdsa_secp256r1_sha256$' '^alpn: echo$' '^resumed: no$' '^hello_retry: no$' \
	'^client_certificate_requested: no$' '^tickets: 2$' '^ticket_lifetime: 7200$'
sed -n '/BEGIN/,/END/p' <<<"$text" >shown.pem
expect "its certificates are whole" "$(cat ec.pem ca.pem | cmp - shown.pem && echo the same)" 'the same'
expect "another name" "$(diagnose --cacert ca.pem --servername other.test localhost:4801)" \
	"${bad[@]}" 'reason: hostname mismatch' '  alert: bad_certificate' '^version: TLS 1.3$'
expect "an unknown authority" "$(diagnose --cacert alice.pem localhost:4801)" \
	"${bad[@]}" 'reason: self-signed certificate in certificate chain' 'alert: unknown_ca'
expect "an expired certificate" "$(diagnose --cacert ca.pem localhost:4803)" \
	"${bad[@]}" 'reason: certificate has expired' 'not_after: 2021-01-01T00:00:00Z'
expect "the pinned key" "$(diagnose --cacert ca.pem --pin "sha256//$(pin ec)" localhost:4801)" "${good[@]}"
expect "another pinned key" "$(diagnose --cacert ca.pem --pin "sha256//$(pin rsa)" localhost:4801)" \
	"${bad[@]}" 'reason: .*none of those that are pinned'
expect "a stapled response" "$(diagnose --cacert ca.pem localhost:4810)" "${good[@]}" '^  ocsp: good$'
expect "a stapled response that is not asked for" \
	"$(diagnose --cacert ca.pem --ocsp-check never localhost:4810)" "${good[@]}" '^  ocsp: not asked for$'
expect "a stapled response that says no" "$(diagnose --cacert ca.pem localhost:4811)" \
	"${bad[@]}" 'reason: .*revoked' 'ocsp: a response'
expect "a stapled response is required" \
	"$(diagnose --cacert ca.pem --ocsp-check required localhost:4801)" "${bad[@]}" 'reason: .*without an OCSP response'
expect "a HelloRetryRequest, and a choice of signatures" \
	"$(diagnose --cacert ca.pem --sigalgs rsa_pss_rsae_sha512 localhost:4807)" "${good[@]}" \
	'^hello_retry: yes$' '^group: secp384r1$' '^signature: rsa_pss_rsae_sha512$' 'key: RSA 2048'
expect "signatures that the server can't make" \
	"$(diagnose --cacert ca.pem --sigalgs ed25519 localhost:4807)" 'status 3' \
	'^error: the server refused: handshake_failure' '^alert_received: handshake_failure$'
expect "a server of TLS 1.2" "$(diagnose --cacert ca.pem --tls-min 1.2 localhost:4802)" \
	"${good[@]}" '^version: TLS 1.2$' '^suite: TLS_ECDHE_RSA' '^signature: rsa_pss' '^tickets: 1$'
expect "a server of TLS 1.2 only" "$(diagnose --cacert ca.pem localhost:4802)" 'status 3' \
	'^alert_received: protocol_version$'
expect "a client certificate is asked for, and there is none" \
	"$(diagnose --cacert ca.pem localhost:4805)" 'status 3' '^client_certificate_requested: yes$' \
	'^error: the server refused: certificate_required \(alert 116\)$' '^  good: yes$'
expect "a client certificate is asked for" \
	"$(diagnose --cacert ca.pem --cert alice.pem --key alice.key localhost:4805)" "${good[@]}" \
	'^client_signature: ecdsa_secp256r1_sha256$'
expect "a raw public key" "$(diagnose --cacert ca.pem --peer-raw-key --pin "sha256//$(pin ec)" localhost:4806)" \
	"${good[@]}" '^raw_public_key: $' "^  pin: sha256//$(pin_re ec)\$"
expect "a raw public key that nobody speaks for" "$(diagnose --cacert ca.pem --peer-raw-key localhost:4806)" \
	"${bad[@]}" "^  pin: sha256//$(pin_re ec)\$" 'reason: .*--pin has to'
expect "gnutls-serv" "$(diagnose --cacert ca.pem localhost:4808)" "${good[@]}" '^version: TLS 1.3$' '^tickets: [1-9]'
expect "nginx" "$(diagnose --cacert ca.pem localhost:4809)" "${good[@]}" '^tickets: 2$' '^ticket_lifetime: 600$'
expect "nobody there" "$(diagnose --cacert ca.pem localhost:4899)" 'status 2' 'Connection refused'
expect "--insecure is not needed" "$(diagnose --insecure localhost:4801)" 'status 1' 'any certificate is taken'

for name in ech other; do
	"$sluice" ech --output=$name.key localhost
done
"$sluice" serve --no-kernel -q --port 4812 --cert ec.pem --key ec.key --ech-key ech.key ca.pem &
await_at 4812
expect "Encrypted Client Hello" "$(diagnose --cacert ca.pem --ech ech.key localhost:4812)" \
	"${good[@]}" '^ech: accepted$'
expect "Encrypted Client Hello with another key" \
	"$(diagnose --cacert ca.pem --ech other.key localhost:4812)" 'status 3' '^ech: rejected$' '^error: '

# JSON: of a certificate that would like to be more than a name
diagnose --json --show-certs --reconnect=2 --cacert ca.pem localhost:4804 | sed '$d' >report.json
expect "JSON" "$(python3 - hostile.pem <<'PYTHON'
import json, ssl, sys
with open('report.json') as file:
    report = json.load(file)
with open(sys.argv[1]) as file:
    assert file.read().split() == report['certificates'][0]['pem'].split()
print(report['certificates'][0]['subject'])
assert report['verification']['good'] is True
assert report['tickets'] == 2 and report['ticket_lifetime'] == 7200
assert [c['resumed'] for c in report['reconnects']] == [True, True]
print(report['certificates'][0]['names'])
PYTHON
)" 'O=say .?"yes.?" ' "\['DNS:localhost', 'IP:127.0.0.1', 'email:a@a.test'\]"
expect "no escape sequence reaches the terminal" \
	"$(diagnose --cacert ca.pem localhost:4804 | LC_ALL=C grep -c $'[^ -~\t]')" '^0$'

for port in 4801 4808 4809; do
	text=$(diagnose --cacert ca.pem --reconnect localhost:$port)
	expect "five times again, port $port" "$(grep -c '^    resumed: yes$' <<<"$text") $text" '^5 ' 'status 0'
done
text=$(diagnose --cacert ca.pem --tls-min 1.2 --reconnect=3 localhost:4802)
expect "three times again, TLS 1.2" "$(grep -c '^    resumed: yes$' <<<"$text") $text" '^3 ' 'status 0'
expect "no times" "$(diagnose --reconnect=0 localhost:4801)" 'status 1'

# A ticket of a server that is not who it has to be is of no use to others.
umask 077
expect "sessions are kept" "$(diagnose --cacert ca.pem --session kept localhost:4801; wc -l kept
"$sluice" connect -v --no-kernel --cacert ca.pem --session kept localhost:4801 </dev/null 2>&1)" \
	'^2 kept' 'resumed'
expect "sessions are kept only of who is good" \
	"$(diagnose --cacert alice.pem --session lost localhost:4801; test -s lost || echo none)" '^none$'
expect "a session that was kept" "$(diagnose --cacert ca.pem --session kept localhost:4801)" \
	'^  by: session resumed$' '^resumed: yes$' "${good[@]}"

text=$(diagnose --trace --cacert ca.pem localhost:4801)
expect "messages" "$(grep '^[<>]' <<<"$text" | cut -d, -f1 | tr '\n' ' ')" \
	'^> client_hello < server_hello < encrypted_extensions < certificate < certificate_verify < finished > finished < new_session_ticket < new_session_ticket > alert close_notify'
expect "messages, and alerts" "$(diagnose --trace --cacert ca.pem localhost:4802)" \
	'^> client_hello, [0-9]{3,4} octets$' '^< alert protocol_version$'

# STARTTLS: our peer is one that openssl s_client and gnutls-cli take, too
port=4820
peer() {	# PROTOCOL FLAW
	port=$((port + 1))
	python3 "$here/interop/starttls.py" "$1" "$port" ec-chain.pem ec.key ${2:+"$2"} 2>peer.log &
	await_at "$port"
}
for protocol in smtp lmtp imap pop3 sieve ftp nntp ldap xmpp xmpp-server postgres mysql; do
	peer "$protocol"
	expect "$protocol, openssl s_client" "$( (echo hello; sleep 0.5) | timeout 20 openssl s_client \
		-connect "localhost:$port" -starttls $protocol -CAfile ca.pem -verify_return_error -quiet -no_ign_eof 2>&1; cat peer.log)" '^hello'
	expect "$protocol, sluice connect" "$(echo hello | timeout 20 "$sluice" connect --no-kernel \
		--starttls $protocol --cacert ca.pem "localhost:$port" 2>&1; echo "status $?"; cat peer.log)" '^hello' 'status 0'
	expect "$protocol, sluice diagnose" "$(diagnose --starttls $protocol --cacert ca.pem "localhost:$port")" \
		"${good[@]}" 'subject: CN=localhost'
	kill %%
	peer "$protocol" refuse
	expect "$protocol, a server that does not want to" \
		"$(diagnose --starttls $protocol --cacert ca.pem "localhost:$port")" 'status 2' \
		"STARTTLS: the server (says '.*not now|refuses|does not offer)"
	kill %%
done
for protocol in smtp lmtp ldap xmpp postgres mysql; do
	peer $protocol absent
	expect "$protocol, a server without" "$(diagnose --starttls $protocol --cacert ca.pem "localhost:$port")" \
		'status 2' 'STARTTLS: the server does not'
	kill %%
done
peer ldap long
expect "ldap, lengths that are longer than they need be" \
	"$(diagnose --starttls ldap --cacert ca.pem "localhost:$port")" "${good[@]}"
kill %%
for protocol in smtp pop3 imap ftp mysql; do
	peer $protocol inject
	expect "$protocol, what is behind the server's consent is not taken" \
		"$(diagnose --starttls $protocol --cacert ca.pem "localhost:$port")" 'status 3' '^error: '
	kill %%
done
for flaw in old short endless long empty number; do
	peer mysql $flaw
	expect "mysql, a greeting that is none: $flaw" \
		"$(diagnose --starttls mysql --cacert ca.pem "localhost:$port")" 'status 2' \
		"does not speak MySQL's protocol"
	kill %%
done
peer smtp endless
expect "smtp, an answer without an end" "$(diagnose --starttls smtp --cacert ca.pem "localhost:$port")" \
	'status 2' 'does not end'
kill %%
peer smtp silent
expect "smtp, a server that says nothing" \
	"$(diagnose --timeout 1 --starttls smtp --cacert ca.pem "localhost:$port")" 'status 2' 'says nothing'
kill %%
peer smtp close
expect "smtp, a server that ends" "$(diagnose --starttls smtp --cacert ca.pem "localhost:$port")" \
	'status 2' 'has ended the connection'
kill %%
expect "another protocol than the server's" "$(diagnose --timeout 2 --starttls pop3 --cacert ca.pem localhost:4809)" 'status 2'
expect "an unknown protocol" "$(diagnose --starttls gopher localhost:4801)" 'status 1' 'one of smtp'
expect "an unknown signature scheme" "$(diagnose --sigalgs rot13 localhost:4801)" 'status 1' "unknown signature scheme 'rot13'"
expect "a name that is none in XML" \
	"$(diagnose --starttls xmpp --servername "a'b" --cacert ca.pem localhost:4801)" 'status [123]'

echo "1..$count"
[[ $failed == 0 ]]
