// SPDX-License-Identifier: MIT
/* sluice serve: files over HTTPS, a process for each connection. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fetch.h"
#include "net.h"
#include "ticket_keys.h"

/* Connections at a time; further ones wait in the listen queue. */
#define CHILDREN_MAX	64

enum { OPT_ROOT = 512, OPT_ADDRESS, OPT_PORT, OPT_PUT, OPT_CLIENT_CA,
       OPT_CLIENT_OPTIONAL, OPT_TICKET_KEYS, OPT_EARLY_DATA, OPT_ECH_KEY };

struct serve {
	struct options o;
	const char *address;
	const char *port;
	const char *root;
	const char *file;
	bool put;
	int root_fd;
};

static const struct argp_option options[] = {
	{ "root", OPT_ROOT, "DIR", 0, "Serve the files below DIR", 0 },
	{ "address", OPT_ADDRESS, "ADDRESS", 0,
	  "Listen on ADDRESS only; by default on all", 0 },
	{ "port", OPT_PORT, "PORT", 0, "Listen on PORT (default 4433; 0: any)", 0 },
	{ "put", OPT_PUT, NULL, 0, "Take files by PUT, too, below --root", 0 },
	{ "client-ca", OPT_CLIENT_CA, "FILE", 0,
	  "Ask for the client's certificate, which one of the authorities in FILE (PEM) has to have issued", 0 },
	{ "client-optional", OPT_CLIENT_OPTIONAL, NULL, 0,
	  "Let clients in that have no certificate, too", 0 },
	{ "ticket-keys", OPT_TICKET_KEYS, "FILE", 0,
	  "Make tickets with the keys in FILE, as other servers do, which then resume each other's sessions", 0 },
	{ "early-data", OPT_EARLY_DATA, NULL, 0,
	  "Answer GET and HEAD that come before the handshake's end (0-RTT): who resumes is answered a round trip earlier, but may be somebody who repeats what he has heard", 0 },
	{ "ech-key", OPT_ECH_KEY, "FILE", 0,
	  "Take ClientHellos that are encrypted with the key in FILE (see sluice ech). May be given several times: the first is what clients with none of them are told", 0 },
	{ 0 },
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct serve *serve = state->input;

	switch (opt) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &serve->o;
		break;
	case OPT_ROOT:
		serve->root = arg;
		break;
	case OPT_ADDRESS:
		serve->address = arg;
		break;
	case OPT_PORT:
		serve->port = arg;
		break;
	case OPT_PUT:
		serve->put = true;
		break;
	case OPT_CLIENT_CA:
		serve->o.client_ca = arg;
		break;
	case OPT_CLIENT_OPTIONAL:
		serve->o.client_optional = true;
		break;
	case OPT_EARLY_DATA:
		serve->o.early_data = true;
		break;
	case OPT_TICKET_KEYS:
		serve->o.ticket_keys = arg;
		break;
	case OPT_ECH_KEY:
		if (serve->o.ech_key_count == ECH_KEYS_MAX)
			argp_error(state, "at most 8 keys for Encrypted Client Hello");
		serve->o.ech_keys[serve->o.ech_key_count++] = arg;
		break;
	case ARGP_KEY_ARG:
		if (serve->file)
			argp_error(state, "one file, or --root for more");
		serve->file = arg;
		break;
	case ARGP_KEY_END:
		if (!serve->file == !serve->root)
			argp_error(state, "either a file or --root is needed");
		if (serve->put && !serve->root)
			argp_error(state, "--put needs --root");
		if (serve->o.early_data &&
		    (serve->o.client_ca || serve->o.pins.count))
			argp_error(state, "--early-data does not go with clients' certificates: nobody resumes then");
		if (serve->o.client_optional && !serve->o.client_ca &&
		    !serve->o.pins.count)
			argp_error(state, "--client-optional needs --client-ca or --pin");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Nothing outside of the root, whatever links and dots there are. */
static int open_below(const struct serve *serve, const char *path, int flags)
{
	const struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.mode = flags & O_CREAT ? 0666 : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	if (serve->file)
		return open(serve->file, flags | O_CLOEXEC);
	while (*path == '/')
		path++;
	return (int)syscall(SYS_openat2, serve->root_fd, path, &how,
			    sizeof(how));
}

static void answer(struct stream *s, int status, const char *reason,
		   uint64_t length)
{
	char text[256];
	int len = snprintf(text, sizeof(text),
			   "HTTP/1.1 %d %s\r\nContent-Length: %" PRIu64 "\r\n"
			   "Connection: close\r\n\r\n", status, reason, length);

	stream_write(s, text, (size_t)len);
}

static void answer_get(const struct serve *serve, struct stream *s,
		       const struct http_head *head)
{
	int file = open_below(serve, head->target, O_RDONLY);
	struct stat st;

	if (file < 0 || fstat(file, &st) || !S_ISREG(st.st_mode)) {
		answer(s, 404, "Not Found", 0);
	} else {
		answer(s, 200, "OK", (uint64_t)st.st_size);
		if (strcmp(head->method, "HEAD"))
			stream_send_file(s, file, (uint64_t)st.st_size, NULL,
					 NULL);
	}
	if (file >= 0)
		close(file);
}

static void answer_put(const struct serve *serve, struct fetch *f,
		       const struct http_head *head)
{
	uint64_t left = head->length;
	char buf[65536];
	int file;

	if (!head->has_length) {
		answer(f->s, 411, "Length Required", 0);
		return;
	}
	file = open_below(serve, head->target, O_WRONLY | O_CREAT | O_TRUNC);
	if (file < 0) {
		answer(f->s, 403, "Forbidden", 0);
		return;
	}
	while (left) {
		size_t want = left < sizeof(buf) ? (size_t)left : sizeof(buf);
		size_t n = fetch_read(f, buf, want);

		if (!n)
			fail(EXIT_TRUNCATED, "%s: the client ended %" PRIu64 " octets before the end",
			     head->target, left);
		if (write(file, buf, n) != (ssize_t)n) {
			answer(f->s, 507, "Insufficient Storage", 0);
			close(file);
			return;
		}
		left -= n;
	}
	close(file);
	answer(f->s, 201, "Created", 0);
}

/*
 * Reads on until the client has ended: a socket that is closed before answers
 * what still arrives with a reset, which cuts off what is on its way.
 */
static void linger(struct stream *s)
{
	struct pollfd pfd = { .fd = s->tls.fd, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	stream_shutdown(s);
	while (poll(&pfd, 1, 5000) > 0) {
		n = recv(s->tls.fd, buf, sizeof(buf), MSG_DONTWAIT);
		/* EAGAIN: the kernel has taken a control record. */
		if (!n || (n < 0 && errno != EAGAIN && errno != EINTR))
			break;
	}
}

static void serve_one(struct serve *serve, struct context *ctx, int fd)
{
	struct http_head head;
	struct stream stream;
	struct fetch fetch;
	const char *text;
	size_t len;

	net_set_timeout(fd, &serve->o);
	stream_open(&stream, ctx, fd);
	fetch_init(&fetch, &stream);
	len = fetch_head(&fetch, &text);
	if (!len)
		return;
	if (http_parse_request(&head, text, len))
		answer(&stream, 400, "Bad Request", 0);
	else if (stream.early_read && strcmp(head.method, "GET") &&
		 strcmp(head.method, "HEAD"))
		answer(&stream, 425, "Too Early", 0);
	else if (!strcmp(head.method, "GET") || !strcmp(head.method, "HEAD"))
		answer_get(serve, &stream, &head);
	else if (!strcmp(head.method, "PUT") && serve->put)
		answer_put(serve, &fetch, &head);
	else
		answer(&stream, 405, "Method Not Allowed", 0);
	stream_settle(&stream);
	linger(&stream);
	stream_report(&stream);
	stream_close(&stream);
}

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static volatile sig_atomic_t reload_due;

static void reload(int signal)
{
	(void)signal;
	reload_due = 1;
}

/* Connections are other processes, with what there was when they began. */
static void reload_if_due(struct context *ctx)
{
	if (!reload_due)
		return;
	reload_due = 0;
	context_reload(ctx);
}

/* Accepts until SIGINT or SIGTERM, and then lets the connections end. */
static void accept_all(struct serve *serve, struct context *ctx, int listener)
{
	unsigned int children = 0;

	while (!stopped) {
		int fd;
		pid_t pid;

		while (children && waitpid(-1, NULL,
					   children < CHILDREN_MAX ?
					   WNOHANG : 0) > 0)
			children--;
		reload_if_due(ctx);
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			fail(EXIT_NETWORK, "accept: %s", strerror(errno));
		}
		reload_if_due(ctx);
		ticket_keys_refresh(ctx);
		pid = fork();
		if (!pid) {
			signal(SIGINT, SIG_DFL);
			signal(SIGTERM, SIG_DFL);
			signal(SIGHUP, SIG_IGN);
			close(listener);
			serve_one(serve, ctx, fd);
			_exit(EXIT_OK);
		}
		if (pid > 0)
			children++;
		else
			note(&serve->o, "fork: %s", strerror(errno));
		close(fd);
	}
	close(listener);
	while (wait(NULL) > 0)
		;
}

int command_serve(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &tls_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		options, parse, "{--root=DIR | FILE}",
		"Serve files over HTTPS. FILE is the answer to every request. SIGHUP reads certificates, keys and lists again.",
		children, NULL, NULL,
	};
	const struct sigaction on_stop = { .sa_handler = stop };
	const struct sigaction on_reload = { .sa_handler = reload };
	struct serve serve = {
		.o.timeout = 60, .port = "4433", .root_fd = -1,
	};
	struct context ctx;
	int listener;

	argp_parse(&argp, argc, argv, 0, NULL, &serve);
	if (serve.root) {
		serve.root_fd = open(serve.root,
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (serve.root_fd < 0)
			fail(EXIT_FILE, "%s: %s", serve.root, strerror(errno));
	} else if (access(serve.file, R_OK)) {
		fail(EXIT_FILE, "%s: %s", serve.file, strerror(errno));
	}
	context_server(&ctx, &serve.o);
	listener = net_listen(serve.address, serve.port);
	sigaction(SIGINT, &on_stop, NULL);
	sigaction(SIGTERM, &on_stop, NULL);
	sigaction(SIGHUP, &on_reload, NULL);
	note(&serve.o, "serving on %s", net_local_name(listener));
	accept_all(&serve, &ctx, listener);
	context_free(&ctx);
	if (serve.root_fd >= 0)
		close(serve.root_fd);
	return EXIT_OK;
}
