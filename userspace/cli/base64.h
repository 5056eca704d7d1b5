/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_BASE64_H
#define SLUICE_CLI_BASE64_H

#include <stddef.h>
#include <stdint.h>

/*
 * Octets of base64 (RFC 4648, with its padding), white space passed over: how
 * many there are, at most size; 0 if it is none, or there is no room.
 */
size_t base64_decode(const char *text, size_t len, uint8_t *out, size_t size);

/* Characters for so many octets, with the NUL. */
#define BASE64_SIZE(len)	(((len) + 2) / 3 * 4 + 1)

/* out has BASE64_SIZE(len). */
void base64_encode(const uint8_t *data, size_t len, char *out);

#endif /* SLUICE_CLI_BASE64_H */
