/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_SERVER_H
#define SLUICE_SERVER_H

/* The first state of a server's handshake. */
const struct sl_step *sl_server_begin(void);

#endif /* SLUICE_SERVER_H */
