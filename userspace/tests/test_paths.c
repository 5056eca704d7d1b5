// SPDX-License-Identifier: MIT
/*
 * A provider: paths of certificates that are good, or only look so. Where Mbed
 * TLS cannot check something it has to refuse what OpenSSL can tell apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>

#include "alert.h"
#include "pair.h"
#include "pki.h"

#define NAME	"subjectAltName=DNS:a.test\n"
#define CRITICAL	"1.2.3.4=critical,ASN1:NULL\n"
#define UNKNOWN	"1.2.3.4=ASN1:NULL\n"
#define BY	"authorityKeyIdentifier=keyid:always\n"
#define ANY	-1		/* one alert or another */

static struct sluice_provider *p;

struct path {
	const char *about;
	const char *middle, *leaf;	/* extensions beside the usual ones; */
					/* NULL: the middle is no authority */
	int openssl, mbedtls;		/* verdicts */
};

static const struct path paths[] = {
	{ "nothing special", "", "", 0, 0 },
	{ "for servers", "", "extendedKeyUsage=serverAuth\n", 0, 0 },
	{ "for clients", "", "extendedKeyUsage=clientAuth\n", 43, 43 },
	{ "an authority for clients", "extendedKeyUsage=clientAuth\n", "", 43, 43 },
	{ "an authority for both", "extendedKeyUsage=clientAuth,serverAuth\n", "", 0, 0 },
	{ "an unknown extension", UNKNOWN, UNKNOWN, 0, 0 },
	{ "an unknown critical extension", "", CRITICAL, 42, 42 },
	{ "an authority with an unknown critical extension", CRITICAL, "", ANY, ANY },
	{ "names permitted", "nameConstraints=critical,permitted;DNS:a.test\n", "", 0, 43 },
	{ "names permitted, not critical", "nameConstraints=permitted;DNS:a.test\n", "", 0, 43 },
	{ "other names permitted", "nameConstraints=critical,permitted;DNS:b.test\n", "", 42, 43 },
	{ "names excluded, not critical", "nameConstraints=excluded;DNS:a.test\n", "", 42, 43 },
	{ "a policy wanted, not critical", "policyConstraints=requireExplicitPolicy:0\n", "", ANY, 43 },
	{ "a policy", "certificatePolicies=critical,1.2.3.4\n", "certificatePolicies=1.2.3.4\n", 0, 0 },
	{ "no authority", NULL, "", 48, 48 },
};

static int verify(const struct sluice_trust *trust,
		  const struct sluice_octets *chain, size_t count, int64_t now)
{
	const struct sluice_peer peer = {
		.name = "a.test", .server = true, .now = now,
	};
	struct sluice_pubkey *key = NULL;
	const char *reason = NULL;
	int rc = p->verify_chain(p, trust, chain, count, &peer, &key, &reason);

	if (!rc)
		p->pubkey_free(p, key);
	else
		assert_true(reason && *reason);
	return rc;
}

static void test_paths(void **state)
{
	bool mbedtls = !strcmp(test_backend()->name, "mbedtls");
	struct pki_cert root = pki_issue(&(struct pki_spec){
		.subject = "root", .extensions = PKI_CA });
	struct sluice_trust *trust = pki_trust(p, &root, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		int want = mbedtls ? paths[i].mbedtls : paths[i].openssl, rc;
		char middle_ext[512], leaf_ext[512];
		struct pki_cert middle, leaf;
		struct sluice_octets chain[2];

		snprintf(middle_ext, sizeof(middle_ext), "%s%s",
			 paths[i].middle ? PKI_CA : PKI_LEAF,
			 paths[i].middle ? paths[i].middle : "");
		snprintf(leaf_ext, sizeof(leaf_ext), PKI_LEAF NAME "%s", paths[i].leaf);
		middle = pki_issue(&(struct pki_spec){
			.subject = "middle", .issuer = &root, .extensions = middle_ext });
		leaf = pki_issue(&(struct pki_spec){
			.subject = "leaf", .issuer = &middle, .extensions = leaf_ext });
		chain[0] = pki_der(&leaf);
		chain[1] = pki_der(&middle);
		rc = verify(trust, chain, 2, time(NULL));
		if (want == ANY ? rc <= 0 : rc != want)
			fail_msg("%s: %d", paths[i].about, rc);
		OPENSSL_free((void *)(uintptr_t)chain[0].data);
		OPENSSL_free((void *)(uintptr_t)chain[1].data);
		pki_free(&leaf);
		pki_free(&middle);
	}
	test_backend()->trust_free(trust);
	pki_free(&root);
}

static void test_weak_hash(void **state)
{
	struct pki_cert root = pki_issue(&(struct pki_spec){
		.subject = "root", .extensions = PKI_CA });
	struct pki_cert leaf = pki_issue(&(struct pki_spec){
		.subject = "leaf", .issuer = &root, .extensions = PKI_LEAF NAME,
		.md = "SHA1" });
	struct sluice_trust *trust = pki_trust(p, &root, NULL);
	struct sluice_octets der = pki_der(&leaf);

	(void)state;
	assert_int_equal(verify(trust, &der, 1, time(NULL)), 42);
	OPENSSL_free((void *)(uintptr_t)der.data);
	test_backend()->trust_free(trust);
	pki_free(&leaf);
	pki_free(&root);
}

/* The keys of a leaf have to be for signatures, if they are for something. */
static void test_usage(void **state)
{
	static const struct {
		const char *usage;
		int rc;
	} cases[] = {
		{ "", 0 },
		{ "keyUsage=digitalSignature\n", 0 },
		{ "keyUsage=critical,digitalSignature,keyAgreement\n", 0 },
		{ "keyUsage=critical,keyAgreement\n", 43 },
		{ "keyUsage=keyAgreement\n", 43 },
	};
	struct pki_cert root = pki_issue(&(struct pki_spec){
		.subject = "root", .extensions = PKI_CA });
	struct sluice_trust *trust = pki_trust(p, &root, NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char ext[256];
		struct pki_cert leaf;
		struct sluice_octets der;
		int rc;

		snprintf(ext, sizeof(ext), NAME "%s", cases[i].usage);
		leaf = pki_issue(&(struct pki_spec){
			.subject = "leaf", .issuer = &root, .extensions = ext });
		der = pki_der(&leaf);
		rc = verify(trust, &der, 1, time(NULL));
		if (rc != cases[i].rc)
			fail_msg("%s: %d", cases[i].usage, rc);
		OPENSSL_free((void *)(uintptr_t)der.data);
		pki_free(&leaf);
	}
	test_backend()->trust_free(trust);
	pki_free(&root);
}

/* Any order, and what leads nowhere; the beginning of the path is enough. */
static void test_orders(void **state)
{
	static const struct {
		size_t order[5], count;	/* of: leaf, low, high, stray, root */
		int rc;
	} cases[] = {
		{ { 0, 1, 2 }, 3, 0 },
		{ { 0, 2, 1 }, 3, 0 },
		{ { 0, 3, 2, 1 }, 4, 0 },
		{ { 0, 4, 3, 2, 1 }, 5, 0 },
		{ { 0, 1, 2, 4 }, 4, 0 },
		{ { 0, 1 }, 2, 48 },
		{ { 0, 2 }, 2, 48 },
		{ { 0 }, 1, 48 },
	};
	struct pki_cert certs[5], other;
	struct sluice_octets der[5], chain[5];
	struct sluice_trust *trust, *low;

	(void)state;
	certs[4] = pki_issue(&(struct pki_spec){ .subject = "root", .extensions = PKI_CA });
	/* of the same name, and with another key */
	other = pki_issue(&(struct pki_spec){ .subject = "root", .extensions = PKI_CA });
	certs[2] = pki_issue(&(struct pki_spec){
		.subject = "high", .issuer = &certs[4], .extensions = PKI_CA BY });
	certs[1] = pki_issue(&(struct pki_spec){
		.subject = "low", .issuer = &certs[2], .extensions = PKI_CA BY });
	certs[0] = pki_issue(&(struct pki_spec){
		.subject = "leaf", .issuer = &certs[1], .extensions = PKI_LEAF NAME });
	certs[3] = pki_issue(&(struct pki_spec){ .subject = "stray", .key = "ED25519" });
	for (size_t i = 0; i < 5; i++)
		der[i] = pki_der(&certs[i]);
	trust = pki_trust(p, &other, &certs[4], NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int rc;

		for (size_t k = 0; k < cases[i].count; k++)
			chain[k] = der[cases[i].order[k]];
		rc = verify(trust, chain, cases[i].count, time(NULL));
		if (rc != cases[i].rc)
			fail_msg("case %zu: %d", i, rc);
	}
	/* who believes an authority below the root asks for no more */
	low = pki_trust(p, &certs[1], NULL);
	assert_int_equal(verify(low, der, 1, time(NULL)), 0);
	test_backend()->trust_free(low);
	low = pki_trust(p, &certs[0], NULL);
	assert_int_equal(verify(low, der, 1, time(NULL)), 0);
	assert_int_equal(verify(low, &der[1], 1, time(NULL)), 48);
	test_backend()->trust_free(low);
	test_backend()->trust_free(trust);
	for (size_t i = 0; i < 5; i++) {
		OPENSSL_free((void *)(uintptr_t)der[i].data);
		pki_free(&certs[i]);
	}
	pki_free(&other);
}

/* Two ways up, of which only the second leads somewhere: the first ends at once, or later. */
static void test_crossed(void **state)
{
	struct pki_cert old, between, new, low[2], crossed, leaf;
	struct sluice_trust *trust;
	struct sluice_octets chain[4];

	(void)state;
	old = pki_issue(&(struct pki_spec){ .subject = "old", .extensions = PKI_CA });
	between = pki_issue(&(struct pki_spec){
		.subject = "between", .issuer = &old, .extensions = PKI_CA });
	new = pki_issue(&(struct pki_spec){ .subject = "new", .extensions = PKI_CA });
	trust = pki_trust(p, &new, NULL);
	low[0] = pki_issue(&(struct pki_spec){
		.subject = "low", .issuer = &old, .extensions = PKI_CA });
	low[1] = pki_issue(&(struct pki_spec){
		.subject = "low", .issuer = &between, .of = &low[0], .extensions = PKI_CA });
	crossed = pki_issue(&(struct pki_spec){
		.subject = "low", .issuer = &new, .of = &low[0], .extensions = PKI_CA });
	leaf = pki_issue(&(struct pki_spec){
		.subject = "leaf", .issuer = &low[0], .extensions = PKI_LEAF NAME });
	chain[0] = pki_der(&leaf);
	chain[2] = pki_der(&crossed);
	chain[3] = pki_der(&between);
	for (size_t i = 0; i < 2; i++) {
		chain[1] = pki_der(&low[i]);
		assert_int_equal(verify(trust, chain, 4, time(NULL)), 0);
		assert_int_equal(verify(trust, chain, 2, time(NULL)), 48);
		OPENSSL_free((void *)(uintptr_t)chain[1].data);
		pki_free(&low[i]);
	}
	OPENSSL_free((void *)(uintptr_t)chain[0].data);
	OPENSSL_free((void *)(uintptr_t)chain[2].data);
	OPENSSL_free((void *)(uintptr_t)chain[3].data);
	test_backend()->trust_free(trust);
	pki_free(&leaf);
	pki_free(&crossed);
	pki_free(&new);
	pki_free(&between);
	pki_free(&old);
}

/* With an octet more behind it, or one less, it is no certificate. */
static void test_lengths(void **state)
{
	struct pki_cert root, middle, leaf;
	struct sluice_octets chain[2];
	struct sluice_trust *trust;

	(void)state;
	root = pki_issue(&(struct pki_spec){ .subject = "root", .extensions = PKI_CA });
	middle = pki_issue(&(struct pki_spec){
		.subject = "middle", .issuer = &root, .extensions = PKI_CA });
	leaf = pki_issue(&(struct pki_spec){
		.subject = "leaf", .issuer = &middle, .extensions = PKI_LEAF NAME });
	trust = pki_trust(p, &root, NULL);
	chain[0] = pki_der(&leaf);
	chain[1] = pki_der(&middle);
	assert_int_equal(verify(trust, chain, 2, time(NULL)), 0);
	for (size_t i = 0; i < 2; i++) {
		const struct sluice_octets der = chain[i];
		uint8_t longer[2048] = { 0 };

		assert_true(der.len < sizeof(longer));
		memcpy(longer, der.data, der.len);
		chain[i] = (struct sluice_octets){ longer, der.len + 1 };
		assert_int_equal(verify(trust, chain, 2, time(NULL)), 42);
		chain[i].len = der.len - 1;
		assert_int_equal(verify(trust, chain, 2, time(NULL)), 42);
		chain[i] = der;
	}
	for (size_t i = 0; i < 2; i++)
		OPENSSL_free((void *)(uintptr_t)chain[i].data);
	test_backend()->trust_free(trust);
	pki_free(&leaf);
	pki_free(&middle);
	pki_free(&root);
}

/* By the time that is given, and not by the clock. */
static void test_times(void **state)
{
	static const struct {
		long from, until;	/* of the leaf, in days */
		long now;
		int rc;
	} cases[] = {
		{ -1, 1, 0, 0 },
		{ -1, 1, 2, 45 },
		{ -1, 1, -2, 45 },
		{ -20, -10, -15, 0 },
		{ -20, -10, 0, 45 },
		{ 10, 20, 15, 0 },
		{ 10, 20, 0, 45 },
		/* the authority's are from 30 days ago to in 30 days */
		{ -40, 40, -35, 45 },
		{ -40, 40, 35, 45 },
	};
	struct pki_cert root, middle, leaf;
	struct sluice_octets chain[2];
	struct sluice_trust *trust;

	(void)state;
	root = pki_issue(&(struct pki_spec){
		.subject = "root", .extensions = PKI_CA,
		.from = -50 * PKI_DAY, .until = 50 * PKI_DAY });
	middle = pki_issue(&(struct pki_spec){
		.subject = "middle", .issuer = &root, .extensions = PKI_CA,
		.from = -30 * PKI_DAY, .until = 30 * PKI_DAY });
	trust = pki_trust(p, &root, NULL);
	chain[1] = pki_der(&middle);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int rc;

		leaf = pki_issue(&(struct pki_spec){
			.subject = "leaf", .issuer = &middle, .extensions = PKI_LEAF NAME,
			.from = cases[i].from * PKI_DAY, .until = cases[i].until * PKI_DAY });
		chain[0] = pki_der(&leaf);
		rc = verify(trust, chain, 2, time(NULL) + cases[i].now * PKI_DAY);
		if (rc != cases[i].rc)
			fail_msg("case %zu: %d", i, rc);
		OPENSSL_free((void *)(uintptr_t)chain[0].data);
		pki_free(&leaf);
	}
	OPENSSL_free((void *)(uintptr_t)chain[1].data);
	test_backend()->trust_free(trust);
	pki_free(&middle);
	pki_free(&root);
}

/* An authority that can't be judged in full is not believed, and that is said. */
static void test_constrained_root(void **state)
{
	char path[] = "/tmp/sluice-root-XXXXXX", why[SLUICE_WHY_MAX] = "";
	bool mbedtls = !strcmp(test_backend()->name, "mbedtls");
	FILE *file = fdopen(mkstemp(path), "w");
	struct sluice_trust *trust = test_backend()->trust_new(p);
	struct pki_cert root = pki_issue(&(struct pki_spec){
		.subject = "root",
		.extensions = PKI_CA "nameConstraints=permitted;DNS:a.test\n" });

	(void)state;
	assert_true(PEM_write_X509(file, root.cert));
	fclose(file);
	assert_int_equal(test_backend()->trust_file(trust, path, why), mbedtls ? -1 : 0);
	if (mbedtls)
		assert_non_null(strstr(why, "constraints of names"));
	unlink(path);
	test_backend()->trust_free(trust);
	pki_free(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_weak_hash),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_crossed),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_constrained_root),
	};
	int failed;

	p = test_provider();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	test_backend()->close(p);
	return failed;
}
