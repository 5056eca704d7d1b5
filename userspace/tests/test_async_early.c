// SPDX-License-Identifier: MIT
/* Early data, and several tickets, where the caller looks tickets up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conn.h"
#include "early_pair.h"
#include "lookup_pair.h"

static struct pair *begin_early(enum lookup_memory memory)
{
	struct pair *pair = lookup_pair(memory, SLUICE_TLS_1_3);

	pair->client.config.early_data = true;
	pair->server.config.max_early_data = 1000;
	pair->server.config.early_data_id = pair->ticket_key.name;
	pair->early = (const uint8_t *)EARLY_TEXT;
	pair->early_len = strlen(EARLY_TEXT);
	assert_false(lookup_resumes(pair));
	return pair;
}

static void expect_early(struct pair *pair, enum sluice_early early)
{
	assert_true(lookup_resumes(pair));
	assert_int_equal(end_info(&pair->client).early, early);
	assert_int_equal(end_info(&pair->server).early, early);
	assert_int_equal(pair->early_got_len,
			 early == SLUICE_EARLY_ACCEPTED ? strlen(EARLY_TEXT) : 0);
}

/* The ticket, and not its early data. */
static bool not_first(struct end *e)
{
	if (e->status == SLUICE_WANT_UNUSED)
		return !sluice_give_unused(e->conn, true, false);
	return lookup_give(e);
}

/* An answer that takes its time, in milliseconds; of a memory that takes none. */
static uint64_t delay;

static bool late(struct end *e)
{
	((struct pair *)e->config.ctx)->now += delay;
	return lookup_give(e);
}

static void test_early(void **state)
{
	enum lookup_memory memory;

	(void)state;
	for (memory = 0; memory < LOOKUP_MEMORIES; memory++) {
		struct pair *pair = begin_early(memory);

		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		lookup_expect(1, 1, memory == LOOKUP_KEYS);
		assert_int_equal(lookup_asked.early, memory == LOOKUP_KEYS);
		pair->seed = 7;
		pair->room = SLUICE_OUT_MIN;
		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		pair->seed = 0;
		pair->room = 0;
		if (memory == LOOKUP_KEYS) {
			pair->server.give = not_first;
			expect_early(pair, SLUICE_EARLY_REJECTED);
			pair->server.give = lookup_give;
			expect_early(pair, SLUICE_EARLY_ACCEPTED);
		}
		/* nobody asks about early data that is none of this server's */
		pair->server.config.max_early_data = 0;
		expect_early(pair, SLUICE_EARLY_REJECTED);
		assert_int_equal(lookup_asked.early, 0);
		lookup_drop(pair);
	}
}

/*
 * What has become old while an answer was waited for: or else it would have been
 * looked for in the memory when that had forgotten the first one.
 */
static void test_late(void **state)
{
	enum lookup_memory memory;

	(void)state;
	for (memory = 0; memory < LOOKUP_MEMORIES; memory++) {
		struct pair *pair = begin_early(memory);
		uint64_t questions = memory == LOOKUP_KEYS ? 2 : 1;

		pair->server.give = late;
		delay = 10000 / questions;
		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		delay = 10000 / questions + 1;
		expect_early(pair, SLUICE_EARLY_REJECTED);
		/* and so late that nobody believes in the ticket */
		pair->client.config.early_data = false;
		delay = 60000 / questions + 1;
		assert_false(lookup_resumes(pair));
		lookup_drop(pair);
	}
}

/*
 * A ClientHello with ours and before it a ticket of nobody's, of this length.
 * The binders are of the client's key; nobody could go on from here.
 */
struct two {
	struct pair *pair;
	size_t first;
	uint8_t psk[SLUICE_HASH_MAX];
	size_t psk_len;
};

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t get16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

static void bind(struct two *two, const uint8_t *message, size_t len,
		 uint8_t *mac)
{
	size_t size = sluice_conn_size();
	struct sluice_conn *c = sluice_conn_init(malloc(size), size,
						 &two->pair->client.config);
	struct sl_session session = { .psk_len = two->psk_len };

	session.suite = sl_suite_find(two->psk_len == 32 ?
				      SLUICE_AES_128_GCM_SHA256 :
				      SLUICE_AES_256_GCM_SHA384);
	memcpy(session.psk, two->psk, two->psk_len);
	assert_true(sl_transcript_start(c, session.suite->hash));
	assert_true(sl_early_secret(c, session.suite, &session));
	assert_true(sl_binder_mac(c, session.suite, message, len, mac));
	sluice_conn_free(c);
	free(c);
}

static size_t show_two(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct two *two = ctx;
	uint8_t *message = data + 5, *ext, *list, *binders;
	static uint8_t out[4096];
	size_t body, at = 4 + 2 + 32, n = two->first;
	size_t identity_len, added;

	if (from || !len)
		return len;
	body = get16(data + 3);
	assert_true(len >= 5 + body);
	at += 1 + message[at];
	at += 2 + get16(message + at);
	at += 1 + message[at];
	ext = message + at;
	for (at += 2; get16(message + at) != 41;)
		at += 4 + get16(message + at + 2);
	list = message + at + 4;
	identity_len = get16(list);
	binders = list + 2 + identity_len;
	added = 2 + n + 4 + 1 + two->psk_len;
	memcpy(out, data, len);
	put16(out + 3, body + added);
	out[6] = 0;
	put16(out + 7, body - 4 + added);
	put16(out + (ext - data), get16(ext) + added);
	put16(out + (list - data) - 2, get16(list - 2) + added);
	at = (size_t)(list - data);
	put16(out + at, identity_len + 2 + n + 4);
	at += 2;
	put16(out + at, n);
	memset(out + at + 2, 0xee, n + 4);
	at += 2 + n + 4;
	memcpy(out + at, list + 2, identity_len);
	at += identity_len;
	put16(out + at, get16(binders) + 1 + two->psk_len);
	at += 2;
	out[at++] = (uint8_t)two->psk_len;
	memset(out + at, 0xdd, two->psk_len);
	at += two->psk_len;
	out[at++] = (uint8_t)two->psk_len;
	bind(two, out + 5, at - 5 - 2 - 1 - two->psk_len - 1, out + at);
	at += two->psk_len;
	assert_int_equal(at, 5 + body + added);
	/* and what is behind it */
	memcpy(out + at, data + 5 + body, len - 5 - body);
	memcpy(data, out, len + added);
	return len + added;
}

static void test_two_tickets(void **state)
{
	static const size_t lens[LOOKUP_MEMORIES][3] = { { 100, 60, 200 }, { 32, 31, 33 } };
	enum lookup_memory memory;
	size_t i;

	(void)state;
	for (memory = 0; memory < LOOKUP_MEMORIES; memory++) {
		for (i = 0; i < 3; i++) {
			/* whose early data is for the first ticket alone */
			struct pair *pair = begin_early(memory);
			struct two two = { .pair = pair, .first = lens[memory][i] };
			bool ours = memory == LOOKUP_KEYS || !i;

			two.psk_len = pair->tickets[0][20];
			memcpy(two.psk, pair->tickets[pair->ticket_count - 1] + 21,
			       two.psk_len);
			memset(&lookup_asked, 0, sizeof(lookup_asked));
			pair->up.change = show_two;
			pair->up.ctx = &two;
			pair_reset(pair);
			assert_false(pair_handshake(pair));
			assert_true(end_info(&pair->server).resumed);
			assert_int_equal(end_info(&pair->server).early,
					 SLUICE_EARLY_REJECTED);
			assert_int_equal(lookup_asked.early, 0);
			/* what cannot be a handle is not looked for */
			lookup_expect(1, 1 + ours, memory == LOOKUP_KEYS);
			pair->up.change = NULL;
			lookup_drop(pair);
		}
	}
}

/* What is looked up is of the ClientHello that was encrypted. */
static void test_encrypted(void **state)
{
	enum lookup_memory memory;

	(void)state;
	for (memory = 0; memory < LOOKUP_MEMORIES; memory++) {
		struct pair *pair = begin_early(memory);

		pair_use_ech(pair);
		end_memory(&pair->client, sluice_conn_size() + 8192);
		end_memory(&pair->server, sluice_conn_size() + 8192);
		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		lookup_expect(1, 1, memory == LOOKUP_KEYS);
		assert_int_equal(end_info(&pair->server).ech, SLUICE_ECH_ACCEPTED);
		lookup_drop(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_two_tickets),
		cmocka_unit_test(test_encrypted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
