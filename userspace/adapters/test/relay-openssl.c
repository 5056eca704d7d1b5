// SPDX-License-Identifier: MIT
/* The OpenSSL adapter at work: see relay.h. */
#include "relay.h"
#include "sluice-openssl.h"

#include <openssl/err.h>

int main(int argc, char **argv)
{
	int server, raw, rc, fd;
	SSL_CTX *ctx;
	SSL *ssl;

	if (argc < 4)
		return fail("usage: relay-openssl {connect|accept} PORT CERT [KEY] [raw]", EINVAL);
	server = !strcmp(argv[1], "accept");
	raw = !strcmp(argv[argc - 1], "raw");

	ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	sluice_openssl_prepare(ctx);
	if (server ? SSL_CTX_use_certificate_chain_file(ctx, argv[3]) != 1 ||
		     SSL_CTX_use_PrivateKey_file(ctx, argv[4],
						 SSL_FILETYPE_PEM) != 1 :
		     SSL_CTX_load_verify_file(ctx, argv[3]) != 1)
		return fail("certificate", EINVAL);
	SSL_CTX_set_verify(ctx, server ? SSL_VERIFY_NONE : SSL_VERIFY_PEER,
			   NULL);

	fd = tcp(server, argv[2]);
	if (fd < 0)
		return fail("TCP", errno);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	if ((server ? SSL_accept(ssl) : SSL_connect(ssl)) != 1) {
		ERR_print_errors_fp(stderr);
		return fail("handshake", EPROTO);
	}
	rc = raw ? 0 : sluice_openssl_hand_over(ssl);
	if (rc)
		return fail("hand-over", -rc);
	if (raw && !BIO_get_ktls_recv(SSL_get_rbio(ssl)))
		return fail("kTLS", EOPNOTSUPP);
	fputs("handed over\n", stderr);
	/* The socket outlives the library's part of the connection. */
	fd = dup(fd);
	SSL_set_quiet_shutdown(ssl, 1);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	rc = copy(fd);
	close(fd);
	return rc;
}
