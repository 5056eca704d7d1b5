/* SPDX-License-Identifier: MIT */
/*
 * A provider around the real one, that counts what is made and freed, fails
 * when it is told to, and lets a test change what passes through.
 */
#ifndef SLUICE_TEST_WRAPPER_H
#define SLUICE_TEST_WRAPPER_H

#include "sluice/provider.h"

struct wrapper {
	struct sluice_provider table;	/* first: the engine's view */
	const struct sluice_provider *real;
	long objects;			/* made and not freed */
	long calls;			/* of functions that can fail */
	long fail_at;			/* the call that fails; 0: none */
	void *ctx;
	/* all may be NULL */
	int (*random)(void *ctx, uint8_t *out, size_t len);
	/* before the record is encrypted: data may be changed in place */
	void (*sealing)(void *ctx, uint8_t *data, size_t len);
	/* instead of what is hashed */
	void (*hashing)(void *ctx, const uint8_t **data, size_t *len);
	struct sluice_kx *(*kx_new)(void *ctx, uint16_t group, uint8_t *share,
				    size_t *len);
	int (*kx_finish)(void *ctx, const uint8_t *peer, size_t peer_len,
			 uint8_t *shared, size_t *shared_len);
	int (*kx_respond)(void *ctx, const uint8_t *peer, size_t peer_len,
			  uint8_t *share, size_t *share_len,
			  uint8_t *shared, size_t *shared_len);
};

void wrapper_init(struct wrapper *w, const struct sluice_provider *real);

#endif /* SLUICE_TEST_WRAPPER_H */
