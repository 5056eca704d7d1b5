/* SPDX-License-Identifier: MIT */
/*
 * A connection on a socket: the second level, around sluice/sluice.h, with the
 * shape of read(2) and write(2). It allocates nothing either.
 *
 *	sluice_stream_init(&stream, conn, fd, in, sizeof(in), out, sizeof(out));
 *	if (sluice_stream_handshake(&stream) != SLUICE_DONE)
 *		...
 *	sluice_write(&stream, "hello", 5);
 *	n = sluice_read(&stream, buf, sizeof(buf));
 *	sluice_shutdown(&stream);
 *
 * Data is encrypted where it is sent from (@out), and decrypted where it was
 * received (@in). In between there is one copy, from or to the caller's buffer;
 * sluice_take() does without it, too.
 *
 * Descriptors that do not block: a call that can do nothing returns -1 with
 * errno EAGAIN, and is to be repeated once poll(2) says one of
 * sluice_stream_events(). Octets that sluice_write() has returned are accepted:
 * they are not to be given again, also if the socket has not taken all of them
 * yet. What is left goes out with the next call of any kind; sluice_flush()
 * tells when it is all out. EINTR, too, is to be followed by another try.
 * sluice_read() says EAGAIN only when nothing is left
 * in @in, for poll(2) does not know of that: read until then before waiting.
 *
 * Errors, with errno: those of send(2) and recv(2), and if TLS failed that of
 * sluice_errno(), with the words in sluice_conn_info(). SIGPIPE is not raised.
 */
#ifndef SLUICE_STREAM_H
#define SLUICE_STREAM_H

#include <sys/types.h>
#include <sys/uio.h>

#include "sluice/sluice.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct sluice_stream - a connection and its socket
 * @conn: the connection, the caller's; NULL if the kernel encrypts: read and
 *	write are then recv(2) and send(2)
 * @fd: a connected stream socket, the caller's
 * @flags: MSG_DONTWAIT, to wait in no call, whatever the descriptor says
 * @allow_truncation: an end without close_notify reads as one with it
 *
 * The rest is for the functions below.
 */
struct sluice_stream {
	struct sluice_conn *conn;
	int fd;
	int flags;
	bool allow_truncation;
	bool exact;				/* receive nothing ahead */
	uint8_t *in;
	size_t in_size, in_start, in_end;	/* received, not yet opened */
	uint8_t *data;
	size_t data_len;			/* opened, not yet read */
	uint8_t *out;
	size_t out_size, out_start, out_end;	/* sealed, not yet sent */
};

/**
 * sluice_stream_init() - a stream over a connection that begins, or goes on
 * @in: room for what is received, kept by the caller as @conn and @out are
 * @in_size: at least SLUICE_RECORD_MAX, or ENOBUFS may come of it; with more,
 *	fewer calls of recv(2)
 * @out: room for what is sent
 * @out_size: at least SLUICE_OUT_MIN; with less than SLUICE_RECORD_MAX, records
 *	are smaller; with more, fewer calls of send(2)
 */
void sluice_stream_init(struct sluice_stream *stream, struct sluice_conn *conn,
			int fd, void *in, size_t in_size,
			void *out, size_t out_size);

/**
 * sluice_stream_handshake() - do the handshake
 *
 * Not an octet is received of the record behind it: the connection can be
 * handed over (sluice/kernel.h).
 *
 * Return: SLUICE_DONE; SLUICE_WANT_READ or SLUICE_WANT_WRITE, it would block;
 * what sluice/async.h has; SLUICE_EARLY_DATA, call sluice_early_read() until
 * that returns 0, and then this again; SLUICE_ERROR, with errno.
 */
enum sluice_status sluice_stream_handshake(struct sluice_stream *stream);

/**
 * sluice_stream_handshake_within() - do the handshake, and wait for the peer
 * @milliseconds: at most so long in all, whether the descriptor blocks or not
 *
 * Return: SLUICE_DONE; SLUICE_ERROR, with errno, ETIMEDOUT after that time; and
 * what sluice_stream_handshake() asks of a caller who has asked for that.
 */
enum sluice_status
sluice_stream_handshake_within(struct sluice_stream *stream,
			       unsigned int milliseconds);

/**
 * sluice_early_write() - client: send early data, before the handshake
 *
 * With struct sluice_config::early_data; see sluice_early_seal() for what may be
 * sent early, and for what becomes of it. With SLUICE_ASYNC_TICKET, first
 * sluice_stream_handshake(), and what it wants.
 *
 * Return: octets accepted, fewer than @len if no more may be sent early, so 0
 * without a ticket that allows it; or -1 with errno.
 */
ssize_t sluice_early_write(struct sluice_stream *stream, const void *buf,
			   size_t len);

/**
 * sluice_early_read() - server: receive early data
 *
 * See sluice_early_open() for what that is. sluice_write() can answer it.
 *
 * Return: octets; 0 at the end of early data: go on with the handshake; -1 with
 * errno.
 */
ssize_t sluice_early_read(struct sluice_stream *stream, void *buf, size_t len);

/**
 * sluice_read() - receive
 *
 * Return: octets, at most @len, those of one record or less; 0, the peer has
 * ended with close_notify; -1 with errno: ECONNRESET if the connection ended
 * without one.
 */
ssize_t sluice_read(struct sluice_stream *stream, void *buf, size_t len);

/**
 * sluice_take() - receive without a copy
 * @data: becomes the place of the data, within @in: until the next call
 *
 * Return: as sluice_read(), all that there is of one record.
 */
ssize_t sluice_take(struct sluice_stream *stream, uint8_t **data);

/**
 * sluice_write() - send
 * sluice_writev() - send what lies in several places, as if it were one
 *
 * Return: octets accepted, all of them on a descriptor that blocks; or -1 with
 * errno.
 */
ssize_t sluice_write(struct sluice_stream *stream, const void *buf, size_t len);
ssize_t sluice_writev(struct sluice_stream *stream, const struct iovec *iov,
		      int count);

/**
 * sluice_flush() - send what is pending: accepted data, key updates, alerts
 *
 * Return: 0, all of it is out; -1 with errno.
 */
int sluice_flush(struct sluice_stream *stream);

/**
 * sluice_shutdown() - end sending: with close_notify, and then for the socket
 *
 * Reading goes on. Return: 0; -1 with errno: to be repeated after EAGAIN.
 */
int sluice_shutdown(struct sluice_stream *stream);

/* What to wait for with poll(2): POLLIN, and POLLOUT if something is pending. */
short sluice_stream_events(const struct sluice_stream *stream);

/**
 * sluice_errno() - a failed connection's error, as an errno
 *
 * Return: EACCES, the certificate was not accepted; EBADMSG, something was
 * forged; ECONNABORTED, the peer sent an alert; ECONNRESET, cut off; EPROTO,
 * the peer broke the protocol, or there is nothing in common; EIO, else; 0 if
 * it has not failed.
 */
int sluice_errno(const struct sluice_conn *conn);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_STREAM_H */
