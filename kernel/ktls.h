/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_KTLS_H
#define _SLUICE_KTLS_H

#include "conn.h"

/**
 * struct sluice_record - a control record at the head of the receive queue
 * @type: content type
 * @seq: sequence number under its key
 * @len: octets of its content
 * @skb: the decrypted record
 */
struct sluice_record {
	u8 type;
	u64 seq;
	size_t len;
	struct sk_buff *skb;
};

/* ktls.c */
int sluice_ktls_check_socket(struct sock *sk);
int sluice_ktls_cipher(struct sock *sk);
void sluice_ktls_show(struct sluice_conn *conn);
void sluice_ktls_hide(struct sluice_conn *conn);
u16 sluice_ktls_payload_max(const struct sluice_conn *conn);

/* ktls_keys.c */
int sluice_ktls_check(struct sock *sk, const struct sluice_cipher *cipher,
		      bool tx, const struct sluice_key *key, u64 seq);
u64 sluice_ktls_tx_seq(const struct sluice_conn *conn);
u64 sluice_ktls_rx_seq(const struct sluice_conn *conn);
int sluice_ktls_rekey_tx(struct sluice_conn *conn,
			 const struct sluice_key *key);
int sluice_ktls_rekey_rx(struct sluice_conn *conn,
			 const struct sluice_key *key);
void sluice_ktls_no_rekey(struct sluice_conn *conn);

/* ktls_record.c */
bool sluice_ktls_tx_holds(const struct sluice_conn *conn);
bool sluice_ktls_control(struct sluice_conn *conn,
			 struct sluice_record *record);
int sluice_ktls_copy(const struct sluice_record *record, size_t offset,
		     u8 *to, size_t len);
void sluice_ktls_consume(struct sluice_conn *conn,
			 struct sluice_record *record);
bool sluice_ktls_rx_unseen(const struct sluice_conn *conn);
bool sluice_ktls_rx_stopped(const struct sluice_conn *conn);

/* ktls_send.c */
bool sluice_ktls_clear_error(struct sluice_conn *conn);
void sluice_ktls_forget_error(struct sluice_conn *conn);
bool sluice_ktls_held(const struct sluice_conn *conn);
bool sluice_ktls_unsent(const struct sluice_conn *conn);
bool sluice_ktls_stuck(const struct sluice_conn *conn);
void sluice_ktls_push(const struct sluice_conn *conn,
		      struct workqueue_struct *wq);
int sluice_ktls_tx_check(struct sluice_conn *conn);
int sluice_ktls_sendmsg(struct sluice_conn *conn, struct msghdr *msg,
			size_t len);
int sluice_ktls_send_control(struct sluice_conn *conn, u8 type,
			     const void *data, size_t len, int flags);

/* ktls_engine.c */
int sluice_ktls_set_engine(struct sock *sk, u32 mode);
int sluice_ktls_engine_info(struct sock *sk, struct sluice_engine_info *info);
bool sluice_ktls_burst_begin(struct sluice_conn *conn, size_t len, bool more);
void sluice_ktls_burst_end(struct sluice_conn *conn, bool more);

#endif /* _SLUICE_KTLS_H */
