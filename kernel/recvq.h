/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_RECVQ_H
#define _SLUICE_RECVQ_H

#include <linux/sluice.h>
#include <linux/wait.h>

#include "queue.h"

struct sluice_recvq;

/**
 * struct sluice_recvq_ops - what a queue needs of its session
 * @recv: fills some of @iter and advances it. Returns octets; 0, the peer has
 *	ended in order; -EAGAIN: sluice_queue_kick() will come; -ENOMEM: try
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
 * @base: the requests, and the worker that receives
 * @ops: the session's side
 * @idle_wait: for @busy to go away
 * @busy: the request that the worker has in its hands; under @base.lock, as
 *	all that follows
 * @open: data may come: the session is open
 * @discard: sluice_recvq_discard() was called: nothing is added any more
 */
struct sluice_recvq {
	struct sluice_queue base;
	const struct sluice_recvq_ops *ops;
	wait_queue_head_t idle_wait;
	struct sluice_recv *busy;
	bool open;
	bool discard;
};

void sluice_recvq_init(struct sluice_recvq *q,
		       const struct sluice_recvq_ops *ops,
		       struct workqueue_struct *wq);
void sluice_recvq_open(struct sluice_recvq *q);
int sluice_recvq_add(struct sluice_recvq *q, struct sluice_recv *recv);
bool sluice_recvq_cancel(struct sluice_recvq *q, struct sluice_recv *recv);
void sluice_recvq_discard(struct sluice_recvq *q);
void sluice_recvq_stop(struct sluice_recvq *q, int error);

#endif /* _SLUICE_RECVQ_H */
