/* SPDX-License-Identifier: GPL-2.0 */
/* A driver that a test plays: a session, and what it was told. */
#ifndef _SLUICE_TESTS_DRIVER_H
#define _SLUICE_TESTS_DRIVER_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/sluice.h>

#include "../../session.h"
#include "pair.h"

#define DRIVER_STATES	8

/**
 * struct driver - a driver
 * @test: whose
 * @pair: the connection; its socket is the session's until that is closed
 * @session: the session
 * @told: states that it was told of, in their order
 * @errors: and the error that came with each
 * @num_told: how many
 * @writables: calls of writable()
 */
struct driver {
	struct kunit *test;
	struct pair *pair;
	struct sluice_session *session;
	u8 told[DRIVER_STATES];
	int errors[DRIVER_STATES];
	atomic_t num_told;
	atomic_t writables;
};

/**
 * struct driver_io - a request of a driver's
 * @send: to send, or
 * @recv: to receive
 * @vec: where to or from
 * @done: it is through
 * @calls: how often it was told so
 * @error: with what
 */
struct driver_io {
	union {
		struct sluice_send send;
		struct sluice_recv recv;
	};
	struct kvec vec;
	struct completion done;
	int calls;
	int error;
};

struct driver *driver_create(struct pair *pair, u32 flags, size_t send_limit);
struct driver *driver_open(struct kunit *test, u32 flags, size_t send_limit);
void driver_expect_told(struct driver *driver, const u8 *states,
			unsigned int num);

void driver_init_send(struct driver_io *io, u32 flags);
int driver_send(struct driver *driver, struct driver_io *io, const void *data,
		size_t len, u32 flags);
void driver_init_recv(struct driver_io *io, u32 flags);
int driver_recv(struct driver *driver, struct driver_io *io, void *data,
		size_t len, u32 flags);
int driver_wait(struct driver *driver, struct driver_io *io);

#endif /* _SLUICE_TESTS_DRIVER_H */
