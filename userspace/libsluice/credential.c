// SPDX-License-Identifier: MIT
#include "credential.h"

#include <string.h>

#include "conn.h"
#include "hello.h"
#include "tls12.h"

static struct sl_reader reader(struct sluice_octets octets)
{
	return sl_reader(octets.data, octets.len);
}

void sl_get_filter(struct sl_reader *list, struct sl_reader *oid,
		   struct sl_reader *values)
{
	*oid = sl_get_vec(list, 1, 1, 0xff);
	*values = sl_get_vec(list, 2, 0, 0xffff);
}

/* Is there what is to be shown? */
static bool is_complete(const struct sluice_credential_request *request,
			const struct sluice_credential *cred)
{
	const struct sluice_provider *p = request->provider;
	struct sluice_octets shown[SLUICE_CHAIN_MAX];

	return request->raw_key ? p->credential_key(p, cred, shown) :
				  p->credential_chain(p, cred, shown);
}

/*
 * In TLS 1.2 the hash has nothing to do with the curve, and a client has not each
 * hash of the handshake.
 */
static uint16_t other_hash(const struct sluice_credential_request *request,
			   const struct sluice_credential *cred)
{
	static const uint16_t ecdsa[] = {
		SLUICE_ECDSA_SECP384R1_SHA384, SLUICE_ECDSA_SECP256R1_SHA256,
		SLUICE_ECDSA_SECP521R1_SHA512, 0
	};
	const struct sluice_provider *p = request->provider;
	const uint16_t *scheme = ecdsa;

	if (!sl_listed(ecdsa, *p->credential_schemes(p, cred)))
		return 0;
	while (*scheme && !sl_contains16(reader(request->schemes), *scheme))
		scheme++;
	return *scheme;
}

/* The first of the key's schemes that the peer takes; 0 if there is none. */
static uint16_t scheme_of(const struct sluice_credential_request *request,
			  const struct sluice_credential *cred)
{
	const struct sluice_provider *p = request->provider;
	const uint16_t *scheme = p->credential_schemes(p, cred);

	if (!is_complete(request, cred))
		return 0;
	while (*scheme && (!sl_contains16(reader(request->schemes), *scheme) ||
			   (request->version == SLUICE_TLS_1_3 &&
			    sl_tls12_only(*scheme))))
		scheme++;
	if (!*scheme && request->version == SLUICE_TLS_1_2 &&
	    request->role == SLUICE_CLIENT)
		return other_hash(request, cred);
	return *scheme;
}

/* Can the peer check what our authorities have signed? */
static bool is_readable(const struct sluice_credential_request *request,
			const struct sluice_credential *cred)
{
	const struct sluice_provider *p = request->provider;
	const uint16_t *scheme;

	if (!p->credential_signatures)
		return true;
	scheme = p->credential_signatures(p, cred);
	while (*scheme && sl_contains16(reader(request->certificate_schemes),
					*scheme))
		scheme++;
	return !*scheme;
}

static bool is_issued(const struct sluice_credential_request *request,
		      const struct sluice_credential *cred)
{
	const struct sluice_provider *p = request->provider;
	struct sl_reader list = reader(request->authorities);
	bool issued = !list.left;

	while (!issued && list.left) {
		struct sl_reader name = sl_get_vec(&list, 2, 1, 0xffff);

		if (list.bad)
			break;
		issued = p->credential_issued(p, cred, name.pos, name.left);
	}
	return issued;
}

static bool passes(const struct sluice_credential_request *request,
		   const struct sluice_credential *cred)
{
	const struct sluice_provider *p = request->provider;
	struct sl_reader list = reader(request->filters);
	struct sl_reader oid, values;

	while (list.left) {
		sl_get_filter(&list, &oid, &values);
		if (list.bad ||
		    !p->credential_matches(p, cred, oid.pos, oid.left,
					   values.pos, values.left))
			return false;
	}
	return true;
}

bool sluice_credential_fits(const struct sluice_credential_request *request,
			    const struct sluice_credential *cred)
{
	if (!scheme_of(request, cred))
		return false;
	if (request->raw_key)
		return true;
	return is_readable(request, cred) &&
	       (request->role == SLUICE_SERVER ||
		(is_issued(request, cred) && passes(request, cred)));
}

bool sl_credential_chosen(const struct sluice_config *config)
{
	return config->choose || config->async & SLUICE_ASYNC_CREDENTIAL;
}

bool sl_can_certify(const struct sluice_config *config)
{
	return config->credential || sl_credential_chosen(config);
}

static bool no_credential(struct sluice_conn *c)
{
	if (c->sni_len)
		return sl_fail(c, SL_UNRECOGNIZED_NAME, SLUICE_ERR_NEGOTIATION,
			       "there is no certificate for the name that the client asks for");
	return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
		       "there is no certificate for this client");
}

bool sl_credential_use(struct sluice_conn *c,
		       const struct sluice_credential *cred)
{
	const struct sluice_credential_request *request = &c->hs->request;

	c->hs->credential = cred;
	if (!sl_is_server(c)) {
		/* whoever would refuse it does not need to see whose it is */
		if (cred && sluice_credential_fits(request, cred))
			c->client_signature = scheme_of(request, cred);
		c->chosen = c->client_signature &&
			    cred != c->config->credential;
		return true;
	}
	if (!cred)
		return no_credential(c);
	/* one that the client may not be able to check is better than none */
	c->signature = scheme_of(request, cred);
	return c->signature ||
	       sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
		       "the client does not take signatures of our certificate's key");
}

bool sl_credential_choose(struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;
	struct sluice_credential_request *request = &c->hs->request;

	request->provider = c->p;
	request->role = config->role;
	request->version = c->version;
	request->raw_key = c->own_raw;
	if (sl_is_server(c) && c->sni_len) {
		request->server_name = c->sni;
		request->server_name_len = c->sni_len;
	} else if (!sl_is_server(c) && config->peer_name) {
		request->server_name = config->peer_name;
		request->server_name_len = strlen(config->peer_name);
	}
	if (c->alpn_len) {
		request->alpn = (const char *)c->alpn;
		request->alpn_len = c->alpn_len;
	}
	/* who this server is not for (RFC 9849, section 6.1.7) */
	if (sl_ech_rejected(c))
		return sl_credential_use(c, NULL);
	/* a server has looked already */
	if (config->own_raw_key == SLUICE_RAW_KEY_ONLY && !c->own_raw)
		return sl_credential_use(c, NULL);
	if (config->async & SLUICE_ASYNC_CREDENTIAL) {
		c->hs->wanted = SLUICE_WANT_CREDENTIAL;
		return true;
	}
	return sl_credential_use(c, config->choose ?
				    config->choose(config->ctx, request) :
				    config->credential);
}
