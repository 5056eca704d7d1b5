// SPDX-License-Identifier: MIT
/* Raw public keys (RFC 7250): ours, and the peer's. */
#include <limits.h>
#include <openssl/err.h>

#include "internal.h"

/* As many bits of security as certificates have to have. */
#define SECURITY_MIN	112

bool sl_openssl_take_public_key(struct sluice_credential *cred)
{
	cred->public_key_len = cred->count ?
		i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cred->chain[0].cert),
				&cred->public_key) :
		i2d_PUBKEY(cred->key, &cred->public_key);
	ERR_clear_error();
	return cred->public_key_len > 0;
}

static bool credential_key(const struct sluice_provider *p,
			   const struct sluice_credential *cred,
			   struct sluice_octets *key)
{
	(void)p;
	if (cred->public_key_len <= 0)
		return false;
	*key = (struct sluice_octets){ cred->public_key,
				       (size_t)cred->public_key_len };
	return true;
}

static int pubkey_new(const struct sluice_provider *p, const uint8_t *spki,
		      size_t len, struct sluice_pubkey **key,
		      const char **reason)
{
	const uint8_t *at = spki;
	EVP_PKEY *pkey = NULL;
	uint16_t schemes[8] = { 0 };
	int rc = 0;

	if (len <= LONG_MAX)
		pkey = d2i_PUBKEY_ex(NULL, &at, (long)len, sl_openssl(p)->lib,
				     NULL);
	if (pkey && at == spki + len)
		sl_openssl_key_schemes(sl_openssl(p), pkey, schemes);
	if (!schemes[0]) {
		*reason = "the raw public key is malformed, or of an unknown kind";
		rc = ALERT_BAD_CERTIFICATE;
	} else if (EVP_PKEY_get_security_bits(pkey) < SECURITY_MIN) {
		*reason = "the raw public key is too short";
		rc = ALERT_BAD_CERTIFICATE;
	}
	ERR_clear_error();
	if (rc)
		EVP_PKEY_free(pkey);
	else
		*key = (struct sluice_pubkey *)pkey;
	return rc;
}

void sl_openssl_raw_key_table(struct sluice_provider *table)
{
	table->credential_key = credential_key;
	table->pubkey_new = pubkey_new;
}
