// SPDX-License-Identifier: GPL-2.0
/*
 * TCP sockets of the kernel's own, in the initial network namespace.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/net.h>
#include <linux/tcp.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "helpers.h"

static int to_sockaddr(const struct sluice_addr *addr,
		       struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	if (addr->ipv6) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(addr->port);
		in6->sin6_scope_id = addr->scope_id;
		memcpy(&in6->sin6_addr, addr->ip, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	}
	in->sin_family = AF_INET;
	in->sin_port = htons(addr->port);
	memcpy(&in->sin_addr, addr->ip, sizeof(in->sin_addr));
	return sizeof(*in);
}

static int from_sockaddr(const struct sockaddr_storage *ss,
			 struct sluice_addr *addr)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *in = (const struct sockaddr_in *)ss;

	memset(addr, 0, sizeof(*addr));
	switch (ss->ss_family) {
	case AF_INET6:
		addr->ipv6 = true;
		addr->port = ntohs(in6->sin6_port);
		addr->scope_id = in6->sin6_scope_id;
		memcpy(addr->ip, &in6->sin6_addr, sizeof(in6->sin6_addr));
		return 0;
	case AF_INET:
		addr->port = ntohs(in->sin_port);
		memcpy(addr->ip, &in->sin_addr, sizeof(in->sin_addr));
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

static int create(const struct sluice_addr *addr,
		  struct socket **res)
{
	return sock_create_kern(&init_net, addr->ipv6 ? AF_INET6 : AF_INET,
				SOCK_STREAM, IPPROTO_TCP, res);
}

int rust_helper_sluice_connect(const struct sluice_addr *to,
			       unsigned int timeout_ms, struct socket **res)
{
	struct sockaddr_storage ss;
	int len = to_sockaddr(to, &ss);
	struct socket *sock;
	int rc;

	rc = create(to, &sock);
	if (rc)
		return rc;
	if (timeout_ms)
		WRITE_ONCE(sock->sk->sk_sndtimeo, msecs_to_jiffies(timeout_ms));
	rc = kernel_connect(sock, (struct sockaddr_unsized *)&ss, len, 0);
	WRITE_ONCE(sock->sk->sk_sndtimeo, MAX_SCHEDULE_TIMEOUT);
	if (rc) {
		sock_release(sock);
		return rc == -EINPROGRESS ? -ETIMEDOUT : rc;
	}
	*res = sock;
	return 0;
}

int rust_helper_sluice_listen(const struct sluice_addr *at,
			      int backlog, struct socket **res)
{
	struct sockaddr_storage ss;
	int len = to_sockaddr(at, &ss);
	struct socket *sock;
	int rc;

	rc = create(at, &sock);
	if (rc)
		return rc;
	sock_set_reuseaddr(sock->sk);
	rc = kernel_bind(sock, (struct sockaddr_unsized *)&ss, len);
	if (!rc)
		rc = kernel_listen(sock, backlog);
	if (rc) {
		sock_release(sock);
		return rc;
	}
	*res = sock;
	return 0;
}

int rust_helper_sluice_accept(struct socket *listener, struct socket **res)
{
	return kernel_accept(listener, res, 0);
}

/* The socket comes with a reference to its file. */
int rust_helper_sluice_from_fd(int fd, struct socket **res)
{
	int rc;

	*res = sockfd_lookup(fd, &rc);
	return *res ? 0 : rc;
}

/* Its file counts who has it. */
int rust_helper_sluice_share(struct socket *sock)
{
	if (!sock->file)
		return -EBADF;
	get_file(sock->file);
	return 0;
}

int rust_helper_sluice_name(struct socket *sock, bool peer,
			    struct sluice_addr *addr)
{
	struct sockaddr_storage ss;
	int rc;

	rc = peer ? kernel_getpeername(sock, (struct sockaddr *)&ss) :
		    kernel_getsockname(sock, (struct sockaddr *)&ss);
	return rc < 0 ? rc : from_sockaddr(&ss, addr);
}

/* Whoever waits in connect, accept or a read is woken. */
void rust_helper_sluice_shutdown(struct socket *sock)
{
	kernel_sock_shutdown(sock, SHUT_RDWR);
}

void rust_helper_sluice_nodelay(struct socket *sock)
{
	tcp_sock_set_nodelay(sock->sk);
}

void rust_helper_sluice_release(struct socket *sock)
{
	if (sock->file)
		sockfd_put(sock);
	else
		sock_release(sock);
}
