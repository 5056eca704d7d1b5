/* SPDX-License-Identifier: MIT */
/* Writing ClientHello (RFC 9846, section 4.1.2). */
#ifndef SLUICE_CLIENT_HELLO_H
#define SLUICE_CLIENT_HELLO_H

#include "sluice/sluice.h"
#include "wire.h"

/* Begin the transcript, make key shares, take the pre-shared key. */
bool sl_client_hello_start(struct sluice_conn *c);
/* Is a cipher suite among those of the ClientHello? */
bool sl_suite_offered(const struct sluice_conn *c, uint16_t suite);
/* There is a pre-shared key, and nothing else would do. */
bool sl_only_psk(const struct sluice_conn *c);

/* The length of the name that goes out as SNI; 0: there is none. */
size_t sl_server_name_len(const struct sluice_config *config);

/* The message, but for its end: which of them, c->hs->ech.face says. */
bool sl_client_hello_make(struct sluice_conn *c, struct sl_writer *w);
/* Write it, the first time or after a HelloRetryRequest. */
bool sl_client_hello_write(struct sluice_conn *c);

/* Make share number i, for group; forget all shares. */
bool sl_share_make(struct sluice_conn *c, unsigned int i, uint16_t group);
void sl_shares_free(struct sluice_conn *c);

#endif /* SLUICE_CLIENT_HELLO_H */
