// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of session.c, on real kTLS and with a peer that is played. */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/in.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/string.h>
#include <net/sock.h>

#include "../attach.h"
#include "../conn.h"
#include "../ktls.h"
#include "../socket.h"
#include "lib/driver.h"

static struct sluice_session *create(struct socket *sock, u32 flags,
				     u32 engine)
{
	static const struct sluice_session_ops ops;
	const struct sluice_session_params params = {
		.ops = &ops,
		.module = THIS_MODULE,
		.flags = flags,
		.engine = engine,
	};

	return sluice_session_create(sock, &params);
}

/* Whatever comes of it, the socket is the session's: it is released. */
static void session_create_fails(struct kunit *test)
{
	struct pair *pair = pair_connect(test, AF_INET);
	struct socket *sock;

	pair_disown(pair);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(create(pair->sock,
				       SLUICE_SESSION_ALLOW_TRUNCATION << 1,
				       0)));
	peer_expect_end(&pair->peer);
	pair = pair_connect(test, AF_INET);
	pair_disown(pair);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			PTR_ERR(create(pair->sock, 0,
				       SLUICE_ENGINE_FORCED + 1)));
	peer_expect_end(&pair->peer);

	KUNIT_ASSERT_EQ(test, 0,
			__sock_create(pair_net(test), AF_INET, SOCK_STREAM,
				      IPPROTO_TCP, &sock, 0));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, PTR_ERR(create(sock, 0, 0)));
	KUNIT_ASSERT_EQ(test, 0,
			__sock_create(pair_net(test), AF_INET, SOCK_DGRAM,
				      IPPROTO_UDP, &sock, 0));
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, PTR_ERR(create(sock, 0, 0)));
}

static void session_create(struct kunit *test)
{
	struct driver *driver = driver_create(pair_connect(test, AF_INET), 0, 0);
	struct sluice_session *session = driver->session;
	struct sluice_info info;
	struct driver_io io;
	u8 octet;

	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_NEW,
			sluice_session_state(session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_error(session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_peer(session));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, sluice_session_info(session, &info));
	KUNIT_EXPECT_EQ(test, -ENOTCONN,
			sluice_session_key_update(session, false));
	KUNIT_EXPECT_PTR_EQ(test, driver, sluice_session_priv(session));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, driver_send(driver, &io, "x", 1, 0));
	KUNIT_EXPECT_EQ(test, -ENOTCONN, driver_recv(driver, &io, &octet, 1, 0));
	/* Too early for it. */
	sluice_session_shutdown(session);
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_NEW,
			sluice_session_state(session));

	KUNIT_EXPECT_PTR_EQ(test, session, sluice_session_get(session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(session, 1000));
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_CLOSED,
			sluice_session_state(session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(session, 1000));
	KUNIT_EXPECT_EQ(test, -EALREADY, sluice_session_adopt(session));
	KUNIT_EXPECT_EQ(test, -ECANCELED, sluice_session_wait(session));
	sluice_session_put(session);
	/* No TLS yet: no word of it. */
	peer_expect_end(&driver->pair->peer);
}

/* What is asked of the socket, and where the work runs. */
static void session_flags(struct kunit *test)
{
	struct driver *driver;

	driver = driver_create(pair_connect(test, AF_INET), 0, 0);
	KUNIT_EXPECT_PTR_EQ(test, sluice_wq, driver->session->wq);
	KUNIT_EXPECT_FALSE(test, sock_flag(driver->pair->sk, SOCK_MEMALLOC));

	driver = driver_create(pair_connect(test, AF_INET),
			       SLUICE_SESSION_PERCPU, 0);
	KUNIT_EXPECT_PTR_EQ(test, sluice_percpu_wq, driver->session->wq);

	driver = driver_create(pair_connect(test, AF_INET),
			       SLUICE_SESSION_PERCPU | SLUICE_SESSION_RECLAIM,
			       0);
	KUNIT_EXPECT_PTR_EQ(test, sluice_reclaim_wq, driver->session->wq);
	KUNIT_EXPECT_TRUE(test, sock_flag(driver->pair->sk, SOCK_MEMALLOC));
	KUNIT_EXPECT_EQ(test, GFP_NOIO | __GFP_MEMALLOC,
			driver->pair->sk->sk_allocation);
	KUNIT_EXPECT_FALSE(test, driver->pair->sk->sk_use_task_frag);
}

static void session_adopt(struct kunit *test)
{
	static const u8 open[] = { SLUICE_SESSION_OPEN };
	static const u8 failed[] = { SLUICE_SESSION_FAILED };
	struct driver *driver = driver_open(test, 0, 0);
	struct sluice_conn *conn = sluice_conn_find(driver->pair->sk);
	struct sluice_info info;

	driver_expect_told(driver, open, 1);
	KUNIT_EXPECT_PTR_EQ(test, driver->session, conn->session);
	KUNIT_EXPECT_PTR_EQ(test, conn, driver->session->conn);
	KUNIT_EXPECT_EQ(test, driver->session->id, conn->id);
	KUNIT_EXPECT_TRUE(test, conn->driven);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_wait(driver->session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_info(driver->session, &info));
	KUNIT_EXPECT_EQ(test, conn->id, info.id);
	KUNIT_EXPECT_EQ(test, -EALREADY, sluice_session_adopt(driver->session));

	/* With kTLS's keys only. */
	driver = driver_create(pair_keyed(test), 0, 0);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_adopt(driver->session));
	driver_expect_told(driver, open, 1);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP,
			sluice_session_key_update(driver->session, false));

	/* Without any, and with those for one direction. */
	driver = driver_create(pair_connect(test, AF_INET), 0, 0);
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_session_adopt(driver->session));
	driver_expect_told(driver, failed, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, driver->errors[0]);
	KUNIT_EXPECT_EQ(test, -EALREADY, sluice_session_adopt(driver->session));
	driver = driver_create(pair_keyed(test), 0, 0);
	pair_attach(driver->pair, SLUICE_ATTACH_RX);
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_session_adopt(driver->session));
	driver_expect_told(driver, failed, 1);
}

/* The record engine is a wish: what can't have one does without. */
static void session_engine(struct kunit *test)
{
	struct pair *pair = pair_keyed(test), *other = pair_keyed(test);
	struct sluice_engine_info info;
	struct sluice_session *session;

	pair_disown(pair);
	session = create(pair->sock, 0, SLUICE_ENGINE_FORCED);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, session);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_adopt(session));
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_engine_info(pair->sk, &info));
	KUNIT_EXPECT_EQ(test, SLUICE_ENGINE_FORCED, info.mode);
	sluice_session_close(session, 0);
	sluice_session_put(session);

	/* A record is open. */
	KUNIT_EXPECT_EQ(test, 1, pair_send(other, "x", 1, MSG_MORE));
	pair_disown(other);
	session = create(other->sock, 0, SLUICE_ENGINE_FORCED);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, session);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_adopt(session));
	KUNIT_EXPECT_EQ(test, 0, sluice_ktls_engine_info(other->sk, &info));
	KUNIT_EXPECT_EQ(test, SLUICE_ENGINE_INLINE, info.mode);
	sluice_session_close(session, 0);
	sluice_session_put(session);
}

/* Half a close, and then the peer's half; and the other way round. */
static void session_ends(struct kunit *test)
{
	static const u8 states[] = { SLUICE_SESSION_OPEN,
				     SLUICE_SESSION_CLOSING,
				     SLUICE_SESSION_CLOSED };
	struct driver *driver = driver_open(test, 0, 0);
	struct driver_io io;
	u8 octet;

	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &io, "x", 1, 0));
	sluice_session_shutdown(driver->session);
	sluice_session_shutdown(driver->session);
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	peer_expect(&driver->pair->peer, SLUICE_RECORD_DATA, "x", 1);
	peer_expect_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(&driver->pair->peer);
	driver_expect_told(driver, states, 2);
	KUNIT_EXPECT_EQ(test, -EPIPE, driver_send(driver, &io, "y", 1, 0));
	/* Receiving goes on. */
	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, &octet, 1, 0));
	peer_send(&driver->pair->peer, SLUICE_RECORD_DATA, "z", 1);
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	KUNIT_EXPECT_EQ(test, 'z', octet);
	peer_send_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	driver_expect_told(driver, states, 3);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(driver->session, 1000));

	driver = driver_open(test, 0, 0);
	peer_send_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, &octet, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	KUNIT_EXPECT_EQ(test, 0, io.recv.received);
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_OPEN,
			sluice_session_state(driver->session));
	sluice_session_shutdown(driver->session);
	driver_expect_told(driver, states, 3);
}

/* The peer's alert: everybody who waits is told, and the driver once. */
static void session_fails(struct kunit *test)
{
	static const u8 states[] = { SLUICE_SESSION_OPEN,
				     SLUICE_SESSION_FAILED };
	struct driver *driver = driver_open(test, 0, 0);
	struct sluice_session *session = driver->session;
	struct driver_io one, two;
	struct sluice_info info;
	u8 octet;

	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &one, &octet, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &two, &octet, 1, 0));
	peer_send_alert(&driver->pair->peer, 42);
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, driver_wait(driver, &one));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, driver_wait(driver, &two));
	driver_expect_told(driver, states, 2);
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, driver->errors[1]);
	/* The first one counts. */
	sluice_session_failed(session, -EIO);
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, sluice_session_error(session));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, sluice_session_wait(session));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED,
			driver_send(driver, &one, "x", 1, 0));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED,
			driver_recv(driver, &one, &octet, 1, 0));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED,
			sluice_session_key_update(session, false));
	/* It ends as it stood. */
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(session, 1000));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_info(session, &info));
	KUNIT_EXPECT_EQ(test, 42, info.alert_received);
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_FAILED,
			sluice_session_state(session));
	driver_expect_told(driver, states, 2);
}

static void session_key_update(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);

	KUNIT_EXPECT_EQ(test, 0,
			sluice_session_key_update(driver->session, false));
	peer_expect_key_update(&driver->pair->peer, false);
	KUNIT_EXPECT_EQ(test, 0,
			sluice_session_key_update(driver->session, true));
	peer_expect_key_update(&driver->pair->peer, true);
}

struct closer {
	struct driver *driver;
	unsigned int timeout_ms;
	struct completion done;
	int rc;
};

static int close_session(void *data)
{
	struct closer *closer = data;

	closer->rc = sluice_session_close(closer->driver->session,
					  closer->timeout_ms);
	complete(&closer->done);
	return 0;
}

static void start_close(struct closer *closer, struct driver *driver,
			unsigned int timeout_ms)
{
	closer->driver = driver;
	closer->timeout_ms = timeout_ms;
	init_completion(&closer->done);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(driver->test,
				     kthread_run(close_session, closer,
						 "close"));
}

static int wait_close(struct closer *closer)
{
	KUNIT_ASSERT_GT(closer->driver->test,
			wait_for_completion_timeout(&closer->done, 10 * HZ), 0);
	return closer->rc;
}

/* Both sides say close_notify; what was queued leaves before it. */
static void session_close(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct closer closer, second;
	struct sluice_info info;
	struct driver_io send, recv;
	u8 octet;

	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &recv, &octet, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &send, "x", 1, 0));
	start_close(&closer, driver, 10000);
	peer_expect(&driver->pair->peer, SLUICE_RECORD_DATA, "x", 1);
	peer_expect_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(&driver->pair->peer);
	/* Another one waits for the first. */
	start_close(&second, driver, 10000);
	KUNIT_EXPECT_EQ(test, 0,
			wait_for_completion_timeout(&closer.done, HZ / 20));
	KUNIT_EXPECT_FALSE(test, completion_done(&second.done));
	/* Data that nobody wants any more is dropped, and in order. */
	peer_send(&driver->pair->peer, SLUICE_RECORD_DATA, "yy", 2);
	peer_send_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_EQ(test, 0, wait_close(&closer));
	KUNIT_EXPECT_EQ(test, 0, wait_close(&second));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &send));
	KUNIT_EXPECT_EQ(test, -ECANCELED, driver_wait(driver, &recv));
	KUNIT_EXPECT_EQ(test, SLUICE_SESSION_CLOSED,
			sluice_session_state(driver->session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_info(driver->session, &info));
	KUNIT_EXPECT_EQ(test, 1, info.tx_bytes);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_CLOSED, info.rx_state);
	KUNIT_EXPECT_EQ(test, -ECANCELED,
			driver_send(driver, &send, "x", 1, 0));
	KUNIT_EXPECT_EQ(test, -ECANCELED,
			driver_recv(driver, &recv, &octet, 1, 0));
}

/* The peer says nothing. */
static void session_close_timeout(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	unsigned long start = jiffies;

	KUNIT_EXPECT_EQ(test, -ETIMEDOUT,
			sluice_session_close(driver->session, 100));
	KUNIT_EXPECT_GE(test, jiffies - start, msecs_to_jiffies(100));
	peer_expect_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(&driver->pair->peer);
}

/* The peer fails while we wait for its end. */
static void session_close_fails(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct closer closer;

	start_close(&closer, driver, 10000);
	peer_expect_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_shut(&driver->pair->peer);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, wait_close(&closer));
}

/* No time: in order if nothing is cut short, else by a reset. */
static void session_close_now(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct driver_io *ios;
	u8 *data, type;
	int i, rc;

	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(driver->session, 0));
	peer_expect_alert(&driver->pair->peer, SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(&driver->pair->peer);

	driver = driver_open(test, 0, SZ_16M);
	ios = kunit_kcalloc(test, 20, sizeof(*ios), GFP_KERNEL);
	data = kunit_kzalloc(test, SZ_128K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ios);
	KUNIT_ASSERT_NOT_NULL(test, data);
	pair_bound(driver->pair);
	for (i = 0; i < 20; i++)
		KUNIT_ASSERT_EQ(test, 0, driver_send(driver, &ios[i], data,
						     SZ_128K, 0));
	pair_wait_stuck(driver->pair);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_close(driver->session, 0));
	for (i = 0; i < 20; i++) {
		KUNIT_EXPECT_TRUE(test, completion_done(&ios[i].done));
		rc = driver_wait(driver, &ios[i]);
		if (rc)
			KUNIT_EXPECT_EQ(test, -ECANCELED, rc);
	}
	KUNIT_EXPECT_EQ(test, -ECANCELED, rc);
	do {
		rc = peer_read(&driver->pair->peer, &type, data, SZ_128K);
		KUNIT_EXPECT_NE(test, SLUICE_RECORD_ALERT, type);
	} while (rc > 0);
	KUNIT_EXPECT_EQ(test, -ECONNRESET, rc);
}

static struct kunit_case session_test_cases[] = {
	KUNIT_CASE(session_create_fails),
	KUNIT_CASE(session_create),
	KUNIT_CASE(session_flags),
	KUNIT_CASE(session_adopt),
	KUNIT_CASE(session_engine),
	KUNIT_CASE(session_ends),
	KUNIT_CASE(session_fails),
	KUNIT_CASE(session_key_update),
	KUNIT_CASE(session_close),
	KUNIT_CASE(session_close_timeout),
	KUNIT_CASE(session_close_fails),
	KUNIT_CASE(session_close_now),
	{}
};

static struct kunit_suite session_test_suite = {
	.name = "sluice_session",
	.init = pair_test_init,
	.test_cases = session_test_cases,
};

kunit_test_suite(session_test_suite);

MODULE_DESCRIPTION("KUnit tests of the life of Sluice's sessions");
MODULE_LICENSE("GPL");
