// SPDX-License-Identifier: MIT
#include "mutate.h"

#include <stdbool.h>
#include <string.h>

static size_t be(const uint8_t *at, unsigned int octets)
{
	size_t value = 0;

	while (octets--)
		value = value << 8 | *at++;
	return value;
}

static void add_be(uint8_t *at, unsigned int octets, size_t delta)
{
	size_t value = be(at, octets) + delta;

	while (octets--) {
		at[octets] = (uint8_t)value;
		value >>= 8;
	}
}

/* Any whole record from there on; 0 if there is none. */
static size_t pick_record(const uint8_t *data, size_t at, size_t size,
			  unsigned int seed)
{
	size_t found = 0;
	unsigned int n = 0;

	for (; at + 5 <= size && be(data + at + 3, 2) <= size - at - 5;
	     at += 5 + be(data + at + 3, 2)) {
		if (!(seed % ++n))
			found = at;
	}
	return found;
}

/* Any message that is whole in a record that ends there. */
static size_t pick_message(const uint8_t *data, size_t at, size_t end,
			   unsigned int seed)
{
	size_t found = 0;
	unsigned int n = 0;

	for (; at + 4 <= end && be(data + at + 1, 3) <= end - at - 4;
	     at += 4 + be(data + at + 1, 3)) {
		if (!(seed % ++n))
			found = at;
	}
	return found;
}

/* Something below n, and another seed. */
static size_t pick(unsigned int *seed, size_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % n;
}

/*
 * A vector in a message gets longer, wherever it may be and however many octets
 * its length has; with none it is the message itself.
 */
static size_t lengthen(uint8_t *data, size_t size, size_t max_size,
		       size_t record, size_t message, unsigned int seed)
{
	size_t len = be(data + message + 1, 3);
	unsigned int octets = (unsigned int)pick(&seed, 3);
	/* what has a fixed place is at the beginning */
	size_t at = pick(&seed, len > 64 && pick(&seed, 2) ? 64 : len + 1);
	size_t more = 1 + pick(&seed, pick(&seed, 2) ? 64 : 1024);

	if (at + octets > len || more > max_size - size)
		return size;
	at += message + 4;
	add_be(data + at, octets, more);
	at += octets;
	memmove(data + at + more, data + at, size - at);
	memset(data + at, (int)more, more);
	add_be(data + message + 1, 3, more);
	add_be(data + record + 3, 2, more);
	return size + more;
}

/* A record becomes two; both end with the octets that are behind its content. */
static size_t split(uint8_t *data, size_t size, size_t max_size,
		    size_t record, size_t behind, unsigned int seed)
{
	size_t end = record + 5 + be(data + record + 3, 2) - behind;
	size_t at = record + 5, more = behind + 5;

	if (end - at < 2 || more > max_size - size)
		return size;
	at += 1 + pick(&seed, end - at - 1);
	memmove(data + at + more, data + at, size - at);
	memcpy(data + at, data + end + more, behind);
	memcpy(data + at + behind, data + record, 5);
	add_be(data + at + behind + 3, 2, record + 5 - at);
	add_be(data + record + 3, 2, at - end);
	return size + more;
}

struct field {
	size_t at;		/* where its length is */
	unsigned int octets;	/* of that */
};

/* A vector of a message; false: it is not whole. */
static bool skip_vector(const uint8_t *data, size_t size, size_t *at,
			unsigned int octets)
{
	if (octets > size - *at ||
	    be(data + *at, octets) > size - *at - octets)
		return false;
	*at += octets + be(data + *at, octets);
	return true;
}

/*
 * Session identifier, cipher suites, compressions, all extensions, or mostly one
 * of them.
 */
static bool pick_field(const uint8_t *hello, size_t size, unsigned int *seed,
		       struct field *field, size_t *list)
{
	static const unsigned int octets[] = { 1, 2, 1, 2 };
	size_t i, n, at = 2 + 32, wanted = pick(seed, 16);

	for (i = 0; i < 4; i++) {
		*list = at;
		if (i == wanted)
			*field = (struct field){ at, octets[i] };
		if (at > size || !skip_vector(hello, size, &at, octets[i]))
			return false;
	}
	if (wanted < 4)
		return true;
	for (n = 0, i = *list + 2; i + 4 <= size;) {
		size_t here = i + 2;

		i = here;
		if (!skip_vector(hello, size, &i, 2))
			return false;
		if (!pick(seed, ++n))
			*field = (struct field){ here, 2 };
	}
	return n;
}

size_t mutate_hello(uint8_t *hello, size_t size, size_t max_size,
		    unsigned int seed)
{
	static uint8_t other[20000];
	struct field field;
	size_t list, at, len, more, room, inner = 0;

	if (!pick_field(hello, size, &seed, &field, &list))
		return 0;
	at = field.at + field.octets;
	len = be(hello + field.at, field.octets);
	/* a list in it, which takes all of it, is what is changed */
	for (unsigned int n = 1; n <= 2; n++)
		if (field.at > list && len > n && be(hello + at, n) == len - n)
			inner = n;
	if (!pick(&seed, 4))
		inner = 0;
	at += inner;
	len -= inner;
	room = len + max_size - size;
	if (room > sizeof(other))
		room = sizeof(other);
	if (!room || len > room)
		return 0;
	memcpy(other, hello + at, len);
	switch (pick(&seed, 4)) {
	case 0:
		more = pick(&seed, len + 1);	/* or rather less */
		break;
	case 1:
		more = len + 1 + pick(&seed, 8);
		if (more > room)
			return 0;
		memset(other + len, (int)seed, more - len);
		break;
	default:
		more = LLVMFuzzerMutate(other, len, room);
		break;
	}
	memmove(hello + at + more, hello + at + len, size - at - len);
	memcpy(hello + at, other, more);
	add_be(hello + at - inner, (unsigned int)inner, more - len);
	add_be(hello + field.at, field.octets, more - len);
	if (field.at > list)
		add_be(hello + list, 2, more - len);
	return size + more - len;
}

size_t mutate_records(uint8_t *data, size_t size, size_t max_size,
		      unsigned int seed, size_t first)
{
	static uint8_t other[20000];
	size_t record = size < 8 || !pick(&seed, 3) ? 0 :
			pick_record(data, first, size, seed >> 1);
	size_t message = 0, behind = 0, from, len, more, room;
	size_t what = pick(&seed, 6);

	if (record) {
		size_t end = record + 5 + be(data + record + 3, 2);

		/* the content type and the tag */
		if (data[record] == 23 && end - record > 5 + 17)
			behind = 17;
		end -= behind;
		message = pick_message(data, record + 5, end, seed >> 4);
	}
	if (!message)
		return LLVMFuzzerMutate(data, size, max_size);
	if (what < 2)
		size = lengthen(data, size, max_size, record, message, seed);
	if (what == 1 || what == 2)
		size = split(data, size, max_size, record, behind, seed);
	if (what <= 2)
		return size;
	from = message + 4;
	len = be(data + message + 1, 3);
	if (seed & 64 && len) {
		/* the last octets of it only */
		size_t tail = 1 + (seed >> 8) % (len < 8 ? len : 8);

		from += len - tail;
		len = tail;
	}
	room = len + max_size - size;
	if (room > sizeof(other))
		room = sizeof(other);
	if (!room || len > room)
		return LLVMFuzzerMutate(data, size, max_size);
	memcpy(other, data + from, len);
	more = seed & 128 && len ? len - 1 : LLVMFuzzerMutate(other, len, room);
	memmove(data + from + more, data + from + len, size - from - len);
	memcpy(data + from, other, more);
	add_be(data + message + 1, 3, more - len);
	add_be(data + record + 3, 2, more - len);
	return size + more - len;
}
