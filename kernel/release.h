/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_RELEASE_H
#define _SLUICE_RELEASE_H

#include <linux/list.h>
#include <linux/workqueue.h>

struct module;
struct sluice_session;

/**
 * struct sluice_release - how a session is let go of
 * @driver: whose code the session calls back; %NULL if that is built in
 * @node: among all sessions
 * @work: closes, tells and puts
 * @timeout_ms: for the close
 * @released: whom @work tells, or %NULL
 */
struct sluice_release {
	struct module *driver;
	struct list_head node;
	struct work_struct work;
	unsigned int timeout_ms;
	void (*released)(void *priv);
};

void sluice_release_add(struct sluice_session *session, struct module *driver);
void sluice_release_del(struct sluice_session *session);
int sluice_release_init(void);
void sluice_release_exit(void);

#endif /* _SLUICE_RELEASE_H */
