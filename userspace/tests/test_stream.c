// SPDX-License-Identifier: MIT
/* Connections on sockets, that block or do not: sluice/stream.h. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "conn.h"
#include "pair.h"
#include "sluice/kernel.h"
#include "sluice/stream.h"

#define MUCH	(3 << 20)

struct link {
	struct pair *pair;
	struct sluice_stream client;
	struct sluice_stream server;
	uint8_t in[2][40000];
	uint8_t out[2][40000];
};

/* Both ends of a socket pair, in memory of a size that is given. */
static struct link *open_link(size_t in_size, size_t out_size, int flags)
{
	struct link *l = calloc(1, sizeof(*l));
	int fds[2];

	assert_non_null(l);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	l->pair = pair_new(KEY_P256);
	pair_use_tickets(l->pair);
	pair_reset(l->pair);
	sluice_stream_init(&l->client, l->pair->client.conn, fds[0], l->in[0],
			   in_size, l->out[0], out_size);
	sluice_stream_init(&l->server, l->pair->server.conn, fds[1], l->in[1],
			   in_size, l->out[1], out_size);
	l->client.flags = l->server.flags = flags;
	return l;
}

static bool would_block(enum sluice_status status)
{
	return status == SLUICE_WANT_READ || status == SLUICE_WANT_WRITE;
}

static void shake(struct link *l)
{
	enum sluice_status client, server;

	do {
		client = sluice_stream_handshake(&l->client);
		server = sluice_stream_handshake(&l->server);
	} while (would_block(client) || would_block(server));
	assert_int_equal(client, SLUICE_DONE);
	assert_int_equal(server, SLUICE_DONE);
}

static struct link *connected(size_t in_size, size_t out_size)
{
	struct link *l = open_link(in_size, out_size, MSG_DONTWAIT);

	shake(l);
	return l;
}

static void close_link(struct link *l)
{
	close(l->client.fd);
	close(l->server.fd);
	pair_free(l->pair);
	free(l);
}

/* Octet i of what is sent. */
static uint8_t octet(size_t i)
{
	return (uint8_t)(i * 7 + i / 251);
}

/* Writes until it would block; how many octets in all. */
static size_t write_some(struct sluice_stream *s, size_t done, uint64_t *seed)
{
	static uint8_t data[60000];
	ssize_t n;

	do {
		size_t len = test_random(seed) % sizeof(data), i;

		if (len > MUCH - done)
			len = MUCH - done;
		for (i = 0; i < len; i++)
			data[i] = octet(done + i);
		n = sluice_write(s, data, len);
		if (n > 0)
			done += (size_t)n;
	} while (n >= 0 && done < MUCH);
	assert_true(n >= 0 || errno == EAGAIN);
	return done;
}

static size_t read_some(struct sluice_stream *s, size_t done, uint64_t *seed)
{
	static uint8_t data[60000];
	size_t i;
	ssize_t n;

	for (;;) {
		n = sluice_read(s, data, 1 + test_random(seed) % sizeof(data));
		if (n <= 0)
			break;
		for (i = 0; i < (size_t)n; i++)
			assert_int_equal(data[i], octet(done + i));
		done += (size_t)n;
	}
	assert_int_equal(n, -1);
	assert_int_equal(errno, EAGAIN);
	return done;
}

/* Both ways at once, with key updates, over sockets that are full all the time. */
static void test_much(void **state)
{
	static const size_t sizes[][2] = {
		{ SLUICE_RECORD_MAX, SLUICE_OUT_MIN },
		{ SLUICE_RECORD_MAX, SLUICE_RECORD_MAX },
		{ 40000, 40000 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct link *l = connected(sizes[i][0], sizes[i][1]);
		size_t up = 0, down = 0, up_got = 0, down_got = 0;
		uint64_t seed = 5 + i;
		int small = 4096;

		setsockopt(l->client.fd, SOL_SOCKET, SO_SNDBUF, &small,
			   sizeof(small));
		while (up_got < MUCH || down_got < MUCH) {
			up = write_some(&l->client, up, &seed);
			down = write_some(&l->server, down, &seed);
			if (test_random(&seed) % 8 == 0)
				sluice_key_update(l->client.conn, true);
			if (test_random(&seed) % 4)
				up_got = read_some(&l->server, up_got, &seed);
			down_got = read_some(&l->client, down_got, &seed);
			sluice_flush(&l->client);
			sluice_flush(&l->server);
		}
		assert_int_equal(up_got, up);
		assert_int_equal(down_got, down);
		assert_true(end_info(&l->pair->client).tx_key_updates > 0);
		assert_int_equal(end_info(&l->pair->client).rx_key_updates,
				 end_info(&l->pair->server).tx_key_updates);
		close_link(l);
	}
}

/* What is accepted and not yet sent: the next call takes it along. */
static void test_would_block(void **state)
{
	struct link *l = connected(SLUICE_RECORD_MAX, SLUICE_RECORD_MAX);
	static uint8_t data[1 << 20];
	size_t sent = 0, got = 0;
	ssize_t n;

	(void)state;
	assert_int_equal(sluice_stream_events(&l->client), POLLIN);
	while ((n = sluice_write(&l->client, data, sizeof(data))) > 0)
		sent += (size_t)n;
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sluice_stream_events(&l->client), POLLIN | POLLOUT);
	assert_int_equal(sluice_flush(&l->client), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(sluice_shutdown(&l->client), -1);
	assert_int_equal(errno, EAGAIN);
	/*
	 * the server asks for a key update while the client can't answer: that
	 * does not keep it from reading, even if it may wait
	 */
	sluice_key_update(l->server.conn, true);
	assert_int_equal(sluice_write(&l->server, "x", 1), 1);
	l->client.flags = 0;
	assert_int_equal(sluice_read(&l->client, data, 9), 1);
	l->client.flags = MSG_DONTWAIT;
	while (got < sent) {
		uint8_t *at;

		n = sluice_take(&l->server, &at);
		assert_true(n > 0 || errno == EAGAIN);
		if (n > 0)
			got += (size_t)n;
		else
			sluice_flush(&l->client);
	}
	assert_int_equal(sluice_shutdown(&l->client), 0);
	assert_int_equal(sluice_stream_events(&l->client), POLLIN);
	assert_int_equal(sluice_read(&l->server, data, 9), 0);
	assert_int_equal(sluice_read(&l->server, data, 9), 0);
	assert_int_equal(sluice_write(&l->client, "x", 1), -1);
	assert_int_equal(errno, EPIPE);
	/* the other direction goes on */
	assert_int_equal(sluice_write(&l->server, "y", 1), 1);
	assert_int_equal(sluice_read(&l->client, data, 9), 1);
	assert_int_equal(data[0], 'y');
	close_link(l);
}

/* What lies in many places is one record, and is put together rightly. */
static void test_vector(void **state)
{
	struct link *l = connected(40000, 40000);
	static uint8_t data[20000], got[20000];
	struct iovec iov[64];
	uint64_t seed = 3;
	size_t i, count, at = 0, len = 0;
	uint64_t records = end_info(&l->pair->client).tx_records;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = octet(i);
	for (i = 0; i < 64; i++) {
		size_t part = test_random(&seed) % 3 ? test_random(&seed) % 600 : 0;

		iov[i].iov_base = data + at;
		iov[i].iov_len = part;
		at += part;
	}
	assert_true(at > 1000 && at < SLUICE_DATA_MAX);
	assert_int_equal(sluice_writev(&l->client, iov, 64), at);
	assert_int_equal(end_info(&l->pair->client).tx_records, records + 1);
	assert_int_equal(sluice_read(&l->server, got, sizeof(got)), at);
	assert_memory_equal(got, data, at);
	/* few enough to be encrypted from where they are, and too many */
	for (count = 1; count < 20; count++) {
		for (i = 0, at = 0; i < count; i++)
			at += iov[i].iov_len;
		assert_int_equal(sluice_writev(&l->client, iov, (int)count), at);
		memset(got, 0, at);
		if (at)
			assert_int_equal(sluice_read(&l->server, got, sizeof(got)), at);
		assert_memory_equal(got, data, at);
	}
	iov[0].iov_base = data;
	iov[0].iov_len = sizeof(data);
	assert_int_equal(sluice_writev(&l->client, iov, 1), sizeof(data));
	while (len < sizeof(data))
		len += (size_t)sluice_read(&l->server, got + len,
					   sizeof(got) - len);
	assert_memory_equal(got, data, sizeof(data));
	assert_int_equal(sluice_writev(&l->client, iov, 0), 0);
	close_link(l);
}

static void *echo(void *arg)
{
	struct sluice_stream *s = arg;
	uint8_t *data;
	ssize_t n;

	assert_int_equal(sluice_stream_handshake(s), SLUICE_DONE);
	while ((n = sluice_take(s, &data)) > 0)
		assert_int_equal(sluice_write(s, data, (size_t)n), n);
	assert_int_equal(n, 0);
	assert_int_equal(sluice_shutdown(s), 0);
	return NULL;
}

static void test_blocking(void **state)
{
	struct link *l = open_link(SLUICE_RECORD_MAX, 40000, 0);
	static uint8_t data[100000], got[100000];
	pthread_t thread;
	size_t i, len = 0;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = octet(i);
	assert_int_equal(pthread_create(&thread, NULL, echo, &l->server), 0);
	assert_int_equal(sluice_stream_handshake_within(&l->client, UINT_MAX),
			 SLUICE_DONE);
	assert_int_equal(l->client.flags, 0);
	assert_int_equal(sluice_write(&l->client, data, sizeof(data)),
			 sizeof(data));
	while (len < sizeof(data)) {
		ssize_t n = sluice_read(&l->client, got + len, 777);

		assert_true(n > 0);
		len += (size_t)n;
	}
	assert_memory_equal(data, got, sizeof(data));
	assert_int_equal(l->pair->ticket_count, 2);
	assert_int_equal(sluice_shutdown(&l->client), 0);
	assert_int_equal(sluice_read(&l->client, got, 9), 0);
	pthread_join(thread, NULL);
	close_link(l);
}

static void test_errors(void **state)
{
	struct link *l = connected(SLUICE_RECORD_MAX, SLUICE_RECORD_MAX);
	uint8_t buf[16];

	(void)state;
	/* cut off */
	shutdown(l->client.fd, SHUT_WR);
	assert_int_equal(sluice_read(&l->server, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ECONNRESET);
	assert_int_equal(sluice_errno(l->server.conn), ECONNRESET);
	close_link(l);
	/* forged: the alert goes out at once */
	l = connected(SLUICE_RECORD_MAX, SLUICE_RECORD_MAX);
	assert_int_equal(send(l->client.fd, "\27\3\3\0\21AAAAAAAAAAAAAAAAA", 22,
			      0), 22);
	assert_int_equal(sluice_read(&l->server, buf, sizeof(buf)), -1);
	assert_int_equal(errno, EBADMSG);
	assert_int_equal(sluice_read(&l->client, buf, sizeof(buf)), -1);
	assert_int_equal(errno, ECONNABORTED);
	assert_int_equal(sluice_write(&l->client, buf, 1), -1);
	assert_int_equal(errno, ECONNABORTED);
	/* nobody there */
	close(l->server.fd);
	l->server.fd = -1;
	close_link(l);
	l = connected(SLUICE_RECORD_MAX, SLUICE_RECORD_MAX);
	close(l->server.fd);
	assert_int_equal(sluice_write(&l->client, buf, 1), 1);
	assert_int_equal(sluice_write(&l->client, buf, 1), -1);
	assert_int_equal(errno, EPIPE);
	l->server.fd = -1;
	close_link(l);
	/* in the handshake */
	l = open_link(SLUICE_RECORD_MAX, SLUICE_RECORD_MAX, MSG_DONTWAIT);
	assert_int_equal(sluice_stream_handshake(&l->server), SLUICE_WANT_READ);
	assert_int_equal(send(l->client.fd, "GET / HTTP/1.1\r\n", 16, 0), 16);
	assert_int_equal(sluice_stream_handshake(&l->server), SLUICE_ERROR);
	assert_int_equal(errno, EPROTO);
	assert_int_equal(sluice_stream_handshake(&l->client), SLUICE_ERROR);
	assert_int_equal(errno, ECONNABORTED);
	close_link(l);
}

/* A peer that begins, and then says no more. */
static void test_within(void **state)
{
	struct link *l = open_link(SLUICE_RECORD_MAX, SLUICE_RECORD_MAX, 0);

	(void)state;
	assert_int_equal(send(l->client.fd, "\x16\x03\x01", 3, 0), 3);
	assert_int_equal(sluice_stream_handshake_within(&l->server, 50),
			 SLUICE_ERROR);
	assert_int_equal(errno, ETIMEDOUT);
	assert_int_equal(l->server.flags, 0);
	close_link(l);
}

/* Room for less than a record. */
static void test_no_room(void **state)
{
	struct link *l = open_link(500, SLUICE_RECORD_MAX, MSG_DONTWAIT);

	(void)state;
	assert_int_equal(sluice_stream_handshake(&l->client), SLUICE_WANT_READ);
	assert_int_equal(sluice_stream_handshake(&l->server), SLUICE_ERROR);
	assert_int_equal(errno, ENOBUFS);
	close_link(l);
}

/* The kernel has it: the same calls, and nothing in between. */
static void test_plain(void **state)
{
	struct link *l = open_link(SLUICE_RECORD_MAX, SLUICE_RECORD_MAX, 0);
	uint8_t buf[16], *data;

	(void)state;
	l->client.conn = NULL;
	l->server.conn = NULL;
	assert_int_equal(sluice_write(&l->client, "hello", 5), 5);
	assert_int_equal(sluice_read(&l->server, buf, 3), 3);
	assert_int_equal(sluice_take(&l->server, &data), 2);
	assert_memory_equal(data, "lo", 2);
	assert_int_equal(sluice_flush(&l->client), 0);
	assert_int_equal(sluice_shutdown(&l->client), 0);
	assert_int_equal(sluice_read(&l->server, buf, 3), 0);
	close_link(l);
}

/*
 * A stream that has read ahead can't go yet; it takes no more from the socket
 * than it has to, and then could. What there is of a kernel here does not take
 * this socket, and nothing has changed.
 */
static void test_hand_over(void **state)
{
	struct link *l = connected(40000, 40000);
	uint8_t buf[300] = { 0 };
	int left, i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(sluice_write(&l->server, buf, 100), 100);
	/* two and a half */
	l->client.in_size = 300;
	assert_int_equal(sluice_read(&l->client, buf, 60), 60);
	l->client.in_size = sizeof(l->in[0]);
	assert_int_equal(sluice_write(&l->server, buf, 100), 100);
	assert_int_equal(sluice_stream_hand_over(&l->client, 0, 0), -EAGAIN);
	for (i = 0; i < 3; i++) {
		assert_int_equal(sluice_stream_hand_over(&l->client, 0, 0),
				 -EAGAIN);
		assert_int_equal(sluice_read(&l->client, buf, sizeof(buf)),
				 i ? 100 : 40);
	}
	assert_int_equal(ioctl(l->client.fd, FIONREAD, &left), 0);
	assert_int_equal(left, 100 + 1 + 16 + 5);
	assert_int_equal(sluice_stream_hand_over(&l->client, 0, 0), -EOPNOTSUPP);
	assert_int_equal(sluice_read(&l->client, buf, sizeof(buf)), 100);
	/* half a record, and then the other half */
	assert_int_equal(sluice_write(&l->client, buf, 100), 100);
	assert_int_equal(sluice_read(&l->server, buf, 1), 1);
	assert_int_equal(sluice_stream_hand_over(&l->server, 0, 0), -EAGAIN);
	assert_int_equal(sluice_read(&l->server, buf, 99), 99);
	/* something to be sent first, which the stream does */
	sluice_key_update(l->server.conn, true);
	assert_int_equal(sluice_stream_hand_over(&l->server, 0, 0), -EOPNOTSUPP);
	assert_int_equal(end_info(&l->pair->server).tx_key_updates, 1);
	assert_int_equal(sluice_write(&l->server, buf, 1), 1);
	assert_int_equal(sluice_read(&l->client, buf, 1), 1);
	/* one that has failed */
	shutdown(l->client.fd, SHUT_WR);
	while (sluice_read(&l->server, buf, sizeof(buf)) > 0)
		;
	assert_int_equal(sluice_stream_hand_over(&l->server, 0, 0), -ECONNRESET);
	close_link(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_much),
		cmocka_unit_test(test_would_block),
		cmocka_unit_test(test_vector),
		cmocka_unit_test(test_blocking),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_hand_over),
	};

	/* what waits for ever has failed */
	alarm(300);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
