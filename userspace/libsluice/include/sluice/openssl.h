/* SPDX-License-Identifier: MIT */
/*
 * The provider that uses OpenSSL's libcrypto: 3.5 for all of it; with 3.0 to
 * 3.4 there is no X25519MLKEM768, and no ML-DSA. With FIPS 140 by a provider of OpenSSL's own:
 * see struct sluice_openssl_options.
 */
#ifndef SLUICE_OPENSSL_H
#define SLUICE_OPENSSL_H

#include "sluice/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_OPENSSL_WHY_MAX	SLUICE_WHY_MAX

/* See sluice/backend.h. */
extern const struct sluice_backend sluice_openssl_backend;

/**
 * sluice_openssl_new() - make a provider
 * @properties: OpenSSL's property query for all algorithms, such as
 *	"fips=yes"; NULL for none
 *
 * Return: the provider, to be freed by sluice_openssl_free() after the last
 * connection, trust store and credential of it; NULL if libcrypto does not have
 * an algorithm that is needed.
 */
struct sluice_provider *sluice_openssl_new(const char *properties);

/**
 * struct sluice_openssl_options - how a provider is to be
 * @fips: only what FIPS 140 approves: "fips=yes" is added to the properties,
 *	and a configuration is read in any case, which has to activate OpenSSL's
 *	FIPS provider, or another with that property (see fips_module(7)).
 *	Suites, groups and signatures are then those that it has: neither
 *	ChaCha20-Poly1305 nor X25519
 * @config: file with the configuration (config(5)) of the providers; NULL for
 *	none or, with @fips, the default one ($OPENSSL_CONF, openssl.cnf)
 * @properties: property query for all algorithms (property(7)); NULL for none
 */
struct sluice_openssl_options {
	bool fips;
	const char *config;
	const char *properties;
};

/**
 * sluice_openssl_open() - make a provider
 * @options: see there
 * @why: SLUICE_OPENSSL_WHY_MAX octets for the reason of a failure
 *
 * Its library context is its own: nothing that the program does with libcrypto
 * matters to it, nor the other way round. Its name has those of the providers
 * that are really used.
 *
 * Return: as sluice_openssl_new(); NULL and a line in @why.
 */
struct sluice_provider *
sluice_openssl_open(const struct sluice_openssl_options *options, char *why);

void sluice_openssl_free(struct sluice_provider *p);

/**
 * sluice_openssl_trust_new() - make an empty trust store
 *
 * Return: the store, NULL without memory.
 */
struct sluice_trust *sluice_openssl_trust_new(const struct sluice_provider *p);
void sluice_openssl_trust_free(struct sluice_trust *trust);

/**
 * sluice_openssl_trust_system() - believe what this system believes
 * sluice_openssl_trust_file() - believe the certificates of a PEM file
 * sluice_openssl_trust_dir() - believe those of a folder that
 *	`openssl rehash` has prepared
 * @why: SLUICE_OPENSSL_WHY_MAX octets for the reason of a failure
 *
 * Return: 0, or -1 and a line in @why.
 */
int sluice_openssl_trust_system(struct sluice_trust *trust, char *why);
int sluice_openssl_trust_file(struct sluice_trust *trust, const char *path,
			      char *why);
int sluice_openssl_trust_dir(struct sluice_trust *trust, const char *path,
			     char *why);

/**
 * sluice_openssl_trust_crl() - look certificates up in revocation lists
 * @path: a file of lists, PEM, or of one, DER; or a folder of such files
 * @flags: SLUICE_CRL_*; the last call's count for all lists
 * @why: SLUICE_OPENSSL_WHY_MAX octets for the reason of a failure
 *
 * A peer's certificate is refused from then on (certificate_revoked) if its
 * issuer has revoked it; and also (certificate_unknown) if there is no list of
 * its issuer's, or none that is in time, unless the flags allow for that. With
 * SLUICE_CRL_CHAIN, this goes for every certificate of the chain that is not in
 * the trust store itself.
 *
 * Return: 0, or -1 and a line in @why.
 */
int sluice_openssl_trust_crl(struct sluice_trust *trust, const char *path,
			     unsigned int flags, char *why);

/**
 * sluice_openssl_credential_load() - load a certificate chain and its key
 * @chain_path: PEM: the leaf, then what leads to a root; NULL for the key alone,
 *	to be shown as it is (struct sluice_config::own_raw_key)
 * @key_path: PEM: the leaf's private key, not encrypted. Or the URI of a key
 *	that stays in a token (RFC 7512), "pkcs11:…", by OpenSSL's provider
 *	pkcs11 (provider-pkcs11(7)), which has to name the token's module in
 *	OpenSSL's configuration or in $PKCS11_PROVIDER_MODULE. The PIN comes by
 *	pin-source in the URI, or from the configuration. NULL if the key is
 *	elsewhere and SLUICE_ASYNC_SIGNATURE has the caller sign with it
 * @why: SLUICE_OPENSSL_WHY_MAX octets for the reason of a failure
 *
 * Return: the credential, or NULL and a line in @why.
 */
struct sluice_credential *
sluice_openssl_credential_load(const struct sluice_provider *p,
			       const char *chain_path, const char *key_path,
			       char *why);

/**
 * sluice_openssl_credential_der() - the same, from memory
 * @chain: DER, one behind the other: the leaf, then what leads to a root; NULL
 *	for the key alone, to be shown as it is
 * @chain_len: octets of it
 * @key: DER: the leaf's private key, PKCS #8 or the format of its algorithm
 * @key_len: octets of it
 * @why: SLUICE_OPENSSL_WHY_MAX octets for the reason of a failure
 *
 * Nothing of @chain and @key is used after the return.
 *
 * Return: the credential, or NULL and a line in @why.
 */
struct sluice_credential *
sluice_openssl_credential_der(const struct sluice_provider *p,
			      const uint8_t *chain, size_t chain_len,
			      const uint8_t *key, size_t key_len, char *why);
void sluice_openssl_credential_free(struct sluice_credential *cred);

/**
 * sluice_openssl_credential_staple() - give peers that ask for it an OCSP response
 * @response: an OCSPResponse (RFC 6960), DER, such as `openssl ocsp -respout`
 *	writes; it is copied
 * @len: octets of it
 * @why: SLUICE_OPENSSL_WHY_MAX octets for the reason of a failure
 *
 * Before the first connection uses @cred. Whether it is in time is not looked at:
 * who serves for long makes a new credential for a new response.
 *
 * Return: 0; or -1 and a line in @why if it is no answer on the leaf of @cred.
 */
int sluice_openssl_credential_staple(struct sluice_credential *cred,
				     const uint8_t *response, size_t len,
				     char *why);
/* The same, from a file. */
int sluice_openssl_credential_staple_file(struct sluice_credential *cred,
					  const char *path, char *why);

/**
 * sluice_openssl_names() - tell the names of a certificate
 * @cert: one certificate, DER, such as struct sluice_config::peer_certificate
 *	gets
 * @len: octets of it
 * @name: called for each of them: the subject first, unless it is empty. What
 *	is not printable ASCII is not told; in the subject it is escaped
 * @ctx: given to @name
 *
 * Return: 0, or -1 if it is no certificate.
 */
int sluice_openssl_names(const struct sluice_provider *p,
			 const uint8_t *cert, size_t len,
			 void (*name)(void *ctx, enum sluice_name type,
				      const char *name),
			 void *ctx);

/**
 * sluice_openssl_expiry() - when does a certificate end?
 * @cert: one certificate, DER
 * @len: octets of it
 * @seconds: becomes the time, since 1970-01-01 UTC
 *
 * Return: 0, or -1 if it is no certificate.
 */
int sluice_openssl_expiry(const struct sluice_provider *p,
			  const uint8_t *cert, size_t len, int64_t *seconds);

/* What else it says; the same. */
int sluice_openssl_certificate(const struct sluice_provider *p,
			       const uint8_t *cert, size_t len,
			       struct sluice_certificate *info);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_OPENSSL_H */
