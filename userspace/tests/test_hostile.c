// SPDX-License-Identifier: MIT
/*
 * What a hostile peer or network can do to a handshake: every octet of every
 * flight flipped, every message cut short, every call of the provider failing.
 * Each has to end in an error, with an alert wherever the transport still
 * carries one, and with nothing leaked.
 *
 * SLUICE_TEST_STRIDE=N tries every Nth case only (for valgrind).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "attack.h"

#define RECORD_HEADER	5
#define TAG		16

/* The handshakes that are attacked. */
enum scenario { FULL, RETRY, RESUMED, MUTUAL, EARLY, SCENARIOS };

static const uint16_t only_x25519[] = { SLUICE_X25519, 0 };
static const uint16_t x25519_p256[] = { SLUICE_X25519, SLUICE_SECP256R1, 0 };
static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };

static void prepare(struct attack *a, enum scenario scenario)
{
	/* whose signatures are always of the same length */
	struct pair *pair = pair_new(KEY_ED25519);

	memset(a, 0, sizeof(*a));
	a->pair = pair;
	pair->client.config.groups = only_x25519;
	pair->server.config.groups = only_x25519;
	if (scenario == RETRY) {
		pair->client.config.groups = x25519_p256;
		pair->server.config.groups = only_p256;
	}
	if (scenario == MUTUAL)
		attack_mutual(a);
	if (scenario == EARLY) {
		/* replays are not what is looked for here */
		pair_use_early(pair, 100);
		pair_say_early(pair);
	}
	if (scenario == RESUMED || scenario == EARLY) {
		attack_resume(a);
		/* the attacked handshake ends with Finished */
		pair->client.config.ticket_put = NULL;
	}
}

/*
 * At least one side has failed and said so; or, if the octets left somebody
 * waiting for more, the end of the transport makes an error of it.
 */
static void expect_error(struct attack *a, bool may_wait)
{
	struct sluice_conn_info c = end_info(&a->pair->client);
	struct sluice_conn_info s = end_info(&a->pair->server);

	assert_true(a->applied);
	if (!c.error && !s.error) {
		struct end *waiting = a->pair->server.status == SLUICE_WANT_READ ||
				      a->pair->server.status == SLUICE_EARLY_DATA ?
				      &a->pair->server : &a->pair->client;
		struct sluice_secrets secrets;

		assert_true(may_wait);
		/* in the handshake, or in the middle of a ticket after it */
		if (waiting->status == SLUICE_DONE)
			assert_int_equal(sluice_conn_secrets(waiting->conn,
							     &secrets), -1);
		else if (waiting->status != SLUICE_EARLY_DATA)
			assert_int_equal(waiting->status, SLUICE_WANT_READ);
		assert_int_equal(sluice_eof(waiting->conn), SLUICE_ERROR);
		assert_int_equal(end_info(waiting).error, SLUICE_ERR_TRUNCATED);
		return;
	}
	assert_true(c.alert_sent > 0 || s.alert_sent > 0);
	if (c.error)
		assert_true(strlen(c.reason) > 0);
	if (s.error)
		assert_true(strlen(s.reason) > 0);
	/* who fails by itself says so */
	if (c.error && c.error != SLUICE_ERR_ALERT)
		assert_true(c.alert_sent > 0);
	if (s.error && s.error != SLUICE_ERR_ALERT)
		assert_true(s.alert_sent > 0);
	assert_true(c.alert_sent != SL_INTERNAL_ERROR);
	assert_true(s.alert_sent != SL_INTERNAL_ERROR);
}

static size_t flip(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct attack *a = ctx;

	if (a->at >= from && a->at < from + len) {
		data[a->at - from] ^= a->bit;
		a->applied = true;
	}
	return len;
}

/*
 * Which octets of a stream are record headers: the version in the header of a
 * record that is not encrypted counts for nothing (RFC 9846, section 5.1), and
 * a length that has grown makes the receiver wait.
 */
static uint8_t *map_headers(const uint8_t *data, size_t len)
{
	uint8_t *map = calloc(1, len);
	size_t at = 0, i;

	assert_non_null(map);
	while (at < len) {
		for (i = 0; i < RECORD_HEADER; i++)
			map[at + i] = (uint8_t)(i + 1);
		if (data[at] == 23)
			map[at + 2] = 0;
		/* so do the lengths of plain messages */
		if (data[at] == 22)
			memset(map + at + RECORD_HEADER + 1, 4, 3);
		at += RECORD_HEADER +
		      ((size_t)data[at + 3] << 8 | data[at + 4]);
	}
	assert_int_equal(at, len);
	return map;
}

static uint8_t recorded[16384];

static size_t record(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)ctx;
	assert_true(len <= sizeof(recorded) - from);
	memcpy(recorded + from, data, len);
	return len;
}

static void flip_stream(struct attack *a, struct stream *stream)
{
	size_t total, n = 0, step = test_stride();
	unsigned int bit;
	uint8_t *map;

	stream->change = record;
	attack_run(a);
	assert_int_equal(a->pair->client.status, SLUICE_DONE);
	assert_int_equal(a->pair->server.status, SLUICE_DONE);
	total = stream->total;
	map = map_headers(recorded, total);
	stream->change = flip;
	stream->ctx = a;
	for (a->at = 0; a->at < total; a->at++) {
		for (bit = 0; bit < 8; bit++) {
			if (n++ % step)
				continue;
			a->bit = (uint8_t)(1 << bit);
			if (map[a->at] == 3)
				continue;
			attack_run(a);
			expect_error(a, map[a->at] >= 4);
		}
	}
	stream->change = NULL;
	free(map);
}

static void test_flips_on_the_wire(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		flip_stream(&a, &a.pair->up);
		flip_stream(&a, &a.pair->down);
		pair_free(a.pair);
	}
}

/* The hostile peer itself: flip before it encrypts. */
static void flip_plaintext(void *ctx, uint8_t *data, size_t len)
{
	struct attack *a = ctx;

	if (a->count < 8)
		a->lens[a->count] = len;
	if (a->count++ != a->which || a->at >= len)
		return;
	data[a->at] ^= a->bit;
	a->applied = true;
}

static void flip_end(struct attack *a, struct end *end)
{
	size_t count, n = 0, step = test_stride();
	size_t lens[8];
	unsigned int bit;

	end->provider.ctx = a;
	end->provider.sealing = flip_plaintext;
	a->which = SIZE_MAX;
	attack_run(a);
	count = a->count;
	assert_in_range(count, 1, 8);
	memcpy(lens, a->lens, sizeof(lens));
	for (a->which = 0; a->which < count; a->which++) {
		for (a->at = 0; a->at < lens[a->which]; a->at++) {
			for (bit = 0; bit < 8; bit++) {
				if (n++ % step)
					continue;
				a->bit = (uint8_t)(1 << bit);
				attack_run(a);
				/* a message's length may have grown */
				expect_error(a, true);
			}
		}
	}
	end->provider.sealing = NULL;
}

static void test_flips_before_encryption(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		/* of tickets nobody can know whether they are as they were */
		a.pair->server.config.ticket_count = 1;
		/* nor of early data, but for its end */
		a.pair->early_len = 0;
		flip_end(&a, &a.pair->client);
		if (scenario != RESUMED && scenario != EARLY)
			flip_end(&a, &a.pair->server);
		pair_free(a.pair);
	}
}

/*
 * Cut message number a->message in what is encrypted to a->keep octets of
 * body, and correct its length: a well-formed record with a short message. The
 * room becomes padding.
 */
static size_t cut_message(uint8_t *data, size_t len, size_t message,
			  size_t keep, bool *applied)
{
	size_t at = 0, body;

	while (at + 4 <= len) {
		body = (size_t)data[at + 1] << 16 | (size_t)data[at + 2] << 8 |
		       data[at + 3];
		if (message--) {
			at += 4 + body;
			continue;
		}
		if (keep >= body)
			return len;
		memmove(data + at + 4 + keep, data + at + 4 + body,
			len - at - 4 - body);
		data[at + 1] = (uint8_t)(keep >> 16);
		data[at + 2] = (uint8_t)(keep >> 8);
		data[at + 3] = (uint8_t)keep;
		*applied = true;
		return len - (body - keep);
	}
	return len;
}

static void cut_plaintext(void *ctx, uint8_t *data, size_t len)
{
	struct attack *a = ctx;
	size_t left;

	if (a->count++ || data[len - 1] != 22)
		return;
	left = cut_message(data, len - 1, a->message, a->keep, &a->applied);
	data[left] = 22;
	memset(data + left + 1, 0, len - left - 1);
}

static void cut_end(struct attack *a, struct end *end, size_t messages)
{
	size_t n = 0, step = test_stride();

	end->provider.ctx = a;
	end->provider.sealing = cut_plaintext;
	for (a->message = 0; a->message < messages; a->message++) {
		for (a->keep = 0;; a->keep++) {
			if (a->keep && n++ % step)
				continue;
			attack_run(a);
			if (!a->applied)
				break;
			expect_error(a, false);
		}
		assert_true(a->keep > 0);
	}
	end->provider.sealing = NULL;
}

static void test_short_messages(void **state)
{
	/* with so many messages from the server, and from the client */
	static const struct {
		enum scenario scenario;
		size_t server, client;
	} cases[] = { { FULL, 4, 1 }, { RESUMED, 2, 0 }, { MUTUAL, 5, 3 } };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct attack a;

		prepare(&a, cases[i].scenario);
		cut_end(&a, &a.pair->server, cases[i].server);
		cut_end(&a, &a.pair->client, cases[i].client);
		pair_free(a.pair);
	}
}

/* The same with what is not encrypted: the record gets shorter as well. */
static size_t cut_plain(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct attack *a = ctx;
	size_t body = (size_t)data[3] << 8 | data[4];
	size_t left;

	if (from || len < RECORD_HEADER + body)
		return len;
	left = cut_message(data + RECORD_HEADER, body, 0, a->keep, &a->applied);
	data[3] = (uint8_t)(left >> 8);
	data[4] = (uint8_t)left;
	memmove(data + RECORD_HEADER + left, data + RECORD_HEADER + body,
		len - RECORD_HEADER - body);
	return len - (body - left);
}

static void cut_hello(struct attack *a, struct stream *stream)
{
	size_t n = 0, step = test_stride();

	stream->change = cut_plain;
	stream->ctx = a;
	for (a->keep = 0;; a->keep++) {
		if (a->keep && n++ % step)
			continue;
		attack_run(a);
		if (!a->applied)
			break;
		expect_error(a, false);
	}
	assert_true(a->keep > 0);
	stream->change = NULL;
}

static void test_short_hellos(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		cut_hello(&a, &a.pair->up);
		cut_hello(&a, &a.pair->down);
		pair_free(a.pair);
	}
}

static size_t cut_off(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct attack *a = ctx;

	(void)data;
	if (from + len <= a->at)
		return len;
	a->applied = true;
	return a->at > from ? a->at - from : 0;
}

static void cut_stream(struct attack *a, struct stream *stream)
{
	struct end *reader = stream == &a->pair->up ? &a->pair->server :
						      &a->pair->client;
	size_t total;

	attack_run(a);
	total = stream->total;
	stream->change = cut_off;
	stream->ctx = a;
	for (a->at = 0; a->at < total; a->at += test_stride()) {
		attack_run(a);
		assert_true(a->applied);
		if (reader->status != SLUICE_EARLY_DATA)
			assert_int_equal(reader->status, SLUICE_WANT_READ);
		assert_int_equal(sluice_eof(reader->conn), SLUICE_ERROR);
		assert_int_equal(end_info(reader).error, SLUICE_ERR_TRUNCATED);
		assert_int_equal(end_info(reader).alert_sent, -1);
	}
	stream->change = NULL;
}

/* The transport ends anywhere in the handshake. */
static void test_cut_off(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		/* without tickets, which come after the handshake */
		a.pair->client.config.ticket_put = NULL;
		cut_stream(&a, &a.pair->up);
		a.pair->server.config.ticket_key = NULL;
		if (scenario != RESUMED && scenario != EARLY)
			cut_stream(&a, &a.pair->down);
		pair_free(a.pair);
	}
}

/* One octet of a hello: who complains, and how. */
static void test_hellos(void **state)
{
	static const struct {
		enum scenario scenario;
		bool server;		/* the message goes to the server */
		size_t at;
		uint8_t change;
		int alert;
	} cases[] = {
		/* ClientHello: type, version, random */
		{ FULL, true, 5, 1, SL_UNEXPECTED_MESSAGE },
		{ FULL, true, 5, 3, SL_UNEXPECTED_MESSAGE },
		{ FULL, true, 9, 1, SL_PROTOCOL_VERSION },
		/* compression, and the second hello's random */
		{ FULL, true, 85, 1, SL_ILLEGAL_PARAMETER },
		{ RETRY, true, 0, 1, SL_ILLEGAL_PARAMETER },
		/* supported_groups becomes a second signature_algorithms */
		{ FULL, true, 0, 0x0a ^ 0x0d, SL_ILLEGAL_PARAMETER },
		/* ServerHello: version, session_id, suite, compression */
		{ FULL, false, 10, 1, SL_ILLEGAL_PARAMETER },
		{ FULL, false, 44, 1, SL_ILLEGAL_PARAMETER },
		{ FULL, false, 76, 1, SL_ILLEGAL_PARAMETER },
		{ FULL, false, 78, 1, SL_ILLEGAL_PARAMETER },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stream *stream;
		struct end *judge;
		struct attack a;

		prepare(&a, cases[i].scenario);
		stream = cases[i].server ? &a.pair->up : &a.pair->down;
		judge = cases[i].server ? &a.pair->server : &a.pair->client;
		stream->change = record;
		attack_run(&a);
		a.at = cases[i].at;
		if (cases[i].scenario == RETRY) {
			/* behind the first hello and change_cipher_spec */
			a.at = 5 + ((size_t)recorded[3] << 8 | recorded[4]);
			a.at += 6 + 5 + 4 + 2;
		} else if (!a.at) {
			static const uint8_t groups[] = { 0, 10, 0, 4, 0, 2 };

			while (memcmp(recorded + a.at, groups, sizeof(groups)))
				a.at++;
			a.at++;
		}
		a.bit = cases[i].change;
		stream->change = flip;
		stream->ctx = &a;
		attack_run(&a);
		assert_true(a.applied);
		assert_int_equal(end_info(judge).alert_sent, cases[i].alert);
		pair_free(a.pair);
	}
}

/* A hello's session identifier gets an octet more than there may be. */
static size_t lengthen_session_id(void *ctx, uint8_t *data, size_t len,
				  size_t from)
{
	struct attack *a = ctx;
	uint8_t *at = data + RECORD_HEADER + 4 + 2 + 32;

	if (from)
		return len;
	assert_int_equal(*at, 32);
	memmove(at + 34, at + 33, (size_t)(data + len - at) - 33);
	++*at;
	/* neither the record's length nor the message's is of 255 octets */
	assert_true(data[4] != 255 && data[8] != 255);
	data[4]++;
	data[8]++;
	a->applied = true;
	return len + 1;
}

static void test_long_session_ids(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct attack a;
		struct end *judge;
		struct stream *stream;

		prepare(&a, FULL);
		judge = i ? &a.pair->server : &a.pair->client;
		stream = i ? &a.pair->up : &a.pair->down;
		stream->change = lengthen_session_id;
		stream->ctx = &a;
		attack_run(&a);
		assert_true(a.applied);
		assert_int_equal(end_info(judge).alert_sent, SL_DECODE_ERROR);
		pair_free(a.pair);
	}
}

/* Every call of the provider fails once, on either side. */
static void test_failing_provider(void **state)
{
	enum scenario scenario;

	(void)state;
	for (scenario = 0; scenario < SCENARIOS; scenario++) {
		struct attack a;

		prepare(&a, scenario);
		attack_provider(&a, &a.pair->client, 20);
		attack_provider(&a, &a.pair->server, 20);
		pair_free(a.pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flips_on_the_wire),
		cmocka_unit_test(test_flips_before_encryption),
		cmocka_unit_test(test_short_messages),
		cmocka_unit_test(test_short_hellos),
		cmocka_unit_test(test_hellos),
		cmocka_unit_test(test_long_session_ids),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_failing_provider),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
