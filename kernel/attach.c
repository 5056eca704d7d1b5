// SPDX-License-Identifier: GPL-2.0
/*
 * How a socket with kTLS's keys becomes a connection of Sluice's: with the
 * traffic secrets, which must be those that the keys come from; or, for a
 * driver whose agent hands no secrets down, without.
 */
#include <linux/module.h>
#include <net/tls.h>

#include "attach.h"
#include "conn.h"
#include "ktls.h"
#include "send.h"
#include "socket.h"
#include "trace.h"

#define ATTACH_DIRECTIONS	(SLUICE_ATTACH_TX | SLUICE_ATTACH_RX)
#define ATTACH_FLAGS		(ATTACH_DIRECTIONS | \
				 SLUICE_ATTACH_ALLOW_TRUNCATION)

/* Judges what does not depend on the socket. */
static int check_args(const struct sluice_attach *args,
		      const struct sluice_cipher **cipher)
{
	if (args->flags & ~ATTACH_FLAGS || !(args->flags & ATTACH_DIRECTIONS) ||
	    args->pad)
		return -EINVAL;
	*cipher = sluice_cipher_find(args->cipher_type);
	if (args->version != TLS_1_3_VERSION || !*cipher)
		return -EOPNOTSUPP;
	if (args->secret_len != (*cipher)->secret_len)
		return -EINVAL;
	return 0;
}

/* Takes one direction's secret, if it derives the key that kTLS holds. */
static int adopt_direction(struct sluice_conn *conn, bool tx,
			   const u8 *octets, u64 seq)
{
	struct sluice_secret *secret = tx ? &conn->tx_secret :
					    &conn->rx_secret;
	struct sluice_key key;
	int rc;

	sluice_secret_set(secret, conn->cipher, octets);
	sluice_key_derive(&key, secret, conn->cipher);
	rc = sluice_ktls_check(conn->sk, conn->cipher, tx, &key, seq);
	sluice_key_wipe(&key);
	if (!rc)
		*(tx ? &conn->tx_state : &conn->rx_state) =
			SLUICE_DIR_OPEN;
	return rc;
}

/* Socket lock held. */
static int adopt_secrets(struct sluice_conn *conn,
			 const struct sluice_attach *args)
{
	int rc = 0;

	if (args->flags & SLUICE_ATTACH_TX)
		rc = adopt_direction(conn, true, args->tx_secret,
				     args->tx_seq);
	if (!rc && args->flags & SLUICE_ATTACH_RX)
		rc = adopt_direction(conn, false, args->rx_secret,
				     args->rx_seq);
	conn->flags = args->flags;
	return rc;
}

/* Socket lock held. */
static int adopt_bare(struct sluice_conn *conn)
{
	int cipher_type = sluice_ktls_cipher(conn->sk);

	if (cipher_type < 0)
		return cipher_type;
	conn->cipher = sluice_cipher_find(cipher_type);
	if (!conn->cipher)
		return -EOPNOTSUPP;
	conn->bare = true;
	conn->tx_state = SLUICE_DIR_OPEN;
	conn->rx_state = SLUICE_DIR_OPEN;
	conn->flags = SLUICE_ATTACH_TX | SLUICE_ATTACH_RX;
	return 0;
}

/* Socket lock held. */
static int adopt(struct sluice_conn *conn, const struct sluice_attach *args)
{
	int rc;

	if (sluice_conn_find(conn->sk))
		return -EALREADY;
	rc = sluice_ktls_check_socket(conn->sk);
	if (!rc)
		rc = args ? adopt_secrets(conn, args) : adopt_bare(conn);
	if (rc)
		return rc;

	conn->tx_update_after = conn->cipher->record_limit - SLUICE_SEND_CHUNK;
	if (args && args->tx_update_after)
		conn->tx_update_after = min(conn->tx_update_after,
					    args->tx_update_after);
	sluice_socket_adopt(conn);
	return 0;
}

static int attach(struct sock *sk, const struct sluice_cipher *cipher,
		  const struct sluice_attach *args)
{
	struct sluice_conn *conn;
	int rc;

	conn = sluice_conn_alloc(sk, cipher);
	if (!conn)
		return -ENOMEM;

	/* The caller holds one: this cannot fail. The connection's own. */
	__module_get(THIS_MODULE);
	lock_sock(sk);
	rc = adopt(conn, args);
	release_sock(sk);
	if (rc) {
		sluice_conn_free(conn);
		module_put(THIS_MODULE);
		return rc;
	}
	sluice_conn_link(conn);
	trace_sluice_attach(conn);
	return 0;
}

/**
 * sluice_attach() - make a connection of a socket and its traffic secrets
 * @sk: a TCP socket with kTLS's keys
 * @args: as in include/uapi/linux/sluice.h; the caller wipes it
 *
 * Context: process; may sleep. A reference to the socket's file is held.
 * Return: 0 or a negative errno, as SLUICE_ATTACH.
 */
int sluice_attach(struct sock *sk, const struct sluice_attach *args)
{
	const struct sluice_cipher *cipher;
	int rc;

	rc = check_args(args, &cipher);
	return rc ?: attach(sk, cipher, args);
}

/**
 * sluice_attach_bare() - make a connection without its traffic secrets
 * @sk: a TCP socket with kTLS's keys for both directions
 *
 * No key can be renewed: a KeyUpdate of the peer's, or the AEAD's limit, ends
 * the connection with -EKEYEXPIRED.
 *
 * Context: process; may sleep. A reference to the socket's file is held.
 * Return: 0 or a negative errno, as SLUICE_ATTACH.
 */
int sluice_attach_bare(struct sock *sk)
{
	return attach(sk, NULL, NULL);
}
