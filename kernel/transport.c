// SPDX-License-Identifier: GPL-2.0
/*
 * A session's queues on its socket, which is a connection of Sluice's: what
 * any program would do with it, without ever waiting.
 *
 * A bvec is encrypted from the driver's pages wherever it fills a record or
 * ends one; kTLS copies the rest. So when sendmsg() returns, nothing refers to
 * the pages any more.
 */
#include <linux/net.h>
#include <net/sock.h>

#include "conn.h"
#include "receive.h"
#include "send.h"
#include "session.h"

static struct sluice_session *session_of_sendq(struct sluice_sendq *q)
{
	return container_of(q, struct sluice_session, sendq);
}

static struct sluice_session *session_of_recvq(struct sluice_recvq *q)
{
	return container_of(q, struct sluice_session, recvq);
}

/* How receiving has ended; the driver may not mind a missing close_notify. */
static int receive_end(const struct sluice_session *session)
{
	int rc = sluice_receive_end(session->conn);

	if (rc == -ECONNRESET &&
	    READ_ONCE(session->conn->rx_state) == SLUICE_DIR_TRUNCATED &&
	    session->flags & SLUICE_SESSION_ALLOW_TRUNCATION)
		return 0;
	return rc;
}

/*
 * What ends the connection may come up while sending, first of all: but it is
 * the receiving side that can tell what it was.
 */
static int send_error(struct sluice_session *session, int error)
{
	int rc;

	sluice_receive_settle(session->conn);
	rc = receive_end(session);
	/* It may have found us reading, and given up. */
	sluice_queue_kick(&session->recvq.base);
	return rc && rc != -EAGAIN ? rc : error;
}

static ssize_t transport_send(struct sluice_sendq *q, struct iov_iter *iter,
			      bool more)
{
	struct sluice_session *session = session_of_sendq(q);
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL |
			     (more ? MSG_MORE : 0),
		.msg_iter = *iter,
	};
	unsigned int saved;
	int rc;

	saved = sluice_reclaim_begin(session->sock->sk);
	rc = sock_sendmsg(session->sock, &msg);
	memalloc_noreclaim_restore(saved);
	if (rc > 0)
		iov_iter_advance(iter, rc);
	/* There is room: so there was no memory, and nobody will tell. */
	if (rc == -EAGAIN && sk_stream_memory_free(session->sock->sk))
		return -ENOMEM;
	return rc < 0 && rc != -EAGAIN && rc != -ENOMEM ?
		send_error(session, rc) : rc;
}

static int transport_flush(struct sluice_sendq *q)
{
	struct sluice_session *session = session_of_sendq(q);
	unsigned int saved;
	int rc;

	saved = sluice_reclaim_begin(session->sock->sk);
	rc = sluice_send_held(session->conn);
	memalloc_noreclaim_restore(saved);
	return rc;
}

static int transport_end(struct sluice_sendq *q)
{
	struct sluice_session *session = session_of_sendq(q);
	unsigned int saved;
	int rc;

	saved = sluice_reclaim_begin(session->sock->sk);
	rc = sluice_send_finish(session->conn);
	memalloc_noreclaim_restore(saved);
	if (rc == -ENOMEM)
		return rc;
	kernel_sock_shutdown(session->sock, SHUT_WR);
	return rc ? send_error(session, rc) : 0;
}

static void transport_writable(struct sluice_sendq *q)
{
	struct sluice_session *session = session_of_sendq(q);

	wake_up_all(&session->wait);
	if (session->ops->writable)
		session->ops->writable(session);
}

static void transport_send_ended(struct sluice_sendq *q, int error)
{
	struct sluice_session *session = session_of_sendq(q);

	if (error)
		sluice_session_failed(session, error);
	else
		sluice_session_ended(session, true);
	/* Who waits for room was woken too early by the change of state. */
	wake_up_all(&session->wait);
}

const struct sluice_sendq_ops sluice_transport_sendq_ops = {
	.send = transport_send,
	.flush = transport_flush,
	.end = transport_end,
	.writable = transport_writable,
	.ended = transport_send_ended,
};

/* What a read returned that may have been the end. */
static ssize_t receive_result(const struct sluice_session *session, ssize_t rc)
{
	int end;

	if (rc > 0 || rc == -EAGAIN || rc == -ENOMEM)
		return rc;
	end = receive_end(session);
	return end == -EAGAIN ? rc : end;
}

static ssize_t transport_recv(struct sluice_recvq *q, struct iov_iter *iter)
{
	struct sluice_session *session = session_of_recvq(q);
	struct msghdr msg = { .msg_iter = *iter };
	unsigned int saved;
	int rc;

	saved = sluice_reclaim_begin(session->sock->sk);
	rc = sock_recvmsg(session->sock, &msg, MSG_DONTWAIT);
	memalloc_noreclaim_restore(saved);
	if (rc > 0)
		iov_iter_advance(iter, rc);
	return receive_result(session, rc);
}

/* A loan, and what is left of it. */
struct loan {
	struct sluice_recv *recv;
	u64 max;
	bool stop;
};

static int lend_actor(read_descriptor_t *desc, struct sk_buff *skb,
		      unsigned int offset, size_t len)
{
	struct loan *loan = desc->arg.data;
	size_t n = min_t(u64, len, loan->max);
	size_t used = loan->recv->lend(loan->recv, skb, offset, n);

	used = min(used, n);
	loan->max -= used;
	loan->stop = used < n;
	if (loan->stop || !loan->max)
		desc->count = 0;
	return used;
}

static int drop_actor(read_descriptor_t *desc, struct sk_buff *skb,
		      unsigned int offset, size_t len)
{
	return len;
}

static ssize_t read_sock(struct sluice_session *session,
			 sk_read_actor_t actor, void *data)
{
	read_descriptor_t desc = { .count = 1, .arg.data = data };
	struct socket *sock = session->sock;
	unsigned int saved;
	int rc;

	saved = sluice_reclaim_begin(session->sock->sk);
	lock_sock(sock->sk);
	rc = READ_ONCE(sock->ops)->read_sock(sock->sk, &desc, actor);
	release_sock(sock->sk);
	sluice_send_owed(session->conn);
	memalloc_noreclaim_restore(saved);
	/* With an actor that wants no more, 0 is not the end. */
	return desc.count ? receive_result(session, rc) : rc;
}

static ssize_t transport_lend(struct sluice_recvq *q, struct sluice_recv *recv,
			      u64 max, bool *stop)
{
	struct loan loan = { .recv = recv, .max = max };
	ssize_t rc;

	rc = read_sock(session_of_recvq(q), lend_actor, &loan);
	*stop = loan.stop;
	return rc;
}

static int transport_idle(struct sluice_recvq *q, bool discard)
{
	struct sluice_session *session = session_of_recvq(q);
	unsigned int saved;
	ssize_t rc;
	int end;

	if (discard) {
		do {
			rc = read_sock(session, drop_actor, NULL);
			cond_resched();
		} while (rc > 0);
		return rc;
	}
	saved = sluice_reclaim_begin(session->sock->sk);
	while ((rc = sluice_receive_settle(session->conn)) > 0)
		cond_resched();
	memalloc_noreclaim_restore(saved);
	end = receive_end(session);
	return end == -EAGAIN && rc ? rc : end;
}

static void transport_recv_ended(struct sluice_recvq *q, int error)
{
	if (error)
		sluice_session_failed(session_of_recvq(q), error);
	else
		sluice_session_ended(session_of_recvq(q), false);
}

const struct sluice_recvq_ops sluice_transport_recvq_ops = {
	.recv = transport_recv,
	.lend = transport_lend,
	.idle = transport_idle,
	.ended = transport_recv_ended,
};
