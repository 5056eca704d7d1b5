/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_ENGINE_CPU_H
#define _SLUICE_ENGINE_CPU_H

#include <linux/types.h>

unsigned int sluice_engine_cpus(int *cpus, unsigned int max, bool idle);
void sluice_engine_cpu_begin(int cpu);
void sluice_engine_cpu_used(int cpu, u64 ns);
void sluice_engine_cpu_end(int cpu);

#endif /* _SLUICE_ENGINE_CPU_H */
