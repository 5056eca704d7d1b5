// SPDX-License-Identifier: MIT
/* sluice connect: standard input and output over TLS. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "starttls.h"
#include "stream.h"
#include "url.h"

struct connect {
	struct options o;
	const char *address;
	const char *protocol;		/* before TLS, or NULL */
};

enum { OPT_STARTTLS = 256 };

static const struct argp_option options[] = {
	{ "starttls", OPT_STARTTLS, "PROTOCOL", 0,
	  "Have the server begin TLS first, in one of: " STARTTLS_PROTOCOLS, 0 },
	{ 0 },
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct connect *connect = state->input;

	switch (opt) {
	case OPT_STARTTLS:
		if (!starttls_known(arg))
			argp_error(state, "--starttls: one of " STARTTLS_PROTOCOLS);
		connect->protocol = arg;
		break;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &connect->o;
		break;
	case ARGP_KEY_ARG:
		if (connect->address)
			argp_error(state, "one address at a time");
		connect->address = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "HOST:PORT is missing");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void write_out(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail(EXIT_FILE, "can't write to standard output: %s",
			     strerror(errno));
		data += n;
		len -= (size_t)n;
	}
}

/* Both directions, until the peer has ended. */
static void relay(struct stream *s)
{
	struct pollfd fds[2] = {
		{ .fd = s->tls.fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	/* The stream may hold more than poll() knows of, first of all now. */
	bool more = true;
	char buf[65536];
	size_t n;

	for (;;) {
		if (poll(fds, 2, more ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			fail(EXIT_NETWORK, "poll: %s", strerror(errno));
		}
		if (fds[0].revents || more) {
			more = stream_try_read(s, buf, sizeof(buf), &n);
			if (more && !n)
				return;
			write_out(buf, n);
		}
		if (fds[1].revents) {
			ssize_t got = read(STDIN_FILENO, buf, sizeof(buf));

			if (got > 0) {
				stream_write(s, buf, (size_t)got);
			} else if (got == 0 || errno != EINTR) {
				stream_shutdown(s);
				fds[1].fd = -1;
				fds[1].revents = 0;
			}
		}
	}
}

int command_connect(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &tls_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		options, parse, "HOST:PORT",
		"Connect standard input and output with a TLS server.",
		children, NULL, NULL,
	};
	struct connect connect = { .o.timeout = 60 };
	struct context ctx;
	struct stream stream;
	struct url url;
	const char *problem;

	argp_parse(&argp, argc, argv, 0, NULL, &connect);
	problem = host_port_parse(&url, connect.address);
	if (problem)
		fail(EXIT_USAGE, "%s: %s", connect.address, problem);
	context_client(&ctx, &connect.o, url.host, url.port);
	ctx.starttls = connect.protocol;
	stream_connect(&stream, &ctx, "", 0);
	relay(&stream);
	stream_report(&stream);
	stream_shutdown(&stream);
	stream_close(&stream);
	context_free(&ctx);
	return EXIT_OK;
}
