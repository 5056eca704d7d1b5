// SPDX-License-Identifier: MIT
#include <openssl/ssl.h>
#include <string.h>

#include "bench.h"

struct context {
	SSL_CTX *ctx;
	SSL_SESSION *session;
	bool server;
};

static int put(SSL *ssl, SSL_SESSION *session)
{
	struct context *c = SSL_get_app_data(ssl);

	SSL_SESSION_free(c->session);
	c->session = session;
	return 1;
}

static void *context(const struct scenario *s, bool server, const char *folder)
{
	struct context *c = calloc(1, sizeof(*c));

	CHECK(c);
	c->server = server;
	c->ctx = SSL_CTX_new(server ? TLS_server_method() :
				      TLS_client_method());
	CHECK(c->ctx);
	CHECK(SSL_CTX_set_min_proto_version(c->ctx, TLS1_3_VERSION));
	CHECK(SSL_CTX_set_ciphersuites(c->ctx, "TLS_AES_256_GCM_SHA384"));
	CHECK(SSL_CTX_set1_groups_list(c->ctx, s->hybrid ? "X25519MLKEM768" :
							   "X25519"));
	if (server || s->mutual) {
		CHECK(SSL_CTX_use_certificate_chain_file(c->ctx,
				bench_path(folder, s->key, "cert")) == 1);
		CHECK(SSL_CTX_use_PrivateKey_file(c->ctx,
				bench_path(folder, s->key, "key"),
				SSL_FILETYPE_PEM) == 1);
	}
	if (!server || s->mutual) {
		CHECK(SSL_CTX_load_verify_file(c->ctx,
				bench_path(folder, s->key, "ca")));
		SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER |
				   SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	SSL_CTX_set_num_tickets(c->ctx, s->resumed ? 1 : 0);
	if (!server && s->resumed) {
		SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_CLIENT |
					       SSL_SESS_CACHE_NO_INTERNAL);
		SSL_CTX_sess_set_new_cb(c->ctx, put);
	} else {
		SSL_CTX_set_session_cache_mode(c->ctx, SSL_SESS_CACHE_OFF);
	}
	return c;
}

static void context_free(void *context)
{
	struct context *c = context;

	SSL_SESSION_free(c->session);
	SSL_CTX_free(c->ctx);
	free(c);
}

static void *connection(void *context)
{
	struct context *c = context;
	SSL *ssl = SSL_new(c->ctx);

	CHECK(ssl);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_app_data(ssl, c);
	if (c->server) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_connect_state(ssl);
	CHECK(SSL_set1_host(ssl, "localhost"));
	CHECK(SSL_set_tlsext_host_name(ssl, "localhost"));
	if (c->session) {
		CHECK(SSL_set_session(ssl, c->session));
		SSL_SESSION_free(c->session);
		c->session = NULL;
	}
	return ssl;
}

static void feed(SSL *ssl, struct buffer *in)
{
	int len = (int)(in->end - in->start);

	if (len)
		CHECK(BIO_write(SSL_get_rbio(ssl), in->data + in->start,
				len) == len);
	in->start = in->end;
}

static void drain(SSL *ssl, struct buffer *out)
{
	int len = BIO_read(SSL_get_wbio(ssl), out->data + out->end,
			   (int)(sizeof(out->data) - out->end));

	if (len > 0)
		out->end += (size_t)len;
}

static int handshake(void *conn, struct buffer *in, struct buffer *out)
{
	int rc;

	feed(conn, in);
	rc = SSL_do_handshake(conn);
	CHECK(rc == 1 || SSL_get_error(conn, rc) == SSL_ERROR_WANT_READ);
	drain(conn, out);
	return rc == 1;
}

static void seal(void *conn, const uint8_t *data, size_t len,
		 struct buffer *out)
{
	CHECK(SSL_write(conn, data, (int)len) == (int)len);
	drain(conn, out);
}

static size_t open(void *conn, struct buffer *in)
{
	static uint8_t data[65536];
	size_t got = 0;
	int len;

	feed(conn, in);
	while ((len = SSL_read(conn, data, sizeof(data))) > 0)
		got += (size_t)len;
	CHECK(SSL_get_error(conn, len) == SSL_ERROR_WANT_READ);
	return got;
}

static bool resumed(void *conn)
{
	return SSL_session_reused(conn);
}

static void connection_free(void *conn)
{
	/* else its session is good for nothing */
	SSL_set_shutdown(conn, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(conn);
}

const struct library bench_openssl = {
	.name = "OpenSSL libssl",
	.context = context,
	.context_free = context_free,
	.connection = connection,
	.handshake = handshake,
	.seal = seal,
	.open = open,
	.resumed = resumed,
	.connection_free = connection_free,
};
