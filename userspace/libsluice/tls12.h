/* SPDX-License-Identifier: MIT */
/*
 * TLS 1.2 (RFC 5246), as far as it is spoken: ECDHE and AEAD only (RFC 8422,
 * RFC 5288, RFC 7905), the extended master secret (RFC 7627) and the
 * renegotiation indication (RFC 5746) required, no renegotiation, no
 * compression. "Section" is RFC 5246's in the tls12_*.c.
 *
 * The hellos are those of TLS 1.3 up to the choice of the version; from there
 * on the steps of tls12_client.c and tls12_server.c take over.
 */
#ifndef SLUICE_TLS12_H
#define SLUICE_TLS12_H

#include "conn.h"
#include "extensions.h"
#include "record.h"
#include "sluice/sluice.h"
#include "wire.h"

struct sl_client_hello;

#define SL_TLS12_MASTER_LEN	48
#define SL_TLS12_FINISHED_LEN	12

/*
 * The PRF (section 5) with the suite's hash; the seed is the label and then the
 * parts one behind the other, SL_TLS12_SEED_MAX octets at most.
 */
#define SL_TLS12_SEED_MAX	(SLUICE_EXPORT_LABEL_MAX + 2 * SL_RANDOM_LEN + \
				 2 + SLUICE_EXPORT_CONTEXT_MAX)
bool sl_tls12_prf(struct sluice_conn *c, const struct sl_suite *suite,
		  const uint8_t *secret, size_t secret_len, const char *label,
		  const struct sluice_octets *seed, size_t parts,
		  uint8_t *out, size_t out_len);

/*
 * The master secret (RFC 7627, section 4) to c->hs->secret; the transcript ends
 * with ClientKeyExchange.
 */
bool sl_tls12_master_secret(struct sluice_conn *c, const uint8_t *shared,
			    size_t shared_len);
/* From there on to the keys of both directions, and to what exporters need. */
bool sl_tls12_key_block(struct sluice_conn *c);
/* Take them into use. */
bool sl_tls12_install_tx(struct sluice_conn *c);
bool sl_tls12_install_rx(struct sluice_conn *c);
/* The content of Finished (section 7.4.9) for the transcript up to now. */
bool sl_tls12_finished(struct sluice_conn *c, bool server,
		       uint8_t mac[SL_TLS12_FINISHED_LEN]);

/* sluice_export() of TLS 1.2 (RFC 5705): 0 or -1. */
int sl_tls12_export(struct sluice_conn *c, const char *label,
		    const uint8_t *context, size_t context_len,
		    uint8_t *out, size_t out_len);

/* As sl_record_open() and sl_record_seal(), for records with a key. */
bool sl_tls12_record_open(struct sluice_conn *c, size_t len);
size_t sl_tls12_record_seal(struct sluice_conn *c, enum sl_content type,
			    const uint8_t *data, size_t len, uint8_t *out);
/* The peer's change_cipher_spec: in its place only, and then its keys count. */
bool sl_tls12_ccs(struct sluice_conn *c, size_t len);

/*
 * A client of this configuration offers it; a pre-shared key is for TLS 1.3
 * only.
 */
bool sl_tls12_offered(const struct sluice_config *config);
/* It is a group for ECDHE; hybrid ones are not. */
bool sl_tls12_group(uint16_t group);

/* ClientHello: what it says for the sake of TLS 1.2. */
void sl_tls12_put_extensions(struct sluice_conn *c, struct sl_writer *w);
/* ServerHello, the current message, of this version. */
bool sl_tls12_server_hello_read(struct sluice_conn *c, struct sl_reader *body);

/*
 * Server: the rest of a ClientHello, of which the second does what may have to
 * wait for a session; and the answer.
 */
bool sl_tls12_client_hello_read(struct sluice_conn *c,
				struct sl_client_hello *hello);
bool sl_tls12_session_choose(struct sluice_conn *c,
			     struct sl_client_hello *hello);
bool sl_tls12_server_hello_write(struct sluice_conn *c);

/*
 * Signature schemes: TLS 1.3 does not have RSA's of PKCS #1; here they are
 * usable, too; and whose cipher suites a scheme is for.
 */
bool sl_tls12_only(uint16_t scheme);
/* By us; by the peer. */
bool sl_tls12_scheme_known(const struct sluice_config *config, uint16_t scheme);
bool sl_tls12_scheme_usable(const struct sluice_config *config,
			    uint16_t scheme);
enum sl_auth sl_tls12_scheme_auth(uint16_t scheme);

/* The certificates (section 7.4.2); they are judged as in TLS 1.3. */
bool sl_tls12_certificate_read(struct sluice_conn *c, struct sl_reader *body);
bool sl_tls12_certificate_write(struct sluice_conn *c);

/*
 * All that was said, in TLS 1.2, where a signature may be over it: sl_tls12_raw_add()
 * has what sl_transcript_add() has, unless there is too little memory. Dropped as
 * soon as the version is another.
 */
void sl_tls12_raw_begin(struct sluice_conn *c);
void sl_tls12_raw_add(struct sluice_conn *c, const uint8_t *data, size_t len);
bool sl_tls12_raw_room(const struct sluice_conn *c, size_t len);
void sl_tls12_raw_drop(struct sluice_conn *c);
/* Is it what our signature is over? */
bool sl_tls12_signs_raw(const struct sluice_conn *c);

/*
 * OCSP responses. Client: where one is promised, the certificates in the current
 * message are kept, if there is room, and judged with it; or without, if it
 * does not come. Until they are dropped there is less room for messages.
 */
bool sl_tls12_chain_keep(struct sluice_conn *c);
bool sl_tls12_chain_judge(struct sluice_conn *c);
void sl_tls12_chain_drop(struct sluice_conn *c);
bool sl_tls12_status_read(struct sluice_conn *c, struct sl_reader *body);
/* Server: is there one to send? Then it is written. */
bool sl_tls12_status_promise(struct sluice_conn *c);
bool sl_tls12_status_write(struct sluice_conn *c);

/* CertificateRequest (section 7.4.4), and the client's answer to it. */
bool sl_tls12_certificate_request_read(struct sluice_conn *c,
				       struct sl_reader *body);
bool sl_tls12_certificate_request_write(struct sluice_conn *c);
bool sl_tls12_certificate_verify_read(struct sluice_conn *c,
				      struct sl_reader *body);

/*
 * The key exchange (RFC 8422, sections 5.4 and 5.7). Reading or writing the
 * client's part makes the master secret, and the keys.
 */
bool sl_tls12_server_key_read(struct sluice_conn *c, struct sl_reader *body);
bool sl_tls12_server_key_make(struct sluice_conn *c);
bool sl_tls12_client_key_read(struct sluice_conn *c, struct sl_reader *body);
bool sl_tls12_client_key_write(struct sluice_conn *c);

/* What the server's key exchange signs, but for the randoms. */
void sl_tls12_put_params(struct sluice_conn *c, struct sl_writer *w);

/* The peer's signature; flags are SLUICE_SCHEME_*. */
bool sl_tls12_signature_check(struct sluice_conn *c, uint16_t scheme,
			      struct sluice_octets content,
			      struct sl_reader sig, unsigned int flags);

/*
 * For sl_signature_make() and sl_signature_use(): what is signed, at most
 * SL_SIGNED_MAX octets, and its length, 0 on failure; and the message that
 * shows the signature.
 */
size_t sl_tls12_signed_content(struct sluice_conn *c, uint8_t *out);
bool sl_tls12_signature_use(struct sluice_conn *c, const uint8_t *sig,
			    size_t len);

bool sl_tls12_finished_read(struct sluice_conn *c, struct sl_reader *body);
bool sl_tls12_finished_write(struct sluice_conn *c);

/* Where the steps of TLS 1.3 end, and these begin. */
void sl_tls12_client_begin(struct sluice_conn *c);
void sl_tls12_client_resume(struct sluice_conn *c);
void sl_tls12_server_begin(struct sluice_conn *c);
bool sl_tls12_server_resume(struct sluice_conn *c);

/* Client: what was in the store, if it can be used; and what goes there. */
bool sl_tls12_stored_parse(struct sluice_conn *c, struct sl_reader stored);
bool sl_tls12_session_keep(struct sluice_conn *c);
/* The extension with the session's ticket, or the wish for one; and the answer. */
void sl_tls12_put_ticket(struct sluice_conn *c, struct sl_writer *w);
bool sl_tls12_ticket_read(struct sluice_conn *c, struct sl_reader *body);

/*
 * Server: is there a session, by the ticket or the identifier of a ClientHello?
 * Then it is in c->hs->tls12. Not yet, if the caller has to look it up (lookup.h).
 */
bool sl_tls12_session_find(struct sluice_conn *c,
			   struct sl_client_hello *hello);
bool sl_tls12_ticket_write(struct sluice_conn *c);
/* One that has a name and no ticket is put into the store. */
void sl_tls12_session_store(struct sluice_conn *c);

/* Both: c->hs->tls12 has the session that goes on. */
void sl_tls12_take_session(struct sluice_conn *c);

#endif /* SLUICE_TLS12_H */
