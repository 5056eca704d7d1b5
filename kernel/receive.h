/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_RECEIVE_H
#define _SLUICE_RECEIVE_H

#include <linux/poll.h>

#include "conn.h"

int sluice_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags);
ssize_t sluice_splice_read(struct socket *sock, loff_t *pos,
			   struct pipe_inode_info *pipe, size_t len,
			   unsigned int flags);
int sluice_read_sock(struct sock *sk, read_descriptor_t *desc,
		     sk_read_actor_t actor);
__poll_t sluice_poll(struct file *file, struct socket *sock,
		     struct poll_table_struct *wait);
int sluice_receive_settle(struct sluice_conn *conn);
int sluice_receive_end(const struct sluice_conn *conn);

#endif /* _SLUICE_RECEIVE_H */
