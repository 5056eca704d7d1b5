/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLIENT_H
#define SLUICE_CLIENT_H

#include "extensions.h"
#include "sluice/sluice.h"

/* The first state of a client's handshake. */
const struct sl_step *sl_client_begin(void);

/* What the server says to the client's wishes, in whichever message. */
bool sl_server_answers_read(struct sluice_conn *c, struct sl_extensions *ext);

#endif /* SLUICE_CLIENT_H */
