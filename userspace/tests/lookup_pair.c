// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lookup_pair.h"

struct lookup_asked lookup_asked;
struct sluice_store *lookup_store;

bool lookup_put_session(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	struct pair *pair = ctx;

	return sluice_store_put(lookup_store, id, id_len, session, len, pair->now,
				expires);
}

/* What the caller does for a client; of late, or never. */
static bool answer_client(struct end *e)
{
	struct pair *pair = e->config.ctx;
	struct sluice_ticket_request request;
	const uint8_t *ticket = NULL;
	size_t len = 0;

	assert_int_equal(sluice_wanted_ticket(e->conn, &request), 0);
	assert_int_equal(request.kind, SLUICE_TICKET_STORED);
	assert_ptr_equal(request.peer_name, e->config.peer_name);
	assert_int_equal(request.id.len, 0);
	lookup_asked.client++;
	if (pair->ticket_count) {
		ticket = pair->tickets[--pair->ticket_count];
		len = pair->ticket_len[pair->ticket_count];
	}
	return !sluice_give_ticket(e->conn, ticket, len);
}

static bool answer_server(struct end *e)
{
	struct pair *pair = e->config.ctx;
	struct sluice_ticket_request request;
	uint8_t session[SLUICE_SESSION_MAX];
	size_t len;

	assert_int_equal(sluice_wanted_ticket(e->conn, &request), 0);
	assert_null(request.peer_name);
	lookup_asked.server++;
	if (e->config.session_put) {
		assert_int_equal(request.kind, SLUICE_TICKET_SESSION);
		assert_int_equal(request.id.len, 32);
		len = sluice_store_take(lookup_store, request.id.data, request.id.len,
					pair->now, session, sizeof(session));
		return !sluice_give_ticket(e->conn, len ? session : NULL, len);
	}
	assert_int_equal(request.kind, SLUICE_TICKET_KEY);
	assert_int_equal(request.id.len, SLUICE_TICKET_NAME_LEN);
	if (memcmp(request.id.data, pair->ticket_key.name, request.id.len))
		return !sluice_give_ticket(e->conn, NULL, 0);
	return !sluice_give_ticket(e->conn, pair->ticket_key.key,
				   sizeof(pair->ticket_key.key));
}

static bool answer_unused(struct end *e)
{
	struct pair *pair = e->config.ctx;
	struct sluice_unused_request request;
	size_t i;

	assert_int_equal(sluice_wanted_unused(e->conn, &request), 0);
	lookup_asked.unused++;
	if (request.early_until) {
		lookup_asked.early++;
		assert_true(request.early_until > pair->now);
		assert_true(request.early_until < pair->now + 60000);
	}
	for (i = 0; i < pair->seen_count; i++) {
		if (!memcmp(pair->seen[i], request.id, 16))
			return !sluice_give_unused(e->conn, false, true);
	}
	assert_true(i < PAIR_TICKETS);
	memcpy(pair->seen[pair->seen_count++], request.id, 16);
	return !sluice_give_unused(e->conn, true, true);
}

bool lookup_give(struct end *e)
{
	if (e->status == SLUICE_WANT_TICKET)
		return e->config.role == SLUICE_CLIENT ? answer_client(e) :
							 answer_server(e);
	if (e->status == SLUICE_WANT_UNUSED)
		return answer_unused(e);
	return end_give(e);
}

struct pair *lookup_pair(enum lookup_memory memory, uint16_t version)
{
	static const struct sluice_store_limits limits = {
		.entries = 8, .key_len = 32, .value_len = SLUICE_SESSION_MAX,
	};
	struct pair *pair = pair_new(KEY_P256);
	size_t size = sluice_store_size(&limits);

	lookup_store = sluice_store_init(malloc(size), size, &limits, NULL);
	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	pair->client.config.ticket_take = NULL;
	if (memory == LOOKUP_STORE) {
		pair->server.config.ticket_key = NULL;
		pair->server.config.session_put = lookup_put_session;
	}
	pair->client.config.max_version = version;
	pair->server.config.max_version = version;
	pair->client.config.async = LOOKUP_BOTH;
	pair->server.config.async = LOOKUP_BOTH;
	pair->client.give = lookup_give;
	pair->server.give = lookup_give;
	pair_reset(pair);
	return pair;
}

void lookup_drop(struct pair *pair)
{
	pair_free(pair);
	sluice_store_free(lookup_store);
	free(lookup_store);
}

bool lookup_resumes(struct pair *pair)
{
	memset(&lookup_asked, 0, sizeof(lookup_asked));
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	assert_true(end_info(&pair->client).verified);
	assert_int_equal(end_info(&pair->client).resumed,
			 end_info(&pair->server).resumed);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
	return end_info(&pair->client).resumed;
}

void lookup_expect(unsigned int client, unsigned int server,
			 unsigned int unused)
{
	assert_int_equal(lookup_asked.client, client);
	assert_int_equal(lookup_asked.server, server);
	assert_int_equal(lookup_asked.unused, unused);
}
