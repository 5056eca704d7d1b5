// SPDX-License-Identifier: MIT
/*
 * OCSP responses in TLS 1.2 (RFC 6066, section 8). They have a message of their
 * own behind the certificates, which have to wait for it to be judged.
 */
#include <string.h>

#include "staple.h"
#include "tls12.h"
#include "verdict.h"

bool sl_tls12_chain_keep(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;
	const uint8_t *from = c->message;
	size_t len = c->message_len, i;

	/* what a server has promised is its own */
	if (sl_is_server(c) || !hs->tls12.status_promised ||
	    len > hs->buffer_size - c->piece_len)
		return false;
	/* at the end of the room for messages, which is less for a while */
	hs->buffer_size -= len;
	hs->tls12.kept = len;
	memcpy(hs->buffer + hs->buffer_size, from, len);
	for (i = 0; i < hs->chain_len; i++)
		hs->chain[i].data = hs->buffer + hs->buffer_size +
				    (hs->chain[i].data - from);
	return true;
}

bool sl_tls12_chain_judge(struct sluice_conn *c)
{
	return !c->hs->tls12.kept || sl_verdict_find(c);
}

void sl_tls12_chain_drop(struct sluice_conn *c)
{
	c->hs->buffer_size += c->hs->tls12.kept;
	c->hs->tls12.kept = 0;
}

bool sl_tls12_status_read(struct sluice_conn *c, struct sl_reader *body)
{
	return sl_read_status(c, body, 0) && sl_tls12_chain_judge(c);
}

bool sl_tls12_status_promise(struct sluice_conn *c)
{
	struct sluice_octets staple;

	c->hs->tls12.status_promised = !c->resumed && sl_find_staple(c, &staple);
	return c->hs->tls12.status_promised;
}

bool sl_tls12_status_write(struct sluice_conn *c)
{
	struct sluice_octets staple;
	struct sl_writer w;

	if (!c->hs->tls12.status_promised || !sl_find_staple(c, &staple))
		return true;
	sl_message_begin(c, &w, SL_CERTIFICATE_STATUS);
	sl_put_status(&w, staple);
	return sl_message_end(c, &w);
}
