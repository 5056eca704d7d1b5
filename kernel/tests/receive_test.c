// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of receive.c, on real kTLS and with a peer that is played. */
#include <kunit/test.h>
#include <linux/highmem.h>
#include <linux/pipe_fs_i.h>
#include <linux/splice.h>
#include <linux/string.h>
#include <net/sock.h>

#include "../attach.h"
#include "../receive.h"
#include "../socket.h"
#include "lib/pair.h"

static struct sluice_conn *conn_of(struct pair *pair)
{
	return sluice_conn_find(pair->sk);
}

static void send_data(struct pair *pair, const char *data)
{
	peer_send(&pair->peer, SLUICE_RECORD_DATA, data, strlen(data));
}

static void expect_data(struct pair *pair, const char *data)
{
	pair_expect(pair, data, strlen(data));
}

/* The read's result, now and again, and how the receiving side stands. */
static void expect_end(struct pair *pair, int error, u8 state)
{
	u8 octet;
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(pair->test, error,
				pair_recv(pair, &octet, 1, 0));
	KUNIT_EXPECT_EQ(pair->test, state, conn_of(pair)->rx_state);
}

/* Whatever comes in between, a reader sees data. */
static void receive_mixed(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_info info;
	int i;

	for (i = 0; i < 20; i++) {
		send_data(pair, "one");
		peer_send_ticket(&pair->peer);
		peer_send_key_update(&pair->peer, false);
		send_data(pair, "");
		send_data(pair, "two");
		peer_send_key_update(&pair->peer, false);
	}
	for (i = 0; i < 20; i++)
		expect_data(pair, "onetwo");
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			pair_recv(pair, &info, 1, MSG_DONTWAIT));

	sluice_conn_info(conn_of(pair), &info);
	KUNIT_EXPECT_EQ(test, 120, info.rx_bytes);
	KUNIT_EXPECT_EQ(test, 120, info.rx_records);
	KUNIT_EXPECT_EQ(test, 40, info.rx_key_updates);
	KUNIT_EXPECT_EQ(test, 20, info.tickets);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN, info.rx_state);
}

/* A read that waits is not woken for good by what is not data. */
static void receive_flags(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	char got[8] = {};

	peer_send_ticket(&pair->peer);
	KUNIT_EXPECT_EQ(test, -EAGAIN, pair_recv(pair, got, 8, MSG_DONTWAIT));
	send_data(pair, "abc");
	peer_send_key_update(&pair->peer, false);
	send_data(pair, "def");

	KUNIT_EXPECT_EQ(test, 2, pair_recv(pair, got, 2, MSG_PEEK));
	KUNIT_EXPECT_STREQ(test, got, "ab");
	/* Without MSG_WAITALL it ends with what there is. */
	KUNIT_EXPECT_EQ(test, 3, pair_recv(pair, got, 8, 0));
	KUNIT_EXPECT_STREQ(test, got, "abc");
	send_data(pair, "gh");
	KUNIT_EXPECT_EQ(test, 5, pair_recv(pair, got, 5, MSG_WAITALL));
	KUNIT_EXPECT_MEMEQ(test, got, "defgh", 5);
	KUNIT_EXPECT_EQ(test, 8, atomic64_read(&conn_of(pair)->rx_bytes));
}

/* A program that knows kTLS sees data only, and is told that it is data. */
static void receive_cmsg(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	union {
		struct cmsghdr hdr;
		u8 room[CMSG_SPACE(1)];
	} cmsg = {};
	u8 got[8];
	struct kvec vec = { .iov_base = got, .iov_len = sizeof(got) };
	struct msghdr msg = {
		.msg_control = &cmsg,
		.msg_controllen = sizeof(cmsg),
	};

	peer_send_ticket(&pair->peer);
	send_data(pair, "abc");
	KUNIT_EXPECT_EQ(test, 3, kernel_recvmsg(pair->sock, &msg, &vec, 1,
						sizeof(got), 0));
	KUNIT_EXPECT_EQ(test, SOL_TLS, cmsg.hdr.cmsg_level);
	KUNIT_EXPECT_EQ(test, TLS_GET_RECORD_TYPE, cmsg.hdr.cmsg_type);
	KUNIT_EXPECT_EQ(test, CMSG_LEN(1), cmsg.hdr.cmsg_len);
	KUNIT_EXPECT_EQ(test, SLUICE_RECORD_DATA, *(u8 *)CMSG_DATA(&cmsg.hdr));
	KUNIT_EXPECT_EQ(test, 0, msg.msg_flags & MSG_CTRUNC);
}

/* The peer asks for a new key of ours: it is there before our next data. */
static void receive_answers(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	int i;

	for (i = 0; i < 5; i++) {
		peer_send_key_update(&pair->peer, true);
		send_data(pair, "x");
		expect_data(pair, "x");
		peer_expect_key_update(&pair->peer, false);
		KUNIT_ASSERT_EQ(test, 1, pair_send(pair, "y", 1, 0));
		peer_expect(&pair->peer, SLUICE_RECORD_DATA, "y", 1);
	}
	KUNIT_EXPECT_EQ(test, 5, conn_of(pair)->tx_key_updates);
}

/* Alerts go by their description. */
static void receive_alerts(struct kunit *test)
{
	struct sluice_conn *conn;
	struct pair *pair;
	int alert;

	for (alert = 0; alert < 256; alert++) {
		pair = pair_attached(test);
		conn = conn_of(pair);
		send_data(pair, "x");
		peer_send_alert(&pair->peer, alert);
		expect_data(pair, "x");
		if (alert == SLUICE_ALERT_USER_CANCELED) {
			u8 octet;

			KUNIT_EXPECT_EQ(test, -EAGAIN,
					pair_recv(pair, &octet, 1,
						  MSG_DONTWAIT));
			KUNIT_EXPECT_EQ(test, alert, conn->alert_received);
			send_data(pair, "y");
			expect_data(pair, "y");
			peer_send_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
		}
		if (alert == SLUICE_ALERT_CLOSE_NOTIFY ||
		    alert == SLUICE_ALERT_USER_CANCELED) {
			expect_end(pair, 0, SLUICE_DIR_CLOSED);
			KUNIT_EXPECT_EQ(test, SLUICE_ALERT_CLOSE_NOTIFY,
					conn->alert_received);
			/* Half of the connection goes on. */
			KUNIT_EXPECT_EQ(test, 1, pair_send(pair, "z", 1, 0));
			peer_expect(&pair->peer, SLUICE_RECORD_DATA, "z", 1);
		} else {
			expect_end(pair, -ECONNABORTED, SLUICE_DIR_FAILED);
			KUNIT_EXPECT_EQ(test, alert, conn->alert_received);
			KUNIT_EXPECT_EQ(test, SLUICE_DIR_FAILED,
					conn->tx_state);
			KUNIT_EXPECT_EQ(test, -EPIPE,
					pair_send(pair, "z", 1, 0));
			/* A fatal alert is not answered. */
			KUNIT_EXPECT_EQ(test, SLUICE_ALERT_NONE,
					conn->alert_sent);
		}
		pair_close(pair);
	}
}

/* The connection has failed for @error, and the peer was told @alert. */
static void expect_failure(struct pair *pair, int error, u8 alert)
{
	expect_end(pair, error, SLUICE_DIR_FAILED);
	KUNIT_EXPECT_EQ(pair->test, error, sluice_receive_end(conn_of(pair)));
	peer_expect_alert(&pair->peer, alert);
	KUNIT_EXPECT_EQ(pair->test, alert, conn_of(pair)->alert_sent);
	KUNIT_EXPECT_EQ(pair->test, -EPIPE, pair_send(pair, "x", 1, 0));
}

static void receive_types(struct kunit *test)
{
	struct pair *pair;
	int type;

	for (type = 1; type < 256; type++) {
		if (type >= SLUICE_RECORD_ALERT && type <= SLUICE_RECORD_DATA)
			continue;
		pair = pair_attached(test);
		peer_send(&pair->peer, type, "xy", 2);
		expect_failure(pair, -EPROTO, SLUICE_ALERT_UNEXPECTED_MESSAGE);
		pair_close(pair);
	}
}

/* What kTLS itself does not take. The data before it still comes. */
static void receive_bad_records(struct kunit *test)
{
	static const struct {
		u8 at, xor;
		int error;
		u8 alert;
	} cases[] = {
		/* in the header: version, and the length in two octets */
		{ 1, 1, -EPROTO, SLUICE_ALERT_DECODE_ERROR },
		{ 2, 1, -EPROTO, SLUICE_ALERT_DECODE_ERROR },
		{ 3, 0x80, -EMSGSIZE, SLUICE_ALERT_RECORD_OVERFLOW },
		{ 4, 0x1a, -EBADMSG, SLUICE_ALERT_BAD_RECORD_MAC },
		/* the content, its type and the tag */
		{ 5, 1, -EBADMSG, SLUICE_ALERT_BAD_RECORD_MAC },
		{ 9, 1, -EBADMSG, SLUICE_ALERT_BAD_RECORD_MAC },
		{ 25, 0x80, -EBADMSG, SLUICE_ALERT_BAD_RECORD_MAC },
	};
	struct pair *pair;
	u8 record[64];
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pair = pair_attached(test);
		send_data(pair, "fine");
		len = peer_seal(&pair->peer, record, SLUICE_RECORD_DATA,
				"data", 4, 0);
		KUNIT_ASSERT_EQ(test, 26, len);
		record[cases[i].at] ^= cases[i].xor;
		peer_write(&pair->peer, record, len);
		send_data(pair, "too late");
		expect_data(pair, "fine");
		expect_failure(pair, cases[i].error, cases[i].alert);
		pair_close(pair);
	}
}

/* kTLS says it once, and it may be a writer or SO_ERROR who hears it. */
static void receive_error_taken(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	u8 octet;

	peer_write(&pair->peer, "\x17\3\3\xff\xff", 5);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, sock_error(pair->sk));
	KUNIT_EXPECT_EQ(test, -EPROTO, pair_recv(pair, &octet, 1,
						 MSG_DONTWAIT));
	expect_failure(pair, -EPROTO, SLUICE_ALERT_DECODE_ERROR);
}

/* As large as can be, by data and by padding; and one octet more. */
static void receive_sizes(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	u8 *data = kunit_kmalloc(test, PEER_DATA_MAX, GFP_KERNEL);
	u8 *record = kunit_kmalloc(test, PEER_RECORD_MAX + 1, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_NOT_NULL(test, record);
	memset(data, 0x5a, PEER_DATA_MAX);
	peer_send(&pair->peer, SLUICE_RECORD_DATA, data, PEER_DATA_MAX);
	pair_expect(pair, data, PEER_DATA_MAX);
	peer_write(&pair->peer, record,
		   peer_seal(&pair->peer, record, SLUICE_RECORD_DATA, "abc", 3,
			     PEER_DATA_MAX - 3));
	expect_data(pair, "abc");

	peer_write(&pair->peer, record,
		   peer_seal(&pair->peer, record, SLUICE_RECORD_DATA, data,
			     PEER_DATA_MAX, 1));
	expect_failure(pair, -EMSGSIZE, SLUICE_ALERT_RECORD_OVERFLOW);
}

/* A KeyUpdate in two records, at every place that it can be cut at. */
static void receive_split_key_update(struct kunit *test)
{
	static const u8 message[] = { SLUICE_HANDSHAKE_KEY_UPDATE, 0, 0, 1, 0 };
	struct pair *pair = pair_attached(test);
	size_t cut;

	for (cut = 1; cut < sizeof(message); cut++) {
		peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, message, cut);
		peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, message + cut,
			  sizeof(message) - cut);
		peer_update(&pair->peer, &pair->peer.tx);
		send_data(pair, "x");
		expect_data(pair, "x");
	}
	KUNIT_EXPECT_EQ(test, 4, conn_of(pair)->rx_key_updates);
}

/* kTLS takes each handshake record that begins with 24 for a KeyUpdate. */
static void receive_looks_like_key_update(struct kunit *test)
{
	static const u8 ticket[] = {
		SLUICE_HANDSHAKE_TICKET, 0, 0, 15, 0, 0, 1, 0, 1, 2, 3, 4,
		0, 0, 2, SLUICE_HANDSHAKE_KEY_UPDATE, 0, 0, 0,
	};
	static const u8 both[] = {
		SLUICE_HANDSHAKE_TICKET, 0, 0, 14, 0, 0, 1, 0, 1, 2, 3, 4,
		0, 0, 1, 0xab, 0, 0,
		SLUICE_HANDSHAKE_KEY_UPDATE, 0, 0, 1, 1,
	};
	struct pair *pair = pair_attached(test);

	peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, ticket, 15);
	peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, ticket + 15,
		  sizeof(ticket) - 15);
	send_data(pair, "same key");
	expect_data(pair, "same key");
	KUNIT_EXPECT_EQ(test, 1, conn_of(pair)->tickets);
	KUNIT_EXPECT_EQ(test, 0, conn_of(pair)->rx_key_updates);

	/* And none that is behind a ticket. */
	peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, both, sizeof(both));
	peer_update(&pair->peer, &pair->peer.tx);
	send_data(pair, "next key");
	expect_data(pair, "next key");
	KUNIT_EXPECT_EQ(test, 2, conn_of(pair)->tickets);
	KUNIT_EXPECT_EQ(test, 1, conn_of(pair)->rx_key_updates);
	peer_expect_key_update(&pair->peer, false);
}

static void receive_bad_messages(struct kunit *test)
{
	static const struct {
		u8 type, len;
		u8 content[6];
		u8 alert;
	} cases[] = {
		{ SLUICE_RECORD_HANDSHAKE, 5, { 24, 0, 0, 1, 2 },
		  SLUICE_ALERT_ILLEGAL_PARAMETER },
		{ SLUICE_RECORD_HANDSHAKE, 6, { 24, 0, 0, 1, 0, 24 },
		  SLUICE_ALERT_UNEXPECTED_MESSAGE },
		{ SLUICE_RECORD_HANDSHAKE, 6, { 24, 0, 0, 2, 0, 0 },
		  SLUICE_ALERT_DECODE_ERROR },
		{ SLUICE_RECORD_HANDSHAKE, 4, { 1, 0, 0, 1 },
		  SLUICE_ALERT_UNEXPECTED_MESSAGE },
		{ SLUICE_RECORD_HANDSHAKE, 0, {},
		  SLUICE_ALERT_UNEXPECTED_MESSAGE },
		{ SLUICE_RECORD_ALERT, 1, { 1 }, SLUICE_ALERT_DECODE_ERROR },
		{ SLUICE_RECORD_ALERT, 3, { 1, 0, 0 },
		  SLUICE_ALERT_DECODE_ERROR },
		{ SLUICE_RECORD_ALERT, 0, {}, SLUICE_ALERT_DECODE_ERROR },
	};
	struct pair *pair;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pair = pair_attached(test);
		peer_send(&pair->peer, cases[i].type, cases[i].content,
			  cases[i].len);
		expect_failure(pair, -EPROTO, cases[i].alert);
		pair_close(pair);
	}
	/* Data between the two halves of a message. */
	pair = pair_attached(test);
	peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, cases[0].content, 3);
	send_data(pair, "x");
	expect_data(pair, "x");
	peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, "\0\1", 2);
	expect_failure(pair, -EPROTO, SLUICE_ALERT_UNEXPECTED_MESSAGE);
}

/* TCP ends without close_notify. */
static void receive_truncated(struct kunit *test)
{
	struct pair *pair = pair_attached(test);

	send_data(pair, "x");
	peer_shut(&pair->peer);
	expect_data(pair, "x");
	expect_end(pair, -ECONNRESET, SLUICE_DIR_TRUNCATED);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, sluice_receive_end(conn_of(pair)));
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_NONE, conn_of(pair)->alert_sent);

	pair = pair_keyed(test);
	pair_attach(pair, PAIR_BOTH | SLUICE_ATTACH_ALLOW_TRUNCATION);
	peer_shut(&pair->peer);
	expect_end(pair, 0, SLUICE_DIR_TRUNCATED);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, sluice_receive_end(conn_of(pair)));

	/* Who does not want to read any more is not told of the end. */
	pair = pair_attached(test);
	KUNIT_EXPECT_EQ(test, 0, kernel_sock_shutdown(pair->sock, SHUT_RD));
	expect_end(pair, 0, SLUICE_DIR_OPEN);
	KUNIT_EXPECT_EQ(test, -EAGAIN, sluice_receive_end(conn_of(pair)));
}

static void receive_reset(struct kunit *test)
{
	struct pair *pair = pair_attached(test);

	peer_reset(&pair->peer);
	expect_end(pair, -ECONNRESET, SLUICE_DIR_FAILED);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, sluice_receive_end(conn_of(pair)));
}

/* Without secrets all works but a KeyUpdate. */
static void receive_bare(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);

	KUNIT_ASSERT_EQ(test, 0, sluice_attach_bare(pair->sk));
	peer_send_ticket(&pair->peer);
	send_data(pair, "x");
	expect_data(pair, "x");
	peer_send_key_update(&pair->peer, false);
	expect_failure(pair, -EKEYEXPIRED, SLUICE_ALERT_INTERNAL_ERROR);
}

/* With the receiving secret only, nobody can answer. */
static void receive_only(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);

	pair_attach(pair, SLUICE_ATTACH_RX);
	peer_send_key_update(&pair->peer, false);
	send_data(pair, "x");
	expect_data(pair, "x");
	peer_send_key_update(&pair->peer, true);
	expect_end(pair, -EKEYEXPIRED, SLUICE_DIR_FAILED);
}

struct collected {
	char data[64];
	size_t len;
	size_t max;
};

static int collect(read_descriptor_t *desc, struct sk_buff *skb,
		   unsigned int offset, size_t len)
{
	struct collected *to = desc->arg.data;

	len = min(len, to->max - to->len);
	if (skb_copy_bits(skb, offset, to->data + to->len, len))
		return -EFAULT;
	to->len += len;
	if (to->len == to->max)
		desc->count = 0;
	return len;
}

static int read_sock(struct pair *pair, struct collected *to)
{
	read_descriptor_t desc = { .count = 1, .arg.data = to };
	int rc;

	lock_sock(pair->sk);
	rc = READ_ONCE(pair->sock->ops)->read_sock(pair->sk, &desc, collect);
	release_sock(pair->sk);
	return rc;
}

static void receive_read_sock(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct collected to = { .max = 8 };
	int i;

	KUNIT_EXPECT_EQ(test, -EAGAIN, read_sock(pair, &to));
	peer_send_ticket(&pair->peer);
	KUNIT_EXPECT_EQ(test, -EAGAIN, read_sock(pair, &to));
	send_data(pair, "abc");
	peer_send_key_update(&pair->peer, true);
	send_data(pair, "");
	send_data(pair, "defghi");
	for (i = 0; i < 4 && to.len < to.max; i++)
		KUNIT_EXPECT_GT(test, read_sock(pair, &to), 0);
	KUNIT_EXPECT_EQ(test, 8, to.len);
	KUNIT_EXPECT_MEMEQ(test, to.data, "abcdefgh", 8);
	KUNIT_EXPECT_EQ(test, 8, atomic64_read(&conn_of(pair)->rx_bytes));
	/* Its answer is a worker's to send: here the socket is locked. */
	peer_expect_key_update(&pair->peer, false);
	/* What the actor did not take stays. */
	expect_data(pair, "i");

	peer_send_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	to = (struct collected){ .max = 8 };
	KUNIT_EXPECT_EQ(test, 0, read_sock(pair, &to));
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_CLOSED, conn_of(pair)->rx_state);
	KUNIT_EXPECT_EQ(test, 0, read_sock(pair, &to));
}

static void receive_read_sock_fails(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct collected to = { .max = 8 };
	u8 record[64];
	size_t len;

	len = peer_seal(&pair->peer, record, SLUICE_RECORD_DATA, "x", 1, 0);
	record[len - 1] ^= 1;
	peer_write(&pair->peer, record, len);
	KUNIT_EXPECT_EQ(test, -EBADMSG, read_sock(pair, &to));
	KUNIT_EXPECT_EQ(test, -EBADMSG, read_sock(pair, &to));
	peer_expect_alert(&pair->peer, SLUICE_ALERT_BAD_RECORD_MAC);
}

static void expect_in_pipe(struct kunit *test, struct pipe_inode_info *pipe,
			   const char *data)
{
	struct pipe_buffer *buf = pipe_buf(pipe, pipe->tail);

	KUNIT_ASSERT_FALSE(test, pipe_is_empty(pipe));
	KUNIT_ASSERT_EQ(test, strlen(data), buf->len);
	KUNIT_EXPECT_MEMEQ(test, page_address(buf->page) + buf->offset, data,
			   buf->len);
	pipe_buf_release(pipe, buf);
	pipe->tail++;
}

static void receive_splice(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct pipe_inode_info *pipe = alloc_pipe_info();
	const struct proto_ops *ops = READ_ONCE(pair->sock->ops);
	loff_t pos = 0;

	KUNIT_ASSERT_NOT_NULL(test, pipe);
	pipe->readers = 1;
	peer_send_ticket(&pair->peer);
	send_data(pair, "abc");
	peer_send_key_update(&pair->peer, false);
	send_data(pair, "def");
	KUNIT_EXPECT_EQ(test, 3, ops->splice_read(pair->sock, &pos, pipe, 10,
						  SPLICE_F_NONBLOCK));
	expect_in_pipe(test, pipe, "abc");
	KUNIT_EXPECT_EQ(test, 3, ops->splice_read(pair->sock, &pos, pipe, 10,
						  SPLICE_F_NONBLOCK));
	expect_in_pipe(test, pipe, "def");
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			ops->splice_read(pair->sock, &pos, pipe, 10,
					 SPLICE_F_NONBLOCK));
	KUNIT_EXPECT_EQ(test, 6, atomic64_read(&conn_of(pair)->rx_bytes));
	peer_send_alert(&pair->peer, SLUICE_ALERT_INTERNAL_ERROR);
	KUNIT_EXPECT_EQ(test, -ECONNABORTED,
			ops->splice_read(pair->sock, &pos, pipe, 10, 0));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED,
			ops->splice_read(pair->sock, &pos, pipe, 10, 0));
	free_pipe_info(pipe);
}

static __poll_t poll(struct pair *pair)
{
	return READ_ONCE(pair->sock->ops)->poll(NULL, pair->sock, NULL);
}

/* A socket is readable if a read has something to say. */
static void receive_poll(struct kunit *test)
{
	struct pair *pair = pair_attached(test);

	KUNIT_EXPECT_EQ(test, 0, poll(pair) & EPOLLIN);
	peer_send_ticket(&pair->peer);
	peer_send_key_update(&pair->peer, true);
	KUNIT_EXPECT_EQ(test, 0, poll(pair) & EPOLLIN);
	KUNIT_EXPECT_EQ(test, 1, conn_of(pair)->rx_key_updates);
	peer_expect_key_update(&pair->peer, false);
	send_data(pair, "x");
	KUNIT_EXPECT_EQ(test, EPOLLIN, poll(pair) & (EPOLLIN | EPOLLERR));
	expect_data(pair, "x");
	KUNIT_EXPECT_EQ(test, 0, poll(pair) & EPOLLIN);
	peer_send(&pair->peer, 99, "x", 1);
	KUNIT_EXPECT_EQ(test, EPOLLIN | EPOLLERR,
			poll(pair) & (EPOLLIN | EPOLLERR));

	pair = pair_attached(test);
	peer_send_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_EQ(test, EPOLLIN | EPOLLRDHUP,
			poll(pair) & (EPOLLIN | EPOLLRDHUP | EPOLLERR));
}

/* Very many control records are not looked through at once. */
static void receive_settle(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	int i;

	KUNIT_EXPECT_FALSE(test, sluice_receive_settle(conn));
	for (i = 0; i < 100; i++)
		peer_send_ticket(&pair->peer);
	send_data(pair, "x");
	KUNIT_EXPECT_TRUE(test, sluice_receive_settle(conn));
	KUNIT_EXPECT_LT(test, conn->tickets, 100);
	KUNIT_EXPECT_FALSE(test, sluice_receive_settle(conn));
	KUNIT_EXPECT_EQ(test, 100, conn->tickets);
	/* Data is left alone. */
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&conn->rx_bytes));
	expect_data(pair, "x");
}

static struct kunit_case receive_test_cases[] = {
	KUNIT_CASE(receive_mixed),
	KUNIT_CASE(receive_flags),
	KUNIT_CASE(receive_cmsg),
	KUNIT_CASE(receive_answers),
	KUNIT_CASE(receive_alerts),
	KUNIT_CASE(receive_types),
	KUNIT_CASE(receive_bad_records),
	KUNIT_CASE(receive_error_taken),
	KUNIT_CASE(receive_sizes),
	KUNIT_CASE(receive_split_key_update),
	KUNIT_CASE(receive_looks_like_key_update),
	KUNIT_CASE(receive_bad_messages),
	KUNIT_CASE(receive_truncated),
	KUNIT_CASE(receive_reset),
	KUNIT_CASE(receive_bare),
	KUNIT_CASE(receive_only),
	KUNIT_CASE(receive_read_sock),
	KUNIT_CASE(receive_read_sock_fails),
	KUNIT_CASE(receive_splice),
	KUNIT_CASE(receive_poll),
	KUNIT_CASE(receive_settle),
	{}
};

static struct kunit_suite receive_test_suite = {
	.name = "sluice_receive",
	.init = pair_test_init,
	.test_cases = receive_test_cases,
};

kunit_test_suite(receive_test_suite);

MODULE_DESCRIPTION("KUnit tests of Sluice's receiving side");
MODULE_LICENSE("GPL");
