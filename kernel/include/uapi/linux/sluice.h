/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * The socket face of Sluice, and its netlink family.
 *
 * A program does a TLS 1.3 handshake, gives kTLS its keys as it always did
 * (TCP_ULP "tls", SOL_TLS TLS_TX and TLS_RX), and then hands down the traffic
 * secrets with one setsockopt more. From there the socket is a plain byte
 * stream: KeyUpdates, tickets and alerts (RFC 9846, sections 4.6 and 6) are
 * the kernel's business.
 */
#ifndef _UAPI_LINUX_SLUICE_H
#define _UAPI_LINUX_SLUICE_H

#include <linux/types.h>

/*
 * Socket options, at level SOL_IP on an AF_INET socket and at level SOL_IPV6
 * on an AF_INET6 one. ENOPROTOOPT: the module is not loaded.
 */
#define SLUICE_ATTACH		0x5c00	/* set: struct sluice_attach */
#define SLUICE_KEY_UPDATE	0x5c01	/* set: __u32, SLUICE_UPDATE_* */
#define SLUICE_INFO		0x5c00	/* get: struct sluice_info */
#define SLUICE_ENGINE		0x5c02	/* set: __u32, SLUICE_ENGINE_* */
					/* get: struct sluice_engine_info */
#define SLUICE_ALPN		0x5c03	/* get: names; set: a name */

/* struct sluice_attach::flags */
#define SLUICE_ATTACH_TX	(1U << 0)	/* tx_secret is there */
#define SLUICE_ATTACH_RX	(1U << 1)	/* rx_secret is there */
/* An end without close_notify reads as end of file, not as ECONNRESET. */
#define SLUICE_ATTACH_ALLOW_TRUNCATION	(1U << 2)

/* The longest secret: that of a cipher suite with SHA-384. */
#define SLUICE_SECRET_MAX	48

/**
 * struct sluice_attach - argument of SLUICE_ATTACH
 * @version: TLS_1_3_VERSION
 * @cipher_type: TLS_CIPHER_AES_GCM_128, TLS_CIPHER_AES_GCM_256 or
 *	TLS_CIPHER_CHACHA20_POLY1305, and the one that kTLS was given
 * @flags: SLUICE_ATTACH_*; at least one direction
 * @secret_len: octets of each secret: 32, or 48 for TLS_CIPHER_AES_GCM_256
 * @pad: 0
 * @tx_secret: the traffic secret (RFC 9846, section 7.2) from which the
 *	present sending key was derived
 * @rx_secret: the same for receiving
 * @tx_seq: the sequence number that the next record to be sent must at least
 *	have: the number of records that the secret's key has protected so
 *	far. kTLS set up with less would repeat a nonce
 * @rx_seq: the same for receiving
 * @tx_update_after: renew the sending key after this many records; 0, or
 *	anything above it, for the limit of the AEAD (RFC 9846, section 5.5)
 *
 * The structure grows at its end. A shorter one than the kernel knows is
 * filled up with zeros; a longer one is taken if the rest is zero, and refused
 * with E2BIG if not.
 *
 * Errors: EKEYREJECTED, a secret does not derive the key that kTLS holds, or
 * kTLS is behind tx_seq or rx_seq. ENOTCONN, not an established connection.
 * EINVAL, kTLS holds no key for the direction, or an unknown flag or value.
 * EOPNOTSUPP, kTLS runs in a device, or another version or cipher. EALREADY,
 * the socket is attached. EBUSY, a BPF program owns the socket.
 */
struct sluice_attach {
	__u16 version;
	__u16 cipher_type;
	__u32 flags;
	__u32 secret_len;
	__u32 pad;
	__u8 tx_secret[SLUICE_SECRET_MAX];
	__u8 rx_secret[SLUICE_SECRET_MAX];
	__u64 tx_seq;
	__u64 rx_seq;
	__u64 tx_update_after;
};

/* Argument of SLUICE_KEY_UPDATE: KeyUpdateRequest (RFC 9846, section 4.6.3). */
#define SLUICE_UPDATE_NOT_REQUESTED	0	/* renew our sending key */
#define SLUICE_UPDATE_REQUESTED		1	/* and ask the peer for its */

/*
 * Argument of SLUICE_ENGINE: where the records of a connection are encrypted.
 * An unattached kTLS socket may have SLUICE_ENGINE_FORCED, too.
 *
 * Errors: EBUSY, data waits to be sent: try again. EOPNOTSUPP, not TLS 1.3, or
 * the AEAD is an asynchronous one already. EINVAL, kTLS does not send on this
 * socket, or an unknown value. ENOTCONN, not attached, or not connected.
 */
#define SLUICE_ENGINE_INLINE	0	/* by who sends */
#define SLUICE_ENGINE_AUTO	1	/* and idle CPUs, where that is faster */
#define SLUICE_ENGINE_FORCED	2	/* and other CPUs, always: for tests */

/*
 * SLUICE_ALPN is for the agent that does the handshake of a driver's session,
 * on the socket that it was handed. It gets the names of the application
 * protocols to negotiate (RFC 7301), the preferred one first, each with an octet
 * before it that is its length; no octet at all if there are none. It sets the
 * name that was chosen, if one was.
 *
 * Errors: ENOTCONN, no session's handshake goes on here. ERANGE, there is no
 * room for them: SLUICE_ALPN_LEN_MAX octets always do. EINVAL, a name that was not
 * to choose from.
 */
#define SLUICE_ALPN_LEN_MAX		512

/**
 * struct sluice_engine_info - what SLUICE_ENGINE returns
 * @mode: SLUICE_ENGINE_*
 * @pad: 0
 * @records_inline: records encrypted where they were sent
 * @records_spread: records that went through the queue, and of these
 * @records_helped: those that another CPU encrypted
 * @wakeups: times that a helper was woken
 * @record_ns: nanoseconds that encrypting a large record takes
 * @wake_ns: nanoseconds until a helper has started
 *
 * All but @mode is 0 on a socket that never had the engine. It grows like
 * struct sluice_info.
 */
struct sluice_engine_info {
	__u32 mode;
	__u32 pad;
	__u64 records_inline;
	__u64 records_spread;
	__u64 records_helped;
	__u64 wakeups;
	__u64 record_ns;
	__u64 wake_ns;
};

/* How a direction stands: struct sluice_info::tx_state and rx_state. */
enum sluice_dir_state {
	SLUICE_DIR_DETACHED,	/* no secret was handed down for it */
	SLUICE_DIR_OPEN,
	SLUICE_DIR_CLOSED,	/* close_notify sent, or received */
	SLUICE_DIR_TRUNCATED,	/* receiving: TCP ended without close_notify */
	SLUICE_DIR_FAILED,	/* after a fatal alert, sent or received */
};

/* How a session of a driver stands: SLUICE_A_SESSION_STATE. */
enum sluice_session_state {
	SLUICE_SESSION_NEW,
	SLUICE_SESSION_HANDSHAKING,
	SLUICE_SESSION_OPEN,
	SLUICE_SESSION_CLOSING,	/* our close_notify is on its way, or sent */
	SLUICE_SESSION_CLOSED,	/* both sides have ended in order, or we had to */
	SLUICE_SESSION_FAILED,
};

/* struct sluice_info::alert_sent and alert_received: none so far */
#define SLUICE_ALERT_NONE	0xffff

/**
 * struct sluice_info - what SLUICE_INFO returns
 * @id: the session's number, as in netlink
 * @version: TLS_1_3_VERSION
 * @cipher_type: TLS_CIPHER_*
 * @tx_state: enum sluice_dir_state
 * @rx_state: enum sluice_dir_state
 * @alert_sent: AlertDescription (RFC 9846, section 6), or SLUICE_ALERT_NONE
 * @alert_received: the same
 * @pad: 0
 * @tx_bytes: octets of application data accepted for sending
 * @rx_bytes: octets of application data read
 * @tx_records: records sent since the first key, of every content type
 * @rx_records: records received since the first key
 * @tx_key_updates: times the sending key was renewed
 * @rx_key_updates: times the receiving key was renewed
 * @tickets: NewSessionTicket messages received and dropped
 *
 * The structure grows at its end; getsockopt() copies as much as the caller
 * has room for and returns that length.
 */
struct sluice_info {
	__u64 id;
	__u16 version;
	__u16 cipher_type;
	__u8 tx_state;
	__u8 rx_state;
	__u16 alert_sent;
	__u16 alert_received;
	__u16 pad[3];
	__u64 tx_bytes;
	__u64 rx_bytes;
	__u64 tx_records;
	__u64 rx_records;
	__u64 tx_key_updates;
	__u64 rx_key_updates;
	__u64 tickets;
};

/* Generic netlink: Documentation/netlink/specs/sluice.yaml says it in full. */
#define SLUICE_FAMILY_NAME	"sluice"
#define SLUICE_FAMILY_VERSION	1

enum sluice_cmd {
	SLUICE_CMD_SESSION_GET = 1,	/* do: by SLUICE_A_SESSION_ID; dump: all */
	SLUICE_CMD_STATS_GET,		/* do: the network namespace's totals */

	__SLUICE_CMD_MAX,
	SLUICE_CMD_MAX = __SLUICE_CMD_MAX - 1
};

/* SLUICE_CMD_SESSION_GET; a non-administrator sees the own user's sessions. */
enum sluice_a_session {
	SLUICE_A_SESSION_ID = 1,	/* uint */
	SLUICE_A_SESSION_PID,		/* u32: process that attached it */
	SLUICE_A_SESSION_UID,		/* u32 */
	SLUICE_A_SESSION_FAMILY,	/* u16: AF_INET or AF_INET6 */
	SLUICE_A_SESSION_LOCAL,		/* binary: 4 or 16 octets */
	SLUICE_A_SESSION_LOCAL_PORT,	/* u16, host order */
	SLUICE_A_SESSION_PEER,		/* binary: 4 or 16 octets */
	SLUICE_A_SESSION_PEER_PORT,	/* u16, host order */
	SLUICE_A_SESSION_VERSION,	/* u16 */
	SLUICE_A_SESSION_CIPHER,	/* u16 */
	SLUICE_A_SESSION_TX_STATE,	/* u8: enum sluice_dir_state */
	SLUICE_A_SESSION_RX_STATE,	/* u8 */
	SLUICE_A_SESSION_ALERT_SENT,	/* u16: absent if none */
	SLUICE_A_SESSION_ALERT_RECEIVED,/* u16: absent if none */
	SLUICE_A_SESSION_TX_BYTES,	/* uint, as all that follow */
	SLUICE_A_SESSION_RX_BYTES,
	SLUICE_A_SESSION_TX_RECORDS,
	SLUICE_A_SESSION_RX_RECORDS,
	SLUICE_A_SESSION_TX_KEY_UPDATES,
	SLUICE_A_SESSION_RX_KEY_UPDATES,
	SLUICE_A_SESSION_TICKETS,
	/* Those of drivers only. Before the handshake's end they have no more. */
	SLUICE_A_SESSION_STATE,		/* u8: enum sluice_session_state */
	SLUICE_A_SESSION_MODULE,	/* string: the driver's */
	SLUICE_A_SESSION_ERROR,		/* u32: errno; absent if none */

	__SLUICE_A_SESSION_MAX,
	SLUICE_A_SESSION_MAX = __SLUICE_A_SESSION_MAX - 1
};

/*
 * SLUICE_CMD_STATS_GET: totals of the network namespace since it was made,
 * ended sessions included; needs no privilege.
 */
enum sluice_a_stats {
	SLUICE_A_STATS_OPEN = 1,	/* uint, as all: sessions now */
	SLUICE_A_STATS_ATTACHED,	/* sessions ever */
	SLUICE_A_STATS_TX_BYTES,
	SLUICE_A_STATS_RX_BYTES,
	SLUICE_A_STATS_TX_RECORDS,
	SLUICE_A_STATS_RX_RECORDS,
	SLUICE_A_STATS_TX_KEY_UPDATES,
	SLUICE_A_STATS_RX_KEY_UPDATES,
	SLUICE_A_STATS_TICKETS,
	SLUICE_A_STATS_ALERTS_SENT,	/* close_notify not counted */
	SLUICE_A_STATS_ALERTS_RECEIVED,
	SLUICE_A_STATS_TRUNCATED,

	__SLUICE_A_STATS_MAX,
	SLUICE_A_STATS_MAX = __SLUICE_A_STATS_MAX - 1
};

#endif /* _UAPI_LINUX_SLUICE_H */
