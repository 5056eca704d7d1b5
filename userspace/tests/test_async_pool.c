// SPDX-License-Identifier: MIT
/*
 * Many connections that wait for signatures and verdicts, and threads that are
 * done with them in any order.
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

#define KINDS	3
#define PAIRS	24
#define THREADS	4

struct job {
	struct end *end;
	enum sluice_status what;
	struct sluice_signature_request signature;
	struct sluice_verdict_request verdict;
	struct sluice_octets chain[SLUICE_CHAIN_MAX];
	uint8_t octets[4096];		/* what the requests point to */
	uint8_t sig[SLUICE_SIGNATURE_MAX];
	size_t sig_len;
	const char *reason;
	int rc;
	bool taken;
	bool done;
	bool orphan;			/* nobody waits for it any more */
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job *jobs[2 * PAIRS * KINDS];
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

static void work(struct job *job, const struct sluice_provider *p)
{
	if (job->what == SLUICE_WANT_SIGNATURE)
		job->rc = p->sign(p, job->signature.credential,
				  job->signature.scheme, job->signature.data,
				  job->signature.len, job->sig, &job->sig_len);
	else if (job->what == SLUICE_WANT_VERDICT)
		job->rc = sluice_verdict(&job->verdict, &job->reason);
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
	size_t used = 0, i;

	if (job->what == SLUICE_WANT_SIGNATURE) {
		assert_int_equal(sluice_wanted_signature(job->end->conn,
							 &job->signature), 0);
		memcpy(job->octets, job->signature.data, job->signature.len);
		job->signature.data = job->octets;
	} else if (job->what == SLUICE_WANT_VERDICT) {
		assert_int_equal(sluice_wanted_verdict(job->end->conn,
						       &job->verdict), 0);
		for (i = 0; i < v->count; i++) {
			assert_true(v->chain[i].len <= sizeof(job->octets) - used);
			memcpy(job->octets + used, v->chain[i].data,
			       v->chain[i].len);
			job->chain[i].data = job->octets + used;
			job->chain[i].len = v->chain[i].len;
			used += v->chain[i].len;
		}
		job->verdict.chain = job->chain;
		/* the wrapper counts, for one thread only */
		job->verdict.provider = job->end->provider.real;
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
		assert_int_equal(sluice_give_signature(e->conn, job->sig,
						       job->sig_len), 0);
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

/* A client and a server that both have certificates. */
static struct pair *mutual(struct identity *id, enum key_type type)
{
	struct pair *pair = pair_new(type);

	identity_make(id, pair->real, type, "clientAuth", 7200);
	pair->client.config.credential = id->cred;
	pair->server.config.trust = id->trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	return pair;
}

static void wait_for(struct end *e)
{
	e->config.async = SLUICE_ASYNC_CREDENTIAL | SLUICE_ASYNC_SIGNATURE |
			  SLUICE_ASYNC_VERDICT;
	e->give = queue;
}

static struct pair *pair_of(struct pair **pairs, const struct end *e)
{
	size_t i = 0;

	while (&pairs[i]->client != e && &pairs[i]->server != e)
		i++;
	return pairs[i];
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
	size_t i, done = 0, given = 0;

	(void)state;
	for (i = 0; i < PAIRS; i++) {
		enum key_type type = (enum key_type)(i % KEY_TYPES);

		pairs[i] = mutual(&ids[i], test_has_key(type) ? type : KEY_P256);
		wait_for(&pairs[i]->client);
		wait_for(&pairs[i]->server);
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
		assert_true(end_info(&pair->server).verified);
		assert_true(pair_send(pair, &pair->client, (uint8_t *)"x", 1));
		done++;
	}
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool),
	};

	alarm(300);		/* an answer that is lost is waited for */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
