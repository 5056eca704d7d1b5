/* SPDX-License-Identifier: MIT */
/* Alerts (RFC 9846, section 6), and how a connection fails. */
#ifndef SLUICE_ALERT_H
#define SLUICE_ALERT_H

#include "sluice/sluice.h"

enum sl_alert {
	SL_ALERT_NONE = -1,
	SL_CLOSE_NOTIFY = 0,
	SL_UNEXPECTED_MESSAGE = 10,
	SL_BAD_RECORD_MAC = 20,
	SL_RECORD_OVERFLOW = 22,
	SL_HANDSHAKE_FAILURE = 40,
	SL_BAD_CERTIFICATE = 42,
	SL_UNSUPPORTED_CERTIFICATE = 43,
	SL_CERTIFICATE_REVOKED = 44,
	SL_CERTIFICATE_EXPIRED = 45,
	SL_CERTIFICATE_UNKNOWN = 46,
	SL_ILLEGAL_PARAMETER = 47,
	SL_UNKNOWN_CA = 48,
	SL_ACCESS_DENIED = 49,
	SL_DECODE_ERROR = 50,
	SL_DECRYPT_ERROR = 51,
	SL_PROTOCOL_VERSION = 70,
	SL_INSUFFICIENT_SECURITY = 71,
	SL_INTERNAL_ERROR = 80,
	SL_INAPPROPRIATE_FALLBACK = 86,
	SL_USER_CANCELED = 90,
	SL_NO_RENEGOTIATION = 100,
	SL_MISSING_EXTENSION = 109,
	SL_UNSUPPORTED_EXTENSION = 110,
	SL_UNRECOGNIZED_NAME = 112,
	SL_BAD_CERTIFICATE_STATUS_RESPONSE = 113,
	SL_UNKNOWN_PSK_IDENTITY = 115,
	SL_CERTIFICATE_REQUIRED = 116,
	SL_GENERAL_ERROR = 117,
	SL_NO_APPLICATION_PROTOCOL = 120,
	SL_ECH_REQUIRED = 121,
};

/*
 * Fail a connection: the first failure counts, its alert is queued
 * (SL_ALERT_NONE: none is sent), and all secrets that the alert does not need
 * are wiped. Always returns false, so that a parser can return it.
 */
bool sl_fail(struct sluice_conn *c, enum sl_alert alert,
	     enum sluice_error error, const char *reason);

/* Is a change_cipher_spec still to be sent, before what is encrypted? */
bool sl_ccs_owed(const struct sluice_conn *c);

/* The most frequent ones. */
bool sl_bad_decode(struct sluice_conn *c, const char *reason);
bool sl_illegal(struct sluice_conn *c, const char *reason);
bool sl_unexpected(struct sluice_conn *c, const char *reason);
bool sl_internal(struct sluice_conn *c, const char *reason);

/*
 * The peer did what may be passed over, but not without end: a warning; or what
 * takes time and brings nothing, such as an empty record. Data begins it anew.
 */
bool sl_warned(struct sluice_conn *c, const char *reason);
bool sl_idled(struct sluice_conn *c);

/* An alert record of two octets was received. */
bool sl_alert_received(struct sluice_conn *c, const uint8_t *alert);

#endif /* SLUICE_ALERT_H */
