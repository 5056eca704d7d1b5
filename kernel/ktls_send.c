// SPDX-License-Identifier: GPL-2.0
/*
 * Records on their way from kTLS to TCP, and those that had no memory.
 */
#include <crypto/aead.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "engine.h"
#include "ktls.h"
#include "send.h"

/**
 * sluice_ktls_clear_error() - take kTLS's EBADMSG off the socket
 * @conn: the connection
 *
 * Whatever kept kTLS from decrypting a record, it leaves EBADMSG for all
 * writers and for the next read, even behind data. But the record is still
 * there: the next read finds out itself whether it was bad. Only of a header
 * that is beyond repair kTLS says it no second time.
 *
 * Context: socket lock held: TCP looks at it without further ado.
 * Return: true if there was one.
 */
bool sluice_ktls_clear_error(struct sluice_conn *conn)
{
	return !sluice_ktls_rx_stopped(conn) &&
	       cmpxchg(&conn->sk->sk_err, EBADMSG, 0) == EBADMSG;
}

/**
 * sluice_ktls_forget_error() - the same, from outside the socket lock
 * @conn: the connection
 *
 * Context: process, socket lock not held.
 */
void sluice_ktls_forget_error(struct sluice_conn *conn)
{
	if (READ_ONCE(conn->sk->sk_err) != EBADMSG)
		return;
	lock_sock(conn->sk);
	sluice_ktls_clear_error(conn);
	release_sock(conn->sk);
}

/**
 * sluice_ktls_held() - see whether data waits for more, in an open record
 * @conn: the connection
 *
 * Context: conn->tx_lock held, or the answer may be old.
 */
bool sluice_ktls_held(const struct sluice_conn *conn)
{
	return READ_ONCE(tls_get_ctx(conn->sk)->pending_open_record_frags);
}

/**
 * sluice_ktls_unsent() - see whether there are records that TCP is yet to get
 * @conn: the connection
 *
 * Context: any; the answer may be old.
 */
bool sluice_ktls_unsent(const struct sluice_conn *conn)
{
	return !list_empty(&tls_sw_ctx_tx(tls_get_ctx(conn->sk))->tx_list) &&
	       READ_ONCE(conn->sk->sk_state) != TCP_CLOSE;
}

/**
 * sluice_ktls_stuck() - see whether such records wait for nothing but memory
 * @conn: the connection
 *
 * Where TCP's buffer is full kTLS goes on when there is room again. Where TCP
 * had no memory for them, it does so only with the next record.
 *
 * Context: any; the answer may be old.
 */
bool sluice_ktls_stuck(const struct sluice_conn *conn)
{
	return sluice_ktls_unsent(conn) && sk_stream_memory_free(conn->sk);
}

/**
 * sluice_ktls_push() - have TCP get the records that are ready
 * @conn: the connection
 * @wq: where kTLS's work for that is to run
 *
 * Context: any.
 */
void sluice_ktls_push(const struct sluice_conn *conn,
		      struct workqueue_struct *wq)
{
	struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls_get_ctx(conn->sk));

	set_bit(BIT_TX_SCHEDULED, &tx->tx_bitmask);
	mod_delayed_work(wq, &tx->tx_work.work, 0);
}

/**
 * sluice_ktls_tx_check() - see whether a record could not be encrypted
 * @conn: the connection
 *
 * The AEAD takes memory, without waiting for it. A record that it has none for
 * kTLS drops, with all that is in it, and leaves EBADMSG for both sides. It
 * takes no number, so that the next one can follow.
 *
 * Context: process; conn->tx_lock held, socket lock not.
 * Return: 0; -ENOMEM, a record was dropped since this was asked last; -EIO,
 *	and none can follow.
 */
int sluice_ktls_tx_check(struct sluice_conn *conn)
{
	struct sock *sk = conn->sk;
	struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls_get_ctx(sk));
	struct crypto_aead *aead = READ_ONCE(tx->aead_send);

	if (crypto_aead_alg(aead)->base.cra_flags & CRYPTO_ALG_ASYNC)
		return READ_ONCE(tx->async_wait.err) ||
		       (sluice_engine_is(aead) && sluice_engine_failed(aead)) ?
		       -EIO : 0;
	/* With a synchronous AEAD nothing else sets this. */
	if (!tx->async_capable)
		return 0;
	lock_sock(sk);
	tx->async_capable = 0;
	sluice_ktls_clear_error(conn);
	release_sock(sk);
	return -ENOMEM;
}

/**
 * sluice_ktls_sendmsg() - kTLS's sendmsg(), where memory may run out
 * @conn: the connection
 * @msg: as for kTLS
 * @len: its octets
 *
 * If all that was in a record which is dropped came from this call, it counts
 * as not taken. Else data is lost that was taken before, and nothing may follow
 * it. What TCP has no memory for sluice_send_owed_work() sees to.
 *
 * Context: process; conn->tx_lock held, socket lock not.
 * Return: as kTLS; -ENOMEM, nothing was taken; -EIO, the sending side has
 *	failed.
 */
int sluice_ktls_sendmsg(struct sluice_conn *conn, struct msghdr *msg,
			size_t len)
{
	bool held = sluice_ktls_held(conn);
	u64 seq = sluice_ktls_tx_seq(conn);
	int rc, check;

	for (;;) {
		rc = conn->ktls_prot->sendmsg(conn->sk, msg, len);
		check = sluice_ktls_tx_check(conn);
		if (check)
			break;
		if (rc != -EBADMSG || sluice_ktls_rx_stopped(conn)) {
			if (sluice_ktls_stuck(conn))
				queue_delayed_work(sluice_wq_of(conn->sk),
						   &conn->owed_work,
						   SLUICE_OWED_RETRY);
			return rc;
		}
		/* A reader's, and for the reader to judge. */
		sluice_ktls_forget_error(conn);
	}
	if (check == -ENOMEM && !(held && sluice_ktls_tx_seq(conn) == seq))
		return rc > 0 ? rc : -ENOMEM;
	WRITE_ONCE(conn->tx_state, SLUICE_DIR_FAILED);
	return -EIO;
}
