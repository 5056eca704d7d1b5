// SPDX-License-Identifier: GPL-2.0
/* KUnit suite of transport.c: queues on a socket with real kTLS. */
#include <kunit/test.h>
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <net/sock.h>
#include <net/tcp.h>

#include "../conn.h"
#include "../socket.h"
#include "lib/driver.h"

static struct peer *peer_of(struct driver *driver)
{
	return &driver->pair->peer;
}

static void peer_says(struct driver *driver, const char *data)
{
	peer_send(peer_of(driver), SLUICE_RECORD_DATA, data, strlen(data));
}

static void peer_hears(struct driver *driver, const char *data)
{
	peer_expect(peer_of(driver), SLUICE_RECORD_DATA, data, strlen(data));
}

/* Sends what is in pages, or what may be anywhere. */
static void transport_send(struct kunit *test)
{
	const size_t len = 3 * PEER_DATA_MAX / 2;
	struct driver *driver = driver_open(test, 0, 0);
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP,
					get_order(len));
	struct driver_io first, io;
	struct bio_vec bvec;
	u8 *data;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	data = page_address(page);
	for (i = 0; i < len; i++)
		data[i] = i + i / 256;
	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &first, "abc", 3, 0));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &first));
	peer_hears(driver, "abc");

	driver_init_send(&io, 0);
	bvec_set_page(&bvec, page, len, 0);
	iov_iter_bvec(&io.send.iter, ITER_SOURCE, &bvec, 1, len);
	KUNIT_EXPECT_EQ(test, 0, sluice_send(driver->session, &io.send));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	/* Nobody refers to the pages any more. */
	KUNIT_EXPECT_EQ(test, 1, page_count(page));
	peer_expect(peer_of(driver), SLUICE_RECORD_DATA, data, PEER_DATA_MAX);
	peer_expect(peer_of(driver), SLUICE_RECORD_DATA, data + PEER_DATA_MAX,
		    len - PEER_DATA_MAX);
	__free_pages(page, get_order(len));
}

/* What is to wait for more does, until it comes or is not waited for. */
static void transport_more(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct driver_io one, two;

	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &one, "abc", 3,
					     SLUICE_SEND_MORE));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &one));
	KUNIT_EXPECT_EQ(test, 0, tcp_inq(peer_of(driver)->sock->sk));
	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &two, "def", 3, 0));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &two));
	peer_hears(driver, "abcdef");

	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &one, "ghi", 3,
					     SLUICE_SEND_MORE));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &one));
	KUNIT_EXPECT_EQ(test, 0, tcp_inq(peer_of(driver)->sock->sk));
	sluice_send_flush(driver->session);
	peer_hears(driver, "ghi");
}

/* More than the socket has room for: it goes on when the peer reads. */
static void transport_full(struct kunit *test)
{
	const int num = 20;
	struct driver *driver = driver_open(test, 0, SZ_16M);
	struct driver_io *ios;
	u8 *data, *got, type;
	size_t done = 0;
	int i, rc;

	ios = kunit_kcalloc(test, num, sizeof(*ios), GFP_KERNEL);
	data = kunit_kmalloc(test, SZ_128K, GFP_KERNEL);
	got = kunit_kmalloc(test, PEER_DATA_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ios);
	KUNIT_ASSERT_NOT_NULL(test, data);
	KUNIT_ASSERT_NOT_NULL(test, got);
	for (i = 0; i < SZ_128K; i++)
		data[i] = i + i / 251;
	pair_bound(driver->pair);
	for (i = 0; i < num; i++)
		KUNIT_ASSERT_EQ(test, 0, driver_send(driver, &ios[i], data,
						     SZ_128K, 0));
	pair_wait_stuck(driver->pair);
	KUNIT_EXPECT_FALSE(test, completion_done(&ios[num - 1].done));
	while (done < (size_t)num * SZ_128K) {
		rc = peer_read(peer_of(driver), &type, got, PEER_DATA_MAX);
		KUNIT_ASSERT_GT(test, rc, 0);
		KUNIT_ASSERT_EQ(test, SLUICE_RECORD_DATA, type);
		for (i = 0; i < rc; i++)
			if (got[i] != data[(done + i) % SZ_128K])
				break;
		KUNIT_ASSERT_EQ(test, rc, i);
		done += rc;
	}
	for (i = 0; i < num; i++)
		KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &ios[i]));
}

/* Who sends learns what has ended it, too, and not only that it has. */
static void transport_send_error(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct driver_io io;

	peer_send_alert(peer_of(driver), 40);
	if (!driver_send(driver, &io, "x", 1, 0))
		driver_wait(driver, &io);
	KUNIT_EXPECT_TRUE(test,
			  EVENTUALLY(sluice_session_error(driver->session)));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED,
			sluice_session_error(driver->session));

	driver = driver_open(test, 0, 0);
	peer_reset(peer_of(driver));
	if (!driver_send(driver, &io, "x", 1, 0))
		driver_wait(driver, &io);
	KUNIT_EXPECT_TRUE(test,
			  EVENTUALLY(sluice_session_error(driver->session)));
	KUNIT_EXPECT_EQ(test, -ECONNRESET,
			sluice_session_error(driver->session));
}

/* Even if it is the first to meet the end: here nobody receives. */
static void transport_send_first(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct sluice_conn *conn = sluice_conn_find(driver->pair->sk);
	struct driver_io io;

	disable_delayed_work_sync(&driver->session->recvq.base.work);
	peer_send_alert(peer_of(driver), 40);
	WRITE_ONCE(conn->tx_state, SLUICE_DIR_FAILED);
	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &io, "x", 1, 0));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED, driver_wait(driver, &io));
	KUNIT_EXPECT_EQ(test, -ECONNABORTED,
			sluice_session_error(driver->session));
}

static void transport_recv(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct driver_io io;
	char got[8];

	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, got, 8, 0));
	peer_send_ticket(peer_of(driver));
	peer_send_key_update(peer_of(driver), true);
	peer_says(driver, "");
	peer_says(driver, "abc");
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	KUNIT_ASSERT_EQ(test, 3, io.recv.received);
	KUNIT_EXPECT_MEMEQ(test, got, "abc", 3);
	peer_expect_key_update(peer_of(driver), false);

	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, got, 8,
					     SLUICE_RECV_EXACT));
	peer_says(driver, "defgh");
	msleep(20);
	KUNIT_EXPECT_FALSE(test, completion_done(&io.done));
	peer_send_key_update(peer_of(driver), false);
	peer_says(driver, "ijklm");
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	KUNIT_ASSERT_EQ(test, 8, io.recv.received);
	KUNIT_EXPECT_MEMEQ(test, got, "defghijk", 8);
}

struct loan {
	struct driver_io io;
	char got[32];
	size_t len;
	size_t take;	/* octets at most, before it wants no more */
};

static size_t lend(struct sluice_recv *recv, struct sk_buff *skb,
		   unsigned int offset, size_t len)
{
	struct loan *loan = container_of(recv, struct loan, io.recv);

	len = min3(len, loan->take, sizeof(loan->got) - loan->len);
	if (skb_copy_bits(skb, offset, loan->got + loan->len, len))
		return 0;
	loan->len += len;
	loan->take -= len;
	return len;
}

static int borrow(struct driver *driver, struct loan *loan, u64 limit,
		  size_t take)
{
	*loan = (struct loan){ .take = take };
	driver_init_recv(&loan->io, 0);
	loan->io.recv.lend = lend;
	loan->io.recv.limit = limit;
	return sluice_recv(driver->session, &loan->io.recv);
}

/* Data is lent where it is: up to a limit, or as much as is wanted. */
static void transport_lend(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct loan loan;

	KUNIT_ASSERT_EQ(test, 0, borrow(driver, &loan, 4, SIZE_MAX));
	peer_says(driver, "ab");
	peer_send_ticket(peer_of(driver));
	peer_says(driver, "cdefghij");
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &loan.io));
	KUNIT_EXPECT_EQ(test, 4, loan.len);
	KUNIT_EXPECT_EQ(test, 4, loan.io.recv.received);
	KUNIT_EXPECT_MEMEQ(test, loan.got, "abcd", 4);

	KUNIT_ASSERT_EQ(test, 0, borrow(driver, &loan, 0, 3));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &loan.io));
	KUNIT_EXPECT_EQ(test, 3, loan.len);
	KUNIT_EXPECT_MEMEQ(test, loan.got, "efg", 3);

	/* The rest, and then the end. */
	KUNIT_ASSERT_EQ(test, 0, borrow(driver, &loan, 0, SIZE_MAX));
	peer_send_alert(peer_of(driver), SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &loan.io));
	KUNIT_EXPECT_EQ(test, 3, loan.len);
	KUNIT_EXPECT_MEMEQ(test, loan.got, "hij", 3);
}

/* Nobody asks for data: all else is seen, and the data waits. */
static void transport_idle(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct sluice_conn *conn = sluice_conn_find(driver->pair->sk);
	struct driver_io io;
	char got[3];

	peer_send_ticket(peer_of(driver));
	peer_send_key_update(peer_of(driver), true);
	peer_expect_key_update(peer_of(driver), false);
	KUNIT_EXPECT_EQ(test, 1, conn->tickets);
	KUNIT_EXPECT_EQ(test, 1, conn->rx_key_updates);
	peer_says(driver, "abc");
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&conn->rx_bytes));
	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, got, 3, 0));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	KUNIT_EXPECT_MEMEQ(test, got, "abc", 3);

	peer_send(peer_of(driver), 99, "x", 1);
	peer_expect_alert(peer_of(driver), SLUICE_ALERT_UNEXPECTED_MESSAGE);
	KUNIT_EXPECT_TRUE(test,
			  EVENTUALLY(sluice_session_error(driver->session)));
	KUNIT_EXPECT_EQ(test, -EPROTO, sluice_session_error(driver->session));
}

/* With an end in sight, data that is in the way is dropped. */
static void transport_discard(struct kunit *test)
{
	struct driver *driver = driver_open(test, 0, 0);
	struct sluice_conn *conn = sluice_conn_find(driver->pair->sk);
	int i;

	for (i = 0; i < 100; i++)
		peer_says(driver, "data that nobody has asked for");
	msleep(20);
	KUNIT_EXPECT_EQ(test, 0, atomic64_read(&conn->rx_bytes));
	sluice_recvq_discard(&driver->session->recvq);
	peer_send_key_update(peer_of(driver), false);
	peer_says(driver, "more of it");
	peer_send_alert(peer_of(driver), SLUICE_ALERT_CLOSE_NOTIFY);
	KUNIT_EXPECT_TRUE(test, EVENTUALLY(READ_ONCE(driver->session->rx_ended)));
	KUNIT_EXPECT_EQ(test, 3010, atomic64_read(&conn->rx_bytes));
}

/* TCP ends without close_notify; a driver may not mind. */
static void transport_truncated(struct kunit *test)
{
	struct driver *driver = driver_open(test, SLUICE_SESSION_PERCPU, 0);
	struct driver_io io;
	u8 octet;

	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, &octet, 1, 0));
	peer_shut(peer_of(driver));
	KUNIT_EXPECT_EQ(test, -ECONNRESET, driver_wait(driver, &io));
	KUNIT_EXPECT_EQ(test, -ECONNRESET,
			sluice_session_error(driver->session));

	driver = driver_open(test, SLUICE_SESSION_ALLOW_TRUNCATION, 0);
	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, &octet, 1, 0));
	peer_shut(peer_of(driver));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &io));
	KUNIT_EXPECT_EQ(test, 0, io.recv.received);
	KUNIT_EXPECT_EQ(test, 0, sluice_session_error(driver->session));

	/* A reset is none of that. */
	driver = driver_open(test, SLUICE_SESSION_ALLOW_TRUNCATION, 0);
	KUNIT_EXPECT_EQ(test, 0, driver_recv(driver, &io, &octet, 1, 0));
	peer_reset(peer_of(driver));
	KUNIT_EXPECT_EQ(test, -ECONNRESET, driver_wait(driver, &io));
}

/* A driver's own close_notify is said once, behind its data. */
static void transport_end(struct kunit *test)
{
	struct driver *driver = driver_open(test, SLUICE_SESSION_RECLAIM, 0);
	struct driver_io one, two;

	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &one, "abc", 3,
					     SLUICE_SEND_MORE));
	KUNIT_EXPECT_EQ(test, 0, driver_send(driver, &two, "def", 3,
					     SLUICE_SEND_MORE));
	sluice_session_shutdown(driver->session);
	peer_hears(driver, "abcdef");
	peer_expect_alert(peer_of(driver), SLUICE_ALERT_CLOSE_NOTIFY);
	peer_expect_end(peer_of(driver));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &one));
	KUNIT_EXPECT_EQ(test, 0, driver_wait(driver, &two));
}

static struct kunit_case transport_test_cases[] = {
	KUNIT_CASE(transport_send),
	KUNIT_CASE(transport_more),
	KUNIT_CASE(transport_full),
	KUNIT_CASE(transport_send_error),
	KUNIT_CASE(transport_send_first),
	KUNIT_CASE(transport_recv),
	KUNIT_CASE(transport_lend),
	KUNIT_CASE(transport_idle),
	KUNIT_CASE(transport_discard),
	KUNIT_CASE(transport_truncated),
	KUNIT_CASE(transport_end),
	{}
};

static struct kunit_suite transport_test_suite = {
	.name = "sluice_transport",
	.init = pair_test_init,
	.test_cases = transport_test_cases,
};

kunit_test_suite(transport_test_suite);

MODULE_DESCRIPTION("KUnit tests of Sluice's queues on a socket");
MODULE_LICENSE("GPL");
