// SPDX-License-Identifier: MIT
/* Tickets, and stores of them, that are not as they should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "early_pair.h"

#define HOUR	((uint64_t)3600 * 1000)

static unsigned int names_asked;

static bool count_names(void *ctx, const uint8_t *name,
			struct sluice_ticket_key *key)
{
	struct pair *pair = ctx;

	names_asked += name != NULL;
	*key = pair->ticket_key;
	return true;
}

/*
 * What a client's store gives back, with one octet that is another: format,
 * suite, when it was received, the lengths and the name. See sl_ticket_read().
 */
static void test_bad_stored(void **state)
{
	static const struct {
		size_t octet;
		uint8_t with;
	} cases[] = {
		{ 0, 0x01 }, { 1, 0x01 }, { 2, 0x03 }, { 4, 0x40 },
		{ 20, 0x10 }, { 20, 0x40 }, { 20 + 1 + 48, 0x01 },
		{ 20 + 1 + 48 + 1, 0x01 }, { 20 + 1 + 48 + 2, 0x01 },
		{ 20 + 1 + 48 + 2 + 9, 0x10 },
	};
	struct pair *pair = pair_new(KEY_P256);
	size_t i;

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_key = count_names;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pair->ticket_count = 0;
		assert_false(pair_resumes(pair));
		pair->ticket_count = 1;
		pair->tickets[0][cases[i].octet] ^= cases[i].with;
		names_asked = 0;
		assert_false(pair_resumes(pair));
		/* it was not even shown */
		assert_int_equal(names_asked, 0);
	}
	/* a suite of TLS 1.2 has a hash as well, but no such ticket */
	pair->client.config.min_version = SLUICE_TLS_1_2;
	pair->client.config.suites = (const uint16_t[]){
		SLUICE_AES_128_GCM_SHA256,
		SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384, 0
	};
	names_asked = 0;
	assert_false(pair_resumes(pair));
	assert_int_equal(names_asked, 0);
	pair_free(pair);
}

/* A ticket that lasts for longer than seven days, or for no time. */
static const uint8_t *first_octets;

static void tell_lifetime(void *ctx, uint8_t *data, size_t len)
{
	(void)ctx;
	/* NewSessionTicket, behind its header */
	if (len > 8 && data[0] == 4)
		memcpy(data + 4, first_octets, 4);
}

/* In the place of early_data's octets another extension that is as long. */
static void tell_early_data(void *ctx, uint8_t *data, size_t len)
{
	static const uint8_t is[] = { 0, 8, 0, 42, 0, 4 };
	static const uint8_t becomes[] = { 0, 8, 0, 42, 0, 0, 0xfa, 0xfa, 0, 0 };
	uint8_t *at = len > 8 && data[0] == 4 ? memmem(data, len, is, 6) : NULL;

	(void)ctx;
	if (at)
		memcpy(at, becomes, sizeof(becomes));
}

static void test_bad_early_data(void **state)
{
	static const uint8_t id[16];
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.max_early_data = 1;
	pair->server.config.early_data_id = id;
	pair->server.config.early_data_first = early_first;
	pair->server.provider.sealing = tell_early_data;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	assert_int_equal(end_info(&pair->client).alert_sent, SL_DECODE_ERROR);
	assert_int_equal(pair->ticket_count, 0);
	pair_free(pair);
}

static size_t take_too_much(void *ctx, const char *name, uint8_t *buf,
			    size_t size)
{
	(void)ctx;
	(void)name;
	memset(buf, 0, size);
	return size + 1;
}

static void test_too_much(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair->client.config.ticket_take = take_too_much;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_USE);
	pair_free(pair);
}

static void test_lifetimes(void **state)
{
	static const uint8_t most[] = { 0, 9, 0x3a, 0x80 };
	static const uint8_t more[] = { 0, 9, 0x3a, 0x81 };
	static const uint8_t none[] = { 0, 0, 0, 0 };
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_count = 1;
	pair->server.provider.sealing = tell_lifetime;
	first_octets = none;
	assert_false(pair_resumes(pair));
	assert_int_equal(pair->ticket_count, 0);
	first_octets = most;
	assert_false(pair_resumes(pair));
	assert_int_equal(pair->ticket_count, 1);
	assert_int_equal(sluice_ticket_expiry(pair->tickets[0],
					      pair->ticket_len[0]),
			 pair->now + 7 * 24 * HOUR);
	first_octets = more;
	pair->ticket_count = 0;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	assert_int_equal(end_info(&pair->client).alert_sent,
			 SL_ILLEGAL_PARAMETER);
	assert_int_equal(pair->ticket_count, 0);
	pair_free(pair);
}

/* A ticket knows whether its server was looked at. */
static void test_unverified(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	pair->client.config.no_verify = true;
	assert_false(pair_resumes(pair));
	assert_true(pair_resumes(pair));
	assert_false(end_info(&pair->client).verified);
	pair->client.config.no_verify = false;
	assert_false(pair_resumes(pair));
	assert_true(end_info(&pair->client).verified);
	pair->client.config.no_verify = true;
	assert_true(pair_resumes(pair));
	assert_true(end_info(&pair->client).verified);
	pair_free(pair);
}

/* A HelloRetryRequest has chosen a cipher suite that is not for the ticket. */
static void test_retry_for_another_hash(void **state)
{
	static const uint16_t only_aes128[] = { SLUICE_AES_128_GCM_SHA256, 0 };
	static const uint16_t only_p384[] = { SLUICE_SECP384R1, 0 };
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_key = count_names;
	names_asked = 0;
	assert_false(pair_resumes(pair));
	pair->server.config.groups = only_p384;
	assert_true(pair_resumes(pair));
	assert_true(end_info(&pair->client).retried);
	assert_int_equal(names_asked, 1);
	/* it is not shown any more */
	pair->server.config.suites = only_aes128;
	assert_false(pair_resumes(pair));
	assert_true(end_info(&pair->client).retried);
	assert_int_equal(names_asked, 1);
	pair_free(pair);
}

/* Every octet of a ticket. */
static void test_forged(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t len, at;

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	assert_false(pair_resumes(pair));
	len = pair->ticket_len[0];
	memcpy(ticket, pair->tickets[0], len);
	/* behind the PSK and the name: see sl_ticket_read() */
	at = 20 + 1 + (size_t)ticket[20] + 2 + strlen("localhost") + 2;
	assert_memory_equal(ticket + at, pair->ticket_key.name, 16);
	for (size_t i = at; i < at + 16 + 16 + 64 + 16; i++) {
		memcpy(pair->tickets[0], ticket, len);
		pair->tickets[0][i] ^= 0x80;
		pair->ticket_len[0] = len;
		pair->ticket_count = 1;
		assert_false(pair_resumes(pair));
	}
	memcpy(pair->tickets[0], ticket, len);
	pair->ticket_len[0] = len;
	pair->ticket_count = 1;
	assert_true(pair_resumes(pair));
	pair_free(pair);
}

/* Under a key that the server has, but no ticket of its; of any length. */
static void test_ticket_lengths(void **state)
{
	static const size_t lens[] = {
		15, 16, 31, 32, 33, 47, 48, 49, 559, 560, 561, 577, 2000
	};
	/* behind the name, and from there to the end: see sl_ticket_read() */
	const size_t at = 20 + 1 + 48 + 2 + 9, behind = 1 + 8 + 4 + 1;
	struct pair *pair = pair_new(KEY_P256);
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t len, i;

	(void)state;
	pair_use_tickets(pair);
	assert_false(pair_resumes(pair));
	len = pair->ticket_len[0];
	memcpy(ticket, pair->tickets[0], len);
	assert_int_equal(len, at + 2 + ((size_t)ticket[at] << 8 | ticket[at + 1]) +
			 behind);
	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		uint8_t *stored = pair->tickets[0];

		memset(stored, 0, SLUICE_TICKET_MAX);
		memcpy(stored, ticket, at);
		stored[at] = (uint8_t)(lens[i] >> 8);
		stored[at + 1] = (uint8_t)lens[i];
		memcpy(stored + at + 2, pair->ticket_key.name, 16);
		memcpy(stored + at + 2 + lens[i], ticket + len - behind, behind);
		pair->ticket_len[0] = at + 2 + lens[i] + behind;
		pair->ticket_count = 1;
		assert_false(pair_resumes(pair));
	}
	pair_free(pair);
}

/* In TLS 1.2 a session is for one name, and has its cipher suite. */
static void test_tls12(void **state)
{
	static const uint16_t only[] = { SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256, 0 };
	/* see sl_tls12_session_keep() */
	const size_t name_at = 1 + 2 + 1 + 8 + 4 + 8 + 1 + 1 + 48 + 2;
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_2;
	pair->client.config.no_verify = true;
	assert_false(pair_resumes(pair));
	assert_true(pair_resumes(pair));
	assert_false(end_info(&pair->client).verified);
	/* another format, and another client */
	pair->tickets[0][0] ^= 1;
	assert_false(pair_resumes(pair));
	pair->client.config.credential = pair->identity.cred;
	assert_false(pair_resumes(pair));
	pair->client.config.peer_name = "elsewhere";
	assert_memory_equal(pair->tickets[0] + name_at, "localhost", 9);
	memcpy(pair->tickets[0] + name_at, "elsewhere", 9);
	assert_false(pair_resumes(pair));
	assert_true(pair_resumes(pair));
	/* one that the client does not offer any more, and says otherwise */
	pair->client.config.suites = only;
	pair->tickets[0][2] = (uint8_t)only[0];
	assert_false(pair_resumes(pair));
	assert_true(pair_resumes(pair));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_stored),
		cmocka_unit_test(test_bad_early_data),
		cmocka_unit_test(test_too_much),
		cmocka_unit_test(test_lifetimes),
		cmocka_unit_test(test_unverified),
		cmocka_unit_test(test_retry_for_another_hash),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_ticket_lengths),
		cmocka_unit_test(test_tls12),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
