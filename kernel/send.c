// SPDX-License-Identifier: GPL-2.0
/*
 * The sending side: data, and what has to leave before the next of it.
 *
 * sluice_conn::tx_lock makes a KeyUpdate and the key that follows it one
 * step for all other senders. A writer may hold it for as long as the peer
 * does not read. So whoever receives only ever tries it: what it owes the
 * peer is noted in sluice_conn::owed, and who holds the lock looks there
 * again after letting go.
 */
#include <linux/socket.h>
#include <net/sock.h>
#include <net/tls.h>

#include "ktls.h"
#include "receive.h"
#include "send.h"
#include "trace.h"

/*
 * Sets the key that has to follow the KeyUpdate which has left: RFC 9846,
 * section 4.6.3. Where there is no memory for it, it stays owed.
 */
static int renew_key(struct sluice_conn *conn)
{
	struct sluice_secret secret = conn->tx_secret;
	u64 records = sluice_ktls_tx_seq(conn);
	struct sluice_key key;
	int rc;

	sluice_secret_update(&secret, conn->cipher);
	sluice_key_derive(&key, &secret, conn->cipher);
	rc = sluice_ktls_rekey_tx(conn, &key);
	if (!rc)
		conn->tx_secret = secret;
	sluice_key_wipe(&key);
	sluice_secret_wipe(&secret);
	if (rc) {
		if (rc != -ENOMEM)
			WRITE_ONCE(conn->tx_state, SLUICE_DIR_FAILED);
		return rc;
	}
	clear_bit(SLUICE_OWE_KEY, &conn->owed);
	WRITE_ONCE(conn->tx_records, conn->tx_records + records);
	WRITE_ONCE(conn->tx_key_updates, conn->tx_key_updates + 1);
	return 0;
}

/* What has to be so before any record leaves. tx_lock held. */
static int tx_ready(struct sluice_conn *conn)
{
	/* Somebody has sent past us: splice_eof(). */
	if (sluice_ktls_tx_check(conn)) {
		WRITE_ONCE(conn->tx_state, SLUICE_DIR_FAILED);
		return -EIO;
	}
	return test_bit(SLUICE_OWE_KEY, &conn->owed) ? renew_key(conn) : 0;
}

/*
 * A record that ends the connection has to fit. There is at most one close or
 * alert, so a full send buffer grows by that much.
 */
static int send_alert(struct sluice_conn *conn, u8 alert)
{
	const u8 content[] = {
		alert == SLUICE_ALERT_CLOSE_NOTIFY ||
		alert == SLUICE_ALERT_USER_CANCELED ? 1 : 2, alert
	};
	struct sock *sk = conn->sk;
	int sndbuf, rc;

	rc = tx_ready(conn);
	if (rc)
		return rc;
	lock_sock(sk);
	sndbuf = sk->sk_sndbuf;
	WRITE_ONCE(sk->sk_sndbuf, INT_MAX / 2);
	release_sock(sk);

	rc = sluice_ktls_send_control(conn, SLUICE_RECORD_ALERT, content,
				      sizeof(content), MSG_DONTWAIT);

	lock_sock(sk);
	WRITE_ONCE(sk->sk_sndbuf, sndbuf);
	release_sock(sk);

	if (rc == -EAGAIN)
		return -ENOMEM;	/* there was room */
	if (rc)
		return rc;
	WRITE_ONCE(conn->alert_sent, alert);
	if (alert != SLUICE_ALERT_USER_CANCELED)
		WRITE_ONCE(conn->tx_state,
			   alert == SLUICE_ALERT_CLOSE_NOTIFY ?
			   SLUICE_DIR_CLOSED : SLUICE_DIR_FAILED);
	trace_sluice_alert(conn, true, alert);
	return 0;
}

/* A KeyUpdate, and the key that follows it. */
static int send_key_update(struct sluice_conn *conn, bool request,
			   int flags)
{
	const u8 message[] = { SLUICE_HANDSHAKE_KEY_UPDATE, 0, 0, 1, request };
	bool asked, to_ask = false;
	int rc;

	if (conn->bare)
		return -EKEYEXPIRED;
	rc = tx_ready(conn);
	if (rc)
		return rc;
	/* Answers what was asked so far; the peer may ask again at once. */
	asked = test_and_clear_bit(SLUICE_OWE_KEY_UPDATE, &conn->owed);
	if (request)
		to_ask = test_and_clear_bit(SLUICE_OWE_KEY_REQUEST,
					    &conn->owed);
	rc = sluice_ktls_send_control(conn, SLUICE_RECORD_HANDSHAKE,
				      message, sizeof(message), flags);
	if (rc) {
		if (asked)
			set_bit(SLUICE_OWE_KEY_UPDATE, &conn->owed);
		if (to_ask)
			set_bit(SLUICE_OWE_KEY_REQUEST, &conn->owed);
		return rc;
	}

	set_bit(SLUICE_OWE_KEY, &conn->owed);
	trace_sluice_key_update(conn, true, request);
	return renew_key(conn);
}

/* Sends what is owed, with tx_lock held. */
static int send_owed(struct sluice_conn *conn, int flags)
{
	int rc;

	if (READ_ONCE(conn->tx_state) != SLUICE_DIR_OPEN) {
		WRITE_ONCE(conn->owed, 0);
		return 0;
	}
	rc = tx_ready(conn);
	if (rc)
		return rc;
	if (test_bit(SLUICE_OWE_ALERT, &conn->owed)) {
		rc = send_alert(conn, conn->alert_owed);
		if (rc == -ENOMEM)
			return rc;
		WRITE_ONCE(conn->tx_state, SLUICE_DIR_FAILED);
		WRITE_ONCE(conn->owed, 0);
		return 0;
	}
	if (test_bit(SLUICE_OWE_KEY_REQUEST, &conn->owed))
		return send_key_update(conn, true, flags);
	if (test_bit(SLUICE_OWE_KEY_UPDATE, &conn->owed))
		return send_key_update(conn, false, flags);
	return 0;
}

/**
 * sluice_send_owed() - send what is owed, unless a writer will
 * @conn: the connection
 *
 * Called after a bit of sluice_conn::owed was set, and after tx_lock was
 * released. Never waits, neither for a writer nor for the peer.
 *
 * Context: process, socket lock not held.
 */
void sluice_send_owed(struct sluice_conn *conn)
{
	int rc = 0;

	/*
	 * Either we see the bit or the one who set it sees the lock free: this
	 * orders our release of tx_lock (or the bit's setting) before the
	 * look at the bit (or at the lock).
	 */
	smp_mb();
	while (READ_ONCE(conn->owed) && !rc &&
	       mutex_trylock(&conn->tx_lock)) {
		rc = send_owed(conn, MSG_DONTWAIT);
		mutex_unlock(&conn->tx_lock);
		smp_mb();	/* as above */
	}
	if (rc == -EAGAIN || rc == -ENOMEM)
		queue_delayed_work(sluice_wq_of(conn->sk), &conn->owed_work,
				   SLUICE_OWED_RETRY);
}

/**
 * sluice_send_owed_later() - have a worker send what is owed
 * @conn: the connection
 *
 * Context: any.
 */
void sluice_send_owed_later(struct sluice_conn *conn)
{
	if (READ_ONCE(conn->owed))
		queue_delayed_work(sluice_wq_of(conn->sk), &conn->owed_work,
				   0);
}

/**
 * sluice_send_owed_work() - the worker's side of it
 * @work: sluice_conn::owed_work, which close() disables
 */
void sluice_send_owed_work(struct work_struct *work)
{
	struct sluice_conn *conn = container_of(to_delayed_work(work),
						struct sluice_conn, owed_work);
	struct workqueue_struct *wq = sluice_wq_of(conn->sk);
	unsigned int saved;

	saved = sluice_reclaim_begin(conn->sk);
	sluice_send_owed(conn);
	if (sluice_ktls_stuck(conn)) {
		sluice_ktls_push(conn, wq);
		queue_delayed_work(wq, &conn->owed_work, SLUICE_OWED_RETRY);
	}
	memalloc_noreclaim_restore(saved);
}

/**
 * sluice_owe_key_update() - note that our key is to be renewed
 * @conn: the connection; sluice_send_owed() or its delayed form must follow
 * @request: and the peer to be asked for the same
 *
 * Context: any.
 */
void sluice_owe_key_update(struct sluice_conn *conn, bool request)
{
	set_bit(request ? SLUICE_OWE_KEY_REQUEST : SLUICE_OWE_KEY_UPDATE,
		&conn->owed);
}

/**
 * sluice_owe_alert() - note that the peer has earned a fatal alert
 * @conn: the connection; sluice_send_owed() or its delayed form must follow
 * @alert: which; the first one counts
 *
 * Context: socket lock held.
 */
void sluice_owe_alert(struct sluice_conn *conn, enum sluice_alert alert)
{
	if (test_bit(SLUICE_OWE_ALERT, &conn->owed))
		return;
	conn->alert_owed = alert;
	smp_mb__before_atomic();	/* the alert before its bit */
	set_bit(SLUICE_OWE_ALERT, &conn->owed);
}

static void tx_unlock(struct sluice_conn *conn)
{
	mutex_unlock(&conn->tx_lock);
	sluice_send_owed(conn);
}

/**
 * sluice_send_key_update() - renew the sending key now
 * @conn: a connection that sends
 * @request: ask the peer to renew its key, too
 *
 * Context: process; waits for a writer, and for room in the send buffer.
 * Return: 0; -EPIPE if the sending side has ended; -EINTR; another negative
 *	errno.
 */
int sluice_send_key_update(struct sluice_conn *conn, bool request)
{
	int rc;

	rc = mutex_lock_interruptible(&conn->tx_lock);
	if (rc)
		return rc;
	if (READ_ONCE(conn->tx_state) == SLUICE_DIR_OPEN)
		rc = send_key_update(conn, request, 0);
	else
		rc = -EPIPE;
	tx_unlock(conn);
	return rc;
}

/**
 * sluice_send_close() - send close_notify, if it can be the last word
 * @conn: the connection
 *
 * A writer that is in the middle of its data is about to be cut off: what the
 * peer gets is then truncated, and close_notify would say that it is not.
 *
 * Context: process, socket lock not held.
 */
void sluice_send_close(struct sluice_conn *conn)
{
	if (!mutex_trylock(&conn->tx_lock))
		return;
	if (READ_ONCE(conn->tx_state) == SLUICE_DIR_OPEN)
		send_alert(conn, SLUICE_ALERT_CLOSE_NOTIFY);
	mutex_unlock(&conn->tx_lock);
}

/**
 * sluice_send_held() - seal the record that waits for more
 * @conn: the connection
 *
 * It does not wait for room, as splice_eof() does: kTLS sends it when it can.
 *
 * Context: process, socket lock not held.
 * Return: 0; -ENOMEM, try again; another negative errno, what was in it is lost.
 */
int sluice_send_held(struct sluice_conn *conn)
{
	int rc = 0;

	mutex_lock(&conn->tx_lock);
	if (READ_ONCE(conn->tx_state) == SLUICE_DIR_OPEN &&
	    sluice_ktls_held(conn)) {
		rc = tx_ready(conn);
		/* Nothing of a type: kTLS seals what is before it. */
		if (!rc)
			rc = sluice_ktls_send_control(conn,
						      SLUICE_RECORD_DATA,
						      NULL, 0, MSG_DONTWAIT);
		if (rc == -EAGAIN)
			rc = 0;
	}
	tx_unlock(conn);
	return rc;
}

/**
 * sluice_send_finish() - send close_notify behind whatever is being sent
 * @conn: the connection
 *
 * Context: process, socket lock not held.
 * Return: 0, TCP has it all; -ENOMEM, try again; -EPIPE if the sending side has
 *	failed; another negative errno.
 */
int sluice_send_finish(struct sluice_conn *conn)
{
	int rc = -EPIPE;

	mutex_lock(&conn->tx_lock);
	if (READ_ONCE(conn->tx_state) == SLUICE_DIR_OPEN)
		rc = send_alert(conn, SLUICE_ALERT_CLOSE_NOTIFY);
	else if (READ_ONCE(conn->tx_state) == SLUICE_DIR_CLOSED)
		rc = 0;
	mutex_unlock(&conn->tx_lock);
	/* What kTLS still has could not leave behind a FIN. */
	return !rc && sluice_ktls_unsent(conn) ? -ENOMEM : rc;
}

/**
 * sluice_send_last() - send what there is left to say before the socket closes
 * @conn: a connection that nobody else uses any more
 *
 * kTLS drops what does not fit into the send buffer at its close, although a
 * non-blocking writer was told that it was taken. So there the buffer has room
 * for all that is encrypted already.
 *
 * Context: process, socket lock not held.
 */
void sluice_send_last(struct sluice_conn *conn)
{
	struct sock *sk = conn->sk;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_sndbuf, INT_MAX / 2);
	release_sock(sk);

	sluice_send_owed(conn);
	/* SO_LINGER with no time asks for a reset, not for an orderly end. */
	if (!sock_flag(sk, SOCK_LINGER) || sk->sk_lingertime)
		sluice_send_close(conn);
}

/* The content type that the caller asks for by a control message. */
static int requested_type(struct msghdr *msg, u8 *type)
{
	struct cmsghdr *cmsg;

	*type = SLUICE_RECORD_DATA;
	if (!msg->msg_controllen)
		return 0;

	for_each_cmsghdr(cmsg, msg) {
		if (!CMSG_OK(msg, cmsg))
			return -EINVAL;
		if (cmsg->cmsg_level != SOL_TLS)
			continue;
		if (cmsg->cmsg_type != TLS_SET_RECORD_TYPE ||
		    cmsg->cmsg_len != CMSG_LEN(sizeof(*type)))
			return -EINVAL;
		*type = *(u8 *)CMSG_DATA(cmsg);
	}
	return 0;
}

/*
 * A program that knows kTLS may send alerts, and a server its tickets. A
 * KeyUpdate is SLUICE_KEY_UPDATE's to send: the key has to follow it.
 */
static int send_users_control(struct sluice_conn *conn,
			      struct msghdr *msg, size_t len, u8 type)
{
	u8 head[2];
	int rc;

	if (!len || !copy_from_iter_full(head, min(len, sizeof(head)),
					 &msg->msg_iter))
		return len ? -EFAULT : -EINVAL;

	switch (type) {
	case SLUICE_RECORD_ALERT:
		if (len != sizeof(head))
			return -EINVAL;
		rc = send_alert(conn, head[1]);
		return rc ?: len;
	case SLUICE_RECORD_HANDSHAKE:
		if (head[0] != SLUICE_HANDSHAKE_TICKET)
			return -EOPNOTSUPP;
		iov_iter_revert(&msg->msg_iter, min(len, sizeof(head)));
		rc = tx_ready(conn);
		return rc ?: sluice_ktls_sendmsg(conn, msg, len);
	default:
		return -EOPNOTSUPP;
	}
}

/* EPIPE with its signal, as from any stream that was shut down. */
static int tx_ended(struct sluice_conn *conn, int flags)
{
	return sk_stream_error(conn->sk, flags, -EPIPE);
}

/* Octets of data that may leave before the key is looked at again. */
static size_t chunk_len(struct sluice_conn *conn)
{
	u64 seq = sluice_ktls_tx_seq(conn);
	u64 records = 0;

	if (seq < conn->tx_update_after)
		records = min(conn->tx_update_after - seq, SLUICE_SEND_CHUNK);
	return min(records * sluice_ktls_payload_max(conn), SLUICE_SEND_CHUNK);
}

static int send_data(struct sluice_conn *conn, struct msghdr *msg,
		     size_t len)
{
	const int flags = msg->msg_flags;
	const int nowait = flags & MSG_DONTWAIT;
	size_t sent = 0, chunk, left;
	bool burst, more;
	int rc;

	do {
		rc = send_owed(conn, nowait);
		if (rc)
			break;
		if (READ_ONCE(conn->tx_state) != SLUICE_DIR_OPEN) {
			if (!sent)
				rc = tx_ended(conn, flags);
			break;
		}

		chunk = chunk_len(conn);
		if (!chunk) {
			rc = send_key_update(conn, false, nowait);
			if (rc)
				break;
			chunk = chunk_len(conn);
		}

		left = len - sent;
		if (chunk < left) {
			iov_iter_truncate(&msg->msg_iter, chunk);
			msg->msg_flags = (flags | MSG_MORE) & ~MSG_EOR;
		} else {
			chunk = left;
			msg->msg_flags = flags;
		}
		more = msg->msg_flags & MSG_MORE;
		burst = sluice_ktls_burst_begin(conn, chunk, more);
		rc = sluice_ktls_sendmsg(conn, msg, chunk);
		if (burst)
			sluice_ktls_burst_end(conn, more);
		if (rc < 0)
			break;
		sent += rc;
		iov_iter_reexpand(&msg->msg_iter, len - sent);
	} while (rc == chunk && sent < len);

	msg->msg_flags = flags;
	WRITE_ONCE(conn->tx_bytes, conn->tx_bytes + sent);
	return sent ?: rc;
}

/**
 * sluice_sendmsg() - sendmsg() on a connection's socket
 * @sk: the socket
 * @msg: as for kTLS
 * @len: its octets
 *
 * Return: octets taken; -EPIPE, with SIGPIPE unless MSG_NOSIGNAL, after
 *	close_notify or a fatal alert; or as kTLS.
 */
int sluice_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	struct sluice_conn *conn = sluice_conn_of(sk);
	u8 type;
	int rc;

	rc = requested_type(msg, &type);
	if (rc)
		return rc;

	/* Who only ever writes is to follow and answer the peer, too. */
	if (conn->flags & SLUICE_ATTACH_RX && !READ_ONCE(conn->driven) &&
	    sluice_ktls_rx_unseen(conn))
		sluice_receive_settle(conn);

	rc = mutex_lock_interruptible(&conn->tx_lock);
	if (rc)
		return rc;
	if (type == SLUICE_RECORD_DATA)
		rc = send_data(conn, msg, len);
	else if (READ_ONCE(conn->tx_state) == SLUICE_DIR_OPEN)
		rc = send_users_control(conn, msg, len, type);
	else
		rc = tx_ended(conn, msg->msg_flags);
	tx_unlock(conn);
	return rc;
}
