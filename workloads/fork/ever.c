// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A process that forks for ever: each generation writes, forks the next, and exits. One process is
 * alive at any time, but without reuse of dead ancestors' anon_vmas (Linux 4.0) each generation
 * would leave one behind for every VMA.
 */
#include <sys/prctl.h>
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS, GENERATIONS };
enum { FORK, WRITE };
enum { FORKS, REAPED, WRITES, LAST_VMAS };

static struct region region;

static void footprint(const struct bench *b, struct footprint *f)
{
	long vmas = b->param[VMAS];
	/* A design that keeps something for every generation: two chain entries and an anon_vma. */
	uint64_t kept = 256ull * vmas * b->param[GENERATIONS];

	f->bytes = 3 * vmas * b->page_size + family_bytes(b, vmas, 3) + kept;
	f->processes = 3;
}

static void verify(struct bench *b, long generation)
{
	if (region_verify(b, &region, generation) != region.count)
		bench_corrupted(b, "the pages of generation %ld are not what it wrote", generation);
}

/* Returns in the next generation, once this one is gone with its memory. */
static void pass_on(struct bench *b, long generation)
{
	uint64_t start;
	int alive[2];
	char byte;
	pid_t pid;

	if (pipe(alive))
		bench_fail(b, "pipe in generation %ld: %m", generation);
	bench_ahead(b, true);
	start = bench_now(b);
	pid = fork();
	if (pid) {
		bench_sample_at(b, FORK, generation, bench_now(b) - start);
		if (pid < 0)
			bench_fail(b, "fork of generation %ld: %m", generation + 1);
		verify(b, generation);
		_exit(0);
	}
	close(alive[1]);
	/* do_exit() closes files after it has dropped the memory. */
	while (read(alive[0], &byte, 1) > 0)
		;
	close(alive[0]);
}

/* All generations; the last one returns, and waits for its release. */
static void descend(struct bench *b, void *arg, long k)
{
	long generations = b->param[GENERATIONS];

	(void)arg;
	(void)k;
	for (long generation = 1; generation <= generations; generation++) {
		uint64_t start = bench_now(b);

		region_fill(b, &region, generation);
		bench_sample_at(b, WRITE, generation - 1, bench_now(b) - start);
		if (generation < generations)
			pass_on(b, generation);
		else
			verify(b, generation);
	}
}

static void model(struct bench *b, long own)
{
	long v = b->param[VMAS];
	/* The last generation, its parent's anon_vma, and no more: every next one takes the one
	 * that its grandparent left (anon_vma_clone()). */
	long kept = b->param[GENERATIONS] < 2 ? 1 : 2;

	bench_model(b, HELD, "anon_vma", v + kept * (v + own));
	bench_model(b, HELD, "anon_vma_chain", v + (kept + 1) * (v + own));
	bench_model(b, HELD, "vm_area_struct", maps_count() - b->vmas + family_vmas(b));
}

static void run(struct bench *b)
{
	long generations = b->param[GENERATIONS], own = maps_anonymous(), reaped = 0;
	struct family last = family_new(b, 1);

	/* Whoever loses its parent becomes ours. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		bench_fail(b, "prctl(PR_SET_CHILD_SUBREAPER): %m");
	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, 0);
	family_model(b, POPULATED, region.count, own, 0);
	bench_hold(b, POPULATED);
	bench_sample_at(b, FORK, 0, family_fork(b, &last, descend, NULL));
	for (; reaped < generations - 1; reaped++)
		child_reap(b, -1);
	family_ready(b, &last);
	bench_work(b, FORKS, generations);
	bench_work(b, WRITES, generations * region.count);
	bench_work(b, LAST_VMAS, family_vmas(b));
	model(b, own);
	bench_hold(b, HELD);
	last.count = 0; /* the process that family_fork() made is long gone */
	family_release(b, &last);
	child_reap(b, -1);
	bench_work(b, REAPED, reaped + 1);
	verify(b, 0);
	region_unmap(b, &region);
	family_free(b, &last);
}

const struct workload workload = {
	.summary = "an ever-forking chain: each generation writes, forks the next and exits",
	.drives = "anon_vma_clone and its reuse of anon_vmas, anon_vma_fork, unlink_anon_vmas, "
		  "exit_mmap, wp_page_copy",
	.params = {
		[VMAS] = { "vmas", "VMAs", 16, 1, 4096, "touched VMAs, a hole after each" },
		[GENERATIONS] = { "generations", "generations", 200, 1, 100000,
				  "one after the other" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER,
			   "fork() as each generation sees it, in order: rising if something is "
			   "left behind" },
		[WRITE] = { "write", "ns", LATENCY, LOWER,
			    "a generation's first write to every VMA, one page each; same order" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[WRITES] = "writes",
		[LAST_VMAS] = "last_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS, .why = "every generation left with 0" },
		{ "vmstat:pgfault", AT_LEAST, WRITES, .why = "every generation wrote its pages" },
		{ "slab:vm_area_struct", AT_LEAST, LAST_VMAS, .from = POPULATED, .to = HELD,
		  .why = "the last generation is alive" },
	},
	.samples = 1000,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
