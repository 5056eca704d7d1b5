// SPDX-License-Identifier: MIT
/*
 * libFuzzer: lists of configurations for Encrypted Client Hello, as they come
 * from the DNS or from a server; and the files of the command that have them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../cli/ech.h"
#include "ech_config.h"
#include "toy.h"

/* What main.c has. The parsers have no business with them. */
void fail(int status, const char *format, ...)
{
	(void)status;
	(void)format;
	abort();
}

void note(const struct options *options, const char *format, ...)
{
	(void)options;
	(void)format;
	abort();
}

static struct toy toy;
static max_align_t pool[64];

/* Every octet is in one configuration, and what is in it is within. */
static void try_list(const uint8_t *data, size_t len)
{
	struct sl_reader list = sl_ech_list(data, len);
	struct sl_ech_config config;
	size_t total = 2;
	uint16_t aead = 0;
	bool usable = false;

	while (!list.bad && list.left) {
		assert(sl_ech_config_next(&list, &config));
		assert(config.whole.data == data + total);
		total += config.whole.len;
		if (!sl_ech_config_usable(&toy.table, &config, &aead))
			continue;
		usable = true;
		assert(config.known && !config.mandatory);
		assert(aead >= 1 && aead <= 3);
		assert(sl_ech_config_has(&config, SL_HKDF_SHA256, aead));
		assert(config.key.data > config.whole.data &&
		       config.key.data + config.key.len <=
		       config.whole.data + config.whole.len);
		assert(config.public_name.len &&
		       !memchr(config.public_name.data, 0, config.public_name.len));
	}
	assert(list.bad || total == len);
	assert(usable == sl_ech_config_choose(&toy.table, data, len, &config,
					      &aead));
}

static void try_file(const uint8_t *data, size_t len)
{
	static uint8_t out[2048];
	struct ech_pair pair;
	size_t n = ech_configs_parse((const char *)data, len, out, sizeof(out));

	assert(n <= sizeof(out));
	try_list(out, n);
	if (!ech_pair_parse((const char *)data, len, &pair)) {
		uint8_t der[ECH_DER_MAX];

		assert(pair.config_len <= SLUICE_ECH_CONFIG_MAX);
		assert(ech_der(&pair, der) <= sizeof(der));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	toy_init(&toy, pool, sizeof(pool), 1);
	try_list(data, size);
	try_file(data, size);
	return 0;
}
