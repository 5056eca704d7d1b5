/* SPDX-License-Identifier: MIT */
/* As much of HTTP/1.1 (RFC 9112) as fetching and serving files takes. */
#ifndef SLUICE_CLI_HTTP_H
#define SLUICE_CLI_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of a message's head, the empty line included. */
#define HTTP_HEAD_MAX	16384
#define HTTP_TARGET_MAX	4096

struct http_head {
	int status;				/* of a response */
	char method[16];			/* of a request */
	char target[HTTP_TARGET_MAX + 1];	/* path, without the query */
	bool has_length;
	bool chunked;
	uint64_t length;
};

/* Where the head ends, behind its empty line; 0 if it is not all there. */
size_t http_head_end(const char *data, size_t len);

/*
 * Parses a head of len octets. Returns NULL, or what is wrong with it. The
 * target of a request is decoded ("%2F").
 */
const char *http_parse_response(struct http_head *head, const char *data,
				size_t len);
const char *http_parse_request(struct http_head *head, const char *data,
			       size_t len);

/* The size in a chunk's first line, without its end; false if malformed. */
bool http_parse_chunk_size(const char *line, size_t len, uint64_t *size);

#endif /* SLUICE_CLI_HTTP_H */
