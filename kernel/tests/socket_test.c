// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of socket.c, on real kTLS and with a peer that is played. */
#include <kunit/test.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "../receive.h"
#include "../send.h"
#include "../socket.h"
#include "lib/pair.h"

static u64 connections(struct kunit *test)
{
	struct sluice_net *sn = sluice_net(pair_net(test));
	u64 n;

	mutex_lock(&sn->lock);
	n = list_count_nodes(&sn->conns);
	mutex_unlock(&sn->lock);
	return n;
}

/* Only the directions that were handed down are ours. */
static void socket_functions(struct kunit *test)
{
	struct pair *pair = pair_keyed(test), *other = pair_keyed(test);
	struct sluice_conn *conn;

	conn = pair_attach(pair, SLUICE_ATTACH_TX);
	KUNIT_EXPECT_TRUE(test, pair->sk->sk_prot->sendmsg == sluice_sendmsg);
	KUNIT_EXPECT_PTR_EQ(test, conn->ktls_prot->recvmsg,
			    pair->sk->sk_prot->recvmsg);
	KUNIT_EXPECT_PTR_EQ(test, conn->ktls_ops->poll, pair->sock->ops->poll);
	/* A socket beside it is kTLS's. */
	KUNIT_EXPECT_PTR_EQ(test, conn->ktls_prot, other->sk->sk_prot);
	KUNIT_EXPECT_PTR_EQ(test, conn->ktls_ops, other->sock->ops);
	KUNIT_EXPECT_PTR_EQ(test, NULL, sluice_conn_find(other->sk));
	KUNIT_EXPECT_PTR_EQ(test, NULL, sluice_conn_find(pair->peer.sock->sk));

	conn = pair_attach(other, SLUICE_ATTACH_RX);
	KUNIT_EXPECT_PTR_EQ(test, conn->ktls_prot->sendmsg,
			    other->sk->sk_prot->sendmsg);
	KUNIT_EXPECT_TRUE(test, other->sk->sk_prot->recvmsg == sluice_recvmsg);
	KUNIT_EXPECT_TRUE(test, other->sock->ops->poll == sluice_poll);
	KUNIT_EXPECT_TRUE(test, other->sock->ops->read_sock == sluice_read_sock);
	KUNIT_EXPECT_TRUE(test, other->sock->ops->splice_read ==
			  sluice_splice_read);
}

/* The keys are the connection's; all else is kTLS's to answer. */
static void socket_setsockopt(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	const u8 key[40] = {};
	const int one = 1;

	KUNIT_EXPECT_EQ(test, -EBUSY,
			pair_setsockopt(pair, SOL_TLS, TLS_TX, key,
					sizeof(key)));
	KUNIT_EXPECT_EQ(test, -EBUSY,
			pair_setsockopt(pair, SOL_TLS, TLS_RX, key,
					sizeof(key)));
	KUNIT_EXPECT_EQ(test, 0,
			pair_setsockopt(pair, SOL_TLS, TLS_TX_ZEROCOPY_RO,
					&one, sizeof(one)));
	KUNIT_EXPECT_EQ(test, 0,
			pair_setsockopt(pair, SOL_TCP, TCP_NODELAY, &one,
					sizeof(one)));
	KUNIT_EXPECT_EQ(test, -ENOPROTOOPT,
			pair_setsockopt(pair, SOL_TLS, 99, &one, sizeof(one)));
	KUNIT_EXPECT_NOT_NULL(test, sluice_conn_find(pair->sk));
}

/* A close says so, and is none of TCP's resets, whatever nobody has read. */
static void socket_close(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	int i;

	KUNIT_EXPECT_EQ(test, 1, connections(test));
	for (i = 0; i < 3; i++)
		peer_send_ticket(&pair->peer);
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "abc", 3, 0));
	peer_send_key_update(&pair->peer, true);
	pair_close_ours(pair);
	KUNIT_EXPECT_EQ(test, 0, connections(test));
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, "abc", 3);
	peer_expect_key_update(&pair->peer, false);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(&pair->peer);
	KUNIT_EXPECT_EQ(test, 3, sluice_net(pair_net(test))->ended.tickets);
}

/* What ended it is not taken for an orderly end. */
static void socket_close_failed(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	struct sluice_totals *ended = &sluice_net(pair_net(test))->ended;
	u8 octet;

	peer_send(&pair->peer, 99, "x", 1);
	KUNIT_EXPECT_EQ(test, -EPROTO, pair_recv(pair, &octet, 1, 0));
	pair_close_ours(pair);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_UNEXPECTED_MESSAGE);
	peer_expect_end(&pair->peer);
	KUNIT_EXPECT_EQ(test, 1, ended->alerts_sent);

	pair = pair_attached(test);
	peer_shut(&pair->peer);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, pair_recv(pair, &octet, 1, 0));
	pair_close_ours(pair);
	KUNIT_EXPECT_EQ(test, 1, ended->truncated);
	KUNIT_EXPECT_EQ(test, 2, ended->attached);
}

static void socket_shutdown(struct kunit *test)
{
	struct pair *pair = pair_attached(test);
	u8 octet;

	KUNIT_EXPECT_EQ(test, 0, kernel_sock_shutdown(pair->sock, SHUT_WR));
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(&pair->peer);
	/* The other half goes on, and is answered by nothing. */
	peer_send_key_update(&pair->peer, true);
	peer_send(&pair->peer, SLUICE_RECORD_DATA, "x", 1);
	pair_expect(pair, "x", 1);
	KUNIT_EXPECT_EQ(test, -EPIPE, pair_send(pair, "y", 1, 0));
	KUNIT_EXPECT_FALSE(test, sluice_conn_find(pair->sk)->rx_shut);

	pair = pair_attached(test);
	KUNIT_EXPECT_EQ(test, 0, kernel_sock_shutdown(pair->sock, SHUT_RD));
	KUNIT_EXPECT_TRUE(test, sluice_conn_find(pair->sk)->rx_shut);
	KUNIT_EXPECT_EQ(test, 0, pair_recv(pair, &octet, 1, 0));
	KUNIT_EXPECT_EQ(test, 1, pair_send(pair, "y", 1, 0));
	peer_expect(&pair->peer, SLUICE_RECORD_DATA, "y", 1);

	pair = pair_attached(test);
	KUNIT_EXPECT_EQ(test, 0, kernel_sock_shutdown(pair->sock, SHUT_RDWR));
	KUNIT_EXPECT_TRUE(test, sluice_conn_find(pair->sk)->rx_shut);
	peer_expect_alert(&pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(&pair->peer);
}

static struct kunit_case socket_test_cases[] = {
	KUNIT_CASE(socket_functions),
	KUNIT_CASE(socket_setsockopt),
	KUNIT_CASE(socket_close),
	KUNIT_CASE(socket_close_failed),
	KUNIT_CASE(socket_shutdown),
	{}
};

static struct kunit_suite socket_test_suite = {
	.name = "sluice_socket",
	.init = pair_test_init,
	.test_cases = socket_test_cases,
};

kunit_test_suite(socket_test_suite);

MODULE_DESCRIPTION("KUnit tests of a socket that Sluice has adopted");
MODULE_LICENSE("GPL");
