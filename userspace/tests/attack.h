/* SPDX-License-Identifier: MIT */
/* A handshake that is done again and again, each time attacked elsewhere. */
#ifndef SLUICE_TEST_ATTACK_H
#define SLUICE_TEST_ATTACK_H

#include "pair.h"

struct attack {
	struct pair *pair;
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t ticket_len;
	/* a bit of the stream, or of what is encrypted */
	size_t at;
	uint8_t bit;
	bool applied;
	bool was_header;	/* of a record, or of a message in the clear */
	/* plaintexts: which one, and how long they are */
	size_t count;
	size_t which;
	size_t lens[8];
	/* a message cut short: from, to which length */
	size_t message;
	size_t keep;
};

/* $SLUICE_TEST_STRIDE: every how many-th case is tried (for valgrind). */
size_t test_stride(void);

/* The client shows a certificate, too. */
void attack_mutual(struct attack *a);
/* Every handshake from here on resumes, with one and the same ticket. */
void attack_resume(struct attack *a);

/* Run to the end, and let alerts arrive. */
void attack_run(struct attack *a);

/*
 * Every call of an end's provider fails once; there have to be more than this
 * many.
 */
void attack_provider(struct attack *a, struct end *end, long least);

#endif /* SLUICE_TEST_ATTACK_H */
