// SPDX-License-Identifier: MIT
/* sluice.hpp: hpp CHAIN KEY, both PEM, for localhost. Prints TAP. */
#include <sluice/sluice.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <thread>

static int count, failed;

static void check(bool good, const char *name)
{
	failed += !good;
	std::printf("%sok %d - %s\n", good ? "" : "not ", ++count, name);
}

struct sockets {
	int fd[2];

	sockets()
	{
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd))
			throw sluice::error(errno, "socketpair");
	}
	~sockets()
	{
		close(fd[0]);
		close(fd[1]);
	}
};

static void streams(const char *chain, const char *key)
{
	sluice::provider provider;
	sluice::trust trust(provider);
	sluice::credential cred(provider, chain, key);
	sockets s;
	char buf[16];

	trust.file(chain);
	struct sluice_config client_config = provider.client("localhost", trust);
	struct sluice_config server_config = provider.server(cred.get());
	sluice::stream first(client_config, s.fd[0]);
	sluice::stream client = std::move(first);
	sluice::stream server(server_config, s.fd[1]);

	client.get()->flags = server.get()->flags = MSG_DONTWAIT;
	while (client.handshake() != SLUICE_DONE)
		server.handshake();
	server.handshake();
	check(client.info().verified, "a moved stream does the handshake");
	check(!server.read(buf, sizeof(buf)), "nothing there is not an error");
	check(client.write("hello", 5) == 5U && server.read(buf, sizeof(buf)) == 5U &&
	      !std::memcmp(buf, "hello", 5), "data arrives");
	try {
		client.hand_over();
		check(false, "a socket pair is nothing for the kernel");
	} catch (const sluice::error &e) {
		check(e.code().value() != 0, "a socket pair is nothing for the kernel");
	}
	check(server.shutdown(), "the end is sent");
	check(client.read(buf, sizeof(buf)) == 0U, "and read");
}

/* A client whose tickets are looked for elsewhere. */
static void waiting(const char *chain, const char *key)
{
	sluice::provider provider;
	sluice::trust trust(provider);
	sluice::credential cred(provider, chain, key);
	struct sluice_ticket_request request;
	enum sluice_status status;
	sockets s;

	trust.file(chain);
	struct sluice_config client_config = provider.client("localhost", trust);
	struct sluice_config server_config = provider.server(cred.get());
	client_config.async = SLUICE_ASYNC_TICKET;
	sluice::stream client(client_config, s.fd[0]);
	sluice::stream server(server_config, s.fd[1]);

	client.get()->flags = server.get()->flags = MSG_DONTWAIT;
	check(client.handshake() == SLUICE_WANT_TICKET &&
	      !sluice_wanted_ticket(client.conn().get(), &request) &&
	      !std::strcmp(request.peer_name, "localhost") &&
	      !sluice_give_ticket(client.conn().get(), nullptr, 0),
	      "a stream waits for a ticket");
	while ((status = client.handshake()) == SLUICE_WANT_READ)
		server.handshake();
	check(status == SLUICE_DONE, "and goes on without");
}

static void refusals(const char *chain, const char *key)
{
	sluice::provider provider;
	sluice::trust trust(provider);
	sluice::credential cred(provider, chain, key);
	sockets s;
	int code = 0;

	trust.file(chain);
	struct sluice_config client_config = provider.client("example.org", trust);
	struct sluice_config server_config = provider.server(cred.get());
	sluice::stream client(client_config, s.fd[0]);
	sluice::stream server(server_config, s.fd[1]);

	client.get()->flags = server.get()->flags = MSG_DONTWAIT;
	try {
		for (;;) {
			client.handshake();
			server.handshake();
		}
	} catch (const sluice::error &e) {
		code = e.code().value();
	}
	check(code == EACCES, "a wrong name is an exception");
	try {
		sluice::credential none(provider, chain, "/nowhere");
		check(false, "so is a file that is not there");
	} catch (const sluice::error &e) {
		check(std::strstr(e.what(), "/nowhere"), "so is a file that is not there");
	}
	try {
		client_config.peer_name = "";
		sluice::connection bad(client_config);
		check(false, "and a configuration that makes no sense");
	} catch (const sluice::error &e) {
		check(std::strstr(e.what(), "peer_name"), "and a configuration that makes no sense");
	}
}

static void connections(const char *chain, const char *key)
{
	sluice::provider provider;
	sluice::credential cred(provider, chain, key);
	struct sluice_config config = provider.server(cred.get());
	sluice::connection a(config), b(std::move(a));
	sluice::secrets secrets;
	int code = 0;

	a = std::move(b);
	check(a.get() && !b.get(), "a connection moves");
	try {
		a.shrink();
	} catch (const sluice::error &e) {
		code++;
	}
	try {
		a.release(SLUICE_TX, secrets);
	} catch (const sluice::error &e) {
		code++;
	}
	check(code == 2, "but neither shrinks nor goes before its handshake");
}

static void calls(const char *chain, const char *key)
{
	struct sluice_call how = {};
	sockets s;
	char buf[16];
	bool good = false;

	setenv("SSL_CERT_FILE", chain, 1);
	how.flags = SLUICE_CALL_USERSPACE;
	std::thread server([&] {
		sluice::call c = sluice::call::accept(s.fd[1], chain, key, how);

		if (sluice_read(c.get(), buf, sizeof(buf)) == 5)
			sluice_write(c.get(), "world", 5);
	});
	{
		sluice::call c = sluice::call::connect(s.fd[0], "localhost", how);
		char reply[16];

		good = !c.kernel() && sluice_write(c.get(), "hello", 5) == 5 &&
		       sluice_read(c.get(), reply, sizeof(reply)) == 5 &&
		       !std::memcmp(reply, "world", 5);
	}
	server.join();
	check(good, "one call connects, another accepts");
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	streams(argv[1], argv[2]);
	waiting(argv[1], argv[2]);
	refusals(argv[1], argv[2]);
	connections(argv[1], argv[2]);
	calls(argv[1], argv[2]);
	std::printf("1..%d\n", count);
	return failed != 0;
}
