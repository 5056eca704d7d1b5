/* SPDX-License-Identifier: MIT */
/*
 * A provider for tests and the fuzzer: WITHOUT ANY SECURITY, and no part of
 * libsluice. It needs no heap, and does the same every time: hashes and ciphers
 * are of a mixing of 64 bits, keys are exchanged in a field of 61 bits, and who
 * knows a public key can sign with it. But all of it is consistent: what was
 * changed on the way, another's key or certificate are noticed.
 */
#ifndef SLUICE_TEST_TOY_H
#define SLUICE_TEST_TOY_H

#include "sluice/provider.h"

#define TOY_CERT_LEN	300

/*
 * In lenient mode, for the fuzzer: nothing is encrypted, every hash, tag and
 * signature is zeros and right, whatever it is, and so is every certificate.
 */
struct toy {
	struct sluice_provider table;	/* first: the engine's view */
	bool lenient;
	uint64_t seed;
	struct toy_slot *slots;		/* the caller's memory for objects */
	size_t slot_count;
	size_t used;			/* of the slots, now */
	size_t most;			/* and at most */
};

/*
 * An authority, which is its key; and a certificate with its key. Both are the
 * caller's memory, and need no end.
 */
struct sluice_trust {
	uint64_t key;
};

struct sluice_credential {
	uint64_t key;
	uint8_t cert[TOY_CERT_LEN];
};

/* Objects are made in pool, which is aligned as malloc() aligns. */
void toy_init(struct toy *toy, void *pool, size_t size, uint64_t seed);
/* Octets of the pool for so many objects at a time. */
size_t toy_pool_size(size_t objects);

/* For one name, up to 200 octets; until seconds since 1970. */
void toy_issue(struct sluice_credential *cred, const struct sluice_trust *by,
	       uint64_t key, const char *name, int64_t until);

#endif /* SLUICE_TEST_TOY_H */
