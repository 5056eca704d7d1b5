// SPDX-License-Identifier: GPL-2.0
/*
 * What a record costs that is sent and received in C, and by way of the crate,
 * in instructions: all of them, those of the session's workers, of the cipher
 * and of TCP included. In a machine that QEMU runs with -icount shift=0, the TSC
 * counts those; elsewhere the figures mean nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/sluice.h>
#include <linux/sort.h>
#include <asm/tsc.h>

#include "count.h"

#define TURNS	201
#define LEN	16384	/* a record of the largest size */

/**
 * struct ends - two sessions with each other
 * @from: sends
 * @to: receives
 * @data: what
 * @room: where to
 */
struct ends {
	struct sluice_session *from;
	struct sluice_session *to;
	void *data;
	void *room;
};

/* As a driver in C does it. */
static int turn(void *data)
{
	struct ends *ends = data;
	struct kvec kvec = { .iov_base = ends->data, .iov_len = LEN };
	struct iov_iter iter;
	ssize_t n;
	int rc;

	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, LEN);
	rc = sluice_send_wait(ends->from, &iter, 0);
	if (rc)
		return rc;
	kvec.iov_base = ends->room;
	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, LEN);
	n = sluice_recv_wait(ends->to, &iter, SLUICE_RECV_EXACT);
	return n == LEN ? 0 : n < 0 ? n : -ENODATA;
}

static struct sluice_session *session_of(int fd)
{
	static const struct sluice_session_ops ops = { };
	const struct sluice_session_params params = {
		.ops = &ops,
		.module = THIS_MODULE,
	};
	struct sluice_session *session;
	struct socket *sock;
	int rc;

	sock = sockfd_lookup(fd, &rc);
	if (!sock)
		return ERR_PTR(rc);
	session = sluice_session_create(sock, &params);
	if (IS_ERR(session))
		return session;
	rc = sluice_session_adopt(session);
	if (!rc)
		return session;
	sluice_session_release(session, 0, NULL);
	return ERR_PTR(rc);
}

static int compare(const void *a, const void *b)
{
	return cmp_int(*(const u32 *)a, *(const u32 *)b);
}

/* In turn, so that neither has the better times. An interrupt makes a turn longer. */
static int measure(int (*const turns[2])(void *ends), void *const ends[2])
{
	static u32 counts[2][TURNS];
	unsigned int i, way;
	u64 start;
	int rc;

	for (i = 0; i < TURNS; i++) {
		for (way = 0; way < 2; way++) {
			start = rdtsc_ordered();
			rc = turns[way](ends[way]);
			counts[way][i] = rdtsc_ordered() - start;
			if (rc)
				return rc;
		}
	}
	for (way = 0; way < 2; way++)
		sort(counts[way], TURNS, sizeof(u32), compare, NULL);
	pr_info("16 KiB sent and received: least %u %u, median %u %u\n",
		counts[0][0], counts[1][0],
		counts[0][TURNS / 2], counts[1][TURNS / 2]);
	return 0;
}

int sluice_bench_run(int from, int to, int (*rust_turn)(void *ends),
		     void *rust_ends)
{
	int (*const turns[2])(void *) = { turn, rust_turn };
	struct ends ends = { };
	void *const both[2] = { &ends, rust_ends };
	int rc = -ENOMEM;

	ends.data = kzalloc(LEN, GFP_KERNEL);
	ends.room = kzalloc(LEN, GFP_KERNEL);
	if (!ends.data || !ends.room)
		goto out;
	ends.from = session_of(from);
	rc = PTR_ERR_OR_ZERO(ends.from);
	if (rc)
		goto out;
	ends.to = session_of(to);
	rc = PTR_ERR_OR_ZERO(ends.to);
	if (!rc) {
		rc = measure(turns, both);
		sluice_session_release(ends.to, 0, NULL);
	}
	sluice_session_release(ends.from, 0, NULL);
out:
	kfree(ends.data);
	kfree(ends.room);
	return rc;
}
