#!/bin/bash
# SPDX-License-Identifier: MIT
# Encrypted Client Hello (RFC 9849) with NSS's tstclnt and selfserv, and with
# keys that go from one program to another, on loopback: ech.sh BUILD-FOLDER.
# Prints TAP.
set -u

# shellcheck source-path=SCRIPTDIR source=interop/base.bash
. "$(dirname "$(readlink -f "$0")")/interop/base.bash"
cd "$tmp" || exit 1

# The server of the secret name, of the public one, and of both.
ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9)
openssl req -x509 "${ec[@]}" -keyout ca.key -out ca.pem -subj /CN=ca 2>/dev/null
mkdir db
certutil -N -d sql:db --empty-password
certutil -A -d sql:db -n ca -t C,, -i ca.pem
for name in secret public both; do
	names=DNS:$name.test
	[[ $name == both ]] && names=DNS:secret.test,DNS:public.test
	openssl req -x509 -CA ca.pem -CAkey ca.key "${ec[@]}" -keyout $name.key -out $name.pem \
		-subj /CN=$name.test -addext "subjectAltName=$names" \
		-addext basicConstraints=CA:FALSE 2>/dev/null
	openssl pkcs12 -export -in $name.pem -inkey $name.key -name $name -out $name.p12 \
		-passout pass:x
	pk12util -i $name.p12 -d sql:db -W x >/dev/null
done
mkdir root
echo "the page" >root/page
printf 'GET /page HTTP/1.0\r\n\r\n' >request

list_of() {	# FILE: its ECHConfigList, in base64
	sed -n '/BEGIN ECHCONFIG/,/END ECHCONFIG/p' "$1" | grep -v -- --- | tr -d '\n'
}

ours() {	# ARGUMENTS…: of connect; and how often it has connected again
	local text

	text=$(timeout 20 "$out/sluice" connect -v --no-kernel --cacert ca.pem \
		--servername secret.test "127.0.0.1:$port" "$@" <request 2>&1)
	printf '%s\nagain: %s\n' "$text" "$(grep -ca "connecting again" <<<"$text")"
}

our_server() {	# ARGUMENTS…: of serve
	stop
	next_port
	timeout 60 "$out/sluice" serve -v --no-kernel --port "$port" --cert secret.pem --key secret.key \
		--cert public.pem --key public.key --root root "$@" 2>ours.log &
	server=$!
	await
}

# Who rejects it, it judges by the name that it asked for, not by the public one.
tstclnt_() {	# NAME ARGUMENTS…
	local name=$1
	shift
	timeout 20 tstclnt -h 127.0.0.1 -p "$port" -d sql:db -a "$name.test" -V tls1.3:tls1.3 \
		-A request "$@" 2>&1
}

# NSS prints the list of a key that it makes for itself.
selfserv_() {	# CERTIFICATE ARGUMENTS…
	local cert=$1
	shift
	stop
	next_port
	timeout 60 stdbuf -oL selfserv -d sql:db -p "$port" -n "$cert" -V tls1.3:tls1.3 -v "$@" \
		>nss.log 2>&1 &
	server=$!
	await
	list=$(grep -m 1 '^A' nss.log)
}

"$out/sluice" ech public.test -o key.pem
"$out/sluice" ech --max-name 0 public.test -o other.pem
text=$(openssl pkey -in key.pem -noout -text 2>&1; stat -c %a key.pem)
expect "a key that others can read, and only its owner may" "$text" X25519 '^600$'

our_server --ech-key key.pem
text=$(tstclnt_ secret -N "$(list_of key.pem)")
expect "NSS's client, accepted" "$text$(cat ours.log)" "the page" "subject DN: CN=secret.test" ", ECH,"
text=$(tstclnt_ public -N "$(list_of other.pem)")
expect "NSS's client, told another key" "$text" SSL_ERROR_ECH_RETRY_WITH_ECH "$(list_of key.pem | as_pattern)"
text=$(tstclnt_ secret -i 100)
expect "NSS's client, that only looks like it" "$text" "the page" "subject DN: CN=secret.test"
text=$(ours --ech key.pem)
expect "our own client, accepted" "$text" ", ECH," "the page" "again: 0"
text=$(ours --ech other.pem)
expect "our own client, told another key" "$text" "they are: --ech $(list_of key.pem | as_pattern)" \
	", ECH," "the page" "again: 1"

ours --ech key.pem --keylog keys >/dev/null
text=$(cut -d ' ' -f 1,3 keys)
expect "the key log" "$text" "^ECH_SECRET [0-9a-f]{64}$" \
	"^ECH_CONFIG $(list_of key.pem | base64 -d | tail -c +3 | od -An -v -tx1 | tr -d ' \n')$"

our_server --ech-key key.pem --groups secp384r1
text=$(tstclnt_ secret -N "$(list_of key.pem)" -I x25519,P384)
expect "NSS's client, accepted after a HelloRetryRequest" "$text$(cat ours.log)" "the page" \
	"subject DN: CN=secret.test" "secp384r1, ECH,"
text=$(tstclnt_ public -N "$(list_of other.pem)" -I x25519,P384)
expect "NSS's client, told another key after a HelloRetryRequest" "$text" \
	SSL_ERROR_ECH_RETRY_WITH_ECH "$(list_of key.pem | as_pattern)"
text=$(ours --ech other.pem)
expect "our own client, told another key after a HelloRetryRequest" "$text" "secp384r1, ECH," \
	"the page" "again: 1"

our_server --ech-key other.pem --ech-key key.pem
text=$(tstclnt_ secret -N "$(list_of key.pem)")
expect "NSS's client, with a key of before" "$text" "the page" "subject DN: CN=secret.test"

our_server
text=$(tstclnt_ public -N "$(list_of key.pem)")
expect "NSS's client, told that there is no such thing" "$text" SSL_ERROR_ECH_RETRY_WITHOUT_ECH

selfserv_ secret -u -X publicname:public.test
old=$list
text=$(ours --ech "$list")
expect "NSS's server accepts" "$text" ", ECH," "200 OK"
text=$(ours --ech-grease)
expect "NSS's server sees what only looks like it" "$text" "200 OK"
text=$(ours --ech "$list" --session tickets; ours --ech "$list" --session tickets)
expect "NSS's server resumes" "$text" ", resumed, ECH,"
text=$(ours --ech "$list" --groups secp521r1,secp256r1 2>&1)
expect "NSS's server accepts after a HelloRetryRequest" "$text" "secp256r1, ECH," "200 OK"

# (What it cannot decrypt, it does not survive after a HelloRetryRequest, not even its own client's.)

selfserv_ both -X publicname:public.test
text=$(ours --ech "$old")
expect "NSS's server tells another key" "$text" "they are: --ech $(as_pattern <<<"$list")" ", ECH," \
	"200 OK" "again: 1"
text=$(ours --ech "$old" --insecure)
expect "who is not known tells one" "$text" "not checked who it is" "again: 0"

selfserv_ public -X publicname:public.test
text=$(ours --ech "$old")
expect "a server with another key that is only the public one" "$text" "hostname mismatch" "again: 1"

selfserv_ secret -X publicname:public.test
text=$(ours --ech "$old")
expect "a server with another key that is not the public one" "$text" "hostname mismatch" "again: 0"

selfserv_ public
text=$(ours --ech "$old")
expect "a server without it" "$text" "does not take encrypted ClientHellos [(]without --ech" "again: 0"
text=$(ours --ech "$old" --groups secp521r1,secp256r1)
expect "the same after a HelloRetryRequest" "$text" "does not take encrypted ClientHellos" "again: 0"

# The next connection is not with the same server, or not for TLS at once.
turns() {	# TARGET…
	next_port
	python3 "$here/interop/turns.py" "$port" "$@" &
	turns=$!
	await
}
turned() {	# NAME ARGUMENTS… -- PATTERN…
	local name=$1 text
	local -a args=()

	shift
	while [[ $1 != -- ]]; do
		args+=("$1")
		shift
	done
	shift
	text=$(ours "${args[@]}")
	kill $turns
	expect "$name" "$text" "$@"
}
"$out/sluice" ech public.test -o third.pem
our_server --ech-key key.pem
first=$server first_port=$port server=
our_server --ech-key third.pem
second_port=$port
turns "$first_port" "$second_port"
turned "told another key twice" --ech other.pem -- "has other keys for it [(]on the second try" "again: 1"
turns "pop3:$first_port"
turned "told another key behind STARTTLS" --ech other.pem --starttls pop3 -- ", ECH," "the page" "again: 1"
our_server
turns "$first_port" "$port"
turned "told another key, and then that there is no such thing" --ech other.pem -- \
	"does not take encrypted ClientHellos [(]on the second try" "again: 1"
kill "$first"

# Keys that change under a server.
cp key.pem current.pem
our_server --ech-key current.pem --early-data --put
fetch() {	# COMMAND ARGUMENTS…
	local command=$1
	shift
	timeout 20 "$out/sluice" "$command" -v --no-kernel --cacert ca.pem --servername secret.test \
		--ech key.pem "$@" 2>&1
}
site=https://127.0.0.1:$port
text=$(fetch get --session early --early-data "$site/page"; fetch get --session early --early-data "$site/page")
expect "get, accepted, with early data" "$text" "early data accepted, ECH," "the page"
cp other.pem current.pem
kill -HUP "$server"
for ((i = 0; i < 100; i++)); do
	grep -q "read again" ours.log && break
	sleep 0.05
done
text=$(fetch get --session early --early-data "$site/page")
expect "get, with a key of before" "$text" "connecting again" ", ECH," "the page"
result "what goes out early is answered once" "$([[ $(grep -c "the page" <<<"$text") == 1 ]] && echo yes)" "$text"
text=$(fetch put root/page "$site/new"; cat root/new)
expect "put, with a key of before" "$text" "connecting again" ", ECH," "the page"
text=$(fetch get -q "$site/page")
result "get, with a key of before, quietly" "$([[ $text == "the page" ]] && echo yes)" "$text"

# Keys of P-256.
"$out/sluice" ech --group secp256r1 public.test -o p256.pem
text=$(openssl pkey -in p256.pem | diff - <(sed '/BEGIN ECH/,$d' p256.pem) &&
	openssl pkey -in p256.pem -noout -text 2>&1)
expect "a key of P-256 that others can read, and write the same" "$text" "ASN1 OID: prime256v1"
our_server --ech-key p256.pem --ech-key key.pem
text=$(tstclnt_ secret -N "$(list_of key.pem)")
expect "NSS's client, accepted beside a key of P-256" "$text$(cat ours.log)" "the page" ", ECH,"
text=$(tstclnt_ public -N "$(list_of other.pem)")
expect "NSS's client, told a key of each kind" "$text" SSL_ERROR_ECH_RETRY_WITH_ECH
mapfile -t providers < <("$out/sluice" version | sed -n 's/^\(openssl\|mbedtls\).*/\1/p')
for name in "${providers[@]}"; do
	text=$(ours --ech p256.pem --provider "$name")
	expect "our own client, accepted with P-256 by $name" "$text" ", ECH," "the page" "again: 0"
done
our_server --ech-key p256.pem
text=$(tstclnt_ public -N "$(list_of other.pem)")
expect "NSS's client, told a key of P-256, which it has not" "$text" SSL_ERROR_ECH_RETRY_WITHOUT_ECH
text=$(ours --ech other.pem)
expect "our own client, told a key of P-256" "$text" ", ECH," "the page" "again: 1"
# what has no public key in it is the same
{
	openssl pkey -in p256.pem | openssl ec -no_public 2>/dev/null | openssl pkcs8 -topk8 -nocrypt
	sed -n '/BEGIN ECH/,$p' p256.pem
} >short.pem
our_server --ech-key short.pem --provider "${providers[-1]}"
text=$(ours --ech p256.pem; openssl asn1parse -in short.pem | head -1)
expect "a key of P-256 alone" "$text" ", ECH," "the page" "l= *65 "

# Files: PEM, base64, and as it is; and what is none.
list_of key.pem >key.base64
base64 -d key.base64 >key.list
head -c 20 key.list >cut.list
our_server --ech-key key.pem
for form in key.base64 key.list "$(cat key.base64)"; do
	text=$(ours --ech "$form")
	expect "--ech ${form:0:10}" "$text" ", ECH,"
done
text=$(ours --ech cut.list)
expect "no list" "$text" "there is no ECHConfigList in cut.list"
text=$(ours --ech missing)
expect "no file" "$text" "nor a file that can be read"
stop
refused() {	# FILE: by serve
	timeout 5 "$out/sluice" serve --no-kernel --port "$port" --cert secret.pem \
		--key secret.key --ech-key "$1" --root root 2>&1
}
openssl genpkey -algorithm ed25519 -out ed25519.key
text=$(refused ed25519.key)
expect "no key" "$text" "no private key of X25519"
sed '/BEGIN ECH/,$d' key.pem >mixed.pem
sed -n '/BEGIN ECH/,$p' other.pem >>mixed.pem
text=$(refused mixed.pem)
expect "the halves of two keys" "$text" "the private key is not the configuration's"
sed '/BEGIN ECH/,$d' p256.pem >mixed.pem
sed -n '/BEGIN ECH/,$p' key.pem >>mixed.pem
text=$(refused mixed.pem)
expect "the halves of two kinds of keys" "$text" "the private key is not the configuration's"

echo "1..$count"
exit $((failed > 0))
