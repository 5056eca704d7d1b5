// SPDX-License-Identifier: MIT
#include "lookup.h"

#include <string.h>

/* Has the caller found it? False: it has to be asked. */
static bool ask(struct sluice_conn *c, enum sluice_ticket_kind kind,
		const uint8_t *id, size_t len)
{
	struct sl_lookup *lookup = &c->hs->lookup;

	if (lookup->found)
		return true;
	lookup->request = (struct sluice_ticket_request){
		.kind = kind, .id = { id, len },
	};
	c->hs->wanted = SLUICE_WANT_TICKET;
	return false;
}

size_t sl_lookup_session(struct sluice_conn *c, const uint8_t *id,
			 size_t id_len, uint8_t *session)
{
	const struct sluice_config *config = c->config;
	size_t len;

	if (config->async & SLUICE_ASYNC_TICKET) {
		if (!ask(c, SLUICE_TICKET_SESSION, id, id_len))
			return 0;
		memcpy(session, c->hs->lookup.octets, c->hs->lookup.len);
		return c->hs->lookup.len;
	}
	len = config->session_take(config->ctx, id, id_len, session,
				   SLUICE_SESSION_MAX);
	return len > SLUICE_SESSION_MAX ? 0 : len;
}

bool sl_lookup_key(struct sluice_conn *c, const uint8_t *name,
		   struct sluice_ticket_key *key)
{
	const struct sluice_config *config = c->config;

	if (!name || !(config->async & SLUICE_ASYNC_TICKET))
		return config->ticket_key(config->ctx, name, key);
	if (!ask(c, SLUICE_TICKET_KEY, name, sizeof(key->name)) ||
	    !c->hs->lookup.len)
		return false;
	memcpy(key->name, name, sizeof(key->name));
	memcpy(key->key, c->hs->lookup.octets, sizeof(key->key));
	return true;
}

bool sl_lookup_unused(struct sluice_conn *c, const uint8_t id[16],
		      uint64_t early_until, bool *first)
{
	const struct sluice_config *config = c->config;
	struct sl_lookup *lookup = &c->hs->lookup;

	/* what is in a store is given out once, and needs no other memory */
	if (config->async & SLUICE_ASYNC_UNUSED && !config->session_put) {
		/*
		 * Early data is accepted by the clock of now, not of when the
		 * question was asked: or else the memory might have forgotten
		 * the ticket just before it was looked at.
		 */
		*first = early_until && lookup->first;
		if (lookup->judged)
			return lookup->unused;
		memcpy(lookup->id, id, sizeof(lookup->id));
		lookup->early_until = early_until;
		c->hs->wanted = SLUICE_WANT_UNUSED;
		return false;
	}
	if (config->ticket_unused && !config->ticket_unused(config->ctx, id))
		return false;
	*first = early_until &&
		 (config->session_put ||
		  config->early_data_first(config->ctx, id, early_until));
	return true;
}

void sl_lookup_forget(struct sluice_conn *c, unsigned int next)
{
	sluice_wipe(&c->hs->lookup, sizeof(c->hs->lookup));
	c->hs->lookup.index = next;
}
