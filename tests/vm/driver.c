// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions of a driver: the sample echo client over sockets that have their keys
 * already, against a peer that this program plays. What needs a handshake is
 * agents.sh's.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "echo.h"
#include "peer.h"
#include "record.h"
#include "tap.h"

enum {
	ALERT = 21, HANDSHAKE = 22, DATA = 23,
	CLOSE_NOTIFY = 0, BAD_RECORD_MAC = 20, RECORD_OVERFLOW = 22,
	HANDSHAKE_FAILURE = 40, INTERNAL_ERROR = 80,
};

/* One echo, from connect to close. */
static const struct outcome *echo(struct client *c, struct echo *e,
				  const struct suite *suite, bool bare,
				  const char *options)
{
	struct end own;
	pthread_t thread;

	connect_pair(suite, bare, &own, &e->peer);
	thread = start_echo(e);
	start(c, "fd=%d auth=none %s", own.fd, options);
	end(c);
	close(own.fd);
	pthread_join(thread, NULL);
	close(e->peer.fd);
	return &c->out;
}

static void test_ways(void)
{
	static const char *const ways[] = {
		"bytes=3000001", "bytes=3000001 kvec", "bytes=3000001 lend",
		"bytes=100001 size=77 depth=16", "bytes=1 size=1",
		"bytes=100000 size=1000 depth=16 more kvec",
		"bytes=3000001 lend more size=5000 depth=7", "bytes=0",
		"bytes=100000 size=777 more flush",
	};
	unsigned long long bytes;
	const struct outcome *o;
	struct client c;

	for (size_t s = 0; s < 3; s++) {
		for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
			struct echo e = { .octets = 0 };
			bool bare = (s + i) % 2;

			bytes = strtoull(ways[i] + 6, NULL, 10);
			o = echo(&c, &e, &suites[s], bare, ways[i]);
			tap(!o->error && o->received == bytes && e.closed,
			    "echo %s, %s%s: %s, %llu octets back", ways[i],
			    suites[s].name, bare ? " without secrets" : "",
			    strerror(o->error), o->received);
		}
	}
}

static void test_coalescing(void)
{
	struct echo e = { .octets = 0 };
	const struct outcome *o;
	struct client c;

	o = echo(&c, &e, &suites[0], false, "bytes=1600000 size=100 depth=16 more");
	tap(!o->error && o->received == 1600000 && o->tx_records < 1600000 / 100 / 8,
	    "16000 messages that may share records take %llu", o->tx_records);
}

static void test_updates(void)
{
	struct echo e = { .update_every = 3, .request = true, .tickets = true };
	struct echo plain = { .octets = 0 };
	const struct outcome *o;
	struct client c;

	o = echo(&c, &e, &suites[1], false, "bytes=4000000 size=8192 update=5");
	tap(!o->error && o->received == 4000000 && o->rx_updates == e.updates &&
	    o->tx_updates > 50 && o->rx_updates > 50 && o->tickets > 10,
	    "under KeyUpdates from both sides: %llu sent, %llu received, %llu tickets",
	    o->tx_updates, o->rx_updates, o->tickets);
	o = echo(&c, &plain, &suites[0], true, "bytes=100000 update=1");
	tap(o->error == EOPNOTSUPP && !o->tx_updates,
	    "without secrets, a KeyUpdate on request is refused: %s",
	    strerror(o->error));
}

static void test_half_close(void)
{
	struct echo e = { .octets = 0 };
	const struct outcome *o;
	struct client c;

	o = echo(&c, &e, &suites[0], false, "bytes=2000000 stop");
	tap(!o->error && o->received == 1000000 && e.closed,
	    "after half a close the rest still comes: %llu", o->received);
}

/* How a peer misbehaves, and what the driver is to learn of it. */
struct misdeed {
	const char *name;
	void (*act)(struct records *r);
	int error;
	int alert_sent;
	int alert_received;
	bool bare;
};

static void act_truncate(struct records *r)
{
	shutdown(r->end->fd, SHUT_WR);
}

static void act_reset(struct records *r)
{
	struct linger none = { .l_onoff = 1 };
	int fd = r->end->fd;

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	r->end->fd = dup(open("/dev/null", O_RDWR));
	close(fd);
}

static void act_alert(struct records *r)
{
	put_record(r, ALERT, (uint8_t[]){ 2, HANDSHAKE_FAILURE }, 2);
}

/* TLS 1.3 has no warnings: the description counts. */
static void act_warning(struct records *r)
{
	put_record(r, ALERT, (uint8_t[]){ 1, HANDSHAKE_FAILURE }, 2);
}

static void act_forge(struct records *r)
{
	put_forged(r, DATA, "data", 4);
}

static void act_oversize(struct records *r)
{
	uint8_t header[] = { 23, 3, 3, 0x48, 0x00 };
	uint8_t filler[2000] = { 0 };

	put_raw(r, header, sizeof(header));
	put_raw(r, filler, sizeof(filler));
}

static void act_garbage(struct records *r)
{
	uint8_t garbage[64];

	memset(garbage, 0xee, sizeof(garbage));
	put_raw(r, garbage, sizeof(garbage));
}

static void act_client_hello(struct records *r)
{
	put_record(r, HANDSHAKE, (uint8_t[]){ 1, 0, 0, 2, 3, 3 }, 6);
}

static void act_update(struct records *r)
{
	put_key_update(r, 1);
}

static void act_alerts(struct records *r)
{
	for (int i = 0; i < 100000; i++)
		put_record(r, ALERT, (uint8_t[]){ 1, 90 }, 2);
	put_record(r, ALERT, (uint8_t[]){ 2, HANDSHAKE_FAILURE }, 2);
}

static const struct misdeed misdeeds[] = {
	{ "ends TCP without close_notify", act_truncate, ECONNRESET, -1, -1, 0 },
	{ "resets", act_reset, ECONNRESET, -1, -1, 0 },
	{ "sends an alert", act_alert, ECONNABORTED, -1, HANDSHAKE_FAILURE, 0 },
	{ "calls its alert a warning", act_warning, ECONNABORTED, -1,
	  HANDSHAKE_FAILURE, 0 },
	{ "forges a record", act_forge, EBADMSG, BAD_RECORD_MAC, -1, 0 },
	{ "sends too long a record", act_oversize, EMSGSIZE, RECORD_OVERFLOW,
	  -1, 0 },
	{ "sends no TLS at all", act_garbage, EMSGSIZE, RECORD_OVERFLOW, -1, 0 },
	{ "begins another handshake", act_client_hello, EPROTO, 10, -1, 0 },
	{ "updates its key where we have no secrets", act_update, EKEYEXPIRED,
	  INTERNAL_ERROR, -1, 1 },
	{ "sends 100000 alerts", act_alerts, ECONNABORTED, -1,
	  HANDSHAKE_FAILURE, 0 },
};

static bool alert_is(unsigned int seen, int wanted)
{
	return seen == (wanted < 0 ? SLUICE_ALERT_NONE : (unsigned int)wanted);
}

static void test_misdeed(const struct misdeed *m, const char *options)
{
	struct end own, peer;
	struct records r = { .end = &peer };
	const struct outcome *o;
	uint8_t buf[16384], type;
	struct client c;
	int got = -1;

	make_pair(AF_INET, &suites[0], &own, &peer);
	set_ktls(&own);
	if (!m->bare && attach(&own, 0, 0))
		die("attach");
	start(&c, "fd=%d auth=none bytes=1000000 size=1000 %s", own.fd, options);
	/* In the middle of what it sends: what does not come back it awaits. */
	for (ssize_t n, got = 0; got < 4000; got += n) {
		n = get_record(&r, buf, sizeof(buf), &type);
		if (n <= 0 || type != DATA)
			die("get_record");
	}
	m->act(&r);
	if (m->alert_sent >= 0)
		got = get_alert(&r);
	/* TCP drops what was not read yet when it gets a reset. */
	shutdown(peer.fd, SHUT_WR);
	o = end(&c);
	close(peer.fd);
	close(own.fd);
	tap(o->error == m->error && alert_is(o->alert_sent, m->alert_sent) &&
	    alert_is(o->alert_received, m->alert_received) &&
	    (m->alert_sent < 0 || got == m->alert_sent),
	    "a peer that %s%s%s: %s, alerts %u sent, %u received", m->name,
	    *options ? ", " : "", options, strerror(o->error), o->alert_sent,
	    o->alert_received);
}

static void on_signal(int sig)
{
	(void)sig;
}

/* A peer that neither reads nor writes; and one that does not say goodbye. */
static void test_stalls(void)
{
	static const char *const ways[] = { "size=16384", "size=999 more flush" };
	struct end own, peer;
	struct timespec t0, t1;
	const struct outcome *o;
	struct client c;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		connect_pair(&suites[0], false, &own, &peer);
		start(&c, "fd=%d auth=none bytes=100000000 depth=16 %s", own.fd,
		      ways[i]);
		usleep(300000);
		pthread_kill(c.thread, SIGUSR1);
		o = end(&c);
		tap(o->error == EINTR && !o->received,
		    "a peer that stalls is left in the middle, %s: %s after %llu octets",
		    ways[i], strerror(o->error), o->sent);
		close(own.fd);
		close(peer.fd);
	}

	connect_pair(&suites[0], false, &own, &peer);
	clock_gettime(CLOCK_MONOTONIC, &t0);
	start(&c, "fd=%d auth=none linger=300", own.fd);
	o = end(&c);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	tap(o->error == ETIMEDOUT && !o->alert_sent &&
	    (t1.tv_sec - t0.tv_sec) * 1000 + (t1.tv_nsec - t0.tv_nsec) / 1000000 >= 300,
	    "a peer that never says close_notify: %s", strerror(o->error));
	close(own.fd);
	close(peer.fd);
}

/* What the engine has counted by the end of the connection. */
static struct sluice_engine_info engine_end(const struct end *own)
{
	struct sluice_engine_info in = { .mode = 0 };

	while (!engine_info(own, &in))
		usleep(2000);
	printf("# %llu records inline, %llu spread, %llu helped\n",
	       (unsigned long long)in.records_inline,
	       (unsigned long long)in.records_spread,
	       (unsigned long long)in.records_helped);
	return in;
}

/* Other CPUs encrypt what the driver sends, and all of it comes back. */
static void test_forced(const struct suite *suite, bool bare,
			const char *options)
{
	struct echo e = { .octets = 0 };
	struct sluice_engine_info in;
	const struct outcome *o;
	pthread_t thread;
	struct client c;
	struct end own;

	connect_pair(suite, bare, &own, &e.peer);
	thread = start_echo(&e);
	start(&c, "fd=%d auth=none engine=forced bytes=20000000 size=1048576 %s",
	      own.fd, options);
	in = engine_end(&own);
	o = end(&c);
	close(own.fd);
	pthread_join(thread, NULL);
	close(e.peer.fd);
	tap(!o->error && o->received == 20000000 &&
	    in.mode == SLUICE_ENGINE_FORCED && in.records_helped > 100 &&
	    in.records_helped < in.records_spread &&
	    (bare || o->tx_updates > 10),
	    "1 MiB sends with the engine, %s%s: %s, %llu octets back, %llu records by other CPUs, %llu key updates",
	    suite->name, bare ? " without secrets" : "", strerror(o->error),
	    o->received, (unsigned long long)in.records_helped, o->tx_updates);
}

/* Throws away what comes, without the time to decrypt it: a CPU is idle. */
static void *drain_thread(void *arg)
{
	static char sink[1 << 20];
	const int *fd = arg;

	while (recv(*fd, sink, sizeof(sink), MSG_TRUNC) > 0)
		;
	return NULL;
}

#define AUTO_OCTETS	(96ULL << 20)

static void test_auto(bool bare)
{
	struct sluice_engine_info in;
	struct sluice_info sent;
	struct end own, peer;
	const struct outcome *o;
	pthread_t thread;
	struct client c;

	make_pair(AF_INET6, &suites[0], &own, &peer);
	set_ktls(&own);
	if (!bare && attach(&own, 0, 0))
		die("attach");
	if (pthread_create(&thread, NULL, drain_thread, &peer.fd))
		die("pthread_create");
	start(&c, "fd=%d auth=none engine=auto bytes=%llu size=1048576",
	      own.fd, AUTO_OCTETS);
	do {
		usleep(10000);
	} while (!c.over && (info(&own, &sent) || sent.tx_bytes < AUTO_OCTETS));
	if (engine_info(&own, &in))
		die("the engine's information");
	pthread_kill(c.thread, SIGUSR1);
	o = end(&c);
	close(own.fd);
	pthread_join(thread, NULL);
	close(peer.fd);
	tap(o->error == EINTR && sent.tx_bytes == AUTO_OCTETS &&
	    in.mode == SLUICE_ENGINE_AUTO && in.records_spread,
	    "1 MiB sends with the engine where it pays%s: %llu of %llu records spread",
	    bare ? ", without secrets" : "",
	    (unsigned long long)in.records_spread,
	    (unsigned long long)(in.records_spread + in.records_inline));
}

/* A program's choice stays where the driver makes none. */
static void test_engine_kept(void)
{
	struct echo e = { .octets = 0 };
	struct sluice_engine_info in;
	const struct outcome *o;
	pthread_t thread;
	struct client c;
	struct end own;

	connect_pair(&suites[0], false, &own, &e.peer);
	if (set_engine(&own, SLUICE_ENGINE_AUTO))
		die("SLUICE_ENGINE");
	thread = start_echo(&e);
	start(&c, "fd=%d auth=none bytes=1000000", own.fd);
	in = engine_end(&own);
	o = end(&c);
	close(own.fd);
	pthread_join(thread, NULL);
	close(e.peer.fd);
	tap(!o->error && in.mode == SLUICE_ENGINE_AUTO,
	    "an engine that the socket has already stays");
}

#define MANY	64

static void test_many(void)
{
	static struct client clients[MANY];
	static struct echo echoes[MANY];
	static struct end own[MANY];
	pthread_t threads[MANY];
	unsigned int good = 0;

	for (size_t i = 0; i < MANY; i++) {
		connect_pair(&suites[i % 3], false, &own[i], &echoes[i].peer);
		echoes[i].update_every = 7;
		echoes[i].request = true;
		threads[i] = start_echo(&echoes[i]);
	}
	for (size_t i = 0; i < MANY; i++)
		start(&clients[i], "fd=%d auth=none bytes=300000 size=%zu update=9%s",
		      own[i].fd, 500 + 100 * i, i % 2 ? " lend" : "");
	for (size_t i = 0; i < MANY; i++) {
		const struct outcome *o = end(&clients[i]);

		close(own[i].fd);
		pthread_join(threads[i], NULL);
		close(echoes[i].peer.fd);
		if (!o->error && o->received == 300000 && echoes[i].closed)
			good++;
		else
			printf("# session %zu: error %d, %llu octets back, %s\n", i,
			       o->error, (unsigned long long)o->received,
			       echoes[i].closed ? "closed" : "not closed");
	}
	tap(good == MANY, "%d sessions at once: %u well", MANY, good);
}

/* What is not a session's socket, and what is no sense at all. */
static void test_refusals(void)
{
	static const char *const nonsense[] = {
		"auth=none", "fd=-1 auth=none", "fd=0 auth=secret", "fd=0 bytes=x",
		"fd=0 size=0", "fd=0 size=1048577", "fd=0 depth=17", "fd=0 engine=diesel",
		"colour=blue",
	};
	struct end own, peer;
	const struct outcome *o;
	struct client c;
	int fd;

	for (size_t i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++) {
		start(&c, "%s", nonsense[i]);
		o = end(&c);
		tap(o->error == EINVAL || o->error == EBADF ||
		    o->error == ERANGE, "'%s': %s", nonsense[i],
		    strerror(o->error));
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	start(&c, "fd=%d auth=none", fd);
	o = end(&c);
	tap(o->error == EOPNOTSUPP, "not TCP: %s", strerror(o->error));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	start(&c, "fd=%d auth=none", fd);
	o = end(&c);
	tap(o->error == ENOTCONN, "not connected: %s", strerror(o->error));
	close(fd);
	make_pair(AF_INET, &suites[0], &own, &peer);
	start(&c, "fd=%d auth=none", own.fd);
	o = end(&c);
	tap(o->error == EINVAL, "no keys: %s", strerror(o->error));
	start(&c, "fd=%d auth=x509 cert=1", own.fd);
	o = end(&c);
	tap(o->error == EINVAL, "certificate without its key: %s", strerror(o->error));
	start(&c, "fd=%d auth=anon server", own.fd);
	o = end(&c);
	tap(o->error == EINVAL, "an anonymous server: %s", strerror(o->error));
	start(&c, "fd=%d auth=anon", own.fd);
	o = end(&c);
	tap(o->error == ESRCH, "no agent: %s", strerror(o->error));
	close(own.fd);
	close(peer.fd);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_signal };


	load_client();
	sigaction(SIGUSR1, &action, NULL);
	signal(SIGPIPE, SIG_IGN);

	test_ways();
	test_coalescing();
	test_updates();
	test_half_close();
	for (size_t i = 0; i < sizeof(misdeeds) / sizeof(*misdeeds); i++)
		test_misdeed(&misdeeds[i], i % 2 ? "lend" : "");
	test_stalls();
	test_forced(&suites[0], false, "update=1");
	test_forced(&suites[1], true, "kvec");
	test_forced(&suites[2], true, "lend");
	test_auto(false);
	test_auto(true);
	test_engine_kept();
	test_many();
	test_refusals();
	unload_client();
	return tap_status();
}
