/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_KEYS_H
#define _SLUICE_KEYS_H

#include <linux/types.h>
#include <uapi/linux/sluice.h>

#define SLUICE_KEY_MAX	32
#define SLUICE_IV_LEN	12

/**
 * struct sluice_cipher - what a TLS 1.3 cipher suite fixes
 * @type: kTLS's number of the AEAD, TLS_CIPHER_*
 * @key_len: octets of the AEAD's key
 * @secret_len: octets of a traffic secret: Hash.length of the suite
 * @record_limit: records that one key may protect (RFC 9846, section 5.5)
 */
struct sluice_cipher {
	u16 type;
	u8 key_len;
	u8 secret_len;
	u64 record_limit;
};

/**
 * struct sluice_secret - a traffic secret, the head of its update chain
 * @octets: the secret; only keys.c reads or writes it
 */
struct sluice_secret {
	u8 octets[SLUICE_SECRET_MAX];
};

/**
 * struct sluice_key - what a traffic secret derives (RFC 9846, section 7.3)
 * @key: the AEAD's key, &sluice_cipher.key_len octets
 * @iv: the static IV
 *
 * Lives on the stack of who needs it; sluice_key_wipe() ends it.
 */
struct sluice_key {
	u8 key[SLUICE_KEY_MAX];
	u8 iv[SLUICE_IV_LEN];
};

const struct sluice_cipher *sluice_cipher_find(u16 type);
void sluice_secret_set(struct sluice_secret *secret,
		       const struct sluice_cipher *cipher, const u8 *octets);
void sluice_secret_update(struct sluice_secret *secret,
			  const struct sluice_cipher *cipher);
void sluice_secret_wipe(struct sluice_secret *secret);
void sluice_key_derive(struct sluice_key *key,
		       const struct sluice_secret *secret,
		       const struct sluice_cipher *cipher);
void sluice_key_wipe(struct sluice_key *key);

#endif /* _SLUICE_KEYS_H */
