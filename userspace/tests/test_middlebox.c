// SPDX-License-Identifier: MIT
/*
 * Middlebox compatibility mode (RFC 9846, appendix E.4): one change_cipher_spec
 * of each side's, before anything of it that is encrypted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "conn.h"
#include "pair.h"

#define HEADER		5

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };

/* The types of a side's records, one letter each. */
struct seen {
	char types[64];
	size_t count;
};

static size_t look(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct seen *seen = ctx;
	size_t at = 0;

	(void)from;
	while (at < len) {
		assert_true(seen->count < sizeof(seen->types) - 1);
		seen->types[seen->count++] =
			data[at] == SL_CHANGE_CIPHER_SPEC ? 'c' :
			data[at] == SL_ALERT ? 'a' :
			data[at] == SL_HANDSHAKE ? 'h' : 'x';
		at += HEADER + ((size_t)data[at + 3] << 8 | data[at + 4]);
	}
	assert_int_equal(at, len);
	return len;
}

static struct pair *watched(struct seen *client, struct seen *server)
{
	struct pair *pair = pair_new(KEY_P256);

	memset(client, 0, sizeof(*client));
	memset(server, 0, sizeof(*server));
	pair->up.change = look;
	pair->up.ctx = client;
	pair->down.change = look;
	pair->down.ctx = server;
	pair_reset(pair);
	return pair;
}

static void test_handshakes(void **state)
{
	struct seen client, server;
	struct pair *pair = watched(&client, &server);

	(void)state;
	assert_true(pair_handshake(pair));
	assert_string_equal(client.types, "hcx");
	assert_string_equal(server.types, "hcx");
	pair_free(pair);
	/* after a HelloRetryRequest, with the second ClientHello */
	pair = watched(&client, &server);
	pair->server.config.groups = only_p256;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_string_equal(client.types, "hchx");
	assert_string_equal(server.types, "hchx");
	pair_free(pair);
}

/* Before early data, and then not again. */
static void test_early_data(void **state)
{
	struct seen client, server;
	struct pair *pair = watched(&client, &server);
	int retry;

	(void)state;
	pair_use_early(pair, 1000);
	for (retry = 0; retry < 2; retry++) {
		pair->early_len = 0;
		pair->server.config.groups = NULL;
		pair_new_tickets(pair);
		pair_say_early(pair);
		if (retry)
			pair->server.config.groups = only_p256;
		memset(&client, 0, sizeof(client));
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_string_equal(client.types, retry ? "hcxhx" : "hcxxx");
	}
	pair_free(pair);
}

/* An alert may be all that comes. */
static void test_alert(void **state)
{
	struct seen client, server;
	struct pair *pair;
	int closes;

	(void)state;
	for (closes = 0; closes < 2; closes++) {
		uint8_t out[4096];
		size_t len = sizeof(out), none = 0;

		pair = watched(&client, &server);
		if (closes) {
			/* up to the server's flight, of which ServerHello is read */
			sluice_handshake(pair->client.conn, NULL, &none, out,
					 &len);
			pair->server.status = sluice_handshake(
				pair->server.conn, out, &len, out + 2000,
				&(size_t){ 2000 });
			len = HEADER + ((size_t)out[2003] << 8 | out[2004]);
			none = sizeof(out) - 2000;
			sluice_handshake(pair->client.conn, out + 2000, &len,
					 out, &none);
			assert_int_equal(none, 0);
			sluice_close(pair->client.conn);
			none = 0;
			/* in as little room as there may be */
			len = SLUICE_OUT_MIN;
			sluice_seal(pair->client.conn, NULL, &none, out, &len);
			look(&client, out, len, 0);
			assert_string_equal(client.types, "cx");
		} else {
			pair->client.config.peer_name = "elsewhere";
			pair->room = SLUICE_OUT_MIN;
			pair_reset(pair);
			assert_false(pair_handshake(pair));
			assert_int_equal(end_info(&pair->client).alert_sent,
					 SL_BAD_CERTIFICATE);
			assert_int_equal(end_info(&pair->server).alert_received,
					 SL_BAD_CERTIFICATE);
			assert_string_equal(client.types +
					    strspn(client.types, "h"), "cx");
		}
		pair_free(pair);
	}
	/* in the clear there is nothing to hide, nor in TLS 1.2 */
	pair = watched(&client, &server);
	pair->server.config.max_version = SLUICE_TLS_1_2;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_string_equal(server.types, "a");
	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->client.config.peer_name = "elsewhere";
	memset(&client, 0, sizeof(client));
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_string_equal(client.types, "ha");
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_early_data),
		cmocka_unit_test(test_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
