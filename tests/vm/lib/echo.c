// SPDX-License-Identifier: GPL-2.0
#include <netinet/in.h>
#include <sys/socket.h>

#include "echo.h"
#include "tap.h"

enum { ALERT = 21, HANDSHAKE = 22, CLOSE_NOTIFY = 0 };

static bool send_all(int fd, const uint8_t *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static void *echo_thread(void *arg)
{
	struct echo *e = arg;
	uint8_t buf[16384], type;
	bool requested = false;
	unsigned int records = 0;

	for (;;) {
		ssize_t n = receive(&e->peer, buf, sizeof(buf), &type,
				    &requested);

		if (n <= 0)
			break;
		if (type == ALERT) {
			e->closed = buf[1] == CLOSE_NOTIFY;
			break;
		}
		if (type == HANDSHAKE) {
			if (requested)
				e->updates += !send_key_update(&e->peer, false);
			continue;
		}
		e->octets += (unsigned long long)n;
		if (!send_all(e->peer.fd, buf, (size_t)n))
			break;
		if (e->update_every && !(++records % e->update_every)) {
			e->updates += !send_key_update(&e->peer, e->request);
			if (e->tickets)
				send_ticket(&e->peer);
		}
	}
	send_alert(&e->peer, 1, CLOSE_NOTIFY);
	shutdown(e->peer.fd, SHUT_WR);
	return NULL;
}

pthread_t start_echo(struct echo *e)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, echo_thread, e))
		die("pthread_create");
	return thread;
}

void connect_pair(const struct suite *suite, bool bare, struct end *own,
		  struct end *peer)
{
	make_pair(AF_INET6, suite, own, peer);
	set_ktls(own);
	set_ktls(peer);
	if (!bare && attach(own, 0, 0))
		die("attach");
}
