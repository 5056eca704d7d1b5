// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of handshake.c: net/handshake is the kernel's own, and the agent
 * is played. For what takes two threads to meet at one instant, so are the two
 * halves of net/handshake's completion.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/file.h>
#include <linux/kthread.h>
#include <linux/string.h>
#include <net/sock.h>

#include "../../handshake/handshake.h"
#include "lib/agent.h"
#include "lib/driver.h"

static const struct sluice_handshake anonymous = { .auth = SLUICE_AUTH_ANON };

/* What a driver is told: of a handshake, and how it went. */
static const u8 to_open[] = { SLUICE_SESSION_HANDSHAKING, SLUICE_SESSION_OPEN };
static const u8 to_failed[] = { SLUICE_SESSION_HANDSHAKING,
				SLUICE_SESSION_FAILED };

static struct driver *make(struct kunit *test)
{
	return driver_create(pair_connect(test, AF_INET), 0, 0);
}

static void start(struct driver *driver, unsigned int timeout_ms)
{
	const struct sluice_handshake handshake = {
		.auth = SLUICE_AUTH_ANON,
		.timeout_ms = timeout_ms,
	};

	KUNIT_ASSERT_EQ(driver->test, 0,
			sluice_session_handshake(driver->session, &handshake));
}

static void expect_failed(struct driver *driver, int error)
{
	driver_expect_told(driver, to_failed, 2);
	KUNIT_EXPECT_EQ(driver->test, error, driver->errors[1]);
	KUNIT_EXPECT_EQ(driver->test, error,
			sluice_session_wait(driver->session));
	KUNIT_EXPECT_EQ(driver->test, error,
			sluice_session_error(driver->session));
}

static void handshake_check(struct kunit *test)
{
	static const struct {
		struct sluice_handshake args;
		int rc;
	} cases[] = {
		{ { .auth = SLUICE_AUTH_ANON }, 0 },
		{ { .auth = SLUICE_AUTH_ANON, .server = true }, -EINVAL },
		{ { .auth = SLUICE_AUTH_X509 }, 0 },
		{ { .auth = SLUICE_AUTH_X509, .server = true }, 0 },
		{ { .auth = SLUICE_AUTH_X509, .cert = 1, .privkey = 2 }, 0 },
		{ { .auth = SLUICE_AUTH_X509, .cert = 1 }, -EINVAL },
		{ { .auth = SLUICE_AUTH_X509, .privkey = 2 }, 0 },
		{ { .auth = SLUICE_AUTH_PSK }, -EINVAL },
		{ { .auth = SLUICE_AUTH_PSK, .num_psk = 1 }, 0 },
		{ { .auth = SLUICE_AUTH_PSK, .num_psk = SLUICE_PSK_MAX }, 0 },
		{ { .auth = SLUICE_AUTH_PSK, .num_psk = SLUICE_PSK_MAX + 1 },
		  -EINVAL },
		{ { .auth = SLUICE_AUTH_PSK + 1 }, -EINVAL },
	};
	struct driver *driver = make(test);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].rc,
				    sluice_upcall_check(&cases[i].args),
				    "case %zu", i);
		if (cases[i].rc)
			KUNIT_EXPECT_EQ(test, cases[i].rc,
					sluice_session_handshake(driver->session,
								 &cases[i].args));
	}
	/* Nothing has begun. */
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_NEW,
			sluice_session_state(driver->session));
}

/* The agent is told just what the driver asks for. */
static void handshake_arguments(struct kunit *test)
{
	/* With keys in the kernel, the agent would have to have it. */
	const key_serial_t keyring = IS_ENABLED(CONFIG_KEYS) ? 0 : 77;
	const struct sluice_handshake cases[] = {
		{ .auth = SLUICE_AUTH_ANON, .peer_name = "example.org" },
		{ .auth = SLUICE_AUTH_X509, .cert = 11, .privkey = 12,
		  .keyring = keyring, .timeout_ms = 9000 },
		{ .auth = SLUICE_AUTH_X509, .cert = 13, .privkey = 14,
		  .server = true },
		{ .auth = SLUICE_AUTH_X509, .privkey = 15, .server = true },
		{ .auth = SLUICE_AUTH_X509, .peer_name = "192.0.2.1" },
		{ .auth = SLUICE_AUTH_PSK, .num_psk = 5,
		  .psk = { 21, 22, 23, 24, 25 } },
		{ .auth = SLUICE_AUTH_PSK, .num_psk = 2, .psk = { 31, 32 },
		  .server = true },
	};
	static const u32 auths[] = {
		[SLUICE_AUTH_ANON] = HANDSHAKE_AUTH_UNAUTH,
		[SLUICE_AUTH_X509] = HANDSHAKE_AUTH_X509,
		[SLUICE_AUTH_PSK] = HANDSHAKE_AUTH_PSK,
	};
	struct agent_request request;
	struct driver *driver;
	struct genl agent;
	unsigned int j;
	size_t i;

	agent_open(&agent, test, pair_net(test));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct sluice_handshake *args = &cases[i];

		driver = make(test);
		KUNIT_ASSERT_EQ(test, 0,
				sluice_session_handshake(driver->session, args));
		agent_accept(&agent, &request);
		KUNIT_EXPECT_EQ(test, request.type, args->server ?
				HANDSHAKE_MSG_TYPE_SERVERHELLO :
				HANDSHAKE_MSG_TYPE_CLIENTHELLO);
		KUNIT_EXPECT_EQ(test, request.auth, auths[args->auth]);
		KUNIT_EXPECT_EQ(test, request.timeout_ms, args->timeout_ms ?:
				SLUICE_HANDSHAKE_TIMEOUT_MS);
		KUNIT_EXPECT_STREQ(test, request.peer_name,
				   args->peer_name ?: "");
		KUNIT_EXPECT_EQ(test, request.keyring, args->keyring);
		KUNIT_EXPECT_EQ(test, request.cert, args->cert);
		KUNIT_EXPECT_EQ(test, request.privkey, args->privkey);
		KUNIT_EXPECT_EQ(test, request.num_psk,
				args->server ? min(args->num_psk, 1) :
					       args->num_psk);
		for (j = 0; j < request.num_psk; j++)
			KUNIT_EXPECT_EQ(test, request.psk[j], args->psk[j]);
		agent_done(&agent, &request, EACCES, 0);
		expect_failed(driver, -EACCES);
	}
}

/* An agent that hands the secrets down, and one that only programs kTLS. */
static void handshake_success(struct kunit *test)
{
	struct agent_request request;
	struct driver *driver;
	struct genl agent;
	struct pair *pair;
	int attach;

	agent_open(&agent, test, pair_net(test));
	for (attach = 0; attach <= 1; attach++) {
		driver = make(test);
		pair = driver->pair;
		start(driver, 0);
		KUNIT_EXPECT_EQ(test, -EALREADY,
				sluice_session_handshake(driver->session,
							 &anonymous));
		agent_accept(&agent, &request);
		pair_set_ulp(pair);
		pair_set_keys(pair, TLS_CIPHER_AES_GCM_256, PAIR_BOTH);
		if (attach)
			pair_attach(pair, PAIR_BOTH);
		KUNIT_EXPECT_EQ(test, SLUICE_SESSION_HANDSHAKING,
				sluice_session_state(driver->session));
		agent_done(&agent, &request, 0, 4711);
		KUNIT_EXPECT_EQ(test, 0, sluice_session_wait(driver->session));
		driver_expect_told(driver, to_open, 2);
		KUNIT_EXPECT_EQ(test, 4711,
				sluice_session_peer(driver->session));
		KUNIT_EXPECT_EQ(test, attach ? 0 : -EOPNOTSUPP,
				sluice_session_key_update(driver->session,
							  false));
		if (attach)
			peer_expect_key_update(&pair->peer, false);
		KUNIT_EXPECT_EQ(test, -EALREADY,
				sluice_session_handshake(driver->session,
							 &anonymous));
	}

	/* It says that all is well, but there are no keys. */
	driver = make(test);
	start(driver, 0);
	agent_accept(&agent, &request);
	agent_done(&agent, &request, 0, 0);
	expect_failed(driver, -EINVAL);
}

/* Whatever the agent says is what the driver sees. */
static void handshake_errors(struct kunit *test)
{
	struct agent_request request;
	struct driver *driver;
	struct genl agent;
	int error;

	agent_open(&agent, test, pair_net(test));
	for (error = 1; error < 134; error++) {
		driver = make(test);
		start(driver, 0);
		agent_accept(&agent, &request);
		agent_done(&agent, &request, error, 0);
		expect_failed(driver, -error);
		KUNIT_EXPECT_EQ(test, 0, sluice_session_peer(driver->session));
		KUNIT_EXPECT_EQ(test, 0,
				sluice_session_close(driver->session, 1000));
		KUNIT_EXPECT_EQ(test, 2, atomic_read(&driver->num_told));
	}
}

static void handshake_no_agent(struct kunit *test)
{
	struct driver *driver = make(test);

	start(driver, 0);
	expect_failed(driver, -ESRCH);
}

/* More than net/handshake takes at once: the others wait for their turn. */
static void handshake_back_off(struct kunit *test)
{
	struct handshake_net *hn = handshake_pernet(pair_net(test));
	const int many = hn->hn_pending_max + 5;
	struct agent_request request;
	struct driver **drivers;
	struct genl agent;
	int i, submitted = 0;

	agent_open(&agent, test, pair_net(test));
	drivers = kunit_kcalloc(test, many, sizeof(*drivers), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, drivers);
	for (i = 0; i < many; i++) {
		drivers[i] = make(test);
		start(drivers[i], 0);
	}
	KUNIT_EXPECT_TRUE(test, EVENTUALLY(READ_ONCE(hn->hn_pending) ==
					   hn->hn_pending_max));
	msleep(100);
	for (i = 0; i < many; i++)
		submitted += drivers[i]->session->upcall.submitted;
	KUNIT_EXPECT_EQ(test, hn->hn_pending_max, submitted);

	for (i = 0; i < many; i++) {
		agent_accept(&agent, &request);
		agent_done(&agent, &request, EPERM, 0);
	}
	for (i = 0; i < many; i++)
		expect_failed(drivers[i], -EPERM);
	KUNIT_EXPECT_EQ(test, -EAGAIN, agent_try_accept(&agent, &request));
}

/* Where its turn does not come in time, that is a time-out. */
static void handshake_back_off_timeout(struct kunit *test)
{
	struct handshake_net *hn = handshake_pernet(pair_net(test));
	struct driver *driver, *first = NULL;
	struct agent_request request;
	struct genl agent;
	int i;

	agent_open(&agent, test, pair_net(test));
	for (i = 0; i < hn->hn_pending_max; i++) {
		driver = make(test);
		start(driver, 0);
		first = first ?: driver;
	}
	KUNIT_EXPECT_TRUE(test, EVENTUALLY(READ_ONCE(hn->hn_pending) ==
					   hn->hn_pending_max));
	driver = make(test);
	start(driver, 100);
	expect_failed(driver, -ETIMEDOUT);
	peer_expect_end(&driver->pair->peer);

	/* One that is closed while it waits is not submitted any more. */
	driver = make(test);
	start(driver, 0);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(driver->session, 0));
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_CLOSED,
			sluice_session_state(driver->session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(first->session, 0));
	msleep(50);
	for (i = 1; i < hn->hn_pending_max; i++)
		KUNIT_EXPECT_EQ(test, 0, agent_try_accept(&agent, &request));
	KUNIT_EXPECT_EQ(test, -EAGAIN, agent_try_accept(&agent, &request));
}

/* The agent does nothing, or not in time. */
static void handshake_timeout(struct kunit *test)
{
	struct agent_request request;
	struct driver *driver;
	struct genl agent;

	agent_open(&agent, test, pair_net(test));
	driver = make(test);
	start(driver, 50);
	expect_failed(driver, -ETIMEDOUT);
	peer_expect_end(&driver->pair->peer);
	KUNIT_EXPECT_EQ(test, -EAGAIN, agent_try_accept(&agent, &request));

	driver = make(test);
	start(driver, 500);
	agent_accept(&agent, &request);
	expect_failed(driver, -ETIMEDOUT);
	/* An agent that was too slow must not go on. */
	peer_expect_end(&driver->pair->peer);
	agent_done(&agent, &request, 0, 0);
	msleep(20);
	expect_failed(driver, -ETIMEDOUT);
}

/* A cancel wins: no callback comes, and the agent can't come back. */
static void handshake_cancel(struct kunit *test)
{
	struct agent_request request;
	struct driver *driver;
	struct genl agent;

	agent_open(&agent, test, pair_net(test));
	driver = make(test);
	start(driver, 0);
	KUNIT_EXPECT_TRUE(test,
			  EVENTUALLY(READ_ONCE(driver->session->upcall.submitted)));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(driver->session, 1000));
	KUNIT_EXPECT_EQ(test, -ECANCELED, sluice_session_wait(driver->session));
	KUNIT_EXPECT_FALSE(test, driver->session->upcall.called);
	KUNIT_EXPECT_EQ(test, -EAGAIN, agent_try_accept(&agent, &request));

	driver = make(test);
	start(driver, 0);
	agent_accept(&agent, &request);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(driver->session, 1000));
	agent_done(&agent, &request, 0, 0);
	KUNIT_EXPECT_FALSE(test, driver->session->upcall.called);
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_CLOSED,
			sluice_session_state(driver->session));
}

/* The first half of handshake_complete(): from now on no cancel can win. */
static struct handshake_req *begin_complete(struct driver *driver)
{
	struct handshake_req *req = handshake_req_hash_lookup(driver->pair->sk);

	KUNIT_ASSERT_NOT_NULL(driver->test, req);
	KUNIT_ASSERT_FALSE(driver->test,
			   test_and_set_bit(HANDSHAKE_F_REQ_COMPLETED,
					    &req->hr_flags));
	return req;
}

/* And the second one. */
static void end_complete(struct handshake_req *req, int status)
{
	struct file *file = req->hr_file;

	req->hr_proto->hp_done(req, status, NULL);
	fput(file);
}

struct closer {
	struct driver *driver;
	struct completion done;
	int rc;
};

static int close_session(void *data)
{
	struct closer *closer = data;

	closer->rc = sluice_session_close(closer->driver->session, 1000);
	complete(&closer->done);
	return 0;
}

/* A cancel comes too late: nothing is freed before the callback is through. */
static void handshake_cancel_late(struct kunit *test)
{
	struct agent_request request;
	struct handshake_req *req;
	struct closer closer = {};
	struct genl agent;

	agent_open(&agent, test, pair_net(test));
	closer.driver = make(test);
	init_completion(&closer.done);
	start(closer.driver, 0);
	agent_accept(&agent, &request);
	req = begin_complete(closer.driver);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, kthread_run(close_session, &closer,
						       "close"));
	KUNIT_EXPECT_EQ(test, 0,
			wait_for_completion_timeout(&closer.done,
						    msecs_to_jiffies(100)));
	end_complete(req, -EACCES);
	KUNIT_ASSERT_GT(test,
			wait_for_completion_timeout(&closer.done, 10 * HZ), 0);
	KUNIT_EXPECT_EQ(test, 0, closer.rc);
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_CLOSED,
			sluice_session_state(closer.driver->session));
	KUNIT_EXPECT_TRUE(test, closer.driver->session->upcall.called);
	agent_done(&agent, &request, 0, 0);
}

/* The same at the time-out: then what the agent said counts. */
static void handshake_timeout_late(struct kunit *test)
{
	struct agent_request request;
	struct handshake_req *req;
	struct driver *driver;
	struct genl agent;

	agent_open(&agent, test, pair_net(test));
	driver = make(test);
	start(driver, 500);
	agent_accept(&agent, &request);
	req = begin_complete(driver);
	msleep(700);
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_HANDSHAKING,
			sluice_session_state(driver->session));
	end_complete(req, -EACCES);
	expect_failed(driver, -EACCES);
	agent_done(&agent, &request, 0, 0);
}

static int early_status;

/* An agent so fast that its answer is there before the submit has returned. */
static void early_agent(struct sock *sk)
{
	struct handshake_req *req;

	req = handshake_req_next(handshake_pernet(sock_net(sk)),
				 HANDSHAKE_HANDLER_CLASS_TLSHD);
	if (!req)
		return;
	fput(req->hr_file);
	handshake_complete(req, early_status, NULL);
}

static void handshake_early(struct kunit *test)
{
	void (*data_ready)(struct sock *sk);
	struct driver *driver;
	struct genl agent;

	agent_open(&agent, test, pair_net(test));
	data_ready = agent.sock->sk->sk_data_ready;
	agent.sock->sk->sk_data_ready = early_agent;

	early_status = -EACCES;
	driver = make(test);
	start(driver, 0);
	expect_failed(driver, -EACCES);

	early_status = 0;
	driver = driver_create(pair_keyed(test), 0, 0);
	start(driver, 0);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_wait(driver->session));
	driver_expect_told(driver, to_open, 2);
	agent.sock->sk->sk_data_ready = data_ready;
}

static struct kunit_case handshake_test_cases[] = {
	KUNIT_CASE(handshake_check),
	KUNIT_CASE(handshake_arguments),
	KUNIT_CASE(handshake_success),
	KUNIT_CASE(handshake_errors),
	KUNIT_CASE(handshake_no_agent),
	KUNIT_CASE(handshake_back_off),
	KUNIT_CASE(handshake_back_off_timeout),
	KUNIT_CASE(handshake_timeout),
	KUNIT_CASE(handshake_cancel),
	KUNIT_CASE(handshake_cancel_late),
	KUNIT_CASE(handshake_timeout_late),
	KUNIT_CASE(handshake_early),
	{}
};

static struct kunit_suite handshake_test_suite = {
	.name = "sluice_handshake",
	.init = pair_test_init,
	.test_cases = handshake_test_cases,
};

kunit_test_suite(handshake_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of the handshakes of Sluice's sessions");
MODULE_LICENSE("GPL");
