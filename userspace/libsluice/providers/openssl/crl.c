// SPDX-License-Identifier: MIT
/* Certificate revocation lists (RFC 5280, section 5). */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

/* The lists of a file, PEM, or one, DER: how many, or -1. */
static int add_lists(struct sluice_trust *trust, BIO *bio)
{
	int count = 0;
	X509_CRL *crl;

	for (;;) {
		crl = X509_CRL_new_ex(trust->lib, NULL);
		if (!crl)
			return -1;
		if (!PEM_read_bio_X509_CRL(bio, &crl, NULL, NULL)) {
			/* of what is not PEM it has read all the same */
			if (count || BIO_reset(bio) < 0 ||
			    !d2i_X509_CRL_bio(bio, &crl))
				break;
		}
		if (!X509_STORE_add_crl(trust->store, crl)) {
			count = -1;
			break;
		}
		X509_CRL_free(crl);
		count++;
	}
	X509_CRL_free(crl);
	return count;
}

static int load_file(struct sluice_trust *trust, const char *path, char *why)
{
	BIO *bio;
	int count;

	errno = 0;
	bio = BIO_new_file(path, "r");
	if (!bio) {
		sl_openssl_explain(why, path, errno ? strerror(errno) : "out of memory");
		return -1;
	}
	count = add_lists(trust, bio);
	BIO_free(bio);
	if (count > 0) {
		ERR_clear_error();	/* the end of the file was one */
		return 0;
	}
	sl_openssl_explain(why, path, count ? "out of memory" :
					      "no certificate revocation list");
	return -1;
}

/*
 * Not by libcrypto's own way with folders: that would believe certificates in
 * it as well.
 */
static int load_folder(struct sluice_trust *trust, const char *path, char *why)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[PATH_MAX];
	int rc = 0, count = 0;
	struct stat st;

	if (!dir) {
		sl_openssl_explain(why, path, strerror(errno));
		return -1;
	}
	while (!rc && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		rc = snprintf(name, sizeof(name), "%s/%s", path,
			      entry->d_name) >= (int)sizeof(name);
		if (rc || stat(name, &st)) {
			sl_openssl_explain(why, path, strerror(rc ? ENAMETOOLONG : errno));
			rc = -1;
		} else if (S_ISREG(st.st_mode)) {
			rc = load_file(trust, name, why);
			count++;
		}
	}
	closedir(dir);
	if (!rc && !count) {
		sl_openssl_explain(why, path, "no certificate revocation list");
		rc = -1;
	}
	return rc;
}

int sluice_openssl_trust_crl(struct sluice_trust *trust, const char *path,
			     unsigned int flags, char *why)
{
	struct stat st;

	trust->crl = true;
	trust->crl_flags = flags;
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return load_folder(trust, path, why);
	return load_file(trust, path, why);
}

/* What libcrypto takes for a mistake, and may be none here. */
static int judge(int ok, X509_STORE_CTX *ctx)
{
	const struct sluice_trust *trust = X509_STORE_CTX_get_app_data(ctx);
	/* nobody needs to confirm what is believed on its own account */
	bool believed = X509_STORE_CTX_get_error_depth(ctx) >=
			X509_STORE_CTX_get_num_untrusted(ctx);

	if (ok)
		return 1;
	switch (X509_STORE_CTX_get_error(ctx)) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return believed || trust->crl_flags & SLUICE_CRL_ALLOW_UNKNOWN;
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return believed;
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return believed || trust->crl_flags & SLUICE_CRL_ALLOW_EXPIRED;
	default:
		return 0;
	}
}

void sl_openssl_check_crls(X509_STORE_CTX *ctx, struct sluice_trust *trust)
{
	unsigned long flags = X509_V_FLAG_CRL_CHECK;

	if (!trust->crl)
		return;
	if (trust->crl_flags & SLUICE_CRL_CHAIN)
		flags |= X509_V_FLAG_CRL_CHECK_ALL;
	X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(ctx), flags);
	X509_STORE_CTX_set_app_data(ctx, trust);
	X509_STORE_CTX_set_verify_cb(ctx, judge);
}
