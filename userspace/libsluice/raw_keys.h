/* SPDX-License-Identifier: MIT */
/* Raw public keys in the place of certificates (RFC 7250; TLS 1.3 only). */
#ifndef SLUICE_RAW_KEYS_H
#define SLUICE_RAW_KEYS_H

#include "extensions.h"
#include "sluice/sluice.h"
#include "wire.h"

/* client_certificate_type and server_certificate_type of a ClientHello. */
void sl_put_certificate_types(struct sluice_conn *c, struct sl_writer *w);
/* Server: choose from them: c->own_raw and c->peer_raw. */
bool sl_read_certificate_types(struct sluice_conn *c,
			       struct sl_extensions *ext);

/* The server's choice, in EncryptedExtensions. */
void sl_put_certificate_choice(struct sluice_conn *c, struct sl_writer *w);
bool sl_read_certificate_choice(struct sluice_conn *c,
				struct sl_extensions *ext);

/* c->hs->chain has come: is it of the kind, and the number, that was agreed on? */
bool sl_check_certificate_type(struct sluice_conn *c);

#endif /* SLUICE_RAW_KEYS_H */
