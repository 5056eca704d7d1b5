/* SPDX-License-Identifier: MIT */
/* What the files of the OpenSSL provider share. */
#ifndef SLUICE_OPENSSL_INTERNAL_H
#define SLUICE_OPENSSL_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/x509.h>

#include "sluice/openssl.h"
#include "sluice/sluice.h"

/* AlertDescription (RFC 9846, section 6), as far as they are ours to say. */
enum {
	ALERT_BAD_RECORD_MAC = 20,
	ALERT_BAD_CERTIFICATE = 42,
	ALERT_UNSUPPORTED_CERTIFICATE = 43,
	ALERT_CERTIFICATE_REVOKED = 44,
	ALERT_CERTIFICATE_EXPIRED = 45,
	ALERT_CERTIFICATE_UNKNOWN = 46,
	ALERT_ILLEGAL_PARAMETER = 47,
	ALERT_UNKNOWN_CA = 48,
	ALERT_DECRYPT_ERROR = 51,
	ALERT_BAD_STATUS_RESPONSE = 113,
};

/*
 * A provider with its algorithms, fetched once. The library context is our
 * own, so that nothing which the program does with libcrypto matters here.
 */
struct sluice_openssl {
	struct sluice_provider table;
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *base;
	EVP_MD *md[2];		/* by enum sluice_hash */
	EVP_MAC_CTX *hmac[2];	/* the same; copied for each use */
	EVP_CIPHER *cipher[3];	/* by enum sluice_aead */
	bool fips;
	uint32_t groups;	/* bits: what kx.c and sign.c know, and */
	uint32_t schemes;	/* libcrypto has for these properties */
	char name[160];
};

static inline const struct sluice_openssl *
sl_openssl(const struct sluice_provider *p)
{
	return (const struct sluice_openssl *)p;
}

struct sluice_trust {
	X509_STORE *store;
	OSSL_LIB_CTX *lib;
	bool crl;		/* ask the lists that are in the store */
	unsigned int crl_flags;
	STACK_OF(X509_NAME) *names;	/* of the authorities from files */
};

struct sluice_credential {
	EVP_PKEY *key;
	size_t count;
	struct {
		X509 *cert;
		uint8_t *data;
		int len;
	} chain[SLUICE_CHAIN_MAX];
	uint16_t schemes[8];
	uint16_t signatures[SLUICE_CHAIN_MAX + 1];	/* 0-ended */
	OSSL_LIB_CTX *lib;		/* the key's own; NULL if it is a file's */
	OSSL_PROVIDER *loaded[2];	/* into that */
	uint8_t *staple;
	size_t staple_len;
	uint8_t *public_key;		/* SubjectPublicKeyInfo */
	int public_key_len;
};

/* Public keys are used as they are. */
static inline EVP_PKEY *sl_pubkey(const struct sluice_pubkey *key)
{
	return (EVP_PKEY *)(uintptr_t)key;
}

/* The whole input has to be one certificate; else NULL. */
X509 *sl_openssl_parse(const struct sluice_openssl *o,
		       const struct sluice_octets *der);

/* "PATH: WHAT", for people; libcrypto's own words are dropped. */
void sl_openssl_explain(char *why, const char *path, const char *what);

/* Keep the public key, which the leaf or else the private key tells. */
bool sl_openssl_take_public_key(struct sluice_credential *cred);

/* Have a check ask the trust store's revocation lists, if it has any. */
void sl_openssl_check_crls(X509_STORE_CTX *ctx, struct sluice_trust *trust);

/*
 * Is what was stapled to the leaf of a chain that ctx has verified good? 0, an
 * alert, or -1.
 */
int sl_openssl_check_staple(const struct sluice_openssl *o, X509_STORE_CTX *ctx,
			    const struct sluice_peer *peer,
			    const char **reason);

/* The scheme a certificate is signed with; 0 if it is by its own key. */
uint16_t sl_openssl_signature(X509 *cert);

/* Note the names of the certificates that the store has loaded by now. */
bool sl_openssl_trust_names(struct sluice_trust *trust);

/* 0-ended list of the schemes that fit a key, and that there are. */
void sl_openssl_key_schemes(const struct sluice_openssl *o, const EVP_PKEY *key,
			    uint16_t schemes[8]);

/* A URI of PKCS#11, which takes the place of a file's path; loads its key. */
bool sl_openssl_is_uri(const char *path);
bool sl_openssl_load_uri(struct sluice_credential *cred, const char *uri,
			 char *why);

/* Finds out what libcrypto has. */
void sl_openssl_probe_groups(struct sluice_openssl *o);
void sl_openssl_probe_schemes(struct sluice_openssl *o);

/* False: there is no HMAC. */
bool sl_openssl_hmac_fetch(struct sluice_openssl *o);

/* The functions of the table, a file each group. */
void sl_openssl_hash_table(struct sluice_provider *table);
void sl_openssl_aead_table(struct sluice_provider *table);
void sl_openssl_kx_table(struct sluice_provider *table);
void sl_openssl_sign_table(struct sluice_provider *table);
void sl_openssl_credential_table(struct sluice_provider *table);
void sl_openssl_raw_key_table(struct sluice_provider *table);
void sl_openssl_request_table(struct sluice_provider *table);
void sl_openssl_staple_table(struct sluice_provider *table);
void sl_openssl_x509_table(struct sluice_provider *table);

#endif /* SLUICE_OPENSSL_INTERNAL_H */
