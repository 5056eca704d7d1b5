/* SPDX-License-Identifier: MIT */
/*
 * Stapled OCSP responses (RFC 9846, section 4.4.2.1): proof, with a certificate,
 * that it is not revoked. What is in them is the provider's to check.
 */
#ifndef SLUICE_STAPLE_H
#define SLUICE_STAPLE_H

#include "extensions.h"
#include "sluice/sluice.h"

/* status_request, in ClientHello and CertificateRequest. */
void sl_put_staple_request(struct sluice_conn *c, struct sl_writer *w);
bool sl_read_staple_request(struct sluice_conn *c, struct sl_extensions *ext);

/*
 * With certificate number i of a Certificate: ours, if the peer wants it; or
 * the peer's, of which c->hs->staple keeps the leaf's.
 */
void sl_put_staple(struct sluice_conn *c, struct sl_writer *w, size_t i);
bool sl_read_staple(struct sluice_conn *c, struct sl_extensions *ext, size_t i);

/* The same without the extension around it. */
bool sl_find_staple(struct sluice_conn *c, struct sluice_octets *staple);
void sl_put_status(struct sl_writer *w, struct sluice_octets staple);
bool sl_read_status(struct sluice_conn *c, struct sl_reader *r, size_t i);

#endif /* SLUICE_STAPLE_H */
