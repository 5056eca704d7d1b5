// SPDX-License-Identifier: GPL-2.0
/*
 * Application protocols of a driver's session (ALPN, RFC 7301).
 *
 * net/handshake has no word for them. So the agent asks the socket that it was
 * handed, and says there which one was chosen. One that does not know of this
 * (tlshd) chooses none.
 */
#include <linux/export.h>
#include <linux/slab.h>
#include <linux/sockptr.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <net/sock.h>

#include "alpn.h"
#include "conn.h"
#include "session.h"

#define NAME_MAX_LEN	255	/* RFC 7301, section 3.1 */

/**
 * sluice_alpn_check() - judge the protocols that a driver asks for
 * @names: ended by %NULL; or %NULL
 *
 * Return: octets that sluice_alpn_copy() needs for them; or -EINVAL.
 */
ssize_t sluice_alpn_check(const char *const *names)
{
	size_t len, total = 0;

	if (!names)
		return 0;
	if (!*names)
		return -EINVAL;
	for (; *names; names++) {
		len = strnlen(*names, NAME_MAX_LEN + 1);
		if (!len || len > NAME_MAX_LEN)
			return -EINVAL;
		total += len + 1;
		if (total > SLUICE_ALPN_LEN_MAX)
			return -EINVAL;
	}
	return total;
}

/**
 * sluice_alpn_copy() - take them over
 * @alpn: where to
 * @names: what sluice_alpn_check() has passed
 *
 * Context: process; may sleep.
 * Return: 0 or -ENOMEM.
 */
int sluice_alpn_copy(struct sluice_alpn *alpn, const char *const *names)
{
	size_t len = sluice_alpn_check(names);
	char *to;

	if (!len)
		return 0;
	alpn->names = kmalloc(len, GFP_KERNEL);
	if (!alpn->names)
		return -ENOMEM;
	alpn->len = len;
	for (to = alpn->names; *names; names++)
		to += strscpy(to, *names, len - (to - alpn->names)) + 1;
	return 0;
}

/**
 * sluice_alpn_free() - forget them
 * @alpn: no agent's any more
 */
void sluice_alpn_free(struct sluice_alpn *alpn)
{
	kfree(alpn->names);
	*alpn = (struct sluice_alpn){};
}

/* The protocols of the session whose handshake goes on here. sn->lock held. */
static struct sluice_alpn *find(struct sluice_net *sn, const struct sock *sk)
{
	struct sluice_session *session;

	list_for_each_entry(session, &sn->sessions, node) {
		if (session->sock->sk == sk &&
		    sluice_session_state(session) == SLUICE_SESSION_HANDSHAKING)
			return &session->upcall.alpn;
	}
	return NULL;
}

/**
 * sluice_alpn_get() - SLUICE_ALPN, for the agent: what to negotiate
 * @sk: the socket
 * @to: for the names, each with its length before it
 * @len: room there; becomes the octets written
 *
 * Context: process; may sleep.
 * Return: 0; -ENOTCONN, no session's handshake goes on here; -ERANGE, there is
 *	not enough room; -EFAULT.
 */
int sluice_alpn_get(struct sock *sk, void __user *to, int *len)
{
	struct sluice_net *sn = sluice_net(sock_net(sk));
	u8 list[SLUICE_ALPN_LEN_MAX];
	const char *name, *end;
	struct sluice_alpn *alpn;
	u8 *pos = list;

	scoped_guard(mutex, &sn->lock) {
		alpn = find(sn, sk);
		if (!alpn)
			return -ENOTCONN;
		end = alpn->names + alpn->len;
		for (name = alpn->names; name < end; name += strlen(name) + 1) {
			*pos = strlen(name);
			memcpy(pos + 1, name, *pos);
			pos += 1 + *pos;
		}
	}
	if (*len < pos - list)
		return -ERANGE;
	*len = pos - list;
	return copy_to_user(to, list, *len) ? -EFAULT : 0;
}

/**
 * sluice_alpn_set() - SLUICE_ALPN, from the agent: what was chosen
 * @sk: the socket
 * @from: the name
 * @len: its length
 *
 * Context: process; may sleep.
 * Return: 0; -ENOTCONN, no session's handshake goes on here; -EINVAL, it is
 *	none of the session's; -EFAULT.
 */
int sluice_alpn_set(struct sock *sk, sockptr_t from, unsigned int len)
{
	struct sluice_net *sn = sluice_net(sock_net(sk));
	char chosen[NAME_MAX_LEN + 1] = "";
	struct sluice_alpn *alpn;
	const char *name;

	if (!len || len > NAME_MAX_LEN)
		return -EINVAL;
	if (copy_from_sockptr(chosen, from, len))
		return -EFAULT;

	guard(mutex)(&sn->lock);
	alpn = find(sn, sk);
	if (!alpn)
		return -ENOTCONN;
	for (name = alpn->names; name < alpn->names + alpn->len;
	     name += strlen(name) + 1) {
		if (strlen(name) == len && !memcmp(name, chosen, len)) {
			WRITE_ONCE(alpn->chosen, name);
			return 0;
		}
	}
	return -EINVAL;
}

/**
 * sluice_session_alpn() - the application protocol that was negotiated
 * @session: an open session
 *
 * Context: any.
 * Return: one of &sluice_handshake.alpn, which lives as long as the session; or
 *	%NULL: there was none to choose from, the server chose none, or the
 *	agent has no ALPN.
 */
const char *sluice_session_alpn(const struct sluice_session *session)
{
	return READ_ONCE(session->upcall.alpn.chosen);
}
EXPORT_SYMBOL_GPL(sluice_session_alpn);
