// SPDX-License-Identifier: MIT
/*
 * The traces of RFC 8448, octet for octet: section 3 (simple 1-RTT) as the
 * client and as the server, and the PSK and its binder of section 4
 * (resumption; its early data is not ours).
 *
 * Our hellos offer other things than those of the traces, so the messages that
 * the engine writes itself are replaced where the transcript takes them in.
 * All that follows from the transcript is then the trace's: secrets, Finished,
 * and every encrypted record.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "conn.h"
#include "extensions.h"
#include "pair.h"

struct octets {
	uint8_t data[1024];
	size_t len;
};

static struct octets hex(const char *text)
{
	struct octets o = { .len = 0 };
	unsigned int half = 0, value = 0;

	for (; *text; text++) {
		unsigned int digit;

		if (*text == ' ' || *text == '\n')
			continue;
		digit = *text <= '9' ? (unsigned int)(*text - '0') :
				       (unsigned int)(*text - 'a') + 10;
		value = value << 4 | digit;
		if (half++ % 2) {
			assert_true(o.len < sizeof(o.data));
			o.data[o.len++] = (uint8_t)value;
		}
	}
	assert_int_equal(half % 2, 0);
	return o;
}

static void expect(const uint8_t *data, size_t len, const char *text)
{
	struct octets o = hex(text);

	assert_int_equal(len, o.len);
	assert_memory_equal(data, o.data, len);
}

/* Section 3. */
static const char client_private[] =
	"49af42ba7f7994852d713ef2784bcbcaa7911de26adc5642cb634540e7ea5005";
static const char server_private[] =
	"b1580eeadf6dd589b8ef4f2d5652578cc810e9980191ec8d058308cea216a21e";
static const char client_hello[] =
	"010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef"
	"6283024dece7000006130113031302010000910000000b000900000673657276"
	"6572ff01000100000a00140012001d0017001800190100010101020103010400"
	"230000003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e"
	"51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603"
	"020308040805080604010501060102010402050206020202002d00020101001c"
	"00024001";
static const char server_hello[] =
	"020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155"
	"772ed3e2692800130100002e00330024001d0020c9828876112095fe66762bdb"
	"f7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304";
static const char extensions[] =
	"080000240022000a00140012001d00170018001901000101010201030104001c"
	"0002400100000000";
static const char certificate[] =
	"0b0001b9000001b50001b0308201ac30820115a003020102020102300d06092a"
	"864886f70d01010b0500300e310c300a06035504031303727361301e170d3136"
	"303733303031323335395a170d3236303733303031323335395a300e310c300a"
	"0603550403130372736130819f300d06092a864886f70d010101050003818d00"
	"30818902818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826"
	"d3901a2461eafd2de49a91d015abbc9a95137ace6c1af19eaa6af98c7ced4312"
	"0998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda4308467480"
	"30530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a"
	"8d88d79f7f1e3f0203010001a31a301830090603551d1304023000300b060355"
	"1d0f0404030205a0300d06092a864886f70d01010b05000381810085aad2a0e5"
	"b9276b908c65f73a7267170618a54c5f8a7b337d2df7a594365417f2eae8f8a5"
	"8c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102"
	"702e608ccae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0"
	"a8b2f759409ba3eac9d91d402dcc0cc8f8961229ac9187b42b4de10000";
static const char certificate_verify[] =
	"0f000084080400805a747c5d88fa9bd2e55ab085a61015b7211f824cd484145a"
	"b3ff52f1fda8477b0b7abc90db78e2d33a5c141a078653fa6bef780c5ea248ee"
	"aaa785c4f394cab6d30bbe8d4859ee511f602957b15411ac027671459e46445c"
	"9ea58c181e818e95b8c3fb0bf3278409d3be152a3da5043e063dda65cdf5aea2"
	"0d53dfacd42f74f3";
static const char server_finished[] =
	"140000209b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454"
	"b78f0718";
static const char client_finished_record[] =
	"170303003575ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc"
	"44d87f38f80338ac98fc46deb384bd1caeacab6867d726c40546";
static const char client_data_record[] =
	"1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f"
	"2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e3deae6"
	"3aeebb21694915e4";
static const char client_close_record[] =
	"1703030013c9872760655666b74d7ff1153efd6db6d0b0e3";

static const char *const secrets[][2] = {
	{ "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	  "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21" },
	{ "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	  "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38" },
	{ "CLIENT_TRAFFIC_SECRET_0",
	  "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5" },
	{ "SERVER_TRAFFIC_SECRET_0",
	  "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643" },
	{ "EXPORTER_SECRET",
	  "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50" },
};

static const uint16_t only_aes128[] = { SLUICE_AES_128_GCM_SHA256, 0 };
static const uint16_t only_x25519[] = { SLUICE_X25519, 0 };

/* What the engine's own messages are replaced with, one after the other. */
struct trace {
	const char *const *replace;
	struct octets current;
	const char *key;		/* the private one */
};

static void replace_hashed(void *ctx, const uint8_t **data, size_t *len)
{
	struct trace *trace = ctx;

	if (!trace->replace || !*trace->replace)
		return;
	if (**trace->replace) {
		trace->current = hex(*trace->replace);
		*data = trace->current.data;
		*len = trace->current.len;
	}
	trace->replace++;
}

static void x25519(const char *key, const uint8_t *peer, size_t peer_len,
		   uint8_t *share, uint8_t *shared)
{
	struct octets private = hex(key);
	EVP_PKEY *ours, *theirs;
	EVP_PKEY_CTX *ctx;
	size_t len = 32;

	ours = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
					    private.data, 32);
	assert_non_null(ours);
	if (share)
		assert_int_equal(EVP_PKEY_get_raw_public_key(ours, share,
							     &len), 1);
	if (shared) {
		theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
						     peer, peer_len);
		assert_non_null(theirs);
		ctx = EVP_PKEY_CTX_new(ours, NULL);
		assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
		assert_int_equal(EVP_PKEY_derive_set_peer(ctx, theirs), 1);
		assert_int_equal(EVP_PKEY_derive(ctx, shared, &len), 1);
		EVP_PKEY_CTX_free(ctx);
		EVP_PKEY_free(theirs);
	}
	EVP_PKEY_free(ours);
}

static struct sluice_kx *make_share(void *ctx, uint16_t group, uint8_t *share,
				    size_t *len)
{
	struct trace *trace = ctx;

	assert_int_equal(group, SLUICE_X25519);
	x25519(trace->key, NULL, 0, share, NULL);
	*len = 32;
	/* never looked into: the hooks know the key */
	return (struct sluice_kx *)trace;
}

static int finish_share(void *ctx, const uint8_t *peer, size_t peer_len,
			uint8_t *shared, size_t *shared_len)
{
	struct trace *trace = ctx;

	x25519(trace->key, peer, peer_len, NULL, shared);
	*shared_len = 32;
	return 0;
}

static int respond_share(void *ctx, const uint8_t *peer, size_t peer_len,
			 uint8_t *share, size_t *share_len,
			 uint8_t *shared, size_t *shared_len)
{
	struct trace *trace = ctx;

	x25519(trace->key, peer, peer_len, share, shared);
	*share_len = 32;
	*shared_len = 32;
	return 0;
}

static struct pair *traced(struct trace *trace)
{
	struct pair *pair = pair_new(KEY_P256);
	struct end *ends[2] = { &pair->client, &pair->server };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ends[i]->provider.ctx = trace;
		ends[i]->provider.hashing = replace_hashed;
		ends[i]->provider.kx_respond = respond_share;
		ends[i]->config.suites = only_aes128;
		ends[i]->config.groups = only_x25519;
		ends[i]->config.keylog = pair->client.config.keylog;
	}
	pair->client.provider.kx_new = make_share;
	pair->client.provider.kx_finish = finish_share;
	pair->client.config.no_verify = true;
	pair_reset(pair);
	return pair;
}

static void expect_secrets(const struct pair *pair)
{
	size_t i;

	assert_int_equal(pair->keylog_lines, 5);
	for (i = 0; i < 5; i++) {
		const char *line = pair->keylog[i];

		assert_memory_equal(line, secrets[i][0],
				    strlen(secrets[i][0]));
		assert_string_equal(line + strlen(line) - 64, secrets[i][1]);
	}
}

/* The header of a plain record, and the message. */
static size_t plain_record(uint8_t *out, const char *message)
{
	struct octets o = hex(message);

	memcpy(out, "\x16\x03\x03", 3);
	out[3] = (uint8_t)(o.len >> 8);
	out[4] = (uint8_t)o.len;
	memcpy(out + 5, o.data, o.len);
	return 5 + o.len;
}

static enum sluice_status give(struct end *end, uint8_t *in, size_t len,
			       uint8_t *out, size_t *out_len)
{
	size_t used = len;
	enum sluice_status status;

	*out_len = 4096;
	status = sluice_handshake(end->conn, in, &used, out, out_len);
	assert_int_equal(used, len);
	return status;
}

static void test_client(void **state)
{
	const char *const replace[] = { client_hello, NULL };
	const char *const flight[] = {
		extensions, certificate, certificate_verify, server_finished,
	};
	struct trace trace = { .replace = replace, .key = client_private };
	struct pair *pair = traced(&trace);
	struct sluice_conn *c = pair->client.conn;
	struct sl_direction sealing = { .seq = 0 };
	uint8_t in[2048], out[4096], data[50];
	size_t len, out_len, i;
	struct octets o;

	(void)state;
	assert_int_equal(give(&pair->client, NULL, 0, out, &out_len),
			 SLUICE_WANT_READ);
	/* as if the trace's ClientHello had been ours */
	c->hs->session_id_len = 0;
	c->hs->offered |= 1U << SL_EXT_RECORD_SIZE_LIMIT |
			 1U << SL_EXT_SERVER_NAME;
	len = plain_record(in, server_hello);
	assert_int_equal(give(&pair->client, in, len, out, &out_len),
			 SLUICE_WANT_READ);

	/* the server's flight, under the key that came out */
	assert_true(sl_keys_install(c, &sealing, c->hs->server_secret));
	expect(sealing.key, 16, "3fce516009c21727d0f2e4e86ee403bc");
	expect(sealing.iv, 12, "5d313eb2671276ee13000b30");
	for (i = 0, len = 5; i < 4; i++) {
		o = hex(flight[i]);
		memcpy(in + len, o.data, o.len);
		len += o.len;
	}
	in[len++] = 22;
	memcpy(in, "\x17\x03\x03", 3);
	in[3] = (uint8_t)((len - 5 + 16) >> 8);
	in[4] = (uint8_t)(len - 5 + 16);
	sl_direction_seal(c, &sealing, in, in + 5, len - 5);
	len += 16;
	expect(in, 37, "17030302a2d1ff334a56f5bff6594a07cc87b580233f500f45e489"
	       "e7f33af35edf7869fcf4");
	sl_keys_wipe(c, &sealing);
	assert_int_equal(give(&pair->client, in, len, out, &out_len),
			 SLUICE_DONE);
	expect_secrets(pair);

	/* change_cipher_spec, which the trace has not, and Finished */
	assert_memory_equal(out, "\x14\x03\x03\x00\x01\x01", 6);
	expect(out + 6, out_len - 6, client_finished_record);
	expect(c->resumption_secret, 32,
	       "7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c");
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	len = sizeof(data);
	out_len = sizeof(out);
	sluice_seal(c, data, &len, out, &out_len);
	expect(out, out_len, client_data_record);
	sluice_close(c);
	len = 0;
	out_len = sizeof(out);
	sluice_seal(c, NULL, &len, out, &out_len);
	expect(out, out_len, client_close_record);
	pair_free(pair);
}

static void test_server(void **state)
{
	/* the first that is hashed is the client's, as it came */
	const char *const replace[] = {
		"", server_hello, extensions, certificate,
		certificate_verify, server_finished, NULL
	};
	struct trace trace = { .replace = replace, .key = server_private };
	struct pair *pair = traced(&trace);
	uint8_t in[1024], out[4096];
	struct octets o;
	size_t len, out_len;
	uint8_t *data;

	(void)state;
	len = plain_record(in, client_hello);
	assert_int_equal(give(&pair->server, in, len, out, &out_len),
			 SLUICE_WANT_READ);
	expect_secrets(pair);
	o = hex(client_finished_record);
	assert_int_equal(give(&pair->server, o.data, o.len, out, &out_len),
			 SLUICE_DONE);
	assert_int_equal(out_len, 0);
	o = hex(client_data_record);
	len = o.len;
	assert_int_equal(sluice_open(pair->server.conn, o.data, &len, &data,
				     &out_len), SLUICE_DATA);
	assert_int_equal(out_len, 50);
	for (len = 0; len < 50; len++)
		assert_int_equal(data[len], len);
	o = hex(client_close_record);
	len = o.len;
	assert_int_equal(sluice_open(pair->server.conn, o.data, &len, &data,
				     &out_len), SLUICE_CLOSED);
	pair_free(pair);
}

/* Section 4: the ClientHello up to its binders, the PSK, the binder. */
static void test_binder(void **state)
{
	static const char hello[] =
		"010001fc03031bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc41"
		"9d7876487d95000006130113031302010001cd0000000b000900000673657276"
		"6572ff01000100000a00140012001d0017001800190100010101020103010400"
		"3300260024001d0020e4ffb68ac05f8d96c99da26698346c6be16482badddafe"
		"051a66b4f18d668f0b002a0000002b0003020304000d0020001e040305030603"
		"020308040805080604010501060102010402050206020202002d00020101001c"
		"0002400100150057000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000000000000000000000000000"
		"0000000000000000000000000000000000000000000000000000000000000000"
		"2900dd00b800b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a"
		"34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc55cd226097a3a98211"
		"7283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3"
		"664d4e6da4d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b"
		"3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c6"
		"21a79141ef5f7de6505e5bfbc388e93343694093934ae4d357fad6aacb";
	static const char resumption[] =
		"7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c";
	struct trace trace = { .key = client_private };
	struct pair *pair = traced(&trace);
	struct sluice_conn *c = pair->client.conn;
	struct sl_session session = { .psk_len = 32 };
	uint8_t mac[32], nonce[2] = { 0, 0 };
	struct octets o = hex(resumption);

	(void)state;
	c->suite = sl_suite_find(SLUICE_AES_128_GCM_SHA256);
	memcpy(c->resumption_secret, o.data, o.len);
	assert_true(sl_ticket_psk(c, nonce, 2, session.psk));
	expect(session.psk, 32, "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3");
	assert_true(sl_transcript_start(c, SLUICE_SHA256));
	assert_true(sl_early_secret(c, c->suite, &session));
	o = hex(hello);
	assert_true(sl_binder_mac(c, c->suite, o.data, o.len, mac));
	expect(mac, 32, "3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d");
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_binder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
