// SPDX-License-Identifier: MIT
/* Encrypted Client Hello: clients and servers that break its rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "conn.h"
#include "ech.h"
#include "pair.h"
#include "sluice/ech.h"


static struct pair *pair;

/* What a client that is made by hand does differently. */
struct lie {
	const char *name;
	int alert;			/* of the server; -1: none, and it accepts */
	bool refused;			/* it takes the outer one */
	uint8_t kind;			/* of the outer extension */
	bool cut;			/* the extension */
	uint8_t id;			/* added to the configuration's */
	uint16_t kdf, aead;		/* that it says; 0: 1 */
	uint16_t sealed;		/* and the aead that it is; 0: 1 */
	bool unlisted;			/* the server's list has no second */
	bool other_enc, short_enc;
	bool aad;			/* something else is changed on the way */
	bool forged;			/* the sealed octets are */
	/* in the inner one */
	bool session_id, padding, cut_inner;
	bool unmarked;
	uint8_t mark[2];		/* instead of { 1 }, without the one in front */
	size_t mark_len;
	bool tls12, no_versions;
	const uint16_t *refer;		/* to these; NULL: to what is needed */
	bool refer_twice, refer_odd;
};

static void put_shares(struct sl_writer *w)
{
	uint8_t share[SLUICE_SHARE_MAX];
	size_t len, ext, shares, mark;
	struct sluice_kx *kx = pair->real->kx_new(pair->real, SLUICE_X25519,
						  share, &len);

	pair->real->kx_free(pair->real, kx);
	sl_put16(w, 51);
	ext = sl_begin_vec(w, 2);
	shares = sl_begin_vec(w, 2);
	sl_put16(w, SLUICE_X25519);
	mark = sl_begin_vec(w, 2);
	sl_put(w, share, len);
	sl_end_vec(w, mark, 2);
	sl_end_vec(w, shares, 2);
	sl_end_vec(w, ext, 2);
}

static void put_begin(struct sl_writer *w, uint8_t random, size_t session_id)
{
	sl_put16(w, SLUICE_TLS_1_2);
	memset(sl_put_space(w, 32), random, 32);
	sl_put8(w, (unsigned int)session_id);
	if (session_id)
		memset(sl_put_space(w, session_id), 5, session_id);
	sl_put16(w, 2);
	sl_put16(w, SLUICE_AES_128_GCM_SHA256);
	sl_put16(w, 0x0100);
}

static void put_versions(struct sl_writer *w, bool tls12)
{
	sl_put16(w, 43);
	sl_put16(w, tls12 ? 5 : 3);
	sl_put8(w, tls12 ? 4 : 2);
	sl_put16(w, SLUICE_TLS_1_3);
	if (tls12)
		sl_put16(w, SLUICE_TLS_1_2);
}

/* supported_groups, signature_algorithms, in this order. */
static void put_lists(struct sl_writer *w)
{
	static const uint8_t lists[] = {
		0, 10, 0, 4, 0, 2, 0, 29,
		0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 8, 7,
	};

	sl_put(w, lists, sizeof(lists));
}

/* EncodedClientHelloInner. */
static size_t make_inner(const struct lie *lie, uint8_t *out, size_t size)
{
	static const uint16_t needed[] = { 10, 13, 51, 0 };
	const uint16_t *refer = lie->refer ? lie->refer : needed;
	struct sl_writer w = sl_writer(out, size);
	size_t extensions, mark;
	int n;

	put_begin(&w, 2, lie->session_id ? 1 : 0);
	extensions = sl_begin_vec(&w, 2);
	if (!lie->unmarked) {
		sl_put16(&w, SL_ECH_VERSION);
		sl_put16(&w, lie->mark_len ? (unsigned int)lie->mark_len - 1 : 1);
		if (lie->mark_len)
			sl_put(&w, lie->mark, lie->mark_len - 1);
		else
			sl_put8(&w, SL_ECH_INNER);
	}
	if (!lie->no_versions)
		put_versions(&w, lie->tls12);
	for (n = 0; n < (lie->refer_twice ? 2 : 1); n++) {
		const uint16_t *type;

		sl_put16(&w, SL_ECH_OUTER_EXTENSIONS);
		mark = sl_begin_vec(&w, 2);
		size_t types = sl_begin_vec(&w, 1);

		/* the second of them to something else */
		for (type = n ? (const uint16_t[]){ 0x6666, 0 } : refer; *type;
		     type++)
			sl_put16(&w, *type);
		if (lie->refer_odd)
			sl_put8(&w, 0);
		sl_end_vec(&w, types, 1);
		sl_end_vec(&w, mark, 2);
	}
	sl_end_vec(&w, extensions, 2);
	if (lie->cut_inner)
		w.len--;
	else
		memset(sl_put_space(&w, 9), 0, 9);
	if (lie->padding)
		out[w.len - 1] = 1;
	assert_false(w.bad);
	return w.len;
}

/* The record of an outer ClientHello. */
static size_t make_hello(const struct lie *lie, uint8_t *out, size_t size)
{
	uint8_t inner[1024], enc[SL_HPKE_KEY_MAX], info[SL_HPKE_INFO_MAX];
	size_t len = make_inner(lie, inner, sizeof(inner));
	struct sl_writer w = sl_writer(out, size);
	struct sl_reader r = sl_reader(pair->ech.config, pair->ech.config_len);
	size_t record, message, extensions, ext, mark, body, payload;
	struct sl_ech_config config;
	struct sl_hpke hpke;

	assert_true(sl_ech_config_next(&r, &config));
	assert_int_equal(sl_hpke_send(pair->real, &hpke,
				      sl_hpke_kem(pair->real, config.kem),
				      lie->sealed ? lie->sealed : 1,
				      config.key, sl_ech_info(&config, info),
				      enc), 0);
	if (lie->other_enc)
		memset(enc, 0, sizeof(enc));
	sl_put8(&w, SL_HANDSHAKE);
	sl_put16(&w, 0x0301);
	record = sl_begin_vec(&w, 2);
	sl_put8(&w, SL_CLIENT_HELLO);
	message = sl_begin_vec(&w, 3);
	body = w.len;
	put_begin(&w, 1, 32);
	extensions = sl_begin_vec(&w, 2);
	put_versions(&w, false);
	put_lists(&w);
	sl_put16(&w, SL_ECH_VERSION);
	ext = sl_begin_vec(&w, 2);
	sl_put8(&w, lie->kind);
	sl_put16(&w, lie->kdf ? lie->kdf : 1);
	sl_put16(&w, lie->aead ? lie->aead : 1);
	sl_put8(&w, config.id + (unsigned int)lie->id);
	mark = sl_begin_vec(&w, 2);
	sl_put(&w, enc, lie->short_enc ? 31 : 32);
	sl_end_vec(&w, mark, 2);
	payload = sl_begin_vec(&w, 2);
	memset(sl_put_space(&w, len + SL_TAG_LEN), 0, len + SL_TAG_LEN);
	sl_end_vec(&w, payload, 2);
	if (lie->cut)
		w.len--;
	sl_end_vec(&w, ext, 2);
	/* unknown to all; one that is not to be copied; and the last */
	sl_put32(&w, 0x77770000);
	put_shares(&w);
	sl_put32(&w, 0x66660000);
	sl_put32(&w, (uint32_t)SL_ECH_OUTER_EXTENSIONS << 16);
	sl_end_vec(&w, extensions, 2);
	sl_end_vec(&w, message, 3);
	sl_end_vec(&w, record, 2);
	assert_false(w.bad);
	assert_int_equal(sl_hpke_seal(pair->real, &hpke,
				      (struct sluice_octets){ out + body, w.len - body },
				      inner, len), 0);
	sl_hpke_free(pair->real, &hpke);
	if (!lie->cut)
		memcpy(out + payload, inner, len + SL_TAG_LEN);
	if (lie->aad)
		out[body + 3] ^= 1;
	if (lie->forged)
		out[payload] ^= 1;
	return w.len;
}

static const uint16_t refer_missing[] = { 10, 13, 51, 0x5555, 0 };
static const uint16_t refer_again[] = { 10, 10, 13, 51, 0 };
static const uint16_t refer_order[] = { 13, 10, 51, 0 };
static const uint16_t refer_ech[] = { 10, 13, SL_ECH_VERSION, 51, 0 };
static const uint16_t refer_itself[] = { 10, 13, 51, SL_ECH_OUTER_EXTENSIONS, 0 };
static const uint16_t refer_more[] = { 10, 13, 0x7777, 51, 0x6666, 0 };
static const uint16_t refer_versions[] = { 43, 10, 13, 51, 0 };

static const struct lie lies[] = {
	{ .name = "none", .alert = -1 },
	{ .name = "more is referred to", .alert = -1, .refer = refer_more },
	{ .name = "the version as well", .alert = -1, .refer = refer_versions, .no_versions = true },
	/* of the outer extension */
	{ .name = "an inner one", .alert = SL_ILLEGAL_PARAMETER, .kind = 1 },
	{ .name = "an unknown kind", .alert = SL_ILLEGAL_PARAMETER, .kind = 2 },
	{ .name = "cut", .alert = SL_DECODE_ERROR, .cut = true },
	/* what may be for somebody else */
	{ .name = "another id", .alert = -1, .refused = true, .id = 1 },
	{ .name = "another kdf", .alert = -1, .refused = true, .kdf = 2 },
	{ .name = "another aead", .alert = -1, .refused = true, .aead = 2 },
	{ .name = "the second aead", .alert = -1, .aead = 2, .sealed = 2 },
	{ .name = "one that was not offered", .alert = -1, .refused = true, .aead = 2, .sealed = 2, .unlisted = true },
	{ .name = "an unknown aead", .alert = -1, .refused = true, .aead = 0xffff },
	{ .name = "another key", .alert = -1, .refused = true, .other_enc = true },
	{ .name = "a short key", .alert = -1, .refused = true, .short_enc = true },
	{ .name = "changed around it", .alert = -1, .refused = true, .aad = true },
	{ .name = "forged", .alert = -1, .refused = true, .forged = true },
	/* of the inner one */
	{ .name = "session_id", .alert = SL_ILLEGAL_PARAMETER, .session_id = true },
	{ .name = "padding", .alert = SL_ILLEGAL_PARAMETER, .padding = true },
	{ .name = "cut inside", .alert = SL_DECODE_ERROR, .cut_inner = true },
	{ .name = "not marked", .alert = SL_ILLEGAL_PARAMETER, .unmarked = true },
	{ .name = "marked as outer", .alert = SL_ILLEGAL_PARAMETER, .mark = { 0 }, .mark_len = 2 },
	{ .name = "an empty mark", .alert = SL_ILLEGAL_PARAMETER, .mark_len = 1 },
	{ .name = "a long mark", .alert = SL_ILLEGAL_PARAMETER, .mark = { 1, 0 }, .mark_len = 3 },
	{ .name = "TLS 1.2", .alert = SL_ILLEGAL_PARAMETER, .tls12 = true },
	{ .name = "no versions", .alert = SL_ILLEGAL_PARAMETER, .no_versions = true },
	{ .name = "refers to what is not there", .alert = SL_ILLEGAL_PARAMETER, .refer = refer_missing },
	{ .name = "refers twice", .alert = SL_ILLEGAL_PARAMETER, .refer = refer_again },
	{ .name = "out of order", .alert = SL_ILLEGAL_PARAMETER, .refer = refer_order },
	{ .name = "refers to the extension itself", .alert = SL_ILLEGAL_PARAMETER, .refer = refer_ech },
	{ .name = "refers to what refers", .alert = SL_ILLEGAL_PARAMETER, .refer = refer_itself },
	{ .name = "two that refer", .alert = SL_ILLEGAL_PARAMETER, .refer_twice = true },
	{ .name = "half a reference", .alert = SL_DECODE_ERROR, .refer_odd = true },
	{ .name = "a version twice", .alert = SL_ILLEGAL_PARAMETER, .refer = refer_versions },
};

static enum sluice_status give(uint8_t *hello, size_t len)
{
	uint8_t out[16384];
	size_t out_len = sizeof(out);
	enum sluice_status status = sluice_handshake(pair->server.conn, hello,
						     &len, out, &out_len);

	return status;
}

static void test_clients(void **state)
{
	uint8_t hello[4096];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		const struct lie *lie = &lies[i];
		struct sluice_conn_info info;
		size_t len;

		/* the hash of the second suite */
		pair->ech_list[2 + 4 + 1 + 2 + 2 + 32 + 2 + 4 + 1] =
			lie->unlisted ? 9 : 1;
		len = make_hello(lie, hello, sizeof(hello));
		pair_reset(pair);
		give(hello, len);
		info = end_info(&pair->server);
		if (info.alert_sent != lie->alert ||
		    (lie->alert < 0 &&
		     info.ech != (lie->refused ? SLUICE_ECH_REJECTED :
						 SLUICE_ECH_ACCEPTED))) {
			print_error("%s: alert %d, ech %d, %s\n", lie->name,
				    info.alert_sent, info.ech, info.reason);
			assert_true(false);
		}
		assert_int_equal(!!*info.reason, lie->alert >= 0);
	}
}

static bool no_chacha20(const struct sluice_provider *p, enum sluice_aead aead)
{
	(void)p;
	return aead != SLUICE_AEAD_CHACHA20_POLY1305;
}

/* What is published may be more than what the provider has, by now. */
static void test_lacking(void **state)
{
	static const struct lie third = { .name = "third", .aead = 3, .sealed = 3 };
	uint8_t hello[4096];
	size_t len = make_hello(&third, hello, sizeof(hello));

	(void)state;
	pair->server.provider.table.aead_offered = no_chacha20;
	pair_reset(pair);
	give(hello, len);
	assert_int_equal(end_info(&pair->server).alert_sent, -1);
	assert_int_equal(end_info(&pair->server).ech, SLUICE_ECH_REJECTED);
}

/* Each octet of it changed: the outer one at most, and no more than an error. */
static void test_flipped(void **state)
{
	static const struct lie none = { .name = "none" };
	uint8_t hello[4096], changed[4096];
	size_t len = make_hello(&none, hello, sizeof(hello)), i;

	(void)state;
	for (i = 5; i < len; i++) {
		memcpy(changed, hello, len);
		changed[i] ^= (uint8_t)(1 << i % 8);
		pair_reset(pair);
		give(changed, len);
		assert_int_not_equal(end_info(&pair->server).ech,
				     SLUICE_ECH_ACCEPTED);
	}
}

/* Any plaintext: everybody has the public key. */
static uint64_t seed;

static void scramble(void *ctx, uint8_t *data, size_t len)
{
	unsigned int *count = ctx;
	size_t n;

	/* the first is the ClientHello: see sl_ech_hello_write() */
	if ((*count)++)
		return;
	for (n = 0; n < 1 + test_random(&seed) % 3; n++)
		data[test_random(&seed) % len] ^= (uint8_t)(test_random(&seed) | 1);
}

static void test_scrambled(void **state)
{
	unsigned int i, refused = 0;

	(void)state;
	seed = 1;
	for (i = 0; i < 600; i++) {
		unsigned int count = 0;

		pair->client.provider.sealing = scramble;
		pair->client.provider.ctx = &count;
		pair_reset(pair);
		assert_false(pair_handshake(pair));
		refused += end_info(&pair->server).alert_sent >= 0;
	}
	assert_true(refused > 300);
	pair->client.provider.sealing = NULL;
}

/* What goes by is changed: see struct stream. */
struct change {
	size_t (*fn)(uint8_t *data, size_t len);
	unsigned int which;		/* of what goes by */
	unsigned int count;
};

static size_t change(void *ctx, uint8_t *data, size_t len, size_t from)
{
	struct change *change = ctx;

	(void)from;
	if (len && change->count++ == change->which)
		return change->fn(data, len);
	return len;
}

static void run(struct stream *stream, size_t (*fn)(uint8_t *, size_t),
		unsigned int which)
{
	struct change c = { .fn = fn, .which = which };

	stream->change = change;
	stream->ctx = &c;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_true(c.count > which);
	stream->change = NULL;
}

static size_t flip_random(uint8_t *data, size_t len)
{
	data[5 + SL_ECH_HELLO_AT] ^= 1;
	return len;
}

/* The confirmation of a HelloRetryRequest, which ends it. */
static size_t find_confirmation(const uint8_t *data)
{
	return 5 + 4 + (size_t)(data[7] << 8 | data[8]) - SL_ECH_CONFIRMATION_LEN;
}

static size_t flip_confirmation(uint8_t *data, size_t len)
{
	data[find_confirmation(data)] ^= 1;
	return len;
}

static size_t shorten_confirmation(uint8_t *data, size_t len)
{
	size_t at = find_confirmation(data);
	size_t extensions = 5 + 4 + 2 + 32 + 33 + 3;

	data[4] = (uint8_t)(data[4] - 1);
	data[8] = (uint8_t)(data[8] - 1);
	data[extensions + 1] = (uint8_t)(data[extensions + 1] - 1);
	data[at - 1] = SL_ECH_CONFIRMATION_LEN - 1;
	memmove(data + at + 7, data + at + 8, len - at - 8);
	return len - 1;
}

/* A pre_shared_key in ServerHello. */
static size_t add_psk(uint8_t *data, size_t len)
{
	static const uint8_t psk[6] = { 0, 41, 0, 2, 0, 0 };
	size_t end = 5 + (size_t)(data[3] << 8 | data[4]);
	size_t extensions = 5 + 4 + 2 + 32 + 33 + 3;

	memmove(data + end + 6, data + end, len - end);
	memcpy(data + end, psk, 6);
	data[4] = (uint8_t)(data[4] + 6);
	data[8] = (uint8_t)(data[8] + 6);
	data[extensions + 1] = (uint8_t)(data[extensions + 1] + 6);
	return len + 6;
}

static const uint16_t only_p384[] = { SLUICE_SECP384R1, 0 };

static void test_servers(void **state)
{
	struct sluice_conn_info info;

	(void)state;
	/* it looks rejected, and its keys are then of another transcript */
	run(&pair->down, flip_random, 0);
	info = end_info(&pair->client);
	assert_int_equal(info.ech, SLUICE_ECH_REJECTED);
	assert_int_equal(info.alert_sent, SL_BAD_RECORD_MAC);

	pair->server.config.groups = only_p384;
	run(&pair->down, shorten_confirmation, 0);
	assert_int_equal(end_info(&pair->client).alert_sent, SL_DECODE_ERROR);
	run(&pair->down, flip_confirmation, 0);
	assert_int_equal(end_info(&pair->client).ech, SLUICE_ECH_REJECTED);
	/* the server goes on with what it could read */
	assert_int_equal(end_info(&pair->server).alert_sent, SL_ILLEGAL_PARAMETER);
	/* accepted, and then not */
	run(&pair->down, flip_random, 1);
	info = end_info(&pair->client);
	assert_int_equal(info.ech, SLUICE_ECH_ACCEPTED);
	assert_int_equal(info.alert_sent, SL_ILLEGAL_PARAMETER);
	pair->server.config.groups = NULL;

	/* what only looked like a ticket */
	pair_use_tickets(pair);
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	end_settle(&pair->client);
	assert_true(pair->ticket_count > 0);
	pair->server.config.ech_key_count = 0;
	run(&pair->down, add_psk, 0);
	info = end_info(&pair->client);
	assert_int_equal(info.ech, SLUICE_ECH_REJECTED);
	assert_int_equal(info.alert_sent, SL_ILLEGAL_PARAMETER);
	pair->server.config.ech_key_count = 1;
}

/* EncryptedExtensions is the first that the server seals. */
struct edit {
	uint16_t type;			/* of its extension */
	size_t at;			/* in it, from its type on; 0: that itself */
	uint8_t to;
	unsigned int count;
	bool done;
};

static void edit(void *ctx, uint8_t *data, size_t len)
{
	struct edit *e = ctx;
	size_t i;

	if (e->count++)
		return;
	for (i = 6; i + 4 < len && !e->done; i++) {
		if (data[i] != e->type >> 8 || data[i + 1] != (e->type & 0xff))
			continue;
		if (!e->at) {
			data[i] = e->to ? 0 : SL_ECH_VERSION >> 8;
			data[i + 1] = e->to ? e->to : SL_ECH_VERSION & 0xff;
		} else {
			data[i + e->at] = e->to;
		}
		e->done = true;
	}
}

static void expect_edited(struct edit e, int alert)
{
	pair->server.provider.sealing = edit;
	pair->server.provider.ctx = &e;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_true(e.done);
	assert_int_equal(end_info(&pair->client).alert_sent, alert);
	assert_null(end_info(&pair->client).ech_retry_configs);
	pair->server.provider.sealing = NULL;
}

static void test_retry_configs(void **state)
{
	static const char *const alpn[] = { "h2", NULL };
	uint8_t other[2 + SLUICE_ECH_CONFIG_MAX], secret[SLUICE_ECH_KEY_LEN];
	size_t len;

	(void)state;
	/* where the inner one was answered there are none */
	pair->client.config.alpn = alpn;
	pair->server.config.alpn = alpn;
	expect_edited((struct edit){ .type = 16 }, SL_UNSUPPORTED_EXTENSION);
	assert_null(sluice_ech_key_make(pair->real, SLUICE_X25519, "localhost",
					0, 77, secret, other + 2, &len));
	other[0] = 0;
	other[1] = (uint8_t)len;
	pair->client.config.ech_configs = other;
	pair->client.config.ech_configs_len = 2 + len;
	/* nor protocols that were not offered in the open */
	expect_edited((struct edit){ .type = SL_ECH_VERSION, .to = 16 },
		      SL_UNSUPPORTED_EXTENSION);
	/* the length of the list, of the configuration, of what is in it */
	expect_edited((struct edit){ .type = SL_ECH_VERSION, .at = 5, .to = 3 },
		      SL_DECODE_ERROR);
	expect_edited((struct edit){ .type = SL_ECH_VERSION, .at = 9, .to = 9 },
		      SL_DECODE_ERROR);
	expect_edited((struct edit){ .type = SL_ECH_VERSION, .at = 14, .to = 99 },
		      SL_DECODE_ERROR);
	/* GREASE is checked as well */
	pair->client.config.ech_configs = NULL;
	pair->client.config.ech_grease = true;
	expect_edited((struct edit){ .type = SL_ECH_VERSION, .at = 5, .to = 3 },
		      SL_DECODE_ERROR);
	pair->client.config.ech_grease = false;
	pair->client.config.ech_configs = pair->ech_list;
	pair->client.config.ech_configs_len = pair->ech_list_len;
	pair->client.config.alpn = NULL;
	pair->server.config.alpn = NULL;
}

/* The second ClientHello is to be as the first: see section 7.1.1. */
static size_t extension_of(const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 5; i + 4 < len; i++) {
		if (data[i] == 0xfe && data[i + 1] == 0x0d)
			return i;
	}
	assert_true(false);
	return 0;
}

static size_t no_extension(uint8_t *data, size_t len)
{
	data[extension_of(data, len)] = 0x55;
	return len;
}

static size_t other_kdf(uint8_t *data, size_t len)
{
	data[extension_of(data, len) + 6] ^= 3;
	return len;
}

static size_t other_aead(uint8_t *data, size_t len)
{
	data[extension_of(data, len) + 8] ^= 3;
	return len;
}

static size_t other_id(uint8_t *data, size_t len)
{
	data[extension_of(data, len) + 9] ^= 1;
	return len;
}

static size_t forged(uint8_t *data, size_t len)
{
	data[extension_of(data, len) + 20] ^= 1;
	return len;
}

/* A message goes on behind ClientHello. */
static size_t more(uint8_t *data, size_t len)
{
	assert_true(data[4] < 252);
	data[4] = (uint8_t)(data[4] + 4);
	memset(data + len, 0, 4);
	return len + 4;
}

static void test_more(void **state)
{
	(void)state;
	run(&pair->up, more, 0);
	assert_int_equal(end_info(&pair->server).alert_sent, SL_UNEXPECTED_MESSAGE);
}

static void test_second(void **state)
{
	static const struct {
		size_t (*fn)(uint8_t *data, size_t len);
		int alert;
	} cases[] = {
		{ no_extension, SL_MISSING_EXTENSION },
		{ other_kdf, SL_ILLEGAL_PARAMETER },
		{ other_aead, SL_ILLEGAL_PARAMETER },
		{ other_id, SL_ILLEGAL_PARAMETER },
		{ forged, SL_DECRYPT_ERROR },
	};
	size_t i;

	(void)state;
	pair->server.config.groups = only_p384;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		run(&pair->up, cases[i].fn, 1);
		assert_int_equal(end_info(&pair->server).alert_sent,
				 cases[i].alert);
	}
	pair->server.config.groups = NULL;
}

static int begin(void **state)
{
	(void)state;
	pair = pair_new(KEY_P256);
	pair_use_ech(pair);
	return 0;
}

static int end(void **state)
{
	(void)state;
	pair_free(pair);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_clients, begin, end),
		cmocka_unit_test_setup_teardown(test_lacking, begin, end),
		cmocka_unit_test_setup_teardown(test_flipped, begin, end),
		cmocka_unit_test_setup_teardown(test_scrambled, begin, end),
		cmocka_unit_test_setup_teardown(test_servers, begin, end),
		cmocka_unit_test_setup_teardown(test_retry_configs, begin, end),
		cmocka_unit_test_setup_teardown(test_more, begin, end),
		cmocka_unit_test_setup_teardown(test_second, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
