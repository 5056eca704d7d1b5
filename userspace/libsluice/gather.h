/* SPDX-License-Identifier: MIT */
/* Data into a record, from wherever the caller has it. */
#ifndef SLUICE_GATHER_H
#define SLUICE_GATHER_H

#include <sys/uio.h>

#include "sluice/sluice.h"

/*
 * Write a record of len octets of data, from offset from of all of it on, to
 * out. As sl_record_seal() otherwise.
 */
size_t sl_gather_seal(struct sluice_conn *c, const struct iovec *data,
		      size_t from, size_t len, uint8_t *out);

#endif /* SLUICE_GATHER_H */
