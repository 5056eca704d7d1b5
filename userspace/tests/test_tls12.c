// SPDX-License-Identifier: MIT
/* TLS 1.2: client against server, in all the ways that it can be spoken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"

static void only_tls12(struct pair *pair)
{
	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_2;
}

static void both_versions(struct end *end)
{
	end->config.min_version = SLUICE_TLS_1_2;
	end->config.max_version = SLUICE_TLS_1_3;
}

static bool talk(struct pair *pair)
{
	static const uint8_t data[] = "some data, one way and the other";

	return pair_send(pair, &pair->client, data, sizeof(data)) &&
	       pair_send(pair, &pair->server, data, sizeof(data));
}

static const uint16_t ecdsa_suites[] = {
	SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256,
	SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384,
	SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
	0
};

static const uint16_t rsa_suites[] = {
	SLUICE_ECDHE_RSA_AES_128_GCM_SHA256,
	SLUICE_ECDHE_RSA_AES_256_GCM_SHA384,
	SLUICE_ECDHE_RSA_CHACHA20_POLY1305_SHA256,
	0
};

/* Every kind of certificate, suite and group. */
static void test_all(void **state)
{
	static const uint16_t groups[] = {
		SLUICE_X25519, SLUICE_SECP256R1, SLUICE_SECP384R1,
		SLUICE_SECP521R1,
	};
	unsigned int type, suite, group;

	(void)state;
	for (type = 0; type < KEY_TYPES; type++) {
		bool rsa = type == KEY_RSA || type == KEY_RSA_PSS;
		const uint16_t *suites = rsa ? rsa_suites : ecdsa_suites;
		struct pair *pair;

		if (!test_has_key(type))
			continue;
		pair = pair_new(type);
		only_tls12(pair);
		for (suite = 0; suite < 3; suite++) {
			for (group = 0; group < 4; group++) {
				uint16_t one[2] = { suites[suite], 0 };
				uint16_t only[2] = { groups[group], 0 };
				struct sluice_conn_info c, s;

				pair->client.config.suites = one;
				pair->server.config.groups = only;
				pair_reset(pair);
				assert_true(pair_handshake(pair));
				c = end_info(&pair->client);
				s = end_info(&pair->server);
				assert_int_equal(c.version, SLUICE_TLS_1_2);
				assert_int_equal(s.version, SLUICE_TLS_1_2);
				assert_int_equal(c.suite, one[0]);
				assert_int_equal(s.suite, one[0]);
				assert_int_equal(c.group, only[0]);
				assert_int_equal(c.signature, s.signature);
				assert_true(c.verified);
				assert_true(talk(pair));
			}
		}
		pair_free(pair);
	}
}


/* Who speaks what, and what comes of it; 0: no handshake. */
static void test_versions(void **state)
{
	static const struct {
		uint16_t client_min, client_max, server_min, server_max, got;
	} cases[] = {
		{ 0, 0, 0, 0, SLUICE_TLS_1_3 },
		{ SLUICE_TLS_1_2, 0, 0, 0, SLUICE_TLS_1_3 },
		{ 0, 0, SLUICE_TLS_1_2, 0, SLUICE_TLS_1_3 },
		{ SLUICE_TLS_1_2, 0, SLUICE_TLS_1_2, 0, SLUICE_TLS_1_3 },
		{ 0, SLUICE_TLS_1_2, SLUICE_TLS_1_2, 0, SLUICE_TLS_1_2 },
		{ SLUICE_TLS_1_2, 0, 0, SLUICE_TLS_1_2, SLUICE_TLS_1_2 },
		{ 0, SLUICE_TLS_1_2, 0, SLUICE_TLS_1_2, SLUICE_TLS_1_2 },
		{ 0, SLUICE_TLS_1_2, 0, 0, 0 },
		{ 0, 0, 0, SLUICE_TLS_1_2, 0 },
	};
	struct pair *pair = pair_new(KEY_P256);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pair->client.config.min_version = cases[i].client_min;
		pair->client.config.max_version = cases[i].client_max;
		pair->server.config.min_version = cases[i].server_min;
		pair->server.config.max_version = cases[i].server_max;
		pair_reset(pair);
		assert_int_equal(pair_handshake(pair), !!cases[i].got);
		if (cases[i].got) {
			assert_int_equal(end_info(&pair->client).version,
					 cases[i].got);
			assert_int_equal(end_info(&pair->server).version,
					 cases[i].got);
			assert_true(talk(pair));
			continue;
		}
		assert_int_equal(end_info(&pair->server).alert_sent,
				 SL_PROTOCOL_VERSION);
	}
	pair_free(pair);
}

static void test_config(void **state)
{
	static const uint16_t old[] = {
		SLUICE_ECDHE_RSA_AES_128_GCM_SHA256, 0
	};
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_config *config = &pair->client.config;

	(void)state;
	config->max_version = SLUICE_TLS_1_2;
	assert_null(sluice_config_check(config));
	config->min_version = SLUICE_TLS_1_3;
	assert_string_equal(sluice_config_check(config),
			    "min_version: is above max_version");
	config->min_version = 0x0302;
	assert_non_null(sluice_config_check(config));
	config->min_version = 0;
	config->max_version = 0;
	config->suites = old;
	assert_string_equal(sluice_config_check(config),
			    "suites: none of them is for min_version to max_version");
	config->min_version = SLUICE_TLS_1_2;
	assert_null(sluice_config_check(config));
	pair_free(pair);
}

/* The cipher suite has to be for the server's key; the client's order counts not. */
static void test_choice(void **state)
{
	static const uint16_t mixed[] = {
		SLUICE_ECDHE_RSA_AES_128_GCM_SHA256,
		SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, 0
	};
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	only_tls12(pair);
	pair->client.config.suites = mixed;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).suite, mixed[1]);
	/* nothing for an ECDSA key */
	pair->client.config.suites = rsa_suites;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_HANDSHAKE_FAILURE);
	pair_free(pair);
}

static void test_wishes(void **state)
{
	static const char *const ours[] = { "h2", "imap", NULL };
	static const char *const theirs[] = { "imap", NULL };
	static const char *const other[] = { "pop3", NULL };
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_conn_info info;

	(void)state;
	only_tls12(pair);
	pair->client.config.alpn = ours;
	pair->server.config.alpn = theirs;
	pair->client.config.record_limit = 100;
	pair->server.config.record_limit = 200;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_int_equal(info.alpn_len, 4);
	assert_memory_equal(info.alpn, "imap", 4);
	assert_int_equal(info.record_limit, 200);
	info = end_info(&pair->server);
	assert_memory_equal(info.alpn, "imap", 4);
	assert_memory_equal(info.sni, "localhost", 9);
	assert_int_equal(info.record_limit, 100);
	assert_true(talk(pair));

	/* who might have spoken TLS 1.3 has counted the content type */
	both_versions(&pair->client);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).version, SLUICE_TLS_1_2);
	assert_int_equal(end_info(&pair->server).record_limit, 101);
	assert_true(talk(pair));

	pair->client.config.record_limit = SLUICE_DATA_MAX;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).record_limit, SLUICE_DATA_MAX);

	pair->server.config.alpn = other;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_NO_APPLICATION_PROTOCOL);
	pair_free(pair);
}

/* Client certificates: Ed25519 signs all that was said, which takes memory. */
static void client_certificate(enum key_type type, size_t more)
{
	bool shown = type != KEY_ED25519 || more;
	struct pair *pair = pair_new(KEY_P256);
	struct identity client;
	unsigned int suite;

	only_tls12(pair);
	identity_make(&client, pair->real, type, "clientAuth", 86400);
	pair->client.config.credential = client.cred;
	pair->server.config.trust = client.trust;
	end_memory(&pair->client, sluice_conn_size() + more);
	end_memory(&pair->server, sluice_conn_size() + more);
	for (suite = 0; suite < 3; suite++) {
		uint16_t one[2] = { ecdsa_suites[suite], 0 };
		struct sluice_conn_info s;

		pair->client.config.suites = one;
		pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
		pair->seed = suite * 7;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		s = end_info(&pair->server);
		assert_int_equal(s.verified, shown);
		assert_int_equal(!!s.client_signature, shown);
		assert_int_equal(end_info(&pair->client).client_signature,
				 s.client_signature);
		if (type == KEY_P521)
			assert_int_equal(s.client_signature,
					 SLUICE_ECDSA_SECP384R1_SHA384);
		assert_true(talk(pair));

		pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
		pair_reset(pair);
		assert_int_equal(pair_handshake(pair), shown);
		if (!shown)
			assert_int_equal(end_info(&pair->server).alert_sent,
					 SL_HANDSHAKE_FAILURE);
	}
	/* the rest of the memory is TLS 1.3's again */
	pair->client.config.suites = NULL;
	both_versions(&pair->client);
	both_versions(&pair->server);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).version, SLUICE_TLS_1_3);
	assert_true(end_info(&pair->server).verified);
	pair_free(pair);
	identity_free(&client);
}

static void test_client_certificates(void **state)
{
	unsigned int type;

	(void)state;
	for (type = 0; type < KEY_TYPES; type++) {
		if (!test_has_key(type))
			continue;
		client_certificate(type, 0);
		client_certificate(type, 16384);
	}
}

/*
 * With whatever memory each side has, all was kept, or not enough, and it is said:
 * never is something else signed.
 */
static void test_kept(void **state)
{
	unsigned int shown = 0, none = 0, failed = 0;
	char usage[1024] = "clientAuth";
	struct sluice_conn_info c, s;
	struct identity client;
	struct pair *pair;
	size_t more;

	(void)state;
	if (!test_has_key(KEY_ED25519))
		skip();
	pair = pair_new(KEY_P256);
	only_tls12(pair);
	/* a long one: it is not known before how long it is */
	for (unsigned int i = 0; i < 60; i++)
		snprintf(usage + strlen(usage), 16, ",1.3.6.1.4.1.%u", i);
	identity_make(&client, pair->real, KEY_ED25519, usage, 86400);
	pair->client.config.credential = client.cred;
	pair->server.config.trust = client.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	for (more = 0; more < 2 * 8192; more += 32) {
		struct end *small = more < 8192 ? &pair->client : &pair->server;

		end_memory(&pair->client, sluice_conn_size() + 16384);
		end_memory(&pair->server, sluice_conn_size() + 16384);
		end_memory(small, sluice_conn_size() + more % 8192);
		pair_reset(pair);
		pair_handshake(pair);
		c = end_info(&pair->client);
		s = end_info(&pair->server);
		if (c.error || s.error) {
			assert_int_equal(end_info(small).error, SLUICE_ERR_MEMORY);
			assert_non_null(strstr(end_info(small).reason, "Ed25519"));
			failed++;
		} else {
			assert_int_equal(s.verified, !!c.client_signature);
			assert_true(talk(pair));
			shown += s.verified;
			none += !s.verified;
		}
	}
	if (shown < 100 || none < 10 || failed < 10)
		fail_msg("%u shown, %u not, %u failed", shown, none, failed);
	pair_free(pair);
	identity_free(&client);
}

/* A name that is not the certificate's, and an authority that nobody knows. */
static void test_trust(void **state)
{
	struct pair *pair = pair_new(KEY_RSA);
	struct identity other;

	(void)state;
	only_tls12(pair);
	pair->client.config.peer_name = "example.org";
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_CERTIFICATE);
	pair->client.config.peer_name = "localhost";
	identity_make(&other, pair->real, KEY_P256, NULL, 86400);
	pair->client.config.trust = other.trust;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_CERTIFICATE);
	pair_free(pair);
	identity_free(&other);
}

static void test_export(void **state)
{
	static uint8_t long_context[SLUICE_EXPORT_CONTEXT_MAX + 1];
	struct pair *pair = pair_new(KEY_P256);
	uint8_t a[100], b[100];

	(void)state;
	only_tls12(pair);
	pair_reset(pair);
	assert_int_equal(sluice_export(pair->client.conn, "EXPERIMENTAL", NULL,
				       0, a, sizeof(a)), -1);
	assert_true(pair_handshake(pair));
	assert_int_equal(sluice_export(pair->client.conn, "EXPERIMENTAL", NULL,
				       0, a, sizeof(a)), 0);
	assert_int_equal(sluice_export(pair->server.conn, "EXPERIMENTAL", NULL,
				       0, b, sizeof(b)), 0);
	assert_memory_equal(a, b, sizeof(a));
	/* an empty context is another than none (RFC 5705, section 4) */
	assert_int_equal(sluice_export(pair->server.conn, "EXPERIMENTAL", b, 0,
				       b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(sluice_export(pair->server.conn, "EXPERIMENTAL",
				       long_context, sizeof(long_context) - 1,
				       b, sizeof(b)), 0);
	assert_int_equal(sluice_export(pair->server.conn, "EXPERIMENTAL",
				       long_context, sizeof(long_context),
				       b, sizeof(b)), -1);
	pair_free(pair);
}

/* The log's one line, and what is handed over of the keys. */
static void test_secrets(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	unsigned int suite;

	(void)state;
	only_tls12(pair);
	for (suite = 0; suite < 3; suite++) {
		uint16_t one[2] = { ecdsa_suites[suite], 0 };
		bool gcm = suite < 2;
		struct sluice_secrets c, s;

		pair->client.config.suites = one;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_int_equal(pair->keylog_lines, 1);
		assert_memory_equal(pair->keylog[0], "CLIENT_RANDOM ", 14);
		assert_int_equal(strlen(pair->keylog[0]), 14 + 64 + 1 + 96);
		assert_true(talk(pair));
		assert_int_equal(sluice_conn_secrets(pair->client.conn, &c), 0);
		assert_int_equal(sluice_conn_secrets(pair->server.conn, &s), 0);
		assert_int_equal(c.version, SLUICE_TLS_1_2);
		assert_memory_equal(c.tx.key, s.rx.key, sizeof(c.tx.key));
		assert_memory_equal(c.rx.key, s.tx.key, sizeof(c.tx.key));
		assert_memory_equal(c.tx.iv, s.rx.iv, sizeof(c.tx.iv));
		/* Finished and some data */
		assert_int_equal(c.tx.seq, 2);
		assert_int_equal(s.rx.seq, 2);
		/* the next explicit nonce is the sequence number */
		if (gcm)
			assert_memory_equal(c.tx.iv + 4,
					    "\0\0\0\0\0\0\0\2", 8);
	}
	pair_free(pair);
}

static void test_no_updates(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	only_tls12(pair);
	pair->client.config.update_after = 1;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(sluice_key_update(pair->client.conn, false), -1);
	assert_true(talk(pair));
	assert_true(talk(pair));
	assert_int_equal(end_info(&pair->client).tx_key_updates, 0);
	pair_free(pair);
}

/* Much data in records of all sizes, through little room. */
static void test_bulk(void **state)
{
	static uint8_t data[200000];
	struct pair *pair = pair_new(KEY_P256);
	uint64_t seed = 4711;
	unsigned int suite;
	size_t i;

	(void)state;
	only_tls12(pair);
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)test_random(&seed);
	for (suite = 0; suite < 3; suite++) {
		uint16_t one[2] = { ecdsa_suites[suite], 0 };

		pair->client.config.suites = one;
		pair->room = SLUICE_OUT_MIN;
		pair->seed = 7;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_true(pair_send(pair, &pair->client, data, 20000));
		pair->room = 0;
		assert_true(pair_send(pair, &pair->client, data, sizeof(data)));
		assert_true(pair_send(pair, &pair->server, data, sizeof(data)));
	}
	pair_free(pair);
}

static void only_once(struct pair *pair, bool resumed)
{
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).version, SLUICE_TLS_1_2);
	assert_int_equal(end_info(&pair->client).resumed, resumed);
	assert_int_equal(end_info(&pair->server).resumed, resumed);
	assert_true(end_info(&pair->client).verified);
	assert_true(talk(pair));
}

static void test_tickets(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	unsigned int suite;

	(void)state;
	only_tls12(pair);
	pair_use_tickets(pair);
	for (suite = 0; suite < 3; suite++) {
		uint16_t one[2] = { ecdsa_suites[suite], 0 };

		pair->client.config.suites = one;
		pair->ticket_count = 0;
		pair->seen_count = 0;
		only_once(pair, false);
		/* each gets a new one, and is used once */
		only_once(pair, true);
		only_once(pair, true);
		assert_int_equal(pair->ticket_count, 1);
		assert_int_equal(pair->seen_count, 2);
	}
	/* a client that could do better takes a ticket of TLS 1.2, too */
	both_versions(&pair->client);
	pair->client.config.suites = NULL;
	only_once(pair, true);
	/* but it is no pre-shared key of TLS 1.3 */
	both_versions(&pair->server);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).version, SLUICE_TLS_1_3);
	assert_false(end_info(&pair->client).resumed);
	end_settle(&pair->client);
	/* nor the other way round */
	pair->server.config.max_version = SLUICE_TLS_1_2;
	only_once(pair, false);
	pair_free(pair);
}

/* What makes a full handshake of it. */
static void test_refused_tickets(void **state)
{
	static const uint16_t other[] = {
		SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256, 0
	};
	struct pair *pair = pair_new(KEY_P256);
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t len;

	(void)state;
	only_tls12(pair);
	pair_use_tickets(pair);
	only_once(pair, false);
	len = pair->ticket_len[0];
	memcpy(ticket, pair->tickets[0], len);
	only_once(pair, true);

	/* used before */
	memcpy(pair->tickets[0], ticket, len);
	only_once(pair, false);
	/* another name: the certificate is for both */
	pair->ticket_count = 0;
	only_once(pair, false);
	pair->client.config.peer_name = "127.0.0.1";
	only_once(pair, false);
	pair->client.config.peer_name = "localhost";
	/* too old for the client, and for the server alone */
	pair->ticket_count = 0;
	only_once(pair, false);
	pair->now += 7201 * 1000;
	only_once(pair, false);
	pair->server.config.ticket_lifetime = 100;
	pair->now += 101 * 1000;
	only_once(pair, false);
	pair->server.config.ticket_lifetime = 0;
	/* the suite is not offered any more, or not wanted */
	pair->ticket_count = 0;
	only_once(pair, false);
	pair->client.config.suites = other;
	only_once(pair, false);
	pair->client.config.suites = NULL;
	pair->ticket_count = 0;
	only_once(pair, false);
	pair->server.config.suites = other;
	only_once(pair, false);
	pair->server.config.suites = NULL;
	/* octets that are no ticket */
	pair->ticket_count = 0;
	only_once(pair, false);
	pair->tickets[0][pair->ticket_len[0] - 3] ^= 1;
	only_once(pair, false);
	/* the keys have changed */
	pair->ticket_key.name[0]++;
	pair->ticket_key.key[0]++;
	only_once(pair, false);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_wishes),
		cmocka_unit_test(test_client_certificates),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_trust),
		cmocka_unit_test(test_export),
		cmocka_unit_test(test_secrets),
		cmocka_unit_test(test_no_updates),
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_refused_tickets),
	};

	return cmocka_run_group_tests_name("tls12", tests, NULL, NULL);
}
