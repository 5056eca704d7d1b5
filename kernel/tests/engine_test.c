// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of engine.c. */
#include <crypto/aead.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/random.h>

#include "../engine.h"
#include "../engine_auto.h"
#include "lib/engine.h"

/* The burst's last record is encrypted on the spot; nothing is queued then. */
static void engine_bursts(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	int i, n = 0, burst;

	while (n < ENGINE_TEST_RECORDS) {
		burst = min(8 + (int)get_random_u32_below(60), ENGINE_TEST_RECORDS - n);
		sluice_engine_wants(c->aead, burst, false);
		sluice_engine_begin(c->aead, burst, false, false);
		for (i = 0; i < burst; i++, n++) {
			c->slots[n].record.delay_us = engine_test_delay();
			engine_test_submit(c, n, 1);
		}
		if (burst >= SLUICE_ENGINE_BURST_MIN)
			KUNIT_EXPECT_EQ(test, 0, c->slots[n - 1].rc);
		engine_test_wait(test);
		KUNIT_EXPECT_TRUE(test, sluice_engine_end(c->aead));
	}
	engine_test_expect_once(test, ENGINE_TEST_RECORDS);
}

static void engine_inline(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	struct sluice_engine_info info;
	int i;

	sluice_engine_set_mode(c->aead, SLUICE_ENGINE_INLINE);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, 0, engine_test_submit(c, i, 1));
	engine_test_expect_once(test, 20);
	sluice_engine_info(c->aead, &info);
	KUNIT_EXPECT_EQ(test, 0, info.wakeups);
}

/* New keys while records are in flight: each has that of its time. */
static void engine_epochs(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	u8 key = 1;
	int i;

	for (i = 0; i < ENGINE_TEST_RECORDS; i++) {
		if (i % 7 == 6)
			engine_test_set_key(test, c->aead, ++key);
		c->slots[i].record.delay_us = engine_test_delay();
		engine_test_submit(c, i, key);
	}
	engine_test_wait(test);
	engine_test_expect_once(test, ENGINE_TEST_RECORDS);
}

/* Without a record in flight no new transform is needed. */
static void engine_key_in_place(struct kunit *test)
{
	struct engine_test_case *c = test->priv;

	engine_test_may_make = 0;
	engine_test_set_key(test, c->aead, 2);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&engine_test_live));
	engine_test_submit(c, 0, 2);
	engine_test_wait(test);
	engine_test_expect_once(test, 1);
}

/* A key that is refused leaves nothing behind, and what is in flight alone. */
static void engine_bad_key(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	struct completion go;
	u8 key = ENGINE_TEST_BAD_KEY;

	engine_test_block(test, &go);
	KUNIT_EXPECT_EQ(test, -EINVAL, crypto_aead_setkey(c->aead, &key, 1));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&engine_test_live));
	complete(&go);
	engine_test_wait(test);
	engine_test_expect_once(test, 1);
}

/* No memory for a new key: what is in flight still ends, under the old one. */
static void engine_no_memory(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	struct completion go;
	u8 key = 2;

	engine_test_block(test, &go);
	engine_test_may_make = 0;
	KUNIT_EXPECT_EQ(test, -ENOMEM, crypto_aead_setkey(c->aead, &key, 1));
	KUNIT_EXPECT_EQ(test, -ENOKEY, engine_test_submit(c, 1, 2));
	engine_test_may_make = INT_MAX;
	engine_test_set_key(test, c->aead, 3);
	engine_test_submit(c, 1, 3);
	complete(&go);
	engine_test_wait(test);
	engine_test_expect_once(test, 2);
}

static void engine_async_child(struct kunit *test)
{
	struct crypto_aead *child, *engine;

	child = crypto_alloc_aead("sluice-test-async", 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, child);
	engine = sluice_engine_alloc();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, engine);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, sluice_engine_adopt(engine, child));
	/* It stays ours, and an engine without one can be freed. */
	crypto_free_aead(engine);
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&engine_test_live));
	crypto_free_aead(child);
}

/* Which writes are announced: long ones, and those of a long run. */
static void engine_wants(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	unsigned int few = SLUICE_ENGINE_BURST_MIN - 1;

	KUNIT_EXPECT_FALSE(test, sluice_engine_wants(c->aead, few, false));
	KUNIT_EXPECT_TRUE(test, sluice_engine_wants(c->aead, few + 1, false));

	KUNIT_EXPECT_FALSE(test, sluice_engine_wants(c->aead, few, true));
	KUNIT_EXPECT_TRUE(test, sluice_engine_wants(c->aead, 1, true));
	/* The end of the run is of it; what follows is not. */
	KUNIT_EXPECT_TRUE(test, sluice_engine_wants(c->aead, 1, false));
	KUNIT_EXPECT_FALSE(test, sluice_engine_wants(c->aead, 1, false));

	sluice_engine_set_mode(c->aead, SLUICE_ENGINE_INLINE);
	KUNIT_EXPECT_FALSE(test, sluice_engine_wants(c->aead, 600, false));
}

/* kTLS receives with an AEAD of its own. */
static void engine_decrypt(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	struct aead_request *req = c->slots[0].req;

	sg_init_one(&c->slots[0].sg, &c->slots[0].record,
		    sizeof(c->slots[0].record));
	aead_request_set_crypt(req, &c->slots[0].sg, &c->slots[0].sg, 100,
			       c->slots[0].iv);
	KUNIT_EXPECT_EQ(test, -EOPNOTSUPP, crypto_aead_decrypt(req));
	KUNIT_EXPECT_TRUE(test, sluice_engine_is(c->aead));
}

static struct kunit_case engine_test_cases[] = {
	KUNIT_CASE(engine_bursts),
	KUNIT_CASE(engine_inline),
	KUNIT_CASE(engine_epochs),
	KUNIT_CASE(engine_key_in_place),
	KUNIT_CASE(engine_bad_key),
	KUNIT_CASE(engine_no_memory),
	KUNIT_CASE(engine_async_child),
	KUNIT_CASE(engine_wants),
	KUNIT_CASE(engine_decrypt),
	{}
};

static struct kunit_suite engine_test_suite = {
	.name = "sluice_engine",
	.suite_init = engine_test_suite_init,
	.suite_exit = engine_test_suite_exit,
	.init = engine_test_init,
	.exit = engine_test_exit,
	.test_cases = engine_test_cases,
};

kunit_test_suite(engine_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of Sluice's record engine");
MODULE_LICENSE("GPL");
