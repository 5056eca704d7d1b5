/* SPDX-License-Identifier: GPL-2.0 */
/* A program that speaks generic netlink. */
#ifndef _SLUICE_TESTS_GENL_H
#define _SLUICE_TESTS_GENL_H

#include <kunit/test.h>
#include <linux/net.h>
#include <net/genetlink.h>

/**
 * struct genl - a socket, and the family that it talks to
 * @test: whose
 * @sock: the socket
 * @family: the family's number
 * @seq: of the last request
 * @buf: what was received
 * @next: the message of @buf to be looked at
 * @left: octets there are from it on
 */
struct genl {
	struct kunit *test;
	struct socket *sock;
	u16 family;
	u32 seq;
	u8 *buf;
	struct nlmsghdr *next;
	int left;
};

void genl_open(struct genl *genl, struct kunit *test, struct net *net,
	       const char *family, const char *group);
struct sk_buff *genl_new(struct genl *genl, u8 cmd, u16 flags);
void genl_send(struct genl *genl, struct sk_buff *msg);
struct nlmsghdr *genl_receive(struct genl *genl);
void genl_parse(struct genl *genl, const struct nlmsghdr *msg,
		struct nlattr **attrs, int max);

#endif /* _SLUICE_TESTS_GENL_H */
