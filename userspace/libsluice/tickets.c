// SPDX-License-Identifier: MIT
/* The client's tickets: what the store keeps, around the server's ticket. */
#include "tickets.h"

#include <string.h>

#include "conn.h"
#include "early.h"
#include "extensions.h"
#include "hello.h"
#include "tls12.h"

#define FORMAT		4
#define LIFETIME_MAX	604800		/* seconds: section 4.6.1 */
/* How many useless tickets of the store are dropped for one connection. */
#define TRIES		8
#define TERMS_LEN	32

/*
 * The server knows the client by the certificate that it showed, and has not
 * been looked at for other pins than there were. So a ticket is of use with
 * both only: the SHA-256 of the certificate and of the pins, nothing without.
 */
bool sl_put_credential(struct sluice_conn *c, struct sl_writer *w)
{
	const struct sluice_config *config = c->config;
	struct sluice_octets parts[SLUICE_CHAIN_MAX + 1];
	size_t mark = sl_begin_vec(w, 1), count = 0;
	uint8_t hash[SLUICE_HASH_MAX];

	if (config->credential) {
		if (!c->p->credential_chain(c->p, config->credential, parts))
			c->p->credential_key(c->p, config->credential, parts);
		count = 1;
	}
	if (config->pin_count)
		parts[count++] = (struct sluice_octets){
			config->pins[0], config->pin_count * SLUICE_PIN_LEN
		};
	if (count && !sl_hash(c, SLUICE_SHA256, parts, count, hash))
		return false;
	sl_put(w, hash, count ? TERMS_LEN : 0);
	sl_end_vec(w, mark, 1);
	return true;
}

/* The first 16 octets are the same in every format. */
uint64_t sluice_ticket_expiry(const uint8_t *ticket, size_t len)
{
	struct sl_reader r = sl_reader(ticket, len);
	uint64_t received;
	uint32_t lifetime;

	sl_get(&r, 4);
	received = sl_get64(&r);
	lifetime = sl_get32(&r);
	return r.bad ? 0 : received + (uint64_t)lifetime * 1000;
}

/*
 * For this server only, and not on the word of a connection that did not look
 * who it was.
 */
bool sl_stored_usable(const struct sluice_conn *c, struct sl_reader peer,
		      bool verified, uint64_t received, uint32_t lifetime)
{
	const char *name = c->config->peer_name;
	uint64_t now = c->config->now(c->config->ctx);

	return name && peer.left == strlen(name) &&
	       !memcmp(peer.pos, name, peer.left) &&
	       (verified || c->config->no_verify) && now >= received &&
	       now - received <= (uint64_t)lifetime * 1000;
}

uint32_t sl_stored_lifetime(uint64_t proved, uint64_t now, uint32_t lifetime)
{
	uint64_t gone = now > proved ? (now - proved + 999) / 1000 : 0;
	uint64_t left = gone < LIFETIME_MAX ? LIFETIME_MAX - gone : 0;

	return lifetime < left ? lifetime : (uint32_t)left;
}

bool sl_stored_credential(struct sluice_conn *c, struct sl_reader *r)
{
	uint8_t own[1 + TERMS_LEN];
	struct sl_writer w = sl_writer(own, sizeof(own));

	return sl_put_credential(c, &w) && w.len == r->left &&
	       !memcmp(sl_get(r, w.len), own, w.len);
}

static bool parse_stored(struct sluice_conn *c, struct sl_reader stored)
{
	struct sl_reader r = sl_get_format(stored, FORMAT);
	uint64_t now = c->config->now(c->config->ctx);
	struct sl_session *session = &c->hs->session;
	const struct sl_suite *suite = sl_suite_find(sl_get16(&r));
	bool verified = sl_get8(&r);
	uint64_t received = sl_get64(&r);
	uint32_t lifetime = sl_get32(&r);
	uint32_t age_add = sl_get32(&r);
	struct sl_reader psk = sl_get_vec(&r, 1, 1, SLUICE_HASH_MAX);
	struct sl_reader peer = sl_get_vec(&r, 2, 0, 0xffff);
	struct sl_reader ticket = sl_get_vec(&r, 2, 1, sizeof(c->hs->ticket));
	struct sl_reader alpn = sl_get_vec(&r, 1, 0, SL_ALPN_NAME_MAX);
	uint64_t proved = sl_get64(&r);
	uint32_t early_data = sl_get32(&r);
	const uint16_t *offered;

	if (r.bad || !suite ||
	    psk.left != suite->hash_len ||
	    !sl_stored_usable(c, peer, verified, received, lifetime) ||
	    !sl_stored_credential(c, &r))
		return false;
	/* any suite of the same hash will do */
	for (offered = sl_suites(c->config); *offered; offered++) {
		if (sl_suite_find(*offered)->hash == suite->hash &&
		    sl_suite_usable_in(c->config, SL_TLS_1_3, *offered))
			break;
	}
	if (!*offered)
		return false;
	session->suite = suite;
	session->verified = verified;
	session->proved = proved;
	memcpy(session->psk, psk.pos, psk.left);
	session->psk_len = psk.left;
	memcpy(c->hs->ticket, ticket.pos, ticket.left);
	c->hs->ticket_len = ticket.left;
	/*
	 * The milliseconds that have passed in full: between two readings of
	 * the clock there may be one less than their difference, and GnuTLS
	 * takes no early data of who is ahead of it.
	 */
	c->hs->ticket_age = (uint32_t)(now - received - (now > received)) +
			    age_add;
	sl_early_consider(c, early_data, alpn);
	return true;
}

void sl_ticket_use(struct sluice_conn *c, const uint8_t *stored, size_t len)
{
	unsigned int *tried = &c->hs->tickets_tried;

	if (!stored || parse_stored(c, sl_reader(stored, len)) ||
	    sl_tls12_stored_parse(c, sl_reader(stored, len)))
		*tried = TRIES;
	else
		++*tried;
}

bool sl_ticket_take(struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;
	/* ClientHello is not written yet, so there is room */
	uint8_t *buf = c->hs->buffer;
	size_t len;

	if (!config->peer_name || config->psk)
		return true;
	if (config->async & SLUICE_ASYNC_TICKET) {
		if (c->hs->tickets_tried < TRIES)
			c->hs->wanted = SLUICE_WANT_TICKET;
		return true;
	}
	while (config->ticket_take && c->hs->tickets_tried < TRIES &&
	       !c->error) {
		len = config->ticket_take(config->ctx, config->peer_name, buf,
					  SLUICE_TICKET_MAX);
		if (len > SLUICE_TICKET_MAX)
			return sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_USE,
				       "the ticket store returned too much");
		sl_ticket_use(c, len ? buf : NULL, len);
	}
	sluice_wipe(buf, SLUICE_TICKET_MAX);
	return !c->error;
}

bool sl_ticket_read(struct sluice_conn *c, struct sl_reader *body)
{
	const struct sluice_config *config = c->config;
	uint32_t lifetime = sl_get32(body);
	uint32_t age_add = sl_get32(body);
	struct sl_reader nonce = sl_get_vec(body, 1, 0, 255);
	struct sl_reader ticket = sl_get_vec(body, 2, 1, 0xffff);
	uint8_t psk[SLUICE_HASH_MAX];
	uint8_t stored[SLUICE_TICKET_MAX];
	struct sl_writer w = sl_writer(stored, sizeof(stored));
	struct sl_extensions ext;
	uint32_t early_data = 0;
	uint64_t now;
	size_t mark;

	if (body->bad)
		return sl_bad_decode(c, "a malformed NewSessionTicket");
	if (!sl_parse_extensions(c, body, SL_IN_NST, &ext))
		return false;
	if (sl_has(&ext, SL_EXT_EARLY_DATA)) {
		early_data = sl_get32(&ext.body[SL_EXT_EARLY_DATA]);
		if (!sl_done(&ext.body[SL_EXT_EARLY_DATA]))
			return sl_bad_decode(c, "a malformed early_data");
	}
	if (lifetime > LIFETIME_MAX)
		return sl_illegal(c, "a ticket that lasts more than seven days");
	c->tickets++;
	now = config->now(config->ctx);
	lifetime = sl_stored_lifetime(c->proved, now, lifetime);
	if (!config->ticket_put || !config->peer_name || !lifetime)
		return true;
	/*
	 * a pre-shared key has not vouched for the name; and the next
	 * connection may have to be another client's
	 */
	if (config->psk || c->chosen)
		return true;
	if (!sl_ticket_psk(c, nonce.pos, nonce.left, psk))
		return false;
	sl_put8(&w, FORMAT);
	sl_put16(&w, c->suite->id);
	sl_put8(&w, c->verified);
	sl_put64(&w, now);
	sl_put32(&w, lifetime);
	sl_put32(&w, age_add);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, psk, c->suite->hash_len);
	sl_end_vec(&w, mark, 1);
	mark = sl_begin_vec(&w, 2);
	sl_put(&w, config->peer_name, strlen(config->peer_name));
	sl_end_vec(&w, mark, 2);
	mark = sl_begin_vec(&w, 2);
	sl_put(&w, ticket.pos, ticket.left);
	sl_end_vec(&w, mark, 2);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, c->alpn, c->alpn_len);
	sl_end_vec(&w, mark, 1);
	sl_put64(&w, c->proved);
	sl_put32(&w, early_data);
	if (!sl_put_credential(c, &w))
		w.bad = true;
	/* one that is too long is simply not kept */
	if (!w.bad)
		config->ticket_put(config->ctx, config->peer_name, stored,
				   w.len);
	sluice_wipe(psk, sizeof(psk));
	sluice_wipe(stored, sizeof(stored));
	return !c->error;
}
