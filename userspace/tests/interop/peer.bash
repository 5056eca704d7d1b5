# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What all scripts share that run our peer (peer.c) beside others'.

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/interop source=base.bash
. "$(dirname "$(readlink -f "$0")")/interop/base.bash"

ended() {	# our server's findings, when it has served all
	wait "$server"
	server=
	cat "$tmp/ours.log"
}

peer=$tmp/peer
# shellcheck disable=SC2046 # several words
${CC:-cc} -std=c17 -D_GNU_SOURCE -pthread -I"$here/../libsluice/include" ${PEER_CFLAGS:-} \
	-o "$peer" "$here/interop/peer.c" "$out/libsluice.a" \
	$(linked libcrypto "${compression[@]}") || exit 1
