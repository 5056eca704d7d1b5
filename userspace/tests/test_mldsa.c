// SPDX-License-Identifier: MIT
/* ML-DSA certificates and signatures, where libcrypto has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "conn.h"
#include "hello.h"
#include "pair.h"
#include "pki.h"
#include "tls12.h"

#define SERVER	PKI_LEAF "subjectAltName=DNS:localhost\n"
#define CLIENT	PKI_LEAF "extendedKeyUsage=clientAuth\n"
/* A chain of three of the largest, and the signature. */
#define ROOM	(32 * 1024)

static const struct {
	const char *name;
	uint16_t scheme;
	size_t sig_len;
} sets[] = {
	{ "ML-DSA-44", SLUICE_MLDSA44, 2420 },
	{ "ML-DSA-65", SLUICE_MLDSA65, 3309 },
	{ "ML-DSA-87", SLUICE_MLDSA87, 4627 },
};
#define SETS	(sizeof(sets) / sizeof(*sets))

static struct pki_cert root[SETS], middle[SETS], leaf[SETS], client[SETS];

static bool available(void)
{
	struct sluice_provider *p = sluice_openssl_new(NULL);
	bool has = p->scheme_offered(p, SLUICE_MLDSA44);

	sluice_openssl_free(p);
	return has;
}

static int make_certs(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		root[i] = pki_issue(&(struct pki_spec){ .subject = "root",
			.key = sets[i].name, .extensions = PKI_CA });
		middle[i] = pki_issue(&(struct pki_spec){ .subject = "middle",
			.key = sets[i].name, .issuer = &root[i],
			.extensions = PKI_CA });
		leaf[i] = pki_issue(&(struct pki_spec){ .subject = "leaf",
			.key = sets[i].name, .issuer = &middle[i],
			.extensions = SERVER });
		client[i] = pki_issue(&(struct pki_spec){ .subject = "client",
			.key = sets[i].name, .issuer = &middle[i],
			.extensions = CLIENT });
	}
	return 0;
}

static int free_certs(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		pki_free(&root[i]);
		pki_free(&middle[i]);
		pki_free(&leaf[i]);
		pki_free(&client[i]);
	}
	return 0;
}

struct mutual {
	struct pair *pair;
	struct sluice_credential *server, *client;
	struct sluice_trust *trust;
};

static struct mutual mutual(size_t i)
{
	struct pair *pair = pair_new(KEY_P256);
	struct mutual m = {
		.pair = pair,
		.server = pki_credential(pair->real, &leaf[i], &middle[i],
					 NULL),
		.client = pki_credential(pair->real, &client[i], &middle[i],
					 NULL),
		.trust = pki_trust(pair->real, &root[i], NULL),
	};

	end_memory(&pair->client, sluice_conn_size() + ROOM);
	end_memory(&pair->server, sluice_conn_size() + ROOM);
	pair->client.config.credential = m.client;
	pair->client.config.trust = m.trust;
	pair->server.config.credential = m.server;
	pair->server.config.trust = m.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	return m;
}

static void end(struct mutual *m)
{
	pair_free(m->pair);
	sluice_openssl_credential_free(m->server);
	sluice_openssl_credential_free(m->client);
	sluice_openssl_trust_free(m->trust);
}

static void test_handshakes(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		struct mutual m = mutual(i);
		struct sluice_conn_info info;

		for (unsigned int seed = 0; seed < 6; seed++) {
			m.pair->seed = seed;
			m.pair->room = seed ? SLUICE_OUT_MIN + 111 * seed : 0;
			pair_reset(m.pair);
			assert_true(pair_handshake(m.pair));
			info = end_info(&m.pair->client);
			assert_int_equal(info.signature, sets[i].scheme);
			assert_int_equal(info.client_signature, sets[i].scheme);
			assert_true(info.verified);
			assert_true(end_info(&m.pair->server).verified);
		}
		end(&m);
	}
}

/* Where the memory is too small, that is what is said. */
static void test_memory(void **state)
{
	struct mutual m = mutual(SETS - 1);

	(void)state;
	end_memory(&m.pair->server, sluice_conn_size());
	pair_reset(m.pair);
	assert_false(pair_handshake(m.pair));
	assert_int_equal(end_info(&m.pair->server).error, SLUICE_ERR_MEMORY);
	assert_int_equal(end_info(&m.pair->client).alert_received,
			 SL_INTERNAL_ERROR);
	end_memory(&m.pair->server, sluice_conn_size() + ROOM);
	/* a client needs less: a message that fits a record is read there */
	end_memory(&m.pair->client, sluice_conn_size());
	m.pair->client.config.credential = NULL;
	m.pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	pair_reset(m.pair);
	assert_true(pair_handshake(m.pair));
	end(&m);
}

static void test_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < SETS; i++) {
		struct mutual m = mutual(i);
		const struct sluice_provider *p = m.pair->real;
		const uint16_t *schemes = p->credential_schemes(p, m.server);
		const uint16_t *own = p->credential_signatures(p, m.server);
		struct sluice_octets der[] = { pki_der(&leaf[i]) };
		const struct sluice_peer peer = { .now = 0 };
		struct sluice_pubkey *key = NULL;
		const char *reason;
		uint8_t sig[SLUICE_SIGNATURE_MAX];
		size_t len = 0;

		assert_int_equal(schemes[0], sets[i].scheme);
		assert_int_equal(schemes[1], 0);
		assert_int_equal(own[0], sets[i].scheme);
		assert_int_equal(own[1], sets[i].scheme);
		assert_int_equal(own[2], 0);
		assert_int_equal(p->verify_chain(p, NULL, der, 1, &peer, &key,
						 &reason), 0);
		assert_int_equal(p->sign(p, m.server, sets[i].scheme,
					 (const uint8_t *)"text", 4, sig, &len), 0);
		assert_int_equal(len, sets[i].sig_len);
		assert_int_equal(p->verify_signature(p, key, sets[i].scheme,
					(const uint8_t *)"text", 4, sig, len), 0);
		assert_int_equal(p->verify_signature(p, key, sets[i].scheme,
					(const uint8_t *)"tex", 3, sig, len),
				 SL_DECRYPT_ERROR);
		assert_int_equal(p->verify_signature(p, key, sets[i].scheme,
					(const uint8_t *)"text", 4, sig, len - 1),
				 SL_DECRYPT_ERROR);
		sig[len / 2] ^= 1;
		assert_int_equal(p->verify_signature(p, key, sets[i].scheme,
					(const uint8_t *)"text", 4, sig, len),
				 SL_DECRYPT_ERROR);
		/* each key has its one scheme */
		assert_int_equal(p->verify_signature(p, key,
					sets[(i + 1) % SETS].scheme,
					(const uint8_t *)"text", 4, sig, len),
				 SL_ILLEGAL_PARAMETER);
		p->pubkey_free(p, key);
		OPENSSL_free((void *)(uintptr_t)der[0].data);
		end(&m);
	}
}

/* They are none of TLS 1.2. */
static void test_tls12(void **state)
{
	struct mutual m = mutual(0);
	struct sluice_config *c = &m.pair->client.config;
	struct sluice_config *s = &m.pair->server.config;

	(void)state;
	assert_true(sl_scheme_usable(c, SLUICE_MLDSA44));
	for (size_t i = 0; i < SETS; i++)
		assert_false(sl_tls12_scheme_usable(c, sets[i].scheme));
	c->min_version = SLUICE_TLS_1_2;
	s->min_version = SLUICE_TLS_1_2;
	s->max_version = SLUICE_TLS_1_2;
	pair_reset(m.pair);
	assert_false(pair_handshake(m.pair));
	assert_int_equal(end_info(&m.pair->server).alert_sent,
			 SL_HANDSHAKE_FAILURE);
	s->max_version = SLUICE_TLS_1_3;
	pair_reset(m.pair);
	assert_true(pair_handshake(m.pair));
	end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_signatures),
		cmocka_unit_test(test_tls12),
	};

	if (!available()) {
		print_message("1..0 # SKIP this libcrypto has no ML-DSA\n");
		return 0;
	}
	return cmocka_run_group_tests(tests, make_certs, free_certs);
}
