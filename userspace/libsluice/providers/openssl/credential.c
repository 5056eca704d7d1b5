// SPDX-License-Identifier: MIT
/* Certificate chains with their keys, and trust stores, from files. */
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

void sl_openssl_explain(char *why, const char *path, const char *what)
{
	snprintf(why, SLUICE_OPENSSL_WHY_MAX, "%s: %s", path, what);
	ERR_clear_error();
}

static BIO *open_file(const char *path, char *why)
{
	BIO *bio;

	errno = 0;
	bio = BIO_new_file(path, "r");
	if (!bio)
		sl_openssl_explain(why, path, errno ? strerror(errno) : "out of memory");
	return bio;
}

/* No passphrase: an encrypted key is an error, not a question. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	*(bool *)arg = true;
	return -1;
}

/* Some keys only show that they don't do when they are used. */
static bool try_key(const struct sluice_openssl *o,
		    const struct sluice_credential *cred, const char *source,
		    char *why)
{
	uint8_t sig[SLUICE_SIGNATURE_MAX];
	const char *reason;
	size_t len;

	if ((!o->fips && !cred->lib) ||
	    !o->table.sign(&o->table, cred, cred->schemes[0],
			   (const uint8_t *)"", 0, sig, &len))
		return true;
	reason = ERR_reason_error_string(ERR_peek_error());
	snprintf(why, SLUICE_OPENSSL_WHY_MAX, "%s: the key cannot sign: %s",
		 source, reason ? reason : "for no reason that OpenSSL tells");
	ERR_clear_error();
	return false;
}

static bool take_key(const struct sluice_openssl *o,
		     struct sluice_credential *cred, const char *source,
		     char *why)
{
	sl_openssl_key_schemes(o, cred->key, cred->schemes);
	if (!cred->schemes[0]) {
		sl_openssl_explain(why, source, "not a key for TLS 1.3: it has to be ECDSA on P-256, P-384 or P-521, RSA, Ed25519 or ML-DSA");
		return false;
	}
	return true;
}

/* The next certificate of the chain. */
static bool take_cert(struct sluice_credential *cred, X509 *cert,
		      const char *source, char *why)
{
	size_t n = 0;

	if (cred->count == SLUICE_CHAIN_MAX) {
		sl_openssl_explain(why, source, "more than 16 certificates");
		return false;
	}
	if (!cred->count && X509_check_private_key(cert, cred->key) != 1) {
		sl_openssl_explain(why, source, "the first certificate is not that of the key");
		return false;
	}
	cred->chain[cred->count].len =
		i2d_X509(cert, &cred->chain[cred->count].data);
	if (cred->chain[cred->count].len <= 0) {
		sl_openssl_explain(why, source, "out of memory");
		return false;
	}
	X509_up_ref(cert);
	cred->chain[cred->count++].cert = cert;
	while (cred->signatures[n])
		n++;
	cred->signatures[n] = sl_openssl_signature(cert);
	return true;
}

static bool load_key(const struct sluice_openssl *o,
		     struct sluice_credential *cred, const char *path,
		     char *why)
{
	bool encrypted = false;
	BIO *bio;

	if (sl_openssl_is_uri(path))
		return sl_openssl_load_uri(cred, path, why) &&
		       take_key(o, cred, "the token's key", why) &&
		       try_key(o, cred, "the token's key", why);
	bio = open_file(path, why);
	if (!bio)
		return false;
	cred->key = PEM_read_bio_PrivateKey_ex(bio, NULL, no_passphrase,
					       &encrypted, o->lib, NULL);
	BIO_free(bio);
	if (!cred->key) {
		sl_openssl_explain(why, path, encrypted ?
				   "the key is encrypted; decrypt it first (openssl pkey)" :
				   "no private key in PEM format");
		return false;
	}
	return take_key(o, cred, path, why) && try_key(o, cred, path, why);
}

/* The private key is elsewhere; its public half tells how it can sign. */
static bool load_public_key(const struct sluice_openssl *o,
			    struct sluice_credential *cred, const char *path,
			    char *why)
{
	BIO *bio = open_file(path, why);
	X509 *leaf;

	if (!bio)
		return false;
	leaf = X509_new_ex(o->lib, NULL);
	if (leaf && PEM_read_bio_X509(bio, &leaf, NULL, NULL))
		cred->key = X509_get_pubkey(leaf);
	X509_free(leaf);
	BIO_free(bio);
	if (!cred->key) {
		sl_openssl_explain(why, path, "no certificate in PEM format");
		return false;
	}
	return take_key(o, cred, path, why);
}

static bool load_chain(const struct sluice_openssl *o,
		       struct sluice_credential *cred, const char *path,
		       char *why)
{
	BIO *bio = open_file(path, why);
	bool ok = false;
	X509 *cert;

	if (!bio)
		return false;
	for (;;) {
		cert = X509_new_ex(o->lib, NULL);
		if (!cert || !PEM_read_bio_X509(bio, &cert, NULL, NULL))
			break;
		ok = take_cert(cred, cert, path, why);
		X509_free(cert);
		cert = NULL;
		if (!ok)
			goto out;
	}
	ok = cred->count;
	if (!ok)
		sl_openssl_explain(why, path, "no certificate in PEM format");
out:
	ERR_clear_error();	/* the end of the file was one */
	X509_free(cert);
	BIO_free(bio);
	return ok;
}

struct sluice_credential *
sluice_openssl_credential_load(const struct sluice_provider *p,
			       const char *chain_path, const char *key_path,
			       char *why)
{
	struct sluice_credential *cred = OPENSSL_zalloc(sizeof(*cred));

	if (!cred) {
		sl_openssl_explain(why, chain_path ? chain_path : key_path,
				   "out of memory");
		return NULL;
	}
	if (!(key_path ? load_key(sl_openssl(p), cred, key_path, why) :
			 load_public_key(sl_openssl(p), cred, chain_path,
					 why)) ||
	    (chain_path &&
	     !load_chain(sl_openssl(p), cred, chain_path, why))) {
		sluice_openssl_credential_free(cred);
		return NULL;
	}
	if (!sl_openssl_take_public_key(cred) && !chain_path) {
		sl_openssl_explain(why, key_path, "the key does not tell its public half");
		sluice_openssl_credential_free(cred);
		return NULL;
	}
	return cred;
}

struct sluice_credential *
sluice_openssl_credential_der(const struct sluice_provider *p,
			      const uint8_t *chain, size_t chain_len,
			      const uint8_t *key, size_t key_len, char *why)
{
	const struct sluice_openssl *o = sl_openssl(p);
	struct sluice_credential *cred = OPENSSL_zalloc(sizeof(*cred));
	const uint8_t *end = chain ? chain + chain_len : NULL;
	bool ok = false;

	if (!cred || chain_len > LONG_MAX || key_len > LONG_MAX) {
		sl_openssl_explain(why, "the certificate", "out of memory");
		goto out;
	}
	cred->key = d2i_AutoPrivateKey_ex(NULL, &key, (long)key_len, o->lib,
					  NULL);
	if (!cred->key) {
		sl_openssl_explain(why, "the key", "no private key in DER format");
		goto out;
	}
	ok = take_key(o, cred, "the key", why) &&
	     try_key(o, cred, "the key", why);
	if (ok && chain && !chain_len) {
		sl_openssl_explain(why, "the certificate", "empty");
		ok = false;
	}
	while (ok && chain < end) {
		X509 *cert = X509_new_ex(o->lib, NULL);

		if (cert && d2i_X509(&cert, &chain, end - chain)) {
			ok = take_cert(cred, cert, "the certificate", why);
		} else {
			sl_openssl_explain(why, "the certificate", "not in DER format");
			ok = false;
		}
		X509_free(cert);
	}
	if (ok && !sl_openssl_take_public_key(cred) && !chain) {
		sl_openssl_explain(why, "the key", "does not tell its public half");
		ok = false;
	}
out:
	ERR_clear_error();
	if (!ok) {
		sluice_openssl_credential_free(cred);
		cred = NULL;
	}
	return cred;
}

void sluice_openssl_credential_free(struct sluice_credential *cred)
{
	if (!cred)
		return;
	for (size_t i = 0; i < cred->count; i++) {
		X509_free(cred->chain[i].cert);
		OPENSSL_free(cred->chain[i].data);
	}
	EVP_PKEY_free(cred->key);
	for (size_t i = 0; i < 2; i++) {
		if (cred->loaded[i])
			OSSL_PROVIDER_unload(cred->loaded[i]);
	}
	OSSL_LIB_CTX_free(cred->lib);
	OPENSSL_free(cred->staple);
	OPENSSL_free(cred->public_key);
	OPENSSL_free(cred);
}

static size_t credential_chain(const struct sluice_provider *p,
			       const struct sluice_credential *cred,
			       struct sluice_octets *chain)
{
	(void)p;
	for (size_t i = 0; i < cred->count; i++) {
		chain[i].data = cred->chain[i].data;
		chain[i].len = (size_t)cred->chain[i].len;
	}
	return cred->count;
}

static const uint16_t *
credential_schemes(const struct sluice_provider *p,
		   const struct sluice_credential *cred)
{
	(void)p;
	return cred->schemes;
}

void sl_openssl_credential_table(struct sluice_provider *table)
{
	table->credential_chain = credential_chain;
	table->credential_schemes = credential_schemes;
}

struct sluice_trust *sluice_openssl_trust_new(const struct sluice_provider *p)
{
	struct sluice_trust *trust = OPENSSL_zalloc(sizeof(*trust));

	if (!trust)
		return NULL;
	trust->lib = sl_openssl(p)->lib;
	trust->store = X509_STORE_new();
	if (!trust->store) {
		OPENSSL_free(trust);
		return NULL;
	}
	return trust;
}

void sluice_openssl_trust_free(struct sluice_trust *trust)
{
	if (!trust)
		return;
	X509_STORE_free(trust->store);
	sk_X509_NAME_pop_free(trust->names, X509_NAME_free);
	OPENSSL_free(trust);
}

int sluice_openssl_trust_system(struct sluice_trust *trust, char *why)
{
	if (X509_STORE_set_default_paths_ex(trust->store, trust->lib, NULL))
		return 0;
	sl_openssl_explain(why, "the system's certificates", "can't be loaded");
	return -1;
}

int sluice_openssl_trust_file(struct sluice_trust *trust, const char *path,
			      char *why)
{
	BIO *bio = open_file(path, why);

	if (!bio)
		return -1;
	BIO_free(bio);
	if (X509_STORE_load_file_ex(trust->store, path, trust->lib, NULL)) {
		if (sl_openssl_trust_names(trust))
			return 0;
		sl_openssl_explain(why, path, "out of memory");
		return -1;
	}
	sl_openssl_explain(why, path, "no certificate in PEM format");
	return -1;
}

int sluice_openssl_trust_dir(struct sluice_trust *trust, const char *path,
			     char *why)
{
	if (X509_STORE_load_path(trust->store, path))
		return 0;
	sl_openssl_explain(why, path, "not a folder of certificates");
	return -1;
}
