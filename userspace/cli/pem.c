// SPDX-License-Identifier: MIT
#include "pem.h"

#include <string.h>

#include "base64.h"
#include "sluice/sluice.h"

/* Octets of a line: 64 characters. */
#define LINE_OCTETS	48

const char *pem_find(const char *text, size_t size, const char *label,
		     size_t *len)
{
	char begin[64], end[64];
	const char *from, *to;
	int n = snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);

	snprintf(end, sizeof(end), "-----END %s-----", label);
	from = memmem(text, size, begin, (size_t)n);
	if (!from)
		return NULL;
	from += n;
	to = memmem(from, size - (size_t)(from - text), end, strlen(end));
	if (!to)
		return NULL;
	*len = (size_t)(to - from);
	return from;
}

void pem_print(FILE *file, const char *label, const uint8_t *data, size_t len)
{
	char line[BASE64_SIZE(LINE_OCTETS)];

	fprintf(file, "-----BEGIN %s-----\n", label);
	while (len) {
		size_t part = len < LINE_OCTETS ? len : LINE_OCTETS;

		base64_encode(data, part, line);
		fprintf(file, "%s\n", line);
		data += part;
		len -= part;
	}
	fprintf(file, "-----END %s-----\n", label);
	sluice_wipe(line, sizeof(line));
}
