// SPDX-License-Identifier: MIT
#include "verdict.h"

#include "conn.h"
#include "pins.h"

#define REFUSED		"the peer's certificate was not accepted"

bool sl_can_judge(const struct sluice_config *config)
{
	return config->trust || config->judge || config->no_verify ||
	       config->pin_count || config->async & SLUICE_ASYNC_VERDICT;
}

bool sl_only_pins(const struct sluice_config *config)
{
	return config->pin_count && !config->trust && !config->judge &&
	       !(config->async & SLUICE_ASYNC_VERDICT);
}

void sl_verdict_request(const struct sluice_conn *c,
			struct sluice_verdict_request *request)
{
	const struct sluice_config *config = c->config;

	*request = (struct sluice_verdict_request){
		.provider = c->p,
		.trust = config->no_verify ? NULL : config->trust,
		.chain = c->hs->chain,
		.count = c->hs->chain_len,
		.raw_key = c->peer_raw,
		.peer = {
			.name = sl_is_server(c) ? NULL :
				sl_ech_rejected(c) ? c->hs->ech.public_name :
						     config->peer_name,
			.server = !sl_is_server(c),
			.now = (int64_t)(config->now(config->ctx) / 1000),
			.staple = c->hs->staple,
			/* clients of TLS 1.2 are not asked */
			.staple_asked = config->staple &&
					(c->version == SLUICE_TLS_1_3 ||
					 !sl_is_server(c)),
			.staple_required =
				config->staple == SLUICE_STAPLE_REQUIRED,
		},
	};
}

static int verify(const struct sluice_verdict_request *r,
		  struct sluice_pubkey **key, const char **reason)
{
	const struct sluice_provider *p = r->provider;

	/* whose it is, is for the pins to say */
	if (r->raw_key)
		return p->pubkey_new(p, r->chain->data, r->chain->len, key,
				     reason);
	return p->verify_chain(p, r->trust, r->chain,
					 r->count, &r->peer, key, reason);
}

int sluice_verdict(const struct sluice_verdict_request *request,
		   const char **reason)
{
	struct sluice_pubkey *key = NULL;
	int rc;

	*reason = REFUSED;
	if (request->raw_key)
		return SL_UNSUPPORTED_CERTIFICATE;
	/* without authorities the provider would check nothing */
	if (!request->trust)
		return SL_UNKNOWN_CA;
	rc = verify(request, &key, reason);
	request->provider->pubkey_free(request->provider, key);
	return rc;
}

bool sl_verdict_find(struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;
	struct sluice_verdict_request request;
	const char *reason = REFUSED;
	int verdict;

	if (config->async & SLUICE_ASYNC_VERDICT) {
		c->hs->wanted = SLUICE_WANT_VERDICT;
		return true;
	}
	sl_verdict_request(c, &request);
	verdict = config->judge ?
		  config->judge(config->ctx, &request, &reason) :
		  verify(&request, &c->hs->peer_key, &reason);
	return sl_verdict_use(c, verdict, reason);
}

/* The leaf's key, if it was not the provider that judged. */
static int find_key(struct sluice_conn *c, const char **reason)
{
	struct sluice_verdict_request request;

	if (c->hs->peer_key)
		return 0;
	sl_verdict_request(c, &request);
	request.trust = NULL;
	return verify(&request, &c->hs->peer_key, reason);
}

bool sl_verdict_use(struct sluice_conn *c, int verdict, const char *reason)
{
	const struct sluice_config *config = c->config;

	if (!reason)
		reason = REFUSED;
	if (!verdict)
		verdict = find_key(c, &reason);
	if (verdict)
		return sl_verdict(c, verdict, SLUICE_ERR_CERTIFICATE, reason);
	if (sl_ech_rejected(c)) {
		/* pins and the application are for another server */
		c->verified = !config->no_verify && !sl_only_pins(config);
		return true;
	}
	if (!sl_pins_check(c))
		return false;
	if (config->peer_certificate &&
	    !config->peer_certificate(config->ctx, c->hs->chain,
				      c->hs->chain_len))
		return sl_fail(c, SL_ACCESS_DENIED, SLUICE_ERR_CERTIFICATE,
			       "the application does not take the peer's certificate");
	c->verified = !config->no_verify || config->pin_count;
	c->stapled = !config->no_verify && !sl_only_pins(config) &&
		     c->hs->staple.len;
	return true;
}
