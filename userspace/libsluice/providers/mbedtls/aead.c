// SPDX-License-Identifier: MIT
/* AEADs by Mbed TLS. */
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <stdlib.h>

#include "internal.h"

#define NONCE_LEN	12
#define TAG_LEN		16

struct sluice_aead_ctx {
	bool chacha;
	union {
		mbedtls_gcm_context gcm;
		mbedtls_chachapoly_context poly;
	};
};

static void aead_free(const struct sluice_provider *p,
		      struct sluice_aead_ctx *ctx)
{
	(void)p;
	if (!ctx)
		return;
	if (ctx->chacha)
		mbedtls_chachapoly_free(&ctx->poly);
	else
		mbedtls_gcm_free(&ctx->gcm);
	free(ctx);
}

static struct sluice_aead_ctx *aead_new(const struct sluice_provider *p,
					enum sluice_aead aead,
					const uint8_t *key)
{
	struct sluice_aead_ctx *ctx = malloc(sizeof(*ctx));
	int rc;

	if (!ctx)
		return NULL;
	ctx->chacha = aead == SLUICE_AEAD_CHACHA20_POLY1305;
	if (ctx->chacha) {
		mbedtls_chachapoly_init(&ctx->poly);
		rc = mbedtls_chachapoly_setkey(&ctx->poly, key);
	} else {
		mbedtls_gcm_init(&ctx->gcm);
		rc = mbedtls_gcm_setkey(&ctx->gcm, MBEDTLS_CIPHER_ID_AES, key,
					aead == SLUICE_AEAD_AES_128_GCM ?
					128 : 256);
	}
	if (rc) {
		aead_free(p, ctx);
		return NULL;
	}
	return ctx;
}

static int aead_seal(const struct sluice_provider *p,
		     struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		     const uint8_t *ad, size_t ad_len,
		     uint8_t *data, size_t len)
{
	int rc;

	(void)p;
	if (ctx->chacha)
		rc = mbedtls_chachapoly_encrypt_and_tag(&ctx->poly, len, nonce,
							ad, ad_len, data, data,
							data + len);
	else
		rc = mbedtls_gcm_crypt_and_tag(&ctx->gcm, MBEDTLS_GCM_ENCRYPT,
					       len, nonce, NONCE_LEN, ad,
					       ad_len, data, data, TAG_LEN,
					       data + len);
	return rc ? -1 : 0;
}

static bool add_piece(struct sluice_aead_ctx *ctx,
		      const struct sluice_octets *piece, uint8_t *out)
{
	size_t n;

	if (ctx->chacha)
		return !mbedtls_chachapoly_update(&ctx->poly, piece->len,
						  piece->data, out);
	return !mbedtls_gcm_update(&ctx->gcm, piece->data, piece->len, out,
				   piece->len, &n) && n == piece->len;
}

static int aead_seal_from(const struct sluice_provider *p,
			  struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			  const uint8_t *ad, size_t ad_len,
			  const struct sluice_octets *pieces, size_t count,
			  uint8_t *out)
{
	size_t n;
	int rc;

	(void)p;
	if (ctx->chacha)
		rc = mbedtls_chachapoly_starts(&ctx->poly, nonce,
					       MBEDTLS_CHACHAPOLY_ENCRYPT) ||
		     mbedtls_chachapoly_update_aad(&ctx->poly, ad, ad_len);
	else
		rc = mbedtls_gcm_starts(&ctx->gcm, MBEDTLS_GCM_ENCRYPT, nonce,
					NONCE_LEN) ||
		     mbedtls_gcm_update_ad(&ctx->gcm, ad, ad_len);
	for (; !rc && count; count--, pieces++) {
		if (!pieces->len)
			continue;
		rc = !add_piece(ctx, pieces, out);
		out += pieces->len;
	}
	if (!rc)
		rc = ctx->chacha ? mbedtls_chachapoly_finish(&ctx->poly, out) :
				   mbedtls_gcm_finish(&ctx->gcm, NULL, 0, &n,
						      out, TAG_LEN);
	return rc ? -1 : 0;
}

/* What is not authentic is wiped by Mbed TLS. */
static int aead_open(const struct sluice_provider *p,
		     struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		     const uint8_t *ad, size_t ad_len,
		     uint8_t *data, size_t len)
{
	int rc;

	(void)p;
	if (len < TAG_LEN)
		return ALERT_BAD_RECORD_MAC;
	len -= TAG_LEN;
	if (ctx->chacha)
		rc = mbedtls_chachapoly_auth_decrypt(&ctx->poly, len, nonce,
						     ad, ad_len, data + len,
						     data, data);
	else
		rc = mbedtls_gcm_auth_decrypt(&ctx->gcm, len, nonce, NONCE_LEN,
					      ad, ad_len, data + len, TAG_LEN,
					      data, data);
	if (rc == MBEDTLS_ERR_GCM_AUTH_FAILED ||
	    rc == MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED)
		return ALERT_BAD_RECORD_MAC;
	return rc ? -1 : 0;
}

void sl_mbedtls_aead_table(struct sluice_provider *table)
{
	table->aead_new = aead_new;
	table->aead_seal = aead_seal;
	table->aead_seal_from = aead_seal_from;
	table->aead_open = aead_open;
	table->aead_free = aead_free;
}
