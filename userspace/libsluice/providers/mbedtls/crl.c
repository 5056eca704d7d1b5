// SPDX-License-Identifier: MIT
/*
 * Certificate revocation lists (RFC 5280, section 5). Mbed TLS would judge them
 * by the clock, and take a missing one for a good one: so this is done here.
 */
#include <mbedtls/md.h>

#include "internal.h"

#define HASH_MAX	64	/* SHA-512's */

/* Signed by the issuer, which may sign lists, and by no weak hash. */
static bool is_signed(const mbedtls_x509_crl *list, mbedtls_x509_crt *issuer)
{
	mbedtls_md_type_t md = list->MBEDTLS_PRIVATE(sig_md);
	const mbedtls_x509_buf *sig = &list->MBEDTLS_PRIVATE(sig);
	const mbedtls_md_info_t *info = mbedtls_md_info_from_type(md);
	uint8_t hash[HASH_MAX];

	if (mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN))
		return false;
	if (md != MBEDTLS_MD_SHA256 && md != MBEDTLS_MD_SHA384 &&
	    md != MBEDTLS_MD_SHA512)
		return false;
	return info &&
	       !mbedtls_md(info, list->tbs.p, list->tbs.len, hash) &&
	       !mbedtls_pk_verify_ext(list->MBEDTLS_PRIVATE(sig_pk),
				      list->MBEDTLS_PRIVATE(sig_opts),
				      &issuer->pk, md, hash,
				      mbedtls_md_get_size(info), sig->p,
				      sig->len);
}

/* A list without an end has none: its date is not set. */
static bool has_ended(const mbedtls_x509_crl *list, int64_t now)
{
	return list->next_update.year &&
	       now > sl_mbedtls_seconds(&list->next_update);
}

static int look_up(const struct sluice_trust *trust,
		   const mbedtls_x509_crt *cert, mbedtls_x509_crt *issuer,
		   int64_t now, const char **reason)
{
	const mbedtls_x509_crl *list = &trust->lists;
	bool usable = false;

	*reason = NULL;
	for (; list && list->raw.p; list = list->next) {
		if (!sl_mbedtls_same(&list->issuer_raw, &cert->issuer_raw))
			continue;
		if (!is_signed(list, issuer)) {
			*reason = "a certificate revocation list is not signed by the authority";
		} else if (now < sl_mbedtls_seconds(&list->this_update)) {
			*reason = "a certificate revocation list is not yet valid";
		} else if (has_ended(list, now) &&
			   !(trust->crl_flags & SLUICE_CRL_ALLOW_EXPIRED)) {
			*reason = "a certificate revocation list has expired";
		} else if (mbedtls_x509_crt_is_revoked(cert, list)) {
			*reason = "the certificate is revoked";
			return ALERT_CERTIFICATE_REVOKED;
		} else {
			usable = true;
		}
	}
	if (usable)
		return 0;
	if (!*reason) {
		if (trust->crl_flags & SLUICE_CRL_ALLOW_UNKNOWN)
			return 0;
		*reason = "there is no certificate revocation list of the authority";
	}
	return ALERT_CERTIFICATE_UNKNOWN;
}

int sl_mbedtls_check_crls(const struct sluice_trust *trust,
			  mbedtls_x509_crt *const *path, size_t len,
			  int64_t now, const char **reason)
{
	bool chain = trust->crl_flags & SLUICE_CRL_CHAIN;
	int rc = 0;

	/* the last one is believed on its own account */
	for (size_t i = 0; trust->crl && !rc && i + 1 < len && (!i || chain);
	     i++)
		rc = look_up(trust, path[i], path[i + 1], now, reason);
	return rc;
}
