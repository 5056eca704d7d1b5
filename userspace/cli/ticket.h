/* SPDX-License-Identifier: MIT */
#ifndef SLUICE_CLI_TICKET_H
#define SLUICE_CLI_TICKET_H

#include <stddef.h>
#include <stdint.h>

/* Callbacks of struct sluice_config whose ctx is a struct context. */
void ticket_put(void *arg, const char *peer_name, const uint8_t *ticket,
		size_t len);
size_t ticket_take(void *arg, const char *peer_name, uint8_t *buf,
		   size_t size);

#endif /* SLUICE_CLI_TICKET_H */
