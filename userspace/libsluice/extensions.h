/* SPDX-License-Identifier: MIT */
/* Extensions (RFC 9846, section 4.2): which there are, and where they belong. */
#ifndef SLUICE_EXTENSIONS_H
#define SLUICE_EXTENSIONS_H

#include "sluice/sluice.h"
#include "wire.h"

/* The known ones, in the order of the table in extensions.c. */
enum sl_extension {
	SL_EXT_SERVER_NAME,
	SL_EXT_MAX_FRAGMENT_LENGTH,
	SL_EXT_STATUS_REQUEST,
	SL_EXT_SUPPORTED_GROUPS,
	SL_EXT_SIGNATURE_ALGORITHMS,
	SL_EXT_USE_SRTP,
	SL_EXT_HEARTBEAT,
	SL_EXT_ALPN,
	SL_EXT_SCT,
	SL_EXT_CLIENT_CERTIFICATE_TYPE,
	SL_EXT_SERVER_CERTIFICATE_TYPE,
	SL_EXT_PADDING,
	SL_EXT_RECORD_SIZE_LIMIT,
	SL_EXT_PRE_SHARED_KEY,
	SL_EXT_EARLY_DATA,
	SL_EXT_SUPPORTED_VERSIONS,
	SL_EXT_COOKIE,
	SL_EXT_PSK_KEY_EXCHANGE_MODES,
	SL_EXT_CERTIFICATE_AUTHORITIES,
	SL_EXT_OID_FILTERS,
	SL_EXT_POST_HANDSHAKE_AUTH,
	SL_EXT_SIGNATURE_ALGORITHMS_CERT,
	SL_EXT_KEY_SHARE,
	SL_EXT_POINT_FORMATS,
	SL_EXT_EXTENDED_MASTER_SECRET,
	SL_EXT_SESSION_TICKET,
	SL_EXT_RENEGOTIATION_INFO,
	SL_EXT_COMPRESS_CERTIFICATE,
	SL_EXT_ENCRYPTED_CLIENT_HELLO,
	SL_EXT_COUNT
};

/* The messages that have extensions. */
enum sl_ext_message {
	SL_IN_CH = 1 << 0,
	SL_IN_SH = 1 << 1,
	SL_IN_HRR = 1 << 2,
	SL_IN_EE = 1 << 3,
	SL_IN_CT = 1 << 4,
	SL_IN_CR = 1 << 5,
	SL_IN_NST = 1 << 6,
	SL_IN_SH12 = 1 << 7,		/* ServerHello of TLS 1.2: and SL_IN_EE */
};

struct sl_extensions {
	struct sl_reader body[SL_EXT_COUNT];
	uint32_t present;		/* bits 1 << enum sl_extension */
	enum sl_extension last;
};

static inline bool sl_has(const struct sl_extensions *e, enum sl_extension ext)
{
	return e->present >> ext & 1;
}

/*
 * Split the extensions of a message, which end it. Fails the connection at a
 * duplicate, at a known one that does not belong to the message, and, in an
 * answer, at one that this client did not offer.
 */
bool sl_parse_extensions(struct sluice_conn *c, struct sl_reader *r,
			 enum sl_ext_message message,
			 struct sl_extensions *e);

/*
 * Write an extension's type and begin its body, to be ended with
 * sl_end_vec(w, mark, 2). In a ClientHello, remembers that it was offered.
 */
size_t sl_begin_extension(struct sluice_conn *c, struct sl_writer *w,
			  enum sl_extension ext);

/*
 * record_size_limit (RFC 8449): write our own; or read the peer's, and go by
 * both from there on. It counts the content type, too.
 */
void sl_put_record_limit(struct sluice_conn *c, struct sl_writer *w);
bool sl_read_record_limit(struct sluice_conn *c, struct sl_reader *body);

#endif /* SLUICE_EXTENSIONS_H */
