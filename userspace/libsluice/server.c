// SPDX-License-Identifier: MIT
#include "conn.h"
#include "server.h"
const struct sl_step *sl_server_begin(void)
{
	return NULL;
}
