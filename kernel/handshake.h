/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_HANDSHAKE_H
#define _SLUICE_HANDSHAKE_H

#include <linux/completion.h>
#include <linux/sluice.h>
#include <linux/workqueue.h>

#include "alpn.h"

/**
 * struct sluice_upcall - the handshake of a session, done by an agent
 * @args: what the driver asked for; the peer's name is ours, and @alpn is in
 * @alpn: the application protocols
 * @work: submits, tries again, gives up, and reports
 * @deadline: in jiffies
 * @backoff: how long to wait when there are too many; in jiffies
 * @submitted: the agent has it, or will: a callback comes unless a cancel wins
 * @reported: sluice_session_opened() was called
 * @called: the callback has come: no need to cancel
 * @done: and is through
 * @status: what it said: 0 or a negative errno
 * @peer: and the key that the peer has authenticated with, or 0
 *
 * All but @alpn, @called, @done, @status and @peer is @work's until it is
 * disabled.
 */
struct sluice_upcall {
	struct sluice_handshake args;
	struct sluice_alpn alpn;
	struct delayed_work work;
	unsigned long deadline;
	unsigned long backoff;
	bool submitted;
	bool reported;
	bool called;
	struct completion done;
	int status;
	key_serial_t peer;
};

void sluice_upcall_init(struct sluice_upcall *upcall);
int sluice_upcall_check(const struct sluice_handshake *args);
int sluice_upcall_prepare(struct sluice_session *session,
			  const struct sluice_handshake *args);
void sluice_upcall_start(struct sluice_session *session);
void sluice_upcall_stop(struct sluice_session *session);
void sluice_upcall_free(struct sluice_upcall *upcall);

#endif /* _SLUICE_HANDSHAKE_H */
