// SPDX-License-Identifier: MIT
#include <errno.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "bench.h"

struct context {
	gnutls_certificate_credentials_t cred;
	gnutls_priority_t priority;
	gnutls_datum_t ticket_key;
	gnutls_datum_t session;
	bool server, mutual, resumed;
};

struct conn {
	gnutls_session_t session;
	struct context *context;
	struct buffer *in, *out;
};

static void *context(const struct scenario *s, bool server, const char *folder)
{
	struct context *c = calloc(1, sizeof(*c));
	char priority[200];

	CHECK(c);
	c->server = server;
	c->mutual = s->mutual;
	c->resumed = s->resumed;
	snprintf(priority, sizeof(priority),
		 "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:-GROUP-ALL:+GROUP-%s",
		 s->hybrid ? "X25519-MLKEM768" : "X25519");
	if (gnutls_priority_init(&c->priority, priority, NULL)) {
		free(c);
		return NULL;
	}
	CHECK(!gnutls_certificate_allocate_credentials(&c->cred));
	if (server || s->mutual)
		CHECK(!gnutls_certificate_set_x509_key_file(c->cred,
				bench_path(folder, s->key, "cert"),
				bench_path(folder, s->key, "key"),
				GNUTLS_X509_FMT_PEM));
	if (!server || s->mutual)
		CHECK(gnutls_certificate_set_x509_trust_file(c->cred,
				bench_path(folder, s->key, "ca"),
				GNUTLS_X509_FMT_PEM) > 0);
	if (server && s->resumed)
		CHECK(!gnutls_session_ticket_key_generate(&c->ticket_key));
	return c;
}

static void context_free(void *context)
{
	struct context *c = context;

	gnutls_free(c->session.data);
	gnutls_free(c->ticket_key.data);
	gnutls_certificate_free_credentials(c->cred);
	gnutls_priority_deinit(c->priority);
	free(c);
}

static ssize_t push(gnutls_transport_ptr_t ptr, const void *data, size_t len)
{
	struct conn *conn = ptr;

	CHECK(len <= sizeof(conn->out->data) - conn->out->end);
	memcpy(conn->out->data + conn->out->end, data, len);
	conn->out->end += len;
	return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t ptr, void *data, size_t len)
{
	struct conn *conn = ptr;
	size_t have = conn->in ? conn->in->end - conn->in->start : 0;

	if (!have) {
		gnutls_transport_set_errno(conn->session, EAGAIN);
		return -1;
	}
	if (len > have)
		len = have;
	memcpy(data, conn->in->data + conn->in->start, len);
	conn->in->start += len;
	return (ssize_t)len;
}

static int pull_timeout(gnutls_transport_ptr_t ptr, unsigned int ms)
{
	(void)ptr;
	(void)ms;
	return 1;
}

static void *connection(void *context)
{
	struct context *c = context;
	struct conn *conn = calloc(1, sizeof(*conn));

	CHECK(conn);
	conn->context = c;
	CHECK(!gnutls_init(&conn->session, GNUTLS_NONBLOCK |
			   (c->server ? GNUTLS_SERVER : GNUTLS_CLIENT) |
			   (c->resumed ? 0 : GNUTLS_NO_TICKETS)));
	CHECK(!gnutls_priority_set(conn->session, c->priority));
	CHECK(!gnutls_credentials_set(conn->session, GNUTLS_CRD_CERTIFICATE,
				      c->cred));
	gnutls_transport_set_ptr(conn->session, conn);
	gnutls_transport_set_push_function(conn->session, push);
	gnutls_transport_set_pull_function(conn->session, pull);
	gnutls_transport_set_pull_timeout_function(conn->session,
						   pull_timeout);
	if (c->server) {
		if (c->ticket_key.data)
			gnutls_session_ticket_enable_server(conn->session,
							    &c->ticket_key);
		if (c->mutual) {
			gnutls_certificate_server_set_request(conn->session,
							GNUTLS_CERT_REQUIRE);
			gnutls_session_set_verify_cert(conn->session, NULL, 0);
		}
		return conn;
	}
	gnutls_server_name_set(conn->session, GNUTLS_NAME_DNS, "localhost", 9);
	gnutls_session_set_verify_cert(conn->session, "localhost", 0);
	if (c->session.data) {
		CHECK(!gnutls_session_set_data(conn->session, c->session.data,
					       c->session.size));
		gnutls_free(c->session.data);
		c->session.data = NULL;
	}
	return conn;
}

static int handshake(void *arg, struct buffer *in, struct buffer *out)
{
	struct conn *conn = arg;
	int rc;

	conn->in = in;
	conn->out = out;
	rc = gnutls_handshake(conn->session);
	if (rc && rc != GNUTLS_E_AGAIN) {
		fprintf(stderr, "GnuTLS: %s\n", gnutls_strerror(rc));
		exit(1);
	}
	return !rc;
}

static void seal(void *arg, const uint8_t *data, size_t len,
		 struct buffer *out)
{
	struct conn *conn = arg;

	conn->out = out;
	CHECK(gnutls_record_send(conn->session, data, len) == (ssize_t)len);
}

static size_t open(void *arg, struct buffer *in)
{
	static uint8_t data[65536];
	struct conn *conn = arg;
	size_t got = 0;
	ssize_t len;

	conn->in = in;
	while ((len = gnutls_record_recv(conn->session, data,
					 sizeof(data))) > 0)
		got += (size_t)len;
	CHECK(len == GNUTLS_E_AGAIN);
	if (conn->context->resumed && !conn->context->server &&
	    !conn->context->session.data)
		CHECK(!gnutls_session_get_data2(conn->session,
						&conn->context->session));
	return got;
}

static bool resumed(void *arg)
{
	return gnutls_session_is_resumed(((struct conn *)arg)->session);
}

static void connection_free(void *arg)
{
	struct conn *conn = arg;

	gnutls_deinit(conn->session);
	free(conn);
}

const struct library bench_library = {
	.name = "GnuTLS",
	.context = context,
	.context_free = context_free,
	.connection = connection,
	.handshake = handshake,
	.seal = seal,
	.open = open,
	.resumed = resumed,
	.connection_free = connection_free,
};
