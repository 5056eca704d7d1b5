// SPDX-License-Identifier: MIT
/*
 * The engine with a provider that has no heap: a thousand handshakes of all
 * kinds, and data, without one call of malloc(), calloc(), realloc() or free().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "pair.h"
#include "toy.h"

#define OBJECTS		16
#define STREAM		(64 * 1024)
#define NOW		1700000000

/* glibc's own; the functions below take the place of its usual names */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

static bool counting;
static unsigned long calls;

void *malloc(size_t size)
{
	calls += counting;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	calls += counting;
	return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
	calls += counting;
	return __libc_realloc(ptr, size);
}

void free(void *ptr)
{
	calls += counting;
	__libc_free(ptr);
}

/* One side, all of it in memory that was there before. */
struct side {
	struct toy toy;
	struct sluice_config config;
	struct sluice_conn *conn;
	enum sluice_status status;
	uint8_t got[STREAM];	/* from the other one, not yet taken */
	size_t got_len;
	uint8_t *pool;
	uint8_t *mem;
};

static struct side client, server;
static uint8_t ticket[SLUICE_TICKET_MAX];
static size_t ticket_len;
static const struct sluice_trust authority = { 4711 }, another = { 42 };
static struct sluice_credential cred, client_cred;

/* Octets on the wire to be changed: the number of them that goes over */
static size_t flip_at;
static size_t passed;

static uint64_t now(void *ctx)
{
	(void)ctx;
	return NOW * 1000ULL;
}

static void put_ticket(void *ctx, const char *name, const uint8_t *data,
		       size_t len)
{
	(void)ctx;
	(void)name;
	memcpy(ticket, data, len);
	ticket_len = len;
}

static size_t take_ticket(void *ctx, const char *name, uint8_t *buf,
			  size_t size)
{
	size_t len = ticket_len;

	(void)ctx;
	(void)name;
	assert_true(len <= size);
	memcpy(buf, ticket, len);
	ticket_len = 0;
	return len;
}

static bool ticket_key(void *ctx, const uint8_t *name,
		       struct sluice_ticket_key *key)
{
	(void)ctx;
	(void)name;
	memset(key, 7, sizeof(*key));
	return true;
}

static const struct sluice_psk psk = {
	.identity = (const uint8_t *)"identity", .identity_len = 8,
	.key = (const uint8_t *)"sixteen octets..", .key_len = 16,
};

static bool find_psk(void *ctx, const uint8_t *identity, size_t len,
		     struct sluice_psk *found)
{
	(void)ctx;
	*found = psk;
	return len == 8 && !memcmp(identity, "identity", 8);
}

static void set_up(struct side *side, enum sluice_role role, size_t objects,
		   uint64_t seed)
{
	sluice_conn_free(side->conn);
	side->conn = NULL;
	toy_init(&side->toy, side->pool, toy_pool_size(objects), seed);
	side->config = (struct sluice_config){
		.provider = &side->toy.table, .role = role,
		.trust = &authority, .peer_name = "toy.test", .now = now,
	};
	side->status = SLUICE_WANT_READ;
	side->got_len = 0;
}

static void both(uint64_t seed)
{
	set_up(&client, SLUICE_CLIENT, OBJECTS, seed);
	set_up(&server, SLUICE_SERVER, OBJECTS, seed + 1);
	server.config.credential = &cred;
	passed = 0;
}

static void begin(void)
{
	client.conn = sluice_conn_init(client.mem, 2 * sluice_conn_size(),
				       &client.config);
	server.conn = sluice_conn_init(server.mem, 2 * sluice_conn_size(),
				       &server.config);
	assert_true(client.conn && server.conn);
}

static void send_on(struct side *to, const uint8_t *data, size_t len)
{
	assert_true(len <= STREAM - to->got_len);
	memcpy(to->got + to->got_len, data, len);
	if (flip_at >= passed && flip_at < passed + len)
		to->got[to->got_len + flip_at - passed] ^= 4;
	passed += len;
	to->got_len += len;
}

static void taken(struct side *side, size_t len)
{
	side->got_len -= len;
	memmove(side->got, side->got + len, side->got_len);
}

static bool turn(struct side *side, struct side *other)
{
	static uint8_t out[STREAM];
	size_t used = side->got_len, len = sizeof(out);

	if (side->status == SLUICE_DONE || side->status == SLUICE_ERROR)
		return false;
	side->status = sluice_handshake(side->conn, side->got, &used, out, &len);
	taken(side, used);
	send_on(other, out, len);
	return used || len;
}

static bool handshake(void)
{
	bool moved;

	begin();
	do {
		moved = turn(&client, &server);
		moved |= turn(&server, &client);
	} while (moved);
	return client.status == SLUICE_DONE && server.status == SLUICE_DONE;
}

static struct sluice_conn_info info_of(const struct side *side)
{
	struct sluice_conn_info info;

	sluice_conn_info(side->conn, &info);
	return info;
}

/* What there is for a side, behind what is in text already. */
static bool hear(struct side *side, char *text, size_t size)
{
	enum sluice_status status;

	do {
		size_t used = side->got_len, len, have = strlen(text);
		uint8_t *data;

		status = sluice_open(side->conn, side->got, &used, &data, &len);
		assert_true(have + len < size);
		if (len)
			memcpy(text + have, data, len);
		text[have + len] = 0;
		taken(side, used);
	} while (status == SLUICE_DATA);
	return status != SLUICE_ERROR;
}

/* From one to the other, with whatever is pending; true if it has arrived. */
static bool say(struct side *from, struct side *to, const char *text)
{
	size_t len = strlen(text), room = STREAM;
	static uint8_t out[STREAM];
	char heard[100] = "";

	if (sluice_seal(from->conn, (const uint8_t *)text, &len, out, &room) ==
	    SLUICE_ERROR && *text)
		return false;
	send_on(to, out, room);
	return hear(to, heard, sizeof(heard)) && !strcmp(heard, text);
}

enum kind { FULL, TICKET, SECOND, RETRIED, MUTUAL, GIVEN_PSK, OLDER, HYBRID, KINDS };

static void prepare(enum kind kind)
{
	static const uint16_t p256[] = { SLUICE_SECP256R1, 0 };
	static const uint16_t x25519[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };

	if (kind != HYBRID)
		client.config.groups = x25519;
	if (kind == TICKET)
		ticket_len = 0;
	if (kind == TICKET || kind == SECOND) {
		client.config.ticket_put = put_ticket;
		client.config.ticket_take = take_ticket;
		server.config.ticket_key = ticket_key;
	} else if (kind == RETRIED) {
		server.config.groups = p256;
	} else if (kind == MUTUAL) {
		client.config.credential = &client_cred;
		server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	} else if (kind == GIVEN_PSK) {
		client.config.psk = &psk;
		server.config.psk_find = find_psk;
	} else if (kind == OLDER) {
		client.config.max_version = SLUICE_TLS_1_2;
		server.config.min_version = SLUICE_TLS_1_2;
	}
}

static void one(unsigned int i)
{
	enum kind kind = (enum kind)(i % KINDS);
	struct sluice_conn_info info;

	both(1 + 2 * i);
	prepare(kind);
	assert_true(handshake());
	info = info_of(&client);
	assert_true(info.verified);
	assert_int_equal(info.resumed, kind == SECOND);
	assert_int_equal(info.retried, kind == RETRIED);
	assert_int_equal(info.psk, kind == GIVEN_PSK);
	assert_int_equal(info_of(&server).client_signature != 0, kind == MUTUAL);
	if (kind != OLDER)
		assert_int_equal(sluice_key_update(client.conn, true), 0);
	assert_true(say(&client, &server, "what is said"));
	assert_true(say(&server, &client, "and answered"));
	sluice_close(client.conn);
	assert_true(say(&client, &server, ""));
	assert_true(info_of(&server).closed);
}

static void end(void)
{
	sluice_conn_free(client.conn);
	sluice_conn_free(server.conn);
	client.conn = NULL;
	server.conn = NULL;
	/* what was made of the caller's memory is given back */
	assert_int_equal(client.toy.used, 0);
	assert_int_equal(server.toy.used, 0);
}

static void test_no_heap(void **state)
{
	struct sluice_provider *p;
	unsigned int i;
	size_t most = 0;

	(void)state;
	calls = 0;
	counting = true;
	for (i = 0; i < 1000; i++) {
		one(i);
		most = client.toy.most > most ? client.toy.most : most;
		most = server.toy.most > most ? server.toy.most : most;
		end();
	}
	counting = false;
	print_message("# %u handshakes, %lu calls of the heap, %zu objects of the provider at most\n",
		      i, calls, most);
	assert_int_equal(calls, 0);
	/* and it does count, also what a library calls */
	p = test_provider();
	counting = true;
	p->hash_free(p, p->hash_new(p, SLUICE_SHA256));
	counting = false;
	assert_true(calls >= 2);
	test_backend()->close(p);
}

/* The same seeds say the same. */
static void test_deterministic(void **state)
{
	static uint8_t first[STREAM];
	size_t len;

	(void)state;
	both(3);
	begin();
	turn(&client, &server);
	len = server.got_len;
	memcpy(first, server.got, len);
	both(3);
	begin();
	turn(&client, &server);
	assert_int_equal(server.got_len, len);
	assert_memory_equal(server.got, first, len);
	both(4);
	begin();
	turn(&client, &server);
	assert_true(memcmp(server.got, first, len));
	end();
}

/* No octet of the handshake or of the data can be changed. */
static void test_changed(void **state)
{
	size_t total, i, ends = 0;

	(void)state;
	both(1);
	prepare(MUTUAL);
	assert_true(handshake());
	assert_true(say(&client, &server, "data"));
	total = passed;
	for (i = 0; i < total; i++) {
		bool ok;

		both(1);
		prepare(MUTUAL);
		flip_at = i;
		ok = handshake() && say(&client, &server, "data");
		flip_at = SIZE_MAX;
		ends += !ok;
	}
	print_message("# %zu octets, %zu of them noticed\n", total, ends);
	/* nobody looks at the version of the first records (section 5.1) */
	assert_true(total - ends <= 8);
	end();
}

static void test_certificates(void **state)
{
	struct sluice_credential wrong;

	(void)state;
	both(1);
	toy_issue(&wrong, &another, 5, "toy.test", NOW + 60);
	server.config.credential = &wrong;
	assert_false(handshake());
	assert_int_equal(info_of(&client).alert_sent, SL_UNKNOWN_CA);
	both(1);
	toy_issue(&wrong, &authority, 5, "toy.test", NOW - 60);
	server.config.credential = &wrong;
	assert_false(handshake());
	assert_int_equal(info_of(&client).alert_sent, SL_CERTIFICATE_EXPIRED);
	both(1);
	toy_issue(&wrong, &authority, 5, "toy.tes", NOW + 60);
	server.config.credential = &wrong;
	assert_false(handshake());
	assert_int_equal(info_of(&client).alert_sent, SL_BAD_CERTIFICATE);
	both(1);
	wrong = cred;
	wrong.key++;		/* not the certificate's */
	server.config.credential = &wrong;
	assert_false(handshake());
	assert_int_equal(info_of(&client).alert_sent, SL_DECRYPT_ERROR);
	end();
}

/* Too little memory for objects fails the connection, and leaks nothing. */
static void test_too_few(void **state)
{
	bool done = false;

	(void)state;
	for (size_t i = 0; i < OBJECTS && !done; i++) {
		both(1);
		set_up(&client, SLUICE_CLIENT, i, 1);
		prepare(MUTUAL);
		done = handshake();
		if (!done)
			assert_int_equal(info_of(&client).error, SLUICE_ERR_PROVIDER);
		end();
	}
	assert_true(done);
}

static void *aligned(void *mem, size_t len)
{
	memset(mem, 0, len);
	return mem;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_heap),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_too_few),
	};
	size_t pool = toy_pool_size(OBJECTS), mem = 2 * sluice_conn_size();

	flip_at = SIZE_MAX;
	toy_issue(&cred, &authority, 1234, "toy.test", NOW + 3600);
	toy_issue(&client_cred, &authority, 5678, "alice", NOW + 3600);
	client.pool = aligned(malloc(pool), pool);
	server.pool = aligned(malloc(pool), pool);
	client.mem = aligned(malloc(mem), mem);
	server.mem = aligned(malloc(mem), mem);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
