// SPDX-License-Identifier: GPL-2.0
/*
 * What drivers send and receive with: the queues, a blocking variant of each
 * for kernel threads, and new keys.
 */
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/export.h>
#include <linux/net.h>

#include "conn.h"
#include "send.h"
#include "session.h"

/* kTLS takes references to the pages of a bvec: those of a slab have none. */
static bool may_send(const struct iov_iter *iter)
{
	const struct bio_vec *bvec = iter->bvec;
	size_t left = iov_iter_count(iter), offset = iter->iov_offset;

	if (iov_iter_rw(iter) != ITER_SOURCE)
		return false;
	if (iov_iter_is_kvec(iter))
		return true;
	if (!iov_iter_is_bvec(iter))
		return false;

	for (; left; bvec++) {
		size_t len = min_t(size_t, bvec->bv_len - offset, left);

		if (!sendpages_ok(bvec->bv_page, len,
				  bvec->bv_offset + offset))
			return false;
		left -= len;
		offset = 0;
	}
	return true;
}

/**
 * sluice_send() - send data
 * @session: an open session
 * @send: the request; its done() follows if 0 is returned, and only then
 *
 * Requests leave in their order. Small ones that are queued together share
 * records. Nothing is allocated here.
 *
 * Context: any, interrupts and spinlocks included.
 * Return: 0; -EAGAIN, the queue is full: &sluice_session_ops.writable will
 *	follow; -ENOTCONN, not open yet; -EPIPE after sluice_session_shutdown();
 *	-EINVAL, not a kvec or bvec to send from, or pages of a slab;
 *	-ECANCELED, closed; or as sluice_session_error().
 */
int sluice_send(struct sluice_session *session, struct sluice_send *send)
{
	if (sluice_session_state(session) < SLUICE_SESSION_OPEN)
		return -ENOTCONN;
	if (!may_send(&send->iter) || send->flags & ~SLUICE_SEND_MORE)
		return -EINVAL;
	return sluice_sendq_add(&session->sendq, send);
}
EXPORT_SYMBOL_GPL(sluice_send);

/**
 * sluice_send_flush() - let nothing wait for more
 * @session: the session; what %SLUICE_SEND_MORE has held back leaves now
 *
 * Context: any.
 */
void sluice_send_flush(struct sluice_session *session)
{
	if (sluice_session_state(session) >= SLUICE_SESSION_OPEN)
		sluice_sendq_flush(&session->sendq);
}
EXPORT_SYMBOL_GPL(sluice_send_flush);

struct send_waiter {
	struct sluice_send send;
	struct completion done;
	int error;
};

static void send_done(struct sluice_send *send, int error)
{
	struct send_waiter *waiter = container_of(send, struct send_waiter,
						  send);

	waiter->error = error;
	complete(&waiter->done);
}

/**
 * sluice_send_wait() - send data and wait until kTLS has taken it
 * @session: an open session
 * @iter: as &sluice_send.iter
 * @flags: SLUICE_SEND_*
 *
 * A signal ends the wait for a place in the queue. Once there, it is waited
 * until the data is sent, or the session fails or is closed.
 *
 * Context: process; may sleep. Not from a callback.
 * Return: 0; -ERESTARTSYS, nothing was sent; or as sluice_send().
 */
int sluice_send_wait(struct sluice_session *session, struct iov_iter *iter,
		     u32 flags)
{
	struct send_waiter waiter = {
		.send.iter = *iter,
		.send.flags = flags,
		.send.done = send_done,
		.done = COMPLETION_INITIALIZER_ONSTACK(waiter.done),
	};
	int rc;

	while ((rc = sluice_send(session, &waiter.send)) == -EAGAIN) {
		rc = wait_event_interruptible(session->wait,
					      sluice_sendq_room(&session->sendq));
		if (rc)
			return rc;
	}
	if (rc)
		return rc;
	wait_for_completion(&waiter.done);
	return waiter.error;
}
EXPORT_SYMBOL_GPL(sluice_send_wait);

/**
 * sluice_recv() - receive data
 * @session: an open session
 * @recv: the request; its done() follows if 0 is returned, and only then
 *
 * Requests are filled in their order. A peer can send no more than the
 * socket's receive buffer while there is none.
 *
 * Context: any, interrupts and spinlocks included.
 * Return: 0; -ENOTCONN, not open yet; -EINVAL, neither room nor a lend();
 *	-ECANCELED, closed; or as sluice_session_error().
 */
int sluice_recv(struct sluice_session *session, struct sluice_recv *recv)
{
	const struct iov_iter *iter = &recv->iter;

	/* The queue opens a moment later. */
	if (sluice_session_state(session) < SLUICE_SESSION_OPEN)
		return -ENOTCONN;
	if (recv->flags & ~SLUICE_RECV_EXACT)
		return -EINVAL;
	if (!recv->lend && (iov_iter_rw(iter) != ITER_DEST ||
			    !(iov_iter_is_kvec(iter) ||
			      iov_iter_is_bvec(iter))))
		return -EINVAL;
	return sluice_recvq_add(&session->recvq, recv);
}
EXPORT_SYMBOL_GPL(sluice_recv);

/**
 * sluice_recv_cancel() - take a request back
 * @session: the session
 * @recv: the request
 *
 * Context: process; may sleep. Not from a callback.
 * Return: true: its done() will not come, and has not; &sluice_recv.received
 *	octets are in it. false: done() has come, or is just running.
 */
bool sluice_recv_cancel(struct sluice_session *session,
			struct sluice_recv *recv)
{
	return sluice_recvq_cancel(&session->recvq, recv);
}
EXPORT_SYMBOL_GPL(sluice_recv_cancel);

struct recv_waiter {
	struct sluice_recv recv;
	struct completion done;
	int error;
};

static void recv_done(struct sluice_recv *recv, int error)
{
	struct recv_waiter *waiter = container_of(recv, struct recv_waiter,
						  recv);

	waiter->error = error;
	complete(&waiter->done);
}

/**
 * sluice_recv_wait() - receive data and wait for it
 * @session: an open session
 * @iter: as &sluice_recv.iter
 * @flags: SLUICE_RECV_*
 *
 * Context: process; may sleep. Not from a callback.
 * Return: octets; fewer than asked for (without SLUICE_RECV_EXACT: none) at
 *	the peer's close_notify, or where a signal came; -ERESTARTSYS, a signal
 *	came before any; or as sluice_recv().
 */
ssize_t sluice_recv_wait(struct sluice_session *session, struct iov_iter *iter,
			 u32 flags)
{
	struct recv_waiter waiter = {
		.recv.iter = *iter,
		.recv.flags = flags,
		.recv.done = recv_done,
		.done = COMPLETION_INITIALIZER_ONSTACK(waiter.done),
	};
	int rc;

	rc = sluice_recv(session, &waiter.recv);
	if (rc)
		return rc;
	rc = wait_for_completion_interruptible(&waiter.done);
	if (rc && sluice_recv_cancel(session, &waiter.recv))
		return waiter.recv.received ?: rc;
	if (rc)
		wait_for_completion(&waiter.done);
	return waiter.error ?: waiter.recv.received;
}
EXPORT_SYMBOL_GPL(sluice_recv_wait);

/**
 * sluice_session_key_update() - renew the sending key before the next data
 * @session: an open session
 * @request: ask the peer to renew its own, too
 *
 * Needed by nobody to keep the AEAD's limits: the session sees to them.
 *
 * Context: any.
 * Return: 0; -ENOTCONN, not open; -EOPNOTSUPP, the agent has handed no secrets
 *	down; or as sluice_session_error().
 */
int sluice_session_key_update(struct sluice_session *session, bool request)
{
	unsigned long irq;
	int rc = 0;

	spin_lock_irqsave(&session->lock, irq);
	if (session->state != SLUICE_SESSION_OPEN) {
		rc = session->error ?: -ENOTCONN;
	} else if (session->conn->bare) {
		rc = -EOPNOTSUPP;
	} else {
		sluice_owe_key_update(session->conn, request);
		sluice_send_owed_later(session->conn);
	}
	spin_unlock_irqrestore(&session->lock, irq);
	return rc;
}
EXPORT_SYMBOL_GPL(sluice_session_key_update);
