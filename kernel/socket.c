// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of an adopted socket: kTLS's, with ours over some of them.
 *
 * Each session has copies of kTLS's struct proto and struct proto_ops, so that
 * no other socket is touched, and a socket finds its session without a lookup.
 */
#include <linux/module.h>
#include <net/tls.h>

#include "ktls.h"
#include "receive.h"
#include "send.h"
#include "socket.h"
#include "trace.h"

/* Only the last close of the socket comes here: nobody else uses it. */
static void socket_close(struct sock *sk, long timeout)
{
	struct sluice_session *session = sluice_session_of(sk);
	struct proto *ktls_prot = session->ktls_prot;

	disable_delayed_work_sync(&session->owed_work);
	/* A ticket that nobody read would make TCP end with a reset. */
	if (session->rx_state == SLUICE_DIR_OPEN)
		sluice_receive_settle(session);
	sluice_send_last(session);

	trace_sluice_close(session);
	sluice_session_unlink(session);
	sluice_ktls_hide(session);
	sluice_session_free(session);
	ktls_prot->close(sk, timeout);
	module_put(THIS_MODULE);
}

static int socket_shutdown(struct socket *sock, int how)
{
	struct sluice_session *session = sluice_session_of(sock->sk);

	if (how == SHUT_RD || how == SHUT_RDWR)
		WRITE_ONCE(session->rx_shut, true);
	if (how == SHUT_WR || how == SHUT_RDWR)
		sluice_send_close(session);
	return session->ktls_ops->shutdown(sock, how);
}

/* The keys are the session's now; and kTLS would put its functions back. */
static int socket_setsockopt(struct sock *sk, int level, int optname,
			     sockptr_t optval, unsigned int optlen)
{
	if (level == SOL_TLS && (optname == TLS_TX || optname == TLS_RX))
		return -EBUSY;
	return sluice_session_of(sk)->ktls_prot->setsockopt(sk, level, optname,
							    optval, optlen);
}

/**
 * sluice_session_find() - the session of a socket, if it has one
 * @sk: any socket
 *
 * Context: process, with a reference to the socket's file.
 */
struct sluice_session *sluice_session_find(const struct sock *sk)
{
	if (READ_ONCE(sk->sk_prot)->close != socket_close)
		return NULL;
	return sluice_session_of(sk);
}

/**
 * sluice_socket_adopt() - make the session the socket's
 * @session: complete but for its functions; module reference held for it
 *
 * Context: process, socket lock held.
 */
void sluice_socket_adopt(struct sluice_session *session)
{
	struct sock *sk = session->sk;

	session->ktls_prot = sk->sk_prot;
	session->ktls_ops = sk->sk_socket->ops;
	session->prot = *session->ktls_prot;
	session->ops = *session->ktls_ops;

	session->prot.close = socket_close;
	session->prot.setsockopt = socket_setsockopt;
	session->ops.shutdown = socket_shutdown;
	if (session->flags & SLUICE_ATTACH_TX)
		session->prot.sendmsg = sluice_sendmsg;
	if (session->flags & SLUICE_ATTACH_RX) {
		session->prot.recvmsg = sluice_recvmsg;
		session->ops.splice_read = sluice_splice_read;
		session->ops.read_sock = sluice_read_sock;
		session->ops.poll = sluice_poll;
	}
	sluice_ktls_show(session);
}
