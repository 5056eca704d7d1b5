// SPDX-License-Identifier: MIT
/* The options that all commands which speak TLS have in common. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "shared_options.h"
#include "sluice/backend.h"
#include "sluice/compress.h"
#include "sluice/provider.h"
#include "sluice/sluice.h"

enum {
	OPT_CAFILE = 256, OPT_CAPATH, OPT_SERVERNAME, OPT_INSECURE, OPT_CERT,
	OPT_KEY, OPT_RAW_KEY, OPT_PEER_RAW_KEY, OPT_PIN, OPT_CRL, OPT_CRL_CHECK,
	OPT_CRL_ALLOW, OPT_OCSP, OPT_OCSP_CHECK, OPT_TLS_MIN, OPT_TLS_MAX,
	OPT_COMPRESS, OPT_ALPN, OPT_SUITES, OPT_GROUPS, OPT_SIGALGS, OPT_SESSION,
	OPT_PSK_FILE, OPT_RECORD_SIZE, OPT_KEYLOG, OPT_PROVIDER, OPT_FIPS,
	OPT_ECH, OPT_ECH_GREASE, OPT_REQUIRE, OPT_NEVER, OPT_RAW, OPT_UPDATE,
	OPT_TIMEOUT, OPT_TRUNCATED, OPT_TRACE,
};

static const struct argp_option tls_options[] = {
	{ NULL, 0, NULL, 0, "TLS:", 10 },
	{ "cacert", OPT_CAFILE, "FILE", 0,
	  "Believe the certificates in FILE (PEM), not the system's", 0 },
	{ "capath", OPT_CAPATH, "DIR", 0,
	  "Believe those in DIR (see openssl-rehash(1))", 0 },
	{ "servername", OPT_SERVERNAME, "NAME", 0,
	  "Who the server has to be: a DNS name or an IP address; by default the host of the address", 0 },
	{ "insecure", OPT_INSECURE, NULL, 0,
	  "Take any certificate: for tests", 0 },
	{ "cert", OPT_CERT, "FILE", 0,
	  "Our certificate chain (PEM): serve's; or a client's, for a server that asks for one. May be given several times, to choose from by name and algorithm", 0 },
	{ "key", OPT_KEY, "FILE|URI", 0,
	  "Its private key (PEM), or where it is in a token (pkcs11:...); the first for the first --cert, and so on", 0 },
	{ "raw-key", OPT_RAW_KEY, "only|fallback", OPTION_ARG_OPTIONAL,
	  "Show the bare public key of --key (RFC 7250) to a peer that takes it; --cert is not needed then. With =only, no certificate in any case; with =fallback, rather a certificate", 0 },
	{ "peer-raw-key", OPT_PEER_RAW_KEY, "only|fallback", OPTION_ARG_OPTIONAL,
	  "Take a bare public key in the place of the peer's certificate, as --pin says (or any, with --insecure). With =only, no certificate; with =fallback, rather a certificate", 0 },
	{ "pin", OPT_PIN, "sha256//BASE64[;...]", 0,
	  "Have only a peer with this public key, as curl's --pinnedpubkey; with --insecure its key is all that counts. May be given several times", 0 },
	{ "crl", OPT_CRL, "FILE|DIR", 0,
	  "Refuse certificates that a revocation list in FILE or DIR (PEM or DER) names, or that none speaks of", 0 },
	{ "crl-check", OPT_CRL_CHECK, "leaf|chain", 0,
	  "Look up the peer's own certificate (by default), or its authorities', too", 0 },
	{ "crl-allow", OPT_CRL_ALLOW, "unknown|expired", 0,
	  "Take certificates that no list speaks of; or lists that are out of date. May be given twice", 0 },
	{ "ocsp", OPT_OCSP, "FILE", 0,
	  "An OCSP response (DER) on the --cert before it, for peers that ask for one", 0 },
	{ "ocsp-check", OPT_OCSP_CHECK, "never|optional|required", 0,
	  "Ask the peer for an OCSP response on its certificate, which has to be good; a client does by default. required: refuse certificates without", 0 },
	{ "tls-min", OPT_TLS_MIN, "1.2|1.3", 0,
	  "The oldest version to speak, by default 1.3, or --tls-max's", 0 },
	{ "tls-max", OPT_TLS_MAX, "1.2|1.3", 0,
	  "The newest version to speak, by default 1.3", 0 },
	{ "compress-cert", OPT_COMPRESS, "NAME[,NAME...]", 0,
	  "Compress certificates, both ways: brotli, zstd, zlib, as far as they are in this build", 0 },
	{ "alpn", OPT_ALPN, "NAME[,NAME...]", 0, "Protocols to offer", 0 },
	{ "ciphersuites", OPT_SUITES, "NAME[,NAME...]", 0,
	  "TLS_AES_128_GCM_SHA256, TLS_AES_256_GCM_SHA384, TLS_CHACHA20_POLY1305_SHA256, in the order of preference; and those of TLS 1.2: TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ...", 0 },
	{ "groups", OPT_GROUPS, "NAME[,NAME...]", 0,
	  "X25519MLKEM768, SecP256r1MLKEM768, x25519, secp256r1, secp384r1, secp521r1", 0 },
	{ "sigalgs", OPT_SIGALGS, "NAME[,NAME...]", 0,
	  "What the peer may sign the handshake with: ecdsa_secp256r1_sha256, ed25519, rsa_pss_rsae_sha256, ...", 0 },
	{ "session", OPT_SESSION, "FILE", 0,
	  "Resume with a ticket from FILE, and keep new ones there; each is used once", 0 },
	{ "psk-file", OPT_PSK_FILE, "FILE", 0,
	  "Use the pre-shared key of the first line of FILE, IDENTITY:KEY in hexadecimal; serve takes all of its keys. No certificate is needed then", 0 },
	{ "record-size", OPT_RECORD_SIZE, "OCTETS", 0,
	  "Ask the peer for records with at most OCTETS of data, 63 to 16384", 0 },
	{ "keylog", OPT_KEYLOG, "FILE", 0,
	  "Append the secrets to FILE (SSLKEYLOGFILE format): whoever reads it can read the connection. By default $SSLKEYLOGFILE, if that is set", 0 },
	{ "ech", OPT_ECH, "FILE|BASE64", 0,
	  "Encrypt the server's name and all else of the first message (Encrypted Client Hello, RFC 9849) with the ECHConfigList in FILE (PEM, base64 or as it is), or of BASE64; and once more if the server tells another", 0 },
	{ "ech-grease", OPT_ECH_GREASE, NULL, 0,
	  "Without --ech, send what looks like it", 0 },
	{ "provider", OPT_PROVIDER, "NAME", 0,
	  "Have this library do the cryptography: 'sluice version' lists those there are", 0 },
	{ "fips", OPT_FIPS, NULL, 0,
	  "Only what FIPS 140 approves, by OpenSSL's FIPS provider (see fips_module(7))", 0 },
	{ NULL, 0, NULL, 0, "Kernel:", 20 },
	{ "require-kernel", OPT_REQUIRE, NULL, 0,
	  "Fail where the kernel has no kTLS or no sluice module", 0 },
	{ "no-kernel", OPT_NEVER, NULL, 0, "Encrypt in this process", 0 },
	{ "raw-ktls", OPT_RAW, NULL, 0,
	  "Keys to kTLS, nothing to sluice: shows what breaks then", 0 },
	{ "update-after", OPT_UPDATE, "RECORDS", 0,
	  "Renew the sending key after RECORDS records", 0 },
	{ NULL, 0, NULL, 0, "General:", 30 },
	{ "timeout", OPT_TIMEOUT, "SECONDS", 0,
	  "Give up when nothing moves for SECONDS (default 60; 0: never)", 0 },
	{ "allow-truncation", OPT_TRUNCATED, NULL, 0,
	  "Take an end without close_notify for the end", 0 },
	{ "trace", OPT_TRACE, NULL, 0,
	  "Tell of every handshake message and alert, on standard error; not of those that the kernel takes", 0 },
	{ "verbose", 'v', NULL, 0, "Say more; twice: even more", 0 },
	{ "quiet", 'q', NULL, 0, "Say nothing but errors", 0 },
	{ 0 },
};

struct named {
	const char *name;
	uint16_t id;
};

static const struct named suites[] = {
	{ "TLS_AES_128_GCM_SHA256", SLUICE_AES_128_GCM_SHA256 },
	{ "TLS_AES_256_GCM_SHA384", SLUICE_AES_256_GCM_SHA384 },
	{ "TLS_CHACHA20_POLY1305_SHA256", SLUICE_CHACHA20_POLY1305_SHA256 },
	{ "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	  SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256 },
	{ "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	  SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384 },
	{ "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	  SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 },
	{ "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	  SLUICE_ECDHE_RSA_AES_128_GCM_SHA256 },
	{ "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	  SLUICE_ECDHE_RSA_AES_256_GCM_SHA384 },
	{ "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
	  SLUICE_ECDHE_RSA_CHACHA20_POLY1305_SHA256 },
	{ NULL, 0 },
};

static const struct named groups[] = {
	{ "X25519MLKEM768", SLUICE_X25519MLKEM768 },
	{ "SecP256r1MLKEM768", SLUICE_SECP256R1MLKEM768 },
	{ "X25519", SLUICE_X25519 },
	{ "secp256r1", SLUICE_SECP256R1 },
	{ "P-256", SLUICE_SECP256R1 },
	{ "secp384r1", SLUICE_SECP384R1 },
	{ "P-384", SLUICE_SECP384R1 },
	{ "secp521r1", SLUICE_SECP521R1 },
	{ "P-521", SLUICE_SECP521R1 },
	{ NULL, 0 },
};

static const struct named schemes[] = {
	{ "ecdsa_secp256r1_sha256", SLUICE_ECDSA_SECP256R1_SHA256 },
	{ "ecdsa_secp384r1_sha384", SLUICE_ECDSA_SECP384R1_SHA384 },
	{ "ecdsa_secp521r1_sha512", SLUICE_ECDSA_SECP521R1_SHA512 },
	{ "ed25519", SLUICE_ED25519 },
	{ "rsa_pss_rsae_sha256", SLUICE_RSA_PSS_RSAE_SHA256 },
	{ "rsa_pss_rsae_sha384", SLUICE_RSA_PSS_RSAE_SHA384 },
	{ "rsa_pss_rsae_sha512", SLUICE_RSA_PSS_RSAE_SHA512 },
	{ "rsa_pss_pss_sha256", SLUICE_RSA_PSS_PSS_SHA256 },
	{ "rsa_pss_pss_sha384", SLUICE_RSA_PSS_PSS_SHA384 },
	{ "rsa_pss_pss_sha512", SLUICE_RSA_PSS_PSS_SHA512 },
	{ "mldsa44", SLUICE_MLDSA44 },
	{ "mldsa65", SLUICE_MLDSA65 },
	{ "mldsa87", SLUICE_MLDSA87 },
	{ "rsa_pkcs1_sha256", SLUICE_RSA_PKCS1_SHA256 },
	{ "rsa_pkcs1_sha384", SLUICE_RSA_PKCS1_SHA384 },
	{ "rsa_pkcs1_sha512", SLUICE_RSA_PKCS1_SHA512 },
	{ NULL, 0 },
};

/* Fills a 0-ended list of at most 7 from names with commas between. */
static void parse_list(struct argp_state *state, char *arg,
		       const struct named *known, uint16_t list[8],
		       const char *what)
{
	size_t n = 0;

	for (char *word = strtok(arg, ",:"); word; word = strtok(NULL, ",:")) {
		const struct named *k = known;

		while (k->name && strcasecmp(k->name, word))
			k++;
		if (!k->name)
			argp_error(state, "unknown %s '%s'", what, word);
		if (n == 7)
			argp_error(state, "too many %ss", what);
		list[n++] = k->id;
	}
	list[n] = 0;
	if (!n)
		argp_error(state, "an empty list of %ss", what);
}

static uint16_t parse_version(struct argp_state *state, const char *arg)
{
	if (!strcmp(arg, "1.2"))
		return SLUICE_TLS_1_2;
	if (strcmp(arg, "1.3"))
		argp_error(state, "the version has to be 1.2 or 1.3");
	return SLUICE_TLS_1_3;
}

static void parse_alpn(struct argp_state *state, char *arg,
		       const char *alpn[9])
{
	size_t n = 0;

	for (char *word = strtok(arg, ","); word; word = strtok(NULL, ",")) {
		if (n == 8)
			argp_error(state, "at most 8 protocols");
		if (strlen(word) > 255)
			argp_error(state, "a protocol's name is at most 255 octets long");
		alpn[n++] = word;
	}
	alpn[n] = NULL;
	if (!n)
		argp_error(state, "an empty list of protocols");
}

static void parse_compressions(struct argp_state *state, char *arg,
			       const struct sluice_compression *list[4])
{
	size_t n = 0;

	for (char *word = strtok(arg, ","); word; word = strtok(NULL, ",")) {
		const struct sluice_compression *const *all =
			sluice_compressions();

		while (*all && strcmp((*all)->name, word))
			all++;
		if (!*all)
			argp_error(state, "there is no compression '%s' in this build", word);
		if (n == 3)
			argp_error(state, "too many compressions");
		list[n++] = *all;
	}
	list[n] = NULL;
	if (!n)
		argp_error(state, "an empty list of compressions");
}

static uint64_t parse_number(struct argp_state *state, const char *arg,
			     uint64_t max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(arg, &end, 10);
	if (errno || end == arg || *end || arg[0] == '-' || value > max)
		argp_error(state, "'%s' is not a number from 0 to %llu", arg,
			   (unsigned long long)max);
	return value;
}

static void add_file(struct argp_state *state, const char **files,
		     size_t *count, const char *path)
{
	if (*count == CERTS_MAX)
		argp_error(state, "at most 8 certificates");
	files[(*count)++] = path;
}

static error_t parse_tls(int opt, char *arg, struct argp_state *state)
{
	struct options *o = state->input;
	const char *wrong;

	switch (opt) {
	case OPT_CAFILE:
		o->cafile = arg;
		break;
	case OPT_CAPATH:
		o->capath = arg;
		break;
	case OPT_SERVERNAME:
		o->servername = arg;
		break;
	case OPT_INSECURE:
		o->insecure = true;
		break;
	case OPT_CERT:
		add_file(state, o->certs, &o->cert_count, arg);
		break;
	case OPT_KEY:
		add_file(state, o->keys, &o->key_count, arg);
		break;
	case OPT_RAW_KEY:
		o->raw_key = parse_raw_key(state, arg);
		break;
	case OPT_PEER_RAW_KEY:
		o->peer_raw_key = parse_raw_key(state, arg);
		break;
	case OPT_PIN:
		wrong = pins_parse(&o->pins, arg);
		if (wrong)
			argp_error(state, "--pin: '%s': a pin %s", arg, wrong);
		break;
	case OPT_CRL:
		o->crl = arg;
		break;
	case OPT_CRL_CHECK:
		parse_crl_check(state, arg, &o->crl_flags);
		break;
	case OPT_CRL_ALLOW:
		parse_crl_allow(state, arg, &o->crl_flags);
		break;
	case OPT_OCSP:
		if (!o->cert_count)
			argp_error(state, "--ocsp goes behind the --cert that it is about");
		o->ocsp[o->cert_count - 1] = arg;
		break;
	case OPT_OCSP_CHECK:
		if (!strcmp(arg, "never"))
			o->ocsp_check = OCSP_NEVER;
		else if (!strcmp(arg, "optional"))
			o->ocsp_check = OCSP_OPTIONAL;
		else if (!strcmp(arg, "required"))
			o->ocsp_check = OCSP_REQUIRED;
		else
			argp_error(state, "--ocsp-check: never, optional or required");
		break;
	case OPT_TLS_MIN:
		o->tls_min = parse_version(state, arg);
		break;
	case OPT_TLS_MAX:
		o->tls_max = parse_version(state, arg);
		break;
	case OPT_COMPRESS:
		parse_compressions(state, arg, o->compressions);
		break;
	case OPT_ALPN:
		parse_alpn(state, arg, o->alpn);
		break;
	case OPT_SUITES:
		parse_list(state, arg, suites, o->suites, "cipher suite");
		break;
	case OPT_GROUPS:
		parse_list(state, arg, groups, o->groups, "group");
		break;
	case OPT_SIGALGS:
		parse_list(state, arg, schemes, o->schemes, "signature scheme");
		break;
	case OPT_SESSION:
		o->session = arg;
		break;
	case OPT_PSK_FILE:
		o->psk_file = arg;
		break;
	case OPT_RECORD_SIZE:
		o->record_size = (unsigned int)parse_number(state, arg,
							    SLUICE_DATA_MAX);
		break;
	case OPT_KEYLOG:
		o->keylog = arg;
		break;
	case OPT_PROVIDER:
		o->provider = arg;
		break;
	case OPT_FIPS:
		o->fips = true;
		break;
	case OPT_ECH:
		o->ech = arg;
		break;
	case OPT_ECH_GREASE:
		o->ech_grease = true;
		break;
	case OPT_REQUIRE:
		o->kernel = KERNEL_REQUIRED;
		break;
	case OPT_NEVER:
		o->kernel = KERNEL_NEVER;
		break;
	case OPT_RAW:
		o->kernel = KERNEL_RAW;
		break;
	case OPT_UPDATE:
		o->update_after = parse_number(state, arg, UINT64_MAX);
		break;
	case OPT_TIMEOUT:
		o->timeout = (unsigned int)parse_number(state, arg, 86400);
		break;
	case OPT_TRUNCATED:
		o->allow_truncation = true;
		break;
	case OPT_TRACE:
		o->trace = true;
		break;
	case 'v':
		o->verbose++;
		break;
	case 'q':
		o->quiet = true;
		break;
	case ARGP_KEY_END:
		if (!o->keylog)
			o->keylog = secure_getenv("SSLKEYLOGFILE");
		if (o->keylog && !*o->keylog)
			o->keylog = NULL;
		if (o->crl_flags && !o->crl)
			argp_error(state, "--crl-check and --crl-allow need --crl");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp tls_argp = { tls_options, parse_tls, NULL, NULL, NULL, NULL,
			       NULL };
