// SPDX-License-Identifier: GPL-2.0
/*
 * For the crate's tests: two ends of a connection over loopback that have
 * kTLS's keys, from given secrets. One end's sending secret is the other's
 * receiving one.
 */
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/net.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>
#include <linux/uaccess.h>
#include <net/tls.h>

#include "../../keys.h"
#include "helpers.h"

/* As a program does it: kTLS warns of keys from kernel memory. */
static int set_option(struct socket *sock, int level, int option,
		      const void *value, size_t len)
{
	unsigned long user;

	user = kunit_vm_mmap(kunit_get_current_test(), NULL, 0, PAGE_SIZE,
			     PROT_READ | PROT_WRITE,
			     MAP_ANONYMOUS | MAP_PRIVATE, 0);
	if (!user || IS_ERR_VALUE(user))
		return -ENOMEM;
	if (copy_to_user((void __user *)user, value, len))
		return -EFAULT;
	return READ_ONCE(sock->ops)->setsockopt(sock, level, option,
						USER_SOCKPTR((void __user *)user),
						len);
}

static int set_key(struct socket *sock, int option, const u8 *octets)
{
	const struct sluice_cipher *cipher =
		sluice_cipher_find(TLS_CIPHER_AES_GCM_128);
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = TLS_1_3_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};
	struct sluice_secret secret;
	struct sluice_key key;

	sluice_secret_set(&secret, cipher, octets);
	sluice_key_derive(&key, &secret, cipher);
	memcpy(info.key, key.key, sizeof(info.key));
	memcpy(info.salt, key.iv, sizeof(info.salt));
	memcpy(info.iv, key.iv + sizeof(info.salt), sizeof(info.iv));
	return set_option(sock, SOL_TLS, option, &info, sizeof(info));
}

static int set_keys(struct socket *sock, const u8 *tx, const u8 *rx)
{
	int rc;

	rc = set_option(sock, SOL_TCP, TCP_ULP, "tls", 3);
	if (!rc)
		rc = set_key(sock, TLS_TX, tx);
	if (!rc)
		rc = set_key(sock, TLS_RX, rx);
	return rc;
}

/* Nobody has brought it up where only tests run. */
int rust_helper_sluice_test_loopback(void)
{
	int rc;

	rtnl_lock();
	rc = dev_open(init_net.loopback_dev, NULL);
	rtnl_unlock();
	return rc;
}

/* As a socket has one that C shares with others. */
int rust_helper_sluice_test_file(struct socket *sock)
{
	return PTR_ERR_OR_ZERO(sock_alloc_file(sock, O_NONBLOCK, NULL));
}

int rust_helper_sluice_test_keys(struct socket *a, struct socket *b,
				 const u8 *secret_a, const u8 *secret_b)
{
	return set_keys(a, secret_a, secret_b) ?:
	       set_keys(b, secret_b, secret_a);
}
