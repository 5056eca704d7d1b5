// SPDX-License-Identifier: MIT
#include "options.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind {
	BOOL,
	NUMBER,
	STRING,
	LIST,		/* one more of it */
	BASE64,
	BASE64_LIST,
	NEW,		/* a credential */
	NEW_RAW,
	OF_CREDENTIAL,	/* a flag on the latest of them; its kind is below */
	IS_SO,		/* it is always as the flag says */
	IS_SO_WITH,	/* the same, with a parameter */
};

struct flag {
	const char *name;
	enum kind kind;
	size_t offset;
	enum kind of;
	size_t given;		/* a bool that becomes true; 0: none */
};

#define OPTION(name, kind, field) \
	{ name, kind, offsetof(struct options, field), BOOL, 0 }
#define OPTION_GIVEN(name, kind, field) \
	{ name, kind, offsetof(struct options, field), BOOL, \
	  offsetof(struct options, field ## _given) }
#define CREDENTIAL(name, kind, field) \
	{ name, OF_CREDENTIAL, offsetof(struct credential_options, field), \
	  kind, 0 }
#define SO(name)	{ name, IS_SO, 0, BOOL, 0 }
#define SO_WITH(name)	{ name, IS_SO_WITH, 0, BOOL, 0 }

static const struct flag flags[] = {
	OPTION("-port", NUMBER, port),
	OPTION("-ipv6", BOOL, ipv6),
	OPTION("-shim-id", NUMBER, shim_id),
	OPTION("-server", BOOL, server),
	OPTION("-async", BOOL, async),
	OPTION("-resume-count", NUMBER, resume_count),
	OPTION("-wait-for-debugger", BOOL, wait_for_debugger),
	OPTION("-is-handshaker-supported", BOOL, is_handshaker_supported),

	OPTION("-min-version", NUMBER, min_version),
	OPTION("-max-version", NUMBER, max_version),
	OPTION("-no-tls12", BOOL, no_tls12),
	OPTION("-no-tls13", BOOL, no_tls13),
	OPTION("-cipher", STRING, cipher),
	OPTION("-fips-202205", BOOL, fips_202205),
	OPTION("-wpa-202304", BOOL, wpa_202304),
	OPTION("-cnsa1-202603", BOOL, cnsa1_202603),
	OPTION("-curves", LIST, curves),
	OPTION("-key-shares", LIST, key_shares),
	OPTION("-verify-prefs", LIST, verify_prefs),
	OPTION("-host-name", STRING, host_name),
	OPTION("-advertise-alpn", STRING, advertise_alpn),
	OPTION("-select-alpn", STRING, select_alpn),
	OPTION("-decline-alpn", BOOL, decline_alpn),
	OPTION("-reject-alpn", BOOL, reject_alpn),
	OPTION("-enable-ocsp-stapling", BOOL, ocsp_stapling),
	OPTION("-no-ticket", BOOL, no_ticket),
	OPTION("-skip-ticket", BOOL, skip_ticket),
	OPTION("-enable-early-data", BOOL, early_data),
	OPTION("-require-any-client-certificate", BOOL,
	       require_client_certificate),
	OPTION("-verify-peer", BOOL, verify_peer),
	OPTION("-verify-fail", BOOL, verify_fail),
	OPTION("-use-custom-verify-callback", BOOL, custom_verify),
	OPTION("-use-client-ca-list", STRING, client_ca_list),
	OPTION("-install-cert-compression-algs", BOOL, compressions),
	OPTION("-install-one-cert-compression-alg", NUMBER, compression),
	OPTION("-accepted-peer-cert-types", LIST, accepted_types),
	OPTION("-available-client-cert-types", LIST, available_types),
	OPTION("-max-send-fragment", NUMBER, max_send_fragment),
	OPTION("-ech-config-list", BASE64, ech_config_list),
	OPTION("-reject-unusable-ech-config", BOOL, ech_refuse_unusable),
	OPTION("-enable-ech-grease", BOOL, ech_grease),
	OPTION("-ech-server-config", BASE64_LIST, ech_configs),
	OPTION("-ech-server-key", BASE64_LIST, ech_keys),
	OPTION("-ech-is-retry-config", LIST, ech_retry),
	{ "-new-x509-credential", NEW, 0, BOOL, 0 },
	{ "-new-rpk-credential", NEW_RAW, 0, BOOL, 0 },
	CREDENTIAL("-cert-file", STRING, cert_file),
	CREDENTIAL("-key-file", STRING, key_file),
	CREDENTIAL("-signing-prefs", LIST, signing_prefs),
	CREDENTIAL("-ocsp-response", BASE64, ocsp_response),
	CREDENTIAL("-must-match-issuer", BOOL, must_match_issuer),

	OPTION("-handshake-twice", BOOL, handshake_twice),
	OPTION("-no-op-extra-handshake", BOOL, handshake_twice),
	OPTION("-export-traffic-secrets", BOOL, export_traffic_secrets),
	OPTION("-export-keying-material", NUMBER, export_len),
	OPTION("-export-label", STRING, export_label),
	OPTION("-export-context", STRING, export_context),
	OPTION("-use-export-context", BOOL, use_export_context),
	OPTION("-use-exporter-between-reads", BOOL, export_between_reads),
	OPTION("-write-different-record-sizes", BOOL, write_sizes),
	OPTION("-shim-writes-first", BOOL, writes_first),
	OPTION("-read-with-unfinished-write", BOOL, unfinished_write),
	OPTION("-shim-initial-write", STRING, initial_write),
	OPTION("-repeat-shim-initial-write", NUMBER, initial_writes),
	OPTION("-shim-shuts-down", BOOL, shuts_down),
	OPTION("-check-close-notify", BOOL, check_close_notify),
	OPTION("-key-update", BOOL, key_update),
	OPTION("-key-update-before-read", BOOL, key_update_before_read),
	OPTION("-resumption-delay", NUMBER, resumption_delay),

	OPTION("-expect-version", NUMBER, expect_version),
	OPTION("-expect-curve-id", NUMBER, expect_curve),
	OPTION("-expect-cipher", NUMBER, expect_cipher),
	OPTION("-expect-cipher-aes", NUMBER, expect_cipher),
	OPTION("-expect-peer-signature-algorithm", NUMBER, expect_signature),
	OPTION("-expect-server-name", STRING, expect_server_name),
	OPTION("-expect-no-server-name", BOOL, expect_no_server_name),
	OPTION("-expect-alpn", STRING, expect_alpn),
	OPTION("-expect-advertised-alpn", STRING, expect_advertised_alpn),
	OPTION("-expect-ocsp-response", BASE64, expect_ocsp_response),
	OPTION("-expect-client-ca-list", STRING, expect_client_ca_list),
	OPTION("-expect-peer-cert-file", STRING, expect_peer_cert_file),
	OPTION("-expect-no-peer-cert", BOOL, expect_no_peer_cert),
	OPTION("-expect-peer-rpk-sha256", BASE64, expect_raw_key),
	OPTION("-expect-peer-verify-pref", LIST, expect_peer_prefs),
	OPTION("-expect-session-miss", BOOL, expect_session_miss),
	OPTION("-expect-no-session", BOOL, expect_no_session),
	OPTION("-expect-session-id", BOOL, expect_session_id),
	OPTION("-expect-ticket-renewal", BOOL, expect_ticket_renewal),
	OPTION("-expect-accept-early-data", BOOL, expect_early_accepted),
	OPTION("-expect-reject-early-data", BOOL, expect_early_rejected),
	OPTION("-expect-no-offer-early-data", BOOL, expect_early_not_offered),
	OPTION("-expect-hrr", BOOL, expect_retry),
	OPTION("-expect-no-hrr", BOOL, expect_no_retry),
	OPTION("-expect-msg-callback", STRING, expect_trace),
	OPTION("-handshake-never-done", BOOL, handshake_never_done),
	OPTION("-expect-ech-accept", BOOL, expect_ech),
	OPTION("-expect-ech-retry-configs", BASE64, expect_ech_retry),
	OPTION("-expect-no-ech-retry-configs", BOOL, expect_no_ech_retry),
	OPTION("-expect-ech-name-override", STRING, expect_name_override),
	OPTION("-expect-no-ech-name-override", BOOL, expect_no_name_override),
	OPTION_GIVEN("-expect-selected-credential", NUMBER, expect_credential),
	OPTION_GIVEN("-expect-peer-certificate-type", NUMBER, expect_peer_type),

	/* TLS 1.0 and 1.1 are never spoken */
	SO("-no-tls1"),
	SO("-no-tls11"),
	/* certificates are judged by the shim, whoever has issued them */
	SO_WITH("-trust-cert"),
	SO("-use-old-client-cert-callback"),
	SO("-use-early-callback"),
	SO("-install-ddos-callback"),
	SO("-expect-verify-result"),
	/* TLS 1.2 has these, or there is no connection */
	SO("-expect-extended-master-secret"),
	SO("-expect-secure-renegotiation"),
	SO("-no-legacy-server-connect"),
	SO("-server-preference"),
	/* OCSP responses are not asked for by a callback, but before it */
	SO("-use-ocsp-callback"),
	SO("-set-ocsp-in-callback"),
	OPTION("-decline-ocsp-callback", BOOL, no_staple),
	OPTION("-fail-ocsp-callback", BOOL, refuse_staple),
	/* keys of tickets always come from a callback, and every ticket is new */
	SO("-use-ticket-callback"),
	SO("-use-ticket-aead-callback"),
	SO("-renew-ticket"),
	/* but for -expect-session-id, there are tickets alone */
	SO("-expect-no-session-id"),
	/* the shim has no other way */
	SO("-implicit-handshake"),
	SO("-partial-write"),
	SO_WITH("-read-size"),
	SO_WITH("-expect-cipher-no-aes"),
	/* hints are for the shim's handshaker, of which there is none */
	SO("-allow-hint-mismatch"),
	/* the next connection shows it, by offering early data */
	SO("-expect-ticket-supports-early-data"),
	/* what becomes of early data is all that is known, not why */
	SO_WITH("-expect-early-data-reason"),
};

void unimplemented(const char *what)
{
	fprintf(stderr, "not implemented: %s\n", what);
	exit(UNIMPLEMENTED);
}

static _Noreturn void bad(const char *flag, const char *value)
{
	fprintf(stderr, "bad value for %s: %s\n", flag, value);
	exit(1);
}

static unsigned long long number(const char *flag, const char *value)
{
	char *end;
	unsigned long long n;

	errno = 0;
	/* below 0, as strtoull() has it */
	n = strtoull(value, &end, 10);
	if (errno || !*value || *end)
		bad(flag, value);
	return n;
}

static struct sluice_octets base64(const char *flag, const char *value)
{
	size_t len = strlen(value), pad = 0;
	uint8_t *out = malloc(len + 1);

	while (pad < 2 && pad < len && value[len - 1 - pad] == '=')
		pad++;
	if (!out || EVP_DecodeBlock(out, (const uint8_t *)value, (int)len) < 0)
		bad(flag, value);
	return (struct sluice_octets){ out, len / 4 * 3 - pad };
}

static void set(void *to, enum kind kind, const char *flag, const char *value)
{
	struct list *list = to;
	struct octets_list *octets = to;

	switch (kind) {
	case BOOL:
		*(bool *)to = true;
		break;
	case NUMBER:
		*(unsigned long *)to = number(flag, value);
		break;
	case STRING:
		*(const char **)to = value;
		break;
	case LIST:
		if (list->count == LIST_MAX)
			bad(flag, value);
		list->values[list->count++] = (uint16_t)number(flag, value);
		break;
	case BASE64_LIST:
		if (octets->count == LIST_MAX)
			bad(flag, value);
		octets->values[octets->count++] = base64(flag, value);
		break;
	case BASE64:
		*(struct sluice_octets *)to = base64(flag, value);
		break;
	default:
		break;
	}
}

static void apply(struct options *o, const struct flag *flag, const char *value)
{
	char *base = (char *)o;

	switch (flag->kind) {
	case NEW:
	case NEW_RAW:
		if (o->credential_count == CREDENTIALS_MAX)
			unimplemented(flag->name);
		o->credentials[++o->credential_count].raw_key =
			flag->kind == NEW_RAW;
		return;
	case OF_CREDENTIAL:
		base = (char *)&o->credentials[o->credential_count];
		set(base + flag->offset, flag->of, flag->name, value);
		return;
	default:
		set(base + flag->offset, flag->kind, flag->name, value);
	}
	if (flag->given)
		*(bool *)(base + flag->given) = true;
}

static bool has_value(const struct flag *flag)
{
	enum kind kind = flag->kind == OF_CREDENTIAL ? flag->of : flag->kind;

	return kind == NUMBER || kind == STRING || kind == LIST ||
	       kind == BASE64 || kind == BASE64_LIST || kind == IS_SO_WITH;
}

/* Does name begin with the prefix? Then it goes on with the flag itself. */
static bool skip(const char **name, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*name, prefix, len) || (*name)[len] != '-')
		return false;
	*name += len;
	return true;
}

void options_read(struct options options[PHASES], int argc, char **argv)
{
	static const char *const prefixes[PHASES] = {
		"-on-initial", "-on-resume", "-on-retry"
	};
	size_t phase, i;

	for (phase = 0; phase < PHASES; phase++)
		options[phase] = (struct options){
			.initial_write = "hello", .initial_writes = 1,
		};
	for (argv++; --argc > 0; argv++) {
		const char *name = *argv, *value = NULL;
		bool of_shim = true;
		size_t only = PHASES;

		if (!skip(&name, "-on-shim"))
			of_shim = !skip(&name, "-on-handshaker");
		for (phase = 0; only == PHASES && phase < PHASES; phase++) {
			if (skip(&name, prefixes[phase]))
				only = phase;
		}
		for (i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
			if (!strcmp(flags[i].name, name))
				break;
		}
		if (i == sizeof(flags) / sizeof(*flags))
			unimplemented(name);
		if (has_value(&flags[i])) {
			if (!--argc)
				bad(name, "there is none");
			value = *++argv;
		}
		for (phase = 0; of_shim && phase < PHASES; phase++) {
			if (only == PHASES || only == phase)
				apply(&options[phase], &flags[i], value);
		}
	}
	for (phase = 0; phase < PHASES; phase++)
		policy_apply(&options[phase]);
}
