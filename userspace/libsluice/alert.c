// SPDX-License-Identifier: MIT
#include "alert.h"

#include "conn.h"
#include "hello.h"

/* The level of an alert, in TLS 1.2. */
#define WARNING		1
/* How often a peer is borne with that brings nothing. */
#define WARNINGS_MAX	4
#define IDLE_MAX	32

/*
 * Middleboxes want to see a change_cipher_spec before anything that they cannot
 * read (RFC 9846, appendix E.4), be it an alert only.
 */
bool sl_ccs_owed(const struct sluice_conn *c)
{
	const struct sl_handshake *hs = c->hs;

	return !c->done && c->version == SLUICE_TLS_1_3 && c->tx.aead &&
	       hs->session_id_len && (hs->ccs_due || !hs->ccs_sent);
}

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
		c->ccs_owed = sl_ccs_owed(c);
	}
	sl_conn_wipe_handshake(c);
	sluice_wipe(c->resumption_secret, sizeof(c->resumption_secret));
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

bool sl_warned(struct sluice_conn *c, const char *reason)
{
	return ++c->warnings <= WARNINGS_MAX || sl_unexpected(c, reason);
}

bool sl_idled(struct sluice_conn *c)
{
	return ++c->idle <= IDLE_MAX ||
	       sl_unexpected(c, "the peer sends much that brings nothing");
}

bool sl_alert_received(struct sluice_conn *c, const uint8_t *alert)
{
	c->alert_received = alert[1];
	sl_trace(c, false, SL_ALERT, alert[1], 2);
	if (alert[1] == SL_USER_CANCELED)
		return sl_warned(c, "too many warnings");
	/* the level is legacy: only the description counts (section 6) */
	if (alert[0] == WARNING && alert[1] != SL_CLOSE_NOTIFY &&
	    c->version != SLUICE_TLS_1_3 &&
	    sl_version_usable(c->config, SLUICE_TLS_1_2))
		return sl_warned(c, "too many warnings");
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
