// SPDX-License-Identifier: MIT
/* TLS 1.2's key exchange: ECDHE, signed by the server (RFC 8422). */
#include <string.h>

#include "auth.h"
#include "client_hello.h"
#include "hello.h"
#include "tls12.h"

#define NAMED_CURVE	3

/* The server's own share is in c->hs->share. */
void sl_tls12_put_params(struct sluice_conn *c, struct sl_writer *w)
{
	size_t mark;

	sl_put8(w, NAMED_CURVE);
	sl_put16(w, c->group);
	mark = sl_begin_vec(w, 1);
	sl_put(w, c->hs->share, c->hs->share_len);
	sl_end_vec(w, mark, 1);
}

bool sl_tls12_server_key_make(struct sluice_conn *c)
{
	c->hs->shares[0] = c->p->kx_new(c->p, c->group, c->hs->share,
					&c->hs->share_len);
	if (!c->hs->shares[0])
		return sl_internal(c, "the provider made no key share");
	return sl_signature_make(c);
}

bool sl_tls12_server_key_read(struct sluice_conn *c, struct sl_reader *body)
{
	const uint8_t *params = body->pos;
	uint8_t type = sl_get8(body);
	uint16_t group = sl_get16(body);
	struct sl_reader share = sl_get_vec(body, 1, 1, 255);
	size_t params_len = body->bad ? 0 : (size_t)(body->pos - params);
	uint16_t scheme = sl_get16(body);
	struct sl_reader sig = sl_get_vec(body, 2, 0, 0xffff);
	uint8_t content[2 * SL_RANDOM_LEN + 4 + 255];
	struct sl_writer w = sl_writer(content, sizeof(content));

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed ServerKeyExchange");
	if (type != NAMED_CURVE || !sl_tls12_group(group) ||
	    !sl_group_usable(c->config, group))
		return sl_illegal(c, "the server chose a group that was not offered");
	if (share.left > SL_POINT_MAX)
		return sl_illegal(c, "the server's key share is not valid");
	if (!sl_tls12_scheme_usable(c->config, scheme) ||
	    sl_tls12_scheme_auth(scheme) != c->suite->auth)
		return sl_illegal(c, "the peer signed with a scheme that was not offered");
	sl_put(&w, c->randoms, sizeof(c->randoms));
	sl_put(&w, params, params_len);
	if (!sl_tls12_signature_check(c, scheme,
				      (struct sluice_octets){ content, w.len },
				      sig, 0))
		return false;
	c->signature = scheme;
	c->group = group;
	/* until it is answered */
	memcpy(c->hs->share_buffer, share.pos, share.left);
	c->hs->share_octets[0] = (struct sluice_octets){
		c->hs->share_buffer, share.left
	};
	return true;
}

/* The transcript ends with ClientKeyExchange. */
static bool use_shared(struct sluice_conn *c, uint8_t shared[SLUICE_SHARED_MAX],
		       size_t len)
{
	bool ok = sl_tls12_master_secret(c, shared, len) &&
		  sl_tls12_key_block(c);

	sluice_wipe(shared, SLUICE_SHARED_MAX);
	return ok;
}

bool sl_tls12_client_key_write(struct sluice_conn *c)
{
	const struct sluice_octets *peer = &c->hs->share_octets[0];
	uint8_t *share = c->hs->share_buffer + SL_POINT_MAX;
	uint8_t shared[SLUICE_SHARED_MAX];
	size_t share_len = SLUICE_SHARE_MAX, shared_len = sizeof(shared), mark;
	struct sl_writer w;
	int rc;

	rc = c->p->kx_respond(c->p, c->group, peer->data, peer->len,
			      share, &share_len, shared, &shared_len);
	if (rc)
		return sl_verdict(c, rc, SLUICE_ERR_PROTOCOL,
				  "the server's key share is not valid");
	sl_message_begin(c, &w, SL_CLIENT_KEY_EXCHANGE);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, share, share_len);
	sl_end_vec(&w, mark, 1);
	if (!sl_message_end(c, &w)) {
		sluice_wipe(shared, sizeof(shared));
		return false;
	}
	return use_shared(c, shared, shared_len);
}

bool sl_tls12_client_key_read(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_reader share = sl_get_vec(body, 1, 1, 255);
	uint8_t shared[SLUICE_SHARED_MAX];
	size_t shared_len = sizeof(shared);
	int rc;

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed ClientKeyExchange");
	rc = c->p->kx_finish(c->p, c->hs->shares[0], share.pos, share.left,
			     shared, &shared_len);
	if (rc)
		return sl_verdict(c, rc, SLUICE_ERR_PROTOCOL,
				  "the client's key share is not valid");
	sl_shares_free(c);
	if (!sl_message_hash(c)) {
		sluice_wipe(shared, sizeof(shared));
		return false;
	}
	return use_shared(c, shared, shared_len);
}
