/* SPDX-License-Identifier: MIT */
/* Early data (RFC 9846, sections 2.3, 4.2.10 and 8). */
#ifndef SLUICE_EARLY_H
#define SLUICE_EARLY_H

#include "sluice/sluice.h"
#include "wire.h"

/*
 * Client: a ticket that is going to be offered allows max octets, with this
 * application protocol: is it what this connection would send?
 */
void sl_early_consider(struct sluice_conn *c, uint32_t max,
		       struct sl_reader alpn);
/* Client: write the extension, if there is to be early data. */
void sl_early_put(struct sluice_conn *c, struct sl_writer *w);
/* Client: the ClientHello is out: its keys, for what is sent now. */
bool sl_early_begin(struct sluice_conn *c);
/* Client: ServerHello, or HelloRetryRequest, says that it was for nothing. */
void sl_early_refused(struct sluice_conn *c);
/* Client: so does EncryptedExtensions, by the extension that is not there. */
bool sl_early_answer(struct sluice_conn *c, struct sl_reader *ext);
/* Client: write EndOfEarlyData. */
bool sl_early_end_write(struct sluice_conn *c);

/*
 * Server: what the state of a ticket says of early data; nothing if it is not
 * taken.
 */
bool sl_early_put_state(struct sluice_conn *c, struct sl_writer *w);
/*
 * Server: is early data of such a ticket, which is off by so many milliseconds
 * from the age that the client sees, for this connection? False: malformed, or
 * the connection has failed.
 */
bool sl_early_read_state(struct sluice_conn *c, struct sl_reader *r,
			 uint64_t off);
/*
 * Server: until when the ticket that is about to be accepted has to be remembered
 * for its early data (milliseconds since 1970); 0: that is not acceptable.
 */
uint64_t sl_early_until(const struct sluice_conn *c, unsigned int index);
/* Server: the ClientHello is in the transcript: the keys of early data. */
bool sl_early_accept(struct sluice_conn *c);
/* Server: EndOfEarlyData. */
bool sl_early_end_read(struct sluice_conn *c, struct sl_reader *body);

#endif /* SLUICE_EARLY_H */
