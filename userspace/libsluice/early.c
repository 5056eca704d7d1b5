// SPDX-License-Identifier: MIT
#include "early.h"

#include <string.h>

#include "conn.h"
#include "data.h"
#include "extensions.h"
#include "handshake.h"
#include "hello.h"

#define ID_LEN		16
#define CONTEXT_LEN	32
/*
 * How far, in milliseconds, a ticket's age may be off for early data: a round
 * trip, the clocks' drift (section 8.3). Twice of it a ClientHello could be
 * replayed, and a while may pass between a look at the clock and the one into the
 * memory: so long it is remembered.
 */
#define WINDOW		10000
#define REMEMBERED	(3 * WINDOW)

static const char *alpn_of(const struct sluice_config *config,
			   struct sl_reader name)
{
	const char *const *alpn = config->alpn;

	for (; alpn && *alpn; alpn++) {
		if (strlen(*alpn) == name.left &&
		    !memcmp(*alpn, name.pos, name.left))
			return *alpn;
	}
	return NULL;
}

void sl_early_consider(struct sluice_conn *c, uint32_t max,
		       struct sl_reader alpn)
{
	struct sl_handshake *hs = c->hs;
	const struct sl_suite *suite = hs->session.suite;

	hs->early_alpn = alpn_of(c->config, alpn);
	/* all that the server will compare (section 4.2.10) */
	if (c->config->early_data && sl_listed(sl_suites(c->config), suite->id) &&
	    sl_suite_usable(c->config, suite->id) &&
	    (!alpn.left || hs->early_alpn)) {
		hs->early_suite = suite;
		hs->early_left = max;
	}
}

void sl_early_put(struct sluice_conn *c, struct sl_writer *w)
{
	if (!c->hs->early_left || c->retried)
		return;
	sl_end_vec(w, sl_begin_extension(c, w, SL_EXT_EARLY_DATA), 2);
	c->early = SLUICE_EARLY_OFFERED;
}

bool sl_early_begin(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;
	uint8_t secret[SLUICE_HASH_MAX];
	bool ok;

	/* middlebox compatibility (appendix E.4): before anything encrypted */
	hs->ccs_due = true;
	hs->ccs_sent = true;
	ok = sl_early_traffic_secret(c, hs->early_suite, secret) &&
	     sl_early_keys_install(c, &c->tx, hs->early_suite, secret);
	sluice_wipe(secret, sizeof(secret));
	hs->early_open = ok;
	return ok;
}

void sl_early_refused(struct sluice_conn *c)
{
	if (c->early != SLUICE_EARLY_OFFERED)
		return;
	c->early = SLUICE_EARLY_REJECTED;
	c->hs->early_open = false;
	sluice_wipe(c->hs->early_exporter, sizeof(c->hs->early_exporter));
	sl_keys_wipe(c, &c->tx);
}

bool sl_early_answer(struct sluice_conn *c, struct sl_reader *ext)
{
	const struct sl_handshake *hs = c->hs;

	if (c->early != SLUICE_EARLY_OFFERED)
		return !ext || sl_illegal(c, "the server takes early data without its ticket");
	if (!ext) {
		sl_early_refused(c);
		return sl_keys_install(c, &c->tx, hs->client_secret);
	}
	if (!sl_done(ext))
		return sl_bad_decode(c, "a malformed early_data");
	if (c->suite != hs->early_suite || c->alpn != hs->early_alpn)
		return sl_illegal(c, "the server takes early data for another cipher suite or protocol than its ticket's");
	c->early = SLUICE_EARLY_ACCEPTED;
	/* it is needed when the secrets have gone on to those of the data */
	memcpy(c->hs->early_next, hs->client_secret, sizeof(hs->early_next));
	return true;
}

bool sl_early_end_write(struct sluice_conn *c)
{
	struct sl_writer w;

	c->hs->early_open = false;
	sl_message_begin(c, &w, SL_END_OF_EARLY_DATA);
	return sl_message_end(c, &w);
}

size_t sluice_early_room(const struct sluice_conn *c)
{
	if (c->done || sl_is_server(c) || !c->hs->early_open ||
	    c->tx_closed || c->alert_due ||
	    c->tx.seq + 1 >= c->hs->early_suite->limit)
		return 0;
	return c->hs->early_left;
}

enum sluice_status sluice_early_seal(struct sluice_conn *c,
				     const uint8_t *data, size_t *data_len,
				     uint8_t *out, size_t *out_len)
{
	struct sl_writer w = sl_writer(out, *out_len);
	enum sluice_status status = SLUICE_DONE;
	size_t left = *data_len;

	while (left && status == SLUICE_DONE) {
		size_t part = sluice_early_room(c), room;

		if (!part) {
			status = SLUICE_CLOSED;
			break;
		}
		room = sl_flight_flush(c, &w) ? w.size - w.len : 0;
		if (room <= SLUICE_OVERHEAD) {
			status = SLUICE_WANT_WRITE;
			break;
		}
		if (part > left)
			part = left;
		if (part > c->tx_limit)
			part = c->tx_limit;
		if (part > room - SLUICE_OVERHEAD)
			part = room - SLUICE_OVERHEAD;
		w.len += sl_record_seal(c, SL_APPLICATION_DATA, data, part,
					w.buf + w.len);
		if (c->error)
			break;
		data += part;
		left -= part;
		c->hs->early_left -= (uint32_t)part;
	}
	*data_len -= left;
	*out_len = w.len;
	return c->error ? SLUICE_ERROR : status;
}

/*
 * What early data may depend on before its sender is known to be there: the
 * protocol that is spoken and the name of the host.
 */
static bool make_context(struct sluice_conn *c, uint8_t *context)
{
	uint8_t text[1 + SL_ALPN_NAME_MAX + 1 + SL_NAME_MAX];
	struct sl_writer w = sl_writer(text, sizeof(text));
	size_t mark = sl_begin_vec(&w, 1);

	sl_put(&w, c->alpn, c->alpn_len);
	sl_end_vec(&w, mark, 1);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, c->sni, c->sni_len);
	sl_end_vec(&w, mark, 1);
	return !c->p->hmac(c->p, SLUICE_SHA256, (const uint8_t *)"early data",
			   10, text, w.len, context) ||
	       sl_internal(c, "the provider cannot compute an HMAC");
}

/* What is in a store is given out once, and needs no other memory. */
static const uint8_t *memory_id(const struct sluice_config *config)
{
	static const uint8_t none[ID_LEN];

	return config->session_put ? none : config->early_data_id;
}

bool sl_early_put_state(struct sluice_conn *c, struct sl_writer *w)
{
	uint8_t *context;

	sl_put32(w, c->config->max_early_data);
	if (!c->config->max_early_data)
		return true;
	sl_put(w, memory_id(c->config), ID_LEN);
	context = sl_put_space(w, CONTEXT_LEN);
	return !context || make_context(c, context);
}

bool sl_early_read_state(struct sluice_conn *c, struct sl_reader *r,
			 uint64_t off)
{
	uint32_t max = sl_get32(r);
	uint8_t context[CONTEXT_LEN];
	const uint8_t *id, *theirs;

	c->hs->early_left = 0;
	if (!max)
		return sl_done(r);
	id = sl_get(r, ID_LEN);
	theirs = sl_get(r, CONTEXT_LEN);
	if (!sl_done(r))
		return false;
	if (c->early != SLUICE_EARLY_OFFERED || !c->config->max_early_data ||
	    off > WINDOW || memcmp(id, memory_id(c->config), ID_LEN))
		return true;
	if (!make_context(c, context))
		return false;
	if (!memcmp(context, theirs, CONTEXT_LEN) &&
	    c->hs->session.suite == c->suite)
		c->hs->early_left = max;
	return true;
}

uint64_t sl_early_until(const struct sluice_conn *c, unsigned int index)
{
	if (!c->hs->early_left || index)
		return 0;
	return c->config->now(c->config->ctx) + REMEMBERED;
}

bool sl_early_accept(struct sluice_conn *c)
{
	uint8_t secret[SLUICE_HASH_MAX];
	bool ok;

	if (c->early == SLUICE_EARLY_OFFERED)
		c->early = SLUICE_EARLY_REJECTED;
	if (c->early != SLUICE_EARLY_ACCEPTED)
		return true;
	/* nothing is to be passed over */
	c->hs->early_data_left = 0;
	ok = sl_early_traffic_secret(c, c->suite, secret) &&
	     sl_early_keys_install(c, &c->rx, c->suite, secret);
	sluice_wipe(secret, sizeof(secret));
	return ok;
}

bool sl_early_end_read(struct sluice_conn *c, struct sl_reader *body)
{
	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed EndOfEarlyData");
	c->hs->early_open = false;
	return sl_message_boundary(c) && sl_message_hash(c) &&
	       sl_keys_install(c, &c->rx, c->hs->early_next);
}

/* A record of early data: its octets; 0 if it was another, or is empty. */
static size_t take_record(struct sluice_conn *c)
{
	if (!sl_record_open(c))
		return 0;
	if (c->content_type == SL_ALERT)
		sl_alert_received(c, c->content);
	if (c->content_type != SL_APPLICATION_DATA)
		return 0;
	if (c->content_len > c->hs->early_left) {
		sl_unexpected(c, "more early data than the ticket allows");
		return 0;
	}
	c->hs->early_left -= (uint32_t)c->content_len;
	return c->content_len;
}

enum sluice_status sluice_early_open(struct sluice_conn *c,
				     uint8_t *in, size_t *in_len,
				     uint8_t **data, size_t *data_len)
{
	enum sluice_status status = SLUICE_WANT_READ;
	size_t in_size = *in_len;

	*in_len = 0;
	*data = NULL;
	*data_len = 0;
	if (!c->error && !sl_early_reading(c))
		sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_USE,
			"sluice_early_open() was called where no early data can come");
	while (!c->error && status == SLUICE_WANT_READ) {
		bool taken;

		if (!sl_handshake_message(c, &taken))
			break;
		if (taken) {
			status = SLUICE_DONE;
			break;
		}
		if (!sl_record_find(c, in + *in_len, in_size - *in_len))
			break;
		*in_len += c->record_len;
		*data_len = take_record(c);
		if (*data_len) {
			*data = c->content;
			status = SLUICE_DATA;
		}
	}
	sl_record_leave(c);
	c->unread = in_size - *in_len;
	return c->error ? SLUICE_ERROR : status;
}
