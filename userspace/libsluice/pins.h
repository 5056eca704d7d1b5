/* SPDX-License-Identifier: MIT */
/* Pinned keys: the hash of a SubjectPublicKeyInfo (RFC 7469, section 2.4). */
#ifndef SLUICE_PINS_H
#define SLUICE_PINS_H

#include "sluice/provider.h"
#include "sluice/sluice.h"

/* The SubjectPublicKeyInfo in a certificate, where it is; false: there is none. */
bool sl_cert_key(struct sluice_octets cert, struct sluice_octets *key);

/* Is the leaf's key, in c->hs->chain, one of those that are pinned, if any is? */
bool sl_pins_check(struct sluice_conn *c);

#endif /* SLUICE_PINS_H */
