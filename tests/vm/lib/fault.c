// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "tap.h"

const char *const fault_names[FAULTS] = { "failslab", "fail_page_alloc" };

/* What the kernel has counted: never reset, so it has to be known. */
static unsigned long counts[FAULTS];
static uintptr_t text_start, text_end;

/* Opens one of the settings; what this lacks memory for itself, once more. */
static int setting(enum fault fault, const char *name, int flags)
{
	char path[100];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/%s",
		 fault_names[fault], name);
	do
		fd = open(path, flags);
	while (fd < 0 && errno == ENOMEM);
	return fd;
}

static void set(enum fault fault, const char *name, uintptr_t value)
{
	int fd = setting(fault, name, O_WRONLY);
	char text[32];
	int len = snprintf(text, sizeof(text), "%" PRIuPTR, value);

	while (fd < 0 || write(fd, text, (size_t)len) != len)
		if (fd < 0 || errno != ENOMEM)
			die(name);
	close(fd);
}

static long get(enum fault fault, const char *name)
{
	int fd = setting(fault, name, O_RDONLY);
	char text[32] = "";

	while (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		if (fd < 0 || errno != ENOMEM)
			die(name);
	close(fd);
	return strtol(text, NULL, 0);
}

/* Where Sluice's functions are: one behind the other, in a kernel's text. */
static void find_text(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[256], name[128], type;
	uintptr_t at, middle = 0;

	if (!file)
		die("kallsyms");
	for (int turn = 0; turn < 2; turn++) {
		rewind(file);
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, "%" SCNxPTR " %c %127s", &at, &type,
				   name) != 3 || (type != 't' && type != 'T'))
				continue;
			if (!strcmp(name, "sluice_sendmsg"))
				middle = at;
			/* Not those that are in sections of their own. */
			if (!turn || strncmp(name, "sluice_", 7) ||
			    at + (1 << 19) < middle || at > middle + (1 << 19))
				continue;
			if (!text_start || at < text_start)
				text_start = at;
			if (at > text_end)
				text_end = at;
		}
	}
	fclose(file);
	if (!middle)
		die("sluice_sendmsg is not in kallsyms");
}

static void set_range(enum fault fault, bool all)
{
	set(fault, "require-start", all ? 0 : text_start);
	set(fault, "require-end", all ? UINTPTR_MAX : text_end);
}

/* Anything that allocates, and may fail. */
static void allocate(void)
{
	int fds[2];

	if (pipe(fds))
		return;
	if (write(fds[1], "", 1) < 0)
		errno = 0;
	close(fds[0]);
	close(fds[1]);
}

/* Has this task make what is left of allocations, until one fails. */
static void use_up(enum fault fault)
{
	int fd = open("/proc/thread-self/make-it-fail", O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		die("make-it-fail");
	set(fault, "task-filter", 1);
	set_range(fault, true);
	set(fault, "probability", 100);
	while (get(fault, "times"))
		allocate();
	set(fault, "probability", 0);
	set_range(fault, false);
	set(fault, "task-filter", 0);
	if (pwrite(fd, "0", 1, 0) != 1)
		die("make-it-fail");
	close(fd);
}

bool fault_begin(void)
{
	int fd = setting(FAULT_PAGE, "require-start", O_RDONLY);

	if (fd < 0)
		return false;
	close(fd);
	find_text();
	for (int i = 0; i < FAULTS; i++) {
		set(i, "probability", 0);
		set(i, "ignore-gfp-wait", 0);
		set(i, "verbose", 0);
		set(i, "stacktrace-depth", 32);
		set_range(i, false);
	}
	set(FAULT_PAGE, "ignore-gfp-highmem", 0);
	set(FAULT_PAGE, "min-order", 0);
	return true;
}

void fault_end(void)
{
	for (int i = 0; i < FAULTS; i++) {
		set(i, "probability", 0);
		set_range(i, true);
	}
}

/* One in so many fails; the kernel counts on from where it is. */
void fault_arm(enum fault fault, unsigned int n)
{
	/* It does not count for an interval of 1. */
	if (!counts[fault]) {
		counts[fault] = 2;
		set(fault, "interval", 2);
		set(fault, "times", 1);
		use_up(fault);
	}
	counts[fault] += n;
	set(fault, "interval", counts[fault]);
	set(fault, "times", 1);
	set(fault, "probability", 100);
}

bool fault_disarm(enum fault fault)
{
	bool hit;

	set(fault, "probability", 0);
	hit = !get(fault, "times");
	if (!hit)
		use_up(fault);
	return hit;
}

void fault_rain(unsigned int percent)
{
	for (int i = 0; i < FAULTS; i++) {
		set(i, "interval", 1);
		set(i, "times", INT_MAX);
		set(i, "probability", percent);
	}
}
