/* SPDX-License-Identifier: MIT */
/* Compressed certificates (RFC 8879). */
#ifndef SLUICE_ENGINE_COMPRESS_H
#define SLUICE_ENGINE_COMPRESS_H

#include "extensions.h"
#include "message.h"
#include "sluice/sluice.h"

/* compress_certificate, in ClientHello and CertificateRequest. */
void sl_put_compressions(struct sluice_conn *c, struct sl_writer *w);
bool sl_read_compressions(struct sluice_conn *c, struct sl_extensions *ext);

/*
 * The Certificate in w, complete but for its length, becomes a
 * CompressedCertificate, if the peer takes that and it is shorter.
 */
void sl_compress(struct sluice_conn *c, struct sl_writer *w);

/*
 * A CompressedCertificate, the current message: body becomes that of the
 * Certificate, which lasts as long as the message does.
 */
bool sl_decompress(struct sluice_conn *c, struct sl_reader *body);

/* Does this message, where a Certificate is expected, do as well? */
bool sl_is_compressed(const struct sluice_conn *c, enum sl_message type,
		      const uint8_t expect[2]);

#endif /* SLUICE_ENGINE_COMPRESS_H */
