// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of sockopt.c: the options as a program sets them. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/sockptr.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <net/sock.h>

#include "../ktls.h"
#include "../socket.h"
#include "lib/pair.h"

static int set(struct pair *pair, int option, const void *value, size_t len)
{
	return pair_setsockopt(pair, SOL_IP, option, value, len);
}

static int set_u32(struct pair *pair, int option, u32 value)
{
	return set(pair, option, &value, sizeof(value));
}

/* Not even the program's memory is right. */
static int set_bad(struct pair *pair, int option, size_t len)
{
	return READ_ONCE(pair->sock->ops)->setsockopt(pair->sock, SOL_IP,
						      option,
						      USER_SOCKPTR(NULL), len);
}

static bool attached(struct pair *pair)
{
	return sluice_conn_find(pair->sk);
}

static void sockopt_attach(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct {
		struct sluice_attach args;
		u8 more[64];
	} u = {};
	size_t len;

	pair_fill_args(pair, &u.args, PAIR_BOTH);
	for (len = 0; len < sizeof(u.args); len++)
		KUNIT_EXPECT_EQ(test, -EINVAL,
				set(pair, SLUICE_ATTACH, &u, len));
	KUNIT_EXPECT_EQ(test, -E2BIG,
			set_bad(pair, SLUICE_ATTACH, PAGE_SIZE + 1));
	KUNIT_EXPECT_EQ(test, -EFAULT,
			set_bad(pair, SLUICE_ATTACH, sizeof(u.args)));
	/* What a later version has is to be zero. */
	u.more[63] = 1;
	KUNIT_EXPECT_EQ(test, -E2BIG, set(pair, SLUICE_ATTACH, &u, sizeof(u)));
	u.args.tx_secret[0] ^= 1;
	KUNIT_EXPECT_EQ(test, -EKEYREJECTED,
			set(pair, SLUICE_ATTACH, &u, sizeof(u.args)));
	KUNIT_EXPECT_FALSE(test, attached(pair));
	u.args.tx_secret[0] ^= 1;
	u.more[63] = 0;
	KUNIT_EXPECT_EQ(test, 0, set(pair, SLUICE_ATTACH, &u, sizeof(u)));
	KUNIT_EXPECT_TRUE(test, attached(pair));
	KUNIT_EXPECT_EQ(test, -EALREADY,
			set(pair, SLUICE_ATTACH, &u, sizeof(u)));
}

static void sockopt_ipv6(struct kunit *test)
{
	struct pair *pair = pair_connect(test, AF_INET6);
	struct pair_option value = { .len = sizeof(value.room) };
	struct sluice_attach args;

	pair_set_ulp(pair);
	pair_set_keys(pair, TLS_CIPHER_AES_GCM_256, PAIR_BOTH);
	pair_fill_args(pair, &args, PAIR_BOTH);
	KUNIT_EXPECT_EQ(test, 0,
			pair_setsockopt(pair, SOL_IPV6, SLUICE_ATTACH, &args,
					sizeof(args)));
	KUNIT_EXPECT_TRUE(test, attached(pair));
	KUNIT_EXPECT_EQ(test, 0, pair_getsockopt(pair, SOL_IPV6, SLUICE_INFO, &value));
	KUNIT_EXPECT_EQ(test, sizeof(struct sluice_info), value.len);
	KUNIT_EXPECT_EQ(test, TLS_CIPHER_AES_GCM_256,
			((struct sluice_info *)value.room)->cipher_type);
}

static void sockopt_udp(struct kunit *test)
{
	struct pair *pair = pair_connect(test, AF_INET);
	struct pair_option value = { .len = sizeof(value.room) };
	struct sluice_attach args = {};
	struct socket *tcp = pair->sock;

	KUNIT_ASSERT_EQ(test, 0,
			__sock_create(pair_net(test), AF_INET, SOCK_DGRAM,
				      IPPROTO_UDP, &pair->sock, 0));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			set(pair, SLUICE_ATTACH, &args, sizeof(args)));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, set_u32(pair, SLUICE_KEY_UPDATE, 0));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, set_u32(pair, SLUICE_ENGINE, 0));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			pair_getsockopt(pair, SOL_IP, SLUICE_ENGINE, &value));
	KUNIT_EXPECT_EQ(test, -ENOTCONN,
			pair_getsockopt(pair, SOL_IP, SLUICE_INFO, &value));
	sock_release(pair->sock);
	pair->sock = tcp;
}

static void sockopt_key_update(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);

	KUNIT_EXPECT_EQ(test, -ENOTCONN, set_u32(pair, SLUICE_KEY_UPDATE, 0));
	pair_attach(pair, PAIR_BOTH);
	KUNIT_EXPECT_EQ(test, -EINVAL, set(pair, SLUICE_KEY_UPDATE, "", 1));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			set(pair, SLUICE_KEY_UPDATE, "\0\0\0\0\0\0\0", 8));
	KUNIT_EXPECT_EQ(test, -EFAULT, set_bad(pair, SLUICE_KEY_UPDATE, 4));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_u32(pair, SLUICE_KEY_UPDATE, 2));
	KUNIT_EXPECT_EQ(test, 0, set_u32(pair, SLUICE_KEY_UPDATE,
					 SLUICE_UPDATE_NOT_REQUESTED));
	peer_expect_key_update(&pair->peer, false);
	KUNIT_EXPECT_EQ(test, 0, set_u32(pair, SLUICE_KEY_UPDATE,
					 SLUICE_UPDATE_REQUESTED));
	peer_expect_key_update(&pair->peer, true);

	pair = pair_keyed(test);
	pair_attach(pair, SLUICE_ATTACH_RX);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, set_u32(pair, SLUICE_KEY_UPDATE, 0));
}

static void sockopt_info(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct pair_option value = { .len = sizeof(value.room) };
	struct sluice_info info;
	int len;

	KUNIT_EXPECT_EQ(test, -ENOTCONN,
			pair_getsockopt(pair, SOL_IP, SLUICE_INFO, &value));
	pair_attach(pair, PAIR_BOTH);
	KUNIT_EXPECT_EQ(test, 3, pair_send(pair, "abc", 3, 0));
	sluice_conn_info(sluice_conn_find(pair->sk), &info);
	KUNIT_EXPECT_EQ(test, 3, info.tx_bytes);
	/* As much as there is room for. */
	for (len = 0; len <= sizeof(value.room); len += 8) {
		value.len = len;
		memset(value.room, 0xa5, sizeof(value.room));
		KUNIT_EXPECT_EQ(test, 0,
				pair_getsockopt(pair, SOL_IP, SLUICE_INFO, &value));
		KUNIT_EXPECT_EQ(test, min_t(int, len, sizeof(info)), value.len);
		KUNIT_EXPECT_MEMEQ(test, value.room, &info, value.len);
		if (value.len < sizeof(value.room))
			KUNIT_EXPECT_EQ(test, 0xa5, value.room[value.len]);
	}
	value.len = -1;
	KUNIT_EXPECT_EQ(test, -EINVAL, pair_getsockopt(pair, SOL_IP, SLUICE_INFO, &value));
	value.len = 8;
	KUNIT_EXPECT_EQ(test, -ENOPROTOOPT,
			pair_getsockopt(pair, SOL_IP, SLUICE_KEY_UPDATE, &value));
}

static void sockopt_engine(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct pair_option value = { .len = sizeof(value.room) };
	struct sluice_engine_info info;

	KUNIT_EXPECT_EQ(test, -EINVAL, set(pair, SLUICE_ENGINE, "", 1));
	KUNIT_EXPECT_EQ(test, -EFAULT, set_bad(pair, SLUICE_ENGINE, 4));
	KUNIT_EXPECT_EQ(test, -EINVAL, set_u32(pair, SLUICE_ENGINE, 3));
	/* By itself, kTLS does not say how much is to come. */
	KUNIT_EXPECT_EQ(test, -ENOTCONN,
			set_u32(pair, SLUICE_ENGINE, SLUICE_ENGINE_AUTO));
	KUNIT_EXPECT_EQ(test, 0,
			set_u32(pair, SLUICE_ENGINE, SLUICE_ENGINE_FORCED));
	pair_attach(pair, PAIR_BOTH);
	KUNIT_EXPECT_EQ(test, 0,
			set_u32(pair, SLUICE_ENGINE, SLUICE_ENGINE_AUTO));
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_engine_info(pair->sk, &info));
	KUNIT_EXPECT_EQ(test, SLUICE_ENGINE_AUTO, info.mode);
	KUNIT_EXPECT_EQ(test, 0, pair_getsockopt(pair, SOL_IP, SLUICE_ENGINE, &value));
	KUNIT_EXPECT_EQ(test, sizeof(info), value.len);
	KUNIT_EXPECT_MEMEQ(test, value.room, &info, sizeof(info));
	value.len = -1;
	KUNIT_EXPECT_EQ(test, -EINVAL,
			pair_getsockopt(pair, SOL_IP, SLUICE_ENGINE, &value));

	pair = pair_keyed(test);
	pair_attach(pair, SLUICE_ATTACH_RX);
	KUNIT_EXPECT_EQ(test, -ENOTCONN,
			set_u32(pair, SLUICE_ENGINE, SLUICE_ENGINE_AUTO));
	pair = pair_connect(test, AF_INET);
	value.len = sizeof(value.room);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			pair_getsockopt(pair, SOL_IP, SLUICE_ENGINE, &value));
}

static struct kunit_case sockopt_test_cases[] = {
	KUNIT_CASE(sockopt_attach),
	KUNIT_CASE(sockopt_ipv6),
	KUNIT_CASE(sockopt_udp),
	KUNIT_CASE(sockopt_key_update),
	KUNIT_CASE(sockopt_info),
	KUNIT_CASE(sockopt_engine),
	{}
};

static struct kunit_suite sockopt_test_suite = {
	.name = "sluice_sockopt",
	.init = pair_test_init,
	.test_cases = sockopt_test_cases,
};

kunit_test_suite(sockopt_test_suite);

MODULE_DESCRIPTION("KUnit tests of Sluice's socket options");
MODULE_LICENSE("GPL");
