/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing the presentation language (RFC 9846, section 3).
 *
 * Every bounds check of the engine is in here. Both types remember that
 * something did not fit: a parser reads all it wants and asks once, at the
 * end. What is read past the end is zeros.
 */
#ifndef SLUICE_WIRE_H
#define SLUICE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sluice/provider.h"

struct sl_reader {
	const uint8_t *pos;
	size_t left;
	bool bad;
};

static inline struct sl_reader sl_reader(const uint8_t *buf, size_t len)
{
	return (struct sl_reader){ .pos = buf, .left = len };
}

/* What is left of it, for who does not read it like this. */
static inline struct sluice_octets sl_octets(struct sl_reader r)
{
	return (struct sluice_octets){ r.pos, r.left };
}

uint8_t sl_get8(struct sl_reader *r);
uint16_t sl_get16(struct sl_reader *r);
uint32_t sl_get24(struct sl_reader *r);
uint32_t sl_get32(struct sl_reader *r);
uint64_t sl_get64(struct sl_reader *r);

/* The next len octets, where they are; NULL if there are fewer. */
const uint8_t *sl_get(struct sl_reader *r, size_t len);

/*
 * A vector: a length of 1, 2 or 3 octets, and what it counts. The result is
 * bad, and r as well, if the length is not within min to max.
 */
struct sl_reader sl_get_vec(struct sl_reader *r, unsigned int octets,
			    size_t min, size_t max);

/*
 * What is behind an octet that has to be this one; bad from the start if it is
 * not: there may be secrets where lengths would be.
 */
static inline struct sl_reader sl_get_format(struct sl_reader r, uint8_t format)
{
	if (sl_get8(&r) != format)
		return (struct sl_reader){ .bad = true };
	return r;
}

/* Everything was read, and nothing was missing. */
static inline bool sl_done(const struct sl_reader *r)
{
	return !r->bad && !r->left;
}

struct sl_writer {
	uint8_t *buf;
	size_t len;
	size_t size;
	bool bad;
};

static inline struct sl_writer sl_writer(uint8_t *buf, size_t size)
{
	return (struct sl_writer){ .buf = buf, .size = size };
}

void sl_put8(struct sl_writer *w, unsigned int value);
void sl_put16(struct sl_writer *w, unsigned int value);
void sl_put24(struct sl_writer *w, size_t value);
void sl_put32(struct sl_writer *w, uint32_t value);
void sl_put64(struct sl_writer *w, uint64_t value);
void sl_put(struct sl_writer *w, const void *data, size_t len);

/* Room for len octets that the caller fills in; NULL if there is none. */
uint8_t *sl_put_space(struct sl_writer *w, size_t len);

/* Begin a vector: returns the place of its length, for sl_end_vec(). */
size_t sl_begin_vec(struct sl_writer *w, unsigned int octets);
void sl_end_vec(struct sl_writer *w, size_t mark, unsigned int octets);

#endif /* SLUICE_WIRE_H */
