#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What 'sluice stat' shows, and to whom; and life without the module.
export MEGABYTES=1
. "$(dirname "$0")/lib/peers.sh"
chmod 755 "$WORK"

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

as() {
	setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"
}

# Sessions that a user sees, by the JSON form.
sessions_of() {
	as "$1" "$SLUICE" stat --json | python3 -c '
import json, sys
print(len(json.load(sys.stdin)["sessions"]))'
}

visible() {
	[[ $(sessions_of 65534) == 1 && $(sessions_of 65533) == 0 &&
		$(sessions_of 0) == 2 ]]
}

namespaced() {
	unshare --net "$SLUICE" stat | grep -q '^attached  *0$'
}

fields() {
	"$SLUICE" stat --json | python3 -c '
import json, sys
for s in json.load(sys.stdin)["sessions"]:
    assert s["cipher"] == "AES-256-GCM", s
    assert s["tx_state"] == s["rx_state"] == "open", s
    assert s["local"].strip("[]") in ("::1", "::ffff:127.0.0.1", "127.0.0.1"), s
    assert s["peer_port"] == '"$NGINX_PORT"', s
    assert s["tickets"] == 2, s
'
}

watches() {
	[[ $(timeout 3 "$SLUICE" stat --watch=1 | grep -c '^attached') -ge 2 ]]
}

no_module() {
	rmmod sluice || return
	client get "https://localhost:$NGINX_PORT/file" -o got && return 1
	grep -q 'modprobe sluice' client.log || return
	"$SLUICE" get --cacert cert.pem -o got "https://localhost:$NGINX_PORT/file" 2>client.log || return
	grep -q 'encrypting in this process' client.log && same got
	local rc=$?
	insmod /out/kernel/sluice.ko || return
	return "$rc"
}

make_certificate
make_files
start_nginx
as 65534 "$SLUICE" connect -q --cacert cert.pem "localhost:$NGINX_PORT" < <(sleep 20) &
sleep 0.5
"$SLUICE" connect -q --cacert cert.pem "localhost:$NGINX_PORT" < <(sleep 20) &
sleep 1
check "users see their own sessions, root sees all" visible
check "the figures of a session are right" fields
check "another network namespace shows none" namespaced
check "stat --watch prints again" watches
pkill -x sluice
sleep 0.5
check "without the module: an error if required, else this process encrypts" no_module
kill "$(<nginx.pid)"
rm -rf "$WORK"
exit "$status"
