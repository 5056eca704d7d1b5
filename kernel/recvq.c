// SPDX-License-Identifier: GPL-2.0
/*
 * The queue of a session's wishes for data. Any context adds to it; one worker
 * fills them, in order, and tells each once how it ended. While nobody wants
 * data, what is not data is handled all the same.
 */
#include <kunit/visibility.h>
#include <linux/export.h>

#include "recvq.h"

/* Takes the first request into the worker's hands. */
static struct sluice_recv *begin(struct sluice_recvq *q, int *error,
				 bool *ended)
{
	unsigned long irq;

	spin_lock_irqsave(&q->base.lock, irq);
	q->busy = list_first_entry_or_null(&q->base.requests,
					   struct sluice_recv, node);
	*error = q->base.error;
	*ended = q->base.ended;
	spin_unlock_irqrestore(&q->base.lock, irq);
	return q->busy;
}

/* Puts it back, or gives it back to the driver. */
static void finish(struct sluice_recvq *q, struct sluice_recv *recv, bool done,
		   int error)
{
	unsigned long irq;

	spin_lock_irqsave(&q->base.lock, irq);
	q->busy = NULL;
	if (done)
		list_del(&recv->node);
	spin_unlock_irqrestore(&q->base.lock, irq);

	wake_up_all(&q->idle_wait);
	if (done)
		recv->done(recv, error);
}

/* Nothing comes any more. The first to say so says why. */
static void end(struct sluice_recvq *q, int error)
{
	if (sluice_queue_end(&q->base, error))
		q->ops->ended(q, error);
}

/* Returns all requests, now that nothing comes any more. */
static void drain(struct sluice_recvq *q)
{
	struct sluice_recv *recv;
	bool ended;
	int error;

	while ((recv = begin(q, &error, &ended)))
		finish(q, recv, true, error);
}

/* Some data for the request; *@full says that it has enough. */
static ssize_t fill(struct sluice_recvq *q, struct sluice_recv *recv,
		    bool *full)
{
	u64 max = recv->limit ? recv->limit - recv->received : U64_MAX;
	bool stop = false;
	ssize_t rc;

	if (!recv->lend) {
		*full = !iov_iter_count(&recv->iter);
		if (*full)
			return 0;
		rc = q->ops->recv(q, &recv->iter);
		*full = rc > 0 && (!(recv->flags & SLUICE_RECV_EXACT) ||
				   !iov_iter_count(&recv->iter));
	} else {
		rc = q->ops->lend(q, recv, max, &stop);
		*full = stop || (recv->limit && rc > 0 && (u64)rc >= max);
	}
	if (rc > 0)
		recv->received += rc;
	return rc;
}

static void work(struct work_struct *work)
{
	struct sluice_recvq *q = container_of(to_delayed_work(work),
					      struct sluice_recvq, base.work);
	struct sluice_recv *recv;
	bool ended, full;
	ssize_t rc;
	int error;

	if (!READ_ONCE(q->open) && !READ_ONCE(q->base.error))
		return;

	for (;;) {
		recv = begin(q, &error, &ended);
		if (error || ended) {
			if (recv)
				finish(q, recv, false, 0);
			break;
		}
		if (recv) {
			rc = fill(q, recv, &full);
			finish(q, recv, full, 0);
			if (full)
				continue;
		} else {
			rc = q->ops->idle(q, READ_ONCE(q->discard));
		}
		if (rc == -EAGAIN)
			return;
		if (rc == -ENOMEM) {
			sluice_queue_retry(&q->base);
			return;
		}
		if (rc <= 0)
			end(q, rc);
		cond_resched();
	}

	end(q, error);
	drain(q);
}

/**
 * sluice_recvq_init() - make a queue
 * @q: the queue
 * @ops: the session's side
 * @wq: where to receive in
 */
void sluice_recvq_init(struct sluice_recvq *q,
		       const struct sluice_recvq_ops *ops,
		       struct workqueue_struct *wq)
{
	*q = (struct sluice_recvq){ .ops = ops };
	sluice_queue_init(&q->base, wq, work);
	init_waitqueue_head(&q->idle_wait);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_recvq_init);

/**
 * sluice_recvq_open() - begin to receive
 * @q: the queue
 *
 * Context: any.
 */
void sluice_recvq_open(struct sluice_recvq *q)
{
	sluice_queue_set(&q->base, &q->open);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_recvq_open);

/**
 * sluice_recvq_add() - queue a request
 * @q: the queue
 * @recv: the request; its done() follows if 0 is returned
 *
 * After the peer's orderly end it is done at once, with 0 and no data; before
 * sluice_recvq_open() it waits for that.
 *
 * Context: any.
 * Return: 0; -ECANCELED after sluice_recvq_discard(); or the error that ended
 *	receiving.
 */
int sluice_recvq_add(struct sluice_recvq *q, struct sluice_recv *recv)
{
	unsigned long irq;
	int rc;

	recv->received = 0;
	spin_lock_irqsave(&q->base.lock, irq);
	rc = q->base.error;
	if (!rc && q->discard)
		rc = -ECANCELED;
	if (!rc)
		list_add_tail(&recv->node, &q->base.requests);
	spin_unlock_irqrestore(&q->base.lock, irq);

	if (!rc)
		sluice_queue_kick(&q->base);
	return rc;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_recvq_add);

/* Takes the request off; %false if it is not there, or the worker has it. */
static bool take(struct sluice_recvq *q, const struct sluice_recv *recv,
		 bool *busy)
{
	struct sluice_recv *pos;
	unsigned long irq;
	bool taken = false;

	spin_lock_irqsave(&q->base.lock, irq);
	*busy = q->busy == recv;
	if (!*busy) {
		list_for_each_entry(pos, &q->base.requests, node) {
			if (pos != recv)
				continue;
			list_del(&pos->node);
			taken = true;
			break;
		}
	}
	spin_unlock_irqrestore(&q->base.lock, irq);
	return taken;
}

/**
 * sluice_recvq_cancel() - take a request back
 * @q: the queue
 * @recv: the request
 *
 * Context: process; may sleep. Not from a callback of the queue.
 * Return: true: its done() will not come, and has not; &sluice_recv.received
 *	octets are in it. false: done() has come, or is just running.
 */
bool sluice_recvq_cancel(struct sluice_recvq *q, struct sluice_recv *recv)
{
	bool busy, taken;

	do {
		wait_event(q->idle_wait, READ_ONCE(q->busy) != recv);
		taken = take(q, recv, &busy);
	} while (busy);
	return taken;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_recvq_cancel);

/**
 * sluice_recvq_discard() - drop whatever comes from now on
 * @q: the queue
 *
 * All requests are done with -ECANCELED, and none is taken any more. The
 * queue goes on until the peer has ended.
 *
 * Context: process; may sleep. Not from a callback of the queue.
 */
void sluice_recvq_discard(struct sluice_recvq *q)
{
	struct sluice_recv *recv;
	unsigned long irq;

	do {
		spin_lock_irqsave(&q->base.lock, irq);
		q->discard = true;
		recv = list_first_entry_or_null(&q->base.requests,
						struct sluice_recv, node);
		spin_unlock_irqrestore(&q->base.lock, irq);
		if (recv && sluice_recvq_cancel(q, recv))
			recv->done(recv, -ECANCELED);
	} while (recv);
	sluice_queue_kick(&q->base);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_recvq_discard);

/**
 * sluice_recvq_stop() - return all requests; none is taken any more
 * @q: the queue
 * @error: negative errno for them; an earlier one counts
 *
 * When it returns, no callback runs and none will come.
 *
 * Context: process; may sleep. Not from a callback of the queue.
 */
void sluice_recvq_stop(struct sluice_recvq *q, int error)
{
	sluice_queue_stop(&q->base, error);
	end(q, error);
	drain(q);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_recvq_stop);
