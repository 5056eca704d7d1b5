/* SPDX-License-Identifier: MIT */
/*
 * Choosing a certificate, signing, judging the peer's certificates and finding
 * sessions outside of the engine: by callbacks, or later, on another thread, in
 * a hardware token or by a service elsewhere.
 *
 * What is in struct sluice_config::async is not done by the provider or by a
 * callback while sluice_handshake() runs. It returns a status instead that says
 * what is wanted (SLUICE_WANT_CREDENTIAL, _SIGNATURE, _VERDICT, _TICKET or
 * _UNUSED), takes no input and gives the same status again until the caller has
 * given it:
 *
 *	case SLUICE_WANT_SIGNATURE:
 *		sluice_wanted_signature(conn, &request);
 *		... sign request.data with request.scheme, whenever, wherever ...
 *		sluice_give_signature(conn, signature, len);
 *		// and on with sluice_handshake()
 *
 * A connection wants one thing at a time. What a request points to lasts until
 * the answer is given, or the connection is freed or has failed
 * (sluice_close(), sluice_eof()): who works on another thread copies what it
 * needs, or ends the work before the connection. The functions of a provider
 * may be called on any thread; those below count as calls on the connection.
 *
 * The sluice_wanted_* return 0, or -1 if the connection does not want that now.
 * So do the sluice_give_*, and then nothing has changed: an answer too early,
 * too late, given twice or of the wrong kind does no harm. What the answer does
 * to the connection is told by the next sluice_handshake().
 */
#ifndef SLUICE_ASYNC_H
#define SLUICE_ASYNC_H

#include "sluice/provider.h"
#include "sluice/sluice.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct sluice_credential_request - what a certificate is needed for
 * @provider: the connection's
 * @role: server: for a ClientHello; client: for a CertificateRequest
 * @version: of the connection
 * @server_name: server: the name that the client asked for (SNI); client:
 *	struct sluice_config::peer_name. Not terminated; NULL if there is none
 * @server_name_len: its length
 * @alpn: the protocol that was agreed upon, not terminated; NULL if none was
 * @alpn_len: its length
 * @alpn_offered: server: all that the client offers, each behind an octet with
 *	its length (RFC 7301, section 3.1)
 * @schemes: the signature schemes that the peer takes, two octets each
 * @certificate_schemes: the same for the signatures in certificates
 * @authorities: the authorities that it names, each a DistinguishedName (DER)
 *	behind two octets with its length; without data if it names none. A
 *	client need not name all that it believes
 * @raw_key: it is to be shown as a raw public key: neither the authorities nor
 *	the filters have anything to say of it
 * @filters: client: what the certificate has to have, as oid_filters has it
 *	(RFC 9846, section 4.2.5)
 *
 * See sluice_credential_fits() for one that meets all of it.
 */
struct sluice_credential_request {
	const struct sluice_provider *provider;
	enum sluice_role role;
	uint16_t version;
	const char *server_name;
	size_t server_name_len;
	const char *alpn;
	size_t alpn_len;
	struct sluice_octets alpn_offered;
	struct sluice_octets schemes;
	struct sluice_octets certificate_schemes;
	struct sluice_octets authorities;
	struct sluice_octets filters;
	bool raw_key;
};

/**
 * sluice_credential_fits() - would the peer take this one?
 *
 * Its key can sign with one of the schemes, its certificates are signed with
 * those for certificates and, on a client, it is issued by one of the
 * authorities and passes the filters. The name is not looked at:
 * sluice_backend::names() tells those of a certificate.
 */
bool sluice_credential_fits(const struct sluice_credential_request *request,
			    const struct sluice_credential *cred);

/**
 * struct sluice_signature_request - what has to be signed
 * @credential: whose key it takes
 * @scheme: one of those of the credential; with SLUICE_SCHEME_DIGEST added if
 *	@data is the scheme's hash of what is signed; another one of ECDSA, with
 *	SLUICE_SCHEME_ANY_CURVE added, where a client of TLS 1.2 signs with a
 *	hash that is not its curve's
 * @data: the octets to be signed: what sluice_provider::sign() takes, which
 *	hashes them first where the scheme says so
 * @len: their number
 */
struct sluice_signature_request {
	const struct sluice_credential *credential;
	uint16_t scheme;
	const uint8_t *data;
	size_t len;
};

/**
 * struct sluice_verdict_request - whom to judge
 * @provider: the connection's
 * @trust: as configured
 * @chain: the peer's certificates (DER, the leaf first)
 * @count: how many there are, at least 1
 * @peer: who it has to be
 * @raw_key: what is at @chain is not a certificate but the peer's raw public key
 *	(SubjectPublicKeyInfo, DER)
 *
 * Together the arguments of sluice_provider::verify_chain(), but for @raw_key.
 */
struct sluice_verdict_request {
	const struct sluice_provider *provider;
	const struct sluice_trust *trust;
	const struct sluice_octets *chain;
	size_t count;
	struct sluice_peer peer;
	bool raw_key;
};

/**
 * sluice_verdict() - what the provider thinks of the peer
 * @reason: becomes one line in English, constant text, if it is refused
 *
 * For who wants its checks and more, or its checks on another thread. It knows
 * nothing of raw public keys, and refuses them.
 *
 * Return: a verdict for sluice_give_verdict().
 */
int sluice_verdict(const struct sluice_verdict_request *request,
		   const char **reason);

/* What SLUICE_WANT_TICKET asks for. */
enum sluice_ticket_kind {
	SLUICE_TICKET_STORED,	/* client: what @ticket_put has stored */
	SLUICE_TICKET_SESSION,	/* server: what @session_put has kept */
	SLUICE_TICKET_KEY,	/* server: the key that has sealed a ticket */
};

/**
 * struct sluice_ticket_request - what has to be found
 * @kind: and so what the answer is: what struct sluice_config::ticket_take,
 *	session_take or ticket_key would give. The latter's is the key alone,
 *	SLUICE_TICKET_KEY_LEN octets, without the name
 * @peer_name: client: whose; as configured
 * @id: server: the session's handle, or the key's name. It comes from the
 *	client, who may have made it up
 *
 * The rules of the callbacks are the caller's to keep: no two connections get
 * the same ticket of a client's store, or the same session of a server's.
 */
struct sluice_ticket_request {
	enum sluice_ticket_kind kind;
	const char *peer_name;
	struct sluice_octets id;
};

/**
 * struct sluice_unused_request - a server's ticket that is about to be accepted
 * @id: 16 octets that tell it from all others
 * @early_until: early data would be accepted with it, and then @id has to be
 *	remembered until that time (milliseconds since 1970-01-01 UTC); 0: there
 *	is none, or it is not acceptable anyway
 *
 * In TLS 1.3, the client has shown that it has the ticket's key. Asked of every
 * ticket, but not if sessions are in a store (struct sluice_config::session_put),
 * which gives each out once. Early data that is too old by the time of the answer
 * is not accepted, whatever that is: what is slow loses it, and nothing else.
 */
struct sluice_unused_request {
	const uint8_t *id;
	uint64_t early_until;
};

/* Only between the status that says so and the answer. */
int sluice_wanted_credential(const struct sluice_conn *conn,
			     struct sluice_credential_request *request);
int sluice_wanted_signature(const struct sluice_conn *conn,
			    struct sluice_signature_request *request);
int sluice_wanted_verdict(const struct sluice_conn *conn,
			  struct sluice_verdict_request *request);
int sluice_wanted_ticket(const struct sluice_conn *conn,
			 struct sluice_ticket_request *request);
int sluice_wanted_unused(const struct sluice_conn *conn,
			 struct sluice_unused_request *request);

/**
 * sluice_give_credential() - answer SLUICE_WANT_CREDENTIAL
 * @cred: has to last as long as the connection. NULL for none: a client then
 *	shows no certificate, as with one that does not fit; a server refuses the
 *	client (unrecognized_name, or handshake_failure without SNI)
 */
int sluice_give_credential(struct sluice_conn *conn,
			   const struct sluice_credential *cred);

/**
 * sluice_give_signature() - answer SLUICE_WANT_SIGNATURE
 * @sig: the signature; NULL if it could not be made (internal_error)
 * @len: 1 to SLUICE_SIGNATURE_MAX octets
 */
int sluice_give_signature(struct sluice_conn *conn, const uint8_t *sig,
			  size_t len);

/**
 * sluice_give_verdict() - answer SLUICE_WANT_VERDICT
 * @verdict: 0 to believe the peer; else the AlertDescription (RFC 9846, section
 *	6) to refuse it with; below 0 if there is no telling (internal_error)
 * @reason: one line in English, which has to last as long as the connection;
 *	NULL for what is always right
 *
 * That the peer has the key to its certificate is for the engine to check.
 */
int sluice_give_verdict(struct sluice_conn *conn, int verdict,
			const char *reason);

/**
 * sluice_give_ticket() - answer SLUICE_WANT_TICKET
 * @octets: as the request's kind says; copied. NULL if there is none
 * @len: their number, at least 1: at most SLUICE_TICKET_MAX of a client's
 *	ticket, SLUICE_SESSION_MAX of a session, SLUICE_TICKET_KEY_LEN of a key
 *
 * What is of no use for this connection makes no difference to who sees it: there
 * is a full handshake. A client wants another ticket first, up to seven times, if
 * one is of no use; so does a server, if a client shows several.
 */
int sluice_give_ticket(struct sluice_conn *conn, const uint8_t *octets,
		       size_t len);

/**
 * sluice_give_unused() - answer SLUICE_WANT_UNUSED
 * @unused: accept the ticket; else there is a full handshake
 * @first: and its early data, if that is asked for: nobody else has been, nor
 *	will be, told so of this ticket (struct sluice_config::early_data_first)
 */
int sluice_give_unused(struct sluice_conn *conn, bool unused, bool first);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_ASYNC_H */
