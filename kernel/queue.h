/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_QUEUE_H
#define _SLUICE_QUEUE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

/**
 * struct sluice_queue - what both queues of a session are: requests in their
 *	order, a worker that takes them off, and an end
 * @wq: where @work runs
 * @work: the worker
 * @lock: guards all that follows, and more of the queue that this is part of;
 *	taken with interrupts off, from any context
 * @requests: in their order; the first may be done in part
 * @ended: the session was told of the end
 * @error: negative errno that all requests end with, or 0
 */
struct sluice_queue {
	struct workqueue_struct *wq;
	struct delayed_work work;

	spinlock_t lock;	/* all that follows, and more */
	struct list_head requests;
	bool ended;
	int error;
};

void sluice_queue_init(struct sluice_queue *q, struct workqueue_struct *wq,
		       work_func_t work);
void sluice_queue_kick(struct sluice_queue *q);
void sluice_queue_retry(struct sluice_queue *q);
void sluice_queue_set(struct sluice_queue *q, bool *flag);
void sluice_queue_fail(struct sluice_queue *q, int error);
bool sluice_queue_end(struct sluice_queue *q, int error);
void sluice_queue_stop(struct sluice_queue *q, int error);

#endif /* _SLUICE_QUEUE_H */
