// SPDX-License-Identifier: MIT
/* The store of sessions, by itself and as a client's cache of tickets. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pair.h"
#include "sluice/store.h"

#define NOW	1000000
#define LATER	2000000

static struct sluice_store *new_store(size_t entries, size_t per_key,
				      size_t key_len, size_t value_len,
				      const struct sluice_lock *lock)
{
	const struct sluice_store_limits limits = {
		.entries = entries, .per_key = per_key, .key_len = key_len,
		.value_len = value_len,
	};
	size_t size = sluice_store_size(&limits);
	struct sluice_store *store;

	assert_true(size);
	/* no octet more than that: AddressSanitizer looks */
	store = sluice_store_init(malloc(size), size, &limits, lock);
	assert_non_null(store);
	return store;
}

static void drop(struct sluice_store *store)
{
	sluice_store_free(store);
	free(store);
}

static bool put(struct sluice_store *store, const char *key, const char *value,
		uint64_t expires)
{
	return sluice_store_put(store, key, strlen(key), value, strlen(value),
				NOW, expires);
}

static void expect(struct sluice_store *store, const char *key,
		   const char *value)
{
	char buf[64];
	size_t len = sluice_store_take(store, key, strlen(key), NOW, buf,
				       sizeof(buf));

	assert_int_equal(len, value ? strlen(value) : 0);
	if (value)
		assert_memory_equal(buf, value, len);
}

static void test_once(void **state)
{
	struct sluice_store *store = new_store(8, 0, 16, 16, NULL);

	(void)state;
	expect(store, "a", NULL);
	assert_true(put(store, "a", "first", LATER));
	assert_true(put(store, "b", "other", LATER));
	assert_true(put(store, "a", "second", LATER));
	assert_true(put(store, "ab", "third", LATER));
	expect(store, "a", "second");
	expect(store, "a", "first");
	expect(store, "a", NULL);
	expect(store, "b", "other");
	expect(store, "ab", "third");
	assert_int_equal(sluice_store_expire(store, NOW), 0);
	drop(store);
}

static void test_bounds(void **state)
{
	struct sluice_store_limits limits = { .entries = 1, .key_len = 1 };
	struct sluice_store *store = new_store(4, 2, 4, 8, NULL);
	char buf[4];

	(void)state;
	/* of a key: the first goes */
	put(store, "a", "a1", LATER);
	put(store, "a", "a2", LATER);
	put(store, "a", "a3", LATER);
	assert_int_equal(sluice_store_expire(store, NOW), 2);
	/* of all */
	put(store, "b", "b1", LATER);
	put(store, "c", "c1", LATER);
	put(store, "d", "d1", LATER);
	assert_int_equal(sluice_store_expire(store, NOW), 4);
	expect(store, "a", "a3");
	expect(store, "a", NULL);
	expect(store, "b", "b1");
	/* of lengths */
	assert_false(put(store, "", "x", LATER));
	assert_false(put(store, "12345", "x", LATER));
	assert_false(put(store, "1234", "123456789", LATER));
	assert_true(put(store, "1234", "12345678", LATER));
	assert_int_equal(sluice_store_take(store, "1234", 4, NOW, buf, 4), 0);
	expect(store, "1234", NULL);
	drop(store);

	assert_true(sluice_store_size(&limits));
	limits.entries = 0;
	assert_int_equal(sluice_store_size(&limits), 0);
	limits.entries = (1 << 24) + 1;
	assert_int_equal(sluice_store_size(&limits), 0);
	limits = (struct sluice_store_limits){ .entries = 1, .key_len = 1025 };
	assert_int_equal(sluice_store_size(&limits), 0);
	limits = (struct sluice_store_limits){ .entries = 1, .key_len = 1,
					       .value_len = 65537 };
	assert_int_equal(sluice_store_size(&limits), 0);
	assert_null(sluice_store_init(buf, sizeof(buf), &limits, NULL));
	limits.value_len = 1;
	assert_null(sluice_store_init(NULL, 1 << 20, &limits, NULL));
	assert_null(sluice_store_init(buf, sizeof(buf), &limits, NULL));
	sluice_store_free(NULL);
}

static void test_expiry(void **state)
{
	struct sluice_store *store = new_store(8, 0, 8, 8, NULL);

	(void)state;
	assert_false(put(store, "a", "past", NOW));
	assert_true(put(store, "a", "old", NOW + 1));
	assert_true(put(store, "a", "new", NOW + 10));
	assert_true(put(store, "b", "long", NOW + 100));
	assert_true(put(store, "c", "short", NOW + 1));
	assert_int_equal(sluice_store_expire(store, NOW + 1), 2);
	assert_int_equal(sluice_store_expire(store, NOW + 10), 1);
	expect(store, "a", NULL);
	expect(store, "b", "long");
	assert_true(put(store, "a", "old", NOW + 1));
	assert_int_equal(sluice_store_take(store, "a", 1, NOW + 1, (char[8]){ 0 }, 8), 0);
	drop(store);
}

/* What is given out or dropped is in the store's memory no more. */
static void test_wiped(void **state)
{
	const struct sluice_store_limits limits = {
		.entries = 3, .key_len = 8, .value_len = 8,
	};
	size_t size = sluice_store_size(&limits);
	uint8_t *mem = malloc(size);
	struct sluice_store *store = sluice_store_init(mem, size, &limits, NULL);

	(void)state;
	put(store, "a", "SECRET-A", LATER);
	put(store, "b", "SECRET-B", NOW + 1);
	put(store, "c", "SECRET-C", LATER);
	assert_non_null(memmem(mem, size, "SECRET-", 7));
	expect(store, "a", "SECRET-A");
	sluice_store_expire(store, NOW + 1);
	assert_null(memmem(mem, size, "SECRET-A", 8));
	assert_null(memmem(mem, size, "SECRET-B", 8));
	assert_non_null(memmem(mem, size, "SECRET-C", 8));
	sluice_store_free(store);
	assert_null(memmem(mem, size, "SECRET-", 7));
	free(mem);
}

static void test_first(void **state)
{
	struct sluice_store *store = new_store(2, 0, 16, 0, NULL);

	(void)state;
	assert_true(sluice_store_first(store, "one", 3, NOW, NOW + 10));
	assert_false(sluice_store_first(store, "one", 3, NOW, NOW + 10));
	assert_true(sluice_store_first(store, "two", 3, NOW + 5, NOW + 15));
	/* full: nothing is forgotten before its time */
	assert_false(sluice_store_first(store, "three", 5, NOW + 9, NOW + 19));
	assert_false(sluice_store_first(store, "one", 3, NOW + 9, NOW + 19));
	assert_true(sluice_store_first(store, "three", 5, NOW + 10, NOW + 20));
	assert_false(sluice_store_first(store, "two", 3, NOW + 10, NOW + 20));
	assert_false(sluice_store_first(store, "", 0, NOW + 20, NOW + 30));
	drop(store);
}

/* A clock that goes back, to when what was forgotten since had not expired. */
static void test_first_again(void **state)
{
	struct sluice_store *store = new_store(4, 0, 16, 0, NULL);

	(void)state;
	assert_true(sluice_store_first(store, "one", 3, NOW, NOW + 10));
	/* this one was to be remembered for less */
	assert_true(sluice_store_first(store, "two", 3, NOW, NOW + 5));
	assert_true(sluice_store_first(store, "three", 5, NOW + 10, NOW + 20));
	assert_false(sluice_store_first(store, "one", 3, NOW + 9, NOW + 19));
	assert_true(sluice_store_first(store, "one", 3, NOW + 10, NOW + 20));
	drop(store);
	/* by somebody's timer */
	store = new_store(4, 0, 16, 0, NULL);
	assert_true(sluice_store_first(store, "one", 3, NOW, NOW + 10));
	assert_int_equal(sluice_store_expire(store, NOW + 10), 0);
	assert_false(sluice_store_first(store, "one", 3, NOW + 9, NOW + 19));
	assert_true(sluice_store_first(store, "one", 3, NOW + 10, NOW + 20));
	drop(store);
}

/* Against a list that is searched from end to end. */
static void test_model(void **state)
{
	enum { ENTRIES = 7, PER_KEY = 3, STEPS = 20000 };
	struct sluice_store *store = new_store(ENTRIES, PER_KEY, 2, 4, NULL);
	struct { uint8_t key; uint32_t value; uint64_t expires; } model[ENTRIES];
	size_t n = 0;
	uint64_t seed = 42, now = NOW;
	uint32_t step;

	(void)state;
	for (step = 1; step <= STEPS; step++) {
		uint8_t key = (uint8_t)(test_random(&seed) % 5);
		uint64_t what = test_random(&seed) % 8;
		size_t i, same = 0, oldest = ENTRIES;
		uint32_t got = 0, want = 0;

		now += test_random(&seed) % 3;
		if (what < 5) {
			uint64_t expires = now + test_random(&seed) % 40;
			bool kept = sluice_store_put(store, &key, 1, &step, 4,
						     now, expires);

			assert_int_equal(kept, expires > now);
			if (!kept)
				continue;
			while (n && model[0].expires <= now)
				memmove(model, model + 1, --n * sizeof(*model));
			for (i = n; i--;) {
				if (model[i].key == key && ++same == PER_KEY)
					oldest = i;
			}
			if (oldest == ENTRIES && n == ENTRIES)
				oldest = 0;
			if (oldest < n)
				memmove(model + oldest, model + oldest + 1,
					(--n - oldest) * sizeof(*model));
			model[n].key = key;
			model[n].value = step;
			model[n++].expires = expires;
		} else if (what < 7) {
			for (i = n; i-- && !want;) {
				if (model[i].key != key)
					continue;
				if (model[i].expires > now)
					want = model[i].value;
				memmove(model + i, model + i + 1,
					(--n - i) * sizeof(*model));
			}
			assert_int_equal(sluice_store_take(store, &key, 1, now,
							   &got, 4),
					 want ? 4 : 0);
			assert_int_equal(got, want);
		} else {
			for (i = n; i--;) {
				if (model[i].expires <= now)
					memmove(model + i, model + i + 1,
						(--n - i) * sizeof(*model));
			}
			assert_int_equal(sluice_store_expire(store, now), n);
		}
	}
	drop(store);
}

#define THREADS		4
#define TAKEN		200000

static pthread_barrier_t all_there;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void take_lock(void *ctx)
{
	pthread_mutex_lock(ctx);
}

static void drop_lock(void *ctx)
{
	pthread_mutex_unlock(ctx);
}

struct taker {
	struct sluice_store *store;
	uint8_t *seen;		/* by anybody */
	unsigned int twice;
	unsigned int firsts;
};

static void *take_all(void *arg)
{
	struct taker *t = arg;
	uint32_t value, i;

	pthread_barrier_wait(&all_there);
	while (sluice_store_take(t->store, "key", 3, NOW, &value, 4)) {
		if (__atomic_exchange_n(&t->seen[value], 1, __ATOMIC_RELAXED))
			t->twice++;
	}
	for (i = 0; i < TAKEN / 2; i++)
		t->firsts += sluice_store_first(t->store, &i, 4, NOW, LATER);
	return NULL;
}

static void test_threads(void **state)
{
	const struct sluice_lock lock = { take_lock, drop_lock, &mutex };
	struct sluice_store *store = new_store(TAKEN, 0, 4, 4, &lock);
	static uint8_t seen[TAKEN];
	struct taker takers[THREADS];
	pthread_t threads[THREADS];
	unsigned int firsts = 0;
	uint32_t i;

	(void)state;
	for (i = 0; i < TAKEN; i++)
		assert_true(sluice_store_put(store, "key", 3, &i, 4, NOW, LATER));
	pthread_barrier_init(&all_there, NULL, THREADS);
	for (i = 0; i < THREADS; i++) {
		takers[i] = (struct taker){ .store = store, .seen = seen };
		assert_int_equal(pthread_create(&threads[i], NULL, take_all,
						&takers[i]), 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(takers[i].twice, 0);
		firsts += takers[i].firsts;
	}
	/* each was the first for one of them */
	assert_int_equal(firsts, TAKEN / 2);
	for (i = 0; i < TAKEN; i++)
		assert_int_equal(seen[i], 1);
	drop(store);
}

/* A client with the store as its cache. */
static struct sluice_store *cache;
static const char *scope = "";

static size_t make_key(char *key, size_t size, const char *name)
{
	return (size_t)snprintf(key, size, "%s:%s", name, scope);
}

static void cache_put(void *ctx, const char *name, const uint8_t *ticket,
		      size_t len)
{
	const struct pair *pair = ctx;
	char key[300];

	sluice_store_put(cache, key, make_key(key, sizeof(key), name), ticket,
			 len, pair->now, sluice_ticket_expiry(ticket, len));
}

static size_t cache_take(void *ctx, const char *name, uint8_t *buf, size_t size)
{
	const struct pair *pair = ctx;
	char key[300];

	return sluice_store_take(cache, key, make_key(key, sizeof(key), name),
				 pair->now, buf, size);
}

static bool resumes(struct pair *pair)
{
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	return end_info(&pair->client).resumed;
}

static void test_client_cache(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	uint64_t start = pair->now;

	(void)state;
	cache = new_store(4, 2, 300, 400, NULL);
	pair_use_tickets(pair);
	pair->client.config.ticket_put = cache_put;
	pair->client.config.ticket_take = cache_take;
	assert_false(resumes(pair));
	assert_true(resumes(pair));
	assert_true(resumes(pair));
	/* another port of the host, and another name */
	scope = "8443";
	assert_false(resumes(pair));
	scope = "";
	pair->client.config.peer_name = "127.0.0.1";
	assert_false(resumes(pair));
	assert_true(resumes(pair));
	/* those of the first were dropped for the others */
	pair->client.config.peer_name = "localhost";
	assert_false(resumes(pair));
	/* as long as the server said, to the millisecond */
	pair->now = start + 7199 * 1000;
	assert_true(resumes(pair));
	pair->now += 7200 * 1000;
	assert_false(resumes(pair));
	pair->now += 7200 * 1000;
	assert_int_equal(sluice_store_expire(cache, pair->now), 0);
	drop(cache);
	assert_int_equal(sluice_ticket_expiry((const uint8_t *)"x", 1), 0);
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_wiped),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_first_again),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_client_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
