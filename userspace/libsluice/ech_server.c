// SPDX-License-Identifier: MIT
/* The server's side of Encrypted Client Hello (RFC 9849, section 7). */
#include <string.h>

#include "conn.h"
#include "ech.h"
#include "hello.h"

#define SUPPORTED_VERSIONS	43

/* The extension of an outer ClientHello, where it is. */
struct outer {
	struct sl_reader session_id;
	struct sl_reader extensions;
	struct sl_reader ech;
	bool there;
	uint16_t kdf;
	uint16_t aead;
	uint8_t id;
	struct sl_reader enc;
	struct sl_reader payload;
};

/* An inner ClientHello that is being put together. */
struct inner {
	struct sl_writer w;
	struct sl_reader outer;		/* extensions that were not yet passed */
	bool marked;			/* it is one, */
	bool tls13;			/* for this version or a later one, */
	bool referred;			/* and refers to the outer one */
};

const char *sl_ech_check_server(const struct sluice_config *config)
{
	struct sl_ech_config parsed;
	bool retry = false;
	size_t i;

	for (i = 0; i < config->ech_key_count; i++) {
		const struct sluice_ech_key *key = &config->ech_keys[i];
		const char *wrong = sl_ech_key_parse(config->provider, key,
						     &parsed);

		if (wrong)
			return wrong;
		retry = retry || key->retry;
	}
	if (!retry)
		return "ech_keys: one of them has to be for retry";
	return sl_version_usable(config, SL_TLS_1_3) ? NULL :
	       "ech_keys: for TLS 1.3 only";
}

/* What is malformed besides the extension is for others to tell. */
static void find(struct outer *o, struct sl_reader r)
{
	struct sl_reader list;

	sl_get(&r, 2 + SL_RANDOM_LEN);
	o->session_id = sl_get_vec(&r, 1, 0, SL_SESSION_ID_MAX);
	sl_get_vec(&r, 2, 2, 0xfffe);
	sl_get_vec(&r, 1, 1, 255);
	o->extensions = sl_get_vec(&r, 2, 0, 0xffff);
	list = o->extensions;
	while (!list.bad && list.left) {
		uint16_t type = sl_get16(&list);
		struct sl_reader body = sl_get_vec(&list, 2, 0, 0xffff);

		if (type != SL_ECH_VERSION || list.bad || o->there)
			continue;
		o->ech = body;
		o->there = true;
	}
}

static bool parse(struct sluice_conn *c, struct outer *o)
{
	struct sl_reader *r = &o->ech;

	if (sl_get8(r) != SL_ECH_OUTER && !r->bad)
		return sl_illegal(c, "an inner ClientHello that is not encrypted");
	o->kdf = sl_get16(r);
	o->aead = sl_get16(r);
	o->id = sl_get8(r);
	o->enc = sl_get_vec(r, 2, 0, 0xffff);
	o->payload = sl_get_vec(r, 2, 1, 0xffff);
	return sl_done(r) ||
	       sl_bad_decode(c, "a malformed encrypted_client_hello");
}

/* One more extension. */
static bool put(struct sluice_conn *c, struct inner *in, uint16_t type,
		struct sl_reader body)
{
	size_t mark;

	sl_put16(&in->w, type);
	mark = sl_begin_vec(&in->w, 2);
	sl_put(&in->w, body.pos, body.left);
	sl_end_vec(&in->w, mark, 2);
	if (type == SL_ECH_VERSION)
		in->marked = body.left == 1 && body.pos[0] == SL_ECH_INNER;
	if (type == SUPPORTED_VERSIONS) {
		struct sl_reader list = sl_get_vec(&body, 1, 2, 254);

		in->tls13 = true;
		while (!list.bad && list.left) {
			uint16_t version = sl_get16(&list);

			if (version >= 0x0300 && version <= SL_TLS_1_2)
				return sl_illegal(c, "an encrypted ClientHello that offers less than TLS 1.3");
		}
	}
	return true;
}

/*
 * The extension of the outer ClientHello that is next of this type. All of them
 * are passed over once only: in the order in which they are referred to. The
 * one that is encrypted_client_hello there would be no mark here.
 */
static bool put_outer(struct sluice_conn *c, struct inner *in, uint16_t wanted)
{
	while (wanted != SL_ECH_OUTER_EXTENSIONS && !in->outer.bad &&
	       in->outer.left) {
		uint16_t type = sl_get16(&in->outer);
		struct sl_reader body = sl_get_vec(&in->outer, 2, 0, 0xffff);

		if (type == wanted && !in->outer.bad)
			return put(c, in, type, body);
	}
	return sl_illegal(c, "an encrypted ClientHello refers to an extension that is not there, or out of order");
}

static bool put_extensions(struct sluice_conn *c, struct inner *in,
			   struct sl_reader list)
{
	while (list.left) {
		uint16_t type = sl_get16(&list);
		struct sl_reader body = sl_get_vec(&list, 2, 0, 0xffff), types;

		if (list.bad)
			return sl_bad_decode(c, "a malformed ClientHello was encrypted");
		if (type != SL_ECH_OUTER_EXTENSIONS) {
			if (!put(c, in, type, body))
				return false;
			continue;
		}
		types = sl_get_vec(&body, 1, 2, 254);
		if (!sl_done(&body) || types.left % 2)
			return sl_bad_decode(c, "a malformed ech_outer_extensions");
		if (in->referred)
			return sl_illegal(c, "an extension comes twice");
		in->referred = true;
		while (types.left) {
			if (!put_outer(c, in, sl_get16(&types)))
				return false;
		}
	}
	return true;
}

static void put_vec(struct sl_writer *w, unsigned int octets,
		    struct sl_reader body)
{
	size_t mark = sl_begin_vec(w, octets);

	sl_put(w, body.pos, body.left);
	sl_end_vec(w, mark, octets);
}

/* EncodedClientHelloInner (section 5.1). */
static bool decode(struct sluice_conn *c, const struct outer *o,
		   struct sl_reader r, struct inner *in)
{
	const uint8_t *start = sl_get(&r, 2 + SL_RANDOM_LEN);
	struct sl_reader session_id = sl_get_vec(&r, 1, 0, SL_SESSION_ID_MAX);
	struct sl_reader suites = sl_get_vec(&r, 2, 2, 0xfffe);
	struct sl_reader compressions = sl_get_vec(&r, 1, 1, 255);
	struct sl_reader extensions = sl_get_vec(&r, 2, 0, 0xffff);
	struct sl_writer *w = &in->w;
	size_t mark;

	if (r.bad)
		return sl_bad_decode(c, "a malformed ClientHello was encrypted");
	if (session_id.left)
		return sl_illegal(c, "an encrypted ClientHello with a session identifier");
	while (r.left) {
		if (sl_get8(&r))
			return sl_illegal(c, "the padding of an encrypted ClientHello is not zeros");
	}
	sl_put8(w, SL_CLIENT_HELLO);
	sl_begin_vec(w, 3);
	sl_put(w, start, 2 + SL_RANDOM_LEN);
	put_vec(w, 1, o->session_id);
	put_vec(w, 2, suites);
	put_vec(w, 1, compressions);
	mark = sl_begin_vec(w, 2);
	in->outer = o->extensions;
	if (!put_extensions(c, in, extensions))
		return false;
	sl_end_vec(w, mark, 2);
	sl_end_vec(w, SL_MESSAGE_HEADER, 3);
	if (!in->marked || !in->tls13)
		return sl_illegal(c, "an encrypted ClientHello that is not an inner one for TLS 1.3");
	return true;
}

static bool no_room(struct sluice_conn *c)
{
	return sl_fail(c, SL_DECODE_ERROR, SLUICE_ERR_MEMORY,
		       "an encrypted ClientHello is longer than the memory that the connection was given");
}

/* The message, which is somebody's memory that can be written to. */
static uint8_t *writable(const uint8_t *at)
{
	return (uint8_t *)(uintptr_t)at;
}

/*
 * Decrypt it at opened. The rest of the message is what vouches for it, with
 * zeros in its place (section 5.2).
 */
static int open_payload(struct sluice_conn *c, const struct outer *o,
			uint8_t *opened)
{
	struct sluice_octets ad = sl_octets(sl_message_body(c));
	/* what cannot be decrypted has to be as it was */
	uint8_t *saved = opened - o->payload.left;
	uint8_t *payload = writable(o->payload.pos);
	int rc;

	memcpy(saved, payload, o->payload.left);
	memcpy(opened, payload, o->payload.left);
	memset(payload, 0, o->payload.left);
	rc = sl_hpke_open(c->p, &c->hs->ech.hpke, ad, opened, o->payload.left);
	memcpy(payload, saved, o->payload.left);
	return rc;
}

/* With the key of one configuration; *rc as the provider has it. */
static bool try_key(struct sluice_conn *c, const struct outer *o,
		    const struct sluice_ech_key *key, uint8_t *opened, int *rc)
{
	struct sl_ech *ech = &c->hs->ech;
	uint8_t info[SL_HPKE_INFO_MAX];

	if (sl_ech_key_parse(c->p, key, &ech->config) ||
	    ech->config.id != o->id ||
	    !sl_ech_config_has(&ech->config, o->kdf, o->aead) ||
	    !sl_hpke_has(c->p, o->kdf, o->aead))
		return false;
	/* there is one, but no room to try it */
	if (!opened) {
		no_room(c);
		return false;
	}
	*rc = sl_hpke_receive(c->p, &ech->hpke,
			      sl_hpke_kem(c->p, ech->config.kem), o->aead,
			      (struct sluice_octets){ key->key, SLUICE_ECH_KEY_LEN },
			      sl_ech_info(&ech->config, info),
			      sl_octets(o->enc));
	if (!*rc)
		*rc = open_payload(c, o, opened);
	ech->aead = o->aead;
	return true;
}

/* The first ClientHello. *done: opened is the inner one. */
static bool find_key(struct sluice_conn *c, const struct outer *o,
		     uint8_t *opened, bool *done)
{
	const struct sluice_config *config = c->config;
	size_t i;
	int rc;

	*done = false;
	c->ech = SLUICE_ECH_REJECTED;
	for (i = 0; i < config->ech_key_count && !*done; i++) {
		if (!try_key(c, o, &config->ech_keys[i], opened, &rc)) {
			if (c->error)
				return false;
			continue;
		}
		if (rc < 0)
			return sl_internal(c, "the provider cannot decrypt a ClientHello");
		*done = !rc;
		if (rc)
			sl_hpke_free(c->p, &c->hs->ech.hpke);
	}
	if (!*done)
		return true;
	c->ech = SLUICE_ECH_ACCEPTED;
	sl_ech_log(c, sl_message_body(c).pos + 2);
	return true;
}

/* The second, after a HelloRetryRequest (section 7.1.1). */
static bool open_again(struct sluice_conn *c, const struct outer *o,
		       uint8_t *opened)
{
	const struct sl_ech *ech = &c->hs->ech;
	int rc;

	if (o->kdf != SL_HKDF_SHA256 || o->aead != ech->aead ||
	    o->id != ech->config.id || o->enc.left)
		return sl_illegal(c, "the second ClientHello is encrypted in another way than the first");
	if (!opened)
		return no_room(c);
	rc = open_payload(c, o, opened);
	if (rc < 0)
		return sl_internal(c, "the provider cannot decrypt a ClientHello");
	return !rc || sl_fail(c, SL_DECRYPT_ERROR, SLUICE_ERR_CRYPTO,
			      "the second encrypted ClientHello cannot be decrypted");
}

/* It takes the message's place, as if it had come in pieces. */
static bool become(struct sluice_conn *c, const struct outer *o,
		   uint8_t *opened, size_t len, struct sl_reader *body)
{
	struct sl_handshake *hs = c->hs;
	uint8_t *at = hs->buffer + (c->piece_len ? c->message_len : 0);
	struct inner in = { .w = sl_writer(at, (size_t)(opened - at)) };

	if (!sl_message_boundary(c) ||
	    !decode(c, o, sl_reader(opened, len), &in))
		return false;
	if (in.w.bad)
		return no_room(c);
	memmove(hs->buffer, at, in.w.len);
	c->content_len = 0;
	c->piece_len = in.w.len;
	c->message = hs->buffer;
	c->message_len = in.w.len;
	*body = sl_message_body(c);
	return true;
}

bool sl_ech_client_hello_open(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_handshake *hs = c->hs;
	size_t used = c->piece_len ? c->message_len : 0;
	struct outer o = { .there = false };
	uint8_t *opened = NULL;
	bool done = true;

	find(&o, *body);
	if (!o.there) {
		if (c->ech == SLUICE_ECH_ACCEPTED)
			return sl_fail(c, SL_MISSING_EXTENSION, SLUICE_ERR_PROTOCOL,
				       "the second ClientHello is not encrypted");
		return true;
	}
	if (!parse(c, &o))
		return false;
	/* what could not be read once is not looked at again */
	if (c->retried && c->ech != SLUICE_ECH_ACCEPTED)
		return true;
	if (used + 2 * o.payload.left <= hs->buffer_size)
		opened = hs->buffer + hs->buffer_size - o.payload.left;
	if (!(c->retried ? open_again(c, &o, opened) :
			   find_key(c, &o, opened, &done)))
		return false;
	return !done || become(c, &o, opened, o.payload.left - SL_TAG_LEN,
			       body);
}

bool sl_ech_put_retry(struct sluice_conn *c, struct sl_writer *w, size_t *at)
{
	size_t ext;
	uint8_t *space;

	*at = 0;
	if (c->ech == SLUICE_ECH_NONE)
		return true;
	ext = sl_begin_extension(c, w, SL_EXT_ENCRYPTED_CLIENT_HELLO);
	space = sl_put_space(w, SL_ECH_CONFIRMATION_LEN);
	sl_end_vec(w, ext, 2);
	*at = ext;
	/* others are not to see which it is (section 10.10.4) */
	return !space || !c->p->random(c->p, space, SL_ECH_CONFIRMATION_LEN) ||
	       sl_internal(c, "the provider gave no random octets");
}

bool sl_ech_confirm(struct sluice_conn *c, struct sl_writer *w, bool retry,
		    size_t at)
{
	if (c->ech != SLUICE_ECH_ACCEPTED || w->bad)
		return true;
	/* the message's own length counts */
	sl_end_vec(w, SL_MESSAGE_HEADER, 3);
	return sl_ech_confirmation(c, retry, w->buf, w->len, at, w->buf + at);
}

void sl_ech_put_configs(struct sluice_conn *c, struct sl_writer *w)
{
	const struct sluice_config *config = c->config;
	size_t ext, list, i;

	if (c->ech != SLUICE_ECH_REJECTED)
		return;
	ext = sl_begin_extension(c, w, SL_EXT_ENCRYPTED_CLIENT_HELLO);
	list = sl_begin_vec(w, 2);
	for (i = 0; i < config->ech_key_count; i++) {
		const struct sluice_ech_key *key = &config->ech_keys[i];

		if (key->retry)
			sl_put(w, key->config, key->config_len);
	}
	sl_end_vec(w, list, 2);
	sl_end_vec(w, ext, 2);
}
