// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of session_ask.c: what a session answers in each state. */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "lib/driver.h"

static void expect_answers(struct driver *driver,
			   enum sluice_session_state state, int error)
{
	struct sluice_session *session = driver->session;

	KUNIT_EXPECT_PTR_EQ(driver->test, driver,
			    sluice_session_priv(session));
	KUNIT_EXPECT_EQ(driver->test, state, sluice_session_state(session));
	KUNIT_EXPECT_EQ(driver->test, error, sluice_session_error(session));
	KUNIT_EXPECT_EQ(driver->test, 0, sluice_session_peer(session));
}

static void ask_states(struct kunit *test)
{
	struct driver *driver = driver_create(pair_keyed(test), 0, 0);
	struct sluice_session *session = driver->session;
	struct sluice_info info;

	expect_answers(driver, SLUICE_SESSION_NEW, 0);
	KUNIT_EXPECT_EQ(test, -ENOTCONN, sluice_session_info(session, &info));

	KUNIT_ASSERT_EQ(test, 0, sluice_session_adopt(session));
	expect_answers(driver, SLUICE_SESSION_OPEN, 0);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_wait(session));
	KUNIT_EXPECT_EQ(test, 0, sluice_session_info(session, &info));
	KUNIT_EXPECT_EQ(test, session->id, info.id);
	KUNIT_EXPECT_EQ(test, SLUICE_DIR_OPEN, info.rx_state);

	sluice_session_shutdown(session);
	expect_answers(driver, SLUICE_SESSION_CLOSING, 0);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_wait(session));

	peer_send_alert(&driver->pair->peer, 80);
	KUNIT_EXPECT_TRUE(test, EVENTUALLY(sluice_session_error(session)));
	expect_answers(driver, SLUICE_SESSION_FAILED, -ECONNABORTED);
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, sluice_session_wait(session));

	/* It is not forgotten. */
	sluice_session_close(session, 0);
	expect_answers(driver, SLUICE_SESSION_FAILED, -ECONNABORTED);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_info(session, &info));
	KUNIT_EXPECT_EQ(test, 80, info.alert_received);

	driver = driver_open(test, 0, 0);
	sluice_session_close(driver->session, 0);
	expect_answers(driver, SLUICE_SESSION_CLOSED, 0);
	KUNIT_EXPECT_EQ(test, -ECANCELED, sluice_session_wait(driver->session));
}

struct waiter {
	struct driver *driver;
	struct completion done;
	int rc;
};

static int wait_thread(void *data)
{
	struct waiter *waiter = data;

	allow_signal(SIGINT);
	waiter->rc = sluice_session_wait(waiter->driver->session);
	complete(&waiter->done);
	return 0;
}

static struct task_struct *start_waiter(struct waiter *waiter,
					struct driver *driver)
{
	struct kunit *test = driver->test;
	struct task_struct *task;

	waiter->driver = driver;
	init_completion(&waiter->done);
	task = kthread_create(wait_thread, waiter, "waiter");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	get_task_struct(task);
	wake_up_process(task);
	KUNIT_EXPECT_EQ(test, 0, wait_for_completion_timeout(&waiter->done,
							     HZ / 20));
	return task;
}

static int wait_waiter(struct waiter *waiter, struct task_struct *task)
{
	KUNIT_ASSERT_GT(waiter->driver->test,
			wait_for_completion_timeout(&waiter->done, 10 * HZ), 0);
	put_task_struct(task);
	return waiter->rc;
}

/* Whatever ends the handshake ends the wait for it; so does a signal. */
static void ask_wait(struct kunit *test)
{
	struct task_struct *task;
	struct driver *driver;
	struct waiter waiter;

	driver = driver_create(pair_keyed(test), 0, 0);
	task = start_waiter(&waiter, driver);
	send_sig(SIGINT, task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, wait_waiter(&waiter, task));
	task = start_waiter(&waiter, driver);
	KUNIT_ASSERT_EQ(test, 0, sluice_session_adopt(driver->session));
	KUNIT_EXPECT_EQ(test, 0, wait_waiter(&waiter, task));

	driver = driver_create(pair_keyed(test), 0, 0);
	task = start_waiter(&waiter, driver);
	sluice_session_failed(driver->session, -EACCES);
	KUNIT_EXPECT_EQ(test, -EACCES, wait_waiter(&waiter, task));

	driver = driver_create(pair_keyed(test), 0, 0);
	task = start_waiter(&waiter, driver);
	sluice_session_close(driver->session, 0);
	KUNIT_EXPECT_EQ(test, -ECANCELED, wait_waiter(&waiter, task));
}

static struct kunit_case ask_test_cases[] = {
	KUNIT_CASE(ask_states),
	KUNIT_CASE(ask_wait),
	{}
};

static struct kunit_suite ask_test_suite = {
	.name = "sluice_session_ask",
	.init = pair_test_init,
	.test_cases = ask_test_cases,
};

kunit_test_suite(ask_test_suite);

MODULE_DESCRIPTION("KUnit tests of what Sluice's sessions answer");
MODULE_LICENSE("GPL");
