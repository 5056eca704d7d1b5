/* SPDX-License-Identifier: MIT */
/*
 * Hybrid public key encryption (RFC 9180): base mode, KEMs of elliptic curves,
 * HKDF-SHA256. It is what Encrypted Client Hello is sealed with.
 */
#ifndef SLUICE_HPKE_H
#define SLUICE_HPKE_H

#include "keyschedule.h"
#include "sluice/provider.h"

/* Code points (RFC 9180, section 7). */
#define SL_KEM_P256		0x0010
#define SL_KEM_X25519		0x0020
#define SL_HKDF_SHA256		0x0001
#define SL_HPKE_CHACHA20	0x0003

/* The longest encapsulated key, or public key: P-256's. */
#define SL_HPKE_KEY_MAX		65
/* The longest info, in octets. */
#define SL_HPKE_INFO_MAX	1100
/* What the two sides of a KEM have in common. */
#define SL_HPKE_SHARED_LEN	32

struct sl_hpke_kem {
	uint16_t id;
	uint16_t group;
	size_t public_len;		/* and of what is encapsulated */
};

/* What seals, or opens, one message after the other. */
struct sl_hpke {
	struct sluice_aead_ctx *aead;
	uint8_t nonce[SL_IV_LEN];
	uint64_t seq;
	uint8_t shared[SL_HPKE_SHARED_LEN];	/* for the key log */
};

/* NULL if it is unknown, or the provider does not have it. */
const struct sl_hpke_kem *sl_hpke_kem(const struct sluice_provider *p,
				      uint16_t id);
/* The same by its group. */
const struct sl_hpke_kem *sl_hpke_kem_of(const struct sluice_provider *p,
					 uint16_t group);
bool sl_hpke_has(const struct sluice_provider *p, uint16_t kdf, uint16_t aead);

/*
 * SetupBaseS (section 5.1.1): for who has the private half of key; enc, which
 * has SL_HPKE_KEY_MAX octets and becomes as long as key, is for them.
 *
 * Like all of these: 0, an alert if it is somebody else's fault, or -1.
 */
int sl_hpke_send(const struct sluice_provider *p, struct sl_hpke *hpke,
		 const struct sl_hpke_kem *kem, uint16_t aead,
		 struct sluice_octets key, struct sluice_octets info,
		 uint8_t *enc);

/* SetupBaseR: the private key, and what send made. */
int sl_hpke_receive(const struct sluice_provider *p, struct sl_hpke *hpke,
		    const struct sl_hpke_kem *kem, uint16_t aead,
		    struct sluice_octets private, struct sluice_octets info,
		    struct sluice_octets enc);

/* In place; the tag (SL_TAG_LEN) is behind it, and counts in what is opened. */
int sl_hpke_seal(const struct sluice_provider *p, struct sl_hpke *hpke,
		 struct sluice_octets ad, uint8_t *data, size_t len);
int sl_hpke_open(const struct sluice_provider *p, struct sl_hpke *hpke,
		 struct sluice_octets ad, uint8_t *data, size_t len);
void sl_hpke_free(const struct sluice_provider *p, struct sl_hpke *hpke);

#endif /* SLUICE_HPKE_H */
