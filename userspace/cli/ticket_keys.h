/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_TICKET_KEYS_H
#define SLUICE_CLI_TICKET_KEYS_H

#include "stream.h"

/* The server's: made at random, or of --ticket-keys. Fails for good. */
void ticket_keys_init(struct context *ctx);
/* For each connection: a new key if it is time for one, or if the file has one. */
void ticket_keys_refresh(struct context *ctx);
void ticket_keys_free(struct context *ctx);

#endif /* SLUICE_CLI_TICKET_KEYS_H */
