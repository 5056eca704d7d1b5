/* SPDX-License-Identifier: MIT */
/* Tickets and resumption (RFC 9846, sections 4.2.11 and 4.6.1). */
#ifndef SLUICE_TICKETS_H
#define SLUICE_TICKETS_H

#include "conn.h"
#include "sluice/sluice.h"
#include "wire.h"

/*
 * Client: look in the store for a ticket that this connection can use, and set
 * c->hs->session, ticket and ticket_age if there is one; or have the caller look
 * (SLUICE_WANT_TICKET). False: failed.
 */
bool sl_ticket_take(struct sluice_conn *c);
/* Client: this is what the caller has found; NULL, nothing. */
void sl_ticket_use(struct sluice_conn *c, const uint8_t *stored, size_t len);

/*
 * What a client's store keeps with every ticket: whose it is and how long it
 * lasts; and, at its end, which certificate was shown. The latter is written,
 * and compared with the one that there is now.
 */
bool sl_stored_usable(const struct sluice_conn *c, struct sl_reader peer,
		      bool verified, uint64_t received, uint32_t lifetime);
/*
 * For how many seconds from now on, if the server says so: no longer than seven
 * days after it has proved who it is, however many tickets ago.
 */
uint32_t sl_stored_lifetime(uint64_t proved, uint64_t now, uint32_t lifetime);
bool sl_put_credential(struct sluice_conn *c, struct sl_writer *w);
bool sl_stored_credential(struct sluice_conn *c, struct sl_reader *r);

/* Client: put a received NewSessionTicket into the store. */
bool sl_ticket_read(struct sluice_conn *c, struct sl_reader *body);

/* Server: are there any? They would not say who the client is. */
static inline bool sl_tickets_used(const struct sluice_conn *c)
{
	return (c->config->ticket_key || c->config->session_put) &&
	       !c->config->client_auth;
}

/* Server: write a NewSessionTicket. */
bool sl_ticket_write(struct sluice_conn *c);

/*
 * Server: is this identity a ticket of ours that still counts? Then it is in
 * c->hs->session, its identifier in id. What is wrong with a ticket is nobody's
 * business: it only makes a full handshake.
 */
bool sl_ticket_open(struct sluice_conn *c, struct sl_reader identity,
		    uint32_t obfuscated_age, uint8_t id[16]);

#endif /* SLUICE_TICKETS_H */
