// SPDX-License-Identifier: MIT
#include "sluice/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sluice/kernel.h"

#define IN_SIZE		(2 * SLUICE_RECORD_MAX)
#define OUT_SIZE	(2 * SLUICE_RECORD_MAX)
#define TIMEOUT		30000

/* A connection, and what was made for it alone. */
struct call {
	struct sluice_stream stream;	/* first: what the caller gets */
	const struct sluice_call *how;
	struct sluice_config config;
	const struct sluice_backend *backend;
	struct sluice_provider *provider;
	struct sluice_trust *trust;
	struct sluice_credential *credential;
	struct sluice_conn *conn;	/* also when the kernel has it */
	char *host;
	bool kernel;
	uint8_t *in;
	uint8_t *out;
	char why[SLUICE_WHY_MAX];
};

static uint64_t now(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int say(struct call *c, const char *why, int rc)
{
	snprintf(c->why, sizeof(c->why), "%s", why);
	return rc;
}

static void end(struct call *c)
{
	/* the stream has freed it, if the kernel has it */
	sluice_conn_free(c->stream.conn);
	free(c->conn);
	if (c->backend) {
		c->backend->credential_free(c->credential);
		c->backend->trust_free(c->trust);
		c->backend->close(c->provider);
	}
	if (c->in)
		sluice_wipe(c->in, IN_SIZE);
	free(c->in);
	free(c->out);
	free(c->host);
	free(c);
}

void sluice_call_end(struct sluice_stream *stream)
{
	if (stream)
		end((struct call *)stream);
}

/* The provider, trust store and credential of one connection. */
static int load(struct call *c, const char *chain, const char *key)
{
	struct sluice_config *config = &c->config;

	c->backend = sluice_backend_find(NULL);
	c->provider = c->backend->open(false, c->why);
	if (!c->provider)
		return -EIO;
	config->provider = c->provider;
	config->now = now;
	if (config->role == SLUICE_CLIENT) {
		c->trust = c->backend->trust_new(c->provider);
		if (!c->trust)
			return -ENOMEM;
		config->trust = c->trust;
		return c->backend->trust_system(c->trust, c->why) ? -EIO : 0;
	}
	if (!chain || !key)
		return say(c, "a server needs a certificate and its key",
			   -EINVAL);
	c->credential = c->backend->credential_load(c->provider, chain, key,
						    c->why);
	config->credential = c->credential;
	return c->credential ? 0 : -EINVAL;
}

static int configure(struct call *c, enum sluice_role role, const char *host,
		     const char *chain, const char *key)
{
	const char *wrong;
	int rc = 0;

	if (c->how->config)
		c->config = *c->how->config;
	c->config.role = role;
	if (host) {
		c->host = strdup(host);
		if (!c->host)
			return -ENOMEM;
		c->config.peer_name = c->host;
	}
	if (!c->how->config)
		rc = load(c, chain, key);
	if (rc)
		return rc;
	wrong = sluice_config_check(&c->config);
	if (!wrong && c->config.async)
		wrong = "async: one call can't ask its caller";
	return wrong ? say(c, wrong, -EINVAL) : 0;
}

/* Whether the kernel is to have it; before a single octet is sent. */
static int probe(struct call *c, int fd)
{
	int rc;

	if (c->how->flags & SLUICE_CALL_USERSPACE)
		return 0;
	rc = sluice_kernel_prepare(fd);
	c->kernel = !rc;
	if (rc == -ENOENT)
		say(c, "this kernel has no kTLS (CONFIG_TLS, modprobe tls)", rc);
	else if (rc == -ENOPROTOOPT)
		say(c, "the sluice module is not loaded (modprobe sluice)", rc);
	else if (rc)
		say(c, strerror(-rc), rc);
	return c->how->flags & SLUICE_CALL_FALLBACK && rc != -ENOTCONN ? 0 : rc;
}

/* What TLS has to say of the end. */
static int failed(struct call *c)
{
	struct sluice_conn_info info;
	int error = errno;

	sluice_conn_info(c->conn, &info);
	if (!info.error)
		return say(c, strerror(error), -error);
	if (info.alert_received > 0)
		snprintf(c->why, sizeof(c->why), "the peer refused: %s (alert %d)",
			 sluice_alert_name(info.alert_received),
			 info.alert_received);
	else
		say(c, info.reason, 0);
	return -sluice_errno(c->conn);
}

static int shake(struct call *c)
{
	switch (sluice_stream_handshake_within(&c->stream, c->how->timeout ?
					       c->how->timeout : TIMEOUT)) {
	case SLUICE_DONE:
		return 0;
	case SLUICE_ERROR:
		return failed(c);
	default:
		return say(c, "the configuration asks for more than one call can do",
			   -EINVAL);
	}
}

static int hand_over(struct call *c)
{
	bool truncation = c->how->flags & SLUICE_CALL_ALLOW_TRUNCATION;
	int rc;

	if (!c->kernel)
		return 0;
	rc = sluice_stream_hand_over(&c->stream, truncation ?
				     SLUICE_ATTACH_ALLOW_TRUNCATION : 0,
				     c->config.update_after);
	if (!rc)
		return 0;
	say(c, rc == -EOPNOTSUPP ? "kTLS does not have what was negotiated" :
	    strerror(-rc), rc);
	if (rc != -EOPNOTSUPP || !(c->how->flags & SLUICE_CALL_FALLBACK))
		return rc;
	c->stream.exact = false;
	return 0;
}

static int begin(struct call *c, int fd)
{
	size_t size = sluice_conn_size() + SLUICE_CHAIN_ROOM;

	c->in = malloc(IN_SIZE);
	c->out = malloc(OUT_SIZE);
	c->conn = malloc(size);
	if (!c->in || !c->out || !c->conn) {
		free(c->conn);
		c->conn = NULL;
		return -ENOMEM;
	}
	sluice_stream_init(&c->stream,
			   sluice_conn_init(c->conn, size, &c->config), fd,
			   c->in, IN_SIZE, c->out, OUT_SIZE);
	c->stream.allow_truncation = c->how->flags &
				     SLUICE_CALL_ALLOW_TRUNCATION;
	return 0;
}

static int run(struct call *c, int fd, enum sluice_role role, const char *host,
	       const char *chain, const char *key)
{
	int rc = configure(c, role, host, chain, key);

	if (!rc)
		rc = begin(c, fd);
	if (!rc)
		rc = probe(c, fd);
	if (!rc)
		rc = shake(c);
	return rc ? rc : hand_over(c);
}

static int call(int fd, enum sluice_role role, const char *host,
		const char *chain, const char *key,
		const struct sluice_call *how)
{
	static const struct sluice_call nothing;
	const unsigned int all = SLUICE_CALL_FALLBACK | SLUICE_CALL_USERSPACE |
				 SLUICE_CALL_ALLOW_TRUNCATION;
	struct call *c;
	int rc;

	if (!how)
		how = &nothing;
	if (how->stream)
		*how->stream = NULL;
	if (how->flags & ~all ||
	    (how->flags & ~(unsigned int)SLUICE_CALL_ALLOW_TRUNCATION &&
	     !how->stream))
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->how = how;
	rc = run(c, fd, role, host, chain, key);
	if (how->why)
		memcpy(how->why, c->why, sizeof(c->why));
	if (rc || !how->stream) {
		end(c);
		return rc;
	}
	c->how = NULL;			/* the caller's, for this call only */
	*how->stream = &c->stream;
	return 0;
}

int sluice_connect(int fd, const char *host, const struct sluice_call *how)
{
	return call(fd, SLUICE_CLIENT, host, NULL, NULL, how);
}

int sluice_accept(int fd, const char *chain, const char *key,
		  const struct sluice_call *how)
{
	return call(fd, SLUICE_SERVER, NULL, chain, key, how);
}
