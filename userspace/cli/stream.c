// SPDX-License-Identifier: MIT
/* A TLS connection as a stream of bytes, encrypted by the kernel if it can. */
#include "ech.h"
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sluice/kernel.h"

/* Some records at a time. */
#define OUT_SIZE	(4 * (SLUICE_DATA_MAX + SLUICE_OVERHEAD))
#define IN_SIZE		(4 * SLUICE_RECORD_MAX)
/* Handshake types (RFC 9846, section 4) that may follow a handshake. */
#define HANDSHAKE_TICKET	4
#define HANDSHAKE_KEY_UPDATE	24
/* One call of sendfile(); progress is shown in between. */
#define SEND_PART	(4 << 20)

/* What to do about an alert of the peer's, where that is known. */
static const char *hint(const struct stream *s, int alert)
{
	if (strcmp(sluice_alert_name(alert), "certificate_required"))
		return "";
	return s->ctx->options->cert_count ?
	       " (it does not take certificates of the authority or algorithm of --cert)" :
	       " (--cert and --key name a certificate to show)";
}

static _Noreturn void fail_tls(const struct stream *s)
{
	struct sluice_conn_info info;

	sluice_conn_info(s->tls.conn, &info);
	if (info.error == SLUICE_ERR_TRUNCATED)
		fail(EXIT_TRUNCATED, "%s", info.reason);
	if (info.error == SLUICE_ERR_ECH)
		fail(EXIT_TLS, "%s%s", info.reason, ech_hint(s->ctx));
	if (info.alert_received >= 0)
		fail(EXIT_TLS, "the peer refused: %s (alert %d)%s",
		     sluice_alert_name(info.alert_received),
		     info.alert_received, hint(s, info.alert_received));
	fail(EXIT_TLS, "%s%s", info.reason,
	     info.error == SLUICE_ERR_CERTIFICATE ?
	     " (--cacert names the authority to believe, --servername the name to expect)" :
	     "");
}

/* What stopped a read on raw kTLS: the record that it leaves to the program. */
static _Noreturn void fail_raw(const struct stream *s, int error)
{
	uint8_t first = 0;
	char control[CMSG_SPACE(1)];
	struct iovec iov = { .iov_base = s->tls.in, .iov_len = IN_SIZE };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};

	if (error == EIO && recvmsg(s->tls.fd, &msg, MSG_DONTWAIT) > 0)
		first = s->tls.in[0];
	if (first == HANDSHAKE_KEY_UPDATE && recv(s->tls.fd, s->tls.in, 1, 0) < 0 &&
	    errno == EKEYEXPIRED)
		error = errno;
	if (error == EKEYEXPIRED)
		fail(EXIT_TLS, "receiving: EIO at the peer's KeyUpdate, and behind it EKEYEXPIRED: kTLS leaves the new key to the program (without --raw-ktls sluice derives it)");
	fail(EXIT_TLS, "receiving: EIO at a %s: kTLS leaves every record that is not data to the program (without --raw-ktls sluice takes it)",
	     first == HANDSHAKE_TICKET ? "ticket" : "control record");
}

/* Why a system call on the socket failed, in words for people. */
static _Noreturn void fail_socket(const struct stream *s, const char *what)
{
	struct sluice_info info;
	int error = errno;

	if (s->raw && (error == EIO || error == EKEYEXPIRED))
		fail_raw(s, error);
	if (error == EAGAIN || error == EWOULDBLOCK)
		fail(EXIT_NETWORK, "%s: nothing has moved for %u seconds (--timeout)",
		     what, s->ctx->options->timeout);
	if (s->kernel && !s->raw && !sluice_kernel_info(s->tls.fd, &info)) {
		if (info.rx_state == SLUICE_DIR_TRUNCATED)
			fail(EXIT_TRUNCATED, "the connection was cut off: it ended without close_notify (--allow-truncation takes that for the end)");
		if (info.alert_received != SLUICE_ALERT_NONE &&
		    info.alert_received)
			fail(EXIT_TLS, "the peer ended the connection: %s (alert %u)%s",
			     sluice_alert_name(info.alert_received),
			     info.alert_received,
			     hint(s, info.alert_received));
		if (info.alert_sent != SLUICE_ALERT_NONE && info.alert_sent)
			fail(EXIT_TLS, "the peer broke the protocol: %s (alert %u) was sent",
			     sluice_alert_name(info.alert_sent),
			     info.alert_sent);
	}
	fail(EXIT_NETWORK, "%s: %s", what, strerror(error));
}

/*
 * A server that refuses the client's certificate says so when the client has
 * begun to send: what is behind the broken pipe is the alert.
 */
static void look_for_alert(struct stream *s)
{
	uint8_t *data;
	ssize_t n;

	s->tls.flags = MSG_DONTWAIT;
	do {
		n = sluice_take(&s->tls, &data);
	} while (n > 0);
	s->tls.flags = 0;
}

/* What the socket or TLS did not do. */
static _Noreturn void fail_stream(struct stream *s, const char *what)
{
	if (s->tls.conn && sluice_errno(s->tls.conn))
		fail_tls(s);
	fail_socket(s, what);
}

static _Noreturn void fail_sending(struct stream *s)
{
	int error = errno;

	if (error == EPIPE || error == ECONNRESET)
		look_for_alert(s);
	errno = error;
	fail_stream(s, "sending");
}

/* To its end; or, on a server, until there is early data. */
static enum sluice_status try_handshake(struct stream *s)
{
	enum sluice_status status;

	do {
		status = sluice_stream_handshake(&s->tls);
	} while (status == SLUICE_ERROR && errno == EINTR);
	return status;
}

static enum sluice_status handshake(struct stream *s)
{
	enum sluice_status status = try_handshake(s);

	if (status != SLUICE_DONE && status != SLUICE_EARLY_DATA)
		fail_stream(s, "the handshake");
	return status;
}

/* Says once why libsluice goes on itself, or fails if that is not allowed. */
static void no_kernel(struct context *ctx, const char *why)
{
	const struct options *o = ctx->options;

	if (o->kernel == KERNEL_REQUIRED || o->kernel == KERNEL_RAW)
		fail(EXIT_KERNEL, "%s", why);
	if (ctx->kernel)
		note(o, "%s; encrypting in this process", why);
	ctx->kernel = false;
}

void context_probe(struct context *ctx)
{
	int fd, rc;

	ctx->kernel = ctx->options->kernel != KERNEL_NEVER;
	if (!ctx->kernel)
		return;
	/* A socket that is not connected: all that is found is what is missing. */
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail(EXIT_NETWORK, "can't make a socket: %s", strerror(errno));
	rc = sluice_kernel_prepare(fd);
	close(fd);
	if (rc == -ENOENT)
		no_kernel(ctx, "this kernel has no kTLS (CONFIG_TLS, modprobe tls)");
	else if (rc == -ENOPROTOOPT && ctx->options->kernel != KERNEL_RAW)
		no_kernel(ctx, "the sluice module is not loaded (modprobe sluice)");
}

static void hand_over(struct stream *s)
{
	const struct options *o = s->ctx->options;
	struct sluice_secrets secrets;
	int rc;

	if (sluice_conn_secrets(s->tls.conn, &secrets))
		fail(EXIT_TLS, "the connection can't be handed over");
	if (secrets.version == SLUICE_TLS_1_2 && o->kernel != KERNEL_RAW) {
		sluice_wipe(&secrets, sizeof(secrets));
		if (o->kernel == KERNEL_REQUIRED)
			fail(EXIT_KERNEL, "the sluice module does not take TLS 1.2");
		return;
	}
	rc = sluice_kernel_set_keys(s->tls.fd, &secrets);
	if (rc == -EOPNOTSUPP) {
		sluice_wipe(&secrets, sizeof(secrets));
		no_kernel(s->ctx, "kTLS does not have this cipher suite");
		return;
	}
	if (!rc && o->kernel != KERNEL_RAW)
		rc = sluice_kernel_attach(s->tls.fd, &secrets,
					  o->allow_truncation ?
					  SLUICE_ATTACH_ALLOW_TRUNCATION : 0,
					  o->update_after);
	sluice_wipe(&secrets, sizeof(secrets));
	if (rc)
		fail(EXIT_KERNEL, "the kernel did not take the connection: %s",
		     strerror(-rc));
	s->kernel = true;
	s->raw = o->kernel == KERNEL_RAW;
}

static void report_handshake(const struct stream *s)
{
	struct sluice_conn_info info;

	if (!s->ctx->options->verbose)
		return;
	sluice_conn_info(s->tls.conn, &info);
	note(s->ctx->options, "TLS 1.%d, %s%s%s%s%s%s%s%s%s%s%.*s, encrypted by %s",
	     info.version == SLUICE_TLS_1_2 ? 2 : 3,
	     sluice_suite_name(info.suite), info.group ? ", " : "",
	     info.group ? sluice_group_name(info.group) : "",
	     info.resumed ? ", resumed" : info.psk ? ", pre-shared key" : "",
	     info.early == SLUICE_EARLY_ACCEPTED ? ", early data accepted" :
	     info.early == SLUICE_EARLY_REJECTED ? ", early data rejected" : "",
	     info.ech == SLUICE_ECH_ACCEPTED ? ", ECH" :
	     info.ech == SLUICE_ECH_REJECTED ? ", ECH rejected" : "",
	     info.stapled ? ", not revoked by OCSP" : "",
	     *s->ctx->peer ? ", client " : "", s->ctx->peer,
	     info.alpn ? ", " : "", (int)info.alpn_len,
	     info.alpn ? info.alpn : "",
	     s->raw ? "kTLS" : s->kernel ? "the kernel" : "this process");
}

static void prepare(struct stream *s, struct context *ctx, int fd)
{
	size_t size = sluice_conn_size() + SLUICE_CHAIN_ROOM;
	uint8_t *in = malloc(IN_SIZE), *out = malloc(OUT_SIZE);
	void *mem = malloc(size);
	struct sluice_conn *conn;
	int rc;

	memset(s, 0, sizeof(*s));
	s->ctx = ctx;
	if (!in || !out || !mem)
		fail(EXIT_TLS, "out of memory");
	conn = sluice_conn_init(mem, size, &ctx->config);
	if (!conn)
		fail(EXIT_TLS, "the connection can't begin");
	sluice_stream_init(&s->tls, conn, fd, in, IN_SIZE, out, OUT_SIZE);
	s->tls.allow_truncation = ctx->options->allow_truncation;

	/* Before the handshake: see sluice_kernel_prepare(). */
	if (ctx->kernel) {
		rc = sluice_kernel_prepare(fd);
		if (rc && rc != -ENOPROTOOPT)
			fail(EXIT_NETWORK, "kTLS does not take the socket: %s",
			     strerror(-rc));
	}
}

/* The handshake is through. */
static void establish(struct stream *s)
{
	void *mem = s->tls.conn;

	if (s->ctx->kernel)
		hand_over(s);
	report_handshake(s);
	if (s->kernel) {
		sluice_conn_free(s->tls.conn);
		free(mem);
		s->tls.conn = NULL;
	}
}

void stream_open(struct stream *s, struct context *ctx, int fd)
{
	prepare(s, ctx, fd);
	if (handshake(s) == SLUICE_DONE)
		establish(s);
	else
		s->early = true;
}

/* False if it is to be tried once more. */
static bool try_connect(struct stream *s, struct context *ctx,
			const void *data, size_t len, size_t *sent)
{
	ssize_t n;

	prepare(s, ctx, context_dial(ctx));
	do {
		n = sluice_early_write(&s->tls, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		fail_stream(s, "sending");
	*sent = (size_t)n;
	if (try_handshake(s) == SLUICE_DONE)
		return true;
	if (!ech_retry(ctx, s->tls.conn))
		fail_stream(s, "the handshake");
	stream_close(s);
	return false;
}

bool stream_connect(struct stream *s, struct context *ctx, const void *data,
		    size_t len)
{
	struct sluice_conn_info info;
	size_t sent;

	while (!try_connect(s, ctx, data, len, &sent))
		;
	sluice_conn_info(s->tls.conn, &info);
	establish(s);
	/* part of a request is none */
	if (info.early == SLUICE_EARLY_ACCEPTED && sent < len)
		fail(EXIT_TLS, "the server allows less early data than the request has");
	return info.early == SLUICE_EARLY_ACCEPTED;
}

/* False at its end, when the handshake is through as well. */
static bool read_early(struct stream *s, void *data, size_t len, size_t *got)
{
	ssize_t n;

	do {
		n = sluice_early_read(&s->tls, data, len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		fail_stream(s, "receiving");
	*got = (size_t)n;
	if (n) {
		s->early_read = true;
		return true;
	}
	s->early = false;
	handshake(s);
	establish(s);
	return false;
}

void stream_settle(struct stream *s)
{
	uint8_t data[4096];
	size_t n;

	while (s->early && read_early(s, data, sizeof(data), &n))
		;
}

/* Octets; -1 if there are none yet, and it is not to wait for them. */
static ssize_t read_some(struct stream *s, void *data, size_t len, int flags)
{
	ssize_t n;

	s->tls.flags = flags;
	do {
		n = sluice_read(&s->tls, data, len);
	} while (n < 0 && errno == EINTR);
	s->tls.flags = 0;
	if (n >= 0 || (flags & MSG_DONTWAIT && errno == EAGAIN))
		return n;
	fail_stream(s, "receiving");
}

size_t stream_read(struct stream *s, void *data, size_t len)
{
	size_t early;

	if (s->early && read_early(s, data, len, &early))
		return early;
	return (size_t)read_some(s, data, len, 0);
}

bool stream_try_read(struct stream *s, void *data, size_t len, size_t *got)
{
	ssize_t n = read_some(s, data, len, MSG_DONTWAIT);

	*got = n < 0 ? 0 : (size_t)n;
	return n >= 0;
}

void stream_write(struct stream *s, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len) {
		ssize_t n = sluice_write(&s->tls, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail_sending(s);
		at += n;
		len -= (size_t)n;
	}
}

void stream_send_file(struct stream *s, int file, uint64_t len,
		      void (*progress)(uint64_t done, void *arg), void *arg)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < len) {
		size_t part = len - done < SEND_PART ? (size_t)(len - done) :
						       SEND_PART;

		if (s->kernel) {
			n = sendfile(s->tls.fd, file, NULL, part);
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0)
				fail_socket(s, "sending");
		} else {
			uint8_t data[SLUICE_DATA_MAX];

			if (part > sizeof(data))
				part = sizeof(data);
			n = read(file, data, part);
			if (n < 0)
				fail(EXIT_FILE, "reading: %s", strerror(errno));
			stream_write(s, data, (size_t)n);
		}
		if (!n)
			fail(EXIT_FILE, "the file has become shorter while it was sent");
		done += (uint64_t)n;
		/* the beginning is in time for a client in a hurry */
		stream_settle(s);
		if (progress)
			progress(done, arg);
	}
}

void stream_shutdown(struct stream *s)
{
	if (s->ended)
		return;
	s->ended = true;
	sluice_shutdown(&s->tls);
}

void stream_report(const struct stream *s)
{
	const struct options *o = s->ctx->options;
	struct sluice_info info;

	if (!o->verbose || !s->kernel || s->raw ||
	    sluice_kernel_info(s->tls.fd, &info))
		return;
	note(o, "session %llu: sent %llu octets in %llu records, %llu key updates; received %llu octets in %llu records, %llu key updates, %llu tickets",
	     (unsigned long long)info.id,
	     (unsigned long long)info.tx_bytes,
	     (unsigned long long)info.tx_records,
	     (unsigned long long)info.tx_key_updates,
	     (unsigned long long)info.rx_bytes,
	     (unsigned long long)info.rx_records,
	     (unsigned long long)info.rx_key_updates,
	     (unsigned long long)info.tickets);
}

void stream_close(struct stream *s)
{
	void *mem = s->tls.conn;

	sluice_conn_free(s->tls.conn);
	free(mem);
	sluice_wipe(s->tls.in, IN_SIZE);
	free(s->tls.in);
	free(s->tls.out);
	close(s->tls.fd);
	memset(s, 0, sizeof(*s));
	s->tls.fd = -1;
}
