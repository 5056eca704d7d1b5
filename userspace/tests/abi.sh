#!/bin/bash
# SPDX-License-Identifier: MIT
# The library's binary interface is the one that libsluice/libsluice.abi
# describes, apart from functions that were added.
# abi.sh BUILD-FOLDER; abi.sh -u BUILD-FOLDER writes the description anew. Prints
# TAP.
set -u

update=
[[ ${1-} != -u ]] || { update=1; shift; }
out=${1:?usage: abi.sh [-u] BUILD-FOLDER}
here=$(dirname "$(readlink -f "$0")")
lib=$here/../libsluice
abi=$lib/libsluice.abi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Only what the headers say: the inner life of opaque types is ours to change.
describe() {
	abidw --exported-interfaces-only --no-load-undefined-interfaces \
		--drop-undefined-syms --drop-private-types \
		--headers-dir "$lib/include" --no-elf-needed --no-show-locs \
		--no-corpus-path --no-comp-dir-path --no-write-default-sizes \
		"$out/libsluice.so" >"$1"
}

describe "$tmp/now.abi" || { echo "Bail out! abidw can't read $out/libsluice.so"; exit 1; }
if [[ -n $update ]]; then
	mv "$tmp/now.abi" "$abi"
	exit
fi
failed=0
# What is new does not matter to them.
if abidiff --no-added-syms "$abi" "$tmp/now.abi" >"$tmp/log"; then
	echo "ok 1 - programs that were built with the library before go on working"
else
	failed=1
	echo "not ok 1 - programs that were built with the library before go on working"
	echo "(if they need not: make abi; after a release, with another soname)" >>"$tmp/log"
fi
sed 's/^/# /' "$tmp/log"
all=$(nm -D --defined-only --with-symbol-versions "$out/libsluice.so" |
	awk '$2 != "A" { print $3 }')
bad=$(grep -v '^sluice_.*@@SLUICE_[0-9.]*$' <<<"$all")
if [[ -n $all && -z $bad ]]; then
	echo "ok 2 - every symbol is the library's, and has a version"
else
	failed=1
	echo "not ok 2 - every symbol is the library's, and has a version"
	sed 's/^/# /' <<<"$bad"
fi
echo "1..2"
exit "$failed"
