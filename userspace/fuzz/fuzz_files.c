// SPDX-License-Identifier: MIT
/*
 * libFuzzer: what is kept in files of our own. The first octet of an input says
 * in which one, the rest is the file: keys for tickets, pre-shared keys, a
 * client's tickets; or one ticket.
 */
#include "../cli/ticket.c"

#include <assert.h>
#include <sys/mman.h>

#include "../cli/psk.h"
#include "sluice/ticket_ring.h"
#include "toy.h"

#define NOW	((uint64_t)1800000000 * 1000)

/* What main.c has. The parsers have no business with it. */
void fail(int status, const char *format, ...)
{
	(void)status;
	(void)format;
	abort();
}

/* Nor is there anything to complain of: the file can be read. */
void note(const struct options *o, const char *format, ...)
{
	(void)o;
	(void)format;
	abort();
}

static uint64_t now(void *ctx)
{
	(void)ctx;
	return NOW;
}

static void try_ticket_keys(const uint8_t *data, size_t size)
{
	const struct sluice_ticket_policy policy = { 3600, 7200 };
	static max_align_t pool[64], mem[1024];
	struct sluice_ticket_ring *ring;
	struct sluice_ticket_key key, again;
	const char *why = NULL;
	struct toy toy;
	int count;

	toy_init(&toy, pool, sizeof(pool), 1);
	ring = sluice_ticket_ring_init(mem, sizeof(mem), &toy.table, &policy,
				       NULL);
	assert(ring);
	count = sluice_ticket_ring_load(ring, NOW, (const char *)data, size,
					&why);
	assert(count >= -1 && count <= SLUICE_TICKET_KEYS);
	assert((count < 0) == !!why);
	/* one that seals is found by its name; without keys there is none */
	if (count >= 0 && sluice_ticket_ring_key(ring, NOW, NULL, &key)) {
		assert(count);
		assert(sluice_ticket_ring_key(ring, NOW, key.name, &again));
	}
	sluice_ticket_ring_free(ring);
}

static void try_psk(const uint8_t *data, size_t size)
{
	struct psk_entry entry;

	if (psk_parse(&entry, (const char *)data, size))
		return;
	assert(entry.key_len >= 16 && entry.key_len <= SLUICE_PSK_MAX);
	assert(size == strlen(entry.identity) + 1 + 2 * entry.key_len);
	assert(!memcmp(entry.identity, data, strlen(entry.identity)));
}

/* What is taken is gone, and what is put is taken next. */
static void try_session(const uint8_t *data, size_t size)
{
	uint8_t ticket[SLUICE_TICKET_MAX], again[SLUICE_TICKET_MAX];
	char path[64];
	const struct options options = { .session = path };
	struct context ctx = {
		.options = &options, .config.now = now, .site = "localhost:443",
	};
	int fd = memfd_create("session", MFD_CLOEXEC), taken = 0;
	size_t len;

	assert(fd >= 0 && !fchmod(fd, 0600));
	assert(write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	len = ticket_take(&ctx, NULL, ticket, sizeof(ticket));
	if (len) {
		assert(sluice_ticket_expiry(ticket, len) > NOW);
		ticket_put(&ctx, NULL, ticket, len);
		assert(ticket_take(&ctx, NULL, again, sizeof(again)) == len);
		assert(!memcmp(ticket, again, len));
	}
	while (ticket_take(&ctx, NULL, ticket, sizeof(ticket)))
		assert(++taken < KEEP);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (!size)
		return 0;
	/* exactly so long, for the sanitizer's sake */
	copy = malloc(size - 1);
	memcpy(copy, data + 1, size - 1);
	switch (*data % 4) {
	case 0:
		try_ticket_keys(copy, size - 1);
		break;
	case 1:
		try_psk(copy, size - 1);
		break;
	case 2:
		try_session(copy, size - 1);
		break;
	default:
		sluice_ticket_expiry(copy, size - 1);
	}
	free(copy);
	return 0;
}
