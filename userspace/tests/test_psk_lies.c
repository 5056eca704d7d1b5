// SPDX-License-Identifier: MIT
/*
 * Clients that do not offer pre-shared keys as they should, and servers that do
 * not take them so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"

#define IDENTITY	"a client and a server"
#define HASH		48
#define EXT_MODES	45
#define EXT_PSK		41

static const uint8_t key[32] = { 1 };
static const struct sluice_psk psk = {
	.identity = (const uint8_t *)IDENTITY,
	.identity_len = sizeof(IDENTITY) - 1,
	.key = key, .key_len = sizeof(key), .hash_len = HASH,
};
static unsigned int asked;

static bool find_psk(void *ctx, const uint8_t *identity, size_t len,
		     struct sluice_psk *found)
{
	(void)ctx;
	asked++;
	*found = psk;
	return len == psk.identity_len && !memcmp(identity, IDENTITY, len);
}

/* A ClientHello in its record, that is to be changed. */
struct hello {
	uint8_t *data;
	size_t len;
};

static size_t get16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

/* A length of two octets becomes greater, or less. */
static void grow(uint8_t *at, int by)
{
	int len = (int)get16(at) + by;

	at[0] = (uint8_t)(len >> 8);
	at[1] = (uint8_t)len;
}

/* The length of all extensions. */
static uint8_t *extensions(const struct hello *h)
{
	uint8_t *at = h->data + 5 + 4 + 2 + 32;

	at += 1 + at[0];
	at += 2 + get16(at);
	return at + 1 + at[0];
}

static uint8_t *find_ext(const struct hello *h, size_t type)
{
	uint8_t *at = extensions(h) + 2;

	while (get16(at) != type)
		at += 4 + get16(at + 2);
	return at;
}

/* In the place of some octets others, or zeros. */
static void splice(struct hello *h, uint8_t *at, size_t cut, const void *put,
		   size_t len)
{
	int by = (int)len - (int)cut;

	grow(extensions(h), by);
	grow(h->data + 5 + 2, by);
	grow(h->data + 3, by);
	memmove(at + len, at + cut, (size_t)(h->data + h->len - at) - cut);
	if (put)
		memcpy(at, put, len);
	else
		memset(at, 0, len);
	h->len += len - cut;
}

/* The body of pre_shared_key: a list of identities, and one of binders. */
static uint8_t *identities(const struct hello *h)
{
	return find_ext(h, EXT_PSK) + 4;
}

static uint8_t *binders(const struct hello *h)
{
	return identities(h) + 2 + get16(identities(h));
}

/* At the front of a list. */
static void add_identity(struct hello *h, size_t len)
{
	uint8_t *list = identities(h);

	grow(find_ext(h, EXT_PSK) + 2, (int)len + 6);
	grow(list, (int)len + 6);
	splice(h, list + 2, 0, NULL, len + 6);
	list[3] = (uint8_t)len;
}

static void add_binder(struct hello *h)
{
	uint8_t *list = binders(h);

	grow(find_ext(h, EXT_PSK) + 2, 1 + HASH);
	grow(list, 1 + HASH);
	splice(h, list + 2, 0, NULL, 1 + HASH);
	list[2] = HASH;
}

static void resize_binder(struct hello *h, size_t len)
{
	uint8_t *list = binders(h);
	int by = (int)len - HASH;

	grow(find_ext(h, EXT_PSK) + 2, by);
	grow(list, by);
	list[2] = (uint8_t)len;
	if (by < 0)
		splice(h, list + 3, (size_t)-by, NULL, 0);
	else
		splice(h, list + 3, 0, NULL, (size_t)by);
}

static void as_it_is(struct hello *h)
{
	(void)h;
}

static void short_binder(struct hello *h)
{
	resize_binder(h, 32);
}

static void shorter_binder(struct hello *h)
{
	resize_binder(h, 31);
}

static void long_binder(struct hello *h)
{
	resize_binder(h, 255);
}

static void more_identities(struct hello *h)
{
	add_identity(h, 1);
}

static void more_binders(struct hello *h)
{
	add_binder(h);
}

static void no_identity(struct hello *h)
{
	add_identity(h, 0);
	add_binder(h);
}

static void second(struct hello *h)
{
	add_identity(h, 1);
	add_binder(h);
}

static void fourth(struct hello *h)
{
	second(h);
	second(h);
	second(h);
}

static void fifth(struct hello *h)
{
	fourth(h);
	second(h);
}

static void octet_behind(struct hello *h)
{
	grow(find_ext(h, EXT_PSK) + 2, 1);
	splice(h, h->data + h->len, 0, NULL, 1);
}

static void identity_too_long(struct hello *h)
{
	grow(identities(h) + 2, 5);
}

static void not_the_last(struct hello *h)
{
	static const uint8_t grease[] = { 0xfa, 0xfa, 0, 0 };

	splice(h, h->data + h->len, 0, grease, sizeof(grease));
}

static void no_modes(struct hello *h)
{
	splice(h, find_ext(h, EXT_MODES), 6, NULL, 0);
}

/* Without a key exchange, which is not taken. */
static void psk_ke(struct hello *h)
{
	find_ext(h, EXT_MODES)[5] = 0;
}

static void empty_modes(struct hello *h)
{
	find_ext(h, EXT_MODES)[4] = 0;
}

static void (*change)(struct hello *h);

static size_t tell(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct hello h = { data, len };

	(void)ctx;
	if (len && !from)
		change(&h);
	return h.len;
}

static void test_lies(void **state)
{
	static const struct {
		void (*change)(struct hello *h);
		unsigned int asked;
		int alert;
	} cases[] = {
		{ as_it_is, 1, -1 },
		/* whoever has not the key has no other binder either */
		{ second, 2, SL_DECRYPT_ERROR },
		{ fourth, 4, SL_DECRYPT_ERROR },
		{ fifth, 4, SL_UNKNOWN_PSK_IDENTITY },
		{ short_binder, 1, SL_ILLEGAL_PARAMETER },
		{ long_binder, 1, SL_ILLEGAL_PARAMETER },
		{ shorter_binder, 1, SL_DECODE_ERROR },
		{ more_identities, 2, SL_ILLEGAL_PARAMETER },
		{ more_binders, 1, SL_ILLEGAL_PARAMETER },
		{ no_identity, 0, SL_DECODE_ERROR },
		{ octet_behind, 1, SL_DECODE_ERROR },
		{ identity_too_long, 0, SL_DECODE_ERROR },
		{ not_the_last, 0, SL_ILLEGAL_PARAMETER },
		{ no_modes, 0, SL_MISSING_EXTENSION },
		{ psk_ke, 1, SL_UNKNOWN_PSK_IDENTITY },
		{ empty_modes, 1, SL_DECODE_ERROR },
	};
	struct pair *pair = pair_new(KEY_P256);
	size_t i;

	(void)state;
	pair->client.config.psk = &psk;
	pair->client.config.trust = NULL;
	pair->server.config.psk_find = find_psk;
	pair->server.config.credential = NULL;
	pair->up.change = tell;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		change = cases[i].change;
		asked = 0;
		pair_reset(pair);
		assert_int_equal(pair_handshake(pair), cases[i].alert < 0);
		assert_int_equal(end_info(&pair->server).alert_sent,
				 cases[i].alert);
		assert_int_equal(asked, cases[i].asked);
	}
	pair_free(pair);
}

/* A ServerHello: behind the random, a session identifier of 32 octets. */
#define SH_SUITE	(5 + 4 + 2 + 32 + 1 + 32)
#define SH_EXTENSIONS	(SH_SUITE + 2 + 1)

static uint8_t *server_psk(uint8_t *data)
{
	uint8_t *at = data + SH_EXTENSIONS + 2;

	while (get16(at) != EXT_PSK)
		at += 4 + get16(at + 2);
	return at;
}

static size_t not_taken(uint8_t *data, size_t len)
{
	uint8_t *at = server_psk(data);

	grow(data + SH_EXTENSIONS, -6);
	grow(data + 5 + 2, -6);
	grow(data + 3, -6);
	memmove(at, at + 6, (size_t)(data + len - at) - 6);
	return len - 6;
}

static size_t another_taken(uint8_t *data, size_t len)
{
	server_psk(data)[5] = 1;
	return len;
}

static size_t another_hash(uint8_t *data, size_t len)
{
	data[SH_SUITE + 1] = SLUICE_AES_128_GCM_SHA256 & 0xff;
	return len;
}

static size_t (*answer)(uint8_t *data, size_t len);

static size_t tell_client(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)ctx;
	return len && !from ? answer(data, len) : len;
}

static void expect_refusal(struct pair *pair, int alert)
{
	pair->down.change = tell_client;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).alert_sent, alert);
	assert_false(end_info(&pair->client).verified &&
		     end_info(&pair->client).handshake_done);
	pair->down.change = NULL;
}

static void test_servers(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	/* a ticket */
	pair_use_tickets(pair);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	answer = another_hash;
	expect_refusal(pair, SL_ILLEGAL_PARAMETER);
	answer = another_taken;
	expect_refusal(pair, SL_ILLEGAL_PARAMETER);
	assert_int_equal(pair->ticket_count, 0);
	/* nobody but who has the key: no certificate will do */
	pair->client.config.psk = &psk;
	pair->client.config.trust = NULL;
	pair->server.config.psk_find = find_psk;
	answer = another_taken;
	expect_refusal(pair, SL_ILLEGAL_PARAMETER);
	answer = not_taken;
	expect_refusal(pair, SL_HANDSHAKE_FAILURE);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
