/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLIENT_H
#define SLUICE_CLIENT_H

/* The first state of a client's handshake. */
const struct sl_step *sl_client_begin(void);

#endif /* SLUICE_CLIENT_H */
