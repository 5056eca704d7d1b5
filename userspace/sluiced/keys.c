// SPDX-License-Identifier: MIT
/* Certificates and private keys from the kernel's keyrings, by their serials. */
#include <errno.h>
#include <keyutils.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "sluiced.h"

/* Reads a key: its length, or a negative errno. */
static long read_key(int32_t serial, const char *what, void **payload)
{
	long len;

	*payload = NULL;
	if (serial == NO_KEY) {
		say(LOG_ERR, "the request names no %s", what);
		return -ENOKEY;
	}
	len = keyctl_read_alloc(serial, payload);
	if (len < 0) {
		len = -errno;
		say(LOG_ERR, "%s: key %d can't be read: %s", what, serial,
		    strerror(errno));
	}
	return len;
}

static void wipe_key(void *payload, long len)
{
	if (len > 0)
		sluice_wipe(payload, (size_t)len);
	free(payload);
}

int key_credential(const struct agent *agent, const struct request *request,
		   struct sluice_credential **cred)
{
	char why[SLUICE_OPENSSL_WHY_MAX];
	long cert_len, key_len = 0;
	void *cert, *key = NULL;
	int rc = 0;

	/* What is in the keyring is this process's to read while it has it. */
	if (request->keyring != NO_KEY &&
	    keyctl_link(request->keyring, KEY_SPEC_PROCESS_KEYRING)) {
		rc = errno;
		say(LOG_ERR, "keyring %d: %s", request->keyring,
		    strerror(rc));
		return rc;
	}
	cert_len = read_key(request->cert, "certificate", &cert);
	if (cert_len >= 0)
		key_len = read_key(request->privkey, "private key", &key);
	if (cert_len < 0 || key_len < 0) {
		rc = (int)-(cert_len < 0 ? cert_len : key_len);
	} else {
		*cred = sluice_openssl_credential_der(agent->provider, cert,
						      (size_t)cert_len, key,
						      (size_t)key_len, why);
		if (!*cred) {
			say(LOG_ERR, "keys %d and %d: %s", request->cert,
			    request->privkey, why);
			rc = EKEYREJECTED;
		}
	}
	wipe_key(key, key_len);
	wipe_key(cert, cert_len);
	return rc;
}
