// SPDX-License-Identifier: MIT
#include "run.h"

#include <string.h>
#include <time.h>

#include "heap.h"

static struct buffer up, down;

double run_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static double now(const struct run *run)
{
	return run->untimed ? 0 : run_us();
}

void run_shake(struct run *run, void *conn[2])
{
	bool done[2] = { false, false };
	double start = now(run), end;
	unsigned int i;

	buffer_reset(&up);
	buffer_reset(&down);
	for (i = 0; i < 2; i++) {
		conn[i] = run->lib->connection(run->context[i]);
		end = now(run);
		run->spent[i] += end - start;
		start = end;
	}
	for (i = 0; !done[0] || !done[1]; i = !i) {
		if (!done[i])
			done[i] = run->lib->handshake(conn[i], i ? &up : &down,
						      i ? &down : &up);
		end = now(run);
		run->spent[i] += end - start;
		start = end;
	}
	/* the ticket */
	CHECK(!run->lib->open(conn[0], &down));
	run->spent[0] += now(run) - start;
}

void run_finish(struct run *run, void *conn[2])
{
	for (unsigned int i = 0; i < 2; i++) {
		double start = now(run);

		run->lib->connection_free(conn[i]);
		run->spent[i] += now(run) - start;
	}
}

bool run_begin(struct run *run, const struct library *lib,
	       const struct scenario *scenario, const char *folder)
{
	void *conn[2];

	*run = (struct run){ .lib = lib, .scenario = scenario };
	for (int i = 0; i < 2; i++) {
		run->context[i] = lib->context(scenario, i, folder);
		if (!run->context[i])
			return false;
	}
	/* warm, and with a ticket */
	for (int i = 0; i < 3; i++) {
		run_shake(run, conn);
		if (i && (lib->resumed(conn[0]) != scenario->resumed ||
			  lib->resumed(conn[1]) != scenario->resumed)) {
			fprintf(stderr, "%s: %s: not resumed\n", lib->name,
				scenario->name);
			exit(1);
		}
		run_finish(run, conn);
	}
	return true;
}

void run_end(struct run *run)
{
	for (int i = 0; i < 2; i++)
		if (run->context[i])
			run->lib->context_free(run->context[i]);
}

void run_turn(struct run *run, unsigned int n)
{
	void *conn[2];

	run->spent[0] = run->spent[1] = 0;
	for (int i = 0; i < TURN; i++) {
		run_shake(run, conn);
		run_finish(run, conn);
	}
	run->turns[0][n] = run->spent[0] / TURN;
	run->turns[1][n] = run->spent[1] / TURN;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double run_median(const double *values, unsigned int n)
{
	double copy[TURNS_MAX];

	memcpy(copy, values, n * sizeof(*copy));
	qsort(copy, n, sizeof(*copy), compare);
	return copy[n / 2];
}

double run_ratio(const struct run *run, const struct run *base,
		 unsigned int side, unsigned int n)
{
	double values[TURNS_MAX];

	for (unsigned int i = 0; i < n; i++) {
		double own = side < 2 ? run->turns[side][i] :
			     run->turns[0][i] + run->turns[1][i];
		double other = side < 2 ? base->turns[side][i] :
			       base->turns[0][i] + base->turns[1][i];

		values[i] = other / own;
	}
	return run_median(values, n);
}

void run_measure_heap(struct run *run)
{
	size_t live = heap.live, calls = heap.calls;
	void *conn[2];

	heap.peak = heap.live;
	run_shake(run, conn);
	run->busy = heap.peak - live;
	run->idle = heap.live - live;
	run->calls = heap.calls - calls;
	run_finish(run, conn);
}

