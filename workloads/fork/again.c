// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A child that forks in its turn: once with nothing written since its birth, so that all it has is
 * inherited, and once after it wrote every page.
 */
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS };
enum { PARENT, CHILD, CHILD_WRITTEN };
enum { FORKS, REAPED, FAMILY_VMAS };

static struct region region;
static long round_number;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = 3 * b->param[VMAS] * b->page_size + family_bytes(b, b->param[VMAS], 3);
	f->processes = 3;
}

static void verify(struct bench *b, uint64_t tag, const char *whose)
{
	if (region_verify(b, &region, tag) != region.count)
		bench_corrupted(b, "the pages of the %s are not what it is to see", whose);
}

static pid_t timed_fork(struct bench *b, int metric)
{
	uint64_t start;
	pid_t pid;

	bench_ahead(b, true);
	start = bench_now(b);
	pid = fork();
	if (!pid)
		return 0;
	bench_sample_at(b, metric, round_number, bench_now(b) - start);
	bench_ahead(b, false);
	if (pid < 0)
		bench_fail(b, "fork in the child: %m");
	return pid;
}

/* In the child; the second grandchild alone returns, and waits for its release. */
static void fork_again(struct bench *b, void *arg, long k)
{
	pid_t pid = timed_fork(b, CHILD);

	(void)arg;
	(void)k;
	if (!pid) {
		verify(b, 1, "first grandchild");
		_exit(0);
	}
	child_reap(b, pid);
	region_fill(b, &region, 2);
	pid = timed_fork(b, CHILD_WRITTEN);
	if (!pid) {
		verify(b, 2, "second grandchild");
		return;
	}
	child_reap(b, pid);
	verify(b, 2, "child");
	bench_work(b, REAPED, 2);
	_exit(0);
}

static void model(struct bench *b, long own)
{
	long v = b->param[VMAS];

	/* A chain of depth 2: see fork/chain. */
	bench_model(b, HELD, "anon_vma", v + 2 * (v + own));
	bench_model(b, HELD, "anon_vma_chain", v + 5 * (v + own));
	bench_model(b, HELD, "vm_area_struct", maps_count() - b->vmas + 2 * family_vmas(b));
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1), own = maps_anonymous();
	struct family family = family_new(b, 1);

	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, 1);
	family_model(b, POPULATED, region.count, own, 0);
	bench_hold(b, POPULATED);
	for (round_number = 0; round_number < rounds; round_number++) {
		bench_sample_at(b, PARENT, round_number, family_fork(b, &family, fork_again, NULL));
		family_ready(b, &family);
		bench_work(b, FORKS, 3);
		bench_work(b, FAMILY_VMAS, 2 * family_vmas(b));
		model(b, own);
		bench_hold(b, HELD);
		bench_work(b, REAPED, family_release(b, &family));
		verify(b, 1, "parent");
	}
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "a child that forks again, before and after it wrote what it inherited",
	.drives = "dup_mmap, anon_vma_fork, anon_vma_clone of inherited VMAs, wp_page_copy",
	.params = {
		[VMAS] = { "vmas", "VMAs", 64, 1, 4096, "touched VMAs, a hole after each" },
	},
	.metrics = {
		[PARENT] = { "parent", "ns", LATENCY, LOWER, "fork() of the child" },
		[CHILD] = { "child", "ns", LATENCY, LOWER,
			    "fork() in the child, which has written none of the pages" },
		[CHILD_WRITTEN] = { "child-written", "ns", LATENCY, LOWER,
				    "fork() in the child after it wrote them all" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[FAMILY_VMAS] = "family_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "child and grandchildren saw the right pages and left with 0" },
		{ "slab:vm_area_struct", AT_LEAST, FAMILY_VMAS, .from = POPULATED, .to = HELD,
		  .why = "both forks copied the VMAs" },
	},
	.samples = 100,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
