// SPDX-License-Identifier: MIT
/* Client certificates (RFC 9846, sections 4.3.2, 4.4.2 and 4.4.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "certificate_request.h"
#include "conn.h"
#include "pair.h"

static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const uint16_t x25519_p256[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };

/* What the applications were shown, and what they make of it. */
static uint8_t shown[4096];
static size_t shown_len;
static unsigned int asked;
static bool refuse;

static bool see(void *ctx, const struct sluice_octets *chain, size_t count)
{
	(void)ctx;
	assert_int_equal(count, 1);
	assert_true(chain->len <= sizeof(shown));
	memcpy(shown, chain->data, chain->len);
	shown_len = chain->len;
	asked++;
	return !refuse;
}

/* A server of one identity, that wants clients of another. */
static struct pair *mutual(struct identity *id, enum key_type type,
			   const char *usage)
{
	struct pair *pair = pair_new(KEY_P256);

	identity_make(id, pair->real, type, usage, 7200);
	pair->client.config.credential = id->cred;
	pair->server.config.trust = id->trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	pair->server.config.peer_certificate = see;
	shown_len = 0;
	asked = 0;
	refuse = false;
	pair_reset(pair);
	return pair;
}

static void end(struct pair *pair, struct identity *id)
{
	pair_free(pair);
	identity_free(id);
}

static void expect_mutual(struct pair *pair)
{
	struct sluice_octets own[SLUICE_CHAIN_MAX];
	struct sluice_conn_info client, server;

	shown_len = 0;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	client = end_info(&pair->client);
	server = end_info(&pair->server);
	assert_true(client.verified && client.certificate_requested);
	assert_true(server.verified && server.certificate_requested);
	assert_int_not_equal(server.client_signature, 0);
	assert_int_equal(server.client_signature, client.client_signature);
	assert_int_equal(server.signature, client.signature);
	pair->real->credential_chain(pair->real, pair->client.config.credential,
				     own);
	assert_int_equal(shown_len, own[0].len);
	assert_memory_equal(shown, own[0].data, shown_len);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
}

static void test_all_keys(void **state)
{
	static const uint16_t schemes[KEY_TYPES] = {
		SLUICE_ECDSA_SECP256R1_SHA256, SLUICE_ECDSA_SECP384R1_SHA384,
		SLUICE_ED25519, SLUICE_RSA_PSS_RSAE_SHA256,
		SLUICE_RSA_PSS_PSS_SHA256, SLUICE_ECDSA_SECP521R1_SHA512,
	};
	static const uint16_t suites[] = {
		SLUICE_AES_128_GCM_SHA256, SLUICE_AES_256_GCM_SHA384,
		SLUICE_CHACHA20_POLY1305_SHA256,
	};
	enum key_type type;
	size_t i;

	(void)state;
	for (type = 0; type < KEY_TYPES; type++) {
		struct identity id;
		struct pair *pair;

		if (!test_has_key(type))
			continue;
		pair = mutual(&id, type, "clientAuth");

		for (i = 0; i < 3; i++) {
			uint16_t suite[] = { suites[i], 0 };

			pair->client.config.suites = suite;
			expect_mutual(pair);
			assert_int_equal(end_info(&pair->client).client_signature,
					 schemes[type]);
		}
		pair->client.config.suites = NULL;
		end(pair, &id);
	}
}

static void test_retry_and_chunks(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_RSA, NULL);
	size_t i;

	(void)state;
	pair->client.config.groups = x25519_p256;
	pair->server.config.groups = only_p256;
	expect_mutual(pair);
	assert_true(end_info(&pair->client).retried);
	pair->chunk = 1;
	pair->room = SLUICE_OUT_MIN;
	expect_mutual(pair);
	pair->chunk = 0;
	for (i = 1; i <= 30; i++) {
		pair->seed = i;
		pair->room = SLUICE_OUT_MIN + i * 37;
		expect_mutual(pair);
	}
	end(pair, &id);
}

static void expect_refusal(struct pair *pair, enum sl_alert alert)
{
	struct sluice_conn_info info;

	pair_reset(pair);
	pair_handshake(pair);
	info = end_info(&pair->server);
	assert_int_equal(info.alert_sent, alert);
	assert_int_equal(info.error, SLUICE_ERR_CERTIFICATE);
	assert_false(info.handshake_done);
	assert_true(strlen(info.reason) > 0);
	/* the client is through, and hears of it with the first record */
	assert_int_equal(pair->client.status, SLUICE_DONE);
	end_settle(&pair->client);
	assert_int_equal(end_info(&pair->client).alert_received, alert);
}

static void test_refused(void **state)
{
	struct identity id, other, server, brief;
	struct pair *pair = mutual(&id, KEY_P256, "clientAuth");

	(void)state;
	identity_make(&other, pair->real, KEY_P256, "clientAuth", 7200);
	identity_make(&server, pair->real, KEY_P256, "serverAuth", 7200);
	identity_make(&brief, pair->real, KEY_P256, "clientAuth", 60);
	/* none */
	pair->client.config.credential = NULL;
	expect_refusal(pair, SL_CERTIFICATE_REQUIRED);
	/* of an authority that nobody knows */
	pair->client.config.credential = other.cred;
	expect_refusal(pair, SL_UNKNOWN_CA);
	/* of a server */
	pair->client.config.credential = server.cred;
	pair->server.config.trust = server.trust;
	expect_refusal(pair, SL_UNSUPPORTED_CERTIFICATE);
	/* that was good once */
	pair->client.config.credential = brief.cred;
	pair->server.config.trust = brief.trust;
	expect_mutual(pair);
	pair->now += 3600 * 1000;
	expect_refusal(pair, SL_CERTIFICATE_EXPIRED);
	/* an optional one has to be as good */
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	expect_refusal(pair, SL_CERTIFICATE_EXPIRED);
	/* the application's word is the last */
	assert_int_equal(asked, 1);
	pair->client.config.credential = id.cred;
	pair->server.config.trust = id.trust;
	refuse = true;
	expect_refusal(pair, SL_ACCESS_DENIED);
	assert_int_equal(asked, 2);
	identity_free(&other);
	identity_free(&server);
	identity_free(&brief);
	end(pair, &id);
}

static void test_optional(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, test_steady_key(), "clientAuth");
	struct sluice_conn_info info;

	(void)state;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	/* a client has no name that its certificate would have to be for */
	pair->server.config.peer_name = "example.org";
	expect_mutual(pair);
	pair->server.config.peer_name = NULL;
	pair->client.config.credential = NULL;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	info = end_info(&pair->server);
	assert_true(info.certificate_requested);
	assert_false(info.verified);
	assert_int_equal(info.client_signature, 0);
	assert_int_equal(asked, 1);
	/* not asked, not told */
	pair->client.config.credential = id.cred;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_false(end_info(&pair->client).certificate_requested);
	assert_int_equal(end_info(&pair->client).client_signature, 0);
	assert_int_equal(asked, 1);
	end(pair, &id);
}

/* Without authorities it is the application that judges, on either side. */
static void test_no_verify(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256, "serverAuth");

	(void)state;
	pair->server.config.trust = NULL;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.no_verify = true;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_false(end_info(&pair->server).verified);
	assert_int_not_equal(end_info(&pair->server).client_signature, 0);
	refuse = true;
	expect_refusal(pair, SL_ACCESS_DENIED);
	pair->server.config.peer_certificate = NULL;
	pair->client.config.peer_certificate = see;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).alert_sent, SL_ACCESS_DENIED);
	pair->server.config.client_auth = 3;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	end(pair, &id);
}

static void expect_resumed(struct pair *pair, bool resumed)
{
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).resumed, resumed);
	assert_int_equal(end_info(&pair->server).resumed, resumed);
	end_settle(&pair->client);
}

static void test_tickets(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256, "clientAuth");

	(void)state;
	pair_use_tickets(pair);
	/* a server that wants to know who it is gives none */
	expect_resumed(pair, false);
	assert_int_equal(pair->ticket_count, 0);
	assert_int_equal(end_info(&pair->server).tickets, 0);
	/* and takes none of another that does not */
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	expect_resumed(pair, false);
	assert_int_equal(pair->ticket_count, 2);
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	asked = 0;
	expect_resumed(pair, false);
	assert_int_equal(asked, 1);

	/* a ticket goes with the certificate, or with none */
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	pair->ticket_count = 0;
	expect_resumed(pair, false);
	expect_resumed(pair, true);
	pair->client.config.credential = pair->identity.cred;
	expect_resumed(pair, false);
	expect_resumed(pair, true);
	pair->client.config.credential = NULL;
	expect_resumed(pair, false);
	expect_resumed(pair, true);
	pair->client.config.credential = id.cred;
	expect_resumed(pair, false);
	end(pair, &id);
}

/*
 * A request, as a server might put it, read by a client that has a certificate
 * for P-256. Returns the alert, or -1; and how it would sign.
 */
static int request(struct pair *pair, const char *text, size_t len,
		   uint16_t *scheme)
{
	struct sl_reader body = sl_reader((const uint8_t *)text, len);
	struct sluice_conn *c = pair->client.conn;

	pair_reset(pair);
	sl_certificate_request_read(c, &body);
	*scheme = c->client_signature;
	return c->error ? (int)c->alert : -1;
}

#define SCHEMES		"\0\x0d\0\4\0\2\4\3"
#define EKU		"\0\x30\0\x0e\0\x0c\5\6\3\x55\x1d\x25\0\x0b"

static void test_requests(void **state)
{
#define CASE(text, alert, scheme) { text, sizeof(text) - 1, alert, scheme }
	static const struct {
		const char *text;
		size_t len;
		int alert;
		uint16_t scheme;
	} cases[] = {
		CASE("\0\0\x08" SCHEMES, -1, 0x0403),
		/* none of ours, and several */
		CASE("\0\0\x08\0\x0d\0\4\0\2\4\1", -1, 0),
		CASE("\0\0\x0a\0\x0d\0\6\0\4\x08\7\4\3", -1, 0x0403),
		/* no schemes, half a scheme, none */
		CASE("\0\0\0", SL_MISSING_EXTENSION, 0),
		CASE("\0\0\7\0\x0d\0\3\0\1\4", SL_DECODE_ERROR, 0),
		CASE("\0\0\6\0\x0d\0\2\0\0", SL_DECODE_ERROR, 0),
		CASE("\0\0\x09\0\x0d\0\5\0\2\4\3\0", SL_DECODE_ERROR, 0),
		/* a context; schemes twice; key_share; an unknown extension */
		CASE("\1\0\0\x08" SCHEMES, SL_ILLEGAL_PARAMETER, 0),
		CASE("\0\0\x10" SCHEMES SCHEMES, SL_ILLEGAL_PARAMETER, 0),
		CASE("\0\0\x0c" SCHEMES "\0\x33\0\0", SL_ILLEGAL_PARAMETER, 0),
		CASE("\0\0\x0c" SCHEMES "\x7a\x7a\0\0", -1, 0x0403),
		/* authorities: an empty list, an empty name, cut, another */
		CASE("\0\0\x0e" SCHEMES "\0\x2f\0\2\0\0", SL_DECODE_ERROR, 0),
		CASE("\0\0\x10" SCHEMES "\0\x2f\0\4\0\2\0\0", SL_DECODE_ERROR, 0),
		CASE("\0\0\x11" SCHEMES "\0\x2f\0\5\0\3\0\2\x30", SL_DECODE_ERROR, 0),
		CASE("\0\0\x12" SCHEMES "\0\x2f\0\6\0\4\0\2\x30\0", -1, 0),
		/* filters: none, one that is unknown, twice, cut */
		CASE("\0\0\x0e" SCHEMES "\0\x30\0\2\0\0", -1, 0x0403),
		CASE("\0\0\x15" SCHEMES "\0\x30\0\x09\0\7\4\6\2\x55\1\0\0", -1, 0x0403),
		CASE("\0\0\x1c" SCHEMES "\0\x30\0\x10\0\x0e\4\6\2\x55\1\0\0\4\6\2\x55\1\0\0",
		     SL_ILLEGAL_PARAMETER, 0),
		CASE("\0\0\x14" SCHEMES "\0\x30\0\x08\0\6\4\6\2\x55\1\0", SL_DECODE_ERROR, 0),
		CASE("\0\0\x11" SCHEMES "\0\x30\0\5\0\3\0\0\0", SL_DECODE_ERROR, 0),
		/* any extended key usage; the right one; a server's; no list */
		CASE("\0\0\x16" SCHEMES "\0\x30\0\x0a\0\x08\5\6\3\x55\x1d\x25\0\0", -1, 0x0403),
		CASE("\0\0\x22" SCHEMES "\0\x30\0\x16\0\x14\5\6\3\x55\x1d\x25\0\x0c\x30\x0a\6\x08\x2b\6\1\5\5\7\3\2",
		     -1, 0x0403),
		CASE("\0\0\x22" SCHEMES "\0\x30\0\x16\0\x14\5\6\3\x55\x1d\x25\0\x0c\x30\x0a\6\x08\x2b\6\1\5\5\7\3\1",
		     -1, 0),
		CASE("\0\0\x17" SCHEMES "\0\x30\0\x0b\0\x09\5\6\3\x55\x1d\x25\0\1\x30", -1, 0),
		/* a key usage that the certificate does not say */
		CASE("\0\0\x1a" SCHEMES "\0\x30\0\x0e\0\x0c\5\6\3\x55\x1d\x0f\0\4\3\2\7\x80", -1, 0),
	};
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256, "clientAuth");
	uint16_t scheme;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int alert = request(pair, cases[i].text, cases[i].len, &scheme);

		if (alert != cases[i].alert || scheme != cases[i].scheme)
			fail_msg("case %zu: alert %d, scheme %04x", i, alert,
				 scheme);
		/* every octet less is too few, and one more too many */
		for (len = 0; len < cases[i].len; len++)
			assert_in_range(request(pair, cases[i].text, len,
						&scheme), 1, 255);
	}
	end(pair, &id);
}

/* Its own authority's name, alone, and after others. */
static void test_authorities(void **state)
{
	static const char name[] = "\x30\x0f\x31\x0d\x30\x0b\6\3\x55\4\3\x0c\4test";
	char text[] = "\0\0\x27" SCHEMES "\0\x2f\0\x1b\0\x19\0\4\x30\2\x31\0\0\x11.................";
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256, "clientAuth");
	uint16_t scheme;
	size_t i;

	(void)state;
	memcpy(text + 25, name, 17);
	assert_int_equal(request(pair, text, 42, &scheme), -1);
	assert_int_equal(scheme, SLUICE_ECDSA_SECP256R1_SHA256);
	/* any other letter, and it is another's (but "TEST" is the same) */
	for (i = 0; i < 17; i++) {
		text[25 + i] ^= 1;
		assert_int_equal(request(pair, text, 42, &scheme), -1);
		assert_int_equal(scheme, 0);
		text[25 + i] ^= 1;
	}
	end(pair, &id);
}

/* The messages of a flight, in the order that is to be tried. */
struct order {
	unsigned int index[8];
	size_t count;
	size_t messages;
	bool applied;
	size_t which;		/* the message that has ... */
	int type;		/* ... this type instead of its own; or 0 */
};

static void rearrange(void *ctx, uint8_t *data, size_t len)
{
	static uint8_t copy[SLUICE_RECORD_MAX];
	struct order *o = ctx;
	size_t start[9] = { 0 }, at = 0, i;

	if (o->applied || data[len - 1] != SL_HANDSHAKE)
		return;
	o->applied = true;
	o->messages = 0;
	memcpy(copy, data, len);
	while (at + 4 < len) {
		at += 4 + ((size_t)data[at + 1] << 16 |
			   (size_t)data[at + 2] << 8 | data[at + 3]);
		start[++o->messages] = at;
	}
	for (i = 0, at = 0; i < o->count; i++) {
		size_t from = start[o->index[i]];
		size_t part = start[o->index[i] + 1] - from;

		memcpy(data + at, copy + from, part);
		at += part;
	}
	if (!o->count)
		at = len - 1;
	if (o->type)
		data[o->count ? 0 : start[o->which]] = (uint8_t)o->type;
	data[at] = SL_HANDSHAKE;
	memset(data + at + 1, 0, len - at - 1);
}

static void try_order(struct pair *pair, struct end *from, struct order *o)
{
	struct end *to = from == &pair->client ? &pair->server : &pair->client;
	int alert;

	o->applied = false;
	from->provider.ctx = o;
	from->provider.sealing = rearrange;
	pair_reset(pair);
	pair_handshake(pair);
	from->provider.sealing = NULL;
	assert_true(o->applied);
	assert_int_not_equal(to->status, SLUICE_DONE);
	alert = end_info(to).alert_sent;
	/* where it stops short there may just be something missing */
	if (to->status == SLUICE_WANT_READ)
		return;
	if (alert != SL_UNEXPECTED_MESSAGE && alert != SL_DECRYPT_ERROR)
		fail_msg("alert %d", alert);
}

/* Every order of the messages, and every part of them. */
static void permute(struct pair *pair, struct end *from, struct order *o,
		    size_t messages, unsigned int used)
{
	bool same = o->count == messages;
	size_t i;

	for (i = 0; i < o->count; i++)
		same = same && o->index[i] == i;
	if (o->count && !same)
		try_order(pair, from, o);
	for (i = 0; i < messages; i++) {
		if (used >> i & 1)
			continue;
		o->index[o->count++] = (unsigned int)i;
		permute(pair, from, o, messages, used | 1U << i);
		o->count--;
	}
}

static void test_orders(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id, test_steady_key(), NULL);
	struct order o = { .count = 0 };
	struct end *ends[] = { &pair->server, &pair->client };
	size_t messages[] = { 5, 3 }, i;

	(void)state;
	for (i = 0; i < 2; i++) {
		permute(pair, ends[i], &o, messages[i], 0);
		assert_int_equal(o.messages, messages[i]);
		/* any other type in the place of the first */
		for (o.type = 1; o.type < 256; o.type++) {
			if (o.type != (i ? SL_CERTIFICATE :
					   SL_ENCRYPTED_EXTENSIONS))
				try_order(pair, ends[i], &o);
		}
		o.type = 0;
	}
	/* behind an empty Certificate: Finished, and no CertificateVerify */
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	pair->client.config.credential = NULL;
	o.which = 1;
	for (o.type = 1; o.type < 256; o.type++) {
		if (o.type == SL_FINISHED)
			continue;
		try_order(pair, &pair->client, &o);
		assert_int_equal(o.messages, 2);
	}
	end(pair, &id);
}

/* What comes after the handshake, or where a pre-shared key has spoken. */
static void test_late(void **state)
{
	static const uint8_t request[] = "\x0d\0\0\x0b\0\0\x08" SCHEMES;
	static const uint8_t certificate[] = "\x0b\0\0\4\0\0\0";
	struct identity id;
	struct pair *pair = mutual(&id, KEY_P256, NULL);
	struct order o = { .type = SL_CERTIFICATE_REQUEST };
	uint8_t out[256];
	size_t len;

	(void)state;
	expect_mutual(pair);
	len = sl_record_seal(pair->server.conn, SL_HANDSHAKE, request,
			     sizeof(request) - 1, out);
	memcpy(pair->down.data, out, len);
	pair->down.start = 0;
	pair->down.end = len;
	end_settle(&pair->client);
	assert_int_equal(end_info(&pair->client).alert_sent,
			 SL_UNEXPECTED_MESSAGE);
	assert_string_equal(end_info(&pair->client).reason,
			    "a certificate is asked for after the handshake");
	expect_mutual(pair);
	len = sl_record_seal(pair->client.conn, SL_HANDSHAKE, certificate, 8,
			     out);
	memcpy(pair->up.data, out, len);
	pair->up.start = 0;
	pair->up.end = len;
	end_settle(&pair->server);
	assert_int_equal(end_info(&pair->server).alert_sent,
			 SL_UNEXPECTED_MESSAGE);

	/* Finished of a resumed handshake becomes a request */
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_NONE;
	pair_use_tickets(pair);
	expect_resumed(pair, false);
	o.index[0] = 1;
	o.count = 1;
	try_order(pair, &pair->server, &o);
	assert_int_equal(end_info(&pair->client).alert_sent,
			 SL_UNEXPECTED_MESSAGE);
	end(pair, &id);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_keys),
		cmocka_unit_test(test_retry_and_chunks),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_optional),
		cmocka_unit_test(test_no_verify),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_authorities),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
