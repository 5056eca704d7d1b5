// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of engine.c, engine_queue.c and engine_auto.c. Below the engine is
 * an AEAD that only notes what is asked of it, takes its time and can fail.
 */
#include <crypto/internal/aead.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/preempt.h>
#include <linux/random.h>
#include <linux/scatterlist.h>

#include "../engine.h"
#include "../engine_auto.h"

#define RECORDS		600
#define BAD_KEY		0xff	/* one that the AEAD does not take */

/**
 * struct record - what is to be encrypted
 * @delay_us: how long that takes
 * @error: what comes of it
 * @started: if there is one, it is completed when work begins, and
 * @go: then work waits for this
 * @times: how often it was encrypted
 * @key: under which key
 * @notices: how often its submitter was told that work begins
 * @ends: how often it was completed
 * @result: with what
 * @bh_on: it was told so with bottom halves enabled
 * @late: told that work begins after the end
 */
struct record {
	unsigned int delay_us;
	int error;
	struct completion *started;
	struct completion *go;
	atomic_t times;
	u8 key;
	atomic_t notices;
	atomic_t ends;
	int result;
	bool bh_on;
	bool late;
};

/* One of RECORDS: as kTLS's struct tls_rec. */
struct slot {
	struct record record;
	struct scatterlist sg;
	struct aead_request *req;
	struct engine_case *owner;
	u8 key;
	int rc;
	u8 iv[16];
};

struct engine_case {
	struct crypto_aead *aead;
	struct slot *slots;
	atomic_t pending;
	struct completion done;
};

/* The AEAD below: transforms that live, and how many more may be made. */
static atomic_t live;
static int may_make;

static int below_setkey(struct crypto_aead *aead, const u8 *key,
			unsigned int len)
{
	if (key[0] == BAD_KEY)
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
	struct record *record = sg_virt(req->src);

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
	if (may_make <= 0)
		return -ENOMEM;
	may_make--;
	atomic_inc(&live);
	return 0;
}

static void below_exit(struct crypto_aead *aead)
{
	atomic_dec(&live);
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

static void set_key(struct kunit *test, struct crypto_aead *aead, u8 key)
{
	KUNIT_ASSERT_EQ(test, 0, crypto_aead_setkey(aead, &key, 1));
}

static int engine_case_init(struct kunit *test)
{
	struct engine_case *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	struct crypto_aead *child;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	test->priv = c;
	may_make = INT_MAX;
	atomic_set(&live, 0);
	c->slots = kunit_kcalloc(test, RECORDS, sizeof(*c->slots), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, c->slots);
	init_completion(&c->done);
	atomic_set(&c->pending, 1);

	child = crypto_alloc_aead("sluice-test", 0, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, child);
	set_key(test, child, 1);
	c->aead = sluice_engine_alloc();
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->aead);
	KUNIT_ASSERT_EQ(test, 0, sluice_engine_adopt(c->aead, child));
	sluice_engine_set_mode(c->aead, SLUICE_ENGINE_FORCED);
	for (i = 0; i < RECORDS; i++) {
		c->slots[i].req = aead_request_alloc(c->aead, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, c->slots[i].req);
		c->slots[i].owner = c;
	}
	return 0;
}

static void engine_case_exit(struct kunit *test)
{
	struct engine_case *c = test->priv;
	int i;

	if (!c)
		return;
	for (i = 0; c->slots && i < RECORDS; i++)
		aead_request_free(c->slots[i].req);
	if (!IS_ERR_OR_NULL(c->aead))
		crypto_free_aead(c->aead);
	KUNIT_EXPECT_EQ(test, 0, atomic_read(&live));
}

static void record_done(void *data, int err)
{
	struct slot *slot = data;
	struct record *record = &slot->record;
	struct engine_case *c = slot->owner;

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
static int submit(struct engine_case *c, int i, u8 key)
{
	struct slot *slot = &c->slots[i];
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

static void wait_for_all(struct kunit *test)
{
	struct engine_case *c = test->priv;

	if (!atomic_dec_and_test(&c->pending))
		KUNIT_ASSERT_GT(test,
				wait_for_completion_timeout(&c->done, 60 * HZ),
				0);
	reinit_completion(&c->done);
	atomic_set(&c->pending, 1);
}

/* Each record was encrypted once, and its end was told once. */
static void expect_once(struct kunit *test, int records)
{
	struct engine_case *c = test->priv;
	int i;

	for (i = 0; i < records; i++) {
		struct slot *slot = &c->slots[i];
		struct record *record = &slot->record;
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

static unsigned int random_delay(void)
{
	unsigned int r = get_random_u32_below(100);

	return r < 3 ? 2000 : r < 30 ? get_random_u32_below(200) : 0;
}

static void engine_once(struct kunit *test)
{
	struct engine_case *c = test->priv;
	struct sluice_engine_info info;
	int i;

	for (i = 0; i < RECORDS; i++) {
		c->slots[i].record.delay_us = random_delay();
		submit(c, i, 1);
	}
	wait_for_all(test);
	expect_once(test, RECORDS);
	sluice_engine_info(c->aead, &info);
	KUNIT_EXPECT_EQ(test, RECORDS, info.records_spread);
	KUNIT_EXPECT_GT(test, info.wakeups, 0);
}

/* The burst's last record is encrypted on the spot; nothing is queued then. */
static void engine_bursts(struct kunit *test)
{
	struct engine_case *c = test->priv;
	int i, n = 0, burst;

	while (n < RECORDS) {
		burst = min(8 + (int)get_random_u32_below(60), RECORDS - n);
		sluice_engine_wants(c->aead, burst, false);
		sluice_engine_begin(c->aead, burst, false, false);
		for (i = 0; i < burst; i++, n++) {
			c->slots[n].record.delay_us = random_delay();
			submit(c, n, 1);
		}
		if (burst >= SLUICE_ENGINE_BURST_MIN)
			KUNIT_EXPECT_EQ(test, 0, c->slots[n - 1].rc);
		wait_for_all(test);
		KUNIT_EXPECT_TRUE(test, sluice_engine_end(c->aead));
	}
	expect_once(test, RECORDS);
}

static void engine_inline(struct kunit *test)
{
	struct engine_case *c = test->priv;
	struct sluice_engine_info info;
	int i;

	sluice_engine_set_mode(c->aead, SLUICE_ENGINE_INLINE);
	for (i = 0; i < 20; i++)
		KUNIT_EXPECT_EQ(test, 0, submit(c, i, 1));
	expect_once(test, 20);
	sluice_engine_info(c->aead, &info);
	KUNIT_EXPECT_EQ(test, 0, info.wakeups);
}

/* An error is told once, and no record that follows it is encrypted. */
static void engine_errors(struct kunit *test)
{
	struct engine_case *c = test->priv;
	int i, bad = 100;

	for (i = 0; i < RECORDS; i++) {
		c->slots[i].record.delay_us = i == bad ? 0 : random_delay();
		c->slots[i].record.error = i == bad ? -EIO : 0;
		submit(c, i, 1);
	}
	wait_for_all(test);
	KUNIT_EXPECT_EQ(test, -EIO, c->slots[bad].record.result);
	for (i = 0; i < RECORDS; i++) {
		struct record *record = &c->slots[i].record;

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
	KUNIT_EXPECT_EQ(test, -EIO, c->slots[RECORDS - 1].rc);
	sluice_engine_set_mode(c->aead, SLUICE_ENGINE_INLINE);
	KUNIT_EXPECT_EQ(test, -EIO, submit(c, RECORDS - 1, 1));
}

/* New keys while records are in flight: each has that of its time. */
static void engine_epochs(struct kunit *test)
{
	struct engine_case *c = test->priv;
	u8 key = 1;
	int i;

	for (i = 0; i < RECORDS; i++) {
		if (i % 7 == 6)
			set_key(test, c->aead, ++key);
		c->slots[i].record.delay_us = random_delay();
		submit(c, i, key);
	}
	wait_for_all(test);
	expect_once(test, RECORDS);
}

/* Without a record in flight no new transform is needed. */
static void engine_key_in_place(struct kunit *test)
{
	struct engine_case *c = test->priv;

	may_make = 0;
	set_key(test, c->aead, 2);
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&live));
	submit(c, 0, 2);
	wait_for_all(test);
	expect_once(test, 1);
}

/* A record that is stuck in a helper until the test lets it go. */
static void block(struct kunit *test, struct completion *go)
{
	DECLARE_COMPLETION_ONSTACK(started);
	struct engine_case *c = test->priv;

	init_completion(go);
	c->slots[0].record.started = &started;
	c->slots[0].record.go = go;
	KUNIT_ASSERT_EQ(test, -EINPROGRESS, submit(c, 0, 1));
	wait_for_completion(&started);
}

/* What waits behind a record that fails is not encrypted any more. */
static void engine_error_stops(struct kunit *test)
{
	struct engine_case *c = test->priv;
	struct completion go;
	int i;

	block(test, &go);
	c->slots[1].record.error = -EIO;
	/* So few that they are all left to the helper. */
	for (i = 1; i <= SLUICE_ENGINE_BATCH; i++)
		KUNIT_ASSERT_EQ(test, -EINPROGRESS, submit(c, i, 1));
	complete(&go);
	wait_for_all(test);
	KUNIT_EXPECT_EQ(test, 0, c->slots[0].record.result);
	for (i = 1; i <= SLUICE_ENGINE_BATCH; i++) {
		struct record *record = &c->slots[i].record;

		KUNIT_EXPECT_EQ(test, -EIO, record->result);
		KUNIT_EXPECT_EQ(test, 1, atomic_read(&record->ends));
		KUNIT_EXPECT_EQ(test, i == 1, atomic_read(&record->times));
	}
}

/* A key that is refused leaves nothing behind, and what is in flight alone. */
static void engine_bad_key(struct kunit *test)
{
	struct engine_case *c = test->priv;
	struct completion go;
	u8 key = BAD_KEY;

	block(test, &go);
	KUNIT_EXPECT_EQ(test, -EINVAL, crypto_aead_setkey(c->aead, &key, 1));
	KUNIT_EXPECT_EQ(test, 1, atomic_read(&live));
	complete(&go);
	wait_for_all(test);
	expect_once(test, 1);
}

/* No memory for a new key: what is in flight still ends, under the old one. */
static void engine_no_memory(struct kunit *test)
{
	struct engine_case *c = test->priv;
	struct completion go;
	u8 key = 2;

	block(test, &go);
	may_make = 0;
	KUNIT_EXPECT_EQ(test, -ENOMEM, crypto_aead_setkey(c->aead, &key, 1));
	KUNIT_EXPECT_EQ(test, -ENOKEY, submit(c, 1, 2));
	may_make = INT_MAX;
	set_key(test, c->aead, 3);
	submit(c, 1, 3);
	complete(&go);
	wait_for_all(test);
	expect_once(test, 2);
}

/* Memory is bounded: who is far ahead of a stuck helper is told to wait. */
static void engine_backlog(struct kunit *test)
{
	struct engine_case *c = test->priv;
	struct completion go;
	int i, rc;

	block(test, &go);
	for (i = 1; i < RECORDS; i++) {
		rc = submit(c, i, 1);
		if (rc == -EBUSY)
			break;
		KUNIT_ASSERT_EQ(test, -EINPROGRESS, rc);
	}
	complete(&go);
	KUNIT_ASSERT_EQ(test, SLUICE_ENGINE_AHEAD, i);
	wait_for_all(test);
	expect_once(test, i + 1);
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
	KUNIT_EXPECT_EQ(test, 2, atomic_read(&live));
	crypto_free_aead(child);
}

/* Bursts of a given size on a machine with these costs; inline ones come out. */
static unsigned int drive(struct sluice_engine_auto *learnt, int bursts,
			  unsigned int records, u64 inline_ns, u64 spread_ns)
{
	unsigned int n = 0;
	bool spread;

	while (bursts--) {
		spread = sluice_engine_auto_choose(learnt, records, 1,
						   inline_ns, 50000);
		sluice_engine_auto_learn(learnt, records, spread,
					 spread ? spread_ns : inline_ns);
		n += !spread;
	}
	return n;
}

static void auto_forecast(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};
	int i;

	for (i = 0; i < 1000; i++) {
		/* Nobody has time; costs are not known; a wakeup takes longer. */
		KUNIT_ASSERT_FALSE(test, sluice_engine_auto_choose(&learnt, 64, 0, 200000, 50000));
		KUNIT_ASSERT_FALSE(test, sluice_engine_auto_choose(&learnt, 64, 1, 0, 50000));
		KUNIT_ASSERT_FALSE(test, sluice_engine_auto_choose(&learnt, 16, 1, 4000, 50000));
		sluice_engine_auto_learn(&learnt, 16, false, 4000);
		sluice_engine_auto_learn(&learnt, 64, false, 4000);
	}
}

static void auto_adopts(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	/* At the speed of AES instructions, too, where the burst is long. */
	KUNIT_EXPECT_LT(test, drive(&learnt, 100, 256, 4000, 2500), 12);
	KUNIT_EXPECT_LT(test, drive(&learnt, 100, 64, 200000, 110000), 12);
	/* A size of its own has costs of its own. */
	KUNIT_EXPECT_GT(test, drive(&learnt, 100, 8, 200000, 260000), 90);
}

/* What loses is tried less than once in a hundred times. */
static void auto_trials_are_rare(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	KUNIT_EXPECT_GE(test, drive(&learnt, 5000, 64, 200000, 300000), 4960);
	KUNIT_EXPECT_GE(test, drive(&learnt, 5000, 64, 200000, 300000), 4975);
	/* The same the other way round. */
	memset(&learnt, 0, sizeof(learnt));
	drive(&learnt, 100, 64, 200000, 110000);
	KUNIT_EXPECT_LE(test, drive(&learnt, 5000, 64, 200000, 110000), 40);
}

static void auto_hysteresis(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	/* A win that is hardly one does not change anything. */
	drive(&learnt, 100, 64, 200000, 196000);
	KUNIT_EXPECT_GE(test, drive(&learnt, 1000, 64, 200000, 196000), 980);
	/* Once changed, it is enough to stay. */
	memset(&learnt, 0, sizeof(learnt));
	drive(&learnt, 100, 64, 200000, 110000);
	KUNIT_EXPECT_LE(test, drive(&learnt, 1000, 64, 200000, 196000), 40);
}

/* Where times scatter widely, a lucky trial is no reason to change. */
static void auto_scatter(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};
	unsigned int n = 0;
	u64 ns;
	int i;

	for (i = 0; i < 2000; i++) {
		bool spread = sluice_engine_auto_choose(&learnt, 64, 1, 200000,
							50000);

		ns = i % 2 ? 100000 : 300000;
		sluice_engine_auto_learn(&learnt, 64, spread,
					 spread ? 150000 : ns);
		n += !spread;
	}
	KUNIT_EXPECT_GE(test, n, 1970);
}

/* Another process takes the CPU: that is noticed at once, not at a trial. */
static void auto_gives_up(struct kunit *test)
{
	struct sluice_engine_auto learnt = {};

	drive(&learnt, 2000, 64, 200000, 110000);
	KUNIT_EXPECT_GE(test, drive(&learnt, 100, 64, 200000, 260000), 85);
	/* And when it is gone, spreading comes back. */
	KUNIT_EXPECT_LE(test, drive(&learnt, 1000, 64, 200000, 110000), 400);
}

static int engine_suite_init(struct kunit_suite *suite)
{
	return crypto_register_aeads(below, ARRAY_SIZE(below));
}

static void engine_suite_exit(struct kunit_suite *suite)
{
	crypto_unregister_aeads(below, ARRAY_SIZE(below));
}

static struct kunit_case engine_test_cases[] = {
	KUNIT_CASE(engine_once),
	KUNIT_CASE(engine_bursts),
	KUNIT_CASE(engine_inline),
	KUNIT_CASE(engine_errors),
	KUNIT_CASE(engine_epochs),
	KUNIT_CASE(engine_key_in_place),
	KUNIT_CASE(engine_error_stops),
	KUNIT_CASE(engine_bad_key),
	KUNIT_CASE(engine_no_memory),
	KUNIT_CASE(engine_backlog),
	KUNIT_CASE(engine_async_child),
	{}
};

static struct kunit_case auto_test_cases[] = {
	KUNIT_CASE(auto_forecast),
	KUNIT_CASE(auto_adopts),
	KUNIT_CASE(auto_trials_are_rare),
	KUNIT_CASE(auto_hysteresis),
	KUNIT_CASE(auto_scatter),
	KUNIT_CASE(auto_gives_up),
	{}
};

static struct kunit_suite engine_test_suite = {
	.name = "sluice_engine",
	.suite_init = engine_suite_init,
	.suite_exit = engine_suite_exit,
	.init = engine_case_init,
	.exit = engine_case_exit,
	.test_cases = engine_test_cases,
};

static struct kunit_suite auto_test_suite = {
	.name = "sluice_engine_auto",
	.test_cases = auto_test_cases,
};

kunit_test_suites(&engine_test_suite, &auto_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of Sluice's record engine");
MODULE_LICENSE("GPL");
