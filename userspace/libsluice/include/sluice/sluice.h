/* SPDX-License-Identifier: MIT */
/*
 * libsluice: a TLS engine, client and server: TLS 1.3 (RFC 9846) and, if it is
 * asked for, what is still good of TLS 1.2.
 *
 * The engine is a state machine. It owns no socket, no clock and no heap: the
 * caller gives it memory for each connection, the bytes it received and room
 * for the bytes to send, and a configuration that any number of connections
 * share. Cryptography and X.509 come from a provider (sluice/provider.h).
 *
 * The life of a connection:
 *
 *	conn = sluice_conn_init(mem, sluice_conn_size(), &config);
 *
 *	for (;;) {
 *		size_t in_len = have, out_len = sizeof(out);
 *
 *		status = sluice_handshake(conn, in, &in_len, out, &out_len);
 *		// drop in_len octets from the front of in,
 *		// send out_len octets of out
 *		if (status == SLUICE_WANT_WRITE)
 *			continue;
 *		if (status != SLUICE_WANT_READ)
 *			break;
 *		// receive at most sluice_want(conn), behind what is left in in
 *	}
 *
 * and then either sluice_open() and sluice_seal() for the data, or
 * sluice_conn_secrets() to hand the connection over to the kernel; at the end
 * sluice_conn_free(), on every path.
 *
 * Memory: records are opened where they were received, so the engine has no
 * buffer for them, and in has to have room for the longest (SLUICE_RECORD_MAX,
 * or what sluice_want() asks for). What a call does not consume is for the next
 * one, with what was received since behind it. A connection takes less than 16
 * KiB while the handshake runs, and about 1.5 KiB after it: see
 * sluice_established_size().
 *
 * Reading no more than sluice_want() octets at a time never takes octets from
 * the transport that belong to the record after the handshake, so that nothing
 * is lost at a hand-over. A caller that goes on in userspace may read as much
 * as it likes.
 *
 * Threads: a configuration may be shared (it is only read), a connection may
 * not. Nothing here blocks, except what the provider and the callbacks do.
 */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sluice_conn;
struct sluice_provider;		/* sluice/provider.h, as the next three */
struct sluice_trust;		/* the certification authorities believed */
struct sluice_credential;	/* a certificate chain and its private key */
struct sluice_octets;		/* somebody's octets */
struct sluice_compression;	/* sluice/compress.h */
struct sluice_credential_request;	/* sluice/async.h, as the next */
struct sluice_verdict_request;
struct sluice_ech_key;		/* sluice/ech.h */

/* Versions of the protocol. */
#define SLUICE_TLS_1_2			0x0303
#define SLUICE_TLS_1_3			0x0304

/* Cipher suites (RFC 9846, appendix B.4). */
#define SLUICE_AES_128_GCM_SHA256	0x1301
#define SLUICE_AES_256_GCM_SHA384	0x1302
#define SLUICE_CHACHA20_POLY1305_SHA256	0x1303
/* Those of TLS 1.2 (RFC 5289 and RFC 7905). */
#define SLUICE_ECDHE_ECDSA_AES_128_GCM_SHA256		0xc02b
#define SLUICE_ECDHE_ECDSA_AES_256_GCM_SHA384		0xc02c
#define SLUICE_ECDHE_RSA_AES_128_GCM_SHA256		0xc02f
#define SLUICE_ECDHE_RSA_AES_256_GCM_SHA384		0xc030
#define SLUICE_ECDHE_RSA_CHACHA20_POLY1305_SHA256	0xcca8
#define SLUICE_ECDHE_ECDSA_CHACHA20_POLY1305_SHA256	0xcca9

/* Groups (RFC 9846, section 4.2.7, and the IANA registry). */
#define SLUICE_SECP256R1		0x0017
#define SLUICE_SECP384R1		0x0018
#define SLUICE_SECP521R1		0x0019
#define SLUICE_X25519			0x001d
#define SLUICE_SECP256R1MLKEM768	0x11eb
#define SLUICE_X25519MLKEM768		0x11ec

/* The longest hash, and so the longest traffic secret: SHA-384's. */
#define SLUICE_HASH_MAX		48
/* The longest ticket that the store is given, in octets. */
#define SLUICE_TICKET_MAX	2304
/* The longest session that a server's store is given, in octets. */
#define SLUICE_SESSION_MAX	512
/* Octets of struct sluice_ticket_key. */
#define SLUICE_TICKET_NAME_LEN	16
#define SLUICE_TICKET_KEY_LEN	32
/* Octets of a pin: a SHA-256. */
#define SLUICE_PIN_LEN		32
/* The longest record on the wire, header included (RFC 9846, section 5.2). */
#define SLUICE_RECORD_MAX	(5 + 16384 + 256)
/* The most application data in one record. */
#define SLUICE_DATA_MAX		16384
/* The longest line of the key log, with its NUL. */
#define SLUICE_KEYLOG_MAX	2176
/* The least of it to which a peer can be limited (RFC 8449, section 4). */
#define SLUICE_DATA_MIN		63
/* Room for a connection to keep certificate chains that are longer than most. */
#define SLUICE_CHAIN_ROOM	32768
/*
 * What sealing adds to the data of a record at most: header, TLS 1.2's explicit
 * nonce (TLS 1.3's content type is shorter), tag.
 */
#define SLUICE_OVERHEAD		(5 + 8 + 16)
/* The least room for output with which every call makes progress. */
#define SLUICE_OUT_MIN		64

enum sluice_role {
	SLUICE_CLIENT,
	SLUICE_SERVER,
};

/* What the caller has to do next. */
enum sluice_status {
	/* Handshake: it is finished. sluice_seal(): all of it was taken. */
	SLUICE_DONE,
	/* Send what was produced, then come back with more input. */
	SLUICE_WANT_READ,
	/* Send what was produced, then come back with more room. */
	SLUICE_WANT_WRITE,
	/* The peer has sent close_notify: no more data will come. */
	SLUICE_CLOSED,
	/*
	 * The connection has failed, for good: see sluice_conn_info(). Send
	 * what is still pending (an alert), then close the transport.
	 */
	SLUICE_ERROR,
	/*
	 * Handshake: send what was produced, then give what is wanted (see
	 * sluice/async.h). Only with struct sluice_config::async.
	 */
	SLUICE_WANT_CREDENTIAL,
	SLUICE_WANT_SIGNATURE,
	SLUICE_WANT_VERDICT,
	/* sluice_open(): there is data, and there may be more. */
	SLUICE_DATA,
	/* Handshake of a server: call sluice_early_open() first. */
	SLUICE_EARLY_DATA,
	/* As SLUICE_WANT_CREDENTIAL. */
	SLUICE_WANT_TICKET,
	SLUICE_WANT_UNUSED,
};

/* What the caller does itself: struct sluice_config::async. */
#define SLUICE_ASYNC_CREDENTIAL	1	/* choose a certificate */
#define SLUICE_ASYNC_SIGNATURE	2	/* sign with its key */
#define SLUICE_ASYNC_VERDICT	4	/* judge the peer's certificates */
#define SLUICE_ASYNC_TICKET	8	/* look a session up, or a ticket's key */
#define SLUICE_ASYNC_UNUSED	16	/* tell whether a ticket was used before */

/* Why a connection failed: struct sluice_conn_info::error. */
enum sluice_error {
	SLUICE_ERR_NONE,
	SLUICE_ERR_PROTOCOL,	/* the peer broke RFC 9846 */
	SLUICE_ERR_NEGOTIATION,	/* no version, suite, group, ... in common */
	SLUICE_ERR_CERTIFICATE,	/* the peer's certificate was not accepted */
	SLUICE_ERR_CRYPTO,	/* a record, signature or Finished is forged */
	SLUICE_ERR_ALERT,	/* the peer sent a fatal alert */
	SLUICE_ERR_TRUNCATED,	/* the transport ended without close_notify */
	SLUICE_ERR_PROVIDER,	/* the provider failed: no randomness, ... */
	SLUICE_ERR_USE,		/* the caller broke the rules of a call */
	SLUICE_ERR_MEMORY,	/* the caller's memory is not enough: see reason */
	SLUICE_ERR_ECH,		/* the server does not take encrypted ClientHellos,
				 * or has other keys: see ech_retry_configs */
};

/* The longest identity and key of a pre-shared key, in octets. */
#define SLUICE_PSK_IDENTITY_MAX	SLUICE_TICKET_MAX
#define SLUICE_PSK_MAX		64

/**
 * struct sluice_psk - a pre-shared key that both sides have been given
 * @identity: which one it is; goes over the wire in the clear
 * @identity_len: its length, 1 to SLUICE_PSK_IDENTITY_MAX
 * @key: random octets, for one client and one server alone (RFC 9257)
 * @key_len: their number, 16 to SLUICE_PSK_MAX
 * @hash_len: the hash that it is for (RFC 9846, section 4.2.11): 32 for
 *	SHA-256, 48 for SHA-384; 0 for 32
 *
 * Always used together with a key exchange, so that who learns it later reads
 * nothing of what was sent before.
 */
struct sluice_psk {
	const uint8_t *identity;
	size_t identity_len;
	const uint8_t *key;
	size_t key_len;
	unsigned int hash_len;
};

/**
 * struct sluice_ticket_key - a key that seals a server's tickets
 * @name: tells it from other keys; goes over the wire in the clear
 * @key: nobody but the servers may know it
 */
struct sluice_ticket_key {
	uint8_t name[SLUICE_TICKET_NAME_LEN];
	uint8_t key[SLUICE_TICKET_KEY_LEN];
};

/* Does a server ask for the client's certificate? */
enum sluice_client_auth {
	SLUICE_CLIENT_AUTH_NONE,
	SLUICE_CLIENT_AUTH_OPTIONAL,	/* who has none gets in as well */
	SLUICE_CLIENT_AUTH_REQUIRED,
};

/* Is the peer asked to staple an OCSP response to its certificate? */
enum sluice_staple {
	SLUICE_STAPLE_NONE,
	SLUICE_STAPLE_OPTIONAL,	/* but of certificates that promise one */
	SLUICE_STAPLE_REQUIRED,
};

/* Raw public keys (RFC 7250) in the place of certificates. */
enum sluice_raw_key {
	SLUICE_RAW_KEY_NO,
	SLUICE_RAW_KEY_TOO,	/* rather than certificates */
	SLUICE_RAW_KEY_ONLY,	/* and no certificates */
	SLUICE_RAW_KEY_FALLBACK,	/* where no certificate will do */
};

/**
 * struct sluice_config - what connections have in common
 * @provider: cryptography and X.509
 * @role: client or server
 * @trust: the authorities believed; needed by a client, and by a server with
 *	@client_auth, unless @no_verify
 * @credential: certificate chain and key. A server needs it unless @psk_find;
 *	a client has it for servers that ask for one, or NULL. It is not shown
 *	to a server that says it would not take it. One that refuses it then
 *	does so when the client's handshake is done: sluice_open() fails
 * @client_auth: server: ask for the client's certificate; it has to be one for
 *	a client (extended key usage). Nobody is asked who has shown a
 *	pre-shared key. There are no tickets then: everybody proves anew who
 *	it is
 * @name_authorities: server: tell clients who are asked for a certificate the
 *	names of @trust's authorities (certificate_authorities, RFC 9846,
 *	section 4.2.4), so that they can choose; unless these take more than
 *	SLUICE_AUTHORITIES_MAX octets: part of them would mislead. More memory
 *	than sluice_conn_size() is needed for as many
 * @peer_certificate: the peer's certificates (DER, the leaf first), after they
 *	were checked: return false to refuse them (access_denied). Only the end
 *	of the handshake shows that the peer has the key, too. Not called when
 *	a ticket or a pre-shared key takes their place. May be NULL
 * @psk: client: a pre-shared key to offer, instead of tickets and with cipher
 *	suites of its hash only. With neither @trust nor @no_verify, nothing
 *	else will do, and @peer_name may be NULL; or NULL
 * @psk_find: server: the pre-shared key of an identity: fill in all but
 *	@identity, and return true; or false if there is none. What it points
 *	to has to last until the call that asked for it returns. May be NULL
 * @peer_name: client: who the server has to be, a DNS name or the text of an
 *	IPv4 or IPv6 address (no brackets). Goes out as SNI if it is a DNS
 *	name (RFC 6066, section 3). Needed unless @no_verify
 * @no_verify: take any certificate, unless @peer_certificate refuses it. The
 *	connection is then secure against listeners, not against impostors
 * @alpn: protocol names (RFC 7301), the preferred one first, ended by NULL;
 *	NULL for none. Each 1 to 255 octets, at most SLUICE_ALPN_MAX together.
 *	A server with a list refuses a client that offers none of them, and
 *	goes on without a protocol if the client does not use ALPN
 * @suites: cipher suites, the preferred one first, ended by 0; NULL for all
 * @groups: groups, the preferred one first, ended by 0; NULL for all that the
 *	provider has, X25519MLKEM768 first. A client sends a key share for the
 *	first of them and, if that is a hybrid one, for the elliptic curve in it
 * @now: milliseconds since 1970-01-01 UTC; needed
 * @ctx: given to every callback
 * @ticket_put: client: store a ticket (@len <= SLUICE_TICKET_MAX octets, to be
 *	kept secret) for later connections with the same @peer_name; may be NULL
 * @ticket_take: client: copy a stored ticket to @buf, forget it, return its
 *	length, or 0 if there is none. Tickets are used once (RFC 9846,
 *	appendix C.4): two calls must not return the same. One from a
 *	connection with another @credential is not used. May be NULL. A store
 *	for both is in sluice/store.h
 * @ticket_key: server: copy the key that makes tickets now to @key (@name is
 *	NULL), or the one of that name; false if there is none, for no ticket and
 *	a full handshake. Keys are replaced at least as often as the policy on
 *	forward secrecy says: sluice/ticket_ring.h does. Servers with the same
 *	keys resume each other's sessions. NULL for no such tickets
 * @ticket_lifetime: server: seconds, at most 604800; 0 for 7200
 * @ticket_count: server: tickets sent after the handshake, at most 8; 0 for 2.
 *	(No tickets at all: no @ticket_key and no @session_put)
 * @ticket_unused: server: a ticket with this 16-octet identifier is about to
 *	be accepted: return false if it was used before, which makes a full
 *	handshake of it. NULL: tickets are accepted while they last
 * @session_put: server: keep a session (@len <= SLUICE_SESSION_MAX octets, to
 *	be kept secret) under a handle of @id_len <= 32 octets until @expires, in
 *	milliseconds since 1970. The tickets are only handles then, and
 *	@ticket_key is not used. False: it is not kept, there is no ticket. A
 *	store is in sluice/store.h. NULL for none
 * @session_take: server: copy the session of a handle to @buf, forget it, and
 *	return its length, or 0 if there is none. No two calls may get the same,
 *	on all servers that share the store. Goes with @session_put
 * @early_data: client: have early data (0-RTT) ready for a server whose ticket
 *	allows it: sluice_early_seal()
 * @max_early_data: server: octets of early data that a ticket allows; 0 for
 *	none. Early data is not secure in the way that other data is: see
 *	sluice_early_open(). Needs either @session_put or the next two
 * @early_data_id: server: 16 octets that name what @early_data_first remembers:
 *	made at random whenever that begins anew, and the same on all servers
 *	that share it. No ticket counts that was made under another one, so
 *	nothing can be replayed after a restart, or to another server
 * @early_data_first: server: is early data with this 16-octet identifier the
 *	first? It has to be remembered until @expires (milliseconds since 1970),
 *	and nothing be taken for the first that may have been forgotten. The
 *	answer has to be the same for connections at once: one is the first.
 *	sluice_store_first() in sluice/store.h does so
 * @keylog: one line in the SSLKEYLOGFILE format (RFC 9850), without newline;
 *	NULL for none. Whoever has the lines can read the connection, and what is
 *	encrypted of the ClientHello
 * @update_after: renew the sending key after this many records; 0, or anything
 *	above it, for the limit of the AEAD (RFC 9846, section 5.5)
 *
 * @record_limit: octets of data that the peer is asked to put into a record at
 *	most, SLUICE_DATA_MIN to SLUICE_DATA_MAX (record_size_limit, RFC 8449);
 *	what it asks for in turn is obeyed. 0: nothing is asked, nor obeyed
 *
 * @choose: choose a certificate for a connection, by what the peer asks for;
 *	NULL for @credential. What it returns is as sluice_give_credential()'s.
 *	A client that sent a name is told that the server has used it
 *	A client keeps no ticket of a connection to which it has shown one so
 *	chosen: the next might have to show another
 * @judge: judge the peer's certificates, instead of the provider: returns as
 *	sluice_verdict() does, which it may begin with. It has the name, the
 *	purpose and the time to check, too. @trust may then be NULL. May be NULL
 * @staple: ask the peer to prove with its certificate that this is not revoked
 *	(OCSP stapling: RFC 9846, section 4.4.2.1). What comes is checked, and
 *	one that is not good refused (bad_certificate_status_response, or
 *	certificate_revoked). One that is missing is refused if it is required,
 *	or promised in the certificate (TLS feature, RFC 7633). A server asks
 *	its clients, with @client_auth; those of TLS 1.2 cannot answer. Our own
 *	goes with the credential
 * @compressions: algorithms with which certificates may be compressed, both
 *	ways (RFC 8879), the preferred one first, ended by NULL, such as
 *	sluice_compressions(). NULL for none: it costs each handshake of a
 *	server some 50 microseconds to save a kilobyte, and has a client run a
 *	decompressor on what somebody says who is not authenticated yet. With
 *	TLS 1.3 only
 * @async: SLUICE_ASYNC_*: what is done by the caller, between two calls, and
 *	not by @choose, by the provider's sign(), by @judge or the provider, by
 *	@ticket_take, @session_take or @ticket_key (of a name), or by
 *	@ticket_unused and @early_data_first: these are not called then, and may
 *	be NULL, but for @ticket_key
 * @min_version: the oldest version spoken, SLUICE_TLS_1_2 or SLUICE_TLS_1_3;
 *	0 for @max_version. TLS 1.2 shows certificates to whoever listens, and
 *	cannot renew its keys, so it is spoken only if this or @max_version
 *	asks for it; then with ephemeral keys, AEAD and the extended master
 *	secret (RFC 7627), without renegotiation
 * @max_version: the newest; 0 for SLUICE_TLS_1_3
 * @pins: SHA-256 hashes of public keys (SubjectPublicKeyInfo, DER), of which
 *	the peer's certificate has to have one; NULL if none is pinned. With
 *	@trust or a verdict of the caller's they are needed in addition. With
 *	neither, or with @no_verify, they are all that counts, not the name,
 *	which may be NULL, nor the time
 * @pin_count: how many there are
 * @own_raw_key: show the bare public key of a certificate, if the peer takes it
 *	(RFC 7250); then the credential does not need to have a certificate, but
 *	with SLUICE_RAW_KEY_FALLBACK. In TLS 1.3 only, as the next
 * @peer_raw_key: take a bare public key in the place of a certificate. No
 *	authority speaks of it: @pins or a verdict of the caller's have to.
 *	@peer_certificate gets the SubjectPublicKeyInfo (DER) then
 * @ech_configs: client: the server's ECHConfigList (RFC 9849, section 4), as it
 *	comes from an HTTPS record of the DNS for example: @peer_name, @alpn and
 *	tickets go out encrypted. The first that is understood is used; that
 *	there is none is an error of the configuration. For TLS 1.3 only. If the
 *	server cannot decrypt it, the connection is made with the public name of
 *	the configuration, whose certificate is judged instead (by @trust,
 *	@judge, or asynchronously, but not by @pins nor @peer_certificate), and
 *	then fails with SLUICE_ERR_ECH. NULL for none
 * @ech_configs_len: its length
 * @ech_grease: client: without @ech_configs, send what looks like an encrypted
 *	ClientHello, so that others do not stick out (section 6.2)
 * @ech_keys: server: keys with which clients may encrypt their ClientHello, one of
 *	them at least with @retry. @credential or @choose has to have a certificate
 *	for their public names, too, for clients that have none of these keys; NULL
 *	for none
 * @ech_key_count: how many there are
 * @schemes: SignatureSchemes (SLUICE_* in sluice/provider.h) with which the peer
 *	may sign the handshake, the preferred one first, ended by 0; NULL for all
 *	that the provider can check. Certificates may be signed with any
 * @trace: told of each handshake message and alert, for people who look for what
 *	is wrong: whether it is ours (@sent), its SLUICE_TRACE_*, its HandshakeType
 *	or AlertDescription, and its octets, header included. Ours are told of
 *	when they are made. NULL for none
 *
 * Everything belongs to the caller, and must stay as it is until the last
 * connection that uses it is freed. Zero what is not set.
 */
struct sluice_config {
	const struct sluice_provider *provider;
	enum sluice_role role;
	const struct sluice_trust *trust;
	const struct sluice_credential *credential;
	enum sluice_client_auth client_auth;
	bool name_authorities;
	bool (*peer_certificate)(void *ctx, const struct sluice_octets *chain,
				 size_t count);
	const struct sluice_psk *psk;
	bool (*psk_find)(void *ctx, const uint8_t *identity, size_t len,
			 struct sluice_psk *psk);
	const char *peer_name;
	bool no_verify;
	const char *const *alpn;
	const uint16_t *suites;
	const uint16_t *groups;
	uint64_t (*now)(void *ctx);
	void *ctx;
	void (*ticket_put)(void *ctx, const char *peer_name,
			   const uint8_t *ticket, size_t len);
	size_t (*ticket_take)(void *ctx, const char *peer_name,
			      uint8_t *buf, size_t size);
	bool (*ticket_key)(void *ctx, const uint8_t *name,
			   struct sluice_ticket_key *key);
	uint32_t ticket_lifetime;
	unsigned int ticket_count;
	bool (*ticket_unused)(void *ctx, const uint8_t id[16]);
	bool (*session_put)(void *ctx, const uint8_t *id, size_t id_len,
			    const uint8_t *session, size_t len,
			    uint64_t expires);
	size_t (*session_take)(void *ctx, const uint8_t *id, size_t id_len,
			       uint8_t *buf, size_t size);
	bool early_data;
	uint32_t max_early_data;
	const uint8_t *early_data_id;
	bool (*early_data_first)(void *ctx, const uint8_t id[16],
				 uint64_t expires);
	void (*keylog)(void *ctx, const char *line);
	uint64_t update_after;
	unsigned int record_limit;
	const struct sluice_credential *
		(*choose)(void *ctx,
			  const struct sluice_credential_request *request);
	int (*judge)(void *ctx, const struct sluice_verdict_request *request,
		     const char **reason);
	unsigned int async;
	uint16_t min_version;
	uint16_t max_version;
	enum sluice_staple staple;
	const uint8_t (*pins)[SLUICE_PIN_LEN];
	size_t pin_count;
	const struct sluice_compression *const *compressions;
	enum sluice_raw_key own_raw_key;
	enum sluice_raw_key peer_raw_key;
	const uint8_t *ech_configs;
	size_t ech_configs_len;
	bool ech_grease;
	const struct sluice_ech_key *ech_keys;
	size_t ech_key_count;
	const uint16_t *schemes;
	void (*trace)(void *ctx, bool sent, unsigned int what,
		      unsigned int type, size_t len);
};

/* What struct sluice_config::trace is told of: a ContentType. */
#define SLUICE_TRACE_ALERT	21
#define SLUICE_TRACE_HANDSHAKE	22

/* The most octets of all ALPN names together, one more for each name. */
#define SLUICE_ALPN_MAX		512
/* The most octets of authorities' names that a server sends. */
#define SLUICE_AUTHORITIES_MAX	8192

/**
 * sluice_config_check() - is a configuration usable?
 *
 * Return: NULL, or one line that says what is wrong with it.
 */
const char *sluice_config_check(const struct sluice_config *config);

/**
 * sluice_conn_size() - the least memory for a connection, below 16 KiB
 *
 * About 7 KiB of it are for messages: those of a flight to be sent, with the
 * own certificate chain in it, or one message of the peer's that comes in
 * pieces, its chain for example. A message that is in one record needs no
 * memory, unless the caller is asked about it (struct sluice_config::async).
 * Give sluice_conn_init() more for longer chains; and for client certificates
 * with Ed25519 in TLS 1.2, where half of what is more is for the whole handshake,
 * which they sign: 16 KiB will do. Without, they are neither shown nor asked for.
 */
size_t sluice_conn_size(void);

/**
 * sluice_established_size() - what a connection needs after the handshake
 *
 * From SLUICE_DONE on, all behind that many octets is the caller's again; it
 * was wiped. Or all of it is, after a sluice_conn_move().
 */
size_t sluice_established_size(void);

/**
 * sluice_conn_init() - begin a connection
 * @mem: aligned as malloc() aligns, kept by the caller until after
 *	sluice_conn_free()
 * @size: octets at @mem, at least sluice_conn_size()
 * @config: see there
 *
 * Return: the connection, which lives in @mem; NULL if @mem is too small or
 * misaligned, or if sluice_config_check() has something to say.
 */
struct sluice_conn *sluice_conn_init(void *mem, size_t size,
				     const struct sluice_config *config);

/**
 * sluice_conn_move() - move a connection after its handshake
 * @mem: as for sluice_conn_init()
 * @size: octets at @mem, at least sluice_established_size()
 *
 * The memory that it has left was wiped.
 *
 * Return: the connection, in @mem; NULL, and it is where it was, if the
 * handshake is not finished, or if @mem is too small or misaligned.
 */
struct sluice_conn *sluice_conn_move(struct sluice_conn *conn, void *mem,
				     size_t size);

/**
 * sluice_conn_free() - end a connection, wiping all of its memory
 * @conn: may be NULL. Nothing is sent: see sluice_close()
 */
void sluice_conn_free(struct sluice_conn *conn);

/**
 * sluice_handshake() - go on with the handshake
 * @in: octets received, may be NULL if there are none; records are opened in
 *	place
 * @in_len: their number; becomes the number consumed
 * @out: room for octets to send
 * @out_len: its size, at least SLUICE_OUT_MIN; becomes the number produced
 *
 * What was produced has to be sent whatever the status is. A client calls it
 * first without input. Input that is not consumed must be offered again: it is
 * a record that is not yet whole, or what there was no room or reason to look
 * at. After SLUICE_DONE it is for sluice_open().
 *
 * Return: SLUICE_DONE, SLUICE_WANT_READ, SLUICE_WANT_WRITE or SLUICE_ERROR;
 * with struct sluice_config::async also what is wanted from the caller. A
 * server has sent its tickets before it returns SLUICE_DONE.
 */
enum sluice_status sluice_handshake(struct sluice_conn *conn,
				    uint8_t *in, size_t *in_len,
				    uint8_t *out, size_t *out_len);

/**
 * sluice_early_room() - client: octets of early data that can be sent now
 *
 * After the first sluice_handshake(), with struct sluice_config::early_data and
 * a ticket whose server allows it; else 0, as when the server has refused, or
 * the handshake is through.
 */
size_t sluice_early_room(const struct sluice_conn *conn);

/**
 * sluice_early_seal() - client: make records of early data
 * @data: what the server may read more than once, and others may have it read
 *	once more: nothing that changes anything (RFC 9846, section 8)
 * @data_len: its length; becomes the number of octets taken
 * @out: room for the records, which go out behind what sluice_handshake() gave
 * @out_len: its size; becomes the number produced
 *
 * Who learns the key of the ticket later can read it. When the handshake is
 * done, struct sluice_conn_info::early tells whether the server has accepted
 * all of it or none; then the caller sends it again, if it still wants to: by
 * then, another application protocol may have been chosen.
 *
 * Return: SLUICE_DONE, everything was taken; SLUICE_WANT_WRITE, call again with
 * more room; SLUICE_CLOSED, no more can be sent early; SLUICE_ERROR.
 */
enum sluice_status sluice_early_seal(struct sluice_conn *conn,
				     const uint8_t *data, size_t *data_len,
				     uint8_t *out, size_t *out_len);

/**
 * sluice_early_open() - server: take received octets, give early data
 * @in: octets received, at least sluice_want() of them
 * @in_len: their number; becomes the number consumed
 * @data: becomes the place of early data in @in
 * @data_len: becomes its length, 0 for none
 *
 * After sluice_handshake() has returned SLUICE_EARLY_DATA. What is early may be
 * a replay of what another connection has read, if struct
 * sluice_config::early_data_first fails to tell; the client has not shown that
 * it is there. It may be answered by sluice_seal() at once.
 *
 * Return: SLUICE_DATA, there is data, and there may be more;
 * SLUICE_WANT_READ, all input was taken; SLUICE_DONE, there is no more, go on
 * with sluice_handshake(); SLUICE_ERROR.
 */
enum sluice_status sluice_early_open(struct sluice_conn *conn,
				     uint8_t *in, size_t *in_len,
				     uint8_t **data, size_t *data_len);

/**
 * sluice_want() - octets missing to the end of the record being received
 *
 * That is the one of which the last call has left the beginning. First those
 * of the record's header, then the rest of the record. Receiving no more than
 * this at a time stops at every boundary of a record. Never 0.
 */
size_t sluice_want(const struct sluice_conn *conn);

/**
 * sluice_open() - take received octets, give application data
 * @in: octets received
 * @in_len: their number; becomes the number consumed
 * @data: becomes the place of the data of one record, which was opened in
 *	place: within those octets of @in that were consumed
 * @data_len: becomes its length, 0 if there is none
 *
 * Tickets, key updates and alerts are dealt with inside. They may leave
 * something to be sent: see sluice_pending().
 *
 * Return: SLUICE_DATA, there is data, and perhaps another record behind it:
 * call again, also without further input; SLUICE_WANT_READ, what is left of the
 * input, if anything, is not a whole record; SLUICE_CLOSED, the peer has sent
 * close_notify (sending is still possible); SLUICE_ERROR.
 */
enum sluice_status sluice_open(struct sluice_conn *conn,
			       uint8_t *in, size_t *in_len,
			       uint8_t **data, size_t *data_len);

/**
 * sluice_seal() - make records of application data, and of what is pending
 * @data: application data; may be NULL if there is none
 * @data_len: its length; becomes the number of octets taken
 * @out: room for the records
 * @out_len: its size, at least SLUICE_OUT_MIN; becomes the number produced
 *
 * Return: SLUICE_DONE, everything was taken and nothing is pending;
 * SLUICE_WANT_WRITE, call again with more room; SLUICE_ERROR, the connection
 * has failed or sluice_close() was called; what is pending (an alert) is in
 * @out even then.
 */
enum sluice_status sluice_seal(struct sluice_conn *conn,
			       const uint8_t *data, size_t *data_len,
			       uint8_t *out, size_t *out_len);

/**
 * sluice_sealv() - the same of data that lies in several places
 * @data: the places, in order
 * @count: their number
 * @from: octets of all of them that are to be passed over
 * @taken: becomes the number of octets taken, from there on
 *
 * A record is filled from as many places as it takes.
 */
enum sluice_status sluice_sealv(struct sluice_conn *conn,
				const struct iovec *data, size_t count,
				size_t from, size_t *taken,
				uint8_t *out, size_t *out_len);

/* Is there something to send, by a sluice_seal() without data? */
bool sluice_pending(const struct sluice_conn *conn);

/**
 * sluice_key_update() - renew the sending key (RFC 9846, section 4.6.3)
 * @request: ask the peer to renew its own, too
 *
 * The message goes out with the next sluice_seal().
 * Return: 0, or -1 if the handshake is not finished, if sending has ended, or
 * in TLS 1.2, which has no such thing.
 */
int sluice_key_update(struct sluice_conn *conn, bool request);

/**
 * sluice_close() - end sending: close_notify goes out with the next
 * sluice_seal(), before or instead of the handshake's end as well
 */
void sluice_close(struct sluice_conn *conn);

/**
 * sluice_eof() - the transport has ended: nothing more will be received
 *
 * Return: SLUICE_CLOSED if the peer had sent close_notify, else SLUICE_ERROR
 * (SLUICE_ERR_TRUNCATED, or the error that there was before).
 */
enum sluice_status sluice_eof(struct sluice_conn *conn);

/* Early data (RFC 9846, section 4.2.10): struct sluice_conn_info::early. */
enum sluice_early {
	SLUICE_EARLY_NONE,
	SLUICE_EARLY_OFFERED,	/* the server has not answered yet */
	SLUICE_EARLY_ACCEPTED,
	SLUICE_EARLY_REJECTED,	/* nobody has read it, nor will */
};

/* Encrypted Client Hello (RFC 9849): struct sluice_conn_info::ech. */
enum sluice_ech {
	SLUICE_ECH_NONE,
	SLUICE_ECH_GREASE,	/* it only looked like one */
	SLUICE_ECH_OFFERED,	/* the server has not answered yet */
	SLUICE_ECH_ACCEPTED,
	SLUICE_ECH_REJECTED,	/* the server could not decrypt it */
};

/**
 * struct sluice_conn_info - what is known of a connection
 * @version: SLUICE_TLS_1_2 or SLUICE_TLS_1_3, 0 until negotiated
 * @suite: cipher suite, 0 until negotiated
 * @group: group of the key exchange, 0 until negotiated, or if there is none,
 *	in a resumed session of TLS 1.2
 * @signature: SignatureScheme with which the server signed, 0 if none
 * @client_signature: the same of the client; 0 if it has shown no certificate
 * @certificate_requested: the server has asked for one
 * @alpn: protocol chosen, not terminated; NULL if none
 * @alpn_len: its length
 * @sni: server: name the client asked for, not terminated; NULL if none
 * @sni_len: its length
 * @handshake_done: the handshake is finished
 * @verified: the peer's certificate was checked against the trust store, and
 *	a server's against the name, or it has a pinned key and that is enough,
 *	or the caller has judged it, now or in the
 *	handshake that the resumed ticket comes from; or it has shown that it
 *	has the pre-shared key
 * @resumed: by a ticket
 * @psk: by a pre-shared key that is no ticket's
 * @retried: after a HelloRetryRequest
 * @early: what became of early data: see there
 * @closed: the peer has sent close_notify
 * @error: why the connection failed
 * @alert_sent: AlertDescription (RFC 9846, section 6), -1 if none
 * @alert_received: the same
 * @reason: one line in English on @error, "" if none
 * @tx_records: records protected with the present sending key
 * @rx_records: the same for receiving
 * @tx_key_updates: times the sending key was renewed
 * @rx_key_updates: times the receiving key was renewed
 * @tickets: client: tickets received; server: tickets sent
 * @record_limit: octets of data in a record that the peer takes
 * @stapled: the peer's certificate came with an OCSP response, which was
 *	checked as well
 * @update_wanted: the peer wants us to renew our sending key, after it was
 *	released
 * @own_raw_key: we showed a raw public key (RFC 7250), no certificate
 * @peer_raw_key: the peer did
 * @ech: what became of the encrypted ClientHello
 * @ech_retry_configs: client: after SLUICE_ERR_ECH, the ECHConfigList with which
 *	the server wants to be tried again, at once and once (section 6.1.6). It
 *	has shown that it has the public name. NULL if it has none that we
 *	understand: then it can be tried without Encrypted Client Hello, unless
 *	@reason says that nobody checked who it is. Until sluice_conn_free()
 * @ech_retry_configs_len: its length
 *
 * Pointers are into the connection, or to constant text.
 */
struct sluice_conn_info {
	uint16_t version;
	uint16_t suite;
	uint16_t group;
	uint16_t signature;
	uint16_t client_signature;
	bool certificate_requested;
	const char *alpn;
	size_t alpn_len;
	const char *sni;
	size_t sni_len;
	bool handshake_done;
	bool verified;
	bool resumed;
	bool psk;
	bool retried;
	enum sluice_early early;
	bool closed;
	enum sluice_error error;
	int alert_sent;
	int alert_received;
	const char *reason;
	uint64_t tx_records;
	uint64_t rx_records;
	uint64_t tx_key_updates;
	uint64_t rx_key_updates;
	uint64_t tickets;
	unsigned int record_limit;
	bool stapled;
	bool update_wanted;
	bool own_raw_key;
	bool peer_raw_key;
	enum sluice_ech ech;
	const uint8_t *ech_retry_configs;
	size_t ech_retry_configs_len;
};

void sluice_conn_info(const struct sluice_conn *conn,
		      struct sluice_conn_info *info);

/**
 * struct sluice_keys - the keys of one direction
 * @secret: application traffic secret (RFC 9846, section 7.1), of hash_len
 *	octets; TLS 1.2 has none
 * @key: what section 7.3 derives from it, key_len octets
 * @iv: the same; the static IV, before the sequence number goes in. In TLS 1.2
 *	with AES-GCM (RFC 5288): the 4 octets of the salt, then the 8 of the
 *	next record's explicit nonce
 * @seq: sequence number of the next record
 */
struct sluice_keys {
	uint8_t secret[SLUICE_HASH_MAX];
	uint8_t key[32];
	uint8_t iv[12];
	uint64_t seq;
};

#define SLUICE_TX	1
#define SLUICE_RX	2

/* What a connection's new owner needs. */
struct sluice_secrets {
	unsigned int directions;	/* SLUICE_TX, SLUICE_RX: what is there */
	uint16_t version;	/* SLUICE_TLS_1_2 or SLUICE_TLS_1_3 */
	uint16_t suite;
	size_t hash_len;	/* 32 or 48 */
	size_t key_len;		/* 16 or 32 */
	unsigned int record_limit;	/* octets of data in a record sent */
	struct sluice_keys tx;
	struct sluice_keys rx;
};

/**
 * sluice_conn_secrets() - copy the keys, to hand the connection over
 *
 * Whoever uses them must be the only one: after the new owner has sent or
 * received anything, sluice_seal() and sluice_open() must not be called any
 * more (two records under one nonce reveal both). The caller wipes @secrets.
 *
 * Return: 0; -1 if the handshake is not finished, if the connection has failed
 * or a direction is closed, if something is pending to be sent, if a message
 * has come in part, or if the last call has left some of its input.
 */
int sluice_conn_secrets(const struct sluice_conn *conn,
			struct sluice_secrets *secrets);

/**
 * sluice_conn_release() - hand over one direction, or both
 * @directions: SLUICE_TX, SLUICE_RX
 * @secrets: gets what there is of @directions, and keeps the rest: the other
 *	direction can follow. Zeroed at first
 *
 * The connection itself has no keys for it any more: sluice_seal() takes no
 * data, sluice_open() no input. While it goes on to receive, a peer may ask for
 * a key update, which then is up to the owner of sending: see @update_wanted in
 * struct sluice_conn_info.
 *
 * Return: 0; -1, and nothing has changed, for the reasons that
 * sluice_conn_secrets() has, as far as they are of that direction.
 */
int sluice_conn_release(struct sluice_conn *conn, unsigned int directions,
			struct sluice_secrets *secrets);

/* The longest label of sluice_export(), in octets. */
#define SLUICE_EXPORT_LABEL_MAX	249
/* The longest context of it in TLS 1.2, in octets. */
#define SLUICE_EXPORT_CONTEXT_MAX	1024

/**
 * sluice_export() - keying material of the connection (RFC 9846, section 7.5)
 * @label: for what: "EXPORTER-…", registered with IANA or "EXPERIMENTAL…"
 *	(RFC 5705, section 4); 1 to SLUICE_EXPORT_LABEL_MAX octets
 * @context: octets that both sides have to know; none is the same as NULL, but
 *	not in TLS 1.2
 * @context_len: their number, in TLS 1.2 at most SLUICE_EXPORT_CONTEXT_MAX
 * @out: where to
 * @out_len: octets wanted, at most 255 times the length of the suite's hash
 *
 * Both sides get the same, and nobody else does; it says nothing of the keys
 * of the records. A hand-over ends it, as the connection is freed.
 *
 * Return: 0; -1 if the handshake is not finished, if the connection has failed,
 * or if a length is out of bounds.
 */
int sluice_export(struct sluice_conn *conn, const char *label,
		  const uint8_t *context, size_t context_len,
		  uint8_t *out, size_t out_len);

/**
 * sluice_ticket_expiry() - until when is a ticket good?
 * @ticket: as struct sluice_config::ticket_put gets it
 * @len: its length
 *
 * Return: milliseconds since 1970-01-01 UTC; 0 if it is no such ticket.
 */
uint64_t sluice_ticket_expiry(const uint8_t *ticket, size_t len);

/**
 * sluice_export_early() - the same of early data's keys
 *
 * While sluice_early_room() says that early data can be sent, or between
 * SLUICE_EARLY_DATA and the end of it; also for what the server then refuses.
 */
int sluice_export_early(struct sluice_conn *conn, const char *label,
			const uint8_t *context, size_t context_len,
			uint8_t *out, size_t out_len);

/* Overwrite memory in a way that the compiler does not remove. */
void sluice_wipe(void *mem, size_t len);

/* Names as in the IANA registries; "unknown" for what libsluice has not. */
const char *sluice_suite_name(uint16_t suite);
const char *sluice_group_name(uint16_t group);
const char *sluice_signature_name(uint16_t scheme);
const char *sluice_alert_name(int alert);
const char *sluice_message_name(unsigned int type);	/* a HandshakeType's */

/**
 * sluice_pin() - the pin of a public key: struct sluice_config::pins
 * @shown: what struct sluice_config::peer_certificate gets: a certificate or,
 *	with @raw_key, a SubjectPublicKeyInfo (DER)
 * @len: octets of it
 * @pin: becomes the SHA-256 of the SubjectPublicKeyInfo
 *
 * Return: 0; -1 if it is no certificate, or the provider cannot hash.
 */
int sluice_pin(const struct sluice_provider *p, const uint8_t *shown,
	       size_t len, bool raw_key, uint8_t pin[SLUICE_PIN_LEN]);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_SLUICE_H */
