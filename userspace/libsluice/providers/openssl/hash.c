// SPDX-License-Identifier: MIT
/* Hashes and HMAC by libcrypto. */
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "internal.h"

static struct sluice_hash_ctx *hash_new(const struct sluice_provider *p,
					enum sluice_hash hash)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx && !EVP_DigestInit_ex2(ctx, sl_openssl(p)->md[hash], NULL)) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	return (struct sluice_hash_ctx *)ctx;
}

static int hash_update(const struct sluice_provider *p,
		       struct sluice_hash_ctx *ctx,
		       const uint8_t *data, size_t len)
{
	(void)p;
	return EVP_DigestUpdate((EVP_MD_CTX *)ctx, data, len) ? 0 : -1;
}

static struct sluice_hash_ctx *hash_clone(const struct sluice_provider *p,
					  const struct sluice_hash_ctx *ctx)
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	(void)p;
	if (copy && !EVP_MD_CTX_copy_ex(copy, (const EVP_MD_CTX *)ctx)) {
		EVP_MD_CTX_free(copy);
		copy = NULL;
	}
	return (struct sluice_hash_ctx *)copy;
}

static void hash_free(const struct sluice_provider *p,
		      struct sluice_hash_ctx *ctx)
{
	(void)p;
	EVP_MD_CTX_free((EVP_MD_CTX *)ctx);
}

static int hash_digest(const struct sluice_provider *p,
		       const struct sluice_hash_ctx *ctx, uint8_t *out)
{
	struct sluice_hash_ctx *copy = hash_clone(p, ctx);
	int ok = copy && EVP_DigestFinal_ex((EVP_MD_CTX *)copy, out, NULL);

	hash_free(p, copy);
	return ok ? 0 : -1;
}

static int hmac(const struct sluice_provider *p, enum sluice_hash hash,
		const uint8_t *key, size_t key_len,
		const uint8_t *data, size_t len, uint8_t *out)
{
	static const char *const names[] = { "SHA256", "SHA384" };
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(sl_openssl(p)->hmac);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
						 (char *)(uintptr_t)names[hash],
						 0),
		OSSL_PARAM_construct_end(),
	};
	int ok;

	/* A NULL key would mean the key of before. */
	ok = ctx && EVP_MAC_init(ctx, key ? key : (const uint8_t *)"", key_len,
				 params) &&
	     EVP_MAC_update(ctx, data, len) &&
	     EVP_MAC_final(ctx, out, NULL, EVP_MAX_MD_SIZE);
	EVP_MAC_CTX_free(ctx);
	return ok ? 0 : -1;
}

void sl_openssl_hash_table(struct sluice_provider *table)
{
	table->hash_new = hash_new;
	table->hash_update = hash_update;
	table->hash_digest = hash_digest;
	table->hash_clone = hash_clone;
	table->hash_free = hash_free;
	table->hmac = hmac;
}
