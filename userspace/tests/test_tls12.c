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
};

static const uint16_t rsa_suites[] = {
	SLUICE_ECDHE_RSA_AES_128_GCM_SHA256,
	SLUICE_ECDHE_RSA_AES_256_GCM_SHA384,
	SLUICE_ECDHE_RSA_CHACHA20_POLY1305_SHA256,
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
		struct pair *pair = pair_new(type);

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
	};

	(void)both_versions;
	return cmocka_run_group_tests_name("tls12", tests, NULL, NULL);
}
