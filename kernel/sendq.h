/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_SENDQ_H
#define _SLUICE_SENDQ_H

#include <linux/sluice.h>

#include "queue.h"

struct sluice_sendq;

/**
 * struct sluice_sendq_ops - what a queue needs of its session
 * @send: sends some of @iter and advances it; @more says that data follows.
 *	Returns octets; -EAGAIN: sluice_queue_kick() will come; -ENOMEM: try
 *	again; or another negative errno
 * @flush: sends what @more has held back. Returns 0; -ENOMEM: try again; or
 *	another negative errno
 * @end: says that no more comes: close_notify, then FIN. Returns the same
 * @writable: there is room again after sluice_sendq_add() said -EAGAIN
 * @ended: the queue is empty and @end was called (0), or sending failed
 *
 * Context: process, from the queue's worker; no lock held.
 */
struct sluice_sendq_ops {
	ssize_t (*send)(struct sluice_sendq *q, struct iov_iter *iter,
			bool more);
	int (*flush)(struct sluice_sendq *q);
	int (*end)(struct sluice_sendq *q);
	void (*writable)(struct sluice_sendq *q);
	void (*ended)(struct sluice_sendq *q, int error);
};

/**
 * struct sluice_sendq - requests in the order they leave in
 * @base: the requests, and the worker that sends
 * @ops: the session's side
 * @limit: octets that may wait
 * @queued: octets of the requests, those already sent of the first included;
 *	under @base.lock, as all that follows
 * @starved: somebody was told -EAGAIN
 * @flush: data is held back that is to leave when the queue is empty
 * @ending: sluice_sendq_end() was called: nothing is added any more
 * @cut: a request was returned with an error
 */
struct sluice_sendq {
	struct sluice_queue base;
	const struct sluice_sendq_ops *ops;
	size_t limit;
	size_t queued;
	bool starved;
	bool flush;
	bool ending;
	bool cut;
};

void sluice_sendq_init(struct sluice_sendq *q,
		       const struct sluice_sendq_ops *ops,
		       struct workqueue_struct *wq, size_t limit);
int sluice_sendq_add(struct sluice_sendq *q, struct sluice_send *send);
void sluice_sendq_flush(struct sluice_sendq *q);
void sluice_sendq_end(struct sluice_sendq *q);
size_t sluice_sendq_pending(struct sluice_sendq *q);
bool sluice_sendq_room(const struct sluice_sendq *q);
bool sluice_sendq_stop(struct sluice_sendq *q, int error);

#endif /* _SLUICE_SENDQ_H */
