// SPDX-License-Identifier: MIT
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

bool wrong(struct connection *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	c->wrong = true;
	return false;
}

static bool same(struct sluice_octets a, const void *data, size_t len)
{
	return a.len == len && (!len || !memcmp(a.data, data, len));
}

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

size_t read_names(const char *text, struct sluice_octets names[NAMES_MAX])
{
	size_t count = 0;

	if (*text == '<')		/* <NULL>, <EMPTY> */
		return 0;
	while (*text && count < NAMES_MAX) {
		size_t len = strcspn(text, ","), i;
		uint8_t *der = malloc(len / 2 + 1);

		if (!der)
			abort();
		for (i = 0; i < len / 2; i++)
			der[i] = (uint8_t)(digit(text[2 * i]) << 4 |
					   digit(text[2 * i + 1]));
		names[count++] = (struct sluice_octets){ der, len / 2 };
		text += len;
		text += *text == ',';
	}
	return count;
}

static void check_authorities(struct connection *c, struct sluice_octets list)
{
	struct sluice_octets expected[NAMES_MAX];
	size_t count = read_names(c->options->expect_client_ca_list, expected);
	size_t i;

	for (i = 0; i < count; i++) {
		size_t len = list.len < 2 ? 0 : (size_t)list.data[0] << 8 |
						list.data[1];

		if (!len || !same(expected[i], list.data + 2, len)) {
			wrong(c, "another list of authorities");
			break;
		}
		list.data += 2 + len;
		list.len -= 2 + len;
	}
	if (i == count && list.len)
		wrong(c, "more authorities than expected");
	for (i = 0; i < count; i++)
		free((void *)(uintptr_t)expected[i].data);
}

/* What the peer asks a certificate for is to be seen only here. */
static void check_request(struct connection *c,
			  const struct sluice_credential_request *request)
{
	const struct options *o = c->options;
	const struct list *prefs = &o->expect_peer_prefs;
	size_t i;

	if (o->expect_advertised_alpn &&
	    !same(request->alpn_offered, o->expect_advertised_alpn,
		  strlen(o->expect_advertised_alpn)))
		wrong(c, "other application protocols are offered");
	if (o->expect_client_ca_list && !o->server)
		check_authorities(c, request->authorities);
	if (prefs->count && request->schemes.len != 2 * prefs->count)
		wrong(c, "another number of signature schemes");
	for (i = 0; i < prefs->count && !c->wrong; i++) {
		const uint8_t *at = request->schemes.data + 2 * i;

		if (prefs->values[i] != (at[0] << 8 | at[1]))
			wrong(c, "other signature schemes");
	}
}

/* -must-match-issuer */
static bool is_issued(const struct connection *c,
		      const struct sluice_credential_request *request,
		      const struct sluice_credential *cred)
{
	const uint8_t *at = request->authorities.data;
	const uint8_t *end = at + request->authorities.len;
	const struct sluice_provider *p = c->shim->real;

	while (at < end) {
		size_t len = (size_t)at[0] << 8 | at[1];

		if (p->credential_issued(p, cred, at + 2, len))
			return true;
		at += 2 + len;
	}
	return false;
}

const struct sluice_credential *
choose(void *ctx, const struct sluice_credential_request *request)
{
	struct connection *c = ctx;
	const struct options *o = c->options;
	size_t i;

	check_request(c, request);
	if (c->wrong)
		return NULL;
	for (i = 1; i <= o->credential_count; i++) {
		const struct sluice_credential *cred = c->credentials[i];

		if (!cred || o->credentials[i].raw_key != request->raw_key ||
		    !sluice_credential_fits(request, cred) ||
		    (o->credentials[i].must_match_issuer &&
		     !is_issued(c, request, cred)))
			continue;
		c->chosen = (long)i - 1;
		c->shown = cred;
		return cred;
	}
	c->shown = c->credentials[0];
	return c->shown;
}

static void check_staple(struct connection *c, struct sluice_octets staple)
{
	const struct sluice_octets *expected = &c->options->expect_ocsp_response;

	if (expected->len && !same(*expected, staple.data, staple.len))
		wrong(c, "another OCSP response");
}

/* -expect-ech-name-override: the public name, if ECH is rejected. */
static void check_name(struct connection *c, const char *name)
{
	const struct options *o = c->options;
	const char *expected = o->expect_name_override ?
			       o->expect_name_override : o->host_name;

	if ((o->expect_name_override || o->expect_no_name_override) &&
	    expected && (!name || strcmp(name, expected)))
		wrong(c, "another name is to be checked");
}

bool check_ech_retry(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_conn_info info;
	struct sluice_octets retry;

	sluice_conn_info(c->conn, &info);
	retry = (struct sluice_octets){
		info.ech_retry_configs, info.ech_retry_configs_len
	};
	if (o->expect_no_ech_retry && retry.len)
		return wrong(c, "ECHConfigs were not expected");
	if (o->expect_ech_retry.len &&
	    !same(o->expect_ech_retry, retry.data, retry.len))
		return wrong(c, "other ECHConfigs");
	return true;
}

int judge(void *ctx, const struct sluice_verdict_request *request,
	  const char **reason)
{
	struct connection *c = ctx;
	const struct options *o = c->options;
	uint8_t hash[SHA256_DIGEST_LENGTH];
	size_t i;

	if (c->chain_len)
		wrong(c, "certificates are to be judged a second time");
	for (i = 0; i < request->count && !c->chain_len; i++) {
		uint8_t *copy = malloc(request->chain[i].len + 1);

		if (!copy)
			abort();
		memcpy(copy, request->chain[i].data, request->chain[i].len);
		c->chain[i] = (struct sluice_octets){
			copy, request->chain[i].len
		};
	}
	c->chain_len = request->count;
	check_staple(c, request->peer.staple);
	check_name(c, request->peer.name);
	if (o->expect_raw_key.len) {
		SHA256(c->chain->data, c->chain->len, hash);
		if (!request->raw_key ||
		    !same(o->expect_raw_key, hash, sizeof(hash)))
			wrong(c, "another raw public key");
	}
	/* whether there is one or not */
	if (o->refuse_staple) {
		*reason = "the shim does not believe the OCSP response";
		return 113;	/* bad_certificate_status_response */
	}
	if (o->verify_fail &&
	    (o->verify_peer || o->require_client_certificate ||
	     request->raw_key)) {
		*reason = "the shim does not believe the peer";
		/* what BoringSSL makes of it: certificate_unknown, or else */
		return o->custom_verify ? 46 : 40;
	}
	return 0;
}

static bool check_chain(struct connection *c)
{
	FILE *file = fopen(c->options->expect_peer_cert_file, "r");
	size_t count = 0;
	X509 *cert;

	if (!file)
		return wrong(c, "cannot open the expected certificate");
	while ((cert = PEM_read_X509(file, NULL, NULL, NULL))) {
		uint8_t *der = NULL;
		int len = i2d_X509(cert, &der);

		if (len < 0)
			abort();
		if (count < c->chain_len &&
		    !same(c->chain[count], der, (size_t)len))
			wrong(c, "certificate %zu is another", count);
		count++;
		OPENSSL_free(der);
		X509_free(cert);
	}
	fclose(file);
	if (count != c->chain_len)
		return wrong(c, "%zu certificates instead of %zu", c->chain_len,
			     count);
	return !c->wrong;
}

static void check_certificates(struct connection *c,
			       const struct sluice_conn_info *info)
{
	const struct options *o = c->options;

	/* they are those of the first connection, and not kept */
	if (info->resumed)
		return;
	if (o->expect_peer_cert_file)
		check_chain(c);
	if (o->expect_no_peer_cert && c->chain_len)
		wrong(c, "a certificate was not expected");
	else if ((!o->server || o->require_client_certificate) &&
		 !o->expect_no_peer_cert && !c->chain_len)
		wrong(c, "there is no certificate");
	if (o->expect_credential_given && o->expect_credential != c->chosen)
		wrong(c, "credential %ld was chosen, not %ld", c->chosen,
		      o->expect_credential);
	if (o->expect_peer_type_given &&
	    info->peer_raw_key != (o->expect_peer_type == 2))
		wrong(c, "another type of certificate");
}

static void check_number(struct connection *c, const char *what, long expected,
			 long value)
{
	if (expected && expected != value)
		wrong(c, "%s: %#lx instead of %#lx", what, (unsigned long)value,
		      (unsigned long)expected);
}

static void check_early(struct connection *c, enum sluice_early early)
{
	const struct options *o = c->options;

	if ((o->expect_early_accepted && early != SLUICE_EARLY_ACCEPTED) ||
	    (o->expect_early_rejected && early == SLUICE_EARLY_ACCEPTED))
		wrong(c, "early data was%s accepted",
		      o->expect_early_accepted ? " not" : "");
	if (o->expect_early_not_offered && early)
		wrong(c, "early data was offered");
}

static void check_names(struct connection *c,
			const struct sluice_conn_info *info)
{
	const struct options *o = c->options;
	const char *alpn = o->server ? o->select_alpn : o->expect_alpn;
	struct sluice_octets sni = { (const uint8_t *)info->sni, info->sni_len };
	struct sluice_octets chosen = {
		(const uint8_t *)info->alpn, info->alpn_len
	};

	if (o->expect_no_server_name && sni.len)
		wrong(c, "a server name was not expected");
	if (o->expect_server_name && !same(sni, o->expect_server_name,
					   strlen(o->expect_server_name)))
		wrong(c, "another server name");
	if (!same(chosen, alpn ? alpn : "", alpn ? strlen(alpn) : 0))
		wrong(c, "another application protocol");
}

/* A client does not, if it might have to show another certificate next time. */
static bool keeps_tickets(const struct connection *c)
{
	return !c->options->server &&
	       (!c->shown || c->shown == c->config.credential);
}

bool check_handshake(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_conn_info info;

	sluice_conn_info(c->conn, &info);
	check_number(c, "version", o->expect_version, info.version);
	check_number(c, "cipher suite", o->expect_cipher, info.suite);
	/* nothing is told of the session's first connection */
	if (!info.resumed || info.version == SLUICE_TLS_1_3)
		check_number(c, "group", o->expect_curve, info.group);
	if (!info.resumed)
		check_number(c, "signature scheme", o->expect_signature,
			     o->server ? info.client_signature :
					 info.signature);
	check_names(c, &info);
	check_early(c, info.early);
	check_certificates(c, &info);
	if (info.resumed != (c->resumption && !o->expect_session_miss))
		wrong(c, "the session was%s resumed", info.resumed ? "" : " not");
	if ((o->expect_retry && !info.retried) ||
	    (o->expect_no_retry && info.retried))
		wrong(c, "there was %s HelloRetryRequest",
		      info.retried ? "a" : "no");
	if (o->expect_ech != (info.ech == SLUICE_ECH_ACCEPTED))
		wrong(c, "Encrypted Client Hello was%s accepted",
		      o->expect_ech ? " not" : "");
	if (o->handshake_never_done)
		wrong(c, "the handshake was not to be finished");
	/* a session that was resumed is kept once more */
	if (keeps_tickets(c) && info.version == SLUICE_TLS_1_2 &&
	    (info.resumed ? info.tickets > 0 : c->puts > 0) !=
	    (!o->expect_no_session &&
	     (!info.resumed || o->expect_ticket_renewal)))
		wrong(c, "there is%s a new session", c->puts ? "" : " not");
	return !c->wrong;
}

/* Nothing is told of change_cipher_spec, nor of what is in another ClientHello. */
static bool is_told(const char *line, size_t len)
{
	static const char *const untold[] = { "ccs", "clienthelloinner" };
	size_t i;

	for (i = 0; i < sizeof(untold) / sizeof(*untold); i++) {
		size_t n = strlen(untold[i]);

		if (len > n && !memcmp(line + len - n, untold[i], n))
			return false;
	}
	return true;
}

static void check_trace(struct connection *c)
{
	const char *expected = c->options->expect_trace, *told = c->trace;

	while (*expected) {
		size_t len = strcspn(expected, "\n");

		if (is_told(expected, len)) {
			if (strncmp(told, expected, len + 1))
				break;
			told += len + 1;
		}
		expected += len + 1;
	}
	if (*expected || *told)
		wrong(c, "other messages were seen:\n%s", c->trace);
}

bool check_end(struct connection *c)
{
	const struct options *o = c->options;
	struct sluice_conn_info info;

	c->shim->no_tickets = !keeps_tickets(c);
	sluice_conn_info(c->conn, &info);
	if (o->expect_trace)
		check_trace(c);
	if (keeps_tickets(c) && info.version == SLUICE_TLS_1_3 &&
	    (c->puts > 0) != (!o->expect_no_session && !o->shuts_down))
		wrong(c, "there is%s a new session", c->puts ? "" : " not");
	return !c->wrong;
}
