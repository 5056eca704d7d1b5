// SPDX-License-Identifier: MIT
#include "message.h"

#include <string.h>

#include "conn.h"

#define HEADER		4

bool sl_message_collect(struct sluice_conn *c)
{
	if (c->buffer_start) {
		c->buffer_end -= c->buffer_start;
		memmove(c->buffer, c->buffer + c->buffer_start, c->buffer_end);
		c->buffer_start = 0;
	}
	/* a message that could not fit was refused by its header */
	if (c->content_len > sizeof(c->buffer) - c->buffer_end)
		return sl_bad_decode(c, "too many handshake messages at once");
	memcpy(c->buffer + c->buffer_end, c->content, c->content_len);
	c->buffer_end += c->content_len;
	return true;
}

/* The longest body of a type: only what is of certificates may be long. */
static size_t longest(uint8_t type)
{
	switch (type) {
	case SL_CLIENT_HELLO:
		return 16384;
	case SL_CERTIFICATE:
	case SL_CERTIFICATE_REQUEST:	/* names all of a system's authorities */
		return SL_MESSAGE_MAX;
	default:
		return 8192;
	}
}

enum sl_message sl_message_peek(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_reader r = sl_reader(c->buffer + c->buffer_start,
				       c->buffer_end - c->buffer_start);
	uint8_t type;
	size_t len;

	if (r.left < HEADER)
		return SL_NO_MESSAGE;
	type = sl_get8(&r);
	len = sl_get24(&r);
	if (len > longest(type)) {
		sl_bad_decode(c, "a handshake message is too long");
		return SL_NO_MESSAGE;
	}
	if (r.left < len)
		return SL_NO_MESSAGE;
	*body = sl_reader(r.pos, len);
	c->message_len = HEADER + len;
	return (enum sl_message)type;
}

void sl_message_next(struct sluice_conn *c)
{
	c->buffer_start += c->message_len;
	c->message_len = 0;
	if (c->buffer_start == c->buffer_end) {
		c->buffer_start = 0;
		c->buffer_end = 0;
	}
}

bool sl_message_hash(struct sluice_conn *c)
{
	return sl_transcript_add(c, c->buffer + c->buffer_start,
				 c->message_len);
}

bool sl_message_boundary(struct sluice_conn *c)
{
	if (c->buffer_start + c->message_len != c->buffer_end)
		return sl_unexpected(c, "a message goes on where the keys change");
	return true;
}

void sl_message_begin(struct sluice_conn *c, struct sl_writer *w,
		      enum sl_message type)
{
	*w = sl_writer(c->buffer + c->buffer_end,
		       sizeof(c->buffer) - c->buffer_end);
	sl_put8(w, type);
	sl_begin_vec(w, 3);
}

bool sl_message_end(struct sluice_conn *c, struct sl_writer *w)
{
	sl_end_vec(w, HEADER, 3);
	if (w->bad)
		return sl_internal(c, "a message to be sent is too long: is it the certificate chain?");
	c->buffer_end += w->len;
	c->flight = true;
	return sl_transcript_add(c, w->buf, w->len);
}

bool sl_flight_flush(struct sluice_conn *c, struct sl_writer *out)
{
	static const uint8_t ccs = 1;

	if (c->hs->ccs_due) {
		if (out->size - out->len < SLUICE_OVERHEAD + 1)
			return false;
		out->len += sl_record_seal(c, SL_CHANGE_CIPHER_SPEC, &ccs, 1,
					   out->buf + out->len);
		c->hs->ccs_due = false;
	}
	if (!c->flight)
		return true;
	while (c->buffer_start < c->buffer_end) {
		size_t len = c->buffer_end - c->buffer_start;
		size_t room = out->size - out->len;

		if (room <= SLUICE_OVERHEAD)
			return false;
		room -= SLUICE_OVERHEAD;
		if (len > room)
			len = room;
		if (len > sl_record_room(c))
			len = sl_record_room(c);
		out->len += sl_record_seal(c, SL_HANDSHAKE,
					   c->buffer + c->buffer_start, len,
					   out->buf + out->len);
		if (c->error)
			return false;
		c->buffer_start += len;
	}
	c->buffer_start = 0;
	c->buffer_end = 0;
	c->flight = false;
	c->hello_done = true;
	return true;
}
