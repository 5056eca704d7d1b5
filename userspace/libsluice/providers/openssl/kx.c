// SPDX-License-Identifier: MIT
/*
 * Key exchange by libcrypto. The hybrid groups are KEMs there, the others are
 * Diffie-Hellman; here all of them have a share from each side.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "internal.h"

struct group {
	uint16_t id;
	const char *type;	/* libcrypto's name of the key type */
	const char *curve;
	size_t client_len;	/* octets of the client's share */
	size_t server_len;
	bool kem;
};

static const struct group groups[] = {
	{ SLUICE_X25519MLKEM768, "X25519MLKEM768", NULL, 1216, 1120, true },
	{ SLUICE_SECP256R1MLKEM768, "SecP256r1MLKEM768", NULL, 1249, 1153,
	  true },
	{ SLUICE_X25519, "X25519", NULL, 32, 32, false },
	{ SLUICE_SECP256R1, "EC", "P-256", 65, 65, false },
	{ SLUICE_SECP384R1, "EC", "P-384", 97, 97, false },
	{ SLUICE_SECP521R1, "EC", "P-521", 133, 133, false },
};

struct sluice_kx {
	const struct group *group;
	EVP_PKEY *key;
};

static const struct group *find_group(uint16_t id)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

static EVP_PKEY *generate(const struct sluice_provider *p,
			  const struct group *group)
{
	const struct sluice_openssl *o = sl_openssl(p);

	if (group->curve)
		return EVP_PKEY_Q_keygen(o->lib, NULL, group->type,
					 group->curve);
	return EVP_PKEY_Q_keygen(o->lib, NULL, group->type);
}

/* A type may be known by name only: see whether it makes keys. */
void sl_openssl_probe_groups(struct sluice_openssl *o)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(o->lib,
						groups[i].type, NULL);

		if (ctx && EVP_PKEY_keygen_init(ctx) > 0)
			o->groups |= 1U << i;
		EVP_PKEY_CTX_free(ctx);
	}
	ERR_clear_error();
}

static bool group_offered(const struct sluice_provider *p, uint16_t id)
{
	const struct group *group = find_group(id);

	return group && sl_openssl(p)->groups & 1U << (group - groups);
}

static bool get_share(const EVP_PKEY *key, size_t want, uint8_t *share,
		      size_t *share_len)
{
	return EVP_PKEY_get_octet_string_param(key,
			OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, share,
			SLUICE_SHARE_MAX, share_len) && *share_len == want;
}

static void kx_free(const struct sluice_provider *p, struct sluice_kx *kx)
{
	(void)p;
	if (!kx)
		return;
	EVP_PKEY_free(kx->key);
	OPENSSL_free(kx);
}

/* Takes the key, which may be NULL. */
static struct sluice_kx *kx_of(const struct sluice_provider *p,
			       const struct group *group, EVP_PKEY *key,
			       uint8_t *share, size_t *share_len)
{
	struct sluice_kx *kx = OPENSSL_zalloc(sizeof(*kx));

	if (!kx) {
		EVP_PKEY_free(key);
		return NULL;
	}
	kx->group = group;
	kx->key = key;
	if (!key || !get_share(key, group->client_len, share, share_len)) {
		kx_free(p, kx);
		return NULL;
	}
	return kx;
}

static struct sluice_kx *kx_new(const struct sluice_provider *p, uint16_t id,
				uint8_t *share, size_t *share_len)
{
	const struct group *group = find_group(id);

	return group ? kx_of(p, group, generate(p, group), share, share_len) :
		       NULL;
}

static struct sluice_kx *kx_load(const struct sluice_provider *p, uint16_t id,
				 const uint8_t *key, size_t len,
				 uint8_t *share, size_t *share_len)
{
	const struct group *group = find_group(id);

	if (id != SLUICE_X25519)
		return NULL;
	return kx_of(p, group, EVP_PKEY_new_raw_private_key_ex(
				sl_openssl(p)->lib, group->type, NULL, key, len),
		     share, share_len);
}

/* A public key of the peer's; NULL if its octets are not one. */
static EVP_PKEY *peer_key(const struct sluice_provider *p,
			  const struct group *group,
			  const uint8_t *data, size_t len)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
			(void *)(uintptr_t)data, len),
		group->curve ?
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
			(char *)(uintptr_t)group->curve, 0) :
		OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key = NULL;

	/* Only uncompressed points: RFC 9846, section 4.2.8.2. */
	if (group->curve && data[0] != 4)
		return NULL;
	ctx = EVP_PKEY_CTX_new_from_name(sl_openssl(p)->lib, group->type, NULL);
	if (!ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY,
			      (OSSL_PARAM *)(uintptr_t)params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Checks the point, and refuses X25519's zero: RFC 9846, section 7.4.2. */
static int derive(const struct sluice_provider *p, EVP_PKEY *own,
		  EVP_PKEY *peer, uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(sl_openssl(p)->lib, own,
						       NULL);
	int rc = -1;

	*shared_len = SLUICE_SHARED_MAX;
	if (ctx && EVP_PKEY_derive_init(ctx) > 0)
		rc = EVP_PKEY_derive_set_peer_ex(ctx, peer, 1) > 0 &&
		     EVP_PKEY_derive(ctx, shared, shared_len) > 0 ?
		     0 : ALERT_ILLEGAL_PARAMETER;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int decapsulate(const struct sluice_provider *p, EVP_PKEY *own,
		       const uint8_t *data, size_t len,
		       uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(sl_openssl(p)->lib, own,
						       NULL);
	int rc = -1;

	*shared_len = SLUICE_SHARED_MAX;
	if (ctx && EVP_PKEY_decapsulate_init(ctx, NULL) > 0)
		rc = EVP_PKEY_decapsulate(ctx, shared, shared_len, data,
					  len) > 0 ?
		     0 : ALERT_ILLEGAL_PARAMETER;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int encapsulate(const struct sluice_provider *p, EVP_PKEY *peer,
		       uint8_t *share, size_t *share_len,
		       uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(sl_openssl(p)->lib, peer,
						       NULL);
	int rc = -1;

	*share_len = SLUICE_SHARE_MAX;
	*shared_len = SLUICE_SHARED_MAX;
	if (ctx && EVP_PKEY_encapsulate_init(ctx, NULL) > 0)
		rc = EVP_PKEY_encapsulate(ctx, share, share_len, shared,
					  shared_len) > 0 ?
		     0 : ALERT_ILLEGAL_PARAMETER;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int kx_finish(const struct sluice_provider *p, struct sluice_kx *kx,
		     const uint8_t *data, size_t len,
		     uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY *peer;
	int rc;

	if (len != kx->group->server_len)
		return ALERT_ILLEGAL_PARAMETER;
	if (kx->group->kem)
		return decapsulate(p, kx->key, data, len, shared, shared_len);

	peer = peer_key(p, kx->group, data, len);
	if (!peer)
		return ALERT_ILLEGAL_PARAMETER;
	rc = derive(p, kx->key, peer, shared, shared_len);
	EVP_PKEY_free(peer);
	return rc;
}

static int kx_respond(const struct sluice_provider *p, uint16_t id,
		      const uint8_t *data, size_t len,
		      uint8_t *share, size_t *share_len,
		      uint8_t *shared, size_t *shared_len)
{
	const struct group *group = find_group(id);
	EVP_PKEY *own = NULL, *peer;
	int rc = -1;

	if (!group)
		return -1;
	if (len != group->client_len)
		return ALERT_ILLEGAL_PARAMETER;
	peer = peer_key(p, group, data, len);
	if (!peer)
		return ALERT_ILLEGAL_PARAMETER;

	if (group->kem) {
		rc = encapsulate(p, peer, share, share_len, shared, shared_len);
	} else {
		own = generate(p, group);
		if (own && get_share(own, group->server_len, share, share_len))
			rc = derive(p, own, peer, shared, shared_len);
	}
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return rc;
}

void sl_openssl_kx_table(struct sluice_provider *table)
{
	table->group_offered = group_offered;
	table->kx_new = kx_new;
	table->kx_finish = kx_finish;
	table->kx_respond = kx_respond;
	table->kx_free = kx_free;
	table->kx_load = kx_load;
}
