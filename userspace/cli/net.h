/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_NET_H
#define SLUICE_CLI_NET_H

#include "cli.h"

/* Longest host and port that are taken. */
#define HOST_MAX	255
#define PORT_MAX	5

/* A connected socket with the timeout set; fails for good if there is none. */
int net_connect(const char *host, const char *port,
		const struct options *options);
/* A listening socket; address may be NULL. Port 0 is any. */
int net_listen(const char *address, const char *port);
void net_set_timeout(int fd, const struct options *options);
/* "address:port" of the socket's own end, in a static buffer. */
const char *net_local_name(int fd);

#endif /* SLUICE_CLI_NET_H */
