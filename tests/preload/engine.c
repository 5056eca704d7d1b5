// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD: gives every socket that gets TLS_TX the record engine, so that
 * a program can be run with it unchanged. A socket that may not have it (TLS
 * 1.2, say) goes without. Each one that has it is a line in the file that
 * $ENGINE_SOCKETS names.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sluice.h>
#include <linux/tls.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

typedef int setsockopt_fn(int, int, int, const void *, socklen_t);

static void count(void)
{
	const char *path = getenv("ENGINE_SOCKETS");
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;

	if (fd < 0)
		return;
	if (write(fd, "\n", 1) != 1)
		abort();
	close(fd);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	setsockopt_fn *next = (setsockopt_fn *)dlsym(RTLD_NEXT, "setsockopt");
	const unsigned int mode = SLUICE_ENGINE_FORCED;
	int rc = next(fd, level, name, value, len);
	int saved = errno;

	if (!rc && level == SOL_TLS && name == TLS_TX &&
	    (!next(fd, SOL_IP, SLUICE_ENGINE, &mode, sizeof(mode)) ||
	     !next(fd, SOL_IPV6, SLUICE_ENGINE, &mode, sizeof(mode))))
		count();
	errno = saved;
	return rc;
}
