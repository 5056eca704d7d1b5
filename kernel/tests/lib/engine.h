/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the record engine share: an engine, and below it an AEAD
 * that only notes what is asked of it, takes its time and can fail.
 */
#ifndef _SLUICE_TESTS_ENGINE_H
#define _SLUICE_TESTS_ENGINE_H

#include <crypto/aead.h>
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/scatterlist.h>

#define ENGINE_TEST_RECORDS	600
#define ENGINE_TEST_BAD_KEY	0xff	/* one that the AEAD does not take */

/**
 * struct engine_test_record - what is to be encrypted
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
struct engine_test_record {
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

/* One of ENGINE_TEST_RECORDS: as kTLS's struct tls_rec. */
struct engine_test_slot {
	struct engine_test_record record;
	struct scatterlist sg;
	struct aead_request *req;
	struct engine_test_case *owner;
	u8 key;
	int rc;
	u8 iv[16];
};

struct engine_test_case {
	struct crypto_aead *aead;
	struct engine_test_slot *slots;
	atomic_t pending;
	struct completion done;
};

/* The AEAD below: transforms that live, and how many more may be made. */
extern atomic_t engine_test_live;
extern int engine_test_may_make;

int engine_test_suite_init(struct kunit_suite *suite);
void engine_test_suite_exit(struct kunit_suite *suite);
int engine_test_init(struct kunit *test);
void engine_test_exit(struct kunit *test);

void engine_test_set_key(struct kunit *test, struct crypto_aead *aead, u8 key);
unsigned int engine_test_delay(void);
int engine_test_submit(struct engine_test_case *c, int i, u8 key);
void engine_test_block(struct kunit *test, struct completion *go);
void engine_test_wait(struct kunit *test);
void engine_test_expect_once(struct kunit *test, int records);

#endif /* _SLUICE_TESTS_ENGINE_H */
