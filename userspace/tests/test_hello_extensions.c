// SPDX-License-Identifier: MIT
/* What a client's hello may have in it that our own client's never has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"
#include "sluice/async.h"

#define HEADER		5
#define MESSAGE_HEADER	4

static void add16(uint8_t *at, size_t len)
{
	len += (size_t)at[0] << 8 | at[1];
	at[0] = (uint8_t)(len >> 8);
	at[1] = (uint8_t)len;
}

/* A hello with some more extensions at its end: how it ends for the server. */
static struct sluice_conn_info answer(struct pair *pair, const uint8_t *extra,
				      size_t extra_len)
{
	uint8_t hello[4096], out[4096], *at = hello + HEADER + MESSAGE_HEADER;
	size_t len = sizeof(hello), none = 0, out_len = sizeof(out);

	pair_reset(pair);
	sluice_handshake(pair->client.conn, NULL, &none, hello, &len);
	assert_true(len + extra_len <= sizeof(hello));
	if (extra_len)
		memcpy(hello + len, extra, extra_len);
	len += extra_len;
	/* the record, the message, and the extensions are so much longer */
	add16(hello + 3, extra_len);
	add16(hello + HEADER + 2, extra_len);
	at += 2 + 32;			/* version, random */
	at += 1 + *at;
	at += 2 + (at[0] << 8 | at[1]);
	at += 1 + *at;
	add16(at, extra_len);
	pair->server.status = sluice_handshake(pair->server.conn, hello, &len,
					       out, &out_len);
	return end_info(&pair->server);
}

static struct {
	const struct sluice_credential *credential;
	uint8_t authorities[64];
	size_t len;
	unsigned int asked;
} asked;

static const struct sluice_credential *
choose(void *ctx, const struct sluice_credential_request *request)
{
	(void)ctx;
	asked.asked++;
	asked.len = request->authorities.len;
	assert_true(asked.len <= sizeof(asked.authorities));
	if (asked.len)
		memcpy(asked.authorities, request->authorities.data, asked.len);
	return asked.credential;
}

/* certificate_authorities (RFC 9846, section 4.2.4). */
static void test_authorities(void **state)
{
	static const uint8_t good[] = {
		0, 47, 0, 11, 0, 9, 0, 3, 0x30, 1, 0, 0, 2, 0x30, 0
	};
	static const uint8_t empty[] = { 0, 47, 0, 2, 0, 0 };
	static const uint8_t long_name[] = { 0, 47, 0, 6, 0, 4, 0, 3, 0x30, 0 };
	static const uint8_t no_name[] = { 0, 47, 0, 6, 0, 4, 0, 2, 0x30, 0 };
	static const uint8_t nameless[] = { 0, 47, 0, 4, 0, 2, 0, 0 };
	static const uint8_t more[] = { 0, 47, 0, 7, 0, 4, 0, 2, 0x30, 0, 0 };
	static const struct {
		const uint8_t *extension;
		size_t len;
	} bad[] = {
		{ empty, sizeof(empty) }, { long_name, sizeof(long_name) },
		{ nameless, sizeof(nameless) }, { more, sizeof(more) },
	};
	struct pair *pair = pair_new(KEY_P256);
	size_t i;

	(void)state;
	asked.credential = pair->server.config.credential;
	pair->server.config.choose = choose;
	assert_int_equal(answer(pair, NULL, 0).alert_sent, -1);
	assert_int_equal(asked.len, 0);
	assert_int_equal(answer(pair, good, sizeof(good)).alert_sent, -1);
	assert_int_equal(asked.len, sizeof(good) - 6);
	assert_memory_equal(asked.authorities, good + 6, asked.len);
	assert_int_equal(answer(pair, no_name, sizeof(no_name)).alert_sent, -1);
	asked.asked = 0;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(answer(pair, bad[i].extension,
					bad[i].len).alert_sent,
				 SL_DECODE_ERROR);
		assert_int_equal(asked.asked, 0);
	}
	pair_free(pair);
}

/* Of a type that nobody knows, there is one as well. */
static void test_unknown(void **state)
{
	static const uint8_t two[] = { 0xfa, 0xfa, 0, 1, 7, 0xfb, 0xfb, 0, 0 };
	static const uint8_t twice[] = {
		0xfa, 0xfa, 0, 0, 0xfb, 0xfb, 0, 0, 0xfa, 0xfa, 0, 0
	};
	struct pair *pair = pair_new(KEY_P256);
	uint8_t many[4 * 300];
	size_t i;

	(void)state;
	assert_int_equal(answer(pair, two, sizeof(two)).alert_sent, -1);
	assert_int_equal(answer(pair, twice, sizeof(twice)).alert_sent,
			 SL_ILLEGAL_PARAMETER);
	for (i = 0; i < 300; i++)
		memcpy(many + 4 * i, (uint8_t[]){ 0xe0, (uint8_t)i, 0, 0 }, 4);
	many[4 * 256] = many[4 * 257] = 0xe1;
	assert_int_equal(answer(pair, many, 4 * 256).alert_sent, -1);
	pair_free(pair);
}

/* EncryptedExtensions, at the beginning of what the server encrypts first. */
struct flight {
	uint8_t begin[10];
	unsigned int count;
};

static void record(void *ctx, uint8_t *data, size_t len)
{
	struct flight *flight = ctx;

	if (!flight->count++) {
		assert_true(len >= sizeof(flight->begin));
		memcpy(flight->begin, data, sizeof(flight->begin));
	}
}

/* server_name is acknowledged by who has used it (RFC 6066, section 3). */
static void test_server_name(void **state)
{
	static const uint8_t with[] = { 8, 0, 0, 6, 0, 4, 0, 0, 0, 0 };
	static const uint8_t without[] = { 8, 0, 0, 2, 0, 0 };
	struct pair *pair = pair_new(KEY_P256);
	struct flight flight = { .count = 0 };

	(void)state;
	pair_use_tickets(pair);
	pair->server.provider.sealing = record;
	pair->server.provider.ctx = &flight;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_memory_equal(flight.begin, without, sizeof(without));
	asked.credential = pair->server.config.credential;
	pair->server.config.choose = choose;
	pair->ticket_count = 0;
	flight.count = 0;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_memory_equal(flight.begin, with, sizeof(with));
	/* in a resumed session it has been before */
	end_settle(&pair->client);
	flight.count = 0;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(end_info(&pair->client).resumed);
	assert_memory_equal(flight.begin, without, sizeof(without));
	/* and who sends no name is told of none */
	pair->client.config.peer_name = "127.0.0.1";
	pair->client.config.trust = NULL;
	pair->client.config.no_verify = true;
	flight.count = 0;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_memory_equal(flight.begin, without, sizeof(without));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_server_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
