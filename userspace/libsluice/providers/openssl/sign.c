// SPDX-License-Identifier: MIT
/* Signatures by libcrypto: which scheme fits which key, and both ways. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "internal.h"

struct scheme {
	uint16_t id;
	const char *type;	/* libcrypto's name of the key type */
	const char *curve;
	const char *md;
	bool pss;
};

#define FLAGS	(SLUICE_SCHEME_ANY_CURVE | SLUICE_SCHEME_DIGEST)

/* In the order of preference. */
static const struct scheme schemes_known[] = {
	{ SLUICE_ECDSA_SECP256R1_SHA256, "EC", "prime256v1", "SHA256", false },
	{ SLUICE_ECDSA_SECP384R1_SHA384, "EC", "secp384r1", "SHA384", false },
	{ SLUICE_ECDSA_SECP521R1_SHA512, "EC", "secp521r1", "SHA512", false },
	{ SLUICE_ED25519, "ED25519", NULL, NULL, false },
	{ SLUICE_RSA_PSS_RSAE_SHA256, "RSA", NULL, "SHA256", true },
	{ SLUICE_RSA_PSS_RSAE_SHA384, "RSA", NULL, "SHA384", true },
	{ SLUICE_RSA_PSS_RSAE_SHA512, "RSA", NULL, "SHA512", true },
	{ SLUICE_RSA_PSS_PSS_SHA256, "RSA-PSS", NULL, "SHA256", true },
	{ SLUICE_RSA_PSS_PSS_SHA384, "RSA-PSS", NULL, "SHA384", true },
	{ SLUICE_RSA_PSS_PSS_SHA512, "RSA-PSS", NULL, "SHA512", true },
	{ SLUICE_MLDSA44, "ML-DSA-44", NULL, NULL, false },
	{ SLUICE_MLDSA65, "ML-DSA-65", NULL, NULL, false },
	{ SLUICE_MLDSA87, "ML-DSA-87", NULL, NULL, false },
	{ SLUICE_RSA_PKCS1_SHA256, "RSA", NULL, "SHA256", false },
	{ SLUICE_RSA_PKCS1_SHA384, "RSA", NULL, "SHA384", false },
	{ SLUICE_RSA_PKCS1_SHA512, "RSA", NULL, "SHA512", false },
};

/* PSS needs twice the hash and two octets: RFC 8017, section 9.1.1. */
#define PSS_BITS_MIN(hash_len)	(8 * (2 * (hash_len) + 2) + 1)

static bool is_curve(const EVP_PKEY *key, const char *wanted)
{
	char curve[32];

	return EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) &&
	       !strcmp(curve, wanted);
}

static bool fits(const struct scheme *scheme, const EVP_PKEY *key)
{
	if (!EVP_PKEY_is_a(key, scheme->type))
		return false;
	if (scheme->curve)
		return is_curve(key, scheme->curve);
	if (scheme->pss && !strcmp(scheme->md, "SHA512"))
		return EVP_PKEY_get_bits(key) >= PSS_BITS_MIN(64);
	return true;
}

/* libcrypto's name of an algorithm, from that of its keys. */
static const char *algorithm(const struct scheme *scheme)
{
	return !strcmp(scheme->type, "EC") ? "ECDSA" :
	       !strcmp(scheme->type, "RSA-PSS") ? "RSA" : scheme->type;
}

void sl_openssl_probe_schemes(struct sluice_openssl *o)
{
	for (size_t i = 0; i < sizeof(schemes_known) / sizeof(*schemes_known);
	     i++) {
		EVP_SIGNATURE *found = EVP_SIGNATURE_fetch(o->lib,
					algorithm(&schemes_known[i]), NULL);

		if (found)
			o->schemes |= 1U << i;
		EVP_SIGNATURE_free(found);
	}
	ERR_clear_error();
}

static bool scheme_offered(const struct sluice_provider *p, uint16_t id)
{
	/* in certificates, which are checked elsewhere */
	if (id == SLUICE_RSA_PKCS1_SHA256 || id == SLUICE_RSA_PKCS1_SHA384 ||
	    id == SLUICE_RSA_PKCS1_SHA512)
		id = SLUICE_RSA_PSS_RSAE_SHA256;
	for (size_t i = 0; i < sizeof(schemes_known) / sizeof(*schemes_known);
	     i++)
		if (schemes_known[i].id == id)
			return sl_openssl(p)->schemes & 1U << i;
	return false;
}

/* ECDSA on one of the curves, whichever hash it is used with. */
static bool fits_any_curve(const struct scheme *scheme, const EVP_PKEY *key)
{
	for (size_t i = 0; i < 3; i++)
		if (fits(&schemes_known[i], key))
			return scheme->curve;
	return false;
}

static const struct scheme *find_scheme(uint16_t id, const EVP_PKEY *key)
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

void sl_openssl_key_schemes(const struct sluice_openssl *o, const EVP_PKEY *key,
			    uint16_t schemes[8])
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof(schemes_known) / sizeof(*schemes_known);
	     i++)
		if (o->schemes & 1U << i && fits(&schemes_known[i], key) &&
		    n < 7)
			schemes[n++] = schemes_known[i].id;
	schemes[n] = 0;
}

/* The salt is as long as the hash: RFC 9846, section 4.2.3. */
static bool set_padding(EVP_PKEY_CTX *ctx, const struct scheme *scheme)
{
	return !scheme->pss ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx,
						 RSA_PSS_SALTLEN_DIGEST) > 0);
}

/*
 * For a digest: the context that signs or checks it, or NULL. Ed25519 hashes
 * what it signs itself, and twice.
 */
static EVP_PKEY_CTX *digest_ctx(OSSL_LIB_CTX *lib,
				const struct scheme *scheme, EVP_PKEY *key,
				int (*init)(EVP_PKEY_CTX *ctx))
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib, key, NULL);
	EVP_MD *md = scheme->md ? EVP_MD_fetch(lib, scheme->md, NULL) : NULL;

	/* a token asks for the hash before the padding that is made of it */
	if (!ctx || !md || init(ctx) <= 0 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, md) <= 0 ||
	    !set_padding(ctx, scheme)) {
		EVP_PKEY_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_MD_free(md);
	return ctx;
}

static int sign_digest(OSSL_LIB_CTX *lib,
		       const struct scheme *scheme, EVP_PKEY *key,
		       const uint8_t *digest, size_t len,
		       uint8_t *sig, size_t *sig_len)
{
	EVP_PKEY_CTX *ctx = digest_ctx(lib, scheme, key, EVP_PKEY_sign_init);
	int ok = ctx && EVP_PKEY_sign(ctx, sig, sig_len, digest, len) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok ? 0 : -1;
}

static int verify_digest(OSSL_LIB_CTX *lib,
			 const struct scheme *scheme, EVP_PKEY *key,
			 const uint8_t *digest, size_t len,
			 const uint8_t *sig, size_t sig_len)
{
	EVP_PKEY_CTX *ctx = digest_ctx(lib, scheme, key, EVP_PKEY_verify_init);
	int rc = -1;

	if (ctx)
		rc = EVP_PKEY_verify(ctx, sig, sig_len, digest, len) == 1 ?
		     0 : ALERT_DECRYPT_ERROR;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int sign(const struct sluice_provider *p,
		const struct sluice_credential *cred, uint16_t id,
		const uint8_t *data, size_t len, uint8_t *sig, size_t *sig_len)
{
	OSSL_LIB_CTX *lib = cred->lib ? cred->lib : sl_openssl(p)->lib;
	const struct scheme *scheme = find_scheme(id, cred->key);
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx;
	int ok;

	*sig_len = SLUICE_SIGNATURE_MAX;
	if (scheme && id & SLUICE_SCHEME_DIGEST)
		return sign_digest(lib, scheme, cred->key, data, len, sig,
				   sig_len);
	ctx = EVP_MD_CTX_new();
	ok = scheme && ctx &&
	     EVP_DigestSignInit_ex(ctx, &pctx, scheme->md, lib, NULL,
				   cred->key, NULL) > 0 &&
	     set_padding(pctx, scheme) &&
	     EVP_DigestSign(ctx, sig, sig_len, data, len) > 0;
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : -1;
}

static int verify_signature(const struct sluice_provider *p,
			    const struct sluice_pubkey *pubkey, uint16_t id,
			    const uint8_t *data, size_t len,
			    const uint8_t *sig, size_t sig_len)
{
	EVP_PKEY *key = sl_pubkey(pubkey);
	const struct scheme *scheme = find_scheme(id, key);
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx;
	int rc = -1;

	if (!scheme)
		return ALERT_ILLEGAL_PARAMETER;
	if (id & SLUICE_SCHEME_DIGEST)
		return verify_digest(sl_openssl(p)->lib, scheme, key, data, len,
				     sig, sig_len);
	ctx = EVP_MD_CTX_new();
	if (ctx &&
	    EVP_DigestVerifyInit_ex(ctx, &pctx, scheme->md, sl_openssl(p)->lib,
				    NULL, key, NULL) > 0 &&
	    set_padding(pctx, scheme))
		rc = EVP_DigestVerify(ctx, sig, sig_len, data, len) == 1 ?
		     0 : ALERT_DECRYPT_ERROR;
	EVP_MD_CTX_free(ctx);
	return rc;
}

static void pubkey_free(const struct sluice_provider *p,
			struct sluice_pubkey *key)
{
	(void)p;
	EVP_PKEY_free(sl_pubkey(key));
}

void sl_openssl_sign_table(struct sluice_provider *table)
{
	table->scheme_offered = scheme_offered;
	table->sign = sign;
	table->verify_signature = verify_signature;
	table->pubkey_free = pubkey_free;
}
