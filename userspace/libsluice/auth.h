/* SPDX-License-Identifier: MIT */
/* The authentication messages (RFC 9846, section 4.4). */
#ifndef SLUICE_AUTH_H
#define SLUICE_AUTH_H

#include "sluice/sluice.h"
#include "wire.h"

/*
 * The peer's chain is checked, its key kept in c->hs->peer_key for the next. A
 * client's may be empty, if the configuration says so: then there is no key.
 */
bool sl_certificate_read(struct sluice_conn *c, struct sl_reader *body);
bool sl_certificate_verify_read(struct sluice_conn *c,
				struct sl_reader *body);

/* Our own; a client's is empty without c->client_signature. */
bool sl_certificate_write(struct sluice_conn *c);
bool sl_certificate_verify_write(struct sluice_conn *c);

/* Finished of the side that has this handshake traffic secret. */
bool sl_finished_read(struct sluice_conn *c, const uint8_t *secret,
		      struct sl_reader *body);
bool sl_finished_write(struct sluice_conn *c, const uint8_t *secret);

/* Equal? Takes the same time whatever the octets are. */
bool sl_equal(const uint8_t *a, const uint8_t *b, size_t len);

#endif /* SLUICE_AUTH_H */
