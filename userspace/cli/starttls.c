// SPDX-License-Identifier: MIT
/*
 * STARTTLS in the protocols that have it. All is read octet by octet, up to the
 * server's consent and no further: what somebody has put behind that is not
 * taken for the server's own once TLS has begun.
 */
#include "starttls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* The longest line, and the longest element of XMPP. */
#define LINE_MAX_LEN	1024
#define XML_MAX_LEN	16384
/* Lines that one answer has at most. */
#define LINES_MAX	100

/* What is sent, and how the lines begin that come back: the last, the others. */
struct step {
	const char *send;
	const char *last;
	const char *other;	/* NULL: there are no others */
	const char *wanted;	/* has to be among them, behind 4 characters */
};

struct protocol {
	const char *name;
	void (*talk)(int fd, const struct protocol *protocol, const char *name);
	const struct step *steps;	/* until one sends nothing, but the first */
};

static _Noreturn void lost(ssize_t n)
{
	fail(EXIT_NETWORK, "STARTTLS: %s", n ? errno == EAGAIN ?
	     "the server says nothing (--timeout)" : strerror(errno) :
	     "the server has ended the connection");
}

static void put(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			lost(n);
		at += n;
		len -= (size_t)n;
	}
}

static void get(int fd, void *data, size_t len)
{
	ssize_t n;

	do {
		n = recv(fd, data, len, MSG_WAITALL);
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)len)
		lost(n < 0 ? n : 0);
}

/* What is not printable is for no terminal. */
static char printable(char c)
{
	return c < ' ' || c > '~' ? '?' : c;
}

/* Without its end. */
static void get_line(int fd, char line[LINE_MAX_LEN])
{
	size_t len = 0;

	for (;;) {
		get(fd, line + len, 1);
		if (line[len] == '\n')
			break;
		if (line[len] != '\r')
			line[len] = printable(line[len]);
		if (++len == LINE_MAX_LEN - 1)
			fail(EXIT_NETWORK, "STARTTLS: the server's line is too long");
	}
	if (len && line[len - 1] == '\r')
		len--;
	line[len] = 0;
}

static bool begins(const char *line, const char *with)
{
	return with && !strncmp(line, with, strlen(with));
}

static void take_step(int fd, const struct step *step)
{
	bool found = !step->wanted, more = false;
	char line[LINE_MAX_LEN];

	if (step->send)
		put(fd, step->send, strlen(step->send));
	for (unsigned int i = 0; i < LINES_MAX; i++) {
		bool other;

		get_line(fd, line);
		found = found || (strlen(line) > 4 &&
				  !strcasecmp(line + 4, step->wanted));
		other = begins(line, step->other);
		/* within an answer of several lines, FTP has any */
		if (other || (more && !begins(line, step->last))) {
			more = true;
			continue;
		}
		if (!begins(line, step->last))
			fail(EXIT_NETWORK, "STARTTLS: the server says '%s'",
			     line);
		if (!found)
			fail(EXIT_NETWORK, "STARTTLS: the server does not offer it");
		return;
	}
	fail(EXIT_NETWORK, "STARTTLS: the server's answer does not end");
}

static void by_lines(int fd, const struct protocol *protocol, const char *name)
{
	const struct step *step = protocol->steps;

	(void)name;
	do {
		take_step(fd, step++);
	} while (step->send);
}

/* RFC 4511, section 4.14: an ExtendedRequest, and its answer. */
static void by_ldap(int fd, const struct protocol *protocol, const char *name)
{
	static const uint8_t request[] =
		"\x30\x1d\x02\x01\x01\x77\x18\x80\x16" "1.3.6.1.4.1.1466.20037";
	uint8_t answer[LINE_MAX_LEN];
	size_t len, at = 0;

	(void)protocol;
	(void)name;
	put(fd, request, sizeof(request) - 1);
	get(fd, answer, 2);
	len = answer[1];
	if (answer[0] == 0x30 && len > 0x80 && len <= 0x84) {
		size_t count = len - 0x80;

		get(fd, answer + 1, count);
		for (len = 0; at < count; at++)
			len = len << 8 | answer[1 + at];
	}
	if (answer[0] != 0x30 || len < 8 || len > sizeof(answer))
		fail(EXIT_NETWORK, "STARTTLS: the server does not speak LDAP");
	get(fd, answer, len);
	/* the message's number, ExtendedResponse, its length, resultCode */
	at = 0;
	if (!memcmp(answer, "\x02\x01\x01\x78", 4))
		at = answer[4] < 0x80 ? 5 : 5 + (size_t)(answer[4] - 0x80);
	if (!at || at + 3 > len || answer[at] != 0x0a || answer[at + 1] != 1)
		fail(EXIT_NETWORK, "STARTTLS: the server does not speak LDAP");
	if (answer[at + 2])
		fail(EXIT_NETWORK, "STARTTLS: the server refuses, with LDAP's result code %u",
		     answer[at + 2]);
}

/* Protocol 3.0, section 53.2.10: SSLRequest. */
static void by_postgres(int fd, const struct protocol *protocol,
			const char *name)
{
	static const uint8_t request[8] = { 0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f };
	char answer;

	(void)protocol;
	(void)name;
	put(fd, request, sizeof(request));
	get(fd, &answer, 1);
	if (answer == 'N')
		fail(EXIT_NETWORK, "STARTTLS: the server does not offer it");
	if (answer != 'S')
		fail(EXIT_NETWORK, "STARTTLS: the server does not speak PostgreSQL's protocol");
}

/* Behind the version in MySQL's greeting: see by_mysql(). */
#define MYSQL_FLAGS_AT	(1 + 4 + 8 + 1)

static _Noreturn void mysql_error(const char *error, size_t len)
{
	char text[LINE_MAX_LEN];
	size_t n = 0;

	/* its number, of 2 octets, and sometimes '#' and 5 for the SQL state */
	for (size_t at = 3; at < len; at++)
		text[n++] = printable(error[at]);
	text[n] = 0;
	fail(EXIT_NETWORK, "STARTTLS: the server says '%s'", text);
}

/*
 * Protocol::HandshakeV10 from the server: 10, its version as a string, 4 octets for
 * the connection, 8 for the password, a zero, and 2 of capability flags. Then our
 * Protocol::SSLRequest. Each is in a packet: length (3 octets), number.
 */
static void by_mysql(int fd, const struct protocol *protocol, const char *name)
{
	static const uint8_t request[4 + 32] = {
		32, 0, 0, 1,
		/* CLIENT_PROTOCOL_41, CLIENT_SSL, CLIENT_SECURE_CONNECTION */
		0x00, 0x8a, 0, 0,
		/* packets of up to 16 MiB; utf8mb4; zeros */
		0, 0, 0, 1, 45,
	};
	char greeting[LINE_MAX_LEN], *version_end;
	uint8_t header[4];
	size_t len;

	(void)protocol;
	(void)name;
	get(fd, header, sizeof(header));
	len = header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16;
	if (!len || len > sizeof(greeting) || header[3])
		fail(EXIT_NETWORK, "STARTTLS: the server does not speak MySQL's protocol");
	get(fd, greeting, len);
	if ((uint8_t)*greeting == 0xff)
		mysql_error(greeting, len);
	version_end = memchr(greeting, 0, len);
	if (*greeting != 10 || !version_end ||
	    greeting + len - version_end < MYSQL_FLAGS_AT + 2)
		fail(EXIT_NETWORK, "STARTTLS: the server does not speak MySQL's protocol");
	if ((version_end[MYSQL_FLAGS_AT + 1] & 0x0a) != 0x0a)
		fail(EXIT_NETWORK, "STARTTLS: the server does not offer it");
	put(fd, request, sizeof(request));
}

/* Up to the end of one of two; true for the first. */
static bool get_xml(int fd, char text[XML_MAX_LEN], const char *end,
		    const char *other)
{
	size_t len = 0;

	while (len < XML_MAX_LEN - 1) {
		get(fd, text + len, 1);
		text[++len] = 0;
		if (len >= strlen(end) && !strcmp(text + len - strlen(end), end))
			return true;
		if (len >= strlen(other) &&
		    !strcmp(text + len - strlen(other), other))
			return false;
	}
	fail(EXIT_NETWORK, "STARTTLS: the server says too much");
}

/* RFC 6120, section 5. */
static void by_xmpp(int fd, const struct protocol *protocol, const char *name)
{
	static const char wish[] =
		"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
	char text[XML_MAX_LEN];
	int len;

	if (strpbrk(name, "<>&'\""))
		fail(EXIT_USAGE, "'%s' is no name for XMPP", name);
	len = snprintf(text, sizeof(text),
		       "<?xml version='1.0'?><stream:stream to='%s' xmlns='jabber:%s' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
		       name, strcmp(protocol->name, "xmpp") ? "server" :
							       "client");
	put(fd, text, (size_t)len);
	if (!get_xml(fd, text, "</stream:features>", "</stream:stream>"))
		fail(EXIT_NETWORK, "STARTTLS: the server has ended the stream");
	if (!strstr(text, "<starttls"))
		fail(EXIT_NETWORK, "STARTTLS: the server does not offer it");
	put(fd, wish, sizeof(wish) - 1);
	/* <proceed … /> or <failure … /> */
	get_xml(fd, text, ">", ">");
	if (!strstr(text, "<proceed"))
		fail(EXIT_NETWORK, "STARTTLS: the server refuses");
}

static const struct step smtp[] = {
	{ NULL, "220", "220-", NULL },
	{ "EHLO localhost\r\n", "250", "250-", "STARTTLS" },
	{ "STARTTLS\r\n", "220", "220-", NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct step lmtp[] = {
	{ NULL, "220", "220-", NULL },
	{ "LHLO localhost\r\n", "250", "250-", "STARTTLS" },
	{ "STARTTLS\r\n", "220", "220-", NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct step imap[] = {
	{ NULL, "* OK", NULL, NULL },
	{ "a STARTTLS\r\n", "a OK", "* ", NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct step pop3[] = {
	{ NULL, "+OK", NULL, NULL },
	{ "STLS\r\n", "+OK", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct step sieve[] = {
	{ NULL, "OK", "\"", NULL },
	{ "STARTTLS\r\n", "OK", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct step ftp[] = {
	{ NULL, "220", "220-", NULL },
	{ "AUTH TLS\r\n", "234", "234-", NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct step nntp[] = {
	{ NULL, "20", NULL, NULL },		/* 200, 201 */
	{ "STARTTLS\r\n", "382", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const struct protocol protocols[] = {
	{ "smtp", by_lines, smtp },
	{ "lmtp", by_lines, lmtp },
	{ "imap", by_lines, imap },
	{ "pop3", by_lines, pop3 },
	{ "sieve", by_lines, sieve },
	{ "ftp", by_lines, ftp },
	{ "nntp", by_lines, nntp },
	{ "ldap", by_ldap, NULL },
	{ "xmpp", by_xmpp, NULL },
	{ "xmpp-server", by_xmpp, NULL },
	{ "postgres", by_postgres, NULL },
	{ "mysql", by_mysql, NULL },
};

static const struct protocol *find(const char *name)
{
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++) {
		if (!strcmp(protocols[i].name, name))
			return &protocols[i];
	}
	return NULL;
}

bool starttls_known(const char *protocol)
{
	return find(protocol);
}

void starttls(int fd, const char *protocol, const char *name)
{
	const struct protocol *p = find(protocol);

	p->talk(fd, p, name);
}
