/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ends of a TCP connection over loopback, in a network namespace of the
 * test's own: one that Sluice is to have, with kTLS's keys set as a program
 * sets them, and the peer.
 *
 * A suite has pair_test_init() as its init(); what is made here ends with the
 * test.
 */
#ifndef _SLUICE_TESTS_PAIR_H
#define _SLUICE_TESTS_PAIR_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <uapi/linux/sluice.h>
#include <uapi/linux/tls.h>

#include "../../conn.h"
#include "peer.h"

struct sluice_record;

#define PAIR_BOTH	(SLUICE_ATTACH_TX | SLUICE_ATTACH_RX)

/**
 * struct pair - a connection
 * @test: whose
 * @sock: our end
 * @disowned: @sock is something else's to release
 * @sk: of @sock
 * @cipher: the suite, once there are keys
 * @peer: the other end
 * @user: PAGE_SIZE of the test's own user memory, for socket options
 */
struct pair {
	struct kunit *test;
	struct socket *sock;
	bool disowned;
	struct sock *sk;
	const struct sluice_cipher *cipher;
	struct peer peer;
	void __user *user;
};

/**
 * struct pair_option - what getsockopt() is to fill in
 * @len: octets of @room to use; becomes those that it gave
 * @room: and they
 */
struct pair_option {
	int len;
	u8 room[768];
};

int pair_test_init(struct kunit *test);
struct net *pair_net(struct kunit *test);

struct pair *pair_connect(struct kunit *test, int family);
void pair_set_ulp(struct pair *pair);
void pair_set_keys(struct pair *pair, u16 cipher_type, u32 directions);
void pair_fill_args(struct pair *pair, struct sluice_attach *args, u32 flags);
struct sluice_conn *pair_attach(struct pair *pair, u32 flags);
struct pair *pair_keyed(struct kunit *test);
struct pair *pair_attached(struct kunit *test);
void pair_disown(struct pair *pair);
void pair_close_ours(struct pair *pair);
void pair_close(struct pair *pair);

int pair_setsockopt(struct pair *pair, int level, int option,
		    const void *value, size_t len);
int pair_getsockopt(struct pair *pair, int level, int option,
		    struct pair_option *value);
int pair_send(struct pair *pair, const void *data, size_t len, int flags);
int pair_recv(struct pair *pair, void *data, size_t len, int flags);
void pair_expect(struct pair *pair, const void *data, size_t len);
int pair_meet(struct pair *pair);
bool pair_control(struct pair *pair, struct sluice_record *record);
void pair_consume(struct pair *pair, struct sluice_record *record);
void pair_bound(struct pair *pair);
void pair_wait_stuck(struct pair *pair);

/* What another thread is to bring about, soon. */
#define EVENTUALLY(condition)						\
({									\
	unsigned long eventually_end = jiffies + 10 * HZ;		\
	bool eventually;						\
									\
	while (!(eventually = (condition)) &&				\
	       time_before(jiffies, eventually_end))			\
		fsleep(200);						\
	eventually;							\
})

#endif /* _SLUICE_TESTS_PAIR_H */
