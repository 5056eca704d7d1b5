# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables of the scripts that read this
# What scripts share that run ours beside others' on loopback: a folder, TAP, ports.

out=$(readlink -f "${1:?usage: ${0##*/} BUILD-FOLDER}")
here=$(dirname "$(readlink -f "$0")")
tmp=$(mktemp -d)
server=
count=0
failed=0
# below those that clients get
port=$((20000 + RANDOM % 12000))

stop() {
	[[ -n $server ]] && kill "$server" 2>/dev/null && wait "$server" 2>/dev/null
	server=
}
trap 'stop; rm -rf "$tmp"' EXIT

result() {	# NAME PASSED DETAILS
	count=$((count + 1))
	if [[ $2 == yes ]]; then
		echo "ok $count - $1"
	else
		failed=$((failed + 1))
		echo "not ok $count - $1"
		sed 's/^/# /' <<<"$3" | tail -60
	fi
}

# Does each PATTERN match the text?
expect() {	# NAME TEXT PATTERN…
	local name=$1 text=$2 pattern passed=yes

	shift 2
	for pattern; do
		grep -Eqa -- "$pattern" <<<"$text" || passed="no: $pattern"
	done
	result "$name" "$passed" "$passed
$text"
}

next_port() {	# one that nobody uses, nor has just used
	port=$((port + 1))
	while ss -Htan "sport = :$port" | grep -q .; do
		port=$((port + 1))
	done
}

await() {	# until somebody listens on the port
	local i

	for ((i = 0; i < 100; i++)); do
		ss -Hltn "sport = :$port" | grep -q . && return
		sleep 0.05
	done
}

await_at() {	# PORT…
	local port

	for port; do
		await
	done
}

as_pattern() {	# base64, that is to be found as it is
	sed 's/+/[+]/g'
}

linked() {	# LIBRARY…: flags of those that are there
	local lib

	for lib; do
		pkg-config --exists "$lib" && pkg-config --libs "$lib"
	done
}
# what the build has found, for compressed certificates
compression=(zlib libbrotlienc libbrotlidec libzstd)
