// SPDX-License-Identifier: MIT
/* CertificateRequest (RFC 9846, 4.3.2): what is asked for, and do we have it? */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "internal.h"

static bool credential_issued(const struct sluice_provider *p,
			      const struct sluice_credential *cred,
			      const uint8_t *name, size_t len)
{
	const uint8_t *at = name;
	X509_NAME *authority = NULL;
	bool found = false;

	(void)p;
	if (len <= LONG_MAX)
		authority = d2i_X509_NAME(NULL, &at, (long)len);
	if (authority && at == name + len) {
		for (size_t i = 0; i < cred->count && !found; i++) {
			X509 *cert = cred->chain[i].cert;

			found = !X509_NAME_cmp(X509_get_issuer_name(cert),
					       authority) ||
				!X509_NAME_cmp(X509_get_subject_name(cert),
					       authority);
		}
	}
	X509_NAME_free(authority);
	ERR_clear_error();
	return found;
}

/* Every bit that is set in the one is set in the other. */
static bool has_usages(X509 *leaf, const uint8_t *values, long len)
{
	ASN1_BIT_STRING *want = d2i_ASN1_BIT_STRING(NULL, &values, len);
	ASN1_BIT_STRING *have = X509_get_ext_d2i(leaf, NID_key_usage, NULL,
						 NULL);
	bool ok = want && have;

	for (int i = 0; ok && i < 8 * ASN1_STRING_length(want); i++)
		ok = !ASN1_BIT_STRING_get_bit(want, i) ||
		     ASN1_BIT_STRING_get_bit(have, i);
	ASN1_BIT_STRING_free(want);
	ASN1_BIT_STRING_free(have);
	return ok;
}

static bool has_purpose(const EXTENDED_KEY_USAGE *have, const ASN1_OBJECT *want)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(have); i++) {
		if (!OBJ_cmp(sk_ASN1_OBJECT_value(have, i), want))
			return true;
	}
	return false;
}

static bool has_purposes(X509 *leaf, const uint8_t *values, long len)
{
	EXTENDED_KEY_USAGE *want = d2i_EXTENDED_KEY_USAGE(NULL, &values, len);
	EXTENDED_KEY_USAGE *have = X509_get_ext_d2i(leaf, NID_ext_key_usage,
						    NULL, NULL);
	bool ok = want && have;

	for (int i = 0; ok && i < sk_ASN1_OBJECT_num(want); i++)
		ok = has_purpose(have, sk_ASN1_OBJECT_value(want, i));
	EXTENDED_KEY_USAGE_free(want);
	EXTENDED_KEY_USAGE_free(have);
	return ok;
}

/* These two are all that have rules for it (section 4.2.5). */
static bool credential_matches(const struct sluice_provider *p,
			       const struct sluice_credential *cred,
			       const uint8_t *oid, size_t oid_len,
			       const uint8_t *values, size_t len)
{
	X509 *leaf = cred->chain[0].cert;
	ASN1_OBJECT *object = NULL;
	bool ok = true;
	int nid;

	(void)p;
	if (oid_len > LONG_MAX || len > LONG_MAX)
		return false;
	object = d2i_ASN1_OBJECT(NULL, &oid, (long)oid_len);
	nid = object ? OBJ_obj2nid(object) : NID_undef;
	ASN1_OBJECT_free(object);
	if (nid == NID_key_usage || nid == NID_ext_key_usage) {
		if (!len)
			ok = X509_get_ext_by_NID(leaf, nid, -1) >= 0;
		else if (nid == NID_key_usage)
			ok = has_usages(leaf, values, (long)len);
		else
			ok = has_purposes(leaf, values, (long)len);
	}
	ERR_clear_error();
	return ok;
}

uint16_t sl_openssl_signature(X509 *cert)
{
	static const struct {
		int key, md;
		uint16_t scheme;
	} known[] = {
		{ EVP_PKEY_EC, NID_sha256, SLUICE_ECDSA_SECP256R1_SHA256 },
		{ EVP_PKEY_EC, NID_sha384, SLUICE_ECDSA_SECP384R1_SHA384 },
		{ EVP_PKEY_EC, NID_sha512, SLUICE_ECDSA_SECP521R1_SHA512 },
		{ EVP_PKEY_ED25519, NID_undef, SLUICE_ED25519 },
		{ EVP_PKEY_RSA, NID_sha256, SLUICE_RSA_PKCS1_SHA256 },
		{ EVP_PKEY_RSA, NID_sha384, SLUICE_RSA_PKCS1_SHA384 },
		{ EVP_PKEY_RSA, NID_sha512, SLUICE_RSA_PKCS1_SHA512 },
#ifdef NID_ML_DSA_44
		{ NID_ML_DSA_44, NID_undef, SLUICE_MLDSA44 },
		{ NID_ML_DSA_65, NID_undef, SLUICE_MLDSA65 },
		{ NID_ML_DSA_87, NID_undef, SLUICE_MLDSA87 },
#endif
		/* of which kind the authority's key is, it does not say */
		{ EVP_PKEY_RSA_PSS, NID_sha256, SLUICE_RSA_PSS_RSAE_SHA256 },
		{ EVP_PKEY_RSA_PSS, NID_sha384, SLUICE_RSA_PSS_RSAE_SHA384 },
		{ EVP_PKEY_RSA_PSS, NID_sha512, SLUICE_RSA_PSS_RSAE_SHA512 },
	};
	int md, key;

	if (X509_self_signed(cert, 0) == 1)
		return 0;
	if (X509_get_signature_info(cert, &md, &key, NULL, NULL)) {
		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
			if (known[i].key == key && known[i].md == md)
				return known[i].scheme;
		}
	}
	ERR_clear_error();
	return SLUICE_SCHEME_OTHER;
}

static const uint16_t *
credential_signatures(const struct sluice_provider *p,
		      const struct sluice_credential *cred)
{
	(void)p;
	return cred->signatures;
}

static bool add_name(STACK_OF(X509_NAME) *names, const X509_NAME *name)
{
	X509_NAME *copy;

	for (int i = 0; i < sk_X509_NAME_num(names); i++) {
		if (!X509_NAME_cmp(sk_X509_NAME_value(names, i), name))
			return true;
	}
	copy = X509_NAME_dup(name);
	if (copy && sk_X509_NAME_push(names, copy))
		return true;
	X509_NAME_free(copy);
	return false;
}

/*
 * A folder's certificates are loaded as they are needed, perhaps by several
 * threads: so what may be read later is noted now.
 */
bool sl_openssl_trust_names(struct sluice_trust *trust)
{
	STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust->store);

	if (!trust->names)
		trust->names = sk_X509_NAME_new_null();
	if (!trust->names)
		return false;
	for (int i = 0; i < sk_X509_OBJECT_num(objects); i++) {
		X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));

		if (cert && !add_name(trust->names, X509_get_subject_name(cert)))
			return false;
	}
	return true;
}

static bool trust_name(const struct sluice_provider *p,
		       const struct sluice_trust *trust, size_t i,
		       struct sluice_octets *name)
{
	(void)p;
	return i < (size_t)sk_X509_NAME_num(trust->names) &&
	       X509_NAME_get0_der(sk_X509_NAME_value(trust->names, (int)i),
				  &name->data, &name->len);
}

void sl_openssl_request_table(struct sluice_provider *table)
{
	table->credential_issued = credential_issued;
	table->credential_matches = credential_matches;
	table->credential_signatures = credential_signatures;
	table->trust_name = trust_name;
}
