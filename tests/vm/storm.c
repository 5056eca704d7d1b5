// SPDX-License-Identifier: GPL-2.0
/*
 * Readers and writers on one session under a storm of KeyUpdates and tickets,
 * from both sides. Data goes both ways as 8-octet words that count up, so that
 * nothing can be lost, come twice or come from elsewhere unseen.
 *
 * The session's side: 8 readers (half of them processes, on dup'ed descriptors)
 * and 8 writers, plus one thread that asks for KeyUpdates. Each reads and writes
 * whole blocks. The peer's side is raw kTLS with one reader and one writer.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "tap.h"

#define READERS		8
#define WRITERS		8
#define BLOCK		1024	/* octets of a block that is written at once */
#define WORDS		(BLOCK / 8)

/* Shared by the threads and the processes. */
struct shared {
	atomic_ullong sum;		/* of the words read from the session */
	atomic_ullong octets;
	atomic_int bad_errno;		/* what a reader or writer met */
	atomic_ullong written[WRITERS];	/* blocks */
	atomic_bool stop;
};

static struct shared *shared;
static struct end session, peer;
static atomic_uint answers_due;

/* Reads whatever there is; sums up what are whole words over all readers. */
static void read_all(int fd)
{
	uint8_t buf[16384];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) != 0) {
		if (n < 0) {
			if (errno != EINTR) {
				atomic_store(&shared->bad_errno, errno);
				return;
			}
			continue;
		}
		unsigned long long sum = 0;

		for (ssize_t i = 0; i < n; i++)
			sum += buf[i];
		atomic_fetch_add(&shared->sum, sum);
		atomic_fetch_add(&shared->octets, (unsigned long long)n);
	}
}

static void *reader(void *arg)
{
	read_all(*(int *)arg);
	return NULL;
}

/* Writes blocks of which every word has the writer and the block's number. */
static void *writer(void *arg)
{
	unsigned int id = (unsigned int)(uintptr_t)arg;
	uint64_t block[WORDS];

	while (!atomic_load(&shared->stop)) {
		uint64_t n = atomic_fetch_add(&shared->written[id], 1);

		for (size_t i = 0; i < WORDS; i++)
			block[i] = (uint64_t)id << 56 | n << 16 | i;
		if (send(session.fd, block, sizeof(block), MSG_NOSIGNAL) !=
		    sizeof(block)) {
			atomic_store(&shared->bad_errno, errno ? errno : EIO);
			break;
		}
	}
	return NULL;
}

static void *updater(void *arg)
{
	unsigned int *sent = arg;

	while (!atomic_load(&shared->stop)) {
		int rc = key_update(&session, *sent % 2);

		if (rc) {
			atomic_store(&shared->bad_errno, -rc);
			break;
		}
		++*sent;
		usleep(500);
	}
	return NULL;
}

/* What the peer has received: each writer's blocks, in order and whole. */
struct received {
	uint64_t next[WRITERS];
	uint64_t updates, octets;
	bool wrong;
	bool closed;
};

static void *peer_reader(void *arg)
{
	struct received *r = arg;
	uint8_t buf[16384];
	uint64_t word;
	size_t have = 0;
	uint64_t at = 0, current = 0;

	for (;;) {
		bool requested;
		uint8_t type;
		ssize_t n = receive(&peer, buf + have, sizeof(buf) - have,
				    &type, &requested);

		if (n <= 0) {
			r->wrong |= n < 0;
			return NULL;
		}
		if (type == 21) {
			r->closed = buf[have + 1] == 0;
			continue;
		}
		if (type == 22) {
			r->updates++;
			if (requested)
				atomic_fetch_add(&answers_due, 1);
			continue;
		}
		have += (size_t)n;
		r->octets += (uint64_t)n;
		size_t whole = have & ~(size_t)7;

		for (size_t i = 0; i < whole; i += 8) {
			memcpy(&word, buf + i, 8);
			unsigned int id = (unsigned int)(word >> 56);

			/* A block is not mixed with another one's words. */
			if (at == 0)
				current = id;
			if (id >= WRITERS || id != current ||
			    (word & 0xffff) != at ||
			    (word >> 16 & 0xffffffffff) != r->next[id])
				r->wrong = true;
			if (++at == WORDS) {
				at = 0;
				if (id < WRITERS)
					r->next[id]++;
			}
		}
		memmove(buf, buf + whole, have - whole);
		have -= whole;
	}
}

static void run(int family, const struct suite *suite, unsigned int updates)
{
	struct received received = { .octets = 0 };
	pthread_t threads[READERS + WRITERS + 2];
	unsigned long long sum = 0, octets = 0;
	unsigned int n = 0, own_updates = 0;
	struct sluice_info in;
	uint8_t buf[4096];
	int fds[READERS];

	memset(shared, 0, sizeof(*shared));
	atomic_store(&answers_due, 0);
	make_pair(family, suite, &session, &peer);
	set_ktls(&session);
	set_ktls(&peer);
	if (attach(&session, 0, 0))
		die("attach");

	for (int i = 0; i < READERS; i++) {
		fds[i] = dup(session.fd);
		if (i % 2) {
			pthread_create(&threads[n++], NULL, reader, &fds[i]);
		} else if (!fork()) {
			alarm(250);
			read_all(fds[i]);
			_exit(0);
		}
	}
	unsigned int readers = n;

	for (uintptr_t i = 0; i < WRITERS; i++)
		pthread_create(&threads[n++], NULL, writer, (void *)i);
	pthread_create(&threads[n++], NULL, updater, &own_updates);
	pthread_t peer_thread;

	pthread_create(&peer_thread, NULL, peer_reader, &received);

	/* The peer's writer: data, KeyUpdates, tickets, and its answers. */
	for (unsigned int i = 0; i < updates; i++) {
		size_t len = 1 + (size_t)random() % sizeof(buf);

		for (size_t k = 0; k < len; k++) {
			buf[k] = (uint8_t)random();
			sum += buf[k];
		}
		if (send(peer.fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
			die("the peer's send");
		octets += len;
		if (i % 7 == 0 && send_ticket(&peer))
			die("the peer's ticket");
		if (send_key_update(&peer, i % 3 == 0))
			die("the peer's KeyUpdate");
		while (atomic_load(&answers_due)) {
			atomic_fetch_sub(&answers_due, 1);
			if (send_key_update(&peer, false))
				die("the peer's answer");
		}
	}
	atomic_store(&shared->stop, true);
	for (unsigned int i = readers; i < n; i++)
		pthread_join(threads[i], NULL);
	shutdown(session.fd, SHUT_WR);
	pthread_join(peer_thread, NULL);
	/* All that the peer sent was received: its end can follow. */
	if (send_alert(&peer, 1, 0))
		die("the peer's close_notify");
	shutdown(peer.fd, SHUT_WR);
	for (unsigned int i = 0; i < readers; i++)
		pthread_join(threads[i], NULL);
	int status, worst = 0;

	while (wait(&status) > 0)
		worst |= status;
	if (info(&session, &in))
		die("info");

	const char *v = family == AF_INET6 ? "IPv6" : "IPv4";

	tap(!atomic_load(&shared->bad_errno) && !worst,
	    "%s, %s: no reader or writer met an error (%s)", suite->name, v,
	    strerror(atomic_load(&shared->bad_errno)));
	tap(atomic_load(&shared->octets) == octets &&
	    atomic_load(&shared->sum) == sum,
	    "%s, %s: the session has read all %llu octets", suite->name, v,
	    octets);
	bool whole = !received.wrong;
	uint64_t blocks = 0;

	for (int i = 0; i < WRITERS; i++) {
		whole &= received.next[i] == atomic_load(&shared->written[i]);
		blocks += received.next[i];
	}
	tap(whole && received.octets == blocks * BLOCK,
	    "%s, %s: the peer has read all %llu blocks in order", suite->name,
	    v, (unsigned long long)blocks);
	tap(received.closed && in.rx_state == SLUICE_DIR_CLOSED &&
	    in.tx_state == SLUICE_DIR_CLOSED,
	    "%s, %s: both ends were orderly", suite->name, v);
	tap(received.updates == in.tx_key_updates &&
	    in.rx_key_updates >= updates,
	    "%s, %s: %llu key updates received, %llu sent, of them %u on request of the program",
	    suite->name, v, (unsigned long long)in.rx_key_updates,
	    (unsigned long long)in.tx_key_updates, own_updates);
	for (int i = 0; i < READERS; i++)
		close(fds[i]);
	close(session.fd);
	close(peer.fd);
}

/*
 * Both ends write much before they read, so that both send buffers are full
 * while KeyUpdates ask for answers. A reader that waited for its writer would
 * wait for good.
 */
static void *blocked_writer(void *arg)
{
	static uint8_t data[1 << 16];
	unsigned int *left = arg;

	while ((*left)--)
		if (send(session.fd, data, sizeof(data), MSG_NOSIGNAL) !=
		    sizeof(data))
			return (void *)1;
	return NULL;
}

static void full_buffers(const struct suite *suite)
{
	const unsigned int blocks = 200;
	unsigned int left = blocks;
	uint8_t buf[1 << 14];
	uint64_t got = 0, updates = 0;
	pthread_t thread;
	void *result;

	make_pair(AF_INET, suite, &session, &peer);
	set_ktls(&session);
	set_ktls(&peer);
	if (attach(&session, 0, 0))
		die("attach");
	pthread_create(&thread, NULL, blocked_writer, &left);
	usleep(300000);	/* the writer waits for room by now */

	/* The peer asks, and sends what the session is to read meanwhile. */
	for (int i = 0; i < 50; i++) {
		if (send_key_update(&peer, true) ||
		    send(peer.fd, "x", 1, MSG_NOSIGNAL) != 1)
			die("the peer's send");
		if (recv(session.fd, buf, 1, 0) != 1)
			die("the session's read");
	}
	tap(1, "%s: a reader goes on while a writer waits", suite->name);

	while (got < (uint64_t)blocks << 16) {
		bool requested;
		uint8_t type;
		ssize_t n = receive(&peer, buf, sizeof(buf), &type,
				    &requested);

		if (n <= 0)
			die("the peer's read");
		if (type == 23)
			got += (uint64_t)n;
		else
			updates++;
	}
	pthread_join(thread, &result);
	tap(!result && updates >= 1,
	    "%s: 50 requests met with a full buffer were answered, by %llu KeyUpdates",
	    suite->name, (unsigned long long)updates);
	close(session.fd);
	close(peer.fd);
}

/*
 * The peer asks for a KeyUpdate as soon as it sees one, while the session may
 * still be at the key behind it. The next one is to answer that.
 */
static void *asking_peer(void *arg)
{
	atomic_uint *seen = arg;
	uint8_t buf[64], type;
	bool requested;

	while (receive(&peer, buf, sizeof(buf), &type, &requested) > 0)
		if (atomic_fetch_add(seen, 1) % 2 == 0 &&
		    send_key_update(&peer, true))
			die("the peer's KeyUpdate");
	return NULL;
}

static void *reading_session(void *arg)
{
	char c;

	(void)arg;
	while (recv(session.fd, &c, 1, 0) > 0)
		;
	return NULL;
}

static void asked_again(const struct suite *suite, unsigned int rounds)
{
	atomic_uint seen = 0;
	pthread_t threads[2];
	unsigned int round;

	make_pair(AF_INET, suite, &session, &peer);
	set_ktls(&session);
	set_ktls(&peer);
	if (attach(&session, 0, 0))
		die("attach");
	pthread_create(&threads[0], NULL, asking_peer, &seen);
	pthread_create(&threads[1], NULL, reading_session, NULL);
	for (round = 0; round < rounds; round++) {
		if (key_update(&session, 0))
			die("SLUICE_KEY_UPDATE");
		for (int i = 0; i < 5000 && atomic_load(&seen) < 2 * (round + 1); i++)
			usleep(i < 1000 ? 10 : 1000);
		if (atomic_load(&seen) < 2 * (round + 1))
			break;
	}
	tap(round == rounds,
	    "%s: %u of %u requests right behind a KeyUpdate of ours were answered",
	    suite->name, round, rounds);
	shutdown(session.fd, SHUT_RDWR);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	close(session.fd);
	close(peer.fd);
}

int main(int argc, char **argv)
{
	unsigned int updates = argc > 1 ? (unsigned int)atoi(argv[1]) : 3600;

	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(280);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	for (size_t i = 0; i < 3; i++)
		run(i == 1 ? AF_INET6 : AF_INET, &suites[i], updates);
	full_buffers(&suites[0]);
	asked_again(&suites[0], updates);
	return tap_status();
}
