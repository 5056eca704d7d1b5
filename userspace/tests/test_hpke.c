// SPDX-License-Identifier: MIT
/* HPKE by the vectors of RFC 9180, and lists of ECHConfigs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "ech_config.h"
#include "pair.h"
#include "record.h"

static struct sluice_provider *p;

static size_t hex(uint8_t *out, const char *text)
{
	size_t n = 0;

	for (; *text; text += 2) {
		const char octet[3] = { text[0], text[1], 0 };

		out[n++] = (uint8_t)strtoul(octet, NULL, 16);
	}
	return n;
}

/*
 * Appendices A.1.1, A.2.1, A.3.1: the recipient's keys, enc, the shared secret,
 * and some messages.
 */
static const struct vector {
	uint16_t kem, aead;
	const char *private, *public, *enc, *shared;
	struct {
		uint64_t seq;
		const char *sealed;
	} messages[6];
} vectors[] = {
	{ SL_KEM_X25519, 1,
	  "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
	  "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
	  "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
	  "fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc",
	  { { 0, "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a" },
	    { 1, "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84" },
	    { 2, "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180" },
	    { 4, "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5e22f880b631215a09fc0012bc69fccaa251c0246d" },
	    { 255, "7175db9717964058640a3a11fb9007941a5d1757fda1a6935c805c21af32505bf106deefec4a49ac38d71c9e0a" },
	    { 256, "957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2" } } },
	{ SL_KEM_X25519, 3,
	  "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
	  "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
	  "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
	  "0bbe78490412b4bbea4812666f7916932b828bba79942424abb65244930d69a7",
	  { { 0, "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28" },
	    { 1, "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c" },
	    { 2, "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b" },
	    { 4, "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16" },
	    { 255, "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c" },
	    { 256, "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b" } } },
	{ SL_KEM_P256, 1,
	  "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
	  "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
	  "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
	  "c0d26aeab536609a572b07695d933b589dcf363ff9d93c93adea537aeabb8cb8",
	  { { 0, "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434" } } },
};

static const char info_text[] = "Ode on a Grecian Urn";
static const char plain[] = "Beauty is truth, truth beauty";

static struct sluice_octets octets(const void *data, size_t len)
{
	return (struct sluice_octets){ data, len };
}

static struct sluice_octets info(void)
{
	return octets(info_text, strlen(info_text));
}

static void check_vector(const struct vector *v)
{
	const struct sl_hpke_kem *kem = sl_hpke_kem(p, v->kem);
	uint8_t private[32], enc[SL_HPKE_KEY_MAX], data[64];
	uint8_t shared[SL_HPKE_SHARED_LEN];
	struct sl_hpke hpke;
	size_t i;
	int rc;

	hex(private, v->private);
	hex(enc, v->enc);
	hex(shared, v->shared);
	rc = sl_hpke_receive(p, &hpke, kem, v->aead, octets(private, 32), info(),
			     octets(enc, kem->public_len));
	assert_int_equal(rc, 0);
	assert_memory_equal(hpke.shared, shared, sizeof(shared));
	for (i = 0; i < 6 && v->messages[i].sealed; i++) {
		size_t len = hex(data, v->messages[i].sealed);
		char ad[16];
		struct sluice_octets count;

		snprintf(ad, sizeof(ad), "Count-%u",
			 (unsigned int)v->messages[i].seq);
		count = octets(ad, strlen(ad));
		hpke.seq = v->messages[i].seq;
		assert_int_equal(sl_hpke_open(p, &hpke, count, data, len), 0);
		assert_memory_equal(data, plain, strlen(plain));
		assert_int_equal(hpke.seq, v->messages[i].seq + 1);
		/* with the wrong number, or other data around it */
		len = hex(data, v->messages[i].sealed);
		assert_int_equal(sl_hpke_open(p, &hpke, count, data, len),
				 SL_BAD_RECORD_MAC);
		assert_int_equal(hpke.seq, v->messages[i].seq + 1);
		hpke.seq--;
		len = hex(data, v->messages[i].sealed);
		count.len--;
		assert_int_equal(sl_hpke_open(p, &hpke, count, data, len),
				 SL_BAD_RECORD_MAC);
	}
	sl_hpke_free(p, &hpke);
	assert_null(hpke.aead);
}

static void test_vectors(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
		check_vector(&vectors[i]);
}

/* Both ways, with each cipher; and what is not a key. */
static void test_round(void **state)
{
	const struct sl_hpke_kem *kem = sl_hpke_kem(p, SL_KEM_X25519);
	static const uint8_t zeros[32];
	uint8_t private[32], public[32], enc[SL_HPKE_KEY_MAX], data[64];
	struct sl_hpke to, from;
	uint16_t aead;
	int n;

	(void)state;
	hex(private, vectors[0].private);
	hex(public, vectors[0].public);
	for (aead = 1; aead <= 3; aead++) {
		assert_true(sl_hpke_has(p, 1, aead));
		assert_int_equal(sl_hpke_send(p, &to, kem, aead,
					      octets(public, 32), info(), enc), 0);
		assert_int_equal(sl_hpke_receive(p, &from, kem, aead,
						 octets(private, 32), info(),
						 octets(enc, 32)), 0);
		for (n = 0; n < 3; n++) {
			memcpy(data, plain, sizeof(plain));
			assert_int_equal(sl_hpke_seal(p, &to, octets("a", 1), data,
						      sizeof(plain)), 0);
			assert_int_equal(sl_hpke_open(p, &from, octets("a", 1), data,
						      sizeof(plain) + SL_TAG_LEN), 0);
			assert_memory_equal(data, plain, sizeof(plain));
		}
		sl_hpke_free(p, &to);
		sl_hpke_free(p, &from);
	}
	assert_false(sl_hpke_has(p, 1, 0) || sl_hpke_has(p, 1, 4) ||
		     sl_hpke_has(p, 1, 0xffff) || sl_hpke_has(p, 2, 1));
	assert_null(sl_hpke_kem(p, 0x0021));
	assert_int_equal(sl_hpke_send(p, &to, kem, 1, octets(zeros, 32), info(),
				      enc), SL_ILLEGAL_PARAMETER);
	assert_int_equal(sl_hpke_receive(p, &from, kem, 1, octets(private, 32),
					 info(), octets(zeros, 32)),
			 SL_ILLEGAL_PARAMETER);
	for (n = 0; n < 32; n++)
		assert_int_equal(sl_hpke_receive(p, &from, kem, 1,
						 octets(private, 32), info(),
						 octets(enc, (size_t)n)),
				 SL_ILLEGAL_PARAMETER);
}

/* One that NSS's selfserv made: X25519, public.test. */
static const char real[] =
	"003efe0d003a3800200020"
	"9b42400f9ad894c646f3c5dcc0746377a6383f6b4db6a42cd97cee3f24b09a6b"
	"00040001000364" "0b7075626c69632e746573740000";

struct made {
	uint8_t data[2048];
	size_t len;
};

/* A list with one, of which some is different. */
static struct made make(uint16_t version, uint16_t kem, size_t key_len,
			const uint16_t *suites, const char *name,
			uint16_t extension)
{
	struct made made;
	struct sl_writer w = sl_writer(made.data, sizeof(made.data));
	size_t list = sl_begin_vec(&w, 2), contents, mark;

	sl_put16(&w, version);
	contents = sl_begin_vec(&w, 2);
	sl_put8(&w, 9);
	sl_put16(&w, kem);
	mark = sl_begin_vec(&w, 2);
	memset(sl_put_space(&w, key_len), 9, key_len);
	sl_end_vec(&w, mark, 2);
	mark = sl_begin_vec(&w, 2);
	for (; *suites; suites++)
		sl_put16(&w, *suites);
	sl_end_vec(&w, mark, 2);
	sl_put8(&w, 77);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, name, strlen(name));
	sl_end_vec(&w, mark, 1);
	mark = sl_begin_vec(&w, 2);
	if (extension) {
		sl_put16(&w, extension);
		sl_put16(&w, 1);
		sl_put8(&w, 0);
	}
	sl_end_vec(&w, mark, 2);
	sl_end_vec(&w, contents, 2);
	sl_end_vec(&w, list, 2);
	assert_false(w.bad);
	made.len = w.len;
	return made;
}

static const uint16_t usual[] = { 1, 1, 0 };

static bool usable(const struct made *made, uint16_t *aead)
{
	struct sl_ech_config config;

	assert_false(sl_ech_list(made->data, made->len).bad);
	return sl_ech_config_choose(p, made->data, made->len, &config, aead);
}

static bool named(const char *name)
{
	struct made made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, usual, name,
				0);
	uint16_t aead;

	return usable(&made, &aead);
}

static void test_names(void **state)
{
	static const char *const good[] = {
		"a", "public.test", "a-b.c9", "9.com", "xn--bcher-kva.example",
		"0x.org", "1.2.3.4a", "x0", "1.2.3.0xg",
	};
	static const char *const bad[] = {
		".", ".a", "a.", "a..b", "-a.b", "a-.b", "a_b.c", "a b",
		"1.2.3.4", "127.1", "1", "a.0x1f", "a.0X", "a.0x", "\xc3\xbc.de",
		"a.b.12345678901234567890", "[::1]", "a:1",
	};
	char label[66] = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(named(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(named(bad[i]));
	memset(label, 'a', 64);
	assert_false(named(label));
	label[63] = 0;
	assert_true(named(label));
}

static void test_choice(void **state)
{
	static const uint16_t sha384[] = { 2, 1, 0 }, later[] = { 2, 1, 1, 9, 1, 3, 1, 1, 0 };
	struct sl_ech_config config;
	struct made made, both;
	uint16_t many[2 * 240 + 1], aead;
	size_t i;

	(void)state;
	/* longer than what is looked at, and not */
	for (i = 0; i < 2 * 240; i++)
		many[i] = 1;
	many[i] = 0;
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, many, "a.test", 0);
	assert_true(made.len > SLUICE_ECH_CONFIG_MAX - 50);
	assert_true(usable(&made, &aead));
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, many,
		    "a-name-that-makes-it-too-long-and-that-is-not-otherwise-wrong.test", 0);
	assert_false(usable(&made, &aead));
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, usual, "a.test", 0);
	assert_true(usable(&made, &aead) && aead == 1);
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, later, "a.test", 0);
	assert_true(usable(&made, &aead) && aead == 3);
	made = make(SL_ECH_VERSION, SL_KEM_P256, 65, usual, "a.test", 0);
	assert_true(usable(&made, &aead));
	/* an extension that may be ignored, and one that may not */
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, usual, "a.test", 0x1234);
	assert_true(usable(&made, &aead));
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, usual, "a.test", 0x9234);
	assert_false(usable(&made, &aead));
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 32, sha384, "a.test", 0);
	assert_false(usable(&made, &aead));
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 31, usual, "a.test", 0);
	assert_false(usable(&made, &aead));
	made = make(SL_ECH_VERSION, 0x0012, 133, usual, "a.test", 0);
	assert_false(usable(&made, &aead));
	made = make(SL_ECH_VERSION, SL_KEM_X25519, 1100, usual, "a.test", 0);
	assert_false(usable(&made, &aead));
	made = make(0xfe0c, SL_KEM_X25519, 32, usual, "a.test", 0);
	assert_false(usable(&made, &aead));
	/* the first that can be used, behind one that can't */
	both = make(SL_ECH_VERSION, SL_KEM_X25519, 32, usual, "b.test", 0);
	memcpy(made.data + made.len, both.data + 2, both.len - 2);
	made.len += both.len - 2;
	made.data[1] = (uint8_t)(made.len - 2);
	assert_true(usable(&made, &aead));
	assert_true(sl_ech_config_choose(p, made.data, made.len, &config, &aead));
	assert_int_equal(config.public_name.len, 6);
	assert_memory_equal(config.public_name.data, "b.test", 6);
	assert_int_equal(config.id, 9);
	assert_int_equal(config.max_name, 77);
	assert_memory_equal(config.whole.data, both.data + 2, both.len - 2);
	assert_int_equal(config.whole.len, both.len - 2);
}

/* Cut, or with each octet changed: never beyond, and no list where it is cut. */
static void test_malformed(void **state)
{
	uint8_t data[128];
	size_t len = hex(data, real), i, k;
	struct sl_ech_config config;
	uint16_t aead;

	(void)state;
	assert_false(sl_ech_list(data, len).bad);
	assert_true(sl_ech_config_choose(p, data, len, &config, &aead));
	assert_int_equal(aead, 3);
	assert_int_equal(config.max_name, 100);
	for (i = 0; i < len; i++) {
		uint8_t *cut = malloc(i ? i : 1);

		memcpy(cut, data, i);
		assert_true(sl_ech_list(cut, i).bad);
		if (i >= 2) {
			cut[0] = 0;
			cut[1] = (uint8_t)(i - 2);
			assert_true(sl_ech_list(cut, i).bad);
		}
		if (i >= 6) {
			cut[4] = 0;
			cut[5] = (uint8_t)(i - 6);
			assert_true(sl_ech_list(cut, i).bad);
		}
		free(cut);
	}
	for (i = 0; i < 8 * len; i++) {
		data[i / 8] ^= (uint8_t)(1 << i % 8);
		for (k = 0; k < 2; k++)
			sl_ech_config_choose(p, data, len, &config, &aead);
		data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	/* something behind it, and in it behind the extensions */
	data[len] = 0;
	assert_true(sl_ech_list(data, len + 1).bad);
	data[1]++;
	assert_true(sl_ech_list(data, len + 1).bad);
	data[5]++;
	assert_true(sl_ech_list(data, len + 1).bad);
}

static int open_provider(void **state)
{
	(void)state;
	p = test_provider();
	return 0;
}

static int close_provider(void **state)
{
	(void)state;
	test_backend()->close(p);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, open_provider, close_provider);
}
