// SPDX-License-Identifier: MIT
#include "message.h"

#include <string.h>

#include "conn.h"

/* The longest body of a type: only what is of certificates may be long. */
static size_t longest(uint8_t type)
{
	switch (type) {
	case SL_CLIENT_HELLO:
		return 16384;
	case SL_CERTIFICATE:
	case SL_COMPRESSED_CERTIFICATE:
	case SL_CERTIFICATE_REQUEST:	/* names all of a system's authorities */
		return SL_MESSAGE_MAX;
	default:
		return 8192;
	}
}

static void use(struct sluice_conn *c, size_t len)
{
	c->content += len;
	c->content_len -= len;
}

static uint8_t *pieces(struct sluice_conn *c, size_t *size)
{
	*size = c->hs ? c->hs->buffer_size : sizeof(c->piece);
	return c->hs ? c->hs->buffer : c->piece;
}

/* A message that begins in one record and goes on in others, up to len of it. */
static bool gather(struct sluice_conn *c, size_t len)
{
	size_t size, part = len - c->piece_len;
	uint8_t *buf = pieces(c, &size);

	if (part > c->content_len)
		part = c->content_len;
	if (part) {
		/* it may be there already, further back */
		memmove(buf + c->piece_len, c->content, part);
		c->piece_len += part;
		use(c, part);
	}
	return c->piece_len == len;
}

/* Not the rest either, of a message that there is no room for. */
static bool passes_over(struct sluice_conn *c)
{
	size_t part = c->pass < c->content_len ? c->pass : c->content_len;

	if (part) {
		c->pass -= part;
		use(c, part);
	}
	return c->pass;
}

/* The length of a message by its header; 0 if the connection has failed. */
static size_t length_of(struct sluice_conn *c, const uint8_t *header)
{
	struct sl_reader r = sl_reader(header, SL_MESSAGE_HEADER);
	uint8_t type = sl_get8(&r);
	size_t len = sl_get24(&r);

	if (len > longest(type)) {
		sl_bad_decode(c, "a handshake message is too long");
		return 0;
	}
	return SL_MESSAGE_HEADER + len;
}

static bool no_room(struct sluice_conn *c, const uint8_t *header, size_t len)
{
	/* the one that a connection can do without */
	if (!c->hs && header[0] == SL_NEW_SESSION_TICKET && !sl_is_server(c)) {
		c->tickets++;
		c->pass = len - c->piece_len;
		c->piece_len = 0;
		passes_over(c);
		return false;
	}
	return sl_fail(c, SL_DECODE_ERROR, SLUICE_ERR_MEMORY,
		       "a handshake message comes in pieces, and is longer than the memory that the connection was given");
}

/* Is the message that came in pieces whole by now? */
static bool gather_message(struct sluice_conn *c)
{
	size_t len, size;
	const uint8_t *buf = pieces(c, &size);

	if (c->piece_len < SL_MESSAGE_HEADER && !gather(c, SL_MESSAGE_HEADER))
		return false;
	len = length_of(c, buf);
	if (!len)
		return false;
	if (len > size)
		return no_room(c, buf, len);
	if (!gather(c, len))
		return false;
	c->message = buf;
	c->message_len = len;
	return true;
}

/* Is the caller asked about a message, so that it has to outlast the call? */
static bool may_wait(const struct sluice_conn *c)
{
	unsigned int what = SLUICE_ASYNC_CREDENTIAL | SLUICE_ASYNC_VERDICT;

	if (sl_is_server(c))
		what |= SLUICE_ASYNC_TICKET | SLUICE_ASYNC_UNUSED;
	return c->hs && c->config->async & what;
}

enum sl_message sl_message_peek(struct sluice_conn *c, struct sl_reader *body)
{
	if (passes_over(c) || (!c->piece_len && !c->content_len))
		return SL_NO_MESSAGE;
	c->message_len = 0;
	if (!c->piece_len && c->content_len >= SL_MESSAGE_HEADER && !may_wait(c)) {
		c->message = c->content;
		c->message_len = length_of(c, c->content);
		if (c->error)
			return SL_NO_MESSAGE;
	}
	if ((!c->message_len || c->message_len > c->content_len) &&
	    !gather_message(c))
		return SL_NO_MESSAGE;
	*body = sl_message_body(c);
	sl_trace(c, false, SL_HANDSHAKE, c->message[0], c->message_len);
	return (enum sl_message)c->message[0];
}

struct sl_reader sl_message_body(const struct sluice_conn *c)
{
	return sl_reader(c->message + SL_MESSAGE_HEADER, c->message_len - SL_MESSAGE_HEADER);
}

void sl_message_next(struct sluice_conn *c)
{
	if (c->piece_len) {
		sluice_wipe(c->piece, sizeof(c->piece));
		c->piece_len = 0;
	} else {
		use(c, c->message_len);
	}
	c->message = NULL;
	c->message_len = 0;
}

bool sl_message_keep(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;

	if (!c->record)
		return true;
	if (c->content_len > hs->buffer_size - c->piece_len)
		return sl_fail(c, SL_DECODE_ERROR, SLUICE_ERR_MEMORY,
			       "the peer's messages are longer than the memory that the connection was given");
	memcpy(hs->buffer + c->piece_len, c->content, c->content_len);
	c->content = hs->buffer + c->piece_len;
	hs->kept = true;
	return true;
}

bool sl_message_begun(const struct sluice_conn *c)
{
	return c->piece_len || c->pass;
}

bool sl_message_hash(struct sluice_conn *c)
{
	return sl_transcript_add(c, c->message, c->message_len);
}

bool sl_message_boundary(struct sluice_conn *c)
{
	if (c->content_len != (c->piece_len ? 0 : c->message_len))
		return sl_unexpected(c, "a message goes on where the keys change");
	return true;
}

void sl_message_begin(struct sluice_conn *c, struct sl_writer *w,
		      enum sl_message type)
{
	*w = sl_writer(c->hs->buffer + c->hs->flight_end,
		       c->hs->buffer_size - c->hs->flight_end);
	sl_put8(w, type);
	sl_begin_vec(w, 3);
}

bool sl_message_end(struct sluice_conn *c, struct sl_writer *w)
{
	sl_end_vec(w, SL_MESSAGE_HEADER, 3);
	if (w->bad)
		return sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_MEMORY,
			       "the messages to be sent are longer than the memory that the connection was given: is it the certificate chain?");
	c->hs->flight_end += w->len;
	sl_trace(c, true, SL_HANDSHAKE, w->buf[0], w->len);
	return sl_transcript_add(c, w->buf, w->len);
}

bool sl_flight_flush(struct sluice_conn *c, struct sl_writer *out)
{
	struct sl_handshake *hs = c->hs;

	if (hs && hs->ccs_due) {
		if (out->size - out->len < SLUICE_OVERHEAD + 1)
			return false;
		out->len += sl_record_seal_ccs(c, out->buf + out->len);
		hs->ccs_due = false;
	}
	if (!hs || !hs->flight_end)
		return true;
	while (hs->flight_start < hs->flight_end) {
		size_t len = hs->flight_end - hs->flight_start;
		size_t room = out->size - out->len;

		if (room <= SLUICE_OVERHEAD)
			return false;
		room -= SLUICE_OVERHEAD;
		if (len > room)
			len = room;
		if (len > sl_record_room(c))
			len = sl_record_room(c);
		out->len += sl_record_seal(c, SL_HANDSHAKE,
					   hs->buffer + hs->flight_start, len,
					   out->buf + out->len);
		if (c->error)
			return false;
		hs->flight_start += len;
	}
	hs->flight_start = 0;
	hs->flight_end = 0;
	c->hello_done = true;
	return true;
}
