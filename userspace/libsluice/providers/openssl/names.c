// SPDX-License-Identifier: MIT
/* What a certificate says of its owner, for people and for lists. */
#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

struct teller {
	void (*name)(void *ctx, enum sluice_name type,
		     const char *name);
	void *ctx;
};

/* The name's text lives as long as the BIO; NULL if there is none. */
static const char *print_name(BIO *bio, const X509_NAME *name)
{
	char *text;

	return bio && X509_NAME_entry_count(name) &&
	       X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) > 0 &&
	       BIO_write(bio, "", 1) == 1 && BIO_get_mem_data(bio, &text) > 0 ?
	       text : NULL;
}

static void tell_subject(const struct teller *to, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());
	const char *text = print_name(bio, X509_get_subject_name(cert));

	if (text)
		to->name(to->ctx, SLUICE_NAME_SUBJECT, text);
	BIO_free(bio);
}

static void tell_text(const struct teller *to, enum sluice_name type,
		      const ASN1_IA5STRING *string)
{
	const uint8_t *data = ASN1_STRING_get0_data(string);
	size_t len = (size_t)ASN1_STRING_length(string);
	char text[1024];

	/* a name that ends in the middle would be another one */
	if (!len || len >= sizeof(text))
		return;
	for (size_t i = 0; i < len; i++) {
		if (data[i] <= ' ' || data[i] > '~')
			return;
	}
	memcpy(text, data, len);
	text[len] = 0;
	to->name(to->ctx, type, text);
}

static void tell_address(const struct teller *to,
			 const ASN1_OCTET_STRING *string)
{
	char text[INET6_ADDRSTRLEN];
	int len = ASN1_STRING_length(string);

	if ((len == 4 || len == 16) &&
	    inet_ntop(len == 4 ? AF_INET : AF_INET6,
		      ASN1_STRING_get0_data(string), text, sizeof(text)))
		to->name(to->ctx, SLUICE_NAME_IP, text);
}

static void tell_alternative(const struct teller *to, const GENERAL_NAME *name)
{
	int type;
	const void *value = GENERAL_NAME_get0_value(name, &type);

	switch (type) {
	case GEN_DNS:
		tell_text(to, SLUICE_NAME_DNS, value);
		break;
	case GEN_EMAIL:
		tell_text(to, SLUICE_NAME_EMAIL, value);
		break;
	case GEN_URI:
		tell_text(to, SLUICE_NAME_URI, value);
		break;
	case GEN_IPADD:
		tell_address(to, value);
		break;
	default:
		break;
	}
}

int sluice_openssl_names(const struct sluice_provider *p,
			 const uint8_t *cert, size_t len,
			 void (*name)(void *ctx, enum sluice_name type,
				      const char *name),
			 void *ctx)
{
	const struct teller to = { name, ctx };
	const struct sluice_octets der = { cert, len };
	X509 *x509 = sl_openssl_parse(sl_openssl(p), &der);
	GENERAL_NAMES *names;

	if (!x509) {
		ERR_clear_error();
		return -1;
	}
	tell_subject(&to, x509);
	names = X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		tell_alternative(&to, sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	X509_free(x509);
	ERR_clear_error();
	return 0;
}

static bool to_seconds(const ASN1_TIME *time, int64_t *seconds)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, rest;
	bool ok = epoch && ASN1_TIME_diff(&days, &rest, epoch, time);

	if (ok)
		*seconds = (int64_t)days * 86400 + rest;
	ASN1_TIME_free(epoch);
	return ok;
}

int sluice_openssl_expiry(const struct sluice_provider *p,
			  const uint8_t *cert, size_t len, int64_t *seconds)
{
	const struct sluice_octets der = { cert, len };
	X509 *x509 = sl_openssl_parse(sl_openssl(p), &der);
	bool ok = x509 && to_seconds(X509_get0_notAfter(x509), seconds);

	X509_free(x509);
	ERR_clear_error();
	return ok ? 0 : -1;
}

static void copy(char *to, size_t size, const char *text)
{
	*to = 0;
	if (text && strlen(text) < size)
		memcpy(to, text, strlen(text) + 1);
}

int sluice_openssl_certificate(const struct sluice_provider *p,
			       const uint8_t *cert, size_t len,
			       struct sluice_certificate *info)
{
	const struct sluice_octets der = { cert, len };
	X509 *x509 = sl_openssl_parse(sl_openssl(p), &der);
	BIO *bio = BIO_new(BIO_s_mem());
	BIGNUM *serial;
	EVP_PKEY *key;
	char *hex;
	int rc = -1;

	*info = (struct sluice_certificate){ .not_before = 0 };
	if (!x509 ||
	    !to_seconds(X509_get0_notBefore(x509), &info->not_before) ||
	    !to_seconds(X509_get0_notAfter(x509), &info->not_after))
		goto out;
	copy(info->issuer, sizeof(info->issuer),
	     print_name(bio, X509_get_issuer_name(x509)));
	serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509), NULL);
	hex = serial ? BN_bn2hex(serial) : NULL;
	copy(info->serial, sizeof(info->serial), hex);
	OPENSSL_free(hex);
	BN_free(serial);
	key = X509_get0_pubkey(x509);
	if (key)
		snprintf(info->key, sizeof(info->key), "%s %d",
			 EVP_PKEY_get0_type_name(key), EVP_PKEY_get_bits(key));
	copy(info->signature, sizeof(info->signature),
	     OBJ_nid2ln(X509_get_signature_nid(x509)));
	rc = 0;
out:
	BIO_free(bio);
	X509_free(x509);
	ERR_clear_error();
	return rc;
}
