// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family: which sessions there are and what they count.
 *
 * Everything is of the network namespace of the asking socket. Sessions of
 * another user are shown to CAP_NET_ADMIN in that namespace only.
 */
#include <net/genetlink.h>
#include <net/inet_sock.h>

#include "netlink.h"
#include "session.h"
#include "conn.h"

static struct genl_family family;

static bool may_see(const struct sk_buff *request, const struct sock *sk)
{
	return uid_eq(sk_uid(sk), NETLINK_CREDS(request)->uid) ||
	       netlink_ns_capable(request, sock_net(sk)->user_ns,
				  CAP_NET_ADMIN);
}

static int put_addresses(struct sk_buff *msg, const struct sock *sk)
{
	const struct inet_sock *inet = inet_sk(sk);
	u16 family = sk->sk_family;

#if IS_ENABLED(CONFIG_IPV6)
	if (family == AF_INET6)
		return nla_put_in6_addr(msg, SLUICE_A_SESSION_LOCAL,
					&sk->sk_v6_rcv_saddr) ||
		       nla_put_in6_addr(msg, SLUICE_A_SESSION_PEER,
					&sk->sk_v6_daddr) ||
		       nla_put_u16(msg, SLUICE_A_SESSION_FAMILY, family) ||
		       nla_put_u16(msg, SLUICE_A_SESSION_LOCAL_PORT,
				   ntohs(inet->inet_sport)) ||
		       nla_put_u16(msg, SLUICE_A_SESSION_PEER_PORT,
				   ntohs(inet->inet_dport));
#endif
	return nla_put_in_addr(msg, SLUICE_A_SESSION_LOCAL,
			       inet->inet_rcv_saddr) ||
	       nla_put_in_addr(msg, SLUICE_A_SESSION_PEER, inet->inet_daddr) ||
	       nla_put_u16(msg, SLUICE_A_SESSION_FAMILY, family) ||
	       nla_put_u16(msg, SLUICE_A_SESSION_LOCAL_PORT,
			   ntohs(inet->inet_sport)) ||
	       nla_put_u16(msg, SLUICE_A_SESSION_PEER_PORT,
			   ntohs(inet->inet_dport));
}

static int put_alert(struct sk_buff *msg, int attr, u16 alert)
{
	return alert == SLUICE_ALERT_NONE ? 0 : nla_put_u16(msg, attr, alert);
}

/* What is known of a socket without its being attached. */
static int put_socket(struct sk_buff *msg, const struct sock *sk, u64 id)
{
	return nla_put_uint(msg, SLUICE_A_SESSION_ID, id) ||
	       nla_put_u32(msg, SLUICE_A_SESSION_UID,
			   from_kuid_munged(sock_net(sk)->user_ns,
					    sk_uid(sk))) ||
	       put_addresses(msg, sk);
}

static int put_driver(struct sk_buff *msg, const struct sluice_session *session)
{
	int error = sluice_session_error(session);

	return nla_put_u8(msg, SLUICE_A_SESSION_STATE,
			  sluice_session_state(session)) ||
	       nla_put_string(msg, SLUICE_A_SESSION_MODULE, session->name) ||
	       (error && nla_put_u32(msg, SLUICE_A_SESSION_ERROR, -error));
}

static int put_conn(struct sk_buff *msg, struct sluice_conn *conn)
{
	struct sluice_info info;

	sluice_conn_info(conn, &info);
	return nla_put_u32(msg, SLUICE_A_SESSION_PID, conn->pid) ||
	       nla_put_u16(msg, SLUICE_A_SESSION_VERSION, info.version) ||
	       nla_put_u16(msg, SLUICE_A_SESSION_CIPHER, info.cipher_type) ||
	       nla_put_u8(msg, SLUICE_A_SESSION_TX_STATE, info.tx_state) ||
	       nla_put_u8(msg, SLUICE_A_SESSION_RX_STATE, info.rx_state) ||
	       put_alert(msg, SLUICE_A_SESSION_ALERT_SENT, info.alert_sent) ||
	       put_alert(msg, SLUICE_A_SESSION_ALERT_RECEIVED,
			 info.alert_received) ||
	       nla_put_uint(msg, SLUICE_A_SESSION_TX_BYTES, info.tx_bytes) ||
	       nla_put_uint(msg, SLUICE_A_SESSION_RX_BYTES, info.rx_bytes) ||
	       nla_put_uint(msg, SLUICE_A_SESSION_TX_RECORDS,
			    info.tx_records) ||
	       nla_put_uint(msg, SLUICE_A_SESSION_RX_RECORDS,
			    info.rx_records) ||
	       nla_put_uint(msg, SLUICE_A_SESSION_TX_KEY_UPDATES,
			    info.tx_key_updates) ||
	       nla_put_uint(msg, SLUICE_A_SESSION_RX_KEY_UPDATES,
			    info.rx_key_updates) ||
	       nla_put_uint(msg, SLUICE_A_SESSION_TICKETS, info.tickets);
}

/* One of @conn and @session may be missing. */
static int put_session(struct sk_buff *msg, u32 portid, u32 seq, int flags,
		       struct sluice_conn *conn,
		       const struct sluice_session *session)
{
	void *hdr;

	hdr = genlmsg_put(msg, portid, seq, &family, flags,
			  SLUICE_CMD_SESSION_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (put_socket(msg, conn ? conn->sk : session->sock->sk,
		       conn ? conn->id : session->id) ||
	    (conn && put_conn(msg, conn)) ||
	    (session && put_driver(msg, session))) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

static int session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sluice_net *sn = sluice_net(genl_info_net(info));
	struct sluice_session *session;
	struct sluice_conn *conn;
	struct sk_buff *msg;
	int rc = -ENOENT;
	u64 id;

	if (GENL_REQ_ATTR_CHECK(info, SLUICE_A_SESSION_ID))
		return -EINVAL;
	id = nla_get_uint(info->attrs[SLUICE_A_SESSION_ID]);

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;

	mutex_lock(&sn->lock);
	list_for_each_entry(conn, &sn->conns, node) {
		if (conn->id != id || !may_see(skb, conn->sk))
			continue;
		rc = put_session(msg, info->snd_portid, info->snd_seq, 0,
				 conn, conn->session);
		break;
	}
	list_for_each_entry(session, &sn->sessions, node) {
		if (session->id != id || session->attached ||
		    !may_see(skb, session->sock->sk))
			continue;
		rc = put_session(msg, info->snd_portid, info->snd_seq, 0,
				 NULL, session);
		break;
	}
	mutex_unlock(&sn->lock);

	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return genlmsg_reply(msg, info);
}

/*
 * What a dump keeps between two messages: the last ids it has shown, of
 * connections and then of sessions that have none.
 */
struct dump_state {
	u64 last_id;
	u64 last_session;
};

static int session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *state = (void *)cb->ctx;
	struct sluice_net *sn = sluice_net(sock_net(skb->sk));
	u32 portid = NETLINK_CB(cb->skb).portid, seq = cb->nlh->nlmsg_seq;
	struct sluice_session *session;
	struct sluice_conn *conn;
	int rc = 0;

	NL_ASSERT_CTX_FITS(struct dump_state);

	mutex_lock(&sn->lock);
	list_for_each_entry(conn, &sn->conns, node) {
		if (conn->id <= state->last_id || !may_see(cb->skb, conn->sk))
			continue;
		rc = put_session(skb, portid, seq, NLM_F_MULTI, conn,
				 conn->session);
		if (rc)
			goto full;
		state->last_id = conn->id;
	}
	list_for_each_entry(session, &sn->sessions, node) {
		if (session->id <= state->last_session || session->attached ||
		    !may_see(cb->skb, session->sock->sk))
			continue;
		rc = put_session(skb, portid, seq, NLM_F_MULTI, NULL, session);
		if (rc)
			goto full;
		state->last_session = session->id;
	}
full:
	mutex_unlock(&sn->lock);
	return rc;
}

static int put_totals(struct sk_buff *msg, const struct sluice_totals *totals,
		      u64 open)
{
	return nla_put_uint(msg, SLUICE_A_STATS_OPEN, open) ||
	       nla_put_uint(msg, SLUICE_A_STATS_ATTACHED, totals->attached) ||
	       nla_put_uint(msg, SLUICE_A_STATS_TX_BYTES, totals->tx_bytes) ||
	       nla_put_uint(msg, SLUICE_A_STATS_RX_BYTES, totals->rx_bytes) ||
	       nla_put_uint(msg, SLUICE_A_STATS_TX_RECORDS,
			    totals->tx_records) ||
	       nla_put_uint(msg, SLUICE_A_STATS_RX_RECORDS,
			    totals->rx_records) ||
	       nla_put_uint(msg, SLUICE_A_STATS_TX_KEY_UPDATES,
			    totals->tx_key_updates) ||
	       nla_put_uint(msg, SLUICE_A_STATS_RX_KEY_UPDATES,
			    totals->rx_key_updates) ||
	       nla_put_uint(msg, SLUICE_A_STATS_TICKETS, totals->tickets) ||
	       nla_put_uint(msg, SLUICE_A_STATS_ALERTS_SENT,
			    totals->alerts_sent) ||
	       nla_put_uint(msg, SLUICE_A_STATS_ALERTS_RECEIVED,
			    totals->alerts_received) ||
	       nla_put_uint(msg, SLUICE_A_STATS_TRUNCATED, totals->truncated);
}

static int stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sluice_net *sn = sluice_net(genl_info_net(info));
	struct sluice_conn *conn;
	struct sluice_totals totals;
	struct sk_buff *msg;
	u64 open = 0;
	void *hdr;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &family, 0, SLUICE_CMD_STATS_GET);
	if (!hdr)
		goto too_small;

	mutex_lock(&sn->lock);
	totals = sn->ended;
	list_for_each_entry(conn, &sn->conns, node) {
		sluice_totals_add(&totals, conn);
		open++;
	}
	mutex_unlock(&sn->lock);

	if (put_totals(msg, &totals, open))
		goto too_small;
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);

too_small:
	nlmsg_free(msg);
	return -EMSGSIZE;
}

static const struct nla_policy session_policy[] = {
	[SLUICE_A_SESSION_ID] = { .type = NLA_UINT },
};

static const struct genl_split_ops split_ops[] = {
	{
		.cmd = SLUICE_CMD_SESSION_GET,
		.doit = session_get_doit,
		.policy = session_policy,
		.maxattr = SLUICE_A_SESSION_ID,
		.flags = GENL_CMD_CAP_DO,
	}, {
		.cmd = SLUICE_CMD_SESSION_GET,
		.dumpit = session_get_dumpit,
		.flags = GENL_CMD_CAP_DUMP,
	}, {
		.cmd = SLUICE_CMD_STATS_GET,
		.doit = stats_get_doit,
		.flags = GENL_CMD_CAP_DO,
	},
};

static struct genl_family family __ro_after_init = {
	.name = SLUICE_FAMILY_NAME,
	.version = SLUICE_FAMILY_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.split_ops = split_ops,
	.n_split_ops = ARRAY_SIZE(split_ops),
};

int __init sluice_netlink_init(void)
{
	return genl_register_family(&family);
}

void sluice_netlink_exit(void)
{
	genl_unregister_family(&family);
}
