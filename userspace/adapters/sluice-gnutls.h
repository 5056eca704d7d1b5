/* SPDX-License-Identifier: MIT */
/*
 * Hands a TLS 1.3 connection of GnuTLS (3.7 or later) over to Sluice. One
 * header, nothing else of Sluice is needed. In the program:
 *
 *	setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 4);	as early as can be
 *	sluice_gnutls_prepare(session, &secrets);	before the handshake
 *	... gnutls_handshake(), as ever; not with GNUTLS_AUTO_REAUTH ...
 *	rc = sluice_gnutls_hand_over(session, &secrets, fd);
 *	gnutls_deinit(session);
 *
 * and then read(), write(), sendfile(), shutdown() and close() on the socket.
 * GnuTLS's own kTLS has to be off (it is, unless the system turns it on). */
#ifndef SLUICE_GNUTLS_ADAPTER_H
#define SLUICE_GNUTLS_ADAPTER_H

#include <errno.h>
#include <gnutls/gnutls.h>
#include <linux/sluice.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

/* The application traffic secrets; owned by the program, wiped at hand-over. */
struct sluice_gnutls {
	size_t len;
	unsigned char tx[SLUICE_SECRET_MAX];
	unsigned char rx[SLUICE_SECRET_MAX];
};

static inline int sluice_gnutls_secret(gnutls_session_t session,
				       gnutls_record_encryption_level_t level,
				       const void *rx, const void *tx,
				       size_t len)
{
	struct sluice_gnutls *s = gnutls_session_get_ptr(session);

	if (level != GNUTLS_ENCRYPTION_LEVEL_APPLICATION ||
	    len > SLUICE_SECRET_MAX)
		return 0;
	if (rx)		/* each direction may come in a call of its own */
		memcpy(s->rx, rx, len);
	if (tx)
		memcpy(s->tx, tx, len);
	s->len = len;
	return 0;
}

/**
 * sluice_gnutls_prepare() - keep the secrets of a session
 * @session: before its handshake; its gnutls_session_set_ptr() is taken
 * @secrets: lives until the hand-over
 */
static inline void sluice_gnutls_prepare(gnutls_session_t session,
					 struct sluice_gnutls *secrets)
{
	gnutls_session_set_ptr(session, secrets);
	gnutls_handshake_set_secret_function(session, sluice_gnutls_secret);
}

/* Gives kTLS the key of one direction, as GnuTLS has it now. */
static inline int sluice_gnutls_set_key(gnutls_session_t session, int fd,
					unsigned int read, __u16 type,
					__u64 *sequence)
{
	union {
		struct tls_crypto_info info;
		struct tls12_crypto_info_aes_gcm_128 aes_128;
		struct tls12_crypto_info_aes_gcm_256 aes_256;
		struct tls12_crypto_info_chacha20_poly1305 chacha;
	} ci = { .info = { TLS_1_3_VERSION, type } };
	unsigned char seq[8], *to = (unsigned char *)(&ci.info + 1);
	gnutls_datum_t iv, key;
	unsigned int salt_len;
	int rc;

	if (gnutls_record_get_state(session, read, NULL, &iv, &key, seq))
		return -EOPNOTSUPP;
	*sequence = 0;
	for (int i = 0; i < 8; i++)
		*sequence = *sequence << 8 | seq[i];

	/* kTLS has them as: IV behind the salt, key, salt, sequence number. */
	salt_len = type == TLS_CIPHER_CHACHA20_POLY1305 ? 0 : 4;
	if (iv.size < 12 || key.size != (type == TLS_CIPHER_AES_GCM_128 ? 16 : 32))
		return -EOPNOTSUPP;
	memcpy(to, iv.data + salt_len, 12 - salt_len);
	to = memcpy(to + 12 - salt_len, key.data, key.size);
	to = memcpy(to + key.size, iv.data, salt_len);
	to = memcpy(to + salt_len, seq, sizeof(seq));
	to += sizeof(seq);
	rc = setsockopt(fd, SOL_TLS, read ? TLS_RX : TLS_TX, &ci,
			(socklen_t)(to - (unsigned char *)&ci)) ?
	     -errno : 0;
	gnutls_memset(&ci, 0, sizeof(ci));
	return rc;
}

/**
 * sluice_gnutls_hand_over() - give the connection to the kernel
 * @session: its handshake is finished; @s: from sluice_gnutls_prepare();
 * @fd: the socket, with TCP_ULP "tls"
 *
 * Return: 0 or a negative errno. -EAGAIN: GnuTLS has decrypted data,
 * gnutls_record_recv() it first. -EOPNOTSUPP: not TLS 1.3, or no such suite in
 * the kernel. After any other error the connection is of no use.
 */
static inline int sluice_gnutls_hand_over(gnutls_session_t session,
					  struct sluice_gnutls *s, int fd)
{
	struct sluice_attach attach = { .version = TLS_1_3_VERSION };
	int family = AF_INET, rc;
	socklen_t len = sizeof(family);
	gnutls_cipher_algorithm_t cipher;

	if (gnutls_record_check_pending(session))
		return -EAGAIN;
	cipher = gnutls_cipher_get(session);
	attach.cipher_type =
		cipher == GNUTLS_CIPHER_AES_128_GCM ? TLS_CIPHER_AES_GCM_128 :
		cipher == GNUTLS_CIPHER_AES_256_GCM ? TLS_CIPHER_AES_GCM_256 :
		cipher == GNUTLS_CIPHER_CHACHA20_POLY1305 ? TLS_CIPHER_CHACHA20_POLY1305 : 0;
	if (!attach.cipher_type || !s->len ||
	    gnutls_protocol_get_version(session) != GNUTLS_TLS1_3)
		return -EOPNOTSUPP;

	rc = sluice_gnutls_set_key(session, fd, 0, attach.cipher_type, &attach.tx_seq);
	if (!rc)
		rc = sluice_gnutls_set_key(session, fd, 1, attach.cipher_type, &attach.rx_seq);
	if (rc)
		return rc;
	attach.flags = SLUICE_ATTACH_TX | SLUICE_ATTACH_RX;
	attach.secret_len = (__u32)s->len;
	memcpy(attach.tx_secret, s->tx, s->len);
	memcpy(attach.rx_secret, s->rx, s->len);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	rc = setsockopt(fd, family == AF_INET6 ? SOL_IPV6 : SOL_IP,
			SLUICE_ATTACH, &attach, sizeof(attach)) ? -errno : 0;
	gnutls_memset(&attach, 0, sizeof(attach));
	gnutls_memset(s, 0, sizeof(*s));
	return rc;
}

#endif /* SLUICE_GNUTLS_ADAPTER_H */
