// SPDX-License-Identifier: MIT
/* The hellos, as far as TLS 1.2 has a say in them. */
#include <string.h>

#include "auth.h"
#include "certificate_wishes.h"
#include "client.h"
#include "client_hello.h"
#include "credential.h"
#include "hello.h"
#include "lookup.h"
#include "server.h"
#include "server_hello.h"
#include "tickets.h"
#include "tls12.h"

/* Cipher suites that are none (RFC 5746, section 3.3; RFC 7507). */
#define RENEGOTIATION_SCSV	0x00ff
#define FALLBACK_SCSV		0x5600

#define UNCOMPRESSED		0

/* RFC 9846, section 4.1.3: the end of a random. */
static const uint8_t downgrade[8] = { 'D', 'O', 'W', 'N', 'G', 'R', 'D', 1 };

bool sl_tls12_offered(const struct sluice_config *config)
{
	return !config->psk && sl_version_usable(config, SLUICE_TLS_1_2);
}

bool sl_tls12_group(uint16_t group)
{
	return group == SLUICE_X25519 || group == SLUICE_SECP256R1 ||
	       group == SLUICE_SECP384R1 || group == SLUICE_SECP521R1;
}

static void put_empty(struct sluice_conn *c, struct sl_writer *w,
		      enum sl_extension ext)
{
	sl_end_vec(w, sl_begin_extension(c, w, ext), 2);
}

static void put_point_formats(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext = sl_begin_extension(c, w, SL_EXT_POINT_FORMATS);

	sl_put8(w, 1);
	sl_put8(w, UNCOMPRESSED);
	sl_end_vec(w, ext, 2);
}

/* In a first handshake there is nothing to be told of one before it. */
static void put_renegotiation_info(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext = sl_begin_extension(c, w, SL_EXT_RENEGOTIATION_INFO);

	sl_put8(w, 0);
	sl_end_vec(w, ext, 2);
}

void sl_tls12_put_extensions(struct sluice_conn *c, struct sl_writer *w)
{
	put_point_formats(c, w);
	put_empty(c, w, SL_EXT_EXTENDED_MASTER_SECRET);
	put_renegotiation_info(c, w);
	sl_tls12_put_ticket(c, w);
}

/* What both sides ask of the other's hello. */
static bool check_extensions(struct sluice_conn *c, struct sl_extensions *ext,
			     bool scsv)
{
	if (!sl_has(ext, SL_EXT_EXTENDED_MASTER_SECRET))
		return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
			       "the peer does not have the extended master secret");
	if (ext->body[SL_EXT_EXTENDED_MASTER_SECRET].left)
		return sl_bad_decode(c, "a malformed extended_master_secret");
	if (sl_has(ext, SL_EXT_RENEGOTIATION_INFO)) {
		struct sl_reader *r = &ext->body[SL_EXT_RENEGOTIATION_INFO];
		struct sl_reader info = sl_get_vec(r, 1, 0, 255);

		if (!sl_done(r))
			return sl_bad_decode(c, "a malformed renegotiation_info");
		if (info.left)
			return sl_fail(c, SL_HANDSHAKE_FAILURE,
				       SLUICE_ERR_PROTOCOL,
				       "a first handshake that claims to be a renegotiation");
	} else if (!scsv) {
		return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
			       "the peer does not know of secure renegotiation");
	}
	if (sl_has(ext, SL_EXT_POINT_FORMATS)) {
		struct sl_reader *r = &ext->body[SL_EXT_POINT_FORMATS];
		struct sl_reader formats = sl_get_vec(r, 1, 1, 255);

		if (!sl_done(r))
			return sl_bad_decode(c, "a malformed ec_point_formats");
		if (!memchr(formats.pos, UNCOMPRESSED, formats.left))
			return sl_illegal(c, "a peer that does not take uncompressed points");
	}
	return true;
}

/* The server resumes, or it begins a new session. */
static bool begin_session(struct sluice_conn *c, struct sl_reader id)
{
	const struct sl_tls12 *t = &c->hs->tls12;

	if (id.left && id.left == c->hs->session_id_len &&
	    !memcmp(id.pos, c->hs->session_id, id.left)) {
		/* the one that TLS 1.3 makes up is of no session */
		if (!t->suite)
			return sl_illegal(c, "the server resumes a session that was not offered");
		if (c->suite != t->suite)
			return sl_illegal(c, "the server resumes a session with another cipher suite");
		c->verified = t->verified;
		sl_tls12_take_session(c);
		sl_tls12_client_resume(c);
		return sl_tls12_key_block(c);
	}
	memcpy(c->hs->session_id, id.pos, id.left);
	c->hs->session_id_len = id.left;
	sl_tls12_client_begin(c);
	return true;
}

bool sl_tls12_server_hello_read(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_extensions ext = { .present = 0 };
	struct sl_reader session_id;
	const uint8_t *random;
	uint16_t suite;
	uint8_t compression;

	if (c->retried)
		return sl_illegal(c, "the server goes back to TLS 1.2 after a HelloRetryRequest");
	if (c->hs->ccs_passed)
		return sl_unexpected(c, "an unexpected change_cipher_spec record");
	c->version = SLUICE_TLS_1_2;
	sl_get16(body);
	random = sl_get(body, SL_RANDOM_LEN);
	session_id = sl_get_vec(body, 1, 0, SL_SESSION_ID_MAX);
	suite = sl_get16(body);
	compression = sl_get8(body);
	if (body->bad)
		return sl_bad_decode(c, "a malformed ServerHello");
	if (body->left &&
	    !sl_parse_extensions(c, body, SL_IN_EE | SL_IN_SH12, &ext))
		return false;
	/* what only TLS 1.3 has an answer to */
	if (sl_has(&ext, SL_EXT_ENCRYPTED_CLIENT_HELLO))
		return sl_fail(c, SL_UNSUPPORTED_EXTENSION, SLUICE_ERR_PROTOCOL,
			       "the server of TLS 1.2 answers an encrypted ClientHello");
	if (compression)
		return sl_illegal(c, "the server chose a compression");
	if (!sl_suite_usable_in(c->config, SLUICE_TLS_1_2, suite))
		return sl_illegal(c, "the server chose a cipher suite that was not offered");
	c->suite = sl_suite_find(suite);
	if (!check_extensions(c, &ext, false) ||
	    !sl_server_answers_read(c, &ext))
		return false;
	if (sl_has(&ext, SL_EXT_SESSION_TICKET) &&
	    ext.body[SL_EXT_SESSION_TICKET].left)
		return sl_bad_decode(c, "a malformed session_ticket");
	c->hs->tls12.ticket_promised = sl_has(&ext, SL_EXT_SESSION_TICKET);
	if (ext.body[SL_EXT_STATUS_REQUEST].left)
		return sl_bad_decode(c, "a malformed status_request");
	c->hs->tls12.status_promised = sl_has(&ext, SL_EXT_STATUS_REQUEST);
	memcpy(c->randoms, c->hs->client_random, SL_RANDOM_LEN);
	memcpy(c->randoms + SL_RANDOM_LEN, random, SL_RANDOM_LEN);
	sl_shares_free(c);
	return sl_message_hash(c) && begin_session(c, session_id);
}

static bool choose_suites(struct sluice_conn *c, struct sl_client_hello *hello)
{
	const uint16_t *id = sl_suites(c->config);
	const struct sl_suite **choice = c->hs->tls12.suites;

	for (; *id; id++) {
		const struct sl_suite *suite = sl_suite_find(*id);

		if (!sl_suite_usable_in(c->config, SLUICE_TLS_1_2, *id) ||
		    !sl_contains16(hello->suites, *id) || choice[suite->auth])
			continue;
		choice[suite->auth] = suite;
		if (!sl_transcript_start(c, suite->hash))
			return false;
	}
	return choice[SL_AUTH_ECDSA] || choice[SL_AUTH_RSA] ||
	       sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
		       "the client has no cipher suite in common with us");
}

static bool choose_group(struct sluice_conn *c, struct sl_client_hello *hello)
{
	const uint16_t *group = sl_groups(c->config);

	while (*group && !(sl_tls12_group(*group) &&
			   sl_group_usable(c->config, *group) &&
			   sl_contains16(hello->groups, *group)))
		group++;
	c->group = *group;
	return c->group ||
	       sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
		       "the client has no group in common with us");
}

/* The curve of the keys that we sign with so: it has to be the client's, too. */
static bool knows_curve(struct sl_client_hello *hello, uint16_t scheme)
{
	switch (scheme) {
	case SLUICE_ECDSA_SECP256R1_SHA256:
		return sl_contains16(hello->groups, SLUICE_SECP256R1);
	case SLUICE_ECDSA_SECP384R1_SHA384:
		return sl_contains16(hello->groups, SLUICE_SECP384R1);
	case SLUICE_ECDSA_SECP521R1_SHA512:
		return sl_contains16(hello->groups, SLUICE_SECP521R1);
	default:
		return true;
	}
}

/* Those of the client's schemes for whose keys there is a cipher suite. */
static void choose_schemes(struct sluice_conn *c, struct sl_client_hello *hello)
{
	struct sl_reader schemes = hello->schemes;
	struct sl_writer w = sl_writer(c->hs->tls12.schemes, sizeof(c->hs->tls12.schemes));

	while (schemes.left) {
		uint16_t scheme = sl_get16(&schemes);

		if (sl_tls12_scheme_known(c->config, scheme) &&
		    c->hs->tls12.suites[sl_tls12_scheme_auth(scheme)] &&
		    knows_curve(hello, scheme) &&
		    !sl_contains16(sl_reader(w.buf, w.len), scheme))
			sl_put16(&w, scheme);
	}
	c->hs->request.schemes = (struct sluice_octets){ w.buf, w.len };
}

static bool negotiate(struct sluice_conn *c, struct sl_client_hello *hello)
{
	/* a CertificateVerify may be of either hash */
	if (c->config->client_auth &&
	    (!sl_transcript_start(c, SLUICE_SHA256) ||
	     !sl_transcript_start(c, SLUICE_SHA384)))
		return false;
	if (!choose_suites(c, hello) || !choose_group(c, hello))
		return false;
	if (!sl_can_certify(c->config))
		return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
			       "the client offers no pre-shared key, and there is no certificate");
	c->hs->request.schemes = sl_octets(hello->schemes);
	if (!sl_read_certificate_wishes(c, &hello->ext))
		return false;
	choose_schemes(c, hello);
	return sl_credential_choose(c);
}

bool sl_tls12_session_choose(struct sluice_conn *c,
			     struct sl_client_hello *hello)
{
	bool found = sl_tls12_session_find(c, hello);

	if (sl_lookup_waits(c))
		return true;
	sl_lookup_forget(c, 0);
	if (found) {
		c->suite = c->hs->tls12.suite;
		memcpy(c->hs->session_id, hello->session_id.pos,
		       hello->session_id.left);
		c->hs->session_id_len = hello->session_id.left;
		return sl_transcript_start(c, c->suite->hash) &&
		       sl_message_hash(c) && sl_tls12_server_resume(c);
	}
	if (c->error)
		return false;
	sl_tls12_server_begin(c);
	return negotiate(c, hello) && sl_message_hash(c);
}

bool sl_tls12_client_hello_read(struct sluice_conn *c,
				struct sl_client_hello *hello)
{
	struct sl_extensions *ext = &hello->ext;

	if (sl_contains16(hello->suites, FALLBACK_SCSV) &&
	    sl_version_usable(c->config, SLUICE_TLS_1_3))
		return sl_fail(c, SL_INAPPROPRIATE_FALLBACK,
			       SLUICE_ERR_NEGOTIATION,
			       "the client has given up on TLS 1.3: does somebody in between suppress it?");
	if (!memchr(hello->compressions.pos, 0, hello->compressions.left))
		return sl_illegal(c, "the client insists on a compression");
	if (!check_extensions(c, ext, sl_contains16(hello->suites,
						    RENEGOTIATION_SCSV)) ||
	    !sl_client_wishes_read(c, hello))
		return false;
	memcpy(c->hs->client_random, hello->random, SL_RANDOM_LEN);
	memcpy(c->randoms, hello->random, SL_RANDOM_LEN);
	c->hs->offered = ext->present;
	return sl_tls12_session_choose(c, hello);
}

/* A client without tickets may come back by a name that we keep. */
static bool name_session(struct sluice_conn *c)
{
	if (!sl_tickets_used(c) || c->hs->tls12.ticket_promised ||
	    !c->config->session_put)
		return true;
	c->hs->session_id_len = SL_SESSION_ID_MAX;
	return !c->p->random(c->p, c->hs->session_id, SL_SESSION_ID_MAX);
}

bool sl_tls12_server_hello_write(struct sluice_conn *c)
{
	uint8_t *random = c->randoms + SL_RANDOM_LEN;
	struct sl_writer w;
	size_t mark;

	if (!c->resumed) {
		c->suite = c->hs->tls12.suites[sl_tls12_scheme_auth(c->signature)];
		if (!c->config->client_auth)
			sl_transcript_choose(c, c->suite->hash);
	}
	if (c->p->random(c->p, random, SL_RANDOM_LEN) ||
	    (!c->resumed && !name_session(c)))
		return sl_internal(c, "the provider gave no random octets");
	if (sl_version_usable(c->config, SLUICE_TLS_1_3))
		memcpy(random + SL_RANDOM_LEN - sizeof(downgrade), downgrade,
		       sizeof(downgrade));
	sl_message_begin(c, &w, SL_SERVER_HELLO);
	sl_put16(&w, SLUICE_TLS_1_2);
	sl_put(&w, random, SL_RANDOM_LEN);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, c->hs->session_id, c->hs->session_id_len);
	sl_end_vec(&w, mark, 1);
	sl_put16(&w, c->suite->id);
	sl_put8(&w, 0);
	mark = sl_begin_vec(&w, 2);
	put_renegotiation_info(c, &w);
	put_empty(c, &w, SL_EXT_EXTENDED_MASTER_SECRET);
	if (c->hs->offered >> SL_EXT_POINT_FORMATS & 1)
		put_point_formats(c, &w);
	if (c->hs->tls12.ticket_promised)
		put_empty(c, &w, SL_EXT_SESSION_TICKET);
	if (sl_tls12_status_promise(c))
		put_empty(c, &w, SL_EXT_STATUS_REQUEST);
	sl_put_answers(c, &w);
	sl_end_vec(&w, mark, 2);
	return sl_message_end(c, &w);
}
