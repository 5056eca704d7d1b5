/* SPDX-License-Identifier: MIT */
/* Reading ClientHello, and choosing what the connection is made of. */
#ifndef SLUICE_SERVER_HELLO_H
#define SLUICE_SERVER_HELLO_H

#include "extensions.h"
#include "sluice/sluice.h"
#include "wire.h"

/* A ClientHello, where it is. Lists that did not come are empty. */
struct sl_client_hello {
	uint16_t version;
	const uint8_t *random;
	struct sl_reader session_id;
	struct sl_reader suites;
	struct sl_reader compressions;
	struct sl_extensions ext;
	struct sl_reader groups;
	struct sl_reader shares;
	struct sl_reader schemes;
};

/*
 * Read a ClientHello, the current message, and negotiate. The message joins
 * the transcript. *retry: a HelloRetryRequest for c->hs->retry_group has to be
 * sent; else the key exchange is done, and the early secret stands; or the
 * steps of TLS 1.2 have taken over.
 */
bool sl_client_hello_read(struct sluice_conn *c, struct sl_reader *body,
			  bool *retry);

/*
 * The caller has looked up what a ClientHello, still the current message, had to
 * wait for: go on with it.
 */
bool sl_client_hello_again(struct sluice_conn *c);

/* What both versions read: the names of hosts and protocols, limits. */
bool sl_client_wishes_read(struct sluice_conn *c,
			   struct sl_client_hello *hello);

#endif /* SLUICE_SERVER_HELLO_H */
