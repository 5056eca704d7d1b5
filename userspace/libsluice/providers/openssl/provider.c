// SPDX-License-Identifier: MIT
/* The OpenSSL provider's life, and its randomness. */
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

static int provider_random(const struct sluice_provider *p, uint8_t *out,
			   size_t len)
{
	return RAND_bytes_ex(sl_openssl(p)->lib, out, len, 0) == 1 ? 0 : -1;
}

static bool fetch(struct sluice_openssl *o)
{
	static const char *const mds[] = { "SHA256", "SHA384" };
	static const char *const ciphers[] = {
		"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305",
	};

	for (size_t i = 0; i < sizeof(mds) / sizeof(*mds); i++) {
		o->md[i] = EVP_MD_fetch(o->lib, mds[i], NULL);
		if (!o->md[i])
			return false;
	}
	for (size_t i = 0; i < sizeof(ciphers) / sizeof(*ciphers); i++) {
		o->cipher[i] = EVP_CIPHER_fetch(o->lib, ciphers[i], NULL);
		if (!o->cipher[i] && i != SLUICE_AEAD_CHACHA20_POLY1305)
			return false;
	}
	return sl_openssl_hmac_fetch(o);
}

/* What libcrypto has to say about it comes last. */
static void explain(char *why, const char *what, const char *of)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	snprintf(why, SLUICE_OPENSSL_WHY_MAX, "%s%s%s%s", what, of,
		 reason ? ": " : "", reason ? reason : "");
	ERR_clear_error();
}

static bool load_config(struct sluice_openssl *o, const char *path, char *why)
{
	char *standard = path ? NULL : CONF_get1_default_config_file();
	bool ok;

	if (!path)
		path = standard;
	ok = path && OSSL_LIB_CTX_load_config(o->lib, path);
	if (!ok)
		explain(why, "OpenSSL's configuration ", path ? path : "");
	OPENSSL_free(standard);
	return ok;
}

static bool set_properties(struct sluice_openssl *o, const char *properties)
{
	char query[512];
	int len;

	if (!o->fips && !properties)
		return true;
	len = snprintf(query, sizeof(query), "%s%s%s", o->fips ? "fips=yes" : "",
		       o->fips && properties ? "," : "",
		       properties ? properties : "");
	return (size_t)len < sizeof(query) &&
	       EVP_set_default_properties(o->lib, query);
}

/* For people: the library, and who in it does the work. */
static void set_name(struct sluice_openssl *o)
{
	const OSSL_PROVIDER *used =
		EVP_CIPHER_get0_provider(o->cipher[SLUICE_AEAD_AES_256_GCM]);
	char *name = NULL, *version = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_ptr(OSSL_PROV_PARAM_NAME, &name, 0),
		OSSL_PARAM_construct_utf8_ptr(OSSL_PROV_PARAM_VERSION, &version,
					      0),
		OSSL_PARAM_construct_end(),
	};

	if (OSSL_PROVIDER_get_params(used, params) && name && version)
		snprintf(o->name, sizeof(o->name), "%s (%s %s)",
			 OpenSSL_version(OPENSSL_VERSION), name, version);
	else
		snprintf(o->name, sizeof(o->name), "%s",
			 OpenSSL_version(OPENSSL_VERSION));
	o->table.name = o->name;
}

/* The configuration has passed over what it could not load: say why. */
static void explain_fips(struct sluice_openssl *o, char *why)
{
	OSSL_PROVIDER *fips;

	ERR_clear_error();
	fips = OSSL_PROVIDER_try_load(o->lib, "fips", 1);
	if (fips)
		OSSL_PROVIDER_unload(fips);
	explain(why, "OpenSSL has no FIPS provider: its configuration has to activate one (see fips_module(7))", "");
}

static bool set_up(struct sluice_openssl *o,
		   const struct sluice_openssl_options *options, char *why)
{
	o->fips = options->fips;
	o->lib = OSSL_LIB_CTX_new();
	if (!o->lib) {
		explain(why, "out of memory", "");
		return false;
	}
	if ((o->fips || options->config) &&
	    !load_config(o, options->config, why))
		return false;
	/* it reads keys and certificates, and has no cryptography */
	if (o->fips)
		o->base = OSSL_PROVIDER_try_load(o->lib, "base", 1);
	if (!set_properties(o, options->properties)) {
		explain(why, "not a property query: ", options->properties ?
						       options->properties : "");
		return false;
	}
	if (!fetch(o)) {
		if (o->fips)
			explain_fips(o, why);
		else
			explain(why, "libcrypto lacks an algorithm that TLS 1.3 needs", "");
		return false;
	}
	sl_openssl_probe_groups(o);
	sl_openssl_probe_schemes(o);
	set_name(o);
	return true;
}

struct sluice_provider *
sluice_openssl_open(const struct sluice_openssl_options *options, char *why)
{
	struct sluice_openssl *o = OPENSSL_zalloc(sizeof(*o));

	if (!o) {
		explain(why, "out of memory", "");
		return NULL;
	}
	o->table.random = provider_random;
	sl_openssl_hash_table(&o->table);
	sl_openssl_aead_table(&o->table);
	sl_openssl_kx_table(&o->table);
	sl_openssl_sign_table(&o->table);
	sl_openssl_credential_table(&o->table);
	sl_openssl_raw_key_table(&o->table);
	sl_openssl_request_table(&o->table);
	sl_openssl_staple_table(&o->table);
	sl_openssl_x509_table(&o->table);
	if (!set_up(o, options, why)) {
		sluice_openssl_free(&o->table);
		return NULL;
	}
	return &o->table;
}

struct sluice_provider *sluice_openssl_new(const char *properties)
{
	const struct sluice_openssl_options options = {
		.properties = properties,
	};
	char why[SLUICE_OPENSSL_WHY_MAX];

	return sluice_openssl_open(&options, why);
}

void sluice_openssl_free(struct sluice_provider *p)
{
	struct sluice_openssl *o = (struct sluice_openssl *)p;

	if (!o)
		return;
	for (size_t i = 0; i < sizeof(o->md) / sizeof(*o->md); i++)
		EVP_MD_free(o->md[i]);
	for (size_t i = 0; i < sizeof(o->cipher) / sizeof(*o->cipher); i++)
		EVP_CIPHER_free(o->cipher[i]);
	for (size_t i = 0; i < sizeof(o->hmac) / sizeof(*o->hmac); i++)
		EVP_MAC_CTX_free(o->hmac[i]);
	if (o->base)
		OSSL_PROVIDER_unload(o->base);
	OSSL_LIB_CTX_free(o->lib);
	OPENSSL_free(o);
}

static struct sluice_provider *backend_open(bool fips, char *why)
{
	const struct sluice_openssl_options options = { .fips = fips };

	return sluice_openssl_open(&options, why);
}

const struct sluice_backend sluice_openssl_backend = {
	.name = "openssl",
	.open = backend_open,
	.close = sluice_openssl_free,
	.trust_new = sluice_openssl_trust_new,
	.trust_free = sluice_openssl_trust_free,
	.trust_system = sluice_openssl_trust_system,
	.trust_file = sluice_openssl_trust_file,
	.trust_dir = sluice_openssl_trust_dir,
	.trust_crl = sluice_openssl_trust_crl,
	.credential_load = sluice_openssl_credential_load,
	.credential_der = sluice_openssl_credential_der,
	.credential_staple = sluice_openssl_credential_staple_file,
	.credential_free = sluice_openssl_credential_free,
	.names = sluice_openssl_names,
	.expiry = sluice_openssl_expiry,
	.certificate = sluice_openssl_certificate,
};
