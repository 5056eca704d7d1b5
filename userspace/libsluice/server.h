/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_SERVER_H
#define SLUICE_SERVER_H

#include "sluice/sluice.h"
#include "wire.h"

/* The first state of a server's handshake. */
const struct sl_step *sl_server_begin(void);

/* What the client's wishes come to, in whichever message. */
void sl_put_answers(struct sluice_conn *c, struct sl_writer *w);

#endif /* SLUICE_SERVER_H */
