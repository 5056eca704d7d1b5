/* SPDX-License-Identifier: MIT */
/* A server's memory of sessions: sealed into tickets, or in a store. */
#ifndef SLUICE_SEAL_H
#define SLUICE_SEAL_H

#include "sluice/sluice.h"
#include "wire.h"

/* The longest state of a session; what is in it is the caller's business. */
#define SL_STATE_MAX	SLUICE_SESSION_MAX
#define SL_TICKET_ID_LEN	16

/*
 * Write a ticket for a state, or a handle that finds it in the store until
 * expires. False: there is none, for there is no key, or the store keeps
 * nothing; or the connection has failed.
 */
bool sl_seal(struct sluice_conn *c, const uint8_t *state, size_t len,
	     uint64_t expires, struct sl_writer *ticket);

/*
 * The state of a ticket, and what tells this one from all others; 0 if it is
 * none of ours, or if the caller has to look it up (lookup.h). From a store,
 * nobody gets it a second time.
 */
size_t sl_unseal(struct sluice_conn *c, struct sl_reader ticket,
		 uint8_t state[SL_STATE_MAX], uint8_t id[SL_TICKET_ID_LEN]);

#endif /* SLUICE_SEAL_H */
