// SPDX-License-Identifier: MIT
#include "recorder.h"

#include <string.h>

#include "bench.h"
#include "sluice/sluice.h"

enum function {
	RANDOM,
	HASH_NEW, HASH_UPDATE, HASH_DIGEST, HASH_CLONE, HASH_FREE, HMAC,
	AEAD_NEW, AEAD_SEAL, AEAD_SEAL_FROM, AEAD_OPEN, AEAD_FREE,
	KX_NEW, KX_FINISH, KX_RESPOND, KX_FREE,
	SIGN, VERIFY_CHAIN, VERIFY_SIGNATURE, PUBKEY_FREE,
};

static struct recorder *running;

static struct recorded *record(const struct sluice_provider *p,
			       enum function function)
{
	struct recorder *r = running;

	CHECK(r->count < RECORDER_CALLS);
	r->calls[r->count] = (struct recorded){
		.provider = p, .function = function,
	};
	return &r->calls[r->count++];
}

static struct sluice_octets copy(const uint8_t *data, size_t len)
{
	uint8_t *mem = malloc(len + 1);

	CHECK(mem);
	if (len)
		memcpy(mem, data, len);
	return (struct sluice_octets){ mem, len };
}

static void release(struct sluice_octets octets)
{
	free((void *)(uintptr_t)octets.data);
}

static size_t number(void *object)
{
	struct recorder *r = running;

	CHECK(object && r->object_count < RECORDER_CALLS);
	r->objects[r->object_count++] = object;
	return r->object_count;
}

/* The newest that was there: memory is used again. */
static size_t known(const void *object)
{
	const struct recorder *r = running;
	size_t n = object ? r->object_count : 0;

	while (n && r->objects[n - 1] != object)
		n--;
	return n;
}

static int r_random(const struct sluice_provider *p, uint8_t *out, size_t len)
{

	record(p, RANDOM)->a.len = len;
	return running->table.random(p, out, len);
}

static struct sluice_hash_ctx *r_hash_new(const struct sluice_provider *p,
					  enum sluice_hash hash)
{
	struct recorded *call = record(p, HASH_NEW);
	struct sluice_hash_ctx *ctx = running->table.hash_new(p, hash);

	call->kind = hash;
	call->made = number(ctx);
	return ctx;
}

static int r_hash_update(const struct sluice_provider *p,
			 struct sluice_hash_ctx *ctx,
			 const uint8_t *data, size_t len)
{
	struct recorded *call = record(p, HASH_UPDATE);

	call->object = known(ctx);
	call->a = copy(data, len);
	return running->table.hash_update(p, ctx, data, len);
}

static int r_hash_digest(const struct sluice_provider *p,
			 const struct sluice_hash_ctx *ctx, uint8_t *out)
{

	record(p, HASH_DIGEST)->object = known(ctx);
	return running->table.hash_digest(p, ctx, out);
}

static struct sluice_hash_ctx *r_hash_clone(const struct sluice_provider *p,
					    const struct sluice_hash_ctx *from)
{
	struct recorded *call = record(p, HASH_CLONE);
	struct sluice_hash_ctx *ctx = running->table.hash_clone(p, from);

	call->object = known(from);
	call->made = number(ctx);
	return ctx;
}

static void r_hash_free(const struct sluice_provider *p,
			struct sluice_hash_ctx *ctx)
{

	record(p, HASH_FREE)->object = known(ctx);
	running->table.hash_free(p, ctx);
}

static int r_hmac(const struct sluice_provider *p, enum sluice_hash hash,
		  const uint8_t *key, size_t key_len,
		  const uint8_t *data, size_t len, uint8_t *out)
{
	struct recorded *call = record(p, HMAC);

	call->kind = hash;
	call->a = copy(key, key_len);
	call->b = copy(data, len);
	return running->table.hmac(p, hash, key, key_len, data, len, out);
}

static struct sluice_aead_ctx *r_aead_new(const struct sluice_provider *p,
					  enum sluice_aead aead,
					  const uint8_t *key)
{
	struct recorded *call = record(p, AEAD_NEW);
	struct sluice_aead_ctx *ctx = running->table.aead_new(p, aead, key);

	call->kind = aead;
	call->a = copy(key, aead == SLUICE_AEAD_AES_128_GCM ? 16 : 32);
	call->made = number(ctx);
	return ctx;
}

static struct recorded *record_aead(const struct sluice_provider *p,
				    enum function function,
				    const struct sluice_aead_ctx *ctx,
				    const uint8_t *nonce,
				    const uint8_t *ad, size_t ad_len)
{
	struct recorded *call = record(p, function);

	call->object = known(ctx);
	call->a = copy(nonce, 12);
	call->b = copy(ad, ad_len);
	return call;
}

static void record_work(struct recorded *call, size_t len)
{
	call->work = malloc(len + 16);
	CHECK(call->work);
}

static void record_in_place(const struct sluice_provider *p,
			    enum function function,
			    struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			    const uint8_t *ad, size_t ad_len,
			    const uint8_t *data, size_t len)
{
	struct recorded *call = record_aead(p, function, ctx, nonce, ad, ad_len);

	call->c = copy(data, len);
	record_work(call, len);
}

static int r_aead_seal(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len,
		       uint8_t *data, size_t len)
{
	record_in_place(p, AEAD_SEAL, ctx, nonce, ad, ad_len, data, len);
	return running->table.aead_seal(p, ctx, nonce, ad, ad_len, data, len);
}

static int r_aead_open(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len,
		       uint8_t *data, size_t len)
{
	record_in_place(p, AEAD_OPEN, ctx, nonce, ad, ad_len, data, len);
	return running->table.aead_open(p, ctx, nonce, ad, ad_len, data, len);
}

static void record_list(struct recorded *call, const struct sluice_octets *list,
			size_t count)
{
	CHECK(count <= SLUICE_CHAIN_MAX);
	for (; call->count < count; call->count++, list++)
		call->list[call->count] = copy(list->data, list->len);
}

static int r_aead_seal_from(const struct sluice_provider *p,
			    struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			    const uint8_t *ad, size_t ad_len,
			    const struct sluice_octets *pieces, size_t count,
			    uint8_t *out)
{
	struct recorded *call = record_aead(p, AEAD_SEAL_FROM, ctx, nonce, ad,
					    ad_len);
	size_t len = 0;

	record_list(call, pieces, count);
	for (size_t i = 0; i < count; i++)
		len += pieces[i].len;
	record_work(call, len);
	return running->table.aead_seal_from(p, ctx, nonce, ad, ad_len, pieces,
				       count, out);
}

static void r_aead_free(const struct sluice_provider *p,
			struct sluice_aead_ctx *ctx)
{

	record(p, AEAD_FREE)->object = known(ctx);
	running->table.aead_free(p, ctx);
}

static struct sluice_kx *r_kx_new(const struct sluice_provider *p,
				  uint16_t group, uint8_t *share, size_t *len)
{
	struct recorded *call = record(p, KX_NEW);
	struct sluice_kx *kx = running->table.kx_new(p, group, share, len);

	call->kind = group;
	call->made = number(kx);
	return kx;
}

static int r_kx_finish(const struct sluice_provider *p, struct sluice_kx *kx,
		       const uint8_t *peer, size_t peer_len,
		       uint8_t *shared, size_t *shared_len)
{
	struct recorded *call = record(p, KX_FINISH);

	call->object = known(kx);
	call->a = copy(peer, peer_len);
	return running->table.kx_finish(p, kx, peer, peer_len, shared,
				  shared_len);
}

static int r_kx_respond(const struct sluice_provider *p, uint16_t group,
			const uint8_t *peer, size_t peer_len,
			uint8_t *share, size_t *share_len,
			uint8_t *shared, size_t *shared_len)
{
	struct recorded *call = record(p, KX_RESPOND);

	call->kind = group;
	call->a = copy(peer, peer_len);
	return running->table.kx_respond(p, group, peer, peer_len, share,
				   share_len, shared, shared_len);
}

static void r_kx_free(const struct sluice_provider *p, struct sluice_kx *kx)
{

	record(p, KX_FREE)->object = known(kx);
	running->table.kx_free(p, kx);
}

static int r_sign(const struct sluice_provider *p,
		  const struct sluice_credential *cred, uint16_t scheme,
		  const uint8_t *data, size_t len, uint8_t *sig,
		  size_t *sig_len)
{
	struct recorded *call = record(p, SIGN);

	call->given = cred;
	call->kind = scheme;
	call->a = copy(data, len);
	return running->table.sign(p, cred, scheme, data, len, sig, sig_len);
}

static int r_verify_chain(const struct sluice_provider *p,
			  const struct sluice_trust *trust,
			  const struct sluice_octets *chain, size_t count,
			  const struct sluice_peer *peer,
			  struct sluice_pubkey **key, const char **reason)
{
	struct recorded *call = record(p, VERIFY_CHAIN);

	/* there is no staple, and the name is the configuration's */
	call->given = trust;
	call->peer = *peer;
	record_list(call, chain, count);
	CHECK(!running->table.verify_chain(p, trust, chain, count, peer, key,
				     reason));
	call->made = number(*key);
	return 0;
}

static int r_verify_signature(const struct sluice_provider *p,
			      const struct sluice_pubkey *key, uint16_t scheme,
			      const uint8_t *data, size_t len,
			      const uint8_t *sig, size_t sig_len)
{
	struct recorded *call = record(p, VERIFY_SIGNATURE);

	call->object = known(key);
	call->kind = scheme;
	call->a = copy(data, len);
	call->b = copy(sig, sig_len);
	return running->table.verify_signature(p, key, scheme, data, len, sig,
					 sig_len);
}

static void r_pubkey_free(const struct sluice_provider *p,
			  struct sluice_pubkey *key)
{

	record(p, PUBKEY_FREE)->object = known(key);
	running->table.pubkey_free(p, key);
}

/* What is looked up goes on as it did. */
static void hook(struct sluice_provider *t)
{
	t->random = r_random;
	t->hash_new = r_hash_new;
	t->hash_update = r_hash_update;
	t->hash_digest = r_hash_digest;
	t->hash_clone = r_hash_clone;
	t->hash_free = r_hash_free;
	t->hmac = r_hmac;
	t->aead_new = r_aead_new;
	t->aead_seal = r_aead_seal;
	t->aead_seal_from = r_aead_seal_from;
	t->aead_open = r_aead_open;
	t->aead_free = r_aead_free;
	t->kx_new = r_kx_new;
	t->kx_finish = r_kx_finish;
	t->kx_respond = r_kx_respond;
	t->kx_free = r_kx_free;
	t->sign = r_sign;
	t->verify_chain = r_verify_chain;
	t->verify_signature = r_verify_signature;
	t->pubkey_free = r_pubkey_free;
}

/* The providers' own tables, which are not const where they were allocated. */
static struct sluice_provider *table_of(const struct sluice_provider *p)
{
	return (struct sluice_provider *)(uintptr_t)p;
}

void recorder_start(struct recorder *r, const struct sluice_provider *client,
		    const struct sluice_provider *server)
{
	*r = (struct recorder){
		.providers = { client, server }, .table = *client,
	};
	running = r;
	hook(table_of(client));
	hook(table_of(server));
}

void recorder_stop(struct recorder *r)
{
	for (int i = 0; i < 2; i++)
		*table_of(r->providers[i]) = r->table;
	running = NULL;
}

void recorder_prepare(struct recorder *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct recorded *call = &r->calls[i];

		if (call->c.len)
			memcpy(call->work, call->c.data, call->c.len);
	}
}

static void make(struct recorder *r, const struct recorded *call, void *object)
{
	CHECK(object);
	r->objects[call->made - 1] = object;
}

static void repeat(struct recorder *r, const struct recorded *call)
{
	static uint8_t out[SLUICE_SIGNATURE_MAX], more[SLUICE_SHARE_MAX];
	const struct sluice_provider *p = call->provider;
	void *object = call->object ? r->objects[call->object - 1] : NULL;
	struct sluice_pubkey *key;
	const char *reason;
	size_t len, more_len;

	switch ((enum function)call->function) {
	case RANDOM:
		CHECK(!p->random(p, out, call->a.len));
		break;
	case HASH_NEW:
		make(r, call, p->hash_new(p, (enum sluice_hash)call->kind));
		break;
	case HASH_UPDATE:
		CHECK(!p->hash_update(p, object, call->a.data, call->a.len));
		break;
	case HASH_DIGEST:
		CHECK(!p->hash_digest(p, object, out));
		break;
	case HASH_CLONE:
		make(r, call, p->hash_clone(p, object));
		break;
	case HASH_FREE:
		p->hash_free(p, object);
		break;
	case HMAC:
		CHECK(!p->hmac(p, (enum sluice_hash)call->kind, call->a.data,
			       call->a.len, call->b.data, call->b.len, out));
		break;
	case AEAD_NEW:
		make(r, call, p->aead_new(p, (enum sluice_aead)call->kind,
					  call->a.data));
		break;
	case AEAD_SEAL:
		CHECK(!p->aead_seal(p, object, call->a.data, call->b.data,
				    call->b.len, call->work, call->c.len));
		break;
	case AEAD_SEAL_FROM:
		CHECK(!p->aead_seal_from(p, object, call->a.data, call->b.data,
					 call->b.len, call->list, call->count,
					 call->work));
		break;
	case AEAD_OPEN:
		CHECK(!p->aead_open(p, object, call->a.data, call->b.data,
				    call->b.len, call->work, call->c.len));
		break;
	case AEAD_FREE:
		p->aead_free(p, object);
		break;
	case KX_NEW:
		make(r, call, p->kx_new(p, (uint16_t)call->kind, out, &len));
		break;
	case KX_FINISH:
		CHECK(!p->kx_finish(p, object, call->a.data, call->a.len, out,
				    &len));
		break;
	case KX_RESPOND:
		CHECK(!p->kx_respond(p, (uint16_t)call->kind, call->a.data,
				     call->a.len, out, &len, more, &more_len));
		break;
	case KX_FREE:
		p->kx_free(p, object);
		break;
	case SIGN:
		CHECK(!p->sign(p, call->given, (uint16_t)call->kind,
			       call->a.data, call->a.len, out, &len));
		break;
	case VERIFY_CHAIN:
		CHECK(!p->verify_chain(p, call->given, call->list, call->count,
				       &call->peer, &key, &reason));
		make(r, call, key);
		break;
	case VERIFY_SIGNATURE:
		CHECK(!p->verify_signature(p, object, (uint16_t)call->kind,
					   call->a.data, call->a.len,
					   call->b.data, call->b.len));
		break;
	case PUBKEY_FREE:
		p->pubkey_free(p, object);
		break;
	}
}

void recorder_replay(struct recorder *r)
{
	for (size_t i = 0; i < r->count; i++)
		repeat(r, &r->calls[i]);
}

void recorder_free(struct recorder *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct recorded *call = &r->calls[i];

		release(call->a);
		release(call->b);
		release(call->c);
		for (size_t j = 0; j < call->count; j++)
			release(call->list[j]);
		free(call->work);
	}
}
