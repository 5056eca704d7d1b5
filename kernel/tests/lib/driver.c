// SPDX-License-Identifier: GPL-2.0
/* A driver. */
#include <linux/module.h>
#include <linux/string.h>
#include <net/sock.h>

#include "driver.h"

static void told_state(struct sluice_session *session,
		       enum sluice_session_state state, int error)
{
	struct driver *driver = sluice_session_priv(session);
	int i = atomic_read(&driver->num_told);

	/* One after the other: it comes from one work item. */
	if (i < DRIVER_STATES) {
		driver->told[i] = state;
		driver->errors[i] = error;
	}
	atomic_set_release(&driver->num_told, i + 1);
}

static void told_writable(struct sluice_session *session)
{
	struct driver *driver = sluice_session_priv(session);

	atomic_inc(&driver->writables);
}

static const struct sluice_session_ops ops = {
	.state = told_state,
	.writable = told_writable,
};

static void close_driver(void *data)
{
	struct driver *driver = data;

	sluice_session_close(driver->session, 0);
	sluice_session_put(driver->session);
}

struct driver *driver_create(struct pair *pair, u32 flags, size_t send_limit)
{
	struct kunit *test = pair->test;
	struct driver *driver = kunit_kzalloc(test, sizeof(*driver),
					      GFP_KERNEL);
	const struct sluice_session_params params = {
		.ops = &ops,
		.priv = driver,
		.module = THIS_MODULE,
		.flags = flags,
		.send_limit = send_limit,
	};

	KUNIT_ASSERT_NOT_NULL(test, driver);
	driver->test = test;
	driver->pair = pair;
	pair_disown(pair);
	driver->session = sluice_session_create(pair->sock, &params);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver->session);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, close_driver, driver));
	return driver;
}

/* A session on a socket with all its keys and secrets. */
struct driver *driver_open(struct kunit *test, u32 flags, size_t send_limit)
{
	struct driver *driver = driver_create(pair_keyed(test), flags,
					      send_limit);

	pair_attach(driver->pair, PAIR_BOTH);
	KUNIT_ASSERT_EQ(test, 0, sluice_session_adopt(driver->session));
	return driver;
}

/* Just these, in this order, and no more. */
void driver_expect_told(struct driver *driver, const u8 *states,
			unsigned int num)
{
	struct kunit *test = driver->test;

	KUNIT_EXPECT_TRUE(test,
			  EVENTUALLY(atomic_read_acquire(&driver->num_told) >=
				     num));
	KUNIT_ASSERT_EQ(test, num, atomic_read_acquire(&driver->num_told));
	KUNIT_EXPECT_MEMEQ(test, driver->told, states, num);
}

static void io_done(struct driver_io *io, int error)
{
	io->error = error;
	io->calls++;
	complete(&io->done);
}

static void send_done(struct sluice_send *send, int error)
{
	io_done(container_of(send, struct driver_io, send), error);
}

static void recv_done(struct sluice_recv *recv, int error)
{
	io_done(container_of(recv, struct driver_io, recv), error);
}

/* A request, but for what is to be sent. */
void driver_init_send(struct driver_io *io, u32 flags)
{
	*io = (struct driver_io){
		.send.done = send_done,
		.send.flags = flags,
	};
	init_completion(&io->done);
}

int driver_send(struct driver *driver, struct driver_io *io, const void *data,
		size_t len, u32 flags)
{
	driver_init_send(io, flags);
	io->vec = (struct kvec){ .iov_base = (void *)data, .iov_len = len };
	iov_iter_kvec(&io->send.iter, ITER_SOURCE, &io->vec, 1, len);
	return sluice_send(driver->session, &io->send);
}

/* A request, but for where to. */
void driver_init_recv(struct driver_io *io, u32 flags)
{
	*io = (struct driver_io){
		.recv.done = recv_done,
		.recv.flags = flags,
	};
	init_completion(&io->done);
}

int driver_recv(struct driver *driver, struct driver_io *io, void *data,
		size_t len, u32 flags)
{
	driver_init_recv(io, flags);
	io->vec = (struct kvec){ .iov_base = data, .iov_len = len };
	iov_iter_kvec(&io->recv.iter, ITER_DEST, &io->vec, 1, len);
	return sluice_recv(driver->session, &io->recv);
}

/* Until it is through; its error. */
int driver_wait(struct driver *driver, struct driver_io *io)
{
	KUNIT_ASSERT_GT(driver->test,
			wait_for_completion_timeout(&io->done, 10 * HZ), 0);
	KUNIT_EXPECT_EQ(driver->test, 1, io->calls);
	return io->error;
}
