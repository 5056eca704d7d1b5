/* SPDX-License-Identifier: MIT */
/* The record protocol (RFC 9846, section 5). */
#ifndef SLUICE_RECORD_H
#define SLUICE_RECORD_H

#include "sluice/sluice.h"

#define SL_RECORD_HEADER	5
#define SL_TAG_LEN		16
#define SL_PLAINTEXT_MAX	16384

enum sl_content {
	SL_CHANGE_CIPHER_SPEC = 20,
	SL_ALERT = 21,
	SL_HANDSHAKE = 22,
	SL_APPLICATION_DATA = 23,
};

/*
 * Take octets of in, from *used on, for the record that is being received, and
 * no more than belong to it.
 */
void sl_record_feed(struct sluice_conn *c, const uint8_t *in, size_t len,
		    size_t *used);
bool sl_record_complete(const struct sluice_conn *c);

/*
 * Check and decrypt the complete record: its content is then at c->content,
 * of type c->content_type; it may also be a record to be passed over, of type
 * 0. False if the connection has failed.
 */
bool sl_record_open(struct sluice_conn *c);

/* The content was used up: make room for the next record. */
void sl_record_release(struct sluice_conn *c);

/*
 * Write a record of len octets of data (at most SL_PLAINTEXT_MAX) to out,
 * which has room for len + SLUICE_OVERHEAD. Returns its length on the wire, 0
 * if the connection has failed.
 */
size_t sl_record_seal(struct sluice_conn *c, enum sl_content type,
		      const uint8_t *data, size_t len, uint8_t *out);

#endif /* SLUICE_RECORD_H */
