// SPDX-License-Identifier: GPL-2.0
/*
 * Letting go of a session from where nobody may sleep, and of those that a
 * driver has left behind.
 *
 * The code that a session calls back into is its driver's. So a driver that is
 * unloaded is gone only when none of its sessions can call it any more: what it
 * has let go of has ended, and what it forgot is closed. It is neither held nor
 * has it to wait itself.
 */
#include <linux/export.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/workqueue.h>

#include "release.h"
#include "session.h"

static struct workqueue_struct *release_wq;
static DEFINE_MUTEX(sessions_lock);	/* sessions; inside nothing of ours */
static LIST_HEAD(sessions);

static void release(struct work_struct *work)
{
	struct sluice_session *session = container_of(work,
						      struct sluice_session,
						      release.work);

	sluice_session_close(session, session->release.timeout_ms);
	if (session->release.released)
		session->release.released(session->priv);
	sluice_session_put(session);
}

/**
 * sluice_session_release() - close a session and put it, without waiting
 * @session: the session; the caller's reference is gone
 * @timeout_ms: as sluice_session_close() has it
 * @released: called from a worker with &sluice_session_params.priv when no
 *	other callback runs and none will come; or %NULL
 *
 * For a driver's last reference, and only once. The driver need not wait for
 * @released before it is unloaded.
 *
 * Context: any, a callback of the session's included.
 */
void sluice_session_release(struct sluice_session *session,
			    unsigned int timeout_ms,
			    void (*released)(void *priv))
{
	session->release.timeout_ms = timeout_ms;
	session->release.released = released;
	queue_work(release_wq, &session->release.work);
}
EXPORT_SYMBOL_GPL(sluice_session_release);

/**
 * sluice_release_add() - keep an eye on a new session
 * @session: the session
 * @driver: whom it calls back; %NULL if that is built in
 *
 * Context: process; may sleep.
 */
void sluice_release_add(struct sluice_session *session, struct module *driver)
{
	INIT_WORK(&session->release.work, release);
	session->release.driver = driver;
	mutex_lock(&sessions_lock);
	list_add_tail(&session->release.node, &sessions);
	mutex_unlock(&sessions_lock);
}

/**
 * sluice_release_del() - the session can't call anybody any more
 * @session: the session, of which nobody has a reference
 *
 * Context: process; may sleep.
 */
void sluice_release_del(struct sluice_session *session)
{
	mutex_lock(&sessions_lock);
	list_del(&session->release.node);
	mutex_unlock(&sessions_lock);
}

/* Takes a session of the driver's off the list, with a reference to it. */
static struct sluice_session *next_of(const struct module *driver)
{
	struct sluice_session *session, *next;

	guard(mutex)(&sessions_lock);
	list_for_each_entry_safe(session, next, &sessions, release.node) {
		if (session->release.driver != driver)
			continue;
		list_del_init(&session->release.node);
		if (refcount_inc_not_zero(&session->refs))
			return session;
	}
	return NULL;
}

static int module_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	struct sluice_session *session;

	if (event != MODULE_STATE_GOING)
		return NOTIFY_DONE;
	while ((session = next_of(data))) {
		flush_work(&session->release.work);
		if (READ_ONCE(session->sock))
			pr_warn("sluice: %s has left a session open\n",
				session->name);
		sluice_session_close(session, 0);
		sluice_session_put(session);
	}
	return NOTIFY_OK;
}

static struct notifier_block module_nb = {
	.notifier_call = module_event,
};

/**
 * sluice_release_init() - prepare to let go of sessions
 *
 * Return: 0 or a negative errno.
 */
int __init sluice_release_init(void)
{
	int rc;

	release_wq = alloc_workqueue("sluice_release",
				     WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (!release_wq)
		return -ENOMEM;
	rc = register_module_notifier(&module_nb);
	if (rc)
		destroy_workqueue(release_wq);
	return rc;
}

/**
 * sluice_release_exit() - undo sluice_release_init()
 *
 * A worker may still be on its way out of release().
 */
void sluice_release_exit(void)
{
	unregister_module_notifier(&module_nb);
	destroy_workqueue(release_wq);
}
