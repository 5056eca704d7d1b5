/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_ECH_H
#define SLUICE_CLI_ECH_H

#include "sluice/ech.h"
#include "stream.h"

/*
 * The ECHConfigList in a file's content: in PEM (ECHCONFIG), in base64, or as it
 * is. Returns its length, at most size; 0 if there is none.
 */
size_t ech_configs_parse(const char *text, size_t len, uint8_t *out,
			 size_t size);

/* A private key and its configuration, as a PEM file has them. */
struct ech_pair {
	uint8_t key[SLUICE_ECH_KEY_LEN];
	uint8_t config[SLUICE_ECH_CONFIG_MAX];
	size_t config_len;
};

/* The longest private key in DER (PKCS #8). */
#define ECH_DER_MAX	138
/* That of a configuration which is ours, of X25519 or P-256: its length. */
size_t ech_der(const struct ech_pair *pair, uint8_t der[ECH_DER_MAX]);

/*
 * A file's content as draft-farrell-tls-pemesni has it: a private key of X25519
 * or P-256 (PKCS #8), and an ECHConfigList with one configuration. NULL, or what
 * is wrong with it.
 */
const char *ech_pair_parse(const char *text, size_t len, struct ech_pair *pair);

/* --ech and --ech-grease. Fails for good. */
void ech_client(struct context *ctx);
/*
 * --ech-key, from its files; NULL, and a line in why, on failure. And what
 * connections have from there on.
 */
struct ech_files *ech_read(const struct context *ctx, char *why);
void ech_use(struct context *ctx, struct ech_files *files);
void ech_free(struct context *ctx);
/* Files that are not used after all; may be NULL. */
void ech_drop(struct ech_files *files);

/*
 * A client's connection has failed: has the server, as that of the public name,
 * told other keys? Then they are those of the next connection. Once only.
 */
bool ech_retry(struct context *ctx, const struct sluice_conn *conn);
/* What else there is to say of SLUICE_ERR_ECH. */
const char *ech_hint(const struct context *ctx);

#endif /* SLUICE_CLI_ECH_H */
