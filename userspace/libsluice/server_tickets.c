// SPDX-License-Identifier: MIT
/* The server's tickets: what it remembers of a session, and who may resume. */
#include <string.h>

#include "conn.h"
#include "early.h"
#include "extensions.h"
#include "seal.h"
#include "tickets.h"

#define FORMAT		3
#define LIFETIME	7200
/*
 * How far, in milliseconds, the client's idea of a ticket's age may be off.
 * Clocks drift, and a round trip is counted on one side only.
 */
#define AGE_SLACK	60000

static uint32_t lifetime_of(const struct sluice_config *config)
{
	return config->ticket_lifetime ? config->ticket_lifetime : LIFETIME;
}

/* False: there is none, or the connection has failed. */
static bool put_ticket(struct sluice_conn *c, uint32_t age_add,
		       const uint8_t *nonce, struct sl_writer *out)
{
	uint64_t now = c->config->now(c->config->ctx);
	uint8_t psk[SLUICE_HASH_MAX];
	uint8_t state[SL_STATE_MAX];
	struct sl_writer w = sl_writer(state, sizeof(state));
	size_t mark;
	bool ok;

	if (!sl_ticket_psk(c, nonce, 1, psk))
		return false;
	sl_put8(&w, FORMAT);
	sl_put16(&w, c->suite->id);
	sl_put64(&w, now);
	sl_put32(&w, age_add);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, psk, c->suite->hash_len);
	sl_end_vec(&w, mark, 1);
	ok = sl_early_put_state(c, &w) &&
	     sl_seal(c, state, w.len,
		     now + (uint64_t)lifetime_of(c->config) * 1000, out);
	sluice_wipe(psk, sizeof(psk));
	sluice_wipe(state, sizeof(state));
	return ok;
}

bool sl_ticket_write(struct sluice_conn *c)
{
	/* of its own for each ticket of the connection */
	uint8_t nonce = (uint8_t)c->tickets;
	uint8_t random[4] = { 0 };
	struct sl_reader r = sl_reader(random, sizeof(random));
	struct sl_writer w;
	uint32_t age_add;
	size_t mark;

	if (c->p->random(c->p, random, sizeof(random)))
		return sl_internal(c, "the provider gave no random octets");
	age_add = sl_get32(&r);
	sl_message_begin(c, &w, SL_NEW_SESSION_TICKET);
	sl_put32(&w, lifetime_of(c->config));
	sl_put32(&w, age_add);
	mark = sl_begin_vec(&w, 1);
	sl_put8(&w, nonce);
	sl_end_vec(&w, mark, 1);
	mark = sl_begin_vec(&w, 2);
	/* a message that is not ended is not sent */
	if (!put_ticket(c, age_add, &nonce, &w))
		return !c->error;
	sl_end_vec(&w, mark, 2);
	mark = sl_begin_vec(&w, 2);
	if (c->config->max_early_data) {
		size_t ext = sl_begin_extension(c, &w, SL_EXT_EARLY_DATA);

		sl_put32(&w, c->config->max_early_data);
		sl_end_vec(&w, ext, 2);
	}
	sl_end_vec(&w, mark, 2);
	c->tickets++;
	return sl_message_end(c, &w);
}

static bool parse_state(struct sluice_conn *c, struct sl_reader state,
			uint32_t obfuscated_age)
{
	struct sl_reader r = sl_get_format(state, FORMAT);
	uint64_t now = c->config->now(c->config->ctx);
	const struct sl_suite *suite = sl_suite_find(sl_get16(&r));
	uint64_t issued = sl_get64(&r);
	uint32_t age = obfuscated_age - sl_get32(&r);
	struct sl_reader psk = sl_get_vec(&r, 1, 1, SLUICE_HASH_MAX);
	uint64_t real_age = now - issued;

	if (r.bad || !suite ||
	    psk.left != suite->hash_len || suite->hash != c->suite->hash)
		return false;
	if (now < issued || real_age > (uint64_t)lifetime_of(c->config) * 1000)
		return false;
	if (age > real_age + AGE_SLACK || real_age > (uint64_t)age + AGE_SLACK)
		return false;
	c->hs->session.suite = suite;
	if (!sl_early_read_state(c, &r, age > real_age ? age - real_age :
							 real_age - age)) {
		c->hs->session.suite = NULL;
		return false;
	}
	memcpy(c->hs->session.psk, psk.pos, psk.left);
	c->hs->session.psk_len = psk.left;
	return true;
}

bool sl_ticket_open(struct sluice_conn *c, struct sl_reader identity,
		    uint32_t obfuscated_age, uint8_t id[16])
{
	uint8_t state[SL_STATE_MAX];
	size_t len = sl_unseal(c, identity, state, id);
	bool ok;

	ok = parse_state(c, sl_reader(state, len), obfuscated_age);
	sluice_wipe(state, sizeof(state));
	return ok;
}
