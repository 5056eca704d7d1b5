// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "early_pair.h"

struct sluice_store *early_memory;
static uint8_t memory_id[16];

bool early_first(void *ctx, const uint8_t id[16], uint64_t expires)
{
	struct pair *pair = ctx;

	return sluice_store_first(early_memory, id, 16, pair->now, expires);
}

void early_new_memory(size_t entries)
{
	const struct sluice_store_limits limits = {
		.entries = entries, .key_len = 32,
		.value_len = SLUICE_SESSION_MAX,
	};
	size_t size = sluice_store_size(&limits);

	sluice_store_free(early_memory);
	free(early_memory);
	early_memory = sluice_store_init(malloc(size), size, &limits, NULL);
	assert_non_null(early_memory);
	memory_id[0]++;
}

struct pair *early_pair(void)
{
	struct pair *pair = pair_new(KEY_P256);

	early_new_memory(100);
	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	pair->client.config.early_data = true;
	pair->server.config.max_early_data = EARLY_MAX;
	pair->server.config.early_data_first = early_first;
	pair->server.config.early_data_id = memory_id;
	pair->early = (const uint8_t *)EARLY_TEXT;
	pair->early_len = strlen(EARLY_TEXT);
	return pair;
}

void early_drop(struct pair *pair)
{
	pair_free(pair);
	sluice_store_free(early_memory);
	free(early_memory);
	early_memory = NULL;
}

void early_connect(struct pair *pair)
{
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	pair->ticket_count = 0;
	end_settle(&pair->client);
	assert_true(pair->ticket_count > 0);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
}

void early_expect(struct pair *pair, enum sluice_early early)
{
	assert_int_equal(end_info(&pair->client).early, early);
	assert_int_equal(end_info(&pair->server).early, early);
	assert_int_equal(pair->early_got_len,
			 early == SLUICE_EARLY_ACCEPTED ? pair->early_sent : 0);
	assert_memory_equal(pair->early_got, pair->early, pair->early_got_len);
	/* what was offered was sent */
	assert_int_equal(pair->early_sent > 0, early != SLUICE_EARLY_NONE);
}

void early_accepted(struct pair *pair)
{
	early_connect(pair);
	early_expect(pair, SLUICE_EARLY_ACCEPTED);
	assert_true(end_info(&pair->server).resumed);
}

void early_rejected(struct pair *pair)
{
	early_connect(pair);
	early_expect(pair, SLUICE_EARLY_REJECTED);
}

void early_none(struct pair *pair)
{
	early_connect(pair);
	early_expect(pair, SLUICE_EARLY_NONE);
}

size_t early_flight(struct pair *pair, uint8_t *flight)
{
	size_t in_len = 0, len = PAIR_STREAM, early = strlen(EARLY_TEXT), part;

	pair_reset(pair);
	assert_int_equal(sluice_handshake(pair->client.conn, NULL, &in_len,
					  flight, &len), SLUICE_WANT_READ);
	part = PAIR_STREAM - len;
	assert_int_equal(sluice_early_seal(pair->client.conn,
					   (const uint8_t *)EARLY_TEXT, &early,
					   flight + len, &part), SLUICE_DONE);
	return len + part;
}
