#!/bin/bash
# SPDX-License-Identifier: MIT
# sluiced with the kernel's side played (interop/agent_kernel.c), against OpenSSL
# and GnuTLS, on loopback: agent.sh BUILD-FOLDER. Prints TAP.
set -u

# The drivers' keys are in a session of their own, which ends with this.
if [[ -z ${KEYRINGS-} ]] && keyctl session - true 2>/dev/null; then
	KEYRINGS=1 exec keyctl session - "$0" "$@" 2> >(grep -v '^Joined' >&2)
fi
# shellcheck source-path=SCRIPTDIR source=interop/base.bash
. "$(dirname "$(readlink -f "$0")")/interop/base.bash"
cd "$tmp" || exit 1
agent=
trap 'stop; [[ -n $agent ]] && kill "$agent" 2>/dev/null; rm -rf "$tmp"' EXIT

# shellcheck disable=SC2046 # flags are several words
${CC:-cc} -std=c17 -D_GNU_SOURCE -O1 -o sluiced -I"$here/../libsluice/include" \
	-I"$here/../../kernel/include/uapi" "$here/interop/agent_kernel.c" \
	"$out"/obj/sluiced/{main,answer,keys}.o "$out"/obj/cli/{pins,base64,shared_options}.o "$out/libsluice.a" \
	$(pkg-config --cflags --libs libmnl libkeyutils libcrypto) \
	$(linked "${compression[@]}" mbedx509 mbedcrypto) || exit 1

for name in server alice mallory; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-keyout $name.key -out $name.pem -subj "/CN=$name" \
		-addext subjectAltName=DNS:localhost 2>/dev/null
	openssl pkey -in $name.key -pubout -out $name.pub
	openssl pkey -in $name.key -pubout -outform DER -out $name.spki
done
pin() {
	openssl dgst -sha256 -binary "$1.spki" | base64 | sed 's|^|sha256//|'
}
hash_of() {
	openssl dgst -sha256 -r "$1.spki" | cut -d' ' -f1
}

# A driver's request, and what it and the journal are told.
request() {	# REQUEST ARGUMENTS…: of sluiced
	local i
	: >done.log
	REQUEST=$1 ./sluiced --verbose "${@:2}" >done.log 2>agent.log &
	agent=$!
	for ((i = 0; i < 100; i++)); do
		grep -q '^done' done.log && break
		kill -0 "$agent" 2>/dev/null || break
		sleep 0.05
	done
	kill "$agent" 2>/dev/null
	wait "$agent"
	agent=
	cat done.log agent.log
}
refused() {	# NAME TEXT ARGUMENTS…: of sluiced, which has to end by itself
	expect "$1" "$(timeout 10 ./sluiced "${@:3}" 2>&1; echo "status $?")" "$2" 'status 64'
}

openssl_server() {	# ARGUMENTS…
	next_port
	openssl s_server -accept "$port" -tls1_3 -rev -cert server.pem -key server.key "$@" \
		>peer.log 2>&1 &
	server=$!
	await
}
s_client() {	# ARGUMENTS…: as soon as sluiced listens
	next_port
	{
		await
		(sleep 1) | timeout 20 openssl s_client -connect "127.0.0.1:$port" "$@" 2>&1
	} >peer.log &
	server=$!
}
ended() {
	wait "$server"
	server=
	cat peer.log
}

openssl_server -enable_server_rpk -enable_client_rpk
expect "client, the server's certificate and the pin" \
	"$(request "client $port anon name=localhost" --cacert server.pem --pin "$(pin server)")" \
	'^done 0 0' 'client of localhost: .*[^y]$'
expect "client, another pin" \
	"$(request "client $port anon name=localhost" --cacert server.pem --pin "$(pin alice)")" \
	'^done 13 0' 'none of those that are pinned \(alert sent: certificate_unknown\)'
expect "client, one of several pins" \
	"$(request "client $port anon name=localhost" --cacert server.pem \
		--pin "$(pin alice);$(pin mallory)" --pin "$(pin server)")" '^done 0 0'
expect "client, the pin, and another name" \
	"$(request "client $port anon name=other.test" --cacert server.pem --pin "$(pin server)")" \
	'^done 13 0'
expect "client, the server's raw public key, whatever its name" \
	"$(request "client $port anon name=other.test" --cacert server.pem --pin "$(pin server)" \
		--peer-raw-key)" '^done 0 0' 'client of other.test: .*, a raw public key'
expect "client without a name for the server, nothing but its raw public key" \
	"$(request "client $port anon" --pin "$(pin server)" --peer-raw-key=only)" \
	'^done 0 0' 'client of a server: .*, a raw public key'
expect "client, another raw public key" \
	"$(request "client $port anon" --pin "$(pin alice)" --peer-raw-key=only)" \
	'^done 13 0' 'none of those that are pinned'
stop
openssl_server
expect "client, a server without raw public keys, that does not get along" \
	"$(request "client $port anon" --pin "$(pin server)" --peer-raw-key=only)" \
	'^done 13 0' 'where only a raw public key will do \(alert sent: unsupported_certificate\)'
expect "client, a server without raw public keys, that gets along" \
	"$(request "client $port anon name=localhost" --cacert server.pem \
		--pin "$(pin server)" --peer-raw-key)" '^done 0 0'
stop

# Keys of drivers, if this kernel lets us have some.
if [[ -n ${KEYRINGS-} ]]; then
	ring=$(keyctl newring drivers @s)
	alice=$(openssl pkey -in alice.key -outform DER | keyctl padd user alice-key "$ring")
	for request in "x509 privkey=$alice" x509; do
		[[ $request == x509 ]] && own=(--key alice.key --raw-key) || own=()
		openssl_server -enable_client_rpk -enable_server_rpk -Verify 1
		text=$(request "client $port $request keyring=$ring" \
			"${own[@]}" --pin "$(pin server)" --peer-raw-key=only)
		serial=$(sed -n 's/^done 0 //p' <<<"$text")
		expect "client, raw public keys both ways, ${own[*]:-the driver\'s}" "$text
$(keyctl rdescribe "$serial")
$(keyctl pipe "$serial" | cmp - server.spki && echo 'the same')
$(cat peer.log)" '^done 0 [1-9]' "^user;.*;TLS spki  $(hash_of server)$" '^the same' \
			'raw public key'
		stop
	done
	s_client -enable_server_rpk -dane_tlsa_domain localhost \
		-dane_tlsa_rrdata "3 1 1 $(hash_of alice)"
	text=$(request "server $port x509 privkey=$alice")
	expect "server, a driver's private key alone" "$text
$(ended)" '^done 0 0' 'Verif.*(OK|: 0)' 'raw public key'
	s_client
	text=$(request "server $port x509 privkey=$alice")
	expect "server, a driver's private key alone, and a client that wants a certificate" "$text
$(ended)" '^done 71 0' 'the client does not take a raw public key \(alert sent: unsupported_certificate' \
		'alert unsupported certificate'
	expect "server, a certificate and no private key" \
		"$(s_client; request "server $port x509 cert=$alice")" \
		'^done 126 0' 'names no private key'
	stop
else
	echo "# no keyring: keys of drivers are left out"
fi

s_client -enable_client_rpk -cert alice.pem -key alice.key
text=$(request "server $port x509" --cert server.pem --key server.key \
	--client-pin "$(pin alice)" --peer-raw-key)
expect "server, a client's raw public key" "$text
$(ended)" '^done 0 ' 'server for a client: .*, a raw public key'
s_client -cert alice.pem -key alice.key
text=$(request "server $port x509" --cert server.pem --key server.key \
	--client-pin "$(pin alice)" --peer-raw-key)
expect "server, a client's certificate with the pinned key" "$text
$(ended)" '^done 0 ' 'server for CN=alice: .*[^y]$'
s_client -enable_client_rpk -cert mallory.pem -key mallory.key
text=$(request "server $port x509" --cert server.pem --key server.key \
	--client-pin "$(pin alice)" --peer-raw-key)
expect "server, another client's raw public key" "$text
$(ended)" '^done 13 0' 'none of those that are pinned'
s_client
text=$(request "server $port x509" --cert server.pem --key server.key --client-pin "$(pin alice)")
expect "server, a client with nothing to show" "$text
$(ended)" '^done 13 0' 'certificate_required'
s_client
text=$(request "server $port x509" --cert server.pem --key server.key \
	--client-pin "$(pin alice)" --client-optional)
expect "server, a client with nothing to show, which is allowed" "$text
$(ended)" '^done 0 0'

gnutls=NORMAL:+CTYPE-SRV-RAWPK:+CTYPE-CLI-RAWPK
next_port
gnutls-serv --echo -q -p "$port" --rawpkfile server.pub --rawpkkeyfile server.key \
	--priority "$gnutls" --require-client-cert >peer.log 2>&1 &
server=$!
await
expect "client, gnutls-serv, raw public keys" \
	"$(request "client $port x509" --key alice.key --raw-key=only \
		--pin "$(pin server)" --peer-raw-key=only)" '^done 0 ' ', a raw public key'
stop
next_port
{
	await
	sleep 1 | timeout 20 gnutls-cli --insecure --rawpkfile alice.pub \
		--rawpkkeyfile alice.key --priority "$gnutls" -p "$port" localhost
} >peer.log 2>&1 &
server=$!
text=$(request "server $port x509" --key server.key --raw-key --client-pin "$(pin alice)" \
	--peer-raw-key=only)
expect "server, gnutls-cli, raw public keys" "$text
$(ended)" '^done 0 ' ', a raw public key'

refused "--peer-raw-key without pins" 'needs --pin or --client-pin' --peer-raw-key
refused "--key without --cert" 'cert needs --key' --key alice.key
refused "--raw-key that is none" 'only, fallback or nothing' --raw-key=x
refused "a pin that is none" 'has 44 characters of base64' --pin sha256//AAAA
refused "--client-optional alone" 'needs --client-ca or --client-pin' --client-optional

echo "1..$count"
[[ $failed == 0 ]]
