// SPDX-License-Identifier: MIT
/*
 * The rules that BoringSSL has under a name (SSL_set_compliance_policy), as far
 * as libsluice has what they allow: lists for the flags that would name them.
 */
#include "options.h"

#include "sluice/sluice.h"

struct policy {
	struct list suites;
	struct list groups;
	struct list schemes;
};

#define LIST(...) { { __VA_ARGS__ }, sizeof((uint16_t[]){ __VA_ARGS__ }) / 2 }

static const struct policy fips = {
	LIST(SLUICE_AES_128_GCM_SHA256, SLUICE_AES_256_GCM_SHA384,
	     SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256,
	     SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384,
	     SLUICE_ECDHE_RSA_AES_128_GCM_SHA256,
	     SLUICE_ECDHE_RSA_AES_256_GCM_SHA384),
	LIST(SLUICE_SECP256R1, SLUICE_SECP384R1),
	LIST(SLUICE_ECDSA_SECP256R1_SHA256, SLUICE_ECDSA_SECP384R1_SHA384,
	     SLUICE_RSA_PSS_RSAE_SHA256, SLUICE_RSA_PSS_RSAE_SHA384,
	     SLUICE_RSA_PSS_RSAE_SHA512, SLUICE_RSA_PKCS1_SHA256,
	     SLUICE_RSA_PKCS1_SHA384, SLUICE_RSA_PKCS1_SHA512),
};

#define AES_256 \
	LIST(SLUICE_AES_256_GCM_SHA384, SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384, \
	     SLUICE_ECDHE_RSA_AES_256_GCM_SHA384)

static const struct policy wpa = {
	AES_256,
	LIST(SLUICE_SECP384R1),
	LIST(SLUICE_ECDSA_SECP384R1_SHA384, SLUICE_RSA_PSS_RSAE_SHA384,
	     SLUICE_RSA_PSS_RSAE_SHA512, SLUICE_RSA_PKCS1_SHA384,
	     SLUICE_RSA_PKCS1_SHA512),
};

static const struct policy cnsa1 = {
	AES_256,
	LIST(SLUICE_SECP384R1),
	LIST(SLUICE_ECDSA_SECP384R1_SHA384, SLUICE_RSA_PSS_RSAE_SHA384,
	     SLUICE_RSA_PKCS1_SHA384),
};

void policy_apply(struct options *o)
{
	const struct policy *policy = o->fips_202205 ? &fips :
				      o->wpa_202304 ? &wpa :
				      o->cnsa1_202603 ? &cnsa1 : NULL;
	size_t i;

	if (!policy)
		return;
	o->suites = policy->suites;
	o->curves = policy->groups;
	o->verify_prefs = policy->schemes;
	for (i = 0; i <= o->credential_count; i++)
		o->credentials[i].signing_prefs = policy->schemes;
}
