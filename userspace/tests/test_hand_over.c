// SPDX-License-Identifier: MIT
/*
 * Handing over: what has been received by then, what is pending, and one
 * direction before the other. The new owner is libcrypto, as kTLS would be it:
 * with no more than struct sluice_secrets.
 */
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pair.h"

static const EVP_CIPHER *cipher_of(const struct sluice_secrets *s)
{
	switch (s->suite) {
	case SLUICE_AES_128_GCM_SHA256:
		return EVP_aes_128_gcm();
	case SLUICE_AES_256_GCM_SHA384:
		return EVP_aes_256_gcm();
	default:
		return EVP_chacha20_poly1305();
	}
}

/* One record by whoever has the keys; len octets, type and tag behind them. */
static bool crypt_record(const struct sluice_secrets *s,
			 struct sluice_keys *keys, uint8_t *record, size_t len,
			 bool seal)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t nonce[12], *body = record + 5;
	int n, i;
	bool ok;

	memcpy(nonce, keys->iv, sizeof(nonce));
	for (i = 0; i < 8; i++)
		nonce[11 - i] ^= (uint8_t)(keys->seq >> (8 * i));
	keys->seq++;
	ok = EVP_CipherInit_ex2(ctx, cipher_of(s), keys->key, nonce, seal, NULL) &&
	     (seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16,
					  body + len)) &&
	     EVP_CipherUpdate(ctx, NULL, &n, record, 5) &&
	     EVP_CipherUpdate(ctx, body, &n, body, (int)len) &&
	     EVP_CipherFinal_ex(ctx, body + len, &n) > 0 &&
	     (!seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16,
					   body + len));
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* The new owner sends. */
static void owner_sends(struct stream *to, struct sluice_secrets *s,
			const char *text)
{
	uint8_t *record = to->data + to->end;
	size_t len = strlen(text) + 1;

	memcpy(record, "\27\3\3\0", 4);
	record[4] = (uint8_t)(len + 16);
	memcpy(record + 5, text, len - 1);
	record[5 + len - 1] = 23;
	assert_true(crypt_record(s, &s->tx, record, len, true));
	to->end += 5 + len + 16;
}

/* It receives: the content type; what was said goes to text. */
static int owner_receives(struct stream *from, struct sluice_secrets *s,
			  char *text)
{
	uint8_t *record = from->data + from->start;
	size_t len = ((size_t)record[3] << 8 | record[4]) - 16;

	assert_true(from->end - from->start >= 5 + len + 16);
	assert_true(crypt_record(s, &s->rx, record, len, false));
	from->start += 5 + len + 16;
	memcpy(text, record + 5, len - 1);
	text[len - 1] = 0;
	return record[5 + len - 1];
}

static void says(struct end *end, const char *text)
{
	size_t len = strlen(text), out_len = 200;
	uint8_t *out = end->out->data + end->out->end;

	assert_int_equal(sluice_seal(end->conn, (const uint8_t *)text, &len,
				     out, &out_len), SLUICE_DONE);
	end->out->end += out_len;
}

static void hears(struct end *end, const char *text)
{
	uint8_t data[100];
	size_t len = sizeof(data);

	assert_int_equal(end_open(end, data, &len), SLUICE_DATA);
	assert_int_equal(len, strlen(text));
	assert_memory_equal(data, text, len);
}

static struct pair *connected(const uint16_t *suites)
{
	struct pair *pair = pair_new(KEY_P256);

	pair_use_tickets(pair);
	pair->client.config.suites = suites;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	return pair;
}

static void test_both(void **state)
{
	static const uint16_t suites[][2] = {
		{ SLUICE_AES_128_GCM_SHA256 }, { SLUICE_AES_256_GCM_SHA384 },
		{ SLUICE_CHACHA20_POLY1305_SHA256 },
	};
	char text[2048];
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		struct pair *pair = connected(suites[i]);
		struct sluice_secrets s = { 0 };

		/* the server's tickets are on their way: the owner meets them */
		assert_int_equal(sluice_conn_release(pair->client.conn,
						     SLUICE_TX | SLUICE_RX, &s), 0);
		assert_int_equal(s.directions, SLUICE_TX | SLUICE_RX);
		assert_int_equal(owner_receives(&pair->down, &s, text), 22);
		assert_int_equal(text[0], 4);
		owner_sends(&pair->up, &s, "over");
		hears(&pair->server, "over");
		says(&pair->server, "out");
		while (owner_receives(&pair->down, &s, text) == 22)
			;
		assert_string_equal(text, "out");
		pair_free(pair);
	}
}

/* Nothing of a direction that is gone is left in the connection, or done. */
static void test_gone(void **state)
{
	struct pair *pair = connected(NULL);
	struct sluice_secrets s = { 0 }, again = { 0 };
	struct sluice_conn *conn = pair->client.conn;
	const uint8_t *mem = pair->client.mem;
	uint8_t out[100], *data;
	size_t i, len = 1, out_len = sizeof(out);

	(void)state;
	assert_int_equal(sluice_conn_release(conn, 0, &s), -1);
	assert_int_equal(sluice_conn_release(conn, 4, &s), -1);
	assert_int_equal(sluice_conn_release(conn, SLUICE_TX, &s), 0);
	assert_int_equal(s.directions, SLUICE_TX);
	assert_int_equal(sluice_conn_release(conn, SLUICE_TX, &again), -1);
	assert_int_equal(sluice_conn_secrets(conn, &again), -1);
	assert_int_equal(sluice_seal(conn, (const uint8_t *)"x", &len, out,
				     &out_len), SLUICE_ERROR);
	assert_int_equal(len + out_len, 0);
	assert_int_equal(sluice_key_update(conn, true), -1);
	sluice_close(conn);
	assert_false(sluice_pending(conn));
	/* what comes is still ours; then not even that */
	end_settle(&pair->client);
	assert_int_equal(pair->ticket_count, 2);
	assert_int_equal(sluice_conn_release(conn, SLUICE_RX, &s), 0);
	assert_int_equal(s.directions, SLUICE_TX | SLUICE_RX);
	len = 5;
	assert_int_equal(sluice_open(conn, out, &len, &data, &out_len),
			 SLUICE_ERROR);
	assert_int_equal(len + out_len, 0);
	for (i = 0; i + 16 <= sluice_established_size(); i++) {
		assert_memory_not_equal(mem + i, s.tx.key, 16);
		assert_memory_not_equal(mem + i, s.tx.secret, 16);
		assert_memory_not_equal(mem + i, s.rx.key, 16);
		assert_memory_not_equal(mem + i, s.rx.secret, 16);
	}
	/* but what both sides know of the connection is */
	assert_int_equal(sluice_export(conn, "EXPERIMENTAL x", NULL, 0, out, 32), 0);
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_NONE);
	pair_free(pair);
}

/* Sending has gone, and the peer wants its key renewed. */
static void test_update_wanted(void **state)
{
	struct pair *pair = connected(NULL);
	struct sluice_secrets s = { 0 };

	(void)state;
	assert_int_equal(sluice_conn_release(pair->client.conn, SLUICE_TX, &s), 0);
	sluice_key_update(pair->server.conn, false);
	says(&pair->server, "one");
	end_settle(&pair->client);
	assert_false(end_info(&pair->client).update_wanted);
	sluice_key_update(pair->server.conn, true);
	says(&pair->server, "two");
	hears(&pair->client, "two");
	assert_true(end_info(&pair->client).update_wanted);
	assert_false(sluice_pending(pair->client.conn));
	assert_int_equal(end_info(&pair->client).rx_key_updates, 2);
	/* and receiving goes at the key that it has got to */
	assert_int_equal(sluice_conn_release(pair->client.conn, SLUICE_RX, &s), 0);
	says(&pair->server, "three");
	{
		char text[2048];

		assert_int_equal(owner_receives(&pair->down, &s, text), 23);
		assert_string_equal(text, "three");
	}
	pair_free(pair);
}

/* Not while something of the direction is under way. */
static void test_under_way(void **state)
{
	struct pair *pair = connected(NULL);
	struct sluice_secrets s = { 0 };
	struct end *client = &pair->client;
	uint8_t *data;
	size_t len, data_len;

	(void)state;
	end_settle(client);
	/* a key update that was asked for, and its answer */
	sluice_key_update(client->conn, true);
	assert_int_equal(sluice_conn_release(client->conn, SLUICE_TX, &s), -1);
	assert_int_equal(sluice_conn_release(client->conn, SLUICE_TX | SLUICE_RX,
					     &s), -1);
	assert_int_equal(s.directions, 0);
	end_settle(client);
	end_settle(&pair->server);
	end_settle(client);
	assert_int_equal(end_info(client).rx_key_updates, 1);
	/* read ahead: a record and a half */
	says(&pair->server, "one");
	len = client->in->end - client->in->start;
	says(&pair->server, "two");
	len += 7;
	assert_int_equal(sluice_open(client->conn,
				     client->in->data + client->in->start, &len,
				     &data, &data_len), SLUICE_DATA);
	client->in->start += len;
	assert_memory_equal(data, "one", 3);
	assert_int_equal(sluice_conn_release(client->conn, SLUICE_RX, &s), -1);
	/* sending may go nevertheless */
	assert_int_equal(sluice_conn_release(client->conn, SLUICE_TX, &s), 0);
	owner_sends(client->out, &s, "first");
	hears(&pair->server, "first");
	hears(client, "two");
	assert_int_equal(sluice_conn_release(client->conn, SLUICE_RX, &s), 0);
	pair_free(pair);
	/* ended by the peer, or by us: that direction stays */
	pair = connected(NULL);
	end_settle(&pair->client);
	sluice_close(pair->server.conn);
	end_settle(&pair->server);
	end_settle(&pair->client);
	memset(&s, 0, sizeof(s));
	assert_int_equal(sluice_conn_release(pair->client.conn, SLUICE_RX, &s), -1);
	assert_int_equal(sluice_conn_release(pair->server.conn, SLUICE_TX, &s), -1);
	assert_int_equal(sluice_conn_release(pair->client.conn, SLUICE_TX, &s), 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_update_wanted),
		cmocka_unit_test(test_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
