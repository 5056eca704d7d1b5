/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_SOCKET_H
#define _SLUICE_SOCKET_H

#include "session.h"

struct sluice_session *sluice_session_find(const struct sock *sk);
void sluice_socket_adopt(struct sluice_session *session);

int sluice_sockopt_init(void);
void sluice_sockopt_exit(void);

#endif /* _SLUICE_SOCKET_H */
