/* SPDX-License-Identifier: MIT */
/* What is measured: a TLS library between two buffers in memory. */
#ifndef SLUICE_BENCH_H
#define SLUICE_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(x) do { if (!(x)) { \
	fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); exit(1); \
} } while (0)

/* Octets on their way to one side. */
struct buffer {
	uint8_t data[65536];
	size_t start;
	size_t end;
};

struct scenario {
	const char *name;
	const char *key;	/* of the certificates: p256, rsa, ed25519 */
	bool hybrid;		/* X25519MLKEM768, or X25519 */
	bool mutual;
	bool resumed;
};

/*
 * TLS 1.3 with TLS_AES_256_GCM_SHA384 and one group; the client checks the
 * server's chain (an authority's leaf) and its name, the server sends one ticket
 * if the scenario resumes, none else. Files are in folder: KEY-ca.pem,
 * KEY-cert.pem, KEY-key.pem, and the same certificate is the client's.
 *
 * rustls/src/lib.rs has these structures, too.
 */
struct library {
	const char *name;
	/* NULL: this library cannot do it */
	void *(*context)(const struct scenario *scenario, bool server,
			 const char *folder);
	void (*context_free)(void *context);
	void *(*connection)(void *context);
	/* 1: done, 0: something has to be received first */
	int (*handshake)(void *conn, struct buffer *in, struct buffer *out);
	/* one record of application data */
	void (*seal)(void *conn, const uint8_t *data, size_t len,
		     struct buffer *out);
	/* all that has come: octets of data */
	size_t (*open)(void *conn, struct buffer *in);
	bool (*resumed)(void *conn);
	void (*connection_free)(void *conn);
};

extern const struct library bench_sluice, bench_openssl;

struct sluice_provider;

/* What a context of bench_sluice works with. */
const struct sluice_provider *bench_sluice_provider(void *context);

/* Each of the others is a shared object that has this. */
extern const struct library bench_library;

static inline const char *bench_path(const char *folder, const char *key,
				     const char *what)
{
	static char path[4][512];
	static unsigned int n;
	char *at = path[n++ % 4];

	snprintf(at, sizeof(path[0]), "%s/%s-%s.pem", folder, key, what);
	return at;
}

#endif /* SLUICE_BENCH_H */
