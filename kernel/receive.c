// SPDX-License-Identifier: GPL-2.0
/*
 * The receiving side: data to whoever reads, and everything else handled on
 * the way.
 *
 * kTLS answers a read without room for a control message with an error when a
 * control record is next, and leaves the record, decrypted, at the head of
 * its queue. It is taken from there, judged and acted on under one hold of
 * the socket lock. So it does not matter which of several readers met it,
 * and no reader sees a state in between.
 */
#include <linux/sched/signal.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "ktls.h"
#include "receive.h"
#include "send.h"
#include "trace.h"

/* Control records that a poll() or close() looks through. */
#define SETTLE_MAX	64

/* The receiving side is over. Socket lock held. */
static void rx_end(struct sluice_conn *conn, u8 state, int error)
{
	struct sock *sk = conn->sk;

	if (conn->rx_state != SLUICE_DIR_OPEN)
		return;
	conn->rx_error = error;
	/* Pairs with the acquire in rx_result(). */
	smp_store_release(&conn->rx_state, state);

	/* Other readers, and poll(), are to see it, FIN or not. */
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	sk->sk_state_change(sk);
	trace_sluice_rx_end(conn, state, error);
}

/* The peer broke the protocol, or we can't go on. Socket lock held. */
static void rx_fail(struct sluice_conn *conn, int error,
		    enum sluice_alert alert)
{
	if (conn->rx_state != SLUICE_DIR_OPEN)
		return;
	if (READ_ONCE(conn->tx_state) == SLUICE_DIR_OPEN)
		sluice_owe_alert(conn, alert);
	rx_end(conn, SLUICE_DIR_FAILED, error);
}

static void rx_alert(struct sluice_conn *conn, u8 alert)
{
	WRITE_ONCE(conn->alert_received, alert);
	trace_sluice_alert(conn, false, alert);

	switch (alert) {
	case SLUICE_ALERT_CLOSE_NOTIFY:
		rx_end(conn, SLUICE_DIR_CLOSED, 0);
		break;
	case SLUICE_ALERT_USER_CANCELED:
		/* A close_notify follows. */
		break;
	default:
		if (READ_ONCE(conn->tx_state) == SLUICE_DIR_OPEN)
			WRITE_ONCE(conn->tx_state, SLUICE_DIR_FAILED);
		rx_end(conn, SLUICE_DIR_FAILED, -ECONNABORTED);
	}
}

/*
 * Follows a KeyUpdate that ended in the record of number @seq.
 *
 * Return: 0, whatever came of it; -ENOMEM, it is as if it had not been seen.
 */
static int rx_key_update(struct sluice_conn *conn, u64 seq, bool requested)
{
	struct sluice_secret secret = conn->rx_secret;
	struct sluice_key key;
	int rc;

	if (conn->bare) {
		rx_fail(conn, -EKEYEXPIRED, SLUICE_ALERT_INTERNAL_ERROR);
		return 0;
	}
	sluice_secret_update(&secret, conn->cipher);
	sluice_key_derive(&key, &secret, conn->cipher);
	rc = sluice_ktls_rekey_rx(conn, &key);
	if (!rc)
		conn->rx_secret = secret;
	sluice_key_wipe(&key);
	sluice_secret_wipe(&secret);
	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		rx_fail(conn, rc, SLUICE_ALERT_INTERNAL_ERROR);
		return 0;
	}
	WRITE_ONCE(conn->rx_records, conn->rx_records + seq + 1);
	WRITE_ONCE(conn->rx_key_updates, conn->rx_key_updates + 1);
	trace_sluice_key_update(conn, false, requested);

	if (!requested)
		return 0;
	if (READ_ONCE(conn->tx_state) == SLUICE_DIR_DETACHED)
		/* Nobody gave us the secret to answer with. */
		rx_end(conn, SLUICE_DIR_FAILED, -EKEYEXPIRED);
	else
		sluice_owe_key_update(conn, false);
	return 0;
}

/* Understands the control record; its alert, or 0, or a negative errno. */
static int judge(struct sluice_conn *conn,
		 const struct sluice_record *record,
		 struct sluice_control_result *result)
{
	u8 piece[128];
	size_t done, n;
	int rc;

	rc = sluice_control_begin(&conn->control, result, record->type,
				  record->seq, record->len);
	for (done = 0; !rc && done < record->len; done += n) {
		n = min(record->len - done, sizeof(piece));
		rc = sluice_ktls_copy(record, done, piece, n);
		if (!rc)
			rc = sluice_control_feed(&conn->control, result,
						 record->type, piece, n);
	}
	memzero_explicit(piece, sizeof(piece));	/* tickets are secrets */
	return rc;
}

/*
 * Handles the control record at the head, if there is one. Socket lock held;
 * sluice_send_owed() has to follow, without it.
 *
 * Return: 1 if there was one; 0 if not; -ENOMEM, it is still there.
 */
static int take_control(struct sluice_conn *conn)
{
	struct sluice_control before = conn->control;
	struct sluice_control_result result;
	struct sluice_record record;
	int rc;

	if (!sluice_ktls_control(conn, &record))
		return 0;
	rc = judge(conn, &record, &result);
	if (!rc && result.key_update &&
	    rx_key_update(conn, record.seq, result.update_requested)) {
		conn->control = before;
		return -ENOMEM;
	}
	sluice_ktls_consume(conn, &record);
	WRITE_ONCE(conn->controls, conn->controls + 1);

	if (rc > 0) {
		rx_fail(conn, -EPROTO, rc);
	} else if (rc < 0) {
		rx_fail(conn, rc, SLUICE_ALERT_INTERNAL_ERROR);
	} else {
		WRITE_ONCE(conn->tickets, conn->tickets + result.tickets);
		if (result.alert >= 0)
			rx_alert(conn, result.alert);
		if (!result.key_update)
			sluice_ktls_no_rekey(conn);
	}
	return 1;
}

/* Whether one was taken since there were @seen, by whomever; or -ENOMEM. */
static int lock_and_take_control(struct sluice_conn *conn, u64 seen)
{
	int taken = 1;

	lock_sock(conn->sk);
	if (conn->controls == seen)
		taken = take_control(conn);
	release_sock(conn->sk);
	sluice_send_owed(conn);
	return taken;
}

/* What a read returns that found no data: 0 at the end, or the error. */
static int rx_result(struct sluice_conn *conn)
{
	/* Pairs with the release in rx_end(): the error is there. */
	switch (smp_load_acquire(&conn->rx_state)) {
	case SLUICE_DIR_TRUNCATED:
		return conn->flags & SLUICE_ATTACH_ALLOW_TRUNCATION ?
			0 : conn->rx_error;
	case SLUICE_DIR_FAILED:
		return conn->rx_error;
	default:
		return 0;
	}
}

/*
 * kTLS has ended a read without data: with 0, as at the end of the TCP stream,
 * or with an error. Socket lock held.
 *
 * Return: true if the caller is to look again.
 */
static bool rx_stopped(struct sluice_conn *conn, int rc)
{
	struct sock *sk = conn->sk;

	/* Somebody else was told what kTLS says but once. */
	if (rc == -EAGAIN && sluice_ktls_rx_stopped(conn))
		rc = sock_error(sk) ?: -EINVAL;

	switch (rc) {
	case 0:
		if (!(sk->sk_shutdown & RCV_SHUTDOWN) &&
		    !sock_flag(sk, SOCK_DONE))
			return true;	/* an empty record of data */
		if (conn->rx_broken)
			rx_end(conn, SLUICE_DIR_FAILED, conn->rx_broken);
		else if (!conn->rx_shut)
			rx_end(conn, SLUICE_DIR_TRUNCATED, -ECONNRESET);
		break;
	case -EBADMSG:
		/* It would stop the alert. Without it, this was another's. */
		if (!sluice_ktls_clear_error(conn) &&
		    !sluice_ktls_rx_stopped(conn))
			return true;
		rx_fail(conn, rc, SLUICE_ALERT_BAD_RECORD_MAC);
		break;
	case -ENOMEM:
		sluice_ktls_clear_error(conn);
		break;
	case -EMSGSIZE:
		if (sluice_ktls_rx_stopped(conn))
			rx_fail(conn, rc, SLUICE_ALERT_RECORD_OVERFLOW);
		break;
	case -EINVAL:
		if (sluice_ktls_rx_stopped(conn))
			rx_fail(conn, -EPROTO, SLUICE_ALERT_DECODE_ERROR);
		break;
	case -ECONNRESET:
	case -ETIMEDOUT:
	case -EPIPE:
		/*
		 * kTLS says it once, and then that all is well; and before
		 * what had come until then, such as an alert that tells why.
		 */
		if (!skb_queue_empty(&sk->sk_receive_queue)) {
			conn->rx_broken = rc;
			return true;
		}
		rx_end(conn, SLUICE_DIR_FAILED, rc);
		break;
	}
	return false;
}

/*
 * Goes on after kTLS has returned @rc, which is no data, to a call before
 * which @seen control records had been taken.
 *
 * Return: true if the caller is to call kTLS again; else *@rc is the result.
 */
static bool rx_retry(struct sluice_conn *conn, u64 seen, ssize_t *rc)
{
	bool again;
	int taken;

	switch (*rc) {
	case -EIO:
	case -EKEYEXPIRED:
	case -EINVAL:
		/* A control record is next: recvmsg, a rekey, splice. */
		taken = lock_and_take_control(conn, seen);
		if (taken > 0 && !signal_pending(current)) {
			cond_resched();
			return true;
		}
		if (taken) {
			*rc = taken < 0 ? taken : -ERESTARTSYS;
			return false;
		}
		break;
	case -EAGAIN:
		if (sluice_ktls_rx_stopped(conn))
			break;
		return false;
	case -ERESTARTSYS:
	case -EINTR:
	case -EFAULT:
		return false;
	}

	lock_sock(conn->sk);
	again = rx_stopped(conn, *rc);
	release_sock(conn->sk);
	sluice_send_owed(conn);
	if (again)
		return true;
	if (conn->rx_state != SLUICE_DIR_OPEN)
		*rc = rx_result(conn);
	return false;
}

static bool rx_open(const struct sluice_conn *conn)
{
	return READ_ONCE(conn->rx_state) == SLUICE_DIR_OPEN;
}

/**
 * sluice_recvmsg() - recvmsg() on a connection's socket
 * @sk: the socket
 * @msg: where to; a control message, if there is room, says application_data
 * @len: octets
 * @flags: MSG_*
 *
 * Return: octets read; 0 after close_notify; -ECONNRESET if TCP ended without
 *	one; -ECONNABORTED after the peer's fatal alert; -EPROTO after ours;
 *	-EBADMSG after a record that did not authenticate; or as kTLS.
 */
int sluice_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct sluice_conn *conn = sluice_conn_of(sk);
	void *control = msg->msg_control;
	size_t controllen = msg->msg_controllen;
	size_t target, left, done = 0;
	ssize_t rc;
	u64 seen;

	if (!len || flags & MSG_ERRQUEUE)
		return conn->ktls_prot->recvmsg(sk, msg, len, flags);

	/* kTLS must not hand a control record to the caller. */
	msg->msg_control = NULL;
	msg->msg_controllen = 0;
	target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);

	do {
		if (!rx_open(conn)) {
			rc = rx_result(conn);
			break;
		}
		seen = READ_ONCE(conn->controls);
		left = iov_iter_count(&msg->msg_iter);
		rc = conn->ktls_prot->recvmsg(sk, msg, len - done, flags);
		/* kTLS forgets to go back where it could not decrypt. */
		iov_iter_revert(&msg->msg_iter, left - max(rc, 0) -
				iov_iter_count(&msg->msg_iter));
		if (rc > 0) {
			sluice_ktls_forget_error(conn);
			done += rc;
			/* kTLS stops early before a control record. */
			if (flags & MSG_PEEK)
				break;
			continue;
		}
	} while (rc > 0 ? done < target : rx_retry(conn, seen, &rc));

	msg->msg_control = control;
	msg->msg_controllen = controllen;
	msg->msg_flags &= ~(MSG_CTRUNC | MSG_EOR);
	if (!done)
		return rc;

	if (!(flags & MSG_PEEK))
		atomic64_add(done, &conn->rx_bytes);
	if (controllen) {
		u8 type = SLUICE_RECORD_DATA;

		put_cmsg(msg, SOL_TLS, TLS_GET_RECORD_TYPE, sizeof(type),
			 &type);
	}
	return done;
}

/**
 * sluice_splice_read() - splice() from a connection's socket
 * @sock: the socket
 * @pos: as for kTLS
 * @pipe: as for kTLS
 * @len: as for kTLS
 * @flags: SPLICE_F_*
 *
 * Return: as sluice_recvmsg().
 */
ssize_t sluice_splice_read(struct socket *sock, loff_t *pos,
			   struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags)
{
	struct sluice_conn *conn = sluice_conn_of(sock->sk);
	ssize_t rc;
	u64 seen;

	do {
		if (!rx_open(conn))
			return rx_result(conn);
		seen = READ_ONCE(conn->controls);
		rc = conn->ktls_ops->splice_read(sock, pos, pipe, len,
						    flags);
		if (rc > 0) {
			sluice_ktls_forget_error(conn);
			atomic64_add(rc, &conn->rx_bytes);
			return rc;
		}
	} while (rx_retry(conn, seen, &rc));
	return rc;
}

/**
 * sluice_read_sock() - read_sock() on a connection's socket
 * @sk: the socket
 * @desc: as for kTLS
 * @actor: as for kTLS
 *
 * Context: process, socket lock held.
 * Return: as sluice_recvmsg(), but does not wait.
 */
int sluice_read_sock(struct sock *sk, read_descriptor_t *desc,
		     sk_read_actor_t actor)
{
	struct sluice_conn *conn = sluice_conn_of(sk);
	bool again;
	int rc, taken;

	do {
		if (!rx_open(conn))
			return rx_result(conn);
		rc = conn->ktls_ops->read_sock(sk, desc, actor);
		if (rc > 0) {
			sluice_ktls_clear_error(conn);
			atomic64_add(rc, &conn->rx_bytes);
			break;
		}
		again = false;
		if (rc == -EINVAL || rc == -EKEYEXPIRED) {
			taken = take_control(conn);
			again = taken > 0;
			if (taken < 0)
				rc = taken;
		}
		if (!again && desc->count)
			again = rx_stopped(conn, rc) && rc;
	} while (again);

	if (rc <= 0 && desc->count && !rx_open(conn))
		rc = rx_result(conn);
	sluice_send_owed_later(conn);
	return rc;
}

/**
 * sluice_receive_settle() - handle the control records that are next
 * @conn: a connection that receives
 *
 * Afterwards data is next, or an end, or nothing; unless there are very many.
 * One record of data may get decrypted early.
 *
 * Context: process, socket lock not held.
 * Return: 0; 1 if there were very many: there may be more; -ENOMEM.
 */
int sluice_receive_settle(struct sluice_conn *conn)
{
	unsigned int i;
	ssize_t rc = 0;
	u64 seen;
	u8 octet;

	for (i = 0; i < SETTLE_MAX && rx_open(conn); i++) {
		struct kvec vec = { .iov_base = &octet, .iov_len = 1 };
		struct msghdr msg = {};

		seen = READ_ONCE(conn->controls);
		iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, 1);
		rc = conn->ktls_prot->recvmsg(conn->sk, &msg, 1,
						 MSG_PEEK | MSG_DONTWAIT);
		if (rc > 0 || !rx_retry(conn, seen, &rc))
			break;
	}
	memzero_explicit(&octet, sizeof(octet));
	if (i == SETTLE_MAX)
		return 1;
	return rc == -ENOMEM ? rc : 0;
}

/**
 * sluice_receive_end() - how the receiving side has ended
 * @conn: a connection that receives
 *
 * Context: any.
 * Return: -EAGAIN if it has not; 0 in order; -ECONNRESET without close_notify;
 *	or the error of every read.
 */
int sluice_receive_end(const struct sluice_conn *conn)
{
	/* Pairs with the release in rx_end(): the error is there. */
	switch (smp_load_acquire(&conn->rx_state)) {
	case SLUICE_DIR_OPEN:
		return -EAGAIN;
	case SLUICE_DIR_CLOSED:
		return 0;
	default:
		return conn->rx_error;
	}
}

/**
 * sluice_poll() - poll() on a connection's socket
 * @file: as for kTLS
 * @sock: the socket
 * @wait: as for kTLS
 *
 * A control record makes a kTLS socket readable, and a read would then wait.
 * So it is handled here.
 *
 * Return: as kTLS; EPOLLERR as well if the connection has failed.
 */
__poll_t sluice_poll(struct file *file, struct socket *sock,
		     struct poll_table_struct *wait)
{
	struct sluice_conn *conn = sluice_conn_of(sock->sk);
	__poll_t mask = conn->ktls_ops->poll(file, sock, wait);

	if (mask & EPOLLIN && rx_open(conn)) {
		sluice_receive_settle(conn);
		mask = conn->ktls_ops->poll(file, sock, NULL);
	}
	if (READ_ONCE(conn->rx_state) == SLUICE_DIR_FAILED)
		mask |= EPOLLERR;
	return mask;
}
