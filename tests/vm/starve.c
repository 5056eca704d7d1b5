// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions of a driver whose memory runs out: of all the allocations that a
 * session makes, in its workers, in its agent and in its driver, one after the
 * other fails. Only what makes a session may say ENOMEM. An open one goes on:
 * nothing is mixed up or left over, and it ends in order; but where the record
 * of several requests can't be encrypted it ends with EIO, and not in order.
 */
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent.h"
#include "client.h"
#include "echo.h"
#include "fault.h"
#include "tap.h"

/* More than any session makes here. */
#define ROUNDS_MAX	3000

/**
 * struct way - how a session lives
 * @options: the driver's
 * @bytes: what it sends
 * @bare: it has no secrets
 * @updates: the peer renews its key, and sends tickets
 * @agent: it has its keys by a handshake
 */
struct way {
	const char *options;
	unsigned long long bytes;
	bool bare;
	bool updates;
	bool agent;
};

static const struct way ways[] = {
	{ "size=5000", 20000, false, false, false },
	{ "size=16384 kvec", 40000, true, false, false },
	{ "size=7000 lend", 20000, false, true, false },
	{ "size=100 depth=16 more", 5000, false, false, false },
	{ "size=3000 update=1", 12000, false, true, false },
	{ "size=4000 stop", 16000, true, false, false },
	{ "size=3000 update=2", 6000, false, true, true },
	{ "size=3000 lend", 6000, true, false, true },
};

/* Again, where it lacks memory. */
static void attach_end(const struct end *own)
{
	int rc;

	do
		rc = attach(own, 0, 0);
	while (rc == -ENOMEM);
	if (rc)
		die("attach");
}

static void play_agent(const struct way *way, struct client *c, struct end *own)
{
	int fd;

	while ((fd = agent_try_accept()) < 0)
		if (c->over)
			return;
		else
			usleep(1000);
	close(own->fd);
	own->fd = fd;
	set_ktls(own);
	if (!way->bare)
		attach_end(own);
	agent_done(fd, 0);
}

/* A session's life that lacks the n-th allocation; or n of a hundred of all. */
static const struct outcome *live(const struct way *way, enum fault fault,
				  unsigned int n, struct client *c,
				  struct echo *e)
{
	const struct timeval patience = { .tv_sec = 5 };
	struct end own;
	pthread_t thread;

	*e = (struct echo){ .octets = 0 };
	if (way->updates) {
		e->update_every = 2;
		e->request = true;
		e->tickets = true;
	}
	if (way->agent) {
		make_pair(AF_INET6, &suites[1], &own, &e->peer);
		set_ktls(&e->peer);
	} else {
		connect_pair(&suites[0], true, &own, &e->peer);
	}
	/* TCP's own end takes memory, too: not every peer hears of it. */
	setsockopt(e->peer.fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		   sizeof(patience));
	thread = start_echo(e);
	if (fault < FAULTS)
		fault_arm(fault, n);
	else
		fault_rain(n);
	if (!way->agent && !way->bare)
		attach_end(&own);
	start(c, "fd=%d auth=%s bytes=%llu %s", own.fd,
	      way->agent ? "psk psk=1" : "none", way->bytes, way->options);
	if (way->agent)
		play_agent(way, c, &own);
	end(c);
	/* What the driver has let go the program still holds. */
	close(own.fd);
	pthread_join(thread, NULL);
	close(e->peer.fd);
	return &c->out;
}

/* What became of the sessions of one way. */
struct tally {
	unsigned int failed;
	unsigned int well;
	unsigned int refused;
	unsigned int lost;
	unsigned int bad;
};

static void judge(const struct way *way, const struct outcome *o,
		  const struct echo *e, struct tally *tally)
{
	unsigned long long bytes = strstr(way->options, "stop") ?
				   way->bytes / 2 : way->bytes;

	if (!o->error && o->received == bytes && e->closed) {
		tally->well++;
	} else if (o->error == ENOMEM && !o->sent) {
		tally->refused++;	/* it never came to be */
	} else if (o->error == EIO && o->sent && !e->closed) {
		tally->lost++;
	} else {
		tally->bad++;
		printf("# %s, %llu of %llu octets back%s\n", strerror(o->error),
		       o->received, o->sent,
		       e->closed ? "" : ", no close_notify");
	}
}

static void starve(const struct way *way, enum fault fault)
{
	struct tally tally = { 0 };
	struct client c;
	struct echo e;
	unsigned int n;
	int misses = 0;

	/* What runs beside it takes its turns as it likes: look twice. */
	for (n = 1; n < ROUNDS_MAX && misses < 3; n++) {
		const struct outcome *o = live(way, fault, n, &c, &e);

		if (fault_disarm(fault))
			tally.failed++;
		else
			misses++;
		judge(way, o, &e, &tally);
	}
	tap(!tally.bad && tally.failed > 1 && n < ROUNDS_MAX,
	    "%s, %s%s: %u sessions each without one allocation, %u well, %u never open, %u lost data",
	    fault_names[fault], way->options,
	    way->agent ? " by an agent" : "", tally.failed, tally.well,
	    tally.refused, tally.lost);
}

/* Every tenth allocation fails. */
static void rain(const struct way *way)
{
	struct tally tally = { 0 };
	struct client c;
	struct echo e;

	for (int i = 0; i < 15; i++) {
		const struct outcome *o = live(way, FAULTS, 10, &c, &e);

		fault_rain(0);
		judge(way, o, &e, &tally);
	}
	tap(!tally.bad, "every tenth allocation fails, %s%s: %u well, %u never open, %u lost data",
	    way->options, way->agent ? " by an agent" : "", tally.well,
	    tally.refused, tally.lost);
}

/* In the middle there is none at all for a while. */
static void drought(const char *options)
{
	struct tally tally = { 0 };
	const struct way way = { options, 3000000, false, true, false };
	struct client c;
	struct echo e = { .update_every = 50, .request = true };
	pthread_t thread;
	struct end own;

	connect_pair(&suites[0], false, &own, &e.peer);
	thread = start_echo(&e);
	start(&c, "fd=%d auth=none bytes=%llu %s", own.fd, way.bytes, options);
	usleep(50000);
	fault_rain(100);
	usleep(300000);
	fault_rain(0);
	end(&c);
	close(own.fd);
	pthread_join(thread, NULL);
	close(e.peer.fd);
	judge(&way, &c.out, &e, &tally);
	tap(!tally.bad, "no allocation for 300 ms, %s: %s after %llu octets",
	    options, strerror(c.out.error), c.out.received);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	alarm(280);
	if (!fault_begin()) {
		tap_skip("this kernel can't make allocations of Sluice's fail");
		return tap_status();
	}
	load_client();
	agent_begin();
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		for (int fault = 0; fault < FAULTS; fault++)
			starve(&ways[i], fault);
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		rain(&ways[i]);
	drought("size=9000 depth=1");
	drought("size=9000 depth=1 lend update=20");
	drought("size=500 depth=16 more");
	fault_end();
	unload_client();
	return tap_status();
}
