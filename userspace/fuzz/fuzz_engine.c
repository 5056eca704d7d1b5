// SPDX-License-Identifier: MIT
/*
 * libFuzzer: the whole engine, client and server, on any octets.
 *
 *	make fuzz
 *
 * The first two octets of an input say which side and how it is set up, the
 * rest is what it receives. The provider is the tests' toy, which lets everything
 * pass: it encrypts nothing, every tag and every signature is right, every HMAC
 * is zeros. So the fuzzer reaches what lies behind Finished, and has nothing to
 * guess. It looks at every octet that it is given, and counts its objects.
 *
 * With -DSEEDS it is a program that writes a corpus to the folder it is given:
 * what two engines of this provider say to each other.
 */
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#endif
#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"
#include "sluice/async.h"
#include "sluice/compress.h"
#include "sluice/ech.h"
#include "sluice/provider.h"
#include "sluice/sluice.h"
#include "toy.h"

enum setup {
	SERVER = 1 << 0,
	TICKETS = 1 << 1,
	ALPN = 1 << 2,
	ONE_GROUP = 1 << 3,
	SMALL_ROOM = 1 << 4,
	CLOSING = 1 << 5,
	PSK = 1 << 6,
	CLIENT_CERT = 1 << 7,
	ASYNC = 1 << 8,
	PINS = 1 << 9,
	TLS12 = 1 << 10,	/* as well */
	ONLY_TLS12 = 1 << 11,
	EARLY = 1 << 12,	/* with TICKETS, and what has them */
	SESSIONS = 1 << 13,	/* the same: kept by the server */
	ECH = 1 << 14,		/* or what looks like it */
	STORED = 1 << 15,	/* by a client: it comes first in the input */
	SETUPS = 1 << 16
};

/* Objects of both sides of a conversation. */
static struct toy toy;
static max_align_t pool[512];
static const struct sluice_trust trust = { 1 };
static struct sluice_credential own;

static void set_up(void)
{
	toy_init(&toy, pool, sizeof(pool), 1);
	toy.lenient = true;
	toy_issue(&own, &trust, 1, "example.org", INT64_MAX);
}

/* Octets that are sent, or shown, are there and have been written. */
static void check_written(const uint8_t *data, size_t len)
{
	volatile uint8_t seen = 0;

#if __has_feature(memory_sanitizer)
	if (len)
		__msan_check_mem_is_initialized(data, len);
#endif
	while (len--)
		seen = seen ^ *data++;
}

/* What is at the end and zero is left out. */
static int f_compress(const uint8_t *in, size_t in_len, uint8_t *out,
		      size_t *out_len)
{
	while (in_len > 1 && !in[in_len - 1])
		in_len--;
	if (in_len > *out_len)
		return -1;
	memcpy(out, in, in_len);
	*out_len = in_len;
	return 0;
}

static int f_decompress(const uint8_t *in, size_t in_len, uint8_t *out,
			size_t out_len)
{
	if (in_len > out_len)
		return -1;
	memcpy(out, in, in_len);
	memset(out + in_len, 0, out_len - in_len);
	return 0;
}

static const struct sluice_compression compression = {
	SLUICE_ZLIB, "zeros", f_compress, f_decompress,
};

static uint64_t now(void *ctx)
{
	(void)ctx;
	return 1000000;
}

static uint8_t stored[SLUICE_TICKET_MAX];
static size_t stored_len;

static void put_ticket(void *ctx, const char *name, const uint8_t *ticket,
		       size_t len)
{
	(void)ctx;
	(void)name;
	memcpy(stored, ticket, len);
	stored_len = len;
}

static size_t take_ticket(void *ctx, const char *name, uint8_t *buf,
			  size_t size)
{
	size_t len = stored_len;

	(void)ctx;
	(void)name;
	if (len > size)
		return 0;
	memcpy(buf, stored, len);
	stored_len = 0;
	return len;
}

/* Some are known, so that both ways are open. */
static bool ticket_key(void *ctx, const uint8_t *name,
		       struct sluice_ticket_key *key)
{
	(void)ctx;
	memset(key, 0, sizeof(*key));
	return !name || !(name[0] & 1);
}

static uint8_t session[SLUICE_SESSION_MAX];
static size_t session_len;

static bool put_session(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *state, size_t len, uint64_t expires)
{
	(void)ctx;
	(void)id;
	(void)id_len;
	(void)expires;
	memcpy(session, state, len);
	session_len = len;
	return true;
}

/* Whatever it is called, but for some. */
static size_t take_session(void *ctx, const uint8_t *id, size_t id_len,
			   uint8_t *buf, size_t size)
{
	size_t len = session_len;

	(void)ctx;
	if (!id_len || id[0] == 0xff || len > size)
		return 0;
	memcpy(buf, session, len);
	session_len = 0;
	return len;
}

static const struct sluice_psk psk = {
	.identity = (const uint8_t *)"identity", .identity_len = 8,
	.key = (const uint8_t *)"sixteen octets..", .key_len = 16,
};

/* Some are known, so that both ways are open. */
static bool find_psk(void *ctx, const uint8_t *identity, size_t len,
		     struct sluice_psk *found)
{
	(void)ctx;
	*found = psk;
	if (identity[0] & 2)
		found->hash_len = 48;
	return len && identity[0] & 1;
}

/* The last octet decides, so that both ways are open. */
static bool take_peer(void *ctx, const struct sluice_octets *chain,
		      size_t count)
{
	const struct sluice_octets *last = &chain[count - 1];

	(void)ctx;
	return last->data[last->len - 1] != 0xff;
}

static bool early_first(void *ctx, const uint8_t id[16], uint64_t expires)
{
	(void)ctx;
	(void)expires;
	return !(id[0] & 0x80);
}

/* Is there a ticket from a connection before this one? */
static bool has_past(unsigned int setup)
{
	return setup & (EARLY | SESSIONS) && setup & TICKETS &&
	       !(setup & (PSK | CLIENT_CERT));
}

/* And does it allow early data? */
static bool has_early_data(unsigned int setup)
{
	return setup & EARLY && has_past(setup) && !(setup & ONLY_TLS12);
}

/* For both sides the same key. */
static void configure_ech(struct sluice_config *config, unsigned int setup)
{
	static uint8_t list[2 + SLUICE_ECH_CONFIG_MAX];
	static uint8_t private[SLUICE_ECH_KEY_LEN];
	static struct sluice_ech_key key = {
		.config = list + 2, .key = private, .retry = true,
	};

	if (sluice_ech_key_make(&toy.table, SLUICE_X25519, "example.net", 20,
				1, private, list + 2, &key.config_len))
		abort();
	list[0] = (uint8_t)(key.config_len >> 8);
	list[1] = (uint8_t)key.config_len;
	if (setup & SERVER) {
		config->ech_keys = &key;
		config->ech_key_count = 1;
	} else if (setup & (PSK | PINS | TLS12)) {
		config->ech_grease = true;
	} else {
		config->ech_configs = list;
		config->ech_configs_len = 2 + key.config_len;
	}
}

static void configure(struct sluice_config *config, unsigned int setup)
{
	static const uint8_t id[16];
	static const uint8_t pins[1][SLUICE_PIN_LEN];
	static const char *const alpn[] = { "h2", "http/1.1", NULL };
	static const struct sluice_compression *const compressions[] = {
		&compression, NULL
	};
	static const uint16_t group[] = { SLUICE_SECP256R1, 0 };
	static const uint16_t server_group[] = { SLUICE_SECP384R1, 0 };

	*config = (struct sluice_config){
		.provider = &toy.table,
		.role = setup & SERVER ? SLUICE_SERVER : SLUICE_CLIENT,
		.trust = &trust,
		.credential = &own,
		.peer_name = "example.org",
		.now = now,
	};
	if (setup & TICKETS) {
		config->ticket_put = put_ticket;
		config->ticket_take = take_ticket;
		config->ticket_key = ticket_key;
	}
	if (has_past(setup) && setup & SESSIONS) {
		config->session_put = put_session;
		config->session_take = take_session;
	}
	if (has_early_data(setup)) {
		config->early_data = true;
		config->max_early_data = 1000;
		config->early_data_id = id;
		config->early_data_first = early_first;
	}
	if (setup & PSK) {
		config->psk = &psk;
		config->psk_find = find_psk;
		if (!(setup & SERVER))
			config->trust = NULL;
	}
	if (setup & CLIENT_CERT) {
		config->peer_certificate = take_peer;
		config->name_authorities = true;
		config->staple = SLUICE_STAPLE_OPTIONAL;
		config->compressions = compressions;
		if (setup & SERVER)
			config->client_auth = setup & ALPN ?
					      SLUICE_CLIENT_AUTH_REQUIRED :
					      SLUICE_CLIENT_AUTH_OPTIONAL;
	} else if (!(setup & SERVER)) {
		config->credential = NULL;
	}
	if (setup & ALPN) {
		config->alpn = alpn;
		config->record_limit = 1000;
	}
	if (setup & PINS) {
		config->pins = pins;
		config->pin_count = 1;
		if (!(setup & (TLS12 | ONLY_TLS12))) {
			config->own_raw_key = SLUICE_RAW_KEY_TOO;
			config->peer_raw_key = SLUICE_RAW_KEY_TOO;
		}
	}
	if (setup & ASYNC)
		config->async = SLUICE_ASYNC_CREDENTIAL |
				SLUICE_ASYNC_SIGNATURE |
				SLUICE_ASYNC_VERDICT | SLUICE_ASYNC_TICKET |
				SLUICE_ASYNC_UNUSED;
	if (setup & TLS12)
		config->min_version = SLUICE_TLS_1_2;
	/* pre-shared keys are not for it */
	if (setup & ONLY_TLS12 && !(setup & PSK))
		config->max_version = SLUICE_TLS_1_2;
	if (setup & ECH && !config->max_version)
		configure_ech(config, setup);
	if (setup & ONE_GROUP)
		config->groups = setup & SERVER ? server_group : group;
}

/* What the callbacks would have said. */
static void give_ticket(struct sluice_conn *conn,
			const struct sluice_config *config,
			const struct sluice_ticket_request *request)
{
	struct sluice_ticket_key key;
	uint8_t buf[SLUICE_TICKET_MAX];
	size_t len = 0;

	check_written(request->id.data, request->id.len);
	if (request->kind == SLUICE_TICKET_STORED && config->ticket_take)
		len = take_ticket(NULL, request->peer_name, buf, sizeof(buf));
	if (request->kind == SLUICE_TICKET_SESSION)
		len = take_session(NULL, request->id.data, request->id.len, buf,
				   SLUICE_SESSION_MAX);
	if (request->kind == SLUICE_TICKET_KEY &&
	    ticket_key(NULL, request->id.data, &key)) {
		len = sizeof(key.key);
		memcpy(buf, key.key, len);
	}
	if (sluice_give_ticket(conn, len ? buf : NULL, len))
		abort();
}

/* What is wanted, after all that is not; no request may lead astray. */
static void give(struct sluice_conn *conn, const struct sluice_config *config,
		 enum sluice_status status)
{
	struct sluice_credential_request credential;
	struct sluice_signature_request signature;
	struct sluice_verdict_request verdict;
	struct sluice_ticket_request ticket;
	struct sluice_unused_request unused;
	const struct sluice_provider *p = config->provider;
	uint8_t sig[SLUICE_SIGNATURE_MAX];
	const char *reason;
	size_t len;

	if (status != SLUICE_WANT_CREDENTIAL &&
	    !sluice_give_credential(conn, NULL))
		abort();
	if (status != SLUICE_WANT_SIGNATURE &&
	    !sluice_give_signature(conn, NULL, 0))
		abort();
	if (status != SLUICE_WANT_VERDICT &&
	    !sluice_give_verdict(conn, 42, NULL))
		abort();
	if (status != SLUICE_WANT_TICKET && !sluice_give_ticket(conn, NULL, 0))
		abort();
	if (status != SLUICE_WANT_UNUSED &&
	    !sluice_give_unused(conn, true, true))
		abort();
	if (!sluice_wanted_credential(conn, &credential)) {
		check_written(credential.alpn_offered.data,
			      credential.alpn_offered.len);
		sluice_credential_fits(&credential, &own);
		sluice_give_credential(conn, config->credential);
	} else if (!sluice_wanted_signature(conn, &signature)) {
		p->sign(p, signature.credential, signature.scheme,
			signature.data, signature.len, sig, &len);
		sluice_give_signature(conn, sig, len);
	} else if (!sluice_wanted_verdict(conn, &verdict)) {
		/* nobody but the application knows a bare key */
		sluice_give_verdict(conn, verdict.raw_key ? 0 :
				    sluice_verdict(&verdict, &reason), NULL);
	} else if (!sluice_wanted_ticket(conn, &ticket)) {
		give_ticket(conn, config, &ticket);
	} else if (!sluice_wanted_unused(conn, &unused)) {
		check_written(unused.id, 16);
		sluice_give_unused(conn, unused.id[0] != 0xff,
				   early_first(NULL, unused.id,
					       unused.early_until));
	} else {
		abort();
	}
}

/* All there is of it. False: that was not all. */
static bool read_early(struct sluice_conn *conn, uint8_t *in, size_t *used,
		       size_t size)
{
	enum sluice_status status;

	do {
		size_t part = size - *used, len;
		uint8_t *data;

		status = sluice_early_open(conn, in + *used, &part, &data,
					   &len);
		*used += part;
	} while (status == SLUICE_DATA);
	return status == SLUICE_DONE;
}

struct side {
	struct sluice_config config;
	struct sluice_conn *conn;
	uint8_t got[65536];
	uint8_t kept[65536];		/* the same, before records are wiped */
	size_t got_len;
	size_t used;
};

static void pass(struct side *to, size_t len)
{
	memcpy(to->kept + to->got_len, to->got + to->got_len, len);
	to->got_len += len;
}

static void turn(struct side *side, struct side *other)
{
	size_t used = side->got_len - side->used;
	size_t len = sizeof(other->got) - other->got_len;
	enum sluice_status status;

	status = sluice_handshake(side->conn, side->got + side->used, &used,
				  other->got + other->got_len, &len);
	side->used += used;
	pass(other, len);
	if (status == SLUICE_WANT_READ && sluice_early_room(side->conn)) {
		used = 5;
		len = sizeof(other->got) - other->got_len;
		sluice_early_seal(side->conn, (const uint8_t *)"early", &used,
				  other->got + other->got_len, &len);
		pass(other, len);
	}
	if (status == SLUICE_EARLY_DATA) {
		if (read_early(side->conn, side->got, &side->used,
			       side->got_len))
			turn(side, other);
		return;
	}
	if (status < SLUICE_WANT_CREDENTIAL)
		return;
	give(side->conn, &side->config, status);
	turn(side, other);
}

/* A whole connection, for its ticket. */
static void get_ticket(unsigned int setup)
{
	static struct side client, server;
	enum sluice_status status;
	size_t used, len;
	uint8_t *data;
	int i;

	memset(&client, 0, sizeof(client));
	memset(&server, 0, sizeof(server));
	configure(&client.config, setup & ~(unsigned int)(ONE_GROUP | SERVER));
	configure(&server.config, setup | SERVER);
	client.conn = sluice_conn_init(malloc(sluice_conn_size()),
				       sluice_conn_size(), &client.config);
	server.conn = sluice_conn_init(malloc(sluice_conn_size()),
				       sluice_conn_size(), &server.config);
	for (i = 0; i < 6; i++) {
		turn(&client, &server);
		turn(&server, &client);
	}
	do {
		used = client.got_len - client.used;
		status = sluice_open(client.conn, client.got + client.used,
				     &used, &data, &len);
		client.used += used;
	} while (status == SLUICE_DATA);
	if (!stored_len)
		abort();
	sluice_conn_free(client.conn);
	sluice_conn_free(server.conn);
	free(client.conn);
	free(server.conn);
}

/* What a client finds in its store, whoever has written it. */
static void fill_store(const uint8_t **data, size_t *size)
{
	size_t len;

	if (*size < 2)
		return;
	len = (size_t)((*data)[0] << 8 | (*data)[1]);
	*data += 2;
	*size -= 2;
	if (len > *size)
		len = *size;
	if (len > sizeof(stored))
		len = sizeof(stored);
	memcpy(stored, *data, len);
	stored_len = len;
	*data += len;
	*size -= len;
}

/* As much as one call is to see of the input: one record, unless it sees all. */
static size_t show(unsigned int setup, const uint8_t *in, size_t size)
{
	size_t len = size < 5 ? size : 5 + (size_t)(in[3] << 8 | in[4]);

	if (setup & SMALL_ROOM || len > size)
		return size;
	ASAN_POISON_MEMORY_REGION(in + len, size - len);
	return len;
}

static void show_all(const uint8_t *in, size_t size)
{
	(void)in;
	(void)size;
	ASAN_UNPOISON_MEMORY_REGION(in, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[65536];
	enum sluice_status status;
	struct sluice_config config;
	struct sluice_conn *conn;
	uint8_t *copy, *in;
	unsigned int setup;
	bool more;
	void *mem;

	if (size < 2)
		return 0;
	setup = ((unsigned int)data[0] << 8 | data[1]) % SETUPS;
	data += 2;
	size -= 2;
	stored_len = 0;
	session_len = 0;
	set_up();
	if (has_past(setup))
		get_ticket(setup);
	if (setup & STORED && !(setup & SERVER))
		fill_store(&data, &size);
	configure(&config, setup);
	/* records are opened in place */
	copy = malloc(size);
	memcpy(copy, data, size);
	in = copy;
	mem = malloc(sluice_conn_size());
	conn = sluice_conn_init(mem, sluice_conn_size(), &config);
	if (!conn)
		abort();
	do {
		size_t used = show(setup, in, size);
		size_t len = setup & SMALL_ROOM ? SLUICE_OUT_MIN : sizeof(out);

		status = sluice_handshake(conn, in, &used, out, &len);
		show_all(in, size);
		check_written(out, len);
		in += used;
		size -= used;
		more = size && used;
		if (status == SLUICE_EARLY_DATA) {
			used = 0;
			if (!read_early(conn, in, &used, size))
				break;
			in += used;
			size -= used;
			continue;
		}
		if (status == SLUICE_WANT_READ && sluice_early_room(conn)) {
			used = 5;
			len = sizeof(out);
			sluice_early_seal(conn, (const uint8_t *)"early", &used,
					  out, &len);
			check_written(out, len);
		}
		if (status >= SLUICE_WANT_CREDENTIAL)
			give(conn, &config, status);
	} while (status == SLUICE_WANT_WRITE ||
		 (status == SLUICE_WANT_READ && more) ||
		 status >= SLUICE_WANT_CREDENTIAL);
	if (status == SLUICE_DONE) {
		void *small = malloc(sluice_established_size());

		conn = sluice_conn_move(conn, small, sluice_established_size());
		free(mem);
		mem = small;
	}
	if (status == SLUICE_DONE && setup & CLOSING)
		sluice_close(conn);
	while (status != SLUICE_ERROR && status != SLUICE_CLOSED && size) {
		size_t used = show(setup, in, size), len, none = 0;
		uint8_t *content;

		status = sluice_open(conn, in, &used, &content, &len);
		show_all(in, size);
		in += used;
		size -= used;
		len = sizeof(out);
		sluice_seal(conn, NULL, &none, out, &len);
		check_written(out, len);
		if (status == SLUICE_WANT_READ && !used)
			break;
	}
	sluice_eof(conn);
	sluice_conn_free(conn);
	if (toy.used)
		abort();
	free(mem);
	free(copy);
	return 0;
}

#ifndef SEEDS
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	size_t first = 2;

	/* behind the ticket */
	if (size > 4 && data[0] & STORED >> 8 && !(data[1] & SERVER))
		first += 2 + (size_t)(data[2] << 8 | data[3]);
	return mutate_records(data, size, max_size, seed, first);
}
#endif

#ifdef SEEDS
static void say(struct side *side, struct side *other)
{
	size_t used = 5, len = sizeof(other->got) - other->got_len;

	/* (TLS 1.2 has none) */
	sluice_key_update(side->conn, true);
	sluice_seal(side->conn, (const uint8_t *)"hello", &used,
		    other->got + other->got_len, &len);
	pass(other, len);
	sluice_close(side->conn);
	used = 0;
	len = sizeof(other->got) - other->got_len;
	sluice_seal(side->conn, NULL, &used, other->got + other->got_len,
		    &len);
	pass(other, len);
}

static bool is_done(const struct side *side, unsigned int setup)
{
	struct sluice_conn_info info;

	sluice_conn_info(side->conn, &info);
	if (info.handshake_done && !info.error)
		return true;
	fprintf(stderr, "setup %02x: no handshake: %s\n", setup, info.reason);
	return false;
}

static void save(const char *folder, unsigned int setup, struct side *side,
		 const uint8_t *ticket, size_t ticket_len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed-%04x", folder, setup);
	file = fopen(path, "wb");
	if (!file)
		exit(1);
	fputc((int)setup >> 8, file);
	fputc((int)setup & 255, file);
	if (setup & STORED && !(setup & SERVER)) {
		fputc((int)ticket_len >> 8, file);
		fputc((int)ticket_len & 255, file);
		fwrite(ticket, 1, ticket_len, file);
	}
	fwrite(side->kept, 1, side->got_len, file);
	fclose(file);
}

/* A few of them: the ticket is what counts. */
static bool has_stored(unsigned int setup)
{
	return setup & TICKETS && !(setup & (ALPN | ONE_GROUP | SMALL_ROOM |
					     CLOSING | PSK | PINS | EARLY |
					     CLIENT_CERT | SESSIONS | ECH));
}

int main(int argc, char **argv)
{
	static uint8_t ticket[SLUICE_TICKET_MAX];
	static struct side client, server;
	unsigned int setup, i;
	size_t ticket_len;

	if (argc != 2)
		return 2;
	for (setup = 0; setup < SETUPS; setup += 2) {
		memset(&client, 0, sizeof(client));
		memset(&server, 0, sizeof(server));
		if ((setup & EARLY && !has_early_data(setup)) ||
		    (setup & SESSIONS && !has_past(setup)) ||
		    (setup & STORED && !has_stored(setup)))
			continue;
		/* not with all that has nothing to do with it */
		if (setup & ECH && setup & (ASYNC | CLOSING | ONLY_TLS12 | SESSIONS))
			continue;
		set_up();
		stored_len = 0;
		session_len = 0;
		if (has_past(setup) || setup & STORED)
			get_ticket(setup);
		memcpy(ticket, stored, sizeof(ticket));
		ticket_len = stored_len;
		configure(&client.config, setup & ~(unsigned int)ONE_GROUP);
		configure(&server.config, setup | SERVER);
		client.conn = sluice_conn_init(malloc(sluice_conn_size()),
					       sluice_conn_size(),
					       &client.config);
		server.conn = sluice_conn_init(malloc(sluice_conn_size()),
					       sluice_conn_size(),
					       &server.config);
		for (i = 0; i < 6; i++) {
			turn(&client, &server);
			turn(&server, &client);
		}
		if (!is_done(&client, setup) || !is_done(&server, setup))
			return 1;
		say(&client, &server);
		say(&server, &client);
		save(argv[1], setup & ~(unsigned int)ONE_GROUP, &client, ticket,
		     ticket_len);
		save(argv[1], setup | SERVER, &server, ticket, ticket_len);
		sluice_conn_free(client.conn);
		sluice_conn_free(server.conn);
		free(client.conn);
		free(server.conn);
	}
	return 0;
}
#endif
