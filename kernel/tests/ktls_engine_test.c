// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of ktls_engine.c, on real kTLS and with a peer that is played. */
#include <kunit/test.h>
#include <linux/list.h>
#include <linux/string.h>
#include <net/sock.h>
#include <net/tls.h>

#include "../ktls.h"
#include "../socket.h"
#include "lib/pair.h"

static struct sluice_conn *conn_of(struct pair *pair)
{
	return sluice_conn_find(pair->sk);
}

static void engine_modes(struct kunit *test)
{
	struct sluice_engine_info info;
	struct pair *pair = pair_connect(test, AF_INET);
	struct sluice_key key;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
	pair_set_ulp(pair);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
	pair_set_keys(pair, TLS_CIPHER_CHACHA20_POLY1305, PAIR_BOTH);
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_engine_info(pair->sk, &info));
	KUNIT_EXPECT_EQ(test, SLUICE_ENGINE_INLINE, info.mode);
	tls_get_ctx(pair->sk)->prot_info.version = TLS_1_2_VERSION;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
	tls_get_ctx(pair->sk)->prot_info.version = TLS_1_3_VERSION;

	/* A record is open: its request has the size of the AEAD before. */
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "abc", 3, MSG_MORE));
	KUNIT_EXPECT_EQ(test, -EBUSY,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "def", 3, 0));
	KUNIT_EXPECT_EQ(test, 0,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "ghi", 3, 0));
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, "abcdef", 6);
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, "ghi", 3);
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_engine_info(pair->sk, &info));
	KUNIT_EXPECT_EQ(test, SLUICE_ENGINE_FORCED, info.mode);
	KUNIT_EXPECT_EQ(test, 1, info.records_spread);

	/* A new key goes to where records are encrypted. */
	pair_attach(pair, PAIR_BOTH);
	peer_update(&pair->peer, &pair->peer.rx);
	sluice_key_derive(&key, &pair->peer.rx.secret, pair->cipher);
	mutex_lock(&conn_of(pair)->tx_lock);
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_rekey_tx(conn_of(pair), &key));
	mutex_unlock(&conn_of(pair)->tx_lock);
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "jkl", 3, 0));
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, "jkl", 3);
	KUNIT_EXPECT_EQ(test, 0,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_INLINE));
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "mno", 3, 0));
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, "mno", 3);
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_engine_info(pair->sk, &info));
	KUNIT_EXPECT_EQ(test, 1, info.records_inline);
	KUNIT_EXPECT_EQ(test, 2, info.records_spread);
}

/* A record that is encrypted, and waits for room at the peer. */
static void engine_unsent(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls_get_ctx(pair->sk));
	struct list_head record;

	list_add(&record, &tx->tx_list);
	KUNIT_EXPECT_EQ(test, -EBUSY,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
	list_del(&record);
	KUNIT_EXPECT_EQ(test, 0,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
}

/* A write that is long enough is announced to the engine. */
static void engine_bursts(struct kunit *test)
{
	const size_t len = 16 * PEER_DATA_MAX;
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);

	mutex_lock(&conn->tx_lock);
	KUNIT_EXPECT_FALSE(test, sluice_ktls_burst_begin(conn, len, false));
	KUNIT_EXPECT_EQ(test, 0,
			sluice_ktls_set_engine(pair->sk, SLUICE_ENGINE_FORCED));
	KUNIT_EXPECT_FALSE(test, sluice_ktls_burst_begin(conn, 100, false));
	/* What fills the last record only in part makes one more. */
	KUNIT_EXPECT_FALSE(test, sluice_ktls_burst_begin(conn, 7 * PEER_DATA_MAX,
							 false));
	KUNIT_EXPECT_TRUE(test, sluice_ktls_burst_begin(conn, 7 * PEER_DATA_MAX + 1,
							false));
	sluice_ktls_burst_end(conn, false);
	KUNIT_EXPECT_TRUE(test, sluice_ktls_burst_begin(conn, len, false));
	tls_sw_ctx_tx(tls_get_ctx(pair->sk))->async_capable = 1;
	sluice_ktls_burst_end(conn, true);
	KUNIT_EXPECT_TRUE(test,
			  tls_sw_ctx_tx(tls_get_ctx(pair->sk))->async_capable);
	KUNIT_EXPECT_TRUE(test, sluice_ktls_burst_begin(conn, len, false));
	sluice_ktls_burst_end(conn, false);
	KUNIT_EXPECT_FALSE(test,
			   tls_sw_ctx_tx(tls_get_ctx(pair->sk))->async_capable);
	mutex_unlock(&conn->tx_lock);
}

static struct kunit_case ktls_engine_test_cases[] = {
	KUNIT_CASE(engine_modes),
	KUNIT_CASE(engine_unsent),
	KUNIT_CASE(engine_bursts),
	{}
};

static struct kunit_suite ktls_engine_test_suite = {
	.name = "sluice_ktls_engine",
	.init = pair_test_init,
	.test_cases = ktls_engine_test_cases,
};

kunit_test_suite(ktls_engine_test_suite);

MODULE_DESCRIPTION("KUnit tests of the record engine in kTLS");
MODULE_LICENSE("GPL");
