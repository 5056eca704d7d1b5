// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPUs have time to help: one connection at a time.
 *
 * A module is not told whether a CPU is idle right now, but it is told how
 * long each has been. So a CPU counts as idle if it was for a fair share of
 * the last few ticks. What helpers themselves used counts as idle, too: else
 * a CPU would be given up because it is of use.
 *
 * That also keeps busy connections apart: where each CPU has a sender of its
 * own, none is idle, and each encrypts what it sends.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/kernel_stat.h>
#include <linux/math64.h>
#include <linux/percpu.h>
#include <linux/sched/isolation.h>
#include <linux/spinlock.h>
#include <linux/timekeeping.h>
#include <linux/topology.h>

#include "engine_cpu.h"

/* Idle time is counted in ticks on some machines: look at several of them. */
#define WINDOW		max_t(unsigned long, HZ / 25, 4)

/* A CPU has to have been idle for so much of it. */
#define IDLE_PERCENT	50

/**
 * struct cpu_time - what a CPU did with its time
 * @helpers: how many run there now
 * @used: nanoseconds that helpers had
 * @idle_before: idle and helpers' time at the start of the window, and
 * @idle: whether it was idle in the last one: written under @window_lock
 */
struct cpu_time {
	atomic_t helpers;
	atomic64_t used;
	u64 idle_before;
	bool idle;
};

static DEFINE_PER_CPU(struct cpu_time, cpu_time);

/* Guards the window's bounds; who does not get it uses what is there. */
static DEFINE_SPINLOCK(window_lock);
static unsigned long window_start;
static u64 window_start_ns;

/* Begins a new window if the last one is over. */
static void look(void)
{
	struct cpu_time *time;
	u64 now, idle, wall;
	int cpu;

	if (time_before(jiffies, READ_ONCE(window_start) + WINDOW))
		return;
	if (!spin_trylock_bh(&window_lock))
		return;

	now = ktime_get_ns();
	wall = now - window_start_ns;
	for_each_online_cpu(cpu) {
		time = per_cpu_ptr(&cpu_time, cpu);
		idle = get_cpu_idle_time_us(cpu, NULL) * NSEC_PER_USEC +
		       atomic64_read(&time->used);
		/* Idle time may seem to run backwards: then there was none. */
		WRITE_ONCE(time->idle, idle > time->idle_before &&
			   (idle - time->idle_before) * 100 >=
			   wall * IDLE_PERCENT);
		time->idle_before = idle;
	}
	window_start_ns = now;
	WRITE_ONCE(window_start, jiffies);
	spin_unlock_bh(&window_lock);
}

/**
 * sluice_engine_cpus() - find CPUs to help this one
 * @cpus: where to put their numbers
 * @max: room there
 * @idle: only such as have time; without it there is always one, if need be
 *	this CPU itself
 *
 * They are of this CPU's NUMA node, and not isolated.
 *
 * Context: process.
 * Return: how many there are.
 */
unsigned int sluice_engine_cpus(int *cpus, unsigned int max, bool idle)
{
	int cpu, this = raw_smp_processor_id();
	struct cpu_time *time;
	unsigned int n = 0;

	if (idle)
		look();
	for_each_cpu_wrap(cpu, cpumask_of_node(cpu_to_node(this)), this + 1) {
		if (n == max)
			break;
		if (cpu == this || !cpu_online(cpu) ||
		    !housekeeping_test_cpu(cpu, HK_TYPE_DOMAIN))
			continue;
		time = per_cpu_ptr(&cpu_time, cpu);
		if (!idle || (READ_ONCE(time->idle) &&
			      !atomic_read(&time->helpers)))
			cpus[n++] = cpu;
	}
	if (!n && !idle)
		cpus[n++] = this;
	return n;
}

/**
 * sluice_engine_cpu_begin() - note that a helper has started
 * @cpu: on which CPU
 */
void sluice_engine_cpu_begin(int cpu)
{
	atomic_inc(&per_cpu(cpu_time, cpu).helpers);
}

/**
 * sluice_engine_cpu_used() - count a helper's time
 * @cpu: where it runs
 * @ns: nanoseconds since it was last counted
 */
void sluice_engine_cpu_used(int cpu, u64 ns)
{
	atomic64_add(ns, &per_cpu(cpu_time, cpu).used);
}

/**
 * sluice_engine_cpu_end() - note that a helper is through
 * @cpu: where it has run
 */
void sluice_engine_cpu_end(int cpu)
{
	atomic_dec(&per_cpu(cpu_time, cpu).helpers);
}
