// SPDX-License-Identifier: GPL-2.0
/*
 * Sessions: their life, and the list of them that a network namespace keeps.
 *
 * A session belongs to its socket. SLUICE_ATTACH makes it (sockopt.c), the last
 * close of the socket ends it (socket.c), and both run in process context.
 *
 * Lock order, outermost first:
 *	sluice_session::tx_lock		a record and the key it needs
 *	tls_context::tx_lock		kTLS's own, ktls.c only
 *	lock_sock()			receiving, and all of kTLS's state
 * sluice_net::lock stands alone: nothing is taken inside it and it is taken
 * inside nothing.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <net/netns/generic.h>
#include <net/tls.h>

#include "ktls.h"
#include "send.h"
#include "session.h"

static unsigned int net_id __read_mostly;

/**
 * sluice_net() - the sessions of a network namespace
 * @net: the namespace
 */
struct sluice_net *sluice_net(const struct net *net)
{
	return net_generic(net, net_id);
}

/**
 * sluice_session_alloc() - make a session
 * @sk: the socket that will own it
 * @cipher: its cipher suite
 *
 * Context: process; may sleep.
 * Return: the session, of which no one else knows yet, or %NULL.
 */
struct sluice_session *sluice_session_alloc(struct sock *sk,
					    const struct sluice_cipher *cipher)
{
	struct sluice_session *session;

	session = kzalloc_obj(*session, GFP_KERNEL_ACCOUNT);
	if (!session)
		return NULL;

	session->sk = sk;
	session->cipher = cipher;
	session->pid = task_tgid_nr(current);
	session->alert_sent = SLUICE_ALERT_NONE;
	session->alert_received = SLUICE_ALERT_NONE;
	mutex_init(&session->tx_lock);
	INIT_LIST_HEAD(&session->node);
	INIT_DELAYED_WORK(&session->owed_work, sluice_send_owed_work);
	return session;
}

/**
 * sluice_session_free() - end a session's life
 * @session: the session; no socket shows it any more
 *
 * Softirqs may still hold a pointer to its struct proto, so the memory stays
 * until they are through. The secrets go at once.
 */
void sluice_session_free(struct sluice_session *session)
{
	sluice_secret_wipe(&session->tx_secret);
	sluice_secret_wipe(&session->rx_secret);
	mutex_destroy(&session->tx_lock);
	kfree_rcu(session, rcu);
}

/**
 * sluice_session_link() - let others see the session
 * @session: attached, and the socket lock not held
 */
void sluice_session_link(struct sluice_session *session)
{
	struct sluice_net *sn = sluice_net(sock_net(session->sk));

	mutex_lock(&sn->lock);
	session->id = ++sn->last_id;
	sn->ended.attached++;
	list_add_tail(&session->node, &sn->sessions);
	mutex_unlock(&sn->lock);
}

/**
 * sluice_session_unlink() - take the session out of its list
 * @session: a linked session, while kTLS's state of it is still there
 *
 * What it counted goes to the namespace's totals.
 */
void sluice_session_unlink(struct sluice_session *session)
{
	struct sluice_net *sn = sluice_net(sock_net(session->sk));

	mutex_lock(&sn->lock);
	list_del(&session->node);
	sluice_totals_add(&sn->ended, session);
	mutex_unlock(&sn->lock);
}

/**
 * sluice_session_info() - read the session's state and counters
 * @session: the session
 * @info: where to
 *
 * Takes no lock, so that a statistic never waits for a peer: the figures are
 * each right, but not all of one instant.
 */
void sluice_session_info(struct sluice_session *session,
			 struct sluice_info *info)
{
	*info = (struct sluice_info){
		.id = session->id,
		.version = TLS_1_3_VERSION,
		.cipher_type = session->cipher->type,
		.tx_state = READ_ONCE(session->tx_state),
		.rx_state = READ_ONCE(session->rx_state),
		.alert_sent = READ_ONCE(session->alert_sent),
		.alert_received = READ_ONCE(session->alert_received),
		.tx_bytes = READ_ONCE(session->tx_bytes),
		.rx_bytes = atomic64_read(&session->rx_bytes),
		.tx_key_updates = READ_ONCE(session->tx_key_updates),
		.rx_key_updates = READ_ONCE(session->rx_key_updates),
		.tickets = READ_ONCE(session->tickets),
	};
	if (info->tx_state != SLUICE_DIR_DETACHED)
		info->tx_records = READ_ONCE(session->tx_records) +
				   sluice_ktls_tx_seq(session);
	if (info->rx_state != SLUICE_DIR_DETACHED)
		info->rx_records = READ_ONCE(session->rx_records) +
				   sluice_ktls_rx_seq(session);
}

static bool is_error_alert(u16 alert)
{
	return alert != SLUICE_ALERT_NONE && alert != SLUICE_ALERT_CLOSE_NOTIFY;
}

/**
 * sluice_totals_add() - add a session's counters
 * @totals: to these; @totals->attached stays
 * @session: the session
 */
void sluice_totals_add(struct sluice_totals *totals,
		       struct sluice_session *session)
{
	struct sluice_info info;

	sluice_session_info(session, &info);
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
	INIT_LIST_HEAD(&sn->sessions);
	return 0;
}

/* A session's socket holds the namespace, so none is left at its end. */
static void __net_exit net_exit(struct net *net)
{
	WARN_ON_ONCE(!list_empty(&sluice_net(net)->sessions));
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
