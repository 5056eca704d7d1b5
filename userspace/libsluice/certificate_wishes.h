/* SPDX-License-Identifier: MIT */
/* What ClientHello and CertificateRequest say alike of certificates. */
#ifndef SLUICE_CERTIFICATE_WISHES_H
#define SLUICE_CERTIFICATE_WISHES_H

#include "extensions.h"
#include "sluice/sluice.h"

/* Ours, as extensions. */
void sl_put_certificate_wishes(struct sluice_conn *c, struct sl_writer *w);

/*
 * The peer's, into c->hs->request, where the schemes of signature_algorithms
 * are already.
 */
bool sl_read_certificate_wishes(struct sluice_conn *c,
				struct sl_extensions *ext);

#endif /* SLUICE_CERTIFICATE_WISHES_H */
