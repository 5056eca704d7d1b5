// SPDX-License-Identifier: GPL-2.0
/*
 * Letting go of sessions, and forgetting them: with a driver that does both, in
 * each state and from each context (kernel/tests/sluice_forgetful.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "tap.h"

#define MODULE		"/out/kernel/tests/sluice_forgetful.ko"
#define PARAMETERS	"/sys/module/sluice_forgetful/parameters/"

enum { NEW, HANDSHAKING, OPEN, CLOSING, CLOSED, FAILED, STATES };

static const char *const names[STATES] = {
	"new", "handshaking", "open", "closing", "closed", "failed",
};

static int device;
static pid_t agent;

static void load(void)
{
	int fd = open(MODULE, O_RDONLY);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		die(MODULE);
	close(fd);
	device = open("/dev/sluice_forgetful", O_WRONLY);
	if (device < 0)
		die("/dev/sluice_forgetful");
}

static int unload(void)
{
	close(device);
	return (int)syscall(SYS_delete_module, "sluice_forgetful", 0);
}

static int parameter(const char *name)
{
	char path[128], text[16] = "";
	int fd;

	snprintf(path, sizeof(path), PARAMETERS "%s", name);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		die(path);
	close(fd);
	return atoi(text);
}

static bool comes_to(const char *name, int value)
{
	for (int i = 0; i < 1000 && parameter(name) != value; i++)
		usleep(10000);
	return parameter(name) == value;
}

/* How often the kernel has said it since it was asked last. */
static int said(const char *words)
{
	static char log[1 << 20];
	int n = klogctl(3, log, sizeof(log) - 1), count = 0;

	if (n < 0)
		die("klogctl");
	log[n] = 0;
	for (char *at = log; (at = strstr(at, words)); at++)
		count++;
	return count;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/*
 * One that has been told of every handshake to come, and does none: a session
 * stays in its handshake.
 */
static void start_agent(void)
{
	char text[256];
	int out[2];

	if (pipe(out))
		die("pipe");
	agent = fork();
	if (!agent) {
		dup2(out[1], 2);
		execl("/out/userspace/sluiced", "sluiced", NULL);
		_exit(127);
	}
	close(out[1]);
	if (read(out[0], text, sizeof(text)) <= 0)
		die("sluiced");
	kill(agent, SIGSTOP);
}

static void end_agent(void)
{
	kill(agent, SIGKILL);
	waitpid(agent, NULL, 0);
}

/* A session in a state, and how it ends; 0 or a negative errno. */
static int make(int state, char end, struct end *peer)
{
	struct end ours;
	char line[64];
	int n, rc = 0;

	make_pair(AF_INET, &suites[0], &ours, peer);
	if (state >= OPEN && state <= CLOSED) {
		set_ktls(&ours);
		set_ktls(peer);
		if (attach(&ours, 0, 0))
			die("attach");
	}
	if (state == CLOSED)
		send_alert(peer, 1, 0);
	n = snprintf(line, sizeof(line), "%d %d %c", ours.fd, state, end);
	if (write(device, line, (size_t)n) != n)
		rc = -errno;
	close(ours.fd);
	return rc;
}

/* What the peer gets of a session that was open: a close_notify, then FIN? */
static bool ended_in_order(struct end *peer)
{
	const struct timeval tv = { .tv_sec = 10 };
	uint8_t buf[64], type = 0;
	bool requested;

	setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	return receive(peer, buf, sizeof(buf), &type, &requested) == 2 &&
	       type == 21 && buf[1] == 0 &&
	       receive(peer, buf, sizeof(buf), &type, &requested) == 0;
}

/* Whether TCP has ended, one way or the other. */
static bool ended(struct end *peer)
{
	const struct timeval tv = { .tv_sec = 10 };
	char buf[64];
	ssize_t n;

	setsockopt(peer->fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	while ((n = recv(peer->fd, buf, sizeof(buf), 0)) > 0)
		;
	return !n || (errno != EAGAIN && errno != EINTR);
}

static void released_from(char end, const char *where)
{
	struct end peer;

	for (int state = NEW; state < STATES; state++) {
		int before = parameter("released");
		int rc = make(state, end, &peer);
		bool came = comes_to("released", before + 1);
		bool ok = state >= OPEN && state <= CLOSED ?
			ended_in_order(&peer) : ended(&peer);

		tap(!rc && came && ok, "%s, released from %s%s", names[state],
		    where, rc ? strerror(-rc) : "");
		close(peer.fd);
	}
}

static void released_from_callback(void)
{
	int before = parameter("released");
	struct end peer;
	int rc = make(OPEN, 'c', &peer);

	tap(!rc && comes_to("released", before + 1) && ended_in_order(&peer),
	    "open, released from its own callback");
	close(peer.fd);
}

/* The session waits for its peer, and the module for the session. */
static void unloaded_meanwhile(void)
{
	double begun = seconds();
	struct end peer;
	int rc = make(OPEN, 'i', &peer), gone = unload();
	double took = seconds() - begun;

	tap(!rc && !gone && took > 0.8,
	    "unloading waits for a session that was let go of (%.1f s)", took);
	tap(ended_in_order(&peer), "which ends in order");
	close(peer.fd);
}

static void forgotten(void)
{
	const char *warning = "sluice_forgetful has left a session open";
	const char *back = "a request was given back: -125";
	int warnings = said(warning), backs = said(back), rc = 0, closed = 0;
	struct end peers[STATES];

	load();
	for (int state = NEW; state < STATES; state++)
		rc = rc ?: make(state, 'f', &peers[state]);
	tap(!rc && !unload(), "a driver that has forgotten its sessions unloads");
	tap(said(warning) - warnings == STATES, "each is named in the log (%d)",
	    said(warning) - warnings);
	for (int state = NEW; state < STATES; state++) {
		closed += ended(&peers[state]);
		close(peers[state].fd);
	}
	tap(closed == STATES, "and closed (%d)", closed);
	/* In the closed one the peer's close_notify has ended the request. */
	tap(said(back) - backs == 2, "what was queued is given back first (%d)",
	    said(back) - backs);
}

int main(void)
{
	int left;

	if (access(MODULE, R_OK) || access("/sys/module/sluice/holders", X_OK)) {
		tap_skip("for a kernel that has Sluice as a module");
		return 0;
	}
	start_agent();
	load();
	released_from('p', "a process");
	released_from('i', "an interrupt");
	released_from_callback();
	tap(parameter("late") == 0, "no callback comes after the last");
	left = said("has left a session open");
	unloaded_meanwhile();
	tap(said("has left a session open") == left, "none was forgotten");
	forgotten();
	end_agent();
	return tap_status();
}
