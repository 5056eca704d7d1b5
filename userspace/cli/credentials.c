// SPDX-License-Identifier: MIT
/* The certificates of --cert, and which of them is shown to a peer. */
#include <string.h>
#include <strings.h>

#include "sluice/async.h"
#include "sluice/provider.h"
#include "stream.h"

struct wanted {
	const char *name;
	size_t len;
	bool found;
};

static bool same(const char *a, const char *b, size_t len)
{
	return strlen(a) == len && !strncasecmp(a, b, len);
}

/* A wildcard is the whole leftmost label, for one label (RFC 9525). */
static void look_for(void *arg, enum sluice_name type, const char *name)
{
	struct wanted *wanted = arg;
	const char *rest = memchr(wanted->name, '.', wanted->len);

	if (type != SLUICE_NAME_DNS)
		return;
	if (same(name, wanted->name, wanted->len))
		wanted->found = true;
	else if (name[0] == '*' && rest && rest != wanted->name &&
		 same(name + 1, rest,
		      wanted->len - (size_t)(rest - wanted->name)))
		wanted->found = true;
}

static bool is_for(const struct context *ctx,
		   const struct sluice_credential *cred,
		   const struct sluice_credential_request *request)
{
	struct wanted wanted = { request->server_name,
				 request->server_name_len, false };
	struct sluice_octets chain[SLUICE_CHAIN_MAX];

	if (!wanted.name ||
	    !ctx->provider->credential_chain(ctx->provider, cred, chain))
		return false;
	ctx->backend->names(ctx->provider, chain[0].data, chain[0].len,
			    look_for, &wanted);
	return wanted.found;
}

/*
 * The first that the peer takes and, if there is one, that has the name which a
 * client asks for; else the first.
 */
static const struct sluice_credential *
choose(void *arg, const struct sluice_credential_request *request)
{
	const struct context *ctx = arg;
	const struct sluice_credential *best = NULL;

	for (size_t i = 0; i < ctx->options->cert_count; i++) {
		const struct sluice_credential *cred = ctx->credentials[i];

		if (!sluice_credential_fits(request, cred))
			continue;
		if (request->role == SLUICE_CLIENT ||
		    is_for(ctx, cred, request))
			return cred;
		if (!best)
			best = cred;
	}
	return best ? best : ctx->credentials[0];
}

bool credentials_read(const struct context *ctx,
		      struct sluice_credential *credentials[CERTS_MAX],
		      char *why)
{
	const struct sluice_backend *backend = ctx->backend;
	const struct options *o = ctx->options;

	memset(credentials, 0, CERTS_MAX * sizeof(*credentials));
	for (size_t i = 0; i < o->key_count; i++) {
		credentials[i] = backend->credential_load(ctx->provider,
							  o->certs[i],
							  o->keys[i], why);
		if (credentials[i] &&
		    (!o->ocsp[i] ||
		     !backend->credential_staple(credentials[i], o->ocsp[i],
						 why)))
			continue;
		while (i + 1)
			backend->credential_free(credentials[i--]);
		return false;
	}
	return true;
}

void context_credentials(struct context *ctx)
{
	const struct options *o = ctx->options;
	char why[SLUICE_WHY_MAX];
	/* a key alone can be shown as it is */
	bool bare = o->raw_key && !o->cert_count && o->key_count == 1;

	if (o->cert_count != o->key_count && !bare)
		fail(EXIT_USAGE, "--cert needs --key, and the other way round");
	if (bare)
		ctx->config.own_raw_key = SLUICE_RAW_KEY_ONLY;
	for (size_t i = 0; i < o->key_count; i++) {
		if (o->ocsp[i] && !ctx->backend->credential_staple)
			fail(EXIT_USAGE, "--ocsp: %s has no OCSP",
			     ctx->backend->name);
	}
	if (!credentials_read(ctx, ctx->credentials, why))
		fail(EXIT_FILE, "%s", why);
	ctx->config.credential = ctx->credentials[0];
	if (o->cert_count > 1)
		ctx->config.choose = choose;
}
