// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of ktls.c, on real kTLS. */
#include <kunit/test.h>
#include <linux/skmsg.h>
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

static int check_socket(struct pair *pair)
{
	int rc;

	lock_sock(pair->sk);
	rc = sluice_ktls_check_socket(pair->sk);
	release_sock(pair->sk);
	return rc;
}

static void ktls_check_socket(struct kunit *test)
{
	struct pair *pair = pair_connect(test, AF_INET);
	struct tls_context *ctx;
	struct sk_psock *psock;

	KUNIT_EXPECT_EQ(test, -EINVAL, check_socket(pair));
	pair_set_ulp(pair);
	KUNIT_EXPECT_EQ(test, 0, check_socket(pair));
	/* There is no card here that has TLS: say that there is. */
	ctx = tls_get_ctx(pair->sk);
	ctx->tx_conf = TLS_HW;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, check_socket(pair));
	ctx->tx_conf = TLS_BASE;
	ctx->rx_conf = TLS_HW;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, check_socket(pair));
	ctx->rx_conf = TLS_BASE;
	/* The peer has said all it had to say. */
	peer_shut(&pair->peer);
	KUNIT_EXPECT_EQ(test, TCP_CLOSE_WAIT, pair->sk->sk_state);
	KUNIT_EXPECT_EQ(test, 0, check_socket(pair));
	kernel_sock_shutdown(pair->sock, SHUT_WR);
	KUNIT_EXPECT_EQ(test, -ENOTCONN, check_socket(pair));

	/* As BPF does it. */
	pair = pair_connect(test, AF_INET);
	psock = sk_psock_init(pair->sk, NUMA_NO_NODE);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, psock);
	pair_set_ulp(pair);
	KUNIT_EXPECT_EQ(test, -EBUSY, check_socket(pair));
	sk_psock_put(pair->sk, psock);
}

/* What kTLS encrypts with, if it does both ways. */
static void ktls_cipher(struct kunit *test)
{
	struct pair *pair;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++) {
		pair = pair_connect(test, AF_INET);
		pair_set_ulp(pair);
		KUNIT_EXPECT_EQ(test, -EINVAL, sluice_ktls_cipher(pair->sk));
		pair_set_keys(pair, ciphers[i], SLUICE_ATTACH_TX);
		KUNIT_EXPECT_EQ(test, -EINVAL, sluice_ktls_cipher(pair->sk));
		pair_set_keys(pair, ciphers[i], SLUICE_ATTACH_RX);
		KUNIT_EXPECT_EQ(test, ciphers[i], sluice_ktls_cipher(pair->sk));
	}
	tls_get_ctx(pair->sk)->prot_info.version = TLS_1_2_VERSION;
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, sluice_ktls_cipher(pair->sk));
	tls_get_ctx(pair->sk)->prot_info.version = TLS_1_3_VERSION;
}

static void ktls_overlay(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = conn_of(pair);

	KUNIT_EXPECT_PTR_EQ(test, &conn->prot, pair->sk->sk_prot);
	KUNIT_EXPECT_PTR_EQ(test, &conn->ops, pair->sock->ops);
	sluice_ktls_hide(conn);
	KUNIT_EXPECT_PTR_EQ(test, conn->ktls_prot, pair->sk->sk_prot);
	KUNIT_EXPECT_PTR_EQ(test, conn->ktls_ops, pair->sock->ops);
	lock_sock(pair->sk);
	sluice_ktls_show(conn);
	release_sock(pair->sk);
	KUNIT_EXPECT_PTR_EQ(test, conn, conn_of(pair));
}

/* RFC 8449's limit, where a program sets one. */
static void ktls_payload_max(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	const u16 limit = 1000;

	KUNIT_EXPECT_EQ(test, PEER_DATA_MAX,
			sluice_ktls_payload_max(conn_of(pair)));
	KUNIT_ASSERT_EQ(test, 0,
			pair_setsockopt(pair, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN,
					&limit, sizeof(limit)));
	KUNIT_EXPECT_EQ(test, 1000, sluice_ktls_payload_max(conn_of(pair)));
}

static struct kunit_case ktls_test_cases[] = {
	KUNIT_CASE(ktls_check_socket),
	KUNIT_CASE(ktls_cipher),
	KUNIT_CASE(ktls_overlay),
	KUNIT_CASE(ktls_payload_max),
	{}
};

static struct kunit_suite ktls_test_suite = {
	.name = "sluice_ktls",
	.init = pair_test_init,
	.test_cases = ktls_test_cases,
};

kunit_test_suite(ktls_test_suite);

MODULE_DESCRIPTION("KUnit tests of what Sluice knows of kTLS's sockets");
MODULE_LICENSE("GPL");
