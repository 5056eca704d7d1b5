// SPDX-License-Identifier: GPL-2.0
/*
 * All helpers, as one object: see helpers.h.
 */
#include "console.c"
#include "request.c"
#include "socket.c"
#if IS_BUILTIN(CONFIG_SLUICE) && IS_ENABLED(CONFIG_KUNIT) && !defined(MODULE)
#include "pair.c"
#endif
