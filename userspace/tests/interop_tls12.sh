#!/bin/bash
# SPDX-License-Identifier: MIT
# libsluice's TLS 1.2 against OpenSSL's and GnuTLS's, and the command against
# curl, nginx and Python, on loopback. Prints TAP. Takes one argument: the folder
# that the build went to.
set -u

# shellcheck source-path=SCRIPTDIR source=interop/common.bash
. "$(dirname "$(readlink -f "$0")")/interop/common.bash"

sluice=$out/sluice
ciphers=(c02b:ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256
	c02c:ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:ECDHE-ECDSA-AES256-GCM-SHA384
	cca9:ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:ECDHE-ECDSA-CHACHA20-POLY1305
	c02f:ECDHE_RSA_WITH_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256
	c030:ECDHE_RSA_WITH_AES_256_GCM_SHA384:ECDHE-RSA-AES256-GCM-SHA384
	cca8:ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:ECDHE-RSA-CHACHA20-POLY1305)
curves=(001d:x25519:X25519 0017:secp256r1:P-256 0018:secp384r1:P-384
	0019:secp521r1:P-521)

# The suite's kind of certificate: p256 or rsa.
kind() {
	[[ $1 == *ECDSA* ]] && echo p256 || echo rsa
}

openssl_server() {	# CERTIFICATE ARGUMENTS…
	local cert=$1

	shift
	next_port
	openssl s_server -accept "$port" -tls1_2 -rev -quiet -cert "$tmp/$cert.pem" \
		-key "$tmp/$cert.key" "$@" >"$tmp/server.log" 2>&1 &
	server=$!
	await
}

# Our client, their servers.
for cipher in "${ciphers[@]}"; do
	IFS=: read -r code name theirs <<<"$cipher"
	cert=$(kind "$name")
	openssl_server "$cert" -cipher "$theirs"
	for curve in "${curves[@]}"; do
		IFS=: read -r group group_name _ <<<"$curve"
		expect "client, openssl s_server, $name, $group_name" \
			"$(client --ca "$tmp/$cert.pem" --expect olleh --max 1.2 \
				--groups "$group,0017")" \
			'done=1 .*version=1.2' "suite=TLS_$name " "group=$group_name " \
			'verified=1' 'data=1' 'closed=1' 'error=0'
	done
	stop
done
for type in p256 p384 p521 ed25519 rsa rsapss; do
	openssl_server "$type"
	expect "client, openssl s_server, $type certificate" \
		"$(client --ca "$tmp/$type.pem" --expect olleh --min 1.2)" \
		'version=1.2.*verified=1.*data=1.*error=0'
	stop
done
openssl_server rsa -sigalgs RSA+SHA256
expect "client, openssl s_server, a signature by PKCS #1" \
	"$(client --ca "$tmp/rsa.pem" --expect olleh --min 1.2)" \
	'signature=rsa_pkcs1_sha256 .*data=1.*error=0'
stop
openssl_server rsa -sigalgs RSA+SHA1
expect "client, openssl s_server, a signature with SHA-1" \
	"$(client --ca "$tmp/rsa.pem" --min 1.2)" 'done=0.*received=[hi]'
stop
for type in p256 rsa; do
	openssl_server "$type" -cipher AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA
	expect "client, openssl s_server that has CBC only, $type" \
		"$(client --ca "$tmp/$type.pem" --min 1.2)" \
		'done=0.*received=handshake_failure'
	stop
done
openssl_server p256 -no_ems
expect "client, openssl s_server without the extended master secret" \
	"$(client --ca "$tmp/p256.pem" --min 1.2)" \
	'done=0.*sent=handshake_failure.*extended master secret'
stop
openssl_server p256
expect "client, openssl s_server, tickets" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --min 1.2 --tickets --connections 4)" \
	'resumed=0.*tickets=1 data=1' '(.*resumed=1.*data=1.*error=0)'
expect "client, openssl s_server, exported keying material twice" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --max 1.2 --export EXPERIMENTAL-test)" \
	'exported=[0-9A-F]{200} .*data=1'
expect "client, openssl s_server, wrong name" \
	"$(client --ca "$tmp/p256.pem" --min 1.2 --name example.org)" \
	'done=0' 'error=3 sent=bad_certificate'
expect "client of TLS 1.3 alone, openssl s_server" \
	"$(client --ca "$tmp/p256.pem")" 'done=0.*received=protocol_version'
stop
openssl_server p256 -alpn imap,h2
expect "client, openssl s_server, ALPN" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --min 1.2 --alpn http/1.1,h2)" \
	'alpn=h2 .*data=1.*error=0'
stop
for name in alice alice-p521 alice-rsa alice-rsapss alice-ed25519; do
	openssl_server p256 -Verify 1 -verify_return_error -CAfile "$tmp/ca.pem"
	expect "client, openssl s_server, client certificate, $name" \
		"$(client --ca "$tmp/p256.pem" --expect olleh --min 1.2 \
			--cert "$tmp/$name.pem" --key "$tmp/$name.key")" \
		'done=1.*client=[er][a-z0-9_]* .*data=1.*error=0'
	stop
done
openssl_server p256 -Verify 1 -verify_return_error -CAfile "$tmp/ca.pem"
expect "client, openssl s_server, client certificate, signed on another thread" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --min 1.2 --async \
		--cert "$tmp/alice.pem" --key "$tmp/alice.key")" \
	'async=[567] done=1.*client=ecdsa.*data=1.*error=0'
expect "client, openssl s_server, client certificate required, and none" \
	"$(client --ca "$tmp/p256.pem" --min 1.2)" \
	'done=0.*client=unknown .*received=handshake_failure'
expect "client, openssl s_server, client certificate that is expired" \
	"$(client --ca "$tmp/p256.pem" --min 1.2 --cert "$tmp/expired.pem" --key "$tmp/expired.key")" \
	'done=0.*client=ecdsa.*received=certificate_expired'
expect "client, openssl s_server, client certificate of an authority not listed" \
	"$(client --ca "$tmp/p256.pem" --min 1.2 --cert "$tmp/rsa.pem" --key "$tmp/rsa.key")" \
	'done=0.*client=unknown .*received=handshake_failure'
if [[ -e $tmp/alice-mldsa44.pem ]]; then
	expect "client, openssl s_server, client certificate that is for TLS 1.3 only" \
		"$(client --ca "$tmp/p256.pem" --min 1.2 --cert "$tmp/alice-mldsa44.pem" \
			--key "$tmp/alice-mldsa44.key")" \
		'done=0.*client=unknown .*received=handshake_failure'
fi
stop
# It takes what it reads for commands: R asks for a new handshake.
next_port
mkfifo "$tmp/commands"
openssl s_server -accept "$port" -tls1_2 -cert "$tmp/p256.pem" -key "$tmp/p256.key" \
	<"$tmp/commands" >"$tmp/server.log" 2>&1 &
server=$!
exec 9>"$tmp/commands"
await
(sleep 1; echo R >&9; sleep 1; echo hello >&9) &
expect "client, openssl s_server that wants to renegotiate" \
	"$(client --ca "$tmp/p256.pem" --min 1.2; cat "$tmp/server.log")" \
	'done=1.*(received=handshake_failure|closed=1)' 'no renegotiation'
exec 9>&-
stop

gnutls_server() {	# ARGUMENTS…
	next_port
	gnutls-serv --echo -q -p "$port" --x509certfile "$tmp/p256.pem" \
		--x509keyfile "$tmp/p256.key" --x509certfile "$tmp/rsa.pem" \
		--x509keyfile "$tmp/rsa.key" "$@" >"$tmp/server.log" 2>&1 &
	server=$!
	await
}
tls12=NORMAL:-VERS-ALL:+VERS-TLS1.2
cat "$tmp/p256.pem" "$tmp/rsa.pem" >"$tmp/both.pem"
gnutls_server --priority "$tls12"
for cipher in "${ciphers[@]}"; do
	IFS=: read -r code name _ <<<"$cipher"
	expect "client, gnutls-serv, $name" \
		"$(client --ca "$tmp/both.pem" --max 1.2 --suites "$code")" \
		"suite=TLS_$name .*verified=1.*data=1.*error=0"
done
for curve in "${curves[@]}"; do
	IFS=: read -r group name _ <<<"$curve"
	expect "client, gnutls-serv, $name" \
		"$(client --ca "$tmp/both.pem" --max 1.2 --groups "$group")" \
		"group=$name .*data=1.*error=0"
done
expect "client, gnutls-serv, resumption" \
	"$(client --ca "$tmp/both.pem" --min 1.2 --tickets --connections 3)" \
	'resumed=0.*data=1' 'resumed=1.*data=1.*error=0'
stop
gnutls_server --priority "$tls12" --noticket
expect "client, gnutls-serv, session identifiers" \
	"$(client --ca "$tmp/both.pem" --min 1.2 --tickets --connections 3)" \
	'resumed=0.*tickets=0 data=1' 'resumed=1.*tickets=0 data=1.*error=0'
stop
gnutls_server -d 4 --priority "$tls12:%ALLOW_SMALL_RECORDS"
expect "client, gnutls-serv, record_size_limit" \
	"$(client --ca "$tmp/both.pem" --max 1.2 --record-limit 64)
$(grep -a record_size_limit "$tmp/server.log")" \
	'data=1.*error=0' 'record_size_limit 64 negotiated'
stop
gnutls_server --priority "$tls12" --x509cafile "$tmp/ca.pem" --require-client-cert \
	--verify-client-cert
for name in alice alice-p521 alice-rsa alice-rsapss alice-ed25519; do
	expect "client, gnutls-serv, client certificate, $name" \
		"$(client --ca "$tmp/both.pem" --min 1.2 --cert "$tmp/$name.pem" \
			--key "$tmp/$name.key")" \
		'client=[er][a-z0-9_]* .*data=1.*error=0'
done
stop

# Our server, their clients.
s_client12() {	# CERTIFICATE ARGUMENTS…
	local cert=$1

	shift
	s_client -CAfile "$tmp/$cert.pem" -tls1_2 "$@"
}
ours() {	# CONNECTIONS CERTIFICATE ARGUMENTS…
	local n=$1 cert=$2

	shift 2
	our_server "$n" --min 1.2 --cert "$tmp/$cert.pem" --key "$tmp/$cert.key" "$@"
}

for cipher in "${ciphers[@]}"; do
	IFS=: read -r _ name theirs <<<"$cipher"
	cert=$(kind "$name")
	for curve in "${curves[@]}"; do
		IFS=: read -r code group_name group <<<"$curve"
		ours 1 "$cert" --groups "$code"
		# (P-256 is for the certificate)
		text=$(s_client12 "$cert" -cipher "$theirs" -groups "$group:P-256")
		expect "server, openssl s_client, $name, $group_name" "$text
$(ended)" '^hello' 'Verif.*(OK|: 0)' 'Extended master secret: yes' 'Secure Renegotiation IS supported' \
			"version=1.2 suite=TLS_$name group=$group_name .*data=1.*error=0"
	done
	ours 1 "$cert" --export EXPERIMENTAL-test
	text=$(s_client12 "$cert" -cipher "$theirs" -keymatexport EXPERIMENTAL-test -keymatexportlen 100)
	material=$(sed -n 's/^ *Keying material: //p' <<<"$text")
	expect "server, openssl s_client, exported keying material, $name" "$text
$(ended)" '^ *Keying material: [0-9A-F]{200}$' "exported=${material:-none} .*error=0"
done
for type in p384 p521 ed25519 rsapss; do
	ours 1 "$type"
	text=$(s_client12 "$type")
	expect "server, openssl s_client, $type certificate" "$text
$(ended)" '^hello' 'version=1.2.*data=1.*error=0'
done
ours 1 rsa
text=$(s_client12 rsa -sigalgs RSA+SHA512)
expect "server, openssl s_client, a signature by PKCS #1" "$text
$(ended)" '^hello' 'signature=rsa_pkcs1_sha512 .*data=1.*error=0'
ours 1 rsa
text=$(s_client12 rsa -cipher DEFAULT@SECLEVEL=0 -sigalgs RSA+SHA1)
expect "server, openssl s_client that takes SHA-1 only" "$text
$(ended)" 'handshake failure' 'sent=handshake_failure'
ours 1 p256 --async
text=$(s_client12 p256)
expect "server, openssl s_client, signed on another thread" "$text
$(ended)" '^hello' 'version=1.2.*data=1.*error=0'
for type in p256 rsa; do
	ours 1 "$type"
	text=$(s_client12 "$type" -cipher AES128-SHA:AES256-SHA:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA)
	expect "server, openssl s_client that has CBC only, $type" "$text
$(ended)" 'handshake failure' 'sent=handshake_failure.*no cipher suite in common'
done
ours 1 p256
text=$(s_client12 p256 -no_ems)
expect "server, openssl s_client without the extended master secret" "$text
$(ended)" 'handshake failure' 'sent=handshake_failure.*extended master secret'
ours 1 p256
text=$(s_client12 p256 -fallback_scsv)
expect "server, openssl s_client that has fallen back" "$text
$(ended)" 'inappropriate fallback' 'sent=inappropriate_fallback'
ours 1 p256 --alpn h2,imap
text=$(s_client12 p256 -alpn http/1.1,imap)
expect "server, openssl s_client, ALPN" "$text
$(ended)" 'ALPN protocol: imap' 'alpn=imap .*data=1.*error=0'
ours 1 p256
text=$( (sleep 1; echo R; sleep 1; echo hello) | timeout 20 openssl s_client -tls1_2 \
	-connect "127.0.0.1:$port" -CAfile "$tmp/p256.pem" 2>&1)
expect "server, openssl s_client that wants to renegotiate" "$text
$(ended)" 'no renegotiation' 'done=1.*received=handshake_failure'
for flags in --tickets "--tickets --sessions" "--tickets --async" "--tickets --sessions --async"; do
	# shellcheck disable=SC2086 # several words
	ours 3 p256 $flags
	text=$(s_client12 p256 -sess_out "$tmp/session"
		s_client12 p256 -sess_in "$tmp/session" -sess_out "$tmp/session2"
		s_client12 p256 -sess_in "$tmp/session2")
	expect "server, openssl s_client, tickets: $flags" "$text
$(ended)" '^New' '^Reused' 'resumed=0.*tickets=1 data=1.*error=0' 'resumed=1.*tickets=1 data=1.*error=0'
done
for flags in "--tickets --sessions" "--tickets --sessions --async"; do
	# shellcheck disable=SC2086 # several words
	ours 3 p256 $flags
	text=$(s_client12 p256 -no_ticket -sess_out "$tmp/session"
		s_client12 p256 -no_ticket -sess_in "$tmp/session"
		s_client12 p256 -no_ticket -sess_in "$tmp/session")
	expect "server, openssl s_client, session identifiers: $flags" "$text
$(ended)" '^New' '^Reused' 'resumed=0.*tickets=0 data=1.*error=0' 'resumed=1.*tickets=0 data=1.*error=0'
done
ours 2 p256 --tickets
text=$(s_client12 p256 -no_ticket -sess_out "$tmp/session"
	s_client12 p256 -no_ticket -sess_in "$tmp/session")
expect "server without a store, openssl s_client without tickets" "$text
$(ended)" '^New' 'resumed=0.*tickets=0 data=1.*error=0'
for name in alice alice-p521 alice-rsa alice-rsapss alice-ed25519; do
	ours 1 p256 --ca "$tmp/ca.pem" --client-auth required --tickets
	text=$(s_client12 p256 -cert "$tmp/$name.pem" -key "$tmp/$name.key")
	expect "server, openssl s_client, client certificate, $name" "$text
$(ended)" '^hello' "client=[er][a-z0-9_]* peer=\[CN=$name,O=test\]" 'verified=1.*tickets=0 data=1.*error=0'
done
ours 1 p256 --ca "$tmp/ca.pem" --client-auth required --authorities
text=$(s_client12 p256)
expect "server, openssl s_client, client certificate required, and none" "$text
$(ended)" 'handshake failure' 'CN *= *authority ca' 'client=unknown .*error=3 sent=handshake_failure'
ours 1 p256 --ca "$tmp/ca.pem" --client-auth optional
text=$(s_client12 p256)
expect "server, openssl s_client, client certificate optional, and none" "$text
$(ended)" '^hello' 'client=unknown peer= .*verified=0.*data=1.*error=0'
for case in other:unknown_ca expired:certificate_expired server:unsupported_certificate; do
	ours 1 p256 --ca "$tmp/ca.pem" --client-auth optional
	text=$(s_client12 p256 -cert "$tmp/${case%:*}.pem" -key "$tmp/${case%:*}.key")
	expect "server, openssl s_client, client certificate, ${case%:*}" "$text
$(ended)" "done=0.*error=3 sent=${case#*:}"
done
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --max 1.2
text=$(s_client)
expect "server of TLS 1.2 alone, openssl s_client" "$text
$(ended)" '^hello' 'New, TLSv1.2' 'version=1.2.*data=1.*error=0'
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --min 1.2
text=$(s_client)
expect "server of both versions, openssl s_client" "$text
$(ended)" '^hello' 'New, TLSv1.3' 'version=1.3.*data=1.*error=0'

gnutls_client() {	# CERTIFICATE ARGUMENTS…
	local cert=$1

	shift
	(echo hello; sleep 1) | timeout 20 gnutls-cli -p "$port" \
		--x509cafile "$tmp/$cert.pem" "$@" localhost 2>&1
}
# (gnutls-cli answers our close_notify by just closing: error 6, truncated.)
for cipher in AES-128-GCM:AES_128_GCM_SHA256 AES-256-GCM:AES_256_GCM_SHA384 CHACHA20-POLY1305:CHACHA20_POLY1305_SHA256; do
	for cert in p256 rsa; do
		ours 1 "$cert"
		text=$(gnutls_client "$cert" --priority "$tls12:-CIPHER-ALL:+${cipher%:*}")
		expect "server, gnutls-cli, ${cipher%:*}, $cert" "$text
$(ended)" '^hello' 'certificate is trusted' "version=1.2 suite=TLS_ECDHE.*${cipher#*:} .*data=1.*error=[06]"
	done
done
ours 1 p256 --record-limit 64
text=$(gnutls_client p256 --recordsize 512 --priority "$tls12:%ALLOW_SMALL_RECORDS")
expect "server, gnutls-cli, record_size_limit" "$text
$(ended)" '^hello' 'data=1.*limit=51[12] .*error=[06]'
ours 2 p256 --tickets
text=$(gnutls_client p256 --resume --priority "$tls12")
expect "server, gnutls-cli, resumption" "$text
$(ended)" 'This is a resumed session' 'resumed=1.*data=1.*error=[06]'
ours 2 p256 --tickets --async
text=$(gnutls_client p256 --resume --priority "$tls12")
expect "server, gnutls-cli, resumption on another thread" "$text
$(ended)" 'This is a resumed session' '^async=10 async=11 done.*resumed=1.*data=1.*error=[06]'
ours 2 p256 --tickets --sessions
text=$(gnutls_client p256 --resume --noticket --priority "$tls12")
expect "server, gnutls-cli, session identifiers" "$text
$(ended)" 'This is a resumed session' 'resumed=1.*data=1.*error=[06]'
for name in alice alice-p521 alice-rsa alice-ed25519; do
	ours 1 p256 --ca "$tmp/ca.pem" --client-auth required
	text=$(gnutls_client p256 --priority "$tls12" --x509certfile "$tmp/$name.pem" \
		--x509keyfile "$tmp/$name.key")
	expect "server, gnutls-cli, client certificate, $name" "$text
$(ended)" '^hello' "peer=\\[CN=$name,O=test\\].*verified=1.*data=1.*error=[06]"
done

# The command, and much data.
mkdir "$tmp/www"
head -c 20000000 /dev/urandom >"$tmp/www/big"
sum=$(sha256sum <"$tmp/www/big")
echo small >"$tmp/www/small"

serve() {	# ARGUMENTS…
	next_port
	"$sluice" serve --no-kernel --port "$port" --root "$tmp/www" --cert "$tmp/rsa.pem" \
		--key "$tmp/rsa.key" "$@" >"$tmp/serve.log" 2>&1 &
	server=$!
	await
}
serve --tls-min 1.2
got=$(curl -sS --tls-max 1.2 --cacert "$tmp/rsa.pem" "https://localhost:$port/big" 2>"$tmp/curl.log" | sha256sum)
expect "sluice serve, curl, 20 MB" "$got
$(cat "$tmp/curl.log" "$tmp/serve.log")" "^${sum%% *}"
got=$(python3 - "$port" "$tmp/rsa.pem" 2>&1 <<'EOF'
import hashlib, http.client, ssl, sys
c = ssl.create_default_context(cafile=sys.argv[2])
c.maximum_version = ssl.TLSVersion.TLSv1_2
h = http.client.HTTPSConnection("localhost", int(sys.argv[1]), context=c)
h.request("GET", "/big")
print(hashlib.sha256(h.getresponse().read()).hexdigest())
EOF
)
expect "sluice serve, Python, 20 MB" "$got" "^${sum%% *}"
stop
serve
text=$(curl -sS --tls-max 1.2 --cacert "$tmp/rsa.pem" "https://localhost:$port/big" 2>&1 | head -c 1000)
expect "sluice serve, curl, TLS 1.2 unasked for" "$text" 'alert|protocol'
stop

next_port
cat >"$tmp/nginx.conf" <<EOF
daemon off; pid $tmp/nginx.pid; error_log stderr;
events { }
http {
	access_log off;
	server {
		listen 127.0.0.1:$port ssl;
		ssl_protocols TLSv1.2;
		ssl_certificate $tmp/p256.pem; ssl_certificate_key $tmp/p256.key;
		root $tmp/www;
	}
}
EOF
chmod -R go+rX "$tmp"
nginx -c "$tmp/nginx.conf" >"$tmp/nginx.log" 2>&1 &
server=$!
await
for n in 1 2 3; do
	text=$("$sluice" get -v --no-kernel --tls-min=1.2 --cacert "$tmp/p256.pem" \
		--session "$tmp/tickets" --output "$tmp/got" "https://localhost:$port/big" 2>&1)
	group=', x25519'
	((n > 1)) && group=', resumed'
	expect "sluice get, nginx, 20 MB, $n" "$text
$(sha256sum <"$tmp/got")" "TLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384$group, encrypted" "^${sum%% *}"
done
text=$("$sluice" get --no-kernel --cacert "$tmp/p256.pem" --output "$tmp/got" "https://localhost:$port/big" 2>&1)
expect "sluice get, nginx, TLS 1.2 unasked for" "$text" 'protocol_version'
stop

# The other provider.
if "$sluice" version | grep -q '^mbedtls: Mbed TLS'; then
	mbedtls_get() {	# NAME CERTIFICATE PATTERN ARGUMENTS…
		local name=$1 cert=$2 pattern=$3

		shift 3
		rm -f "$tmp/got"
		text=$("$sluice" get -v --no-kernel --provider mbedtls --tls-max 1.2 \
			--cacert "$tmp/$cert.pem" --output "$tmp/got" "$@" \
			"https://localhost:$port/big" 2>&1)
		expect "sluice get with Mbed TLS, $name" "$text
$(sha256sum <"$tmp/got")" "TLS 1.2, $pattern" "^${sum%% *}"
	}
	for cipher in "${ciphers[@]}"; do
		IFS=: read -r _ name _ <<<"$cipher"
		cert=$(kind "$name")
		next_port
		"$sluice" serve --no-kernel --port "$port" --root "$tmp/www" \
			--tls-max 1.2 --cert "$tmp/$cert.pem" --key "$tmp/$cert.key" \
			>"$tmp/serve.log" 2>&1 &
		server=$!
		await
		mbedtls_get "$name" "$cert" "TLS_$name" --ciphersuites "TLS_$name"
		stop
	done
	next_port
	(cd "$tmp/www" && exec openssl s_server -accept "$port" -tls1_2 -WWW -quiet \
		-cert "$tmp/p384.pem" -key "$tmp/p384.key" -Verify 1 -verify_return_error \
		-CAfile "$tmp/ca.pem") >"$tmp/server.log" 2>&1 &
	server=$!
	await
	for name in alice alice-rsa; do
		rm -f "$tmp/got"
		text=$("$sluice" get --no-kernel --provider mbedtls --tls-min 1.2 \
			--cacert "$tmp/p384.pem" --cert "$tmp/$name.pem" --key "$tmp/$name.key" \
			--allow-truncation --output "$tmp/got" "https://localhost:$port/small" 2>&1)
		expect "sluice get with Mbed TLS, openssl s_server, P-384, $name" "$text
$(cat "$tmp/got")" '^small'
	done
	stop
	for cert in p256 rsa; do
		next_port
		"$sluice" serve --no-kernel --port "$port" --root "$tmp/www" --provider mbedtls \
			--tls-min 1.2 --cert "$tmp/$cert.pem" --key "$tmp/$cert.key" \
			--client-ca "$tmp/ca.pem" >"$tmp/serve.log" 2>&1 &
		server=$!
		await
		for name in alice alice-rsa; do
			got=$(curl -sS --tls-max 1.2 --cacert "$tmp/$cert.pem" --cert "$tmp/$name.pem" \
				--key "$tmp/$name.key" "https://localhost:$port/big" 2>"$tmp/curl.log" | sha256sum)
			expect "sluice serve with Mbed TLS, curl, $cert, $name" "$got
$(cat "$tmp/curl.log" "$tmp/serve.log")" "^${sum%% *}"
		done
		stop
	done
fi

# Two certificates: the client's cipher suites say which.
next_port
"$sluice" serve --no-kernel --port "$port" --root "$tmp/www" --tls-min 1.2 \
	--cert "$tmp/p256.pem" --key "$tmp/p256.key" --cert "$tmp/rsa.pem" \
	--key "$tmp/rsa.key" >"$tmp/serve.log" 2>&1 &
server=$!
await
for cipher in ECDHE-ECDSA-AES128-GCM-SHA256:p256 ECDHE-RSA-AES128-GCM-SHA256:rsa; do
	got=$(curl -sS --tls-max 1.2 --ciphers "${cipher%:*}" --cacert "$tmp/${cipher#*:}.pem" \
		"https://localhost:$port/big" 2>"$tmp/curl.log" | sha256sum)
	expect "sluice serve with two certificates, curl, ${cipher%:*}" "$got
$(cat "$tmp/curl.log" "$tmp/serve.log")" "^${sum%% *}"
done
stop

echo "1..$count"
[[ $failed == 0 ]]
