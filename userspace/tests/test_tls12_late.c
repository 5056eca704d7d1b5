// SPDX-License-Identifier: MIT
/*
 * TLS 1.2 beyond its good handshakes: renegotiations, warnings, records that are
 * not as they should be; and every octet flipped, every call of the provider
 * failing, the transport ending anywhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "attack.h"
#include "conn.h"

#define HEADER	5

/* The handshakes that are attacked. */
enum scenario { FULL, MUTUAL, RESUMED, SCENARIOS };

static struct pair *begin(void)
{
	struct pair *pair = pair_new(KEY_P256);

	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_2;
	return pair;
}

static void prepare(struct attack *a, enum scenario scenario)
{
	memset(a, 0, sizeof(*a));
	a->pair = begin();
	if (scenario == MUTUAL)
		attack_mutual(a);
	if (scenario == RESUMED)
		attack_resume(a);
}

/*
 * Flips a bit. The minor version of a record in the clear counts for nothing,
 * and a length that has grown makes the receiver wait.
 */
static size_t flip(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct attack *a = ctx;
	size_t record = 0, at, body, message;

	if (a->at < from || a->at >= from + len)
		return len;
	at = a->at - from;
	for (;;) {
		body = (size_t)data[record + 3] << 8 | data[record + 4];
		if (at < record + HEADER + body)
			break;
		record += HEADER + body;
	}
	a->was_header = at < record + HEADER;
	if (at == record + 2)
		return len;
	for (message = record + HEADER;
	     data[record] == SL_HANDSHAKE && message + 4 <= record + HEADER + body;
	     message += 4 + ((size_t)data[message + 2] << 8 | data[message + 3]))
		a->was_header |= at > message && at < message + 4;
	data[at] ^= a->bit;
	a->applied = true;
	return len;
}

static void flip_stream(struct attack *a, struct stream *stream)
{
	size_t total, n = 0;
	unsigned int bit;

	attack_run(a);
	assert_int_equal(a->pair->client.status, SLUICE_DONE);
	assert_int_equal(a->pair->server.status, SLUICE_DONE);
	total = stream->total;
	stream->ctx = a;
	stream->change = flip;
	for (a->at = 0; a->at < total; a->at++) {
		for (bit = 0; bit < 8; bit++) {
			struct sluice_conn_info c, s;

			if (n++ % test_stride())
				continue;
			a->bit = (uint8_t)(1 << bit);
			attack_run(a);
			c = end_info(&a->pair->client);
			s = end_info(&a->pair->server);
			if (!a->applied) {
				assert_true(c.handshake_done && s.handshake_done);
				continue;
			}
			if (!c.error && !s.error) {
				/* waiting for what does not come */
				assert_true(a->was_header);
				assert_false(c.handshake_done &&
					     s.handshake_done);
				continue;
			}
			assert_true(c.alert_sent > 0 || s.alert_sent > 0);
			assert_true(!c.error || *c.reason);
			assert_true(!s.error || *s.reason);
			assert_true(c.alert_sent != SL_INTERNAL_ERROR);
			assert_true(s.alert_sent != SL_INTERNAL_ERROR);
		}
	}
	stream->change = NULL;
}

static void test_flips(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		flip_stream(&a, &a.pair->up);
		flip_stream(&a, &a.pair->down);
		pair_free(a.pair);
	}
}

static void test_failing_provider(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		attack_provider(&a, &a.pair->client, 10);
		attack_provider(&a, &a.pair->server, 10);
		pair_free(a.pair);
	}
}

static size_t cut_off(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct attack *a = ctx;

	(void)data;
	if (from + len <= a->at)
		return len;
	return a->at > from ? a->at - from : 0;
}

static void test_cut_off(void **state)
{
	enum scenario scenario;
	unsigned int side;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		for (side = 0; side < 2; side++) {
			struct stream *stream = side ? &a.pair->down :
						       &a.pair->up;
			struct end *reader = side ? &a.pair->client :
						    &a.pair->server;
			size_t total;

			attack_run(&a);
			total = stream->total;
			stream->ctx = &a;
			stream->change = cut_off;
			for (a.at = 0; a.at < total; a.at += test_stride()) {
				attack_run(&a);
				/* signatures are not always of the same length */
				if (reader->status == SLUICE_DONE) {
					assert_true(a.at + 8 > total);
					continue;
				}
				assert_int_equal(reader->status, SLUICE_WANT_READ);
				assert_int_equal(sluice_eof(reader->conn),
						 SLUICE_ERROR);
				assert_int_equal(end_info(reader).error,
						 SLUICE_ERR_TRUNCATED);
			}
			stream->change = NULL;
		}
		pair_free(a.pair);
	}
}

/* A record that an end would not send by itself. */
static void send_record(struct end *end, enum sl_content type,
			const void *data, size_t len)
{
	struct stream *out = end->out;

	assert_true(len + 64 < PAIR_STREAM - out->end);
	out->end += sl_record_seal(end->conn, type, data, len,
				   out->data + out->end);
}

/* What it makes of that, and what it answers. */
static struct sluice_conn_info take(struct end *end)
{
	end_settle(end);
	return end_info(end);
}

static struct pair *connected(void)
{
	struct pair *pair = begin();

	pair_reset(pair);
	assert_true(pair_handshake(pair));
	return pair;
}

static void test_renegotiation(void **state)
{
	static const uint8_t hello_request[4] = { SL_HELLO_REQUEST };
	static const uint8_t client_hello[4 + 50] = { SL_CLIENT_HELLO, 0, 0, 50 };
	unsigned int side, i;

	(void)state;
	for (side = 0; side < 2; side++) {
		struct pair *pair = connected();
		struct end *from = side ? &pair->client : &pair->server;
		struct end *to = side ? &pair->server : &pair->client;
		const uint8_t *message = side ? client_hello : hello_request;
		size_t len = side ? sizeof(client_hello) : sizeof(hello_request);

		for (i = 0; i < 4; i++) {
			send_record(from, SL_HANDSHAKE, message, len);
			assert_int_equal(take(to).error, SLUICE_ERR_NONE);
			assert_int_equal(take(from).alert_received,
					 SL_NO_RENEGOTIATION);
			assert_int_equal(take(from).error, SLUICE_ERR_NONE);
			assert_true(pair_send(pair, from, (const uint8_t *)"a", 1));
			assert_true(pair_send(pair, to, (const uint8_t *)"b", 1));
		}
		/* and not without end */
		for (i = 0; i < 4; i++) {
			send_record(from, SL_HANDSHAKE, message, len);
			assert_int_equal(take(to).error, SLUICE_ERR_NONE);
		}
		send_record(from, SL_HANDSHAKE, message, len);
		assert_int_equal(take(to).alert_sent, SL_UNEXPECTED_MESSAGE);
		pair_free(pair);
	}
}

/* A handover waits until the refusal is sent. */
static void test_refusal_pending(void **state)
{
	static const uint8_t hello_request[4] = { SL_HELLO_REQUEST };
	struct pair *pair = connected();
	struct sluice_secrets secrets;
	size_t used = pair->client.in->end - pair->client.in->start, len;
	uint8_t *data;

	(void)state;
	send_record(&pair->server, SL_HANDSHAKE, hello_request, 4);
	used = pair->client.in->end - pair->client.in->start;
	assert_int_equal(sluice_open(pair->client.conn,
				     pair->client.in->data + pair->client.in->start,
				     &used, &data, &len), SLUICE_WANT_READ);
	pair->client.in->start += used;
	assert_true(sluice_pending(pair->client.conn));
	assert_int_equal(sluice_conn_secrets(pair->client.conn, &secrets), -1);
	end_settle(&pair->client);
	assert_false(sluice_pending(pair->client.conn));
	assert_int_equal(sluice_conn_secrets(pair->client.conn, &secrets), 0);
	pair_free(pair);
}

static void test_late_messages(void **state)
{
	static const struct {
		enum sl_content type;
		uint8_t data[8];
		size_t len;
		bool to_server;
		int alert;
	} cases[] = {
		{ SL_HANDSHAKE, { SL_HELLO_REQUEST }, 4, true, SL_UNEXPECTED_MESSAGE },
		{ SL_HANDSHAKE, { SL_HELLO_REQUEST, 0, 0, 1, 0 }, 5, false, SL_DECODE_ERROR },
		{ SL_HANDSHAKE, { SL_CLIENT_HELLO }, 4, false, SL_UNEXPECTED_MESSAGE },
		{ SL_HANDSHAKE, { SL_FINISHED }, 4, false, SL_UNEXPECTED_MESSAGE },
		{ SL_HANDSHAKE, { SL_NEW_SESSION_TICKET }, 4, false, SL_UNEXPECTED_MESSAGE },
		{ SL_HANDSHAKE, { SL_KEY_UPDATE, 0, 0, 1, 0 }, 5, true, SL_UNEXPECTED_MESSAGE },
		{ SL_HANDSHAKE, { 0 }, 0, false, SL_UNEXPECTED_MESSAGE },
		{ SL_ALERT, { 1 }, 1, false, SL_DECODE_ERROR },
		{ 24, { 1 }, 3, true, SL_UNEXPECTED_MESSAGE },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *pair = connected();
		struct end *from = cases[i].to_server ? &pair->client :
							&pair->server;
		struct end *to = cases[i].to_server ? &pair->server :
						      &pair->client;

		send_record(from, cases[i].type, cases[i].data, cases[i].len);
		assert_int_equal(take(to).alert_sent, cases[i].alert);
		assert_int_equal(take(from).alert_received, cases[i].alert);
		pair_free(pair);
	}
}

/* change_cipher_spec and data in the clear, after the keys. */
static void test_clear_records(void **state)
{
	static const uint8_t records[2][6] = {
		{ SL_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1 },
		{ SL_APPLICATION_DATA, 3, 3, 0, 1, 'x' },
	};
	static const int alerts[2] = {
		SL_UNEXPECTED_MESSAGE, SL_BAD_RECORD_MAC
	};
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair *pair = connected();

		memcpy(pair->up.data + pair->up.end, records[i], 6);
		pair->up.end += 6;
		assert_int_equal(take(&pair->server).alert_sent, alerts[i]);
		pair_free(pair);
	}
}

static void test_warnings(void **state)
{
	static const uint8_t warning[2] = { 1, SL_UNRECOGNIZED_NAME };
	static const uint8_t fatal[2] = { 2, SL_UNRECOGNIZED_NAME };
	static const uint8_t clear[7] = { SL_ALERT, 3, 3, 0, 2, 1, SL_UNRECOGNIZED_NAME };
	struct pair *pair = connected();
	size_t i, none, len;
	uint8_t out[4096], in[7];

	(void)state;
	/* four, and with data in between as many again */
	for (i = 0; i < 8; i++) {
		send_record(&pair->server, SL_ALERT, warning, 2);
		assert_int_equal(take(&pair->client).error, SLUICE_ERR_NONE);
		if (i == 3)
			assert_true(pair_send(pair, &pair->server,
					      (const uint8_t *)"x", 1));
	}
	send_record(&pair->server, SL_ALERT, warning, 2);
	assert_int_equal(take(&pair->client).alert_sent, SL_UNEXPECTED_MESSAGE);

	pair_reset(pair);
	assert_true(pair_handshake(pair));
	send_record(&pair->server, SL_ALERT, fatal, 2);
	assert_int_equal(take(&pair->client).error, SLUICE_ERR_ALERT);

	/* before ServerHello: for TLS 1.3 alone every alert is the end */
	for (i = 0; i < 2; i++) {
		pair->client.config.min_version = i ? SLUICE_TLS_1_3 :
						      SLUICE_TLS_1_2;
		pair->client.config.max_version = SLUICE_TLS_1_3;
		pair_reset(pair);
		none = 0;
		len = sizeof(out);
		assert_int_equal(sluice_handshake(pair->client.conn, NULL, &none,
						  out, &len), SLUICE_WANT_READ);
		memcpy(in, clear, sizeof(in));
		none = sizeof(in);
		len = sizeof(out);
		assert_int_equal(sluice_handshake(pair->client.conn, in, &none,
						  out, &len),
				 i ? SLUICE_ERROR : SLUICE_WANT_READ);
	}
	pair_free(pair);
}

/* Gives ServerHello's extended_master_secret the type of ECH. */
static size_t answer_ech(void *ctx, uint8_t *data, size_t len, size_t from)
{
	static const uint8_t master_secret[] = { 0, 23, 0, 0 };
	uint8_t *at = memmem(data, len, master_secret, sizeof(master_secret));

	(void)ctx;
	if (from)
		return len;
	assert_non_null(at);
	at[0] = 0xfe;
	at[1] = 0x0d;
	return len;
}

/* TLS 1.2 has no answer to an Encrypted Client Hello, nor to what looks so. */
static void test_ech(void **state)
{
	struct pair *pair = connected();

	(void)state;
	pair->client.config.min_version = SLUICE_TLS_1_2;
	pair->client.config.max_version = SLUICE_TLS_1_3;
	pair->client.config.ech_grease = true;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).version, SLUICE_TLS_1_2);
	pair->down.change = answer_ech;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).alert_sent,
			 SL_UNSUPPORTED_EXTENSION);
	pair_free(pair);
}

/* Every octet of a record of data counts, and so does its place. */
static void test_records(void **state)
{
	struct pair *pair = connected();
	uint8_t *start;
	size_t len, i;

	(void)state;
	for (i = 0;; i++) {
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		start = pair->up.data + pair->up.end;
		send_record(&pair->client, SL_APPLICATION_DATA, "hello", 5);
		len = (size_t)(pair->up.data + pair->up.end - start);
		assert_int_equal(len, HEADER + 8 + 5 + 16);
		if (i == len)
			break;
		/* nor is one that has got shorter waited for */
		start[i] ^= i == 4 ? 16 : 1;
		take(&pair->server);
		if (end_info(&pair->server).error)
			assert_true(end_info(&pair->server).alert_sent > 0);
		else
			assert_in_range(i, 2, 4);
	}
	/* twice, and in the wrong order */
	send_record(&pair->client, SL_APPLICATION_DATA, "hello", 5);
	memcpy(start + len, start, len);
	assert_int_equal(take(&pair->server).alert_sent, SL_BAD_RECORD_MAC);
	pair_free(pair);
}

/* More in a record than was agreed upon. */
static void test_long_records(void **state)
{
	static uint8_t data[SLUICE_DATA_MAX];
	struct pair *pair = begin();

	(void)state;
	pair->client.config.record_limit = 100;
	pair->server.config.record_limit = 200;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	send_record(&pair->server, SL_APPLICATION_DATA, data, 100);
	assert_int_equal(take(&pair->client).error, SLUICE_ERR_NONE);
	send_record(&pair->server, SL_APPLICATION_DATA, data, 101);
	assert_int_equal(take(&pair->client).alert_sent, SL_RECORD_OVERFLOW);
	pair_free(pair);
}

/* At the end of a key there is nothing but an alert. */
static void test_key_used_up(void **state)
{
	struct pair *pair = connected();
	uint64_t limit = (uint64_t)1 << 24;
	size_t len = 1, room;

	(void)state;
	pair->client.conn->tx.seq = limit - 2;
	pair->server.conn->rx.seq = limit - 2;
	assert_true(pair_send(pair, &pair->client, (const uint8_t *)"a", 1));
	room = PAIR_STREAM - pair->up.end;
	assert_int_equal(sluice_seal(pair->client.conn, (const uint8_t *)"b",
				     &len, pair->up.data + pair->up.end, &room),
			 SLUICE_ERROR);
	assert_int_equal(len, 0);
	pair->up.end += room;
	assert_int_equal(end_info(&pair->client).alert_sent, SL_INTERNAL_ERROR);
	assert_int_equal(take(&pair->server).alert_received, SL_INTERNAL_ERROR);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flips),
		cmocka_unit_test(test_failing_provider),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_refusal_pending),
		cmocka_unit_test(test_late_messages),
		cmocka_unit_test(test_clear_records),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_ech),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_long_records),
		cmocka_unit_test(test_key_used_up),
	};

	return cmocka_run_group_tests_name("tls12_late", tests, NULL, NULL);
}
