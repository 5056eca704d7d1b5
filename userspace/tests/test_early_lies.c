// SPDX-License-Identifier: MIT
/* Clients and servers that break the rules of early data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const char *const h2_h3[] = { "h2", "h3", NULL };

/* A record of one side's that is another one before it is encrypted. */
struct lie {
	unsigned int which;	/* of its protected records */
	uint8_t to[16];		/* begins so, if it is of this length */
	size_t len;
	uint8_t type;		/* with this content type */
	unsigned int count;
};

static void tell(void *ctx, uint8_t *data, size_t len)
{
	struct lie *lie = ctx;

	if (lie->count++ != lie->which)
		return;
	assert_true(lie->len < len);
	memcpy(data, lie->to, lie->len);
	data[len - 1] = lie->type;
}

/* A pair with a ticket for early data. */
static struct pair *early_pair(void)
{
	struct pair *pair = pair_new(KEY_P256);

	pair_use_early(pair, 1000);
	pair->server.config.ticket_unused = NULL;
	pair_new_tickets(pair);
	return pair;
}

static void expect(struct pair *pair, struct end *by, int alert)
{
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(by->status, SLUICE_ERROR);
	assert_int_equal(end_info(by).alert_sent, alert);
	assert_true(*end_info(by).reason);
}

enum { DATA = 23, HANDSHAKE = 22, ALERT = 21 };

static void test_client_lies(void **state)
{
	static const struct {
		size_t text;		/* octets of early data */
		struct lie lie;
		int alert;		/* of the server; -1: none */
	} cases[] = {
		/* no EndOfEarlyData: it is data, and Finished follows */
		{ 4, { 1, { 5 }, 4, DATA, 0 }, SL_BAD_RECORD_MAC },
		/* two of them: the second is not under the next key */
		{ 4, { 0, { 5 }, 4, HANDSHAKE, 0 }, SL_BAD_RECORD_MAC },
		/* nor where Finished has to be */
		{ 4, { 2, { 5 }, 4, HANDSHAKE, 0 }, SL_UNEXPECTED_MESSAGE },
		/* one that is not empty, or has something behind it */
		{ 5, { 0, { 5, 0, 0, 1 }, 5, HANDSHAKE, 0 }, SL_DECODE_ERROR },
		{ 5, { 0, { 5, 0, 0, 0, 20 }, 5, HANDSHAKE, 0 }, SL_UNEXPECTED_MESSAGE },
		/* half of one, and then another */
		{ 2, { 0, { 5, 0 }, 2, HANDSHAKE, 0 }, SL_BAD_RECORD_MAC },
		/* other messages: Finished, KeyUpdate, ClientHello */
		{ 4, { 0, { 20 }, 4, HANDSHAKE, 0 }, SL_UNEXPECTED_MESSAGE },
		{ 5, { 0, { 24, 0, 0, 1, 0 }, 5, HANDSHAKE, 0 }, SL_UNEXPECTED_MESSAGE },
		{ 4, { 0, { 1 }, 4, HANDSHAKE, 0 }, SL_UNEXPECTED_MESSAGE },
		/* alerts: an error; one of three octets */
		{ 2, { 0, { 2, SL_INTERNAL_ERROR }, 2, ALERT, 0 }, -1 },
		{ 3, { 0, { 2, SL_INTERNAL_ERROR }, 3, ALERT, 0 }, SL_DECODE_ERROR },
		/* no such record */
		{ 3, { 0, { 0 }, 3, 24, 0 }, SL_UNEXPECTED_MESSAGE },
		{ 3, { 0, { 0 }, 3, 0, 0 }, SL_UNEXPECTED_MESSAGE },
	};
	static const uint8_t text[8];
	struct pair *pair = early_pair();
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t i, len = pair->ticket_len[0];

	(void)state;
	memcpy(ticket, pair->tickets[0], len);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lie lie = cases[i].lie;

		memcpy(pair->tickets[0], ticket, len);
		pair->ticket_len[0] = len;
		pair->ticket_count = 1;
		pair->early = text;
		pair->early_len = cases[i].text;
		pair->client.provider.sealing = tell;
		pair->client.provider.ctx = &lie;
		expect(pair, &pair->server, cases[i].alert);
		assert_true(lie.count > lie.which);
	}
	pair_free(pair);
}

/* What a client believes a ticket allows: see parse_stored() in tickets.c. */
static void allow(struct pair *pair, uint32_t octets)
{
	uint8_t *at = pair->tickets[pair->ticket_count - 1];

	/* before the credential, which there is none of */
	at += pair->ticket_len[pair->ticket_count - 1] - 5;
	at[0] = (uint8_t)(octets >> 24);
	at[1] = (uint8_t)(octets >> 16);
	at[2] = (uint8_t)(octets >> 8);
	at[3] = (uint8_t)octets;
}

static void test_too_much(void **state)
{
	static uint8_t much[65537];
	struct pair *pair;
	int retry;

	(void)state;
	/* of what the ticket allows */
	pair = early_pair();
	allow(pair, 1001);
	pair->early = much;
	pair->early_len = 1001;
	expect(pair, &pair->server, SL_UNEXPECTED_MESSAGE);
	assert_int_equal(pair->early_got_len, 0);
	/* in two records, of which each is good */
	pair->server.config.max_early_data = 20000;
	pair->early_len = 0;
	pair_new_tickets(pair);
	allow(pair, 20001);
	pair->early_len = 20001;
	expect(pair, &pair->server, SL_UNEXPECTED_MESSAGE);
	assert_int_equal(pair->early_got_len, SLUICE_DATA_MAX);
	pair_free(pair);
	/* of what is passed over: up to the limit, and one octet more */
	for (retry = 0; retry < 2; retry++) {
		pair = early_pair();
		pair->early = much;
		pair->ticket_key.key[0] ^= 1;
		if (retry)
			pair->server.config.groups = only_p256;
		allow(pair, sizeof(much));
		pair->early_len = sizeof(much) - 1;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_int_equal(end_info(&pair->server).early,
				 SLUICE_EARLY_REJECTED);
		assert_int_equal(pair->early_sent, sizeof(much) - 1);
		pair->ticket_count = 0;
		end_settle(&pair->client);
		pair->ticket_key.key[0] ^= 1;
		allow(pair, sizeof(much));
		pair->early_len = sizeof(much);
		expect(pair, &pair->server, retry ? SL_UNEXPECTED_MESSAGE :
						    SL_BAD_RECORD_MAC);
		/* a server that allows more passes over more */
		pair->server.config.max_early_data = sizeof(much);
		pair_new_tickets(pair);
		pair->ticket_key.key[0] ^= 1;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_int_equal(pair->early_sent, sizeof(much));
		pair_free(pair);
	}
}

/* A rejected client ends early data all the same; and sends data after it. */
static void test_after_rejection(void **state)
{
	struct lie lie = { 1, { 5 }, 4, HANDSHAKE, 0 };
	struct pair *pair = early_pair();

	(void)state;
	pair->ticket_key.key[0] ^= 1;
	pair_say_early(pair);
	pair->client.provider.sealing = tell;
	pair->client.provider.ctx = &lie;
	expect(pair, &pair->server, SL_UNEXPECTED_MESSAGE);
	pair_free(pair);

	pair = early_pair();
	pair->ticket_key.key[0] ^= 1;
	pair_say_early(pair);
	lie = (struct lie){ 1, { 0 }, 4, DATA, 0 };
	pair->client.provider.sealing = tell;
	pair->client.provider.ctx = &lie;
	expect(pair, &pair->server, SL_UNEXPECTED_MESSAGE);
	pair_free(pair);
}

/* EncryptedExtensions: type, length, extensions; ALPN is the first. */
static void test_server_lies(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct lie lie = { 0, { 0 }, 0, HANDSHAKE, 0 };
	/* another protocol that the client offers */
	static const uint8_t other[] = {
		8, 0, 0, 15, 0, 13, 0, 16, 0, 5, 0, 3, 2, 'h', '3'
	};
	/* early_data with an octet in it: ALPN is gone */
	static const uint8_t longer[] = {
		8, 0, 0, 15, 0, 13, 0, 42, 0, 9, 0, 3, 2, 'h', '2'
	};

	(void)state;
	pair_free(pair);
	pair = early_pair();
	pair->client.config.alpn = h2_h3;
	pair->server.config.alpn = h2_h3;
	pair_new_tickets(pair);
	assert_int_equal(pair->ticket_count, 2);
	pair_say_early(pair);
	pair->server.provider.sealing = tell;
	pair->server.provider.ctx = &lie;
	memcpy(lie.to, other, sizeof(other));
	lie.len = sizeof(other);
	expect(pair, &pair->client, SL_ILLEGAL_PARAMETER);
	lie.count = 0;
	memcpy(lie.to, longer, sizeof(longer));
	expect(pair, &pair->client, SL_DECODE_ERROR);
	pair_free(pair);
}

/* It takes the early data of a ticket that it has not taken. */
static void test_without_ticket(void **state)
{
	struct lie lie = { 0, {
		/* early_data and supported_groups in the place of ALPN */
		8, 0, 0, 11, 0, 9, 0, 42, 0, 0, 0, 10, 0, 1, 0
	}, 15, HANDSHAKE, 0 };
	struct pair *pair = early_pair();

	(void)state;
	pair->client.config.alpn = h2_h3;
	pair->server.config.alpn = h2_h3;
	pair_new_tickets(pair);
	pair_say_early(pair);
	pair->ticket_key.key[0] ^= 1;
	pair->server.provider.sealing = tell;
	pair->server.provider.ctx = &lie;
	expect(pair, &pair->client, SL_ILLEGAL_PARAMETER);
	assert_int_equal(pair->early_sent, 5);
	pair_free(pair);
}

/* It goes back to TLS 1.2 (appendix D.3): whoever gave the ticket did not. */
static void test_older_version(void **state)
{
	struct pair *pair = early_pair();

	(void)state;
	pair->client.config.min_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_2;
	pair_say_early(pair);
	expect(pair, &pair->client, SL_PROTOCOL_VERSION);
	assert_int_equal(pair->early_sent, 5);
	pair_free(pair);
}

/* An extension that a client adds to one of its hellos, which has no ticket. */
struct more {
	unsigned int which;
	uint8_t ext[5];
	size_t len;
};

static void grow(uint8_t *at, size_t by)
{
	size_t len = ((size_t)at[0] << 8 | at[1]) + by;

	at[0] = (uint8_t)(len >> 8);
	at[1] = (uint8_t)len;
}

static size_t add_extension(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct more *more = ctx;
	uint8_t *record = data, *at;

	(void)from;
	/* change_cipher_spec may be before it */
	if (len > 6 && record[0] == 20)
		record += 6;
	if (!len || record[0] != HANDSHAKE || more->which--)
		return len;
	at = record + 5 + 4 + 2 + 32;
	at += 1 + at[0];
	at += 2 + ((size_t)at[0] << 8 | at[1]);
	at += 1 + at[0];
	grow(at, more->len);
	grow(record + 5 + 2, more->len);
	grow(record + 3, more->len);
	memcpy(data + len, more->ext, more->len);
	return len + more->len;
}

static void test_hellos(void **state)
{
	static const struct {
		struct more more;
		int alert;
	} cases[] = {
		/* an octet where there is nothing to say */
		{ { 0, { 0, 42, 0, 1, 0 }, 5 }, SL_DECODE_ERROR },
		/* in the answer to a HelloRetryRequest */
		{ { 1, { 0, 42, 0, 0 }, 4 }, SL_ILLEGAL_PARAMETER },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *pair = early_pair();
		struct more more = cases[i].more;

		pair->client.config.ticket_put = NULL;
		pair->client.config.early_data = false;
		pair->server.config.groups = only_p256;
		pair->ticket_count = 0;
		pair->up.change = add_extension;
		pair->up.ctx = &more;
		expect(pair, &pair->server, cases[i].alert);
		pair_free(pair);
	}
}

/* It takes early data with a cipher suite that the client has not used for it. */
static void test_other_suite(void **state)
{
	static const uint16_t only_aes128[] = { SLUICE_AES_128_GCM_SHA256, 0 };
	struct pair *pair = early_pair();

	(void)state;
	pair->server.config.suites = only_aes128;
	pair_new_tickets(pair);
	pair_say_early(pair);
	/* of the same hash: see parse_stored() in tickets.c */
	pair->tickets[pair->ticket_count - 1][2] =
		SLUICE_CHACHA20_POLY1305_SHA256 & 0xff;
	expect(pair, &pair->client, SL_ILLEGAL_PARAMETER);
	assert_int_equal(pair->early_sent, 5);
	pair_free(pair);
}

/* Cuts the first record of early data to what no record can be. */
static size_t cut(void *ctx, uint8_t *data, size_t len, size_t from)
{
	bool *done = ctx;

	(void)from;
	if (*done || data[0] != DATA)
		return len;
	*done = true;
	data[3] = 0;
	data[4] = 4;
	return 9;
}

/* What is passed over need not be what can be decrypted at all. */
static void test_passed_over(void **state)
{
	struct pair *pair = early_pair();
	bool done = false;

	(void)state;
	pair->ticket_key.key[0] ^= 1;
	pair_say_early(pair);
	pair->up.change = cut;
	pair->up.ctx = &done;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(done);
	assert_int_equal(end_info(&pair->server).early, SLUICE_EARLY_REJECTED);
	pair_free(pair);
}

static size_t drop_data(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)ctx;
	(void)from;
	return len && data[0] == DATA ? 0 : len;
}

/* However little is in a record: there is an end of it. */
static void test_passed_over_for_long(void **state)
{
	struct pair *pair = early_pair();
	struct end *server = &pair->server;
	unsigned int n = 0;

	(void)state;
	pair->ticket_key.key[0] ^= 1;
	pair_say_early(pair);
	pair->up.change = drop_data;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(server->status, SLUICE_WANT_READ);
	while (server->status == SLUICE_WANT_READ && n < 100000) {
		uint8_t record[9] = { DATA, 3, 3, 0, 4 }, out[SLUICE_OUT_MIN];
		size_t len = sizeof(record), out_len = sizeof(out);

		server->status = sluice_handshake(server->conn, record, &len,
						  out, &out_len);
		n++;
	}
	assert_int_equal(server->status, SLUICE_ERROR);
	assert_int_equal(n, 65536 + 1);
	pair_free(pair);
}

/* Flips a bit of one of the protected records. */
struct flip {
	unsigned int which;
	unsigned int count;
};

static size_t flip(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct flip *f = ctx;
	size_t at, end;

	(void)from;
	for (at = 0; at < len; at = end) {
		end = at + 5 + ((size_t)data[at + 3] << 8 | data[at + 4]);
		if (data[at] == DATA && f->count++ == f->which)
			data[end - 1] ^= 1;
	}
	return len;
}

/*
 * What cannot be decrypted is passed over only where early data was refused, and
 * until something can be (section 4.2.10).
 */
static void test_not_decrypted(void **state)
{
	static const struct {
		bool refused;
		unsigned int which, count;
		bool error;
	} cases[] = {
		/* early data, its end, Finished */
		{ false, 0, 3, true },
		{ false, 1, 3, true },
		{ false, 2, 3, true },
		/* early data, and Finished in two parts */
		{ true, 0, 3, false },
		{ true, 2, 3, true },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pair *pair = early_pair();
		struct flip f = { cases[i].which, 0 };

		pair_say_early(pair);
		if (cases[i].refused) {
			pair->ticket_key.key[0] ^= 1;
			pair->room = SLUICE_OUT_MIN;
		}
		pair->up.change = flip;
		pair->up.ctx = &f;
		if (cases[i].error) {
			expect(pair, &pair->server, SL_BAD_RECORD_MAC);
		} else {
			pair_reset(pair);
			assert_true(pair_handshake(pair));
		}
		assert_int_equal(f.count, cases[i].count);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client_lies),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_after_rejection),
		cmocka_unit_test(test_server_lies),
		cmocka_unit_test(test_without_ticket),
		cmocka_unit_test(test_older_version),
		cmocka_unit_test(test_hellos),
		cmocka_unit_test(test_other_suite),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_passed_over_for_long),
		cmocka_unit_test(test_not_decrypted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
