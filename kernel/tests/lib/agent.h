/* SPDX-License-Identifier: GPL-2.0 */
/* An agent of net/handshake, which a test plays: as sluiced and tlshd do. */
#ifndef _SLUICE_TESTS_AGENT_H
#define _SLUICE_TESTS_AGENT_H

#include <linux/key.h>
#include <uapi/linux/handshake.h>

#include "genl.h"

/**
 * struct agent_request - a handshake that the agent has accepted
 * @fd: the socket, in the test's own table
 * @type: HANDSHAKE_MSG_TYPE_*
 * @auth: HANDSHAKE_AUTH_*
 * @timeout_ms: the kernel's advice
 * @peer_name: empty if there is none
 * @keyring: 0 if there is none, as are
 * @cert: the certificate's serial and
 * @privkey: its key's
 * @psk: serials of pre-shared keys
 * @num_psk: how many
 */
struct agent_request {
	int fd;
	u32 type;
	u32 auth;
	u32 timeout_ms;
	char peer_name[64];
	key_serial_t keyring;
	key_serial_t cert;
	key_serial_t privkey;
	key_serial_t psk[8];
	unsigned int num_psk;
};

void agent_open(struct genl *agent, struct kunit *test, struct net *net);
int agent_try_accept(struct genl *agent, struct agent_request *request);
void agent_accept(struct genl *agent, struct agent_request *request);
void agent_done(struct genl *agent, struct agent_request *request, int status,
		key_serial_t peer);

#endif /* _SLUICE_TESTS_AGENT_H */
