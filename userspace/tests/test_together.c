// SPDX-License-Identifier: MIT
/*
 * Features that have nothing to do with each other, in every combination: each
 * works as it does alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pair.h"
#include "sluice/async.h"
#include "sluice/compress.h"

enum feature {
	TLS12 = 1 << 0,
	CLIENT_AUTH = 1 << 1,
	STAPLES = 1 << 2,		/* of both sides */
	TICKETS = 1 << 3,
	ASYNC = 1 << 4,
	LIMIT = 1 << 5,
	COMPRESSED = 1 << 6,
	RETRY = 1 << 7,
	ENCRYPTED = 1 << 8,
	SMALL = 1 << 9,			/* pieces of all that is sent */
	ALL = 1 << 10
};

static struct pair *pair;
static struct sluice_config client, server;

static bool staple(const struct sluice_provider *p,
		   const struct sluice_credential *cred,
		   struct sluice_octets *response)
{
	(void)p;
	(void)cred;
	*response = (struct sluice_octets){ (const uint8_t *)"good", 4 };
	return true;
}

static int (*verify)(const struct sluice_provider *p,
		     const struct sluice_trust *trust,
		     const struct sluice_octets *chain, size_t count,
		     const struct sluice_peer *peer, struct sluice_pubkey **key,
		     const char **reason);
static unsigned int staples;

/* One that knows what "good" means. */
static int verify_staple(const struct sluice_provider *p,
			 const struct sluice_trust *trust,
			 const struct sluice_octets *chain, size_t count,
			 const struct sluice_peer *peer,
			 struct sluice_pubkey **key, const char **reason)
{
	struct sluice_peer bare = *peer;

	if (trust && peer->staple.len) {
		assert_int_equal(peer->staple.len, 4);
		assert_memory_equal(peer->staple.data, "good", 4);
		staples++;
	}
	bare.staple = (struct sluice_octets){ NULL, 0 };
	return verify(p, trust, chain, count, &bare, key, reason);
}

static void set(struct end *end, const struct sluice_config *plain,
		unsigned int features)
{
	static const uint16_t both[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };
	static const uint16_t second[] = { SLUICE_SECP256R1, 0 };
	const struct sluice_compression *const *packed = sluice_compressions();
	struct sluice_config *config = &end->config;
	struct sluice_provider *table = &end->provider.table;

	*config = *plain;
	end->give = NULL;
	table->verify_chain = verify_staple;
	table->credential_staple = staple;
	table->checks_staples = true;
	config->groups = both;
	if (features & RETRY && end == &pair->server)
		config->groups = second;
	if (features & TLS12) {
		config->min_version = SLUICE_TLS_1_2;
		if (end == &pair->client)
			config->max_version = SLUICE_TLS_1_2;
	}
	if (features & STAPLES)
		config->staple = SLUICE_STAPLE_OPTIONAL;
	if (features & ASYNC) {
		config->async = SLUICE_ASYNC_CREDENTIAL |
				SLUICE_ASYNC_SIGNATURE | SLUICE_ASYNC_VERDICT;
		end->give = end_give;
	}
	if (features & LIMIT)
		config->record_limit = 100;
	if (features & COMPRESSED && *packed)
		config->compressions = packed;
}

static void talk(void)
{
	static const uint8_t data[300] = "much";

	assert_true(pair_send(pair, &pair->client, data, sizeof(data)));
	assert_true(pair_send(pair, &pair->server, data, sizeof(data)));
}

static void prepare(unsigned int features)
{
	set(&pair->client, &client, features);
	set(&pair->server, &server, features);
	if (!(features & CLIENT_AUTH)) {
		pair->client.config.credential = NULL;
		pair->server.config.trust = NULL;
		pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	}
	if (features & TICKETS)
		pair_use_tickets(pair);
	if (features & ENCRYPTED)
		pair_use_ech(pair);
	pair->seed = features & SMALL ? features + 1 : 0;
	pair->room = features & SMALL ? SLUICE_OUT_MIN : 0;
	pair->ticket_count = 0;
	pair->seen_count = 0;
}

static void try(unsigned int features)
{
	struct sluice_conn_info c, s;

	prepare(features);
	staples = 0;
	pair_reset(pair);
	if (!pair_handshake(pair))
		fail_msg("%x: %s | %s", features, end_info(&pair->client).reason,
			 end_info(&pair->server).reason);
	c = end_info(&pair->client);
	s = end_info(&pair->server);
	assert_true(c.verified && c.signature == s.signature);
	assert_int_equal(s.verified, !!(features & CLIENT_AUTH));
	assert_int_equal(c.client_signature, s.client_signature);
	assert_int_equal(c.stapled, !!(features & STAPLES));
	/* clients of TLS 1.2 are not asked */
	assert_int_equal(s.stapled, features & STAPLES &&
				    features & CLIENT_AUTH && !(features & TLS12));
	assert_int_equal(staples, c.stapled + s.stapled);
	assert_int_equal(c.retried, features & RETRY && !(features & TLS12));
	assert_int_equal(c.ech, features & ENCRYPTED ? SLUICE_ECH_ACCEPTED :
						       SLUICE_ECH_NONE);
	assert_string_equal(c.alpn, "h2");
	talk();
	if (features & TICKETS && !(features & CLIENT_AUTH)) {
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_true(end_info(&pair->client).resumed);
		assert_true(end_info(&pair->client).verified);
		talk();
	}
}

static void test_together(void **state)
{
	struct identity id;
	unsigned int features;

	(void)state;
	/* whose certificates get shorter */
	pair = pair_mutual(&id, KEY_RSA);
	client = pair->client.config;
	server = pair->server.config;
	verify = pair->client.provider.table.verify_chain;
	for (features = 0; features < ALL; features++) {
		/* one is for TLS 1.3 only */
		if (!(features & TLS12 && features & ENCRYPTED))
			try(features);
	}
	pair_free(pair);
	identity_free(&id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
