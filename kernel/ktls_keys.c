// SPDX-License-Identifier: GPL-2.0
/*
 * The keys that kTLS has, and where it stands under them.
 *
 * kTLS keeps, for each direction, an AEAD transform, the IV, the next record's
 * sequence number, and a copy of the keys that getsockopt() returns.
 */
#include <crypto/aead.h>
#include <crypto/utils.h>
#include <linux/delay.h>
#include <linux/unaligned.h>
#include <net/snmp.h>
#include <net/tls.h>

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

static u64 look_at_seq(const struct cipher_context *ctx)
{
	/* kTLS counts in place, octet by octet, and maybe just now. */
	return data_race(get_unaligned_be64(ctx->rec_seq));
}

/* Looks until a carry is through. */
static u64 read_seq(const struct cipher_context *ctx)
{
	u64 seq, again = look_at_seq(ctx);

	do {
		seq = again;
		barrier();
		again = look_at_seq(ctx);
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
 * Return: 0; or a negative errno: nothing may be sent before this succeeds.
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
 * Return: 0; or a negative errno: the KeyUpdate has to stay where it is, so that
 *	nothing is decrypted before this succeeds.
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
