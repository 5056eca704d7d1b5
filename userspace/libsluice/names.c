// SPDX-License-Identifier: MIT
/* What code points are called, in the words of the IANA registries. */
#include "alert.h"
#include "message.h"

struct name {
	int value;
	const char *name;
};

static const struct name suites[] = {
	{ SLUICE_AES_128_GCM_SHA256, "TLS_AES_128_GCM_SHA256" },
	{ SLUICE_AES_256_GCM_SHA384, "TLS_AES_256_GCM_SHA384" },
	{ SLUICE_CHACHA20_POLY1305_SHA256, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384" },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256" },
	{ 0, NULL }
};

static const struct name groups[] = {
	{ SLUICE_SECP256R1, "secp256r1" },
	{ SLUICE_SECP384R1, "secp384r1" },
	{ SLUICE_SECP521R1, "secp521r1" },
	{ SLUICE_SECP256R1MLKEM768, "SecP256r1MLKEM768" },
	{ SLUICE_X25519, "x25519" },
	{ SLUICE_X25519MLKEM768, "X25519MLKEM768" },
	{ 0, NULL }
};

static const struct name signatures[] = {
	{ 0x0401, "rsa_pkcs1_sha256" },
	{ 0x0403, "ecdsa_secp256r1_sha256" },
	{ 0x0501, "rsa_pkcs1_sha384" },
	{ 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0601, "rsa_pkcs1_sha512" },
	{ 0x0603, "ecdsa_secp521r1_sha512" },
	{ 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0805, "rsa_pss_rsae_sha384" },
	{ 0x0806, "rsa_pss_rsae_sha512" },
	{ 0x0807, "ed25519" },
	{ 0x0904, "mldsa44" },
	{ 0x0905, "mldsa65" },
	{ 0x0906, "mldsa87" },
	{ 0x0809, "rsa_pss_pss_sha256" },
	{ 0x080a, "rsa_pss_pss_sha384" },
	{ 0x080b, "rsa_pss_pss_sha512" },
	{ 0, NULL }
};

static const struct name alerts[] = {
	{ SL_CLOSE_NOTIFY, "close_notify" },
	{ SL_UNEXPECTED_MESSAGE, "unexpected_message" },
	{ SL_BAD_RECORD_MAC, "bad_record_mac" },
	{ SL_RECORD_OVERFLOW, "record_overflow" },
	{ SL_HANDSHAKE_FAILURE, "handshake_failure" },
	{ SL_BAD_CERTIFICATE, "bad_certificate" },
	{ SL_UNSUPPORTED_CERTIFICATE, "unsupported_certificate" },
	{ SL_CERTIFICATE_REVOKED, "certificate_revoked" },
	{ SL_CERTIFICATE_EXPIRED, "certificate_expired" },
	{ SL_CERTIFICATE_UNKNOWN, "certificate_unknown" },
	{ SL_ILLEGAL_PARAMETER, "illegal_parameter" },
	{ SL_UNKNOWN_CA, "unknown_ca" },
	{ SL_ACCESS_DENIED, "access_denied" },
	{ SL_DECODE_ERROR, "decode_error" },
	{ SL_DECRYPT_ERROR, "decrypt_error" },
	{ SL_PROTOCOL_VERSION, "protocol_version" },
	{ SL_INSUFFICIENT_SECURITY, "insufficient_security" },
	{ SL_INTERNAL_ERROR, "internal_error" },
	{ SL_INAPPROPRIATE_FALLBACK, "inappropriate_fallback" },
	{ SL_USER_CANCELED, "user_canceled" },
	{ SL_NO_RENEGOTIATION, "no_renegotiation" },
	{ SL_MISSING_EXTENSION, "missing_extension" },
	{ SL_UNSUPPORTED_EXTENSION, "unsupported_extension" },
	{ SL_UNRECOGNIZED_NAME, "unrecognized_name" },
	{ SL_BAD_CERTIFICATE_STATUS_RESPONSE, "bad_certificate_status_response" },
	{ SL_UNKNOWN_PSK_IDENTITY, "unknown_psk_identity" },
	{ SL_CERTIFICATE_REQUIRED, "certificate_required" },
	{ SL_GENERAL_ERROR, "general_error" },
	{ SL_NO_APPLICATION_PROTOCOL, "no_application_protocol" },
	{ SL_ECH_REQUIRED, "ech_required" },
	{ 0, NULL }
};

static const struct name messages[] = {
	{ SL_HELLO_REQUEST, "hello_request" },
	{ SL_CLIENT_HELLO, "client_hello" },
	{ SL_SERVER_HELLO, "server_hello" },
	{ SL_NEW_SESSION_TICKET, "new_session_ticket" },
	{ SL_END_OF_EARLY_DATA, "end_of_early_data" },
	{ SL_ENCRYPTED_EXTENSIONS, "encrypted_extensions" },
	{ SL_CERTIFICATE, "certificate" },
	{ SL_SERVER_KEY_EXCHANGE, "server_key_exchange" },
	{ SL_CERTIFICATE_REQUEST, "certificate_request" },
	{ SL_SERVER_HELLO_DONE, "server_hello_done" },
	{ SL_CERTIFICATE_VERIFY, "certificate_verify" },
	{ SL_CLIENT_KEY_EXCHANGE, "client_key_exchange" },
	{ SL_FINISHED, "finished" },
	{ SL_CERTIFICATE_STATUS, "certificate_status" },
	{ SL_KEY_UPDATE, "key_update" },
	{ SL_COMPRESSED_CERTIFICATE, "compressed_certificate" },
	{ 0, NULL }
};

static const char *find(const struct name *list, int value)
{
	for (; list->name; list++) {
		if (list->value == value)
			return list->name;
	}
	return "unknown";
}

const char *sluice_suite_name(uint16_t suite)
{
	return find(suites, suite);
}

const char *sluice_group_name(uint16_t group)
{
	return find(groups, group);
}

const char *sluice_signature_name(uint16_t scheme)
{
	return find(signatures, scheme);
}

const char *sluice_alert_name(int alert)
{
	return find(alerts, alert);
}

const char *sluice_message_name(unsigned int type)
{
	return find(messages, (int)type);
}
