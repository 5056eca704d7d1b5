// SPDX-License-Identifier: MIT
#include "pair.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conn.h"
#include "sluice/async.h"

#define CHECK(x) do { if (!(x)) { \
	fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); abort(); \
} } while (0)

struct sl_reader hello_extension(struct sl_reader hello, uint16_t type)
{
	struct sl_reader list, body;

	sl_get(&hello, 2 + SL_RANDOM_LEN);
	sl_get_vec(&hello, 1, 0, 32);
	sl_get_vec(&hello, 2, 0, 0xffff);
	sl_get_vec(&hello, 1, 0, 255);
	list = sl_get_vec(&hello, 2, 0, 0xffff);
	for (;;) {
		uint16_t found = sl_get16(&list);

		body = sl_get_vec(&list, 2, 0, 0xffff);
		CHECK(!list.bad);
		if (found == type)
			return body;
	}
}

uint64_t test_random(uint64_t *seed)
{
	/* xorshift64: the same every time */
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static EVP_PKEY *make_key(enum key_type type)
{
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;

	switch (type) {
	case KEY_P256:
		return EVP_EC_gen("P-256");
	case KEY_P384:
		return EVP_EC_gen("P-384");
	case KEY_P521:
		return EVP_EC_gen("P-521");
	case KEY_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case KEY_RSA:
		return EVP_RSA_gen(2048);
	default:
		ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
		CHECK(EVP_PKEY_keygen_init(ctx) > 0);
		CHECK(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) > 0);
		CHECK(EVP_PKEY_generate(ctx, &key) > 0);
		EVP_PKEY_CTX_free(ctx);
		return key;
	}
}

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	CHECK(ext && X509_add_ext(cert, ext, -1));
	X509_EXTENSION_free(ext);
}

static X509 *make_cert(EVP_PKEY *key, enum key_type type, const char *usage,
		       long seconds)
{
	X509 *cert = X509_new();
	const EVP_MD *md = type == KEY_ED25519 ? NULL :
			   type == KEY_P384 ? EVP_sha384() : EVP_sha256();

	CHECK(X509_set_version(cert, X509_VERSION_3));
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
				   MBSTRING_ASC, (const uint8_t *)"test", -1,
				   -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), seconds);
	X509_set_pubkey(cert, key);
	add_extension(cert, NID_subject_alt_name,
		      "DNS:localhost,IP:127.0.0.1");
	if (usage)
		add_extension(cert, NID_ext_key_usage, usage);
	CHECK(X509_sign(cert, key, md));
	return cert;
}

const struct sluice_backend *test_backend(void)
{
	const struct sluice_backend *backend =
		sluice_backend_find(getenv("SLUICE_TEST_PROVIDER"));

	CHECK(backend);
	return backend;
}

struct sluice_provider *test_provider(void)
{
	char why[SLUICE_WHY_MAX];
	struct sluice_provider *p = test_backend()->open(false, why);

	CHECK(p);
	return p;
}

bool test_has_key(enum key_type type)
{
	static const uint16_t schemes[KEY_TYPES] = {
		SLUICE_ECDSA_SECP256R1_SHA256, SLUICE_ECDSA_SECP384R1_SHA384,
		SLUICE_ED25519, SLUICE_RSA_PSS_RSAE_SHA256,
		SLUICE_RSA_PSS_PSS_SHA256, SLUICE_ECDSA_SECP521R1_SHA512,
	};
	struct sluice_provider *p = test_provider();
	bool has = !p->scheme_offered || p->scheme_offered(p, schemes[type]);

	test_backend()->close(p);
	return has;
}

enum key_type test_steady_key(void)
{
	return test_has_key(KEY_ED25519) ? KEY_ED25519 : KEY_RSA;
}

void identity_make(struct identity *id, struct sluice_provider *real,
		   enum key_type type, const char *usage, long seconds)
{
	char cert_path[] = "/tmp/sluice-cert-XXXXXX";
	char key_path[] = "/tmp/sluice-key-XXXXXX";
	const struct sluice_backend *backend = test_backend();
	char why[SLUICE_WHY_MAX] = "";
	EVP_PKEY *key = make_key(type);
	X509 *cert = make_cert(key, type, usage, seconds);
	FILE *file;

	file = fdopen(mkstemp(cert_path), "w");
	CHECK(file && PEM_write_X509(file, cert));
	fclose(file);
	file = fdopen(mkstemp(key_path), "w");
	CHECK(file && PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL,
					   NULL));
	fclose(file);
	X509_free(cert);
	EVP_PKEY_free(key);
	id->cred = backend->credential_load(real, cert_path, key_path, why);
	if (!id->cred)
		fprintf(stderr, "%s\n", why);
	CHECK(id->cred);
	id->trust = backend->trust_new(real);
	CHECK(!backend->trust_file(id->trust, cert_path, why));
	unlink(cert_path);
	unlink(key_path);
}

void identity_free(struct identity *id)
{
	test_backend()->credential_free(id->cred);
	test_backend()->trust_free(id->trust);
}

static uint64_t now(void *ctx)
{
	return ((struct pair *)ctx)->now;
}

static void put_ticket(void *ctx, const char *name, const uint8_t *ticket,
		       size_t len)
{
	struct pair *pair = ctx;

	(void)name;
	CHECK(len <= SLUICE_TICKET_MAX);
	if (pair->ticket_count == PAIR_TICKETS)
		return;
	memcpy(pair->tickets[pair->ticket_count], ticket, len);
	pair->ticket_len[pair->ticket_count++] = len;
}

static size_t take_ticket(void *ctx, const char *name, uint8_t *buf,
			  size_t size)
{
	struct pair *pair = ctx;
	size_t len;

	(void)name;
	if (!pair->ticket_count)
		return 0;
	len = pair->ticket_len[--pair->ticket_count];
	CHECK(len <= size);
	memcpy(buf, pair->tickets[pair->ticket_count], len);
	return len;
}

static bool ticket_unused(void *ctx, const uint8_t id[16])
{
	struct pair *pair = ctx;
	size_t i;

	for (i = 0; i < pair->seen_count; i++) {
		if (!memcmp(pair->seen[i], id, 16))
			return false;
	}
	if (pair->seen_count < PAIR_TICKETS)
		memcpy(pair->seen[pair->seen_count++], id, 16);
	return true;
}

static bool ticket_key(void *ctx, const uint8_t *name,
		       struct sluice_ticket_key *key)
{
	struct pair *pair = ctx;

	*key = pair->ticket_key;
	return !name || !memcmp(name, key->name, sizeof(key->name));
}

static void keylog(void *ctx, const char *line)
{
	struct pair *pair = ctx;

	if (pair->keylog_lines < 8)
		snprintf(pair->keylog[pair->keylog_lines++], 256, "%s", line);
}

void pair_use_tickets(struct pair *pair)
{
	pair->client.config.ticket_put = put_ticket;
	pair->client.config.ticket_take = take_ticket;
	pair->server.config.ticket_key = ticket_key;
	pair->server.config.ticket_unused = ticket_unused;
}

static bool always_first(void *ctx, const uint8_t id[16], uint64_t expires)
{
	(void)ctx;
	(void)id;
	(void)expires;
	return true;
}

void pair_use_early(struct pair *pair, uint32_t max)
{
	pair_use_tickets(pair);
	pair->client.config.early_data = true;
	pair->server.config.max_early_data = max;
	pair->server.config.early_data_first = always_first;
	pair->server.config.early_data_id = pair->ticket_key.name;
}

void pair_say_early(struct pair *pair)
{
	pair->early = (const uint8_t *)"early";
	pair->early_len = 5;
}

void pair_use_ech(struct pair *pair)
{
	uint8_t *config = pair->ech_list + 2;
	size_t len;

	CHECK(!sluice_ech_key_make(pair->real, SLUICE_X25519, "localhost", 64,
				   5, pair->ech_private, config, &len));
	pair->ech_list[0] = (uint8_t)(len >> 8);
	pair->ech_list[1] = (uint8_t)len;
	pair->ech_list_len = 2 + len;
	pair->ech = (struct sluice_ech_key){
		.config = config, .config_len = len, .key = pair->ech_private,
		.retry = true,
	};
	pair->client.config.ech_configs = pair->ech_list;
	pair->client.config.ech_configs_len = pair->ech_list_len;
	pair->server.config.ech_keys = &pair->ech;
	pair->server.config.ech_key_count = 1;
}

static void end_init(struct pair *pair, struct end *end, enum sluice_role role)
{
	wrapper_init(&end->provider, pair->real);
	end->mem_len = sluice_conn_size();
	end->mem = malloc(end->mem_len);
	CHECK(end->mem);
	end->config.provider = &end->provider.table;
	end->config.role = role;
	end->config.now = now;
	end->config.ctx = pair;
}

struct pair *pair_new(enum key_type type)
{
	return pair_new_with(type, test_provider());
}

struct pair *pair_new_with(enum key_type type, struct sluice_provider *real)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	CHECK(pair && real);
	pair->real = real;
	identity_make(&pair->identity, real, type, NULL, 86400);
	pair->now = (uint64_t)time(NULL) * 1000;
	memset(&pair->ticket_key, 7, sizeof(pair->ticket_key));
	end_init(pair, &pair->client, SLUICE_CLIENT);
	end_init(pair, &pair->server, SLUICE_SERVER);
	pair->client.in = pair->server.out = &pair->down;
	pair->client.out = pair->server.in = &pair->up;
	pair->client.config.trust = pair->identity.trust;
	pair->client.config.peer_name = "localhost";
	pair->client.config.keylog = keylog;
	pair->server.config.credential = pair->identity.cred;
	pair_reset(pair);
	return pair;
}

struct pair *pair_mutual(struct identity *id, enum key_type type)
{
	static const char *const h2[] = { "h2", NULL };
	struct pair *pair = pair_new(type);

	identity_make(id, pair->real, type, "clientAuth", 7200);
	pair->client.config.credential = id->cred;
	pair->server.config.trust = id->trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	pair->client.config.alpn = h2;
	pair->server.config.alpn = h2;
	pair_reset(pair);
	return pair;
}

static void end_free(struct end *end)
{
	sluice_conn_free(end->conn);
	end->conn = NULL;
	CHECK(end->provider.objects == 0);
}

void pair_free(struct pair *pair)
{
	end_free(&pair->client);
	end_free(&pair->server);
	free(pair->client.mem);
	free(pair->server.mem);
	identity_free(&pair->identity);
	test_backend()->close(pair->real);
	free(pair);
}

void end_memory(struct end *end, size_t len)
{
	end_free(end);
	end->mem = realloc(end->mem, len);
	CHECK(end->mem);
	end->mem_len = len;
}

static void stream_reset(struct stream *stream)
{
	stream->start = 0;
	stream->end = 0;
	stream->total = 0;
}

void pair_reset(struct pair *pair)
{
	const char *wrong;

	end_free(&pair->client);
	end_free(&pair->server);
	stream_reset(&pair->up);
	stream_reset(&pair->down);
	wrong = sluice_config_check(&pair->client.config);
	if (!wrong)
		wrong = sluice_config_check(&pair->server.config);
	if (wrong)
		fprintf(stderr, "%s\n", wrong);
	pair->client.conn = sluice_conn_init(pair->client.mem,
					     pair->client.mem_len,
					     &pair->client.config);
	pair->server.conn = sluice_conn_init(pair->server.mem,
					     pair->server.mem_len,
					     &pair->server.config);
	CHECK(pair->client.conn && pair->server.conn);
	pair->client.status = SLUICE_WANT_READ;
	pair->server.status = SLUICE_WANT_READ;
	pair->client.offered = 0;
	pair->server.offered = 0;
	pair->client.provider.calls = 0;
	pair->server.provider.calls = 0;
	pair->keylog_lines = 0;
	pair->early_sent = 0;
	pair->early_got_len = 0;
}

static void stream_put(struct stream *stream, uint8_t *data, size_t len)
{
	if (stream->change)
		len = stream->change(stream->ctx, data, len, stream->total);
	if (stream->start) {
		memmove(stream->data, stream->data + stream->start,
			stream->end - stream->start);
		stream->end -= stream->start;
		stream->start = 0;
	}
	CHECK(len <= PAIR_STREAM - stream->end);
	memcpy(stream->data + stream->end, data, len);
	stream->end += len;
	stream->total += len;
}

/* How much of what has arrived is given to the engine. */
static size_t portion(struct pair *pair, size_t len)
{
	size_t chunk = pair->chunk;

	if (pair->seed)
		chunk = 1 + (size_t)(test_random(&pair->seed) % 700);
	return chunk && chunk < len ? chunk : len;
}

static void flush(struct end *end)
{
	uint8_t out[256];

	while (sluice_pending(end->conn)) {
		size_t none = 0, len = sizeof(out);

		sluice_seal(end->conn, NULL, &none, out, &len);
		stream_put(end->out, out, len);
	}
}

/* The server's early data; the number of octets consumed. */
static size_t read_early(struct pair *pair, struct end *end, size_t in_len)
{
	uint8_t *data;
	size_t len;

	end->status = sluice_early_open(end->conn,
					end->in->data + end->in->start,
					&in_len, &data, &len);
	CHECK(len <= sizeof(pair->early_got) - pair->early_got_len);
	if (len)
		memcpy(pair->early_got + pair->early_got_len, data, len);
	pair->early_got_len += len;
	flush(end);			/* an alert */
	if (end->status == SLUICE_DATA || end->status == SLUICE_WANT_READ)
		end->status = SLUICE_EARLY_DATA;
	if (end->status == SLUICE_DONE)
		end->status = SLUICE_WANT_READ;
	return in_len;
}

/* The client's: as much as it may send now. */
static size_t write_early(struct pair *pair, struct end *end, uint8_t *out,
			  size_t out_len)
{
	size_t len = pair->early_len - pair->early_sent;

	if (!len || !sluice_early_room(end->conn))
		return 0;
	if (sluice_early_seal(end->conn, pair->early + pair->early_sent, &len,
			      out, &out_len) == SLUICE_ERROR) {
		end->status = SLUICE_ERROR;
		flush(end);
		return 0;
	}
	pair->early_sent += len;
	return out_len;
}

bool end_wants(const struct end *end)
{
	switch (end->status) {
	case SLUICE_WANT_CREDENTIAL:
	case SLUICE_WANT_SIGNATURE:
	case SLUICE_WANT_VERDICT:
	case SLUICE_WANT_TICKET:
	case SLUICE_WANT_UNUSED:
		return true;
	default:
		return false;
	}
}

bool end_give(struct end *end)
{
	const struct sluice_provider *p = end->provider.real;
	struct sluice_signature_request signature;
	struct sluice_verdict_request verdict;
	uint8_t sig[SLUICE_SIGNATURE_MAX];
	const char *reason;
	size_t len;
	int rc;

	switch (end->status) {
	case SLUICE_WANT_CREDENTIAL:
		return !sluice_give_credential(end->conn,
					       end->config.credential);
	case SLUICE_WANT_SIGNATURE:
		CHECK(!sluice_wanted_signature(end->conn, &signature));
		CHECK(signature.credential == end->config.credential);
		CHECK(!p->sign(p, signature.credential, signature.scheme,
			       signature.data, signature.len, sig, &len));
		return !sluice_give_signature(end->conn, sig, len);
	default:
		CHECK(!sluice_wanted_verdict(end->conn, &verdict));
		CHECK(verdict.count == 1);
		rc = sluice_verdict(&verdict, &reason);
		return !sluice_give_verdict(end->conn, rc, reason);
	}
}

void (*pair_called)(void);

static void called(void)
{
	if (pair_called)
		pair_called();
}

/* One call of sluice_handshake(); true if something happened. */
static bool step(struct pair *pair, struct end *end)
{
	static uint8_t out[70000];
	size_t have = end->in->end - end->in->start;
	size_t fresh = portion(pair, have - end->offered);
	size_t in_len = end->offered + fresh;
	size_t out_len = pair->room ? pair->room : sizeof(out);

	if (end->status == SLUICE_DONE || end->status == SLUICE_ERROR)
		return false;
	if (end->status == SLUICE_EARLY_DATA) {
		in_len = read_early(pair, end, in_len);
		end->in->start += in_len;
		end->offered += fresh;
		end->offered -= in_len;
		return fresh || in_len || end->status != SLUICE_EARLY_DATA;
	}
	end->status = sluice_handshake(end->conn,
				       end->in->data + end->in->start, &in_len,
				       out, &out_len);
	called();
	end->in->start += in_len;
	end->offered += fresh;
	end->offered -= in_len;
	stream_put(end->out, out, out_len);
	if (end == &pair->client && end->status == SLUICE_WANT_READ)
		stream_put(end->out, out,
			   write_early(pair, end, out, sizeof(out)));
	if (end->give && end_wants(end) && end->give(end))
		return true;
	return fresh || in_len || out_len;
}

bool pair_handshake(struct pair *pair)
{
	bool moved;

	do {
		moved = step(pair, &pair->client);
		moved |= step(pair, &pair->server);
	} while (moved);
	return pair->client.status == SLUICE_DONE &&
	       pair->server.status == SLUICE_DONE;
}

enum sluice_status end_open(struct end *end, uint8_t *data, size_t *len)
{
	size_t in_len = end->in->end - end->in->start, size = *len;
	enum sluice_status status;
	uint8_t *at;

	status = sluice_open(end->conn, end->in->data + end->in->start,
			     &in_len, &at, len);
	called();
	end->in->start += in_len;
	CHECK(*len <= size);
	if (*len)
		memcpy(data, at, *len);
	return status;
}

void end_settle(struct end *end)
{
	uint8_t data[16384];
	size_t len = sizeof(data);

	while (end_open(end, data, &len) == SLUICE_DATA)
		len = sizeof(data);
	flush(end);
}

void pair_new_tickets(struct pair *pair)
{
	pair->ticket_count = 0;
	pair_reset(pair);
	CHECK(pair_handshake(pair));
	end_settle(&pair->client);
}

bool pair_resumes(struct pair *pair)
{
	bool resumed;

	pair_reset(pair);
	CHECK(pair_handshake(pair));
	end_settle(&pair->client);
	resumed = end_info(&pair->client).resumed;
	CHECK(resumed == end_info(&pair->server).resumed);
	return resumed;
}

bool pair_send(struct pair *pair, struct end *from, const uint8_t *data,
	       size_t len)
{
	struct end *to = from == &pair->client ? &pair->server : &pair->client;
	static uint8_t out[40000], in[40000];
	size_t sent = 0, got = 0;

	while (got < len) {
		size_t part = len - sent, room = sizeof(out);
		size_t took = sizeof(in);
		enum sluice_status status;

		if (pair->room)
			room = pair->room;
		status = sluice_seal(from->conn, data + sent, &part, out,
				     &room);
		called();
		if (status == SLUICE_ERROR)
			return false;
		sent += part;
		stream_put(from->out, out, room);
		do {
			took = sizeof(in);
			status = end_open(to, in, &took);
			if (memcmp(in, data + got, took))
				return false;
			got += took;
		} while (status == SLUICE_DATA);
		if (status != SLUICE_WANT_READ)
			return false;
		flush(to);
		end_settle(from);
	}
	return true;
}

struct sluice_conn_info end_info(const struct end *end)
{
	struct sluice_conn_info info;

	sluice_conn_info(end->conn, &info);
	return info;
}
