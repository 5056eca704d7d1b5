/* SPDX-License-Identifier: MIT */
/* What the files of the sluice command share. */
#ifndef SLUICE_CLI_H
#define SLUICE_CLI_H

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pins.h"
#include "sluice/sluice.h"

/* Exit statuses, as sluice(1) lists them. */
enum {
	EXIT_OK = 0,
	EXIT_USAGE = 1,
	EXIT_NETWORK = 2,	/* no connection, or it broke */
	EXIT_TLS = 3,		/* handshake, certificate, alert */
	EXIT_TRUNCATED = 4,	/* the peer ended without close_notify */
	EXIT_KERNEL = 5,	/* the kernel lacks what was required */
	EXIT_HTTP = 6,		/* the server answered with an error */
	EXIT_FILE = 7,		/* a local file */
};

/* How the kernel is to be used. */
enum kernel_use {
	KERNEL_IF_THERE,
	KERNEL_REQUIRED,
	KERNEL_NEVER,
	KERNEL_RAW,		/* keys to kTLS only: to show what breaks */
};

/* Certificates that one command can have. */
#define CERTS_MAX	8

/* Keys for Encrypted Client Hello that a server can have. */
#define ECH_KEYS_MAX	8

struct sluice_compression;
struct sluice_verdict_request;

/* Options of every command that speaks TLS. */
struct options {
	enum kernel_use kernel;
	bool insecure;
	bool quiet;
	unsigned int verbose;
	const char *cafile;
	const char *capath;
	const char *servername;
	const char *crl;
	unsigned int crl_flags;	/* SLUICE_CRL_* */
	struct pins pins;
	enum sluice_raw_key raw_key;
	enum sluice_raw_key peer_raw_key;
	const char *certs[CERTS_MAX];
	const char *keys[CERTS_MAX];	/* each of the certificate as manieth */
	const char *ocsp[CERTS_MAX];	/* the same, or NULL */
	size_t cert_count;
	size_t key_count;
	enum { OCSP_DEFAULT, OCSP_NEVER, OCSP_OPTIONAL, OCSP_REQUIRED } ocsp_check;
	const struct sluice_compression *compressions[4];
	const char *client_ca;	/* serve */
	bool client_optional;	/* serve */
	const char *session;
	const char *ticket_keys;	/* serve */
	bool early_data;		/* serve, get */
	const char *psk_file;
	const char *keylog;
	const char *alpn[9];
	uint16_t tls_min;
	uint16_t tls_max;
	uint16_t suites[8];
	uint16_t groups[8];
	uint64_t update_after;
	unsigned int record_size;
	unsigned int timeout;	/* seconds; 0 for none */
	bool allow_truncation;
	bool trace;
	uint16_t schemes[8];
	/* diagnose: what takes the place of the provider's judgement, and pins' */
	int (*judge)(void *ctx, const struct sluice_verdict_request *request,
		     const char **reason);
	const char *provider;
	bool fips;
	const char *ech;	/* a client's: a file, or base64 */
	bool ech_grease;
	const char *ech_keys[ECH_KEYS_MAX];	/* serve */
	size_t ech_key_count;
};

/* A child parser; its input is a struct options. */
extern const struct argp tls_argp;

/* Prints one line to standard error and exits. */
_Noreturn void fail(int status, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints one line to standard error, unless --quiet. */
void note(const struct options *options, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The commands; each gets the arguments behind its name. */
int command_get(int argc, char **argv);
int command_put(int argc, char **argv);
int command_connect(int argc, char **argv);
int command_diagnose(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_stat(int argc, char **argv);
int command_ech(int argc, char **argv);

#endif /* SLUICE_CLI_H */
