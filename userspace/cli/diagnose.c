// SPDX-License-Identifier: MIT
/*
 * sluice diagnose: what a server shows and agrees to, and what is wrong with it.
 * Whatever certificate it has is taken to tell of it, so no data is exchanged.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base64.h"
#include "pem.h"
#include "report.h"
#include "sluice/async.h"
#include "starttls.h"
#include "stream.h"
#include "ticket.h"
#include "url.h"

/* Milliseconds for the first ticket after a handshake, and then for another. */
#define FIRST_TICKET	1000
#define NEXT_TICKET	100
#define RECONNECT	5

struct diagnose {
	struct context ctx;		/* first: the engine's callbacks get it */
	struct options o;
	const char *address;
	const char *protocol;		/* before TLS, or NULL */
	bool show_certs;
	bool json;
	unsigned int reconnect;
	struct url url;
	char peer[HOST_MAX + 1];	/* numeric */

	/* what the server has shown, in the first handshake */
	struct sluice_octets chain[SLUICE_CHAIN_MAX];
	size_t chain_len;
	bool raw_key;
	bool staple;
	bool judged;
	int verdict;			/* 0, or an alert */
	const char *reason;

	unsigned int tickets;		/* of one connection */
	uint64_t lifetime;		/* seconds */
	uint8_t ticket[SLUICE_TICKET_MAX];	/* the latest */
	size_t ticket_len;
};

/* How one connection went. */
struct outcome {
	bool done;
	struct sluice_conn_info info;
	char reason[256];		/* "" if nothing is wrong */
	char alpn[256];
};

enum { OPT_SHOW_CERTS = 256, OPT_JSON, OPT_RECONNECT, OPT_STARTTLS };

static const struct argp_option options[] = {
	{ "show-certs", OPT_SHOW_CERTS, NULL, 0,
	  "Print the server's certificates, too (PEM)", 0 },
	{ "json", OPT_JSON, NULL, 0, "Print JSON", 0 },
	{ "reconnect", OPT_RECONNECT, "TIMES", OPTION_ARG_OPTIONAL,
	  "Connect again so often (5), with the latest ticket", 0 },
	{ "starttls", OPT_STARTTLS, "PROTOCOL", 0,
	  "Have the server begin TLS first, in one of: " STARTTLS_PROTOCOLS, 0 },
	{ 0 },
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct diagnose *d = state->input;
	char *end;

	switch (opt) {
	case OPT_SHOW_CERTS:
		d->show_certs = true;
		break;
	case OPT_JSON:
		d->json = true;
		break;
	case OPT_RECONNECT:
		d->reconnect = arg ? (unsigned int)strtoul(arg, &end, 10) :
				     RECONNECT;
		if (arg && (*end || !d->reconnect || d->reconnect > 1000))
			argp_error(state, "--reconnect: 1 to 1000 times");
		break;
	case OPT_STARTTLS:
		if (!starttls_known(arg))
			argp_error(state, "--starttls: one of " STARTTLS_PROTOCOLS);
		d->protocol = arg;
		break;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &d->o;
		break;
	case ARGP_KEY_ARG:
		if (d->address)
			argp_error(state, "one address at a time");
		d->address = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "HOST:PORT is missing");
		break;
	case ARGP_KEY_END:
		if (d->o.insecure)
			argp_error(state, "--insecure: any certificate is taken in any case, and what is wrong with it told");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static bool is_pinned(const struct diagnose *d,
		      const struct sluice_verdict_request *request)
{
	const struct pins *pins = &d->o.pins;
	uint8_t pin[SLUICE_PIN_LEN];

	if (sluice_pin(request->provider, request->chain->data,
		       request->chain->len, request->raw_key, pin))
		return false;
	for (size_t i = 0; i < pins->count; i++) {
		if (!memcmp(pins->pin[i], pin, sizeof(pin)))
			return true;
	}
	return false;
}

static int assess(const struct diagnose *d,
		  const struct sluice_verdict_request *request,
		  const char **reason)
{
	int rc = 0;

	if (!request->raw_key)
		rc = sluice_verdict(request, reason);
	if (rc)
		return rc;
	*reason = "the peer's key is none of those that are pinned";
	if (d->o.pins.count && !is_pinned(d, request))
		return 46;	/* certificate_unknown */
	*reason = "a raw public key says nothing for itself: --pin has to";
	return request->raw_key && !d->o.pins.count ? 46 : 0;
}

/* Keeps what is shown, and what is to be thought of it, and goes on. */
static int judge(void *arg, const struct sluice_verdict_request *request,
		 const char **reason)
{
	struct diagnose *d = arg;

	(void)reason;
	for (size_t i = 0; !d->judged && i < request->count; i++) {
		struct sluice_octets *cert = &d->chain[d->chain_len];
		uint8_t *copy = malloc(request->chain[i].len);

		if (!copy)
			return -1;
		memcpy(copy, request->chain[i].data, request->chain[i].len);
		cert->data = copy;
		cert->len = request->chain[i].len;
		d->chain_len++;
	}
	d->raw_key = request->raw_key;
	d->staple = request->peer.staple.len;
	d->judged = true;
	d->verdict = assess(d, request, &d->reason);
	return 0;
}

static void keep_ticket(void *arg, const char *peer_name,
			const uint8_t *ticket, size_t len)
{
	struct diagnose *d = arg;
	uint64_t now = d->ctx.config.now(NULL);
	uint64_t expiry = sluice_ticket_expiry(ticket, len);

	d->tickets++;
	d->lifetime = expiry > now ? (expiry - now + 500) / 1000 : 0;
	memcpy(d->ticket, ticket, len);
	d->ticket_len = len;
	/* who resumes with it asks for no certificate any more */
	if (d->o.session && !d->verdict)
		ticket_put(arg, peer_name, ticket, len);
}

static size_t use_ticket(void *arg, const char *peer_name, uint8_t *buf,
			 size_t size)
{
	struct diagnose *d = arg;
	size_t len = d->ticket_len;

	if (!len)
		return d->o.session ? ticket_take(arg, peer_name, buf, size) : 0;
	memcpy(buf, d->ticket, len);
	d->ticket_len = 0;
	return len;
}

static void note_peer(struct diagnose *d, int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (getpeername(fd, (struct sockaddr *)&addr, &len) ||
	    getnameinfo((struct sockaddr *)&addr, len, d->peer,
			sizeof(d->peer), NULL, 0, NI_NUMERICHOST))
		*d->peer = 0;
}

static void note_failure(struct outcome *out, struct sluice_conn *conn,
			 int error)
{
	sluice_conn_info(conn, &out->info);
	if (out->info.alert_received >= 0 &&
	    out->info.error == SLUICE_ERR_ALERT)
		snprintf(out->reason, sizeof(out->reason),
			 "the server refused: %s (alert %d)",
			 sluice_alert_name(out->info.alert_received),
			 out->info.alert_received);
	else
		snprintf(out->reason, sizeof(out->reason), "%s",
			 out->info.error ? out->info.reason :
			 error == EAGAIN ? "the server says nothing (--timeout)" :
			 strerror(error));
}

/*
 * What comes by itself: tickets, or what the server thinks of a client's
 * certificate. Data is passed over.
 */
static void listen_on(struct diagnose *d, struct sluice_stream *s,
		      struct outcome *out)
{
	struct pollfd pfd = { .fd = s->fd, .events = POLLIN };
	unsigned int had = d->tickets;
	uint8_t *data;
	ssize_t n;
	int wait = d->tickets ? NEXT_TICKET : FIRST_TICKET;

	/* those of TLS 1.2 are in the handshake */
	if (out->info.version == SLUICE_TLS_1_2)
		return;
	s->flags = MSG_DONTWAIT;
	for (;;) {
		n = sluice_take(s, &data);
		if (n < 0 && errno != EAGAIN && errno != EINTR) {
			/* that it just ends does not matter here */
			if (sluice_errno(s->conn) != ECONNRESET)
				note_failure(out, s->conn, errno);
			return;
		}
		if (!n)
			return;
		if (d->tickets > had)
			wait = NEXT_TICKET;
		had = d->tickets;
		if (n < 0 && poll(&pfd, 1, wait) <= 0)
			return;
	}
}

static void try(struct diagnose *d, struct outcome *out)
{
	static uint8_t in[SLUICE_RECORD_MAX], outgoing[SLUICE_RECORD_MAX];
	size_t size = sluice_conn_size() + SLUICE_CHAIN_ROOM;
	int fd = context_dial(&d->ctx);
	void *mem = malloc(size);
	enum sluice_status status;
	struct sluice_stream s;
	struct sluice_conn *conn;

	memset(out, 0, sizeof(*out));
	d->tickets = 0;
	note_peer(d, fd);
	conn = sluice_conn_init(mem, mem ? size : 0, &d->ctx.config);
	if (!conn)
		fail(EXIT_TLS, "out of memory");
	sluice_stream_init(&s, conn, fd, in, sizeof(in), outgoing,
			   sizeof(outgoing));
	do {
		status = sluice_stream_handshake(&s);
	} while (status == SLUICE_ERROR && errno == EINTR);
	out->done = status == SLUICE_DONE;
	if (out->done) {
		sluice_conn_info(conn, &out->info);
		listen_on(d, &s, out);
		sluice_shutdown(&s);
	} else {
		note_failure(out, conn, errno);
	}
	/* what it points to goes with the connection */
	if (out->info.alpn) {
		memcpy(out->alpn, out->info.alpn, out->info.alpn_len);
		out->info.alpn = out->alpn;
	}
	sluice_conn_free(conn);
	free(mem);
	close(fd);
}

static void tell_name(void *arg, enum sluice_name type, const char *name)
{
	static const char *const kinds[] = {
		[SLUICE_NAME_DNS] = "DNS", [SLUICE_NAME_IP] = "IP",
		[SLUICE_NAME_EMAIL] = "email", [SLUICE_NAME_URI] = "URI",
	};
	struct report *r = arg;
	char text[1100];

	if (type == SLUICE_NAME_SUBJECT)
		return;
	snprintf(text, sizeof(text), "%s:%s", kinds[type], name);
	report_text(r, NULL, text);
}

static void tell_subject(void *arg, enum sluice_name type, const char *name)
{
	if (type == SLUICE_NAME_SUBJECT)
		report_text(arg, "subject", name);
}

static void tell_time(struct report *r, const char *name, int64_t seconds)
{
	time_t time = seconds;
	char text[32];
	struct tm tm;

	if (gmtime_r(&time, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		report_text(r, name, text);
}

static void tell_pem(struct report *r, const struct sluice_octets *cert)
{
	char *pem = NULL;
	size_t len;
	FILE *text = open_memstream(&pem, &len);

	if (text)
		pem_print(text, "CERTIFICATE", cert->data, cert->len);
	if (!text || fclose(text))
		fail(EXIT_TLS, "out of memory");
	report_block(r, "pem", pem);
	free(pem);
}

static void tell_hash(struct report *r, const struct diagnose *d,
		      const struct sluice_octets *cert)
{
	const struct sluice_provider *p = d->ctx.provider;
	struct sluice_hash_ctx *ctx = p->hash_new(p, SLUICE_SHA256);
	uint8_t hash[32];
	char text[2 * sizeof(hash) + 1];

	if (ctx && !p->hash_update(p, ctx, cert->data, cert->len) &&
	    !p->hash_digest(p, ctx, hash)) {
		for (size_t i = 0; i < sizeof(hash); i++)
			sprintf(text + 2 * i, "%02x", hash[i]);
		report_text(r, "sha256", text);
	}
	p->hash_free(p, ctx);
}

static void tell_pin(struct report *r, const struct diagnose *d,
		     const struct sluice_octets *shown)
{
	char text[sizeof("sha256//") + BASE64_SIZE(SLUICE_PIN_LEN)] = "sha256//";
	uint8_t pin[SLUICE_PIN_LEN];

	if (sluice_pin(d->ctx.provider, shown->data, shown->len, d->raw_key,
		       pin))
		return;
	base64_encode(pin, sizeof(pin), text + strlen(text));
	report_text(r, "pin", text);
}

static void tell_certificate(struct report *r, const struct diagnose *d,
			     const struct sluice_octets *cert)
{
	const struct sluice_backend *backend = d->ctx.backend;
	struct sluice_certificate info;

	report_begin(r, NULL);
	if (backend->certificate(d->ctx.provider, cert->data, cert->len,
				 &info)) {
		report_text(r, "problem", "malformed, or of an unknown kind");
	} else {
		backend->names(d->ctx.provider, cert->data, cert->len,
			       tell_subject, r);
		report_text(r, "issuer", info.issuer);
		report_list(r, "names");
		backend->names(d->ctx.provider, cert->data, cert->len,
			       tell_name, r);
		report_end(r);
		tell_time(r, "not_before", info.not_before);
		tell_time(r, "not_after", info.not_after);
		report_text(r, "serial", info.serial);
		report_text(r, "key", info.key);
		report_text(r, "signature", info.signature);
	}
	tell_hash(r, d, cert);
	tell_pin(r, d, cert);
	if (d->show_certs)
		tell_pem(r, cert);
	report_end(r);
}

static void tell_chain(struct report *r, const struct diagnose *d)
{
	if (d->raw_key) {
		report_begin(r, "raw_public_key");
		tell_pin(r, d, d->chain);
		report_end(r);
		return;
	}
	report_list(r, "certificates");
	for (size_t i = 0; i < d->chain_len; i++)
		tell_certificate(r, d, &d->chain[i]);
	report_end(r);
}

/* Is the server who it has to be? */
static bool is_good(const struct diagnose *d, const struct outcome *out)
{
	return d->judged ? !d->verdict : out->done && out->info.verified;
}

static void tell_verification(struct report *r, const struct diagnose *d,
			      const struct outcome *out)
{
	report_begin(r, "verification");
	report_flag(r, "good", is_good(d, out));
	if (d->judged && d->verdict) {
		report_text(r, "reason", d->reason);
		report_text(r, "alert", d->verdict < 0 ? "internal_error" :
			    sluice_alert_name(d->verdict));
	} else if (!d->judged && out->done) {
		report_text(r, "by", out->info.psk ? "pre-shared key" :
						     "session resumed");
	}
	if (d->judged && !d->raw_key)
		report_text(r, "ocsp", !d->ctx.config.staple ||
			    !d->ctx.provider->checks_staples ? "not asked for" :
			    !d->staple ? "no response" :
			    d->verdict ? "a response: see above" : "good");
	report_end(r);
}

static void tell_session(struct report *r, const struct diagnose *d,
			 const struct outcome *out)
{
	const struct sluice_conn_info *info = &out->info;

	if (info->version)
		report_text(r, "version", info->version == SLUICE_TLS_1_2 ?
			    "TLS 1.2" : "TLS 1.3");
	if (info->suite)
		report_text(r, "suite", sluice_suite_name(info->suite));
	if (info->group)
		report_text(r, "group", sluice_group_name(info->group));
	if (info->signature)
		report_text(r, "signature",
			    sluice_signature_name(info->signature));
	if (info->alpn)
		report_octets(r, "alpn", info->alpn, info->alpn_len);
	if (info->ech == SLUICE_ECH_ACCEPTED || info->ech == SLUICE_ECH_REJECTED)
		report_text(r, "ech", info->ech == SLUICE_ECH_ACCEPTED ?
			    "accepted" : "rejected");
	report_flag(r, "resumed", info->resumed);
	report_flag(r, "hello_retry", info->retried);
	report_flag(r, "client_certificate_requested",
		    info->certificate_requested);
	if (info->client_signature)
		report_text(r, "client_signature",
			    sluice_signature_name(info->client_signature));
	report_number(r, "record_limit", info->record_limit);
	report_number(r, "tickets", d->tickets);
	if (d->tickets)
		report_number(r, "ticket_lifetime", d->lifetime);
}

static void tell_error(struct report *r, const struct outcome *out)
{
	const struct sluice_conn_info *info = &out->info;

	if (!*out->reason)
		return;
	report_text(r, "error", out->reason);
	if (info->alert_sent > 0)
		report_text(r, "alert_sent",
			    sluice_alert_name(info->alert_sent));
	if (info->alert_received > 0)
		report_text(r, "alert_received",
			    sluice_alert_name(info->alert_received));
}

static bool diagnose(struct diagnose *d)
{
	struct report r = { .json = d->json };
	struct outcome out;
	bool ok;

	try(d, &out);
	ok = is_good(d, &out) && out.done && !*out.reason;
	report_begin(&r, NULL);
	report_text(&r, "server", d->address);
	report_text(&r, "address", d->peer);
	report_text(&r, "name", d->ctx.config.peer_name);
	if (d->judged)
		tell_chain(&r, d);
	tell_verification(&r, d, &out);
	tell_session(&r, d, &out);
	tell_error(&r, &out);
	if (d->reconnect && out.done)
		report_list(&r, "reconnects");
	for (unsigned int i = 0; out.done && i < d->reconnect; i++) {
		try(d, &out);
		report_begin(&r, NULL);
		tell_session(&r, d, &out);
		tell_error(&r, &out);
		report_end(&r);
		ok = ok && out.done && !*out.reason;
		if (!out.done || i + 1 == d->reconnect)
			report_end(&r);
	}
	report_end(&r);
	return ok;
}

int command_diagnose(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &tls_argp, 0, NULL, 0 }, { 0 },
	};
	static const struct argp argp = {
		options, parse, "HOST:PORT",
		"Tell what a TLS server shows and agrees to, and what is wrong with it.\v"
		"Any certificate is taken, to tell of it; no data is exchanged. The exit status is 3 if the server is not who it has to be, or the handshake fails.",
		children, NULL, NULL,
	};
	static struct diagnose d = {
		.o = { .timeout = 60, .judge = judge },
	};
	const char *problem;
	bool ok;

	argp_parse(&argp, argc, argv, 0, NULL, &d);
	/* it would take the tickets */
	d.o.kernel = KERNEL_NEVER;
	problem = host_port_parse(&d.url, d.address);
	if (problem)
		fail(EXIT_USAGE, "%s: %s", d.address, problem);
	context_client(&d.ctx, &d.o, d.url.host, d.url.port);
	d.ctx.starttls = d.protocol;
	d.ctx.config.ticket_put = keep_ticket;
	d.ctx.config.ticket_take = use_ticket;
	ok = diagnose(&d);
	for (size_t i = 0; i < d.chain_len; i++)
		free((void *)(uintptr_t)d.chain[i].data);
	sluice_wipe(d.ticket, sizeof(d.ticket));
	context_free(&d.ctx);
	return ok ? EXIT_OK : EXIT_TLS;
}
