// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit suite of keys.c. The AES-128-GCM keys are those of RFC 8448, section 3;
 * the RFC has no key update and no other suite, so those values come from an
 * independent implementation (Python's hmac and hashlib).
 */
#include <kunit/test.h>
#include <linux/hex.h>
#include <uapi/linux/tls.h>

#include "../keys.h"

struct keys_case {
	const char *name;
	u16 cipher;
	const char *secret;
	const char *key;
	const char *iv;
	const char *next_secret;
	const char *next_key;
};

#define RFC8448_SERVER "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
#define RFC8448_CLIENT "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"

/* 48 octets, in halves. */
#define SHA384_SECRET_1 "000102030405060708090a0b0c0d0e0f1011121314151617"
#define SHA384_SECRET_2 "18191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
#define SHA384_NEXT_1 "401331b63e9d59f202e8f041042d9516f4cd7fa2e2ee1463"
#define SHA384_NEXT_2 "1d3b49fc340d7af37fc2c0c9f252d8036f81ec5b85cbe5db"

static const struct keys_case keys_cases[] = {
	{
		.name = "RFC 8448 server",
		.cipher = TLS_CIPHER_AES_GCM_128,
		.secret = RFC8448_SERVER,
		.key = "9f02283b6c9c07efc26bb9f2ac92e356",
		.iv = "cf782b88dd83549aadf1e984",
		.next_secret = "51921b8aa3001976eb401d0a4319a8516416a6c56001a357e5d162031e84f916",
		.next_key = "2e63be99d67b39097feb9786cf7a15a0",
	}, {
		.name = "RFC 8448 client",
		.cipher = TLS_CIPHER_AES_GCM_128,
		.secret = RFC8448_CLIENT,
		.key = "17422dda596ed5d9acd890e3c63f5051",
		.iv = "5b78923dee08579033e523d9",
	}, {
		.name = "ChaCha20-Poly1305",
		.cipher = TLS_CIPHER_CHACHA20_POLY1305,
		.secret = RFC8448_SERVER,
		.key = "848e80ab93efeb09c572c66873c184f99207c95b0fc817f91e8e7e8e14ac5ca9",
		.iv = "cf782b88dd83549aadf1e984",
		.next_secret = "51921b8aa3001976eb401d0a4319a8516416a6c56001a357e5d162031e84f916",
		.next_key = "9991193bcdd7d62dd68bc8529ba751e7b5180a6c4c99e3ccd690aa9aafebc43c",
	}, {
		.name = "AES-256-GCM, SHA-384",
		.cipher = TLS_CIPHER_AES_GCM_256,
		.secret = SHA384_SECRET_1 SHA384_SECRET_2,
		.key = "6877d022f1c61d24ebb7487c16752d9a4798e40431c75b39320e537c90e23225",
		.iv = "42822531a0fe88648fc09e9f",
		.next_secret = SHA384_NEXT_1 SHA384_NEXT_2,
		.next_key = "eb354f3b48924ed78de34dd8aa6a6a0a51d857ddad1454d5cfa7b69f60712911",
	},
};

static void keys_case_name(const struct keys_case *c, char *name)
{
	strscpy(name, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(keys, keys_cases, keys_case_name);

static void expect_hex(struct kunit *test, const u8 *octets, const char *hex)
{
	u8 want[SLUICE_SECRET_MAX];
	size_t len = strlen(hex) / 2;

	KUNIT_ASSERT_LE(test, len, sizeof(want));
	KUNIT_ASSERT_EQ(test, 0, hex2bin(want, hex, len));
	KUNIT_EXPECT_MEMEQ(test, octets, want, len);
}

static void set_secret(struct kunit *test, const struct keys_case *c,
		       const struct sluice_cipher *cipher,
		       struct sluice_secret *secret)
{
	u8 octets[SLUICE_SECRET_MAX];

	KUNIT_ASSERT_EQ(test, strlen(c->secret), 2 * cipher->secret_len);
	KUNIT_ASSERT_EQ(test, 0,
			hex2bin(octets, c->secret, cipher->secret_len));
	sluice_secret_set(secret, cipher, octets);
}

static void keys_derive(struct kunit *test)
{
	const struct keys_case *c = test->param_value;
	const struct sluice_cipher *cipher = sluice_cipher_find(c->cipher);
	struct sluice_secret secret;
	struct sluice_key key;

	KUNIT_ASSERT_NOT_NULL(test, cipher);
	KUNIT_EXPECT_EQ(test, strlen(c->key), 2 * cipher->key_len);
	set_secret(test, c, cipher, &secret);
	sluice_key_derive(&key, &secret, cipher);
	expect_hex(test, key.key, c->key);
	expect_hex(test, key.iv, c->iv);
}

static void keys_update(struct kunit *test)
{
	const struct keys_case *c = test->param_value;
	const struct sluice_cipher *cipher = sluice_cipher_find(c->cipher);
	struct sluice_secret secret;
	struct sluice_key key;

	if (!c->next_secret)
		kunit_skip(test, "the RFC has no update");
	set_secret(test, c, cipher, &secret);
	sluice_secret_update(&secret, cipher);
	expect_hex(test, secret.octets, c->next_secret);
	sluice_key_derive(&key, &secret, cipher);
	expect_hex(test, key.key, c->next_key);
}

/* A wiped secret is zeros, every octet of it. */
static void keys_wipe(struct kunit *test)
{
	struct sluice_secret secret;
	struct sluice_key key;

	memset(&secret, 0xa5, sizeof(secret));
	memset(&key, 0xa5, sizeof(key));
	sluice_secret_wipe(&secret);
	sluice_key_wipe(&key);
	KUNIT_EXPECT_NULL(test, memchr_inv(&secret, 0, sizeof(secret)));
	KUNIT_EXPECT_NULL(test, memchr_inv(&key, 0, sizeof(key)));
}

/* RFC 9846, section 5.5: 2^24.5 records, so the square is just below 2^49. */
static void keys_limits(struct kunit *test)
{
	u64 limit = sluice_cipher_find(TLS_CIPHER_AES_GCM_128)->record_limit;

	KUNIT_EXPECT_LE(test, limit * limit, 1ULL << 49);
	KUNIT_EXPECT_GT(test, (limit + 1) * (limit + 1), 1ULL << 49);
	KUNIT_EXPECT_EQ(test, limit, sluice_cipher_find(TLS_CIPHER_AES_GCM_256)->record_limit);
	KUNIT_EXPECT_GT(test,
			sluice_cipher_find(TLS_CIPHER_CHACHA20_POLY1305)->record_limit,
			1ULL << 62);
}

static void keys_unknown_ciphers(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, sluice_cipher_find(0));
	KUNIT_EXPECT_NULL(test, sluice_cipher_find(TLS_CIPHER_AES_CCM_128));
	KUNIT_EXPECT_NULL(test, sluice_cipher_find(U16_MAX));
}

static struct kunit_case keys_test_cases[] = {
	KUNIT_CASE_PARAM(keys_derive, keys_gen_params),
	KUNIT_CASE_PARAM(keys_update, keys_gen_params),
	KUNIT_CASE(keys_wipe),
	KUNIT_CASE(keys_limits),
	KUNIT_CASE(keys_unknown_ciphers),
	{}
};

static struct kunit_suite keys_test_suite = {
	.name = "sluice_keys",
	.test_cases = keys_test_cases,
};

kunit_test_suite(keys_test_suite);

MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_DESCRIPTION("KUnit tests of Sluice's key schedule");
MODULE_LICENSE("GPL");
