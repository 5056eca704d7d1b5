/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_ENGINE_QUEUE_H
#define _SLUICE_ENGINE_QUEUE_H

#include <crypto/aead.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "engine.h"

/**
 * struct engine_epoch - a key
 * @refs: the engine's, and one for each request in the queue or in work
 * @tfm: the child transform that has the key
 */
struct engine_epoch {
	refcount_t refs;
	struct crypto_aead *tfm;
};

/**
 * struct engine_request - what a record takes beside the caller's request
 * @node: in engine_queue::requests
 * @req: the caller's request, which this is the context of
 * @epoch: its key, and a reference to it
 * @seq: which record it is
 * @backlog: the caller was told -EBUSY: tell it when work begins
 * @child: for the child transform; its context follows
 */
struct engine_request {
	struct list_head node;
	struct aead_request *req;
	struct engine_epoch *epoch;
	u64 seq;
	bool backlog;
	/* Must be last: it ends in a flexible array. */
	struct aead_request child;
};

struct engine_queue;

/**
 * struct engine_helper - a CPU that helps
 * @work: runs there
 * @queue: whose it is
 * @cpu: where @work is queued next; under the queue's lock, as are
 * @active: @work is queued or running,
 * @woken: when it was queued, and
 * @seq: the record in work, or none
 */
struct engine_helper {
	struct work_struct work;
	struct engine_queue *queue;
	int cpu;
	bool active;
	u64 woken;
	u64 seq;
};

/**
 * struct engine_queue - records to be encrypted, and who does it
 * @lock: guards what follows; nothing is taken inside it
 * @requests: those that nobody works on, oldest first
 * @queued: their number; also read without the lock
 * @active: helpers that are
 * @helper: one for each CPU that helps at once
 * @helped: records that helpers took
 * @wakeups: times that a helper was woken
 * @wake_ns: nanoseconds from there to its start, a moving average
 *
 * @error: of the first request that failed: no record can follow it
 * @to_come: records that are expected; the submitter writes it, helpers look
 *
 * @cpus: CPUs that may help; the submitter's, as is
 * @helpers: their number
 */
struct engine_queue {
	spinlock_t lock;	/* the requests and the helpers' state */
	struct list_head requests;
	unsigned int queued;
	unsigned int active;
	struct engine_helper helper[SLUICE_ENGINE_HELPERS];
	u64 helped;
	u64 wakeups;
	u64 wake_ns;

	int error;
	unsigned int to_come;

	int cpus[SLUICE_ENGINE_HELPERS];
	unsigned int helpers;
};

/**
 * sluice_engine_average() - a moving average of times
 * @known: the average so far; 0, none
 * @ns: another time; an interruption does not count for all of it
 */
static inline u64 sluice_engine_average(u64 known, u64 ns)
{
	return known ? (known * 7 + min(ns, known * 8)) / 8 : ns;
}

void sluice_engine_epoch_put(struct engine_epoch *epoch);

void sluice_engine_queue_init(struct engine_queue *queue);
void sluice_engine_queue_stop(struct engine_queue *queue);
int sluice_engine_queue_add(struct engine_queue *queue,
			    struct engine_request *r);
void sluice_engine_queue_work(struct engine_queue *queue, unsigned int keep);

int sluice_engine_queues_init(void);
void sluice_engine_queues_exit(void);

#endif /* _SLUICE_ENGINE_QUEUE_H */
