/* SPDX-License-Identifier: MIT */
/*
 * A store of sessions in the caller's memory (RFC 9846, appendix C.4 and
 * section 8). It is three things, by which functions are used on it:
 *
 * A client's tickets. Several are kept for each peer, each is given out once:
 *
 *	void put(void *ctx, const char *peer_name, const uint8_t *ticket,
 *		 size_t len)			// sluice_config::ticket_put
 *	{
 *		sluice_store_put(store, key, key_len, ticket, len, now(),
 *				 sluice_ticket_expiry(ticket, len));
 *	}
 *	size_t take(void *ctx, const char *peer_name, uint8_t *buf, size_t size)
 *	{
 *		return sluice_store_take(store, key, key_len, now(), buf, size);
 *	}
 *
 * where the key is whatever tells servers apart: @peer_name, and behind it the
 * port, if not every port of a host is the same server. Connections that trust
 * other authorities need another store, or a key that says so. (That another
 * certificate of the client's needs other tickets, libsluice sees to itself.)
 *
 * A server's sessions, for sluice_config::session_put and session_take.
 *
 * A server's memory of what was used, for sluice_config::ticket_unused and
 * early_data_first: sluice_store_first().
 *
 * Everything is a matter of a few comparisons, and nothing blocks except for
 * the lock. There are no pointers inside but those of the lock: the memory may
 * be shared by processes that forked after sluice_store_init().
 */
#ifndef SLUICE_STORE_H
#define SLUICE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sluice_store;

/**
 * struct sluice_lock - what makes an object usable by several threads
 * @lock: for example pthread_mutex_lock() of @ctx
 * @unlock: and pthread_mutex_unlock()
 * @ctx: given to both
 *
 * All zeros where only one thread uses the object.
 */
struct sluice_lock {
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
	void *ctx;
};

/**
 * struct sluice_store_limits - how much a store holds
 * @entries: at most, 1 to 16777216
 * @per_key: of them under one key; 0 for no such limit
 * @key_len: octets of the longest key, 1 to 1024
 * @value_len: octets of the longest value, at most 65536. What is longer is not
 *	kept. (Tickets have SLUICE_TICKET_MAX at most, but rarely 400)
 */
struct sluice_store_limits {
	size_t entries;
	size_t per_key;
	size_t key_len;
	size_t value_len;
};

/**
 * sluice_store_size() - octets that a store needs
 *
 * Return: the number, 0 if @limits are out of bounds.
 */
size_t sluice_store_size(const struct sluice_store_limits *limits);

/**
 * sluice_store_init() - make an empty store
 * @mem: aligned as malloc() aligns, kept until after sluice_store_free()
 * @size: octets at @mem
 * @lock: copied; NULL for one thread only
 *
 * Return: the store, which lives in @mem; NULL if it is too small, misaligned,
 * or if the limits are out of bounds.
 */
struct sluice_store *sluice_store_init(void *mem, size_t size,
				       const struct sluice_store_limits *limits,
				       const struct sluice_lock *lock);

/* Wipe all of it; nobody may use it any more. NULL is fine. */
void sluice_store_free(struct sluice_store *store);

/**
 * sluice_store_put() - keep a value
 * @now: milliseconds since 1970-01-01 UTC
 * @expires: the same; it is not given out from then on
 *
 * If the store is full, or the key has as many values as it may have, the one
 * that was put first makes room: nobody has needed it for the longest time.
 *
 * Return: true; false if it is too long, has expired, or @key_len is 0.
 */
bool sluice_store_put(struct sluice_store *store, const void *key,
		      size_t key_len, const void *value, size_t len,
		      uint64_t now, uint64_t expires);

/**
 * sluice_store_take() - take the latest value of a key out of the store
 * @buf: becomes the value
 * @size: octets at @buf; a value that does not fit is dropped
 *
 * No two calls get the same one.
 *
 * Return: the length of the value, 0 if there is none.
 */
size_t sluice_store_take(struct sluice_store *store, const void *key,
			 size_t key_len, uint64_t now, void *buf, size_t size);

/**
 * sluice_store_first() - is this the first time that a key is seen?
 * @expires: when the key may be forgotten
 *
 * Remembers the key. A store that is full does not forget another for it.
 *
 * Return: true the first time; false if it was seen before, or if nobody can
 * tell another time because the store is full.
 */
bool sluice_store_first(struct sluice_store *store, const void *key,
			size_t key_len, uint64_t now, uint64_t expires);

/* Wipe what has expired; for those who have a timer. Returns what is left. */
size_t sluice_store_expire(struct sluice_store *store, uint64_t now);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_STORE_H */
