// SPDX-License-Identifier: GPL-2.0
/*
 * All that Sluice knows of kTLS's insides (include/net/tls.h).
 *
 * kTLS keeps, for each direction, an AEAD transform, the IV, the next record's
 * sequence number, and a copy of the keys that getsockopt() returns. A rekey
 * by setsockopt() would also put kTLS's own struct proto back over ours, so
 * Sluice rekeys in place. Decrypted records wait in rx_list: a control record
 * that a reader met is at its head until somebody takes it, and no record
 * behind it is decrypted before that.
 */
#include <crypto/aead.h>
#include <crypto/utils.h>
#include <linux/delay.h>
#include <linux/skbuff.h>
#include <linux/skmsg.h>
#include <linux/unaligned.h>
#include <net/inet_connection_sock.h>
#include <net/snmp.h>
#include <net/strparser.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "engine.h"
#include "ktls.h"

/* The parts of kTLS's crypto_info of a cipher. */
struct info_parts {
	u8 *key;
	size_t key_len;
	u8 *salt;
	size_t salt_len;
	u8 *iv;
	u8 *rec_seq;
};

static struct info_parts info_parts(union tls_crypto_context *ctx, u16 cipher)
{
	struct tls12_crypto_info_chacha20_poly1305 *chacha =
		&ctx->chacha20_poly1305;
	struct tls12_crypto_info_aes_gcm_128 *aes_128 = &ctx->aes_gcm_128;
	struct tls12_crypto_info_aes_gcm_256 *aes_256 = &ctx->aes_gcm_256;

	switch (cipher) {
	case TLS_CIPHER_AES_GCM_128:
		return (struct info_parts){
			aes_128->key, sizeof(aes_128->key),
			aes_128->salt, sizeof(aes_128->salt),
			aes_128->iv, aes_128->rec_seq,
		};
	case TLS_CIPHER_AES_GCM_256:
		return (struct info_parts){
			aes_256->key, sizeof(aes_256->key),
			aes_256->salt, sizeof(aes_256->salt),
			aes_256->iv, aes_256->rec_seq,
		};
	default:
		return (struct info_parts){
			chacha->key, sizeof(chacha->key),
			chacha->salt, sizeof(chacha->salt),
			chacha->iv, chacha->rec_seq,
		};
	}
}

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
 * sluice_ktls_check() - see whether kTLS holds just this key
 * @sk: a socket that sluice_ktls_check_socket() has passed
 * @cipher: the cipher suite
 * @tx: the direction
 * @key: the key that the secret derives
 * @seq: the least sequence number that the next record may have
 *
 * Context: socket lock held.
 * Return: 0; -EINVAL if kTLS has no key; -EOPNOTSUPP if it has another version
 *	or cipher; -EKEYREJECTED if it has another key or is behind @seq.
 */
int sluice_ktls_check(struct sock *sk, const struct sluice_cipher *cipher,
		      bool tx, const struct sluice_key *key, u64 seq)
{
	struct tls_context *ctx = tls_get_ctx(sk);
	struct info_parts parts;

	if ((tx ? ctx->tx_conf : ctx->rx_conf) != TLS_SW)
		return -EINVAL;
	if (ctx->prot_info.version != TLS_1_3_VERSION ||
	    ctx->prot_info.cipher_type != cipher->type)
		return -EOPNOTSUPP;

	parts = info_parts(tx ? &ctx->crypto_send : &ctx->crypto_recv,
			   cipher->type);
	if (crypto_memneq(parts.key, key->key, cipher->key_len) ||
	    crypto_memneq(parts.salt, key->iv, parts.salt_len) ||
	    crypto_memneq(parts.iv, key->iv + parts.salt_len,
			  sizeof(key->iv) - parts.salt_len))
		return -EKEYREJECTED;
	if (get_unaligned_be64((tx ? &ctx->tx : &ctx->rx)->rec_seq) < seq)
		return -EKEYREJECTED;
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

/* kTLS counts in place, octet by octet: read until a carry is through. */
static u64 read_seq(const struct cipher_context *ctx)
{
	u64 seq, again = get_unaligned_be64(ctx->rec_seq);

	do {
		seq = again;
		barrier();
		again = get_unaligned_be64(ctx->rec_seq);
	} while (seq != again);
	return seq;
}

/**
 * sluice_ktls_tx_seq() - sequence number of the next record to be sent
 * @conn: the connection
 */
u64 sluice_ktls_tx_seq(const struct sluice_conn *conn)
{
	return read_seq(&tls_get_ctx(conn->sk)->tx);
}

/**
 * sluice_ktls_rx_seq() - sequence number of the next record to be decrypted
 * @conn: the connection
 */
u64 sluice_ktls_rx_seq(const struct sluice_conn *conn)
{
	return read_seq(&tls_get_ctx(conn->sk)->rx);
}

/**
 * sluice_ktls_payload_max() - octets of data that kTLS puts into a record
 * @conn: the connection
 */
u16 sluice_ktls_payload_max(const struct sluice_conn *conn)
{
	return READ_ONCE(tls_get_ctx(conn->sk)->tx_max_payload_len);
}

/* The last step that can fail comes first. */
static int set_key(struct crypto_aead *aead, struct cipher_context *cctx,
		   union tls_crypto_context *info, u16 cipher,
		   const struct sluice_key *key)
{
	struct info_parts parts = info_parts(info, cipher);
	int rc;

	rc = crypto_aead_setkey(aead, key->key, parts.key_len);
	if (rc)
		return rc;

	memcpy(cctx->iv, key->iv, sizeof(key->iv));
	memset(cctx->rec_seq, 0, sizeof(cctx->rec_seq));
	memcpy(parts.key, key->key, parts.key_len);
	memcpy(parts.salt, key->iv, parts.salt_len);
	memcpy(parts.iv, key->iv + parts.salt_len,
	       sizeof(key->iv) - parts.salt_len);
	memset(parts.rec_seq, 0, TLS_MAX_REC_SEQ_SIZE);
	return 0;
}

/**
 * sluice_ktls_rekey_tx() - encrypt the next record with a new key
 * @conn: the connection; no record is open: a KeyUpdate was the last one sent
 * @key: the key
 *
 * Context: process; conn->tx_lock held, socket lock not.
 * Return: 0, or a negative errno and the old key.
 */
int sluice_ktls_rekey_tx(struct sluice_conn *conn,
			 const struct sluice_key *key)
{
	struct sock *sk = conn->sk;
	struct tls_context *ctx = tls_get_ctx(sk);
	struct tls_sw_context_tx *tx = tls_sw_ctx_tx(ctx);
	int rc;

	mutex_lock(&ctx->tx_lock);
	lock_sock(sk);
	/*
	 * An asynchronous AEAD may still be at records under the old key; kTLS
	 * counts itself as one. No more can come while tx_lock is held.
	 */
	while (atomic_read(&tx->encrypt_pending) > 1) {
		release_sock(sk);
		fsleep(50);
		lock_sock(sk);
	}
	rc = set_key(tx->aead_send, &ctx->tx, &ctx->crypto_send,
		     conn->cipher->type, key);
	SNMP_INC_STATS(sock_net(sk)->mib.tls_statistics,
		       rc ? LINUX_MIB_TLSTXREKEYERROR : LINUX_MIB_TLSTXREKEYOK);
	release_sock(sk);
	mutex_unlock(&ctx->tx_lock);
	return rc;
}

/**
 * sluice_ktls_rekey_rx() - decrypt the next record with a new key
 * @conn: the connection; the KeyUpdate is the last record that was decrypted
 * @key: the key
 *
 * Context: process, socket lock held.
 * Return: 0, or a negative errno and the old key.
 */
int sluice_ktls_rekey_rx(struct sluice_conn *conn,
			 const struct sluice_key *key)
{
	struct sock *sk = conn->sk;
	struct tls_context *ctx = tls_get_ctx(sk);
	int rc;

	rc = set_key(tls_sw_ctx_rx(ctx)->aead_recv, &ctx->rx,
		     &ctx->crypto_recv, conn->cipher->type, key);
	SNMP_INC_STATS(sock_net(sk)->mib.tls_statistics,
		       rc ? LINUX_MIB_TLSRXREKEYERROR : LINUX_MIB_TLSRXREKEYOK);
	if (!rc)
		sluice_ktls_no_rekey(conn);
	return rc;
}

/**
 * sluice_ktls_no_rekey() - let kTLS decrypt again
 * @conn: the connection
 *
 * kTLS stops behind each handshake record that begins like a KeyUpdate. That
 * may be the middle of a ticket, or half a KeyUpdate.
 *
 * Context: process, socket lock held.
 */
void sluice_ktls_no_rekey(struct sluice_conn *conn)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(conn->sk));

	if (!rx->key_update_pending)
		return;
	WRITE_ONCE(rx->key_update_pending, false);
	rx->saved_data_ready(conn->sk);	/* a poll() that waits */
}

/**
 * sluice_ktls_control() - look for a control record at the head
 * @conn: the connection
 * @record: is filled in; holds until sluice_ktls_consume()
 *
 * Context: socket lock held until sluice_ktls_consume().
 * Return: true if there is one.
 */
bool sluice_ktls_control(struct sluice_conn *conn,
			 struct sluice_record *record)
{
	struct tls_context *ctx = tls_get_ctx(conn->sk);
	struct sk_buff *skb = skb_peek(&tls_sw_ctx_rx(ctx)->rx_list);

	if (!skb)
		return false;

	record->type = ((struct sk_skb_cb *)skb->cb)->tls.control;
	if (record->type == SLUICE_RECORD_DATA)
		return false;

	/* It is the last record that was decrypted. */
	record->seq = get_unaligned_be64(ctx->rx.rec_seq) - 1;
	record->len = strp_msg(skb)->full_len;
	record->skb = skb;
	return true;
}

/**
 * sluice_ktls_copy() - copy from a control record's content
 * @record: the record
 * @offset: where to start
 * @to: where to
 * @len: how many octets; @offset + @len is at most the record's length
 *
 * Context: socket lock held.
 * Return: 0 or a negative errno.
 */
int sluice_ktls_copy(const struct sluice_record *record, size_t offset,
		     u8 *to, size_t len)
{
	return skb_copy_bits(record->skb,
			     strp_msg(record->skb)->offset + offset, to, len);
}

/**
 * sluice_ktls_consume() - take a control record away
 * @conn: the connection
 * @record: what sluice_ktls_control() found
 *
 * Context: socket lock held.
 */
void sluice_ktls_consume(struct sluice_conn *conn,
			 struct sluice_record *record)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(conn->sk));

	__skb_unlink(record->skb, &rx->rx_list);
	consume_skb(record->skb);
	record->skb = NULL;
}

/**
 * sluice_ktls_rx_unseen() - see whether the next record is not decrypted yet
 * @conn: the connection
 *
 * Context: any; the answer may be old.
 * Return: true if it has arrived, and might be a control record.
 */
bool sluice_ktls_rx_unseen(const struct sluice_conn *conn)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(conn->sk));

	return READ_ONCE(rx->strp.msg_ready) &&
	       skb_queue_empty_lockless(&rx->rx_list);
}

/**
 * sluice_ktls_rx_stopped() - see whether kTLS gave up on what it received
 * @conn: the connection
 *
 * Return: true if a record's header was beyond repair.
 */
bool sluice_ktls_rx_stopped(const struct sluice_conn *conn)
{
	return tls_sw_ctx_rx(tls_get_ctx(conn->sk))->strp.stopped;
}

/**
 * sluice_ktls_send_control() - send one record that is not data
 * @conn: the connection
 * @type: content type
 * @data: content
 * @len: its octets
 * @flags: MSG_DONTWAIT or 0
 *
 * Data that waits for more (MSG_MORE) leaves first, in a record of its own.
 *
 * Context: process; conn->tx_lock held, socket lock not.
 * Return: 0; -EAGAIN, nothing was taken; or another negative errno.
 */
int sluice_ktls_send_control(struct sluice_conn *conn, u8 type,
			     const void *data, size_t len, int flags)
{
	union {
		struct cmsghdr hdr;
		u8 room[CMSG_SPACE(sizeof(u8))];
	} cmsg = {
		.hdr.cmsg_level = SOL_TLS,
		.hdr.cmsg_type = TLS_SET_RECORD_TYPE,
		.hdr.cmsg_len = CMSG_LEN(sizeof(u8)),
	};
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = {
		.msg_control = &cmsg,
		.msg_controllen = sizeof(cmsg),
		.msg_flags = flags | MSG_NOSIGNAL,
	};
	int n;

	*(u8 *)CMSG_DATA(&cmsg.hdr) = type;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, len);
	n = conn->ktls_prot->sendmsg(conn->sk, &msg, len);
	return n < 0 ? n : 0;
}

/*
 * Puts an engine in the place of the AEAD. kTLS keeps the AEAD's request size
 * with each record: none may be open, or on its way.
 */
static int put_engine(struct tls_sw_context_tx *tx, struct crypto_aead *engine)
{
	int rc;

	if (tx->open_rec || !list_empty(&tx->tx_list) ||
	    atomic_read(&tx->encrypt_pending) != 1)
		return -EBUSY;
	rc = sluice_engine_adopt(engine, tx->aead_send);
	if (!rc)
		tx->aead_send = engine;
	return rc;
}

/* kTLS's context, if kTLS sends in software by TLS 1.3. Socket lock held. */
static struct tls_context *engine_ctx(struct sock *sk)
{
	struct tls_context *ctx;
	int rc;

	rc = sluice_ktls_check_socket(sk);
	if (rc)
		return ERR_PTR(rc);
	ctx = tls_get_ctx(sk);
	if (ctx->tx_conf != TLS_SW)
		return ERR_PTR(-EINVAL);
	if (ctx->prot_info.version != TLS_1_3_VERSION)
		return ERR_PTR(-EOPNOTSUPP);
	return ctx;
}

/**
 * sluice_ktls_set_engine() - say where records are encrypted
 * @sk: a TCP socket with a reference to its file: what kTLS keeps stays
 * @mode: SLUICE_ENGINE_*
 *
 * The engine stays with the socket once it is there; kTLS frees it.
 *
 * Context: process, socket lock not held; waits for a writer.
 * Return: 0; -EBUSY if data waits to be sent; -EOPNOTSUPP; -EINVAL if kTLS does
 *	not send here; -EINTR; or another negative errno.
 */
int sluice_ktls_set_engine(struct sock *sk, u32 mode)
{
	struct crypto_aead *engine = NULL;
	struct tls_sw_context_tx *tx;
	struct tls_context *ctx;
	int rc = 0;

	lock_sock(sk);
	ctx = engine_ctx(sk);
	release_sock(sk);
	if (IS_ERR(ctx))
		return PTR_ERR(ctx);

	if (mode != SLUICE_ENGINE_INLINE) {
		engine = sluice_engine_alloc();
		if (IS_ERR(engine))
			return PTR_ERR(engine);
	}
	rc = mutex_lock_interruptible(&ctx->tx_lock);
	if (rc)
		goto free;
	lock_sock(sk);
	tx = tls_sw_ctx_tx(ctx);
	if (engine && !sluice_engine_is(tx->aead_send)) {
		rc = put_engine(tx, engine);
		if (!rc)
			engine = NULL;
	}
	if (!rc && sluice_engine_is(tx->aead_send))
		sluice_engine_set_mode(tx->aead_send, mode);
	release_sock(sk);
	mutex_unlock(&ctx->tx_lock);
free:
	crypto_free_aead(engine);
	return rc;
}

/**
 * sluice_ktls_engine_info() - read the engine's counters
 * @sk: as for sluice_ktls_set_engine()
 * @info: where to
 *
 * Context: process, socket lock not held.
 * Return: 0 or a negative errno.
 */
int sluice_ktls_engine_info(struct sock *sk, struct sluice_engine_info *info)
{
	struct tls_context *ctx;
	struct crypto_aead *aead;

	memset(info, 0, sizeof(*info));
	lock_sock(sk);
	ctx = engine_ctx(sk);
	if (!IS_ERR(ctx)) {
		aead = tls_sw_ctx_tx(ctx)->aead_send;
		if (sluice_engine_is(aead))
			sluice_engine_info(aead, info);
	}
	release_sock(sk);
	return PTR_ERR_OR_ZERO(ctx);
}

/**
 * sluice_ktls_burst_begin() - tell the engine, if there is one, of a write
 * @conn: the connection
 * @len: octets that the next sendmsg() takes
 * @more: whether it has MSG_MORE
 *
 * Context: process; conn->tx_lock held, socket lock not.
 * Return: true if sluice_ktls_burst_end() has to follow it.
 */
bool sluice_ktls_burst_begin(struct sluice_conn *conn, size_t len, bool more)
{
	struct sock *sk = conn->sk;
	struct tls_context *ctx = tls_get_ctx(sk);
	struct crypto_aead *aead;
	unsigned int records;

	aead = READ_ONCE(tls_sw_ctx_tx(ctx)->aead_send);
	if (!sluice_engine_is(aead))
		return false;
	records = DIV_ROUND_UP(len, sluice_ktls_payload_max(conn));
	if (!sluice_engine_wants(aead, records, more))
		return false;

	lock_sock(sk);
	sluice_engine_begin(aead, records, more, tcp_under_memory_pressure(sk));
	release_sock(sk);
	return true;
}

/**
 * sluice_ktls_burst_end() - tell the engine that the write is over
 * @conn: the connection; sluice_ktls_burst_begin() returned true
 * @more: whether it had MSG_MORE
 *
 * kTLS has seen that its AEAD is asynchronous, and copies what it is given from
 * then on. It need not: it waits for all records of a write that it did not
 * copy. Only a run of small writes is better off with copies.
 *
 * Context: process; conn->tx_lock held, socket lock not.
 */
void sluice_ktls_burst_end(struct sluice_conn *conn, bool more)
{
	struct sock *sk = conn->sk;
	struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls_get_ctx(sk));

	lock_sock(sk);
	sluice_engine_end(tx->aead_send);
	if (!more)
		tx->async_capable = 0;
	release_sock(sk);
}
