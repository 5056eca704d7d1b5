// SPDX-License-Identifier: MIT
/* Certificates, private keys and pre-shared keys from the kernel's keyrings. */
#include <errno.h>
#include <keyutils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

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

int key_join(const struct request *request)
{
	int rc;

	/* What is in the keyring is this process's to read while it has it. */
	if (request->keyring == NO_KEY ||
	    !keyctl_link(request->keyring, KEY_SPEC_PROCESS_KEYRING))
		return 0;
	rc = errno;
	say(LOG_ERR, "keyring %d: %s", request->keyring, strerror(rc));
	return rc;
}

int key_credential(const struct agent *agent, const struct request *request,
		   struct sluice_credential **cred)
{
	char why[SLUICE_WHY_MAX];
	bool bare = request->cert == NO_KEY && request->privkey != NO_KEY;
	long cert_len = 0, key_len = 0;
	void *cert = NULL, *key = NULL;
	int rc = 0;

	if (!bare)
		cert_len = read_key(request->cert, "certificate", &cert);
	if (cert_len >= 0)
		key_len = read_key(request->privkey, "private key", &key);
	if (cert_len < 0 || key_len < 0) {
		rc = (int)-(cert_len < 0 ? cert_len : key_len);
	} else {
		*cred = agent->backend->credential_der(agent->provider, cert,
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

/* "TLS x509 NAME SHA-256": what is of one name is of one certificate. */
static bool describe(const struct sluice_provider *p, const char *name,
		     const struct sluice_octets *shown, bool bare,
		     char *text, size_t size)
{
	struct sluice_hash_ctx *ctx = p->hash_new(p, SLUICE_SHA256);
	uint8_t hash[32];
	bool ok = ctx && !p->hash_update(p, ctx, shown->data, shown->len) &&
		  !p->hash_digest(p, ctx, hash);
	int n = snprintf(text, size, "TLS %s %s ", bare ? "spki" : "x509", name);

	p->hash_free(p, ctx);
	if (!ok || n < 0 || (size_t)n + 2 * sizeof(hash) >= size)
		return false;
	for (size_t i = 0; i < sizeof(hash); i++)
		n += snprintf(text + n, size - (size_t)n, "%02x", hash[i]);
	return true;
}

int32_t key_peer(const struct agent *agent, const struct request *request,
		 const char *name, const struct sluice_octets *shown, bool bare)
{
	/* the kernel's asymmetric keys begin with a certificate */
	const char *type = bare ? "user" : "asymmetric";
	int32_t ring = request->keyring == NO_KEY ? KEY_SPEC_USER_KEYRING :
						    request->keyring;
	char text[NAME_MAX_LEN + 96];
	int64_t until = 0;
	long serial;

	if (!describe(agent->provider, name, shown, bare, text, sizeof(text)) ||
	    (!bare && agent->backend->expiry(agent->provider, shown->data,
					     shown->len, &until)))
		return NO_KEY;
	/* Another connection may still go by the serial: it stays. */
	serial = keyctl_search(ring, type, text, 0);
	if (serial >= 0)
		return (int32_t)serial;
	serial = add_key(type, text, shown->data, shown->len, ring);
	if (serial < 0) {
		say(LOG_WARNING, "no key of the peer's certificate: %s",
		    errno == ENOPKG ?
		    "the kernel does not know its algorithm" :
		    strerror(errno));
		return NO_KEY;
	}
	/* A certificate that has ended says nothing; and rings are of a size. */
	until -= time(NULL);
	if (keyctl_setperm((int32_t)serial, KEY_POS_ALL | KEY_USR_VIEW |
			   KEY_USR_READ | KEY_USR_SEARCH) ||
	    (!bare &&
	     keyctl_set_timeout((int32_t)serial,
				until > INT32_MAX ? INT32_MAX :
				until < 1 ? 1 : (unsigned int)until)))
		say(LOG_WARNING, "key %ld: %s", serial, strerror(errno));
	return (int32_t)serial;
}

/*
 * The hash of a key for NVMe/TCP is in its identity: "NVMe1R02 …" for SHA-384
 * (NVMe TCP Transport Specification 1.0d, section 3.6.1.3).
 */
static unsigned int hash_len_of(const char *identity)
{
	return !strncmp(identity, "NVMe", 4) && identity[4] &&
	       !strncmp(identity + 5, "R02 ", 4) ? 48 : 32;
}

int key_psk_read(struct key_psk *psk, int32_t serial)
{
	const char *identity;
	long len;
	int rc;

	*psk = (struct key_psk){ .serial = serial };
	/* "type;uid;gid;permissions;description" */
	if (keyctl_describe_alloc(serial, &psk->identity) < 0) {
		rc = errno;
		say(LOG_ERR, "pre-shared key: key %d: %s", serial,
		    strerror(rc));
		psk->serial = NO_KEY;
		return rc;
	}
	identity = psk->identity;
	for (int i = 0; i < 4 && identity; i++) {
		identity = strchr(identity, ';');
		identity += !!identity;
	}
	len = read_key(serial, "pre-shared key", &psk->key);
	if (!identity || len < 0) {
		free(psk->identity);
		wipe_key(psk->key, len);
		*psk = (struct key_psk){ .serial = NO_KEY };
		return len < 0 ? (int)-len : EINVAL;
	}
	psk->psk.identity = (const uint8_t *)identity;
	psk->psk.identity_len = strlen(identity);
	psk->psk.key = psk->key;
	psk->psk.key_len = (size_t)len;
	psk->psk.hash_len = hash_len_of(identity);
	return 0;
}

void key_psk_free(struct key_psk *psk)
{
	if (psk->key)
		wipe_key(psk->key, (long)psk->psk.key_len);
	free(psk->identity);
	*psk = (struct key_psk){ .serial = NO_KEY };
}

static bool is(const struct key_psk *psk, const uint8_t *identity, size_t len)
{
	return psk->psk.identity_len == len &&
	       !memcmp(psk->psk.identity, identity, len);
}

/* A key of the request's keyring, by its description. */
static long search(const struct request *request, const uint8_t *identity,
		   size_t len)
{
	static const char *const types[] = { "psk", "user" };
	char description[SLUICE_PSK_IDENTITY_MAX + 1];
	long serial = -1;

	if (request->keyring == NO_KEY || len >= sizeof(description) ||
	    memchr(identity, 0, len))
		return -1;
	memcpy(description, identity, len);
	description[len] = 0;
	for (size_t i = 0; i < 2 && serial < 0; i++)
		serial = keyctl_search(request->keyring, types[i], description,
				       0);
	return serial;
}

bool key_psk_find(const struct request *request, const uint8_t *identity,
		  size_t len, struct key_psk *psk)
{
	long serial;

	for (unsigned int i = 0; i < request->psk_count; i++) {
		if (key_psk_read(psk, request->psk[i]))
			continue;
		if (is(psk, identity, len))
			return true;
		key_psk_free(psk);
	}
	if (request->psk_count)
		return false;
	serial = search(request, identity, len);
	return serial >= 0 && !key_psk_read(psk, (int32_t)serial);
}
