// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a session: how it ends, who may use it, and that nothing of it
 * stays behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "tap.h"

static struct end session, peer;

static void begin(int family, uint32_t flags)
{
	const struct timeval tv = { .tv_sec = 20 };

	make_pair(family, &suites[0], &session, &peer);
	set_ktls(&session);
	set_ktls(&peer);
	if (attach(&session, flags, 0))
		die("attach");
	setsockopt(session.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(peer.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
}

static void end(void)
{
	close(session.fd);
	close(peer.fd);
}

/* What the peer gets next: the alert's number, -1 for something else. */
static int next_alert(void)
{
	uint8_t buf[64], type;
	bool requested;
	ssize_t n = receive(&peer, buf, sizeof(buf), &type, &requested);

	return n == 2 && type == 21 ? buf[1] : -1;
}

static bool next_is_fin(void)
{
	uint8_t buf[64], type;
	bool requested;

	return receive(&peer, buf, sizeof(buf), &type, &requested) == 0;
}

static void ends(void)
{
	char buf[64];
	pid_t pid;

	begin(AF_INET, 0);
	close(session.fd);
	tap(next_alert() == 0 && next_is_fin(), "close() sends close_notify");
	close(peer.fd);

	begin(AF_INET6, 0);
	shutdown(session.fd, SHUT_WR);
	tap(next_alert() == 0 && next_is_fin(),
	    "shutdown(SHUT_WR) sends close_notify");
	tap(send(peer.fd, "late", 4, 0) == 4 &&
	    recv(session.fd, buf, sizeof(buf), 0) == 4,
	    "the other direction goes on after it");
	tap(send(session.fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE,
	    "a write after it gives EPIPE");
	end();

	begin(AF_INET, 0);
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	close(session.fd);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	tap(next_alert() == 0, "so does the end of a killed process");
	close(peer.fd);

	begin(AF_INET, 0);
	setsockopt(session.fd, SOL_SOCKET, SO_LINGER,
		   &(struct linger){ .l_onoff = 1 }, sizeof(struct linger));
	close(session.fd);
	uint8_t type;
	bool requested;

	tap(receive(&peer, buf, sizeof(buf), &type, &requested) == -ECONNRESET,
	    "SO_LINGER with no time resets instead");
	close(peer.fd);

	/* A ticket that nobody read must not turn the end into a reset. */
	begin(AF_INET, 0);
	send_ticket(&peer);
	send_key_update(&peer, true);
	usleep(50000);
	send(session.fd, "answer", 6, 0);
	close(session.fd);
	ssize_t n, data = 0;
	int alert = -1;

	while ((n = receive(&peer, buf, sizeof(buf), &type, &requested)) > 0) {
		if (type == 23)
			data += n;
		else if (type == 21)
			alert = buf[1];
	}
	tap(n == 0 && data == 6 && alert == 0,
	    "unread tickets and KeyUpdates do not reset the connection at its close");
	close(peer.fd);
}

/* A non-blocking writer's data has to arrive even if it closes at once. */
static void close_with_full_buffer(void)
{
	static uint8_t data[1 << 18], buf[1 << 16];
	uint64_t sent = 0, got = 0;
	bool requested, closed = false;
	uint8_t type;
	ssize_t n;

	begin(AF_INET, 0);
	fcntl(session.fd, F_SETFL, O_NONBLOCK);
	while ((n = send(session.fd, data, sizeof(data), MSG_NOSIGNAL)) > 0)
		sent += (uint64_t)n;
	close(session.fd);
	while ((n = receive(&peer, buf, sizeof(buf), &type, &requested)) > 0) {
		if (type == 23)
			got += (uint64_t)n;
		else
			closed = type == 21 && buf[1] == 0;
	}
	tap(got == sent && closed,
	    "all %llu octets of a non-blocking writer and close_notify arrive after close()",
	    (unsigned long long)sent);
	close(peer.fd);
}

static void reads(void)
{
	char buf[64];
	struct pollfd pfd;
	int pipefd[2];

	begin(AF_INET, 0);
	pfd = (struct pollfd){ .fd = session.fd, .events = POLLIN };
	send_ticket(&peer);
	send_key_update(&peer, false);
	tap(poll(&pfd, 1, 300) == 0, "poll() does not wake for a ticket and a KeyUpdate");

	int ep = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN | EPOLLET }, out;

	epoll_ctl(ep, EPOLL_CTL_ADD, session.fd, &event);
	send_ticket(&peer);
	tap(epoll_wait(ep, &out, 1, 300) == 0, "nor does an edge-triggered epoll");
	send(peer.fd, "data", 4, 0);
	tap(epoll_wait(ep, &out, 1, 5000) == 1 && out.events & EPOLLIN,
	    "it does for data");
	close(ep);

	tap(recv(session.fd, buf, sizeof(buf), MSG_PEEK) == 4 &&
	    recv(session.fd, buf, sizeof(buf), 0) == 4, "MSG_PEEK leaves the data");
	tap(recv(session.fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 &&
	    errno == EAGAIN, "MSG_DONTWAIT gives EAGAIN");
	send_ticket(&peer);
	usleep(20000);
	tap(recv(session.fd, buf, sizeof(buf), MSG_DONTWAIT) == -1 &&
	    errno == EAGAIN, "also when only a ticket is there");

	send(peer.fd, "one", 3, 0);
	send_key_update(&peer, true);
	send(peer.fd, "two", 3, 0);
	send_ticket(&peer);
	send(peer.fd, "three", 5, 0);
	tap(recv(session.fd, buf, 11, MSG_WAITALL) == 11 &&
	    !memcmp(buf, "onetwothree", 11),
	    "MSG_WAITALL reads across KeyUpdates and tickets");

	setsockopt(session.fd, SOL_SOCKET, SO_RCVTIMEO,
		   &(struct timeval){ .tv_usec = 200000 },
		   sizeof(struct timeval));
	send_ticket(&peer);
	tap(recv(session.fd, buf, sizeof(buf), 0) == -1 && errno == EAGAIN,
	    "SO_RCVTIMEO ends a read that only a ticket has met");

	if (pipe(pipefd))
		die("pipe");
	send_ticket(&peer);
	send_key_update(&peer, true);
	send(peer.fd, "spliced", 7, 0);
	tap(splice(session.fd, NULL, pipefd[1], NULL, 4096, 0) == 7 &&
	    read(pipefd[0], buf, sizeof(buf)) == 7 && !memcmp(buf, "spliced", 7),
	    "splice() reads past a ticket and a KeyUpdate");
	close(pipefd[0]);
	close(pipefd[1]);
	end();
}

static void sends_file(void)
{
	static uint8_t want[300000], got[300000];
	char name[] = "/tmp/lifeXXXXXX";
	int file = mkstemp(name);
	size_t have = 0;
	off_t at = 0;

	for (size_t i = 0; i < sizeof(want); i++)
		want[i] = (uint8_t)(i * 7 + i / 251);
	if (write(file, want, sizeof(want)) != sizeof(want))
		die("write");
	begin(AF_INET6, 0);
	while (at < (off_t)sizeof(want)) {
		key_update(&session, 0);
		if (sendfile(session.fd, file, &at, 50000) <= 0)
			die("sendfile");
	}
	while (have < sizeof(got)) {
		uint8_t type;
		bool requested;
		ssize_t n = receive(&peer, got + have, sizeof(got) - have,
				    &type, &requested);

		if (n <= 0)
			break;
		if (type == 23)
			have += (size_t)n;
	}
	tap(have == sizeof(got) && !memcmp(got, want, sizeof(got)),
	    "sendfile() between KeyUpdates arrives as it was");
	close(file);
	unlink(name);
	end();
}

static void module_stays(void)
{
	long rc;

	if (access("/sys/module/sluice/initstate", F_OK)) {
		tap_skip("the module is built in");
		return;
	}
	begin(AF_INET, 0);
	rc = syscall(SYS_delete_module, "sluice", O_NONBLOCK);
	tap(rc == -1 && errno == EWOULDBLOCK,
	    "the module can't be removed while a session is open");
	end();
}

/* A pass of sockets by a control message, and use by the other process. */
static void descriptor_passed(void)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .hdr = {
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(sizeof(int)),
	} };
	char octet = 'x';
	struct iovec iov = { &octet, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int pair[2], fd, status;
	char buf[16];

	begin(AF_INET, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		die("socketpair");
	memcpy(CMSG_DATA(&control.hdr), &session.fd, sizeof(int));
	if (sendmsg(pair[0], &msg, 0) != 1)
		die("sendmsg");
	close(session.fd);
	if (!fork()) {
		msg.msg_controllen = sizeof(control);
		if (recvmsg(pair[1], &msg, 0) != 1)
			_exit(1);
		memcpy(&fd, CMSG_DATA(&control.hdr), sizeof(int));
		_exit(read(fd, buf, sizeof(buf)) != 2 ||
		      write(fd, "yes", 3) != 3);
	}
	close(pair[0]);
	close(pair[1]);
	send_key_update(&peer, true);
	send(peer.fd, "ok", 2, 0);
	wait(&status);
	tap(!status, "another process goes on with a passed descriptor");
	close(peer.fd);
}

/* Others use the socket in every way while it is attached and closed. */
static atomic_bool stop;

static void *abuse(void *arg)
{
	int fd = *(int *)arg;
	struct pollfd pfd = { .fd = fd, .events = POLLIN | POLLOUT };
	char buf[64];

	while (!atomic_load(&stop)) {
		poll(&pfd, 1, 0);
		recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
		send(fd, buf, sizeof(buf), MSG_DONTWAIT | MSG_NOSIGNAL);
	}
	return NULL;
}

static void *drain(void *arg)
{
	uint8_t buf[4096], type;
	bool requested;

	(void)arg;
	while (receive(&peer, buf, sizeof(buf), &type, &requested) > 0)
		;
	return NULL;
}

static void races(unsigned int rounds)
{
	unsigned int attached = 0;

	for (unsigned int i = 0; i < rounds; i++) {
		pthread_t a, b;

		make_pair(AF_INET, &suites[i % 3], &session, &peer);
		set_ktls(&session);
		set_ktls(&peer);
		atomic_store(&stop, false);
		pthread_create(&a, NULL, abuse, &session.fd);
		pthread_create(&b, NULL, drain, NULL);
		if (!attach(&session, 0, 3))
			attached++;
		send_ticket(&peer);
		send(peer.fd, "x", 1, MSG_NOSIGNAL);
		if (i % 2)
			shutdown(session.fd, i % 4 == 1 ? SHUT_RDWR : SHUT_WR);
		usleep(1000);
		atomic_store(&stop, true);
		pthread_join(a, NULL);
		close(session.fd);
		shutdown(peer.fd, SHUT_RDWR);
		pthread_join(b, NULL);
		close(peer.fd);
	}
	tap(attached == rounds, "%u sockets attached, used and shut down at once",
	    attached);
}

static long slab(const char *name)
{
	FILE *file = fopen("/proc/slabinfo", "r");
	char line[512], found[64];
	long active = -1, n;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %ld", found, &n) == 2 &&
		    !strcmp(found, name))
			active = n;
	if (file)
		fclose(file);
	return active;
}

/* Where sessions are: they are accounted, and between 1 and 2 KiB long. */
/* Where memory is charged to no one, it has no caches of its own for that. */
static long sessions_in_memory(void)
{
	long charged = slab("kmalloc-cg-1k") + slab("kmalloc-cg-2k");

	return charged > 0 ? charged : slab("kmalloc-1k") + slab("kmalloc-2k");
}

static void leaks(void)
{
	long tcp, memory, tcp_after, memory_after;

	if (!access("/sys/kernel/debug/kmemleak", F_OK)) {
		tap_skip("kmemleak counts, and KASAN keeps what was freed");
		return;
	}
	for (int i = 0; i < 200; i++) {
		begin(AF_INET, 0);
		end();
	}
	usleep(500000);
	tcp = slab("TCP");
	memory = sessions_in_memory();
	for (int i = 0; i < 2000; i++) {
		begin(i % 2 ? AF_INET : AF_INET6, 0);
		key_update(&session, 1);
		end();
	}
	usleep(1500000);
	tcp_after = slab("TCP");
	memory_after = sessions_in_memory();
	tap(tcp > 0 && memory > 0 && memory_after < memory + 500,
	    "2,000 sessions leave no memory behind (%ld objects, then %ld)",
	    memory, memory_after);
	tap(tcp_after < tcp + 200, "nor do their sockets (%ld, then %ld)", tcp,
	    tcp_after);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	alarm(280);
	ends();
	close_with_full_buffer();
	reads();
	sends_file();
	module_stays();
	descriptor_passed();
	races(300);
	leaks();
	return tap_status();
}
