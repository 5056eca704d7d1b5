// SPDX-License-Identifier: MIT
#include "data.h"

#include <string.h>

#include "conn.h"
#include "gather.h"
#include "tickets.h"

/* Levels of alerts. */
#define WARNING		1
#define FATAL		2
/* A change_cipher_spec is never encrypted. */
#define CCS_ROOM	(SL_RECORD_HEADER + 1)

static size_t room(const struct sl_writer *w)
{
	return w->size - w->len;
}

/* Also behind a server's Finished, in answer to early data. */
static bool may_send(const struct sluice_conn *c)
{
	return c->done || c->tx_open;
}

/* It fits in SLUICE_OUT_MIN, so there is room in the next call. */
void sl_flush_alert(struct sluice_conn *c, struct sl_writer *out)
{
	uint8_t alert[2] = { FATAL, (uint8_t)c->alert };
	bool owed = c->ccs_owed || sl_ccs_owed(c);

	if (!c->alert_due ||
	    room(out) < (owed ? CCS_ROOM : 0) + sizeof(alert) + SLUICE_OVERHEAD)
		return;
	if (c->alert == SL_CLOSE_NOTIFY)
		alert[0] = WARNING;
	if (owed)
		out->len += sl_record_seal_ccs(c, out->buf + out->len);
	c->ccs_owed = false;
	out->len += sl_record_seal(c, SL_ALERT, alert, sizeof(alert),
				   out->buf + out->len);
	c->alert_due = false;
	c->alert_sent = c->alert;
	sl_trace(c, true, SL_ALERT, alert[1], sizeof(alert));
	c->tx_closed = true;
	sl_keys_wipe(c, &c->tx);
}

static uint64_t update_limit(const struct sluice_conn *c)
{
	uint64_t limit = c->config->update_after;

	return limit && limit < c->suite->limit ? limit : c->suite->limit;
}

#define KEY_UPDATE_ROOM		(5 + SLUICE_OVERHEAD)

static void write_update(struct sluice_conn *c, struct sl_writer *out)
{
	const uint8_t message[5] = {
		SL_KEY_UPDATE, 0, 0, 1, c->update_request
	};

	out->len += sl_record_seal(c, SL_HANDSHAKE, message, sizeof(message),
				   out->buf + out->len);
	sl_trace(c, true, SL_HANDSHAKE, SL_KEY_UPDATE, sizeof(message));
	c->update_due = false;
	c->update_request = false;
	if (!c->error)
		sl_keys_update(c, &c->tx);
}

/* TLS 1.2: the peer asked for a renegotiation (RFC 5246, section 7.2.2). */
static void write_refusal(struct sluice_conn *c, struct sl_writer *out)
{
	static const uint8_t alert[2] = { WARNING, SL_NO_RENEGOTIATION };

	out->len += sl_record_seal(c, SL_ALERT, alert, sizeof(alert),
				   out->buf + out->len);
	sl_trace(c, true, SL_ALERT, alert[1], sizeof(alert));
	c->refusal_due = false;
}

/* What is pending goes before data; false if there is no room for it. */
static bool flush_pending(struct sluice_conn *c, struct sl_writer *out)
{
	if (c->refusal_due && !c->error && !c->tx_closed) {
		if (room(out) < 2 + SLUICE_OVERHEAD)
			return false;
		write_refusal(c, out);
	}
	/* the last record under a key is the KeyUpdate itself */
	if (c->tx.aead && c->version != SLUICE_TLS_1_2 && may_send(c) &&
	    c->tx.seq + 1 >= update_limit(c))
		c->update_due = true;
	if (c->update_due && !c->error && !c->tx_closed) {
		if (room(out) < KEY_UPDATE_ROOM)
			return false;
		write_update(c, out);
	}
	sl_flush_alert(c, out);
	return !c->alert_due;
}

enum sluice_status sluice_sealv(struct sluice_conn *c,
				const struct iovec *data, size_t count,
				size_t from, size_t *taken,
				uint8_t *out, size_t *out_len)
{
	struct sl_writer w = sl_writer(out, *out_len);
	bool refuse = !may_send(c) || c->tx_closed || c->alert_due;
	size_t left = 0, i;
	bool flushed;

	*taken = 0;
	for (i = 0; i < count; i++)
		left += data[i].iov_len;
	left = left > from ? left - from : 0;

	for (;;) {
		size_t part = left < c->tx_limit ? left : c->tx_limit;

		flushed = flush_pending(c, &w);
		if (!flushed || c->error || refuse || !part ||
		    room(&w) <= SLUICE_OVERHEAD)
			break;
		/* the last record under a key is an alert, then */
		if (c->version == SLUICE_TLS_1_2 &&
		    c->tx.seq + 1 >= c->suite->limit) {
			sl_internal(c, "the key is used up, and TLS 1.2 cannot renew it");
			continue;
		}
		if (part > room(&w) - SLUICE_OVERHEAD)
			part = room(&w) - SLUICE_OVERHEAD;
		w.len += sl_gather_seal(c, data, from + *taken, part,
					w.buf + w.len);
		if (c->error)
			break;
		*taken += part;
		left -= part;
		c->idle = 0;
	}
	*out_len = w.len;
	if (!flushed)
		return SLUICE_WANT_WRITE;
	if (c->error || (left && refuse))
		return SLUICE_ERROR;
	return left ? SLUICE_WANT_WRITE : SLUICE_DONE;
}

enum sluice_status sluice_seal(struct sluice_conn *c,
			       const uint8_t *data, size_t *data_len,
			       uint8_t *out, size_t *out_len)
{
	const struct iovec iov = {
		.iov_base = (void *)(uintptr_t)data, .iov_len = *data_len,
	};

	return sluice_sealv(c, &iov, 1, 0, data_len, out, out_len);
}

bool sluice_pending(const struct sluice_conn *c)
{
	return c->alert_due ||
	       ((c->update_due || c->refusal_due) && !c->error && !c->tx_closed);
}

int sluice_key_update(struct sluice_conn *c, bool request)
{
	if (!c->done || c->error || c->tx_closed || c->alert_due ||
	    c->version == SLUICE_TLS_1_2)
		return -1;
	c->update_due = true;
	c->update_request = c->update_request || request;
	return 0;
}

void sluice_close(struct sluice_conn *c)
{
	if (c->error || c->tx_closed || c->alert_due)
		return;
	c->alert = SL_CLOSE_NOTIFY;
	c->alert_due = true;
}

enum sluice_status sluice_eof(struct sluice_conn *c)
{
	if (c->rx_closed && !c->error)
		return SLUICE_CLOSED;
	sl_fail(c, SL_ALERT_NONE, SLUICE_ERR_TRUNCATED, c->done ?
		"the connection was cut off: it ended without close_notify" :
		"the connection was cut off during the handshake");
	return SLUICE_ERROR;
}

static bool read_key_update(struct sluice_conn *c, struct sl_reader *body)
{
	uint8_t request = sl_get8(body);

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed KeyUpdate");
	if (request > 1)
		return sl_illegal(c, "a KeyUpdate of an unknown kind");
	if (!sl_message_boundary(c) || !sl_idled(c))
		return false;
	/* several requests may be answered by one update (section 4.6.3) */
	if (request && !c->tx_closed && !c->alert_due)
		c->update_due = true;
	c->update_wanted = request && c->released & SLUICE_TX;
	return sl_keys_update(c, &c->rx);
}

/* TLS 1.2: all that can come is a wish to renegotiate. */
static bool read_renegotiation(struct sluice_conn *c, enum sl_message type,
			       struct sl_reader *body)
{
	if (type != (sl_is_server(c) ? SL_CLIENT_HELLO : SL_HELLO_REQUEST))
		return sl_unexpected(c, "a handshake message after the handshake");
	if (type == SL_HELLO_REQUEST && !sl_done(body))
		return sl_bad_decode(c, "a malformed HelloRequest");
	c->refusal_due = true;
	return sl_warned(c, "the peer insists on a renegotiation");
}

static bool take_messages(struct sluice_conn *c)
{
	struct sl_reader body;

	for (;;) {
		enum sl_message type = sl_message_peek(c, &body);

		if (type != SL_NO_MESSAGE && c->version == SLUICE_TLS_1_2) {
			if (!read_renegotiation(c, type, &body))
				return false;
			sl_message_next(c);
			continue;
		}
		switch (type) {
		case SL_NO_MESSAGE:
			return !c->error;
		case SL_KEY_UPDATE:
			if (!read_key_update(c, &body))
				return false;
			break;
		case SL_NEW_SESSION_TICKET:
			if (sl_is_server(c))
				return sl_unexpected(c, "a client sent a ticket");
			if (!sl_ticket_read(c, &body))
				return false;
			break;
		case SL_CERTIFICATE_REQUEST:
			/* post_handshake_auth is never offered (4.6.2) */
			return sl_unexpected(c, "a certificate is asked for after the handshake");
		default:
			return sl_unexpected(c, "a handshake message after the handshake");
		}
		sl_message_next(c);
	}
}

/* The current record; what is data is left in it. */
static bool take_record(struct sluice_conn *c)
{
	if (!sl_record_open(c))
		return false;
	switch (c->content_type) {
	case SL_HANDSHAKE:
		return take_messages(c);
	case SL_ALERT:
		return sl_alert_received(c, c->content);
	default:
		return true;
	}
}

enum sluice_status sluice_open(struct sluice_conn *c,
			       uint8_t *in, size_t *in_len,
			       uint8_t **data, size_t *data_len)
{
	enum sluice_status status = SLUICE_WANT_READ;
	size_t in_size = *in_len;

	*in_len = 0;
	*data = NULL;
	*data_len = 0;
	if (!c->done && !c->error)
		sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_USE,
			"sluice_open() was called before the handshake had ended");
	if (c->released & SLUICE_RX)
		return SLUICE_ERROR;
	while (!c->error && !c->rx_closed && status == SLUICE_WANT_READ) {
		if (!sl_record_find(c, in + *in_len, in_size - *in_len))
			break;
		*in_len += c->record_len;
		if (!take_record(c) ||
		    c->content_type != SL_APPLICATION_DATA || !c->content_len)
			continue;
		*data = c->content;
		*data_len = c->content_len;
		status = SLUICE_DATA;
	}
	sl_record_leave(c);
	c->unread = in_size - *in_len;
	if (c->error)
		return SLUICE_ERROR;
	if (!c->rx_closed)
		return status;
	/* whatever comes behind close_notify is ignored (section 6.1) */
	*in_len = in_size;
	return SLUICE_CLOSED;
}
