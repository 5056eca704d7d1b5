// SPDX-License-Identifier: MIT
#include "gather.h"

#include <string.h>

#include "conn.h"

/* With more of them in a record, copying costs less. */
#define PIECES_MAX	8

/* The next piece of the data, of at most left octets. */
static struct sluice_octets next_piece(const struct iovec **data, size_t *from,
				       size_t left)
{
	struct sluice_octets piece;

	while (*from >= (*data)->iov_len)
		*from -= (*data)++->iov_len;
	piece.data = (const uint8_t *)(*data)->iov_base + *from;
	piece.len = (*data)->iov_len - *from;
	if (piece.len > left)
		piece.len = left;
	*from += piece.len;
	return piece;
}

static void copy(const struct iovec *data, size_t from, size_t len, uint8_t *to)
{
	while (len) {
		struct sluice_octets piece = next_piece(&data, &from, len);

		memcpy(to, piece.data, piece.len);
		to += piece.len;
		len -= piece.len;
	}
}

/* Their number, 0 if there are too many. */
static size_t find_pieces(const struct iovec *data, size_t from, size_t len,
			  struct sluice_octets pieces[PIECES_MAX])
{
	size_t count = 0;

	while (len) {
		if (count == PIECES_MAX)
			return 0;
		pieces[count] = next_piece(&data, &from, len);
		len -= pieces[count++].len;
	}
	return count;
}

/* What sl_record_seal() does, without a copy. */
static size_t seal(struct sluice_conn *c, struct sluice_octets *pieces,
		   size_t count, size_t len, uint8_t *out)
{
	static const uint8_t type = SL_APPLICATION_DATA;
	size_t wire_len = len + 1 + SL_TAG_LEN;
	uint8_t nonce[SL_IV_LEN];

	pieces[count++] = (struct sluice_octets){ &type, 1 };
	sl_put_header(out, SL_APPLICATION_DATA, 3, wire_len);
	sl_make_nonce(&c->tx, nonce);
	c->tx.seq++;
	if (c->p->aead_seal_from(c->p, c->tx.aead, nonce, out, SL_RECORD_HEADER,
				 pieces, count, out + SL_RECORD_HEADER)) {
		sluice_wipe(out, SL_RECORD_HEADER + wire_len);
		sl_internal(c, "the provider could not encrypt a record");
		return 0;
	}
	return SL_RECORD_HEADER + wire_len;
}

size_t sl_gather_seal(struct sluice_conn *c, const struct iovec *data,
		      size_t from, size_t len, uint8_t *out)
{
	struct sluice_octets pieces[PIECES_MAX + 1];
	size_t count = 0;

	if (c->version == SLUICE_TLS_1_3 && c->p->aead_seal_from)
		count = find_pieces(data, from, len, pieces);
	if (count)
		return seal(c, pieces, count, len, out);
	copy(data, from, len, sl_record_body(c, out));
	return sl_record_seal(c, SL_APPLICATION_DATA, NULL, len, out);
}
