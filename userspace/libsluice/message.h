/* SPDX-License-Identifier: MIT */
/* Handshake messages out of records, and into them (RFC 9846, section 4). */
#ifndef SLUICE_MESSAGE_H
#define SLUICE_MESSAGE_H

#include "sluice/sluice.h"
#include "wire.h"

/* Octets before a message: its type, and its length. */
#define SL_MESSAGE_HEADER	4

enum sl_message {
	SL_HELLO_REQUEST = 0,		/* of TLS 1.2 */
	SL_CLIENT_HELLO = 1,
	SL_SERVER_HELLO = 2,
	SL_NEW_SESSION_TICKET = 4,
	SL_END_OF_EARLY_DATA = 5,
	SL_ENCRYPTED_EXTENSIONS = 8,
	SL_CERTIFICATE = 11,
	SL_SERVER_KEY_EXCHANGE = 12,	/* of TLS 1.2 */
	SL_CERTIFICATE_REQUEST = 13,
	SL_SERVER_HELLO_DONE = 14,	/* of TLS 1.2 */
	SL_CERTIFICATE_VERIFY = 15,
	SL_CLIENT_KEY_EXCHANGE = 16,	/* of TLS 1.2 */
	SL_FINISHED = 20,
	SL_CERTIFICATE_STATUS = 22,	/* of TLS 1.2 (RFC 6066) */
	SL_KEY_UPDATE = 24,
	SL_COMPRESSED_CERTIFICATE = 25,	/* RFC 8879 */
	SL_MESSAGE_HASH = 254,
	SL_NO_MESSAGE = 256,		/* no octet says that */
};

/*
 * The next message, if it is whole: its type, and its body, in the record or,
 * if it came in pieces, in the connection; SL_NO_MESSAGE if the content of the
 * current record is used up, or if the connection has failed. It stays the
 * current message until sl_message_next().
 */
enum sl_message sl_message_peek(struct sluice_conn *c, struct sl_reader *body);
void sl_message_next(struct sluice_conn *c);
/* The current message, and what is behind it, outlast the call. */
bool sl_message_keep(struct sluice_conn *c);

/* Has a part of a message been received? */
bool sl_message_begun(const struct sluice_conn *c);

/* The body of the current message. */
struct sl_reader sl_message_body(const struct sluice_conn *c);

/* The current message, header included, joins the transcript. */
bool sl_message_hash(struct sluice_conn *c);

/*
 * No octet of a further message may have been received: a flight or new keys
 * follow (section 5.1).
 */
bool sl_message_boundary(struct sluice_conn *c);

/* Begin a message of a flight; w is good until sl_message_end(). */
void sl_message_begin(struct sluice_conn *c, struct sl_writer *w,
		      enum sl_message type);
/* It joins the transcript and the flight. */
bool sl_message_end(struct sluice_conn *c, struct sl_writer *w);

/* What is to be sent: write as much as there is room for. True: all of it. */
bool sl_flight_flush(struct sluice_conn *c, struct sl_writer *out);

#endif /* SLUICE_MESSAGE_H */
