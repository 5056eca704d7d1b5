// SPDX-License-Identifier: MIT
/*
 * --psk-file: pre-shared keys, one a line, as psktool(1) writes them:
 * IDENTITY:KEY, the key in hexadecimal.
 */
#include "psk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE	(PSK_IDENTITY_MAX + 1 + 2 * SLUICE_PSK_MAX + 2)

struct psk_keys {
	size_t count;
	struct psk_entry entries[];
};

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

const char *psk_parse(struct psk_entry *entry, const char *line, size_t len)
{
	/* an identity may have a colon, a key has none */
	const char *colon = memrchr(line, ':', len), *hex;
	size_t identity_len, n = 0;

	if (!colon || colon == line)
		return "a line is not IDENTITY:KEY";
	identity_len = (size_t)(colon - line);
	if (identity_len > PSK_IDENTITY_MAX || memchr(line, 0, len))
		return "an identity has to have 1 to 255 octets";
	for (hex = colon + 1; hex < line + len; hex += 2) {
		int high = hex_digit(hex[0]);
		int low = hex + 1 < line + len ? hex_digit(hex[1]) : -1;

		if (high < 0 || low < 0 || n == sizeof(entry->key))
			return "a key has to have 32 to 128 hexadecimal digits";
		entry->key[n++] = (uint8_t)(high << 4 | low);
	}
	if (n < 16)
		return "a key has to have 32 to 128 hexadecimal digits";
	memcpy(entry->identity, line, identity_len);
	entry->identity[identity_len] = 0;
	entry->key_len = n;
	return NULL;
}

/* Who can read the keys can pass for both sides. */
static FILE *open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		fail(EXIT_FILE, "%s: %s", path, strerror(errno));
	if (S_ISREG(st.st_mode) && st.st_mode & 077)
		fail(EXIT_FILE, "%s: others can read the keys (chmod 600)", path);
	return fdopen(fd, "r");
}

static void load(struct context *ctx)
{
	const char *path = ctx->options->psk_file, *why = NULL;
	size_t size = sizeof(struct psk_keys) +
		      PSK_COUNT_MAX * sizeof(struct psk_entry);
	FILE *file = open_file(path);
	char line[LINE_SIZE];

	ctx->psk_keys = calloc(1, size);
	if (!file || !ctx->psk_keys)
		fail(EXIT_FILE, "out of memory");
	while (!why && fgets(line, sizeof(line), file)) {
		size_t len = strcspn(line, "\n");

		if (!len || *line == '#')
			continue;
		if (ctx->psk_keys->count == PSK_COUNT_MAX)
			why = "more than 1024 keys";
		else
			why = psk_parse(&ctx->psk_keys->entries[ctx->psk_keys->count++],
					line, len);
	}
	sluice_wipe(line, sizeof(line));
	fclose(file);
	if (!why && !ctx->psk_keys->count)
		why = "no key is in it";
	if (why)
		fail(EXIT_FILE, "%s: %s", path, why);
}

static void fill(struct sluice_psk *psk, const struct psk_entry *entry)
{
	*psk = (struct sluice_psk){
		.identity = (const uint8_t *)entry->identity,
		.identity_len = strlen(entry->identity),
		.key = entry->key, .key_len = entry->key_len,
	};
}

void psk_client(struct context *ctx)
{
	load(ctx);
	fill(&ctx->psk, &ctx->psk_keys->entries[0]);
	ctx->config.psk = &ctx->psk;
}

static bool find(void *arg, const uint8_t *identity, size_t len,
		 struct sluice_psk *psk)
{
	const struct context *ctx = arg;

	for (size_t i = 0; i < ctx->psk_keys->count; i++) {
		const struct psk_entry *entry = &ctx->psk_keys->entries[i];

		if (strlen(entry->identity) != len ||
		    memcmp(entry->identity, identity, len))
			continue;
		fill(psk, entry);
		return true;
	}
	return false;
}

void psk_server(struct context *ctx)
{
	load(ctx);
	ctx->config.psk_find = find;
}

void psk_free(struct context *ctx)
{
	if (!ctx->psk_keys)
		return;
	sluice_wipe(ctx->psk_keys->entries,
		    ctx->psk_keys->count * sizeof(struct psk_entry));
	free(ctx->psk_keys);
}
