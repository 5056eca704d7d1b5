// SPDX-License-Identifier: MIT
/* Driving the handshake: records in, states on, records out. */
#include "compress.h"
#include "conn.h"
#include "data.h"
#include "handshake.h"

/* The current record: what messages it has are left in it. */
static bool take_record(struct sluice_conn *c)
{
	if (!sl_record_open(c))
		return false;
	if (c->content_type == SL_HANDSHAKE)
		return true;
	if (c->content_type == SL_ALERT && !sl_alert_received(c, c->content))
		return false;
	sl_record_leave(c);
	return true;
}

bool sl_handshake_message(struct sluice_conn *c, bool *taken)
{
	const struct sl_step *step = c->hs->step;
	struct sl_reader body;
	enum sl_message type = sl_message_peek(c, &body);

	*taken = type != SL_NO_MESSAGE;
	if (!*taken)
		return !c->error;
	if (sl_is_compressed(c, type, step->expect)) {
		if (!sl_decompress(c, &body))
			return false;
		type = SL_CERTIFICATE;
	}
	/* 0, where nothing second is expected, was HelloRequest once */
	if (!type || (type != step->expect[0] && type != step->expect[1]))
		return sl_unexpected(c, step->unexpected);
	if (!step->read(c, type, &body))
		return false;
	if (!c->hs->wanted)
		sl_message_next(c);
	c->hello_done = true;
	return true;
}

static enum sluice_status go_on(struct sluice_conn *c, uint8_t *in,
				size_t in_size, size_t *used,
				struct sl_writer *out)
{
	bool taken;

	while (!c->error) {
		if (!sl_flight_flush(c, out)) {
			if (c->error)
				break;
			return SLUICE_WANT_WRITE;
		}
		if (c->done)
			return SLUICE_DONE;
		if (c->hs->wanted && sl_message_keep(c))
			return c->hs->wanted;
		if (c->hs->step->write) {
			c->hs->step->write(c);
			continue;
		}
		if (sl_early_reading(c))
			return SLUICE_EARLY_DATA;
		if (!sl_handshake_message(c, &taken) || taken)
			continue;
		if (!sl_record_find(c, in ? in + *used : in, in_size - *used))
			return SLUICE_WANT_READ;
		*used += c->record_len;
		take_record(c);
	}
	return SLUICE_ERROR;
}

enum sluice_status sluice_handshake(struct sluice_conn *c,
				    uint8_t *in, size_t *in_len,
				    uint8_t *out, size_t *out_len)
{
	struct sl_writer w = sl_writer(out, *out_len);
	size_t in_size = *in_len;
	enum sluice_status status = SLUICE_ERROR;

	*in_len = 0;
	if (*out_len < SLUICE_OUT_MIN)
		sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_USE,
			"sluice_handshake() was given less than SLUICE_OUT_MIN octets of room");
	if (c->tx_closed || c->alert_due)
		sl_fail(c, SL_ALERT_NONE, SLUICE_ERR_USE,
			"sluice_handshake() was called after sluice_close()");
	if (!c->error)
		status = go_on(c, in, in_size, in_len, &w);
	if (c->error)
		sl_flush_alert(c, &w);
	sl_record_leave(c);
	c->unread = in_size - *in_len;
	*out_len = w.len;
	return status;
}
