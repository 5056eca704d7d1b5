// SPDX-License-Identifier: MIT
/*
 * What was said, for the signatures of clients with Ed25519: that hashes all of it
 * itself, and twice, so that no digest will do. It takes half of the memory that the
 * connection was given beyond the least, if it may come to that.
 */
#include <string.h>

#include "hello.h"
#include "tls12.h"

static bool may_sign(const struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;

	if (config->choose || config->async & SLUICE_ASYNC_CREDENTIAL)
		return true;
	return config->credential &&
	       sl_listed(c->p->credential_schemes(c->p, config->credential),
			 SLUICE_ED25519);
}

void sl_tls12_raw_begin(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;

	if (!sl_version_usable(c->config, SLUICE_TLS_1_2) ||
	    !(sl_is_server(c) ? c->config->client_auth &&
				sl_scheme_asked(c->config, SLUICE_ED25519) :
				may_sign(c)))
		return;
	hs->tls12.raw_size = (hs->buffer_size - SL_BUFFER_MIN) / 2;
	hs->buffer_size -= hs->tls12.raw_size;
	hs->tls12.raw = hs->buffer + hs->buffer_size;
}

void sl_tls12_raw_drop(struct sluice_conn *c)
{
	c->hs->buffer_size += c->hs->tls12.raw_size;
	c->hs->tls12.raw_size = 0;
}

void sl_tls12_raw_add(struct sluice_conn *c, const uint8_t *data, size_t len)
{
	struct sl_tls12 *t = &c->hs->tls12;

	if (!sl_tls12_raw_room(c, len)) {
		t->raw_lost = true;
		return;
	}
	memcpy(t->raw + t->raw_len, data, len);
	t->raw_len += len;
}

bool sl_tls12_raw_room(const struct sluice_conn *c, size_t len)
{
	const struct sl_tls12 *t = &c->hs->tls12;

	return !t->raw_lost && len <= t->raw_size - t->raw_len;
}
