/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records made in userspace, for a peer that sends what kTLS would not: the end
 * is a plain TCP socket, the other end has kTLS and a session.
 */
#ifndef RECORD_H
#define RECORD_H

#include "peer.h"

struct records {
	struct end *end;
	uint64_t tx_seq;
	uint64_t rx_seq;
};

/* Makes one record of the content and its type, and sends it. */
void put_record(struct records *r, uint8_t type, const void *data, size_t len);
/* The same with one bit of the tag wrong. */
void put_forged(struct records *r, uint8_t type, const void *data, size_t len);
/* Octets as they are. */
void put_raw(struct records *r, const void *data, size_t len);
/*
 * Receives and decrypts one record: its length, and type; -1 at the end of the
 * stream or after two seconds; follows KeyUpdates of the other end.
 */
ssize_t get_record(struct records *r, void *data, size_t size, uint8_t *type);
/* The next alert that comes, whatever is before it; -1 if none does. */
int get_alert(struct records *r);
/* KeyUpdate of ours, and the key behind it. */
void put_key_update(struct records *r, uint8_t request);
/* The key behind a KeyUpdate that was sent otherwise. */
void renew_key(struct records *r);

#endif /* RECORD_H */
