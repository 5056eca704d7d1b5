/* SPDX-License-Identifier: MIT */
/* The algorithms, each of which is built if its library is there. */
#ifndef SLUICE_COMPRESSION_INTERNAL_H
#define SLUICE_COMPRESSION_INTERNAL_H

#include "sluice/compress.h"

extern const struct sluice_compression sl_zlib;
extern const struct sluice_compression sl_brotli;
extern const struct sluice_compression sl_zstd;

#endif /* SLUICE_COMPRESSION_INTERNAL_H */
