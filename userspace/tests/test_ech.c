// SPDX-License-Identifier: MIT
/* Encrypted Client Hello (RFC 9849), both sides: what is accepted, and what not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alert.h"
#include "conn.h"
#include "pki.h"
#include "sluice/async.h"
#include "sluice/ech.h"

struct key {
	uint8_t key[SLUICE_ECH_KEY_LEN];
	uint8_t list[2 + SLUICE_ECH_CONFIG_MAX];
	size_t len;			/* of the list */
};

/* A server with two names, of which one is public. */
struct scene {
	struct pair *pair;
	struct pki_cert ca, secret, public;
	struct sluice_credential *creds[2];	/* secret, public */
	struct sluice_trust *trust;
	struct key key, other;
	struct sluice_ech_key keys[2];
	char asked[64];			/* the name that the server was asked for */
	unsigned int certificates;	/* that the client was asked about */
	uint8_t sent[65536];		/* by the client */
	size_t sent_len;
};

static struct scene scene;

static const struct sluice_credential *
choose(void *ctx, const struct sluice_credential_request *request)
{
	(void)ctx;
	assert_true(request->server_name_len < sizeof(scene.asked));
	memcpy(scene.asked, request->server_name, request->server_name_len);
	scene.asked[request->server_name_len] = 0;
	return !strcmp(scene.asked, "secret.test") ? scene.creds[0] :
	       !strcmp(scene.asked, "public.test") ? scene.creds[1] : NULL;
}

static bool count_certificate(void *ctx, const struct sluice_octets *chain,
			      size_t count)
{
	(void)ctx;
	(void)chain;
	(void)count;
	scene.certificates++;
	return true;
}

static size_t keep(void *ctx, uint8_t *data, size_t len, size_t from)
{
	(void)ctx;
	assert_true(from + len <= sizeof(scene.sent));
	memcpy(scene.sent + from, data, len);
	scene.sent_len = from + len;
	return len;
}

static void make_key_of(uint16_t group, struct key *key, uint8_t id,
			uint8_t max_name)
{
	size_t len;

	assert_null(sluice_ech_key_make(scene.pair->real, group, "public.test",
					max_name, id, key->key, key->list + 2,
					&len));
	key->list[0] = (uint8_t)(len >> 8);
	key->list[1] = (uint8_t)len;
	key->len = 2 + len;
}

static void make_key(struct key *key, uint8_t id, uint8_t max_name)
{
	make_key_of(SLUICE_X25519, key, id, max_name);
}

static struct sluice_ech_key key_of(const struct key *key, bool retry)
{
	return (struct sluice_ech_key){
		.config = key->list + 2, .config_len = key->len - 2,
		.key = key->key, .retry = retry,
	};
}

static void offer(const struct key *key)
{
	scene.pair->client.config.ech_configs = key->list;
	scene.pair->client.config.ech_configs_len = key->len;
}

static struct pair *begin(void)
{
	struct pair *pair;

	memset(&scene, 0, sizeof(scene));
	pair = pair_new(KEY_P256);
	scene.pair = pair;
	pair->up.change = keep;
	scene.ca = pki_issue(&(struct pki_spec){ .subject = "ca", .extensions = PKI_CA });
	scene.secret = pki_issue(&(struct pki_spec){
		.subject = "s", .issuer = &scene.ca,
		.extensions = PKI_LEAF "subjectAltName=DNS:secret.test\n" });
	scene.public = pki_issue(&(struct pki_spec){
		.subject = "p", .issuer = &scene.ca,
		.extensions = PKI_LEAF "subjectAltName=DNS:public.test\n" });
	scene.creds[0] = pki_credential(pair->real, &scene.secret, NULL);
	scene.creds[1] = pki_credential(pair->real, &scene.public, NULL);
	scene.trust = pki_trust(pair->real, &scene.ca, NULL);
	make_key(&scene.key, 1, 64);
	make_key(&scene.other, 2, 64);
	scene.keys[0] = key_of(&scene.key, true);
	pair->client.config.trust = scene.trust;
	pair->client.config.peer_name = "secret.test";
	pair->client.config.peer_certificate = count_certificate;
	pair->server.config.credential = NULL;
	pair->server.config.choose = choose;
	pair->server.config.ech_keys = scene.keys;
	pair->server.config.ech_key_count = 1;
	offer(&scene.key);
	return pair;
}

static void finish(void)
{
	pair_free(scene.pair);
	test_backend()->credential_free(scene.creds[0]);
	test_backend()->credential_free(scene.creds[1]);
	test_backend()->trust_free(scene.trust);
	pki_free(&scene.ca);
	pki_free(&scene.secret);
	pki_free(&scene.public);
}

/* Does the name go over the wire where all can read it? */
static bool leaks(const char *name)
{
	return memmem(scene.sent, scene.sent_len, name, strlen(name));
}

/* The extension of a ClientHello that was sent, the first or the second. */
static struct sl_reader extension_sent(unsigned int which)
{
	struct sl_reader sent = sl_reader(scene.sent, scene.sent_len), r;

	for (;;) {
		uint8_t type = sl_get8(&sent);

		sl_get16(&sent);
		r = sl_get_vec(&sent, 2, 1, 0xffff);
		assert_false(r.bad);
		if (type == SL_HANDSHAKE && !which--)
			break;
	}
	sl_get(&r, SL_MESSAGE_HEADER);
	return hello_extension(r, SL_ECH_VERSION);
}

/* What is sealed does not tell how long it is. */
static void expect_padded(void)
{
	struct sl_reader r = extension_sent(0), sealed;

	sl_get(&r, 6);
	sl_get_vec(&r, 2, 32, 32);
	sealed = sl_get_vec(&r, 2, 32, 0xffff);
	assert_true(sl_done(&r));
	assert_int_equal((sealed.left - SL_TAG_LEN) % 32, 0);
}

static void expect_accepted(bool retried)
{
	struct pair *pair = scene.pair;

	pair_reset(pair);
	if (!pair_handshake(pair))
		print_error("%s, %s\n", end_info(&pair->client).reason,
			    end_info(&pair->server).reason);
	assert_int_equal(end_info(&pair->client).ech, SLUICE_ECH_ACCEPTED);
	assert_int_equal(end_info(&pair->server).ech, SLUICE_ECH_ACCEPTED);
	assert_int_equal(end_info(&pair->client).retried, retried);
	assert_int_equal(end_info(&pair->server).sni_len, 11);
	assert_memory_equal(end_info(&pair->server).sni, "secret.test", 11);
	assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
	assert_true(pair_send(pair, &pair->server, (uint8_t *)"down", 4));
	end_settle(&pair->client);
}

/* Whose secrets are logged: the ClientHello's with these random octets? */
static bool is_logged(const uint8_t *random)
{
	static const char label[] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET ";
	char hex[2 * SL_RANDOM_LEN + 1];

	for (size_t i = 0; i < SL_RANDOM_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", random[i]);
	for (size_t i = 0; i < scene.pair->keylog_lines; i++) {
		const char *line = scene.pair->keylog[i];

		if (!strncmp(line, label, sizeof(label) - 1))
			return !strncmp(line + sizeof(label) - 1, hex,
					sizeof(hex) - 1);
	}
	return false;
}

static void expect_rejected(const struct key *retry)
{
	struct pair *pair = scene.pair;
	struct sluice_conn_info info;

	scene.certificates = 0;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_int_equal(info.error, SLUICE_ERR_ECH);
	assert_int_equal(info.ech, SLUICE_ECH_REJECTED);
	assert_int_equal(info.alert_sent, SL_ECH_REQUIRED);
	assert_false(info.verified || info.handshake_done);
	assert_string_equal(scene.asked, "public.test");
	assert_int_equal(info.ech_retry_configs_len, retry ? retry->len : 0);
	if (!retry)
		assert_null(info.ech_retry_configs);
	else
		assert_memory_equal(info.ech_retry_configs, retry->list,
				    retry->len);
	/* the secrets are those of who is seen on the wire */
	assert_true(is_logged(scene.sent + 5 + 4 + 2));
	/* the application was asked nothing, and the server told */
	assert_int_equal(scene.certificates, 0);
	end_settle(&pair->server);
	assert_int_equal(end_info(&pair->server).alert_received,
			 SL_ECH_REQUIRED);
}

static const uint16_t only_p384[] = { SLUICE_SECP384R1, 0 };

static void test_accepted(void **state)
{
	static const char *const alpn[] = { "h2", "private/1", NULL };
	static const uint16_t *const groups[] = { NULL, only_p384 };
	struct pair *pair = begin();
	unsigned int i;

	(void)state;
	pair->client.config.alpn = alpn;
	pair->server.config.alpn = alpn;
	for (i = 0; i < 2; i++) {
		pair->server.config.groups = groups[i];
		expect_accepted(i);
		assert_string_equal(scene.asked, "secret.test");
		assert_int_equal(scene.certificates, 2 * i + 1);
		assert_int_equal(end_info(&pair->client).alpn_len, 2);
		assert_false(leaks("secret.test") || leaks("private/1"));
		assert_true(leaks("public.test"));
		expect_padded();
		/* in pieces, and with little room */
		pair->chunk = 1;
		pair->room = 64;
		expect_accepted(i);
		pair->chunk = 0;
		pair->room = 0;
	}
	/* a later key, of the same number */
	make_key(&scene.other, 1, 0);
	scene.keys[1] = key_of(&scene.other, false);
	pair->server.config.ech_key_count = 2;
	offer(&scene.other);
	expect_accepted(true);
	/* an address has no name, and an empty place for it is padded */
	offer(&scene.key);
	pair->client.config.peer_name = "127.0.0.1";
	pair->client.config.no_verify = true;
	pair->server.config.choose = NULL;
	pair->server.config.credential = scene.creds[0];
	pair_reset(pair);
	assert_true(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).ech, SLUICE_ECH_ACCEPTED);
	assert_null(end_info(&pair->server).sni);
	finish();
}

/* Servers with a key of each kind, of the same number. */
static void test_p256(void **state)
{
	static const uint16_t *const groups[] = { NULL, only_p384 };
	struct pair *pair = begin();
	unsigned int i;

	(void)state;
	make_key_of(SLUICE_SECP256R1, &scene.other, 1, 64);
	scene.keys[1] = key_of(&scene.other, false);
	assert_null(sluice_ech_key_check(pair->real, &scene.keys[1]));
	for (i = 0; i < 2; i++) {
		pair->server.config.groups = groups[i];
		pair->server.config.ech_key_count = 2;
		offer(&scene.other);
		expect_accepted(i);
		assert_string_equal(scene.asked, "secret.test");
		assert_false(leaks("secret.test"));
		offer(&scene.key);
		expect_accepted(i);
		/* each is told the other */
		pair->server.config.ech_key_count = 1;
		offer(&scene.other);
		expect_rejected(&scene.key);
		scene.keys[0] = key_of(&scene.other, true);
		offer(&scene.key);
		expect_rejected(&scene.other);
		scene.keys[0] = key_of(&scene.key, true);
	}
	/* the private key of another kind, and what is none */
	scene.keys[1].key = scene.key.key;
	assert_non_null(strstr(sluice_ech_key_check(pair->real, &scene.keys[1]),
			       "not the configuration's"));
	memset(scene.other.key, 0, SLUICE_ECH_KEY_LEN);
	scene.keys[1].key = scene.other.key;
	assert_non_null(strstr(sluice_ech_key_check(pair->real, &scene.keys[1]),
			       "does not take the private key"));
	finish();
}

/* Who has not understood it may compare: RFC 9846, section 4.1.2. */
static void expect_same_again(void)
{
	struct sl_reader first = extension_sent(0), second = extension_sent(1);

	assert_int_equal(first.left, second.left);
	assert_memory_equal(first.pos, second.pos, first.left);
}

static void test_rejected(void **state)
{
	static const uint16_t *const groups[] = { NULL, only_p384 };
	struct pair *pair = begin();
	unsigned int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		pair->server.config.groups = groups[i];
		/* unknown by its number; the right number of another key */
		make_key(&scene.other, (uint8_t)(2 - i), 64);
		offer(&scene.other);
		expect_rejected(&scene.key);
		if (i)
			expect_same_again();
		/* with what it was told, it works */
		offer(&scene.key);
		expect_accepted(i);
		/* a server that has none */
		pair->server.config.ech_key_count = 0;
		expect_rejected(NULL);
		assert_int_equal(end_info(&pair->server).ech, SLUICE_ECH_NONE);
		pair->server.config.ech_key_count = 1;
	}
	/* what is told is what is for it, and in order */
	scene.keys[1] = key_of(&scene.key, false);
	make_key(&scene.other, 3, 9);
	scene.keys[0] = key_of(&scene.other, true);
	pair->server.config.ech_key_count = 2;
	make_key(&scene.other, 4, 9);
	offer(&scene.other);
	scene.keys[0] = key_of(&scene.key, true);
	expect_rejected(&scene.key);
	finish();
}

/* Who is not shown to be the public name tells nothing that is believed. */
static void test_rejected_by_whom(void **state)
{
	static const uint8_t pins[1][SLUICE_PIN_LEN];
	struct sluice_conn_info info;
	struct pair *pair = begin();

	(void)state;
	offer(&scene.other);
	/* with the inner server's certificate */
	pair->server.config.choose = NULL;
	pair->server.config.credential = scene.creds[0];
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_int_equal(info.error, SLUICE_ERR_CERTIFICATE);
	assert_int_equal(info.alert_sent, SL_BAD_CERTIFICATE);
	assert_null(info.ech_retry_configs);
	/* nobody looks */
	pair->client.config.no_verify = true;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	info = end_info(&pair->client);
	assert_int_equal(info.error, SLUICE_ERR_ECH);
	assert_int_equal(info.alert_sent, SL_ECH_REQUIRED);
	assert_null(info.ech_retry_configs);
	assert_non_null(strstr(info.reason, "not checked"));
	/* a pin is of the inner server's key: it does not count here, */
	pair->client.config.no_verify = false;
	pair->server.config.credential = scene.creds[1];
	pair->client.config.pins = pins;
	pair->client.config.pin_count = 1;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_ECH);
	assert_non_null(end_info(&pair->client).ech_retry_configs);
	/* and with nothing else, nobody has looked */
	pair->client.config.trust = NULL;
	pair_reset(pair);
	assert_false(pair_handshake(pair));
	assert_int_equal(end_info(&pair->client).error, SLUICE_ERR_ECH);
	assert_null(end_info(&pair->client).ech_retry_configs);
	finish();
}

/* A certificate is for the inner server only. */
static void test_client_auth(void **state)
{
	struct pair *pair = begin();

	(void)state;
	pair->client.config.credential = scene.creds[0];
	pair->server.config.trust = scene.trust;
	pair->server.config.client_auth = SLUICE_CLIENT_AUTH_OPTIONAL;
	expect_accepted(false);
	assert_int_not_equal(end_info(&pair->server).client_signature, 0);
	offer(&scene.other);
	expect_rejected(&scene.key);
	assert_true(end_info(&pair->client).certificate_requested);
	assert_int_equal(end_info(&pair->client).client_signature, 0);
	assert_int_equal(end_info(&pair->server).client_signature, 0);
	finish();
}

static void test_tickets(void **state)
{
	static const uint16_t *const groups[] = { NULL, only_p384 };
	struct pair *pair = begin();
	unsigned int i;

	(void)state;
	pair_use_tickets(pair);
	pair->client.config.groups = NULL;
	expect_accepted(false);
	for (i = 0; i < 2; i++) {
		size_t before = pair->ticket_count;

		assert_true(before > 0);
		pair->server.config.groups = groups[i];
		expect_accepted(i);
		assert_true(end_info(&pair->client).resumed);
		/* its name is nowhere but in the encrypted one */
		assert_null(memmem(scene.sent, scene.sent_len,
				   pair->ticket_key.name, SLUICE_TICKET_NAME_LEN));
		/* a ticket is not for who does not take it, nor are there new ones */
		before = pair->ticket_count;
		assert_true(before > 0);
		offer(&scene.other);
		expect_rejected(&scene.key);
		assert_int_equal(pair->ticket_count, before - 1);
		offer(&scene.key);
		expect_accepted(i);
	}
	finish();
}

/* A stored ticket becomes longer by so many octets: it begins with its key's name. */
static void lengthen(struct pair *pair, size_t more)
{
	uint8_t *ticket = pair->tickets[pair->ticket_count - 1];
	size_t *len = &pair->ticket_len[pair->ticket_count - 1], own;
	uint8_t *at = memmem(ticket, *len, pair->ticket_key.name,
			     sizeof(pair->ticket_key.name));

	assert_non_null(at);
	own = (size_t)(at[-2] << 8 | at[-1]);
	assert_true(*len + more <= SLUICE_TICKET_MAX);
	memmove(at + own + more, at + own, *len - (size_t)(at + own - ticket));
	memset(at + own, 9, more);
	at[-2] = (uint8_t)((own + more) >> 8);
	at[-1] = (uint8_t)(own + more);
	*len += more;
}

static void test_early_data(void **state)
{
	static const uint8_t data[700] = { 1, 2, 3 };
	struct pair *pair = begin();

	(void)state;
	pair_use_early(pair, 1000);
	pair->server.config.ticket_unused = NULL;
	pair->early = data;
	pair->early_len = sizeof(data);
	expect_accepted(false);
	assert_true(pair->ticket_count > 0);
	expect_accepted(false);
	assert_int_equal(end_info(&pair->client).early, SLUICE_EARLY_ACCEPTED);
	assert_int_equal(pair->early_got_len, sizeof(data));
	assert_memory_equal(pair->early_got, data, sizeof(data));
	/* who does not take the ClientHello passes over it */
	offer(&scene.other);
	expect_rejected(&scene.key);
	assert_true(pair->early_sent > 0);
	assert_int_equal(pair->early_got_len, 0);
	assert_int_equal(end_info(&pair->client).early, SLUICE_EARLY_REJECTED);
	/* a ticket that is too long stays at home, with all that goes with it */
	offer(&scene.key);
	expect_accepted(false);
	lengthen(pair, 600);
	expect_accepted(false);
	assert_int_equal(end_info(&pair->client).early, SLUICE_EARLY_NONE);
	assert_false(end_info(&pair->client).resumed);
	assert_int_equal(pair->early_sent, 0);
	/* so does who asks for another ClientHello */
	offer(&scene.key);
	expect_accepted(false);
	pair->server.config.groups = only_p384;
	expect_accepted(true);
	assert_int_equal(pair->early_got_len, 0);
	finish();
}

/* What only looks like it is nobody's business. */
static void test_grease(void **state)
{
	static const uint16_t *const groups[] = { NULL, only_p384 };
	struct pair *pair = begin();
	unsigned int i;

	(void)state;
	pair_use_tickets(pair);
	offer(&(struct key){ .len = 0 });
	pair->client.config.ech_configs = NULL;
	pair->client.config.ech_grease = true;
	for (i = 0; i < 4; i++) {
		pair->server.config.groups = groups[i % 2];
		pair->server.config.ech_key_count = i < 2;
		pair_reset(pair);
		assert_true(pair_handshake(pair));
		assert_true(pair_send(pair, &pair->client, (uint8_t *)"up", 2));
		end_settle(&pair->client);
		assert_int_equal(end_info(&pair->client).ech, SLUICE_ECH_GREASE);
		assert_int_equal(end_info(&pair->server).ech,
				 i < 2 ? SLUICE_ECH_REJECTED : SLUICE_ECH_NONE);
		assert_null(end_info(&pair->client).ech_retry_configs);
		assert_int_equal(end_info(&pair->client).resumed, i > 0);
		assert_int_equal(end_info(&pair->client).retried, i % 2);
		if (i % 2)
			expect_same_again();
		expect_padded();
	}
	finish();
}

/* All but the name's length, up to the longest, is the same for all names. */
static void test_padding(void **state)
{
	static const char *const names[] = { "a", "secret.test",
		"a-name-of-sixty-octets-which-is-longer-than-most-others.test" };
	struct pair *pair = begin();
	size_t i, first_len = 0;

	(void)state;
	pair->client.config.no_verify = true;
	pair->server.config.choose = NULL;
	pair->server.config.credential = scene.creds[0];
	for (i = 0; i < 3; i++) {
		uint8_t out[4096];
		size_t none = 0, len = sizeof(out);

		pair->client.config.peer_name = names[i];
		pair_reset(pair);
		sluice_handshake(pair->client.conn, NULL, &none, out, &len);
		if (!i)
			first_len = len;
		assert_int_equal(len, first_len);
	}
	finish();
}

/* Every function of the provider fails once, on both sides. */
static void test_provider_fails(void **state)
{
	struct pair *pair = begin();
	unsigned int side, reject;
	uint8_t ticket[SLUICE_TICKET_MAX];
	size_t ticket_len;
	long i;

	(void)state;
	pair_use_tickets(pair);
	pair->server.config.ticket_unused = NULL;
	pair->client.config.ech_grease = true;
	expect_accepted(false);
	ticket_len = pair->ticket_len[0];
	memcpy(ticket, pair->tickets[0], ticket_len);
	pair->server.config.groups = only_p384;
	/* accepted, rejected, accepted and resumed, GREASE and resumed */
	for (side = 0; side < 8; side++) {
		struct end *end = side % 2 ? &pair->server : &pair->client;
		long calls = 0;

		reject = side / 2 == 1;
		offer(reject ? &scene.other : &scene.key);
		if (side >= 6)
			pair->client.config.ech_configs = NULL;
		/* none of them fails at first */
		for (i = 0; i <= calls; i++) {
			bool done;

			memcpy(pair->tickets[0], ticket, ticket_len);
			pair->ticket_len[0] = ticket_len;
			pair->ticket_count = side >= 4;
			pair_reset(pair);
			end->provider.fail_at = i;
			done = pair_handshake(pair);
			if (!i) {
				calls = end->provider.calls;
				assert_int_equal(done, !reject);
				assert_int_equal(end_info(end).resumed, side >= 4);
			} else if (!done && !reject) {
				/* else it was a ticket's, which is as good as none */
				assert_int_equal(end_info(end).error,
						 SLUICE_ERR_PROVIDER);
				assert_int_equal(end_info(end).alert_sent,
						 SL_INTERNAL_ERROR);
			}
			end->provider.fail_at = 0;
		}
		assert_true(calls > 20);
	}
	finish();
}

/* The caller is asked for the ticket's key, the certificate and the verdict. */
static bool give(struct end *end)
{
	struct sluice_credential_request request;
	struct sluice_verdict_request verdict;
	const uint8_t *key = scene.pair->ticket_key.key;
	const char *reason;
	int rc;

	switch (end->status) {
	case SLUICE_WANT_CREDENTIAL:
		assert_int_equal(sluice_wanted_credential(end->conn, &request), 0);
		sluice_give_credential(end->conn, choose(NULL, &request));
		return true;
	case SLUICE_WANT_TICKET:
		sluice_give_ticket(end->conn, key, SLUICE_TICKET_KEY_LEN);
		return true;
	case SLUICE_WANT_VERDICT:
		assert_int_equal(sluice_wanted_verdict(end->conn, &verdict), 0);
		rc = sluice_verdict(&verdict, &reason);
		sluice_give_verdict(end->conn, rc, reason);
		return true;
	default:
		return false;
	}
}

static void test_async(void **state)
{
	static const uint16_t *const groups[] = { NULL, only_p384 };
	struct pair *pair = begin();
	unsigned int i;

	(void)state;
	pair->server.give = give;
	pair->client.give = give;
	pair_use_tickets(pair);
	pair->server.config.async = SLUICE_ASYNC_CREDENTIAL | SLUICE_ASYNC_TICKET;
	pair->client.config.async = SLUICE_ASYNC_VERDICT;
	for (i = 0; i < 4; i++) {
		pair->chunk = i / 2 * 50;
		pair->server.config.groups = groups[i % 2];
		offer(&scene.key);
		pair->ticket_count = 0;
		expect_accepted(i % 2);
		assert_false(end_info(&pair->server).resumed);
		expect_accepted(i % 2);
		assert_true(end_info(&pair->server).resumed);
		offer(&scene.other);
		expect_rejected(&scene.key);
	}
	finish();
}

static void expect_wrong(struct sluice_config *config, const char *text)
{
	const char *wrong = sluice_config_check(config);

	assert_non_null(wrong);
	assert_non_null(strstr(wrong, text));
}

static void test_configurations(void **state)
{
	static const struct sluice_psk psk = {
		.identity = (const uint8_t *)"i", .identity_len = 1,
		.key = (const uint8_t *)"0123456789abcdef", .key_len = 16,
	};
	struct wrapper lacking;
	struct sluice_config c, s;
	struct sluice_ech_key key;
	struct key none;

	(void)state;
	begin();
	c = scene.pair->client.config;
	s = scene.pair->server.config;
	assert_null(sluice_config_check(&c));
	assert_null(sluice_config_check(&s));
	c.ech_configs_len--;
	expect_wrong(&c, "malformed");
	c.ech_configs_len++;
	none = scene.key;
	none.list[2] ^= 1;
	c.ech_configs = none.list;
	expect_wrong(&c, "none of them");
	c.ech_configs = scene.key.list;
	c.min_version = SLUICE_TLS_1_2;
	expect_wrong(&c, "TLS 1.3 only");
	c.min_version = 0;
	c.trust = NULL;
	c.psk = &psk;
	expect_wrong(&c, "trust");

	s.ech_key_count = 0;
	assert_null(sluice_config_check(&s));
	s.ech_key_count = 1;
	scene.keys[0].retry = false;
	expect_wrong(&s, "retry");
	scene.keys[0].retry = true;
	scene.keys[0].config_len--;
	expect_wrong(&s, "malformed");
	scene.keys[0].config_len++;
	s.max_version = SLUICE_TLS_1_2;
	expect_wrong(&s, "TLS 1.3");
	s.max_version = 0;
	wrapper_init(&lacking, scene.pair->real);
	lacking.table.kx_load = NULL;
	s.provider = &lacking.table;
	expect_wrong(&s, "takes no private keys");

	/* the halves of two keys */
	key = scene.keys[0];
	assert_null(sluice_ech_key_check(scene.pair->real, &key));
	key.key = scene.other.key;
	assert_non_null(strstr(sluice_ech_key_check(scene.pair->real, &key),
			       "not the configuration's"));
	assert_non_null(sluice_ech_key_make(scene.pair->real, SLUICE_X25519,
					    "1.2.3.4", 0, 0, none.key,
					    none.list, &none.len));
	assert_non_null(sluice_ech_key_make(scene.pair->real, SLUICE_SECP384R1,
					    "a.test", 0, 0, none.key, none.list,
					    &none.len));
	assert_non_null(sluice_ech_key_make(&lacking.table, SLUICE_X25519,
					    "a.test", 0, 0, none.key, none.list,
					    &none.len));
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_p256),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_rejected_by_whom),
		cmocka_unit_test(test_client_auth),
		cmocka_unit_test(test_tickets),
		cmocka_unit_test(test_early_data),
		cmocka_unit_test(test_grease),
		cmocka_unit_test(test_padding),
		cmocka_unit_test(test_provider_fails),
		cmocka_unit_test(test_async),
		cmocka_unit_test(test_configurations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
