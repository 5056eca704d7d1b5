// SPDX-License-Identifier: GPL-2.0
/*
 * What the record engine brings: how fast connections send over loopback with
 * SLUICE_ENGINE at inline, auto and forced.
 *
 * The receiver throws the raw TCP data away (MSG_TRUNC), and decrypts nothing:
 * else the CPU that could help would be busy with that. All modes run in
 * turn, in short slices, each on connections of its own that stay open; what
 * counts is the median of the ratios within one turn. A second set of inline
 * connections shows how much of a difference is noise; the ratios are to the
 * mean of both. Where auto seems to lose, it goes on until that is beyond doubt,
 * or not so any more, or TURNS_MAX are through.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "peer.h"
#include "tap.h"

#define CONNECTIONS_MAX	16
#define TURNS_MAX	101
#define LEAST		0.97	/* what auto is to be of inline, at least */

enum { INLINE, AGAIN, AUTO, FORCED, MODES };

static const uint32_t mode_option[MODES] = {
	SLUICE_ENGINE_INLINE, SLUICE_ENGINE_INLINE, SLUICE_ENGINE_AUTO,
	SLUICE_ENGINE_FORCED,
};

static uint8_t *data;
static size_t write_size;
static double slice = 0.15;	/* seconds */

struct connection {
	struct end session, peer;
	pid_t drain;
};

/*
 * What the processes share. They are not threads: User-Mode Linux runs those of
 * one process on one CPU.
 */
static struct shared {
	pthread_barrier_t start_line;
	double start;
	double end[CONNECTIONS_MAX];	/* when the last write returned */
	uint64_t octets[CONNECTIONS_MAX];
} *shared;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void drain(int fd)
{
	while (recv(fd, NULL, 1 << 24, MSG_TRUNC) > 0)
		;
}

static void send_for_a_slice(int fd, unsigned int i)
{
	uint64_t octets = 0;
	double end;

	if (pthread_barrier_wait(&shared->start_line) ==
	    PTHREAD_BARRIER_SERIAL_THREAD)
		shared->start = now();
	pthread_barrier_wait(&shared->start_line);
	do {
		ssize_t n = send(fd, data, write_size, 0);

		if (n <= 0)
			die("send");
		octets += (uint64_t)n;
		end = now();
	} while (end - shared->start < slice);
	shared->octets[i] = octets;
	shared->end[i] = end;
}

static pid_t spawn(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	return pid;
}

static void wait_for(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		die("a process");
}

static void prepare(unsigned int n)
{
	pthread_barrierattr_t attr;

	pthread_barrierattr_init(&attr);
	pthread_barrierattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->start_line, &attr, n);
}

/* All connections of a mode at once: octets a second, until the last is done. */
static double measure(struct connection *c, unsigned int n)
{
	pid_t pids[CONNECTIONS_MAX];
	uint64_t octets = 0;
	double end = 0;

	prepare(n);
	for (unsigned int i = 0; i < n; i++) {
		pids[i] = spawn();
		if (!pids[i]) {
			send_for_a_slice(c[i].session.fd, i);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < n; i++) {
		wait_for(pids[i]);
		octets += shared->octets[i];
		end = shared->end[i] > end ? shared->end[i] : end;
	}
	return (double)octets / (end - shared->start);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const double *values, unsigned int n)
{
	double sorted[TURNS_MAX];

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), compare);
	return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* The median is below this, with a probability of 0.975 (by its ranks). */
static double upper(const double *values, unsigned int n)
{
	double sorted[TURNS_MAX];
	unsigned int rank = (unsigned int)ceil(n / 2.0 + 0.98 * sqrt(n));

	memcpy(sorted, values, n * sizeof(*values));
	qsort(sorted, n, sizeof(*sorted), compare);
	return sorted[(rank < n ? rank : n) - 1];
}

/* auto seems to lose, but it may be noise. */
static bool in_doubt(const double *ratio, unsigned int n)
{
	return median(ratio, n) < LEAST && upper(ratio, n) >= LEAST;
}

/* One line of the table; returns inline's octets a second. */
static double line(size_t size, unsigned int connections, unsigned int turns,
		   double result[MODES], bool *doubt)
{
	static struct connection c[MODES][CONNECTIONS_MAX];
	double ratio[MODES][TURNS_MAX], rate[TURNS_MAX];
	struct sluice_engine_info in;
	char label[16];

	write_size = size;
	for (int m = 0; m < MODES; m++) {
		for (unsigned int i = 0; i < connections; i++) {
			struct connection *x = &c[m][i];

			make_pair(AF_INET, &suites[0], &x->session, &x->peer);
			set_ktls(&x->session);
			if (attach(&x->session, 0, 0) ||
			    set_engine(&x->session, mode_option[m]))
				die("SLUICE_ENGINE");
			x->drain = spawn();
			if (!x->drain) {
				drain(x->peer.fd);
				_exit(0);
			}
		}
		measure(c[m], connections);	/* warm up */
	}
	for (unsigned int t = 0; t < turns; t++) {
		double r[MODES], mean;

		for (unsigned int i = 0; i < MODES; i++) {
			unsigned int m = (i + t) % MODES;

			r[m] = measure(c[m], connections);
		}
		rate[t] = r[INLINE];
		mean = (r[INLINE] + r[AGAIN]) / 2;
		for (int m = 0; m < MODES; m++)
			ratio[m][t] = r[m] / (m == AGAIN ? r[INLINE] : mean);
		if (t == turns - 1 && turns < TURNS_MAX &&
		    in_doubt(ratio[AUTO], turns))
			turns++;
	}
	*doubt = in_doubt(ratio[AUTO], turns);
	for (int m = 0; m < MODES; m++)
		result[m] = median(ratio[m], turns);
	if (engine_info(&c[AUTO][0].session, &in))
		die("the engine's information");
	snprintf(label, sizeof(label), size < 1 << 20 ? "%zu KiB" : "%zu MiB",
		 size < 1 << 20 ? size >> 10 : size >> 20);
	printf("| %s | %u | %.1f | %.2f | %.2f | %.2f | %.0f %% |\n", label,
	       connections, median(rate, turns) / 1e6, result[AGAIN],
	       result[AUTO], result[FORCED],
	       100.0 * (double)in.records_spread /
	       (double)(in.records_spread + in.records_inline));
	fflush(stdout);
	for (int m = 0; m < MODES; m++)
		for (unsigned int i = 0; i < connections; i++) {
			shutdown(c[m][i].peer.fd, SHUT_RDWR);
			wait_for(c[m][i].drain);
			close(c[m][i].session.fd);
			close(c[m][i].peer.fd);
		}
	return median(rate, turns);
}

/* What the machine itself gives: processes that only count, one a CPU. */
static void spin(unsigned int i)
{
	volatile uint64_t n = 0;
	cpu_set_t cpu;

	CPU_ZERO(&cpu);
	CPU_SET(i, &cpu);
	sched_setaffinity(0, sizeof(cpu), &cpu);
	pthread_barrier_wait(&shared->start_line);
	double end = now() + 0.1;

	do {
		for (int k = 0; k < 1000000; k++)
			n++;
	} while (now() < end);
	shared->octets[i] = n;
}

static double count(unsigned int n)
{
	pid_t pids[CONNECTIONS_MAX];
	uint64_t sum = 0;

	prepare(n);
	for (unsigned int i = 0; i < n; i++) {
		pids[i] = spawn();
		if (!pids[i]) {
			spin(i);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < n; i++) {
		wait_for(pids[i]);
		sum += shared->octets[i];
	}
	return (double)sum;
}

static double spin_scaling(unsigned int cpus)
{
	double ratios[15];

	for (int t = 0; t < 15; t++)
		ratios[t] = count(cpus) / count(1);
	return median(ratios, 15);
}

int main(int argc, char **argv)
{
	static const size_t all_sizes[] = { 4 << 10, 16 << 10, 64 << 10,
					    256 << 10, 1 << 20, 4 << 20 };
	static const size_t few_sizes[] = { 16 << 10, 1 << 20 };
	static const unsigned int all_connections[] = { 1, 2, 4, 16 };
	static const unsigned int few_connections[] = { 1, 2, 4 };
	unsigned int cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int turns = 15;
	double bar = 0, rate[3] = { 0 };
	double gain = 0;
	bool quick = false;
	int missed = 0, option;

	while ((option = getopt(argc, argv, "qb:t:")) != -1) {
		if (option == 'q')
			quick = true;
		else if (option == 'b')
			bar = atof(optarg);
		else if (option == 't')
			turns = (unsigned int)atoi(optarg);
		else
			return 2;
	}
	if (quick) {
		turns = 11;
		slice = 0.12;
	}
	if (!turns || turns > TURNS_MAX || cpus > CONNECTIONS_MAX)
		return 2;

	data = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED || shared == MAP_FAILED)
		die("mmap");
	memset(data, 0x5a, 4 << 20);

	if (cpus > 1)
		printf("%u processes that only count do %.2f times what one does.\n\n",
		       cpus, spin_scaling(cpus));
	printf("| write | connections | inline, MB/s | inline again | auto | forced | auto spread |\n"
	       "|---|---|---|---|---|---|---|\n");

	const size_t *sizes = quick ? few_sizes : all_sizes;
	size_t n_sizes = quick ? 2 : 6;
	const unsigned int *conns = quick ? few_connections : all_connections;
	size_t n_conns = quick ? 3 : 4;
	char misses[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < n_sizes; i++)
		for (size_t k = 0; k < n_conns; k++) {
			double result[MODES], r;
			bool doubt;

			r = line(sizes[i], conns[k], turns, result, &doubt);
			if (sizes[i] == 1 << 20 && conns[k] <= 2)
				rate[conns[k]] = r;
			if (sizes[i] == 1 << 20 && conns[k] == 1)
				gain = result[AUTO];
			if (result[AUTO] >= LEAST ||
			    used >= sizeof(misses) - 80)
				continue;
			used += (size_t)snprintf(misses + used,
				sizeof(misses) - used,
				" %zu KiB by %u: %.3f (inline again: %.3f)%s;",
				sizes[i] >> 10, conns[k], result[AUTO],
				result[AGAIN], doubt ? ", perhaps" : "");
		}

	printf("\n");
	if (cpus > 1)
		printf("Two connections at once do %.2f times what one does, inline, at 1 MiB.\n",
		       rate[2] / rate[1]);
	if (used) {
		printf("MISSED: auto is to be at least %.2f of inline:%s\n",
		       LEAST, misses);
		missed = 1;
	} else {
		printf("met: auto is at least %.2f of inline everywhere\n",
		       LEAST);
	}
	if (bar > 0) {
		printf("%s: auto is to be at least %.2f of inline for 1 MiB by one connection: %.2f\n",
		       gain >= bar ? "met" : "MISSED", bar, gain);
		missed |= gain < bar;
	}
	return missed;
}
