/* SPDX-License-Identifier: MIT */
/*
 * Handing a connection over to the kernel: kTLS gets the keys, sluice.ko the
 * traffic secrets, and the socket becomes a plain byte stream.
 *
 *	sluice_kernel_prepare(fd)		right after connect() or accept()
 *	... the handshake, receiving no more than sluice_want() at a time ...
 *	sluice_conn_secrets(conn, &secrets)
 *	sluice_kernel_hand_over(fd, &secrets, flags, update_after)
 *	sluice_wipe(&secrets, sizeof(secrets))
 *	sluice_conn_free(conn)
 *
 * sluice_stream_hand_over() does the last four for a stream, also if it has
 * received more than the handshake.
 *
 * All functions return 0 or a negative errno.
 */
#ifndef SLUICE_KERNEL_H
#define SLUICE_KERNEL_H

#include <linux/sluice.h>
#include <stdbool.h>
#include <stdint.h>

#include "sluice/sluice.h"
#include "sluice/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * sluice_kernel_prepare() - put kTLS on a socket, without keys
 * @fd: a connected TCP socket
 *
 * Before the handshake: kTLS does not go on a socket whose peer has said all
 * and closed already. Until it gets keys the socket stays what it was.
 *
 * Return: 0; -ENOENT, the kernel has no kTLS; -ENOPROTOOPT, it has no sluice.ko,
 * but perhaps kTLS; in both cases the connection can go on in userspace.
 * -ENOTCONN, both are there but the socket is not connected.
 */
int sluice_kernel_prepare(int fd);

/**
 * sluice_kernel_set_direction() - give kTLS the keys of one direction
 * @direction: SLUICE_TX or SLUICE_RX
 *
 * For connections that are handed over in two steps, by sluice_conn_release():
 * until sluice_kernel_attach() has both, kTLS alone has this direction, and
 * leaves what is not data to the program. Otherwise as the next one.
 */
int sluice_kernel_set_direction(int fd, const struct sluice_secrets *secrets,
				unsigned int direction);

/**
 * sluice_kernel_set_keys() - give kTLS the keys of both directions
 * @fd: the socket, after sluice_kernel_prepare()
 * @secrets: of the connection
 *
 * TLS 1.2, too, where it is all that the kernel does: on plain kTLS, a read()
 * fails with EIO at any record that is not data, close_notify to begin with,
 * until it is fetched by recvmsg() with room for its type.
 *
 * Return: -EOPNOTSUPP, kTLS does not have the cipher, or can't keep to the size
 * of records that the peer asks for: nothing has changed. Any
 * other error leaves the connection unusable.
 */
int sluice_kernel_set_keys(int fd, const struct sluice_secrets *secrets);

/**
 * sluice_kernel_attach() - give sluice.ko the secrets
 * @fd: the socket, after sluice_kernel_set_keys()
 * @secrets: of the connection, of all directions that kTLS is to have: this is
 *	done once
 * @flags: SLUICE_ATTACH_ALLOW_TRUNCATION or 0
 * @update_after: as in struct sluice_attach
 *
 * Return: as SLUICE_ATTACH. -EOPNOTSUPP, it is TLS 1.2, which sluice.ko does
 * not take: nothing has changed.
 */
int sluice_kernel_attach(int fd, const struct sluice_secrets *secrets,
			 uint32_t flags, uint64_t update_after);

/**
 * sluice_kernel_hand_over() - both of the above, or neither: TLS 1.3 only
 */
int sluice_kernel_hand_over(int fd, const struct sluice_secrets *secrets,
			    uint32_t flags, uint64_t update_after);

/**
 * sluice_stream_hand_over() - the same for a connection on a socket
 * @stream: after its handshake; sluice_kernel_prepare() was called for its
 *	socket
 * @flags: as above
 * @update_after: as above
 *
 * From then on the stream only passes on: its @conn is NULL, and the connection
 * was freed. What it has received and not given to the program yet, its buffer,
 * comes first: sluice_read() goes on until that is used up, and as long it
 * receives nothing that it would have to keep.
 *
 * Return: 0; -EAGAIN, not yet: read on, and try again after each
 * sluice_read(), or there is something to be sent first (sluice_flush()).
 * -EOPNOTSUPP: the kernel does not take it, and nothing has changed. Any other
 * error leaves it unusable.
 */
int sluice_stream_hand_over(struct sluice_stream *stream, uint32_t flags,
			    uint64_t update_after);

/**
 * sluice_kernel_info() - what the kernel knows of the connection
 */
int sluice_kernel_info(int fd, struct sluice_info *info);

/**
 * sluice_kernel_key_update() - renew the sending key now
 * @request: and ask the peer to renew its own
 */
int sluice_kernel_key_update(int fd, bool request);

/**
 * sluice_kernel_protocols() - the application protocols of a driver's session
 * @fd: the socket that net/handshake has given its agent
 * @list: for the names, each with an octet before it that is its length
 * @len: room there; SLUICE_ALPN_LEN_MAX always does. Becomes the octets written
 *
 * Return: as SLUICE_ALPN: -ENOTCONN and -ENOPROTOOPT, it is no such session's.
 */
int sluice_kernel_protocols(int fd, uint8_t *list, size_t *len);

/**
 * sluice_kernel_set_protocol() - tell such a session which one was chosen
 */
int sluice_kernel_set_protocol(int fd, const char *name, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_KERNEL_H */
