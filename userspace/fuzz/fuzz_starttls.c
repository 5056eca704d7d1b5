// SPDX-License-Identifier: MIT
/*
 * libFuzzer: what a server may say before TLS begins (STARTTLS). The first octet of
 * an input says in which protocol.
 */
#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../cli/starttls.h"

/* More does not fit into a socket without somebody who reads. */
#define SIZE_MAX_SAID	65536

static jmp_buf failed;

void fail(int status, const char *format, ...)
{
	(void)status;
	(void)format;
	longjmp(failed, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct {
		const char *name;
		char last;	/* of the server's consent */
	} protocols[] = {
		{ "smtp", '\n' }, { "lmtp", '\n' }, { "imap", '\n' },
		{ "pop3", '\n' }, { "sieve", '\n' }, { "ftp", '\n' },
		{ "nntp", '\n' }, { "ldap", 0 }, { "xmpp", '>' },
		{ "xmpp-server", '>' }, { "postgres", 'S' },
		{ "mysql", 0 },
	};
	static char rest[SIZE_MAX_SAID];
	unsigned int i;
	int fds[2];
	ssize_t left;

	if (!size || size > SIZE_MAX_SAID)
		return 0;
	i = *data++ % (sizeof(protocols) / sizeof(*protocols));
	size--;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		abort();
	assert(send(fds[1], data, size, 0) == (ssize_t)size);
	shutdown(fds[1], SHUT_WR);
	if (!setjmp(failed)) {
		starttls(fds[0], protocols[i].name, "localhost");
		/* nothing was taken of what is behind the consent */
		left = recv(fds[0], rest, sizeof(rest), MSG_WAITALL);
		assert(left >= 0 && (size_t)left < size);
		if (protocols[i].last)
			assert(data[size - (size_t)left - 1] ==
			       (uint8_t)protocols[i].last);
	}
	close(fds[0]);
	close(fds[1]);
	return 0;
}
