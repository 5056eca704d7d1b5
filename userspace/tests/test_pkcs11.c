// SPDX-License-Identifier: MIT
/*
 * Private keys that stay in a token: SoftHSM's, made in a folder of the test's
 * own. Where it or pkcs11-provider is not installed, all of this is skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/crypto.h>

#include "pair.h"
#include "sluice/openssl.h"

#define MODULE	"/usr/lib/softhsm/libsofthsm2.so"

static char folder[] = "/tmp/sluice-token-XXXXXX";
static bool installed;

/* A key that is in the token and, when this is through, nowhere else. */
static const char key_script[] =
	"set -e; exec >/dev/null 2>&1; cd %s\n"
	"openssl req -x509 %s -nodes -keyout key -out %s.pem -subj /CN=test -days 2"
	" -addext subjectAltName=DNS:localhost\n"
	"openssl pkcs8 -topk8 -nocrypt -in key -out key8\n"
	"softhsm2-util --import key8 --token sluice --label %s --id %02d --pin 1234\n"
	"rm key key8\n";

static const struct {
	const char *label, *make;
	uint16_t scheme;
} keys[] = {
	{ "p256", "-newkey ec -pkeyopt ec_paramgen_curve:P-256",
	  SLUICE_ECDSA_SECP256R1_SHA256 },
	{ "p384", "-newkey ec -pkeyopt ec_paramgen_curve:P-384",
	  SLUICE_ECDSA_SECP384R1_SHA384 },
	{ "rsa", "-newkey rsa:2048", SLUICE_RSA_PSS_RSAE_SHA256 },
	{ "ed25519", "-newkey ed25519", SLUICE_ED25519 },
};
#define KEYS	(sizeof(keys) / sizeof(*keys))

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_token(void **state)
{
	char text[1024];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(text, sizeof(text), "%s/pkcs11.so", OPENSSL_info(OPENSSL_INFO_MODULES_DIR));
	if (access(MODULE, R_OK) || access(text, R_OK))
		return 0;
	snprintf(text, sizeof(text), "directories.tokendir = %s\nobjectstore.backend = file\n",
		 folder);
	write_file("softhsm2.conf", text);
	write_file("pin", "1234\n");
	write_file("wrong", "4321\n");
	snprintf(text, sizeof(text), "%s/softhsm2.conf", folder);
	setenv("SOFTHSM2_CONF", text, 1);
	setenv("PKCS11_PROVIDER_MODULE", MODULE, 1);
	assert_int_equal(system("softhsm2-util --init-token --free --label sluice"
				" --so-pin 5678 --pin 1234 >/dev/null"), 0);
	for (size_t i = 0; i < KEYS; i++) {
		snprintf(text, sizeof(text), key_script, folder, keys[i].make,
			 keys[i].label, keys[i].label, (int)i + 1);
		assert_int_equal(system(text), 0);
	}
	installed = true;
	return 0;
}

static int remove_token(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static const char *chain_of(const char *label)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s.pem", folder, label);
	return path;
}

/* With a format for what stands behind the label: %s is the folder. */
static struct sluice_credential *load(const struct sluice_provider *p,
				      const char *cert, const char *object,
				      const char *rest, char *why)
{
	char uri[256], end[128];

	snprintf(end, sizeof(end), rest, folder);
	snprintf(uri, sizeof(uri), "pkcs11:token=sluice;type=private%s%s%s",
		 object ? ";object=" : "", object ? object : "", end);
	return sluice_openssl_credential_load(p, chain_of(cert), uri, why);
}

/* The one side or the other shows a certificate whose key is in the token. */
static void test_handshakes(void **state)
{
	char why[SLUICE_WHY_MAX] = "";

	(void)state;
	if (!installed)
		skip();
	for (size_t i = 0; i < KEYS; i++) {
		struct pair *pair = pair_new(KEY_P256);
		struct sluice_credential *cred;
		struct sluice_trust *trust;

		cred = load(pair->real, keys[i].label, keys[i].label, "?pin-source=file:%s/pin", why);
		if (!cred)
			fail_msg("%s: %s", keys[i].label, why);
		trust = sluice_openssl_trust_new(pair->real);
		assert_int_equal(sluice_openssl_trust_file(trust, chain_of(keys[i].label), why), 0);
		pair->server.config.credential = cred;
		pair->client.config.trust = trust;
		for (int again = 0; again < 2; again++) {
			pair_reset(pair);
			assert_true(pair_handshake(pair));
			assert_int_equal(end_info(&pair->client).signature, keys[i].scheme);
			assert_true(pair_send(pair, &pair->client, (const uint8_t *)"x", 1));
		}
		pair->server.config.credential = pair->identity.cred;
		pair->client.config.trust = pair->identity.trust;
		pair->client.config.credential = cred;
		pair->server.config.trust = trust;
		pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_int_equal(end_info(&pair->server).client_signature, keys[i].scheme);
		assert_true(end_info(&pair->server).verified);
		/* a client of TLS 1.2 signs a hash, which Ed25519 does not do */
		pair->client.config.max_version = SLUICE_TLS_1_2;
		pair->server.config.min_version = SLUICE_TLS_1_2;
		pair_reset(pair);
		if (pair_handshake(pair) != (keys[i].scheme != SLUICE_ED25519))
			fail_msg("%s: %s, %s", keys[i].label, end_info(&pair->client).reason,
				 end_info(&pair->server).reason);
		pair_free(pair);
		sluice_openssl_credential_free(cred);
		sluice_openssl_trust_free(trust);
	}
}

/* The ways by which a PIN may come, and what is said if it does not. */
static void test_pins(void **state)
{
	static const struct {
		const char *cert, *object, *rest, *why;	/* NULL: it is loaded */
	} cases[] = {
		{ "p256", "p256", "?pin-source=file:%s/pin", NULL },
		{ "p256", "p256", "?pin-source=%s/pin", NULL },
		{ "p256", "p256", "?pin-source=file:%%2f%s/pin", NULL },
		{ "p256", "p256", "?pin-value=1234", NULL },
		{ "p256", "p256", "?pin-value=%%31234", NULL },
		{ "p256", "p256", "?module-name=x&pin-value=1234", NULL },
		{ "p256", "p256", "?pin-source=file:%s/wrong", "PIN is not right" },
		{ "p256", "p256", "?pin-value=4321", "PIN is not right" },
		{ "p256", "p256", "?pin-source=file:%s/none", "none: No such file" },
		{ "p256", "none", "?pin-value=1234", "no such private key" },
		{ "p256", NULL, "?pin-value=1234", "more than one private key" },
		{ "p256", "rsa", "?pin-value=1234", "not that of the key" },
	};
	char why[SLUICE_WHY_MAX];
	struct sluice_provider *p;

	(void)state;
	if (!installed)
		skip();
	p = sluice_openssl_new(NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct sluice_credential *cred;

		*why = 0;
		cred = load(p, cases[i].cert, cases[i].object, cases[i].rest, why);
		if (!cred != !!cases[i].why || (cases[i].why && !strstr(why, cases[i].why)))
			fail_msg("%s: %s", cases[i].rest, why);
		/* what is said is read by more people than may know it */
		assert_null(strstr(why, "4321"));
		sluice_openssl_credential_free(cred);
	}
	sluice_openssl_free(p);
}

/* By OpenSSL's configuration, which takes it from the environment. */
static void test_config(void **state)
{
	static const char config[] =
		"openssl_conf = init\n[init]\nproviders = list\n[list]\npkcs11 = p11\n[p11]\n"
		"pkcs11-module-path = " MODULE "\n"
		"pkcs11-module-token-pin = $ENV::TOKEN_PIN\nactivate = 1\n";
	char why[SLUICE_WHY_MAX] = "", path[128];
	struct sluice_credential *cred;
	struct sluice_provider *p;

	(void)state;
	if (!installed)
		skip();
	write_file("openssl.cnf", config);
	snprintf(path, sizeof(path), "%s/openssl.cnf", folder);
	setenv("OPENSSL_CONF", path, 1);
	setenv("TOKEN_PIN", "1234", 1);
	unsetenv("PKCS11_PROVIDER_MODULE");
	p = sluice_openssl_new(NULL);
	cred = load(p, "p384", "p384", "", why);
	if (!cred)
		fail_msg("%s", why);
	sluice_openssl_credential_free(cred);

	/* without a module there is no token */
	unsetenv("OPENSSL_CONF");
	setenv("PKCS11_PROVIDER_MODULE", "/none", 1);
	assert_null(load(p, "p384", "p384", "?pin-value=1234", why));
	assert_non_null(strstr(why, "module"));
	setenv("PKCS11_PROVIDER_MODULE", MODULE, 1);
	sluice_openssl_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshakes),
		cmocka_unit_test(test_pins),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, make_token, remove_token);
}
