#!/bin/bash
# SPDX-License-Identifier: MIT
# libsluice against OpenSSL's and GnuTLS's clients and servers, on loopback.
# Prints TAP. Takes one argument: the folder that the build went to.
set -u

# shellcheck source-path=SCRIPTDIR source=interop/common.bash
. "$(dirname "$(readlink -f "$0")")/interop/common.bash"

# Our client, their servers.
openssl_server() {
	next_port
	openssl s_server -accept "$port" -tls1_3 -rev -quiet "$@" \
		>"$tmp/server.log" 2>&1 &
	server=$!
	await
}

suites=(1301:TLS_AES_128_GCM_SHA256 1302:TLS_AES_256_GCM_SHA384
	1303:TLS_CHACHA20_POLY1305_SHA256)
groups=(001d:x25519:X25519 0017:secp256r1:P-256 0018:secp384r1:P-384)
groups+=(0019:secp521r1:P-521)
[[ $has_hybrid == yes ]] && groups+=(11ec:X25519MLKEM768:X25519MLKEM768
	11eb:SecP256r1MLKEM768:SecP256r1MLKEM768)

openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" \
	-groups "$(printf '%s\n' "${groups[@]##*:}" | paste -sd:)"
for suite in "${suites[@]}"; do
	for group in "${groups[@]}"; do
		IFS=: read -r code name _ <<<"$group"
		expect "client, openssl s_server, ${suite#*:}, $name" \
			"$(client --ca "$tmp/p256.pem" --expect olleh \
				--suites "${suite%:*}" --groups "$code")" \
			'done=1' "suite=${suite#*:} " "group=$name " \
			'verified=1' 'data=1' 'closed=1' 'error=0'
	done
done
expect "client, openssl s_server, resumption" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --tickets --connections 3)" \
	'resumed=0.*data=1' 'verified=1 resumed=1.*data=1.*error=0'
expect "client, openssl s_server, resumption, tickets from another thread" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --tickets --async --connections 2)" \
	'^async=10 async=7 done=1.*resumed=0.*data=1' '^async=10 done=1.*verified=1 resumed=1.*data=1.*error=0'
expect "client, openssl s_server, KeyUpdate both ways" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --updates 5)" \
	'data=1.*tx_updates=5 rx_updates=[1-5] limit=16384 .*error=0'
expect "client, openssl s_server, IPv4 address as the name" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --name 127.0.0.1)" \
	'verified=1.*data=1.*error=0'
expect "client, openssl s_server, wrong name" \
	"$(client --ca "$tmp/p256.pem" --name example.org)" \
	'done=0' 'error=3 sent=bad_certificate'
expect "client, openssl s_server, unknown authority" \
	"$(client --ca "$tmp/rsa.pem")" 'done=0' 'error=3'
stop
# It reads early data only where it also takes its standard input to the client.
early_openssl_server() {
	next_port
	while sleep 0.2; do echo olleh || break; done 2>/dev/null |
		openssl s_server -accept "$port" -tls1_3 -early_data -cert "$tmp/p256.pem" \
			-key "$tmp/p256.key" "$@" >"$tmp/server.log" 2>&1 &
	server=$!
	await
}
early_openssl_server
expect "client, openssl s_server, early data" \
	"$(client --ca "$tmp/p256.pem" --send "early words" --expect olleh --tickets --early --connections 2
	cat "$tmp/server.log")" \
	'early=none .*resumed=0 .*data=1' 'early=accepted .*resumed=1 .*data=1.*error=0' '^early words'
stop
early_openssl_server -groups P-384
expect "client, openssl s_server, early data and HelloRetryRequest" \
	"$(client --ca "$tmp/p256.pem" --send "early words" --expect olleh --tickets --early --connections 2
	cat "$tmp/server.log")" \
	'early=none .*resumed=0 .*data=1' 'early=rejected .*retried=1.*data=1.*error=0' '^early words'
stop
for type in p384 p521 ed25519 rsa rsapss "${mldsa[@]}"; do
	openssl_server -cert "$tmp/$type.pem" -key "$tmp/$type.key"
	expect "client, openssl s_server, $type certificate" \
		"$(client --ca "$tmp/$type.pem" --expect olleh)" \
		'verified=1.*data=1.*error=0'
	stop
done
openssl_server -cert "$tmp/mixed.pem" -key "$tmp/mixed.key" -trace
expect "client, openssl s_server, certificate that RSA has signed" \
	"$(client --ca "$tmp/rsaca.pem" --expect olleh)
$(grep -a -A12 'type=signature_algorithms_cert' "$tmp/server.log")" \
	'verified=1.*data=1.*error=0' '05 01 06 01 '
stop
openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -groups P-384
expect "client, openssl s_server, HelloRetryRequest" \
	"$(client --ca "$tmp/p256.pem" --expect olleh)" \
	'group=secp384r1.*retried=1.*data=1.*error=0'
stop
openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -verify 1
expect "client, openssl s_server, certificate asked for and not given" \
	"$(client --ca "$tmp/p256.pem" --expect olleh)" \
	'done=1.*data=1.*error=0'
stop
openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -alpn imap,h2
expect "client, openssl s_server, ALPN" \
	"$(client --ca "$tmp/p256.pem" --expect olleh --alpn http/1.1,h2)" \
	'alpn=h2 .*data=1.*error=0'
stop
for name in alice alice-rsa alice-rsapss alice-ed25519 "${mldsa[@]/#/alice-}"; do
	openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -Verify 1 \
		-verify_return_error -CAfile "$tmp/ca.pem"
	expect "client, openssl s_server, client certificate, $name" \
		"$(client --ca "$tmp/p256.pem" --expect olleh --cert "$tmp/$name.pem" \
			--key "$tmp/$name.key")" \
		'done=1.*client=[emr][a-z0-9_]* .*data=1.*error=0'
	stop
done
openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -Verify 1 \
	-verify_return_error -CAfile "$tmp/ca.pem"
expect "client, openssl s_server, client certificate required, and none" \
	"$(client --ca "$tmp/p256.pem")" \
	'client=unknown .*data=0.*error=5.*received=certificate_required'
expect "client, openssl s_server, client certificate that is expired" \
	"$(client --ca "$tmp/p256.pem" --cert "$tmp/expired.pem" --key "$tmp/expired.key")" \
	'client=ecdsa.*data=0.*received=certificate_expired'
expect "client, openssl s_server, client certificate of an authority not listed" \
	"$(client --ca "$tmp/p256.pem" --cert "$tmp/rsa.pem" --key "$tmp/rsa.key")" \
	'client=unknown .*data=0.*received=certificate_required'
stop
openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -Verify 1 \
	-verify_return_error -verifyCAfile "$tmp/ca.pem"
expect "client, openssl s_server, client certificate of an authority unknown" \
	"$(client --ca "$tmp/p256.pem" --cert "$tmp/other.pem" --key "$tmp/other.key")" \
	'client=ecdsa.*data=0.*received=unknown_ca'
stop
openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -Verify 1 \
	-verify_return_error -CAfile "$tmp/ca.pem" -client_sigalgs ed25519
expect "client, openssl s_server, client certificate of another algorithm" \
	"$(client --ca "$tmp/p256.pem" --cert "$tmp/alice.pem" --key "$tmp/alice.key")" \
	'client=unknown .*data=0.*received=certificate_required'
stop
# 5: a certificate is wanted, 6: a signature, 7: a verdict
openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -Verify 1 \
	-verify_return_error -CAfile "$tmp/ca.pem"
for name in alice alice-rsa alice-rsapss alice-ed25519 "${mldsa[@]/#/alice-}"; do
	expect "client, openssl s_server, everything on another thread, $name" \
		"$(client --ca "$tmp/p256.pem" --expect olleh --async \
			--cert "$tmp/$name.pem" --key "$tmp/$name.key")" \
		'^async=10 async=5 async=7 async=6 done=1.*client=[emr].*verified=1.*data=1.*error=0'
done
expect "client, openssl s_server, unknown authority, on another thread" \
	"$(client --ca "$tmp/rsa.pem" --async)" 'async=7 done=0' 'error=3 sent=unknown_ca'
stop
next_port
openssl s_server -accept "$port" -tls1_2 -quiet -cert "$tmp/p256.pem" \
	-key "$tmp/p256.key" >"$tmp/server.log" 2>&1 &
server=$!
await
expect "client, openssl s_server of TLS 1.2" \
	"$(client --ca "$tmp/p256.pem")" 'done=0.*error=[25]'
stop

# Compressed certificates. (Debian's OpenSSL is built without brotli, its GnuTLS
# without any.)
for method in zlib zstd; do
	openssl_server -cert "$tmp/rsa.pem" -key "$tmp/rsa.key" -cert_comp -trace
	expect "client, openssl s_server, certificate compressed by $method" \
		"$(client --ca "$tmp/rsa.pem" --expect olleh --compress $method)
$(cat "$tmp/server.log")" 'verified=1.*data=1.*error=0' 'CompressedCertificate, Length' "Compression type=$method "
	stop
	# without -cert_comp it sends its own as it is
	openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -Verify 1 \
		-verify_return_error -CAfile "$tmp/ca.pem" -trace
	expect "client, openssl s_server, client certificate compressed by $method" \
		"$(client --ca "$tmp/p256.pem" --expect olleh --compress $method \
			--cert "$tmp/alice-rsa.pem" --key "$tmp/alice-rsa.key")
$(cat "$tmp/server.log")" 'client=rsa.*data=1.*error=0' 'CompressedCertificate, Length'
	stop
done

if command -v gnutls-serv >/dev/null; then
	gnutls_server() {
		next_port
		gnutls-serv --echo -q -p "$port" --x509certfile "$tmp/p256.pem" \
			--x509keyfile "$tmp/p256.key" "$@" \
			>"$tmp/server.log" 2>&1 &
		server=$!
		await
	}
	gnutls_server
	for suite in "${suites[@]}"; do
		expect "client, gnutls-serv, ${suite#*:}" \
			"$(client --ca "$tmp/p256.pem" --suites "${suite%:*}")" \
			"suite=${suite#*:}.*verified=1.*data=1.*error=0"
	done
	for group in 001d:x25519 0017:secp256r1 0018:secp384r1; do
		expect "client, gnutls-serv, ${group#*:}" \
			"$(client --ca "$tmp/p256.pem" --groups "${group%:*}")" \
			"group=${group#*:}.*data=1.*error=0"
	done
	expect "client, gnutls-serv, resumption" \
		"$(client --ca "$tmp/p256.pem" --tickets --connections 2)" \
		'resumed=0.*data=1' 'resumed=1.*data=1.*error=0'
	stop
	gnutls_server --earlydata
	expect "client, gnutls-serv, early data" \
		"$(client --ca "$tmp/p256.pem" --send "early words" --expect early --tickets --early --connections 2)" \
		'early=none .*resumed=0 .*data=1' 'early=accepted .*resumed=1 .*data=1.*error=0'
	stop
	gnutls_server -d 4 --priority NORMAL:%ALLOW_SMALL_RECORDS
	expect "client, gnutls-serv, record_size_limit" \
		"$(client --ca "$tmp/p256.pem" --record-limit 63)
$(grep -a record_size_limit "$tmp/server.log")" \
		'data=1.*error=0' 'record_size_limit 64 negotiated'
	stop
	gnutls_server --x509cafile "$tmp/ca.pem" --require-client-cert \
		--verify-client-cert
	for name in alice alice-rsa alice-rsapss alice-ed25519; do
		expect "client, gnutls-serv, client certificate, $name" \
			"$(client --ca "$tmp/p256.pem" --cert "$tmp/$name.pem" \
				--key "$tmp/$name.key")" \
			'client=[emr][a-z0-9_]* .*data=1.*error=0'
	done
	expect "client, gnutls-serv, client certificate required, and none" \
		"$(client --ca "$tmp/p256.pem")" \
		'client=unknown .*data=0.*received=certificate_required'
	stop
	gnutls_server --priority NORMAL:-GROUP-ALL:+GROUP-SECP384R1
	expect "client, gnutls-serv, HelloRetryRequest" \
		"$(client --ca "$tmp/p256.pem")" \
		'group=secp384r1.*retried=1.*data=1.*error=0'
	stop
fi

# Our server, their clients.
for suite in "${suites[@]}"; do
	for group in "${groups[@]}"; do
		IFS=: read -r code name theirs <<<"$group"
		our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key"
		text=$(s_client -ciphersuites "${suite#*:}" -groups "$theirs")
		expect "server, openssl s_client, ${suite#*:}, $name" \
			"$text
$(ended)" '^hello' 'Verif.*(OK|: 0)' "suite=${suite#*:} " "group=$name " 'data=1.*error=0'
	done
done
for type in p384 p521 ed25519 rsa rsapss "${mldsa[@]}"; do
	our_server 1 --cert "$tmp/$type.pem" --key "$tmp/$type.key"
	text=$(s_client -CAfile "$tmp/$type.pem")
	expect "server, openssl s_client, $type certificate" "$text
$(ended)" '^hello' 'data=1.*error=0'
done
for type in p256 p384 p521 ed25519 rsa rsapss; do
	our_server 1 --cert "$tmp/$type.pem" --key "$tmp/$type.key" --async \
		--ca "$tmp/ca.pem" --client-auth required
	text=$(s_client -CAfile "$tmp/$type.pem" -cert "$tmp/alice.pem" -key "$tmp/alice.key")
	expect "server, openssl s_client, everything on another thread, $type" "$text
$(ended)" '^hello' 'async=5 async=6 async=7 done=1.*verified=1.*data=1.*error=0'
done
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --async \
	--ca "$tmp/ca.pem" --client-auth required
text=$(s_client -cert "$tmp/expired.pem" -key "$tmp/expired.key")
expect "server, openssl s_client, an expired client certificate, on another thread" "$text
$(ended)" 'certificate expired' 'async=7 done=0.*error=3 sent=certificate_expired'
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --groups 0018
text=$(s_client)
expect "server, openssl s_client, HelloRetryRequest" "$text
$(ended)" '^hello' 'group=secp384r1.*retried=1.*data=1.*error=0'
for suite in "${suites[@]}"; do
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" \
		--export EXPERIMENTAL-test
	text=$(s_client -ciphersuites "${suite#*:}" \
		-keymatexport EXPERIMENTAL-test -keymatexportlen 100)
	material=$(sed -n 's/^ *Keying material: //p' <<<"$text")
	expect "server, openssl s_client, exported keying material, ${suite#*:}" "$text
$(ended)" '^ *Keying material: [0-9A-F]{200}$' "exported=${material:-none} .*error=0"
done
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --updates 3
text=$(s_client)
expect "server, openssl s_client, KeyUpdate both ways" "$text
$(ended)" '^hello' 'data=1.*tx_updates=3 rx_updates=[0-3] limit=16384 .*error=0'
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --alpn h2,imap
text=$(s_client -alpn http/1.1,imap)
expect "server, openssl s_client, ALPN" "$text
$(ended)" 'ALPN protocol: imap' 'alpn=imap .*data=1.*error=0'
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --alpn h2
text=$(s_client -alpn imap)
expect "server, openssl s_client, no ALPN in common" "$text
$(ended)" 'no application protocol' 'sent=no_application_protocol'
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key"
text=$(s_client -tls1_2)
expect "server, openssl s_client of TLS 1.2" "$text
$(ended)" 'protocol version' 'sent=protocol_version'
our_server 3 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets
text=$(s_client -sess_out "$tmp/session"; s_client -sess_in "$tmp/session"; s_client -sess_in "$tmp/session" -groups X448:P-256)
expect "server, openssl s_client, resumption, also after a HelloRetryRequest" "$text
$(ended)" '^Reused' 'resumed=1 retried=0.*data=1.*error=0' 'resumed=1 retried=1.*data=1.*error=0'
# Statuses of --async: a certificate, a signature; a ticket's key or session, is it unused.
for flags in "--tickets --async" "--tickets --sessions --async"; do
	asked='async=10 '
	[[ $flags == *sessions* ]] || asked='async=10 async=11 '
	# shellcheck disable=SC2086 # several words
	our_server 3 --cert "$tmp/p256.pem" --key "$tmp/p256.key" $flags
	text=$(s_client -sess_out "$tmp/session"
		s_client -sess_in "$tmp/session" -sess_out "$tmp/session2"
		s_client -sess_in "$tmp/session2" -groups X448:P-256)
	expect "server, openssl s_client, resumption on another thread: $flags" "$text
$(ended)" '^Reused' '^async=5 async=6 done' "^${asked}done=1.*resumed=1 retried=0.*data=1.*error=0" \
		"^${asked}done=1.*resumed=1 retried=1.*data=1.*error=0"
done

echo "early words" >"$tmp/early"
our_server 3 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets --early --async
text=$(s_client -sess_out "$tmp/session"; s_client -sess_in "$tmp/session" -early_data "$tmp/early"
	s_client -sess_in "$tmp/session" -early_data "$tmp/early")
expect "server, openssl s_client, early data asked about on another thread, and again" "$text
$(ended)" 'Early data was accepted' '^early words' '^async=10 async=11 done=1 early=accepted .*resumed=1 .*data=1.*error=0' \
	'Early data was rejected' '^async=10 async=11 done=1 early=rejected .*resumed=1 .*data=1.*error=0'
our_server 3 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets --early
text=$(s_client -sess_out "$tmp/session"; s_client -sess_in "$tmp/session" -early_data "$tmp/early"
	s_client -sess_in "$tmp/session" -early_data "$tmp/early")
expect "server, openssl s_client, early data, and the same ticket again" "$text
$(ended)" 'Early data was accepted' '^early words' 'early=accepted .*resumed=1 .*data=1.*error=0' \
	'Early data was rejected' 'early=rejected .*resumed=1 .*data=1.*error=0'
our_server 2 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets --early
text=$(s_client -sess_out "$tmp/session"; s_client -sess_in "$tmp/session" -groups X448:P-256 -early_data "$tmp/early")
expect "server, openssl s_client, early data and HelloRetryRequest" "$text
$(ended)" 'Early data was rejected' '^hello' 'early=rejected .*resumed=1 retried=1.*data=1.*error=0'
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets --early
text=$(s_client -sess_in "$tmp/session" -early_data "$tmp/early")
expect "server, openssl s_client, early data for another server" "$text
$(ended)" 'Early data was rejected' '^hello' 'early=rejected .*resumed=0 .*data=1.*error=0'

mutual() {	# AUTH: our server, and a client of its authority
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" \
		--ca "$tmp/ca.pem" --client-auth "$1" --tickets
}

with() {	# NAME: of a client's certificate
	echo "-cert $tmp/$1.pem -key $tmp/$1.key"
}

for method in zlib zstd; do
	our_server 1 --cert "$tmp/rsa.pem" --key "$tmp/rsa.key" --ca "$tmp/ca.pem" \
		--client-auth required --compress $method
	# shellcheck disable=SC2046
	text=$(s_client -CAfile "$tmp/rsa.pem" -trace $(with alice-rsa))
	expect "server, openssl s_client, certificate compressed by $method" "$text
$(ended)" '^hello' 'CompressedCertificate, Length' "client=rsa.*data=1.*error=0"
done
for name in alice alice-rsa alice-rsapss alice-ed25519 "${mldsa[@]/#/alice-}"; do
	mutual required
	# shellcheck disable=SC2046 # several words
	text=$(s_client $(with "$name"))
	expect "server, openssl s_client, client certificate, $name" "$text
$(ended)" '^hello' "client=[emr][a-z0-9_]* peer=\[CN=$name,O=test\]\[DNS:$name.test\]\[email:$name@test\]" 'verified=1.*tickets=0 data=1.*error=0'
done
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --ca "$tmp/ca.pem" \
	--client-auth required --authorities
# shellcheck disable=SC2046
text=$(s_client $(with alice) -trace)
expect "server, openssl s_client, names of the authorities" "$text
$(ended)" 'Acceptable client certificate CA names' '^CN *= *authority ca' \
	'signature_algorithms_cert' 'peer=\[CN=alice' 'data=1.*error=0'
mutual required
text=$(s_client)
expect "server, openssl s_client, client certificate required, and none" "$text
$(ended)" 'certificate required' 'client=unknown .*error=3 sent=certificate_required'
mutual optional
text=$(s_client)
expect "server, openssl s_client, client certificate optional, and none" "$text
$(ended)" '^hello' 'client=unknown peer= .*verified=0.*data=1.*error=0'
for case in other:unknown_ca expired:certificate_expired server:unsupported_certificate; do
	mutual optional
	# shellcheck disable=SC2046
	text=$(s_client $(with "${case%:*}"))
	expect "server, openssl s_client, client certificate, ${case%:*}" "$text
$(ended)" "alert .*$(tr _ . <<<"${case#*:}" | sed 's/_ca/ ca/')" "done=0.*error=3 sent=${case#*:}"
done

# (gnutls-cli answers our close_notify by just closing: error 6, truncated.)
if command -v gnutls-cli >/dev/null; then
	gnutls_client() {
		(echo hello; sleep 1) | timeout 20 gnutls-cli -p "$port" \
			--x509cafile "$tmp/p256.pem" "$@" localhost 2>&1
	}
	for suite in AES-128-GCM:TLS_AES_128_GCM_SHA256 AES-256-GCM:TLS_AES_256_GCM_SHA384 CHACHA20-POLY1305:TLS_CHACHA20_POLY1305_SHA256; do
		our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key"
		text=$(gnutls_client --priority "NORMAL:-CIPHER-ALL:+${suite%:*}")
		expect "server, gnutls-cli, ${suite#*:}" "$text
$(ended)" '^hello' 'certificate is trusted' "suite=${suite#*:}.*data=1.*error=[06]"
	done
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --groups 0018
	text=$(gnutls_client --single-key-share)
	expect "server, gnutls-cli, HelloRetryRequest" "$text
$(ended)" '^hello' 'retried=1.*data=1.*error=[06]'
	for name in alice alice-rsa alice-rsapss alice-ed25519; do
		mutual required
		text=$(gnutls_client --x509certfile "$tmp/$name.pem" \
			--x509keyfile "$tmp/$name.key")
		expect "server, gnutls-cli, client certificate, $name" "$text
$(ended)" '^hello' "peer=\[CN=$name,O=test\].*verified=1.*data=1.*error=[06]"
	done
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" \
		--ca "$tmp/ca.pem" --client-auth required --authorities
	text=$(gnutls_client --verbose --x509certfile "$tmp/alice.pem" \
		--x509keyfile "$tmp/alice.key")
	expect "server, gnutls-cli, names of the authorities" "$text
$(ended)" 'trusted authorities:' 'CN=authority ca' 'data=1.*error=[06]'
	mutual required
	text=$(gnutls_client)
	expect "server, gnutls-cli, client certificate required, and none" "$text
$(ended)" 'sent=certificate_required'
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --record-limit 63
	text=$(gnutls_client --recordsize 512 --priority NORMAL:%ALLOW_SMALL_RECORDS)
	expect "server, gnutls-cli, record_size_limit" "$text
$(ended)" '^hello' 'data=1.*limit=51[12] .*error=[06]'
	our_server 2 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets
	text=$(gnutls_client --resume)
	expect "server, gnutls-cli, resumption" "$text
$(ended)" 'This is a resumed session' 'resumed=1.*data=1.*error=[06]'
	our_server 2 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets --async
	text=$(gnutls_client --resume)
	expect "server, gnutls-cli, resumption on another thread" "$text
$(ended)" 'This is a resumed session' '^async=10 async=11 done.*resumed=1.*data=1.*error=[06]'
	# shellcheck disable=SC2046 # several words
	cc -std=c17 -o "$tmp/gnutls_early" "$here/interop/gnutls_early.c" \
		$(pkg-config --cflags --libs gnutls)
	our_server 2 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --tickets --early
	text=$("$tmp/gnutls_early" "$port" "$tmp/p256.pem" "early words
")
	expect "server, GnuTLS, early data" "$text
$(ended)" 'resumed=1 early=1' '^early words' 'early=accepted .*resumed=1.*data=1.*error=[06]'
fi

# Raw public keys (RFC 7250): of either side, of both, of neither.
hash_of() {	# NAME: of a certificate's key
	openssl x509 -in "$tmp/$1.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -r | cut -d' ' -f1
}
if openssl s_server -help 2>&1 | grep -q enable_server_rpk; then
	for type in p256 p384 p521 ed25519 rsa rsapss; do
		openssl_server -cert "$tmp/$type.pem" -key "$tmp/$type.key" \
			-enable_server_rpk -enable_client_rpk -verify 1
		expect "client, openssl s_server, raw public keys, $type" \
			"$(client --pin "$(hash_of $type)" --peer-raw only --expect olleh \
				--key "$tmp/$type.key" --own-raw only)" \
			'client=[er].*verified=1.*data=1.*raw=1/1 error=0'
		stop
		our_server 1 --key "$tmp/$type.key" --own-raw only --client-auth required \
			--peer-raw only --pin "$(hash_of alice)"
		text=$(s_client -CAfile "$tmp/other.pem" -enable_server_rpk -enable_client_rpk \
			-dane_tlsa_domain localhost -dane_tlsa_rrdata "3 1 1 $(hash_of $type)" \
			-cert "$tmp/alice.pem" -key "$tmp/alice.key")
		expect "server, openssl s_client, raw public keys, $type" "$text
$(ended)" '^hello' 'Verif.*(OK|: 0)' 'verified=1.*data=1.*raw=1/1 error=0'
	done
	openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key" -verify 1 -enable_server_rpk
	expect "client, openssl s_server, another raw public key than is pinned" \
		"$(client --pin "$(hash_of rsa)" --peer-raw only)" \
		'done=0.*error=3 sent=certificate_unknown'
	expect "client, openssl s_server, the server's raw public key, and a client certificate" \
		"$(client --pin "$(hash_of p256)" --peer-raw too --own-raw too --expect olleh \
			--cert "$tmp/alice.pem" --key "$tmp/alice.key")" \
		'client=ecdsa.*data=1.*raw=0/1 error=0'
	stop
	openssl_server -cert "$tmp/p256.pem" -key "$tmp/p256.key"
	expect "client, openssl s_server without raw public keys, that gets along" \
		"$(client --ca "$tmp/p256.pem" --pin "$(hash_of p256)" --peer-raw too --expect olleh)" \
		'verified=1.*data=1.*raw=0/0 error=0'
	expect "client, openssl s_server without raw public keys, that does not" \
		"$(client --pin "$(hash_of p256)" --peer-raw only)" \
		'done=0.*sent=unsupported_certificate'
	stop
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --own-raw too
	text=$(s_client)
	expect "server, openssl s_client without raw public keys, that gets along" "$text
$(ended)" '^hello' 'Verif.*(OK|: 0)' 'data=1.*raw=0/0 error=0'
	# it offers both, and has the other first
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --own-raw fallback
	text=$(s_client -enable_server_rpk)
	expect "server, openssl s_client, rather a certificate" "$text
$(ended)" '^hello' 'Verif.*(OK|: 0)' 'data=1.*raw=0/0 error=0'
	our_server 1 --key "$tmp/p256.key" --own-raw only
	text=$(s_client)
	expect "server, openssl s_client without raw public keys, that does not" "$text
$(ended)" 'unsupported certificate' 'sent=unsupported_certificate'
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --client-auth required \
		--peer-raw only --pin "$(hash_of rsa)"
	text=$(s_client -enable_client_rpk -cert "$tmp/alice.pem" -key "$tmp/alice.key")
	expect "server, openssl s_client, another raw public key than is pinned" "$text
$(ended)" 'sent=certificate_unknown'
fi
if command -v gnutls-serv >/dev/null; then
	openssl pkey -in "$tmp/p256.key" -pubout -out "$tmp/p256.pub"
	openssl pkey -in "$tmp/alice.key" -pubout -out "$tmp/alice.pub"
	next_port
	gnutls-serv --echo -q -p "$port" --rawpkfile "$tmp/p256.pub" --rawpkkeyfile "$tmp/p256.key" \
		--priority NORMAL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK --require-client-cert \
		>"$tmp/server.log" 2>&1 &
	server=$!
	await
	expect "client, gnutls-serv, raw public keys" \
		"$(client --pin "$(hash_of p256)" --peer-raw only --own-raw only --key "$tmp/alice.key")" \
		'client=ecdsa.*verified=1.*data=1.*raw=1/1 error=0'
	expect "client, gnutls-serv, a raw public key though rather a certificate" \
		"$(client --ca "$tmp/p256.pem" --pin "$(hash_of p256)" --peer-raw fallback \
			--own-raw only --key "$tmp/alice.key")" 'verified=1.*data=1.*raw=1/1 error=0'
	stop
	# it has both, and goes by the client's order
	for raw in too fallback; do
		next_port
		gnutls-serv --echo -q -p "$port" --rawpkfile "$tmp/p256.pub" --rawpkkeyfile "$tmp/p256.key" \
			--x509certfile "$tmp/p256.pem" --x509keyfile "$tmp/p256.key" \
			--priority NORMAL:+CTYPE-SRV-RAWPK >"$tmp/server.log" 2>&1 &
		server=$!
		await
		expect "client, gnutls-serv, the order of the types, $raw" \
			"$(client --ca "$tmp/p256.pem" --pin "$(hash_of p256)" --peer-raw $raw)" \
			"verified=1.*data=1.*raw=0/$([[ $raw == too ]] && echo 1 || echo 0) error=0"
		stop
	done
	our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key" --own-raw fallback
	text=$(gnutls_client --insecure --priority NORMAL:-CTYPE-SRV-X509:+CTYPE-SRV-RAWPK)
	expect "server, gnutls-cli, a raw public key though rather a certificate" "$text
$(ended)" '^hello' 'data=1.*raw=1/0 error=[06]'
	our_server 1 --key "$tmp/p256.key" --own-raw only --client-auth required \
		--peer-raw only --pin "$(hash_of alice)"
	text=$(gnutls_client --insecure --rawpkfile "$tmp/alice.pub" --rawpkkeyfile "$tmp/alice.key" \
		--priority NORMAL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK)
	expect "server, gnutls-cli, raw public keys" "$text
$(ended)" '^hello' 'client=ecdsa.*verified=1.*data=1.*raw=1/1 error=[06]'
fi

# We never offer authentication after the handshake (RFC 9846, section 4.6.2).
next_port
(sleep 1; echo c; sleep 2) | openssl s_server -accept "$port" -tls1_3 -cert "$tmp/p256.pem" \
	-key "$tmp/p256.key" -verify 1 >"$tmp/server.log" 2>&1 &
server=$!
await
text=$(client --ca "$tmp/p256.pem" --cert "$tmp/alice.pem" --key "$tmp/alice.key")
expect "client, openssl s_server, a certificate asked for after the handshake" "$text
$(cat "$tmp/server.log")" 'done=1' 'extension not received'
stop
our_server 1 --cert "$tmp/p256.pem" --key "$tmp/p256.key"
text=$(s_client -enable_pha -cert "$tmp/alice.pem" -key "$tmp/alice.key")
expect "server, openssl s_client that offers authentication after the handshake" "$text
$(ended)" '^hello' 'client=unknown .*data=1.*error=0'

echo "1..$count"
[[ $failed == 0 ]]
