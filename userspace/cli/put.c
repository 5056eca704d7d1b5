// SPDX-License-Identifier: MIT
/* sluice put: a file to an HTTPS server. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"
#include "progress.h"
#include "url.h"

struct put {
	struct options o;
	const char *file;
	const char *address;
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct put *put = state->input;

	switch (opt) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &put->o;
		break;
	case ARGP_KEY_ARG:
		if (!put->file)
			put->file = arg;
		else if (!put->address)
			put->address = arg;
		else
			argp_error(state, "one file to one address");
		break;
	case ARGP_KEY_END:
		if (!put->address)
			argp_error(state, "a file and an address are needed");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void show(uint64_t done, void *arg)
{
	progress_show(arg, done);
}

int command_put(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &tls_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		NULL, parse, "FILE https://HOST[:PORT]/PATH",
		"Send a file over HTTPS, by PUT.", children, NULL, NULL,
	};
	struct put put = { .o.timeout = 60 };
	char text[URL_PATH_MAX + HOST_MAX + 256];
	struct progress progress;
	struct http_head head;
	struct context ctx;
	struct stream stream;
	struct fetch fetch;
	struct stat st;
	struct url url;
	const char *problem, *answer;
	int file, len;
	size_t n;
	bool v6;

	argp_parse(&argp, argc, argv, 0, NULL, &put);
	problem = url_parse(&url, put.address);
	if (problem)
		fail(EXIT_USAGE, "%s: %s", put.address, problem);
	file = open(put.file, O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &st))
		fail(EXIT_FILE, "%s: %s", put.file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		fail(EXIT_FILE, "%s is not a file", put.file);

	context_client(&ctx, &put.o, url.host, url.port);
	stream_connect(&stream, &ctx, "", 0);
	v6 = strchr(url.host, ':');
	len = snprintf(text, sizeof(text),
		       "PUT %s HTTP/1.1\r\nHost: %s%s%s:%s\r\n"
		       "User-Agent: sluice/" SLUICE_VERSION "\r\n"
		       "Content-Length: %jd\r\nConnection: close\r\n\r\n",
		       url.path, v6 ? "[" : "", url.host, v6 ? "]" : "",
		       url.port, (intmax_t)st.st_size);
	stream_write(&stream, text, (size_t)len);
	progress_start(&progress, &put.o, (uint64_t)st.st_size);
	stream_send_file(&stream, file, (uint64_t)st.st_size, show, &progress);
	progress_end(&progress);
	close(file);

	fetch_init(&fetch, &stream);
	n = fetch_head(&fetch, &answer);
	if (!n)
		fail(EXIT_HTTP, "the server ended without an answer");
	problem = http_parse_response(&head, answer, n);
	if (problem)
		fail(EXIT_HTTP, "%s", problem);
	if (head.status < 200 || head.status > 299)
		fail(EXIT_HTTP, "the server answered with status %d",
		     head.status);
	stream_report(&stream);
	stream_shutdown(&stream);
	stream_close(&stream);
	context_free(&ctx);
	return EXIT_OK;
}
