// SPDX-License-Identifier: MIT
/* Key exchange by Mbed TLS: elliptic curves. It has no ML-KEM. */
#include <mbedtls/ecdh.h>
#include <mbedtls/ecp.h>
#include <stdlib.h>

#include "internal.h"

struct group {
	uint16_t id;
	mbedtls_ecp_group_id curve;
	size_t share_len;
	size_t key_len;
};

static const struct group groups[] = {
	{ SLUICE_X25519, MBEDTLS_ECP_DP_CURVE25519, 32, 32 },
	{ SLUICE_SECP256R1, MBEDTLS_ECP_DP_SECP256R1, 65, 32 },
	{ SLUICE_SECP384R1, MBEDTLS_ECP_DP_SECP384R1, 97, 48 },
	{ SLUICE_SECP521R1, MBEDTLS_ECP_DP_SECP521R1, 133, 66 },
};

struct sluice_kx {
	const struct group *group;
	mbedtls_ecp_group curve;
	mbedtls_mpi secret;
};

static const struct group *find_group(uint16_t id)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

static bool group_offered(const struct sluice_provider *p, uint16_t id)
{
	const struct group *group = find_group(id);

	(void)p;
	return group && mbedtls_ecp_curve_info_from_grp_id(group->curve);
}

static void kx_free(const struct sluice_provider *p, struct sluice_kx *kx)
{
	(void)p;
	if (!kx)
		return;
	mbedtls_ecp_group_free(&kx->curve);
	mbedtls_mpi_free(&kx->secret);
	free(kx);
}

/* The secret and its public half. */
static bool make_pair(struct sluice_kx *kx, const uint8_t *key, size_t len,
		      mbedtls_ecp_point *public)
{
	mbedtls_ecp_keypair pair;
	bool ok;

	if (!key)
		return !mbedtls_ecp_gen_keypair(&kx->curve, &kx->secret, public,
						sl_mbedtls_random, NULL);
	mbedtls_ecp_keypair_init(&pair);
	ok = len == kx->group->key_len &&
	     !mbedtls_ecp_read_key(kx->group->curve, &pair, key, len) &&
	     !mbedtls_mpi_copy(&kx->secret, &pair.private_d) &&
	     !mbedtls_ecp_mul(&kx->curve, public, &kx->secret, &kx->curve.G,
			      sl_mbedtls_random, NULL);
	mbedtls_ecp_keypair_free(&pair);
	return ok;
}

/* At random, if there is no key. */
static bool generate(struct sluice_kx *kx, const uint8_t *key, size_t key_len,
		     uint8_t *share, size_t *share_len)
{
	mbedtls_ecp_point public;
	bool ok;

	mbedtls_ecp_point_init(&public);
	ok = !mbedtls_ecp_group_load(&kx->curve, kx->group->curve) &&
	     make_pair(kx, key, key_len, &public) &&
	     !mbedtls_ecp_point_write_binary(&kx->curve, &public,
					     MBEDTLS_ECP_PF_UNCOMPRESSED,
					     share_len, share,
					     SLUICE_SHARE_MAX) &&
	     *share_len == kx->group->share_len;
	mbedtls_ecp_point_free(&public);
	return ok;
}

static struct sluice_kx *kx_of(const struct sluice_provider *p, uint16_t id,
			       const uint8_t *key, size_t key_len,
			       uint8_t *share, size_t *share_len)
{
	const struct group *group = find_group(id);
	struct sluice_kx *kx = group ? malloc(sizeof(*kx)) : NULL;

	if (!kx)
		return NULL;
	kx->group = group;
	mbedtls_ecp_group_init(&kx->curve);
	mbedtls_mpi_init(&kx->secret);
	if (!generate(kx, key, key_len, share, share_len)) {
		kx_free(p, kx);
		return NULL;
	}
	return kx;
}

static struct sluice_kx *kx_new(const struct sluice_provider *p, uint16_t id,
				uint8_t *share, size_t *share_len)
{
	return kx_of(p, id, NULL, 0, share, share_len);
}

/* X25519's zero is refused: RFC 9846, section 7.4.2. */
static bool is_zero(const uint8_t *data, size_t len)
{
	uint8_t any = 0;

	while (len--)
		any |= *data++;
	return !any;
}

static int kx_finish(const struct sluice_provider *p, struct sluice_kx *kx,
		     const uint8_t *data, size_t len,
		     uint8_t *shared, size_t *shared_len)
{
	bool x25519 = kx->group->id == SLUICE_X25519;
	int rc = ALERT_ILLEGAL_PARAMETER;
	mbedtls_ecp_point peer;
	mbedtls_mpi z;

	(void)p;
	/* Only uncompressed points: RFC 9846, section 4.2.8.2. */
	if (len != kx->group->share_len || (!x25519 && data[0] != 4))
		return ALERT_ILLEGAL_PARAMETER;
	*shared_len = x25519 ? 32 : len / 2;
	mbedtls_ecp_point_init(&peer);
	mbedtls_mpi_init(&z);
	if (!mbedtls_ecp_point_read_binary(&kx->curve, &peer, data, len) &&
	    !mbedtls_ecp_check_pubkey(&kx->curve, &peer) &&
	    !mbedtls_ecdh_compute_shared(&kx->curve, &z, &peer, &kx->secret,
					 sl_mbedtls_random, NULL)) {
		rc = x25519 ? mbedtls_mpi_write_binary_le(&z, shared,
							  *shared_len) :
			      mbedtls_mpi_write_binary(&z, shared, *shared_len);
		if (rc)
			rc = -1;
		else if (is_zero(shared, *shared_len))
			rc = ALERT_ILLEGAL_PARAMETER;
	}
	mbedtls_mpi_free(&z);
	mbedtls_ecp_point_free(&peer);
	return rc;
}

static int kx_respond(const struct sluice_provider *p, uint16_t id,
		      const uint8_t *data, size_t len,
		      uint8_t *share, size_t *share_len,
		      uint8_t *shared, size_t *shared_len)
{
	struct sluice_kx *kx = kx_new(p, id, share, share_len);
	int rc = kx ? kx_finish(p, kx, data, len, shared, shared_len) : -1;

	kx_free(p, kx);
	return rc;
}

void sl_mbedtls_kx_table(struct sluice_provider *table)
{
	table->group_offered = group_offered;
	table->kx_new = kx_new;
	table->kx_finish = kx_finish;
	table->kx_respond = kx_respond;
	table->kx_free = kx_free;
	table->kx_load = kx_of;
}
