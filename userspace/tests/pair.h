/* SPDX-License-Identifier: MIT */
/* A client and a server in memory, and the octets between them. */
#ifndef SLUICE_TEST_PAIR_H
#define SLUICE_TEST_PAIR_H

#include "sluice/ech.h"
#include "sluice/openssl.h"
#include "sluice/sluice.h"
#include "wire.h"
#include "wrapper.h"

#define PAIR_STREAM	(256 * 1024)
#define PAIR_TICKETS	16

/* Key types of a certificate. */
enum key_type {
	KEY_P256,
	KEY_P384,
	KEY_ED25519,
	KEY_RSA,
	KEY_RSA_PSS,
	KEY_P521,
	KEY_TYPES
};

/* A certificate for localhost and 127.0.0.1, and who believes it. */
struct identity {
	struct sluice_credential *cred;
	struct sluice_trust *trust;
};

/* The library that is tested: $SLUICE_TEST_PROVIDER, or the default. */
const struct sluice_backend *test_backend(void);
/* A provider of it, to be closed. */
struct sluice_provider *test_provider(void);
/* Does it have this kind of key? */
bool test_has_key(enum key_type type);
/* A kind that it has, whose signatures are always of the same length. */
enum key_type test_steady_key(void);

/*
 * usage: its extended key usage in OpenSSL's words, NULL for none; it lasts
 * from an hour ago to the number of seconds from now.
 */
void identity_make(struct identity *id, struct sluice_provider *real,
		   enum key_type type, const char *usage, long seconds);
void identity_free(struct identity *id);

/* What is on its way in one direction. */
struct stream {
	uint8_t data[PAIR_STREAM];
	size_t start;
	size_t end;
	size_t total;			/* octets that ever went in */
	/*
	 * Change, in place, what goes in at offset from of the stream; returns
	 * how much is left of it.
	 */
	size_t (*change)(void *ctx, uint8_t *data, size_t len, size_t from);
	void *ctx;
};

struct end {
	struct sluice_config config;
	struct wrapper provider;
	struct sluice_conn *conn;
	enum sluice_status status;
	struct stream *in;
	struct stream *out;
	size_t offered;			/* of in, in vain */
	void *mem;
	size_t mem_len;
	/* give the connection what it wants; false: not now */
	bool (*give)(struct end *end);
};

struct pair {
	struct sluice_provider *real;
	struct identity identity;
	struct stream up;		/* to the server */
	struct stream down;
	struct end client;
	struct end server;
	uint64_t now;
	size_t chunk;			/* octets given at a time; 0: all */
	uint64_t seed;			/* not 0: chunks of random size */
	size_t room;			/* of output; 0: plenty */
	struct sluice_ticket_key ticket_key;
	uint8_t tickets[PAIR_TICKETS][SLUICE_TICKET_MAX];
	size_t ticket_len[PAIR_TICKETS];
	size_t ticket_count;
	uint8_t seen[PAIR_TICKETS][16];
	size_t seen_count;
	/* early data: what the client has, and how much of it has gone */
	const uint8_t *early;
	size_t early_len;
	size_t early_sent;
	uint8_t early_got[PAIR_STREAM];	/* the server */
	size_t early_got_len;
	char keylog[8][256];
	size_t keylog_lines;
	/* Encrypted Client Hello: the server's key, and what is published of it */
	struct sluice_ech_key ech;
	uint8_t ech_private[SLUICE_ECH_KEY_LEN];
	uint8_t ech_list[2 + SLUICE_ECH_CONFIG_MAX];
	size_t ech_list_len;
};

struct pair *pair_new(enum key_type type);
/* Of a provider, which is then the pair's to close. */
struct pair *pair_new_with(enum key_type type, struct sluice_provider *real);
/* A client and a server that both have certificates, and speak h2. */
struct pair *pair_mutual(struct identity *id, enum key_type type);
void pair_free(struct pair *pair);

/* Other memory, from the next pair_reset() on. */
void end_memory(struct end *end, size_t len);

/* New connections over empty pipes; the configuration stays. */
void pair_reset(struct pair *pair);

/* Tickets on both sides. */
void pair_use_tickets(struct pair *pair);

/* Early data, too, which is always the first with its ticket. */
void pair_use_early(struct pair *pair, uint32_t max);
/* Five octets of it, with each connection. */
void pair_say_early(struct pair *pair);

/* Encrypted Client Hello on both sides, with localhost for the public name. */
void pair_use_ech(struct pair *pair);

/* After each call of the engine in the functions below; may be NULL. */
extern void (*pair_called)(void);

/* Until neither side gets any further. True: both are done. */
bool pair_handshake(struct pair *pair);

/* A connection for nothing but its tickets: the client has no other ones. */
void pair_new_tickets(struct pair *pair);

/* A new connection, with the tickets of those before. True: it is resumed. */
bool pair_resumes(struct pair *pair);

/* One side's data to the other; true if it all arrives as it was. */
bool pair_send(struct pair *pair, struct end *from, const uint8_t *data,
	       size_t len);

/* Send what is pending, open what has arrived; data goes to the bin. */
void end_settle(struct end *end);
/* At most one record with data, which has to fit. */
enum sluice_status end_open(struct end *end, uint8_t *data, size_t *len);

/* Is something wanted of the caller (sluice/async.h)? */
bool end_wants(const struct end *end);
/* Give what the provider would have: a certificate, a signature, a verdict. */
bool end_give(struct end *end);

struct sluice_conn_info end_info(const struct end *end);

/* The extension of a ClientHello's body, which has to have it. */
struct sl_reader hello_extension(struct sl_reader hello, uint16_t type);

uint64_t test_random(uint64_t *seed);

#endif /* SLUICE_TEST_PAIR_H */
