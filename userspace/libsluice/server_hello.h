/* SPDX-License-Identifier: MIT */
/* Reading ClientHello, and choosing what the connection is made of. */
#ifndef SLUICE_SERVER_HELLO_H
#define SLUICE_SERVER_HELLO_H

#include "sluice/sluice.h"
#include "wire.h"

/*
 * Read a ClientHello, the current message, and negotiate. The message joins
 * the transcript. *retry: a HelloRetryRequest for c->hs->retry_group has to be
 * sent; else the key exchange is done, and the early secret stands.
 */
bool sl_client_hello_read(struct sluice_conn *c, struct sl_reader *body,
			  bool *retry);

#endif /* SLUICE_SERVER_HELLO_H */
