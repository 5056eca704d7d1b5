/* SPDX-License-Identifier: MIT */
/*
 * Encrypted Client Hello (RFC 9849): a ClientHello within another. The inner one
 * is the real one; the outer one, which all can read, is for a server that
 * cannot decrypt it.
 */
#ifndef SLUICE_ECH_H
#define SLUICE_ECH_H

#include "ech_config.h"
#include "extensions.h"
#include "hpke.h"
#include "message.h"
#include "transcript.h"
#include "wire.h"

/* The extension that refers to those of the outer ClientHello (section 5.1). */
#define SL_ECH_OUTER_EXTENSIONS	0xfd00
#define SL_ECH_CONFIRMATION_LEN	8
#define SL_ECH_RANDOM_LEN	32
/* Where it is in ServerHello: at the end of the random. */
#define SL_ECH_HELLO_AT		(SL_MESSAGE_HEADER + 2 + SL_ECH_RANDOM_LEN - \
				 SL_ECH_CONFIRMATION_LEN)
/* The longest ticket that is offered within: it goes out twice. */
#define SL_ECH_TICKET_MAX	512

enum sl_ech_kind {
	SL_ECH_OUTER,
	SL_ECH_INNER,
};

/* Which ClientHello is being written. */
enum sl_hello_face {
	SL_HELLO_PLAIN,
	SL_HELLO_INNER,
	SL_HELLO_OUTER,
};

/* What of it lasts as long as the handshake. */
struct sl_ech {
	enum sl_hello_face face;
	struct sl_hpke hpke;

	/* client: the transcript of the one that is not hs->transcript's */
	struct sl_transcript outer;
	uint32_t outer_offered;
	uint8_t outer_random[SL_ECH_RANDOM_LEN];
	struct sl_ech_config config;
	uint16_t aead;
	uint8_t enc[SL_HPKE_KEY_MAX];
	uint8_t seed[SL_ECH_RANDOM_LEN];	/* of what only looks real */
	char public_name[256];
	/* offsets in the message: the list of extensions, those alike in both */
	size_t extensions;
	size_t alike;
	size_t alike_end;
	size_t payload;			/* the sealed one: its offset, and */
	size_t payload_len;
	size_t retry_len;		/* configurations in hs->ticket, or */
	bool told;			/* after a failure, in hs->buffer */
};

/*
 * The 8 octets by which a server says that it answers the inner ClientHello,
 * for which there is room at an offset of its message, the next one of the
 * transcript (section 7.2).
 */
bool sl_ech_confirmation(struct sluice_conn *c, bool retry,
			 const uint8_t *message, size_t len, size_t at,
			 uint8_t out[SL_ECH_CONFIRMATION_LEN]);

/*
 * In the key log: what the configuration in use, and no other ClientHello than
 * the outer one with this random, is read with (RFC 9850, section 2.3).
 */
void sl_ech_log(struct sluice_conn *c, const uint8_t *outer_random);

/* All that the provider has made for it; and the outer transcript only. */
void sl_ech_free(struct sluice_conn *c);
void sl_ech_drop_outer(struct sluice_conn *c);

/* What a configuration has to have; NULL if it is good. */
const char *sl_ech_check_client(const struct sluice_config *config);
const char *sl_ech_check_server(const struct sluice_config *config);
/* The same of one key, whose configuration it takes apart. */
const char *sl_ech_key_parse(const struct sluice_provider *p,
			     const struct sluice_ech_key *key,
			     struct sl_ech_config *config);

/* Client: before the first ClientHello. */
bool sl_ech_start(struct sluice_conn *c);
/* Both of them, the one within the other. */
bool sl_ech_hello_write(struct sluice_conn *c);
/* The extension; may write nothing. */
void sl_ech_put(struct sluice_conn *c, struct sl_writer *w);
/* In the place of a pre-shared key, what looks like one (section 6.1.2). */
bool sl_ech_cover_psk(struct sluice_conn *c, uint8_t *identity, uint8_t *age,
		      uint8_t *binder, size_t binder_len);
/*
 * Which ClientHello does HelloRetryRequest answer, or ServerHello, which is next
 * in the transcript? From there on, that is the only one.
 */
bool sl_ech_retry_read(struct sluice_conn *c, struct sl_extensions *ext);
bool sl_ech_server_hello_read(struct sluice_conn *c);
/* EncryptedExtensions. */
bool sl_ech_answer_read(struct sluice_conn *c, struct sl_extensions *ext);
/* The end of a handshake with who does not take it: the connection fails. */
bool sl_ech_end_rejected(struct sluice_conn *c);

/*
 * Server: the current message is a ClientHello. If there is another in it for
 * us, that becomes the current message, and body its body.
 */
bool sl_ech_client_hello_open(struct sluice_conn *c, struct sl_reader *body);
/* The extension of HelloRetryRequest, at *at of the message; may write nothing. */
bool sl_ech_put_retry(struct sluice_conn *c, struct sl_writer *w, size_t *at);
/* HelloRetryRequest or ServerHello, which is written to its end: confirm. */
bool sl_ech_confirm(struct sluice_conn *c, struct sl_writer *w, bool retry,
		    size_t at);
/* That of EncryptedExtensions. */
void sl_ech_put_configs(struct sluice_conn *c, struct sl_writer *w);

#endif /* SLUICE_ECH_H */
