// SPDX-License-Identifier: MIT
/* Early data (0-RTT): accepted and refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "early_pair.h"

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t only_aes128[] = { SLUICE_AES_128_GCM_SHA256, 0 };
static const uint16_t only_chacha[] = { SLUICE_CHACHA20_POLY1305_SHA256, 0 };
static const uint16_t aes128_chacha[] = {
	SLUICE_AES_128_GCM_SHA256, SLUICE_CHACHA20_POLY1305_SHA256, 0
};
static const uint16_t chacha_aes128[] = {
	SLUICE_CHACHA20_POLY1305_SHA256, SLUICE_AES_128_GCM_SHA256, 0
};

static void test_accepted(void **state)
{
	static const uint16_t suites[] = {
		SLUICE_AES_128_GCM_SHA256, SLUICE_AES_256_GCM_SHA384,
		SLUICE_CHACHA20_POLY1305_SHA256,
	};
	static uint8_t much[EARLY_MAX];
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
		early_none(pair);
		early_accepted(pair);
		/* a ticket of such a connection is as good */
		early_accepted(pair);
	}
	pair->client.config.suites = NULL;
	pair->ticket_count = 0;
	early_none(pair);
	/* all that is allowed, in several records, and in pieces */
	pair->early = much;
	pair->early_len = sizeof(much);
	early_accepted(pair);
	assert_int_equal(pair->early_sent, EARLY_MAX);
	pair->chunk = 1;
	early_accepted(pair);
	pair->chunk = 0;
	pair->seed = 9;
	early_accepted(pair);
	pair->room = SLUICE_OUT_MIN;
	early_accepted(pair);
	early_drop(pair);
}

/* No more than the ticket allows goes out, and nothing where it is off. */
static void test_limits(void **state)
{
	static uint8_t much[EARLY_MAX + 1];
	struct pair *pair = early_pair();

	(void)state;
	early_none(pair);
	pair->early = much;
	pair->early_len = sizeof(much);
	early_accepted(pair);
	assert_int_equal(pair->early_sent, EARLY_MAX);
	pair->server.config.max_early_data = 1;
	early_accepted(pair);
	assert_int_equal(pair->early_sent, EARLY_MAX);
	early_accepted(pair);
	assert_int_equal(pair->early_sent, 1);
	/* the server stops taking it, and allowing it */
	pair->server.config.max_early_data = 0;
	early_rejected(pair);
	early_none(pair);
	assert_true(end_info(&pair->server).resumed);
	pair->server.config.max_early_data = EARLY_MAX;
	early_none(pair);
	/* a client that does not want to */
	pair->client.config.early_data = false;
	early_none(pair);
	assert_true(end_info(&pair->server).resumed);
	early_drop(pair);
}

static void test_rejected(void **state)
{
	static const char *const one[] = { "h2", "http/1.1", NULL };
	static const char *const other[] = { "http/1.1", "h2", NULL };
	struct pair *pair = early_pair();

	(void)state;
	early_none(pair);
	/* after a HelloRetryRequest */
	pair->server.config.groups = only_p256;
	early_rejected(pair);
	assert_true(end_info(&pair->client).retried);
	assert_true(end_info(&pair->client).resumed);
	pair->server.config.groups = NULL;
	early_accepted(pair);
	/* by a full handshake: nobody has the ticket's key any more */
	pair->ticket_key.key[0] ^= 1;
	early_rejected(pair);
	assert_false(end_info(&pair->client).resumed);
	early_accepted(pair);
	/* both at once */
	pair->server.config.groups = only_p256;
	pair->ticket_key.key[0] ^= 1;
	early_rejected(pair);
	assert_false(end_info(&pair->client).resumed);
	pair->server.config.groups = NULL;
	/* the memory was lost, or is another server's */
	early_new_memory(100);
	early_rejected(pair);
	assert_true(end_info(&pair->client).resumed);
	early_accepted(pair);
	/* it is full */
	early_new_memory(1);
	early_rejected(pair);
	early_accepted(pair);
	early_rejected(pair);
	early_new_memory(100);
	early_rejected(pair);
	/* another protocol, that both would have chosen now */
	pair->server.config.alpn = one;
	pair->client.config.alpn = one;
	early_rejected(pair);
	early_accepted(pair);
	pair->server.config.alpn = other;
	early_rejected(pair);
	early_accepted(pair);
	/* one that the client does not speak any more: it does not ask */
	pair->client.config.alpn = NULL;
	early_none(pair);
	pair->server.config.alpn = NULL;
	early_accepted(pair);
	/* for another host, of a client that takes one for the other */
	memcpy(pair->tickets[pair->ticket_count - 1] + 20 + 1 + 48 + 2,
	       "elsewhere", 9);
	pair->client.config.peer_name = "elsewhere";
	early_rejected(pair);
	assert_true(end_info(&pair->client).resumed);
	pair->client.config.peer_name = "localhost";
	/* another cipher suite of the same hash */
	pair->client.config.suites = aes128_chacha;
	pair->server.config.suites = only_aes128;
	pair->ticket_count = 0;
	early_none(pair);
	early_accepted(pair);
	pair->server.config.suites = chacha_aes128;
	early_rejected(pair);
	assert_true(end_info(&pair->client).resumed);
	pair->client.config.suites = only_aes128;
	early_none(pair);
	early_accepted(pair);
	pair->client.config.suites = only_chacha;
	pair->server.config.suites = NULL;
	early_none(pair);
	assert_true(end_info(&pair->client).resumed);
	early_drop(pair);
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
		early_none(pair);
		/*
		 * See parse_stored() in tickets.c: when it was received, of
		 * which the client says one less
		 */
		received = pair->now - 1 + (uint64_t)(int64_t)cases[i].off;
		for (k = 0; k < 8; k++)
			pair->tickets[pair->ticket_count - 1][4 + k] =
				(uint8_t)(received >> (56 - 8 * k));
		pair->now += 70000;
		early_connect(pair);
		early_expect(pair, cases[i].early);
		assert_true(end_info(&pair->server).resumed);
	}
	early_drop(pair);
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
	early_none(pair);
	pair_reset(pair);
	/* nobody can send before the end where there is no early data */
	taken = 2;
	len = sizeof(out);
	assert_int_equal(sluice_seal(pair->server.conn, (uint8_t *)"ok", &taken,
				     out, &len), SLUICE_ERROR);
	len = early_flight(pair, in);
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
	assert_int_equal(len, strlen(EARLY_TEXT));
	assert_memory_equal(data, EARLY_TEXT, len);
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
	early_drop(pair);
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
	early_none(pair);
	in_len = early_flight(pair, flight);
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
	early_connect(pair);
	assert_int_equal(sluice_export_early(pair->client.conn, "EXPORTER-x",
					     NULL, 0, other, 40), -1);
	assert_int_equal(sluice_export(pair->client.conn, "EXPORTER-x", NULL, 0,
				       other, 40), 0);
	assert_memory_not_equal(ours, other, 40);
	early_drop(pair);
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
	early_none(pair);
	assert_int_equal(sluice_early_room(pair->client.conn), 0);
	assert_int_equal(sluice_early_room(pair->server.conn), 0);
	/* where none can come */
	assert_int_equal(sluice_early_open(pair->server.conn, in, &in_len,
					   &data, &len), SLUICE_ERROR);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_USE);
	pair_reset(pair);
	assert_int_equal(sluice_early_open(pair->client.conn, in, &in_len,
					   &data, &len), SLUICE_ERROR);
	/* after the end */
	early_flight(pair, in);
	assert_true(sluice_early_room(pair->client.conn) > 0);
	sluice_close(pair->client.conn);
	assert_int_equal(sluice_early_room(pair->client.conn), 0);
	taken = 1;
	len = sizeof(out);
	assert_int_equal(sluice_early_seal(pair->client.conn, (uint8_t *)"x",
					   &taken, out, &len), SLUICE_CLOSED);
	assert_int_equal(taken, 0);
	/* after the server has refused it, which is before its flight ends */
	early_connect(pair);
	in_len = early_flight(pair, in);
	len = sizeof(out);
	pair->ticket_key.key[0] ^= 1;
	assert_int_equal(sluice_handshake(pair->server.conn, in, &in_len, out,
					  &len), SLUICE_WANT_READ);
	pair->ticket_key.key[0] ^= 1;
	in_len = len - 1;
	len = sizeof(in);
	assert_int_equal(sluice_handshake(pair->client.conn, out, &in_len, in,
					  &len), SLUICE_WANT_READ);
	assert_int_equal(end_info(&pair->client).early, SLUICE_EARLY_REJECTED);
	assert_int_equal(sluice_early_room(pair->client.conn), 0);
	/* the transport ends within early data */
	early_connect(pair);
	in_len = early_flight(pair, in);
	len = sizeof(out);
	assert_int_equal(sluice_handshake(pair->server.conn, in, &in_len, out,
					  &len), SLUICE_EARLY_DATA);
	assert_int_equal(sluice_eof(pair->server.conn), SLUICE_ERROR);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_TRUNCATED);
	early_drop(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_exporter),
		cmocka_unit_test(test_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
