// SPDX-License-Identifier: MIT
#include "pins.h"

#include <string.h>

#include "conn.h"

#define SEQUENCE	0x30
#define INTEGER		0x02
#define VERSION		0xa0	/* [0], explicit */

/* The next element, by the distinguished encoding rules (X.690). */
static struct sl_reader get_element(struct sl_reader *r, uint8_t tag)
{
	uint8_t found = sl_get8(r);
	size_t len = sl_get8(r);
	const uint8_t *at;

	if (found != tag)
		r->bad = true;
	if (len == 0x81)
		len = sl_get8(r);
	else if (len == 0x82)
		len = sl_get16(r);
	else if (len == 0x83)
		len = sl_get24(r);
	else if (len > 0x7f)
		r->bad = true;
	at = sl_get(r, len);
	return at ? sl_reader(at, len) : (struct sl_reader){ .bad = true };
}

/* RFC 5280, section 4.1. What is behind the key is the provider's to judge. */
bool sl_cert_key(struct sluice_octets cert, struct sluice_octets *key)
{
	struct sl_reader r = sl_reader(cert.data, cert.len);
	struct sl_reader outer = get_element(&r, SEQUENCE);
	struct sl_reader tbs = get_element(&outer, SEQUENCE);
	unsigned int i;

	if (!sl_done(&r))
		return false;
	if (tbs.left && *tbs.pos == VERSION)
		get_element(&tbs, VERSION);
	get_element(&tbs, INTEGER);		/* the serial number */
	/* the signature's algorithm, issuer, validity, subject */
	for (i = 0; i < 4; i++)
		get_element(&tbs, SEQUENCE);
	key->data = tbs.pos;
	get_element(&tbs, SEQUENCE);
	key->len = tbs.bad ? 0 : (size_t)(tbs.pos - key->data);
	return !tbs.bad;
}

int sluice_pin(const struct sluice_provider *p, const uint8_t *shown,
	       size_t len, bool raw_key, uint8_t pin[SLUICE_PIN_LEN])
{
	struct sluice_octets key = { shown, len };
	struct sluice_hash_ctx *ctx;
	bool ok;

	if (!raw_key && !sl_cert_key(key, &key))
		return -1;
	ctx = p->hash_new(p, SLUICE_SHA256);
	ok = ctx && !p->hash_update(p, ctx, key.data, key.len) &&
	     !p->hash_digest(p, ctx, pin);
	p->hash_free(p, ctx);
	return ok ? 0 : -1;
}

bool sl_pins_check(struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;
	uint8_t hash[SLUICE_HASH_MAX];
	struct sluice_octets key;
	size_t i;

	if (!config->pin_count)
		return true;
	if (c->peer_raw)
		key = c->hs->chain[0];
	else if (!sl_cert_key(c->hs->chain[0], &key))
		return sl_fail(c, SL_BAD_CERTIFICATE, SLUICE_ERR_CERTIFICATE,
			       "the certificate is malformed");
	if (!sl_hash(c, SLUICE_SHA256, &key, 1, hash))
		return false;
	for (i = 0; i < config->pin_count; i++) {
		if (!memcmp(config->pins[i], hash, SLUICE_PIN_LEN))
			return true;
	}
	return sl_fail(c, SL_CERTIFICATE_UNKNOWN, SLUICE_ERR_CERTIFICATE,
		       "the peer's key is none of those that are pinned");
}
