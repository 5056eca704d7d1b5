/* SPDX-License-Identifier: MIT */
/*
 * One call: the third level. A connected socket becomes one that the kernel
 * encrypts, and is read(2) and written to as before:
 *
 *	rc = sluice_connect(fd, "example.org", NULL);
 *	if (rc)
 *		error(1, -rc, "no TLS");
 *	write(fd, "hello\n", 6);
 *
 * Or, where the kernel may be one without kTLS and sluice.ko, in this process:
 *
 *	struct sluice_stream *stream;
 *	struct sluice_call call = {
 *		.flags = SLUICE_CALL_FALLBACK, .stream = &stream,
 *	};
 *
 *	rc = sluice_connect(fd, "example.org", &call);
 *	...
 *	sluice_write(stream, "hello\n", 6);	// whoever encrypts
 *	sluice_call_end(stream);
 *
 * This level allocates, waits, and loads files; the two below it do not.
 */
#ifndef SLUICE_CALL_H
#define SLUICE_CALL_H

#include "sluice/backend.h"
#include "sluice/sluice.h"
#include "sluice/stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/* If the kernel does not take the connection, go on in this process. */
#define SLUICE_CALL_FALLBACK		1
/* Do not even ask the kernel. */
#define SLUICE_CALL_USERSPACE		2
/* An end without close_notify reads as one with it. */
#define SLUICE_CALL_ALLOW_TRUNCATION	4

/**
 * struct sluice_call - what there is to say; zero what is not set
 * @flags: SLUICE_CALL_*
 * @config: of many connections, in place of files that are loaded for each: the
 *	provider, whom to believe, the own certificate, ... @role and @peer_name
 *	are set by the call; tickets, and all that the callbacks need, go on
 *	until sluice_call_end(). NULL: OpenSSL, the system's trust store
 * @timeout: milliseconds for the handshake; 0 for 30000
 * @stream: gets the connection, if anybody has to do something for it: to be
 *	ended by sluice_call_end(). Needed with SLUICE_CALL_FALLBACK and
 *	SLUICE_CALL_USERSPACE; else it may be NULL
 * @why: SLUICE_WHY_MAX octets for one line that says why it failed, or why the
 *	kernel did not take it; may be NULL
 */
struct sluice_call {
	unsigned int flags;
	const struct sluice_config *config;
	unsigned int timeout;
	struct sluice_stream **stream;
	char *why;
};

/**
 * sluice_connect() - be the client of a connection
 * @fd: a connected TCP socket, blocking or not, and it stays so. It is not
 *	closed, but of no use any more if this fails
 * @host: who the server has to be: a DNS name, or an address's text
 * @call: NULL for a kernel that encrypts, and nothing special
 *
 * Return: 0, or a negative errno. -ENOENT: the kernel has no kTLS;
 * -ENOPROTOOPT: no sluice.ko. In both cases nothing was sent or received,
 * unless it is allowed to go on. -EOPNOTSUPP: kTLS does not have what was
 * negotiated. -EINVAL: @call makes no sense. -ETIMEDOUT. Else as sluice_errno(),
 * or as send(2) and recv(2).
 */
int sluice_connect(int fd, const char *host, const struct sluice_call *call);

/**
 * sluice_accept() - be the server of a connection
 * @chain: the certificate chain, a PEM file; NULL if @call->config has one
 * @key: its key, a PEM file
 *
 * Otherwise as sluice_connect().
 */
int sluice_accept(int fd, const char *chain, const char *key,
		  const struct sluice_call *call);

/**
 * sluice_call_end() - free what belongs to a connection
 * @stream: may be NULL. Nothing is sent: see sluice_shutdown(). The descriptor
 *	is left open
 */
void sluice_call_end(struct sluice_stream *stream);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_CALL_H */
