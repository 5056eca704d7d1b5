// SPDX-License-Identifier: MIT
/* record_size_limit (RFC 8449). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "conn.h"
#include "extensions.h"
#include "pair.h"

#define INNER	(1 + 16)	/* content type and tag */

/* The longest encrypted record that came by, by its content. */
static size_t watch(void *ctx, uint8_t *data, size_t len, size_t from)
{
	size_t *longest = ctx, at = 0;

	(void)from;
	while (at + 5 <= len) {
		size_t body = (size_t)data[at + 3] << 8 | data[at + 4];

		if (data[at] == 23 && body - INNER > *longest)
			*longest = body - INNER;
		at += 5 + body;
	}
	return len;
}

static void test_sizes(void **state)
{
	static const struct {
		unsigned int client, server;
		size_t up, down;
	} cases[] = {
		{ 63, 63, 63, 63 },
		{ 63, 16384, 16384, 63 },
		{ 16384, 64, 64, 16384 },
		{ 500, 1000, 1000, 500 },
		{ 16384, 16384, 16384, 16384 },
		/* it takes two */
		{ 100, 0, 16384, 16384 },
		{ 0, 100, 16384, 16384 },
		{ 0, 0, 16384, 16384 },
	};
	static uint8_t data[40000];
	struct pair *pair = pair_new(KEY_RSA);
	size_t i, up, down, resumed;

	(void)state;
	pair_use_tickets(pair);
	pair->client.config.credential = pair->identity.cred;
	pair->up.change = watch;
	pair->up.ctx = &up;
	pair->down.change = watch;
	pair->down.ctx = &down;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pair->client.config.record_limit = cases[i].client;
		pair->server.config.record_limit = cases[i].server;
		pair->ticket_count = 0;
		/* a full handshake, and a resumed one */
		for (resumed = 0; resumed < 2; resumed++) {
			struct sluice_secrets secrets;

			up = 0;
			down = 0;
			pair_reset(pair);
			assert_true(pair_handshake(pair));
			end_settle(&pair->client);
			assert_int_equal(end_info(&pair->client).resumed, resumed);
			assert_int_equal(end_info(&pair->client).record_limit, cases[i].up);
			assert_int_equal(end_info(&pair->server).record_limit, cases[i].down);
			assert_int_equal(sluice_conn_secrets(pair->server.conn, &secrets), 0);
			assert_int_equal(secrets.record_limit, cases[i].down);
			/* what the handshake sends is bound by it, too */
			assert_true(up <= cases[i].up && down <= cases[i].down);
			assert_true(pair_send(pair, &pair->client, data, sizeof(data)));
			assert_true(pair_send(pair, &pair->server, data, sizeof(data)));
			assert_int_equal(up, cases[i].up);
			assert_int_equal(down, cases[i].down);
		}
	}
	pair_free(pair);
}

static void test_retry_and_chunks(void **state)
{
	static const uint16_t x25519_p256[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };
	static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair->client.config.record_limit = 63;
	pair->server.config.record_limit = 63;
	pair->client.config.groups = x25519_p256;
	pair->server.config.groups = only_p256;
	pair->chunk = 1;
	pair->room = SLUICE_OUT_MIN;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(end_info(&pair->client).retried);
	assert_int_equal(end_info(&pair->client).record_limit, 63);
	pair_free(pair);
}

/* One octet more than was asked for, from either side. */
static void test_overflow(void **state)
{
	static uint8_t data[101];
	struct pair *pair = pair_new(KEY_P256);
	struct end *ends[] = { &pair->client, &pair->server };
	size_t i;

	(void)state;
	pair->client.config.record_limit = 100;
	pair->server.config.record_limit = 100;
	for (i = 0; i < 2; i++) {
		struct end *from = ends[i], *to = ends[!i];

		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_true(pair_send(pair, from, data, 100));
		from->conn->tx_limit = SLUICE_DATA_MAX;
		assert_true(pair_send(pair, from, data, 100));
		assert_false(pair_send(pair, from, data, 101));
		end_settle(to);
		assert_int_equal(end_info(to).alert_sent, SL_RECORD_OVERFLOW);
	}
	pair_free(pair);
}

static int read_limit(struct pair *pair, struct end *end, const uint8_t *text,
		      size_t len)
{
	struct sl_reader body = sl_reader(text, len);

	pair_reset(pair);
	sl_read_record_limit(end->conn, &body);
	return end->conn->error ? (int)end->conn->alert : -1;
}

static void test_values(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	uint8_t text[3] = { 1, 0, 0 };
	unsigned int value;

	(void)state;
	pair->client.config.record_limit = 100;
	pair->server.config.record_limit = 100;
	assert_int_equal(read_limit(pair, &pair->client, text, 0), SL_DECODE_ERROR);
	assert_int_equal(read_limit(pair, &pair->client, text, 1), SL_DECODE_ERROR);
	assert_int_equal(read_limit(pair, &pair->client, text, 3), SL_DECODE_ERROR);
	for (value = 0; value < 65536; value += value > 70 && value < 16380 ? 97 : 1) {
		text[0] = (uint8_t)(value >> 8);
		text[1] = (uint8_t)value;
		assert_int_equal(read_limit(pair, &pair->client, text, 2),
				 value < 64 || value > 16385 ? SL_ILLEGAL_PARAMETER : -1);
		assert_int_equal(read_limit(pair, &pair->server, text, 2),
				 value < 64 ? SL_ILLEGAL_PARAMETER : -1);
		if (value > 16390)
			value += 1000;
	}
	pair->client.config.record_limit = 62;
	assert_non_null(sluice_config_check(&pair->client.config));
	pair->client.config.record_limit = 16385;
	assert_non_null(sluice_config_check(&pair->client.config));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_retry_and_chunks),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
