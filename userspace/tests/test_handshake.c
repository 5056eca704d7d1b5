// SPDX-License-Identifier: MIT
/* The client against the server: what they agree on, and what they refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"

static const uint16_t all_suites[] = {
	SLUICE_AES_128_GCM_SHA256, SLUICE_AES_256_GCM_SHA384,
	SLUICE_CHACHA20_POLY1305_SHA256,
};

static const uint16_t all_groups[] = {
	SLUICE_X25519MLKEM768, SLUICE_SECP256R1MLKEM768, SLUICE_X25519,
	SLUICE_SECP256R1, SLUICE_SECP384R1, SLUICE_SECP521R1,
};

static const uint16_t only_x25519[] = { SLUICE_X25519, 0 };
static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t only_p384[] = { SLUICE_SECP384R1, 0 };
static const uint16_t only_aes128[] = { SLUICE_AES_128_GCM_SHA256, 0 };
static const uint16_t only_aes256[] = { SLUICE_AES_256_GCM_SHA384, 0 };
static const uint16_t only_chacha[] = { SLUICE_CHACHA20_POLY1305_SHA256, 0 };

/* Places in what the client stores: see parse_stored() in tickets.c. */
#define STORED_TIME	4
#define STORED_PSK	21

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static bool has_group(const struct pair *pair, uint16_t group)
{
	return pair->real->group_offered(pair->real, group);
}

static void test_all_combinations(void **state)
{
	enum key_type type;
	size_t s, g;

	(void)state;
	for (type = 0; type < KEY_TYPES; type++) {
		struct pair *pair;

		if (!test_has_key(type))
			continue;
		pair = pair_new(type);
		for (s = 0; s < COUNT(all_suites); s++) {
			for (g = 0; g < COUNT(all_groups); g++) {
				uint16_t suites[] = { all_suites[s], 0 };
				uint16_t groups[] = { all_groups[g], 0 };
				struct sluice_conn_info info;

				if (!has_group(pair, all_groups[g]))
					continue;
				pair->client.config.suites = suites;
				pair->client.config.groups = groups;
				pair_reset(pair);
				assert_true(pair_handshake(pair));
				info = end_info(&pair->client);
				assert_int_equal(info.suite, all_suites[s]);
				assert_int_equal(info.group, all_groups[g]);
				assert_true(info.verified);
				assert_false(info.resumed);
				assert_false(info.retried);
				info = end_info(&pair->server);
				assert_int_equal(info.suite, all_suites[s]);
				assert_int_equal(info.group, all_groups[g]);
				assert_int_equal(info.sni_len, 9);
				assert_memory_equal(info.sni, "localhost", 9);
				assert_true(pair_send(pair, &pair->client,
						      (uint8_t *)"up", 2));
				assert_true(pair_send(pair, &pair->server,
						      (uint8_t *)"down", 4));
			}
		}
		pair->client.config.suites = NULL;
		pair->client.config.groups = NULL;
		pair_free(pair);
	}
}

/* The share of the curve in it makes a round trip unnecessary. */
static void test_default_is_hybrid(void **state)
{
	static const uint16_t hybrid[] = {
		SLUICE_SECP256R1MLKEM768, SLUICE_SECP256R1, 0
	};
	struct pair *pair = pair_new(KEY_P256);
	uint16_t best = has_group(pair, SLUICE_X25519MLKEM768) ?
			SLUICE_X25519MLKEM768 : SLUICE_X25519;

	(void)state;
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).group, best);
	pair->server.config.groups = only_x25519;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).group, SLUICE_X25519);
	assert_false(end_info(&pair->client).retried);
	pair->client.config.groups = hybrid;
	pair->server.config.groups = only_p256;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).group, SLUICE_SECP256R1);
	assert_false(end_info(&pair->client).retried);
	pair_free(pair);
}

static void test_retry(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	size_t s;

	(void)state;
	for (s = 0; s < COUNT(all_suites); s++) {
		uint16_t suites[] = { all_suites[s], 0 };

		pair->client.config.suites = suites;
		pair->server.config.groups = only_p384;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_true(end_info(&pair->client).retried);
		assert_true(end_info(&pair->server).retried);
		assert_int_equal(end_info(&pair->server).group,
				 SLUICE_SECP384R1);
		assert_true(pair_send(pair, &pair->client, (uint8_t *)"x", 1));
	}
	pair_free(pair);
}

static void test_resumption(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	size_t s;

	(void)state;
	pair_use_tickets(pair);
	for (s = 0; s < COUNT(all_suites); s++) {
		uint16_t suites[] = { all_suites[s], 0 };
		int retry;

		pair->client.config.suites = suites;
		for (retry = 0; retry < 2; retry++) {
			pair->server.config.groups = NULL;
			pair->ticket_count = 0;
			pair_reset(pair);
			assert_true(pair_handshake(pair));
			end_settle(&pair->client);
			assert_int_equal(pair->ticket_count, 2);
			assert_int_equal(end_info(&pair->server).tickets, 2);
			assert_false(end_info(&pair->client).resumed);
			if (retry)
				pair->server.config.groups = only_p256;
			pair->now += 5000;
			pair_reset(pair);
			assert_true(pair_handshake(pair));
			assert_true(end_info(&pair->client).resumed);
			assert_true(end_info(&pair->client).verified);
			assert_true(end_info(&pair->server).resumed);
			assert_int_equal(end_info(&pair->client).retried,
					 retry);
			assert_true(pair_send(pair, &pair->server,
					      (uint8_t *)"again", 5));
			end_settle(&pair->client);
			/* one was used, one came new */
			assert_int_equal(pair->ticket_count, 2);
		}
	}
	pair_free(pair);
}

/* A full handshake is what comes of every ticket that does not count. */
static void expect_full(struct pair *pair)
{
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_false(end_info(&pair->client).resumed);
	assert_false(end_info(&pair->server).resumed);
	assert_true(end_info(&pair->client).verified);
	/* keep the new ones only */
	pair->ticket_count = 0;
	end_settle(&pair->client);
}

static void test_tickets_that_do_not_count(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	uint8_t ticket[SLUICE_TICKET_MAX];
	struct sluice_ticket_key key = pair->ticket_key;
	size_t len;

	(void)state;
	pair_use_tickets(pair);
	expect_full(pair);

	/* used twice: the server remembers */
	len = pair->ticket_len[1];
	memcpy(ticket, pair->tickets[1], len);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(end_info(&pair->server).resumed);
	memcpy(pair->tickets[0], ticket, len);
	pair->ticket_len[0] = len;
	pair->ticket_count = 1;
	expect_full(pair);

	/* too old, for the client and for the server */
	pair->server.config.ticket_lifetime = 7201;
	pair->ticket_count = 0;
	expect_full(pair);
	pair->server.config.ticket_lifetime = 604800;
	pair->now += 7201 * 1000 + 1;
	expect_full(pair);
	pair->server.config.ticket_lifetime = 3600;
	pair->now += 3601 * 1000;
	expect_full(pair);

	/* the client says it is older than it is: two minutes */
	for (len = 0; len < pair->ticket_count; len++) {
		size_t i;

		for (i = 0; i < 8; i++)
			pair->tickets[len][STORED_TIME + i] =
				(uint8_t)((pair->now - 120000) >> (56 - 8 * i));
	}
	expect_full(pair);

	/* from the future */
	pair->now -= 1000 * 1000;
	expect_full(pair);
	pair->now += 2000 * 1000;
	pair->ticket_count = 0;
	expect_full(pair);

	/* for another server */
	pair->client.config.peer_name = "127.0.0.1";
	expect_full(pair);
	pair->client.config.peer_name = "localhost";
	pair->ticket_count = 0;
	expect_full(pair);

	/* under a key that is no more, or is another by now */
	pair->ticket_key.name[0] ^= 1;
	expect_full(pair);
	pair->ticket_key.key[0] ^= 1;
	expect_full(pair);
	pair->ticket_key = key;

	/* of a server that takes none any more */
	expect_full(pair);
	pair->server.config.ticket_key = NULL;
	expect_full(pair);

	/* of a suite with another hash than the one that both want now */
	pair_use_tickets(pair);
	pair->ticket_count = 0;
	expect_full(pair);
	pair->server.config.suites = only_chacha;
	expect_full(pair);
	pair_free(pair);
}

static void test_wrong_psk(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	expect_full(pair);
	pair->tickets[1][STORED_PSK] ^= 1;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).alert_sent, SL_DECRYPT_ERROR);
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_CRYPTO);
	pair_free(pair);
}

static void test_unverified_ticket(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair_use_tickets(pair);
	pair->client.config.no_verify = true;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_false(end_info(&pair->client).verified);
	end_settle(&pair->client);
	/* it must not pass for a verified one */
	pair->client.config.no_verify = false;
	expect_full(pair);
	pair_free(pair);
}

static void test_alpn(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	const char *both[] = { "h2", "http/1.1", NULL };
	const char *one[] = { "http/1.1", NULL };
	const char *other[] = { "imap", NULL };
	struct sluice_conn_info info;

	(void)state;
	pair->client.config.alpn = both;
	pair->server.config.alpn = one;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_int_equal(info.alpn_len, 8);
	assert_memory_equal(info.alpn, "http/1.1", 8);
	info = end_info(&pair->server);
	assert_int_equal(info.alpn_len, 8);

	/* only one side uses it */
	pair->server.config.alpn = NULL;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_null(end_info(&pair->client).alpn);
	pair->client.config.alpn = NULL;
	pair->server.config.alpn = one;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_null(end_info(&pair->client).alpn);

	pair->client.config.alpn = other;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_NO_APPLICATION_PROTOCOL);
	assert_int_equal(end_info(&pair->client).alert_received,
			 SL_NO_APPLICATION_PROTOCOL);
	pair_free(pair);
}

static void expect_refusal(struct pair *pair, struct end *by, int alert,
			   enum sluice_error error)
{
	struct end *other = by == &pair->client ? &pair->server : &pair->client;

	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(by->status, SLUICE_ERROR);
	assert_int_equal(end_info(by).alert_sent, alert);
	assert_int_equal(end_info(by).error, error);
	assert_true(strlen(end_info(by).reason) > 0);
	assert_int_equal(end_info(other).alert_received, alert);
	assert_int_equal(end_info(other).error, SLUICE_ERR_ALERT);
	assert_int_equal(end_info(other).alert_sent, -1);
}

static void test_nothing_in_common(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair->client.config.suites = only_aes128;
	pair->server.config.suites = only_aes256;
	expect_refusal(pair, &pair->server, SL_HANDSHAKE_FAILURE,
		       SLUICE_ERR_NEGOTIATION);
	pair->client.config.suites = NULL;
	pair->client.config.groups = only_x25519;
	pair->server.config.groups = only_p256;
	expect_refusal(pair, &pair->server, SL_HANDSHAKE_FAILURE,
		       SLUICE_ERR_NEGOTIATION);
	pair_free(pair);
}

static void test_names(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct pair *other = pair_new(KEY_P256);

	(void)state;
	pair->client.config.peer_name = "127.0.0.1";
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	/* an address is not an SNI */
	assert_null(end_info(&pair->server).sni);
	pair->client.config.peer_name = "127.0.0.2";
	expect_refusal(pair, &pair->client, SL_BAD_CERTIFICATE,
		       SLUICE_ERR_CERTIFICATE);
	pair->client.config.peer_name = "example.org";
	expect_refusal(pair, &pair->client, SL_BAD_CERTIFICATE,
		       SLUICE_ERR_CERTIFICATE);
	/* nobody vouches for it */
	pair->client.config.peer_name = "localhost";
	pair->client.config.trust = other->identity.trust;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error,
			 SLUICE_ERR_CERTIFICATE);
	/* too early, and too late */
	pair->client.config.trust = pair->identity.trust;
	pair->now -= (uint64_t)86400 * 1000;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_CERTIFICATE);
	pair->now += (uint64_t)3 * 86400 * 1000;
	expect_refusal(pair, &pair->client, SL_CERTIFICATE_EXPIRED,
		       SLUICE_ERR_CERTIFICATE);
	/* whoever does not look does not see */
	pair->client.config.no_verify = true;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_false(end_info(&pair->client).verified);
	pair_free(pair);
	pair_free(other);
}

static void test_any_chunks(void **state)
{
	struct pair *pair = pair_new(KEY_RSA);
	size_t i;

	(void)state;
	pair_use_tickets(pair);
	pair->chunk = 1;
	pair->room = SLUICE_OUT_MIN;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	pair->chunk = 0;
	for (i = 1; i <= 100; i++) {
		pair->seed = i;
		pair->room = SLUICE_OUT_MIN + (size_t)(i * 37 % 1000);
		if (i % 2)
			pair->ticket_count = 0;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_int_equal(end_info(&pair->client).resumed, i % 2 == 0);
		assert_true(pair_send(pair, &pair->server,
				      (const uint8_t *)"hello", 5));
		end_settle(&pair->client);
	}
	pair_free(pair);
}

/* The key log of a client and a server must name the same secrets. */
static void test_keylog(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	static const char *const labels[] = {
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET ",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET ",
		"CLIENT_TRAFFIC_SECRET_0 ",
		"SERVER_TRAFFIC_SECRET_0 ",
		"EXPORTER_SECRET ",
	};
	struct sluice_secrets client, server;
	size_t i;

	(void)state;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(pair->keylog_lines, 5);
	for (i = 0; i < 5; i++) {
		assert_memory_equal(pair->keylog[i], labels[i],
				    strlen(labels[i]));
		assert_int_equal(strlen(pair->keylog[i]),
				 strlen(labels[i]) + 64 + 1 + 96);
	}
	assert_int_equal(sluice_conn_secrets(pair->client.conn, &client), 0);
	assert_int_equal(sluice_conn_secrets(pair->server.conn, &server), 0);
	assert_int_equal(client.suite, server.suite);
	assert_memory_equal(&client.tx, &server.rx, sizeof(client.tx));
	assert_memory_equal(&client.rx, &server.tx, sizeof(client.rx));
	assert_memory_not_equal(&client.rx, &client.tx, sizeof(client.rx));
	assert_int_equal(client.tx.seq, 0);
	pair_free(pair);
}

static void test_config_check(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_config good = pair->client.config, c;
	char name[300];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[299] = 0;
#define REFUSED(field, value) do { \
		c = good; \
		c.field = value; \
		assert_non_null(sluice_config_check(&c)); \
		assert_null(sluice_conn_init(pair->client.mem, \
					     sluice_conn_size(), &c)); \
	} while (0)
	end_info(&pair->client);
	sluice_conn_free(pair->client.conn);
	REFUSED(provider, NULL);
	REFUSED(now, NULL);
	REFUSED(trust, NULL);
	REFUSED(peer_name, NULL);
	REFUSED(peer_name, "");
	REFUSED(peer_name, ".");
	REFUSED(peer_name, name);
	REFUSED(role, (enum sluice_role)7);
	REFUSED(suites, ((uint16_t[]){ 0 }));
	REFUSED(suites, ((uint16_t[]){ 0x1304, 0 }));
	REFUSED(groups, ((uint16_t[]){ 0 }));
	REFUSED(groups, ((uint16_t[]){ 0x001e, 0 }));
	REFUSED(alpn, ((const char *[]){ NULL }));
	REFUSED(alpn, ((const char *[]){ "", NULL }));
	REFUSED(alpn, ((const char *[]){ name, NULL }));
	good = pair->server.config;
	REFUSED(credential, NULL);
	REFUSED(ticket_lifetime, 604801);
	REFUSED(ticket_count, 9);
	assert_null(sluice_config_check(&good));
	assert_null(sluice_conn_init(pair->client.mem, sluice_conn_size() - 1,
				     &good));
	assert_null(sluice_conn_init((char *)pair->client.mem + 1,
				     sluice_conn_size(), &good));
	pair->client.conn = NULL;
	pair_free(pair);
}

/* Peers of before TLS 1.3, and somebody who only makes it look so. */
static void test_older_peers(void **state)
{
	uint8_t hello[49] = { 22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3 };
	uint8_t client_hello[52] = { 22, 3, 1, 0, 47, 1, 0, 0, 43, 3, 3 };
	static const struct {
		const char *tail;
		int alert;
	} cases[] = {
		{ "nothing.", SL_PROTOCOL_VERSION },
		{ "DOWNGRD\1", SL_ILLEGAL_PARAMETER },
		{ "DOWNGRD\0", SL_ILLEGAL_PARAMETER },
		{ "DOWNGRD\2", SL_PROTOCOL_VERSION },
	};
	struct pair *pair = pair_new(KEY_P256);
	uint8_t in[49], out[4096];
	size_t i;

	(void)state;
	/* after the random: no session identifier, ECDHE, no compression */
	hello[44] = 0xc0;
	hello[45] = 0x2f;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t in_len = 0, out_len = sizeof(out);

		pair_reset(pair);
		sluice_handshake(pair->client.conn, NULL, &in_len, out,
				 &out_len);
		memcpy(hello + 35, cases[i].tail, 8);
		memcpy(in, hello, sizeof(in));
		in_len = sizeof(hello);
		out_len = sizeof(out);
		assert_int_equal(sluice_handshake(pair->client.conn, in,
						  &in_len, out, &out_len),
				 SLUICE_ERROR);
		assert_int_equal(end_info(&pair->client).alert_sent,
				 cases[i].alert);
	}
	/* one suite, no compression, and the message ends */
	client_hello[45] = 2;
	client_hello[46] = 0xc0;
	client_hello[47] = 0x2f;
	client_hello[48] = 1;
	client_hello[4] = 45;
	client_hello[8] = 41;
	i = 50;
	pair_reset(pair);
	{
		size_t out_len = sizeof(out);

		assert_int_equal(sluice_handshake(pair->server.conn,
						  client_hello, &i, out,
						  &out_len), SLUICE_ERROR);
	}
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_PROTOCOL_VERSION);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_combinations),
		cmocka_unit_test(test_default_is_hybrid),
		cmocka_unit_test(test_retry),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_tickets_that_do_not_count),
		cmocka_unit_test(test_wrong_psk),
		cmocka_unit_test(test_unverified_ticket),
		cmocka_unit_test(test_alpn),
		cmocka_unit_test(test_nothing_in_common),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_any_chunks),
		cmocka_unit_test(test_keylog),
		cmocka_unit_test(test_older_peers),
		cmocka_unit_test(test_config_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
