/* SPDX-License-Identifier: MIT */
/* Authorities and what they issue, made by libcrypto as a test wants them. */
#ifndef SLUICE_TEST_PKI_H
#define SLUICE_TEST_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <time.h>

#include "pair.h"

#define PKI_HOUR	3600L
#define PKI_DAY		(24 * PKI_HOUR)

struct pki_cert {
	X509 *cert;
	EVP_PKEY *key;
};

/**
 * struct pki_spec - a certificate to be issued
 * @subject: its common name; NULL for an empty subject
 * @issuer: by whom; NULL: by itself
 * @key: "P-256", "RSA", "RSA1024", "ML-DSA-44", ...; NULL for P-256
 * @of: instead of @key: whose key it is
 * @extensions: lines as in a section of openssl.cnf; may be NULL
 * @from: seconds from now; 0 for a day ago
 * @until: seconds from now; 0 for in a day
 * @md: "SHA384", ...; NULL for what suits the issuer's key
 * @pss: RSA: sign as PSS
 */
struct pki_spec {
	const char *subject;
	const struct pki_cert *issuer;
	const char *key;
	const struct pki_cert *of;
	const char *extensions;
	long from;
	long until;
	const char *md;
	bool pss;
};

#define PKI_CA		"basicConstraints=critical,CA:TRUE\n" \
			"keyUsage=critical,keyCertSign,cRLSign\n" \
			"subjectKeyIdentifier=hash\n"
#define PKI_LEAF	"basicConstraints=critical,CA:FALSE\n" \
			"keyUsage=critical,digitalSignature\n"

/* Aborts if it can't be made. */
struct pki_cert pki_issue(const struct pki_spec *spec);
void pki_free(struct pki_cert *cert);

/* Certificates are given with NULL at the end, the leaf first. */
struct sluice_credential *pki_credential(const struct sluice_provider *p,
					 const struct pki_cert *leaf, ...);
struct sluice_trust *pki_trust(const struct sluice_provider *p,
			       const struct pki_cert *cert, ...);

/* DER, to be freed with OPENSSL_free(). */
struct sluice_octets pki_der(const struct pki_cert *cert);

#endif /* SLUICE_TEST_PKI_H */
