// SPDX-License-Identifier: MIT
#include "alert.h"

#include "conn.h"

bool sl_fail(struct sluice_conn *c, enum sl_alert alert,
	     enum sluice_error error, const char *reason)
{
	if (c->error)
		return false;
	c->error = error;
	c->reason = reason;
	if (alert != SL_ALERT_NONE && !c->tx_closed) {
		c->alert_due = true;
		c->alert = alert;
	}
	sl_conn_wipe_handshake(c);
	sluice_wipe(c->exporter_secret, sizeof(c->exporter_secret));
	sl_keys_wipe(c, &c->rx);
	if (!c->alert_due)
		sl_keys_wipe(c, &c->tx);
	return false;
}

bool sl_bad_decode(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_DECODE_ERROR, SLUICE_ERR_PROTOCOL, reason);
}

bool sl_illegal(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_ILLEGAL_PARAMETER, SLUICE_ERR_PROTOCOL, reason);
}

bool sl_unexpected(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_UNEXPECTED_MESSAGE, SLUICE_ERR_PROTOCOL, reason);
}

bool sl_internal(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_PROVIDER, reason);
}

bool sl_alert_received(struct sluice_conn *c, const uint8_t *alert)
{
	/* the level is legacy: only the description counts (section 6) */
	c->alert_received = alert[1];
	if (alert[1] == SL_USER_CANCELED)
		return true;
	if (alert[1] == SL_CLOSE_NOTIFY) {
		c->rx_closed = true;
		sl_keys_wipe(c, &c->rx);
		if (c->done)
			return true;
		return sl_fail(c, SL_ALERT_NONE, SLUICE_ERR_ALERT,
			       "the peer ended the connection during the handshake");
	}
	return sl_fail(c, SL_ALERT_NONE, SLUICE_ERR_ALERT,
		       "the peer sent a fatal alert");
}
