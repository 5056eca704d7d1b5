#!/bin/bash
# SPDX-License-Identifier: MIT
# The sluice command in userspace, against servers and clients that are not
# ours, on loopback: cli.sh DIRECTORY-OF-THE-BINARY. Prints TAP.
set -u
sluice=$1/sluice
work=$(mktemp -d)
cd "$work" || exit 2
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$work"' EXIT

n=0 status=0
report() {
	if [[ $1 == 0 ]]; then
		echo "ok $((++n)) - $2"
	else
		sed 's/^/# /' log 2>/dev/null
		echo "not ok $((++n)) - $2"
		status=1
	fi
}

check() {
	local name=$1
	shift
	"$@" >log 2>&1
	report $? "$name"
}

# The command has to end with this status, and say this.
refused() {
	local want=$1 text=$2 name=$3 got=0
	shift 3
	"$@" >log 2>&1 || got=$?
	[[ $got == "$want" ]] && grep -qe "$text" log
	report $? "$name: status $want"
}

wait_port() {
	local i
	for ((i = 0; i < 100; i++)); do
		ss -Hltn "sport = :$1" | grep -q . && return
		sleep 0.1
	done
	return 1
}

certificate() {	# NAME ALGORITHM OPTION ARGUMENTS…
	openssl req -x509 -newkey "$2" ${3:+-pkeyopt "$3"} -nodes -keyout "$1.key" \
		-out "$1.pem" -subj "/CN=$1" -days 2 \
		-addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' "${@:4}" 2>/dev/null
}

certificate ec ec ec_paramgen_curve:P-256
certificate rsa rsa:2048
certificate ed ed25519
certificate alice ec ec_paramgen_curve:P-256
certificate mallory ec ec_paramgen_curve:P-256

# For other hosts, and for all below one.
named() {	# NAME ALGORITHM OPTION SAN
	openssl req -x509 -newkey "$2" ${3:+-pkeyopt "$3"} -nodes -keyout "$1.key" \
		-out "$1.pem" -subj "/CN=$1" -days 2 -addext "subjectAltName=$4" 2>/dev/null
}
named one ec ec_paramgen_curve:P-256 DNS:one.test
named one-rsa rsa:2048 '' DNS:one.test
named two ed25519 '' 'DNS:*.two.test,DNS:two.test'

# An authority that has issued two certificates, and revoked one.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout ca.key -out ca.pem -subj /CN=authority -days 2 2>/dev/null
certificate good ec ec_paramgen_curve:P-256 -CA ca.pem -CAkey ca.key
certificate revoked ec ec_paramgen_curve:P-256 -CA ca.pem -CAkey ca.key
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=1\n' >ca.cnf
: >index
ca() {
	openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem "$@" 2>/dev/null
}
ca -revoke revoked.pem
ca -gencrl -out crl.pem
mkdir lists other www
openssl crl -in crl.pem -outform DER -out lists/ca.crl
openssl ca -config ca.cnf -keyfile ec.key -cert ec.pem -gencrl -out other/crl.pem 2>/dev/null
head -c 3M /dev/urandom >www/file
: >www/empty
echo secret >outside

"$sluice" serve --no-kernel -q --root www --put --port 4451 --cert ec.pem --key ec.key &
"$sluice" serve --no-kernel -q --root www --port 4452 --cert rsa.pem --key rsa.key &
"$sluice" serve --no-kernel -q --port 4453 --cert ed.pem --key ed.key --address ::1 www/file &
openssl s_server -accept 4454 -cert ec.pem -key ec.key -tls1_3 -WWW -quiet >/dev/null 2>&1 &
openssl s_server -accept 4455 -cert ec.pem -key ec.key -tls1_2 -WWW -quiet >/dev/null 2>&1 &
openssl s_server -accept 4456 -cert rsa.pem -key rsa.key -tls1_3 -WWW -quiet -groups P-384 >/dev/null 2>&1 &
"$sluice" serve --no-kernel -v --root www --port 4461 --cert ec.pem --key ec.key --client-ca alice.pem 2>required.log &
"$sluice" serve --no-kernel -q --root www --port 4462 --cert ec.pem --key ec.key --client-ca alice.pem --client-optional &
openssl s_server -accept 4463 -cert ec.pem -key ec.key -tls1_3 -WWW -quiet -Verify 1 -verify_return_error -CAfile alice.pem >/dev/null 2>&1 &
"$sluice" serve --no-kernel -q --root www --port 4464 --cert good.pem --key good.key --client-ca ca.pem --crl lists --client-optional &
"$sluice" serve --no-kernel -q --root www --port 4465 --cert revoked.pem --key revoked.key &
"$sluice" serve --no-kernel -q --root www --port 4466 --cert one.pem --key one.key --cert one-rsa.pem \
	--key one-rsa.key --cert two.pem --key two.key &
for port in 4451 4452 4453 4454 4455 4456 4461 4462 4463 4464 4465 4466; do
	wait_port "$port" || echo "# port $port"
done

get() {
	"$sluice" get --no-kernel "$@"
}

fetch_and_compare() {
	rm -f got
	get -o got "$@" && cmp got www/file
}

check "get from our server, ECDSA" fetch_and_compare --cacert ec.pem https://localhost:4451/file
check "get from our server, RSA" fetch_and_compare --cacert rsa.pem https://localhost:4452/file
check "get from our server, Ed25519, by IPv6 address" fetch_and_compare --cacert ed.pem 'https://[::1]:4453/any'
check "get by IPv4 address" fetch_and_compare --cacert ec.pem https://127.0.0.1:4451/file
check "get from openssl s_server" fetch_and_compare --cacert ec.pem https://localhost:4454/www/file
check "get after a HelloRetryRequest" fetch_and_compare --cacert rsa.pem https://localhost:4456/www/file
for group in x25519 secp256r1 secp384r1 secp521r1 X25519MLKEM768 SecP256r1MLKEM768; do
	check "get with group $group" fetch_and_compare --groups "$group" --cacert ec.pem https://localhost:4451/file
done
for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
	check "get with $suite" fetch_and_compare --ciphersuites "$suite" --cacert ec.pem https://localhost:4454/www/file
done
check "get in small records" fetch_and_compare --record-size 63 --cacert ec.pem https://localhost:4451/file
refused 1 '63 to 16384' "records that are too small" get --record-size 62 --cacert ec.pem https://localhost:4451/file
refused 1 'has to be 1.2 or 1.3' "a version that is not spoken" get --tls-min 1.1 --cacert ec.pem https://localhost:4451/file
refused 1 'is above max_version' "versions the wrong way round" get --tls-min 1.3 --tls-max 1.2 --cacert ec.pem https://localhost:4451/file
refused 1 'none of them is for' "cipher suites of another version" get --ciphersuites TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 --cacert ec.pem https://localhost:4451/file
check "get under key updates" fetch_and_compare --update-after 3 --cacert ec.pem https://localhost:4454/www/file
check "get an empty file" get --cacert ec.pem https://localhost:4451/empty

as() {	# NAME URL
	fetch_and_compare --cacert ec.pem --cert "$1.pem" --key "$1.key" "$2"
}
check "a client certificate to our server" as alice https://localhost:4461/file
check "who it was is logged" grep -q 'client CN=alice' required.log
check "a client certificate to a server that asks for it" as alice https://localhost:4462/file
check "no client certificate to a server that asks for it" fetch_and_compare --cacert ec.pem https://localhost:4462/file
check "a client certificate to openssl s_server" as alice https://localhost:4463/www/file
curl_shows() {
	curl -sS --cacert ec.pem --cert alice.pem --key alice.key -o got https://localhost:4461/file &&
		cmp got www/file && ! curl -sS --cacert ec.pem -o got https://localhost:4461/file
}
check "curl with a client certificate, and without" curl_shows
for port in 4461 4463; do
	refused 3 'certificate_required.*--cert and --key' "no client certificate, port $port" get --cacert ec.pem "https://localhost:$port/www/file"
done
# Our own client shows a certificate only where its authority is named.
refused 3 'certificate_required' "a client certificate of another authority" get --cacert ec.pem --cert mallory.pem --key mallory.key https://localhost:4461/file
s_client() {
	(printf 'GET /file HTTP/1.0\r\n\r\n'; sleep 1) |
		timeout 20 openssl s_client -connect localhost:4461 -CAfile ec.pem -ign_eof "$@"
}
names_authorities() {
	s_client -cert alice.pem -key alice.key | grep -aA1 "Acceptable client" | grep -a alice
}
check "its authorities are named" names_authorities
refused 3 'certificate_required.*does not take' "a client certificate of another authority, and it is known before" get --cacert ec.pem --cert rsa.pem --key rsa.key https://localhost:4463/www/file
unknown_authority() {
	s_client -cert mallory.pem -key mallory.key 2>&1 | grep 'alert unknown ca'
}
check "a client that shows one of another authority all the same" unknown_authority
check "an optional client certificate of another authority is not shown" fetch_and_compare --cacert ec.pem --cert mallory.pem --key mallory.key https://localhost:4462/file
refused 1 'cert needs --key' "a client certificate without its key" get --cert alice.pem https://localhost:4461/file
chosen() {	# CERTIFICATE ARGUMENTS…: of s_client
	openssl s_client -connect localhost:4466 "${@:2}" </dev/null 2>/dev/null |
		openssl x509 -noout -subject | tee seen
	grep -q "^subject=CN *= *$1$" seen
}
check "serve chooses by SNI" chosen one -servername one.test
check "serve chooses by SNI, whatever the case" chosen two -servername TWO.test
check "serve chooses by SNI, wildcard" chosen two -servername www.two.test
check "serve chooses by SNI, no wildcard for two labels" chosen one -servername a.b.two.test
check "serve chooses by algorithm" chosen one-rsa -servername one.test -sigalgs rsa_pss_rsae_sha256
check "serve chooses by algorithm before it does by name" chosen two -servername one.test -sigalgs ed25519
check "serve without SNI shows the first" chosen one -noservername
refused 3 'handshake_failure' "no certificate that the client takes" bash -c "openssl s_client -connect localhost:4466 -sigalgs ecdsa_secp384r1_sha384 </dev/null 2>&1 | sed 's/alert handshake failure/handshake_failure/' ; exit 3"
check "get by SNI" fetch_and_compare --cacert two.pem --servername x.two.test https://localhost:4466/file
check "a client chooses what the server takes" fetch_and_compare --cacert ec.pem --cert rsa.pem --key rsa.key \
	--cert alice.pem --key alice.key https://localhost:4463/www/file
refused 1 'cert needs --key' "two certificates and one key" get --cert alice.pem --key alice.key --cert rsa.pem https://localhost:4461/file
refused 1 'needs --client-ca' "--client-optional alone" "$sluice" serve --cert ec.pem --key ec.key --root www --client-optional

pin() {		# CERTIFICATE
	openssl x509 -in "$1.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl dgst -sha256 -binary | base64 | sed 's|^|sha256//|'
}
"$sluice" serve --no-kernel -q --root www --port 4467 --cert ec.pem --key ec.key --pin "$(pin alice)" &
wait_port 4467
for name in ec rsa; do
	port=$((4451 + (${#name} - 2)))
	check "the pinned key, $name" fetch_and_compare --cacert $name.pem --pin "$(pin $name)" https://localhost:$port/file
	check "the pinned key alone, $name" fetch_and_compare --insecure --pin "$(pin $name)" --servername other.test https://localhost:$port/file
done
check "one of several pinned keys" fetch_and_compare --cacert ec.pem --pin "$(pin rsa);$(pin ed)" --pin "$(pin ec)" https://localhost:4451/file
check "the same pin is curl's" bash -c "curl -sS --cacert ec.pem --pinnedpubkey '$(pin ec)' -o got https://localhost:4451/file && cmp got www/file"
refused 3 'none of those that are pinned' "another key is pinned" get --cacert ec.pem --pin "$(pin rsa)" https://localhost:4451/file
refused 3 'none of those that are pinned' "another key is pinned, and nothing else counts" get --insecure --pin "$(pin rsa)" https://localhost:4451/file
refused 3 'name\|mismatch' "the pinned key, and another name" get --cacert ec.pem --servername other.test --pin "$(pin ec)" https://localhost:4451/file
check "a client with the pinned key" as alice https://localhost:4467/file
refused 3 'certificate_unknown' "a client with another key" get --cacert ec.pem --cert mallory.pem --key mallory.key https://localhost:4467/file
refused 3 'certificate_required' "a client without a key" get --cacert ec.pem https://localhost:4467/file
refused 1 'sha256//' "a pin of another kind" get --pin md5//x https://localhost/
refused 1 '44 characters' "a pin that is too short" get --pin sha256//abc= https://localhost/
refused 1 'is not the base64' "a pin that is no base64" get --pin "sha256//$(printf '%043d' 0)!" https://localhost/
"$sluice" serve --no-kernel -q --root www --port 4468 --key ec.key --raw-key --peer-raw-key --pin "$(pin alice)" &
"$sluice" serve --no-kernel -q --root www --port 4469 --cert ec.pem --key ec.key --raw-key &
wait_port 4468 && wait_port 4469
bare() {	# ARGUMENTS…: to a server that has, and takes, nothing but keys
	fetch_and_compare --insecure --pin "$(pin ec)" --peer-raw-key "$@" https://localhost:4468/file
}
check "raw public keys, both ways" bare --key alice.key --raw-key
check "raw public keys, and nothing else, both ways" bare --key alice.key --raw-key=only
check "the server's raw public key, the client's certificate" bare --cert alice.pem --key alice.key
refused 3 'certificate_unknown' "another client's raw public key" get --insecure --pin "$(pin ec)" --peer-raw-key --key mallory.key --raw-key https://localhost:4468/file
refused 3 'none of those that are pinned' "another server's raw public key" get --insecure --pin "$(pin rsa)" --peer-raw-key --key alice.key --raw-key https://localhost:4468/file
refused 3 'handshake_failure\|unsupported_certificate' "a server that has no certificate" get --cacert ec.pem --cert alice.pem --key alice.key https://localhost:4468/file
check "a server with both: its key" fetch_and_compare --insecure --pin "$(pin ec)" --peer-raw-key=only https://localhost:4469/file
check "a server with both: its key rather than its certificate" fetch_and_compare --insecure --pin "$(pin ec)" --peer-raw-key=fallback https://localhost:4469/file
check "a server with both: its certificate" fetch_and_compare --cacert ec.pem https://localhost:4469/file
refused 3 'only a raw public key will do' "a server without raw public keys" get --insecure --pin "$(pin ec)" --peer-raw-key=only https://localhost:4451/file
refused 1 'pins or a verdict' "a raw public key that nobody pins" get --cacert ec.pem --peer-raw-key https://localhost:4469/file
refused 1 'only, fallback or nothing' "--raw-key that is none" get --raw-key=x --key ec.key https://localhost:4469/file
pinned_tickets() {
	rm -f pinned
	get --session pinned --cacert ec.pem https://localhost:4451/file -o got &&
		get -v --session pinned --cacert ec.pem --pin "$(pin ec)" https://localhost:4451/file -o got 2>seen &&
		! grep resumed seen &&
		get -v --session pinned --cacert ec.pem --pin "$(pin ec)" https://localhost:4451/file -o got 2>seen && grep resumed seen
}
check "a ticket from before the key was pinned is not used" pinned_tickets

good() {
	fetch_and_compare --cacert ca.pem "$@" https://localhost:4464/file
}
check "a server that is not revoked" good --crl crl.pem
check "a server that is not revoked, nor its authority, by a folder" good --crl lists --crl-check chain
check "a revoked server that nobody looks up" fetch_and_compare --cacert ca.pem https://localhost:4465/file
refused 3 'certificate revoked' "a revoked server" get --cacert ca.pem --crl lists https://localhost:4465/file
refused 3 'unable to get certificate CRL' "a server that no list speaks of" get --cacert ca.pem --crl other https://localhost:4464/file
check "a server that no list speaks of, if that is allowed" good --crl other --crl-allow unknown
check "a client that is not revoked" good --cert good.pem --key good.key
refused 3 'certificate_revoked' "a revoked client" get --cacert ca.pem --cert revoked.pem --key revoked.key https://localhost:4464/file
refused 7 'no certificate revocation list' "a revocation list that is none" get --crl ca.pem https://localhost:4464/file
refused 1 'needs\? --crl' "--crl-check alone" get --crl-check leaf --crl-allow unknown https://localhost:4464/file
refused 1 'leaf or chain' "--crl-check that is none" get --crl-check some https://localhost:4464/file
refused 1 'needs --client-ca' "serve --crl without clients to look up" "$sluice" serve --cert ec.pem --key ec.key --root www --crl lists

for method in brotli zstd zlib; do
	check "get from openssl s_server that could compress its certificate, $method" fetch_and_compare --compress-cert "$method" --cacert ec.pem https://localhost:4454/www/file
done
compressed() {
	"$sluice" serve --no-kernel -q --root www --port 4489 --cert rsa.pem --key rsa.key --compress-cert brotli,zlib &
	wait_port 4489
	fetch_and_compare --compress-cert zstd,zlib --cacert rsa.pem https://localhost:4489/file &&
		fetch_and_compare --cacert rsa.pem https://localhost:4489/file &&
		echo | openssl s_client -connect localhost:4489 -CAfile rsa.pem -trace 2>&1 | grep -q 'Compression type=zlib'
}
check "compressed certificates from our server" compressed
refused 1 "no compression 'lzma'" "a compression that is none" get --compress-cert lzma https://localhost:4451/file

# Files that change under a server: SIGHUP has it read them.
cp good.pem now.pem
cp good.key now.key
mkdir now-lists
cp lists/ca.crl now-lists
"$sluice" serve --no-kernel --root www --port 4490 --cert now.pem --key now.key --client-ca ca.pem --client-optional --crl now-lists 2>reload.log &
reloaded=$!
wait_port 4490
hang_up() {	# until it says this once more
	local i before
	before=$(grep -c "$1" reload.log)
	kill -HUP "$reloaded"
	for ((i = 0; i < 100; i++)); do
		[[ $(grep -c "$1" reload.log) -gt $before ]] && return
		sleep 0.1
	done
	return 1
}
from_reloaded() {	# NAME, of a client's certificate, or none
	fetch_and_compare --cacert ca.pem ${1:+--cert "$1.pem" --key "$1.key"} https://localhost:4490/file
}
new_certificate() {
	from_reloaded '' || return
	cp ec.pem now.pem
	cp ec.key now.key
	# not before it is told to
	from_reloaded '' && hang_up 'read again' &&
		fetch_and_compare --cacert ec.pem https://localhost:4490/file && ! from_reloaded ''
}
check "serve takes a new certificate at SIGHUP" new_certificate
broken_certificate() {
	echo nonsense >now.pem
	hang_up 'now.pem: .*going on with what' && fetch_and_compare --cacert ec.pem https://localhost:4490/file &&
		cp rsa.pem now.pem && hang_up 'not that of the key.*going on' &&
		fetch_and_compare --cacert ec.pem https://localhost:4490/file
}
check "serve goes on with the old one if the new one is broken" broken_certificate
new_list() {
	cp good.pem now.pem
	cp good.key now.key
	hang_up 'read again' && from_reloaded good || return
	ca -revoke good.pem
	ca -gencrl -out now-lists/ca.crl
	from_reloaded good && hang_up 'read again' || return
	get --cacert ca.pem --cert good.pem --key good.key https://localhost:4490/file 2>&1 | grep certificate_revoked
}
check "serve takes a new revocation list at SIGHUP" new_list
mute_list() {
	echo nonsense >now-lists/ca.crl
	hang_up 'ca.crl: .*going on with what' && from_reloaded ''
}
check "serve goes on with the old list if the new one is broken" mute_list
undisturbed() {	# a connection that is in the middle of its file
	dd if=/dev/zero of=www/huge2 bs=1M count=0 seek=60 2>/dev/null
	get --cacert ca.pem https://localhost:4490/huge2 | { dd bs=64k count=1 status=none >/dev/null; hang_up 'going on with what'; wc -c; } >length
	[[ $(<length) -gt 62000000 ]]
}
check "a connection is not disturbed by it" undisturbed

curl_gets() {
	curl -sS --cacert ec.pem -o got https://localhost:4451/file && cmp got www/file
}
check "curl gets from our server" curl_gets
gnutls_gets() {
	printf 'GET /empty HTTP/1.0\r\n\r\n' |
		timeout 20 gnutls-cli --x509cafile=ec.pem -p 4451 localhost | grep -q 'HTTP/1.1 200 OK'
}
check "gnutls-cli gets from our server" gnutls_gets
put_back() {
	"$sluice" put --no-kernel --cacert ec.pem www/file https://localhost:4451/up && cmp www/file www/up
}
check "put to our server" put_back
eight_at_once() {
	local i pids=() rc=0
	for i in 1 2 3 4 5 6 7 8; do
		get -q --cacert ec.pem -o "got$i" https://localhost:4451/file &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6 7 8; do
		wait "${pids[i - 1]}" && cmp "got$i" www/file || rc=1
	done
	return "$rc"
}
check "eight clients at once" eight_at_once
# The request waits until the server's tickets have been there: what is no data
# must not keep the command from its standard input.
connected() {
	{ sleep "$1"; printf 'GET /www/empty HTTP/1.0\r\n\r\n'; sleep 1; } |
		timeout 20 "$sluice" connect --no-kernel --cacert ec.pem localhost:4454 | grep -q 'HTTP/1.0 200'
}
check "connect" connected 0
check "connect, and speak late" connected 1

# The first one brings tickets, the second one uses one of them up.
resumed() {
	rm -f tickets
	get -v --session tickets --cacert ec.pem "$1" -o got || return
	local before after
	before=$(wc -l <tickets)
	[[ $before -ge 1 && $(stat -c %a tickets) == 600 ]] || return
	get -v --session tickets --cacert ec.pem "$1" -o got 2>second || return
	cat second
	grep -q resumed second || return
	after=$(sort tickets | uniq -d | wc -l)
	[[ $after == 0 ]]
}
check "resume with openssl s_server" resumed https://localhost:4454/www/file
check "resume with our server" resumed https://localhost:4451/file
# Two servers of the same keys, and one of others; a forwarder that takes a
# client's connections to one after the other.
ticket_key() {	# SECONDS-FROM-NOW FILE
	echo "$(($(date +%s) + $1)) $(openssl rand -hex 32)" >>"$2"
}
umask 077
ticket_key 0 shared.keys
ticket_key 0 other.keys
"$sluice" serve --no-kernel -q --root www --port 4471 --cert ec.pem --key ec.key --ticket-keys shared.keys 2>shared.log &
"$sluice" serve --no-kernel -q --root www --port 4472 --cert ec.pem --key ec.key --ticket-keys shared.keys &
"$sluice" serve --no-kernel -q --root www --port 4473 --cert ec.pem --key ec.key --ticket-keys other.keys &
for port in 4471 4472 4473; do
	wait_port "$port" || echo "# port $port"
done
openssl_get() {	# PORT OPTION FILE: says 'New' or 'Reused'
	printf 'GET /empty HTTP/1.0\r\n\r\n' |
		timeout 20 openssl s_client -connect "localhost:$1" -CAfile ec.pem "$2" "$3" -ign_eof 2>&1 |
		sed -n 's/^\(New\|Reused\), TLSv1.3.*/\1/p'
}
openssl_moves() {	# FROM TO SAYS: what it says of the second
	rm -f sess
	[[ $(openssl_get "$1" -sess_out sess) == New && $(openssl_get "$2" -sess_in sess) == "$3" ]]
}
check "openssl resumes at another server of the same keys" openssl_moves 4471 4472 Reused
check "openssl does not resume at a server of other keys" openssl_moves 4471 4473 New
cat >forward.py <<'END'
import socket, sys, threading
def pump(a, b):
    while data := a.recv(65536):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
for port in sys.argv[2:]:
    a = listener.accept()[0]
    b = socket.create_connection(("127.0.0.1", int(port)))
    for pair in ((a, b), (b, a)):
        threading.Thread(target=pump, args=pair).start()
END
gnutls_moves() {	# FROM TO TIMES: how often it says that it resumes
	python3 forward.py 4474 "$1" "$2" &
	wait_port 4474
	{ sleep 1; printf 'GET /empty HTTP/1.0\r\n\r\n'; sleep 1; } |
		timeout 20 gnutls-cli --x509cafile=ec.pem --resume --waitresumption -p 4474 localhost >gnutls.log 2>&1
	cat gnutls.log
	[[ $(grep -c 'This is a resumed session' gnutls.log) == "$3" &&
		$(grep -c 'HTTP/1.1 200 OK' gnutls.log) == 1 ]]
}
check "gnutls-cli resumes at another server of the same keys" gnutls_moves 4471 4472 1
check "gnutls-cli does not resume at a server of other keys" gnutls_moves 4471 4473 0
# A key that is new to the one server is known to the other by then.
key_is_rotated() {
	ticket_key 0 shared.keys
	openssl_moves 4471 4472 Reused || return
	# the keys from before are gone
	openssl_get 4471 -sess_out sess >/dev/null
	rm shared.keys && ticket_key 0 shared.keys
	[[ $(openssl_get 4472 -sess_in sess) == New ]] || return
	openssl_moves 4471 4472 Reused || return
	echo nonsense >shared.keys
	openssl_get 4471 -sess_out sess >/dev/null
	[[ $(openssl_get 4472 -sess_in sess) == Reused ]]
}
check "keys of tickets are read again when the file changes" key_is_rotated
refused 7 'nonsense\|SECONDS KEY' "a file of ticket keys that is none" "$sluice" serve --root www --cert ec.pem --key ec.key --ticket-keys shared.keys
chmod 640 other.keys
refused 7 'others can read' "ticket keys that others can read" "$sluice" serve --root www --cert ec.pem --key ec.key --ticket-keys other.keys
# Early data: what is answered early, refused, or comes too early.
chmod 600 other.keys
"$sluice" serve --no-kernel -v --root www --put --port 4475 --cert ec.pem --key ec.key --early-data --ticket-keys other.keys 2>early.log &
"$sluice" serve --no-kernel -v --root www --port 4476 --cert ec.pem --key ec.key --early-data --ticket-keys other.keys 2>early2.log &
for port in 4475 4476; do
	wait_port "$port" || echo "# port $port"
done
early() {	# PORT WHAT-IS-SAID
	fetch_and_compare -v --early-data --session early.tickets --cacert ec.pem "https://localhost:$1/file" 2>said
	cat said
	cmp got www/file && grep -q "$2" said
}
check "the first connection has nothing to send early" early 4475 'X25519MLKEM768, encrypted'
check "a request and its answer are early" early 4475 'resumed, early data accepted'
check "the server says so, too" grep -q 'resumed, early data accepted' early.log
other_server() {
	sed -i 's/localhost:4475/localhost:4476/' early.tickets
	early 4476 'resumed, early data rejected'
}
check "another server with the same keys refuses it, and is asked again" other_server
openssl_early() {	# REQUEST-LINE WHAT-IS-ANSWERED
	rm -f sess
	printf '%s HTTP/1.1\r\nContent-Length: 0\r\n\r\n' "$1" >early
	openssl_get 4475 -sess_out sess >/dev/null
	timeout 20 openssl s_client -connect localhost:4475 -CAfile ec.pem -sess_in sess -early_data early -ign_eof </dev/null
	grep -q 'Early data was accepted' log && grep -q "HTTP/1.1 $2" log
}
check "openssl gets early" openssl_early 'GET /empty' '200 OK'
check "what would change something is too early" openssl_early 'PUT /new' '425 Too Early'
check "and changes nothing" test ! -e www/new
# A first flight, recorded, and sent to the server eight times at once; and once
# more. An answer to early data is long, and one that only resumes is short.
cat >replay.py <<'END'
import socket, sys, threading
listener = socket.create_server(("127.0.0.1", 4477))
a = listener.accept()[0]
a.settimeout(1)
flight = b""
try:
    while data := a.recv(65536):
        flight += data
except TimeoutError:
    pass
a.close()
start, answered = threading.Barrier(8), []
def send(wait):
    b = socket.create_connection(("127.0.0.1", 4475))
    if wait:
        start.wait()
    b.sendall(flight)
    b.settimeout(1)
    got = 0
    try:
        while data := b.recv(65536):
            got += len(data)
    except (TimeoutError, ConnectionError):
        pass
    answered.append(got)
threads = [threading.Thread(target=send, args=(True,)) for _ in range(8)]
for t in threads:
    t.start()
for t in threads:
    t.join()
send(False)
print(answered)
long = [n > 10000 for n in answered]
sys.exit(sum(long) != 1 or long[-1])
END
replayed() {
	rm -f sess
	printf 'GET /file HTTP/1.1\r\n\r\n' >early
	openssl_get 4475 -sess_out sess >/dev/null
	python3 replay.py &
	local replay=$!
	wait_port 4477
	timeout 20 openssl s_client -connect localhost:4477 -sess_in sess -early_data early </dev/null >/dev/null 2>&1
	wait "$replay"
}
check "of a replayed first flight, one is answered" replayed
refused 1 'needs --session' "early data without tickets" get --early-data --cacert ec.pem https://localhost:4475/file
refused 1 'does not go with' "early data for clients that nobody lets resume" "$sluice" serve --cert ec.pem --key ec.key --root www --early-data --client-ca alice.pem
# Pre-shared keys: with ourselves, and with programs that know the same.
psk_key=$(openssl rand -hex 32)
printf '# a comment\n\nalice:%s\nbob:%s\n' "$psk_key" "$(openssl rand -hex 16)" >psk
tail -1 psk >psk.bob
printf 'alice:%s\n' "$(openssl rand -hex 32)" >psk.wrong
printf 'carol:%s\n' "$psk_key" >psk.carol
"$sluice" serve --no-kernel -q --root www --port 4481 --psk-file psk &
"$sluice" serve --no-kernel -q --root www --port 4482 --psk-file psk --cert ec.pem --key ec.key &
openssl s_server -accept 4483 -nocert -psk_identity alice -psk "$psk_key" -tls1_3 -WWW -quiet >/dev/null 2>&1 &
for port in 4481 4482 4483; do
	wait_port "$port" || echo "# port $port"
done
check "a pre-shared key" fetch_and_compare --psk-file psk https://localhost:4481/file
check "another one of the server's" fetch_and_compare --psk-file psk.bob https://localhost:4481/file
check "a pre-shared key that openssl has" fetch_and_compare --psk-file psk https://localhost:4483/www/file
openssl_psk() {	# PORT
	printf 'GET /empty HTTP/1.0\r\n\r\n' |
		timeout 20 openssl s_client -connect "localhost:$1" -psk_identity alice -psk "$psk_key" -tls1_3 -ign_eof |
		grep -a 'HTTP/1.1 200 OK'
}
check "openssl with a pre-shared key" openssl_psk 4481
gnutls_psk() {
	printf 'GET /empty HTTP/1.0\r\n\r\n' |
		timeout 20 gnutls-cli --priority NORMAL:-KX-ALL:+ECDHE-PSK:+PSK --pskusername alice --pskkey "$psk_key" -p 4481 localhost |
		grep 'HTTP/1.1 200 OK'
}
check "gnutls-cli with a pre-shared key" gnutls_psk
check "a certificate where the key is not known" fetch_and_compare --psk-file psk.carol --cacert ec.pem https://localhost:4482/file
refused 3 'unknown_psk_identity' "a pre-shared key that the server has not" get --psk-file psk.carol https://localhost:4481/file
refused 3 'decrypt_error' "another key of the same name" get --psk-file psk.wrong https://localhost:4481/file
refused 3 'does not take the pre-shared key\|refused' "a pre-shared key for a server of certificates" get --psk-file psk https://localhost:4451/file
refused 7 'IDENTITY:KEY' "a file of keys that is none" get --psk-file ec.key https://localhost:4481/file
chmod 644 psk.bob
refused 7 'others can read' "pre-shared keys that others can read" get --psk-file psk.bob https://localhost:4481/file
key_log() {
	get --keylog keys --cacert ec.pem https://localhost:4451/empty &&
		grep -q '^CLIENT_TRAFFIC_SECRET_0 ' keys && [[ $(stat -c %a keys) == 600 ]]
}
check "the key log is written, for nobody else" key_log
key_log_by_environment() {
	SSLKEYLOGFILE=keys2 get --cacert ec.pem https://localhost:4451/empty &&
		[[ $(cut -d' ' -f1 keys2 | sort -u | wc -l) == 5 ]] &&
		SSLKEYLOGFILE='' get --cacert ec.pem https://localhost:4451/empty &&
		SSLKEYLOGFILE=keys3 get --keylog keys --cacert ec.pem https://localhost:4451/empty &&
		[[ ! -e keys3 ]]
}
check "the key log is written where the environment says" key_log_by_environment

refused 3 'name\|IP address mismatch' "another name" get --cacert ec.pem --servername other.test https://localhost:4451/file
refused 3 'IP address mismatch' "another address" get --cacert ec.pem https://127.0.0.2:4451/file
refused 3 'cacert names the authority' "an unknown authority" get --cacert rsa.pem https://localhost:4451/file
refused 3 'refused: protocol_version\|version' "a server with TLS 1.2 only" get --cacert ec.pem https://localhost:4455/www/file
refused 6 'status 404' "a file that is not there" get --cacert ec.pem https://localhost:4451/none
refused 6 'status 404' "a path out of the root" get --cacert ec.pem https://localhost:4451/../outside
refused 6 'status 405' "a put that is not allowed" "$sluice" put --no-kernel --cacert rsa.pem outside https://localhost:4452/x
refused 2 'refused' "a port where nobody listens" get --cacert ec.pem https://localhost:4459/
refused 2 "can't\|not known\|failure" "a name that does not exist" get https://name.invalid/
refused 1 'https://' "an address that is none" get localhost
refused 1 'unknown cipher suite' "an unknown cipher suite" get --ciphersuites x https://localhost/
refused 1 'missing' "no address" get
refused 1 "there is no command 'fetch'" "an unknown command" "$sluice" fetch
refused 1 'serve needs --cert' "serve without a certificate" "$sluice" serve --root www
refused 7 'No such file' "a file of certificates that is not there" get --cacert /none https://localhost:4451/file
refused 7 'not that of the key' "a key of another certificate" "$sluice" serve --cert ec.pem --key rsa.key --root www
refused 7 "can't write" "a target that can't be written" get --cacert ec.pem -o /none/x https://localhost:4451/file

cut_off() {
	local rc=0
	# Takes the connection of a real server, and ends it in the middle.
	openssl s_server -accept 4457 -cert ec.pem -key ec.key -tls1_3 -WWW -quiet >/dev/null 2>&1 &
	local server=$!
	wait_port 4457
	dd if=/dev/zero of=www/huge bs=1M count=0 seek=2000 2>/dev/null
	(sleep 1; kill -9 "$server") &
	get --cacert ec.pem -o cut https://localhost:4457/www/huge || rc=$?
	wait "$server" 2>/dev/null
	rm -f cut cut.part
	echo "status $rc"
	[[ $rc == 4 ]]
}
check "a server that dies: status 4" cut_off

for command in get put connect serve stat; do
	check "$command --help" bash -c "'$sluice' $command --help | grep -q Usage"
done
check "version" bash -c "'$sluice' version | grep -q OpenSSL"
if [[ ! -e /proc/net/tls_stat ]]; then
	refused 5 'no kTLS' "--require-kernel without kTLS" "$sluice" get --require-kernel --cacert ec.pem https://localhost:4451/file
	falls_back() {
		"$sluice" get --cacert ec.pem -o got https://localhost:4451/file &&
			[[ $(grep -c 'encrypting in this process' log) == 1 ]]
	}
	check "without kTLS it goes on, and says so once" falls_back
fi
exit "$status"
