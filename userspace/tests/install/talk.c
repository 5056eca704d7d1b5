// SPDX-License-Identifier: MIT
/* The main() of the examples in Documentation/libsluice.md: talk HOST PORT. */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int talk(int fd, const char *host);

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *ai;
	int fd;

	if (argc != 3 || getaddrinfo(argv[1], argv[2], &hints, &ai))
		return 2;
	fd = socket(ai->ai_family, ai->ai_socktype, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen)) {
		perror("connect");
		return 2;
	}
	freeaddrinfo(ai);
	return talk(fd, argv[1]) ? 1 : 0;
}
