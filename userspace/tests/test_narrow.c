// SPDX-License-Identifier: MIT
/* What a provider lacks is neither offered nor chosen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"

static bool no_chacha(const struct sluice_provider *p, enum sluice_aead aead)
{
	(void)p;
	return aead != SLUICE_AEAD_CHACHA20_POLY1305;
}

static bool no_p521(const struct sluice_provider *p, uint16_t scheme)
{
	(void)p;
	return scheme != SLUICE_ECDSA_SECP521R1_SHA512;
}

/* Two octets of a code point, anywhere in a ClientHello that is on its way. */
static bool says(struct pair *pair, uint16_t value)
{
	static uint8_t hello[8192];
	size_t none = 0, len = sizeof(hello);
	const uint8_t code[2] = { (uint8_t)(value >> 8), (uint8_t)value };
	bool found = false;

	pair_reset(pair);
	assert_int_equal(sluice_handshake(pair->client.conn, NULL, &none, hello,
					  &len), SLUICE_WANT_READ);
	/* not the random octets before, nor the key shares behind */
	for (size_t i = 5 + 4 + 2 + 32 + 1 + 32; i + 1 < 150; i++)
		found |= !memcmp(hello + i, code, 2);
	pair_reset(pair);
	return found;
}

static void test_offer(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	assert_true(says(pair, SLUICE_CHACHA20_POLY1305_SHA256));
	assert_true(says(pair, SLUICE_ECDSA_SECP521R1_SHA512));
	pair->client.provider.table.aead_offered = no_chacha;
	pair->client.provider.table.scheme_offered = no_p521;
	assert_false(says(pair, SLUICE_CHACHA20_POLY1305_SHA256));
	assert_true(says(pair, SLUICE_AES_128_GCM_SHA256));
	assert_false(says(pair, SLUICE_ECDSA_SECP521R1_SHA512));
	assert_true(says(pair, SLUICE_ECDSA_SECP256R1_SHA256));
	assert_true(pair_handshake(pair));
	pair_free(pair);
}

static void test_choice(void **state)
{
	static const uint16_t suites[] = {
		SLUICE_CHACHA20_POLY1305_SHA256, SLUICE_AES_128_GCM_SHA256, 0
	};
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair->client.config.suites = suites;
	pair->server.config.suites = suites;
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).suite, suites[0]);
	pair->server.provider.table.aead_offered = no_chacha;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).suite, suites[1]);
	pair_free(pair);
}

/* What the caller does not want is neither offered nor taken. */
static void test_schemes(void **state)
{
	static const uint16_t p256[] = { SLUICE_ECDSA_SECP256R1_SHA256, 0 };
	static const uint16_t p384[] = { SLUICE_ECDSA_SECP384R1_SHA384, 0 };
	static const uint16_t none[] = { 0x1234, 0 };
	static const uint16_t pkcs1[] = {
		SLUICE_RSA_PKCS1_SHA384, SLUICE_RSA_PSS_RSAE_SHA512, 0
	};
	static const uint16_t many[18] = {
		1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0
	};
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_conn_info info;

	(void)state;
	pair->client.config.schemes = p256;
	assert_true(says(pair, SLUICE_ECDSA_SECP256R1_SHA256));
	assert_true(pair_handshake(pair));
	pair->client.config.schemes = p384;
	assert_false(pair_handshake((pair_reset(pair), pair)));
	assert_int_equal(end_info(&pair->server).alert_sent, SL_HANDSHAKE_FAILURE);
	pair->client.config.schemes = none;
	assert_string_equal(sluice_config_check(&pair->client.config),
			    "schemes: none of them can be checked");
	pair->client.config.schemes = pkcs1 + 2;
	assert_non_null(sluice_config_check(&pair->client.config));
	pair->client.config.schemes = many;
	assert_string_equal(sluice_config_check(&pair->client.config),
			    "schemes: name at most 16");
	pair_free(pair);

	/* TLS 1.2 has more of them; 1.3 passes these over */
	pair = pair_new(KEY_RSA);
	pair->client.config.schemes = pkcs1;
	assert_true(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_int_equal(info.signature, SLUICE_RSA_PSS_RSAE_SHA512);
	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->server.config.min_version = SLUICE_TLS_1_2;
	assert_true(pair_handshake((pair_reset(pair), pair)));
	info = end_info(&pair->client);
	assert_true(info.signature == pkcs1[0] || info.signature == pkcs1[1]);
	/* it says nothing of how we sign */
	pair->server.config.schemes = p256;
	assert_true(pair_handshake((pair_reset(pair), pair)));
	pair->client.config.credential = pair->identity.cred;
	pair->client.config.schemes = NULL;
	pair->server.config.schemes = pkcs1;
	pair->server.config.trust = pair->identity.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	assert_true(pair_handshake((pair_reset(pair), pair)));
	assert_int_equal(end_info(&pair->client).client_signature, pkcs1[0]);
	pair_free(pair);
}

/* Tickets need no more than what every provider has. */
static void test_tickets(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	pair->client.provider.table.aead_offered = no_chacha;
	pair->server.provider.table.aead_offered = no_chacha;
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(end_info(&pair->client).resumed);
	pair_free(pair);
}

/* A server that has nothing else cannot prove who it is. */
static void test_signature(void **state)
{
	struct pair *pair = pair_new(KEY_P521);

	(void)state;
	assert_true(pair_handshake(pair));
	pair->client.provider.table.scheme_offered = no_p521;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).alert_sent, SL_HANDSHAKE_FAILURE);
	pair_free(pair);
}

static void test_none(void **state)
{
	static const uint16_t suites[] = { SLUICE_CHACHA20_POLY1305_SHA256, 0 };
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair->client.config.suites = suites;
	assert_null(sluice_config_check(&pair->client.config));
	pair->client.provider.table.aead_offered = no_chacha;
	assert_string_equal(sluice_config_check(&pair->client.config),
			    "suites: the provider has none of them");
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_schemes),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
