# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables of the scripts that read this
# What the interop scripts share: certificates, our peer on either side.

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/interop source=peer.bash
. "$(dirname "$(readlink -f "$0")")/interop/peer.bash"

key() {		# NAME ALGORITHM-ARGUMENTS…: a certificate for localhost
	local name=$1

	shift
	openssl req -x509 "$@" -nodes -keyout "$tmp/$name.key" \
		-out "$tmp/$name.pem" -days 2 -subj /CN=localhost \
		-addext "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" \
		2>/dev/null
}
key p256 -newkey ec -pkeyopt ec_paramgen_curve:P-256
key p384 -newkey ec -pkeyopt ec_paramgen_curve:P-384
key p521 -newkey ec -pkeyopt ec_paramgen_curve:P-521
key ed25519 -newkey ed25519
key rsa -newkey rsa:2048
key rsapss -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048
mldsa=()
if openssl list -signature-algorithms 2>/dev/null | grep -q ML-DSA-44; then
	mldsa=(mldsa44 mldsa65 mldsa87)
	for type in "${mldsa[@]}"; do
		key "$type" -newkey "ml-dsa-${type#mldsa}"
	done
fi

# For clients: an authority, what it has issued, and another authority.
for name in ca other; do
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$tmp/$name.key" -out "$tmp/$name.pem" -days 2 \
		-subj "/CN=authority $name" 2>/dev/null
done
issue() {	# NAME USAGE ARGUMENTS…: a certificate of the authority for a client
	local name=$1 usage=$2

	shift 2
	openssl req -x509 -CA "$tmp/ca.pem" -CAkey "$tmp/ca.key" -nodes \
		-keyout "$tmp/$name.key" -out "$tmp/$name.pem" -subj "/O=test/CN=$name" \
		-addext "extendedKeyUsage=$usage" -addext basicConstraints=CA:FALSE \
		-addext "subjectAltName=DNS:$name.test,email:$name@test" "$@" 2>/dev/null
}
ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256)
issue alice clientAuth "${ec[@]}" -days 2
issue alice-p521 clientAuth -newkey ec -pkeyopt ec_paramgen_curve:P-521 -days 2
issue alice-rsa clientAuth -newkey rsa:2048 -days 2
issue alice-rsapss clientAuth -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048 -days 2
issue alice-ed25519 clientAuth -newkey ed25519 -days 2
for type in "${mldsa[@]}"; do
	issue "alice-$type" clientAuth -newkey "ml-dsa-${type#mldsa}" -days 2
done
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/rsaca.key" -out "$tmp/rsaca.pem" \
	-days 2 -subj "/CN=RSA authority" 2>/dev/null
openssl req -x509 -CA "$tmp/rsaca.pem" -CAkey "$tmp/rsaca.key" "${ec[@]}" -nodes \
	-keyout "$tmp/mixed.key" -out "$tmp/mixed.pem" -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE 2>/dev/null
issue server serverAuth "${ec[@]}" -days 2
issue expired clientAuth "${ec[@]}" -not_before 20200101000000Z -not_after 20210101000000Z

client() {	# ARGUMENTS…: of peer, as a client
	timeout 20 "$peer" --port "$port" --name localhost "$@" 2>&1
}

has_hybrid=no
openssl list -kem-algorithms 2>/dev/null | grep -q X25519MLKEM768 && has_hybrid=yes

our_server() {	# CONNECTIONS ARGUMENTS…
	local n=$1

	shift
	next_port
	timeout 30 "$peer" --server --port "$port" --connections "$n" "$@" \
		>"$tmp/ours.log" 2>&1 &
	server=$!
	await
}

s_client() {
	echo hello | timeout 20 openssl s_client -connect "127.0.0.1:$port" \
		-CAfile "$tmp/p256.pem" -verify_return_error -ign_eof "$@" 2>&1
}
