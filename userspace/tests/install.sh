#!/bin/bash
# SPDX-License-Identifier: MIT
# What is installed is enough to build with: by pkg-config, shared and static, in
# C and in C++, and the examples of Documentation/libsluice.md, which then talk to
# OpenSSL's server on loopback: install.sh BUILD-FOLDER. Prints TAP.
set -u

out=${1:?usage: install.sh BUILD-FOLDER}
here=$(dirname "$(readlink -f "$0")")
guide=$here/../../Documentation/libsluice.md
tmp=$(mktemp -d)
cd "$tmp" || exit 1
port=$((20000 + RANDOM % 12000))	# below those that clients get
while ss -Htan "sport = :$port" | grep -q .; do port=$((port + 1)); done
count=0
failed=0
server=
trap '[[ -z $server ]] || kill "$server"; rm -rf "$tmp"' EXIT

check() {	# NAME COMMAND…
	local name=$1

	shift
	count=$((count + 1))
	if "$@" >log 2>&1; then
		echo "ok $count - $name"
	else
		echo "not ok $count - $name"
		sed 's/^/# /' log
		failed=1
	fi
}

warnings=(-Wall -Wextra -Werror -Wno-unused-result -Wno-unused-function)
export PKG_CONFIG_PATH=$tmp/lib/pkgconfig LD_LIBRARY_PATH=$tmp/lib

# COMPILER NAME shared|static FILE…
build() {
	local compiler=$1 name=$2 static=() libs

	[[ $3 != static ]] || static=(--static)
	read -ra libs < <(pkg-config --cflags --libs "${static[@]}" sluice)
	[[ $3 != static ]] || libs=("${libs[@]/#-lsluice/-l:libsluice.a}")
	"$compiler" "${warnings[@]}" -o "$name" "${@:4}" "${libs[@]}"
}

# Block NAME of the guide.
example() {
	awk -v name="$1" '/^```/ { on = $2 == name; next } on' "$guide"
}

# The C examples share their setup.
build_example() {	# NAME shared|static
	{ example setup.c; example "$1.c"; } >example.c &&
	build gcc "$1" "$2" example.c "$here/install/talk.c"
}

build_cxx_example() {	# COMPILER
	example cxx.cpp >talk.cpp && gcc -c -o talk.o "$here/install/talk.c" &&
	build "$1" cxx shared -std=c++17 talk.cpp talk.o
}

# OpenSSL's server turns every line round.
talks() {	# NAME
	[[ $(timeout 20 "./$1" localhost "$port" 2>err) == olleh ]] || { cat err; return 1; }
}

refuses() {	# NAME
	SSL_CERT_FILE=/dev/null timeout 20 "./$1" localhost "$port"
	[[ $? == 1 ]]
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	-keyout key.pem -out cert.pem -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost 2>/dev/null
export SSL_CERT_FILE=$tmp/cert.pem SSL_CERT_DIR=/nowhere
openssl s_server -accept "$port" -rev -quiet -tls1_3 -cert cert.pem -key key.pem \
	>/dev/null 2>&1 &
server=$!

check "make install" make -s -C "$here/.." O="$out" WERROR=1 PREFIX="$tmp" install
check "pkg-config knows it" test "$(pkg-config --modversion sluice)" = 0.1.0
for compiler in g++ clang++; do
	check "sluice.hpp builds with $compiler" \
		build "$compiler" hpp shared -std=c++17 "$here/install/hpp.cpp"
	check "and works" ./hpp cert.pem key.pem
done
for header in include/sluice/*.h; do
	header=${header##*/}
	check "$header stands alone, in C and C++" sh -c "
		echo '#include <sluice/$header>' >alone.c && cp alone.c alone.cpp &&
		gcc -std=c17 ${warnings[*]} -Wpedantic -Iinclude -c alone.c &&
		g++ -std=c++17 ${warnings[*]} -Iinclude -c alone.cpp"
done
for level in level1 level2 level3; do
	for how in shared static; do
		check "the guide's $level.c builds, $how" build_example "$level" "$how"
		check "and talks to OpenSSL" talks "$level"
	done
	check "but not to whom it does not believe" refuses "$level"
done
for compiler in g++ clang++; do
	check "the guide's cxx.cpp builds with $compiler" build_cxx_example "$compiler"
	check "and talks to OpenSSL" talks cxx
done
check "but not to whom it does not believe" refuses cxx
check "make uninstall leaves no file" sh -c \
	"make -s -C '$here/..' O='$out' PREFIX='$tmp' uninstall && ! find include lib bin sbin share -type f | grep ."
echo "1..$count"
exit "$failed"
