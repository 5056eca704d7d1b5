// SPDX-License-Identifier: MIT
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WIDTH	30

static double seconds(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) +
	       (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

void progress_start(struct progress *p, const struct options *options,
		    uint64_t total)
{
	memset(p, 0, sizeof(*p));
	p->on = !options->quiet && isatty(STDERR_FILENO);
	p->total = total;
	clock_gettime(CLOCK_MONOTONIC, &p->start);
	p->last = p->start;
}

void progress_show(struct progress *p, uint64_t done)
{
	struct timespec now;
	double rate;

	if (!p->on)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	/* Nothing for what is over at once, and not more often than one sees. */
	if (seconds(&p->start, &now) < 0.5 || seconds(&p->last, &now) < 0.1)
		return;
	p->last = now;
	p->shown = true;
	rate = (double)done / seconds(&p->start, &now) / 1e6;
	if (p->total) {
		int filled = (int)((double)WIDTH * (double)done /
				   (double)p->total);

		fprintf(stderr, "\r[%.*s%*s] %3d %%  %.1f of %.1f MB  %.1f MB/s ",
			filled, "##############################",
			WIDTH - filled, "",
			(int)(100.0 * (double)done / (double)p->total),
			(double)done / 1e6, (double)p->total / 1e6, rate);
	} else {
		fprintf(stderr, "\r%.1f MB  %.1f MB/s ", (double)done / 1e6,
			rate);
	}
}

void progress_end(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
}
