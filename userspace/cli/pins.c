// SPDX-License-Identifier: MIT
/* Pinned keys, as they are written on a command line. */
#include "pins.h"

#include <stdbool.h>
#include <string.h>

#include "base64.h"

/* The base64 of 32 octets: 43 characters and a '='. */
#define BASE64_LEN	44

static bool decode(uint8_t pin[SLUICE_PIN_LEN], const char *text)
{
	return base64_decode(text, BASE64_LEN, pin, SLUICE_PIN_LEN) ==
	       SLUICE_PIN_LEN;
}

const char *pins_parse(struct pins *pins, const char *text)
{
	for (;;) {
		if (strncmp(text, "sha256/", 7))
			return "begins with sha256//";
		text += text[7] == '/' && strcspn(text + 8, ";") == BASE64_LEN ?
			8 : 7;
		if (strcspn(text, ";") != BASE64_LEN)
			return "has 44 characters of base64";
		if (pins->count == PINS_MAX)
			return "there can be at most 16";
		if (!decode(pins->pin[pins->count], text))
			return "is not the base64 of a SHA-256";
		pins->count++;
		text += BASE64_LEN;
		if (!*text)
			return NULL;
		text++;
	}
}
