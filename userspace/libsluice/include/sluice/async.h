/* SPDX-License-Identifier: MIT */
/*
 * Choosing a certificate, signing and judging the peer's certificates outside
 * of the engine: by callbacks, or later, on another thread, in a hardware token
 * or by a service elsewhere.
 *
 * What is in struct sluice_config::async is not done by the provider while
 * sluice_handshake() runs. It returns a status instead that says what is wanted
 * (SLUICE_WANT_CREDENTIAL, SLUICE_WANT_SIGNATURE or SLUICE_WANT_VERDICT),
 * takes no input and gives the same status again until the caller has given it:
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
 *	behind two octets with its length; without data if it names none
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
 *	@data is the scheme's hash of what is signed
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

/* Only between the status that says so and the answer. */
int sluice_wanted_credential(const struct sluice_conn *conn,
			     struct sluice_credential_request *request);
int sluice_wanted_signature(const struct sluice_conn *conn,
			    struct sluice_signature_request *request);
int sluice_wanted_verdict(const struct sluice_conn *conn,
			  struct sluice_verdict_request *request);

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

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_ASYNC_H */
