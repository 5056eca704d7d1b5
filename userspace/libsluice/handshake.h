/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_HANDSHAKE_H
#define SLUICE_HANDSHAKE_H

#include "sluice/sluice.h"

/*
 * Read a message for the present state, if one is whole. False: the connection
 * has failed.
 */
bool sl_handshake_message(struct sluice_conn *c, bool *taken);

#endif /* SLUICE_HANDSHAKE_H */
