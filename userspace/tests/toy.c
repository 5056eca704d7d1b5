// SPDX-License-Identifier: MIT
#include "toy.h"

#include <string.h>

#include "sluice/sluice.h"

#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define MSAN
#endif
#endif

#define TAG_LEN		16
#define SIG_LEN		64
#define PRIME		0x1fffffffffffffffULL	/* 2^61 - 1 */

/* A running hash: also of what a cipher or a signature is made of. */
struct mix {
	uint64_t state[4];
	uint64_t count;
};

struct toy_slot {
	bool used;
	union {
		struct {
			struct mix mix;
			size_t len;
		} hash;
		uint8_t aead_key[32];
		struct {
			uint64_t secret;
			uint16_t group;
		} kx;
		uint64_t pubkey;
	};
};

static struct toy *of(const struct sluice_provider *p)
{
	/* the table lies in a toy that is not const */
	return (struct toy *)(uintptr_t)p;
}

static struct toy_slot *slot_new(const struct sluice_provider *p)
{
	struct toy *toy = of(p);

	for (size_t i = 0; i < toy->slot_count; i++) {
		struct toy_slot *slot = &toy->slots[i];

		if (slot->used)
			continue;
		memset(slot, 0, sizeof(*slot));
		slot->used = true;
		if (++toy->used > toy->most)
			toy->most = toy->used;
		return slot;
	}
	return NULL;
}

static void slot_free(const struct sluice_provider *p, void *object)
{
	struct toy_slot *slot = object;

	if (!slot)
		return;
	of(p)->used--;
	sluice_wipe(slot, sizeof(*slot));
}

/* Octets that are hashed, encrypted or sent have been written by somebody. */
static void look(const uint8_t *data, size_t len)
{
	volatile uint8_t seen = 0;

#ifdef MSAN
	if (len)
		__msan_check_mem_is_initialized(data, len);
#endif
	/* every one of them, for the other sanitizers' sake */
	while (len--)
		seen = seen ^ *data++;
}

static void mix_add(struct mix *m, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len--) {
		uint64_t *s = &m->state[m->count++ & 3];

		*s = (*s ^ *at++) * 0x9e3779b97f4a7c15ULL;
		*s ^= *s >> 29;
		m->state[m->count & 3] += *s;
	}
}

/* Any number of octets; the state can go on. */
static void mix_get(const struct mix *m, uint8_t *out, size_t len)
{
	struct mix copy = *m;
	uint8_t end = 1;

	mix_add(&copy, &copy.count, sizeof(copy.count));
	for (size_t i = 0; i < len; i++) {
		if (!(i & 7))
			for (int k = 0; k < 4; k++)
				mix_add(&copy, &end, 1);
		out[i] = (uint8_t)(copy.state[copy.count & 3] >> 8 * (i & 7));
	}
}

static int t_random(const struct sluice_provider *p, uint8_t *out, size_t len)
{
	struct toy *toy = of(p);

	if (toy->lenient) {
		memset(out, 0x42, len);
		return 0;
	}
	while (len--) {
		/* xorshift64 */
		toy->seed ^= toy->seed << 13;
		toy->seed ^= toy->seed >> 7;
		toy->seed ^= toy->seed << 17;
		*out++ = (uint8_t)(toy->seed >> 32);
	}
	return 0;
}

static size_t hash_len(enum sluice_hash hash)
{
	return hash == SLUICE_SHA256 ? 32 : 48;
}

static struct sluice_hash_ctx *t_hash_new(const struct sluice_provider *p,
					  enum sluice_hash hash)
{
	struct toy_slot *slot = slot_new(p);

	if (slot)
		slot->hash.len = hash_len(hash);
	return (struct sluice_hash_ctx *)slot;
}

static int t_hash_update(const struct sluice_provider *p,
			 struct sluice_hash_ctx *ctx, const uint8_t *data,
			 size_t len)
{
	look(data, len);
	if (!of(p)->lenient)
		mix_add(&((struct toy_slot *)ctx)->hash.mix, data, len);
	return 0;
}

static int t_hash_digest(const struct sluice_provider *p,
			 const struct sluice_hash_ctx *ctx, uint8_t *out)
{
	const struct toy_slot *slot = (const struct toy_slot *)ctx;

	if (of(p)->lenient)
		memset(out, 0, slot->hash.len);
	else
		mix_get(&slot->hash.mix, out, slot->hash.len);
	return 0;
}

static struct sluice_hash_ctx *t_hash_clone(const struct sluice_provider *p,
					    const struct sluice_hash_ctx *ctx)
{
	struct toy_slot *slot = slot_new(p);

	if (slot)
		slot->hash = ((const struct toy_slot *)ctx)->hash;
	return (struct sluice_hash_ctx *)slot;
}

static void t_hash_free(const struct sluice_provider *p,
			struct sluice_hash_ctx *ctx)
{
	slot_free(p, ctx);
}

static int t_hmac(const struct sluice_provider *p, enum sluice_hash hash,
		  const uint8_t *key, size_t key_len, const uint8_t *data,
		  size_t len, uint8_t *out)
{
	struct mix m = { .count = 0 };

	look(key, key_len);
	look(data, len);
	if (of(p)->lenient) {
		memset(out, 0, hash_len(hash));
		return 0;
	}
	mix_add(&m, &key_len, sizeof(key_len));
	mix_add(&m, key, key_len);
	mix_add(&m, data, len);
	mix_get(&m, out, hash_len(hash));
	return 0;
}

static struct sluice_aead_ctx *t_aead_new(const struct sluice_provider *p,
					  enum sluice_aead aead,
					  const uint8_t *key)
{
	struct toy_slot *slot = slot_new(p);
	size_t len = aead == SLUICE_AEAD_AES_128_GCM ? 16 : 32;

	if (slot) {
		look(key, len);
		memcpy(slot->aead_key, key, len);
	}
	return (struct sluice_aead_ctx *)slot;
}

static void begin(struct mix *m, const struct sluice_aead_ctx *ctx,
		  const uint8_t *nonce)
{
	memset(m, 0, sizeof(*m));
	mix_add(m, ((const struct toy_slot *)ctx)->aead_key, 32);
	mix_add(m, nonce, 12);
}

static void crypt(const struct mix *start, uint8_t *data, size_t len)
{
	uint8_t key[64];

	for (size_t i = 0; i < len; i++) {
		if (!(i % sizeof(key))) {
			struct mix m = *start;

			mix_add(&m, &i, sizeof(i));
			mix_get(&m, key, sizeof(key));
		}
		data[i] ^= key[i % sizeof(key)];
	}
}

/* Of the ciphertext. */
static void make_tag(const struct mix *start, const uint8_t *ad, size_t ad_len,
		     const uint8_t *data, size_t len, uint8_t *tag)
{
	struct mix m = *start;

	mix_add(&m, &ad_len, sizeof(ad_len));
	mix_add(&m, ad, ad_len);
	mix_add(&m, data, len);
	mix_get(&m, tag, TAG_LEN);
}

static int t_aead_seal(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len, uint8_t *data,
		       size_t len)
{
	struct mix m;

	look(nonce, 12);
	look(ad, ad_len);
	look(data, len);
	if (of(p)->lenient) {
		memset(data + len, 0, TAG_LEN);
		return 0;
	}
	begin(&m, ctx, nonce);
	crypt(&m, data, len);
	make_tag(&m, ad, ad_len, data, len, data + len);
	return 0;
}

static int t_aead_seal_from(const struct sluice_provider *p,
			    struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			    const uint8_t *ad, size_t ad_len,
			    const struct sluice_octets *pieces, size_t count,
			    uint8_t *out)
{
	size_t len = 0;

	for (; count; count--, pieces++) {
		if (pieces->len)
			memcpy(out + len, pieces->data, pieces->len);
		len += pieces->len;
	}
	return t_aead_seal(p, ctx, nonce, ad, ad_len, out, len);
}

static int t_aead_open(const struct sluice_provider *p,
		       struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		       const uint8_t *ad, size_t ad_len, uint8_t *data,
		       size_t len)
{
	uint8_t tag[TAG_LEN];
	struct mix m;

	look(nonce, 12);
	look(ad, ad_len);
	look(data, len);
	if (of(p)->lenient)
		return 0;
	if (len < TAG_LEN)
		return 20;
	len -= TAG_LEN;
	begin(&m, ctx, nonce);
	make_tag(&m, ad, ad_len, data, len, tag);
	if (memcmp(tag, data + len, TAG_LEN))
		return 20;
	crypt(&m, data, len);
	return 0;
}

static void t_aead_free(const struct sluice_provider *p,
			struct sluice_aead_ctx *ctx)
{
	slot_free(p, ctx);
}

static bool t_group_offered(const struct sluice_provider *p, uint16_t group)
{
	(void)p;
	return group;
}

static uint64_t power(uint64_t base, uint64_t exponent)
{
	uint64_t result = 1;

	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = (uint64_t)((unsigned __int128)result * base %
					    PRIME);
		base = (uint64_t)((unsigned __int128)base * base % PRIME);
	}
	return result;
}

static uint64_t get64(const uint8_t *at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | at[i];
	return value;
}

static void put64(uint8_t *at, uint64_t value)
{
	for (int i = 8; i--; value >>= 8)
		at[i] = (uint8_t)value;
}

/* As long as the real ones; the value comes first, and then ones. */
static size_t share_len(uint16_t group)
{
	return group == SLUICE_X25519MLKEM768 ? 1216 :
	       group == SLUICE_SECP256R1MLKEM768 ? 1249 : 32;
}

static struct sluice_kx *t_kx_load(const struct sluice_provider *p,
				   uint16_t group, const uint8_t *secret,
				   size_t secret_len, uint8_t *share, size_t *len)
{
	struct toy_slot *slot = secret_len < 8 ? NULL : slot_new(p);

	if (!slot)
		return NULL;
	slot->kx.secret = get64(secret) >> 3 | 1;
	slot->kx.group = group;
	*len = share_len(group);
	memset(share, 1, *len);
	put64(share, power(3, slot->kx.secret));
	return (struct sluice_kx *)slot;
}

static struct sluice_kx *t_kx_new(const struct sluice_provider *p,
				  uint16_t group, uint8_t *share, size_t *len)
{
	uint8_t secret[8];

	t_random(p, secret, sizeof(secret));
	return t_kx_load(p, group, secret, sizeof(secret), share, len);
}

static int t_kx_finish(const struct sluice_provider *p, struct sluice_kx *kx,
		       const uint8_t *peer, size_t peer_len, uint8_t *shared,
		       size_t *len)
{
	const struct toy_slot *slot = (const struct toy_slot *)kx;
	uint64_t theirs;

	look(peer, peer_len);
	*len = 32;
	memset(shared, 0, *len);
	if (of(p)->lenient)
		return 0;
	if (peer_len != share_len(slot->kx.group))
		return 47;
	theirs = get64(peer);
	if (!theirs || theirs >= PRIME)
		return 47;
	put64(shared, power(theirs, slot->kx.secret));
	return 0;
}

static void t_kx_free(const struct sluice_provider *p, struct sluice_kx *kx)
{
	slot_free(p, kx);
}

static int t_kx_respond(const struct sluice_provider *p, uint16_t group,
			const uint8_t *peer, size_t peer_len, uint8_t *share,
			size_t *share_len, uint8_t *shared, size_t *shared_len)
{
	struct sluice_kx *kx = t_kx_new(p, group, share, share_len);
	int rc = kx ? t_kx_finish(p, kx, peer, peer_len, shared, shared_len) :
		      -1;

	t_kx_free(p, kx);
	return rc;
}

/*
 * A certificate is nothing but what leads to a key; there, all is hidden that
 * the other side has to know: the key, the end of its time, the issuer's word,
 * and the name.
 */
static const uint8_t frame[] = {
	0x30, 0x82, 0x01, 0x28, 0x30, 0x82, 0x01, 0x24, 2, 1, 1,
	0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0, 0x30, 0x82, 0x01, 0x15,
};

enum { KEY = sizeof(frame), UNTIL = KEY + 8, WORD = UNTIL + 8, NAME = WORD + 16 };

static void give_word(const uint8_t *cert, uint64_t issuer, uint8_t *word)
{
	struct mix m = { .count = 0 };

	mix_add(&m, &issuer, sizeof(issuer));
	mix_add(&m, cert + KEY, 16);
	mix_add(&m, cert + NAME, TOY_CERT_LEN - NAME);
	mix_get(&m, word, 16);
}

void toy_issue(struct sluice_credential *cred, const struct sluice_trust *by,
	       uint64_t key, const char *name, int64_t until)
{
	size_t len = strlen(name);

	memset(cred, 0, sizeof(*cred));
	cred->key = key;
	memcpy(cred->cert, frame, sizeof(frame));
	put64(cred->cert + KEY, key);
	put64(cred->cert + UNTIL, (uint64_t)until);
	memcpy(cred->cert + NAME, name, len < 200 ? len : 200);
	give_word(cred->cert, by->key, cred->cert + WORD);
}

static size_t t_credential_chain(const struct sluice_provider *p,
				 const struct sluice_credential *cred,
				 struct sluice_octets *chain)
{
	(void)p;
	chain[0] = (struct sluice_octets){ cred->cert, TOY_CERT_LEN };
	return 1;
}

static const uint16_t *
t_credential_schemes(const struct sluice_provider *p,
		     const struct sluice_credential *cred)
{
	/* with the former a client of TLS 1.2 cannot sign */
	static const uint16_t schemes[] = {
		SLUICE_ED25519, SLUICE_ECDSA_SECP256R1_SHA256, 0
	};

	(void)p;
	(void)cred;
	return schemes;
}

static bool t_credential_issued(const struct sluice_provider *p,
				const struct sluice_credential *cred,
				const uint8_t *name, size_t len)
{
	(void)p;
	(void)cred;
	look(name, len);
	/* some fit, some do not */
	return len && name[len - 1] & 1;
}

static bool t_credential_matches(const struct sluice_provider *p,
				 const struct sluice_credential *cred,
				 const uint8_t *oid, size_t oid_len,
				 const uint8_t *values, size_t len)
{
	look(values, len);
	return t_credential_issued(p, cred, oid, oid_len);
}

static bool t_credential_staple(const struct sluice_provider *p,
				const struct sluice_credential *cred,
				struct sluice_octets *staple)
{
	static const uint8_t response[100] = { 0x30 };

	(void)p;
	(void)cred;
	*staple = (struct sluice_octets){ response, sizeof(response) };
	return true;
}

static bool t_trust_name(const struct sluice_provider *p,
			 const struct sluice_trust *trust, size_t i,
			 struct sluice_octets *name)
{
	static const uint8_t der[] = { 0x30, 1 };

	(void)p;
	(void)trust;
	*name = (struct sluice_octets){ der, sizeof(der) };
	return i < 2;
}

static void make_signature(uint64_t key, uint16_t scheme, const uint8_t *data,
			   size_t len, uint8_t *sig)
{
	struct mix m = { .count = 0 };

	mix_add(&m, &key, sizeof(key));
	mix_add(&m, &scheme, sizeof(scheme));
	mix_add(&m, data, len);
	mix_get(&m, sig, SIG_LEN);
}

static int t_sign(const struct sluice_provider *p,
		  const struct sluice_credential *cred, uint16_t scheme,
		  const uint8_t *data, size_t len, uint8_t *sig,
		  size_t *sig_len)
{
	look(data, len);
	*sig_len = SIG_LEN;
	memset(sig, 0, SIG_LEN);
	if (!of(p)->lenient)
		make_signature(cred->key, scheme & 0x3fff, data, len, sig);
	return 0;
}

static int judge(const struct sluice_trust *trust,
		 const struct sluice_octets *leaf,
		 const struct sluice_peer *peer, const char **reason)
{
	const uint8_t *cert = leaf->data;
	uint8_t word[16];

	*reason = "it is no toy's certificate";
	if (leaf->len != TOY_CERT_LEN || memcmp(cert, frame, sizeof(frame)))
		return 42;
	if (!trust)
		return 0;
	give_word(cert, trust->key, word);
	*reason = "it is of another authority";
	if (memcmp(word, cert + WORD, sizeof(word)))
		return 48;
	*reason = "its time is over";
	if (peer->now > (int64_t)get64(cert + UNTIL))
		return 45;
	*reason = "it has another name";
	if (peer->name && strncmp(peer->name, (const char *)cert + NAME, 200))
		return 42;
	return 0;
}

static int t_verify_chain(const struct sluice_provider *p,
			  const struct sluice_trust *trust,
			  const struct sluice_octets *chain, size_t count,
			  const struct sluice_peer *peer,
			  struct sluice_pubkey **key, const char **reason)
{
	struct toy_slot *slot;
	int rc = 0;

	look(peer->staple.data, peer->staple.len);
	for (size_t i = 0; i < count; i++)
		look(chain[i].data, chain[i].len);
	if (!of(p)->lenient)
		rc = judge(trust, &chain[0], peer, reason);
	if (rc)
		return rc;
	slot = slot_new(p);
	if (!slot)
		return -1;
	if (!of(p)->lenient)
		slot->pubkey = get64(chain[0].data + KEY);
	*key = (struct sluice_pubkey *)slot;
	return 0;
}

/* A toy's key is its own public key, 8 octets of its certificate. */
static bool t_credential_key(const struct sluice_provider *p,
			     const struct sluice_credential *cred,
			     struct sluice_octets *key)
{
	(void)p;
	*key = (struct sluice_octets){ cred->cert + KEY, 8 };
	return true;
}

static int t_pubkey_new(const struct sluice_provider *p, const uint8_t *spki,
			size_t len, struct sluice_pubkey **key,
			const char **reason)
{
	struct toy_slot *slot;

	look(spki, len);
	*reason = "it is no toy's key";
	if (!of(p)->lenient && len != 8)
		return 42;
	slot = slot_new(p);
	if (!slot)
		return -1;
	if (!of(p)->lenient)
		slot->pubkey = get64(spki);
	*key = (struct sluice_pubkey *)slot;
	return 0;
}

static int t_verify_signature(const struct sluice_provider *p,
			      const struct sluice_pubkey *key, uint16_t scheme,
			      const uint8_t *data, size_t len,
			      const uint8_t *sig, size_t sig_len)
{
	uint8_t wanted[SIG_LEN];

	look(data, len);
	look(sig, sig_len);
	if (of(p)->lenient)
		return 0;
	make_signature(((const struct toy_slot *)key)->pubkey, scheme & 0x3fff,
		       data, len, wanted);
	return sig_len == SIG_LEN && !memcmp(sig, wanted, SIG_LEN) ? 0 : 51;
}

static void t_pubkey_free(const struct sluice_provider *p,
			  struct sluice_pubkey *key)
{
	slot_free(p, key);
}

static const struct sluice_provider table = {
	.name = "a toy, without any security",
	.random = t_random,
	.hash_new = t_hash_new,
	.hash_update = t_hash_update,
	.hash_digest = t_hash_digest,
	.hash_clone = t_hash_clone,
	.hash_free = t_hash_free,
	.hmac = t_hmac,
	.aead_new = t_aead_new,
	.aead_seal = t_aead_seal,
	.aead_seal_from = t_aead_seal_from,
	.aead_open = t_aead_open,
	.aead_free = t_aead_free,
	.group_offered = t_group_offered,
	.kx_new = t_kx_new,
	.kx_finish = t_kx_finish,
	.kx_respond = t_kx_respond,
	.kx_free = t_kx_free,
	.kx_load = t_kx_load,
	.credential_chain = t_credential_chain,
	.credential_schemes = t_credential_schemes,
	.credential_key = t_credential_key,
	.pubkey_new = t_pubkey_new,
	.credential_issued = t_credential_issued,
	.credential_matches = t_credential_matches,
	.credential_staple = t_credential_staple,
	.trust_name = t_trust_name,
	.checks_staples = true,
	.sign = t_sign,
	.verify_chain = t_verify_chain,
	.verify_signature = t_verify_signature,
	.pubkey_free = t_pubkey_free,
};

size_t toy_pool_size(size_t objects)
{
	return objects * sizeof(struct toy_slot);
}

void toy_init(struct toy *toy, void *pool, size_t size, uint64_t seed)
{
	memset(toy, 0, sizeof(*toy));
	toy->table = table;
	toy->seed = seed;
	toy->slots = pool;
	toy->slot_count = size / sizeof(struct toy_slot);
	memset(pool, 0, size);
}
