// SPDX-License-Identifier: MIT
/*
 * Sessions of TLS 1.2 and how they are resumed: by tickets (RFC 5077), or by
 * the identifier of a session that the server keeps in a store. They are in the
 * same stores as those of TLS 1.3, and know each other by their formats.
 */
#include <string.h>

#include "hello.h"
#include "lookup.h"
#include "seal.h"
#include "server_hello.h"
#include "tickets.h"
#include "tls12.h"

#define FORMAT		0x14
/* Of sessions without a hint (section F.1.4 asks for less than a day). */
#define LIFETIME	7200

bool sl_tls12_stored_parse(struct sluice_conn *c, struct sl_reader stored)
{
	struct sl_reader r = sl_get_format(stored, FORMAT);
	struct sl_tls12 *t = &c->hs->tls12;
	const struct sl_suite *suite = sl_suite_find(sl_get16(&r));
	bool verified = sl_get8(&r), by_id;
	struct sl_reader master, peer, ticket;

	t->time = sl_get64(&r);
	t->lifetime = sl_get32(&r);
	t->proved = sl_get64(&r);
	by_id = sl_get8(&r);
	master = sl_get_vec(&r, 1, SL_TLS12_MASTER_LEN, SL_TLS12_MASTER_LEN);
	peer = sl_get_vec(&r, 2, 0, 0xffff);
	ticket = sl_get_vec(&r, 2, 1, by_id ? SL_SESSION_ID_MAX :
					      sizeof(c->hs->ticket));
	if (r.bad || !suite ||
	    !sl_tls12_offered(c->config) ||
	    !sl_suite_usable_in(c->config, SLUICE_TLS_1_2, suite->id) ||
	    !sl_stored_usable(c, peer, verified, t->time, t->lifetime) ||
	    !sl_stored_credential(c, &r))
		return false;
	t->suite = suite;
	t->verified = verified;
	t->by_id = by_id;
	memcpy(t->master, master.pos, master.left);
	if (by_id) {
		memcpy(c->hs->session_id, ticket.pos, ticket.left);
		c->hs->session_id_len = ticket.left;
		return true;
	}
	/* by whose echo we will know that it is taken (RFC 5077, section 3.4) */
	c->hs->session_id_len = SL_SESSION_ID_MAX;
	memcpy(c->hs->ticket, ticket.pos, ticket.left);
	c->hs->ticket_len = ticket.left;
	return true;
}

void sl_tls12_take_session(struct sluice_conn *c)
{
	struct sl_tls12 *t = &c->hs->tls12;

	c->resumed = true;
	c->by_psk = true;
	memcpy(c->hs->secret, t->master, SL_TLS12_MASTER_LEN);
	sluice_wipe(t->master, sizeof(t->master));
}

void sl_tls12_put_ticket(struct sluice_conn *c, struct sl_writer *w)
{
	const struct sl_tls12 *t = &c->hs->tls12;
	size_t ext;

	if (!c->config->ticket_put && !t->suite)
		return;
	ext = sl_begin_extension(c, w, SL_EXT_SESSION_TICKET);
	if (t->suite && !t->by_id)
		sl_put(w, c->hs->ticket, c->hs->ticket_len);
	sl_end_vec(w, ext, 2);
}

bool sl_tls12_ticket_read(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_tls12 *t = &c->hs->tls12;
	uint32_t lifetime = sl_get32(body);
	struct sl_reader ticket = sl_get_vec(body, 2, 0, 0xffff);

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed NewSessionTicket");
	/* the server has changed its mind, or gives what is not kept */
	if (!ticket.left || ticket.left > sizeof(c->hs->ticket))
		return true;
	c->tickets++;
	t->time = c->config->now(c->config->ctx);
	t->lifetime = lifetime ? lifetime : LIFETIME;
	t->by_id = false;
	memcpy(c->hs->ticket, ticket.pos, ticket.left);
	c->hs->ticket_len = ticket.left;
	t->keep = true;
	return true;
}

bool sl_tls12_session_keep(struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;
	struct sl_tls12 *t = &c->hs->tls12;
	uint8_t stored[SLUICE_TICKET_MAX];
	struct sl_writer w = sl_writer(stored, sizeof(stored));
	uint64_t now;
	size_t mark;

	if (!config->ticket_put || !config->peer_name || c->chosen)
		return true;
	now = config->now(config->ctx);
	if (!c->resumed)
		t->proved = now;
	if (!t->keep && !c->resumed && c->hs->session_id_len) {
		t->time = now;
		t->lifetime = LIFETIME;
		t->by_id = true;
	} else if (!t->keep && !c->resumed) {
		return true;
	}
	t->lifetime = sl_stored_lifetime(t->proved, t->time, t->lifetime);
	/* or else back: servers seldom give a new one for an old one */
	sl_put8(&w, FORMAT);
	sl_put16(&w, c->suite->id);
	sl_put8(&w, c->verified);
	sl_put64(&w, t->time);
	sl_put32(&w, t->lifetime);
	sl_put64(&w, t->proved);
	sl_put8(&w, t->by_id);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, c->hs->secret, SL_TLS12_MASTER_LEN);
	sl_end_vec(&w, mark, 1);
	mark = sl_begin_vec(&w, 2);
	sl_put(&w, config->peer_name, strlen(config->peer_name));
	sl_end_vec(&w, mark, 2);
	mark = sl_begin_vec(&w, 2);
	if (t->by_id)
		sl_put(&w, c->hs->session_id, c->hs->session_id_len);
	else
		sl_put(&w, c->hs->ticket, c->hs->ticket_len);
	sl_end_vec(&w, mark, 2);
	if (sl_put_credential(c, &w) && !w.bad)
		config->ticket_put(config->ctx, config->peer_name, stored,
				   w.len);
	sluice_wipe(stored, sizeof(stored));
	return !c->error;
}

static uint64_t lifetime_of(const struct sluice_config *config)
{
	return 1000 * (uint64_t)(config->ticket_lifetime ?
				 config->ticket_lifetime : LIFETIME);
}

/* A session is for the name that it began with (RFC 6066, section 3). */
static bool parse_state(struct sluice_conn *c, struct sl_client_hello *hello,
			struct sl_reader state)
{
	struct sl_reader r = sl_get_format(state, FORMAT);
	struct sl_tls12 *t = &c->hs->tls12;
	uint64_t now = c->config->now(c->config->ctx);
	uint16_t suite = sl_get16(&r);
	uint64_t began = sl_get64(&r);
	struct sl_reader master = sl_get_vec(&r, 1, SL_TLS12_MASTER_LEN,
					     SL_TLS12_MASTER_LEN);
	struct sl_reader sni = sl_get_vec(&r, 1, 0, SL_NAME_MAX);

	if (!sl_done(&r) ||
	    !sl_suite_usable_in(c->config, SLUICE_TLS_1_2, suite) ||
	    !sl_contains16(hello->suites, suite) ||
	    now < began || now - began > lifetime_of(c->config) ||
	    sni.left != c->sni_len || memcmp(sni.pos, c->sni, sni.left))
		return false;
	t->suite = sl_suite_find(suite);
	t->time = began;
	memcpy(t->master, master.pos, master.left);
	return true;
}

bool sl_tls12_session_find(struct sluice_conn *c, struct sl_client_hello *hello)
{
	const struct sluice_config *config = c->config;
	struct sl_tls12 *t = &c->hs->tls12;
	struct sl_reader ticket = hello->ext.body[SL_EXT_SESSION_TICKET];
	bool by_ticket = sl_has(&hello->ext, SL_EXT_SESSION_TICKET);
	uint8_t state[SL_STATE_MAX], id[SL_TICKET_ID_LEN];
	bool first;
	size_t len;

	if (!sl_tickets_used(c))
		return false;
	t->ticket_promised = by_ticket;
	if (!ticket.left && config->session_put)
		ticket = hello->session_id;
	if (!ticket.left)
		return false;
	len = sl_unseal(c, ticket, state, id);
	if (!parse_state(c, hello, sl_reader(state, len)) ||
	    !sl_lookup_unused(c, id, 0, &first))
		t->suite = NULL;
	sluice_wipe(state, sizeof(state));
	return t->suite;
}

static size_t put_state(struct sluice_conn *c, uint8_t state[SL_STATE_MAX],
			uint64_t *expires)
{
	struct sl_writer w = sl_writer(state, SL_STATE_MAX);
	size_t mark;

	/* the secret stays the same, and does not get younger */
	if (!c->resumed)
		c->hs->tls12.time = c->config->now(c->config->ctx);
	*expires = c->hs->tls12.time + lifetime_of(c->config);
	sl_put8(&w, FORMAT);
	sl_put16(&w, c->suite->id);
	sl_put64(&w, c->hs->tls12.time);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, c->hs->secret, SL_TLS12_MASTER_LEN);
	sl_end_vec(&w, mark, 1);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, c->sni, c->sni_len);
	sl_end_vec(&w, mark, 1);
	return w.len;
}

bool sl_tls12_ticket_write(struct sluice_conn *c)
{
	uint64_t now = c->config->now(c->config->ctx), expires;
	uint8_t state[SL_STATE_MAX];
	size_t len = put_state(c, state, &expires), mark, begin;
	struct sl_writer w;

	sl_message_begin(c, &w, SL_NEW_SESSION_TICKET);
	sl_put32(&w, expires > now ? (uint32_t)((expires - now) / 1000) : 0);
	mark = sl_begin_vec(&w, 2);
	begin = w.len;
	/* it was promised: one that there is not is empty */
	if (sl_seal(c, state, len, expires, &w))
		c->tickets++;
	else
		w.len = begin;
	sluice_wipe(state, sizeof(state));
	sl_end_vec(&w, mark, 2);
	return !c->error && sl_message_end(c, &w);
}

void sl_tls12_session_store(struct sluice_conn *c)
{
	uint8_t state[SL_STATE_MAX];
	uint64_t expires;
	size_t len;

	if (c->hs->tls12.ticket_promised || !c->hs->session_id_len)
		return;
	len = put_state(c, state, &expires);
	c->config->session_put(c->config->ctx, c->hs->session_id,
			       c->hs->session_id_len, state, len, expires);
	sluice_wipe(state, sizeof(state));
}
