// SPDX-License-Identifier: MIT
#include "auth.h"

#include <string.h>

#include "compress.h"
#include "conn.h"
#include "constant_time.h"
#include "hello.h"
#include "raw_keys.h"
#include "staple.h"
#include "tls12.h"
#include "verdict.h"

bool sl_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	volatile uint8_t diff = 0;

	while (len--)
		diff = diff | (uint8_t)(*a++ ^ *b++);
	sl_declassify(&diff, sizeof(diff));
	return !diff;
}

/* Section 4.4.2.4. */
static bool no_certificate(struct sluice_conn *c)
{
	if (!sl_is_server(c))
		return sl_bad_decode(c, "the server sent no certificate");
	if (c->config->client_auth == SLUICE_CLIENT_AUTH_REQUIRED)
		return sl_fail(c, SL_CERTIFICATE_REQUIRED,
			       SLUICE_ERR_CERTIFICATE,
			       "the client has no certificate, or none that it wants to show");
	return true;
}

bool sl_chain_add(struct sluice_conn *c, struct sl_reader cert)
{
	if (c->hs->chain_len == SLUICE_CHAIN_MAX)
		return sl_fail(c, SL_BAD_CERTIFICATE, SLUICE_ERR_CERTIFICATE,
			       "the peer sent more than 16 certificates");
	c->hs->chain[c->hs->chain_len].data = cert.pos;
	c->hs->chain[c->hs->chain_len++].len = cert.left;
	return true;
}

bool sl_certificate_read(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_reader context = sl_get_vec(body, 1, 0, 0xff);
	struct sl_reader list = sl_get_vec(body, 3, 0, SL_MESSAGE_MAX);

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed Certificate");
	if (context.left)
		return sl_illegal(c, "a Certificate with a context");
	if (!list.left)
		return no_certificate(c);
	while (list.left) {
		struct sl_reader cert = sl_get_vec(&list, 3, 1, SL_MESSAGE_MAX);
		struct sl_extensions ext;
		struct sl_reader block;
		size_t len;

		/* this entry's extensions, length included */
		block = list;
		len = sl_get_vec(&list, 2, 0, 0xffff).left;
		if (list.bad)
			return sl_bad_decode(c, "a malformed Certificate");
		block.left = 2 + len;
		if (!sl_parse_extensions(c, &block, SL_IN_CT, &ext) ||
		    !sl_read_staple(c, &ext, c->hs->chain_len) ||
		    !sl_chain_add(c, cert))
			return false;
	}
	return sl_check_certificate_type(c) && sl_verdict_find(c);
}

/* The certificates that we show, or the key; how many there are. */
static size_t own_chain(struct sluice_conn *c, struct sluice_octets *chain)
{
	if (!sl_is_server(c) && !c->client_signature)
		return 0;
	if (c->own_raw)
		return c->p->credential_key(c->p, c->hs->credential, chain);
	return c->p->credential_chain(c->p, c->hs->credential, chain);
}

bool sl_certificate_write(struct sluice_conn *c)
{
	struct sluice_octets chain[SLUICE_CHAIN_MAX];
	struct sl_writer w;
	size_t count = own_chain(c, chain), i, list, mark;

	sl_message_begin(c, &w, SL_CERTIFICATE);
	sl_put8(&w, 0);
	list = sl_begin_vec(&w, 3);
	for (i = 0; i < count; i++) {
		mark = sl_begin_vec(&w, 3);
		sl_put(&w, chain[i].data, chain[i].len);
		sl_end_vec(&w, mark, 3);
		mark = sl_begin_vec(&w, 2);
		if (!c->own_raw)
			sl_put_staple(c, &w, i);
		sl_end_vec(&w, mark, 2);
	}
	sl_end_vec(&w, list, 3);
	sl_compress(c, &w);
	return sl_message_end(c, &w);
}

/* What the one side or the other signs; returns its length, 0 on failure. */
#define CONTEXT_LEN	34

static size_t signed_content(struct sluice_conn *c, bool server, uint8_t *out)
{
	static const char contexts[2][CONTEXT_LEN] = {
		"TLS 1.3, client CertificateVerify",
		"TLS 1.3, server CertificateVerify",
	};

	memset(out, ' ', 64);
	memcpy(out + 64, contexts[server], CONTEXT_LEN);
	if (!sl_transcript_hash(c, c->suite->hash, NULL, 0,
				out + 64 + CONTEXT_LEN))
		return 0;
	return 64 + CONTEXT_LEN + c->suite->hash_len;
}

bool sl_certificate_verify_read(struct sluice_conn *c, struct sl_reader *body)
{
	uint16_t scheme = sl_get16(body);
	struct sl_reader sig = sl_get_vec(body, 2, 0, 0xffff);
	uint8_t content[SL_SIGNED_MAX];
	size_t len;
	int rc;

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed CertificateVerify");
	if (!sl_scheme_usable(c->config, scheme))
		return sl_illegal(c, "the peer signed with a scheme that was not offered");
	len = signed_content(c, !sl_is_server(c), content);
	if (!len)
		return false;
	rc = c->p->verify_signature(c->p, c->hs->peer_key, scheme, content, len,
				    sig.pos, sig.left);
	if (rc)
		return sl_verdict(c, rc, SLUICE_ERR_CRYPTO,
				  "the peer's signature is not valid: it does not have the certificate's key");
	if (sl_is_server(c))
		c->client_signature = scheme;
	else
		c->signature = scheme;
	return true;
}

uint16_t sl_own_scheme(const struct sluice_conn *c)
{
	return sl_is_server(c) ? c->signature : c->client_signature;
}

uint16_t sl_signing_scheme(const struct sluice_conn *c)
{
	uint16_t scheme = sl_own_scheme(c);

	if (c->version != SLUICE_TLS_1_2 || sl_is_server(c) ||
	    sl_tls12_signs_raw(c))
		return scheme;
	/* a key on a curve of another hash */
	if (!sl_listed(c->p->credential_schemes(c->p, c->hs->credential),
		       scheme))
		scheme |= SLUICE_SCHEME_ANY_CURVE;
	return scheme | SLUICE_SCHEME_DIGEST;
}

struct sluice_octets sl_signed_octets(const struct sluice_conn *c)
{
	return (struct sluice_octets){
		sl_tls12_signs_raw(c) ? c->hs->tls12.raw : c->hs->content,
		c->hs->content_len
	};
}

bool sl_signature_make(struct sluice_conn *c)
{
	uint8_t sig[SLUICE_SIGNATURE_MAX];
	struct sluice_octets content;
	size_t len = 0;

	if (c->version == SLUICE_TLS_1_2)
		c->hs->content_len = sl_tls12_signed_content(c, c->hs->content);
	else
		c->hs->content_len = signed_content(c, sl_is_server(c),
						    c->hs->content);
	if (!c->hs->content_len)
		return false;
	if (c->config->async & SLUICE_ASYNC_SIGNATURE) {
		c->hs->wanted = SLUICE_WANT_SIGNATURE;
		return true;
	}
	content = sl_signed_octets(c);
	if (c->p->sign(c->p, c->hs->credential, sl_signing_scheme(c),
		       content.data, content.len, sig, &len))
		return sl_internal(c, "the provider could not sign");
	return sl_signature_use(c, sig, len);
}

bool sl_signature_use(struct sluice_conn *c, const uint8_t *sig, size_t len)
{
	struct sl_writer w;
	size_t mark;

	if (c->version == SLUICE_TLS_1_2)
		return sl_tls12_signature_use(c, sig, len);
	sl_message_begin(c, &w, SL_CERTIFICATE_VERIFY);
	sl_put16(&w, sl_own_scheme(c));
	mark = sl_begin_vec(&w, 2);
	sl_put(&w, sig, len);
	sl_end_vec(&w, mark, 2);
	return sl_message_end(c, &w);
}

static bool finished_mac(struct sluice_conn *c, const uint8_t *secret,
			 uint8_t *mac)
{
	uint8_t hash[SLUICE_HASH_MAX];

	return sl_transcript_hash(c, c->suite->hash, NULL, 0, hash) &&
	       sl_finished_mac(c, c->suite, secret, hash, mac);
}

bool sl_finished_read(struct sluice_conn *c, const uint8_t *secret,
		      struct sl_reader *body)
{
	uint8_t mac[SLUICE_HASH_MAX];
	bool equal;

	if (body->left != c->suite->hash_len)
		return sl_bad_decode(c, "a malformed Finished");
	if (!finished_mac(c, secret, mac))
		return false;
	equal = sl_equal(mac, body->pos, c->suite->hash_len);
	sluice_wipe(mac, sizeof(mac));
	if (!equal)
		return sl_fail(c, SL_DECRYPT_ERROR, SLUICE_ERR_CRYPTO,
			       "the handshake was changed on the way: Finished does not match");
	return true;
}

bool sl_finished_write(struct sluice_conn *c, const uint8_t *secret)
{
	uint8_t mac[SLUICE_HASH_MAX];
	struct sl_writer w;

	if (!finished_mac(c, secret, mac))
		return false;
	sl_message_begin(c, &w, SL_FINISHED);
	sl_put(&w, mac, c->suite->hash_len);
	sluice_wipe(mac, sizeof(mac));
	return sl_message_end(c, &w);
}
