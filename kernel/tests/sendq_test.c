// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of sendq.c, on a socket that is played here. */
#include <kunit/run-in-irq-context.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/string.h>

#include "../sendq.h"

#define REQUESTS	64
#define LIMIT		1000

/**
 * struct fake - a queue, and the socket behind it
 * @q: the queue
 * @test: whose
 * @lock: guards what follows
 * @out: what was sent
 * @sent: octets of it
 * @more: whether the last send said that more follows
 * @room: octets that the socket takes before it says -EAGAIN
 * @piece: octets that it takes at once, at most
 * @rc: what sending returns when it is not 0
 * @nomem: how often sending, flush() and end() return -ENOMEM first
 * @flushes: calls of flush()
 * @ends: calls of end()
 * @end_rc: what end() returns
 * @ended: calls of ended()
 * @ended_error: with what
 * @writables: calls of writable()
 */
struct fake {
	struct sluice_sendq q;
	struct kunit *test;
	spinlock_t lock;	/* what follows */
	u8 out[4096];
	size_t sent;
	bool more;
	size_t room;
	size_t piece;
	int rc;
	int nomem;
	int flushes;
	int ends;
	int end_rc;
	int ended;
	int ended_error;
	int writables;
};

struct request {
	struct sluice_send send;
	struct fake *fake;
	struct kvec vec;
	u8 data[128];
	int done;
	int error;
	int at;		/* how many had been done before */
};

static atomic_t done_count;

static struct fake *fake_of(struct sluice_sendq *q)
{
	return container_of(q, struct fake, q);
}

static ssize_t fake_send(struct sluice_sendq *q, struct iov_iter *iter,
			 bool more)
{
	struct fake *fake = fake_of(q);
	size_t n = iov_iter_count(iter);

	if (fake->nomem) {
		fake->nomem--;
		return -ENOMEM;
	}
	if (fake->rc)
		return fake->rc;
	spin_lock(&fake->lock);
	n = min3(n, fake->room, fake->piece);
	fake->room -= n;
	spin_unlock(&fake->lock);
	if (!n)
		return -EAGAIN;
	KUNIT_EXPECT_LE(fake->test, fake->sent + n, sizeof(fake->out));
	n = copy_from_iter(fake->out + fake->sent, n, iter);
	fake->sent += n;
	fake->more = more;
	return n;
}

static int fake_flush(struct sluice_sendq *q)
{
	fake_of(q)->flushes++;
	if (!fake_of(q)->nomem)
		return 0;
	fake_of(q)->nomem--;
	return -ENOMEM;
}

static int fake_end(struct sluice_sendq *q)
{
	fake_of(q)->ends++;
	if (fake_of(q)->nomem) {
		fake_of(q)->nomem--;
		return -ENOMEM;
	}
	return fake_of(q)->end_rc;
}

static void fake_writable(struct sluice_sendq *q)
{
	fake_of(q)->writables++;
}

static void fake_ended(struct sluice_sendq *q, int error)
{
	fake_of(q)->ended++;
	fake_of(q)->ended_error = error;
}

static const struct sluice_sendq_ops fake_ops = {
	.send = fake_send,
	.flush = fake_flush,
	.end = fake_end,
	.writable = fake_writable,
	.ended = fake_ended,
};

static struct fake *make(struct kunit *test)
{
	struct fake *fake = kunit_kzalloc(test, sizeof(*fake), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fake);
	fake->test = test;
	fake->room = SIZE_MAX;
	fake->piece = SIZE_MAX;
	spin_lock_init(&fake->lock);
	atomic_set(&done_count, 0);
	sluice_sendq_init(&fake->q, &fake_ops, system_dfl_wq, LIMIT);
	return fake;
}

static void done(struct sluice_send *send, int error)
{
	struct request *request = container_of(send, struct request, send);

	request->done++;
	request->error = error;
	request->at = atomic_fetch_inc(&done_count);
}

static struct request *make_requests(struct kunit *test, struct fake *fake,
				     size_t count, size_t len)
{
	struct request *requests;
	size_t i;

	requests = kunit_kcalloc(test, count, sizeof(*requests), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, requests);
	for (i = 0; i < count; i++) {
		requests[i].fake = fake;
		requests[i].send.done = done;
		memset(requests[i].data, i, sizeof(requests[i].data));
		requests[i].vec.iov_base = requests[i].data;
		requests[i].vec.iov_len = len;
		iov_iter_kvec(&requests[i].send.iter, ITER_SOURCE,
			      &requests[i].vec, 1, len);
	}
	return requests;
}

static void settle(struct fake *fake)
{
	flush_delayed_work(&fake->q.base.work);
}

static void sendq_order(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, REQUESTS, 10);
	size_t i;

	fake->piece = 7;	/* each takes two */
	for (i = 0; i < REQUESTS; i++)
		KUNIT_EXPECT_EQ(test, 0,
				sluice_sendq_add(&fake->q, &requests[i].send));
	settle(fake);
	for (i = 0; i < REQUESTS; i++) {
		KUNIT_EXPECT_EQ(test, requests[i].done, 1);
		KUNIT_EXPECT_EQ(test, requests[i].error, 0);
		KUNIT_EXPECT_EQ(test, requests[i].at, (int)i);
		KUNIT_EXPECT_NULL(test, memchr_inv(fake->out + 10 * i, i, 10));
	}
	KUNIT_EXPECT_EQ(test, fake->sent, 10 * REQUESTS);
	KUNIT_EXPECT_FALSE(test, fake->more);
	KUNIT_EXPECT_FALSE(test, sluice_sendq_stop(&fake->q, -ECANCELED));
	for (i = 0; i < REQUESTS; i++)
		KUNIT_EXPECT_EQ(test, requests[i].done, 1);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
}

static void sendq_limit(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, 12, 100);
	size_t i;

	fake->room = 0;
	for (i = 0; i < 10; i++)
		KUNIT_EXPECT_EQ(test, 0,
				sluice_sendq_add(&fake->q, &requests[i].send));
	KUNIT_EXPECT_TRUE(test, sluice_sendq_room(&fake->q));
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			sluice_sendq_add(&fake->q, &requests[10].send));
	KUNIT_EXPECT_FALSE(test, sluice_sendq_room(&fake->q));
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->writables, 0);

	/* Half of it has to go before it is worth a word. */
	fake->room = 499;
	sluice_queue_kick(&fake->q.base);
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->writables, 0);
	fake->room = 101;
	sluice_queue_kick(&fake->q.base);
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->writables, 1);
	KUNIT_EXPECT_TRUE(test, sluice_sendq_room(&fake->q));
	KUNIT_EXPECT_EQ(test, 0,
			sluice_sendq_add(&fake->q, &requests[10].send));

	fake->room = SIZE_MAX;
	sluice_queue_kick(&fake->q.base);
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->writables, 1);
	KUNIT_EXPECT_EQ(test, fake->sent, 1100);
	KUNIT_EXPECT_EQ(test, requests[11].done, 0);
	sluice_sendq_stop(&fake->q, -ECANCELED);
}

static void sendq_large(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, 2, 100);

	/* More than the limit goes alone. */
	fake->q.limit = 50;
	fake->room = 0;
	KUNIT_EXPECT_EQ(test, 0, sluice_sendq_add(&fake->q, &requests[0].send));
	KUNIT_EXPECT_EQ(test, -EAGAIN,
			sluice_sendq_add(&fake->q, &requests[1].send));
	KUNIT_EXPECT_TRUE(test, sluice_sendq_stop(&fake->q, -ECANCELED));
	KUNIT_EXPECT_EQ(test, requests[0].error, -ECANCELED);
	KUNIT_EXPECT_EQ(test, requests[1].done, 0);
}

static void sendq_error(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, REQUESTS, 10);
	size_t i;

	fake->room = 0;
	for (i = 0; i < REQUESTS - 1; i++)
		KUNIT_EXPECT_EQ(test, 0,
				sluice_sendq_add(&fake->q, &requests[i].send));
	settle(fake);
	fake->rc = -ECONNRESET;
	sluice_queue_kick(&fake->q.base);
	settle(fake);
	for (i = 0; i < REQUESTS - 1; i++) {
		KUNIT_EXPECT_EQ(test, requests[i].done, 1);
		KUNIT_EXPECT_EQ(test, requests[i].error, -ECONNRESET);
		KUNIT_EXPECT_EQ(test, requests[i].at, (int)i);
	}
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
	KUNIT_EXPECT_EQ(test, fake->ended_error, -ECONNRESET);
	KUNIT_EXPECT_EQ(test, -ECONNRESET,
			sluice_sendq_add(&fake->q, &requests[i].send));
	KUNIT_EXPECT_FALSE(test, sluice_sendq_stop(&fake->q, -ECANCELED));
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
	KUNIT_EXPECT_EQ(test, requests[i].done, 0);
}

static void sendq_nomem(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, 1, 10);
	int i;

	fake->nomem = 3;
	KUNIT_EXPECT_EQ(test, 0, sluice_sendq_add(&fake->q, &requests[0].send));
	/* Nobody kicks it. */
	for (i = 0; i < 100 && !READ_ONCE(requests[0].done); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, requests[0].done, 1);
	KUNIT_EXPECT_EQ(test, requests[0].error, 0);
	sluice_sendq_stop(&fake->q, -ECANCELED);
}

static void sendq_end(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, 3, 10);

	fake->room = 15;
	KUNIT_EXPECT_EQ(test, 0, sluice_sendq_add(&fake->q, &requests[0].send));
	KUNIT_EXPECT_EQ(test, 0, sluice_sendq_add(&fake->q, &requests[1].send));
	sluice_sendq_end(&fake->q);
	KUNIT_EXPECT_EQ(test, -EPIPE,
			sluice_sendq_add(&fake->q, &requests[2].send));
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->ends, 0);
	fake->room = 15;
	sluice_queue_kick(&fake->q.base);
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->ends, 1);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
	KUNIT_EXPECT_EQ(test, fake->ended_error, 0);
	KUNIT_EXPECT_EQ(test, requests[1].error, 0);
	sluice_sendq_end(&fake->q);
	sluice_queue_kick(&fake->q.base);
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->ends, 1);
	sluice_sendq_stop(&fake->q, -ECANCELED);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
}

static void sendq_more(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, 2, 10);

	requests[0].send.flags = SLUICE_SEND_MORE;
	KUNIT_EXPECT_EQ(test, 0, sluice_sendq_add(&fake->q, &requests[0].send));
	settle(fake);
	KUNIT_EXPECT_TRUE(test, fake->more);
	KUNIT_EXPECT_EQ(test, requests[0].done, 1);
	KUNIT_EXPECT_EQ(test, fake->flushes, 0);
	sluice_sendq_flush(&fake->q);
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->flushes, 1);
	sluice_queue_kick(&fake->q.base);
	settle(fake);
	KUNIT_EXPECT_EQ(test, fake->flushes, 1);
	KUNIT_EXPECT_EQ(test, 0, sluice_sendq_add(&fake->q, &requests[1].send));
	settle(fake);
	KUNIT_EXPECT_FALSE(test, fake->more);
	sluice_sendq_stop(&fake->q, -ECANCELED);
}

/* What is held back, and the end, wait for memory, too. */
static void sendq_end_nomem(struct kunit *test)
{
	struct fake *fake = make(test);
	int i;

	fake->nomem = 2;
	sluice_sendq_flush(&fake->q);
	for (i = 0; i < 100 && READ_ONCE(fake->flushes) < 3; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, fake->flushes, 3);
	settle(fake);
	fake->nomem = 2;
	sluice_sendq_end(&fake->q);
	for (i = 0; i < 100 && !READ_ONCE(fake->ended); i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, fake->ends, 3);
	KUNIT_EXPECT_EQ(test, fake->flushes, 3);
	KUNIT_EXPECT_EQ(test, fake->ended, 1);
	KUNIT_EXPECT_EQ(test, fake->ended_error, 0);
	sluice_sendq_stop(&fake->q, -ECANCELED);
}

/* Sends itself again, until it is told not to. */
static void again(struct sluice_send *send, int error)
{
	struct request *request = container_of(send, struct request, send);

	request->done++;
	request->error = error;
	if (error || request->done == 100)
		return;
	iov_iter_kvec(&send->iter, ITER_SOURCE, &request->vec, 1, 1);
	KUNIT_EXPECT_EQ(request->fake->test, 0,
			sluice_sendq_add(&request->fake->q, send));
}

static void sendq_resend(struct kunit *test)
{
	struct fake *fake = make(test);
	struct request *requests = make_requests(test, fake, 1, 1);
	int i;

	requests[0].send.done = again;
	KUNIT_EXPECT_EQ(test, 0, sluice_sendq_add(&fake->q, &requests[0].send));
	for (i = 0; i < 100 && READ_ONCE(requests[0].done) < 100; i++)
		msleep(20);
	KUNIT_EXPECT_EQ(test, requests[0].done, 100);
	KUNIT_EXPECT_EQ(test, fake->sent, 100);
	sluice_sendq_stop(&fake->q, -ECANCELED);
}

/* From tasks, softirqs and hard interrupts at once. */
struct irq_state {
	struct fake *fake;
	struct request *requests;
	atomic_t next;
	atomic_t taken;
};

static bool add_one(void *arg)
{
	struct irq_state *state = arg;
	int i = atomic_fetch_inc(&state->next);
	int rc;

	if (i >= REQUESTS)
		return true;
	rc = sluice_sendq_add(&state->fake->q, &state->requests[i].send);
	if (!rc)
		atomic_inc(&state->taken);
	return !rc || rc == -EAGAIN;
}

static void sendq_irq(struct kunit *test)
{
	struct fake *fake = make(test);
	struct irq_state state = {
		.fake = fake,
		.requests = make_requests(test, fake, REQUESTS, 10),
	};
	int i, dones = 0;

	kunit_run_irq_test(test, add_one, 100, &state);
	sluice_sendq_end(&fake->q);
	for (i = 0; i < 100 && !READ_ONCE(fake->ended); i++)
		msleep(20);
	sluice_sendq_stop(&fake->q, -ECANCELED);
	for (i = 0; i < REQUESTS; i++) {
		KUNIT_EXPECT_LE(test, state.requests[i].done, 1);
		dones += state.requests[i].done;
	}
	KUNIT_EXPECT_EQ(test, dones, atomic_read(&state.taken));
	KUNIT_EXPECT_EQ(test, fake->sent, 10 * (size_t)dones);
}

/*
 * Stopped anywhere, each request is done once and none after; and whether the
 * stream was cut short is known, whoever returned what was left.
 */
static void sendq_stop(struct kunit *test)
{
	size_t i, n;
	bool cut, any;

	for (n = 0; n < 200; n++) {
		struct fake *fake = make(test);
		struct request *requests = make_requests(test, fake, 16, 10);

		fake->room = n;
		fake->piece = 3;
		for (i = 0; i < 16; i++)
			sluice_sendq_add(&fake->q, &requests[i].send);
		if (n % 3)
			udelay(n);
		cut = sluice_sendq_stop(&fake->q, -ECANCELED);
		any = false;
		for (i = 0; i < 16; i++) {
			KUNIT_EXPECT_EQ(test, requests[i].done, 1);
			if (!requests[i].error)
				continue;
			KUNIT_EXPECT_EQ(test, requests[i].error, -ECANCELED);
			any = true;
		}
		KUNIT_EXPECT_EQ(test, cut, any);
		KUNIT_EXPECT_EQ(test, fake->ended, 1);
	}
}

static struct kunit_case sendq_test_cases[] = {
	KUNIT_CASE(sendq_order),
	KUNIT_CASE(sendq_limit),
	KUNIT_CASE(sendq_large),
	KUNIT_CASE(sendq_error),
	KUNIT_CASE(sendq_nomem),
	KUNIT_CASE(sendq_end),
	KUNIT_CASE(sendq_more),
	KUNIT_CASE(sendq_end_nomem),
	KUNIT_CASE(sendq_resend),
	KUNIT_CASE(sendq_irq),
	KUNIT_CASE(sendq_stop),
	{}
};

static struct kunit_suite sendq_test_suite = {
	.name = "sluice_sendq",
	.test_cases = sendq_test_cases,
};

kunit_test_suite(sendq_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of Sluice's queue for sending");
MODULE_LICENSE("GPL");
