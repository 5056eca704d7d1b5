// SPDX-License-Identifier: GPL-2.0
/*
 * A driver for tests alone: it makes a session, brings it to a state, and lets go
 * of it from somewhere, or forgets it. A line to /dev/sluice_forgetful says how:
 *
 *	FD STATE END
 *
 * with the socket; a number of enum sluice_session_state; and f, to forget it, or
 * from where to release it: p, this process; i, an interrupt; c, a callback.
 * The write returns when that is done, though not what it begins.
 *
 * Slots are never used again, and part of the module: a callback that comes too
 * late finds one that says so, or no module.
 */
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/irq_work.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <linux/sluice.h>

#define SLOTS	64
#define CLOSE_MS	1000
#define STATE_MS	10000	/* to come to a state */

static uint released;
module_param(released, uint, 0444);
MODULE_PARM_DESC(released, "sessions that were let go of, and have ended");
static uint late;
module_param(late, uint, 0444);
MODULE_PARM_DESC(late, "callbacks after that");

/**
 * struct slot - a session
 * @session: itself
 * @recv: a request that nothing comes for
 * @vec: where it would go
 * @octet: to
 * @interrupt: releases the session
 * @end: how it is to end
 * @released: nothing may come any more
 */
struct slot {
	struct sluice_session *session;
	struct sluice_recv recv;
	struct kvec vec;
	u8 octet;
	struct irq_work interrupt;
	char end;
	bool released;
};

static struct slot slots[SLOTS];
static unsigned int used;
static DEFINE_MUTEX(lock);	/* used, and one write at a time */

static void told(const struct slot *slot)
{
	if (slot->released)
		WRITE_ONCE(late, late + 1);
}

static void is_released(void *priv)
{
	struct slot *slot = priv;

	told(slot);
	slot->released = true;
	WRITE_ONCE(released, released + 1);
}

static void let_go(struct slot *slot)
{
	sluice_session_release(slot->session, CLOSE_MS, is_released);
}

static void interrupt(struct irq_work *work)
{
	let_go(container_of(work, struct slot, interrupt));
}

static void given_back(struct sluice_recv *recv, int error)
{
	told(container_of(recv, struct slot, recv));
	pr_info("sluice_forgetful: a request was given back: %d\n", error);
}

static void state(struct sluice_session *session,
		  enum sluice_session_state state, int error)
{
	struct slot *slot = sluice_session_priv(session);

	told(slot);
	if (slot->end == 'c' && state == SLUICE_SESSION_OPEN)
		let_go(slot);
}

static const struct sluice_session_ops ops = { .state = state };

static int reach(struct slot *slot, enum sluice_session_state state)
{
	static const struct sluice_handshake handshake = {
		.auth = SLUICE_AUTH_ANON,
	};
	int rc;

	if (state == SLUICE_SESSION_NEW)
		return 0;
	if (state == SLUICE_SESSION_HANDSHAKING)
		return sluice_session_handshake(slot->session, &handshake);
	rc = sluice_session_adopt(slot->session);
	if (state == SLUICE_SESSION_FAILED)
		return rc ? 0 : -EINVAL;
	if (rc || slot->end == 'c')
		return rc;
	rc = sluice_recv(slot->session, &slot->recv);
	if (!rc && state != SLUICE_SESSION_OPEN)
		sluice_session_shutdown(slot->session);
	return rc;
}

static int make(struct slot *slot, unsigned int fd,
		enum sluice_session_state state)
{
	const struct sluice_session_params params = {
		.ops = &ops,
		.priv = slot,
		.module = THIS_MODULE,
	};
	struct socket *sock;
	int rc, ms;

	sock = sockfd_lookup(fd, &rc);
	if (!sock)
		return rc;
	slot->vec = (struct kvec){ &slot->octet, 1 };
	iov_iter_kvec(&slot->recv.iter, ITER_DEST, &slot->vec, 1, 1);
	slot->recv.done = given_back;
	slot->interrupt = IRQ_WORK_INIT_HARD(interrupt);
	slot->session = sluice_session_create(sock, &params);
	if (IS_ERR(slot->session))
		return PTR_ERR(slot->session);
	rc = reach(slot, state);
	for (ms = 0; !rc && slot->end != 'c' &&
	     sluice_session_state(slot->session) != state; ms++) {
		if (ms == STATE_MS)
			rc = -ETIMEDOUT;
		fsleep(1000);
	}
	return rc;
}

static ssize_t forgetful_write(struct file *file, const char __user *from,
			       size_t len, loff_t *pos)
{
	unsigned int fd, state;
	struct slot *slot;
	char *line, end;
	int n, rc;

	line = memdup_user_nul(from, min(len, PAGE_SIZE));
	if (IS_ERR(line))
		return PTR_ERR(line);
	n = sscanf(line, "%u %u %c", &fd, &state, &end);
	kfree(line);
	if (n != 3 || state > SLUICE_SESSION_FAILED)
		return -EINVAL;

	guard(mutex)(&lock);
	if (used == SLOTS)
		return -ENOSPC;
	slot = &slots[used++];
	slot->end = end;
	rc = make(slot, fd, state);
	if (rc)
		return rc;
	if (end == 'p') {
		let_go(slot);
	} else if (end == 'i') {
		irq_work_queue(&slot->interrupt);
		irq_work_sync(&slot->interrupt);
	}
	return len;
}

static const struct file_operations forgetful_fops = {
	.owner = THIS_MODULE,
	.write = forgetful_write,
};

static struct miscdevice forgetful_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sluice_forgetful",
	.fops = &forgetful_fops,
	.mode = 0600,
};

module_misc_device(forgetful_device);

MODULE_DESCRIPTION("A driver that forgets its sessions, for tests");
MODULE_LICENSE("GPL");
