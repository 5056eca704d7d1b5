// SPDX-License-Identifier: MIT
#include "server_hello.h"

#include <string.h>

#include "auth.h"
#include "certificate_wishes.h"
#include "conn.h"
#include "credential.h"
#include "early.h"
#include "hello.h"
#include "lookup.h"
#include "raw_keys.h"
#include "tickets.h"
#include "tls12.h"

#define PSK_DHE_KE	1
/* How many of a client's pre-shared keys are looked at. */
#define IDENTITIES_MAX	4

static bool missing(struct sluice_conn *c, const char *reason)
{
	return sl_fail(c, SL_MISSING_EXTENSION, SLUICE_ERR_PROTOCOL, reason);
}

/* An extension that is one vector of 16-bit code points. */
static bool get_list16(struct sl_extensions *e, enum sl_extension ext,
		       struct sl_reader *list)
{
	*list = sl_get_vec(&e->body[ext], 2, 2, 0xfffe);
	return sl_done(&e->body[ext]) && list->left % 2 == 0;
}

static bool choose_version(struct sluice_conn *c, struct sl_client_hello *hello)
{
	struct sl_reader *r = &hello->ext.body[SL_EXT_SUPPORTED_VERSIONS];
	bool tls13 = false, tls12 = hello->version >= SL_TLS_1_2;
	struct sl_reader versions;

	if (sl_has(&hello->ext, SL_EXT_SUPPORTED_VERSIONS)) {
		versions = sl_get_vec(r, 1, 2, 254);
		if (!sl_done(r) || versions.left % 2)
			return sl_bad_decode(c, "a malformed supported_versions");
		tls13 = sl_contains16(versions, SL_TLS_1_3);
		tls12 = sl_contains16(versions, SL_TLS_1_2);
	}
	if (tls13 && sl_version_usable(c->config, SL_TLS_1_3)) {
		c->version = SL_TLS_1_3;
		sl_tls12_raw_drop(c);
	} else if (tls12 && sl_version_usable(c->config, SL_TLS_1_2)) {
		c->version = SL_TLS_1_2;
	} else {
		return sl_fail(c, SL_PROTOCOL_VERSION, SLUICE_ERR_NEGOTIATION,
			       "the client speaks no version that we do");
	}
	if (hello->version < 0x0301)
		return sl_fail(c, SL_PROTOCOL_VERSION, SLUICE_ERR_PROTOCOL,
			       "a ClientHello of a version before TLS");
	if (c->retried && c->version != SL_TLS_1_3)
		return sl_illegal(c, "the second ClientHello differs from the first");
	return true;
}

/* What only TLS 1.3 has. */
static bool parse_tls13(struct sluice_conn *c, struct sl_client_hello *hello)
{
	struct sl_extensions *ext = &hello->ext;

	if (hello->compressions.left != 1 || hello->compressions.pos[0])
		return sl_illegal(c, "a TLS 1.3 client offers a compression");
	if (!sl_has(ext, SL_EXT_SUPPORTED_GROUPS) ||
	    !sl_has(ext, SL_EXT_KEY_SHARE))
		return missing(c, "the client sent no supported_groups or no key_share");
	hello->shares = sl_get_vec(&ext->body[SL_EXT_KEY_SHARE], 2, 0, 0xffff);
	if (!sl_done(&ext->body[SL_EXT_KEY_SHARE]))
		return sl_bad_decode(c, "a malformed key_share");
	if (sl_has(ext, SL_EXT_PRE_SHARED_KEY)) {
		if (ext->last != SL_EXT_PRE_SHARED_KEY)
			return sl_illegal(c, "pre_shared_key is not the last extension");
		if (!sl_has(ext, SL_EXT_PSK_KEY_EXCHANGE_MODES))
			return missing(c, "pre_shared_key without psk_key_exchange_modes");
	}
	return true;
}

static bool parse(struct sluice_conn *c, struct sl_reader *r,
		  struct sl_client_hello *hello)
{
	struct sl_extensions *ext = &hello->ext;

	hello->version = sl_get16(r);
	hello->random = sl_get(r, SL_RANDOM_LEN);
	hello->session_id = sl_get_vec(r, 1, 0, SL_SESSION_ID_MAX);
	hello->suites = sl_get_vec(r, 2, 2, 0xfffe);
	hello->compressions = sl_get_vec(r, 1, 1, 255);
	if (r->bad || hello->suites.left % 2)
		return sl_bad_decode(c, "a malformed ClientHello");
	/* clients of old may end here: to be told what is missing */
	*ext = (struct sl_extensions){ .present = 0 };
	if (r->left && !sl_parse_extensions(c, r, SL_IN_CH, ext))
		return false;
	if (!choose_version(c, hello))
		return false;
	if (sl_has(ext, SL_EXT_SUPPORTED_GROUPS) &&
	    !get_list16(ext, SL_EXT_SUPPORTED_GROUPS, &hello->groups))
		return sl_bad_decode(c, "a malformed supported_groups");
	if (sl_has(ext, SL_EXT_SIGNATURE_ALGORITHMS) &&
	    !get_list16(ext, SL_EXT_SIGNATURE_ALGORITHMS, &hello->schemes))
		return sl_bad_decode(c, "a malformed signature_algorithms");
	return c->version == SL_TLS_1_2 || parse_tls13(c, hello);
}

/* After a HelloRetryRequest, the client must not have changed its mind. */
static bool check_again(struct sluice_conn *c, struct sl_client_hello *hello)
{
	if (memcmp(hello->random, c->hs->client_random, SL_RANDOM_LEN) ||
	    hello->session_id.left != c->hs->session_id_len ||
	    memcmp(hello->session_id.pos, c->hs->session_id,
		   c->hs->session_id_len) ||
	    sl_has(&hello->ext, SL_EXT_EARLY_DATA))
		return sl_illegal(c, "the second ClientHello differs from the first");
	return true;
}

/*
 * A pre-shared key that is no ticket's decides on the hash, so it is looked for
 * before the cipher suite is chosen. What is malformed is read_psk()'s to tell.
 */
static bool find_psk(struct sluice_conn *c, struct sl_client_hello *hello)
{
	struct sl_reader r, identities;
	unsigned int i;

	/* of a first ClientHello, before a retry */
	sluice_wipe(&c->hs->session, sizeof(c->hs->session));
	if (!c->config->psk_find ||
	    !sl_has(&hello->ext, SL_EXT_PRE_SHARED_KEY))
		return true;
	r = hello->ext.body[SL_EXT_PRE_SHARED_KEY];
	identities = sl_get_vec(&r, 2, 7, 0xffff);
	for (i = 0; i < IDENTITIES_MAX && identities.left; i++) {
		struct sl_reader id = sl_get_vec(&identities, 2, 1, 0xffff);
		struct sluice_psk psk = { .hash_len = 0 };
		const uint16_t *suite = sl_suites(c->config);

		sl_get32(&identities);
		if (identities.bad)
			break;
		if (!c->config->psk_find(c->config->ctx, id.pos, id.left,
					 &psk))
			continue;
		if (!sl_psk_usable(&psk))
			return sl_fail(c, SL_INTERNAL_ERROR, SLUICE_ERR_USE,
				       "psk_find: the key has to have 16 to 64 octets, the hash 32 or 48");
		while (*suite && !(sl_psk_suits(&psk, sl_suite_find(*suite)) &&
				   sl_suite_usable(c->config, *suite)))
			suite++;
		if (!*suite)
			continue;
		sl_psk_set(&c->hs->session, &psk, sl_suite_find(*suite));
		c->hs->identity = (uint16_t)i;
		break;
	}
	return true;
}

static bool choose_suite(struct sluice_conn *c, struct sl_client_hello *hello)
{
	const uint16_t *suite = sl_suites(c->config);

	const struct sl_session *psk = &c->hs->session;

	while (*suite && (!sl_contains16(hello->suites, *suite) ||
			  !sl_suite_usable_in(c->config, SL_TLS_1_3, *suite) ||
			  (psk->external &&
			   psk->suite->hash != sl_suite_find(*suite)->hash)))
		suite++;
	if (!*suite && psk->external) {
		/* without it, then */
		sluice_wipe(&c->hs->session, sizeof(c->hs->session));
		return choose_suite(c, hello);
	}
	if (!*suite)
		return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
			       "the client has no cipher suite in common with us");
	if (c->suite && c->suite->id != *suite)
		return sl_illegal(c, "the second ClientHello differs from the first");
	c->suite = sl_suite_find(*suite);
	return sl_transcript_start(c, c->suite->hash);
}

/* A name is kept if it can be one; it is for information only. */
static bool read_server_name(struct sluice_conn *c, struct sl_reader *r)
{
	struct sl_reader list = sl_get_vec(r, 2, 1, 0xffff);

	if (!sl_done(r))
		return sl_bad_decode(c, "a malformed server_name");
	while (list.left) {
		uint8_t type = sl_get8(&list);
		struct sl_reader name = sl_get_vec(&list, 2, 1, 0xffff);

		if (list.bad)
			return sl_bad_decode(c, "a malformed server_name");
		if (type)
			continue;
		if (c->hs->sni_used)
			return sl_illegal(c, "server_name has two names");
		if (memchr(name.pos, 0, name.left))
			return sl_illegal(c, "server_name has a NUL in it");
		c->hs->sni_used = true;
		if (name.left <= SL_NAME_MAX) {
			memcpy(c->sni, name.pos, name.left);
			c->sni_len = name.left;
		}
	}
	return true;
}

static bool read_alpn(struct sluice_conn *c, struct sl_reader *r)
{
	struct sl_reader list = sl_get_vec(r, 2, 2, 0xffff);
	struct sl_reader names;
	const char *const *alpn;

	if (!sl_done(r))
		return sl_bad_decode(c, "a malformed list of application protocols");
	for (names = list; names.left;) {
		if (sl_get_vec(&names, 1, 1, SL_ALPN_NAME_MAX).bad)
			return sl_bad_decode(c, "a malformed list of application protocols");
	}
	c->hs->request.alpn_offered = sl_octets(list);
	for (alpn = c->config->alpn; alpn && *alpn; alpn++) {
		for (names = list; names.left;) {
			struct sl_reader name = sl_get_vec(&names, 1, 1,
							   SL_ALPN_NAME_MAX);

			if (name.left != strlen(*alpn) ||
			    memcmp(name.pos, *alpn, name.left))
				continue;
			c->alpn = *alpn;
			c->alpn_len = name.left;
			return true;
		}
	}
	if (!c->config->alpn)
		return true;
	return sl_fail(c, SL_NO_APPLICATION_PROTOCOL, SLUICE_ERR_NEGOTIATION,
		       "the client offers none of our application protocols");
}

/* The client's share of a group; not good if there is none. */
static bool find_share(struct sl_reader shares, uint16_t wanted,
		       struct sl_reader *share)
{
	while (!shares.bad && shares.left) {
		uint16_t group = sl_get16(&shares);

		*share = sl_get_vec(&shares, 2, 1, 0xffff);
		if (!share->bad && group == wanted)
			return true;
	}
	return false;
}

/* Each share is whole, of a group that was named, and the only one of it. */
static bool check_shares(struct sluice_conn *c, struct sl_client_hello *hello)
{
	struct sl_reader r = hello->shares;

	while (r.left) {
		uint16_t group = sl_get16(&r);
		struct sl_reader other;

		sl_get_vec(&r, 2, 1, 0xffff);
		if (r.bad)
			return sl_bad_decode(c, "a malformed key_share");
		if (!sl_contains16(hello->groups, group) ||
		    find_share(r, group, &other))
			return sl_illegal(c, "a key share of a group that is not offered, or two of one");
	}
	return true;
}

static bool respond(struct sluice_conn *c, uint16_t group,
		    const struct sl_reader *share)
{
	int rc;

	c->group = group;
	rc = c->p->kx_respond(c->p, group, share->pos, share->left,
			      c->hs->share, &c->hs->share_len,
			      c->hs->shared, &c->hs->shared_len);
	if (rc)
		return sl_verdict(c, rc, SLUICE_ERR_PROTOCOL,
				  "the client's key share is not valid");
	return true;
}

/*
 * The first group of ours for which there is a share; if there is none, the
 * first that the client has, for a second try.
 */
static bool choose_group(struct sluice_conn *c, struct sl_client_hello *hello,
			 bool *retry)
{
	const uint16_t *group;
	struct sl_reader share;

	if (!check_shares(c, hello))
		return false;
	if (c->retried) {
		if (!find_share(hello->shares, c->hs->retry_group, &share))
			return sl_illegal(c, "the client did not send the key share that was asked for");
		return respond(c, c->hs->retry_group, &share);
	}
	for (group = sl_groups(c->config); *group; group++) {
		if (sl_group_usable(c->config, *group) &&
		    find_share(hello->shares, *group, &share))
			return respond(c, *group, &share);
	}
	for (group = sl_groups(c->config); *group; group++) {
		if (!sl_group_usable(c->config, *group) ||
		    !sl_contains16(hello->groups, *group))
			continue;
		c->hs->retry_group = *group;
		*retry = true;
		return true;
	}
	return sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
		       "the client has no group in common with us");
}

/* The current message up to its binders joins nothing: only their key. */
static bool check_binder(struct sluice_conn *c, struct sl_reader binders,
			 unsigned int index)
{
	size_t len = (size_t)(binders.pos - c->message) - 2;
	struct sl_reader binder;
	uint8_t mac[SLUICE_HASH_MAX];
	bool equal;

	do {
		binder = sl_get_vec(&binders, 1, 32, 255);
	} while (index--);
	if (binder.bad || binder.left != c->suite->hash_len)
		return sl_illegal(c, "a binder is of the wrong length");
	if (!sl_early_secret(c, c->suite, &c->hs->session) ||
	    !sl_binder_mac(c, c->suite, c->message, len, mac))
		return false;
	equal = sl_equal(mac, binder.pos, binder.left);
	sluice_wipe(mac, sizeof(mac));
	if (!equal)
		return sl_fail(c, SL_DECRYPT_ERROR, SLUICE_ERR_CRYPTO,
			       "a binder does not match its pre-shared key");
	return true;
}

/* The client's next ticket, if it counts, is accepted. False: failed. */
static bool resume(struct sluice_conn *c, struct sl_reader identity,
		   uint32_t age, struct sl_reader binders)
{
	unsigned int index = c->hs->lookup.index;
	uint64_t early_until;
	bool first = false;
	uint8_t id[16];

	if (!sl_ticket_open(c, identity, age, id))
		return !c->error;
	if (!check_binder(c, binders, index))
		return false;
	early_until = sl_early_until(c, index);
	if (!sl_lookup_unused(c, id, early_until, &first)) {
		sluice_wipe(&c->hs->session, sizeof(c->hs->session));
		return true;
	}
	c->by_psk = true;
	c->resumed = true;
	c->hs->identity = (uint16_t)index;
	if (first)
		c->early = SLUICE_EARLY_ACCEPTED;
	return true;
}

/* As many binders as identities, and all of them whole. */
static bool check_psks(struct sluice_conn *c, struct sl_reader identities,
		       struct sl_reader binders)
{
	while (identities.left) {
		sl_get_vec(&identities, 2, 1, 0xffff);
		sl_get32(&identities);
		if (identities.bad)
			return sl_bad_decode(c, "a malformed pre_shared_key");
		if (!binders.left)
			return sl_illegal(c, "a pre-shared key without a binder");
		if (sl_get_vec(&binders, 1, 32, 255).bad)
			return sl_bad_decode(c, "a malformed pre_shared_key");
	}
	return !binders.left ||
	       sl_illegal(c, "a binder without a pre-shared key");
}

static bool read_psk(struct sluice_conn *c, struct sl_reader *r)
{
	struct sl_reader identities = sl_get_vec(r, 2, 7, 0xffff);
	struct sl_reader binders = sl_get_vec(r, 2, 33, 0xffff);
	unsigned int i;

	if (!sl_done(r))
		return sl_bad_decode(c, "a malformed pre_shared_key");
	if (!check_psks(c, identities, binders))
		return false;
	if (c->hs->session.external) {
		c->by_psk = check_binder(c, binders, c->hs->identity);
		c->verified = c->by_psk;
		return c->by_psk;
	}
	if (!sl_tickets_used(c))
		return true;
	for (i = 0; i < IDENTITIES_MAX && identities.left; i++) {
		struct sl_reader identity = sl_get_vec(&identities, 2, 1, 0xffff);
		uint32_t age = sl_get32(&identities);

		if (i < c->hs->lookup.index)
			continue;
		if (!resume(c, identity, age, binders))
			return false;
		if (c->by_psk || sl_lookup_waits(c))
			break;
		sl_lookup_forget(c, i + 1);
	}
	return true;
}

static bool choose_authentication(struct sluice_conn *c,
				  struct sl_client_hello *hello)
{
	struct sl_extensions *ext = &hello->ext;

	if (sl_has(ext, SL_EXT_PSK_KEY_EXCHANGE_MODES)) {
		struct sl_reader *r = &ext->body[SL_EXT_PSK_KEY_EXCHANGE_MODES];
		struct sl_reader modes = sl_get_vec(r, 1, 1, 255);

		if (!sl_done(r))
			return sl_bad_decode(c, "a malformed psk_key_exchange_modes");
		c->hs->tickets_wanted = memchr(modes.pos, PSK_DHE_KE, modes.left);
	}
	if (sl_has(ext, SL_EXT_PRE_SHARED_KEY) && c->hs->tickets_wanted &&
	    (sl_tickets_used(c) || c->config->psk_find) &&
	    !read_psk(c, &ext->body[SL_EXT_PRE_SHARED_KEY]))
		return false;
	if (c->by_psk || sl_lookup_waits(c))
		return true;
	/* one that came without psk_dhe_ke is of no use */
	sluice_wipe(&c->hs->session, sizeof(c->hs->session));
	if (!sl_can_certify(c->config))
		return sl_has(ext, SL_EXT_PRE_SHARED_KEY) ?
		       sl_fail(c, SL_UNKNOWN_PSK_IDENTITY,
			       SLUICE_ERR_NEGOTIATION,
			       "the client has none of our pre-shared keys") :
		       sl_fail(c, SL_HANDSHAKE_FAILURE, SLUICE_ERR_NEGOTIATION,
			       "the client offers no pre-shared key, and there is no certificate");
	if (!sl_has(ext, SL_EXT_SIGNATURE_ALGORITHMS))
		return missing(c, "the client sent no signature_algorithms");
	c->hs->request.schemes = sl_octets(hello->schemes);
	if (!sl_read_certificate_wishes(c, ext) ||
	    !sl_read_certificate_types(c, ext))
		return false;
	return sl_early_secret(c, c->suite, NULL) && sl_credential_choose(c);
}

bool sl_client_wishes_read(struct sluice_conn *c, struct sl_client_hello *hello)
{
	struct sl_extensions *ext = &hello->ext;

	c->hs->sni_used = false;
	if (sl_has(ext, SL_EXT_SERVER_NAME) &&
	    !read_server_name(c, &ext->body[SL_EXT_SERVER_NAME]))
		return false;
	if (sl_has(ext, SL_EXT_ALPN) &&
	    !read_alpn(c, &ext->body[SL_EXT_ALPN]))
		return false;
	c->hs->limit_used = c->config->record_limit &&
			   sl_has(ext, SL_EXT_RECORD_SIZE_LIMIT);
	return !c->hs->limit_used ||
	       sl_read_record_limit(c, &ext->body[SL_EXT_RECORD_SIZE_LIMIT]);
}

/* What the caller has to look up comes before all that depends on it. */
static bool authenticate(struct sluice_conn *c, struct sl_client_hello *hello)
{
	if (!choose_authentication(c, hello))
		return false;
	if (sl_lookup_waits(c))
		return true;
	sl_lookup_forget(c, 0);
	return sl_message_hash(c) && sl_early_accept(c);
}

bool sl_client_hello_again(struct sluice_conn *c)
{
	struct sl_client_hello hello = { .version = 0 };
	struct sl_reader body = sl_message_body(c);

	if (!parse(c, &body, &hello))
		return false;
	return c->version == SL_TLS_1_2 ? sl_tls12_session_choose(c, &hello) :
					  authenticate(c, &hello);
}

bool sl_client_hello_read(struct sluice_conn *c, struct sl_reader *body,
			  bool *retry)
{
	struct sl_client_hello hello = { .version = 0 };
	struct sl_extensions *ext = &hello.ext;

	*retry = false;
	if (c->config->ech_key_count && !sl_ech_client_hello_open(c, body))
		return false;
	if (!parse(c, body, &hello) || !sl_message_boundary(c))
		return false;
	if (c->version == SL_TLS_1_2)
		return sl_tls12_client_hello_read(c, &hello);
	if (c->retried && !check_again(c, &hello))
		return false;
	memcpy(c->hs->client_random, hello.random, SL_RANDOM_LEN);
	memcpy(c->hs->session_id, hello.session_id.pos, hello.session_id.left);
	c->hs->session_id_len = hello.session_id.left;
	c->hs->early_data_left = 0;
	if (sl_has(ext, SL_EXT_EARLY_DATA)) {
		if (!sl_done(&ext->body[SL_EXT_EARLY_DATA]))
			return sl_bad_decode(c, "a malformed early_data");
		c->early = SLUICE_EARLY_OFFERED;
		c->hs->early_data_left =
			c->config->max_early_data > SL_EARLY_DATA_MAX ?
			c->config->max_early_data : SL_EARLY_DATA_MAX;
	}
	if (!find_psk(c, &hello) || !choose_suite(c, &hello) || !choose_group(c, &hello, retry))
		return false;
	if (*retry)
		return sl_early_accept(c) && sl_message_hash(c);

	return sl_client_wishes_read(c, &hello) && authenticate(c, &hello);
}
