/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two ends of a connection without a handshake: random traffic secrets, kTLS
 * on each end, and for the end that plays the peer the control records that a
 * TLS library would send by itself.
 */
#ifndef PEER_H
#define PEER_H

#include <linux/sluice.h>
#include <linux/tls.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a cipher suite fixes. */
struct suite {
	const char *name;
	uint16_t type;
	size_t key_len;
	size_t secret_len;
};

extern const struct suite suites[3];

/* One end: its secrets change with each KeyUpdate. */
struct end {
	int fd;
	int family;
	const struct suite *suite;
	uint8_t tx[SLUICE_SECRET_MAX];
	uint8_t rx[SLUICE_SECRET_MAX];
};

/* HKDF-Expand-Label with an empty context; label without "tls13 ". */
void expand_label(const struct suite *suite, const uint8_t *secret,
		  const char *label, uint8_t *out, size_t len);
void next_secret(const struct suite *suite, uint8_t *secret);

/* A TCP connection over loopback, with secrets, without kTLS. */
void make_pair(int family, const struct suite *suite, struct end *a,
	       struct end *b);
/* kTLS with the present secrets; both directions, sequence numbers 0. */
void set_ktls(struct end *e);
/* SLUICE_ATTACH of both directions; 0 or a negative errno. */
int attach(const struct end *e, uint32_t flags, uint64_t update_after);
int info(const struct end *e, struct sluice_info *out);
int key_update(const struct end *e, uint32_t request);
/* SLUICE_ENGINE_*; 0 or a negative errno. */
int set_engine(const struct end *e, uint32_t mode);
int engine_info(const struct end *e, struct sluice_engine_info *out);

/* As the peer, on raw kTLS: any record that is not data. */
ssize_t send_record(const struct end *e, uint8_t type, const void *data,
		    size_t len, int flags);
int send_ticket(const struct end *e);
/* The next sending key, without a KeyUpdate. */
int renew_tx(struct end *e);
/* KeyUpdate, and the key behind it. */
int send_key_update(struct end *e, bool request);
int send_alert(const struct end *e, uint8_t level, uint8_t alert);
/*
 * Receives one record or a part of it: its type at *type. A KeyUpdate renews
 * the receiving key, and sets *update_requested if the other end asks for ours.
 */
ssize_t receive(struct end *e, void *data, size_t len, uint8_t *type,
		bool *update_requested);

#endif /* PEER_H */
