// SPDX-License-Identifier: MIT
/* Encrypted Client Hello: its configurations, in files. */
#include "ech.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base64.h"
#include "pem.h"

#define CONFIGS_MAX	65537	/* a list, with its length */
#define FILE_MAX	131072

struct ech_files {
	uint8_t configs[CONFIGS_MAX];		/* a client's */
	struct ech_pair pairs[ECH_KEYS_MAX];	/* a server's */
	struct sluice_ech_key keys[ECH_KEYS_MAX];
	size_t key_count;
	bool retried;				/* they are the server's own */
};

#define P256	0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, \
		6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7
#define PUBLIC_LEN	65
/* Where a configuration has the code point of its KEM, and its public key. */
#define KEM_AT		5
#define PUBLIC_AT	9

/* Private keys in PKCS #8, in DER: what is before the key itself. */
static const struct form {
	uint8_t before[36];
	size_t before_len;
	size_t len;			/* of the whole */
} forms[] = {
	/* X25519 (RFC 8410) */
	{ { 0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x6e, 4, 0x22,
	    4, 0x20 }, 16, 48 },
	/* P-256, with the public key behind it (RFC 5915), and without */
	{ { 0x30, 0x81, 0x87, 2, 1, 0, P256, 4, 0x6d, 0x30, 0x6b, 2, 1, 1,
	    4, 0x20 }, 36, ECH_DER_MAX },
	{ { 0x30, 0x41, 2, 1, 0, P256, 4, 0x27, 0x30, 0x25, 2, 1, 1, 4, 0x20 },
	  35, 67 },
};

static const uint8_t before_public[] = { 0xa1, 0x44, 3, 0x42, 0 };

size_t ech_configs_parse(const char *text, size_t len, uint8_t *out,
			 size_t size)
{
	const uint8_t *octets = (const uint8_t *)text;
	const char *pem;

	pem = pem_find(text, len, "ECHCONFIG", &len);
	if (pem)
		return base64_decode(pem, len, out, size);
	/* as it is, it says how long it is */
	if (len > 2 && len <= size && len - 2 == (size_t)(octets[0] << 8 | octets[1])) {
		memcpy(out, text, len);
		return len;
	}
	return base64_decode(text, len, out, size);
}

size_t ech_der(const struct ech_pair *pair, uint8_t der[ECH_DER_MAX])
{
	const uint8_t *public = pair->config + PUBLIC_AT;
	const struct form *form = &forms[public[-1] == PUBLIC_LEN];
	uint8_t *at = der + form->before_len + SLUICE_ECH_KEY_LEN;

	memcpy(der, form->before, form->before_len);
	memcpy(der + form->before_len, pair->key, SLUICE_ECH_KEY_LEN);
	if (at < der + form->len) {
		memcpy(at, before_public, sizeof(before_public));
		memcpy(at + sizeof(before_public), public, PUBLIC_LEN);
	}
	return form->len;
}

static const char *parse_key(const char *text, size_t len, uint8_t *key)
{
	uint8_t der[ECH_DER_MAX];
	const char *pem = pem_find(text, len, "PRIVATE KEY", &len);
	size_t n = pem ? base64_decode(pem, len, der, sizeof(der)) : 0;
	bool good = false;

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms) && !good; i++) {
		const struct form *form = &forms[i];

		good = n == form->len &&
		       !memcmp(der, form->before, form->before_len);
		if (good)
			memcpy(key, der + form->before_len, SLUICE_ECH_KEY_LEN);
	}
	sluice_wipe(der, sizeof(der));
	return good ? NULL : "there is no private key of X25519 or P-256 in it";
}

const char *ech_pair_parse(const char *text, size_t len, struct ech_pair *pair)
{
	uint8_t list[2 + SLUICE_ECH_CONFIG_MAX];
	const char *wrong = parse_key(text, len, pair->key);
	const char *pem = pem_find(text, len, "ECHCONFIG", &len);
	size_t n;

	if (wrong)
		return wrong;
	n = pem ? base64_decode(pem, len, list, sizeof(list)) : 0;
	if (n < 6 || n - 2 != (size_t)(list[0] << 8 | list[1]) ||
	    n - 6 != (size_t)(list[4] << 8 | list[5]))
		return "there is no ECHCONFIG with one configuration in it";
	pair->config_len = n - 2;
	memcpy(pair->config, list + 2, n - 2);
	return NULL;
}

/* To be freed; NULL, and errno, if it can't be read. */
static char *read_file(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : malloc(FILE_MAX);
	ssize_t n = 1;

	*len = 0;
	while (text && n > 0 && *len < FILE_MAX) {
		n = read(fd, text + *len, FILE_MAX - *len);
		if (n > 0)
			*len += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	if (n < 0) {
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

void ech_drop(struct ech_files *files)
{
	if (files)
		sluice_wipe(files, sizeof(*files));
	free(files);
}

void ech_client(struct context *ctx)
{
	const char *arg = ctx->options->ech;
	struct ech_files *files;
	size_t len;
	char *text;

	ctx->config.ech_grease = ctx->options->ech_grease;
	if (!arg)
		return;
	files = calloc(1, sizeof(*files));
	if (!files)
		fail(EXIT_FILE, "out of memory");
	ctx->ech = files;
	text = read_file(arg, &len);
	if (text)
		len = ech_configs_parse(text, len, files->configs, CONFIGS_MAX);
	else
		len = base64_decode(arg, strlen(arg), files->configs,
				    CONFIGS_MAX);
	if (!text && !len)
		fail(EXIT_FILE, "--ech: %s is no base64, nor a file that can be read: %s",
		     arg, strerror(errno));
	free(text);
	if (!len)
		fail(EXIT_FILE, "--ech: there is no ECHConfigList in %s", arg);
	ctx->config.ech_configs = files->configs;
	ctx->config.ech_configs_len = len;
}

/* No pair before it is of the same KEM. */
static bool is_first(const struct ech_files *files, const struct ech_pair *pair)
{
	for (size_t i = 0; i < files->key_count; i++) {
		if (!memcmp(files->pairs[i].config + KEM_AT,
			    pair->config + KEM_AT, 2))
			return false;
	}
	return true;
}

/* What is wrong with a file; NULL if it is read. */
static const char *read_pair(const struct context *ctx, const char *path,
			     struct ech_files *files)
{
	struct ech_pair *pair = &files->pairs[files->key_count];
	struct sluice_ech_key *key = &files->keys[files->key_count];
	const char *wrong;
	size_t len;
	char *text = read_file(path, &len);

	if (!text)
		return strerror(errno);
	wrong = ech_pair_parse(text, len, pair);
	sluice_wipe(text, len);
	free(text);
	if (wrong)
		return wrong;
	*key = (struct sluice_ech_key){
		.config = pair->config, .config_len = pair->config_len,
		.key = pair->key,
		/* those behind it are for clients that do not know it yet */
		.retry = is_first(files, pair),
	};
	files->key_count++;
	return sluice_ech_key_check(ctx->provider, key);
}

struct ech_files *ech_read(const struct context *ctx, char *why)
{
	const struct options *o = ctx->options;
	struct ech_files *files = calloc(1, sizeof(*files));

	if (!files)
		snprintf(why, SLUICE_WHY_MAX, "out of memory");
	for (size_t i = 0; files && i < o->ech_key_count; i++) {
		const char *wrong = read_pair(ctx, o->ech_keys[i], files);

		if (!wrong)
			continue;
		snprintf(why, SLUICE_WHY_MAX, "%s: %s", o->ech_keys[i], wrong);
		ech_drop(files);
		files = NULL;
	}
	return files;
}

void ech_use(struct context *ctx, struct ech_files *files)
{
	ech_drop(ctx->ech);
	ctx->ech = files;
	ctx->config.ech_keys = files->keys;
	ctx->config.ech_key_count = files->key_count;
}

void ech_free(struct context *ctx)
{
	ech_drop(ctx->ech);
}

/* For who looks after the list that was given. */
static void tell_list(const struct context *ctx)
{
	size_t len = ctx->config.ech_configs_len;
	char *text = malloc(BASE64_SIZE(len));

	if (!text)
		fail(EXIT_FILE, "out of memory");
	base64_encode(ctx->config.ech_configs, len, text);
	note(ctx->options, "they are: --ech %s", text);
	free(text);
}

bool ech_retry(struct context *ctx, const struct sluice_conn *conn)
{
	struct ech_files *files = ctx->ech;
	struct sluice_conn_info info;
	const char *wrong;

	sluice_conn_info(conn, &info);
	if (info.error != SLUICE_ERR_ECH || files->retried ||
	    !info.ech_retry_configs_len)
		return false;
	memcpy(files->configs, info.ech_retry_configs,
	       info.ech_retry_configs_len);
	ctx->config.ech_configs_len = info.ech_retry_configs_len;
	files->retried = true;
	wrong = sluice_config_check(&ctx->config);
	if (wrong)
		fail(EXIT_TLS, "%s: %s", info.reason, wrong);
	note(ctx->options, "the server has other keys for Encrypted Client Hello: connecting again, with those");
	if (ctx->options->verbose)
		tell_list(ctx);
	return true;
}

const char *ech_hint(const struct context *ctx)
{
	if (ctx->ech->retried)
		return " (on the second try, with the keys that it told on the first)";
	/* it may be anybody who says so */
	if (ctx->options->insecure)
		return "";
	return " (without --ech, everybody can read its name)";
}
