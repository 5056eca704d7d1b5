// SPDX-License-Identifier: MIT
#include "secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "constant_time.h"
#include "sluice/sluice.h"

#define SECRETS_MAX	4096
#define PIECE		16

static struct {
	uint8_t data[SLUICE_SHARED_MAX];
	size_t len;
} known[SECRETS_MAX];
static size_t count;

static struct sluice_provider saved;
void (*secrets_run)(void (*fn)(void *arg), void *arg);
void (*secrets_called)(void);
bool secrets_undefined;

static void hide(const void *mem, size_t len)
{
	if (secrets_undefined)
		sl_classify(mem, len);
}

static void show(const void *mem, size_t len)
{
	if (secrets_undefined)
		sl_declassify(mem, len);
}

void secrets_add(const uint8_t *data, size_t len)
{
	if (len < PIECE || len > sizeof(known[0].data))
		return;
	/* both sides come by most of them */
	for (size_t i = 0; i < count; i++) {
		if (known[i].len == len && !memcmp(known[i].data, data, len))
			return;
	}
	if (count == SECRETS_MAX) {
		fprintf(stderr, "too many secrets\n");
		abort();
	}
	memcpy(known[count].data, data, len);
	known[count++].len = len;
}

void secrets_forget(size_t but)
{
	count = but;
}

size_t secrets_count(void)
{
	return count;
}

void secrets_allow(const uint8_t *data, size_t len)
{
	size_t i, kept = 0;

	for (i = 0; i < count; i++) {
		if (!memmem(data, len, known[i].data, PIECE))
			known[kept++] = known[i];
	}
	count = kept;
}

/*
 * One pass over the memory: what two octets say goes before what sixteen do.
 * Memory that others call poisoned may be looked at, too.
 */
__attribute__((no_sanitize("address")))
static bool same(const uint8_t *a, const uint8_t *b)
{
	size_t n = 0;

	while (n < PIECE && a[n] == b[n])
		n++;
	return n == PIECE;
}

static size_t find(const uint8_t *mem, bool *found)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t at = 0; at + PIECE <= known[i].len; at += PIECE) {
			if (found[i] || !same(mem, known[i].data + at))
				continue;
			found[i] = true;
			n++;
		}
	}
	return n;
}

__attribute__((no_sanitize("address")))
size_t secrets_found(const void *memory, size_t len)
{
	static bool begins[65536], found[SECRETS_MAX];
	const uint8_t *mem = memory;
	size_t n = 0;

	memset(begins, 0, sizeof(begins));
	memset(found, 0, sizeof(found));
	for (size_t i = 0; i < count; i++) {
		for (size_t at = 0; at + PIECE <= known[i].len; at += PIECE)
			begins[known[i].data[at] << 8 |
			       known[i].data[at + 1]] = true;
	}
	for (size_t i = 0; i + PIECE <= len; i++) {
		if (begins[mem[i] << 8 | mem[i + 1]])
			n += find(mem + i, found);
	}
	return n;
}

/* Of what was decrypted, as the server's tickets are: looked for in a copy. */
static void hide_known(uint8_t *data, size_t len)
{
	uint8_t copy[SLUICE_RECORD_MAX];

	if (!secrets_undefined || len > sizeof(copy))
		return;
	memcpy(copy, data, len);
	for (size_t i = 0; i < count; i++) {
		uint8_t *at = memmem(copy, len, known[i].data, known[i].len);

		if (at)
			hide(data + (at - copy), known[i].len);
	}
}

static void called(void)
{
	if (secrets_called)
		secrets_called();
}

static void run(void (*fn)(void *arg), void *arg)
{
	called();
	if (secrets_run)
		secrets_run(fn, arg);
	else
		fn(arg);
}

struct hmac_call {
	const struct sluice_provider *p;
	enum sluice_hash hash;
	const uint8_t *key, *data;
	size_t key_len, len;
	uint8_t *out;
	int rc;
};

/* Everybody can compute what early data depends on: early.c. */
static bool is_known(const uint8_t *key, size_t len)
{
	return len == 10 && !memcmp(key, "early data", 10);
}

static void do_hmac(void *arg)
{
	struct hmac_call *a = arg;
	uint8_t key[SLUICE_PSK_MAX + SLUICE_HASH_MAX], data[1024];

	/* copies, as what the caller has stays secret */
	if (a->key_len > sizeof(key) || a->len > sizeof(data))
		abort();
	if (a->key_len)
		memcpy(key, a->key, a->key_len);
	if (a->len)
		memcpy(data, a->data, a->len);
	show(key, sizeof(key));
	show(data, sizeof(data));
	a->rc = saved.hmac(a->p, a->hash, key, a->key_len, data, a->len,
			   a->out);
	if (a->rc || is_known(a->key, a->key_len))
		return;
	secrets_add(a->out, a->hash == SLUICE_SHA256 ? 32 : 48);
	hide(a->out, a->hash == SLUICE_SHA256 ? 32 : 48);
}

static int s_hmac(const struct sluice_provider *p, enum sluice_hash hash,
		  const uint8_t *key, size_t key_len,
		  const uint8_t *data, size_t len, uint8_t *out)
{
	struct hmac_call a = {
		.p = p, .hash = hash, .key = key, .key_len = key_len,
		.data = data, .len = len, .out = out,
	};

	run(do_hmac, &a);
	return a.rc;
}

struct aead_call {
	const struct sluice_provider *p;
	enum sluice_aead aead;
	const uint8_t *key;
	struct sluice_aead_ctx *ctx;
};

static void do_aead_new(void *arg)
{
	struct aead_call *a = arg;
	size_t len = a->aead == SLUICE_AEAD_AES_128_GCM ? 16 : 32;
	uint8_t key[32];

	memcpy(key, a->key, len);
	show(key, len);
	a->ctx = saved.aead_new(a->p, a->aead, key);
}

static struct sluice_aead_ctx *s_aead_new(const struct sluice_provider *p,
					  enum sluice_aead aead,
					  const uint8_t *key)
{
	struct aead_call a = { .p = p, .aead = aead, .key = key };

	run(do_aead_new, &a);
	return a.ctx;
}

static int s_aead_seal(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len,
		       uint8_t *data, size_t len)
{
	uint8_t n[12];
	int rc;

	called();
	memcpy(n, nonce, sizeof(n));
	show(n, sizeof(n));
	/* what goes out is for everybody to see, once it is encrypted */
	show(data, len);
	rc = saved.aead_seal(p, ctx, n, ad, ad_len, data, len);
	return rc;
}

static int s_aead_open(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len,
		       uint8_t *data, size_t len)
{
	uint8_t n[12];
	int rc;

	called();
	memcpy(n, nonce, sizeof(n));
	show(n, sizeof(n));
	rc = saved.aead_open(p, ctx, n, ad, ad_len, data, len);
	if (!rc)
		hide_known(data, len);
	return rc;
}

/* What is sent in the clear is no secret: a binder, in ClientHello. */
static int s_hash_update(const struct sluice_provider *p,
			 struct sluice_hash_ctx *ctx,
			 const uint8_t *data, size_t len)
{
	called();
	show(data, len);
	return saved.hash_update(p, ctx, data, len);
}

struct kx_call {
	const struct sluice_provider *p;
	struct sluice_kx *kx;
	uint16_t group;
	const uint8_t *peer;
	size_t peer_len;
	uint8_t *share, *shared;
	size_t *share_len, *shared_len;
	int rc;
};

static void do_kx(void *arg)
{
	struct kx_call *a = arg;

	if (a->kx)
		a->rc = saved.kx_finish(a->p, a->kx, a->peer, a->peer_len,
					a->shared, a->shared_len);
	else
		a->rc = saved.kx_respond(a->p, a->group, a->peer, a->peer_len,
					 a->share, a->share_len, a->shared,
					 a->shared_len);
	if (a->rc)
		return;
	secrets_add(a->shared, *a->shared_len);
	hide(a->shared, *a->shared_len);
}

static int s_kx_finish(const struct sluice_provider *p, struct sluice_kx *kx,
		       const uint8_t *peer, size_t peer_len,
		       uint8_t *shared, size_t *shared_len)
{
	struct kx_call a = {
		.p = p, .kx = kx, .peer = peer, .peer_len = peer_len,
		.shared = shared, .shared_len = shared_len,
	};

	run(do_kx, &a);
	return a.rc;
}

static int s_kx_respond(const struct sluice_provider *p, uint16_t group,
			const uint8_t *peer, size_t peer_len,
			uint8_t *share, size_t *share_len,
			uint8_t *shared, size_t *shared_len)
{
	struct kx_call a = {
		.p = p, .group = group, .peer = peer, .peer_len = peer_len,
		.share = share, .share_len = share_len,
		.shared = shared, .shared_len = shared_len,
	};

	run(do_kx, &a);
	return a.rc;
}

void secrets_watch(struct wrapper *w)
{
	saved = w->table;
	w->table.hmac = s_hmac;
	w->table.aead_new = s_aead_new;
	w->table.aead_seal = s_aead_seal;
	w->table.aead_seal_from = NULL;
	w->table.aead_open = s_aead_open;
	w->table.hash_update = s_hash_update;
	w->table.kx_finish = s_kx_finish;
	w->table.kx_respond = s_kx_respond;
}
