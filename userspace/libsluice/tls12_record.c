// SPDX-License-Identifier: MIT
/*
 * TLS 1.2's records under AEAD (section 6.2.3.3): AES-GCM shows eight octets of
 * its nonce in each record (RFC 5288), ChaCha20-Poly1305 makes it as TLS 1.3
 * does (RFC 7905).
 */
#include <string.h>

#include "tls12.h"

#define AD_LEN	13

/* The sequence number, and the header with the length of the content. */
static void make_ad(uint8_t ad[AD_LEN], uint64_t seq, const uint8_t *header,
		    size_t len)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		ad[i] = (uint8_t)(seq >> (56 - 8 * i));
	memcpy(ad + 8, header, 3);
	ad[11] = (uint8_t)(len >> 8);
	ad[12] = (uint8_t)len;
}

bool sl_tls12_record_open(struct sluice_conn *c, size_t len)
{
	size_t skip = c->suite->explicit_len;
	uint8_t nonce[SL_IV_LEN], ad[AD_LEN];
	uint8_t *body;
	int rc;

	if (len < skip + SL_TAG_LEN)
		return sl_fail(c, SL_BAD_RECORD_MAC, SLUICE_ERR_CRYPTO,
			       "a record is too short to be a protected one");
	body = c->record + SL_RECORD_HEADER + skip;
	len -= skip;
	sl_make_nonce(&c->rx, nonce);
	memcpy(nonce + SL_IV_LEN - skip, body - skip, skip);
	make_ad(ad, c->rx.seq, c->record, len - SL_TAG_LEN);
	rc = c->p->aead_open(c->p, c->rx.aead, nonce, ad, sizeof(ad), body,
			     len);
	if (rc < 0)
		return sl_internal(c, "the provider cannot decrypt");
	if (rc)
		return sl_fail(c, SL_BAD_RECORD_MAC, SLUICE_ERR_CRYPTO,
			       "a record cannot be decrypted: it was changed on the way, or the keys differ");
	c->rx.seq++;
	len -= SL_TAG_LEN;
	if (len > c->rx_limit)
		return sl_fail(c, SL_RECORD_OVERFLOW, SLUICE_ERR_PROTOCOL,
			       "a record's content is longer than we take");
	c->content_type = c->record[0];
	c->content = body;
	c->content_len = len;
	return true;
}

size_t sl_tls12_record_seal(struct sluice_conn *c, enum sl_content type,
			    const uint8_t *data, size_t len, uint8_t *out)
{
	size_t skip = c->suite->explicit_len;
	size_t wire_len = skip + len + SL_TAG_LEN;
	uint8_t *body = out + SL_RECORD_HEADER + skip;
	uint8_t nonce[SL_IV_LEN], ad[AD_LEN];

	sl_put_header(out, type, 3, wire_len);
	if (data)
		memcpy(body, data, len);
	/* the sequence number, which never comes twice under a key */
	sl_make_nonce(&c->tx, nonce);
	memcpy(body - skip, nonce + SL_IV_LEN - skip, skip);
	make_ad(ad, c->tx.seq, out, len);
	c->tx.seq++;
	if (c->p->aead_seal(c->p, c->tx.aead, nonce, ad, sizeof(ad), body,
			    len)) {
		sluice_wipe(body, len + SL_TAG_LEN);
		sl_internal(c, "the provider could not encrypt a record");
		return 0;
	}
	return SL_RECORD_HEADER + wire_len;
}

bool sl_tls12_ccs(struct sluice_conn *c, size_t len)
{
	if (c->done || !c->hs->tls12.ccs_wanted || sl_message_begun(c) || len != 1 ||
	    c->record[SL_RECORD_HEADER] != 1)
		return sl_unexpected(c, "an unexpected change_cipher_spec record");
	c->hs->tls12.ccs_wanted = false;
	sl_record_leave(c);
	return sl_tls12_install_rx(c);
}
