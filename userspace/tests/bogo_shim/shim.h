/* SPDX-License-Identifier: MIT */
/*
 * A shim between libsluice and BoringSSL's test runner: what the parts share.
 * For each connection, setup.c makes a configuration out of the flags, with what
 * sessions.c keeps, exchange.c speaks to the runner, and check.c looks at what
 * came of it.
 */
#ifndef BOGO_SHIM_H
#define BOGO_SHIM_H

#include "../wrapper.h"
#include "options.h"
#include "sluice/async.h"
#include "sluice/compress.h"
#include "sluice/ech.h"
#include "sluice/openssl.h"
#include "sluice/sluice.h"

#define NAMES_MAX	16
/* As BoringSSL has it, to which the tests' amounts are fitted. */
#define EARLY_DATA_MAX	14336

/* What outlasts a connection. */
struct shim {
	struct sluice_provider *real;
	uint64_t now;			/* stands still within a connection */
	uint8_t ticket[SLUICE_TICKET_MAX];	/* client: to be offered */
	size_t ticket_len;
	bool no_tickets;		/* it keeps none */
	struct sluice_ticket_key ticket_key;
	uint8_t session_id[32];	/* server: the one it keeps */
	size_t session_id_len;
	uint8_t session[SLUICE_SESSION_MAX];
	size_t session_len;
};

struct connection {
	struct wrapper provider;	/* what flags change about it */
	struct shim *shim;
	const struct options *options;
	bool resumption;
	struct sluice_config config;
	uint16_t suites[17];
	uint16_t groups[17];
	uint16_t verify_prefs[LIST_MAX + 1];
	char alpn_text[SLUICE_ALPN_MAX];
	const char *alpn[SLUICE_ALPN_MAX / 2];
	const struct sluice_compression *compressions[4];
	struct sluice_credential *credentials[1 + CREDENTIALS_MAX];
	struct list schemes[1 + CREDENTIALS_MAX];
	struct sluice_ech_key ech_keys[LIST_MAX];
	struct sluice_trust *trust;	/* only for its authorities' names: */
	struct sluice_octets names[NAMES_MAX];
	size_t name_count;

	/* what was seen */
	struct sluice_octets chain[SLUICE_CHAIN_MAX];
	size_t chain_len;
	const struct sluice_credential *shown;
	long chosen;			/* its number; -1: none of -new-* */
	unsigned int puts;		/* of tickets */
	char trace[1024];		/* as -expect-msg-callback has it */
	bool wrong;			/* not what was expected; it is said */

	struct sluice_conn *conn;
	int fd;
	size_t in_start, in_end;
	uint8_t in[4 * SLUICE_RECORD_MAX];
	uint8_t out[4 * SLUICE_RECORD_MAX];
	/* large enough for the longest chain, whatever else is in the flight */
	_Alignas(max_align_t) uint8_t memory[384 * 1024];
};

/* Something is not as the flags say: prints it, returns false. */
__attribute__((format(printf, 2, 3)))
bool wrong(struct connection *c, const char *format, ...);

/* Calls unimplemented() if libsluice cannot be configured so. */
void setup(struct connection *c);
void setup_free(struct connection *c);

/* Its part about sessions: a client's, a server's. */
void keep_tickets(struct connection *c);
void make_tickets(struct connection *c);

/* What libsluice asks for, at once or later. */
const struct sluice_credential *
choose(void *ctx, const struct sluice_credential_request *request);
int judge(void *ctx, const struct sluice_verdict_request *request,
	  const char **reason);

/* The whole of a connection; false: it has failed, and the reason is printed. */
bool exchange(struct connection *c, const struct options *retried);

bool check_handshake(struct connection *c);
bool check_ech_retry(struct connection *c);
bool check_end(struct connection *c);

/* Names in the form of -use-client-ca-list; how many there are. */
size_t read_names(const char *text, struct sluice_octets names[NAMES_MAX]);

#endif /* BOGO_SHIM_H */
