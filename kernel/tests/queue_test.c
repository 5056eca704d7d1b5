// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of queue.c, with a worker that only counts. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>

#include "../queue.h"

/**
 * struct fake - a queue
 * @q: the queue
 * @runs: how often its worker ran
 * @flag: what the worker is to see
 * @saw: and saw when it ran last
 * @slow: it takes its time
 */
struct fake {
	struct sluice_queue q;
	atomic_t runs;
	bool flag;
	bool saw;
	bool slow;
};

static void work(struct work_struct *work)
{
	struct fake *fake = container_of(to_delayed_work(work), struct fake,
					 q.work);

	if (fake->slow)
		msleep(100);
	spin_lock_irq(&fake->q.lock);
	fake->saw = fake->flag;
	spin_unlock_irq(&fake->q.lock);
	atomic_inc(&fake->runs);
}

static struct fake *make(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	sluice_queue_init(&fake->q, system_dfl_wq, work);
	KUNIT_EXPECT_TRUE(test, list_empty(&fake->q.requests));
	return fake;
}

/* When what is to run at once has run. */
static int runs(struct fake *fake)
{
	flush_work(&fake->q.work.work);
	return atomic_read(&fake->runs);
}

static void queue_kick(struct kunit *test)
{
	struct fake *fake = make(test);

	sluice_queue_kick(&fake->q);
	KUNIT_EXPECT_EQ(test, 1, runs(fake));
	sluice_queue_set(&fake->q, &fake->flag);
	KUNIT_EXPECT_EQ(test, 2, runs(fake));
	KUNIT_EXPECT_TRUE(test, fake->saw);
	sluice_queue_stop(&fake->q, -EIO);
}

/* In a while, by itself; a kick does not wait for that. */
static void queue_retry(struct kunit *test)
{
	struct fake *fake = make(test);

	sluice_queue_retry(&fake->q);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&fake->runs));
	msleep(100);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&fake->runs));
	sluice_queue_retry(&fake->q);
	sluice_queue_kick(&fake->q);
	KUNIT_EXPECT_EQ(test, 2, runs(fake));
	msleep(100);
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&fake->runs));
	sluice_queue_stop(&fake->q, -EIO);
}

/* The first error counts, and the first to say that it is over. */
static void queue_errors(struct kunit *test)
{
	struct fake *fake = make(test);

	sluice_queue_fail(&fake->q, -EIO);
	KUNIT_EXPECT_EQ(test, 1, runs(fake));
	sluice_queue_fail(&fake->q, -EPIPE);
	KUNIT_EXPECT_EQ(test, -EIO, fake->q.error);
	KUNIT_EXPECT_FALSE(test, fake->q.ended);
	KUNIT_EXPECT_TRUE(test, sluice_queue_end(&fake->q, -EPROTO));
	KUNIT_EXPECT_TRUE(test, fake->q.ended);
	KUNIT_EXPECT_FALSE(test, sluice_queue_end(&fake->q, 0));
	KUNIT_EXPECT_EQ(test, -EIO, fake->q.error);
	sluice_queue_stop(&fake->q, -ECANCELED);
	KUNIT_EXPECT_EQ(test, -EIO, fake->q.error);

	fake = make(test);
	KUNIT_EXPECT_TRUE(test, sluice_queue_end(&fake->q, 0));
	KUNIT_EXPECT_EQ(test, 0, fake->q.error);
	KUNIT_EXPECT_FALSE(test, sluice_queue_end(&fake->q, -EPROTO));
	KUNIT_EXPECT_EQ(test, -EPROTO, fake->q.error);
	sluice_queue_stop(&fake->q, -ECANCELED);
}

/* It waits for the worker, which does not come again. */
static void queue_stop(struct kunit *test)
{
	struct fake *fake = make(test);
	int before;

	fake->slow = true;
	sluice_queue_kick(&fake->q);
	msleep(20);
	sluice_queue_stop(&fake->q, -ECANCELED);
	before = atomic_read(&fake->runs);
	KUNIT_EXPECT_GE(test, before, 1);
	KUNIT_EXPECT_EQ(test, -ECANCELED, fake->q.error);
	sluice_queue_kick(&fake->q);
	sluice_queue_retry(&fake->q);
	sluice_queue_fail(&fake->q, -EIO);
	msleep(150);
	KUNIT_EXPECT_EQ(test, before, atomic_read(&fake->runs));
}

static struct kunit_case queue_test_cases[] = {
	KUNIT_CASE(queue_kick),
	KUNIT_CASE(queue_retry),
	KUNIT_CASE(queue_errors),
	KUNIT_CASE(queue_stop),
	{}
};

static struct kunit_suite queue_test_suite = {
	.name = "sluice_queue",
	.test_cases = queue_test_cases,
};

kunit_test_suite(queue_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of what Sluice's queues have in common");
MODULE_LICENSE("GPL");
