/* SPDX-License-Identifier: MIT */
/* A pair that would like early data, and the server's memory of it. */
#ifndef SLUICE_TEST_EARLY_PAIR_H
#define SLUICE_TEST_EARLY_PAIR_H

#include "pair.h"
#include "sluice/store.h"

/* What the client sends early, and the most that a ticket allows. */
#define EARLY_TEXT	"GET / HTTP/1.1"
#define EARLY_MAX	20000

/* What early_data_first looks into. */
extern struct sluice_store *early_memory;
bool early_first(void *ctx, const uint8_t id[16], uint64_t expires);
/* Another one, with another name. */
void early_new_memory(size_t entries);

struct pair *early_pair(void);
void early_drop(struct pair *pair);

/* A connection; new tickets are there only behind it. */
void early_connect(struct pair *pair);
/* What became of its early data. */
void early_expect(struct pair *pair, enum sluice_early early);
/* Both. */
void early_accepted(struct pair *pair);
void early_rejected(struct pair *pair);
void early_none(struct pair *pair);

/* The client's first flight, early data included; the rest never happens. */
size_t early_flight(struct pair *pair, uint8_t *flight);

#endif /* SLUICE_TEST_EARLY_PAIR_H */
