/* SPDX-License-Identifier: MIT */
/* The shim's command line: the flags of BoringSSL's ssl/test/test_config.cc. */
#ifndef BOGO_OPTIONS_H
#define BOGO_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sluice/provider.h"

#define LIST_MAX	32
#define CREDENTIALS_MAX	8

/* The status that tells the runner so. */
#define UNIMPLEMENTED	89

/* Ends with 0. */
struct list {
	uint16_t values[LIST_MAX + 1];
	size_t count;
};

struct octets_list {
	struct sluice_octets values[LIST_MAX];
	size_t count;
};

/* A certificate and its key, or the key alone. */
struct credential_options {
	const char *cert_file;
	const char *key_file;
	struct list signing_prefs;
	struct sluice_octets ocsp_response;
	bool must_match_issuer;
	bool raw_key;
};

/* Of one connection: BoringSSL's TestConfig. */
struct options {
	long port;
	uint64_t shim_id;
	bool ipv6;
	bool server;
	bool async;
	long resume_count;
	bool wait_for_debugger;
	bool is_handshaker_supported;

	/* what is configured */
	long min_version;
	long max_version;
	bool no_tls12;
	bool no_tls13;
	const char *cipher;
	bool fips_202205;
	bool wpa_202304;
	bool cnsa1_202603;
	struct list suites;		/* a policy's, or none */
	struct list curves;
	struct list key_shares;
	struct list verify_prefs;
	const char *host_name;
	const char *advertise_alpn;
	const char *select_alpn;
	bool decline_alpn;
	bool reject_alpn;
	bool ocsp_stapling;
	bool no_staple;
	bool refuse_staple;
	bool no_ticket;
	bool skip_ticket;
	bool early_data;
	bool require_client_certificate;
	bool verify_peer;
	bool verify_fail;
	bool custom_verify;
	const char *client_ca_list;
	bool compressions;
	long compression;
	struct list accepted_types;
	struct list available_types;
	long max_send_fragment;
	struct sluice_octets ech_config_list;
	bool ech_refuse_unusable;
	bool ech_grease;
	struct octets_list ech_configs;	/* a server's, with the next two */
	struct octets_list ech_keys;
	struct list ech_retry;
	/* the first is the one that the flags speak of before -new-* */
	struct credential_options credentials[1 + CREDENTIALS_MAX];
	size_t credential_count;	/* of -new-* */

	/* what is done */
	bool handshake_twice;
	bool export_traffic_secrets;
	long export_len;
	const char *export_label;
	const char *export_context;
	bool use_export_context;
	bool export_between_reads;
	bool write_sizes;
	bool writes_first;
	bool unfinished_write;
	const char *initial_write;
	long initial_writes;
	bool shuts_down;
	bool check_close_notify;
	bool key_update;
	bool key_update_before_read;
	long resumption_delay;

	/* what is expected */
	long expect_version;
	long expect_curve;
	long expect_cipher;
	long expect_signature;
	const char *expect_server_name;
	bool expect_no_server_name;
	const char *expect_alpn;
	const char *expect_advertised_alpn;
	struct sluice_octets expect_ocsp_response;
	const char *expect_client_ca_list;
	const char *expect_peer_cert_file;
	bool expect_no_peer_cert;
	struct sluice_octets expect_raw_key;
	struct list expect_peer_prefs;
	bool expect_session_miss;
	bool expect_no_session;
	bool expect_session_id;
	bool expect_ticket_renewal;
	bool expect_early_accepted;
	bool expect_early_rejected;
	bool expect_early_not_offered;
	bool expect_retry;
	bool expect_no_retry;
	const char *expect_trace;
	bool handshake_never_done;
	bool expect_ech;
	struct sluice_octets expect_ech_retry;
	bool expect_no_ech_retry;
	const char *expect_name_override;
	bool expect_no_name_override;
	long expect_credential;
	bool expect_credential_given;
	long expect_peer_type;
	bool expect_peer_type_given;
};

/* One for each of the connections that the flags tell apart. */
enum phase {
	INITIAL,
	RESUMED,
	RETRIED,	/* after early data was refused */
	PHASES
};

/* Ends the program: the runner does not count the test then. */
_Noreturn void unimplemented(const char *what);

/* Has the flags of one connection be what its policy says, if it has one. */
void policy_apply(struct options *o);

/* Calls unimplemented() at a flag that is not known. */
void options_read(struct options options[PHASES], int argc, char **argv);

#endif /* BOGO_OPTIONS_H */
