/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_URL_H
#define SLUICE_CLI_URL_H

#include "net.h"

#define URL_PATH_MAX	4096

struct url {
	char host[HOST_MAX + 1];	/* without the brackets of IPv6 */
	char port[PORT_MAX + 1];
	char path[URL_PATH_MAX + 1];	/* with the query, "/" if there is none */
};

/*
 * https://HOST[:PORT][/PATH] (RFC 3986), without user and fragment.
 * Returns NULL, or what is wrong with it.
 */
const char *url_parse(struct url *url, const char *text);

/* HOST:PORT or [HOST]:PORT. Returns NULL, or what is wrong with it. */
const char *host_port_parse(struct url *url, const char *text);

#endif /* SLUICE_CLI_URL_H */
