// SPDX-License-Identifier: MIT
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ticket.h>
#include <psa/crypto.h>
#include <string.h>

#include "bench.h"

struct context {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_ssl_config config;
	mbedtls_x509_crt chain, authority;
	mbedtls_pk_context key;
	mbedtls_ssl_ticket_context ticket_keys;
	mbedtls_ssl_session session;
	bool server, has_session;
};

struct conn {
	mbedtls_ssl_context ssl;
	struct context *context;
	struct buffer *in, *out;
	bool certificate;
};

static const int suites[] = { MBEDTLS_TLS1_3_AES_256_GCM_SHA384, 0 };
static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0 };

static void own_certificate(struct context *c, const struct scenario *s,
			    const char *folder)
{
	CHECK(!mbedtls_x509_crt_parse_file(&c->chain,
					   bench_path(folder, s->key, "cert")));
	CHECK(!mbedtls_pk_parse_keyfile(&c->key,
					bench_path(folder, s->key, "key"), NULL,
					mbedtls_ctr_drbg_random, &c->random));
	CHECK(!mbedtls_ssl_conf_own_cert(&c->config, &c->chain, &c->key));
}

static void tickets(struct context *c)
{
	if (!c->server) {
		mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(
			&c->config,
			MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
		return;
	}
	CHECK(!mbedtls_ssl_ticket_setup(&c->ticket_keys,
					mbedtls_ctr_drbg_random, &c->random,
					MBEDTLS_CIPHER_AES_256_GCM, 86400));
	mbedtls_ssl_conf_session_tickets_cb(&c->config, mbedtls_ssl_ticket_write,
					    mbedtls_ssl_ticket_parse,
					    &c->ticket_keys);
	mbedtls_ssl_conf_new_session_tickets(&c->config, 1);
}

static void *context(const struct scenario *s, bool server, const char *folder)
{
	struct context *c;

	if (s->hybrid)
		return NULL;
	c = calloc(1, sizeof(*c));
	CHECK(c && psa_crypto_init() == PSA_SUCCESS);
	c->server = server;
	mbedtls_entropy_init(&c->entropy);
	mbedtls_ctr_drbg_init(&c->random);
	mbedtls_ssl_config_init(&c->config);
	mbedtls_x509_crt_init(&c->chain);
	mbedtls_x509_crt_init(&c->authority);
	mbedtls_pk_init(&c->key);
	mbedtls_ssl_ticket_init(&c->ticket_keys);
	mbedtls_ssl_session_init(&c->session);
	CHECK(!mbedtls_ctr_drbg_seed(&c->random, mbedtls_entropy_func,
				     &c->entropy, NULL, 0));
	CHECK(!mbedtls_ssl_config_defaults(&c->config, server ?
					   MBEDTLS_SSL_IS_SERVER :
					   MBEDTLS_SSL_IS_CLIENT, 0,
					   MBEDTLS_SSL_PRESET_DEFAULT));
	mbedtls_ssl_conf_rng(&c->config, mbedtls_ctr_drbg_random, &c->random);
	mbedtls_ssl_conf_min_tls_version(&c->config, MBEDTLS_SSL_VERSION_TLS1_3);
	mbedtls_ssl_conf_ciphersuites(&c->config, suites);
	mbedtls_ssl_conf_groups(&c->config, groups);
	if (server || s->mutual)
		own_certificate(c, s, folder);
	if (!server || s->mutual) {
		CHECK(!mbedtls_x509_crt_parse_file(&c->authority,
				bench_path(folder, s->key, "ca")));
		mbedtls_ssl_conf_ca_chain(&c->config, &c->authority, NULL);
		mbedtls_ssl_conf_authmode(&c->config,
					  MBEDTLS_SSL_VERIFY_REQUIRED);
	}
	if (s->resumed)
		tickets(c);
	return c;
}

static void context_free(void *context)
{
	struct context *c = context;

	mbedtls_ssl_session_free(&c->session);
	mbedtls_ssl_ticket_free(&c->ticket_keys);
	mbedtls_ssl_config_free(&c->config);
	mbedtls_x509_crt_free(&c->chain);
	mbedtls_x509_crt_free(&c->authority);
	mbedtls_pk_free(&c->key);
	mbedtls_ctr_drbg_free(&c->random);
	mbedtls_entropy_free(&c->entropy);
	free(c);
}

static int push(void *arg, const unsigned char *data, size_t len)
{
	struct conn *conn = arg;

	CHECK(len <= sizeof(conn->out->data) - conn->out->end);
	memcpy(conn->out->data + conn->out->end, data, len);
	conn->out->end += len;
	return (int)len;
}

static int pull(void *arg, unsigned char *data, size_t len)
{
	struct conn *conn = arg;
	size_t have = conn->in->end - conn->in->start;

	if (!have)
		return MBEDTLS_ERR_SSL_WANT_READ;
	if (len > have)
		len = have;
	memcpy(data, conn->in->data + conn->in->start, len);
	conn->in->start += len;
	return (int)len;
}

static void *connection(void *context)
{
	struct context *c = context;
	struct conn *conn = calloc(1, sizeof(*conn));

	CHECK(conn);
	conn->context = c;
	mbedtls_ssl_init(&conn->ssl);
	CHECK(!mbedtls_ssl_setup(&conn->ssl, &c->config));
	mbedtls_ssl_set_bio(&conn->ssl, conn, push, pull, NULL);
	if (c->server)
		return conn;
	CHECK(!mbedtls_ssl_set_hostname(&conn->ssl, "localhost"));
	if (c->has_session) {
		CHECK(!mbedtls_ssl_set_session(&conn->ssl, &c->session));
		mbedtls_ssl_session_free(&c->session);
		c->has_session = false;
	}
	return conn;
}

/*
 * It does not say whether it resumed: one that does not sees a certificate. A
 * server's tickets are steps of their own, behind what it calls the end.
 */
static int handshake(void *arg, struct buffer *in, struct buffer *out)
{
	struct conn *conn = arg;
	int rc = 0;

	conn->in = in;
	conn->out = out;
	while (!rc) {
		int state = conn->ssl.MBEDTLS_PRIVATE(state);

		if (state == MBEDTLS_SSL_HANDSHAKE_OVER)
			break;
		if (state == MBEDTLS_SSL_SERVER_CERTIFICATE)
			conn->certificate = true;
		rc = mbedtls_ssl_handshake_step(&conn->ssl);
	}
	if (rc && rc != MBEDTLS_ERR_SSL_WANT_READ) {
		fprintf(stderr, "Mbed TLS: -0x%x\n", (unsigned int)-rc);
		exit(1);
	}
	return !rc;
}

static void seal(void *arg, const uint8_t *data, size_t len,
		 struct buffer *out)
{
	struct conn *conn = arg;

	conn->out = out;
	/* its records are a little shorter */
	while (len) {
		int part = mbedtls_ssl_write(&conn->ssl, data, len);

		CHECK(part > 0);
		data += part;
		len -= (size_t)part;
	}
}

static size_t open(void *arg, struct buffer *in)
{
	static uint8_t data[65536];
	struct conn *conn = arg;
	size_t got = 0;
	int len;

	conn->in = in;
	/* with a ticket before it, it wants to be asked once more */
	do {
		len = mbedtls_ssl_read(&conn->ssl, data, sizeof(data));
		if (len > 0) {
			got += (size_t)len;
		} else if (len == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) {
			CHECK(!mbedtls_ssl_get_session(&conn->ssl,
						       &conn->context->session));
			conn->context->has_session = true;
		} else {
			CHECK(len == MBEDTLS_ERR_SSL_WANT_READ);
		}
	} while (len != MBEDTLS_ERR_SSL_WANT_READ ||
		 conn->ssl.MBEDTLS_PRIVATE(state) != MBEDTLS_SSL_HANDSHAKE_OVER);
	return got;
}

static bool resumed(void *arg)
{
	return !((struct conn *)arg)->certificate;
}

static void connection_free(void *arg)
{
	struct conn *conn = arg;

	mbedtls_ssl_free(&conn->ssl);
	free(conn);
}

const struct library bench_library = {
	.name = "Mbed TLS",
	.context = context,
	.context_free = context_free,
	.connection = connection,
	.handshake = handshake,
	.seal = seal,
	.open = open,
	.resumed = resumed,
	.connection_free = connection_free,
};
