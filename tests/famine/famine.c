// SPDX-License-Identifier: GPL-2.0
/*
 * A famine, for tests: takes all memory but the reserves, for a while. From
 * then on an allocation has a right to the reserves (PF_MEMALLOC,
 * __GFP_MEMALLOC), or fails, or waits until it is over.
 *
 *	insmod famine.ko after=8000000 ms=3000
 *
 * It begins when so many octets have come over the loopback device, and is over
 * by itself: the parameter 'over' says so. 'moved' is what has come over that
 * device meanwhile. Nobody is killed for want of memory: who would do
 * that is told that there is some, and waits, which 'waits' counts.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <net/net_namespace.h>

static ulong after;
module_param(after, ulong, 0444);
static uint ms = 3000;
module_param(ms, uint, 0444);
static bool over;
module_param(over, bool, 0444);
static ulong moved;
module_param(moved, ulong, 0444);
static ulong taken;
module_param(taken, ulong, 0444);
static ulong waits;
module_param(waits, ulong, 0444);

static LIST_HEAD(pages);	/* the thread's; their order is in private */
static struct task_struct *thread;

static void take(unsigned int order)
{
	struct page *page;

	while ((page = alloc_pages(GFP_ATOMIC | __GFP_NOWARN, order))) {
		set_page_private(page, order);
		list_add(&page->lru, &pages);
		taken += 1ul << order;
	}
}

static void give_back(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &pages, lru) {
		unsigned int order = page_private(page);

		set_page_private(page, 0);
		__free_pages(page, order);
	}
	INIT_LIST_HEAD(&pages);
}

static u64 on_loopback(void)
{
	struct rtnl_link_stats64 stats;

	return dev_get_stats(init_net.loopback_dev, &stats)->rx_bytes;
}

static int famine(void *unused)
{
	u64 before = on_loopback();
	unsigned long end;
	int order;

	while (on_loopback() - before < after && !kthread_should_stop())
		msleep(20);
	for (order = MAX_PAGE_ORDER; order >= 0; order--)
		take(order);
	before = on_loopback();
	end = jiffies + msecs_to_jiffies(ms);
	while (time_before(jiffies, end) && !kthread_should_stop()) {
		usleep_range(500, 1000);
		take(0);
	}
	moved = on_loopback() - before;
	give_back();
	WRITE_ONCE(over, true);
	while (!kthread_should_stop())
		schedule_timeout_interruptible(HZ / 10);
	return 0;
}

/* Called where the next step would be to kill somebody. */
static int spare(struct notifier_block *nb, unsigned long unused, void *freed)
{
	waits++;
	msleep(20);
	*(unsigned long *)freed = 1;
	return NOTIFY_OK;
}

static struct notifier_block notifier = { .notifier_call = spare };

static int __init famine_init(void)
{
	int rc;

	rc = register_oom_notifier(&notifier);
	if (rc)
		return rc;
	thread = kthread_run(famine, NULL, "famine");
	if (IS_ERR(thread)) {
		unregister_oom_notifier(&notifier);
		return PTR_ERR(thread);
	}
	return 0;
}

static void __exit famine_exit(void)
{
	kthread_stop(thread);
	unregister_oom_notifier(&notifier);
}

module_init(famine_init);
module_exit(famine_exit);

MODULE_DESCRIPTION("A famine, for tests");
MODULE_LICENSE("GPL");
