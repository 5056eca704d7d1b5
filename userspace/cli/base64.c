// SPDX-License-Identifier: MIT
#include "base64.h"

#include <stdbool.h>
#include <string.h>

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t base64_decode(const char *text, size_t len, uint8_t *out, size_t size)
{
	unsigned int bits = 0, value = 0, characters = 0, padding = 0;
	size_t n = 0;

	for (; len; len--, text++) {
		const char *digit;

		if (is_space(*text))
			continue;
		characters++;
		if (*text == '=') {
			padding++;
			continue;
		}
		digit = *text ? strchr(digits, *text) : NULL;
		if (!digit || padding)
			return 0;
		value = value << 6 | (unsigned int)(digit - digits);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (n == size)
			return 0;
		out[n++] = (uint8_t)(value >> bits);
		value &= (1U << bits) - 1;
	}
	/* what is left of the last digit says nothing */
	return value || characters % 4 || padding > 2 ? 0 : n;
}

void base64_encode(const uint8_t *data, size_t len, char *out)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t part = len - i < 3 ? len - i : 3;
		unsigned int value = (unsigned int)data[i] << 16;

		if (part > 1)
			value |= (unsigned int)data[i + 1] << 8;
		if (part > 2)
			value |= data[i + 2];
		*out++ = digits[value >> 18];
		*out++ = digits[value >> 12 & 63];
		*out++ = part > 1 ? digits[value >> 6 & 63] : '=';
		*out++ = part > 2 ? digits[value & 63] : '=';
	}
	*out = 0;
}
