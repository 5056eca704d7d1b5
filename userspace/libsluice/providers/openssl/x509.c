// SPDX-License-Identifier: MIT
/*
 * Checking the peer's certificates by libcrypto: the path (RFC 5280), what the
 * leaf is for, and whom it names (RFC 9525).
 */
#include <arpa/inet.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "internal.h"

/* Longest DNS name in presentation form, without the final dot. */
#define NAME_MAX_LEN	253

static int alert_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return ALERT_CERTIFICATE_EXPIRED;
	case X509_V_ERR_CERT_REVOKED:
		return ALERT_CERTIFICATE_REVOKED;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_INVALID_CA:
		return ALERT_UNKNOWN_CA;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
		return ALERT_CERTIFICATE_UNKNOWN;
	case X509_V_ERR_INVALID_PURPOSE:
		return ALERT_UNSUPPORTED_CERTIFICATE;
	default:
		return ALERT_BAD_CERTIFICATE;
	}
}

/* Puts the name where it belongs; false if it is no name at all. */
static bool set_name(X509_VERIFY_PARAM *param, const char *name)
{
	uint8_t address[16];
	size_t len = strlen(name);

	if (inet_pton(AF_INET, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip(param, address, 4);
	if (inet_pton(AF_INET6, name, address) == 1)
		return X509_VERIFY_PARAM_set1_ip(param, address, 16);

	/* "example.com." is the same name as "example.com". */
	if (len && name[len - 1] == '.')
		len--;
	if (!len || len > NAME_MAX_LEN || name[0] == '.')
		return false;
	X509_VERIFY_PARAM_set_hostflags(param,
					X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, name, len);
}

X509 *sl_openssl_parse(const struct sluice_openssl *o,
		       const struct sluice_octets *der)
{
	const uint8_t *at = der->data;
	X509 *cert = X509_new_ex(o->lib, NULL);

	if (!cert)
		return NULL;
	if (der->len > LONG_MAX || !d2i_X509(&cert, &at, (long)der->len) ||
	    at != der->data + der->len) {
		X509_free(cert);
		return NULL;
	}
	return cert;
}

/* From the leaf to where a path ends that another might go on from; or NULL. */
static STACK_OF(X509) *find_dead_end(X509_STORE_CTX *ctx, int error)
{
	STACK_OF(X509) *path;

	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return X509_STORE_CTX_get1_chain(ctx);
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		path = X509_STORE_CTX_get1_chain(ctx);
		while (sk_X509_num(path) > X509_STORE_CTX_get_error_depth(ctx) + 1)
			X509_free(sk_X509_pop(path));
		return path;
	default:
		return NULL;
	}
}

/* Only if there is another of its name: then this is cross-signed. */
static bool leave_out(STACK_OF(X509) *others, const X509 *dead_end)
{
	int count = sk_X509_num(others);
	int found = 0, i;

	while (found < count && sk_X509_value(others, found) != dead_end)
		found++;
	if (found == count)
		return false;
	for (i = 0; i < count; i++) {
		if (i != found &&
		    !X509_NAME_cmp(X509_get_subject_name(sk_X509_value(others, i)),
				   X509_get_subject_name(dead_end)))
			break;
	}
	if (i == count)
		return false;
	X509_free(sk_X509_delete(others, found));
	return true;
}

/* Goes back, from the end of the path, to where there was another way. */
static bool go_back(STACK_OF(X509) *others, STACK_OF(X509) *path)
{
	bool found = false;
	X509 *cert;

	while (!found && (cert = sk_X509_pop(path))) {
		found = leave_out(others, cert);
		X509_free(cert);
	}
	sk_X509_pop_free(path, X509_free);
	return found;
}

static int check(const struct sluice_openssl *o,
		 const struct sluice_trust *trust, X509 *leaf,
		 STACK_OF(X509) *others, const struct sluice_peer *peer,
		 const char **reason, STACK_OF(X509) **dead_end)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(o->lib, NULL);
	X509_VERIFY_PARAM *param;
	int rc = -1;

	if (!ctx || !X509_STORE_CTX_init(ctx, trust->store, leaf, others))
		goto out;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)peer->now);
	X509_VERIFY_PARAM_set_auth_level(param, 2);	/* 112 bits */
	/* A root that is an intermediate elsewhere is believed, too. */
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
					   X509_V_FLAG_POLICY_CHECK);
	/* any will do for us, where an authority asks for one */
	if (!X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy)))
		goto out;
	if (!X509_STORE_CTX_set_purpose(ctx, peer->server ?
					X509_PURPOSE_SSL_SERVER :
					X509_PURPOSE_SSL_CLIENT))
		goto out;
	if (peer->name && !set_name(param, peer->name)) {
		*reason = "the name to check is neither a DNS name nor an IP address";
		rc = ALERT_BAD_CERTIFICATE;
		goto out;
	}
	sl_openssl_check_crls(ctx, (struct sluice_trust *)(uintptr_t)trust);
	if (X509_verify_cert(ctx) == 1) {
		rc = sl_openssl_check_staple(o, ctx, peer, reason);
		/* RFC 9846, section 4.4.2.2; old key exchanges had other needs */
		if (!rc && !(X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE)) {
			*reason = "the certificate's key is not for signatures";
			rc = ALERT_UNSUPPORTED_CERTIFICATE;
		}
	} else {
		int error = X509_STORE_CTX_get_error(ctx);

		*dead_end = find_dead_end(ctx, error);
		*reason = X509_verify_cert_error_string(error);
		rc = error == X509_V_ERR_OUT_OF_MEM ? -1 : alert_of(error);
	}
out:
	X509_STORE_CTX_free(ctx);
	return rc;
}

/*
 * libcrypto takes the first issuer that it finds among the peer's certificates
 * and does not come back, where another, cross-signed one would lead on: so the
 * one that leads nowhere is left out, and it is tried again.
 */
static int check_paths(const struct sluice_openssl *o,
		       const struct sluice_trust *trust, X509 *leaf,
		       STACK_OF(X509) *others, const struct sluice_peer *peer,
		       const char **reason)
{
	STACK_OF(X509) *dead_end = NULL;
	const char *other_reason;
	int rc = check(o, trust, leaf, others, peer, reason, &dead_end);
	int again = rc;

	while (again && go_back(others, dead_end)) {
		dead_end = NULL;
		again = check(o, trust, leaf, others, peer, &other_reason,
			      &dead_end);
	}
	return again ? rc : 0;
}

static int verify_chain(const struct sluice_provider *p,
			const struct sluice_trust *trust,
			const struct sluice_octets *chain, size_t count,
			const struct sluice_peer *peer,
			struct sluice_pubkey **key, const char **reason)
{
	const struct sluice_openssl *o = sl_openssl(p);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509 *leaf = NULL, *cert;
	EVP_PKEY *pkey;
	int rc = -1;

	if (!others)
		return -1;
	*reason = "the certificate is malformed";
	for (size_t i = 0; i < count && i < SLUICE_CHAIN_MAX; i++) {
		cert = sl_openssl_parse(o, &chain[i]);
		if (!cert) {
			rc = ALERT_BAD_CERTIFICATE;
			goto out;
		}
		if (!i) {
			leaf = cert;
		} else if (!sk_X509_push(others, cert)) {
			X509_free(cert);
			goto out;
		}
	}
	if (!leaf) {
		rc = ALERT_BAD_CERTIFICATE;
		goto out;
	}
	rc = trust ? check_paths(o, trust, leaf, others, peer, reason) : 0;
	if (rc)
		goto out;
	pkey = X509_get_pubkey(leaf);
	if (!pkey) {
		*reason = "the certificate's key is of an unknown kind";
		rc = ALERT_UNSUPPORTED_CERTIFICATE;
		goto out;
	}
	*key = (struct sluice_pubkey *)pkey;
out:
	ERR_clear_error();
	X509_free(leaf);
	sk_X509_pop_free(others, X509_free);
	return rc;
}

void sl_openssl_x509_table(struct sluice_provider *table)
{
	table->verify_chain = verify_chain;
}
