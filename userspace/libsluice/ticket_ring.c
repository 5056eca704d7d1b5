// SPDX-License-Identifier: MIT
#include "sluice/ticket_ring.h"

#include <stdalign.h>
#include <string.h>

#include "sluice/provider.h"
#include "sluice/sluice.h"

struct ring_key {
	uint64_t from;			/* milliseconds; 0: there is no key */
	struct sluice_ticket_key key;
};

struct sluice_ticket_ring {
	const struct sluice_provider *provider;
	struct sluice_lock lock;
	uint64_t interval;		/* milliseconds */
	uint64_t lifetime;
	bool loaded;
	struct ring_key keys[SLUICE_TICKET_KEYS];
};

size_t sluice_ticket_ring_size(void)
{
	return sizeof(struct sluice_ticket_ring);
}

struct sluice_ticket_ring *
sluice_ticket_ring_init(void *mem, size_t size,
			const struct sluice_provider *provider,
			const struct sluice_ticket_policy *policy,
			const struct sluice_lock *lock)
{
	struct sluice_ticket_ring *ring = mem;

	if (!mem || size < sizeof(*ring) ||
	    (uintptr_t)mem % alignof(max_align_t) || !policy->interval ||
	    policy->lifetime / policy->interval > SLUICE_TICKET_KEYS - 3)
		return NULL;
	*ring = (struct sluice_ticket_ring){
		.provider = provider,
		.interval = (uint64_t)policy->interval * 1000,
		.lifetime = (uint64_t)policy->lifetime * 1000,
	};
	if (lock)
		ring->lock = *lock;
	return ring;
}

void sluice_ticket_ring_free(struct sluice_ticket_ring *ring)
{
	if (ring)
		sluice_wipe(ring, sizeof(*ring));
}

static bool is_over(const struct sluice_ticket_ring *ring,
		    const struct ring_key *key, uint64_t now)
{
	return now >= key->from + ring->interval + ring->lifetime;
}

/* The name says nothing of the key. */
static bool name_key(const struct sluice_ticket_ring *ring,
		     struct sluice_ticket_key *key)
{
	static const char label[] = "sluice ticket key name";
	uint8_t mac[32];

	if (ring->provider->hmac(ring->provider, SLUICE_SHA256, key->key,
				 sizeof(key->key), (const uint8_t *)label,
				 sizeof(label) - 1, mac))
		return false;
	memcpy(key->name, mac, sizeof(key->name));
	return true;
}

/* Wipes what is over; returns a place for a key. */
static struct ring_key *clean(struct sluice_ticket_ring *ring, uint64_t now)
{
	struct ring_key *unused = NULL;
	size_t i;

	for (i = 0; i < SLUICE_TICKET_KEYS; i++) {
		struct ring_key *key = &ring->keys[i];

		if (key->from && is_over(ring, key, now))
			sluice_wipe(key, sizeof(*key));
		if (!key->from)
			unused = key;
	}
	return unused;
}

/* The latest whose time has come, and is not over. */
static const struct ring_key *find_sealing(const struct sluice_ticket_ring *ring,
					   uint64_t now)
{
	const struct ring_key *found = NULL;
	size_t i;

	for (i = 0; i < SLUICE_TICKET_KEYS; i++) {
		const struct ring_key *key = &ring->keys[i];

		if (key->from && key->from <= now &&
		    now - key->from < ring->interval &&
		    (!found || key->from > found->from))
			found = key;
	}
	return found;
}

static const struct ring_key *find_named(const struct sluice_ticket_ring *ring,
					 const uint8_t *name)
{
	size_t i;

	for (i = 0; i < SLUICE_TICKET_KEYS; i++) {
		const struct ring_key *key = &ring->keys[i];

		if (key->from && !memcmp(key->key.name, name,
					 sizeof(key->key.name)))
			return key;
	}
	return NULL;
}

static const struct ring_key *make_key(const struct sluice_ticket_ring *ring,
				       struct ring_key *key, uint64_t now)
{
	if (!key || !now || ring->loaded)
		return NULL;
	if (ring->provider->random(ring->provider, key->key.key,
				   sizeof(key->key.key)) ||
	    !name_key(ring, &key->key)) {
		sluice_wipe(key, sizeof(*key));
		return NULL;
	}
	key->from = now;
	return key;
}

bool sluice_ticket_ring_key(struct sluice_ticket_ring *ring, uint64_t now,
			    const uint8_t *name, struct sluice_ticket_key *key)
{
	const struct ring_key *found;
	struct ring_key *unused;

	if (ring->lock.lock)
		ring->lock.lock(ring->lock.ctx);
	unused = clean(ring, now);
	found = name ? find_named(ring, name) : find_sealing(ring, now);
	if (!name && !found)
		found = make_key(ring, unused, now);
	if (found)
		*key = found->key;
	if (ring->lock.unlock)
		ring->lock.unlock(ring->lock.ctx);
	return found;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "FROM KEY"; the line has no end in it. */
static bool parse_line(const char *line, size_t len, struct ring_key *key)
{
	uint64_t from = 0;
	size_t i = 0, n;

	while (i < len && line[i] >= '0' && line[i] <= '9' && i < 12)
		from = from * 10 + (uint64_t)(line[i++] - '0');
	if (!from || i == len || line[i] != ' ')
		return false;
	while (i < len && line[i] == ' ')
		i++;
	if (len - i != 2 * sizeof(key->key.key))
		return false;
	for (n = 0; n < sizeof(key->key.key); n++, i += 2) {
		int high = hex_digit(line[i]), low = hex_digit(line[i + 1]);

		if (high < 0 || low < 0)
			return false;
		key->key.key[n] = (uint8_t)(high << 4 | low);
	}
	key->from = from * 1000;
	return true;
}

/* Adds the keys of the text that count still to an empty ring. */
static int parse(struct sluice_ticket_ring *ring, uint64_t now,
		 const char *text, size_t len, const char **why)
{
	const char *end = text + len;
	struct ring_key key;
	int count = 0;

	while (text < end) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		const char *line = text;
		size_t line_len = (size_t)((eol ? eol : end) - line);

		text = eol ? eol + 1 : end;
		if (!line_len || *line == '#')
			continue;
		*why = NULL;
		if (!parse_line(line, line_len, &key))
			*why = "a line is not 'SECONDS KEY', with a key of 64 hexadecimal digits";
		else if (is_over(ring, &key, now))
			continue;
		else if (count == SLUICE_TICKET_KEYS)
			*why = "more than 64 keys that are still of use";
		else if (!name_key(ring, &key.key))
			*why = "the provider cannot compute an HMAC";
		if (*why) {
			count = -1;
			break;
		}
		ring->keys[count++] = key;
	}
	sluice_wipe(&key, sizeof(key));
	return count;
}

int sluice_ticket_ring_load(struct sluice_ticket_ring *ring, uint64_t now,
			    const char *text, size_t len, const char **why)
{
	struct sluice_ticket_ring loaded = {
		.provider = ring->provider,
		.interval = ring->interval,
		.lifetime = ring->lifetime,
	};
	int count = parse(&loaded, now, text, len, why);

	if (ring->lock.lock)
		ring->lock.lock(ring->lock.ctx);
	if (count >= 0) {
		memcpy(ring->keys, loaded.keys, sizeof(ring->keys));
		ring->loaded = true;
	}
	if (ring->lock.unlock)
		ring->lock.unlock(ring->lock.ctx);
	sluice_wipe(&loaded, sizeof(loaded));
	return count;
}
