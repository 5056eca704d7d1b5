// SPDX-License-Identifier: MIT
/*
 * Certificates chosen, signatures made and peers judged by the caller, in a
 * callback or between two calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"
#include "sluice/async.h"
#include "sluice/compress.h"

#define ALL	(SLUICE_ASYNC_CREDENTIAL | SLUICE_ASYNC_SIGNATURE | \
		 SLUICE_ASYNC_VERDICT)
#define KINDS	3

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t x25519_p256[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };

/* How often each was wanted, by role. */
static unsigned int wanted[2][KINDS];

static struct pair *mutual(struct identity *id, enum key_type type)
{
	memset(wanted, 0, sizeof(wanted));
	return pair_mutual(id, type);
}

static void end(struct pair *pair, struct identity *id)
{
	pair_free(pair);
	identity_free(id);
}

static void sign(const struct sluice_provider *p,
		 const struct sluice_signature_request *r, uint8_t *sig,
		 size_t *len)
{
	assert_int_equal(p->sign(p, r->credential, r->scheme, r->data, r->len,
				 sig, len), 0);
}

static void check_request(const struct end *e,
			  const struct sluice_credential_request *r)
{
	assert_int_equal(r->role, e->config.role);
	assert_ptr_equal(r->provider, e->config.provider);
	assert_int_equal(r->server_name_len, 9);
	assert_memory_equal(r->server_name, "localhost", 9);
	assert_int_equal(r->alpn_len, 2);
	assert_memory_equal(r->alpn, "h2", 2);
	assert_true(r->schemes.len && r->schemes.len % 2 == 0);
	if (e->config.role == SLUICE_SERVER) {
		assert_int_equal(r->alpn_offered.len, 3);
		assert_memory_equal(r->alpn_offered.data, "\2h2", 3);
	}
	assert_true(sluice_credential_fits(r, e->config.credential));
}

static bool give(struct end *e)
{
	struct sluice_credential_request credential;

	wanted[e->config.role][e->status - SLUICE_WANT_CREDENTIAL]++;
	if (!sluice_wanted_credential(e->conn, &credential))
		check_request(e, &credential);
	return end_give(e);
}

static void asynchronous(struct end *e, unsigned int what, bool (*how)(struct end *))
{
	e->config.async = what;
	e->give = how;
}

static void expect_mutual(struct pair *pair)
{
	struct sluice_conn_info client, server;

	pair_reset(pair);
	assert_true(pair_handshake(pair));
	client = end_info(&pair->client);
	server = end_info(&pair->server);
	assert_true(client.verified && server.verified);
	assert_true(client.signature && client.client_signature);
	assert_int_equal(client.signature, server.signature);
	assert_int_equal(client.client_signature, server.client_signature);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
}

static void test_every_part(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256);
	const struct sluice_compression *const *packed = sluice_compressions();
	unsigned int what, i;

	(void)state;
	if (!*packed)
		packed = NULL;
	pair->server.config.groups = only_p256;
	for (what = 0; what <= ALL << 3; what++) {
		memset(wanted, 0, sizeof(wanted));
		asynchronous(&pair->client, what & ALL, give);
		asynchronous(&pair->server, what >> 3 & ALL, give);
		/* every second time after a HelloRetryRequest */
		pair->client.config.groups = what & 1 ? x25519_p256 : NULL;
		pair->client.config.compressions = what & 8 ? packed : NULL;
		pair->server.config.compressions = packed;
		pair->seed = what & 2 ? what : 0;
		pair->room = what & 4 ? SLUICE_OUT_MIN : 0;
		expect_mutual(pair);
		for (i = 0; i < KINDS; i++) {
			assert_int_equal(wanted[SLUICE_CLIENT][i], what >> i & 1);
			assert_int_equal(wanted[SLUICE_SERVER][i],
					 what >> (i + 3) & 1);
		}
	}
	end(pair, &id);
}

static void test_all_keys(void **state)
{
	enum key_type type;
	size_t i;

	(void)state;
	for (type = 0; type < KEY_TYPES; type++) {
		struct identity id;
		struct pair *pair;

		if (!test_has_key(type))
			continue;
		pair = mutual(&id, type);

		asynchronous(&pair->client, ALL, give);
		asynchronous(&pair->server, ALL, give);
		expect_mutual(pair);
		pair->client.config.max_version = SLUICE_TLS_1_2;
		pair->server.config.min_version = SLUICE_TLS_1_2;
		/* for what Ed25519 signs */
		end_memory(&pair->client, sluice_conn_size() + 16384);
		end_memory(&pair->server, sluice_conn_size() + 16384);
		memset(wanted, 0, sizeof(wanted));
		expect_mutual(pair);
		for (i = 0; i < KINDS; i++) {
			assert_int_equal(wanted[SLUICE_CLIENT][i], 1);
			assert_int_equal(wanted[SLUICE_SERVER][i], 1);
		}
		end(pair, &id);
	}
}

/* Of a resumed connection nothing is wanted. */
static void test_resumed(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256);

	(void)state;
	asynchronous(&pair->client, ALL, give);
	asynchronous(&pair->server, ALL, give);
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	pair_use_tickets(pair);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	assert_int_equal(pair->ticket_count, 2);
	memset(wanted, 0, sizeof(wanted));
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(end_info(&pair->client).resumed);
	assert_true(end_info(&pair->client).verified);
	assert_int_equal(wanted[SLUICE_CLIENT][2] + wanted[SLUICE_SERVER][0] +
			 wanted[SLUICE_SERVER][1], 0);
	end(pair, &id);
}

/* On until a side wants this. */
static void until(struct pair *pair, struct end *e, enum sluice_status what)
{
	asynchronous(&pair->client, e == &pair->client ? ALL : 0, NULL);
	asynchronous(&pair->server, e == &pair->server ? ALL : 0, NULL);
	pair_reset(pair);
	pair_handshake(pair);
	while (e->status != what) {
		assert_true(end_wants(e));
		assert_true(give(e));
		pair_handshake(pair);
	}
}

static void expect_nothing_wanted(struct end *e)
{
	struct sluice_credential_request credential;
	struct sluice_signature_request signature;
	struct sluice_verdict_request verdict;

	assert_int_equal(sluice_wanted_credential(e->conn, &credential), -1);
	assert_int_equal(sluice_wanted_signature(e->conn, &signature), -1);
	assert_int_equal(sluice_wanted_verdict(e->conn, &verdict), -1);
	assert_int_equal(sluice_give_credential(e->conn, e->config.credential), -1);
	assert_int_equal(sluice_give_signature(e->conn, (uint8_t *)"x", 1), -1);
	assert_int_equal(sluice_give_signature(e->conn, NULL, 0), -1);
	assert_int_equal(sluice_give_verdict(e->conn, 0, NULL), -1);
	assert_int_equal(sluice_give_verdict(e->conn, 42, NULL), -1);
}

/* Everything but what is wanted is refused, and changes nothing. */
static void expect_others_refused(struct end *e, enum sluice_status what)
{
	uint8_t big[SLUICE_SIGNATURE_MAX + 1] = { 0 };

	if (what != SLUICE_WANT_CREDENTIAL)
		assert_int_equal(sluice_give_credential(e->conn, NULL), -1);
	if (what != SLUICE_WANT_SIGNATURE)
		assert_int_equal(sluice_give_signature(e->conn, NULL, 0), -1);
	if (what != SLUICE_WANT_VERDICT)
		assert_int_equal(sluice_give_verdict(e->conn, 42, NULL), -1);
	assert_int_equal(sluice_give_signature(e->conn, big, 0), -1);
	assert_int_equal(sluice_give_signature(e->conn, big, sizeof(big)), -1);
	assert_int_equal(sluice_give_verdict(e->conn, 256, NULL), -1);
}

static const enum sluice_status kinds[KINDS] = {
	SLUICE_WANT_CREDENTIAL, SLUICE_WANT_SIGNATURE, SLUICE_WANT_VERDICT,
};

static void test_misuse(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, test_steady_key());
	struct end *ends[] = { &pair->client, &pair->server };
	uint8_t in[10] = { 22, 3, 3, 0, 5 }, out[100];
	size_t i, k, in_len, out_len;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct end *e = ends[i];

		pair_reset(pair);
		expect_nothing_wanted(e);
		for (k = 0; k < KINDS; k++) {
			until(pair, e, kinds[k]);
			expect_others_refused(e, kinds[k]);
			/* it stays so, and takes nothing in */
			in_len = sizeof(in);
			out_len = sizeof(out);
			assert_int_equal(sluice_handshake(e->conn, in, &in_len,
							  out, &out_len),
					 kinds[k]);
			assert_int_equal(in_len, 0);
			assert_int_equal(out_len, 0);
			assert_true(give(e));
			/* not twice */
			expect_nothing_wanted(e);
			e->give = give;
			assert_true(pair_handshake(pair));
			expect_nothing_wanted(e);
		}
	}
	end(pair, &id);
}

/* The connection ends, one way or another, while something is outstanding. */
static void test_ends_early(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256);
	struct end *ends[] = { &pair->client, &pair->server };
	size_t i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		for (k = 0; k < KINDS; k++) {
			/* freed: pair_reset() looks that nothing is left */
			until(pair, ends[i], kinds[k]);
			pair_reset(pair);
			/* the peer has gone */
			until(pair, ends[i], kinds[k]);
			assert_int_equal(sluice_eof(ends[i]->conn),
					 SLUICE_ERROR);
			expect_nothing_wanted(ends[i]);
			/* we go, and an answer comes nevertheless */
			until(pair, ends[i], kinds[k]);
			sluice_close(ends[i]->conn);
			assert_true(give(ends[i]));
			pair_handshake(pair);
			assert_int_equal(ends[i]->status, SLUICE_ERROR);
			assert_int_equal(end_info(ends[i]).error,
					 SLUICE_ERR_USE);
			expect_nothing_wanted(ends[i]);
		}
	}
	end(pair, &id);
}

static void expect_failure(struct pair *pair, struct end *e,
			   enum sluice_error error, int alert)
{
	struct sluice_conn_info info;

	assert_false(pair_handshake(pair));
	info = end_info(e);
	assert_int_equal(e->status, SLUICE_ERROR);
	assert_int_equal(info.error, error);
	assert_int_equal(info.alert_sent, alert);
	assert_false(info.verified && error == SLUICE_ERR_CERTIFICATE);
	assert_true(strlen(info.reason) > 0);
	expect_nothing_wanted(e);
}

static void test_refusals(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256);
	struct end *ends[] = { &pair->client, &pair->server };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct end *e = ends[i];

		until(pair, e, SLUICE_WANT_SIGNATURE);
		assert_int_equal(sluice_give_signature(e->conn, NULL, 0), 0);
		expect_failure(pair, e, SLUICE_ERR_PROVIDER, SL_INTERNAL_ERROR);
		until(pair, e, SLUICE_WANT_VERDICT);
		assert_int_equal(sluice_give_verdict(e->conn,
						     SL_CERTIFICATE_REVOKED,
						     "it was stolen"), 0);
		expect_failure(pair, e, SLUICE_ERR_CERTIFICATE,
			       SL_CERTIFICATE_REVOKED);
		assert_string_equal(end_info(e).reason, "it was stolen");
		until(pair, e, SLUICE_WANT_VERDICT);
		assert_int_equal(sluice_give_verdict(e->conn, SL_UNKNOWN_CA,
						     NULL), 0);
		expect_failure(pair, e, SLUICE_ERR_CERTIFICATE, SL_UNKNOWN_CA);
		until(pair, e, SLUICE_WANT_VERDICT);
		assert_int_equal(sluice_give_verdict(e->conn, -1, "hm"), 0);
		expect_failure(pair, e, SLUICE_ERR_PROVIDER, SL_INTERNAL_ERROR);
	}
	/* no certificate: the one goes on without, the other can't */
	until(pair, &pair->client, SLUICE_WANT_CREDENTIAL);
	assert_int_equal(sluice_give_credential(pair->client.conn, NULL), 0);
	pair->client.give = give;
	expect_failure(pair, &pair->server, SLUICE_ERR_CERTIFICATE,
		       SL_CERTIFICATE_REQUIRED);
	until(pair, &pair->server, SLUICE_WANT_CREDENTIAL);
	assert_int_equal(sluice_give_credential(pair->server.conn, NULL), 0);
	expect_failure(pair, &pair->server, SLUICE_ERR_NEGOTIATION,
		       SL_UNRECOGNIZED_NAME);
	pair->client.config.peer_name = "127.0.0.1";	/* no SNI */
	until(pair, &pair->server, SLUICE_WANT_CREDENTIAL);
	assert_int_equal(sluice_give_credential(pair->server.conn, NULL), 0);
	expect_failure(pair, &pair->server, SLUICE_ERR_NEGOTIATION,
		       SL_HANDSHAKE_FAILURE);
	end(pair, &id);
}

/* Whoever signs, it is the peer that looks whether it is right. */
static void test_wrong_signature(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P384);
	struct end *ends[] = { &pair->client, &pair->server };
	struct sluice_signature_request r;
	uint8_t sig[SLUICE_SIGNATURE_MAX];
	size_t i, len;

	(void)state;
	for (i = 0; i < 2; i++) {
		until(pair, ends[i], SLUICE_WANT_SIGNATURE);
		assert_int_equal(sluice_wanted_signature(ends[i]->conn, &r), 0);
		sign(pair->real, &r, sig, &len);
		sig[len - 1] ^= 1;
		assert_int_equal(sluice_give_signature(ends[i]->conn, sig, len), 0);
		ends[i]->give = give;
		pair_handshake(pair);
		assert_int_equal(end_info(ends[!i]).alert_sent, SL_DECRYPT_ERROR);
		/* one of the other side's, which is right */
		until(pair, ends[i], SLUICE_WANT_SIGNATURE);
		assert_int_equal(sluice_wanted_signature(ends[i]->conn, &r), 0);
		r.credential = ends[!i]->config.credential;
		sign(pair->real, &r, sig, &len);
		assert_int_equal(sluice_give_signature(ends[i]->conn, sig, len), 0);
		ends[i]->give = give;
		pair_handshake(pair);
		assert_int_equal(end_info(ends[!i]).alert_sent, SL_DECRYPT_ERROR);
	}
	end(pair, &id);
}

/* Every call of the provider fails once, also those after an answer. */
static void test_provider_fails(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, test_steady_key());
	struct end *ends[] = { &pair->client, &pair->server };
	size_t i;
	long n;

	(void)state;
	asynchronous(&pair->client, ALL, give);
	asynchronous(&pair->server, ALL, give);
	for (i = 0; i < 2; i++) {
		long calls;

		ends[i]->provider.fail_at = 0;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		calls = ends[i]->provider.calls;
		for (n = 1; n <= calls; n++) {
			ends[i]->provider.fail_at = n;
			pair_reset(pair);
			assert_false(pair_handshake(pair));
			assert_int_equal(ends[i]->status, SLUICE_ERROR);
			assert_int_equal(end_info(ends[i]).error,
					 SLUICE_ERR_PROVIDER);
		}
		ends[i]->provider.fail_at = 0;
	}
	end(pair, &id);
}

/* Callbacks, that answer at once. */

static const struct sluice_credential *chosen;
static unsigned int chosen_count;

static const struct sluice_credential *
choose(void *ctx, const struct sluice_credential_request *r)
{
	(void)ctx;
	chosen_count++;
	if (r->role == SLUICE_SERVER &&
	    (r->server_name_len != 9 || memcmp(r->server_name, "localhost", 9)))
		return NULL;
	return chosen;
}

static void test_choose(void **state)
{
	static const uint16_t aes[] = { SLUICE_AES_128_GCM_SHA256, 0 };
	struct identity id, other;
	struct pair *pair = mutual(&id, KEY_P256);

	(void)state;
	identity_make(&other, pair->real, KEY_P384, NULL, 7200);
	chosen = other.cred;
	chosen_count = 0;
	pair->server.config.choose = choose;
	pair->server.config.credential = NULL;
	pair->client.config.trust = other.trust;
	pair->client.config.suites = aes;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(chosen_count, 1);
	assert_int_equal(end_info(&pair->client).signature, SLUICE_ECDSA_SECP384R1_SHA384);
	/* another name */
	pair->client.config.peer_name = "example.org";
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).alert_received,
			 SL_UNRECOGNIZED_NAME);
	pair->client.config.peer_name = "localhost";
	/* a client's */
	chosen = id.cred;
	pair->server.config.choose = NULL;
	pair->server.config.credential = other.cred;
	pair->client.config.choose = choose;
	pair->client.config.credential = NULL;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(chosen_count, 3);
	assert_int_equal(end_info(&pair->client).client_signature,
			 SLUICE_ECDSA_SECP256R1_SHA256);
	chosen = NULL;
	pair_reset(pair);
	pair_handshake(pair);
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_CERTIFICATE_REQUIRED);
	identity_free(&other);
	end(pair, &id);
}

static unsigned int judged;
static int verdict_wanted;

/* The provider's word, and then ours. */
static int judge(void *ctx, const struct sluice_verdict_request *r,
		 const char **reason)
{
	int rc = sluice_verdict(r, reason);

	(void)ctx;
	/* who believes nobody is told that nobody vouches for it */
	if (!r->trust) {
		assert_int_equal(rc, SL_UNKNOWN_CA);
		rc = 0;
	}
	judged++;
	assert_int_equal(r->count, 1);
	if (rc)
		return rc;
	*reason = "not on a Sunday";
	return verdict_wanted;
}

static void test_judge(void **state)
{
	struct identity id, other;
	struct pair *pair = mutual(&id, KEY_P256);
	struct sluice_conn_info info;

	(void)state;
	identity_make(&other, pair->real, KEY_P256, "clientAuth", 7200);
	judged = 0;
	verdict_wanted = 0;
	pair->server.config.judge = judge;
	pair->client.config.judge = judge;
	expect_mutual(pair);
	assert_int_equal(judged, 2);
	/* the provider says no */
	pair->client.config.credential = other.cred;
	pair_reset(pair);
	pair_handshake(pair);
	assert_int_equal(end_info(&pair->server).alert_sent, SL_UNKNOWN_CA);
	/* there is nobody to believe, but the callback does */
	pair->server.config.trust = NULL;
	pair->client.config.trust = NULL;
	expect_mutual(pair);
	verdict_wanted = SL_ACCESS_DENIED;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_int_equal(info.alert_sent, SL_ACCESS_DENIED);
	assert_string_equal(info.reason, "not on a Sunday");
	verdict_wanted = 1000;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).alert_sent, SL_INTERNAL_ERROR);
	identity_free(&other);
	end(pair, &id);
}

/* A server that has asked for a certificate, and gives tickets all the same. */
static bool forget_to_ask(struct end *e)
{
	e->config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	return give(e);
}

/* The same in TLS 1.2, where the ticket is promised before the question. */
static bool ask_after_all(struct end *e)
{
	e->config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	return give(e);
}

static bool give_chosen(struct end *e)
{
	return !sluice_give_credential(e->conn, chosen);
}

/* How many tickets does a client keep to which a certificate was shown? */
static size_t tickets_kept(struct pair *pair, bool tls12)
{
	/* whose hash is that of the client's signature */
	static const uint16_t sha256[] = {
		SLUICE_AES_128_GCM_SHA256,
		SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256, 0
	};
	struct sluice_config *client = &pair->client.config;
	struct sluice_config *server = &pair->server.config;

	pair->ticket_count = 0;
	client->suites = sha256;
	client->min_version = SLUICE_TLS_1_2;
	client->max_version = tls12 ? SLUICE_TLS_1_2 : SLUICE_TLS_1_3;
	server->min_version = SLUICE_TLS_1_2;
	server->max_version = SLUICE_TLS_1_3;
	if (tls12) {
		server->client_auth = SLUICE_CLIENT_AUTH_NONE;
		asynchronous(&pair->server, SLUICE_ASYNC_CREDENTIAL,
			     ask_after_all);
	} else {
		server->client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
		asynchronous(&pair->server, SLUICE_ASYNC_VERDICT,
			     forget_to_ask);
	}
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(end_info(&pair->client).client_signature);
	assert_int_equal(end_info(&pair->server).tickets, tls12 ? 1 : 2);
	end_settle(&pair->client);
	return pair->ticket_count;
}

static void test_tickets(void **state)
{
	int tls12;

	(void)state;
	for (tls12 = 0; tls12 < 2; tls12++) {
		size_t given = tls12 ? 1 : 2;
		struct identity id;
		struct pair *pair = mutual(&id, KEY_P256);

		pair_use_tickets(pair);
		assert_int_equal(tickets_kept(pair, tls12), given);
		chosen = id.cred;
		pair->client.config.choose = choose;
		assert_int_equal(tickets_kept(pair, tls12), given);
		pair->client.config.credential = NULL;
		assert_int_equal(tickets_kept(pair, tls12), 0);
		/* chosen later */
		pair->client.config.choose = NULL;
		asynchronous(&pair->client, SLUICE_ASYNC_CREDENTIAL,
			     give_chosen);
		assert_int_equal(tickets_kept(pair, tls12), 0);
		end(pair, &id);
	}
}

static void test_config(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256);
	struct sluice_config *config = &pair->client.config;

	(void)state;
	config->trust = NULL;
	assert_non_null(sluice_config_check(config));
	config->async = SLUICE_ASYNC_VERDICT;
	assert_null(sluice_config_check(config));
	config->no_verify = true;
	assert_non_null(sluice_config_check(config));
	config->async = 32;
	config->no_verify = false;
	config->judge = judge;
	assert_non_null(sluice_config_check(config));
	config->async = 0;
	assert_null(sluice_config_check(config));
	config->no_verify = true;
	assert_non_null(sluice_config_check(config));
	config->no_verify = false;
	config = &pair->server.config;
	config->credential = NULL;
	assert_non_null(sluice_config_check(config));
	config->async = SLUICE_ASYNC_CREDENTIAL;
	assert_null(sluice_config_check(config));
	config->async = 0;
	config->choose = choose;
	assert_null(sluice_config_check(config));
	end(pair, &id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_part),
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_ends_early),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_wrong_signature),
		cmocka_unit_test(test_provider_fails),
		cmocka_unit_test(test_choose),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
