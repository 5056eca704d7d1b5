/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_RUST_BENCH_COUNT_H
#define _SLUICE_RUST_BENCH_COUNT_H

int sluice_bench_run(void);

/* bench.rs: the same as the C function of the name without 'rust'. */
int sluice_bench_rust_refused(void);

#endif /* _SLUICE_RUST_BENCH_COUNT_H */
