// SPDX-License-Identifier: MIT
/* The GnuTLS adapter at work: see relay.h. */
#include "relay.h"
#include "sluice-gnutls.h"

int main(int argc, char **argv)
{
	struct sluice_gnutls secrets = { 0 };
	gnutls_certificate_credentials_t cred;
	gnutls_session_t session;
	int server, raw, rc, fd;
	__u64 seq;

	if (argc < 4)
		return fail("usage: relay-gnutls {connect|accept} PORT CERT [KEY] [raw]", EINVAL);
	server = !strcmp(argv[1], "accept");
	raw = !strcmp(argv[argc - 1], "raw");

	gnutls_certificate_allocate_credentials(&cred);
	rc = server ? gnutls_certificate_set_x509_key_file(cred, argv[3],
							   argv[4],
							   GNUTLS_X509_FMT_PEM) :
		      gnutls_certificate_set_x509_trust_file(cred, argv[3],
							     GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return fail(gnutls_strerror(rc), EINVAL);
	gnutls_init(&session, server ? GNUTLS_SERVER : GNUTLS_CLIENT);
	gnutls_priority_set_direct(session, "NORMAL:-VERS-ALL:+VERS-TLS1.3",
				   NULL);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, cred);
	if (!server)
		gnutls_session_set_verify_cert(session, "localhost", 0);

	fd = tcp(server, argv[2]);
	if (fd < 0 || setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 4))
		return fail("TCP", errno);
	gnutls_transport_set_int(session, fd);
	sluice_gnutls_prepare(session, &secrets);
	do {
		rc = gnutls_handshake(session);
	} while (rc == GNUTLS_E_AGAIN || rc == GNUTLS_E_INTERRUPTED);
	if (rc)
		return fail(gnutls_strerror(rc), EPROTO);
	if (raw) {
		const __u16 type = gnutls_cipher_get(session) ==
				   GNUTLS_CIPHER_AES_256_GCM ?
				   TLS_CIPHER_AES_GCM_256 :
				   TLS_CIPHER_AES_GCM_128;

		rc = sluice_gnutls_set_key(session, fd, 0, type, &seq);
		if (!rc)
			rc = sluice_gnutls_set_key(session, fd, 1, type, &seq);
	} else {
		rc = sluice_gnutls_hand_over(session, &secrets, fd);
	}
	if (rc)
		return fail("hand-over", -rc);
	fputs("handed over\n", stderr);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(cred);
	rc = copy(fd);
	close(fd);
	return rc;
}
