// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that lies. What it sends must end in the errno that the header names,
 * in the alert that RFC 9846 names, and in nothing else; what is legal, however
 * odd, must not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "record.h"
#include "tap.h"

#define ALERT		21
#define HANDSHAKE	22
#define DATA		23

static struct end session, peer;
static struct records r;

static const uint8_t ticket[] = {
	4, 0, 0, 14, 0, 0, 28, 32, 1, 2, 3, 4, 0, 0, 1, 9, 0, 0
};

static void begin_with(const struct suite *suite, int family, uint32_t flags)
{
	const struct timeval tv = { .tv_sec = 5 };

	make_pair(family, suite, &session, &peer);
	set_ktls(&session);
	if (attach(&session, flags, 0))
		die("attach");
	setsockopt(session.fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	r = (struct records){ .end = &peer };
}

static void begin(void)
{
	begin_with(&suites[0], AF_INET, 0);
}

static void end(void)
{
	close(session.fd);
	close(peer.fd);
}

/* 0 at the end, octets, or a negative errno. */
static ssize_t get(void *buf, size_t len)
{
	ssize_t n = recv(session.fd, buf, len, 0);

	return n < 0 ? -errno : n;
}

/*
 * The violation was sent: the read fails, again and again, poll() says so,
 * writes fail, and the peer hears the alert.
 */
static void expect(int error, int alert, const char *about)
{
	struct pollfd pfd = { .fd = session.fd, .events = POLLIN };
	struct sluice_info in;
	char buf[64];
	ssize_t first = get(buf, sizeof(buf)), again = get(buf, sizeof(buf));
	int heard = get_alert(&r), polled = poll(&pfd, 1, 0);
	ssize_t written = send(session.fd, "x", 1, MSG_NOSIGNAL);
	int write_error = errno;

	info(&session, &in);
	tap(first == -error && again == -error && heard == alert &&
	    in.alert_sent == alert && in.rx_state == SLUICE_DIR_FAILED &&
	    in.tx_state == SLUICE_DIR_FAILED && polled == 1 &&
	    pfd.revents & POLLERR && written == -1 && write_error == EPIPE,
	    "%s: errno %d (%zd, %zd), alert %d (%d)", about, error, -first,
	    -again, alert, heard);
	end();
}

/* "data" comes through whatever was sent before it. */
static void expect_data(const char *about)
{
	char buf[64];
	ssize_t n;

	put_record(&r, DATA, "data", 4);
	n = get(buf, sizeof(buf));
	tap(n == 4 && !memcmp(buf, "data", 4), "%s (%zd)", about, n);
	end();
}

static void bad_records(void)
{
	static uint8_t big[17000];
	uint8_t header[] = { 23, 3, 3, 0x7f, 0xff };

	for (int i = 0; i < 3; i++) {
		begin_with(&suites[i], i % 2 ? AF_INET6 : AF_INET, 0);
		put_forged(&r, DATA, "forged", 6);
		expect(EBADMSG, 20, suites[i].name);
	}
	begin();
	put_raw(&r, header, sizeof(header));
	expect(EMSGSIZE, 22, "a record's length beyond the limit");
	begin();
	put_record(&r, DATA, big, 16384 + 300);
	expect(EMSGSIZE, 22, "a record of 16,684 octets");

	const uint8_t types[] = { 0x14, 24, 25, 99, 255 };

	for (size_t i = 0; i < sizeof(types); i++) {
		char about[64];

		begin();
		put_record(&r, types[i], "?", 1);
		snprintf(about, sizeof(about), "content type %u", types[i]);
		expect(EPROTO, 10, about);
	}
	begin();
	put_record(&r, HANDSHAKE, "", 0);
	expect(EPROTO, 10, "an empty handshake record");
	begin();
	put_record(&r, ALERT, "", 0);
	expect(EPROTO, 50, "an empty alert");
	begin();
	put_record(&r, ALERT, "\1", 1);
	expect(EPROTO, 50, "an alert of one octet");
	begin();
	put_record(&r, ALERT, "\1\0\0", 3);
	expect(EPROTO, 50, "an alert of three octets");
}

static void bad_messages(void)
{
	const struct {
		const char *about;
		uint8_t message[8];
		size_t len;
		int alert;
	} cases[] = {
		{ "KeyUpdate 2", { 24, 0, 0, 1, 2 }, 5, 47 },
		{ "KeyUpdate 255", { 24, 0, 0, 1, 255 }, 5, 47 },
		{ "KeyUpdate of 2 octets", { 24, 0, 0, 2, 0, 0 }, 6, 50 },
		{ "KeyUpdate of 0 octets", { 24, 0, 0, 0 }, 4, 50 },
		{ "KeyUpdate of 16 MiB", { 24, 255, 255, 255 }, 4, 50 },
		{ "data behind KeyUpdate", { 24, 0, 0, 1, 0, 4 }, 6, 10 },
		{ "ClientHello", { 1, 0, 0, 1, 0 }, 5, 10 },
		{ "ServerHello", { 2, 0, 0, 1, 0 }, 5, 10 },
		{ "Certificate", { 11, 0, 0, 1, 0 }, 5, 10 },
		{ "CertificateRequest", { 13, 0, 0, 1, 0 }, 5, 10 },
		{ "Finished", { 20, 0, 0, 1, 0 }, 5, 10 },
		{ "message_hash", { 254, 0, 0, 1, 0 }, 5, 10 },
		{ "a ticket of 13 octets", { 4, 0, 0, 13 }, 4, 50 },
		{ "a ticket of 16 MiB", { 4, 255, 255, 255 }, 4, 50 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin();
		put_record(&r, HANDSHAKE, cases[i].message, cases[i].len);
		expect(EPROTO, cases[i].alert, cases[i].about);
	}

	begin();
	put_record(&r, HANDSHAKE, ticket, 9);
	put_record(&r, DATA, "between", 7);
	put_record(&r, HANDSHAKE, ticket + 9, sizeof(ticket) - 9);
	char buf[16];

	if (get(buf, sizeof(buf)) != 7)
		die("the data between");
	expect(EPROTO, 10, "data between the parts of a message");
	begin();
	put_record(&r, HANDSHAKE, ticket, 9);
	put_record(&r, ALERT, "\1\0", 2);
	expect(EPROTO, 10, "an alert between the parts of a message");
}

static void odd_but_legal(void)
{
	uint8_t both[sizeof(ticket) + 5];
	uint8_t long_ticket[4 + 40000] = { 4, 0, 0x9c, 0x40 };
	uint8_t type, buf[64];
	int pipefd[2];

	begin();
	put_record(&r, HANDSHAKE, "\30\0", 2);
	put_record(&r, HANDSHAKE, "\0\1\0", 3);
	renew_key(&r);
	expect_data("a KeyUpdate over two records");

	begin();
	memcpy(both, ticket, sizeof(ticket));
	memcpy(both + sizeof(ticket), "\30\0\0\1\1", 5);
	put_record(&r, HANDSHAKE, both, sizeof(both));
	renew_key(&r);
	expect_data("a ticket and a KeyUpdate in one record");

	begin();
	memset(long_ticket + 4, 24, sizeof(long_ticket) - 4);
	for (size_t at = 0; at < sizeof(long_ticket); at += 8001)
		put_record(&r, HANDSHAKE, long_ticket + at,
			   sizeof(long_ticket) - at < 8001 ?
			   sizeof(long_ticket) - at : 8001);
	expect_data("a ticket of 40,000 octets that looks like KeyUpdates");

	begin();
	for (int i = 0; i < 1000; i++)
		put_record(&r, DATA, "", 0);
	expect_data("1,000 empty records of data");

	begin();
	if (pipe(pipefd))
		die("pipe");
	put_record(&r, DATA, "", 0);
	put_record(&r, HANDSHAKE, ticket, sizeof(ticket));
	put_record(&r, DATA, "", 0);
	put_record(&r, DATA, "spliced", 7);
	tap(splice(session.fd, NULL, pipefd[1], NULL, 100, 0) == 7,
	    "splice() does not take an empty record for the end");
	close(pipefd[0]);
	close(pipefd[1]);
	end();

	begin();
	for (int i = 0; i < 100; i++)
		put_key_update(&r, 1);
	put_record(&r, DATA, "data", 4);
	tap(get(buf, sizeof(buf)) == 4, "100 KeyUpdates in a row");
	tap(get_record(&r, buf, sizeof(buf), &type) == 5 && type == HANDSHAKE &&
	    buf[0] == 24 && buf[4] == 0, "are answered, without a request");
	end();
}

static void alerts(void)
{
	char buf[64];
	int wrong = 0;
	struct sluice_info in;

	for (int alert = 1; alert < 256; alert++) {
		uint8_t content[] = { alert % 2 ? 1 : 2, (uint8_t)alert };

		if (alert == 90)
			continue;
		begin_with(&suites[alert % 3], AF_INET, 0);
		put_record(&r, ALERT, content, 2);
		wrong += get(buf, sizeof(buf)) != -ECONNABORTED ||
			 get(buf, sizeof(buf)) != -ECONNABORTED ||
			 info(&session, &in) || in.alert_received != alert ||
			 in.alert_sent != SLUICE_ALERT_NONE ||
			 send(session.fd, "x", 1, MSG_NOSIGNAL) != -1 ||
			 errno != EPIPE;
		end();
	}
	tap(!wrong, "every fatal alert, at either level, ends in ECONNABORTED (%d do not)",
	    wrong);

	begin();
	put_record(&r, ALERT, "\1\132", 2);
	put_record(&r, DATA, "data", 4);
	put_record(&r, ALERT, "\1\0", 2);
	put_record(&r, DATA, "more", 4);
	tap(get(buf, sizeof(buf)) == 4 && get(buf, sizeof(buf)) == 0 &&
	    get(buf, sizeof(buf)) == 0,
	    "user_canceled is passed over; nothing comes after close_notify");
	uint8_t type;

	tap(send(session.fd, "still", 5, MSG_NOSIGNAL) == 5 &&
	    get_record(&r, buf, sizeof(buf), &type) == 5 && type == DATA,
	    "sending goes on after the peer's close_notify");
	end();
}

static void ends(void)
{
	struct sluice_info in;
	char buf[64];

	for (int half = 0; half < 2; half++) {
		begin();
		put_record(&r, DATA, "data", 4);
		if (half)
			put_raw(&r, "\27\3\3\0\100half", 9);
		shutdown(peer.fd, SHUT_WR);
		ssize_t data = get(buf, sizeof(buf));
		ssize_t one = get(buf, sizeof(buf)), two = get(buf, sizeof(buf));

		info(&session, &in);
		tap(data == 4 && one == -ECONNRESET && two == -ECONNRESET &&
		    in.rx_state == SLUICE_DIR_TRUNCATED,
		    "FIN without close_notify%s gives ECONNRESET, again and again",
		    half ? ", within a record," : "");
		end();
	}
	begin_with(&suites[0], AF_INET6, SLUICE_ATTACH_ALLOW_TRUNCATION);
	shutdown(peer.fd, SHUT_WR);
	tap(get(buf, sizeof(buf)) == 0, "or 0, where that was allowed");
	end();

	begin();
	setsockopt(peer.fd, SOL_SOCKET, SO_LINGER,
		   &(struct linger){ .l_onoff = 1 }, sizeof(struct linger));
	close(peer.fd);
	tap(get(buf, sizeof(buf)) == -ECONNRESET &&
	    get(buf, sizeof(buf)) == -ECONNRESET, "so does a reset");
	close(session.fd);
}

/* What the program itself may send with a record type. */
static void users_records(void)
{
	uint8_t buf[64], type;
	bool requested;

	begin();
	tap(send_record(&session, HANDSHAKE, "\30\0\0\1\0", 5, 0) == -1 &&
	    errno == EOPNOTSUPP, "a KeyUpdate of the program's own is refused");
	tap(send_record(&session, 99, "?", 1, 0) == -1 && errno == EOPNOTSUPP,
	    "so is an unknown content type");
	tap(send_record(&session, ALERT, "x", 1, 0) == -1 && errno == EINVAL,
	    "so is half an alert");
	tap(send_record(&session, HANDSHAKE, ticket, sizeof(ticket), 0) ==
	    sizeof(ticket) &&
	    get_record(&r, buf, sizeof(buf), &type) == sizeof(ticket) &&
	    type == HANDSHAKE && !memcmp(buf, ticket, sizeof(ticket)),
	    "a ticket passes");
	put_record(&r, HANDSHAKE, ticket, sizeof(ticket));
	put_record(&r, DATA, "data", 4);
	tap(receive(&session, buf, sizeof(buf), &type, &requested) == 4 &&
	    type == DATA, "recvmsg() with room for it says: data");
	tap(send_record(&session, ALERT, "\1\0", 2, 0) == 2 &&
	    get_alert(&r) == 0 &&
	    send(session.fd, "x", 1, MSG_NOSIGNAL) == -1 && errno == EPIPE,
	    "a close_notify passes, and ends the sending side");
	end();
}

/* A program that never reads has to follow its peer all the same. */
static void writers_only(void)
{
	struct sluice_info in;
	uint8_t buf[64], type;
	int key_updates = 0;
	bool sent = true;

	begin();
	for (int i = 0; i < 50; i++) {
		put_key_update(&r, 1);
		put_record(&r, HANDSHAKE, ticket, sizeof(ticket));
		/* Until both have arrived; each write is looked at anew. */
		for (int tries = 0; tries < 1000; tries++) {
			sent &= send(session.fd, "x", 1, 0) == 1;
			if (!info(&session, &in) &&
			    in.rx_key_updates == (uint64_t)i + 1 &&
			    in.tickets == (uint64_t)i + 1)
				break;
			usleep(1000);
		}
	}
	tap(sent && in.rx_key_updates == 50 && in.tickets == 50,
	    "who only writes follows the peer's KeyUpdates");
	close(session.fd);
	while (get_record(&r, buf, sizeof(buf), &type) > 0 && type != ALERT)
		key_updates += type == HANDSHAKE;
	tap(key_updates == 50 && type == ALERT && buf[1] == 0,
	    "and answers each one (%d)", key_updates);
	close(peer.fd);

	begin();
	put_record(&r, ALERT, "\2\120", 2);
	for (int tries = 0; tries < 1000 && sent; tries++) {
		sent = send(session.fd, "x", 1, MSG_NOSIGNAL) == 1;
		usleep(1000);
	}
	tap(!sent && errno == EPIPE && !info(&session, &in) &&
	    in.alert_received == 80, "and learns of the peer's fatal alert");
	end();

	begin();
	put_record(&r, DATA, "data", 4);
	put_key_update(&r, 1);
	for (int tries = 0; tries < 50; tries++) {
		sent = send(session.fd, "x", 1, 0) == 1;
		usleep(1000);
	}
	tap(sent && get(buf, sizeof(buf)) == 4 && !memcmp(buf, "data", 4) &&
	    !info(&session, &in) && in.rx_bytes == 4,
	    "and loses no data that is yet to be read");
	end();
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	alarm(200);
	bad_records();
	bad_messages();
	odd_but_legal();
	alerts();
	ends();
	users_records();
	writers_only();
	return tap_status();
}
