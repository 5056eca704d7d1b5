/* SPDX-License-Identifier: MIT */
/*
 * Hands a TLS 1.3 connection of OpenSSL (3.0 or later) over to Sluice. One
 * header, nothing else of Sluice is needed. In the program:
 *
 *	sluice_openssl_prepare(ctx);		once for each SSL_CTX
 *	... SSL_connect() or SSL_accept(), as ever ...
 *	rc = sluice_openssl_hand_over(ssl);
 *	fd = dup(SSL_get_fd(ssl)); SSL_set_quiet_shutdown(ssl, 1); SSL_free(ssl);
 *
 * and then read(), write(), sendfile(), shutdown() and close() on the socket.
 * After the hand-over nothing that reads or writes may be called on the SSL.
 * OpenSSL itself gives kTLS the keys (SSL_OP_ENABLE_KTLS); the secrets come by
 * its key log callback, and the kernel compares them with those keys.
 */
#ifndef SLUICE_OPENSSL_ADAPTER_H
#define SLUICE_OPENSSL_ADAPTER_H

#include <errno.h>
#include <linux/sluice.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

/* What is kept of a connection: both application traffic secrets. */
struct sluice_openssl_secrets {
	size_t len;	/* 0 until they are there */
	unsigned char client[SLUICE_SECRET_MAX];
	unsigned char server[SLUICE_SECRET_MAX];
};

static void sluice_openssl_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad,
				int idx, long argl, void *argp)
{
	(void)parent, (void)ad, (void)idx, (void)argl, (void)argp;
	OPENSSL_clear_free(ptr, sizeof(struct sluice_openssl_secrets));
}

/* Where an SSL keeps its secrets; where an SSL_CTX keeps its own callback. */
static inline int sluice_openssl_index(int of_ctx)
{
	static int ssl = -1, ctx = -1;

	if (ssl < 0) {
		ctx = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
		ssl = SSL_get_ex_new_index(0, NULL, NULL, NULL,
					   sluice_openssl_free);
	}
	return of_ctx ? ctx : ssl;
}

/* "LABEL client-random secret", the last two in hexadecimal. */
static void sluice_openssl_keylog(const SSL *ssl, const char *line)
{
	static const char *const labels[] = {
		"CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ",
	};
	void (*own)(const SSL *, const char *);
	struct sluice_openssl_secrets *s;
	const char *hex = strrchr(line, ' ');

	own = (void (*)(const SSL *, const char *))(uintptr_t)
		SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl),
				    sluice_openssl_index(1));
	if (own)
		own(ssl, line);
	for (int i = 0; hex && i < 2; i++) {
		size_t len;

		if (strncmp(line, labels[i], strlen(labels[i])))
			continue;
		s = SSL_get_ex_data(ssl, sluice_openssl_index(0));
		if (!s) {
			s = OPENSSL_zalloc(sizeof(*s));
			if (!s || !SSL_set_ex_data((SSL *)(uintptr_t)ssl,
						   sluice_openssl_index(0), s))
				return;
		}
		if (OPENSSL_hexstr2buf_ex(i ? s->server : s->client,
					  SLUICE_SECRET_MAX, &len, hex + 1,
					  '\0'))
			s->len = len;
	}
}

/**
 * sluice_openssl_prepare() - have an SSL_CTX keep what the hand-over needs
 * @ctx: before its first connection, in one thread; a key log callback that
 *	it has already goes on being called
 */
static inline void sluice_openssl_prepare(SSL_CTX *ctx)
{
	SSL_CTX_set_ex_data(ctx, sluice_openssl_index(1),
			    (void *)(uintptr_t)
			    SSL_CTX_get_keylog_callback(ctx));
	SSL_CTX_set_keylog_callback(ctx, sluice_openssl_keylog);
	SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS);
}

/**
 * sluice_openssl_hand_over() - give the connection to the kernel
 * @ssl: its handshake is finished, and SSL_key_update() was not called
 *
 * Return: 0; or a negative errno, and OpenSSL has the connection as before:
 * -ENOKEY, sluice_openssl_prepare() came too late. -EOPNOTSUPP, kTLS has not
 * got both directions. -EAGAIN, SSL_read() the data that OpenSSL has decrypted
 * first. Others are SLUICE_ATTACH's.
 */
static inline int sluice_openssl_hand_over(SSL *ssl)
{
	struct sluice_openssl_secrets *s =
		SSL_get_ex_data(ssl, sluice_openssl_index(0));
	struct sluice_attach attach = { .version = TLS_1_3_VERSION };
	int family = AF_INET, rc, fd = SSL_get_fd(ssl);
	socklen_t len = sizeof(family);
	unsigned int cipher;

	if (SSL_version(ssl) != TLS1_3_VERSION ||
	    !BIO_get_ktls_send(SSL_get_wbio(ssl)) ||
	    !BIO_get_ktls_recv(SSL_get_rbio(ssl)))
		return -EOPNOTSUPP;
	if (!s || !s->len)
		return -ENOKEY;
	if (SSL_has_pending(ssl))
		return -EAGAIN;

	cipher = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl));
	attach.cipher_type = cipher == 0x1301 ? TLS_CIPHER_AES_GCM_128 :
			     cipher == 0x1302 ? TLS_CIPHER_AES_GCM_256 :
						TLS_CIPHER_CHACHA20_POLY1305;
	attach.flags = SLUICE_ATTACH_TX | SLUICE_ATTACH_RX;
	attach.secret_len = (__u32)s->len;
	memcpy(attach.tx_secret, SSL_is_server(ssl) ? s->server : s->client,
	       s->len);
	memcpy(attach.rx_secret, SSL_is_server(ssl) ? s->client : s->server,
	       s->len);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	rc = setsockopt(fd, family == AF_INET6 ? SOL_IPV6 : SOL_IP,
			SLUICE_ATTACH, &attach, sizeof(attach)) ? -errno : 0;
	OPENSSL_cleanse(&attach, sizeof(attach));
	if (!rc)
		OPENSSL_cleanse(s, sizeof(*s));
	return rc;
}

#endif /* SLUICE_OPENSSL_ADAPTER_H */
