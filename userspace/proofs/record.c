// SPDX-License-Identifier: MIT
/*
 * Proofs for the record layer (record.c): whatever has arrived, whatever the
 * connection's state, and whether the provider takes the record or not, nothing
 * is read or written but the record, and what comes out of it lies in it. And of
 * a record that is sent, every octet is one that was put there.
 *
 * Records are of any length, but what is zeros at the end of one at most PADDING
 * octets: the loop that looks for the end is unwound as often.
 */
#include <string.h>

#include "tls12.h"

#include "proof.h"

#define PADDING		4
/* Enough for what is around the data: solving takes longer by length. */
#define FEW		8

static struct sluice_config config;
static struct sl_suite suite;
static struct sl_handshake *handshake;
static uint8_t sealed;

/* What the rest of the engine would do, as far as it matters here. */
bool sl_fail(struct sluice_conn *c, enum sl_alert alert,
	     enum sluice_error error, const char *reason)
{
	PROVE(error != SLUICE_ERR_NONE && reason);
	c->error = error;
	c->alert = alert;
	return false;
}

bool sl_bad_decode(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_DECODE_ERROR, SLUICE_ERR_PROTOCOL, reason);
}

bool sl_unexpected(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_UNEXPECTED_MESSAGE, SLUICE_ERR_PROTOCOL, reason);
}

bool sl_internal(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_PROVIDER, reason);
}

bool sl_idled(struct sluice_conn *c)
{
	return nondet_bool() || sl_unexpected(c, "once too often");
}

bool sl_message_begun(const struct sluice_conn *c)
{
	return c->piece_len || c->pass;
}

void sluice_wipe(void *mem, size_t len)
{
	PROVE(__CPROVER_w_ok(mem, len));
}

int sl_direction_open(struct sluice_conn *c, struct sl_direction *dir,
		      const uint8_t *header, uint8_t *body, size_t len)
{
	int rc = nondet_int();
	size_t text = len - SL_TAG_LEN;

	PROVE(dir == &c->rx && dir->aead);
	PROVE(header == c->record && body == header + SL_RECORD_HEADER);
	PROVE(len >= SL_TAG_LEN && __CPROVER_w_ok(body, len));
	/* it was encrypted: let what is there be what comes out */
	if (!rc && text > PADDING) {
		bool content = false;

		for (size_t i = 1; i <= PADDING; i++)
			content = content || body[text - i];
		__CPROVER_assume(content);
	}
	return rc;
}

int sl_direction_seal(struct sluice_conn *c, struct sl_direction *dir,
		      const uint8_t *header, uint8_t *body, size_t len)
{
	PROVE(dir == &c->tx && dir->aead);
	PROVE(body == header + SL_RECORD_HEADER);
	PROVE(__CPROVER_r_ok(header, SL_RECORD_HEADER));
	PROVE(__CPROVER_w_ok(body, len + SL_TAG_LEN));
	memset(body + len, sealed, SL_TAG_LEN);
	return 0;
}

void sl_make_nonce(const struct sl_direction *dir, uint8_t *nonce)
{
	PROVE(dir->aead && __CPROVER_w_ok(nonce, SL_IV_LEN));
	memset(nonce, sealed, SL_IV_LEN);
}

bool sl_tls12_install_rx(struct sluice_conn *c)
{
	return nondet_bool() || sl_internal(c, "no key");
}

/* TLS 1.2 asks the provider itself. */
static int aead_open(const struct sluice_provider *p,
		     struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		     const uint8_t *ad, size_t ad_len, uint8_t *data,
		     size_t len)
{
	(void)p;
	PROVE(ctx && len >= SL_TAG_LEN && __CPROVER_w_ok(data, len));
	PROVE(__CPROVER_r_ok(nonce, SL_IV_LEN) && __CPROVER_r_ok(ad, ad_len));
	return nondet_int();
}

static int aead_seal(const struct sluice_provider *p,
		     struct sluice_aead_ctx *ctx, const uint8_t *nonce,
		     const uint8_t *ad, size_t ad_len, uint8_t *data,
		     size_t len)
{
	(void)p;
	PROVE(ctx && __CPROVER_w_ok(data, len + SL_TAG_LEN));
	PROVE(__CPROVER_r_ok(nonce, SL_IV_LEN) && __CPROVER_r_ok(ad, ad_len));
	memset(data + len, sealed, SL_TAG_LEN);
	return 0;
}

static const struct sluice_provider provider = {
	.aead_open = aead_open,
	.aead_seal = aead_seal,
};

/* Any connection, with what holds for all of them. */
static void any_connection(struct sluice_conn *c)
{
	config.role = nondet_bool() ? SLUICE_CLIENT : SLUICE_SERVER;
	c->config = &config;
	c->p = &provider;
	suite.explicit_len = nondet_bool() ? 8 : 0;
	c->suite = &suite;
	__CPROVER_assume(!c->version || c->version == SLUICE_TLS_1_2 ||
			 c->version == SLUICE_TLS_1_3);
	c->hs = NULL;
	c->error = SLUICE_ERR_NONE;
	if (nondet_bool()) {
		handshake = malloc(sizeof(*handshake));
		__CPROVER_assume(handshake);
		c->hs = handshake;
	}
	__CPROVER_assume(c->rx_limit >= SLUICE_DATA_MIN &&
			 c->rx_limit <= SL_PLAINTEXT_MAX);
	__CPROVER_assume(!c->done == !!c->hs);
	c->rx.aead = nondet_bool() ? (void *)&config : NULL;
	c->tx.aead = nondet_bool() ? (void *)&config : NULL;
	__CPROVER_assume(!c->done || (c->version && c->rx.aead && c->tx.aead));
	c->record = NULL;
}

void prove_find_and_open(void)
{
	size_t len = up_to(2 * SLUICE_RECORD_MAX);
	struct sluice_conn c;
	uint8_t *in = octets(len);
	size_t behind = 0;
	bool early;

	any_connection(&c);
	if (!sl_record_find(&c, in, len)) {
		/* so the caller reads, and never beyond the longest record */
		PROVE(c.want && !c.record && !c.record_len);
		PROVE(len + c.want <= SLUICE_RECORD_MAX);
		return;
	}
	early = sl_early_reading(&c);
	PROVE(c.record == in && c.record_len <= len);
	PROVE(c.record_len >= SL_RECORD_HEADER);
	PROVE(c.record_len <= SLUICE_RECORD_MAX);
	if (!sl_record_open(&c)) {
		PROVE(c.error != SLUICE_ERR_NONE);
		return;
	}
	PROVE(c.error == SLUICE_ERR_NONE);
	if (!c.content_type) {
		PROVE(!c.record && !c.content && !c.content_len);
		return;
	}
	/* what comes out lies in the record, between header and tag */
	if (c.rx.aead && c.version == SLUICE_TLS_1_2)
		behind = SL_TAG_LEN;
	else if (c.record[0] == SL_APPLICATION_DATA)
		behind = 1 + SL_TAG_LEN;
	PROVE(c.content >= c.record + SL_RECORD_HEADER);
	PROVE(c.content + c.content_len + behind <= c.record + c.record_len);
	PROVE(c.content_len <= SL_PLAINTEXT_MAX);
	PROVE(c.content_type != SL_ALERT || c.content_len == 2);
	PROVE(c.content_type != SL_HANDSHAKE || c.content_len);
	PROVE(c.content_type != SL_APPLICATION_DATA || c.rx.aead);
	PROVE(!c.rx.aead || c.content_type == SL_ALERT || early ||
	      c.content_len <= c.rx_limit);
	sl_record_leave(&c);
	PROVE(!c.record && ((c.hs && c.hs->kept) ||
			    (!c.content && !c.content_len)));
}

static unsigned int any_type(void)
{
	unsigned int type = nondet_uint();

	__CPROVER_assume(type >= SL_CHANGE_CIPHER_SPEC &&
			 type <= SL_APPLICATION_DATA);
	return type;
}

void prove_seal(void)
{
	size_t len = up_to(SL_PLAINTEXT_MAX), got;
	struct sluice_conn c;

	any_connection(&c);
	got = sl_record_seal(&c, (enum sl_content)any_type(), octets(len), len,
			     octets(len + SLUICE_OVERHEAD));
	PROVE(got >= SL_RECORD_HEADER + len && got <= len + SLUICE_OVERHEAD);
}

/* Two rooms with other octets in them, and the same record in both. */
void prove_seal_octets(void)
{
	size_t len = up_to(FEW), got, i = nondet_size();
	enum sl_content type = (enum sl_content)any_type();
	uint8_t *data = octets(len);
	uint8_t *a = octets(len + SLUICE_OVERHEAD);
	uint8_t *b = octets(len + SLUICE_OVERHEAD);
	struct sluice_conn c, d;

	any_connection(&c);
	sealed = nondet_u8();
	d = c;
	got = sl_record_seal(&c, type, data, len, a);
	PROVE(got == sl_record_seal(&d, type, data, len, b));
	if (i < got)
		PROVE(a[i] == b[i]);
	PROVE(got == SL_RECORD_HEADER + ((size_t)a[3] << 8 | a[4]));
}
