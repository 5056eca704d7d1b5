// SPDX-License-Identifier: MIT
/* One handshake, from the request to the hand-over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "sluice/kernel.h"
#include "sluice/stream.h"
#include "sluiced.h"

/* What a request gets that does not say how long it wants to wait. */
#define TIMEOUT_MS	30000

static uint64_t now(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static int failed(const struct sluice_conn *conn)
{
	struct sluice_conn_info info;

	sluice_conn_info(conn, &info);
	if (info.alert_received >= 0)
		say(LOG_WARNING, "the peer refused: %s (alert %d)",
		    sluice_alert_name(info.alert_received),
		    info.alert_received);
	else
		say(LOG_WARNING, "%s (alert sent: %s)", info.reason,
		    info.alert_sent < 0 ? "none" :
		    sluice_alert_name(info.alert_sent));
	return sluice_errno(conn);
}

static int run(struct sluice_conn *conn, int fd, unsigned int timeout)
{
	static uint8_t in[SLUICE_RECORD_MAX], out[SLUICE_RECORD_MAX];
	struct sluice_stream stream;

	sluice_stream_init(&stream, conn, fd, in, sizeof(in), out, sizeof(out));
	if (sluice_stream_handshake_within(&stream, timeout) == SLUICE_DONE)
		return 0;
	return sluice_errno(conn) ? failed(conn) : errno;
}

static int hand_over(const struct sluice_conn *conn, int fd)
{
	struct sluice_secrets secrets;
	int rc;

	if (sluice_conn_secrets(conn, &secrets)) {
		say(LOG_ERR, "the connection can't be handed over");
		return EIO;
	}
	rc = sluice_kernel_hand_over(fd, &secrets, 0, 0);
	sluice_wipe(&secrets, sizeof(secrets));
	if (rc)
		say(LOG_ERR, "handing the connection over: %s", strerror(-rc));
	return -rc;
}

/* What the callbacks of one handshake need. */
struct handshake {
	const struct agent *agent;
	const struct request *request;
	struct key_psk psk;
	uint8_t *peer;		/* certificate, or */
	size_t peer_len;
	bool bare;		/* public key */
	bool bare_taken;
	char name[NAME_MAX_LEN + 1];	/* a client's, from its certificate */
	uint8_t protocols[SLUICE_ALPN_LEN_MAX + 1];
	const char *alpn[SLUICE_ALPN_LEN_MAX / 2 + 1];	/* are in there */
};

/*
 * The application protocols that the kernel's user wants, if it is one of
 * sluice.ko's: others have none.
 */
static int ask_protocols(struct handshake *hs, struct sluice_config *config)
{
	uint8_t *pos = hs->protocols, *end;
	size_t len = sizeof(hs->protocols) - 1, n = 0;
	int rc = sluice_kernel_protocols(hs->request->fd, pos, &len);

	if (rc || !len)
		return rc == -ENOTCONN || rc == -ENOPROTOOPT ? 0 : -rc;
	/* The length of the next one becomes the end of a string. */
	for (end = pos + len; pos < end; n++) {
		size_t name_len = *pos;

		if (!name_len || name_len >= (size_t)(end - pos))
			return EPROTO;
		*pos = 0;
		hs->alpn[n] = (const char *)pos + 1;
		pos += 1 + name_len;
	}
	*end = 0;
	config->alpn = hs->alpn;
	return 0;
}

static int tell_protocol(const struct sluice_conn *conn, int fd)
{
	struct sluice_conn_info info;
	int rc;

	sluice_conn_info(conn, &info);
	if (!info.alpn)
		return 0;
	rc = sluice_kernel_set_protocol(fd, info.alpn, info.alpn_len);
	if (rc)
		say(LOG_ERR, "saying which protocol was chosen: %s",
		    strerror(-rc));
	return -rc;
}

/* A client's name is the first that its certificate has. */
static void keep_name(void *ctx, enum sluice_name type,
		      const char *name)
{
	struct handshake *hs = ctx;

	(void)type;
	if (!*hs->name)
		snprintf(hs->name, sizeof(hs->name), "%s", name);
}

/* Whoever has issued it, it is the driver's to say what it is good for. */
static bool keep_peer(void *ctx, const struct sluice_octets *chain,
		      size_t count)
{
	struct handshake *hs = ctx;

	if (!count)
		return false;
	hs->peer = malloc(chain->len);
	if (!hs->peer)
		return false;
	memcpy(hs->peer, chain->data, chain->len);
	hs->peer_len = chain->len;
	/* a bare key has no name: it is one of those that are pinned */
	return !hs->agent->backend->names(hs->agent->provider, chain->data,
					  chain->len, keep_name, hs) ||
	       hs->bare_taken;
}

/* The serial of what the peer has shown. */
static int32_t peer_of(const struct handshake *hs)
{
	const struct request *request = hs->request;
	const struct sluice_octets shown = { hs->peer, hs->peer_len };

	if (!hs->peer)
		return hs->psk.serial;
	return key_peer(hs->agent, request, request->server ? hs->name :
			request->peer_name, &shown, hs->bare);
}

static int shake(struct handshake *hs, const struct sluice_config *config,
		 unsigned int timeout)
{
	const struct request *request = hs->request;
	const char *problem = sluice_config_check(config);
	size_t size = sluice_conn_size() + SLUICE_CHAIN_ROOM;
	struct sluice_conn_info info;
	struct sluice_conn *conn;
	void *mem;
	int rc;

	if (problem) {
		say(LOG_ERR, "the request can't be met: %s", problem);
		return EINVAL;
	}
	mem = malloc(size);
	conn = sluice_conn_init(mem, mem ? size : 0, config);
	if (!conn) {
		free(mem);
		return ENOMEM;
	}
	rc = run(conn, request->fd, timeout);
	if (!rc)
		rc = tell_protocol(conn, request->fd);
	if (!rc)
		rc = hand_over(conn, request->fd);
	sluice_conn_info(conn, &info);
	hs->bare = info.peer_raw_key;
	if (!rc && hs->agent->verbose)
		say(LOG_INFO, "%s %s: %s, %s, %s%s",
		    request->server ? "server for" : "client of",
		    request->server ? *hs->name ? hs->name : "a client" :
		    *request->peer_name ? request->peer_name : "a server",
		    sluice_suite_name(info.suite),
		    sluice_group_name(info.group),
		    info.psk ? "a pre-shared key" :
		    sluice_signature_name(info.signature),
		    info.peer_raw_key ? ", a raw public key" : "");
	sluice_conn_free(conn);
	free(mem);
	return rc;
}

static bool psk_find(void *ctx, const uint8_t *identity, size_t len,
		     struct sluice_psk *psk)
{
	struct handshake *hs = ctx;

	/* Asked again after a HelloRetryRequest. */
	key_psk_free(&hs->psk);
	if (!key_psk_find(hs->request, identity, len, &hs->psk))
		return false;
	*psk = hs->psk.psk;
	return true;
}

/* kTLS on the socket, and what has to be there for it. */
static int prepare(const struct request *request)
{
	int rc = -sluice_kernel_prepare(request->fd);

	if (rc == ENOENT)
		say(LOG_ERR, "this kernel has no kTLS (modprobe tls)");
	else if (rc == ENOPROTOOPT)
		say(LOG_ERR, "the sluice module is not loaded (modprobe sluice)");
	else if (rc)
		say(LOG_ERR, "kTLS: %s", strerror(rc));
	return rc;
}

/* The certificate that the peer is shown, or its key. */
static int introduce(const struct handshake *hs, struct sluice_config *config,
		     struct sluice_credential **cred)
{
	const struct request *request = hs->request;
	const struct agent *agent = hs->agent;
	int rc;

	if (agent->credential && request->cert == NO_KEY &&
	    request->privkey == NO_KEY) {
		config->credential = agent->credential;
		config->own_raw_key = agent->cert ? agent->raw_key :
						    SLUICE_RAW_KEY_ONLY;
		return 0;
	}
	rc = key_credential(agent, request, cred);
	config->credential = *cred;
	config->own_raw_key = request->cert == NO_KEY ? SLUICE_RAW_KEY_ONLY :
							agent->raw_key;
	return rc;
}

/* Who the peer may be. */
static void expect(struct handshake *hs, struct sluice_config *config)
{
	const struct agent *agent = hs->agent;
	bool server = hs->request->server;
	const struct pins *pins = server ? &agent->client_pins : &agent->pins;

	config->trust = server ? agent->client_trust : agent->trust;
	if (!pins->count)
		return;
	config->pins = pins->pin;
	config->pin_count = pins->count;
	config->peer_raw_key = agent->peer_raw_key;
	hs->bare_taken = agent->peer_raw_key;
	/* nobody else is asked whose it is, nor needs a name for it */
	if (agent->peer_raw_key == SLUICE_RAW_KEY_ONLY)
		config->trust = NULL;
}

/* Whom the request wants to meet, and as whom. */
static int configure(struct handshake *hs, struct sluice_config *config,
		     struct sluice_credential **cred)
{
	const struct request *request = hs->request;
	const struct agent *agent = hs->agent;
	int rc = 0;

	if (*request->peer_name)
		config->peer_name = request->peer_name;
	switch (request->auth) {
	case HANDSHAKE_AUTH_PSK:
		if (request->server) {
			config->psk_find = psk_find;
			break;
		}
		/* The first is the only one: no driver names more. */
		if (!request->psk_count) {
			say(LOG_ERR, "the request names no pre-shared key");
			return ENOKEY;
		}
		rc = key_psk_read(&hs->psk, request->psk[0]);
		config->psk = &hs->psk.psk;
		break;
	case HANDSHAKE_AUTH_X509:
		rc = introduce(hs, config, cred);
		config->peer_certificate = keep_peer;
		expect(hs, config);
		if (request->server &&
		    (agent->client_trust || agent->client_pins.count))
			config->client_auth = agent->client_optional ?
					      SLUICE_CLIENT_AUTH_OPTIONAL :
					      SLUICE_CLIENT_AUTH_REQUIRED;
		break;
	case HANDSHAKE_AUTH_UNAUTH:
		expect(hs, config);
		break;
	default:
		return EOPNOTSUPP;
	}
	return rc;
}

int answer(const struct agent *agent, const struct request *request,
	   int32_t *peer)
{
	unsigned int timeout = request->timeout_ms ? request->timeout_ms :
						     TIMEOUT_MS;
	struct handshake hs = { .agent = agent, .request = request };
	struct sluice_config config = {
		.provider = agent->provider,
		.role = request->server ? SLUICE_SERVER : SLUICE_CLIENT,
		.now = now,
		.ctx = &hs,
		/* obeys a client that asks for smaller records */
		.record_limit = request->server ? SLUICE_DATA_MAX : 0,
	};
	struct sluice_credential *cred = NULL;
	int rc;

	rc = prepare(request);
	if (!rc)
		rc = key_join(request);
	if (!rc)
		rc = configure(&hs, &config, &cred);
	if (!rc)
		rc = ask_protocols(&hs, &config);
	if (!rc)
		rc = shake(&hs, &config, timeout);
	if (!rc)
		*peer = peer_of(&hs);
	key_psk_free(&hs.psk);
	free(hs.peer);
	agent->backend->credential_free(cred);
	return rc;
}
