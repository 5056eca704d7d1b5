// SPDX-License-Identifier: MIT
/*
 * The program that BoringSSL's ssl/test/runner starts for each of its tests, as
 * its ssl/test/PORTING.md describes. It ends with 0, with 1 and the reason on
 * its standard error, or with 89, if a test needs what libsluice does not have.
 * What is expected of it in words is in config.json.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "shim.h"

static bool connect_once(struct shim *shim, const struct options *options,
			 const struct options *retried, bool resumption)
{
	struct connection *c = calloc(1, sizeof(*c));
	bool ok;

	if (!c)
		abort();
	c->shim = shim;
	c->options = options;
	c->resumption = resumption;
	setup(c);
	ok = exchange(c, retried);
	setup_free(c);
	free(c);
	return ok;
}

static int run(struct options options[PHASES])
{
	struct shim shim = {
		.real = sluice_openssl_new(NULL),
		.now = (uint64_t)time(NULL) * 1000,
	};
	long i;
	bool ok = true;

	if (!shim.real)
		abort();
	if (shim.real->random(shim.real, (uint8_t *)&shim.ticket_key,
			      sizeof(shim.ticket_key)))
		abort();
	for (i = 0; ok && i <= options[INITIAL].resume_count; i++) {
		const struct options *o = &options[i ? RESUMED : INITIAL];

		if (i && !o->server && shim.no_tickets)
			unimplemented("tickets of who has chosen a certificate");
		if (i && !o->server && !shim.ticket_len) {
			fprintf(stderr, "there is no session to resume\n");
			ok = false;
			break;
		}
		ok = connect_once(&shim, o, &options[RETRIED], i);
		/* of what passes, a client tells the server a millisecond less */
		shim.now += 1000 * (uint64_t)o->resumption_delay + 1;
	}
	sluice_openssl_free(shim.real);
	return !ok;
}

int main(int argc, char **argv)
{
	/* and what is decoded of them: until the end */
	static struct options options[PHASES];
	int rc;

	signal(SIGPIPE, SIG_IGN);
	options_read(options, argc, argv);
	if (options[INITIAL].is_handshaker_supported) {
		puts("No");
		return 0;
	}
	if (options[INITIAL].wait_for_debugger)
		raise(SIGSTOP);
	rc = run(options);
	/* whatever follows is a sanitizer's, and an error to the runner */
	fprintf(stderr, "--- DONE ---\n");
	return rc;
}
