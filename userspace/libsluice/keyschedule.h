/* SPDX-License-Identifier: MIT */
/* The key schedule (RFC 9846, section 7), and the keys of a direction. */
#ifndef SLUICE_KEYSCHEDULE_H
#define SLUICE_KEYSCHEDULE_H

#include "sluice/provider.h"
#include "sluice/sluice.h"

#define SL_IV_LEN	12
#define SL_KEY_MAX	32

struct sl_session;

/* What a cipher suite says of the server's key: nothing in TLS 1.3. */
enum sl_auth {
	SL_AUTH_ANY,
	SL_AUTH_ECDSA,
	SL_AUTH_RSA,
};

struct sl_suite {
	uint16_t id;
	enum sluice_hash hash;
	enum sluice_aead aead;
	size_t hash_len;
	size_t key_len;
	/* records under one key: RFC 9846, section 5.5 */
	uint64_t limit;
	uint16_t version;
	enum sl_auth auth;
	/* TLS 1.2: octets of the IV from the key block, and in each record */
	uint8_t fixed_iv_len;
	uint8_t explicit_len;
};

/* NULL if libsluice does not have it. */
const struct sl_suite *sl_suite_find(uint16_t id);

/* One direction: the traffic secret, what it derives, and how far it is. */
struct sl_direction {
	uint8_t secret[SLUICE_HASH_MAX];
	uint8_t key[SL_KEY_MAX];
	uint8_t iv[SL_IV_LEN];
	uint64_t seq;
	uint64_t updates;
	struct sluice_aead_ctx *aead;	/* NULL: records are in the clear */
};

/*
 * HKDF-Expand-Label (section 7.1), for up to 255 hashes; label is given without
 * "tls13 ". All of these fail the connection, and return false, if the provider
 * fails, but for the two where it is said.
 */
bool sl_expand_label(struct sluice_conn *c, const struct sl_suite *suite,
		     const uint8_t *secret, const char *label,
		     const uint8_t *context, size_t context_len,
		     uint8_t *out, size_t out_len);

/* To the early secret: of session's PSK or, if that is NULL, of zeros. */
bool sl_early_secret(struct sluice_conn *c, const struct sl_suite *suite,
		     const struct sl_session *session);

/*
 * After the early secret: the binder (section 4.2.11.2) of c->hs->session for a
 * ClientHello that is cut off before its binders.
 */
bool sl_binder_mac(struct sluice_conn *c, const struct sl_suite *suite,
		   const uint8_t *hello, size_t len, uint8_t *mac);

/*
 * On to c->hs->client_secret and server_secret, those of the handshake; the
 * transcript ends with ServerHello.
 */
bool sl_handshake_secrets(struct sluice_conn *c, const uint8_t *shared,
			  size_t shared_len);

/*
 * On to c->hs->client_secret and server_secret, those of the application; the
 * transcript ends with the server's Finished.
 */
bool sl_application_secrets(struct sluice_conn *c);

/* c->resumption_secret; the transcript ends with the client's Finished. */
bool sl_resumption_secret(struct sluice_conn *c);

/*
 * From the early secret: the traffic secret of early data, and the exporter's,
 * which goes to c->hs->early_exporter; the transcript ends with ClientHello.
 */
bool sl_early_traffic_secret(struct sluice_conn *c, const struct sl_suite *suite,
			     uint8_t *secret);

/* The PSK of a ticket (section 4.6.1), by the ticket's nonce. */
bool sl_ticket_psk(struct sluice_conn *c, const uint8_t *nonce, size_t len,
		   uint8_t *psk);

/* The HMAC of Finished (section 4.4.4) over a transcript hash. */
bool sl_finished_mac(struct sluice_conn *c, const struct sl_suite *suite,
		     const uint8_t *secret, const uint8_t *hash, uint8_t *mac);

/* A line of the key log (RFC 9850), if there is one; the secret is of len octets. */
void sl_log_secret(struct sluice_conn *c, const char *label,
		   const uint8_t *secret, size_t len);
/* The same of another ClientHello than the connection's. */
void sl_log_line(struct sluice_conn *c, const char *label,
		 const uint8_t *client_random, const uint8_t *data, size_t len);

/* Take secret into use for one direction, from record 0 on. */
bool sl_keys_install(struct sluice_conn *c, struct sl_direction *dir,
		     const uint8_t *secret);
/* The same, of a suite that is not yet the connection's. */
bool sl_early_keys_install(struct sluice_conn *c, struct sl_direction *dir,
			   const struct sl_suite *suite, const uint8_t *secret);
/* The next generation (section 7.2). */
bool sl_keys_update(struct sluice_conn *c, struct sl_direction *dir);
/* Forget all but the number of updates. */
void sl_keys_wipe(struct sluice_conn *c, struct sl_direction *dir);

/* The static IV with the sequence number in its end (section 5.3). */
void sl_make_nonce(const struct sl_direction *dir, uint8_t nonce[SL_IV_LEN]);

/*
 * Encrypt len octets at body in place, the tag behind them; decrypt len octets
 * that end with the tag. header is the record's. These return what the
 * provider does, and judge nothing.
 */
int sl_direction_seal(struct sluice_conn *c, struct sl_direction *dir,
		      const uint8_t *header, uint8_t *body, size_t len);
int sl_direction_open(struct sluice_conn *c, struct sl_direction *dir,
		      const uint8_t *header, uint8_t *body, size_t len);

#endif /* SLUICE_KEYSCHEDULE_H */
