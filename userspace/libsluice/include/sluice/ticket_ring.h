/* SPDX-License-Identifier: MIT */
/*
 * The keys that seal a server's tickets (sluice_config::ticket_key): a new one
 * each interval, the old ones for as long as their tickets last. Who gets hold
 * of a key can read what is protected by its tickets alone (early data), and
 * pass for the server to those who resume; so it is wiped as soon as it is of
 * no use any more.
 *
 *	bool ticket_key(void *ctx, const uint8_t *name,
 *			struct sluice_ticket_key *key)
 *	{
 *		return sluice_ticket_ring_key(ring, now(), name, key);
 *	}
 *
 * Servers that resume each other's sessions load their keys from a text that
 * they share, such as a file that is copied to all of them:
 *
 *	# from (seconds since 1970)  key (32 octets in hexadecimal)
 *	1790000000 8f6c…
 *	1790086400 52d1…
 *
 * A key makes tickets from its time on, until a later key's time has come, and
 * for one interval at the most. It is good for opening tickets before that,
 * too, as clocks differ: so add a key some time before it is due. Lines that
 * begin with '#' and empty ones do not count.
 */
#ifndef SLUICE_TICKET_RING_H
#define SLUICE_TICKET_RING_H

#include "sluice/store.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sluice_provider;
struct sluice_ticket_key;
struct sluice_ticket_ring;

/* The most keys of a ring. */
#define SLUICE_TICKET_KEYS	64

/**
 * struct sluice_ticket_policy - how long keys count
 * @interval: seconds that a key makes tickets, at least 1
 * @lifetime: seconds for which it opens them after that: not less than
 *	struct sluice_config::ticket_lifetime. All keys of an interval and a
 *	lifetime have to fit in a ring
 */
struct sluice_ticket_policy {
	uint32_t interval;
	uint32_t lifetime;
};

/* Octets that a ring needs. */
size_t sluice_ticket_ring_size(void);

/**
 * sluice_ticket_ring_init() - make a ring without keys
 * @mem: aligned as malloc() aligns, kept until after sluice_ticket_ring_free()
 * @size: octets at @mem
 * @provider: for random octets and HMAC
 * @lock: copied; NULL for one thread only
 *
 * Until sluice_ticket_ring_load() is called it makes its keys itself.
 *
 * Return: the ring, which lives in @mem; NULL if that is too small or
 * misaligned, or if the policy is not one.
 */
struct sluice_ticket_ring *
sluice_ticket_ring_init(void *mem, size_t size,
			const struct sluice_provider *provider,
			const struct sluice_ticket_policy *policy,
			const struct sluice_lock *lock);

/* Wipe the ring; nobody may use it any more. NULL is fine. */
void sluice_ticket_ring_free(struct sluice_ticket_ring *ring);

/**
 * sluice_ticket_ring_key() - what struct sluice_config::ticket_key asks for
 * @now: milliseconds since 1970-01-01 UTC
 * @name: of the key that is needed; NULL for the one that makes tickets
 *
 * Also wipes the keys whose time is over; without connections, somebody has to
 * call it now and then for that.
 *
 * Return: true and the key in @key; false if there is none.
 */
bool sluice_ticket_ring_key(struct sluice_ticket_ring *ring, uint64_t now,
			    const uint8_t *name, struct sluice_ticket_key *key);

/**
 * sluice_ticket_ring_load() - take the keys of a text, and no others
 * @text: as above
 * @len: its length
 * @why: becomes one line, constant text, on what is wrong with it
 *
 * Return: the number of keys that count still, perhaps 0; -1 if the text is
 * malformed, there are too many keys, or the provider failed: then the ring is
 * as it was.
 */
int sluice_ticket_ring_load(struct sluice_ticket_ring *ring, uint64_t now,
			    const char *text, size_t len, const char **why);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_TICKET_RING_H */
