/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_EARLY_MEMORY_H
#define SLUICE_CLI_EARLY_MEMORY_H

#include "stream.h"

/*
 * Has the server take early data, and all its processes remember what was
 * taken. Fails for good.
 */
void early_memory_init(struct context *ctx);
void early_memory_free(struct context *ctx);

#endif /* SLUICE_CLI_EARLY_MEMORY_H */
