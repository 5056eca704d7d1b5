# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the scripts share: where things are, and how they speak.

say() {
	printf '== %s\n' "$*" >&2
}

die() {
	printf 'sluice: %s\n' "$*" >&2
	exit 2
}

# The checkout, and what is made from it. Several clones may share one cache.
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${SLUICE_CACHE:-$TOP/.cache}
mkdir -p "$CACHE" 2>/dev/null || die "cannot make $CACHE: this needs root (try: sudo make …), and a place to write (see SLUICE_CACHE)"
CACHE=$(cd "$CACHE" && pwd)

# The kernel series; the point release is resolved when the root is made.
KERNEL_SERIES=7.3

# The build root, one for each recipe, so that clones of different age do not
# take it from each other; and what is built from this checkout, /out in there.
# shellcheck disable=SC2034
ROOT=$CACHE/root-$({
	echo "$KERNEL_SERIES"
	cat "$TOP/scripts/env/packages" "$TOP/scripts/env/root"
} | sha256sum | cut -c1-12)
# shellcheck disable=SC2034
OUT=$CACHE/out-$(echo "$TOP" | sha256sum | cut -c1-12)

# What a kernel says when something is wrong with it, for grep -E.
# An assertion in Rust that fails in a worker shows nowhere else.
# shellcheck disable=SC2034
COMPLAINT='WARNING:|BUG:|Oops|KASAN:|UBSAN:|kernel BUG|general protection|hung_task|blocked for more than|unreferenced object|Kernel panic|ASSERTION FAILED'

# Runs one holder of the named lock at a time, for clones that share a cache.
locked() {
	local lock=$1
	shift
	(
		flock 9
		"$@"
	) 9>"$CACHE/$lock.lock"
}

# Runs a command with its output in a log, and shows the log if it fails.
logged() {
	local log=$1
	shift
	mkdir -p "$(dirname "$log")"
	if ! "$@" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		die "this failed: $* (whole output: $log)"
	fi
}
