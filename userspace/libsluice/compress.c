// SPDX-License-Identifier: MIT
#include "compress.h"

#include <string.h>

#include "conn.h"
#include "hello.h"
#include "sluice/compress.h"

/* What comes before the compressed octets, the header included. */
#define OVERHEAD	(SL_MESSAGE_HEADER + 2 + 3 + 3)

void sl_put_compressions(struct sluice_conn *c, struct sl_writer *w)
{
	const struct sluice_compression *const *compression =
		c->config->compressions;
	size_t ext, list;

	if (!compression)
		return;
	ext = sl_begin_extension(c, w, SL_EXT_COMPRESS_CERTIFICATE);
	list = sl_begin_vec(w, 1);
	for (; *compression; compression++)
		sl_put16(w, (*compression)->id);
	sl_end_vec(w, list, 1);
	sl_end_vec(w, ext, 2);
}

bool sl_read_compressions(struct sluice_conn *c, struct sl_extensions *ext)
{
	const struct sluice_compression *const *compression =
		c->config->compressions;
	struct sl_reader *r = &ext->body[SL_EXT_COMPRESS_CERTIFICATE];
	struct sl_reader list;

	c->hs->compression = NULL;
	if (!sl_has(ext, SL_EXT_COMPRESS_CERTIFICATE))
		return true;
	list = sl_get_vec(r, 1, 2, 254);
	if (!sl_done(r) || list.left % 2)
		return sl_bad_decode(c, "a malformed compress_certificate");
	for (; compression && *compression; compression++) {
		if (sl_contains16(list, (*compression)->id)) {
			c->hs->compression = *compression;
			break;
		}
	}
	return true;
}

void sl_compress(struct sluice_conn *c, struct sl_writer *w)
{
	const struct sluice_compression *compression = c->hs->compression;
	size_t plain = w->len - SL_MESSAGE_HEADER;
	size_t len;
	uint8_t *out;

	if (!compression || w->bad || w->len <= OVERHEAD)
		return;
	/* behind the message, as far as it pays and as there is room */
	out = w->buf + w->len;
	len = w->size - w->len;
	if (len > w->len - OVERHEAD)
		len = w->len - OVERHEAD;
	if (!len || compression->compress(w->buf + SL_MESSAGE_HEADER, plain, out, &len))
		return;
	w->len = 0;
	sl_put8(w, SL_COMPRESSED_CERTIFICATE);
	sl_begin_vec(w, 3);
	sl_put16(w, compression->id);
	sl_put24(w, plain);
	sl_put24(w, len);
	memmove(sl_put_space(w, len), out, len);
}

bool sl_is_compressed(const struct sluice_conn *c, enum sl_message type,
		      const uint8_t expect[2])
{
	return type == SL_COMPRESSED_CERTIFICATE && c->config->compressions &&
	       c->version == SLUICE_TLS_1_3 &&
	       (expect[0] == SL_CERTIFICATE || expect[1] == SL_CERTIFICATE);
}

static bool undecompressed(struct sluice_conn *c, enum sluice_error error,
			   const char *reason)
{
	return sl_fail(c, SL_BAD_CERTIFICATE, error, reason);
}

/* The end of the buffer, of which the messages received use the beginning. */
static uint8_t *find_room(struct sluice_conn *c, size_t len)
{
	struct sl_handshake *hs = c->hs;
	size_t used = hs->kept ? (size_t)(c->content - hs->buffer) :
				 c->piece_len;

	/* the rest of the record may yet be kept there: sl_message_keep() */
	used += c->content_len;
	if (used > hs->buffer_size || len > hs->buffer_size - used)
		return NULL;
	return hs->buffer + hs->buffer_size - len;
}

bool sl_decompress(struct sluice_conn *c, struct sl_reader *body)
{
	const struct sluice_compression *const *compression =
		c->config->compressions;
	uint16_t id = sl_get16(body);
	size_t len = sl_get24(body);
	struct sl_reader packed = sl_get_vec(body, 3, 1, SL_MESSAGE_MAX);
	uint8_t *plain;

	if (!sl_done(body))
		return sl_bad_decode(c, "a malformed CompressedCertificate");
	while (*compression && (*compression)->id != id)
		compression++;
	if (!*compression)
		return sl_illegal(c, "a certificate compressed in a way that was not offered");
	if (len > SL_MESSAGE_MAX)
		return undecompressed(c, SLUICE_ERR_PROTOCOL,
				      "a compressed Certificate is too long");
	plain = find_room(c, len);
	if (!plain)
		return undecompressed(c, SLUICE_ERR_MEMORY,
				      "a compressed Certificate is longer than the memory that the connection was given");
	if ((*compression)->decompress(packed.pos, packed.left, plain, len))
		return undecompressed(c, SLUICE_ERR_PROTOCOL,
				      "a compressed Certificate that cannot be decompressed to the length it says");
	*body = sl_reader(plain, len);
	return true;
}
