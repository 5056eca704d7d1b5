// SPDX-License-Identifier: MIT
/*
 * Many connections that wait for signatures, verdicts and sessions, and threads
 * that are done with them in any order.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pair.h"
#include "sluice/async.h"
#include "sluice/store.h"

#define KINDS	3
#define PAIRS	24
#define FIRST_KINDS	(SLUICE_ASYNC_CREDENTIAL | SLUICE_ASYNC_SIGNATURE | \
			 SLUICE_ASYNC_VERDICT)
#define THREADS	4

struct job {
	struct end *end;
	enum sluice_status what;
	struct sluice_signature_request signature;
	struct sluice_verdict_request verdict;
	struct sluice_ticket_request ticket;
	uint8_t id[16];			/* of a ticket that may be used */
	bool unused;
	struct sluice_octets chain[SLUICE_CHAIN_MAX];
	uint8_t octets[4096];		/* what the requests point to */
	uint8_t answer[SLUICE_SIGNATURE_MAX];
	size_t answer_len;
	const char *reason;
	int rc;
	bool taken;
	bool done;
	bool orphan;			/* nobody waits for it any more */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job *jobs[4 * PAIRS * KINDS];
	size_t count;
	uint64_t seed;
	bool stop;
} pool = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, { NULL }, 0, 1,
	   false };

/* Any that nobody works at; NULL: there is none. */
static struct job *pick(void)
{
	size_t i, from = pool.count ? test_random(&pool.seed) % pool.count : 0;

	for (i = 0; i < pool.count; i++) {
		struct job *job = pool.jobs[(from + i) % pool.count];

		if (!job->taken) {
			job->taken = true;
			return job;
		}
	}
	return NULL;
}

/* What all threads share: clients' tickets, servers' sessions, what was used. */
static struct sluice_store *tickets, *sessions, *used;
static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;

static void lock_store(void *ctx)
{
	pthread_mutex_lock(ctx);
}

static void unlock_store(void *ctx)
{
	pthread_mutex_unlock(ctx);
}

static struct sluice_store *new_store(size_t key_len, size_t value_len)
{
	const struct sluice_lock lock = { lock_store, unlock_store, &store_lock };
	const struct sluice_store_limits limits = {
		.entries = 4 * PAIRS, .key_len = key_len, .value_len = value_len,
	};
	size_t size = sluice_store_size(&limits);

	return sluice_store_init(malloc(size), size, &limits, &lock);
}

static void drop_store(struct sluice_store *store)
{
	sluice_store_free(store);
	free(store);
}

static void put_ticket(void *ctx, const char *name, const uint8_t *ticket,
		       size_t len)
{
	(void)name;
	sluice_store_put(tickets, &ctx, sizeof(ctx), ticket, len, 1, 2);
}

static bool put_session(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	(void)ctx;
	(void)expires;
	return sluice_store_put(sessions, id, id_len, session, len, 1, 2);
}

static void find(struct job *job)
{
	const struct pair *pair = job->end->config.ctx;
	const struct sluice_octets *id = &job->ticket.id;

	if (job->ticket.kind == SLUICE_TICKET_STORED)
		job->answer_len = sluice_store_take(tickets, &pair,
						    sizeof(pair), 1,
						    job->answer,
						    SLUICE_TICKET_MAX);
	else if (job->ticket.kind == SLUICE_TICKET_SESSION)
		job->answer_len = sluice_store_take(sessions, id->data, id->len,
						    1, job->answer,
						    SLUICE_SESSION_MAX);
	else
		memcpy(job->answer, pair->ticket_key.key,
		       job->answer_len = sizeof(pair->ticket_key.key));
}

static void work(struct job *job, const struct sluice_provider *p)
{
	if (job->what == SLUICE_WANT_SIGNATURE)
		job->rc = p->sign(p, job->signature.credential,
				  job->signature.scheme, job->signature.data,
				  job->signature.len, job->answer,
				  &job->answer_len);
	else if (job->what == SLUICE_WANT_VERDICT)
		job->rc = sluice_verdict(&job->verdict, &job->reason);
	else if (job->what == SLUICE_WANT_TICKET)
		find(job);
	else if (job->what == SLUICE_WANT_UNUSED)
		job->unused = sluice_store_first(used, job->id, sizeof(job->id),
						 1, 2);
}

static void *worker(void *arg)
{
	const struct sluice_provider *p = arg;

	pthread_mutex_lock(&pool.lock);
	for (;;) {
		struct job *job = pick();
		useconds_t nap;

		if (!job && pool.stop)
			break;
		if (!job) {
			pthread_cond_wait(&pool.changed, &pool.lock);
			continue;
		}
		nap = (useconds_t)(test_random(&pool.seed) % 3000);
		pthread_mutex_unlock(&pool.lock);
		usleep(nap);
		work(job, p);
		pthread_mutex_lock(&pool.lock);
		job->done = true;
		pthread_cond_broadcast(&pool.changed);
	}
	pthread_mutex_unlock(&pool.lock);
	return NULL;
}

/* The request, with all that it points to, in the job's own memory. */
static void copy_request(struct job *job)
{
	const struct sluice_verdict_request *v = &job->verdict;
	struct sluice_unused_request unused;
	size_t at = 0, i;

	if (job->what == SLUICE_WANT_SIGNATURE) {
		assert_int_equal(sluice_wanted_signature(job->end->conn,
							 &job->signature), 0);
		memcpy(job->octets, job->signature.data, job->signature.len);
		job->signature.data = job->octets;
	} else if (job->what == SLUICE_WANT_VERDICT) {
		assert_int_equal(sluice_wanted_verdict(job->end->conn,
						       &job->verdict), 0);
		for (i = 0; i < v->count; i++) {
			assert_true(v->chain[i].len <= sizeof(job->octets) - at);
			memcpy(job->octets + at, v->chain[i].data,
			       v->chain[i].len);
			job->chain[i].data = job->octets + at;
			job->chain[i].len = v->chain[i].len;
			at += v->chain[i].len;
		}
		job->verdict.chain = job->chain;
		/* the wrapper counts, for one thread only */
		job->verdict.provider = job->end->provider.real;
	} else if (job->what == SLUICE_WANT_TICKET) {
		assert_int_equal(sluice_wanted_ticket(job->end->conn,
						      &job->ticket), 0);
		if (job->ticket.id.len)
			memcpy(job->octets, job->ticket.id.data,
			       job->ticket.id.len);
		job->ticket.id.data = job->octets;
	} else if (job->what == SLUICE_WANT_UNUSED) {
		assert_int_equal(sluice_wanted_unused(job->end->conn,
						      &unused), 0);
		memcpy(job->id, unused.id, sizeof(job->id));
	}
}

static bool queue(struct end *e)
{
	struct job *job = calloc(1, sizeof(*job));

	assert_non_null(job);
	job->end = e;
	job->what = e->status;
	copy_request(job);
	pthread_mutex_lock(&pool.lock);
	assert_true(pool.count < sizeof(pool.jobs) / sizeof(pool.jobs[0]));
	pool.jobs[pool.count++] = job;
	pthread_cond_broadcast(&pool.changed);
	pthread_mutex_unlock(&pool.lock);
	/* asked once: the connection says so again and again */
	e->give = NULL;
	return false;
}

static void deliver(struct job *job)
{
	struct end *e = job->end;

	assert_int_equal(job->rc, 0);
	if (job->what == SLUICE_WANT_CREDENTIAL)
		assert_int_equal(sluice_give_credential(e->conn,
							e->config.credential), 0);
	else if (job->what == SLUICE_WANT_SIGNATURE)
		assert_int_equal(sluice_give_signature(e->conn, job->answer,
						       job->answer_len), 0);
	else if (job->what == SLUICE_WANT_TICKET)
		assert_int_equal(sluice_give_ticket(e->conn, job->answer_len ?
						    job->answer : NULL,
						    job->answer_len), 0);
	else if (job->what == SLUICE_WANT_UNUSED)
		assert_int_equal(sluice_give_unused(e->conn, job->unused,
						    job->unused), 0);
	else
		assert_int_equal(sluice_give_verdict(e->conn, job->rc, NULL), 0);
	e->give = queue;
}

/* Wait for a job's end, and take it out of the queue. */
static struct job *next_done(void)
{
	struct job *job;
	size_t i;

	pthread_mutex_lock(&pool.lock);
	for (i = 0;; i++) {
		if (i == pool.count) {
			pthread_cond_wait(&pool.changed, &pool.lock);
			i = 0;
		}
		if (i < pool.count && pool.jobs[i]->done)
			break;
	}
	job = pool.jobs[i];
	pool.jobs[i] = pool.jobs[--pool.count];
	pthread_mutex_unlock(&pool.lock);
	return job;
}

static void wait_for(struct end *e)
{
	e->config.async = FIRST_KINDS | SLUICE_ASYNC_TICKET |
			  SLUICE_ASYNC_UNUSED;
	e->give = queue;
}

static struct pair *pair_of(struct pair **pairs, const struct end *e)
{
	size_t i = 0;

	while (&pairs[i]->client != e && &pairs[i]->server != e)
		i++;
	return pairs[i];
}

/* Those without client certificates come back, with a ticket of one kind or both. */
static void use_tickets(struct pair *pair, bool store)
{
	pair_use_tickets(pair);
	pair->client.config.ticket_put = put_ticket;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	if (store)
		pair->server.config.session_put = put_session;
}

static bool comes_back(const struct pair *pair)
{
	return pair->client.config.ticket_put &&
	       !end_info(&pair->client).resumed;
}

static void drop_jobs_of(const struct pair *pair)
{
	size_t i;

	pthread_mutex_lock(&pool.lock);
	for (i = 0; i < pool.count; i++) {
		if (pool.jobs[i]->end == &pair->client ||
		    pool.jobs[i]->end == &pair->server)
			pool.jobs[i]->orphan = true;
	}
	pthread_mutex_unlock(&pool.lock);
}

static void test_pool(void **state)
{
	static struct identity ids[PAIRS];
	static struct pair *pairs[PAIRS];
	pthread_t threads[THREADS];
	size_t i, done = 0, given = 0, resumed = 0;

	(void)state;
	tickets = new_store(sizeof(void *), SLUICE_TICKET_MAX);
	sessions = new_store(32, SLUICE_SESSION_MAX);
	used = new_store(16, 0);
	for (i = 0; i < PAIRS; i++) {
		enum key_type type = (enum key_type)(i % KEY_TYPES);

		pairs[i] = pair_mutual(&ids[i], test_has_key(type) ? type :
							     KEY_P256);
		wait_for(&pairs[i]->client);
		wait_for(&pairs[i]->server);
		if (i % 3)
			use_tickets(pairs[i], i % 3 == 1);
		pair_reset(pairs[i]);
	}
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker,
						pairs[0]->real), 0);
	for (i = 0; i < PAIRS; i++)
		pair_handshake(pairs[i]);
	while (done < PAIRS) {
		struct job *job = next_done();
		struct pair *pair = pair_of(pairs, job->end);
		bool orphan = job->orphan;

		if (!orphan)
			deliver(job);
		free(job);
		given++;
		if (orphan)
			continue;
		/* some begin anew in the middle: the old jobs go on */
		if (given % 17 == 0) {
			drop_jobs_of(pair);
			wait_for(&pair->client);
			wait_for(&pair->server);
			pair_reset(pair);
		}
		if (!pair_handshake(pair))
			continue;
		assert_true(end_info(&pair->client).verified);
		assert_int_equal(end_info(&pair->server).verified,
				 !pair->client.config.ticket_put);
		assert_true(pair_send(pair, &pair->client, (uint8_t *)"x", 1));
		end_settle(&pair->client);
		resumed += end_info(&pair->client).resumed;
		if (comes_back(pair)) {
			pair_reset(pair);
			pair_handshake(pair);
		} else {
			done++;
		}
	}
	assert_int_equal(resumed, PAIRS * 2 / 3);
	assert_true(given >= PAIRS * 2 * KINDS);
	while (pool.count)
		free(next_done());
	pthread_mutex_lock(&pool.lock);
	pool.stop = true;
	pthread_cond_broadcast(&pool.changed);
	pthread_mutex_unlock(&pool.lock);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < PAIRS; i++) {
		pair_free(pairs[i]);
		identity_free(&ids[i]);
	}
	drop_store(tickets);
	drop_store(sessions);
	drop_store(used);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool),
	};

	alarm(300);		/* an answer that is lost is waited for */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
