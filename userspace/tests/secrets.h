/* SPDX-License-Identifier: MIT */
/*
 * Knows every secret that the engines of a test come by: whatever the provider
 * derives (HMAC) or agrees on (key exchange).
 */
#ifndef SLUICE_TEST_SECRETS_H
#define SLUICE_TEST_SECRETS_H

#include <stddef.h>
#include <stdint.h>

#include "wrapper.h"

/* From here on, what this provider gives is known; once for each. */
void secrets_watch(struct wrapper *w);

/* One that comes from elsewhere. */
void secrets_add(const uint8_t *data, size_t len);
size_t secrets_count(void);
/* All but so many of the first. */
void secrets_forget(size_t but);

/* How many of them are in this memory, whole or 16 octets of one. */
size_t secrets_found(const void *mem, size_t len);
/* But for those in here, which are allowed to be there. */
void secrets_allow(const uint8_t *data, size_t len);

/*
 * Do the provider's work by this, where it is not NULL: so that what libcrypto
 * leaves on its stack is not taken for the engine's.
 */
extern void (*secrets_run)(void (*fn)(void *arg), void *arg);

/* Wherever the engine calls the provider; may be NULL. */
extern void (*secrets_called)(void);

/*
 * For memcheck: what is secret counts as undefined from where it leaves the
 * provider to where it comes back to it, so that a branch or an index that
 * depends on it is reported.
 */
extern bool secrets_undefined;

#endif /* SLUICE_TEST_SECRETS_H */
