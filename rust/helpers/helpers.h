/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the crate needs of C beside linux/sluice.h: inline functions, and a few
 * calls put so that no structure of the network's has to be known in Rust.
 */
#ifndef _SLUICE_RUST_HELPERS_H
#define _SLUICE_RUST_HELPERS_H

#include <linux/bvec.h>
#include <linux/sluice.h>
#include <linux/types.h>
#include <linux/uio.h>

struct page;
struct sk_buff;
struct sluice_console;
struct socket;

/**
 * struct sluice_addr - an address of TCP's
 * @ipv6: all of @ip counts; else its first four octets
 * @port: in host order
 * @ip: in network order
 * @scope_id: the interface of a link-local address, or 0
 */
struct sluice_addr {
	bool ipv6;
	u16 port;
	u8 ip[16];
	u32 scope_id;
};

int rust_helper_sluice_connect(const struct sluice_addr *to,
			       unsigned int timeout_ms, struct socket **res);
int rust_helper_sluice_listen(const struct sluice_addr *at,
			      int backlog, struct socket **res);
int rust_helper_sluice_accept(struct socket *listener, struct socket **res);
int rust_helper_sluice_from_fd(int fd, struct socket **res);
int rust_helper_sluice_share(struct socket *sock);
int rust_helper_sluice_name(struct socket *sock, bool peer,
			    struct sluice_addr *addr);
void rust_helper_sluice_shutdown(struct socket *sock);
void rust_helper_sluice_nodelay(struct socket *sock);
void rust_helper_sluice_release(struct socket *sock);

void rust_helper_sluice_send_bytes(struct sluice_send *send, struct kvec *kvec,
				   const void *from, size_t len);
void rust_helper_sluice_send_page(struct sluice_send *send,
				  struct bio_vec *bvec, struct page *page,
				  unsigned int offset, unsigned int len);
void rust_helper_sluice_recv_bytes(struct sluice_recv *recv, struct kvec *kvec,
				   void *to, size_t len);
void rust_helper_sluice_recv_page(struct sluice_recv *recv,
				  struct bio_vec *bvec, struct page *page,
				  unsigned int offset, unsigned int len);
int rust_helper_sluice_send_wait_bytes(struct sluice_session *session,
				       const void *from, size_t len, u32 flags);
ssize_t rust_helper_sluice_recv_wait_bytes(struct sluice_session *session,
					   void *to, size_t len, u32 flags);

int rust_helper_sluice_skb_copy(const struct sk_buff *skb, int offset, void *to,
				int len);
void rust_helper_sluice_skb_walk(struct sk_buff *skb, unsigned int offset,
				 unsigned int len,
				 void (*chunk)(void *data, const u8 *from,
					       size_t len),
				 void *data);

struct sluice_console *
rust_helper_sluice_console_register(const char *name,
				    void (*write)(void *data, const u8 *text,
						  size_t len, u64 expected),
				    void *data);
void rust_helper_sluice_console_unregister(struct sluice_console *c);
int rust_helper_sluice_console_level(void);
u64 rust_helper_sluice_console_time(u64 usec);
void rust_helper_sluice_console_hostname(char *name, size_t size);

/* For the crate's tests, in a kernel that has all of it built in. */
int rust_helper_sluice_test_loopback(void);
int rust_helper_sluice_test_file(struct socket *sock);
int rust_helper_sluice_test_keys(struct socket *a, struct socket *b,
				 const u8 *secret_a, const u8 *secret_b);

#endif /* _SLUICE_RUST_HELPERS_H */
