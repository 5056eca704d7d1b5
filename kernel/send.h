/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_SEND_H
#define _SLUICE_SEND_H

#include <linux/sizes.h>

#include "conn.h"

/*
 * The most that is sent without a look at the AEAD's limit. With records of
 * one octet, the smallest there are, that is as many records; so a key is
 * renewed at least that many records before the limit.
 */
#define SLUICE_SEND_CHUNK	((u64)SZ_4M)

/* How soon to try again what did not fit, or had no memory. */
#define SLUICE_OWED_RETRY	msecs_to_jiffies(20)

int sluice_sendmsg(struct sock *sk, struct msghdr *msg, size_t len);
int sluice_send_key_update(struct sluice_conn *conn, bool request);
void sluice_send_close(struct sluice_conn *conn);
int sluice_send_held(struct sluice_conn *conn);
int sluice_send_finish(struct sluice_conn *conn);
void sluice_send_last(struct sluice_conn *conn);
void sluice_owe_key_update(struct sluice_conn *conn, bool request);
void sluice_owe_alert(struct sluice_conn *conn, enum sluice_alert alert);
void sluice_send_owed(struct sluice_conn *conn);
void sluice_send_owed_later(struct sluice_conn *conn);
void sluice_send_owed_work(struct work_struct *work);

#endif /* _SLUICE_SEND_H */
