// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What does measuring cost? Each figure is a ratio of two things measured in turns in this one run,
 * so that a host that is slow today is slow for both. Printed, never asserted.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "error.h"
#include "runner/catalogue.h"
#include "runner/slab.h"
#include "runner/snapshot.h"
#include "runner/spawn.h"
#include "runner/timeline.h"
#include "runner/topology.h"

enum { ROUNDS = 15, CLOCK_PAIRS = 20000, FORKS = 1000, SNAPSHOTS = 2000 };

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

/* Measures both in turns, the order changing, and prints the medians and the median ratio. */
static void versus(const char *what, const char *unit, double (*ours)(void), double (*bare)(void),
		   const char *wanted)
{
	double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];

	ours();
	bare();
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 2)
			b[i] = bare();
		a[i] = ours();
		if (!(i % 2))
			b[i] = bare();
		ratio[i] = a[i] / b[i];
	}
	printf("%-42s %10.1f %10.1f %-4s ratio %.3f  (%s)\n", what, median(a, ROUNDS),
	       median(b, ROUNDS), unit, median(ratio, ROUNDS), wanted);
}

static struct catalogue catalogue;

/* ns a sample of a whole process, set-up included. */
static double process(const char *name, const char *param, long value, long samples)
{
	const struct descriptor *d = catalogue_find(&catalogue, name);
	json_t *params = param ? json_pack("{s:I}", param, (json_int_t)value) : json_object();
	struct spawn_request request = { .workload = d,
					 .params = params,
					 .pass = "time",
					 .samples = samples,
					 .seed = 1,
					 .fixed_layout = true,
					 .max_bytes = 1L << 30,
					 .max_processes = 10,
					 .seconds = 120 };
	struct spawn_result result;
	double ns;

	if (!d)
		die(STATUS_FAILED, "bench-harness: no workload %s", name);
	spawn(&request, &result);
	if (result.outcome != OUTCOME_DONE)
		die(STATUS_FAILED, "bench-harness: %s: %s", name, result.reason);
	ns = json_integer_value(json_object_get(result.done, "elapsed_ns")) / (double)samples;
	spawn_free(&result);
	json_decref(params);
	return ns;
}

static double null_ns(void)
{
	return process("null", NULL, 0, CLOCK_PAIRS);
}

static double pair_ns(void)
{
	struct timespec t;
	double start = now_ns();

	for (int i = 0; i < CLOCK_PAIRS; i++) {
		clock_gettime(CLOCK_MONOTONIC, &t);
		clock_gettime(CLOCK_MONOTONIC, &t);
	}
	return (now_ns() - start) / CLOCK_PAIRS;
}

static double fork_ns(void)
{
	return process("fork/vmas", "vmas", 1, FORKS);
}

static const char *bare_fork;

static double bare_fork_ns(void)
{
	char rounds[16];
	int status;
	char *text;
	double ns;

	snprintf(rounds, sizeof(rounds), "%d", FORKS);
	text = program_output(bare_fork, rounds, NULL, &status);
	ns = text ? atof(text) : 0;
	free(text);
	return ns;
}

static const char *const files[] = { "/sys/kernel/slab/vm_area_struct/objects",
				     "/sys/kernel/slab/vm_area_struct/total_objects",
				     "/sys/kernel/slab/anon_vma/objects",
				     "/sys/kernel/slab/anon_vma/total_objects",
				     "/sys/kernel/slab/anon_vma_chain/objects",
				     "/sys/kernel/slab/anon_vma_chain/total_objects",
				     "/proc/vmstat" };
static struct snapshot *batch, *loop;

static double snapshots(struct snapshot *s)
{
	double start = now_ns();

	for (int i = 0; i < SNAPSHOTS / ROUNDS; i++)
		snapshot_read(s);
	return (now_ns() - start) / (SNAPSHOTS / ROUNDS);
}

static double batch_ns(void)
{
	return snapshots(batch);
}

static double loop_ns(void)
{
	return snapshots(loop);
}

static void time_line(void)
{
	static const char *const names[] = { "vm_area_struct", "anon_vma", "anon_vma_chain" };
	struct slab_cache caches[3];
	struct timeline *t;
	json_t *record;

	for (int i = 0; i < 3; i++)
		slab_open(&caches[i], names[i]);
	t = timeline_start(caches, 3, 100);
	sleep(3);
	record = timeline_stop(t);
	printf("%-42s %10.2f %% of a CPU  (below 1)\n", "slab time line at 100 Hz",
	       100 * json_real_value(json_object_get(record, "cpu_share")));
	json_decref(record);
	for (int i = 0; i < 3; i++)
		slab_close(&caches[i]);
}

int main(int argc, char **argv)
{
	cpu_set_t cpus;

	if (argc != 2)
		die(STATUS_USAGE, "usage: bench-harness BARE-FORK-PROGRAM");
	bare_fork = argv[1];
	if (catalogue_read(&catalogue))
		return STATUS_FAILED;
	spawn_signals();
	topology_read();
	/* Where and how the workloads run. */
	topology_cpus("one", &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	personality(ADDR_NO_RANDOMIZE);
	batch = snapshot_open(files, sizeof(files) / sizeof(*files), true);
	loop = snapshot_open(files, sizeof(files) / sizeof(*files), false);

	printf("%-42s %10s %10s\n", "", "ours", "bare");
	versus("null, against a bare clock_gettime pair", "ns", null_ns, pair_ns,
	       "at most 60 ns, or 1.2");
	versus("fork/vmas at 1 VMA, against a bare loop", "ns", fork_ns, bare_fork_ns,
	       "at most 1.03: 0.97 of the rate");
	versus("snapshot of 7 files: io_uring against read", "ns", batch_ns, loop_ns,
	       snapshot_batched(batch) ? "below 1 pays off" : "io_uring is not to be had here");
	time_line();
	snapshot_close(batch);
	snapshot_close(loop);
	catalogue_free(&catalogue);
	return STATUS_DONE;
}
