// SPDX-License-Identifier: MIT
/* Trust stores: the authorities, and the lists of what they have revoked. */
#include <mbedtls/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

struct sluice_trust *sluice_mbedtls_trust_new(const struct sluice_provider *p)
{
	struct sluice_trust *trust = calloc(1, sizeof(*trust));

	(void)p;
	if (!trust)
		return NULL;
	mbedtls_x509_crt_init(&trust->certs);
	mbedtls_x509_crl_init(&trust->lists);
	return trust;
}

void sluice_mbedtls_trust_free(struct sluice_trust *trust)
{
	if (!trust)
		return;
	mbedtls_x509_crt_free(&trust->certs);
	mbedtls_x509_crl_free(&trust->lists);
	free(trust);
}

struct loading {
	struct sluice_trust *trust;
	bool all;			/* none may be passed over */
	const char *reason;
};

/* Tried apart first: one that can't be judged in full is not to be believed. */
static int add_cert(void *ctx, const uint8_t *der, size_t len)
{
	struct sl_mbedtls_certs tried = { .constrained_count = 0 };
	struct loading *loading = ctx;
	bool ok;

	mbedtls_x509_crt_init(&tried.list);
	ok = !sl_mbedtls_parse(&tried, der, len);
	if (!ok)
		loading->reason = "a certificate that Mbed TLS does not understand";
	else if (tried.constrained_count)
		loading->reason = "an authority with constraints of names or policies, which Mbed TLS cannot check";
	ok = ok && !tried.constrained_count;
	mbedtls_x509_crt_free(&tried.list);
	if (!ok)
		return loading->all ? -1 : 0;
	/* the first call has seen to the extensions */
	if (mbedtls_x509_crt_parse_der(&loading->trust->certs, der, len)) {
		loading->reason = "a certificate that Mbed TLS does not understand";
		return loading->all ? -1 : 0;
	}
	loading->trust->named += !loading->trust->system;
	return 1;
}

static int load_file(void *ctx, const char *path, char *why)
{
	struct loading *loading = ctx;
	int count;

	loading->reason = NULL;
	count = sl_mbedtls_read(path, "CERTIFICATE", false, add_cert, loading,
				why);
	if (count < 0 && loading->reason)
		sl_mbedtls_explain(why, path, loading->reason);
	return count;
}

int sluice_mbedtls_trust_file(struct sluice_trust *trust, const char *path,
			      char *why)
{
	struct loading loading = { .trust = trust, .all = true };
	int count = load_file(&loading, path, why);

	if (!count)
		sl_mbedtls_explain(why, path, "no certificate in PEM format");
	return count > 0 ? 0 : -1;
}

int sluice_mbedtls_trust_dir(struct sluice_trust *trust, const char *path,
			     char *why)
{
	struct loading loading = { .trust = trust };
	int count = sl_mbedtls_read_dir(path, load_file, &loading, why);

	if (!count)
		sl_mbedtls_explain(why, path, "no certificate in PEM format");
	return count > 0 ? 0 : -1;
}

int sluice_mbedtls_trust_system(struct sluice_trust *trust, char *why)
{
	/* Debian, Alpine; Fedora; SUSE; the BSDs */
	static const char *const files[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/ssl/cert.pem",
	};
	struct loading loading = { .trust = trust };

	trust->system = true;
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		if (!access(files[i], R_OK))
			return load_file(&loading, files[i], why) < 0 ? -1 : 0;
	}
	sl_mbedtls_explain(why, "the system's certificates", "there are none");
	return -1;
}

static int add_list(void *ctx, const uint8_t *der, size_t len)
{
	struct loading *loading = ctx;
	struct sluice_trust *trust = loading->trust;
	int rc = mbedtls_x509_crl_parse_der(&trust->lists, der, len);

	if (!rc)
		return 1;
	/* a low-level code may be added to it */
	switch (-(-rc & 0xff80)) {
	case MBEDTLS_ERR_X509_ALLOC_FAILED:
		loading->reason = "out of memory";
		break;
	case MBEDTLS_ERR_X509_INVALID_EXTENSIONS:
		loading->reason = "a certificate revocation list with a critical extension, of which Mbed TLS knows none";
		break;
	default:
		loading->reason = "no certificate revocation list";
	}
	return -1;
}

static int load_lists(void *ctx, const char *path, char *why)
{
	struct loading *loading = ctx;
	int count;

	loading->reason = NULL;
	count = sl_mbedtls_read(path, "X509 CRL", true, add_list, loading, why);
	if (count < 0 && loading->reason)
		sl_mbedtls_explain(why, path, loading->reason);
	return count;
}

int sluice_mbedtls_trust_crl(struct sluice_trust *trust, const char *path,
			     unsigned int flags, char *why)
{
	struct loading loading = { .trust = trust };
	struct stat st;
	int count;

	trust->crl = true;
	trust->crl_flags = flags;
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		count = sl_mbedtls_read_dir(path, load_lists, &loading, why);
	else
		count = load_lists(&loading, path, why);
	if (!count)
		sl_mbedtls_explain(why, path, "no certificate revocation list");
	return count > 0 ? 0 : -1;
}
