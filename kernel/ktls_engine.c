// SPDX-License-Identifier: GPL-2.0
/*
 * The record engine in the place of the AEAD that kTLS sends with.
 */
#include <crypto/aead.h>
#include <net/tcp.h>
#include <net/tls.h>

#include "engine.h"
#include "ktls.h"

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
