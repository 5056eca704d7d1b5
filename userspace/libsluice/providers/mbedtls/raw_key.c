// SPDX-License-Identifier: MIT
/* Public keys, of certificates and bare ones (RFC 7250): ours, and the peer's. */
#include <stdlib.h>

#include "internal.h"

/* 112 bits of security, as certificates have to have. */
#define RSA_BITS_MIN	2048

/* Room for the SubjectPublicKeyInfo of RSA with 8192 bits, and more. */
#define KEY_MAX		2048

bool sl_mbedtls_take_public_key(struct sluice_credential *cred)
{
	uint8_t der[KEY_MAX];
	int len = mbedtls_pk_write_pubkey_der(&cred->key, der, sizeof(der));

	if (len <= 0)
		return false;
	cred->public_key = malloc((size_t)len);
	if (!cred->public_key)
		return false;
	/* it is written from the end */
	memcpy(cred->public_key, der + sizeof(der) - len, (size_t)len);
	cred->public_key_len = (size_t)len;
	return true;
}

static bool credential_key(const struct sluice_provider *p,
			   const struct sluice_credential *cred,
			   struct sluice_octets *key)
{
	const mbedtls_x509_crt *leaf = &cred->chain;

	(void)p;
	if (leaf->raw.p)
		*key = (struct sluice_octets){ leaf->pk_raw.p,
					       leaf->pk_raw.len };
	else
		*key = (struct sluice_octets){ cred->public_key,
					       cred->public_key_len };
	return key->len;
}

int sl_mbedtls_pubkey(const uint8_t *spki, size_t len,
		      struct sluice_pubkey **key)
{
	unsigned char *at = (unsigned char *)(uintptr_t)spki;
	struct sluice_pubkey *made = malloc(sizeof(*made));
	int rc;

	if (!made)
		return MBEDTLS_ERR_PK_ALLOC_FAILED;
	mbedtls_pk_init(&made->pk);
	rc = mbedtls_pk_parse_subpubkey(&at, spki + len, &made->pk);
	if (!rc && at != spki + len)
		rc = MBEDTLS_ERR_PK_KEY_INVALID_FORMAT;
	if (rc) {
		mbedtls_pk_free(&made->pk);
		free(made);
		return rc;
	}
	*key = made;
	return 0;
}

static void pubkey_free(const struct sluice_provider *p,
			struct sluice_pubkey *key)
{
	(void)p;
	if (!key)
		return;
	mbedtls_pk_free(&key->pk);
	free(key);
}

static int pubkey_new(const struct sluice_provider *p, const uint8_t *spki,
		      size_t len, struct sluice_pubkey **key,
		      const char **reason)
{
	struct sluice_pubkey *made = NULL;
	uint16_t schemes[8];
	int rc = sl_mbedtls_pubkey(spki, len, &made);

	if (rc == MBEDTLS_ERR_PK_ALLOC_FAILED)
		return -1;
	if (!rc)
		sl_mbedtls_key_schemes(&made->pk, schemes);
	if (rc || !schemes[0]) {
		*reason = "the raw public key is malformed, or of an unknown kind";
		rc = ALERT_BAD_CERTIFICATE;
	} else if (mbedtls_pk_get_type(&made->pk) == MBEDTLS_PK_RSA &&
		   mbedtls_pk_get_bitlen(&made->pk) < RSA_BITS_MIN) {
		*reason = "the raw public key is too short";
		rc = ALERT_BAD_CERTIFICATE;
	}
	if (rc)
		pubkey_free(p, made);
	else
		*key = made;
	return rc;
}

void sl_mbedtls_raw_key_table(struct sluice_provider *table)
{
	table->credential_key = credential_key;
	table->pubkey_new = pubkey_new;
	table->pubkey_free = pubkey_free;
}
