/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Runs the sample echo client (kernel/samples/echo_client.c) in a thread.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <pthread.h>
#include <stdbool.h>

/* What became of a client. */
struct outcome {
	int error;
	unsigned long long sent, received, tx_updates, rx_updates, tickets,
			   tx_records;
	unsigned int alert_sent, alert_received;
};

struct client {
	pthread_t thread;
	char line[256];
	_Atomic bool over;
	struct outcome out;
};

/* Begins, with the options of /dev/sluice_echo. */
void start(struct client *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Waits for its end. */
const struct outcome *end(struct client *c);

/* Loads the driver, where the kernel does not have it; and takes it away. */
void load_client(void);
void unload_client(void);

#endif /* CLIENT_H */
