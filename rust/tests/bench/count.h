/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_RUST_BENCH_COUNT_H
#define _SLUICE_RUST_BENCH_COUNT_H

int sluice_bench_run(int from, int to, int (*turn)(void *ends), void *ends);

#endif /* _SLUICE_RUST_BENCH_COUNT_H */
