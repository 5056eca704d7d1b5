/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_ATTACH_H
#define _SLUICE_ATTACH_H

struct sluice_attach;
struct sock;

int sluice_attach(struct sock *sk, const struct sluice_attach *args);
int sluice_attach_bare(struct sock *sk);

#endif /* _SLUICE_ATTACH_H */
