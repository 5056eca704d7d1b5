// SPDX-License-Identifier: MIT
/* TCP sockets: connecting and listening. */
#include "net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void net_set_timeout(int fd, const struct options *options)
{
	struct timeval tv = { .tv_sec = options->timeout };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

int net_connect(const char *host, const char *port,
		const struct options *options)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *ai;
	int rc, fd = -1, error = 0;

	rc = getaddrinfo(host, port, &hints, &list);
	if (rc)
		fail(EXIT_NETWORK, "%s: %s", host,
		     rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
	for (ai = list; ai; ai = ai->ai_next) {
		fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
			    ai->ai_protocol);
		if (fd < 0) {
			error = errno;
			continue;
		}
		net_set_timeout(fd, options);
		if (!connect(fd, ai->ai_addr, ai->ai_addrlen))
			break;
		error = errno == EINPROGRESS ? ETIMEDOUT : errno;
		close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		fail(EXIT_NETWORK, "can't connect to %s port %s: %s", host,
		     port, strerror(error));
	setsockopt(fd, SOL_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	return fd;
}

int net_listen(const char *address, const char *port)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE,
		/* one socket for IPv6 and, mapped, for IPv4 */
		.ai_family = address ? AF_UNSPEC : AF_INET6,
	};
	struct addrinfo *ai;
	int fd, rc;

	rc = getaddrinfo(address, port, &hints, &ai);
	if (rc)
		fail(EXIT_NETWORK, "%s port %s: %s", address ? address : "any",
		     port, gai_strerror(rc));
	fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
		    ai->ai_protocol);
	if (fd < 0)
		fail(EXIT_NETWORK, "can't make a socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (ai->ai_family == AF_INET6 && !address)
		setsockopt(fd, SOL_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 128))
		fail(EXIT_NETWORK, "can't listen on port %s: %s", port,
		     strerror(errno));
	freeaddrinfo(ai);
	return fd;
}

const char *net_local_name(int fd)
{
	static char name[HOST_MAX + PORT_MAX + 4];
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[HOST_MAX + 1], port[PORT_MAX + 1];

	if (getsockname(fd, (struct sockaddr *)&addr, &len) ||
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host),
			port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return "?";
	snprintf(name, sizeof(name), strchr(host, ':') ? "[%s]:%s" : "%s:%s",
		 host, port);
	return name;
}
