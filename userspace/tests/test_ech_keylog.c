// SPDX-License-Identifier: MIT
/*
 * The key log of connections with Encrypted Client Hello (RFC 9850, section 2.3):
 * who has it and what went over the wire can read the inner ClientHello.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "conn.h"
#include "ech.h"
#include "pair.h"

#define RANDOM_AT	(5 + SL_MESSAGE_HEADER + 2)

/* What one side has logged. */
struct log {
	char lines[16][SLUICE_KEYLOG_MAX];
	size_t count;
};

static struct pair *pair;
static struct log logs[2];			/* the client's, the server's */
static uint8_t sent[PAIR_STREAM];		/* by the client */
static size_t sent_len;

static void add(struct log *log, const char *line)
{
	assert_true(log->count < 16 && strlen(line) < SLUICE_KEYLOG_MAX);
	strcpy(log->lines[log->count++], line);
}

static void client_log(void *ctx, const char *line)
{
	(void)ctx;
	add(&logs[0], line);
}

static void server_log(void *ctx, const char *line)
{
	(void)ctx;
	add(&logs[1], line);
}

static size_t keep(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)ctx;
	assert_true(from + len <= sizeof(sent));
	memcpy(sent + from, data, len);
	sent_len = from + len;
	return len;
}

static int begin(void **state)
{
	(void)state;
	pair = pair_new(KEY_P256);
	pair_use_ech(pair);
	pair->client.config.keylog = client_log;
	pair->server.config.keylog = server_log;
	pair->up.change = keep;
	return 0;
}

static int end(void **state)
{
	(void)state;
	pair_free(pair);
	return 0;
}

static void connect(bool accepted)
{
	memset(logs, 0, sizeof(logs));
	pair_reset(pair);
	assert_int_equal(pair_handshake(pair), accepted);
	end_settle(&pair->server);
}

static unsigned int digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* Takes a line apart; how many octets are behind the client's random. */
static size_t parse(const char *line, const char *label, uint8_t *client_random,
		    uint8_t *data)
{
	size_t len = strlen(label), n = 0;

	assert_memory_equal(line, label, len);
	assert_int_equal(line[len++], ' ');
	for (line += len; *line; line += 2) {
		uint8_t octet;

		if (n == SL_RANDOM_LEN && *line == ' ')
			line++;
		octet = (uint8_t)(digit(line[0]) << 4 | digit(line[1]));
		if (n < SL_RANDOM_LEN)
			client_random[n] = octet;
		else
			data[n - SL_RANDOM_LEN] = octet;
		n++;
	}
	assert_true(n > SL_RANDOM_LEN);
	return n - SL_RANDOM_LEN;
}

/* LabeledExtract, or LabeledExpand to a length, of RFC 9180 (section 4). */
static void labeled(uint16_t aead, const uint8_t *key, size_t key_len,
		    size_t length, const char *label, const uint8_t *data,
		    size_t len, uint8_t out[32])
{
	uint8_t input[SL_HPKE_INFO_MAX + 100];
	struct sl_writer w = sl_writer(input, sizeof(input));

	if (length)
		sl_put16(&w, (unsigned int)length);
	sl_put(&w, "HPKE-v1HPKE", 11);
	sl_put16(&w, SL_KEM_X25519);
	sl_put16(&w, SL_HKDF_SHA256);
	sl_put16(&w, aead);
	sl_put(&w, label, strlen(label));
	sl_put(&w, data, len);
	if (length)
		sl_put8(&w, 1);
	assert_false(w.bad);
	assert_int_equal(pair->real->hmac(pair->real, SLUICE_SHA256, key, key_len,
					  input, w.len, out), 0);
}

/* In place, with HPKE's shared secret. */
static void open_with(uint16_t aead, const uint8_t *shared,
		      struct sluice_octets info, struct sluice_octets ad,
		      uint8_t *sealed, size_t len)
{
	static const uint8_t none[1];
	uint8_t context[65] = { 0 }, secret[32], key[32], nonce[32];
	struct sluice_aead_ctx *ctx;

	labeled(aead, none, 0, 0, "psk_id_hash", none, 0, context + 1);
	labeled(aead, none, 0, 0, "info_hash", info.data, info.len, context + 33);
	labeled(aead, shared, 32, 0, "secret", none, 0, secret);
	labeled(aead, secret, 32, SL_IV_LEN, "base_nonce", context, 65, nonce);
	assert_int_equal(aead, 1);
	labeled(aead, secret, 32, 16, "key", context, 65, key);
	ctx = pair->real->aead_new(pair->real, SLUICE_AEAD_AES_128_GCM, key);
	assert_non_null(ctx);
	assert_int_equal(pair->real->aead_open(pair->real, ctx, nonce, ad.data,
					       ad.len, sealed, len), 0);
	pair->real->aead_free(pair->real, ctx);
}

/* encrypted_client_hello in the first record. */
static struct sl_reader extension(void)
{
	struct sl_reader r = sl_reader(sent, sent_len);

	sl_get(&r, 5 + SL_MESSAGE_HEADER);
	return hello_extension(r, SL_ECH_VERSION);
}

/* Of the first ClientHello: its random, and the name that it asks for. */
static void read_inner(const uint8_t *shared, const uint8_t *config,
		       size_t config_len, uint8_t *inner_random)
{
	size_t len = (size_t)(sent[3] << 8 | sent[4]) - SL_MESSAGE_HEADER;
	uint8_t *hello = sent + 5 + SL_MESSAGE_HEADER, inner[2048];
	uint8_t info[SL_HPKE_INFO_MAX] = "tls ech";
	struct sl_reader r = extension(), payload;
	uint16_t aead;

	sl_get8(&r);
	assert_int_equal(sl_get16(&r), SL_HKDF_SHA256);
	aead = sl_get16(&r);
	sl_get8(&r);
	sl_get_vec(&r, 2, 32, 32);
	payload = sl_get_vec(&r, 2, 1, sizeof(inner));
	assert_true(sl_done(&r));
	memcpy(inner, payload.pos, payload.left);
	memset(sent + (payload.pos - sent), 0, payload.left);
	memcpy(info + 8, config, config_len);
	open_with(aead, shared, (struct sluice_octets){ info, 8 + config_len },
		  (struct sluice_octets){ hello, len }, inner, payload.left);
	memcpy(inner_random, inner + 2, SL_RANDOM_LEN);
	assert_non_null(memmem(inner, payload.left - SL_TAG_LEN, "localhost", 9));
}

/* Lines of the key schedule, which are of one ClientHello. */
static void expect_secrets(const struct log *log, size_t from,
			   const uint8_t *client_random)
{
	static const char *const labels[] = {
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_0", "EXPORTER_SECRET",
	};
	uint8_t random[SL_RANDOM_LEN], data[SLUICE_KEYLOG_MAX];
	size_t i;

	for (i = 0; from + i < log->count; i++) {
		assert_true(i < 5);
		parse(log->lines[from + i], labels[i], random, data);
		assert_memory_equal(random, client_random, SL_RANDOM_LEN);
	}
	assert_int_equal(i, 5);
}

/* What both have logged of a connection that has got through. */
static void expect_readable(void)
{
	uint8_t outer[SL_RANDOM_LEN], inner[SL_RANDOM_LEN];
	uint8_t shared[SLUICE_KEYLOG_MAX], config[SLUICE_KEYLOG_MAX];
	size_t len;

	assert_int_equal(parse(logs[0].lines[0], "ECH_SECRET", outer, shared), 32);
	assert_memory_equal(outer, sent + RANDOM_AT, SL_RANDOM_LEN);
	len = parse(logs[0].lines[1], "ECH_CONFIG", outer, config);
	assert_memory_equal(outer, sent + RANDOM_AT, SL_RANDOM_LEN);
	assert_int_equal(len, pair->ech.config_len);
	assert_memory_equal(config, pair->ech.config, len);
	read_inner(shared, config, len, inner);
	assert_memory_not_equal(inner, outer, SL_RANDOM_LEN);
	expect_secrets(&logs[0], 2, inner);
	assert_int_equal(logs[1].count, logs[0].count);
	assert_memory_equal(logs[1].lines, logs[0].lines, sizeof(logs[0].lines));
}

static void test_accepted(void **state)
{
	static const uint16_t only_p384[] = { SLUICE_SECP384R1, 0 };

	(void)state;
	connect(true);
	expect_readable();
	/* a second ClientHello is encrypted with the same */
	pair->server.config.groups = only_p384;
	connect(true);
	assert_true(end_info(&pair->client).retried);
	expect_readable();
}

/* Each side has one, of the most octets there can be. */
static void test_longest(void **state)
{
	const size_t more = SLUICE_ECH_CONFIG_MAX - pair->ech.config_len;
	uint8_t *config = pair->ech_list + 2, *behind = config + pair->ech.config_len;

	(void)state;
	memset(behind, 9, more);
	behind[-2] = (uint8_t)(more >> 8);
	behind[-1] = (uint8_t)more;
	behind[0] = 0;
	behind[2] = (uint8_t)((more - 4) >> 8);
	behind[3] = (uint8_t)(more - 4);
	config[2] = (SLUICE_ECH_CONFIG_MAX - 4) >> 8;
	config[3] = (SLUICE_ECH_CONFIG_MAX - 4) & 0xff;
	pair->ech_list[0] = SLUICE_ECH_CONFIG_MAX >> 8;
	pair->ech_list[1] = SLUICE_ECH_CONFIG_MAX & 0xff;
	pair->ech_list_len = 2 + SLUICE_ECH_CONFIG_MAX;
	pair->ech.config_len = SLUICE_ECH_CONFIG_MAX;
	pair->client.config.ech_configs_len = pair->ech_list_len;
	connect(true);
	expect_readable();
}

/* Who cannot decrypt it has nothing to log of it; the client has. */
static void test_rejected(void **state)
{
	uint8_t other[2 + SLUICE_ECH_CONFIG_MAX], secret[SLUICE_ECH_KEY_LEN];
	uint8_t outer[SL_RANDOM_LEN], inner[SL_RANDOM_LEN];
	uint8_t shared[SLUICE_KEYLOG_MAX], config[SLUICE_KEYLOG_MAX];
	size_t len;

	(void)state;
	/* of the same number, so that the server tries it */
	assert_null(sluice_ech_key_make(pair->real, SLUICE_X25519, "localhost",
					0, 5, secret, other + 2, &len));
	other[0] = (uint8_t)(len >> 8);
	other[1] = (uint8_t)len;
	pair->client.config.ech_configs = other;
	pair->client.config.ech_configs_len = 2 + len;
	connect(false);
	parse(logs[0].lines[0], "ECH_SECRET", outer, shared);
	assert_int_equal(parse(logs[0].lines[1], "ECH_CONFIG", outer, config), len);
	assert_memory_equal(config, other + 2, len);
	assert_memory_equal(outer, sent + RANDOM_AT, SL_RANDOM_LEN);
	expect_secrets(&logs[1], 0, outer);
	read_inner(shared, config, len, inner);
}

static void test_grease(void **state)
{
	(void)state;
	pair->client.config.ech_configs = NULL;
	pair->client.config.ech_grease = true;
	connect(true);
	expect_secrets(&logs[0], 0, sent + RANDOM_AT);
	expect_secrets(&logs[1], 0, sent + RANDOM_AT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_accepted, begin, end),
		cmocka_unit_test_setup_teardown(test_longest, begin, end),
		cmocka_unit_test_setup_teardown(test_rejected, begin, end),
		cmocka_unit_test_setup_teardown(test_grease, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
