// SPDX-License-Identifier: MIT
/* Early data (0-RTT) that somebody sends once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "early_pair.h"

/* What a server gets of a first flight; its answers go nowhere. */
struct target {
	struct sluice_conn *conn;
	void *mem;
	size_t got;
	bool accepted;
};

static void target_open(struct target *t, struct pair *pair)
{
	*t = (struct target){ .mem = malloc(sluice_conn_size()) };
	t->conn = sluice_conn_init(t->mem, sluice_conn_size(),
				   &pair->server.config);
	assert_non_null(t->conn);
}

static void target_take(struct target *t, const uint8_t *flight, size_t len)
{
	static uint8_t in[PAIR_STREAM], out[70000];
	size_t used = len, out_len = sizeof(out), data_len;
	struct sluice_conn_info info;
	uint8_t *data;

	memcpy(in, flight, len);
	if (sluice_handshake(t->conn, in, &used, out, &out_len) ==
	    SLUICE_EARLY_DATA) {
		size_t left = len - used;

		while (sluice_early_open(t->conn, in + used, &left, &data,
					 &data_len) == SLUICE_DATA) {
			t->got += data_len;
			used += left;
			left = len - used;
		}
	}
	sluice_conn_info(t->conn, &info);
	t->accepted = info.early == SLUICE_EARLY_ACCEPTED;
	assert_int_equal(t->got, t->accepted ? strlen(EARLY_TEXT) : 0);
}

static void target_close(struct target *t)
{
	sluice_conn_free(t->conn);
	free(t->mem);
}

/* One flight, many servers' connections: one of them reads early data. */
static void test_replay(void **state)
{
	static uint8_t flight[PAIR_STREAM];
	struct pair *pair = early_pair();
	struct target targets[4];
	unsigned int i, accepted_by = 0;
	size_t len, half;

	(void)state;
	early_none(pair);
	len = early_flight(pair, flight);
	/* at once: all have the flight before any has the end of it */
	half = len / 2;
	for (i = 0; i < 4; i++)
		target_open(&targets[i], pair);
	for (i = 0; i < 4; i++) {
		static uint8_t in[PAIR_STREAM], out[70000];
		size_t used = half, out_len = sizeof(out);

		memcpy(in, flight, half);
		assert_int_equal(sluice_handshake(targets[i].conn, in, &used,
						  out, &out_len),
				 SLUICE_WANT_READ);
		assert_int_equal(used, 0);
	}
	for (i = 0; i < 4; i++) {
		target_take(&targets[i], flight, len);
		accepted_by += targets[i].accepted;
		target_close(&targets[i]);
	}
	assert_int_equal(accepted_by, 1);
	/* again and again, until nobody can take it for fresh any more */
	for (i = 0; i < 200; i++) {
		pair->now += 150;
		target_open(&targets[0], pair);
		target_take(&targets[0], flight, len);
		assert_false(targets[0].accepted);
		target_close(&targets[0]);
	}
	/* the memory of it is not kept for longer */
	assert_int_equal(sluice_store_expire(early_memory, pair->now), 0);
	/* not after a restart either, by the new memory's name */
	pair->ticket_count = 0;
	early_none(pair);
	len = early_flight(pair, flight);
	early_new_memory(100);
	target_open(&targets[0], pair);
	target_take(&targets[0], flight, len);
	assert_false(targets[0].accepted);
	target_close(&targets[0]);
	/* nor by a clock that goes back to when it was fresh */
	pair->ticket_count = 0;
	early_none(pair);
	len = early_flight(pair, flight);
	target_open(&targets[0], pair);
	target_take(&targets[0], flight, len);
	assert_true(targets[0].accepted);
	target_close(&targets[0]);
	pair->now += 30000;
	assert_true(sluice_store_first(early_memory, "x", 1, pair->now, pair->now + 1));
	pair->now -= 30000;
	target_open(&targets[0], pair);
	target_take(&targets[0], flight, len);
	assert_false(targets[0].accepted);
	target_close(&targets[0]);
	early_drop(pair);
}

/* A memory that is looked into only a while after the clock was. */
static bool slow_first(void *ctx, const uint8_t id[16], uint64_t expires)
{
	struct pair *pair = ctx;
	bool is_first;

	pair->now += 5000;
	is_first = early_first(ctx, id, expires);
	pair->now -= 5000;
	return is_first;
}

static void test_slow_memory(void **state)
{
	static uint8_t flight[PAIR_STREAM];
	struct pair *pair = early_pair();
	struct target target;
	size_t len;

	(void)state;
	early_none(pair);
	/* of a client that is ten seconds ahead: good for nearly twenty more */
	pair->now += 30000;
	len = early_flight(pair, flight);
	pair->now -= 10000;
	target_open(&target, pair);
	target_take(&target, flight, len);
	assert_true(target.accepted);
	target_close(&target);
	pair->server.config.early_data_first = slow_first;
	pair->now += 19999;
	target_open(&target, pair);
	target_take(&target, flight, len);
	assert_false(target.accepted);
	target_close(&target);
	early_drop(pair);
}

/* Of a store, a session comes out once: that is memory enough. */
static bool session_put(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	struct pair *pair = ctx;

	return sluice_store_put(early_memory, id, id_len, session, len, pair->now,
				expires);
}

static size_t session_take(void *ctx, const uint8_t *id, size_t id_len,
			   uint8_t *buf, size_t size)
{
	struct pair *pair = ctx;

	return sluice_store_take(early_memory, id, id_len, pair->now, buf, size);
}

static void test_store(void **state)
{
	static uint8_t flight[PAIR_STREAM];
	struct pair *pair = early_pair();
	struct target target;
	size_t len;

	(void)state;
	pair->server.config.early_data_first = NULL;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.early_data_first = early_first;
	pair->server.config.early_data_id = NULL;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.early_data_first = NULL;
	pair->server.config.session_put = session_put;
	pair->server.config.session_take = session_take;
	assert_null(sluice_config_check(&pair->server.config));
	early_none(pair);
	early_accepted(pair);
	len = early_flight(pair, flight);
	target_open(&target, pair);
	target_take(&target, flight, len);
	assert_true(target.accepted);
	target_close(&target);
	target_open(&target, pair);
	target_take(&target, flight, len);
	assert_false(target.accepted);
	target_close(&target);
	early_drop(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_slow_memory),
		cmocka_unit_test(test_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
