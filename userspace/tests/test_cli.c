// SPDX-License-Identifier: MIT
/* The parsers of the command: addresses and HTTP heads, sound and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#undef fail	/* the command has a function of that name */

#include "../cli/base64.h"
#include "../cli/ech.h"
#include "../cli/http.h"
#include "../cli/psk.h"
#include "../cli/stream.h"
#include "../cli/ticket.h"
#include "../cli/url.h"

/* What main.c has: here nothing may end the program. */
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
}

/* cmocka's own way needs the name that the command has taken. */
static void taken(const char *text)
{
	print_error("taken, but should not be: %s\n", text);
	assert_true(false);
}

static void urls(void **state)
{
	static const struct {
		const char *text, *host, *port, *path;
	} good[] = {
		{ "https://example.org", "example.org", "443", "/" },
		{ "HTTPS://example.org/", "example.org", "443", "/" },
		{ "https://example.org:8443/a/b?c=d", "example.org", "8443",
		  "/a/b?c=d" },
		{ "https://127.0.0.1/x", "127.0.0.1", "443", "/x" },
		{ "https://[::1]/x", "::1", "443", "/x" },
		{ "https://[2001:db8::1]:1/", "2001:db8::1", "1", "/" },
		{ "https://h?q", "h", "443", "/?q" },
		{ "https://h:65535", "h", "65535", "/" },
	};
	static const char *const bad[] = {
		"", "example.org", "http://example.org/", "https://",
		"https:///x", "https://:443/", "https://h:/", "https://h:0/",
		"https://h:65536/", "https://h:99999999/", "https://h:-1/",
		"https://h:1a/", "https://[::1/", "https://[::1]x/",
		"https://[]/", "https://u@h/", "https://h/a b",
		"https://h/a\r\nX: y", "https://h\n/", "https://h/#x",
		"https://h:44 3/",
	};
	char big[URL_PATH_MAX + 64];
	struct url url;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_null(url_parse(&url, good[i].text));
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.port, good[i].port);
		assert_string_equal(url.path, good[i].path);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!url_parse(&url, bad[i]))
			taken(bad[i]);

	strcpy(big, "https://h/");
	memset(big + 10, 'a', sizeof(big) - 11);
	big[sizeof(big) - 1] = 0;
	assert_non_null(url_parse(&url, big));
	memset(big + 8, 'a', HOST_MAX + 1);
	big[8 + HOST_MAX + 1] = 0;
	assert_non_null(url_parse(&url, big));
	big[8 + HOST_MAX] = 0;
	assert_null(url_parse(&url, big));
}

static void host_ports(void **state)
{
	struct url url;

	(void)state;
	assert_null(host_port_parse(&url, "localhost:25"));
	assert_string_equal(url.host, "localhost");
	assert_string_equal(url.port, "25");
	assert_null(host_port_parse(&url, "[::1]:25"));
	assert_string_equal(url.host, "::1");
	assert_non_null(host_port_parse(&url, "localhost"));
	assert_non_null(host_port_parse(&url, ":25"));
	assert_non_null(host_port_parse(&url, "::1"));
	assert_non_null(host_port_parse(&url, ""));
}

/* A copy without a terminator, so that a sanitizer sees a read beyond it. */
static const char *response(struct http_head *head, const char *text)
{
	size_t len = strlen(text);
	char *copy = memcpy(malloc(len), text, len);
	const char *problem = http_parse_response(head, copy, len);

	free(copy);
	return problem;
}

static const char *request(struct http_head *head, const char *text)
{
	size_t len = strlen(text);
	char *copy = memcpy(malloc(len), text, len);
	const char *problem = http_parse_request(head, copy, len);

	free(copy);
	return problem;
}

static void responses(void **state)
{
	static const char *const bad[] = {
		"HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n",
		"HTTP/1.1 2000\r\n\r\n", "\r\n\r\n", "x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
		"HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
		"HTTP/1.1 200 OK\r\na: b\nc: d\r\n\r\n",
	};
	struct http_head head;

	(void)state;
	assert_null(response(&head, "HTTP/1.1 200 OK\r\nContent-length:  42 \r\n\r\n"));
	assert_int_equal(head.status, 200);
	assert_true(head.has_length && head.length == 42 && !head.chunked);
	assert_null(response(&head, "HTTP/1.0 404\r\n\r\n"));
	assert_int_equal(head.status, 404);
	assert_false(head.has_length);
	assert_null(response(&head, "HTTP/1.1 200 OK\r\nTRANSFER-ENCODING: chunked\r\n\r\n"));
	assert_true(head.chunked);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!response(&head, bad[i]))
			taken(bad[i]);
}

static void requests(void **state)
{
	static const char *const bad[] = {
		"GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/2.0\r\n\r\n",
		"GET / HTTP/1.1 x\r\n\r\n", "GET x HTTP/1.1\r\n\r\n",
		"GET /%0 HTTP/1.1\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n",
		"GET /%00 HTTP/1.1\r\n\r\n", " / HTTP/1.1\r\n\r\n",
		"AVERYLONGMETHODNAME / HTTP/1.1\r\n\r\n", "\r\n\r\n",
	};
	struct http_head head;

	(void)state;
	assert_null(request(&head, "GET /a%20b%2Fc?d HTTP/1.1\r\nHost: x\r\n\r\n"));
	assert_string_equal(head.method, "GET");
	assert_string_equal(head.target, "/a b/c");
	assert_null(request(&head, "PUT / HTTP/1.0\r\nContent-Length: 0\r\n\r\n"));
	assert_true(head.has_length && !head.length);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!request(&head, bad[i]))
			taken(bad[i]);
}

/* Every head cut at every length, and every octet of it changed. */
static void mangled(void **state)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 42\r\nX: y\r\n\r\n";
	struct http_head head;
	char copy[sizeof(text)];

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_int_equal(http_head_end(text, len), 0);
	assert_int_equal(http_head_end(text, sizeof(text) - 1),
			 sizeof(text) - 1);
	for (size_t at = 0; at < sizeof(text) - 5; at++) {
		for (int c = 0; c < 256; c++) {
			memcpy(copy, text, sizeof(copy));
			copy[at] = (char)c;
			response(&head, copy[at] ? copy : text);
			request(&head, copy[at] ? copy : text);
		}
	}
}

static void chunks(void **state)
{
	uint64_t size;

	(void)state;
	assert_true(http_parse_chunk_size("1aF", 3, &size) && size == 0x1af);
	assert_true(http_parse_chunk_size("0", 1, &size) && !size);
	assert_true(http_parse_chunk_size("10;ext=1", 8, &size) && size == 16);
	assert_true(http_parse_chunk_size("ffffffffffffffff", 16, &size));
	assert_false(http_parse_chunk_size("10000000000000000", 17, &size));
	assert_false(http_parse_chunk_size("", 0, &size));
	assert_false(http_parse_chunk_size(";", 1, &size));
	assert_false(http_parse_chunk_size("0x1", 3, &size));
	assert_false(http_parse_chunk_size("-1", 2, &size));
}

#define KEY16	"000102030405060708090a0b0c0d0E0F"

static void psk_lines(void **state)
{
	static const char *const bad[] = {
		"", ":", "a", "a:", ":" KEY16, "a:00", "a:" KEY16 "0",
		"a:" KEY16 "0g", "a:" KEY16 " ", "a: " KEY16, KEY16,
		"a:" KEY16 KEY16 KEY16 KEY16 "00", "a:" KEY16 ":",
	};
	struct psk_entry entry;
	char line[400];

	(void)state;
	assert_null(psk_parse(&entry, "a:" KEY16, 34));
	assert_string_equal(entry.identity, "a");
	assert_int_equal(entry.key_len, 16);
	assert_int_equal(entry.key[15], 15);
	assert_null(psk_parse(&entry, "a b:c:" KEY16 KEY16 KEY16 KEY16, 134));
	assert_string_equal(entry.identity, "a b:c");
	assert_int_equal(entry.key_len, 64);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!psk_parse(&entry, bad[i], strlen(bad[i])))
			taken(bad[i]);
	}
	memset(line, 'i', sizeof(line));
	memcpy(line + 256, ":" KEY16, 33);
	assert_non_null(psk_parse(&entry, line, 289));
	assert_null(psk_parse(&entry, line + 1, 288));
}

#define NOW	1000000

static uint64_t now(void *ctx)
{
	(void)ctx;
	return NOW;
}

/* What sluice_ticket_expiry() looks at, and a number. */
static void put_number(struct context *ctx, uint32_t number, uint8_t lifetime)
{
	uint8_t ticket[20] = { [10] = NOW >> 8 & 0xff, [15] = lifetime };

	ticket[9] = NOW >> 16 & 0xff;
	ticket[11] = NOW & 0xff;
	memcpy(ticket + 16, &number, sizeof(number));
	ticket_put(ctx, "localhost", ticket, sizeof(ticket));
}

/* The number of the ticket taken; 0 for none. */
static uint32_t take_number(struct context *ctx)
{
	uint8_t ticket[20];
	uint32_t number = 0;

	if (ticket_take(ctx, "localhost", ticket, sizeof(ticket)) ==
	    sizeof(ticket))
		memcpy(&number, ticket + 16, sizeof(number));
	return number;
}

static void session_file(void **state)
{
	char path[] = "/tmp/sluice-session-XXXXXX";
	struct options options = { .session = path };
	struct context ctx = { .options = &options, .config.now = now,
			       .site = "localhost:443" };
	FILE *file;
	struct stat st;

	(void)state;
	close(mkstemp(path));
	unlink(path);
	assert_int_equal(take_number(&ctx), 0);
	put_number(&ctx, 7, 0);		/* has expired */
	for (uint32_t i = 1; i <= 6; i++)
		put_number(&ctx, i, 10);
	strcpy(ctx.site, "localhost:44");
	assert_int_equal(take_number(&ctx), 0);
	put_number(&ctx, 8, 10);
	strcpy(ctx.site, "localhost:443");
	file = fopen(path, "a");
	assert_non_null(file);
	fputs("localhost:443 0\nlocalhost:443\nlocalhost:443 \n\n \n"
	      "localhost:443 00zz\nlocalhost:443 000", file);
	for (size_t i = 0; i < 10000; i++)
		fputc('f', file);
	fclose(file);
	/* four are kept of a server */
	assert_int_equal(take_number(&ctx), 6);
	assert_int_equal(take_number(&ctx), 5);
	assert_int_equal(take_number(&ctx), 4);
	/* in a file that others can read, they are safe no more */
	assert_false(stat(path, &st));
	assert_int_equal(st.st_mode & 0777, 0600);
	chmod(path, 0640);
	assert_int_equal(take_number(&ctx), 0);
	put_number(&ctx, 9, 10);
	chmod(path, 0600);
	assert_int_equal(take_number(&ctx), 3);
	assert_int_equal(take_number(&ctx), 0);
	strcpy(ctx.site, "localhost:44");
	assert_int_equal(take_number(&ctx), 8);
	assert_false(stat(path, &st));
	assert_int_equal(st.st_size, 0);
	unlink(path);
}

/* Processes put and take at once: none gets a ticket that another got. */
static void session_race(void **state)
{
	enum { PROCESSES = 8, EACH = 30, NUMBERS = PROCESSES * EACH + 1 };
	char path[] = "/tmp/sluice-session-XXXXXX";
	struct options options = { .session = path };
	struct context ctx = { .options = &options, .config.now = now,
			       .site = "localhost:443" };
	uint8_t seen[NUMBERS] = { 0 };
	size_t taken = 0;
	uint32_t number;
	int ends[2];

	(void)state;
	close(mkstemp(path));
	assert_false(pipe(ends));
	for (uint32_t p = 0; p < PROCESSES; p++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid)
			continue;
		for (uint32_t i = 0; i < EACH; i++) {
			put_number(&ctx, 1 + p * EACH + i, 10);
			number = take_number(&ctx);
			if (number && write(ends[1], &number, 4) != 4)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	while (read(ends[0], &number, 4) == 4) {
		assert_in_range(number, 1, NUMBERS - 1);
		assert_int_equal(seen[number], 0);
		seen[number] = 1;
		taken++;
	}
	close(ends[0]);
	for (int p = 0, status; p < PROCESSES; p++)
		assert_true(wait(&status) > 0 && !status);
	/* who had put one found one, unless four were there already */
	assert_true(taken >= EACH);
	unlink(path);
}

static void base64(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} cases[] = {
		{ "TWFu", 3 }, { "TWE=", 2 }, { "TQ==", 1 }, { " T\nWF u\r\n", 3 },
		{ "TWFuTWFu", 6 }, { "", 0 }, { "T", 0 }, { "TW", 0 }, { "TWF", 0 },
		{ "TWE", 0 }, { "TR==", 0 }, { "TWF=", 0 }, { "T===", 0 },
		{ "TQ==TQ==", 0 }, { "TQ=A", 0 }, { "TWFuA===", 0 }, { "TW-_", 0 }, { "=TWF", 0 }, { "TWFuTWFuTWFu", 0 },
	};
	uint8_t out[8], data[7] = { 0xff, 0, 0x7f, 1, 0xfe, 9, 0x80 };
	char text[BASE64_SIZE(7)];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (base64_decode(cases[i].text, strlen(cases[i].text), out,
				  sizeof(out)) != cases[i].len)
			taken(cases[i].text);
	}
	for (i = 1; i <= sizeof(data); i++) {
		base64_encode(data, i, text);
		assert_int_equal(strlen(text), BASE64_SIZE(i) - 1);
		assert_int_equal(base64_decode(text, strlen(text), out,
					       sizeof(out)), i);
		assert_memory_equal(out, data, i);
	}
}

/* Whole is all that is taken. */
static void cut_anywhere(const char *text)
{
	struct ech_pair pair;
	size_t i;

	for (i = 0; i < strlen(text) - 1; i++) {
		char *cut = malloc(i + 1);

		memcpy(cut, text, i);
		assert_non_null(ech_pair_parse(cut, i, &pair));
		free(cut);
	}
}

/* The file of a key. */
static void ech_files(void **state)
{
	static const char text[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VuBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
		"-----END PRIVATE KEY-----\n"
		"-----BEGIN ECHCONFIG-----\n"
		"AD7+DQA6OAAgACCbQkAPmtiUxkbzxdzAdGN3pjg/a022pCzZfO4/JLCaawAEAAEA\n"
		"A2QLcHVibGljLnRlc3QAAA==\n"
		"-----END ECHCONFIG-----\n";
	/* of Ed25519, and a configuration that ends before the list does */
	static const struct {
		const char *from, *to;
	} wrong[] = { { "K2Vu", "K2Vw" }, { "DQA6", "DQA5" } };
	uint8_t list[256], again[256];
	struct ech_pair pair;
	size_t len, i;

	(void)state;
	assert_null(ech_pair_parse(text, strlen(text), &pair));
	for (i = 0; i < sizeof(pair.key); i++)
		assert_int_equal(pair.key[i], i);
	len = ech_configs_parse(text, strlen(text), list, sizeof(list));
	assert_int_equal(len, 64);
	assert_int_equal(pair.config_len, len - 2);
	assert_memory_equal(pair.config, list + 2, len - 2);
	/* as it is */
	assert_int_equal(ech_configs_parse((char *)list, len, again,
					   sizeof(again)), len);
	assert_memory_equal(again, list, len);
	assert_int_equal(ech_configs_parse((char *)list, len - 1, again,
					   sizeof(again)), 0);
	assert_int_equal(ech_configs_parse(text, strlen(text), again, 63), 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char copy[sizeof(text)];

		memcpy(copy, text, sizeof(text));
		memcpy(strstr(copy, wrong[i].from), wrong[i].to, 4);
		assert_non_null(ech_pair_parse(copy, strlen(copy), &pair));
	}
	cut_anywhere(text);
}

/* P-256: with the public key behind the private one, as we write it; without. */
static void ech_files_p256(void **state)
{
	static const char rest[] =
		"-----END PRIVATE KEY-----\n"
		"-----BEGIN ECHCONFIG-----\n"
		"AGf+DQBjOQAQAEEEK6wg3KyetNBYddr12UA1Ynb4X4Oco76TdDbXwy5fwpiGjL74\n"
		"0ac2PPPGmbDgMl6wZkI4QrlWREkdO3TXt2cDYwAMAAEAAQABAAIAAQADAAtwdWJs\n"
		"aWMudGVzdAAA\n"
		"-----END ECHCONFIG-----\n";
	static const char *const keys[] = {
		"-----BEGIN PRIVATE KEY-----\n"
		"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0+vsAgn/fcNG4Qk0\n"
		"Uu9izQmXeGXBElbC0gY/GN6hHdyhRANCAAQrrCDcrJ600Fh12vXZQDVidvhfg5yj\n"
		"vpN0NtfDLl/CmIaMvvjRpzY888aZsOAyXrBmQjhCuVZESR07dNe3ZwNj\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCDT6+wCCf99w0bhCTRS\n"
		"72LNCZd4ZcESVsLSBj8Y3qEd3A==\n",
	};
	uint8_t der[ECH_DER_MAX], whole[ECH_DER_MAX];
	struct ech_pair pair;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		char text[1024], *at;

		snprintf(text, sizeof(text), "%s%s", keys[i], rest);
		assert_null(ech_pair_parse(text, strlen(text), &pair));
		assert_int_equal(ech_der(&pair, der), ECH_DER_MAX);
		if (!i)
			memcpy(whole, der, sizeof(der));
		assert_memory_equal(der, whole, sizeof(der));
		cut_anywhere(text);
		/* of another curve */
		at = strstr(text, "IKoZIzj0DAQc");
		if (!at)
			at = strstr(text, "GCCqGSM49AwEH");
		assert_non_null(at);
		at[2]++;
		assert_non_null(ech_pair_parse(text, strlen(text), &pair));
	}
	/* and it is what base64 of the first one says */
	assert_int_equal(base64_decode(keys[0] + 28, strlen(keys[0]) - 28, der,
				       sizeof(der)), ECH_DER_MAX);
	assert_memory_equal(der, whole, sizeof(der));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls),
		cmocka_unit_test(host_ports),
		cmocka_unit_test(responses),
		cmocka_unit_test(requests),
		cmocka_unit_test(mangled),
		cmocka_unit_test(chunks),
		cmocka_unit_test(psk_lines),
		cmocka_unit_test(session_file),
		cmocka_unit_test(session_race),
		cmocka_unit_test(base64),
		cmocka_unit_test(ech_files),
		cmocka_unit_test(ech_files_p256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
