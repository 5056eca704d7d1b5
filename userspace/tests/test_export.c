// SPDX-License-Identifier: MIT
/* Exporters (RFC 9846, section 7.5), against libcrypto's TLS13-KDF. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "pair.h"

#define MOST	(255 * SLUICE_HASH_MAX)

/* HKDF-Expand-Label, as libcrypto does it. */
static void expand(const char *md, const uint8_t *secret, size_t hash_len,
		   const char *label, const uint8_t *context, uint8_t *out,
		   size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS13-KDF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 (char *)(uintptr_t)md, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
			(void *)(uintptr_t)secret, hash_len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PREFIX,
			(void *)(uintptr_t)"tls13 ", 6),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_LABEL,
			(void *)(uintptr_t)label, strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_DATA,
			(void *)(uintptr_t)context, hash_len),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(EVP_KDF_derive(ctx, out, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

/* What the key log says is the secret of it. */
static size_t exporter_secret(const struct pair *pair, uint8_t *secret)
{
	const char *line = pair->keylog[4], *hex = strrchr(line, ' ') + 1;
	size_t n = 0;
	unsigned int octet;

	assert_int_equal(strncmp(line, "EXPORTER_SECRET ", 16), 0);
	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &octet), 1);
		secret[n++] = (uint8_t)octet;
	}
	return n;
}

static void expected(const struct pair *pair, const char *label,
		     const uint8_t *context, size_t context_len, uint8_t *out,
		     size_t len)
{
	uint8_t secret[SLUICE_HASH_MAX], hash[SLUICE_HASH_MAX];
	size_t hash_len = exporter_secret(pair, secret);
	const char *md = hash_len == 48 ? "SHA384" : "SHA256";

	EVP_Q_digest(NULL, md, NULL, NULL, 0, hash, NULL);
	expand(md, secret, hash_len, label, hash, secret, hash_len);
	EVP_Q_digest(NULL, md, NULL, context, context_len, hash, NULL);
	expand(md, secret, hash_len, "exporter", hash, out, len);
}

static void test_vectors(void **state)
{
	static const uint16_t suites[] = {
		SLUICE_AES_128_GCM_SHA256, SLUICE_AES_256_GCM_SHA384,
		SLUICE_CHACHA20_POLY1305_SHA256,
	};
	static const size_t lens[] = { 1, 31, 32, 33, 48, 49, 64, 96, 97, 1000, 255 * 32 };
	static uint8_t client[MOST], server[MOST], want[MOST], context[300];
	struct pair *pair = pair_new(KEY_P256);
	char label[SLUICE_EXPORT_LABEL_MAX + 1];
	size_t s, i;

	(void)state;
	memset(context, 'c', sizeof(context));
	memset(label, 'l', sizeof(label) - 1);
	label[sizeof(label) - 1] = 0;
	for (s = 0; s < 3; s++) {
		uint16_t suite[] = { suites[s], 0 };

		pair->client.config.suites = suite;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			size_t len = lens[i], context_len = i * 30;
			const char *name = i & 1 ? label : "EXPERIMENTAL-test";

			assert_int_equal(sluice_export(pair->client.conn, name, context,
						       context_len, client, len), 0);
			assert_int_equal(sluice_export(pair->server.conn, name, context,
						       context_len, server, len), 0);
			expected(pair, name, context, context_len, want, len);
			assert_memory_equal(client, want, len);
			assert_memory_equal(server, want, len);
		}
	}
	/* no context is an empty one; a key update changes nothing */
	assert_int_equal(sluice_export(pair->client.conn, "l", NULL, 0, client, 32), 0);
	sluice_key_update(pair->server.conn, true);
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"x", 1));
	assert_int_equal(sluice_export(pair->server.conn, "l", context, 0, server, 32), 0);
	assert_memory_equal(client, server, 32);
	/* another label, another context */
	assert_int_equal(sluice_export(pair->server.conn, "m", context, 0, server, 32), 0);
	assert_memory_not_equal(client, server, 32);
	assert_int_equal(sluice_export(pair->server.conn, "l", context, 1, server, 32), 0);
	assert_memory_not_equal(client, server, 32);
	pair->client.config.suites = NULL;
	pair_free(pair);
}

static void test_refused(void **state)
{
	static uint8_t out[MOST + 1];
	struct pair *pair = pair_new(KEY_P256);
	char label[SLUICE_EXPORT_LABEL_MAX + 2];
	struct sluice_conn *c;

	(void)state;
	memset(label, 'l', sizeof(label) - 1);
	label[sizeof(label) - 1] = 0;
	assert_int_equal(sluice_export(pair->client.conn, "l", NULL, 0, out, 32), -1);
	assert_true(pair_handshake(pair));
	c = pair->client.conn;
	assert_int_equal(sluice_export(c, "", NULL, 0, out, 32), -1);
	assert_int_equal(sluice_export(c, label, NULL, 0, out, 32), -1);
	assert_int_equal(sluice_export(c, "l", NULL, 0, out, MOST + 1), -1);
	assert_int_equal(sluice_export(c, "l", NULL, 0, out, MOST), 0);
	/* which does no harm; a provider that fails does */
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"x", 1));
	pair->client.provider.fail_at = pair->client.provider.calls + 4;
	memset(out, 1, sizeof(out));
	assert_int_equal(sluice_export(c, "l", NULL, 0, out, 100), -1);
	assert_int_equal(out[0] | out[99], 0);
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_PROVIDER);
	assert_int_equal(sluice_export(c, "l", NULL, 0, out, 32), -1);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
