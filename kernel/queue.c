// SPDX-License-Identifier: GPL-2.0
/*
 * What a session's two queues have in common: their worker, and how they end.
 */
#include <kunit/visibility.h>
#include <linux/export.h>

#include "queue.h"

/* How soon to try again what found no memory. */
#define NOMEM_RETRY	msecs_to_jiffies(10)

/**
 * sluice_queue_init() - make a queue
 * @q: the queue, all zero
 * @wq: where its work is done
 * @work: and by what
 */
void sluice_queue_init(struct sluice_queue *q, struct workqueue_struct *wq,
		       work_func_t work)
{
	q->wq = wq;
	INIT_DELAYED_WORK(&q->work, work);
	spin_lock_init(&q->lock);
	INIT_LIST_HEAD(&q->requests);
}

/**
 * sluice_queue_kick() - have the worker look: something has changed
 * @q: the queue
 *
 * Context: any.
 */
void sluice_queue_kick(struct sluice_queue *q)
{
	mod_delayed_work(q->wq, &q->work, 0);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_queue_kick);

/**
 * sluice_queue_retry() - have the worker look again: there was no memory
 * @q: the queue
 *
 * Context: any.
 */
void sluice_queue_retry(struct sluice_queue *q)
{
	queue_delayed_work(q->wq, &q->work, NOMEM_RETRY);
}

/**
 * sluice_queue_set() - tell the worker something
 * @q: the queue
 * @flag: what it is to see; under @q->lock
 *
 * Context: any.
 */
void sluice_queue_set(struct sluice_queue *q, bool *flag)
{
	unsigned long irq;

	spin_lock_irqsave(&q->lock, irq);
	*flag = true;
	spin_unlock_irqrestore(&q->lock, irq);
	sluice_queue_kick(q);
}

/**
 * sluice_queue_fail() - have the worker end it all
 * @q: the queue
 * @error: negative errno for all requests; an earlier one counts
 *
 * Context: any.
 */
void sluice_queue_fail(struct sluice_queue *q, int error)
{
	unsigned long irq;

	spin_lock_irqsave(&q->lock, irq);
	if (!q->error)
		q->error = error;
	spin_unlock_irqrestore(&q->lock, irq);
	sluice_queue_kick(q);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_queue_fail);

/**
 * sluice_queue_end() - note that it is over
 * @q: the queue
 * @error: negative errno for all requests that are left, or 0; an earlier one
 *	counts
 *
 * Context: process.
 * Return: true for the first to say so: the session is to be told.
 */
bool sluice_queue_end(struct sluice_queue *q, int error)
{
	unsigned long irq;
	bool first;

	spin_lock_irqsave(&q->lock, irq);
	first = !q->ended;
	q->ended = true;
	if (error && !q->error)
		q->error = error;
	spin_unlock_irqrestore(&q->lock, irq);
	return first;
}

/**
 * sluice_queue_stop() - take no request any more, and send the worker home
 * @q: the queue
 * @error: as for sluice_queue_fail()
 *
 * When it returns the worker does not run, and will not.
 *
 * Context: process; may sleep. Not from the worker.
 */
void sluice_queue_stop(struct sluice_queue *q, int error)
{
	sluice_queue_fail(q, error);
	disable_delayed_work_sync(&q->work);
}
