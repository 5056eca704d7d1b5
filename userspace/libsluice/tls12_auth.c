// SPDX-License-Identifier: MIT
/* TLS 1.2's certificates, and who signs what with them. */
#include <string.h>

#include "auth.h"
#include "certificate_request.h"
#include "credential.h"
#include "hello.h"
#include "tls12.h"
#include "verdict.h"

/* ClientCertificateType (section 7.4.4; RFC 8422, section 5.5). */
#define RSA_SIGN	1
#define ECDSA_SIGN	64

/* A client's Certificate and ClientKeyExchange, as short as they may be. */
#define CLIENT_FLIGHT	512

bool sl_tls12_only(uint16_t scheme)
{
	return sl_listed(sl_certificate_schemes, scheme);
}

enum sl_auth sl_tls12_scheme_auth(uint16_t scheme)
{
	switch (scheme) {
	case SLUICE_ECDSA_SECP256R1_SHA256:
	case SLUICE_ECDSA_SECP384R1_SHA384:
	case SLUICE_ECDSA_SECP521R1_SHA512:
	case SLUICE_ED25519:		/* RFC 8422, section 5.10 */
		return SL_AUTH_ECDSA;
	case SLUICE_RSA_PSS_RSAE_SHA256:
	case SLUICE_RSA_PSS_RSAE_SHA384:
	case SLUICE_RSA_PSS_RSAE_SHA512:
	case SLUICE_RSA_PSS_PSS_SHA256:
	case SLUICE_RSA_PSS_PSS_SHA384:
	case SLUICE_RSA_PSS_PSS_SHA512:
	case SLUICE_RSA_PKCS1_SHA256:
	case SLUICE_RSA_PKCS1_SHA384:
	case SLUICE_RSA_PKCS1_SHA512:
		return SL_AUTH_RSA;
	default:
		return SL_AUTH_ANY;	/* no cipher suite is for it */
	}
}

bool sl_tls12_scheme_known(const struct sluice_config *config, uint16_t scheme)
{
	return sl_tls12_scheme_auth(scheme) != SL_AUTH_ANY &&
	       sl_scheme_offered(config, scheme);
}

bool sl_tls12_scheme_usable(const struct sluice_config *config, uint16_t scheme)
{
	return sl_tls12_scheme_auth(scheme) != SL_AUTH_ANY &&
	       sl_scheme_asked(config, scheme);
}

/*
 * A client signs the whole handshake, of which there are two hashes: with
 * others it cannot, but for Ed25519, if all of it was kept. ECDSA goes with either
 * hash, whatever the curve. False: this is one of the others.
 */
static bool find_hash(uint16_t scheme, enum sluice_hash *hash)
{
	switch (scheme) {
	case SLUICE_ECDSA_SECP256R1_SHA256:
	case SLUICE_RSA_PSS_RSAE_SHA256:
	case SLUICE_RSA_PSS_PSS_SHA256:
	case SLUICE_RSA_PKCS1_SHA256:
		*hash = SLUICE_SHA256;
		return true;
	case SLUICE_ECDSA_SECP384R1_SHA384:
	case SLUICE_RSA_PSS_RSAE_SHA384:
	case SLUICE_RSA_PSS_PSS_SHA384:
	case SLUICE_RSA_PKCS1_SHA384:
		*hash = SLUICE_SHA384;
		return true;
	default:
		return false;
	}
}

/* more: octets to come until it signs, at the least. */
static bool may_sign(const struct sluice_conn *c, uint16_t scheme, size_t more)
{
	enum sluice_hash hash;

	return scheme == SLUICE_ED25519 ? sl_tls12_raw_room(c, more) :
					  find_hash(scheme, &hash);
}

/* Section 7.4.6. */
static bool no_certificate(struct sluice_conn *c)
{
	if (!sl_is_server(c))
		return sl_bad_decode(c, "the server sent no certificate");
	if (c->config->client_auth == SLUICE_CLIENT_AUTH_REQUIRED)
		return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_CERTIFICATE,
			       "the client has no certificate, or none that it wants to show");
	return true;
}

bool sl_tls12_certificate_read(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_reader list = sl_get_vec(body, 3, 0, SL_MESSAGE_MAX);

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed Certificate");
	if (!list.left)
		return no_certificate(c);
	while (list.left) {
		struct sl_reader cert = sl_get_vec(&list, 3, 1, SL_MESSAGE_MAX);

		if (list.bad)
			return sl_bad_decode(c, "a malformed Certificate");
		if (!sl_chain_add(c, cert))
			return false;
	}
	return sl_tls12_chain_keep(c) || sl_verdict_find(c);
}

bool sl_tls12_certificate_write(struct sluice_conn *c)
{
	struct sluice_octets chain[SLUICE_CHAIN_MAX];
	struct sl_writer w;
	size_t count = 0, i, list, cert;

	if (sl_own_scheme(c))
		count = c->p->credential_chain(c->p, c->hs->credential, chain);
	sl_message_begin(c, &w, SL_CERTIFICATE);
	list = sl_begin_vec(&w, 3);
	for (i = 0; i < count; i++) {
		cert = sl_begin_vec(&w, 3);
		sl_put(&w, chain[i].data, chain[i].len);
		sl_end_vec(&w, cert, 3);
	}
	sl_end_vec(&w, list, 3);
	return sl_message_end(c, &w);
}

bool sl_tls12_certificate_request_write(struct sluice_conn *c)
{
	const uint16_t *lists[2] = { sl_signature_schemes, sl_certificate_schemes };
	struct sl_writer w;
	unsigned int i;
	size_t mark;

	sl_message_begin(c, &w, SL_CERTIFICATE_REQUEST);
	sl_put8(&w, 2);
	sl_put8(&w, RSA_SIGN);
	sl_put8(&w, ECDSA_SIGN);
	mark = sl_begin_vec(&w, 2);
	for (i = 0; i < 2; i++) {
		const uint16_t *scheme = lists[i];

		for (; *scheme; scheme++) {
			if (sl_tls12_scheme_usable(c->config, *scheme) &&
			    may_sign(c, *scheme, CLIENT_FLIGHT))
				sl_put16(&w, *scheme);
		}
	}
	sl_end_vec(&w, mark, 2);
	sl_put_authorities(c, &w);
	c->certificate_requested = true;
	return sl_message_end(c, &w);
}

bool sl_tls12_certificate_request_read(struct sluice_conn *c,
				       struct sl_reader *body)
{
	struct sl_reader types = sl_get_vec(body, 1, 1, 255);
	struct sl_reader schemes = sl_get_vec(body, 2, 2, 0xfffe);
	struct sl_reader authorities = sl_get_vec(body, 2, 0, 0xffff);
	struct sl_reader names = authorities;
	struct sl_writer w = sl_writer(c->hs->tls12.schemes, sizeof(c->hs->tls12.schemes));

	while (names.left)
		sl_get_vec(&names, 2, 1, 0xffff);
	if (!sl_done(body) || !sl_done(&names) || schemes.left % 2)
		return sl_bad_decode(c, "a malformed CertificateRequest");
	c->hs->request.certificate_schemes = sl_octets(schemes);
	while (schemes.left) {
		uint16_t scheme = sl_get16(&schemes);
		int type = sl_tls12_scheme_auth(scheme) == SL_AUTH_RSA ?
			   RSA_SIGN : ECDSA_SIGN;

		if (sl_tls12_scheme_known(c->config, scheme) &&
		    may_sign(c, scheme, c->message_len + CLIENT_FLIGHT) &&
		    memchr(types.pos, type, types.left) &&
		    !sl_contains16(sl_reader(w.buf, w.len), scheme))
			sl_put16(&w, scheme);
	}
	c->hs->request.schemes = (struct sluice_octets){ w.buf, w.len };
	c->hs->request.authorities = sl_octets(authorities);
	c->certificate_requested = true;
	return sl_credential_choose(c);
}

bool sl_tls12_signs_raw(const struct sluice_conn *c)
{
	return c->version == SLUICE_TLS_1_2 && !sl_is_server(c) &&
	       c->client_signature == SLUICE_ED25519;
}

static bool no_room(struct sluice_conn *c)
{
	return sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_MEMORY,
		       "the handshake is longer than the memory that the connection was given: Ed25519 signs all of it");
}

/* The randoms and the parameters; or the hash of all that was said, or all. */
size_t sl_tls12_signed_content(struct sluice_conn *c, uint8_t *out)
{
	struct sl_writer w = sl_writer(out, SL_SIGNED_MAX);
	enum sluice_hash hash;

	if (sl_is_server(c)) {
		sl_put(&w, c->randoms, sizeof(c->randoms));
		sl_tls12_put_params(c, &w);
		return w.bad ? 0 : w.len;
	}
	if (sl_tls12_signs_raw(c))
		return sl_tls12_raw_room(c, 0) || no_room(c) ?
		       c->hs->tls12.raw_len : 0;
	if (!find_hash(c->client_signature, &hash) ||
	    !sl_transcript_hash(c, hash, NULL, 0, out))
		return 0;
	return hash == SLUICE_SHA256 ? 32 : 48;
}

bool sl_tls12_signature_use(struct sluice_conn *c, const uint8_t *sig,
			    size_t len)
{
	struct sl_writer w;
	size_t mark;

	if (sl_is_server(c)) {
		sl_message_begin(c, &w, SL_SERVER_KEY_EXCHANGE);
		sl_tls12_put_params(c, &w);
	} else {
		sl_message_begin(c, &w, SL_CERTIFICATE_VERIFY);
	}
	sl_put16(&w, sl_own_scheme(c));
	mark = sl_begin_vec(&w, 2);
	sl_put(&w, sig, len);
	sl_end_vec(&w, mark, 2);
	return sl_message_end(c, &w);
}

bool sl_tls12_signature_check(struct sluice_conn *c, uint16_t scheme,
			      struct sluice_octets content,
			      struct sl_reader sig, unsigned int flags)
{
	int rc;

	rc = c->p->verify_signature(c->p, c->hs->peer_key,
				    (uint16_t)(scheme | flags |
					       SLUICE_SCHEME_ANY_CURVE),
				    content.data, content.len,
				    sig.pos, sig.left);
	return !rc || sl_verdict(c, rc, SLUICE_ERR_CRYPTO,
				 "the peer's signature is not valid: it does not have the certificate's key");
}

static bool check_raw(struct sluice_conn *c, struct sl_reader sig)
{
	const struct sl_tls12 *t = &c->hs->tls12;
	struct sluice_octets content = { t->raw, t->raw_len };

	return (sl_tls12_raw_room(c, 0) || no_room(c)) &&
	       sl_tls12_signature_check(c, SLUICE_ED25519, content, sig, 0);
}

static bool check_digest(struct sluice_conn *c, uint16_t scheme,
			 enum sluice_hash hash, struct sl_reader sig)
{
	uint8_t digest[SLUICE_HASH_MAX];
	struct sluice_octets content = {
		digest, hash == SLUICE_SHA256 ? 32 : 48
	};

	return sl_transcript_hash(c, hash, NULL, 0, digest) &&
	       sl_tls12_signature_check(c, scheme, content, sig,
					SLUICE_SCHEME_DIGEST);
}

bool sl_tls12_certificate_verify_read(struct sluice_conn *c,
				      struct sl_reader *body)
{
	uint16_t scheme = sl_get16(body);
	struct sl_reader sig = sl_get_vec(body, 2, 0, 0xffff);
	bool raw = scheme == SLUICE_ED25519 && c->hs->tls12.raw_size;
	enum sluice_hash hash = SLUICE_SHA256;

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed CertificateVerify");
	if (!sl_tls12_scheme_usable(c->config, scheme) ||
	    (!raw && !find_hash(scheme, &hash)))
		return sl_illegal(c, "the peer signed with a scheme that was not offered");
	if (!(raw ? check_raw(c, sig) : check_digest(c, scheme, hash, sig)))
		return false;
	c->client_signature = scheme;
	return true;
}

bool sl_tls12_finished_read(struct sluice_conn *c, struct sl_reader *body)
{
	uint8_t mac[SL_TLS12_FINISHED_LEN];
	bool equal;

	if (c->hs->tls12.ccs_wanted)
		return sl_unexpected(c, "Finished without a change_cipher_spec before it");
	if (body->left != sizeof(mac))
		return sl_bad_decode(c, "a malformed Finished");
	if (!sl_tls12_finished(c, !sl_is_server(c), mac))
		return false;
	equal = sl_equal(mac, body->pos, sizeof(mac));
	sluice_wipe(mac, sizeof(mac));
	return equal ||
	       sl_fail(c, SL_DECRYPT_ERROR, SLUICE_ERR_CRYPTO,
		       "the handshake was changed on the way: Finished does not match");
}

bool sl_tls12_finished_write(struct sluice_conn *c)
{
	uint8_t mac[SL_TLS12_FINISHED_LEN];
	struct sl_writer w;

	if (!sl_tls12_finished(c, sl_is_server(c), mac))
		return false;
	sl_message_begin(c, &w, SL_FINISHED);
	sl_put(&w, mac, sizeof(mac));
	sluice_wipe(mac, sizeof(mac));
	return sl_message_end(c, &w);
}
