/* SPDX-License-Identifier: MIT */
/*
 * What a server asks about a client's tickets: of the configuration's callbacks,
 * or of the caller (SLUICE_WANT_TICKET, SLUICE_WANT_UNUSED).
 *
 * A question to the caller ends the reading of a ClientHello, as if there were no
 * such ticket. When it is answered, sl_client_hello_again() does that part of the
 * reading anew, and finds the answer here.
 */
#ifndef SLUICE_LOOKUP_H
#define SLUICE_LOOKUP_H

#include "conn.h"

/* The caller has to answer first: what was found up to now does not count. */
static inline bool sl_lookup_waits(const struct sluice_conn *c)
{
	return c->hs->wanted == SLUICE_WANT_TICKET ||
	       c->hs->wanted == SLUICE_WANT_UNUSED;
}

/* The session of a handle, SLUICE_SESSION_MAX octets at most; 0: there is none. */
size_t sl_lookup_session(struct sluice_conn *c, const uint8_t *id,
			 size_t id_len, uint8_t *session);
/* The key of that name; NULL: the one that seals now. */
bool sl_lookup_key(struct sluice_conn *c, const uint8_t *name,
		   struct sluice_ticket_key *key);
/*
 * May the ticket be accepted? And its early data, if that would have to be
 * remembered until early_until? 0: it is not acceptable.
 */
bool sl_lookup_unused(struct sluice_conn *c, const uint8_t id[16],
		      uint64_t early_until, bool *first);
/* The answers are of no use any more; the next question is about this ticket. */
void sl_lookup_forget(struct sluice_conn *c, unsigned int next);

#endif /* SLUICE_LOOKUP_H */
