/* SPDX-License-Identifier: MIT */
/*
 * Certificate compression (RFC 8879): the algorithms that a configuration names,
 * and those that this build of libsluice brings.
 */
#ifndef SLUICE_COMPRESS_H
#define SLUICE_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* CertificateCompressionAlgorithm (RFC 8879, section 7.3). */
#define SLUICE_ZLIB	1
#define SLUICE_BROTLI	2
#define SLUICE_ZSTD	3

/**
 * struct sluice_compression - an algorithm
 * @id: SLUICE_ZLIB, ...
 * @name: for people: "zlib", ...
 * @compress: to @out, which has room for *@out_len octets; that becomes the
 *	number written. 0, or -1 if there is not enough room, or no memory: the
 *	certificate then goes as it is
 * @decompress: to exactly @out_len octets at @out. 0, or -1 if @in is not the
 *	whole of that. Has to stop once @out is full, whatever @in says
 *
 * May be used by several threads at once.
 */
struct sluice_compression {
	uint16_t id;
	const char *name;
	int (*compress)(const uint8_t *in, size_t in_len,
			uint8_t *out, size_t *out_len);
	int (*decompress)(const uint8_t *in, size_t in_len,
			  uint8_t *out, size_t out_len);
};

/**
 * sluice_compressions() - the algorithms that this build has
 *
 * Return: a list that ends with NULL, the one that compresses best first, for
 * struct sluice_config::compressions.
 */
const struct sluice_compression *const *sluice_compressions(void);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_COMPRESS_H */
