// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Processes that fork at the same moment, each from memory of its own: what they contend for is
 * what all processes share, not an anon_vma.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/machine.h"
#include "workloads/workload.h"

enum { PROCESSES, VMAS };
enum { RATE, FORK };
enum { FORKS, REAPED, STORM_VMAS };

static struct region region;

static struct span *times; /* of each process */

static void footprint(const struct bench *b, struct footprint *f)
{
	long processes = b->param[PROCESSES], vmas = b->param[VMAS];

	f->bytes = processes * vmas * b->page_size + family_bytes(b, vmas, 2 * processes);
	f->processes = 2 * processes + 1;
}

static long forks_each(const struct bench *b)
{
	return bench_rounds(b, b->param[PROCESSES]);
}

static void own_memory(struct bench *b, void *arg, long k)
{
	(void)arg;
	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, k);
}

static void storm(struct bench *b, void *arg, long k)
{
	long forks = forks_each(b), reaped = 0;

	(void)arg;
	times[k].begin = bench_now(b);
	for (long i = 0; i < forks; i++) {
		uint64_t start = bench_now(b);
		pid_t pid = fork();
		int status = -1;

		if (!pid)
			_exit(0);
		bench_sample_at(b, FORK, k * forks + i, bench_now(b) - start);
		if (pid < 0)
			bench_fail(b, "fork %ld of %ld in process %ld: %m", i + 1, forks, k + 1);
		waitpid(pid, &status, 0);
		reaped += status == 0;
	}
	times[k].end = bench_now(b);
	bench_work(b, FORKS, forks);
	bench_work(b, REAPED, reaped);
	if (region_verify(b, &region, k) != region.count)
		bench_corrupted(b, "the pages of process %ld changed while it forked", k + 1);
}

/* A process has inherited `own` VMAs, and V that nobody else ever saw. */
static void model(struct bench *b, enum hold_point point, long own)
{
	long p = point == HELD ? b->param[PROCESSES] : 0, v = b->param[VMAS];

	bench_model(b, point, "anon_vma", p * (v + own));
	bench_model(b, point, "anon_vma_chain", p * (v + 2 * own));
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas + p * (family_vmas(b) + v));
}

static void run(struct bench *b)
{
	long processes = b->param[PROCESSES], own = maps_anonymous();
	struct family family = family_new(b, processes);

	times = bench_memory(b, processes * sizeof(*times));
	family.on_release = storm;
	model(b, POPULATED, own);
	bench_hold(b, POPULATED);
	for (long k = 0; k < processes; k++)
		family_fork(b, &family, own_memory, NULL);
	family_ready(b, &family);
	bench_work(b, STORM_VMAS, processes * (family_vmas(b) + b->param[VMAS]));
	model(b, HELD, own);
	bench_hold(b, HELD);
	family_release(b, &family);
	bench_rate(b, RATE, b->area->work[REAPED], spans_elapsed(times, processes));
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "P processes, each with memory of its own, fork at once and without pause",
	.drives = "copy_process, dup_mmap, anon_vma_fork, exit_mmap; tasklist and slab contention",
	.params = {
		[PROCESSES] = { "processes", "processes", 4, 1, 512, "that fork at once" },
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs of each, a hole after each" },
	},
	.metrics = {
		[RATE] = { "forks", "forks/s", THROUGHPUT, HIGHER,
			   "forks of all, each reaped before its parent's next" },
		[FORK] = { "fork", "ns", LATENCY, LOWER,
			   "fork() as its parent sees it, process after process; not with "
			   "instruction counting",
			   .timed_only = true },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[STORM_VMAS] = "storm_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS, .why = "every child that was forked left with 0" },
		{ "slab:vm_area_struct", AT_LEAST, STORM_VMAS, .from = POPULATED, .to = HELD,
		  .why = "the processes were all there with their memory" },
	},
	.cpus = NODE_CPUS,
	.samples = 400,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
