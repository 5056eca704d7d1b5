/* SPDX-License-Identifier: MIT */
/*
 * The provider that uses Mbed TLS 3.6 (libmbedcrypto, libmbedx509), where that
 * was there when libsluice was built.
 *
 * It has all three cipher suites; of the groups X25519, P-256, P-384 and P-521,
 * but none with ML-KEM; of the signatures ECDSA and RSA-PSS with ordinary RSA
 * keys, but neither Ed25519 nor keys for RSA-PSS only.
 *
 * What is not in Mbed TLS's X.509 is done here: validity at a given time, names
 * as in RFC 9525, revocation lists as described in sluice/backend.h. What is in
 * neither is refused: a path with an authority that has constraints of names or
 * policies, even if they are not critical (unsupported_certificate; in a trust
 * store, such a certificate is not believed); every critical extension that is unknown; lists
 * of revocations that are for a part of certificates only (deltas, or with an
 * issuing distribution point). Names of authorities are compared octet by octet.
 *
 * It has no OCSP: a peer is asked for no staple, one that is required is an error
 * of the configuration, and a certificate that promises one (TLS feature, RFC
 * 7633) is taken without, as it is where nobody asks.
 *
 * Used by several threads, it needs an Mbed TLS with MBEDTLS_THREADING_C, as
 * distributions have it.
 */
#ifndef SLUICE_MBEDTLS_H
#define SLUICE_MBEDTLS_H

#include "sluice/backend.h"

#ifdef __cplusplus
extern "C" {
#endif

/* See sluice/backend.h, for all that follows. */
extern const struct sluice_backend sluice_mbedtls_backend;

/**
 * sluice_mbedtls_new() - make a provider
 *
 * Return: the provider, to be freed by sluice_mbedtls_free() after the last
 * connection, trust store and credential of it; NULL without memory.
 */
struct sluice_provider *sluice_mbedtls_new(void);
void sluice_mbedtls_free(struct sluice_provider *p);

struct sluice_trust *sluice_mbedtls_trust_new(const struct sluice_provider *p);
void sluice_mbedtls_trust_free(struct sluice_trust *trust);

/*
 * The system's are those of the file that its package of certificates keeps
 * (/etc/ssl/certs/ca-certificates.crt and the like). Certificates in it, or in a
 * folder, that Mbed TLS can't use are passed over; in a file that is named they
 * are an error.
 */
int sluice_mbedtls_trust_system(struct sluice_trust *trust, char *why);
int sluice_mbedtls_trust_file(struct sluice_trust *trust, const char *path,
			      char *why);
int sluice_mbedtls_trust_dir(struct sluice_trust *trust, const char *path,
			     char *why);
int sluice_mbedtls_trust_crl(struct sluice_trust *trust, const char *path,
			     unsigned int flags, char *why);

struct sluice_credential *
sluice_mbedtls_credential_load(const struct sluice_provider *p,
			       const char *chain_path, const char *key_path,
			       char *why);
struct sluice_credential *
sluice_mbedtls_credential_der(const struct sluice_provider *p,
			      const uint8_t *chain, size_t chain_len,
			      const uint8_t *key, size_t key_len, char *why);
void sluice_mbedtls_credential_free(struct sluice_credential *cred);

int sluice_mbedtls_names(const struct sluice_provider *p,
			 const uint8_t *cert, size_t len,
			 void (*name)(void *ctx, enum sluice_name type,
				      const char *name),
			 void *ctx);
int sluice_mbedtls_expiry(const struct sluice_provider *p,
			  const uint8_t *cert, size_t len, int64_t *seconds);
int sluice_mbedtls_certificate(const struct sluice_provider *p,
			       const uint8_t *cert, size_t len,
			       struct sluice_certificate *info);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_MBEDTLS_H */
