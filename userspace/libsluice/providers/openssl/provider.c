// SPDX-License-Identifier: MIT
/* The OpenSSL provider's life, and its randomness. */
#include <openssl/crypto.h>
#include <openssl/rand.h>
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
	o->hmac = EVP_MAC_fetch(o->lib, "HMAC", NULL);
	return o->hmac;
}

struct sluice_provider *sluice_openssl_new(const char *properties)
{
	struct sluice_openssl *o = OPENSSL_zalloc(sizeof(*o));

	if (!o)
		return NULL;
	o->table.name = OpenSSL_version(OPENSSL_VERSION);
	o->table.random = provider_random;
	sl_openssl_hash_table(&o->table);
	sl_openssl_aead_table(&o->table);
	sl_openssl_kx_table(&o->table);
	sl_openssl_sign_table(&o->table);
	sl_openssl_credential_table(&o->table);
	sl_openssl_request_table(&o->table);
	sl_openssl_x509_table(&o->table);

	o->lib = OSSL_LIB_CTX_new();
	if (!o->lib ||
	    (properties &&
	     (!(o->properties = OPENSSL_strdup(properties)) ||
	      !EVP_set_default_properties(o->lib, properties))) ||
	    !fetch(o)) {
		sluice_openssl_free(&o->table);
		return NULL;
	}
	return &o->table;
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
	EVP_MAC_free(o->hmac);
	OSSL_LIB_CTX_free(o->lib);
	OPENSSL_free(o->properties);
	OPENSSL_free(o);
}
