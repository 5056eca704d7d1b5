/* SPDX-License-Identifier: MIT */
/* What the files of the Mbed TLS provider share. */
#ifndef SLUICE_MBEDTLS_INTERNAL_H
#define SLUICE_MBEDTLS_INTERNAL_H

#include <mbedtls/pk.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "sluice/mbedtls.h"
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
};

struct sluice_mbedtls {
	struct sluice_provider table;
	char name[32];
};

struct sluice_trust {
	mbedtls_x509_crt certs;		/* a list */
	size_t named;			/* those that clients are told of: */
	bool system;			/* not the system's, nor what follows */
	mbedtls_x509_crl lists;
	bool crl;			/* ask the lists */
	unsigned int crl_flags;
};

struct sluice_credential {
	mbedtls_pk_context key;
	mbedtls_x509_crt chain;
	uint16_t schemes[8];
	uint16_t signatures[SLUICE_CHAIN_MAX + 1];	/* 0-ended */
	uint8_t *public_key;		/* SubjectPublicKeyInfo, without a chain */
	size_t public_key_len;
};

struct sluice_pubkey {
	mbedtls_pk_context pk;
};

/* Certificates of a peer's, and which of them can't be judged in full. */
struct sl_mbedtls_certs {
	mbedtls_x509_crt list;
	const mbedtls_x509_crt *constrained[SLUICE_CHAIN_MAX];
	size_t constrained_count;
};

/* Randomness as Mbed TLS asks for it. */
int sl_mbedtls_random(void *ctx, unsigned char *out, size_t len);

static inline bool sl_mbedtls_same(const mbedtls_x509_buf *a,
				   const mbedtls_x509_buf *b)
{
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

/* Seconds since 1970. */
int64_t sl_mbedtls_seconds(const mbedtls_x509_time *time);

/*
 * Parses one certificate, all of whose octets have to be used, and puts it
 * behind the others: 0 or an error of Mbed TLS's. Critical extensions that
 * nobody knows are an error, but for those that are looked at later.
 */
int sl_mbedtls_parse(struct sl_mbedtls_certs *certs, const uint8_t *der,
		     size_t len);

/*
 * Gives the objects of a file, DER, one after the other: those in PEM with that
 * label or, if there are none and der is set, the file as it is. What take
 * returns is added up; below 0 it ends the matter. -1: the file can't be read.
 */
int sl_mbedtls_read(const char *path, const char *label, bool der,
		    int (*take)(void *ctx, const uint8_t *data, size_t len),
		    void *ctx, char *why);
/* The same for all files of a folder, with -1 for what a file returns. */
int sl_mbedtls_read_dir(const char *path,
			int (*file)(void *ctx, const char *path, char *why),
			void *ctx, char *why);
void sl_mbedtls_explain(char *why, const char *path, const char *what);

/* 0, or the alert for a leaf that does not have the name, with the reason. */
int sl_mbedtls_check_name(const mbedtls_x509_crt *leaf, const char *name,
			  const char **reason);

/*
 * Looks certificates up in the lists of a trust store: the path from the leaf
 * to the one that is believed. 0, or the alert and the reason.
 */
int sl_mbedtls_check_crls(const struct sluice_trust *trust,
			  mbedtls_x509_crt *const *path, size_t len,
			  int64_t now, const char **reason);

/* 0-ended list of the schemes that fit a key. */
void sl_mbedtls_key_schemes(const mbedtls_pk_context *key, uint16_t schemes[8]);

/* The scheme a certificate is signed with; 0 if it is by its own key. */
uint16_t sl_mbedtls_signature(const mbedtls_x509_crt *cert);

/* Keep the public key of a credential that has no certificate to tell it. */
bool sl_mbedtls_take_public_key(struct sluice_credential *cred);

/* From a SubjectPublicKeyInfo, of its whole length: 0 or an error of Mbed TLS's. */
int sl_mbedtls_pubkey(const uint8_t *spki, size_t len,
		      struct sluice_pubkey **key);

/* The functions of the table, a file each group. */
void sl_mbedtls_hash_table(struct sluice_provider *table);
void sl_mbedtls_aead_table(struct sluice_provider *table);
void sl_mbedtls_kx_table(struct sluice_provider *table);
void sl_mbedtls_sign_table(struct sluice_provider *table);
void sl_mbedtls_credential_table(struct sluice_provider *table);
void sl_mbedtls_raw_key_table(struct sluice_provider *table);
void sl_mbedtls_request_table(struct sluice_provider *table);
void sl_mbedtls_x509_table(struct sluice_provider *table);

#endif /* SLUICE_MBEDTLS_INTERNAL_H */
