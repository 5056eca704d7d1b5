/* SPDX-License-Identifier: MIT */
/* A connection, as the files of the engine share it. */
#ifndef SLUICE_CONN_H
#define SLUICE_CONN_H

#include "alert.h"
#include "ech.h"
#include "keyschedule.h"
#include "message.h"
#include "record.h"
#include "sluice/async.h"
#include "sluice/provider.h"
#include "sluice/sluice.h"
#include "transcript.h"
#include "wire.h"

/* The longest handshake message taken, its header not counted. */
#define SL_MESSAGE_MAX		(128 * 1024)
/* The least room for messages while the handshake runs. */
#define SL_BUFFER_MIN		7168
/* After it: for KeyUpdates and tickets that come in pieces. */
#define SL_PIECE_MAX		512
#define SL_RANDOM_LEN		32
#define SL_SESSION_ID_MAX	32
/* The longest cookie of a HelloRetryRequest that is echoed. */
#define SL_COOKIE_MAX		1024
/* Longest DNS name in presentation form (RFC 1035, without the final dot). */
#define SL_NAME_MAX		253
#define SL_ALPN_NAME_MAX	255
/* A client sends at most this many key shares. */
#define SL_SHARES		2
/*
 * What is signed: in TLS 1.2 by a server the randoms and a point, which is more
 * than in a CertificateVerify (RFC 9846, section 4.4.3).
 */
#define SL_SIGNED_MAX		(2 * SL_RANDOM_LEN + 4 + SL_POINT_MAX)
/* P-521's. */
#define SL_POINT_MAX		133
/* Early data passed over by a server, in octets on the wire. */
#define SL_EARLY_DATA_MAX	(64 * 1024)

/*
 * One state of the handshake: either a flight to be written, or a message to
 * be read. Both functions name the next state; false: the connection failed.
 */
struct sl_step {
	bool (*write)(struct sluice_conn *c);
	bool (*read)(struct sluice_conn *c, enum sl_message type,
		     struct sl_reader *body);
	/* the types that are read here */
	uint8_t expect[2];
	const char *unexpected;
};

/* A pre-shared key: of the session to be resumed, or one from outside. */
struct sl_session {
	const struct sl_suite *suite;	/* one with the key's hash */
	uint8_t psk[SLUICE_PSK_MAX];
	size_t psk_len;
	bool external;
	bool verified;
	uint64_t proved;		/* client: when, in milliseconds */
};

/* Server: what the caller is asked about one of the client's tickets: lookup.h. */
struct sl_lookup {
	unsigned int index;		/* which; those before it are of no use */
	struct sluice_ticket_request request;
	bool found;			/* it is answered: by the octets, if any */
	uint8_t octets[SLUICE_SESSION_MAX];
	size_t len;
	uint8_t id[16];
	uint64_t early_until;
	bool judged;			/* it is answered: by the next two */
	bool unused;
	bool first;
};

/* What only TLS 1.2 needs of a handshake. */
struct sl_tls12 {
	const struct sl_suite *suites[3];	/* by enum sl_auth */
	uint8_t schemes[2 * 16];	/* that fit, as on the wire */
	uint8_t *raw;			/* all that was said, if it is kept */
	size_t raw_size;
	size_t raw_len;
	bool raw_lost;			/* it is too long */
	bool ccs_wanted;		/* here is its place */
	bool ticket_promised;		/* the server will send one */
	bool status_promised;		/* the same of an OCSP response */
	size_t kept;			/* certificates, behind the buffer */

	/* of the session to be resumed: there is one if it has a suite */
	const struct sl_suite *suite;
	uint8_t master[SLUICE_HASH_MAX];
	bool verified;
	bool by_id;			/* it has no ticket */
	bool keep;			/* client: there is a new ticket */
	uint64_t proved;		/* client: as of sl_session */
	uint64_t time;			/* when it began, or the ticket came */
	uint32_t lifetime;		/* client: seconds */
};

/* The value of sl_handshake::wanted that is no SLUICE_WANT_*. */
#define SL_NOTHING_WANTED	((enum sluice_status)0)

/*
 * Only while the handshake runs: behind the connection in the caller's memory,
 * wiped as soon as it ends.
 */
struct sl_handshake {
	const struct sl_step *step;
	struct sl_transcript transcript;
	uint8_t secret[SLUICE_HASH_MAX];	/* the key schedule's stage */
	uint8_t client_secret[SLUICE_HASH_MAX];	/* traffic secrets, of the */
	uint8_t server_secret[SLUICE_HASH_MAX];	/* handshake, then the data */
	uint8_t client_random[SL_RANDOM_LEN];
	uint8_t session_id[SL_SESSION_ID_MAX];
	size_t session_id_len;
	bool ccs_due;
	bool ccs_sent;
	struct sl_session session;	/* there is one if it has a suite */
	struct sluice_pubkey *peer_key;	/* of the certificate */
	bool ccs_passed;		/* one came, and changed nothing */
	struct sl_tls12 tls12;

	/*
	 * What the caller has to give before the next step. The message that
	 * it is about stays the current one: what is below points into it.
	 */
	enum sluice_status wanted;
	struct sluice_credential_request request;
	struct sluice_octets chain[SLUICE_CHAIN_MAX];	/* the peer's */
	size_t chain_len;
	struct sluice_octets staple;	/* with the first of them */
	bool staple_wanted;		/* by the peer */
	const struct sluice_compression *compression;	/* that it takes */
	const struct sluice_credential *credential;	/* to be shown */
	uint8_t content[SL_SIGNED_MAX];			/* to be signed */
	size_t content_len;

	/* client */
	uint32_t offered;		/* bits 1 << enum sl_extension */
	uint16_t share_groups[SL_SHARES];
	struct sluice_kx *shares[SL_SHARES];
	struct sluice_octets share_octets[SL_SHARES];
	unsigned int tickets_tried;
	size_t ticket_len;
	uint32_t ticket_age;		/* obfuscated */
	size_t cookie_len;
	const struct sl_suite *early_suite;	/* the ticket's */
	const char *early_alpn;
	struct sl_ech ech;

	/* server */
	size_t share_len;
	size_t shared_len;
	uint16_t retry_group;
	uint16_t identity;		/* number of the PSK accepted */
	bool sni_used;
	bool own_type_used;		/* it sent server_certificate_type, */
	bool peer_type_used;		/* and client_certificate_type */
	bool limit_used;		/* the client sent record_size_limit */
	bool tickets_wanted;		/* the client offered psk_dhe_ke */
	size_t early_data_left;		/* to be passed over */

	bool early_open;		/* early data goes, or comes */
	uint32_t early_left;		/* octets that the ticket allows */
	uint8_t early_exporter[SLUICE_HASH_MAX];
	/* the client's handshake traffic secret, for after EndOfEarlyData */
	uint8_t early_next[SLUICE_HASH_MAX];

	/* what is large, of the one role or the other */
	union {
		struct {
			/* the one of a curve first */
			uint8_t share_buffer[SL_POINT_MAX + SLUICE_SHARE_MAX];
			uint8_t ticket[SLUICE_TICKET_MAX];
			uint8_t cookie[SL_COOKIE_MAX];
		};
		struct {
			uint8_t share[SLUICE_SHARE_MAX];
			uint8_t shared[SLUICE_SHARED_MAX];
			struct sl_lookup lookup;
		};
	};

	/*
	 * Messages to be sent, or one that is received in pieces. Never both:
	 * the sides take turns, and what is received must end before a flight
	 * or a new key.
	 */
	size_t flight_start;
	size_t flight_end;
	bool kept;			/* the content of a record is in it, too */
	size_t buffer_size;
	uint8_t buffer[];
};

struct sluice_conn {
	const struct sluice_config *config;
	const struct sluice_provider *p;
	uint16_t version;		/* 0 until negotiated */
	const struct sl_suite *suite;
	uint16_t group;
	uint16_t signature;
	uint16_t client_signature;	/* 0: there is no certificate to show */
	bool certificate_requested;
	struct sl_direction tx;
	struct sl_direction rx;
	uint8_t resumption_secret[SLUICE_HASH_MAX];	/* client */
	uint8_t exporter_secret[SLUICE_HASH_MAX];	/* TLS 1.2: the master */

	/* TLS 1.2: the client's, then the server's; exporters need them */
	uint8_t randoms[2 * SL_RANDOM_LEN];

	size_t tx_limit;		/* content of a protected record */
	size_t rx_limit;

	bool hello_done;		/* the first ClientHello is through */
	bool done;
	bool verified;
	bool by_psk;			/* no certificate */
	bool resumed;			/* by_psk, and the key is a ticket's */
	bool retried;
	bool own_raw;			/* raw public keys are shown */
	bool peer_raw;
	bool chosen;			/* client: what it shows, for this time */
	bool tx_open;			/* server: data may go before the end */
	enum sluice_early early;
	enum sluice_ech ech;
	bool stapled;			/* and what was stapled is good */
	bool rx_closed;
	bool tx_closed;			/* close_notify or an alert is sent */
	unsigned int released;		/* SLUICE_TX, SLUICE_RX: not ours */
	bool update_wanted;		/* of whom sending is */
	bool alert_due;
	bool ccs_owed;			/* before the alert */
	bool update_due;
	bool update_request;		/* ask the peer as well */
	bool refusal_due;		/* of a renegotiation: TLS 1.2 */
	/* since the last data: */
	uint8_t warnings;		/* alerts and renegotiations passed over */
	uint8_t idle;			/* records and messages without use */
	enum sl_alert alert;
	int alert_sent;
	int alert_received;
	enum sluice_error error;
	const char *reason;
	uint64_t tickets;
	uint64_t proved;		/* client: when the peer showed its key */

	const char *alpn;		/* one of the configuration's */
	size_t alpn_len;
	char sni[SL_NAME_MAX + 1];
	size_t sni_len;

	struct sl_handshake *hs;	/* NULL after it */

	/*
	 * Within one call: a record in the caller's memory, what is left of its
	 * content, and the message being read, there or in hs->buffer or piece.
	 */
	uint8_t *record;
	size_t record_len;
	uint8_t *content;
	size_t content_len;
	uint8_t content_type;
	const uint8_t *message;		/* with its header */
	size_t message_len;

	size_t want;			/* missing to the end of a record */
	size_t unread;			/* what the last call left of its input */
	size_t piece_len;		/* of a message that is not yet whole */
	size_t pass;			/* to come of a message that is not kept */
	uint8_t piece[SL_PIECE_MAX];
};

/* How much of what is to be sent goes into one record. */
static inline size_t sl_record_room(const struct sluice_conn *c)
{
	return c->tx.aead ? c->tx_limit : SL_PLAINTEXT_MAX;
}

/* The handshake is through: its secrets are wiped. */
void sl_conn_finish(struct sluice_conn *c);
void sl_conn_wipe_handshake(struct sluice_conn *c);

/* What the provider found: above 0 the peer is at fault, below 0 it failed. */
bool sl_verdict(struct sluice_conn *c, int rc, enum sluice_error error,
		const char *reason);

static inline bool sl_is_server(const struct sluice_conn *c)
{
	return c->config->role == SLUICE_SERVER;
}

/* Client: this is not the server that it wants to talk to (RFC 9849). */
static inline bool sl_ech_rejected(const struct sluice_conn *c)
{
	return c->ech == SLUICE_ECH_REJECTED && !sl_is_server(c);
}

/* For whom the configuration names. */
static inline void sl_trace(const struct sluice_conn *c, bool sent,
			    unsigned int what, unsigned int type, size_t len)
{
	if (c->config->trace)
		c->config->trace(c->config->ctx, sent, what, type, len);
}

/* Server: what comes is early data, until EndOfEarlyData. */
static inline bool sl_early_reading(const struct sluice_conn *c)
{
	return !c->done && sl_is_server(c) && c->hs->early_open;
}

#endif /* SLUICE_CONN_H */
