// SPDX-License-Identifier: MIT
/* After the handshake: records, key updates, alerts, the end. */
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

static struct pair *connected(void)
{
	struct pair *pair = pair_new(KEY_P256);

	assert_true(pair_handshake(pair));
	return pair;
}

/* A record of any content, made with one side's key, given to the other. */
static enum sluice_status inject(struct end *from, struct end *to, int type,
				 const uint8_t *data, size_t len, size_t padding)
{
	static uint8_t record[20000];
	size_t wire = len + 1 + padding + SL_TAG_LEN, in_len = 5 + wire;
	uint8_t *out;
	size_t out_len;

	memset(record, 0, sizeof(record));
	record[0] = 23;
	record[1] = 3;
	record[2] = 3;
	record[3] = (uint8_t)(wire >> 8);
	record[4] = (uint8_t)wire;
	memcpy(record + 5, data, len);
	record[5 + len] = (uint8_t)type;
	sl_direction_seal(from->conn, &from->conn->tx, record, record + 5,
			  len + 1 + padding);
	return sluice_open(to->conn, record, &in_len, &out, &out_len);
}

static void expect_alert(struct pair *pair, int alert)
{
	struct sluice_conn_info info = end_info(&pair->server);

	assert_int_equal(info.error, alert == SL_BAD_RECORD_MAC ?
			 SLUICE_ERR_CRYPTO : SLUICE_ERR_PROTOCOL);
	end_settle(&pair->server);
	end_settle(&pair->client);
	assert_int_equal(end_info(&pair->server).alert_sent, alert);
	assert_int_equal(end_info(&pair->client).alert_received, alert);
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_ALERT);
	pair_free(pair);
}

static void test_much_data(void **state)
{
	struct pair *pair = connected();
	static uint8_t data[200000];
	uint64_t seed = 99;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)test_random(&seed);
	assert_true(pair_send(pair, &pair->client, data, sizeof(data)));
	assert_true(pair_send(pair, &pair->server, data, sizeof(data)));
	pair->room = SLUICE_OUT_MIN;
	assert_true(pair_send(pair, &pair->server, data, 5000));
	assert_int_equal(end_info(&pair->client).rx_records,
			 end_info(&pair->server).tx_records);
	pair_free(pair);
}

static void test_key_update(void **state)
{
	struct pair *pair = connected();
	unsigned int i;

	(void)state;
	for (i = 1; i <= 20; i++) {
		assert_int_equal(sluice_key_update(pair->client.conn, i % 2), 0);
		assert_true(sluice_pending(pair->client.conn));
		assert_true(pair_send(pair, &pair->client,
				      (const uint8_t *)"abc", 3));
		assert_true(pair_send(pair, &pair->server,
				      (const uint8_t *)"defg", 4));
		assert_int_equal(end_info(&pair->client).tx_key_updates, i);
		assert_int_equal(end_info(&pair->server).rx_key_updates, i);
		/* every second one was answered */
		assert_int_equal(end_info(&pair->client).rx_key_updates,
				 (i + 1) / 2);
	}
	pair_free(pair);
}

static void test_automatic_key_update(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	unsigned int i;

	(void)state;
	pair->client.config.update_after = 10;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	for (i = 0; i < 90; i++)
		assert_true(pair_send(pair, &pair->client,
				      (const uint8_t *)"abc", 3));
	/* nine of data and the KeyUpdate make ten */
	assert_in_range(end_info(&pair->client).tx_key_updates, 9, 10);
	assert_true(end_info(&pair->client).tx_records < 10);
	assert_int_equal(end_info(&pair->server).rx_key_updates,
			 end_info(&pair->client).tx_key_updates);
	pair_free(pair);
}

static void test_close(void **state)
{
	struct pair *pair = connected();
	uint8_t data[16];
	size_t len = sizeof(data), in_len = 1;

	(void)state;
	sluice_close(pair->client.conn);
	end_settle(&pair->client);
	assert_int_equal(end_open(&pair->server, data, &len), SLUICE_CLOSED);
	assert_true(end_info(&pair->server).closed);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_NONE);
	assert_int_equal(sluice_eof(pair->server.conn), SLUICE_CLOSED);
	/* the other direction goes on */
	assert_true(pair_send(pair, &pair->server, (const uint8_t *)"x", 1));
	/* this one does not */
	len = sizeof(data);
	assert_int_equal(sluice_seal(pair->client.conn, (const uint8_t *)"x",
				     &in_len, data, &len), SLUICE_ERROR);
	assert_int_equal(in_len, 0);
	assert_int_equal(len, 0);
	assert_int_equal(sluice_key_update(pair->client.conn, false), -1);
	pair_free(pair);
}

static void test_truncation(void **state)
{
	struct pair *pair = connected();

	(void)state;
	assert_int_equal(sluice_eof(pair->server.conn), SLUICE_ERROR);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_TRUNCATED);
	assert_false(end_info(&pair->server).closed);
	assert_false(sluice_pending(pair->server.conn));
	pair_free(pair);
}

static void test_secrets(void **state)
{
	struct pair *pair = connected();
	struct sluice_secrets up, down;
	uint8_t out[64];
	size_t len, room;

	(void)state;
	assert_int_equal(sluice_want(pair->server.conn), 5);
	assert_true(pair_send(pair, &pair->client, (const uint8_t *)"x", 1));
	assert_int_equal(sluice_conn_secrets(pair->client.conn, &up), 0);
	assert_int_equal(sluice_conn_secrets(pair->server.conn, &down), 0);
	assert_int_equal(up.tx.seq, 1);
	assert_memory_equal(&up.tx, &down.rx, sizeof(up.tx));
	assert_int_equal(up.hash_len, 48);
	assert_int_equal(up.key_len, 32);
	/* not while something is due */
	sluice_key_update(pair->client.conn, false);
	assert_int_equal(sluice_conn_secrets(pair->client.conn, &up), -1);
	end_settle(&pair->client);
	assert_int_equal(sluice_conn_secrets(pair->client.conn, &up), 0);
	end_settle(&pair->server);
	/* nor in the middle of a record */
	len = 4;
	room = sizeof(out);
	sluice_seal(pair->client.conn, (const uint8_t *)"abcd", &len, out,
		    &room);
	len = 7;
	{
		uint8_t *data;
		size_t got;

		assert_int_equal(sluice_open(pair->server.conn, out, &len,
					     &data, &got), SLUICE_WANT_READ);
	}
	assert_int_equal(len, 0);
	assert_int_equal(sluice_want(pair->server.conn), room - 7);
	assert_int_equal(sluice_conn_secrets(pair->server.conn, &down), -1);
	pair_free(pair);
}

static void test_padding(void **state)
{
	struct pair *pair = connected();

	(void)state;
	assert_int_equal(inject(&pair->client, &pair->server, 23,
				(const uint8_t *)"x", 1, 100),
			 SLUICE_DATA);
	assert_int_equal(inject(&pair->client, &pair->server, 23,
				(const uint8_t *)"", 0, 0), SLUICE_WANT_READ);
	/* nothing but padding, and no content type */
	inject(&pair->client, &pair->server, 0, (const uint8_t *)"", 0, 9);
	expect_alert(pair, SL_UNEXPECTED_MESSAGE);
}

static void test_record_limits(void **state)
{
	struct pair *pair = connected();
	static uint8_t data[SL_PLAINTEXT_MAX + 300];
	uint8_t header[5] = { 23, 3, 3, 0x41, 0x01 };
	size_t in_len = 5, len = 0;
	uint8_t *none;

	(void)state;
	assert_int_equal(inject(&pair->client, &pair->server, 23, data, 0,
				SL_PLAINTEXT_MAX), SLUICE_WANT_READ);
	inject(&pair->client, &pair->server, 23, data, SL_PLAINTEXT_MAX + 1, 0);
	expect_alert(pair, SL_RECORD_OVERFLOW);
	/* a header alone tells that it is too long: 2^14 + 257 */
	pair = connected();
	sluice_open(pair->server.conn, header, &in_len, &none, &len);
	expect_alert(pair, SL_RECORD_OVERFLOW);
}

static void test_forbidden_records(void **state)
{
	static const struct {
		int type;
		uint8_t data[8];
		size_t len;
		int alert;
	} cases[] = {
		/* a renegotiation, in whatever form */
		{ 22, { 1, 0, 0, 0 }, 4, SL_UNEXPECTED_MESSAGE },
		{ 22, { 0, 0, 0, 0 }, 4, SL_UNEXPECTED_MESSAGE },
		{ 22, { 20, 0, 0, 0 }, 4, SL_UNEXPECTED_MESSAGE },
		/* a ticket for a server */
		{ 22, { 4, 0, 0, 0 }, 4, SL_UNEXPECTED_MESSAGE },
		/* KeyUpdate of no kind, too long, with something behind it */
		{ 22, { 24, 0, 0, 1, 2 }, 5, SL_ILLEGAL_PARAMETER },
		{ 22, { 24, 0, 0, 2, 0, 0 }, 6, SL_DECODE_ERROR },
		{ 22, { 24, 0, 0, 0 }, 4, SL_DECODE_ERROR },
		{ 22, { 24, 0, 0, 1, 0, 24 }, 6, SL_UNEXPECTED_MESSAGE },
		/* too long to be believed */
		{ 22, { 24, 1, 0, 0 }, 4, SL_DECODE_ERROR },
		/* empty, of a strange type, an encrypted change_cipher_spec */
		{ 22, { 0 }, 0, SL_UNEXPECTED_MESSAGE },
		{ 24, { 1 }, 1, SL_UNEXPECTED_MESSAGE },
		{ 20, { 1 }, 1, SL_UNEXPECTED_MESSAGE },
		/* half an alert, one and a half */
		{ 21, { 2 }, 1, SL_DECODE_ERROR },
		{ 21, { 2, 40, 2 }, 3, SL_DECODE_ERROR },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *pair = connected();

		assert_int_equal(inject(&pair->client, &pair->server,
					cases[i].type, cases[i].data,
					cases[i].len, 0), SLUICE_ERROR);
		expect_alert(pair, cases[i].alert);
	}
}

static void test_plain_records(void **state)
{
	static uint8_t records[][7] = {
		{ 20, 3, 3, 0, 1, 1 },		/* change_cipher_spec */
		{ 21, 3, 3, 0, 2, 1, 0 },	/* an alert that anybody sends */
		{ 22, 3, 3, 0, 1, 24 },
		{ 99, 3, 3, 0, 1, 1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		struct pair *pair = connected();
		size_t in_len = 5U + records[i][4], len = 0;
		uint8_t *none;

		assert_int_equal(sluice_open(pair->server.conn, records[i],
					     &in_len, &none, &len),
				 SLUICE_ERROR);
		expect_alert(pair, SL_UNEXPECTED_MESSAGE);
	}
}

/* A message in pieces is one; data between the pieces is a violation. */
static void test_fragments(void **state)
{
	static const uint8_t update[5] = { 24, 0, 0, 1, 1 };
	struct pair *pair = connected();
	size_t i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(inject(&pair->client, &pair->server, 22,
					update + i, 1, i), SLUICE_WANT_READ);
	assert_int_equal(end_info(&pair->server).rx_key_updates, 1);
	assert_true(sluice_pending(pair->server.conn));
	sl_keys_update(pair->client.conn, &pair->client.conn->tx);
	assert_true(pair_send(pair, &pair->client, (const uint8_t *)"x", 1));
	inject(&pair->client, &pair->server, 22, update, 2, 0);
	inject(&pair->client, &pair->server, 23, update, 2, 0);
	expect_alert(pair, SL_UNEXPECTED_MESSAGE);
}

static void test_alerts(void **state)
{
	struct pair *pair = connected();
	static const uint8_t canceled[2] = { 1, SL_USER_CANCELED };
	/* the level does not matter */
	static const uint8_t failure[2] = { 1, SL_HANDSHAKE_FAILURE };

	(void)state;
	assert_int_equal(inject(&pair->client, &pair->server, 21, canceled, 2,
				0), SLUICE_WANT_READ);
	assert_int_equal(inject(&pair->client, &pair->server, 21, failure, 2,
				0), SLUICE_ERROR);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_ALERT);
	assert_int_equal(end_info(&pair->server).alert_received,
			 SL_HANDSHAKE_FAILURE);
	assert_false(sluice_pending(pair->server.conn));
	pair_free(pair);
}

/* What brings nothing is borne with, but not without end. */
static void test_idle(void **state)
{
	static const uint8_t update[] = { SL_KEY_UPDATE, 0, 0, 1, 0 };
	static const uint8_t canceled[2] = { 1, SL_USER_CANCELED };
	static const struct {
		int type, most;
		const uint8_t *data;
		size_t len;
	} cases[] = {
		{ 23, 32, NULL, 0 },
		{ 22, 32, update, sizeof(update) },
		{ 21, 4, canceled, sizeof(canceled) },
	};
	size_t i;
	int round, n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pair *pair = connected();

		for (round = 0; round < 3; round++) {
			for (n = 0; n < cases[i].most; n++) {
				assert_int_equal(inject(&pair->client,
							&pair->server,
							cases[i].type,
							cases[i].len ?
							cases[i].data : update,
							cases[i].len, 0),
						 SLUICE_WANT_READ);
				if (cases[i].data == update)
					sl_keys_update(pair->client.conn,
						       &pair->client.conn->tx);
			}
			/* data of the one or, for what is no alert, the other */
			if (!round)
				assert_true(pair_send(pair, &pair->client,
						      (const uint8_t *)"x", 1));
			else if (round == 1 && cases[i].type != 21)
				assert_true(pair_send(pair, &pair->server,
						      (const uint8_t *)"x", 1));
			else
				break;
		}
		inject(&pair->client, &pair->server, cases[i].type,
		       cases[i].len ? cases[i].data : update, cases[i].len, 0);
		expect_alert(pair, SL_UNEXPECTED_MESSAGE);
	}
}

/* After an error or the end, nothing of a key is left in the connection. */
static void test_wiped(void **state)
{
	struct pair *pair = connected();
	struct sluice_secrets secrets;
	const uint8_t *mem = pair->client.mem;
	size_t i, size = sluice_conn_size();

	(void)state;
	assert_int_equal(sluice_conn_secrets(pair->client.conn, &secrets), 0);
	sluice_eof(pair->client.conn);
	for (i = 0; i + 16 <= size; i++) {
		assert_memory_not_equal(mem + i, secrets.tx.key, 16);
		assert_memory_not_equal(mem + i, secrets.rx.key, 16);
		assert_memory_not_equal(mem + i, secrets.tx.secret, 16);
		assert_memory_not_equal(mem + i, secrets.rx.secret, 16);
	}
	sluice_conn_free(pair->server.conn);
	pair->server.conn = NULL;
	mem = pair->server.mem;
	for (i = 0; i < size; i++)
		assert_int_equal(mem[i], 0);
	pair_free(pair);
}

static int seal_half(const struct sluice_provider *p,
		     struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		     const uint8_t *ad, size_t ad_len,
		     const struct sluice_octets *pieces, size_t count,
		     uint8_t *out)
{
	(void)p;
	(void)ctx;
	(void)nonce;
	(void)ad;
	(void)ad_len;
	(void)count;
	memcpy(out, pieces->data, pieces->len);
	return -1;
}

/* What cannot be encrypted is not left where it was to be. */
static void test_not_sealed(void **state)
{
	static const char text[] = "for nobody else to see";
	unsigned int i;

	(void)state;
	/* in place, from pieces, and in TLS 1.2 */
	for (i = 0; i < 3; i++) {
		struct pair *pair = pair_new(KEY_P256);
		struct wrapper *w = &pair->client.provider;
		size_t len = sizeof(text), out_len = 100;
		uint8_t out[100] = { 0 };

		w->table.aead_seal_from = i == 1 ? seal_half : NULL;
		pair->server.config.min_version = SLUICE_TLS_1_2;
		if (i == 2)
			pair->client.config.max_version = SLUICE_TLS_1_2;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		w->fail_at = w->calls + 1;
		assert_int_equal(sluice_seal(pair->client.conn,
					     (const uint8_t *)text, &len, out,
					     &out_len), SLUICE_ERROR);
		assert_int_equal(len, 0);
		assert_int_equal(out_len, 0);
		assert_null(memmem(out, sizeof(out), text, sizeof(text)));
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_much_data),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_automatic_key_update),
		cmocka_unit_test(test_close),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_record_limits),
		cmocka_unit_test(test_forbidden_records),
		cmocka_unit_test(test_plain_records),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_alerts),
		cmocka_unit_test(test_idle),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_not_sealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
