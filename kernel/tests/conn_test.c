// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of conn.c. */
#include <kunit/test.h>
#include <linux/string.h>
#include <net/sock.h>

#include "../send.h"
#include "../socket.h"
#include "lib/pair.h"

/* A new connection has nothing yet; nobody knows of it. */
static void conn_alloc(struct kunit *test)
{
	const struct sluice_cipher *cipher =
		sluice_cipher_find(TLS_CIPHER_AES_GCM_128);
	struct pair *pair = pair_keyed(test);
	struct sluice_net *sn = sluice_net(pair_net(test));
	struct sluice_info info;
	struct sluice_conn *conn;

	conn = sluice_conn_alloc(pair->sk, cipher);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_EXPECT_PTR_EQ(test, pair->sk, conn->sk);
	KUNIT_EXPECT_EQ(test, task_tgid_nr(current), conn->pid);
	sluice_conn_info(conn, &info);
	KUNIT_EXPECT_EQ(test, 0, info.id);
	KUNIT_EXPECT_EQ(test, TLS_1_3_VERSION, info.version);
	KUNIT_EXPECT_EQ(test, TLS_CIPHER_AES_GCM_128, info.cipher_type);
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_NONE, info.alert_sent);
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_NONE, info.alert_received);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_DETACHED, info.tx_state);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_DETACHED, info.rx_state);
	KUNIT_EXPECT_TRUE(test, list_empty(&sn->conns));
	KUNIT_EXPECT_EQ(test, 0, sn->ended.attached);
	sluice_conn_free(conn);
}

/* The list is in the order of the numbers, whoever leaves. */
static void conn_list(struct kunit *test)
{
	struct sluice_net *sn = sluice_net(pair_net(test));
	struct sluice_conn *conn;
	struct pair *pairs[9];
	u64 last = 0;
	int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		pairs[i] = pair_attached(test);
		conn = sluice_conn_find(pairs[i]->sk);
		KUNIT_EXPECT_EQ(test, i + 1, conn->id);
		KUNIT_EXPECT_PTR_EQ(test, NULL, conn->session);
	}
	for (i = 0; i < ARRAY_SIZE(pairs); i += 2)
		pair_close(pairs[i]);
	KUNIT_EXPECT_EQ(test, 10,
			sluice_conn_find(pair_attached(test)->sk)->id);

	mutex_lock(&sn->lock);
	list_for_each_entry(conn, &sn->conns, node) {
		KUNIT_EXPECT_GT(test, conn->id, last);
		last = conn->id;
		n++;
	}
	mutex_unlock(&sn->lock);
	KUNIT_EXPECT_EQ(test, 5, n);
	KUNIT_EXPECT_EQ(test, 10, sn->ended.attached);
	/* Other namespaces have lists of their own. */
	KUNIT_EXPECT_TRUE(test, list_empty(&sluice_net(&init_net)->conns));
}

/* Counters, over changes of keys, and the same once it has ended. */
static void conn_counters(struct kunit *test)
{
	struct sluice_net *sn = sluice_net(pair_net(test));
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = sluice_conn_find(pair->sk);
	struct sluice_totals totals = { .attached = 7 };
	struct sluice_info info;

	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "abc", 3, 0));
	KUNIT_EXPECT_EQ(test, 0, sluice_send_key_update(conn, false));
	KUNIT_EXPECT_EQ(test, 2, pair_send(pair, "de", 2, 0));
	peer_send_ticket(&pair->peer);
	peer_send_key_update(&pair->peer, false);
	peer_send(&pair->peer, SLUICE_RECORD_DATA, "fghi", 4);
	pair_expect(pair, "fghi", 4);
	peer_send_alert(&pair->peer, 40);
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, pair_recv(pair, &info, 1, 0));

	sluice_conn_info(conn, &info);
	KUNIT_EXPECT_EQ(test, 5, info.tx_bytes);
	KUNIT_EXPECT_EQ(test, 4, info.rx_bytes);
	KUNIT_EXPECT_EQ(test, 3, info.tx_records);
	KUNIT_EXPECT_EQ(test, 4, info.rx_records);
	KUNIT_EXPECT_EQ(test, 1, info.tx_key_updates);
	KUNIT_EXPECT_EQ(test, 1, info.rx_key_updates);
	KUNIT_EXPECT_EQ(test, 1, info.tickets);
	KUNIT_EXPECT_EQ(test, 40, info.alert_received);
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_NONE, info.alert_sent);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_FAILED, info.tx_state);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_FAILED, info.rx_state);

	sluice_totals_add(&totals, conn);
	sluice_totals_add(&totals, conn);
	KUNIT_EXPECT_EQ(test, 7, totals.attached);
	KUNIT_EXPECT_EQ(test, 10, totals.tx_bytes);
	KUNIT_EXPECT_EQ(test, 8, totals.rx_bytes);
	KUNIT_EXPECT_EQ(test, 6, totals.tx_records);
	KUNIT_EXPECT_EQ(test, 8, totals.rx_records);
	KUNIT_EXPECT_EQ(test, 2, totals.tx_key_updates);
	KUNIT_EXPECT_EQ(test, 2, totals.rx_key_updates);
	KUNIT_EXPECT_EQ(test, 2, totals.tickets);
	KUNIT_EXPECT_EQ(test, 2, totals.alerts_received);
	KUNIT_EXPECT_EQ(test, 0, totals.alerts_sent);
	KUNIT_EXPECT_EQ(test, 0, totals.truncated);

	pair_close(pair);
	KUNIT_EXPECT_EQ(test, 1, sn->ended.attached);
	KUNIT_EXPECT_EQ(test, 5, sn->ended.tx_bytes);
	KUNIT_EXPECT_EQ(test, 4, sn->ended.rx_bytes);
	KUNIT_EXPECT_EQ(test, 3, sn->ended.tx_records);
	KUNIT_EXPECT_EQ(test, 4, sn->ended.rx_records);
	KUNIT_EXPECT_EQ(test, 1, sn->ended.alerts_received);
}

/* An orderly end is no error. */
static void conn_alerts(struct kunit *test)
{
	struct sluice_net *sn = sluice_net(pair_net(test));
	struct pair *pair = pair_attached(test);
	u8 octet;

	peer_send_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_EQ(test, 0, pair_recv(pair, &octet, 1, 0));
	sluice_send_close(sluice_conn_find(pair->sk));
	pair_close(pair);
	KUNIT_EXPECT_EQ(test, 0, sn->ended.alerts_sent);
	KUNIT_EXPECT_EQ(test, 0, sn->ended.alerts_received);

	/* A direction that is not ours counts nothing. */
	pair = pair_keyed(test);
	KUNIT_EXPECT_EQ(test, 1, pair_send(pair, "x", 1, 0));
	pair_attach(pair, SLUICE_ATTACH_RX);
	pair_close(pair);
	KUNIT_EXPECT_EQ(test, 1, sn->ended.tx_records);	/* close_notify */
}

static struct kunit_case conn_test_cases[] = {
	KUNIT_CASE(conn_alloc),
	KUNIT_CASE(conn_list),
	KUNIT_CASE(conn_counters),
	KUNIT_CASE(conn_alerts),
	{}
};

static struct kunit_suite conn_test_suite = {
	.name = "sluice_conn",
	.init = pair_test_init,
	.test_cases = conn_test_cases,
};

kunit_test_suite(conn_test_suite);

MODULE_DESCRIPTION("KUnit tests of Sluice's connections");
MODULE_LICENSE("GPL");
