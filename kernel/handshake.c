// SPDX-License-Identifier: GPL-2.0
/*
 * The handshake, by the kernel's upcall to an agent (net/handshake): sluiced,
 * or tlshd.
 *
 * What net/handshake promises: a submit that returned 0 has exactly one
 * callback, unless a cancel returned true; any other has none. Its time-out is
 * only advice to the agent, and it takes but a few requests at a time. So we
 * have a clock of our own, wait where there are too many, and wait for the
 * callback where a cancel came too late.
 */
#include <kunit/visibility.h>
#include <linux/export.h>
#include <linux/key.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/sock.h>
#include <net/handshake.h>	/* needs those above */

#include "conn.h"
#include "handshake.h"
#include "session.h"

#define BACKOFF_MIN	msecs_to_jiffies(10)
#define BACKOFF_MAX	msecs_to_jiffies(500)

static void done(void *data, int status, key_serial_t peer)
{
	struct sluice_session *session = data;
	struct sluice_upcall *upcall = &session->upcall;

	upcall->status = status;
	upcall->peer = peer;
	WRITE_ONCE(upcall->called, true);
	mod_delayed_work(session->wq, &upcall->work, 0);
	/* The session may be gone after this. */
	complete_all(&upcall->done);
}

static int submit(struct sluice_session *session)
{
	const struct sluice_handshake *hs = &session->upcall.args;
	struct tls_handshake_args args = {
		.ta_sock = session->sock,
		.ta_done = done,
		.ta_data = session,
		.ta_peername = hs->peer_name,
		.ta_timeout_ms = hs->timeout_ms,
		.ta_keyring = hs->keyring,
		.ta_my_cert = hs->cert,
		.ta_my_privkey = hs->privkey,
		.ta_num_peerids = hs->num_psk,
	};

	BUILD_BUG_ON(sizeof(args.ta_my_peerids) != sizeof(hs->psk));
	memcpy(args.ta_my_peerids, hs->psk, sizeof(hs->psk));
	switch (hs->auth) {
	case SLUICE_AUTH_PSK:
		return hs->server ? tls_server_hello_psk(&args, GFP_KERNEL) :
				    tls_client_hello_psk(&args, GFP_KERNEL);
	case SLUICE_AUTH_X509:
		return hs->server ? tls_server_hello_x509(&args, GFP_KERNEL) :
				    tls_client_hello_x509(&args, GFP_KERNEL);
	default:
		return tls_client_hello_anon(&args, GFP_KERNEL);
	}
}

static void report(struct sluice_session *session, int error)
{
	session->upcall.reported = true;
	/* An agent that was too slow must not go on. */
	if (error == -ETIMEDOUT)
		kernel_sock_shutdown(session->sock, SHUT_RDWR);
	sluice_session_opened(session, error);
}

/* Hands the request to the agent; or sees to it that this is tried again. */
static void try_submit(struct sluice_session *session)
{
	struct sluice_upcall *upcall = &session->upcall;
	unsigned long delay;
	int rc;

	rc = submit(session);
	if (!rc) {
		upcall->submitted = true;
		delay = upcall->deadline - jiffies;
		if ((long)delay < 0)
			delay = 0;
		/* Not put off if done() has set it to now. */
		queue_delayed_work(session->wq, &upcall->work, delay);
	} else if (rc != -EAGAIN) {
		report(session, rc);
	} else if (time_after_eq(jiffies, upcall->deadline)) {
		report(session, -ETIMEDOUT);
	} else {
		queue_delayed_work(session->wq, &upcall->work, upcall->backoff);
		upcall->backoff = min(2 * upcall->backoff, BACKOFF_MAX);
	}
}

/* Takes the request back from the agent, or waits for the callback. */
static bool cancel(struct sluice_session *session)
{
	if (!READ_ONCE(session->upcall.called) &&
	    tls_handshake_cancel(session->sock->sk))
		return true;
	wait_for_completion(&session->upcall.done);
	return false;
}

static void work(struct work_struct *work)
{
	struct sluice_upcall *upcall = container_of(to_delayed_work(work),
						    struct sluice_upcall, work);
	struct sluice_session *session = container_of(upcall,
						      struct sluice_session,
						      upcall);
	unsigned int saved;

	if (upcall->reported)
		return;
	saved = sluice_reclaim_begin(session->sock->sk);
	if (!upcall->submitted)
		try_submit(session);
	else if (cancel(session))
		report(session, -ETIMEDOUT);
	else
		report(session, upcall->status);
	memalloc_noreclaim_restore(saved);
}

/**
 * sluice_upcall_init() - make an upcall
 * @upcall: of a new session
 */
void sluice_upcall_init(struct sluice_upcall *upcall)
{
	INIT_DELAYED_WORK(&upcall->work, work);
	init_completion(&upcall->done);
}

/**
 * sluice_upcall_check() - judge what a driver asks for
 * @args: the handshake
 *
 * Return: 0 or -EINVAL.
 */
int sluice_upcall_check(const struct sluice_handshake *args)
{
	if (sluice_alpn_check(args->alpn) < 0)
		return -EINVAL;
	switch (args->auth) {
	case SLUICE_AUTH_ANON:
		/* Without any key, a server could prove nothing. */
		return args->server ? -EINVAL : 0;
	case SLUICE_AUTH_X509:
		/* A private key alone stands for a raw public key. */
		return args->privkey || !args->cert ? 0 : -EINVAL;
	case SLUICE_AUTH_PSK:
		return args->num_psk && args->num_psk <= SLUICE_PSK_MAX ?
			0 : -EINVAL;
	default:
		return -EINVAL;
	}
}
EXPORT_SYMBOL_IF_KUNIT(sluice_upcall_check);

/**
 * sluice_upcall_prepare() - copy what a handshake is to achieve
 * @session: a session whose handshake was not started yet
 * @args: what sluice_upcall_check() has passed
 *
 * Context: process; may sleep.
 * Return: 0 or -ENOMEM.
 */
int sluice_upcall_prepare(struct sluice_session *session,
			  const struct sluice_handshake *args)
{
	struct sluice_upcall *upcall = &session->upcall;

	sluice_upcall_free(upcall);	/* of a try that had no memory */
	upcall->args = *args;
	upcall->args.alpn = NULL;
	if (args->peer_name) {
		upcall->args.peer_name = kstrdup(args->peer_name, GFP_KERNEL);
		if (!upcall->args.peer_name)
			return -ENOMEM;
	}
	if (!args->timeout_ms)
		upcall->args.timeout_ms = SLUICE_HANDSHAKE_TIMEOUT_MS;
	return sluice_alpn_copy(&upcall->alpn, args->alpn);
}

/**
 * sluice_upcall_start() - begin
 * @session: a session after sluice_upcall_prepare()
 *
 * sluice_session_opened() follows, unless sluice_upcall_stop() is faster.
 *
 * Context: any.
 */
void sluice_upcall_start(struct sluice_session *session)
{
	struct sluice_upcall *upcall = &session->upcall;

	upcall->deadline = jiffies +
			   msecs_to_jiffies(upcall->args.timeout_ms);
	upcall->backoff = BACKOFF_MIN;
	queue_delayed_work(session->wq, &upcall->work, 0);
}

/**
 * sluice_upcall_stop() - end it, however far it is
 * @session: a session; its upcall may never have been started
 *
 * When it returns, net/handshake has forgotten the session.
 *
 * Context: process; may sleep.
 */
void sluice_upcall_stop(struct sluice_session *session)
{
	disable_delayed_work_sync(&session->upcall.work);
	if (session->upcall.submitted && !session->upcall.reported)
		cancel(session);
}

/**
 * sluice_upcall_free() - end an upcall's life
 * @upcall: stopped
 */
void sluice_upcall_free(struct sluice_upcall *upcall)
{
	kfree(upcall->args.peer_name);
	upcall->args.peer_name = NULL;
	sluice_alpn_free(&upcall->alpn);
}
