// SPDX-License-Identifier: MIT
/*
 * A client of GnuTLS's that resumes with early data, for interop.sh: gnutls-cli
 * --earlydata (3.8.9) ends with an error of its own against any server.
 *
 *	gnutls_early PORT CAFILE TEXT
 *
 * Two connections; prints what the server sends, and whether it took the text
 * early in the second.
 */
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what, int rc)
{
	printf("gnutls_early: %s: %s\n", what, gnutls_strerror(rc));
	exit(1);
}

static int dial(const char *port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((unsigned short)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("connect");
		exit(1);
	}
	return fd;
}

/* Sends the text, early if there is a session, and reads to the end. */
static void run(const char *port, gnutls_certificate_credentials_t cred,
		gnutls_datum_t *session, const char *text)
{
	gnutls_session_t s;
	char buf[1000];
	int fd = dial(port), rc;
	bool early = session->data;
	ssize_t n;

	gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_ENABLE_EARLY_DATA);
	gnutls_set_default_priority(s);
	gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, cred);
	gnutls_server_name_set(s, GNUTLS_NAME_DNS, "localhost", 9);
	gnutls_session_set_verify_cert(s, "localhost", 0);
	gnutls_transport_set_int(s, fd);
	if (early) {
		rc = gnutls_session_set_data(s, session->data, session->size);
		if (rc < 0)
			die("session", rc);
		n = gnutls_record_send_early_data(s, text, strlen(text));
		if (n < 0)
			die("early data", (int)n);
		gnutls_free(session->data);
		session->data = NULL;
	}
	do {
		rc = gnutls_handshake(s);
	} while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc < 0)
		die("handshake", rc);
	if (early)
		printf("resumed=%d early=%d\n", gnutls_session_is_resumed(s),
		       (gnutls_session_get_flags(s) & GNUTLS_SFLAGS_EARLY_DATA) != 0);
	if (!(gnutls_session_get_flags(s) & GNUTLS_SFLAGS_EARLY_DATA))
		gnutls_record_send(s, text, strlen(text));
	for (;;) {
		n = gnutls_record_recv(s, buf, sizeof(buf));
		if (n > 0)
			fwrite(buf, 1, (size_t)n, stdout);
		else if (n != GNUTLS_E_AGAIN && n != GNUTLS_E_INTERRUPTED)
			break;
	}
	if (!early) {
		rc = gnutls_session_get_data2(s, session);
		if (rc < 0)
			die("no session", rc);
	}
	gnutls_bye(s, GNUTLS_SHUT_WR);
	gnutls_deinit(s);
	close(fd);
}

int main(int argc, char **argv)
{
	gnutls_certificate_credentials_t cred;
	gnutls_datum_t session = { NULL, 0 };

	if (argc != 4)
		return 2;
	gnutls_certificate_allocate_credentials(&cred);
	gnutls_certificate_set_x509_trust_file(cred, argv[2],
					       GNUTLS_X509_FMT_PEM);
	run(argv[1], cred, &session, argv[3]);
	run(argv[1], cred, &session, argv[3]);
	gnutls_certificate_free_credentials(cred);
	return 0;
}
