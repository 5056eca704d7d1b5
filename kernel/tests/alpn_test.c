// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of alpn.c: the agent is played, and asks as sluiced does. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/string.h>
#include <net/sock.h>

#include "../alpn.h"
#include "lib/agent.h"
#include "lib/driver.h"

static const char *const protocols[] = { "h2", "http/1.1", NULL };

static int get(struct pair *pair, struct pair_option *value, int room)
{
	value->len = room;
	return pair_getsockopt(pair, SOL_IP, SLUICE_ALPN, value);
}

static int set(struct pair *pair, const char *name, size_t len)
{
	return pair_setsockopt(pair, SOL_IP, SLUICE_ALPN, name, len);
}

static struct driver *start(struct kunit *test, struct genl *agent,
			    struct agent_request *request,
			    const char *const *alpn)
{
	const struct sluice_handshake handshake = {
		.auth = SLUICE_AUTH_ANON,
		.alpn = alpn,
	};
	struct driver *driver = driver_create(pair_connect(test, AF_INET), 0, 0);

	KUNIT_ASSERT_EQ(test, 0,
			sluice_session_handshake(driver->session, &handshake));
	agent_accept(agent, request);
	return driver;
}

static void finish(struct driver *driver, struct genl *agent,
		   struct agent_request *request)
{
	pair_set_ulp(driver->pair);
	pair_set_keys(driver->pair, TLS_CIPHER_AES_GCM_128, PAIR_BOTH);
	agent_done(agent, request, 0, 0);
	KUNIT_EXPECT_EQ(driver->test, 0, sluice_session_wait(driver->session));
}

static void alpn_check(struct kunit *test)
{
	char name[257];
	const char *const one[] = { name, NULL };
	const char *const most[] = { name, name, NULL };
	const char *const many[] = { name, name, "a", NULL };
	const char *const empty[] = { NULL };
	struct driver *driver = driver_create(pair_connect(test, AF_INET), 0, 0);
	const struct sluice_handshake handshake = {
		.auth = SLUICE_AUTH_ANON,
		.alpn = empty,
	};

	KUNIT_EXPECT_EQ(test, 0, sluice_alpn_check(NULL));
	KUNIT_EXPECT_EQ(test, 3 + 9, sluice_alpn_check(protocols));
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_alpn_check(empty));
	strscpy(name, "");
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_alpn_check(one));
	memset(name, 'a', 256);
	name[256] = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_alpn_check(one));
	name[255] = 0;
	KUNIT_EXPECT_EQ(test, 256, sluice_alpn_check(one));
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_alpn_check(many));
	KUNIT_EXPECT_EQ(test, SLUICE_ALPN_LEN_MAX, sluice_alpn_check(most));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			sluice_session_handshake(driver->session, &handshake));
}

static void alpn_chosen(struct kunit *test)
{
	struct agent_request request;
	struct pair_option value;
	struct driver *driver;
	struct genl agent;
	struct pair *pair;

	agent_open(&agent, test, pair_net(test));
	driver = start(test, &agent, &request, protocols);
	pair = driver->pair;

	KUNIT_EXPECT_EQ(test, -ERANGE, get(pair, &value, 11));
	KUNIT_EXPECT_EQ(test, -ERANGE, get(pair, &value, 0));
	KUNIT_EXPECT_EQ(test, 0, get(pair, &value, sizeof(value.room)));
	KUNIT_EXPECT_EQ(test, 12, value.len);
	KUNIT_EXPECT_MEMEQ(test, value.room, "\2h2\10http/1.1", 12);

	/* No other name will do, be it longer or shorter. */
	KUNIT_EXPECT_EQ(test, -EINVAL, set(pair, "h3", 2));
	KUNIT_EXPECT_EQ(test, -EINVAL, set(pair, "h2", 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, set(pair, "h2\0", 3));
	KUNIT_EXPECT_EQ(test, -EINVAL, set(pair, "", 0));
	KUNIT_EXPECT_EQ(test, -EINVAL, set(pair, value.room, 256));
	KUNIT_EXPECT_PTR_EQ(test, NULL, sluice_session_alpn(driver->session));
	KUNIT_EXPECT_EQ(test, 0, set(pair, "http/1.1", 8));
	finish(driver, &agent, &request);
	KUNIT_EXPECT_STREQ(test, "http/1.1",
			   sluice_session_alpn(driver->session));

	/* It is too late for another. */
	KUNIT_EXPECT_EQ(test, -ENOTCONN, get(pair, &value, 12));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, set(pair, "h2", 2));
}

/* A driver that asks for none, and an agent that does not know of them. */
static void alpn_none(struct kunit *test)
{
	struct agent_request request;
	struct pair_option value;
	struct driver *driver;
	struct genl agent;

	agent_open(&agent, test, pair_net(test));
	driver = start(test, &agent, &request, NULL);
	KUNIT_EXPECT_EQ(test, 0, get(driver->pair, &value, 0));
	KUNIT_EXPECT_EQ(test, 0, value.len);
	KUNIT_EXPECT_EQ(test, -EINVAL, set(driver->pair, "h2", 2));
	finish(driver, &agent, &request);
	KUNIT_EXPECT_PTR_EQ(test, NULL, sluice_session_alpn(driver->session));

	driver = start(test, &agent, &request, protocols);
	finish(driver, &agent, &request);
	KUNIT_EXPECT_PTR_EQ(test, NULL, sluice_session_alpn(driver->session));
}

/* A program's socket, and a session's before its handshake. */
static void alpn_nobody(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);
	struct pair_option value;

	KUNIT_EXPECT_EQ(test, -ENOTCONN, get(pair, &value, 12));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, set(pair, "h2", 2));
	driver_create(pair, 0, 0);
	KUNIT_EXPECT_EQ(test, -ENOTCONN, get(pair, &value, 12));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, set(pair, "h2", 2));
}

static struct kunit_case alpn_test_cases[] = {
	KUNIT_CASE(alpn_check),
	KUNIT_CASE(alpn_chosen),
	KUNIT_CASE(alpn_none),
	KUNIT_CASE(alpn_nobody),
	{}
};

static struct kunit_suite alpn_test_suite = {
	.name = "sluice_alpn",
	.init = pair_test_init,
	.test_cases = alpn_test_cases,
};

kunit_test_suite(alpn_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the application protocols of Sluice's sessions");
MODULE_LICENSE("GPL");
