// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces that everybody leaves while a driver has a session there.
 * The session holds its own, and is not disturbed; when it ends the namespace
 * does.
 */
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "client.h"
#include "echo.h"
#include "tap.h"

/* By this number the first namespace knows the other, while that is there. */
#define NSID	4242

static struct mnl_socket *netlink;
static int home;

static void request(uint16_t type, int ns, mnl_cb_t callback, void *arg)
{
	char buf[4096];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	ssize_t n;
	int rc;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | (callback ? NLM_F_DUMP : NLM_F_ACK);
	nlh->nlmsg_seq = 1;
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct rtgenmsg));
	if (!callback) {
		mnl_attr_put_u32(nlh, NETNSA_NSID, NSID);
		mnl_attr_put_u32(nlh, NETNSA_FD, (uint32_t)ns);
	}
	if (mnl_socket_sendto(netlink, nlh, nlh->nlmsg_len) < 0)
		die("rtnetlink");
	do {
		n = mnl_socket_recvfrom(netlink, buf, sizeof(buf));
		if (n < 0)
			die("rtnetlink");
		rc = mnl_cb_run(buf, (size_t)n, 1, 0, callback, arg);
	} while (rc > 0);
	if (rc < 0)
		die("rtnetlink");
}

static int nsid_attr(const struct nlattr *attr, void *arg)
{
	if (mnl_attr_get_type(attr) == NETNSA_NSID &&
	    mnl_attr_get_u32(attr) == NSID)
		*(bool *)arg = true;
	return MNL_CB_OK;
}

static int nsid_message(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct rtgenmsg), nsid_attr, arg);
}

static bool there(void)
{
	bool found = false;

	request(RTM_GETNSID, -1, nsid_message, &found);
	return found;
}

/* It goes by a worker, when the last reference has gone. */
static bool goes(void)
{
	for (int i = 0; i < 500; i++) {
		if (!there())
			return true;
		usleep(20000);
	}
	return false;
}

/* A new namespace, until leave(). */
static void enter(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd;

	if (unshare(CLONE_NEWNET))
		die("unshare");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		die("lo");
	close(fd);
}

/* Nobody is in it any more, but sockets are. */
static void leave(void)
{
	int ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (ns < 0 || setns(home, CLONE_NEWNET))
		die("setns");
	request(RTM_NEWNSID, ns, NULL, NULL);
	close(ns);
	if (!there())
		die("the namespace has no number");
}

static void verdict(const struct client *c, int error, const char *what)
{
	bool gone = goes();

	tap(c->out.error == error && gone, "%s: %s, and the namespace %s", what,
	    strerror(c->out.error), gone ? "is gone" : "stays");
}

static void test_handshake(bool accepted)
{
	struct end own, peer;
	struct client c;

	enter();
	agent_begin();
	make_pair(AF_INET, &suites[0], &own, &peer);
	start(&c, "fd=%d auth=anon timeout=1500", own.fd);
	if (accepted)
		close(agent_accept());
	else
		usleep(200000);
	agent_end();
	close(own.fd);
	close(peer.fd);
	leave();
	end(&c);
	verdict(&c, ETIMEDOUT, accepted ?
		"a handshake whose agent has died" :
		"a handshake that no agent takes");
}

static void test_traffic(void)
{
	struct echo e = { .update_every = 5, .request = true };
	pthread_t thread;
	struct client c;
	struct end own;

	enter();
	connect_pair(&suites[0], false, &own, &e.peer);
	leave();
	thread = start_echo(&e);
	start(&c, "fd=%d auth=none bytes=20000000 size=5000 update=7", own.fd);
	usleep(100000);	/* it has looked the socket up */
	close(own.fd);
	end(&c);
	pthread_join(thread, NULL);
	close(e.peer.fd);
	tap(c.out.received == 20000000, "all of the traffic there comes through");
	verdict(&c, 0, "traffic");
}

/* An open session that waits for its peer, and is left or closed. */
static void test_idle(bool closing)
{
	struct end own, peer;
	struct client c;

	enter();
	connect_pair(&suites[0], false, &own, &peer);
	start(&c, "fd=%d auth=none %s", own.fd,
	      closing ? "linger=500" : "bytes=100000000 depth=16");
	usleep(200000);
	close(own.fd);
	leave();
	if (!closing)
		pthread_kill(c.thread, SIGUSR1);
	end(&c);
	close(peer.fd);
	verdict(&c, closing ? ETIMEDOUT : EINTR, closing ?
		"a session that waits for close_notify" :
		"a session whose driver gives up");
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
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	netlink = mnl_socket_open(NETLINK_ROUTE);
	if (home < 0 || !netlink ||
	    mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID))
		die("netlink");
	load_client();

	test_handshake(false);
	test_handshake(true);
	test_traffic();
	test_idle(false);
	test_idle(true);
	unload_client();
	return tap_status();
}
