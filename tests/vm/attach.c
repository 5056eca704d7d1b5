// SPDX-License-Identifier: GPL-2.0
/* SLUICE_ATTACH, SLUICE_INFO and SLUICE_KEY_UPDATE: what they take and refuse. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record.h"
#include "tap.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

static struct end session, peer;

/* Sound arguments for the session's end. */
static struct sluice_attach sound(const struct end *e)
{
	struct sluice_attach args = {
		.version = TLS_1_3_VERSION,
		.cipher_type = e->suite->type,
		.flags = SLUICE_ATTACH_TX | SLUICE_ATTACH_RX,
		.secret_len = (uint32_t)e->suite->secret_len,
	};

	memcpy(args.tx_secret, e->tx, e->suite->secret_len);
	memcpy(args.rx_secret, e->rx, e->suite->secret_len);
	return args;
}

static int set_at(int fd, int level, const void *args, size_t len)
{
	return setsockopt(fd, level, SLUICE_ATTACH, args, (socklen_t)len) ?
	       errno : 0;
}

static int set(const void *args, size_t len)
{
	return set_at(session.fd,
		      session.family == AF_INET6 ? SOL_IPV6 : SOL_IP, args, len);
}

/* Data goes both ways, on kTLS or on a session. */
static bool works(void)
{
	char buf[16];

	return send(session.fd, "there", 5, MSG_NOSIGNAL) == 5 &&
	       recv(peer.fd, buf, sizeof(buf), 0) == 5 &&
	       send(peer.fd, "back", 4, MSG_NOSIGNAL) == 4 &&
	       recv(session.fd, buf, sizeof(buf), 0) == 4;
}

static void begin(int family, const struct suite *suite)
{
	make_pair(family, suite, &session, &peer);
	set_ktls(&session);
	set_ktls(&peer);
}

static void end(void)
{
	close(session.fd);
	close(peer.fd);
}

/* The arguments are refused, and the socket stays what it was. */
static void refused(struct sluice_attach args, int error, const char *about)
{
	struct sluice_info in;
	int rc = set(&args, sizeof(args));

	tap(rc == error && info(&session, &in) == -ENOTCONN && works(),
	    "%s: %s, and kTLS goes on", about, strerror(rc));
}

#define REFUSED(error, about, ...) do {			\
	struct sluice_attach a = sound(&session);	\
	__VA_ARGS__;					\
	refused(a, error, about);			\
} while (0)

static void arguments(const struct suite *suite, int family)
{
	uint8_t longer[sizeof(struct sluice_attach) + 8] = { 0 };
	struct sluice_attach args;

	begin(family, suite);
	REFUSED(EKEYREJECTED, "a wrong sending secret", a.tx_secret[0] ^= 1);
	REFUSED(EKEYREJECTED, "a wrong receiving secret",
		a.rx_secret[suite->secret_len - 1] ^= 128);
	REFUSED(EKEYREJECTED, "secrets the wrong way round",
		memcpy(a.tx_secret, session.rx, suite->secret_len);
		memcpy(a.rx_secret, session.tx, suite->secret_len));
	REFUSED(EKEYREJECTED, "kTLS behind tx_seq", a.tx_seq = 1000);
	REFUSED(EKEYREJECTED, "kTLS behind rx_seq", a.rx_seq = 1000);
	REFUSED(EINVAL, "no direction", a.flags = 0);
	REFUSED(EINVAL, "an unknown flag", a.flags |= 1U << 31);
	REFUSED(EINVAL, "pad that is not 0", a.pad = 1);
	REFUSED(EINVAL, "a secret of no length", a.secret_len = 0);
	REFUSED(EINVAL, "a secret too long", a.secret_len = 49);
	REFUSED(EOPNOTSUPP, "TLS 1.2", a.version = TLS_1_2_VERSION);
	REFUSED(EOPNOTSUPP, "an unknown cipher", a.cipher_type = 99);
	REFUSED(EOPNOTSUPP, "another cipher than kTLS has",
		a.cipher_type = suite->type == TLS_CIPHER_AES_GCM_128 ?
			TLS_CIPHER_CHACHA20_POLY1305 : TLS_CIPHER_AES_GCM_128;
		a.secret_len = 32);

	args = sound(&session);
	tap(set(&args, sizeof(args) - 1) == EINVAL && works(),
	    "a structure too short: Invalid argument");
	tap(set(NULL, sizeof(args)) == EFAULT && works(), "no structure: Bad address");
	memcpy(longer, &args, sizeof(args));
	longer[sizeof(longer) - 1] = 1;
	tap(set(longer, sizeof(longer)) == E2BIG && works(),
	    "a longer one with something in it: E2BIG");
	longer[sizeof(longer) - 1] = 0;
	tap(set(longer, sizeof(longer)) == 0 && works(),
	    "a longer one with nothing in it is taken");
	tap(set(&args, sizeof(args)) == EALREADY && works(), "twice: EALREADY");
	end();
}

static void sockets(void)
{
	struct sluice_attach args;
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	struct sluice_info in;

	make_pair(AF_INET, &suites[0], &session, &peer);
	args = sound(&session);
	tap(set(&args, sizeof(args)) == EINVAL, "no kTLS: Invalid argument");
	setsockopt(session.fd, SOL_TCP, TCP_ULP, "tls", 4);
	tap(set(&args, sizeof(args)) == EINVAL, "kTLS without keys: the same");
	tap(set_at(tcp, SOL_IP, &args, sizeof(args)) == ENOTCONN,
	    "not connected: ENOTCONN");
	tap(set_at(udp, SOL_IP, &args, sizeof(args)) == EOPNOTSUPP,
	    "UDP: EOPNOTSUPP");
	tap(info(&session, &in) == -ENOTCONN &&
	    key_update(&session, 0) == -ENOTCONN,
	    "INFO and KEY_UPDATE without a session: ENOTCONN");
	close(udp);
	close(tcp);
	end();

	/* The peer has said all already: that is no reason to refuse. */
	begin(AF_INET, &suites[0]);
	send(peer.fd, "all", 3, 0);
	send_alert(&peer, 1, 0);
	shutdown(peer.fd, SHUT_WR);
	usleep(50000);
	char buf[16];

	tap(!attach(&session, 0, 0) && recv(session.fd, buf, 16, 0) == 3 &&
	    recv(session.fd, buf, 16, 0) == 0,
	    "a connection whose peer has ended already is taken");
	end();
}

static void one_direction(void)
{
	struct sluice_attach args;
	struct sluice_info in;
	char buf[16];

	begin(AF_INET, &suites[0]);
	args = sound(&session);
	args.flags = SLUICE_ATTACH_RX;
	memset(args.tx_secret, 0, sizeof(args.tx_secret));
	tap(!set(&args, sizeof(args)) && works() && !info(&session, &in) &&
	    in.tx_state == SLUICE_DIR_DETACHED && in.rx_state == SLUICE_DIR_OPEN,
	    "receiving only");
	send_ticket(&peer);
	send_key_update(&peer, false);
	tap(works(), "a KeyUpdate is followed");
	tap(key_update(&session, 0) == -EOPNOTSUPP, "KEY_UPDATE: EOPNOTSUPP");
	send_key_update(&peer, true);
	tap(recv(session.fd, buf, sizeof(buf), 0) == -1 && errno == EKEYEXPIRED,
	    "one that asks for an answer: EKEYEXPIRED");
	end();

	begin(AF_INET, &suites[0]);
	args = sound(&session);
	args.flags = SLUICE_ATTACH_TX;
	tap(!set(&args, sizeof(args)) && works() && !info(&session, &in) &&
	    in.rx_state == SLUICE_DIR_DETACHED && in.tx_state == SLUICE_DIR_OPEN,
	    "sending only");
	end();
}

static void options(void)
{
	struct tls12_crypto_info_aes_gcm_128 ci = {
		.info = { TLS_1_3_VERSION, TLS_CIPHER_AES_GCM_128 },
	};
	struct sluice_info in = { .id = 0 };
	uint32_t value = 0;
	socklen_t len = 8;

	begin(AF_INET6, &suites[0]);
	if (attach(&session, 0, 0))
		die("attach");
	tap(setsockopt(session.fd, SOL_TLS, TLS_TX, &ci, sizeof(ci)) == -1 &&
	    errno == EBUSY &&
	    setsockopt(session.fd, SOL_TLS, TLS_RX, &ci, sizeof(ci)) == -1 &&
	    errno == EBUSY && works(),
	    "TLS_TX and TLS_RX on a session: EBUSY");
	tap(getsockopt(session.fd, SOL_IPV6, SLUICE_INFO, &in, &len) == 0 &&
	    len == 8 && in.id && !in.version, "INFO fills what there is room for");
	tap(key_update(&session, 2) == -EINVAL, "KEY_UPDATE 2: Invalid argument");
	tap(setsockopt(session.fd, SOL_IPV6, SLUICE_KEY_UPDATE, &value, 2) == -1 &&
	    errno == EINVAL, "KEY_UPDATE of two octets: the same");
	shutdown(session.fd, SHUT_WR);
	tap(key_update(&session, 0) == -EPIPE, "KEY_UPDATE after the end: EPIPE");
	end();
}

/* The key is renewed at just the count that was asked for. */
static void limits(void)
{
	static const struct {
		size_t write;
		uint64_t after;
	} cases[] = { { 1, 3 }, { 16384, 5 }, { 1000000, 7 }, { 100000, 1 } };
	static char data[1000000];
	static uint8_t got[20000];

	for (size_t i = 0; i < 4; i++) {
		struct records r = { .end = &peer };
		uint64_t records = 0, updates = 0, most = 0;
		size_t total = cases[i].write < 16384 ? 20 : 1000000, have = 0;
		struct sluice_info in;
		uint8_t type;

		make_pair(AF_INET, &suites[i % 3], &session, &peer);
		set_ktls(&session);
		if (attach(&session, 0, cases[i].after))
			die("attach");
		if (!fork()) {
			for (size_t at = 0; at < total; at += cases[i].write)
				if (send(session.fd, data, cases[i].write, 0) !=
				    (ssize_t)cases[i].write)
					_exit(1);
			_exit(0);
		}
		while (have < total) {
			ssize_t n = get_record(&r, got, sizeof(got), &type);

			if (n < 0)
				die("the peer's read");
			if (type == 22) {
				updates++;
				records = 0;
				continue;
			}
			have += (size_t)n;
			if (++records > most)
				most = records;
		}
		info(&session, &in);
		tap(most == cases[i].after && in.tx_key_updates == updates &&
		    updates >= 1,
		    "writes of %zu: a new key after %llu records, %llu times",
		    cases[i].write, (unsigned long long)most,
		    (unsigned long long)updates);
		end();
	}
}

static void namespaces(void)
{
	struct sluice_info before, after;

	begin(AF_INET, &suites[0]);
	if (attach(&session, 0, 0) || info(&session, &before))
		die("attach");
	if (unshare(CLONE_NEWNET))
		die("unshare");
	tap(works() && !info(&session, &after) && before.id == after.id,
	    "a session stays with its namespace");
	end();
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	alarm(120);
	for (int i = 0; i < 3; i++)
		arguments(&suites[i], i == 1 ? AF_INET6 : AF_INET);
	sockets();
	one_direction();
	options();
	limits();
	namespaces();
	return tap_status();
}
