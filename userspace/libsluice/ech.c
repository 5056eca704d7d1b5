// SPDX-License-Identifier: MIT
#include "ech.h"

#include "conn.h"

/* The transcript with a message in which some octets are zeros. */
static bool hash_without(struct sluice_conn *c, const uint8_t *message,
			 size_t len, size_t at, uint8_t *out)
{
	static const uint8_t zeros[SL_ECH_CONFIRMATION_LEN];
	const size_t behind = at + sizeof(zeros);
	struct sluice_hash_ctx *ctx;
	bool ok;

	ctx = c->p->hash_clone(c->p, c->hs->transcript.ctx[c->suite->hash]);
	ok = ctx && !c->p->hash_update(c->p, ctx, message, at) &&
	     !c->p->hash_update(c->p, ctx, zeros, sizeof(zeros)) &&
	     (behind == len ||
	      !c->p->hash_update(c->p, ctx, message + behind, len - behind)) &&
	     !c->p->hash_digest(c->p, ctx, out);
	c->p->hash_free(c->p, ctx);
	return ok || sl_internal(c, "the provider cannot hash");
}

bool sl_ech_confirmation(struct sluice_conn *c, bool retry,
			 const uint8_t *message, size_t len, size_t at,
			 uint8_t out[SL_ECH_CONFIRMATION_LEN])
{
	static const uint8_t zeros[SLUICE_HASH_MAX];
	uint8_t hash[SLUICE_HASH_MAX], secret[SLUICE_HASH_MAX];
	bool ok;

	if (!hash_without(c, message, len, at, hash))
		return false;
	if (c->p->hmac(c->p, c->suite->hash, zeros, c->suite->hash_len,
		       c->hs->client_random, SL_RANDOM_LEN, secret))
		return sl_internal(c, "the provider cannot compute an HMAC");
	ok = sl_expand_label(c, c->suite, secret,
			     retry ? "hrr ech accept confirmation" :
				     "ech accept confirmation",
			     hash, c->suite->hash_len, out,
			     SL_ECH_CONFIRMATION_LEN);
	sluice_wipe(secret, sizeof(secret));
	return ok;
}

void sl_ech_log(struct sluice_conn *c, const uint8_t *outer_random)
{
	const struct sl_ech *ech = &c->hs->ech;

	sl_log_line(c, "ECH_SECRET", outer_random, ech->hpke.shared,
		    sizeof(ech->hpke.shared));
	sl_log_line(c, "ECH_CONFIG", outer_random, ech->config.whole.data,
		    ech->config.whole.len);
}

void sl_ech_drop_outer(struct sluice_conn *c)
{
	struct sl_transcript *outer = &c->hs->ech.outer;
	unsigned int i;

	for (i = 0; i < SL_HASHES; i++) {
		c->p->hash_free(c->p, outer->ctx[i]);
		outer->ctx[i] = NULL;
	}
}

void sl_ech_free(struct sluice_conn *c)
{
	sl_hpke_free(c->p, &c->hs->ech.hpke);
	sl_ech_drop_outer(c);
}
