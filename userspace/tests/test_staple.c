// SPDX-License-Identifier: MIT
/* Stapled OCSP responses: the provider's verdicts, and the way over the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/ocsp.h>

#include "alert.h"
#include "auth.h"
#include "conn.h"
#include "message.h"
#include "pair.h"
#include "pki.h"
#include "staple.h"

#define SERVER	PKI_LEAF "subjectAltName=DNS:localhost\n"
#define CLIENT	PKI_LEAF "extendedKeyUsage=clientAuth\n"
#define OCSP_SIGNER	PKI_LEAF "extendedKeyUsage=OCSPSigning\n"

enum {
	ROOT = 1,
	MIDDLE,			/* issues what follows, but for ... */
	LEAF,
	OTHER_LEAF,
	MUST_STAPLE,
	RESPONDER,
	RESPONDER_EXPIRED,
	RESPONDER_UNAUTHORISED,	/* no extended key usage */
	RESPONDER_ANY,		/* anyExtendedKeyUsage */
	RESPONDER_NO_SIGNING,	/* key usage without digitalSignature */
	ROOTS_RESPONDER,	/* ... what the root has issued, */
	RESPONDERS_CHILD,	/* the responder, */
	STRANGER,		/* and itself */
	RSA_ROOT,
	RSA_LEAF,
	CLIENT_LEAF,
	RESPONDER_WEAK,		/* a key of 1024 bits */
	OTHER_FEATURE,		/* promises something else */
	SECOND_FEATURE,		/* the same, and then this */
	CERTS
};

static struct pki_cert certs[CERTS];
static struct sluice_provider *p;
static struct sluice_trust *trust, *rsa_trust;

static int make_certs(void **state)
{
	static const struct {
		const char *subject;
		int issuer;
		const char *key;
		const char *extensions;
		long until;
	} specs[CERTS] = {
		[ROOT] = { "root", 0, NULL, PKI_CA, 0 },
		[MIDDLE] = { "middle", ROOT, NULL, PKI_CA, 0 },
		[LEAF] = { "leaf", MIDDLE, NULL, SERVER, 0 },
		[OTHER_LEAF] = { "other", MIDDLE, NULL, SERVER, 0 },
		[MUST_STAPLE] = { "must", MIDDLE, NULL,
				  SERVER "tlsfeature=status_request\n", 0 },
		[RESPONDER] = { "responder", MIDDLE, NULL, OCSP_SIGNER, 0 },
		[RESPONDER_EXPIRED] = { "responder", MIDDLE, NULL, OCSP_SIGNER,
					-PKI_HOUR },
		[RESPONDER_UNAUTHORISED] = { "responder", MIDDLE, NULL,
					     PKI_LEAF, 0 },
		[RESPONDER_ANY] = { "responder", MIDDLE, NULL, PKI_LEAF
				    "extendedKeyUsage=anyExtendedKeyUsage\n",
				    0 },
		[RESPONDER_NO_SIGNING] = { "responder", MIDDLE, NULL,
			"keyUsage=keyAgreement\nextendedKeyUsage=OCSPSigning\n",
			0 },
		[ROOTS_RESPONDER] = { "responder", ROOT, NULL, OCSP_SIGNER, 0 },
		[RESPONDERS_CHILD] = { "child", RESPONDER, NULL, OCSP_SIGNER,
				       0 },
		[STRANGER] = { "middle", 0, NULL, PKI_CA, 0 },
		[RSA_ROOT] = { "rsa", 0, "RSA", PKI_CA, 0 },
		[RSA_LEAF] = { "leaf", RSA_ROOT, NULL, SERVER, 0 },
		[CLIENT_LEAF] = { "client", MIDDLE, NULL, CLIENT, 0 },
		[RESPONDER_WEAK] = { "responder", MIDDLE, "RSA1024",
				     OCSP_SIGNER, 0 },
		[OTHER_FEATURE] = { "other", MIDDLE, NULL,
				    SERVER "tlsfeature=status_request_v2\n", 0 },
		[SECOND_FEATURE] = { "second", MIDDLE, NULL,
			SERVER "tlsfeature=status_request_v2,status_request\n",
			0 },
	};

	(void)state;
	for (int i = ROOT; i < CERTS; i++)
		certs[i] = pki_issue(&(struct pki_spec){
			.subject = specs[i].subject,
			.issuer = specs[i].issuer ?
				  &certs[specs[i].issuer] : NULL,
			.key = specs[i].key, .extensions = specs[i].extensions,
			.until = specs[i].until });
	p = sluice_openssl_new(NULL);
	trust = pki_trust(p, &certs[ROOT], NULL);
	rsa_trust = pki_trust(p, &certs[RSA_ROOT], NULL);
	return 0;
}

static int free_certs(void **state)
{
	(void)state;
	for (int i = ROOT; i < CERTS; i++)
		pki_free(&certs[i]);
	sluice_openssl_trust_free(trust);
	sluice_openssl_trust_free(rsa_trust);
	sluice_openssl_free(p);
	return 0;
}

#define NEVER	LONG_MIN		/* no nextUpdate */

/* A response: zeros make it good, for the leaf, by the authority itself. */
struct answer {
	int about;		/* 0: the leaf */
	int issuer;		/* of that; 0: the middle */
	int status;
	int signer;		/* 0: the issuer */
	long from;		/* 0: an hour ago */
	long until;		/* 0: in an hour */
	const char *md;		/* of the signature */
	bool sha256_id;
	bool pss;
	bool no_certs;		/* the signer's is not in it */
	bool by_key;		/* it is named by its key's hash */
	bool bad_from;		/* no time at all */
	bool bad_until;
	const char *extension;	/* critical and unknown: "single", "response" */
	int response_status;
	int many;		/* so many more, on the same */
	int second;		/* another answer: 1 good, 2 revoked, both on the leaf */
};

static ASN1_TIME *at(long seconds)
{
	return X509_gmtime_adj(NULL, seconds);
}

static X509_EXTENSION *unknown_extension(void)
{
	ASN1_OBJECT *object = OBJ_txt2obj("1.2.3.4", 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext;

	ASN1_OCTET_STRING_set(value, (const uint8_t *)"\5\0", 2);
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(object);
	return ext;
}

static void add_answer(OCSP_BASICRESP *basic, const struct answer *a,
		       int status)
{
	int about = a->about ? a->about : LEAF;
	int issuer = a->issuer ? a->issuer : MIDDLE;
	OCSP_CERTID *id = OCSP_cert_to_id(a->sha256_id ? EVP_sha256() :
					  EVP_sha1(), certs[about].cert,
					  certs[issuer].cert);
	ASN1_TIME *when = at(-PKI_HOUR), *from, *until = NULL;
	OCSP_SINGLERESP *single;
	X509_EXTENSION *ext;

	from = at(a->from ? a->from : -PKI_HOUR);
	if (a->until != NEVER)
		until = at(a->until ? a->until : PKI_HOUR);
	single = OCSP_basic_add1_status(basic, id, status,
					OCSP_REVOKED_STATUS_KEYCOMPROMISE,
					status == V_OCSP_CERTSTATUS_REVOKED ?
					when : NULL, from, until);
	assert_non_null(single);
	if (a->extension && !strcmp(a->extension, "single")) {
		ext = unknown_extension();
		OCSP_SINGLERESP_add_ext(single, ext, -1);
		X509_EXTENSION_free(ext);
	}
	if (a->bad_from || a->bad_until) {
		ASN1_GENERALIZEDTIME *times[2];

		OCSP_single_get0_status(single, NULL, NULL, &times[0], &times[1]);
		memset((uint8_t *)(uintptr_t)ASN1_STRING_get0_data(times[a->bad_until]) + 4,
		       'x', 4);
	}
	OCSP_CERTID_free(id);
	ASN1_TIME_free(when);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
}

static struct sluice_octets make_response(const struct answer *a)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	int signer = a->signer ? a->signer : a->issuer ? a->issuer : MIDDLE;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	OCSP_RESPONSE *response;
	struct sluice_octets der = { NULL, 0 };
	unsigned long flags = 0;
	EVP_PKEY_CTX *pctx;
	X509_EXTENSION *ext;
	uint8_t *data = NULL;

	if (a->second)
		add_answer(basic, &(struct answer){ .about = 0 },
			   a->second == 2 ? V_OCSP_CERTSTATUS_REVOKED :
					    V_OCSP_CERTSTATUS_GOOD);
	add_answer(basic, a, a->status);
	for (int i = 0; i < a->many; i++)
		add_answer(basic, a, a->status);
	if (a->extension && !strcmp(a->extension, "response")) {
		ext = unknown_extension();
		OCSP_BASICRESP_add_ext(basic, ext, -1);
		X509_EXTENSION_free(ext);
	}
	assert_true(EVP_DigestSignInit_ex(ctx, &pctx, a->md ? a->md : "SHA256",
					  NULL, NULL, certs[signer].key,
					  NULL) > 0);
	if (a->pss)
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
	if (a->no_certs)
		flags |= OCSP_NOCERTS;
	if (a->by_key)
		flags |= OCSP_RESPID_KEY;
	assert_true(OCSP_basic_sign_ctx(basic, certs[signer].cert, ctx, NULL,
					flags) > 0);
	EVP_MD_CTX_free(ctx);
	response = OCSP_response_create(a->response_status,
					a->response_status ? NULL : basic);
	der.len = (size_t)i2d_OCSP_RESPONSE(response, &data);
	der.data = data;
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	return der;
}

static void free_octets(struct sluice_octets der)
{
	OPENSSL_free((void *)(uintptr_t)der.data);
}

static const char *reason;

static int verify(int leaf, const struct sluice_trust *by,
		  struct sluice_octets staple, bool asked, bool required,
		  long later)
{
	struct sluice_octets chain[2] = {
		pki_der(&certs[leaf]), pki_der(&certs[MIDDLE]),
	};
	const struct sluice_peer peer = {
		.name = "localhost", .server = true, .now = time(NULL) + later,
		.staple = staple, .staple_asked = asked,
		.staple_required = required,
	};
	struct sluice_pubkey *key = NULL;
	int rc;

	reason = NULL;
	rc = p->verify_chain(p, by, chain, 2, &peer, &key, &reason);
	p->pubkey_free(p, key);
	free_octets(chain[0]);
	free_octets(chain[1]);
	if (rc > 0)
		assert_true(reason && *reason);
	return rc;
}

static void test_verdicts(void **state)
{
	static const struct {
		struct answer a;
		int alert;
		const char *reason;	/* a part of it */
	} cases[] = {
		{ { .status = 0 }, 0, NULL },
		{ { .sha256_id = true }, 0, NULL },
		{ { .by_key = true }, 0, NULL },
		{ { .no_certs = true }, 0, NULL },
		{ { .md = "SHA384" }, 0, NULL },
		{ { .status = V_OCSP_CERTSTATUS_REVOKED }, SL_CERTIFICATE_REVOKED, "revoked" },
		{ { .status = V_OCSP_CERTSTATUS_UNKNOWN }, 113, "does not know" },
		/* time: the caller's, with five minutes of grace */
		{ { .from = -3 * PKI_HOUR, .until = -PKI_HOUR }, 113, "out of date" },
		{ { .from = -3 * PKI_HOUR, .until = -360 }, 113, "out of date" },
		{ { .from = -3 * PKI_HOUR, .until = -240 }, 0, NULL },
		{ { .from = 240 }, 0, NULL },
		{ { .from = 360 }, 113, "not valid yet" },
		{ { .from = -3 * PKI_HOUR, .until = -PKI_HOUR,
		    .status = V_OCSP_CERTSTATUS_REVOKED }, SL_CERTIFICATE_REVOKED, NULL },
		{ { .until = NEVER }, 0, NULL },
		{ { .from = -PKI_DAY + 60, .until = NEVER }, 0, NULL },
		{ { .from = -PKI_DAY - 60, .until = NEVER }, 113, "out of date" },
		{ { .bad_from = true }, 113, "out of date" },
		{ { .bad_until = true }, 113, "out of date" },
		/* who speaks */
		{ { .signer = RESPONDER }, 0, NULL },
		{ { .signer = RESPONDER, .by_key = true, .sha256_id = true }, 0, NULL },
		{ { .signer = RESPONDER, .status = V_OCSP_CERTSTATUS_REVOKED },
		  SL_CERTIFICATE_REVOKED, NULL },
		{ { .signer = RESPONDER, .no_certs = true }, 113, "who has signed" },
		{ { .signer = RESPONDER_EXPIRED }, 113, "not signed for" },
		{ { .signer = RESPONDER_UNAUTHORISED }, 113, "not authorised" },
		{ { .signer = RESPONDER_ANY }, 113, "not authorised" },
		{ { .signer = RESPONDER_WEAK }, 113, "not signed for" },
		{ { .signer = RESPONDER_NO_SIGNING }, 113, "not authorised" },
		{ { .signer = ROOTS_RESPONDER }, 113, "not signed for" },
		{ { .signer = RESPONDERS_CHILD }, 113, "not signed for" },
		{ { .signer = ROOT }, 113, "not signed for" },
		{ { .signer = LEAF }, 113, "not authorised" },
		{ { .signer = OTHER_LEAF }, 113, "not authorised" },
		/* has the authority's name, and not its key */
		{ { .signer = STRANGER }, 113, "signature is not valid" },
		{ { .signer = STRANGER, .by_key = true }, 113, "not signed for" },
		{ { .md = "SHA1" }, 113, "too weak" },
		/* whom it is about */
		{ { .about = OTHER_LEAF }, 113, "another" },
		{ { .about = OTHER_LEAF, .status = V_OCSP_CERTSTATUS_REVOKED }, 113, "another" },
		{ { .issuer = STRANGER, .signer = MIDDLE }, 113, "another" },
		{ { .issuer = ROOT, .signer = MIDDLE }, 113, "another" },
		/* several answers */
		{ { .about = OTHER_LEAF, .second = 1 }, 0, NULL },
		{ { .about = OTHER_LEAF, .second = 2 }, SL_CERTIFICATE_REVOKED, NULL },
		{ { .second = 2 }, SL_CERTIFICATE_REVOKED, NULL },
		{ { .second = 1, .status = V_OCSP_CERTSTATUS_REVOKED }, SL_CERTIFICATE_REVOKED, NULL },
		{ { .second = 1, .from = -3 * PKI_HOUR, .until = -PKI_HOUR }, 0, NULL },
		{ { .extension = "single" }, 113, "critical" },
		{ { .extension = "response" }, 113, "critical" },
		{ { .response_status = OCSP_RESPONSE_STATUS_TRYLATER }, 113, "no answer" },
		{ { .response_status = OCSP_RESPONSE_STATUS_UNAUTHORIZED }, 113, "no answer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sluice_octets der = make_response(&cases[i].a);
		/* who has not asked looks at it all the same */
		int rc = verify(LEAF, trust, der, i % 2, i % 3 == 1, 0);

		if (rc != cases[i].alert ||
		    (cases[i].reason && !strstr(reason, cases[i].reason)))
			fail_msg("case %zu: %d, %s", i, rc, reason);
		free_octets(der);
	}
}

static void test_rsa(void **state)
{
	static const struct {
		const char *md;
		bool pss;
		int alert;
	} cases[] = {
		{ "SHA256", false, 0 }, { "SHA256", true, 0 },
		{ "SHA512", true, 0 }, { "SHA1", false, 113 },
		{ "SHA1", true, 113 }, { "MD5", false, 113 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sluice_octets der = make_response(&(struct answer){
			.about = RSA_LEAF, .issuer = RSA_ROOT,
			.md = cases[i].md, .pss = cases[i].pss });
		int rc = verify(RSA_LEAF, rsa_trust, der, true, false, 0);

		if (rc != cases[i].alert)
			fail_msg("case %zu: %d, %s", i, rc, reason);
		free_octets(der);
	}
}

/* The clock is the caller's alone. */
static void test_time(void **state)
{
	struct sluice_octets der = make_response(&(struct answer){
		.from = 2 * PKI_HOUR, .until = 4 * PKI_HOUR,
		.signer = RESPONDER });

	(void)state;
	assert_int_equal(verify(LEAF, trust, der, true, true, 0), 113);
	assert_int_equal(verify(LEAF, trust, der, true, true, 3 * PKI_HOUR), 0);
	assert_int_equal(verify(LEAF, trust, der, true, true, 5 * PKI_HOUR), 113);
	free_octets(der);
	/* also for the responder's certificate */
	der = make_response(&(struct answer){
		.from = -3 * PKI_HOUR, .signer = RESPONDER_EXPIRED });
	assert_int_equal(verify(LEAF, trust, der, true, true, 0), 113);
	assert_int_equal(verify(LEAF, trust, der, true, true, -2 * PKI_HOUR), 0);
	free_octets(der);
}

static void test_missing(void **state)
{
	const struct sluice_octets none = { NULL, 0 };
	struct sluice_octets der = make_response(&(struct answer){
		.about = MUST_STAPLE });

	(void)state;
	assert_int_equal(verify(LEAF, trust, none, false, false, 0), 0);
	assert_int_equal(verify(LEAF, trust, none, true, false, 0), 0);
	assert_int_equal(verify(LEAF, trust, none, true, true, 0), 113);
	/* who does not ask gets no promise kept */
	assert_int_equal(verify(MUST_STAPLE, trust, none, false, false, 0), 0);
	assert_int_equal(verify(MUST_STAPLE, trust, none, true, false, 0), 113);
	assert_true(strstr(reason, "promises"));
	assert_int_equal(verify(MUST_STAPLE, trust, der, true, false, 0), 0);
	free_octets(der);
	assert_int_equal(verify(OTHER_FEATURE, trust, none, true, false, 0), 0);
	assert_int_equal(verify(SECOND_FEATURE, trust, none, true, false, 0), 113);
}

/* Who believes the leaf itself may still hear that it is revoked. */
static void test_pinned_leaf(void **state)
{
	struct sluice_trust *pinned = pki_trust(p, &certs[LEAF], NULL);
	struct sluice_octets good = make_response(&(struct answer){ .about = 0 });
	struct sluice_octets revoked = make_response(&(struct answer){
		.status = V_OCSP_CERTSTATUS_REVOKED });

	(void)state;
	assert_int_equal(verify(LEAF, pinned, good, true, true, 0), 0);
	assert_int_equal(verify(LEAF, pinned, revoked, true, true, 0),
			 SL_CERTIFICATE_REVOKED);
	sluice_openssl_trust_free(pinned);
	free_octets(good);
	free_octets(revoked);
}

/* But not by somebody who only has its authority's name. */
static void test_pinned_leaf_lie(void **state)
{
	struct sluice_trust *pinned = pki_trust(p, &certs[LEAF], NULL);
	struct sluice_octets lie = make_response(&(struct answer){
		.issuer = STRANGER });
	struct pki_cert middle = certs[MIDDLE];

	(void)state;
	certs[MIDDLE] = certs[STRANGER];
	assert_true(verify(LEAF, pinned, lie, true, true, 0) > 0);
	certs[MIDDLE] = middle;
	sluice_openssl_trust_free(pinned);
	free_octets(lie);
}

/* Every octet wrong, every length but the right one. */
static void test_malformed(void **state)
{
	struct sluice_octets der = make_response(&(struct answer){
		.signer = RESPONDER });
	uint8_t *copy = malloc(der.len + 1);
	size_t i;

	(void)state;
	memcpy(copy, der.data, der.len);
	copy[der.len] = 0;
	for (i = 1; i <= der.len + 1; i++) {
		struct sluice_octets part = { copy, i };

		if (i != der.len)
			assert_int_equal(verify(LEAF, trust, part, true, false,
						0), 113);
	}
	for (i = 0; i < der.len; i += 1 + i % 3) {
		struct sluice_octets wrong = { copy, der.len };
		int rc;

		copy[i] ^= (uint8_t)(1U << i % 8);
		rc = verify(LEAF, trust, wrong, true, false, 0);
		/*
		 * Not all is signed: the responder's certificate may say
		 * something else of itself and still be no other's.
		 */
		if (rc != 113)
			fail_msg("octet %zu: %d", i, rc);
		copy[i] ^= (uint8_t)(1U << i % 8);
	}
	free(copy);
	free_octets(der);
}

static void test_load(void **state)
{
	struct sluice_credential *cred = pki_credential(p, &certs[LEAF],
							&certs[MIDDLE], NULL);
	struct sluice_octets der = make_response(&(struct answer){ .about = 0 });
	struct sluice_octets other = make_response(&(struct answer){
		.about = OTHER_LEAF });
	struct sluice_octets later = make_response(&(struct answer){
		.response_status = OCSP_RESPONSE_STATUS_TRYLATER });
	char why[SLUICE_OPENSSL_WHY_MAX] = "", path[] = "/tmp/sluice-ocsp-XXXXXX";
	struct sluice_octets got;
	FILE *file;

	(void)state;
	assert_false(p->credential_staple(p, cred, &got));
	assert_int_equal(sluice_openssl_credential_staple(cred, other.data, other.len, why), -1);
	assert_true(strstr(why, "not about this"));
	assert_int_equal(sluice_openssl_credential_staple(cred, later.data, later.len, why), -1);
	assert_true(strstr(why, "without an answer"));
	assert_int_equal(sluice_openssl_credential_staple(cred, der.data, der.len - 1, why), -1);
	assert_int_equal(sluice_openssl_credential_staple_file(cred, "/none", why), -1);
	assert_true(strstr(why, "/none: No such file"));
	assert_false(p->credential_staple(p, cred, &got));
	/* twice: the first is not lost */
	assert_int_equal(sluice_openssl_credential_staple(cred, der.data, der.len, why), 0);
	file = fdopen(mkstemp(path), "w");
	fwrite(der.data, 1, der.len, file);
	fclose(file);
	assert_int_equal(sluice_openssl_credential_staple_file(cred, path, why), 0);
	unlink(path);
	assert_true(p->credential_staple(p, cred, &got));
	assert_int_equal(got.len, der.len);
	assert_memory_equal(got.data, der.data, der.len);
	sluice_openssl_credential_free(cred);
	free_octets(der);
	free_octets(other);
	free_octets(later);
}

/* One of many answers, and a key that nothing can be about. */
static void test_load_limits(void **state)
{
	struct sluice_credential *cred = pki_credential(p, &certs[LEAF],
							&certs[MIDDLE], NULL);
	char why[SLUICE_OPENSSL_WHY_MAX] = "";
	struct sluice_octets der = { NULL, 0 };
	uint8_t *key = NULL;
	int len = i2d_PrivateKey(certs[LEAF].key, &key);

	(void)state;
	for (int many = 100; many <= 300; many += 200) {
		der = make_response(&(struct answer){ .many = many });
		assert_int_equal(sluice_openssl_credential_staple(cred,
					der.data, der.len, why),
				 der.len > 16384 ? -1 : 0);
		if (many < 300)
			free_octets(der);
	}
	assert_true(der.len > 16384 && strstr(why, "16 KiB"));
	free_octets(der);
	sluice_openssl_credential_free(cred);
	cred = sluice_openssl_credential_der(p, NULL, 0, key, (size_t)len, why);
	der = make_response(&(struct answer){ .about = 0 });
	assert_int_equal(sluice_openssl_credential_staple(cred, der.data,
							  der.len, why), -1);
	assert_true(strstr(why, "no certificate"));
	sluice_openssl_credential_free(cred);
	free_octets(der);
	OPENSSL_free(key);
}

/* One side's certificate and what is stapled to it. */
static struct sluice_credential *stapled(const struct sluice_provider *real,
					 int leaf, const struct answer *a)
{
	struct sluice_credential *cred = pki_credential(real, &certs[leaf],
							&certs[MIDDLE], NULL);
	char why[SLUICE_OPENSSL_WHY_MAX];
	struct sluice_octets der;

	if (a) {
		der = make_response(a);
		assert_int_equal(sluice_openssl_credential_staple(cred,
						der.data, der.len, why), 0);
		free_octets(der);
	}
	return cred;
}

static void expect(struct pair *pair, struct end *from, bool asked,
		   int alert)
{
	struct end *to = from == &pair->client ? &pair->server : &pair->client;
	struct sluice_conn_info info;

	pair_reset(pair);
	pair_handshake(pair);
	info = end_info(to);
	assert_int_equal(info.alert_sent, alert);
	assert_int_equal(info.handshake_done, alert < 0);
	assert_int_equal(info.stapled, asked && alert < 0);
}

/* What a server may staple, and the client thinks of it. */
static void servers(struct pair *pair, struct sluice_credential *with,
		    struct sluice_credential *bad,
		    struct sluice_credential *without,
		    struct sluice_credential *must)
{
	struct sluice_config *c = &pair->client.config;
	struct sluice_config *s = &pair->server.config;
	size_t i;

	c->staple = SLUICE_STAPLE_NONE;
	/* not asked for, not sent: not even what would do harm */
	s->credential = bad;
	expect(pair, &pair->server, false, -1);
	c->staple = SLUICE_STAPLE_OPTIONAL;
	expect(pair, &pair->server, true, SL_CERTIFICATE_REVOKED);
	s->credential = with;
	expect(pair, &pair->server, true, -1);
	s->credential = without;
	expect(pair, &pair->server, false, -1);
	s->credential = must;
	expect(pair, &pair->server, false, 113);
	c->staple = SLUICE_STAPLE_REQUIRED;
	expect(pair, &pair->server, false, 113);
	s->credential = with;
	expect(pair, &pair->server, true, -1);
	for (i = 1; i <= 10; i++) {
		pair->seed = i;
		pair->room = SLUICE_OUT_MIN + 50 * i;
		expect(pair, &pair->server, true, -1);
	}
	pair->seed = 0;
	pair->room = 0;
}

static void test_wire(void **state)
{
	const struct answer good = { .about = 0 }, revoked = {
		.status = V_OCSP_CERTSTATUS_REVOKED,
	}, client = { .about = CLIENT_LEAF };
	struct pair *pair = pair_new(KEY_P256);
	const struct sluice_provider *real = pair->real;
	struct sluice_credential *with = stapled(real, LEAF, &good);
	struct sluice_credential *bad = stapled(real, LEAF, &revoked);
	struct sluice_credential *without = stapled(real, LEAF, NULL);
	struct sluice_credential *must = stapled(real, MUST_STAPLE, NULL);
	struct sluice_credential *theirs = stapled(real, CLIENT_LEAF, &client);
	struct sluice_credential *bare = stapled(real, CLIENT_LEAF, NULL);
	struct sluice_config *c = &pair->client.config;
	struct sluice_config *s = &pair->server.config;
	struct sluice_trust *root = pki_trust(real, &certs[ROOT], NULL);
	struct sluice_octets leaf = pki_der(&certs[LEAF]);
	uint8_t pin[1][SLUICE_PIN_LEN];
	size_t i;

	(void)state;
	assert_int_equal(sluice_pin(real, leaf.data, leaf.len, false, pin[0]), 0);
	free_octets(leaf);
	c->trust = root;
	for (i = 0; i < 2; i++) {
		if (i)
			c->min_version = c->max_version =
				s->min_version = SLUICE_TLS_1_2;
		servers(pair, with, bad, without, must);
	}
	c->min_version = c->max_version = s->min_version = 0;
	c->staple = SLUICE_STAPLE_REQUIRED;
	s->credential = with;

	/* and the other way round */
	s->trust = root;
	s->client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	c->credential = theirs;
	expect(pair, &pair->client, false, -1);
	s->staple = SLUICE_STAPLE_REQUIRED;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(end_info(&pair->server).stapled);
	assert_true(end_info(&pair->client).stapled);
	c->credential = bare;
	pair_reset(pair);
	pair_handshake(pair);
	assert_int_equal(end_info(&pair->server).alert_sent, 113);
	s->staple = SLUICE_STAPLE_OPTIONAL;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_false(end_info(&pair->server).stapled);
	/* in TLS 1.2 a client cannot keep what its certificate promises */
	c->credential = must;
	expect(pair, &pair->client, false, 113);
	c->min_version = c->max_version = s->min_version = SLUICE_TLS_1_2;
	expect(pair, &pair->client, false, -1);
	assert_true(end_info(&pair->server).verified);
	assert_true(end_info(&pair->client).stapled);
	c->min_version = c->max_version = s->min_version = 0;
	/* where a pin is enough, nobody looks at what is stapled */
	s->client_auth = SLUICE_CLIENT_AUTH_NONE;
	c->trust = NULL;
	c->pins = (const uint8_t (*)[SLUICE_PIN_LEN])pin;
	c->pin_count = 1;
	c->staple = SLUICE_STAPLE_OPTIONAL;
	expect(pair, &pair->server, false, -1);
	c->trust = root;
	c->pins = NULL;
	c->pin_count = 0;
	c->staple = SLUICE_STAPLE_REQUIRED;

	/* a provider that would not check it is not given any */
	pair->client.provider.table.checks_staples = false;
	assert_non_null(sluice_config_check(c));
	c->staple = SLUICE_STAPLE_OPTIONAL;
	s->credential = bad;
	s->client_auth = SLUICE_CLIENT_AUTH_NONE;
	expect(pair, &pair->server, false, -1);
	pair->client.provider.table.checks_staples = true;

	/* what makes no sense */
	c->staple = SLUICE_STAPLE_REQUIRED + 1;
	assert_non_null(sluice_config_check(c));
	c->staple = SLUICE_STAPLE_REQUIRED;
	c->no_verify = true;
	assert_non_null(sluice_config_check(c));
	c->no_verify = false;

	pair_free(pair);
	sluice_openssl_trust_free(root);
	sluice_openssl_credential_free(with);
	sluice_openssl_credential_free(bad);
	sluice_openssl_credential_free(without);
	sluice_openssl_credential_free(must);
	sluice_openssl_credential_free(theirs);
	sluice_openssl_credential_free(bare);
}

/* What the judge gets to see, who takes nothing. */
static size_t shown;

static int judge(void *ctx, const struct sluice_verdict_request *request,
		 const char **why)
{
	(void)ctx;
	(void)why;
	assert_true(request->peer.staple_asked);
	assert_false(request->peer.staple_required);
	shown = request->peer.staple.len;
	return SL_ACCESS_DENIED;
}

/* A Certificate as somebody might put it, read by a client that has asked. */
static int read_certificate(struct pair *pair, const char *entries, size_t len)
{
	struct sluice_conn *c;
	uint8_t message[64] = { 0, 0, 0, (uint8_t)len };
	struct sl_reader body = sl_reader(message, 4 + len);

	memcpy(message + 4, entries, len);
	pair_reset(pair);
	c = pair->client.conn;
	c->version = SLUICE_TLS_1_3;
	c->hs->offered = 1U << SL_EXT_STATUS_REQUEST;
	shown = 0;
	sl_certificate_read(c, &body);
	return c->error ? (int)c->alert : -1;
}

#define CERT	"\0\0\1x"

static void test_entries(void **state)
{
#define CASE(text, alert, len) { text, sizeof(text) - 1, alert, len }
	static const struct {
		const char *text;
		size_t len;
		int alert;
		size_t staple;
	} cases[] = {
		CASE(CERT "\0\x0a\0\5\0\6\1\0\0\2ab", SL_ACCESS_DENIED, 2),
		/* the second one's is not the leaf's */
		CASE(CERT "\0\0" CERT "\0\x0a\0\5\0\6\1\0\0\2ab", SL_ACCESS_DENIED, 0),
		CASE(CERT "\0\x08\0\5\0\4\1\0\0\0", SL_DECODE_ERROR, 0),
		CASE(CERT "\0\x09\0\5\0\5\1\0\0\2a", SL_DECODE_ERROR, 0),
		CASE(CERT "\0\x0a\0\5\0\6\1\0\0\1ab", SL_DECODE_ERROR, 0),
		CASE(CERT "\0\4\0\5\0\0", SL_DECODE_ERROR, 0),
		CASE(CERT "\0\5\0\5\0\1\1", SL_DECODE_ERROR, 0),
		CASE(CERT "\0\x0a\0\5\0\6\2\0\0\2ab", SL_ILLEGAL_PARAMETER, 0),
		CASE(CERT "\0\x14\0\5\0\6\1\0\0\2ab\0\5\0\6\1\0\0\2ab",
		     SL_ILLEGAL_PARAMETER, 0),
		/* what was not asked for */
		CASE(CERT "\0\4\0\x12\0\0", SL_UNSUPPORTED_EXTENSION, 0),
	};
	struct pair *pair = pair_new(KEY_P256);
	size_t i;

	(void)state;
	pair->client.config.judge = judge;
	pair->client.config.staple = SLUICE_STAPLE_OPTIONAL;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int alert = read_certificate(pair, cases[i].text, cases[i].len);

		if (alert != cases[i].alert || shown != cases[i].staple)
			fail_msg("case %zu: alert %d, %zu octets", i, alert,
				 shown);
	}
	pair_free(pair);
}

/* A server that did not ask takes none; nor does it take part of a request. */
static void test_unasked(void **state)
{
	static const char text[] = CERT "\0\x0a\0\5\0\6\1\0\0\2ab";
	static const struct {
		const char *body;
		size_t len;
		int alert;
		bool wanted;
	} cases[] = {
		{ "\1\0\0\0\0", 5, -1, true },
		{ "\1\0\2ab\0\1c", 8, -1, true },
		{ "\2abc", 4, -1, false },
		{ "", 0, SL_DECODE_ERROR, false },
		{ "\1", 1, SL_DECODE_ERROR, true },
		{ "\1\0\0\0", 4, SL_DECODE_ERROR, true },
		{ "\1\0\0\0\0\0", 6, SL_DECODE_ERROR, true },
	};
	struct pair *pair = pair_new(KEY_P256);
	uint8_t message[64] = { 0, 0, 0, sizeof(text) - 1 };
	struct sl_reader body = sl_reader(message, 4 + sizeof(text) - 1);
	struct sluice_conn *c;

	(void)state;
	memcpy(message + 4, text, sizeof(text) - 1);
	pair_reset(pair);
	c = pair->server.conn;
	sl_certificate_read(c, &body);
	assert_int_equal(c->alert, SL_UNSUPPORTED_EXTENSION);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sl_extensions ext = {
			.present = 1U << SL_EXT_STATUS_REQUEST,
		};

		pair_reset(pair);
		c = pair->server.conn;
		ext.body[SL_EXT_STATUS_REQUEST] =
			sl_reader((const uint8_t *)cases[i].body, cases[i].len);
		sl_read_staple_request(c, &ext);
		assert_int_equal(c->error ? (int)c->alert : -1, cases[i].alert);
		if (!c->error)
			assert_int_equal(c->hs->staple_wanted, cases[i].wanted);
	}
	/* a server's request is empty */
	for (size_t len = 0; len < 2; len++) {
		struct sl_extensions ext = {
			.present = 1U << SL_EXT_STATUS_REQUEST,
		};

		pair_reset(pair);
		c = pair->client.conn;
		ext.body[SL_EXT_STATUS_REQUEST] =
			sl_reader((const uint8_t *)"", len);
		sl_read_staple_request(c, &ext);
		assert_int_equal(c->error ? (int)c->alert : -1,
				 len ? SL_DECODE_ERROR : -1);
	}
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_rsa),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_pinned_leaf),
		cmocka_unit_test(test_pinned_leaf_lie),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_limits),
		cmocka_unit_test(test_wire),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_unasked),
	};

	return cmocka_run_group_tests(tests, make_certs, free_certs);
}
