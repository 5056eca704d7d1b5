// SPDX-License-Identifier: MIT
/* The libraries that there are providers for. */
#include "sluice/backend.h"

#include <string.h>

#ifdef SLUICE_MBEDTLS
#include "sluice/mbedtls.h"
#endif
#include "sluice/openssl.h"

static const struct sluice_backend *const backends[] = {
	&sluice_openssl_backend,
#ifdef SLUICE_MBEDTLS
	&sluice_mbedtls_backend,
#endif
	NULL
};

const struct sluice_backend *sluice_backend_get(unsigned int i)
{
	return i < sizeof(backends) / sizeof(*backends) ? backends[i] : NULL;
}

const struct sluice_backend *sluice_backend_find(const char *name)
{
	const struct sluice_backend *const *at = backends;

	while (name && *at && strcmp((*at)->name, name))
		at++;
	return *at;
}
