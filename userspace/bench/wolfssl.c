// SPDX-License-Identifier: MIT
#include <wolfssl/options.h>

#include <string.h>
#include <wolfssl/ssl.h>
#include <wolfssl/wolfio.h>

#include "bench.h"

struct context {
	WOLFSSL_CTX *ctx;
	WOLFSSL_SESSION *session;
	bool server, resumed;
};

struct conn {
	WOLFSSL *ssl;
	struct context *context;
	struct buffer *in, *out;
};

static int pull(WOLFSSL *ssl, char *data, int len, void *arg)
{
	struct conn *conn = arg;
	size_t have = conn->in->end - conn->in->start;

	(void)ssl;
	if (!have)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	if ((size_t)len > have)
		len = (int)have;
	memcpy(data, conn->in->data + conn->in->start, (size_t)len);
	conn->in->start += (size_t)len;
	return len;
}

static int push(WOLFSSL *ssl, char *data, int len, void *arg)
{
	struct conn *conn = arg;

	(void)ssl;
	CHECK((size_t)len <= sizeof(conn->out->data) - conn->out->end);
	memcpy(conn->out->data + conn->out->end, data, (size_t)len);
	conn->out->end += (size_t)len;
	return len;
}

static void *context(const struct scenario *s, bool server, const char *folder)
{
	int group = WOLFSSL_ECC_X25519;
	struct context *c;

	if (s->hybrid)
		return NULL;
	c = calloc(1, sizeof(*c));
	CHECK(c && wolfSSL_Init() == WOLFSSL_SUCCESS);
	c->server = server;
	c->resumed = s->resumed;
	c->ctx = wolfSSL_CTX_new(server ? wolfTLSv1_3_server_method() :
					  wolfTLSv1_3_client_method());
	CHECK(c->ctx);
	CHECK(wolfSSL_CTX_set_cipher_list(c->ctx, "TLS13-AES256-GCM-SHA384") ==
	      WOLFSSL_SUCCESS);
	CHECK(wolfSSL_CTX_set_groups(c->ctx, &group, 1) == WOLFSSL_SUCCESS);
	wolfSSL_CTX_SetIORecv(c->ctx, pull);
	wolfSSL_CTX_SetIOSend(c->ctx, push);
	wolfSSL_CTX_set_session_cache_mode(c->ctx, WOLFSSL_SESS_CACHE_OFF);
	if (server || s->mutual) {
		CHECK(wolfSSL_CTX_use_certificate_chain_file(c->ctx,
				bench_path(folder, s->key, "cert")) ==
		      WOLFSSL_SUCCESS);
		CHECK(wolfSSL_CTX_use_PrivateKey_file(c->ctx,
				bench_path(folder, s->key, "key"),
				WOLFSSL_FILETYPE_PEM) == WOLFSSL_SUCCESS);
	}
	if (!server || s->mutual) {
		CHECK(wolfSSL_CTX_load_verify_locations(c->ctx,
				bench_path(folder, s->key, "ca"), NULL) ==
		      WOLFSSL_SUCCESS);
		wolfSSL_CTX_set_verify(c->ctx, WOLFSSL_VERIFY_PEER |
				       WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				       NULL);
	} else {
		wolfSSL_CTX_set_verify(c->ctx, WOLFSSL_VERIFY_NONE, NULL);
	}
	if (!server)
		return c;
	if (s->resumed)
		CHECK(wolfSSL_CTX_set_num_tickets(c->ctx, 1) ==
		      WOLFSSL_SUCCESS);
	else
		CHECK(!wolfSSL_CTX_no_ticket_TLSv13(c->ctx));
	return c;
}

static void context_free(void *context)
{
	struct context *c = context;

	wolfSSL_SESSION_free(c->session);
	wolfSSL_CTX_free(c->ctx);
	free(c);
}

static void *connection(void *context)
{
	struct context *c = context;
	struct conn *conn = calloc(1, sizeof(*conn));

	CHECK(conn);
	conn->context = c;
	conn->ssl = wolfSSL_new(c->ctx);
	CHECK(conn->ssl);
	wolfSSL_SetIOReadCtx(conn->ssl, conn);
	wolfSSL_SetIOWriteCtx(conn->ssl, conn);
	if (c->server)
		return conn;
	CHECK(wolfSSL_check_domain_name(conn->ssl, "localhost") ==
	      WOLFSSL_SUCCESS);
	CHECK(wolfSSL_UseSNI(conn->ssl, WOLFSSL_SNI_HOST_NAME, "localhost",
			     9) == WOLFSSL_SUCCESS);
	CHECK(wolfSSL_UseKeyShare(conn->ssl, WOLFSSL_ECC_X25519) ==
	      WOLFSSL_SUCCESS);
	if (c->session) {
		CHECK(wolfSSL_set_session(conn->ssl, c->session) ==
		      WOLFSSL_SUCCESS);
		wolfSSL_SESSION_free(c->session);
		c->session = NULL;
	}
	return conn;
}

static int handshake(void *arg, struct buffer *in, struct buffer *out)
{
	struct conn *conn = arg;
	int rc;

	conn->in = in;
	conn->out = out;
	rc = conn->context->server ? wolfSSL_accept(conn->ssl) :
				     wolfSSL_connect(conn->ssl);
	if (rc == WOLFSSL_SUCCESS)
		return 1;
	rc = wolfSSL_get_error(conn->ssl, rc);
	if (rc != WOLFSSL_ERROR_WANT_READ) {
		fprintf(stderr, "wolfSSL: %d\n", rc);
		exit(1);
	}
	return 0;
}

static void seal(void *arg, const uint8_t *data, size_t len,
		 struct buffer *out)
{
	struct conn *conn = arg;

	conn->out = out;
	CHECK(wolfSSL_write(conn->ssl, data, (int)len) == (int)len);
}

static size_t unseal(void *arg, struct buffer *in)
{
	static uint8_t data[65536];
	struct conn *conn = arg;
	struct context *c = conn->context;
	size_t got = 0;
	int len;

	conn->in = in;
	while ((len = wolfSSL_read(conn->ssl, data, sizeof(data))) > 0)
		got += (size_t)len;
	CHECK(wolfSSL_get_error(conn->ssl, len) == WOLFSSL_ERROR_WANT_READ);
	if (c->resumed && !c->server && !c->session) {
		c->session = wolfSSL_get1_session(conn->ssl);
		CHECK(c->session);
	}
	return got;
}

static bool resumed(void *arg)
{
	return wolfSSL_session_reused(((struct conn *)arg)->ssl);
}

static void connection_free(void *arg)
{
	struct conn *conn = arg;

	wolfSSL_free(conn->ssl);
	free(conn);
}

const struct library bench_library = {
	.name = "wolfSSL",
	.context = context,
	.context_free = context_free,
	.connection = connection,
	.handshake = handshake,
	.seal = seal,
	.open = unseal,
	.resumed = resumed,
	.connection_free = connection_free,
};
