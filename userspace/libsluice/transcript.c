// SPDX-License-Identifier: MIT
#include "transcript.h"

#include "conn.h"
#include "tls12.h"

bool sl_hash(struct sluice_conn *c, enum sluice_hash hash,
	     const struct sluice_octets *parts, size_t count, uint8_t *out)
{
	struct sluice_hash_ctx *ctx = c->p->hash_new(c->p, hash);
	bool ok = ctx;

	for (; ok && count; count--, parts++)
		ok = !parts->len ||
		     !c->p->hash_update(c->p, ctx, parts->data, parts->len);
	ok = ok && !c->p->hash_digest(c->p, ctx, out);
	c->p->hash_free(c->p, ctx);
	return ok || sl_internal(c, "the provider cannot hash");
}

bool sl_transcript_start(struct sluice_conn *c, enum sluice_hash hash)
{
	struct sl_transcript *t = &c->hs->transcript;

	if (t->ctx[hash])
		return true;
	t->ctx[hash] = c->p->hash_new(c->p, hash);
	return t->ctx[hash] || sl_internal(c, "the provider has no hash");
}

static void drop(struct sluice_conn *c, unsigned int hash)
{
	c->p->hash_free(c->p, c->hs->transcript.ctx[hash]);
	c->hs->transcript.ctx[hash] = NULL;
}

void sl_transcript_choose(struct sluice_conn *c, enum sluice_hash hash)
{
	unsigned int i;

	for (i = 0; i < SL_HASHES; i++) {
		if (i != (unsigned int)hash)
			drop(c, i);
	}
}

void sl_transcript_free(struct sluice_conn *c)
{
	unsigned int i;

	for (i = 0; i < SL_HASHES; i++)
		drop(c, i);
}

bool sl_transcript_add(struct sluice_conn *c, const uint8_t *data, size_t len)
{
	struct sl_transcript *t = &c->hs->transcript;
	unsigned int i;

	if (c->hs->tls12.raw_size)
		sl_tls12_raw_add(c, data, len);
	for (i = 0; i < SL_HASHES; i++) {
		if (t->ctx[i] && c->p->hash_update(c->p, t->ctx[i], data, len))
			return sl_internal(c, "the provider cannot hash");
	}
	return true;
}

bool sl_transcript_hash(struct sluice_conn *c, enum sluice_hash hash,
			const uint8_t *more, size_t len, uint8_t *out)
{
	struct sluice_hash_ctx *ctx = c->hs->transcript.ctx[hash];
	struct sluice_hash_ctx *copy;
	bool ok;

	if (!len) {
		ok = !c->p->hash_digest(c->p, ctx, out);
	} else {
		copy = c->p->hash_clone(c->p, ctx);
		ok = copy && !c->p->hash_update(c->p, copy, more, len) &&
		     !c->p->hash_digest(c->p, copy, out);
		c->p->hash_free(c->p, copy);
	}
	return ok || sl_internal(c, "the provider cannot hash");
}

bool sl_transcript_retry(struct sluice_conn *c)
{
	uint8_t message[4 + SLUICE_HASH_MAX] = { SL_MESSAGE_HASH };
	size_t len = c->suite->hash_len;

	message[3] = (uint8_t)len;
	if (!sl_transcript_hash(c, c->suite->hash, NULL, 0, message + 4))
		return false;
	sl_transcript_free(c);
	return sl_transcript_start(c, c->suite->hash) &&
	       sl_transcript_add(c, message, 4 + len);
}
