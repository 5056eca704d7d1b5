// SPDX-License-Identifier: MIT
#include "staple.h"

#include "conn.h"

#define OCSP	1		/* CertificateStatusType (RFC 6066, section 8) */

void sl_put_staple_request(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext;

	if (!c->config->staple || !c->p->checks_staples)
		return;
	ext = sl_begin_extension(c, w, SL_EXT_STATUS_REQUEST);
	if (sl_is_server(c)) {
		/* an answer to it may come */
		c->hs->offered |= 1U << SL_EXT_STATUS_REQUEST;
	} else {
		sl_put8(w, OCSP);
		sl_put16(w, 0);		/* any responder */
		sl_put16(w, 0);		/* no extensions */
	}
	sl_end_vec(w, ext, 2);
}

bool sl_read_staple_request(struct sluice_conn *c, struct sl_extensions *ext)
{
	struct sl_reader *r = &ext->body[SL_EXT_STATUS_REQUEST];

	c->hs->staple_wanted = false;
	if (!sl_has(ext, SL_EXT_STATUS_REQUEST))
		return true;
	if (sl_is_server(c)) {
		/* the body of another type is not for us to know */
		if (sl_get8(r) != OCSP)
			return !r->bad || sl_bad_decode(c, "a malformed status_request");
		sl_get_vec(r, 2, 0, 0xffff);
		sl_get_vec(r, 2, 0, 0xffff);
	}
	c->hs->staple_wanted = true;
	return sl_done(r) || sl_bad_decode(c, "a malformed status_request");
}

bool sl_find_staple(struct sluice_conn *c, struct sluice_octets *staple)
{
	return c->hs->staple_wanted && c->p->credential_staple &&
	       c->p->credential_staple(c->p, c->hs->credential, staple);
}

void sl_put_status(struct sl_writer *w, struct sluice_octets staple)
{
	size_t response;

	sl_put8(w, OCSP);
	response = sl_begin_vec(w, 3);
	sl_put(w, staple.data, staple.len);
	sl_end_vec(w, response, 3);
}

void sl_put_staple(struct sluice_conn *c, struct sl_writer *w, size_t i)
{
	struct sluice_octets staple;
	size_t ext;

	if (i || !sl_find_staple(c, &staple))
		return;
	ext = sl_begin_extension(c, w, SL_EXT_STATUS_REQUEST);
	sl_put_status(w, staple);
	sl_end_vec(w, ext, 2);
}

bool sl_read_staple(struct sluice_conn *c, struct sl_extensions *ext, size_t i)
{
	return !sl_has(ext, SL_EXT_STATUS_REQUEST) ||
	       sl_read_status(c, &ext->body[SL_EXT_STATUS_REQUEST], i);
}

bool sl_read_status(struct sluice_conn *c, struct sl_reader *r, size_t i)
{
	struct sl_reader response;

	if (sl_get8(r) != OCSP && !r->bad)
		return sl_illegal(c, "a certificate status of a type that was not asked for");
	response = sl_get_vec(r, 3, 1, 0xffff);
	if (!sl_done(r))
		return sl_bad_decode(c, "a malformed certificate status");
	if (!i)
		c->hs->staple = sl_octets(response);
	return true;
}
