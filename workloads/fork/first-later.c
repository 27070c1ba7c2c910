// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first fork of memory that was never shared against the second one. A design that puts rmap
 * objects off until they are needed pays for them in the first.
 */
#include "workloads/workload.h"

enum { VMAS };
enum { FIRST, LATER };
enum { FORKS, REAPED, CHILD_VMAS };

static struct region region;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[VMAS] * b->page_size + family_bytes(b, b->param[VMAS], 3);
	f->processes = 3;
}

static void verify(struct bench *b, void *tag, long k)
{
	(void)k;
	if (region_verify(b, &region, *(uint64_t *)tag) != region.count)
		bench_corrupted(b, "a child's pages are not what its parent had at the fork");
}

/* Writes every page first, so that both forks find the same writable page table entries. */
static void timed_fork(struct bench *b, struct family *family, int metric, uint64_t *tag)
{
	region_fill(b, &region, *tag);
	bench_sample(b, metric, family_fork(b, family, NULL, tag));
	family_ready(b, family);
	bench_work(b, FORKS, 1);
	bench_work(b, CHILD_VMAS, family_vmas(b));
}

static void one_round(struct bench *b, struct family *family, long own)
{
	uint64_t tag = 1;

	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, tag);
	family_model(b, POPULATED, region.count, own, 0);
	bench_hold(b, POPULATED);
	timed_fork(b, family, FIRST, &tag);
	bench_work(b, REAPED, family_release(b, family));
	tag = 2;
	timed_fork(b, family, LATER, &tag);
	family_model(b, HELD, region.count, own, 1);
	bench_hold(b, HELD);
	bench_work(b, REAPED, family_release(b, family));
	verify(b, &tag, 0);
	region_unmap(b, &region);
}

static void run(struct bench *b)
{
	long own = maps_anonymous();
	struct family family = family_new(b, 1);

	family.on_release = verify;
	for (long rounds = bench_rounds(b, 1); rounds; rounds--)
		one_round(b, &family, own);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "the first fork of fresh memory, and the second: the cost of being lazy",
	.drives = "dup_mmap, anon_vma_fork, anon_vma_clone; the upgrade of lazy VMAs",
	.params = {
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs, a hole after each" },
	},
	.metrics = {
		[FIRST] = { "first", "ns", LATENCY, LOWER,
			    "fork() of VMAs that no fork has seen; fresh ones for each sample" },
		[LATER] = { "later", "ns", LATENCY, LOWER,
			    "the next fork() of the same VMAs, their pages written again" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[CHILD_VMAS] = "child_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "every child saw its parent's pages and left with 0" },
		/* In the counting pass two forks, of which one child lives at HELD. */
		{ "slab:vm_area_struct", AT_LEAST, CHILD_VMAS, .factor = 0.5, .from = POPULATED,
		  .to = HELD, .why = "fork copied the VMAs" },
	},
	.samples = 100,
	.footprint = footprint,
	.run = run,
};
