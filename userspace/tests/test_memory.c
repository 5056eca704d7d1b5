// SPDX-License-Identifier: MIT
/* What memory a connection takes, and what it does without more of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conn.h"
#include "pair.h"

static void test_sizes(void **state)
{
	(void)state;
	print_message("# %zu octets while handshaking, %zu established\n",
		      sluice_conn_size(), sluice_established_size());
	assert_true(sluice_conn_size() <= 16384);
	assert_true(sluice_established_size() <= 4096);
}

static void expect_zeros(const uint8_t *mem, size_t len)
{
	while (len--)
		assert_int_equal(*mem++, 0);
}

/* An established connection moves to memory that is just large enough. */
static void move(struct end *end)
{
	size_t size = sluice_established_size();
	uint8_t *old = end->mem;
	void *mem = malloc(size);

	assert_non_null(mem);
	expect_zeros(old + size, sluice_conn_size() - size);
	assert_null(sluice_conn_move(end->conn, mem, size - 1));
	assert_null(sluice_conn_move(end->conn, (uint8_t *)mem + 1, size));
	end->conn = sluice_conn_move(end->conn, mem, size);
	assert_ptr_equal(end->conn, mem);
	expect_zeros(old, sluice_conn_size());
	free(old);
	end->mem = mem;
}

static void test_move(void **state)
{
	static const uint8_t data[40000] = { 1, 2, 3 };
	struct pair *pair = pair_new(KEY_P256);
	void *mem = malloc(sluice_conn_size());

	(void)state;
	pair_use_tickets(pair);
	pair_reset(pair);
	/* not in the middle of the handshake */
	assert_null(sluice_conn_move(pair->client.conn, mem,
				     sluice_conn_size()));
	free(mem);
	assert_true(pair_handshake(pair));
	move(&pair->client);
	move(&pair->server);
	end_settle(&pair->client);
	assert_int_equal(pair->ticket_count, 2);
	assert_true(pair_send(pair, &pair->client, data, sizeof(data)));
	sluice_key_update(pair->server.conn, true);
	assert_true(pair_send(pair, &pair->server, data, sizeof(data)));
	assert_int_equal(end_info(&pair->server).rx_key_updates, 1);
	sluice_close(pair->client.conn);
	end_settle(&pair->client);
	end_settle(&pair->server);
	assert_true(end_info(&pair->server).closed);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
