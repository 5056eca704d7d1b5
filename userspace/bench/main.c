// SPDX-License-Identifier: MIT
/*
 * TLS libraries side by side, in one process, over buffers in memory: they take
 * turns of a few handshakes, and each figure is the median of the turns.
 *
 *	bench FOLDER [TURNS]		all, as tables in Markdown
 *	bench FOLDER count SCENARIO	libsluice, for callgrind: see counts
 *
 * FOLDER has the certificates: see run.
 */
#include <malloc.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define TURN		20	/* handshakes */
#define TURNS_MAX	500
#define RECORDS		200

static const struct library *const libraries[] = {
	&bench_sluice, &bench_openssl, &bench_gnutls,
};
#define LIBRARIES	(sizeof(libraries) / sizeof(*libraries))

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

/* The heap, as everybody in this process sees it. */
static size_t heap_calls, heap_live, heap_peak;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *mem, size_t size);
void *__libc_memalign(size_t align, size_t size);
void __libc_free(void *mem);

static void *counted_in(void *mem)
{
	heap_calls++;
	heap_live += malloc_usable_size(mem);
	if (heap_live > heap_peak)
		heap_peak = heap_live;
	return mem;
}

void *malloc(size_t size)
{
	return counted_in(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return counted_in(__libc_calloc(n, size));
}

void *realloc(void *mem, size_t size)
{
	heap_live -= malloc_usable_size(mem);
	return counted_in(__libc_realloc(mem, size));
}

int posix_memalign(void **mem, size_t align, size_t size)
{
	*mem = counted_in(__libc_memalign(align, size));
	return 0;
}

void *aligned_alloc(size_t align, size_t size)
{
	return counted_in(__libc_memalign(align, size));
}

void free(void *mem)
{
	heap_live -= malloc_usable_size(mem);
	__libc_free(mem);
}

static double us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* A library in a scenario: both sides, and what each has taken. */
struct run {
	const struct library *lib;
	const struct scenario *scenario;
	void *context[2];		/* client, server */
	double spent[2];
	double turns[2][TURNS_MAX];
	size_t calls, busy, idle;	/* the heap, of the two connections */
};

static struct buffer up, down;

static void reset(struct buffer *buffer)
{
	buffer->start = 0;
	buffer->end = 0;
}

static void shake(struct run *run, void *conn[2])
{
	bool done[2] = { false, false };
	double start = us(), end;
	unsigned int i;

	reset(&up);
	reset(&down);
	for (i = 0; i < 2; i++) {
		conn[i] = run->lib->connection(run->context[i]);
		end = us();
		run->spent[i] += end - start;
		start = end;
	}
	for (i = 0; !done[0] || !done[1]; i = !i) {
		if (!done[i])
			done[i] = run->lib->handshake(conn[i], i ? &up : &down,
						      i ? &down : &up);
		end = us();
		run->spent[i] += end - start;
		start = end;
	}
	/* the ticket */
	CHECK(!run->lib->open(conn[0], &down));
	run->spent[0] += us() - start;
}

static void finish(struct run *run, void *conn[2])
{
	for (unsigned int i = 0; i < 2; i++) {
		double start = us();

		run->lib->connection_free(conn[i]);
		run->spent[i] += us() - start;
	}
}

static bool begin(struct run *run, const struct library *lib,
		  const struct scenario *scenario, const char *folder)
{
	void *conn[2];

	*run = (struct run){ .lib = lib, .scenario = scenario };
	for (int i = 0; i < 2; i++) {
		run->context[i] = lib->context(scenario, i, folder);
		if (!run->context[i])
			return false;
	}
	/* warm, and with a ticket */
	for (int i = 0; i < 3; i++) {
		shake(run, conn);
		if (i && (lib->resumed(conn[0]) != scenario->resumed ||
			  lib->resumed(conn[1]) != scenario->resumed)) {
			fprintf(stderr, "%s: %s: not resumed\n", lib->name,
				scenario->name);
			exit(1);
		}
		finish(run, conn);
	}
	return true;
}

static void end(struct run *run)
{
	for (int i = 0; i < 2; i++)
		if (run->context[i])
			run->lib->context_free(run->context[i]);
}

static void turn(struct run *run, unsigned int n)
{
	void *conn[2];

	run->spent[0] = run->spent[1] = 0;
	for (int i = 0; i < TURN; i++) {
		shake(run, conn);
		finish(run, conn);
	}
	run->turns[0][n] = run->spent[0] / TURN;
	run->turns[1][n] = run->spent[1] / TURN;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values, unsigned int n)
{
	double copy[TURNS_MAX];

	memcpy(copy, values, n * sizeof(*copy));
	qsort(copy, n, sizeof(*copy), compare);
	return copy[n / 2];
}

/* The median of how much faster it is, turn by turn. */
static double ratio(const struct run *run, const struct run *base,
		    unsigned int side, unsigned int n)
{
	double values[TURNS_MAX];

	for (unsigned int i = 0; i < n; i++) {
		double own = side < 2 ? run->turns[side][i] :
			     run->turns[0][i] + run->turns[1][i];
		double other = side < 2 ? base->turns[side][i] :
			       base->turns[0][i] + base->turns[1][i];

		values[i] = other / own;
	}
	return median(values, n);
}

static void measure_heap(struct run *run)
{
	size_t live = heap_live, calls = heap_calls;
	void *conn[2];

	heap_peak = heap_live;
	shake(run, conn);
	run->busy = heap_peak - live;
	run->idle = heap_live - live;
	run->calls = heap_calls - calls;
	finish(run, conn);
}

static void handshakes(const char *folder, unsigned int turns)
{
	static struct run runs[LIBRARIES];

	printf("### Handshakes\n\nMicroseconds of the client and of the server; a second of both; how many times\nthe speed of libssl (client, server, both); calls of the heap for both sides.\n\n"
	       "| scenario | library | client, µs | server, µs | pairs/s | of libssl: client | server | both | heap calls |\n"
	       "|---|---|---|---|---|---|---|---|---|\n");
	for (size_t s = 0; s < SCENARIOS; s++) {
		bool there[LIBRARIES];

		for (size_t l = 0; l < LIBRARIES; l++)
			there[l] = begin(&runs[l], libraries[l], &scenarios[s],
					 folder);
		for (unsigned int n = 0; n < turns; n++)
			for (size_t l = 0; l < LIBRARIES; l++)
				if (there[l])
					turn(&runs[l], n);
		for (size_t l = 0; l < LIBRARIES; l++) {
			double client, server;

			if (!there[l]) {
				printf("| %s | %s | has it not ||||||\n",
				       scenarios[s].name, libraries[l]->name);
				end(&runs[l]);
				continue;
			}
			measure_heap(&runs[l]);
			client = median(runs[l].turns[0], turns);
			server = median(runs[l].turns[1], turns);
			printf("| %s | %s | %.0f | %.0f | %.0f | %.2f | %.2f | %.2f | %zu |\n",
			       scenarios[s].name, libraries[l]->name, client,
			       server, 1e6 / (client + server),
			       ratio(&runs[l], &runs[1], 0, turns),
			       ratio(&runs[l], &runs[1], 1, turns),
			       ratio(&runs[l], &runs[1], 2, turns),
			       runs[l].calls);
			end(&runs[l]);
			fflush(stdout);
		}
	}
}

/* A flood of full records; and what a connection keeps of the heap. */
static void records(const char *folder, unsigned int turns)
{
	static uint8_t data[16384];
	static struct run runs[LIBRARIES];
	void *conns[LIBRARIES][2];

	printf("\n### Records and memory\n\n16 KiB records, AES-256-GCM; octets of the heap for both sides together.\n\n"
	       "| library | seal, MB/s | open, MB/s | of libssl: seal | open | handshaking, at most | established |\n"
	       "|---|---|---|---|---|---|---|\n");
	for (size_t l = 0; l < LIBRARIES; l++) {
		CHECK(begin(&runs[l], libraries[l], &scenarios[0], folder));
		measure_heap(&runs[l]);
		shake(&runs[l], conns[l]);
	}
	for (unsigned int n = 0; n < turns; n++) {
		for (size_t l = 0; l < LIBRARIES; l++) {
			double spent[2] = { 0, 0 };

			for (int i = 0; i < RECORDS; i++) {
				double start, middle;

				reset(&up);
				start = us();
				libraries[l]->seal(conns[l][0], data,
						   sizeof(data), &up);
				middle = us();
				CHECK(libraries[l]->open(conns[l][1], &up) ==
				      sizeof(data));
				spent[0] += middle - start;
				spent[1] += us() - middle;
			}
			runs[l].turns[0][n] = spent[0] / RECORDS;
			runs[l].turns[1][n] = spent[1] / RECORDS;
		}
	}
	for (size_t l = 0; l < LIBRARIES; l++) {
		printf("| %s | %.0f | %.0f | %.2f | %.2f | %zu | %zu |\n",
		       libraries[l]->name,
		       sizeof(data) / median(runs[l].turns[0], turns),
		       sizeof(data) / median(runs[l].turns[1], turns),
		       ratio(&runs[l], &runs[1], 0, turns),
		       ratio(&runs[l], &runs[1], 1, turns),
		       runs[l].busy, runs[l].idle);
	}
	for (size_t l = 0; l < LIBRARIES; l++) {
		finish(&runs[l], conns[l]);
		end(&runs[l]);
	}
}

/* What callgrind looks at, by the name of the function. */
__attribute__((noinline)) static void counted_handshake(struct run *run)
{
	static uint8_t data[16384];
	void *conn[2];

	shake(run, conn);
	reset(&up);
	run->lib->seal(conn[0], data, sizeof(data), &up);
	CHECK(run->lib->open(conn[1], &up) == sizeof(data));
	finish(run, conn);
}

static int count(const char *folder, const char *name)
{
	static struct run run;

	for (size_t i = 0; i < sizeof(counted) / sizeof(*counted); i++) {
		if (strcmp(counted[i].name, name))
			continue;
		CHECK(begin(&run, &bench_sluice, &counted[i], folder));
		counted_handshake(&run);
		end(&run);
		return 0;
	}
	fprintf(stderr, "there is no scenario '%s'\n", name);
	return 2;
}

int main(int argc, char **argv)
{
	unsigned int turns = 15;

	if (argc == 4 && !strcmp(argv[2], "count"))
		return count(argv[1], argv[3]);
	if (argc < 2)
		return 2;
	if (argc > 2)
		turns = (unsigned int)atoi(argv[2]);
	if (!turns || turns > TURNS_MAX)
		return 2;
	handshakes(argv[1], turns);
	records(argv[1], turns);
	return 0;
}
