// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of io.c: what drivers send and receive with. */
#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <net/tcp.h>

#include "lib/driver.h"

static struct peer *peer_of(struct driver *driver)
{
	return &driver->pair->peer;
}

static int send_bvec(struct driver *driver, struct driver_io *io,
		     struct bio_vec *bvec, unsigned int num, size_t skip,
		     size_t len)
{
	driver_init_send(io, 0);
	iov_iter_bvec(&io->send.iter, ITER_SOURCE, bvec, num, skip + len);
	iov_iter_advance(&io->send.iter, skip);
	return sluice_send(driver->session, &io->send);
}

/* kTLS takes references to pages: those of a slab have none to be taken. */
static void io_pages(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	void *slab = kunit_kzalloc(test, 64, GFP_KERNEL);
	struct page *page = alloc_page(GFP_KERNEL);
	struct bio_vec bvec[3];
	struct driver_io io;

	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_ASSERT_NOT_NULL(test, page);
	memcpy(page_address(page), "abcdefgh", 8);
	bvec_set_page(&bvec[0], page, 4, 0);
	bvec_set_page(&bvec[1], page, 4, 4);
	bvec_set_virt(&bvec[2], slab, 64);

	KUNIT_EXPECT_EQ(test, 0, send_bvec(driver, &io, bvec, 2, 3, 5));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	peer_expect(peer_of(driver), SLUICE_RECORD_DATA, "defgh", 5);
	/* Only what is sent counts, wherever it begins and ends. */
	KUNIT_EXPECT_EQ(test, 0, send_bvec(driver, &io, bvec, 3, 6, 2));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	peer_expect(peer_of(driver), SLUICE_RECORD_DATA, "gh", 2);
	KUNIT_EXPECT_EQ(test, -EINVAL, send_bvec(driver, &io, bvec, 3, 6, 3));
	KUNIT_EXPECT_EQ(test, -EINVAL, send_bvec(driver, &io, bvec, 3, 20, 1));
	KUNIT_EXPECT_EQ(test, 0, io.calls);
	__free_page(page);
}

static void io_invalid(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct sluice_session *session = driver->session;
	struct driver_io io;
	u8 octet;

	KUNIT_EXPECT_EQ(test, -EINVAL,
			driver_send(driver, &io, "x", 1, SLUICE_SEND_MORE << 1));
	KUNIT_EXPECT_EQ(test, -EINVAL,
			driver_recv(driver, &io, &octet, 1,
				    SLUICE_RECV_EXACT << 1));
	/* The wrong way round, and nothing that stays. */
	io.vec = (struct kvec){ .iov_base = &octet, .iov_len = 1 };
	io.send.flags = 0;
	iov_iter_kvec(&io.send.iter, ITER_DEST, &io.vec, 1, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_send(session, &io.send));
	io = (struct driver_io){ .vec = { .iov_base = &octet, .iov_len = 1 } };
	iov_iter_kvec(&io.recv.iter, ITER_SOURCE, &io.vec, 1, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_recv(session, &io.recv));
	io = (struct driver_io){};
	iov_iter_ubuf(&io.send.iter, ITER_SOURCE, driver->pair->user, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_send(session, &io.send));
	io = (struct driver_io){};
	iov_iter_ubuf(&io.recv.iter, ITER_DEST, driver->pair->user, 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, sluice_recv(session, &io.recv));
	KUNIT_EXPECT_EQ(test, 0, tcp_inq(peer_of(driver)->sock->sk));
}

/* The peer takes what there is, until a request is through. */
static void read_until_done(struct driver *driver, struct driver_io *io,
			    u8 *room)
{
	struct sock *sk = peer_of(driver)->sock->sk;
	u8 type;

	while (!completion_done(&io->done)) {
		KUNIT_ASSERT_TRUE(driver->test,
				  EVENTUALLY(completion_done(&io->done) ||
					     tcp_inq(sk)));
		if (tcp_inq(sk))
			KUNIT_ASSERT_GT(driver->test,
					peer_read(peer_of(driver), &type, room,
						  PEER_DATA_MAX), 0);
	}
	KUNIT_EXPECT_EQ(driver->test, 0, driver_wait(driver, io));
}

/* A full queue says so, and then that there is room again. */
static void io_limit(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, SZ_256K);
	struct driver_io *ios;
	int i, rc, n = 0, before;
	u8 *data;

	ios = kunit_kcalloc(test, 500, sizeof(*ios), GFP_KERNEL);
	data = kunit_kzalloc(test, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ios);
	KUNIT_ASSERT_NOT_NULL(test, data);
	pair_bound(driver->pair);
	/* The socket's buffers first; then the queue. */
	for (rc = 0; !rc && n < 500; ) {
		rc = driver_send(driver, &ios[n], data, SZ_64K, 0);
		n += !rc;
		if (rc) {
			pair_wait_stuck(driver->pair);
			rc = sluice_sendq_room(&driver->session->sendq) ? 0 : rc;
		}
	}
	KUNIT_ASSERT_LT(test, n, 500);
	KUNIT_EXPECT_EQ(test, -EAGAIN, rc);
	before = atomic_read(&driver->writables);
	for (i = 0; i < n; i++)
		read_until_done(driver, &ios[i], data);
	KUNIT_EXPECT_TRUE(test, EVENTUALLY(atomic_read(&driver->writables) >
					   before));
	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &ios[n], data, 1, 0));
	read_until_done(driver, &ios[n], data);
}

static int send_wait(struct driver *driver, void *data, size_t len)
{
	struct kvec vec = { .iov_base = data, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	return sluice_send_wait(driver->session, &iter, 0);
}

static ssize_t recv_wait(struct driver *driver, void *data, size_t len,
			 u32 flags)
{
	struct kvec vec = { .iov_base = data, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	return sluice_recv_wait(driver->session, &iter, flags);
}

static void io_wait(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	char got[8];

	KUNIT_EXPECT_EQ(test, 0, send_wait(driver, "abc", 3));
	peer_expect(peer_of(driver), SLUICE_RECORD_DATA, "abc", 3);
	peer_send(peer_of(driver), SLUICE_RECORD_DATA, "defgh", 5);
	KUNIT_EXPECT_EQ(test, 2, recv_wait(driver, got, 2, SLUICE_RECV_EXACT));
	KUNIT_EXPECT_MEMEQ(test, got, "de", 2);
	KUNIT_EXPECT_EQ(test, 3, recv_wait(driver, got, 8, 0));
	KUNIT_EXPECT_MEMEQ(test, got, "fgh", 3);
	peer_send(peer_of(driver), SLUICE_RECORD_DATA, "ij", 2);
	peer_send_alert(peer_of(driver), SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_EQ(test, 2, recv_wait(driver, got, 8, SLUICE_RECV_EXACT));
	KUNIT_EXPECT_EQ(test, 0, recv_wait(driver, got, 8, SLUICE_RECV_EXACT));

	sluice_session_failed(driver->session, -EIO);
	KUNIT_EXPECT_EQ(test, -EIO, send_wait(driver, "x", 1));
	KUNIT_EXPECT_EQ(test, -EIO, recv_wait(driver, got, 8, 0));
}

/**
 * struct waiter - somebody who waits, and may be sent a signal
 * @driver: whose session
 * @send: to send, until the queue is full; else to receive
 * @data: room
 * @len: octets there
 * @rc: what came of it
 * @waits: it is about to
 * @done: it is through
 */
struct waiter {
	struct driver *driver;
	bool send;
	u8 *data;
	size_t len;
	ssize_t rc;
	struct completion waits;
	struct completion done;
};

static int wait_thread(void *data)
{
	struct waiter *waiter = data;

	allow_signal(SIGINT);
	complete(&waiter->waits);
	do {
		waiter->rc = waiter->send ?
			send_wait(waiter->driver, waiter->data, waiter->len) :
			recv_wait(waiter->driver, waiter->data, waiter->len,
				  SLUICE_RECV_EXACT);
	} while (waiter->send && !waiter->rc);
	complete(&waiter->done);
	return 0;
}

static struct task_struct *start_waiter(struct waiter *waiter)
{
	struct task_struct *task;

	init_completion(&waiter->waits);
	init_completion(&waiter->done);
	task = kthread_create(wait_thread, waiter, "waiter");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(waiter->driver->test, task);
	get_task_struct(task);
	wake_up_process(task);
	wait_for_completion(&waiter->waits);
	return task;
}

static ssize_t wait_waiter(struct waiter *waiter, struct task_struct *task)
{
	KUNIT_ASSERT_GT(waiter->driver->test,
			wait_for_completion_timeout(&waiter->done, 10 * HZ), 0);
	put_task_struct(task);
	return waiter->rc;
}

/* A signal ends the wait; what has come by then is not lost. */
static void io_recv_signal(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct waiter waiter = { .driver = driver, .len = 8 };
	struct task_struct *task;
	u8 got[8];

	waiter.data = got;
	task = start_waiter(&waiter);
	msleep(20);
	send_sig(SIGINT, task, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, wait_waiter(&waiter, task));

	task = start_waiter(&waiter);
	peer_send(peer_of(driver), SLUICE_RECORD_DATA, "abc", 3);
	msleep(50);
	send_sig(SIGINT, task, 1);
	KUNIT_EXPECT_EQ(test, 3, wait_waiter(&waiter, task));
	KUNIT_EXPECT_MEMEQ(test, got, "abc", 3);
	/* The next one gets what follows. */
	peer_send(peer_of(driver), SLUICE_RECORD_DATA, "def", 3);
	KUNIT_EXPECT_EQ(test, 3, recv_wait(driver, got, 3, SLUICE_RECV_EXACT));
	KUNIT_EXPECT_MEMEQ(test, got, "def", 3);
}

/* While it waits for room, a signal ends it; so does the session's end. */
static void io_send_signal(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, SZ_64K);
	struct waiter waiter = {
		.driver = driver, .send = true, .len = SZ_64K,
	};
	struct task_struct *task;
	struct driver_io io;

	waiter.data = kunit_kzalloc(test, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, waiter.data);
	pair_bound(driver->pair);
	task = start_waiter(&waiter);
	pair_wait_stuck(driver->pair);
	KUNIT_EXPECT_FALSE(test, completion_done(&waiter.done));
	KUNIT_EXPECT_EQ(test, -EAGAIN, driver_send(driver, &io, waiter.data,
						   SZ_64K, 0));
	/* Once in the queue it has to be sent. */
	send_sig(SIGINT, task, 1);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, completion_done(&waiter.done));
	sluice_session_failed(driver->session, -EIO);
	KUNIT_EXPECT_EQ(test, -EIO, wait_waiter(&waiter, task));
}

/* Two of them: one in the queue, the other waits for a place. */
static void io_send_place(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, SZ_64K);
	struct waiter one = { .driver = driver, .send = true, .len = SZ_64K };
	struct waiter two = one;
	struct task_struct *first, *second;

	one.data = kunit_kzalloc(test, SZ_64K, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, one.data);
	two.data = one.data;
	pair_bound(driver->pair);
	first = start_waiter(&one);
	pair_wait_stuck(driver->pair);
	second = start_waiter(&two);
	msleep(20);
	send_sig(SIGINT, second, 1);
	KUNIT_EXPECT_EQ(test, -ERESTARTSYS, wait_waiter(&two, second));
	second = start_waiter(&two);
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&two.done));
	sluice_session_close(driver->session, 0);
	KUNIT_EXPECT_EQ(test, -ECANCELED, wait_waiter(&one, first));
	KUNIT_EXPECT_EQ(test, -ECANCELED, wait_waiter(&two, second));
}

static void io_cancel(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct driver_io one, two;
	u8 got[4];

	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &one, got, 1, 0));
	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &two, got, 1, 0));
	KUNIT_EXPECT_TRUE(test, sluice_recv_cancel(driver->session,
						   &one.recv));
	KUNIT_EXPECT_FALSE(test, sluice_recv_cancel(driver->session,
						    &one.recv));
	peer_send(peer_of(driver), SLUICE_RECORD_DATA, "a", 1);
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &two));
	KUNIT_EXPECT_FALSE(test, sluice_recv_cancel(driver->session,
						    &two.recv));
	KUNIT_EXPECT_EQ(test, 0, one.calls);
	KUNIT_EXPECT_EQ(test, 'a', got[0]);
}

/* Before the session is open there is nothing to flush. */
static void io_flush_early(struct kunit *test)
{
	struct driver *driver = driver_create(pair_connect(test, AF_INET), 0, 0);

	sluice_send_flush(driver->session);
	KUNIT_EXPECT_FALSE(test, driver->session->sendq.flush);
}

static struct kunit_case io_test_cases[] = {
	KUNIT_CASE(io_pages),
	KUNIT_CASE(io_invalid),
	KUNIT_CASE(io_limit),
	KUNIT_CASE(io_wait),
	KUNIT_CASE(io_recv_signal),
	KUNIT_CASE(io_send_signal),
	KUNIT_CASE(io_send_place),
	KUNIT_CASE(io_cancel),
	KUNIT_CASE(io_flush_early),
	{}
};

static struct kunit_suite io_test_suite = {
	.name = "sluice_io",
	.init = pair_test_init,
	.test_cases = io_test_cases,
};

kunit_test_suite(io_test_suite);

MODULE_DESCRIPTION("KUnit tests of what drivers send and receive with");
MODULE_LICENSE("GPL");
