// SPDX-License-Identifier: MIT
#include <string.h>
#include <time.h>

#include "bench.h"
#include "sluice/openssl.h"
#include "sluice/sluice.h"

struct context {
	struct sluice_provider *provider;
	struct sluice_credential *credential;
	struct sluice_trust *trust;
	struct sluice_config config;
	struct sluice_ticket_key key;
	uint16_t groups[2];
	uint16_t suites[2];
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t ticket_len;
};

/* In its own memory, which shrinks after the handshake. */
struct connection {
	struct sluice_conn *conn;
};

static uint64_t now(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void put(void *ctx, const char *name, const uint8_t *ticket, size_t len)
{
	struct context *c = ctx;

	(void)name;
	memcpy(c->ticket, ticket, len);
	c->ticket_len = len;
}

static size_t take(void *ctx, const char *name, uint8_t *buf, size_t size)
{
	struct context *c = ctx;
	size_t len = c->ticket_len;

	(void)name;
	(void)size;
	memcpy(buf, c->ticket, len);
	c->ticket_len = 0;
	return len;
}

static bool ticket_key(void *ctx, const uint8_t *name,
		       struct sluice_ticket_key *key)
{
	struct context *c = ctx;

	*key = c->key;
	return !name || !memcmp(name, key->name, sizeof(key->name));
}

static void *context(const struct scenario *s, bool server, const char *folder)
{
	struct context *c = calloc(1, sizeof(*c));
	char why[SLUICE_OPENSSL_WHY_MAX];

	CHECK(c);
	c->provider = sluice_openssl_new(NULL);
	CHECK(c->provider);
	c->groups[0] = s->hybrid ? SLUICE_X25519MLKEM768 : SLUICE_X25519;
	c->suites[0] = SLUICE_AES_256_GCM_SHA384;
	if (server || s->mutual) {
		c->credential = sluice_openssl_credential_load(c->provider,
				bench_path(folder, s->key, "cert"),
				bench_path(folder, s->key, "key"), why);
		CHECK(c->credential);
	}
	if (!server || s->mutual) {
		c->trust = sluice_openssl_trust_new(c->provider);
		CHECK(c->trust);
		CHECK(!sluice_openssl_trust_file(c->trust,
				bench_path(folder, s->key, "ca"), why));
	}
	c->config = (struct sluice_config){
		.provider = c->provider,
		.role = server ? SLUICE_SERVER : SLUICE_CLIENT,
		.trust = c->trust,
		.credential = c->credential,
		.client_auth = server && s->mutual ?
			       SLUICE_CLIENT_AUTH_REQUIRED :
			       SLUICE_CLIENT_AUTH_NONE,
		.peer_name = server ? NULL : "localhost",
		.groups = c->groups,
		.suites = c->suites,
		.now = now,
		.ctx = c,
	};
	if (s->resumed && server) {
		memset(&c->key, 7, sizeof(c->key));
		c->config.ticket_key = ticket_key;
		c->config.ticket_count = 1;
	} else if (s->resumed) {
		c->config.ticket_put = put;
		c->config.ticket_take = take;
	}
	CHECK(!sluice_config_check(&c->config));
	return c;
}

const struct sluice_provider *bench_sluice_provider(void *context)
{
	return ((struct context *)context)->provider;
}

static void context_free(void *context)
{
	struct context *c = context;

	sluice_openssl_credential_free(c->credential);
	sluice_openssl_trust_free(c->trust);
	sluice_openssl_free(c->provider);
	free(c);
}

static void *connection(void *context)
{
	struct context *c = context;
	struct connection *connection = malloc(sizeof(*connection));
	size_t size = sluice_conn_size();

	CHECK(connection);
	connection->conn = sluice_conn_init(malloc(size), size, &c->config);
	CHECK(connection->conn);
	return connection;
}

static void shrink(struct connection *connection)
{
	struct sluice_conn *old = connection->conn;
	size_t size = sluice_established_size();

	connection->conn = sluice_conn_move(old, malloc(size), size);
	CHECK(connection->conn);
	free(old);
}

static int handshake(void *arg, struct buffer *in, struct buffer *out)
{
	struct connection *connection = arg;
	size_t in_len = in->end - in->start;
	size_t out_len = sizeof(out->data) - out->end;
	enum sluice_status status;

	status = sluice_handshake(connection->conn, in->data + in->start,
				  &in_len, out->data + out->end, &out_len);
	in->start += in_len;
	out->end += out_len;
	if (status == SLUICE_ERROR) {
		struct sluice_conn_info info;

		sluice_conn_info(connection->conn, &info);
		fprintf(stderr, "libsluice: %s\n", info.reason);
		exit(1);
	}
	if (status != SLUICE_DONE)
		return 0;
	shrink(connection);
	return 1;
}

static void seal(void *arg, const uint8_t *data, size_t len,
		 struct buffer *out)
{
	struct connection *connection = arg;
	size_t room = sizeof(out->data) - out->end;

	CHECK(sluice_seal(connection->conn, data, &len, out->data + out->end,
			  &room) == SLUICE_DONE);
	out->end += room;
}

static size_t open(void *arg, struct buffer *in)
{
	struct connection *connection = arg;
	enum sluice_status status;
	size_t got = 0;

	do {
		size_t in_len = in->end - in->start, len;
		uint8_t *data;

		status = sluice_open(connection->conn, in->data + in->start,
				     &in_len, &data, &len);
		in->start += in_len;
		got += len;
	} while (status == SLUICE_DATA);
	CHECK(status == SLUICE_WANT_READ);
	return got;
}

static bool resumed(void *arg)
{
	struct connection *connection = arg;
	struct sluice_conn_info info;

	sluice_conn_info(connection->conn, &info);
	return info.resumed;
}

static void connection_free(void *arg)
{
	struct connection *connection = arg;

	sluice_conn_free(connection->conn);
	free(connection->conn);
	free(connection);
}

const struct library bench_sluice = {
	.name = "libsluice",
	.context = context,
	.context_free = context_free,
	.connection = connection,
	.handshake = handshake,
	.seal = seal,
	.open = open,
	.resumed = resumed,
	.connection_free = connection_free,
};
