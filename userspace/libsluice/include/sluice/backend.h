/* SPDX-License-Identifier: MIT */
/*
 * The libraries that libsluice has providers for, to be chosen by name when a
 * program runs, and what all of them have in common. A program that is content
 * with one of them calls its functions (sluice/openssl.h, sluice/mbedtls.h).
 */
#ifndef SLUICE_BACKEND_H
#define SLUICE_BACKEND_H

#include "sluice/provider.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for one line that says why something could not be loaded. */
#define SLUICE_WHY_MAX	256

/* How certificates are looked up in revocation lists. */
#define SLUICE_CRL_CHAIN		1	/* look up the authorities, too */
#define SLUICE_CRL_ALLOW_UNKNOWN	2	/* who has no list revokes nothing */
#define SLUICE_CRL_ALLOW_EXPIRED	4	/* a list counts beyond its time */

/* What a certificate calls its owner. */
enum sluice_name {
	SLUICE_NAME_SUBJECT,	/* the distinguished name, as RFC 4514 */
	SLUICE_NAME_DNS,	/* the others are subjectAltNames */
	SLUICE_NAME_IP,
	SLUICE_NAME_EMAIL,
	SLUICE_NAME_URI,
};

/**
 * struct sluice_certificate - what a certificate says, for people
 * @issuer: the distinguished name, as RFC 4514; "" if it is too long
 * @serial: in hexadecimal
 * @not_before: from when it is good, seconds since 1970-01-01 UTC
 * @not_after: to when
 * @key: its key's kind and length, such as "RSA 2048", "EC 256"
 * @signature: what it is signed with, in the words of the library
 */
struct sluice_certificate {
	char issuer[512];
	char serial[64];
	int64_t not_before;
	int64_t not_after;
	char key[32];
	char signature[64];
};

/**
 * struct sluice_backend - a library, and how its objects are made
 * @name: of the library: "openssl", "mbedtls"
 * @open: make a provider: one whose algorithms are all approved by FIPS 140 if
 *	@fips. NULL on failure, and a line in @why
 * @close: free it, after the last object that was made of it
 *
 * @trust_new: make an empty trust store; NULL without memory
 * @trust_free: free it; takes NULL
 * @trust_system: believe what this system believes
 * @trust_file: believe the certificates of a PEM file
 * @trust_dir: believe those of the files in a folder. OpenSSL takes one that
 *	`openssl rehash` has prepared
 * @trust_crl: look certificates up in the revocation lists of a file (PEM, or
 *	one, DER), or of a folder of such files. See sluice_openssl_trust_crl()
 *
 * @credential_load: load a certificate chain, the leaf first, and its key, PEM.
 *	OpenSSL takes a key by a PKCS#11 URI (RFC 7512), too; or none (NULL), if
 *	SLUICE_ASYNC_SIGNATURE has the caller sign; or a key without certificates
 *	(@chain_path is NULL), to be shown as a raw public key
 * @credential_der: the same from memory, DER; the certificates stand one behind
 *	the other, or there is but a key (@chain is NULL)
 * @credential_staple: have it staple the OCSP response of a file (DER) to its
 *	certificate, for peers that ask: see sluice_openssl_credential_staple().
 *	NULL: the library has no OCSP
 * @credential_free: free it; takes NULL
 *
 * @names: tell the names of a certificate, DER: the subject first, unless it is
 *	empty. What is not printable ASCII is not told; in the subject it is
 *	escaped
 * @expiry: when a certificate, DER, ends: seconds since 1970-01-01 UTC
 * @certificate: what else a certificate, DER, says
 *
 * What can fail returns 0, or -1; where there is a @why, it has SLUICE_WHY_MAX
 * octets, and then says in one line what is wrong.
 */
struct sluice_backend {
	const char *name;

	struct sluice_provider *(*open)(bool fips, char *why);
	void (*close)(struct sluice_provider *p);

	struct sluice_trust *(*trust_new)(const struct sluice_provider *p);
	void (*trust_free)(struct sluice_trust *trust);
	int (*trust_system)(struct sluice_trust *trust, char *why);
	int (*trust_file)(struct sluice_trust *trust, const char *path,
			  char *why);
	int (*trust_dir)(struct sluice_trust *trust, const char *path,
			 char *why);
	int (*trust_crl)(struct sluice_trust *trust, const char *path,
			 unsigned int flags, char *why);

	struct sluice_credential *
	(*credential_load)(const struct sluice_provider *p,
			   const char *chain_path, const char *key_path,
			   char *why);
	struct sluice_credential *
	(*credential_der)(const struct sluice_provider *p,
			  const uint8_t *chain, size_t chain_len,
			  const uint8_t *key, size_t key_len, char *why);
	int (*credential_staple)(struct sluice_credential *cred,
				 const char *path, char *why);
	void (*credential_free)(struct sluice_credential *cred);

	int (*names)(const struct sluice_provider *p,
		     const uint8_t *cert, size_t len,
		     void (*name)(void *ctx, enum sluice_name type,
				  const char *name),
		     void *ctx);
	int (*expiry)(const struct sluice_provider *p,
		      const uint8_t *cert, size_t len, int64_t *seconds);
	int (*certificate)(const struct sluice_provider *p,
			   const uint8_t *cert, size_t len,
			   struct sluice_certificate *info);
};

/**
 * sluice_backend_get() - the libraries that this build of libsluice has
 * @i: from 0, which is the default, OpenSSL
 *
 * Return: NULL behind the last.
 */
const struct sluice_backend *sluice_backend_get(unsigned int i);

/**
 * sluice_backend_find() - one of them by its name
 * @name: NULL for the default
 *
 * Return: NULL if this build of libsluice does not have it.
 */
const struct sluice_backend *sluice_backend_find(const char *name);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_BACKEND_H */
