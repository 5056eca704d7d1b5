/* SPDX-License-Identifier: MIT */
/*
 * Writes down what is asked of two providers, so that the same list of calls, in
 * the same order and with the same octets, can be made again without the engine.
 * What only looks something up is not on the list.
 */
#ifndef SLUICE_BENCH_RECORDER_H
#define SLUICE_BENCH_RECORDER_H

#include "sluice/provider.h"

#define RECORDER_CALLS	1024

struct recorded {
	const struct sluice_provider *provider;
	unsigned int function;
	unsigned int kind;		/* a hash, an AEAD, a group or a scheme */
	size_t object, made;		/* by number; 0: none */
	struct sluice_octets a, b, c;
	struct sluice_octets list[SLUICE_CHAIN_MAX];
	size_t count;
	uint8_t *work;			/* where it is sealed or opened */
	const void *given;		/* a credential, or an authority */
	struct sluice_peer peer;
};

struct recorder {
	const struct sluice_provider *providers[2];
	struct sluice_provider table;		/* their own functions */
	struct recorded calls[RECORDER_CALLS];
	size_t count;
	void *objects[RECORDER_CALLS];		/* the first is number 1 */
	size_t object_count;
};

/* From start to stop, one at a time; the two are of one kind. */
void recorder_start(struct recorder *r, const struct sluice_provider *client,
		    const struct sluice_provider *server);
void recorder_stop(struct recorder *r);

/* Before each time: what is sealed or opened in place is there again. */
void recorder_prepare(struct recorder *r);
void recorder_replay(struct recorder *r);

void recorder_free(struct recorder *r);

#endif /* SLUICE_BENCH_RECORDER_H */
