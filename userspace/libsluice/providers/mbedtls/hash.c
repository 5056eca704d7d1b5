// SPDX-License-Identifier: MIT
/* Hashes and HMAC by Mbed TLS. */
#include <mbedtls/md.h>
#include <stdlib.h>

#include "internal.h"

static const mbedtls_md_info_t *info_of(enum sluice_hash hash)
{
	return mbedtls_md_info_from_type(hash == SLUICE_SHA256 ?
					 MBEDTLS_MD_SHA256 : MBEDTLS_MD_SHA384);
}

static void hash_free(const struct sluice_provider *p,
		      struct sluice_hash_ctx *ctx)
{
	(void)p;
	if (!ctx)
		return;
	mbedtls_md_free((mbedtls_md_context_t *)ctx);
	free(ctx);
}

static mbedtls_md_context_t *make(const mbedtls_md_info_t *info)
{
	mbedtls_md_context_t *md = malloc(sizeof(*md));

	if (!md)
		return NULL;
	mbedtls_md_init(md);
	if (mbedtls_md_setup(md, info, 0) || mbedtls_md_starts(md)) {
		hash_free(NULL, (struct sluice_hash_ctx *)md);
		return NULL;
	}
	return md;
}

static struct sluice_hash_ctx *hash_new(const struct sluice_provider *p,
					enum sluice_hash hash)
{
	(void)p;
	return (struct sluice_hash_ctx *)make(info_of(hash));
}

static int hash_update(const struct sluice_provider *p,
		       struct sluice_hash_ctx *ctx,
		       const uint8_t *data, size_t len)
{
	(void)p;
	return mbedtls_md_update((mbedtls_md_context_t *)ctx, data, len) ?
	       -1 : 0;
}

static struct sluice_hash_ctx *hash_clone(const struct sluice_provider *p,
					  const struct sluice_hash_ctx *ctx)
{
	const mbedtls_md_context_t *from = (const mbedtls_md_context_t *)ctx;
	mbedtls_md_context_t *md =
		make(mbedtls_md_info_from_ctx(from));

	if (md && mbedtls_md_clone(md, from)) {
		hash_free(p, (struct sluice_hash_ctx *)md);
		md = NULL;
	}
	return (struct sluice_hash_ctx *)md;
}

static int hash_digest(const struct sluice_provider *p,
		       const struct sluice_hash_ctx *ctx, uint8_t *out)
{
	struct sluice_hash_ctx *copy = hash_clone(p, ctx);
	bool ok = copy && !mbedtls_md_finish((mbedtls_md_context_t *)copy, out);

	hash_free(p, copy);
	return ok ? 0 : -1;
}

static int hmac(const struct sluice_provider *p, enum sluice_hash hash,
		const uint8_t *key, size_t key_len,
		const uint8_t *data, size_t len, uint8_t *out)
{
	(void)p;
	return mbedtls_md_hmac(info_of(hash), key ? key : (const uint8_t *)"",
			       key_len, data, len, out) ? -1 : 0;
}

void sl_mbedtls_hash_table(struct sluice_provider *table)
{
	table->hash_new = hash_new;
	table->hash_update = hash_update;
	table->hash_digest = hash_digest;
	table->hash_clone = hash_clone;
	table->hash_free = hash_free;
	table->hmac = hmac;
}
