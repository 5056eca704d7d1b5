/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A peer that sends back what comes, on raw kTLS.
 */
#ifndef ECHO_H
#define ECHO_H

#include <pthread.h>

#include "peer.h"

/* What it sends of its own in between, and what came of it. */
struct echo {
	struct end peer;
	unsigned int update_every;	/* records; 0: none */
	bool request;
	bool tickets;
	bool wait_for_close;
	unsigned long long octets;
	unsigned int updates;
	bool closed;
};

/* Goes on until the other end's close_notify, or any error. */
pthread_t start_echo(struct echo *e);
/* A pair with keys on both ends, and the session's end attached unless bare. */
void connect_pair(const struct suite *suite, bool bare, struct end *own,
		  struct end *peer);

#endif /* ECHO_H */
