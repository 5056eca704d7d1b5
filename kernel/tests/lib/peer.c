// SPDX-License-Identifier: GPL-2.0
/* The other end of a connection. */
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <net/sock.h>
#include <uapi/linux/tls.h>

#include "peer.h"

static void free_aead(void *aead)
{
	crypto_free_aead(aead);
}

/* Takes the key of the present secret. */
static void take_key(struct peer *peer, struct peer_key *key)
{
	struct sluice_key derived;

	sluice_key_derive(&derived, &key->secret, peer->cipher);
	KUNIT_ASSERT_EQ(peer->test, 0,
			crypto_aead_setkey(key->aead, derived.key,
					   peer->cipher->key_len));
	memcpy(key->iv, derived.iv, sizeof(key->iv));
	key->seq = 0;
}

static void set_key(struct peer *peer, struct peer_key *key, const u8 *secret)
{
	const char *name = peer->cipher->type == TLS_CIPHER_CHACHA20_POLY1305 ?
		"rfc7539(chacha20,poly1305)" : "gcm(aes)";

	key->aead = crypto_alloc_aead(name, 0, CRYPTO_ALG_ASYNC);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(peer->test, key->aead);
	KUNIT_ASSERT_EQ(peer->test, 0,
			kunit_add_action_or_reset(peer->test, free_aead,
						  key->aead));
	KUNIT_ASSERT_EQ(peer->test, 0,
			crypto_aead_setauthsize(key->aead, PEER_TAG));
	sluice_secret_set(&key->secret, peer->cipher, secret);
	take_key(peer, key);
}

/* @tx_secret and @rx_secret are the peer's: what it sends and receives with. */
void peer_set_keys(struct peer *peer, const struct sluice_cipher *cipher,
		   const u8 *tx_secret, const u8 *rx_secret)
{
	peer->cipher = cipher;
	set_key(peer, &peer->tx, tx_secret);
	set_key(peer, &peer->rx, rx_secret);
}

/* To the next generation: RFC 9846, section 7.2. */
void peer_update(struct peer *peer, struct peer_key *key)
{
	sluice_secret_update(&key->secret, peer->cipher);
	take_key(peer, key);
}

/* Encrypts or decrypts a record in place, the @len octets behind its header. */
static int crypt(struct peer *peer, struct peer_key *key, u8 *record,
		 size_t len, bool encrypt)
{
	struct aead_request *req;
	struct scatterlist sg;
	u8 nonce[16] = {};
	int rc;

	memcpy(nonce, key->iv, sizeof(key->iv));
	put_unaligned_be64(get_unaligned_be64(nonce + 4) ^ key->seq, nonce + 4);
	req = aead_request_alloc(key->aead, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(peer->test, req);
	sg_init_one(&sg, record, PEER_HEADER + len + (encrypt ? PEER_TAG : 0));
	aead_request_set_crypt(req, &sg, &sg, len, nonce);
	aead_request_set_ad(req, PEER_HEADER);
	rc = encrypt ? crypto_aead_encrypt(req) : crypto_aead_decrypt(req);
	aead_request_free(req);
	return rc;
}

/* Makes a record of any length, and returns that. */
size_t peer_seal(struct peer *peer, u8 *record, u8 type, const void *data,
		 size_t len, size_t padding)
{
	size_t inner = len + 1 + padding;

	record[0] = SLUICE_RECORD_DATA;
	put_unaligned_be16(0x0303, record + 1);
	put_unaligned_be16(inner + PEER_TAG, record + 3);
	memcpy(record + PEER_HEADER, data, len);
	record[PEER_HEADER + len] = type;
	memset(record + PEER_HEADER + len + 1, 0, padding);
	KUNIT_ASSERT_EQ(peer->test, 0,
			crypt(peer, &peer->tx, record, inner, true));
	peer->tx.seq++;
	return PEER_HEADER + inner + PEER_TAG;
}

/* Sends octets as they are. */
void peer_write(struct peer *peer, const void *octets, size_t len)
{
	struct kvec vec = { .iov_base = (void *)octets, .iov_len = len };
	struct msghdr msg = { .msg_flags = MSG_NOSIGNAL };

	KUNIT_ASSERT_EQ(peer->test, len,
			kernel_sendmsg(peer->sock, &msg, &vec, 1, len));
}

void peer_send(struct peer *peer, u8 type, const void *data, size_t len)
{
	KUNIT_ASSERT_LE(peer->test, len, PEER_DATA_MAX);
	peer_write(peer, peer->buf,
		   peer_seal(peer, peer->buf, type, data, len, 0));
}

void peer_send_alert(struct peer *peer, u8 alert)
{
	const u8 content[] = { alert == SLUICE_ALERT_CLOSE_NOTIFY ? 1 : 2,
			       alert };

	peer_send(peer, SLUICE_RECORD_ALERT, content, sizeof(content));
}

/* NewSessionTicket, the smallest: no nonce, one octet of ticket. */
void peer_send_ticket(struct peer *peer)
{
	static const u8 ticket[] = {
		SLUICE_HANDSHAKE_TICKET, 0, 0, 14,
		0, 0, 1, 0, 1, 2, 3, 4, 0, 0, 1, 0xab, 0, 0,
	};

	peer_send(peer, SLUICE_RECORD_HANDSHAKE, ticket, sizeof(ticket));
}

void peer_send_key_update(struct peer *peer, bool request)
{
	const u8 message[] = { SLUICE_HANDSHAKE_KEY_UPDATE, 0, 0, 1, request };

	peer_send(peer, SLUICE_RECORD_HANDSHAKE, message, sizeof(message));
	peer_update(peer, &peer->tx);
}

/* The end of the TCP stream. */
void peer_shut(struct peer *peer)
{
	KUNIT_EXPECT_EQ(peer->test, 0,
			kernel_sock_shutdown(peer->sock, SHUT_WR));
}

void peer_reset(struct peer *peer)
{
	sock_no_linger(peer->sock->sk);
	sock_release(peer->sock);
	peer->sock = NULL;
}

static int read_octets(struct peer *peer, u8 *to, size_t len)
{
	struct kvec vec = { .iov_base = to, .iov_len = len };
	struct msghdr msg = {};

	return kernel_recvmsg(peer->sock, &msg, &vec, 1, len, MSG_WAITALL);
}

/* All of it: @len; 0, the end; or an error, -EPROTO for an end in between. */
static int read_all(struct peer *peer, u8 *to, size_t len)
{
	int rc = read_octets(peer, to, len);

	if (rc <= 0 || rc == len)
		return rc;
	rc = read_octets(peer, to, 1);
	return rc < 0 ? rc : -EPROTO;
}

/*
 * Reads a record. Returns the length of its content; 0 and a @type of 0 at the
 * end of the stream; -EAGAIN, none comes; -EBADMSG, it does not authenticate.
 */
int peer_read(struct peer *peer, u8 *type, void *data, size_t size)
{
	u8 *record = peer->buf;
	size_t len;
	int rc;

	*type = 0;
	rc = read_all(peer, record, PEER_HEADER);
	if (rc <= 0)
		return rc;
	len = get_unaligned_be16(record + 3);
	if (record[0] != SLUICE_RECORD_DATA ||
	    get_unaligned_be16(record + 1) != 0x0303 ||
	    len > PEER_RECORD_MAX - PEER_HEADER)
		return -EPROTO;
	rc = read_all(peer, record + PEER_HEADER, len);
	if (rc <= 0)
		return rc ?: -EPROTO;
	rc = crypt(peer, &peer->rx, record, len, false);
	if (rc)
		return rc;
	peer->rx.seq++;

	len -= PEER_TAG;
	while (len && !record[PEER_HEADER + len - 1])
		len--;
	if (!len || len - 1 > size)
		return -EPROTO;
	*type = record[PEER_HEADER + --len];
	memcpy(data, record + PEER_HEADER, len);
	return len;
}

void peer_expect(struct peer *peer, u8 type, const void *data, size_t len)
{
	u8 *got = kunit_kmalloc(peer->test, PEER_DATA_MAX, GFP_KERNEL);
	u8 got_type;

	KUNIT_ASSERT_NOT_NULL(peer->test, got);
	KUNIT_ASSERT_EQ(peer->test, len,
			peer_read(peer, &got_type, got, PEER_DATA_MAX));
	KUNIT_EXPECT_EQ(peer->test, type, got_type);
	KUNIT_EXPECT_MEMEQ(peer->test, got, data, len);
	kunit_kfree(peer->test, got);
}

void peer_expect_alert(struct peer *peer, u8 alert)
{
	const u8 content[] = {
		alert == SLUICE_ALERT_CLOSE_NOTIFY ||
		alert == SLUICE_ALERT_USER_CANCELED ? 1 : 2, alert
	};

	peer_expect(peer, SLUICE_RECORD_ALERT, content, sizeof(content));
}

/* And follows it. */
void peer_expect_key_update(struct peer *peer, bool request)
{
	const u8 message[] = { SLUICE_HANDSHAKE_KEY_UPDATE, 0, 0, 1, request };

	peer_expect(peer, SLUICE_RECORD_HANDSHAKE, message, sizeof(message));
	peer_update(peer, &peer->rx);
}

void peer_expect_end(struct peer *peer)
{
	u8 type, octet;

	KUNIT_EXPECT_EQ(peer->test, 0, peer_read(peer, &type, &octet, 1));
	KUNIT_EXPECT_EQ(peer->test, 0, type);
}
