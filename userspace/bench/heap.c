// SPDX-License-Identifier: MIT
#include "heap.h"

#include <malloc.h>
#include <stdlib.h>

struct heap heap;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *mem, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *mem);

static void *counted_in(void *mem)
{
	heap.calls++;
	heap.live += malloc_usable_size(mem);
	if (heap.live > heap.peak)
		heap.peak = heap.live;
	return mem;
}

void *malloc(size_t size)
{
	return counted_in(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return counted_in(__libc_calloc(n, size));
}

void *realloc(void *mem, size_t size)
{
	heap.live -= malloc_usable_size(mem);
	return counted_in(__libc_realloc(mem, size));
}

int posix_memalign(void **mem, size_t align, size_t size)
{
	*mem = counted_in(__libc_memalign(align, size));
	return 0;
}

void *aligned_alloc(size_t align, size_t size)
{
	return counted_in(__libc_memalign(align, size));
}

void free(void *mem)
{
	heap.live -= malloc_usable_size(mem);
	__libc_free(mem);
}
