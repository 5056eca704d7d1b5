// SPDX-License-Identifier: MIT
/*
 * A hash table of chains, whose entries are in a list by age as well. Places
 * are numbers, not pointers, so that processes can share the memory.
 */
#include "sluice/store.h"

#include <stdalign.h>
#include <string.h>

#include "sluice/sluice.h"

#define NONE		UINT32_MAX
#define ENTRIES_MAX	((size_t)1 << 24)
#define KEY_MAX		1024
#define VALUE_MAX	65536

struct entry {
	uint64_t expires;
	uint32_t hash;
	uint32_t chain;		/* the next of the same bucket, which is older */
	uint32_t older;
	uint32_t newer;
	uint32_t key_len;
	uint32_t value_len;
	uint8_t octets[];	/* the key, in room for the longest; the value */
};

struct sluice_store {
	struct sluice_store_limits limits;
	struct sluice_lock lock;
	size_t size;
	size_t stride;
	size_t first;		/* offset of entry 0 */
	uint64_t forgotten;	/* the time up to which keys were forgotten */
	uint32_t mask;		/* of buckets */
	uint32_t oldest;
	uint32_t newest;
	uint32_t unused;	/* a chain */
	uint32_t count;
	uint32_t buckets[];
};

static uint64_t aligned(uint64_t len)
{
	const uint64_t to = alignof(max_align_t);

	return (len + to - 1) / to * to;
}

static uint64_t stride_of(const struct sluice_store_limits *limits)
{
	return aligned(sizeof(struct entry) + limits->key_len +
		       limits->value_len);
}

static uint64_t buckets_of(const struct sluice_store_limits *limits)
{
	uint64_t n = 1;

	while (n < limits->entries)
		n *= 2;
	return n;
}

static uint64_t first_of(const struct sluice_store_limits *limits)
{
	return aligned(sizeof(struct sluice_store) +
		       buckets_of(limits) * sizeof(uint32_t));
}

size_t sluice_store_size(const struct sluice_store_limits *limits)
{
	uint64_t size;

	if (!limits->entries || limits->entries > ENTRIES_MAX ||
	    !limits->key_len || limits->key_len > KEY_MAX ||
	    limits->value_len > VALUE_MAX)
		return 0;
	size = first_of(limits) + limits->entries * stride_of(limits);
	return size > SIZE_MAX ? 0 : (size_t)size;
}

static struct entry *entry(struct sluice_store *s, uint32_t i)
{
	return (void *)((uint8_t *)s + s->first + i * s->stride);
}

struct sluice_store *sluice_store_init(void *mem, size_t size,
				       const struct sluice_store_limits *limits,
				       const struct sluice_lock *lock)
{
	size_t needed = sluice_store_size(limits);
	struct sluice_store *s = mem;
	uint32_t i;

	if (!mem || !needed || size < needed ||
	    (uintptr_t)mem % alignof(max_align_t))
		return NULL;
	*s = (struct sluice_store){
		.limits = *limits,
		.size = needed,
		.stride = (size_t)stride_of(limits),
		.first = (size_t)first_of(limits),
		.mask = (uint32_t)buckets_of(limits) - 1,
		.oldest = NONE,
		.newest = NONE,
		.unused = NONE,
	};
	if (lock)
		s->lock = *lock;
	for (i = 0; i <= s->mask; i++)
		s->buckets[i] = NONE;
	for (i = (uint32_t)limits->entries; i--;) {
		entry(s, i)->chain = s->unused;
		s->unused = i;
	}
	return s;
}

void sluice_store_free(struct sluice_store *s)
{
	if (s)
		sluice_wipe(s, s->size);
}

static void lock(struct sluice_store *s)
{
	if (s->lock.lock)
		s->lock.lock(s->lock.ctx);
}

static void unlock(struct sluice_store *s)
{
	if (s->lock.unlock)
		s->lock.unlock(s->lock.ctx);
}

/*
 * FNV-1a. Who chooses keys that collide makes the search as long as the table
 * is, and no longer; ticket identifiers are not the peer's to choose.
 */
static uint32_t hash_of(const uint8_t *key, size_t len)
{
	uint32_t hash = 2166136261;

	while (len--)
		hash = (hash ^ *key++) * 16777619;
	return hash;
}

static bool is(const struct entry *e, uint32_t hash, const void *key,
	       size_t len)
{
	return e->hash == hash && e->key_len == len &&
	       !memcmp(e->octets, key, len);
}

static void remove_entry(struct sluice_store *s, uint32_t i)
{
	struct entry *e = entry(s, i);
	uint32_t *at = &s->buckets[e->hash & s->mask];

	while (*at != i)
		at = &entry(s, *at)->chain;
	*at = e->chain;
	if (e->older == NONE)
		s->oldest = e->newer;
	else
		entry(s, e->older)->newer = e->newer;
	if (e->newer == NONE)
		s->newest = e->older;
	else
		entry(s, e->newer)->older = e->older;
	sluice_wipe(e, s->stride);
	e->chain = s->unused;
	s->unused = i;
	s->count--;
}

/* There has to be room. */
static void add_entry(struct sluice_store *s, uint32_t hash, const void *key,
		      size_t key_len, const void *value, size_t len,
		      uint64_t expires)
{
	uint32_t i = s->unused, *bucket = &s->buckets[hash & s->mask];
	struct entry *e = entry(s, i);

	s->unused = e->chain;
	e->expires = expires;
	e->hash = hash;
	e->chain = *bucket;
	*bucket = i;
	e->older = s->newest;
	e->newer = NONE;
	if (s->newest == NONE)
		s->oldest = i;
	else
		entry(s, s->newest)->newer = i;
	s->newest = i;
	e->key_len = (uint32_t)key_len;
	e->value_len = (uint32_t)len;
	memcpy(e->octets, key, key_len);
	if (len)
		memcpy(e->octets + s->limits.key_len, value, len);
	s->count++;
}

/* The first of the chain from i on that has the key, which is the latest. */
static uint32_t find(struct sluice_store *s, uint32_t i, uint32_t hash,
		     const void *key, size_t len)
{
	while (i != NONE && !is(entry(s, i), hash, key, len))
		i = entry(s, i)->chain;
	return i;
}

static bool fits(const struct sluice_store *s, size_t key_len, size_t len,
		 uint64_t now, uint64_t expires)
{
	return key_len && key_len <= s->limits.key_len &&
	       len <= s->limits.value_len && expires > now;
}

/* Its time is over, and would be again if the clock went back. */
static void forget(struct sluice_store *s, uint32_t i)
{
	if (s->forgotten < entry(s, i)->expires)
		s->forgotten = entry(s, i)->expires;
	remove_entry(s, i);
}

/* What is put with the same lifetime expires in the order of the list. */
static void drop_old(struct sluice_store *s, uint64_t now)
{
	while (s->oldest != NONE && entry(s, s->oldest)->expires <= now)
		forget(s, s->oldest);
}

/* Only so many of a key that there is room for one more. */
static void thin_out(struct sluice_store *s, uint32_t hash, const void *key,
		     size_t key_len)
{
	uint32_t i = find(s, s->buckets[hash & s->mask], hash, key, key_len);
	size_t n = 0;

	while (s->limits.per_key && i != NONE) {
		uint32_t next = find(s, entry(s, i)->chain, hash, key, key_len);

		if (++n >= s->limits.per_key)
			remove_entry(s, i);
		i = next;
	}
}

bool sluice_store_put(struct sluice_store *s, const void *key, size_t key_len,
		      const void *value, size_t len, uint64_t now,
		      uint64_t expires)
{
	uint32_t hash;

	if (!fits(s, key_len, len, now, expires))
		return false;
	hash = hash_of(key, key_len);
	lock(s);
	drop_old(s, now);
	thin_out(s, hash, key, key_len);
	if (s->unused == NONE)
		remove_entry(s, s->oldest);
	add_entry(s, hash, key, key_len, value, len, expires);
	unlock(s);
	return true;
}

size_t sluice_store_take(struct sluice_store *s, const void *key,
			 size_t key_len, uint64_t now, void *buf, size_t size)
{
	uint32_t hash = hash_of(key, key_len), i;
	size_t len = 0;

	lock(s);
	i = find(s, s->buckets[hash & s->mask], hash, key, key_len);
	while (i != NONE && !len) {
		struct entry *e = entry(s, i);
		uint32_t next = find(s, e->chain, hash, key, key_len);

		if (e->expires > now && e->value_len <= size) {
			len = e->value_len;
			if (len)
				memcpy(buf, e->octets + s->limits.key_len, len);
		}
		remove_entry(s, i);
		i = next;
	}
	unlock(s);
	return len;
}

bool sluice_store_first(struct sluice_store *s, const void *key,
			size_t key_len, uint64_t now, uint64_t expires)
{
	uint32_t hash;
	bool first;

	if (!fits(s, key_len, 0, now, expires))
		return false;
	hash = hash_of(key, key_len);
	lock(s);
	drop_old(s, now);
	/* a clock that went back does not bring back what it knew */
	first = s->unused != NONE && now >= s->forgotten &&
		find(s, s->buckets[hash & s->mask], hash, key, key_len) == NONE;
	if (first)
		add_entry(s, hash, key, key_len, NULL, 0, expires);
	unlock(s);
	return first;
}

size_t sluice_store_expire(struct sluice_store *s, uint64_t now)
{
	uint32_t i;
	size_t left;

	lock(s);
	for (i = s->oldest; i != NONE;) {
		uint32_t newer = entry(s, i)->newer;

		if (entry(s, i)->expires <= now)
			forget(s, i);
		i = newer;
	}
	left = s->count;
	unlock(s);
	return left;
}
