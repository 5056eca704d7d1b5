#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck disable=SC2086 # no option is no argument
# Programs with another TLS library that hand their connections over by the
# adapters: they only read() and write(), and the peer renews its keys.
export MEGABYTES=1
. "$(dirname "$0")/lib/peers.sh"
ADAPTERS=/out/tests/adapters
UPDATES=10

n=0 status=0
check() {
	local name=$1
	shift
	if "$@" >case.log 2>&1; then
		echo "ok $((++n)) - $name"
	else
		cat case.log
		echo "not ok $((++n)) - $name"
		status=1
	fi
}

# As a client of openssl s_server: as many KeyUpdates as it has lines for.
as_client() {
	local library=$1 expected=$2 rc=0
	: >numbers
	numbers_and_commands |
		timeout 60 openssl s_server -accept "$OPENSSL_PORT" -naccept 1 \
			-cert cert.pem -key key.pem -tls1_3 >openssl.log 2>&1 &
	wait_port "$OPENSSL_PORT" || return
	timeout 30 "$ADAPTERS/relay-$library" connect "$OPENSSL_PORT" cert.pem ${3-} \
		>numbers 2>relay.log < <(sleep 60) || rc=$?
	cat relay.log
	"$expected" "$rc"
}

# s_server's Q ends without close_notify: sluice tells, all data having come.
all_arrived() {
	[[ $1 == 1 ]] && grep -q 'Connection reset' relay.log || return
	cmp numbers <(seq 0 $((UPDATES * 1000 - 1)))
}

breaks() {
	[[ $1 != 0 ]] && ! cmp -s numbers <(seq 0 $((UPDATES * 1000 - 1)))
}

# As a server: the client sends numbers under its KeyUpdates, and gets the file.
as_server() {
	local library=$1 rc=0
	"$ADAPTERS/relay-$library" accept "$SERVE_PORT" cert.pem key.pem \
		>numbers 2>relay.log < <(sleep 1; cat www/file; sleep 3) &
	local relay=$!
	wait_port "$SERVE_PORT" || return
	local before
	before=$(updates_received)
	{
		for i in 1 2 3 4 5; do
			echo K
			wait_updates $((before + i))
			echo "line $i"
			sleep 0.2
		done
		sleep 2
		echo Q
	} | timeout 30 openssl s_client -connect "[::1]:$SERVE_PORT" -CAfile cert.pem \
		>got.raw 2>openssl.log
	wait "$relay" || rc=$?
	cat relay.log
	[[ $(grep -c '^line' numbers) == 5 ]] || {
		echo "not all lines: $(wc -l <numbers)"
		return 1
	}
	python3 - <<'END'
import sys
got = open("got.raw", "rb").read().replace(b"KEYUPDATE\n", b"")
sys.exit(open("www/file", "rb").read() not in got)
END
}

make_certificate
make_files
for library in openssl gnutls; do
	check "$library: a client reads on across KeyUpdates and tickets" as_client "$library" all_arrived
	check "$library: without sluice it breaks" as_client "$library" breaks raw
	check "$library: a server reads and writes across KeyUpdates" as_server "$library"
done
rm -rf "$WORK"
exit "$status"
