/* SPDX-License-Identifier: MIT */
/* Which certificate is shown to the peer. */
#ifndef SLUICE_CREDENTIAL_H
#define SLUICE_CREDENTIAL_H

#include "sluice/sluice.h"
#include "wire.h"

/* Does the caller choose one for each connection? */
bool sl_credential_chosen(const struct sluice_config *config);

/* Is there any to be had? */
bool sl_can_certify(const struct sluice_config *config);

/*
 * c->hs->request has what the peer says of it in the current message. Unless
 * the caller is to be waited for, sl_credential_use() follows at once.
 */
bool sl_credential_choose(struct sluice_conn *c);

/*
 * Take it, or none (NULL): c->signature or c->client_signature says how to sign
 * with it; the latter is 0 if nothing is to be shown.
 */
bool sl_credential_use(struct sluice_conn *c,
		       const struct sluice_credential *cred);

/* The next filter of the list in oid_filters (RFC 9846, section 4.2.5). */
void sl_get_filter(struct sl_reader *list, struct sl_reader *oid,
		   struct sl_reader *values);

#endif /* SLUICE_CREDENTIAL_H */
