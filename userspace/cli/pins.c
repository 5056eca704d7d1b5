// SPDX-License-Identifier: MIT
/* Pinned keys, as they are written on a command line. */
#include "pins.h"

#include <stdbool.h>
#include <string.h>

/* The base64 of 32 octets: 43 characters and a '='. */
#define BASE64_LEN	44

static int value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool decode(uint8_t pin[SLUICE_PIN_LEN], const char *text)
{
	unsigned int bits = 0, value = 0;
	size_t n = 0;

	for (size_t i = 0; i < BASE64_LEN - 1; i++) {
		int digit = value_of(text[i]);

		if (digit < 0)
			return false;
		value = value << 6 | (unsigned int)digit;
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		pin[n++] = (uint8_t)(value >> bits);
		value &= (1U << bits) - 1;
	}
	/* what is left of the last digit says nothing */
	return !value && text[BASE64_LEN - 1] == '=';
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
