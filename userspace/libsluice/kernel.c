// SPDX-License-Identifier: MIT
/* Handing a connection over to kTLS and sluice.ko. */
#include <errno.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "sluice/kernel.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TLS_TX_MAX_PAYLOAD_LEN
#define TLS_TX_MAX_PAYLOAD_LEN 5
#endif
#ifndef TCP_ULP
#define TCP_ULP 31
#endif

/* kTLS's argument for any of our ciphers. */
union crypto_info {
	struct tls_crypto_info info;
	struct tls12_crypto_info_aes_gcm_128 aes_128;
	struct tls12_crypto_info_aes_gcm_256 aes_256;
	struct tls12_crypto_info_chacha20_poly1305 chacha;
};

static int set(int fd, int level, int name, const void *value, size_t len)
{
	return setsockopt(fd, level, name, value, (socklen_t)len) ? -errno : 0;
}

/* Sluice's options are at the level of the socket's family. */
static int level_of(int fd)
{
	int family = AF_INET;
	socklen_t len = sizeof(family);

	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	return family == AF_INET6 ? SOL_IPV6 : SOL_IP;
}

static uint16_t cipher_type(uint16_t suite)
{
	switch (suite) {
	case SLUICE_AES_128_GCM_SHA256:
	case SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256:
	case SLUICE_ECDHE_RSA_AES_128_GCM_SHA256:
		return TLS_CIPHER_AES_GCM_128;
	case SLUICE_AES_256_GCM_SHA384:
	case SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384:
	case SLUICE_ECDHE_RSA_AES_256_GCM_SHA384:
		return TLS_CIPHER_AES_GCM_256;
	default:
		return TLS_CIPHER_CHACHA20_POLY1305;
	}
}

int sluice_kernel_prepare(int fd)
{
	struct sluice_info info;
	int ulp = set(fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls"));

	/* No session yet: that it says so tells that the module is there. */
	if (ulp != -ENOENT && sluice_kernel_info(fd, &info) == -ENOPROTOOPT)
		return -ENOPROTOOPT;
	return ulp;
}

static void put_seq(unsigned char seq[8], uint64_t value)
{
	for (int i = 7; i >= 0; i--, value >>= 8)
		seq[i] = (unsigned char)value;
}

/* Fills kTLS's argument in; returns its size. */
static size_t fill(union crypto_info *ci, const struct sluice_secrets *s,
		   const struct sluice_keys *keys)
{
	memset(ci, 0, sizeof(*ci));
	ci->info.version = s->version;
	ci->info.cipher_type = cipher_type(s->suite);

	switch (ci->info.cipher_type) {
	case TLS_CIPHER_AES_GCM_128:
		memcpy(ci->aes_128.key, keys->key, sizeof(ci->aes_128.key));
		memcpy(ci->aes_128.salt, keys->iv, sizeof(ci->aes_128.salt));
		memcpy(ci->aes_128.iv, keys->iv + sizeof(ci->aes_128.salt),
		       sizeof(ci->aes_128.iv));
		put_seq(ci->aes_128.rec_seq, keys->seq);
		return sizeof(ci->aes_128);
	case TLS_CIPHER_AES_GCM_256:
		memcpy(ci->aes_256.key, keys->key, sizeof(ci->aes_256.key));
		memcpy(ci->aes_256.salt, keys->iv, sizeof(ci->aes_256.salt));
		memcpy(ci->aes_256.iv, keys->iv + sizeof(ci->aes_256.salt),
		       sizeof(ci->aes_256.iv));
		put_seq(ci->aes_256.rec_seq, keys->seq);
		return sizeof(ci->aes_256);
	default:
		memcpy(ci->chacha.key, keys->key, sizeof(ci->chacha.key));
		memcpy(ci->chacha.iv, keys->iv, sizeof(ci->chacha.iv));
		put_seq(ci->chacha.rec_seq, keys->seq);
		return sizeof(ci->chacha);
	}
}

/* Before the keys, so that there is a way back where kTLS can't do it. */
static int limit_records(int fd, unsigned int limit)
{
	uint16_t value = (uint16_t)limit;

	if (limit >= SLUICE_DATA_MAX)
		return 0;
	return set(fd, SOL_TLS, TLS_TX_MAX_PAYLOAD_LEN, &value, sizeof(value)) ?
	       -EOPNOTSUPP : 0;
}

int sluice_kernel_set_direction(int fd, const struct sluice_secrets *secrets,
				unsigned int direction)
{
	bool tx = direction == SLUICE_TX;
	union crypto_info ci;
	size_t len;
	int rc = 0;

	if (tx)
		rc = limit_records(fd, secrets->record_limit);
	if (rc)
		return rc;
	len = fill(&ci, secrets, tx ? &secrets->tx : &secrets->rx);
	rc = set(fd, SOL_TLS, tx ? TLS_TX : TLS_RX, &ci, len);
	if (rc == -EINVAL || rc == -ENOENT)
		rc = -EOPNOTSUPP;
	sluice_wipe(&ci, sizeof(ci));
	return rc;
}

int sluice_kernel_set_keys(int fd, const struct sluice_secrets *secrets)
{
	int rc = sluice_kernel_set_direction(fd, secrets, SLUICE_TX);

	if (rc)
		return rc;
	rc = sluice_kernel_set_direction(fd, secrets, SLUICE_RX);
	/* Sending is the kernel's by now: there is no way back. */
	return rc == -EOPNOTSUPP ? -EINVAL : rc;
}

int sluice_kernel_attach(int fd, const struct sluice_secrets *secrets,
			 uint32_t flags, uint64_t update_after)
{
	struct sluice_attach attach;
	int rc;

	if (secrets->version != SLUICE_TLS_1_3)
		return -EOPNOTSUPP;
	memset(&attach, 0, sizeof(attach));
	attach.version = TLS_1_3_VERSION;
	attach.cipher_type = cipher_type(secrets->suite);
	attach.flags = flags;
	if (secrets->directions & SLUICE_TX)
		attach.flags |= SLUICE_ATTACH_TX;
	if (secrets->directions & SLUICE_RX)
		attach.flags |= SLUICE_ATTACH_RX;
	attach.secret_len = (uint32_t)secrets->hash_len;
	memcpy(attach.tx_secret, secrets->tx.secret, secrets->hash_len);
	memcpy(attach.rx_secret, secrets->rx.secret, secrets->hash_len);
	attach.tx_seq = secrets->tx.seq;
	attach.rx_seq = secrets->rx.seq;
	attach.tx_update_after = update_after;

	rc = set(fd, level_of(fd), SLUICE_ATTACH, &attach, sizeof(attach));
	sluice_wipe(&attach, sizeof(attach));
	return rc;
}

int sluice_kernel_hand_over(int fd, const struct sluice_secrets *secrets,
			    uint32_t flags, uint64_t update_after)
{
	int rc;

	if (secrets->version != SLUICE_TLS_1_3)
		return -EOPNOTSUPP;
	rc = sluice_kernel_set_keys(fd, secrets);
	return rc ? rc : sluice_kernel_attach(fd, secrets, flags, update_after);
}

int sluice_stream_hand_over(struct sluice_stream *s, uint32_t flags,
			    uint64_t update_after)
{
	struct sluice_secrets secrets;
	int rc;

	if (!s->conn)
		return -EALREADY;
	s->exact = true;
	rc = sluice_errno(s->conn);
	if (rc)
		return -rc;
	if (s->data_len || s->in_start < s->in_end)
		return -EAGAIN;
	if (sluice_flush(s))
		return -errno;
	/* a message has come in part, or the end of one direction */
	if (sluice_conn_secrets(s->conn, &secrets))
		return -EAGAIN;
	rc = sluice_kernel_hand_over(s->fd, &secrets, flags, update_after);
	sluice_wipe(&secrets, sizeof(secrets));
	if (rc)
		return rc;
	sluice_conn_free(s->conn);
	s->conn = NULL;
	return 0;
}

int sluice_kernel_info(int fd, struct sluice_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(fd, level_of(fd), SLUICE_INFO, info, &len) ?
	       -errno : 0;
}

int sluice_kernel_key_update(int fd, bool request)
{
	uint32_t value = request ? SLUICE_UPDATE_REQUESTED :
				   SLUICE_UPDATE_NOT_REQUESTED;

	return set(fd, level_of(fd), SLUICE_KEY_UPDATE, &value, sizeof(value));
}

int sluice_kernel_protocols(int fd, uint8_t *list, size_t *len)
{
	socklen_t room = (socklen_t)*len;

	if (getsockopt(fd, level_of(fd), SLUICE_ALPN, list, &room))
		return -errno;
	*len = room;
	return 0;
}

int sluice_kernel_set_protocol(int fd, const char *name, size_t len)
{
	return set(fd, level_of(fd), SLUICE_ALPN, name, len);
}
