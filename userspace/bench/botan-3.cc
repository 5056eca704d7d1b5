// SPDX-License-Identifier: MIT
#include <botan/auto_rng.h>
#include <botan/certstor.h>
#include <botan/credentials_manager.h>
#include <botan/data_src.h>
#include <botan/pkcs8.h>
#include <botan/tls_client.h>
#include <botan/tls_policy.h>
#include <botan/tls_server.h>
#include <botan/tls_session_manager_memory.h>
#include <botan/tls_session_manager_noop.h>
#include <botan/tls_session_manager_stateless.h>
#include <algorithm>
#include <cstring>

extern "C" {
#include "bench.h"
}

namespace {

namespace tls = Botan::TLS;

class Policy final : public tls::Policy {
public:
	explicit Policy(const scenario &s) : hybrid(s.hybrid), mutual(s.mutual), tickets(s.resumed) {}

	bool allow_tls12() const override { return false; }
	bool require_cert_revocation_info() const override { return false; }
	bool require_client_certificate_authentication() const override { return mutual; }
	size_t new_session_tickets_upon_handshake_success() const override { return tickets; }

	std::vector<uint16_t> ciphersuite_list(tls::Protocol_Version) const override
	{
		return { 0x1302 };
	}

	std::vector<tls::Group_Params> key_exchange_groups() const override
	{
		if (hybrid)
			return { tls::Group_Params::HYBRID_X25519_ML_KEM_768 };
		return { tls::Group_Params::X25519 };
	}

private:
	bool hybrid, mutual, tickets;
};

class Credentials final : public Botan::Credentials_Manager {
public:
	void own(const char *certificate, const char *key_file)
	{
		Botan::DataSource_Stream in(key_file);

		chain = { Botan::X509_Certificate(certificate) };
		key = Botan::PKCS8::load_key(in);
	}

	void trust(const char *certificate)
	{
		store.add_certificate(Botan::X509_Certificate(certificate));
	}

	std::vector<Botan::Certificate_Store *>
	trusted_certificate_authorities(const std::string &, const std::string &) override
	{
		return { &store };
	}

	std::vector<Botan::X509_Certificate>
	find_cert_chain(const std::vector<std::string> &types,
			const std::vector<Botan::AlgorithmIdentifier> &,
			const std::vector<Botan::X509_DN> &, const std::string &,
			const std::string &) override
	{
		if (!key || std::find(types.begin(), types.end(), key->algo_name()) == types.end())
			return {};
		return chain;
	}

	std::shared_ptr<Botan::Private_Key>
	private_key_for(const Botan::X509_Certificate &, const std::string &,
			const std::string &) override
	{
		return key;
	}

	/* what tickets are sealed with */
	Botan::SymmetricKey psk(const std::string &, const std::string &,
				const std::string &) override
	{
		return Botan::SymmetricKey(std::vector<uint8_t>(32, 7));
	}

private:
	Botan::Certificate_Store_In_Memory store;
	std::vector<Botan::X509_Certificate> chain;
	std::shared_ptr<Botan::Private_Key> key;
};

struct context {
	std::shared_ptr<Botan::RandomNumberGenerator> random =
		std::make_shared<Botan::AutoSeeded_RNG>();
	std::shared_ptr<Credentials> credentials = std::make_shared<Credentials>();
	std::shared_ptr<Policy> policy;
	std::shared_ptr<tls::Session_Manager> sessions;
	bool server;
};

class Wire final : public tls::Callbacks {
public:
	void tls_emit_data(std::span<const uint8_t> data) override
	{
		CHECK(data.size() <= sizeof(out->data) - out->end);
		memcpy(out->data + out->end, data.data(), data.size());
		out->end += data.size();
	}

	void tls_record_received(uint64_t, std::span<const uint8_t> data) override
	{
		received += data.size();
	}

	void tls_alert(tls::Alert alert) override { CHECK(!alert.is_fatal()); }

	void tls_session_established(const tls::Session_Summary &session) override
	{
		resumed = session.was_resumption();
	}

	buffer *out = nullptr;
	size_t received = 0;
	bool resumed = false;
};

/* A client's first message leaves as soon as there is a client. */
struct conn {
	context *c = nullptr;
	std::shared_ptr<Wire> wire = std::make_shared<Wire>();
	std::unique_ptr<tls::Channel> channel;
};

void *make_context(const scenario *s, bool server, const char *folder)
{
	auto c = std::make_unique<context>();

	c->server = server;
	c->policy = std::make_shared<Policy>(*s);
	if (server || s->mutual)
		c->credentials->own(bench_path(folder, s->key, "cert"),
				    bench_path(folder, s->key, "key"));
	if (!server || s->mutual)
		c->credentials->trust(bench_path(folder, s->key, "ca"));
	if (!s->resumed)
		c->sessions = std::make_shared<tls::Session_Manager_Noop>();
	else if (server)
		c->sessions = std::make_shared<tls::Session_Manager_Stateless>(c->credentials,
									       c->random);
	else
		c->sessions = std::make_shared<tls::Session_Manager_In_Memory>(c->random);
	return c.release();
}

void *connection(void *arg)
{
	auto made = std::make_unique<conn>();

	made->c = static_cast<context *>(arg);
	return made.release();
}

void begin(conn *conn)
{
	const context *c = conn->c;

	if (c->server)
		conn->channel = std::make_unique<tls::Server>(conn->wire, c->sessions,
			c->credentials, c->policy, c->random);
	else
		conn->channel = std::make_unique<tls::Client>(conn->wire, c->sessions,
			c->credentials, c->policy, c->random,
			tls::Server_Information("localhost", 443),
			tls::Protocol_Version::TLS_V13);
}

void receive(conn *conn, buffer *in)
{
	conn->channel->received_data(in->data + in->start, in->end - in->start);
	in->start = in->end;
}

int handshake(void *arg, buffer *in, buffer *out)
{
	conn *conn = static_cast<struct conn *>(arg);

	conn->wire->out = out;
	if (!conn->channel)
		begin(conn);
	receive(conn, in);
	return conn->channel->is_handshake_complete();
}

void seal(void *arg, const uint8_t *data, size_t len, buffer *out)
{
	conn *conn = static_cast<struct conn *>(arg);

	conn->wire->out = out;
	conn->channel->send(data, len);
}

size_t open(void *arg, buffer *in)
{
	conn *conn = static_cast<struct conn *>(arg);

	conn->wire->received = 0;
	receive(conn, in);
	return conn->wire->received;
}

} // namespace

const library bench_library = {
	.name = "Botan",
	.context = make_context,
	.context_free = [](void *arg) { delete static_cast<context *>(arg); },
	.connection = connection,
	.handshake = handshake,
	.seal = seal,
	.open = open,
	.resumed = [](void *arg) { return static_cast<conn *>(arg)->wire->resumed; },
	.connection_free = [](void *arg) { delete static_cast<conn *>(arg); },
};
