// SPDX-License-Identifier: MIT
/* Raw public keys (RFC 7250) of servers and clients. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "alert.h"
#include "message.h"
#include "pair.h"
#include "record.h"
#include "sluice/async.h"

#define NO	SLUICE_RAW_KEY_NO
#define TOO	SLUICE_RAW_KEY_TOO
#define ONLY	SLUICE_RAW_KEY_ONLY
#define FALLBACK SLUICE_RAW_KEY_FALLBACK

/* A client that knows the server's key, and has one itself that it knows. */
struct keys {
	struct pair *pair;
	struct identity id;
	uint8_t server_pin[1][SLUICE_PIN_LEN];
	uint8_t client_pin[1][SLUICE_PIN_LEN];
};

static void pin_of(const struct sluice_provider *p,
		   const struct sluice_credential *cred, uint8_t *pin)
{
	struct sluice_octets key;

	assert_true(p->credential_key(p, cred, &key));
	SHA256(key.data, key.len, pin);
}

static void begin(struct keys *k, enum key_type type)
{
	struct pair *pair = pair_new(type);

	k->pair = pair;
	identity_make(&k->id, pair->real, type, "clientAuth", 7200);
	pin_of(pair->real, pair->identity.cred, k->server_pin[0]);
	pin_of(pair->real, k->id.cred, k->client_pin[0]);
	pair->client.config.credential = k->id.cred;
	pair->client.config.pins = k->server_pin;
	pair->client.config.pin_count = 1;
	pair->server.config.trust = k->id.trust;
	pair->server.config.pins = k->client_pin;
	pair->server.config.pin_count = 1;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
}

static void end(struct keys *k)
{
	pair_free(k->pair);
	identity_free(&k->id);
}

static void set(struct keys *k, enum sluice_raw_key server,
		enum sluice_raw_key server_at_client, enum sluice_raw_key client,
		enum sluice_raw_key client_at_server)
{
	k->pair->server.config.own_raw_key = server;
	k->pair->client.config.peer_raw_key = server_at_client;
	k->pair->client.config.own_raw_key = client;
	k->pair->server.config.peer_raw_key = client_at_server;
}

static void expect(struct pair *pair, bool server_raw, bool client_raw)
{
	struct sluice_conn_info client, server;

	pair_reset(pair);
	assert_true(pair_handshake(pair));
	client = end_info(&pair->client);
	server = end_info(&pair->server);
	assert_true(client.verified);
	assert_int_equal(server.verified, !!pair->server.config.client_auth);
	assert_int_equal(server.own_raw_key, server_raw);
	assert_int_equal(client.peer_raw_key, server_raw);
	assert_int_equal(client.own_raw_key, client_raw);
	assert_int_equal(server.peer_raw_key, client_raw);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
}

static void expect_failure(struct end *e, struct pair *pair, int alert)
{
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(e).alert_sent, alert);
	assert_true(strlen(end_info(e).reason) > 0);
}

/* Whichever of the kinds both have, the server prefers as it says. */
static bool is_raw(enum sluice_raw_key server, enum sluice_raw_key client)
{
	return server && client &&
	       (server != FALLBACK || client == ONLY);
}

/* What each side wants of both kinds: who gets what. */
static void test_negotiation(void **state)
{
	enum sluice_raw_key own, peer;
	struct keys k;

	(void)state;
	begin(&k, KEY_P256);
	for (own = NO; own <= FALLBACK; own++) {
		for (peer = NO; peer <= FALLBACK; peer++) {
			bool raw = is_raw(own, peer);

			/* the server's */
			set(&k, own, peer, NO, NO);
			if (own == ONLY && !raw)
				expect_failure(&k.pair->server, k.pair,
					       SL_UNSUPPORTED_CERTIFICATE);
			else if (peer == ONLY && !raw)
				expect_failure(&k.pair->client, k.pair,
					       SL_UNSUPPORTED_CERTIFICATE);
			else
				expect(k.pair, raw, false);
			/* the client's */
			raw = is_raw(peer, own);
			set(&k, NO, NO, own, peer);
			if (own == ONLY && peer == NO) {
				/* the client has a certificate, but no */
				pair_reset(k.pair);
				pair_handshake(k.pair);
				assert_int_equal(end_info(&k.pair->server).alert_sent,
						 SL_CERTIFICATE_REQUIRED);
			} else if (peer == ONLY && !raw) {
				pair_reset(k.pair);
				pair_handshake(k.pair);
				assert_int_equal(end_info(&k.pair->server).alert_sent,
						 SL_UNSUPPORTED_CERTIFICATE);
			} else {
				expect(k.pair, false, raw);
			}
			/* both */
			set(&k, own, peer, own, peer);
			if (own && peer)
				expect(k.pair, is_raw(own, peer),
				       is_raw(peer, own));
		}
	}
	set(&k, TOO, TOO, NO, NO);
	expect(k.pair, true, false);
	end(&k);
}

static void test_all_keys(void **state)
{
	static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
	enum key_type type;

	(void)state;
	for (type = 0; type < KEY_TYPES; type++) {
		struct keys k;

		if (!test_has_key(type))
			continue;
		begin(&k, type);
		set(&k, ONLY, ONLY, ONLY, ONLY);
		expect(k.pair, true, true);
		k.pair->server.config.groups = only_p256;
		k.pair->seed = type + 1;
		k.pair->room = SLUICE_OUT_MIN;
		expect(k.pair, true, true);
		end(&k);
	}
}

/* A key with nothing around it. */
static struct sluice_credential *bare(struct keys *k, EVP_PKEY *key)
{
	char path[] = "/tmp/sluice-key-XXXXXX", why[SLUICE_WHY_MAX] = "";
	FILE *file = fdopen(mkstemp(path), "w");
	struct sluice_credential *cred;

	assert_true(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL));
	fclose(file);
	cred = test_backend()->credential_load(k->pair->real, NULL, path, why);
	if (!cred)
		fail_msg("%s", why);
	unlink(path);
	EVP_PKEY_free(key);
	return cred;
}

/* The same from memory, which is the same key. */
static void test_from_memory(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	const struct sluice_backend *backend = test_backend();
	struct sluice_provider *p = test_provider();
	char why[SLUICE_WHY_MAX] = "";
	struct sluice_credential *cred;
	uint8_t *der = NULL, *spki = NULL;
	struct sluice_octets told;
	int len = i2d_PrivateKey(key, &der);
	int spki_len = i2d_PUBKEY(key, &spki);

	(void)state;
	cred = backend->credential_der(p, NULL, 0, der, (size_t)len, why);
	if (!cred)
		fail_msg("%s", why);
	assert_int_equal(p->credential_chain(p, cred, &told), 0);
	assert_true(p->credential_key(p, cred, &told));
	assert_int_equal(told.len, spki_len);
	assert_memory_equal(told.data, spki, told.len);
	backend->credential_free(cred);
	/* a certificate that is empty is not the same as none */
	assert_null(backend->credential_der(p, spki, 0, der, (size_t)len, why));
	assert_null(backend->credential_der(p, NULL, 0, der, (size_t)len - 1, why));
	OPENSSL_free(der);
	OPENSSL_free(spki);
	EVP_PKEY_free(key);
	backend->close(p);
}

/* Cut off, with more behind it, of no kind that can sign. */
static void test_malformed(void **state)
{
	EVP_PKEY *keys[] = {
		EVP_EC_gen("P-256"), EVP_RSA_gen(2048), EVP_EC_gen("P-224"),
		EVP_PKEY_Q_keygen(NULL, NULL, "X25519"),
	};
	struct sluice_provider *p = test_provider();

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct sluice_pubkey *key = NULL;
		const char *reason = "";
		uint8_t *der = NULL, *copy;
		size_t len = (size_t)i2d_PUBKEY(keys[i], &der);

		for (size_t n = 0; n <= len + 1; n++) {
			int rc;

			copy = calloc(1, n + !n);
			memcpy(copy, der, n < len ? n : len);
			rc = p->pubkey_new(p, copy, n, &key, &reason);
			free(copy);
			if (n == len && i < 2) {
				assert_int_equal(rc, 0);
				p->pubkey_free(p, key);
			} else {
				assert_int_equal(rc, SL_BAD_CERTIFICATE);
				assert_true(strlen(reason) > 0);
			}
		}
		OPENSSL_free(der);
		EVP_PKEY_free(keys[i]);
	}
	test_backend()->close(p);
}

static void test_bare_keys(void **state)
{
	struct sluice_credential *client, *server;
	struct keys k;

	(void)state;
	begin(&k, KEY_P256);
	server = bare(&k, EVP_EC_gen("P-256"));
	client = bare(&k, EVP_EC_gen("P-384"));
	pin_of(k.pair->real, server, k.server_pin[0]);
	pin_of(k.pair->real, client, k.client_pin[0]);
	k.pair->server.config.credential = server;
	k.pair->client.config.credential = client;
	k.pair->client.config.trust = NULL;
	k.pair->client.config.peer_name = NULL;
	k.pair->server.config.trust = NULL;
	set(&k, ONLY, ONLY, ONLY, ONLY);
	expect(k.pair, true, true);
	set(&k, TOO, TOO, TOO, TOO);
	expect(k.pair, true, true);
	/* there is no certificate to be shown */
	set(&k, TOO, NO, TOO, TOO);
	expect_failure(&k.pair->server, k.pair, SL_HANDSHAKE_FAILURE);
	set(&k, FALLBACK, TOO, TOO, TOO);
	expect_failure(&k.pair->server, k.pair, SL_HANDSHAKE_FAILURE);
	set(&k, TOO, TOO, TOO, NO);
	pair_reset(k.pair);
	pair_handshake(k.pair);
	assert_int_equal(end_info(&k.pair->server).alert_sent,
			 SL_CERTIFICATE_REQUIRED);
	/* another key */
	set(&k, TOO, TOO, TOO, TOO);
	k.server_pin[0][7] ^= 1;
	expect_failure(&k.pair->client, k.pair, SL_CERTIFICATE_UNKNOWN);
	k.server_pin[0][7] ^= 1;
	/* one that is too short for certificates, too */
	test_backend()->credential_free(server);
	server = bare(&k, EVP_RSA_gen(1024));
	pin_of(k.pair->real, server, k.server_pin[0]);
	k.pair->server.config.credential = server;
	expect_failure(&k.pair->client, k.pair, SL_BAD_CERTIFICATE);
	pair_reset(k.pair);
	test_backend()->credential_free(server);
	test_backend()->credential_free(client);
	k.pair->client.config.peer_name = "localhost";
	end(&k);
}

/* With tickets, and the key that the ticket was got with. */
static void test_tickets(void **state)
{
	struct keys k;

	(void)state;
	begin(&k, KEY_P256);
	set(&k, TOO, TOO, TOO, TOO);
	k.pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	pair_use_tickets(k.pair);
	expect(k.pair, true, false);
	end_settle(&k.pair->client);
	assert_int_equal(k.pair->ticket_count, 2);
	pair_reset(k.pair);
	assert_true(pair_handshake(k.pair));
	assert_true(end_info(&k.pair->client).resumed);
	assert_false(end_info(&k.pair->client).peer_raw_key);
	assert_false(end_info(&k.pair->server).own_raw_key);
	end(&k);
}

/* Who judges, where nothing is pinned. */

static unsigned int judged;

static int judge(void *ctx, const struct sluice_verdict_request *r,
		 const char **reason)
{
	(void)ctx;
	judged++;
	assert_true(r->raw_key);
	assert_int_equal(r->count, 1);
	assert_int_equal(sluice_verdict(r, reason), SL_UNSUPPORTED_CERTIFICATE);
	return 0;
}

static bool give(struct end *e)
{
	struct sluice_verdict_request r;

	assert_int_equal(e->status, SLUICE_WANT_VERDICT);
	assert_int_equal(sluice_wanted_verdict(e->conn, &r), 0);
	assert_true(r.raw_key);
	judged++;
	return !sluice_give_verdict(e->conn, 0, NULL);
}

static bool refuse(void *ctx, const struct sluice_octets *chain, size_t count)
{
	(void)ctx;
	assert_int_equal(count, 1);
	return chain->len == 1;
}

static void test_verdicts(void **state)
{
	struct sluice_config *config;
	struct keys k;

	(void)state;
	begin(&k, test_steady_key());
	config = &k.pair->client.config;
	set(&k, TOO, TOO, NO, NO);
	k.pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	config->pins = NULL;
	config->pin_count = 0;
	/* authorities have nothing to say of it */
	assert_non_null(sluice_config_check(config));
	config->judge = judge;
	judged = 0;
	expect(k.pair, true, false);
	assert_int_equal(judged, 1);
	config->judge = NULL;
	config->async = SLUICE_ASYNC_VERDICT;
	k.pair->client.give = give;
	expect(k.pair, true, false);
	assert_int_equal(judged, 2);
	config->async = 0;
	config->no_verify = true;
	pair_reset(k.pair);
	assert_true(pair_handshake(k.pair));
	assert_false(end_info(&k.pair->client).verified);
	config->peer_certificate = refuse;
	expect_failure(&k.pair->client, k.pair, SL_ACCESS_DENIED);
	/* in TLS 1.3 only */
	config->peer_certificate = NULL;
	config->min_version = SLUICE_TLS_1_2;
	assert_non_null(sluice_config_check(config));
	config->min_version = 0;
	config->peer_raw_key = 4;
	assert_non_null(sluice_config_check(config));
	config->peer_raw_key = TOO;
	pair_reset(k.pair);
	end(&k);
}

static void test_provider_fails(void **state)
{
	struct keys k;
	struct end *ends[2];
	size_t i;
	long n;

	(void)state;
	begin(&k, test_steady_key());
	set(&k, ONLY, ONLY, ONLY, ONLY);
	ends[0] = &k.pair->client;
	ends[1] = &k.pair->server;
	for (i = 0; i < 2; i++) {
		long calls;

		expect(k.pair, true, true);
		pair_reset(k.pair);
		pair_handshake(k.pair);
		calls = ends[i]->provider.calls;
		for (n = 1; n <= calls; n++) {
			ends[i]->provider.fail_at = n;
			pair_reset(k.pair);
			pair_handshake(k.pair);
			assert_int_equal(end_info(ends[i]).error,
					 SLUICE_ERR_PROVIDER);
		}
		ends[i]->provider.fail_at = 0;
	}
	end(&k);
}

/* Replaces octets in what a side is about to encrypt. */
struct lie {
	const char *find;
	const char *put;
	size_t len;
	unsigned int done;
};

static void tell(void *ctx, uint8_t *data, size_t len)
{
	struct lie *lie = ctx;
	uint8_t *at = memmem(data, len, lie->find, lie->len);

	if (!at)
		return;
	memcpy(at, lie->put, lie->len);
	lie->done++;
}

static size_t tell_clear(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)from;
	tell(ctx, data, len);
	return len;
}

#define LIE(find, put)	{ find, put, sizeof(find) - 1, 0 }

static void test_server_lies(void **state)
{
	static const struct {
		struct lie lie;
		int alert;
	} cases[] = {
		/* OpenPGP, once */
		{ LIE("\0\x14\0\1\2", "\0\x14\0\1\1"), SL_ILLEGAL_PARAMETER },
		/* X.509, which was not offered */
		{ LIE("\0\x14\0\1\2", "\0\x14\0\1\0"), SL_ILLEGAL_PARAMETER },
		/* the client's, which was not offered; unknown; twice */
		{ LIE("\0\x14\0\1\2", "\0\x13\0\1\2"), SL_UNSUPPORTED_EXTENSION },
		{ LIE("\0\x14\0\1\2", "\x7a\x7a\0\1\2"), SL_UNSUPPORTED_EXTENSION },
		/* nothing in it */
		{ LIE("\0\5\0\x14\0\1\2", "\0\5\0\x14\0\0\2"), SL_DECODE_ERROR },
		/* the key: cut off, of another kind, not on the curve */
		{ LIE("\x30\x59\x30\x13", "\x30\x58\x30\x13"), SL_BAD_CERTIFICATE },
		{ LIE("\x30\x59\x30\x13", "\x31\x59\x30\x13"), SL_BAD_CERTIFICATE },
		{ LIE("\3\x42\0\4", "\3\x42\0\5"), SL_BAD_CERTIFICATE },
	};
	struct keys k;
	size_t i;

	(void)state;
	begin(&k, KEY_P256);
	set(&k, ONLY, ONLY, NO, NO);
	k.pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lie lie = cases[i].lie;

		k.pair->server.provider.ctx = &lie;
		k.pair->server.provider.sealing = tell;
		pair_reset(k.pair);
		pair_handshake(k.pair);
		if (lie.done != 1 ||
		    end_info(&k.pair->client).alert_sent != cases[i].alert)
			fail_msg("case %zu: done %u, alert %d", i, lie.done,
				 end_info(&k.pair->client).alert_sent);
	}
	end(&k);
}

static void test_client_lies(void **state)
{
	static const struct {
		struct lie lie;
		int alert;
	} cases[] = {
		/* nothing that there is; no list; a list that is cut off */
		{ LIE("\0\x14\0\3\2\2\0", "\0\x14\0\3\2\1\1"), SL_UNSUPPORTED_CERTIFICATE },
		{ LIE("\0\x14\0\3\2\2\0", "\0\x14\0\3\0\2\0"), SL_DECODE_ERROR },
		{ LIE("\0\x14\0\3\2\2\0", "\0\x14\0\3\1\2\0"), SL_DECODE_ERROR },
		{ LIE("\0\x14\0\3\2\2\0", "\0\x14\0\3\3\2\0"), SL_DECODE_ERROR },
		{ LIE("\0\x13\0\3\2\2\0", "\0\x13\0\3\2\1\1"), SL_UNSUPPORTED_CERTIFICATE },
		{ LIE("\0\x13\0\3\2\2\0", "\0\x13\0\3\3\2\0"), SL_DECODE_ERROR },
		{ LIE("\0\x13\0\3\2\2\0", "\0\x14\0\3\2\2\0"), SL_ILLEGAL_PARAMETER },
	};
	struct keys k;
	size_t i;

	(void)state;
	begin(&k, KEY_P256);
	set(&k, TOO, TOO, TOO, TOO);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lie lie = cases[i].lie;

		k.pair->up.ctx = &lie;
		k.pair->up.change = tell_clear;
		pair_reset(k.pair);
		pair_handshake(k.pair);
		if (lie.done != 1 ||
		    end_info(&k.pair->server).alert_sent != cases[i].alert)
			fail_msg("case %zu: done %u, alert %d", i, lie.done,
				 end_info(&k.pair->server).alert_sent);
	}
	k.pair->up.change = NULL;
	end(&k);
}

/* A client offers what it prefers first (RFC 7250, section 4.1). */
static void test_order(void **state)
{
	static const struct {
		enum sluice_raw_key raw;
		struct lie same;	/* is no lie: it looks */
	} cases[] = {
		{ ONLY, LIE("\0\x14\0\2\1\2", "\0\x14\0\2\1\2") },
		{ TOO, LIE("\0\x14\0\3\2\2\0", "\0\x14\0\3\2\2\0") },
		{ FALLBACK, LIE("\0\x14\0\3\2\0\2", "\0\x14\0\3\2\0\2") },
	};
	struct keys k;
	size_t i;

	(void)state;
	begin(&k, KEY_P256);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lie seen = cases[i].same;

		set(&k, TOO, cases[i].raw, NO, NO);
		k.pair->up.ctx = &seen;
		k.pair->up.change = tell_clear;
		expect(k.pair, true, false);
		assert_int_equal(seen.done, 1);
		k.pair->up.change = NULL;
	}
	end(&k);
}

/* An entry more in the server's Certificate: a second, empty-handed key. */
static void add_entry(void *ctx, uint8_t *data, size_t len)
{
	struct lie *lie = ctx;
	/* EncryptedExtensions, then Certificate; its list is 0x60 long */
	uint8_t *at = memmem(data, len, "\x0b\0\0\x64\0\0\0\x60\0\0\x5b", 11);

	if (!at)
		return;
	/* the one entry becomes two: 0x5b octets as 2 + 0x54, with headers */
	at[10] = 2;
	at[13] = 0;
	at[14] = 0;
	at[15] = 0;
	at[16] = 0;
	at[17] = 0x54;
	lie->done++;
}

static void test_two_keys(void **state)
{
	struct lie lie = { .done = 0 };
	struct keys k;

	(void)state;
	begin(&k, KEY_P256);
	set(&k, ONLY, ONLY, NO, NO);
	k.pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	k.pair->server.provider.ctx = &lie;
	k.pair->server.provider.sealing = add_entry;
	pair_reset(k.pair);
	pair_handshake(k.pair);
	assert_int_equal(lie.done, 1);
	assert_int_equal(end_info(&k.pair->client).alert_sent,
			 SL_ILLEGAL_PARAMETER);
	end(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_negotiation),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_from_memory),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_bare_keys),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_provider_fails),
		cmocka_unit_test(test_server_lies),
		cmocka_unit_test(test_client_lies),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_two_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
