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

# Mbed TLS, in this build or not.
mbedtls() {
	fetch_and_compare --provider mbedtls "$@"
}
if "$sluice" version | grep -q '^mbedtls: Mbed TLS'; then
	certificate p521 -newkey ec -pkeyopt ec_paramgen_curve:P-521
	certificate ed -newkey ed25519
	certificate alice -newkey ec -pkeyopt ec_paramgen_curve:P-384
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem \
		-subj /CN=authority -days 2 2>/dev/null
	certificate issued -newkey rsa:2048 -CA ca.pem -CAkey ca.key -addext basicConstraints=critical,CA:FALSE
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout limited.key -out limited.pem \
		-subj /CN=limited -days 2 -addext 'nameConstraints=permitted;DNS:localhost' 2>/dev/null
	printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=1\n' >ca.cnf
	: >index
	openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -gencrl -out crl.pem 2>/dev/null
	openssl ca -config ca.cnf -keyfile ec.key -cert ec.pem -gencrl -out other.pem 2>/dev/null
	openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -revoke issued.pem 2>/dev/null
	openssl ca -config ca.cnf -keyfile ca.key -cert ca.pem -gencrl -out revoking.pem 2>/dev/null
	openssl_server 4721 -cert ec.pem -key ec.key
	openssl_server 4722 -cert rsa.pem -key rsa.key -groups P-384
	openssl_server 4723 -cert p521.pem -key p521.key -groups P-521
	openssl_server 4724 -cert ed.pem -key ed.key
	openssl_server 4725 -cert ec.pem -key ec.key -groups X25519MLKEM768
	openssl_server 4726 -cert issued.pem -key issued.key
	openssl_server 4727 -cert ec.pem -key ec.key -Verify 1 -verify_return_error -CAfile alice.pem
	gnutls-serv --echo -q -p 4728 --x509certfile ec.pem --x509keyfile ec.key >/dev/null 2>&1 &
	serve 4731 --provider mbedtls --cert ec.pem --key ec.key
	serve 4732 --provider mbedtls --cert rsa.pem --key rsa.key --client-ca alice.pem
	for port in 4721 4722 4723 4724 4725 4726 4727 4728 4731 4732; do
		wait_port "$port"
	done
	check "sluiced names Mbed TLS" bash -c "timeout 2 '$sluiced' --provider mbedtls 2>&1 | grep 'Mbed TLS 3'"
	for suite in TLS_AES_128_GCM_SHA256 TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256; do
		check "Mbed TLS: openssl s_server, $suite" mbedtls --ciphersuites "$suite" --cacert ec.pem https://localhost:4721/www/file
	done
	for group in x25519 secp256r1 secp384r1 secp521r1; do
		check "Mbed TLS: to itself, $group" mbedtls --groups "$group" --cacert ec.pem https://localhost:4731/file
		check "OpenSSL to Mbed TLS, $group" fetch_and_compare --groups "$group" --cacert ec.pem https://localhost:4731/file
	done
	check "OpenSSL to Mbed TLS, its groups" fetch_and_compare --cacert ec.pem https://localhost:4731/file
	check "Mbed TLS: a HelloRetryRequest, RSA" mbedtls --cacert rsa.pem https://localhost:4722/www/file
	check "Mbed TLS: P-521" mbedtls --cacert p521.pem https://localhost:4723/www/file
	check "Mbed TLS: an address" mbedtls --cacert ec.pem https://127.0.0.1:4721/www/file
	check "Mbed TLS: key updates" mbedtls --cacert ec.pem --update-after 3 https://localhost:4721/www/file
	check "Mbed TLS: a client certificate to openssl s_server" mbedtls --cacert ec.pem --cert alice.pem --key alice.key https://localhost:4727/www/file
	check "Mbed TLS: a client certificate to itself" mbedtls --cacert rsa.pem --cert alice.pem --key alice.key https://localhost:4732/file
	check "Mbed TLS: an authority" mbedtls --cacert ca.pem https://localhost:4726/www/file
	check "Mbed TLS: a list that does not name the server" mbedtls --cacert ca.pem --crl crl.pem https://localhost:4726/www/file
	mkdir folder
	cp ca.pem folder/some-name
	check "Mbed TLS: a folder of authorities" mbedtls --capath folder https://localhost:4726/www/file
	gnutls_echo() {
		echo hello | timeout 20 "$sluice" connect --provider mbedtls --no-kernel --cacert ec.pem localhost:4728 | grep hello
	}
	check "Mbed TLS: gnutls-serv" gnutls_echo
	curl_gets_mbedtls() {
		curl -sS --cacert ec.pem -o got https://localhost:4731/file && cmp got www/file
	}
	check "curl from Mbed TLS" curl_gets_mbedtls
	gnutls_gets() {
		printf 'GET /file HTTP/1.0\r\n\r\n' |
			timeout 20 gnutls-cli --x509cafile=ec.pem -p 4731 localhost | grep -q 'HTTP/1.1 200 OK'
	}
	check "gnutls-cli from Mbed TLS" gnutls_gets
	pin() {		# CERTIFICATE
		openssl x509 -in "$1.pem" -noout -pubkey | openssl pkey -pubin -outform DER |
			openssl dgst -sha256 -binary | base64 | sed 's|^|sha256//|'
	}
	openssl_server 4733 -cert ec.pem -key ec.key -enable_server_rpk -enable_client_rpk -Verify 1
	openssl_server 4734 -cert rsa.pem -key rsa.key -enable_server_rpk
	openssl pkey -in ec.key -pubout -out ec.pub
	gnutls-serv --echo -q -p 4735 --rawpkfile ec.pub --rawpkkeyfile ec.key \
		--priority NORMAL:+CTYPE-SRV-RAWPK >/dev/null 2>&1 &
	serve 4736 --provider mbedtls --key ec.key --raw-key --peer-raw-key --pin "$(pin alice)"
	for port in 4733 4734 4735 4736; do
		wait_port "$port"
	done
	bare=(--insecure --peer-raw-key=only)
	check "Mbed TLS: raw public keys both ways, openssl s_server" mbedtls "${bare[@]}" --pin "$(pin ec)" \
		--key alice.key --raw-key=only https://localhost:4733/www/file
	check "Mbed TLS: a raw public key, RSA" mbedtls "${bare[@]}" --pin "$(pin rsa)" https://localhost:4734/www/file
	check "Mbed TLS: a raw public key, gnutls-serv" bash -c "echo hello | timeout 20 '$sluice' connect \
		--provider mbedtls --no-kernel ${bare[*]} --pin '$(pin ec)' localhost:4735 | grep hello"
	check "Mbed TLS: raw public keys both ways, to itself" mbedtls "${bare[@]}" --pin "$(pin ec)" \
		--key alice.key --raw-key https://localhost:4736/file
	check "OpenSSL to Mbed TLS, raw public keys both ways" fetch_and_compare "${bare[@]}" --pin "$(pin ec)" \
		--key alice.key --raw-key https://localhost:4736/file
	refused 3 'none of those that are pinned' "Mbed TLS: another raw public key" get --provider mbedtls \
		"${bare[@]}" --pin "$(pin alice)" https://localhost:4734/
	refused 3 'only a raw public key will do' "Mbed TLS: a server without raw public keys" get \
		--provider mbedtls "${bare[@]}" --pin "$(pin ec)" https://localhost:4721/
	refused 7 'not a key\|understands' "Mbed TLS: a bare key that it does not have" get --provider mbedtls \
		--key ed.key --raw-key https://localhost:4721/
	refused 1 'provider, would not look at it' "Mbed TLS: OCSP asked for" get --provider mbedtls --cacert ec.pem \
		--ocsp-check=required https://localhost:4721/
	refused 1 'mbedtls has no OCSP' "Mbed TLS: an OCSP response to show" "$sluice" serve --provider mbedtls \
		--cert ec.pem --key ec.key --ocsp crl.pem --root www
	refused 3 'hostname mismatch' "Mbed TLS: another name" get --provider mbedtls --cacert ec.pem --servername other.test https://localhost:4721/
	refused 3 'no authority' "Mbed TLS: an unknown authority" get --provider mbedtls --cacert rsa.pem https://localhost:4721/
	refused 3 'revoked' "Mbed TLS: a revoked server" get --provider mbedtls --cacert ca.pem --crl revoking.pem https://localhost:4726/
	refused 3 'no certificate revocation list of the authority' "Mbed TLS: no list of the authority" get --provider mbedtls --cacert ca.pem --crl other.pem https://localhost:4726/
	refused 3 'handshake_failure' "Mbed TLS: a server with Ed25519 only" get --provider mbedtls --cacert ec.pem https://localhost:4724/
	refused 3 'handshake_failure' "Mbed TLS: a server with ML-KEM only" get --provider mbedtls --cacert ec.pem https://localhost:4725/
	refused 1 'the provider has none' "Mbed TLS: ML-KEM asked for" get --provider mbedtls --groups X25519MLKEM768 https://localhost:4721/
	refused 7 'constraints of names' "Mbed TLS: an authority with name constraints" get --provider mbedtls --cacert limited.pem https://localhost:4721/
	refused 7 'not a key\|understands' "Mbed TLS: a key that it does not have" "$sluice" serve --provider mbedtls --cert ed.pem --key ed.key --root www
	refused 7 'keys in tokens' "Mbed TLS: a key in a token" get --provider mbedtls --cert ec.pem --key pkcs11:token=x https://localhost:4721/
	refused 3 'not validated by FIPS' "Mbed TLS and FIPS" get --provider mbedtls --fips https://localhost:4721/
else
	echo "ok $((++n)) - Mbed TLS # SKIP it is not in this build"
fi

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
	"$sluice" ech localhost -o x25519.ech
	"$sluice" ech --group secp256r1 localhost -o p256.ech
	serve 4707 --cert ec.pem --key ec.key --ech-key p256.ech
	serve 4708 --cert ec.pem --key ec.key --ech-key x25519.ech
	wait_port 4707
	wait_port 4708
	check "FIPS: an encrypted ClientHello" fips fetch_and_compare --fips -v --cacert ec.pem --ech p256.ech https://localhost:4707/file
	refused 1 'none of them is for a version' "FIPS: one with X25519" fips get --fips --cacert ec.pem --ech x25519.ech https://localhost:4708/file
	refused 3 'has other keys for it: .*none of them is for a version' "FIPS: a server that tells a key of X25519" fips get --fips --cacert ec.pem --ech p256.ech https://localhost:4708/file
	refused 7 'does not take the private key' "FIPS: serving encrypted ClientHellos" fips "$sluice" serve --fips --cert ec.pem --key ec.key --ech-key p256.ech --root www
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
