/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_ENGINE_H
#define _SLUICE_ENGINE_H

#include <linux/types.h>
#include <uapi/linux/sluice.h>

struct crypto_aead;

/* A helper is woken for at least so many records. */
#define SLUICE_ENGINE_BATCH	4

/* CPUs that may help one connection. */
#define SLUICE_ENGINE_HELPERS	8

/* Records behind one that is not encrypted yet: 4 MiB of memory. */
#define SLUICE_ENGINE_AHEAD	256

struct crypto_aead *sluice_engine_alloc(void);
int sluice_engine_adopt(struct crypto_aead *aead, struct crypto_aead *child);
bool sluice_engine_is(struct crypto_aead *aead);
bool sluice_engine_failed(struct crypto_aead *aead);
void sluice_engine_set_mode(struct crypto_aead *aead, u32 mode);
bool sluice_engine_wants(struct crypto_aead *aead, unsigned int records,
			 bool more);
void sluice_engine_begin(struct crypto_aead *aead, unsigned int records,
			 bool more, bool pressure);
bool sluice_engine_end(struct crypto_aead *aead);
void sluice_engine_info(struct crypto_aead *aead,
			struct sluice_engine_info *info);

int sluice_engine_init(void);
void sluice_engine_exit(void);

#endif /* _SLUICE_ENGINE_H */
