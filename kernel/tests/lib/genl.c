// SPDX-License-Identifier: GPL-2.0
/* A program that speaks generic netlink. */
#include <linux/file.h>
#include <linux/netlink.h>
#include <linux/string.h>
#include <net/sock.h>
#include <uapi/linux/genetlink.h>

#include "genl.h"

#define BUF_SIZE	SZ_64K

static void close_file(void *file)
{
	__fput_sync(file);
}

/* A request, for attributes and then genl_send(). */
struct sk_buff *genl_new(struct genl *genl, u8 cmd, u16 flags)
{
	const struct genl_family family = { .id = genl->family, .version = 1 };
	struct sk_buff *msg;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(genl->test, msg);
	KUNIT_ASSERT_NOT_NULL(genl->test,
			      genlmsg_put(msg, 0, ++genl->seq, &family,
					  NLM_F_REQUEST | flags, cmd));
	return msg;
}

void genl_send(struct genl *genl, struct sk_buff *msg)
{
	struct kvec vec = { .iov_base = msg->data, .iov_len = msg->len };
	struct msghdr hdr = {};
	int rc;

	nlmsg_hdr(msg)->nlmsg_len = msg->len;
	genl->left = 0;
	rc = kernel_sendmsg(genl->sock, &hdr, &vec, 1, msg->len);
	nlmsg_free(msg);
	KUNIT_ASSERT_GT(genl->test, rc, 0);
}

static bool fill(struct genl *genl)
{
	struct kvec vec = { .iov_base = genl->buf, .iov_len = BUF_SIZE };
	struct msghdr hdr = {};

	genl->left = kernel_recvmsg(genl->sock, &hdr, &vec, 1, BUF_SIZE, 0);
	KUNIT_ASSERT_GT(genl->test, genl->left, 0);
	genl->next = (struct nlmsghdr *)genl->buf;
	return true;
}

/*
 * What answers the last request: a message; NULL at the end of a dump; or the
 * error, which one that asks for no acknowledgment does not get for success.
 */
struct nlmsghdr *genl_receive(struct genl *genl)
{
	struct nlmsghdr *msg;

	for (;;) {
		if (!nlmsg_ok(genl->next, genl->left))
			fill(genl);
		msg = genl->next;
		KUNIT_ASSERT_TRUE(genl->test, nlmsg_ok(msg, genl->left));
		genl->next = nlmsg_next(msg, &genl->left);
		/* Not a notification. */
		if (msg->nlmsg_seq == genl->seq)
			break;
	}
	if (msg->nlmsg_type == NLMSG_DONE)
		return NULL;
	if (msg->nlmsg_type == NLMSG_ERROR)
		return ERR_PTR(((struct nlmsgerr *)nlmsg_data(msg))->error);
	return msg;
}

void genl_parse(struct genl *genl, const struct nlmsghdr *msg,
		struct nlattr **attrs, int max)
{
	KUNIT_ASSERT_EQ(genl->test, 0,
			nla_parse(attrs, max, nlmsg_attrdata(msg, GENL_HDRLEN),
				  nlmsg_attrlen(msg, GENL_HDRLEN), NULL, NULL));
}

static void join(struct genl *genl, const struct nlattr *groups,
		 const char *name)
{
	struct nlattr *attrs[CTRL_ATTR_MCAST_GRP_MAX + 1], *group;
	const struct proto_ops *ops;
	int rem;
	u32 id;

	nla_for_each_nested(group, groups, rem) {
		KUNIT_ASSERT_EQ(genl->test, 0,
				nla_parse_nested_deprecated(attrs, CTRL_ATTR_MCAST_GRP_MAX,
							    group, NULL, NULL));
		if (nla_strcmp(attrs[CTRL_ATTR_MCAST_GRP_NAME], name))
			continue;
		id = nla_get_u32(attrs[CTRL_ATTR_MCAST_GRP_ID]);
		ops = READ_ONCE(genl->sock->ops);
		KUNIT_ASSERT_EQ(genl->test, 0,
				ops->setsockopt(genl->sock, SOL_NETLINK,
						NETLINK_ADD_MEMBERSHIP,
						KERNEL_SOCKPTR(&id),
						sizeof(id)));
		return;
	}
	KUNIT_FAIL_AND_ABORT(genl->test, "there is no group %s", name);
}

/* For a family; and in one of its groups, if one is named. */
void genl_open(struct genl *genl, struct kunit *test, struct net *net,
	       const char *family, const char *group)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	struct nlattr *attrs[CTRL_ATTR_MAX + 1];
	struct nlmsghdr *answer;
	struct sk_buff *msg;
	struct file *file;

	*genl = (struct genl){ .test = test, .family = GENL_ID_CTRL };
	genl->buf = kunit_kmalloc(test, BUF_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, genl->buf);
	genl->next = (struct nlmsghdr *)genl->buf;
	KUNIT_ASSERT_EQ(test, 0,
			__sock_create(net, PF_NETLINK, SOCK_RAW,
				      NETLINK_GENERIC, &genl->sock, 0));
	/* Its opener's privileges are asked for. */
	file = sock_alloc_file(genl->sock, 0, NULL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, close_file, file));
	WRITE_ONCE(genl->sock->sk->sk_rcvtimeo, 10 * HZ);
	KUNIT_ASSERT_EQ(test, 0,
			kernel_bind(genl->sock,
				    (struct sockaddr_unsized *)&address,
				    sizeof(address)));

	msg = genl_new(genl, CTRL_CMD_GETFAMILY, 0);
	KUNIT_ASSERT_EQ(test, 0, nla_put_string(msg, CTRL_ATTR_FAMILY_NAME,
						family));
	genl_send(genl, msg);
	answer = genl_receive(genl);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, answer);
	genl_parse(genl, answer, attrs, CTRL_ATTR_MAX);
	KUNIT_ASSERT_NOT_NULL(test, attrs[CTRL_ATTR_FAMILY_ID]);
	genl->family = nla_get_u16(attrs[CTRL_ATTR_FAMILY_ID]);
	if (group) {
		KUNIT_ASSERT_NOT_NULL(test, attrs[CTRL_ATTR_MCAST_GROUPS]);
		join(genl, attrs[CTRL_ATTR_MCAST_GROUPS], group);
	}
}
