// SPDX-License-Identifier: MIT
#include <zstd.h>

#include "internal.h"

static int zstd_compress(const uint8_t *in, size_t in_len,
			 uint8_t *out, size_t *out_len)
{
	size_t len = ZSTD_compress(out, *out_len, in, in_len,
				   ZSTD_CLEVEL_DEFAULT);

	if (ZSTD_isError(len))
		return -1;
	*out_len = len;
	return 0;
}

static int zstd_decompress(const uint8_t *in, size_t in_len,
			   uint8_t *out, size_t out_len)
{
	return ZSTD_decompress(out, out_len, in, in_len) == out_len ? 0 : -1;
}

const struct sluice_compression sl_zstd = {
	SLUICE_ZSTD, "zstd", zstd_compress, zstd_decompress,
};
