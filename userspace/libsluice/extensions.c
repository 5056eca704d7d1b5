// SPDX-License-Identifier: MIT
#include "extensions.h"

#include "conn.h"
#include "hello.h"

/* The table of RFC 9846, section 4.2. */
static const struct {
	uint16_t type;
	uint8_t messages;
} known[SL_EXT_COUNT] = {
	[SL_EXT_SERVER_NAME] = { 0, SL_IN_CH | SL_IN_EE },
	[SL_EXT_MAX_FRAGMENT_LENGTH] = { 1, SL_IN_CH | SL_IN_EE },
	[SL_EXT_STATUS_REQUEST] = { 5, SL_IN_CH | SL_IN_CR | SL_IN_CT | SL_IN_SH12 },
	[SL_EXT_SUPPORTED_GROUPS] = { 10, SL_IN_CH | SL_IN_EE },
	[SL_EXT_SIGNATURE_ALGORITHMS] = { 13, SL_IN_CH | SL_IN_CR },
	[SL_EXT_USE_SRTP] = { 14, SL_IN_CH | SL_IN_EE },
	[SL_EXT_HEARTBEAT] = { 15, SL_IN_CH | SL_IN_EE },
	[SL_EXT_ALPN] = { 16, SL_IN_CH | SL_IN_EE },
	[SL_EXT_SCT] = { 18, SL_IN_CH | SL_IN_CR | SL_IN_CT },
	[SL_EXT_CLIENT_CERTIFICATE_TYPE] = { 19, SL_IN_CH | SL_IN_EE },
	[SL_EXT_SERVER_CERTIFICATE_TYPE] = { 20, SL_IN_CH | SL_IN_EE },
	[SL_EXT_PADDING] = { 21, SL_IN_CH },
	[SL_EXT_RECORD_SIZE_LIMIT] = { 28, SL_IN_CH | SL_IN_EE },
	[SL_EXT_PRE_SHARED_KEY] = { 41, SL_IN_CH | SL_IN_SH },
	[SL_EXT_EARLY_DATA] = { 42, SL_IN_CH | SL_IN_EE | SL_IN_NST },
	[SL_EXT_SUPPORTED_VERSIONS] = { 43, SL_IN_CH | SL_IN_SH | SL_IN_HRR },
	[SL_EXT_COOKIE] = { 44, SL_IN_CH | SL_IN_HRR },
	[SL_EXT_PSK_KEY_EXCHANGE_MODES] = { 45, SL_IN_CH },
	[SL_EXT_CERTIFICATE_AUTHORITIES] = { 47, SL_IN_CH | SL_IN_CR },
	[SL_EXT_OID_FILTERS] = { 48, SL_IN_CR },
	[SL_EXT_POST_HANDSHAKE_AUTH] = { 49, SL_IN_CH },
	[SL_EXT_SIGNATURE_ALGORITHMS_CERT] = { 50, SL_IN_CH | SL_IN_CR },
	[SL_EXT_KEY_SHARE] = { 51, SL_IN_CH | SL_IN_SH | SL_IN_HRR },
	[SL_EXT_COMPRESS_CERTIFICATE] = { 27, SL_IN_CH | SL_IN_CR },
	[SL_EXT_ENCRYPTED_CLIENT_HELLO] = { SL_ECH_VERSION, SL_IN_CH | SL_IN_HRR | SL_IN_EE },
	/* RFC 8422, RFC 7627, RFC 5077, RFC 5746 */
	[SL_EXT_POINT_FORMATS] = { 11, SL_IN_CH | SL_IN_SH12 },
	[SL_EXT_EXTENDED_MASTER_SECRET] = { 23, SL_IN_CH | SL_IN_SH12 },
	[SL_EXT_SESSION_TICKET] = { 35, SL_IN_CH | SL_IN_SH12 },
	[SL_EXT_RENEGOTIATION_INFO] = { 0xff01, SL_IN_CH | SL_IN_SH12 },
};

/* Messages whose extensions answer those of the ClientHello. */
#define ANSWERS		(SL_IN_SH | SL_IN_HRR | SL_IN_EE | SL_IN_CT | SL_IN_SH12)

/* Unknown extensions of a message that are looked at for duplicates. */
#define UNKNOWN_MAX	16

static bool was_offered(const struct sluice_conn *c, unsigned int ext,
			enum sl_ext_message message)
{
	/* the one exception: nobody can ask for a cookie */
	if (ext == SL_EXT_COOKIE && message == SL_IN_HRR)
		return true;
	return ext < SL_EXT_COUNT && c->hs->offered >> ext & 1;
}

bool sl_parse_extensions(struct sluice_conn *c, struct sl_reader *r,
			 enum sl_ext_message message, struct sl_extensions *e)
{
	struct sl_reader list = sl_get_vec(r, 2, 0, 0xffff);
	uint8_t types[2 * UNKNOWN_MAX];
	struct sl_writer w = sl_writer(types, sizeof(types));
	struct sl_reader unknown = sl_reader(types, 0);

	*e = (struct sl_extensions){ .last = SL_EXT_COUNT };
	while (!list.bad && list.left) {
		uint16_t type = sl_get16(&list);
		struct sl_reader body = sl_get_vec(&list, 2, 0, 0xffff);
		unsigned int ext = 0;

		if (list.bad)
			break;
		while (ext < SL_EXT_COUNT && known[ext].type != type)
			ext++;
		e->last = (enum sl_extension)ext;
		if (ext < SL_EXT_COUNT && !(known[ext].messages & message))
			return sl_illegal(c, "an extension in a message where it does not belong");
		if (message & ANSWERS && !was_offered(c, ext, message))
			return sl_fail(c, SL_UNSUPPORTED_EXTENSION,
				       SLUICE_ERR_PROTOCOL,
				       "the peer answers an extension that was not offered");
		if (ext == SL_EXT_COUNT ? sl_contains16(unknown, type) :
					  sl_has(e, (enum sl_extension)ext))
			return sl_illegal(c, "an extension comes twice");
		if (ext == SL_EXT_COUNT) {
			/* of these the first ones only: there may be thousands */
			if (w.len < sizeof(types))
				sl_put16(&w, type);
			unknown.left = w.len;
			continue;
		}
		e->present |= 1U << ext;
		e->body[ext] = body;
	}
	if (list.bad || !sl_done(r))
		return sl_bad_decode(c, "the extensions of a message are malformed");
	return true;
}

size_t sl_begin_extension(struct sluice_conn *c, struct sl_writer *w,
			  enum sl_extension ext)
{
	if (!sl_is_server(c))
		c->hs->offered |= 1U << ext;
	sl_put16(w, known[ext].type);
	return sl_begin_vec(w, 2);
}

/*
 * What counts beside the data: TLS 1.3's content type. A client writes before
 * it knows; with TLS 1.2, it has allowed for an octet more then.
 */
static unsigned int content_type_len(const struct sluice_conn *c)
{
	return sl_is_server(c) ? c->version == SLUICE_TLS_1_3 :
				 sl_version_usable(c->config, SLUICE_TLS_1_3);
}

void sl_put_record_limit(struct sluice_conn *c, struct sl_writer *w)
{
	size_t mark = sl_begin_extension(c, w, SL_EXT_RECORD_SIZE_LIMIT);

	sl_put16(w, c->config->record_limit + content_type_len(c));
	sl_end_vec(w, mark, 2);
}

bool sl_read_record_limit(struct sluice_conn *c, struct sl_reader *body)
{
	size_t limit = sl_get16(body);

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed record_size_limit");
	if (limit < SLUICE_DATA_MIN + 1)
		return sl_illegal(c, "a record_size_limit below 64 octets");
	if (c->version == SLUICE_TLS_1_3)
		limit--;
	if (limit > SL_PLAINTEXT_MAX) {
		/* of a client it may be of a version to come */
		if (!sl_is_server(c))
			return sl_illegal(c, "a record_size_limit above what TLS allows");
		limit = SL_PLAINTEXT_MAX;
	}
	c->tx_limit = limit;
	c->rx_limit = c->config->record_limit;
	if (c->version == SLUICE_TLS_1_2)
		c->rx_limit += content_type_len(c);
	if (c->rx_limit > SL_PLAINTEXT_MAX)
		c->rx_limit = SL_PLAINTEXT_MAX;
	return true;
}
