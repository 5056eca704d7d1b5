/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_NETLINK_H
#define _SLUICE_NETLINK_H

int sluice_netlink_init(void);
void sluice_netlink_exit(void);

#endif /* _SLUICE_NETLINK_H */
