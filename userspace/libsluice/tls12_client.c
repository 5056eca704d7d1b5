// SPDX-License-Identifier: MIT
/* TLS 1.2's client, behind ServerHello (section 7.3). */
#include "auth.h"
#include "tls12.h"

enum {
	READ_CERTIFICATE,
	READ_STATUS_OR_KEY,
	READ_KEY,
	READ_REQUEST_OR_DONE,
	READ_DONE,
	WRITE_FLIGHT,
	WRITE_SIGNATURE,
	SEND_FLIGHT,
	WRITE_FINISHED,
	READ_TICKET,
	READ_FINISHED,
	END,
};

static const struct sl_step steps[END + 1];

static bool next(struct sluice_conn *c, unsigned int step)
{
	c->hs->step = &steps[step];
	return true;
}

static bool read_certificate(struct sluice_conn *c, enum sl_message type,
			     struct sl_reader *body)
{
	(void)type;
	return sl_tls12_certificate_read(c, body) && sl_message_hash(c) &&
	       next(c, c->hs->tls12.status_promised ? READ_STATUS_OR_KEY :
						      READ_KEY);
}

static bool read_key(struct sluice_conn *c, enum sl_message type,
		     struct sl_reader *body)
{
	(void)type;
	sl_tls12_chain_drop(c);
	return sl_tls12_server_key_read(c, body) && sl_message_hash(c) &&
	       next(c, READ_REQUEST_OR_DONE);
}

/* A promise need not be kept (RFC 6066, section 8). */
static bool read_status(struct sluice_conn *c, enum sl_message type,
			struct sl_reader *body)
{
	if (type == SL_CERTIFICATE_STATUS)
		return sl_tls12_status_read(c, body) && sl_message_hash(c) &&
		       next(c, READ_KEY);
	if (!sl_tls12_chain_judge(c))
		return false;
	/* a verdict that comes later is about the message before this one */
	if (c->hs->wanted)
		return sl_unexpected(c, "no CertificateStatus though one was promised");
	return read_key(c, type, body);
}

static bool read_done(struct sluice_conn *c, enum sl_message type,
		      struct sl_reader *body)
{
	if (type == SL_CERTIFICATE_REQUEST)
		return sl_tls12_certificate_request_read(c, body) &&
		       sl_message_hash(c) && next(c, READ_DONE);
	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed ServerHelloDone");
	return sl_message_boundary(c) && sl_message_hash(c) &&
	       next(c, WRITE_FLIGHT);
}

static bool write_flight(struct sluice_conn *c)
{
	if (c->certificate_requested && !sl_tls12_certificate_write(c))
		return false;
	return sl_tls12_client_key_write(c) &&
	       next(c, c->client_signature ? WRITE_SIGNATURE : WRITE_FINISHED);
}

static bool write_signature(struct sluice_conn *c)
{
	return sl_signature_make(c) && next(c, SEND_FLIGHT);
}

/* All of it in the clear, before change_cipher_spec. */
static bool send_flight(struct sluice_conn *c)
{
	return next(c, WRITE_FINISHED);
}

static bool expect_finished(struct sluice_conn *c)
{
	c->hs->tls12.ccs_wanted = true;
	return next(c, READ_FINISHED);
}

static bool write_finished(struct sluice_conn *c)
{
	sl_transcript_choose(c, c->suite->hash);
	c->hs->ccs_due = true;
	if (!sl_tls12_install_tx(c) || !sl_tls12_finished_write(c))
		return false;
	if (c->resumed)
		return next(c, END);
	return c->hs->tls12.ticket_promised ? next(c, READ_TICKET) :
					      expect_finished(c);
}

static bool read_ticket(struct sluice_conn *c, enum sl_message type,
			struct sl_reader *body)
{
	(void)type;
	return sl_tls12_ticket_read(c, body) && sl_message_boundary(c) &&
	       sl_message_hash(c) && expect_finished(c);
}

static bool read_finished(struct sluice_conn *c, enum sl_message type,
			  struct sl_reader *body)
{
	(void)type;
	return sl_tls12_finished_read(c, body) && sl_message_boundary(c) &&
	       sl_message_hash(c) &&
	       next(c, c->resumed ? WRITE_FINISHED : END);
}

static bool end(struct sluice_conn *c)
{
	if (!sl_tls12_session_keep(c))
		return false;
	sl_conn_finish(c);
	return true;
}

static const struct sl_step steps[END + 1] = {
	[READ_CERTIFICATE] = {
		.read = read_certificate, .expect = { SL_CERTIFICATE },
		.unexpected = "the server sent no certificate",
	},
	[READ_STATUS_OR_KEY] = {
		.read = read_status,
		.expect = { SL_SERVER_KEY_EXCHANGE, SL_CERTIFICATE_STATUS },
		.unexpected = "no ServerKeyExchange after Certificate",
	},
	[READ_KEY] = {
		.read = read_key, .expect = { SL_SERVER_KEY_EXCHANGE },
		.unexpected = "no ServerKeyExchange after Certificate",
	},
	[READ_REQUEST_OR_DONE] = {
		.read = read_done,
		.expect = { SL_SERVER_HELLO_DONE, SL_CERTIFICATE_REQUEST },
		.unexpected = "no ServerHelloDone after ServerKeyExchange",
	},
	[READ_DONE] = {
		.read = read_done, .expect = { SL_SERVER_HELLO_DONE },
		.unexpected = "no ServerHelloDone after CertificateRequest",
	},
	[WRITE_FLIGHT] = { .write = write_flight },
	[WRITE_SIGNATURE] = { .write = write_signature },
	[SEND_FLIGHT] = { .write = send_flight },
	[WRITE_FINISHED] = { .write = write_finished },
	[READ_TICKET] = {
		.read = read_ticket, .expect = { SL_NEW_SESSION_TICKET },
		.unexpected = "no NewSessionTicket though one was promised",
	},
	[READ_FINISHED] = {
		.read = read_finished, .expect = { SL_FINISHED },
		.unexpected = "the server did not end with Finished",
	},
	[END] = { .write = end },
};

void sl_tls12_client_begin(struct sluice_conn *c)
{
	next(c, READ_CERTIFICATE);
}

void sl_tls12_client_resume(struct sluice_conn *c)
{
	if (c->hs->tls12.ticket_promised)
		next(c, READ_TICKET);
	else
		expect_finished(c);
}
