/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_PSK_H
#define SLUICE_CLI_PSK_H

#include "stream.h"

/* Longest identity and key of --psk-file; and how many a server takes. */
#define PSK_IDENTITY_MAX	255
#define PSK_COUNT_MAX		1024

/* One line of the file: NULL, or what is wrong with it. */
struct psk_entry {
	char identity[PSK_IDENTITY_MAX + 1];
	uint8_t key[SLUICE_PSK_MAX];
	size_t key_len;
};
const char *psk_parse(struct psk_entry *entry, const char *line, size_t len);

/*
 * Has the connections use the keys of --psk-file: the first of a client, all
 * of a server. Fail for good.
 */
void psk_client(struct context *ctx);
void psk_server(struct context *ctx);
void psk_free(struct context *ctx);

#endif /* SLUICE_CLI_PSK_H */
