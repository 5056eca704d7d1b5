/* SPDX-License-Identifier: MIT */
/* The transcript hash (RFC 9846, section 4.4.1). */
#ifndef SLUICE_TRANSCRIPT_H
#define SLUICE_TRANSCRIPT_H

#include "sluice/provider.h"
#include "sluice/sluice.h"

/*
 * A client runs one hash for each that its suites may need, until ServerHello
 * names the suite; a server knows from the start.
 */
#define SL_HASHES	2

struct sl_transcript {
	struct sluice_hash_ctx *ctx[SL_HASHES];		/* by enum sluice_hash */
};

/* The hash of some octets that have nothing to do with it. */
bool sl_hash(struct sluice_conn *c, enum sluice_hash hash,
	     const struct sluice_octets *parts, size_t count, uint8_t *out);

bool sl_transcript_start(struct sluice_conn *c, enum sluice_hash hash);
/* Keep only this one. */
void sl_transcript_choose(struct sluice_conn *c, enum sluice_hash hash);
bool sl_transcript_add(struct sluice_conn *c, const uint8_t *data, size_t len);
/* The hash up to now, and as it would be after more octets. */
bool sl_transcript_hash(struct sluice_conn *c, enum sluice_hash hash,
			const uint8_t *more, size_t len, uint8_t *out);
/* Put the message_hash in the place of the first ClientHello. */
bool sl_transcript_retry(struct sluice_conn *c);
void sl_transcript_free(struct sluice_conn *c);

#endif /* SLUICE_TRANSCRIPT_H */
