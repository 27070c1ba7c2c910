// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fork() against the number of touched VMAs: the loop over the parent's VMAs in dup_mmap(), with an
 * anon_vma_fork() for each.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS };
enum { FORK, FORK_REAP };
enum { FORKS, REAPED, CHILD_VMAS };

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[VMAS] * b->page_size + family_bytes(b, b->param[VMAS], 2);
	f->processes = 2;
}

static void count(struct bench *b, long own)
{
	struct family family = family_new(b, 1);
	long v = b->param[VMAS];

	family_model(b, POPULATED, v, own, 0);
	bench_hold(b, POPULATED);
	family_fork(b, &family, NULL, NULL);
	family_ready(b, &family);
	bench_work(b, FORKS, 1);
	bench_work(b, CHILD_VMAS, family_vmas(b));
	family_model(b, HELD, v, own, 1);
	bench_hold(b, HELD);
	bench_work(b, REAPED, family_release(b, &family));
	family_free(b, &family);
}

static void time_forks(struct bench *b)
{
	bench_ahead(b, true);
	for (long i = 0; i < b->samples; i++) {
		uint64_t start, forked, reaped;
		int status = -1;
		pid_t pid;

		start = bench_now(b);
		pid = fork();
		if (!pid)
			_exit(0);
		forked = bench_now(b);
		if (pid < 0)
			bench_fail(b, "fork %ld of %ld: %m", i + 1, b->samples);
		waitpid(pid, &status, 0);
		reaped = bench_now(b);
		bench_sample(b, FORK, forked - start);
		bench_sample(b, FORK_REAP, reaped - start);
		b->area->work[FORKS]++;
		b->area->work[REAPED] += status == 0;
	}
	bench_ahead(b, false);
}

static void run(struct bench *b)
{
	long own = maps_anonymous();
	struct region r = region_map(b, b->param[VMAS], b->page_size);

	region_fill(b, &r, 1);
	if (bench_counting(b))
		count(b, own);
	else
		time_forks(b);
	if (region_verify(b, &r, 1) != r.count)
		bench_corrupted(b, "the parent's pages changed while it forked");
	region_unmap(b, &r);
}

const struct workload workload = {
	.summary = "fork() of a process with touched VMAs that cannot merge, and fork to reaped",
	.drives = "copy_process, dup_mmap, anon_vma_fork, anon_vma_clone, copy_page_range, "
		  "exit_mmap, unlink_anon_vmas",
	.params = {
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs, a hole after each" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER,
			   "fork() as the parent sees it; on one CPU the child may run before it "
			   "returns" },
		[FORK_REAP] = { "fork-reap", "ns", LATENCY, LOWER,
				"fork() until waitpid() returned" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[CHILD_VMAS] = "child_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS, .why = "every child that was forked left with 0" },
		{ "slab:vm_area_struct", AT_LEAST, CHILD_VMAS, .from = POPULATED, .to = HELD,
		  .why = "fork copied the VMAs" },
	},
	.samples = 200,
	.footprint = footprint,
	.run = run,
};
