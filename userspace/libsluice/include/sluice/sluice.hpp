/* SPDX-License-Identifier: MIT */
/*
 * libsluice for C++17: owners for what the C headers make, and nothing else.
 * What a function does is said there. Nothing is copied; what can be moved says
 * so. Failures are thrown as sluice::error, which has an errno; reading and
 * writing where a descriptor would block are no failures.
 *
 *	sluice::provider provider;
 *	sluice::trust trust(provider);
 *	trust.system();
 *	struct sluice_config config = provider.client("example.org", trust);
 *	sluice::stream stream(config, fd);
 *	stream.handshake();
 *	stream.write("hello\n", 6);
 */
#ifndef SLUICE_SLUICE_HPP
#define SLUICE_SLUICE_HPP

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "sluice/async.h"
#include "sluice/backend.h"
#include "sluice/call.h"
#include "sluice/kernel.h"
#include "sluice/sluice.h"
#include "sluice/stream.h"

namespace sluice {

/* An errno, and the words that belong to it. */
class error : public std::system_error {
public:
	error(int code, const std::string &why)
		: std::system_error(code, std::generic_category(), why) {}
};

class trust;

/* A provider; it has to last longer than what is made of it. */
class provider {
public:
	explicit provider(const char *backend = nullptr, bool fips = false)
		: backend_(sluice_backend_find(backend))
	{
		char why[SLUICE_WHY_MAX] = "there is no such provider";

		p_ = backend_ ? backend_->open(fips, why) : nullptr;
		if (!p_)
			throw error(ENOENT, why);
	}
	~provider() { backend_->close(p_); }
	provider(const provider &) = delete;
	provider &operator=(const provider &) = delete;

	const struct sluice_provider *get() const noexcept { return p_; }
	const struct sluice_backend *backend() const noexcept { return backend_; }

	/* Configurations to be refined; what they point to has to last. */
	inline struct sluice_config client(const char *name,
					   const trust &trust) const;
	struct sluice_config server(const struct sluice_credential *cred) const
	{
		struct sluice_config config = common(SLUICE_SERVER);

		config.credential = cred;
		return config;
	}

private:
	static std::uint64_t now(void *)
	{
		using namespace std::chrono;

		return static_cast<std::uint64_t>(duration_cast<milliseconds>(
			system_clock::now().time_since_epoch()).count());
	}
	struct sluice_config common(enum sluice_role role) const
	{
		struct sluice_config config = {};

		config.provider = p_;
		config.role = role;
		config.now = now;
		return config;
	}

	const struct sluice_backend *backend_;
	struct sluice_provider *p_;
};

/* The certification authorities believed. */
class trust {
public:
	explicit trust(const provider &p)
		: backend_(p.backend()), t_(backend_->trust_new(p.get()))
	{
		if (!t_)
			throw std::bad_alloc();
	}
	~trust() { backend_->trust_free(t_); }
	trust(const trust &) = delete;
	trust &operator=(const trust &) = delete;

	void system() { load([&](char *why) { return backend_->trust_system(t_, why); }); }
	void file(const char *path)
	{
		load([&](char *why) { return backend_->trust_file(t_, path, why); });
	}
	void folder(const char *path)
	{
		load([&](char *why) { return backend_->trust_dir(t_, path, why); });
	}
	void crl(const char *path, unsigned int flags = 0)
	{
		load([&](char *why) { return backend_->trust_crl(t_, path, flags, why); });
	}
	const struct sluice_trust *get() const noexcept { return t_; }

private:
	template <typename Load> static void load(Load &&load)
	{
		char why[SLUICE_WHY_MAX] = "";

		if (load(why))
			throw error(EIO, why);
	}

	const struct sluice_backend *backend_;
	struct sluice_trust *t_;
};

inline struct sluice_config provider::client(const char *name,
					     const trust &trust) const
{
	struct sluice_config config = common(SLUICE_CLIENT);

	config.trust = trust.get();
	config.peer_name = name;
	return config;
}

/* A certificate chain and its key. */
class credential {
public:
	credential(const provider &p, const char *chain, const char *key)
		: backend_(p.backend())
	{
		char why[SLUICE_WHY_MAX] = "";

		c_ = backend_->credential_load(p.get(), chain, key, why);
		if (!c_)
			throw error(EINVAL, why);
	}
	~credential() { backend_->credential_free(c_); }
	credential(const credential &) = delete;
	credential &operator=(const credential &) = delete;

	const struct sluice_credential *get() const noexcept { return c_; }

private:
	const struct sluice_backend *backend_;
	struct sluice_credential *c_;
};

/* Secrets that do not outlive their block. */
class secrets {
public:
	secrets() = default;
	~secrets() { sluice_wipe(&s_, sizeof(s_)); }
	secrets(const secrets &) = delete;
	secrets &operator=(const secrets &) = delete;

	struct sluice_secrets *get() noexcept { return &s_; }
	const struct sluice_secrets &operator*() const noexcept { return s_; }

private:
	struct sluice_secrets s_ = {};
};

/*
 * A connection in memory of its own. The functions of sluice/sluice.h take
 * get(); those that can't fail, or whose failure is an exception, are here, too.
 */
class connection {
public:
	/* chain_room: octets beyond sluice_conn_size() */
	explicit connection(const struct sluice_config &config,
			    std::size_t chain_room = 32768)
	{
		const char *wrong = sluice_config_check(&config);
		std::size_t size = sluice_conn_size() + chain_room;

		if (wrong)
			throw error(EINVAL, wrong);
		mem_.reset(new unsigned char[size]);
		conn_ = sluice_conn_init(mem_.get(), size, &config);
		if (!conn_)
			throw error(EINVAL, "the connection can't begin");
	}
	~connection() { sluice_conn_free(conn_); }
	connection(connection &&other) noexcept
		: mem_(std::move(other.mem_)),
		  conn_(std::exchange(other.conn_, nullptr)) {}
	connection &operator=(connection &&other) noexcept
	{
		if (this != &other) {
			sluice_conn_free(conn_);
			mem_ = std::move(other.mem_);
			conn_ = std::exchange(other.conn_, nullptr);
		}
		return *this;
	}

	struct sluice_conn *get() const noexcept { return conn_; }
	struct sluice_conn_info info() const
	{
		struct sluice_conn_info info;

		sluice_conn_info(conn_, &info);
		return info;
	}
	/* After the handshake: to as little memory as is needed. */
	void shrink()
	{
		std::size_t size = sluice_established_size();
		std::unique_ptr<unsigned char[]> mem(new unsigned char[size]);
		struct sluice_conn *conn = sluice_conn_move(conn_, mem.get(), size);

		if (!conn)
			throw error(EINVAL, "the handshake is not finished");
		mem_ = std::move(mem);
		conn_ = conn;
	}
	void release(unsigned int directions, secrets &secrets)
	{
		if (sluice_conn_release(conn_, directions, secrets.get()))
			throw error(EBUSY, "the connection can't be handed over now");
	}
	/* The freeing is somebody else's: sluice_stream_hand_over() did it. */
	void gone() noexcept { conn_ = nullptr; }

private:
	std::unique_ptr<unsigned char[]> mem_;
	struct sluice_conn *conn_ = nullptr;
};

/* A connection on a descriptor, which stays the caller's. */
class stream {
public:
	stream(const struct sluice_config &config, int fd,
	       std::size_t in_size = 2 * SLUICE_RECORD_MAX,
	       std::size_t out_size = 2 * SLUICE_RECORD_MAX)
		: conn_(config), in_(new unsigned char[in_size]),
		  out_(new unsigned char[out_size])
	{
		sluice_stream_init(&s_, conn_.get(), fd, in_.get(), in_size,
				   out_.get(), out_size);
	}
	stream(stream &&) = default;
	stream &operator=(stream &&) = default;

	/* SLUICE_DONE; or what it waits for, of sluice/async.h also. */
	enum sluice_status handshake()
	{
		enum sluice_status status = sluice_stream_handshake(&s_);

		if (status == SLUICE_ERROR)
			fail();
		return status;
	}
	/* SLUICE_DONE, within that time; or what else it asks for. */
	enum sluice_status handshake(unsigned int milliseconds)
	{
		enum sluice_status status =
			sluice_stream_handshake_within(&s_, milliseconds);

		if (status == SLUICE_ERROR)
			fail();
		return status;
	}
	/* Octets, 0 at the end; nothing if it would block. */
	std::optional<std::size_t> read(void *buf, std::size_t len)
	{
		return result(sluice_read(&s_, buf, len));
	}
	std::optional<std::size_t> write(const void *buf, std::size_t len)
	{
		return result(sluice_write(&s_, buf, len));
	}
	std::optional<std::size_t> writev(const struct iovec *iov, int count)
	{
		return result(sluice_writev(&s_, iov, count));
	}
	/* False if it would block. */
	bool flush() { return result(sluice_flush(&s_)).has_value(); }
	bool shutdown() { return result(sluice_shutdown(&s_)).has_value(); }
	short events() const noexcept { return sluice_stream_events(&s_); }

	/* After the handshake. False: read on, and try again. */
	bool hand_over(std::uint32_t flags = 0, std::uint64_t update_after = 0)
	{
		int rc = sluice_stream_hand_over(&s_, flags, update_after);

		if (rc == -EAGAIN)
			return false;
		if (rc)
			throw error(-rc, "the kernel does not take the connection");
		conn_.gone();
		return true;
	}
	struct sluice_conn_info info() const { return conn_.info(); }
	struct sluice_stream *get() noexcept { return &s_; }
	const connection &conn() const noexcept { return conn_; }

private:
	[[noreturn]] void fail() const
	{
		int code = errno;
		bool tls = conn_.get() && sluice_errno(conn_.get());

		throw error(code, tls ? conn_.info().reason : "the socket");
	}
	std::optional<std::size_t> result(ssize_t n) const
	{
		if (n >= 0)
			return static_cast<std::size_t>(n);
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			fail();
		return std::nullopt;
	}

	connection conn_;
	std::unique_ptr<unsigned char[]> in_, out_;
	struct sluice_stream s_ = {};
};

/*
 * sluice_connect() and sluice_accept(): fd is then encrypted by the kernel, or
 * what they return reads and writes it, whoever encrypts.
 */
class call {
public:
	static call connect(int fd, const char *host, struct sluice_call how = {})
	{
		return call(how, [&](const struct sluice_call *c) {
			return sluice_connect(fd, host, c);
		});
	}
	static call accept(int fd, const char *chain, const char *key,
			   struct sluice_call how = {})
	{
		return call(how, [&](const struct sluice_call *c) {
			return sluice_accept(fd, chain, key, c);
		});
	}

	struct sluice_stream *get() const noexcept { return stream_.get(); }
	bool kernel() const noexcept { return !stream_->conn; }

private:
	struct end {
		void operator()(struct sluice_stream *s) const { sluice_call_end(s); }
	};

	template <typename Run> call(struct sluice_call how, Run &&run)
	{
		char why[SLUICE_WHY_MAX] = "";
		struct sluice_stream *stream = nullptr;
		int rc;

		how.stream = &stream;
		how.why = why;
		rc = run(&how);
		if (rc)
			throw error(-rc, why);
		stream_.reset(stream);
	}

	std::unique_ptr<struct sluice_stream, end> stream_;
};

} /* namespace sluice */

#endif /* SLUICE_SLUICE_HPP */
