/* SPDX-License-Identifier: MIT */
/* What ClientHello and ServerHello have in common, and what is negotiated. */
#ifndef SLUICE_HELLO_H
#define SLUICE_HELLO_H

#include "extensions.h"
#include "sluice/sluice.h"
#include "wire.h"

struct sl_session;
struct sl_suite;

#define SL_TLS_1_2		SLUICE_TLS_1_2
#define SL_TLS_1_3		SLUICE_TLS_1_3
/* The random of a HelloRetryRequest (section 4.1.3). */
extern const uint8_t sl_retry_random[32];

/* Lists of code points that end with 0. */
bool sl_listed(const uint16_t *list, uint16_t value);

/* What is offered in CertificateVerify by a provider that has all; ends with 0. */
extern const uint16_t sl_signature_schemes[];
/* In certificates there are these as well, and in TLS 1.2. */
extern const uint16_t sl_certificate_schemes[];
/* The provider has it. */
bool sl_scheme_offered(const struct sluice_config *config, uint16_t scheme);
/* And the configuration takes it. */
bool sl_scheme_asked(const struct sluice_config *config, uint16_t scheme);
/* And it is one of the former. */
bool sl_scheme_usable(const struct sluice_config *config, uint16_t scheme);
/* A list with those, length and all; and with what TLS 1.2 has beside them. */
void sl_put_schemes(struct sl_writer *w, const struct sluice_config *config,
		    bool tls12);
/* The same of signatures in certificates. */
void sl_put_certificate_schemes(struct sl_writer *w,
				const struct sluice_config *config);

/* The configuration asks for the version, and has a cipher suite for it. */
bool sl_version_usable(const struct sluice_config *config, uint16_t version);

/* The configured suites and groups, or the defaults. */
const uint16_t *sl_suites(const struct sluice_config *config);
const uint16_t *sl_groups(const struct sluice_config *config);
/* The configuration names it, and a version that has it. */
bool sl_suite_asked(const struct sluice_config *config, uint16_t suite);
/* The provider has it, and the configuration names it. */
bool sl_suite_usable(const struct sluice_config *config, uint16_t suite);
/* And it is of this version. */
bool sl_suite_usable_in(const struct sluice_config *config, uint16_t version,
			uint16_t suite);
bool sl_group_usable(const struct sluice_config *config, uint16_t group);

/* A key of a length that is taken, for a hash that there is. */
bool sl_psk_usable(const struct sluice_psk *psk);
/* The suite is of TLS 1.3, and of its hash. */
bool sl_psk_suits(const struct sluice_psk *psk, const struct sl_suite *suite);
/* Copies it, for use with a suite. */
void sl_psk_set(struct sl_session *session, const struct sluice_psk *psk,
		const struct sl_suite *suite);

/* Does a vector of 16-bit code points contain value? */
bool sl_contains16(struct sl_reader list, uint16_t value);

#endif /* SLUICE_HELLO_H */
