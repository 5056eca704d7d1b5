// SPDX-License-Identifier: MIT
/*
 * Is our certificate what the peer asks for (RFC 9846, sections 4.3.2, 4.2.3
 * and 4.2.5)?
 */
#include <mbedtls/asn1.h>
#include <mbedtls/oid.h>
#include <string.h>

#include "internal.h"

static bool credential_issued(const struct sluice_provider *p,
			      const struct sluice_credential *cred,
			      const uint8_t *name, size_t len)
{
	const mbedtls_x509_crt *cert = &cred->chain;
	const mbedtls_x509_buf wanted = {
		.p = (unsigned char *)(uintptr_t)name, .len = len,
	};

	(void)p;
	for (; cert && cert->raw.p; cert = cert->next) {
		if (sl_mbedtls_same(&cert->issuer_raw, &wanted) ||
		    sl_mbedtls_same(&cert->subject_raw, &wanted))
			return true;
	}
	return false;
}

/* Every bit that is set in the one is set in the other. */
static bool has_usages(const mbedtls_x509_crt *leaf, unsigned char *values,
		       size_t len)
{
	mbedtls_asn1_bitstring bits = { .len = 0 };
	unsigned char *at = values;
	unsigned int want = 0;

	if (mbedtls_asn1_get_bitstring(&at, values + len, &bits) ||
	    at != values + len || bits.len > 2)
		return false;
	for (size_t i = 0; i < bits.len; i++)
		want |= (unsigned int)bits.p[i] << 8 * i;
	return !mbedtls_x509_crt_check_key_usage(leaf, want);
}

static bool has_purposes(const mbedtls_x509_crt *leaf, unsigned char *values,
			 size_t len)
{
	unsigned char *at = values, *end = values + len;
	size_t n;

	if (mbedtls_asn1_get_tag(&at, end, &n, MBEDTLS_ASN1_CONSTRUCTED |
				 MBEDTLS_ASN1_SEQUENCE) || at + n != end)
		return false;
	while (at < end) {
		const mbedtls_x509_sequence *have = &leaf->ext_key_usage;

		if (mbedtls_asn1_get_tag(&at, end, &n, MBEDTLS_ASN1_OID))
			return false;
		while (have && have->buf.p &&
		       (have->buf.len != n || memcmp(have->buf.p, at, n)))
			have = have->next;
		if (!have || !have->buf.p)
			return false;
		at += n;
	}
	return true;
}

/* These two are all that have rules for it (section 4.2.5). */
static bool credential_matches(const struct sluice_provider *p,
			       const struct sluice_credential *cred,
			       const uint8_t *oid, size_t oid_len,
			       const uint8_t *values, size_t len)
{
	static const uint8_t usage[] = "\x06\x03" MBEDTLS_OID_KEY_USAGE;
	static const uint8_t purpose[] = "\x06\x03" MBEDTLS_OID_EXTENDED_KEY_USAGE;
	const mbedtls_x509_crt *leaf = &cred->chain;
	unsigned char *data = (unsigned char *)(uintptr_t)values;
	bool is_usage = oid_len == 5 && !memcmp(oid, usage, 5);

	(void)p;
	if (!is_usage && (oid_len != 5 || memcmp(oid, purpose, 5)))
		return true;
	if (!mbedtls_x509_crt_has_ext_type(leaf, is_usage ?
					   MBEDTLS_X509_EXT_KEY_USAGE :
					   MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE))
		return false;
	return !len || (is_usage ? has_usages(leaf, data, len) :
				   has_purposes(leaf, data, len));
}

uint16_t sl_mbedtls_signature(const mbedtls_x509_crt *cert)
{
	static const struct {
		mbedtls_pk_type_t pk;
		mbedtls_md_type_t md;
		uint16_t scheme;
	} known[] = {
		{ MBEDTLS_PK_ECDSA, MBEDTLS_MD_SHA256, SLUICE_ECDSA_SECP256R1_SHA256 },
		{ MBEDTLS_PK_ECDSA, MBEDTLS_MD_SHA384, SLUICE_ECDSA_SECP384R1_SHA384 },
		{ MBEDTLS_PK_ECDSA, MBEDTLS_MD_SHA512, SLUICE_ECDSA_SECP521R1_SHA512 },
		{ MBEDTLS_PK_RSA, MBEDTLS_MD_SHA256, SLUICE_RSA_PKCS1_SHA256 },
		{ MBEDTLS_PK_RSA, MBEDTLS_MD_SHA384, SLUICE_RSA_PKCS1_SHA384 },
		{ MBEDTLS_PK_RSA, MBEDTLS_MD_SHA512, SLUICE_RSA_PKCS1_SHA512 },
		/* of which kind the authority's key is, it does not say */
		{ MBEDTLS_PK_RSASSA_PSS, MBEDTLS_MD_SHA256, SLUICE_RSA_PSS_RSAE_SHA256 },
		{ MBEDTLS_PK_RSASSA_PSS, MBEDTLS_MD_SHA384, SLUICE_RSA_PSS_RSAE_SHA384 },
		{ MBEDTLS_PK_RSASSA_PSS, MBEDTLS_MD_SHA512, SLUICE_RSA_PSS_RSAE_SHA512 },
	};

	if (sl_mbedtls_same(&cert->issuer_raw, &cert->subject_raw))
		return 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (known[i].pk == cert->MBEDTLS_PRIVATE(sig_pk) &&
		    known[i].md == cert->MBEDTLS_PRIVATE(sig_md))
			return known[i].scheme;
	}
	return SLUICE_SCHEME_OTHER;
}

static const uint16_t *
credential_signatures(const struct sluice_provider *p,
		      const struct sluice_credential *cred)
{
	(void)p;
	return cred->signatures;
}

/* One before it in the list has the same name. */
static bool is_repeated(const struct sluice_trust *trust,
			const mbedtls_x509_crt *cert)
{
	const mbedtls_x509_crt *at = &trust->certs;

	while (at != cert && !sl_mbedtls_same(&at->subject_raw,
					      &cert->subject_raw))
		at = at->next;
	return at != cert;
}

static bool trust_name(const struct sluice_provider *p,
		       const struct sluice_trust *trust, size_t i,
		       struct sluice_octets *name)
{
	const mbedtls_x509_crt *cert = &trust->certs;

	(void)p;
	for (size_t left = trust->named; left; left--, cert = cert->next) {
		if (is_repeated(trust, cert) || i--)
			continue;
		name->data = cert->subject_raw.p;
		name->len = cert->subject_raw.len;
		return true;
	}
	return false;
}

void sl_mbedtls_request_table(struct sluice_provider *table)
{
	table->credential_issued = credential_issued;
	table->credential_matches = credential_matches;
	table->credential_signatures = credential_signatures;
	table->trust_name = trust_name;
}
