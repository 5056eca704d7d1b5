/* SPDX-License-Identifier: MIT */
/*
 * A server's keys for Encrypted Client Hello (RFC 9849): clients encrypt the
 * name that they ask for with a key that it publishes, in the HTTPS records of
 * the DNS for example, together with a public name that is no secret.
 */
#ifndef SLUICE_ECH_PUBLIC_H
#define SLUICE_ECH_PUBLIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sluice_provider;

/* The most octets of a configuration. */
#define SLUICE_ECH_CONFIG_MAX	1024
/* Octets of a private key, as RFC 9180 (section 7.1.2) writes it. */
#define SLUICE_ECH_KEY_LEN	32

/**
 * struct sluice_ech_key - a private key and what is published of it
 * @config: one ECHConfig (section 4), with a key of X25519 or P-256. What clients
 *	are given is an ECHConfigList: two octets of length, and configurations
 * @config_len: its length, at most SLUICE_ECH_CONFIG_MAX
 * @key: the private key, SLUICE_ECH_KEY_LEN octets
 * @retry: tell it to clients that use another one, which is not known any more
 *	(section 7.1). Not for one that is about to be given up
 */
struct sluice_ech_key {
	const uint8_t *config;
	size_t config_len;
	const uint8_t *key;
	bool retry;
};

/**
 * sluice_ech_key_make() - make a key and its configuration
 * @group: SLUICE_X25519, which all clients have, or SLUICE_SECP256R1
 * @public_name: DNS name of a server that takes it, for which that has a
 *	certificate: anybody can read it
 * @max_name: the length of the longest name that is asked for, to hide those of
 *	all names; 0 if it is not known
 * @id: tells it from the server's other keys
 * @key: gets SLUICE_ECH_KEY_LEN octets, which the caller wipes
 * @config: gets the ECHConfig, at most SLUICE_ECH_CONFIG_MAX octets
 * @config_len: its length
 *
 * Return: NULL, or one line that says why there is none.
 */
const char *sluice_ech_key_make(const struct sluice_provider *p,
				uint16_t group, const char *public_name,
				uint8_t max_name, uint8_t id, uint8_t *key,
				uint8_t *config, size_t *config_len);

/**
 * sluice_ech_key_check() - is it one, and do the two belong together?
 *
 * sluice_config_check() does not ask the provider whether it takes the private
 * key: this does, for keys from elsewhere.
 *
 * Return: NULL, or one line that says what is wrong.
 */
const char *sluice_ech_key_check(const struct sluice_provider *p,
				 const struct sluice_ech_key *key);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_ECH_PUBLIC_H */
