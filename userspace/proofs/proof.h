/* SPDX-License-Identifier: MIT */
/* What CBMC brings, and what every proof needs of it. */
#ifndef SLUICE_PROOF_H
#define SLUICE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* Any value at all. */
bool nondet_bool(void);
uint8_t nondet_u8(void);
uint32_t nondet_u32(void);
uint64_t nondet_u64(void);
unsigned int nondet_uint(void);
int nondet_int(void);
size_t nondet_size(void);

static inline size_t up_to(size_t max)
{
	size_t n = nondet_size();

	__CPROVER_assume(n <= max);
	return n;
}

/* Exactly so many octets, with anything in them. */
static inline uint8_t *octets(size_t len)
{
	uint8_t *mem = malloc(len);

	__CPROVER_assume(mem);
	return mem;
}

#define PROVE(what)	__CPROVER_assert(what, #what)

#endif /* SLUICE_PROOF_H */
