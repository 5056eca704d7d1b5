// SPDX-License-Identifier: MIT
/*
 * OCSP responses (RFC 6960) that come with a certificate. libcrypto's own check
 * goes by the system's clock and asks the trust store for responders; here the
 * time is the caller's, and nobody speaks for an authority but itself and whom
 * it has authorised (section 4.2.2.2).
 */
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* Clocks differ by so much. */
#define SKEW		300
/* How long an answer counts that does not say it. */
#define LASTS		86400
/* The longest response taken from a file. */
#define STAPLE_MAX	16384
/* TLS extension type of status_request, as RFC 7633 lists it. */
#define STATUS_REQUEST	5

struct check {
	const struct sluice_openssl *o;
	const struct sluice_peer *peer;
	X509 *leaf;
	X509 *issuer;
	OCSP_BASICRESP *basic;
	const char *reason;
};

static int refuse(struct check *check, int alert, const char *reason)
{
	check->reason = reason;
	return alert;
}

static int bad(struct check *check, const char *reason)
{
	return refuse(check, ALERT_BAD_STATUS_RESPONSE, reason);
}

/* The whole input has to be one response; else NULL. */
static OCSP_RESPONSE *parse(const uint8_t *data, size_t len)
{
	const uint8_t *at = data;
	OCSP_RESPONSE *response;

	if (len > LONG_MAX)
		return NULL;
	response = d2i_OCSP_RESPONSE(NULL, &at, (long)len);
	if (response && at != data + len) {
		OCSP_RESPONSE_free(response);
		response = NULL;
	}
	return response;
}

/* Less than 112 bits, as of SHA-1, are not taken elsewhere either. */
static bool is_weak(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object;
	const void *value;
	RSA_PSS_PARAMS *pss;
	int type, md, nid;

	X509_ALGOR_get0(&object, &type, &value, algorithm);
	nid = OBJ_obj2nid(object);
	if (nid == NID_rsassaPss) {
		pss = type == V_ASN1_SEQUENCE ?
		      ASN1_item_unpack(value, ASN1_ITEM_rptr(RSA_PSS_PARAMS)) :
		      NULL;
		md = pss && pss->hashAlgorithm ?
		     OBJ_obj2nid(pss->hashAlgorithm->algorithm) : NID_sha1;
		RSA_PSS_PARAMS_free(pss);
	} else if (!OBJ_find_sigid_algs(nid, &md, NULL)) {
		return true;
	}
	return md != NID_undef &&
	       EVP_MD_get_size(EVP_get_digestbynid(md)) < 224 / 8;
}

/*
 * Somebody else's certificate: issued by the very authority, and for this. No
 * revocation is looked up: these certificates are made to do without
 * (section 4.2.2.2.1).
 */
static int check_delegate(struct check *check, X509 *signer)
{
	X509_STORE *only = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new_ex(check->o->lib, NULL);
	X509_VERIFY_PARAM *param;
	int rc = -1;

	if (!only || !ctx || !X509_STORE_add_cert(only, check->issuer) ||
	    !X509_STORE_CTX_init(ctx, only, signer, NULL))
		goto out;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)check->peer->now);
	X509_VERIFY_PARAM_set_auth_level(param, 2);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	if (X509_verify_cert(ctx) != 1)
		rc = bad(check, "the OCSP response is not signed for the certificate's authority");
	else if (!(X509_get_extension_flags(signer) & EXFLAG_XKUSAGE) ||
		 !(X509_get_extended_key_usage(signer) & XKU_OCSP_SIGN) ||
		 !(X509_get_key_usage(signer) & KU_DIGITAL_SIGNATURE))
		rc = bad(check, "the OCSP response is signed by whom the authority has not authorised");
	else
		rc = 0;
out:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(only);
	return rc;
}

static int check_signature(struct check *check)
{
	STACK_OF(X509) *authority = sk_X509_new_null();
	const X509_ALGOR *algorithm = OCSP_resp_get0_tbs_sigalg(check->basic);
	X509 *signer = NULL;
	int rc = -1;

	if (!authority || !sk_X509_push(authority, check->issuer))
		goto out;
	if (!OCSP_resp_get0_signer(check->basic, &signer, authority))
		rc = bad(check, "the OCSP response does not tell who has signed it");
	else
		rc = X509_cmp(signer, check->issuer) ?
		     check_delegate(check, signer) : 0;
	if (!rc && is_weak(algorithm))
		rc = bad(check, "the OCSP response's signature is too weak");
	if (!rc && ASN1_item_verify_ex(ASN1_ITEM_rptr(OCSP_RESPDATA), algorithm,
				       OCSP_resp_get0_signature(check->basic),
				       OCSP_resp_get0_respdata(check->basic),
				       NULL, X509_get0_pubkey(signer),
				       check->o->lib, NULL) <= 0)
		rc = bad(check, "the OCSP response's signature is not valid");
out:
	sk_X509_free(authority);
	return rc;
}

/* Is this answer about the leaf? */
static bool is_about(struct check *check, const OCSP_SINGLERESP *single)
{
	/* it only reads it */
	OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)
			  OCSP_SINGLERESP_get0_id(single);
	ASN1_OBJECT *object;
	OCSP_CERTID *own;
	const EVP_MD *md;
	bool same;

	/* the responder may take any hash for it */
	if (!OCSP_id_get0_info(NULL, &object, NULL, NULL, id))
		return false;
	md = EVP_get_digestbyobj(object);
	own = md ? OCSP_cert_to_id(md, check->leaf, check->issuer) : NULL;
	same = own && !OCSP_id_cmp(own, id);
	OCSP_CERTID_free(own);
	return same;
}

static bool is_timely(struct check *check, const ASN1_TIME *from,
		      const ASN1_TIME *until)
{
	time_t now = (time_t)check->peer->now;

	if (!from || ASN1_TIME_cmp_time_t(from, now + SKEW) > 0 ||
	    ASN1_TIME_cmp_time_t(from, now) == -2)
		return false;
	if (until)
		return ASN1_TIME_cmp_time_t(until, now - SKEW) >= 0;
	return ASN1_TIME_cmp_time_t(from, now - LASTS) >= 0;
}

static int check_single(struct check *check, OCSP_SINGLERESP *single)
{
	ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
	int status = OCSP_single_get0_status(single, NULL, NULL, &from, &until);

	if (OCSP_SINGLERESP_get_ext_by_critical(single, 1, -1) >= 0)
		return bad(check, "the OCSP response has an extension that is critical and unknown");
	/* once revoked, always revoked */
	if (status == V_OCSP_CERTSTATUS_REVOKED)
		return refuse(check, ALERT_CERTIFICATE_REVOKED,
			      "certificate revoked, says the OCSP response");
	if (status != V_OCSP_CERTSTATUS_GOOD)
		return bad(check, "the OCSP responder does not know the certificate");
	if (!is_timely(check, from, until))
		return bad(check, "the OCSP response is out of date, or not valid yet");
	return 0;
}

/* The first answer that is good will do, unless one says that it is revoked. */
static int check_answers(struct check *check)
{
	int rc = bad(check, "the OCSP response is about another certificate");
	bool good = false;

	if (OCSP_BASICRESP_get_ext_by_critical(check->basic, 1, -1) >= 0)
		return bad(check, "the OCSP response has an extension that is critical and unknown");
	for (int i = 0; i < OCSP_resp_count(check->basic); i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(check->basic, i);

		if (!is_about(check, single))
			continue;
		rc = check_single(check, single);
		if (rc == ALERT_CERTIFICATE_REVOKED)
			return rc;
		good = good || !rc;
	}
	return good ? 0 : rc;
}

static int check_response(struct check *check)
{
	OCSP_RESPONSE *response = parse(check->peer->staple.data,
					check->peer->staple.len);
	int rc;

	if (!response)
		return bad(check, "the OCSP response is malformed");
	if (OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
		rc = bad(check, "the OCSP responder gave no answer");
	} else if (!(check->basic = OCSP_response_get1_basic(response))) {
		rc = bad(check, "the OCSP response is malformed");
	} else {
		rc = check_signature(check);
		if (!rc)
			rc = check_answers(check);
	}
	OCSP_BASICRESP_free(check->basic);
	OCSP_RESPONSE_free(response);
	return rc;
}

/* RFC 7633: the TLS extensions that whoever has the certificate answers. */
static bool promises(X509 *leaf)
{
	TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL,
						 NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		found = found ||
			ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
			STATUS_REQUEST;
	TLS_FEATURE_free(features);
	return found;
}

/*
 * The leaf's authority: libcrypto has checked the leaf with its key, also where the
 * leaf is believed itself. One without is its own.
 */
static X509 *find_issuer(X509_STORE_CTX *ctx, X509 *leaf)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);

	return sk_X509_num(chain) > 1 ? sk_X509_value(chain, 1) : leaf;
}

int sl_openssl_check_staple(const struct sluice_openssl *o, X509_STORE_CTX *ctx,
			    const struct sluice_peer *peer,
			    const char **reason)
{
	struct check check = {
		.o = o, .peer = peer, .leaf = X509_STORE_CTX_get0_cert(ctx),
	};
	int rc = 0;

	if (peer->staple.data) {
		check.issuer = find_issuer(ctx, check.leaf);
		rc = check_response(&check);
	} else if (peer->staple_required) {
		rc = bad(&check, "the certificate came without an OCSP response");
	} else if (peer->staple_asked && promises(check.leaf)) {
		rc = bad(&check, "the certificate came without the OCSP response that it promises");
	}
	if (rc > 0)
		*reason = check.reason;
	return rc;
}

/* Has the response an answer with the leaf's number? */
static bool names_leaf(X509 *leaf, OCSP_BASICRESP *basic)
{
	ASN1_INTEGER *serial;

	for (int i = 0; i < OCSP_resp_count(basic); i++) {
		const OCSP_CERTID *id =
			OCSP_SINGLERESP_get0_id(OCSP_resp_get0(basic, i));

		if (OCSP_id_get0_info(NULL, NULL, NULL, &serial,
				      (OCSP_CERTID *)(uintptr_t)id) &&
		    !ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(leaf)))
			return true;
	}
	return false;
}

int sluice_openssl_credential_staple(struct sluice_credential *cred,
				     const uint8_t *data, size_t len, char *why)
{
	OCSP_RESPONSE *response = parse(data, len);
	OCSP_BASICRESP *basic = response ? OCSP_response_get1_basic(response) :
					   NULL;
	const char *wrong = NULL;
	uint8_t *copy = NULL;

	if (len > STAPLE_MAX)
		wrong = "longer than 16 KiB";
	else if (!cred->count)
		wrong = "there is no certificate that it could be about";
	else if (!basic)
		wrong = "not in DER format, or without an answer";
	else if (!names_leaf(cred->chain[0].cert, basic))
		wrong = "not about this certificate";
	else if (!(copy = OPENSSL_memdup(data, len)))
		wrong = "out of memory";
	if (wrong) {
		snprintf(why, SLUICE_OPENSSL_WHY_MAX, "the OCSP response: %s",
			 wrong);
	} else {
		OPENSSL_free(cred->staple);
		cred->staple = copy;
		cred->staple_len = len;
	}
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return wrong ? -1 : 0;
}

int sluice_openssl_credential_staple_file(struct sluice_credential *cred,
					  const char *path, char *why)
{
	uint8_t data[STAPLE_MAX + 1];
	char reason[SLUICE_OPENSSL_WHY_MAX];
	FILE *file = fopen(path, "rbe");
	size_t len;
	int rc;

	if (!file) {
		snprintf(why, SLUICE_OPENSSL_WHY_MAX, "%s: %s", path,
			 strerror(errno));
		return -1;
	}
	len = fread(data, 1, sizeof(data), file);
	fclose(file);
	rc = sluice_openssl_credential_staple(cred, data, len, reason);
	if (rc)
		snprintf(why, SLUICE_OPENSSL_WHY_MAX, "%.100s: %.140s", path,
			 reason);
	return rc;
}

static bool credential_staple(const struct sluice_provider *p,
			      const struct sluice_credential *cred,
			      struct sluice_octets *staple)
{
	(void)p;
	staple->data = cred->staple;
	staple->len = cred->staple_len;
	return cred->staple;
}

void sl_openssl_staple_table(struct sluice_provider *table)
{
	table->credential_staple = credential_staple;
	table->checks_staples = true;
}
