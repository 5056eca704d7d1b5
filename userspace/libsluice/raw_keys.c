// SPDX-License-Identifier: MIT
#include "raw_keys.h"

#include <string.h>

#include "conn.h"
#include "credential.h"

/* The IANA registry of certificate types. */
#define X509		0
#define RAW_PUBLIC_KEY	2

static void put_types(struct sluice_conn *c, struct sl_writer *w,
		      enum sl_extension which, enum sluice_raw_key raw)
{
	size_t ext, list;

	if (raw == SLUICE_RAW_KEY_NO)
		return;
	ext = sl_begin_extension(c, w, which);
	list = sl_begin_vec(w, 1);
	/* in the order of preference */
	if (raw == SLUICE_RAW_KEY_FALLBACK)
		sl_put8(w, X509);
	sl_put8(w, RAW_PUBLIC_KEY);
	if (raw == SLUICE_RAW_KEY_TOO)
		sl_put8(w, X509);
	sl_end_vec(w, list, 1);
	sl_end_vec(w, ext, 2);
}

void sl_put_certificate_types(struct sluice_conn *c, struct sl_writer *w)
{
	const struct sluice_config *config = c->config;

	if (sl_can_certify(config))
		put_types(c, w, SL_EXT_CLIENT_CERTIFICATE_TYPE,
			  config->own_raw_key);
	put_types(c, w, SL_EXT_SERVER_CERTIFICATE_TYPE, config->peer_raw_key);
}

/* Which of the client's types is ours, too? If both are, it is for us to say. */
static bool choose(struct sluice_conn *c, struct sl_reader *body,
		   enum sluice_raw_key raw, bool *chosen)
{
	struct sl_reader types = sl_get_vec(body, 1, 1, 255);
	bool bare, x509;

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed list of certificate types");
	bare = memchr(types.pos, RAW_PUBLIC_KEY, types.left);
	x509 = raw != SLUICE_RAW_KEY_ONLY && memchr(types.pos, X509, types.left);
	*chosen = bare && !(x509 && raw == SLUICE_RAW_KEY_FALLBACK);
	if (bare || x509)
		return true;
	return sl_fail(c, SL_UNSUPPORTED_CERTIFICATE, SLUICE_ERR_NEGOTIATION,
		       "the client has no certificate type in common with us");
}

bool sl_read_certificate_types(struct sluice_conn *c, struct sl_extensions *ext)
{
	const struct sluice_config *config = c->config;

	c->hs->own_type_used = config->own_raw_key &&
			       sl_has(ext, SL_EXT_SERVER_CERTIFICATE_TYPE);
	c->hs->peer_type_used = config->peer_raw_key && config->client_auth &&
				sl_has(ext, SL_EXT_CLIENT_CERTIFICATE_TYPE);
	if (c->hs->own_type_used &&
	    !choose(c, &ext->body[SL_EXT_SERVER_CERTIFICATE_TYPE],
		    config->own_raw_key, &c->own_raw))
		return false;
	if (config->own_raw_key == SLUICE_RAW_KEY_ONLY && !c->own_raw)
		return sl_fail(c, SL_UNSUPPORTED_CERTIFICATE,
			       SLUICE_ERR_NEGOTIATION,
			       "the client does not take a raw public key");
	return !c->hs->peer_type_used ||
	       choose(c, &ext->body[SL_EXT_CLIENT_CERTIFICATE_TYPE],
		      config->peer_raw_key, &c->peer_raw);
}

static void put_choice(struct sluice_conn *c, struct sl_writer *w,
		       enum sl_extension which, bool raw)
{
	size_t ext = sl_begin_extension(c, w, which);

	sl_put8(w, raw ? RAW_PUBLIC_KEY : X509);
	sl_end_vec(w, ext, 2);
}

void sl_put_certificate_choice(struct sluice_conn *c, struct sl_writer *w)
{
	if (c->by_psk)
		return;
	if (c->hs->peer_type_used)
		put_choice(c, w, SL_EXT_CLIENT_CERTIFICATE_TYPE, c->peer_raw);
	if (c->hs->own_type_used)
		put_choice(c, w, SL_EXT_SERVER_CERTIFICATE_TYPE, c->own_raw);
}

static bool read_choice(struct sluice_conn *c, struct sl_extensions *ext,
			enum sl_extension which, enum sluice_raw_key raw,
			bool *chosen)
{
	uint8_t type;

	if (!sl_has(ext, which))
		return true;
	type = sl_get8(&ext->body[which]);
	if (!sl_done(&ext->body[which]))
		return sl_bad_decode(c, "a malformed certificate type");
	*chosen = type == RAW_PUBLIC_KEY;
	return *chosen || (type == X509 && raw != SLUICE_RAW_KEY_ONLY) ||
	       sl_illegal(c, "the server chose a certificate type that was not offered");
}

bool sl_read_certificate_choice(struct sluice_conn *c,
				struct sl_extensions *ext)
{
	const struct sluice_config *config = c->config;

	return read_choice(c, ext, SL_EXT_CLIENT_CERTIFICATE_TYPE,
			   config->own_raw_key, &c->own_raw) &&
	       read_choice(c, ext, SL_EXT_SERVER_CERTIFICATE_TYPE,
			   config->peer_raw_key, &c->peer_raw);
}

bool sl_check_certificate_type(struct sluice_conn *c)
{
	if (c->peer_raw && c->hs->chain_len != 1)
		return sl_illegal(c, "more than one raw public key");
	if (c->config->peer_raw_key == SLUICE_RAW_KEY_ONLY && !c->peer_raw)
		return sl_fail(c, SL_UNSUPPORTED_CERTIFICATE,
			       SLUICE_ERR_CERTIFICATE,
			       "the peer shows a certificate where only a raw public key will do");
	return true;
}
