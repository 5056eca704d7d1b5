/* SPDX-License-Identifier: MIT */
/*
 * For the build that valgrind's memcheck looks at (make check-timing): there,
 * what is secret counts as undefined, so that a branch or an index that depends
 * on it is reported. Nothing in every other build.
 */
#ifndef SLUICE_CONSTANT_TIME_H
#define SLUICE_CONSTANT_TIME_H

#ifdef SLUICE_TIMING
#include <valgrind/memcheck.h>
#define sl_classify(mem, len)	((void)VALGRIND_MAKE_MEM_UNDEFINED(mem, len))
/* Everybody may know this from here on, though it was made of secrets. */
#define sl_declassify(mem, len)	((void)VALGRIND_MAKE_MEM_DEFINED(mem, len))
#else
#define sl_classify(mem, len)	((void)(mem), (void)(len))
#define sl_declassify(mem, len)	((void)(mem), (void)(len))
#endif

#endif /* SLUICE_CONSTANT_TIME_H */
