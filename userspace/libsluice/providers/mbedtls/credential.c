// SPDX-License-Identifier: MIT
/* Certificate chains with their keys. */
#include <errno.h>
#include <mbedtls/asn1.h>
#include <mbedtls/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static struct sluice_credential *make(void)
{
	struct sluice_credential *cred = calloc(1, sizeof(*cred));

	if (!cred)
		return NULL;
	mbedtls_pk_init(&cred->key);
	mbedtls_x509_crt_init(&cred->chain);
	return cred;
}

void sluice_mbedtls_credential_free(struct sluice_credential *cred)
{
	if (!cred)
		return;
	mbedtls_pk_free(&cred->key);
	mbedtls_x509_crt_free(&cred->chain);
	free(cred->public_key);
	free(cred);
}

static size_t count(const struct sluice_credential *cred)
{
	const mbedtls_x509_crt *cert = &cred->chain;
	size_t n = 0;

	for (; cert && cert->raw.p; cert = cert->next)
		n++;
	return n;
}

/* 1, or an error that is negative. */
static int add_cert(void *ctx, const uint8_t *der, size_t len)
{
	struct sl_mbedtls_certs ignored = { .constrained_count = 0 };
	struct sluice_credential *cred = ctx;
	int rc;

	/* our own may have in them what only the peer has to understand */
	mbedtls_x509_crt_init(&ignored.list);
	rc = sl_mbedtls_parse(&ignored, der, len);
	mbedtls_x509_crt_free(&ignored.list);
	if (!rc && count(cred) == SLUICE_CHAIN_MAX)
		rc = MBEDTLS_ERR_X509_BUFFER_TOO_SMALL;
	if (!rc)
		rc = mbedtls_x509_crt_parse_der(&cred->chain, der, len);
	return rc ? rc : 1;
}

static const char *reason_of(int rc)
{
	return rc == MBEDTLS_ERR_X509_BUFFER_TOO_SMALL ?
	       "more than 16 certificates" :
	       rc == MBEDTLS_ERR_X509_ALLOC_FAILED ? "out of memory" :
	       "a certificate that Mbed TLS does not understand";
}

/* Key and chain are there: do they go together? */
static bool complete(struct sluice_credential *cred, const char *key,
		     const char *chain, char *why)
{
	bool has_key = mbedtls_pk_get_type(&cred->key) != MBEDTLS_PK_NONE;
	const mbedtls_x509_crt *cert = &cred->chain;
	size_t n = 0;

	sl_mbedtls_key_schemes(has_key ? &cred->key : &cert->pk, cred->schemes);
	if (!cred->schemes[0]) {
		sl_mbedtls_explain(why, key, "not a key for TLS 1.3 with Mbed TLS: it has to be ECDSA on P-256, P-384 or P-521, or RSA");
		return false;
	}
	if (!cert->raw.p && !sl_mbedtls_take_public_key(cred)) {
		sl_mbedtls_explain(why, key, "the key does not tell its public half");
		return false;
	}
	if (has_key && cert->raw.p &&
	    mbedtls_pk_check_pair(&cert->pk, &cred->key, sl_mbedtls_random,
				  NULL)) {
		sl_mbedtls_explain(why, chain, "the first certificate is not that of the key");
		return false;
	}
	for (; cert && cert->raw.p; cert = cert->next) {
		cred->signatures[n] = sl_mbedtls_signature(cert);
		n += !!cred->signatures[n];
	}
	return true;
}

static bool load_key(struct sluice_credential *cred, const char *path,
		     char *why)
{
	int rc = mbedtls_pk_parse_keyfile(&cred->key, path, NULL,
					  sl_mbedtls_random, NULL);

	if (!rc)
		return true;
	if (rc == MBEDTLS_ERR_PK_FILE_IO_ERROR)
		sl_mbedtls_explain(why, path, errno ? strerror(errno) :
						      "no private key in PEM format");
	else
		sl_mbedtls_explain(why, path,
				   rc == MBEDTLS_ERR_PK_PASSWORD_REQUIRED ?
				   "the key is encrypted; decrypt it first (openssl pkey)" :
				   "no private key in PEM format that Mbed TLS understands");
	return false;
}

struct sluice_credential *
sluice_mbedtls_credential_load(const struct sluice_provider *p,
			       const char *chain_path, const char *key_path,
			       char *why)
{
	struct sluice_credential *cred = make();
	int rc;

	(void)p;
	if (!cred) {
		sl_mbedtls_explain(why, chain_path ? chain_path : key_path,
				   "out of memory");
		return NULL;
	}
	errno = 0;
	if (key_path && !strncmp(key_path, "pkcs11:", 7)) {
		sl_mbedtls_explain(why, "pkcs11:…", "keys in tokens are OpenSSL's");
		goto fail;
	}
	if (key_path && !load_key(cred, key_path, why))
		goto fail;
	*why = 0;
	rc = !chain_path ? 1 : sl_mbedtls_read(chain_path, "CERTIFICATE", false,
					       add_cert, cred, why);
	if (rc <= 0) {
		if (!*why)
			sl_mbedtls_explain(why, chain_path, rc ? reason_of(rc) :
					   "no certificate in PEM format");
		goto fail;
	}
	if (!complete(cred, key_path ? key_path : chain_path, chain_path, why))
		goto fail;
	return cred;
fail:
	sluice_mbedtls_credential_free(cred);
	return NULL;
}

/* How long is the DER object that begins there? 0 if it is not whole. */
static size_t object_len(const uint8_t *der, size_t len)
{
	unsigned char *at = (unsigned char *)(uintptr_t)der;
	size_t n;

	if (mbedtls_asn1_get_tag(&at, der + len, &n, MBEDTLS_ASN1_CONSTRUCTED |
				 MBEDTLS_ASN1_SEQUENCE) ||
	    n > (size_t)(der + len - at))
		return 0;
	return (size_t)(at - der) + n;
}

struct sluice_credential *
sluice_mbedtls_credential_der(const struct sluice_provider *p,
			      const uint8_t *chain, size_t chain_len,
			      const uint8_t *key, size_t key_len, char *why)
{
	struct sluice_credential *cred = make();
	int rc = 1;

	(void)p;
	if (!cred) {
		sl_mbedtls_explain(why, "the certificate", "out of memory");
		return NULL;
	}
	if (object_len(key, key_len) != key_len ||
	    mbedtls_pk_parse_key(&cred->key, key, key_len, NULL, 0,
				 sl_mbedtls_random, NULL)) {
		sl_mbedtls_explain(why, "the key", "no private key in DER format");
		goto fail;
	}
	if (chain && !chain_len) {
		sl_mbedtls_explain(why, "the certificate", "empty");
		goto fail;
	}
	while (chain_len && rc > 0) {
		size_t len = object_len(chain, chain_len);

		rc = len ? add_cert(cred, chain, len) :
			   MBEDTLS_ERR_X509_INVALID_FORMAT;
		chain += len;
		chain_len -= len;
	}
	if (rc < 0) {
		sl_mbedtls_explain(why, "the certificate",
				   rc == MBEDTLS_ERR_X509_INVALID_FORMAT ?
				   "not in DER format" : reason_of(rc));
		goto fail;
	}
	if (!complete(cred, "the key", "the certificate", why))
		goto fail;
	return cred;
fail:
	sluice_mbedtls_credential_free(cred);
	return NULL;
}

static size_t credential_chain(const struct sluice_provider *p,
			       const struct sluice_credential *cred,
			       struct sluice_octets *chain)
{
	const mbedtls_x509_crt *cert = &cred->chain;
	size_t n = 0;

	(void)p;
	for (; cert && cert->raw.p; cert = cert->next) {
		chain[n].data = cert->raw.p;
		chain[n++].len = cert->raw.len;
	}
	return n;
}

static const uint16_t *
credential_schemes(const struct sluice_provider *p,
		   const struct sluice_credential *cred)
{
	(void)p;
	return cred->schemes;
}

void sl_mbedtls_credential_table(struct sluice_provider *table)
{
	table->credential_chain = credential_chain;
	table->credential_schemes = credential_schemes;
}
