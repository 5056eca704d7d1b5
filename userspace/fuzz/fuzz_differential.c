// SPDX-License-Identifier: MIT
/*
 * libFuzzer: the same ClientHello for our server and for OpenSSL's. Does one go
 * on with the handshake and the other send an alert? What they may differ in is
 * in the two tables below, each with its reason.
 *
 * The first octet of an input says how long the records are that the message
 * comes in, and whether its length is put right; the rest is the message.
 *
 * With -DSEEDS it is a program that writes a corpus to the folder it is given:
 * what our client and OpenSSL's begin with.
 */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hello.h"
#include "mutate.h"
#include "sluice/openssl.h"
#include "sluice/sluice.h"

#define CHECK(x) do { if (!(x)) { \
	fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); abort(); \
} } while (0)

#define GROUPS "X25519MLKEM768:SecP256r1MLKEM768:X25519:P-256:P-384:P-521"

/* ASKS: for another key share, by a HelloRetryRequest. */
enum verdict { WAITS, ASKS, GOES_ON, REFUSES };

static struct sluice_provider *provider;
static struct sluice_credential *credential;
static struct sluice_config config;
static SSL_CTX *ctx;

/* We refuse what OpenSSL takes: by our reason. */
static const char *const stricter[] = {
	/* section 4.2: of those that OpenSSL does not know, as oid_filters */
	"an extension in a message where it does not belong",
	"an extension comes twice",
	/* an empty list is not one (section 4.2.4) */
	"a malformed certificate_authorities",
	NULL
};

/* OpenSSL refuses what we take: by its reason. */
static const int laxer[] = {
	/* what is not used here is not read */
	SSL_R_POST_HANDSHAKE_AUTH_ENCODING_ERR,
	SSL_R_SSL3_EXT_INVALID_MAX_FRAGMENT_LENGTH,
	/*
	 * Nor are the extensions of TLS 1.2; and names that are of no DNS are
	 * passed over, as RFC 6066, section 3, has it
	 */
	SSL_R_BAD_EXTENSION,
	/* how a certificate that signs itself is signed is all the same */
	SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM,
	0
};

static uint64_t now(void *arg)
{
	(void)arg;
	return (uint64_t)time(NULL) * 1000;
}

static void make_credential(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	char why[SLUICE_OPENSSL_WHY_MAX];
	uint8_t *chain = NULL, *secret = NULL;
	X509 *cert = X509_new();
	int chain_len, secret_len;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	CHECK(X509_sign(cert, key, EVP_sha256()));
	chain_len = i2d_X509(cert, &chain);
	secret_len = i2d_PrivateKey(key, &secret);
	credential = sluice_openssl_credential_der(provider, chain,
						   (size_t)chain_len, secret,
						   (size_t)secret_len, why);
	CHECK(credential);
	CHECK(SSL_CTX_use_certificate(ctx, cert) &&
	      SSL_CTX_use_PrivateKey(ctx, key));
	OPENSSL_free(chain);
	OPENSSL_free(secret);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void begin(void)
{
	provider = sluice_openssl_new(NULL);
	ctx = SSL_CTX_new(TLS_server_method());
	CHECK(provider && ctx);
	CHECK(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION));
	CHECK(SSL_CTX_set1_groups_list(ctx, GROUPS));
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_num_tickets(ctx, 0);
	make_credential();
	config = (struct sluice_config){
		.provider = provider,
		.role = SLUICE_SERVER,
		.credential = credential,
		.now = now,
	};
	CHECK(!sluice_config_check(&config));
}

/* By the first record that is sent. */
static enum verdict verdict_of(const uint8_t *out, size_t len)
{
	if (!len)
		return WAITS;
	if (out[0] != 22)
		return REFUSES;
	return len > 5 + 4 + 2 + 32 &&
	       !memcmp(out + 5 + 4 + 2, sl_retry_random, 32) ? ASKS : GOES_ON;
}

static enum verdict try_ours(const uint8_t *data, size_t size,
			     const char **reason)
{
	static uint8_t mem[65536], in[65536], out[65536];
	struct sluice_conn *conn = sluice_conn_init(mem, sizeof(mem), &config);
	size_t used = size, len = sizeof(out);
	struct sluice_conn_info info;

	CHECK(conn && size <= sizeof(in));
	memcpy(in, data, size);
	sluice_handshake(conn, in, &used, out, &len);
	sluice_conn_info(conn, &info);
	*reason = info.reason;
	sluice_conn_free(conn);
	return verdict_of(out, len);
}

static enum verdict try_theirs(const uint8_t *data, size_t size, int *reason)
{
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
	enum verdict verdict;
	char *sent;
	long len;

	CHECK(ssl && in && out);
	SSL_set_bio(ssl, in, out);
	SSL_set_accept_state(ssl);
	CHECK(BIO_write(in, data, (int)size) == (int)size);
	ERR_clear_error();
	SSL_do_handshake(ssl);
	*reason = ERR_GET_REASON(ERR_peek_error());
	len = BIO_get_mem_data(out, &sent);
	verdict = verdict_of((uint8_t *)sent, (size_t)len);
	/* it does not answer what is no TLS at all */
	if (verdict == WAITS && ERR_peek_error())
		verdict = REFUSES;
	SSL_free(ssl);
	return verdict;
}

static bool may_differ(enum verdict ours, const char *our_reason,
		       enum verdict theirs, int their_reason)
{
	if (ours == theirs)
		return true;
	/* who waits for more, or asks again, may refuse it still */
	if (ours == WAITS || theirs == WAITS || ours == ASKS || theirs == ASKS)
		return ours == REFUSES || theirs == REFUSES ||
		       (ours != WAITS && theirs != WAITS);
	for (size_t i = 0; ours == REFUSES && stricter[i]; i++)
		if (!strcmp(stricter[i], our_reason))
			return true;
	for (size_t i = 0; theirs == REFUSES && laxer[i]; i++)
		if (laxer[i] == their_reason)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t message[16384], stream[65536];
	size_t part, len = 0, at;
	enum verdict ours, theirs;
	const char *our_reason;
	int their_reason;

	if (size < 5 || size > 4096)
		return 0;
	if (!provider)
		begin();
	/* whole, or in pieces of 16 octets and more */
	part = data[0] & 0x7f ? (size_t)(data[0] & 0x7f) * 16 : size;
	memcpy(message, data + 1, size - 1);
	if (data[0] & 0x80) {
		message[0] = 1;
		message[1] = 0;
		message[2] = (uint8_t)((size - 5) >> 8);
		message[3] = (uint8_t)(size - 5);
	}
	for (at = 0; at < size - 1; at += part) {
		size_t n = size - 1 - at < part ? size - 1 - at : part;
		const uint8_t header[] = { 22, 3, 1, (uint8_t)(n >> 8),
					   (uint8_t)n };

		memcpy(stream + len, header, sizeof(header));
		memcpy(stream + len + sizeof(header), message + at, n);
		len += sizeof(header) + n;
	}
	ours = try_ours(stream, len, &our_reason);
	theirs = try_theirs(stream, len, &their_reason);
	if (may_differ(ours, our_reason, theirs, their_reason))
		return 0;
	fprintf(stderr, "ours: %d (%s), OpenSSL's: %d (%d, %s)\n", ours,
		our_reason, theirs, their_reason,
		ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0,
						 their_reason)));
	abort();
}

#ifndef SEEDS
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
			       unsigned int seed)
{
	size_t len = 0;

	/* whose length is put right */
	if (size > 5 && data[0] & 0x80 && seed & 3)
		len = mutate_hello(data + 5, size - 5, max_size - 5, seed >> 2);
	return len ? 5 + len : LLVMFuzzerMutate(data, size, max_size);
}
#endif

#ifdef SEEDS
static void save(const char *folder, const char *name, const uint8_t *hello,
		 size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	CHECK(file && len > 5);
	fputc(0x80, file);
	fwrite(hello + 5, 1, len - 5, file);
	fclose(file);
}

int main(int argc, char **argv)
{
	static const uint16_t groups[] = { SLUICE_X25519, 0 };
	static const char *const alpn[] = { "h2", "http/1.1", NULL };
	static uint8_t mem[65536], out[65536];
	struct sluice_config ours;
	SSL_CTX *theirs = SSL_CTX_new(TLS_client_method());
	size_t len = sizeof(out), none = 0;
	SSL *ssl;

	if (argc != 2)
		return 2;
	begin();
	ours = (struct sluice_config){
		.provider = provider, .role = SLUICE_CLIENT, .now = now,
		.no_verify = true, .peer_name = "example.org",
		.groups = groups, .alpn = alpn, .record_limit = 1000,
	};
	sluice_handshake(sluice_conn_init(mem, sizeof(mem), &ours), NULL, &none,
			 out, &len);
	save(argv[1], "sluice", out, len);
	SSL_CTX_set1_groups_list(theirs, "X25519:P-256");
	ssl = SSL_new(theirs);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_tlsext_host_name(ssl, "example.org");
	SSL_connect(ssl);
	len = (size_t)BIO_read(SSL_get_wbio(ssl), out, sizeof(out));
	save(argv[1], "openssl", out, len);
	return 0;
}
#endif
