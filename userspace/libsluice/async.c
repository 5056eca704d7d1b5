// SPDX-License-Identifier: MIT
/* What the caller does itself, between two calls of sluice_handshake(). */
#include "sluice/async.h"

#include <string.h>

#include "auth.h"
#include "conn.h"
#include "credential.h"
#include "server_hello.h"
#include "tickets.h"
#include "verdict.h"

static bool wants(const struct sluice_conn *c, enum sluice_status what)
{
	/* nothing is left of a handshake that has ended */
	return c->hs && c->hs->wanted == what;
}

/* Is this what the connection waits for? It waits no longer, then. */
static bool take(struct sluice_conn *c, enum sluice_status what)
{
	if (!wants(c, what))
		return false;
	c->hs->wanted = SL_NOTHING_WANTED;
	return true;
}

int sluice_wanted_credential(const struct sluice_conn *c,
			     struct sluice_credential_request *request)
{
	if (!wants(c, SLUICE_WANT_CREDENTIAL))
		return -1;
	*request = c->hs->request;
	return 0;
}

int sluice_wanted_signature(const struct sluice_conn *c,
			    struct sluice_signature_request *request)
{
	struct sluice_octets content;

	if (!wants(c, SLUICE_WANT_SIGNATURE))
		return -1;
	content = sl_signed_octets(c);
	*request = (struct sluice_signature_request){
		.credential = c->hs->credential,
		.scheme = sl_signing_scheme(c),
		.data = content.data,
		.len = content.len,
	};
	return 0;
}

int sluice_wanted_verdict(const struct sluice_conn *c,
			  struct sluice_verdict_request *request)
{
	if (!wants(c, SLUICE_WANT_VERDICT))
		return -1;
	sl_verdict_request(c, request);
	return 0;
}

int sluice_wanted_ticket(const struct sluice_conn *c,
			 struct sluice_ticket_request *request)
{
	if (!wants(c, SLUICE_WANT_TICKET))
		return -1;
	if (sl_is_server(c))
		*request = c->hs->lookup.request;
	else
		*request = (struct sluice_ticket_request){
			.peer_name = c->config->peer_name,
		};
	return 0;
}

int sluice_wanted_unused(const struct sluice_conn *c,
			 struct sluice_unused_request *request)
{
	if (!wants(c, SLUICE_WANT_UNUSED))
		return -1;
	*request = (struct sluice_unused_request){
		.id = c->hs->lookup.id,
		.early_until = c->hs->lookup.early_until,
	};
	return 0;
}

int sluice_give_credential(struct sluice_conn *c,
			   const struct sluice_credential *cred)
{
	if (!take(c, SLUICE_WANT_CREDENTIAL))
		return -1;
	if (sl_credential_use(c, cred))
		sl_message_next(c);
	return 0;
}

int sluice_give_signature(struct sluice_conn *c, const uint8_t *sig, size_t len)
{
	if ((sig && (!len || len > SLUICE_SIGNATURE_MAX)) ||
	    !take(c, SLUICE_WANT_SIGNATURE))
		return -1;
	if (!sig)
		sl_internal(c, "the signature could not be made");
	/* what follows goes out together with it */
	else if (sl_signature_use(c, sig, len))
		c->hs->step->write(c);
	return 0;
}

int sluice_give_verdict(struct sluice_conn *c, int verdict, const char *reason)
{
	if (verdict > 255 || !take(c, SLUICE_WANT_VERDICT))
		return -1;
	if (sl_verdict_use(c, verdict, reason))
		sl_message_next(c);
	return 0;
}

/* May an answer have so many octets? */
static bool fits(const struct sluice_conn *c, size_t len)
{
	if (!sl_is_server(c))
		return len && len <= SLUICE_TICKET_MAX;
	if (c->hs->lookup.request.kind == SLUICE_TICKET_KEY)
		return len == SLUICE_TICKET_KEY_LEN;
	return len && len <= SLUICE_SESSION_MAX;
}

/* A server reads on in the ClientHello that the question was about. */
static void read_on(struct sluice_conn *c)
{
	if (sl_client_hello_again(c) && !c->hs->wanted)
		sl_message_next(c);
}

int sluice_give_ticket(struct sluice_conn *c, const uint8_t *octets, size_t len)
{
	struct sl_lookup *lookup;

	if (!wants(c, SLUICE_WANT_TICKET) || (octets && !fits(c, len)))
		return -1;
	take(c, SLUICE_WANT_TICKET);
	if (!sl_is_server(c)) {
		sl_ticket_use(c, octets, len);
		return 0;
	}
	lookup = &c->hs->lookup;
	lookup->found = true;
	if (octets) {
		memcpy(lookup->octets, octets, len);
		lookup->len = len;
	}
	read_on(c);
	return 0;
}

int sluice_give_unused(struct sluice_conn *c, bool unused, bool first)
{
	if (!take(c, SLUICE_WANT_UNUSED))
		return -1;
	c->hs->lookup.judged = true;
	c->hs->lookup.unused = unused;
	c->hs->lookup.first = first;
	read_on(c);
	return 0;
}
