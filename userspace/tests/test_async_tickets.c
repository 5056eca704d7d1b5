// SPDX-License-Identifier: MIT
/*
 * Tickets, sessions and keys that the caller looks up, and whether they were used
 * before: in time, late, never, and wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "lookup_pair.h"

#define OTHERS	(SLUICE_ASYNC_CREDENTIAL | SLUICE_ASYNC_SIGNATURE | \
		 SLUICE_ASYNC_VERDICT)

static const uint16_t versions[] = { SLUICE_TLS_1_3, SLUICE_TLS_1_2 };

/* Everything that is asked for, and what goes with it. */
static void test_answers(void **state)
{
	unsigned int i, what;
	enum lookup_memory memory;

	(void)state;
	for (memory = 0; memory < LOOKUP_MEMORIES; memory++) {
		for (i = 0; i < 2; i++) {
			struct pair *pair = lookup_pair(memory, versions[i]);

			for (what = 0; what < 8; what++) {
				pair->seed = what & 1 ? what : 0;
				pair->room = what & 2 ? SLUICE_OUT_MIN : 0;
				pair->client.config.async = LOOKUP_BOTH | (what & 4 ? OTHERS : 0);
				pair->server.config.async = LOOKUP_BOTH | (what & 4 ? OTHERS : 0);
				pair->ticket_count = 0;
				pair->seen_count = 0;
				assert_false(lookup_resumes(pair));
				lookup_expect(1, 0, 0);
				assert_true(lookup_resumes(pair));
				lookup_expect(1, 1, memory == LOOKUP_KEYS);
				assert_true(lookup_resumes(pair));
				lookup_expect(1, 1, memory == LOOKUP_KEYS);
			}
			lookup_drop(pair);
		}
	}
}

/* Of each callback only what the configuration says. */
static void test_parts(void **state)
{
	struct pair *pair = lookup_pair(LOOKUP_KEYS, SLUICE_TLS_1_3);

	(void)state;
	pair_use_tickets(pair);
	pair->client.config.async = 0;
	pair->server.config.async = SLUICE_ASYNC_UNUSED;
	assert_false(lookup_resumes(pair));
	assert_true(lookup_resumes(pair));
	lookup_expect(0, 0, 1);
	pair->server.config.async = SLUICE_ASYNC_TICKET;
	assert_true(lookup_resumes(pair));
	lookup_expect(0, 1, 0);
	assert_int_equal(pair->seen_count, 2);
	lookup_drop(pair);
}

/* Nothing is found, or nothing that can be used: there is a full handshake. */
static bool give_none(struct end *e)
{
	if (e->status == SLUICE_WANT_TICKET)
		return !sluice_give_ticket(e->conn, NULL, 0);
	return !sluice_give_unused(e->conn, false, true);
}

static uint8_t rubbish[SLUICE_TICKET_MAX];
static size_t rubbish_len;

static bool give_rubbish(struct end *e)
{
	lookup_asked.server++;
	if (e->status == SLUICE_WANT_UNUSED)
		return give_none(e);
	return !sluice_give_ticket(e->conn, rubbish, rubbish_len);
}

static void test_nothing_found(void **state)
{
	enum lookup_memory memory;
	unsigned int i, k;

	(void)state;
	for (memory = 0; memory < LOOKUP_MEMORIES; memory++) {
		for (i = 0; i < 2; i++) {
			static const size_t lens[] = { 1, 32, 33, 512, 2304 };
			struct pair *pair = lookup_pair(memory, versions[i]);

			assert_false(lookup_resumes(pair));
			pair->client.give = give_none;
			assert_false(lookup_resumes(pair));
			pair->client.give = lookup_give;
			pair->server.give = give_none;
			assert_false(lookup_resumes(pair));
			for (k = 0; k < 5; k++) {
				rubbish_len = lens[k];
				memset(rubbish, (int)k, sizeof(rubbish));
				if (memory == LOOKUP_STORE ? rubbish_len > 512 :
						      rubbish_len != 32)
					continue;
				pair->server.give = give_rubbish;
				assert_false(lookup_resumes(pair));
				assert_int_equal(lookup_asked.server, 1);
			}
			/* eight of them, then the client goes without */
			pair->server.give = lookup_give;
			pair->client.give = give_rubbish;
			assert_false(lookup_resumes(pair));
			assert_int_equal(lookup_asked.server, 8);
			lookup_drop(pair);
		}
	}
}

/* Used before: by the answer, not by a callback. */
static void test_used(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair *pair = lookup_pair(LOOKUP_KEYS, versions[i]);
		uint8_t ticket[SLUICE_TICKET_MAX];
		size_t len;

		assert_false(lookup_resumes(pair));
		len = pair->ticket_len[0];
		memcpy(ticket, pair->tickets[0], len);
		pair->ticket_count = 1;
		assert_true(lookup_resumes(pair));
		memcpy(pair->tickets[0], ticket, len);
		pair->ticket_len[0] = len;
		pair->ticket_count = 1;
		assert_false(lookup_resumes(pair));
		lookup_expect(1, 1, 1);
		lookup_drop(pair);
	}
}

/*
 * Somebody else's session: who answers so is wrong, but nobody gets in. In TLS
 * 1.3 its age cannot be right, in 1.2 the keys are not the client's.
 */
static uint8_t other_session[SLUICE_SESSION_MAX];
static size_t other_len;

static bool keep_session(void *ctx, const uint8_t *id, size_t id_len,
			 const uint8_t *session, size_t len, uint64_t expires)
{
	if (!other_len) {
		other_len = len;
		memcpy(other_session, session, len);
	}
	return lookup_put_session(ctx, id, id_len, session, len, expires);
}

static bool give_other(struct end *e)
{
	return !sluice_give_ticket(e->conn, other_session, other_len);
}

static void test_other_session(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair *pair = lookup_pair(LOOKUP_STORE, versions[i]);

		other_len = 0;
		pair->server.config.session_put = keep_session;
		assert_false(lookup_resumes(pair));
		pair->ticket_count = 0;
		assert_false(lookup_resumes(pair));
		pair->server.give = give_other;
		if (versions[i] == SLUICE_TLS_1_3) {
			assert_false(lookup_resumes(pair));
		} else {
			pair_reset(pair);
			assert_false(pair_handshake(pair));
			assert_int_equal(end_info(&pair->client).alert_sent,
					 SL_BAD_RECORD_MAC);
		}
		lookup_drop(pair);
	}
}

/* On until a side wants this, with a ticket to be had. */
static void until(struct pair *pair, struct end *e, enum sluice_status what)
{
	unsigned int n = 0;

	pair->client.give = lookup_give;
	pair->server.give = lookup_give;
	while (pair->ticket_count < 1)
		lookup_resumes(pair);
	pair_reset(pair);
	e->give = NULL;
	pair_handshake(pair);
	while (e->status != what && n++ < 4) {
		assert_true(lookup_give(e));
		pair_handshake(pair);
	}
	assert_int_equal(e->status, what);
}

/* What can be wanted here. */
static const struct {
	enum lookup_memory memory;
	enum sluice_role role;
	enum sluice_status what;
} waits[] = {
	{ LOOKUP_KEYS, SLUICE_CLIENT, SLUICE_WANT_TICKET },
	{ LOOKUP_KEYS, SLUICE_SERVER, SLUICE_WANT_TICKET },
	{ LOOKUP_KEYS, SLUICE_SERVER, SLUICE_WANT_UNUSED },
	{ LOOKUP_STORE, SLUICE_SERVER, SLUICE_WANT_TICKET },
};
#define WAITS	(sizeof(waits) / sizeof(waits[0]))

static struct end *end_of(struct pair *pair, enum sluice_role role)
{
	return role == SLUICE_CLIENT ? &pair->client : &pair->server;
}

static void expect_nothing_wanted(struct end *e)
{
	struct sluice_ticket_request ticket;
	struct sluice_unused_request unused;

	assert_int_equal(sluice_wanted_ticket(e->conn, &ticket), -1);
	assert_int_equal(sluice_wanted_unused(e->conn, &unused), -1);
	assert_int_equal(sluice_give_ticket(e->conn, NULL, 0), -1);
	assert_int_equal(sluice_give_ticket(e->conn, rubbish, 32), -1);
	assert_int_equal(sluice_give_unused(e->conn, true, true), -1);
}

/* Everything but what is wanted is refused, and changes nothing. */
static void expect_others_refused(struct end *e, enum lookup_memory memory)
{
	struct sluice_credential_request credential;
	struct sluice_ticket_request ticket;
	struct sluice_unused_request unused;
	size_t max = memory == LOOKUP_STORE ? SLUICE_SESSION_MAX : 32;

	if (e->config.role == SLUICE_CLIENT)
		max = SLUICE_TICKET_MAX;
	assert_int_equal(sluice_wanted_credential(e->conn, &credential), -1);
	assert_int_equal(sluice_give_credential(e->conn, NULL), -1);
	assert_int_equal(sluice_give_signature(e->conn, NULL, 0), -1);
	assert_int_equal(sluice_give_verdict(e->conn, 42, NULL), -1);
	if (e->status == SLUICE_WANT_TICKET) {
		assert_int_equal(sluice_wanted_unused(e->conn, &unused), -1);
		assert_int_equal(sluice_give_unused(e->conn, false, false), -1);
		assert_int_equal(sluice_give_ticket(e->conn, rubbish, 0), -1);
		assert_int_equal(sluice_give_ticket(e->conn, rubbish, max + 1), -1);
		if (max == 32)
			assert_int_equal(sluice_give_ticket(e->conn, rubbish, 31), -1);
	} else {
		assert_int_equal(sluice_wanted_ticket(e->conn, &ticket), -1);
		assert_int_equal(sluice_give_ticket(e->conn, NULL, 0), -1);
		assert_int_equal(sluice_give_ticket(e->conn, rubbish, 32), -1);
	}
}

static void test_misuse(void **state)
{
	uint8_t in[10] = { 22, 3, 3, 0, 5 }, out[100];
	size_t i, k, in_len, out_len;

	(void)state;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < WAITS; i++) {
			struct pair *pair = lookup_pair(waits[i].memory, versions[k]);
			struct end *e = end_of(pair, waits[i].role);

			expect_nothing_wanted(e);
			until(pair, e, waits[i].what);
			expect_others_refused(e, waits[i].memory);
			/* it stays so, and takes nothing in */
			in_len = sizeof(in);
			out_len = sizeof(out);
			assert_int_equal(sluice_handshake(e->conn, in, &in_len,
							  out, &out_len),
					 waits[i].what);
			assert_int_equal(in_len, 0);
			assert_int_equal(out_len, 0);
			assert_true(lookup_give(e));
			e->give = lookup_give;
			assert_true(pair_handshake(pair));
			assert_true(end_info(e).resumed);
			expect_nothing_wanted(e);
			lookup_drop(pair);
		}
	}
}

/* The connection ends, one way or another, while something is outstanding. */
static void test_ends_early(void **state)
{
	size_t i, k;

	(void)state;
	for (k = 0; k < 2; k++) {
		for (i = 0; i < WAITS; i++) {
			struct pair *pair = lookup_pair(waits[i].memory, versions[k]);
			struct end *e = end_of(pair, waits[i].role);

			/* freed: pair_reset() looks that nothing is left */
			until(pair, e, waits[i].what);
			pair_reset(pair);
			/* the peer has gone */
			until(pair, e, waits[i].what);
			assert_int_equal(sluice_eof(e->conn), SLUICE_ERROR);
			expect_nothing_wanted(e);
			/* we go, and an answer comes nevertheless */
			until(pair, e, waits[i].what);
			sluice_close(e->conn);
			assert_true(lookup_give(e));
			pair_handshake(pair);
			assert_int_equal(e->status, SLUICE_ERROR);
			assert_int_equal(end_info(e).error, SLUICE_ERR_USE);
			expect_nothing_wanted(e);
			lookup_drop(pair);
		}
	}
}

/* Every call of the provider fails once, also those after an answer. */
static void test_provider_fails(void **state)
{
	enum lookup_memory memory;
	unsigned int i;
	long n, calls;

	(void)state;
	for (memory = 0; memory < LOOKUP_MEMORIES; memory++) {
		for (i = 0; i < 4; i++) {
			struct pair *pair = lookup_pair(memory, versions[i & 1]);
			struct end *e = end_of(pair, i & 2 ? SLUICE_SERVER :
							     SLUICE_CLIENT);

			assert_false(lookup_resumes(pair));
			assert_true(lookup_resumes(pair));
			calls = e->provider.calls;
			assert_true(calls > 10);
			for (n = 1; n <= calls; n++) {
				e->provider.fail_at = 0;
				pair->ticket_count = 0;
				pair->seen_count = 0;
				assert_false(lookup_resumes(pair));
				e->provider.fail_at = n;
				pair_reset(pair);
				pair_handshake(pair);
				assert_true(e->status == SLUICE_ERROR ?
					    end_info(e).error == SLUICE_ERR_PROVIDER :
					    e->status == SLUICE_DONE);
			}
			e->provider.fail_at = 0;
			lookup_drop(pair);
		}
	}
}

static void test_config(void **state)
{
	struct pair *pair = lookup_pair(LOOKUP_STORE, SLUICE_TLS_1_3);
	struct sluice_config *config = &pair->server.config;

	(void)state;
	assert_null(sluice_config_check(config));
	config->async = SLUICE_ASYNC_UNUSED;
	assert_non_null(sluice_config_check(config));
	config->session_put = NULL;
	config->max_early_data = 1;
	assert_non_null(sluice_config_check(config));
	config->early_data_id = pair->ticket_key.name;
	assert_null(sluice_config_check(config));
	config->async = SLUICE_ASYNC_TICKET;
	assert_non_null(sluice_config_check(config));
	config->async = 32;
	assert_non_null(sluice_config_check(config));
	lookup_drop(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_nothing_found),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_other_session),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_ends_early),
		cmocka_unit_test(test_provider_fails),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
