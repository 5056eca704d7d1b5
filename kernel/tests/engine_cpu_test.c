// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of engine_cpu.c. Where there is but one CPU, most of it has
 * nothing to look at; the debug kernel has two.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/timekeeping.h>

#include "../engine_cpu.h"

#define CPUS	8

/* Longer than the window that counts. */
#define WINDOW_MS	100

static void need_two(struct kunit *test)
{
	if (num_online_cpus() < 2)
		kunit_skip(test, "there is but one CPU");
}

/* A CPU that may help this one; the test stays where it is. */
static int another(struct kunit *test)
{
	int cpu;

	for_each_online_cpu(cpu)
		if (cpu != raw_smp_processor_id())
			return cpu;
	KUNIT_FAIL_AND_ABORT(test, "no other CPU");
	return -1;
}

static bool offered(int cpu)
{
	int cpus[CPUS];
	unsigned int i, n;

	n = sluice_engine_cpus(cpus, CPUS, true);
	for (i = 0; i < n; i++)
		if (cpus[i] == cpu)
			return true;
	return false;
}

/* Without a choice there is always one, and each but once. */
static void cpu_forced(struct kunit *test)
{
	cpumask_var_t seen;
	int cpus[CPUS], i, n;

	KUNIT_ASSERT_TRUE(test, zalloc_cpumask_var(&seen, GFP_KERNEL));
	n = sluice_engine_cpus(cpus, CPUS, false);
	KUNIT_EXPECT_EQ(test, n, clamp((int)num_online_cpus() - 1, 1, CPUS));
	for (i = 0; i < n; i++) {
		KUNIT_EXPECT_TRUE(test, cpu_online(cpus[i]));
		KUNIT_EXPECT_FALSE(test, cpumask_test_and_set_cpu(cpus[i], seen));
	}
	free_cpumask_var(seen);
	KUNIT_EXPECT_EQ(test, 1, sluice_engine_cpus(cpus, 1, false));
}

/* Nobody helps himself. */
static void cpu_alone(struct kunit *test)
{
	int cpus[CPUS];

	if (num_online_cpus() > 1)
		kunit_skip(test, "there is more than one CPU");
	msleep(WINDOW_MS);
	KUNIT_EXPECT_EQ(test, 0, sluice_engine_cpus(cpus, CPUS, true));
}

static void cpu_idle(struct kunit *test)
{
	int cpu;

	need_two(test);
	migrate_disable();
	cpu = another(test);
	offered(cpu);
	msleep(WINDOW_MS);
	KUNIT_EXPECT_TRUE(test, offered(cpu));
	/* One connection at a time. */
	sluice_engine_cpu_begin(cpu);
	KUNIT_EXPECT_FALSE(test, offered(cpu));
	sluice_engine_cpu_end(cpu);
	KUNIT_EXPECT_TRUE(test, offered(cpu));
	migrate_enable();
}

struct spinner {
	bool helps;
	int cpu;
};

/* Keeps a CPU busy; as a helper, it says so. */
static int spin(void *data)
{
	struct spinner *spinner = data;
	u64 now, before = ktime_get_ns();

	while (!kthread_should_stop()) {
		now = ktime_get_ns();
		if (spinner->helps)
			sluice_engine_cpu_used(spinner->cpu, now - before);
		before = now;
		cpu_relax();
		cond_resched();
	}
	return 0;
}

static bool offered_when_busy(struct kunit *test, bool helps)
{
	struct spinner spinner = { .helps = helps };
	struct task_struct *task;
	bool yes;

	migrate_disable();
	spinner.cpu = another(test);
	task = kthread_create_on_cpu(spin, &spinner, spinner.cpu, "spin/%u");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
	wake_up_process(task);
	msleep(WINDOW_MS);
	offered(spinner.cpu);
	msleep(WINDOW_MS);
	yes = offered(spinner.cpu);
	kthread_stop(task);
	migrate_enable();
	return yes;
}

static void cpu_busy(struct kunit *test)
{
	need_two(test);
	KUNIT_EXPECT_FALSE(test, offered_when_busy(test, false));
}

/* A CPU is not given up because it is of use. */
static void cpu_used(struct kunit *test)
{
	need_two(test);
	KUNIT_EXPECT_TRUE(test, offered_when_busy(test, true));
}

static struct kunit_case cpu_test_cases[] = {
	KUNIT_CASE(cpu_forced),
	KUNIT_CASE(cpu_alone),
	KUNIT_CASE(cpu_idle),
	KUNIT_CASE(cpu_busy),
	KUNIT_CASE(cpu_used),
	{}
};

static struct kunit_suite cpu_test_suite = {
	.name = "sluice_engine_cpu",
	.test_cases = cpu_test_cases,
};

kunit_test_suite(cpu_test_suite);

MODULE_DESCRIPTION("KUnit tests of which CPUs help Sluice");
MODULE_LICENSE("GPL");
