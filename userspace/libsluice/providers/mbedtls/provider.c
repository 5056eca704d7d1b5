// SPDX-License-Identifier: MIT
/* The Mbed TLS provider's life, and its randomness. */
#include <errno.h>
#include <mbedtls/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "internal.h"

/*
 * The kernel's, not a generator of Mbed TLS's: that would give the same octets
 * to a process and to what was forked from it.
 */
int sl_mbedtls_random(void *ctx, unsigned char *out, size_t len)
{
	(void)ctx;
	while (len) {
		ssize_t got = getrandom(out, len, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		out += got;
		len -= (size_t)got;
	}
	return 0;
}

static int provider_random(const struct sluice_provider *p, uint8_t *out,
			   size_t len)
{
	(void)p;
	return sl_mbedtls_random(NULL, out, len);
}

struct sluice_provider *sluice_mbedtls_new(void)
{
	struct sluice_mbedtls *m = calloc(1, sizeof(*m));
	char version[18];

	if (!m)
		return NULL;
	mbedtls_version_get_string(version);
	snprintf(m->name, sizeof(m->name), "Mbed TLS %s", version);
	m->table.name = m->name;
	m->table.random = provider_random;
	sl_mbedtls_hash_table(&m->table);
	sl_mbedtls_aead_table(&m->table);
	sl_mbedtls_kx_table(&m->table);
	sl_mbedtls_sign_table(&m->table);
	sl_mbedtls_credential_table(&m->table);
	sl_mbedtls_raw_key_table(&m->table);
	sl_mbedtls_request_table(&m->table);
	sl_mbedtls_x509_table(&m->table);
	return &m->table;
}

void sluice_mbedtls_free(struct sluice_provider *p)
{
	free(p);
}

static struct sluice_provider *backend_open(bool fips, char *why)
{
	struct sluice_provider *p = fips ? NULL : sluice_mbedtls_new();

	if (!p)
		snprintf(why, SLUICE_WHY_MAX, "%s", fips ?
			 "Mbed TLS is not validated by FIPS 140: OpenSSL can be" :
			 "out of memory");
	return p;
}

const struct sluice_backend sluice_mbedtls_backend = {
	.name = "mbedtls",
	.open = backend_open,
	.close = sluice_mbedtls_free,
	.trust_new = sluice_mbedtls_trust_new,
	.trust_free = sluice_mbedtls_trust_free,
	.trust_system = sluice_mbedtls_trust_system,
	.trust_file = sluice_mbedtls_trust_file,
	.trust_dir = sluice_mbedtls_trust_dir,
	.trust_crl = sluice_mbedtls_trust_crl,
	.credential_load = sluice_mbedtls_credential_load,
	.credential_der = sluice_mbedtls_credential_der,
	.credential_free = sluice_mbedtls_credential_free,
	.names = sluice_mbedtls_names,
	.expiry = sluice_mbedtls_expiry,
	.certificate = sluice_mbedtls_certificate,
};
