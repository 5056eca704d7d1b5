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

#include "../cli/shared_options.h"
#include "sluiced.h"

/* Handshakes at a time; the kernel keeps the requests beyond. */
#define CHILDREN_MAX	64

const char *argp_program_version = "sluiced " SLUICE_VERSION;

enum {
	OPT_CERT = 256, OPT_KEY, OPT_RAW_KEY, OPT_PEER_RAW_KEY, OPT_PIN,
	OPT_CLIENT_PIN, OPT_CRL_CHECK, OPT_CRL_ALLOW, OPT_PROVIDER, OPT_FIPS
};

static const struct argp_option options[] = {
	{ "cacert", 'C', "FILE", 0,
	  "Believe the certificates of a PEM file, not the system's", 0 },
	{ "capath", 'P', "FOLDER", 0,
	  "Believe those of a folder that `openssl rehash` has prepared", 0 },
	{ "cert", OPT_CERT, "FILE", 0,
	  "Certificate chain (PEM) for requests that name none", 0 },
	{ "key", OPT_KEY, "FILE|URI", 0,
	  "Its private key (PEM), or where it is in a token (pkcs11:...)", 0 },
	{ "raw-key", OPT_RAW_KEY, "only|fallback", OPTION_ARG_OPTIONAL,
	  "Show the bare public key (RFC 7250) to a peer that takes it; --cert is not needed then. With =only, no certificate in any case; with =fallback, rather a certificate", 0 },
	{ "pin", OPT_PIN, "sha256//BASE64[;...]", 0,
	  "Have only servers with this public key; may be given several times", 0 },
	{ "client-pin", OPT_CLIENT_PIN, "sha256//BASE64[;...]", 0,
	  "Have servers ask for the client's certificate, which has to have this public key; may be given several times", 0 },
	{ "peer-raw-key", OPT_PEER_RAW_KEY, "only|fallback", OPTION_ARG_OPTIONAL,
	  "Take a bare public key in the place of the peer's certificate, as the pins say. With =only, no certificate; with =fallback, rather a certificate", 0 },
	{ "client-ca", 'c', "FILE", 0,
	  "Have servers ask for the client's certificate, which one of the authorities of a PEM file has to have issued", 0 },
	{ "client-optional", 'o', NULL, 0,
	  "Let clients in that have no certificate, too", 0 },
	{ "crl", 'r', "FILE|FOLDER", 0,
	  "Refuse certificates that a revocation list (PEM or DER) names, or that none speaks of", 0 },
	{ "crl-check", OPT_CRL_CHECK, "leaf|chain", 0,
	  "Look up the peer's own certificate (by default), or its authorities', too", 0 },
	{ "crl-allow", OPT_CRL_ALLOW, "unknown|expired", 0,
	  "Take certificates that no list speaks of; or lists that are out of date. May be given twice", 0 },
	{ "provider", OPT_PROVIDER, "NAME", 0,
	  "Have this library do the cryptography (`sluice version` lists those there are)", 0 },
	{ "fips", OPT_FIPS, NULL, 0,
	  "Only what FIPS 140 approves, by OpenSSL's FIPS provider (see fips_module(7))", 0 },
	{ "verbose", 'v', NULL, 0, "Tell of every handshake", 0 },
	{ 0 },
};

static void parse_pin(struct argp_state *state, struct pins *pins,
		      const char *arg)
{
	const char *wrong = pins_parse(pins, arg);

	if (wrong)
		argp_error(state, "'%s': a pin %s", arg, wrong);
}

/* What goes only with something else. */
static void check(struct argp_state *state, const struct agent *agent)
{
	bool client_keys = agent->client_ca || agent->client_pins.count;

	if (agent->cert ? !agent->key : agent->key && !agent->raw_key)
		argp_error(state, "--cert needs --key, and the other way round");
	if (agent->client_optional && !client_keys)
		argp_error(state, "--client-optional needs --client-ca or --client-pin");
	if (agent->peer_raw_key && !agent->pins.count &&
	    !agent->client_pins.count)
		argp_error(state, "--peer-raw-key needs --pin or --client-pin: nothing else says whose key it is");
	if (agent->crl_flags && !agent->crl)
		argp_error(state, "--crl-check and --crl-allow need --crl");
}

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
	case OPT_CERT:
		agent->cert = arg;
		break;
	case OPT_KEY:
		agent->key = arg;
		break;
	case OPT_RAW_KEY:
		agent->raw_key = parse_raw_key(state, arg);
		break;
	case OPT_PEER_RAW_KEY:
		agent->peer_raw_key = parse_raw_key(state, arg);
		break;
	case OPT_PIN:
		parse_pin(state, &agent->pins, arg);
		break;
	case OPT_CLIENT_PIN:
		parse_pin(state, &agent->client_pins, arg);
		break;
	case 'c':
		agent->client_ca = arg;
		break;
	case 'o':
		agent->client_optional = true;
		break;
	case 'r':
		agent->crl = arg;
		break;
	case OPT_CRL_CHECK:
		parse_crl_check(state, arg, &agent->crl_flags);
		break;
	case OPT_CRL_ALLOW:
		parse_crl_allow(state, arg, &agent->crl_flags);
		break;
	case OPT_PROVIDER:
		agent->library = arg;
		break;
	case OPT_FIPS:
		agent->fips = true;
		break;
	case 'v':
		agent->verbose = true;
		break;
	case ARGP_KEY_END:
		check(state, agent);
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
	"It runs in the foreground, as root. SIGHUP reads all files again; SIGTERM ends it. See sluiced(8).",
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

/* The authorities of a file, a folder, or else of the system. */
static struct sluice_trust *load_trust(const struct agent *agent,
				       const char *file, const char *folder)
{
	char why[SLUICE_WHY_MAX] = "out of memory";
	struct sluice_trust *trust = agent->backend->trust_new(agent->provider);
	int rc = trust ? 0 : -1;

	if (!rc && file)
		rc = agent->backend->trust_file(trust, file, why);
	if (!rc && folder)
		rc = agent->backend->trust_dir(trust, folder, why);
	if (!rc && !file && !folder)
		rc = agent->backend->trust_system(trust, why);
	if (!rc && agent->crl)
		rc = agent->backend->trust_crl(trust, agent->crl,
					      agent->crl_flags, why);
	if (rc) {
		say(LOG_ERR, "%s", why);
		agent->backend->trust_free(trust);
		return NULL;
	}
	return trust;
}

static struct sluice_credential *load_credential(const struct agent *agent)
{
	char why[SLUICE_WHY_MAX];
	struct sluice_credential *cred;

	cred = agent->backend->credential_load(agent->provider, agent->cert,
					      agent->key, why);
	if (!cred)
		say(LOG_ERR, "%s", why);
	return cred;
}

static void unload(struct agent *agent)
{
	agent->backend->trust_free(agent->trust);
	agent->backend->trust_free(agent->client_trust);
	agent->backend->credential_free(agent->credential);
}

/* Whom to believe, and who we are; a mistake leaves all as it was. */
static bool load(struct agent *agent)
{
	struct agent new = *agent;
	bool ok;

	new.client_trust = NULL;
	new.credential = NULL;
	new.trust = load_trust(agent, agent->cafile, agent->capath);
	ok = new.trust;
	if (ok && agent->client_ca) {
		new.client_trust = load_trust(agent, agent->client_ca, NULL);
		ok = new.client_trust;
	}
	if (ok && agent->key) {
		new.credential = load_credential(agent);
		ok = new.credential;
	}
	unload(ok ? agent : &new);
	if (ok)
		*agent = new;
	return ok;
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
		else if (info.ssi_signo == SIGHUP && load(agent))
			say(LOG_NOTICE, "the files are read again");
		else if (info.ssi_signo != SIGHUP)
			return 0;
	}
}

int main(int argc, char **argv)
{
	char why[SLUICE_WHY_MAX];
	struct agent agent = { 0 };
	struct upcall upcall;
	sigset_t mask;
	int signals, rc;

	argp_parse(&argp, argc, argv, 0, NULL, &agent);
	agent.backend = sluice_backend_find(agent.library);
	if (!agent.backend) {
		say(LOG_ERR, "there is no provider '%s' in this build",
		    agent.library);
		return 1;
	}
	agent.provider = agent.backend->open(agent.fips, why);
	if (!agent.provider) {
		say(LOG_ERR, "%s", why);
		return 1;
	}
	say(LOG_INFO, "cryptography by %s", agent.provider->name);
	if (!load(&agent))
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
	unload(&agent);
	agent.backend->close(agent.provider);
	return rc;
}
