// SPDX-License-Identifier: MIT
/* sluice_connect() and sluice_accept(), over TCP. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "pki.h"
#include "sluice/call.h"

static char chain[] = "/tmp/sluice-call-XXXXXX";
static char key[] = "/tmp/sluice-call-XXXXXX";

static int setup(void **state)
{
	struct pki_cert cert = pki_issue(&(struct pki_spec){
		.subject = "localhost",
		.extensions = PKI_LEAF "subjectAltName=DNS:localhost\n",
	});
	FILE *file;

	(void)state;
	file = fdopen(mkstemp(chain), "w");
	assert_true(file && PEM_write_X509(file, cert.cert));
	fclose(file);
	file = fdopen(mkstemp(key), "w");
	assert_true(file && PEM_write_PrivateKey(file, cert.key, NULL, NULL, 0,
						 NULL, NULL));
	fclose(file);
	pki_free(&cert);
	/* what this system believes */
	return setenv("SSL_CERT_FILE", chain, 1);
}

static int teardown(void **state)
{
	(void)state;
	unlink(chain);
	unlink(key);
	return 0;
}

struct side {
	int fd;
	const char *host;	/* NULL: the server */
	struct sluice_call call;
	struct sluice_stream *stream;
	char why[SLUICE_WHY_MAX];
	int rc;
	pthread_t thread;
};

static void tcp_pair(int fds[2])
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fds[0], (struct sockaddr *)&addr, len), 0);
	fds[1] = accept(fd, NULL, NULL);
	assert_true(fds[1] >= 0);
	close(fd);
}

static void *run(void *arg)
{
	struct side *s = arg;

	s->call.why = s->why;
	s->call.stream = &s->stream;
	s->rc = s->host ? sluice_connect(s->fd, s->host, &s->call) :
			  sluice_accept(s->fd, chain, key, &s->call);
	return NULL;
}

static void both(struct side *client, struct side *server)
{
	int fds[2];

	tcp_pair(fds);
	client->fd = fds[0];
	server->fd = fds[1];
	pthread_create(&client->thread, NULL, run, client);
	pthread_create(&server->thread, NULL, run, server);
	pthread_join(client->thread, NULL);
	pthread_join(server->thread, NULL);
}

static void finish(struct side *client, struct side *server)
{
	sluice_call_end(client->stream);
	sluice_call_end(server->stream);
	close(client->fd);
	close(server->fd);
}

static void expect_talk(struct side *client, struct side *server)
{
	uint8_t buf[16];

	assert_string_equal(client->rc ? client->why : "", "");
	assert_string_equal(server->rc ? server->why : "", "");
	assert_int_equal(client->rc, 0);
	assert_int_equal(server->rc, 0);
	assert_int_equal(sluice_write(client->stream, "hello", 5), 5);
	assert_int_equal(sluice_read(server->stream, buf, sizeof(buf)), 5);
	assert_memory_equal(buf, "hello", 5);
	assert_int_equal(sluice_write(server->stream, "you too", 7), 7);
	assert_int_equal(sluice_read(client->stream, buf, sizeof(buf)), 7);
	assert_int_equal(sluice_shutdown(client->stream), 0);
	assert_int_equal(sluice_read(server->stream, buf, sizeof(buf)), 0);
	finish(client, server);
}

static void test_userspace(void **state)
{
	struct side client = { .host = "localhost",
			       .call.flags = SLUICE_CALL_USERSPACE };
	struct side server = { .call.flags = SLUICE_CALL_USERSPACE };

	(void)state;
	both(&client, &server);
	assert_non_null(client.stream->conn);
	expect_talk(&client, &server);
}

/* With the kernel if it can, else without; and the one is told of the other. */
static void test_fallback(void **state)
{
	struct side client = { .host = "localhost",
			       .call.flags = SLUICE_CALL_FALLBACK };
	struct side server = { .call.flags = SLUICE_CALL_FALLBACK };

	(void)state;
	both(&client, &server);
	print_message("# encrypted by %s\n", client.stream->conn ?
		      client.why : "the kernel");
	assert_true(!client.stream->conn == !*client.why);
	expect_talk(&client, &server);
}

/* Without a kernel for it, not a word is said. */
static void test_kernel_only(void **state)
{
	struct sluice_call call = { .why = (char[SLUICE_WHY_MAX]){ "" } };
	char octet;
	int fds[2];
	int rc;

	(void)state;
	tcp_pair(fds);
	if (!access("/proc/net/tls_stat", F_OK)) {
		close(fds[0]);
		close(fds[1]);
		skip();
	}
	rc = sluice_connect(fds[0], "localhost", &call);
	assert_int_equal(rc, -ENOENT);
	assert_non_null(strstr(call.why, "kTLS"));
	assert_int_equal(sluice_accept(fds[1], chain, key, NULL), -ENOENT);
	close(fds[0]);
	assert_int_equal(recv(fds[1], &octet, 1, 0), 0);
	close(fds[1]);
}

static void test_refused(void **state)
{
	struct side client = { .host = "example.org",
			       .call.flags = SLUICE_CALL_USERSPACE };
	struct side server = { .call.flags = SLUICE_CALL_USERSPACE };

	(void)state;
	both(&client, &server);
	assert_int_equal(client.rc, -EACCES);
	assert_true(strlen(client.why) > 0);
	assert_int_equal(server.rc, -ECONNABORTED);
	assert_non_null(strstr(server.why, "bad_certificate"));
	assert_null(client.stream);
	assert_null(server.stream);
	finish(&client, &server);
}

static void test_silence(void **state)
{
	struct sluice_stream *stream;
	struct sluice_call call = {
		.flags = SLUICE_CALL_USERSPACE, .timeout = 100,
		.stream = &stream,
	};
	int fds[2];

	(void)state;
	tcp_pair(fds);
	assert_int_equal(sluice_connect(fds[0], "localhost", &call), -ETIMEDOUT);
	close(fds[0]);
	/* the other end finds a ClientHello, and nothing behind it */
	assert_int_equal(sluice_accept(fds[1], chain, key, &call), -ECONNRESET);
	close(fds[1]);
}

static void test_misuse(void **state)
{
	struct sluice_stream *stream = (void *)1;
	char why[SLUICE_WHY_MAX] = "";
	struct sluice_call call = { .flags = SLUICE_CALL_FALLBACK, .why = why };
	int fds[2];

	(void)state;
	tcp_pair(fds);
	assert_int_equal(sluice_connect(fds[0], "localhost", &call), -EINVAL);
	call.stream = &stream;
	call.flags = 64;
	assert_int_equal(sluice_connect(fds[0], "localhost", &call), -EINVAL);
	assert_null(stream);
	call.flags = SLUICE_CALL_USERSPACE;
	assert_int_equal(sluice_connect(fds[0], "", &call), -EINVAL);
	assert_non_null(strstr(why, "peer_name"));
	assert_int_equal(sluice_connect(fds[0], NULL, &call), -EINVAL);
	assert_int_equal(sluice_accept(fds[1], chain, NULL, &call), -EINVAL);
	assert_int_equal(sluice_accept(fds[1], chain, "/nowhere", &call), -EINVAL);
	assert_non_null(strstr(why, "/nowhere"));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_userspace),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_kernel_only),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_silence),
		cmocka_unit_test(test_misuse),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
