// SPDX-License-Identifier: MIT
/*
 * Whom the OpenSSL provider believes: paths (RFC 5280), purposes, times and
 * names (RFC 9525). `openssl verify` and GnuTLS's `certtool --verify` are asked,
 * too: where one of them says something else, the table says why.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pem.h>

#include "alert.h"
#include "pki.h"

enum {
	NONE, ROOT, ROOT2, ROOT_EXPIRED,
	INT, INT_CROSS, INT_EXPIRED, INT_NO_CA, INT_NO_SIGN, INT_CLIENT,
	INT_SERVER, INT_PATH0, INT_BELOW_PATH0, INT_DNS, INT_NOT_DNS, INT_IP,
	INT_EMAIL, INT_POLICY, INT_SHA1, INT_RSA1024, INT_UNKNOWN,
	INT_OF_EXPIRED,
	LEAF, LEAF_CN, LEAF_CN_OTHER, LEAF_WILD, LEAF_PART, LEAF_MIDDLE,
	LEAF_TWO, LEAF_TLD, LEAF_STAR, LEAF_IP, LEAF_IP6, LEAF_IP_AS_DNS,
	LEAF_IP_WILD, LEAF_CLIENT, LEAF_SERVER, LEAF_ANY, LEAF_BOTH,
	LEAF_ENCIPHER, LEAF_CA, LEAF_EXPIRED, LEAF_FUTURE, LEAF_UNKNOWN,
	LEAF_KNOWN, LEAF_SHA1, LEAF_SELF, LEAF_NO_CA, LEAF_NO_SIGN,
	LEAF_OF_CLIENT, LEAF_OF_SERVER, LEAF_PATH0, LEAF_BELOW_PATH0,
	LEAF_IN_DNS, LEAF_NOT_IN_DNS, LEAF_IN_NOT, LEAF_NOT_IN_NOT,
	LEAF_DNS_CN, LEAF_IN_IP, LEAF_NOT_IN_IP, LEAF_IN_EMAIL, LEAF_POLICY,
	LEAF_NO_POLICY, LEAF_OF_SHA1, LEAF_RSA1024, LEAF_OF_UNKNOWN,
	LEAF_OF_EXPIRED_INT, LEAF_OF_EXPIRED_ROOT,
	CERTS
};

#define DNS(name)	PKI_LEAF "subjectAltName=DNS:" name "\n"
#define A		DNS("a.example.com")
#define NC(text)	PKI_CA "nameConstraints=critical," text "\n"

static const struct {
	const char *subject;
	int issuer;
	const char *key;
	const char *extensions;
	long from, until;
	const char *md;
	int of;
} specs[CERTS] = {
	[ROOT] = { "root", 0, NULL, PKI_CA, 0, 0, NULL, 0 },
	[ROOT2] = { "root 2", 0, NULL, PKI_CA, 0, 0, NULL, 0 },
	[ROOT_EXPIRED] = { "old root", 0, NULL, PKI_CA, 0, -PKI_HOUR, NULL, 0 },
	[INT] = { "int", ROOT, NULL, PKI_CA, 0, 0, NULL, 0 },
	[INT_CROSS] = { "int", ROOT2, NULL, PKI_CA, 0, 0, NULL, INT },
	[INT_EXPIRED] = { "int e", ROOT, NULL, PKI_CA, 0, -PKI_HOUR, NULL, 0 },
	[INT_NO_CA] = { "int n", ROOT, NULL, PKI_LEAF, 0, 0, NULL, 0 },
	[INT_NO_SIGN] = { "int k", ROOT, NULL,
		"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n",
		0, 0, NULL, 0 },
	[INT_CLIENT] = { "int c", ROOT, NULL, PKI_CA "extendedKeyUsage=clientAuth\n", 0, 0, NULL, 0 },
	[INT_SERVER] = { "int s", ROOT, NULL, PKI_CA "extendedKeyUsage=serverAuth\n", 0, 0, NULL, 0 },
	[INT_PATH0] = { "int 0", ROOT, NULL,
		"basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n",
		0, 0, NULL, 0 },
	[INT_BELOW_PATH0] = { "int 1", INT_PATH0, NULL, PKI_CA, 0, 0, NULL, 0 },
	[INT_DNS] = { "int d", ROOT, NULL, NC("permitted;DNS:example.com"), 0, 0, NULL, 0 },
	[INT_NOT_DNS] = { "int x", ROOT, NULL, NC("excluded;DNS:example.com"), 0, 0, NULL, 0 },
	[INT_IP] = { "int i", ROOT, NULL, NC("permitted;IP:192.0.2.0/255.255.255.0"), 0, 0, NULL, 0 },
	[INT_EMAIL] = { "int m", ROOT, NULL, NC("permitted;email:example.com"), 0, 0, NULL, 0 },
	[INT_POLICY] = { "int p", ROOT, NULL,
		PKI_CA "certificatePolicies=1.2.3.4\npolicyConstraints=critical,requireExplicitPolicy:0\n",
		0, 0, NULL, 0 },
	[INT_SHA1] = { "int h", ROOT, NULL, PKI_CA, 0, 0, "SHA1", 0 },
	[INT_RSA1024] = { "int r", ROOT, "RSA1024", PKI_CA, 0, 0, NULL, 0 },
	[INT_UNKNOWN] = { "int u", ROOT, NULL, PKI_CA "1.2.3.4=critical,DER:0500\n", 0, 0, NULL, 0 },
	[INT_OF_EXPIRED] = { "int o", ROOT_EXPIRED, NULL, PKI_CA, 0, 0, NULL, 0 },

	[LEAF] = { "leaf", INT, NULL, A, 0, 0, NULL, 0 },
	[LEAF_CN] = { "a.example.com", INT, NULL, PKI_LEAF, 0, 0, NULL, 0 },
	[LEAF_CN_OTHER] = { "a.example.com", INT, NULL, DNS("b.example.com"), 0, 0, NULL, 0 },
	[LEAF_WILD] = { "leaf", INT, NULL, DNS("*.example.com"), 0, 0, NULL, 0 },
	[LEAF_PART] = { "leaf", INT, NULL, DNS("a*.example.com"), 0, 0, NULL, 0 },
	[LEAF_MIDDLE] = { "leaf", INT, NULL, DNS("a.*.com"), 0, 0, NULL, 0 },
	[LEAF_TWO] = { "leaf", INT, NULL, DNS("*.*.example.com"), 0, 0, NULL, 0 },
	[LEAF_TLD] = { "leaf", INT, NULL, DNS("*.com"), 0, 0, NULL, 0 },
	[LEAF_STAR] = { "leaf", INT, NULL, DNS("*"), 0, 0, NULL, 0 },
	[LEAF_IP] = { "leaf", INT, NULL, PKI_LEAF "subjectAltName=IP:192.0.2.1\n", 0, 0, NULL, 0 },
	[LEAF_IP6] = { "leaf", INT, NULL, PKI_LEAF "subjectAltName=IP:2001:db8::1\n", 0, 0, NULL, 0 },
	[LEAF_IP_AS_DNS] = { "192.0.2.1", INT, NULL, DNS("192.0.2.1"), 0, 0, NULL, 0 },
	[LEAF_IP_WILD] = { "leaf", INT, NULL, DNS("*.0.2.1"), 0, 0, NULL, 0 },
	[LEAF_CLIENT] = { "leaf", INT, NULL, A "extendedKeyUsage=clientAuth\n", 0, 0, NULL, 0 },
	[LEAF_SERVER] = { "leaf", INT, NULL, A "extendedKeyUsage=serverAuth\n", 0, 0, NULL, 0 },
	[LEAF_ANY] = { "leaf", INT, NULL, A "extendedKeyUsage=anyExtendedKeyUsage\n", 0, 0, NULL, 0 },
	[LEAF_BOTH] = { "leaf", INT, NULL, A "extendedKeyUsage=serverAuth,clientAuth\n", 0, 0, NULL, 0 },
	[LEAF_ENCIPHER] = { "leaf", INT, "RSA",
		"keyUsage=critical,keyEncipherment\nsubjectAltName=DNS:a.example.com\n",
		0, 0, NULL, 0 },
	[LEAF_CA] = { "leaf", INT, NULL, 
		"basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature,keyCertSign\n"
		"subjectAltName=DNS:a.example.com\n", 0, 0, NULL, 0 },
	[LEAF_EXPIRED] = { "leaf", INT, NULL, A, 0, -PKI_HOUR, NULL, 0 },
	[LEAF_FUTURE] = { "leaf", INT, NULL, A, PKI_HOUR, 2 * PKI_HOUR, NULL, 0 },
	[LEAF_UNKNOWN] = { "leaf", INT, NULL, A "1.2.3.4=critical,DER:0500\n", 0, 0, NULL, 0 },
	[LEAF_KNOWN] = { "leaf", INT, NULL, A "1.2.3.4=DER:0500\n", 0, 0, NULL, 0 },
	[LEAF_SHA1] = { "leaf", INT, NULL, A, 0, 0, "SHA1", 0 },
	[LEAF_SELF] = { "leaf self", 0, NULL, A, 0, 0, NULL, 0 },
	[LEAF_NO_CA] = { "leaf", INT_NO_CA, NULL, A, 0, 0, NULL, 0 },
	[LEAF_NO_SIGN] = { "leaf", INT_NO_SIGN, NULL, A, 0, 0, NULL, 0 },
	[LEAF_OF_CLIENT] = { "leaf", INT_CLIENT, NULL, A, 0, 0, NULL, 0 },
	[LEAF_OF_SERVER] = { "leaf", INT_SERVER, NULL, A, 0, 0, NULL, 0 },
	[LEAF_PATH0] = { "leaf", INT_PATH0, NULL, A, 0, 0, NULL, 0 },
	[LEAF_BELOW_PATH0] = { "leaf", INT_BELOW_PATH0, NULL, A, 0, 0, NULL, 0 },
	[LEAF_IN_DNS] = { "leaf", INT_DNS, NULL, A, 0, 0, NULL, 0 },
	[LEAF_NOT_IN_DNS] = { "leaf", INT_DNS, NULL, DNS("a.example.org"), 0, 0, NULL, 0 },
	[LEAF_IN_NOT] = { "leaf", INT_NOT_DNS, NULL, A, 0, 0, NULL, 0 },
	[LEAF_NOT_IN_NOT] = { "leaf", INT_NOT_DNS, NULL, DNS("a.example.org"), 0, 0, NULL, 0 },
	[LEAF_DNS_CN] = { "a.example.org", INT_DNS, NULL, PKI_LEAF, 0, 0, NULL, 0 },
	[LEAF_IN_IP] = { "leaf", INT_IP, NULL, PKI_LEAF "subjectAltName=IP:192.0.2.1\n", 0, 0, NULL, 0 },
	[LEAF_NOT_IN_IP] = { "leaf", INT_IP, NULL, PKI_LEAF "subjectAltName=IP:198.51.100.1\n", 0, 0, NULL, 0 },
	[LEAF_IN_EMAIL] = { "leaf", INT_EMAIL, NULL, A, 0, 0, NULL, 0 },
	[LEAF_POLICY] = { "leaf", INT_POLICY, NULL, A "certificatePolicies=1.2.3.4\n", 0, 0, NULL, 0 },
	[LEAF_NO_POLICY] = { "leaf", INT_POLICY, NULL, A, 0, 0, NULL, 0 },
	[LEAF_OF_SHA1] = { "leaf", INT_SHA1, NULL, A, 0, 0, NULL, 0 },
	[LEAF_RSA1024] = { "leaf", INT_RSA1024, NULL, A, 0, 0, NULL, 0 },
	[LEAF_OF_UNKNOWN] = { "leaf", INT_UNKNOWN, NULL, A, 0, 0, NULL, 0 },
	[LEAF_OF_EXPIRED_INT] = { "leaf", INT_EXPIRED, NULL, A, 0, 0, NULL, 0 },
	[LEAF_OF_EXPIRED_ROOT] = { "leaf", INT_OF_EXPIRED, NULL, A, 0, 0, NULL, 0 },
};

static struct pki_cert certs[CERTS];
static struct sluice_provider *p;
static char folder[] = "/tmp/sluice-trust-XXXXXX";

static int make_certs(void **state)
{
	(void)state;
	p = sluice_openssl_new(NULL);
	assert_non_null(mkdtemp(folder));
	for (int i = ROOT; i < CERTS; i++)
		certs[i] = pki_issue(&(struct pki_spec){
			.subject = specs[i].subject,
			.issuer = specs[i].issuer ? &certs[specs[i].issuer] :
						    NULL,
			.key = specs[i].key,
			.of = specs[i].of ? &certs[specs[i].of] : NULL,
			.extensions = specs[i].extensions,
			.from = specs[i].from, .until = specs[i].until,
			.md = specs[i].md });
	return 0;
}

static const char *path_of(const char *name)
{
	static char paths[4][64];
	static unsigned int n;
	char *path = paths[n++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int free_certs(void **state)
{
	(void)state;
	for (int i = ROOT; i < CERTS; i++)
		pki_free(&certs[i]);
	sluice_openssl_free(p);
	unlink(path_of("leaf"));
	unlink(path_of("others"));
	unlink(path_of("chain"));
	unlink(path_of("trust"));
	rmdir(folder);
	return 0;
}

struct question {
	const char *what;
	int chain[6];
	int trust[3];
	const char *name;
	bool client;
	long at;		/* seconds from now */
	int alert;
	/* who says the opposite: 'o' openssl verify, 'g' certtool */
	const char *differs;
};

static void write_file(const char *name, const int *list)
{
	FILE *file = fopen(path_of(name), "w");

	assert_non_null(file);
	for (; *list; list++)
		assert_true(PEM_write_X509(file, certs[*list].cert));
	fclose(file);
}

static int ask_provider(const struct question *q, const char **reason)
{
	struct sluice_octets chain[6];
	const struct sluice_peer peer = {
		.name = q->name, .server = !q->client,
		.now = time(NULL) + q->at,
	};
	struct sluice_trust *trust = sluice_openssl_trust_new(p);
	char why[SLUICE_OPENSSL_WHY_MAX];
	struct sluice_pubkey *key = NULL;
	size_t count = 0;
	int rc;

	for (; q->chain[count]; count++)
		chain[count] = pki_der(&certs[q->chain[count]]);
	assert_int_equal(sluice_openssl_trust_file(trust, path_of("trust"), why), 0);
	*reason = "";
	rc = p->verify_chain(p, trust, chain, count, &peer, &key, reason);
	p->pubkey_free(p, key);
	sluice_openssl_trust_free(trust);
	while (count--)
		OPENSSL_free((void *)(uintptr_t)chain[count].data);
	return rc;
}

static bool runs(const char *command)
{
	int status = system(command);

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 126);
	return !WEXITSTATUS(status);
}

static bool is_address(const char *name)
{
	return strchr(name, ':') || !name[strspn(name, "0123456789.")];
}

/* Strength and partial chains as here; the rest as it is by itself. */
static bool ask_openssl(const struct question *q)
{
	char command[512], name[128] = "";

	if (q->name)
		snprintf(name, sizeof(name), "-verify_%s '%s'",
			 is_address(q->name) ? "ip" : "hostname", q->name);
	snprintf(command, sizeof(command),
		 "openssl verify -auth_level 2 -partial_chain -CAfile %s %s %s "
		 "-purpose ssl%s -attime %lld %s %s >/dev/null 2>&1",
		 path_of("trust"), q->chain[1] ? "-untrusted" : "",
		 q->chain[1] ? path_of("others") : "",
		 q->client ? "client" : "server",
		 (long long)(time(NULL) + q->at), name, path_of("leaf"));
	return runs(command);
}

static bool ask_gnutls(const struct question *q)
{
	char command[512], name[128] = "", at[64];
	time_t when = time(NULL) + q->at;

	if (q->name)
		snprintf(name, sizeof(name), "--verify-hostname='%s'", q->name);
	strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", gmtime(&when));
	snprintf(command, sizeof(command),
		 "TZ=UTC certtool --verify --verify-profile=medium "
		 "--load-ca-certificate=%s --infile=%s "
		 "--verify-purpose=1.3.6.1.5.5.7.3.%d --attime='%s' %s >/dev/null 2>&1",
		 path_of("trust"), path_of("chain"), q->client ? 2 : 1, at,
		 name);
	return runs(command);
}

static void ask_all(const struct question *list, size_t count)
{
	bool has_gnutls = runs("certtool --version >/dev/null 2>&1 || exit 1");
	bool has_openssl = runs("openssl version >/dev/null 2>&1 || exit 1");
	size_t wrong = 0;

	for (size_t i = 0; i < count; i++) {
		const struct question *q = &list[i];
		const int leaf[] = { q->chain[0], 0 };
		const char *reason, *differs = q->differs ? q->differs : "";
		int rc;

		write_file("leaf", leaf);
		write_file("others", q->chain + 1);
		write_file("chain", q->chain);
		write_file("trust", q->trust);
		rc = ask_provider(q, &reason);
		if (rc != q->alert) {
			print_error("%s: alert %d: %s\n", q->what, rc, reason);
			wrong++;
		}
		if (has_openssl && ask_openssl(q) ==
				   (!!q->alert != !!strchr(differs, 'o'))) {
			print_error("%s: openssl verify\n", q->what);
			wrong++;
		}
		if (has_gnutls && ask_gnutls(q) ==
				  (!!q->alert != !!strchr(differs, 'g'))) {
			print_error("%s: certtool\n", q->what);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

#define COUNT(x)	(sizeof(x) / sizeof(*(x)))
#define EXPIRED		SL_CERTIFICATE_EXPIRED
#define BAD		SL_BAD_CERTIFICATE
#define UNKNOWN		SL_UNKNOWN_CA
#define UNSUPPORTED	SL_UNSUPPORTED_CERTIFICATE

static void test_paths(void **state)
{
	static const struct question list[] = {
		{ "plain", { LEAF, INT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "with the root", { LEAF, INT, ROOT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "incomplete", { LEAF }, { ROOT }, NULL, false, 0, UNKNOWN, NULL },
		{ "another root", { LEAF, INT }, { ROOT2 }, NULL, false, 0, UNKNOWN, NULL },
		{ "another root, the right one sent", { LEAF, INT, ROOT }, { ROOT2 }, NULL, false, 0, UNKNOWN, NULL },
		{ "two roots", { LEAF, INT }, { ROOT2, ROOT }, NULL, false, 0, 0, NULL },
		{ "what does not belong", { LEAF, ROOT2, LEAF_IP, INT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "out of order", { LEAF, ROOT, INT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "twice", { LEAF, INT, INT, ROOT, ROOT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "the intermediate is believed", { LEAF, INT }, { INT }, NULL, false, 0, 0, NULL },
		{ "the intermediate is believed, and not sent", { LEAF }, { INT }, NULL, false, 0, 0, NULL },
		/* certtool believes authorities only */
		{ "the leaf is believed", { LEAF }, { LEAF }, NULL, false, 0, 0, "g" },
		{ "signed by itself, believed", { LEAF_SELF }, { LEAF_SELF }, NULL, false, 0, 0, "g" },
		{ "signed by itself", { LEAF_SELF }, { ROOT }, NULL, false, 0, UNKNOWN, NULL },
		{ "cross-signed", { LEAF, INT_CROSS }, { ROOT2 }, NULL, false, 0, 0, NULL },
		/* they do not come back from a way that leads nowhere */
		{ "cross-signed, the way behind", { LEAF, INT, INT_CROSS }, { ROOT2 }, NULL, false, 0, 0, "og" },
		{ "cross-signed, the way first", { LEAF, INT_CROSS, INT }, { ROOT2 }, NULL, false, 0, 0, NULL },
		{ "cross-signed, both ways", { LEAF, INT, INT_CROSS, ROOT2 }, { ROOT, ROOT2 }, NULL, false, 0, 0, NULL },
		{ "no authority in between", { LEAF_NO_CA, INT_NO_CA }, { ROOT }, NULL, false, 0, UNKNOWN, NULL },
		{ "one that may not sign certificates", { LEAF_NO_SIGN, INT_NO_SIGN }, { ROOT }, NULL, false, 0, UNKNOWN, NULL },
		{ "a path of length 0", { LEAF_PATH0, INT_PATH0 }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "a path that is too long", { LEAF_BELOW_PATH0, INT_BELOW_PATH0, INT_PATH0 }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "an unknown critical extension", { LEAF_UNKNOWN, INT }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "the same, not critical", { LEAF_KNOWN, INT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "an authority with one", { LEAF_OF_UNKNOWN, INT_UNKNOWN }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "SHA-1", { LEAF_SHA1, INT }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "SHA-1 above", { LEAF_OF_SHA1, INT_SHA1 }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "RSA of 1024 bits above", { LEAF_RSA1024, INT_RSA1024 }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "an authority for a leaf", { LEAF_CA, INT }, { ROOT }, NULL, false, 0, 0, NULL },
		/* certtool does not know policyConstraints, and so refuses both */
		{ "a policy that is required", { LEAF_POLICY, INT_POLICY }, { ROOT }, NULL, false, 0, 0, "g" },
		/* openssl verify looks at policies with -policy_check only */
		{ "a policy that is required, and none", { LEAF_NO_POLICY, INT_POLICY }, { ROOT }, NULL, false, 0, BAD, "o" },
	};

	(void)state;
	ask_all(list, COUNT(list));
}

static void test_purposes(void **state)
{
	static const struct question list[] = {
		{ "server", { LEAF_SERVER, INT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "server as client", { LEAF_SERVER, INT }, { ROOT }, NULL, true, 0, UNSUPPORTED, NULL },
		{ "client", { LEAF_CLIENT, INT }, { ROOT }, NULL, true, 0, 0, NULL },
		{ "client as server", { LEAF_CLIENT, INT }, { ROOT }, NULL, false, 0, UNSUPPORTED, NULL },
		{ "both", { LEAF_BOTH, INT }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "both, as client", { LEAF_BOTH, INT }, { ROOT }, NULL, true, 0, 0, NULL },
		{ "no purpose", { LEAF, INT }, { ROOT }, NULL, true, 0, 0, NULL },
		/* RFC 5280 leaves it to who checks; that is too much for a server */
		{ "any purpose", { LEAF_ANY, INT }, { ROOT }, NULL, false, 0, UNSUPPORTED, "g" },
		{ "an authority for clients", { LEAF_OF_CLIENT, INT_CLIENT }, { ROOT }, NULL, false, 0, UNSUPPORTED, NULL },
		{ "an authority for clients, client", { LEAF_OF_CLIENT, INT_CLIENT }, { ROOT }, NULL, true, 0, 0, NULL },
		{ "an authority for servers", { LEAF_OF_SERVER, INT_SERVER }, { ROOT }, NULL, false, 0, 0, NULL },
		/* they check certificates, not handshakes: there, GnuTLS refuses it, too */
		{ "a key that may not sign", { LEAF_ENCIPHER, INT }, { ROOT }, NULL, false, 0, UNSUPPORTED, "og" },
	};

	(void)state;
	ask_all(list, COUNT(list));
}

static void test_times(void **state)
{
	static const struct question list[] = {
		{ "an old leaf", { LEAF_EXPIRED, INT }, { ROOT }, NULL, false, 0, EXPIRED, NULL },
		{ "an old leaf, in its time", { LEAF_EXPIRED, INT }, { ROOT }, NULL, false, -2 * PKI_HOUR, 0, NULL },
		{ "a leaf to come", { LEAF_FUTURE, INT }, { ROOT }, NULL, false, 0, EXPIRED, NULL },
		{ "a leaf to come, in its time", { LEAF_FUTURE, INT }, { ROOT }, NULL, false, PKI_HOUR + 60, 0, NULL },
		{ "a leaf to come, after it", { LEAF_FUTURE, INT }, { ROOT }, NULL, false, 2 * PKI_HOUR + 60, EXPIRED, NULL },
		{ "an old intermediate", { LEAF_OF_EXPIRED_INT, INT_EXPIRED }, { ROOT }, NULL, false, 0, EXPIRED, NULL },
		{ "an old intermediate, in its time", { LEAF_OF_EXPIRED_INT, INT_EXPIRED }, { ROOT }, NULL, false, -2 * PKI_HOUR, 0, NULL },
		{ "an old root", { LEAF_OF_EXPIRED_ROOT, INT_OF_EXPIRED }, { ROOT_EXPIRED }, NULL, false, 0, EXPIRED, NULL },
		{ "an old root, in its time", { LEAF_OF_EXPIRED_ROOT, INT_OF_EXPIRED }, { ROOT_EXPIRED }, NULL, false, -2 * PKI_HOUR, 0, NULL },
		{ "all too early", { LEAF, INT }, { ROOT }, NULL, false, -2 * PKI_DAY, EXPIRED, NULL },
		{ "all too late", { LEAF, INT }, { ROOT }, NULL, false, 2 * PKI_DAY, EXPIRED, NULL },
	};

	(void)state;
	ask_all(list, COUNT(list));
}

static void test_constraints(void **state)
{
	static const struct question list[] = {
		{ "within", { LEAF_IN_DNS, INT_DNS }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "not within", { LEAF_NOT_IN_DNS, INT_DNS }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "excluded", { LEAF_IN_NOT, INT_NOT_DNS }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "not excluded", { LEAF_NOT_IN_NOT, INT_NOT_DNS }, { ROOT }, NULL, false, 0, 0, NULL },
		{ "a common name that is not within", { LEAF_DNS_CN, INT_DNS }, { ROOT }, NULL, false, 0, BAD, NULL },
		{ "an address within", { LEAF_IN_IP, INT_IP }, { ROOT }, "192.0.2.1", false, 0, 0, NULL },
		{ "an address not within", { LEAF_NOT_IN_IP, INT_IP }, { ROOT }, "198.51.100.1", false, 0, BAD, NULL },
		{ "of another kind of name", { LEAF_IN_EMAIL, INT_EMAIL }, { ROOT }, NULL, false, 0, 0, NULL },
	};

	(void)state;
	ask_all(list, COUNT(list));
}

static void test_names(void **state)
{
#define NAME(what, leaf, name, alert, differs) \
	{ what, { leaf, INT }, { ROOT }, name, false, 0, alert, differs }
	static const struct question list[] = {
		NAME("its name", LEAF, "a.example.com", 0, NULL),
		NAME("in other letters", LEAF, "A.eXample.COM", 0, NULL),
		/* what ends with a dot is the same name; they compare the letters */
		NAME("with a dot at the end", LEAF, "a.example.com.", 0, "og"),
		NAME("with two", LEAF, "a.example.com..", BAD, NULL),
		NAME("another name", LEAF, "b.example.com", BAD, NULL),
		NAME("above it", LEAF, "example.com", BAD, NULL),
		NAME("below it", LEAF, "x.a.example.com", BAD, NULL),
		/* openssl verify takes that for any name below */
		NAME("a part of it", LEAF, ".example.com", BAD, "o"),
		/* RFC 9525: the common name does not count any more */
		NAME("the common name", LEAF_CN, "a.example.com", BAD, "og"),
		NAME("the common name beside a name", LEAF_CN_OTHER, "a.example.com", BAD, NULL),
		NAME("wildcard", LEAF_WILD, "a.example.com", 0, NULL),
		NAME("wildcard, another", LEAF_WILD, "xn--bcher-kva.example.com", 0, NULL),
		NAME("wildcard, above", LEAF_WILD, "example.com", BAD, NULL),
		NAME("wildcard, empty label", LEAF_WILD, ".example.com", BAD, "og"),
		NAME("wildcard, two labels", LEAF_WILD, "a.b.example.com", BAD, NULL),
		NAME("wildcard, another domain", LEAF_WILD, "a.example.org", BAD, NULL),
		/* RFC 9525: a wildcard is a whole label */
		NAME("wildcard for part of a label", LEAF_PART, "ab.example.com", BAD, "o"),
		NAME("wildcard in the middle", LEAF_MIDDLE, "a.example.com", BAD, NULL),
		NAME("two wildcards", LEAF_TWO, "a.b.example.com", BAD, NULL),
		NAME("wildcard below the top", LEAF_TLD, "example.com", BAD, NULL),
		NAME("wildcard for all", LEAF_STAR, "localhost", BAD, NULL),
		NAME("IPv4", LEAF_IP, "192.0.2.1", 0, NULL),
		NAME("IPv4, another", LEAF_IP, "192.0.2.2", BAD, NULL),
		NAME("IPv4 as a name", LEAF_IP_AS_DNS, "192.0.2.1", BAD, NULL),
		NAME("IPv4 by a wildcard", LEAF_IP_WILD, "192.0.2.1", BAD, NULL),
		NAME("IPv4 in IPv6", LEAF_IP, "::ffff:192.0.2.1", BAD, NULL),
		NAME("IPv6", LEAF_IP6, "2001:db8::1", 0, NULL),
		NAME("IPv6, written at length", LEAF_IP6, "2001:0DB8:0:0:0:0:0:1", 0, NULL),
		NAME("IPv6, another", LEAF_IP6, "2001:db8::2", BAD, NULL),
		NAME("a name where there is an address", LEAF_IP, "a.example.com", BAD, NULL),
		NAME("an address where there is a name", LEAF, "192.0.2.1", BAD, NULL),
	};

	(void)state;
	ask_all(list, COUNT(list));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, make_certs, free_certs);
}
