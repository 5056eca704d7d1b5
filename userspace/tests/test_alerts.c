// SPDX-License-Identifier: MIT
/*
 * Every alert of RFC 9846, section 6, produced for its cause: a line each, or
 * why it is never sent. Whoever finds the cause sends it, and the peer learns of
 * it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "alert.h"
#include "pair.h"
#include "pki.h"

enum sender { CLIENT, SERVER };

struct scene {
	struct pair *pair;
	uint8_t hello[4096];		/* the client's, in its record */
	size_t len;
	struct identity other;
	bool alone;			/* there was no peer to tell */
};

static const uint16_t only_x25519[] = { SLUICE_X25519, 0 };
static const uint16_t only_p256[] = { SLUICE_SECP256R1, 0 };
static const char *const h2[] = { "h2", NULL };
static const char *const http[] = { "http/1.1", NULL };

/* The first flight of the client, to be changed. */
static void take_hello(struct scene *s)
{
	size_t none = 0;

	pair_reset(s->pair);
	s->len = sizeof(s->hello);
	sluice_handshake(s->pair->client.conn, NULL, &none, s->hello, &s->len);
}

static void give(struct end *end, uint8_t *octets, size_t len)
{
	uint8_t out[4096];
	size_t room = sizeof(out);

	end->status = sluice_handshake(end->conn, octets, &len, out, &room);
}

static void give_hello(struct scene *s)
{
	s->alone = true;
	give(&s->pair->server, s->hello, s->len);
}

/* The suites' length, behind the header of record and message. */
static uint8_t *suites_of(struct scene *s)
{
	uint8_t *at = s->hello + 5 + 4 + 2 + 32;

	return at + 1 + *at;
}

static uint8_t *compression_of(struct scene *s)
{
	uint8_t *at = suites_of(s);

	return at + 2 + (at[0] << 8 | at[1]);
}

/* Give an extension a type that nobody knows. */
static void hide_extension(struct scene *s, unsigned int type)
{
	uint8_t *at = compression_of(s) + 2 + 2;

	while (at < s->hello + s->len) {
		if ((unsigned int)(at[0] << 8 | at[1]) == type) {
			at[0] = at[1] = 0xfa;
			return;
		}
		at += 4 + (at[2] << 8 | at[3]);
	}
	assert_true(false);
}

static void shake(struct scene *s)
{
	pair_reset(s->pair);
	pair_handshake(s->pair);
	/* what a client is told after its handshake */
	if (s->pair->client.status == SLUICE_DONE)
		end_settle(&s->pair->client);
	if (s->pair->server.status == SLUICE_DONE)
		end_settle(&s->pair->server);
}

static void close_notify(struct scene *s)
{
	shake(s);
	sluice_close(s->pair->client.conn);
	end_settle(&s->pair->client);
	end_settle(&s->pair->server);
}

static void data_at_once(struct scene *s)
{
	uint8_t record[] = { 23, 3, 3, 0, 1, 'x' };

	s->alone = true;
	pair_reset(s->pair);
	give(&s->pair->server, record, sizeof(record));
}

static size_t flip_last(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)ctx;
	(void)from;
	if (len > 500)
		data[len - 1] ^= 1;
	return len;
}

static void changed_on_the_way(struct scene *s)
{
	s->pair->down.change = flip_last;
	shake(s);
}

static void long_record(struct scene *s)
{
	uint8_t header[] = { 22, 3, 1, 0x41, 0x01 };

	s->alone = true;
	pair_reset(s->pair);
	give(&s->pair->server, header, sizeof(header));
}

static void no_group(struct scene *s)
{
	s->pair->client.config.groups = only_x25519;
	s->pair->server.config.groups = only_p256;
	shake(s);
}

static void other_name(struct scene *s)
{
	s->pair->client.config.peer_name = "other.example";
	shake(s);
}

static void other_usage(struct scene *s)
{
	identity_make(&s->other, s->pair->real, KEY_P256, "clientAuth", 86400);
	s->pair->server.config.credential = s->other.cred;
	s->pair->client.config.trust = s->other.trust;
	shake(s);
}

static void late(struct scene *s)
{
	s->pair->now += (uint64_t)7 * 86400 * 1000;
	shake(s);
}

static void other_authority(struct scene *s)
{
	identity_make(&s->other, s->pair->real, KEY_P256, NULL, 86400);
	s->pair->client.config.trust = s->other.trust;
	shake(s);
}

/* The issuer's list: of its leaf, or out of date. */
static void with_list(struct scene *s, bool expired)
{
	struct pki_cert ca = pki_issue(&(struct pki_spec){
		.subject = "authority", .extensions = PKI_CA });
	struct pki_cert leaf = pki_issue(&(struct pki_spec){
		.subject = "leaf", .issuer = &ca,
		.extensions = PKI_LEAF "subjectAltName=DNS:localhost\n" });
	char path[] = "/tmp/sluice-list-XXXXXX", why[SLUICE_OPENSSL_WHY_MAX];
	X509_REVOKED *revoked = X509_REVOKED_new();
	FILE *file = fdopen(mkstemp(path), "w");
	ASN1_TIME *at = ASN1_TIME_new();
	X509_CRL *list = X509_CRL_new();

	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(ca.cert));
	X509_CRL_set1_lastUpdate(list, X509_gmtime_adj(at, -7200));
	X509_CRL_set1_nextUpdate(list,
				 X509_gmtime_adj(at, expired ? -3600 : 3600));
	X509_REVOKED_set_serialNumber(revoked,
				      X509_get_serialNumber(leaf.cert));
	X509_REVOKED_set_revocationDate(revoked, X509_gmtime_adj(at, -3600));
	if (expired)
		X509_REVOKED_free(revoked);
	else
		X509_CRL_add0_revoked(list, revoked);
	assert_true(X509_CRL_sign(list, ca.key, EVP_sha256()));
	assert_true(file && PEM_write_X509_CRL(file, list));
	fclose(file);
	s->other.cred = pki_credential(s->pair->real, &leaf, NULL);
	s->other.trust = pki_trust(s->pair->real, &ca, NULL);
	assert_false(test_backend()->trust_crl(s->other.trust, path, 0, why));
	unlink(path);
	s->pair->server.config.credential = s->other.cred;
	s->pair->client.config.trust = s->other.trust;
	shake(s);
	X509_CRL_free(list);
	ASN1_TIME_free(at);
	pki_free(&leaf);
	pki_free(&ca);
}

static void revoked(struct scene *s)
{
	with_list(s, false);
}

static void old_list(struct scene *s)
{
	with_list(s, true);
}

static void compressing(struct scene *s)
{
	take_hello(s);
	compression_of(s)[1] = 1;
	give_hello(s);
}

static bool refuse(void *ctx, const struct sluice_octets *chain, size_t count)
{
	(void)ctx;
	(void)chain;
	(void)count;
	return false;
}

static void application_refuses(struct scene *s)
{
	s->pair->client.config.peer_certificate = refuse;
	shake(s);
}

static void odd_length(struct scene *s)
{
	take_hello(s);
	suites_of(s)[1]--;
	give_hello(s);
}

static void change_finished(void *ctx, uint8_t *data, size_t len)
{
	(void)ctx;
	(void)len;
	if (data[0] == 20)
		data[4] ^= 1;
}

static void wrong_finished(struct scene *s)
{
	s->pair->client.provider.sealing = change_finished;
	shake(s);
}

static void old_version(struct scene *s)
{
	take_hello(s);
	hide_extension(s, 43);
	give_hello(s);
}

static void provider_fails(struct scene *s)
{
	pair_reset(s->pair);
	s->pair->server.provider.fail_at = 9;
	pair_handshake(s->pair);
	s->pair->server.provider.fail_at = 0;
}

/* A client that has tried 1.3 before, or so it says. */
static void falls_back(struct scene *s)
{
	uint8_t *suites;

	s->pair->server.config.min_version = SLUICE_TLS_1_2;
	s->pair->server.config.max_version = SLUICE_TLS_1_3;
	take_hello(s);
	hide_extension(s, 43);
	suites = suites_of(s);
	suites[2] = 0x56;
	suites[3] = 0x00;
	give_hello(s);
}

static void no_share(struct scene *s)
{
	take_hello(s);
	hide_extension(s, 51);
	give_hello(s);
}

static void answer_unasked(void *ctx, uint8_t *data, size_t len)
{
	(void)ctx;
	(void)len;
	if (data[0] == 8)
		data[6] = data[7] = 0xfa;
}

static void unasked(struct scene *s)
{
	s->pair->client.config.alpn = h2;
	s->pair->server.config.alpn = h2;
	s->pair->server.provider.sealing = answer_unasked;
	shake(s);
}

static const struct sluice_credential *
choose_none(void *ctx, const struct sluice_credential_request *request)
{
	(void)ctx;
	(void)request;
	return NULL;
}

static void no_such_name(struct scene *s)
{
	s->pair->server.config.choose = choose_none;
	shake(s);
}

static void no_staple(struct scene *s)
{
	s->pair->client.config.staple = SLUICE_STAPLE_REQUIRED;
	shake(s);
}

static bool find_none(void *ctx, const uint8_t *identity, size_t len,
		      struct sluice_psk *psk)
{
	(void)ctx;
	(void)identity;
	(void)len;
	(void)psk;
	return false;
}

static void unknown_identity(struct scene *s)
{
	static const struct sluice_psk psk = {
		.identity = (const uint8_t *)"nobody", .identity_len = 6,
		.key = (const uint8_t *)"sixteen octets..", .key_len = 16,
	};

	s->pair->client.config.psk = &psk;
	s->pair->server.config.psk_find = find_none;
	s->pair->server.config.credential = NULL;
	shake(s);
}

static void no_client_certificate(struct scene *s)
{
	s->pair->server.config.trust = s->pair->identity.trust;
	s->pair->server.config.client_auth = SLUICE_CLIENT_AUTH_REQUIRED;
	shake(s);
}

static void no_protocol(struct scene *s)
{
	s->pair->client.config.alpn = h2;
	s->pair->server.config.alpn = http;
	shake(s);
}

static void no_ech(struct scene *s)
{
	pair_use_ech(s->pair);
	s->pair->server.config.ech_key_count = 0;
	pair_reset(s->pair);
	pair_handshake(s->pair);
	/* it has finished the handshake by then */
	end_settle(&s->pair->server);
}

static const struct row {
	int alert;
	enum sender sender;
	void (*arrange)(struct scene *s);
	const char *cause;		/* or why it is never sent */
} rows[] = {
	{ SL_CLOSE_NOTIFY, CLIENT, close_notify, "the end" },
	{ SL_UNEXPECTED_MESSAGE, SERVER, data_at_once, "data before all else" },
	{ SL_BAD_RECORD_MAC, CLIENT, changed_on_the_way,
	  "a record that was changed on the way" },
	{ SL_RECORD_OVERFLOW, SERVER, long_record,
	  "a record of 16641 octets" },
	{ SL_HANDSHAKE_FAILURE, SERVER, no_group, "no group in common" },
	{ SL_BAD_CERTIFICATE, CLIENT, other_name,
	  "a certificate of another name" },
	{ SL_UNSUPPORTED_CERTIFICATE, CLIENT, other_usage,
	  "a client's certificate, shown by a server" },
	{ SL_CERTIFICATE_REVOKED, CLIENT, revoked, "it is in a list" },
	{ SL_CERTIFICATE_EXPIRED, CLIENT, late, "it was valid last week" },
	{ SL_CERTIFICATE_UNKNOWN, CLIENT, old_list,
	  "the list that would tell is out of date" },
	{ SL_ILLEGAL_PARAMETER, SERVER, compressing, "a compression" },
	{ SL_UNKNOWN_CA, CLIENT, other_authority,
	  "an authority that is not believed" },
	{ SL_ACCESS_DENIED, CLIENT, application_refuses,
	  "the application does not take it" },
	{ SL_DECODE_ERROR, SERVER, odd_length, "half a cipher suite" },
	{ SL_DECRYPT_ERROR, SERVER, wrong_finished,
	  "a Finished that does not match" },
	{ SL_PROTOCOL_VERSION, SERVER, old_version,
	  "a client without TLS 1.3" },
	{ SL_INSUFFICIENT_SECURITY, SERVER, NULL,
	  "nothing weak is spoken, so it is handshake_failure" },
	{ SL_INTERNAL_ERROR, SERVER, provider_fails,
	  "the provider fails" },
	{ SL_INAPPROPRIATE_FALLBACK, SERVER, falls_back,
	  "a client that gives up on TLS 1.3, of a server that has it" },
	{ SL_USER_CANCELED, CLIENT, NULL,
	  "sluice_close() is the only way to give up" },
	{ SL_NO_RENEGOTIATION, CLIENT, NULL,
	  "of TLS 1.2 alone: test_tls12_late.c" },
	{ SL_MISSING_EXTENSION, SERVER, no_share, "no key_share" },
	{ SL_UNSUPPORTED_EXTENSION, CLIENT, unasked,
	  "an answer to an extension that was not sent" },
	{ SL_UNRECOGNIZED_NAME, SERVER, no_such_name,
	  "no certificate for the name" },
	{ SL_BAD_CERTIFICATE_STATUS_RESPONSE, CLIENT, no_staple,
	  "no OCSP response where one has to be" },
	{ SL_UNKNOWN_PSK_IDENTITY, SERVER, unknown_identity,
	  "a pre-shared key that only the client has" },
	{ SL_CERTIFICATE_REQUIRED, SERVER, no_client_certificate,
	  "a client without certificate" },
	{ SL_GENERAL_ERROR, CLIENT, NULL,
	  "there is always one that says more" },
	{ SL_NO_APPLICATION_PROTOCOL, SERVER, no_protocol,
	  "no protocol in common" },
	{ SL_ECH_REQUIRED, CLIENT, no_ech,
	  "a server that takes no encrypted ClientHello" },
};
#define ROWS	(sizeof(rows) / sizeof(*rows))

static void test_causes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		struct scene s = { .pair = NULL };
		struct end *end, *other;

		if (!rows[i].arrange)
			continue;
		s.pair = pair_new(KEY_P256);
		if (rows[i].arrange == no_staple &&
		    !s.pair->real->checks_staples) {
			pair_free(s.pair);
			continue;
		}
		end = rows[i].sender == CLIENT ? &s.pair->client :
						 &s.pair->server;
		other = end == &s.pair->client ? &s.pair->server :
						 &s.pair->client;
		rows[i].arrange(&s);
		if (end_info(end).alert_sent != rows[i].alert)
			print_error("%s: %s, for %s\n",
				    sluice_alert_name(rows[i].alert),
				    sluice_alert_name(end_info(end).alert_sent),
				    end_info(end).reason);
		assert_int_equal(end_info(end).alert_sent, rows[i].alert);
		if (!s.alone)
			assert_int_equal(end_info(other).alert_received,
					 rows[i].alert);
		pair_free(s.pair);
		test_backend()->credential_free(s.other.cred);
		test_backend()->trust_free(s.other.trust);
	}
}

/* What has a name has a line, and one only. */
static void test_all_are_there(void **state)
{
	(void)state;
	for (int alert = 0; alert < 256; alert++) {
		size_t lines = 0;

		for (size_t i = 0; i < ROWS; i++)
			lines += rows[i].alert == alert;
		assert_int_equal(lines, strcmp(sluice_alert_name(alert),
					       "unknown") ? 1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_all_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
