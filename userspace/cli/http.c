// SPDX-License-Identifier: MIT
/* Parsing HTTP/1.1 heads, strictly: what is doubtful is refused. */
#include "http.h"

#include <string.h>
#include <strings.h>

size_t http_head_end(const char *data, size_t len)
{
	const char *end = memmem(data, len, "\r\n\r\n", 4);

	return end ? (size_t)(end - data) + 4 : 0;
}

static int digit(char c, int base)
{
	int value = -1;

	if (c >= '0' && c <= '9')
		value = c - '0';
	else if (c >= 'a' && c <= 'f')
		value = c - 'a' + 10;
	else if (c >= 'A' && c <= 'F')
		value = c - 'A' + 10;
	return value < base ? value : -1;
}

/* All of the octets have to be digits, and the number has to fit. */
static bool parse_number(const char *text, size_t len, int base,
			 uint64_t *value)
{
	*value = 0;
	if (!len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int d = digit(text[i], base);

		if (d < 0 || *value > (UINT64_MAX - (uint64_t)d) /
				      (uint64_t)base)
			return false;
		*value = *value * (uint64_t)base + (uint64_t)d;
	}
	return true;
}

bool http_parse_chunk_size(const char *line, size_t len, uint64_t *size)
{
	const char *extension = memchr(line, ';', len);

	return parse_number(line, extension ? (size_t)(extension - line) : len,
			    16, size);
}

static bool is_name(const char *line, size_t len, const char *name)
{
	return len == strlen(name) && !strncasecmp(line, name, len);
}

static const char *parse_field(struct http_head *head, const char *line,
			       size_t len)
{
	const char *colon = memchr(line, ':', len), *value;
	size_t name_len, value_len;
	uint64_t length;

	if (!colon || colon == line)
		return "a header line is malformed";
	name_len = (size_t)(colon - line);
	value = colon + 1;
	value_len = len - name_len - 1;
	while (value_len && (*value == ' ' || *value == '\t')) {
		value++;
		value_len--;
	}
	while (value_len && (value[value_len - 1] == ' ' ||
			     value[value_len - 1] == '\t'))
		value_len--;

	if (is_name(line, name_len, "Content-Length")) {
		if (!parse_number(value, value_len, 10, &length) ||
		    (head->has_length && head->length != length))
			return "the Content-Length is malformed";
		head->has_length = true;
		head->length = length;
	} else if (is_name(line, name_len, "Transfer-Encoding")) {
		if (!is_name(value, value_len, "chunked"))
			return "the Transfer-Encoding is unknown";
		head->chunked = true;
	}
	return NULL;
}

/* Everything behind the first line. */
static const char *parse_fields(struct http_head *head, const char *data,
				size_t len)
{
	const char *problem = NULL;

	while (!problem && len > 2) {
		const char *end = memmem(data, len, "\r\n", 2);
		size_t line_len = (size_t)(end - data);

		if (memchr(data, 0, line_len) || memchr(data, '\n', line_len))
			return "a header line is malformed";
		problem = parse_field(head, data, line_len);
		data += line_len + 2;
		len -= line_len + 2;
	}
	if (!problem && head->chunked && head->has_length)
		problem = "both Content-Length and Transfer-Encoding";
	return problem;
}

const char *http_parse_response(struct http_head *head, const char *data,
				size_t len)
{
	static const char version[] = "HTTP/1.";
	const char *end = memmem(data, len, "\r\n", 2);
	uint64_t status;
	size_t line_len;

	memset(head, 0, sizeof(*head));
	line_len = end ? (size_t)(end - data) : 0;
	/* "HTTP/1.1 200", and perhaps a reason */
	if (line_len < 12 || memcmp(data, version, sizeof(version) - 1) ||
	    (data[7] != '0' && data[7] != '1') || data[8] != ' ' ||
	    !parse_number(data + 9, 3, 10, &status) || status < 100 ||
	    (line_len > 12 && data[12] != ' '))
		return "the server does not speak HTTP/1.1";
	head->status = (int)status;
	return parse_fields(head, end + 2, len - line_len - 2);
}

/* Copies the path, decoded, up to its query. */
static bool decode_target(char *to, const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && text[i] != '?'; i++) {
		char c = text[i];

		if (c == '%') {
			int high = i + 2 < len ? digit(text[i + 1], 16) : -1;
			int low = high < 0 ? -1 : digit(text[i + 2], 16);

			if (low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!c || n == HTTP_TARGET_MAX)
			return false;
		to[n++] = c;
	}
	to[n] = 0;
	return n && to[0] == '/';
}

const char *http_parse_request(struct http_head *head, const char *data,
			       size_t len)
{
	const char *end = memmem(data, len, "\r\n", 2);
	const char *target, *version;
	size_t line_len, method_len;

	memset(head, 0, sizeof(*head));
	line_len = end ? (size_t)(end - data) : 0;
	target = memchr(data, ' ', line_len);
	if (!target)
		return "the request is malformed";
	method_len = (size_t)(target - data);
	target++;
	version = memchr(target, ' ', line_len - method_len - 1);
	if (!method_len || method_len >= sizeof(head->method) || !version ||
	    (size_t)(end - version) != 9 || memcmp(version, " HTTP/1.", 8) ||
	    !decode_target(head->target, target, (size_t)(version - target)))
		return "the request is malformed";
	memcpy(head->method, data, method_len);
	return parse_fields(head, end + 2, len - line_len - 2);
}
