// SPDX-License-Identifier: MIT
/*
 * A certificate's key is looked for within the certificate, whatever that says:
 * a step of the induction, as all that sl_cert_key() does is such steps.
 */
#include "../libsluice/pins.c"

#include "proof.h"

/* Long enough for a length in the long form, and more than it says. */
#define CERT_MAX	300

void prove_get_element(void)
{
	size_t len = up_to(CERT_MAX), start = up_to(len);
	const uint8_t *data = octets(len);
	struct sl_reader r = sl_reader(data + start, len - start), old = r;
	uint8_t tag = nondet_u8();
	struct sl_reader element = get_element(&r, tag);

	PROVE(r.bad == element.bad);
	PROVE(!r.bad || (!r.left && !element.left));
	if (r.bad)
		return;
	PROVE(old.left >= 2 && old.pos[0] == tag);
	PROVE(element.pos - old.pos >= 2 && element.pos - old.pos <= 5);
	PROVE(element.pos + element.left == r.pos);
	PROVE(r.pos + r.left == data + len);
	PROVE(!element.left || __CPROVER_r_ok(element.pos, element.left));
}
