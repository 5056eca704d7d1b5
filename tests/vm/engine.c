// SPDX-License-Identifier: GPL-2.0
/*
 * The record engine: what a connection sends is encrypted on several CPUs, and
 * arrives as it does otherwise. Data is a stream of 8-octet words that count
 * up, so that nothing can be lost, come twice or out of order unseen. The
 * peer decrypts in userspace where it can, so that the kernel does not judge
 * its own work.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "record.h"
#include "tap.h"

#define BULK		(24U << 20)	/* octets of one bulk transfer */
#define WRITE_MAX	(3U << 19)	/* of one write: 96 records */

/* Words in the order in which they are to come. */
struct stream {
	uint64_t next;
	uint8_t part[8];
	size_t have;
	uint64_t octets;
	bool wrong;
};

static void check(struct stream *s, const uint8_t *data, size_t len)
{
	uint64_t word;

	s->octets += len;
	while (len) {
		s->part[s->have++] = *data++;
		len--;
		if (s->have < 8)
			continue;
		memcpy(&word, s->part, 8);
		s->wrong |= word != s->next++;
		s->have = 0;
	}
}

/* The stream from octet at on. */
static void fill(uint8_t *data, uint64_t at, size_t len)
{
	for (size_t i = 0; i < len; i++, at++) {
		uint64_t word = at / 8;

		data[i] = ((const uint8_t *)&word)[at % 8];
	}
}

/* A xorshift generator of its own for each thread. */
static uint32_t draw(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	return *state ^= *state << 5;
}

struct sender {
	struct end *end;
	uint64_t octets;	/* to send */
	bool update;		/* KeyUpdates in between */
	uint32_t seed;
	unsigned int updates;
	int error;
};

/* Writes of all sizes, some with MSG_MORE, with KeyUpdates in between. */
static void *sender(void *arg)
{
	struct sender *s = arg;
	uint8_t *data = malloc(WRITE_MAX);
	uint32_t state = s->seed;

	for (uint64_t at = 0; at < s->octets;) {
		uint32_t r = draw(&state);
		size_t len = 1 + (r % 3 ? r % WRITE_MAX : r % 40000);
		int more = draw(&state) % 4 == 0;

		if (len >= s->octets - at) {
			len = s->octets - at;
			more = 0;
		}
		fill(data, at, len);
		for (size_t sent = 0; sent < len;) {
			ssize_t n = send(s->end->fd, data + sent, len - sent,
					 MSG_NOSIGNAL | (more ? MSG_MORE : 0));

			if (n <= 0) {
				s->error = errno;
				goto out;
			}
			sent += (size_t)n;
		}
		at += len;
		if (s->update && draw(&state) % 3 == 0) {
			s->error = -key_update(s->end, 0);
			if (s->error)
				break;
			s->updates++;
		}
	}
out:
	free(data);
	return NULL;
}

static struct end session, peer;

static void make_session(int family, const struct suite *suite, uint32_t mode)
{
	make_pair(family, suite, &session, &peer);
	set_ktls(&session);
	if (attach(&session, 0, 0))
		die("attach");
	if (set_engine(&session, mode))
		die("SLUICE_ENGINE");
}

/* Receives and decrypts in userspace until all octets are there. */
static void receive_all(struct stream *stream, uint64_t octets,
			unsigned int *updates)
{
	struct records records = { .end = &peer };
	static uint8_t data[20000];
	uint8_t type;
	ssize_t n;

	while (stream->octets < octets &&
	       (n = get_record(&records, data, sizeof(data), &type)) >= 0) {
		if (type == 23)
			check(stream, data, (size_t)n);
		else if (type == 22)
			++*updates;
		else
			stream->wrong = true;
	}
}

static void bulk(int family, const struct suite *suite, uint32_t mode)
{
	struct sender s = { .end = &session, .octets = BULK, .update = true,
			    .seed = 4711 + suite->type };
	const char *v = family == AF_INET6 ? "IPv6" : "IPv4";
	const char *m = mode == SLUICE_ENGINE_AUTO ? "auto" : "forced";
	struct sluice_engine_info in;
	struct stream stream = { .next = 0 };
	unsigned int updates = 0;
	pthread_t thread;

	make_session(family, suite, mode);
	pthread_create(&thread, NULL, sender, &s);
	receive_all(&stream, BULK, &updates);
	pthread_join(thread, NULL);
	/* The last KeyUpdate may come after the last of the data. */
	tap(!s.error && !stream.wrong && stream.octets == BULK &&
	    updates + 1 >= s.updates && s.updates,
	    "%s, %s, %s: %u octets arrive in order, with %u KeyUpdates (%s)",
	    suite->name, v, m, BULK, s.updates, strerror(s.error));
	if (engine_info(&session, &in))
		die("the engine's information");
	printf("# %llu records inline, %llu spread, %llu helped, %llu wakeups, a record %llu ns, a wakeup %llu ns\n",
	       (unsigned long long)in.records_inline,
	       (unsigned long long)in.records_spread,
	       (unsigned long long)in.records_helped,
	       (unsigned long long)in.wakeups,
	       (unsigned long long)in.record_ns,
	       (unsigned long long)in.wake_ns);
	if (mode == SLUICE_ENGINE_FORCED)
		tap(in.mode == mode && in.records_spread && in.records_helped &&
		    in.records_helped < in.records_spread,
		    "%s, %s, forced: sender and helpers share the records",
		    suite->name, v);
	close(session.fd);
	close(peer.fd);
}

/* From a file, by way of splice: no end of a write is known. */
static void from_file(uint32_t mode)
{
	const size_t size = 8U << 20;
	int fd = memfd_create("data", 0);
	struct stream stream = { .next = 0 };
	unsigned int updates = 0;
	uint8_t *data;
	pid_t pid;

	if (fd < 0 || ftruncate(fd, (off_t)size))
		die("memfd");
	data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fill(data, 0, size);
	make_session(AF_INET, &suites[0], mode);
	pid = fork();
	if (!pid) {
		off_t at = 0;

		while ((size_t)at < size)
			if (sendfile(session.fd, fd, &at,
				     size - (size_t)at) <= 0)
				_exit(1);
		_exit(0);
	}
	receive_all(&stream, size, &updates);
	int status;

	waitpid(pid, &status, 0);
	tap(!status && !stream.wrong && stream.octets == size,
	    "%s: a file arrives in order by sendfile()",
	    mode == SLUICE_ENGINE_AUTO ? "auto" : "forced");
	munmap(data, size);
	close(fd);
	close(session.fd);
	close(peer.fd);
}

/* What the option refuses, and what it says. */
static void options(void)
{
	struct sluice_engine_info in;
	struct end a, b;

	make_pair(AF_INET6, &suites[0], &a, &b);
	tap(set_engine(&a, SLUICE_ENGINE_FORCED) == -EINVAL &&
	    engine_info(&a, &in) == -EINVAL, "no kTLS: EINVAL");
	set_ktls(&a);
	tap(set_engine(&a, SLUICE_ENGINE_AUTO) == -ENOTCONN &&
	    !set_engine(&a, SLUICE_ENGINE_INLINE) && !engine_info(&a, &in) &&
	    in.mode == SLUICE_ENGINE_INLINE,
	    "auto is for attached sockets only");
	if (attach(&a, 0, 0))
		die("attach");
	tap(set_engine(&a, SLUICE_ENGINE_FORCED + 1) == -EINVAL,
	    "an unknown mode: EINVAL");
	if (send(a.fd, "x", 1, MSG_MORE) != 1)
		die("send");
	tap(set_engine(&a, SLUICE_ENGINE_AUTO) == -EBUSY,
	    "data that waits for more: EBUSY");
	if (send(a.fd, "y", 1, 0) != 1)
		die("send");
	tap(!set_engine(&a, SLUICE_ENGINE_AUTO) && !engine_info(&a, &in) &&
	    in.mode == SLUICE_ENGINE_AUTO, "auto");
	tap(!set_engine(&a, SLUICE_ENGINE_INLINE) && !engine_info(&a, &in) &&
	    in.mode == SLUICE_ENGINE_INLINE && send(a.fd, "z", 1, 0) == 1 &&
	    !engine_info(&a, &in) && in.records_inline == 1 &&
	    !in.records_spread, "and back to inline");
	tap(!set_engine(&a, SLUICE_ENGINE_FORCED) && send(a.fd, "z", 1, 0) == 1 &&
	    !engine_info(&a, &in) && in.records_spread == 1,
	    "forced: a single record goes through the queue");
	close(a.fd);
	close(b.fd);
}

/*
 * Raw kTLS with the engine: MSG_MORE leaves records in flight, and kTLS does
 * not wait for them before it sets a new key. Without a KeyUpdate, that is:
 * the peer knows that there is a new key every so many records.
 */
static void epochs(const struct suite *suite)
{
	const size_t per_key = 24, len = per_key * 16384;
	static uint8_t data[24 * 16384], got[20000];
	struct records records = { .end = &peer };
	struct stream stream = { .next = 0 };
	const unsigned int keys = 60;
	uint8_t type;
	pid_t pid;
	int status;

	make_pair(AF_INET, suite, &session, &peer);
	set_ktls(&session);
	if (set_engine(&session, SLUICE_ENGINE_FORCED))
		die("SLUICE_ENGINE");
	pid = fork();
	if (!pid) {
		for (unsigned int i = 0; i < keys; i++) {
			fill(data, i * len, len);
			if (send(session.fd, data, len,
				 (i + 1 < keys ? MSG_MORE : 0) |
				 MSG_NOSIGNAL) != (ssize_t)len ||
			    renew_tx(&session))
				_exit(1);
		}
		_exit(0);
	}
	while (stream.octets < keys * len) {
		ssize_t n = get_record(&records, got, sizeof(got), &type);

		if (n < 0)
			break;
		check(&stream, got, (size_t)n);
		if (records.rx_seq == per_key) {
			next_secret(suite, peer.rx);
			records.rx_seq = 0;
		}
	}
	waitpid(pid, &status, 0);
	tap(!status && !stream.wrong && stream.octets == keys * len,
	    "%s: plain kTLS, %u new keys behind records in flight",
	    suite->name, keys);
	close(session.fd);
	close(peer.fd);
}

/* Several connections at once, each with a sender and a receiver. */
#define SOCKETS	8

struct pair {
	struct end session, peer;
	struct sender sender;
	struct stream stream;
	unsigned int updates;
};

static void *receiver(void *arg)
{
	static _Thread_local uint8_t data[16384];
	struct pair *p = arg;

	while (p->stream.octets < p->sender.octets) {
		bool requested;
		uint8_t type;
		ssize_t n = receive(&p->peer, data, sizeof(data), &type,
				    &requested);

		if (n <= 0)
			break;
		if (type == 23)
			check(&p->stream, data, (size_t)n);
		else
			p->updates++;
	}
	return NULL;
}

static void several(void)
{
	static struct pair pairs[SOCKETS];
	pthread_t threads[2 * SOCKETS];
	bool whole = true;

	for (int i = 0; i < SOCKETS; i++) {
		struct pair *p = &pairs[i];

		make_pair(i % 2 ? AF_INET6 : AF_INET, &suites[i % 3],
			  &p->session, &p->peer);
		set_ktls(&p->session);
		set_ktls(&p->peer);
		if (attach(&p->session, 0, 0) ||
		    set_engine(&p->session, i % 4 ? SLUICE_ENGINE_FORCED :
						    SLUICE_ENGINE_AUTO))
			die("SLUICE_ENGINE");
		p->sender = (struct sender){
			.end = &p->session, .octets = BULK / 8,
			.update = true, .seed = 1 + (uint32_t)i,
		};
		pthread_create(&threads[2 * i], NULL, sender, &p->sender);
		pthread_create(&threads[2 * i + 1], NULL, receiver, p);
	}
	for (int i = 0; i < 2 * SOCKETS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < SOCKETS; i++) {
		whole &= !pairs[i].sender.error && !pairs[i].stream.wrong &&
			 pairs[i].stream.octets == pairs[i].sender.octets;
		close(pairs[i].session.fd);
		close(pairs[i].peer.fd);
	}
	tap(whole, "%d connections at once, all whole", SOCKETS);
}

/*
 * The end comes while records are in flight: the process is killed, or the
 * peer resets the connection. A machine that survives it, with KASAN, is the
 * test.
 */
static void cut_off(bool by_peer)
{
	const int rounds = 40;
	uint32_t state = 99;

	for (int i = 0; i < rounds; i++) {
		struct timespec pause = { .tv_nsec = draw(&state) % 20000000 };
		pid_t pid;

		make_session(AF_INET, &suites[i % 3], SLUICE_ENGINE_FORCED);
		pid = fork();
		if (!pid) {
			struct sender s = { .end = &session, .octets = 1 << 30,
					    .update = i % 2, .seed = state };

			close(peer.fd);
			signal(SIGPIPE, SIG_IGN);
			sender(&s);
			_exit(0);
		}
		close(session.fd);
		pid_t drain = fork();

		if (!drain) {
			static uint8_t data[1 << 16];

			while (read(peer.fd, data, sizeof(data)) > 0)
				;
			_exit(0);
		}
		nanosleep(&pause, NULL);
		if (by_peer) {
			struct linger now = { .l_onoff = 1 };

			setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &now,
				   sizeof(now));
			kill(drain, SIGKILL);
			waitpid(drain, NULL, 0);
			close(peer.fd);
		} else {
			kill(pid, SIGKILL);
			close(peer.fd);
		}
		while (wait(NULL) > 0)
			;
	}
	tap(1, "%d connections %s in the middle", rounds,
	    by_peer ? "reset by the peer" : "killed");
}

/* Close with records in flight and unsent, without a process's end. */
static void close_full(void)
{
	static uint8_t data[1 << 20];

	for (int i = 0; i < 20; i++) {
		make_session(AF_INET, &suites[0], SLUICE_ENGINE_FORCED);
		while (send(session.fd, data, sizeof(data),
			    MSG_DONTWAIT | MSG_NOSIGNAL |
			    (i % 2 ? MSG_MORE : 0)) > 0)
			;
		close(session.fd);
		close(peer.fd);
	}
	tap(1, "close with a full send buffer");
}

static int references(void)
{
	FILE *f = fopen("/sys/module/sluice/refcnt", "r");
	int n = -1;

	if (!f)
		return -1;
	if (fscanf(f, "%d", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

/* A socket that has the engine, but was not attached, holds the module. */
static void holds_module(void)
{
	struct end a, b;
	int rc;

	if (references() < 0) {
		tap_skip("the module is built in");
		return;
	}
	make_pair(AF_INET, &suites[0], &a, &b);
	set_ktls(&a);
	if (set_engine(&a, SLUICE_ENGINE_FORCED))
		die("SLUICE_ENGINE");
	rc = (int)syscall(SYS_delete_module, "sluice", O_NONBLOCK);
	tap(rc == -1 && errno == EWOULDBLOCK && references() == 1 &&
	    send(a.fd, "x", 1, 0) == 1,
	    "the module stays while a socket has the engine");
	close(a.fd);
	close(b.fd);
	for (int i = 0; i < 100 && references(); i++)
		usleep(10000);
	tap(references() == 0, "and not for longer");
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(280);
	options();
	holds_module();
	for (size_t i = 0; i < 3; i++)
		bulk(i == 1 ? AF_INET6 : AF_INET, &suites[i],
		     SLUICE_ENGINE_FORCED);
	bulk(AF_INET, &suites[0], SLUICE_ENGINE_AUTO);
	bulk(AF_INET6, &suites[2], SLUICE_ENGINE_AUTO);
	from_file(SLUICE_ENGINE_FORCED);
	from_file(SLUICE_ENGINE_AUTO);
	epochs(&suites[0]);
	epochs(&suites[2]);
	several();
	cut_off(false);
	cut_off(true);
	close_full();
	return tap_status();
}
