/* SPDX-License-Identifier: MIT */
/* The heap, as everybody in this process sees it. */
#ifndef SLUICE_BENCH_HEAP_H
#define SLUICE_BENCH_HEAP_H

#include <stddef.h>

struct heap {
	size_t calls;		/* that allocate */
	size_t live;		/* octets */
	size_t peak;		/* of them */
};

extern struct heap heap;

#endif /* SLUICE_BENCH_HEAP_H */
