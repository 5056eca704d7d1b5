// SPDX-License-Identifier: MIT
/* AEADs by libcrypto: the context is keyed once, a record sets only its nonce. */
#include <limits.h>

#include "internal.h"

#define TAG_LEN	16

/* A key works in one direction only; which one shows at its first use. */
struct sluice_aead_ctx {
	EVP_CIPHER_CTX *ctx;
	int enc;
};

static void aead_free(const struct sluice_provider *p,
		      struct sluice_aead_ctx *ctx)
{
	(void)p;
	if (!ctx)
		return;
	EVP_CIPHER_CTX_free(ctx->ctx);
	OPENSSL_free(ctx);
}

/* FIPS 140 has no ChaCha20. */
static bool aead_offered(const struct sluice_provider *p, enum sluice_aead aead)
{
	return sl_openssl(p)->cipher[aead];
}

static struct sluice_aead_ctx *aead_new(const struct sluice_provider *p,
					enum sluice_aead aead,
					const uint8_t *key)
{
	const EVP_CIPHER *cipher = sl_openssl(p)->cipher[aead];
	struct sluice_aead_ctx *ctx = OPENSSL_zalloc(sizeof(*ctx));

	if (!ctx)
		return NULL;
	ctx->enc = 1;
	ctx->ctx = EVP_CIPHER_CTX_new();
	if (!ctx->ctx ||
	    !EVP_CipherInit_ex2(ctx->ctx, cipher, key, NULL, ctx->enc, NULL)) {
		aead_free(p, ctx);
		return NULL;
	}
	return ctx;
}

/* Sets the direction and the nonce, and takes the additional data. */
static bool begin(struct sluice_aead_ctx *ctx, const uint8_t *nonce, int enc,
		  const uint8_t *ad, size_t ad_len)
{
	int n;

	if (ad_len > INT_MAX ||
	    !EVP_CipherInit_ex2(ctx->ctx, NULL, NULL, nonce, enc, NULL))
		return false;
	ctx->enc = enc;
	return EVP_CipherUpdate(ctx->ctx, NULL, &n, ad, (int)ad_len);
}

static int aead_seal(const struct sluice_provider *p,
		     struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		     const uint8_t *ad, size_t ad_len,
		     uint8_t *data, size_t len)
{
	int n;

	(void)p;
	if (len > INT_MAX || !begin(ctx, nonce, 1, ad, ad_len) ||
	    !EVP_CipherUpdate(ctx->ctx, data, &n, data, (int)len) ||
	    !EVP_CipherFinal_ex(ctx->ctx, data + n, &n) ||
	    !EVP_CIPHER_CTX_ctrl(ctx->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN,
				 data + len))
		return -1;
	return 0;
}

static int aead_seal_from(const struct sluice_provider *p,
			  struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			  const uint8_t *ad, size_t ad_len,
			  const struct sluice_octets *pieces, size_t count,
			  uint8_t *out)
{
	int n;

	(void)p;
	if (!begin(ctx, nonce, 1, ad, ad_len))
		return -1;
	for (; count; count--, pieces++) {
		if (pieces->len > INT_MAX ||
		    !EVP_CipherUpdate(ctx->ctx, out, &n, pieces->data,
				      (int)pieces->len))
			return -1;
		out += n;
	}
	if (!EVP_CipherFinal_ex(ctx->ctx, out, &n) ||
	    !EVP_CIPHER_CTX_ctrl(ctx->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, out))
		return -1;
	return 0;
}

static int aead_open(const struct sluice_provider *p,
		     struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		     const uint8_t *ad, size_t ad_len,
		     uint8_t *data, size_t len)
{
	int n;

	(void)p;
	if (len < TAG_LEN)
		return ALERT_BAD_RECORD_MAC;
	len -= TAG_LEN;
	if (len > INT_MAX || !begin(ctx, nonce, 0, ad, ad_len) ||
	    !EVP_CIPHER_CTX_ctrl(ctx->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN,
				 data + len) ||
	    !EVP_CipherUpdate(ctx->ctx, data, &n, data, (int)len))
		return -1;
	if (!EVP_CipherFinal_ex(ctx->ctx, data + n, &n)) {
		sluice_wipe(data, len);
		return ALERT_BAD_RECORD_MAC;
	}
	return 0;
}

void sl_openssl_aead_table(struct sluice_provider *table)
{
	table->aead_offered = aead_offered;
	table->aead_new = aead_new;
	table->aead_seal = aead_seal;
	table->aead_seal_from = aead_seal_from;
	table->aead_open = aead_open;
	table->aead_free = aead_free;
}
