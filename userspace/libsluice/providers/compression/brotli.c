// SPDX-License-Identifier: MIT
#include <brotli/decode.h>
#include <brotli/encode.h>

#include "internal.h"

/* Half of the best: that costs ten times as much, for a few octets. */
#define QUALITY		5

static int brotli_compress(const uint8_t *in, size_t in_len,
			   uint8_t *out, size_t *out_len)
{
	return BrotliEncoderCompress(QUALITY, BROTLI_DEFAULT_WINDOW,
				     BROTLI_MODE_GENERIC, in_len, in, out_len,
				     out) ? 0 : -1;
}

/* The function for one shot does not tell if something follows. */
static int brotli_decompress(const uint8_t *in, size_t in_len,
			     uint8_t *out, size_t out_len)
{
	BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL,
								NULL);
	BrotliDecoderResult result;

	if (!state)
		return -1;
	result = BrotliDecoderDecompressStream(state, &in_len, &in, &out_len,
					       &out, NULL);
	BrotliDecoderDestroyInstance(state);
	return result == BROTLI_DECODER_RESULT_SUCCESS && !in_len && !out_len ?
	       0 : -1;
}

const struct sluice_compression sl_brotli = {
	SLUICE_BROTLI, "brotli", brotli_compress, brotli_decompress,
};
