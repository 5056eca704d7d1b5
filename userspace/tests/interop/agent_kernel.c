// SPDX-License-Identifier: MIT
/*
 * The kernel's side of sluiced, played in userspace, so that all of the agent but
 * netlink and kTLS can be run against peers that are not ours. The request is in
 * the environment:
 *
 *	REQUEST="client|server PORT x509|anon [name=NAME] [cert=SERIAL]
 *		 [privkey=SERIAL] [keyring=SERIAL]"
 *
 * and what the driver would be told goes to standard output, "done STATUS PEER".
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../sluiced/sluiced.h"
#include "sluice/kernel.h"

static char no_socket;

int mnl_socket_get_fd(const struct mnl_socket *socket)
{
	(void)socket;
	return -1;
}

int upcall_open(struct upcall *u)
{
	*u = (struct upcall){ .socket = (struct mnl_socket *)&no_socket };
	return 0;
}

int upcall_listen(const struct upcall *u)
{
	(void)u;
	return 0;
}

void upcall_drain(const struct upcall *u)
{
	(void)u;
}

void upcall_close(struct upcall *u)
{
	(void)u;
}

static int meet(bool server, const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (!server)
		return connect(fd, (struct sockaddr *)&to, sizeof(to)) ? -1 : fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) || listen(fd, 1))
		return -1;
	return accept(fd, NULL, NULL);
}

int upcall_accept(const struct upcall *u, struct request *request)
{
	static bool asked;
	char *text, *word;
	const char *port;

	(void)u;
	if (asked || !getenv("REQUEST"))
		return -EAGAIN;
	asked = true;
	memset(request, 0, sizeof(*request));
	text = strdup(getenv("REQUEST"));
	word = strtok(text, " ");
	request->server = !strcmp(word, "server");
	port = strtok(NULL, " ");
	word = strtok(NULL, " ");
	request->auth = !strcmp(word, "x509") ? HANDSHAKE_AUTH_X509 :
						HANDSHAKE_AUTH_UNAUTH;
	while ((word = strtok(NULL, " "))) {
		const char *value = strchr(word, '=') + 1;

		if (!strncmp(word, "name=", 5))
			snprintf(request->peer_name, sizeof(request->peer_name),
				 "%s", value);
		else if (!strncmp(word, "cert=", 5))
			request->cert = atoi(value);
		else if (!strncmp(word, "privkey=", 8))
			request->privkey = atoi(value);
		else if (!strncmp(word, "keyring=", 8))
			request->keyring = atoi(value);
	}
	request->fd = meet(request->server, port);
	free(text);
	return request->fd < 0 ? -errno : 0;
}

/* To the peer's end, so that it has heard all that it was told. */
int upcall_done(const struct upcall *u, const struct request *request,
		int status, int32_t peer)
{
	struct pollfd pfd = { .fd = request->fd, .events = POLLIN };
	char buf[4096];

	(void)u;
	printf("done %d %d\n", status, peer);
	fflush(stdout);
	shutdown(request->fd, SHUT_WR);
	while (poll(&pfd, 1, 3000) > 0 &&
	       read(request->fd, buf, sizeof(buf)) > 0)
		;
	return 0;
}

int sluice_kernel_prepare(int fd)
{
	(void)fd;
	return 0;
}

int sluice_kernel_hand_over(int fd, const struct sluice_secrets *secrets,
			    uint32_t flags, uint64_t update_after)
{
	(void)fd;
	(void)flags;
	(void)update_after;
	return secrets->directions == (SLUICE_TX | SLUICE_RX) ? 0 : -EINVAL;
}

int sluice_kernel_protocols(int fd, uint8_t *list, size_t *len)
{
	(void)fd;
	(void)list;
	*len = 0;
	return 0;
}

int sluice_kernel_set_protocol(int fd, const char *name, size_t len)
{
	(void)fd;
	(void)name;
	(void)len;
	return 0;
}
