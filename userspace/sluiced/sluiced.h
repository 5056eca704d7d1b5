/* SPDX-License-Identifier: MIT */
/* What the files of sluiced, the agent of the kernel's handshakes, share. */
#ifndef SLUICED_H
#define SLUICED_H

#include <libmnl/libmnl.h>
#include <linux/handshake.h>
#include <stdbool.h>
#include <stdint.h>

#include "../cli/pins.h"
#include "sluice/backend.h"
#include "sluice/sluice.h"

#define NAME_MAX_LEN	255
#define NO_KEY		0	/* no serial is 0 (TLS_NO_CERT and others) */
#define PSKS_MAX	5	/* as tls_handshake_args in the kernel */

/* What one of the kernel's users of TLS asks for. */
struct request {
	int fd;			/* its socket */
	bool server;
	enum handshake_auth auth;
	unsigned int timeout_ms;
	char peer_name[NAME_MAX_LEN + 1];	/* "" for none */
	int32_t cert;		/* serials of keys; NO_KEY for none */
	int32_t privkey;
	int32_t keyring;
	unsigned int psk_count;
	int32_t psk[PSKS_MAX];
};

/* The kernel's side: the netlink family "handshake". */
struct upcall {
	struct mnl_socket *socket;
	uint16_t family;
	uint32_t group;
};

/* Each returns 0 or a negative errno. */
int upcall_open(struct upcall *u);
/* To be told of requests: the socket becomes readable. */
int upcall_listen(const struct upcall *u);
/* Takes what has been told, which is no more than that there is something. */
void upcall_drain(const struct upcall *u);
/* -EAGAIN: there is no request. The socket is the caller's to close. */
int upcall_accept(const struct upcall *u, struct request *request);
/*
 * The handshake is through: a status of 0, or a positive errno; and the serial
 * of the key with the peer's certificate, or of the pre-shared key that it has,
 * or NO_KEY.
 */
int upcall_done(const struct upcall *u, const struct request *request,
		int status, int32_t peer);
void upcall_close(struct upcall *u);

/* What all handshakes have in common; it is read while they run. */
struct agent {
	const struct sluice_backend *backend;
	struct sluice_provider *provider;
	struct sluice_trust *trust;
	struct sluice_trust *client_trust;	/* NULL: no client is asked */
	struct sluice_credential *credential;	/* ours, or NULL */
	const char *cafile;
	const char *capath;
	const char *cert;
	const char *key;
	const char *client_ca;
	const char *crl;
	unsigned int crl_flags;	/* SLUICE_CRL_* */
	bool client_optional;
	struct pins pins;		/* of servers' keys */
	struct pins client_pins;
	enum sluice_raw_key raw_key;
	enum sluice_raw_key peer_raw_key;
	bool verbose;
	const char *library;	/* NULL: the default */
	bool fips;
};

/* Does the handshake; returns the status for upcall_done(), and its peer. */
int answer(const struct agent *agent, const struct request *request,
	   int32_t *peer);

/* A pre-shared key from a keyring, with its identity. */
struct key_psk {
	struct sluice_psk psk;	/* points to the two below */
	char *identity;		/* the key's description, with its type */
	void *key;
	int32_t serial;
};

/* Joins the request's keyring, if there is one. Each gives 0 or an errno. */
int key_join(const struct request *request);
/* The credential that the request names; a private key alone is one, too. */
int key_credential(const struct agent *agent, const struct request *request,
		   struct sluice_credential **cred);

/*
 * Makes a key of the peer's certificate (DER) or bare public key, or finds the
 * one that there is; returns its serial, or NO_KEY if that can't be done. The
 * name is for its description.
 */
int32_t key_peer(const struct agent *agent, const struct request *request,
		 const char *name, const struct sluice_octets *shown,
		 bool bare);

/* Reads a pre-shared key; there is nothing in *psk after a failure. */
int key_psk_read(struct key_psk *psk, int32_t serial);
void key_psk_free(struct key_psk *psk);
/*
 * The request's pre-shared key of an identity: of those that it names or, if it
 * names none, of its keyring. False if there is none.
 */
bool key_psk_find(const struct request *request, const uint8_t *identity,
		  size_t len, struct key_psk *psk);

/* One line for the journal: a <priority> of syslog.h, and the text. */
void say(int priority, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* SLUICED_H */
