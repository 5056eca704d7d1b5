// SPDX-License-Identifier: MIT
/* What connections share: built once from the options. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "early_memory.h"
#include "ech.h"
#include "net.h"
#include "psk.h"
#include "starttls.h"
#include "stream.h"
#include "ticket.h"
#include "ticket_keys.h"

static uint64_t now(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* One write, so that lines of several processes do not mix. */
static void keylog(void *arg, const char *line)
{
	struct context *ctx = arg;
	size_t len = strlen(line);
	const struct iovec iov[] = {
		{ .iov_base = (void *)(uintptr_t)line, .iov_len = len },
		{ .iov_base = (char[]){ '\n' }, .iov_len = 1 },
	};

	if (writev(ctx->keylog, iov, 2) != (ssize_t)len + 1)
		note(ctx->options, "can't write to %s", ctx->options->keylog);
}

/* As a dump has it: "> client_hello, 517 octets". */
static void trace(void *arg, bool sent, unsigned int what, unsigned int type,
		  size_t len)
{
	(void)arg;
	if (what == SLUICE_TRACE_ALERT)
		fprintf(stderr, "%c alert %s\n", sent ? '>' : '<',
			sluice_alert_name((int)type));
	else
		fprintf(stderr, "%c %s, %zu octets\n", sent ? '>' : '<',
			sluice_message_name(type), len);
}

struct sluice_provider *provider_open(const struct options *options,
				      const struct sluice_backend **backend)
{
	char why[SLUICE_WHY_MAX];
	struct sluice_provider *p;

	*backend = sluice_backend_find(options->provider);
	if (!*backend)
		fail(EXIT_USAGE, "there is no provider '%s' in this build; 'sluice version' lists them",
		     options->provider);
	p = (*backend)->open(options->fips, why);
	if (!p)
		fail(EXIT_TLS, "%s", why);
	return p;
}

static void common(struct context *ctx, const struct options *options)
{
	memset(ctx, 0, sizeof(*ctx));
	ctx->options = options;
	ctx->keylog = -1;
	ctx->provider = provider_open(options, &ctx->backend);
	context_probe(ctx);
	ctx->config.provider = ctx->provider;
	ctx->config.now = now;
	ctx->config.ctx = ctx;
	ctx->config.update_after = options->update_after;
	ctx->config.record_limit = options->record_size;
	ctx->config.min_version = options->tls_min;
	ctx->config.max_version = options->tls_max;
	ctx->config.own_raw_key = options->raw_key;
	ctx->config.peer_raw_key = options->peer_raw_key;
	ctx->config.judge = options->judge;
	if (options->pins.count && !options->judge) {
		ctx->config.pins = options->pins.pin;
		ctx->config.pin_count = options->pins.count;
	}
	if (options->compressions[0])
		ctx->config.compressions = options->compressions;
	if (options->alpn[0])
		ctx->config.alpn = options->alpn;
	if (options->suites[0])
		ctx->config.suites = options->suites;
	if (options->groups[0])
		ctx->config.groups = options->groups;
	if (options->schemes[0])
		ctx->config.schemes = options->schemes;
	if (options->trace)
		ctx->config.trace = trace;
	if (options->keylog) {
		ctx->keylog = open(options->keylog, O_WRONLY | O_CREAT |
				   O_APPEND | O_CLOEXEC, 0600);
		if (ctx->keylog < 0)
			fail(EXIT_FILE, "can't write to %s: %s",
			     options->keylog, strerror(errno));
		ctx->config.keylog = keylog;
	}
}

/* NULL on failure, and a line in why. */
static struct sluice_trust *read_trust(const struct context *ctx,
				       const char *file, const char *dir,
				       char *why)
{
	const struct sluice_backend *backend = ctx->backend;
	struct sluice_trust *trust = backend->trust_new(ctx->provider);
	int rc = 0;

	if (!trust) {
		snprintf(why, SLUICE_WHY_MAX, "out of memory");
		return NULL;
	}
	if (file)
		rc = backend->trust_file(trust, file, why);
	if (!rc && dir)
		rc = backend->trust_dir(trust, dir, why);
	if (!rc && !file && !dir)
		rc = backend->trust_system(trust, why);
	if (!rc && ctx->options->crl)
		rc = backend->trust_crl(trust, ctx->options->crl,
					ctx->options->crl_flags, why);
	if (rc) {
		backend->trust_free(trust);
		trust = NULL;
	}
	return trust;
}

static void load_trust(struct context *ctx, const char *file, const char *dir)
{
	char why[SLUICE_WHY_MAX];

	ctx->trust = read_trust(ctx, file, dir, why);
	if (!ctx->trust)
		fail(EXIT_FILE, "%s", why);
	ctx->config.trust = ctx->trust;
}

/* Is the peer asked for proof that its certificate is not revoked? */
static void ask_staple(struct context *ctx, bool by_default)
{
	switch (ctx->options->ocsp_check) {
	case OCSP_REQUIRED:
		ctx->config.staple = SLUICE_STAPLE_REQUIRED;
		break;
	case OCSP_OPTIONAL:
		ctx->config.staple = SLUICE_STAPLE_OPTIONAL;
		break;
	case OCSP_DEFAULT:
		if (by_default)
			ctx->config.staple = SLUICE_STAPLE_OPTIONAL;
		break;
	case OCSP_NEVER:
		break;
	}
}

void context_client(struct context *ctx, const struct options *options,
		    const char *peer_name, const char *port)
{
	const char *problem;

	common(ctx, options);
	ctx->config.role = SLUICE_CLIENT;
	ctx->config.peer_name = options->servername ? options->servername :
						      peer_name;
	ctx->host = peer_name;
	ctx->port = port;
	snprintf(ctx->site, sizeof(ctx->site), "%s:%s", ctx->config.peer_name,
		 port);
	if (options->insecure) {
		if (options->crl)
			fail(EXIT_USAGE, "--crl does not go with --insecure");
		if (options->ocsp_check == OCSP_REQUIRED)
			fail(EXIT_USAGE, "--ocsp-check=required does not go with --insecure");
		ctx->config.no_verify = true;
		if (!options->pins.count)
			note(options, "--insecure: whoever answers is believed");
	} else if (!options->psk_file || options->cafile || options->capath) {
		load_trust(ctx, options->cafile, options->capath);
		ask_staple(ctx, true);
	}
	context_credentials(ctx);
	ech_client(ctx);
	if (options->psk_file)
		psk_client(ctx);
	if (options->session) {
		ctx->config.ticket_put = ticket_put;
		ctx->config.ticket_take = ticket_take;
		ctx->config.early_data = options->early_data;
	}
	problem = sluice_config_check(&ctx->config);
	if (problem)
		fail(EXIT_USAGE, "%s", problem);
}

int context_dial(const struct context *ctx)
{
	int fd = net_connect(ctx->host, ctx->port, ctx->options);

	if (ctx->starttls)
		starttls(fd, ctx->starttls, ctx->config.peer_name);
	return fd;
}

static void keep_name(void *arg, enum sluice_name type,
		      const char *name)
{
	struct context *ctx = arg;

	if (!*ctx->peer || type == SLUICE_NAME_SUBJECT)
		snprintf(ctx->peer, sizeof(ctx->peer), "%s", name);
}

/* Any that is good will do; whose it is, is for the log. */
static bool keep_peer(void *arg, const struct sluice_octets *chain,
		      size_t count)
{
	struct context *ctx = arg;

	*ctx->peer = 0;
	if (count && !ctx->backend->names(ctx->provider, chain->data,
					  chain->len, keep_name, ctx))
		return true;
	/* a bare key has no name: it is one of those that are pinned */
	snprintf(ctx->peer, sizeof(ctx->peer), "with a raw public key");
	return ctx->config.peer_raw_key;
}

void context_server(struct context *ctx, const struct options *options)
{
	struct ech_files *ech;
	char why[SLUICE_WHY_MAX];
	const char *problem;

	if ((!options->key_count || (!options->cert_count && !options->raw_key)) &&
	    !options->psk_file)
		fail(EXIT_USAGE, "serve needs --cert and --key, or --psk-file");
	if (options->crl && !options->client_ca)
		fail(EXIT_USAGE, "--crl needs --client-ca");
	if (options->ocsp_check > OCSP_NEVER && !options->client_ca)
		fail(EXIT_USAGE, "--ocsp-check needs --client-ca");
	common(ctx, options);
	ctx->config.role = SLUICE_SERVER;
	context_credentials(ctx);
	/* a client's wish is obeyed in any case */
	if (!options->record_size)
		ctx->config.record_limit = SLUICE_DATA_MAX;
	if (options->client_ca) {
		load_trust(ctx, options->client_ca, NULL);
		ask_staple(ctx, false);
	}
	if (options->client_ca || options->pins.count) {
		ctx->config.client_auth = options->client_optional ?
					  SLUICE_CLIENT_AUTH_OPTIONAL :
					  SLUICE_CLIENT_AUTH_REQUIRED;
		ctx->config.name_authorities = true;
		ctx->config.peer_certificate = keep_peer;
	}
	ech = ech_read(ctx, why);
	if (!ech)
		fail(EXIT_FILE, "%s", why);
	ech_use(ctx, ech);
	ticket_keys_init(ctx);
	if (options->psk_file)
		psk_server(ctx);
	if (options->early_data)
		early_memory_init(ctx);
	problem = sluice_config_check(&ctx->config);
	if (problem)
		fail(EXIT_USAGE, "%s", problem);
}

void context_reload(struct context *ctx)
{
	const struct options *o = ctx->options;
	struct sluice_credential *old[CERTS_MAX];
	struct sluice_trust *trust = NULL;
	struct ech_files *ech;
	char why[SLUICE_WHY_MAX];

	ech = ech_read(ctx, why);
	if (!ech)
		goto failed;
	if (o->client_ca) {
		trust = read_trust(ctx, o->client_ca, NULL, why);
		if (!trust)
			goto failed;
	}
	memcpy(old, ctx->credentials, sizeof(old));
	if (!credentials_read(ctx, ctx->credentials, why)) {
		memcpy(ctx->credentials, old, sizeof(old));
		ctx->backend->trust_free(trust);
		goto failed;
	}
	for (size_t i = 0; i < CERTS_MAX; i++)
		ctx->backend->credential_free(old[i]);
	ctx->backend->trust_free(ctx->trust);
	ctx->trust = trust;
	ctx->config.trust = trust;
	ctx->config.credential = ctx->credentials[0];
	ech_use(ctx, ech);
	note(o, "the files are read again");
	return;
failed:
	ech_drop(ech);
	note(o, "%s: going on with what was read before", why);
}

void context_free(struct context *ctx)
{
	if (ctx->keylog >= 0)
		close(ctx->keylog);
	ticket_keys_free(ctx);
	early_memory_free(ctx);
	psk_free(ctx);
	ech_free(ctx);
	for (size_t i = 0; i < CERTS_MAX; i++)
		ctx->backend->credential_free(ctx->credentials[i]);
	ctx->backend->trust_free(ctx->trust);
	ctx->backend->close(ctx->provider);
}
