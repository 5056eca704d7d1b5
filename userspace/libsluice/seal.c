// SPDX-License-Identifier: MIT
#include "seal.h"

#include <string.h>

#include "conn.h"
#include "lookup.h"

#define HANDLE_LEN	32

/*
 * A ticket is the name of a key, an identifier, and the state encrypted under a
 * key that is derived from both, so that nonces cannot repeat.
 */
#define HEADER_LEN	(SLUICE_TICKET_NAME_LEN + SL_TICKET_ID_LEN)

/* What every provider has: a cipher with a long key, and a hash as long. */
static const struct sl_suite sealing_suite = {
	.hash = SLUICE_SHA256, .aead = SLUICE_AEAD_AES_256_GCM,
	.hash_len = 32, .key_len = 32,
};

/*
 * NULL without such a key, which is no failure of the connection's; name is NULL
 * for the one that seals, and its name then goes to used.
 */
static struct sluice_aead_ctx *sealing_key(struct sluice_conn *c,
					   const uint8_t *name,
					   const uint8_t *id, uint8_t *used)
{
	struct sluice_aead_ctx *aead = NULL;
	struct sluice_ticket_key ticket_key;
	uint8_t key[SL_KEY_MAX];

	if (!sl_lookup_key(c, name, &ticket_key))
		return NULL;
	if (used)
		memcpy(used, ticket_key.name, sizeof(ticket_key.name));
	if (sl_expand_label(c, &sealing_suite, ticket_key.key, "sluice ticket",
			    id, SL_TICKET_ID_LEN, key, sizeof(key))) {
		aead = c->p->aead_new(c->p, sealing_suite.aead, key);
		if (!aead)
			sl_internal(c, "the provider took no ticket key");
	}
	sluice_wipe(&ticket_key, sizeof(ticket_key));
	sluice_wipe(key, sizeof(key));
	return aead;
}

static bool put_sealed(struct sluice_conn *c, const uint8_t *state, size_t len,
		       struct sl_writer *w)
{
	static const uint8_t zero_nonce[SL_IV_LEN];
	uint8_t *header = sl_put_space(w, HEADER_LEN);
	uint8_t *body = sl_put_space(w, len + SL_TAG_LEN);
	struct sluice_aead_ctx *aead;
	uint8_t *id;
	int rc;

	if (!header || !body)
		return sl_internal(c, "a ticket is too long");
	id = header + SLUICE_TICKET_NAME_LEN;
	if (c->p->random(c->p, id, SL_TICKET_ID_LEN))
		return sl_internal(c, "the provider gave no random octets");
	aead = sealing_key(c, NULL, id, header);
	if (!aead)
		return false;
	memcpy(body, state, len);
	rc = c->p->aead_seal(c->p, aead, zero_nonce, header, HEADER_LEN, body,
			     len);
	c->p->aead_free(c->p, aead);
	/* the messages, of which it is one, are wiped then */
	return !rc || sl_internal(c, "the provider could not make a ticket");
}

bool sl_seal(struct sluice_conn *c, const uint8_t *state, size_t len,
	     uint64_t expires, struct sl_writer *w)
{
	uint8_t *handle;

	if (!c->config->session_put)
		return put_sealed(c, state, len, w);
	handle = sl_put_space(w, HANDLE_LEN);
	if (!handle)
		return sl_internal(c, "a ticket is too long");
	if (c->p->random(c->p, handle, HANDLE_LEN))
		return sl_internal(c, "the provider gave no random octets");
	return c->config->session_put(c->config->ctx, handle, HANDLE_LEN, state,
				      len, expires);
}

static size_t get_sealed(struct sluice_conn *c, struct sl_reader ticket,
			 uint8_t *state, uint8_t *id)
{
	static const uint8_t zero_nonce[SL_IV_LEN];
	const uint8_t *header = sl_get(&ticket, HEADER_LEN);
	uint8_t body[SL_STATE_MAX + SL_TAG_LEN];
	struct sluice_aead_ctx *aead;
	size_t len = 0;

	if (!header || ticket.left <= SL_TAG_LEN || ticket.left > sizeof(body))
		return 0;
	aead = sealing_key(c, header, header + SLUICE_TICKET_NAME_LEN, NULL);
	if (!aead)
		return 0;
	memcpy(body, ticket.pos, ticket.left);
	if (!c->p->aead_open(c->p, aead, zero_nonce, header, HEADER_LEN, body,
			     ticket.left)) {
		len = ticket.left - SL_TAG_LEN;
		memcpy(state, body, len);
		memcpy(id, header + SLUICE_TICKET_NAME_LEN, SL_TICKET_ID_LEN);
	}
	c->p->aead_free(c->p, aead);
	sluice_wipe(body, sizeof(body));
	return len;
}

size_t sl_unseal(struct sluice_conn *c, struct sl_reader ticket,
		 uint8_t state[SL_STATE_MAX], uint8_t id[SL_TICKET_ID_LEN])
{
	if (!c->config->session_put)
		return get_sealed(c, ticket, state, id);
	if (ticket.left != HANDLE_LEN)
		return 0;
	memcpy(id, ticket.pos, SL_TICKET_ID_LEN);
	return sl_lookup_session(c, ticket.pos, HANDLE_LEN, state);
}
