// SPDX-License-Identifier: MIT
/*
 * sluiced: the agent that does the TLS handshakes of the kernel's drivers.
 *
 * The kernel tells of a request by multicast; a child process then takes what
 * there is, one after the other, so that no handshake waits for another's peer
 * and no peer meets another's secrets.
 */
#include <argp.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "sluiced.h"

/* Handshakes at a time; the kernel keeps the requests beyond. */
#define CHILDREN_MAX	64

const char *argp_program_version = "sluiced " SLUICE_VERSION;

static const struct argp_option options[] = {
	{ "cacert", 'C', "FILE", 0,
	  "Believe the certificates of a PEM file, not the system's", 0 },
	{ "capath", 'P', "FOLDER", 0,
	  "Believe those of a folder that `openssl rehash` has prepared", 0 },
	{ "verbose", 'v', NULL, 0, "Tell of every handshake", 0 },
	{ 0 },
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct agent *agent = state->input;

	switch (opt) {
	case 'C':
		agent->cafile = arg;
		break;
	case 'P':
		agent->capath = arg;
		break;
	case 'v':
		agent->verbose = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "sluiced takes no arguments");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	options, parse, NULL,
	"Answers the kernel's requests for TLS handshakes.\v"
	"It runs in the foreground, as root. SIGHUP reads the certification authorities again; SIGTERM ends it. See sluiced(8).",
	NULL, NULL, NULL
};

void say(int priority, const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* systemd takes the priority, a person at a terminal does not want it */
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "sluiced[%d]: %s\n", (int)getpid(), line);
	else
		fprintf(stderr, "<%d>sluiced[%d]: %s\n", priority,
			(int)getpid(), line);
}

/* The authorities to believe; those of before stay if there is a mistake. */
static bool load_trust(struct agent *agent)
{
	char why[SLUICE_OPENSSL_WHY_MAX] = "out of memory";
	struct sluice_trust *trust = sluice_openssl_trust_new(agent->provider);
	int rc = trust ? 0 : -1;

	if (!rc && agent->cafile)
		rc = sluice_openssl_trust_file(trust, agent->cafile, why);
	if (!rc && agent->capath)
		rc = sluice_openssl_trust_dir(trust, agent->capath, why);
	if (!rc && !agent->cafile && !agent->capath)
		rc = sluice_openssl_trust_system(trust, why);
	if (rc) {
		say(LOG_ERR, "%s", why);
		sluice_openssl_trust_free(trust);
		return false;
	}
	sluice_openssl_trust_free(agent->trust);
	agent->trust = trust;
	return true;
}

/* The child's whole life. */
static _Noreturn void serve(const struct agent *agent)
{
	struct request request;
	struct upcall upcall;
	int rc;

	/* No dump of its memory, and no other process of its user, sees keys. */
	prctl(PR_SET_DUMPABLE, 0);
	rc = upcall_open(&upcall);
	if (rc) {
		say(LOG_ERR, "netlink: %s", strerror(-rc));
		_exit(1);
	}
	while (!(rc = upcall_accept(&upcall, &request))) {
		int32_t peer = NO_KEY;
		int status = answer(agent, &request, &peer);

		rc = upcall_done(&upcall, &request, status, peer);
		/* Its driver may have given up in the meantime. */
		if (rc)
			say(LOG_WARNING, "the kernel does not wait any more: %s",
			    strerror(-rc));
		close(request.fd);
	}
	if (rc != -EAGAIN)
		say(LOG_ERR, "no request can be taken: %s", strerror(-rc));
	upcall_close(&upcall);
	_exit(rc != -EAGAIN);
}

static bool start_child(const struct agent *agent, int signals)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid < 0)
		say(LOG_ERR, "no process: %s", strerror(errno));
	if (pid)
		return pid > 0;
	/* It ends with its parent only if it is told to. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGHUP, SIG_IGN);
	close(signals);
	serve(agent);
}

static unsigned int reap(void)
{
	unsigned int count = 0;
	int status;

	while (waitpid(-1, &status, WNOHANG) > 0) {
		if (WIFSIGNALED(status))
			say(LOG_ERR, "a handshake has died of signal %d",
			    WTERMSIG(status));
		count++;
	}
	return count;
}

static int loop(struct agent *agent, const struct upcall *upcall, int signals)
{
	struct pollfd fds[2] = {
		{ .fd = mnl_socket_get_fd(upcall->socket), .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	unsigned int children = 0;
	bool due = true;	/* there may be requests from before */

	for (;;) {
		struct signalfd_siginfo info;

		if (due && children < CHILDREN_MAX &&
		    start_child(agent, signals)) {
			children++;
			due = false;
		}
		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			say(LOG_ERR, "poll: %s", strerror(errno));
			return 1;
		}
		if (fds[0].revents) {
			upcall_drain(upcall);
			due = true;
		}
		if (!(fds[1].revents & POLLIN) ||
		    read(signals, &info, sizeof(info)) != sizeof(info))
			continue;
		if (info.ssi_signo == SIGCHLD)
			children -= reap();
		else if (info.ssi_signo == SIGHUP && load_trust(agent))
			say(LOG_NOTICE, "the certification authorities are read again");
		else if (info.ssi_signo != SIGHUP)
			return 0;
	}
}

int main(int argc, char **argv)
{
	struct agent agent = { 0 };
	struct upcall upcall;
	sigset_t mask;
	int signals, rc;

	argp_parse(&argp, argc, argv, 0, NULL, &agent);
	agent.provider = sluice_openssl_new(NULL);
	if (!agent.provider) {
		say(LOG_ERR, "libcrypto lacks an algorithm that TLS 1.3 needs");
		return 1;
	}
	if (!load_trust(&agent))
		return 1;
	rc = upcall_open(&upcall);
	if (!rc)
		rc = upcall_listen(&upcall);
	if (rc) {
		say(LOG_ERR, "the kernel's handshake upcall: %s", rc == -ENOENT ?
		    "not in this kernel (CONFIG_NET_HANDSHAKE)" :
		    rc == -EPERM ? "only root may answer it" : strerror(-rc));
		return 1;
	}
	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGTERM);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (signals < 0) {
		say(LOG_ERR, "signals: %s", strerror(errno));
		return 1;
	}
	say(LOG_NOTICE, "ready");
	rc = loop(&agent, &upcall, signals);
	/* The handshakes under way end by themselves. */
	close(signals);
	upcall_close(&upcall);
	sluice_openssl_trust_free(agent.trust);
	sluice_openssl_free(agent.provider);
	return rc;
}
