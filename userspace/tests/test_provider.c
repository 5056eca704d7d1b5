// SPDX-License-Identifier: MIT
/* A provider: known vectors, hostile input, certificates. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pair.h"

static struct sluice_provider *p;

static size_t hex(uint8_t *to, const char *text)
{
	size_t n = 0;
	unsigned int octet;

	for (; *text; text += 2) {
		assert_int_equal(sscanf(text, "%2x", &octet), 1);
		to[n++] = (uint8_t)octet;
	}
	return n;
}

/* FIPS 180-4's "abc", in two pieces, with a clone in between. */
static void hashes(void **state)
{
	static const char *const want[] = {
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		"cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
	};
	uint8_t expected[48], got[48];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct sluice_hash_ctx *a = p->hash_new(p, i), *b;
		size_t len = hex(expected, want[i]);

		assert_int_equal(p->hash_update(p, a, (const uint8_t *)"a", 1), 0);
		assert_int_equal(p->hash_digest(p, a, got), 0);
		b = p->hash_clone(p, a);
		assert_int_equal(p->hash_update(p, a, (const uint8_t *)"x", 1), 0);
		assert_int_equal(p->hash_update(p, b, (const uint8_t *)"bc", 2), 0);
		assert_int_equal(p->hash_digest(p, b, got), 0);
		assert_memory_equal(got, expected, len);
		p->hash_free(p, a);
		p->hash_free(p, b);
	}
}

/* RFC 4231, test case 2; and an empty key. */
static void hmacs(void **state)
{
	static const char data[] = "what do ya want for nothing?";
	uint8_t expected[48], got[48];

	(void)state;
	hex(expected, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_int_equal(p->hmac(p, SLUICE_SHA256, (const uint8_t *)"Jefe", 4,
				 (const uint8_t *)data, 28, got), 0);
	assert_memory_equal(got, expected, 32);
	hex(expected, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649");
	assert_int_equal(p->hmac(p, SLUICE_SHA384, (const uint8_t *)"Jefe", 4,
				 (const uint8_t *)data, 28, got), 0);
	assert_memory_equal(got, expected, 48);
	hex(expected, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
	assert_int_equal(p->hmac(p, SLUICE_SHA256, NULL, 0,
				 (const uint8_t *)"", 0, got), 0);
	assert_memory_equal(got, expected, 32);
}

/* RFC 8439, section 2.8.2, and NIST's GCM test cases 4 and 16 (96-bit IV). */
static void aeads(void **state)
{
	static const struct {
		enum sluice_aead aead;
		const char *key, *nonce, *ad, *plain, *sealed;
	} cases[] = {
		{ SLUICE_AEAD_AES_128_GCM, "feffe9928665731c6d6a8f9467308308",
		  "cafebabefacedbaddecaf888",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		  "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47" },
		{ SLUICE_AEAD_AES_256_GCM,
		  "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		  "cafebabefacedbaddecaf888",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b" },
		{ SLUICE_AEAD_CHACHA20_POLY1305,
		  "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
		  "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
		  "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
		  "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint8_t key[32], nonce[12], ad[32], data[256], plain[256], want[256];
		struct sluice_aead_ctx *seal, *open;
		size_t ad_len, len;

		hex(key, cases[i].key);
		hex(nonce, cases[i].nonce);
		ad_len = hex(ad, cases[i].ad);
		len = hex(plain, cases[i].plain);
		assert_int_equal(hex(want, cases[i].sealed), len + 16);
		seal = p->aead_new(p, cases[i].aead, key);
		open = p->aead_new(p, cases[i].aead, key);
		assert_non_null(seal);
		assert_non_null(open);

		memcpy(data, plain, len);
		assert_int_equal(p->aead_seal(p, seal, nonce, ad, ad_len, data, len), 0);
		assert_memory_equal(data, want, len + 16);
		assert_int_equal(p->aead_open(p, open, nonce, ad, ad_len, data, len + 16), 0);
		assert_memory_equal(data, plain, len);

		/* From pieces of any length, it comes out the same. */
		for (size_t cut = 0; p->aead_seal_from && cut <= len; cut++) {
			const struct sluice_octets pieces[] = {
				{ plain, cut }, { plain + cut, (len - cut) / 2 },
				{ plain + cut + (len - cut) / 2,
				  len - cut - (len - cut) / 2 },
			};

			memset(data, 0xaa, sizeof(data));
			assert_int_equal(p->aead_seal_from(p, seal, nonce, ad, ad_len,
							   pieces, 3, data), 0);
			assert_memory_equal(data, want, len + 16);
			assert_int_equal(data[len + 16], 0xaa);
		}

		/* Every bit, and every shorter length, is noticed. */
		for (size_t bit = 0; bit < 8 * (len + 16); bit++) {
			memcpy(data, want, len + 16);
			data[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(p->aead_open(p, open, nonce, ad, ad_len, data, len + 16), 20);
			/* and what nobody vouches for is not shown */
			assert_memory_not_equal(data, plain, len);
		}
		for (size_t cut = 0; cut < len + 16; cut++) {
			memcpy(data, want, len + 16);
			assert_int_equal(p->aead_open(p, open, nonce, ad, ad_len, data, cut), 20);
		}
		memcpy(data, want, len + 16);
		assert_int_equal(p->aead_open(p, open, nonce, ad, ad_len - 1, data, len + 16), 20);
		p->aead_free(p, seal);
		p->aead_free(p, open);
	}
}

/* Points of a small order on Curve25519, and on its twist. */
static const char *const low_order[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
	"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

/* Both sides get the same secret; bad shares are the peer's fault. */
static void exchanges(void **state)
{
	static const uint16_t groups[] = {
		SLUICE_X25519, SLUICE_SECP256R1, SLUICE_SECP384R1,
		SLUICE_SECP521R1, SLUICE_X25519MLKEM768,
		SLUICE_SECP256R1MLKEM768,
	};
	uint8_t client[SLUICE_SHARE_MAX], server[SLUICE_SHARE_MAX];
	uint8_t one[SLUICE_SHARED_MAX], two[SLUICE_SHARED_MAX];
	size_t client_len, server_len, one_len, two_len;

	(void)state;
	assert_false(p->group_offered(p, 0));
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		uint16_t group = groups[i];
		struct sluice_kx *kx;

		if (!p->group_offered(p, group))
			continue;	/* OpenSSL before 3.5 */
		kx = p->kx_new(p, group, client, &client_len);
		assert_non_null(kx);
		assert_int_equal(p->kx_respond(p, group, client, client_len,
					       server, &server_len, one, &one_len), 0);
		assert_int_equal(p->kx_finish(p, kx, server, server_len, two, &two_len), 0);
		assert_int_equal(one_len, two_len);
		assert_memory_equal(one, two, one_len);

		for (size_t len = 0; len < client_len; len += len < 70 ? 1 : 50)
			assert_int_equal(p->kx_respond(p, group, client, len, server,
						       &server_len, one, &one_len), 47);
		assert_int_equal(p->kx_finish(p, kx, client, 3, two, &two_len), 47);
		if (group >= SLUICE_SECP256R1 && group <= SLUICE_SECP521R1) {
			client[client_len - 1] ^= 1;	/* off the curve */
			assert_int_equal(p->kx_respond(p, group, client, client_len, server,
						       &server_len, one, &one_len), 47);
			client[0] = 2;			/* compressed */
			assert_int_equal(p->kx_respond(p, group, client, client_len, server,
						       &server_len, one, &one_len), 47);
		} else if (group == SLUICE_X25519) {
			/* all that give zero, also those that are not reduced */
			for (size_t k = 0; k < sizeof(low_order) / sizeof(*low_order); k++) {
				hex(client, low_order[k]);
				assert_int_equal(p->kx_respond(p, group, client, 32, server,
							       &server_len, one, &one_len), 47);
			}
		}
		p->kx_free(p, kx);
	}
}

static void load(uint16_t group, const char *secret, const char *public,
		 size_t public_len)
{
	uint8_t key[33], known[SLUICE_SHARE_MAX], share[SLUICE_SHARE_MAX];
	uint8_t other[SLUICE_SHARE_MAX];
	uint8_t one[SLUICE_SHARED_MAX], two[SLUICE_SHARED_MAX];
	size_t len, other_len, one_len, two_len;
	struct sluice_kx *kx;

	hex(key, secret);
	key[32] = 0;
	hex(known, public);
	kx = p->kx_load(p, group, key, 32, share, &len);
	assert_non_null(kx);
	assert_int_equal(len, public_len);
	assert_memory_equal(share, known, len);
	assert_int_equal(p->kx_respond(p, group, share, len, other,
				       &other_len, one, &one_len), 0);
	assert_int_equal(p->kx_finish(p, kx, other, other_len, two, &two_len), 0);
	assert_int_equal(one_len, two_len);
	assert_memory_equal(one, two, one_len);
	p->kx_free(p, kx);
	for (len = 0; len <= 33; len++) {
		if (len != 32)
			assert_null(p->kx_load(p, group, key, len, share,
					       &one_len));
	}
}

/* Private keys from elsewhere: RFC 9180, appendices A.1.1 and A.3.1. */
static void loads(void **state)
{
	static const char order[] =
		"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
	uint8_t key[32], share[SLUICE_SHARE_MAX];
	size_t len;

	(void)state;
	if (!p->kx_load || !p->group_offered(p, SLUICE_X25519))
		skip();
	load(SLUICE_X25519,
	     "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
	     "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d", 32);
	hex(key, order);
	assert_null(p->kx_load(p, 0, key, 32, share, &len));
	if (!p->group_offered(p, SLUICE_SECP256R1))
		return;
	load(SLUICE_SECP256R1,
	     "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
	     "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0", 65);
	/* one below the order is minus the base point, */
	load(SLUICE_SECP256R1,
	     "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
	     "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a", 65);
	/* and nothing is above it */
	assert_null(p->kx_load(p, SLUICE_SECP256R1, key, 32, share, &len));
	memset(key, 0xff, 32);
	assert_null(p->kx_load(p, SLUICE_SECP256R1, key, 32, share, &len));
	memset(key, 0, 32);
	assert_null(p->kx_load(p, SLUICE_SECP256R1, key, 32, share, &len));
}

/* A certificate signed by another, or by itself, written out as PEM. */
static X509 *make_cert(EVP_PKEY *key, const char *names, X509 *issuer,
		       EVP_PKEY *issuer_key, long from, long until,
		       const char *usage)
{
	X509 *cert = X509_new();
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	static long serial;

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), from);
	X509_gmtime_adj(X509_getm_notAfter(cert), until);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
				   (const unsigned char *)(names ? "leaf.test" : "root"),
				   -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert));
	X509V3_set_ctx(&ctx, issuer ? issuer : cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints,
				  names ? "critical,CA:FALSE" : "critical,CA:TRUE");
	X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	if (names) {
		ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names);
		X509_add_ext(cert, ext, -1);
		X509_EXTENSION_free(ext);
	}
	if (usage) {
		ext = X509V3_EXT_conf_nid(NULL, &ctx, NID_ext_key_usage, usage);
		X509_add_ext(cert, ext, -1);
		X509_EXTENSION_free(ext);
	}
	assert_true(X509_sign(cert, issuer_key,
			      EVP_PKEY_is_a(issuer_key, "ED25519") ?
			      NULL : EVP_sha256()) > 0);
	return cert;
}

struct chain {
	EVP_PKEY *root_key, *leaf_key;
	X509 *root;
	struct sluice_trust *trust;
};

static void chain_begin(struct chain *c)
{
	char path[] = "/tmp/sluice-test-XXXXXX", why[SLUICE_WHY_MAX];
	FILE *file = fdopen(mkstemp(path), "w");

	c->root_key = EVP_EC_gen("P-256");
	c->leaf_key = EVP_EC_gen("P-256");
	c->root = make_cert(c->root_key, NULL, NULL, c->root_key, -3600, 86400, NULL);
	assert_true(PEM_write_X509(file, c->root));
	fclose(file);
	c->trust = test_backend()->trust_new(p);
	assert_int_equal(test_backend()->trust_file(c->trust, path, why), 0);
	unlink(path);
}

static void chain_end(struct chain *c)
{
	test_backend()->trust_free(c->trust);
	X509_free(c->root);
	EVP_PKEY_free(c->root_key);
	EVP_PKEY_free(c->leaf_key);
}

/* 0 or the alert for a certificate, checked for this name. */
static int verify_as(struct chain *c, X509 *cert, const char *name, bool server)
{
	const struct sluice_peer peer = {
		.name = name, .server = server, .now = time(NULL),
	};
	struct sluice_pubkey *key = NULL;
	struct sluice_octets der;
	const char *reason = NULL;
	unsigned char *data = NULL;
	int rc;

	der.len = (size_t)i2d_X509(cert, &data);
	der.data = data;
	rc = p->verify_chain(p, c->trust, &der, 1, &peer, &key, &reason);
	if (rc)
		assert_non_null(reason);
	else
		p->pubkey_free(p, key);
	OPENSSL_free(data);
	return rc;
}

static int verify(struct chain *c, X509 *cert, const char *name)
{
	return verify_as(c, cert, name, true);
}

static void names(void **state)
{
	static const struct {
		const char *names, *name;
		int rc;
	} cases[] = {
		{ "DNS:a.test", "a.test", 0 },
		{ "DNS:a.test", "A.TEST", 0 },
		{ "DNS:a.test", "a.test.", 0 },
		{ "DNS:a.test", "b.test", 42 },
		{ "DNS:a.test", "x.a.test", 42 },
		{ "DNS:*.a.test", "x.a.test", 0 },
		{ "DNS:*.a.test", "X.A.Test.", 0 },
		{ "DNS:*.a.test", "x.a.tes", 42 },
		{ "DNS:*.a.test", ".a.test", 42 },
		{ "DNS:a.test", "a.tes", 42 },
		{ "DNS:*.a.test", "a.test", 42 },
		{ "DNS:*.a.test", "x.y.a.test", 42 },
		{ "DNS:x*.a.test", "xy.a.test", 42 },
		/* the common name is leaf.test */
		{ "DNS:a.test", "leaf.test", 42 },
		{ "IP:192.0.2.1", "leaf.test", 42 },
		{ "IP:192.0.2.1", "192.0.2.1", 0 },
		{ "IP:192.0.2.1", "192.0.2.2", 42 },
		{ "DNS:192.0.2.1", "192.0.2.1", 42 },
		{ "IP:2001:db8::1", "2001:db8::1", 0 },
		{ "IP:2001:db8::1", "2001:DB8:0:0:0:0:0:1", 0 },
		{ "IP:2001:db8::1", "2001:db8::2", 42 },
		{ "IP:192.0.2.1", "::ffff:192.0.2.1", 42 },
		{ "DNS:a.test", "", 42 },
		{ "DNS:a.test", ".", 42 },
		{ "DNS:a.test", ".test", 42 },
		{ "email:a@a.test", "a.test", 42 },
	};
	struct chain c;

	(void)state;
	chain_begin(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		X509 *cert = make_cert(c.leaf_key, cases[i].names, c.root,
				       c.root_key, -60, 3600, "serverAuth");
		int rc = verify(&c, cert, cases[i].name);

		if (rc != cases[i].rc)
			fail_msg("%s for %s: %d", cases[i].names, cases[i].name, rc);
		X509_free(cert);
	}
	chain_end(&c);
}

static void paths(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256"), *weak = EVP_RSA_gen(1024);
	const struct sluice_peer peer = { .server = true, .now = time(NULL) };
	const uint8_t garbage[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	const struct sluice_octets der = { garbage, sizeof(garbage) };
	struct sluice_pubkey *key;
	const char *reason;
	struct chain c;
	X509 *cert;

	(void)state;
	chain_begin(&c);
	cert = make_cert(c.leaf_key, "DNS:a.test", c.root, c.root_key, -7200, -3600, NULL);
	assert_int_equal(verify(&c, cert, "a.test"), 45);	/* expired */
	X509_free(cert);
	cert = make_cert(c.leaf_key, "DNS:a.test", c.root, c.root_key, 3600, 7200, NULL);
	assert_int_equal(verify(&c, cert, "a.test"), 45);	/* not yet */
	X509_free(cert);
	cert = make_cert(c.leaf_key, "DNS:a.test", c.root, c.root_key, -60, 3600, "clientAuth");
	assert_int_equal(verify(&c, cert, "a.test"), 43);	/* not a server */
	X509_free(cert);
	cert = make_cert(c.leaf_key, "DNS:a.test", NULL, c.leaf_key, -60, 3600, NULL);
	assert_int_equal(verify(&c, cert, "a.test"), 48);	/* self-signed */
	X509_free(cert);
	cert = make_cert(c.leaf_key, "DNS:a.test", c.root, other, -60, 3600, NULL);
	assert_int_not_equal(verify(&c, cert, "a.test"), 0);	/* forged */
	X509_free(cert);
	cert = make_cert(weak, "DNS:a.test", c.root, c.root_key, -60, 3600, NULL);
	assert_int_equal(verify(&c, cert, "a.test"), 42);	/* 1024 bits */
	X509_free(cert);
	assert_int_equal(p->verify_chain(p, c.trust, &der, 1, &peer, &key, &reason), 42);
	assert_int_equal(p->verify_chain(p, c.trust, &der, 0, &peer, &key, &reason), 42);
	chain_end(&c);
	EVP_PKEY_free(other);
	EVP_PKEY_free(weak);
}

/* What may be a server may not be a client, and the other way round. */
static void purposes(void **state)
{
	static const struct {
		const char *usage;
		int server, client;
	} cases[] = {
		{ NULL, 0, 0 },
		{ "serverAuth", 0, 43 },
		{ "clientAuth", 43, 0 },
		{ "serverAuth,clientAuth", 0, 0 },
		{ "codeSigning", 43, 43 },
	};
	struct chain c;

	(void)state;
	chain_begin(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		X509 *cert = make_cert(c.leaf_key, "DNS:a.test", c.root,
				       c.root_key, -60, 3600, cases[i].usage);

		assert_int_equal(verify(&c, cert, "a.test"), cases[i].server);
		assert_int_equal(verify_as(&c, cert, NULL, false), cases[i].client);
		X509_free(cert);
	}
	chain_end(&c);
}

static void list(void *ctx, enum sluice_name type, const char *name)
{
	size_t len = strlen(ctx);

	snprintf((char *)ctx + len, 256 - len, "%d:%s ", (int)type, name);
}

/* What a certificate calls its owner. */
static void told_names(void **state)
{
	char got[256] = "";
	uint8_t *data = NULL;
	struct chain c;
	size_t len;
	X509 *cert;

	(void)state;
	chain_begin(&c);
	cert = make_cert(c.leaf_key, "DNS:a.test,IP:192.0.2.1,IP:2001:db8::1,email:a@a.test,"
			 "URI:urn:a,RID:1.2.3,DNS:b c", c.root, c.root_key, -60, 3600, NULL);
	len = (size_t)i2d_X509(cert, &data);
	assert_int_equal(test_backend()->names(p, data, len, list, got), 0);
	assert_string_equal(got, "0:CN=leaf.test 1:a.test 2:192.0.2.1 2:2001:db8::1 3:a@a.test 4:urn:a ");
	while (len--)
		assert_int_equal(test_backend()->names(p, data, len, list, got), -1);
	OPENSSL_free(data);
	X509_free(cert);
	chain_end(&c);
}

/* What it says beside its names; a number of a negative is still one. */
static void told_certificate(void **state)
{
	struct sluice_certificate info;
	uint8_t *data = NULL;
	time_t now = time(NULL);
	struct chain c;
	size_t len;
	X509 *cert;

	(void)state;
	chain_begin(&c);
	cert = make_cert(c.leaf_key, "DNS:a.test", c.root, c.root_key, -60,
			 3600, NULL);
	len = (size_t)i2d_X509(cert, &data);
	assert_int_equal(test_backend()->certificate(p, data, len, &info), 0);
	assert_string_equal(info.issuer, "CN=root");
	assert_true(llabs(info.not_before - (now - 60)) <= 2);
	assert_true(llabs(info.not_after - (now + 3600)) <= 2);
	assert_string_equal(info.key, "EC 256");
	assert_non_null(strstr(info.signature, "SHA256"));
	assert_true(strlen(info.serial) >= 2);
	while (len--)
		assert_int_equal(test_backend()->certificate(p, data, len, &info), -1);
	OPENSSL_free(data);
	X509_free(cert);
	chain_end(&c);
}

/* Each kind of key signs with its schemes, and with no other's. */
static void signatures(void **state)
{
	static const uint16_t all[] = {
		0x0401, 0x0403, 0x0501, 0x0503, 0x0601, 0x0603, 0x0804, 0x0805,
		0x0806, 0x0807, 0x0809, 0x080a, 0x080b, 0x0201, 0,
	};
	EVP_PKEY *keys[] = {
		EVP_EC_gen("P-256"), EVP_EC_gen("P-384"), EVP_RSA_gen(2048),
		EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_EC_gen("P-521"),
	};
	static const enum key_type types[] = {
		KEY_P256, KEY_P384, KEY_RSA, KEY_ED25519, KEY_P521,
	};
	static const size_t counts[] = { 1, 1, 6, 1, 1 };
	const uint8_t text[] = "signed";

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		char path[] = "/tmp/sluice-test-XXXXXX", why[SLUICE_WHY_MAX];
		const struct sluice_peer peer = { .server = true };
		FILE *file = fdopen(mkstemp(path), "w");
		X509 *cert = make_cert(keys[i], "DNS:a.test", NULL, keys[i],
				       -60, 3600, NULL);
		struct sluice_octets chain[SLUICE_CHAIN_MAX];
		struct sluice_credential *cred;
		struct sluice_pubkey *key;
		const uint16_t *schemes;
		const char *reason;
		size_t n = 0;

		PEM_write_X509(file, cert);
		PEM_write_PrivateKey(file, keys[i], NULL, NULL, 0, NULL, NULL);
		fclose(file);
		cred = test_backend()->credential_load(p, path, path, why);
		unlink(path);
		if (!test_has_key(types[i])) {
			assert_null(cred);
			X509_free(cert);
			EVP_PKEY_free(keys[i]);
			continue;
		}
		assert_non_null(cred);
		assert_int_equal(p->credential_chain(p, cred, chain), 1);
		assert_int_equal(p->verify_chain(p, NULL, chain, 1, &peer, &key, &reason), 0);

		schemes = p->credential_schemes(p, cred);
		for (size_t k = 0; all[k]; k++) {
			uint8_t sig[SLUICE_SIGNATURE_MAX];
			size_t len;
			bool mine = false;

			for (size_t m = 0; schemes[m]; m++)
				mine |= schemes[m] == all[k];
			n += mine;
			if (!mine) {
				assert_int_equal(p->sign(p, cred, all[k], text, 6, sig, &len), -1);
				assert_int_equal(p->verify_signature(p, key, all[k], text, 6, sig, 64), 47);
				continue;
			}
			assert_int_equal(p->sign(p, cred, all[k], text, 6, sig, &len), 0);
			assert_int_equal(p->verify_signature(p, key, all[k], text, 6, sig, len), 0);
			assert_int_equal(p->verify_signature(p, key, all[k], text, 5, sig, len), 51);
			sig[len / 2] ^= 1;
			assert_int_equal(p->verify_signature(p, key, all[k], text, 6, sig, len), 51);
		}
		assert_int_equal(n, counts[i]);
		p->pubkey_free(p, key);
		test_backend()->credential_free(cred);
		X509_free(cert);
		EVP_PKEY_free(keys[i]);
	}
}

static void files(void **state)
{
	char why[SLUICE_WHY_MAX];
	struct sluice_trust *trust = test_backend()->trust_new(p);

	(void)state;
	assert_int_equal(test_backend()->trust_file(trust, "/nonexistent", why), -1);
	assert_non_null(strstr(why, "No such file"));
	assert_int_equal(test_backend()->trust_file(trust, "/dev/null", why), -1);
	assert_null(test_backend()->credential_load(p, "/dev/null", "/dev/null", why));
	assert_non_null(strstr(why, "no private key"));
	test_backend()->trust_free(trust);
}

/* What was forked from a process has other octets than that. */
static void forked(void **state)
{
	uint8_t ours[32], theirs[32];
	int fds[2], status;
	pid_t pid;

	(void)state;
	/* whatever generator there is has begun */
	assert_int_equal(p->random(p, ours, sizeof(ours)), 0);
	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		_exit(p->random(p, theirs, sizeof(theirs)) ||
		      write(fds[1], theirs, sizeof(theirs)) != sizeof(theirs));
	}
	assert_int_equal(p->random(p, ours, sizeof(ours)), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[0], theirs, sizeof(theirs)), sizeof(theirs));
	assert_memory_not_equal(ours, theirs, sizeof(ours));
	close(fds[0]);
	close(fds[1]);
}

/* One trust store and one credential, used by several threads at once. */
static struct identity shared;

static void *use_shared(void *arg)
{
	const struct sluice_peer peer = {
		.name = "localhost", .server = true, .now = time(NULL),
	};
	bool *failed = arg;

	for (int i = 0; i < 40 && !*failed; i++) {
		struct sluice_octets chain[SLUICE_CHAIN_MAX];
		size_t count = p->credential_chain(p, shared.cred, chain), len;
		uint16_t scheme = p->credential_schemes(p, shared.cred)[0];
		uint8_t sig[SLUICE_SIGNATURE_MAX];
		struct sluice_pubkey *key = NULL;
		const char *reason;

		*failed = p->verify_chain(p, shared.trust, chain, count, &peer,
					  &key, &reason) ||
			  p->sign(p, shared.cred, scheme, chain->data, 10, sig,
				  &len) ||
			  p->verify_signature(p, key, scheme, chain->data, 10,
					      sig, len);
		p->pubkey_free(p, key);
	}
	return NULL;
}

static void threads(void **state)
{
	static const enum key_type types[] = { KEY_P256, KEY_RSA };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		bool failed[4] = { false };
		pthread_t thread[4];

		identity_make(&shared, p, types[i], NULL, 3600);
		for (size_t k = 0; k < 4; k++)
			assert_int_equal(pthread_create(&thread[k], NULL, use_shared, &failed[k]), 0);
		for (size_t k = 0; k < 4; k++) {
			pthread_join(thread[k], NULL);
			assert_false(failed[k]);
		}
		identity_free(&shared);
	}
}

/* A chain and a key in memory, cut at every octet. */
static void der(void **state)
{
	char why[SLUICE_WHY_MAX];
	EVP_PKEY *key = EVP_EC_gen("P-256"), *other = EVP_EC_gen("P-256");
	X509 *cert = make_cert(key, "DNS:a.test", NULL, key, -60, 3600, NULL);
	uint8_t *leaf = NULL, *pkey = NULL, *wrong = NULL, chain[4096];
	size_t leaf_len = (size_t)i2d_X509(cert, &leaf);
	size_t pkey_len = (size_t)i2d_PrivateKey(key, &pkey);
	size_t wrong_len = (size_t)i2d_PrivateKey(other, &wrong);
	struct sluice_octets parts[SLUICE_CHAIN_MAX];
	struct sluice_credential *cred;

	(void)state;
	memcpy(chain, leaf, leaf_len);
	memcpy(chain + leaf_len, leaf, leaf_len);
	cred = test_backend()->credential_der(p, chain, 2 * leaf_len, pkey, pkey_len, why);
	assert_non_null(cred);
	assert_int_equal(p->credential_chain(p, cred, parts), 2);
	assert_int_equal(parts[1].len, leaf_len);
	assert_memory_equal(parts[1].data, leaf, leaf_len);
	test_backend()->credential_free(cred);

	for (size_t len = 0; len < 2 * leaf_len; len++) {
		cred = test_backend()->credential_der(p, chain, len, pkey, pkey_len, why);
		assert_true(!cred == (len != leaf_len));
		test_backend()->credential_free(cred);
	}
	for (size_t len = 0; len < pkey_len; len++)
		assert_null(test_backend()->credential_der(p, chain, leaf_len, pkey, len, why));
	assert_non_null(strstr(why, "no private key"));
	assert_null(test_backend()->credential_der(p, chain, leaf_len, wrong, wrong_len, why));
	assert_non_null(strstr(why, "not that of the key"));
	OPENSSL_free(leaf);
	OPENSSL_free(pkey);
	OPENSSL_free(wrong);
	X509_free(cert);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes),
		cmocka_unit_test(hmacs),
		cmocka_unit_test(aeads),
		cmocka_unit_test(exchanges),
		cmocka_unit_test(loads),
		cmocka_unit_test(names),
		cmocka_unit_test(paths),
		cmocka_unit_test(purposes),
		cmocka_unit_test(told_names),
		cmocka_unit_test(told_certificate),
		cmocka_unit_test(signatures),
		cmocka_unit_test(files),
		cmocka_unit_test(der),
		cmocka_unit_test(forked),
		cmocka_unit_test(threads),
	};
	int failed;

	p = test_provider();
	if (!p)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	test_backend()->close(p);
	return failed;
}
