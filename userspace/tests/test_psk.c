// SPDX-License-Identifier: MIT
/* Pre-shared keys from outside (RFC 9846, section 4.2.11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"

#define IDENTITY	"a client and a server"

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t with_p256[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };
static const uint16_t only_aes256[] = { SLUICE_AES_256_GCM_SHA384, 0 };

static uint8_t key[SLUICE_PSK_MAX];
/* What the server has; and how often it was asked. */
static struct sluice_psk known;
static unsigned int asked;

static bool find(void *ctx, const uint8_t *identity, size_t len,
		 struct sluice_psk *psk)
{
	(void)ctx;
	asked++;
	if (len != strlen(IDENTITY) || memcmp(identity, IDENTITY, len))
		return false;
	*psk = known;
	return true;
}

/* Both sides have the key, and no certificate. */
static struct pair *psk_pair(struct sluice_psk *psk, size_t key_len,
			     unsigned int hash_len)
{
	struct pair *pair = pair_new(KEY_P256);

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i + 1);
	*psk = (struct sluice_psk){
		.identity = (const uint8_t *)IDENTITY,
		.identity_len = strlen(IDENTITY),
		.key = key, .key_len = key_len, .hash_len = hash_len,
	};
	known = *psk;
	asked = 0;
	pair->client.config.psk = psk;
	pair->client.config.trust = NULL;
	pair->client.config.peer_name = NULL;
	pair->server.config.psk_find = find;
	pair->server.config.credential = NULL;
	pair_reset(pair);
	return pair;
}

static void test_lengths(void **state)
{
	static const size_t lengths[] = { 16, 32, 48, 64 };
	static const unsigned int hashes[] = { 0, 32, 48 };
	struct sluice_psk psk;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		for (size_t h = 0; h < 3; h++) {
			struct pair *pair = psk_pair(&psk, lengths[i], hashes[h]);
			struct sluice_conn_info info;

			assert_true(pair_handshake(pair));
			info = end_info(&pair->client);
			assert_true(info.psk && info.verified && !info.resumed);
			assert_int_equal(info.signature, 0);
			assert_true((info.suite == SLUICE_AES_256_GCM_SHA384) ==
				    (hashes[h] == 48));
			info = end_info(&pair->server);
			assert_true(info.psk && !info.resumed);
			assert_true(pair_send(pair, &pair->client,
					      (uint8_t *)"up", 2));
			assert_true(pair_send(pair, &pair->server,
					      (uint8_t *)"down", 4));
			pair_free(pair);
		}
	}
}

/* The binder is over another ClientHello then. */
static void test_retry(void **state)
{
	struct sluice_psk psk;
	struct pair *pair = psk_pair(&psk, 32, 0);
	struct sluice_conn_info info;

	(void)state;
	pair->client.config.groups = with_p256;
	pair->server.config.groups = only_p256;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_true(info.psk && info.retried);
	assert_int_equal(asked, 2);
	pair_free(pair);
}

static void refused(struct pair *pair, enum sl_alert alert)
{
	struct sluice_conn_info info;

	pair_reset(pair);
	assert_false(pair_handshake(pair));
	info = end_info(&pair->server);
	assert_int_equal(info.alert_sent, alert);
	assert_int_equal(end_info(&pair->client).alert_received, alert);
}

static void test_refused(void **state)
{
	struct sluice_psk psk;
	struct pair *pair = psk_pair(&psk, 32, 0);
	uint8_t other[32] = { 1 };

	(void)state;
	/* another key, of the same name */
	known.key = other;
	refused(pair, SL_DECRYPT_ERROR);
	/* the same for another hash: it can't be used with any suite offered */
	known.key = key;
	known.hash_len = 48;
	refused(pair, SL_UNKNOWN_PSK_IDENTITY);
	/* what the application gave is no key */
	known.hash_len = 33;
	refused(pair, SL_INTERNAL_ERROR);
	known.hash_len = 0;
	known.key_len = 65;
	refused(pair, SL_INTERNAL_ERROR);
	known = psk;
	/* another name */
	psk.identity_len--;
	refused(pair, SL_UNKNOWN_PSK_IDENTITY);
	psk.identity_len++;
	/* a server that has a certificate only */
	pair->server.config.psk_find = NULL;
	pair->server.config.credential = pair->identity.cred;
	refused(pair, SL_MISSING_EXTENSION);
	/* a client that has no key */
	pair->server.config.psk_find = find;
	pair->server.config.credential = NULL;
	pair->client.config.psk = NULL;
	pair->client.config.trust = pair->identity.trust;
	pair->client.config.peer_name = "localhost";
	refused(pair, SL_HANDSHAKE_FAILURE);
	pair_free(pair);
}

/* Where both sides can, a certificate takes the place of an unknown key. */
static void test_certificate(void **state)
{
	struct sluice_psk psk;
	struct pair *pair = psk_pair(&psk, 32, 0);
	struct sluice_conn_info info;

	(void)state;
	psk.identity_len--;
	pair->client.config.trust = pair->identity.trust;
	pair->client.config.peer_name = "localhost";
	pair->server.config.credential = pair->identity.cred;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_true(!info.psk && info.verified && info.signature);
	/* the key goes before a ticket the next time, too */
	pair_use_tickets(pair);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	assert_int_equal(end_info(&pair->client).tickets, 2);
	assert_int_equal(pair->ticket_count, 0);
	pair_free(pair);
}

/* It would vouch for a name that no certificate was seen for. */
static void test_no_tickets(void **state)
{
	struct sluice_psk psk;
	struct pair *pair = psk_pair(&psk, 32, 0);
	uint8_t data[16];
	size_t len = sizeof(data);

	(void)state;
	pair_use_tickets(pair);
	pair->client.config.peer_name = "localhost";
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_open(&pair->client, data, &len);
	assert_int_equal(end_info(&pair->client).tickets, 2);
	assert_int_equal(pair->ticket_count, 0);
	pair_free(pair);
}

static void test_config(void **state)
{
	static const uint16_t older[] = {
		SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384, 0
	};
	struct sluice_psk psk;
	struct pair *pair = psk_pair(&psk, 32, 0);
	struct sluice_config *config = &pair->client.config;

	(void)state;
	assert_null(sluice_config_check(config));
	psk.identity_len = 0;
	assert_non_null(sluice_config_check(config));
	psk.identity_len = SLUICE_PSK_IDENTITY_MAX + 1;
	assert_non_null(sluice_config_check(config));
	psk.identity_len = 1;
	psk.key_len = 15;
	assert_non_null(sluice_config_check(config));
	psk.key_len = SLUICE_PSK_MAX + 1;
	assert_non_null(sluice_config_check(config));
	psk.key_len = 32;
	config->suites = only_aes256;
	assert_non_null(strstr(sluice_config_check(config), "hash"));
	psk.hash_len = 48;
	assert_null(sluice_config_check(config));
	/* it is for TLS 1.3 */
	config->suites = older;
	config->min_version = SLUICE_TLS_1_2;
	assert_non_null(strstr(sluice_config_check(config), "hash"));
	pair->server.config.psk_find = NULL;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_no_tickets),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
