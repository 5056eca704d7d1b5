// SPDX-License-Identifier: GPL-2.0
/*
 * What the records say that are not application data: KeyUpdate,
 * NewSessionTicket and alerts (RFC 9846, sections 4.6 and 6). Judging only:
 * receive.c acts on it.
 *
 * Nothing here sleeps, allocates or takes a lock; who calls owns both
 * structures. No content is kept: a ticket is counted and dropped.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/minmax.h>
#include <linux/unaligned.h>

#include "control.h"

/*
 * NewSessionTicket: lifetime, age_add, nonce<0..255>, ticket<1..2^16-1>,
 * extensions<0..2^16-1>, the vectors with their lengths.
 */
#define TICKET_LEN_MIN	(4 + 4 + 1 + (2 + 1) + 2)
#define TICKET_LEN_MAX	(4 + 4 + (1 + 255) + (2 + 65535) + (2 + 65535))

/**
 * sluice_control_begin() - start with a record
 * @control: the parser
 * @result: is set to "nothing yet"
 * @type: the record's content type; not application_data
 * @seq: the record's sequence number under its key
 * @len: octets of its content
 *
 * sluice_control_feed() follows, for the content in order, in any pieces.
 *
 * Return: 0, or the alert that the peer has earned.
 */
int sluice_control_begin(struct sluice_control *control,
			 struct sluice_control_result *result,
			 u8 type, u64 seq, size_t len)
{
	*result = (struct sluice_control_result){ .alert = -1 };

	/* A message's records follow one another: RFC 9846, section 5.1. */
	if (control->header_len &&
	    (type != SLUICE_RECORD_HANDSHAKE || seq != control->next_seq))
		return SLUICE_ALERT_UNEXPECTED_MESSAGE;
	control->next_seq = seq + 1;

	switch (type) {
	case SLUICE_RECORD_ALERT:
		return len == 2 ? 0 : SLUICE_ALERT_DECODE_ERROR;
	case SLUICE_RECORD_HANDSHAKE:
		/* Only data may be empty: RFC 9846, section 5.1. */
		return len ? 0 : SLUICE_ALERT_UNEXPECTED_MESSAGE;
	default:
		return SLUICE_ALERT_UNEXPECTED_MESSAGE;
	}
}
EXPORT_SYMBOL_IF_KUNIT(sluice_control_begin);

/* Judges a handshake message by its header. */
static int check_header(const u8 *header, u32 *body_len)
{
	*body_len = get_unaligned_be24(header + 1);

	if (header[0] == SLUICE_HANDSHAKE_KEY_UPDATE)
		return *body_len == 1 ? 0 : SLUICE_ALERT_DECODE_ERROR;

	return *body_len >= TICKET_LEN_MIN && *body_len <= TICKET_LEN_MAX ?
		0 : SLUICE_ALERT_DECODE_ERROR;
}

static int feed_handshake(struct sluice_control *control,
			  struct sluice_control_result *result,
			  const u8 *data, size_t len)
{
	int alert;
	u32 part;

	while (len) {
		/* A key ends with its record: RFC 9846, section 5.1. */
		if (result->key_update)
			return SLUICE_ALERT_UNEXPECTED_MESSAGE;

		if (control->header_len < sizeof(control->header)) {
			if (!control->header_len &&
			    *data != SLUICE_HANDSHAKE_TICKET &&
			    *data != SLUICE_HANDSHAKE_KEY_UPDATE)
				return SLUICE_ALERT_UNEXPECTED_MESSAGE;

			control->header[control->header_len++] = *data++;
			len--;
			if (control->header_len < sizeof(control->header))
				continue;
			alert = check_header(control->header,
					     &control->body_left);
			if (alert)
				return alert;
			continue;
		}

		if (control->header[0] == SLUICE_HANDSHAKE_KEY_UPDATE) {
			if (*data > 1)
				return SLUICE_ALERT_ILLEGAL_PARAMETER;
			result->key_update = true;
			result->update_requested = *data;
		}

		part = min_t(size_t, len, control->body_left);
		data += part;
		len -= part;
		control->body_left -= part;
		if (control->body_left)
			continue;

		control->header_len = 0;
		if (control->header[0] == SLUICE_HANDSHAKE_TICKET)
			result->tickets++;
	}
	return 0;
}

/**
 * sluice_control_feed() - go on with the record's content
 * @control: the parser
 * @result: what has been understood so far
 * @type: the record's content type, as for sluice_control_begin()
 * @data: the next octets of the content; an alert in one piece
 * @len: how many; not more in all than sluice_control_begin() was told
 *
 * Return: 0, or the alert that the peer has earned.
 */
int sluice_control_feed(struct sluice_control *control,
			struct sluice_control_result *result,
			u8 type, const u8 *data, size_t len)
{
	if (type == SLUICE_RECORD_HANDSHAKE)
		return feed_handshake(control, result, data, len);

	/* The level says nothing in TLS 1.3: RFC 9846, section 6. */
	result->alert = data[1];
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(sluice_control_feed);
