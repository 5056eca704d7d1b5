// SPDX-License-Identifier: MIT
/*
 * The netlink family "handshake" (Documentation/netlink/specs/handshake.yaml in
 * the kernel's source), in the part of the handler class "tlshd".
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sluiced.h"

/* Room for any message of the family, in both directions. */
#define MESSAGE_MAX	8192

static struct nlmsghdr *message(char *buf, uint16_t type, uint8_t command)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = HANDSHAKE_FAMILY_VERSION;
	return nlh;
}

/* Sends, and takes the answer up to its acknowledgement. */
static int exchange(const struct upcall *u, const struct nlmsghdr *nlh,
		    mnl_cb_t callback, void *arg)
{
	unsigned int port = mnl_socket_get_portid(u->socket);
	char buf[MESSAGE_MAX];
	ssize_t n;
	int rc;

	if (mnl_socket_sendto(u->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(u->socket, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buf, (size_t)n, nlh->nlmsg_seq, port, callback,
				arg);
		if (rc < 0)
			return -errno;
	} while (n < 0 || rc > MNL_CB_STOP);
	return 0;
}

/* A multicast group's number and name. */
struct group {
	uint32_t id;
	const char *name;
};

static int group_attr(const struct nlattr *attr, void *arg)
{
	struct group *group = arg;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID &&
	    !mnl_attr_validate(attr, MNL_TYPE_U32))
		group->id = mnl_attr_get_u32(attr);
	else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME &&
		 !mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
		group->name = mnl_attr_get_str(attr);
	return MNL_CB_OK;
}

static int groups_attr(const struct nlattr *attr, void *arg)
{
	struct group group = { .name = "" };
	struct upcall *u = arg;

	mnl_attr_parse_nested(attr, group_attr, &group);
	if (!strcmp(group.name, HANDSHAKE_MCGRP_TLSHD))
		u->group = group.id;
	return MNL_CB_OK;
}

static int family_attr(const struct nlattr *attr, void *arg)
{
	struct upcall *u = arg;

	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID &&
	    !mnl_attr_validate(attr, MNL_TYPE_U16))
		u->family = mnl_attr_get_u16(attr);
	else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
		mnl_attr_parse_nested(attr, groups_attr, u);
	return MNL_CB_OK;
}

static int family_message(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr, arg);
}

int upcall_open(struct upcall *u)
{
	char buf[MESSAGE_MAX];
	struct nlmsghdr *nlh;
	int rc;

	memset(u, 0, sizeof(*u));
	u->socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!u->socket)
		return -errno;
	if (mnl_socket_bind(u->socket, 0, MNL_SOCKET_AUTOPID)) {
		rc = -errno;
		upcall_close(u);
		return rc;
	}
	nlh = message(buf, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, HANDSHAKE_FAMILY_NAME);
	rc = exchange(u, nlh, family_message, u);
	if (!rc && !u->group)
		rc = -ENOENT;
	if (rc)
		upcall_close(u);
	return rc;
}

int upcall_listen(const struct upcall *u)
{
	uint32_t group = u->group;

	return mnl_socket_setsockopt(u->socket, NETLINK_ADD_MEMBERSHIP, &group,
				     sizeof(group)) ? -errno : 0;
}

void upcall_drain(const struct upcall *u)
{
	char buf[MESSAGE_MAX];

	/* What was lost (ENOBUFS) tells as much as what was not. */
	mnl_socket_recvfrom(u->socket, buf, sizeof(buf));
}

static int cert_attr(const struct nlattr *attr, void *arg)
{
	struct request *request = arg;
	bool number = !mnl_attr_validate(attr, MNL_TYPE_U32);

	if (number && mnl_attr_get_type(attr) == HANDSHAKE_A_X509_CERT)
		request->cert = (int32_t)mnl_attr_get_u32(attr);
	else if (number && mnl_attr_get_type(attr) == HANDSHAKE_A_X509_PRIVKEY)
		request->privkey = (int32_t)mnl_attr_get_u32(attr);
	return MNL_CB_OK;
}

static int accept_attr(const struct nlattr *attr, void *arg)
{
	struct request *request = arg;
	uint16_t type = mnl_attr_get_type(attr);

	if (type == HANDSHAKE_A_ACCEPT_CERTIFICATE) {
		mnl_attr_parse_nested(attr, cert_attr, request);
		return MNL_CB_OK;
	}
	if (type == HANDSHAKE_A_ACCEPT_PEERNAME) {
		/* One that is cut off is still too long for libsluice. */
		if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			snprintf(request->peer_name, sizeof(request->peer_name),
				 "%s", mnl_attr_get_str(attr));
		return MNL_CB_OK;
	}
	if (mnl_attr_validate(attr, MNL_TYPE_U32))
		return MNL_CB_OK;
	switch (type) {
	case HANDSHAKE_A_ACCEPT_SOCKFD:
		request->fd = (int)mnl_attr_get_u32(attr);
		break;
	case HANDSHAKE_A_ACCEPT_MESSAGE_TYPE:
		request->server = mnl_attr_get_u32(attr) ==
				  HANDSHAKE_MSG_TYPE_SERVERHELLO;
		break;
	case HANDSHAKE_A_ACCEPT_TIMEOUT:
		request->timeout_ms = mnl_attr_get_u32(attr);
		break;
	case HANDSHAKE_A_ACCEPT_AUTH_MODE:
		request->auth = mnl_attr_get_u32(attr);
		break;
	case HANDSHAKE_A_ACCEPT_PEER_IDENTITY:
		if (request->psk_count < PSKS_MAX)
			request->psk[request->psk_count++] =
				(int32_t)mnl_attr_get_u32(attr);
		break;
	case HANDSHAKE_A_ACCEPT_KEYRING:
		request->keyring = (int32_t)mnl_attr_get_u32(attr);
		break;
	default:
		break;
	}
	return MNL_CB_OK;
}

static int accept_message(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), accept_attr, arg);
}

int upcall_accept(const struct upcall *u, struct request *request)
{
	char buf[MESSAGE_MAX];
	struct nlmsghdr *nlh = message(buf, u->family, HANDSHAKE_CMD_ACCEPT);
	int rc;

	memset(request, 0, sizeof(*request));
	request->fd = -1;
	mnl_attr_put_u32(nlh, HANDSHAKE_A_ACCEPT_HANDLER_CLASS,
			 HANDSHAKE_HANDLER_CLASS_TLSHD);
	rc = exchange(u, nlh, accept_message, request);
	if (!rc && request->fd < 0)
		rc = -EBADF;
	if (rc && request->fd >= 0)
		close(request->fd);
	return rc;
}

int upcall_done(const struct upcall *u, const struct request *request,
		int status, int32_t peer)
{
	char buf[MESSAGE_MAX];
	struct nlmsghdr *nlh = message(buf, u->family, HANDSHAKE_CMD_DONE);

	mnl_attr_put_u32(nlh, HANDSHAKE_A_DONE_STATUS, (uint32_t)status);
	mnl_attr_put_u32(nlh, HANDSHAKE_A_DONE_SOCKFD, (uint32_t)request->fd);
	if (!status && peer != NO_KEY)
		mnl_attr_put_u32(nlh, HANDSHAKE_A_DONE_REMOTE_AUTH,
				 (uint32_t)peer);
	return exchange(u, nlh, NULL, NULL);
}

void upcall_close(struct upcall *u)
{
	if (u->socket)
		mnl_socket_close(u->socket);
	u->socket = NULL;
}
