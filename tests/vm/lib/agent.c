// SPDX-License-Identifier: GPL-2.0
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/handshake.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "tap.h"

static struct mnl_socket *netlink;
static uint16_t family;
static uint32_t group;

/* A multicast group's number and name. */
struct entry {
	uint32_t id;
	const char *name;
};

static int entry_attr(const struct nlattr *attr, void *arg)
{
	struct entry *entry = arg;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
		entry->id = mnl_attr_get_u32(attr);
	else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
		entry->name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int group_attr(const struct nlattr *attr, void *arg)
{
	struct entry entry = { .name = "" };

	(void)arg;
	mnl_attr_parse_nested(attr, entry_attr, &entry);
	if (!strcmp(entry.name, "tlshd"))
		group = entry.id;
	return MNL_CB_OK;
}

static int family_attr(const struct nlattr *attr, void *arg)
{
	(void)arg;
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
		mnl_attr_parse_nested(attr, group_attr, NULL);
	return MNL_CB_OK;
}

static int family_message(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr, arg);
}

static struct nlmsghdr *message(char *buf, uint16_t type, uint8_t command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
	return nlh;
}

/* Sends, and takes what comes until the acknowledgement: 0 or -1 and errno. */
static int exchange(struct nlmsghdr *nlh, mnl_cb_t callback, void *arg)
{
	char buf[8192];
	ssize_t n;
	int rc;

	if (mnl_socket_sendto(netlink, nlh, nlh->nlmsg_len) < 0)
		return -1;
	do {
		n = mnl_socket_recvfrom(netlink, buf, sizeof(buf));
		if (n < 0)
			return -1;
		/* A notification is for the group, and not the answer. */
		if (((struct nlmsghdr *)buf)->nlmsg_seq != 1)
			continue;
		rc = mnl_cb_run(buf, (size_t)n, 1, 0, callback, arg);
	} while (((struct nlmsghdr *)buf)->nlmsg_seq != 1 || rc > 0);
	return rc;
}

void agent_begin(void)
{
	char buf[8192];
	struct nlmsghdr *nlh;

	netlink = mnl_socket_open(NETLINK_GENERIC);
	if (!netlink || mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID))
		die("netlink");
	nlh = message(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, HANDSHAKE_FAMILY_NAME);
	if (exchange(nlh, family_message, NULL) || !group)
		die("the family 'handshake'");
	if (mnl_socket_setsockopt(netlink, NETLINK_ADD_MEMBERSHIP, &group,
				  sizeof(group)))
		die("the group 'tlshd'");
}

static int accept_attr(const struct nlattr *attr, void *arg)
{
	if (mnl_attr_get_type(attr) == HANDSHAKE_A_ACCEPT_SOCKFD)
		*(int *)arg = (int)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int accept_message(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), accept_attr, arg);
}

int agent_try_accept(void)
{
	char buf[8192];
	struct nlmsghdr *nlh = message(buf, family, HANDSHAKE_CMD_ACCEPT);
	int fd = -1;

	mnl_attr_put_u32(nlh, HANDSHAKE_A_ACCEPT_HANDLER_CLASS,
			 HANDSHAKE_HANDLER_CLASS_TLSHD);
	exchange(nlh, accept_message, &fd);
	return fd;
}

int agent_accept(void)
{
	int fd = -1;

	for (int i = 0; i < 200 && fd < 0; i++) {
		fd = agent_try_accept();
		if (fd < 0)
			usleep(10000);
	}
	if (fd < 0)
		die("no request has come");
	return fd;
}

int agent_done(int fd, uint32_t status)
{
	char buf[8192];
	struct nlmsghdr *nlh = message(buf, family, HANDSHAKE_CMD_DONE);

	mnl_attr_put_u32(nlh, HANDSHAKE_A_DONE_STATUS, status);
	mnl_attr_put_u32(nlh, HANDSHAKE_A_DONE_SOCKFD, (uint32_t)fd);
	return exchange(nlh, NULL, NULL);
}

void agent_end(void)
{
	mnl_socket_close(netlink);
	group = 0;
}
