// SPDX-License-Identifier: MIT
/*
 * Signatures by Mbed TLS: which scheme fits which key, and both ways. It has
 * neither Ed25519 nor keys that are for RSA-PSS only.
 */
#include <mbedtls/ecp.h>
#include <mbedtls/md.h>
#include <string.h>

#include "internal.h"

#define HASH_MAX	64	/* SHA-512's */

#define FLAGS	(SLUICE_SCHEME_ANY_CURVE | SLUICE_SCHEME_DIGEST)

struct scheme {
	uint16_t id;
	mbedtls_ecp_group_id curve;	/* NONE: it is RSA */
	mbedtls_md_type_t md;
	bool pss;
};

/* In the order of preference. */
static const struct scheme schemes_known[] = {
	{ SLUICE_ECDSA_SECP256R1_SHA256, MBEDTLS_ECP_DP_SECP256R1,
	  MBEDTLS_MD_SHA256, false },
	{ SLUICE_ECDSA_SECP384R1_SHA384, MBEDTLS_ECP_DP_SECP384R1,
	  MBEDTLS_MD_SHA384, false },
	{ SLUICE_ECDSA_SECP521R1_SHA512, MBEDTLS_ECP_DP_SECP521R1,
	  MBEDTLS_MD_SHA512, false },
	{ SLUICE_RSA_PSS_RSAE_SHA256, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA256,
	  true },
	{ SLUICE_RSA_PSS_RSAE_SHA384, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA384,
	  true },
	{ SLUICE_RSA_PSS_RSAE_SHA512, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA512,
	  true },
	{ SLUICE_RSA_PKCS1_SHA256, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA256,
	  false },
	{ SLUICE_RSA_PKCS1_SHA384, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA384,
	  false },
	{ SLUICE_RSA_PKCS1_SHA512, MBEDTLS_ECP_DP_NONE, MBEDTLS_MD_SHA512,
	  false },
};

/* PSS needs twice the hash and two octets: RFC 8017, section 9.1.1. */
#define PSS_BITS_MIN(hash_len)	(8 * (2 * (hash_len) + 2) + 1)

static bool fits(const struct scheme *scheme, const mbedtls_pk_context *key)
{
	bool ec = scheme->curve != MBEDTLS_ECP_DP_NONE;

	if (mbedtls_pk_get_type(key) != (ec ? MBEDTLS_PK_ECKEY : MBEDTLS_PK_RSA))
		return false;
	if (ec)
		return mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*key)) ==
		       scheme->curve;
	return !scheme->pss || scheme->md != MBEDTLS_MD_SHA512 ||
	       mbedtls_pk_get_bitlen(key) >= PSS_BITS_MIN(64);
}

/* ECDSA on one of the curves, whichever hash it is used with. */
static bool fits_any_curve(const struct scheme *scheme,
			   const mbedtls_pk_context *key)
{
	for (size_t i = 0; i < 3; i++)
		if (fits(&schemes_known[i], key))
			return scheme->curve != MBEDTLS_ECP_DP_NONE;
	return false;
}

static const struct scheme *find_scheme(uint16_t id,
					const mbedtls_pk_context *key)
{
	for (size_t i = 0; i < sizeof(schemes_known) / sizeof(*schemes_known);
	     i++) {
		const struct scheme *scheme = &schemes_known[i];

		if (scheme->id != (id & ~FLAGS))
			continue;
		return fits(scheme, key) ||
		       (id & SLUICE_SCHEME_ANY_CURVE &&
			fits_any_curve(scheme, key)) ? scheme : NULL;
	}
	return NULL;
}

static bool scheme_offered(const struct sluice_provider *p, uint16_t id)
{
	(void)p;
	for (size_t i = 0; i < sizeof(schemes_known) / sizeof(*schemes_known);
	     i++)
		if (schemes_known[i].id == id)
			return true;
	return false;
}

void sl_mbedtls_key_schemes(const mbedtls_pk_context *key, uint16_t schemes[8])
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(schemes_known) / sizeof(*schemes_known);
	     i++)
		if (fits(&schemes_known[i], key))
			schemes[n++] = schemes_known[i].id;
	schemes[n] = 0;
}

/* The hash of data, or data that is one; its length, or 0. */
static size_t digest(const struct scheme *scheme, uint16_t id,
		     const uint8_t *data, size_t len, uint8_t *out)
{
	const mbedtls_md_info_t *info = mbedtls_md_info_from_type(scheme->md);
	size_t size = mbedtls_md_get_size(info);

	if (!(id & SLUICE_SCHEME_DIGEST))
		return mbedtls_md(info, data, len, out) ? 0 : size;
	if (len != size)
		return 0;
	memcpy(out, data, len);
	return len;
}

static mbedtls_pk_type_t kind(const struct scheme *scheme)
{
	return scheme->pss ? MBEDTLS_PK_RSASSA_PSS :
	       scheme->curve == MBEDTLS_ECP_DP_NONE ? MBEDTLS_PK_RSA :
						      MBEDTLS_PK_ECDSA;
}

/* The salt is as long as the hash (RFC 9846, section 4.2.3): its default. */
static int sign(const struct sluice_provider *p,
		const struct sluice_credential *cred, uint16_t id,
		const uint8_t *data, size_t len, uint8_t *sig, size_t *sig_len)
{
	mbedtls_pk_context *key = (mbedtls_pk_context *)(uintptr_t)&cred->key;
	const struct scheme *scheme = find_scheme(id, key);
	uint8_t hash[HASH_MAX];
	size_t n;

	(void)p;
	if (!scheme)
		return -1;
	n = digest(scheme, id, data, len, hash);
	return n && !mbedtls_pk_sign_ext(kind(scheme), key, scheme->md, hash,
					 n, sig, SLUICE_SIGNATURE_MAX, sig_len,
					 sl_mbedtls_random, NULL) ? 0 : -1;
}

static int verify_signature(const struct sluice_provider *p,
			    const struct sluice_pubkey *pubkey, uint16_t id,
			    const uint8_t *data, size_t len,
			    const uint8_t *sig, size_t sig_len)
{
	mbedtls_pk_context *key = (mbedtls_pk_context *)(uintptr_t)&pubkey->pk;
	const struct scheme *scheme = find_scheme(id, key);
	mbedtls_pk_rsassa_pss_options pss;
	uint8_t hash[HASH_MAX];
	size_t n;
	int rc;

	(void)p;
	if (!scheme)
		return ALERT_ILLEGAL_PARAMETER;
	n = digest(scheme, id, data, len, hash);
	if (!n)
		return -1;
	pss.mgf1_hash_id = scheme->md;
	pss.expected_salt_len = (int)n;
	rc = mbedtls_pk_verify_ext(kind(scheme), scheme->pss ? &pss : NULL, key,
				   scheme->md, hash, n, sig, sig_len);
	if (rc == MBEDTLS_ERR_PK_ALLOC_FAILED ||
	    rc == MBEDTLS_ERR_MPI_ALLOC_FAILED)
		return -1;
	return rc ? ALERT_DECRYPT_ERROR : 0;
}

void sl_mbedtls_sign_table(struct sluice_provider *table)
{
	table->scheme_offered = scheme_offered;
	table->sign = sign;
	table->verify_signature = verify_signature;
}
