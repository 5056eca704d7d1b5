// SPDX-License-Identifier: MIT
/*
 * libFuzzer: what the kernel's handshake family tells sluiced, as attributes of
 * netlink: those of a request that is accepted, and of the family itself. The
 * messages around them are the kernel's own framing, and libmnl's to take apart;
 * so is the padding of attributes to four octets.
 */
#include "../sluiced/upcall.c"

#include <assert.h>
#include <stdlib.h>

/* What main.c has. */
void say(int priority, const char *format, ...)
{
	(void)priority;
	(void)format;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request request = { .fd = -1 };
	struct upcall upcall = { .socket = NULL };
	struct nlmsghdr *nlh;
	size_t len;

	if (!size)
		return 0;
	size -= (size - 1) % 4;
	len = MNL_NLMSG_HDRLEN + sizeof(struct genlmsghdr) + size - 1;
	/* exactly so long, for the sanitizer's sake */
	nlh = calloc(1, len);
	nlh->nlmsg_len = (uint32_t)len;
	memcpy((char *)nlh + len - (size - 1), data + 1, size - 1);
	if (*data & 1)
		family_message(nlh, &upcall);
	else
		accept_message(nlh, &request);
	free(nlh);
	assert(memchr(request.peer_name, 0, sizeof(request.peer_name)));
	assert(request.psk_count <= PSKS_MAX);
	return 0;
}
