/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_SESSION_H
#define _SLUICE_SESSION_H

#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/sluice.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "handshake.h"
#include "recvq.h"
#include "release.h"
#include "sendq.h"
#include "state.h"

struct sluice_conn;

/**
 * struct sluice_session - a driver's TLS session
 * @refs: frees it; the driver's, and for a while a callback's
 * @sock: the socket; the session's own, until it is closed
 * @ops: the driver's callbacks
 * @priv: and its data
 * @name: and its name
 * @flags: SLUICE_SESSION_*
 * @engine: SLUICE_ENGINE_*
 * @wq: where all work of the session runs
 * @id: number of the session; its connection's, too
 * @node: in sluice_net::sessions; under sluice_net::lock
 * @attached: its connection is in sluice_net::conns; under sluice_net::lock
 * @upcall: the handshake
 * @sendq: what is to be sent
 * @recvq: what is to be received
 * @release: how it will be let go of
 * @sk_wait: our place among those who wait for @sock
 * @wait: for @state, and for room in @sendq
 * @close_lock: one sluice_session_close() at a time
 *
 * @lock: guards what follows; taken with interrupts off, from any context
 * @conn: the connection on @sock, from before the session is open until it is
 *	closed, or %NULL
 * @info: what it counted, when it is closed
 * @state: enum sluice_session_state; written by move() only
 * @error: negative errno, once @state is %SLUICE_SESSION_FAILED
 * @to_tell: states that @state_work is to tell the driver of
 * @tx_ended: our side has ended in order
 * @rx_ended: the peer's side has ended in order
 * @state_work: tells the driver
 */
struct sluice_session {
	refcount_t refs;
	struct socket *sock;
	const struct sluice_session_ops *ops;
	void *priv;
	const char *name;
	u32 flags;
	u32 engine;
	struct workqueue_struct *wq;
	u64 id;
	struct list_head node;
	bool attached;
	struct sluice_upcall upcall;
	struct sluice_sendq sendq;
	struct sluice_recvq recvq;
	struct sluice_release release;
	struct wait_queue_entry sk_wait;
	wait_queue_head_t wait;
	struct mutex close_lock;	/* sluice_session_close() */

	spinlock_t lock;	/* all that follows */
	struct sluice_conn *conn;
	struct sluice_info info;
	enum sluice_session_state state;
	int error;
	unsigned long to_tell;
	bool tx_ended;
	bool rx_ended;
	struct work_struct state_work;
};

extern const struct sluice_sendq_ops sluice_transport_sendq_ops;
extern const struct sluice_recvq_ops sluice_transport_recvq_ops;

void sluice_session_opened(struct sluice_session *session, int error);
void sluice_session_failed(struct sluice_session *session, int error);
void sluice_session_ended(struct sluice_session *session, bool tx);

#endif /* _SLUICE_SESSION_H */
