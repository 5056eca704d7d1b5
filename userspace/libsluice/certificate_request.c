// SPDX-License-Identifier: MIT
#include "certificate_request.h"

#include <string.h>

#include "conn.h"
#include "hello.h"

/* What the server says of the certificates that it takes. */
struct wishes {
	struct sl_reader schemes;
	struct sl_reader authorities;
	struct sl_reader filters;
	bool any_authority;
};

static bool check_authorities(struct sluice_conn *c, struct sl_extensions *ext,
			      struct wishes *wishes)
{
	struct sl_reader *r = &ext->body[SL_EXT_CERTIFICATE_AUTHORITIES];
	struct sl_reader list;

	wishes->any_authority = !sl_has(ext, SL_EXT_CERTIFICATE_AUTHORITIES);
	if (wishes->any_authority)
		return true;
	wishes->authorities = sl_get_vec(r, 2, 3, 0xffff);
	list = wishes->authorities;
	while (list.left)
		sl_get_vec(&list, 2, 1, 0xffff);
	return (sl_done(r) && sl_done(&list)) ||
	       sl_bad_decode(c, "a malformed certificate_authorities");
}

/* The next filter of a list. */
static void get_filter(struct sl_reader *list, struct sl_reader *oid,
		       struct sl_reader *values)
{
	*oid = sl_get_vec(list, 1, 1, 0xff);
	*values = sl_get_vec(list, 2, 0, 0xffff);
}

static bool check_filters(struct sluice_conn *c, struct sl_extensions *ext,
			  struct wishes *wishes)
{
	struct sl_reader *r = &ext->body[SL_EXT_OID_FILTERS];
	struct sl_reader list, rest, oid, other, values;

	if (!sl_has(ext, SL_EXT_OID_FILTERS))
		return true;
	wishes->filters = sl_get_vec(r, 2, 0, 0xffff);
	list = wishes->filters;
	while (list.left) {
		get_filter(&list, &oid, &values);
		for (rest = list; rest.left;) {
			get_filter(&rest, &other, &values);
			if (!rest.bad && other.left == oid.left &&
			    !memcmp(other.pos, oid.pos, oid.left))
				return sl_illegal(c, "oid_filters has one twice");
		}
	}
	return (sl_done(r) && sl_done(&list)) ||
	       sl_bad_decode(c, "a malformed oid_filters");
}

static bool check_schemes(struct sluice_conn *c, struct sl_extensions *ext,
			  struct wishes *wishes)
{
	struct sl_reader *r = &ext->body[SL_EXT_SIGNATURE_ALGORITHMS];

	if (!sl_has(ext, SL_EXT_SIGNATURE_ALGORITHMS))
		return sl_fail(c, SL_MISSING_EXTENSION, SLUICE_ERR_PROTOCOL,
			       "a CertificateRequest without signature_algorithms");
	wishes->schemes = sl_get_vec(r, 2, 2, 0xfffe);
	return (sl_done(r) && wishes->schemes.left % 2 == 0) ||
	       sl_bad_decode(c, "a malformed signature_algorithms");
}

/* Whoever would refuse it does not need to see whose it is. */
static bool is_wanted(struct sluice_conn *c, struct wishes *wishes)
{
	const struct sluice_credential *cred = c->config->credential;
	bool issued = wishes->any_authority;
	struct sl_reader oid, values;

	while (!issued && wishes->authorities.left) {
		struct sl_reader name = sl_get_vec(&wishes->authorities, 2, 1,
						   0xffff);

		issued = c->p->credential_issued(c->p, cred, name.pos,
						 name.left);
	}
	while (issued && wishes->filters.left) {
		get_filter(&wishes->filters, &oid, &values);
		if (!c->p->credential_matches(c->p, cred, oid.pos, oid.left,
					      values.pos, values.left))
			return false;
	}
	return issued;
}

bool sl_certificate_request_read(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_reader context = sl_get_vec(body, 1, 0, 0xff);
	struct sl_extensions ext;
	struct wishes wishes = { .any_authority = false };
	const uint16_t *scheme;

	if (body->bad)
		return sl_bad_decode(c, "a malformed CertificateRequest");
	if (!sl_parse_extensions(c, body, SL_IN_CR, &ext))
		return false;
	if (context.left)
		return sl_illegal(c, "a CertificateRequest with a context");
	if (!check_schemes(c, &ext, &wishes) ||
	    !check_authorities(c, &ext, &wishes) ||
	    !check_filters(c, &ext, &wishes))
		return false;
	c->certificate_requested = true;
	if (!c->config->credential || !is_wanted(c, &wishes))
		return true;
	scheme = c->p->credential_schemes(c->p, c->config->credential);
	while (*scheme && !sl_contains16(wishes.schemes, *scheme))
		scheme++;
	c->client_signature = *scheme;
	return true;
}

bool sl_certificate_request_write(struct sluice_conn *c)
{
	size_t mark, ext;
	struct sl_writer w;

	sl_message_begin(c, &w, SL_CERTIFICATE_REQUEST);
	sl_put8(&w, 0);			/* no context */
	mark = sl_begin_vec(&w, 2);
	ext = sl_begin_extension(c, &w, SL_EXT_SIGNATURE_ALGORITHMS);
	sl_put_schemes(&w, c->config);
	sl_end_vec(&w, ext, 2);
	sl_end_vec(&w, mark, 2);
	c->certificate_requested = true;
	return sl_message_end(c, &w);
}
