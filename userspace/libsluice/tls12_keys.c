// SPDX-License-Identifier: MIT
/* TLS 1.2's keys: the PRF, the master secret, and all that comes of it. */
#include <string.h>

#include "tls12.h"

bool sl_tls12_prf(struct sluice_conn *c, const struct sl_suite *suite,
		  const uint8_t *secret, size_t secret_len, const char *label,
		  const struct sluice_octets *seed, size_t parts,
		  uint8_t *out, size_t out_len)
{
	/* A(i) | seed, where A(0) is the seed itself */
	uint8_t input[SLUICE_HASH_MAX + SL_TLS12_SEED_MAX];
	uint8_t block[SLUICE_HASH_MAX];
	size_t hash_len = suite->hash_len, skip = hash_len, i;
	struct sl_writer w = sl_writer(input, sizeof(input));
	bool ok = true;

	sl_put_space(&w, hash_len);
	sl_put(&w, label, strlen(label));
	for (i = 0; i < parts; i++)
		sl_put(&w, seed[i].data, seed[i].len);
	if (w.bad)
		return sl_internal(c, "a seed is too long");
	while (ok && out_len) {
		size_t part = out_len < hash_len ? out_len : hash_len;

		ok = !c->p->hmac(c->p, suite->hash, secret, secret_len,
				 input + skip, (skip ? w.len : hash_len) - skip,
				 block);
		if (!ok)
			break;
		memcpy(input, block, hash_len);
		ok = !c->p->hmac(c->p, suite->hash, secret, secret_len,
				 input, w.len, block);
		if (!ok)
			break;
		memcpy(out, block, part);
		out += part;
		out_len -= part;
		skip = 0;
	}
	sluice_wipe(input, sizeof(input));
	sluice_wipe(block, sizeof(block));
	return ok || sl_internal(c, "the provider cannot compute an HMAC");
}

static struct sluice_octets random_of(const struct sluice_conn *c, bool server)
{
	return (struct sluice_octets){
		c->randoms + (server ? SL_RANDOM_LEN : 0), SL_RANDOM_LEN
	};
}

bool sl_tls12_master_secret(struct sluice_conn *c, const uint8_t *shared,
			    size_t shared_len)
{
	uint8_t hash[SLUICE_HASH_MAX];
	struct sluice_octets seed = { hash, c->suite->hash_len };

	return sl_transcript_hash(c, c->suite->hash, NULL, 0, hash) &&
	       sl_tls12_prf(c, c->suite, shared, shared_len,
			    "extended master secret", &seed, 1,
			    c->hs->secret, SL_TLS12_MASTER_LEN);
}

/* A direction's part of the key block is its key, and then its IV. */
#define PART_MAX	(SL_KEY_MAX + SL_IV_LEN)

bool sl_tls12_key_block(struct sluice_conn *c)
{
	const struct sluice_octets seed[2] = {
		random_of(c, true), random_of(c, false)
	};
	size_t key_len = c->suite->key_len, iv_len = c->suite->fixed_iv_len;
	uint8_t block[2 * PART_MAX];
	struct sl_reader r = sl_reader(block, sizeof(block));
	bool ok;

	_Static_assert(PART_MAX <= sizeof(c->hs->client_secret),
		       "a direction's keys fit where its secret is");
	sl_log_secret(c, "CLIENT_RANDOM", c->hs->secret, SL_TLS12_MASTER_LEN);
	memcpy(c->exporter_secret, c->hs->secret, SL_TLS12_MASTER_LEN);
	ok = sl_tls12_prf(c, c->suite, c->hs->secret, SL_TLS12_MASTER_LEN,
			  "key expansion", seed, 2, block,
			  2 * (key_len + iv_len));
	if (ok) {
		memcpy(c->hs->client_secret, sl_get(&r, key_len), key_len);
		memcpy(c->hs->server_secret, sl_get(&r, key_len), key_len);
		memcpy(c->hs->client_secret + key_len, sl_get(&r, iv_len),
		       iv_len);
		memcpy(c->hs->server_secret + key_len, sl_get(&r, iv_len),
		       iv_len);
	}
	sluice_wipe(block, sizeof(block));
	return ok;
}

static bool install(struct sluice_conn *c, struct sl_direction *dir,
		    const uint8_t *keys)
{
	const struct sl_suite *suite = c->suite;

	memcpy(dir->key, keys, suite->key_len);
	memcpy(dir->iv, keys + suite->key_len, suite->fixed_iv_len);
	dir->seq = 0;
	dir->aead = c->p->aead_new(c->p, suite->aead, dir->key);
	return dir->aead || sl_internal(c, "the provider took no record key");
}

bool sl_tls12_install_tx(struct sluice_conn *c)
{
	return install(c, &c->tx, sl_is_server(c) ? c->hs->server_secret :
						    c->hs->client_secret);
}

bool sl_tls12_install_rx(struct sluice_conn *c)
{
	return install(c, &c->rx, sl_is_server(c) ? c->hs->client_secret :
						    c->hs->server_secret);
}

bool sl_tls12_finished(struct sluice_conn *c, bool server,
		       uint8_t mac[SL_TLS12_FINISHED_LEN])
{
	uint8_t hash[SLUICE_HASH_MAX];
	struct sluice_octets seed = { hash, c->suite->hash_len };

	return sl_transcript_hash(c, c->suite->hash, NULL, 0, hash) &&
	       sl_tls12_prf(c, c->suite, c->hs->secret, SL_TLS12_MASTER_LEN,
			    server ? "server finished" : "client finished",
			    &seed, 1, mac, SL_TLS12_FINISHED_LEN);
}

int sl_tls12_export(struct sluice_conn *c, const char *label,
		    const uint8_t *context, size_t context_len,
		    uint8_t *out, size_t out_len)
{
	const uint8_t len[2] = {
		(uint8_t)(context_len >> 8), (uint8_t)context_len
	};
	const struct sluice_octets seed[3] = {
		{ c->randoms, sizeof(c->randoms) },
		{ len, sizeof(len) },
		{ context, context_len },
	};

	if (context_len > SLUICE_EXPORT_CONTEXT_MAX)
		return -1;
	if (sl_tls12_prf(c, c->suite, c->exporter_secret, SL_TLS12_MASTER_LEN,
			 label, seed, context ? 3 : 1, out, out_len))
		return 0;
	sluice_wipe(out, out_len);
	return -1;
}
