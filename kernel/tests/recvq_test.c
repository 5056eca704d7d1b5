// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of recvq.c, on a socket that is played here. */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/string.h>

#include "../recvq.h"

#define REQUESTS	16

/**
 * struct fake - a queue, and the socket behind it
 * @q: the queue
 * @in: octets that have arrived
 * @taken: and were read
 * @piece: octets that a read gives at most
 * @end: what a read returns when there is no more: -EAGAIN, 0 or an error
 * @nomem: how often it returns -ENOMEM first
 * @idles: calls of idle()
 * @ended: calls of ended()
 * @ended_error: with what
 * @slow: milliseconds that a read takes
 */
struct fake {
	struct sluice_recvq q;
	size_t in;
	size_t taken;
	size_t piece;
	int end;
	int nomem;
	int idles;
	int ended;
	int ended_error;
	int slow;
};

struct request {
	struct sluice_recv recv;
	struct kvec vec;
	u8 data[64];
	int done;
	int error;
	size_t take;	/* lend(): before it wants no more */
};

static struct fake *fake_of(struct sluice_recvq *q)
{
	return container_of(q, struct fake, q);
}

static ssize_t fake_recv(struct sluice_recvq *q, struct iov_iter *iter)
{
	struct fake *fake = fake_of(q);
	size_t n = min3(fake->in - fake->taken, fake->piece,
			iov_iter_count(iter));
	size_t i;
	u8 octet;

	if (fake->slow)
		msleep(fake->slow);
	if (fake->nomem) {
		fake->nomem--;
		return -ENOMEM;
	}
	if (!n)
		return fake->end;
	for (i = 0; i < n; i++) {
		octet = fake->taken++;
		if (copy_to_iter(&octet, 1, iter) != 1)
			return -EFAULT;
	}
	return n;
}

static ssize_t fake_lend(struct sluice_recvq *q, struct sluice_recv *recv,
			 u64 max, bool *stop)
{
	struct fake *fake = fake_of(q);
	size_t n = min3(fake->in - fake->taken, fake->piece, (size_t)max);
	size_t used;

	if (!n)
		return fake->end;
	used = recv->lend(recv, NULL, 0, n);
	fake->taken += used;
	*stop = used < n;
	return used;
}

static int fake_idle(struct sluice_recvq *q, bool discard)
{
	struct fake *fake = fake_of(q);

	fake->idles++;
	if (discard)
		fake->taken = fake->in;
	return fake->taken < fake->in ? -EAGAIN : fake->end;
}

static void fake_ended(struct sluice_recvq *q, int error)
{
	fake_of(q)->ended++;
	fake_of(q)->ended_error = error;
}

static const struct sluice_recvq_ops fake_ops = {
	.recv = fake_recv,
	.lend = fake_lend,
	.idle = fake_idle,
	.ended = fake_ended,
};

static struct fake *make(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->piece = SIZE_MAX;
	fake->end = -EAGAIN;
	sluice_recvq_init(&fake->q, &fake_ops, system_dfl_wq);
	sluice_recvq_open(&fake->q);
	return fake;
}

static void done(struct sluice_recv *recv, int error)
{
	struct request *request = container_of(recv, struct request, recv);

	request->done++;
	request->error = error;
}

static size_t take(struct sluice_recv *recv, struct sk_buff *skb,
		   unsigned int offset, size_t len)
{
	struct request *request = container_of(recv, struct request, recv);
	size_t n = min(len, request->take);

	request->take -= n;
	return n;
}

static struct request *make_requests(struct kunit *test, size_t count,
				     size_t len, u32 flags)
{
	struct request *requests;
	size_t i;

	requests = kunit_kcalloc(test, count, sizeof(*requests), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, requests);
	for (i = 0; i < count; i++) {
		requests[i].recv.done = done;
		requests[i].recv.flags = flags;
		requests[i].vec.iov_base = requests[i].data;
		requests[i].vec.iov_len = len;
		iov_iter_kvec(&requests[i].recv.iter, ITER_DEST,
			      &requests[i].vec, 1, len);
	}
	return requests;
}

static void arrive(struct fake *fake, size_t octets)
{
	fake->in += octets;
	sluice_queue_kick(&fake->q.base);
	flush_delayed_work(&fake->q.base.work);
}

static void add(struct kunit *test, struct fake *fake, struct request *request)
{
	KUNIT_EXPECT_EQ(test, 0, sluice_recvq_add(&fake->q, &request->recv));
	flush_delayed_work(&fake->q.base.work);
}

static void recvq_any(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, 3, 10, 0);

	add(test, fake, &requests[0]);
	add(test, fake, &requests[1]);
	KUNIT_EXPECT_EQ(test, requests[0].done, 0);
	arrive(fake, 4);
	KUNIT_EXPECT_EQ(test, requests[0].done, 1);
	KUNIT_EXPECT_EQ(test, requests[0].recv.received, 4);
	KUNIT_EXPECT_EQ(test, requests[1].done, 0);
	arrive(fake, 15);
	KUNIT_EXPECT_EQ(test, requests[1].done, 1);
	KUNIT_EXPECT_EQ(test, requests[1].recv.received, 10);
	KUNIT_EXPECT_EQ(test, requests[1].data[0], 4);
	add(test, fake, &requests[2]);
	KUNIT_EXPECT_EQ(test, requests[2].recv.received, 5);
	KUNIT_EXPECT_EQ(test, requests[2].data[4], 18);
	sluice_recvq_stop(&fake->q, -ECANCELED);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
}

static void recvq_exact(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, 2, 10,
						 SLUICE_RECV_EXACT);

	fake->piece = 3;
	add(test, fake, &requests[0]);
	arrive(fake, 9);
	KUNIT_EXPECT_EQ(test, requests[0].done, 0);
	arrive(fake, 2);
	KUNIT_EXPECT_EQ(test, requests[0].done, 1);
	KUNIT_EXPECT_EQ(test, requests[0].recv.received, 10);
	KUNIT_EXPECT_EQ(test, requests[0].data[9], 9);

	/* The end comes first: fewer octets, and no error. */
	fake->end = 0;
	add(test, fake, &requests[1]);
	KUNIT_EXPECT_EQ(test, requests[1].done, 1);
	KUNIT_EXPECT_EQ(test, requests[1].error, 0);
	KUNIT_EXPECT_EQ(test, requests[1].recv.received, 1);
	sluice_recvq_stop(&fake->q, -ECANCELED);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
	KUNIT_EXPECT_EQ(test, fake->ended_error, 0);
}

static void recvq_lend(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, 2, 0, 0);

	fake->piece = 7;
	requests[0].recv.lend = take;
	requests[0].recv.limit = 20;
	requests[0].take = SIZE_MAX;
	requests[1].recv.lend = take;
	requests[1].take = 5;
	add(test, fake, &requests[0]);
	add(test, fake, &requests[1]);
	arrive(fake, 19);
	KUNIT_EXPECT_EQ(test, requests[0].done, 0);
	arrive(fake, 11);
	KUNIT_EXPECT_EQ(test, requests[0].done, 1);
	KUNIT_EXPECT_EQ(test, requests[0].recv.received, 20);
	/* Wants no more in the middle of what there is. */
	KUNIT_EXPECT_EQ(test, requests[1].done, 1);
	KUNIT_EXPECT_EQ(test, requests[1].error, 0);
	KUNIT_EXPECT_EQ(test, requests[1].recv.received, 5);
	KUNIT_EXPECT_EQ(test, fake->taken, 25);
	sluice_recvq_stop(&fake->q, -ECANCELED);
}

static void recvq_ends(struct kunit *test)
{
	static const int ends[] = { 0, -ECONNRESET, -EBADMSG };
	size_t i, e;

	for (e = 0; e < ARRAY_SIZE(ends); e++) {
		struct fake *fake = make(test);
		struct request *requests = make_requests(test, REQUESTS, 10, 0);

		for (i = 0; i < REQUESTS - 1; i++)
			add(test, fake, &requests[i]);
		fake->end = ends[e];
		arrive(fake, 25);
		for (i = 0; i < REQUESTS - 1; i++) {
			KUNIT_EXPECT_EQ(test, requests[i].done, 1);
			KUNIT_EXPECT_EQ(test, requests[i].error,
					i < 3 ? 0 : ends[e]);
		}
		KUNIT_EXPECT_EQ(test, fake->ended, 1);
		KUNIT_EXPECT_EQ(test, fake->ended_error, ends[e]);
		/* After an orderly end a read finds that; else the error. */
		KUNIT_EXPECT_EQ(test, ends[e],
				sluice_recvq_add(&fake->q,
						 &requests[i].recv));
		flush_delayed_work(&fake->q.base.work);
		KUNIT_EXPECT_EQ(test, requests[i].done, !ends[e]);
		sluice_recvq_stop(&fake->q, -ECANCELED);
		KUNIT_EXPECT_EQ(test, fake->ended, 1);
	}
}

static void recvq_not_open(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, 1, 10, 0);

	fake->q.open = false;
	KUNIT_EXPECT_EQ(test, 0,
			sluice_recvq_add(&fake->q, &requests[0].recv));
	arrive(fake, 10);
	KUNIT_EXPECT_EQ(test, requests[0].done, 0);
	sluice_recvq_open(&fake->q);
	flush_delayed_work(&fake->q.base.work);
	KUNIT_EXPECT_EQ(test, requests[0].done, 1);
	KUNIT_EXPECT_EQ(test, requests[0].recv.received, 10);
	sluice_recvq_stop(&fake->q, -ECANCELED);
}

static void recvq_idle(struct kunit *test)
{
	struct fake *fake = make(test);

	/* Nobody asks, and the end is seen all the same. */
	arrive(fake, 0);
	KUNIT_EXPECT_GE(test, fake->idles, 1);
	KUNIT_EXPECT_EQ(test, fake->ended, 0);
	fake->end = -ECONNRESET;
	arrive(fake, 0);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
	sluice_recvq_stop(&fake->q, -ECANCELED);
	KUNIT_EXPECT_EQ(test, fake->ended_error, -ECONNRESET);
}

static void recvq_discard(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, 3, 64,
						 SLUICE_RECV_EXACT);

	add(test, fake, &requests[0]);
	add(test, fake, &requests[1]);
	arrive(fake, 5);
	sluice_recvq_discard(&fake->q);
	KUNIT_EXPECT_EQ(test, requests[0].error, -ECANCELED);
	KUNIT_EXPECT_EQ(test, requests[0].recv.received, 5);
	KUNIT_EXPECT_EQ(test, requests[1].done, 1);
	KUNIT_EXPECT_EQ(test, -ECANCELED,
			sluice_recvq_add(&fake->q, &requests[2].recv));
	fake->end = 0;
	arrive(fake, 100);
	KUNIT_EXPECT_EQ(test, fake->taken, 105);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
	KUNIT_EXPECT_EQ(test, fake->ended_error, 0);
	sluice_recvq_stop(&fake->q, -ECANCELED);
}

static void recvq_cancel(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, 3, 10,
						 SLUICE_RECV_EXACT);

	add(test, fake, &requests[0]);
	add(test, fake, &requests[1]);
	arrive(fake, 4);
	KUNIT_EXPECT_TRUE(test, sluice_recvq_cancel(&fake->q,
						    &requests[0].recv));
	KUNIT_EXPECT_EQ(test, requests[0].done, 0);
	KUNIT_EXPECT_EQ(test, requests[0].recv.received, 4);
	arrive(fake, 10);
	KUNIT_EXPECT_EQ(test, requests[1].done, 1);
	KUNIT_EXPECT_FALSE(test, sluice_recvq_cancel(&fake->q,
						     &requests[1].recv));

	/* While the worker has it in its hands. */
	fake->slow = 50;
	KUNIT_EXPECT_EQ(test, 0,
			sluice_recvq_add(&fake->q, &requests[2].recv));
	msleep(20);
	KUNIT_EXPECT_TRUE(test, sluice_recvq_cancel(&fake->q,
						    &requests[2].recv));
	KUNIT_EXPECT_EQ(test, requests[2].done, 0);
	sluice_recvq_stop(&fake->q, -ECANCELED);
	KUNIT_EXPECT_EQ(test, requests[2].done, 0);
}

static void recvq_nomem(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, 1, 10, 0);
	int i;

	fake->nomem = 3;
	fake->in = 10;
	add(test, fake, &requests[0]);
	/* Nobody kicks it. */
	for (i = 0; i < 100 && !READ_ONCE(requests[0].done); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, requests[0].done, 1);
	KUNIT_EXPECT_EQ(test, requests[0].recv.received, 10);
	sluice_recvq_stop(&fake->q, -ECANCELED);
}

/* Stopped anywhere, each request is done once and none after. */
static void recvq_stop(struct kunit *test)
{
	size_t i, n;

	for (n = 0; n < 200; n++) {
		struct fake *fake = make(test);
		struct request *requests = make_requests(test, REQUESTS, 10, 0);

		fake->in = n;
		fake->piece = 7;
		for (i = 0; i < REQUESTS; i++)
			sluice_recvq_add(&fake->q, &requests[i].recv);
		if (n % 3)
			udelay(n);
		sluice_recvq_stop(&fake->q, -ECANCELED);
		for (i = 0; i < REQUESTS; i++)
			KUNIT_EXPECT_EQ(test, requests[i].done, 1);
		KUNIT_EXPECT_EQ(test, fake->ended, 1);
	}
}

static struct kunit_case recvq_test_cases[] = {
	KUNIT_CASE(recvq_any),
	KUNIT_CASE(recvq_exact),
	KUNIT_CASE(recvq_lend),
	KUNIT_CASE(recvq_ends),
	KUNIT_CASE(recvq_not_open),
	KUNIT_CASE(recvq_idle),
	KUNIT_CASE(recvq_discard),
	KUNIT_CASE(recvq_cancel),
	KUNIT_CASE(recvq_nomem),
	KUNIT_CASE(recvq_stop),
	{}
};

static struct kunit_suite recvq_test_suite = {
	.name = "sluice_recvq",
	.test_cases = recvq_test_cases,
};

kunit_test_suite(recvq_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of Sluice's queue for receiving");
MODULE_LICENSE("GPL");
