/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_RECVQ_H
#define _SLUICE_RECVQ_H

#include <linux/sluice.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

struct sluice_recvq;

/**
 * struct sluice_recvq_ops - what a queue needs of its session
 * @recv: fills some of @iter and advances it. Returns octets; 0, the peer has
 *	ended in order; -EAGAIN: sluice_recvq_kick() will come; -ENOMEM: try
 *	again; or another negative errno
 * @lend: lends data to @recv->lend, @max octets at most; the same returns, and
 *	*@stop says that it wants no more
 * @idle: nobody asks for data: handles what else has arrived, and with
 *	@discard drops the data. Returns -EAGAIN; 0, the peer has ended in
 *	order; or another negative errno
 * @ended: nothing comes any more: 0, or the error
 *
 * Context: process, from the queue's worker; no lock held.
 */
struct sluice_recvq_ops {
	ssize_t (*recv)(struct sluice_recvq *q, struct iov_iter *iter);
	ssize_t (*lend)(struct sluice_recvq *q, struct sluice_recv *recv,
			u64 max, bool *stop);
	int (*idle)(struct sluice_recvq *q, bool discard);
	void (*ended)(struct sluice_recvq *q, int error);
};

/**
 * struct sluice_recvq - requests in the order they are filled in
 * @ops: the session's side
 * @wq: where @work runs
 * @work: receives; takes requests off
 * @idle_wait: for @busy to go away
 * @lock: guards all that follows; taken with interrupts off, from any context
 * @requests: the first may be partly filled
 * @busy: the request that @work has in its hands
 * @open: data may come: the session is open
 * @discard: sluice_recvq_discard() was called: nothing is added any more
 * @ended: &sluice_recvq_ops.ended was called
 * @error: negative errno that all requests end with, or 0
 */
struct sluice_recvq {
	const struct sluice_recvq_ops *ops;
	struct workqueue_struct *wq;
	struct delayed_work work;
	wait_queue_head_t idle_wait;

	spinlock_t lock;	/* all that follows */
	struct list_head requests;
	struct sluice_recv *busy;
	bool open;
	bool discard;
	bool ended;
	int error;
};

void sluice_recvq_init(struct sluice_recvq *q,
		       const struct sluice_recvq_ops *ops,
		       struct workqueue_struct *wq);
void sluice_recvq_open(struct sluice_recvq *q);
int sluice_recvq_add(struct sluice_recvq *q, struct sluice_recv *recv);
bool sluice_recvq_cancel(struct sluice_recvq *q, struct sluice_recv *recv);
void sluice_recvq_discard(struct sluice_recvq *q);
void sluice_recvq_fail(struct sluice_recvq *q, int error);
void sluice_recvq_kick(struct sluice_recvq *q);
void sluice_recvq_stop(struct sluice_recvq *q, int error);

#endif /* _SLUICE_RECVQ_H */
