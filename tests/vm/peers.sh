#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The sluice command against servers and clients that are not ours.
export MEGABYTES=16	# for the library
. "$(dirname "$0")/lib/peers.sh"

n=0 status=0
check() {
	local name=$1
	shift
	# Not by $(): that would wait for servers and sleepers behind it.
	if "$@" >case.log 2>&1; then
		echo "ok $((++n)) - $name"
	else
		cat case.log
		echo "not ok $((++n)) - $name"
		status=1
	fi
}

make_certificate
make_files
start_nginx
start_serve
check "get from nginx" get_from_nginx
check "get from nginx by IPv6 address" get_by_address
check "get with every cipher suite" get_every_suite
check "put to nginx with key updates of ours" put_with_updates
check "serve to openssl s_client" serve_to_openssl
check "serve to gnutls-cli that renews keys" serve_to_gnutls
check "serve to gnutls-cli that asks for small records" serve_in_small_records
check "serve to openssl s_client that renews keys" serve_under_updates
check "read from openssl s_server that renews keys" connect_under_updates
check "a truncated connection is reported" truncated
check "raw kTLS breaks at the ticket" raw_meets_ticket
check "raw kTLS breaks at the KeyUpdate" raw_meets_update
check "raw kTLS with TLS 1.2 and every cipher suite" raw_tls12
check "the module is not given TLS 1.2" tls12_without_module
stop_servers
rm -rf "$WORK"
exit "$status"
