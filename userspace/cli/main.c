// SPDX-License-Identifier: MIT
/* The sluice command: finds the command that was asked for. */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sluice/backend.h"

static int command_version(int argc, char **argv);

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *about;
} commands[] = {
	{ "get", command_get, "fetch a file over HTTPS" },
	{ "put", command_put, "send a file over HTTPS" },
	{ "connect", command_connect, "connect standard input and output" },
	{ "diagnose", command_diagnose, "tell what a TLS server shows, and what is wrong" },
	{ "serve", command_serve, "serve files over HTTPS" },
	{ "stat", command_stat, "show the kernel's TLS sessions" },
	{ "ech", command_ech, "make a key for Encrypted Client Hello" },
	{ "version", command_version, "show versions" },
};

static void usage(FILE *to)
{
	fputs("Usage: sluice COMMAND [OPTION...] [ARGUMENT...]\n"
	      "TLS 1.3 connections that the kernel encrypts.\n\n", to);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		fprintf(to, "  %-10s %s\n", commands[i].name,
			commands[i].about);
	fputs("\n'sluice COMMAND --help' shows a command's options; sluice(1) "
	      "is the manual.\n", to);
}

/* The libraries that there are, each with what it says of itself. */
static int command_version(int argc, char **argv)
{
	const struct sluice_backend *backend;
	bool fips = argc == 2 && !strcmp(argv[1], "--fips");
	char why[SLUICE_WHY_MAX];

	if (argc > 1 && !fips)
		fail(EXIT_USAGE, "version takes no arguments but --fips");
	printf("sluice %s\n", SLUICE_VERSION);
	for (unsigned int i = 0; (backend = sluice_backend_get(i)); i++) {
		struct sluice_provider *p = backend->open(fips, why);

		printf("%s: %s\n", backend->name, p ? p->name : why);
		if (p)
			backend->close(p);
	}
	return EXIT_OK;
}

static void print(const char *format, va_list args)
{
	fputs("sluice: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print(format, args);
	va_end(args);
	exit(status);
}

void note(const struct options *options, const char *format, ...)
{
	va_list args;

	if (options->quiet)
		return;
	va_start(args, format);
	print(format, args);
	va_end(args);
}

int main(int argc, char **argv)
{
	static char name[32];
	int status;

	argp_err_exit_status = EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN);

	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return EXIT_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V"))
		argv[1] = (char[]){ "version" };

	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[1], commands[i].name))
			continue;
		snprintf(name, sizeof(name), "sluice %s", commands[i].name);
		argv[1] = name;
		status = commands[i].run(argc - 1, argv + 1);
		if (fflush(stdout) || ferror(stdout))
			fail(EXIT_FILE, "can't write to standard output");
		return status;
	}
	fail(EXIT_USAGE, "there is no command '%s'; 'sluice --help' lists them",
	     argv[1]);
}
