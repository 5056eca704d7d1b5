// SPDX-License-Identifier: MIT
#include "hello.h"

#include <string.h>

#include "conn.h"

const uint8_t sl_retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11,
	0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e,
	0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

const uint16_t sl_signature_schemes[] = {
	SLUICE_ECDSA_SECP256R1_SHA256,
	SLUICE_ECDSA_SECP384R1_SHA384,
	SLUICE_ECDSA_SECP521R1_SHA512,
	SLUICE_ED25519,
	SLUICE_RSA_PSS_RSAE_SHA256,
	SLUICE_RSA_PSS_RSAE_SHA384,
	SLUICE_RSA_PSS_RSAE_SHA512,
	SLUICE_RSA_PSS_PSS_SHA256,
	SLUICE_RSA_PSS_PSS_SHA384,
	SLUICE_RSA_PSS_PSS_SHA512,
	/* last, for they are long */
	SLUICE_MLDSA44,
	SLUICE_MLDSA65,
	SLUICE_MLDSA87,
	0
};

/* What most authorities sign with is too weak for a handshake. */
const uint16_t sl_certificate_schemes[] = {
	SLUICE_RSA_PKCS1_SHA256,
	SLUICE_RSA_PKCS1_SHA384,
	SLUICE_RSA_PKCS1_SHA512,
	0
};

static const uint16_t default_suites[] = {
	SLUICE_AES_256_GCM_SHA384,
	SLUICE_AES_128_GCM_SHA256,
	SLUICE_CHACHA20_POLY1305_SHA256,
	SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384,
	SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256,
	SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
	SLUICE_ECDHE_RSA_AES_256_GCM_SHA384,
	SLUICE_ECDHE_RSA_AES_128_GCM_SHA256,
	SLUICE_ECDHE_RSA_CHACHA20_POLY1305_SHA256,
	0
};

static const uint16_t default_groups[] = {
	SLUICE_X25519MLKEM768,
	SLUICE_SECP256R1MLKEM768,
	SLUICE_X25519,
	SLUICE_SECP256R1,
	SLUICE_SECP384R1,
	SLUICE_SECP521R1,
	0
};

bool sl_listed(const uint16_t *list, uint16_t value)
{
	for (; *list; list++) {
		if (*list == value)
			return true;
	}
	return false;
}

const uint16_t *sl_suites(const struct sluice_config *config)
{
	return config->suites ? config->suites : default_suites;
}

static bool version_asked(const struct sluice_config *config, uint16_t version)
{
	uint16_t max = config->max_version ? config->max_version :
					     SLUICE_TLS_1_3;
	uint16_t min = config->min_version ? config->min_version : max;

	return version >= min && version <= max;
}

bool sl_suite_asked(const struct sluice_config *config, uint16_t id)
{
	const struct sl_suite *suite = sl_suite_find(id);

	return suite && sl_listed(sl_suites(config), id) &&
	       version_asked(config, suite->version);
}

bool sl_suite_usable(const struct sluice_config *config, uint16_t id)
{
	const struct sluice_provider *p = config->provider;

	return sl_suite_asked(config, id) &&
	       (!p->aead_offered ||
		p->aead_offered(p, sl_suite_find(id)->aead));
}

bool sl_suite_usable_in(const struct sluice_config *config, uint16_t version,
			uint16_t id)
{
	return sl_suite_usable(config, id) &&
	       sl_suite_find(id)->version == version;
}

bool sl_version_usable(const struct sluice_config *config, uint16_t version)
{
	const uint16_t *suite = sl_suites(config);

	if (!version_asked(config, version))
		return false;
	while (*suite && !sl_suite_usable_in(config, version, *suite))
		suite++;
	return *suite;
}

bool sl_scheme_offered(const struct sluice_config *config, uint16_t scheme)
{
	const struct sluice_provider *p = config->provider;

	return !p->scheme_offered || p->scheme_offered(p, scheme);
}

bool sl_scheme_asked(const struct sluice_config *config, uint16_t scheme)
{
	return (!config->schemes || sl_listed(config->schemes, scheme)) &&
	       sl_scheme_offered(config, scheme);
}

bool sl_scheme_usable(const struct sluice_config *config, uint16_t scheme)
{
	return sl_listed(sl_signature_schemes, scheme) &&
	       sl_scheme_asked(config, scheme);
}

static void put_schemes(struct sl_writer *w, const struct sluice_config *config,
			const uint16_t *scheme)
{
	for (; *scheme; scheme++) {
		if (sl_scheme_offered(config, *scheme))
			sl_put16(w, *scheme);
	}
}

/* In the caller's order. */
static void put_asked(struct sl_writer *w, const struct sluice_config *config,
		      bool tls12)
{
	const uint16_t *scheme = config->schemes;

	for (; *scheme; scheme++) {
		if (sl_scheme_usable(config, *scheme) ||
		    (tls12 && sl_listed(sl_certificate_schemes, *scheme) &&
		     sl_scheme_offered(config, *scheme)))
			sl_put16(w, *scheme);
	}
}

void sl_put_schemes(struct sl_writer *w, const struct sluice_config *config,
		    bool tls12)
{
	size_t mark = sl_begin_vec(w, 2);

	if (config->schemes) {
		put_asked(w, config, tls12);
	} else {
		put_schemes(w, config, sl_signature_schemes);
		if (tls12)
			put_schemes(w, config, sl_certificate_schemes);
	}
	sl_end_vec(w, mark, 2);
}

void sl_put_certificate_schemes(struct sl_writer *w,
				const struct sluice_config *config)
{
	size_t mark = sl_begin_vec(w, 2);

	put_schemes(w, config, sl_signature_schemes);
	put_schemes(w, config, sl_certificate_schemes);
	sl_end_vec(w, mark, 2);
}

bool sl_psk_usable(const struct sluice_psk *psk)
{
	return psk->key && psk->key_len >= 16 &&
	       psk->key_len <= SLUICE_PSK_MAX &&
	       (!psk->hash_len || psk->hash_len == 32 || psk->hash_len == 48);
}

bool sl_psk_suits(const struct sluice_psk *psk, const struct sl_suite *suite)
{
	return suite->version == SLUICE_TLS_1_3 &&
	       suite->hash_len == (psk->hash_len ? psk->hash_len : 32);
}

void sl_psk_set(struct sl_session *session, const struct sluice_psk *psk,
		const struct sl_suite *suite)
{
	session->suite = suite;
	session->external = true;
	session->verified = true;
	memcpy(session->psk, psk->key, psk->key_len);
	session->psk_len = psk->key_len;
}

const uint16_t *sl_groups(const struct sluice_config *config)
{
	return config->groups ? config->groups : default_groups;
}

bool sl_group_usable(const struct sluice_config *config, uint16_t group)
{
	return sl_listed(sl_groups(config), group) &&
	       config->provider->group_offered(config->provider, group);
}

bool sl_contains16(struct sl_reader list, uint16_t value)
{
	while (!list.bad && list.left) {
		if (sl_get16(&list) == value)
			return true;
	}
	return false;
}
