// SPDX-License-Identifier: GPL-2.0
/*
 * What a driver can ask its session.
 */
#include <linux/export.h>
#include <linux/tcp.h>

#include "conn.h"
#include "ktls.h"
#include "session.h"

/**
 * sluice_session_priv() - &sluice_session_params.priv of a session
 * @session: the session
 *
 * Context: any.
 * Return: what the driver has given.
 */
void *sluice_session_priv(const struct sluice_session *session)
{
	return session->priv;
}
EXPORT_SYMBOL_GPL(sluice_session_priv);

/**
 * sluice_session_state() - where a session stands
 * @session: the session
 *
 * Context: any.
 * Return: the state.
 */
enum sluice_session_state
sluice_session_state(const struct sluice_session *session)
{
	/* Pairs with the release in move(). */
	return smp_load_acquire(&session->state);
}
EXPORT_SYMBOL_GPL(sluice_session_state);

/**
 * sluice_session_error() - why a session has failed
 * @session: the session
 *
 * -ECONNRESET: TCP ended without close_notify. -ECONNABORTED: the peer sent a
 * fatal alert; sluice_session_info() has its description. -EBADMSG: a record
 * did not authenticate. -EPROTO, -EMSGSIZE: the peer broke the protocol, and
 * was sent an alert. -EKEYEXPIRED: a key was due to be renewed, and the agent
 * had handed no secrets down. -EIO: there was no memory to encrypt what had
 * been taken before. Or an error of the handshake or of TCP.
 *
 * Context: any.
 * Return: a negative errno, or 0 if the session has not failed.
 */
int sluice_session_error(const struct sluice_session *session)
{
	return sluice_session_state(session) == SLUICE_SESSION_FAILED ?
		session->error : 0;
}
EXPORT_SYMBOL_GPL(sluice_session_error);

/**
 * sluice_session_wait() - wait for the handshake's end
 * @session: the session
 *
 * Context: process; may sleep.
 * Return: 0, the session is open; -ECANCELED, it was closed; -ERESTARTSYS, a
 *	signal came; or as sluice_session_error().
 */
int sluice_session_wait(struct sluice_session *session)
{
	int rc;

	rc = wait_event_interruptible(session->wait,
				      sluice_session_state(session) >=
				      SLUICE_SESSION_OPEN);
	if (rc)
		return rc;
	if (sluice_session_state(session) == SLUICE_SESSION_CLOSED)
		return -ECANCELED;
	return sluice_session_error(session);
}
EXPORT_SYMBOL_GPL(sluice_session_wait);

/**
 * sluice_session_info() - read a session's counters and alerts
 * @session: the session
 * @info: where to
 *
 * After sluice_session_close(), as it stood then.
 *
 * Context: any.
 * Return: 0, or -ENOTCONN if the session was never open.
 */
int sluice_session_info(struct sluice_session *session,
			struct sluice_info *info)
{
	unsigned long irq;

	spin_lock_irqsave(&session->lock, irq);
	if (session->conn)
		sluice_conn_info(session->conn, info);
	else
		*info = session->info;
	spin_unlock_irqrestore(&session->lock, irq);
	return info->id ? 0 : -ENOTCONN;
}
EXPORT_SYMBOL_GPL(sluice_session_info);

/**
 * sluice_session_unacked() - data on its way to the peer's TCP
 * @session: an open session
 *
 * When it is 0 the peer's TCP has acknowledged all that was sent before; whether
 * its program has read it nobody can tell. The same as SIOCOUTQ for a socket.
 *
 * Context: any.
 * Return: octets in the session's queue and in TCP's; at least 1 if there is any
 *	data on its way; -ENOTCONN, the session is not open, or not any more.
 */
ssize_t sluice_session_unacked(struct sluice_session *session)
{
	enum sluice_session_state state;
	struct tcp_sock *tp;
	unsigned long irq;
	ssize_t len;
	u32 acked;

	/* In the order that data takes: what moves on meanwhile counts there. */
	len = sluice_sendq_pending(&session->sendq);
	spin_lock_irqsave(&session->lock, irq);
	if (session->conn) {
		len += sluice_ktls_tx_holds(session->conn);
		smp_rmb(); /* as sluice_ktls_tx_holds() says */
		tp = tcp_sk(session->conn->sk);
		acked = READ_ONCE(tp->snd_una);
		len += READ_ONCE(tp->write_seq) - acked;
	}
	/* The last: a session that fails empties its queue. */
	state = session->state;
	spin_unlock_irqrestore(&session->lock, irq);
	return state == SLUICE_SESSION_OPEN || state == SLUICE_SESSION_CLOSING ?
		len : -ENOTCONN;
}
EXPORT_SYMBOL_GPL(sluice_session_unacked);

/**
 * sluice_session_peer() - whom the handshake has authenticated
 * @session: an open session
 *
 * Context: any.
 * Return: serial of the key with the peer's certificate, or of the pre-shared
 *	key; 0 if the agent named none.
 */
key_serial_t sluice_session_peer(const struct sluice_session *session)
{
	return session->upcall.peer;
}
EXPORT_SYMBOL_GPL(sluice_session_peer);
