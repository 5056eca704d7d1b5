// SPDX-License-Identifier: MIT
/*
 * Checking the peer's certificates by Mbed TLS: the path (RFC 5280), what the
 * leaf is for, and whom it names (RFC 9525).
 */
#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <string.h>

#include "internal.h"

/* Authorities in a path; Mbed TLS goes no further (MAX_INTERMEDIATE_CA). */
#define PATH_MAX_LEN	16

/* 112 bits of security, and no SHA-1. */
static const mbedtls_x509_crt_profile profile = {
	.allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
		       MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
	.allowed_pks = 0xfffffff,
	.allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
			  MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
	.rsa_min_bitlen = 2048,
};

static bool is_oid(const mbedtls_x509_buf *oid, const char *want, size_t len)
{
	return oid->len == len && !memcmp(oid->p, want, len);
}

/* Who is not to be believed for everything. */
static bool is_constraint(const mbedtls_x509_buf *oid)
{
	static const char *const constraints[] = {
		MBEDTLS_OID_NAME_CONSTRAINTS,
		MBEDTLS_OID_POLICY_CONSTRAINTS,
		MBEDTLS_OID_INIHIBIT_ANYPOLICY,
	};

	for (size_t i = 0; i < sizeof(constraints) / sizeof(*constraints); i++) {
		if (is_oid(oid, constraints[i], strlen(constraints[i])))
			return true;
	}
	return false;
}

/* Called for what Mbed TLS does not know; an error counts if it is critical. */
static int see_extension(void *ctx, const mbedtls_x509_crt *cert,
			 const mbedtls_x509_buf *oid, int critical,
			 const unsigned char *p, const unsigned char *end)
{
	struct sl_mbedtls_certs *certs = ctx;

	(void)critical;
	(void)p;
	(void)end;
	/* all policies will do: nobody asks for one */
	if (is_oid(oid, MBEDTLS_OID_CERTIFICATE_POLICIES,
		   MBEDTLS_OID_SIZE(MBEDTLS_OID_CERTIFICATE_POLICIES)))
		return 0;
	if (!is_constraint(oid))
		return -1;
	/* once is enough, for one that has several */
	if (certs->constrained_count &&
	    certs->constrained[certs->constrained_count - 1] == cert)
		return 0;
	if (certs->constrained_count == SLUICE_CHAIN_MAX)
		return -1;
	certs->constrained[certs->constrained_count++] = cert;
	return 0;
}

int sl_mbedtls_parse(struct sl_mbedtls_certs *certs, const uint8_t *der,
		     size_t len)
{
	const mbedtls_x509_crt *last = &certs->list;
	int rc;

	rc = mbedtls_x509_crt_parse_der_with_ext_cb(&certs->list, der, len, 1,
						    see_extension, certs);
	if (rc)
		return rc;
	while (last->next)
		last = last->next;
	return last->raw.len == len ? 0 : MBEDTLS_ERR_X509_INVALID_FORMAT;
}

static bool is_unsupported(int rc)
{
	/* a low-level code may be added to it */
	int high = -(-rc & 0xff80);

	return high == MBEDTLS_ERR_X509_UNKNOWN_SIG_ALG ||
	       high == MBEDTLS_ERR_PK_UNKNOWN_PK_ALG ||
	       high == MBEDTLS_ERR_PK_UNKNOWN_NAMED_CURVE ||
	       high == MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE;
}

static int parse(struct sl_mbedtls_certs *certs,
		 const struct sluice_octets *chain, size_t count,
		 const char **reason)
{
	*reason = "the certificate is malformed";
	if (!count)
		return ALERT_BAD_CERTIFICATE;
	for (size_t i = 0; i < count && i < SLUICE_CHAIN_MAX; i++) {
		int rc = sl_mbedtls_parse(certs, chain[i].data, chain[i].len);

		if (!rc)
			continue;
		if (rc == MBEDTLS_ERR_X509_ALLOC_FAILED)
			return -1;
		if (!is_unsupported(rc))
			return ALERT_BAD_CERTIFICATE;
		/* there may be another way to an authority */
		if (i)
			continue;
		*reason = "the certificate's key, or its signature, is of an unknown kind";
		return ALERT_UNSUPPORTED_CERTIFICATE;
	}
	return 0;
}

/*
 * Mbed TLS looks for an issuer only among those that come later, and goes on
 * with the first one. But a peer may send them in any order (RFC 9846, section
 * 4.4.2), and several of one name: so the path comes first, by its names.
 */
struct search {
	const struct sluice_trust *trust;
	mbedtls_x509_crt *others[SLUICE_CHAIN_MAX];
	bool used[SLUICE_CHAIN_MAX];
	size_t count;
	mbedtls_x509_crt *path[SLUICE_CHAIN_MAX];
	size_t len;
	unsigned int left;		/* steps, for there may be many ways */
};

static bool is_known(const struct sluice_trust *trust,
		     const mbedtls_x509_buf *name)
{
	const mbedtls_x509_crt *at = &trust->certs;

	while (at && at->raw.p && !sl_mbedtls_same(&at->subject_raw, name))
		at = at->next;
	return at && at->raw.p;
}

/* Does a way lead from here to a name of the trust store? */
static bool leads(struct search *s, const mbedtls_x509_crt *cert)
{
	if (is_known(s->trust, &cert->issuer_raw))
		return true;
	for (size_t i = 0; i < s->count && s->left; i++) {
		if (s->used[i] || !sl_mbedtls_same(&s->others[i]->subject_raw,
						   &cert->issuer_raw))
			continue;
		s->left--;
		s->used[i] = true;
		s->path[s->len++] = s->others[i];
		if (leads(s, s->others[i]))
			return true;
		s->len--;
		s->used[i] = false;
	}
	return false;
}

static void sort(const struct sluice_trust *trust, mbedtls_x509_crt *leaf)
{
	struct search s = { .trust = trust, .left = 100 };
	mbedtls_x509_crt *at;

	for (at = leaf->next; at && s.count < SLUICE_CHAIN_MAX; at = at->next)
		s.others[s.count++] = at;
	if (!leads(&s, leaf))
		return;
	at = leaf;
	for (size_t i = 0; i < s.len; i++, at = at->next)
		at->next = s.path[i];
	for (size_t i = 0; i < s.count; i++) {
		if (!s.used[i]) {
			at->next = s.others[i];
			at = at->next;
		}
	}
	at->next = NULL;
}

/* A path, as it is found: from the leaf to the one that is believed. */
struct path {
	const struct sluice_peer *peer;
	mbedtls_x509_crt *certs[PATH_MAX_LEN];
	size_t len;
};

static bool is_for(const mbedtls_x509_crt *cert, bool server)
{
	const mbedtls_x509_sequence *use = &cert->ext_key_usage;
	const char *want = server ? MBEDTLS_OID_SERVER_AUTH :
				    MBEDTLS_OID_CLIENT_AUTH;

	if (!mbedtls_x509_crt_has_ext_type(cert,
					   MBEDTLS_X509_EXT_EXTENDED_KEY_USAGE))
		return true;
	for (; use && use->buf.p; use = use->next) {
		if (is_oid(&use->buf, want,
			   MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)))
			return true;
	}
	return false;
}

static bool is_valid(const mbedtls_x509_crt *cert, int64_t now)
{
	return now >= sl_mbedtls_seconds(&cert->valid_from) &&
	       now <= sl_mbedtls_seconds(&cert->valid_to);
}

/* What Mbed TLS leaves out of its judgement, and what is the clock's. */
static int see_cert(void *ctx, mbedtls_x509_crt *cert, int depth,
		    uint32_t *flags)
{
	struct path *path = ctx;

	if (depth >= PATH_MAX_LEN)
		return MBEDTLS_ERR_X509_FATAL_ERROR;
	path->certs[depth] = cert;
	if ((size_t)depth >= path->len)
		path->len = (size_t)depth + 1;
	*flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED |
			      MBEDTLS_X509_BADCERT_FUTURE);
	if (!is_valid(cert, path->peer->now))
		*flags |= MBEDTLS_X509_BADCERT_EXPIRED;
	if (!is_for(cert, path->peer->server))
		*flags |= MBEDTLS_X509_BADCERT_EXT_KEY_USAGE;
	if (!depth && mbedtls_x509_crt_check_key_usage(cert,
					MBEDTLS_X509_KU_DIGITAL_SIGNATURE))
		*flags |= MBEDTLS_X509_BADCERT_KEY_USAGE;
	return 0;
}

static const struct {
	uint32_t flags;
	int alert;
	const char *reason;
} verdicts[] = {
	{ MBEDTLS_X509_BADCERT_NOT_TRUSTED, ALERT_UNKNOWN_CA,
	  "the certificate is of no authority that is believed" },
	{ MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK |
	  MBEDTLS_X509_BADCERT_BAD_KEY, ALERT_BAD_CERTIFICATE,
	  "a key or a signature in the chain is too weak" },
	{ MBEDTLS_X509_BADCERT_EXPIRED, ALERT_CERTIFICATE_EXPIRED,
	  "the certificate has expired, or is not yet valid" },
	{ MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE,
	  ALERT_UNSUPPORTED_CERTIFICATE,
	  "the certificate is not for this purpose" },
};

static int judge(uint32_t flags, const char **reason)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		if (flags & verdicts[i].flags) {
			*reason = verdicts[i].reason;
			return verdicts[i].alert;
		}
	}
	*reason = "the certificate is not good";
	return ALERT_BAD_CERTIFICATE;
}

/* One that is in the trust store itself needs nobody to vouch for it. */
static bool is_believed(const struct sluice_trust *trust,
			const mbedtls_x509_crt *cert)
{
	const mbedtls_x509_crt *at = &trust->certs;

	for (; at && at->raw.p; at = at->next) {
		if (sl_mbedtls_same(&at->raw, &cert->raw))
			return true;
	}
	return false;
}

static int find_path(const struct sluice_trust *trust, mbedtls_x509_crt *leaf,
		     struct path *path, const char **reason)
{
	mbedtls_x509_crt *roots = (mbedtls_x509_crt *)(uintptr_t)&trust->certs;
	uint32_t flags = 0;
	int rc;

	if (is_believed(trust, leaf)) {
		see_cert(path, leaf, 0, &flags);
		return flags ? judge(flags, reason) : 0;
	}
	rc = mbedtls_x509_crt_verify_with_profile(leaf, roots, NULL, &profile,
						  NULL, &flags, see_cert, path);
	if (!rc)
		return 0;
	if (rc == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
		return judge(flags, reason);
	*reason = "the chain of certificates is too long";
	return rc == MBEDTLS_ERR_X509_FATAL_ERROR ? ALERT_UNKNOWN_CA : -1;
}

static int check(const struct sluice_trust *trust,
		 struct sl_mbedtls_certs *certs,
		 const struct sluice_peer *peer, const char **reason)
{
	struct path path = { .peer = peer };
	int rc;

	sort(trust, &certs->list);
	rc = find_path(trust, &certs->list, &path, reason);
	if (rc)
		return rc;
	for (size_t i = 1; i < path.len; i++) {
		for (size_t k = 0; k < certs->constrained_count; k++) {
			if (path.certs[i] != certs->constrained[k])
				continue;
			*reason = "an authority has constraints of names or policies, which Mbed TLS cannot check";
			return ALERT_UNSUPPORTED_CERTIFICATE;
		}
	}
	rc = sl_mbedtls_check_crls(trust, path.certs, path.len, peer->now,
				   reason);
	if (!rc && peer->name)
		rc = sl_mbedtls_check_name(&certs->list, peer->name, reason);
	return rc;
}

static int verify_chain(const struct sluice_provider *p,
			const struct sluice_trust *trust,
			const struct sluice_octets *chain, size_t count,
			const struct sluice_peer *peer,
			struct sluice_pubkey **key, const char **reason)
{
	struct sl_mbedtls_certs certs = { .constrained_count = 0 };
	const mbedtls_x509_buf *spki = &certs.list.pk_raw;
	int rc;

	(void)p;
	mbedtls_x509_crt_init(&certs.list);
	rc = parse(&certs, chain, count, reason);
	if (!rc && trust)
		rc = check(trust, &certs, peer, reason);
	if (!rc && sl_mbedtls_pubkey(spki->p, spki->len, key))
		rc = -1;
	mbedtls_x509_crt_free(&certs.list);
	return rc;
}

void sl_mbedtls_x509_table(struct sluice_provider *table)
{
	table->verify_chain = verify_chain;
}
