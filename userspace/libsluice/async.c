// SPDX-License-Identifier: MIT
/* What the caller does itself, between two calls of sluice_handshake(). */
#include "sluice/async.h"

#include "auth.h"
#include "conn.h"
#include "credential.h"
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
	if (!wants(c, SLUICE_WANT_SIGNATURE))
		return -1;
	*request = (struct sluice_signature_request){
		.credential = c->hs->credential,
		.scheme = sl_signing_scheme(c),
		.data = c->hs->content,
		.len = c->hs->content_len,
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
