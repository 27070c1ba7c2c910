// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A chain of descent: each level writes, then forks the next, all alive. At level d every VMA
 * hangs on the anon_vmas of its d ancestors, and anon_vma_clone() copies that whole list.
 */
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS, DEPTH };
enum { FORK, WRITE };
enum { FORKS, REAPED, WRITES, CHAIN_VMAS };

static struct region region;
/* Where the samples of this chain begin. */
static long first_sample;

static void footprint(const struct bench *b, struct footprint *f)
{
	long vmas = b->param[VMAS], depth = b->param[DEPTH];
	/* Level d has a chain entry of 64 bytes for each of its d ancestors. */
	uint64_t entries = 64ull * vmas * depth * depth / 2;

	f->bytes = (depth + 1) * vmas * b->page_size + family_bytes(b, vmas, depth + 1) + entries;
	f->processes = depth + 1;
}

/* What a level wrote carries its number: nobody else may see or change it. */
static void verify(struct bench *b, long level)
{
	if (region_verify(b, &region, level) != region.count)
		bench_corrupted(b, "the pages of level %ld are not what it wrote", level);
}

/* Forks the level below; returns in that child. The levels above wait here for their child. */
static void descend(struct bench *b, long level)
{
	uint64_t start;
	pid_t pid;

	bench_ahead(b, true);
	start = bench_now(b);
	pid = fork();
	if (!pid)
		return;
	bench_sample_at(b, FORK, first_sample + level, bench_now(b) - start);
	if (pid < 0)
		bench_fail(b, "fork of level %ld: %m", level + 1);
	child_reap(b, pid);
	bench_work(b, REAPED, 1);
	verify(b, level);
	_exit(0);
}

/* Level 1 and all below it; only the last one returns, and waits for its release. */
static void chain(struct bench *b, void *arg, long k)
{
	long depth = b->param[DEPTH];

	(void)arg;
	(void)k;
	for (long level = 1; level <= depth; level++) {
		uint64_t start = bench_now(b);

		region_fill(b, &region, level);
		bench_sample_at(b, WRITE, first_sample + level - 1, bench_now(b) - start);
		if (level == depth)
			verify(b, level);
		else
			descend(b, level);
	}
}

static void model(struct bench *b, enum hold_point point, long own)
{
	long v = b->param[VMAS], d = point == HELD ? b->param[DEPTH] : 0;

	/* A VMA of level d has its own entry and one for each of d ancestors: 2 + 3 + .. + d + 1.
	 */
	bench_model(b, point, "anon_vma", v + d * (v + own));
	bench_model(b, point, "anon_vma_chain", v + (v + own) * d * (d + 3) / 2);
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas + d * family_vmas(b));
}

static void run(struct bench *b)
{
	long depth = b->param[DEPTH], rounds = bench_rounds(b, depth);
	long own = maps_anonymous();
	struct family family = family_new(b, 1);

	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, 0);
	model(b, POPULATED, own);
	bench_hold(b, POPULATED);
	for (long round = 0; round < rounds; round++) {
		first_sample = round * depth;
		bench_sample_at(b, FORK, first_sample, family_fork(b, &family, chain, NULL));
		family_ready(b, &family);
		bench_work(b, FORKS, depth);
		bench_work(b, WRITES, depth * region.count);
		bench_work(b, CHAIN_VMAS, depth * family_vmas(b));
		model(b, HELD, own);
		bench_hold(b, HELD);
		bench_work(b, REAPED, family_release(b, &family));
		verify(b, 0);
	}
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "a chain of D processes, each writes and then forks the next, all alive",
	.drives = "dup_mmap, anon_vma_fork, anon_vma_clone of D ancestors, wp_page_copy, "
		  "unlink_anon_vmas",
	.params = {
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs, a hole after each" },
		[DEPTH] = { "depth", "levels", 16, 1, 64, "processes below the first" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER,
			   "fork() as the forking level sees it, in order: sample i is the fork of "
			   "level i mod depth + 1" },
		[WRITE] = { "write", "ns", LATENCY, LOWER,
			    "a level's copying write to every VMA, one page each; same order" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[WRITES] = "writes",
		[CHAIN_VMAS] = "chain_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS, .why = "every level left with 0" },
		{ "vmstat:pgfault", AT_LEAST, WRITES,
		  .why = "each level made copies of its own" },
		{ "slab:vm_area_struct", AT_LEAST, CHAIN_VMAS, .from = POPULATED, .to = HELD,
		  .why = "each fork copied the VMAs" },
	},
	.samples = 256,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
