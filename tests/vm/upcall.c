// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake's upcall, with an agent that is played here: one that says
 * nothing, one that gives up, one that lies, and one that hands over keys.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/handshake.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "peer.h"
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

static void agent_begin(void)
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

/* The socket of the next request; waits for one. */
static int agent_accept(void)
{
	char buf[8192];
	struct nlmsghdr *nlh;
	int fd = -1;

	for (int i = 0; i < 200 && fd < 0; i++) {
		nlh = message(buf, family, HANDSHAKE_CMD_ACCEPT);
		mnl_attr_put_u32(nlh, HANDSHAKE_A_ACCEPT_HANDLER_CLASS,
				 HANDSHAKE_HANDLER_CLASS_TLSHD);
		if (exchange(nlh, accept_message, &fd))
			usleep(10000);
	}
	if (fd < 0)
		die("no request has come");
	return fd;
}

static int agent_done(int fd, uint32_t status)
{
	char buf[8192];
	struct nlmsghdr *nlh = message(buf, family, HANDSHAKE_CMD_DONE);

	mnl_attr_put_u32(nlh, HANDSHAKE_A_DONE_STATUS, status);
	mnl_attr_put_u32(nlh, HANDSHAKE_A_DONE_SOCKFD, (uint32_t)fd);
	return exchange(nlh, NULL, NULL);
}

static long ms_since(const struct timespec *t0)
{
	struct timespec t1;

	clock_gettime(CLOCK_MONOTONIC, &t1);
	return (t1.tv_sec - t0->tv_sec) * 1000 +
	       (t1.tv_nsec - t0->tv_nsec) / 1000000;
}

/* More than the upcall takes: some wait, and all of them only so long. */
#define MANY	64

static void test_silence(void)
{
	static struct client clients[MANY];
	static struct end own[MANY], peer[MANY];
	struct timespec t0;
	int good = 0;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (int i = 0; i < MANY; i++) {
		make_pair(AF_INET, &suites[0], &own[i], &peer[i]);
		start(&clients[i], "fd=%d auth=anon timeout=1000", own[i].fd);
	}
	for (int i = 0; i < MANY; i++) {
		good += end(&clients[i])->error == ETIMEDOUT;
		close(own[i].fd);
		close(peer[i].fd);
	}
	tap(good == MANY && ms_since(&t0) >= 1000,
	    "an agent that says nothing: %d of %d have timed out", good, MANY);
}

static void test_cancel(bool accepted)
{
	struct end own, peer;
	const struct outcome *o;
	struct client c;
	struct timespec t0;
	int fd = -1;

	make_pair(AF_INET6, &suites[0], &own, &peer);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	start(&c, "fd=%d auth=anon timeout=60000", own.fd);
	if (accepted)
		fd = agent_accept();
	else
		usleep(200000);
	pthread_kill(c.thread, SIGUSR1);
	o = end(&c);
	tap(o->error == EINTR && ms_since(&t0) < 30000,
	    "cancelled while the agent %s: %s", accepted ? "works" : "is asked",
	    strerror(o->error));
	if (accepted) {
		agent_done(fd, 0);
		close(fd);
	}
	close(own.fd);
	close(peer.fd);
}

static void test_status(uint32_t status, int error, const char *what)
{
	struct end own, peer;
	const struct outcome *o;
	struct client c;
	int fd;

	make_pair(AF_INET6, &suites[0], &own, &peer);
	start(&c, "fd=%d auth=x509 name=localhost timeout=20000", own.fd);
	fd = agent_accept();
	agent_done(fd, status);
	close(fd);
	o = end(&c);
	tap(o->error == error, "%s: %s", what, strerror(o->error));
	close(own.fd);
	close(peer.fd);
}

/* Sends back what comes, until close_notify. */
static void *echo_thread(void *arg)
{
	struct end *peer = arg;
	uint8_t buf[16384], type;
	bool requested;	/* ours is not renewed: nothing says when it must be */
	ssize_t n;

	while ((n = receive(peer, buf, sizeof(buf), &type, &requested)) > 0 &&
	       type != 21)
		if (type == 23 && send(peer->fd, buf, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	send_alert(peer, 1, 0);
	return NULL;
}

static void test_keys(bool secrets)
{
	struct end own, peer;
	const struct outcome *o;
	pthread_t thread;
	struct client c;
	int fd;

	make_pair(AF_INET6, &suites[1], &own, &peer);
	start(&c, "fd=%d auth=psk psk=1 timeout=20000 bytes=500000%s", own.fd,
	      secrets ? " update=3" : "");
	fd = agent_accept();
	close(own.fd);
	own.fd = fd;
	set_ktls(&own);
	if (secrets && attach(&own, 0, 0))
		die("attach");
	set_ktls(&peer);
	if (pthread_create(&thread, NULL, echo_thread, &peer))
		die("pthread_create");
	agent_done(fd, 0);
	close(fd);
	o = end(&c);
	pthread_join(thread, NULL);
	close(peer.fd);
	tap(!o->error && o->received == 500000 && !o->tx_updates == !secrets,
	    "an agent that hands over %s: %s, %llu octets back, %llu key updates",
	    secrets ? "secrets" : "keys alone", strerror(o->error), o->received,
	    o->tx_updates);
}

static void on_signal(int sig)
{
	(void)sig;
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	load_client();
	agent_begin();

	test_silence();
	test_cancel(false);
	test_cancel(true);
	test_status(EACCES, EACCES, "an agent that refuses");
	test_status(0, EINVAL, "an agent that says it is done, and is not");
	test_keys(true);
	test_keys(false);
	unload_client();
	return tap_status();
}
