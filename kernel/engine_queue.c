// SPDX-License-Identifier: GPL-2.0
/*
 * The queue of a connection's record engine, and who empties it: helpers, one
 * work item for each CPU that helps, and who sends.
 *
 * Requests are taken from the head, and completed in whatever order they get
 * done. After its completion neither a request nor anything of kTLS's is
 * touched: the socket may be gone. The queue itself stays, for its end waits
 * for the helpers (sluice_engine_queue_stop()).
 */
#include <crypto/internal/aead.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "engine_cpu.h"
#include "engine_queue.h"

/* No record: engine_helper::seq. */
#define NO_RECORD	U64_MAX

/* How long a helper looks out for the next record of a burst. */
#define LINGER_NS	(50 * NSEC_PER_USEC)

static struct workqueue_struct *engine_wq;

/**
 * sluice_engine_epoch_put() - let go of a key
 * @epoch: the key; the last one to let go frees it
 *
 * Context: process.
 */
void sluice_engine_epoch_put(struct engine_epoch *epoch)
{
	if (!refcount_dec_and_test(&epoch->refs))
		return;
	crypto_free_aead(epoch->tfm);
	kfree(epoch);
}

/* Does a request that was taken from the queue, and completes it. */
static void run(struct engine_queue *queue, struct engine_request *r)
{
	struct engine_epoch *epoch = r->epoch;
	struct aead_request *req = r->req;
	int err;

	if (r->backlog) {
		local_bh_disable();
		aead_request_complete(req, -EINPROGRESS);
		local_bh_enable();
	}

	err = READ_ONCE(queue->error);
	if (!err) {
		err = crypto_aead_encrypt(&r->child);
		if (unlikely(err))
			cmpxchg(&queue->error, 0, err);
	}

	local_bh_disable();
	aead_request_complete(req, err);
	local_bh_enable();
	sluice_engine_epoch_put(epoch);
}

/* Takes the oldest request if there are more than @keep. */
static struct engine_request *take(struct engine_queue *queue,
				   struct engine_helper *helper,
				   unsigned int keep)
{
	struct engine_request *r = NULL;

	spin_lock_bh(&queue->lock);
	if (queue->queued > keep) {
		r = list_first_entry(&queue->requests, struct engine_request,
				     node);
		list_del(&r->node);
		WRITE_ONCE(queue->queued, queue->queued - 1);
	}
	if (helper) {
		helper->seq = r ? r->seq : NO_RECORD;
		queue->helped += !!r;
	}
	spin_unlock_bh(&queue->lock);
	return r;
}

/**
 * sluice_engine_queue_work() - take part, as who sends
 * @queue: the queue
 * @keep: requests to leave to the helpers
 *
 * Context: process.
 */
void sluice_engine_queue_work(struct engine_queue *queue, unsigned int keep)
{
	struct engine_request *r;

	while (READ_ONCE(queue->queued) > keep) {
		r = take(queue, NULL, keep);
		if (!r)
			break;
		run(queue, r);
	}
}

/*
 * Waits a little for the next record of the burst: it takes less than to be
 * woken once more.
 */
static bool linger(struct engine_queue *queue)
{
	u64 end = ktime_get_ns() + LINGER_NS;

	do {
		if (READ_ONCE(queue->queued))
			return true;
		if (!READ_ONCE(queue->to_come) || need_resched())
			return false;
		cpu_relax();
	} while (ktime_get_ns() < end);
	return false;
}

static void helper_started(struct engine_helper *helper)
{
	struct engine_queue *queue = helper->queue;
	u64 now = ktime_get_ns();

	spin_lock_bh(&queue->lock);
	queue->wake_ns = sluice_engine_average(queue->wake_ns,
					       now - helper->woken);
	spin_unlock_bh(&queue->lock);
}

/* Only an empty queue lets a helper go: who adds to it sees that it has. */
static bool helper_stops(struct engine_helper *helper)
{
	struct engine_queue *queue = helper->queue;
	bool stop;

	spin_lock_bh(&queue->lock);
	stop = !queue->queued;
	if (stop) {
		helper->active = false;
		queue->active--;
	}
	spin_unlock_bh(&queue->lock);
	return stop;
}

static void help(struct work_struct *work)
{
	struct engine_helper *helper = container_of(work, struct engine_helper,
						    work);
	struct engine_queue *queue = helper->queue;
	int cpu = raw_smp_processor_id();
	u64 now, before = ktime_get_ns();
	struct engine_request *r;

	sluice_engine_cpu_begin(cpu);
	helper_started(helper);
	do {
		do {
			r = take(queue, helper, 0);
			if (r)
				run(queue, r);
			now = ktime_get_ns();
			sluice_engine_cpu_used(cpu, now - before);
			before = now;
		} while (r || linger(queue));
	} while (!helper_stops(helper));
	sluice_engine_cpu_end(cpu);
}

/*
 * Queue lock held. One helper is always at work while there is something in the
 * queue, whatever becomes of the burst; more are woken for a batch each.
 */
static struct engine_helper *helper_to_wake(struct engine_queue *queue)
{
	struct engine_helper *helper = queue->helper;

	if (queue->active >= queue->helpers ||
	    (queue->active &&
	     queue->queued < SLUICE_ENGINE_BATCH * (queue->active + 1)))
		return NULL;

	while (helper->active)
		helper++;
	helper->active = true;
	helper->cpu = queue->cpus[queue->active];
	helper->woken = ktime_get_ns();
	helper->seq = NO_RECORD;
	queue->active++;
	queue->wakeups++;
	return helper;
}

/* Queue lock held: whether a helper is stuck with a record long before @seq. */
static bool is_stuck(struct engine_queue *queue, u64 seq)
{
	struct engine_helper *helper = queue->helper;
	int i;

	for (i = 0; i < SLUICE_ENGINE_HELPERS; i++, helper++)
		if (helper->active && helper->seq != NO_RECORD &&
		    seq - helper->seq >= SLUICE_ENGINE_AHEAD)
			return true;
	return false;
}

/**
 * sluice_engine_queue_add() - add a request
 * @queue: a queue with at least one helper
 * @r: the request; it may be done, and gone, on return
 *
 * Context: process; one submitter at a time.
 * Return: -EINPROGRESS; or -EBUSY, which is the same but asks the caller to
 *	wait until all is done, and only if it knows that.
 */
int sluice_engine_queue_add(struct engine_queue *queue,
			    struct engine_request *r)
{
	bool may_backlog = aead_request_flags(r->req) &
			   CRYPTO_TFM_REQ_MAY_BACKLOG;
	struct engine_helper *helper;
	bool backlog;

	spin_lock_bh(&queue->lock);
	backlog = may_backlog && is_stuck(queue, r->seq);
	r->backlog = backlog;
	list_add_tail(&r->node, &queue->requests);
	WRITE_ONCE(queue->queued, queue->queued + 1);
	helper = helper_to_wake(queue);
	spin_unlock_bh(&queue->lock);

	if (helper)
		queue_work_on(helper->cpu, engine_wq, &helper->work);
	return backlog ? -EBUSY : -EINPROGRESS;
}

/**
 * sluice_engine_queue_init() - make a queue
 * @queue: zeros
 */
void sluice_engine_queue_init(struct engine_queue *queue)
{
	int i;

	spin_lock_init(&queue->lock);
	INIT_LIST_HEAD(&queue->requests);
	for (i = 0; i < SLUICE_ENGINE_HELPERS; i++) {
		queue->helper[i].queue = queue;
		INIT_WORK(&queue->helper[i].work, help);
	}
}

/**
 * sluice_engine_queue_stop() - wait until no helper is at work any more
 * @queue: a queue whose requests are all completed
 *
 * A helper may still be on its way out from the last of them.
 *
 * Context: process; helpers take no lock that a caller may hold.
 */
void sluice_engine_queue_stop(struct engine_queue *queue)
{
	int i;

	for (i = 0; i < SLUICE_ENGINE_HELPERS; i++)
		disable_work_sync(&queue->helper[i].work);
	WARN_ON_ONCE(queue->queued);
}

int __init sluice_engine_queues_init(void)
{
	/* Swap may be at the other end of a connection. */
	engine_wq = alloc_workqueue("sluice_engine", WQ_PERCPU |
				    WQ_CPU_INTENSIVE | WQ_MEM_RECLAIM, 0);
	return engine_wq ? 0 : -ENOMEM;
}

void sluice_engine_queues_exit(void)
{
	destroy_workqueue(engine_wq);
}
