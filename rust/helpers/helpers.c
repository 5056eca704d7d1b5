// SPDX-License-Identifier: GPL-2.0
#include <linux/net.h>
#include <net/net_namespace.h>

#include "helpers.h"

int rust_helper_sluice_socket_create(int family, struct socket **sock)
{
	return sock_create_kern(&init_net, family, SOCK_STREAM, IPPROTO_TCP,
				sock);
}
