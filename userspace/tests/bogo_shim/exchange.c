// SPDX-License-Identifier: MIT
/* A connection to the runner: what is sent, read and answered. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shim.h"

/* -1 at once, an octet at a time with -async. */
static ssize_t receive(struct connection *c)
{
	size_t room = sizeof(c->in) - c->in_end;
	ssize_t n;

	if (c->in_start) {
		memmove(c->in, c->in + c->in_start, c->in_end - c->in_start);
		c->in_end -= c->in_start;
		c->in_start = 0;
		room = sizeof(c->in) - c->in_end;
	}
	n = recv(c->fd, c->in + c->in_end, c->options->async ? 1 : room, 0);
	if (n > 0)
		c->in_end += (size_t)n;
	return n;
}

static void send_all(struct connection *c, const uint8_t *data, size_t len)
{
	while (len) {
		size_t part = c->options->async ? 1 : len;
		ssize_t n = send(c->fd, data, part, MSG_NOSIGNAL);

		/* what the peer says before it closes is of more interest */
		if (n < 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

static size_t room(const struct connection *c)
{
	size_t max = (size_t)c->options->max_send_fragment + SLUICE_OVERHEAD;

	return c->options->max_send_fragment ? max : sizeof(c->out);
}

/* What is pending, at least. */
static bool send_data(struct connection *c, const void *data, size_t len)
{
	const uint8_t *at = data;
	enum sluice_status status;

	do {
		size_t part = len, out_len = room(c);

		status = sluice_seal(c->conn, at, &part, c->out, &out_len);
		send_all(c, c->out, out_len);
		if (part)
			at += part;
		len -= part;
	} while (status == SLUICE_WANT_WRITE);
	return status == SLUICE_DONE;
}

/* Prints why, in libsluice's words, by which config.json knows it. */
static bool failed(struct connection *c)
{
	struct sluice_conn_info info;

	send_data(c, NULL, 0);
	sluice_conn_info(c->conn, &info);
	if (info.error == SLUICE_ERR_ECH && !check_ech_retry(c))
		return false;
	fprintf(stderr, "%s\n", info.reason);
	if (info.alert_received >= 0)
		fprintf(stderr, "received alert: %s\n",
			sluice_alert_name(info.alert_received));
	if (info.alert_sent >= 0)
		fprintf(stderr, "sent alert: %s\n",
			sluice_alert_name(info.alert_sent));
	return false;
}

static bool give_signature(struct connection *c)
{
	const struct sluice_provider *p = &c->provider.table;
	struct sluice_signature_request request;
	uint8_t sig[SLUICE_SIGNATURE_MAX];
	size_t len;

	return !sluice_wanted_signature(c->conn, &request) &&
	       !p->sign(p, request.credential, request.scheme, request.data,
			request.len, sig, &len) &&
	       !sluice_give_signature(c->conn, sig, len);
}

static bool give_credential(struct connection *c)
{
	struct sluice_credential_request request;

	return !sluice_wanted_credential(c->conn, &request) &&
	       !sluice_give_credential(c->conn, choose(c, &request));
}

static bool give_verdict(struct connection *c)
{
	struct sluice_verdict_request request;
	const char *reason = NULL;
	int verdict;

	if (sluice_wanted_verdict(c->conn, &request))
		return false;
	verdict = judge(c, &request, &reason);
	return !sluice_give_verdict(c->conn, verdict, reason);
}

static void invert(uint8_t *data, size_t len)
{
	while (len--)
		*data++ ^= 0xff;
}

static bool write_first(struct connection *c, const struct options *o)
{
	long i;

	for (i = 0; i < o->initial_writes; i++) {
		if (!send_data(c, o->initial_write, strlen(o->initial_write)))
			return failed(c);
	}
	return true;
}

/* Server: early data, which is answered at once. */
static bool read_early(struct connection *c)
{
	for (;;) {
		size_t in_len = c->in_end - c->in_start, len;
		enum sluice_status status;
		uint8_t *data;

		status = sluice_early_open(c->conn, c->in + c->in_start,
					   &in_len, &data, &len);
		c->in_start += in_len;
		if (status == SLUICE_DONE)
			return true;
		if (status == SLUICE_ERROR)
			return failed(c);
		if (status == SLUICE_DATA) {
			invert(data, len);
			if (!send_data(c, data, len))
				return failed(c);
			continue;
		}
		if (receive(c) <= 0) {
			sluice_eof(c->conn);
			return failed(c);
		}
	}
}

/* Client: as much early data as may be sent; octets of it. */
static size_t write_early(struct connection *c, const char *data, size_t left)
{
	enum sluice_status status;
	size_t total = 0;

	do {
		size_t part = left - total, out_len = room(c);

		status = sluice_early_seal(c->conn,
					   (const uint8_t *)data + total, &part,
					   c->out, &out_len);
		send_all(c, c->out, out_len);
		total += part;
	} while (status == SLUICE_WANT_WRITE);
	return total;
}

struct progress {
	size_t early;		/* octets of the first write that went early */
	bool wrote_first;	/* so did all of it, or behind our Finished */
};

static void begin_early(struct connection *c, struct progress *progress)
{
	const struct options *o = c->options;
	size_t len = strlen(o->initial_write);
	long i;

	for (i = 0; i < o->initial_writes; i++) {
		size_t part = write_early(c, o->initial_write, len);

		progress->early += part;
		if (part < len)
			return;
	}
}

static bool handshake(struct connection *c, struct progress *progress)
{
	const struct options *o = c->options;
	bool begun = false, ok = true;

	while (ok) {
		size_t in_len = c->in_end - c->in_start, out_len = room(c);
		enum sluice_status status;

		status = sluice_handshake(c->conn, c->in + c->in_start, &in_len,
					  c->out, &out_len);
		c->in_start += in_len;
		send_all(c, c->out, out_len);
		switch (status) {
		case SLUICE_DONE:
			return true;
		case SLUICE_WANT_WRITE:
			break;
		case SLUICE_WANT_READ:
			if (!begun && (o->writes_first || o->unfinished_write) &&
			    sluice_early_room(c->conn))
				begin_early(c, progress);
			begun = true;
			if (receive(c) <= 0) {
				sluice_eof(c->conn);
				return failed(c);
			}
			break;
		case SLUICE_WANT_CREDENTIAL:
			ok = give_credential(c);
			break;
		case SLUICE_WANT_SIGNATURE:
			ok = give_signature(c);
			break;
		case SLUICE_WANT_VERDICT:
			ok = give_verdict(c);
			break;
		case SLUICE_EARLY_DATA:
			if (o->writes_first && !write_first(c, o))
				return false;
			progress->wrote_first = o->writes_first;
			if (!read_early(c))
				return false;
			break;
		default:
			return failed(c);
		}
	}
	return wrong(c, "what was wanted could not be given");
}

/* Data of one record: 1; 0 at the end; -1: failed. */
static int read_data(struct connection *c, uint8_t **data, size_t *len)
{
	for (;;) {
		size_t in_len = c->in_end - c->in_start;
		enum sluice_status status;

		status = sluice_open(c->conn, c->in + c->in_start, &in_len,
				     data, len);
		c->in_start += in_len;
		if (status == SLUICE_ERROR) {
			failed(c);
			return -1;
		}
		if (status == SLUICE_DATA)
			return 1;
		if (status == SLUICE_CLOSED)
			return 0;
		/* a key update is answered with the next data, once for all */
		if (receive(c) > 0)
			continue;
		/* the tests bear with an end that was not announced */
		if (!c->options->check_close_notify)
			return 0;
		sluice_eof(c->conn);
		failed(c);
		return -1;
	}
}

static bool export(struct connection *c)
{
	const struct options *o = c->options;
	const char *context = o->export_context ? o->export_context : "";
	size_t len = (size_t)o->export_len;
	uint8_t *out = malloc(len + 1);
	bool ok;

	if (!out)
		abort();
	ok = !sluice_export(c->conn, o->export_label,
			    o->use_export_context ? (const uint8_t *)context :
						    NULL,
			    o->use_export_context ? strlen(context) : 0,
			    out, len);
	ok = ok && send_data(c, out, len);
	free(out);
	return ok || wrong(c, "no keying material was exported");
}

static bool export_secrets(struct connection *c)
{
	struct sluice_secrets secrets;
	uint16_t len;

	if (sluice_conn_secrets(c->conn, &secrets))
		return wrong(c, "the secrets cannot be had");
	len = (uint16_t)secrets.hash_len;
	return send_data(c, &len, sizeof(len)) &&
	       send_data(c, secrets.rx.secret, len) &&
	       send_data(c, secrets.tx.secret, len);
}

static bool write_sizes(struct connection *c)
{
	static const size_t sizes[] = {
		0, 1, 255, 256, 257, 16383, 16384, 16385, 32767, 32768, 32769
	};
	static uint8_t data[32769];
	size_t i;

	memset(data, 0x42, sizeof(data));
	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		if (!send_data(c, data, sizes[i]))
			return failed(c);
	}
	return true;
}

/* The first write, of which only one octet has gone when reading begins. */
struct unfinished {
	uint8_t record[SLUICE_RECORD_MAX];
	size_t len;
};

static bool begin_write(struct connection *c, struct unfinished *u)
{
	const char *text = c->options->initial_write;
	size_t len = strlen(text);

	u->len = sizeof(u->record);
	if (sluice_seal(c->conn, (const uint8_t *)text, &len, u->record,
			&u->len) != SLUICE_DONE)
		return failed(c);
	send_all(c, u->record, 1);
	return true;
}

static void end_write(struct connection *c, struct unfinished *u)
{
	if (u->len)
		send_all(c, u->record + 1, u->len - 1);
	u->len = 0;
}

static bool update(struct connection *c, bool wanted)
{
	if (!wanted)
		return true;
	if (sluice_key_update(c->conn, false))
		return wrong(c, "no key update");
	return send_data(c, NULL, 0) || failed(c);
}

static bool echo(struct connection *c, struct unfinished *u)
{
	const struct options *o = c->options;
	uint8_t *data, octet;
	size_t len;
	int rc;

	for (;;) {
		if (!update(c, o->key_update_before_read))
			return false;
		rc = read_data(c, &data, &len);
		if (rc <= 0)
			return !rc;
		end_write(c, u);
		if (o->export_between_reads &&
		    sluice_export(c->conn, "EXPERIMENTAL", NULL, 0, &octet, 1))
			return wrong(c, "no keying material was exported");
		if (!update(c, o->key_update))
			return false;
		invert(data, len);
		if (!send_data(c, data, len))
			return failed(c);
	}
}

static bool shut_down(struct connection *c)
{
	const struct options *o = c->options;
	uint8_t *data;
	size_t len;
	int rc;

	/* BoringSSL's quiet shutdown is silent */
	if (!o->check_close_notify)
		return true;
	sluice_close(c->conn);
	if (!send_data(c, NULL, 0))
		return failed(c);
	if (!o->shuts_down)
		return true;
	rc = read_data(c, &data, &len);
	if (rc > 0)
		return wrong(c, "data came after close_notify was sent");
	return !rc;
}

static bool write_initially(struct connection *c, struct progress *progress,
			    struct unfinished *u)
{
	const struct options *o = c->options;
	size_t len = strlen(o->initial_write);
	size_t total = len * (size_t)o->initial_writes;

	if (o->write_sizes)
		return write_sizes(c);
	if (progress->wrote_first)
		return true;
	if (!progress->early && o->unfinished_write)
		return begin_write(c, u);
	if (!progress->early)
		return !o->writes_first || write_first(c, o);
	for (; progress->early < total; progress->early++) {
		if (!send_data(c, o->initial_write + progress->early % len, 1))
			return failed(c);
	}
	return true;
}

static bool speak(struct connection *c, const struct options *retried)
{
	struct progress progress = { .early = 0 };
	struct unfinished u = { .len = 0 };
	struct sluice_conn_info info;
	const struct options *o;

	if (!handshake(c, &progress))
		return false;
	sluice_conn_info(c->conn, &info);
	if (!c->options->server && c->resumption &&
	    info.early == SLUICE_EARLY_REJECTED) {
		if (!c->options->expect_early_rejected)
			return wrong(c, "early data was not accepted");
		/* all over again */
		c->options = retried;
		progress.early = 0;
	}
	o = c->options;
	if (!check_handshake(c))
		return false;
	if (o->handshake_twice) {
		struct progress none = { .early = 0 };

		if (!handshake(c, &none))
			return false;
	}
	if ((o->export_len && !export(c)) ||
	    (o->export_traffic_secrets && !export_secrets(c)) ||
	    !write_initially(c, &progress, &u) ||
	    (!o->shuts_down && !o->write_sizes && !echo(c, &u)))
		return false;
	end_write(c, &u);
	return check_end(c) && shut_down(c);
}

static int dial(const struct options *o)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)o->port),
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)o->port),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	int fd = socket(o->ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0), one = 1;
	uint8_t id[8];
	size_t i;

	if (fd < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) ||
	    connect(fd, o->ipv6 ? (struct sockaddr *)&sin6 :
				  (struct sockaddr *)&sin,
		    o->ipv6 ? sizeof(sin6) : sizeof(sin))) {
		perror("the runner");
		exit(1);
	}
	/* by which the runner knows whose connection it is */
	for (i = 0; i < sizeof(id); i++)
		id[i] = (uint8_t)(o->shim_id >> 8 * i);
	if (send(fd, id, sizeof(id), MSG_NOSIGNAL) != sizeof(id)) {
		perror("the runner");
		exit(1);
	}
	return fd;
}

bool exchange(struct connection *c, const struct options *retried)
{
	uint8_t rest[1024];
	bool ok;

	c->fd = dial(c->options);
	ok = speak(c, retried) && !c->wrong;
	/* a reset would take from the runner what it has not read yet */
	shutdown(c->fd, SHUT_WR);
	while (recv(c->fd, rest, sizeof(rest), 0) > 0)
		;
	close(c->fd);
	return ok;
}
