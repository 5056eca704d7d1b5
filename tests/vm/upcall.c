// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake's upcall, with an agent that is played here: one that says
 * nothing, one that gives up, one that lies, and one that hands over keys.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "agent.h"
#include "client.h"
#include "peer.h"
#include "tap.h"

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
