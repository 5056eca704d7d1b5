// SPDX-License-Identifier: GPL-2.0
/*
 * The TLS connections of sockets: their life, and the list of them that a
 * network namespace keeps.
 *
 * A connection belongs to its socket. SLUICE_ATTACH makes it (sockopt.c), the
 * last close of the socket ends it (socket.c), and both run in process context.
 *
 * Lock order, outermost first:
 *	sluice_conn::tx_lock		a record and the key it needs
 *	tls_context::tx_lock		kTLS's own, ktls*.c only
 *	lock_sock()			receiving, and all of kTLS's state
 * sluice_net::lock stands alone: nothing is taken inside it and it is taken
 * inside nothing.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/netns/generic.h>
#include <net/tls.h>

#include "conn.h"
#include "ktls.h"
#include "send.h"
#include "session.h"

static unsigned int net_id __read_mostly;

/**
 * sluice_net() - the connections of a network namespace
 * @net: the namespace
 */
struct sluice_net *sluice_net(const struct net *net)
{
	return net_generic(net, net_id);
}

/**
 * sluice_conn_alloc() - make a connection
 * @sk: the socket that will own it
 * @cipher: its cipher suite
 *
 * Context: process; may sleep.
 * Return: the connection, of which no one else knows yet, or %NULL.
 */
struct sluice_conn *sluice_conn_alloc(struct sock *sk,
				      const struct sluice_cipher *cipher)
{
	struct sluice_conn *conn;

	conn = kzalloc_obj(*conn, GFP_KERNEL_ACCOUNT);
	if (!conn)
		return NULL;

	conn->sk = sk;
	conn->cipher = cipher;
	conn->pid = task_tgid_nr(current);
	conn->alert_sent = SLUICE_ALERT_NONE;
	conn->alert_received = SLUICE_ALERT_NONE;
	mutex_init(&conn->tx_lock);
	INIT_LIST_HEAD(&conn->node);
	INIT_DELAYED_WORK(&conn->owed_work, sluice_send_owed_work);
	return conn;
}

/**
 * sluice_conn_free() - end a connection's life
 * @conn: the connection; no socket shows it any more
 *
 * Softirqs may still hold a pointer to its struct proto, so the memory stays
 * until they are through. The secrets go at once.
 */
void sluice_conn_free(struct sluice_conn *conn)
{
	sluice_secret_wipe(&conn->tx_secret);
	sluice_secret_wipe(&conn->rx_secret);
	mutex_destroy(&conn->tx_lock);
	kfree_rcu(conn, rcu);
}

/* The session that waits for this connection, if the socket is a driver's. */
static struct sluice_session *find_session(const struct sluice_net *sn,
					   const struct sluice_conn *conn)
{
	struct sluice_session *session;

	list_for_each_entry(session, &sn->sessions, node)
		if (session->sock->sk == conn->sk)
			return session;
	return NULL;
}

/**
 * sluice_conn_link() - let others see the connection
 * @conn: attached, and the socket lock not held
 *
 * A session's connection has the session's id.
 */
void sluice_conn_link(struct sluice_conn *conn)
{
	struct sluice_net *sn = sluice_net(sock_net(conn->sk));
	struct sluice_conn *pos;

	mutex_lock(&sn->lock);
	conn->session = find_session(sn, conn);
	if (conn->session)
		conn->session->attached = true;
	conn->id = conn->session ? conn->session->id : ++sn->last_id;
	sn->ended.attached++;
	list_for_each_entry_reverse(pos, &sn->conns, node)
		if (pos->id < conn->id)
			break;
	list_add(&conn->node, &pos->node);
	mutex_unlock(&sn->lock);
}

/**
 * sluice_conn_unlink() - take the connection out of its list
 * @conn: a linked connection, while kTLS's state of it is still there
 *
 * What it counted goes to the namespace's totals.
 */
void sluice_conn_unlink(struct sluice_conn *conn)
{
	struct sluice_net *sn = sluice_net(sock_net(conn->sk));

	mutex_lock(&sn->lock);
	list_del(&conn->node);
	sluice_totals_add(&sn->ended, conn);
	mutex_unlock(&sn->lock);
}

/**
 * sluice_conn_info() - read the connection's state and counters
 * @conn: the connection
 * @info: where to
 *
 * Takes no lock, so that a statistic never waits for a peer: the figures are
 * each right, but not all of one instant.
 */
void sluice_conn_info(struct sluice_conn *conn,
		      struct sluice_info *info)
{
	*info = (struct sluice_info){
		.id = conn->id,
		.version = TLS_1_3_VERSION,
		.cipher_type = conn->cipher->type,
		.tx_state = READ_ONCE(conn->tx_state),
		.rx_state = READ_ONCE(conn->rx_state),
		.alert_sent = READ_ONCE(conn->alert_sent),
		.alert_received = READ_ONCE(conn->alert_received),
		.tx_bytes = READ_ONCE(conn->tx_bytes),
		.rx_bytes = atomic64_read(&conn->rx_bytes),
		.tx_key_updates = READ_ONCE(conn->tx_key_updates),
		.rx_key_updates = READ_ONCE(conn->rx_key_updates),
		.tickets = READ_ONCE(conn->tickets),
	};
	if (info->tx_state != SLUICE_DIR_DETACHED)
		info->tx_records = READ_ONCE(conn->tx_records) +
				   sluice_ktls_tx_seq(conn);
	if (info->rx_state != SLUICE_DIR_DETACHED)
		info->rx_records = READ_ONCE(conn->rx_records) +
				   sluice_ktls_rx_seq(conn);
}

static bool is_error_alert(u16 alert)
{
	return alert != SLUICE_ALERT_NONE && alert != SLUICE_ALERT_CLOSE_NOTIFY;
}

/**
 * sluice_totals_add() - add a connection's counters
 * @totals: to these; @totals->attached stays
 * @conn: the connection
 */
void sluice_totals_add(struct sluice_totals *totals,
		       struct sluice_conn *conn)
{
	struct sluice_info info;

	sluice_conn_info(conn, &info);
	totals->tx_bytes += info.tx_bytes;
	totals->rx_bytes += info.rx_bytes;
	totals->tx_records += info.tx_records;
	totals->rx_records += info.rx_records;
	totals->tx_key_updates += info.tx_key_updates;
	totals->rx_key_updates += info.rx_key_updates;
	totals->tickets += info.tickets;
	totals->alerts_sent += is_error_alert(info.alert_sent);
	totals->alerts_received += is_error_alert(info.alert_received);
	totals->truncated += info.rx_state == SLUICE_DIR_TRUNCATED;
}

static int __net_init net_init(struct net *net)
{
	struct sluice_net *sn = sluice_net(net);

	mutex_init(&sn->lock);
	INIT_LIST_HEAD(&sn->conns);
	INIT_LIST_HEAD(&sn->sessions);
	return 0;
}

/* A connection's socket holds the namespace, so none is left at its end. */
static void __net_exit net_exit(struct net *net)
{
	WARN_ON_ONCE(!list_empty(&sluice_net(net)->conns) ||
		     !list_empty(&sluice_net(net)->sessions));
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &net_id,
	.size = sizeof(struct sluice_net),
};

int __init sluice_net_init(void)
{
	return register_pernet_subsys(&net_ops);
}

void sluice_net_exit(void)
{
	unregister_pernet_subsys(&net_ops);
}
