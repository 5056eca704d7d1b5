// SPDX-License-Identifier: GPL-2.0
/*
 * For the test of tlslog: prints numbered lines from a timer's hard interrupt,
 * or a line for each request that a session is given to send.
 */
#include <linux/hrtimer.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/printk.h>

static unsigned int lines;
module_param(lines, uint, 0444);
MODULE_PARM_DESC(lines, "how many are still to come");

static unsigned int usec = 1000;
module_param(usec, uint, 0444);
MODULE_PARM_DESC(usec, "from one to the next");

static char *name = "noise";
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "what they begin with");

static bool echo;
module_param(echo, bool, 0444);
MODULE_PARM_DESC(echo, "a line for each sluice_send() instead");

static struct hrtimer timer;
static unsigned int number;

static enum hrtimer_restart tick(struct hrtimer *t)
{
	pr_info("%s %u%s\n", name, ++number, in_hardirq() ? " irq" : "");
	WRITE_ONCE(lines, lines - 1);
	if (!lines)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(t, us_to_ktime(usec));
	return HRTIMER_RESTART;
}

static int sends(struct kprobe *probe, struct pt_regs *regs)
{
	pr_info("%s %u\n", name, ++number);
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "sluice_send",
	.pre_handler = sends,
};

static int __init noise_init(void)
{
	if (echo)
		return register_kprobe(&probe);
	hrtimer_setup(&timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	if (lines)
		hrtimer_start(&timer, us_to_ktime(usec), HRTIMER_MODE_REL_HARD);
	return 0;
}

static void __exit noise_exit(void)
{
	if (echo)
		unregister_kprobe(&probe);
	else
		hrtimer_cancel(&timer);
}

module_init(noise_init);
module_exit(noise_exit);
MODULE_AUTHOR("The authors of Sluice");
MODULE_DESCRIPTION("Prints, for the test of tlslog");
MODULE_LICENSE("GPL");
