// SPDX-License-Identifier: MIT
/* A server's tickets: the ring of their keys, and sessions in a store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"
#include "sluice/openssl.h"
#include "sluice/store.h"
#include "sluice/ticket_ring.h"

#define HOUR	((uint64_t)3600 * 1000)
#define START	((uint64_t)1790000000 * 1000)
#define KEY_A	"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY_B	"ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1F"

static const struct sluice_ticket_policy policy = {
	.interval = 3600, .lifetime = 7200,
};

static struct sluice_provider *provider;

static struct sluice_ticket_ring *new_ring(const struct sluice_ticket_policy *p)
{
	size_t size = sluice_ticket_ring_size();
	void *mem = malloc(size);
	struct sluice_ticket_ring *ring;

	ring = sluice_ticket_ring_init(mem, size, provider, p, NULL);
	if (!ring)
		free(mem);
	return ring;
}

static void drop(struct sluice_ticket_ring *ring)
{
	const uint8_t *mem = (const uint8_t *)ring;
	size_t i;

	sluice_ticket_ring_free(ring);
	for (i = 0; i < sluice_ticket_ring_size(); i++)
		assert_int_equal(mem[i], 0);
	free(ring);
}

static bool same(const struct sluice_ticket_key *a,
		 const struct sluice_ticket_key *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static void test_rotation(void **state)
{
	struct sluice_ticket_ring *ring = new_ring(&policy);
	struct sluice_ticket_key first, key;
	uint64_t now = START;

	(void)state;
	assert_true(sluice_ticket_ring_key(ring, now, NULL, &first));
	now += HOUR - 1;
	assert_true(sluice_ticket_ring_key(ring, now, NULL, &key));
	assert_true(same(&key, &first));
	now++;
	assert_true(sluice_ticket_ring_key(ring, now, NULL, &key));
	assert_false(same(&key, &first));
	assert_memory_not_equal(key.key, first.key, sizeof(key.key));
	/* as long as its last ticket lasts, and no longer */
	assert_true(sluice_ticket_ring_key(ring, START + 3 * HOUR - 1,
					   first.name, &key));
	assert_true(same(&key, &first));
	assert_false(sluice_ticket_ring_key(ring, START + 3 * HOUR, first.name,
					    &key));
	assert_null(memmem(ring, sluice_ticket_ring_size(), first.key,
			   sizeof(first.key)));
	/* for years, with and without pauses */
	for (unsigned int i = 0; i < 1000; i++) {
		now += i * HOUR / 10;
		assert_true(sluice_ticket_ring_key(ring, now, NULL, &key));
		assert_true(sluice_ticket_ring_key(ring, now, key.name, &first));
		assert_true(same(&key, &first));
	}
	drop(ring);
	sluice_ticket_ring_free(NULL);
}

static void test_policy(void **state)
{
	static const struct sluice_ticket_policy bad[] = {
		{ .interval = 0, .lifetime = 1 },
		{ .interval = 1, .lifetime = 62 },
		{ .interval = 3600, .lifetime = UINT32_MAX },
	};
	static const struct sluice_ticket_policy full = {
		.interval = 1, .lifetime = 61,
	};
	struct sluice_ticket_ring *ring;
	struct sluice_ticket_key key;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_null(new_ring(&bad[i]));
	assert_null(sluice_ticket_ring_init(NULL, 1 << 20, provider, &policy,
					    NULL));
	/* there is always room for the next */
	ring = new_ring(&full);
	for (uint64_t i = 0; i < 1000; i++)
		assert_true(sluice_ticket_ring_key(ring, START + 1000 * i, NULL,
						   &key));
	drop(ring);
}

static int load(struct sluice_ticket_ring *ring, uint64_t now, const char *text)
{
	const char *why = NULL;
	/* exactly as long: AddressSanitizer looks */
	size_t len = strlen(text);
	char *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, text, len);
	rc = sluice_ticket_ring_load(ring, now, copy, len, &why);
	assert_true((rc < 0) == (why != NULL));
	free(copy);
	return rc;
}

static void test_load(void **state)
{
	static const char *const bad[] = {
		"x", "1790000000", "1790000000 ", "1790000000 00",
		"0 " KEY_A, "-1 " KEY_A, " 1790000000 " KEY_A,
		"1790000000 " KEY_A " ", "1790000000 " KEY_A "00",
		"1790000000\t" KEY_A, "1790000000 g" KEY_A, KEY_A,
		"9999999999999 " KEY_A, "1790000000 " KEY_A "\r\n",
		"1790000000 " KEY_A "\n1790000000",
	};
	struct sluice_ticket_ring *ring = new_ring(&policy);
	struct sluice_ticket_ring *other = new_ring(&policy);
	struct sluice_ticket_key a, b, key;
	char text[100 * 80] = "";

	(void)state;
	assert_int_equal(load(ring, START, "# keys\n\n1790000000 " KEY_A
			      "\n1790001800   " KEY_B), 2);
	assert_true(sluice_ticket_ring_key(ring, START, NULL, &a));
	assert_int_equal(a.key[0], 0);
	assert_int_equal(a.key[31], 0x1f);
	/* the next is known before its time has come */
	assert_true(sluice_ticket_ring_key(ring, START + HOUR / 2, NULL, &b));
	assert_int_equal(b.key[0], 0xff);
	assert_true(sluice_ticket_ring_key(ring, START, b.name, &key));
	assert_memory_not_equal(a.name, b.name, sizeof(a.name));
	assert_memory_not_equal(a.name, a.key, sizeof(a.name));
	/* a key of the same octets has the same name elsewhere */
	assert_int_equal(load(other, START, "1789999000 " KEY_A "\n"), 1);
	assert_true(sluice_ticket_ring_key(other, START, a.name, &key));
	assert_true(same(&key, &a));
	/* nobody makes one when the text's are over */
	assert_false(sluice_ticket_ring_key(ring, START + 3 * HOUR / 2, NULL,
					    &key));
	assert_true(sluice_ticket_ring_key(ring, START + 3 * HOUR / 2, a.name,
					   &key));
	/* what is wrong changes nothing */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (load(ring, START, bad[i]) >= 0)
			fail_msg("taken: %s", bad[i]);
	}
	assert_true(sluice_ticket_ring_key(ring, START, a.name, &key));
	for (size_t i = 0; i < 65; i++)
		snprintf(text + strlen(text), 80, "%zu " KEY_A "\n",
			 (size_t)1790000000 + i);
	assert_int_equal(load(ring, START, text), -1);
	/* one of them is over by now */
	assert_int_equal(load(ring, START + 3 * HOUR, text), 64);
	assert_int_equal(load(ring, START + 4 * HOUR, text), 0);
	assert_false(sluice_ticket_ring_key(ring, START, a.name, &key));
	assert_int_equal(load(ring, START, ""), 0);
	drop(ring);
	drop(other);
}

static void test_provider_fails(void **state)
{
	struct wrapper w;
	size_t size = sluice_ticket_ring_size();
	struct sluice_ticket_ring *ring;
	struct sluice_ticket_key key;
	const char *why = NULL;
	uint8_t *before = malloc(size);

	(void)state;
	wrapper_init(&w, provider);
	ring = sluice_ticket_ring_init(malloc(size), size, &w.table, &policy,
				       NULL);
	memcpy(before, ring, size);
	for (long i = 1; i <= 2; i++) {
		w.calls = 0;
		w.fail_at = i;
		assert_false(sluice_ticket_ring_key(ring, START, NULL, &key));
		/* nothing is left of it */
		assert_memory_equal(ring, before, size);
	}
	free(before);
	w.calls = 0;
	w.fail_at = 1;
	assert_int_equal(sluice_ticket_ring_load(ring, START,
						 "1790000000 " KEY_A, 75, &why),
			 -1);
	w.fail_at = 0;
	assert_true(sluice_ticket_ring_key(ring, START, NULL, &key));
	drop(ring);
}

/* A pair whose server has a ring, or a store, that its context leads to. */
static struct sluice_ticket_ring *server_ring;
static struct sluice_store *server_store;
static struct pair *present;

static bool ring_key(void *ctx, const uint8_t *name,
		     struct sluice_ticket_key *key)
{
	(void)ctx;
	return sluice_ticket_ring_key(server_ring, present->now, name, key);
}

static bool session_put(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	(void)ctx;
	return sluice_store_put(server_store, id, id_len, session, len,
				present->now, expires);
}

static size_t session_take(void *ctx, const uint8_t *id, size_t id_len,
			   uint8_t *buf, size_t size)
{
	(void)ctx;
	return sluice_store_take(server_store, id, id_len, present->now, buf,
				 size);
}

static void test_ring_in_use(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_ticket_ring *other = new_ring(&policy);
	char text[200];

	(void)state;
	present = pair;
	server_ring = new_ring(&policy);
	pair_use_tickets(pair);
	pair->server.config.ticket_key = ring_key;
	assert_false(pair_resumes(pair));
	assert_true(pair_resumes(pair));
	/* the key that made the ticket is not the one that makes new ones */
	pair->now += HOUR;
	assert_true(pair_resumes(pair));
	pair->now += HOUR;
	assert_true(pair_resumes(pair));
	/* another server knows nothing of it, unless they share the key */
	snprintf(text, sizeof(text), "%llu " KEY_A "\n",
		 (unsigned long long)pair->now / 1000);
	assert_int_equal(load(other, pair->now, text), 1);
	drop(server_ring);
	server_ring = other;
	assert_false(pair_resumes(pair));
	server_ring = new_ring(&policy);
	assert_int_equal(load(server_ring, pair->now, text), 1);
	assert_true(pair_resumes(pair));
	/* without a key there are no tickets */
	assert_int_equal(load(server_ring, pair->now, ""), 0);
	pair->ticket_count = 0;
	assert_false(pair_resumes(pair));
	assert_int_equal(end_info(&pair->server).tickets, 0);
	assert_int_equal(pair->ticket_count, 0);
	drop(server_ring);
	drop(other);
	pair_free(pair);
}

static void test_store_in_use(void **state)
{
	static const struct sluice_store_limits limits = {
		.entries = 3, .key_len = 32, .value_len = SLUICE_SESSION_MAX,
	};
	size_t size = sluice_store_size(&limits);
	struct pair *pair = pair_new(KEY_P256);
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t len;

	(void)state;
	present = pair;
	server_store = sluice_store_init(malloc(size), size, &limits, NULL);
	pair_use_tickets(pair);
	pair->server.config.ticket_key = NULL;
	pair->server.config.ticket_unused = NULL;
	pair->server.config.session_put = session_put;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.session_take = session_take;
	assert_null(sluice_config_check(&pair->server.config));
	assert_false(pair_resumes(pair));
	assert_int_equal(sluice_store_expire(server_store, pair->now), 2);
	/* each has a name of its own: see sl_ticket_read() */
	assert_memory_not_equal(pair->tickets[0] + 20 + 1 + 48 + 2 + 9 + 2,
				pair->tickets[1] + 20 + 1 + 48 + 2 + 9 + 2, 32);
	len = pair->ticket_len[1];
	memcpy(ticket, pair->tickets[1], len);
	assert_true(pair_resumes(pair));
	assert_int_equal(sluice_store_expire(server_store, pair->now), 2);
	/* nobody resumes a session twice */
	memcpy(pair->tickets[0], ticket, len);
	pair->ticket_len[0] = len;
	pair->ticket_count = 1;
	assert_false(pair_resumes(pair));
	/* two new ones made one of the old go */
	assert_int_equal(sluice_store_expire(server_store, pair->now), 3);
	/* they last no longer than they should */
	pair->now += 2 * HOUR;
	assert_int_equal(sluice_store_expire(server_store, pair->now), 0);
	assert_false(pair_resumes(pair));
	/* what was not kept is not promised */
	sluice_store_free(server_store);
	free(server_store);
	server_store = sluice_store_init(malloc(size), size,
		&(struct sluice_store_limits){ 3, 0, 32, 10 }, NULL);
	pair->ticket_count = 0;
	assert_false(pair_resumes(pair));
	assert_int_equal(end_info(&pair->server).tickets, 0);
	sluice_store_free(server_store);
	free(server_store);
	pair_free(pair);
}

/* The tickets of a connection have each a key, and an age, of their own. */
static void test_own_keys(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	size_t i, k;

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_count = 8;
	assert_false(pair_resumes(pair));
	assert_int_equal(pair->ticket_count, 8);
	for (i = 0; i < 8; i++) {
		for (k = 0; k < i; k++) {
			/* see sl_ticket_read(): what is added to the age */
			assert_memory_not_equal(pair->tickets[i] + 16,
						pair->tickets[k] + 16, 4);
			assert_int_equal(pair->tickets[i][20], 48);
			assert_memory_not_equal(pair->tickets[i] + 21,
						pair->tickets[k] + 21, 48);
		}
	}
	pair_free(pair);
}

/* A store that is not what it was: of one octet, or cut short. */
static size_t bad_octet, bad_len;

static size_t take_bad(void *ctx, const uint8_t *id, size_t id_len,
		       uint8_t *buf, size_t size)
{
	size_t len = session_take(ctx, id, id_len, buf, size);

	assert_true(len);
	if (bad_octet < len)
		buf[bad_octet] ^= 0x40;
	else
		len = bad_len;
	return len;
}

/* Times that are off by no more than an hour, or a minute, are as good. */
static bool is_small(uint16_t version, size_t octet)
{
	return (octet >= 8 && octet < 11) ||
	       (version == SLUICE_TLS_1_3 && octet >= 13 && octet < 15);
}

static void test_bad_store(void **state)
{
	static const struct sluice_store_limits limits = {
		.entries = 8, .key_len = 32, .value_len = SLUICE_SESSION_MAX,
	};
	/* format, suite, time, (age,) secret and its length; what is behind */
	static const struct {
		uint16_t version;
		size_t octets;
		size_t behind;
	} cases[] = {
		{ SLUICE_TLS_1_3, 1 + 2 + 8 + 4 + 1 + 48, 4 },
		{ SLUICE_TLS_1_2, 1 + 2 + 8 + 1 + 48, 1 + 9 },
	};
	size_t size = sluice_store_size(&limits), i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair *pair = pair_new(KEY_P256);
		size_t whole = cases[i].octets + cases[i].behind;

		present = pair;
		server_store = sluice_store_init(malloc(size), size, &limits,
						 NULL);
		pair_use_tickets(pair);
		pair->server.config.ticket_unused = NULL;
		pair->server.config.session_put = session_put;
		pair->server.config.session_take = take_bad;
		pair->client.config.max_version = cases[i].version;
		pair->server.config.max_version = cases[i].version;
		for (k = 0; k < cases[i].octets + whole; k++) {
			bool cut = k >= cases[i].octets;

			if (is_small(cases[i].version, k))
				continue;
			bad_octet = cut ? SIZE_MAX : k;
			bad_len = k - cases[i].octets;
			pair->ticket_count = 0;
			assert_false(pair_resumes(pair));
			pair_reset(pair);
			/* the secret is the client's to notice, or the binder's */
			if (pair_handshake(pair))
				assert_false(end_info(&pair->client).resumed);
			else
				assert_false(cut);
		}
		pair->ticket_count = 0;
		bad_len = whole;
		assert_false(pair_resumes(pair));
		assert_true(pair_resumes(pair));
		sluice_store_free(server_store);
		free(server_store);
		pair_free(pair);
	}
}

/* One whose clock has stopped, so that it is always generous. */
static uint64_t server_now(void *ctx)
{
	(void)ctx;
	return START;
}

/*
 * Ticket for ticket, but not for ever: seven days after the server has shown a
 * certificate, it has to again (RFC 9846, section 4.6.1).
 */
static void test_total_lifetime(void **state)
{
	static const uint16_t versions[] = { SLUICE_TLS_1_3, SLUICE_TLS_1_2 };
	const uint64_t day = 24 * HOUR;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair *pair = pair_new(KEY_P256);

		pair_use_tickets(pair);
		pair->server.config.ticket_lifetime = 604800;
		pair->client.config.max_version = versions[i];
		pair->server.config.max_version = versions[i];
		if (i)
			pair->server.config.now = server_now;
		/* the certificate's time is not what this is about */
		pair->client.config.no_verify = true;
		pair->now = START;
		assert_false(pair_resumes(pair));
		pair->now += 3 * day;
		assert_true(pair_resumes(pair));
		pair->now += 3 * day;
		assert_true(pair_resumes(pair));
		assert_int_equal(sluice_ticket_expiry(pair->tickets[pair->ticket_count - 1],
						      pair->ticket_len[pair->ticket_count - 1]),
				 START + 7 * day);
		/* to the second */
		pair->now = START + 7 * day;
		assert_true(pair_resumes(pair));
		pair->now += 1;
		assert_false(pair_resumes(pair));
		pair->now += 6 * day;
		assert_true(pair_resumes(pair));
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_provider_fails),
		cmocka_unit_test(test_ring_in_use),
		cmocka_unit_test(test_store_in_use),
		cmocka_unit_test(test_own_keys),
		cmocka_unit_test(test_bad_store),
		cmocka_unit_test(test_total_lifetime),
	};
	int failed;

	provider = test_provider();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	test_backend()->close(provider);
	return failed;
}
