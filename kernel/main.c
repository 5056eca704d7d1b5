// SPDX-License-Identifier: GPL-2.0
/*
 * sluice.ko: TLS sessions that the kernel owns, on top of kTLS.
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "engine.h"
#include "netlink.h"
#include "release.h"
#include "conn.h"
#include "socket.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * Swap may be on the other end. Those sessions have a queue of their own, with
 * a thread in reserve: no other's work can wait in it for memory.
 */
struct workqueue_struct *sluice_reclaim_wq;
struct workqueue_struct *sluice_wq;
struct workqueue_struct *sluice_percpu_wq;

static int __init sluice_init(void)
{
	int rc;

	sluice_reclaim_wq = alloc_workqueue("sluice_reclaim",
					    WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!sluice_reclaim_wq)
		return -ENOMEM;
	rc = -ENOMEM;
	sluice_wq = alloc_workqueue("sluice", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!sluice_wq)
		goto no_wq;
	sluice_percpu_wq = alloc_workqueue("sluice_percpu",
					   WQ_PERCPU | WQ_MEM_RECLAIM |
					   WQ_CPU_INTENSIVE, 0);
	if (!sluice_percpu_wq)
		goto no_percpu_wq;
	rc = sluice_engine_init();
	if (rc)
		goto no_engine;
	rc = sluice_net_init();
	if (rc)
		goto no_net;
	rc = sluice_netlink_init();
	if (rc)
		goto no_netlink;
	rc = sluice_release_init();
	if (rc)
		goto no_release;
	rc = sluice_sockopt_init();
	if (rc)
		goto no_sockopt;
	return 0;

no_sockopt:
	sluice_release_exit();
no_release:
	sluice_netlink_exit();
no_netlink:
	sluice_net_exit();
no_net:
	sluice_engine_exit();
no_engine:
	destroy_workqueue(sluice_percpu_wq);
no_percpu_wq:
	destroy_workqueue(sluice_wq);
no_wq:
	destroy_workqueue(sluice_reclaim_wq);
	return rc;
}

/*
 * Each connection holds the module, and a driver does that has a session: there
 * are none.
 */
static void __exit sluice_exit(void)
{
	sluice_sockopt_exit();
	sluice_release_exit();
	sluice_netlink_exit();
	sluice_net_exit();
	sluice_engine_exit();
	destroy_workqueue(sluice_percpu_wq);
	destroy_workqueue(sluice_wq);
	destroy_workqueue(sluice_reclaim_wq);
}

module_init(sluice_init);
module_exit(sluice_exit);

MODULE_DESCRIPTION("TLS sessions owned by the kernel");
MODULE_LICENSE("GPL");
MODULE_SOFTDEP("pre: tls");
