// SPDX-License-Identifier: GPL-2.0
/*
 * Records that are not data, in kTLS's hands.
 *
 * Decrypted records wait in rx_list: a control record that a reader met is at
 * its head until somebody takes it, and no record behind it is decrypted before
 * that.
 */
#include <linux/skbuff.h>
#include <linux/unaligned.h>
#include <net/strparser.h>
#include <net/tls.h>

#include "ktls.h"

/**
 * sluice_ktls_control() - look for a control record at the head
 * @conn: the connection
 * @record: is filled in; holds until sluice_ktls_consume()
 *
 * Context: socket lock held until sluice_ktls_consume().
 * Return: true if there is one.
 */
bool sluice_ktls_control(struct sluice_conn *conn,
			 struct sluice_record *record)
{
	struct tls_context *ctx = tls_get_ctx(conn->sk);
	struct sk_buff *skb = skb_peek(&tls_sw_ctx_rx(ctx)->rx_list);

	if (!skb)
		return false;

	record->type = ((struct sk_skb_cb *)skb->cb)->tls.control;
	if (record->type == SLUICE_RECORD_DATA)
		return false;

	/* It is the last record that was decrypted. */
	record->seq = get_unaligned_be64(ctx->rx.rec_seq) - 1;
	record->len = strp_msg(skb)->full_len;
	record->skb = skb;
	return true;
}

/**
 * sluice_ktls_copy() - copy from a control record's content
 * @record: the record
 * @offset: where to start
 * @to: where to
 * @len: how many octets; @offset + @len is at most the record's length
 *
 * Context: socket lock held.
 * Return: 0 or a negative errno.
 */
int sluice_ktls_copy(const struct sluice_record *record, size_t offset,
		     u8 *to, size_t len)
{
	return skb_copy_bits(record->skb,
			     strp_msg(record->skb)->offset + offset, to, len);
}

/**
 * sluice_ktls_consume() - take a control record away
 * @conn: the connection
 * @record: what sluice_ktls_control() found
 *
 * Context: socket lock held.
 */
void sluice_ktls_consume(struct sluice_conn *conn,
			 struct sluice_record *record)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(conn->sk));

	__skb_unlink(record->skb, &rx->rx_list);
	consume_skb(record->skb);
	record->skb = NULL;
}

/**
 * sluice_ktls_rx_unseen() - see whether the next record is not decrypted yet
 * @conn: the connection
 *
 * Context: any; the answer may be old.
 * Return: true if it has arrived, and might be a control record.
 */
bool sluice_ktls_rx_unseen(const struct sluice_conn *conn)
{
	struct tls_sw_context_rx *rx = tls_sw_ctx_rx(tls_get_ctx(conn->sk));

	return READ_ONCE(rx->strp.msg_ready) &&
	       skb_queue_empty_lockless(&rx->rx_list);
}

/**
 * sluice_ktls_rx_stopped() - see whether kTLS gave up on what it received
 * @conn: the connection
 *
 * Context: any; the answer may be old.
 * Return: true if a record's header was beyond repair.
 */
bool sluice_ktls_rx_stopped(const struct sluice_conn *conn)
{
	const struct tls_context *ctx = tls_get_ctx(conn->sk);

	if (ctx->rx_conf != TLS_SW)
		return false;
	/* A bit for good, beside others that change with each record. */
	return data_race(!!tls_sw_ctx_rx(ctx)->strp.stopped);
}

/**
 * sluice_ktls_tx_holds() - see whether kTLS has data that TCP has not
 * @conn: the connection
 *
 * A record is in tx_list before it is open no more, and leaves that list when
 * TCP has all of it: looked at in this order, and TCP after it, none is missed.
 *
 * Context: any.
 * Return: true if a record is open, or not with TCP as a whole.
 */
bool sluice_ktls_tx_holds(const struct sluice_conn *conn)
{
	struct tls_sw_context_tx *tx = tls_sw_ctx_tx(tls_get_ctx(conn->sk));

	if (READ_ONCE(tx->open_rec))
		return true;
	smp_rmb(); /* as said above */
	return READ_ONCE(tx->tx_list.next) != &tx->tx_list;
}

/**
 * sluice_ktls_send_control() - send one record that is not data
 * @conn: the connection
 * @type: content type
 * @data: content
 * @len: its octets
 * @flags: MSG_DONTWAIT or 0
 *
 * Data that waits for more (MSG_MORE) leaves first, in a record of its own.
 *
 * Context: process; conn->tx_lock held, socket lock not.
 * Return: 0; -EAGAIN or -ENOMEM, nothing was taken; or another negative errno.
 */
int sluice_ktls_send_control(struct sluice_conn *conn, u8 type,
			     const void *data, size_t len, int flags)
{
	union {
		struct cmsghdr hdr;
		u8 room[CMSG_SPACE(sizeof(u8))];
	} cmsg = {
		.hdr.cmsg_level = SOL_TLS,
		.hdr.cmsg_type = TLS_SET_RECORD_TYPE,
		.hdr.cmsg_len = CMSG_LEN(sizeof(u8)),
	};
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = {
		.msg_control = &cmsg,
		.msg_controllen = sizeof(cmsg),
		.msg_flags = flags | MSG_NOSIGNAL,
	};
	int n;

	*(u8 *)CMSG_DATA(&cmsg.hdr) = type;
	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, len);
	n = sluice_ktls_sendmsg(conn, &msg, len);
	return n < 0 ? n : 0;
}
