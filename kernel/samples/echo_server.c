// SPDX-License-Identifier: GPL-2.0
/*
 * Sample: an echo service over TLS, in the kernel (RFC 862, with TLS).
 *
 *	insmod sluice_echo_server.ko port=7777 cert=SERIAL privkey=SERIAL
 *	insmod sluice_echo_server.ko port=7777 psk=SERIAL
 *
 * Without any key the agent (sluiced or tlshd) uses the certificate of its own
 * configuration. Everything is asynchronous: one buffer goes round between
 * sluice_recv() and sluice_send(), and what has ended is let go of.
 */
#include <linux/bvec.h>
#include <linux/in6.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/sluice.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#define ECHO_ORDER	2	/* 16 KiB: the most that a record carries */
#define ECHO_SIZE	(PAGE_SIZE << ECHO_ORDER)

static ushort port = 7777;
module_param(port, ushort, 0444);
MODULE_PARM_DESC(port, "TCP port (7777)");
static int cert;
module_param(cert, int, 0444);
MODULE_PARM_DESC(cert, "serial of the key with the certificate");
static int privkey;
module_param(privkey, int, 0444);
MODULE_PARM_DESC(privkey, "serial of the key with the private key");
static int psk;
module_param(psk, int, 0444);
MODULE_PARM_DESC(psk, "serial of a pre-shared key, instead of a certificate");
static int keyring;
module_param(keyring, int, 0444);
MODULE_PARM_DESC(keyring, "serial of the keyring that these are in");

static char *alpn;
module_param(alpn, charp, 0444);
MODULE_PARM_DESC(alpn, "the application protocol that clients have to offer");

static bool reclaim;
module_param(reclaim, bool, 0444);
MODULE_PARM_DESC(reclaim, "go on when memory runs out");

static struct socket *listener;
static struct task_struct *acceptor;
static DEFINE_MUTEX(echoes_lock);	/* echoes */
static LIST_HEAD(echoes);		/* that nobody has let go of */

/**
 * struct echo - one connection
 * @session: its TLS
 * @page: what goes round
 * @bvec: as much of it as there is
 * @recv: octets come in
 * @send: and go out
 * @node: in echoes, or empty; under echoes_lock
 */
struct echo {
	struct sluice_session *session;
	struct page *page;
	struct bio_vec bvec;
	struct sluice_recv recv;
	struct sluice_send send;
	struct list_head node;
};

static void echo_free(void *priv)
{
	struct echo *echo = priv;

	__free_pages(echo->page, ECHO_ORDER);
	kfree(echo);
}

/* Whoever is the first to see the end lets go. echoes_lock held. */
static void echo_release(struct echo *echo)
{
	if (list_empty(&echo->node))
		return;
	list_del_init(&echo->node);
	sluice_session_release(echo->session, SLUICE_CLOSE_TIMEOUT_MS,
			       echo_free);
}

static void echo_end(struct echo *echo)
{
	mutex_lock(&echoes_lock);
	echo_release(echo);
	mutex_unlock(&echoes_lock);
}

static void echo_receive(struct echo *echo)
{
	bvec_set_page(&echo->bvec, echo->page, ECHO_SIZE, 0);
	iov_iter_bvec(&echo->recv.iter, ITER_DEST, &echo->bvec, 1, ECHO_SIZE);
	if (sluice_recv(echo->session, &echo->recv))
		echo_end(echo);
}

static void echo_received(struct sluice_recv *recv, int error)
{
	struct echo *echo = container_of(recv, struct echo, recv);
	size_t len = recv->received;

	/* An error, or the peer's close_notify. */
	if (error || !len) {
		echo_end(echo);
		return;
	}
	bvec_set_page(&echo->bvec, echo->page, len, 0);
	iov_iter_bvec(&echo->send.iter, ITER_SOURCE, &echo->bvec, 1, len);
	if (sluice_send(echo->session, &echo->send))
		echo_end(echo);
}

static void echo_sent(struct sluice_send *send, int error)
{
	struct echo *echo = container_of(send, struct echo, send);

	if (error)
		echo_end(echo);
	else
		echo_receive(echo);
}

static void echo_state(struct sluice_session *session,
		       enum sluice_session_state state, int error)
{
	struct echo *echo = sluice_session_priv(session);

	if (state == SLUICE_SESSION_OPEN)
		echo_receive(echo);
	else if (state == SLUICE_SESSION_FAILED)
		/* After the handshake a request says so, too. */
		echo_end(echo);
}

static const struct sluice_session_ops echo_ops = {
	.state = echo_state,
};

/* Makes a connection of a socket, which is gone if that fails. */
static int echo_start(struct socket *sock)
{
	const char *const protocols[] = { alpn, NULL };
	const struct sluice_handshake handshake = {
		.server = true,
		.auth = psk ? SLUICE_AUTH_PSK : SLUICE_AUTH_X509,
		.keyring = keyring,
		.cert = cert,
		.privkey = privkey,
		.psk = { psk },
		.num_psk = psk ? 1 : 0,
		.alpn = alpn ? protocols : NULL,
	};
	struct sluice_session_params params = {
		.ops = &echo_ops,
		.module = THIS_MODULE,
		.flags = reclaim ? SLUICE_SESSION_RECLAIM : 0,
	};
	struct echo *echo;
	int rc = -ENOMEM;

	echo = kzalloc_obj(*echo);
	if (!echo)
		goto no_echo;
	echo->page = alloc_pages(GFP_KERNEL | __GFP_COMP, ECHO_ORDER);
	if (!echo->page)
		goto no_page;

	echo->recv.done = echo_received;
	echo->send.done = echo_sent;
	params.priv = echo;
	echo->session = sluice_session_create(sock, &params);
	if (IS_ERR(echo->session)) {
		rc = PTR_ERR(echo->session);
		echo_free(echo);
		return rc;
	}

	mutex_lock(&echoes_lock);
	list_add(&echo->node, &echoes);
	mutex_unlock(&echoes_lock);
	rc = sluice_session_handshake(echo->session, &handshake);
	if (rc)
		echo_end(echo);
	return rc;

no_page:
	kfree(echo);
no_echo:
	sock_release(sock);
	return rc;
}

static int echo_accept(void *unused)
{
	struct socket *sock;
	int rc;

	while (!kthread_should_stop()) {
		rc = kernel_accept(listener, &sock, 0);
		if (!rc)
			rc = echo_start(sock);
		if (rc)
			pr_info_ratelimited("sluice_echo: no connection: %d\n",
					    rc);
		if (rc && !kthread_should_stop())
			schedule_timeout_interruptible(HZ / 10);
	}
	return 0;
}

static int __init echo_listen(void)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int rc;

	rc = sock_create_kern(&init_net, AF_INET6, SOCK_STREAM, IPPROTO_TCP,
			      &listener);
	if (rc)
		return rc;
	sock_set_reuseaddr(listener->sk);
	rc = kernel_bind(listener, (struct sockaddr_unsized *)&any,
			 sizeof(any));
	if (!rc)
		rc = kernel_listen(listener, SOMAXCONN);
	if (rc)
		sock_release(listener);
	return rc;
}

static int __init echo_init(void)
{
	int rc;

	rc = echo_listen();
	if (rc)
		return rc;
	acceptor = kthread_run(echo_accept, NULL, "sluice_echo");
	if (IS_ERR(acceptor)) {
		sock_release(listener);
		return PTR_ERR(acceptor);
	}
	return 0;
}

static void __exit echo_exit(void)
{
	struct echo *echo, *next;

	/* Wakes kernel_accept(). */
	kernel_sock_shutdown(listener, SHUT_RDWR);
	kthread_stop(acceptor);
	sock_release(listener);

	/* What is let go of ends before this code is gone. */
	mutex_lock(&echoes_lock);
	list_for_each_entry_safe(echo, next, &echoes, node)
		echo_release(echo);
	mutex_unlock(&echoes_lock);
}

module_init(echo_init);
module_exit(echo_exit);

MODULE_DESCRIPTION("Sample: echo service over TLS");
MODULE_LICENSE("GPL");
