// SPDX-License-Identifier: MIT
#include "record.h"

#include <string.h>

#include "conn.h"
#include "tls12.h"

#define CIPHERTEXT_MAX	(SL_PLAINTEXT_MAX + 256)

size_t sluice_want(const struct sluice_conn *c)
{
	return c->want;
}

/* What follows a header like this one is not waited for. */
static bool bad_header(const uint8_t *header, size_t len)
{
	return header[0] < SL_CHANGE_CIPHER_SPEC ||
	       header[0] > SL_APPLICATION_DATA || header[1] != 3 ||
	       len > CIPHERTEXT_MAX;
}

bool sl_record_find(struct sluice_conn *c, uint8_t *in, size_t len)
{
	size_t record_len = SL_RECORD_HEADER;

	if (c->hs)
		c->hs->kept = false;
	sl_record_leave(c);
	if (len >= SL_RECORD_HEADER) {
		size_t body = (size_t)in[3] << 8 | in[4];

		if (!bad_header(in, body))
			record_len += body;
	}
	if (len < record_len) {
		c->want = record_len - len;
		return false;
	}
	c->want = SL_RECORD_HEADER;
	c->record = in;
	c->record_len = record_len;
	return true;
}

void sl_record_leave(struct sluice_conn *c)
{
	/* nothing of the handshake is left lying about */
	if (c->record && c->content_type == SL_HANDSHAKE)
		sluice_wipe(c->record, c->record_len);
	c->record = NULL;
	c->record_len = 0;
	if (c->hs && c->hs->kept)
		return;
	c->content = NULL;
	c->content_len = 0;
	c->content_type = 0;
}

static bool pass_over(struct sluice_conn *c)
{
	sl_record_leave(c);
	return true;
}

/*
 * Early data that was not accepted (section 4.2.10): the server cannot read
 * it, and passes over what it cannot decrypt, up to a limit.
 */
static bool is_early_data(struct sluice_conn *c)
{
	const size_t around = SL_RECORD_HEADER + 1 + SL_TAG_LEN;
	size_t len = c->record_len;

	/* the limit is of data: what else is in a record does not count */
	len = len > around ? len - around : 1;
	if (!c->hs || len > c->hs->early_data_left)
		return false;
	c->hs->early_data_left -= len;
	return true;
}

static bool open_plain(struct sluice_conn *c, size_t len)
{
	/* a record of this type is protected, and so a little longer */
	if (c->record[0] == SL_APPLICATION_DATA) {
		if (is_early_data(c))
			return pass_over(c);
		return sl_unexpected(c, "data came before the keys");
	}
	if (len > SL_PLAINTEXT_MAX)
		return sl_fail(c, SL_RECORD_OVERFLOW, SLUICE_ERR_PROTOCOL,
			       "a record is longer than 16384 octets");
	c->content_type = c->record[0];
	c->content = c->record + SL_RECORD_HEADER;
	c->content_len = len;
	return true;
}

/* The limit belongs to the keys of this handshake, which early data has not. */
static size_t rx_limit(const struct sluice_conn *c)
{
	return sl_early_reading(c) ? SL_PLAINTEXT_MAX : c->rx_limit;
}

static bool open_protected(struct sluice_conn *c, size_t len)
{
	uint8_t *body = c->record + SL_RECORD_HEADER;
	bool whole = len > SL_TAG_LEN;
	int rc = whole ? sl_direction_open(c, &c->rx, c->record, body, len) :
			 SL_BAD_RECORD_MAC;

	if (rc < 0)
		return sl_internal(c, "the provider cannot decrypt");
	if (rc && is_early_data(c))
		return pass_over(c);
	if (rc)
		return sl_fail(c, SL_BAD_RECORD_MAC, SLUICE_ERR_CRYPTO, whole ?
			       "a record cannot be decrypted: it was changed on the way, or the keys differ" :
			       "a record is too short to be a protected one");
	if (c->hs)
		c->hs->early_data_left = 0;
	len -= SL_TAG_LEN;

	/* padding is zeros behind the content type (section 5.4) */
	if (len > rx_limit(c) + 1)
		return sl_fail(c, SL_RECORD_OVERFLOW, SLUICE_ERR_PROTOCOL,
			       "a record's content is longer than we take");
	while (len && !body[len - 1])
		len--;
	if (!len)
		return sl_unexpected(c, "a record consists of padding only");
	c->content_type = body[len - 1];
	c->content = body;
	c->content_len = len - 1;
	return true;
}

/*
 * In the clear though there are keys: the middlebox compatibility mode's
 * change_cipher_spec (section 5), and an alert of a client that could not make
 * the keys, of which nothing encrypted has come yet.
 */
static bool open_outside(struct sluice_conn *c, size_t len)
{
	const uint8_t *body = c->record + SL_RECORD_HEADER;

	switch (c->record[0]) {
	case SL_CHANGE_CIPHER_SPEC:
		if (c->version == SLUICE_TLS_1_2)
			return sl_tls12_ccs(c, len);
		if (c->done || (sl_is_server(c) && !c->hello_done) ||
		    sl_message_begun(c) || len != 1 || body[0] != 1)
			return sl_unexpected(c, "an unexpected change_cipher_spec record");
		c->hs->ccs_passed = true;
		return sl_idled(c) && pass_over(c);
	case SL_ALERT:
		if (sl_is_server(c) && !c->done && !c->rx.seq)
			return open_plain(c, len);
		/* fall through */
	default:
		return sl_unexpected(c, "a record that is not encrypted");
	}
}

bool sl_record_open(struct sluice_conn *c)
{
	size_t len = (size_t)c->record[3] << 8 | c->record[4];

	if (bad_header(c->record, 0))
		return sl_unexpected(c, "the peer does not speak TLS");
	if (len > CIPHERTEXT_MAX)
		return sl_fail(c, SL_RECORD_OVERFLOW, SLUICE_ERR_PROTOCOL,
			       "a record is longer than TLS allows");
	if (c->record[0] == SL_CHANGE_CIPHER_SPEC)
		return open_outside(c, len);
	if (!c->rx.aead) {
		if (!open_plain(c, len))
			return false;
	} else if (c->version == SLUICE_TLS_1_2) {
		if (!sl_tls12_record_open(c, len))
			return false;
	} else if (c->record[0] == SL_APPLICATION_DATA) {
		if (!open_protected(c, len))
			return false;
	} else if (!open_outside(c, len)) {
		return false;
	}

	switch (c->content_type) {
	case 0:				/* passed over */
		return true;
	case SL_ALERT:
		if (c->content_len != 2)
			return sl_bad_decode(c, "an alert is not of two octets");
		return true;
	case SL_HANDSHAKE:
		if (!c->content_len)
			return sl_unexpected(c, "an empty handshake record");
		return true;
	case SL_APPLICATION_DATA:
		if (!c->done && !sl_early_reading(c))
			return sl_unexpected(c, "data came before the end of the handshake");
		if (sl_message_begun(c))
			return sl_unexpected(c, "data came within a handshake message");
		if (!c->content_len)
			return sl_idled(c);
		c->warnings = 0;
		c->idle = 0;
		return true;
	default:
		return sl_unexpected(c, "a record of a type that has no place here");
	}
}

uint8_t *sl_record_body(const struct sluice_conn *c, uint8_t *out)
{
	size_t skip = c->tx.aead && c->version == SLUICE_TLS_1_2 ?
		      c->suite->explicit_len : 0;

	return out + SL_RECORD_HEADER + skip;
}

size_t sl_record_seal(struct sluice_conn *c, enum sl_content type,
		      const uint8_t *data, size_t len, uint8_t *out)
{
	uint8_t *body = out + SL_RECORD_HEADER;
	bool protect = c->tx.aead && type != SL_CHANGE_CIPHER_SPEC;
	size_t wire_len = protect ? len + 1 + SL_TAG_LEN : len;

	if (protect && c->version == SLUICE_TLS_1_2)
		return sl_tls12_record_seal(c, type, data, len, out);
	/* a first ClientHello says 1.0, for the sake of old servers */
	sl_put_header(out, protect ? SL_APPLICATION_DATA : type,
		      sl_is_server(c) || c->hello_done ? 3 : 1, wire_len);
	if (data)
		memcpy(body, data, len);
	if (protect) {
		body[len] = (uint8_t)type;
		if (sl_direction_seal(c, &c->tx, out, body, len + 1)) {
			sluice_wipe(body, wire_len);
			sl_internal(c, "the provider could not encrypt a record");
			return 0;
		}
	}
	return SL_RECORD_HEADER + wire_len;
}

size_t sl_record_seal_ccs(struct sluice_conn *c, uint8_t *out)
{
	static const uint8_t ccs = 1;

	return sl_record_seal(c, SL_CHANGE_CIPHER_SPEC, &ccs, sizeof(ccs), out);
}
