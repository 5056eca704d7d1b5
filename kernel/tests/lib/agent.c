// SPDX-License-Identifier: GPL-2.0
/* An agent of net/handshake. */
#include <linux/fdtable.h>
#include <linux/string.h>

#include "agent.h"
#include "pair.h"

void agent_open(struct genl *agent, struct kunit *test, struct net *net)
{
	genl_open(agent, test, net, HANDSHAKE_FAMILY_NAME,
		  HANDSHAKE_MCGRP_TLSHD);
}

static void read_certificate(struct genl *agent, const struct nlattr *nest,
			     struct agent_request *request)
{
	struct nlattr *attrs[HANDSHAKE_A_X509_MAX + 1];

	KUNIT_ASSERT_EQ(agent->test, 0,
			nla_parse_nested(attrs, HANDSHAKE_A_X509_MAX, nest,
					 NULL, NULL));
	request->cert = nla_get_s32(attrs[HANDSHAKE_A_X509_CERT]);
	request->privkey = nla_get_s32(attrs[HANDSHAKE_A_X509_PRIVKEY]);
}

/* Returns -EAGAIN if nobody wants a handshake. */
int agent_try_accept(struct genl *agent, struct agent_request *request)
{
	struct nlmsghdr *answer;
	struct nlattr *attr;
	struct sk_buff *msg;
	int rem;

	*request = (struct agent_request){ .fd = -1 };
	msg = genl_new(agent, HANDSHAKE_CMD_ACCEPT, 0);
	KUNIT_ASSERT_EQ(agent->test, 0,
			nla_put_u32(msg, HANDSHAKE_A_ACCEPT_HANDLER_CLASS,
				    HANDSHAKE_HANDLER_CLASS_TLSHD));
	genl_send(agent, msg);
	answer = genl_receive(agent);
	KUNIT_ASSERT_NOT_NULL(agent->test, answer);
	if (IS_ERR(answer))
		return PTR_ERR(answer);

	nlmsg_for_each_attr(attr, answer, GENL_HDRLEN, rem) {
		switch (nla_type(attr)) {
		case HANDSHAKE_A_ACCEPT_SOCKFD:
			request->fd = nla_get_s32(attr);
			break;
		case HANDSHAKE_A_ACCEPT_MESSAGE_TYPE:
			request->type = nla_get_u32(attr);
			break;
		case HANDSHAKE_A_ACCEPT_TIMEOUT:
			request->timeout_ms = nla_get_u32(attr);
			break;
		case HANDSHAKE_A_ACCEPT_AUTH_MODE:
			request->auth = nla_get_u32(attr);
			break;
		case HANDSHAKE_A_ACCEPT_PEER_IDENTITY:
			KUNIT_ASSERT_LT(agent->test, request->num_psk,
					ARRAY_SIZE(request->psk));
			request->psk[request->num_psk++] = nla_get_u32(attr);
			break;
		case HANDSHAKE_A_ACCEPT_CERTIFICATE:
			read_certificate(agent, attr, request);
			break;
		case HANDSHAKE_A_ACCEPT_PEERNAME:
			nla_strscpy(request->peer_name, attr,
				    sizeof(request->peer_name));
			break;
		case HANDSHAKE_A_ACCEPT_KEYRING:
			request->keyring = nla_get_u32(attr);
			break;
		default:
			KUNIT_FAIL(agent->test, "attribute %d", nla_type(attr));
		}
	}
	return 0;
}

void agent_accept(struct genl *agent, struct agent_request *request)
{
	KUNIT_ASSERT_TRUE(agent->test,
			  EVENTUALLY(agent_try_accept(agent, request) !=
				     -EAGAIN));
	KUNIT_ASSERT_GE(agent->test, request->fd, 0);
}

/* @status is a positive errno, as an agent says it. */
void agent_done(struct genl *agent, struct agent_request *request, int status,
		key_serial_t peer)
{
	struct sk_buff *msg = genl_new(agent, HANDSHAKE_CMD_DONE, NLM_F_ACK);

	KUNIT_ASSERT_EQ(agent->test, 0,
			nla_put_u32(msg, HANDSHAKE_A_DONE_STATUS, status));
	KUNIT_ASSERT_EQ(agent->test, 0,
			nla_put_s32(msg, HANDSHAKE_A_DONE_SOCKFD, request->fd));
	if (peer)
		KUNIT_ASSERT_EQ(agent->test, 0,
				nla_put_u32(msg, HANDSHAKE_A_DONE_REMOTE_AUTH,
					    peer));
	genl_send(agent, msg);
	genl_receive(agent);
	close_fd(request->fd);
	request->fd = -1;
}
