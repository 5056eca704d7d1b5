#!/bin/bash
# SPDX-License-Identifier: MIT
# The command with each of the providers, against servers and clients that are
# not ours, on loopback: providers.sh DIRECTORY-OF-THE-BINARY. Prints TAP.
set -u
sluice=$1/sluice sluiced=$1/sluiced
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
	echo "# port $1"
}

certificate() {	# NAME ALGORITHM-ARGUMENTS…
	openssl req -x509 "${@:2}" -nodes -keyout "$1.key" -out "$1.pem" -subj "/CN=$1" \
		-days 2 -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' 2>/dev/null
}
certificate ec -newkey ec -pkeyopt ec_paramgen_curve:P-256
certificate rsa -newkey rsa:2048
certificate weak -newkey rsa:1024
mkdir www
head -c 1M /dev/urandom >www/file

get() {
	"$sluice" get --no-kernel "$@"
}
fetch_and_compare() {
	rm -f got
	get -o got "$@" && cmp got www/file
}
# What openssl s_client has to say of the server at a port.
client() {	# PORT ARGUMENTS…
	printf 'GET /file HTTP/1.0\r\n\r\n' |
		timeout 20 openssl s_client -connect "localhost:$1" -CAfile ec.pem \
			-verify_return_error -ign_eof "${@:2}" 2>&1 | tr -d '\0'
}
serve() {	# PORT OPTIONS…
	"$sluice" serve --no-kernel -q --root www --port "$@" &
}
openssl_server() {	# PORT OPTIONS…
	openssl s_server -accept "$@" -tls1_3 -WWW -quiet >/dev/null 2>&1 &
}

refused 1 "no provider 'none'" "a provider that there is not" get --provider none https://localhost/

# FIPS 140: its configuration is made here, for here.
modules=$(openssl version -m | cut -d'"' -f2)
fips() {
	OPENSSL_CONF=$work/fips.cnf "$@"
}
if [[ -e $modules/fips.so ]]; then
	openssl fipsinstall -quiet -out module.cnf -module "$modules/fips.so"
	printf 'openssl_conf = init\n.include %s\n[init]\nproviders = list\n[list]\nfips = fips_sect\n' \
		"$work/module.cnf" >fips.cnf
	openssl_server 4701 -cert ec.pem -key ec.key
	openssl_server 4702 -cert rsa.pem -key rsa.key -groups P-384
	openssl_server 4703 -cert ec.pem -key ec.key -groups X25519
	openssl_server 4704 -cert ec.pem -key ec.key -ciphersuites TLS_CHACHA20_POLY1305_SHA256
	openssl_server 4705 -cert weak.pem -key weak.key -cipher DEFAULT@SECLEVEL=0
	fips serve 4706 --fips --cert ec.pem --key ec.key
	for port in 4701 4702 4703 4704 4705 4706; do
		wait_port "$port"
	done
	check "version names the FIPS provider" bash -c "OPENSSL_CONF=fips.cnf '$sluice' version --fips | grep 'OpenSSL FIPS Provider 3'"
	check "sluiced names the FIPS provider" bash -c "OPENSSL_CONF=fips.cnf timeout 2 '$sluiced' --fips 2>&1 | grep 'OpenSSL FIPS Provider 3'"
	check "FIPS: get from openssl s_server" fips fetch_and_compare --fips --cacert ec.pem https://localhost:4701/www/file
	check "FIPS: after a HelloRetryRequest" fips fetch_and_compare --fips --cacert rsa.pem https://localhost:4702/www/file
	check "FIPS: from our server" fips fetch_and_compare --fips --cacert ec.pem https://localhost:4706/file
	check "without FIPS: from our server with FIPS" fetch_and_compare --cacert ec.pem https://localhost:4706/file
	check "FIPS: with a client certificate" fips fetch_and_compare --fips --cacert ec.pem --cert rsa.pem --key rsa.key https://localhost:4706/file
	refused 3 handshake_failure "FIPS: a server with X25519 only" fips get --fips --cacert ec.pem https://localhost:4703/www/file
	refused 3 handshake_failure "FIPS: a server with ChaCha20 only" fips get --fips --cacert ec.pem https://localhost:4704/www/file
	refused 3 'certificate' "FIPS: a server with RSA of 1024 bits" fips get --fips --cacert weak.pem https://localhost:4705/www/file
	refused 1 'the provider has none' "FIPS: ChaCha20 asked for" fips get --fips --ciphersuites TLS_CHACHA20_POLY1305_SHA256 https://localhost:4701/
	refused 1 'the provider has none' "FIPS: X25519 asked for" fips get --fips --groups x25519 https://localhost:4701/
	refused 7 'cannot sign: invalid key length' "FIPS: a key of 1024 bits" fips "$sluice" serve --fips --cert weak.pem --key weak.key --root www
	client 4706 -groups X25519:P-256 >log
	grep -q 'Verify return code: 0' log && grep -q '200 OK' log && grep -qi 'secp256r1\|prime256v1\|P-256' log
	report $? "FIPS: openssl s_client, which offers X25519 first, gets P-256"
	client 4706 -groups X25519 >log
	grep -q 'alert handshake failure' log
	report $? "FIPS: openssl s_client with X25519 only is refused"
	client 4706 -ciphersuites TLS_CHACHA20_POLY1305_SHA256 >log
	grep -q 'alert handshake failure' log
	report $? "FIPS: openssl s_client with ChaCha20 only is refused"
	refused 3 'has no FIPS provider' "FIPS without a configuration" env OPENSSL_CONF=/dev/null "$sluice" get --fips https://localhost:4701/
else
	echo "ok $((++n)) - FIPS # SKIP there is no $modules/fips.so"
fi

# Keys that stay in a token: SoftHSM's, in a folder of its own.
module=/usr/lib/softhsm/libsofthsm2.so
if [[ -e $module && -e $modules/pkcs11.so ]]; then
	mkdir tokens
	printf 'directories.tokendir = %s\nobjectstore.backend = file\n' "$work/tokens" >softhsm2.conf
	export SOFTHSM2_CONF=$work/softhsm2.conf PKCS11_PROVIDER_MODULE=$module
	softhsm2-util --init-token --free --label sluice --so-pin 5678 --pin 1234 >/dev/null
	for name in ec rsa; do
		openssl pkcs8 -topk8 -nocrypt -in "$name.key" -out key8
		softhsm2-util --import key8 --token sluice --label "$name" --id 0${#name} --pin 1234 >/dev/null
	done
	echo 1234 >pin
	echo 4321 >wrong
	token='pkcs11:token=sluice;type=private;object'
	serve 4711 --cert ec.pem --key "$token=ec?pin-source=file:$work/pin"
	serve 4712 --cert rsa.pem --key "$token=rsa?pin-source=file:$work/pin"
	openssl_server 4713 -cert ec.pem -key ec.key -Verify 1 -verify_return_error -CAfile rsa.pem
	for port in 4711 4712 4713; do
		wait_port "$port"
	done
	# a process for each connection: each has to log in again
	curl_gets() {
		curl -sS --cacert "$1.pem" -o got "https://localhost:$2/file" && cmp got www/file &&
			curl -sS --cacert "$1.pem" -o got "https://localhost:$2/file" && cmp got www/file
	}
	check "PKCS#11: curl from our server, ECDSA" curl_gets ec 4711
	check "PKCS#11: curl from our server, RSA" curl_gets rsa 4712
	check "PKCS#11: a client's certificate, to openssl s_server" fetch_and_compare --cacert ec.pem \
		--cert rsa.pem --key "$token=rsa?pin-value=1234" https://localhost:4713/www/file
	check "PKCS#11: a client's certificate, and FIPS for the rest" fips fetch_and_compare --fips --cacert ec.pem \
		--cert rsa.pem --key "$token=rsa?pin-value=1234" https://localhost:4713/www/file
	refused 7 'PIN is not right' "PKCS#11: a wrong PIN" get --cert ec.pem \
		--key "$token=ec?pin-source=file:$work/wrong" https://localhost:4701/
	refused 7 'wants a PIN: give pin-source' "PKCS#11: no PIN" setsid -w "$sluice" get --cert ec.pem --key "$token=ec" https://localhost:4701/
	refused 7 'no such private key' "PKCS#11: no such key" get --cert ec.pem --key "$token=none?pin-value=1234" https://localhost:4701/
	refused 7 'not that of the key' "PKCS#11: another's key" get --cert ec.pem --key "$token=rsa?pin-value=1234" https://localhost:4701/
else
	echo "ok $((++n)) - PKCS#11 # SKIP there is no SoftHSM or no pkcs11-provider"
fi
echo "1..$n"
exit "$status"
