// SPDX-License-Identifier: MIT
/*
 * Key exchange by libcrypto. A hybrid group is made of its two parts: libcrypto's
 * own hybrids make a key of each inside of another, which takes longer.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "internal.h"

struct part {
	const char *type;	/* libcrypto's name of the key type */
	const char *curve;
	size_t client_len;	/* octets of the client's share */
	size_t server_len;
	bool kem;		/* else Diffie-Hellman */
};

static const struct part mlkem768 = { "ML-KEM-768", NULL, 1184, 1088, true };
static const struct part x25519 = { "X25519", NULL, 32, 32, false };
static const struct part p256 = { "EC", "P-256", 65, 65, false };
static const struct part p384 = { "EC", "P-384", 97, 97, false };
static const struct part p521 = { "EC", "P-521", 133, 133, false };
/* FIPS 140 allows X25519 in this only. */
static const struct part x25519mlkem768 = { "X25519MLKEM768", NULL, 1216, 1120, true };

#define PARTS_MAX	2
#define P256_KEY_LEN	32

/* Shares and shared secrets are those of the parts, one after the other. */
struct group {
	uint16_t id;
	const struct part *parts[PARTS_MAX];
};

static const struct group groups[] = {
	{ SLUICE_X25519MLKEM768, { &mlkem768, &x25519 } },
	{ SLUICE_X25519MLKEM768, { &x25519mlkem768 } },
	{ SLUICE_SECP256R1MLKEM768, { &p256, &mlkem768 } },
	{ SLUICE_X25519, { &x25519 } },
	{ SLUICE_SECP256R1, { &p256 } },
	{ SLUICE_SECP384R1, { &p384 } },
	{ SLUICE_SECP521R1, { &p521 } },
};

struct sluice_kx {
	const struct group *group;
	EVP_PKEY *keys[PARTS_MAX];
};

/* The first that libcrypto has. */
static const struct group *find_group(const struct sluice_provider *p,
				      uint16_t id)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (groups[i].id == id && sl_openssl(p)->groups & 1U << i)
			return &groups[i];
	return NULL;
}

static bool group_offered(const struct sluice_provider *p, uint16_t id)
{
	return find_group(p, id);
}

/* The part after i parts; NULL after the last. */
static const struct part *part_of(const struct group *group, size_t i)
{
	return i < PARTS_MAX ? group->parts[i] : NULL;
}

/* A type may be known by name only: see whether it makes keys. */
static bool has(const struct sluice_openssl *o, const struct part *part)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(o->lib, part->type, NULL);
	bool ok = ctx && EVP_PKEY_keygen_init(ctx) > 0;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

void sl_openssl_probe_groups(struct sluice_openssl *o)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		size_t n = 0;

		while (part_of(&groups[i], n) && has(o, part_of(&groups[i], n)))
			n++;
		if (!part_of(&groups[i], n))
			o->groups |= 1U << i;
	}
	ERR_clear_error();
}

static EVP_PKEY *generate(const struct sluice_provider *p,
			  const struct part *part)
{
	const struct sluice_openssl *o = sl_openssl(p);

	if (part->curve)
		return EVP_PKEY_Q_keygen(o->lib, NULL, part->type, part->curve);
	return EVP_PKEY_Q_keygen(o->lib, NULL, part->type);
}

/* Adds a part of a share, which has to be of so many octets. */
static bool add_share(const EVP_PKEY *key, size_t want, uint8_t *share,
		      size_t *share_len)
{
	size_t len;

	if (!EVP_PKEY_get_octet_string_param(key,
			OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, share + *share_len,
			SLUICE_SHARE_MAX - *share_len, &len) || len != want)
		return false;
	*share_len += len;
	return true;
}

static void kx_free(const struct sluice_provider *p, struct sluice_kx *kx)
{
	(void)p;
	if (!kx)
		return;
	for (size_t i = 0; i < PARTS_MAX; i++)
		EVP_PKEY_free(kx->keys[i]);
	OPENSSL_free(kx);
}

/* Without its keys. */
static struct sluice_kx *kx_begin(const struct sluice_provider *p, uint16_t id,
				  size_t *share_len)
{
	const struct group *group = find_group(p, id);
	struct sluice_kx *kx = group ? OPENSSL_zalloc(sizeof(*kx)) : NULL;

	if (kx)
		kx->group = group;
	*share_len = 0;
	return kx;
}

/* Takes the key of a part, which may be NULL, and adds to the share. */
static bool kx_add(struct sluice_kx *kx, size_t i, EVP_PKEY *key,
		   uint8_t *share, size_t *share_len)
{
	kx->keys[i] = key;
	return key && add_share(key, kx->group->parts[i]->client_len, share,
				share_len);
}

static struct sluice_kx *kx_new(const struct sluice_provider *p, uint16_t id,
				uint8_t *share, size_t *share_len)
{
	struct sluice_kx *kx = kx_begin(p, id, share_len);
	const struct part *half;

	for (size_t i = 0; kx && (half = part_of(kx->group, i)); i++) {
		if (kx_add(kx, i, generate(p, half), share, share_len))
			continue;
		kx_free(p, kx);
		return NULL;
	}
	return kx;
}

/* NULL if the parameters do not make one. */
static EVP_PKEY *key_from(const struct sluice_openssl *o,
			  const struct part *part, int selection,
			  const OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(o->lib, part->type, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &key, selection,
			      (OSSL_PARAM *)(uintptr_t)params) <= 0)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* From both halves, the private one in the machine's order of octets. */
static EVP_PKEY *key_of(const struct sluice_openssl *o, uint8_t *native,
			uint8_t *public)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
			(char *)(uintptr_t)p256.curve, 0),
		OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native,
					P256_KEY_LEN),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
			public, p256.client_len),
		OSSL_PARAM_construct_end(),
	};

	return key_from(o, &p256, EVP_PKEY_KEYPAIR, params);
}

/* That of P-256: libcrypto's keys do not find their public half themselves. */
static EVP_PKEY *load_p256(const struct sluice_openssl *o, const uint8_t *octets,
			   size_t len)
{
	EC_GROUP *curve = EC_GROUP_new_by_curve_name_ex(o->lib, NULL,
							NID_X9_62_prime256v1);
	EC_POINT *point = curve ? EC_POINT_new(curve) : NULL;
	BIGNUM *secret = BN_secure_new();
	uint8_t native[P256_KEY_LEN], public[1 + 2 * P256_KEY_LEN];
	EVP_PKEY *key = NULL;

	if (point && secret && len == P256_KEY_LEN &&
	    BN_bin2bn(octets, P256_KEY_LEN, secret) && !BN_is_zero(secret) &&
	    BN_cmp(secret, EC_GROUP_get0_order(curve)) < 0 &&
	    BN_bn2nativepad(secret, native, P256_KEY_LEN) == P256_KEY_LEN &&
	    EC_POINT_mul(curve, point, secret, NULL, NULL, NULL) &&
	    EC_POINT_point2oct(curve, point, POINT_CONVERSION_UNCOMPRESSED,
			       public, sizeof(public), NULL) == sizeof(public))
		key = key_of(o, native, public);
	OPENSSL_cleanse(native, sizeof(native));
	BN_clear_free(secret);
	EC_POINT_free(point);
	EC_GROUP_free(curve);
	return key;
}

static EVP_PKEY *load(const struct sluice_provider *p, uint16_t id,
		      const uint8_t *key, size_t len)
{
	const struct sluice_openssl *o = sl_openssl(p);

	if (id == SLUICE_X25519)
		return EVP_PKEY_new_raw_private_key_ex(o->lib, x25519.type,
						       NULL, key, len);
	/* no module of FIPS 140 computes the public half */
	return id == SLUICE_SECP256R1 &&
	       !EVP_default_properties_is_fips_enabled(o->lib) ?
	       load_p256(o, key, len) : NULL;
}

static struct sluice_kx *kx_load(const struct sluice_provider *p, uint16_t id,
				 const uint8_t *key, size_t len,
				 uint8_t *share, size_t *share_len)
{
	struct sluice_kx *kx = kx_begin(p, id, share_len);

	if (kx && kx_add(kx, 0, load(p, id, key, len), share, share_len))
		return kx;
	kx_free(p, kx);
	return NULL;
}

/* A public key of the peer's; NULL if its octets are not one. */
static EVP_PKEY *peer_key(const struct sluice_provider *p,
			  const struct part *part,
			  const uint8_t *data, size_t len)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY,
			(void *)(uintptr_t)data, len),
		part->curve ?
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
			(char *)(uintptr_t)part->curve, 0) :
		OSSL_PARAM_construct_end(),
		OSSL_PARAM_construct_end(),
	};

	/* Only uncompressed points: RFC 9846, section 4.2.8.2. */
	if (part->curve && data[0] != 4)
		return NULL;
	return key_from(sl_openssl(p), part, EVP_PKEY_PUBLIC_KEY, params);
}

/*
 * These add to the secret, and encapsulate() to the share: 0, an alert, or -1.
 * This one checks the point, and refuses X25519's zero: RFC 9846, section 7.4.2.
 */
static int derive(const struct sluice_provider *p, EVP_PKEY *own,
		  EVP_PKEY *peer, uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(sl_openssl(p)->lib, own,
						       NULL);
	size_t len = SLUICE_SHARED_MAX - *shared_len;
	int rc = -1;

	if (ctx && EVP_PKEY_derive_init(ctx) > 0)
		rc = EVP_PKEY_derive_set_peer_ex(ctx, peer, 1) > 0 &&
		     EVP_PKEY_derive(ctx, shared + *shared_len, &len) > 0 ?
		     0 : ALERT_ILLEGAL_PARAMETER;
	EVP_PKEY_CTX_free(ctx);
	*shared_len += len;
	return rc;
}

static int decapsulate(const struct sluice_provider *p, EVP_PKEY *own,
		       const uint8_t *data, size_t data_len,
		       uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(sl_openssl(p)->lib, own,
						       NULL);
	size_t len = SLUICE_SHARED_MAX - *shared_len;
	int rc = -1;

	if (ctx && EVP_PKEY_decapsulate_init(ctx, NULL) > 0)
		rc = EVP_PKEY_decapsulate(ctx, shared + *shared_len, &len, data,
					  data_len) > 0 ?
		     0 : ALERT_ILLEGAL_PARAMETER;
	EVP_PKEY_CTX_free(ctx);
	*shared_len += len;
	return rc;
}

static int encapsulate(const struct sluice_provider *p, EVP_PKEY *peer,
		       uint8_t *share, size_t *share_len,
		       uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(sl_openssl(p)->lib, peer,
						       NULL);
	size_t text_len = SLUICE_SHARE_MAX - *share_len;
	size_t len = SLUICE_SHARED_MAX - *shared_len;
	int rc = -1;

	if (ctx && EVP_PKEY_encapsulate_init(ctx, NULL) > 0)
		rc = EVP_PKEY_encapsulate(ctx, share + *share_len, &text_len,
					  shared + *shared_len, &len) > 0 ?
		     0 : ALERT_ILLEGAL_PARAMETER;
	EVP_PKEY_CTX_free(ctx);
	*share_len += text_len;
	*shared_len += len;
	return rc;
}

/* One part, from the server's share. */
static int finish(const struct sluice_provider *p, const struct part *part,
		  EVP_PKEY *own, const uint8_t *data,
		  uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY *peer;
	int rc;

	if (part->kem)
		return decapsulate(p, own, data, part->server_len, shared,
				   shared_len);
	peer = peer_key(p, part, data, part->server_len);
	if (!peer)
		return ALERT_ILLEGAL_PARAMETER;
	rc = derive(p, own, peer, shared, shared_len);
	EVP_PKEY_free(peer);
	return rc;
}

static int kx_finish(const struct sluice_provider *p, struct sluice_kx *kx,
		     const uint8_t *data, size_t len,
		     uint8_t *shared, size_t *shared_len)
{
	const struct part *half;
	size_t want = 0;
	int rc = 0;

	for (size_t i = 0; (half = part_of(kx->group, i)); i++)
		want += half->server_len;
	if (len != want)
		return ALERT_ILLEGAL_PARAMETER;
	*shared_len = 0;
	for (size_t i = 0; !rc && (half = part_of(kx->group, i)); i++) {
		rc = finish(p, half, kx->keys[i], data, shared, shared_len);
		data += half->server_len;
	}
	return rc;
}

/* One part, from the client's share. */
static int respond(const struct sluice_provider *p, const struct part *part,
		   const uint8_t *data, uint8_t *share, size_t *share_len,
		   uint8_t *shared, size_t *shared_len)
{
	EVP_PKEY *own = NULL, *peer = peer_key(p, part, data, part->client_len);
	int rc = -1;

	if (!peer)
		return ALERT_ILLEGAL_PARAMETER;
	if (part->kem) {
		rc = encapsulate(p, peer, share, share_len, shared, shared_len);
	} else {
		own = generate(p, part);
		if (own && add_share(own, part->server_len, share, share_len))
			rc = derive(p, own, peer, shared, shared_len);
	}
	EVP_PKEY_free(own);
	EVP_PKEY_free(peer);
	return rc;
}

static int kx_respond(const struct sluice_provider *p, uint16_t id,
		      const uint8_t *data, size_t len,
		      uint8_t *share, size_t *share_len,
		      uint8_t *shared, size_t *shared_len)
{
	const struct group *group = find_group(p, id);
	const struct part *half;
	size_t want = 0;
	int rc = 0;

	if (!group)
		return -1;
	for (size_t i = 0; (half = part_of(group, i)); i++)
		want += half->client_len;
	if (len != want)
		return ALERT_ILLEGAL_PARAMETER;
	*share_len = *shared_len = 0;
	for (size_t i = 0; !rc && (half = part_of(group, i)); i++) {
		rc = respond(p, half, data, share, share_len, shared,
			     shared_len);
		data += half->client_len;
	}
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
