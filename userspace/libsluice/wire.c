// SPDX-License-Identifier: MIT
#include "wire.h"

#include <string.h>

const uint8_t *sl_get(struct sl_reader *r, size_t len)
{
	const uint8_t *at = r->pos;

	if (r->bad || len > r->left) {
		r->bad = true;
		r->left = 0;
		return NULL;
	}
	r->left -= len;
	/* an empty reader may have no buffer at all */
	if (len)
		r->pos += len;
	return at;
}

static uint64_t get_number(struct sl_reader *r, unsigned int octets)
{
	const uint8_t *at = sl_get(r, octets);
	uint64_t value = 0;

	while (at && octets--)
		value = value << 8 | *at++;
	return value;
}

uint8_t sl_get8(struct sl_reader *r)
{
	return (uint8_t)get_number(r, 1);
}

uint16_t sl_get16(struct sl_reader *r)
{
	return (uint16_t)get_number(r, 2);
}

uint32_t sl_get24(struct sl_reader *r)
{
	return (uint32_t)get_number(r, 3);
}

uint32_t sl_get32(struct sl_reader *r)
{
	return (uint32_t)get_number(r, 4);
}

uint64_t sl_get64(struct sl_reader *r)
{
	return get_number(r, 8);
}

struct sl_reader sl_get_vec(struct sl_reader *r, unsigned int octets,
			    size_t min, size_t max)
{
	size_t len = (size_t)get_number(r, octets);
	struct sl_reader vec = { .bad = true };

	if (r->bad || len < min || len > max || len > r->left) {
		r->bad = true;
		r->left = 0;
		return vec;
	}
	vec.left = len;
	vec.pos = sl_get(r, len);
	vec.bad = false;
	return vec;
}

uint8_t *sl_put_space(struct sl_writer *w, size_t len)
{
	uint8_t *at;

	if (w->bad || len > w->size - w->len) {
		w->bad = true;
		return NULL;
	}
	at = w->buf + w->len;
	w->len += len;
	return at;
}

void sl_put(struct sl_writer *w, const void *data, size_t len)
{
	uint8_t *at;

	if (!len)
		return;
	at = sl_put_space(w, len);
	if (at)
		memcpy(at, data, len);
}

static void store_number(uint8_t *at, uint64_t value, unsigned int octets)
{
	while (octets--) {
		at[octets] = (uint8_t)value;
		value >>= 8;
	}
}

static void put_number(struct sl_writer *w, uint64_t value, unsigned int octets)
{
	uint8_t *at = sl_put_space(w, octets);

	if (at)
		store_number(at, value, octets);
}

void sl_put8(struct sl_writer *w, unsigned int value)
{
	put_number(w, value, 1);
}

void sl_put16(struct sl_writer *w, unsigned int value)
{
	put_number(w, value, 2);
}

void sl_put24(struct sl_writer *w, size_t value)
{
	put_number(w, value, 3);
}

void sl_put32(struct sl_writer *w, uint32_t value)
{
	put_number(w, value, 4);
}

void sl_put64(struct sl_writer *w, uint64_t value)
{
	put_number(w, value, 8);
}

size_t sl_begin_vec(struct sl_writer *w, unsigned int octets)
{
	sl_put_space(w, octets);
	return w->len;
}

void sl_end_vec(struct sl_writer *w, size_t mark, unsigned int octets)
{
	size_t len;

	if (w->bad)
		return;
	len = w->len - mark;
	if (len >> (8 * octets))
		w->bad = true;
	else
		store_number(w->buf + mark - octets, len, octets);
}
