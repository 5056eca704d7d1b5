// SPDX-License-Identifier: MIT
/* A connection's beginning and end, and what can be asked of it. */
#include "conn.h"

#include <assert.h>
#include <string.h>

#include "auth.h"
#include "client.h"
#include "client_hello.h"
#include "credential.h"
#include "hello.h"
#include "server.h"
#include "tls12.h"
#include "verdict.h"

void sluice_wipe(void *mem, size_t len)
{
	if (!len)
		return;
	memset(mem, 0, len);
	/* the compiler must believe that somebody looks at the zeros */
	__asm__ __volatile__("" : : "r"(mem) : "memory");
}

static const char *check_alpn(const char *const *alpn)
{
	size_t total = 0;

	if (!alpn)
		return NULL;
	if (!*alpn)
		return "alpn: the list is empty; set it to NULL for no protocol";
	for (; *alpn; alpn++) {
		size_t len = strlen(*alpn);

		if (!len || len > SL_ALPN_NAME_MAX)
			return "alpn: a name has to have 1 to 255 octets";
		total += 1 + len;
	}
	return total > SLUICE_ALPN_MAX ? "alpn: too many names" : NULL;
}

/* The length of a list that ends with 0, looked at up to max entries. */
static size_t list_len(const uint16_t *list, size_t max)
{
	size_t len = 0;

	while (len < max && list[len])
		len++;
	return len;
}

static const char *check_lists(const struct sluice_config *config)
{
	const uint16_t *suite = sl_suites(config);
	const uint16_t *group = sl_groups(config);
	bool asked = false, usable = false;

	if (!*suite || list_len(suite, 17) == 17)
		return "suites: name 1 to 16";
	for (; *suite; suite++) {
		if (!sl_suite_find(*suite))
			return "suites: one of them is unknown";
		asked = asked || sl_suite_asked(config, *suite);
		usable = usable || sl_suite_usable(config, *suite);
	}
	if (!asked)
		return "suites: none of them is for min_version to max_version";
	if (!usable)
		return "suites: the provider has none of them";
	usable = false;
	if (list_len(group, 17) == 17)
		return "groups: name at most 16";
	for (; *group; group++)
		usable = usable || sl_group_usable(config, *group);
	return usable ? NULL : "groups: the provider has none of them";
}

static const char *check_schemes(const struct sluice_config *config)
{
	const uint16_t *scheme = config->schemes;
	bool usable = !scheme;

	if (scheme && list_len(scheme, 17) == 17)
		return "schemes: name at most 16";
	/* those of PKCS #1 are for TLS 1.2 */
	for (; scheme && *scheme; scheme++)
		usable = usable || sl_scheme_usable(config, *scheme) ||
			 (sl_version_usable(config, SLUICE_TLS_1_2) &&
			  sl_tls12_scheme_usable(config, *scheme));
	return usable ? NULL : "schemes: none of them can be checked";
}

static const char *check_versions(const struct sluice_config *config)
{
	uint16_t min = config->min_version, max = config->max_version;

	if ((min && min != SLUICE_TLS_1_2 && min != SLUICE_TLS_1_3) ||
	    (max && max != SLUICE_TLS_1_2 && max != SLUICE_TLS_1_3))
		return "min_version, max_version: SLUICE_TLS_1_2 or SLUICE_TLS_1_3";
	return max && min > max ? "min_version: is above max_version" : NULL;
}

static const char *check_psk(const struct sluice_config *config)
{
	const struct sluice_psk *psk = config->psk;
	const uint16_t *suite = sl_suites(config);

	if (!psk->identity || !psk->identity_len ||
	    psk->identity_len > SLUICE_PSK_IDENTITY_MAX)
		return "psk: the identity has to have 1 to 2304 octets";
	if (!sl_psk_usable(psk))
		return "psk: the key has to have 16 to 64 octets, the hash 32 or 48";
	while (*suite && !(sl_psk_suits(psk, sl_suite_find(*suite)) &&
			   sl_suite_usable(config, *suite)))
		suite++;
	return *suite ? NULL : "psk: none of the suites has its hash";
}

static const char *check_client(const struct sluice_config *config)
{
	if (config->peer_name && (!*config->peer_name ||
				  !strcmp(config->peer_name, ".") ||
				  strlen(config->peer_name) > SL_NAME_MAX + 1))
		return "peer_name: has to have 1 to 253 octets";
	if (config->ech_configs || config->ech_grease) {
		const char *wrong = sl_ech_check_client(config);

		if (wrong)
			return wrong;
	}
	if (config->psk) {
		const char *wrong = check_psk(config);

		if (wrong || !sl_can_judge(config))
			return wrong;
	}
	if (config->no_verify || sl_only_pins(config))
		return NULL;
	if (!sl_can_judge(config))
		return "trust: a client needs the authorities to believe";
	if (!config->peer_name)
		return "peer_name: a client needs the server's name";
	return NULL;
}

static const char *check_raw_keys(const struct sluice_config *config)
{
	const struct sluice_provider *p = config->provider;

	if (!config->own_raw_key && !config->peer_raw_key)
		return NULL;
	if (config->own_raw_key > SLUICE_RAW_KEY_FALLBACK ||
	    config->peer_raw_key > SLUICE_RAW_KEY_FALLBACK)
		return "own_raw_key, peer_raw_key: SLUICE_RAW_KEY_*";
	if (!p->credential_key || !p->pubkey_new)
		return "own_raw_key, peer_raw_key: the provider has no raw public keys";
	if (config->min_version == SLUICE_TLS_1_2 ||
	    config->max_version == SLUICE_TLS_1_2)
		return "own_raw_key, peer_raw_key: for TLS 1.3 only";
	if (config->peer_raw_key && !config->pin_count && !config->judge &&
	    !config->no_verify && !(config->async & SLUICE_ASYNC_VERDICT))
		return "peer_raw_key: pins or a verdict of your own have to say whose it is";
	return NULL;
}

static const char *check_server(const struct sluice_config *config)
{
	if (!sl_can_certify(config) && !config->psk_find)
		return "credential: a server needs a certificate and its key, or pre-shared keys";
	if (config->ticket_lifetime > 604800)
		return "ticket_lifetime: at most 604800 seconds";
	if (config->ticket_count > 8)
		return "ticket_count: at most 8";
	if (config->max_early_data && !config->session_put &&
	    !((config->early_data_first ||
	       config->async & SLUICE_ASYNC_UNUSED) && config->early_data_id))
		return "max_early_data: needs session_put, or early_data_first and early_data_id";
	if (!config->session_put != !config->session_take &&
	    !(config->async & SLUICE_ASYNC_TICKET))
		return "session_put: goes with session_take";
	if (config->client_auth > SLUICE_CLIENT_AUTH_REQUIRED)
		return "client_auth: none, optional or required";
	if (config->client_auth && !sl_can_judge(config))
		return "trust: client_auth needs the authorities to believe";
	return config->ech_key_count ? sl_ech_check_server(config) : NULL;
}

const char *sluice_config_check(const struct sluice_config *config)
{
	const char *wrong;

	if (!config || !config->provider)
		return "provider: needed";
	if (!config->now)
		return "now: needed";
	if (config->record_limit &&
	    (config->record_limit < SLUICE_DATA_MIN ||
	     config->record_limit > SLUICE_DATA_MAX))
		return "record_limit: 63 to 16384 octets";
	if (config->async & ~(unsigned int)(SLUICE_ASYNC_CREDENTIAL |
					     SLUICE_ASYNC_SIGNATURE |
					     SLUICE_ASYNC_VERDICT |
					     SLUICE_ASYNC_TICKET |
					     SLUICE_ASYNC_UNUSED))
		return "async: SLUICE_ASYNC_*";
	if (config->no_verify &&
	    (config->judge || config->async & SLUICE_ASYNC_VERDICT))
		return "no_verify: does not go with a verdict of your own";
	if (config->staple > SLUICE_STAPLE_REQUIRED)
		return "staple: none, optional or required";
	if (config->staple == SLUICE_STAPLE_REQUIRED &&
	    (config->no_verify || sl_only_pins(config) ||
	     !config->provider->checks_staples))
		return "staple: no_verify, or the provider, would not look at it";
	wrong = check_raw_keys(config);
	if (wrong)
		return wrong;
	if (!config->pins != !config->pin_count)
		return "pins: go with pin_count";
	if (config->compressions && !*config->compressions)
		return "compressions: the list is empty; set it to NULL for none";
	wrong = check_versions(config);
	if (!wrong)
		wrong = check_alpn(config->alpn);
	if (!wrong)
		wrong = check_lists(config);
	if (!wrong)
		wrong = check_schemes(config);
	if (wrong)
		return wrong;
	switch (config->role) {
	case SLUICE_CLIENT:
		return check_client(config);
	case SLUICE_SERVER:
		return check_server(config);
	default:
		return "role: SLUICE_CLIENT or SLUICE_SERVER";
	}
}

/* The handshake's part begins where the connection's ends. */
static_assert(sizeof(struct sluice_conn) %
	      _Alignof(struct sl_handshake) == 0, "alignment");

size_t sluice_conn_size(void)
{
	return sizeof(struct sluice_conn) + sizeof(struct sl_handshake) +
	       SL_BUFFER_MIN;
}

size_t sluice_established_size(void)
{
	return sizeof(struct sluice_conn);
}

static bool is_good(const void *mem, size_t size, size_t needed)
{
	return mem && size >= needed &&
	       !((uintptr_t)mem % _Alignof(struct sluice_conn));
}

struct sluice_conn *sluice_conn_init(void *mem, size_t size,
				     const struct sluice_config *config)
{
	struct sluice_conn *c = mem;

	if (!is_good(mem, size, sluice_conn_size()) ||
	    sluice_config_check(config))
		return NULL;
	memset(c, 0, sizeof(*c) + sizeof(*c->hs));
	c->hs = (struct sl_handshake *)(c + 1);
	c->hs->buffer_size = size - sizeof(*c) - sizeof(*c->hs);
	c->config = config;
	c->p = config->provider;
	c->alert_sent = SL_ALERT_NONE;
	c->alert_received = SL_ALERT_NONE;
	c->reason = "";
	c->tx_limit = SL_PLAINTEXT_MAX;
	c->rx_limit = SL_PLAINTEXT_MAX;
	c->want = SL_RECORD_HEADER;
	sl_tls12_raw_begin(c);
	c->hs->step = config->role == SLUICE_CLIENT ? sl_client_begin() :
						      sl_server_begin();
	return c;
}

void sl_conn_wipe_handshake(struct sluice_conn *c)
{
	struct sl_handshake *hs = c->hs;
	size_t size;

	if (!hs)
		return;
	size = hs->buffer_size + hs->tls12.kept + hs->tls12.raw_size;
	sl_transcript_free(c);
	sl_shares_free(c);
	sl_ech_free(c);
	c->p->pubkey_free(c->p, hs->peer_key);
	sluice_wipe(hs, sizeof(*hs) + size);
	hs->buffer_size = size;
}

void sl_conn_finish(struct sluice_conn *c)
{
	sl_conn_wipe_handshake(c);
	c->hs->buffer_size = 0;
	c->hs = NULL;
	c->done = true;
	c->idle = 0;
}

struct sluice_conn *sluice_conn_move(struct sluice_conn *c, void *mem,
				     size_t size)
{
	if (!c->done || !is_good(mem, size, sizeof(*c)))
		return NULL;
	memcpy(mem, c, sizeof(*c));
	sluice_wipe(c, sizeof(*c));
	return mem;
}

void sluice_conn_free(struct sluice_conn *c)
{
	if (!c)
		return;
	sl_conn_wipe_handshake(c);
	if (c->hs)
		c->hs->buffer_size = 0;
	sl_keys_wipe(c, &c->tx);
	sl_keys_wipe(c, &c->rx);
	sluice_wipe(c, sizeof(*c));
}

bool sl_verdict(struct sluice_conn *c, int rc, enum sluice_error error,
		const char *reason)
{
	if (rc > 0 && rc <= 255)
		return sl_fail(c, (enum sl_alert)rc, error, reason);
	return sl_internal(c, "the provider failed");
}

void sluice_conn_info(const struct sluice_conn *c,
		      struct sluice_conn_info *info)
{
	*info = (struct sluice_conn_info){
		.version = c->version,
		.suite = c->suite ? c->suite->id : 0,
		.group = c->group,
		.signature = c->signature,
		.client_signature = c->client_signature,
		.certificate_requested = c->certificate_requested,
		.alpn = c->alpn,
		.alpn_len = c->alpn_len,
		.sni = c->sni_len ? c->sni : NULL,
		.sni_len = c->sni_len,
		.handshake_done = c->done,
		.verified = c->verified,
		.resumed = c->resumed,
		.psk = c->by_psk && !c->resumed,
		.retried = c->retried,
		.early = c->early,
		.ech = c->ech,
		.closed = c->rx_closed,
		.error = c->error,
		.alert_sent = c->alert_sent,
		.alert_received = c->alert_received,
		.reason = c->reason,
		.tx_records = c->tx.seq,
		.rx_records = c->rx.seq,
		.tx_key_updates = c->tx.updates,
		.rx_key_updates = c->rx.updates,
		.tickets = c->tickets,
		.record_limit = (unsigned int)c->tx_limit,
		.update_wanted = c->update_wanted,
		.stapled = c->stapled,
		.own_raw_key = c->own_raw && sl_own_scheme(c),
		.peer_raw_key = c->peer_raw && (sl_is_server(c) ?
						c->client_signature :
						c->signature),
	};
	if (c->error && c->hs && c->hs->ech.told) {
		info->ech_retry_configs = c->hs->buffer;
		info->ech_retry_configs_len = c->hs->ech.retry_len;
	}
}
