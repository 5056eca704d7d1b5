// SPDX-License-Identifier: MIT
/* serve --early-data: what was taken, in memory that all processes share. */
#include "early_memory.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "sluice/store.h"

/* In the 20 seconds for which each has to be remembered. */
#define ENTRIES		16384
#define MAX_EARLY_DATA	16384

struct early_memory {
	pthread_mutex_t mutex;
	uint8_t id[16];
	struct sluice_store *store;
	size_t size;
	max_align_t room[];
};

/*
 * A process that dies with the lock may leave the store in disorder. Then
 * nobody gets the lock any more, and no early data is taken.
 */
static bool early_data_first(void *arg, const uint8_t id[16], uint64_t expires)
{
	struct context *ctx = arg;
	struct early_memory *memory = ctx->early;
	int rc = pthread_mutex_lock(&memory->mutex);
	bool first;

	if (rc == EOWNERDEAD)
		pthread_mutex_unlock(&memory->mutex);
	if (rc)
		return false;
	first = sluice_store_first(memory->store, id, 16, ctx->config.now(NULL),
				   expires);
	pthread_mutex_unlock(&memory->mutex);
	return first;
}

void early_memory_init(struct context *ctx)
{
	const struct sluice_store_limits limits = {
		.entries = ENTRIES, .key_len = 16,
	};
	size_t size = sizeof(struct early_memory) + sluice_store_size(&limits);
	struct early_memory *memory;
	pthread_mutexattr_t attr;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		fail(EXIT_FILE, "no memory to share: %s", strerror(errno));
	memory->size = size;
	memory->store = sluice_store_init(memory->room,
					  sluice_store_size(&limits), &limits,
					  NULL);
	if (!memory->store ||
	    ctx->provider->random(ctx->provider, memory->id, sizeof(memory->id)))
		fail(EXIT_TLS, "no randomness");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&memory->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	ctx->early = memory;
	ctx->config.max_early_data = MAX_EARLY_DATA;
	ctx->config.early_data_id = memory->id;
	ctx->config.early_data_first = early_data_first;
}

void early_memory_free(struct context *ctx)
{
	if (ctx->early)
		munmap(ctx->early, ctx->early->size);
}
