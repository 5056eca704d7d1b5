// SPDX-License-Identifier: MIT
/* sluice stat: what the kernel's sessions are and count, by generic netlink. */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/sluice.h>
#include <linux/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

enum { OPT_JSON = 512, OPT_WATCH, OPT_CHECK };

struct stat_options {
	bool json;
	bool check;
	unsigned int watch;
};

static const struct argp_option options[] = {
	{ "json", OPT_JSON, NULL, 0, "Print JSON", 0 },
	{ "watch", OPT_WATCH, "SECONDS", OPTION_ARG_OPTIONAL,
	  "Print again every SECONDS (default 1), until interrupted", 0 },
	{ "tls-stat", OPT_CHECK, NULL, 0,
	  "Print /proc/net/tls_stat beside the totals; status 1 if sluice counts more key updates than kTLS", 0 },
	{ 0 },
};

static error_t parse(int opt, char *arg, struct argp_state *state)
{
	struct stat_options *o = state->input;
	char *end;

	switch (opt) {
	case OPT_JSON:
		o->json = true;
		break;
	case OPT_WATCH:
		o->watch = arg ? (unsigned int)strtoul(arg, &end, 10) : 1;
		if (!o->watch || (arg && *end) || o->watch > 86400)
			argp_error(state, "'%s' is not a number of seconds",
				   arg);
		break;
	case OPT_CHECK:
		o->check = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "stat takes no arguments");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* Room for the requests made here. */
#define REQUEST_SIZE	512

/* A netlink socket and the number that the family has here. */
struct netlink {
	struct mnl_socket *socket;
	uint16_t family;
};

static struct nlmsghdr *request(char *buf, uint16_t type, uint16_t flags,
				uint8_t command, uint8_t version)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = (uint32_t)time(NULL);
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = command;
	genl->version = version;
	return nlh;
}

/* 0, or a negative errno. */
static int exchange(struct netlink *nl, struct nlmsghdr *nlh, mnl_cb_t callback,
		    void *arg)
{
	char buf[MNL_SOCKET_DUMP_SIZE];
	unsigned int port = mnl_socket_get_portid(nl->socket);
	bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	uint32_t seq = nlh->nlmsg_seq;
	ssize_t n;
	int rc;

	if (mnl_socket_sendto(nl->socket, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	do {
		n = mnl_socket_recvfrom(nl->socket, buf, sizeof(buf));
		if (n < 0)
			return -errno;
		rc = mnl_cb_run(buf, (size_t)n, seq, port, callback, arg);
		if (rc < 0)
			return -errno;
	} while (rc > MNL_CB_STOP && dump);
	return 0;
}

static int family_attr(const struct nlattr *attr, void *arg)
{
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		*(uint16_t *)arg = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int family_message(const struct nlmsghdr *nlh, void *arg)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), family_attr, arg);
}

static void netlink_open(struct netlink *nl)
{
	char buf[REQUEST_SIZE];
	struct nlmsghdr *nlh;
	int rc;

	nl->family = 0;
	nl->socket = mnl_socket_open(NETLINK_GENERIC);
	if (!nl->socket || mnl_socket_bind(nl->socket, 0, MNL_SOCKET_AUTOPID))
		fail(EXIT_KERNEL, "netlink: %s", strerror(errno));
	nlh = request(buf, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, 1);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, SLUICE_FAMILY_NAME);
	rc = exchange(nl, nlh, family_message, &nl->family);
	if (rc == -ENOENT || (!rc && !nl->family))
		fail(EXIT_KERNEL, "the sluice module is not loaded (modprobe sluice)");
	if (rc)
		fail(EXIT_KERNEL, "netlink: %s", strerror(-rc));
}

/* A message's attributes by their type. */
#define ATTRS	32
_Static_assert(SLUICE_A_SESSION_MAX < ATTRS && SLUICE_A_STATS_MAX < ATTRS,
	       "room for every attribute");

static int collect(const struct nlattr *attr, void *arg)
{
	const struct nlattr **attrs = arg;

	if (mnl_attr_get_type(attr) < ATTRS)
		attrs[mnl_attr_get_type(attr)] = attr;
	return MNL_CB_OK;
}

/* An integer of whatever size it was sent in. */
static uint64_t number(const struct nlattr *attr)
{
	if (!attr)
		return 0;
	switch (mnl_attr_get_payload_len(attr)) {
	case 1:
		return mnl_attr_get_u8(attr);
	case 2:
		return mnl_attr_get_u16(attr);
	case 4:
		return mnl_attr_get_u32(attr);
	case 8:
		return mnl_attr_get_u64(attr);
	default:
		return 0;
	}
}

struct field {
	uint16_t attr;
	const char *name;	/* in JSON */
};

static const struct field session_fields[] = {
	{ SLUICE_A_SESSION_ID, "id" },
	{ SLUICE_A_SESSION_PID, "pid" },
	{ SLUICE_A_SESSION_UID, "uid" },
	{ SLUICE_A_SESSION_LOCAL_PORT, "local_port" },
	{ SLUICE_A_SESSION_PEER_PORT, "peer_port" },
	{ SLUICE_A_SESSION_ALERT_SENT, "alert_sent" },
	{ SLUICE_A_SESSION_ALERT_RECEIVED, "alert_received" },
	{ SLUICE_A_SESSION_TX_BYTES, "tx_bytes" },
	{ SLUICE_A_SESSION_RX_BYTES, "rx_bytes" },
	{ SLUICE_A_SESSION_TX_RECORDS, "tx_records" },
	{ SLUICE_A_SESSION_RX_RECORDS, "rx_records" },
	{ SLUICE_A_SESSION_TX_KEY_UPDATES, "tx_key_updates" },
	{ SLUICE_A_SESSION_RX_KEY_UPDATES, "rx_key_updates" },
	{ SLUICE_A_SESSION_TICKETS, "tickets" },
	{ SLUICE_A_SESSION_ERROR, "error" },
};

static const struct field stats_fields[] = {
	{ SLUICE_A_STATS_OPEN, "open" },
	{ SLUICE_A_STATS_ATTACHED, "attached" },
	{ SLUICE_A_STATS_TX_BYTES, "tx_bytes" },
	{ SLUICE_A_STATS_RX_BYTES, "rx_bytes" },
	{ SLUICE_A_STATS_TX_RECORDS, "tx_records" },
	{ SLUICE_A_STATS_RX_RECORDS, "rx_records" },
	{ SLUICE_A_STATS_TX_KEY_UPDATES, "tx_key_updates" },
	{ SLUICE_A_STATS_RX_KEY_UPDATES, "rx_key_updates" },
	{ SLUICE_A_STATS_TICKETS, "tickets" },
	{ SLUICE_A_STATS_ALERTS_SENT, "alerts_sent" },
	{ SLUICE_A_STATS_ALERTS_RECEIVED, "alerts_received" },
	{ SLUICE_A_STATS_TRUNCATED, "truncated" },
};

static const char *state_name(uint64_t state)
{
	static const char *const names[] = {
		"detached", "open", "closed", "truncated", "failed",
	};

	return state < sizeof(names) / sizeof(*names) ? names[state] : "?";
}

/* A driver's session has states of its own. */
static const char *session_state_name(uint64_t state)
{
	static const char *const names[] = {
		"new", "handshaking", "open", "closing", "closed", "failed",
	};

	return state < sizeof(names) / sizeof(*names) ? names[state] : "?";
}

static const char *cipher_name(uint64_t cipher)
{
	switch (cipher) {
	case TLS_CIPHER_AES_GCM_128:
		return "AES-128-GCM";
	case TLS_CIPHER_AES_GCM_256:
		return "AES-256-GCM";
	case TLS_CIPHER_CHACHA20_POLY1305:
		return "ChaCha20-Poly1305";
	default:
		return "?";
	}
}

static void address(const struct nlattr *attr, char text[INET6_ADDRSTRLEN])
{
	size_t len = attr ? mnl_attr_get_payload_len(attr) : 0;

	if ((len != 4 && len != 16) ||
	    !inet_ntop(len == 4 ? AF_INET : AF_INET6,
		       mnl_attr_get_payload(attr), text, INET6_ADDRSTRLEN))
		memcpy(text, "?", 2);
}

struct output {
	bool json;
	bool first;
};

static void print_json(const struct nlattr *attrs[], const struct field *fields,
		       size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (attrs[fields[i].attr])
			printf("%s\"%s\": %" PRIu64, i ? ", " : "",
			       fields[i].name, number(attrs[fields[i].attr]));
}

static int session_message(const struct nlmsghdr *nlh, void *arg)
{
	struct output *out = arg;
	const struct nlattr *a[ATTRS] = { NULL };
	char local[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN];
	const char *driver;
	bool attached;

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), collect, a);
	attached = a[SLUICE_A_SESSION_CIPHER];
	driver = a[SLUICE_A_SESSION_MODULE] ?
		 mnl_attr_get_str(a[SLUICE_A_SESSION_MODULE]) : NULL;
	address(a[SLUICE_A_SESSION_LOCAL], local);
	address(a[SLUICE_A_SESSION_PEER], peer);
	if (out->json) {
		printf("%s\n    { ", out->first ? "" : ",");
		print_json(a, session_fields,
			   sizeof(session_fields) / sizeof(*session_fields));
		printf(", \"local\": \"%s\", \"peer\": \"%s\"", local, peer);
		if (attached)
			printf(", \"cipher\": \"%s\", \"tx_state\": \"%s\", \"rx_state\": \"%s\"",
			       cipher_name(number(a[SLUICE_A_SESSION_CIPHER])),
			       state_name(number(a[SLUICE_A_SESSION_TX_STATE])),
			       state_name(number(a[SLUICE_A_SESSION_RX_STATE])));
		if (driver)
			printf(", \"module\": \"%s\", \"state\": \"%s\"",
			       driver, session_state_name(number(a[SLUICE_A_SESSION_STATE])));
		printf(" }");
	} else {
		printf("session %" PRIu64 ": ", number(a[SLUICE_A_SESSION_ID]));
		if (driver)
			printf("driver %s, %s, ", driver,
			       session_state_name(number(a[SLUICE_A_SESSION_STATE])));
		else
			printf("process %" PRIu64 ", ",
			       number(a[SLUICE_A_SESSION_PID]));
		printf("%s port %" PRIu64 " to %s port %" PRIu64 "%s%s\n", local,
		       number(a[SLUICE_A_SESSION_LOCAL_PORT]), peer,
		       number(a[SLUICE_A_SESSION_PEER_PORT]),
		       attached ? ", " : "", attached ?
		       cipher_name(number(a[SLUICE_A_SESSION_CIPHER])) : "");
	}
	if (!out->json && attached) {
		printf("  sending   %-9s %14" PRIu64 " octets %10" PRIu64 " records %6" PRIu64 " key updates\n",
		       state_name(number(a[SLUICE_A_SESSION_TX_STATE])),
		       number(a[SLUICE_A_SESSION_TX_BYTES]),
		       number(a[SLUICE_A_SESSION_TX_RECORDS]),
		       number(a[SLUICE_A_SESSION_TX_KEY_UPDATES]));
		printf("  receiving %-9s %14" PRIu64 " octets %10" PRIu64 " records %6" PRIu64 " key updates %4" PRIu64 " tickets\n",
		       state_name(number(a[SLUICE_A_SESSION_RX_STATE])),
		       number(a[SLUICE_A_SESSION_RX_BYTES]),
		       number(a[SLUICE_A_SESSION_RX_RECORDS]),
		       number(a[SLUICE_A_SESSION_RX_KEY_UPDATES]),
		       number(a[SLUICE_A_SESSION_TICKETS]));
	}
	out->first = false;
	return MNL_CB_OK;
}

struct totals {
	uint64_t tx_updates, rx_updates;
	bool json;
};

static int stats_message(const struct nlmsghdr *nlh, void *arg)
{
	struct totals *totals = arg;
	const struct nlattr *a[ATTRS] = { NULL };

	mnl_attr_parse(nlh, sizeof(struct genlmsghdr), collect, a);
	totals->tx_updates = number(a[SLUICE_A_STATS_TX_KEY_UPDATES]);
	totals->rx_updates = number(a[SLUICE_A_STATS_RX_KEY_UPDATES]);
	if (totals->json) {
		print_json(a, stats_fields,
			   sizeof(stats_fields) / sizeof(*stats_fields));
		return MNL_CB_OK;
	}
	for (size_t i = 0; i < sizeof(stats_fields) / sizeof(*stats_fields);
	     i++)
		printf("%-16s %" PRIu64 "\n", stats_fields[i].name,
		       number(a[stats_fields[i].attr]));
	return MNL_CB_OK;
}

/* kTLS counts what raw kTLS sockets renew, too: it may have more. */
static int check_tls_stat(const struct totals *totals)
{
	uint64_t value, tx = 0, rx = 0;
	char name[64];
	FILE *file = fopen("/proc/net/tls_stat", "r");

	if (!file)
		fail(EXIT_KERNEL, "/proc/net/tls_stat: %s", strerror(errno));
	puts("/proc/net/tls_stat:");
	while (fscanf(file, "%63s %" SCNu64, name, &value) == 2) {
		if (value)
			printf("  %-24s %" PRIu64 "\n", name, value);
		if (!strcmp(name, "TlsTxRekeyOk"))
			tx = value;
		else if (!strcmp(name, "TlsRxRekeyOk"))
			rx = value;
	}
	fclose(file);
	return totals->tx_updates <= tx && totals->rx_updates <= rx ?
	       EXIT_OK : EXIT_USAGE;
}

static int show(struct netlink *nl, const struct stat_options *o)
{
	char buf[REQUEST_SIZE];
	struct output out = { .json = o->json, .first = true };
	struct totals totals = { .json = o->json };
	int rc;

	if (o->json)
		printf("{ \"sessions\": [");
	rc = exchange(nl, request(buf, nl->family, NLM_F_DUMP,
				  SLUICE_CMD_SESSION_GET,
				  SLUICE_FAMILY_VERSION),
		      session_message, &out);
	if (o->json)
		printf("%s],\n  \"totals\": { ", out.first ? "" : "\n  ");
	else if (!out.first)
		putchar('\n');
	if (!rc)
		rc = exchange(nl, request(buf, nl->family, 0,
					  SLUICE_CMD_STATS_GET,
					  SLUICE_FAMILY_VERSION),
			      stats_message, &totals);
	if (rc)
		fail(EXIT_KERNEL, "netlink: %s", strerror(-rc));
	if (o->json)
		puts(" } }");
	return o->check ? check_tls_stat(&totals) : EXIT_OK;
}

int command_stat(int argc, char **argv)
{
	static const struct argp argp = {
		options, parse, NULL,
		"Show the TLS sessions of this network namespace, and its totals. Sessions of other users are shown to CAP_NET_ADMIN.",
		NULL, NULL, NULL,
	};
	struct stat_options o = { .json = false };
	struct netlink nl;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &o);
	netlink_open(&nl);
	status = show(&nl, &o);
	while (o.watch) {
		if (fflush(stdout))
			break;
		sleep(o.watch);
		if (isatty(STDOUT_FILENO))
			fputs("\033[H\033[2J", stdout);
		status = show(&nl, &o);
	}
	mnl_socket_close(nl.socket);
	return status;
}
