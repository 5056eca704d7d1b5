// SPDX-License-Identifier: MIT
#include "internal.h"

static const struct sluice_compression *const compressions[] = {
#ifdef SLUICE_HAVE_BROTLI
	&sl_brotli,
#endif
#ifdef SLUICE_HAVE_ZSTD
	&sl_zstd,
#endif
#ifdef SLUICE_HAVE_ZLIB
	&sl_zlib,
#endif
	NULL
};

const struct sluice_compression *const *sluice_compressions(void)
{
	return compressions;
}
