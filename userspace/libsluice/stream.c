// SPDX-License-Identifier: MIT
#include "sluice/stream.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

void sluice_stream_init(struct sluice_stream *s, struct sluice_conn *conn,
			int fd, void *in, size_t in_size,
			void *out, size_t out_size)
{
	*s = (struct sluice_stream){
		.conn = conn, .fd = fd,
		.in = in, .in_size = in_size,
		.out = out, .out_size = out_size,
	};
}

int sluice_errno(const struct sluice_conn *conn)
{
	struct sluice_conn_info info;

	sluice_conn_info(conn, &info);
	switch (info.error) {
	case SLUICE_ERR_NONE:
		return 0;
	case SLUICE_ERR_CERTIFICATE:
		return EACCES;
	case SLUICE_ERR_CRYPTO:
		return EBADMSG;
	case SLUICE_ERR_ALERT:
		return ECONNABORTED;
	case SLUICE_ERR_TRUNCATED:
		return ECONNRESET;
	case SLUICE_ERR_PROTOCOL:
	case SLUICE_ERR_NEGOTIATION:
		return EPROTO;
	default:
		return EIO;
	}
}

short sluice_stream_events(const struct sluice_stream *s)
{
	bool pending = s->out_start < s->out_end ||
		       (s->conn && sluice_pending(s->conn));

	return pending ? POLLIN | POLLOUT : POLLIN;
}

/* Send what was sealed. */
static int drain(struct sluice_stream *s)
{
	while (s->out_start < s->out_end) {
		ssize_t n = send(s->fd, s->out + s->out_start,
				 s->out_end - s->out_start,
				 MSG_NOSIGNAL | s->flags);

		if (n < 0)
			return -1;
		s->out_start += (size_t)n;
	}
	s->out_start = 0;
	s->out_end = 0;
	return 0;
}

int sluice_flush(struct sluice_stream *s)
{
	do {
		size_t none = 0, len = s->out_size;

		if (drain(s))
			return -1;
		if (!s->conn || !sluice_pending(s->conn))
			return 0;
		sluice_seal(s->conn, NULL, &none, s->out, &len);
		s->out_end = len;
	} while (s->out_end);
	return 0;
}

/* As much of it as goes out without waiting: who reads never waits for that. */
static void try_flush(struct sluice_stream *s)
{
	int flags = s->flags;

	s->flags |= MSG_DONTWAIT;
	sluice_flush(s);
	s->flags = flags;
}

/* TLS failed: the alert goes out if it can, and errno says why. */
static int failed(struct sluice_stream *s)
{
	try_flush(s);
	errno = sluice_errno(s->conn);
	return -1;
}

/* At most max octets behind those that are there: their number, 0 at the end. */
static ssize_t receive(struct sluice_stream *s, size_t max)
{
	ssize_t n;

	memmove(s->in, s->in + s->in_start, s->in_end - s->in_start);
	s->in_end -= s->in_start;
	s->in_start = 0;
	if (max > s->in_size - s->in_end)
		max = s->in_size - s->in_end;
	if (!max) {
		errno = ENOBUFS;
		return -1;
	}
	n = recv(s->fd, s->in + s->in_end, max, s->flags);
	if (n > 0)
		s->in_end += (size_t)n;
	return n;
}

/* Some of the data that there is. */
static ssize_t give(struct sluice_stream *s, void *buf, size_t len)
{
	if (len > s->data_len)
		len = s->data_len;
	memcpy(buf, s->data, len);
	s->data += len;
	s->data_len -= len;
	return (ssize_t)len;
}

enum sluice_status sluice_stream_handshake(struct sluice_stream *s)
{
	enum sluice_status status;

	for (;;) {
		size_t in_len = s->in_end - s->in_start;
		size_t out_len = s->out_size;
		ssize_t n;

		if (drain(s))
			return errno == EAGAIN ? SLUICE_WANT_WRITE :
						 SLUICE_ERROR;
		status = sluice_handshake(s->conn, s->in + s->in_start, &in_len,
					  s->out, &out_len);
		s->in_start += in_len;
		s->out_end = out_len;
		if (status == SLUICE_ERROR) {
			failed(s);
			return status;
		}
		if (status == SLUICE_WANT_WRITE || s->out_end)
			continue;
		if (status != SLUICE_WANT_READ)
			return status;
		n = receive(s, sluice_want(s->conn));
		if (n < 0)
			return errno == EAGAIN ? SLUICE_WANT_READ :
						 SLUICE_ERROR;
		if (!n && sluice_eof(s->conn) == SLUICE_ERROR) {
			failed(s);
			return SLUICE_ERROR;
		}
	}
}

static uint64_t uptime_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Returns after some events, too, that are of no help. */
static int wait_for(int fd, short events, uint64_t deadline)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	uint64_t now = uptime_ms();

	if (now >= deadline) {
		errno = ETIMEDOUT;
		return -1;
	}
	if (deadline - now > INT_MAX)
		deadline = now + INT_MAX;
	return poll(&pfd, 1, (int)(deadline - now)) < 0 && errno != EINTR ?
	       -1 : 0;
}

enum sluice_status
sluice_stream_handshake_within(struct sluice_stream *s,
			       unsigned int milliseconds)
{
	uint64_t deadline = uptime_ms() + milliseconds;
	enum sluice_status status;
	int flags = s->flags;
	short events;

	s->flags |= MSG_DONTWAIT;
	for (;;) {
		status = sluice_stream_handshake(s);
		if (status == SLUICE_ERROR && errno == EINTR)
			continue;
		if (status == SLUICE_WANT_READ)
			events = POLLIN;
		else if (status == SLUICE_WANT_WRITE)
			events = POLLOUT;
		else
			break;
		if (wait_for(s->fd, events, deadline)) {
			status = SLUICE_ERROR;
			break;
		}
	}
	s->flags = flags;
	return status;
}

ssize_t sluice_early_write(struct sluice_stream *s, const void *buf, size_t len)
{
	const uint8_t *data = buf;
	size_t done = 0, none, out_len;
	enum sluice_status status;

	do {
		if (drain(s))
			return -1;
		none = 0;
		out_len = s->out_size;
		status = sluice_handshake(s->conn, s->in, &none, s->out,
					  &out_len);
		s->out_end = out_len;
		if (status == SLUICE_ERROR)
			return failed(s);
	} while (status == SLUICE_WANT_WRITE || out_len);
	while (!drain(s)) {
		size_t part = len - done;

		out_len = s->out_size;
		status = sluice_early_seal(s->conn, data + done, &part, s->out,
					   &out_len);
		s->out_end = out_len;
		done += part;
		if (status == SLUICE_ERROR)
			return failed(s);
		if (!out_len && status != SLUICE_WANT_WRITE)
			return (ssize_t)done;
	}
	return done ? (ssize_t)done : -1;
}

ssize_t sluice_early_read(struct sluice_stream *s, void *buf, size_t len)
{
	while (!s->data_len) {
		size_t in_len = s->in_end - s->in_start;
		enum sluice_status status;
		ssize_t n;

		status = sluice_early_open(s->conn, s->in + s->in_start,
					   &in_len, &s->data, &s->data_len);
		s->in_start += in_len;
		if (status == SLUICE_ERROR)
			return failed(s);
		if (status == SLUICE_DONE)
			return 0;
		if (status == SLUICE_DATA)
			continue;
		n = receive(s, sluice_want(s->conn));
		if (n < 0)
			return -1;
		if (!n) {
			sluice_eof(s->conn);
			return failed(s);
		}
	}
	return give(s, buf, len);
}

/* Until there is data in s->data: 1; 0 at the end; -1 with errno. */
static int fill(struct sluice_stream *s)
{
	while (!s->data_len) {
		size_t in_len = s->in_end - s->in_start;
		enum sluice_status status;
		ssize_t n;

		status = sluice_open(s->conn, s->in + s->in_start, &in_len,
				     &s->data, &s->data_len);
		s->in_start += in_len;
		if (status == SLUICE_ERROR)
			return failed(s);
		/* an answer to a key update */
		try_flush(s);
		if (status == SLUICE_CLOSED)
			return 0;
		if (status == SLUICE_DATA)
			continue;
		n = receive(s, s->exact ? sluice_want(s->conn) : s->in_size);
		if (n < 0)
			return -1;
		if (!n && (s->allow_truncation ||
			   sluice_eof(s->conn) == SLUICE_CLOSED))
			return 0;
		if (!n)
			return failed(s);
	}
	return 1;
}

ssize_t sluice_take(struct sluice_stream *s, uint8_t **data)
{
	size_t len;
	int rc;

	*data = s->in;
	if (!s->conn)
		return recv(s->fd, s->in, s->in_size, s->flags);
	rc = fill(s);
	if (rc <= 0)
		return rc;
	*data = s->data;
	len = s->data_len;
	s->data_len = 0;
	return (ssize_t)len;
}

ssize_t sluice_read(struct sluice_stream *s, void *buf, size_t len)
{
	int rc;

	if (!s->conn)
		return recv(s->fd, buf, len, s->flags);
	if (!len)
		return 0;
	rc = fill(s);
	return rc <= 0 ? rc : give(s, buf, len);
}

ssize_t sluice_writev(struct sluice_stream *s, const struct iovec *iov,
		      int count)
{
	size_t done = 0;

	if (!s->conn) {
		struct msghdr msg = {
			.msg_iov = (struct iovec *)(uintptr_t)iov,
			.msg_iovlen = (size_t)count,
		};

		return sendmsg(s->fd, &msg, MSG_NOSIGNAL | s->flags);
	}
	for (;;) {
		size_t part, out_len = s->out_size;
		enum sluice_status status;

		if (drain(s))
			break;
		status = sluice_sealv(s->conn, iov, (size_t)count, done, &part,
				      s->out, &out_len);
		s->out_end = out_len;
		done += part;
		if (status == SLUICE_ERROR) {
			failed(s);
			/* closed for sending, by ourselves */
			if (!errno)
				errno = EPIPE;
			return -1;
		}
		if (!out_len && status == SLUICE_DONE)
			return (ssize_t)done;
	}
	return done ? (ssize_t)done : -1;
}

ssize_t sluice_write(struct sluice_stream *s, const void *buf, size_t len)
{
	const struct iovec iov = {
		.iov_base = (void *)(uintptr_t)buf, .iov_len = len,
	};

	return sluice_writev(s, &iov, 1);
}

int sluice_shutdown(struct sluice_stream *s)
{
	if (s->conn) {
		sluice_close(s->conn);
		if (sluice_flush(s))
			return -1;
	}
	return shutdown(s->fd, SHUT_WR);
}
