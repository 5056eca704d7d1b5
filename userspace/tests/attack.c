// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "attack.h"

size_t test_stride(void)
{
	const char *text = getenv("SLUICE_TEST_STRIDE");
	size_t n = text ? strtoul(text, NULL, 10) : 1;

	return n ? n : 1;
}

void attack_mutual(struct attack *a)
{
	struct pair *pair = a->pair;

	pair->client.config.credential = pair->identity.cred;
	pair->server.config.trust = pair->identity.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
}

void attack_resume(struct attack *a)
{
	struct pair *pair = a->pair;

	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	a->ticket_len = pair->ticket_len[0];
	memcpy(a->ticket, pair->tickets[0], a->ticket_len);
}

void attack_run(struct attack *a)
{
	struct pair *pair = a->pair;

	if (a->ticket_len) {
		memcpy(pair->tickets[0], a->ticket, a->ticket_len);
		pair->ticket_len[0] = a->ticket_len;
		pair->ticket_count = 1;
	}
	a->applied = false;
	a->count = 0;
	pair_reset(pair);
	pair_handshake(pair);
	if (pair->client.status == SLUICE_DONE)
		end_settle(&pair->client);
	if (pair->server.status == SLUICE_DONE)
		end_settle(&pair->server);
}

void attack_provider(struct attack *a, struct end *end, long least)
{
	long calls, n;

	end->provider.fail_at = 0;
	attack_run(a);
	calls = end->provider.calls;
	assert_true(calls > least);
	for (n = 1; n <= calls; n++) {
		end->provider.fail_at = n;
		attack_run(a);
		if (end_info(end).error == SLUICE_ERR_NONE) {
			/* a ticket that cannot be opened is no ticket */
			assert_true(a->ticket_len);
			continue;
		}
		assert_int_equal(end_info(end).error, SLUICE_ERR_PROVIDER);
		if (end->provider.calls > n)
			assert_int_equal(end_info(end).alert_sent,
					 SL_INTERNAL_ERROR);
	}
	end->provider.fail_at = 0;
}
