// SPDX-License-Identifier: MIT
/* The server's handshake (RFC 9846, section 2 and appendix A.2). */
#include "server.h"

#include <string.h>

#include "auth.h"
#include "certificate_request.h"
#include "conn.h"
#include "credential.h"
#include "early.h"
#include "hello.h"
#include "raw_keys.h"
#include "server_hello.h"
#include "tickets.h"
#include "tls12.h"

#define TICKETS		2

enum {
	READ_HELLO,
	WRITE_RETRY,
	WRITE_RETRY_CCS,
	WRITE_HELLO,
	WRITE_FLIGHT,
	WRITE_FINISHED,
	END_FLIGHT,
	READ_CERTIFICATE,
	READ_CERTIFICATE_VERIFY,
	READ_EARLY_DATA,
	READ_FINISHED,
	WRITE_TICKETS,
	END,
};

static const struct sl_step steps[END + 1];

static bool next(struct sluice_conn *c, unsigned int step)
{
	c->hs->step = &steps[step];
	return true;
}

static bool read_hello(struct sluice_conn *c, enum sl_message type,
		       struct sl_reader *body)
{
	bool retry;

	(void)type;
	if (!sl_client_hello_read(c, body, &retry))
		return false;
	if (c->version == SL_TLS_1_2)
		return true;
	return next(c, retry ? WRITE_RETRY : WRITE_HELLO);
}

/*
 * In middlebox compatibility mode (appendix D.4), which the client chooses by
 * its session identifier, after the first message.
 */
static void send_ccs(struct sluice_conn *c)
{
	c->hs->ccs_due = c->hs->session_id_len && !c->hs->ccs_sent;
	c->hs->ccs_sent = true;
}

/* ServerHello, or HelloRetryRequest, up to its extensions; returns the mark. */
static size_t begin_hello(struct sluice_conn *c, struct sl_writer *w,
			  const uint8_t *random)
{
	size_t mark, ext;

	sl_message_begin(c, w, SL_SERVER_HELLO);
	sl_put16(w, SL_TLS_1_2);
	sl_put(w, random, SL_RANDOM_LEN);
	mark = sl_begin_vec(w, 1);
	sl_put(w, c->hs->session_id, c->hs->session_id_len);
	sl_end_vec(w, mark, 1);
	sl_put16(w, c->suite->id);
	sl_put8(w, 0);
	mark = sl_begin_vec(w, 2);
	ext = sl_begin_extension(c, w, SL_EXT_SUPPORTED_VERSIONS);
	sl_put16(w, SL_TLS_1_3);
	sl_end_vec(w, ext, 2);
	return mark;
}

static bool write_retry(struct sluice_conn *c)
{
	struct sl_writer w;
	size_t mark, ext, at;

	if (!sl_transcript_retry(c))
		return false;
	c->retried = true;
	mark = begin_hello(c, &w, sl_retry_random);
	ext = sl_begin_extension(c, &w, SL_EXT_KEY_SHARE);
	sl_put16(&w, c->hs->retry_group);
	sl_end_vec(&w, ext, 2);
	if (!sl_ech_put_retry(c, &w, &at))
		return false;
	sl_end_vec(&w, mark, 2);
	return sl_ech_confirm(c, &w, true, at) && sl_message_end(c, &w) &&
	       next(c, WRITE_RETRY_CCS);
}

static bool write_retry_ccs(struct sluice_conn *c)
{
	send_ccs(c);
	return next(c, READ_HELLO);
}

static bool write_hello(struct sluice_conn *c)
{
	uint8_t random[SL_RANDOM_LEN];
	struct sl_writer w;
	size_t mark, ext, share;
	bool ok;

	if (c->p->random(c->p, random, sizeof(random)))
		return sl_internal(c, "the provider gave no random octets");
	mark = begin_hello(c, &w, random);
	ext = sl_begin_extension(c, &w, SL_EXT_KEY_SHARE);
	sl_put16(&w, c->group);
	share = sl_begin_vec(&w, 2);
	sl_put(&w, c->hs->share, c->hs->share_len);
	sl_end_vec(&w, share, 2);
	sl_end_vec(&w, ext, 2);
	if (c->by_psk) {
		ext = sl_begin_extension(c, &w, SL_EXT_PRE_SHARED_KEY);
		sl_put16(&w, c->hs->identity);
		sl_end_vec(&w, ext, 2);
	}
	sl_end_vec(&w, mark, 2);
	ok = sl_ech_confirm(c, &w, false, SL_ECH_HELLO_AT) &&
	     sl_message_end(c, &w) &&
	     sl_handshake_secrets(c, c->hs->shared, c->hs->shared_len) &&
	     (c->early == SLUICE_EARLY_ACCEPTED ||
	      sl_keys_install(c, &c->rx, c->hs->client_secret));
	sluice_wipe(c->hs->shared, sizeof(c->hs->shared));
	sluice_wipe(&c->hs->session, sizeof(c->hs->session));
	return ok && next(c, WRITE_FLIGHT);
}

void sl_put_answers(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext, list, name;

	/* whoever chose the certificate was told of it (RFC 6066, section 3) */
	if (c->sni_len && !c->by_psk && sl_credential_chosen(c->config)) {
		ext = sl_begin_extension(c, w, SL_EXT_SERVER_NAME);
		sl_end_vec(w, ext, 2);
	}
	if (c->alpn_len) {
		ext = sl_begin_extension(c, w, SL_EXT_ALPN);
		list = sl_begin_vec(w, 2);
		name = sl_begin_vec(w, 1);
		sl_put(w, c->alpn, c->alpn_len);
		sl_end_vec(w, name, 1);
		sl_end_vec(w, list, 2);
		sl_end_vec(w, ext, 2);
	}
	if (c->hs->limit_used)
		sl_put_record_limit(c, w);
}

static bool write_extensions(struct sluice_conn *c)
{
	struct sl_writer w;
	size_t mark, ext;

	sl_message_begin(c, &w, SL_ENCRYPTED_EXTENSIONS);
	mark = sl_begin_vec(&w, 2);
	sl_put_answers(c, &w);
	sl_put_certificate_choice(c, &w);
	if (c->early == SLUICE_EARLY_ACCEPTED) {
		ext = sl_begin_extension(c, &w, SL_EXT_EARLY_DATA);
		sl_end_vec(&w, ext, 2);
	}
	sl_ech_put_configs(c, &w);
	sl_end_vec(&w, mark, 2);
	return sl_message_end(c, &w);
}

static bool write_finished(struct sluice_conn *c)
{
	return sl_finished_write(c, c->hs->server_secret) &&
	       next(c, END_FLIGHT);
}

static bool write_flight(struct sluice_conn *c)
{
	send_ccs(c);
	if (!sl_keys_install(c, &c->tx, c->hs->server_secret) ||
	    !write_extensions(c))
		return false;
	if (!c->by_psk && c->config->client_auth &&
	    !sl_certificate_request_write(c))
		return false;
	if (!c->by_psk && (!sl_certificate_write(c) || !sl_signature_make(c)))
		return false;
	next(c, WRITE_FINISHED);
	return c->hs->wanted || write_finished(c);
}

/*
 * The client's flight still comes under the handshake's key: c->rx has it, or
 * will have it after early data.
 */
static bool end_flight(struct sluice_conn *c)
{
	bool early = c->early == SLUICE_EARLY_ACCEPTED;

	if (early)
		memcpy(c->hs->early_next, c->hs->client_secret,
		       sizeof(c->hs->early_next));
	c->hs->early_open = early;
	c->tx_open = early;
	return sl_application_secrets(c) &&
	       sl_keys_install(c, &c->tx, c->hs->server_secret) &&
	       next(c, early ? READ_EARLY_DATA :
		       c->certificate_requested ? READ_CERTIFICATE :
						  READ_FINISHED);
}

static bool read_end_of_early_data(struct sluice_conn *c, enum sl_message type,
				   struct sl_reader *body)
{
	(void)type;
	return sl_early_end_read(c, body) && next(c, READ_FINISHED);
}

static bool read_certificate(struct sluice_conn *c, enum sl_message type,
			     struct sl_reader *body)
{
	(void)type;
	return sl_certificate_read(c, body) && sl_message_hash(c) &&
	       next(c, c->hs->chain_len ? READ_CERTIFICATE_VERIFY :
					 READ_FINISHED);
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
	return sl_finished_read(c, c->rx.secret, body) &&
	       sl_message_boundary(c) && sl_message_hash(c) &&
	       sl_resumption_secret(c) &&
	       sl_keys_install(c, &c->rx, c->hs->client_secret) &&
	       next(c, WRITE_TICKETS);
}

static bool write_tickets(struct sluice_conn *c)
{
	unsigned int count = c->config->ticket_count;

	/* a ticket for a ticket keeps the client's store as it was */
	if (c->resumed)
		count = 1;
	else if (!count)
		count = TICKETS;
	if (!sl_tickets_used(c) || !c->hs->tickets_wanted)
		count = 0;
	while (count--) {
		if (!sl_ticket_write(c))
			return false;
	}
	sluice_wipe(c->resumption_secret, sizeof(c->resumption_secret));
	return next(c, END);
}

static bool end(struct sluice_conn *c)
{
	sl_conn_finish(c);
	return true;
}

static const struct sl_step steps[END + 1] = {
	[READ_HELLO] = {
		.read = read_hello, .expect = { SL_CLIENT_HELLO },
		.unexpected = "the client did not begin with ClientHello",
	},
	[WRITE_RETRY] = { .write = write_retry },
	[WRITE_RETRY_CCS] = { .write = write_retry_ccs },
	[WRITE_HELLO] = { .write = write_hello },
	[WRITE_FLIGHT] = { .write = write_flight },
	[WRITE_FINISHED] = { .write = write_finished },
	[END_FLIGHT] = { .write = end_flight },
	[READ_CERTIFICATE] = {
		.read = read_certificate, .expect = { SL_CERTIFICATE },
		.unexpected = "the client did not answer CertificateRequest",
	},
	[READ_CERTIFICATE_VERIFY] = {
		.read = read_certificate_verify,
		.expect = { SL_CERTIFICATE_VERIFY },
		.unexpected = "no CertificateVerify after Certificate",
	},
	[READ_EARLY_DATA] = {
		.read = read_end_of_early_data,
		.expect = { SL_END_OF_EARLY_DATA },
		.unexpected = "early data did not end with EndOfEarlyData",
	},
	[READ_FINISHED] = {
		.read = read_finished, .expect = { SL_FINISHED },
		.unexpected = "the client did not end with Finished",
	},
	[WRITE_TICKETS] = { .write = write_tickets },
	[END] = { .write = end },
};

const struct sl_step *sl_server_begin(void)
{
	return &steps[READ_HELLO];
}
