/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_CONTROL_H
#define _SLUICE_CONTROL_H

#include <linux/types.h>

/* Content types (RFC 9846, section 5.1), as far as Sluice names them. */
#define SLUICE_RECORD_ALERT		21
#define SLUICE_RECORD_HANDSHAKE		22
#define SLUICE_RECORD_DATA		23

/* Handshake types (RFC 9846, section 4) that may follow the handshake. */
#define SLUICE_HANDSHAKE_TICKET		4	/* new_session_ticket */
#define SLUICE_HANDSHAKE_KEY_UPDATE	24
#define SLUICE_HANDSHAKE_HEADER_LEN	4

/* AlertDescription (RFC 9846, section 6), as far as Sluice names them. */
enum sluice_alert {
	SLUICE_ALERT_CLOSE_NOTIFY = 0,
	SLUICE_ALERT_UNEXPECTED_MESSAGE = 10,
	SLUICE_ALERT_BAD_RECORD_MAC = 20,
	SLUICE_ALERT_RECORD_OVERFLOW = 22,
	SLUICE_ALERT_ILLEGAL_PARAMETER = 47,
	SLUICE_ALERT_DECODE_ERROR = 50,
	SLUICE_ALERT_INTERNAL_ERROR = 80,
	SLUICE_ALERT_USER_CANCELED = 90,
};

/**
 * struct sluice_control - parser of the records that are not data
 * @header: what is there of the current handshake message's header
 * @header_len: octets of @header that are there; 0 between two messages
 * @body_left: octets of the message's body still to come
 * @next_seq: sequence number that the rest of a message must come with
 *
 * A handshake message may span records, so this outlives a record.
 */
struct sluice_control {
	u8 header[SLUICE_HANDSHAKE_HEADER_LEN];
	u8 header_len;
	u32 body_left;
	u64 next_seq;
};

/**
 * struct sluice_control_result - what one record said
 * @tickets: NewSessionTicket messages that ended in it
 * @key_update: a KeyUpdate ended in it: the next record has the next key
 * @update_requested: and the peer asks for ours
 * @alert: AlertDescription, or -1 if it was no alert
 */
struct sluice_control_result {
	unsigned int tickets;
	bool key_update;
	bool update_requested;
	int alert;
};

int sluice_control_begin(struct sluice_control *control,
			 struct sluice_control_result *result,
			 u8 type, u64 seq, size_t len);
int sluice_control_feed(struct sluice_control *control,
			struct sluice_control_result *result,
			u8 type, const u8 *data, size_t len);

#endif /* _SLUICE_CONTROL_H */
