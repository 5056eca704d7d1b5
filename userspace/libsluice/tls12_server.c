// SPDX-License-Identifier: MIT
/* TLS 1.2's server, behind ClientHello (section 7.3). */
#include "auth.h"
#include "tls12.h"

enum {
	WRITE_FLIGHT,
	WRITE_DONE,
	READ_CERTIFICATE,
	READ_KEY,
	READ_CERTIFICATE_VERIFY,
	READ_FINISHED,
	WRITE_RESUMED,
	WRITE_TICKET,
	WRITE_FINISHED,
	END,
};

static const struct sl_step steps[END + 1];

static bool next(struct sluice_conn *c, unsigned int step)
{
	c->hs->step = &steps[step];
	return true;
}

static bool write_flight(struct sluice_conn *c)
{
	return sl_tls12_server_hello_write(c) &&
	       sl_tls12_certificate_write(c) && sl_tls12_status_write(c) &&
	       sl_tls12_server_key_make(c) &&
	       next(c, WRITE_DONE);
}

static bool write_done(struct sluice_conn *c)
{
	struct sl_writer w;

	if (c->config->client_auth && !sl_tls12_certificate_request_write(c))
		return false;
	sl_message_begin(c, &w, SL_SERVER_HELLO_DONE);
	return sl_message_end(c, &w) &&
	       next(c, c->certificate_requested ? READ_CERTIFICATE : READ_KEY);
}

static bool read_certificate(struct sluice_conn *c, enum sl_message type,
			     struct sl_reader *body)
{
	(void)type;
	return sl_tls12_certificate_read(c, body) && sl_message_hash(c) &&
	       next(c, READ_KEY);
}

static bool expect_finished(struct sluice_conn *c)
{
	c->hs->tls12.ccs_wanted = true;
	return sl_message_boundary(c) && next(c, READ_FINISHED);
}

static bool read_key(struct sluice_conn *c, enum sl_message type,
		     struct sl_reader *body)
{
	(void)type;
	if (!sl_tls12_client_key_read(c, body))
		return false;
	if (c->hs->chain_len)
		return next(c, READ_CERTIFICATE_VERIFY);
	return expect_finished(c);
}

static bool read_certificate_verify(struct sluice_conn *c, enum sl_message type,
				    struct sl_reader *body)
{
	(void)type;
	return sl_tls12_certificate_verify_read(c, body) &&
	       sl_message_hash(c) && expect_finished(c);
}

static bool read_finished(struct sluice_conn *c, enum sl_message type,
			  struct sl_reader *body)
{
	(void)type;
	return sl_tls12_finished_read(c, body) && sl_message_boundary(c) &&
	       sl_message_hash(c) &&
	       next(c, c->resumed ? END : WRITE_TICKET);
}

static bool write_resumed(struct sluice_conn *c)
{
	return sl_tls12_server_hello_write(c) && sl_tls12_key_block(c) &&
	       next(c, WRITE_TICKET);
}

static bool write_ticket(struct sluice_conn *c)
{
	return (!c->hs->tls12.ticket_promised || sl_tls12_ticket_write(c)) &&
	       next(c, WRITE_FINISHED);
}

static bool write_finished(struct sluice_conn *c)
{
	c->hs->ccs_due = true;
	c->hs->tls12.ccs_wanted = c->resumed;
	return sl_tls12_install_tx(c) && sl_tls12_finished_write(c) &&
	       next(c, c->resumed ? READ_FINISHED : END);
}

static bool end(struct sluice_conn *c)
{
	sl_tls12_session_store(c);
	sl_conn_finish(c);
	return true;
}

static const struct sl_step steps[END + 1] = {
	[WRITE_FLIGHT] = { .write = write_flight },
	[WRITE_DONE] = { .write = write_done },
	[READ_CERTIFICATE] = {
		.read = read_certificate, .expect = { SL_CERTIFICATE },
		.unexpected = "the client did not answer CertificateRequest",
	},
	[READ_KEY] = {
		.read = read_key, .expect = { SL_CLIENT_KEY_EXCHANGE },
		.unexpected = "no ClientKeyExchange where it belongs",
	},
	[READ_CERTIFICATE_VERIFY] = {
		.read = read_certificate_verify,
		.expect = { SL_CERTIFICATE_VERIFY },
		.unexpected = "no CertificateVerify after ClientKeyExchange",
	},
	[READ_FINISHED] = {
		.read = read_finished, .expect = { SL_FINISHED },
		.unexpected = "the client did not end with Finished",
	},
	[WRITE_RESUMED] = { .write = write_resumed },
	[WRITE_TICKET] = { .write = write_ticket },
	[WRITE_FINISHED] = { .write = write_finished },
	[END] = { .write = end },
};

void sl_tls12_server_begin(struct sluice_conn *c)
{
	next(c, WRITE_FLIGHT);
}

bool sl_tls12_server_resume(struct sluice_conn *c)
{
	sl_tls12_take_session(c);
	return next(c, WRITE_RESUMED);
}
