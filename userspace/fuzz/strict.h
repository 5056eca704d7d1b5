/* SPDX-License-Identifier: MIT */
/*
 * For all that is fuzzed: memcpy() stays within the member of a structure that it
 * writes to. AddressSanitizer sees only the whole of what was allocated, and a
 * connection is one piece of memory.
 */
#ifndef SLUICE_FUZZ_STRICT_H
#define SLUICE_FUZZ_STRICT_H

#include <stdlib.h>
#include <string.h>

static inline void *strict_memcpy(void *to, const void *from, size_t len,
				  size_t room)
{
	if (len > room)
		abort();
	return memcpy(to, from, len);
}

#define memcpy(to, from, len) \
	strict_memcpy(to, from, len, __builtin_object_size(to, 1))

#endif /* SLUICE_FUZZ_STRICT_H */
