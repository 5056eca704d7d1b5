#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Drivers in Rust, loaded into the stock kernel.
DRIVERS=/out/rust
LOG=$(mktemp)

n=0 status=0
check() {
	local name=$1
	shift
	if "$@" >"$LOG" 2>&1; then
		echo "ok $((++n)) - $name"
	else
		tail -n 8 "$LOG"
		echo "not ok $((++n)) - $name"
		status=1
	fi
}

hello() {
	dmesg --clear
	insmod "$DRIVERS/samples/sluice_hello/sluice_hello.ko" &&
		rmmod sluice_hello
	dmesg | tee /dev/stderr | grep -q 'no session without a connection: ENOTCONN'
}

check "the smallest driver calls Sluice" hello
rm "$LOG"
exit "$status"
