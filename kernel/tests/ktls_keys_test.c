// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of ktls_keys.c, on real kTLS and with a peer that is played. */
#include <kunit/test.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <net/sock.h>
#include <net/tls.h>

#include "../ktls.h"
#include "../socket.h"
#include "lib/pair.h"

static const u16 ciphers[] = {
	TLS_CIPHER_AES_GCM_128, TLS_CIPHER_AES_GCM_256,
	TLS_CIPHER_CHACHA20_POLY1305,
};

static struct sluice_conn *conn_of(struct pair *pair)
{
	return sluice_conn_find(pair->sk);
}

static int check(struct pair *pair, bool tx, const struct sluice_key *key,
		 u64 seq)
{
	int rc;

	lock_sock(pair->sk);
	rc = sluice_ktls_check(pair->sk, pair->cipher, tx, key, seq);
	release_sock(pair->sk);
	return rc;
}

/* The key that the peer has for the other direction. */
static void key_of(struct pair *pair, bool tx, struct sluice_key *key)
{
	sluice_key_derive(key, tx ? &pair->peer.rx.secret :
				    &pair->peer.tx.secret, pair->cipher);
}

/* Each bit of the key counts, and each of the IV. */
static void keys_check_key(struct kunit *test)
{
	struct sluice_key key;
	struct pair *pair;
	unsigned int bit;
	size_t i;
	int tx;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++) {
		pair = pair_connect(test, AF_INET);
		pair_set_ulp(pair);
		pair_set_keys(pair, ciphers[i], PAIR_BOTH);
		for (tx = 0; tx <= 1; tx++) {
			key_of(pair, tx, &key);
			KUNIT_EXPECT_EQ(test, 0, check(pair, tx, &key, 0));
			KUNIT_EXPECT_EQ(test, -EKEYREJECTED,
					check(pair, !tx, &key, 0));
			for (bit = 0; bit < 8 * pair->cipher->key_len; bit++) {
				key.key[bit / 8] ^= BIT(bit % 8);
				KUNIT_ASSERT_EQ(test, -EKEYREJECTED,
						check(pair, tx, &key, 0));
				key.key[bit / 8] ^= BIT(bit % 8);
			}
			for (bit = 0; bit < 8 * sizeof(key.iv); bit++) {
				key.iv[bit / 8] ^= BIT(bit % 8);
				KUNIT_ASSERT_EQ(test, -EKEYREJECTED,
						check(pair, tx, &key, 0));
				key.iv[bit / 8] ^= BIT(bit % 8);
			}
		}
		pair_close(pair);
	}
}

/* kTLS may be ahead of what the program knows of, but not behind it. */
static void keys_check_seq(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct sluice_key key;
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_ASSERT_EQ(test, 1, pair_send(pair, "x", 1, 0));
	key_of(pair, true, &key);
	KUNIT_EXPECT_EQ(test, 0, check(pair, true, &key, 2));
	KUNIT_EXPECT_EQ(test, 0, check(pair, true, &key, 3));
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, check(pair, true, &key, 4));
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, check(pair, true, &key, U64_MAX));

	peer_send(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
	pair_expect(pair, "x", 1);
	key_of(pair, false, &key);
	KUNIT_EXPECT_EQ(test, 0, check(pair, false, &key, 1));
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED, check(pair, false, &key, 2));
}

static void keys_check_other(struct kunit *test)
{
	struct pair *pair = pair_connect(test, AF_INET);
	struct tls_context *ctx;
	struct sluice_key key;

	pair_set_ulp(pair);
	pair_set_keys(pair, TLS_CIPHER_AES_GCM_256, SLUICE_ATTACH_TX);
	ctx = tls_get_ctx(pair->sk);
	key_of(pair, true, &key);
	KUNIT_EXPECT_EQ(test, 0, check(pair, true, &key, 0));
	key_of(pair, false, &key);
	KUNIT_EXPECT_EQ(test, -EINVAL, check(pair, false, &key, 0));

	key_of(pair, true, &key);
	pair->cipher = sluice_cipher_find(TLS_CIPHER_AES_GCM_128);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, check(pair, true, &key, 0));
	pair->cipher = sluice_cipher_find(TLS_CIPHER_AES_GCM_256);
	ctx->prot_info.version = TLS_1_2_VERSION;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, check(pair, true, &key, 0));
	ctx->prot_info.version = TLS_1_3_VERSION;
}

/* The numbers are counted octet by octet: over a carry, too. */
static void keys_seq(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	int i;

	for (i = 0; i < 300; i++) {
		KUNIT_ASSERT_EQ(test, i, sluice_ktls_tx_seq(conn));
		KUNIT_ASSERT_EQ(test, i, sluice_ktls_rx_seq(conn));
		KUNIT_ASSERT_EQ(test, 1, pair_send(pair, "x", 1, 0));
		peer_expect(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
		peer_send(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
		pair_expect(pair, "x", 1);
	}
}

/* What getsockopt() returns is the key that is in use. */
static void expect_getsockopt(struct pair *pair, bool tx)
{
	struct tls_context *ctx = tls_get_ctx(pair->sk);
	struct tls12_crypto_info_aes_gcm_128 *info = tx ?
		&ctx->crypto_send.aes_gcm_128 : &ctx->crypto_recv.aes_gcm_128;
	struct sluice_key key;

	key_of(pair, tx, &key);
	KUNIT_EXPECT_MEMEQ(pair->test, info->key, key.key, sizeof(info->key));
	KUNIT_EXPECT_MEMEQ(pair->test, info->salt, key.iv, sizeof(info->salt));
	KUNIT_EXPECT_MEMEQ(pair->test, info->iv, key.iv + sizeof(info->salt),
			   sizeof(info->iv));
	KUNIT_EXPECT_EQ(pair->test, 0, get_unaligned_be64(info->rec_seq));
	KUNIT_EXPECT_EQ(pair->test, 0, check(pair, tx, &key, 0));
}

static void keys_rekey_tx(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);
	struct sluice_key key;
	int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, 1, pair_send(pair, "x", 1, 0));
		peer_expect(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
		peer_update(&pair->peer, &pair->peer.rx);
		key_of(pair, true, &key);
		mutex_lock(&conn->tx_lock);
		KUNIT_EXPECT_EQ(test, 0, sluice_ktls_rekey_tx(conn, &key));
		mutex_unlock(&conn->tx_lock);
		KUNIT_EXPECT_EQ(test, 0, sluice_ktls_tx_seq(conn));
		expect_getsockopt(pair, true);
	}
}

static void keys_rekey_rx(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_record record;
	struct sluice_key key;
	int i;

	for (i = 0; i < 3; i++) {
		peer_send_key_update(&pair->peer, false);
		peer_send(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
		KUNIT_EXPECT_EQ(test, -EIO, pair_meet(pair));
		KUNIT_ASSERT_TRUE(test, pair_control(pair, &record));
		pair_consume(pair, &record);
		KUNIT_EXPECT_EQ(test, -EKEYEXPIRED, pair_meet(pair));
		key_of(pair, false, &key);
		lock_sock(pair->sk);
		KUNIT_EXPECT_EQ(test, 0,
				sluice_ktls_rekey_rx(conn_of(pair), &key));
		release_sock(pair->sk);
		KUNIT_EXPECT_EQ(test, 0, sluice_ktls_rx_seq(conn_of(pair)));
		expect_getsockopt(pair, false);
		pair_expect(pair, "x", 1);
	}
}

/* What only looks like a KeyUpdate: kTLS goes on under its key. */
static void keys_no_rekey(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_record record;

	peer_send(&pair->peer, SLUICE_RECORD_HANDSHAKE, "\30", 1);
	peer_send(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
	KUNIT_EXPECT_EQ(test, -EIO, pair_meet(pair));
	KUNIT_ASSERT_TRUE(test, pair_control(pair, &record));
	pair_consume(pair, &record);
	KUNIT_EXPECT_EQ(test, -EKEYEXPIRED, pair_meet(pair));
	lock_sock(pair->sk);
	sluice_ktls_no_rekey(conn_of(pair));
	/* Again: nothing. */
	sluice_ktls_no_rekey(conn_of(pair));
	release_sock(pair->sk);
	KUNIT_EXPECT_EQ(test, 1, pair_meet(pair));
}

static struct kunit_case ktls_keys_test_cases[] = {
	KUNIT_CASE(keys_check_key),
	KUNIT_CASE(keys_check_seq),
	KUNIT_CASE(keys_check_other),
	KUNIT_CASE(keys_seq),
	KUNIT_CASE(keys_rekey_tx),
	KUNIT_CASE(keys_rekey_rx),
	KUNIT_CASE(keys_no_rekey),
	{}
};

static struct kunit_suite ktls_keys_test_suite = {
	.name = "sluice_ktls_keys",
	.init = pair_test_init,
	.test_cases = ktls_keys_test_cases,
};

kunit_test_suite(ktls_keys_test_suite);

MODULE_DESCRIPTION("KUnit tests of kTLS's keys in Sluice's hands");
MODULE_LICENSE("GPL");
