// SPDX-License-Identifier: GPL-2.0
#include "record.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tap.h"

#define RECORD_MAX	(5 + 20000 + 16)

static const EVP_CIPHER *cipher(const struct suite *suite)
{
	switch (suite->type) {
	case TLS_CIPHER_AES_GCM_128:
		return EVP_aes_128_gcm();
	case TLS_CIPHER_AES_GCM_256:
		return EVP_aes_256_gcm();
	default:
		return EVP_chacha20_poly1305();
	}
}

/* The AEAD with key and nonce of record seq; the caller frees it. */
static EVP_CIPHER_CTX *begin(const struct suite *suite, const uint8_t *secret,
			     uint64_t seq, int encrypt)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t key[32], iv[12];

	expand_label(suite, secret, "key", key, suite->key_len);
	expand_label(suite, secret, "iv", iv, sizeof(iv));
	for (int i = 0; i < 8; i++)
		iv[11 - i] ^= (uint8_t)(seq >> 8 * i);
	if (!ctx || !EVP_CipherInit_ex(ctx, cipher(suite), NULL, key, iv,
				       encrypt))
		die("AEAD");
	return ctx;
}

void put_raw(struct records *r, const void *data, size_t len)
{
	if (send(r->end->fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		die("the peer's send");
}

static void put(struct records *r, uint8_t type, const void *data, size_t len,
		uint8_t flip)
{
	static uint8_t record[RECORD_MAX];
	size_t inner = len + 1;
	EVP_CIPHER_CTX *ctx;
	int n;

	if (5 + inner + 16 > sizeof(record))
		die("the record is too long");
	record[0] = 23;
	record[1] = 3;
	record[2] = 3;
	record[3] = (uint8_t)((inner + 16) >> 8);
	record[4] = (uint8_t)(inner + 16);
	if (len)
		memcpy(record + 5, data, len);
	record[5 + len] = type;

	ctx = begin(r->end->suite, r->end->tx, r->tx_seq++, 1);
	if (!EVP_CipherUpdate(ctx, NULL, &n, record, 5) ||
	    !EVP_CipherUpdate(ctx, record + 5, &n, record + 5, (int)inner) ||
	    !EVP_CipherFinal_ex(ctx, record + 5 + n, &n) ||
	    !EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16,
				 record + 5 + inner))
		die("encryption");
	EVP_CIPHER_CTX_free(ctx);
	record[5 + inner] ^= flip;
	put_raw(r, record, 5 + inner + 16);
}

void put_record(struct records *r, uint8_t type, const void *data, size_t len)
{
	put(r, type, data, len, 0);
}

void put_forged(struct records *r, uint8_t type, const void *data, size_t len)
{
	put(r, type, data, len, 1);
}

void renew_key(struct records *r)
{
	next_secret(r->end->suite, r->end->tx);
	r->tx_seq = 0;
}

void put_key_update(struct records *r, uint8_t request)
{
	const uint8_t message[] = { 24, 0, 0, 1, request };

	put_record(r, 22, message, sizeof(message));
	renew_key(r);
}

static int read_full(int fd, uint8_t *to, size_t len)
{
	return recv(fd, to, len, MSG_WAITALL) == (ssize_t)len;
}

ssize_t get_record(struct records *r, void *data, size_t size, uint8_t *type)
{
	static uint8_t record[RECORD_MAX];
	const struct timeval tv = { .tv_sec = 2 };
	EVP_CIPHER_CTX *ctx;
	size_t len;
	int n, ok;

	setsockopt(r->end->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (!read_full(r->end->fd, record, 5))
		return -1;
	len = (size_t)record[3] << 8 | record[4];
	if (len < 17 || len + 5 > sizeof(record) ||
	    !read_full(r->end->fd, record + 5, len))
		return -1;
	len -= 16;
	ctx = begin(r->end->suite, r->end->rx, r->rx_seq++, 0);
	ok = EVP_CipherUpdate(ctx, NULL, &n, record, 5) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16,
				 record + 5 + len) &&
	     EVP_CipherUpdate(ctx, record + 5, &n, record + 5, (int)len) &&
	     EVP_CipherFinal_ex(ctx, record + 5 + n, &n);
	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		die("the peer can't decrypt what it gets");
	while (len && !record[5 + len - 1])
		len--;
	if (!len || len - 1 > size)
		die("the peer gets a malformed record");
	*type = record[5 + --len];
	memcpy(data, record + 5, len);
	if (*type == 22 && len == 5 && record[5] == 24) {
		next_secret(r->end->suite, r->end->rx);
		r->rx_seq = 0;
	}
	return (ssize_t)len;
}

int get_alert(struct records *r)
{
	uint8_t data[20000], type;
	ssize_t n;

	while ((n = get_record(r, data, sizeof(data), &type)) >= 0)
		if (type == 21)
			return n == 2 ? data[1] : -2;
	return -1;
}
