// SPDX-License-Identifier: MIT
/* What is kept from one connection to the next. */
#include <string.h>

#include "shim.h"

static void ticket_put(void *ctx, const char *peer, const uint8_t *ticket,
		       size_t len)
{
	struct connection *c = ctx;

	(void)peer;
	c->puts++;
	memcpy(c->shim->ticket, ticket, len);
	c->shim->ticket_len = len;
}

static size_t ticket_take(void *ctx, const char *peer, uint8_t *buf,
			  size_t size)
{
	struct connection *c = ctx;
	size_t len = c->shim->ticket_len;

	(void)peer;
	if (!c->resumption || len > size)
		return 0;
	memcpy(buf, c->shim->ticket, len);
	c->shim->ticket_len = 0;
	return len;
}

static bool ticket_key(void *ctx, const uint8_t *key_name,
		       struct sluice_ticket_key *key)
{
	const struct connection *c = ctx;

	*key = c->shim->ticket_key;
	if (!key_name)
		return !c->options->skip_ticket;
	return !memcmp(key_name, key->name, sizeof(key->name));
}

static bool session_put(void *ctx, const uint8_t *id, size_t id_len,
			const uint8_t *session, size_t len, uint64_t expires)
{
	struct shim *shim = ((struct connection *)ctx)->shim;

	(void)expires;
	memcpy(shim->session_id, id, id_len);
	shim->session_id_len = id_len;
	memcpy(shim->session, session, len);
	shim->session_len = len;
	return true;
}

static size_t session_take(void *ctx, const uint8_t *id, size_t id_len,
			   uint8_t *buf, size_t size)
{
	struct shim *shim = ((struct connection *)ctx)->shim;
	size_t len = shim->session_len;

	if (id_len != shim->session_id_len ||
	    memcmp(id, shim->session_id, id_len) || len > size)
		return 0;
	memcpy(buf, shim->session, len);
	shim->session_len = 0;
	return len;
}

/* Whether it is a replay is no matter of these tests. */
static bool early_data_first(void *ctx, const uint8_t id[16], uint64_t expires)
{
	(void)ctx;
	(void)id;
	(void)expires;
	return true;
}

void keep_tickets(struct connection *c)
{
	c->config.ticket_put = ticket_put;
	c->config.ticket_take = ticket_take;
	c->config.early_data = c->options->early_data;
}

void make_tickets(struct connection *c)
{
	static const uint8_t early_data_id[16];
	const struct options *o = c->options;
	struct sluice_config *config = &c->config;

	/* a server has tickets, or handles of what it keeps: not both */
	if (o->expect_session_id) {
		config->session_put = session_put;
		config->session_take = session_take;
	} else if (!o->no_ticket) {
		config->ticket_key = ticket_key;
	}
	if (o->early_data) {
		config->max_early_data = EARLY_DATA_MAX;
		config->early_data_id = early_data_id;
		config->early_data_first = early_data_first;
	}
}
