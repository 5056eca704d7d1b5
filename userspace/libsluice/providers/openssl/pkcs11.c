// SPDX-License-Identifier: MIT
/*
 * Private keys that stay in a token: by a PKCS#11 URI (RFC 7512) and OpenSSL's
 * provider "pkcs11". It gets a library context of its own, for each key: what
 * the other algorithms are, and whether FIPS 140 approves them, is not its
 * business.
 */
#include <errno.h>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

bool sl_openssl_is_uri(const char *path)
{
	return !strncmp(path, "pkcs11:", 7);
}

/*
 * The reason that is nearest to the cause. What stands behind the URI's
 * question mark may be a PIN, and goes nowhere.
 */
static bool explain(char *why, const char *uri, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	snprintf(why, SLUICE_OPENSSL_WHY_MAX, "%.*s: %s%s%s",
		 (int)strcspn(uri, "?"), uri, what, reason ? ": " : "",
		 reason ? reason : "");
	ERR_clear_error();
	return false;
}

/* Nobody is there to ask. */
static int no_pin(char *buf, int size, int rwflag, void *asked)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	*(bool *)asked = true;
	return -1;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	       (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* An attribute of the URI's query; false if it is not there, or not good. */
static bool get_attribute(const char *uri, const char *name, char *value,
			  size_t size)
{
	const char *at = strchr(uri, '?');
	size_t len = strlen(name), n = 0;

	while (at && (strncmp(at + 1, name, len) || at[1 + len] != '='))
		at = strchr(at + 1, '&');
	if (!at)
		return false;
	for (at += len + 2; *at && *at != '&' && n + 1 < size; at++) {
		if (*at != '%') {
			value[n++] = *at;
			continue;
		}
		if (digit(at[1]) < 0 || digit(at[2]) < 0)
			return false;
		value[n++] = (char)(digit(at[1]) << 4 | digit(at[2]));
		at += 2;
	}
	value[n] = 0;
	return n && (!*at || *at == '&');
}

/*
 * The URI's PIN in the words of the provider's own configuration: the URI is
 * forgotten when the key is found, but a process that has been forked has to
 * log in again.
 */
static bool get_pin(const char *uri, char *pin, size_t size, char *why)
{
	char path[256];
	FILE *file;

	*pin = 0;
	if (get_attribute(uri, "pin-value", pin, size))
		return true;
	if (!get_attribute(uri, "pin-source", path, sizeof(path)))
		return true;
	memmove(path, path + (strncmp(path, "file:", 5) ? 0 : 5),
		strlen(path) + 1 - (strncmp(path, "file:", 5) ? 0 : 5));
	file = fopen(path, "r");
	if (!file) {
		snprintf(why, SLUICE_OPENSSL_WHY_MAX, "pin-source: %s: %s",
			 path, strerror(errno));
		return false;
	}
	fclose(file);
	snprintf(pin, size, "file:%s", path);
	return true;
}

static OSSL_PROVIDER *load(OSSL_LIB_CTX *lib, char *pin)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("pkcs11-module-token-pin",
						 pin, 0),
		OSSL_PARAM_construct_end(),
	};

	return OSSL_PROVIDER_load_ex(lib, "pkcs11", *pin ? params : NULL);
}

/* The configuration says where the token's module is, and perhaps the PIN. */
static bool prepare(struct sluice_credential *cred, const char *uri, char *why)
{
	char *path = CONF_get1_default_config_file();
	char pin[300];

	cred->lib = OSSL_LIB_CTX_new();
	if (cred->lib && path)
		OSSL_LIB_CTX_load_config(cred->lib, path);
	OPENSSL_free(path);
	ERR_clear_error();
	if (!cred->lib)
		return explain(why, uri, "out of memory");
	if (!get_pin(uri, pin, sizeof(pin), why))
		return false;
	cred->loaded[0] = OSSL_PROVIDER_load(cred->lib, "default");
	cred->loaded[1] = load(cred->lib, pin);
	sluice_wipe(pin, sizeof(pin));
	if (!cred->loaded[0] || !cred->loaded[1])
		return explain(why, uri, "OpenSSL's provider for PKCS#11 (pkcs11-provider) can't be loaded");
	return true;
}

/* How many keys there are; the first is taken. */
static int find(struct sluice_credential *cred, OSSL_STORE_CTX *store)
{
	OSSL_STORE_INFO *info;
	int count = 0;

	while (!OSSL_STORE_eof(store)) {
		info = OSSL_STORE_load(store);
		if (!info)
			continue;	/* an error, or the end */
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY &&
		    !count++)
			cred->key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	return count;
}

bool sl_openssl_load_uri(struct sluice_credential *cred, const char *uri,
			 char *why)
{
	OSSL_STORE_CTX *store = NULL;
	bool asked = false;
	UI_METHOD *ui;
	int count;

	if (!prepare(cred, uri, why))
		return false;
	ui = UI_UTIL_wrap_read_pem_callback(no_pin, 0);
	if (ui)
		store = OSSL_STORE_open_ex(uri, cred->lib, "provider=pkcs11",
					   ui, &asked, NULL, NULL, NULL);
	if (store && OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY))
		count = find(cred, store);
	else
		count = -1;
	OSSL_STORE_close(store);
	UI_destroy_method(ui);
	if (count == 1) {
		ERR_clear_error();
		return true;
	}
	if (count > 1)
		return explain(why, uri, "more than one private key: say which by its id or object");
	if (asked)
		return explain(why, uri, "the token wants a PIN: give pin-source in the URI, or pkcs11-module-token-pin in OpenSSL's configuration");
	return explain(why, uri, count ?
		       "the token's module (pkcs11-module-path, $PKCS11_PROVIDER_MODULE) can't be used" :
		       "there is no such private key, or the PIN is not right");
}
