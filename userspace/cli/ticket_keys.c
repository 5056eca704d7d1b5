// SPDX-License-Identifier: MIT
#include "ticket_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Seconds for which a key makes tickets: our own; of a file that people keep. */
#define INTERVAL	3600
#define FILE_INTERVAL	86400
/* For which tickets last. */
#define LIFETIME	7200
#define FILE_MAX	65536

static bool ticket_key(void *arg, const uint8_t *name,
		       struct sluice_ticket_key *key)
{
	struct context *ctx = arg;

	return sluice_ticket_ring_key(ctx->ring, ctx->config.now(NULL), name,
				      key);
}

static ssize_t read_file(int fd, char *text)
{
	ssize_t len = 0, n;

	do {
		n = read(fd, text + len, (size_t)(FILE_MAX - len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		len += n;
	} while (n && len < FILE_MAX);
	return len;
}

/* NULL, or what is wrong with the file. */
static const char *load(struct context *ctx)
{
	int fd = open(ctx->options->ticket_keys, O_RDONLY | O_CLOEXEC);
	char *text = malloc(FILE_MAX);
	const char *why = NULL;
	struct stat st = { .st_size = 0 };
	ssize_t len;

	if (fd < 0 || !text || fstat(fd, &st) ||
	    (len = read_file(fd, text)) < 0)
		why = strerror(errno);
	else if (st.st_mode & 077)
		why = "others can read the keys (chmod 600)";
	else if (len == FILE_MAX)
		why = "too long";
	else if (!sluice_ticket_ring_load(ctx->ring, ctx->config.now(NULL),
					  text, (size_t)len, &why))
		note(ctx->options, "%s: no key of it is in time: there are no tickets",
		     ctx->options->ticket_keys);
	/* a file that is no good is complained of once */
	if (fd >= 0)
		ctx->keys_time = st.st_mtim;
	if (text)
		sluice_wipe(text, FILE_MAX);
	free(text);
	if (fd >= 0)
		close(fd);
	return why;
}

void ticket_keys_init(struct context *ctx)
{
	const struct sluice_ticket_policy policy = {
		.interval = ctx->options->ticket_keys ? FILE_INTERVAL :
							INTERVAL,
		.lifetime = LIFETIME,
	};
	size_t size = sluice_ticket_ring_size();
	const char *why;

	ctx->ring = sluice_ticket_ring_init(malloc(size), size, ctx->provider,
					    &policy, NULL);
	if (!ctx->ring)
		fail(EXIT_FILE, "out of memory");
	ctx->config.ticket_key = ticket_key;
	ctx->config.ticket_lifetime = LIFETIME;
	if (ctx->options->ticket_keys) {
		why = load(ctx);
		if (why)
			fail(EXIT_FILE, "%s: %s", ctx->options->ticket_keys, why);
	}
}

static bool has_changed(const struct context *ctx)
{
	struct stat st;

	return !stat(ctx->options->ticket_keys, &st) &&
	       (st.st_mtim.tv_sec != ctx->keys_time.tv_sec ||
		st.st_mtim.tv_nsec != ctx->keys_time.tv_nsec);
}

void ticket_keys_refresh(struct context *ctx)
{
	struct sluice_ticket_key key;
	const char *why = NULL;

	if (ctx->options->ticket_keys && has_changed(ctx))
		why = load(ctx);
	if (why)
		note(ctx->options, "%s: %s; the keys that were there go on",
		     ctx->options->ticket_keys, why);
	/* by now, so that all connections have the same */
	ticket_key(ctx, NULL, &key);
	sluice_wipe(&key, sizeof(key));
}

void ticket_keys_free(struct context *ctx)
{
	sluice_ticket_ring_free(ctx->ring);
	free(ctx->ring);
}
