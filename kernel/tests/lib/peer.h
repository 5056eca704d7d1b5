/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other end of a connection, played record by record (RFC 9846, section
 * 5.2): TCP and an AEAD, and nothing of kTLS's or ours but the key schedule,
 * which keys_test.c checks by known vectors.
 */
#ifndef _SLUICE_TESTS_PEER_H
#define _SLUICE_TESTS_PEER_H

#include <crypto/aead.h>
#include <kunit/test.h>
#include <linux/net.h>

#include "../../control.h"
#include "../../keys.h"

#define PEER_HEADER	5
#define PEER_TAG	16
#define PEER_DATA_MAX	16384
#define PEER_RECORD_MAX	(PEER_HEADER + PEER_DATA_MAX + 1 + PEER_TAG)

/**
 * struct peer_key - one direction's key
 * @secret: the traffic secret that it comes from
 * @aead: the AEAD that has it
 * @iv: the static IV
 * @seq: of the next record
 */
struct peer_key {
	struct sluice_secret secret;
	struct crypto_aead *aead;
	u8 iv[SLUICE_IV_LEN];
	u64 seq;
};

/**
 * struct peer - the other end
 * @test: whose
 * @sock: its TCP socket; a read waits for ten seconds at most
 * @cipher: the suite
 * @tx: what it sends with
 * @rx: what it receives with
 * @buf: room for a record
 */
struct peer {
	struct kunit *test;
	struct socket *sock;
	const struct sluice_cipher *cipher;
	struct peer_key tx;
	struct peer_key rx;
	u8 *buf;
};

void peer_set_keys(struct peer *peer, const struct sluice_cipher *cipher,
		   const u8 *tx_secret, const u8 *rx_secret);

size_t peer_seal(struct peer *peer, u8 *record, u8 type, const void *data,
		 size_t len, size_t padding);
void peer_write(struct peer *peer, const void *octets, size_t len);
void peer_send(struct peer *peer, u8 type, const void *data, size_t len);
void peer_send_alert(struct peer *peer, u8 alert);
void peer_send_ticket(struct peer *peer);
void peer_send_key_update(struct peer *peer, bool request);
void peer_update(struct peer *peer, struct peer_key *key);
void peer_shut(struct peer *peer);
void peer_reset(struct peer *peer);

int peer_read(struct peer *peer, u8 *type, void *data, size_t size);
void peer_expect(struct peer *peer, u8 type, const void *data, size_t len);
void peer_expect_alert(struct peer *peer, u8 alert);
void peer_expect_key_update(struct peer *peer, bool request);
void peer_expect_end(struct peer *peer);

#endif /* _SLUICE_TESTS_PEER_H */
