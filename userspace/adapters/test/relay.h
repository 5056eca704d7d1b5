/* SPDX-License-Identifier: MIT */
/*
 * What the two programs share: they connect to a TLS server on loopback, hand
 * the connection over, and then copy the socket to standard output and standard
 * input to the socket with read() and write() only.
 *
 *	relay-LIBRARY {connect|accept} PORT CERT [KEY] [raw]
 *
 * 'raw': kTLS has the keys, Sluice gets nothing, to show what happens then.
 */
#ifndef RELAY_H
#define RELAY_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int fail(const char *what, int error)
{
	fprintf(stderr, "%s: %s\n", what, strerror(error));
	return 1;
}

static int tcp(int server, const char *port)
{
	struct sockaddr_in6 addr = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		.sin6_port = htons((uint16_t)atoi(port)),
	};
	int fd = socket(AF_INET6, SOCK_STREAM, 0), listener = fd;

	if (!server)
		return connect(fd, (struct sockaddr *)&addr, sizeof(addr)) ?
		       -1 : fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) || listen(fd, 1))
		return -1;
	fd = accept(listener, NULL, NULL);
	close(listener);
	return fd;
}

/* Nothing here knows of TLS. */
static int copy(int fd)
{
	struct pollfd fds[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	char buf[65536];
	ssize_t n;

	for (;;) {
		if (poll(fds, 2, -1) < 0)
			return fail("poll", errno);
		if (fds[0].revents) {
			n = read(fd, buf, sizeof(buf));
			if (n < 0)
				return fail("read", errno);
			if (!n)
				return 0;
			if (write(STDOUT_FILENO, buf, (size_t)n) != n)
				return fail("standard output", errno);
		}
		if (fds[1].revents) {
			n = read(STDIN_FILENO, buf, sizeof(buf));
			if (n > 0 && write(fd, buf, (size_t)n) != n)
				return fail("write", errno);
			if (n <= 0) {
				shutdown(fd, SHUT_WR);
				fds[1].fd = -1;
				fds[1].revents = 0;
			}
		}
	}
}

#endif /* RELAY_H */
