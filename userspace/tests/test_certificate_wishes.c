// SPDX-License-Identifier: MIT
/*
 * certificate_authorities and signature_algorithms_cert (RFC 9846, sections
 * 4.2.3, 4.2.4 and 4.4.2.3): what is sent, and what is made of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "certificate_request.h"
#include "conn.h"
#include "pair.h"
#include "pki.h"

#define CLIENT	PKI_LEAF "extendedKeyUsage=clientAuth\n"

static struct pki_cert issue(const char *subject, const struct pki_cert *issuer,
			     const char *key, const char *extensions)
{
	return pki_issue(&(struct pki_spec){ .subject = subject,
			 .issuer = issuer, .key = key,
			 .extensions = extensions });
}

/* Did the client show its certificate, and how did it end for the server? */
static void expect(struct pair *pair, bool shown, int alert)
{
	struct sluice_conn_info info;

	pair_reset(pair);
	pair_handshake(pair);
	info = end_info(&pair->client);
	assert_true(info.certificate_requested);
	assert_int_equal(info.client_signature != 0, shown);
	info = end_info(&pair->server);
	assert_int_equal(info.alert_sent, alert);
	assert_int_equal(info.handshake_done, alert < 0);
}

static void test_named_authorities(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct pki_cert root = issue("root", NULL, NULL, PKI_CA);
	struct pki_cert other = issue("other", NULL, NULL, PKI_CA);
	struct pki_cert middle = issue("middle", &root, NULL, PKI_CA);
	struct pki_cert leaf = issue("leaf", &middle, NULL, CLIENT);
	struct sluice_credential *cred = pki_credential(pair->real, &leaf,
							&middle, NULL);
	struct sluice_trust *both = pki_trust(pair->real, &other, &root, &root,
					      NULL);
	struct sluice_trust *wrong = pki_trust(pair->real, &other, NULL);
	struct sluice_octets name;

	(void)state;
	/* each name once */
	assert_true(pair->real->trust_name(pair->real, both, 1, &name));
	assert_false(pair->real->trust_name(pair->real, both, 2, &name));
	assert_int_equal(name.data[0], 0x30);
	assert_int_equal(name.data[1], name.len - 2);

	pair->client.config.credential = cred;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	pair->server.config.trust = both;
	expect(pair, true, -1);
	pair->server.config.name_authorities = true;
	expect(pair, true, -1);
	/* whoever is not named keeps its certificate to itself */
	pair->server.config.trust = wrong;
	expect(pair, false, SL_CERTIFICATE_REQUIRED);
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	expect(pair, false, -1);
	pair->server.config.name_authorities = false;
	expect(pair, true, SL_UNKNOWN_CA);
	/* without authorities there is nobody to name */
	pair->server.config.name_authorities = true;
	pair->server.config.no_verify = true;
	pair->server.config.trust = NULL;
	expect(pair, true, -1);

	test_backend()->credential_free(cred);
	test_backend()->trust_free(both);
	test_backend()->trust_free(wrong);
	pki_free(&leaf);
	pki_free(&middle);
	pki_free(&other);
	pki_free(&root);
	pair_free(pair);
}

/* Another name each time it is asked: the bound, to the octet. */
static size_t name_count, last_len;

static bool many_names(const struct sluice_provider *p,
		       const struct sluice_trust *trust, size_t i,
		       struct sluice_octets *name)
{
	static uint8_t text[200] = { 0x30, 198 };

	(void)p;
	(void)trust;
	name->data = text;
	name->len = i + 1 == name_count ? last_len : sizeof(text);
	return i < name_count;
}

static void test_bound(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct identity id;

	(void)state;
	identity_make(&id, pair->real, KEY_P256, "clientAuth", 7200);
	pair->client.config.credential = id.cred;
	pair->server.config.trust = id.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	pair->server.config.name_authorities = true;
	pair->server.provider.table.trust_name = many_names;
	end_memory(&pair->client, sluice_conn_size() + SLUICE_AUTHORITIES_MAX);
	end_memory(&pair->server, sluice_conn_size() + SLUICE_AUTHORITIES_MAX);
	/* 40 names of 202 octets, and one that fills the rest */
	name_count = 41;
	last_len = SLUICE_AUTHORITIES_MAX - 40 * 202 - 2;
	expect(pair, false, SL_CERTIFICATE_REQUIRED);
	/* none of them if they are too many: then everybody is asked */
	last_len++;
	expect(pair, true, -1);
	name_count = 0;
	expect(pair, true, -1);
	identity_free(&id);
	pair_free(pair);
}

/* A request as a server might put it; returns the alert or -1. */
static int request(struct pair *pair, const char *text, size_t len, bool *shown)
{
	struct sl_reader body = sl_reader((const uint8_t *)text, len);
	struct sluice_conn *c = pair->client.conn;

	pair_reset(pair);
	sl_certificate_request_read(c, &body);
	*shown = c->client_signature;
	return c->error ? (int)c->alert : -1;
}

/* signature_algorithms: ecdsa_secp256r1_sha256 and rsa_pkcs1_sha256 */
#define ECDSA		"\0\x0d\0\4\0\2\4\3"
#define ECDSA_RSA	"\0\x0d\0\6\0\4\4\3\4\1"

static void test_signatures_wanted(void **state)
{
	static const struct {
		const char *key, *md;
		bool pss;
		uint16_t scheme;
	} issuers[] = {
		{ "RSA", NULL, false, SLUICE_RSA_PKCS1_SHA256 },
		{ "RSA", "SHA384", false, SLUICE_RSA_PKCS1_SHA384 },
		{ "RSA", "SHA512", false, SLUICE_RSA_PKCS1_SHA512 },
		{ "RSA", "SHA256", true, SLUICE_RSA_PSS_RSAE_SHA256 },
		{ "RSA", "SHA384", true, SLUICE_RSA_PSS_RSAE_SHA384 },
		{ "RSA", "SHA512", true, SLUICE_RSA_PSS_RSAE_SHA512 },
		{ "P-256", NULL, false, SLUICE_ECDSA_SECP256R1_SHA256 },
		{ "P-384", "SHA384", false, SLUICE_ECDSA_SECP384R1_SHA384 },
		{ "P-521", "SHA512", false, SLUICE_ECDSA_SECP521R1_SHA512 },
		{ "ED25519", NULL, false, SLUICE_ED25519 },
		{ "RSA", "SHA1", false, SLUICE_SCHEME_OTHER },
		{ "P-256", "SHA224", false, SLUICE_SCHEME_OTHER },
		{ "ED448", NULL, false, SLUICE_SCHEME_OTHER },
	};
	struct pair *pair = pair_new(KEY_P256);
	char text[] = "\0\0\x10" ECDSA "\0\x32\0\4\0\2..";
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(issuers) / sizeof(*issuers); i++) {
		struct pki_cert root, leaf;
		struct sluice_credential *cred;
		const uint16_t *list;
		bool shown;

		if (*issuers[i].key == 'E' && !test_has_key(KEY_ED25519))
			continue;
		root = issue("root", NULL, issuers[i].key, PKI_CA);
		leaf = pki_issue(&(struct pki_spec){
			.subject = "leaf", .issuer = &root,
			.extensions = CLIENT, .md = issuers[i].md,
			.pss = issuers[i].pss });
		/* the root's own signature does not count */
		cred = pki_credential(pair->real, &leaf, &root, NULL);
		list = pair->real->credential_signatures(pair->real, cred);
		assert_int_equal(list[0], issuers[i].scheme);
		assert_int_equal(list[1], 0);
		pair->client.config.credential = cred;
		text[17] = (char)(issuers[i].scheme >> 8);
		text[18] = (char)(issuers[i].scheme & 0xff);
		assert_int_equal(request(pair, text, 19, &shown), -1);
		assert_true(shown);
		text[18] ^= 0x40;
		assert_int_equal(request(pair, text, 19, &shown), -1);
		assert_false(shown);
		pair->client.config.credential = NULL;
		pair_reset(pair);
		test_backend()->credential_free(cred);
		pki_free(&leaf);
		pki_free(&root);
	}
	pair_free(pair);
}

static void test_requests(void **state)
{
#define CASE(text, alert, shown) { text, sizeof(text) - 1, alert, shown }
	static const struct {
		const char *text;
		size_t len;
		int alert;
		bool shown;
	} cases[] = {
		/* without the extension, the other one counts for both */
		CASE("\0\0\x08" ECDSA, -1, false),
		CASE("\0\0\x0a" ECDSA_RSA, -1, true),
		/* with it, it alone does */
		CASE("\0\0\x10" ECDSA "\0\x32\0\4\0\2\4\1", -1, true),
		CASE("\0\0\x12" ECDSA_RSA "\0\x32\0\4\0\2\4\3", -1, false),
		CASE("\0\0\x12" ECDSA "\0\x32\0\6\0\4\4\3\4\1", -1, true),
		/* alone it does not do; empty; half a scheme; more behind it */
		CASE("\0\0\x08\0\x32\0\4\0\2\4\1", SL_MISSING_EXTENSION, false),
		CASE("\0\0\x0e" ECDSA "\0\x32\0\2\0\0", SL_DECODE_ERROR, false),
		CASE("\0\0\x0f" ECDSA "\0\x32\0\3\0\1\4", SL_DECODE_ERROR, false),
		CASE("\0\0\x11" ECDSA "\0\x32\0\5\0\2\4\1\0", SL_DECODE_ERROR, false),
	};
	struct pair *pair = pair_new(KEY_P256);
	struct pki_cert root = issue("root", NULL, "RSA", PKI_CA);
	struct pki_cert leaf = issue("leaf", &root, NULL, CLIENT);
	struct sluice_credential *cred = pki_credential(pair->real, &leaf,
							NULL);
	size_t i, len;
	bool shown;

	(void)state;
	pair->client.config.credential = cred;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int alert = request(pair, cases[i].text, cases[i].len, &shown);

		if (alert != cases[i].alert || shown != cases[i].shown)
			fail_msg("case %zu: alert %d, shown %d", i, alert,
				 shown);
		for (len = 0; len < cases[i].len; len++)
			assert_in_range(request(pair, cases[i].text, len,
						&shown), 1, 255);
	}
	/* a provider that does not know is not asked */
	pair->client.provider.table.credential_signatures = NULL;
	request(pair, cases[0].text, cases[0].len, &shown);
	assert_true(shown);
	test_backend()->credential_free(cred);
	pki_free(&leaf);
	pki_free(&root);
	pair_free(pair);
}

/* A server with two takes the one that the client can check; or the first. */
static const struct sluice_credential *choices[2];

static const struct sluice_credential *
choose(void *ctx, const struct sluice_credential_request *request)
{
	(void)ctx;
	for (size_t i = 0; i < 2; i++) {
		if (sluice_credential_fits(request, choices[i]))
			return choices[i];
	}
	return choices[0];
}

static uint16_t hidden[2];

static bool offered(const struct sluice_provider *p, uint16_t scheme)
{
	(void)p;
	return scheme != hidden[0] && scheme != hidden[1];
}

static void server_chooses(void)
{
	static const struct {
		uint16_t hidden[2];
		uint16_t signature;
	} cases[] = {
		{ { 0, 0 }, SLUICE_ECDSA_SECP256R1_SHA256 },
		{ { SLUICE_RSA_PKCS1_SHA256, 0 }, SLUICE_ED25519 },
		/* neither will do: the client may find a way */
		{ { SLUICE_RSA_PKCS1_SHA256, SLUICE_ECDSA_SECP384R1_SHA384 },
		  SLUICE_ECDSA_SECP256R1_SHA256 },
	};
	struct pair *pair = pair_new(KEY_P256);
	struct pki_cert rsa = issue("rsa", NULL, "RSA", PKI_CA);
	struct pki_cert p384 = pki_issue(&(struct pki_spec){
		.subject = "p384", .key = "P-384", .md = "SHA384",
		.extensions = PKI_CA });
	struct pki_cert by_rsa = issue("leaf", &rsa, NULL,
				       PKI_LEAF "subjectAltName=DNS:localhost\n");
	struct pki_cert by_p384 = pki_issue(&(struct pki_spec){
		.subject = "leaf", .key = "ED25519", .issuer = &p384,
		.md = "SHA384",
		.extensions = PKI_LEAF "subjectAltName=DNS:localhost\n" });
	struct sluice_credential *creds[] = {
		pki_credential(pair->real, &by_rsa, NULL),
		pki_credential(pair->real, &by_p384, NULL),
	};
	struct sluice_trust *trust = pki_trust(pair->real, &rsa, &p384, NULL);

	choices[0] = creds[0];
	choices[1] = creds[1];
	pair->client.config.trust = trust;
	pair->client.provider.table.scheme_offered = offered;
	pair->server.config.choose = choose;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		memcpy(hidden, cases[i].hidden, sizeof(hidden));
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_int_equal(end_info(&pair->client).signature,
				 cases[i].signature);
	}
	pair_free(pair);
	sluice_openssl_credential_free(creds[0]);
	sluice_openssl_credential_free(creds[1]);
	sluice_openssl_trust_free(trust);
	pki_free(&by_rsa);
	pki_free(&by_p384);
	pki_free(&rsa);
	pki_free(&p384);
}

static void test_server_chooses(void **state)
{
	(void)state;
	if (!test_has_key(KEY_ED25519))
		skip();
	server_chooses();
}

/* Takes the first record that the client sends. */
static uint8_t hello[4096];
static size_t hello_len;

static size_t keep(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)ctx;
	if (!from) {
		memcpy(hello, data, len);
		hello_len = len;
	}
	return len;
}

static void test_offered(void **state)
{
	static const uint8_t pkcs1[] = { 4, 1, 5, 1, 6, 1 };
	struct pair *pair = pair_new(KEY_P256);
	size_t at = 0, len = 0;

	(void)state;
	pair->up.change = keep;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	/* 5 of the record, 4 of the message, the hello up to its extensions */
	at = 5 + 4 + 2 + 32;
	at += 1U + hello[at];
	at += 2U + (size_t)(hello[at] << 8 | hello[at + 1]);
	at += 1U + hello[at];
	for (at += 2; at < hello_len; at += 4 + len) {
		len = (size_t)(hello[at + 2] << 8 | hello[at + 3]);
		if (hello[at] == 0 && hello[at + 1] == 50)
			break;
	}
	assert_true(at < hello_len);
	assert_int_equal(hello[at + 4] << 8 | hello[at + 5], len - 2);
	assert_memory_equal(hello + at + 4 + len - 6, pkcs1, 6);
	pair_free(pair);
}

/* Changes a number of the client's list, or its length. */
static size_t spoil(void *ctx, uint8_t *data, size_t len, size_t from)
{
	static const uint8_t start[] = { 0, 50, 0 };
	uint8_t *at = memmem(data, len, start, 3);

	if (!from) {
		assert_non_null(at);
		at[5] = (uint8_t)(at[5] + *(int *)ctx);
	}
	return len;
}

static void test_malformed_hello(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	int by;

	(void)state;
	pair->up.change = spoil;
	pair->up.ctx = &by;
	for (by = -3; by <= 3; by++) {
		pair_reset(pair);
		pair_handshake(pair);
		/* without a change it fails only at Finished: not here */
		assert_int_equal(end_info(&pair->server).alert_sent,
				 by ? SL_DECODE_ERROR : -1);
	}
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named_authorities),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_signatures_wanted),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_server_chooses),
		cmocka_unit_test(test_offered),
		cmocka_unit_test(test_malformed_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
