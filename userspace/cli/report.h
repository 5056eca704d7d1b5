/* SPDX-License-Identifier: MIT */
/*
 * What was found out, as lines "name: value" for people, which are indented by
 * what they belong to; or as JSON (RFC 8259).
 */
#ifndef SLUICE_CLI_REPORT_H
#define SLUICE_CLI_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_DEPTH	8

struct report {
	bool json;
	unsigned int depth;
	struct {
		bool list;
		unsigned int count;	/* of what is in there by now */
	} level[REPORT_DEPTH];
};

/*
 * Each value has a name, but in a list. What is printed of it is printable: the
 * rest is escaped.
 */
void report_begin(struct report *r, const char *name);
void report_list(struct report *r, const char *name);
void report_end(struct report *r);
void report_text(struct report *r, const char *name, const char *text);
void report_octets(struct report *r, const char *name, const char *text,
		   size_t len);
void report_number(struct report *r, const char *name, uint64_t number);
void report_flag(struct report *r, const char *name, bool flag);
/* A text of several lines, for people as it is. */
void report_block(struct report *r, const char *name, const char *text);

#endif /* SLUICE_CLI_REPORT_H */
