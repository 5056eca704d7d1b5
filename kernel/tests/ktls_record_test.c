// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of ktls_record.c, on real kTLS and with a peer that is played. */
#include <kunit/test.h>
#include <linux/string.h>
#include <net/sock.h>

#include "../ktls.h"
#include "../socket.h"
#include "lib/pair.h"

static struct sluice_conn *conn_of(struct pair *pair)
{
	return sluice_conn_find(pair->sk);
}

static void record_control(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	struct sluice_record record;
	u8 data[300], got[300];
	size_t at;
	int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i;
	KUNIT_EXPECT_FALSE(test, pair_control(pair, &record));
	KUNIT_EXPECT_FALSE(test, sluice_ktls_rx_unseen(conn));
	peer_send(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
	peer_send(&pair->peer, 99, data, sizeof(data));
	peer_send(&pair->peer, SLUICE_RECORD_ALERT, "\1\0", 2);
	KUNIT_EXPECT_TRUE(test, sluice_ktls_rx_unseen(conn));
	/* Nobody has decrypted it. */
	KUNIT_EXPECT_FALSE(test, pair_control(pair, &record));

	KUNIT_EXPECT_EQ(test, 1, pair_meet(pair));
	KUNIT_EXPECT_EQ(test, -EIO, pair_meet(pair));
	KUNIT_EXPECT_FALSE(test, sluice_ktls_rx_unseen(conn));
	KUNIT_ASSERT_TRUE(test, pair_control(pair, &record));
	KUNIT_EXPECT_EQ(test, 99, record.type);
	KUNIT_EXPECT_EQ(test, 1, record.seq);
	KUNIT_ASSERT_EQ(test, sizeof(data), record.len);
	for (at = 0; at < sizeof(data); at += 50)
		KUNIT_EXPECT_EQ(test, 0, sluice_ktls_copy(&record, at, got + at,
							  50));
	KUNIT_EXPECT_MEMEQ(test, got, data, sizeof(data));
	KUNIT_EXPECT_NE(test, 0, sluice_ktls_copy(&record, sizeof(data) + 60,
						  got, 1));

	/* It stays until it is taken. */
	KUNIT_EXPECT_EQ(test, -EIO, pair_meet(pair));
	pair_consume(pair, &record);
	KUNIT_EXPECT_PTR_EQ(test, NULL, record.skb);
	KUNIT_EXPECT_FALSE(test, pair_control(pair, &record));
	KUNIT_EXPECT_EQ(test, -EIO, pair_meet(pair));
	KUNIT_ASSERT_TRUE(test, pair_control(pair, &record));
	KUNIT_EXPECT_EQ(test, SLUICE_RECORD_ALERT, record.type);
	KUNIT_EXPECT_EQ(test, 2, record.seq);
	KUNIT_EXPECT_EQ(test, 2, record.len);
	pair_consume(pair, &record);
}

static void record_stopped(struct kunit *test)
{
	struct pair *pair = pair_attached(test);

	peer_send(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
	KUNIT_EXPECT_FALSE(test, sluice_ktls_rx_stopped(conn_of(pair)));
	KUNIT_EXPECT_EQ(test, 1, pair_meet(pair));
	peer_write(&pair->peer, "HTTP/1.1", 8);
	KUNIT_EXPECT_LT(test, pair_meet(pair), 0);
	KUNIT_EXPECT_TRUE(test, sluice_ktls_rx_stopped(conn_of(pair)));
}

static void record_send_control(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	int type;

	/* What waits for more goes first, in a record of its own. */
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "abc", 3, MSG_MORE));
	mutex_lock(&conn->tx_lock);
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_send_control(conn, 99, "de", 2, 0));
	for (type = 1; type < 256; type++)
		KUNIT_EXPECT_EQ(test, 0, sluice_ktls_send_control(conn, type,
								  "f", 1, 0));
	mutex_unlock(&conn->tx_lock);
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, "abc", 3);
	peer_expect(&pair->peer, 99, "de", 2);
	for (type = 1; type < 256; type++)
		peer_expect(&pair->peer, type, "f", 1);
}

static struct kunit_case ktls_record_test_cases[] = {
	KUNIT_CASE(record_control),
	KUNIT_CASE(record_stopped),
	KUNIT_CASE(record_send_control),
	{}
};

static struct kunit_suite ktls_record_test_suite = {
	.name = "sluice_ktls_record",
	.init = pair_test_init,
	.test_cases = ktls_record_test_cases,
};

kunit_test_suite(ktls_record_test_suite);

MODULE_DESCRIPTION("KUnit tests of records that Sluice takes from kTLS");
MODULE_LICENSE("GPL");
