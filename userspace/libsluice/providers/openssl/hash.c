// SPDX-License-Identifier: MIT
/* Hashes and HMAC by libcrypto. */
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

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

bool sl_openssl_hmac_fetch(struct sluice_openssl *o)
{
	static const char *const names[] = { "SHA256", "SHA384" };
	EVP_MAC *mac = EVP_MAC_fetch(o->lib, "HMAC", NULL);
	bool ok = mac;

	for (size_t i = 0; ok && i < sizeof(names) / sizeof(*names); i++) {
		const OSSL_PARAM params[] = {
			OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
				(char *)(uintptr_t)names[i], 0),
			OSSL_PARAM_construct_end(),
		};

		o->hmac[i] = EVP_MAC_CTX_new(mac);
		ok = o->hmac[i] && EVP_MAC_CTX_set_params(o->hmac[i], params);
	}
	EVP_MAC_free(mac);
	return ok;
}

/* For FIPS 140 it has to be its module's own HMAC. */
static int hmac_of_module(const struct sluice_openssl *o, enum sluice_hash hash,
			  const uint8_t *key, size_t key_len,
			  const uint8_t *data, size_t len, uint8_t *out)
{
	/* one that has its digest: to look for that takes as long as the rest */
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(o->hmac[hash]);
	int ok;

	/* A NULL key would mean the key of before. */
	ok = ctx && EVP_MAC_init(ctx, key ? key : (const uint8_t *)"", key_len,
				 NULL) &&
	     EVP_MAC_update(ctx, data, len) &&
	     EVP_MAC_final(ctx, out, NULL, EVP_MAX_MD_SIZE);
	EVP_MAC_CTX_free(ctx);
	return ok ? 0 : -1;
}

#define BLOCK_MAX	128

/* H(K ^ pad | data), as RFC 2104 has it. */
static bool half(EVP_MD_CTX *ctx, const EVP_MD *md, uint8_t *key, uint8_t pad,
		 const uint8_t *data, size_t len, uint8_t *out)
{
	/* all of it, as of a number that the compiler knows */
	for (size_t i = 0; i < BLOCK_MAX; i++)
		key[i] ^= pad;
	return EVP_DigestInit_ex2(ctx, md, NULL) &&
	       EVP_DigestUpdate(ctx, key, (size_t)EVP_MD_get_block_size(md)) &&
	       EVP_DigestUpdate(ctx, data, len) &&
	       EVP_DigestFinal_ex(ctx, out, NULL);
}

/* libcrypto's own HMAC needs three contexts of the hash, and a fifth more time. */
static int hmac(const struct sluice_provider *p, enum sluice_hash hash,
		const uint8_t *key, size_t key_len,
		const uint8_t *data, size_t len, uint8_t *out)
{
	const struct sluice_openssl *o = sl_openssl(p);
	const EVP_MD *md = o->md[hash];
	size_t hash_len = (size_t)EVP_MD_get_size(md);
	uint8_t padded[BLOCK_MAX] = { 0 }, inner[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx;
	bool ok;

	if (o->fips || key_len > (size_t)EVP_MD_get_block_size(md))
		return hmac_of_module(o, hash, key, key_len, data, len, out);
	ctx = EVP_MD_CTX_new();
	if (key_len)
		memcpy(padded, key, key_len);
	ok = ctx && half(ctx, md, padded, 0x36, data, len, inner) &&
	     half(ctx, md, padded, 0x36 ^ 0x5c, inner, hash_len, out);
	EVP_MD_CTX_free(ctx);
	sluice_wipe(padded, sizeof(padded));
	sluice_wipe(inner, sizeof(inner));
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
