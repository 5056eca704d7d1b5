// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

static struct connection *of(const struct sluice_provider *p)
{
	return ((const struct wrapper *)p)->ctx;
}

/* Which of the flags' credentials is it? */
static size_t number_of(const struct connection *c,
			const struct sluice_credential *cred)
{
	size_t i = 0;

	while (c->credentials[i] != cred)
		i++;
	return i;
}

static const uint16_t *schemes(const struct sluice_provider *p,
			       const struct sluice_credential *cred)
{
	struct connection *c = of(p);

	return c->schemes[number_of(c, cred)].values;
}

/* -signing-prefs, as far as the key can make them. */
static void set_schemes(struct connection *c, size_t i)
{
	const struct list *prefs = &c->options->credentials[i].signing_prefs;
	const uint16_t *can = c->shim->real->credential_schemes(
		c->shim->real, c->credentials[i]);
	struct list *list = &c->schemes[i];
	size_t n;

	for (; !prefs->count && *can; can++)
		list->values[list->count++] = *can;
	for (n = 0; n < prefs->count; n++) {
		const uint16_t *at = can;

		while (*at && *at != prefs->values[n])
			at++;
		if (*at)
			list->values[list->count++] = *at;
	}
}

/* Only with -must-match-issuer, it matters to BoringSSL who has issued it. */
static bool issued(const struct sluice_provider *p,
		   const struct sluice_credential *cred, const uint8_t *name,
		   size_t len)
{
	struct connection *c = of(p);

	return !c->options->credentials[number_of(c, cred)].must_match_issuer ||
	       c->shim->real->credential_issued(c->shim->real, cred, name, len);
}

/* -ocsp-response, which need not be one */
static bool staple(const struct sluice_provider *p,
		   const struct sluice_credential *cred,
		   struct sluice_octets *response)
{
	struct connection *c = of(p);

	*response = c->options->credentials[number_of(c, cred)].ocsp_response;
	return response->len && !c->options->no_staple;
}

/* -use-client-ca-list */
static bool name(const struct sluice_provider *p,
		 const struct sluice_trust *trust, size_t i,
		 struct sluice_octets *out)
{
	struct connection *c = of(p);

	(void)trust;
	if (i >= c->name_count)
		return false;
	*out = c->names[i];
	return true;
}

static uint64_t now(void *ctx)
{
	const struct connection *c = ctx;

	return c->shim->now;
}

static void trace(void *ctx, bool sent, unsigned int what, unsigned int type,
		  size_t len)
{
	struct connection *c = ctx;
	size_t used = strlen(c->trace);
	const char *level = type ? "2 " : "1 ";	/* close_notify */

	(void)len;
	snprintf(c->trace + used, sizeof(c->trace) - used, "%s %s %s%u\n",
		 sent ? "write" : "read",
		 what == SLUICE_TRACE_ALERT ? "alert" : "hs",
		 what == SLUICE_TRACE_ALERT ? level : "", type);
}

/* The algorithms of the runner's cert_compression_tests.go. */
static int shrink(const uint8_t *in, size_t in_len, uint8_t *out,
		  size_t *out_len)
{
	if (in_len < 2 || in[0] || in[1] || *out_len < in_len - 2)
		return -1;
	*out_len = in_len - 2;
	memcpy(out, in + 2, *out_len);
	return 0;
}

static int unshrink(const uint8_t *in, size_t in_len, uint8_t *out,
		    size_t out_len)
{
	if (out_len != in_len + 2)
		return -1;
	memset(out, 0, 2);
	memcpy(out + 2, in, in_len);
	return 0;
}

static const uint8_t expanded[] = { 1, 2, 3, 4 };

static int expand(const uint8_t *in, size_t in_len, uint8_t *out,
		  size_t *out_len)
{
	if (*out_len < in_len + sizeof(expanded))
		return -1;
	*out_len = in_len + sizeof(expanded);
	memcpy(out, expanded, sizeof(expanded));
	memcpy(out + sizeof(expanded), in, in_len);
	return 0;
}

static int unexpand(const uint8_t *in, size_t in_len, uint8_t *out,
		    size_t out_len)
{
	if (in_len != out_len + sizeof(expanded) ||
	    memcmp(in, expanded, sizeof(expanded)))
		return -1;
	memcpy(out, in + sizeof(expanded), out_len);
	return 0;
}

static int vary(const uint8_t *in, size_t in_len, uint8_t *out, size_t *out_len)
{
	static uint8_t count;

	if (*out_len < in_len + 1)
		return -1;
	*out_len = in_len + 1;
	out[0] = count++;
	memcpy(out + 1, in, in_len);
	return 0;
}

static int unvary(const uint8_t *in, size_t in_len, uint8_t *out,
		  size_t out_len)
{
	if (in_len != out_len + 1)
		return -1;
	memcpy(out, in + 1, out_len);
	return 0;
}

static const struct sluice_compression algorithms[] = {
	{ 0xff02, "expanding", expand, unexpand },
	{ 0xff01, "shrinking", shrink, unshrink },
	{ 0xff03, "varying", vary, unvary },
};

static void set_compressions(struct connection *c)
{
	const struct options *o = c->options;
	size_t i, count = 0;

	for (i = 0; i < sizeof(algorithms) / sizeof(*algorithms); i++) {
		if (o->compressions || o->compression == algorithms[i].id)
			c->compressions[count++] = &algorithms[i];
	}
	if (count)
		c->config.compressions = c->compressions;
}

static void set_versions(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_config *config = &c->config;

	config->max_version = SLUICE_TLS_1_3;
	config->min_version = SLUICE_TLS_1_2;
	if (o->no_tls13 || (o->max_version && o->max_version < SLUICE_TLS_1_3))
		config->max_version = SLUICE_TLS_1_2;
	if (o->no_tls12 || o->min_version >= SLUICE_TLS_1_3)
		config->min_version = SLUICE_TLS_1_3;
	if (config->min_version > config->max_version ||
	    (o->max_version && o->max_version < SLUICE_TLS_1_2))
		unimplemented("a version before TLS 1.2");
}

/* Names of suites, ended by colons; those of TLS 1.3 are always there. */
static void set_suites(struct connection *c)
{
	static const uint16_t all[] = {
		SLUICE_AES_128_GCM_SHA256,
		SLUICE_AES_256_GCM_SHA384,
		SLUICE_CHACHA20_POLY1305_SHA256,
		SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256,
		SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384,
		SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256,
		SLUICE_ECDHE_RSA_AES_128_GCM_SHA256,
		SLUICE_ECDHE_RSA_AES_256_GCM_SHA384,
		SLUICE_ECDHE_RSA_CHACHA20_POLY1305_SHA256,
	};
	const char *at = c->options->cipher;
	size_t count = 3, i;

	c->config.suites = c->suites;
	if (c->options->suites.count) {
		memcpy(c->suites, c->options->suites.values, sizeof(c->suites));
		return;
	}
	memcpy(c->suites, all, sizeof(all));
	if (!at)
		return;
	while (*at) {
		size_t len = strcspn(at, ":");
		const char *known = "";

		for (i = 3; i < sizeof(all) / sizeof(*all); i++) {
			known = sluice_suite_name(all[i]);
			if (strlen(known) == len && !memcmp(known, at, len))
				break;
		}
		if (i == sizeof(all) / sizeof(*all))
			unimplemented("-cipher with others than AEADs with ECDHE");
		c->suites[count++] = all[i];
		at += len;
		at += *at == ':';
	}
	c->suites[count] = 0;
}

static void set_groups(struct connection *c)
{
	const struct list *curves = &c->options->curves;
	const struct list *shares = &c->options->key_shares;
	const struct sluice_provider *p = c->shim->real;
	static const uint16_t ours[] = {
		SLUICE_X25519MLKEM768, SLUICE_X25519, SLUICE_SECP256R1,
		SLUICE_SECP384R1, SLUICE_SECP521R1, 0
	};
	size_t i;

	memcpy(c->groups, ours, sizeof(ours));
	c->config.groups = c->groups;
	if (curves->count > 16)
		unimplemented("so many groups");
	for (i = 0; i < curves->count; i++) {
		if (!p->group_offered(p, curves->values[i]))
			unimplemented("one of the groups");
		c->groups[i] = curves->values[i];
	}
	if (curves->count)
		c->groups[curves->count] = 0;
	/* shares are of the first group, and of the curve in it */
	if (!shares->count)
		return;
	if (shares->values[0] != c->groups[0] || shares->count > 2 ||
	    (c->groups[0] == SLUICE_X25519MLKEM768) != (shares->count == 2) ||
	    (shares->count == 2 && shares->values[1] != SLUICE_X25519))
		unimplemented("a choice of key shares");
}

static void add_protocol(struct connection *c, size_t *count, size_t *used,
			 const char *text, size_t len)
{
	if (!len || *used + len + 1 > sizeof(c->alpn_text))
		unimplemented("an application protocol without a name");
	memcpy(c->alpn_text + *used, text, len);
	c->alpn[(*count)++] = c->alpn_text + *used;
	*used += len + 1;
}

static void set_alpn(struct connection *c)
{
	const struct options *o = c->options;
	const char *at = o->advertise_alpn;
	size_t count = 0, used = 0;

	if (o->server && o->reject_alpn)
		add_protocol(c, &count, &used, "nobody's", 8);
	else if (o->server && o->select_alpn && *o->select_alpn &&
		 !o->decline_alpn)
		add_protocol(c, &count, &used, o->select_alpn,
			     strlen(o->select_alpn));
	while (!o->server && at && *at) {
		size_t len = (uint8_t)*at;

		if (len > strlen(at + 1))
			unimplemented("a malformed list of protocols");
		add_protocol(c, &count, &used, at + 1, len);
		at += 1 + len;
	}
	if (count)
		c->config.alpn = c->alpn;
}

static void set_credentials(struct connection *c)
{
	const struct options *o = c->options;
	char why[SLUICE_OPENSSL_WHY_MAX];
	bool raw = false, certificate = false;
	size_t i;

	for (i = 0; i <= o->credential_count; i++) {
		const struct credential_options *cred = &o->credentials[i];

		if (!cred->key_file)
			continue;
		c->credentials[i] = sluice_openssl_credential_load(
			c->shim->real, cred->cert_file, cred->key_file, why);
		if (!c->credentials[i]) {
			fprintf(stderr, "%s\n", why);
			unimplemented("one of the keys");
		}
		set_schemes(c, i);
		raw = raw || cred->raw_key;
		certificate = certificate || !cred->raw_key;
	}
	if (raw || certificate || o->server)
		c->config.choose = choose;
	/* with one that is not chosen, a client keeps its tickets */
	c->config.credential = c->credentials[o->credential_count == 1];
	if (raw)
		c->config.own_raw_key = !certificate ? SLUICE_RAW_KEY_ONLY :
					o->credentials[1].raw_key ?
					SLUICE_RAW_KEY_TOO :
					SLUICE_RAW_KEY_FALLBACK;
}

/* -verify-prefs, as far as they are known. */
static void set_preferences(struct connection *c)
{
	const struct list *prefs = &c->options->verify_prefs;
	const struct sluice_provider *p = c->shim->real;
	size_t i, count = 0;

	for (i = 0; i < prefs->count; i++) {
		uint16_t scheme = prefs->values[i];

		if (strcmp(sluice_signature_name(scheme), "unknown") &&
		    (!p->scheme_offered || p->scheme_offered(p, scheme)))
			c->verify_prefs[count++] = scheme;
	}
	if (count)
		c->config.schemes = c->verify_prefs;
	else if (i)
		unimplemented("-verify-prefs with none that libsluice has");
}

/* CertificateTypes, the preferred one first: 0 is X.509, 2 a raw public key. */
static enum sluice_raw_key raw_key_of(const struct list *types)
{
	if (!types->values[0])
		return types->count > 1 ? SLUICE_RAW_KEY_FALLBACK :
					  SLUICE_RAW_KEY_NO;
	return types->count > 1 ? SLUICE_RAW_KEY_TOO : SLUICE_RAW_KEY_ONLY;
}

static void set_certificate_types(struct connection *c)
{
	const struct list *peer = &c->options->accepted_types;
	const struct list *own = &c->options->available_types;
	struct sluice_config *config = &c->config;

	config->peer_raw_key = raw_key_of(peer);
	if (own->count)
		config->own_raw_key = raw_key_of(own);
	if (!config->own_raw_key && !config->peer_raw_key)
		return;
	if (config->max_version == SLUICE_TLS_1_2)
		unimplemented("raw public keys in TLS 1.2");
	config->min_version = SLUICE_TLS_1_3;
}

/* Clients with it speak TLS 1.3 only. */
static void set_ech(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_config *config = &c->config;
	size_t i;

	config->ech_grease = !o->server && o->ech_grease;
	if (!o->server && o->ech_config_list.len) {
		config->ech_configs = o->ech_config_list.data;
		config->ech_configs_len = o->ech_config_list.len;
		config->min_version = SLUICE_TLS_1_3;
	}
	for (i = 0; o->server && i < o->ech_keys.count; i++) {
		if (o->ech_keys.values[i].len != SLUICE_ECH_KEY_LEN)
			unimplemented("one of the keys");
		c->ech_keys[i] = (struct sluice_ech_key){
			.config = o->ech_configs.values[i].data,
			.config_len = o->ech_configs.values[i].len,
			.key = o->ech_keys.values[i].data,
			.retry = o->ech_retry.values[i],
		};
	}
	if (i)
		config->ech_keys = c->ech_keys;
	config->ech_key_count = i;
}

static void set_client(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_config *config = &c->config;

	config->role = SLUICE_CLIENT;
	/* an address, of which no server is told */
	config->peer_name = o->host_name ? o->host_name : "127.0.0.1";
	if (o->no_staple)
		unimplemented("a client that refuses an OCSP response");
	if (o->no_ticket)
		unimplemented("sessions without tickets, for a client");
	keep_tickets(c);
	if (o->ocsp_stapling)
		config->staple = SLUICE_STAPLE_OPTIONAL;
}

static void set_server(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_config *config = &c->config;

	config->role = SLUICE_SERVER;
	if (o->refuse_staple)
		unimplemented("a failure while an OCSP response is looked for");
	if (o->require_client_certificate)
		config->client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	else if (o->verify_peer)
		config->client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	if (config->client_auth && c->resumption)
		unimplemented("tickets of a server that asks for certificates");
	if (config->own_raw_key && c->resumption)
		unimplemented("types of certificates in a session that is resumed");
	if (o->client_ca_list)
		c->name_count = read_names(o->client_ca_list, c->names);
	config->name_authorities = c->name_count;
	config->trust = c->trust;
	make_tickets(c);
}

void setup(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_config *config = &c->config;
	const char *why;

	wrapper_init(&c->provider, c->shim->real);
	c->provider.ctx = c;
	c->provider.table.credential_schemes = schemes;
	c->provider.table.credential_staple = staple;
	c->provider.table.trust_name = name;
	c->provider.table.credential_issued = issued;
	/* BoringSSL does not ask what certificates are signed with */
	c->provider.table.credential_signatures = NULL;
	c->trust = sluice_openssl_trust_new(c->shim->real);
	if (!c->trust)
		abort();
	c->chosen = -1;
	config->provider = &c->provider.table;
	config->now = now;
	config->ctx = c;
	config->judge = judge;
	config->trace = o->expect_trace ? trace : NULL;
	if (o->export_len && !*o->export_label)
		unimplemented("exporters without a label");
	set_versions(c);
	set_suites(c);
	set_groups(c);
	set_alpn(c);
	set_compressions(c);
	set_credentials(c);
	if (o->server)
		set_server(c);
	else
		set_client(c);
	set_certificate_types(c);
	set_preferences(c);
	set_ech(c);
	if (o->async)
		config->async = SLUICE_ASYNC_SIGNATURE | SLUICE_ASYNC_VERDICT |
				(config->choose ? SLUICE_ASYNC_CREDENTIAL : 0);
	why = sluice_config_check(config);
	if (why && o->ech_refuse_unusable) {
		fprintf(stderr, "%s\n", why);
		exit(1);
	}
	if (why)
		unimplemented(why);
	c->conn = sluice_conn_init(c->memory, sizeof(c->memory), config);
	if (!c->conn)
		abort();
}

void setup_free(struct connection *c)
{
	size_t i;

	sluice_conn_free(c->conn);
	for (i = 0; i <= CREDENTIALS_MAX; i++)
		sluice_openssl_credential_free(c->credentials[i]);
	sluice_openssl_trust_free(c->trust);
	for (i = 0; i < c->chain_len; i++)
		free((void *)(uintptr_t)c->chain[i].data);
	for (i = 0; i < c->name_count; i++)
		free((void *)(uintptr_t)c->names[i].data);
}
