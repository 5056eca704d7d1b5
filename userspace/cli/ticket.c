// SPDX-License-Identifier: MIT
/*
 * Tickets in a file (--session), one a line: the peer's name and the ticket in
 * hexadecimal. A ticket that is taken leaves the file first (RFC 9846,
 * appendix C.4). The file is locked while it is changed.
 */
#include "ticket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "stream.h"

/* Tickets kept in all; the oldest go first. */
#define KEEP	16
#define LINE_MAX_LEN	(256 + 1 + 2 * SLUICE_TICKET_MAX + 2)

static FILE *open_locked(const struct options *o)
{
	int fd = open(o->session, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	FILE *file;

	if (fd < 0 || flock(fd, LOCK_EX)) {
		note(o, "can't keep tickets in %s: %s", o->session,
		     strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	file = fdopen(fd, "r+");
	if (!file)
		close(fd);
	return file;
}

static size_t read_lines(FILE *file, char *lines[KEEP])
{
	char *line = malloc(LINE_MAX_LEN);
	size_t n = 0;

	while (line && fgets(line, LINE_MAX_LEN, file)) {
		if (n == KEEP) {
			free(lines[0]);
			memmove(lines, lines + 1, (KEEP - 1) * sizeof(*lines));
			n--;
		}
		lines[n] = strdup(line);
		if (lines[n])
			n++;
	}
	free(line);
	return n;
}

static void write_lines(FILE *file, char *lines[], size_t n)
{
	rewind(file);
	if (ftruncate(fileno(file), 0))
		return;
	for (size_t i = 0; i < n; i++)
		fputs(lines[i], file);
}

static void free_lines(char *lines[], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sluice_wipe(lines[i], strlen(lines[i]));
		free(lines[i]);
	}
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Octets decoded from a line behind its name; 0 if it is malformed. */
static size_t decode(const char *hex, uint8_t *buf, size_t size)
{
	size_t n = 0;

	for (; *hex && *hex != '\n'; hex += 2) {
		int high = hex_digit(hex[0]);
		int low = high < 0 ? -1 : hex_digit(hex[1]);

		if (low < 0 || n == size)
			return 0;
		buf[n++] = (uint8_t)(high << 4 | low);
	}
	return n;
}

void ticket_put(void *arg, const char *peer_name, const uint8_t *ticket,
		size_t len)
{
	const struct context *ctx = arg;
	char *lines[KEEP], *line;
	FILE *file = open_locked(ctx->options);
	size_t n;
	int at;

	if (!file)
		return;
	n = read_lines(file, lines);
	line = malloc(LINE_MAX_LEN);
	if (line && len <= SLUICE_TICKET_MAX) {
		at = snprintf(line, LINE_MAX_LEN, "%.255s ", peer_name);
		for (size_t i = 0; i < len; i++)
			at += snprintf(line + at, 3, "%02x", ticket[i]);
		memcpy(line + at, "\n", 2);
		write_lines(file, n == KEEP ? lines + 1 : lines,
			    n == KEEP ? n - 1 : n);
		fputs(line, file);
		sluice_wipe(line, LINE_MAX_LEN);
	}
	free(line);
	free_lines(lines, n);
	fclose(file);
}

size_t ticket_take(void *arg, const char *peer_name, uint8_t *buf,
		   size_t size)
{
	const struct context *ctx = arg;
	char *lines[KEEP];
	FILE *file = open_locked(ctx->options);
	size_t n, i, name_len = strlen(peer_name), len = 0;

	if (!file)
		return 0;
	n = read_lines(file, lines);
	/* The latest one lasts longest. */
	for (i = n; i-- && !len;) {
		if (strncmp(lines[i], peer_name, name_len) ||
		    lines[i][name_len] != ' ')
			continue;
		len = decode(lines[i] + name_len + 1, buf, size);
		sluice_wipe(lines[i], strlen(lines[i]));
		free(lines[i]);
		memmove(lines + i, lines + i + 1,
			(n - i - 1) * sizeof(*lines));
		n--;
	}
	write_lines(file, lines, n);
	free_lines(lines, n);
	/* Only what has left the file for good may be used. */
	if (fflush(file) || fsync(fileno(file)))
		len = 0;
	fclose(file);
	return len;
}
