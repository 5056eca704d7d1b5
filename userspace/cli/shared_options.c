// SPDX-License-Identifier: MIT
#include "shared_options.h"

#include <string.h>

#include "sluice/backend.h"

enum sluice_raw_key parse_raw_key(struct argp_state *state, const char *arg)
{
	if (!arg)
		return SLUICE_RAW_KEY_TOO;
	if (!strcmp(arg, "fallback"))
		return SLUICE_RAW_KEY_FALLBACK;
	if (strcmp(arg, "only"))
		argp_error(state, "--raw-key, --peer-raw-key: only, fallback or nothing");
	return SLUICE_RAW_KEY_ONLY;
}

void parse_crl_check(struct argp_state *state, const char *arg,
		     unsigned int *flags)
{
	if (!strcmp(arg, "chain"))
		*flags |= SLUICE_CRL_CHAIN;
	else if (strcmp(arg, "leaf"))
		argp_error(state, "--crl-check: leaf or chain");
}

void parse_crl_allow(struct argp_state *state, const char *arg,
		     unsigned int *flags)
{
	if (!strcmp(arg, "unknown"))
		*flags |= SLUICE_CRL_ALLOW_UNKNOWN;
	else if (!strcmp(arg, "expired"))
		*flags |= SLUICE_CRL_ALLOW_EXPIRED;
	else
		argp_error(state, "--crl-allow: unknown or expired");
}
