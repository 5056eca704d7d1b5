/* SPDX-License-Identifier: MIT */
/* What a server publishes for Encrypted Client Hello (RFC 9849, section 4). */
#ifndef SLUICE_ECH_CONFIG_H
#define SLUICE_ECH_CONFIG_H

#include "hpke.h"
#include "sluice/ech.h"
#include "wire.h"

/* The version that there is: also the extension's code point. */
#define SL_ECH_VERSION		0xfe0d
/* What a configuration begins with as HPKE's info. */
#define SL_ECH_INFO_PREFIX	"tls ech"
#define SL_ECH_INFO_LEN		8

/* An ECHConfig, where it is. */
struct sl_ech_config {
	struct sluice_octets whole;
	bool known;			/* of this version: the rest is there */
	uint8_t id;
	uint16_t kem;
	struct sluice_octets key;
	struct sl_reader suites;	/* whole ones */
	uint8_t max_name;
	struct sluice_octets public_name;
	bool mandatory;			/* it has extensions that must be known */
};

/* The next one of a list; false if it is malformed. */
bool sl_ech_config_next(struct sl_reader *list, struct sl_ech_config *config);

/* A whole ECHConfigList: what is in it; not good, if it is malformed. */
struct sl_reader sl_ech_list(const uint8_t *data, size_t len);

/* The client: can this one be used? Then *aead is what to seal with. */
bool sl_ech_config_usable(const struct sluice_provider *p,
			  const struct sl_ech_config *config, uint16_t *aead);

/* The first of a list; false if there is none. */
bool sl_ech_config_choose(const struct sluice_provider *p,
			  const uint8_t *list, size_t len,
			  struct sl_ech_config *config, uint16_t *aead);

/* The server: does it allow these? */
bool sl_ech_config_has(const struct sl_ech_config *config, uint16_t kdf,
		       uint16_t aead);

/* HPKE's info for a configuration that is not too long; buf has SL_HPKE_INFO_MAX. */
struct sluice_octets sl_ech_info(const struct sl_ech_config *config,
				 uint8_t *buf);

#endif /* SLUICE_ECH_CONFIG_H */
