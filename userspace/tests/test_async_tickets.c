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
#include "conn.h"
#include "pair.h"
#include "sluice/async.h"
#include "sluice/store.h"

#define BOTH	(SLUICE_ASYNC_TICKET | SLUICE_ASYNC_UNUSED)
#define OTHERS	(SLUICE_ASYNC_CREDENTIAL | SLUICE_ASYNC_SIGNATURE | \
		 SLUICE_ASYNC_VERDICT)
#define EARLY	"GET / HTTP/1.1"

/* How a server remembers: by tickets under a key, or in a store. */
enum memory { KEYS, STORE, MEMORIES };

static const uint16_t versions[] = { SLUICE_TLS_1_3, SLUICE_TLS_1_2 };

/* Of each connection. */
static struct {
	unsigned int client;
	unsigned int server;
	unsigned int unused;
	unsigned int early;
} asked;

/* What is put is no question, and stays a callback. */
static struct sluice_store *store;

static bool session_put(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	struct pair *pair = ctx;

	return sluice_store_put(store, id, id_len, session, len, pair->now,
				expires);
}

/* What the caller does for a client; of late, or never. */
static bool answer_client(struct end *e)
{
	struct pair *pair = e->config.ctx;
	struct sluice_ticket_request request;
	const uint8_t *ticket = NULL;
	size_t len = 0;

	assert_int_equal(sluice_wanted_ticket(e->conn, &request), 0);
	assert_int_equal(request.kind, SLUICE_TICKET_STORED);
	assert_ptr_equal(request.peer_name, e->config.peer_name);
	assert_int_equal(request.id.len, 0);
	asked.client++;
	if (pair->ticket_count) {
		ticket = pair->tickets[--pair->ticket_count];
		len = pair->ticket_len[pair->ticket_count];
	}
	return !sluice_give_ticket(e->conn, ticket, len);
}

static bool answer_server(struct end *e)
{
	struct pair *pair = e->config.ctx;
	struct sluice_ticket_request request;
	uint8_t session[SLUICE_SESSION_MAX];
	size_t len;

	assert_int_equal(sluice_wanted_ticket(e->conn, &request), 0);
	assert_null(request.peer_name);
	asked.server++;
	if (e->config.session_put) {
		assert_int_equal(request.kind, SLUICE_TICKET_SESSION);
		assert_int_equal(request.id.len, 32);
		len = sluice_store_take(store, request.id.data, request.id.len,
					pair->now, session, sizeof(session));
		return !sluice_give_ticket(e->conn, len ? session : NULL, len);
	}
	assert_int_equal(request.kind, SLUICE_TICKET_KEY);
	assert_int_equal(request.id.len, SLUICE_TICKET_NAME_LEN);
	if (memcmp(request.id.data, pair->ticket_key.name, request.id.len))
		return !sluice_give_ticket(e->conn, NULL, 0);
	return !sluice_give_ticket(e->conn, pair->ticket_key.key,
				   sizeof(pair->ticket_key.key));
}

static bool answer_unused(struct end *e)
{
	struct pair *pair = e->config.ctx;
	struct sluice_unused_request request;
	size_t i;

	assert_int_equal(sluice_wanted_unused(e->conn, &request), 0);
	asked.unused++;
	if (request.early_until) {
		asked.early++;
		assert_true(request.early_until > pair->now);
		assert_true(request.early_until < pair->now + 60000);
	}
	for (i = 0; i < pair->seen_count; i++) {
		if (!memcmp(pair->seen[i], request.id, 16))
			return !sluice_give_unused(e->conn, false, true);
	}
	assert_true(i < PAIR_TICKETS);
	memcpy(pair->seen[pair->seen_count++], request.id, 16);
	return !sluice_give_unused(e->conn, true, true);
}

static bool give(struct end *e)
{
	if (e->status == SLUICE_WANT_TICKET)
		return e->config.role == SLUICE_CLIENT ? answer_client(e) :
							 answer_server(e);
	if (e->status == SLUICE_WANT_UNUSED)
		return answer_unused(e);
	return end_give(e);
}

static struct pair *begin(enum memory memory, uint16_t version)
{
	static const struct sluice_store_limits limits = {
		.entries = 8, .key_len = 32, .value_len = SLUICE_SESSION_MAX,
	};
	struct pair *pair = pair_new(KEY_P256);
	size_t size = sluice_store_size(&limits);

	store = sluice_store_init(malloc(size), size, &limits, NULL);
	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	pair->client.config.ticket_take = NULL;
	if (memory == STORE) {
		pair->server.config.ticket_key = NULL;
		pair->server.config.session_put = session_put;
	}
	pair->client.config.max_version = version;
	pair->server.config.max_version = version;
	pair->client.config.async = BOTH;
	pair->server.config.async = BOTH;
	pair->client.give = give;
	pair->server.give = give;
	pair_reset(pair);
	return pair;
}

static void finish(struct pair *pair)
{
	pair_free(pair);
	sluice_store_free(store);
	free(store);
}

/* The next connection: is it resumed? */
static bool resumes(struct pair *pair)
{
	memset(&asked, 0, sizeof(asked));
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	assert_true(end_info(&pair->client).verified);
	assert_int_equal(end_info(&pair->client).resumed,
			 end_info(&pair->server).resumed);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
	return end_info(&pair->client).resumed;
}

static void expect_asked(unsigned int client, unsigned int server,
			 unsigned int unused)
{
	assert_int_equal(asked.client, client);
	assert_int_equal(asked.server, server);
	assert_int_equal(asked.unused, unused);
}

/* Everything that is asked for, and what goes with it. */
static void test_answers(void **state)
{
	unsigned int i, what;
	enum memory memory;

	(void)state;
	for (memory = 0; memory < MEMORIES; memory++) {
		for (i = 0; i < 2; i++) {
			struct pair *pair = begin(memory, versions[i]);

			for (what = 0; what < 8; what++) {
				pair->seed = what & 1 ? what : 0;
				pair->room = what & 2 ? SLUICE_OUT_MIN : 0;
				pair->client.config.async = BOTH | (what & 4 ? OTHERS : 0);
				pair->server.config.async = BOTH | (what & 4 ? OTHERS : 0);
				pair->ticket_count = 0;
				pair->seen_count = 0;
				assert_false(resumes(pair));
				expect_asked(1, 0, 0);
				assert_true(resumes(pair));
				expect_asked(1, 1, memory == KEYS);
				assert_true(resumes(pair));
				expect_asked(1, 1, memory == KEYS);
			}
			finish(pair);
		}
	}
}

/* Of each callback only what the configuration says. */
static void test_parts(void **state)
{
	struct pair *pair = begin(KEYS, SLUICE_TLS_1_3);

	(void)state;
	pair_use_tickets(pair);
	pair->client.config.async = 0;
	pair->server.config.async = SLUICE_ASYNC_UNUSED;
	assert_false(resumes(pair));
	assert_true(resumes(pair));
	expect_asked(0, 0, 1);
	pair->server.config.async = SLUICE_ASYNC_TICKET;
	assert_true(resumes(pair));
	expect_asked(0, 1, 0);
	assert_int_equal(pair->seen_count, 2);
	finish(pair);
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
	asked.server++;
	if (e->status == SLUICE_WANT_UNUSED)
		return give_none(e);
	return !sluice_give_ticket(e->conn, rubbish, rubbish_len);
}

static void test_nothing_found(void **state)
{
	enum memory memory;
	unsigned int i, k;

	(void)state;
	for (memory = 0; memory < MEMORIES; memory++) {
		for (i = 0; i < 2; i++) {
			static const size_t lens[] = { 1, 32, 33, 512, 2304 };
			struct pair *pair = begin(memory, versions[i]);

			assert_false(resumes(pair));
			pair->client.give = give_none;
			assert_false(resumes(pair));
			pair->client.give = give;
			pair->server.give = give_none;
			assert_false(resumes(pair));
			for (k = 0; k < 5; k++) {
				rubbish_len = lens[k];
				memset(rubbish, (int)k, sizeof(rubbish));
				if (memory == STORE ? rubbish_len > 512 :
						      rubbish_len != 32)
					continue;
				pair->server.give = give_rubbish;
				assert_false(resumes(pair));
				assert_int_equal(asked.server, 1);
			}
			/* eight of them, then the client goes without */
			pair->server.give = give;
			pair->client.give = give_rubbish;
			assert_false(resumes(pair));
			assert_int_equal(asked.server, 8);
			finish(pair);
		}
	}
}

/* Used before: by the answer, not by a callback. */
static void test_used(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair *pair = begin(KEYS, versions[i]);
		uint8_t ticket[SLUICE_TICKET_MAX];
		size_t len;

		assert_false(resumes(pair));
		len = pair->ticket_len[0];
		memcpy(ticket, pair->tickets[0], len);
		pair->ticket_count = 1;
		assert_true(resumes(pair));
		memcpy(pair->tickets[0], ticket, len);
		pair->ticket_len[0] = len;
		pair->ticket_count = 1;
		assert_false(resumes(pair));
		expect_asked(1, 1, 1);
		finish(pair);
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
	return session_put(ctx, id, id_len, session, len, expires);
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
		struct pair *pair = begin(STORE, versions[i]);

		other_len = 0;
		pair->server.config.session_put = keep_session;
		assert_false(resumes(pair));
		pair->ticket_count = 0;
		assert_false(resumes(pair));
		pair->server.give = give_other;
		if (versions[i] == SLUICE_TLS_1_3) {
			assert_false(resumes(pair));
		} else {
			pair_reset(pair);
			assert_false(pair_handshake(pair));
			assert_int_equal(end_info(&pair->client).alert_sent,
					 SL_BAD_RECORD_MAC);
		}
		finish(pair);
	}
}

/* On until a side wants this, with a ticket to be had. */
static void until(struct pair *pair, struct end *e, enum sluice_status what)
{
	unsigned int n = 0;

	pair->client.give = give;
	pair->server.give = give;
	while (pair->ticket_count < 1)
		resumes(pair);
	pair_reset(pair);
	e->give = NULL;
	pair_handshake(pair);
	while (e->status != what && n++ < 4) {
		assert_true(give(e));
		pair_handshake(pair);
	}
	assert_int_equal(e->status, what);
}

/* What can be wanted here. */
static const struct {
	enum memory memory;
	enum sluice_role role;
	enum sluice_status what;
} waits[] = {
	{ KEYS, SLUICE_CLIENT, SLUICE_WANT_TICKET },
	{ KEYS, SLUICE_SERVER, SLUICE_WANT_TICKET },
	{ KEYS, SLUICE_SERVER, SLUICE_WANT_UNUSED },
	{ STORE, SLUICE_SERVER, SLUICE_WANT_TICKET },
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
static void expect_others_refused(struct end *e, enum memory memory)
{
	struct sluice_credential_request credential;
	struct sluice_ticket_request ticket;
	struct sluice_unused_request unused;
	size_t max = memory == STORE ? SLUICE_SESSION_MAX : 32;

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
			struct pair *pair = begin(waits[i].memory, versions[k]);
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
			assert_true(give(e));
			e->give = give;
			assert_true(pair_handshake(pair));
			assert_true(end_info(e).resumed);
			expect_nothing_wanted(e);
			finish(pair);
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
			struct pair *pair = begin(waits[i].memory, versions[k]);
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
			assert_true(give(e));
			pair_handshake(pair);
			assert_int_equal(e->status, SLUICE_ERROR);
			assert_int_equal(end_info(e).error, SLUICE_ERR_USE);
			expect_nothing_wanted(e);
			finish(pair);
		}
	}
}

/* Every call of the provider fails once, also those after an answer. */
static void test_provider_fails(void **state)
{
	enum memory memory;
	unsigned int i;
	long n, calls;

	(void)state;
	for (memory = 0; memory < MEMORIES; memory++) {
		for (i = 0; i < 4; i++) {
			struct pair *pair = begin(memory, versions[i & 1]);
			struct end *e = end_of(pair, i & 2 ? SLUICE_SERVER :
							     SLUICE_CLIENT);

			assert_false(resumes(pair));
			assert_true(resumes(pair));
			calls = e->provider.calls;
			assert_true(calls > 10);
			for (n = 1; n <= calls; n++) {
				e->provider.fail_at = 0;
				pair->ticket_count = 0;
				pair->seen_count = 0;
				assert_false(resumes(pair));
				e->provider.fail_at = n;
				pair_reset(pair);
				pair_handshake(pair);
				assert_true(e->status == SLUICE_ERROR ?
					    end_info(e).error == SLUICE_ERR_PROVIDER :
					    e->status == SLUICE_DONE);
			}
			e->provider.fail_at = 0;
			finish(pair);
		}
	}
}

/* Early data. */

static struct pair *begin_early(enum memory memory)
{
	struct pair *pair = begin(memory, SLUICE_TLS_1_3);

	pair->client.config.early_data = true;
	pair->server.config.max_early_data = 1000;
	pair->server.config.early_data_id = pair->ticket_key.name;
	pair->early = (const uint8_t *)EARLY;
	pair->early_len = strlen(EARLY);
	assert_false(resumes(pair));
	return pair;
}

static void expect_early(struct pair *pair, enum sluice_early early)
{
	assert_true(resumes(pair));
	assert_int_equal(end_info(&pair->client).early, early);
	assert_int_equal(end_info(&pair->server).early, early);
	assert_int_equal(pair->early_got_len,
			 early == SLUICE_EARLY_ACCEPTED ? strlen(EARLY) : 0);
}

/* The ticket, and not its early data. */
static bool not_first(struct end *e)
{
	if (e->status == SLUICE_WANT_UNUSED)
		return !sluice_give_unused(e->conn, true, false);
	return give(e);
}

/* An answer that takes its time, in milliseconds; of a memory that takes none. */
static uint64_t delay;

static bool late(struct end *e)
{
	((struct pair *)e->config.ctx)->now += delay;
	return give(e);
}

static void test_early(void **state)
{
	enum memory memory;

	(void)state;
	for (memory = 0; memory < MEMORIES; memory++) {
		struct pair *pair = begin_early(memory);

		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		expect_asked(1, 1, memory == KEYS);
		assert_int_equal(asked.early, memory == KEYS);
		pair->seed = 7;
		pair->room = SLUICE_OUT_MIN;
		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		pair->seed = 0;
		pair->room = 0;
		if (memory == KEYS) {
			pair->server.give = not_first;
			expect_early(pair, SLUICE_EARLY_REJECTED);
			pair->server.give = give;
			expect_early(pair, SLUICE_EARLY_ACCEPTED);
		}
		/* nobody asks about early data that is none of this server's */
		pair->server.config.max_early_data = 0;
		expect_early(pair, SLUICE_EARLY_REJECTED);
		assert_int_equal(asked.early, 0);
		finish(pair);
	}
}

/*
 * What has become old while an answer was waited for: or else it would have been
 * looked for in the memory when that had forgotten the first one.
 */
static void test_late(void **state)
{
	enum memory memory;

	(void)state;
	for (memory = 0; memory < MEMORIES; memory++) {
		struct pair *pair = begin_early(memory);
		uint64_t questions = memory == KEYS ? 2 : 1;

		pair->server.give = late;
		delay = 10000 / questions;
		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		delay = 10000 / questions + 1;
		expect_early(pair, SLUICE_EARLY_REJECTED);
		/* and so late that nobody believes in the ticket */
		pair->client.config.early_data = false;
		delay = 60000 / questions + 1;
		assert_false(resumes(pair));
		finish(pair);
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
	static const size_t lens[MEMORIES][3] = { { 100, 60, 200 }, { 32, 31, 33 } };
	enum memory memory;
	size_t i;

	(void)state;
	for (memory = 0; memory < MEMORIES; memory++) {
		for (i = 0; i < 3; i++) {
			/* whose early data is for the first ticket alone */
			struct pair *pair = begin_early(memory);
			struct two two = { .pair = pair, .first = lens[memory][i] };
			bool ours = memory == KEYS || !i;

			two.psk_len = pair->tickets[0][20];
			memcpy(two.psk, pair->tickets[pair->ticket_count - 1] + 21,
			       two.psk_len);
			memset(&asked, 0, sizeof(asked));
			pair->up.change = show_two;
			pair->up.ctx = &two;
			pair_reset(pair);
			assert_false(pair_handshake(pair));
			assert_true(end_info(&pair->server).resumed);
			assert_int_equal(end_info(&pair->server).early,
					 SLUICE_EARLY_REJECTED);
			assert_int_equal(asked.early, 0);
			/* what cannot be a handle is not looked for */
			expect_asked(1, 1 + ours, memory == KEYS);
			pair->up.change = NULL;
			finish(pair);
		}
	}
}

/* What is looked up is of the ClientHello that was encrypted. */
static void test_encrypted(void **state)
{
	enum memory memory;

	(void)state;
	for (memory = 0; memory < MEMORIES; memory++) {
		struct pair *pair = begin_early(memory);

		pair_use_ech(pair);
		end_memory(&pair->client, sluice_conn_size() + 8192);
		end_memory(&pair->server, sluice_conn_size() + 8192);
		expect_early(pair, SLUICE_EARLY_ACCEPTED);
		expect_asked(1, 1, memory == KEYS);
		assert_int_equal(end_info(&pair->server).ech, SLUICE_ECH_ACCEPTED);
		finish(pair);
	}
}

static void test_config(void **state)
{
	struct pair *pair = begin(STORE, SLUICE_TLS_1_3);
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
	finish(pair);
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
		cmocka_unit_test(test_early),
		cmocka_unit_test(test_late),
		cmocka_unit_test(test_two_tickets),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
