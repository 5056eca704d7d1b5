// SPDX-License-Identifier: GPL-2.0
/*
 * The socket options of include/uapi/linux/sluice.h.
 *
 * They are registered with netfilter's sockopt hook, the one place where a
 * module can add an option to a socket that has kTLS on it. It checks no
 * capability and holds no lock; none is needed beyond the socket's own: who
 * can set kTLS's keys can attach the socket.
 */
#include <linux/module.h>
#include <linux/netfilter.h>
#include <linux/sockptr.h>
#include <linux/uaccess.h>
#include <net/tls.h>

#include "alpn.h"
#include "attach.h"
#include "conn.h"
#include "ktls.h"
#include "send.h"
#include "socket.h"

/* The octets of struct sluice_attach in its first version. */
#define ATTACH_SIZE_VER0	136

static int set_attach(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct sluice_attach args;
	int rc;

	BUILD_BUG_ON(offsetofend(struct sluice_attach, tx_update_after) !=
		     ATTACH_SIZE_VER0);
	if (optlen < ATTACH_SIZE_VER0)
		return -EINVAL;
	if (optlen > PAGE_SIZE)
		return -E2BIG;

	rc = copy_struct_from_sockptr(&args, sizeof(args), optval, optlen);
	if (!rc)
		rc = sluice_attach(sk, &args);
	memzero_explicit(&args, sizeof(args));
	return rc;
}

static int set_key_update(struct sock *sk, sockptr_t optval,
			  unsigned int optlen)
{
	struct sluice_conn *conn = sluice_conn_find(sk);
	u32 request;

	if (!conn)
		return -ENOTCONN;
	if (optlen != sizeof(request))
		return -EINVAL;
	if (copy_from_sockptr(&request, optval, sizeof(request)))
		return -EFAULT;
	if (request > SLUICE_UPDATE_REQUESTED)
		return -EINVAL;
	if (!(conn->flags & SLUICE_ATTACH_TX))
		return -EOPNOTSUPP;
	return sluice_send_key_update(conn, request);
}

static int set_engine(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct sluice_conn *conn;
	u32 mode;

	if (optlen != sizeof(mode))
		return -EINVAL;
	if (copy_from_sockptr(&mode, optval, sizeof(mode)))
		return -EFAULT;
	if (mode > SLUICE_ENGINE_FORCED)
		return -EINVAL;
	/* Only our sendmsg() says how much is to come. */
	conn = sluice_conn_find(sk);
	if (mode == SLUICE_ENGINE_AUTO &&
	    (!conn || !(conn->flags & SLUICE_ATTACH_TX)))
		return -ENOTCONN;
	return sluice_ktls_set_engine(sk, mode);
}

static int sluice_setsockopt(struct sock *sk, int optname, sockptr_t optval,
			     unsigned int optlen)
{
	if (!sk_is_tcp(sk))
		return -EOPNOTSUPP;

	switch (optname) {
	case SLUICE_ATTACH:
		return set_attach(sk, optval, optlen);
	case SLUICE_KEY_UPDATE:
		return set_key_update(sk, optval, optlen);
	case SLUICE_ALPN:
		return sluice_alpn_set(sk, optval, optlen);
	default:
		return set_engine(sk, optval, optlen);
	}
}

static int get_engine(struct sock *sk, void __user *optval, int *optlen)
{
	struct sluice_engine_info info;
	int rc;

	if (!sk_is_tcp(sk))
		return -EOPNOTSUPP;
	if (*optlen < 0)
		return -EINVAL;

	rc = sluice_ktls_engine_info(sk, &info);
	if (rc)
		return rc;
	*optlen = min_t(size_t, *optlen, sizeof(info));
	return copy_to_user(optval, &info, *optlen) ? -EFAULT : 0;
}

static int sluice_getsockopt(struct sock *sk, int optname, void __user *optval,
			     int *optlen)
{
	struct sluice_conn *conn = sluice_conn_find(sk);
	struct sluice_info info;

	if (optname == SLUICE_ENGINE)
		return get_engine(sk, optval, optlen);
	if (optname == SLUICE_ALPN)
		return sluice_alpn_get(sk, optval, optlen);
	if (optname != SLUICE_INFO)
		return -ENOPROTOOPT;
	if (!conn)
		return -ENOTCONN;
	if (*optlen < 0)
		return -EINVAL;

	sluice_conn_info(conn, &info);
	*optlen = min_t(size_t, *optlen, sizeof(info));
	return copy_to_user(optval, &info, *optlen) ? -EFAULT : 0;
}

static struct nf_sockopt_ops sockopts[] = {
	{
		.pf = PF_INET,
		.set_optmin = SLUICE_ATTACH,
		.set_optmax = SLUICE_ALPN + 1,
		.set = sluice_setsockopt,
		.get_optmin = SLUICE_INFO,
		.get_optmax = SLUICE_ALPN + 1,
		.get = sluice_getsockopt,
		.owner = THIS_MODULE,
	}, {
		.pf = PF_INET6,
		.set_optmin = SLUICE_ATTACH,
		.set_optmax = SLUICE_ALPN + 1,
		.set = sluice_setsockopt,
		.get_optmin = SLUICE_INFO,
		.get_optmax = SLUICE_ALPN + 1,
		.get = sluice_getsockopt,
		.owner = THIS_MODULE,
	},
};

int __init sluice_sockopt_init(void)
{
	int rc;

	rc = nf_register_sockopt(&sockopts[0]);
	if (rc)
		return rc;
	rc = nf_register_sockopt(&sockopts[1]);
	if (rc)
		nf_unregister_sockopt(&sockopts[0]);
	return rc;
}

void sluice_sockopt_exit(void)
{
	nf_unregister_sockopt(&sockopts[1]);
	nf_unregister_sockopt(&sockopts[0]);
}
