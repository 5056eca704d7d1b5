// SPDX-License-Identifier: MIT
/* The client's handshake (RFC 9846, section 2 and appendix A.1). */
#include "client.h"

#include <string.h>

#include "auth.h"
#include "certificate_request.h"
#include "client_hello.h"
#include "conn.h"
#include "early.h"
#include "hello.h"
#include "raw_keys.h"
#include "tickets.h"
#include "tls12.h"

enum {
	BEGIN,
	FIND_TICKET,
	WRITE_HELLO,
	BEGIN_EARLY_DATA,
	READ_HELLO,
	WRITE_HELLO_AGAIN,
	READ_EXTENSIONS,
	READ_REQUEST_OR_CERTIFICATE,
	READ_CERTIFICATE,
	READ_CERTIFICATE_VERIFY,
	READ_FINISHED,
	WRITE_FLIGHT,
	WRITE_FINISHED,
	END_EARLY_DATA,
	LEAVE_EARLY_DATA,
	END,
};

static const struct sl_step steps[END + 1];

static bool next(struct sluice_conn *c, unsigned int step)
{
	c->hs->step = &steps[step];
	return true;
}

static bool begin(struct sluice_conn *c)
{
	if (c->p->random(c->p, c->hs->client_random, SL_RANDOM_LEN) ||
	    c->p->random(c->p, c->hs->session_id,
			 SL_SESSION_ID_MAX))
		return sl_internal(c, "the provider gave no random octets");
	/* for middleboxes (appendix D.4) */
	if (sl_version_usable(c->config, SL_TLS_1_3))
		c->hs->session_id_len = SL_SESSION_ID_MAX;
	return sl_client_hello_start(c) && next(c, FIND_TICKET);
}

static bool find_ticket(struct sluice_conn *c)
{
	return sl_ticket_take(c) && (c->hs->wanted || next(c, WRITE_HELLO));
}

static bool write_hello(struct sluice_conn *c)
{
	return sl_client_hello_write(c) &&
	       next(c, c->early ? BEGIN_EARLY_DATA : READ_HELLO);
}

static bool begin_early_data(struct sluice_conn *c)
{
	return sl_early_begin(c) && next(c, READ_HELLO);
}

/* Before the first of what middleboxes cannot read (appendix E.4). */
static void send_ccs(struct sluice_conn *c)
{
	c->hs->ccs_due = !c->hs->ccs_sent;
	c->hs->ccs_sent = true;
}

static bool write_hello_again(struct sluice_conn *c)
{
	send_ccs(c);
	return sl_client_hello_write(c) && next(c, READ_HELLO);
}

struct server_hello {
	const uint8_t *random;
	struct sl_reader session_id;
	uint16_t suite;
	uint8_t compression;
	struct sl_extensions ext;
};

/*
 * Which version is it? To be known before the rest is read, for an older
 * server's answer has other rules.
 */
static bool read_version(struct sluice_conn *c, struct sl_reader r,
			 uint16_t *version)
{
	static const uint8_t downgrade[7] = "DOWNGRD";
	uint16_t legacy_version = sl_get16(&r);
	const uint8_t *random = sl_get(&r, SL_RANDOM_LEN);
	struct sl_reader list;

	sl_get_vec(&r, 1, 0, 0xff);
	sl_get(&r, 3);
	list = sl_get_vec(&r, 2, 0, 0xffff);
	while (!list.bad && list.left) {
		uint16_t type = sl_get16(&list);
		struct sl_reader body = sl_get_vec(&list, 2, 0, 0xffff);

		if (type != 43 || list.bad)
			continue;
		if (legacy_version != SL_TLS_1_2 ||
		    sl_get16(&body) != SL_TLS_1_3 || !sl_done(&body) ||
		    !sl_version_usable(c->config, SL_TLS_1_3))
			return sl_illegal(c, "the server chose a version that was not offered");
		*version = SL_TLS_1_3;
		return true;
	}
	if (sl_version_usable(c->config, SL_TLS_1_3) && random && !memcmp(random + 24, downgrade, sizeof(downgrade)) &&
	    random[31] <= 1)
		return sl_illegal(c, "somebody between here and the server suppresses TLS 1.3");
	*version = SL_TLS_1_2;
	if (legacy_version == SL_TLS_1_2 && sl_tls12_offered(c->config))
		return true;
	return sl_fail(c, SL_PROTOCOL_VERSION, SLUICE_ERR_NEGOTIATION,
		       "the server speaks no version that was offered");
}

static bool parse_server_hello(struct sluice_conn *c, struct sl_reader *r,
			       struct server_hello *hello)
{
	bool retry;

	sl_get16(r);
	hello->random = sl_get(r, SL_RANDOM_LEN);
	hello->session_id = sl_get_vec(r, 1, 0, SL_SESSION_ID_MAX);
	hello->suite = sl_get16(r);
	hello->compression = sl_get8(r);
	if (r->bad)
		return sl_bad_decode(c, "a malformed ServerHello");
	retry = !memcmp(hello->random, sl_retry_random, SL_RANDOM_LEN);
	if (retry && c->retried)
		return sl_unexpected(c, "a second HelloRetryRequest");
	if (!sl_parse_extensions(c, r, retry ? SL_IN_HRR : SL_IN_SH,
				 &hello->ext))
		return false;
	if (hello->session_id.left != c->hs->session_id_len ||
	    memcmp(hello->session_id.pos, c->hs->session_id,
		   c->hs->session_id_len))
		return sl_illegal(c, "the server did not echo the session identifier");
	if (hello->compression)
		return sl_illegal(c, "the server chose a compression");
	if (!sl_suite_offered(c, hello->suite) ||
	    sl_suite_find(hello->suite)->version != SL_TLS_1_3 ||
	    (c->suite && c->suite->id != hello->suite))
		return sl_illegal(c, "the server chose a cipher suite that was not offered");
	c->suite = sl_suite_find(hello->suite);
	sl_transcript_choose(c, c->suite->hash);
	return retry || sl_ech_server_hello_read(c);
}

static bool read_retry(struct sluice_conn *c, struct server_hello *hello)
{
	struct sl_extensions *ext = &hello->ext;
	bool changed = false;

	if (sl_has(ext, SL_EXT_KEY_SHARE)) {
		struct sl_reader *r = &ext->body[SL_EXT_KEY_SHARE];
		uint16_t group = sl_get16(r);
		size_t i;

		if (!sl_done(r))
			return sl_bad_decode(c, "a malformed key_share");
		for (i = 0; i < SL_SHARES; i++) {
			if (c->hs->shares[i] && c->hs->share_groups[i] == group)
				return sl_illegal(c, "the server asks for a key share it has");
		}
		if (!sl_group_usable(c->config, group))
			return sl_illegal(c, "the server asks for a group that was not offered");
		sl_shares_free(c);
		if (!sl_share_make(c, 0, group))
			return false;
		changed = true;
	}
	if (sl_has(ext, SL_EXT_COOKIE)) {
		struct sl_reader *r = &ext->body[SL_EXT_COOKIE];
		struct sl_reader cookie = sl_get_vec(r, 2, 1, 0xffff);

		if (!sl_done(r))
			return sl_bad_decode(c, "a malformed cookie");
		if (cookie.left > SL_COOKIE_MAX)
			return sl_illegal(c, "the server's cookie is too long");
		memcpy(c->hs->cookie, cookie.pos, cookie.left);
		c->hs->cookie_len = cookie.left;
		changed = true;
	}
	if (!changed)
		return sl_illegal(c, "a HelloRetryRequest that asks for nothing");
	/* a ticket for another hash is of no use any more */
	if (c->hs->session.suite && c->hs->session.suite->hash != c->suite->hash)
		c->hs->session.suite = NULL;
	c->retried = true;
	sl_early_refused(c);
	return sl_message_boundary(c) && sl_transcript_retry(c) &&
	       sl_ech_retry_read(c, ext) &&
	       sl_message_hash(c) && next(c, WRITE_HELLO_AGAIN);
}

static bool read_psk(struct sluice_conn *c, struct sl_reader *r)
{
	uint16_t identity = sl_get16(r);

	if (!sl_done(r))
		return sl_bad_decode(c, "a malformed pre_shared_key");
	/* none was: there only seemed to be one in an outer ClientHello */
	if (identity || !c->hs->session.suite)
		return sl_illegal(c, "the server chose a pre-shared key that was not offered");
	if (c->hs->session.suite->hash != c->suite->hash)
		return sl_illegal(c, "the server chose a cipher suite that is not for the ticket");
	c->by_psk = true;
	c->resumed = !c->hs->session.external;
	c->verified = c->hs->session.verified;
	c->proved = c->hs->session.proved;
	return true;
}

static bool read_share(struct sluice_conn *c, struct sl_reader *r)
{
	uint16_t group = sl_get16(r);
	struct sl_reader share = sl_get_vec(r, 2, 1, 0xffff);
	uint8_t shared[SLUICE_SHARED_MAX];
	size_t shared_len = sizeof(shared);
	size_t i;
	bool ok;
	int rc;

	if (!sl_done(r))
		return sl_bad_decode(c, "a malformed key_share");
	for (i = 0; i < SL_SHARES; i++) {
		if (c->hs->shares[i] && c->hs->share_groups[i] == group)
			break;
	}
	if (i == SL_SHARES)
		return sl_illegal(c, "the server's key share is of a group for which it has none of ours");
	rc = c->p->kx_finish(c->p, c->hs->shares[i], share.pos, share.left,
			     shared, &shared_len);
	if (rc)
		return sl_verdict(c, rc, SLUICE_ERR_PROTOCOL,
				  "the server's key share is not valid");
	c->group = group;
	sl_shares_free(c);
	ok = sl_early_secret(c, c->suite,
			     c->by_psk ? &c->hs->session : NULL) &&
	     sl_handshake_secrets(c, shared, shared_len);
	sluice_wipe(shared, sizeof(shared));
	sluice_wipe(&c->hs->session, sizeof(c->hs->session));
	return ok;
}

static bool read_hello(struct sluice_conn *c, enum sl_message type,
		       struct sl_reader *body)
{
	struct server_hello hello;
	uint16_t version;

	(void)type;
	if (!read_version(c, *body, &version))
		return false;
	/* whoever gave us the ticket spoke TLS 1.3 (appendix D.3) */
	if (version == SL_TLS_1_2 && c->early)
		return sl_fail(c, SL_PROTOCOL_VERSION, SLUICE_ERR_NEGOTIATION,
			       "the server does not speak TLS 1.3, and was sent early data");
	if (version == SL_TLS_1_2)
		return sl_tls12_server_hello_read(c, body);
	c->version = version;
	sl_tls12_raw_drop(c);
	if (!parse_server_hello(c, body, &hello))
		return false;
	if (!memcmp(hello.random, sl_retry_random, SL_RANDOM_LEN))
		return read_retry(c, &hello);

	if (sl_has(&hello.ext, SL_EXT_PRE_SHARED_KEY) &&
	    !read_psk(c, &hello.ext.body[SL_EXT_PRE_SHARED_KEY]))
		return false;
	if (!c->by_psk && sl_only_psk(c))
		return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
			       "the server does not take the pre-shared key");
	if (!sl_has(&hello.ext, SL_EXT_KEY_SHARE))
		return sl_fail(c, SL_MISSING_EXTENSION, SLUICE_ERR_PROTOCOL,
			       "the server sent no key share");
	if (!c->resumed)
		sl_early_refused(c);
	return sl_message_boundary(c) && sl_message_hash(c) &&
	       read_share(c, &hello.ext.body[SL_EXT_KEY_SHARE]) &&
	       sl_keys_install(c, &c->rx, c->hs->server_secret) &&
	       /* else when EncryptedExtensions says that there is none */
	       (c->early == SLUICE_EARLY_OFFERED ||
		sl_keys_install(c, &c->tx, c->hs->client_secret)) &&
	       next(c, READ_EXTENSIONS);
}

static bool read_alpn(struct sluice_conn *c, struct sl_reader *r)
{
	struct sl_reader list = sl_get_vec(r, 2, 2, 0xffff);
	struct sl_reader name = sl_get_vec(&list, 1, 1, SL_ALPN_NAME_MAX);
	const char *const *alpn;

	if (!sl_done(r) || !sl_done(&list))
		return sl_bad_decode(c, "a malformed choice of application protocol");
	for (alpn = c->config->alpn; *alpn; alpn++) {
		if (strlen(*alpn) == name.left &&
		    !memcmp(*alpn, name.pos, name.left)) {
			c->alpn = *alpn;
			c->alpn_len = name.left;
			return true;
		}
	}
	return sl_illegal(c, "the server chose an application protocol that was not offered");
}

bool sl_server_answers_read(struct sluice_conn *c, struct sl_extensions *ext)
{
	if (sl_has(ext, SL_EXT_SERVER_NAME) &&
	    ext->body[SL_EXT_SERVER_NAME].left)
		return sl_bad_decode(c, "a malformed server_name");
	if (sl_has(ext, SL_EXT_ALPN) &&
	    !read_alpn(c, &ext->body[SL_EXT_ALPN]))
		return false;
	return !sl_has(ext, SL_EXT_RECORD_SIZE_LIMIT) ||
	       sl_read_record_limit(c, &ext->body[SL_EXT_RECORD_SIZE_LIMIT]);
}

static bool read_extensions(struct sluice_conn *c, enum sl_message type,
			    struct sl_reader *body)
{
	struct sl_extensions ext;

	(void)type;
	return sl_parse_extensions(c, body, SL_IN_EE, &ext) &&
	       sl_server_answers_read(c, &ext) &&
	       sl_ech_answer_read(c, &ext) &&
	       sl_read_certificate_choice(c, &ext) &&
	       sl_early_answer(c, sl_has(&ext, SL_EXT_EARLY_DATA) ?
				  &ext.body[SL_EXT_EARLY_DATA] : NULL) &&
	       sl_message_hash(c) &&
	       next(c, c->by_psk ? READ_FINISHED : READ_REQUEST_OR_CERTIFICATE);
}

static bool read_certificate(struct sluice_conn *c, enum sl_message type,
			     struct sl_reader *body)
{
	if (type == SL_CERTIFICATE_REQUEST)
		return sl_certificate_request_read(c, body) &&
		       sl_message_hash(c) && next(c, READ_CERTIFICATE);
	return sl_certificate_read(c, body) && sl_message_hash(c) &&
	       next(c, READ_CERTIFICATE_VERIFY);
}

static bool read_certificate_verify(struct sluice_conn *c, enum sl_message type,
				    struct sl_reader *body)
{
	(void)type;
	return sl_certificate_verify_read(c, body) && sl_message_hash(c) &&
	       next(c, READ_FINISHED);
}

static bool read_finished(struct sluice_conn *c, enum sl_message type,
			  struct sl_reader *body)
{
	(void)type;
	/* the application secrets replace what Finished is made with */
	return sl_finished_read(c, c->hs->server_secret, body) &&
	       sl_message_boundary(c) && sl_message_hash(c) &&
	       next(c, c->early == SLUICE_EARLY_ACCEPTED ? END_EARLY_DATA :
							   WRITE_FLIGHT);
}

static bool write_finished(struct sluice_conn *c)
{
	return sl_finished_write(c, c->tx.secret) && next(c, END);
}

static bool write_flight(struct sluice_conn *c)
{
	send_ccs(c);
	/* of the transcript up to the server's Finished, before ours is in */
	if (!sl_application_secrets(c))
		return false;
	if (c->certificate_requested && !sl_certificate_write(c))
		return false;
	if (c->client_signature && !sl_signature_make(c))
		return false;
	next(c, WRITE_FINISHED);
	return c->hs->wanted || write_finished(c);
}

/* Under the early data's key; what follows is under the handshake's. */
static bool end_early_data(struct sluice_conn *c)
{
	return sl_application_secrets(c) && sl_early_end_write(c) &&
	       next(c, LEAVE_EARLY_DATA);
}

static bool leave_early_data(struct sluice_conn *c)
{
	return sl_keys_install(c, &c->tx, c->hs->early_next) &&
	       write_finished(c);
}

static bool end(struct sluice_conn *c)
{
	if (!c->by_psk)
		c->proved = c->config->now(c->config->ctx);
	if (!sl_resumption_secret(c) ||
	    !sl_keys_install(c, &c->rx, c->hs->server_secret) ||
	    !sl_keys_install(c, &c->tx, c->hs->client_secret))
		return false;
	if (sl_ech_rejected(c))
		return sl_ech_end_rejected(c);
	sl_conn_finish(c);
	return true;
}

static const struct sl_step steps[END + 1] = {
	[BEGIN] = { .write = begin },
	[FIND_TICKET] = { .write = find_ticket },
	[WRITE_HELLO] = { .write = write_hello },
	[BEGIN_EARLY_DATA] = { .write = begin_early_data },
	[READ_HELLO] = {
		.read = read_hello, .expect = { SL_SERVER_HELLO },
		.unexpected = "the server did not begin with ServerHello",
	},
	[WRITE_HELLO_AGAIN] = { .write = write_hello_again },
	[READ_EXTENSIONS] = {
		.read = read_extensions, .expect = { SL_ENCRYPTED_EXTENSIONS },
		.unexpected = "no EncryptedExtensions after ServerHello",
	},
	[READ_REQUEST_OR_CERTIFICATE] = {
		.read = read_certificate,
		.expect = { SL_CERTIFICATE, SL_CERTIFICATE_REQUEST },
		.unexpected = "the server sent no certificate",
	},
	[READ_CERTIFICATE] = {
		.read = read_certificate, .expect = { SL_CERTIFICATE },
		.unexpected = "no Certificate after CertificateRequest",
	},
	[READ_CERTIFICATE_VERIFY] = {
		.read = read_certificate_verify,
		.expect = { SL_CERTIFICATE_VERIFY },
		.unexpected = "no CertificateVerify after Certificate",
	},
	[READ_FINISHED] = {
		.read = read_finished, .expect = { SL_FINISHED },
		.unexpected = "no Finished where the server's flight ends",
	},
	[WRITE_FLIGHT] = { .write = write_flight },
	[WRITE_FINISHED] = { .write = write_finished },
	[END_EARLY_DATA] = { .write = end_early_data },
	[LEAVE_EARLY_DATA] = { .write = leave_early_data },
	[END] = { .write = end },
};

const struct sl_step *sl_client_begin(void)
{
	return &steps[BEGIN];
}
