/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The driver face of Sluice: a TLS 1.3 session on a TCP socket, for drivers.
 *
 *	session = sluice_session_create(sock, &params);
 *	sluice_session_handshake(session, &handshake);
 *	... params.ops->state() says SLUICE_SESSION_OPEN ...
 *	sluice_send(session, &send); sluice_recv(session, &recv);
 *	sluice_session_close(session, SLUICE_CLOSE_TIMEOUT_MS);
 *	sluice_session_put(session);
 *
 * Keys, records, KeyUpdates, tickets, alerts and the orderly end are the
 * session's business. A driver sees octets, and an error that says what ended
 * them: see sluice_session_error().
 *
 * Callbacks come from workers of the session, with no lock held. Each
 * operation's comes exactly once, and none comes after sluice_session_close()
 * has returned. A callback may call anything here that does not sleep.
 */
#ifndef _LINUX_SLUICE_H
#define _LINUX_SLUICE_H

#include <linux/bits.h>
#include <linux/key.h>
#include <linux/list.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <uapi/linux/sluice.h>

struct sk_buff;
struct sluice_session;
struct socket;

/**
 * struct sluice_session_ops - what a session tells its driver
 * @state: the session has come to a state: at most one call for each, in their
 *	order. For %SLUICE_SESSION_FAILED @error is the negative errno of
 *	sluice_session_error(), else 0. Optional
 * @writable: sluice_send() has returned -EAGAIN, and now there is room again.
 *	Optional
 *
 * Context: a worker; may sleep, but the session's other work waits for it.
 */
struct sluice_session_ops {
	void (*state)(struct sluice_session *session,
		      enum sluice_session_state state, int error);
	void (*writable)(struct sluice_session *session);
};

/* struct sluice_session_params::flags */
/* Encrypt on the CPU that sends; else on any that is idle. */
#define SLUICE_SESSION_PERCPU	BIT(0)
/*
 * Memory may be freed by way of this session, as for swap on a block device: it
 * gets by with the reserves. It runs on any CPU, %SLUICE_SESSION_PERCPU or not.
 */
#define SLUICE_SESSION_RECLAIM	BIT(1)
/* An end without close_notify is an end, and no error. */
#define SLUICE_SESSION_ALLOW_TRUNCATION	BIT(2)

/**
 * struct sluice_session_params - how a session is to be
 * @ops: callbacks; live as long as the session
 * @priv: the driver's; sluice_session_priv()
 * @module: the driver, THIS_MODULE; its name is shown to the administrator
 * @flags: SLUICE_SESSION_*
 * @engine: SLUICE_ENGINE_*: where records are encrypted, once the session is
 *	open. A wish: where the socket option of that name would fail, it is by
 *	who sends. %SLUICE_ENGINE_INLINE, which is 0, leaves the socket as it is
 * @send_limit: octets that may wait in the queue for sending; 0 for 1 MiB
 */
struct sluice_session_params {
	const struct sluice_session_ops *ops;
	void *priv;
	struct module *module;
	u32 flags;
	u32 engine;
	size_t send_limit;
};

/**
 * enum sluice_auth - who proves what in the handshake
 * @SLUICE_AUTH_ANON: client only: the server's certificate is not asked for
 *	more than the agent's policy does
 * @SLUICE_AUTH_X509: certificates; a client checks the server's name
 * @SLUICE_AUTH_PSK: both know a pre-shared key (RFC 9846, section 2.2)
 */
enum sluice_auth {
	SLUICE_AUTH_ANON,
	SLUICE_AUTH_X509,
	SLUICE_AUTH_PSK,
};

/* Pre-shared keys that a client can offer. */
#define SLUICE_PSK_MAX	5

/* Time for a handshake, and for the peer's close_notify, unless told. */
#define SLUICE_HANDSHAKE_TIMEOUT_MS	15000
#define SLUICE_CLOSE_TIMEOUT_MS		5000

/**
 * struct sluice_handshake - what a handshake is to achieve
 * @server: we are the server
 * @auth: how to authenticate
 * @peer_name: client: the name that the server must prove and that the SNI
 *	says; a DNS name or an IP address. %NULL: the agent asks the resolver
 * @timeout_ms: from the call to the end; 0 for SLUICE_HANDSHAKE_TIMEOUT_MS
 * @keyring: keyring that the agent gets access to, or 0
 * @cert: serial of the key with our certificate, or 0 for the agent's own
 * @privkey: serial of the key with the certificate's private key, or 0. Without
 *	@cert, the raw public key of this one is shown (RFC 7250), if the agent
 *	can: sluiced does
 * @psk: serials of pre-shared keys; a server takes the first
 * @num_psk: how many of them
 * @alpn: application protocols (RFC 7301), the preferred one first, ended by
 *	%NULL; each 1 to 255 octets, at most SLUICE_ALPN_LEN_MAX together, one more
 *	for each. A server that has some refuses a client that offers none of
 *	them. sluice_session_alpn() says what was chosen. Or %NULL
 */
struct sluice_handshake {
	bool server;
	enum sluice_auth auth;
	const char *peer_name;
	unsigned int timeout_ms;
	key_serial_t keyring;
	key_serial_t cert;
	key_serial_t privkey;
	key_serial_t psk[SLUICE_PSK_MAX];
	unsigned int num_psk;
	const char *const *alpn;
};

struct sluice_session *
sluice_session_create(struct socket *sock,
		      const struct sluice_session_params *params);
struct sluice_session *sluice_session_get(struct sluice_session *session);
void sluice_session_put(struct sluice_session *session);
void *sluice_session_priv(const struct sluice_session *session);
int sluice_session_handshake(struct sluice_session *session,
			     const struct sluice_handshake *handshake);
int sluice_session_adopt(struct sluice_session *session);
int sluice_session_attach(struct sluice_session *session,
			  const struct sluice_attach *secrets);
int sluice_session_wait(struct sluice_session *session);
enum sluice_session_state
sluice_session_state(const struct sluice_session *session);
int sluice_session_error(const struct sluice_session *session);
int sluice_session_info(struct sluice_session *session,
			struct sluice_info *info);
ssize_t sluice_session_unacked(struct sluice_session *session);
key_serial_t sluice_session_peer(const struct sluice_session *session);
const char *sluice_session_alpn(const struct sluice_session *session);
int sluice_session_key_update(struct sluice_session *session, bool request);
void sluice_session_shutdown(struct sluice_session *session);
int sluice_session_close(struct sluice_session *session,
			 unsigned int timeout_ms);
void sluice_session_release(struct sluice_session *session,
			    unsigned int timeout_ms,
			    void (*released)(void *priv));

/* struct sluice_send::flags */
/* More follows soon: may wait for it, or for sluice_send_flush(). */
#define SLUICE_SEND_MORE	BIT(0)

/**
 * struct sluice_send - data on its way to the peer
 * @iter: what to send: iov_iter_kvec() or iov_iter_bvec() with ITER_SOURCE.
 *	A kvec is copied; the pages of a bvec, which must not be of a slab, are
 *	encrypted from where they are
 * @flags: SLUICE_SEND_*
 * @done: the data, and this structure, are the driver's again: @error is 0 if
 *	kTLS has taken it all, else a negative errno and some of it may have
 *	left. May send again
 * @node: the session's
 * @len: the session's: octets that @iter had
 *
 * The driver fills the first three and leaves the whole alone until @done.
 */
struct sluice_send {
	struct iov_iter iter;
	u32 flags;
	void (*done)(struct sluice_send *send, int error);
	struct list_head node;
	size_t len;
};

int sluice_send(struct sluice_session *session, struct sluice_send *send);
void sluice_send_flush(struct sluice_session *session);
int sluice_send_wait(struct sluice_session *session, struct iov_iter *iter,
		     u32 flags);

/* struct sluice_recv::flags */
/* Done when all of it is there, or none comes any more; else with any data. */
#define SLUICE_RECV_EXACT	BIT(0)

/**
 * struct sluice_recv - room for what the peer sends
 * @iter: where to: iov_iter_kvec() or iov_iter_bvec() with ITER_DEST; not
 *	used if there is @lend
 * @lend: takes data without a copy: @len octets at @offset of @skb, which are
 *	the driver's to read until it returns. Returns how many it took; less
 *	than @len is for "no more now", and the rest stays for the next request.
 *	Context: process, with the socket's lock held: sluice_send() and
 *	sluice_recv() are all it may call
 * @limit: with @lend: octets to lend at most; 0 for no end
 * @flags: SLUICE_RECV_*; not used if there is @lend
 * @done: @received octets are there and the structure is the driver's again.
 *	@error is 0 or a negative errno. 0 with fewer octets than asked for
 *	(without SLUICE_RECV_EXACT: with none) is the peer's close_notify. May
 *	receive again
 * @received: octets so far
 * @node: the session's
 *
 * The driver fills what comes before @received and leaves the whole alone
 * until @done.
 */
struct sluice_recv {
	struct iov_iter iter;
	size_t (*lend)(struct sluice_recv *recv, struct sk_buff *skb,
		       unsigned int offset, size_t len);
	u64 limit;
	u32 flags;
	void (*done)(struct sluice_recv *recv, int error);
	u64 received;
	struct list_head node;
};

int sluice_recv(struct sluice_session *session, struct sluice_recv *recv);
bool sluice_recv_cancel(struct sluice_session *session,
			struct sluice_recv *recv);
ssize_t sluice_recv_wait(struct sluice_session *session, struct iov_iter *iter,
			 u32 flags);

#endif /* _LINUX_SLUICE_H */
