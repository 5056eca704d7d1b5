// SPDX-License-Identifier: MIT
#include "pki.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(x) do { if (!(x)) { \
	fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
	ERR_print_errors_fp(stderr); abort(); \
} } while (0)

static EVP_PKEY *make_key(const char *name)
{
	EVP_PKEY *key;

	if (!name)
		name = "P-256";
	if (!strncmp(name, "RSA", 3))
		key = EVP_RSA_gen(name[3] ? (unsigned int)atoi(name + 3) : 2048);
	else if (!strncmp(name, "P-", 2))
		key = EVP_EC_gen(name);
	else
		key = EVP_PKEY_Q_keygen(NULL, NULL, name);
	CHECK(key);
	return key;
}

static void add_extensions(X509 *cert, X509 *issuer, const char *lines)
{
	BIO *bio = BIO_new(BIO_s_mem());
	CONF *conf = NCONF_new(NULL);
	X509V3_CTX ctx;

	BIO_printf(bio, "[x]\n%s", lines);
	CHECK(NCONF_load_bio(conf, bio, NULL) > 0);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	CHECK(X509V3_EXT_add_nconf(conf, &ctx, "x", cert));
	NCONF_free(conf);
	BIO_free(bio);
}

static void sign(X509 *cert, EVP_PKEY *key, const struct pki_spec *spec)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	const char *md = spec->md;

	/* keys with a hash of their own have no other */
	if (!md && (EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "EC")))
		md = "SHA256";
	CHECK(EVP_DigestSignInit_ex(ctx, &pctx, md, NULL, NULL, key, NULL) > 0);
	if (spec->pss) {
		CHECK(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) > 0);
		CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) > 0);
	}
	CHECK(X509_sign_ctx(cert, ctx) > 0);
	EVP_MD_CTX_free(ctx);
}

struct pki_cert pki_issue(const struct pki_spec *spec)
{
	static long serial = 1000;
	X509 *cert = X509_new();
	struct pki_cert made = { .cert = cert };
	X509 *issuer = spec->issuer ? spec->issuer->cert : cert;

	if (spec->of) {
		made.key = spec->of->key;
		EVP_PKEY_up_ref(made.key);
	} else {
		made.key = make_key(spec->key);
	}
	CHECK(X509_set_version(cert, X509_VERSION_3));
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	if (spec->subject)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
					   MBSTRING_UTF8,
					   (const uint8_t *)spec->subject, -1,
					   -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_gmtime_adj(X509_getm_notBefore(cert), spec->from ? spec->from :
								-PKI_DAY);
	X509_gmtime_adj(X509_getm_notAfter(cert), spec->until ? spec->until :
								PKI_DAY);
	X509_set_pubkey(cert, made.key);
	if (spec->extensions)
		add_extensions(cert, issuer, spec->extensions);
	sign(cert, spec->issuer ? spec->issuer->key : made.key, spec);
	return made;
}

void pki_free(struct pki_cert *cert)
{
	X509_free(cert->cert);
	EVP_PKEY_free(cert->key);
	*cert = (struct pki_cert){ .cert = NULL };
}

struct sluice_octets pki_der(const struct pki_cert *cert)
{
	uint8_t *data = NULL;
	int len = i2d_X509(cert->cert, &data);

	CHECK(len > 0);
	return (struct sluice_octets){ data, (size_t)len };
}

struct sluice_credential *pki_credential(const struct sluice_provider *p,
					 const struct pki_cert *leaf, ...)
{
	const struct pki_cert *cert = leaf;
	uint8_t chain[32768], *at = chain, *key = NULL;
	int key_len = i2d_PrivateKey(leaf->key, &key);
	char why[SLUICE_WHY_MAX] = "";
	struct sluice_credential *cred;
	va_list more;

	va_start(more, leaf);
	for (; cert; cert = va_arg(more, const struct pki_cert *)) {
		CHECK(i2d_X509(cert->cert, NULL) <= chain + sizeof(chain) - at);
		i2d_X509(cert->cert, &at);
	}
	va_end(more);
	cred = test_backend()->credential_der(p, chain, (size_t)(at - chain),
					     key, (size_t)key_len, why);
	if (!cred)
		fprintf(stderr, "%s\n", why);
	CHECK(cred);
	OPENSSL_free(key);
	return cred;
}

struct sluice_trust *pki_trust(const struct sluice_provider *p,
			       const struct pki_cert *cert, ...)
{
	char path[] = "/tmp/sluice-trust-XXXXXX";
	char why[SLUICE_WHY_MAX] = "";
	FILE *file = fdopen(mkstemp(path), "w");
	struct sluice_trust *trust = test_backend()->trust_new(p);
	va_list more;

	CHECK(file && trust);
	va_start(more, cert);
	for (; cert; cert = va_arg(more, const struct pki_cert *))
		CHECK(PEM_write_X509(file, cert->cert));
	va_end(more);
	fclose(file);
	CHECK(!test_backend()->trust_file(trust, path, why));
	unlink(path);
	return trust;
}
