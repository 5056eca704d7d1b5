/* SPDX-License-Identifier: MIT */
/* PEM (RFC 7468), of what the cryptographic library does not read and write. */
#ifndef SLUICE_CLI_PEM_H
#define SLUICE_CLI_PEM_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What is between the lines of a block; NULL if there is none. */
const char *pem_find(const char *text, size_t size, const char *label,
		     size_t *len);

/* Writes a block, and leaves nothing of it in memory of its own. */
void pem_print(FILE *file, const char *label, const uint8_t *data, size_t len);

#endif /* SLUICE_CLI_PEM_H */
