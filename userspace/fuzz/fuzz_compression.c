// SPDX-License-Identifier: MIT
/*
 * libFuzzer: compressed certificates (RFC 8879), by the algorithms that there
 * are. The first octet of an input says which one, the next two how long the
 * message is said to be; or it is to be compressed, and decompressed again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sluice/compress.h"

static void try_decompress(const struct sluice_compression *algorithm,
			   const uint8_t *in, size_t in_len, size_t len)
{
	/* exactly so long, for the sanitizer's sake */
	uint8_t *out = malloc(len), *other = malloc(len);

	memset(out, 0xa5, len);
	memset(other, 0x5a, len);
	/* if it succeeds, every octet has been written */
	if (!algorithm->decompress(in, in_len, out, len)) {
		assert(!algorithm->decompress(in, in_len, other, len));
		assert(!memcmp(out, other, len));
	}
	free(out);
	free(other);
}

static void try_both_ways(const struct sluice_compression *algorithm,
			  const uint8_t *in, size_t len)
{
	size_t small_len = len + 1000, short_len = len / 2;
	uint8_t *small = malloc(small_len), *out = malloc(len + 1);
	uint8_t *room = malloc(short_len);

	assert(!algorithm->compress(in, len, small, &small_len));
	assert(!algorithm->decompress(small, small_len, out, len));
	assert(!memcmp(in, out, len));
	/* neither more nor less than was said, and nothing behind it */
	assert(algorithm->decompress(small, small_len, out, len + 1));
	assert(!len || algorithm->decompress(small, small_len, out, len - 1));
	assert(algorithm->decompress(small, small_len - 1, out, len));
	/* where there is no room for it, it is not compressed */
	if (!algorithm->compress(in, len, room, &short_len))
		assert(short_len <= len / 2);
	free(small);
	free(out);
	free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sluice_compression *const *all = sluice_compressions();
	size_t count = 0;
	uint8_t *copy;

	while (all[count])
		count++;
	if (size < 4 || !count)
		return 0;
	copy = malloc(size - 3);
	memcpy(copy, data + 3, size - 3);
	if (data[0] & 0x80)
		try_both_ways(all[data[0] % count], copy, size - 3);
	else
		try_decompress(all[data[0] % count], copy, size - 3,
			       (size_t)data[1] << 8 | data[2]);
	free(copy);
	return 0;
}
