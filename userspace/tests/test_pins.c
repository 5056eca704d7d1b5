// SPDX-License-Identifier: MIT
/* Pinned keys, and where a certificate has its key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "alert.h"
#include "pair.h"
#include "pins.h"
#include "sluice/async.h"

static struct sluice_octets leaf_of(const struct pair *pair,
				    const struct sluice_credential *cred)
{
	struct sluice_octets chain[SLUICE_CHAIN_MAX];

	pair->real->credential_chain(pair->real, cred, chain);
	return chain[0];
}

/* By libcrypto alone. */
static void pin_of(struct sluice_octets cert, uint8_t pin[SLUICE_PIN_LEN])
{
	const uint8_t *at = cert.data;
	X509 *x509 = d2i_X509(NULL, &at, (long)cert.len);
	uint8_t *key = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x509), &key);

	assert_true(len > 0);
	SHA256(key, (size_t)len, pin);
	OPENSSL_free(key);
	X509_free(x509);
}

static void set(struct end *end, const uint8_t (*pins)[SLUICE_PIN_LEN],
		size_t count)
{
	end->config.pins = pins;
	end->config.pin_count = count;
}

static void expect(struct pair *pair, int alert)
{
	struct sluice_conn_info info;

	pair_reset(pair);
	pair_handshake(pair);
	info = end_info(&pair->client);
	if (alert < 0) {
		assert_int_equal(pair->server.status, SLUICE_DONE);
		assert_true(info.handshake_done && info.verified);
		return;
	}
	assert_int_equal(info.alert_sent, alert);
	assert_int_equal(info.error, SLUICE_ERR_CERTIFICATE);
	assert_false(info.handshake_done || info.verified);
}

static void test_all_keys(void **state)
{
	uint8_t pins[3][SLUICE_PIN_LEN] = { { 1 }, { 2 }, { 3 } };
	enum key_type type;
	size_t i;

	(void)state;
	for (type = 0; type < KEY_TYPES; type++) {
		struct pair *pair;

		if (!test_has_key(type))
			continue;
		pair = pair_new(type);
		/* any of them will do, wherever it is */
		for (i = 0; i < 3; i++) {
			memset(pins, 0, sizeof(pins));
			pin_of(leaf_of(pair, pair->identity.cred), pins[i]);
			set(&pair->client, pins, 3);
			expect(pair, -1);
			set(&pair->client, pins, i);
			if (i)
				expect(pair, SL_CERTIFICATE_UNKNOWN);
		}
		set(&pair->client, pins, 3);
		for (i = 0; i < SLUICE_PIN_LEN; i++) {
			pins[2][i] ^= 0x10;
			expect(pair, SL_CERTIFICATE_UNKNOWN);
			pins[2][i] ^= 0x10;
		}
		set(&pair->client, NULL, 0);
		pair_free(pair);
	}
}

/* The same pin is told of a certificate, and of its key alone. */
static void test_told(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_octets leaf = leaf_of(pair, pair->identity.cred), key;
	uint8_t pin[SLUICE_PIN_LEN], told[SLUICE_PIN_LEN];

	(void)state;
	pin_of(leaf, pin);
	assert_int_equal(sluice_pin(pair->real, leaf.data, leaf.len, false, told), 0);
	assert_memory_equal(told, pin, sizeof(pin));
	assert_true(sl_cert_key(leaf, &key));
	assert_int_equal(sluice_pin(pair->real, key.data, key.len, true, told), 0);
	assert_memory_equal(told, pin, sizeof(pin));
	assert_int_equal(sluice_pin(pair->real, leaf.data, leaf.len - 1, false, told), -1);
	assert_int_equal(sluice_pin(pair->real, key.data, key.len, false, told), -1);
	{
		/* an octet behind it; other tags, and a length too long by its form */
		uint8_t copy[2048] = { 0 };

		assert_true(leaf.len < sizeof(copy) && leaf.data[1] == 0x82);
		memcpy(copy, leaf.data, leaf.len);
		assert_int_equal(sluice_pin(pair->real, copy, leaf.len, false, told), 0);
		assert_int_equal(sluice_pin(pair->real, copy, leaf.len + 1, false, told), -1);
		copy[0]++;
		assert_int_equal(sluice_pin(pair->real, copy, leaf.len, false, told), -1);
		copy[0]--;
		copy[4]++;
		assert_int_equal(sluice_pin(pair->real, copy, leaf.len, false, told), -1);
		copy[4]--;
		copy[key.data - leaf.data]++;
		assert_int_equal(sluice_pin(pair->real, copy, leaf.len, false, told), -1);
		copy[key.data - leaf.data]--;
		copy[1] = 0x84;
		memset(copy + 2, 0, 2);
		copy[4] = (uint8_t)((leaf.len - 6) >> 8);
		copy[5] = (uint8_t)(leaf.len - 6);
		memcpy(copy + 6, leaf.data + 4, leaf.len - 4);
		assert_int_equal(sluice_pin(pair->real, copy, leaf.len + 2, false, told), -1);
	}
	/* each of the hash's steps may fail */
	pair->client.provider.calls = 0;
	for (long i = 1; i <= 3; i++) {
		pair->client.provider.fail_at = pair->client.provider.calls + i;
		assert_int_equal(sluice_pin(&pair->client.provider.table, leaf.data,
					    leaf.len, false, told), -1);
		pair->client.provider.fail_at = 0;
		assert_int_equal(pair->client.provider.objects, 0);
		pair->client.provider.calls = 0;
	}
	pair_free(pair);
}

static bool agree(void *ctx, const struct sluice_octets *chain, size_t count)
{
	(void)ctx;
	(void)chain;
	return count;
}

static int judge(void *ctx, const struct sluice_verdict_request *request,
		 const char **reason)
{
	(void)ctx;
	(void)request;
	(void)reason;
	return 0;
}

/* What else counts, and what does not. */
static void test_policies(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_config *config = &pair->client.config;
	struct identity other;
	uint8_t pin[1][SLUICE_PIN_LEN];

	(void)state;
	identity_make(&other, pair->real, KEY_P256, NULL, 7200);
	pin_of(leaf_of(pair, pair->identity.cred), pin[0]);
	set(&pair->client, pin, 1);
	/* with authorities: both */
	expect(pair, -1);
	config->trust = other.trust;
	expect(pair, SL_UNKNOWN_CA);
	config->trust = pair->identity.trust;
	config->peer_name = "example.org";
	expect(pair, SL_BAD_CERTIFICATE);
	/* without: that key, whatever it is called and how old it is */
	config->trust = NULL;
	expect(pair, -1);
	config->peer_name = NULL;
	pair->now += 1000ULL * 86400 * 365;
	expect(pair, -1);
	config->no_verify = true;
	expect(pair, -1);
	config->peer_certificate = agree;
	expect(pair, -1);
	pair->server.config.credential = other.cred;
	expect(pair, SL_CERTIFICATE_UNKNOWN);
	config->no_verify = false;
	expect(pair, SL_CERTIFICATE_UNKNOWN);
	/* not even the caller's own verdict is enough */
	config->peer_name = "localhost";
	config->judge = judge;
	expect(pair, SL_CERTIFICATE_UNKNOWN);
	config->pin_count = 0;
	assert_non_null(sluice_config_check(config));
	config->pins = NULL;
	expect(pair, -1);
	identity_free(&other);
	pair_free(pair);
}

static void test_client(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct identity id, other;
	uint8_t pin[1][SLUICE_PIN_LEN];

	(void)state;
	identity_make(&id, pair->real, KEY_P256, "clientAuth", 7200);
	identity_make(&other, pair->real, KEY_P256, "clientAuth", 7200);
	pin_of(leaf_of(pair, id.cred), pin[0]);
	set(&pair->server, pin, 1);
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	pair->client.config.credential = id.cred;
	expect(pair, -1);
	assert_true(end_info(&pair->server).verified);
	pair->client.config.credential = other.cred;
	pair_reset(pair);
	pair_handshake(pair);
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_CERTIFICATE_UNKNOWN);
	pair->client.config.credential = NULL;
	pair_reset(pair);
	pair_handshake(pair);
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_CERTIFICATE_REQUIRED);
	identity_free(&id);
	identity_free(&other);
	pair_free(pair);
}

/* A ticket is worth what was looked at when it was got. */
static void test_tickets(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	uint8_t pins[2][SLUICE_PIN_LEN] = { { 0 } };

	(void)state;
	pin_of(leaf_of(pair, pair->identity.cred), pins[0]);
	pair_use_tickets(pair);
	expect(pair, -1);
	end_settle(&pair->client);
	set(&pair->client, pins, 1);
	expect(pair, -1);
	assert_false(end_info(&pair->client).resumed);
	end_settle(&pair->client);
	expect(pair, -1);
	assert_true(end_info(&pair->client).resumed);
	end_settle(&pair->client);
	set(&pair->client, pins, 2);
	expect(pair, -1);
	assert_false(end_info(&pair->client).resumed);
	pair_free(pair);
}

/* Wherever a certificate is cut off or changed, no octet beyond it is read. */
static void test_malformed(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_octets cert = leaf_of(pair, pair->identity.cred);
	struct sluice_octets key = { NULL, 0 }, first, again;
	uint8_t *copy = malloc(cert.len);
	size_t i, value;

	(void)state;
	assert_true(sl_cert_key(cert, &first));
	for (i = 0; i < cert.len; i++) {
		uint8_t *cut = malloc(i + 1);

		memcpy(cut, cert.data, i);
		assert_false(sl_cert_key((struct sluice_octets){ cut, i }, &key));
		free(cut);
	}
	memcpy(copy, cert.data, cert.len);
	cert.data = copy;
	for (i = 0; i < cert.len; i++) {
		uint8_t was = copy[i];

		for (value = 0; value < 256; value++) {
			copy[i] = (uint8_t)value;
			if (!sl_cert_key(cert, &again))
				continue;
			assert_true(again.data >= copy);
			assert_true(again.data + again.len <= copy + cert.len);
		}
		copy[i] = was;
	}
	free(copy);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
