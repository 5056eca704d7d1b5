// SPDX-License-Identifier: MIT
/* Files and folders of what Mbed TLS parses. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <mbedtls/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "internal.h"

#define FILE_MAX	(64UL * 1024 * 1024)

void sl_mbedtls_explain(char *why, const char *path, const char *what)
{
	snprintf(why, SLUICE_WHY_MAX, "%s: %s", path, what);
}

/* The whole file with a NUL behind it, as Mbed TLS wants PEM to end. */
static uint8_t *slurp(const char *path, size_t *len, char *why)
{
	FILE *file = fopen(path, "re");
	size_t room = 64 * 1024;
	uint8_t *data = NULL;

	if (!file) {
		sl_mbedtls_explain(why, path, strerror(errno));
		return NULL;
	}
	*len = 0;
	errno = 0;
	while (room <= FILE_MAX) {
		uint8_t *more = realloc(data, room);

		if (!more)
			break;
		data = more;
		*len += fread(data + *len, 1, room - 1 - *len, file);
		if (*len < room - 1) {
			if (ferror(file))
				break;
			fclose(file);
			data[*len] = 0;
			return data;
		}
		room *= 2;
	}
	sl_mbedtls_explain(why, path, errno ? strerror(errno) : "too long");
	fclose(file);
	free(data);
	return NULL;
}

int sl_mbedtls_read(const char *path, const char *label, bool der,
		    int (*take)(void *ctx, const uint8_t *data, size_t len),
		    void *ctx, char *why)
{
	char begin[64], end[64];
	size_t len, used, n;
	uint8_t *data = slurp(path, &len, why);
	const unsigned char *at = data;
	int sum = 0, rc = 0;
	bool found = false;

	if (!data)
		return -1;
	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	snprintf(end, sizeof(end), "-----END %s-----", label);
	while (rc >= 0) {
		mbedtls_pem_context pem;
		const unsigned char *object;

		mbedtls_pem_init(&pem);
		if (mbedtls_pem_read_buffer(&pem, begin, end, at, NULL, 0,
					    &used)) {
			mbedtls_pem_free(&pem);
			break;
		}
		found = true;
		object = mbedtls_pem_get_buffer(&pem, &n);
		rc = take(ctx, object, n);
		sum += rc;
		at += used;
		mbedtls_pem_free(&pem);
	}
	if (!found && der) {
		rc = take(ctx, data, len);
		sum = rc;
	}
	free(data);
	return rc < 0 ? rc : sum;
}

int sl_mbedtls_read_dir(const char *path,
			int (*file)(void *ctx, const char *path, char *why),
			void *ctx, char *why)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char name[PATH_MAX];
	int rc = 0, sum = 0;
	struct stat st;

	if (!dir) {
		sl_mbedtls_explain(why, path, strerror(errno));
		return -1;
	}
	while (rc >= 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path,
			     entry->d_name) >= (int)sizeof(name)) {
			sl_mbedtls_explain(why, path, strerror(ENAMETOOLONG));
			rc = -1;
		} else if (stat(name, &st)) {
			sl_mbedtls_explain(why, name, strerror(errno));
			rc = -1;
		} else if (S_ISREG(st.st_mode)) {
			rc = file(ctx, name, why);
			sum += rc;
		}
	}
	closedir(dir);
	return rc < 0 ? rc : sum;
}
