// SPDX-License-Identifier: GPL-2.0
/*
 * What Sluice knows of kTLS's insides (include/net/tls.h) is in this file and
 * the other three of its name. Here: the socket.
 *
 * A rekey by setsockopt() would put kTLS's own struct proto back over ours, so
 * Sluice rekeys in place (ktls_keys.c).
 */
#include <linux/skmsg.h>
#include <net/inet_connection_sock.h>
#include <net/tls.h>

#include "ktls.h"

/**
 * sluice_ktls_check_socket() - see whether kTLS runs the socket in software
 * @sk: a TCP socket
 *
 * Context: socket lock held.
 * Return: 0; -EINVAL without kTLS; -EOPNOTSUPP where a device does it;
 *	-EBUSY where a BPF program has the socket; -ENOTCONN.
 */
int sluice_ktls_check_socket(struct sock *sk)
{
	const struct tcp_ulp_ops *ulp = inet_csk(sk)->icsk_ulp_ops;
	struct tls_context *ctx;
	bool psock;

	/* The peer may have said all it had to say already. */
	if (sk->sk_state != TCP_ESTABLISHED && sk->sk_state != TCP_CLOSE_WAIT)
		return -ENOTCONN;
	if (!ulp || strcmp(ulp->name, "tls"))
		return -EINVAL;

	rcu_read_lock();
	psock = sk_psock(sk);
	rcu_read_unlock();
	if (psock)
		return -EBUSY;

	ctx = tls_get_ctx(sk);
	if (ctx->tx_conf == TLS_HW || ctx->rx_conf == TLS_HW)
		return -EOPNOTSUPP;
	return 0;
}

/**
 * sluice_ktls_cipher() - what kTLS encrypts both directions with
 * @sk: a socket that sluice_ktls_check_socket() has passed
 *
 * Context: socket lock held.
 * Return: TLS_CIPHER_*; -EINVAL if kTLS lacks a key; -EOPNOTSUPP if it is not
 *	TLS 1.3.
 */
int sluice_ktls_cipher(struct sock *sk)
{
	struct tls_context *ctx = tls_get_ctx(sk);

	if (ctx->tx_conf != TLS_SW || ctx->rx_conf != TLS_SW)
		return -EINVAL;
	if (ctx->prot_info.version != TLS_1_3_VERSION)
		return -EOPNOTSUPP;
	return ctx->prot_info.cipher_type;
}

/**
 * sluice_ktls_show() - put the connection's functions over kTLS's
 * @conn: a connection whose @prot and @ops are ready
 *
 * Context: process, socket lock held.
 */
void sluice_ktls_show(struct sluice_conn *conn)
{
	struct sock *sk = conn->sk;

	write_lock_bh(&sk->sk_callback_lock);
	/* Pairs with the address dependency of whoever follows sk_prot. */
	smp_store_release(&sk->sk_prot, &conn->prot);
	/* The same for the socket's operations. */
	smp_store_release(&sk->sk_socket->ops, &conn->ops);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * sluice_ktls_hide() - put kTLS's functions back
 * @conn: a connection whose socket is being closed
 *
 * Context: process.
 */
void sluice_ktls_hide(struct sluice_conn *conn)
{
	struct sock *sk = conn->sk;

	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_prot, conn->ktls_prot);
	WRITE_ONCE(sk->sk_socket->ops, conn->ktls_ops);
	write_unlock_bh(&sk->sk_callback_lock);
}

/**
 * sluice_ktls_payload_max() - octets of data that kTLS puts into a record
 * @conn: the connection
 */
u16 sluice_ktls_payload_max(const struct sluice_conn *conn)
{
	return READ_ONCE(tls_get_ctx(conn->sk)->tx_max_payload_len);
}
