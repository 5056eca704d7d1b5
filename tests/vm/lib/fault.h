/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations that fail: those with a function of Sluice's on the stack, in
 * whatever task they are made. Needs CONFIG_FAULT_INJECTION_STACKTRACE_FILTER.
 */
#ifndef FAULT_H
#define FAULT_H

#include <stdbool.h>

enum fault { FAULT_SLAB, FAULT_PAGE, FAULTS };

extern const char *const fault_names[FAULTS];

/* False if this kernel can't. */
bool fault_begin(void);
void fault_end(void);

/* The n-th from now on fails, and no other. */
void fault_arm(enum fault fault, unsigned int n);
/* Has it? */
bool fault_disarm(enum fault fault);

/* Of a hundred, so many fail from now on; 0: none. */
void fault_rain(unsigned int percent);

#endif /* FAULT_H */
