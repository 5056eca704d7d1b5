// SPDX-License-Identifier: MIT
/* Keys for Encrypted Client Hello: making them, and looking at them. */
#include "sluice/ech.h"

#include <string.h>

#include "ech.h"

/* A number that is none of P-256's private keys comes once in 2^32 times. */
#define TRIES	4

/* The private key's other half. */
static bool public_half(const struct sluice_provider *p, uint16_t group,
			const uint8_t *key, uint8_t *public, size_t *len)
{
	uint8_t share[SLUICE_SHARE_MAX];
	struct sluice_kx *kx = p->kx_load(p, group, key, SLUICE_ECH_KEY_LEN,
					  share, len);

	p->kx_free(p, kx);
	if (!kx || *len > SL_HPKE_KEY_MAX)
		return false;
	memcpy(public, share, *len);
	return true;
}

const char *sl_ech_key_parse(const struct sluice_provider *p,
			     const struct sluice_ech_key *key,
			     struct sl_ech_config *config)
{
	struct sl_reader r = sl_reader(key->config, key->config_len);
	uint16_t aead;

	if (!p->kx_load)
		return "ech_keys: the provider takes no private keys for key exchange";
	if (!key->config || !key->key || !sl_ech_config_next(&r, config) ||
	    !sl_done(&r))
		return "ech_keys: a malformed configuration";
	if (!sl_hpke_kem(p, config->kem))
		return "ech_keys: one is of a key exchange that we do not have";
	if (!sl_ech_config_usable(p, config, &aead))
		return "ech_keys: nobody could use one of them";
	return NULL;
}

const char *sluice_ech_key_check(const struct sluice_provider *p,
				 const struct sluice_ech_key *key)
{
	struct sl_ech_config config;
	uint8_t public[SL_HPKE_KEY_MAX];
	const char *wrong = sl_ech_key_parse(p, key, &config);
	size_t len = 0;

	if (wrong)
		return wrong;
	if (!public_half(p, sl_hpke_kem(p, config.kem)->group, key->key, public,
			 &len))
		return "ech_keys: the provider does not take the private key";
	return len == config.key.len && !memcmp(public, config.key.data, len) ?
	       NULL : "ech_keys: the private key is not the configuration's";
}

static void put_config(struct sl_writer *w, uint16_t kem,
		       struct sluice_octets public, const char *name,
		       uint8_t max_name, uint8_t id)
{
	size_t contents, mark;
	uint16_t aead;

	sl_put16(w, SL_ECH_VERSION);
	contents = sl_begin_vec(w, 2);
	sl_put8(w, id);
	sl_put16(w, kem);
	mark = sl_begin_vec(w, 2);
	sl_put(w, public.data, public.len);
	sl_end_vec(w, mark, 2);
	mark = sl_begin_vec(w, 2);
	for (aead = 1; aead <= SL_HPKE_CHACHA20; aead++) {
		sl_put16(w, SL_HKDF_SHA256);
		sl_put16(w, aead);
	}
	sl_end_vec(w, mark, 2);
	sl_put8(w, max_name);
	mark = sl_begin_vec(w, 1);
	sl_put(w, name, strlen(name));
	sl_end_vec(w, mark, 1);
	sl_put16(w, 0);			/* no extensions */
	sl_end_vec(w, contents, 2);
}

static bool make_pair(const struct sluice_provider *p, uint16_t group,
		      uint8_t *key, uint8_t *public, size_t *len)
{
	unsigned int i;

	for (i = 0; i < TRIES; i++) {
		if (p->random(p, key, SLUICE_ECH_KEY_LEN))
			return false;
		if (public_half(p, group, key, public, len))
			return true;
	}
	return false;
}

const char *sluice_ech_key_make(const struct sluice_provider *p,
				uint16_t group, const char *public_name,
				uint8_t max_name, uint8_t id, uint8_t *key,
				uint8_t *out, size_t *out_len)
{
	struct sl_writer w = sl_writer(out, SLUICE_ECH_CONFIG_MAX);
	struct sluice_ech_key made = { .config = out, .key = key };
	const struct sl_hpke_kem *kem = sl_hpke_kem_of(p, group);
	uint8_t public[SL_HPKE_KEY_MAX];
	size_t len = 0;

	if (!p->kx_load || !kem || !make_pair(p, group, key, public, &len))
		return "the provider makes no private keys of this group";
	put_config(&w, kem->id, (struct sluice_octets){ public, len },
		   public_name, max_name, id);
	*out_len = w.len;
	made.config_len = w.len;
	return w.bad || sluice_ech_key_check(p, &made) ?
	       "the public name is not that of a host" : NULL;
}
