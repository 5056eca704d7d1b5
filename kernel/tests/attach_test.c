// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of attach.c, on real kTLS. */
#include <kunit/test.h>
#include <linux/string.h>
#include <net/tls.h>

#include "../attach.h"
#include "../send.h"
#include "../socket.h"
#include "lib/pair.h"

/* It fails so, and leaves the socket as it was. */
static void expect_refused(struct pair *pair, int error,
			   const struct sluice_attach *args)
{
	const struct proto *prot = pair->sk->sk_prot;
	const struct proto_ops *ops = pair->sock->ops;

	KUNIT_EXPECT_EQ(pair->test, error,
			args ? sluice_attach(pair->sk, args) :
			       sluice_attach_bare(pair->sk));
	KUNIT_EXPECT_PTR_EQ(pair->test, NULL, sluice_conn_find(pair->sk));
	KUNIT_EXPECT_PTR_EQ(pair->test, prot, pair->sk->sk_prot);
	KUNIT_EXPECT_PTR_EQ(pair->test, ops, pair->sock->ops);
}

static void attach_args(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct sluice_attach good, args;
	u32 bit;

	pair_fill_args(pair, &good, PAIR_BOTH);

	args = good;
	args.version = TLS_1_2_VERSION;
	expect_refused(pair, -EOPNOTSUPP, &args);
	args = good;
	args.cipher_type = TLS_CIPHER_AES_CCM_128;
	expect_refused(pair, -EOPNOTSUPP, &args);
	/* One that Sluice knows, but not what kTLS has. */
	args.cipher_type = TLS_CIPHER_CHACHA20_POLY1305;
	expect_refused(pair, -EOPNOTSUPP, &args);

	args = good;
	args.flags = 0;
	expect_refused(pair, -EINVAL, &args);
	args.flags = SLUICE_ATTACH_ALLOW_TRUNCATION;
	expect_refused(pair, -EINVAL, &args);
	for (bit = SLUICE_ATTACH_ALLOW_TRUNCATION << 1; bit; bit <<= 1) {
		args.flags = PAIR_BOTH | bit;
		expect_refused(pair, -EINVAL, &args);
	}

	args = good;
	args.pad = 1;
	expect_refused(pair, -EINVAL, &args);
	args = good;
	for (args.secret_len = 0; args.secret_len < 50; args.secret_len++)
		if (args.secret_len != good.secret_len)
			expect_refused(pair, -EINVAL, &args);

	KUNIT_EXPECT_EQ(test, 0, sluice_attach(pair->sk, &good));
	KUNIT_EXPECT_EQ(test, -EALREADY, sluice_attach(pair->sk, &good));
	KUNIT_EXPECT_EQ(test, -EALREADY, sluice_attach_bare(pair->sk));
}

/* Each bit of a secret counts, in each direction. */
static void attach_secrets(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct sluice_attach args, swapped;
	unsigned int bit;

	pair_fill_args(pair, &args, PAIR_BOTH);
	for (bit = 0; bit < 8 * args.secret_len; bit++) {
		args.tx_secret[bit / 8] ^= BIT(bit % 8);
		expect_refused(pair, -EKEYREJECTED, &args);
		args.tx_secret[bit / 8] ^= BIT(bit % 8);
		args.rx_secret[bit / 8] ^= BIT(bit % 8);
		expect_refused(pair, -EKEYREJECTED, &args);
		args.rx_secret[bit / 8] ^= BIT(bit % 8);
	}
	swapped = args;
	memcpy(swapped.tx_secret, args.rx_secret, sizeof(args.rx_secret));
	memcpy(swapped.rx_secret, args.tx_secret, sizeof(args.tx_secret));
	expect_refused(pair, -EKEYREJECTED, &swapped);

	args.tx_seq = 1;
	expect_refused(pair, -EKEYREJECTED, &args);
	args.tx_seq = 0;
	args.rx_seq = 1;
	expect_refused(pair, -EKEYREJECTED, &args);
	KUNIT_EXPECT_EQ(test, 1, pair_send(pair, "x", 1, 0));
	args.rx_seq = 0;
	args.tx_seq = 1;
	KUNIT_EXPECT_EQ(test, 0, sluice_attach(pair->sk, &args));
}

/* Each cipher suite, and each direction without the other. */
static void attach_directions(struct kunit *test)
{
	static const u16 ciphers[] = {
		TLS_CIPHER_AES_GCM_128, TLS_CIPHER_AES_GCM_256,
		TLS_CIPHER_CHACHA20_POLY1305,
	};
	struct sluice_conn *conn;
	struct pair *pair;
	u32 flags;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++) {
		for (flags = 1; flags <= PAIR_BOTH; flags++) {
			pair = pair_connect(test, AF_INET);
			pair_set_ulp(pair);
			pair_set_keys(pair, ciphers[i], flags);
			conn = pair_attach(pair, flags);
			KUNIT_EXPECT_EQ(test, conn->tx_state,
					flags & SLUICE_ATTACH_TX ?
					SLUICE_DIR_OPEN : SLUICE_DIR_DETACHED);
			KUNIT_EXPECT_EQ(test, conn->rx_state,
					flags & SLUICE_ATTACH_RX ?
					SLUICE_DIR_OPEN : SLUICE_DIR_DETACHED);
			if (flags & SLUICE_ATTACH_TX) {
				KUNIT_EXPECT_EQ(test, 0, sluice_send_key_update(conn, false));
				peer_expect_key_update(&pair->peer, false);
				pair_send(pair, "x", 1, 0);
				peer_expect(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
			}
			if (flags & SLUICE_ATTACH_RX) {
				peer_send_key_update(&pair->peer, false);
				peer_send(&pair->peer, SLUICE_RECORD_DATA, "y", 1);
				pair_expect(pair, "y", 1);
			}
			pair_close(pair);
		}
	}
}

/* There is no secret for what kTLS has no key for. */
static void attach_no_key(struct kunit *test)
{
	struct sluice_attach args;
	struct pair *pair;

	pair = pair_connect(test, AF_INET);
	pair_set_ulp(pair);
	pair_set_keys(pair, TLS_CIPHER_AES_GCM_128, SLUICE_ATTACH_TX);
	pair_fill_args(pair, &args, PAIR_BOTH);
	expect_refused(pair, -EINVAL, &args);
	expect_refused(pair, -EINVAL, NULL);
	pair_fill_args(pair, &args, SLUICE_ATTACH_RX);
	expect_refused(pair, -EINVAL, &args);

	pair = pair_connect(test, AF_INET);
	pair->cipher = sluice_cipher_find(TLS_CIPHER_AES_GCM_128);
	pair_fill_args(pair, &args, PAIR_BOTH);
	expect_refused(pair, -EINVAL, &args);
	expect_refused(pair, -EINVAL, NULL);
	pair_set_ulp(pair);
	expect_refused(pair, -EINVAL, &args);
	expect_refused(pair, -EINVAL, NULL);

	pair = pair_keyed(test);
	peer_reset(&pair->peer);
	expect_refused(pair, -ENOTCONN, &args);
	expect_refused(pair, -ENOTCONN, NULL);
}

/* When the key is renewed: early enough for the longest write. */
static void attach_limit(struct kunit *test)
{
	const u64 most = sluice_cipher_find(TLS_CIPHER_AES_GCM_128)->record_limit -
			 SLUICE_SEND_CHUNK;
	const struct {
		u64 asked, given;
	} cases[] = {
		{ 0, most }, { 1, 1 }, { most - 1, most - 1 }, { most, most },
		{ most + 1, most }, { U64_MAX, most },
	};
	struct sluice_attach args;
	struct pair *pair;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		pair = pair_keyed(test);
		pair_fill_args(pair, &args, PAIR_BOTH);
		args.tx_update_after = cases[i].asked;
		KUNIT_ASSERT_EQ(test, 0, sluice_attach(pair->sk, &args));
		KUNIT_EXPECT_EQ(test, cases[i].given,
				sluice_conn_find(pair->sk)->tx_update_after);
	}
	pair = pair_keyed(test);
	KUNIT_ASSERT_EQ(test, 0, sluice_attach_bare(pair->sk));
	KUNIT_EXPECT_EQ(test, most,
			sluice_conn_find(pair->sk)->tx_update_after);
}

static void attach_bare(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct sluice_conn *conn;

	tls_get_ctx(pair->sk)->prot_info.version = TLS_1_2_VERSION;
	expect_refused(pair, -EOPNOTSUPP, NULL);
	tls_get_ctx(pair->sk)->prot_info.version = TLS_1_3_VERSION;
	tls_get_ctx(pair->sk)->prot_info.cipher_type = TLS_CIPHER_AES_CCM_128;
	expect_refused(pair, -EOPNOTSUPP, NULL);
	tls_get_ctx(pair->sk)->prot_info.cipher_type = TLS_CIPHER_AES_GCM_128;

	KUNIT_EXPECT_EQ(test, 0, sluice_attach_bare(pair->sk));
	conn = sluice_conn_find(pair->sk);
	KUNIT_ASSERT_NOT_NULL(test, conn);
	KUNIT_EXPECT_TRUE(test, conn->bare);
	KUNIT_EXPECT_EQ(test, PAIR_BOTH, conn->flags);
	KUNIT_EXPECT_EQ(test, TLS_CIPHER_AES_GCM_128, conn->cipher->type);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN, conn->tx_state);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN, conn->rx_state);
}

static struct kunit_case attach_test_cases[] = {
	KUNIT_CASE(attach_args),
	KUNIT_CASE(attach_secrets),
	KUNIT_CASE(attach_directions),
	KUNIT_CASE(attach_no_key),
	KUNIT_CASE(attach_limit),
	KUNIT_CASE(attach_bare),
	{}
};

static struct kunit_suite attach_test_suite = {
	.name = "sluice_attach",
	.init = pair_test_init,
	.test_cases = attach_test_cases,
};

kunit_test_suite(attach_test_suite);

MODULE_DESCRIPTION("KUnit tests of how Sluice adopts a socket");
MODULE_LICENSE("GPL");
