// SPDX-License-Identifier: GPL-2.0
/*
 * Loads a module with four sockets, which are two connections with kTLS's keys:
 * what rust/tests/bench measures on. rust MODULE.ko
 */
#include <err.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "peer.h"

int main(int argc, char **argv)
{
	struct end a[2], b[2];
	char params[128];
	int i, fd;

	if (argc != 2)
		errx(2, "usage: %s MODULE.ko", argv[0]);
	for (i = 0; i < 2; i++) {
		make_pair(AF_INET, &suites[0], &a[i], &b[i]);
		set_ktls(&a[i]);
		set_ktls(&b[i]);
	}
	snprintf(params, sizeof(params),
		 "c_from=%d c_to=%d rust_from=%d rust_to=%d", a[0].fd, b[0].fd,
		 a[1].fd, b[1].fd);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(2, "%s", argv[1]);
	if (syscall(SYS_finit_module, fd, params, 0))
		err(1, "%s %s", argv[1], params);
	return EXIT_SUCCESS;
}
