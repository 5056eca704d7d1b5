/* SPDX-License-Identifier: MIT */
/* Values of options that sluice and sluiced both have; a wrong one ends both. */
#ifndef SLUICE_CLI_SHARED_OPTIONS_H
#define SLUICE_CLI_SHARED_OPTIONS_H

#include <argp.h>

#include "sluice/sluice.h"

/* --raw-key and --peer-raw-key: NULL, "only" or "fallback". */
enum sluice_raw_key parse_raw_key(struct argp_state *state, const char *arg);

/* --crl-check and --crl-allow: adds to SLUICE_CRL_* what they say. */
void parse_crl_check(struct argp_state *state, const char *arg,
		     unsigned int *flags);
void parse_crl_allow(struct argp_state *state, const char *arg,
		     unsigned int *flags);

#endif /* SLUICE_CLI_SHARED_OPTIONS_H */
