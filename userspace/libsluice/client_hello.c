// SPDX-License-Identifier: MIT
#include "client_hello.h"

#include <arpa/inet.h>
#include <string.h>

#include "certificate_wishes.h"
#include "conn.h"
#include "early.h"
#include "hello.h"
#include "raw_keys.h"
#include "tls12.h"
#include "verdict.h"

#define PSK_DHE_KE	1

bool sl_share_make(struct sluice_conn *c, unsigned int i, uint16_t group)
{
	uint8_t *share = c->hs->share_buffer;

	if (c->hs->shares[!i])
		share += c->hs->share_octets[!i].len;
	if (share > c->hs->share_buffer + SL_POINT_MAX)
		return sl_internal(c, "a key share of a curve is too long");
	c->hs->share_octets[i].data = share;
	c->hs->share_groups[i] = group;
	c->hs->shares[i] = c->p->kx_new(c->p, group, share,
					&c->hs->share_octets[i].len);
	return c->hs->shares[i] ||
	       sl_internal(c, "the provider made no key share");
}

void sl_shares_free(struct sluice_conn *c)
{
	unsigned int i;

	for (i = 0; i < SL_SHARES; i++) {
		c->p->kx_free(c->p, c->hs->shares[i]);
		c->hs->shares[i] = NULL;
	}
}

/* Its identity takes the place of a ticket, which is of no age. */
static void take_psk(struct sluice_conn *c, const struct sluice_psk *psk)
{
	const uint16_t *suite = sl_suites(c->config);

	while (!sl_suite_offered(c, *suite))
		suite++;
	sl_psk_set(&c->hs->session, psk, sl_suite_find(*suite));
	memcpy(c->hs->ticket, psk->identity, psk->identity_len);
	c->hs->ticket_len = psk->identity_len;
	c->hs->ticket_age = 0;
}

bool sl_client_hello_start(struct sluice_conn *c)
{
	const uint16_t *suite = sl_suites(c->config);
	const uint16_t *group = sl_groups(c->config);
	uint16_t curve;

	for (; *suite; suite++) {
		if (sl_suite_usable(c->config, *suite) &&
		    !sl_transcript_start(c, sl_suite_find(*suite)->hash))
			return false;
	}
	if (sl_tls12_offered(c->config) &&
	    (!sl_transcript_start(c, SLUICE_SHA256) ||
	     !sl_transcript_start(c, SLUICE_SHA384)))
		return false;
	if (!sl_version_usable(c->config, SL_TLS_1_3))
		return true;
	if ((c->config->ech_configs || c->config->ech_grease) &&
	    !sl_ech_start(c))
		return false;
	while (!sl_group_usable(c->config, *group))
		group++;
	/* most servers without the hybrid group have the curve in it */
	curve = *group == SLUICE_X25519MLKEM768 ? SLUICE_X25519 :
		*group == SLUICE_SECP256R1MLKEM768 ? SLUICE_SECP256R1 : 0;
	if (curve && sl_group_usable(c->config, curve) &&
	    !sl_share_make(c, 1, curve))
		return false;
	if (!sl_share_make(c, 0, *group))
		return false;
	if (c->config->psk)
		take_psk(c, c->config->psk);
	return true;
}

bool sl_suite_offered(const struct sluice_conn *c, uint16_t suite)
{
	const struct sluice_psk *psk = c->config->psk;

	return sl_suite_usable(c->config, suite) &&
	       (!psk || sl_psk_suits(psk, sl_suite_find(suite)));
}

bool sl_only_psk(const struct sluice_conn *c)
{
	const struct sluice_config *config = c->config;

	return config->psk && !sl_can_judge(config);
}

static void put_suites(struct sluice_conn *c, struct sl_writer *w)
{
	const uint16_t *suite = sl_suites(c->config);
	size_t mark = sl_begin_vec(w, 2);

	for (; *suite; suite++) {
		if (sl_suite_offered(c, *suite))
			sl_put16(w, *suite);
	}
	sl_end_vec(w, mark, 2);
}

/* SNI is for DNS names only, without a final dot (RFC 6066, section 3). */
size_t sl_server_name_len(const struct sluice_config *config)
{
	const char *name = config->peer_name;
	uint8_t address[16];
	size_t len;

	if (!name || inet_pton(AF_INET, name, address) == 1 ||
	    inet_pton(AF_INET6, name, address) == 1)
		return 0;
	len = strlen(name);
	return name[len - 1] == '.' ? len - 1 : len;
}

static void put_server_name(struct sluice_conn *c, struct sl_writer *w)
{
	const char *name = c->config->peer_name;
	size_t len = sl_server_name_len(c->config), ext, list, entry;

	if (c->hs->ech.face == SL_HELLO_OUTER) {
		name = c->hs->ech.public_name;
		len = strlen(name);
	}
	if (!len)
		return;
	ext = sl_begin_extension(c, w, SL_EXT_SERVER_NAME);
	list = sl_begin_vec(w, 2);
	sl_put8(w, 0);			/* host_name */
	entry = sl_begin_vec(w, 2);
	sl_put(w, name, len);
	sl_end_vec(w, entry, 2);
	sl_end_vec(w, list, 2);
	sl_end_vec(w, ext, 2);
}

static void put_groups(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext = sl_begin_extension(c, w, SL_EXT_SUPPORTED_GROUPS);
	const uint16_t *group = sl_groups(c->config);
	size_t list = sl_begin_vec(w, 2);

	for (; *group; group++) {
		if (sl_group_usable(c->config, *group) &&
		    (sl_tls12_group(*group) ||
		     sl_version_usable(c->config, SL_TLS_1_3)))
			sl_put16(w, *group);
	}
	sl_end_vec(w, list, 2);
	sl_end_vec(w, ext, 2);
}

static void put_alpn(struct sluice_conn *c, struct sl_writer *w)
{
	const char *const *alpn = c->config->alpn;
	size_t ext, list, name;

	if (!alpn)
		return;
	ext = sl_begin_extension(c, w, SL_EXT_ALPN);
	list = sl_begin_vec(w, 2);
	for (; *alpn; alpn++) {
		name = sl_begin_vec(w, 1);
		sl_put(w, *alpn, strlen(*alpn));
		sl_end_vec(w, name, 1);
	}
	sl_end_vec(w, list, 2);
	sl_end_vec(w, ext, 2);
}

static void put_shares(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext = sl_begin_extension(c, w, SL_EXT_KEY_SHARE);
	size_t list = sl_begin_vec(w, 2);
	unsigned int i;

	for (i = 0; i < SL_SHARES; i++) {
		size_t share;

		if (!c->hs->shares[i])
			continue;
		sl_put16(w, c->hs->share_groups[i]);
		share = sl_begin_vec(w, 2);
		sl_put(w, c->hs->share_octets[i].data,
		       c->hs->share_octets[i].len);
		sl_end_vec(w, share, 2);
	}
	sl_end_vec(w, list, 2);
	sl_end_vec(w, ext, 2);
}

static void put_versions(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext = sl_begin_extension(c, w, SL_EXT_SUPPORTED_VERSIONS);
	size_t list = sl_begin_vec(w, 1);

	sl_put16(w, SL_TLS_1_3);
	if (sl_tls12_offered(c->config))
		sl_put16(w, SL_TLS_1_2);
	sl_end_vec(w, list, 1);
	sl_end_vec(w, ext, 2);
}

/* The last extension; its binder is computed when the rest stands. */
static void put_psk(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext = sl_begin_extension(c, w, SL_EXT_PRE_SHARED_KEY);
	size_t hash_len = c->hs->session.suite->hash_len;
	size_t list = sl_begin_vec(w, 2);
	size_t identity = sl_begin_vec(w, 2), vec;

	sl_put(w, c->hs->ticket, c->hs->ticket_len);
	sl_end_vec(w, identity, 2);
	sl_put32(w, c->hs->ticket_age);
	sl_end_vec(w, list, 2);
	list = sl_begin_vec(w, 2);
	vec = sl_begin_vec(w, 1);
	sl_put_space(w, hash_len);
	sl_end_vec(w, vec, 1);
	sl_end_vec(w, list, 2);
	sl_end_vec(w, ext, 2);
	/* nobody but the server that can decrypt it is to see the key's name */
	if (!w->bad && c->hs->ech.face == SL_HELLO_OUTER)
		sl_ech_cover_psk(c, w->buf + identity, w->buf + list - 2 - 4,
				 w->buf + vec, hash_len);
}

/* With a PSK, the message is complete but for its binder. */
static bool bind_psk(struct sluice_conn *c, struct sl_writer *w)
{
	const struct sl_suite *suite = c->hs->session.suite;
	size_t binders = 2 + 1 + suite->hash_len;

	if (w->bad)
		return true;		/* sl_message_end() tells */
	/* the message's own length counts the binders */
	sl_end_vec(w, 4, 3);
	return sl_early_secret(c, suite, &c->hs->session) &&
	       sl_binder_mac(c, suite, w->buf, w->len - binders,
			     w->buf + w->len - suite->hash_len);
}

bool sl_client_hello_make(struct sluice_conn *c, struct sl_writer *out)
{
	bool tls13 = sl_version_usable(c->config, SL_TLS_1_3);
	struct sl_ech *ech = &c->hs->ech;
	struct sl_writer w;
	size_t mark, ext, list;

	c->hs->offered = 0;
	sl_message_begin(c, &w, SL_CLIENT_HELLO);
	sl_put16(&w, SL_TLS_1_2);
	sl_put(&w, ech->face == SL_HELLO_OUTER ? ech->outer_random :
						  c->hs->client_random,
	       SL_RANDOM_LEN);
	mark = sl_begin_vec(&w, 1);
	sl_put(&w, c->hs->session_id, c->hs->session_id_len);
	sl_end_vec(&w, mark, 1);
	put_suites(c, &w);
	sl_put16(&w, 0x0100);		/* one compression method: none */
	mark = sl_begin_vec(&w, 2);

	ech->extensions = mark;
	put_server_name(c, &w);
	sl_ech_put(c, &w);
	if (ech->face == SL_HELLO_INNER)
		put_alpn(c, &w);
	/* from here on, an inner and an outer one are alike */
	ech->alike = w.len;
	put_groups(c, &w);
	if (!sl_only_psk(c)) {
		ext = sl_begin_extension(c, &w, SL_EXT_SIGNATURE_ALGORITHMS);
		sl_put_schemes(&w, c->config, sl_tls12_offered(c->config));
		sl_end_vec(&w, ext, 2);
		sl_put_certificate_wishes(c, &w);
		sl_put_certificate_types(c, &w);
	}
	if (ech->face == SL_HELLO_PLAIN)
		put_alpn(c, &w);
	if (c->config->record_limit)
		sl_put_record_limit(c, &w);
	if (sl_tls12_offered(c->config))
		sl_tls12_put_extensions(c, &w);
	if (tls13)
		put_versions(c, &w);
	if (c->hs->cookie_len) {
		ext = sl_begin_extension(c, &w, SL_EXT_COOKIE);
		list = sl_begin_vec(&w, 2);
		sl_put(&w, c->hs->cookie, c->hs->cookie_len);
		sl_end_vec(&w, list, 2);
		sl_end_vec(&w, ext, 2);
	}
	if (tls13)
		put_shares(c, &w);
	if (tls13 && (c->config->ticket_put || c->hs->session.suite)) {
		ext = sl_begin_extension(c, &w, SL_EXT_PSK_KEY_EXCHANGE_MODES);
		list = sl_begin_vec(&w, 1);
		sl_put8(&w, PSK_DHE_KE);
		sl_end_vec(&w, list, 1);
		sl_end_vec(&w, ext, 2);
	}
	sl_early_put(c, &w);
	ech->alike_end = w.len;
	if (c->hs->session.suite)
		put_psk(c, &w);
	sl_end_vec(&w, mark, 2);
	*out = w;
	/* an extension that only looks like one is the provider's to make */
	if (c->error)
		return false;
	return !c->hs->session.suite || ech->face == SL_HELLO_OUTER ||
	       bind_psk(c, out);
}

bool sl_client_hello_write(struct sluice_conn *c)
{
	struct sl_writer w;

	if (c->ech == SLUICE_ECH_OFFERED || c->ech == SLUICE_ECH_ACCEPTED)
		return sl_ech_hello_write(c);
	return sl_client_hello_make(c, &w) && sl_message_end(c, &w);
}
