// SPDX-License-Identifier: MIT
#include "keyschedule.h"

#include <string.h>

#include "conn.h"
#include "tls12.h"

/*
 * AES-GCM: 2^24.5 full-size records under a key (section 5.5), rounded down.
 * ChaCha20-Poly1305 would reach the sequence number's end first; renewing its
 * key as often costs nothing.
 */
#define RECORD_LIMIT	((uint64_t)1 << 24)

#define AES_128		SLUICE_SHA256, SLUICE_AEAD_AES_128_GCM, 32, 16
#define AES_256		SLUICE_SHA384, SLUICE_AEAD_AES_256_GCM, 48, 32
#define CHACHA20	SLUICE_SHA256, SLUICE_AEAD_CHACHA20_POLY1305, 32, 32

#define TLS13(id, aead) \
	{ id, aead, RECORD_LIMIT, SLUICE_TLS_1_3, SL_AUTH_ANY, 0, 0 }
#define TLS12_GCM(id, aead, auth) \
	{ id, aead, RECORD_LIMIT, SLUICE_TLS_1_2, auth, 4, 8 }
/* with no way to renew its key, it goes on to the sequence number's end */
#define TLS12_CHACHA20(id, auth) \
	{ id, CHACHA20, UINT64_MAX, SLUICE_TLS_1_2, auth, SL_IV_LEN, 0 }

static const struct sl_suite suites[] = {
	TLS13(SLUICE_AES_128_GCM_SHA256, AES_128),
	TLS13(SLUICE_AES_256_GCM_SHA384, AES_256),
	TLS13(SLUICE_CHACHA20_POLY1305_SHA256, CHACHA20),
	TLS12_GCM(SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256, AES_128, SL_AUTH_ECDSA),
	TLS12_GCM(SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384, AES_256, SL_AUTH_ECDSA),
	TLS12_GCM(SLUICE_ECDHE_RSA_AES_128_GCM_SHA256, AES_128, SL_AUTH_RSA),
	TLS12_GCM(SLUICE_ECDHE_RSA_AES_256_GCM_SHA384, AES_256, SL_AUTH_RSA),
	TLS12_CHACHA20(SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256, SL_AUTH_ECDSA),
	TLS12_CHACHA20(SLUICE_ECDHE_RSA_CHACHA20_POLY1305_SHA256, SL_AUTH_RSA),
};

const struct sl_suite *sl_suite_find(uint16_t id)
{
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (suites[i].id == id)
			return &suites[i];
	}
	return NULL;
}

static bool hmac(struct sluice_conn *c, const struct sl_suite *suite,
		 const uint8_t *key, size_t key_len,
		 const uint8_t *data, size_t len, uint8_t *out)
{
	if (c->p->hmac(c->p, suite->hash, key, key_len, data, len, out))
		return sl_internal(c, "the provider cannot compute an HMAC");
	return true;
}

bool sl_expand_label(struct sluice_conn *c, const struct sl_suite *suite,
		     const uint8_t *secret, const char *label,
		     const uint8_t *context, size_t context_len,
		     uint8_t *out, size_t out_len)
{
	/* T(n - 1) | info | n, as RFC 5869 has it; the first has no T */
	uint8_t input[SLUICE_HASH_MAX + 2 + 1 + 255 + 1 + 255 + 1];
	uint8_t block[SLUICE_HASH_MAX];
	size_t hash_len = suite->hash_len, skip = hash_len;
	size_t label_len = strlen(label);
	struct sl_writer w = sl_writer(input, sizeof(input));
	bool ok = true;

	if (6 + label_len > 255 || context_len > 255 || out_len > 255 * hash_len)
		return sl_internal(c, "a label is too long");
	sl_put_space(&w, hash_len);
	sl_put16(&w, (unsigned int)out_len);
	sl_put8(&w, (unsigned int)(6 + label_len));
	sl_put(&w, "tls13 ", 6);
	sl_put(&w, label, label_len);
	sl_put8(&w, (unsigned int)context_len);
	sl_put(&w, context, context_len);
	sl_put8(&w, 0);
	while (ok && out_len) {
		size_t part = out_len < hash_len ? out_len : hash_len;

		input[w.len - 1]++;
		ok = hmac(c, suite, secret, hash_len, input + skip,
			  w.len - skip, block);
		if (!ok)
			break;
		memcpy(out, block, part);
		memcpy(input, block, hash_len);
		out += part;
		out_len -= part;
		skip = 0;
	}
	sluice_wipe(input, w.len);
	sluice_wipe(block, sizeof(block));
	return ok;
}

/* Derive-Secret, from the present secret and the hash of messages. */
static bool derive(struct sluice_conn *c, const struct sl_suite *suite,
		   const char *label, const uint8_t *hash, uint8_t *out)
{
	return sl_expand_label(c, suite, c->hs->secret, label, hash,
			       suite->hash_len, out, suite->hash_len);
}

/* The hash of no messages. */
static const uint8_t *hash_of_nothing(const struct sl_suite *suite)
{
	static const uint8_t sha256[] = {
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
		0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
		0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
		0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
	};
	static const uint8_t sha384[] = {
		0x38, 0xb0, 0x60, 0xa7, 0x51, 0xac, 0x96, 0x38,
		0x4c, 0xd9, 0x32, 0x7e, 0xb1, 0xb1, 0xe3, 0x6a,
		0x21, 0xfd, 0xb7, 0x11, 0x14, 0xbe, 0x07, 0x43,
		0x4c, 0x0c, 0xc7, 0xbf, 0x63, 0xf6, 0xe1, 0xda,
		0x27, 0x4e, 0xde, 0xbf, 0xe7, 0x6f, 0x65, 0xfb,
		0xd5, 0x1a, 0xd2, 0xf1, 0x48, 0x98, 0xb9, 0x5b,
	};

	return suite->hash == SLUICE_SHA256 ? sha256 : sha384;
}

bool sl_early_secret(struct sluice_conn *c, const struct sl_suite *suite,
		     const struct sl_session *session)
{
	static const uint8_t zeros[SLUICE_HASH_MAX];

	/* HKDF-Extract(0, PSK) */
	return hmac(c, suite, zeros, suite->hash_len,
		    session ? session->psk : zeros,
		    session ? session->psk_len : suite->hash_len,
		    c->hs->secret);
}

bool sl_binder_mac(struct sluice_conn *c, const struct sl_suite *suite,
		   const uint8_t *hello, size_t len, uint8_t *mac)
{
	uint8_t key[SLUICE_HASH_MAX];
	uint8_t hash[SLUICE_HASH_MAX];
	bool ok;

	ok = derive(c, suite,
		    c->hs->session.external ? "ext binder" : "res binder",
		    hash_of_nothing(suite), key) &&
	     sl_transcript_hash(c, suite->hash, hello, len, hash) &&
	     sl_finished_mac(c, suite, key, hash, mac);
	sluice_wipe(key, sizeof(key));
	return ok;
}

bool sl_finished_mac(struct sluice_conn *c, const struct sl_suite *suite,
		     const uint8_t *secret, const uint8_t *hash, uint8_t *mac)
{
	uint8_t key[SLUICE_HASH_MAX];
	bool ok;

	ok = sl_expand_label(c, suite, secret, "finished", NULL, 0, key,
			     suite->hash_len) &&
	     hmac(c, suite, key, suite->hash_len, hash, suite->hash_len, mac);
	sluice_wipe(key, sizeof(key));
	return ok;
}

static void put_hex(struct sl_writer *w, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < len; i++) {
		sl_put8(w, (uint8_t)digits[data[i] >> 4]);
		sl_put8(w, (uint8_t)digits[data[i] & 15]);
	}
}

void sl_log_line(struct sluice_conn *c, const char *label,
		 const uint8_t *client_random, const uint8_t *data, size_t len)
{
	char line[SLUICE_KEYLOG_MAX];
	struct sl_writer w = sl_writer((uint8_t *)line, sizeof(line));

	if (!c->config->keylog)
		return;
	sl_put(&w, label, strlen(label));
	sl_put8(&w, ' ');
	put_hex(&w, client_random, SL_RANDOM_LEN);
	sl_put8(&w, ' ');
	put_hex(&w, data, len);
	sl_put8(&w, 0);
	c->config->keylog(c->config->ctx, line);
	sluice_wipe(line, w.len);
}

void sl_log_secret(struct sluice_conn *c, const char *label,
		   const uint8_t *secret, size_t len)
{
	sl_log_line(c, label, c->hs->client_random, secret, len);
}

static void log_secret(struct sluice_conn *c, const char *label,
		       const uint8_t *secret)
{
	sl_log_secret(c, label, secret, c->suite->hash_len);
}

/* HKDF-Extract of the next stage: its salt is derived from the last. */
static bool next_stage(struct sluice_conn *c, const uint8_t *input, size_t len)
{
	uint8_t salt[SLUICE_HASH_MAX];
	bool ok;

	ok = derive(c, c->suite, "derived", hash_of_nothing(c->suite), salt) &&
	     hmac(c, c->suite, salt, c->suite->hash_len, input, len,
		  c->hs->secret);
	sluice_wipe(salt, sizeof(salt));
	return ok;
}

bool sl_early_traffic_secret(struct sluice_conn *c, const struct sl_suite *suite,
			     uint8_t *secret)
{
	uint8_t hash[SLUICE_HASH_MAX];

	if (!sl_transcript_hash(c, suite->hash, NULL, 0, hash) ||
	    !derive(c, suite, "c e traffic", hash, secret) ||
	    !derive(c, suite, "e exp master", hash, c->hs->early_exporter))
		return false;
	sl_log_secret(c, "CLIENT_EARLY_TRAFFIC_SECRET", secret,
		      suite->hash_len);
	sl_log_secret(c, "EARLY_EXPORTER_SECRET", c->hs->early_exporter,
		      suite->hash_len);
	return true;
}

bool sl_handshake_secrets(struct sluice_conn *c, const uint8_t *shared,
			  size_t shared_len)
{
	uint8_t hash[SLUICE_HASH_MAX];

	if (!next_stage(c, shared, shared_len) ||
	    !sl_transcript_hash(c, c->suite->hash, NULL, 0, hash) ||
	    !derive(c, c->suite, "c hs traffic", hash, c->hs->client_secret) ||
	    !derive(c, c->suite, "s hs traffic", hash, c->hs->server_secret))
		return false;
	log_secret(c, "CLIENT_HANDSHAKE_TRAFFIC_SECRET", c->hs->client_secret);
	log_secret(c, "SERVER_HANDSHAKE_TRAFFIC_SECRET", c->hs->server_secret);
	return true;
}

bool sl_application_secrets(struct sluice_conn *c)
{
	static const uint8_t zeros[SLUICE_HASH_MAX];
	uint8_t hash[SLUICE_HASH_MAX];

	if (!next_stage(c, zeros, c->suite->hash_len) ||
	    !sl_transcript_hash(c, c->suite->hash, NULL, 0, hash) ||
	    !derive(c, c->suite, "c ap traffic", hash, c->hs->client_secret) ||
	    !derive(c, c->suite, "s ap traffic", hash, c->hs->server_secret) ||
	    !derive(c, c->suite, "exp master", hash, c->exporter_secret))
		return false;
	log_secret(c, "CLIENT_TRAFFIC_SECRET_0", c->hs->client_secret);
	log_secret(c, "SERVER_TRAFFIC_SECRET_0", c->hs->server_secret);
	log_secret(c, "EXPORTER_SECRET", c->exporter_secret);
	return true;
}

static int export(struct sluice_conn *c, const struct sl_suite *suite,
		  const uint8_t *exporter, const char *label,
		  const uint8_t *context, size_t context_len,
		  uint8_t *out, size_t out_len)
{
	const struct sluice_octets parts = { context, context_len };
	uint8_t secret[SLUICE_HASH_MAX], hash[SLUICE_HASH_MAX];
	bool ok;

	if (!*label || strlen(label) > SLUICE_EXPORT_LABEL_MAX ||
	    out_len > 255 * suite->hash_len)
		return -1;
	if (c->version == SLUICE_TLS_1_2)
		return sl_tls12_export(c, label, context, context_len, out,
				       out_len);
	ok = sl_expand_label(c, suite, exporter, label, hash_of_nothing(suite),
			     suite->hash_len, secret, suite->hash_len) &&
	     sl_hash(c, suite->hash, &parts, 1, hash) &&
	     sl_expand_label(c, suite, secret, "exporter", hash,
			     suite->hash_len, out, out_len);
	sluice_wipe(secret, sizeof(secret));
	if (!ok)
		sluice_wipe(out, out_len);
	return ok ? 0 : -1;
}

int sluice_export(struct sluice_conn *c, const char *label,
		  const uint8_t *context, size_t context_len,
		  uint8_t *out, size_t out_len)
{
	if (!c->done || c->error)
		return -1;
	return export(c, c->suite, c->exporter_secret, label, context,
		      context_len, out, out_len);
}

int sluice_export_early(struct sluice_conn *c, const char *label,
			const uint8_t *context, size_t context_len,
			uint8_t *out, size_t out_len)
{
	if (c->done || c->error || !c->hs->early_open)
		return -1;
	return export(c, sl_is_server(c) ? c->suite : c->hs->early_suite,
		      c->hs->early_exporter, label, context, context_len, out,
		      out_len);
}

bool sl_resumption_secret(struct sluice_conn *c)
{
	uint8_t hash[SLUICE_HASH_MAX];

	return sl_transcript_hash(c, c->suite->hash, NULL, 0, hash) &&
	       derive(c, c->suite, "res master", hash, c->resumption_secret);
}

bool sl_ticket_psk(struct sluice_conn *c, const uint8_t *nonce, size_t len,
		   uint8_t *psk)
{
	return sl_expand_label(c, c->suite, c->resumption_secret, "resumption",
			       nonce, len, psk, c->suite->hash_len);
}

void sl_keys_wipe(struct sluice_conn *c, struct sl_direction *dir)
{
	uint64_t updates = dir->updates;

	c->p->aead_free(c->p, dir->aead);
	sluice_wipe(dir, sizeof(*dir));
	dir->updates = updates;
}

static bool install(struct sluice_conn *c, struct sl_direction *dir,
		    const struct sl_suite *suite)
{
	c->p->aead_free(c->p, dir->aead);
	dir->aead = NULL;
	dir->seq = 0;
	if (!sl_expand_label(c, suite, dir->secret, "key", NULL, 0,
			     dir->key, suite->key_len) ||
	    !sl_expand_label(c, suite, dir->secret, "iv", NULL, 0,
			     dir->iv, SL_IV_LEN))
		return false;
	dir->aead = c->p->aead_new(c->p, suite->aead, dir->key);
	return dir->aead || sl_internal(c, "the provider took no record key");
}

bool sl_keys_install(struct sluice_conn *c, struct sl_direction *dir,
		     const uint8_t *secret)
{
	return sl_early_keys_install(c, dir, c->suite, secret);
}

bool sl_early_keys_install(struct sluice_conn *c, struct sl_direction *dir,
			   const struct sl_suite *suite, const uint8_t *secret)
{
	memcpy(dir->secret, secret, suite->hash_len);
	return install(c, dir, suite);
}

bool sl_keys_update(struct sluice_conn *c, struct sl_direction *dir)
{
	uint8_t secret[SLUICE_HASH_MAX];
	bool ok;

	ok = sl_expand_label(c, c->suite, dir->secret, "traffic upd", NULL, 0,
			     secret, c->suite->hash_len) &&
	     sl_keys_install(c, dir, secret);
	sluice_wipe(secret, sizeof(secret));
	dir->updates++;
	return ok;
}

void sl_make_nonce(const struct sl_direction *dir, uint8_t nonce[SL_IV_LEN])
{
	unsigned int i;

	memcpy(nonce, dir->iv, SL_IV_LEN);
	for (i = 0; i < 8; i++)
		nonce[SL_IV_LEN - 1 - i] ^= (uint8_t)(dir->seq >> (8 * i));
}

int sl_direction_seal(struct sluice_conn *c, struct sl_direction *dir,
		      const uint8_t *header, uint8_t *body, size_t len)
{
	uint8_t nonce[SL_IV_LEN];

	sl_make_nonce(dir, nonce);
	dir->seq++;
	return c->p->aead_seal(c->p, dir->aead, nonce, header,
			       SL_RECORD_HEADER, body, len);
}

int sl_direction_open(struct sluice_conn *c, struct sl_direction *dir,
		      const uint8_t *header, uint8_t *body, size_t len)
{
	uint8_t nonce[SL_IV_LEN];
	int rc;

	sl_make_nonce(dir, nonce);
	rc = c->p->aead_open(c->p, dir->aead, nonce, header, SL_RECORD_HEADER,
			     body, len);
	if (!rc)
		dir->seq++;
	return rc;
}
