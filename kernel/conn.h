/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_CONN_H
#define _SLUICE_CONN_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include <uapi/linux/sluice.h>

#include "control.h"
#include "keys.h"

/* Bits of sluice_conn::owed: what to send before the next data. */
#define SLUICE_OWE_KEY_UPDATE	0	/* the peer asked for it */
#define SLUICE_OWE_ALERT	1	/* sluice_conn::alert_owed */
#define SLUICE_OWE_KEY_REQUEST	2	/* a KeyUpdate that asks for the peer's */
#define SLUICE_OWE_KEY		3	/* the key behind one that has left */

/**
 * struct sluice_conn - a socket that Sluice has adopted
 * @prot: copy of kTLS's struct proto with our functions in place of some;
 *	sk_prot points here, which is how a socket finds its connection
 * @ops: the same for struct proto_ops
 * @ktls_prot: what @prot was copied from
 * @ktls_ops: what @ops was copied from
 * @sk: the socket, which owns the connection: it lives from SLUICE_ATTACH
 *	until the socket's close, and RCU readers of @prot may still see it a while
 * @cipher: the cipher suite
 * @flags: SLUICE_ATTACH_*
 * @driven: a driver's session receives all there is: no need to look when
 *	sending
 * @bare: there are no secrets: no key can be renewed
 * @tx_update_after: records to send under one key
 * @id: number of the connection in its network namespace
 * @pid: the process that attached it
 * @session: the session that the socket is of, or %NULL; under
 *	sluice_net::lock
 * @node: in sluice_net::conns; under sluice_net::lock
 * @rcu: frees it
 *
 * @tx_lock: one sender at a time: held from before a record leaves until the
 *	key it needs is in place. A reader only ever tries it
 * @tx_secret: sending traffic secret; under @tx_lock
 * @tx_bytes: application data accepted; written under @tx_lock
 * @tx_records: records under the keys before this one; under @tx_lock
 * @tx_key_updates: keys before this one; under @tx_lock
 * @owed: SLUICE_OWE_*; atomic bit operations
 * @alert_owed: enum sluice_alert; written before its bit in @owed is set
 * @owed_work: sends what is owed where the caller could not
 *
 * @rx_secret: receiving traffic secret; under the socket lock, as are
 * @control: the parser of control records,
 * @controls: control records taken,
 * @rx_records: records under the keys before this one,
 * @rx_key_updates: keys before this one,
 * @tickets: tickets seen,
 * @rx_broken: what has broken TCP, with something left to read before, or 0, and
 * @rx_error: negative errno that every read returns once @rx_state is
 *	%SLUICE_DIR_FAILED or %SLUICE_DIR_TRUNCATED; written before @rx_state
 * @rx_bytes: application data read
 * @rx_shut: the process itself has shut the receiving side down
 *
 * @tx_state: enum sluice_dir_state; only ever leaves %SLUICE_DIR_OPEN
 * @rx_state: the same; written under the socket lock
 * @alert_sent: AlertDescription or %SLUICE_ALERT_NONE
 * @alert_received: the same
 */
struct sluice_conn {
	struct proto prot;
	struct proto_ops ops;
	struct proto *ktls_prot;
	const struct proto_ops *ktls_ops;
	struct sock *sk;
	const struct sluice_cipher *cipher;
	u32 flags;
	bool driven;
	bool bare;
	u64 tx_update_after;
	u64 id;
	pid_t pid;
	struct sluice_session *session;
	struct list_head node;
	struct rcu_head rcu;

	struct mutex tx_lock;	/* a record and the key it needs */
	struct sluice_secret tx_secret;
	u64 tx_bytes;
	u64 tx_records;
	u64 tx_key_updates;
	unsigned long owed;
	u8 alert_owed;
	struct delayed_work owed_work;

	struct sluice_secret rx_secret;
	struct sluice_control control;
	u64 controls;
	u64 rx_records;
	u64 rx_key_updates;
	u64 tickets;
	int rx_broken;
	int rx_error;
	atomic64_t rx_bytes;
	bool rx_shut;

	u8 tx_state;
	u8 rx_state;
	u16 alert_sent;
	u16 alert_received;
};

/**
 * struct sluice_totals - what the ended connections of a namespace add up to
 * @attached: sessions
 * @tx_bytes: octets of application data sent
 * @rx_bytes: octets of application data received
 * @tx_records: records sent
 * @rx_records: records received
 * @tx_key_updates: sending keys renewed
 * @rx_key_updates: receiving keys renewed
 * @tickets: tickets dropped
 * @alerts_sent: connections that sent an alert, close_notify not counted
 * @alerts_received: the same for receiving
 * @truncated: connections that TCP ended without close_notify
 */
struct sluice_totals {
	u64 attached;
	u64 tx_bytes;
	u64 rx_bytes;
	u64 tx_records;
	u64 rx_records;
	u64 tx_key_updates;
	u64 rx_key_updates;
	u64 tickets;
	u64 alerts_sent;
	u64 alerts_received;
	u64 truncated;
};

/**
 * struct sluice_net - the connections of a network namespace
 * @lock: guards all of it; taken with no other lock of ours, and no socket
 *	lock, held
 * @conns: the open connections, by rising id
 * @sessions: the sessions of drivers, by rising id
 * @last_id: of the latest connection or session
 * @ended: sums over the connections that are gone; @ended.attached counts all
 */
struct sluice_net {
	struct mutex lock;	/* all of this */
	struct list_head conns;
	struct list_head sessions;
	u64 last_id;
	struct sluice_totals ended;
};

extern struct workqueue_struct *sluice_wq;
extern struct workqueue_struct *sluice_percpu_wq;
extern struct workqueue_struct *sluice_reclaim_wq;

/**
 * sluice_wq_of() - where the work for a socket is to run
 * @sk: the socket
 *
 * Memory may be freed by way of some sockets (SOCK_MEMALLOC). What waits for
 * memory must not be before them in a queue.
 */
static inline struct workqueue_struct *sluice_wq_of(const struct sock *sk)
{
	return sock_flag(sk, SOCK_MEMALLOC) ? sluice_reclaim_wq : sluice_wq;
}

/**
 * sluice_reclaim_begin() - use the reserves of memory, if @sk may
 * @sk: the socket that is worked for
 *
 * Return: for memalloc_noreclaim_restore(), which has to follow.
 */
static inline unsigned int sluice_reclaim_begin(const struct sock *sk)
{
	return sock_flag(sk, SOCK_MEMALLOC) ? memalloc_noreclaim_save() : 0;
}

/**
 * sluice_conn_of() - the connection of a socket that has one
 * @sk: the socket; its sk_prot is a connection's
 */
static inline struct sluice_conn *sluice_conn_of(const struct sock *sk)
{
	return container_of(READ_ONCE(sk->sk_prot), struct sluice_conn,
			    prot);
}

struct sluice_conn *sluice_conn_alloc(struct sock *sk,
				      const struct sluice_cipher *cipher);
void sluice_conn_link(struct sluice_conn *conn);
void sluice_conn_unlink(struct sluice_conn *conn);
void sluice_conn_free(struct sluice_conn *conn);
void sluice_conn_info(struct sluice_conn *conn,
		      struct sluice_info *info);
void sluice_totals_add(struct sluice_totals *totals,
		       struct sluice_conn *conn);
struct sluice_net *sluice_net(const struct net *net);

int sluice_net_init(void);
void sluice_net_exit(void);

#endif /* _SLUICE_CONN_H */
