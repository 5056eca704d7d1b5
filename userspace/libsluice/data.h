/* SPDX-License-Identifier: MIT */
/* After the handshake: data, key updates, tickets, alerts, the end. */
#ifndef SLUICE_DATA_H
#define SLUICE_DATA_H

#include "sluice/sluice.h"
#include "wire.h"

/* Write the alert that is due, if there is one and room for it. */
void sl_flush_alert(struct sluice_conn *c, struct sl_writer *out);

#endif /* SLUICE_DATA_H */
