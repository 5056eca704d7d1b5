// SPDX-License-Identifier: MIT
/*
 * TLS 1.2 with a peer or a network that lies: every message of the handshake is
 * left out, doubled, changed or moved, and every octet flipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "conn.h"
#include "pair.h"

#define HEADER	5

struct lie {
	bool to_server;
	enum sl_message type;		/* the message that is changed */
	/* changes it, its header included; returns its new length */
	size_t (*change)(uint8_t *message, size_t len);
	int alert;
	/* what the other side is set up with */
	void (*prepare)(struct pair *pair);
};

static bool applied;

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static size_t get16(const uint8_t *at)
{
	return (size_t)at[0] << 8 | at[1];
}

static size_t put_record(uint8_t *at, const uint8_t *data, size_t len)
{
	if (!len)
		return 0;
	at[0] = SL_HANDSHAKE;
	at[1] = at[2] = 3;
	put16(at + 3, len);
	memcpy(at + HEADER, data, len);
	return HEADER + len;
}

/* Each message in the clear gets a record of its own, changed or not. */
static size_t tell_lies(void *ctx, uint8_t *data, size_t len, size_t from)
{
	static uint8_t out[70000];
	struct lie *lie = ctx;
	size_t at = 0, n = 0;
	bool clear = true;

	(void)from;
	while (at < len) {
		size_t body = get16(data + at + 3), end = at + HEADER + body;

		if (data[at] != SL_HANDSHAKE || !clear) {
			clear = clear && data[at] != SL_CHANGE_CIPHER_SPEC;
			memcpy(out + n, data + at, HEADER + body);
			n += HEADER + body;
			at = end;
			continue;
		}
		for (at += HEADER; at < end;) {
			uint8_t message[20000];
			size_t message_len = 4 + get16(data + at + 2);

			memcpy(message, data + at, message_len);
			at += message_len;
			if (message[0] == lie->type && !applied) {
				message_len = lie->change(message, message_len);
				applied = true;
			}
			n += put_record(out + n, message, message_len);
		}
	}
	memcpy(data, out, n);
	return n;
}

/* The extensions of a hello are behind so many octets. */
static uint8_t *extensions(uint8_t *message)
{
	uint8_t *at = message + 4 + 2 + 32;

	at += 1 + at[0];
	if (message[0] == SL_SERVER_HELLO)
		return at + 3;
	at += 2 + get16(at);
	return at + 1 + at[0];
}

static uint8_t *find(uint8_t *message, size_t type)
{
	uint8_t *list = extensions(message), *at = list + 2;

	while (at < list + 2 + get16(list)) {
		if (get16(at) == type)
			return at;
		at += 4 + get16(at + 2);
	}
	fail_msg("no extension %u", (unsigned int)type);
	return NULL;
}

/* Cut octets out of an extension, and put others in. */
static size_t replace(uint8_t *message, size_t len, uint8_t *at, size_t cut,
		      const uint8_t *with, size_t with_len)
{
	uint8_t *list = extensions(message);

	memmove(at + with_len, at + cut,
		(size_t)(message + len - at) - cut);
	if (with_len)
		memcpy(at, with, with_len);
	put16(list, get16(list) - cut + with_len);
	len = len - cut + with_len;
	put16(message + 2, len - 4);
	return len;
}

static size_t remove_extension(uint8_t *message, size_t len, size_t type)
{
	uint8_t *at = find(message, type);

	return replace(message, len, at, 4 + get16(at + 2), NULL, 0);
}

static size_t drop(uint8_t *message, size_t len)
{
	(void)message;
	(void)len;
	return 0;
}

static size_t twice(uint8_t *message, size_t len)
{
	memcpy(message + len, message, len);
	return 2 * len;
}

static size_t last_octet(uint8_t *message, size_t len)
{
	message[len - 1] ^= 1;
	return len;
}

static size_t shorter(uint8_t *message, size_t len)
{
	put16(message + 2, len - 5);
	return len - 1;
}

static size_t longer(uint8_t *message, size_t len)
{
	message[len] = 0;
	put16(message + 2, len - 3);
	return len + 1;
}

static size_t no_master_secret(uint8_t *message, size_t len)
{
	return remove_extension(message, len, 23);
}

static size_t no_renegotiation_info(uint8_t *message, size_t len)
{
	return remove_extension(message, len, 0xff01);
}

static size_t renegotiation(uint8_t *message, size_t len)
{
	static const uint8_t with[] = { 0xff, 1, 0, 3, 2, 7, 7 };

	return replace(message, len, find(message, 0xff01), 5, with,
		       sizeof(with));
}

static size_t no_versions(uint8_t *message, size_t len)
{
	return remove_extension(message, len, 43);
}

static size_t no_groups(uint8_t *message, size_t len)
{
	return remove_extension(message, len, 10);
}

static size_t no_schemes(uint8_t *message, size_t len)
{
	return remove_extension(message, len, 13);
}

static size_t compressed_points(uint8_t *message, size_t len)
{
	find(message, 11)[5] = 1;
	return len;
}

static size_t unasked(uint8_t *message, size_t len)
{
	static const uint8_t heartbeat[] = { 0, 15, 0, 1, 1 };

	return replace(message, len, extensions(message) + 2, 0, heartbeat,
		       sizeof(heartbeat));
}

static size_t no_extensions(uint8_t *message, size_t len)
{
	len = (size_t)(extensions(message) - message);
	put16(message + 2, len - 4);
	return len;
}

static uint8_t *suites(uint8_t *message)
{
	uint8_t *at = message + 4 + 2 + 32;

	return at + 1 + at[0];
}

/* ECDHE-RSA-AES256-SHA and its like, and nothing else. */
static size_t only_cbc(uint8_t *message, size_t len)
{
	uint8_t *at = suites(message);
	size_t n;

	for (n = 2; n < 2 + get16(at); n += 2)
		put16(at + n, 0xc014);
	return len;
}

static size_t fallback(uint8_t *message, size_t len)
{
	put16(suites(message) + 2, 0x5600);
	return no_versions(message, len);
}

static size_t only_compressed(uint8_t *message, size_t len)
{
	extensions(message)[-1] = 1;
	return len;
}

static size_t old_version(uint8_t *message, size_t len)
{
	message[5] = 2;
	return len;
}

static size_t chose_cbc(uint8_t *message, size_t len)
{
	put16(extensions(message) - 3, 0xc014);
	return len;
}

/* Good for an ECDSA key, but not that of the session. */
static size_t other_suite(uint8_t *message, size_t len)
{
	put16(extensions(message) - 3, SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256);
	return len;
}

static size_t chose_tls13_suite(uint8_t *message, size_t len)
{
	put16(extensions(message) - 3, SLUICE_AES_256_GCM_SHA384);
	return len;
}

static size_t other_curve(uint8_t *message, size_t len)
{
	put16(message + 5, 0x001e);	/* x448 */
	return len;
}

static size_t hybrid_group(uint8_t *message, size_t len)
{
	put16(message + 5, SLUICE_X25519MLKEM768);
	return len;
}

static size_t explicit_curve(uint8_t *message, size_t len)
{
	message[4] = 1;
	return len;
}

static size_t zero_point(uint8_t *message, size_t len)
{
	memset(message + 5, 0, len - 5);
	return len;
}

static uint8_t *key_scheme(uint8_t *message)
{
	return message + 8 + message[7];
}

static size_t sha1(uint8_t *message, size_t len)
{
	put16(key_scheme(message), 0x0203);
	return len;
}

static size_t other_kind(uint8_t *message, size_t len)
{
	put16(key_scheme(message), SLUICE_RSA_PKCS1_SHA256);
	return len;
}

static size_t verify_sha512(uint8_t *message, size_t len)
{
	put16(message + 4, 0x0603);
	return len;
}

static size_t verify_ed25519(uint8_t *message, size_t len)
{
	put16(message + 4, SLUICE_ED25519);
	return len;
}

/* A session identifier of 33 octets. */
static size_t long_session_id(uint8_t *message, size_t len)
{
	uint8_t *at = message + 4 + 2 + 32;
	size_t more = 33 - (size_t)at[0];

	memmove(at + 34, at + 1 + at[0],
		(size_t)(message + len - at) - 1 - at[0]);
	memset(at + 1, 7, 33);
	at[0] = 33;
	put16(message + 2, len + more - 4);
	return len + more;
}

static size_t early_finished(uint8_t *message, size_t len)
{
	(void)len;
	memset(message, 0, 16);
	message[0] = SL_FINISHED;
	message[3] = 12;
	return 16;
}

static size_t no_certificates(uint8_t *message, size_t len)
{
	(void)len;
	memset(message + 1, 0, 6);
	message[3] = 3;
	return 7;
}

static void with_client_certificate(struct pair *pair)
{
	pair->client.config.credential = pair->identity.cred;
	pair->server.config.trust = pair->identity.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
}

static void with_memory(struct pair *pair)
{
	with_client_certificate(pair);
	end_memory(&pair->server, sluice_conn_size() + 16384);
}

static void with_tls13(struct pair *pair)
{
	pair->client.config.min_version = SLUICE_TLS_1_2;
	pair->client.config.max_version = SLUICE_TLS_1_3;
	pair->server.config.min_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_3;
}

static void with_tickets(struct pair *pair)
{
	pair_use_tickets(pair);
	pair->ticket_count = 0;
	pair->seen_count = 0;
}

static void resuming(struct pair *pair)
{
	with_tickets(pair);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(pair->ticket_count, 1);
}

static struct pair *begin(enum key_type type)
{
	struct pair *pair = pair_new(type);

	pair->client.config.max_version = SLUICE_TLS_1_2;
	pair->server.config.max_version = SLUICE_TLS_1_2;
	return pair;
}

static void test_lies(void **state)
{
	static const struct lie lies[] = {
		{ true, SL_CLIENT_HELLO, no_master_secret, SL_HANDSHAKE_FAILURE, NULL },
		{ true, SL_CLIENT_HELLO, no_renegotiation_info, SL_HANDSHAKE_FAILURE, NULL },
		{ true, SL_CLIENT_HELLO, renegotiation, SL_HANDSHAKE_FAILURE, NULL },
		{ true, SL_CLIENT_HELLO, no_extensions, SL_HANDSHAKE_FAILURE, NULL },
		{ true, SL_CLIENT_HELLO, no_groups, SL_HANDSHAKE_FAILURE, NULL },
		{ true, SL_CLIENT_HELLO, no_schemes, SL_HANDSHAKE_FAILURE, NULL },
		{ true, SL_CLIENT_HELLO, only_cbc, SL_HANDSHAKE_FAILURE, NULL },
		{ true, SL_CLIENT_HELLO, compressed_points, SL_ILLEGAL_PARAMETER, NULL },
		{ true, SL_CLIENT_HELLO, only_compressed, SL_ILLEGAL_PARAMETER, NULL },
		{ true, SL_CLIENT_HELLO, old_version, SL_PROTOCOL_VERSION, NULL },
		{ true, SL_CLIENT_HELLO, long_session_id, SL_DECODE_ERROR, NULL },
		{ true, SL_CLIENT_HELLO, fallback, SL_INAPPROPRIATE_FALLBACK, with_tls13 },
		{ true, SL_CLIENT_HELLO, twice, SL_UNEXPECTED_MESSAGE, NULL },
		{ true, SL_CLIENT_KEY_EXCHANGE, drop, SL_UNEXPECTED_MESSAGE, NULL },
		{ true, SL_CLIENT_KEY_EXCHANGE, twice, SL_UNEXPECTED_MESSAGE, NULL },
		{ true, SL_CLIENT_KEY_EXCHANGE, longer, SL_DECODE_ERROR, NULL },
		{ true, SL_CLIENT_KEY_EXCHANGE, shorter, SL_DECODE_ERROR, NULL },
		{ true, SL_CLIENT_KEY_EXCHANGE, zero_point, SL_ILLEGAL_PARAMETER, NULL },
		{ true, SL_CLIENT_KEY_EXCHANGE, early_finished, SL_UNEXPECTED_MESSAGE, NULL },
		{ true, SL_CLIENT_KEY_EXCHANGE, drop, SL_UNEXPECTED_MESSAGE, with_client_certificate },
		{ true, SL_CERTIFICATE, drop, SL_UNEXPECTED_MESSAGE, with_client_certificate },
		{ true, SL_CERTIFICATE, twice, SL_UNEXPECTED_MESSAGE, with_client_certificate },
		{ true, SL_CERTIFICATE, no_certificates, SL_HANDSHAKE_FAILURE, with_client_certificate },
		{ true, SL_CERTIFICATE_VERIFY, drop, SL_UNEXPECTED_MESSAGE, with_client_certificate },
		{ true, SL_CERTIFICATE_VERIFY, twice, SL_UNEXPECTED_MESSAGE, with_client_certificate },
		{ true, SL_CERTIFICATE_VERIFY, last_octet, SL_DECRYPT_ERROR, with_client_certificate },
		{ true, SL_CERTIFICATE_VERIFY, shorter, SL_DECODE_ERROR, with_client_certificate },
		{ true, SL_CERTIFICATE_VERIFY, verify_sha512, SL_ILLEGAL_PARAMETER, with_client_certificate },
		{ true, SL_CERTIFICATE_VERIFY, verify_ed25519, SL_ILLEGAL_PARAMETER, with_client_certificate },
		{ true, SL_CERTIFICATE_VERIFY, verify_ed25519, SL_ILLEGAL_PARAMETER, with_memory },

		{ false, SL_SERVER_HELLO, no_master_secret, SL_HANDSHAKE_FAILURE, NULL },
		{ false, SL_SERVER_HELLO, no_renegotiation_info, SL_HANDSHAKE_FAILURE, NULL },
		{ false, SL_SERVER_HELLO, renegotiation, SL_HANDSHAKE_FAILURE, NULL },
		{ false, SL_SERVER_HELLO, no_extensions, SL_HANDSHAKE_FAILURE, NULL },
		{ false, SL_SERVER_HELLO, unasked, SL_UNSUPPORTED_EXTENSION, NULL },
		{ false, SL_SERVER_HELLO, only_compressed, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_SERVER_HELLO, old_version, SL_PROTOCOL_VERSION, NULL },
		{ false, SL_SERVER_HELLO, long_session_id, SL_DECODE_ERROR, NULL },
		{ false, SL_SERVER_HELLO, chose_cbc, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_SERVER_HELLO, chose_tls13_suite, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_SERVER_HELLO, twice, SL_UNEXPECTED_MESSAGE, NULL },
		{ false, SL_CERTIFICATE, drop, SL_UNEXPECTED_MESSAGE, NULL },
		{ false, SL_CERTIFICATE, twice, SL_UNEXPECTED_MESSAGE, NULL },
		{ false, SL_CERTIFICATE, no_certificates, SL_DECODE_ERROR, NULL },
		{ false, SL_CERTIFICATE, shorter, SL_DECODE_ERROR, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, drop, SL_UNEXPECTED_MESSAGE, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, twice, SL_UNEXPECTED_MESSAGE, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, last_octet, SL_DECRYPT_ERROR, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, longer, SL_DECODE_ERROR, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, shorter, SL_DECODE_ERROR, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, other_curve, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, hybrid_group, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, explicit_curve, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, sha1, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_SERVER_KEY_EXCHANGE, other_kind, SL_ILLEGAL_PARAMETER, NULL },
		{ false, SL_CERTIFICATE_REQUEST, twice, SL_UNEXPECTED_MESSAGE, with_client_certificate },
		{ false, SL_CERTIFICATE_REQUEST, shorter, SL_DECODE_ERROR, with_client_certificate },
		{ false, SL_SERVER_HELLO_DONE, longer, SL_DECODE_ERROR, NULL },
		{ false, SL_NEW_SESSION_TICKET, drop, SL_UNEXPECTED_MESSAGE, with_tickets },
		{ false, SL_NEW_SESSION_TICKET, twice, SL_UNEXPECTED_MESSAGE, with_tickets },
		{ false, SL_NEW_SESSION_TICKET, shorter, SL_DECODE_ERROR, with_tickets },
		{ false, SL_NEW_SESSION_TICKET, last_octet, SL_DECRYPT_ERROR, with_tickets },
		{ false, SL_SERVER_HELLO, other_suite, SL_ILLEGAL_PARAMETER, resuming },
		{ false, SL_NEW_SESSION_TICKET, drop, SL_UNEXPECTED_MESSAGE, resuming },
		{ false, SL_NEW_SESSION_TICKET, early_finished, SL_UNEXPECTED_MESSAGE, resuming },
		{ false, SL_SERVER_HELLO_DONE, early_finished, SL_UNEXPECTED_MESSAGE, NULL },
	};
	struct pair *pair = begin(KEY_P256);
	const struct sluice_config client = pair->client.config;
	const struct sluice_config server = pair->server.config;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct lie lie = lies[i];
		struct stream *stream = lie.to_server ? &pair->up : &pair->down;
		struct end *judge = lie.to_server ? &pair->server :
						    &pair->client;
		struct sluice_conn_info info;

		pair->client.config = client;
		pair->server.config = server;
		if (lie.prepare)
			lie.prepare(pair);
		pair_reset(pair);
		applied = false;
		stream->change = tell_lies;
		stream->ctx = &lie;
		assert_false(pair_handshake(pair));
		stream->change = NULL;
		info = end_info(judge);
		if (!applied || info.alert_sent != lie.alert)
			fail_msg("lie %u: %s, %s", (unsigned int)i,
				 sluice_alert_name(info.alert_sent),
				 info.reason);
		assert_true(*info.reason);
		/* before the provider is asked, which may know more */
		if (lie.change == sha1 || lie.change == other_kind)
			assert_non_null(strstr(info.reason, "not offered"));
	}
	pair_free(pair);
}

/* Both could do better: the random of the server tells, or the client. */
static void test_downgrade(void **state)
{
	struct lie lie = {
		.type = SL_CLIENT_HELLO, .change = no_versions,
	};
	struct pair *pair = begin(KEY_P256);

	(void)state;
	with_tls13(pair);
	applied = false;
	pair_reset(pair);
	pair->up.change = tell_lies;
	pair->up.ctx = &lie;
	assert_false(pair_handshake(pair));
	assert_true(applied);
	assert_int_equal(end_info(&pair->client).alert_sent,
			 SL_ILLEGAL_PARAMETER);
	assert_non_null(strstr(end_info(&pair->client).reason, "suppresses"));

	/* a server that has nothing better does not say so */
	pair->server.config.max_version = SLUICE_TLS_1_2;
	pair->up.change = NULL;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).version, SLUICE_TLS_1_2);
	pair_free(pair);
}

/* A session that nobody has offered: TLS 1.3 makes its identifier up. */
static int all_sevens(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	memset(out, 7, len);
	return 0;
}

static size_t echo(uint8_t *message, size_t len)
{
	assert_int_equal(message[38], 0);
	memmove(message + 39 + 32, message + 39, len - 39);
	memset(message + 39, 7, 32);
	message[38] = 32;
	put16(message + 2, len + 32 - 4);
	return len + 32;
}

static void test_echo(void **state)
{
	struct lie lie = { .type = SL_SERVER_HELLO, .change = echo };
	struct pair *pair = begin(KEY_P256);

	(void)state;
	with_tls13(pair);
	pair->server.config.max_version = SLUICE_TLS_1_2;
	pair->client.provider.random = all_sevens;
	pair_reset(pair);
	applied = false;
	pair->down.change = tell_lies;
	pair->down.ctx = &lie;
	assert_false(pair_handshake(pair));
	assert_true(applied);
	assert_int_equal(end_info(&pair->client).alert_sent,
			 SL_ILLEGAL_PARAMETER);
	assert_non_null(strstr(end_info(&pair->client).reason, "not offered"));
	pair_free(pair);
}

/* A session goes on under its own name only. */
static size_t other_name(uint8_t *message, size_t len)
{
	uint8_t *at = find(message, 0);

	assert_memory_equal(at + 9, "localhost", 9);
	at[9]++;
	return len;
}

static void test_name(void **state)
{
	struct lie lie = { .type = SL_CLIENT_HELLO, .change = other_name };
	struct pair *pair = begin(KEY_P256);

	(void)state;
	resuming(pair);
	pair_reset(pair);
	applied = false;
	pair->up.change = tell_lies;
	pair->up.ctx = &lie;
	assert_false(pair_handshake(pair));
	assert_true(applied);
	assert_false(end_info(&pair->server).resumed);
	/* the keys are of what each has seen */
	assert_int_equal(end_info(&pair->server).alert_sent, SL_BAD_RECORD_MAC);
	pair_free(pair);
}

/*
 * A record put before another one: change_cipher_spec where it has no place
 * (CVE-2014-0224) or twice, and Finished in the clear.
 */
static const uint8_t records[2][HEADER + 16] = {
	{ SL_CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1 },
	{ SL_HANDSHAKE, 3, 3, 0, 16, SL_FINISHED, 0, 0, 12 },
};

struct injection {
	const uint8_t *record;
	size_t at;
	size_t seen;
	bool keys;			/* change_cipher_spec went before it */
};

static size_t inject(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct injection *in = ctx;
	static uint8_t out[70000];
	size_t at = 0, n = 0;

	(void)from;
	while (at < len) {
		size_t record = HEADER + get16(data + at + 3);

		if (in->seen++ == in->at) {
			size_t size = HEADER + get16(in->record + 3);

			memcpy(out + n, in->record, size);
			n += size;
		} else if (in->seen <= in->at) {
			in->keys |= data[at] == SL_CHANGE_CIPHER_SPEC;
		}
		memcpy(out + n, data + at, record);
		at += record;
		n += record;
	}
	memcpy(data, out, n);
	return n;
}

/* How many places there were. */
static unsigned int inject_all(struct pair *pair, struct stream *stream,
			       struct end *judge, const uint8_t *record)
{
	struct injection in = { .record = record };

	for (;; in.at++) {
		struct sluice_conn_info info;
		bool garbled;

		in.seen = 0;
		in.keys = false;
		pair_reset(pair);
		stream->change = inject;
		stream->ctx = &in;
		pair_handshake(pair);
		stream->change = NULL;
		if (in.seen <= in.at)
			return (unsigned int)in.at;
		info = end_info(judge);
		/* what is not encrypted cannot be decrypted */
		garbled = in.keys && record[0] == SL_HANDSHAKE;
		assert_int_equal(info.alert_sent, garbled ? SL_BAD_RECORD_MAC :
							    SL_UNEXPECTED_MESSAGE);
	}
}

static void test_injections(void **state)
{
	struct pair *pair = begin(KEY_P256);
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		/* hello, key, CCS, Finished; and hello, done, CCS, Finished */
		assert_int_equal(inject_all(pair, &pair->up, &pair->server,
					    records[i]), 4);
		assert_int_equal(inject_all(pair, &pair->down, &pair->client,
					    records[i]), 4);
	}
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_downgrade),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_name),
		cmocka_unit_test(test_injections),
	};

	return cmocka_run_group_tests_name("tls12_hostile", tests, NULL, NULL);
}
