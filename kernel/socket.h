/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_SOCKET_H
#define _SLUICE_SOCKET_H

#include "conn.h"

struct sluice_conn *sluice_conn_find(const struct sock *sk);
void sluice_socket_adopt(struct sluice_conn *conn);

int sluice_sockopt_init(void);
void sluice_sockopt_exit(void);

#endif /* _SLUICE_SOCKET_H */
