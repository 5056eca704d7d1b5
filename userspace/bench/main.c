// SPDX-License-Identifier: MIT
/*
 * TLS libraries side by side, in one process, over buffers in memory: they take
 * turns of a few handshakes, and each figure is the median of the turns.
 *
 *	bench FOLDER TURNS [LIBRARY.so...]	all, as tables in Markdown
 *	bench FOLDER count SCENARIO		libsluice, for callgrind: see counts
 *
 * FOLDER has the certificates: see certificates. Libraries other than libsluice
 * and libssl are shared objects with a bench_library.
 */
#include <dlfcn.h>
#include <string.h>

#include "recorder.h"
#include "run.h"
#include "sluice/sluice.h"

#define RECORDS		200
#define LIBRARIES_MAX	8

/* The first two are there always. */
enum { SLUICE, LIBSSL };

static const struct library *libraries[LIBRARIES_MAX] = {
	&bench_sluice, &bench_openssl,
};
static size_t library_count = 2;

static const struct scenario scenarios[] = {
	{ "P-256, X25519", "p256", false, false, false },
	{ "P-256, X25519MLKEM768", "p256", true, false, false },
	{ "P-256, X25519, client certificate", "p256", false, true, false },
	{ "P-256, X25519MLKEM768, client certificate", "p256", true, true,
	  false },
	{ "RSA-2048, X25519", "rsa", false, false, false },
	{ "RSA-2048, X25519MLKEM768", "rsa", true, false, false },
	{ "RSA-2048, X25519, client certificate", "rsa", false, true, false },
	{ "RSA-2048, X25519MLKEM768, client certificate", "rsa", true, true,
	  false },
	{ "resumed, X25519", "p256", false, false, true },
	{ "resumed, X25519MLKEM768", "p256", true, false, true },
};
#define SCENARIOS	(sizeof(scenarios) / sizeof(*scenarios))

/* What callgrind counts: everything of a fixed length. */
static const struct scenario counted[] = {
	{ "full", "ed25519", false, false, false },
	{ "hybrid", "ed25519", true, false, false },
	{ "mutual", "ed25519", false, true, false },
	{ "resumed", "ed25519", false, false, true },
};

/* What is promised, and the worst of it that was measured. */
static struct {
	double full, resumed;		/* times libssl */
	const char *full_in, *resumed_in;
	size_t busy, idle;		/* of the heap, for both sides */
	double own;			/* more than the provider's, in percent */
	const char *own_in;
} worst = { .full = 1e9, .resumed = 1e9, .own = -1e9 };

static void note(const struct run *run, double ratio)
{
	bool resumed = run->scenario->resumed;
	double *least = resumed ? &worst.resumed : &worst.full;

	if (ratio < *least) {
		*least = ratio;
		*(resumed ? &worst.resumed_in : &worst.full_in) =
			run->scenario->name;
	}
	if (run->busy > worst.busy)
		worst.busy = run->busy;
	if (run->idle > worst.idle)
		worst.idle = run->idle;
}

static void handshakes(const char *folder, unsigned int turns)
{
	static struct run runs[LIBRARIES_MAX];

	printf("### Handshakes\n\nMicroseconds of the client and of the server; a second of both; how many times\nthe speed of libssl (client, server, both); calls of the heap for both sides.\n\n"
	       "| scenario | library | client, µs | server, µs | pairs/s | of libssl: client | server | both | heap calls |\n"
	       "|---|---|---|---|---|---|---|---|---|\n");
	for (size_t s = 0; s < SCENARIOS; s++) {
		bool there[LIBRARIES_MAX];

		for (size_t l = 0; l < library_count; l++)
			there[l] = run_begin(&runs[l], libraries[l],
					     &scenarios[s], folder);
		for (unsigned int n = 0; n < turns; n++)
			for (size_t l = 0; l < library_count; l++)
				if (there[l])
					run_turn(&runs[l], n);
		for (size_t l = 0; l < library_count; l++) {
			double client, server, both;

			if (!there[l]) {
				printf("| %s | %s | has it not ||||||\n",
				       scenarios[s].name, libraries[l]->name);
				run_end(&runs[l]);
				continue;
			}
			run_measure_heap(&runs[l]);
			client = run_median(runs[l].turns[0], turns);
			server = run_median(runs[l].turns[1], turns);
			both = run_ratio(&runs[l], &runs[LIBSSL], 2, turns);
			if (l == SLUICE)
				note(&runs[l], both);
			printf("| %s | %s | %.0f | %.0f | %.0f | %.2f | %.2f | %.2f | %zu |\n",
			       scenarios[s].name, libraries[l]->name, client,
			       server, 1e6 / (client + server),
			       run_ratio(&runs[l], &runs[LIBSSL], 0, turns),
			       run_ratio(&runs[l], &runs[LIBSSL], 1, turns),
			       both, runs[l].calls);
			run_end(&runs[l]);
		}
		fflush(stdout);
	}
}

/* By turns: handshakes, and the provider's calls of one without the engine. */
static void own_turn(struct run *run, struct recorder *recorder,
		     double *whole, double *alone)
{
	double start = run_us(), middle;
	void *conn[2];

	for (int i = 0; i < TURN; i++) {
		recorder_prepare(recorder);
		run_shake(run, conn);
		run_finish(run, conn);
	}
	middle = run_us();
	for (int i = 0; i < TURN; i++) {
		recorder_prepare(recorder);
		recorder_replay(recorder);
	}
	*whole = (middle - start) / TURN;
	*alone = (run_us() - middle) / TURN;
}

static void own_share(const char *folder, unsigned int turns)
{
	static double whole[TURNS_MAX], alone[TURNS_MAX], more[TURNS_MAX];
	static struct recorder recorder;
	static struct run run;

	printf("\n### libsluice and its cryptography\n\nMicroseconds of both sides for a handshake, and for the calls of the provider that are\nmade in it, alone: the same ones, in the same order, with the same octets.\n\n"
	       "| scenario | handshake, µs | its cryptography alone, µs | calls | the handshake takes more |\n"
	       "|---|---|---|---|---|\n");
	for (size_t s = 0; s < SCENARIOS; s++) {
		void *conn[2];
		double share;

		CHECK(run_begin(&run, &bench_sluice, &scenarios[s], folder));
		recorder_start(&recorder, bench_sluice_provider(run.context[0]),
			       bench_sluice_provider(run.context[1]));
		run_shake(&run, conn);
		run_finish(&run, conn);
		recorder_stop(&recorder);
		run.untimed = true;
		for (unsigned int n = 0; n < turns; n++) {
			own_turn(&run, &recorder, &whole[n], &alone[n]);
			more[n] = 100 * (whole[n] / alone[n] - 1);
		}
		share = run_median(more, turns);
		if (share > worst.own) {
			worst.own = share;
			worst.own_in = scenarios[s].name;
		}
		printf("| %s | %.0f | %.0f | %zu | %.1f %% |\n",
		       scenarios[s].name, run_median(whole, turns),
		       run_median(alone, turns), recorder.count, share);
		fflush(stdout);
		recorder_free(&recorder);
		run_end(&run);
	}
}

/* A flood of full records; and what a connection keeps of the heap. */
static struct buffer stream;

static void records(const char *folder, unsigned int turns)
{
	static uint8_t data[16384];
	static struct run runs[LIBRARIES_MAX];
	void *conns[LIBRARIES_MAX][2];

	printf("\n### Records and memory\n\n16 KiB records, AES-256-GCM; octets of the heap for both sides together.\n\n"
	       "| library | seal, MB/s | open, MB/s | of libssl: seal | open | handshaking, at most | established |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (size_t l = 0; l < library_count; l++) {
		CHECK(run_begin(&runs[l], libraries[l], &scenarios[0], folder));
		run_measure_heap(&runs[l]);
		run_shake(&runs[l], conns[l]);
	}
	for (unsigned int n = 0; n < turns; n++) {
		for (size_t l = 0; l < library_count; l++) {
			double spent[2] = { 0, 0 };

			for (int i = 0; i < RECORDS; i++) {
				double start, middle;

				buffer_reset(&stream);
				start = run_us();
				libraries[l]->seal(conns[l][0], data,
						   sizeof(data), &stream);
				middle = run_us();
				CHECK(libraries[l]->open(conns[l][1], &stream) ==
				      sizeof(data));
				spent[0] += middle - start;
				spent[1] += run_us() - middle;
			}
			runs[l].turns[0][n] = spent[0] / RECORDS;
			runs[l].turns[1][n] = spent[1] / RECORDS;
		}
	}
	for (size_t l = 0; l < library_count; l++) {
		printf("| %s | %.0f | %.0f | %.2f | %.2f | %zu | %zu |\n",
		       libraries[l]->name,
		       sizeof(data) / run_median(runs[l].turns[0], turns),
		       sizeof(data) / run_median(runs[l].turns[1], turns),
		       run_ratio(&runs[l], &runs[LIBSSL], 0, turns),
		       run_ratio(&runs[l], &runs[LIBSSL], 1, turns),
		       runs[l].busy, runs[l].idle);
	}
	for (size_t l = 0; l < library_count; l++) {
		run_finish(&runs[l], conns[l]);
		run_end(&runs[l]);
	}
}

/* What callgrind looks at, by the name of the function. */
__attribute__((noinline)) static void counted_handshake(struct run *run)
{
	static uint8_t data[16384];
	void *conn[2];

	run_shake(run, conn);
	buffer_reset(&stream);
	run->lib->seal(conn[0], data, sizeof(data), &stream);
	CHECK(run->lib->open(conn[1], &stream) == sizeof(data));
	run_finish(run, conn);
}

static int count(const char *folder, const char *name)
{
	static struct run run;

	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		if (strcmp(counted[i].name, name))
			continue;
		CHECK(run_begin(&run, &bench_sluice, &counted[i], folder));
		counted_handshake(&run);
		run_end(&run);
		return 0;
	}
	fprintf(stderr, "there is no scenario '%s'\n", name);
	return 2;
}

static const char *met(bool yes)
{
	return yes ? "met" : "MISSED";
}

static void bars(void)
{
	double busy = (double)sluice_conn_size() / 1024;
	double idle = (double)sluice_established_size() / 1024;

	printf("\n### Bars\n\n| bar | measured |\n|---|---|\n");
	printf("| full handshakes: 1.2 times libssl | %s: the least is %.2f (both sides; %s) |\n",
	       met(worst.full >= 1.2), worst.full, worst.full_in);
	printf("| resumed handshakes: 1.5 times libssl | %s: the least is %.2f (both sides; %s) |\n",
	       met(worst.resumed >= 1.5), worst.resumed, worst.resumed_in);
	printf("| a connection has 16 KiB at most while handshaking, 4 KiB when established | %s: %.1f and %.1f KiB of the caller's memory; of the heap, with libcrypto's objects, %.1f and %.1f KiB a side at most |\n",
	       met(busy <= 16 && idle <= 4), busy, idle,
	       (double)worst.busy / 2048, (double)worst.idle / 2048);
	printf("| within 5 %% of its own cryptography | %s: %.1f %% more time at most (both sides; %s) |\n",
	       met(worst.own <= 5), worst.own, worst.own_in);
}

static void add_library(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct library *library;

	if (!object) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	library = dlsym(object, "bench_library");
	CHECK(library && library_count < LIBRARIES_MAX);
	libraries[library_count++] = library;
}

int main(int argc, char **argv)
{
	unsigned int turns;

	if (argc == 4 && !strcmp(argv[2], "count"))
		return count(argv[1], argv[3]);
	if (argc < 3)
		return 2;
	turns = (unsigned int)atoi(argv[2]);
	if (!turns || turns > TURNS_MAX)
		return 2;
	for (int i = 3; i < argc; i++)
		add_library(argv[i]);
	handshakes(argv[1], turns);
	records(argv[1], turns);
	own_share(argv[1], turns);
	bars();
	return 0;
}
