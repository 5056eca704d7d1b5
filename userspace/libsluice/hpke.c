// SPDX-License-Identifier: MIT
#include "hpke.h"

#include <string.h>

#include "alert.h"
#include "wire.h"

#define HASH_LEN	32	/* SHA-256's */
#define LABEL_MAX	32

/* The keys of a label: everything is derived for one suite. */
struct schedule {
	const struct sluice_provider *p;
	uint8_t id[10];
	size_t id_len;
};

static const struct sl_hpke_kem kems[] = {
	{ SL_KEM_X25519, SLUICE_X25519, 32 },
	{ SL_KEM_P256, SLUICE_SECP256R1, SL_HPKE_KEY_MAX },
};

/* By code point: 1, 2, 3. */
static const struct {
	enum sluice_aead aead;
	size_t key_len;
} aeads[] = {
	{ SLUICE_AEAD_AES_128_GCM, 16 },
	{ SLUICE_AEAD_AES_256_GCM, 32 },
	{ SLUICE_AEAD_CHACHA20_POLY1305, 32 },
};

static const struct sl_hpke_kem *offered(const struct sluice_provider *p,
					 const struct sl_hpke_kem *kem)
{
	return p->group_offered(p, kem->group) ? kem : NULL;
}

const struct sl_hpke_kem *sl_hpke_kem_of(const struct sluice_provider *p,
					 uint16_t group)
{
	size_t i;

	for (i = 0; i < sizeof(kems) / sizeof(kems[0]); i++) {
		if (kems[i].group == group)
			return offered(p, &kems[i]);
	}
	return NULL;
}

const struct sl_hpke_kem *sl_hpke_kem(const struct sluice_provider *p,
				      uint16_t id)
{
	size_t i;

	for (i = 0; i < sizeof(kems) / sizeof(kems[0]); i++) {
		if (kems[i].id == id)
			return offered(p, &kems[i]);
	}
	return NULL;
}

bool sl_hpke_has(const struct sluice_provider *p, uint16_t kdf, uint16_t aead)
{
	return kdf == SL_HKDF_SHA256 && aead && aead <= SL_HPKE_CHACHA20 &&
	       (!p->aead_offered ||
		p->aead_offered(p, aeads[aead - 1].aead));
}

/* LabeledExtract (section 4). */
static bool extract(const struct schedule *s, struct sluice_octets salt,
		    const char *label, struct sluice_octets ikm, uint8_t *out)
{
	uint8_t input[7 + sizeof(s->id) + LABEL_MAX + SL_HPKE_INFO_MAX];
	struct sl_writer w = sl_writer(input, sizeof(input));
	bool ok;

	sl_put(&w, "HPKE-v1", 7);
	sl_put(&w, s->id, s->id_len);
	sl_put(&w, label, strlen(label));
	sl_put(&w, ikm.data, ikm.len);
	ok = !w.bad && !s->p->hmac(s->p, SLUICE_SHA256, salt.data, salt.len,
				   input, w.len, out);
	sluice_wipe(input, w.len);
	return ok;
}

/* LabeledExpand, of no more than a hash, which is out's size. */
static bool expand(const struct schedule *s, const uint8_t *secret,
		   const char *label, struct sluice_octets info, uint8_t *out,
		   size_t len)
{
	uint8_t input[2 + 7 + sizeof(s->id) + LABEL_MAX +
		      2 * SL_HPKE_KEY_MAX + 1];
	struct sl_writer w = sl_writer(input, sizeof(input));
	bool ok;

	sl_put16(&w, (unsigned int)len);
	sl_put(&w, "HPKE-v1", 7);
	sl_put(&w, s->id, s->id_len);
	sl_put(&w, label, strlen(label));
	sl_put(&w, info.data, info.len);
	sl_put8(&w, 1);
	ok = !w.bad && !s->p->hmac(s->p, SLUICE_SHA256, secret, HASH_LEN,
				   input, w.len, out);
	sluice_wipe(input, w.len);
	return ok;
}

static struct sluice_octets octets(const uint8_t *data, size_t len)
{
	return (struct sluice_octets){ data, len };
}

/* ExtractAndExpand (section 4.1). */
static bool shared_secret(const struct sluice_provider *p,
			  const struct sl_hpke_kem *kem,
			  struct sluice_octets dh, const uint8_t *enc,
			  const uint8_t *key, uint8_t *secret)
{
	struct schedule s = {
		.p = p, .id = { 'K', 'E', 'M', 0, (uint8_t)kem->id },
		.id_len = 5,
	};
	uint8_t context[2 * SL_HPKE_KEY_MAX], prk[HASH_LEN];
	bool ok;

	memcpy(context, enc, kem->public_len);
	memcpy(context + kem->public_len, key, kem->public_len);
	ok = extract(&s, octets(NULL, 0), "eae_prk", dh, prk) &&
	     expand(&s, prk, "shared_secret",
		    octets(context, 2 * kem->public_len), secret, HASH_LEN);
	sluice_wipe(prk, sizeof(prk));
	return ok;
}

/* KeySchedule (section 5.1), without a pre-shared key. */
static int set_keys(const struct sluice_provider *p, struct sl_hpke *hpke,
		    uint16_t kem, uint16_t aead, const uint8_t *shared,
		    struct sluice_octets info)
{
	struct schedule s = {
		.p = p, .id = { 'H', 'P', 'K', 'E', 0, (uint8_t)kem,
				0, SL_HKDF_SHA256, 0, (uint8_t)aead },
		.id_len = 10,
	};
	const struct sluice_octets none = { NULL, 0 };
	uint8_t context[1 + 2 * HASH_LEN] = { 0 };	/* mode_base */
	const struct sluice_octets all = { context, sizeof(context) };
	uint8_t secret[HASH_LEN], out[HASH_LEN];

	*hpke = (struct sl_hpke){ .seq = 0 };
	memcpy(hpke->shared, shared, sizeof(hpke->shared));
	if (extract(&s, none, "psk_id_hash", none, context + 1) &&
	    extract(&s, none, "info_hash", info, context + 1 + HASH_LEN) &&
	    extract(&s, octets(shared, HASH_LEN), "secret", none, secret) &&
	    expand(&s, secret, "base_nonce", all, out, SL_IV_LEN)) {
		memcpy(hpke->nonce, out, SL_IV_LEN);
		if (expand(&s, secret, "key", all, out,
			   aeads[aead - 1].key_len))
			hpke->aead = p->aead_new(p, aeads[aead - 1].aead, out);
	}
	sluice_wipe(context, sizeof(context));
	sluice_wipe(secret, sizeof(secret));
	sluice_wipe(out, sizeof(out));
	return hpke->aead ? 0 : -1;
}

/* From the private half of one side and the public one of the other. */
static int exchange(const struct sluice_provider *p, struct sl_hpke *hpke,
		    const struct sl_hpke_kem *kem, uint16_t aead,
		    struct sluice_kx *kx, struct sluice_octets peer,
		    const uint8_t *enc, const uint8_t *key,
		    struct sluice_octets info)
{
	uint8_t dh[SLUICE_SHARED_MAX], secret[SL_HPKE_SHARED_LEN];
	size_t dh_len;
	int rc = p->kx_finish(p, kx, peer.data, peer.len, dh, &dh_len);

	if (!rc)
		rc = shared_secret(p, kem, octets(dh, dh_len), enc, key,
				   secret) ?
		     set_keys(p, hpke, kem->id, aead, secret, info) : -1;
	sluice_wipe(dh, sizeof(dh));
	sluice_wipe(secret, sizeof(secret));
	return rc;
}

int sl_hpke_send(const struct sluice_provider *p, struct sl_hpke *hpke,
		 const struct sl_hpke_kem *kem, uint16_t aead,
		 struct sluice_octets key, struct sluice_octets info,
		 uint8_t *enc)
{
	uint8_t share[SLUICE_SHARE_MAX];
	size_t len = 0;
	struct sluice_kx *kx;
	int rc = -1;

	if (key.len != kem->public_len)
		return SL_ILLEGAL_PARAMETER;
	kx = p->kx_new(p, kem->group, share, &len);
	if (kx && len == kem->public_len) {
		memcpy(enc, share, len);
		rc = exchange(p, hpke, kem, aead, kx, key, share, key.data,
			      info);
	}
	p->kx_free(p, kx);
	return rc;
}

int sl_hpke_receive(const struct sluice_provider *p, struct sl_hpke *hpke,
		    const struct sl_hpke_kem *kem, uint16_t aead,
		    struct sluice_octets private, struct sluice_octets info,
		    struct sluice_octets enc)
{
	uint8_t share[SLUICE_SHARE_MAX];
	size_t len = 0;
	struct sluice_kx *kx;
	int rc = -1;

	if (enc.len != kem->public_len)
		return SL_ILLEGAL_PARAMETER;
	kx = p->kx_load(p, kem->group, private.data, private.len, share, &len);
	if (kx && len == kem->public_len)
		rc = exchange(p, hpke, kem, aead, kx, enc, enc.data, share,
			      info);
	p->kx_free(p, kx);
	return rc;
}

/* A nonce for each message (section 5.2). */
static void next_nonce(struct sl_hpke *hpke, uint8_t *nonce)
{
	unsigned int i;

	memcpy(nonce, hpke->nonce, SL_IV_LEN);
	for (i = 0; i < 8; i++)
		nonce[SL_IV_LEN - 1 - i] ^= (uint8_t)(hpke->seq >> (8 * i));
}

int sl_hpke_seal(const struct sluice_provider *p, struct sl_hpke *hpke,
		 struct sluice_octets ad, uint8_t *data, size_t len)
{
	uint8_t nonce[SL_IV_LEN];

	next_nonce(hpke, nonce);
	hpke->seq++;
	return p->aead_seal(p, hpke->aead, nonce, ad.data, ad.len, data, len);
}

int sl_hpke_open(const struct sluice_provider *p, struct sl_hpke *hpke,
		 struct sluice_octets ad, uint8_t *data, size_t len)
{
	uint8_t nonce[SL_IV_LEN];
	int rc;

	next_nonce(hpke, nonce);
	rc = p->aead_open(p, hpke->aead, nonce, ad.data, ad.len, data, len);
	if (!rc)
		hpke->seq++;
	return rc;
}

void sl_hpke_free(const struct sluice_provider *p, struct sl_hpke *hpke)
{
	p->aead_free(p, hpke->aead);
	sluice_wipe(hpke, sizeof(*hpke));
}
