// SPDX-License-Identifier: MIT
/*
 * A client or server on a loopback socket, for interop.sh: libsluice's record
 * layer in userspace, one line of text each way, a line of findings for each
 * connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sluice/async.h"
#include "sluice/compress.h"
#include "sluice/openssl.h"
#include "sluice/sluice.h"
#include "sluice/store.h"
#include "sluice/ticket_ring.h"

#define TICKETS		16
#define LINE		256
/* For long chains: of ML-DSA. */
#define ROOM		32768

struct peer {
	struct sluice_config config;
	struct sluice_provider *provider;
	struct sluice_trust *trust;
	struct sluice_credential *cred;
	uint8_t pins[1][SLUICE_PIN_LEN];
	struct sluice_credential *token;	/* the key, with --async */
	const char *address;
	const char *send;
	const char *expect;
	int port;
	int connections;
	int updates;
	bool ipv6;
	uint16_t suites[8];
	uint16_t groups[8];
	const char *alpn[8];
	struct sluice_ticket_ring *ring;
	struct sluice_store *store;
	struct sluice_store *early;	/* the server's memory of early data */
	uint8_t early_id[16];
	uint8_t tickets[TICKETS][SLUICE_TICKET_MAX];
	size_t ticket_len[TICKETS];
	size_t ticket_count;
	char names[512];
	const char *export;
};

struct link {
	struct peer *peer;
	int fd;
	struct sluice_conn *conn;
	uint8_t in[20000];
	size_t have;
	uint8_t out[20000];
	char line[LINE];
	size_t line_len;
};

static void die(const char *what)
{
	fprintf(stderr, "peer: %s\n", what);
	exit(2);
}

static const struct sluice_compression *compressions[2];
static int clock_offset;	/* seconds by which our clock is wrong */

static uint64_t now(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += clock_offset;
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void put_ticket(void *ctx, const char *name, const uint8_t *ticket,
		       size_t len)
{
	struct peer *peer = ctx;

	(void)name;
	if (peer->ticket_count == TICKETS)
		return;
	memcpy(peer->tickets[peer->ticket_count], ticket, len);
	peer->ticket_len[peer->ticket_count++] = len;
}

static size_t take_ticket(void *ctx, const char *name, uint8_t *buf,
			  size_t size)
{
	struct peer *peer = ctx;
	size_t len;

	(void)name;
	if (!peer->ticket_count)
		return 0;
	len = peer->ticket_len[--peer->ticket_count];
	if (len > size)
		return 0;
	memcpy(buf, peer->tickets[peer->ticket_count], len);
	return len;
}

static bool ticket_key(void *ctx, const uint8_t *name,
		       struct sluice_ticket_key *key)
{
	struct peer *peer = ctx;

	return sluice_ticket_ring_key(peer->ring, now(NULL), name, key);
}

static bool put_session(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	struct peer *peer = ctx;

	return sluice_store_put(peer->store, id, id_len, session, len,
				now(NULL), expires);
}

static size_t take_session(void *ctx, const uint8_t *id, size_t id_len,
			   uint8_t *buf, size_t size)
{
	struct peer *peer = ctx;

	return sluice_store_take(peer->store, id, id_len, now(NULL), buf, size);
}

/* A server that keeps its sessions, instead of giving tickets that have them. */
static void keep_sessions(struct peer *peer)
{
	static const struct sluice_store_limits limits = {
		.entries = 16, .key_len = 32, .value_len = SLUICE_SESSION_MAX,
	};
	size_t size = sluice_store_size(&limits);

	peer->store = sluice_store_init(malloc(size), size, &limits, NULL);
	peer->config.session_put = put_session;
	peer->config.session_take = take_session;
}

static bool early_first(void *ctx, const uint8_t id[16], uint64_t expires)
{
	struct peer *peer = ctx;

	return sluice_store_first(peer->early, id, 16, now(NULL), expires);
}

static void log_line(void *ctx, const char *line)
{
	FILE *file = fopen(getenv("SSLKEYLOGFILE"), "a");

	(void)ctx;
	if (file) {
		fprintf(file, "%s\n", line);
		fclose(file);
	}
}

static void send_all(struct link *link, size_t len)
{
	size_t sent = 0;

	while (sent < len) {
		ssize_t n = send(link->fd, link->out + sent, len - sent,
				 MSG_NOSIGNAL);

		if (n <= 0)
			return;		/* the other side has gone */
		sent += (size_t)n;
	}
}

/* False at the end of the transport. */
static bool receive(struct link *link)
{
	size_t want = sluice_want(link->conn);
	ssize_t n;

	if (want > sizeof(link->in) - link->have)
		want = sizeof(link->in) - link->have;
	n = recv(link->fd, link->in + link->have, want, 0);
	if (n <= 0)
		return false;
	link->have += (size_t)n;
	return true;
}

static void used(struct link *link, size_t len)
{
	link->have -= len;
	memmove(link->in, link->in + len, link->have);
}

static void flush(struct link *link)
{
	while (sluice_pending(link->conn)) {
		size_t none = 0, len = sizeof(link->out);

		sluice_seal(link->conn, NULL, &none, link->out, &len);
		send_all(link, len);
	}
}

/* What is done on another thread, while the connection waits. */
struct work {
	struct peer *peer;
	enum sluice_status what;
	struct sluice_signature_request signature;
	struct sluice_verdict_request verdict;
	struct sluice_ticket_request ticket;
	struct sluice_unused_request unused;
	uint8_t answer[SLUICE_SIGNATURE_MAX];
	size_t len;
	const char *reason;
	int rc;
	bool first;
};

static void look_up(struct peer *peer, struct work *w)
{
	struct sluice_ticket_key key;

	switch (w->ticket.kind) {
	case SLUICE_TICKET_STORED:
		w->len = take_ticket(peer, w->ticket.peer_name, w->answer,
				     SLUICE_TICKET_MAX);
		break;
	case SLUICE_TICKET_SESSION:
		w->len = take_session(peer, w->ticket.id.data, w->ticket.id.len,
				      w->answer, SLUICE_SESSION_MAX);
		break;
	case SLUICE_TICKET_KEY:
		if (!ticket_key(peer, w->ticket.id.data, &key))
			break;
		w->len = sizeof(key.key);
		memcpy(w->answer, key.key, sizeof(key.key));
	}
}

static void *work(void *arg)
{
	const struct sluice_provider *p;
	struct work *w = arg;

	p = w->peer->provider;
	usleep(20000);
	if (w->what == SLUICE_WANT_SIGNATURE)
		w->rc = p->sign(p, w->peer->token, w->signature.scheme,
				w->signature.data, w->signature.len, w->answer,
				&w->len);
	else if (w->what == SLUICE_WANT_VERDICT)
		w->rc = sluice_verdict(&w->verdict, &w->reason);
	else if (w->what == SLUICE_WANT_TICKET)
		look_up(w->peer, w);
	else if (w->what == SLUICE_WANT_UNUSED)
		w->first = w->unused.early_until &&
			   early_first(w->peer, w->unused.id,
				       w->unused.early_until);
	return NULL;
}

/* Has it done, and gives it. False: it was not wanted. */
static bool give(struct link *link, enum sluice_status what)
{
	struct work w = { .peer = link->peer, .what = what };
	pthread_t thread;

	sluice_wanted_signature(link->conn, &w.signature);
	sluice_wanted_verdict(link->conn, &w.verdict);
	sluice_wanted_ticket(link->conn, &w.ticket);
	sluice_wanted_unused(link->conn, &w.unused);
	if (pthread_create(&thread, NULL, work, &w) ||
	    pthread_join(thread, NULL))
		die("no thread");
	printf("async=%d ", what);
	switch (what) {
	case SLUICE_WANT_CREDENTIAL:
		return !sluice_give_credential(link->conn, link->peer->cred);
	case SLUICE_WANT_SIGNATURE:
		return !sluice_give_signature(link->conn,
					      w.rc ? NULL : w.answer, w.len);
	case SLUICE_WANT_TICKET:
		return !sluice_give_ticket(link->conn, w.len ? w.answer : NULL,
					   w.len);
	case SLUICE_WANT_UNUSED:
		/* tickets may be used again, early data may not */
		return !sluice_give_unused(link->conn, true, w.first);
	default:
		return !sluice_give_verdict(link->conn, w.rc, w.reason);
	}
}

/* Our line, if it can go early. */
static void send_early(struct link *link)
{
	const char *parts[2] = { link->peer->send, "\n" };
	int i;

	for (i = 0; i < 2 && sluice_early_room(link->conn); i++) {
		size_t len = strlen(parts[i]), out_len = sizeof(link->out);

		sluice_early_seal(link->conn, (const uint8_t *)parts[i], &len,
				  link->out, &out_len);
		send_all(link, out_len);
	}
}

/* The peer's, or what there is of it. False: nothing more can be received. */
static bool receive_early(struct link *link)
{
	for (;;) {
		size_t in_len = link->have, len;
		enum sluice_status status;
		uint8_t *data;

		status = sluice_early_open(link->conn, link->in, &in_len, &data,
					   &len);
		if (len > sizeof(link->line) - 1 - link->line_len)
			die("too much early data");
		if (len)
			memcpy(link->line + link->line_len, data, len);
		link->line_len += len;
		used(link, in_len);
		if (status == SLUICE_DONE || status == SLUICE_ERROR)
			return true;
		if (status == SLUICE_WANT_READ && !receive(link))
			return false;
	}
}

static enum sluice_status handshake(struct link *link)
{
	bool first = true;

	for (;;) {
		size_t in_len = link->have, out_len = sizeof(link->out);
		enum sluice_status status;

		status = sluice_handshake(link->conn, link->in, &in_len,
					  link->out, &out_len);
		used(link, in_len);
		send_all(link, out_len);
		if (status == SLUICE_WANT_WRITE)
			continue;
		if (status == SLUICE_EARLY_DATA) {
			if (!receive_early(link))
				return sluice_eof(link->conn);
			continue;
		}
		if (first && status == SLUICE_WANT_READ)
			send_early(link);
		first = false;
		if (status >= SLUICE_WANT_CREDENTIAL) {
			if (!give(link, status))
				die("it wants what it does not take");
			continue;
		}
		if (status != SLUICE_WANT_READ)
			return status;
		if (!receive(link))
			return sluice_eof(link->conn);
	}
}

static void put_line(struct link *link, const char *text, size_t len)
{
	while (len) {
		size_t part = len, out_len = sizeof(link->out);
		enum sluice_status status;

		status = sluice_seal(link->conn, (const uint8_t *)text, &part,
				     link->out, &out_len);
		send_all(link, out_len);
		text += part;
		len -= part;
		if (status == SLUICE_ERROR)
			return;
	}
}

/* Until there is a whole line, the end, or an error. */
static enum sluice_status get_line(struct link *link)
{
	for (;;) {
		size_t in_len = link->have, len;
		enum sluice_status status;
		uint8_t *data;

		status = sluice_open(link->conn, link->in, &in_len, &data,
				     &len);
		if (len > sizeof(link->line) - 1 - link->line_len)
			len = sizeof(link->line) - 1 - link->line_len;
		if (len)
			memcpy(link->line + link->line_len, data, len);
		used(link, in_len);
		link->line_len += len;
		link->line[link->line_len] = 0;
		flush(link);
		if (status == SLUICE_DATA && link->line_len < LINE - 1 &&
		    !strchr(link->line, '\n'))
			continue;
		if (status != SLUICE_WANT_READ || strchr(link->line, '\n'))
			return status;
		if (!receive(link))
			return sluice_eof(link->conn);
	}
}

static void report(struct peer *peer, struct link *link, bool data)
{
	static const char *const early[] = {
		"none", "offered", "accepted", "rejected"
	};
	struct sluice_conn_info info;

	sluice_conn_info(link->conn, &info);
	if (peer->export) {
		uint8_t material[100];
		size_t i;

		if (sluice_export(link->conn, peer->export, NULL, 0, material,
				  sizeof(material)))
			die("no keying material");
		printf("exported=");
		for (i = 0; i < sizeof(material); i++)
			printf("%02X", material[i]);
		printf(" ");
	}
	printf("done=%d early=%s version=%s suite=%s group=%s signature=%s client=%s peer=%s alpn=%.*s sni=%.*s verified=%d resumed=%d retried=%d tickets=%u data=%d closed=%d tx_updates=%u rx_updates=%u limit=%u stapled=%d raw=%d/%d error=%d sent=%s received=%s reason=%s\n",
	       info.handshake_done, early[info.early],
	       info.version == SLUICE_TLS_1_2 ? "1.2" : "1.3",
	       sluice_suite_name(info.suite),
	       sluice_group_name(info.group),
	       sluice_signature_name(info.signature),
	       sluice_signature_name(info.client_signature), peer->names,
	       (int)info.alpn_len, info.alpn ? info.alpn : "",
	       (int)info.sni_len, info.sni ? info.sni : "",
	       info.verified, info.resumed, info.retried,
	       (unsigned int)info.tickets, data, info.closed,
	       (unsigned int)info.tx_key_updates,
	       (unsigned int)info.rx_key_updates, info.record_limit, info.stapled,
	       info.own_raw_key, info.peer_raw_key, info.error,
	       info.alert_sent < 0 ? "none" : sluice_alert_name(info.alert_sent),
	       info.alert_received < 0 ? "none" :
	       sluice_alert_name(info.alert_received), info.reason);
	fflush(stdout);
}

static void add_name(void *ctx, enum sluice_name type, const char *name)
{
	static const char *const types[] = { "", "DNS:", "IP:", "email:", "URI:" };
	struct peer *peer = ctx;
	size_t len = strlen(peer->names);

	snprintf(peer->names + len, sizeof(peer->names) - len, "[%s%s]",
		 types[type], name);
}

static bool see_peer(void *ctx, const struct sluice_octets *chain, size_t count)
{
	struct peer *peer = ctx;

	peer->names[0] = 0;
	return count && (!sluice_openssl_names(peer->provider, chain->data,
					       chain->len, add_name, peer) ||
			 peer->config.peer_raw_key);
}

/* A client sends its line and waits for the answer; a server answers. */
static bool talk(struct peer *peer, struct link *link)
{
	bool good;
	int i;

	if (peer->config.role == SLUICE_SERVER) {
		/* it may have come early */
		if (!strchr(link->line, '\n') &&
		    (get_line(link) == SLUICE_ERROR || !link->line_len))
			return false;
		for (i = 0; i < peer->updates; i++) {
			sluice_key_update(link->conn, true);
			flush(link);
		}
		put_line(link, link->line, link->line_len);
		good = true;
	} else {
		for (i = 0; i < peer->updates; i++) {
			sluice_key_update(link->conn, true);
			flush(link);
		}
		/* again, even if it went early: not everybody echoes that */
		put_line(link, peer->send, strlen(peer->send));
		put_line(link, "\n", 1);
		get_line(link);
		good = !strncmp(link->line, peer->expect, strlen(peer->expect));
	}
	sluice_close(link->conn);
	flush(link);
	/* the peer's own end, and its tickets if they are late */
	while (link->line_len < LINE - 1) {
		enum sluice_status status;

		link->line_len = 0;
		link->line[0] = 0;
		status = get_line(link);
		if (status == SLUICE_CLOSED || status == SLUICE_ERROR)
			break;
	}
	return good;
}

static int run(struct peer *peer, int fd)
{
	struct link *link = calloc(1, sizeof(*link));
	void *mem = malloc(sluice_conn_size() + ROOM);
	const char *wrong = sluice_config_check(&peer->config);
	bool data = false;
	int failed = 1;

	if (wrong)
		die(wrong);
	if (!link || !mem)
		die("no memory");
	link->fd = fd;
	link->peer = peer;
	peer->names[0] = 0;
	link->conn = sluice_conn_init(mem, sluice_conn_size() + ROOM, &peer->config);
	if (handshake(link) == SLUICE_DONE) {
		data = talk(peer, link);
		failed = !data;
	} else {
		flush(link);
		shutdown(fd, SHUT_WR);
	}
	report(peer, link, data);
	sluice_conn_free(link->conn);
	free(mem);
	free(link);
	close(fd);
	return failed;
}

static socklen_t make_address(const struct peer *peer,
			      struct sockaddr_storage *storage)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
	struct sockaddr_in *in = (struct sockaddr_in *)storage;

	memset(storage, 0, sizeof(*storage));
	if (peer->ipv6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_addr = in6addr_loopback;
		in6->sin6_port = htons((uint16_t)peer->port);
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = htons((uint16_t)peer->port);
	return sizeof(*in);
}

static int run_all(struct peer *peer)
{
	struct sockaddr_storage address;
	socklen_t len = make_address(peer, &address);
	int listener = -1, failed = 0, one = 1, i;

	if (peer->config.role == SLUICE_SERVER) {
		listener = socket(address.ss_family, SOCK_STREAM, 0);
		setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		if (bind(listener, (struct sockaddr *)&address, len) ||
		    listen(listener, 8))
			die(strerror(errno));
		printf("listening\n");
		fflush(stdout);
	}
	for (i = 0; i < peer->connections; i++) {
		int fd;

		if (listener >= 0) {
			fd = accept(listener, NULL, NULL);
		} else {
			fd = socket(address.ss_family, SOCK_STREAM, 0);
			if (connect(fd, (struct sockaddr *)&address, len))
				die(strerror(errno));
		}
		failed |= run(peer, fd);
	}
	if (listener >= 0)
		close(listener);
	return failed;
}

static void parse_list(char *text, uint16_t *list, size_t size)
{
	char *save, *word;

	for (word = strtok_r(text, ",", &save); word && size > 1;
	     word = strtok_r(NULL, ",", &save), size--)
		*list++ = (uint16_t)strtoul(word, NULL, 16);
}

static uint16_t version(const char *text)
{
	return strcmp(text, "1.2") ? SLUICE_TLS_1_3 : SLUICE_TLS_1_2;
}

static enum sluice_raw_key raw_key(const char *text)
{
	if (!strcmp(text, "fallback"))
		return SLUICE_RAW_KEY_FALLBACK;
	return strcmp(text, "only") ? SLUICE_RAW_KEY_TOO : SLUICE_RAW_KEY_ONLY;
}

/* 64 hexadecimal digits */
static void parse_pin(struct peer *peer, const char *text)
{
	size_t i;

	for (i = 0; i < SLUICE_PIN_LEN; i++) {
		unsigned int octet;

		if (sscanf(text + 2 * i, "%2x", &octet) != 1)
			die("a pin has 64 hexadecimal digits");
		peer->pins[0][i] = (uint8_t)octet;
	}
	peer->config.pins = peer->pins;
	peer->config.pin_count = 1;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "server", no_argument, NULL, 'S' },
		{ "port", required_argument, NULL, 'p' },
		{ "ipv6", no_argument, NULL, '6' },
		{ "ca", required_argument, NULL, 'a' },
		{ "name", required_argument, NULL, 'n' },
		{ "cert", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "suites", required_argument, NULL, 's' },
		{ "groups", required_argument, NULL, 'g' },
		{ "alpn", required_argument, NULL, 'l' },
		{ "send", required_argument, NULL, 't' },
		{ "expect", required_argument, NULL, 'e' },
		{ "connections", required_argument, NULL, 'C' },
		{ "client-auth", required_argument, NULL, 'A' },
		{ "export", required_argument, NULL, 'x' },
		{ "record-limit", required_argument, NULL, 'L' },
		{ "updates", required_argument, NULL, 'u' },
		{ "tickets", no_argument, NULL, 'T' },
		{ "sessions", no_argument, NULL, 'W' },
		{ "min", required_argument, NULL, 'm' },
		{ "max", required_argument, NULL, 'M' },
		{ "authorities", no_argument, NULL, 'N' },
		{ "async", no_argument, NULL, 'Y' },
		{ "ocsp", required_argument, NULL, 'o' },
		{ "compress", required_argument, NULL, 'Z' },
		{ "clock", required_argument, NULL, 'K' },
		{ "staple", required_argument, NULL, 'O' },
		{ "early", no_argument, NULL, 'E' },
		{ "own-raw", required_argument, NULL, 'r' },
		{ "peer-raw", required_argument, NULL, 'R' },
		{ "pin", required_argument, NULL, 'P' },
		{ NULL, 0, NULL, 0 }
	};
	static const struct sluice_ticket_policy policy = { 3600, 7200 };
	static const struct sluice_store_limits limits = {
		.entries = 100, .key_len = 16,
	};
	struct peer *peer = calloc(1, sizeof(*peer));
	const char *ca = NULL, *cert = NULL, *key = NULL, *ocsp = NULL;
	char why[SLUICE_OPENSSL_WHY_MAX];
	struct sluice_config *config;
	int opt, failed;
	size_t i = 0;
	char *save, *word;

	if (!peer)
		die("no memory");
	config = &peer->config;
	peer->connections = 1;
	peer->send = "hello";
	peer->expect = "hello";
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (opt) {
		case 'S': config->role = SLUICE_SERVER; break;
		case 'p': peer->port = atoi(optarg); break;
		case '6': peer->ipv6 = true; break;
		case 'a': ca = optarg; break;
		case 'n': config->peer_name = optarg; break;
		case 'c': cert = optarg; break;
		case 'k': key = optarg; break;
		case 's':
			parse_list(optarg, peer->suites, 8);
			config->suites = peer->suites;
			break;
		case 'g':
			parse_list(optarg, peer->groups, 8);
			config->groups = peer->groups;
			break;
		case 'l':
			for (word = strtok_r(optarg, ",", &save); word && i < 7;
			     word = strtok_r(NULL, ",", &save))
				peer->alpn[i++] = word;
			config->alpn = peer->alpn;
			break;
		case 't': peer->send = optarg; break;
		case 'e': peer->expect = optarg; break;
		case 'C': peer->connections = atoi(optarg); break;
		case 'u': peer->updates = atoi(optarg); break;
		case 'Y':
			config->async = SLUICE_ASYNC_CREDENTIAL |
					SLUICE_ASYNC_SIGNATURE |
					SLUICE_ASYNC_VERDICT |
					SLUICE_ASYNC_TICKET |
					SLUICE_ASYNC_UNUSED;
			break;
		case 'x': peer->export = optarg; break;
		case 'L':
			config->record_limit = (unsigned int)atoi(optarg);
			break;
		case 'A':
			config->client_auth = strcmp(optarg, "required") ?
					      SLUICE_CLIENT_AUTH_OPTIONAL :
					      SLUICE_CLIENT_AUTH_REQUIRED;
			break;
		case 'Z':
			for (const struct sluice_compression *const *all =
			     sluice_compressions(); *all; all++)
				if (!strcmp((*all)->name, optarg))
					compressions[0] = *all;
			if (!*compressions)
				die("no such compression");
			config->compressions = compressions;
			break;
		case 'K': clock_offset = atoi(optarg); break;
		case 'o': ocsp = optarg; break;
		case 'O':
			config->staple = strcmp(optarg, "required") ?
					 SLUICE_STAPLE_OPTIONAL :
					 SLUICE_STAPLE_REQUIRED;
			break;
		case 'N': config->name_authorities = true; break;
		case 'W': keep_sessions(peer); break;
		case 'm': config->min_version = version(optarg); break;
		case 'M': config->max_version = version(optarg); break;
		case 'T':
			config->ticket_key = ticket_key;
			config->ticket_put = put_ticket;
			config->ticket_take = take_ticket;
			break;
		case 'r':
			config->own_raw_key = raw_key(optarg);
			break;
		case 'R':
			config->peer_raw_key = raw_key(optarg);
			break;
		case 'P':
			parse_pin(peer, optarg);
			break;
		case 'E':
			config->early_data = true;
			config->max_early_data = LINE - 1;
			config->early_data_id = peer->early_id;
			config->early_data_first = early_first;
			break;
		default: die("unknown option");
		}
	}
	peer->provider = sluice_openssl_new(NULL);
	if (!peer->provider)
		die("no provider");
	config->provider = peer->provider;
	config->now = now;
	config->ctx = peer;
	config->peer_certificate = see_peer;
	if (getenv("SSLKEYLOGFILE"))
		config->keylog = log_line;
	peer->early = sluice_store_init(malloc(sluice_store_size(&limits)),
					sluice_store_size(&limits), &limits,
					NULL);
	if (!peer->early)
		die("no memory");
	peer->provider->random(peer->provider, peer->early_id,
			       sizeof(peer->early_id));
	peer->ring = sluice_ticket_ring_init(malloc(sluice_ticket_ring_size()),
					     sluice_ticket_ring_size(),
					     peer->provider, &policy, NULL);
	if (!peer->ring)
		die("no ring of ticket keys");
	if (cert || key) {
		peer->cred = sluice_openssl_credential_load(peer->provider,
							    cert, key, why);
		if (!peer->cred ||
		    (ocsp &&
		     sluice_openssl_credential_staple_file(peer->cred, ocsp, why)))
			die(why);
		config->credential = peer->cred;
	}
	/* nobody but the thread has the key, then */
	if (cert && config->async) {
		peer->token = peer->cred;
		peer->cred = sluice_openssl_credential_load(peer->provider,
							    cert, NULL, why);
		if (!peer->cred)
			die(why);
		config->credential = NULL;
	}
	if (ca) {
		peer->trust = sluice_openssl_trust_new(peer->provider);
		if (sluice_openssl_trust_file(peer->trust, ca, why))
			die(why);
		config->trust = peer->trust;
	} else if (config->role == SLUICE_CLIENT && !config->async &&
		   !config->pin_count) {
		config->no_verify = true;
	}
	failed = run_all(peer);
	sluice_openssl_credential_free(peer->cred);
	sluice_openssl_credential_free(peer->token);
	sluice_openssl_trust_free(peer->trust);
	sluice_openssl_free(peer->provider);
	free(peer);
	return failed;
}
