// SPDX-License-Identifier: GPL-2.0
/*
 * The queue of a session's outgoing data. Any context adds to it; one worker
 * sends, in order, and tells each request once how it ended.
 *
 * A record is sealed when its data was the last in the queue: what is queued
 * together leaves in full records.
 */
#include <kunit/visibility.h>
#include <linux/export.h>

#include "sendq.h"

/* The first request, and whether others follow it; or what else is to do. */
struct step {
	struct sluice_send *send;
	bool more;
	bool flush;
	bool end;
	int error;
};

static void look(struct sluice_sendq *q, struct step *step)
{
	unsigned long irq;

	*step = (struct step){};
	spin_lock_irqsave(&q->base.lock, irq);
	step->error = q->base.error;
	step->send = list_first_entry_or_null(&q->base.requests,
					      struct sluice_send, node);
	if (step->send) {
		step->more = step->send->flags & SLUICE_SEND_MORE ||
			     !list_is_last(&step->send->node,
					   &q->base.requests);
	} else {
		step->flush = q->flush;
		q->flush = false;
		step->end = q->ending && !q->base.ended;
	}
	spin_unlock_irqrestore(&q->base.lock, irq);
}

/* The next look is to find it again. */
static void flush_again(struct sluice_sendq *q)
{
	unsigned long irq;

	spin_lock_irqsave(&q->base.lock, irq);
	q->flush = true;
	spin_unlock_irqrestore(&q->base.lock, irq);
}

/* Gives the first request back. */
static void finish(struct sluice_sendq *q, struct sluice_send *send, int error)
{
	unsigned long irq;
	bool writable;

	spin_lock_irqsave(&q->base.lock, irq);
	list_del(&send->node);
	q->queued -= send->len;
	q->cut |= error;
	writable = q->starved && q->queued <= q->limit / 2 && !q->base.error;
	if (writable)
		q->starved = false;
	spin_unlock_irqrestore(&q->base.lock, irq);

	send->done(send, error);
	if (writable)
		q->ops->writable(q);
}

/* Sending is over. The first to say so says why. */
static void end(struct sluice_sendq *q, int error)
{
	if (sluice_queue_end(&q->base, error))
		q->ops->ended(q, error);
}

/* Returns all requests, now that there is an error. */
static void drain(struct sluice_sendq *q)
{
	struct step step;

	for (look(q, &step); step.send; look(q, &step))
		finish(q, step.send, step.error);
}

static void work(struct work_struct *work)
{
	struct sluice_sendq *q = container_of(to_delayed_work(work),
					      struct sluice_sendq, base.work);
	struct step step;
	ssize_t rc;

	for (;;) {
		look(q, &step);
		if (step.error) {
			end(q, step.error);
			drain(q);
			return;
		}
		if (!step.send)
			break;

		rc = 0;
		if (iov_iter_count(&step.send->iter))
			rc = q->ops->send(q, &step.send->iter, step.more);
		if (rc == -EAGAIN)
			return;
		if (rc == -ENOMEM) {
			sluice_queue_retry(&q->base);
			return;
		}
		if (rc < 0)
			end(q, rc);
		else if (!iov_iter_count(&step.send->iter))
			finish(q, step.send, 0);
		cond_resched();
	}

	rc = step.flush ? q->ops->flush(q) : 0;
	if (rc == -ENOMEM)
		flush_again(q);
	else if (!rc && step.end)
		rc = q->ops->end(q);
	if (rc == -ENOMEM)
		sluice_queue_retry(&q->base);
	else if (rc || step.end)
		end(q, rc);
}

/**
 * sluice_sendq_init() - make a queue
 * @q: the queue
 * @ops: the session's side
 * @wq: where to send from
 * @limit: octets that may wait
 */
void sluice_sendq_init(struct sluice_sendq *q,
		       const struct sluice_sendq_ops *ops,
		       struct workqueue_struct *wq, size_t limit)
{
	*q = (struct sluice_sendq){ .ops = ops, .limit = limit };
	sluice_queue_init(&q->base, wq, work);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_sendq_init);

/**
 * sluice_sendq_add() - queue a request
 * @q: the queue
 * @send: the request; its done() follows if 0 is returned
 *
 * An empty queue takes a request of any length.
 *
 * Context: any.
 * Return: 0; -EAGAIN, the queue is full and &sluice_sendq_ops.writable will
 *	follow; -EPIPE after sluice_sendq_end(); or the error that ended it.
 */
int sluice_sendq_add(struct sluice_sendq *q, struct sluice_send *send)
{
	unsigned long irq;
	int rc = 0;

	send->len = iov_iter_count(&send->iter);
	spin_lock_irqsave(&q->base.lock, irq);
	if (q->base.error) {
		rc = q->base.error;
	} else if (q->ending) {
		rc = -EPIPE;
	} else if (q->queued && send->len > q->limit - min(q->queued, q->limit)) {
		q->starved = true;
		rc = -EAGAIN;
	} else {
		list_add_tail(&send->node, &q->base.requests);
		q->queued += send->len;
	}
	spin_unlock_irqrestore(&q->base.lock, irq);

	if (!rc)
		sluice_queue_kick(&q->base);
	return rc;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_sendq_add);

/**
 * sluice_sendq_pending() - see how much is in the queue
 * @q: the queue
 *
 * Context: any.
 * Return: octets of the requests that are not given back yet.
 */
size_t sluice_sendq_pending(struct sluice_sendq *q)
{
	unsigned long irq;
	size_t queued;

	spin_lock_irqsave(&q->base.lock, irq);
	queued = q->queued;
	spin_unlock_irqrestore(&q->base.lock, irq);
	return queued;
}

/**
 * sluice_sendq_room() - see whether sluice_sendq_add() is worth a try
 * @q: the queue
 *
 * Context: any; the answer may be old.
 * Return: false if it said -EAGAIN, and that has not changed.
 */
bool sluice_sendq_room(const struct sluice_sendq *q)
{
	return !READ_ONCE(q->starved) || READ_ONCE(q->base.error) ||
	       READ_ONCE(q->ending);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_sendq_room);

/**
 * sluice_sendq_flush() - let nothing be held back behind what is queued
 * @q: the queue
 *
 * Context: any.
 */
void sluice_sendq_flush(struct sluice_sendq *q)
{
	sluice_queue_set(&q->base, &q->flush);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_sendq_flush);

/**
 * sluice_sendq_end() - end the stream behind what is queued
 * @q: the queue
 *
 * Context: any.
 */
void sluice_sendq_end(struct sluice_sendq *q)
{
	sluice_queue_set(&q->base, &q->ending);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_sendq_end);

/**
 * sluice_sendq_stop() - return all requests; none is taken any more
 * @q: the queue
 * @error: negative errno for them; an earlier one counts
 *
 * When it returns, no callback runs and none will come.
 *
 * Context: process; may sleep. Not from a callback of the queue.
 * Return: true if there were any, and no earlier error: the stream is cut short.
 */
bool sluice_sendq_stop(struct sluice_sendq *q, int error)
{
	sluice_queue_stop(&q->base, error);
	end(q, error);
	drain(q);
	/* Nobody else any more. The worker may have been the one to return them. */
	return q->cut && q->base.error == error;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_sendq_stop);
