// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One parent, N children held alive: the breadth of the tree. The k-th fork inserts into interval
 * trees that already carry k - 1 children's entries.
 */
#include "workloads/workload.h"

enum { VMAS, CHILDREN };
enum { FORK, RELEASE };
enum { FORKS, REAPED, CHILD_VMAS };

static struct region region;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[VMAS] * b->page_size +
		   family_bytes(b, b->param[VMAS], b->param[CHILDREN] + 1);
	f->processes = b->param[CHILDREN] + 1;
}

static void verify(struct bench *b, void *arg, long k)
{
	(void)arg;
	if (region_verify(b, &region, 1) != region.count)
		bench_corrupted(b, "the pages of child %ld are not its parent's", k + 1);
}

/* One family, born child by child: each is asleep before the next fork is timed. */
static void raise_family(struct bench *b, struct family *family, long round, long own)
{
	long children = b->param[CHILDREN];
	uint64_t start;
	long reaped;

	for (long k = 0; k < children; k++) {
		bench_sample_at(b, FORK, round * children + k, family_fork(b, family, NULL, NULL));
		family_ready(b, family);
	}
	bench_work(b, FORKS, children);
	bench_work(b, CHILD_VMAS, children * family_vmas(b));
	family_model(b, HELD, b->param[VMAS], own, children);
	bench_hold(b, HELD);
	start = bench_now(b);
	reaped = family_release(b, family);
	bench_rate(b, RELEASE, reaped, bench_now(b) - start);
	bench_work(b, REAPED, reaped);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[CHILDREN]);
	long own = maps_anonymous();
	struct family family = family_new(b, b->param[CHILDREN]);

	family.on_release = verify;
	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, 1);
	family_model(b, POPULATED, b->param[VMAS], own, 0);
	bench_hold(b, POPULATED);
	for (long round = 0; round < rounds; round++)
		raise_family(b, &family, round, own);
	verify(b, NULL, -1);
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "N children of one parent, all alive: the latency of the k-th fork",
	.drives = "dup_mmap, anon_vma_fork, anon_vma_clone, anon_vma_interval_tree_insert, "
		  "exit_mmap, unlink_anon_vmas",
	.params = {
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs, a hole after each" },
		[CHILDREN] = { "children", "processes", 64, 1, 1000, "children alive at once" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER,
			   "fork() as the parent sees it, in order: sample i is fork number "
			   "i mod children + 1 of its family" },
		[RELEASE] = { "exit", "processes/s", THROUGHPUT, HIGHER,
			      "from the release of all children until the last is reaped; each "
			      "verifies its pages first" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[CHILD_VMAS] = "child_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS, .why = "every child that was forked left with 0" },
		{ "slab:vm_area_struct", AT_LEAST, CHILD_VMAS, .from = POPULATED, .to = HELD,
		  .why = "each fork copied the VMAs" },
	},
	.samples = 1000,
	.footprint = footprint,
	.run = run,
};
