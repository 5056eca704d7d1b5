// SPDX-License-Identifier: MIT
#include <limits.h>
#include <zlib.h>

#include "internal.h"

static int zlib_compress(const uint8_t *in, size_t in_len,
			 uint8_t *out, size_t *out_len)
{
	uLongf len = (uLongf)*out_len;

	if (compress(out, &len, in, (uLong)in_len) != Z_OK)
		return -1;
	*out_len = len;
	return 0;
}

static int zlib_decompress(const uint8_t *in, size_t in_len,
			   uint8_t *out, size_t out_len)
{
	/* where there is no room at all, it keeps an octet to itself */
	uint8_t room;
	uLongf len = (uLongf)(out_len ? out_len : sizeof(room));
	uLong used = (uLong)in_len;

	return uncompress2(out_len ? out : &room, &len, in, &used) == Z_OK &&
	       len == out_len && used == in_len ? 0 : -1;
}

const struct sluice_compression sl_zlib = {
	SLUICE_ZLIB, "zlib", zlib_compress, zlib_decompress,
};
