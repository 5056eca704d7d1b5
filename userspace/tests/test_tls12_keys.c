// SPDX-License-Identifier: MIT
/*
 * TLS 1.2's PRF against vectors that others computed, and a whole handshake that
 * was recorded with OpenSSL's server: the same octets have to go out, and the
 * same keys to come of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "pair.h"
#include "tls12.h"

/* https://www.ietf.org/mail-archive/web/tls/current/msg03416.html */
struct vector {
	uint16_t suite;
	uint8_t secret[16];
	uint8_t seed[16];
	size_t len;
	uint8_t out[148];
};

static const struct vector vectors[] = {
	{
		.suite = SLUICE_ECDHE_RSA_AES_128_GCM_SHA256,
		.secret = {
			0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17,
			0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71, 0xdb, 0x35,
		},
		.seed = {
			0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18,
			0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5, 0x19, 0x8c,
		},
		.len = 100,
		.out = {
			0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b, 0xe1, 0x7b,
			0x8d, 0x12, 0x26, 0x20, 0x55, 0x7c, 0xd4, 0x53,
			0xc2, 0xaa, 0xb2, 0x1d, 0x07, 0xc3, 0xd4, 0x95,
			0x32, 0x9b, 0x52, 0xd4, 0xe6, 0x1e, 0xdb, 0x5a,
			0x6b, 0x30, 0x17, 0x91, 0xe9, 0x0d, 0x35, 0xc9,
			0xc9, 0xa4, 0x6b, 0x4e, 0x14, 0xba, 0xf9, 0xaf,
			0x0f, 0xa0, 0x22, 0xf7, 0x07, 0x7d, 0xef, 0x17,
			0xab, 0xfd, 0x37, 0x97, 0xc0, 0x56, 0x4b, 0xab,
			0x4f, 0xbc, 0x91, 0x66, 0x6e, 0x9d, 0xef, 0x9b,
			0x97, 0xfc, 0xe3, 0x4f, 0x79, 0x67, 0x89, 0xba,
			0xa4, 0x80, 0x82, 0xd1, 0x22, 0xee, 0x42, 0xc5,
			0xa7, 0x2e, 0x5a, 0x51, 0x10, 0xff, 0xf7, 0x01,
			0x87, 0x34, 0x7b, 0x66,
		},
	}, {
		.suite = SLUICE_ECDHE_RSA_AES_256_GCM_SHA384,
		.secret = {
			0xb8, 0x0b, 0x73, 0x3d, 0x6c, 0xee, 0xfc, 0xdc,
			0x71, 0x56, 0x6e, 0xa4, 0x8e, 0x55, 0x67, 0xdf,
		},
		.seed = {
			0xcd, 0x66, 0x5c, 0xf6, 0xa8, 0x44, 0x7d, 0xd6,
			0xff, 0x8b, 0x27, 0x55, 0x5e, 0xdb, 0x74, 0x65,
		},
		.len = 148,
		.out = {
			0x7b, 0x0c, 0x18, 0xe9, 0xce, 0xd4, 0x10, 0xed,
			0x18, 0x04, 0xf2, 0xcf, 0xa3, 0x4a, 0x33, 0x6a,
			0x1c, 0x14, 0xdf, 0xfb, 0x49, 0x00, 0xbb, 0x5f,
			0xd7, 0x94, 0x21, 0x07, 0xe8, 0x1c, 0x83, 0xcd,
			0xe9, 0xca, 0x0f, 0xaa, 0x60, 0xbe, 0x9f, 0xe3,
			0x4f, 0x82, 0xb1, 0x23, 0x3c, 0x91, 0x46, 0xa0,
			0xe5, 0x34, 0xcb, 0x40, 0x0f, 0xed, 0x27, 0x00,
			0x88, 0x4f, 0x9d, 0xc2, 0x36, 0xf8, 0x0e, 0xdd,
			0x8b, 0xfa, 0x96, 0x11, 0x44, 0xc9, 0xe8, 0xd7,
			0x92, 0xec, 0xa7, 0x22, 0xa7, 0xb3, 0x2f, 0xc3,
			0xd4, 0x16, 0xd4, 0x73, 0xeb, 0xc2, 0xc5, 0xfd,
			0x4a, 0xbf, 0xda, 0xd0, 0x5d, 0x91, 0x84, 0x25,
			0x9b, 0x5b, 0xf8, 0xcd, 0x4d, 0x90, 0xfa, 0x0d,
			0x31, 0xe2, 0xde, 0xc4, 0x79, 0xe4, 0xf1, 0xa2,
			0x60, 0x66, 0xf2, 0xee, 0xa9, 0xa6, 0x92, 0x36,
			0xa3, 0xe5, 0x26, 0x55, 0xc9, 0xe9, 0xae, 0xe6,
			0x91, 0xc8, 0xf3, 0xa2, 0x68, 0x54, 0x30, 0x8d,
			0x5e, 0xaa, 0x3b, 0xe8, 0x5e, 0x09, 0x90, 0x70,
			0x3d, 0x73, 0xe5, 0x6f,
		},
	},
};

static void test_prf(void **state)
{
	struct pair *pair = pair_new(KEY_P256);
	struct sluice_conn *c = pair->client.conn;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		const struct vector *v = &vectors[i];
		/* in two parts, which is the same as one */
		const struct sluice_octets seed[2] = {
			{ v->seed, 5 }, { v->seed + 5, sizeof(v->seed) - 5 },
		};
		uint8_t out[sizeof(v->out)];

		for (len = 1; len <= v->len; len++) {
			memset(out, 0, sizeof(out));
			assert_true(sl_tls12_prf(c, sl_suite_find(v->suite),
						 v->secret, sizeof(v->secret),
						 "test label", seed, 2, out,
						 len));
			assert_memory_equal(out, v->out, len);
			assert_true(len == sizeof(out) || !out[len]);
		}
	}
	pair_free(pair);
}

/*
 * With `openssl s_server -tls1_2 -no_ticket` of OpenSSL 3.5: the client's random
 * octets are 0x40 and on, its private key is 1, 2, and so on to 32. Its hello
 * may have grown since, so the one of then takes its place in the transcript.
 */
struct recording {
	uint16_t suite;
	const char *hello;
	const char *flight;
	const char *answer;
	const char *finished;
	const char *sent;
	const char *received;
	const char *export;
	const char *keylog;
};

static const struct recording recordings[] = {
	{
		.suite = SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256,
		.hello =
			"010000960303404142434445464748494a4b4c4d4e4f50515253545556575859"
			"5a5b5c5d5e5f000002c02b0100006b0000000e000c0000096c6f63616c686f73"
			"74000a00060004001d0017000d001c001a040305030603080708040805080608"
			"09080a080b0401050106010032001c001a040305030603080708040805080608"
			"09080a080b040105010601000b0002010000170000ff01000100",
		.flight =
			"160303005d0200005903036b2a550dce0aefb689d975ec3ef5b0386f8a8ffd3e"
			"87b046fa4db483603a864b20ab531ed6d30d98f8fa110b80f8f64b99f03f01ff"
			"0f4e2f79fb1144c1b0c112fbc02b000011ff01000100000b0004030001020017"
			"0000160303018b0b0001870001840001813082017d30820123a0030201020214"
			"35f237884e76e824cc137436b338b7f29b849e01300a06082a8648ce3d040302"
			"30143112301006035504030c096c6f63616c686f7374301e170d323631313235"
			"3034313131325a170d3236313132373034313131325a30143112301006035504"
			"030c096c6f63616c686f73743059301306072a8648ce3d020106082a8648ce3d"
			"030107034200047ee7357dffda68b6f42201008359cfb9641e8c1e29a03edd6a"
			"ce0fc92c594a7ace3f64734825f1b8d1e810d382a52cc1b5816366ac14f47af9"
			"8d4269a002ab1ea3533051301d0603551d0e04160414bb9dae2751b750180bdf"
			"480c64a66d390119247e301f0603551d23041830168014bb9dae2751b750180b"
			"df480c64a66d390119247e300f0603551d130101ff040530030101ff300a0608"
			"2a8648ce3d0403020348003045022019a869ca678206d5d44b23e99be3a4ca7c"
			"2ab4ea39581dfa4e35bfb04f4dc07b022100f3627e420daa1d712b1397584d5d"
			"654ef808d6a928e30f01bfb78ca69414048e16030300740c00007003001d20bf"
			"6e1054546b51905313f42b886f6017a6a1122d7e02d6531dd87e54c21b2a5704"
			"0300483046022100f1a43bb032e2d189aafb94a1ba208303a2ff1bbd97370ee2"
			"8cb29b22544dbf75022100f6a762da1563a66f87f1866a31c840d12643a4011e"
			"f077c80133471647768bb516030300040e000000",
		.answer =
			"1603030025100000212007a37cbc142093c8b755dc1b10e86cb426374ad16aa8"
			"53ed0bdfc0b2b86d1c7c14030300010116030300280000000000000000902222"
			"90fc7cf9bf25cfc838eb1bdd4a1349f40da9af3f74a025f8bbb55d1bd9",
		.finished =
			"14030300010116030300283feb74d10b0e40f96a4da3a8278d8efb9ed7737e0a"
			"207f6e473e81397c5e76353a763407cd0a7dd6",
		.sent =
			"170303001d0000000000000001354687a5a69457bf9c0b3170203da34625c33b"
			"04d8",
		.received =
			"170303001e3feb74d10b0e40fa9d7e96d86081ba97e25656ec4b2e1637db0a1d"
			"793f2d",
		.export =
			"b5131267498ddb6078c8ebae49f23be4d155a99e0a5f3dcd3908a06ed84a146c",
		.keylog =
			"CLIENT_RANDOM "
			"404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f "
			"a8018f78c562c87057842474a74e287073aad4c7b1adbdfbc60a5a793775e3b5"
			"ce0bf1950ace17ec255c0392304e91cf",
	},
	{
		.suite = SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
		.hello =
			"010000960303404142434445464748494a4b4c4d4e4f50515253545556575859"
			"5a5b5c5d5e5f000002cca90100006b0000000e000c0000096c6f63616c686f73"
			"74000a00060004001d0017000d001c001a040305030603080708040805080608"
			"09080a080b0401050106010032001c001a040305030603080708040805080608"
			"09080a080b040105010601000b0002010000170000ff01000100",
		.flight =
			"160303005d020000590303873bdd8dee1d188b894b616ca4848b6bd28c054bf2"
			"ecc484fa22f21348dff67e201e5cea7cc2965141d5d2890c3697bb514aaed29c"
			"13ae059d22f9216e0609043fcca9000011ff01000100000b0004030001020017"
			"0000160303018b0b0001870001840001813082017d30820123a0030201020214"
			"35f237884e76e824cc137436b338b7f29b849e01300a06082a8648ce3d040302"
			"30143112301006035504030c096c6f63616c686f7374301e170d323631313235"
			"3034313131325a170d3236313132373034313131325a30143112301006035504"
			"030c096c6f63616c686f73743059301306072a8648ce3d020106082a8648ce3d"
			"030107034200047ee7357dffda68b6f42201008359cfb9641e8c1e29a03edd6a"
			"ce0fc92c594a7ace3f64734825f1b8d1e810d382a52cc1b5816366ac14f47af9"
			"8d4269a002ab1ea3533051301d0603551d0e04160414bb9dae2751b750180bdf"
			"480c64a66d390119247e301f0603551d23041830168014bb9dae2751b750180b"
			"df480c64a66d390119247e300f0603551d130101ff040530030101ff300a0608"
			"2a8648ce3d0403020348003045022019a869ca678206d5d44b23e99be3a4ca7c"
			"2ab4ea39581dfa4e35bfb04f4dc07b022100f3627e420daa1d712b1397584d5d"
			"654ef808d6a928e30f01bfb78ca69414048e16030300740c00007003001d2092"
			"2bc2a9f294534b2fc202f4f184ccd63bbb600329ef90a7c84df333e1d1955d04"
			"0300483046022100937fb7d16fa18b496de353919ab6dbf92ec8847be8e582d8"
			"7348dc4408825454022100cbf971718881df8a2a10a01f1ce422e638a8d76246"
			"526eb81df66f993ff08df116030300040e000000",
		.answer =
			"1603030025100000212007a37cbc142093c8b755dc1b10e86cb426374ad16aa8"
			"53ed0bdfc0b2b86d1c7c1403030001011603030020382e0f4862d2fdc8e26a8d"
			"fa06f17f539bf5e7930dc64c0eba62fd91323b6ce4",
		.finished =
			"1403030001011603030020c7eca1763ee403c4e14f574b32365ba3b31648f937"
			"ada63731594aa589d563d3",
		.sent =
			"1703030015b9d8c15ec6c4bcceab9c0fdb6fa47103bb5ed659c2",
		.received =
			"1703030016f9cf1a5ce46dcfa60b80336749cda1c00b33bad85143",
		.export =
			"4c58993fc3af0f0acff9cd88c3441cdf0afcdfc9a48ff3dc5e1c77843d0b543f",
		.keylog =
			"CLIENT_RANDOM "
			"404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f "
			"02a491a50f786596c83b15e5d2da158672c4e37a95b66787f4135cd675e7934b"
			"3b144ed703434b961190c3ae94b4b664",
	},
};

struct octets {
	uint8_t data[2048];
	size_t len;
};

static struct octets hex(const char *text)
{
	struct octets o = { .len = 0 };
	char digits[3] = "";

	for (; *text; text += 2) {
		memcpy(digits, text, 2);
		assert_true(o.len < sizeof(o.data));
		o.data[o.len++] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return o;
}

static int count_up(void *ctx, uint8_t *out, size_t len)
{
	(void)ctx;
	while (len--)
		out[len] = (uint8_t)(0x40 + len);
	return 0;
}

static void old_hello(void *ctx, const uint8_t **data, size_t *len)
{
	const struct octets *hello = ctx;

	if (*len > 4 && (*data)[0] == SL_CLIENT_HELLO) {
		*data = hello->data;
		*len = hello->len;
	}
}

static int respond(void *ctx, const uint8_t *peer, size_t peer_len,
		   uint8_t *share, size_t *share_len, uint8_t *shared,
		   size_t *shared_len)
{
	uint8_t private[32];
	EVP_PKEY *own, *theirs;
	EVP_PKEY_CTX *derive;
	size_t i;

	(void)ctx;
	for (i = 0; i < sizeof(private); i++)
		private[i] = (uint8_t)(i + 1);
	own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private, 32);
	theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer,
					     peer_len);
	*share_len = 32;
	*shared_len = 32;
	assert_int_equal(EVP_PKEY_get_raw_public_key(own, share, share_len), 1);
	derive = EVP_PKEY_CTX_new(own, NULL);
	assert_int_equal(EVP_PKEY_derive_init(derive), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(derive, theirs), 1);
	assert_int_equal(EVP_PKEY_derive(derive, shared, shared_len), 1);
	EVP_PKEY_CTX_free(derive);
	EVP_PKEY_free(own);
	EVP_PKEY_free(theirs);
	return 0;
}

/* Give it what the server said; it has to say what it said then. */
static void go_on(struct sluice_conn *c, const char *in, const char *out,
		  enum sluice_status status)
{
	struct octets got = hex(in), want = hex(out);
	uint8_t said[4096];
	size_t used = got.len, len = sizeof(said);

	assert_int_equal(sluice_handshake(c, got.data, &used, said, &len),
			 status);
	assert_int_equal(used, got.len);
	assert_int_equal(len, want.len);
	assert_memory_equal(said, want.data, len);
}

static void test_recorded(void **state)
{
	static const uint16_t groups[] = {
		SLUICE_X25519, SLUICE_SECP256R1, 0
	};
	struct pair *pair = pair_new(KEY_P256);
	struct end *client = &pair->client;
	size_t i;

	(void)state;
	client->config.max_version = SLUICE_TLS_1_2;
	client->config.groups = groups;
	client->config.no_verify = true;
	client->provider.random = count_up;
	client->provider.hashing = old_hello;
	client->provider.kx_respond = respond;
	for (i = 0; i < sizeof(recordings) / sizeof(recordings[0]); i++) {
		const struct recording *r = &recordings[i];
		const uint16_t suites[] = { r->suite, 0 };
		struct octets hello = hex(r->hello), sent = hex(r->sent);
		struct octets received = hex(r->received);
		uint8_t buf[4096], *data;
		size_t none = 0, len = sizeof(buf), used;

		client->config.suites = suites;
		client->provider.ctx = &hello;
		pair_reset(pair);
		assert_int_equal(sluice_handshake(client->conn, NULL, &none,
						  buf, &len),
				 SLUICE_WANT_READ);
		go_on(client->conn, r->flight, r->answer, SLUICE_WANT_READ);
		go_on(client->conn, r->finished, "", SLUICE_DONE);
		assert_string_equal(pair->keylog[0], r->keylog);

		used = 5;
		len = sizeof(buf);
		assert_int_equal(sluice_seal(client->conn,
					     (const uint8_t *)"hello", &used,
					     buf, &len), SLUICE_DONE);
		assert_int_equal(len, sent.len);
		assert_memory_equal(buf, sent.data, len);
		used = received.len;
		assert_int_equal(sluice_open(client->conn, received.data, &used,
					     &data, &len), SLUICE_DATA);
		assert_int_equal(len, 6);
		assert_memory_equal(data, "world\n", 6);
		assert_int_equal(sluice_export(client->conn,
					       "EXPERIMENTAL-test", NULL, 0,
					       buf, 32), 0);
		assert_memory_equal(buf, hex(r->export).data, 32);
	}
	pair_free(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prf),
		cmocka_unit_test(test_recorded),
	};

	return cmocka_run_group_tests_name("tls12_keys", tests, NULL, NULL);
}
