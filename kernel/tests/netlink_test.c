// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of netlink.c: what a program is told that asks. */
#include <kunit/test.h>
#include <linux/cred.h>
#include <linux/string.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "../send.h"
#include "../session.h"
#include "../socket.h"
#include "lib/driver.h"
#include "lib/genl.h"

#define NOBODY	65534

static u64 get_uint(struct kunit *test, struct nlattr **attrs, int attr)
{
	KUNIT_ASSERT_NOT_NULL_MSG(test, attrs[attr], "attribute %d", attr);
	return nla_get_uint(attrs[attr]);
}

static void ask_session(struct genl *genl, u64 id)
{
	struct sk_buff *msg = genl_new(genl, SLUICE_CMD_SESSION_GET, 0);

	KUNIT_ASSERT_EQ(genl->test, 0,
			nla_put_uint(msg, SLUICE_A_SESSION_ID, id));
	genl_send(genl, msg);
}

/* One session, or what else the answer is. */
static int get_session(struct genl *genl, u64 id, struct nlattr **attrs)
{
	struct nlmsghdr *answer;

	ask_session(genl, id);
	answer = genl_receive(genl);
	if (IS_ERR(answer))
		return PTR_ERR(answer);
	KUNIT_ASSERT_NOT_NULL(genl->test, answer);
	genl_parse(genl, answer, attrs, SLUICE_A_SESSION_MAX);
	KUNIT_EXPECT_EQ(genl->test, id,
			get_uint(genl->test, attrs, SLUICE_A_SESSION_ID));
	return 0;
}

/* All of them, in their order: their numbers. */
static unsigned int dump(struct genl *genl, u64 *ids, unsigned int max)
{
	struct nlattr *attrs[SLUICE_A_SESSION_MAX + 1];
	struct nlmsghdr *answer;
	unsigned int n = 0;

	genl_send(genl, genl_new(genl, SLUICE_CMD_SESSION_GET, NLM_F_DUMP));
	while ((answer = genl_receive(genl))) {
		KUNIT_ASSERT_NOT_ERR_OR_NULL(genl->test, answer);
		KUNIT_ASSERT_LT(genl->test, n, max);
		KUNIT_EXPECT_TRUE(genl->test, answer->nlmsg_flags & NLM_F_MULTI);
		genl_parse(genl, answer, attrs, SLUICE_A_SESSION_MAX);
		ids[n++] = get_uint(genl->test, attrs, SLUICE_A_SESSION_ID);
	}
	return n;
}

/* A connection that is no driver's. */
static void netlink_connection(struct kunit *test)
{
	struct nlattr *attrs[SLUICE_A_SESSION_MAX + 1];
	struct pair *pair = pair_attached(test);
	struct sluice_conn *conn = sluice_conn_find(pair->sk);
	struct inet_sock *inet = inet_sk(pair->sk);
	struct genl genl;
	int i;

	genl_open(&genl, test, pair_net(test), SLUICE_FAMILY_NAME, NULL);
	KUNIT_EXPECT_EQ(test, 5, pair_send(pair, "abcde", 5, 0));
	KUNIT_EXPECT_EQ(test, 0, sluice_send_key_update(conn, false));
	peer_send_ticket(&pair->peer);
	peer_send_key_update(&pair->peer, false);
	peer_send_ticket(&pair->peer);
	peer_send(&pair->peer, SLUICE_RECORD_DATA, "xyz", 3);
	pair_expect(pair, "xyz", 3);

	KUNIT_ASSERT_EQ(test, 0, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, task_tgid_nr(current),
			nla_get_u32(attrs[SLUICE_A_SESSION_PID]));
	KUNIT_EXPECT_EQ(test, 0, nla_get_u32(attrs[SLUICE_A_SESSION_UID]));
	KUNIT_EXPECT_EQ(test, AF_INET,
			nla_get_u16(attrs[SLUICE_A_SESSION_FAMILY]));
	KUNIT_EXPECT_EQ(test, htonl(INADDR_LOOPBACK),
			nla_get_in_addr(attrs[SLUICE_A_SESSION_LOCAL]));
	KUNIT_EXPECT_EQ(test, htonl(INADDR_LOOPBACK),
			nla_get_in_addr(attrs[SLUICE_A_SESSION_PEER]));
	KUNIT_EXPECT_EQ(test, ntohs(inet->inet_sport),
			nla_get_u16(attrs[SLUICE_A_SESSION_LOCAL_PORT]));
	KUNIT_EXPECT_EQ(test, ntohs(inet->inet_dport),
			nla_get_u16(attrs[SLUICE_A_SESSION_PEER_PORT]));
	KUNIT_EXPECT_EQ(test, TLS_1_3_VERSION,
			nla_get_u16(attrs[SLUICE_A_SESSION_VERSION]));
	KUNIT_EXPECT_EQ(test, TLS_CIPHER_AES_GCM_128,
			nla_get_u16(attrs[SLUICE_A_SESSION_CIPHER]));
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN,
			nla_get_u8(attrs[SLUICE_A_SESSION_TX_STATE]));
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN,
			nla_get_u8(attrs[SLUICE_A_SESSION_RX_STATE]));
	KUNIT_EXPECT_EQ(test, 5, get_uint(test, attrs,
					  SLUICE_A_SESSION_TX_BYTES));
	KUNIT_EXPECT_EQ(test, 3, get_uint(test, attrs,
					  SLUICE_A_SESSION_RX_BYTES));
	KUNIT_EXPECT_EQ(test, 2, get_uint(test, attrs,
					  SLUICE_A_SESSION_TX_RECORDS));
	KUNIT_EXPECT_EQ(test, 4, get_uint(test, attrs,
					  SLUICE_A_SESSION_RX_RECORDS));
	KUNIT_EXPECT_EQ(test, 1, get_uint(test, attrs,
					  SLUICE_A_SESSION_TX_KEY_UPDATES));
	KUNIT_EXPECT_EQ(test, 1, get_uint(test, attrs,
					  SLUICE_A_SESSION_RX_KEY_UPDATES));
	KUNIT_EXPECT_EQ(test, 2, get_uint(test, attrs,
					  SLUICE_A_SESSION_TICKETS));
	KUNIT_EXPECT_PTR_EQ(test, NULL, attrs[SLUICE_A_SESSION_ALERT_SENT]);
	KUNIT_EXPECT_PTR_EQ(test, NULL, attrs[SLUICE_A_SESSION_ALERT_RECEIVED]);
	for (i = SLUICE_A_SESSION_STATE; i <= SLUICE_A_SESSION_MAX; i++)
		KUNIT_EXPECT_PTR_EQ(test, NULL, attrs[i]);

	peer_send_alert(&pair->peer, 40);
	sluice_send_close(conn);
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, pair_recv(pair, &i, 1, 0));
	KUNIT_ASSERT_EQ(test, 0, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, 40,
			nla_get_u16(attrs[SLUICE_A_SESSION_ALERT_RECEIVED]));
	KUNIT_EXPECT_EQ(test, SLUICE_ALERT_CLOSE_NOTIFY,
			nla_get_u16(attrs[SLUICE_A_SESSION_ALERT_SENT]));
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_CLOSED,
			nla_get_u8(attrs[SLUICE_A_SESSION_TX_STATE]));
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_FAILED,
			nla_get_u8(attrs[SLUICE_A_SESSION_RX_STATE]));

	pair_close(pair);
	KUNIT_EXPECT_EQ(test, -ENOENT, get_session(&genl, 1, attrs));
}

static void netlink_ipv6(struct kunit *test)
{
	struct nlattr *attrs[SLUICE_A_SESSION_MAX + 1];
	struct pair *pair = pair_connect(test, AF_INET6);
	struct in6_addr address;
	struct genl genl;

	genl_open(&genl, test, pair_net(test), SLUICE_FAMILY_NAME, NULL);
	pair_set_ulp(pair);
	pair_set_keys(pair, TLS_CIPHER_CHACHA20_POLY1305, PAIR_BOTH);
	pair_attach(pair, PAIR_BOTH);
	KUNIT_ASSERT_EQ(test, 0, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, AF_INET6,
			nla_get_u16(attrs[SLUICE_A_SESSION_FAMILY]));
	address = nla_get_in6_addr(attrs[SLUICE_A_SESSION_LOCAL]);
	KUNIT_EXPECT_TRUE(test, ipv6_addr_loopback(&address));
	address = nla_get_in6_addr(attrs[SLUICE_A_SESSION_PEER]);
	KUNIT_EXPECT_TRUE(test, ipv6_addr_loopback(&address));
	KUNIT_EXPECT_EQ(test, ntohs(inet_sk(pair->sk)->inet_sport),
			nla_get_u16(attrs[SLUICE_A_SESSION_LOCAL_PORT]));
	KUNIT_EXPECT_EQ(test, ntohs(inet_sk(pair->sk)->inet_dport),
			nla_get_u16(attrs[SLUICE_A_SESSION_PEER_PORT]));
}

/* A driver's session: before there is a connection, with one, and after. */
static void netlink_session(struct kunit *test)
{
	struct nlattr *attrs[SLUICE_A_SESSION_MAX + 1];
	struct driver *driver = driver_create(pair_keyed(test), 0, 0);
	struct genl genl;
	u64 ids[4];

	genl_open(&genl, test, pair_net(test), SLUICE_FAMILY_NAME, NULL);
	KUNIT_ASSERT_EQ(test, 0, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_NEW,
			nla_get_u8(attrs[SLUICE_A_SESSION_STATE]));
	KUNIT_EXPECT_EQ(test, 0, nla_strcmp(attrs[SLUICE_A_SESSION_MODULE],
					    driver->session->name));
	KUNIT_EXPECT_PTR_EQ(test, NULL, attrs[SLUICE_A_SESSION_ERROR]);
	KUNIT_EXPECT_NOT_NULL(test, attrs[SLUICE_A_SESSION_PEER_PORT]);
	KUNIT_EXPECT_PTR_EQ(test, NULL, attrs[SLUICE_A_SESSION_TX_STATE]);
	KUNIT_EXPECT_EQ(test, 1, dump(&genl, ids, ARRAY_SIZE(ids)));

	pair_attach(driver->pair, PAIR_BOTH);
	KUNIT_ASSERT_EQ(test, 0, sluice_session_adopt(driver->session));
	KUNIT_ASSERT_EQ(test, 0, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_OPEN,
			nla_get_u8(attrs[SLUICE_A_SESSION_STATE]));
	KUNIT_EXPECT_NOT_NULL(test, attrs[SLUICE_A_SESSION_MODULE]);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN,
			nla_get_u8(attrs[SLUICE_A_SESSION_TX_STATE]));
	/* It is one, and not the connection beside it. */
	KUNIT_EXPECT_EQ(test, 1, dump(&genl, ids, ARRAY_SIZE(ids)));
	KUNIT_EXPECT_EQ(test, 1, ids[0]);

	sluice_session_failed(driver->session, -EPROTO);
	KUNIT_ASSERT_EQ(test, 0, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_FAILED,
			nla_get_u8(attrs[SLUICE_A_SESSION_STATE]));
	KUNIT_EXPECT_EQ(test, EPROTO,
			nla_get_u32(attrs[SLUICE_A_SESSION_ERROR]));

	sluice_session_close(driver->session, 0);
	KUNIT_EXPECT_EQ(test, -ENOENT, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, 0, dump(&genl, ids, ARRAY_SIZE(ids)));
}

/* More than a message has room for: each once, in the order of the lists. */
static void netlink_dump(struct kunit *test)
{
	const unsigned int conns = 100, sessions = 60;
	u64 *ids = kunit_kcalloc(test, conns + sessions, sizeof(*ids),
				 GFP_KERNEL);
	struct genl genl;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, ids);
	genl_open(&genl, test, pair_net(test), SLUICE_FAMILY_NAME, NULL);
	KUNIT_EXPECT_EQ(test, 0, dump(&genl, ids, 1));
	for (i = 0; i < sessions; i++) {
		pair_attached(test);
		driver_create(pair_connect(test, AF_INET), 0, 0);
	}
	for (; i < conns; i++)
		pair_attached(test);
	KUNIT_ASSERT_EQ(test, conns + sessions,
			dump(&genl, ids, conns + sessions));
	for (i = 1; i < conns + sessions; i++)
		if (i != conns)
			KUNIT_EXPECT_GT(test, ids[i], ids[i - 1]);
	KUNIT_EXPECT_EQ(test, 1, ids[0]);
	KUNIT_EXPECT_EQ(test, conns + sessions, ids[conns - 1]);
	KUNIT_EXPECT_EQ(test, 2, ids[conns]);
	KUNIT_EXPECT_EQ(test, 2 * sessions, ids[conns + sessions - 1]);
}

static void netlink_stats(struct kunit *test)
{
	struct nlattr *attrs[SLUICE_A_STATS_MAX + 1];
	struct pair *open, *ended = pair_attached(test);
	struct nlmsghdr *answer;
	struct genl genl;
	int i;

	genl_open(&genl, test, pair_net(test), SLUICE_FAMILY_NAME, NULL);
	KUNIT_EXPECT_EQ(test, 5, pair_send(ended, "abcde", 5, 0));
	KUNIT_EXPECT_EQ(test, 0,
			sluice_send_key_update(sluice_conn_find(ended->sk),
					       false));
	peer_shut(&ended->peer);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, pair_recv(ended, &i, 1, 0));
	pair_close(ended);

	open = pair_attached(test);
	peer_send_ticket(&open->peer);
	peer_send_key_update(&open->peer, false);
	peer_send(&open->peer, SLUICE_RECORD_DATA, "xyz", 3);
	pair_expect(open, "xyz", 3);
	peer_send(&open->peer, 99, "xyz", 3);
	KUNIT_EXPECT_EQ(test, -EPROTO, pair_recv(open, &i, 1, 0));
	pair_attached(test);

	genl_send(&genl, genl_new(&genl, SLUICE_CMD_STATS_GET, 0));
	answer = genl_receive(&genl);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, answer);
	genl_parse(&genl, answer, attrs, SLUICE_A_STATS_MAX);
	{
		const u8 expected[] = {
			[SLUICE_A_STATS_OPEN] = 2,
			[SLUICE_A_STATS_ATTACHED] = 3,
			[SLUICE_A_STATS_TX_BYTES] = 5,
			[SLUICE_A_STATS_RX_BYTES] = 3,
			/* data, KeyUpdate, close_notify; the other's alert */
			[SLUICE_A_STATS_TX_RECORDS] = 4,
			[SLUICE_A_STATS_RX_RECORDS] = 4,
			[SLUICE_A_STATS_TX_KEY_UPDATES] = 1,
			[SLUICE_A_STATS_RX_KEY_UPDATES] = 1,
			[SLUICE_A_STATS_TICKETS] = 1,
			[SLUICE_A_STATS_ALERTS_SENT] = 1,
			[SLUICE_A_STATS_ALERTS_RECEIVED] = 0,
			[SLUICE_A_STATS_TRUNCATED] = 1,
		};

		for (i = 1; i <= SLUICE_A_STATS_MAX; i++)
			KUNIT_EXPECT_EQ_MSG(test, expected[i],
					    get_uint(test, attrs, i),
					    "attribute %d", i);
	}
}

static void netlink_invalid(struct kunit *test)
{
	struct nlattr *attrs[SLUICE_A_SESSION_MAX + 1];
	struct sk_buff *msg;
	struct genl genl;

	genl_open(&genl, test, pair_net(test), SLUICE_FAMILY_NAME, NULL);
	genl_send(&genl, genl_new(&genl, SLUICE_CMD_SESSION_GET, 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, PTR_ERR(genl_receive(&genl)));
	KUNIT_EXPECT_EQ(test, -ENOENT, get_session(&genl, 1, attrs));
	KUNIT_EXPECT_EQ(test, -ENOENT, get_session(&genl, U64_MAX, attrs));
	msg = genl_new(&genl, SLUICE_CMD_SESSION_GET, 0);
	KUNIT_ASSERT_EQ(test, 0, nla_put_u8(msg, SLUICE_A_SESSION_ID, 1));
	genl_send(&genl, msg);
	KUNIT_EXPECT_LT(test, PTR_ERR(genl_receive(&genl)), 0);
}

/* From here on the test is somebody else, who has no privilege. */
static const struct cred *become_nobody(struct kunit *test)
{
	struct cred *cred = prepare_creds();

	KUNIT_ASSERT_NOT_NULL(test, cred);
	cred->uid = KUIDT_INIT(NOBODY);
	cred->euid = KUIDT_INIT(NOBODY);
	cred->fsuid = KUIDT_INIT(NOBODY);
	cap_clear(cred->cap_effective);
	cap_clear(cred->cap_permitted);
	return override_creds(cred);
}

/* Who is nobody sees his own, and of the namespace its totals. */
static void netlink_others(struct kunit *test)
{
	struct nlattr *attrs[SLUICE_A_SESSION_MAX + 1];
	const struct cred *root;
	unsigned int by_root, by_nobody;
	int conn, session, own;
	u32 uid;
	struct nlmsghdr *stats;
	struct genl genl;
	u64 ids[8];

	genl_open(&genl, test, pair_net(test), SLUICE_FAMILY_NAME, NULL);
	/* 1 and 2 */
	pair_attached(test);
	driver_create(pair_connect(test, AF_INET), 0, 0);
	by_root = dump(&genl, ids, ARRAY_SIZE(ids));

	root = become_nobody(test);
	/* 3 */
	pair_attached(test);
	conn = get_session(&genl, 1, attrs);
	session = get_session(&genl, 2, attrs);
	own = get_session(&genl, 3, attrs);
	uid = own ? 0 : nla_get_u32(attrs[SLUICE_A_SESSION_UID]);
	by_nobody = dump(&genl, ids, ARRAY_SIZE(ids));
	genl_send(&genl, genl_new(&genl, SLUICE_CMD_STATS_GET, 0));
	stats = genl_receive(&genl);
	put_cred(revert_creds(root));

	KUNIT_EXPECT_EQ(test, 2, by_root);
	/* As if there were none. */
	KUNIT_EXPECT_EQ(test, -ENOENT, conn);
	KUNIT_EXPECT_EQ(test, -ENOENT, session);
	KUNIT_EXPECT_EQ(test, 0, own);
	KUNIT_EXPECT_EQ(test, NOBODY, uid);
	KUNIT_EXPECT_EQ(test, 1, by_nobody);
	KUNIT_EXPECT_EQ(test, 3, ids[0]);
	KUNIT_EXPECT_NOT_ERR_OR_NULL(test, stats);

	/* An administrator sees what is anybody's. */
	KUNIT_EXPECT_EQ(test, 0, get_session(&genl, 3, attrs));
	/* But not what is in another namespace. */
	genl_open(&genl, test, &init_net, SLUICE_FAMILY_NAME, NULL);
	KUNIT_EXPECT_EQ(test, -ENOENT, get_session(&genl, 3, attrs));
	KUNIT_EXPECT_EQ(test, 0, dump(&genl, ids, ARRAY_SIZE(ids)));
}

static struct kunit_case netlink_test_cases[] = {
	KUNIT_CASE(netlink_connection),
	KUNIT_CASE(netlink_ipv6),
	KUNIT_CASE(netlink_session),
	KUNIT_CASE(netlink_dump),
	KUNIT_CASE(netlink_stats),
	KUNIT_CASE(netlink_invalid),
	KUNIT_CASE(netlink_others),
	{}
};

static struct kunit_suite netlink_test_suite = {
	.name = "sluice_netlink",
	.init = pair_test_init,
	.test_cases = netlink_test_cases,
};

kunit_test_suite(netlink_test_suite);

MODULE_DESCRIPTION("KUnit tests of what Sluice says over netlink");
MODULE_LICENSE("GPL");
