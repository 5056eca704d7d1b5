// SPDX-License-Identifier: MIT
/* Addresses as people write them. */
#include "url.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nothing that could end a line or a word of HTTP. */
static bool printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static bool port_ok(const char *port)
{
	size_t len = strspn(port, "0123456789");
	long value;

	if (!len || len > PORT_MAX || port[len])
		return false;
	value = strtol(port, NULL, 10);
	return value > 0 && value < 65536;
}

/* Splits an authority of len octets; port stays as it is if there is none. */
static const char *authority(struct url *url, const char *text, size_t len)
{
	const char *host = text, *colon;
	size_t host_len;

	if (!printable(text, len))
		return "there is a character in the host that can't be there";
	if (len && text[0] == '[') {
		const char *end = memchr(text, ']', len);

		if (!end)
			return "the ']' of the address is missing";
		host = text + 1;
		host_len = (size_t)(end - host);
		colon = end + 1;
		if (colon == text + len)
			colon = NULL;
		else if (*colon != ':')
			return "only ':' and a port may follow ']'";
	} else {
		colon = memchr(text, ':', len);
		host_len = colon ? (size_t)(colon - text) : len;
	}
	if (!host_len || host_len > HOST_MAX)
		return "the host is missing or too long";
	if (memchr(host, '@', host_len))
		return "a user in the address is not supported";
	memcpy(url->host, host, host_len);
	url->host[host_len] = 0;
	if (colon) {
		size_t port_len = (size_t)(text + len - colon - 1);

		if (!port_len || port_len > PORT_MAX)
			return "the port has to be from 1 to 65535";
		memcpy(url->port, colon + 1, port_len);
		url->port[port_len] = 0;
	}
	return port_ok(url->port) ? NULL : "the port has to be from 1 to 65535";
}

const char *url_parse(struct url *url, const char *text)
{
	static const char scheme[] = "https://";
	const char *path;
	size_t len;

	if (strncasecmp(text, scheme, sizeof(scheme) - 1))
		return "the address has to begin with https://";
	text += sizeof(scheme) - 1;
	len = strcspn(text, "/?#");
	path = text + len;
	if (strlen(path) >= URL_PATH_MAX || !printable(path, strlen(path)))
		return "the path is too long, or a character in it is not escaped";
	if (strchr(path, '#'))
		return "a fragment ('#') is nothing that a server knows";
	snprintf(url->path, sizeof(url->path), "%s%s",
		 *path == '/' ? "" : "/", path);
	memcpy(url->port, "443", sizeof("443"));
	return authority(url, text, len);
}

const char *host_port_parse(struct url *url, const char *text)
{
	memset(url, 0, sizeof(*url));
	return authority(url, text, strlen(text));
}
