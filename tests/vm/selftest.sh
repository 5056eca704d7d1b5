#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel's own test of kTLS, unchanged: without the module, with it, and
# with the record engine on each TLS 1.3 socket. Each of its tests has to end
# alike all three times.
#
# The tests with several processes on one socket take nine tenths of the time:
# two of them do here, on one cipher. 'selftest.sh all' (make check-selftest)
# has them all.
set -uo pipefail
selftest=/out/tests/selftest/tls
[[ -x $selftest ]] || {
	echo "ok 1 - # SKIP the kernel's source is not there"
	exit 0
}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

n=0 status=0
result() {
	local good=$1
	shift
	if ((good)); then
		echo "ok $((++n)) - $*"
	else
		echo "not ok $((++n)) - $*"
		status=1
	fi
}

# The variants of the fixture 'tls', each with most of the tests. A cipher that
# the kernel was built without has none that passes.
variants=() config=/usr/lib/modules/$(uname -r)/config
while read -r variant; do
	case $variant in
	*_sm4_*) option=CONFIG_CRYPTO_SM4_GENERIC ;;
	*_aria_*) option=CONFIG_CRYPTO_ARIA ;;
	*) option='' ;;
	esac
	if [[ $option ]] && ! grep -q "^$option=" "$config" &&
		! "$selftest" -r "tls.$variant.send_then_sendfile" >/dev/null 2>&1; then
		echo "ok $((++n)) - variant $variant # SKIP $option is not set in this kernel"
		continue
	fi
	variants+=("$variant")
done < <("$selftest" -l 2>&1 | awk '
	/^tls / { on = 1 } /^---/ { on = 0 }
	on { v = substr($0, 22, 25); sub(/ +$/, "", v); if (v != "") print v }')

heavy=(mutliproc_{even,readers,writers,sendpage_even,sendpage_readers,sendpage_writers})
alone=()
for variant in "${variants[@]}"; do
	[[ ${1-} != all && $variant != 13_aes_gcm ]] || alone+=("${heavy[@]/#/tls.$variant.}")
done
[[ ${1-} == all ]] || mapfile -t alone < <(printf '%s\n' "${alone[@]}" | grep 'even$')

# Runs all of it, in parts: while some tests sleep, others work.
run() {
	local name=$1 start=$SECONDS test
	mkdir "$dir/$name.parts"
	printf '%s\0' -Ftls "${variants[@]/#/-Ftls_err -v}" |
		xargs -0 -P3 -I{} bash -c '
			part=$(mktemp -p "$1")
			"$2" "${@:4}" $3 >"$part" 2>&1' \
			part "$dir/$name.parts" "$selftest" {} "${heavy[@]/#/-T}"
	"$selftest" "${alone[@]/#/-r}" >"$dir/$name.parts/alone" 2>&1
	# What has to be faster than 20 ms gets the machine for itself.
	cat "$dir/$name.parts"/* | sed -nE 's/^not ok [0-9]+ ([^ ]*(poll|timeo)[^ ]*).*/\1/p' >"$dir/again"
	while read -r test; do
		echo "# $name: $test once more, alone"
		sed -i -E "/^not ok [0-9]+ ${test//./\\.}\$/d" "$dir/$name.parts"/*
		"$selftest" -r "$test" >"$dir/$name.parts/$test" 2>&1
	done <"$dir/again"
	cat "$dir/$name.parts"/* | sed -nE 's/^((not )?ok) [0-9]+ /\1 /p' | sort -k2 >"$dir/$name"
	echo "# $name: $(grep -c '^ok' "$dir/$name") of $(grep -c . "$dir/$name") pass, in $((SECONDS - start)) s"
}

rmmod sluice && run without
insmod /out/kernel/sluice.ko && run loaded
ENGINE_SOCKETS=$dir/sockets LD_PRELOAD=/out/tests/preload/engine.so run engine

grep '^not ok' "$dir/without" | sed 's/^/# /'
total=$(grep -c . "$dir/without") passed=$(grep -c '^ok' "$dir/without")
result $((total > 500 && passed == total)) \
	"without the module: $passed of $total tests of ${#variants[@]} variants pass"
for name in loaded engine; do
	diff "$dir/without" "$dir/$name" >"$dir/diff"
	different=$?
	sed 's/^/# /' "$dir/diff"
	# What such a test says of its failure.
	sed -nE 's/^> not ok ([^ ]*).*/\1/p' "$dir/diff" | while read -r test; do
		sed -n "/ RUN  *$test /,/^not ok/s/^/# /p" "$dir/$name.parts"/*
	done
	result $((total && !different)) "$name: each test ends as without"
done
sockets=$(grep -c '' "$dir/sockets")
result $((sockets > 300)) "$sockets of its sockets had the engine"
exit "$status"
