/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_FUZZ_MUTATE_H
#define SLUICE_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own; and what it calls instead, if a target has it. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed);

/*
 * What is in a handshake message gets shorter, longer, or other, as does a vector
 * in it, or it comes in two records, and the lengths of message and record stay
 * right: else nearly all that comes of it ends with the first length. Records
 * begin at first.
 */
size_t mutate_records(uint8_t *data, size_t size, size_t max_size,
		      unsigned int seed, size_t first);

/*
 * The same for the body of a ClientHello: one of its fields or extensions is
 * changed, with all lengths. 0 if there is none, or no room for it.
 */
size_t mutate_hello(uint8_t *hello, size_t size, size_t max_size,
		    unsigned int seed);

#endif /* SLUICE_FUZZ_MUTATE_H */
