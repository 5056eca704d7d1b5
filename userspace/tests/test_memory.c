// SPDX-License-Identifier: MIT
/* What memory a connection takes, and what it does without more of it. */
#include <malloc.h>
#include <openssl/crypto.h>
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

/* What libcrypto has of the heap. */
static size_t heap;

static void *count_malloc(size_t len, const char *file, int line)
{
	void *mem = malloc(len);

	(void)file;
	(void)line;
	heap += malloc_usable_size(mem);
	return mem;
}

static void count_free(void *mem, const char *file, int line)
{
	(void)file;
	(void)line;
	heap -= malloc_usable_size(mem);
	free(mem);
}

static void *count_realloc(void *mem, size_t len, const char *file, int line)
{
	(void)file;
	(void)line;
	heap -= malloc_usable_size(mem);
	mem = realloc(mem, len);
	heap += malloc_usable_size(mem);
	return mem;
}

/* Octets that are freed with a connection. */
static size_t heap_of(struct end *end)
{
	size_t before = heap;

	sluice_conn_free(end->conn);
	end->conn = NULL;
	return before - heap;
}

/* With what the provider has of a connection, if that is libcrypto. */
static void test_with_provider(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	uint8_t hello[4096];
	size_t none = 0, len = sizeof(hello), client, server;

	(void)state;
	assert_true(pair_handshake(pair));
	client = heap_of(&pair->client);
	server = heap_of(&pair->server);
	print_message("# and of the provider's: %zu a client, %zu a server\n",
		      client, server);
	assert_true(sluice_established_size() + client <= 4096);
	assert_true(sluice_established_size() + server <= 4096);
	pair_reset(pair);
	sluice_handshake(pair->client.conn, NULL, &none, hello, &len);
	print_message("# and of a client that waits for ServerHello: %zu\n",
		      heap_of(&pair->client));
	pair_free(pair);
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

/* A chain of any length: the leaf, and octets that the client does not mind. */
#define FILLERS		(SLUICE_CHAIN_MAX - 1)

static size_t filler_len;

static size_t long_chain(const struct sluice_provider *p,
			 const struct sluice_credential *cred,
			 struct sluice_octets *chain)
{
	static const uint8_t filler[4096];
	const struct wrapper *w = (const void *)p;
	size_t i, n = w->real->credential_chain(w->real, cred, chain);

	assert_int_equal(n, 1);
	for (i = 0; i < FILLERS; i++)
		chain[n++] = (struct sluice_octets){ filler, filler_len };
	return n;
}

static int verify_leaf(const struct sluice_provider *p,
		       const struct sluice_trust *trust,
		       const struct sluice_octets *chain, size_t count,
		       const struct sluice_peer *peer,
		       struct sluice_pubkey **key, const char **reason)
{
	struct wrapper *w = (struct wrapper *)(uintptr_t)p;
	int rc = w->real->verify_chain(w->real, trust, chain, 1, peer, key,
				       reason);

	assert_int_equal(count, SLUICE_CHAIN_MAX);
	w->objects += !rc;
	return rc;
}

static void test_long_chains(void **state)
{
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair->client.provider.table.verify_chain = verify_leaf;
	pair->server.provider.table.credential_chain = long_chain;
	/* the server has no room for its own */
	filler_len = 500;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).error, SLUICE_ERR_MEMORY);
	assert_int_equal(end_info(&pair->server).alert_sent, SL_INTERNAL_ERROR);
	/* with which the client gets a chain in one record */
	end_memory(&pair->server, sluice_conn_size() + 65536);
	filler_len = 1000;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	/* in pieces, it needs as much itself */
	filler_len = 2000;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_MEMORY);
	assert_int_equal(end_info(&pair->client).alert_sent, SL_DECODE_ERROR);
	end_memory(&pair->client, sluice_conn_size() + 32768);
	pair->chunk = 1000;
	pair->room = 3000;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	expect_zeros((uint8_t *)pair->client.mem + sluice_established_size(),
		     pair->client.mem_len - sluice_established_size());
	pair_free(pair);
}

/* A handshake message of a server's in records of so many octets. */
static void in_pieces(struct pair *pair, const uint8_t *message, size_t len,
		      size_t piece)
{
	struct stream *down = &pair->down;

	while (len) {
		size_t part = len < piece ? len : piece;

		down->end += sl_record_seal(pair->server.conn, SL_HANDSHAKE,
					    message, part,
					    down->data + down->end);
		message += part;
		len -= part;
	}
	end_settle(&pair->client);
}

static size_t make_ticket(uint8_t *buf, size_t size, size_t len)
{
	struct sl_writer w = sl_writer(buf, size);
	size_t message, ticket;

	sl_put8(&w, SL_NEW_SESSION_TICKET);
	message = sl_begin_vec(&w, 3);
	sl_put32(&w, 3600);
	sl_put32(&w, 1);
	sl_put8(&w, 0);
	ticket = sl_begin_vec(&w, 2);
	sl_put_space(&w, len);
	sl_end_vec(&w, ticket, 2);
	sl_put16(&w, 0);
	sl_end_vec(&w, message, 3);
	assert_false(w.bad);
	return w.len;
}

/* After the handshake: what is short is put together, tickets may be left. */
static void test_pieces_afterwards(void **state)
{
	static const uint8_t update[5] = { SL_KEY_UPDATE, 0, 0, 1, 1 };
	struct pair *pair = pair_new(KEY_P256);
	uint8_t ticket[4096] = { 0 };
	size_t len, piece;

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_key = NULL;
	for (piece = 1; piece < 700; piece += piece < 8 ? 1 : 97) {
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		move(&pair->client);
		pair->client.mem_len = sluice_conn_size();
		pair->ticket_count = 0;
		len = make_ticket(ticket, sizeof(ticket), SL_PIECE_MAX - 17);
		assert_int_equal(len, SL_PIECE_MAX);
		in_pieces(pair, ticket, len, piece);
		assert_int_equal(pair->ticket_count, 1);
		expect_zeros(pair->client.conn->piece, SL_PIECE_MAX);
		len = make_ticket(ticket, sizeof(ticket), SL_PIECE_MAX - 16);
		in_pieces(pair, ticket, len, piece);
		assert_int_equal(pair->ticket_count, piece < len ? 1 : 2);
		assert_int_equal(end_info(&pair->client).tickets, 2);
		in_pieces(pair, ticket, make_ticket(ticket, sizeof(ticket), 2000),
			  4096);
		assert_int_equal(pair->ticket_count, piece < len ? 2 : 3);
		in_pieces(pair, update, sizeof(update), piece);
		assert_int_equal(end_info(&pair->client).rx_key_updates, 1);
		sl_keys_update(pair->server.conn, &pair->server.conn->tx);
		assert_true(pair_send(pair, &pair->server, ticket, 100));
		end_memory(&pair->client, sluice_conn_size());
	}
	/* in the middle of one, there may be no data, nor a hand-over */
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	len = make_ticket(ticket, sizeof(ticket), 2000);
	in_pieces(pair, ticket, len - 1, 1000);
	{
		struct sluice_secrets secrets;

		assert_int_equal(sluice_conn_secrets(pair->client.conn,
						     &secrets), -1);
		in_pieces(pair, ticket, 1, 1);
		assert_int_equal(sluice_conn_secrets(pair->client.conn,
						     &secrets), 0);
	}
	in_pieces(pair, ticket, 600, 600);
	assert_false(pair_send(pair, &pair->server, ticket, 100));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_PROTOCOL);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_with_provider),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_long_chains),
		cmocka_unit_test(test_pieces_afterwards),
	};

	assert_true(CRYPTO_set_mem_functions(count_malloc, count_realloc,
					     count_free));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
