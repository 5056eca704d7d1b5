// SPDX-License-Identifier: GPL-2.0
/*
 * The TLS 1.3 key schedule from the traffic secrets on: RFC 9846, sections
 * 7.1 (HKDF-Expand-Label), 7.2 (updating) and 7.3 (key and IV).
 *
 * Nothing here sleeps, allocates or takes a lock; the caller owns what it
 * passes. Every intermediate value is wiped.
 */
#include <crypto/sha2.h>
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/string.h>
#include <uapi/linux/tls.h>

#include "keys.h"

/*
 * AES-GCM: 2^24.5 full-size records, the figure of RFC 9846, section 5.5.
 * ChaCha20-Poly1305: the sequence number would end first; no update is due.
 */
#define AES_GCM_RECORD_LIMIT	23726566

static const struct sluice_cipher ciphers[] = {
	{
		.type = TLS_CIPHER_AES_GCM_128,
		.key_len = TLS_CIPHER_AES_GCM_128_KEY_SIZE,
		.secret_len = SHA256_DIGEST_SIZE,
		.record_limit = AES_GCM_RECORD_LIMIT,
	}, {
		.type = TLS_CIPHER_AES_GCM_256,
		.key_len = TLS_CIPHER_AES_GCM_256_KEY_SIZE,
		.secret_len = SHA384_DIGEST_SIZE,
		.record_limit = AES_GCM_RECORD_LIMIT,
	}, {
		.type = TLS_CIPHER_CHACHA20_POLY1305,
		.key_len = TLS_CIPHER_CHACHA20_POLY1305_KEY_SIZE,
		.secret_len = SHA256_DIGEST_SIZE,
		.record_limit = U64_MAX,
	},
};

/**
 * sluice_cipher_find() - look a cipher suite up
 * @type: TLS_CIPHER_*
 *
 * Return: the suite, or %NULL if Sluice does not know it.
 */
const struct sluice_cipher *sluice_cipher_find(u16 type)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (ciphers[i].type == type)
			return &ciphers[i];
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_cipher_find);

/*
 * HKDF-Expand-Label(secret, label, "", out_len). No output here is longer
 * than the hash, so HKDF-Expand is its first block: HMAC(secret, info | 1).
 */
static void expand_label(const struct sluice_secret *secret,
			 const struct sluice_cipher *cipher,
			 const char *label, u8 *out, u8 out_len)
{
	static const char prefix[] = "tls13 ";
	const size_t prefix_len = sizeof(prefix) - 1;
	const size_t label_len = strlen(label);
	u8 block[SLUICE_SECRET_MAX];
	u8 info[32];
	size_t n = 0;

	info[n++] = 0;
	info[n++] = out_len;
	info[n++] = prefix_len + label_len;
	memcpy(info + n, prefix, prefix_len);
	n += prefix_len;
	memcpy(info + n, label, label_len);
	n += label_len;
	info[n++] = 0;	/* the context is empty */
	info[n++] = 1;	/* the first block */

	if (cipher->secret_len == SHA384_DIGEST_SIZE)
		hmac_sha384_usingrawkey(secret->octets, cipher->secret_len,
					info, n, block);
	else
		hmac_sha256_usingrawkey(secret->octets, cipher->secret_len,
					info, n, block);
	memcpy(out, block, out_len);
	memzero_explicit(block, sizeof(block));
}

/**
 * sluice_secret_set() - take a traffic secret over
 * @secret: where to
 * @cipher: its suite
 * @octets: the secret, &sluice_cipher.secret_len octets; the caller wipes them
 */
void sluice_secret_set(struct sluice_secret *secret,
		       const struct sluice_cipher *cipher, const u8 *octets)
{
	memcpy(secret->octets, octets, cipher->secret_len);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_secret_set);

/**
 * sluice_secret_update() - go to the next generation (RFC 9846, section 7.2)
 * @secret: traffic secret N, replaced by N + 1
 * @cipher: its suite
 */
void sluice_secret_update(struct sluice_secret *secret,
			  const struct sluice_cipher *cipher)
{
	expand_label(secret, cipher, "traffic upd", secret->octets,
		     cipher->secret_len);
}
EXPORT_SYMBOL_IF_KUNIT(sluice_secret_update);

/**
 * sluice_secret_wipe() - forget a traffic secret
 * @secret: the secret
 */
void sluice_secret_wipe(struct sluice_secret *secret)
{
	memzero_explicit(secret, sizeof(*secret));
}
EXPORT_SYMBOL_IF_KUNIT(sluice_secret_wipe);

/**
 * sluice_key_derive() - derive the record key and IV (RFC 9846, section 7.3)
 * @key: where to; sluice_key_wipe() it after use
 * @secret: the traffic secret
 * @cipher: its suite
 */
void sluice_key_derive(struct sluice_key *key,
		       const struct sluice_secret *secret,
		       const struct sluice_cipher *cipher)
{
	expand_label(secret, cipher, "key", key->key, cipher->key_len);
	expand_label(secret, cipher, "iv", key->iv, sizeof(key->iv));
}
EXPORT_SYMBOL_IF_KUNIT(sluice_key_derive);

/**
 * sluice_key_wipe() - forget a record key
 * @key: the key
 */
void sluice_key_wipe(struct sluice_key *key)
{
	memzero_explicit(key, sizeof(*key));
}
EXPORT_SYMBOL_IF_KUNIT(sluice_key_wipe);
