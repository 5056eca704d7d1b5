// SPDX-License-Identifier: MIT
/* Whom a certificate names: checked (RFC 9525), and told to people. */
#include <arpa/inet.h>
#include <mbedtls/oid.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

/* Tags of GeneralName (RFC 5280, section 4.2.1.6). */
#define GEN_EMAIL	1
#define GEN_DNS		2
#define GEN_URI		6
#define GEN_IP		7

/* Longest DNS name in presentation form, without the final dot. */
#define NAME_MAX_LEN	253

static bool match_dns(const mbedtls_x509_buf *san, const char *name, size_t len)
{
	const char *pattern = (const char *)san->p;
	const char *dot;

	/* A wildcard stands for the leftmost label, of three at least. */
	if (san->len > 2 && pattern[0] == '*' && pattern[1] == '.') {
		dot = memchr(name, '.', len);
		if (!dot || dot == name ||
		    !memchr(pattern + 2, '.', san->len - 2))
			return false;
		len -= (size_t)(dot - name);
		return len == san->len - 1 &&
		       !strncasecmp(dot, pattern + 1, len);
	}
	/* One with a NUL in it ends the comparison, and is too long. */
	return len == san->len && !strncasecmp(name, pattern, len) &&
	       !memchr(pattern, 0, len);
}

static unsigned int tag_of(const mbedtls_x509_buf *san)
{
	return (unsigned int)san->tag & MBEDTLS_ASN1_TAG_VALUE_MASK;
}

int sl_mbedtls_check_name(const mbedtls_x509_crt *leaf, const char *name,
			  const char **reason)
{
	const mbedtls_x509_sequence *san = &leaf->subject_alt_names;
	size_t len = strlen(name), address_len = 0;
	uint8_t address[16];

	if (inet_pton(AF_INET, name, address) == 1)
		address_len = 4;
	else if (inet_pton(AF_INET6, name, address) == 1)
		address_len = 16;
	/* "example.com." is the same name as "example.com". */
	if (len && name[len - 1] == '.')
		len--;
	if (!address_len && (!len || len > NAME_MAX_LEN || name[0] == '.')) {
		*reason = "the name to check is neither a DNS name nor an IP address";
		return ALERT_BAD_CERTIFICATE;
	}
	for (; san && san->buf.p; san = san->next) {
		if (address_len ? tag_of(&san->buf) == GEN_IP &&
				  san->buf.len == address_len &&
				  !memcmp(san->buf.p, address, address_len) :
				  tag_of(&san->buf) == GEN_DNS &&
				  match_dns(&san->buf, name, len))
			return 0;
	}
	*reason = address_len ? "IP address mismatch" : "hostname mismatch";
	return ALERT_BAD_CERTIFICATE;
}

struct teller {
	void (*name)(void *ctx, enum sluice_name type, const char *name);
	void *ctx;
};

#define NAME_TEXT_MAX	1024

/*
 * The parts stand in the certificate the other way round than in RFC 4514. Where
 * the text begins; "" if there is none, or if it is too long.
 */
static const char *print_name(char text[NAME_TEXT_MAX],
			      const mbedtls_x509_name *name)
{
	size_t used = NAME_TEXT_MAX - 1;
	char part[512];

	text[used] = 0;
	while (name && name->oid.p) {
		mbedtls_x509_name copies[8];
		size_t n = 0, len;
		int printed;

		/* what belongs together is told together */
		do {
			copies[n] = *name;
			copies[n].next = NULL;
			if (n)
				copies[n - 1].next = &copies[n];
			name = name->next;
		} while (copies[n++].MBEDTLS_PRIVATE(next_merged) && name && n < 8);
		printed = mbedtls_x509_dn_gets(part, sizeof(part), copies);
		len = printed < 0 ? 0 : (size_t)printed;
		if (printed < 0 || len + 1 > used)
			return "";
		if (text[used])
			text[--used] = ',';
		used -= len;
		memcpy(text + used, part, len);
	}
	return text + used;
}

static void tell_subject(const struct teller *to, const mbedtls_x509_name *name)
{
	char text[NAME_TEXT_MAX];
	const char *at = print_name(text, name);

	if (*at)
		to->name(to->ctx, SLUICE_NAME_SUBJECT, at);
}

static void tell_text(const struct teller *to, enum sluice_name type,
		      const mbedtls_x509_buf *san)
{
	char text[1024];

	/* a name that ends in the middle would be another one */
	if (!san->len || san->len >= sizeof(text))
		return;
	for (size_t i = 0; i < san->len; i++) {
		if (san->p[i] <= ' ' || san->p[i] > '~')
			return;
	}
	memcpy(text, san->p, san->len);
	text[san->len] = 0;
	to->name(to->ctx, type, text);
}

static void tell_alternative(const struct teller *to,
			     const mbedtls_x509_buf *san)
{
	char text[INET6_ADDRSTRLEN];

	switch (tag_of(san)) {
	case GEN_DNS:
		tell_text(to, SLUICE_NAME_DNS, san);
		break;
	case GEN_EMAIL:
		tell_text(to, SLUICE_NAME_EMAIL, san);
		break;
	case GEN_URI:
		tell_text(to, SLUICE_NAME_URI, san);
		break;
	case GEN_IP:
		if ((san->len == 4 || san->len == 16) &&
		    inet_ntop(san->len == 4 ? AF_INET : AF_INET6, san->p, text,
			      sizeof(text)))
			to->name(to->ctx, SLUICE_NAME_IP, text);
		break;
	default:
		break;
	}
}

int sluice_mbedtls_names(const struct sluice_provider *p,
			 const uint8_t *cert, size_t len,
			 void (*name)(void *ctx, enum sluice_name type,
				      const char *name),
			 void *ctx)
{
	const struct teller to = { name, ctx };
	struct sl_mbedtls_certs certs = { .constrained_count = 0 };
	const mbedtls_x509_sequence *san;
	int rc;

	(void)p;
	mbedtls_x509_crt_init(&certs.list);
	rc = sl_mbedtls_parse(&certs, cert, len);
	if (!rc) {
		tell_subject(&to, &certs.list.subject);
		san = &certs.list.subject_alt_names;
		for (; san && san->buf.p; san = san->next)
			tell_alternative(&to, &san->buf);
	}
	mbedtls_x509_crt_free(&certs.list);
	return rc ? -1 : 0;
}

int64_t sl_mbedtls_seconds(const mbedtls_x509_time *time)
{
	struct tm tm = {
		.tm_year = time->year - 1900, .tm_mon = time->mon - 1,
		.tm_mday = time->day, .tm_hour = time->hour,
		.tm_min = time->min, .tm_sec = time->sec,
	};

	return timegm(&tm);
}

int sluice_mbedtls_expiry(const struct sluice_provider *p,
			  const uint8_t *cert, size_t len, int64_t *seconds)
{
	struct sl_mbedtls_certs certs = { .constrained_count = 0 };
	int rc;

	(void)p;
	mbedtls_x509_crt_init(&certs.list);
	rc = sl_mbedtls_parse(&certs, cert, len);
	if (!rc)
		*seconds = sl_mbedtls_seconds(&certs.list.valid_to);
	mbedtls_x509_crt_free(&certs.list);
	return rc ? -1 : 0;
}

int sluice_mbedtls_certificate(const struct sluice_provider *p,
			       const uint8_t *cert, size_t len,
			       struct sluice_certificate *info)
{
	struct sl_mbedtls_certs certs = { .constrained_count = 0 };
	const mbedtls_x509_crt *at = &certs.list;
	char text[NAME_TEXT_MAX];
	const char *issuer, *signature;
	int rc;

	(void)p;
	*info = (struct sluice_certificate){ .not_before = 0 };
	mbedtls_x509_crt_init(&certs.list);
	rc = sl_mbedtls_parse(&certs, cert, len);
	if (!rc) {
		issuer = print_name(text, &at->issuer);
		if (strlen(issuer) < sizeof(info->issuer))
			strcpy(info->issuer, issuer);
		for (size_t i = 0; i < at->serial.len &&
				   2 * i + 2 < sizeof(info->serial); i++)
			sprintf(info->serial + 2 * i, "%02X", at->serial.p[i]);
		info->not_before = sl_mbedtls_seconds(&at->valid_from);
		info->not_after = sl_mbedtls_seconds(&at->valid_to);
		snprintf(info->key, sizeof(info->key), "%s %zu",
			 mbedtls_pk_get_name(&at->pk),
			 mbedtls_pk_get_bitlen(&at->pk));
		if (!mbedtls_oid_get_sig_alg_desc(&at->sig_oid, &signature))
			snprintf(info->signature, sizeof(info->signature), "%s",
				 signature);
	}
	mbedtls_x509_crt_free(&certs.list);
	return rc ? -1 : 0;
}
