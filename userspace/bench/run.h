/* SPDX-License-Identifier: MIT */
/* A library in a scenario: both sides, and what each has taken. */
#ifndef SLUICE_BENCH_RUN_H
#define SLUICE_BENCH_RUN_H

#include "bench.h"

#define TURN		20	/* handshakes */
#define TURNS_MAX	500

struct run {
	const struct library *lib;
	const struct scenario *scenario;
	void *context[2];		/* client, server */
	bool untimed;			/* leave the clock alone */
	double spent[2];		/* us */
	double turns[2][TURNS_MAX];	/* for one handshake */
	size_t calls, busy, idle;	/* the heap, of the two connections */
};

static inline void buffer_reset(struct buffer *buffer)
{
	buffer->start = 0;
	buffer->end = 0;
}

/* This thread's time on a CPU. */
double run_us(void);

/* False: the library has it not. */
bool run_begin(struct run *run, const struct library *lib,
	       const struct scenario *scenario, const char *folder);
void run_end(struct run *run);

void run_shake(struct run *run, void *conn[2]);
void run_finish(struct run *run, void *conn[2]);

void run_turn(struct run *run, unsigned int n);
void run_measure_heap(struct run *run);

double run_median(const double *values, unsigned int n);

/*
 * The median of how much faster than base it is, turn by turn: of the client, of
 * the server, or (2) of both.
 */
double run_ratio(const struct run *run, const struct run *base,
		 unsigned int side, unsigned int n);

#endif /* SLUICE_BENCH_RUN_H */
