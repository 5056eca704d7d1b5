// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of send.c, on real kTLS and with a peer that is played. */
#include <kunit/test.h>
#include <linux/kthread.h>
#include <linux/string.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "../attach.h"
#include "../ktls.h"
#include "../send.h"
#include "../socket.h"
#include "lib/pair.h"

static struct sluice_conn *conn_of(struct pair *pair)
{
	return sluice_conn_find(pair->sk);
}

/* A connection whose key lasts for so many records. */
static struct pair *make_short_lived(struct kunit *test, u64 records)
{
	struct pair *pair = pair_keyed(test);
	struct sluice_attach args;

	pair_fill_args(pair, &args, PAIR_BOTH);
	args.tx_update_after = records;
	KUNIT_ASSERT_EQ(test, 0, sluice_attach(pair->sk, &args));
	return pair;
}

static void send_one(struct pair *pair, const char *data)
{
	KUNIT_ASSERT_EQ(pair->test, strlen(data),
			pair_send(pair, data, strlen(data), 0));
}

static void expect_data(struct pair *pair, const char *data)
{
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, data, strlen(data));
}

/* Each key protects just so many records, and the next one follows it. */
static void send_limit(struct kunit *test)
{
	struct pair *pair = make_short_lived(test, 3);
	struct sluice_info info;
	int i;

	for (i = 0; i < 10; i++) {
		send_one(pair, "x");
		if (i && i % 3 == 0)
			peer_expect_key_update(&pair->peer, false);
		expect_data(pair, "x");
	}
	sluice_conn_info(conn_of(pair), &info);
	KUNIT_EXPECT_EQ(test, 3, info.tx_key_updates);
	KUNIT_EXPECT_EQ(test, 10, info.tx_bytes);
	KUNIT_EXPECT_EQ(test, 13, info.tx_records);
}

/* One write that is longer than a key lasts: cut, and nothing is lost. */
static void send_long(struct kunit *test)
{
	const size_t len = 5 * PEER_DATA_MAX + 100;
	struct pair *pair = make_short_lived(test, 2);
	u8 *data = kunit_kmalloc(test, len, GFP_KERNEL);
	size_t done = 0, n;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, data);
	for (done = 0; done < len; done++)
		data[done] = done * 7 + done / 256;
	KUNIT_ASSERT_EQ(test, len, pair_send(pair, data, len, 0));
	for (i = 0, done = 0; done < len; i++, done += n) {
		n = min(len - done, PEER_DATA_MAX);
		if (i && i % 2 == 0)
			peer_expect_key_update(&pair->peer, false);
		peer_expect(&pair->peer, SLUICE_RECORD_DATA, data + done, n);
	}
	KUNIT_EXPECT_EQ(test, len, conn_of(pair)->tx_bytes);
}

/* What waits for more is not lost at the change of keys. */
static void send_more(struct kunit *test)
{
	struct pair *pair = pair_attached(test);

	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "abc", 3, MSG_MORE));
	KUNIT_EXPECT_EQ(test, 0, sluice_send_key_update(conn_of(pair), false));
	send_one(pair, "def");
	expect_data(pair, "abc");
	peer_expect_key_update(&pair->peer, false);
	expect_data(pair, "def");
}

static void send_key_updates(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);

	KUNIT_EXPECT_EQ(test, 0, sluice_send_key_update(conn, true));
	peer_expect_key_update(&pair->peer, true);
	KUNIT_EXPECT_EQ(test, 0, sluice_send_key_update(conn, false));
	peer_expect_key_update(&pair->peer, false);
	send_one(pair, "x");
	expect_data(pair, "x");
	KUNIT_EXPECT_EQ(test, 2, conn->tx_key_updates);

	sluice_send_close(conn);
	KUNIT_EXPECT_EQ(test, -EPIPE, sluice_send_key_update(conn, false));
}

static void send_bare(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);

	KUNIT_ASSERT_EQ(test, 0, sluice_attach_bare(pair->sk));
	KUNIT_EXPECT_EQ(test, -EKEYEXPIRED,
			sluice_send_key_update(conn_of(pair), false));
	/* At the AEAD's limit it ends, rather than pass it. */
	conn_of(pair)->tx_update_after = 2;
	send_one(pair, "x");
	send_one(pair, "y");
	KUNIT_EXPECT_EQ(test, -EKEYEXPIRED, pair_send(pair, "z", 1, 0));
	KUNIT_EXPECT_EQ(test, 2, conn_of(pair)->tx_bytes);
}

/* Nothing more is there for the peer. */
static void expect_nothing(struct pair *pair)
{
	KUNIT_EXPECT_EQ(pair->test, 0, tcp_inq(pair->peer.sock->sk));
}

/* While somebody sends, what is owed is noted; then one answer is enough. */
static void send_owed(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	int i;

	mutex_lock(&conn->tx_lock);
	for (i = 0; i < 3; i++) {
		sluice_owe_key_update(conn, false);
		sluice_send_owed(conn);
	}
	expect_nothing(pair);
	mutex_unlock(&conn->tx_lock);
	sluice_send_owed(conn);
	peer_expect_key_update(&pair->peer, false);
	expect_nothing(pair);
	KUNIT_EXPECT_EQ(test, 0, conn->owed);

	/* One that asks answers, too. */
	mutex_lock(&conn->tx_lock);
	sluice_owe_key_update(conn, false);
	sluice_owe_key_update(conn, true);
	mutex_unlock(&conn->tx_lock);
	sluice_send_owed_later(conn);
	peer_expect_key_update(&pair->peer, true);
	expect_nothing(pair);

	/* A writer sends it before its data. */
	set_bit(SLUICE_OWE_KEY_UPDATE, &conn->owed);
	send_one(pair, "x");
	peer_expect_key_update(&pair->peer, false);
	expect_data(pair, "x");

	/* Who lets go of the lock looks for what else there is to send. */
	set_bit(SLUICE_OWE_KEY_REQUEST, &conn->owed);
	KUNIT_EXPECT_EQ(test, 0, sluice_send_key_update(conn, false));
	peer_expect_key_update(&pair->peer, false);
	peer_expect_key_update(&pair->peer, true);

	/* And nothing once the end was said. */
	sluice_send_close(conn);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	sluice_owe_key_update(conn, true);
	sluice_send_owed(conn);
	KUNIT_EXPECT_EQ(test, 0, conn->owed);
	expect_nothing(pair);
}

/* Nobody reads, until no octet fits any more: octets that were taken. */
static size_t fill(struct pair *pair)
{
	u8 *data = kunit_kzalloc(pair->test, 4096, GFP_KERNEL);
	size_t done = 0, before;
	int rc;

	KUNIT_ASSERT_NOT_NULL(pair->test, data);
	pair_bound(pair);
	do {
		before = done;
		while ((rc = pair_send(pair, data, 4096, MSG_DONTWAIT)) > 0)
			done += rc;
		KUNIT_ASSERT_EQ(pair->test, -EAGAIN, rc);
		pair_wait_stuck(pair);
	} while (done != before);
	return done;
}

static void drain(struct pair *pair, size_t left)
{
	u8 *data = kunit_kmalloc(pair->test, PEER_DATA_MAX, GFP_KERNEL);
	u8 type;
	int rc;

	KUNIT_ASSERT_NOT_NULL(pair->test, data);
	while (left) {
		rc = peer_read(&pair->peer, &type, data, PEER_DATA_MAX);
		KUNIT_ASSERT_GT(pair->test, rc, 0);
		KUNIT_ASSERT_EQ(pair->test, SLUICE_RECORD_DATA, type);
		KUNIT_ASSERT_LE(pair->test, rc, left);
		left -= rc;
	}
}

/* What does not fit is sent when it does, with nobody's help. */
static void send_owed_full(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	size_t len = fill(pair);

	KUNIT_EXPECT_EQ(test, len, conn->tx_bytes);
	/* Not even what TCP can still get rid of makes room. */
	WRITE_ONCE(pair->sk->sk_sndbuf, 1);
	sluice_owe_key_update(conn, false);
	sluice_send_owed(conn);
	msleep(100);
	KUNIT_EXPECT_EQ(test, BIT(SLUICE_OWE_KEY_UPDATE), conn->owed);
	KUNIT_EXPECT_EQ(test, 0, conn->tx_key_updates);
	drain(pair, len);
	peer_expect_key_update(&pair->peer, false);
	send_one(pair, "x");
	expect_data(pair, "x");
}

/* A record that ends the connection has to fit. */
static void send_alert_full(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	size_t len = fill(pair);

	sluice_owe_alert(conn, SLUICE_ALERT_DECODE_ERROR);
	/* The first one counts. */
	sluice_owe_alert(conn, SLUICE_ALERT_INTERNAL_ERROR);
	sluice_owe_key_update(conn, false);
	sluice_send_owed(conn);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_FAILED, conn->tx_state);
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_DECODE_ERROR, conn->alert_sent);
	KUNIT_EXPECT_EQ(test, 0, conn->owed);
	KUNIT_EXPECT_EQ(test, SZ_64K, pair->sk->sk_sndbuf);
	drain(pair, len);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_DECODE_ERROR);
	KUNIT_EXPECT_EQ(test, -EPIPE, pair_send(pair, "x", 1, 0));
	expect_nothing(pair);
}

static void send_close_full(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	size_t len = fill(pair);

	sluice_send_close(conn);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_CLOSED, conn->tx_state);
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_CLOSE_NOTIFY, conn->alert_sent);
	sluice_send_close(conn);
	drain(pair, len);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	expect_nothing(pair);
	KUNIT_EXPECT_EQ(test, -EPIPE, pair_send(pair, "x", 1, 0));
}

static int finish(void *data)
{
	return sluice_send_finish(data);
}

/* A writer who is cut off is not to seem to have ended; else wait for him. */
static void send_close_busy(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	struct task_struct *task;

	mutex_lock(&conn->tx_lock);
	sluice_send_close(conn);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN, conn->tx_state);
	task = kthread_create(finish, conn, "finish");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	msleep(50);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN, READ_ONCE(conn->tx_state));
	expect_nothing(pair);
	mutex_unlock(&conn->tx_lock);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	kthread_stop_put(task);

	KUNIT_EXPECT_EQ(test, 0, sluice_send_finish(conn));
	expect_nothing(pair);
	WRITE_ONCE(conn->tx_state, SLUICE_DIR_FAILED);
	KUNIT_EXPECT_EQ(test, -EPIPE, sluice_send_finish(conn));
}

/* The last words: what is owed, and the end unless a reset is asked for. */
static void send_last(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	size_t len;

	set_bit(SLUICE_OWE_KEY_UPDATE, &conn_of(pair)->owed);
	sluice_send_last(conn_of(pair));
	peer_expect_key_update(&pair->peer, false);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);

	pair = pair_attached(test);
	len = fill(pair);
	sluice_owe_alert(conn_of(pair), SLUICE_ALERT_INTERNAL_ERROR);
	sluice_send_last(conn_of(pair));
	drain(pair, len);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_INTERNAL_ERROR);
	expect_nothing(pair);

	pair = pair_attached(test);
	sock_no_linger(pair->sk);
	sluice_send_last(conn_of(pair));
	expect_nothing(pair);
}

/* As a program that knows kTLS. */
static int send_control(struct pair *pair, int cmsg_type, u8 type,
			const void *data, size_t len)
{
	union {
		struct cmsghdr hdr;
		u8 room[CMSG_SPACE(sizeof(type))];
	} cmsg = {
		.hdr.cmsg_level = SOL_TLS,
		.hdr.cmsg_type = cmsg_type,
		.hdr.cmsg_len = CMSG_LEN(sizeof(type)),
	};
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = {
		.msg_control = &cmsg,
		.msg_controllen = sizeof(cmsg),
		.msg_flags = MSG_NOSIGNAL,
	};

	*(u8 *)CMSG_DATA(&cmsg.hdr) = type;
	return kernel_sendmsg(pair->sock, &msg, &vec, 1, len);
}

static int send_type(struct pair *pair, u8 type, const void *data, size_t len)
{
	return send_control(pair, TLS_SET_RECORD_TYPE, type, data, len);
}

static void send_users_control(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	int type;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			send_control(pair, TLS_GET_RECORD_TYPE,
				     SLUICE_RECORD_DATA, "x", 1));
	KUNIT_EXPECT_EQ(test, 1, send_type(pair, SLUICE_RECORD_DATA, "x", 1));
	expect_data(pair, "x");
	KUNIT_EXPECT_EQ(test, 5, send_type(pair, SLUICE_RECORD_HANDSHAKE,
					   "\4\0\0\1x", 5));
	peer_expect(&pair->peer, SLUICE_RECORD_HANDSHAKE, "\4\0\0\1x", 5);
	/* The key would have to follow. */
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			send_type(pair, SLUICE_RECORD_HANDSHAKE,
				  "\30\0\0\1\0", 5));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			send_type(pair, SLUICE_RECORD_HANDSHAKE, "", 0));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			send_type(pair, SLUICE_RECORD_ALERT, "\1", 1));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			send_type(pair, SLUICE_RECORD_ALERT, "\1\0\0", 3));
	for (type = 0; type < 256; type++)
		if (type < SLUICE_RECORD_ALERT || type > SLUICE_RECORD_DATA)
			KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
					send_type(pair, type, "\1\0", 2));
	expect_nothing(pair);

	KUNIT_EXPECT_EQ(test, 2, send_type(pair, SLUICE_RECORD_ALERT,
					   "\1\x5a", 2));
	peer_expect_alert(&pair->peer, SLUICE_ALERT_USER_CANCELED);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN, conn->tx_state);
	KUNIT_EXPECT_EQ(test, 2, send_type(pair, SLUICE_RECORD_ALERT,
					   "\1\0", 2));
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_CLOSED, conn->tx_state);
	KUNIT_EXPECT_EQ(test, -EPIPE,
			send_type(pair, SLUICE_RECORD_ALERT, "\1\0", 2));

	pair = pair_attached(test);
	KUNIT_EXPECT_EQ(test, 2, send_type(pair, SLUICE_RECORD_ALERT,
					   "\2\x28", 2));
	peer_expect_alert(&pair->peer, 40);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_FAILED, conn_of(pair)->tx_state);
	KUNIT_EXPECT_EQ(test, 40, conn_of(pair)->alert_sent);
}

/* Who only ever writes follows the peer, too; a driver has others for that. */
static void send_follows(struct kunit *test)
{
	struct pair *pair = pair_attached(test);

	peer_send_key_update(&pair->peer, true);
	send_one(pair, "x");
	peer_expect_key_update(&pair->peer, false);
	expect_data(pair, "x");
	KUNIT_EXPECT_EQ(test, 1, conn_of(pair)->rx_key_updates);

	WRITE_ONCE(conn_of(pair)->driven, true);
	peer_send_key_update(&pair->peer, true);
	send_one(pair, "y");
	expect_data(pair, "y");
	KUNIT_EXPECT_EQ(test, 1, conn_of(pair)->rx_key_updates);
	WRITE_ONCE(conn_of(pair)->driven, false);

	peer_send_alert(&pair->peer, SLUICE_ALERT_INTERNAL_ERROR);
	KUNIT_EXPECT_EQ(test, -EPIPE, pair_send(pair, "z", 1, 0));
}

static struct kunit_case send_test_cases[] = {
	KUNIT_CASE(send_limit),
	KUNIT_CASE(send_long),
	KUNIT_CASE(send_more),
	KUNIT_CASE(send_key_updates),
	KUNIT_CASE(send_bare),
	KUNIT_CASE(send_owed),
	KUNIT_CASE(send_owed_full),
	KUNIT_CASE(send_alert_full),
	KUNIT_CASE(send_close_full),
	KUNIT_CASE(send_close_busy),
	KUNIT_CASE(send_last),
	KUNIT_CASE(send_users_control),
	KUNIT_CASE(send_follows),
	{}
};

static struct kunit_suite send_test_suite = {
	.name = "sluice_send",
	.init = pair_test_init,
	.test_cases = send_test_cases,
};

kunit_test_suite(send_test_suite);

MODULE_DESCRIPTION("KUnit tests of Sluice's sending side");
MODULE_LICENSE("GPL");
