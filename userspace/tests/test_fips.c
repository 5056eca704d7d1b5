// SPDX-License-Identifier: MIT
/*
 * The OpenSSL provider with OpenSSL's FIPS provider, which is set up by
 * `openssl fipsinstall` in a folder of the test's own. Where it is not
 * installed, all of this is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "alert.h"
#include "pair.h"
#include "providers/openssl/internal.h"

static char folder[] = "/tmp/sluice-fips-XXXXXX";
static char config[64], broken[64], without[64];
static bool installed;

static void write_config(const char *path, const char *text, const char *module)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "openssl_conf = init\n%s%s\n[init]\nproviders = list\n[list]\n%s",
		module ? ".include " : "", module ? module : "", text);
	fclose(file);
}

/* What `openssl fipsinstall` writes, with one digit of the MAC changed. */
static void break_mac(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	char line[512], *at;

	assert_true(in && out);
	while (fgets(line, sizeof(line), in)) {
		at = strstr(line, "module-mac = ");
		if (at)
			at[13] = at[13] == '0' ? '1' : '0';
		fputs(line, out);
	}
	fclose(in);
	fclose(out);
}

static int install(void **state)
{
	const char *modules = OPENSSL_info(OPENSSL_INFO_MODULES_DIR);
	char command[512], good[64], bad[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(good, sizeof(good), "%s/module", folder);
	snprintf(bad, sizeof(bad), "%s/changed", folder);
	snprintf(config, sizeof(config), "%s/openssl.cnf", folder);
	snprintf(broken, sizeof(broken), "%s/broken.cnf", folder);
	snprintf(without, sizeof(without), "%s/without.cnf", folder);
	snprintf(command, sizeof(command), "%s/fips.so", modules);
	if (access(command, R_OK))
		return 0;
	snprintf(command, sizeof(command),
		 "openssl fipsinstall -quiet -out %s -module %s/fips.so", good, modules);
	/* its own configuration must not be what a run under --fips is given */
	unsetenv("OPENSSL_CONF");
	assert_int_equal(system(command), 0);
	break_mac(good, bad);
	write_config(config, "fips = fips_sect\n", good);
	write_config(broken, "fips = fips_sect\n", bad);
	write_config(without, "default = default_sect\n[default_sect]\nactivate = 1\n", NULL);
	installed = true;
	return 0;
}

static int uninstall(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct sluice_provider *provider(void)
{
	const struct sluice_openssl_options options = {
		.fips = true, .config = config,
	};
	char why[SLUICE_WHY_MAX] = "";
	struct sluice_provider *p;

	if (!installed)
		skip();
	p = sluice_openssl_open(&options, why);
	if (!p)
		fail_msg("%s", why);
	return p;
}

static bool is_fips(const OSSL_PROVIDER *used)
{
	return !strcmp(OSSL_PROVIDER_get0_name(used), "fips");
}

/* Whatever is computed, is computed by it; and nothing else is there. */
static void test_active(void **state)
{
	struct sluice_provider *p = provider();
	const struct sluice_openssl *o = sl_openssl(p);
	EVP_PKEY *key = EVP_PKEY_Q_keygen(o->lib, NULL, "EC", "P-256");
	uint8_t octets[16];

	(void)state;
	assert_non_null(strstr(p->name, "OpenSSL FIPS Provider 3."));
	assert_true(OSSL_PROVIDER_available(o->lib, "fips"));
	assert_false(OSSL_PROVIDER_available(o->lib, "default"));
	for (int i = 0; i < 2; i++)
		assert_true(is_fips(EVP_MD_get0_provider(o->md[i])));
	for (int i = 0; i < 2; i++)
		assert_true(is_fips(EVP_CIPHER_get0_provider(o->cipher[i])));
	assert_null(o->cipher[SLUICE_AEAD_CHACHA20_POLY1305]);
	assert_true(is_fips(EVP_MAC_get0_provider(EVP_MAC_CTX_get0_mac(o->hmac[0]))));
	assert_true(is_fips(EVP_PKEY_get0_provider(key)));
	assert_int_equal(p->random(p, octets, sizeof(octets)), 0);
	assert_true(is_fips(EVP_RAND_get0_provider(
		EVP_RAND_CTX_get0_rand(RAND_get0_public(o->lib)))));
	EVP_PKEY_free(key);
	sluice_openssl_free(p);
}

static void test_narrowed(void **state)
{
	struct sluice_provider *p = provider();

	(void)state;
	assert_true(p->aead_offered(p, SLUICE_AEAD_AES_128_GCM));
	assert_true(p->aead_offered(p, SLUICE_AEAD_AES_256_GCM));
	assert_false(p->aead_offered(p, SLUICE_AEAD_CHACHA20_POLY1305));
	assert_false(p->group_offered(p, SLUICE_X25519));
	/* but as a part of this, which the module has as a whole */
	assert_true(p->group_offered(p, SLUICE_X25519MLKEM768));
	assert_true(p->group_offered(p, SLUICE_SECP256R1MLKEM768));
	assert_true(p->group_offered(p, SLUICE_SECP256R1));
	assert_true(p->group_offered(p, SLUICE_SECP384R1));
	assert_true(p->group_offered(p, SLUICE_SECP521R1));
	assert_true(p->scheme_offered(p, SLUICE_ECDSA_SECP256R1_SHA256));
	assert_true(p->scheme_offered(p, SLUICE_RSA_PSS_RSAE_SHA256));
	sluice_openssl_free(p);
}

/* Which of two code points stand in a list of the client's first message? */
static bool offers(const uint8_t *hello, size_t len, uint16_t value)
{
	const uint8_t code[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	/* from the cipher suites on, but no key share's octets */
	for (size_t i = 76; i + 1 < len && i < 150; i++)
		if (!memcmp(hello + i, code, 2))
			return true;
	return false;
}

static void test_offer(void **state)
{
	struct pair *pair = pair_new_with(KEY_P256, provider());
	static uint8_t hello[8192];
	size_t none = 0, len = sizeof(hello);

	(void)state;
	sluice_handshake(pair->client.conn, NULL, &none, hello, &len);
	assert_true(offers(hello, len, SLUICE_AES_256_GCM_SHA384));
	assert_true(offers(hello, len, SLUICE_SECP256R1));
	assert_false(offers(hello, len, SLUICE_CHACHA20_POLY1305_SHA256));
	assert_false(offers(hello, len, SLUICE_X25519));
	pair_free(pair);
}

/* With every kind of key and group that there is; and what comes after. */
static void test_handshakes(void **state)
{
	static const uint16_t all[] = {
		SLUICE_X25519MLKEM768, SLUICE_SECP256R1MLKEM768,
		SLUICE_SECP256R1, SLUICE_SECP384R1, SLUICE_SECP521R1,
	};
	static uint8_t data[20000];
	unsigned int done = 0;

	(void)state;
	for (enum key_type type = 0; type < KEY_TYPES; type++) {
		struct pair *pair = pair_new_with(type, provider());

		pair_use_tickets(pair);
		for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
			const uint16_t one[] = { all[i], 0 };

			if (!pair->real->group_offered(pair->real, all[i]))
				continue;
			pair->client.config.groups = one;
			pair->ticket_count = 0;
			for (int resumed = 0; resumed < 2; resumed++) {
				pair_reset(pair);
				assert_true(pair_handshake(pair));
				assert_int_equal(end_info(&pair->client).group, all[i]);
				assert_int_equal(end_info(&pair->client).resumed, resumed);
				assert_true(end_info(&pair->client).verified);
				assert_int_equal(sluice_key_update(pair->client.conn, true), 0);
				assert_true(pair_send(pair, &pair->client, data, sizeof(data)));
				assert_true(pair_send(pair, &pair->server, data, sizeof(data)));
				done++;
			}
		}
		pair_free(pair);
	}
	print_message("# %u handshakes\n", done);
	assert_true(done >= 2 * 3 * KEY_TYPES);
}

/* TLS 1.2, whose key derivation is another. */
static void test_tls12(void **state)
{
	(void)state;
	for (enum key_type type = 0; type < KEY_TYPES; type++) {
		struct pair *pair = pair_new_with(type, provider());

		pair->client.config.max_version = SLUICE_TLS_1_2;
		pair->server.config.min_version = SLUICE_TLS_1_2;
		pair_use_tickets(pair);
		for (int resumed = 0; resumed < 2; resumed++) {
			pair_reset(pair);
			assert_true(pair_handshake(pair));
			assert_int_equal(end_info(&pair->client).version, SLUICE_TLS_1_2);
			assert_int_equal(end_info(&pair->client).resumed, resumed);
			assert_true(pair_send(pair, &pair->client, (const uint8_t *)"x", 1));
			assert_true(pair_send(pair, &pair->server, (const uint8_t *)"y", 1));
		}
		pair_free(pair);
	}
}

/* A peer that has nothing but what is not approved. */
static void test_peers(void **state)
{
	static const uint16_t suites[] = { SLUICE_CHACHA20_POLY1305_SHA256, 0 };
	static const uint16_t groups[] = { SLUICE_X25519, 0 };
	struct pair *pair = pair_new_with(KEY_P256, provider());
	struct sluice_provider *any = sluice_openssl_new(NULL);

	(void)state;
	pair->client.config.suites = suites;
	assert_string_equal(sluice_config_check(&pair->client.config),
			    "suites: the provider has none of them");
	pair->client.provider.real = any;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).alert_sent, SL_HANDSHAKE_FAILURE);
	assert_string_equal(end_info(&pair->server).reason,
			    "the client has no cipher suite in common with us");
	pair_reset(pair);
	pair->client.provider.real = pair->real;
	pair->client.config.suites = NULL;
	pair->client.config.groups = groups;
	assert_string_equal(sluice_config_check(&pair->client.config),
			    "groups: the provider has none of them");
	pair->client.provider.real = any;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->server).alert_sent, SL_HANDSHAKE_FAILURE);
	pair_free(pair);
	sluice_openssl_free(any);
}

/* RSA of 1024 bits: neither ours nor a peer's. */
static void test_keys(void **state)
{
	struct sluice_provider *p = provider();
	const struct sluice_peer peer = { .server = true };
	EVP_PKEY *key = EVP_RSA_gen(1024);
	X509 *cert = X509_new();
	struct sluice_credential *cred;
	struct sluice_pubkey *pub = NULL;
	uint8_t *der = NULL, *pkey = NULL, sig[128] = { 1 };
	struct sluice_octets chain;
	char why[SLUICE_WHY_MAX] = "";
	const char *reason;
	size_t pkey_len;

	(void)state;
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 60);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	chain.len = (size_t)i2d_X509(cert, &der);
	chain.data = der;
	pkey_len = (size_t)i2d_PrivateKey(key, &pkey);
	cred = sluice_openssl_credential_der(p, der, chain.len, pkey, pkey_len, why);
	assert_null(cred);
	assert_non_null(strstr(why, "the key cannot sign: "));
	print_message("# %s\n", why);
	assert_int_equal(p->verify_chain(p, NULL, &chain, 1, &peer, &pub, &reason), 0);
	assert_int_not_equal(p->verify_signature(p, pub, SLUICE_RSA_PSS_RSAE_SHA256,
						 der, 10, sig, sizeof(sig)), 0);
	p->pubkey_free(p, pub);
	OPENSSL_free(der);
	OPENSSL_free(pkey);
	X509_free(cert);
	EVP_PKEY_free(key);
	sluice_openssl_free(p);
}

/*
 * A module that is not what was installed. It tests itself once in a process,
 * so that this needs another.
 */
static void test_changed(void **state)
{
	const struct sluice_openssl_options options = {
		.fips = true, .config = broken,
	};
	char why[SLUICE_WHY_MAX] = "";
	struct sluice_provider *p;
	int status;
	pid_t pid;

	(void)state;
	if (!installed)
		skip();
	pid = fork();
	if (!pid) {
		p = sluice_openssl_open(&options, why);
		fprintf(stderr, "# %s\n", why);
		_exit(p || !strstr(why, "has no FIPS provider"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* No provider is better than one that is not what was asked for. */
static void test_refused(void **state)
{
	struct sluice_openssl_options options = { .fips = true };
	char why[SLUICE_WHY_MAX] = "";

	(void)state;
	if (!installed)
		skip();
	options.config = without;
	assert_null(sluice_openssl_open(&options, why));
	assert_non_null(strstr(why, "has no FIPS provider"));
	options.config = "/nonexistent";
	assert_null(sluice_openssl_open(&options, why));
	assert_non_null(strstr(why, "/nonexistent"));
	options.config = config;
	options.properties = "provider=default";
	assert_null(sluice_openssl_open(&options, why));
	options.properties = "=";
	assert_null(sluice_openssl_open(&options, why));
	assert_non_null(strstr(why, "not a property query: ="));
	/* the same configuration without the wish */
	options.fips = false;
	options.properties = NULL;
	options.config = without;
	sluice_openssl_free(sluice_openssl_open(&options, why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_active),
		cmocka_unit_test(test_narrowed),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_tls12),
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, install, uninstall);
}
