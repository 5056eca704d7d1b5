/* SPDX-License-Identifier: MIT */
/* Pinned keys, as sluice and sluiced take them on their command lines. */
#ifndef SLUICE_CLI_PINS_H
#define SLUICE_CLI_PINS_H

#include "sluice/sluice.h"

#define PINS_MAX	16

struct pins {
	uint8_t pin[PINS_MAX][SLUICE_PIN_LEN];
	size_t count;
};

/*
 * Adds pins as curl writes them: sha256//BASE64, others behind semicolons. NULL,
 * or what is wrong with them.
 */
const char *pins_parse(struct pins *pins, const char *text);

#endif /* SLUICE_CLI_PINS_H */
