// SPDX-License-Identifier: GPL-2.0
/*
 * The functions of an adopted socket: kTLS's, with ours over some of them.
 *
 * Each connection has copies of kTLS's struct proto and struct proto_ops, so
 * that no other socket is touched, and a socket finds its connection without a
 * lookup.
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
	struct sluice_conn *conn = sluice_conn_of(sk);
	struct proto *ktls_prot = conn->ktls_prot;

	disable_delayed_work_sync(&conn->owed_work);
	/* A ticket that nobody read would make TCP end with a reset. */
	if (conn->rx_state == SLUICE_DIR_OPEN)
		sluice_receive_settle(conn);
	sluice_send_last(conn);

	trace_sluice_close(conn);
	sluice_conn_unlink(conn);
	sluice_ktls_hide(conn);
	sluice_conn_free(conn);
	ktls_prot->close(sk, timeout);
	module_put(THIS_MODULE);
}

static int socket_shutdown(struct socket *sock, int how)
{
	struct sluice_conn *conn = sluice_conn_of(sock->sk);

	if (how == SHUT_RD || how == SHUT_RDWR)
		WRITE_ONCE(conn->rx_shut, true);
	if (how == SHUT_WR || how == SHUT_RDWR)
		sluice_send_close(conn);
	return conn->ktls_ops->shutdown(sock, how);
}

/* The keys are the connection's now; and kTLS would put its functions back. */
static int socket_setsockopt(struct sock *sk, int level, int optname,
			     sockptr_t optval, unsigned int optlen)
{
	if (level == SOL_TLS && (optname == TLS_TX || optname == TLS_RX))
		return -EBUSY;
	return sluice_conn_of(sk)->ktls_prot->setsockopt(sk, level, optname,
							    optval, optlen);
}

/**
 * sluice_conn_find() - the connection of a socket, if it has one
 * @sk: any socket
 *
 * Context: process, with a reference to the socket's file.
 */
struct sluice_conn *sluice_conn_find(const struct sock *sk)
{
	if (READ_ONCE(sk->sk_prot)->close != socket_close)
		return NULL;
	return sluice_conn_of(sk);
}

/**
 * sluice_socket_adopt() - make the connection the socket's
 * @conn: complete but for its functions; module reference held for it
 *
 * Context: process, socket lock held.
 */
void sluice_socket_adopt(struct sluice_conn *conn)
{
	struct sock *sk = conn->sk;

	conn->ktls_prot = sk->sk_prot;
	conn->ktls_ops = sk->sk_socket->ops;
	conn->prot = *conn->ktls_prot;
	conn->ops = *conn->ktls_ops;

	conn->prot.close = socket_close;
	conn->prot.setsockopt = socket_setsockopt;
	conn->ops.shutdown = socket_shutdown;
	if (conn->flags & SLUICE_ATTACH_TX)
		conn->prot.sendmsg = sluice_sendmsg;
	if (conn->flags & SLUICE_ATTACH_RX) {
		conn->prot.recvmsg = sluice_recvmsg;
		conn->ops.splice_read = sluice_splice_read;
		conn->ops.read_sock = sluice_read_sock;
		conn->ops.poll = sluice_poll;
	}
	sluice_ktls_show(conn);
}
