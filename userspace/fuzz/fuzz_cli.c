// SPDX-License-Identifier: MIT
/*
 * libFuzzer: the command's parsers. The first octet of an input says which one,
 * the rest is what it is given: addresses, HTTP heads and chunks, or options,
 * one a line.
 */
#include <assert.h>
#include <sanitizer/lsan_interface.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "../cli/cli.h"
#include "../cli/http.h"
#include "../cli/url.h"

#define ARGS_MAX	32

/* What main.c has. The parsers have no business with it. */
void fail(int status, const char *format, ...)
{
	(void)status;
	(void)format;
	abort();
}

static void try_url(const char *text)
{
	struct url url;

	if (!url_parse(&url, text)) {
		assert(strlen(url.host) && strlen(url.host) <= HOST_MAX);
		assert(url.path[0] == '/');
		assert(atoi(url.port) > 0 && atoi(url.port) < 65536);
		/* nothing with which a request could be forged */
		assert(!strpbrk(url.path, " \r\n\t") &&
		       !strpbrk(url.host, " \r\n\t@"));
	}
	if (!host_port_parse(&url, text))
		assert(strlen(url.host) && atoi(url.port) > 0);
}

static void try_http(const char *data, size_t len, bool request)
{
	size_t end = http_head_end(data, len);
	struct http_head head;
	const char *wrong;

	if (!end)
		return;
	assert(end <= len);
	wrong = request ? http_parse_request(&head, data, end) :
			  http_parse_response(&head, data, end);
	if (wrong)
		return;
	assert(!(head.has_length && head.chunked));
	if (request)
		assert(head.target[0] == '/' &&
		       strlen(head.target) <= HTTP_TARGET_MAX &&
		       strlen(head.method) < sizeof(head.method));
	else
		assert(head.status >= 100 && head.status <= 999);
}

/* argp_error(), by another name: it ends the command. */
static jmp_buf usage;

void argp_error(const struct argp_state *state, const char *format, ...)
{
	(void)state;
	(void)format;
	longjmp(usage, 1);
}

static void try_options(char *text)
{
	char *argv[ARGS_MAX + 1] = { "sluice" };
	struct options options = { .timeout = 60 };
	int argc = 1;

	for (char *line = strtok(text, "\n"); line && argc < ARGS_MAX;
	     line = strtok(NULL, "\n"))
		argv[argc++] = line;
	/* what it had allocated by then would have gone with the process */
	__lsan_disable();
	if (setjmp(usage)) {
		__lsan_enable();
		return;
	}
	argp_parse(&tls_argp, argc, argv,
		   ARGP_NO_ERRS | ARGP_NO_EXIT | ARGP_NO_HELP, NULL, &options);
	__lsan_enable();
	for (size_t i = 0; i < 9 && options.alpn[i]; i++)
		assert(i < 8 && strlen(options.alpn[i]) <= 255);
	assert(!options.suites[7] && !options.groups[7]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	uint64_t chunk;

	if (!size)
		return 0;
	/* exactly so long, for the sanitizer's sake */
	text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = 0;
	switch (*data % 5) {
	case 0:
		try_url(text);
		break;
	case 1:
		try_http(text, size - 1, true);
		break;
	case 2:
		try_http(text, size - 1, false);
		break;
	case 3:
		http_parse_chunk_size(text, size - 1, &chunk);
		break;
	default:
		try_options(text);
	}
	free(text);
	return 0;
}
