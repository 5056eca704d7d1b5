/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_PROGRESS_H
#define SLUICE_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "cli.h"

/* A bar on standard error, if that is a terminal, for what takes long. */
struct progress {
	bool on;
	bool shown;
	uint64_t total;		/* 0: not known */
	struct timespec start, last;
};

void progress_start(struct progress *p, const struct options *options,
		    uint64_t total);
void progress_show(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif /* SLUICE_CLI_PROGRESS_H */
