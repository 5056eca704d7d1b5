// SPDX-License-Identifier: MIT
/*
 * libFuzzer: what the providers read of certificates, lists of revocation, OCSP
 * responses and what a peer asks certificates for, with both of them.
 *
 * An input says with its first octet what is to be done; then come pieces, each
 * with two octets of length: what is to be signed of the leaf, of a list or a
 * response if one is said to be there, and of further certificates. All of it is
 * signed here, by one key, so that what lies behind signatures is reached, too.
 * What is accepted has to be in time, and of the name.
 *
 * With -DSEEDS it is a program that writes a corpus to the folder it is given.
 */
#include <assert.h>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sluice/backend.h"
#include "sluice/provider.h"

#define NOW	1800000000
#define NAME	"www.example.org"
#define ADDRESS	"192.0.2.1"
#define CHAIN	4

enum how {
	SECOND = 1 << 0,		/* Mbed TLS, if it is there */
	CLIENT = 1 << 1,
	LIST = 1 << 2,
	STAPLE = 1 << 3,
	BY_ADDRESS = 1 << 4,
	WHOLE_CHAIN = 1 << 5,		/* lists are for that, too */
	WISHES = 1 << 6,		/* of a peer, for our certificate */
};

/* A key for nobody: RFC 5915, without the public half. */
static const uint8_t key_der[] =
	"\x30\x31\x02\x01\x01\x04\x20"
	"the key of no authority at all.."
	"\xa0\x0a\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
static const uint8_t ecdsa_sha256[] =
	"\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02";

static EVP_PKEY *key;
static X509 *authority;
static char authority_path[64];
static struct {
	const struct sluice_backend *backend;
	struct sluice_provider *provider;
	struct sluice_trust *trust;
	struct sluice_credential *credential;
} sides[2];

struct spec {
	const char *subject;
	bool own;			/* issued by itself */
	long until;			/* from NOW, in days */
	struct {
		int nid;
		const char *value;
	} extensions[8];
};

static X509 *issue(const struct spec *spec)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	CONF *conf = NCONF_new(NULL);
	X509V3_CTX ctx;

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
	ASN1_TIME_set(X509_getm_notBefore(cert), NOW - 2 * 86400);
	ASN1_TIME_set(X509_getm_notAfter(cert), NOW + spec->until * 86400);
	X509_set_pubkey(cert, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
				   (const uint8_t *)spec->subject, -1, -1, 0);
	X509_set_issuer_name(cert, spec->own ? name :
			     X509_get_subject_name(authority));
	X509V3_set_ctx(&ctx, spec->own ? cert : authority, cert, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	for (size_t i = 0; spec->extensions[i].nid; i++) {
		X509_EXTENSION *ext = X509V3_EXT_nconf_nid(conf, &ctx,
				spec->extensions[i].nid,
				spec->extensions[i].value);

		assert(ext && X509_add_ext(cert, ext, -1));
		X509_EXTENSION_free(ext);
	}
	NCONF_free(conf);
	assert(X509_sign(cert, key, EVP_sha256()));
	return cert;
}

/* A file without a place. */
static int file_of(const void *data, size_t len, char path[64])
{
	int fd = memfd_create("file", 0);

	assert(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static void keep_authority(void)
{
	static const struct spec spec = {
		"authority", true, 3650,
		{ { NID_basic_constraints, "critical,CA:TRUE" },
		  { NID_key_usage, "critical,keyCertSign,cRLSign" } },
	};
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	authority = issue(&spec);
	assert(PEM_write_bio_X509(bio, authority));
	len = BIO_get_mem_data(bio, &pem);
	file_of(pem, (size_t)len, authority_path);
	BIO_free(bio);
}

static struct sluice_trust *new_trust(const struct sluice_backend *backend,
				      struct sluice_provider *provider)
{
	struct sluice_trust *trust = backend->trust_new(provider);
	char why[SLUICE_WHY_MAX];

	assert(trust && !backend->trust_file(trust, authority_path, why));
	return trust;
}

static void begin(void)
{
	static const struct spec spec = {
		"own", false, 30,
		{ { NID_key_usage, "critical,digitalSignature" },
		  { NID_ext_key_usage, "serverAuth,clientAuth" } },
	};
	const uint8_t *at = key_der;
	char why[SLUICE_WHY_MAX];
	uint8_t *der = NULL;
	X509 *own;
	int len;

	key = d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, sizeof(key_der) - 1);
	assert(key);
	keep_authority();
	own = issue(&spec);
	len = i2d_X509(own, &der);
	for (unsigned int i = 0; i < 2; i++) {
		const struct sluice_backend *backend = sluice_backend_get(i);

		if (!backend)
			backend = sluice_backend_get(0);
		sides[i].backend = backend;
		sides[i].provider = backend->open(false, why);
		assert(sides[i].provider);
		sides[i].trust = new_trust(backend, sides[i].provider);
		sides[i].credential = backend->credential_der(sides[i].provider,
				der, (size_t)len, key_der, sizeof(key_der) - 1,
				why);
		assert(sides[i].credential);
	}
	OPENSSL_free(der);
	X509_free(own);
}

/* DER in the making; each has room for what is around it. */
struct der {
	uint8_t data[8192];
	size_t len;
};

static void add(struct der *der, const void *data, size_t len)
{
	assert(len <= sizeof(der->data) - der->len);
	if (len)
		memcpy(der->data + der->len, data, len);
	der->len += len;
}

/* What is there becomes the contents. */
static void wrap(struct der *der, uint8_t tag)
{
	uint8_t header[4] = { tag };
	size_t n = 1;

	if (der->len >= 256)
		header[n++] = 0x82;
	else if (der->len >= 128)
		header[n++] = 0x81;
	if (der->len >= 256)
		header[n++] = (uint8_t)(der->len >> 8);
	header[n++] = (uint8_t)der->len;
	assert(n <= sizeof(der->data) - der->len);
	memmove(der->data + n, der->data, der->len);
	memcpy(der->data, header, n);
	der->len += n;
}

static void sign(struct der *der, const uint8_t *tbs, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct der bits = { .data = { 0 }, .len = 1 };
	size_t sig_len = 256;

	assert(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) > 0);
	assert(EVP_DigestSign(ctx, bits.data + 1, &sig_len, tbs, len) > 0);
	EVP_MD_CTX_free(ctx);
	bits.len += sig_len;
	wrap(&bits, 0x03);
	der->len = 0;
	add(der, tbs, len);
	add(der, ecdsa_sha256, sizeof(ecdsa_sha256) - 1);
	add(der, bits.data, bits.len);
	wrap(der, 0x30);
}

/* RFC 6960, section 4.2.1. */
static void make_response(struct der *der)
{
	static const uint8_t basic[] =
		"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01";
	static const uint8_t successful[] = "\x0a\x01\x00";
	struct der inner = *der;

	wrap(&inner, 0x04);
	der->len = 0;
	add(der, basic, sizeof(basic) - 1);
	add(der, inner.data, inner.len);
	wrap(der, 0x30);
	wrap(der, 0xa0);
	inner = *der;
	der->len = 0;
	add(der, successful, sizeof(successful) - 1);
	add(der, inner.data, inner.len);
	wrap(der, 0x30);
}

struct named {
	const char *wanted;
	bool found;
};

/* RFC 9525, section 6.3: a wildcard is the whole leftmost label. */
static void see_name(void *ctx, enum sluice_name type, const char *name)
{
	struct named *named = ctx;
	const char *dot = strchr(named->wanted, '.');

	for (const char *at = name; *at; at++)
		assert(*at >= ' ' && *at <= '~');
	if (type == SLUICE_NAME_IP)
		named->found |= !strcmp(name, named->wanted);
	if (type == SLUICE_NAME_DNS)
		named->found |= !strcasecmp(name, named->wanted) ||
				(name[0] == '*' && !strcasecmp(name + 1, dot));
}

static void check_chain(unsigned int how, const struct sluice_octets *chain,
			size_t count, const struct sluice_octets *list,
			const struct sluice_octets *staple)
{
	const struct sluice_backend *backend = sides[how & SECOND].backend;
	struct sluice_provider *p = sides[how & SECOND].provider;
	struct named named = { how & BY_ADDRESS ? ADDRESS : NAME, false };
	struct sluice_trust *trust = sides[how & SECOND].trust;
	char path[64], why[SLUICE_WHY_MAX];
	const struct sluice_peer peer = {
		.name = named.wanted, .server = !(how & CLIENT), .now = NOW,
		.staple = *staple, .staple_asked = staple->len,
		.staple_required = staple->len && p->checks_staples,
	};
	struct sluice_pubkey *pubkey;
	const char *reason = NULL;
	int64_t expires;
	int rc, fd = -1;

	if (list->len) {
		trust = new_trust(backend, p);
		fd = file_of(list->data, list->len, path);
		/* one that is malformed is there all the same, without a list */
		backend->trust_crl(trust, path, how & WHOLE_CHAIN ?
				   SLUICE_CRL_CHAIN : 0, why);
		close(fd);
	}
	rc = p->verify_chain(p, trust, chain, count, &peer, &pubkey, &reason);
	assert(rc >= 0 && rc < 256);
	if (rc) {
		assert(reason && *reason);
	} else {
		assert(!backend->names(p, chain->data, chain->len, see_name,
				       &named));
		assert(named.found);
		assert(!backend->expiry(p, chain->data, chain->len, &expires));
		assert(expires >= NOW);
		p->pubkey_free(p, pubkey);
	}
	if (trust != sides[how & SECOND].trust)
		backend->trust_free(trust);
}

/* Of a peer, for our certificate: names of authorities, and extensions. */
static void check_wishes(unsigned int how, const struct sluice_octets *a,
			 const struct sluice_octets *b)
{
	const struct sluice_provider *p = sides[how & SECOND].provider;
	const struct sluice_credential *cred = sides[how & SECOND].credential;
	struct sluice_pubkey *pubkey;
	const char *reason = NULL;

	p->credential_issued(p, cred, a->data, a->len);
	p->credential_matches(p, cred, a->data, a->len, b->data, b->len);
	if (!p->pubkey_new)
		return;
	if (p->pubkey_new(p, a->data, a->len, &pubkey, &reason)) {
		assert(reason && *reason);
		return;
	}
	assert(p->verify_signature(p, pubkey, SLUICE_ECDSA_SECP256R1_SHA256,
				   b->data, b->len, b->data, b->len));
	p->pubkey_free(p, pubkey);
}

static struct sluice_octets next(const uint8_t **data, size_t *size)
{
	struct sluice_octets piece = { NULL, 0 };

	if (*size < 2)
		return piece;
	piece.data = *data + 2;
	piece.len = (size_t)((*data)[0] << 8 | (*data)[1]);
	if (piece.len > *size - 2)
		piece.len = *size - 2;
	*data += 2 + piece.len;
	*size -= 2 + piece.len;
	return piece;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct der certs[CHAIN], list_der, staple_der;
	struct sluice_octets chain[CHAIN], list = { NULL, 0 }, staple = list;
	struct sluice_octets piece;
	unsigned int how;
	size_t count = 0;

	if (size < 3 || size > 4096)
		return 0;
	if (!key)
		begin();
	how = data[0];
	data++;
	size--;
	piece = next(&data, &size);
	if (how & WISHES) {
		const struct sluice_octets other = next(&data, &size);

		check_wishes(how, &piece, &other);
		return 0;
	}
	do {
		sign(&certs[count], piece.data, piece.len);
		chain[count].data = certs[count].data;
		chain[count].len = certs[count].len;
		if (!count && how & LIST) {
			piece = next(&data, &size);
			sign(&list_der, piece.data, piece.len);
			list.data = list_der.data;
			list.len = list_der.len;
		}
		if (!count && how & STAPLE) {
			piece = next(&data, &size);
			sign(&staple_der, piece.data, piece.len);
			make_response(&staple_der);
			staple.data = staple_der.data;
			staple.len = staple_der.len;
		}
		count++;
		piece = next(&data, &size);
	} while (piece.len && count < CHAIN);
	check_chain(how, chain, count, &list, &staple);
	ERR_clear_error();
	return 0;
}

#ifdef SEEDS
static const struct spec leaves[] = {
	{ "good", false, 30, {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth,clientAuth" },
		{ NID_subject_alt_name, "DNS:" NAME ",IP:" ADDRESS } } },
	{ "wildcard", false, 30, {
		{ NID_key_usage, "digitalSignature" },
		{ NID_subject_alt_name, "DNS:a.example,DNS:*.example.org,email:a@b.example,URI:https://c.example/" } } },
	{ "other", false, 30, {
		{ NID_key_usage, "digitalSignature" },
		{ NID_subject_alt_name, "DNS:" NAME ".evil.example,DNS:evil" NAME ",IP:2001:db8::1" } } },
	{ NAME, false, 30, {
		{ NID_subject_alt_name, "DNS:other.example" } } },
	{ "old", false, -1, {
		{ NID_subject_alt_name, "DNS:" NAME ",IP:" ADDRESS } } },
	{ "client", false, 30, {
		{ NID_ext_key_usage, "clientAuth" },
		{ NID_subject_alt_name, "DNS:" NAME ",IP:" ADDRESS } } },
	{ "policies", false, 30, {
		{ NID_certificate_policies, "1.2.3.4" },
		{ NID_tlsfeature, "status_request" },
		{ NID_crl_distribution_points, "URI:http://a.example/" },
		{ NID_subject_alt_name, "DNS:" NAME } } },
	/* an intermediate authority, by name, for what follows */
	{ "authority", false, 30, {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_name_constraints, "critical,permitted;DNS:example.org" } } },
	{ "authority", false, 30, {
		{ NID_basic_constraints, "critical,CA:TRUE" },
		{ NID_policy_constraints, "requireExplicitPolicy:0" } } },
};
#define LEAVES	(sizeof(leaves) / sizeof(*leaves))

static void add_piece(struct der *to, uint8_t *octets, int len)
{
	const uint8_t header[] = { (uint8_t)(len >> 8), (uint8_t)len };

	assert(len > 0);
	add(to, header, sizeof(header));
	add(to, octets, (size_t)len);
	OPENSSL_free(octets);
}

static void add_cert(struct der *to, const struct spec *spec)
{
	X509 *cert = issue(spec);
	uint8_t *octets = NULL;
	int len = i2d_re_X509_tbs(cert, &octets);

	add_piece(to, octets, len);
	X509_free(cert);
}

static void add_list(struct der *to, bool revoked)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *at = ASN1_TIME_set(NULL, NOW - 3600);
	ASN1_INTEGER *serial = ASN1_INTEGER_new();
	X509_CRL *list = X509_CRL_new();
	uint8_t *octets = NULL;
	int len;

	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(authority));
	X509_CRL_set1_lastUpdate(list, at);
	X509_CRL_set1_nextUpdate(list, ASN1_TIME_set(at, NOW + 3600));
	ASN1_INTEGER_set(serial, revoked ? 7 : 8);
	X509_REVOKED_set_serialNumber(entry, serial);
	X509_REVOKED_set_revocationDate(entry, ASN1_TIME_set(at, NOW - 60));
	X509_CRL_add0_revoked(list, entry);
	assert(X509_CRL_sign(list, key, EVP_sha256()));
	len = i2d_re_X509_CRL_tbs(list, &octets);
	add_piece(to, octets, len);
}

static void add_response(struct der *to, int status)
{
	ASN1_GENERALIZEDTIME *from = ASN1_GENERALIZEDTIME_set(NULL, NOW - 3600);
	ASN1_GENERALIZEDTIME *until = ASN1_GENERALIZEDTIME_set(NULL, NOW + 3600);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	X509 *leaf = issue(&leaves[0]);
	uint8_t *octets = NULL;
	int len;

	assert(OCSP_basic_add1_status(basic,
				      OCSP_cert_to_id(NULL, leaf, authority),
				      status, 0, from, from, until));
	assert(OCSP_basic_sign(basic, authority, key, EVP_sha256(), NULL,
			       OCSP_NOCERTS));
	len = i2d_OCSP_RESPDATA(OCSP_resp_get0_respdata(basic), &octets);
	add_piece(to, octets, len);
}

static void save(const char *folder, const struct der *der)
{
	static unsigned int n;
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/seed%u", folder, n++);
	file = fopen(path, "wb");
	assert(file && fwrite(der->data, 1, der->len, file) == der->len);
	fclose(file);
}

/* For each of the providers. */
static void save_both(const char *folder, struct der *der)
{
	save(folder, der);
	der->data[0] |= SECOND;
	save(folder, der);
}

static struct der start(unsigned int how)
{
	return (struct der){ .data = { (uint8_t)how }, .len = 1 };
}

static void save_wishes(const char *folder)
{
	static const uint8_t usage[] = "\x06\x03\x55\x1d\x0f";
	static const uint8_t bits[] = "\x03\x02\x07\x80";
	static const uint8_t purpose[] = "\x06\x03\x55\x1d\x25";
	static const uint8_t purposes[] =
		"\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"
		"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";
	uint8_t *octets = NULL;
	struct der der = start(WISHES);
	int len;

	add_piece(&der, OPENSSL_memdup(usage, 5), 5);
	add_piece(&der, OPENSSL_memdup(bits, 4), 4);
	save_both(folder, &der);
	der = start(WISHES);
	add_piece(&der, OPENSSL_memdup(purpose, 5), 5);
	add_piece(&der, OPENSSL_memdup(purposes, 22), 22);
	save_both(folder, &der);
	der = start(WISHES);
	len = i2d_X509_NAME(X509_get_subject_name(authority), &octets);
	add_piece(&der, octets, len);
	save_both(folder, &der);
	der = start(WISHES);
	octets = NULL;
	len = i2d_PUBKEY(key, &octets);
	add_piece(&der, octets, len);
	save_both(folder, &der);
}

int main(int argc, char **argv)
{
	struct der der;

	if (argc != 2)
		return 2;
	begin();
	for (size_t i = 0; i < LEAVES; i++) {
		for (unsigned int how = 0; how <= BY_ADDRESS; how += BY_ADDRESS) {
			der = start(how);
			add_cert(&der, &leaves[i]);
			save_both(argv[1], &der);
		}
		/* behind the first one, which it may have issued */
		der = start(CLIENT);
		add_cert(&der, &leaves[0]);
		add_cert(&der, &leaves[i]);
		add_cert(&der, &leaves[(i + 1) % LEAVES]);
		save_both(argv[1], &der);
	}
	for (int bad = 0; bad < 2; bad++) {
		der = start(LIST);
		add_cert(&der, &leaves[0]);
		add_list(&der, bad);
		save_both(argv[1], &der);
		der = start(LIST | WHOLE_CHAIN);
		add_cert(&der, &leaves[0]);
		add_list(&der, bad);
		add_cert(&der, &leaves[LEAVES - 1]);
		save_both(argv[1], &der);
		der = start(STAPLE);
		add_cert(&der, &leaves[0]);
		add_response(&der, bad ? V_OCSP_CERTSTATUS_REVOKED :
					 V_OCSP_CERTSTATUS_GOOD);
		save_both(argv[1], &der);
	}
	save_wishes(argv[1]);
	return 0;
}
#endif
