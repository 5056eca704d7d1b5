// SPDX-License-Identifier: MIT
/*
 * Tickets in a file (--session), one a line: the server (NAME:PORT) and the
 * ticket in hexadecimal, the latest at the end. A ticket that is taken leaves
 * the file for good before it is used (RFC 9846, appendix C.4); what has
 * expired or is malformed leaves it with the next change. The file is locked
 * while it is read and changed: processes may share it.
 */
#include "ticket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream.h"

/* Tickets kept in all, and of one server; the oldest go first. */
#define KEEP		64
#define KEEP_SITE	4
#define LINE_SIZE	(CONTEXT_SITE_MAX + 1 + 2 * SLUICE_TICKET_MAX + 2)

struct lines {
	char *text[KEEP + 1];
	size_t n;
};

/* A ticket is as good as a password: nobody else may have the file. */
static FILE *open_locked(const struct options *o)
{
	int fd = open(o->session, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;
	FILE *file = NULL;

	if (fd < 0 || fstat(fd, &st) || flock(fd, LOCK_EX))
		note(o, "can't keep tickets in %s: %s", o->session,
		     strerror(errno));
	else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
		 st.st_mode & 077)
		note(o, "no tickets are kept in %s: it has to be a file that nobody else can read (chmod 600)",
		     o->session);
	else
		file = fdopen(fd, "r+");
	if (!file && fd >= 0)
		close(fd);
	return file;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Octets decoded from a line behind its server; 0 if it is malformed. */
static size_t decode(const char *line, uint8_t *buf, size_t size)
{
	const char *hex = strrchr(line, ' ');
	size_t n = 0;

	if (!hex)
		return 0;
	for (hex++; *hex != '\n'; hex += 2) {
		int high = hex_digit(hex[0]);
		int low = high < 0 ? -1 : hex_digit(hex[1]);

		if (low < 0 || n == size)
			return 0;
		buf[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}

static bool is_site(const char *line, const char *site)
{
	size_t len = strlen(site);

	return !strncmp(line, site, len) && line[len] == ' ';
}

static void drop(struct lines *lines, size_t i)
{
	sluice_wipe(lines->text[i], strlen(lines->text[i]));
	free(lines->text[i]);
	lines->n--;
	memmove(lines->text + i, lines->text + i + 1,
		(lines->n - i) * sizeof(lines->text[0]));
}

/* Those that are good still. */
static void read_lines(const struct context *ctx, FILE *file,
		       struct lines *lines)
{
	uint64_t now = ctx->config.now(NULL);
	uint8_t ticket[SLUICE_TICKET_MAX];
	char line[LINE_SIZE];

	lines->n = 0;
	while (fgets(line, sizeof(line), file)) {
		size_t len = decode(line, ticket, sizeof(ticket));

		if (sluice_ticket_expiry(ticket, len) <= now)
			continue;
		if (lines->n == KEEP)
			drop(lines, 0);
		lines->text[lines->n] = strdup(line);
		if (lines->text[lines->n])
			lines->n++;
	}
	sluice_wipe(ticket, sizeof(ticket));
	sluice_wipe(line, sizeof(line));
}

/* Frees the lines and closes the file, too. True: it is as it should be. */
static bool write_lines(FILE *file, struct lines *lines)
{
	bool ok;

	rewind(file);
	ok = !ftruncate(fileno(file), 0);
	for (size_t i = 0; ok && i < lines->n; i++)
		ok = fputs(lines->text[i], file) >= 0;
	ok = !fflush(file) && ok && !fsync(fileno(file));
	while (lines->n)
		drop(lines, lines->n - 1);
	fclose(file);
	return ok;
}

void ticket_put(void *arg, const char *peer_name, const uint8_t *ticket,
		size_t len)
{
	const struct context *ctx = arg;
	FILE *file = open_locked(ctx->options);
	struct lines lines;
	size_t same = 0;
	char *line;
	int at;

	(void)peer_name;		/* it is in ctx->site */
	if (!file)
		return;
	read_lines(ctx, file, &lines);
	for (size_t i = lines.n; i--;) {
		if (is_site(lines.text[i], ctx->site) && ++same == KEEP_SITE)
			drop(&lines, i);
	}
	line = malloc(LINE_SIZE);
	if (line && len <= SLUICE_TICKET_MAX) {
		at = sprintf(line, "%s ", ctx->site);
		for (size_t i = 0; i < len; i++)
			at += sprintf(line + at, "%02x", ticket[i]);
		memcpy(line + at, "\n", 2);
		if (lines.n == KEEP)
			drop(&lines, 0);
		lines.text[lines.n++] = line;
	} else {
		free(line);
	}
	write_lines(file, &lines);
}

size_t ticket_take(void *arg, const char *peer_name, uint8_t *buf,
		   size_t size)
{
	const struct context *ctx = arg;
	FILE *file = open_locked(ctx->options);
	struct lines lines;
	size_t len = 0;

	(void)peer_name;
	if (!file)
		return 0;
	read_lines(ctx, file, &lines);
	/* the latest one lasts longest */
	for (size_t i = lines.n; i-- && !len;) {
		if (!is_site(lines.text[i], ctx->site))
			continue;
		len = decode(lines.text[i], buf, size);
		drop(&lines, i);
	}
	return write_lines(file, &lines) ? len : 0;
}
