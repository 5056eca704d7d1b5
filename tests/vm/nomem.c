// SPDX-License-Identifier: GPL-2.0
/*
 * Memory runs out: the first allocation of a call fails, then the second, and
 * so on until the call gets by without. Each time the call has to succeed or to
 * say so, nothing that was taken may be lost, and nothing may leak (the debug
 * kernel looks after that). Needs a kernel with CONFIG_FAILSLAB.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record.h"
#include "tap.h"

#define ALERT		21
#define HANDSHAKE	22
#define DATA		23
#define INTERNAL_ERROR	80

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

/* More allocations than any of the calls makes. */
#define ROUNDS_MAX	1000

static int fail_nth;
static struct end session, peer;
static struct records r;

static void setting(const char *name, const char *value)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/failslab/%s", name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		die(path);
	close(fd);
}

/* The n-th allocation of what follows in this thread fails. */
static void arm(int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(fail_nth, text, (size_t)len, 0) != len)
		die("fail-nth");
}

/* Has it failed? And none fails from here on. */
static bool disarm(void)
{
	char text[16] = "";
	int error = errno;

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 1)
		die("fail-nth");
	arm(0);
	errno = error;
	return !atoi(text);
}

static void begin(bool attached)
{
	const struct timeval tv = { .tv_sec = 5 };

	make_pair(AF_INET, &suites[1], &session, &peer);
	set_ktls(&session);
	if (attached && attach(&session, 0, 0))
		die("attach");
	setsockopt(session.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	r = (struct records){ .end = &peer };
}

static void end(void)
{
	close(session.fd);
	close(peer.fd);
}

/* Both directions, with what the session says and the peer understands. */
static bool works(void)
{
	char buf[64];
	uint8_t type;

	put_record(&r, DATA, "ping", 4);
	if (recv(session.fd, buf, sizeof(buf), 0) != 4 ||
	    send(session.fd, "pong", 4, MSG_NOSIGNAL) != 4)
		return false;
	do {
		if (get_record(&r, buf, sizeof(buf), &type) < 0)
			return false;
	} while (type != DATA);
	return !memcmp(buf, "pong", 4);
}

/* Ended in order: it says so at once, and keeps to it. */
static bool failed_well(void)
{
	struct sluice_info in;

	return !info(&session, &in) && in.tx_state == SLUICE_DIR_FAILED &&
	       send(session.fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE;
}

static bool attaching(int n)
{
	bool hit;
	int rc;

	begin(false);
	arm(n);
	rc = attach(&session, 0, 0);
	hit = disarm();
	if (rc && (!hit || rc != -ENOMEM || attach(&session, 0, 0)))
		printf("# %d: %d\n", n, rc);
	tap(works(), "attach, without allocation %d: works after %d", n, rc);
	end();
	return hit;
}

static bool renewing(int n)
{
	bool hit;
	int rc;

	begin(true);
	arm(n);
	rc = key_update(&session, 0);
	hit = disarm();
	tap((rc ? hit : 1) && (works() || failed_well()),
	    "KeyUpdate, without allocation %d: %d", n, rc);
	end();
	return hit;
}

/* What was taken comes, at the latest with what is sent next. */
static bool sending(int n)
{
	char buf[64], all[64] = "";
	uint8_t type;
	ssize_t rc, got;
	bool hit;

	begin(true);
	arm(n);
	rc = send(session.fd, "taken", 5, MSG_DONTWAIT | MSG_NOSIGNAL);
	hit = disarm();
	if (send(session.fd, "pong", 4, MSG_NOSIGNAL) != 4)
		die("send");
	while (!strstr(all, "pong") &&
	       (got = get_record(&r, buf, 16, &type)) > 0 && type == DATA)
		strncat(all, buf, (size_t)got);
	tap((rc == 5 ? !strcmp(all, "takenpong") :
		       hit && rc == -1 && !strcmp(all, "pong")) && works(),
	    "send, without allocation %d: %zd, then '%s'", n, rc, all);
	end();
	return hit;
}

static bool receiving(int n)
{
	static const uint8_t ticket[] = {
		4, 0, 0, 14, 0, 0, 28, 32, 1, 2, 3, 4, 0, 0, 1, 9, 0, 0
	};
	char buf[64];
	ssize_t rc, first, got = 0;
	bool hit, ok;

	begin(true);
	put_record(&r, HANDSHAKE, ticket, sizeof(ticket));
	put_key_update(&r, 1);
	put_record(&r, DATA, "da", 2);
	put_record(&r, DATA, "ta", 2);
	usleep(1000);
	arm(n);
	rc = recv(session.fd, buf, 4, MSG_WAITALL);
	hit = disarm();
	first = rc < 0 ? -errno : rc;
	if (rc > 0)
		got = rc;
	/* What had no memory the first time has some now. */
	while (got < 4 && (hit || rc > 0) &&
	       (rc = recv(session.fd, buf + got, 4 - (size_t)got, 0)) > 0)
		got += rc;
	ok = got == 4 ? !memcmp(buf, "data", 4) && works() :
			hit && failed_well() && get_alert(&r) == INTERNAL_ERROR;
	tap(ok, "recv of ticket, KeyUpdate and data, without allocation %d: %zd, in all %zd",
	    n, first, got);
	end();
	return hit;
}

/* Straight into the buffer: each octet in its place, in however many calls. */
static bool receiving_whole(int n)
{
	static uint8_t want[3 * 4096], buf[sizeof(want)];
	ssize_t rc, got = 0;
	int yes = 1;
	bool hit;

	begin(true);
	if (setsockopt(session.fd, SOL_TLS, TLS_RX_EXPECT_NO_PAD, &yes,
		       sizeof(yes)))
		die("TLS_RX_EXPECT_NO_PAD");
	memset(buf, 0, sizeof(buf));
	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = (uint8_t)(i / 4096 * 64 + i % 61 + 1);
	for (int i = 0; i < 3; i++)
		put_record(&r, DATA, want + i * 4096, 4096);
	usleep(1000);
	arm(n);
	rc = recv(session.fd, buf, sizeof(buf), MSG_WAITALL);
	hit = disarm();
	if (rc > 0)
		got = rc;
	while (got < (ssize_t)sizeof(buf) && (hit || rc > 0) &&
	       (rc = recv(session.fd, buf + got, sizeof(buf) - (size_t)got,
			  0)) > 0)
		got += rc;
	tap(got == sizeof(buf) && !memcmp(buf, want, sizeof(want)) && works(),
	    "recv of three records, without allocation %d: %zd", n, got);
	end();
	return hit;
}

/* Ends that the peer did not hear of: TCP's own FIN takes memory, too. */
static int unheard;

/* The end may then be without close_notify, or a reset. */
static bool closing(int n)
{
	char buf[64];
	ssize_t got;
	uint8_t type;
	bool hit;
	int rc;

	begin(true);
	put_key_update(&r, 1);
	usleep(1000);
	arm(n);
	rc = close(session.fd);
	hit = disarm();
	while (get_record(&r, buf, sizeof(buf), &type) > 0)
		;
	got = recv(peer.fd, buf, 1, MSG_DONTWAIT);
	unheard += got < 0 && errno != ECONNRESET;
	tap(!rc, "close, without allocation %d", n);
	close(peer.fd);
	return hit;
}

int main(void)
{
	bool (*const calls[])(int) = {
		attaching, renewing, sending, receiving, receiving_whole,
		closing
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	alarm(280);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0) {
		tap_skip("this kernel can't make an allocation fail");
		return tap_status();
	}
	setting("ignore-gfp-wait", "N");
	setting("verbose", "0");
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++) {
		int n = 1;

		while (calls[i](n) && n < ROUNDS_MAX)
			n++;
		/* Or nothing was tried. */
		tap(n > 1 && n < ROUNDS_MAX, "%d allocations have failed", n - 1);
	}
	tap(unheard <= 2, "all but %d of the ends have arrived", unheard);
	return tap_status();
}
