#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own test of kTLS, unchanged, with the record engine on each of
# its TLS 1.3 sockets: it has to do as it does without.
set -uo pipefail
selftest=/out/tests/selftest/tls
[[ -x $selftest ]] || {
	echo "ok 1 - # SKIP the kernel's source is not there"
	exit 0
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The results, without their numbers and what depends on the run.
results() {
	grep -E '^(not )?ok ' "$1" | sed -E 's/^((not )?ok) [0-9]+ /\1 /; s/ # .*//' | sort
}

# The TLS 1.3 ciphers of ours: all of them take a quarter of an hour.
variants=(-v 13_aes_gcm -v 13_chacha)
"$selftest" "${variants[@]}" >"$dir/without" 2>&1
ENGINE_SOCKETS=$dir/sockets LD_PRELOAD=/out/tests/preload/engine.so \
	"$selftest" "${variants[@]}" >"$dir/with" 2>&1
results "$dir/without" >"$dir/a"
results "$dir/with" >"$dir/b"
total=$(grep -c . "$dir/a")
good=$(grep -c '^ok' "$dir/a")
sockets=$(grep -c '' "$dir/sockets")

if [[ $total -gt 0 ]] && difference=$(diff "$dir/a" "$dir/b"); then
	echo "ok 1 - tools/testing/selftests/net/tls.c: the same $good of $total pass with the engine"
else
	echo "$difference" | sed 's/^/# /'
	echo "not ok 1 - tools/testing/selftests/net/tls.c: the same pass with the engine as without"
fi
if [[ $sockets -gt 100 ]]; then
	echo "ok 2 - $sockets of its sockets had it"
else
	echo "not ok 2 - only $sockets of its sockets had it"
fi
