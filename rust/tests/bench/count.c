// SPDX-License-Identifier: GPL-2.0
/*
 * What a call costs in C, and by way of the crate, in instructions. In a machine
 * that QEMU runs with -icount shift=0, the TSC counts those; elsewhere the
 * figures mean nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/in.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/sort.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <asm/tsc.h>

#include "count.h"

#define TURNS	201

/**
 * struct pair - two ways to do the same
 * @name: what
 * @c: as a driver in C does it; returns 0, or a negative errno
 * @rust: as one in Rust does
 */
struct pair {
	const char *name;
	int (*c)(void);
	int (*rust)(void);
};

static int refused(void)
{
	struct sockaddr_in nobody = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(1),
	};
	struct socket *sock;
	int rc;

	rc = sock_create_kern(&init_net, AF_INET, SOCK_STREAM, IPPROTO_TCP,
			      &sock);
	if (rc)
		return rc;
	WRITE_ONCE(sock->sk->sk_sndtimeo, msecs_to_jiffies(1000));
	rc = kernel_connect(sock, (struct sockaddr_unsized *)&nobody,
			    sizeof(nobody), 0);
	WRITE_ONCE(sock->sk->sk_sndtimeo, MAX_SCHEDULE_TIMEOUT);
	sock_release(sock);
	return rc == -ECONNREFUSED ? 0 : -EPROTO;
}

static const struct pair pairs[] = {
	{ "a connection that is refused", refused, sluice_bench_rust_refused },
};

static int compare(const void *a, const void *b)
{
	return cmp_int(*(const u32 *)a, *(const u32 *)b);
}

/* In turn, so that neither has the better times. An interrupt makes a turn longer. */
static int measure(const struct pair *pair)
{
	static u32 counts[2][TURNS];
	int (*const ways[])(void) = { pair->c, pair->rust };
	unsigned int turn, way;
	u64 start;
	int rc;

	for (turn = 0; turn < TURNS; turn++) {
		for (way = 0; way < 2; way++) {
			start = rdtsc_ordered();
			rc = ways[way]();
			counts[way][turn] = rdtsc_ordered() - start;
			if (rc)
				return rc;
		}
	}
	for (way = 0; way < 2; way++)
		sort(counts[way], TURNS, sizeof(u32), compare, NULL);
	pr_info("%s: least %u %u, median %u %u\n", pair->name,
		counts[0][0], counts[1][0],
		counts[0][TURNS / 2], counts[1][TURNS / 2]);
	return 0;
}

int sluice_bench_run(void)
{
	unsigned int i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		rc = measure(&pairs[i]);
		if (rc)
			return rc;
	}
	return 0;
}
