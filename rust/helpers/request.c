// SPDX-License-Identifier: GPL-2.0
/*
 * Requests over one piece of memory, and the walk through what is lent.
 */
#include <linux/skbuff.h>

#include "helpers.h"

void rust_helper_sluice_send_bytes(struct sluice_send *send, struct kvec *kvec,
				   const void *from, size_t len)
{
	*kvec = (struct kvec){ .iov_base = (void *)from, .iov_len = len };
	iov_iter_kvec(&send->iter, ITER_SOURCE, kvec, 1, len);
}

void rust_helper_sluice_send_page(struct sluice_send *send,
				  struct bio_vec *bvec, struct page *page,
				  unsigned int offset, unsigned int len)
{
	bvec_set_page(bvec, page, len, offset);
	iov_iter_bvec(&send->iter, ITER_SOURCE, bvec, 1, len);
}

void rust_helper_sluice_recv_bytes(struct sluice_recv *recv, struct kvec *kvec,
				   void *to, size_t len)
{
	*kvec = (struct kvec){ .iov_base = to, .iov_len = len };
	iov_iter_kvec(&recv->iter, ITER_DEST, kvec, 1, len);
}

void rust_helper_sluice_recv_page(struct sluice_recv *recv,
				  struct bio_vec *bvec, struct page *page,
				  unsigned int offset, unsigned int len)
{
	bvec_set_page(bvec, page, len, offset);
	iov_iter_bvec(&recv->iter, ITER_DEST, bvec, 1, len);
}

int rust_helper_sluice_send_wait_bytes(struct sluice_session *session,
				       const void *from, size_t len, u32 flags)
{
	struct kvec kvec = { .iov_base = (void *)from, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &kvec, 1, len);
	return sluice_send_wait(session, &iter, flags);
}

ssize_t rust_helper_sluice_recv_wait_bytes(struct sluice_session *session,
					   void *to, size_t len, u32 flags)
{
	struct kvec kvec = { .iov_base = to, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, len);
	return sluice_recv_wait(session, &iter, flags);
}

int rust_helper_sluice_skb_copy(const struct sk_buff *skb, int offset, void *to,
				int len)
{
	return skb_copy_bits(skb, offset, to, len);
}

void rust_helper_sluice_skb_walk(struct sk_buff *skb, unsigned int offset,
				 unsigned int len,
				 void (*chunk)(void *data, const u8 *from,
					       size_t len),
				 void *data)
{
	struct skb_seq_state state;
	unsigned int consumed = 0;
	const u8 *from;
	unsigned int n;

	skb_prepare_seq_read(skb, offset, offset + len, &state);
	while ((n = skb_seq_read(consumed, &from, &state))) {
		/* A block may go on behind what was asked for. */
		n = min(n, len - consumed);
		chunk(data, from, n);
		consumed += n;
	}
}
