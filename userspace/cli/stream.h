/* SPDX-License-Identifier: MIT */
/*
 * A TLS connection as a stream of bytes: the handshake by libsluice, and then
 * the kernel's, or libsluice's where the kernel can't.
 */
#ifndef SLUICE_CLI_STREAM_H
#define SLUICE_CLI_STREAM_H

#include <sys/types.h>
#include <time.h>

#include "cli.h"
#include "sluice/backend.h"
#include "sluice/sluice.h"
#include "sluice/stream.h"
#include "sluice/ticket_ring.h"

/* The longest NAME:PORT, with its end. */
#define CONTEXT_SITE_MAX	264

/* What connections share: the provider, the trust store, the files. */
struct context {
	const struct options *options;
	const struct sluice_backend *backend;
	struct sluice_provider *provider;
	struct sluice_trust *trust;
	struct sluice_credential *credentials[CERTS_MAX];
	struct sluice_config config;
	int keylog;
	struct sluice_ticket_ring *ring;	/* serve */
	struct timespec keys_time;		/* of its file's last change */
	struct early_memory *early;		/* serve --early-data */
	struct psk_keys *psk_keys;		/* --psk-file */
	struct sluice_psk psk;			/* a client's */
	struct ech_files *ech;			/* --ech, --ech-key */
	bool kernel;		/* it is to have the connections */
	char site[CONTEXT_SITE_MAX];	/* clients: the server, NAME:PORT */
	const char *host;		/* clients: where it is */
	const char *port;
	const char *starttls;		/* by which protocol, or NULL */
	char peer[256];		/* serve: the subject of the client's certificate */
};

/*
 * The provider that the options ask for, and the library that it comes from;
 * fails for good if there is none.
 */
struct sluice_provider *provider_open(const struct options *options,
				      const struct sluice_backend **backend);

/* Each fails for good if something can't be loaded. */
void context_client(struct context *ctx, const struct options *options,
		    const char *peer_name, const char *port);
void context_server(struct context *ctx, const struct options *options);
/* Loads the certificates and keys of the options; part of the two above. */
void context_credentials(struct context *ctx);
/* The same, to where it is told to: false, and a line in why, on failure. */
bool credentials_read(const struct context *ctx,
		      struct sluice_credential *credentials[CERTS_MAX],
		      char *why);
/*
 * A server's certificates, keys, authorities and lists, from their files again:
 * all of them, or none if something is wrong with one. While no connection uses
 * them.
 */
void context_reload(struct context *ctx);
/* Finds out what the kernel can do; part of the two above. */
void context_probe(struct context *ctx);
/* Clients: a new connection with the server, where TLS can begin. */
int context_dial(const struct context *ctx);
void context_free(struct context *ctx);

struct stream {
	struct context *ctx;
	bool kernel;			/* read() and write() are all it takes */
	bool raw;			/* kTLS without sluice */
	struct sluice_stream tls;	/* without a connection once the kernel has it */
	bool early;			/* serve: it waits for early data's end */
	bool early_read;		/* serve: of which some was read */
	bool ended;
};

/*
 * Serve: does the handshake on a connected socket, which the stream then owns.
 * The functions fail for good, with a line that says why.
 */
void stream_open(struct stream *s, struct context *ctx, int fd);
/*
 * Clients: connects with the server, twice if it tells other keys for Encrypted
 * Client Hello, and sends data early if it allows that. True: it has accepted
 * all of it; else it is to be sent now.
 */
bool stream_connect(struct stream *s, struct context *ctx, const void *data,
		    size_t len);
/* Early data that is left is not wanted: get on with the handshake. */
void stream_settle(struct stream *s);
/* Octets read; 0 at the end, which close_notify has vouched for. */
size_t stream_read(struct stream *s, void *data, size_t len);
/*
 * The same without waiting: false if there is nothing to read yet, as when
 * what has arrived was a ticket, or part of a record.
 */
bool stream_try_read(struct stream *s, void *data, size_t len, size_t *got);
void stream_write(struct stream *s, const void *data, size_t len);
/* Sends len octets of a file from its present position. */
void stream_send_file(struct stream *s, int file, uint64_t len,
		      void (*progress)(uint64_t done, void *arg), void *arg);
/* Says that no more will be sent; the other direction goes on. */
void stream_shutdown(struct stream *s);
/* Prints what the connection was, with -v. */
void stream_report(const struct stream *s);
void stream_close(struct stream *s);

#endif /* SLUICE_CLI_STREAM_H */
