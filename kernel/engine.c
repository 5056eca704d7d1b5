// SPDX-License-Identifier: GPL-2.0
/*
 * The record engine: an AEAD that spreads the records of one busy connection
 * over the CPUs.
 *
 * ktls_engine.c puts it in the place of the AEAD that kTLS encrypts with, which
 * is its child from then on. The records of a burst go into a queue of the
 * connection's own. Helpers on other CPUs take them from its head, and so does
 * who sends, as soon as there is more in the queue than the helpers need, and
 * for all that is left at the end of a write: nobody waits for a helper that
 * has not started. The order is kTLS's business: it sends a record when it is
 * encrypted and all before it have been sent.
 *
 * Who owns what, and what guards it:
 * - The transform owns all of this. kTLS frees it when no record is in flight;
 *   freeing waits for the helpers. While there is a transform the module stays
 *   (cra_module).
 * - All submitting and key setting is under kTLS's tx_lock and the socket lock
 *   or the latter alone, and with it all that only the submitter uses.
 * - A key and its child transform are an epoch. Each request in the queue
 *   holds its own, so that a new key can come while the old one is in use.
 *
 * Nothing is allocated for a record: all it takes is in its request.
 */
#include <crypto/internal/aead.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "engine.h"
#include "engine_auto.h"
#include "engine_cpu.h"
#include "engine_queue.h"

#define ENGINE_NAME	"sluice-engine"

/* Shorter records say little about what a full one takes. */
#define LARGE_RECORD	8192

/**
 * struct sluice_engine - the context of the transform
 * @queue: the records, and who helps
 *
 * @epoch: the present key; the submitter's, as are
 * @reqsize: what kTLS reserves for a request,
 * @spread: the present burst goes through the queue,
 * @known: the burst's end is known,
 * @seq: records so far,
 * @burst: records of the burst by the caller's reckoning,
 * @burst_seq: @seq at its start,
 * @burst_start: when that was,
 * @run: records of this run of writes with MSG_MORE,
 * @learnt: what is known of the costs,
 * @record_ns: nanoseconds for a large record, a moving average,
 * @records_inline: records encrypted on the spot, and
 * @records_spread: records of bursts that were spread
 * @mode: SLUICE_ENGINE_*; the socket lock to write it
 */
struct sluice_engine {
	struct engine_queue queue;

	struct engine_epoch *epoch;
	unsigned int reqsize;
	bool spread;
	bool known;
	u64 seq;
	unsigned int burst;
	u64 burst_seq;
	u64 burst_start;
	unsigned int run;
	struct sluice_engine_auto learnt;
	u64 record_ns;
	u64 records_inline;
	u64 records_spread;
	u32 mode;
};

/* The child's request, without a callback: the child is synchronous. */
static struct aead_request *child_request(struct sluice_engine *engine,
					  struct aead_request *req, u32 flags)
{
	struct engine_request *r = aead_request_ctx(req);
	struct aead_request *child = &r->child;

	aead_request_set_tfm(child, engine->epoch->tfm);
	aead_request_set_callback(child, flags, NULL, NULL);
	aead_request_set_crypt(child, req->src, req->dst, req->cryptlen,
			       req->iv);
	aead_request_set_ad(child, req->assoclen);
	return child;
}

static int encrypt_inline(struct sluice_engine *engine,
			  struct aead_request *req)
{
	struct aead_request *child;
	u64 start;
	int rc;

	child = child_request(engine, req, aead_request_flags(req) &
			      ~CRYPTO_TFM_REQ_MAY_BACKLOG);
	start = ktime_get_ns();
	rc = crypto_aead_encrypt(child);
	if (req->cryptlen >= LARGE_RECORD)
		engine->record_ns = sluice_engine_average(engine->record_ns,
							  ktime_get_ns() -
							  start);
	if (rc)
		cmpxchg(&engine->queue.error, 0, rc);
	return rc;
}

static int encrypt_spread(struct sluice_engine *engine,
			  struct aead_request *req)
{
	struct engine_request *r = aead_request_ctx(req);
	struct engine_queue *queue = &engine->queue;
	int rc;

	r->req = req;
	r->seq = engine->seq;
	r->epoch = engine->epoch;
	refcount_inc(&r->epoch->refs);
	child_request(engine, req, 0);

	rc = sluice_engine_queue_add(queue, r);
	sluice_engine_queue_work(queue, SLUICE_ENGINE_BATCH * queue->helpers);
	return rc;
}

/* Counts the burst down: whether this record is its last one. */
static bool is_last(struct sluice_engine *engine)
{
	unsigned int left = engine->queue.to_come;

	if (!left)
		return false;
	WRITE_ONCE(engine->queue.to_come, --left);
	return engine->known && !left;
}

static int engine_encrypt(struct aead_request *req)
{
	struct sluice_engine *engine = crypto_aead_ctx(crypto_aead_reqtfm(req));
	struct engine_queue *queue = &engine->queue;
	bool forced = engine->mode == SLUICE_ENGINE_FORCED;
	bool last = is_last(engine);
	int err;

	err = READ_ONCE(queue->error);
	if (err)
		return err;

	engine->seq++;
	if (!forced && !engine->spread) {
		engine->records_inline++;
		return encrypt_inline(engine, req);
	}

	if (!queue->helpers)
		queue->helpers = sluice_engine_cpus(queue->cpus,
						    SLUICE_ENGINE_HELPERS,
						    false);
	engine->records_spread++;
	if (!last)
		return encrypt_spread(engine, req);

	/* Nothing is left for a helper to start on, so nobody waits for one. */
	sluice_engine_queue_work(queue, 0);
	return READ_ONCE(queue->error) ?: encrypt_inline(engine, req);
}

/* kTLS receives without us. */
static int engine_decrypt(struct aead_request *req)
{
	return -EOPNOTSUPP;
}

/*
 * In place if no request has the present key; else in a child of its own, so
 * that those in flight end under the key that they began with.
 */
static int engine_setkey(struct crypto_aead *aead, const u8 *key,
			 unsigned int len)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);
	struct engine_epoch *old = engine->epoch, *epoch;
	int rc;

	if (!old->tfm)
		return -EINVAL;
	if (refcount_read(&old->refs) == 1) {
		/* Pairs with the release in sluice_engine_epoch_put(). */
		smp_acquire__after_ctrl_dep();
		return crypto_aead_setkey(old->tfm, key, len);
	}

	epoch = kzalloc_obj(*epoch, GFP_KERNEL);
	if (!epoch)
		return -ENOMEM;
	refcount_set(&epoch->refs, 1);
	epoch->tfm = crypto_alloc_aead(crypto_aead_driver_name(old->tfm), 0, 0);
	if (IS_ERR(epoch->tfm)) {
		rc = PTR_ERR(epoch->tfm);
		kfree(epoch);
		return rc;
	}

	rc = -EOPNOTSUPP;
	if (sizeof(struct engine_request) + crypto_aead_reqsize(epoch->tfm) <=
	    engine->reqsize)
		rc = crypto_aead_setauthsize(epoch->tfm,
					     crypto_aead_authsize(aead));
	if (!rc)
		rc = crypto_aead_setkey(epoch->tfm, key, len);
	if (rc) {
		sluice_engine_epoch_put(epoch);
		return rc;
	}
	engine->epoch = epoch;
	sluice_engine_epoch_put(old);
	return 0;
}

static int engine_setauthsize(struct crypto_aead *aead, unsigned int authsize)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);

	if (!engine->epoch->tfm)
		return -EINVAL;
	return crypto_aead_setauthsize(engine->epoch->tfm, authsize);
}

static int engine_init_tfm(struct crypto_aead *aead)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);

	memset(engine, 0, sizeof(*engine));
	engine->epoch = kzalloc_obj(*engine->epoch, GFP_KERNEL);
	if (!engine->epoch)
		return -ENOMEM;
	refcount_set(&engine->epoch->refs, 1);
	sluice_engine_queue_init(&engine->queue);
	return 0;
}

/* kTLS has waited for all its records. */
static void engine_exit_tfm(struct crypto_aead *aead)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);

	sluice_engine_queue_stop(&engine->queue);
	sluice_engine_epoch_put(engine->epoch);
}

/* Internal: only we get it by name, and it is nobody's choice by priority. */
static struct aead_alg engine_alg = {
	.setkey = engine_setkey,
	.setauthsize = engine_setauthsize,
	.encrypt = engine_encrypt,
	.decrypt = engine_decrypt,
	.init = engine_init_tfm,
	.exit = engine_exit_tfm,
	.ivsize = 12,
	.maxauthsize = 16,
	.base = {
		.cra_name = ENGINE_NAME,
		.cra_driver_name = ENGINE_NAME,
		.cra_flags = CRYPTO_ALG_ASYNC | CRYPTO_ALG_INTERNAL,
		.cra_blocksize = 1,
		.cra_ctxsize = sizeof(struct sluice_engine),
		.cra_module = THIS_MODULE,
	},
};

/**
 * sluice_engine_alloc() - make an engine
 *
 * Context: process; may sleep.
 * Return: an AEAD without a child, for crypto_free_aead() to free, or an
 *	ERR_PTR().
 */
struct crypto_aead *sluice_engine_alloc(void)
{
	return crypto_alloc_aead(ENGINE_NAME, CRYPTO_ALG_INTERNAL,
				 CRYPTO_ALG_INTERNAL);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_alloc);

/**
 * sluice_engine_adopt() - give the engine what it encrypts with
 * @aead: a new engine; it works in SLUICE_ENGINE_INLINE first
 * @child: a synchronous AEAD with its key, which is the engine's from now on
 *
 * Context: the socket lock of the connection; nothing is in flight.
 * Return: 0, or -EOPNOTSUPP, and @child stays the caller's.
 */
int sluice_engine_adopt(struct crypto_aead *aead, struct crypto_aead *child)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);

	if (crypto_aead_alg(child)->base.cra_flags & CRYPTO_ALG_ASYNC ||
	    crypto_aead_authsize(child) > crypto_aead_maxauthsize(aead))
		return -EOPNOTSUPP;

	engine->epoch->tfm = child;
	engine->reqsize = sizeof(struct engine_request) +
			  crypto_aead_reqsize(child);
	crypto_aead_set_reqsize(aead, engine->reqsize);
	aead->authsize = crypto_aead_authsize(child);
	crypto_aead_clear_flags(aead, CRYPTO_TFM_NEED_KEY);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_adopt);

/**
 * sluice_engine_is() - see whether a transform is an engine
 * @aead: any AEAD
 */
bool sluice_engine_is(struct crypto_aead *aead)
{
	return crypto_aead_alg(aead) == &engine_alg;
}

/**
 * sluice_engine_failed() - see whether a record could not be encrypted
 * @aead: an engine
 *
 * Context: any.
 * Return: true if so: none is encrypted any more.
 */
bool sluice_engine_failed(struct crypto_aead *aead)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);

	return READ_ONCE(engine->queue.error);
}

/**
 * sluice_engine_set_mode() - say what the engine is to do
 * @aead: an engine
 * @mode: SLUICE_ENGINE_*
 *
 * Context: socket lock held.
 */
void sluice_engine_set_mode(struct crypto_aead *aead, u32 mode)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);

	WRITE_ONCE(engine->mode, mode);
	engine->queue.helpers = 0;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_set_mode);

/* Records to judge by: a run of small writes may be a large one. */
static unsigned int burst_size(const struct sluice_engine *engine,
			       unsigned int records, bool more)
{
	return more && engine->run >= SLUICE_ENGINE_BURST_MIN &&
	       records < SLUICE_ENGINE_BURST_MIN ? 0 : records;
}

/**
 * sluice_engine_wants() - see whether to announce a burst
 * @aead: an engine
 * @records: records that the next write makes
 * @more: more writes follow (MSG_MORE)
 *
 * Context: process; one sender at a time.
 * Return: true if sluice_engine_begin() and sluice_engine_end() are to be
 *	called around it.
 */
bool sluice_engine_wants(struct crypto_aead *aead, unsigned int records,
			 bool more)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);
	unsigned int run = engine->run;

	engine->run = more ? min(run + records, SLUICE_ENGINE_AHEAD) : 0;
	return READ_ONCE(engine->mode) != SLUICE_ENGINE_INLINE &&
	       (records >= SLUICE_ENGINE_BURST_MIN ||
		max(run, engine->run) >= SLUICE_ENGINE_BURST_MIN);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_wants);

/**
 * sluice_engine_begin() - announce a burst of records
 * @aead: an engine
 * @records: records that the next write makes
 * @more: more writes follow
 * @pressure: memory is short: have nothing in flight
 *
 * Context: socket lock held.
 */
void sluice_engine_begin(struct crypto_aead *aead, unsigned int records,
			 bool more, bool pressure)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);
	unsigned int max;

	engine->burst = burst_size(engine, records, more);
	max = clamp(engine->burst / (2 * SLUICE_ENGINE_BATCH), 1,
		    SLUICE_ENGINE_HELPERS);
	if (engine->mode == SLUICE_ENGINE_FORCED) {
		engine->spread = true;
		engine->queue.helpers = sluice_engine_cpus(engine->queue.cpus, max, false);
	} else if (!pressure) {
		engine->queue.helpers = sluice_engine_cpus(engine->queue.cpus, max, true);
		engine->spread =
			sluice_engine_auto_choose(&engine->learnt,
						  engine->burst,
						  engine->queue.helpers,
						  engine->record_ns,
						  READ_ONCE(engine->queue.wake_ns));
	}
	engine->known = records >= SLUICE_ENGINE_BURST_MIN;
	WRITE_ONCE(engine->queue.to_come, records);
	engine->burst_seq = engine->seq;
	engine->burst_start = ktime_get_ns();
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_begin);

/**
 * sluice_engine_end() - note that the burst is over, or was cut short
 * @aead: an engine
 *
 * Context: socket lock held.
 * Return: true if records of it were spread.
 */
bool sluice_engine_end(struct crypto_aead *aead)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);
	u64 records = engine->seq - engine->burst_seq;
	bool spread = engine->spread;

	if (records && records * 2 >= engine->burst)
		sluice_engine_auto_learn(&engine->learnt, engine->burst, spread,
					 div64_u64(ktime_get_ns() -
						   engine->burst_start,
						   records));
	engine->spread = false;
	engine->known = false;
	WRITE_ONCE(engine->queue.to_come, 0);
	return spread;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_end);

/**
 * sluice_engine_info() - read the engine's counters
 * @aead: an engine
 * @info: where to
 *
 * The figures are each right, but not all of one instant.
 *
 * Context: socket lock held.
 */
void sluice_engine_info(struct crypto_aead *aead,
			struct sluice_engine_info *info)
{
	struct sluice_engine *engine = crypto_aead_ctx(aead);

	*info = (struct sluice_engine_info){
		.mode = engine->mode,
		.records_inline = engine->records_inline,
		.records_spread = engine->records_spread,
		.records_helped = READ_ONCE(engine->queue.helped),
		.wakeups = READ_ONCE(engine->queue.wakeups),
		.record_ns = engine->record_ns,
		.wake_ns = READ_ONCE(engine->queue.wake_ns),
	};
}
EXPORT_SYMBOL_IF_KUNIT(sluice_engine_info);

int __init sluice_engine_init(void)
{
	int rc;

	rc = sluice_engine_queues_init();
	if (rc)
		return rc;
	rc = crypto_register_aead(&engine_alg);
	if (rc)
		sluice_engine_queues_exit();
	return rc;
}

/* No socket has an engine: each would hold the module. */
void sluice_engine_exit(void)
{
	crypto_unregister_aead(&engine_alg);
	sluice_engine_queues_exit();
}
