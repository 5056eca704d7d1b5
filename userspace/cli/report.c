// SPDX-License-Identifier: MIT
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void put_escaped(const struct report *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < ' ' || c > '~')
			printf(r->json ? "\\u%04x" : "\\x%02x", c);
		else if (r->json && (c == '"' || c == '\\'))
			printf("\\%c", c);
		else
			putchar(c);
	}
}

static void put_name(struct report *r, const char *name)
{
	unsigned int i = r->level[r->depth].count++;

	if (r->json) {
		if (r->depth)
			printf("%s\n%*s", i ? "," : "", 2 * (int)r->depth, "");
		if (name && !r->level[r->depth].list)
			printf("\"%s\": ", name);
		return;
	}
	if (!r->depth)
		return;
	printf("%*s", 2 * (int)r->depth - 2, "");
	if (r->level[r->depth].list)
		printf("%u: ", i);
	else
		printf("%s: ", name);
}

static void open_level(struct report *r, const char *name, bool list)
{
	put_name(r, name);
	if (r->json)
		putchar(list ? '[' : '{');
	else if (r->depth)
		putchar('\n');
	r->depth++;
	r->level[r->depth].list = list;
	r->level[r->depth].count = 0;
}

void report_begin(struct report *r, const char *name)
{
	open_level(r, name, false);
}

void report_list(struct report *r, const char *name)
{
	open_level(r, name, true);
}

void report_end(struct report *r)
{
	bool list = r->level[r->depth].list;
	bool any = r->level[r->depth].count;

	r->depth--;
	if (!r->json)
		return;
	if (any)
		printf("\n%*s", 2 * (int)r->depth, "");
	putchar(list ? ']' : '}');
	if (!r->depth)
		putchar('\n');
}

void report_octets(struct report *r, const char *name, const char *text,
		   size_t len)
{
	put_name(r, name);
	if (r->json)
		putchar('"');
	put_escaped(r, text, len);
	putchar(r->json ? '"' : '\n');
}

void report_text(struct report *r, const char *name, const char *text)
{
	report_octets(r, name, text, strlen(text));
}

void report_number(struct report *r, const char *name, uint64_t number)
{
	put_name(r, name);
	printf(r->json ? "%" PRIu64 : "%" PRIu64 "\n", number);
}

void report_flag(struct report *r, const char *name, bool flag)
{
	put_name(r, name);
	if (r->json)
		fputs(flag ? "true" : "false", stdout);
	else
		puts(flag ? "yes" : "no");
}

void report_block(struct report *r, const char *name, const char *text)
{
	if (r->json)
		report_text(r, name, text);
	else
		fputs(text, stdout);
}
