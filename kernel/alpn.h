/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SLUICE_ALPN_H
#define _SLUICE_ALPN_H

#include <linux/sockptr.h>
#include <linux/types.h>

struct sock;

/**
 * struct sluice_alpn - application protocols of a handshake
 * @names: one behind the other, each with its NUL
 * @len: of all together; 0 if there is none
 * @chosen: one of them, once the agent has said so; or %NULL
 *
 * @names and @len do not change while the handshake goes on.
 */
struct sluice_alpn {
	char *names;
	size_t len;
	const char *chosen;
};

ssize_t sluice_alpn_check(const char *const *names);
int sluice_alpn_copy(struct sluice_alpn *alpn, const char *const *names);
void sluice_alpn_free(struct sluice_alpn *alpn);
int sluice_alpn_get(struct sock *sk, void __user *to, int *len);
int sluice_alpn_set(struct sock *sk, sockptr_t from, unsigned int len);

#endif /* _SLUICE_ALPN_H */
