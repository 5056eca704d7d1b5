/* SPDX-License-Identifier: MIT */
/* A pair whose tickets, sessions and keys are looked up by their owners. */
#ifndef SLUICE_TEST_LOOKUP_PAIR_H
#define SLUICE_TEST_LOOKUP_PAIR_H

#include "pair.h"
#include "sluice/async.h"
#include "sluice/store.h"

#define LOOKUP_BOTH	(SLUICE_ASYNC_TICKET | SLUICE_ASYNC_UNUSED)

/* How a server remembers: by tickets under a key, or in a store. */
enum lookup_memory { LOOKUP_KEYS, LOOKUP_STORE, LOOKUP_MEMORIES };

/* What a connection has asked for. */
extern struct lookup_asked {
	unsigned int client;
	unsigned int server;
	unsigned int unused;
	unsigned int early;
} lookup_asked;

/* What is put there is no question, and stays a callback. */
extern struct sluice_store *lookup_store;
bool lookup_put_session(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires);

struct pair *lookup_pair(enum lookup_memory memory, uint16_t version);
void lookup_drop(struct pair *pair);
/* Answers at once whatever is asked. */
bool lookup_give(struct end *e);

/* The next connection: is it resumed? */
bool lookup_resumes(struct pair *pair);
void lookup_expect(unsigned int client, unsigned int server,
		   unsigned int unused);

#endif /* SLUICE_TEST_LOOKUP_PAIR_H */
