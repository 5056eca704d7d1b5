// SPDX-License-Identifier: MIT
/*
 * Handshakes of every kind for valgrind's memcheck, which is told that what is
 * secret is undefined: a branch or an index that depends on it is an error
 * ('make check-timing'). Outside of valgrind this shows nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "constant_time.h"
#include "pair.h"
#include "secrets.h"

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t x25519_p256[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };

static uint8_t psk_key[32];

static bool find_psk(void *ctx, const uint8_t *identity, size_t len,
		     struct sluice_psk *found)
{
	(void)ctx;
	*found = (struct sluice_psk){
		.identity = identity, .identity_len = len,
		.key = psk_key, .key_len = sizeof(psk_key),
	};
	return len == 8;
}

static struct pair *prepare(void)
{
	struct pair *pair = pair_new(KEY_P256);

	secrets_forget(0);
	pair->client.config.keylog = NULL;
	secrets_watch(&pair->client.provider);
	secrets_watch(&pair->server.provider);
	secrets_undefined = true;
	return pair;
}

/* The data, too, and a new key in both directions, which TLS 1.2 has not. */
static void run(struct pair *pair)
{
	uint8_t out[100];
	bool tls12;

	pair_reset(pair);
	assert_true(pair_handshake(pair));
	tls12 = end_info(&pair->client).version == SLUICE_TLS_1_2;
	assert_true(pair_send(pair, &pair->client, (const uint8_t *)"up", 2));
	assert_int_equal(sluice_key_update(pair->server.conn, true),
			 tls12 ? -1 : 0);
	assert_true(pair_send(pair, &pair->server, (const uint8_t *)"down", 4));
	assert_true(pair_send(pair, &pair->client, (const uint8_t *)"up", 2));
	assert_false(sluice_export(pair->client.conn, "EXPERIMENTAL x", NULL, 0,
				   out, sizeof(out)));
}

static void test_full(void **state)
{
	struct pair *pair = prepare();

	(void)state;
	run(pair);
	pair->client.config.groups = x25519_p256;
	pair->server.config.groups = only_p256;
	run(pair);
	assert_true(end_info(&pair->client).retried);
	pair_free(pair);
}

static void use_client_auth(struct pair *pair)
{
	pair->client.config.credential = pair->identity.cred;
	pair->server.config.trust = pair->identity.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
}

static void test_mutual(void **state)
{
	struct pair *pair = prepare();

	(void)state;
	use_client_auth(pair);
	run(pair);
	pair_free(pair);
}

static void run_resumed(struct pair *pair)
{
	pair_use_tickets(pair);
	sl_classify(pair->ticket_key.key, sizeof(pair->ticket_key.key));
	run(pair);
	run(pair);
	assert_true(end_info(&pair->client).resumed);
	assert_true(end_info(&pair->server).resumed);
	pair_free(pair);
}

static void test_resumed(void **state)
{
	(void)state;
	run_resumed(prepare());
}

static void test_external(void **state)
{
	struct sluice_psk psk = {
		.identity = (const uint8_t *)"identity", .identity_len = 8,
		.key = psk_key, .key_len = sizeof(psk_key),
	};
	struct pair *pair = prepare();

	(void)state;
	sl_classify(psk_key, sizeof(psk_key));
	pair->client.config.psk = &psk;
	pair->server.config.psk_find = find_psk;
	run(pair);
	assert_true(end_info(&pair->client).psk);
	pair_free(pair);
}

static void test_encrypted(void **state)
{
	struct pair *pair = prepare();

	(void)state;
	pair_use_ech(pair);
	run(pair);
	assert_int_equal(end_info(&pair->server).ech, SLUICE_ECH_ACCEPTED);
	pair->client.config.groups = x25519_p256;
	pair->server.config.groups = only_p256;
	run(pair);
	assert_int_equal(end_info(&pair->server).ech, SLUICE_ECH_ACCEPTED);
	pair_free(pair);
}

static void use_tls12(struct pair *pair)
{
	pair->client.config.min_version = SLUICE_TLS_1_2;
	pair->server.config.min_version = SLUICE_TLS_1_2;
	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_2;
}

static void test_tls12(void **state)
{
	static const uint16_t suites[] = {
		0xc02b, /* AES-128-GCM */ 0xc02c, /* AES-256-GCM, SHA-384 */
		0xcca9, /* ChaCha20-Poly1305 */
	};
	struct pair *pair = prepare();

	(void)state;
	use_tls12(pair);
	for (size_t i = 0; i < sizeof(suites) / sizeof(*suites); i++) {
		const uint16_t only[] = { suites[i], 0 };

		pair->client.config.suites = only;
		run(pair);
		assert_int_equal(end_info(&pair->server).suite, suites[i]);
	}
	pair->client.config.suites = NULL;
	pair_free(pair);
}

static void test_tls12_mutual(void **state)
{
	struct pair *pair = prepare();

	(void)state;
	use_tls12(pair);
	use_client_auth(pair);
	run(pair);
	pair_free(pair);
}

static void test_tls12_resumed(void **state)
{
	struct pair *pair = prepare();

	(void)state;
	use_tls12(pair);
	run_resumed(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_mutual),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_external),
		cmocka_unit_test(test_encrypted),
		cmocka_unit_test(test_tls12),
		cmocka_unit_test(test_tls12_mutual),
		cmocka_unit_test(test_tls12_resumed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
