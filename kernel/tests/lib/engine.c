// SPDX-License-Identifier: GPL-2.0
/* An engine under test, and the AEAD below it. */
#include <crypto/internal/aead.h>
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/random.h>

#include "../../engine.h"
#include "engine.h"

atomic_t engine_test_live;
int engine_test_may_make;

static int below_setkey(struct crypto_aead *aead, const u8 *key,
			unsigned int len)
{
	if (key[0] == ENGINE_TEST_BAD_KEY)
		return -EINVAL;
	*(u8 *)crypto_aead_ctx(aead) = key[0];
	return 0;
}

static int below_setauthsize(struct crypto_aead *aead, unsigned int size)
{
	return 0;
}

static int below_encrypt(struct aead_request *req)
{
	struct engine_test_record *record = sg_virt(req->src);

	if (record->started) {
		complete(record->started);
		wait_for_completion(record->go);
	}
	if (record->delay_us >= 1000)
		fsleep(record->delay_us);
	else if (record->delay_us)
		udelay(record->delay_us);
	atomic_inc(&record->times);
	record->key = *(u8 *)crypto_aead_ctx(crypto_aead_reqtfm(req));
	return record->error;
}

static int below_decrypt(struct aead_request *req)
{
	return -EOPNOTSUPP;
}

static int below_init(struct crypto_aead *aead)
{
	if (engine_test_may_make <= 0)
		return -ENOMEM;
	engine_test_may_make--;
	atomic_inc(&engine_test_live);
	return 0;
}

static void below_exit(struct crypto_aead *aead)
{
	atomic_dec(&engine_test_live);
}

/* What its name, and being asynchronous, are filled into. */
#define BELOW								\
	.setkey = below_setkey,						\
	.setauthsize = below_setauthsize,				\
	.encrypt = below_encrypt,					\
	.decrypt = below_decrypt,					\
	.init = below_init,						\
	.exit = below_exit,						\
	.ivsize = 12,							\
	.maxauthsize = 16,						\
	.base.cra_blocksize = 1,					\
	.base.cra_ctxsize = 1,						\
	.base.cra_module = THIS_MODULE

static struct aead_alg below[] = {
	{
		BELOW,
		.base.cra_name = "sluice-test",
		.base.cra_driver_name = "sluice-test",
	}, {
		BELOW,
		.base.cra_name = "sluice-test-async",
		.base.cra_driver_name = "sluice-test-async",
		.base.cra_flags = CRYPTO_ALG_ASYNC,
	},
};

void engine_test_set_key(struct kunit *test, struct crypto_aead *aead,
			 u8 key)
{
	KUNIT_ASSERT_EQ(test, 0, crypto_aead_setkey(aead, &key, 1));
}

int engine_test_init(struct kunit *test)
{
	struct engine_test_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct crypto_aead *child;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	engine_test_may_make = INT_MAX;
	atomic_set(&engine_test_live, 0);
	c->slots = kunit_kcalloc(test, ENGINE_TEST_RECORDS, sizeof(*c->slots),
				 GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c->slots);
	init_completion(&c->done);
	atomic_set(&c->pending, 1);

	child = crypto_alloc_aead("sluice-test", 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, child);
	engine_test_set_key(test, child, 1);
	c->aead = sluice_engine_alloc();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->aead);
	KUNIT_ASSERT_EQ(test, 0, sluice_engine_adopt(c->aead, child));
	sluice_engine_set_mode(c->aead, SLUICE_ENGINE_FORCED);
	for (i = 0; i < ENGINE_TEST_RECORDS; i++) {
		c->slots[i].req = aead_request_alloc(c->aead, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, c->slots[i].req);
		c->slots[i].owner = c;
	}
	return 0;
}

void engine_test_exit(struct kunit *test)
{
	struct engine_test_case *c = test->priv;
	int i;

	if (!c)
		return;
	for (i = 0; c->slots && i < ENGINE_TEST_RECORDS; i++)
		aead_request_free(c->slots[i].req);
	if (!IS_ERR_OR_NULL(c->aead))
		crypto_free_aead(c->aead);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&engine_test_live));
}

static void record_done(void *data, int err)
{
	struct engine_test_slot *slot = data;
	struct engine_test_record *record = &slot->record;
	struct engine_test_case *c = slot->owner;

	record->bh_on |= !in_softirq();
	if (err == -EINPROGRESS) {
		record->late |= atomic_read(&record->ends);
		atomic_inc(&record->notices);
		return;
	}
	record->result = err;
	atomic_inc(&record->ends);
	if (atomic_dec_and_test(&c->pending))
		complete(&c->done);
}

/* As kTLS does it, one record after the other. */
int engine_test_submit(struct engine_test_case *c, int i, u8 key)
{
	struct engine_test_slot *slot = &c->slots[i];
	u32 flags = CRYPTO_TFM_REQ_MAY_BACKLOG;

	slot->key = key;
	sg_init_one(&slot->sg, &slot->record, sizeof(slot->record));
	aead_request_set_callback(slot->req, flags, record_done, slot);
	aead_request_set_crypt(slot->req, &slot->sg, &slot->sg, 100, slot->iv);
	aead_request_set_ad(slot->req, 0);
	atomic_inc(&c->pending);
	slot->rc = crypto_aead_encrypt(slot->req);
	if (slot->rc != -EINPROGRESS && slot->rc != -EBUSY)
		atomic_dec(&c->pending);
	return slot->rc;
}

void engine_test_wait(struct kunit *test)
{
	struct engine_test_case *c = test->priv;

	if (!atomic_dec_and_test(&c->pending))
		KUNIT_ASSERT_GT(test,
				wait_for_completion_timeout(&c->done, 60 * HZ),
				0);
	reinit_completion(&c->done);
	atomic_set(&c->pending, 1);
}

/* Each record was encrypted once, and its end was told once. */
void engine_test_expect_once(struct kunit *test, int records)
{
	struct engine_test_case *c = test->priv;
	int i;

	for (i = 0; i < records; i++) {
		struct engine_test_slot *slot = &c->slots[i];
		struct engine_test_record *record = &slot->record;
		bool queued = slot->rc == -EINPROGRESS || slot->rc == -EBUSY;

		KUNIT_ASSERT_EQ(test, 1, atomic_read(&record->times));
		KUNIT_ASSERT_EQ(test, queued, atomic_read(&record->ends));
		KUNIT_ASSERT_EQ(test, slot->rc == -EBUSY,
				atomic_read(&record->notices));
		KUNIT_ASSERT_EQ(test, 0, record->result);
		KUNIT_ASSERT_EQ(test, slot->key, record->key);
		KUNIT_ASSERT_FALSE(test, record->late);
		KUNIT_ASSERT_FALSE(test, queued && record->bh_on);
	}
}

unsigned int engine_test_delay(void)
{
	unsigned int r = get_random_u32_below(100);

	return r < 3 ? 2000 : r < 30 ? get_random_u32_below(200) : 0;
}

/* A record that is stuck in a helper until the test lets it go. */
void engine_test_block(struct kunit *test, struct completion *go)
{
	DECLARE_COMPLETION_ONSTACK(started);
	struct engine_test_case *c = test->priv;

	init_completion(go);
	c->slots[0].record.started = &started;
	c->slots[0].record.go = go;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, engine_test_submit(c, 0, 1));
	wait_for_completion(&started);
}

int engine_test_suite_init(struct kunit_suite *suite)
{
	return crypto_register_aeads(below, ARRAY_SIZE(below));
}

void engine_test_suite_exit(struct kunit_suite *suite)
{
	crypto_unregister_aeads(below, ARRAY_SIZE(below));
}
