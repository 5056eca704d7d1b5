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
#include "conn.h"

static struct genl_family family;

static bool may_see(const struct sk_buff *request,
		    const struct sluice_conn *conn)
{
	return uid_eq(sk_uid(conn->sk), NETLINK_CREDS(request)->uid) ||
	       netlink_ns_capable(request,
				  sock_net(conn->sk)->user_ns,
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

static int put_session(struct sk_buff *msg, u32 portid, u32 seq, int flags,
		       struct sluice_conn *conn)
{
	struct user_namespace *user_ns = sock_net(conn->sk)->user_ns;
	struct sluice_info info;
	void *hdr;

	hdr = genlmsg_put(msg, portid, seq, &family, flags,
			  SLUICE_CMD_SESSION_GET);
	if (!hdr)
		return -EMSGSIZE;

	sluice_conn_info(conn, &info);
	if (nla_put_uint(msg, SLUICE_A_SESSION_ID, info.id) ||
	    nla_put_u32(msg, SLUICE_A_SESSION_PID, conn->pid) ||
	    nla_put_u32(msg, SLUICE_A_SESSION_UID,
			from_kuid_munged(user_ns, sk_uid(conn->sk))) ||
	    put_addresses(msg, conn->sk) ||
	    nla_put_u16(msg, SLUICE_A_SESSION_VERSION, info.version) ||
	    nla_put_u16(msg, SLUICE_A_SESSION_CIPHER, info.cipher_type) ||
	    nla_put_u8(msg, SLUICE_A_SESSION_TX_STATE, info.tx_state) ||
	    nla_put_u8(msg, SLUICE_A_SESSION_RX_STATE, info.rx_state) ||
	    put_alert(msg, SLUICE_A_SESSION_ALERT_SENT, info.alert_sent) ||
	    put_alert(msg, SLUICE_A_SESSION_ALERT_RECEIVED,
		      info.alert_received) ||
	    nla_put_uint(msg, SLUICE_A_SESSION_TX_BYTES, info.tx_bytes) ||
	    nla_put_uint(msg, SLUICE_A_SESSION_RX_BYTES, info.rx_bytes) ||
	    nla_put_uint(msg, SLUICE_A_SESSION_TX_RECORDS, info.tx_records) ||
	    nla_put_uint(msg, SLUICE_A_SESSION_RX_RECORDS, info.rx_records) ||
	    nla_put_uint(msg, SLUICE_A_SESSION_TX_KEY_UPDATES,
			 info.tx_key_updates) ||
	    nla_put_uint(msg, SLUICE_A_SESSION_RX_KEY_UPDATES,
			 info.rx_key_updates) ||
	    nla_put_uint(msg, SLUICE_A_SESSION_TICKETS, info.tickets)) {
		genlmsg_cancel(msg, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return 0;
}

static int session_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sluice_net *sn = sluice_net(genl_info_net(info));
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
		if (conn->id != id || !may_see(skb, conn))
			continue;
		rc = put_session(msg, info->snd_portid, info->snd_seq, 0,
				 conn);
		break;
	}
	mutex_unlock(&sn->lock);

	if (rc) {
		nlmsg_free(msg);
		return rc;
	}
	return genlmsg_reply(msg, info);
}

/* What a dump keeps between two messages: the last id it has shown. */
struct dump_state {
	u64 last_id;
};

static int session_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct dump_state *state = (void *)cb->ctx;
	struct sluice_net *sn = sluice_net(sock_net(skb->sk));
	struct sluice_conn *conn;
	int rc = 0;

	NL_ASSERT_CTX_FITS(struct dump_state);

	mutex_lock(&sn->lock);
	list_for_each_entry(conn, &sn->conns, node) {
		if (conn->id <= state->last_id || !may_see(cb->skb, conn))
			continue;
		rc = put_session(skb, NETLINK_CB(cb->skb).portid,
				 cb->nlh->nlmsg_seq, NLM_F_MULTI, conn);
		if (rc)
			break;
		state->last_id = conn->id;
	}
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
