// SPDX-License-Identifier: MIT
/*
 * Secrets are wiped on every path: a connection's memory, and the stack that
 * the engine ran on, are searched for all that was ever derived or agreed on;
 * after the handshake, after sluice_conn_free(), and after each call of the
 * provider that can fail has failed.
 *
 * SLUICE_TEST_STRIDE=N tries every Nth failure only.
 */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "attack.h"
#include "conn.h"
#include "lookup_pair.h"
#include "secrets.h"

#define STACK	((size_t)256 * 1024)

enum scenario {
	FULL, RETRY, RESUMED, EARLY, EARLY_REFUSED, ASKED, MUTUAL, EXTERNAL,
	ENCRYPTED, TLS12, TLS12_RESUMED,
	SCENARIOS
};

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t x25519_p256[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };
static const uint16_t only_x25519[] = { SLUICE_X25519, 0 };
static const struct sluice_psk psk = {
	.identity = (const uint8_t *)"identity", .identity_len = 8,
	.key = (const uint8_t *)"thirty-two octets of a good key.",
	.key_len = 32,
};

static bool find_psk(void *ctx, const uint8_t *identity, size_t len,
		     struct sluice_psk *found)
{
	(void)ctx;
	(void)identity;
	*found = psk;
	return len == psk.identity_len;
}

/* Locals are to be on the stack: not where AddressSanitizer would have them. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=0";
}

/*
 * The engine has a thread and a stack of its own; the provider's work is done
 * by the thread that waits for it.
 */
static struct {
	uint8_t *stack;
	sem_t todo, done;
	void (*fn)(void *arg);
	void *arg;
	bool (*body)(struct pair *pair);
	struct pair *pair;
	bool result;
} engine;

static void ask(void (*fn)(void *arg), void *arg)
{
	engine.fn = fn;
	engine.arg = arg;
	sem_post(&engine.todo);
	while (sem_wait(&engine.done))
		;
}

/*
 * What is below the stack pointer after a call of the engine, and where it calls
 * the provider: before the next call writes over it.
 */
static size_t on_stack;

static void search(void *end)
{
	static const uint8_t none[512];
	const uint8_t *from = engine.stack, *to = end;

	/* so deep, nothing was called */
	while (to - from > 512 && !memcmp(from, none, 512))
		from += 512;
	on_stack += secrets_found(from, (size_t)(to - from));
}

static void search_below(void)
{
	uint8_t here;

	ask(search, &here);
}

static void *run_engine(void *arg)
{
	(void)arg;
	engine.result = engine.body(engine.pair);
	engine.fn = NULL;
	sem_post(&engine.todo);
	return NULL;
}

static bool on_own_stack(bool (*body)(struct pair *pair), struct pair *pair)
{
	pthread_attr_t attr;
	pthread_t thread;

	memset(engine.stack, 0, STACK);
	engine.body = body;
	engine.pair = pair;
	assert_false(pthread_attr_init(&attr));
	assert_false(pthread_attr_setstack(&attr, engine.stack, STACK));
	secrets_run = ask;
	assert_false(pthread_create(&thread, &attr, run_engine, NULL));
	for (;;) {
		while (sem_wait(&engine.todo))
			;
		if (!engine.fn)
			break;
		engine.fn(engine.arg);
		sem_post(&engine.done);
	}
	pthread_join(thread, NULL);
	secrets_run = NULL;
	pthread_attr_destroy(&attr);
	return engine.result;
}

/* Nothing is to be found, on the way or at the end. */
static void searched(bool (*body)(struct pair *pair), struct pair *pair)
{
	bool result;

	on_stack = 0;
	pair_called = search_below;
	secrets_called = search_below;
	result = on_own_stack(body, pair);
	pair_called = NULL;
	secrets_called = NULL;
	assert_true(result);
	assert_int_equal(on_stack, 0);
	assert_int_equal(secrets_found(engine.stack, STACK), 0);
}

static int setup(void **state)
{
	(void)state;
	engine.stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	return engine.stack == MAP_FAILED || sem_init(&engine.todo, 0, 0) ||
	       sem_init(&engine.done, 0, 0);
}

static bool is_tls12(enum scenario scenario)
{
	return scenario == TLS12 || scenario == TLS12_RESUMED;
}

static bool is_early(enum scenario scenario)
{
	return scenario == EARLY || scenario == EARLY_REFUSED;
}

static bool is_resumed(enum scenario scenario)
{
	return scenario == RESUMED || scenario == TLS12_RESUMED ||
	       scenario == ASKED || is_early(scenario);
}

static struct pair *prepare(enum scenario scenario)
{
	struct pair *pair = pair_new(KEY_ED25519);

	secrets_forget(0);
	if (is_tls12(scenario)) {
		pair->client.config.min_version = SLUICE_TLS_1_2;
		pair->server.config.min_version = SLUICE_TLS_1_2;
		pair->client.config.max_version = SLUICE_TLS_1_2;
	}
	/* the test's own buffers are not the engine's to wipe */
	pair->client.config.keylog = NULL;
	pair->client.config.groups = only_x25519;
	pair->server.config.groups = only_x25519;
	switch (scenario) {
	case ENCRYPTED:
		pair_use_ech(pair);
		/* fall through */
	case RETRY:
		pair->client.config.groups = x25519_p256;
		pair->server.config.groups = only_p256;
		break;
	case EARLY:
	case EARLY_REFUSED:
		pair_use_early(pair, 100);
		/* fall through */
	case ASKED:
	case RESUMED:
	case TLS12_RESUMED:
		pair_use_tickets(pair);
		secrets_add(pair->ticket_key.key, sizeof(pair->ticket_key.key));
		pair->server.config.ticket_unused = NULL;
		if (scenario == ASKED)
			pair->server.config.async = SLUICE_ASYNC_TICKET;
		pair->server.give = lookup_give;
		break;
	case MUTUAL:
		pair->client.config.credential = pair->identity.cred;
		pair->server.config.trust = pair->identity.trust;
		pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
		break;
	case EXTERNAL:
		pair->client.config.psk = &psk;
		pair->server.config.psk_find = find_psk;
		secrets_add(psk.key, psk.key_len);
		break;
	default:
		break;
	}
	pair_reset(pair);
	secrets_watch(&pair->client.provider);
	secrets_watch(&pair->server.provider);
	if (is_resumed(scenario)) {
		assert_true(pair_handshake(pair));
		end_settle(&pair->client);
		assert_true(pair->ticket_count > 0);
		if (scenario == EARLY_REFUSED)
			pair->server.config.max_early_data = 0;
		if (is_early(scenario))
			pair_say_early(pair);
		pair_reset(pair);
	}
	return pair;
}

static bool shake(struct pair *pair)
{
	return pair_handshake(pair);
}

static size_t in_memory(const struct end *end)
{
	return secrets_found(end->mem, sluice_conn_size());
}

static size_t in_stream(const struct stream *stream)
{
	return secrets_found(stream->data, sizeof(stream->data));
}

static bool release(struct pair *pair)
{
	sluice_conn_free(pair->client.conn);
	sluice_conn_free(pair->server.conn);
	pair->client.conn = NULL;
	pair->server.conn = NULL;
	return true;
}

static bool use(struct pair *pair)
{
	bool tls12 = end_info(&pair->client).version == SLUICE_TLS_1_2;
	uint8_t out[100];

	return pair_send(pair, &pair->client, (const uint8_t *)"up", 2) &&
	       (tls12 || !sluice_key_update(pair->server.conn, true)) &&
	       pair_send(pair, &pair->server, (const uint8_t *)"down", 4) &&
	       pair_send(pair, &pair->client, (const uint8_t *)"up", 2) &&
	       !sluice_export(pair->client.conn, "EXPERIMENTAL x", NULL, 0,
			      out, sizeof(out)) &&
	       (sluice_wipe(out, sizeof(out)), true);
}

/* The keys in use, what new ones are made of, and a few others are left. */
static void allow_secrets(struct end *end, size_t most)
{
	struct sluice_secrets secrets;
	size_t left;

	assert_false(sluice_conn_secrets(end->conn, &secrets));
	secrets_allow((const uint8_t *)&secrets, sizeof(secrets));
	sluice_wipe(&secrets, sizeof(secrets));
	left = in_memory(end);
	assert_in_range(left, 1, most);
}

static void test_after_the_handshake(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct pair *pair = prepare(scenario);

		searched(shake, pair);
		/* TLS 1.2 makes fewer */
		assert_true(secrets_count() > (is_tls12(scenario) ? 10 : 20));
		if (is_early(scenario))
			assert_int_equal(end_info(&pair->client).early,
					 scenario == EARLY ? SLUICE_EARLY_ACCEPTED :
							     SLUICE_EARLY_REJECTED);
		/* nor where the records were: Finished, a ticket */
		assert_int_equal(in_stream(&pair->up), 0);
		assert_int_equal(in_stream(&pair->down), 0);
		/* what is there for sure is found, too */
		assert_true(in_memory(&pair->client) > 2);
		searched(use, pair);
		/* the exporter's; and a client's for tickets */
		allow_secrets(&pair->client, 2);
		allow_secrets(&pair->server, 1);
		pair_free(pair);
	}
}

static void test_after_the_end(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct pair *pair = prepare(scenario);

		assert_true(on_own_stack(shake, pair));
		assert_true(on_own_stack(use, pair));
		assert_true(on_own_stack(release, pair));
		assert_int_equal(secrets_found(engine.stack, STACK), 0);
		assert_int_equal(in_memory(&pair->client), 0);
		assert_int_equal(in_memory(&pair->server), 0);
		pair_free(pair);
	}
}

/* Each call that can fail fails once: nothing stays, even before the end. */
static void fail_end(struct pair *pair, struct end *end, enum scenario scenario)
{
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t ticket_len = pair->ticket_len[0];
	/* of the session that is resumed */
	size_t known = secrets_count();
	long n, calls;

	memcpy(ticket, pair->tickets[0], sizeof(ticket));
	assert_true(pair_handshake(pair));
	calls = end->provider.calls;
	assert_true(calls > 20);
	for (n = 1; n <= calls; n += (long)test_stride()) {
		if (is_resumed(scenario)) {
			memcpy(pair->tickets[0], ticket, sizeof(ticket));
			pair->ticket_len[0] = ticket_len;
			pair->ticket_count = 1;
		}
		end->provider.fail_at = n;
		pair_reset(pair);
		on_own_stack(shake, pair);
		assert_int_equal(secrets_found(engine.stack, STACK), 0);
		if (end_info(end).error)
			assert_int_equal(in_memory(end), 0);
		assert_true(on_own_stack(release, pair));
		assert_int_equal(in_memory(&pair->client), 0);
		assert_int_equal(in_memory(&pair->server), 0);
		assert_int_equal(secrets_found(engine.stack, STACK), 0);
		secrets_forget(known);
	}
	end->provider.fail_at = 0;
}

static void test_after_failures(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct pair *pair = prepare(scenario);

		fail_end(pair, &pair->client, scenario);
		pair_free(pair);
		pair = prepare(scenario);
		fail_end(pair, &pair->server, scenario);
		pair_free(pair);
	}
}

/* In a handshake: what keys are made of is wiped as soon as they are there. */
static struct pair *watched;
static unsigned int looked[2];

static bool is_zero(const uint8_t *mem, size_t len)
{
	while (len && !*mem)
		mem++, len--;
	return !len;
}

static void look(void)
{
	const struct sluice_conn *ends[] = {
		watched->client.conn, watched->server.conn
	};
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct sluice_conn *c = ends[i];
		const struct sl_handshake *hs = c->hs;

		if (c->error || !hs || !(sl_is_server(c) ? c->tx : c->rx).aead)
			continue;
		assert_true(is_zero(hs->session.psk, sizeof(hs->session.psk)));
		assert_true(is_zero(hs->tls12.master, sizeof(hs->tls12.master)));
		if (c->early == SLUICE_EARLY_REJECTED)
			assert_true(is_zero(hs->early_exporter,
					    sizeof(hs->early_exporter)));
		if (sl_is_server(c))
			assert_true(is_zero(hs->shared, sizeof(hs->shared)) &&
				    is_zero((const uint8_t *)&hs->lookup,
					    sizeof(hs->lookup)));
		looked[i]++;
	}
}

static void test_on_the_way(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		watched = prepare(scenario);
		memset(looked, 0, sizeof(looked));
		/* in as many steps as can be */
		watched->chunk = 1;
		watched->room = SLUICE_OUT_MIN;
		pair_called = look;
		assert_true(pair_handshake(watched));
		pair_called = NULL;
		assert_true((looked[0] && looked[1]) || is_tls12(scenario));
		pair_free(watched);
	}
}

/* A direction that has ended, or is another's, has no keys any more. */
static bool is_over(const struct sl_direction *direction)
{
	return is_zero((const uint8_t *)direction, sizeof(*direction));
}

static void expect_over(const struct end *end, bool tx, bool rx)
{
	assert_int_equal(is_over(&end->conn->tx), tx);
	assert_int_equal(is_over(&end->conn->rx), rx);
}

static void test_directions(void **state)
{
	static const enum scenario scenarios[] = { FULL, TLS12 };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct pair *pair = prepare(scenarios[i]);
		struct end *client = &pair->client, *server = &pair->server;
		struct sluice_secrets secrets;

		assert_true(pair_handshake(pair));
		sluice_close(client->conn);
		end_settle(client);
		end_settle(server);
		expect_over(client, true, false);
		expect_over(server, false, true);
		sluice_close(server->conn);
		end_settle(server);
		end_settle(client);
		expect_over(client, true, true);
		expect_over(server, true, true);

		/* an alert, sent and received */
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		memcpy(pair->down.data + pair->down.end, "\27\3\3\0\1x", 6);
		pair->down.end += 6;
		end_settle(client);
		expect_over(client, true, true);
		assert_true(end_info(client).alert_sent > 0);
		end_settle(server);
		expect_over(server, true, true);

		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_false(sluice_conn_release(client->conn, SLUICE_RX,
						 &secrets));
		expect_over(client, false, true);
		assert_false(sluice_conn_release(client->conn, SLUICE_TX,
						 &secrets));
		expect_over(client, true, true);
		pair_free(pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_the_handshake),
		cmocka_unit_test(test_after_the_end),
		cmocka_unit_test(test_after_failures),
		cmocka_unit_test(test_on_the_way),
		cmocka_unit_test(test_directions),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
