// SPDX-License-Identifier: MIT
/* Compressed certificates (RFC 8879). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "compress.h"
#include "conn.h"
#include "pair.h"
#include "sluice/compress.h"


/* Each algorithm by itself. */
static void test_algorithms(void **state)
{
	const struct sluice_compression *const *all = sluice_compressions();
	static uint8_t plain[20000], packed[20000], again[20001];
	uint64_t seed = 1;
	size_t i, len, count = 0;

	(void)state;
	for (i = 0; i < sizeof(plain); i++)
		plain[i] = i % 7 ? (uint8_t)"certificates"[i % 12] :
				   (uint8_t)test_random(&seed);
	for (; *all; all++, count++) {
		const struct sluice_compression *a = *all;

		assert_true(a->id >= SLUICE_ZLIB && a->id <= SLUICE_ZSTD);
		len = sizeof(packed);
		assert_int_equal(a->compress(plain, sizeof(plain), packed, &len), 0);
		assert_in_range(len, 100, sizeof(plain) / 2);
		again[sizeof(plain)] = 0xa5;
		assert_int_equal(a->decompress(packed, len, again, sizeof(plain)), 0);
		assert_memory_equal(again, plain, sizeof(plain));
		/* too long, too short, and never beyond */
		assert_int_equal(a->decompress(packed, len, again, sizeof(plain) - 1), -1);
		assert_int_equal(a->decompress(packed, len, again, 0), -1);
		assert_int_equal(again[sizeof(plain)], 0xa5);
		assert_int_equal(a->decompress(packed, len, again, sizeof(again)), -1);
		/* cut, or with something behind it */
		for (i = 0; i < len; i += 1 + i / 8)
			assert_int_equal(a->decompress(packed, i, again, sizeof(plain)), -1);
		packed[len] = 0;
		assert_int_equal(a->decompress(packed, len + 1, again, sizeof(plain)), -1);
		len = sizeof(packed);
		assert_int_equal(a->compress(plain, 1, packed, &len), 0);
		assert_int_equal(a->decompress(packed, len, again, 0), -1);
		assert_int_equal(a->decompress(packed, len, again, 1), 0);
		/* no room */
		len = 50;
		assert_int_equal(a->compress(plain, sizeof(plain), packed, &len), -1);
	}
	assert_true(count > 0);
}

/* The one under test goes by the name of the real one. */
static unsigned int compressed, decompressed;
static const struct sluice_compression *real;

static int count_compress(const uint8_t *in, size_t in_len, uint8_t *out,
			  size_t *out_len)
{
	compressed++;
	return real->compress(in, in_len, out, out_len);
}

static int count_decompress(const uint8_t *in, size_t in_len, uint8_t *out,
			    size_t out_len)
{
	decompressed++;
	return real->decompress(in, in_len, out, out_len);
}

static struct sluice_compression counting = {
	.compress = count_compress, .decompress = count_decompress,
};
static const struct sluice_compression *const only[] = { &counting, NULL };

static void use(const struct sluice_compression *compression)
{
	real = compression;
	counting.id = compression->id;
	compressed = 0;
	decompressed = 0;
}

static struct pair *mutual(struct identity *id)
{
	/* RSA's certificates are long enough to gain */
	struct pair *pair = pair_new(KEY_RSA);

	identity_make(id, pair->real, KEY_RSA, "clientAuth", 7200);
	pair->client.config.credential = id->cred;
	pair->server.config.trust = id->trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	pair->client.config.compressions = only;
	pair->server.config.compressions = only;
	return pair;
}

static void end(struct pair *pair, struct identity *id)
{
	pair_free(pair);
	identity_free(id);
}

static void expect(struct pair *pair, unsigned int there, unsigned int back)
{
	compressed = 0;
	decompressed = 0;
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_int_equal(compressed, there);
	assert_int_equal(decompressed, back);
}

static void test_handshakes(void **state)
{
	const struct sluice_compression *const *all = sluice_compressions();
	struct identity id;
	struct pair *pair = mutual(&id);
	size_t i;

	(void)state;
	for (; *all; all++) {
		use(*all);
		expect(pair, 2, 2);
		pair->chunk = 1;
		pair->room = SLUICE_OUT_MIN;
		expect(pair, 2, 2);
		pair->chunk = 0;
		for (i = 1; i < 20; i++) {
			pair->seed = i;
			pair->room = SLUICE_OUT_MIN + 37 * i;
			expect(pair, 2, 2);
		}
		pair->seed = 0;
		pair->room = 0;
	}
	/* one side only */
	pair->client.config.compressions = NULL;
	expect(pair, 0, 0);
	pair->client.config.compressions = only;
	pair->server.config.compressions = NULL;
	expect(pair, 0, 0);
	end(pair, &id);
}

static int no_compress(const uint8_t *in, size_t in_len, uint8_t *out,
		       size_t *out_len)
{
	(void)in;
	(void)in_len;
	(void)out;
	(void)out_len;
	compressed++;
	return -1;
}

/* What can't be compressed, or does not get shorter, goes as it is. */
static void test_no_gain(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id);

	(void)state;
	use(sluice_compressions()[0]);
	counting.compress = no_compress;
	expect(pair, 2, 0);
	counting.compress = count_compress;
	end(pair, &id);
}

static void test_both_known(void **state)
{
	const struct sluice_compression other = {
		.id = 0x1234, .compress = no_compress,
		.decompress = count_decompress,
	};
	const struct sluice_compression *const two[] = { &other, &counting, NULL };
	const struct sluice_compression *const one[] = { &other, NULL };
	struct identity id;
	struct pair *pair = mutual(&id);

	(void)state;
	use(sluice_compressions()[0]);
	/* the one that both have */
	pair->server.config.compressions = two;
	expect(pair, 2, 2);
	pair->server.config.compressions = one;
	expect(pair, 0, 0);
	end(pair, &id);
}

/*
 * A CompressedCertificate as somebody might put it: rewritten before the server
 * encrypts it. The flight is one record; what it was does not matter, for the
 * client does not get beyond this message.
 */
struct lie {
	uint16_t id;
	size_t len;		/* that is said */
	const uint8_t *packed;
	size_t packed_len;
	size_t less;		/* octets that the message lacks at its end */
	bool applied;
};

static void lie(void *ctx, uint8_t *data, size_t len)
{
	struct lie *l = ctx;
	struct sl_writer w;
	size_t at = 0, mark, vec;

	if (l->applied || data[len - 1] != SL_HANDSHAKE)
		return;
	while (at + 4 < len && data[at] != SL_COMPRESSED_CERTIFICATE)
		at += 4 + ((size_t)data[at + 1] << 16 |
			   (size_t)data[at + 2] << 8 | data[at + 3]);
	if (at + 4 >= len)
		return;
	l->applied = true;
	w = sl_writer(data + at, len - 1 - at);
	sl_put8(&w, SL_COMPRESSED_CERTIFICATE);
	mark = sl_begin_vec(&w, 3);
	sl_put16(&w, l->id);
	sl_put24(&w, l->len);
	vec = sl_begin_vec(&w, 3);
	sl_put(&w, l->packed, l->packed_len);
	sl_end_vec(&w, vec, 3);
	w.len -= l->less;
	sl_end_vec(&w, mark, 3);
	assert_false(w.bad);
	/* and Finished, never reached, takes what is left */
	memset(w.buf + w.len, 0xff, w.size - w.len);
}

static void expect_refusal(struct pair *pair, struct lie *l, int alert,
			   int error)
{
	struct sluice_conn_info info;

	l->applied = false;
	pair->server.provider.ctx = l;
	pair->server.provider.sealing = lie;
	pair_reset(pair);
	pair_handshake(pair);
	assert_true(l->applied);
	info = end_info(&pair->client);
	if (info.alert_sent != alert || info.error != (enum sluice_error)error)
		fail_msg("alert %d, error %d: %s", info.alert_sent, info.error,
			 info.reason);
}

static void test_lies(void **state)
{
	const struct sluice_compression *const *all = sluice_compressions();
	struct identity id;
	struct pair *pair = mutual(&id);
	static uint8_t zeros[60000], packed[400];

	(void)state;
	for (; *all; all++) {
		size_t len = sizeof(packed);
		struct lie l = { (*all)->id, 1000, packed, 0, 0, false };

		use(*all);
		/* it comes out as what is no Certificate */
		assert_int_equal(real->compress(zeros, 1000, packed, &len), 0);
		l.packed_len = len;
		expect_refusal(pair, &l, SL_DECODE_ERROR, SLUICE_ERR_PROTOCOL);
		assert_int_equal(decompressed, 1);
		/* longer and shorter than it says */
		l.len = 999;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		l.len = 1001;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		l.len = 0;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		/* nonsense, and half of it */
		l.len = 1000;
		l.packed = zeros;
		l.packed_len = 50;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		l.packed = packed;
		l.packed_len = len / 2;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		/* a bomb: it says so, or it does not */
		len = sizeof(packed);
		assert_int_equal(real->compress(zeros, sizeof(zeros), packed, &len), 0);
		l.packed_len = len;
		l.len = sizeof(zeros);
		decompressed = 0;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_MEMORY);
		l.len = SL_MESSAGE_MAX + 1;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		l.len = 0xffffff;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		assert_int_equal(decompressed, 0);
		l.len = 1000;
		expect_refusal(pair, &l, SL_BAD_CERTIFICATE, SLUICE_ERR_PROTOCOL);
		/* not offered; nothing in it; cut */
		l.id = 77;
		expect_refusal(pair, &l, SL_ILLEGAL_PARAMETER, SLUICE_ERR_PROTOCOL);
		l.id = real->id;
		l.packed_len = 0;
		expect_refusal(pair, &l, SL_DECODE_ERROR, SLUICE_ERR_PROTOCOL);
		l.packed_len = len;
		l.less = 1;
		expect_refusal(pair, &l, SL_DECODE_ERROR, SLUICE_ERR_PROTOCOL);
	}
	end(pair, &id);
}

/* Where it was not asked for, it is no message at all. */
static void test_unasked(void **state)
{
	struct identity id;
	struct pair *pair = mutual(&id);

	(void)state;
	use(sluice_compressions()[0]);
	pair_reset(pair);
	pair->client.config.compressions = NULL;
	assert_false(sl_is_compressed(pair->client.conn, SL_COMPRESSED_CERTIFICATE,
				      (const uint8_t[]){ SL_CERTIFICATE, 0 }));
	pair->client.config.compressions = only;
	assert_false(sl_is_compressed(pair->client.conn, SL_COMPRESSED_CERTIFICATE,
				      (const uint8_t[]){ SL_CERTIFICATE, 0 }));
	pair->client.conn->version = SLUICE_TLS_1_3;
	assert_true(sl_is_compressed(pair->client.conn, SL_COMPRESSED_CERTIFICATE,
				     (const uint8_t[]){ SL_CERTIFICATE, 0 }));
	assert_false(sl_is_compressed(pair->client.conn, SL_COMPRESSED_CERTIFICATE,
				      (const uint8_t[]){ SL_FINISHED, 0 }));
	assert_false(sl_is_compressed(pair->client.conn, SL_CERTIFICATE,
				      (const uint8_t[]){ SL_CERTIFICATE, 0 }));
	end(pair, &id);
}

/* Also where the caller judges, later, what stays in the connection's memory. */
static bool judge_later(struct end *e)
{
	struct sluice_verdict_request request;
	const char *reason;

	if (sluice_wanted_verdict(e->conn, &request))
		return false;
	return !sluice_give_verdict(e->conn, sluice_verdict(&request, &reason),
				    reason);
}

static void test_async(void **state)
{
	const struct sluice_compression *const *all = sluice_compressions();
	struct identity id;
	struct pair *pair = mutual(&id);
	size_t i;

	(void)state;
	pair->client.config.async = SLUICE_ASYNC_VERDICT;
	pair->server.config.async = SLUICE_ASYNC_VERDICT;
	pair->client.give = judge_later;
	pair->server.give = judge_later;
	for (; *all; all++) {
		use(*all);
		expect(pair, 2, 2);
		for (i = 1; i < 20; i++) {
			pair->seed = i;
			pair->room = SLUICE_OUT_MIN + 37 * i;
			expect(pair, 2, 2);
		}
		pair->seed = 0;
		pair->room = 0;
	}
	end(pair, &id);
}

/*
 * In the least memory: what is decompressed and what of the record is kept while
 * the caller judges must not get into each other's way.
 */
static size_t zeros_seen;

static bool look_later(struct end *e)
{
	struct sluice_verdict_request request;

	if (sluice_wanted_verdict(e->conn, &request))
		return false;
	assert_int_equal(request.count, 1);
	zeros_seen = request.chain->len;
	for (size_t i = 0; i < zeros_seen; i++)
		assert_int_equal(request.chain->data[i], 0);
	return !sluice_give_verdict(e->conn, SL_ACCESS_DENIED, NULL);
}

static void test_least_memory(void **state)
{
	static uint8_t plain[8192], packed[400];
	struct identity id;
	struct pair *pair = mutual(&id);
	size_t n, taken = 0;

	(void)state;
	use(sluice_compressions()[0]);
	pair->client.config.async = SLUICE_ASYNC_VERDICT;
	pair->client.give = look_later;
	for (n = 6000; n < 7400; n += 13) {
		struct sl_writer w = sl_writer(plain, sizeof(plain));
		struct lie l = { real->id, 0, packed, sizeof(packed), 0, false };
		size_t list, cert;

		memset(plain, 0, sizeof(plain));
		sl_put8(&w, 0);
		list = sl_begin_vec(&w, 3);
		cert = sl_begin_vec(&w, 3);
		sl_put_space(&w, n);
		sl_end_vec(&w, cert, 3);
		sl_put16(&w, 0);
		sl_end_vec(&w, list, 3);
		l.len = w.len;
		assert_int_equal(real->compress(plain, w.len, packed,
						&l.packed_len), 0);
		pair->server.provider.ctx = &l;
		pair->server.provider.sealing = lie;
		zeros_seen = 0;
		pair_reset(pair);
		pair_handshake(pair);
		assert_true(l.applied);
		if (zeros_seen) {
			assert_int_equal(zeros_seen, n);
			assert_int_equal(end_info(&pair->client).alert_sent,
					 SL_ACCESS_DENIED);
			taken = n;
		} else {
			assert_int_equal(end_info(&pair->client).error,
					 SLUICE_ERR_MEMORY);
		}
	}
	assert_in_range(taken, 6000, 7168);
	pair->server.provider.sealing = NULL;
	end(pair, &id);
}

/* To the octet: what is decompressed goes behind all that is yet to be read. */
static void test_room(void **state)
{
	static const struct {
		size_t used;		/* of the buffer, by the message */
		bool kept;		/* the rest of its record is there, too */
		int free;		/* octets besides those that are wanted */
	} cases[] = {
		{ 500, false, 0 }, { 500, false, -1 }, { 500, false, 3000 },
		{ 500, true, 0 }, { 500, true, -1 }, { 500, true, 3000 },
		/* that rest itself is too long by an octet */
		{ 500, false, -1001 }, { 500, true, -1001 },
	};
	static const uint8_t plain[1000];
	uint8_t packed[100], octets[120];
	struct pair *pair = pair_new(KEY_P256);
	size_t i, packed_len = sizeof(packed);

	(void)state;
	use(sluice_compressions()[0]);
	pair->client.config.compressions = only;
	assert_int_equal(real->compress(plain, sizeof(plain), packed,
					&packed_len), 0);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sl_writer w = sl_writer(octets, sizeof(octets));
		struct sl_reader body;
		struct sl_handshake *hs;
		struct sluice_conn *c;
		size_t vec;

		sl_put16(&w, real->id);
		sl_put24(&w, sizeof(plain));
		vec = sl_begin_vec(&w, 3);
		sl_put(&w, packed, packed_len);
		sl_end_vec(&w, vec, 3);
		body = sl_reader(octets, w.len);
		pair_reset(pair);
		c = pair->client.conn;
		hs = c->hs;
		hs->kept = cases[i].kept;
		c->content = hs->buffer + cases[i].used;
		/* where the rest is kept, it tells */
		c->piece_len = cases[i].kept ? 3 : cases[i].used;
		c->content_len = hs->buffer_size - cases[i].used -
				 sizeof(plain) - (size_t)cases[i].free;
		if (sl_decompress(c, &body)) {
			assert_true(cases[i].free >= 0);
			assert_ptr_equal(body.pos + body.left,
					 hs->buffer + hs->buffer_size);
			assert_int_equal(body.left, sizeof(plain));
			assert_memory_equal(body.pos, plain, sizeof(plain));
		} else {
			assert_true(cases[i].free < 0);
			assert_int_equal(c->error, SLUICE_ERR_MEMORY);
			assert_int_equal(c->alert, SL_BAD_CERTIFICATE);
		}
	}
	pair_free(pair);
}

static void test_offers(void **state)
{
	static const struct {
		const char *body;
		size_t len;
		int alert;
		bool found;
	} cases[] = {
		{ "\2\0\1", 3, -1, true },
		{ "\6\0\3\0\2\0\1", 7, -1, true },
		{ "\2\x12\x34", 3, -1, false },
		{ "", 0, SL_DECODE_ERROR, false },
		{ "\0", 1, SL_DECODE_ERROR, false },
		{ "\1\0", 2, SL_DECODE_ERROR, false },
		{ "\3\0\1\0", 4, SL_DECODE_ERROR, false },
		{ "\2\0\1\0", 4, SL_DECODE_ERROR, false },
		{ "\4\0\1", 3, SL_DECODE_ERROR, false },
	};
	static const struct sluice_compression *const none[] = { NULL };
	struct sluice_compression zlib = { .id = SLUICE_ZLIB };
	const struct sluice_compression *const one[] = { &zlib, NULL };
	struct pair *pair = pair_new(KEY_P256);

	(void)state;
	pair->server.config.compressions = one;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sl_extensions ext = {
			.present = 1U << SL_EXT_COMPRESS_CERTIFICATE,
		};
		struct sluice_conn *c;

		pair_reset(pair);
		c = pair->server.conn;
		ext.body[SL_EXT_COMPRESS_CERTIFICATE] =
			sl_reader((const uint8_t *)cases[i].body, cases[i].len);
		sl_read_compressions(c, &ext);
		assert_int_equal(c->error ? (int)c->alert : -1, cases[i].alert);
		if (!c->error)
			assert_int_equal(c->hs->compression != NULL,
					 cases[i].found);
	}
	pair->server.config.compressions = none;
	assert_non_null(sluice_config_check(&pair->server.config));
	pair->server.config.compressions = NULL;
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_algorithms),
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_no_gain),
		cmocka_unit_test(test_both_known),
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_unasked),
		cmocka_unit_test(test_async),
		cmocka_unit_test(test_least_memory),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_offers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
