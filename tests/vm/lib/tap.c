// SPDX-License-Identifier: GPL-2.0
#include "tap.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count, failed;

void tap(int ok, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", ok ? "" : "not ", ++count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	failed |= !ok;
}

void tap_skip(const char *why)
{
	printf("ok %d - # SKIP %s\n", ++count, why);
	fflush(stdout);
}

int tap_status(void)
{
	return failed || !count;
}

void die(const char *what)
{
	printf("not ok %d - %s: %s\n", ++count, what, strerror(errno));
	fflush(stdout);
	exit(1);
}
