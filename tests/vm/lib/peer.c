// SPDX-License-Identifier: GPL-2.0
#include "peer.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif

const struct suite suites[3] = {
	{ "AES-128-GCM", TLS_CIPHER_AES_GCM_128, 16, 32 },
	{ "AES-256-GCM", TLS_CIPHER_AES_GCM_256, 32, 48 },
	{ "ChaCha20-Poly1305", TLS_CIPHER_CHACHA20_POLY1305, 32, 32 },
};

void expand_label(const struct suite *suite, const uint8_t *secret,
		  const char *label, uint8_t *out, size_t len)
{
	const EVP_MD *md = suite->secret_len == 48 ? EVP_sha384() :
						      EVP_sha256();
	size_t label_len = strlen(label), n = 0;
	uint8_t block[EVP_MAX_MD_SIZE], text[64];

	text[n++] = 0;
	text[n++] = (uint8_t)len;
	text[n++] = (uint8_t)(6 + label_len);
	memcpy(text + n, "tls13 ", 6);
	memcpy(text + n + 6, label, label_len);
	n += 6 + label_len;
	text[n++] = 0;
	text[n++] = 1;
	if (!HMAC(md, secret, (int)suite->secret_len, text, n, block, NULL))
		die("HMAC");
	memcpy(out, block, len);
}

void next_secret(const struct suite *suite, uint8_t *secret)
{
	uint8_t next[SLUICE_SECRET_MAX];

	expand_label(suite, secret, "traffic upd", next, suite->secret_len);
	memcpy(secret, next, suite->secret_len);
}

void make_pair(int family, const struct suite *suite, struct end *a,
	       struct end *b)
{
	struct sockaddr_storage addr = { .ss_family = (sa_family_t)family };
	socklen_t len = family == AF_INET6 ? sizeof(struct sockaddr_in6) :
					     sizeof(struct sockaddr_in);
	int listener = socket(family, SOCK_STREAM, 0);

	if (family == AF_INET6)
		((struct sockaddr_in6 *)&addr)->sin6_addr = in6addr_loopback;
	else
		((struct sockaddr_in *)&addr)->sin_addr.s_addr =
			htonl(INADDR_LOOPBACK);
	if (listener < 0 || bind(listener, (void *)&addr, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (void *)&addr, &len))
		die("listen");
	memset(a, 0, sizeof(*a));
	memset(b, 0, sizeof(*b));
	a->fd = socket(family, SOCK_STREAM, 0);
	if (connect(a->fd, (void *)&addr, len))
		die("connect");
	b->fd = accept(listener, NULL, NULL);
	if (b->fd < 0)
		die("accept");
	close(listener);
	setsockopt(a->fd, SOL_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
	setsockopt(b->fd, SOL_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));

	a->family = b->family = family;
	a->suite = b->suite = suite;
	RAND_bytes(a->tx, sizeof(a->tx));
	RAND_bytes(a->rx, sizeof(a->rx));
	memcpy(b->tx, a->rx, sizeof(b->tx));
	memcpy(b->rx, a->tx, sizeof(b->rx));
}

static int set_key(const struct end *e, int direction, const uint8_t *secret)
{
	union {
		struct tls_crypto_info info;
		struct tls12_crypto_info_aes_gcm_128 aes_128;
		struct tls12_crypto_info_aes_gcm_256 aes_256;
		struct tls12_crypto_info_chacha20_poly1305 chacha;
	} ci = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = e->suite->type,
	};
	uint8_t key[32], iv[12];
	socklen_t len;

	expand_label(e->suite, secret, "key", key, e->suite->key_len);
	expand_label(e->suite, secret, "iv", iv, sizeof(iv));
	switch (e->suite->type) {
	case TLS_CIPHER_AES_GCM_128:
		memcpy(ci.aes_128.key, key, 16);
		memcpy(ci.aes_128.salt, iv, 4);
		memcpy(ci.aes_128.iv, iv + 4, 8);
		len = sizeof(ci.aes_128);
		break;
	case TLS_CIPHER_AES_GCM_256:
		memcpy(ci.aes_256.key, key, 32);
		memcpy(ci.aes_256.salt, iv, 4);
		memcpy(ci.aes_256.iv, iv + 4, 8);
		len = sizeof(ci.aes_256);
		break;
	default:
		memcpy(ci.chacha.key, key, 32);
		memcpy(ci.chacha.iv, iv, 12);
		len = sizeof(ci.chacha);
	}
	return setsockopt(e->fd, SOL_TLS, direction, &ci, len) ? -errno : 0;
}

void set_ktls(struct end *e)
{
	if (setsockopt(e->fd, SOL_TCP, TCP_ULP, "tls", sizeof("tls")) ||
	    set_key(e, TLS_TX, e->tx) || set_key(e, TLS_RX, e->rx))
		die("kTLS");
}

static int level(const struct end *e)
{
	return e->family == AF_INET6 ? SOL_IPV6 : SOL_IP;
}

int attach(const struct end *e, uint32_t flags, uint64_t update_after)
{
	struct sluice_attach args = {
		.version = TLS_1_3_VERSION,
		.cipher_type = e->suite->type,
		.flags = SLUICE_ATTACH_TX | SLUICE_ATTACH_RX | flags,
		.secret_len = (uint32_t)e->suite->secret_len,
		.tx_update_after = update_after,
	};

	memcpy(args.tx_secret, e->tx, e->suite->secret_len);
	memcpy(args.rx_secret, e->rx, e->suite->secret_len);
	return setsockopt(e->fd, level(e), SLUICE_ATTACH, &args,
			  sizeof(args)) ? -errno : 0;
}

int info(const struct end *e, struct sluice_info *out)
{
	socklen_t len = sizeof(*out);

	return getsockopt(e->fd, level(e), SLUICE_INFO, out, &len) ? -errno : 0;
}

int key_update(const struct end *e, uint32_t request)
{
	return setsockopt(e->fd, level(e), SLUICE_KEY_UPDATE, &request,
			  sizeof(request)) ? -errno : 0;
}

int set_engine(const struct end *e, uint32_t mode)
{
	return setsockopt(e->fd, level(e), SLUICE_ENGINE, &mode,
			  sizeof(mode)) ? -errno : 0;
}

int engine_info(const struct end *e, struct sluice_engine_info *out)
{
	socklen_t len = sizeof(*out);

	return getsockopt(e->fd, level(e), SLUICE_ENGINE, out, &len) ?
	       -errno : 0;
}

ssize_t send_record(const struct end *e, uint8_t type, const void *data,
		    size_t len, int flags)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(1)];
	} control = { .hdr = {
		.cmsg_level = SOL_TLS,
		.cmsg_type = TLS_SET_RECORD_TYPE,
		.cmsg_len = CMSG_LEN(1),
	} };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data,
			     .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	*CMSG_DATA(&control.hdr) = type;
	return sendmsg(e->fd, &msg, flags | MSG_NOSIGNAL);
}

int send_ticket(const struct end *e)
{
	static const uint8_t ticket[] = {
		4, 0, 0, 14, 0, 0, 28, 32, 1, 2, 3, 4, 0, 0, 1, 9, 0, 0
	};

	return send_record(e, 22, ticket, sizeof(ticket), 0) ==
	       sizeof(ticket) ? 0 : -errno;
}

int renew_tx(struct end *e)
{
	next_secret(e->suite, e->tx);
	return set_key(e, TLS_TX, e->tx);
}

int send_key_update(struct end *e, bool request)
{
	const uint8_t message[] = { 24, 0, 0, 1, request };

	if (send_record(e, 22, message, sizeof(message), 0) != sizeof(message))
		return -errno;
	return renew_tx(e);
}

int send_alert(const struct end *e, uint8_t alert_level, uint8_t alert)
{
	const uint8_t content[] = { alert_level, alert };

	return send_record(e, 21, content, sizeof(content), 0) ==
	       sizeof(content) ? 0 : -errno;
}

ssize_t receive(struct end *e, void *data, size_t len, uint8_t *type,
		bool *update_requested)
{
	union {
		struct cmsghdr hdr;
		char room[CMSG_SPACE(1)];
	} control;
	struct iovec iov = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	const uint8_t *octets = data;
	struct cmsghdr *hdr;
	ssize_t n;

	*type = 0;
	*update_requested = false;
	n = recvmsg(e->fd, &msg, 0);
	if (n < 0)
		return -errno;
	hdr = CMSG_FIRSTHDR(&msg);
	if (hdr && hdr->cmsg_level == SOL_TLS)
		*type = *CMSG_DATA(hdr);
	if (*type == 22 && n == 5 && octets[0] == 24) {
		*update_requested = octets[4];
		next_secret(e->suite, e->rx);
		if (set_key(e, TLS_RX, e->rx))
			die("the peer's rekey");
	}
	return n;
}
