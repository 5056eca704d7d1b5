// SPDX-License-Identifier: MIT
#include "wrapper.h"

#include <stddef.h>
#include <string.h>

static struct wrapper *of(const struct sluice_provider *p)
{
	/* the table lies in a wrapper that is not const */
	return (struct wrapper *)(uintptr_t)p;
}

static bool fails(struct wrapper *w)
{
	return ++w->calls == w->fail_at;
}

static int w_random(const struct sluice_provider *p, uint8_t *out, size_t len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	if (w->random)
		return w->random(w->ctx, out, len);
	return w->real->random(w->real, out, len);
}

static struct sluice_hash_ctx *w_hash_new(const struct sluice_provider *p,
					  enum sluice_hash hash)
{
	struct wrapper *w = of(p);
	struct sluice_hash_ctx *ctx;

	if (fails(w))
		return NULL;
	ctx = w->real->hash_new(w->real, hash);
	w->objects += !!ctx;
	return ctx;
}

static int w_hash_update(const struct sluice_provider *p,
			 struct sluice_hash_ctx *ctx,
			 const uint8_t *data, size_t len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	if (w->hashing)
		w->hashing(w->ctx, &data, &len);
	return w->real->hash_update(w->real, ctx, data, len);
}

static int w_hash_digest(const struct sluice_provider *p,
			 const struct sluice_hash_ctx *ctx, uint8_t *out)
{
	struct wrapper *w = of(p);

	return fails(w) ? -1 : w->real->hash_digest(w->real, ctx, out);
}

static struct sluice_hash_ctx *w_hash_clone(const struct sluice_provider *p,
					    const struct sluice_hash_ctx *from)
{
	struct wrapper *w = of(p);
	struct sluice_hash_ctx *ctx;

	if (fails(w))
		return NULL;
	ctx = w->real->hash_clone(w->real, from);
	w->objects += !!ctx;
	return ctx;
}

static void w_hash_free(const struct sluice_provider *p,
			struct sluice_hash_ctx *ctx)
{
	struct wrapper *w = of(p);

	w->objects -= !!ctx;
	w->real->hash_free(w->real, ctx);
}

static int w_hmac(const struct sluice_provider *p, enum sluice_hash hash,
		  const uint8_t *key, size_t key_len,
		  const uint8_t *data, size_t len, uint8_t *out)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	return w->real->hmac(w->real, hash, key, key_len, data, len, out);
}

static bool w_aead_offered(const struct sluice_provider *p,
			   enum sluice_aead aead)
{
	const struct sluice_provider *real = of(p)->real;

	return !real->aead_offered || real->aead_offered(real, aead);
}

static struct sluice_aead_ctx *w_aead_new(const struct sluice_provider *p,
					  enum sluice_aead aead,
					  const uint8_t *key)
{
	struct wrapper *w = of(p);
	struct sluice_aead_ctx *ctx;

	if (fails(w))
		return NULL;
	ctx = w->real->aead_new(w->real, aead, key);
	w->objects += !!ctx;
	return ctx;
}

static int w_aead_seal(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len,
		       uint8_t *data, size_t len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	if (w->sealing)
		w->sealing(w->ctx, data, len);
	return w->real->aead_seal(w->real, ctx, nonce, ad, ad_len, data, len);
}

static int w_aead_seal_from(const struct sluice_provider *p,
			    struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			    const uint8_t *ad, size_t ad_len,
			    const struct sluice_octets *pieces, size_t count,
			    uint8_t *out)
{
	struct wrapper *w = of(p);
	size_t len = 0;

	if (w->sealing) {
		for (; count; count--, pieces++) {
			memcpy(out + len, pieces->data, pieces->len);
			len += pieces->len;
		}
		return w_aead_seal(p, ctx, nonce, ad, ad_len, out, len);
	}
	if (fails(w))
		return -1;
	return w->real->aead_seal_from(w->real, ctx, nonce, ad, ad_len, pieces,
				       count, out);
}

static int w_aead_open(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len,
		       uint8_t *data, size_t len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	return w->real->aead_open(w->real, ctx, nonce, ad, ad_len, data, len);
}

static void w_aead_free(const struct sluice_provider *p,
			struct sluice_aead_ctx *ctx)
{
	struct wrapper *w = of(p);

	w->objects -= !!ctx;
	w->real->aead_free(w->real, ctx);
}

static bool w_group_offered(const struct sluice_provider *p, uint16_t group)
{
	return of(p)->real->group_offered(of(p)->real, group);
}

static struct sluice_kx *w_kx_new(const struct sluice_provider *p,
				  uint16_t group, uint8_t *share, size_t *len)
{
	struct wrapper *w = of(p);
	struct sluice_kx *kx;

	if (fails(w))
		return NULL;
	if (w->kx_new)
		return w->kx_new(w->ctx, group, share, len);
	kx = w->real->kx_new(w->real, group, share, len);
	w->objects += !!kx;
	return kx;
}

static struct sluice_kx *w_kx_load(const struct sluice_provider *p,
				   uint16_t group, const uint8_t *key,
				   size_t key_len, uint8_t *share, size_t *len)
{
	struct wrapper *w = of(p);
	struct sluice_kx *kx;

	if (fails(w))
		return NULL;
	kx = w->real->kx_load(w->real, group, key, key_len, share, len);
	w->objects += !!kx;
	return kx;
}

static int w_kx_finish(const struct sluice_provider *p, struct sluice_kx *kx,
		       const uint8_t *peer, size_t peer_len,
		       uint8_t *shared, size_t *shared_len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	if (w->kx_finish)
		return w->kx_finish(w->ctx, peer, peer_len, shared, shared_len);
	return w->real->kx_finish(w->real, kx, peer, peer_len, shared,
				  shared_len);
}

static int w_kx_respond(const struct sluice_provider *p, uint16_t group,
			const uint8_t *peer, size_t peer_len,
			uint8_t *share, size_t *share_len,
			uint8_t *shared, size_t *shared_len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	if (w->kx_respond)
		return w->kx_respond(w->ctx, peer, peer_len, share, share_len,
				     shared, shared_len);
	return w->real->kx_respond(w->real, group, peer, peer_len, share,
				   share_len, shared, shared_len);
}

static void w_kx_free(const struct sluice_provider *p, struct sluice_kx *kx)
{
	struct wrapper *w = of(p);

	if (w->kx_new)
		return;
	w->objects -= !!kx;
	w->real->kx_free(w->real, kx);
}

static bool w_scheme_offered(const struct sluice_provider *p, uint16_t scheme)
{
	const struct sluice_provider *real = of(p)->real;

	return !real->scheme_offered || real->scheme_offered(real, scheme);
}

static size_t w_credential_chain(const struct sluice_provider *p,
				 const struct sluice_credential *cred,
				 struct sluice_octets *chain)
{
	return of(p)->real->credential_chain(of(p)->real, cred, chain);
}

static const uint16_t *
w_credential_schemes(const struct sluice_provider *p,
		     const struct sluice_credential *cred)
{
	return of(p)->real->credential_schemes(of(p)->real, cred);
}

static bool w_credential_issued(const struct sluice_provider *p,
				const struct sluice_credential *cred,
				const uint8_t *name, size_t len)
{
	return of(p)->real->credential_issued(of(p)->real, cred, name, len);
}

static bool w_credential_matches(const struct sluice_provider *p,
				 const struct sluice_credential *cred,
				 const uint8_t *oid, size_t oid_len,
				 const uint8_t *values, size_t len)
{
	return of(p)->real->credential_matches(of(p)->real, cred, oid, oid_len,
					       values, len);
}

static const uint16_t *
w_credential_signatures(const struct sluice_provider *p,
			const struct sluice_credential *cred)
{
	return of(p)->real->credential_signatures(of(p)->real, cred);
}

static bool w_credential_staple(const struct sluice_provider *p,
				const struct sluice_credential *cred,
				struct sluice_octets *staple)
{
	return of(p)->real->credential_staple(of(p)->real, cred, staple);
}

static bool w_trust_name(const struct sluice_provider *p,
			 const struct sluice_trust *trust, size_t i,
			 struct sluice_octets *name)
{
	return of(p)->real->trust_name(of(p)->real, trust, i, name);
}

static int w_sign(const struct sluice_provider *p,
		  const struct sluice_credential *cred, uint16_t scheme,
		  const uint8_t *data, size_t len, uint8_t *sig,
		  size_t *sig_len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	return w->real->sign(w->real, cred, scheme, data, len, sig, sig_len);
}

static int w_verify_chain(const struct sluice_provider *p,
			  const struct sluice_trust *trust,
			  const struct sluice_octets *chain, size_t count,
			  const struct sluice_peer *peer,
			  struct sluice_pubkey **key, const char **reason)
{
	struct wrapper *w = of(p);
	int rc;

	if (fails(w))
		return -1;
	rc = w->real->verify_chain(w->real, trust, chain, count, peer, key,
				   reason);
	w->objects += !rc;
	return rc;
}

static int w_pubkey_new(const struct sluice_provider *p, const uint8_t *spki,
			size_t len, struct sluice_pubkey **key,
			const char **reason)
{
	struct wrapper *w = of(p);
	int rc;

	if (fails(w))
		return -1;
	rc = w->real->pubkey_new(w->real, spki, len, key, reason);
	w->objects += !rc;
	return rc;
}

static bool w_credential_key(const struct sluice_provider *p,
			     const struct sluice_credential *cred,
			     struct sluice_octets *key)
{
	struct wrapper *w = of(p);

	return w->real->credential_key(w->real, cred, key);
}

static int w_verify_signature(const struct sluice_provider *p,
			      const struct sluice_pubkey *key, uint16_t scheme,
			      const uint8_t *data, size_t len,
			      const uint8_t *sig, size_t sig_len)
{
	struct wrapper *w = of(p);

	if (fails(w))
		return -1;
	return w->real->verify_signature(w->real, key, scheme, data, len, sig,
					 sig_len);
}

static void w_pubkey_free(const struct sluice_provider *p,
			  struct sluice_pubkey *key)
{
	struct wrapper *w = of(p);

	w->objects -= !!key;
	w->real->pubkey_free(w->real, key);
}

void wrapper_init(struct wrapper *w, const struct sluice_provider *real)
{
	*w = (struct wrapper){
		.real = real,
		.table = {
			.name = "wrapper",
			.random = w_random,
			.hash_new = w_hash_new,
			.hash_update = w_hash_update,
			.hash_digest = w_hash_digest,
			.hash_clone = w_hash_clone,
			.hash_free = w_hash_free,
			.hmac = w_hmac,
			.aead_offered = w_aead_offered,
			.aead_new = w_aead_new,
			.aead_seal = w_aead_seal,
			.aead_seal_from = real->aead_seal_from ?
					  w_aead_seal_from : NULL,
			.aead_open = w_aead_open,
			.aead_free = w_aead_free,
			.group_offered = w_group_offered,
			.kx_new = w_kx_new,
			.kx_finish = w_kx_finish,
			.kx_respond = w_kx_respond,
			.kx_free = w_kx_free,
			.kx_load = real->kx_load ? w_kx_load : NULL,
			.scheme_offered = w_scheme_offered,
			.credential_chain = w_credential_chain,
			.credential_schemes = w_credential_schemes,
			.credential_issued = w_credential_issued,
			.credential_matches = w_credential_matches,
			.credential_signatures = w_credential_signatures,
			.credential_staple = w_credential_staple,
			.trust_name = w_trust_name,
			.sign = w_sign,
			.checks_staples = real->checks_staples,
			.verify_chain = w_verify_chain,
			.credential_key = real->credential_key ?
					  w_credential_key : NULL,
			.pubkey_new = real->pubkey_new ? w_pubkey_new : NULL,
			.verify_signature = w_verify_signature,
			.pubkey_free = w_pubkey_free,
		},
	};
}
