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

/* Of a record of len octets behind it; minor is 3 (TLS 1.2) but in the first. */
static inline void sl_put_header(uint8_t out[SL_RECORD_HEADER],
				 enum sl_content type, uint8_t minor, size_t len)
{
	out[0] = (uint8_t)type;
	out[1] = 3;
	out[2] = minor;
	out[3] = (uint8_t)(len >> 8);
	out[4] = (uint8_t)len;
}

/*
 * Is a whole record at the front of in? Then it is the current one, of
 * c->record_len octets, where it is: until sl_record_leave(), at the latest at
 * the end of the call that in was given to.
 */
bool sl_record_find(struct sluice_conn *c, uint8_t *in, size_t len);

/*
 * Check and decrypt the current record: its content is then at c->content,
 * of type c->content_type; it may also be a record to be passed over, of type
 * 0. False if the connection has failed.
 */
bool sl_record_open(struct sluice_conn *c);

/* Nothing is to point to the record any more; handshake messages are wiped. */
void sl_record_leave(struct sluice_conn *c);

/*
 * Write a record of len octets of data (at most SL_PLAINTEXT_MAX) to out,
 * which has room for len + SLUICE_OVERHEAD; data is NULL if it is where
 * sl_record_body() wants it. Returns its length on the wire, 0 if the
 * connection has failed.
 */
size_t sl_record_seal(struct sluice_conn *c, enum sl_content type,
		      const uint8_t *data, size_t len, uint8_t *out);

/* Write a change_cipher_spec, likewise: it is never encrypted. */
size_t sl_record_seal_ccs(struct sluice_conn *c, uint8_t *out);

/* Where the data of a record that begins at out has to lie. */
uint8_t *sl_record_body(const struct sluice_conn *c, uint8_t *out);

#endif /* SLUICE_RECORD_H */
