// SPDX-License-Identifier: MIT
#include "ech_config.h"

#include <string.h>

#define LABEL_MAX	63
#define NAME_MAX	253
#define MANDATORY	0x8000

/* ECHConfigContents, all of it. */
static bool parse_contents(struct sl_reader *r, struct sl_ech_config *config)
{
	struct sl_reader extensions;

	config->id = sl_get8(r);
	config->kem = sl_get16(r);
	config->key = sl_octets(sl_get_vec(r, 2, 1, 0xffff));
	config->suites = sl_get_vec(r, 2, 4, 0xfffc);
	config->max_name = sl_get8(r);
	config->public_name = sl_octets(sl_get_vec(r, 1, 1, 255));
	extensions = sl_get_vec(r, 2, 0, 0xffff);
	while (!extensions.bad && extensions.left) {
		config->mandatory |= !!(sl_get16(&extensions) & MANDATORY);
		sl_get_vec(&extensions, 2, 0, 0xffff);
	}
	return sl_done(r) && !extensions.bad && !(config->suites.left % 4);
}

bool sl_ech_config_next(struct sl_reader *list, struct sl_ech_config *config)
{
	const uint8_t *start = list->pos;
	uint16_t version = sl_get16(list);
	struct sl_reader contents = sl_get_vec(list, 2, 0, 0xffff);

	*config = (struct sl_ech_config){ .known = version == SL_ECH_VERSION };
	if (list->bad)
		return false;
	config->whole = (struct sluice_octets){ start, 4 + contents.left };
	return !config->known || parse_contents(&contents, config);
}

struct sl_reader sl_ech_list(const uint8_t *data, size_t len)
{
	struct sl_reader r = sl_reader(data, len);
	struct sl_reader list = sl_get_vec(&r, 2, 4, 0xffff), rest = list;
	struct sl_ech_config config;

	while (!rest.bad && rest.left) {
		if (!sl_ech_config_next(&rest, &config))
			rest.bad = true;
	}
	list.bad = !sl_done(&r) || rest.bad;
	return list;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
	return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'f');
}

/* Could it be the end of an IPv4 address, as some write it? */
static bool is_number(const uint8_t *label, size_t len)
{
	size_t i = 0;

	if (len >= 2 && label[0] == '0' && (label[1] | 32) == 'x') {
		for (i = 2; i < len && is_hex(label[i]);)
			i++;
		return i == len;
	}
	while (i < len && is_digit(label[i]))
		i++;
	return i == len;
}

/* A host name of LDH labels, and no address (section 6.1.7). */
static bool is_host(struct sluice_octets name)
{
	const uint8_t *label = name.data, *end = name.data + name.len;

	if (!name.len || name.len > NAME_MAX)
		return false;
	for (;;) {
		const uint8_t *dot = memchr(label, '.', (size_t)(end - label));
		size_t len = (size_t)((dot ? dot : end) - label), i;

		if (!len || len > LABEL_MAX || label[0] == '-' ||
		    label[len - 1] == '-')
			return false;
		for (i = 0; i < len; i++) {
			if (!is_digit(label[i]) && label[i] != '-' &&
			    !((label[i] | 32) >= 'a' && (label[i] | 32) <= 'z'))
				return false;
		}
		if (!dot)
			return !is_number(label, len);
		label = dot + 1;
	}
}

bool sl_ech_config_usable(const struct sluice_provider *p,
			  const struct sl_ech_config *config, uint16_t *aead)
{
	const struct sl_hpke_kem *kem;
	struct sl_reader suites = config->suites;

	if (!config->known || config->mandatory ||
	    config->whole.len > SLUICE_ECH_CONFIG_MAX ||
	    !is_host(config->public_name))
		return false;
	kem = sl_hpke_kem(p, config->kem);
	if (!kem || kem->public_len != config->key.len)
		return false;
	while (suites.left) {
		uint16_t kdf = sl_get16(&suites);

		*aead = sl_get16(&suites);
		if (sl_hpke_has(p, kdf, *aead))
			return true;
	}
	return false;
}

bool sl_ech_config_choose(const struct sluice_provider *p,
			  const uint8_t *data, size_t len,
			  struct sl_ech_config *config, uint16_t *aead)
{
	struct sl_reader list = sl_ech_list(data, len);

	while (!list.bad && list.left) {
		if (sl_ech_config_next(&list, config) &&
		    sl_ech_config_usable(p, config, aead))
			return true;
	}
	return false;
}

bool sl_ech_config_has(const struct sl_ech_config *config, uint16_t kdf,
		       uint16_t aead)
{
	struct sl_reader suites = config->suites;

	while (suites.left) {
		uint16_t offered = sl_get16(&suites);

		if (sl_get16(&suites) == aead && offered == kdf)
			return true;
	}
	return false;
}

struct sluice_octets sl_ech_info(const struct sl_ech_config *config,
				 uint8_t *buf)
{
	struct sl_writer w = sl_writer(buf, SL_HPKE_INFO_MAX);

	sl_put(&w, SL_ECH_INFO_PREFIX, SL_ECH_INFO_LEN);
	sl_put(&w, config->whole.data, config->whole.len);
	return (struct sluice_octets){ buf, w.len };
}
