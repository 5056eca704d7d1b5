// SPDX-License-Identifier: MIT
/* What is told of the messages: all of them, in order, on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pair.h"

static char told[2][1024];		/* by the role */
static size_t octets[2];		/* of handshake messages, by who sent them */

static void note(enum sluice_role role, bool sent, unsigned int what,
		 unsigned int type, size_t len)
{
	size_t at = strlen(told[role]);

	snprintf(told[role] + at, sizeof(told[role]) - at, "%c%s ",
		 sent ? '>' : '<', what == SLUICE_TRACE_ALERT ?
		 sluice_alert_name((int)type) : sluice_message_name(type));
	if (what == SLUICE_TRACE_HANDSHAKE && sent)
		octets[role] += len;
	else if (what == SLUICE_TRACE_HANDSHAKE)
		octets[!role] -= len;
	else
		assert_int_equal(len, 2);
}

static void client_trace(void *ctx, bool sent, unsigned int what,
			 unsigned int type, size_t len)
{
	(void)ctx;
	note(SLUICE_CLIENT, sent, what, type, len);
}

static void server_trace(void *ctx, bool sent, unsigned int what,
			 unsigned int type, size_t len)
{
	(void)ctx;
	note(SLUICE_SERVER, sent, what, type, len);
}

static struct pair *begin(void)
{
	struct pair *pair = pair_new(KEY_P256);

	pair->client.config.trace = client_trace;
	pair->server.config.trace = server_trace;
	return pair;
}

/* The server's list is the client's, the other way round. */
static void expect(struct pair *pair, const char *client, const char *server)
{
	memset(told, 0, sizeof(told));
	memset(octets, 0, sizeof(octets));
	pair_reset(pair);
	pair_handshake(pair);
	end_settle(&pair->client);
	end_settle(&pair->server);
	assert_string_equal(told[SLUICE_CLIENT], client);
	assert_string_equal(told[SLUICE_SERVER], server);
}

static void test_messages(void **state)
{
	static const uint16_t groups[] = { SLUICE_SECP256R1, 0 };
	struct pair *pair = begin();

	(void)state;
	for (pair->chunk = 0; pair->chunk < 30; pair->chunk += 29)
		expect(pair, ">client_hello <server_hello <encrypted_extensions "
		       "<certificate <certificate_verify <finished >finished ",
		       "<client_hello >server_hello >encrypted_extensions "
		       ">certificate >certificate_verify >finished <finished ");
	assert_int_equal(octets[0] | octets[1], 0);
	pair->server.config.groups = groups;
	expect(pair, ">client_hello <server_hello >client_hello <server_hello "
	       "<encrypted_extensions <certificate <certificate_verify <finished "
	       ">finished ",
	       "<client_hello >server_hello <client_hello >server_hello "
	       ">encrypted_extensions >certificate >certificate_verify >finished "
	       "<finished ");
	memset(told, 0, sizeof(told));
	assert_int_equal(sluice_key_update(pair->client.conn, true), 0);
	end_settle(&pair->client);
	end_settle(&pair->server);
	end_settle(&pair->client);
	sluice_close(pair->client.conn);
	end_settle(&pair->client);
	end_settle(&pair->server);
	assert_string_equal(told[SLUICE_CLIENT],
			    ">key_update <key_update >close_notify ");
	assert_string_equal(told[SLUICE_SERVER],
			    "<key_update >key_update <close_notify ");
	pair_free(pair);
}

static void test_tickets(void **state)
{
	struct pair *pair = begin();

	(void)state;
	pair_use_tickets(pair);
	expect(pair, ">client_hello <server_hello <encrypted_extensions "
	       "<certificate <certificate_verify <finished >finished "
	       "<new_session_ticket <new_session_ticket ",
	       "<client_hello >server_hello >encrypted_extensions >certificate "
	       ">certificate_verify >finished <finished >new_session_ticket "
	       ">new_session_ticket ");
	pair_free(pair);
}

static void test_tls12(void **state)
{
	struct pair *pair = begin();

	(void)state;
	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_2;
	expect(pair, ">client_hello <server_hello <certificate "
	       "<server_key_exchange <server_hello_done >client_key_exchange "
	       ">finished <finished ",
	       "<client_hello >server_hello >certificate >server_key_exchange "
	       ">server_hello_done <client_key_exchange <finished >finished ");
	pair_free(pair);
}

static void test_alert(void **state)
{
	struct pair *pair = begin();

	(void)state;
	pair->client.config.peer_name = "other.test";
	expect(pair, ">client_hello <server_hello <encrypted_extensions "
	       "<certificate >bad_certificate ",
	       "<client_hello >server_hello >encrypted_extensions >certificate "
	       ">certificate_verify >finished <bad_certificate ");
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_tls12),
		cmocka_unit_test(test_alert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
