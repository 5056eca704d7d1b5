// SPDX-License-Identifier: MIT
#include "certificate_wishes.h"

#include "compress.h"
#include "conn.h"
#include "hello.h"
#include "staple.h"

void sl_put_certificate_wishes(struct sluice_conn *c, struct sl_writer *w)
{
	size_t ext = sl_begin_extension(c, w, SL_EXT_SIGNATURE_ALGORITHMS_CERT);

	sl_put_certificate_schemes(w, c->config);
	sl_end_vec(w, ext, 2);
	sl_put_staple_request(c, w);
	sl_put_compressions(c, w);
}

static bool read_schemes(struct sluice_conn *c, struct sl_extensions *ext)
{
	struct sluice_credential_request *request = &c->hs->request;
	struct sl_reader *r = &ext->body[SL_EXT_SIGNATURE_ALGORITHMS_CERT];
	struct sl_reader list;

	/* the one stands in for the other (section 4.2.3) */
	request->certificate_schemes = request->schemes;
	if (!sl_has(ext, SL_EXT_SIGNATURE_ALGORITHMS_CERT))
		return true;
	list = sl_get_vec(r, 2, 2, 0xfffe);
	request->certificate_schemes = sl_octets(list);
	return (sl_done(r) && list.left % 2 == 0) ||
	       sl_bad_decode(c, "a malformed signature_algorithms_cert");
}

static bool read_authorities(struct sluice_conn *c,
			     struct sl_extensions *ext)
{
	struct sluice_credential_request *request = &c->hs->request;
	struct sl_reader *r = &ext->body[SL_EXT_CERTIFICATE_AUTHORITIES];
	struct sl_reader list;

	if (!sl_has(ext, SL_EXT_CERTIFICATE_AUTHORITIES))
		return true;
	list = sl_get_vec(r, 2, 3, 0xffff);
	request->authorities = sl_octets(list);
	while (list.left)
		sl_get_vec(&list, 2, 1, 0xffff);
	return (sl_done(r) && sl_done(&list)) ||
	       sl_bad_decode(c, "a malformed certificate_authorities");
}

bool sl_read_certificate_wishes(struct sluice_conn *c,
				struct sl_extensions *ext)
{
	return read_schemes(c, ext) && read_authorities(c, ext) &&
	       sl_read_staple_request(c, ext) && sl_read_compressions(c, ext);
}
