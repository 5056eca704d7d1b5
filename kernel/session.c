// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions of drivers: their life, from a connected socket to its release.
 *
 * A session belongs to its driver. It owns the socket from
 * sluice_session_create() to sluice_session_close(); what happens on the
 * socket it learns as a program does that polls it, from its wait queue.
 *
 * Locks: sluice_session::lock and those of the two queues are taken inside
 * nothing of ours and around nothing of ours. sluice_session::close_lock is
 * taken around all there is.
 */
#include <linux/export.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <net/sock.h>
#include <net/tcp_states.h>

#include "attach.h"
#include "conn.h"
#include "ktls.h"
#include "session.h"
#include "socket.h"
#include "trace.h"

#define SEND_LIMIT	SZ_1M

static void tell_work(struct work_struct *work)
{
	struct sluice_session *session = container_of(work,
						      struct sluice_session,
						      state_work);
	unsigned long to_tell;
	int state, error;

	spin_lock_irq(&session->lock);
	to_tell = session->to_tell;
	session->to_tell = 0;
	error = session->error;
	spin_unlock_irq(&session->lock);

	if (!session->ops->state)
		return;
	for_each_set_bit(state, &to_tell, BITS_PER_LONG)
		session->ops->state(session, state,
				    state == SLUICE_SESSION_FAILED ? error : 0);
}

/* The only place where a session changes its state. */
static bool move(struct sluice_session *session,
		 enum sluice_session_event event, int error)
{
	enum sluice_session_state from, to;
	unsigned long irq;

	spin_lock_irqsave(&session->lock, irq);
	from = session->state;
	to = sluice_state_next(from, event);
	if (to != from) {
		if (to == SLUICE_SESSION_FAILED)
			session->error = error;
		session->to_tell |= BIT(to);
		/* Pairs with the acquire in sluice_session_state(). */
		smp_store_release(&session->state, to);
	}
	spin_unlock_irqrestore(&session->lock, irq);

	if (to == from)
		return false;
	trace_sluice_session_state(session, from, to, error);
	wake_up_all(&session->wait);
	queue_work(session->wq, &session->state_work);
	return true;
}

/* Something has happened to the socket. Any context, under its queue's lock. */
static int socket_woke(struct wait_queue_entry *wait, unsigned int mode,
		       int flags, void *key)
{
	struct sluice_session *session = container_of(wait,
						      struct sluice_session,
						      sk_wait);
	__poll_t events = key_to_poll(key);

	if (!events || events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		sluice_queue_kick(&session->recvq.base);
	if (!events || events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
		/* kTLS would do it where others may wait for memory. */
		if (session->flags & SLUICE_SESSION_RECLAIM &&
		    sluice_ktls_unsent(session->conn))
			sluice_ktls_push(session->conn, session->wq);
		sluice_queue_kick(&session->sendq.base);
	}
	return 0;
}

/* Makes the socket ours, whatever becomes of it. */
static struct file *own_socket(struct socket *sock)
{
	return sock->file ?: sock_alloc_file(sock, O_NONBLOCK, NULL);
}

static int check_socket(const struct socket *sock)
{
	const struct sock *sk = sock->sk;

	if (!sk || !sk_is_tcp(sk))
		return -EOPNOTSUPP;
	if (sk->sk_state != TCP_ESTABLISHED && sk->sk_state != TCP_CLOSE_WAIT)
		return -ENOTCONN;
	return 0;
}

static void prepare_socket(const struct sluice_session *session)
{
	struct sock *sk = session->sock->sk;

	/* The namespace stays as long as a session of it. */
	if (!sk->sk_net_refcnt)
		sk_net_refcnt_upgrade(sk);
	if (session->flags & SLUICE_SESSION_RECLAIM) {
		sk->sk_allocation = GFP_NOIO;
		sk->sk_use_task_frag = false;
		sk_set_memalloc(sk);
	}
}

static void link(struct sluice_session *session)
{
	struct sluice_net *sn = sluice_net(sock_net(session->sock->sk));

	mutex_lock(&sn->lock);
	session->id = ++sn->last_id;
	list_add_tail(&session->node, &sn->sessions);
	mutex_unlock(&sn->lock);
}

static void unlink(struct sluice_session *session)
{
	struct sluice_net *sn = sluice_net(sock_net(session->sock->sk));

	mutex_lock(&sn->lock);
	list_del(&session->node);
	if (session->conn)
		session->conn->session = NULL;
	mutex_unlock(&sn->lock);
}

/**
 * sluice_session_create() - make a session of a TCP connection
 * @sock: a connected TCP socket: the session's from the call on, also if that
 *	fails. Where it has a file, the session takes over one reference to it
 * @params: how the session is to be
 *
 * Context: process; may sleep.
 * Return: the session, in %SLUICE_SESSION_NEW; or ERR_PTR(): -EOPNOTSUPP, not
 *	TCP; -ENOTCONN, not connected; -EINVAL, a flag or an engine that is
 *	not known; -ENOMEM.
 */
struct sluice_session *
sluice_session_create(struct socket *sock,
		      const struct sluice_session_params *params)
{
	struct sluice_session *session;
	struct file *file;
	int rc;

	file = own_socket(sock);
	if (IS_ERR(file))
		return ERR_CAST(file);
	rc = check_socket(sock);
	if (params->flags & ~(SLUICE_SESSION_PERCPU | SLUICE_SESSION_RECLAIM |
			      SLUICE_SESSION_ALLOW_TRUNCATION) ||
	    params->engine > SLUICE_ENGINE_FORCED)
		rc = -EINVAL;
	if (rc)
		goto no_session;
	rc = -ENOMEM;
	session = kzalloc_obj(*session);
	if (!session)
		goto no_session;

	refcount_set(&session->refs, 1);
	session->sock = sock;
	session->ops = params->ops;
	session->priv = params->priv;
	session->name = module_name(params->module);
	session->flags = params->flags;
	session->engine = params->engine;
	session->wq = params->flags & SLUICE_SESSION_RECLAIM ?
		sluice_reclaim_wq :
		params->flags & SLUICE_SESSION_PERCPU ?
		sluice_percpu_wq : sluice_wq;
	sluice_upcall_init(&session->upcall);
	sluice_sendq_init(&session->sendq, &sluice_transport_sendq_ops,
			  session->wq, params->send_limit ?: SEND_LIMIT);
	sluice_recvq_init(&session->recvq, &sluice_transport_recvq_ops,
			  session->wq);
	init_waitqueue_func_entry(&session->sk_wait, socket_woke);
	INIT_LIST_HEAD(&session->sk_wait.entry);
	init_waitqueue_head(&session->wait);
	mutex_init(&session->close_lock);
	spin_lock_init(&session->lock);
	INIT_WORK(&session->state_work, tell_work);

	prepare_socket(session);
	link(session);
	sluice_release_add(session, params->module);
	return session;

no_session:
	__fput_sync(file);
	return ERR_PTR(rc);
}
EXPORT_SYMBOL_GPL(sluice_session_create);

/**
 * sluice_session_get() - hold a session
 * @session: the session
 *
 * Context: any.
 * Return: @session.
 */
struct sluice_session *sluice_session_get(struct sluice_session *session)
{
	refcount_inc(&session->refs);
	return session;
}
EXPORT_SYMBOL_GPL(sluice_session_get);

/**
 * sluice_session_put() - let go of a session
 * @session: the session; closed, if nobody else holds it
 *
 * Context: process; may sleep.
 */
void sluice_session_put(struct sluice_session *session)
{
	if (!refcount_dec_and_test(&session->refs))
		return;
	/* A driver that forgot would leave callbacks into freed memory. */
	if (WARN_ON_ONCE(session->sock))
		sluice_session_close(session, 0);
	sluice_release_del(session);
	sluice_upcall_free(&session->upcall);
	mutex_destroy(&session->close_lock);
	kfree(session);
}
EXPORT_SYMBOL_GPL(sluice_session_put);

/**
 * sluice_session_handshake() - begin the TLS handshake
 * @session: a session in %SLUICE_SESSION_NEW
 * @handshake: what it is to achieve; copied
 *
 * An agent does it: sluiced, or tlshd. The end is %SLUICE_SESSION_OPEN or
 * %SLUICE_SESSION_FAILED, which sluice_session_wait() waits for and
 * &sluice_session_ops.state tells. With -ESRCH there is no agent; with
 * -ETIMEDOUT it took too long; else the error is the agent's, -EACCES for one,
 * where the peer could not be authenticated.
 *
 * Context: process; may sleep.
 * Return: 0; or an error, after which nothing has begun, nor is anybody told:
 *	-EINVAL, @handshake makes no sense; -EALREADY, the session is past
 *	this; -ENOMEM.
 */
int sluice_session_handshake(struct sluice_session *session,
			     const struct sluice_handshake *handshake)
{
	int rc;

	rc = sluice_upcall_check(handshake);
	if (rc)
		return rc;
	guard(mutex)(&session->close_lock);
	if (sluice_session_state(session) != SLUICE_SESSION_NEW)
		return -EALREADY;
	rc = sluice_upcall_prepare(session, handshake);
	if (rc)
		return rc;
	move(session, SLUICE_EVENT_HANDSHAKE, 0);
	sluice_upcall_start(session);
	return 0;
}
EXPORT_SYMBOL_GPL(sluice_session_handshake);

/* Takes over what the handshake has made of the socket. */
static int adopt(struct sluice_session *session)
{
	struct sock *sk = session->sock->sk;
	struct sluice_conn *conn;
	int rc;

	/* An agent that hands secrets down has attached the socket itself. */
	conn = sluice_conn_find(sk);
	if (!conn) {
		rc = sluice_attach_bare(sk);
		if (rc)
			return rc;
		conn = sluice_conn_find(sk);
	}
	if (!(conn->flags & SLUICE_ATTACH_TX) ||
	    !(conn->flags & SLUICE_ATTACH_RX))
		return -EINVAL;

	/* What can't have one does without. */
	if (session->engine != SLUICE_ENGINE_INLINE)
		sluice_ktls_set_engine(sk, session->engine);
	WRITE_ONCE(conn->driven, true);
	spin_lock_irq(&session->lock);
	session->conn = conn;
	spin_unlock_irq(&session->lock);
	add_wait_queue(sk_sleep(sk), &session->sk_wait);
	return 0;
}

/**
 * sluice_session_opened() - the handshake has come to an end
 * @session: the session
 * @error: 0 or a negative errno
 *
 * Context: process; may sleep.
 */
void sluice_session_opened(struct sluice_session *session, int error)
{
	unsigned int saved;

	if (!error) {
		saved = sluice_reclaim_begin(session->sock->sk);
		error = adopt(session);
		memalloc_noreclaim_restore(saved);
	}
	if (error) {
		sluice_session_failed(session, error);
		return;
	}
	if (move(session, SLUICE_EVENT_OPENED, 0))
		sluice_recvq_open(&session->recvq);
}

static int open_at_once(struct sluice_session *session,
			const struct sluice_attach *secrets)
{
	int rc = 0;

	guard(mutex)(&session->close_lock);
	if (sluice_session_state(session) != SLUICE_SESSION_NEW)
		return -EALREADY;
	if (secrets)
		rc = sluice_attach(session->sock->sk, secrets);
	sluice_session_opened(session, rc);
	return sluice_session_error(session);
}

/**
 * sluice_session_adopt() - open a session on a socket that has its keys
 * @session: a session in %SLUICE_SESSION_NEW, on a socket that a program has
 *	handed to the driver after a handshake and SLUICE_ATTACH (or with kTLS
 *	alone: then no key can be renewed)
 *
 * Context: process; may sleep.
 * Return: 0; -EINVAL, there are not keys for both directions; -EOPNOTSUPP,
 *	not a cipher suite of TLS 1.3 that Sluice knows; -EALREADY, the session
 *	is past this; -ENOMEM. The session has failed then, but for -EALREADY.
 */
int sluice_session_adopt(struct sluice_session *session)
{
	return open_at_once(session, NULL);
}
EXPORT_SYMBOL_GPL(sluice_session_adopt);

/**
 * sluice_session_attach() - open a session on a socket that has its keys
 * @session: a session in %SLUICE_SESSION_NEW, on a socket with kTLS's keys
 * @secrets: the traffic secrets, for both directions; the caller wipes them
 *
 * What sluice_session_adopt() is, for a driver that was handed the secrets and
 * not a socket that knows them.
 *
 * Context: process; may sleep.
 * Return: 0; -EKEYREJECTED and others, as SLUICE_ATTACH; -EALREADY, the
 *	session is past this. The session has failed then, but for -EALREADY.
 */
int sluice_session_attach(struct sluice_session *session,
			  const struct sluice_attach *secrets)
{
	return open_at_once(session, secrets);
}
EXPORT_SYMBOL_GPL(sluice_session_attach);

/**
 * sluice_session_failed() - an error has ended the session
 * @session: the session
 * @error: negative errno; the first one counts
 *
 * Context: any.
 */
void sluice_session_failed(struct sluice_session *session, int error)
{
	if (!move(session, SLUICE_EVENT_FAILED, error))
		return;
	sluice_queue_fail(&session->sendq.base, error);
	sluice_queue_fail(&session->recvq.base, error);
}

/**
 * sluice_session_ended() - one side has ended in order
 * @session: the session
 * @tx: ours; else the peer's
 *
 * Context: any.
 */
void sluice_session_ended(struct sluice_session *session, bool tx)
{
	unsigned long irq;
	bool both;

	spin_lock_irqsave(&session->lock, irq);
	*(tx ? &session->tx_ended : &session->rx_ended) = true;
	both = session->tx_ended && session->rx_ended;
	spin_unlock_irqrestore(&session->lock, irq);
	if (both)
		move(session, SLUICE_EVENT_ENDED, 0);
}

/**
 * sluice_session_shutdown() - send no more: half a close
 * @session: an open session
 *
 * What is queued leaves, then close_notify. Receiving goes on, until the peer
 * has ended, too: then the session is in %SLUICE_SESSION_CLOSED.
 *
 * Context: any.
 */
void sluice_session_shutdown(struct sluice_session *session)
{
	if (move(session, SLUICE_EVENT_SHUTDOWN, 0))
		sluice_sendq_end(&session->sendq);
}
EXPORT_SYMBOL_GPL(sluice_session_shutdown);

/* Ends an open session in order, in the time there is. */
static int close_in_order(struct sluice_session *session,
			  unsigned int timeout_ms)
{
	sluice_session_shutdown(session);
	sluice_recvq_discard(&session->recvq);
	if (!wait_event_timeout(session->wait,
				sluice_session_state(session) !=
				SLUICE_SESSION_CLOSING,
				msecs_to_jiffies(timeout_ms)))
		return -ETIMEDOUT;
	return sluice_session_error(session);
}

/* The driver is told nothing any more; then the socket goes. */
static void tear_down(struct sluice_session *session)
{
	struct sock *sk = session->sock->sk;
	unsigned int saved;
	bool cut;

	if (session->conn)
		remove_wait_queue(sk_sleep(sk), &session->sk_wait);
	move(session, SLUICE_EVENT_CLOSED, 0);
	disable_work_sync(&session->state_work);
	cut = sluice_sendq_stop(&session->sendq, -ECANCELED);
	sluice_recvq_stop(&session->recvq, -ECANCELED);
	/* What was cut short is not to end with a close_notify. */
	if (cut)
		sock_no_linger(sk);

	unlink(session);
	spin_lock_irq(&session->lock);
	if (session->conn) {
		sluice_conn_info(session->conn, &session->info);
		WRITE_ONCE(session->conn->driven, false);
		session->conn = NULL;
	}
	spin_unlock_irq(&session->lock);
	sock_hold(sk);
	saved = sluice_reclaim_begin(sk);
	__fput_sync(session->sock->file);
	memalloc_noreclaim_restore(saved);
	session->sock = NULL;
	if (session->flags & SLUICE_SESSION_RECLAIM) {
		lock_sock(sk);
		sk_clear_memalloc(sk);
		release_sock(sk);
	}
	sock_put(sk);
}

/**
 * sluice_session_close() - end a session, whatever it is doing
 * @session: the session
 * @timeout_ms: how long to wait for what is queued to leave and for the peer's
 *	close_notify; 0 not to wait: what is queued is then dropped
 *
 * A handshake is cancelled. All that is queued to be received is done with
 * -ECANCELED, and so is what could not be sent. When this returns no callback
 * runs, and none will come; the socket is released. Closing again does
 * nothing.
 *
 * Context: process; may sleep. Not from a callback.
 * Return: 0, both sides have ended in order, or the session was not open, or
 *	@timeout_ms was 0; -ETIMEDOUT; or as sluice_session_error().
 */
int sluice_session_close(struct sluice_session *session,
			 unsigned int timeout_ms)
{
	int rc = 0;

	mutex_lock(&session->close_lock);
	if (session->sock) {
		sluice_upcall_stop(session);
		if (timeout_ms &&
		    (sluice_session_state(session) == SLUICE_SESSION_OPEN ||
		     sluice_session_state(session) == SLUICE_SESSION_CLOSING))
			rc = close_in_order(session, timeout_ms);
		tear_down(session);
	}
	mutex_unlock(&session->close_lock);
	return rc;
}
EXPORT_SYMBOL_GPL(sluice_session_close);
