// SPDX-License-Identifier: GPL-2.0
/*
 * Sample: a client of an echo service over TLS, in the kernel.
 *
 * A program connects a socket and hands it over by writing a line of options to
 * /dev/sluice_echo:
 *
 *	fd=N		the socket
 *	auth=HOW	anon, x509, psk, or none: the socket has its keys (anon)
 *	server		do the server's part of the handshake
 *	name=NAME	the server's name
 *	cert=, privkey=, psk=, keyring=SERIAL
 *	timeout=MS	for the handshake
 *	bytes=N		octets to send, and to see come back (0)
 *	size=N		octets of a request, at most 1 MiB (16384)
 *	depth=N		requests on the way, at most 16 (4)
 *	kvec		send from, and receive into, plain memory: not pages
 *	lend		look at what comes where it is
 *	more		let requests share records
 *	flush		but have each leave at once
 *	engine=HOW	where to encrypt: inline, auto, forced (inline)
 *	update=N	renew the key, and ask for the peer's, each N requests
 *	stop		send no more than the first half, then shut down
 *	linger=MS	time for the orderly end (5000); 0: none
 *	reclaim		go on when memory runs out
 *	alpn=NAME,…	application protocols to offer
 *
 * The write returns when all has come back and the session is closed, with the
 * error that ended it if one did. A read then tells how it went.
 */
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/parser.h>
#include <linux/skbuff.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/sluice.h>
#include <linux/string.h>

#define DEPTH_MAX	16
#define REQUEST_SIZE	SZ_16K
#define REQUEST_MAX	SZ_1M
#define IN_SIZE		SZ_16K

/**
 * struct options - what was written
 * @fd: the socket
 * @none: no handshake
 * @handshake: or this one
 * @name: the peer's name in it
 * @bytes: octets to echo
 * @size: octets of a request
 * @depth: requests on the way
 * @kvec: from plain memory
 * @lend: without a copy
 * @more: SLUICE_SEND_MORE
 * @flush: sluice_send_flush() behind each
 * @engine: SLUICE_ENGINE_*
 * @update: requests under one key, or 0
 * @stop: half close in the middle
 * @linger: milliseconds for the end
 * @reclaim: SLUICE_SESSION_RECLAIM
 * @protocols: application protocols to offer
 * @alpn: the same, one by one
 */
struct options {
	int fd;
	bool none;
	struct sluice_handshake handshake;
	char name[64];
	u64 bytes;
	unsigned int size;
	unsigned int depth;
	bool kvec;
	bool lend;
	bool more;
	bool flush;
	u32 engine;
	unsigned int update;
	bool stop;
	unsigned int linger;
	bool reclaim;
	char protocols[64];
	const char *alpn[5];
};

struct client;

/**
 * struct request - one of the requests that go round
 * @send: the request
 * @client: whose
 * @page: its octets
 * @bvec: the same
 * @kvec: or the same
 */
struct request {
	struct sluice_send send;
	struct client *client;
	struct page *page;
	struct bio_vec bvec;
	struct kvec kvec;
};

/**
 * struct client - one echo
 * @options: what to do
 * @session: the TLS
 * @order: one sender at a time: the stream has an order. Guards @sent, @idle
 * @sent: octets handed to sluice_send(), and where the next request begins
 * @idle: the requests that are not on the way
 * @requests: all of them
 * @recv: what comes back
 * @in: where to
 * @in_bvec: the same
 * @in_kvec: or the same
 * @received: octets that came back right
 * @error: why it ended early
 * @open: the session is open, or has failed
 * @done: nothing more comes
 * @info: how it ended
 * @peer: whom the handshake has met
 * @protocol: and what for; "" if that was not said
 */
struct client {
	struct options options;
	struct sluice_session *session;
	struct mutex order;	/* sent, idle */
	u64 sent;
	unsigned long idle;
	struct request requests[DEPTH_MAX];
	struct sluice_recv recv;
	struct page *in;
	struct bio_vec in_bvec;
	struct kvec in_kvec;
	u64 received;
	int error;
	struct completion open;
	struct completion done;
	struct sluice_info info;
	key_serial_t peer;
	char protocol[64];
};

enum {
	OPT_FD, OPT_AUTH, OPT_SERVER, OPT_NAME, OPT_CERT, OPT_PRIVKEY, OPT_PSK,
	OPT_KEYRING, OPT_TIMEOUT, OPT_BYTES, OPT_SIZE, OPT_DEPTH, OPT_KVEC,
	OPT_LEND, OPT_MORE, OPT_FLUSH, OPT_ENGINE, OPT_UPDATE, OPT_STOP,
	OPT_LINGER, OPT_RECLAIM, OPT_ALPN, OPT_BAD,
};

static const match_table_t option_table = {
	{ OPT_FD, "fd=%d" }, { OPT_AUTH, "auth=%s" }, { OPT_SERVER, "server" },
	{ OPT_NAME, "name=%s" }, { OPT_CERT, "cert=%d" },
	{ OPT_PRIVKEY, "privkey=%d" }, { OPT_PSK, "psk=%d" },
	{ OPT_KEYRING, "keyring=%d" }, { OPT_TIMEOUT, "timeout=%u" },
	{ OPT_BYTES, "bytes=%s" }, { OPT_SIZE, "size=%u" },
	{ OPT_DEPTH, "depth=%u" }, { OPT_KVEC, "kvec" }, { OPT_LEND, "lend" },
	{ OPT_MORE, "more" }, { OPT_FLUSH, "flush" },
	{ OPT_ENGINE, "engine=%s" }, { OPT_UPDATE, "update=%u" },
	{ OPT_STOP, "stop" }, { OPT_LINGER, "linger=%u" },
	{ OPT_RECLAIM, "reclaim" },
	{ OPT_ALPN, "alpn=%s" }, { OPT_BAD, NULL },
};

static int parse_auth(struct options *options, const substring_t *arg)
{
	char how[8];

	match_strlcpy(how, arg, sizeof(how));
	options->none = !strcmp(how, "none");
	if (options->none || !strcmp(how, "anon"))
		options->handshake.auth = SLUICE_AUTH_ANON;
	else if (!strcmp(how, "x509"))
		options->handshake.auth = SLUICE_AUTH_X509;
	else if (!strcmp(how, "psk"))
		options->handshake.auth = SLUICE_AUTH_PSK;
	else
		return -EINVAL;
	return 0;
}

static int parse_engine(struct options *options, const substring_t *arg)
{
	static const char *const modes[] = {
		[SLUICE_ENGINE_INLINE] = "inline",
		[SLUICE_ENGINE_AUTO] = "auto",
		[SLUICE_ENGINE_FORCED] = "forced",
	};
	char how[8];
	int mode;

	match_strlcpy(how, arg, sizeof(how));
	mode = match_string(modes, ARRAY_SIZE(modes), how);
	if (mode < 0)
		return mode;
	options->engine = mode;
	return 0;
}

/* Names with commas between them. */
static int parse_alpn(struct options *options, const substring_t *arg)
{
	char *rest = options->protocols;
	unsigned int n = 0;

	match_strlcpy(rest, arg, sizeof(options->protocols));
	while (rest) {
		if (n == ARRAY_SIZE(options->alpn) - 1)
			return -EINVAL;
		options->alpn[n++] = strsep(&rest, ",");
	}
	options->handshake.alpn = options->alpn;
	return 0;
}

static int parse_option(struct options *options, char *word)
{
	struct sluice_handshake *hs = &options->handshake;
	substring_t args[MAX_OPT_ARGS];

	switch (match_token(word, option_table, args)) {
	case OPT_FD:
		return match_int(&args[0], &options->fd);
	case OPT_AUTH:
		return parse_auth(options, &args[0]);
	case OPT_SERVER:
		hs->server = true;
		return 0;
	case OPT_NAME:
		match_strlcpy(options->name, &args[0], sizeof(options->name));
		hs->peer_name = options->name;
		return 0;
	case OPT_CERT:
		return match_int(&args[0], &hs->cert);
	case OPT_PRIVKEY:
		return match_int(&args[0], &hs->privkey);
	case OPT_PSK:
		hs->num_psk = 1;
		return match_int(&args[0], &hs->psk[0]);
	case OPT_KEYRING:
		return match_int(&args[0], &hs->keyring);
	case OPT_TIMEOUT:
		return match_uint(&args[0], &hs->timeout_ms);
	case OPT_BYTES:
		return match_u64(&args[0], &options->bytes);
	case OPT_SIZE:
		return match_uint(&args[0], &options->size);
	case OPT_DEPTH:
		return match_uint(&args[0], &options->depth);
	case OPT_KVEC:
		options->kvec = true;
		return 0;
	case OPT_LEND:
		options->lend = true;
		return 0;
	case OPT_MORE:
		options->more = true;
		return 0;
	case OPT_FLUSH:
		options->flush = true;
		return 0;
	case OPT_ENGINE:
		return parse_engine(options, &args[0]);
	case OPT_UPDATE:
		return match_uint(&args[0], &options->update);
	case OPT_STOP:
		options->stop = true;
		return 0;
	case OPT_LINGER:
		return match_uint(&args[0], &options->linger);
	case OPT_RECLAIM:
		options->reclaim = true;
		return 0;
	case OPT_ALPN:
		return parse_alpn(options, &args[0]);
	default:
		return -EINVAL;
	}
}

static int parse(struct options *options, char *line)
{
	char *word;
	int rc;

	*options = (struct options){
		.fd = -1, .size = REQUEST_SIZE, .depth = 4,
		.linger = SLUICE_CLOSE_TIMEOUT_MS,
	};
	while ((word = strsep(&line, " \t\n"))) {
		rc = *word ? parse_option(options, word) : 0;
		if (rc)
			return rc;
	}
	if (!options->size || options->size > REQUEST_MAX || !options->depth ||
	    options->depth > DEPTH_MAX)
		return -EINVAL;
	return 0;
}

/* The octet at a place of the stream. */
static u8 octet(u64 at)
{
	return at ^ at >> 8 ^ at >> 16 ^ at >> 24;
}

static void fill(u8 *to, u64 at, size_t len)
{
	while (len--)
		*to++ = octet(at++);
}

static void finish(struct client *client, int error)
{
	if (error && !client->error)
		client->error = error;
	complete_all(&client->done);
}

/* Counts the octets that have come back, if they are what they should be. */
static void check(struct client *client, const u8 *from, size_t len)
{
	while (len && *from == octet(client->received)) {
		client->received++;
		from++;
		len--;
	}
	if (len)
		finish(client, -EILSEQ);
}

/* Octets that are to be sent. */
static u64 total(const struct client *client)
{
	return client->options.stop ? client->options.bytes / 2 :
				      client->options.bytes;
}

/* Sends with all requests that are there. */
static int send_some(struct client *client)
{
	const struct options *options = &client->options;
	struct request *request;
	size_t len;
	u64 at;
	int rc;

	while (client->sent < total(client) && client->idle) {
		request = &client->requests[__ffs(client->idle)];
		at = client->sent;
		len = min_t(u64, options->size, total(client) - at);
		fill(page_address(request->page), at, len);
		bvec_set_page(&request->bvec, request->page, len, 0);
		request->kvec.iov_base = page_address(request->page);
		request->kvec.iov_len = len;
		if (options->kvec)
			iov_iter_kvec(&request->send.iter, ITER_SOURCE,
				      &request->kvec, 1, len);
		else
			iov_iter_bvec(&request->send.iter, ITER_SOURCE,
				      &request->bvec, 1, len);
		request->send.flags = options->more &&
				      at + len < total(client) ?
				      SLUICE_SEND_MORE : 0;
		rc = 0;
		if (options->update && at &&
		    !(at / options->size % options->update))
			rc = sluice_session_key_update(client->session, true);
		if (!rc)
			rc = sluice_send(client->session, &request->send);
		if (rc)
			return rc;
		client->sent += len;
		client->idle &= ~BIT(request - client->requests);
		if (options->flush)
			sluice_send_flush(client->session);
	}
	return 0;
}

static void sent(struct sluice_send *send, int error)
{
	struct request *request = container_of(send, struct request, send);
	struct client *client = request->client;

	mutex_lock(&client->order);
	client->idle |= BIT(request - client->requests);
	if (!error)
		error = send_some(client);
	if (!error && client->options.stop && client->sent == total(client))
		sluice_session_shutdown(client->session);
	mutex_unlock(&client->order);
	if (error)
		finish(client, error);
}

static void receive(struct client *client)
{
	int rc;

	bvec_set_page(&client->in_bvec, client->in, IN_SIZE, 0);
	client->in_kvec.iov_base = page_address(client->in);
	client->in_kvec.iov_len = IN_SIZE;
	if (client->options.kvec)
		iov_iter_kvec(&client->recv.iter, ITER_DEST, &client->in_kvec,
			      1, IN_SIZE);
	else
		iov_iter_bvec(&client->recv.iter, ITER_DEST, &client->in_bvec,
			      1, IN_SIZE);
	if (!client->options.stop)
		client->recv.limit = client->options.bytes - client->received;
	rc = sluice_recv(client->session, &client->recv);
	if (rc)
		finish(client, rc);
}

static size_t lent(struct sluice_recv *recv, struct sk_buff *skb,
		   unsigned int offset, size_t len)
{
	struct client *client = container_of(recv, struct client, recv);
	struct skb_seq_state state;
	size_t consumed = 0, n;
	const u8 *data;

	skb_prepare_seq_read(skb, offset, offset + len, &state);
	while ((n = skb_seq_read(consumed, &data, &state))) {
		n = min(n, len - consumed);	/* it may say more */
		check(client, data, n);
		consumed += n;
	}
	return len;
}

static void received(struct sluice_recv *recv, int error)
{
	struct client *client = container_of(recv, struct client, recv);
	u64 want = client->options.stop ? U64_MAX : client->options.bytes;

	if (!client->options.lend)
		check(client, page_address(client->in), recv->received);
	if (error || !recv->received || client->received >= want)
		finish(client, error);
	else
		receive(client);
}

static void state(struct sluice_session *session,
		  enum sluice_session_state state, int error)
{
	struct client *client = sluice_session_priv(session);

	if (state == SLUICE_SESSION_FAILED)
		finish(client, error);
	if (state == SLUICE_SESSION_OPEN || state == SLUICE_SESSION_FAILED)
		complete_all(&client->open);
}

static const struct sluice_session_ops client_ops = { .state = state };

static int make_session(struct client *client)
{
	const struct sluice_session_params params = {
		.ops = &client_ops,
		.priv = client,
		.module = THIS_MODULE,
		.flags = client->options.reclaim ? SLUICE_SESSION_RECLAIM : 0,
		.engine = client->options.engine,
		/* All that is on the way fits: no -EAGAIN. */
		.send_limit = (size_t)client->options.size *
			      client->options.depth,
	};
	struct socket *sock;
	int rc;

	sock = sockfd_lookup(client->options.fd, &rc);
	if (!sock)
		return rc;
	client->session = sluice_session_create(sock, &params);
	if (IS_ERR(client->session))
		return PTR_ERR(client->session);
	return client->options.none ?
		sluice_session_adopt(client->session) :
		sluice_session_handshake(client->session,
					 &client->options.handshake);
}

static int run(struct client *client)
{
	const char *protocol;
	int rc;

	rc = make_session(client);
	if (IS_ERR_OR_NULL(client->session))
		return rc;
	if (!rc)
		rc = wait_for_completion_interruptible(&client->open);
	if (!rc && !client->error) {
		if (client->options.bytes) {
			mutex_lock(&client->order);
			rc = send_some(client);
			mutex_unlock(&client->order);
			if (rc)
				finish(client, rc);
			receive(client);
		} else {
			finish(client, 0);
		}
		rc = wait_for_completion_interruptible(&client->done);
	}
	if (!rc)
		rc = client->error;
	if (!rc)
		rc = sluice_session_close(client->session,
					  client->options.linger);
	else
		sluice_session_close(client->session, 0);
	sluice_session_info(client->session, &client->info);
	client->peer = sluice_session_peer(client->session);
	protocol = sluice_session_alpn(client->session);
	if (protocol)
		strscpy(client->protocol, protocol);
	sluice_session_put(client->session);
	return rc;
}

static int alloc_pages_of(struct client *client)
{
	const unsigned int order = get_order(client->options.size);
	int i;

	client->in = alloc_pages(GFP_KERNEL | __GFP_COMP, get_order(IN_SIZE));
	if (!client->in)
		return -ENOMEM;
	for (i = 0; i < client->options.depth; i++) {
		struct request *request = &client->requests[i];

		request->client = client;
		request->send.done = sent;
		request->page = alloc_pages(GFP_KERNEL | __GFP_COMP, order);
		if (!request->page)
			return -ENOMEM;
	}
	return 0;
}

static void free_pages_of(struct client *client)
{
	int i;

	for (i = 0; i < DEPTH_MAX && client->requests[i].page; i++)
		__free_pages(client->requests[i].page,
			     get_order(client->options.size));
	if (client->in)
		__free_pages(client->in, get_order(IN_SIZE));
}

static ssize_t client_write(struct file *file, const char __user *from,
			    size_t len, loff_t *pos)
{
	struct client *client;
	char *line;
	int rc;

	if (len > PAGE_SIZE || file->private_data)
		return -EINVAL;
	line = memdup_user_nul(from, len);
	if (IS_ERR(line))
		return PTR_ERR(line);
	client = kzalloc_obj(*client);
	if (!client) {
		kfree(line);
		return -ENOMEM;
	}

	mutex_init(&client->order);
	init_completion(&client->open);
	init_completion(&client->done);
	client->recv.done = received;
	rc = parse(&client->options, line);
	client->idle = GENMASK(client->options.depth - 1, 0);
	if (client->options.lend)
		client->recv.lend = lent;
	if (!rc)
		rc = alloc_pages_of(client);
	if (!rc)
		rc = run(client);
	free_pages_of(client);
	kfree(line);
	file->private_data = client;	/* for client_read() */
	return rc ?: len;
}

static ssize_t client_read(struct file *file, char __user *to, size_t len,
			   loff_t *pos)
{
	const struct client *client = file->private_data;
	char text[384];
	int n;

	if (!client)
		return 0;
	n = scnprintf(text, sizeof(text),
		      "sent=%llu received=%llu tx_key_updates=%llu rx_key_updates=%llu tickets=%llu tx_records=%llu alert_sent=%u alert_received=%u peer=%d alpn=%s\n",
		      client->sent, client->received,
		      client->info.tx_key_updates, client->info.rx_key_updates,
		      client->info.tickets, client->info.tx_records,
		      client->info.alert_sent, client->info.alert_received,
		      client->peer, client->protocol);
	return simple_read_from_buffer(to, len, pos, text, n);
}

static int client_open(struct inode *inode, struct file *file)
{
	file->private_data = NULL;	/* not the device, but what was run */
	return nonseekable_open(inode, file);
}

static int client_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static const struct file_operations client_fops = {
	.owner = THIS_MODULE,
	.open = client_open,
	.write = client_write,
	.read = client_read,
	.release = client_release,
};

static struct miscdevice client_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "sluice_echo",
	.fops = &client_fops,
	.mode = 0600,
};

module_misc_device(client_device);

MODULE_DESCRIPTION("Sample: echo client over TLS");
MODULE_LICENSE("GPL");
