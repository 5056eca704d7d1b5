/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The agent of the handshake's upcall (net/handshake), to be played.
 */
#ifndef AGENT_H
#define AGENT_H

#include <stdint.h>

/* Listens for requests in the present network namespace, from now on. */
void agent_begin(void);
/* And no more. */
void agent_end(void);
/* The socket of the next request; waits for one. */
int agent_accept(void);
/* The same without waiting; -1 if there is none. */
int agent_try_accept(void);
/* Tells the kernel how it went, 0 or a positive errno; -1 if it minds. */
int agent_done(int fd, uint32_t status);

#endif /* AGENT_H */
