// SPDX-License-Identifier: GPL-2.0
/* Two ends of a TCP connection. */
#include <kunit/test.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/mman.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "../../attach.h"
#include "../../ktls.h"
#include "../../socket.h"
#include "pair.h"

static void put_namespace(void *net)
{
	put_net(net);
}

int pair_test_init(struct kunit *test)
{
	struct net *net;
	int rc;

	net = copy_net_ns(CLONE_NEWNET, &init_user_ns, &init_net);
	if (IS_ERR(net))
		return PTR_ERR(net);
	test->priv = net;
	rc = kunit_add_action_or_reset(test, put_namespace, net);
	if (rc)
		return rc;
	rtnl_lock();
	rc = dev_open(net->loopback_dev, NULL);
	rtnl_unlock();
	return rc;
}

struct net *pair_net(struct kunit *test)
{
	return test->priv;
}

/* Somebody else releases our end. */
void pair_disown(struct pair *pair)
{
	pair->disowned = true;
}

/* What a program does at the end. */
void pair_close_ours(struct pair *pair)
{
	pair_disown(pair);
	sock_release(pair->sock);
	pair->sock = NULL;
}

static void free_pair(void *data)
{
	struct pair *pair = data;

	if (pair->sock && !pair->disowned)
		sock_release(pair->sock);
	if (pair->peer.sock)
		sock_release(pair->peer.sock);
}

/* Before the test's end. */
void pair_close(struct pair *pair)
{
	kunit_release_action(pair->test, free_pair, pair);
}

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* The sockets are as a program's, which hold their namespace. */
static struct socket *make_socket(struct kunit *test, int family)
{
	struct socket *sock;

	KUNIT_ASSERT_EQ(test, 0,
			__sock_create(pair_net(test), family, SOCK_STREAM,
				      IPPROTO_TCP, &sock, 0));
	return sock;
}

static void connect_pair(struct pair *pair, int family)
{
	union address address = { .any.sa_family = family };
	struct kunit *test = pair->test;
	struct socket *listener;
	int len, rc;

	if (family == AF_INET6) {
		address.in6.sin6_addr = in6addr_loopback;
		len = sizeof(address.in6);
	} else {
		address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		len = sizeof(address.in);
	}
	pair->sock = make_socket(test, family);
	listener = make_socket(test, family);
	rc = kernel_bind(listener, (struct sockaddr_unsized *)&address, len);
	if (!rc)
		rc = kernel_listen(listener, 1);
	if (!rc)
		rc = min(kernel_getsockname(listener, &address.any), 0);
	if (!rc)
		rc = kernel_connect(pair->sock,
				    (struct sockaddr_unsized *)&address, len,
				    0);
	if (!rc)
		rc = kernel_accept(listener, &pair->peer.sock, 0);
	sock_release(listener);
	KUNIT_ASSERT_EQ(test, 0, rc);
}

struct pair *pair_connect(struct kunit *test, int family)
{
	struct pair *pair = kunit_kzalloc(test, sizeof(*pair), GFP_KERNEL);
	unsigned long user;

	KUNIT_ASSERT_NOT_NULL(test, pair);
	pair->test = test;
	pair->peer.test = test;
	pair->peer.buf = kunit_kmalloc(test, PEER_RECORD_MAX, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, pair->peer.buf);
	KUNIT_ASSERT_EQ(test, 0,
			kunit_add_action_or_reset(test, free_pair, pair));
	connect_pair(pair, family);
	pair->sk = pair->sock->sk;
	/* What is sent is there at once. */
	tcp_sock_set_nodelay(pair->sk);
	tcp_sock_set_nodelay(pair->peer.sock->sk);
	/* A test that waits for what does not come is to fail. */
	WRITE_ONCE(pair->sk->sk_rcvtimeo, 10 * HZ);
	WRITE_ONCE(pair->sk->sk_sndtimeo, 10 * HZ);
	WRITE_ONCE(pair->peer.sock->sk->sk_rcvtimeo, 10 * HZ);

	user = kunit_vm_mmap(test, NULL, 0, PAGE_SIZE, PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	KUNIT_ASSERT_NE(test, 0, user);
	KUNIT_ASSERT_FALSE(test, IS_ERR_VALUE(user));
	pair->user = (void __user *)user;
	return pair;
}

int pair_setsockopt(struct pair *pair, int level, int option,
		    const void *value, size_t len)
{
	KUNIT_ASSERT_LE(pair->test, len, PAGE_SIZE);
	KUNIT_ASSERT_EQ(pair->test, 0, copy_to_user(pair->user, value, len));
	return READ_ONCE(pair->sock->ops)->setsockopt(pair->sock, level, option,
						      USER_SOCKPTR(pair->user),
						      len);
}

int pair_getsockopt(struct pair *pair, int level, int option,
		    struct pair_option *value)
{
	struct pair_option __user *user = pair->user;
	int rc;

	KUNIT_ASSERT_EQ(pair->test, 0, copy_to_user(user, value,
						    sizeof(*value)));
	rc = do_sock_getsockopt(pair->sock, false, level, option,
				USER_SOCKPTR(&user->room),
				USER_SOCKPTR(&user->len));
	KUNIT_ASSERT_EQ(pair->test, 0, copy_from_user(value, user,
						      sizeof(*value)));
	return rc;
}

void pair_set_ulp(struct pair *pair)
{
	KUNIT_ASSERT_EQ(pair->test, 0,
			pair_setsockopt(pair, SOL_TCP, TCP_ULP, "tls", 3));
}

/* What our end sends with, and what it receives with. */
static const u8 secrets[2][SLUICE_SECRET_MAX] = {
	"what our end encrypts its records with, so long",
	"what our end decrypts the peer's with, as long.",
};

/* What a program gives kTLS. */
static void set_key(struct pair *pair, int option, const u8 *octets)
{
	union {
		struct tls_crypto_info info;
		struct tls12_crypto_info_aes_gcm_128 aes_128;
		struct tls12_crypto_info_aes_gcm_256 aes_256;
		struct tls12_crypto_info_chacha20_poly1305 chacha;
	} u = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = pair->cipher->type,
	};
	struct sluice_secret secret;
	struct sluice_key key;
	size_t len;

	sluice_secret_set(&secret, pair->cipher, octets);
	sluice_key_derive(&key, &secret, pair->cipher);
	switch (pair->cipher->type) {
	case TLS_CIPHER_AES_GCM_128:
		memcpy(u.aes_128.key, key.key, sizeof(u.aes_128.key));
		memcpy(u.aes_128.salt, key.iv, sizeof(u.aes_128.salt));
		memcpy(u.aes_128.iv, key.iv + sizeof(u.aes_128.salt),
		       sizeof(u.aes_128.iv));
		len = sizeof(u.aes_128);
		break;
	case TLS_CIPHER_AES_GCM_256:
		memcpy(u.aes_256.key, key.key, sizeof(u.aes_256.key));
		memcpy(u.aes_256.salt, key.iv, sizeof(u.aes_256.salt));
		memcpy(u.aes_256.iv, key.iv + sizeof(u.aes_256.salt),
		       sizeof(u.aes_256.iv));
		len = sizeof(u.aes_256);
		break;
	default:
		memcpy(u.chacha.key, key.key, sizeof(u.chacha.key));
		memcpy(u.chacha.iv, key.iv, sizeof(u.chacha.iv));
		len = sizeof(u.chacha);
	}
	KUNIT_ASSERT_EQ(pair->test, 0,
			pair_setsockopt(pair, SOL_TLS, option, &u, len));
}

void pair_set_keys(struct pair *pair, u16 cipher_type, u32 directions)
{
	pair->cipher = sluice_cipher_find(cipher_type);
	KUNIT_ASSERT_NOT_NULL(pair->test, pair->cipher);
	if (directions & SLUICE_ATTACH_TX)
		set_key(pair, TLS_TX, secrets[0]);
	if (directions & SLUICE_ATTACH_RX)
		set_key(pair, TLS_RX, secrets[1]);
	peer_set_keys(&pair->peer, pair->cipher, secrets[1], secrets[0]);
}

/* What a program would say of it to SLUICE_ATTACH. */
void pair_fill_args(struct pair *pair, struct sluice_attach *args, u32 flags)
{
	*args = (struct sluice_attach){
		.version = TLS_1_3_VERSION,
		.cipher_type = pair->cipher->type,
		.flags = flags,
		.secret_len = pair->cipher->secret_len,
	};
	if (flags & SLUICE_ATTACH_TX)
		memcpy(args->tx_secret, secrets[0], pair->cipher->secret_len);
	if (flags & SLUICE_ATTACH_RX)
		memcpy(args->rx_secret, secrets[1], pair->cipher->secret_len);
}

struct sluice_conn *pair_attach(struct pair *pair, u32 flags)
{
	struct sluice_attach args;
	struct sluice_conn *conn;

	pair_fill_args(pair, &args, flags);
	KUNIT_ASSERT_EQ(pair->test, 0, sluice_attach(pair->sk, &args));
	conn = sluice_conn_find(pair->sk);
	KUNIT_ASSERT_NOT_NULL(pair->test, conn);
	return conn;
}

/* With kTLS's keys for both directions. */
struct pair *pair_keyed(struct kunit *test)
{
	struct pair *pair = pair_connect(test, AF_INET);

	pair_set_ulp(pair);
	pair_set_keys(pair, TLS_CIPHER_AES_GCM_128, PAIR_BOTH);
	return pair;
}

struct pair *pair_attached(struct kunit *test)
{
	struct pair *pair = pair_keyed(test);

	pair_attach(pair, PAIR_BOTH);
	return pair;
}

int pair_send(struct pair *pair, const void *data, size_t len, int flags)
{
	struct kvec vec = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_flags = flags | MSG_NOSIGNAL };

	return kernel_sendmsg(pair->sock, &msg, &vec, 1, len);
}

int pair_recv(struct pair *pair, void *data, size_t len, int flags)
{
	struct kvec vec = { .iov_base = data, .iov_len = len };
	struct msghdr msg = {};

	return kernel_recvmsg(pair->sock, &msg, &vec, 1, len, flags);
}

/* Just this is what our end reads next. */
void pair_expect(struct pair *pair, const void *data, size_t len)
{
	u8 *got = kunit_kmalloc(pair->test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(pair->test, got);
	KUNIT_ASSERT_EQ(pair->test, len,
			pair_recv(pair, got, len, MSG_WAITALL));
	KUNIT_EXPECT_MEMEQ(pair->test, got, data, len);
	kunit_kfree(pair->test, got);
}

/* Has kTLS itself decrypt the next record; what it says. */
int pair_meet(struct pair *pair)
{
	struct sluice_conn *conn = sluice_conn_find(pair->sk);
	u8 octet;
	struct kvec vec = { .iov_base = &octet, .iov_len = 1 };
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &vec, 1, 1);
	return conn->ktls_prot->recvmsg(conn->sk, &msg, 1, MSG_DONTWAIT);
}

/* The control record at the head, decrypted, if there is one. */
bool pair_control(struct pair *pair, struct sluice_record *record)
{
	bool there;

	lock_sock(pair->sk);
	there = sluice_ktls_control(sluice_conn_find(pair->sk), record);
	release_sock(pair->sk);
	return there;
}

void pair_consume(struct pair *pair, struct sluice_record *record)
{
	lock_sock(pair->sk);
	sluice_ktls_consume(sluice_conn_find(pair->sk), record);
	release_sock(pair->sk);
}

/* TCP's buffers between our end and the peer are small, and stay so. */
void pair_bound(struct pair *pair)
{
	pair->sk->sk_userlocks |= SOCK_SNDBUF_LOCK;
	WRITE_ONCE(pair->sk->sk_sndbuf, SZ_64K);
	pair->peer.sock->sk->sk_userlocks |= SOCK_RCVBUF_LOCK;
}

/* They are full. TCP has had the time for a delayed ACK, too. */
void pair_wait_stuck(struct pair *pair)
{
	struct sluice_conn *conn = sluice_conn_find(pair->sk);
	u64 before;

	do {
		before = READ_ONCE(conn->tx_bytes);
		msleep(300);
	} while (before != READ_ONCE(conn->tx_bytes));
}
