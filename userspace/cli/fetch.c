// SPDX-License-Identifier: MIT
#include "fetch.h"

#include <string.h>

void fetch_init(struct fetch *f, struct stream *s)
{
	f->s = s;
	f->start = f->end = 0;
}

size_t fetch_head(struct fetch *f, const char **head)
{
	size_t len, n;

	memmove(f->buf, f->buf + f->start, f->end - f->start);
	f->end -= f->start;
	f->start = 0;
	while (!(len = http_head_end(f->buf, f->end))) {
		if (f->end == sizeof(f->buf))
			fail(EXIT_HTTP, "the peer's HTTP head is longer than %d octets",
			     HTTP_HEAD_MAX);
		n = stream_read(f->s, f->buf + f->end,
				sizeof(f->buf) - f->end);
		if (!n)
			return 0;
		f->end += n;
	}
	*head = f->buf;
	f->start = len;
	return len;
}

size_t fetch_read(struct fetch *f, void *data, size_t len)
{
	size_t left = f->end - f->start;

	if (!left)
		return stream_read(f->s, data, len);
	if (len > left)
		len = left;
	memcpy(data, f->buf + f->start, len);
	f->start += len;
	return len;
}

size_t fetch_line(struct fetch *f, char *line, size_t size)
{
	size_t n = 0;

	for (;;) {
		if (f->start == f->end) {
			f->start = 0;
			f->end = stream_read(f->s, f->buf, sizeof(f->buf));
			if (!f->end)
				fail(EXIT_HTTP, "the response ends in the middle");
		}
		if (n == size)
			fail(EXIT_HTTP, "a line of the response is too long");
		line[n] = f->buf[f->start++];
		if (line[n] == '\n' && n && line[n - 1] == '\r')
			return n - 1;
		n++;
	}
}
