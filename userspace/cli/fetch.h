/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_FETCH_H
#define SLUICE_CLI_FETCH_H

#include "http.h"
#include "stream.h"

/* Reads of HTTP from a stream, with what came along with the last head. */
struct fetch {
	struct stream *s;
	char buf[HTTP_HEAD_MAX];
	size_t start, end;
};

void fetch_init(struct fetch *f, struct stream *s);
/*
 * Reads until a head is there; its octets at *head, their number returned. 0 if
 * the peer ended first; fails for good if the head is too long.
 */
size_t fetch_head(struct fetch *f, const char **head);
/* As stream_read(), beginning with what is left behind the head. */
size_t fetch_read(struct fetch *f, void *data, size_t len);
/* A line without its end; fails for good if it is longer than size. */
size_t fetch_line(struct fetch *f, char *line, size_t size);

#endif /* SLUICE_CLI_FETCH_H */
