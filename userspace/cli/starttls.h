/* SPDX-License-Identifier: MIT */
/* What is said in the clear before TLS begins. */
#ifndef SLUICE_CLI_STARTTLS_H
#define SLUICE_CLI_STARTTLS_H

#include "cli.h"

/* Is it a protocol that is known? "smtp", "imap", … */
bool starttls_known(const char *protocol);
/* The names of all of them, with commas between. */
#define STARTTLS_PROTOCOLS \
	"smtp, lmtp, imap, pop3, sieve, ftp, nntp, ldap, xmpp, xmpp-server, postgres, mysql"

/*
 * Has the server begin TLS, with not an octet received of it; name is who it has
 * to be. Fails for good if it does not want to.
 */
void starttls(int fd, const char *protocol, const char *name);

#endif /* SLUICE_CLI_STARTTLS_H */
