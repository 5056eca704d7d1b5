// SPDX-License-Identifier: MIT
/* sluice get: a file from an HTTPS server. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fetch.h"
#include "progress.h"
#include "url.h"

#define BUFFER	(256 * 1024)

enum { OPT_SHA256 = 512, OPT_EARLY_DATA };

struct get {
	struct options o;
	const char *address;
	const char *output;
	bool sha256;
};

/* Where the body goes: a file under another name until it is whole. */
struct target {
	const char *name;
	char *part;
	int fd;
	EVP_MD_CTX *hash;
	uint64_t done;
	struct progress progress;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "Write to FILE, not to standard output", 0 },
	{ "sha256", OPT_SHA256, NULL, 0,
	  "Print the SHA-256 of what was received, on standard error", 0 },
	{ "early-data", OPT_EARLY_DATA, NULL, 0,
	  "Ask before the handshake's end (0-RTT), with a ticket of --session that allows it: others may have the server read the request once more", 0 },
	{ 0 },
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct get *get = state->input;

	switch (opt) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &get->o;
		break;
	case 'o':
		get->output = arg;
		break;
	case OPT_EARLY_DATA:
		get->o.early_data = true;
		break;
	case OPT_SHA256:
		get->sha256 = true;
		break;
	case ARGP_KEY_ARG:
		if (get->address)
			argp_error(state, "one address at a time");
		get->address = arg;
		break;
	case ARGP_KEY_END:
		if (get->o.early_data && !get->o.session)
			argp_error(state, "--early-data needs --session");
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "the address is missing");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static void target_open(struct target *t, const struct get *get)
{
	memset(t, 0, sizeof(*t));
	t->name = get->output;
	t->fd = STDOUT_FILENO;
	if (get->sha256) {
		t->hash = EVP_MD_CTX_new();
		if (!t->hash || !EVP_DigestInit(t->hash, EVP_sha256()))
			fail(EXIT_FILE, "SHA-256 is not to be had");
	}
	if (!t->name)
		return;
	if (asprintf(&t->part, "%s.part", t->name) < 0)
		fail(EXIT_FILE, "out of memory");
	t->fd = open(t->part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (t->fd < 0)
		fail(EXIT_FILE, "can't write to %s: %s", t->part,
		     strerror(errno));
}

static void target_write(struct target *t, const char *data, size_t len)
{
	if (t->hash && !EVP_DigestUpdate(t->hash, data, len))
		fail(EXIT_FILE, "SHA-256 has failed");
	t->done += len;
	while (len) {
		ssize_t n = write(t->fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail(EXIT_FILE, "can't write to %s: %s",
			     t->part ? t->part : "standard output",
			     strerror(errno));
		data += n;
		len -= (size_t)n;
	}
	progress_show(&t->progress, t->done);
}

static void target_close(struct target *t)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	progress_end(&t->progress);
	if (t->part && (close(t->fd) || rename(t->part, t->name)))
		fail(EXIT_FILE, "can't make %s of %s: %s", t->name, t->part,
		     strerror(errno));
	free(t->part);
	if (!t->hash)
		return;
	EVP_DigestFinal(t->hash, digest, &len);
	EVP_MD_CTX_free(t->hash);
	for (unsigned int i = 0; i < len; i++)
		fprintf(stderr, "%02x", digest[i]);
	fprintf(stderr, "  %s\n", t->name ? t->name : "-");
}

/* Copies len octets, or up to the end of the stream if there is no length. */
static void copy_body(struct fetch *f, struct target *t, bool has_length,
		      uint64_t len, char *buf)
{
	while (!has_length || len) {
		size_t want = has_length && len < BUFFER ? (size_t)len : BUFFER;
		size_t n = fetch_read(f, buf, want);

		if (!n) {
			if (has_length)
				fail(EXIT_TRUNCATED, "the server ended %" PRIu64 " octets before the end of the file",
				     len);
			return;
		}
		target_write(t, buf, n);
		len -= has_length ? n : 0;
	}
}

static void copy_chunks(struct fetch *f, struct target *t, char *buf)
{
	char line[1024];
	uint64_t size;
	size_t n;

	do {
		n = fetch_line(f, line, sizeof(line));
		if (!http_parse_chunk_size(line, n, &size))
			fail(EXIT_HTTP, "a chunk of the response is malformed");
		copy_body(f, t, true, size, buf);
		if (size && fetch_line(f, line, sizeof(line)))
			fail(EXIT_HTTP, "a chunk of the response is malformed");
	} while (size);
	/* the trailer, to its empty line */
	while (fetch_line(f, line, sizeof(line)))
		;
}

/* Connects, and asks: before the handshake's end if that is wanted. */
static void request(struct stream *s, struct context *ctx,
		    const struct url *url)
{
	char text[URL_PATH_MAX + HOST_MAX + 256];
	bool v6 = strchr(url->host, ':');
	int len = snprintf(text, sizeof(text),
			   "GET %s HTTP/1.1\r\nHost: %s%s%s%s%s\r\n"
			   "User-Agent: sluice/" SLUICE_VERSION "\r\n"
			   "Connection: close\r\n\r\n",
			   url->path, v6 ? "[" : "", url->host, v6 ? "]" : "",
			   strcmp(url->port, "443") ? ":" : "",
			   strcmp(url->port, "443") ? url->port : "");

	if (!stream_connect(s, ctx, text, (size_t)len))
		stream_write(s, text, (size_t)len);
}

static void response(struct fetch *f, struct target *t)
{
	char *buf = malloc(BUFFER);
	struct http_head head;
	const char *problem, *text;
	size_t len;

	if (!buf)
		fail(EXIT_FILE, "out of memory");
	do {
		len = fetch_head(f, &text);
		if (!len)
			fail(EXIT_HTTP, "the server ended without an answer");
		problem = http_parse_response(&head, text, len);
		if (problem)
			fail(EXIT_HTTP, "%s", problem);
	} while (head.status < 200);
	if (head.status != 200)
		fail(EXIT_HTTP, "the server answered with status %d",
		     head.status);

	progress_start(&t->progress, f->s->ctx->options,
		       head.has_length ? head.length : 0);
	if (head.chunked)
		copy_chunks(f, t, buf);
	else
		copy_body(f, t, head.has_length, head.length, buf);
	free(buf);
}

int command_get(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &tls_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		options, parse, "https://HOST[:PORT]/PATH",
		"Fetch a file over HTTPS.", children, NULL, NULL,
	};
	struct get get = { .o.timeout = 60 };
	struct context ctx;
	struct stream stream;
	struct fetch fetch;
	struct target target;
	struct url url;
	const char *problem;

	argp_parse(&argp, argc, argv, 0, NULL, &get);
	problem = url_parse(&url, get.address);
	if (problem)
		fail(EXIT_USAGE, "%s: %s", get.address, problem);

	context_client(&ctx, &get.o, url.host, url.port);
	request(&stream, &ctx, &url);
	target_open(&target, &get);
	fetch_init(&fetch, &stream);
	response(&fetch, &target);
	stream_report(&stream);
	stream_shutdown(&stream);
	stream_close(&stream);
	target_close(&target);
	context_free(&ctx);
	return EXIT_OK;
}
