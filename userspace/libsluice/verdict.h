/* SPDX-License-Identifier: MIT */
/* Is the peer, by the certificates that it shows, the one that it has to be? */
#ifndef SLUICE_VERDICT_H
#define SLUICE_VERDICT_H

#include "sluice/async.h"

/* Is there anything to judge a certificate by? */
bool sl_can_judge(const struct sluice_config *config);

/* Only by the pinned keys? */
bool sl_only_pins(const struct sluice_config *config);

/* What there is to judge: c->hs->chain, of the current message. */
void sl_verdict_request(const struct sluice_conn *c,
			struct sluice_verdict_request *request);

/*
 * Judge it. Unless the caller is to be waited for, sl_verdict_use() follows at
 * once.
 */
bool sl_verdict_find(struct sluice_conn *c);

/*
 * With a verdict of 0 the leaf's key is in c->hs->peer_key then, unless the
 * application has something against the peer.
 */
bool sl_verdict_use(struct sluice_conn *c, int verdict, const char *reason);

#endif /* SLUICE_VERDICT_H */
