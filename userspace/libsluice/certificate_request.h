/* SPDX-License-Identifier: MIT */
/* CertificateRequest (RFC 9846, section 4.3.2). */
#ifndef SLUICE_CERTIFICATE_REQUEST_H
#define SLUICE_CERTIFICATE_REQUEST_H

#include "sluice/sluice.h"
#include "wire.h"

/*
 * Client: the server asks for a certificate. If the configured one is of a kind
 * that it takes, c->client_signature says how to sign with it.
 */
bool sl_certificate_request_read(struct sluice_conn *c,
				 struct sl_reader *body);

/* Server. */
bool sl_certificate_request_write(struct sluice_conn *c);

/* The names of ours, as far as they are to be told: the list. */
void sl_put_authorities(struct sluice_conn *c, struct sl_writer *w);

#endif /* SLUICE_CERTIFICATE_REQUEST_H */
