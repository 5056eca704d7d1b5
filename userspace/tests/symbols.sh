#!/bin/bash
# SPDX-License-Identifier: MIT
# The engine owns no heap and no state: its objects call no allocator and have
# no writable data. Prints TAP. Takes one argument: the folder of the build.
set -u

out=${1:?usage: symbols.sh BUILD-FOLDER}
failed=0

check() {	# NUMBER NAME WHAT-WAS-FOUND
	if [[ -z $3 ]]; then
		echo "ok $1 - $2"
	else
		failed=1
		echo "not ok $1 - $2"
		sed 's/^/# /' <<<"$3"
	fi
}

objects=("$out"/obj/libsluice/*.o)
[[ -e ${objects[0]} ]] || { echo "Bail out! nothing in $out/obj/libsluice"; exit 1; }
check 1 "the engine calls no allocator" \
	"$(nm -A "${objects[@]}" |
	   grep -wE 'U (malloc|calloc|realloc|reallocarray|free|strdup|aligned_alloc|posix_memalign)')"
# (.data.rel.ro is constant once the program has been loaded)
check 2 "the engine has no writable data" \
	"$(for object in "${objects[@]}"; do
		objdump -ht "$object" |
			awk -v o="${object##*/}" '$4 ~ /^(\.data|\.bss|\*COM\*|\.tdata|\.tbss)$/ && $NF !~ /^\./ && NF > 4 { print o, $0 }'
	   done)"
echo "1..2"
exit $failed
