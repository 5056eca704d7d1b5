#!/bin/bash
# SPDX-License-Identifier: MIT
# The shim for BoringSSL's test runner does what that runner relies on, with
# Python's ssl module in its place. The suite itself: make check-bogo.
# bogo.sh BUILD-FOLDER. Prints TAP.
set -u

out=${1:?usage: bogo.sh BUILD-FOLDER}
exec python3 "$(dirname "$(readlink -f "$0")")/bogo_shim/selftest.py" \
	"$out/tests/bogo_shim"
