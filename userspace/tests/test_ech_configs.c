// SPDX-License-Identifier: MIT
/* Configurations for Encrypted Client Hello: which of them a client uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ech_config.h"
#include "pair.h"

#define LABEL	"a23456789012345678901234567890123456789012345678901234567890123"
#define KDF	0, 1
#define AES	0, 1
#define NONE	0x12, 0x34

static struct sluice_provider *p;

struct spec {
	uint16_t version;		/* 0: the one that there is */
	uint16_t kem;			/* 0: X25519 */
	size_t key;			/* 0: as long as its keys are */
	uint8_t suites[8];
	size_t suites_len;		/* 0: one that all have */
	const char *name;		/* NULL: a good one */
	uint8_t ext[8];
	size_t ext_len;
};

static void put_config(struct sl_writer *w, const struct spec *s)
{
	static const uint8_t good[] = { KDF, AES };
	const char *name = s->name ? s->name : "a.test";
	size_t config, vec;

	sl_put16(w, s->version ? s->version : SL_ECH_VERSION);
	config = sl_begin_vec(w, 2);
	sl_put8(w, 7);
	sl_put16(w, s->kem ? s->kem : 0x0020);
	vec = sl_begin_vec(w, 2);
	memset(sl_put_space(w, s->key ? s->key : 32), 9, s->key ? s->key : 32);
	sl_end_vec(w, vec, 2);
	vec = sl_begin_vec(w, 2);
	if (s->suites_len)
		sl_put(w, s->suites, s->suites_len);
	else
		sl_put(w, good, sizeof(good));
	sl_end_vec(w, vec, 2);
	sl_put8(w, 0);
	vec = sl_begin_vec(w, 1);
	sl_put(w, name, strlen(name));
	sl_end_vec(w, vec, 1);
	vec = sl_begin_vec(w, 2);
	sl_put(w, s->ext, s->ext_len);
	sl_end_vec(w, vec, 2);
	sl_end_vec(w, config, 2);
}

enum { MALFORMED = -1, USELESS, USED };

static int judge(const uint8_t *list, size_t len)
{
	struct sl_ech_config config;
	uint16_t aead = 0;

	if (sl_ech_list(list, len).bad) {
		assert_false(sl_ech_config_choose(p, list, len, &config, &aead));
		return MALFORMED;
	}
	if (!sl_ech_config_choose(p, list, len, &config, &aead))
		return USELESS;
	assert_int_equal(config.id, 7);
	assert_int_equal(aead, 1);
	return USED;
}

static const struct {
	struct spec spec;
	int verdict;
} cases[] = {
	{ { .name = NULL }, USED },
	{ { .version = 0xfe0c }, USELESS },
	{ { .kem = 0x1234 }, USELESS },
	{ { .key = 31 }, USELESS },
	{ { .key = 33 }, USELESS },
	/* cipher suites */
	{ { .suites = { KDF, NONE }, .suites_len = 4 }, USELESS },
	{ { .suites = { NONE, AES }, .suites_len = 4 }, USELESS },
	{ { .suites = { KDF, NONE, KDF, AES }, .suites_len = 8 }, USED },
	{ { .suites = { KDF, AES, 0, 1 }, .suites_len = 6 }, MALFORMED },
	{ { .suites = { KDF, AES }, .suites_len = 3 }, MALFORMED },
	/* extensions: one that may be unknown, one that may not */
	{ { .ext = { 0, 1, 0, 1, 5 }, .ext_len = 5 }, USED },
	{ { .ext = { 0x80, 1, 0, 1, 5 }, .ext_len = 5 }, USELESS },
	{ { .ext = { 0, 1, 0, 0, 0x80, 1, 0, 0 }, .ext_len = 8 }, USELESS },
	{ { .ext = { 0, 1, 0, 2, 5 }, .ext_len = 5 }, MALFORMED },
	/* names of hosts, and what is none (section 6.1.7) */
	{ { .name = "a" }, USED },
	{ { .name = "a-b.3c.A-Z0" }, USED },
	{ { .name = LABEL ".test" }, USED },
	{ { .name = LABEL "4.test" }, USELESS },
	{ { .name = LABEL "." LABEL "." LABEL "." LABEL }, USELESS },
	{ { .name = "-a.test" }, USELESS },
	{ { .name = "a.-test" }, USELESS },
	{ { .name = "a-.test" }, USELESS },
	{ { .name = "a..test" }, USELESS },
	{ { .name = ".test" }, USELESS },
	{ { .name = "a.test." }, USELESS },
	{ { .name = "a_b.test" }, USELESS },
	{ { .name = "a b.test" }, USELESS },
	{ { .name = "1.2.3.4" }, USELESS },
	{ { .name = "a.12" }, USELESS },
	{ { .name = "a.0x1F" }, USELESS },
	{ { .name = "a.0x" }, USELESS },
	{ { .name = "a.0xg" }, USED },
	{ { .name = "12.a1" }, USED },
};

static void test_one(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t list[1024];
		struct sl_writer w = sl_writer(list, sizeof(list));
		size_t mark = sl_begin_vec(&w, 2);
		int verdict;

		put_config(&w, &cases[i].spec);
		sl_end_vec(&w, mark, 2);
		assert_false(w.bad);
		verdict = judge(list, w.len);
		if (verdict != cases[i].verdict)
			fail_msg("%zu: %d", i, verdict);
	}
}

/* The first that is of use, in a list that ends with its last. */
static void test_lists(void **state)
{
	uint8_t list[1024] = { 0 };
	struct sl_writer w = sl_writer(list, sizeof(list));
	size_t mark = sl_begin_vec(&w, 2), i;

	(void)state;
	put_config(&w, &(struct spec){ .version = 1 });
	put_config(&w, &(struct spec){ .key = 31 });
	put_config(&w, &(struct spec){ .name = NULL });
	sl_end_vec(&w, mark, 2);
	assert_int_equal(judge(list, w.len), USED);
	assert_int_equal(judge(list, w.len + 1), MALFORMED);
	for (i = 0; i < w.len; i++)
		assert_int_equal(judge(list, i), MALFORMED);
	assert_int_equal(judge((const uint8_t *)"\0\0", 2), MALFORMED);
}

static int begin(void **state)
{
	(void)state;
	p = test_provider();
	return 0;
}

static int end(void **state)
{
	(void)state;
	test_backend()->close(p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_lists),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
