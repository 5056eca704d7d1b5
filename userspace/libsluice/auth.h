/* SPDX-License-Identifier: MIT */
/* The authentication messages (RFC 9846, section 4.4). */
#ifndef SLUICE_AUTH_H
#define SLUICE_AUTH_H

#include "sluice/sluice.h"
#include "wire.h"

/*
 * The peer's chain is judged (see verdict.h), and its key kept for the next. A
 * client's may be empty, if the configuration says so: so is c->hs->chain, then.
 */
bool sl_certificate_read(struct sluice_conn *c, struct sl_reader *body);
bool sl_certificate_verify_read(struct sluice_conn *c,
				struct sl_reader *body);

/* Our own; a client's is empty without c->client_signature. */
bool sl_certificate_write(struct sluice_conn *c);

/* One more certificate of the peer's. */
bool sl_chain_add(struct sluice_conn *c, struct sl_reader cert);

/* How we sign, 0: not at all; and what the provider is told of it. */
uint16_t sl_own_scheme(const struct sluice_conn *c);
uint16_t sl_signing_scheme(const struct sluice_conn *c);
/* What sl_signature_make() has signed, or waits for. */
struct sluice_octets sl_signed_octets(const struct sluice_conn *c);
/*
 * Sign the transcript. Unless the caller is to be waited for,
 * sl_signature_use() follows at once: it writes CertificateVerify.
 */
bool sl_signature_make(struct sluice_conn *c);
bool sl_signature_use(struct sluice_conn *c, const uint8_t *sig, size_t len);

/* Finished of the side that has this handshake traffic secret. */
bool sl_finished_read(struct sluice_conn *c, const uint8_t *secret,
		      struct sl_reader *body);
bool sl_finished_write(struct sluice_conn *c, const uint8_t *secret);

/* Equal? Takes the same time whatever the octets are. */
bool sl_equal(const uint8_t *a, const uint8_t *b, size_t len);

#endif /* SLUICE_AUTH_H */
