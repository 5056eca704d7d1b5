// SPDX-License-Identifier: MIT
/* A provider: certificate revocation lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "alert.h"
#include "pair.h"

#define HOUR	3600L

/* A root, an authority below it, and what that has issued. */
enum { ROOT, MIDDLE, LEAF, LEVELS };

static struct sluice_provider *p;
static EVP_PKEY *keys[LEVELS];
static X509 *certs[LEVELS];
static struct sluice_octets chain[2];	/* leaf, middle */
static char folder[] = "/tmp/sluice-crl-XXXXXX";
static char why[SLUICE_WHY_MAX];

static X509 *make_cert(int level)
{
	static const char *const names[] = { "root", "middle", "leaf" };
	int issuer = level ? level - 1 : 0;
	X509 *cert = X509_new();
	X509_EXTENSION *ext;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 100 + level);
	X509_gmtime_adj(X509_getm_notBefore(cert), -24 * HOUR);
	X509_gmtime_adj(X509_getm_notAfter(cert), 24 * HOUR);
	X509_set_pubkey(cert, keys[level]);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
				   MBSTRING_ASC,
				   (const uint8_t *)names[level], -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(level ? certs[issuer] :
							 cert));
	ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
				  level == LEAF ? "critical,CA:FALSE" :
						  "critical,CA:TRUE");
	assert_true(X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
	assert_true(X509_sign(cert, keys[issuer], EVP_sha256()) > 0);
	return cert;
}

/* A list of one issuer, by a key, that revokes one serial (or none, 0). */
static X509_CRL *make_list(int issuer, EVP_PKEY *key, long serial, long from,
			   long until)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *at = ASN1_TIME_new();
	X509_REVOKED *revoked;
	ASN1_INTEGER *number;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(certs[issuer]));
	X509_CRL_set1_lastUpdate(crl, X509_gmtime_adj(at, from));
	X509_CRL_set1_nextUpdate(crl, X509_gmtime_adj(at, until));
	if (serial) {
		revoked = X509_REVOKED_new();
		number = ASN1_INTEGER_new();
		ASN1_INTEGER_set(number, serial);
		X509_REVOKED_set_serialNumber(revoked, number);
		X509_REVOKED_set_revocationDate(revoked,
						X509_gmtime_adj(at, -HOUR));
		X509_CRL_add0_revoked(crl, revoked);
		ASN1_INTEGER_free(number);
	}
	assert_true(X509_CRL_sort(crl));
	assert_true(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
	ASN1_TIME_free(at);
	return crl;
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_list(const char *name, const char *mode, X509_CRL *crl)
{
	FILE *file = fopen(path_of(name), mode);

	assert_non_null(file);
	assert_true(PEM_write_X509_CRL(file, crl));
	fclose(file);
	X509_CRL_free(crl);
}

/* A trust store with the root. */
static struct sluice_trust *trust_root(void)
{
	struct sluice_trust *trust = test_backend()->trust_new(p);
	FILE *file = fopen(path_of("../sluice-crl-root"), "w");

	PEM_write_X509(file, certs[ROOT]);
	fclose(file);
	assert_int_equal(test_backend()->trust_file(trust, path_of("../sluice-crl-root"), why), 0);
	unlink(path_of("../sluice-crl-root"));
	return trust;
}

static int verify(const struct sluice_trust *trust)
{
	const struct sluice_peer peer = { .server = true, .now = time(NULL) };
	struct sluice_pubkey *key = NULL;
	const char *reason = NULL;
	int rc = p->verify_chain(p, trust, chain, 2, &peer, &key, &reason);

	if (!rc)
		p->pubkey_free(p, key);
	else
		assert_true(reason && *reason);
	return rc;
}

enum list { NONE, GOOD, REVOKES, FORGED, OLD, OLD_REVOKES, FUTURE };

static void add_list(int issuer, enum list list)
{
	long serial = list == REVOKES || list == OLD_REVOKES ?
		      101 + issuer : 999;
	long from = list == FUTURE ? HOUR : list >= OLD ? -3 * HOUR : -HOUR;
	long until = list == OLD || list == OLD_REVOKES ? -HOUR : 2 * HOUR;

	if (list != NONE)
		write_list("lists", "a",
			   make_list(issuer, keys[list == FORGED ? LEAF : issuer],
				     serial, from, until));
}

static void test_verdicts(void **state)
{
	static const struct {
		enum list root, middle;
		unsigned int flags;
		int alert;
	} cases[] = {
		/* the leaf alone */
		{ NONE, GOOD, 0, 0 },
		{ NONE, REVOKES, 0, SL_CERTIFICATE_REVOKED },
		{ NONE, REVOKES, SLUICE_CRL_ALLOW_UNKNOWN, SL_CERTIFICATE_REVOKED },
		{ REVOKES, GOOD, 0, 0 },
		{ GOOD, NONE, 0, SL_CERTIFICATE_UNKNOWN },
		{ GOOD, NONE, SLUICE_CRL_ALLOW_UNKNOWN, 0 },
		{ GOOD, NONE, SLUICE_CRL_ALLOW_EXPIRED, SL_CERTIFICATE_UNKNOWN },
		{ GOOD, OLD, 0, SL_CERTIFICATE_UNKNOWN },
		{ GOOD, OLD, SLUICE_CRL_ALLOW_UNKNOWN, SL_CERTIFICATE_UNKNOWN },
		{ GOOD, OLD, SLUICE_CRL_ALLOW_EXPIRED, 0 },
		{ GOOD, OLD_REVOKES, SLUICE_CRL_ALLOW_EXPIRED, SL_CERTIFICATE_REVOKED },
		{ GOOD, FUTURE, SLUICE_CRL_ALLOW_EXPIRED, SL_CERTIFICATE_UNKNOWN },
		{ GOOD, FORGED, SLUICE_CRL_ALLOW_UNKNOWN, SL_CERTIFICATE_UNKNOWN },
		/* the authority below the root, too */
		{ GOOD, GOOD, SLUICE_CRL_CHAIN, 0 },
		{ REVOKES, GOOD, SLUICE_CRL_CHAIN, SL_CERTIFICATE_REVOKED },
		{ GOOD, REVOKES, SLUICE_CRL_CHAIN, SL_CERTIFICATE_REVOKED },
		{ NONE, GOOD, SLUICE_CRL_CHAIN, SL_CERTIFICATE_UNKNOWN },
		{ NONE, GOOD, SLUICE_CRL_CHAIN | SLUICE_CRL_ALLOW_UNKNOWN, 0 },
		{ OLD, GOOD, SLUICE_CRL_CHAIN, SL_CERTIFICATE_UNKNOWN },
		{ OLD, GOOD, SLUICE_CRL_CHAIN | SLUICE_CRL_ALLOW_EXPIRED, 0 },
		{ OLD_REVOKES, GOOD, SLUICE_CRL_CHAIN | SLUICE_CRL_ALLOW_EXPIRED,
		  SL_CERTIFICATE_REVOKED },
		{ FORGED, GOOD, SLUICE_CRL_CHAIN | SLUICE_CRL_ALLOW_UNKNOWN,
		  SL_CERTIFICATE_UNKNOWN },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sluice_trust *trust = trust_root();
		int rc;

		assert_int_equal(verify(trust), 0);
		unlink(path_of("lists"));
		add_list(ROOT, cases[i].root);
		add_list(MIDDLE, cases[i].middle);
		assert_int_equal(test_backend()->trust_crl(trust, path_of("lists"),
							  cases[i].flags, why), 0);
		rc = verify(trust);
		if (rc != cases[i].alert)
			fail_msg("case %zu: %d", i, rc);
		test_backend()->trust_free(trust);
	}
	unlink(path_of("lists"));
}

/* What is believed by itself needs no list, were it the leaf. */
static void test_believed(void **state)
{
	struct sluice_trust *trust = trust_root();
	FILE *file = fopen(path_of("leaf"), "w");

	(void)state;
	PEM_write_X509(file, certs[LEAF]);
	fclose(file);
	write_list("lists", "w", make_list(ROOT, keys[ROOT], 0, -HOUR, HOUR));
	assert_int_equal(test_backend()->trust_crl(trust, path_of("lists"),
						  SLUICE_CRL_CHAIN, why), 0);
	assert_int_equal(verify(trust), SL_CERTIFICATE_UNKNOWN);
	test_backend()->trust_free(trust);
	trust = test_backend()->trust_new(p);
	assert_int_equal(test_backend()->trust_file(trust, path_of("leaf"), why), 0);
	assert_int_equal(test_backend()->trust_crl(trust, path_of("lists"),
						  SLUICE_CRL_CHAIN, why), 0);
	assert_int_equal(verify(trust), 0);
	test_backend()->trust_free(trust);
	unlink(path_of("leaf"));
	unlink(path_of("lists"));
}

/* PEM or DER, in a file or in a folder; and what is none. */
static void test_files(void **state)
{
	X509_CRL *crl = make_list(MIDDLE, keys[MIDDLE], 101 + MIDDLE, -HOUR,
				  HOUR);
	struct sluice_trust *trust = trust_root();
	uint8_t *der = NULL;
	int len = i2d_X509_CRL(crl, &der), cut;
	FILE *file;

	(void)state;
	assert_int_equal(test_backend()->trust_crl(trust, path_of("none"), 0, why), -1);
	assert_non_null(strstr(why, "No such file"));
	assert_int_equal(test_backend()->trust_crl(trust, folder, 0, why), -1);
	assert_non_null(strstr(why, "no certificate revocation list"));
	for (cut = len - 1; cut >= 0; cut--) {
		file = fopen(path_of("der"), "w");
		fwrite(der, 1, (size_t)cut, file);
		fclose(file);
		assert_int_equal(test_backend()->trust_crl(trust, path_of("der"), 0, why), -1);
		assert_int_equal(test_backend()->trust_crl(trust, folder, 0, why), -1);
	}
	/* there is a check now, and nothing to check with */
	assert_int_equal(verify(trust), SL_CERTIFICATE_UNKNOWN);
	file = fopen(path_of("der"), "w");
	fwrite(der, 1, (size_t)len, file);
	fclose(file);
	assert_int_equal(test_backend()->trust_crl(trust, path_of("der"), 0, why), 0);
	assert_int_equal(verify(trust), SL_CERTIFICATE_REVOKED);
	test_backend()->trust_free(trust);

	/* twice the same, another, hidden files and folders */
	write_list("pem", "w", crl);
	write_list("root", "w", make_list(ROOT, keys[ROOT], 0, -HOUR, HOUR));
	fclose(fopen(path_of(".hidden"), "w"));
	mkdir(path_of("more"), 0700);
	trust = trust_root();
	if (test_backend()->trust_crl(trust, folder, SLUICE_CRL_CHAIN, why))
		fail_msg("%s", why);
	assert_int_equal(verify(trust), SL_CERTIFICATE_REVOKED);
	test_backend()->trust_free(trust);

	/* a certificate in the folder is none of a list, and not believed */
	file = fopen(path_of("cert"), "w");
	PEM_write_X509(file, certs[MIDDLE]);
	fclose(file);
	trust = test_backend()->trust_new(p);
	assert_int_equal(test_backend()->trust_crl(trust, folder, 0, why), -1);
	assert_non_null(strstr(why, "cert: no certificate revocation list"));
	assert_int_equal(verify(trust), SL_UNKNOWN_CA);
	test_backend()->trust_free(trust);
	unlink(path_of("der"));
	unlink(path_of("pem"));
	unlink(path_of("root"));
	unlink(path_of("cert"));
	unlink(path_of(".hidden"));
	rmdir(path_of("more"));
	OPENSSL_free(der);
}

/*
 * A list for a part of the certificates. Who does not know what the extension
 * says must not take it for one of all.
 */
static void test_partial(void **state)
{
	static const uint8_t only_authorities[] = { 0x30, 3, 0x82, 1, 0xff };
	bool mbedtls = !strcmp(test_backend()->name, "mbedtls");
	X509_CRL *crl = make_list(MIDDLE, keys[MIDDLE], 0, -HOUR, HOUR);
	ASN1_OBJECT *object = OBJ_nid2obj(NID_issuing_distribution_point);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	struct sluice_trust *trust = trust_root();
	X509_EXTENSION *ext;
	int rc;

	(void)state;
	ASN1_OCTET_STRING_set(value, only_authorities, sizeof(only_authorities));
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
	assert_true(X509_CRL_add_ext(crl, ext, -1));
	assert_true(X509_CRL_sign(crl, keys[MIDDLE], EVP_sha256()) > 0);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(value);
	write_list("lists", "w", crl);
	rc = test_backend()->trust_crl(trust, path_of("lists"), 0, why);
	assert_int_equal(rc, mbedtls ? -1 : 0);
	if (mbedtls)
		assert_non_null(strstr(why, "critical extension"));
	assert_int_equal(verify(trust), SL_CERTIFICATE_UNKNOWN);
	test_backend()->trust_free(trust);
	unlink(path_of("lists"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_believed),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_partial),
	};
	int failed, i;

	p = test_provider();
	if (!p || !mkdtemp(folder))
		return 1;
	for (i = 0; i < LEVELS; i++) {
		keys[i] = EVP_EC_gen("P-256");
		certs[i] = make_cert(i);
	}
	for (i = 0; i < 2; i++) {
		uint8_t *der = NULL;

		chain[i].len = (size_t)i2d_X509(certs[LEAF - i], &der);
		chain[i].data = der;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (i = 0; i < 2; i++)
		OPENSSL_free((void *)(uintptr_t)chain[i].data);
	for (i = 0; i < LEVELS; i++) {
		X509_free(certs[i]);
		EVP_PKEY_free(keys[i]);
	}
	rmdir(folder);
	test_backend()->close(p);
	return failed;
}
