// SPDX-License-Identifier: MIT
/* Handing a connection over, to whom has the keys from then on. */
#include <string.h>

#include "conn.h"

static bool may_go(const struct sluice_conn *c, unsigned int directions)
{
	if (!c->done || c->error || !directions || directions & c->released ||
	    directions & ~(unsigned int)(SLUICE_TX | SLUICE_RX))
		return false;
	if (directions & SLUICE_TX && (c->tx_closed || sluice_pending(c)))
		return false;
	return !(directions & SLUICE_RX) ||
	       !(c->rx_closed || c->unread || sl_message_begun(c));
}

static void copy_keys(const struct sluice_conn *c, struct sluice_keys *keys,
		      const struct sl_direction *dir)
{
	memcpy(keys->secret, dir->secret, sizeof(keys->secret));
	memcpy(keys->key, dir->key, sizeof(keys->key));
	if (c->suite->explicit_len)
		sl_make_nonce(dir, keys->iv);
	else
		memcpy(keys->iv, dir->iv, sizeof(keys->iv));
	keys->seq = dir->seq;
}

static int copy(const struct sluice_conn *c, unsigned int directions,
		struct sluice_secrets *secrets)
{
	if (!may_go(c, directions))
		return -1;
	secrets->directions |= directions;
	secrets->version = c->version;
	secrets->suite = c->suite->id;
	secrets->hash_len = c->suite->hash_len;
	secrets->key_len = c->suite->key_len;
	secrets->record_limit = (unsigned int)c->tx_limit;
	if (directions & SLUICE_TX)
		copy_keys(c, &secrets->tx, &c->tx);
	if (directions & SLUICE_RX)
		copy_keys(c, &secrets->rx, &c->rx);
	return 0;
}

int sluice_conn_secrets(const struct sluice_conn *c,
			struct sluice_secrets *secrets)
{
	memset(secrets, 0, sizeof(*secrets));
	return copy(c, SLUICE_TX | SLUICE_RX, secrets);
}

int sluice_conn_release(struct sluice_conn *c, unsigned int directions,
			struct sluice_secrets *secrets)
{
	if (copy(c, directions, secrets))
		return -1;
	c->released |= directions;
	if (directions & SLUICE_RX)
		sl_keys_wipe(c, &c->rx);
	if (directions & SLUICE_TX) {
		sl_keys_wipe(c, &c->tx);
		c->tx_closed = true;
	}
	return 0;
}
