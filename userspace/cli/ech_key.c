// SPDX-License-Identifier: MIT
/* sluice ech: a key for Encrypted Client Hello, and what is published of it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ech.h"
#include "pem.h"

enum { OPT_MAX_NAME = 512, OPT_GROUP };

struct ech_options {
	struct options o;
	const char *public_name;
	const char *output;
	uint8_t max_name;
	uint16_t group;
};

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0,
	  "Write to FILE, which only its owner can read", 0 },
	{ "max-name", OPT_MAX_NAME, "OCTETS", 0,
	  "The longest name of the servers behind it (default 128): to that length all are padded", 0 },
	{ "group", OPT_GROUP, "NAME", 0,
	  "Make a key of x25519 (the default) or secp256r1", 0 },
	{ 0 },
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct ech_options *ech = state->input;
	char *end;
	unsigned long value;

	switch (opt) {
	case 'o':
		ech->output = arg;
		break;
	case OPT_MAX_NAME:
		value = strtoul(arg, &end, 10);
		if (*end || end == arg || *arg == '-' || value > 255)
			argp_error(state, "--max-name: 0 to 255");
		ech->max_name = (uint8_t)value;
		break;
	case OPT_GROUP:
		ech->group = strcmp(arg, "x25519") ? SLUICE_SECP256R1 :
						     SLUICE_X25519;
		if (strcmp(arg, sluice_group_name(ech->group)))
			argp_error(state, "--group: x25519 or secp256r1");
		break;
	case ARGP_KEY_ARG:
		if (ech->public_name)
			argp_error(state, "one public name");
		ech->public_name = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "the PUBLIC-NAME is missing");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static FILE *open_output(const char *path)
{
	int fd;
	FILE *file;

	if (!path)
		return stdout;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (!file || fchmod(fd, 0600))
		fail(EXIT_FILE, "can't write to %s: %s", path, strerror(errno));
	return file;
}

int command_ech(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, "PUBLIC-NAME",
		"Make a key for Encrypted Client Hello (RFC 9849): for serve's --ech-key, and in it the ECHCONFIG for clients' --ech and for the DNS. All can read PUBLIC-NAME, for which the server needs a certificate, too.",
		NULL, NULL, NULL,
	};
	struct ech_options ech = { .max_name = 128, .group = SLUICE_X25519 };
	uint8_t list[2 + SLUICE_ECH_CONFIG_MAX], der[ECH_DER_MAX], id;
	struct ech_pair pair;
	const struct sluice_backend *backend;
	struct sluice_provider *p;
	const char *wrong;
	size_t len, der_len;
	FILE *file;

	argp_parse(&argp, argc, argv, 0, NULL, &ech);
	p = provider_open(&ech.o, &backend);
	if (p->random(p, &id, 1))
		fail(EXIT_TLS, "the provider gave no random octets");
	wrong = sluice_ech_key_make(p, ech.group, ech.public_name, ech.max_name,
				    id, pair.key, pair.config,
				    &pair.config_len);
	if (wrong)
		fail(EXIT_USAGE, "%s: %s", ech.public_name, wrong);
	der_len = ech_der(&pair, der);
	len = pair.config_len;
	memcpy(list + 2, pair.config, len);
	list[0] = (uint8_t)(len >> 8);
	list[1] = (uint8_t)len;
	file = open_output(ech.output);
	pem_print(file, "PRIVATE KEY", der, der_len);
	pem_print(file, "ECHCONFIG", list, 2 + len);
	sluice_wipe(der, sizeof(der));
	sluice_wipe(&pair, sizeof(pair));
	if (fflush(file) || (file != stdout && fclose(file)))
		fail(EXIT_FILE, "can't write to %s",
		     ech.output ? ech.output : "standard output");
	backend->close(p);
	return EXIT_OK;
}
