/* SPDX-License-Identifier: MIT */
/*
 * The provider: all the cryptography and X.509 that libsluice needs. How to
 * write one, in which order, and what tests it: Documentation/provider.md.
 *
 * A provider is a table of functions. Every function gets the table it was
 * called through as its first argument, so that a provider can keep what it
 * needs behind it (see struct sluice_openssl in providers/openssl/). Objects
 * that outlive a call are opaque and are the provider's to allocate: each
 * *_new has a *_free, which wipes what is secret and takes NULL.
 *
 * Unless a function says otherwise it returns 0, or -1 if the provider itself
 * failed (no memory, no randomness, a self-test): the engine then ends the
 * connection with internal_error. Functions that judge the peer's octets
 * return an AlertDescription (RFC 9846, section 6), which is positive, if the
 * peer is at fault. Outputs are undefined unless 0 is returned, and do not
 * overlap inputs, but for the AEADs, which work in place. Data may be NULL where
 * its length is 0.
 *
 * A provider may be used by several threads at once; an object of it by one at
 * a time, except for struct sluice_trust and struct sluice_credential, which
 * are only read. A process that is forked goes on with all of them.
 *
 * Functions that may be NULL say so below; all others are needed.
 */
#ifndef SLUICE_PROVIDER_H
#define SLUICE_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sluice_provider;

struct sluice_hash_ctx;		/* a running hash */
struct sluice_aead_ctx;		/* a key for records, of one direction */
struct sluice_kx;		/* the private half of a key share */
struct sluice_pubkey;		/* the public key of a checked certificate */
struct sluice_trust;		/* the certification authorities believed */
struct sluice_credential;	/* a certificate chain and its private key */

enum sluice_hash {
	SLUICE_SHA256,
	SLUICE_SHA384,
};

/* Nonces are 12 octets, tags are 16 (RFC 9846, section 5.2). */
enum sluice_aead {
	SLUICE_AEAD_AES_128_GCM,
	SLUICE_AEAD_AES_256_GCM,
	SLUICE_AEAD_CHACHA20_POLY1305,
};

/* Signature schemes (RFC 9846, section 4.2.3) that libsluice speaks. */
#define SLUICE_ECDSA_SECP256R1_SHA256	0x0403
#define SLUICE_ECDSA_SECP384R1_SHA384	0x0503
#define SLUICE_ECDSA_SECP521R1_SHA512	0x0603
#define SLUICE_RSA_PSS_RSAE_SHA256	0x0804
#define SLUICE_RSA_PSS_RSAE_SHA384	0x0805
#define SLUICE_RSA_PSS_RSAE_SHA512	0x0806
#define SLUICE_ED25519			0x0807
#define SLUICE_RSA_PSS_PSS_SHA256	0x0809
#define SLUICE_RSA_PSS_PSS_SHA384	0x080a
#define SLUICE_RSA_PSS_PSS_SHA512	0x080b
/* draft-ietf-tls-mldsa: with an empty context, and never in TLS 1.2 */
#define SLUICE_MLDSA44			0x0904
#define SLUICE_MLDSA65			0x0905
#define SLUICE_MLDSA87			0x0906
/* In certificates, and in TLS 1.2. */
#define SLUICE_RSA_PKCS1_SHA256		0x0401
#define SLUICE_RSA_PKCS1_SHA384		0x0501
#define SLUICE_RSA_PKCS1_SHA512		0x0601
/* What a certificate is signed with, if none of them fits. */
#define SLUICE_SCHEME_OTHER		0xffff

/*
 * What the engine may add to a scheme for TLS 1.2, where an ECDSA scheme says
 * nothing of the curve, and where a client signs the whole handshake, of which
 * the engine has kept a digest only.
 */
#define SLUICE_SCHEME_ANY_CURVE		0x8000
#define SLUICE_SCHEME_DIGEST		0x4000	/* what is signed is its hash */

/* Bounds for the callers' buffers. */
#define SLUICE_SHARE_MAX	1249	/* SecP256r1MLKEM768, from a client */
#define SLUICE_SHARED_MAX	66	/* a shared secret: P-521's */
#define SLUICE_SIGNATURE_MAX	4627	/* ML-DSA-87 */
#define SLUICE_CHAIN_MAX	16	/* certificates in a chain */

/* Some octets that belong to somebody else. */
struct sluice_octets {
	const uint8_t *data;
	size_t len;
};

/**
 * struct sluice_peer - who the peer has to be
 * @name: a DNS name, or the text of an IPv4 or IPv6 address; NULL to check no
 *	name. A DNS name is compared with the certificate's dNSNames as RFC
 *	9525 says (a wildcard is the whole leftmost label; the common name
 *	does not count), an address with its iPAddresses only
 * @server: it has to be allowed as a TLS server; else as a client
 * @now: seconds since 1970-01-01 UTC at which everything has to be valid
 * @staple: an OCSP response (RFC 6960, DER) that came with the leaf, which it
 *	has to prove good at that time; without data if there was none
 * @staple_asked: there might have been one: a leaf that promises it (RFC 7633)
 *	is not good without
 * @staple_required: no leaf is
 */
struct sluice_peer {
	const char *name;
	bool server;
	int64_t now;
	struct sluice_octets staple;
	bool staple_asked;
	bool staple_required;
};

/**
 * struct sluice_provider - the table
 *
 * @name: of the provider, with its version, for people
 * @random: fill @out with octets that nobody can predict, nor another process
 *	that was forked from the same one
 *
 * @hash_new: begin a hash; NULL on failure
 * @hash_update: add octets
 * @hash_digest: the hash of what was added up to now, 32 octets or 48; it can
 *	go on
 * @hash_clone: a second one that has taken the same octets; NULL on failure
 * @hash_free: end it
 * @hmac: HMAC (RFC 2104) in one shot, with a key of any length
 *
 * @aead_offered: does this provider have the AEAD? Those of AES it has to
 *	have. NULL: it has all of them
 * @aead_new: take a key (16 octets for AES-128, else 32); NULL on failure
 * @aead_seal: encrypt @len octets at @data in place, and write the 16 octets
 *	of the tag behind them
 * @aead_open: check and decrypt @len octets at @data in place, the last 16 of
 *	which are the tag. 0, or bad_record_mac (20), also if @len is less than
 *	that, or -1. A context either seals or opens, as its first call does
 * @aead_seal_from: the same as @aead_seal for what lies in @count pieces, one
 *	behind the other: from there to @out, with the tag behind it. None of
 *	them overlaps @out. NULL: the engine copies before it encrypts
 * @aead_free: end it
 *
 * @group_offered: does this provider have the group (RFC 9846, section 4.2.7)?
 *	Asked often
 * @kx_new: make a key pair; the client's key share goes to @share, which has
 *	SLUICE_SHARE_MAX octets, its length to @share_len. NULL on failure
 * @kx_finish: client: from the server's share to the shared secret, at most
 *	SLUICE_SHARED_MAX octets. Called once for a key pair. 0,
 *	illegal_parameter (47) for what is no share of the group, or gives no
 *	secret (RFC 9846, section 7.4.2), or -1
 * @kx_respond: server: from the client's share to its own and the shared
 *	secret. 0, illegal_parameter (47), or -1
 * @kx_free: end it
 * @kx_load: the key pair that has this private key, as RFC 9180 (section 7.1.2)
 *	writes it, for @kx_finish; its public half goes to @share as @kx_new's
 *	does. NULL on failure, or if it is no such key: zero for P-256, or not
 *	below its order. X25519 has to be there, and P-256 where that can be.
 *	NULL: the provider has no such thing, so that there are no servers with
 *	Encrypted Client Hello, nor keys for it
 *
 * @scheme_offered: can this provider check signatures of the scheme? What it
 *	cannot is not offered to the peer. Those of PKCS #1 are asked for because
 *	of certificates. NULL: it can check all of them
 *
 * @credential_chain: the certificates, DER, leaf first, that live as long as
 *	@cred: fills in at most SLUICE_CHAIN_MAX, returns how many
 * @credential_schemes: SignatureSchemes that @cred's key can make, the
 *	preferred one first, ended by 0; lives as long as @cred
 * @credential_issued: is one of @cred's certificates issued by the authority
 *	that has this name (DER), or that authority's own? A name that is
 *	malformed is nobody's
 * @credential_matches: does @cred's leaf have the extension with this object
 *	identifier (DER, with its tag), and in it these values (RFC 9846,
 *	section 4.2.5)? True if the extension is one that the provider does not
 *	know
 * @credential_signatures: SignatureSchemes with which @cred's certificates are
 *	signed, SLUICE_SCHEME_OTHER for what is none; one that is signed by its
 *	own key does not count. Ended by 0, lives as long as @cred. NULL: not
 *	known, so that the peer's signature_algorithms_cert is not looked at
 * @credential_staple: the OCSP response that proves @cred's leaf good, DER; lives
 *	as long as @cred. False if there is none. NULL: there never is
 * @credential_key: @cred's public key (SubjectPublicKeyInfo, DER), which lives
 *	as long as @cred; false if it can't be had. NULL: the provider has no
 *	raw public keys, nor then @pubkey_new
 * @sign: sign @data with @scheme, which may have SLUICE_SCHEME_DIGEST added;
 *	the signature goes to @sig, which has SLUICE_SIGNATURE_MAX octets, its
 *	length to @sig_len
 *
 * @trust_name: the name (DER) of authority number @i, from 0 on, of a trust
 *	store; lives as long as @trust. False if there are fewer. NULL: names
 *	are not known
 * @verify_chain: check the peer's certificates (DER, leaf first) against
 *	@trust, and the leaf against @peer. @trust is NULL: only take the
 *	leaf's key. 0 and the leaf's key in *@key; or an alert, and one line in
 *	English, constant text, in *@reason; or -1. What it cannot check in a
 *	certificate that counts it refuses. The path may go through any of @chain,
 *	in any order, and ends at whatever is in @trust
 * @checks_staples: @verify_chain looks at what struct sluice_peer says of staples;
 *	else nobody is asked for them
 * @pubkey_new: take a SubjectPublicKeyInfo (DER). 0 and the key in *@key; or an
 *	alert, and one line as above in *@reason; or -1
 * @verify_signature: check @sig over @data. The scheme has to fit the key: the
 *	curve for ECDSA, the kind of RSA key for RSA-PSS. SLUICE_SCHEME_* may be
 *	added to it. 0, decrypt_error (51), illegal_parameter (47) if the scheme
 *	does not fit, or -1
 * @pubkey_free: end it
 */
struct sluice_provider {
	const char *name;

	int (*random)(const struct sluice_provider *p, uint8_t *out,
		      size_t len);

	struct sluice_hash_ctx *(*hash_new)(const struct sluice_provider *p,
					    enum sluice_hash hash);
	int (*hash_update)(const struct sluice_provider *p,
			   struct sluice_hash_ctx *ctx,
			   const uint8_t *data, size_t len);
	int (*hash_digest)(const struct sluice_provider *p,
			   const struct sluice_hash_ctx *ctx, uint8_t *out);
	struct sluice_hash_ctx *(*hash_clone)(const struct sluice_provider *p,
					      const struct sluice_hash_ctx *ctx);
	void (*hash_free)(const struct sluice_provider *p,
			  struct sluice_hash_ctx *ctx);
	int (*hmac)(const struct sluice_provider *p, enum sluice_hash hash,
		    const uint8_t *key, size_t key_len,
		    const uint8_t *data, size_t len, uint8_t *out);

	bool (*aead_offered)(const struct sluice_provider *p,
			     enum sluice_aead aead);
	struct sluice_aead_ctx *(*aead_new)(const struct sluice_provider *p,
					    enum sluice_aead aead,
					    const uint8_t *key);
	int (*aead_seal)(const struct sluice_provider *p,
			 struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			 const uint8_t *ad, size_t ad_len,
			 uint8_t *data, size_t len);
	int (*aead_open)(const struct sluice_provider *p,
			 struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			 const uint8_t *ad, size_t ad_len,
			 uint8_t *data, size_t len);
	int (*aead_seal_from)(const struct sluice_provider *p,
			      struct sluice_aead_ctx *ctx, const uint8_t *nonce,
			      const uint8_t *ad, size_t ad_len,
			      const struct sluice_octets *pieces, size_t count,
			      uint8_t *out);
	void (*aead_free)(const struct sluice_provider *p,
			  struct sluice_aead_ctx *ctx);

	bool (*group_offered)(const struct sluice_provider *p, uint16_t group);
	struct sluice_kx *(*kx_new)(const struct sluice_provider *p,
				    uint16_t group,
				    uint8_t *share, size_t *share_len);
	int (*kx_finish)(const struct sluice_provider *p, struct sluice_kx *kx,
			 const uint8_t *peer, size_t peer_len,
			 uint8_t *shared, size_t *shared_len);
	int (*kx_respond)(const struct sluice_provider *p, uint16_t group,
			  const uint8_t *peer, size_t peer_len,
			  uint8_t *share, size_t *share_len,
			  uint8_t *shared, size_t *shared_len);
	void (*kx_free)(const struct sluice_provider *p, struct sluice_kx *kx);
	struct sluice_kx *(*kx_load)(const struct sluice_provider *p,
				     uint16_t group,
				     const uint8_t *key, size_t key_len,
				     uint8_t *share, size_t *share_len);

	bool (*scheme_offered)(const struct sluice_provider *p,
			       uint16_t scheme);

	size_t (*credential_chain)(const struct sluice_provider *p,
				   const struct sluice_credential *cred,
				   struct sluice_octets *chain);
	const uint16_t *(*credential_schemes)(const struct sluice_provider *p,
					      const struct sluice_credential *cred);
	bool (*credential_issued)(const struct sluice_provider *p,
				  const struct sluice_credential *cred,
				  const uint8_t *name, size_t len);
	bool (*credential_matches)(const struct sluice_provider *p,
				   const struct sluice_credential *cred,
				   const uint8_t *oid, size_t oid_len,
				   const uint8_t *values, size_t len);
	const uint16_t *(*credential_signatures)(const struct sluice_provider *p,
						 const struct sluice_credential *cred);
	bool (*credential_staple)(const struct sluice_provider *p,
				  const struct sluice_credential *cred,
				  struct sluice_octets *staple);
	bool (*credential_key)(const struct sluice_provider *p,
			       const struct sluice_credential *cred,
			       struct sluice_octets *key);
	int (*sign)(const struct sluice_provider *p,
		    const struct sluice_credential *cred, uint16_t scheme,
		    const uint8_t *data, size_t len,
		    uint8_t *sig, size_t *sig_len);

	bool (*trust_name)(const struct sluice_provider *p,
			   const struct sluice_trust *trust, size_t i,
			   struct sluice_octets *name);
	int (*verify_chain)(const struct sluice_provider *p,
			    const struct sluice_trust *trust,
			    const struct sluice_octets *chain, size_t count,
			    const struct sluice_peer *peer,
			    struct sluice_pubkey **key, const char **reason);
	bool checks_staples;
	int (*pubkey_new)(const struct sluice_provider *p,
			  const uint8_t *spki, size_t len,
			  struct sluice_pubkey **key, const char **reason);
	int (*verify_signature)(const struct sluice_provider *p,
				const struct sluice_pubkey *key,
				uint16_t scheme,
				const uint8_t *data, size_t len,
				const uint8_t *sig, size_t sig_len);
	void (*pubkey_free)(const struct sluice_provider *p,
			    struct sluice_pubkey *key);
};

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_PROVIDER_H */
