// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of engine_queue.c: an engine that puts all into its queue. */
#include <kunit/test.h>
#include <linux/completion.h>

#include "../engine.h"
#include "lib/engine.h"

/* Every record, in whatever time it takes, is encrypted and completed once. */
static void queue_once(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	struct sluice_engine_info info;
	int i;

	for (i = 0; i < ENGINE_TEST_RECORDS; i++) {
		c->slots[i].record.delay_us = engine_test_delay();
		engine_test_submit(c, i, 1);
	}
	engine_test_wait(test);
	engine_test_expect_once(test, ENGINE_TEST_RECORDS);
	sluice_engine_info(c->aead, &info);
	KUNIT_EXPECT_EQ(test, ENGINE_TEST_RECORDS, info.records_spread);
	KUNIT_EXPECT_GT(test, info.wakeups, 0);
}

/* An error is told once, and no record that follows it is encrypted. */
static void queue_errors(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	int i, bad = 100;

	for (i = 0; i < ENGINE_TEST_RECORDS; i++) {
		c->slots[i].record.delay_us = i == bad ? 0 : engine_test_delay();
		c->slots[i].record.error = i == bad ? -EIO : 0;
		engine_test_submit(c, i, 1);
	}
	engine_test_wait(test);
	KUNIT_EXPECT_EQ(test, -EIO, c->slots[bad].record.result);
	for (i = 0; i < ENGINE_TEST_RECORDS; i++) {
		struct engine_test_record *record = &c->slots[i].record;

		if (c->slots[i].rc == -EINPROGRESS) {
			KUNIT_ASSERT_EQ(test, 1, atomic_read(&record->ends));
			if (i < bad)
				KUNIT_ASSERT_EQ(test, 0, record->result);
		} else {
			KUNIT_ASSERT_EQ(test, -EIO, c->slots[i].rc);
			KUNIT_ASSERT_EQ(test, 0, atomic_read(&record->ends));
		}
		KUNIT_ASSERT_LE(test, atomic_read(&record->times), 1);
	}
	KUNIT_EXPECT_EQ(test, -EIO, c->slots[ENGINE_TEST_RECORDS - 1].rc);
	sluice_engine_set_mode(c->aead, SLUICE_ENGINE_INLINE);
	KUNIT_EXPECT_EQ(test, -EIO, engine_test_submit(c, ENGINE_TEST_RECORDS - 1, 1));
}

/* What waits behind a record that fails is not encrypted any more. */
static void queue_error_stops(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	struct completion go;
	int i;

	engine_test_block(test, &go);
	c->slots[1].record.error = -EIO;
	/* So few that they are all left to the helper. */
	for (i = 1; i <= SLUICE_ENGINE_BATCH; i++)
		KUNIT_ASSERT_EQ(test, -EINPROGRESS, engine_test_submit(c, i, 1));
	complete(&go);
	engine_test_wait(test);
	KUNIT_EXPECT_EQ(test, 0, c->slots[0].record.result);
	for (i = 1; i <= SLUICE_ENGINE_BATCH; i++) {
		struct engine_test_record *record = &c->slots[i].record;

		KUNIT_EXPECT_EQ(test, -EIO, record->result);
		KUNIT_EXPECT_EQ(test, 1, atomic_read(&record->ends));
		KUNIT_EXPECT_EQ(test, i == 1, atomic_read(&record->times));
	}
}

/* Memory is bounded: who is far ahead of a stuck helper is told to wait. */
static void queue_backlog(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	struct completion go;
	int i, rc;

	engine_test_block(test, &go);
	for (i = 1; i < ENGINE_TEST_RECORDS; i++) {
		rc = engine_test_submit(c, i, 1);
		if (rc == -EBUSY)
			break;
		KUNIT_ASSERT_EQ(test, -EINPROGRESS, rc);
	}
	complete(&go);
	KUNIT_ASSERT_EQ(test, SLUICE_ENGINE_AHEAD, i);
	engine_test_wait(test);
	engine_test_expect_once(test, i + 1);
}

static struct kunit_case queue_test_cases[] = {
	KUNIT_CASE(queue_once),
	KUNIT_CASE(queue_errors),
	KUNIT_CASE(queue_error_stops),
	KUNIT_CASE(queue_backlog),
	{}
};

static struct kunit_suite queue_test_suite = {
	.name = "sluice_engine_queue",
	.suite_init = engine_test_suite_init,
	.suite_exit = engine_test_suite_exit,
	.init = engine_test_init,
	.exit = engine_test_exit,
	.test_cases = queue_test_cases,
};

kunit_test_suite(queue_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of Sluice's queue of records");
MODULE_LICENSE("GPL");
