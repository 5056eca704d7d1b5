// SPDX-License-Identifier: MIT
/* Early data (0-RTT): accepted, refused, replayed, and lied about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"
#include "sluice/store.h"

#define EARLY		"GET / HTTP/1.1"
#define MAX		20000

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t only_aes128[] = { SLUICE_AES_128_GCM_SHA256, 0 };
static const uint16_t only_chacha[] = { SLUICE_CHACHA20_POLY1305_SHA256, 0 };
static const uint16_t aes128_chacha[] = {
	SLUICE_AES_128_GCM_SHA256, SLUICE_CHACHA20_POLY1305_SHA256, 0
};
static const uint16_t chacha_aes128[] = {
	SLUICE_CHACHA20_POLY1305_SHA256, SLUICE_AES_128_GCM_SHA256, 0
};

/* The server's memory, and how often it was asked. */
static struct sluice_store *memory;
static unsigned int asked;
static uint8_t memory_id[16];

static bool first(void *ctx, const uint8_t id[16], uint64_t expires)
{
	struct pair *pair = ctx;

	asked++;
	return sluice_store_first(memory, id, 16, pair->now, expires);
}

static void new_memory(size_t entries)
{
	const struct sluice_store_limits limits = {
		.entries = entries, .key_len = 32,
		.value_len = SLUICE_SESSION_MAX,
	};
	size_t size = sluice_store_size(&limits);

	sluice_store_free(memory);
	free(memory);
	memory = sluice_store_init(malloc(size), size, &limits, NULL);
	assert_non_null(memory);
	memory_id[0]++;
}

/* Both sides would like to. */
static struct pair *early_pair(void)
{
	struct pair *pair = pair_new(KEY_P256);

	new_memory(100);
	asked = 0;
	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	pair->client.config.early_data = true;
	pair->server.config.max_early_data = MAX;
	pair->server.config.early_data_first = first;
	pair->server.config.early_data_id = memory_id;
	pair->early = (const uint8_t *)EARLY;
	pair->early_len = strlen(EARLY);
	return pair;
}

static void drop(struct pair *pair)
{
	pair_free(pair);
	sluice_store_free(memory);
	free(memory);
	memory = NULL;
}

/* A connection, and new tickets only behind it. */
static void connect(struct pair *pair)
{
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	pair->ticket_count = 0;
	end_settle(&pair->client);
	assert_true(pair->ticket_count > 0);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
}

static void expect(struct pair *pair, enum sluice_early early)
{
	assert_int_equal(end_info(&pair->client).early, early);
	assert_int_equal(end_info(&pair->server).early, early);
	assert_int_equal(pair->early_got_len,
			 early == SLUICE_EARLY_ACCEPTED ? pair->early_sent : 0);
	assert_memory_equal(pair->early_got, pair->early, pair->early_got_len);
	/* what was offered was sent */
	assert_int_equal(pair->early_sent > 0, early != SLUICE_EARLY_NONE);
}

static void accepted(struct pair *pair)
{
	connect(pair);
	expect(pair, SLUICE_EARLY_ACCEPTED);
	assert_true(end_info(&pair->server).resumed);
}

static void rejected(struct pair *pair)
{
	connect(pair);
	expect(pair, SLUICE_EARLY_REJECTED);
}

static void none(struct pair *pair)
{
	connect(pair);
	expect(pair, SLUICE_EARLY_NONE);
}

static void test_accepted(void **state)
{
	static const uint16_t suites[] = {
		SLUICE_AES_128_GCM_SHA256, SLUICE_AES_256_GCM_SHA384,
		SLUICE_CHACHA20_POLY1305_SHA256,
	};
	static uint8_t much[MAX];
	struct pair *pair = early_pair();
	uint64_t seed = 5;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(much); i++)
		much[i] = (uint8_t)test_random(&seed);
	for (i = 0; i < 3; i++) {
		uint16_t suite[] = { suites[i], 0 };

		pair->client.config.suites = suite;
		pair->ticket_count = 0;
		none(pair);
		accepted(pair);
		/* a ticket of such a connection is as good */
		accepted(pair);
	}
	pair->client.config.suites = NULL;
	pair->ticket_count = 0;
	none(pair);
	/* all that is allowed, in several records, and in pieces */
	pair->early = much;
	pair->early_len = sizeof(much);
	accepted(pair);
	assert_int_equal(pair->early_sent, MAX);
	pair->chunk = 1;
	accepted(pair);
	pair->chunk = 0;
	pair->seed = 9;
	accepted(pair);
	pair->room = SLUICE_OUT_MIN;
	accepted(pair);
	drop(pair);
}

/* No more than the ticket allows goes out, and nothing where it is off. */
static void test_limits(void **state)
{
	static uint8_t much[MAX + 1];
	struct pair *pair = early_pair();

	(void)state;
	none(pair);
	pair->early = much;
	pair->early_len = sizeof(much);
	accepted(pair);
	assert_int_equal(pair->early_sent, MAX);
	pair->server.config.max_early_data = 1;
	accepted(pair);
	assert_int_equal(pair->early_sent, MAX);
	accepted(pair);
	assert_int_equal(pair->early_sent, 1);
	/* the server stops taking it, and allowing it */
	pair->server.config.max_early_data = 0;
	rejected(pair);
	none(pair);
	assert_true(end_info(&pair->server).resumed);
	pair->server.config.max_early_data = MAX;
	none(pair);
	/* a client that does not want to */
	pair->client.config.early_data = false;
	none(pair);
	assert_true(end_info(&pair->server).resumed);
	drop(pair);
}

static void test_rejected(void **state)
{
	static const char *const one[] = { "h2", "http/1.1", NULL };
	static const char *const other[] = { "http/1.1", "h2", NULL };
	struct pair *pair = early_pair();

	(void)state;
	none(pair);
	/* after a HelloRetryRequest */
	pair->server.config.groups = only_p256;
	rejected(pair);
	assert_true(end_info(&pair->client).retried);
	assert_true(end_info(&pair->client).resumed);
	pair->server.config.groups = NULL;
	accepted(pair);
	/* by a full handshake: nobody has the ticket's key any more */
	pair->ticket_key.key[0] ^= 1;
	rejected(pair);
	assert_false(end_info(&pair->client).resumed);
	accepted(pair);
	/* both at once */
	pair->server.config.groups = only_p256;
	pair->ticket_key.key[0] ^= 1;
	rejected(pair);
	assert_false(end_info(&pair->client).resumed);
	pair->server.config.groups = NULL;
	/* the memory was lost, or is another server's */
	new_memory(100);
	rejected(pair);
	assert_true(end_info(&pair->client).resumed);
	accepted(pair);
	/* it is full */
	new_memory(1);
	rejected(pair);
	accepted(pair);
	rejected(pair);
	new_memory(100);
	rejected(pair);
	/* another protocol, that both would have chosen now */
	pair->server.config.alpn = one;
	pair->client.config.alpn = one;
	rejected(pair);
	accepted(pair);
	pair->server.config.alpn = other;
	rejected(pair);
	accepted(pair);
	/* one that the client does not speak any more: it does not ask */
	pair->client.config.alpn = NULL;
	none(pair);
	pair->server.config.alpn = NULL;
	accepted(pair);
	/* another cipher suite of the same hash */
	pair->client.config.suites = aes128_chacha;
	pair->server.config.suites = only_aes128;
	pair->ticket_count = 0;
	none(pair);
	accepted(pair);
	pair->server.config.suites = chacha_aes128;
	rejected(pair);
	assert_true(end_info(&pair->client).resumed);
	pair->client.config.suites = only_aes128;
	none(pair);
	accepted(pair);
	pair->client.config.suites = only_chacha;
	pair->server.config.suites = NULL;
	none(pair);
	assert_true(end_info(&pair->client).resumed);
	drop(pair);
}

/* The age of a ticket, which the client's clock has measured. */
static void test_age(void **state)
{
	static const struct {
		int off;	/* milliseconds that the client is late */
		enum sluice_early early;
	} cases[] = {
		{ 0, SLUICE_EARLY_ACCEPTED },
		{ 9999, SLUICE_EARLY_ACCEPTED },
		{ 10000, SLUICE_EARLY_ACCEPTED },
		{ 10001, SLUICE_EARLY_REJECTED },
		{ -10000, SLUICE_EARLY_ACCEPTED },
		{ -10001, SLUICE_EARLY_REJECTED },
		{ 59000, SLUICE_EARLY_REJECTED },
	};
	struct pair *pair = early_pair();
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t received;

		pair->ticket_count = 0;
		pair->now += 100000;
		none(pair);
		/*
		 * See parse_stored() in tickets.c: when it was received, of
		 * which the client says one less
		 */
		received = pair->now - 1 + (uint64_t)(int64_t)cases[i].off;
		for (k = 0; k < 8; k++)
			pair->tickets[pair->ticket_count - 1][4 + k] =
				(uint8_t)(received >> (56 - 8 * k));
		pair->now += 70000;
		connect(pair);
		expect(pair, cases[i].early);
		assert_true(end_info(&pair->server).resumed);
	}
	drop(pair);
}

/* What a server gets of a first flight; its answers go nowhere. */
struct target {
	struct sluice_conn *conn;
	void *mem;
	size_t got;
	bool accepted;
};

static void target_open(struct target *t, struct pair *pair)
{
	*t = (struct target){ .mem = malloc(sluice_conn_size()) };
	t->conn = sluice_conn_init(t->mem, sluice_conn_size(),
				   &pair->server.config);
	assert_non_null(t->conn);
}

static void target_take(struct target *t, const uint8_t *flight, size_t len)
{
	static uint8_t in[PAIR_STREAM], out[70000];
	size_t used = len, out_len = sizeof(out), data_len;
	struct sluice_conn_info info;
	uint8_t *data;

	memcpy(in, flight, len);
	if (sluice_handshake(t->conn, in, &used, out, &out_len) ==
	    SLUICE_EARLY_DATA) {
		size_t left = len - used;

		while (sluice_early_open(t->conn, in + used, &left, &data,
					 &data_len) == SLUICE_DATA) {
			t->got += data_len;
			used += left;
			left = len - used;
		}
	}
	sluice_conn_info(t->conn, &info);
	t->accepted = info.early == SLUICE_EARLY_ACCEPTED;
	assert_int_equal(t->got, t->accepted ? strlen(EARLY) : 0);
}

static void target_close(struct target *t)
{
	sluice_conn_free(t->conn);
	free(t->mem);
}

/* The client's first flight, early data included; the rest never happens. */
static size_t record_flight(struct pair *pair, uint8_t *flight)
{
	size_t in_len = 0, len = PAIR_STREAM, early = strlen(EARLY), part;

	pair_reset(pair);
	assert_int_equal(sluice_handshake(pair->client.conn, NULL, &in_len,
					  flight, &len), SLUICE_WANT_READ);
	part = PAIR_STREAM - len;
	assert_int_equal(sluice_early_seal(pair->client.conn,
					   (const uint8_t *)EARLY, &early,
					   flight + len, &part), SLUICE_DONE);
	return len + part;
}

/* One flight, many servers' connections: one of them reads early data. */
static void test_replay(void **state)
{
	static uint8_t flight[PAIR_STREAM];
	struct pair *pair = early_pair();
	struct target targets[4];
	unsigned int i, accepted_by = 0;
	size_t len, half;

	(void)state;
	none(pair);
	len = record_flight(pair, flight);
	/* at once: all have the flight before any has the end of it */
	half = len / 2;
	for (i = 0; i < 4; i++)
		target_open(&targets[i], pair);
	for (i = 0; i < 4; i++) {
		static uint8_t in[PAIR_STREAM], out[70000];
		size_t used = half, out_len = sizeof(out);

		memcpy(in, flight, half);
		assert_int_equal(sluice_handshake(targets[i].conn, in, &used,
						  out, &out_len),
				 SLUICE_WANT_READ);
		assert_int_equal(used, 0);
	}
	for (i = 0; i < 4; i++) {
		target_take(&targets[i], flight, len);
		accepted_by += targets[i].accepted;
		target_close(&targets[i]);
	}
	assert_int_equal(accepted_by, 1);
	/* again and again, until nobody can take it for fresh any more */
	for (i = 0; i < 200; i++) {
		pair->now += 150;
		target_open(&targets[0], pair);
		target_take(&targets[0], flight, len);
		assert_false(targets[0].accepted);
		target_close(&targets[0]);
	}
	/* the memory of it is not kept for longer */
	assert_int_equal(sluice_store_expire(memory, pair->now), 0);
	/* not after a restart either, by the new memory's name */
	pair->ticket_count = 0;
	none(pair);
	len = record_flight(pair, flight);
	new_memory(100);
	target_open(&targets[0], pair);
	target_take(&targets[0], flight, len);
	assert_false(targets[0].accepted);
	target_close(&targets[0]);
	/* nor by a clock that goes back to when it was fresh */
	pair->ticket_count = 0;
	none(pair);
	len = record_flight(pair, flight);
	target_open(&targets[0], pair);
	target_take(&targets[0], flight, len);
	assert_true(targets[0].accepted);
	target_close(&targets[0]);
	pair->now += 30000;
	assert_true(sluice_store_first(memory, "x", 1, pair->now, pair->now + 1));
	pair->now -= 30000;
	target_open(&targets[0], pair);
	target_take(&targets[0], flight, len);
	assert_false(targets[0].accepted);
	target_close(&targets[0]);
	drop(pair);
}

/* Of a store, a session comes out once: that is memory enough. */
static bool session_put(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	struct pair *pair = ctx;

	return sluice_store_put(memory, id, id_len, session, len, pair->now,
				expires);
}

static size_t session_take(void *ctx, const uint8_t *id, size_t id_len,
			   uint8_t *buf, size_t size)
{
	struct pair *pair = ctx;

	return sluice_store_take(memory, id, id_len, pair->now, buf, size);
}

static void test_store(void **state)
{
	static uint8_t flight[PAIR_STREAM];
	struct pair *pair = early_pair();
	struct target target;
	size_t len;

	(void)state;
	pair->server.config.early_data_first = NULL;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.early_data_first = first;
	pair->server.config.early_data_id = NULL;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.early_data_first = NULL;
	pair->server.config.session_put = session_put;
	pair->server.config.session_take = session_take;
	assert_null(sluice_config_check(&pair->server.config));
	none(pair);
	accepted(pair);
	len = record_flight(pair, flight);
	target_open(&target, pair);
	target_take(&target, flight, len);
	assert_true(target.accepted);
	target_close(&target);
	target_open(&target, pair);
	target_take(&target, flight, len);
	assert_false(target.accepted);
	target_close(&target);
	drop(pair);
}

/* A server's answer to early data does not wait for the client's Finished. */
static void test_answer(void **state)
{
	static uint8_t out[70000], in[70000];
	struct pair *pair = early_pair();
	struct sluice_secrets secrets;
	size_t in_len, len, taken;
	uint8_t *data;

	(void)state;
	none(pair);
	pair_reset(pair);
	/* nobody can send before the end where there is no early data */
	taken = 2;
	len = sizeof(out);
	assert_int_equal(sluice_seal(pair->server.conn, (uint8_t *)"ok", &taken,
				     out, &len), SLUICE_ERROR);
	len = record_flight(pair, in);
	in_len = len;
	taken = sizeof(out);
	assert_int_equal(sluice_handshake(pair->server.conn, in, &in_len, out,
					  &taken), SLUICE_EARLY_DATA);
	/* nothing goes on before early data is read, or is handed over */
	assert_int_equal(sluice_conn_secrets(pair->server.conn, &secrets), -1);
	memmove(in, in + in_len, len - in_len);
	in_len = len - in_len;
	assert_int_equal(sluice_early_open(pair->server.conn, in, &in_len,
					   &data, &len), SLUICE_DATA);
	assert_int_equal(len, strlen(EARLY));
	assert_memory_equal(data, EARLY, len);
	assert_int_equal(sluice_conn_secrets(pair->server.conn, &secrets), -1);
	len = sizeof(out) - taken;
	in_len = 2;
	assert_int_equal(sluice_seal(pair->server.conn, (uint8_t *)"ok",
				     &in_len, out + taken, &len), SLUICE_DONE);
	taken += len;
	/* the client has it with the flight that it answers */
	in_len = taken;
	len = sizeof(in);
	assert_int_equal(sluice_handshake(pair->client.conn, out, &in_len, in,
					  &len), SLUICE_DONE);
	assert_int_equal(end_info(&pair->client).early, SLUICE_EARLY_ACCEPTED);
	assert_int_equal(sluice_early_room(pair->client.conn), 0);
	memmove(out, out + in_len, taken - in_len);
	in_len = taken - in_len;
	assert_int_equal(sluice_open(pair->client.conn, out, &in_len, &data,
				     &taken), SLUICE_DATA);
	assert_int_equal(taken, 2);
	assert_memory_equal(data, "ok", 2);
	/* EndOfEarlyData and Finished are what is left */
	in_len = len;
	assert_int_equal(sluice_early_open(pair->server.conn, in, &in_len,
					   &data, &taken), SLUICE_DONE);
	assert_int_equal(sluice_conn_secrets(pair->server.conn, &secrets), -1);
	memmove(in, in + in_len, len - in_len);
	in_len = len - in_len;
	len = sizeof(out);
	assert_int_equal(sluice_handshake(pair->server.conn, in, &in_len, out,
					  &len), SLUICE_DONE);
	assert_int_equal(sluice_conn_secrets(pair->server.conn, &secrets), 0);
	sluice_wipe(&secrets, sizeof(secrets));
	drop(pair);
}

static void test_exporter(void **state)
{
	static uint8_t flight[PAIR_STREAM], out[70000];
	struct pair *pair = early_pair();
	uint8_t ours[40], theirs[40], other[40];
	size_t in_len, len;

	(void)state;
	assert_int_equal(sluice_export_early(pair->client.conn, "EXPORTER-x",
					     NULL, 0, ours, 40), -1);
	none(pair);
	in_len = record_flight(pair, flight);
	len = sizeof(out);
	assert_int_equal(sluice_export_early(pair->client.conn, "EXPORTER-x",
					     NULL, 0, ours, 40), 0);
	assert_int_equal(sluice_export_early(pair->server.conn, "EXPORTER-x",
					     NULL, 0, theirs, 40), -1);
	assert_int_equal(sluice_handshake(pair->server.conn, flight, &in_len,
					  out, &len), SLUICE_EARLY_DATA);
	assert_int_equal(sluice_export_early(pair->server.conn, "EXPORTER-x",
					     NULL, 0, theirs, 40), 0);
	assert_memory_equal(ours, theirs, 40);
	assert_int_equal(sluice_export_early(pair->server.conn, "EXPORTER-x",
					     (uint8_t *)"y", 1, other, 40), 0);
	assert_memory_not_equal(ours, other, 40);
	assert_int_equal(sluice_export_early(pair->server.conn, "", NULL, 0,
					     other, 40), -1);
	assert_int_equal(sluice_export(pair->server.conn, "EXPORTER-x", NULL, 0,
				       other, 40), -1);
	/* not of a connection that is through */
	connect(pair);
	assert_int_equal(sluice_export_early(pair->client.conn, "EXPORTER-x",
					     NULL, 0, other, 40), -1);
	assert_int_equal(sluice_export(pair->client.conn, "EXPORTER-x", NULL, 0,
				       other, 40), 0);
	assert_memory_not_equal(ours, other, 40);
	drop(pair);
}

static void test_use(void **state)
{
	static uint8_t in[PAIR_STREAM], out[70000];
	struct pair *pair = early_pair();
	size_t in_len = 0, len = sizeof(out), taken = 1;
	uint8_t *data;

	(void)state;
	/* without a ticket, and before the first call */
	assert_int_equal(sluice_early_room(pair->client.conn), 0);
	assert_int_equal(sluice_early_seal(pair->client.conn, (uint8_t *)"x",
					   &taken, out, &len), SLUICE_CLOSED);
	assert_int_equal(taken, 0);
	assert_int_equal(len, 0);
	none(pair);
	assert_int_equal(sluice_early_room(pair->client.conn), 0);
	assert_int_equal(sluice_early_room(pair->server.conn), 0);
	/* where none can come */
	assert_int_equal(sluice_early_open(pair->server.conn, in, &in_len,
					   &data, &len), SLUICE_ERROR);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_USE);
	pair_reset(pair);
	assert_int_equal(sluice_early_open(pair->client.conn, in, &in_len,
					   &data, &len), SLUICE_ERROR);
	/* the transport ends within early data */
	in_len = record_flight(pair, in);
	len = sizeof(out);
	assert_int_equal(sluice_handshake(pair->server.conn, in, &in_len, out,
					  &len), SLUICE_EARLY_DATA);
	assert_int_equal(sluice_eof(pair->server.conn), SLUICE_ERROR);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_TRUNCATED);
	drop(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_exporter),
		cmocka_unit_test(test_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
