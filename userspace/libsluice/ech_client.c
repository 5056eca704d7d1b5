// SPDX-License-Identifier: MIT
/* The client's side of Encrypted Client Hello (RFC 9849, section 6). */
#include <string.h>

#include "auth.h"
#include "client_hello.h"
#include "conn.h"
#include "ech.h"
#include "hello.h"
#include "verdict.h"

/* What may be left out of the inner ClientHello, at most. */
#define ALIKE_MAX	32
/* A server_name extension without its name. */
#define NAME_AROUND	9
/* All lengths are multiples of it. */
#define PAD		32

/* For random octets: any with SHA-256. */
static const struct sl_suite *cover_suite(void)
{
	return sl_suite_find(SLUICE_AES_128_GCM_SHA256);
}

const char *sl_ech_check_client(const struct sluice_config *config)
{
	struct sl_ech_config ech;
	uint16_t aead;

	if (!config->ech_configs) {
		return config->ech_grease &&
		       !sl_hpke_kem(config->provider, SL_KEM_X25519) ?
		       "ech_grease: the provider has no X25519" : NULL;
	}
	if (sl_ech_list(config->ech_configs, config->ech_configs_len).bad)
		return "ech_configs: malformed";
	if (!sl_ech_config_choose(config->provider, config->ech_configs,
				  config->ech_configs_len, &ech, &aead))
		return "ech_configs: none of them is for a version, key exchange and cipher that we have";
	if (!sl_version_usable(config, SL_TLS_1_3) ||
	    sl_version_usable(config, SL_TLS_1_2))
		return "ech_configs: for TLS 1.3 only";
	if (config->psk && config->psk->identity_len > SL_ECH_TICKET_MAX)
		return "ech_configs: with them, psk's identity has at most 512 octets";
	if (!sl_can_judge(config))
		return "ech_configs: trust is needed, to know who does not take them";
	if (config->peer_raw_key)
		return "ech_configs: not with peer_raw_key, which has no name";
	return NULL;
}

static void swap_transcripts(struct sluice_conn *c)
{
	struct sl_transcript other = c->hs->ech.outer;

	c->hs->ech.outer = c->hs->transcript;
	c->hs->transcript = other;
}

/* The outer ClientHello's: as many as there are for the inner one. */
static bool start_outer(struct sluice_conn *c)
{
	struct sl_transcript *inner = &c->hs->ech.outer;
	unsigned int i;
	bool ok = true;

	swap_transcripts(c);
	for (i = 0; i < SL_HASHES; i++)
		ok = ok && (!inner->ctx[i] ||
			    sl_transcript_start(c, (enum sluice_hash)i));
	swap_transcripts(c);
	return ok;
}

/* An encapsulated key that nobody has encapsulated. */
static bool start_grease(struct sluice_conn *c)
{
	struct sl_ech *ech = &c->hs->ech;
	uint8_t share[SLUICE_SHARE_MAX];
	size_t len = 0;
	struct sluice_kx *kx = c->p->kx_new(c->p, SLUICE_X25519, share, &len);

	c->p->kx_free(c->p, kx);
	if (!kx || len > sizeof(ech->enc))
		return sl_internal(c, "the provider made no key share");
	memcpy(ech->enc, share, len);
	ech->config.key.len = len;
	ech->config.id = ech->seed[0];
	/* one that everybody has */
	ech->aead = 1;
	c->ech = SLUICE_ECH_GREASE;
	return true;
}

bool sl_ech_start(struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;
	struct sl_ech *ech = &c->hs->ech;
	uint8_t info[SL_HPKE_INFO_MAX];
	int rc;

	if (c->p->random(c->p, ech->seed, sizeof(ech->seed)) ||
	    c->p->random(c->p, ech->outer_random, sizeof(ech->outer_random)))
		return sl_internal(c, "the provider gave no random octets");
	if (!config->ech_configs)
		return start_grease(c);
	sl_ech_config_choose(c->p, config->ech_configs,
			     config->ech_configs_len, &ech->config, &ech->aead);
	rc = sl_hpke_send(c->p, &ech->hpke,
			  sl_hpke_kem(c->p, ech->config.kem), ech->aead,
			  ech->config.key, sl_ech_info(&ech->config, info),
			  ech->enc);
	if (rc > 0)
		return sl_fail(c, SL_ALERT_NONE, SLUICE_ERR_USE,
			       "ech_configs: the public key is not valid");
	if (rc)
		return sl_internal(c, "the provider failed");
	sl_ech_log(c, ech->outer_random);
	memcpy(ech->public_name, ech->config.public_name.data,
	       ech->config.public_name.len);
	c->ech = SLUICE_ECH_OFFERED;
	return start_outer(c);
}

/*
 * About as long as ours is, but for what is alike (section 6.2.1). That has no
 * long tickets.
 */
static size_t grease_len(const struct sluice_conn *c, const struct sl_writer *w)
{
	const char *const *alpn = c->config->alpn;
	size_t len = w->len;

	for (; alpn && *alpn; alpn++)
		len += 1 + strlen(*alpn);
	if (c->hs->session.suite && c->hs->ticket_len <= SL_ECH_TICKET_MAX)
		len += c->hs->ticket_len + c->hs->session.suite->hash_len;
	return (len / PAD + 2) * PAD + SL_TAG_LEN;
}

static void put_outer(struct sluice_conn *c, struct sl_writer *w)
{
	struct sl_ech *ech = &c->hs->ech;
	/* a second one is sealed with the same key */
	bool first = !c->retried || c->ech != SLUICE_ECH_ACCEPTED;
	size_t mark;
	uint8_t *at;

	sl_put8(w, SL_ECH_OUTER);
	sl_put16(w, SL_HKDF_SHA256);
	sl_put16(w, ech->aead);
	sl_put8(w, ech->config.id);
	mark = sl_begin_vec(w, 2);
	sl_put(w, ech->enc, first ? ech->config.key.len : 0);
	sl_end_vec(w, mark, 2);
	if (c->ech == SLUICE_ECH_GREASE && !ech->payload_len)
		ech->payload_len = grease_len(c, w);
	mark = sl_begin_vec(w, 2);
	ech->payload = mark;
	at = sl_put_space(w, ech->payload_len);
	sl_end_vec(w, mark, 2);
	if (!at)
		return;
	memset(at, 0, ech->payload_len);
	/* the server has had it already, and goes by what is around it */
	if (c->ech == SLUICE_ECH_REJECTED)
		memcpy(at, c->hs->ticket, ech->payload_len);
	if (c->ech == SLUICE_ECH_GREASE)
		sl_expand_label(c, cover_suite(), ech->seed, "payload", NULL,
				0, at, ech->payload_len);
}

void sl_ech_put(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext;

	if (c->ech == SLUICE_ECH_NONE)
		return;
	ext = sl_begin_extension(c, w, SL_EXT_ENCRYPTED_CLIENT_HELLO);
	if (c->hs->ech.face == SL_HELLO_INNER)
		sl_put8(w, SL_ECH_INNER);
	else
		put_outer(c, w);
	sl_end_vec(w, ext, 2);
}

bool sl_ech_cover_psk(struct sluice_conn *c, uint8_t *identity, uint8_t *age,
		      uint8_t *binder, size_t binder_len)
{
	const struct sl_ech *ech = &c->hs->ech;

	/* the identity stays the same after a HelloRetryRequest */
	if (!sl_expand_label(c, cover_suite(), ech->seed, "identity", NULL, 0,
			     identity, c->hs->ticket_len))
		return false;
	return (!c->p->random(c->p, age, 4) &&
		!c->p->random(c->p, binder, binder_len)) ||
	       sl_internal(c, "the provider gave no random octets");
}

static void *move(uint8_t *to, const uint8_t *from, size_t len)
{
	return (uint8_t *)memmove(to, from, len) + len;
}

static void put16(uint8_t *at, size_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/*
 * The types of the extensions that are alike in both, in the place of these.
 * There are enough of them for that to be shorter.
 */
static uint8_t *put_types(struct sluice_conn *c, const uint8_t *hello,
			  uint8_t *to)
{
	const struct sl_ech *ech = &c->hs->ech;
	struct sl_reader r = sl_reader(hello + ech->alike,
				       ech->alike_end - ech->alike);
	uint8_t types[2 * ALIKE_MAX];
	struct sl_writer w = sl_writer(types, sizeof(types));

	while (r.left) {
		sl_put16(&w, sl_get16(&r));
		sl_get_vec(&r, 2, 0, 0xffff);
	}
	put16(to, SL_ECH_OUTER_EXTENSIONS);
	put16(to + 2, 1 + w.len);
	to[4] = (uint8_t)w.len;
	return move(to + 5, types, w.len);
}

/* How many zeros follow (section 6.1.3). */
static size_t padding(struct sluice_conn *c, size_t len)
{
	size_t max = c->hs->ech.config.max_name;
	size_t name = sl_server_name_len(c->config), pad;

	if (name)
		pad = max > name ? max - name : 0;
	else
		pad = max + NAME_AROUND;
	return pad + (PAD - 1) - (len + pad - 1) % PAD;
}

/*
 * EncodedClientHelloInner (section 5.1), in the place of the message: without
 * session identifier and what is alike. Returns its length.
 */
static size_t encode(struct sluice_conn *c, uint8_t *hello, size_t len)
{
	const struct sl_ech *ech = &c->hs->ech;
	const size_t id = SL_MESSAGE_HEADER + 2 + SL_RANDOM_LEN;
	const size_t rest = id + 1 + c->hs->session_id_len;
	uint8_t *to, *extensions;
	size_t pad;

	to = move(hello, hello + SL_MESSAGE_HEADER, 2 + SL_RANDOM_LEN);
	*to++ = 0;
	to = move(to, hello + rest, ech->extensions - rest);
	extensions = to;
	to = move(to, hello + ech->extensions, ech->alike - ech->extensions);
	to = put_types(c, hello, to);
	to = move(to, hello + ech->alike_end, len - ech->alike_end);
	put16(extensions - 2, (size_t)(to - extensions));
	pad = padding(c, (size_t)(to - hello));
	memset(to, 0, pad);
	return (size_t)(to - hello) + pad;
}

/* A ticket that is too long to go out twice stays at home. */
static void drop_long_ticket(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;

	if (hs->ticket_len <= SL_ECH_TICKET_MAX)
		return;
	sluice_wipe(&hs->session, sizeof(hs->session));
	hs->ticket_len = 0;
	hs->early_suite = NULL;
	hs->early_left = 0;
}

static bool no_room(struct sluice_conn *c)
{
	return sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_MEMORY,
		       "the two ClientHellos are longer than the memory that the connection was given");
}

/* The inner one joins the transcript; what is to be sealed is left of it. */
static size_t write_inner(struct sluice_conn *c)
{
	struct sl_writer w;
	size_t pad_max = PAD + 255 + NAME_AROUND + SL_TAG_LEN;

	c->hs->ech.face = SL_HELLO_INNER;
	if (!sl_client_hello_make(c, &w))
		return 0;
	sl_end_vec(&w, SL_MESSAGE_HEADER, 3);
	/* what is left out of it may be less than the padding */
	if (w.bad || w.size - w.len < pad_max)
		return no_room(c);
	if (!sl_transcript_add(c, w.buf, w.len))
		return 0;
	return encode(c, w.buf, w.len);
}

bool sl_ech_hello_write(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;
	struct sl_ech *ech = &hs->ech;
	uint8_t *sealed = hs->buffer + hs->flight_end, *payload;
	uint32_t offered;
	struct sl_writer w;
	size_t len;
	bool ok;

	drop_long_ticket(c);
	len = write_inner(c);
	if (!len)
		return false;
	offered = hs->offered;

	/* the outer one behind it, which then takes its place */
	ech->face = SL_HELLO_OUTER;
	ech->payload_len = len + SL_TAG_LEN;
	hs->flight_end += ech->payload_len;
	ok = sl_client_hello_make(c, &w);
	hs->flight_end -= ech->payload_len;
	if (!ok)
		return false;
	sl_end_vec(&w, SL_MESSAGE_HEADER, 3);
	if (w.bad)
		return no_room(c);
	if (sl_hpke_seal(c->p, &ech->hpke,
			 (struct sluice_octets){ w.buf + SL_MESSAGE_HEADER,
						 w.len - SL_MESSAGE_HEADER },
			 sealed, len))
		return sl_internal(c, "the provider could not encrypt the ClientHello");
	payload = w.buf + ech->payload;
	memcpy(payload, sealed, ech->payload_len);
	memmove(sealed, w.buf, w.len);
	w.buf = sealed;
	ech->outer_offered = hs->offered;
	hs->offered = offered;
	swap_transcripts(c);
	ok = sl_message_end(c, &w);
	swap_transcripts(c);
	/* to be sent again, should it be rejected by a HelloRetryRequest */
	if (ok && ech->payload_len > sizeof(hs->ticket) - SL_ECH_TICKET_MAX)
		return no_room(c);
	if (ok)
		memcpy(hs->ticket + SL_ECH_TICKET_MAX, sealed + ech->payload,
		       ech->payload_len);
	return ok;
}

/* From here on, it is a connection with the server of the public name. */
static bool reject(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;

	c->ech = SLUICE_ECH_REJECTED;
	swap_transcripts(c);
	sl_ech_free(c);
	sl_transcript_choose(c, c->suite->hash);
	memcpy(hs->client_random, hs->ech.outer_random, SL_RANDOM_LEN);
	hs->offered = hs->ech.outer_offered;
	sluice_wipe(&hs->session, sizeof(hs->session));
	memmove(hs->ticket, hs->ticket + SL_ECH_TICKET_MAX,
		hs->ech.payload_len);
	return true;
}

/* *accepted: the confirmation at this offset of the message is right. */
static bool compare(struct sluice_conn *c, bool retry, size_t at,
		    bool *accepted)
{
	uint8_t wanted[SL_ECH_CONFIRMATION_LEN];

	if (!sl_ech_confirmation(c, retry, c->message, c->message_len, at,
				 wanted))
		return false;
	*accepted = sl_equal(wanted, c->message + at, sizeof(wanted));
	return true;
}

bool sl_ech_retry_read(struct sluice_conn *c, struct sl_extensions *ext)
{
	const struct sl_reader *r = &ext->body[SL_EXT_ENCRYPTED_CLIENT_HELLO];
	bool there = sl_has(ext, SL_EXT_ENCRYPTED_CLIENT_HELLO);
	bool accepted = false;

	if (there && r->left != SL_ECH_CONFIRMATION_LEN)
		return sl_bad_decode(c, "a malformed encrypted_client_hello");
	if (c->ech != SLUICE_ECH_OFFERED)
		return true;
	if (there && !compare(c, true, (size_t)(r->pos - c->message),
			      &accepted))
		return false;
	if (!accepted)
		return reject(c) && sl_transcript_retry(c);
	c->ech = SLUICE_ECH_ACCEPTED;
	sl_ech_drop_outer(c);
	return true;
}

bool sl_ech_server_hello_read(struct sluice_conn *c)
{
	bool accepted;

	if (c->ech != SLUICE_ECH_OFFERED && c->ech != SLUICE_ECH_ACCEPTED)
		return true;
	if (!compare(c, false, SL_ECH_HELLO_AT, &accepted))
		return false;
	if (!accepted && c->ech == SLUICE_ECH_ACCEPTED)
		return sl_illegal(c, "the server takes the encrypted ClientHello in HelloRetryRequest, and not in ServerHello");
	if (!accepted)
		return reject(c);
	c->ech = SLUICE_ECH_ACCEPTED;
	sl_ech_free(c);
	/* it has got through: there are no retry_configs to come */
	c->hs->offered &= ~(1U << SL_EXT_ENCRYPTED_CLIENT_HELLO);
	return true;
}

/* What is of this version, and not too long for us, as a list for a new try. */
static void keep_configs(struct sluice_conn *c, struct sl_reader list)
{
	struct sl_writer w = sl_writer(c->hs->ticket, sizeof(c->hs->ticket));
	size_t mark = sl_begin_vec(&w, 2);
	struct sl_ech_config config;

	while (list.left && sl_ech_config_next(&list, &config)) {
		if (config.known && config.whole.len <= SLUICE_ECH_CONFIG_MAX &&
		    config.whole.len <= w.size - w.len)
			sl_put(&w, config.whole.data, config.whole.len);
	}
	sl_end_vec(&w, mark, 2);
	c->hs->ech.retry_len = w.len > mark ? w.len : 0;
}

bool sl_ech_answer_read(struct sluice_conn *c, struct sl_extensions *ext)
{
	struct sl_reader *r = &ext->body[SL_EXT_ENCRYPTED_CLIENT_HELLO];
	struct sl_reader list;

	if (!sl_has(ext, SL_EXT_ENCRYPTED_CLIENT_HELLO))
		return true;
	list = sl_ech_list(r->pos, r->left);
	if (list.bad)
		return sl_bad_decode(c, "malformed configurations for an encrypted ClientHello");
	if (c->ech == SLUICE_ECH_REJECTED)
		keep_configs(c, list);
	return true;
}

bool sl_ech_end_rejected(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;
	uint8_t configs[SLUICE_TICKET_MAX];
	size_t len = hs->ech.retry_len;
	bool checked = c->verified;

	memcpy(configs, hs->ticket, len);
	/* of another server than the one that was asked for */
	c->verified = false;
	sl_fail(c, SL_ECH_REQUIRED, SLUICE_ERR_ECH,
		!checked ? "the server does not take the encrypted ClientHello, and it was not checked who it is" :
		len ? "the server does not take the encrypted ClientHello, and has other keys for it" :
		      "the server does not take encrypted ClientHellos");
	if (!checked || !len)
		return false;
	hs->ech.told = true;
	hs->ech.retry_len = len;
	memcpy(hs->buffer, configs, len);
	return false;
}
