// SPDX-License-Identifier: MIT
#include "certificate_request.h"

#include <string.h>

#include "certificate_wishes.h"
#include "conn.h"
#include "credential.h"
#include "hello.h"

static bool check_filters(struct sluice_conn *c, struct sl_extensions *ext,
			  struct sluice_credential_request *request)
{
	struct sl_reader *r = &ext->body[SL_EXT_OID_FILTERS];
	struct sl_reader list, rest, oid, other, values;

	if (!sl_has(ext, SL_EXT_OID_FILTERS))
		return true;
	list = sl_get_vec(r, 2, 0, 0xffff);
	request->filters = sl_octets(list);
	while (list.left) {
		sl_get_filter(&list, &oid, &values);
		for (rest = list; rest.left;) {
			sl_get_filter(&rest, &other, &values);
			if (!rest.bad && other.left == oid.left &&
			    !memcmp(other.pos, oid.pos, oid.left))
				return sl_illegal(c, "oid_filters has one twice");
		}
	}
	return (sl_done(r) && sl_done(&list)) ||
	       sl_bad_decode(c, "a malformed oid_filters");
}

static bool check_schemes(struct sluice_conn *c, struct sl_extensions *ext,
			  struct sluice_credential_request *request)
{
	struct sl_reader *r = &ext->body[SL_EXT_SIGNATURE_ALGORITHMS];
	struct sl_reader list;

	if (!sl_has(ext, SL_EXT_SIGNATURE_ALGORITHMS))
		return sl_fail(c, SL_MISSING_EXTENSION, SLUICE_ERR_PROTOCOL,
			       "a CertificateRequest without signature_algorithms");
	list = sl_get_vec(r, 2, 2, 0xfffe);
	request->schemes = sl_octets(list);
	return (sl_done(r) && list.left % 2 == 0) ||
	       sl_bad_decode(c, "a malformed signature_algorithms");
}

bool sl_certificate_request_read(struct sluice_conn *c, struct sl_reader *body)
{
	struct sl_reader context = sl_get_vec(body, 1, 0, 0xff);
	struct sluice_credential_request *request = &c->hs->request;
	struct sl_extensions ext;

	if (body->bad)
		return sl_bad_decode(c, "a malformed CertificateRequest");
	if (!sl_parse_extensions(c, body, SL_IN_CR, &ext))
		return false;
	if (context.left)
		return sl_illegal(c, "a CertificateRequest with a context");
	if (!check_schemes(c, &ext, request) ||
	    !sl_read_certificate_wishes(c, &ext) ||
	    !check_filters(c, &ext, request))
		return false;
	c->certificate_requested = true;
	return sl_credential_choose(c);
}

/* All of them or none. */
static bool names_authorities(struct sluice_conn *c)
{
	const struct sluice_trust *trust = c->config->trust;
	struct sluice_octets name;
	size_t total = 0, i;

	if (!c->config->name_authorities || !trust || !c->p->trust_name)
		return false;
	for (i = 0; c->p->trust_name(c->p, trust, i, &name); i++)
		total += 2 + name.len;
	return total && total <= SLUICE_AUTHORITIES_MAX;
}

void sl_put_authorities(struct sluice_conn *c, struct sl_writer *w)
{
	size_t list = sl_begin_vec(w, 2), i, mark;
	bool any = names_authorities(c);
	struct sluice_octets name;

	for (i = 0; any && c->p->trust_name(c->p, c->config->trust, i, &name);
	     i++) {
		mark = sl_begin_vec(w, 2);
		sl_put(w, name.data, name.len);
		sl_end_vec(w, mark, 2);
	}
	sl_end_vec(w, list, 2);
}

bool sl_certificate_request_write(struct sluice_conn *c)
{
	size_t mark, ext;
	struct sl_writer w;

	sl_message_begin(c, &w, SL_CERTIFICATE_REQUEST);
	sl_put8(&w, 0);			/* no context */
	mark = sl_begin_vec(&w, 2);
	ext = sl_begin_extension(c, &w, SL_EXT_SIGNATURE_ALGORITHMS);
	sl_put_schemes(&w, c->config, false);
	sl_end_vec(&w, ext, 2);
	sl_put_certificate_wishes(c, &w);
	if (names_authorities(c)) {
		ext = sl_begin_extension(c, &w, SL_EXT_CERTIFICATE_AUTHORITIES);
		sl_put_authorities(c, &w);
		sl_end_vec(&w, ext, 2);
	}
	sl_end_vec(&w, mark, 2);
	c->certificate_requested = true;
	return sl_message_end(c, &w);
}
