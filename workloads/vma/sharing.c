// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * VMAs that touch each other share one anon_vma, VMAs with holes between them cannot: what that is
 * worth to fork() and to munmap().
 */
#include <sys/mman.h>

#include "workloads/workload.h"

enum { VMAS };
enum { FORK_ADJACENT, FORK_SEPARATED, UNMAP_ADJACENT, UNMAP_SEPARATED };
enum { FORKS, REAPED, VMAS_WANTED, VMAS_SEEN, CHILD_VMAS };

static struct region region;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = 2 * b->param[VMAS] * b->page_size + family_bytes(b, b->param[VMAS], 3);
	f->processes = 2;
}

static void verify(struct bench *b, void *arg, long k)
{
	(void)arg;
	(void)k;
	if (region_verify(b, &region, 1) != region.count)
		bench_corrupted(b, "the pages after the fork are not those before it");
}

static void model(struct bench *b, enum hold_point point, bool adjacent, long own, long children)
{
	long v = b->param[VMAS];

	/* Only a VMA's birth looks at its neighbours; in a child each has an anon_vma of its own.
	 */
	bench_model(b, point, "anon_vma", (adjacent ? 1 : v) + children * (v + own));
	bench_model(b, point, "anon_vma_chain", v + 2 * children * (v + own));
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas + children * family_vmas(b));
}

/* Maps, forks, unmaps; the region is gone when it returns. */
static void one_round(struct bench *b, struct family *family, bool adjacent, bool hold, long own)
{
	long vmas = maps_count();
	uint64_t start;

	region = adjacent ? region_map_adjacent(b, b->param[VMAS], b->page_size)
			  : region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, 1);
	bench_work(b, VMAS_WANTED, region.count);
	bench_work(b, VMAS_SEEN, maps_count() - vmas);
	if (hold) {
		model(b, POPULATED, adjacent, own, 0);
		bench_hold(b, POPULATED);
	}
	bench_sample(b, adjacent ? FORK_ADJACENT : FORK_SEPARATED,
		     family_fork(b, family, NULL, NULL));
	family_ready(b, family);
	bench_work(b, FORKS, 1);
	bench_work(b, CHILD_VMAS, hold ? family_vmas(b) : 0);
	if (hold) {
		model(b, HELD, adjacent, own, 1);
		bench_hold(b, HELD);
	}
	bench_work(b, REAPED, family_release(b, family));
	verify(b, NULL, 0);
	start = bench_now(b);
	region_unmap(b, &region);
	bench_sample(b, adjacent ? UNMAP_ADJACENT : UNMAP_SEPARATED, bench_now(b) - start);
}

static void run(struct bench *b)
{
	long own = maps_anonymous();
	struct family family = family_new(b, 1);

	family.on_release = verify;
	/* The separated kind is known from every other workload: count the adjacent one. */
	for (long rounds = bench_rounds(b, 1); rounds; rounds--) {
		one_round(b, &family, false, false, own);
		one_round(b, &family, true, bench_counting(b), own);
	}
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "fork() and munmap() of VMAs that share an anon_vma, against some that cannot",
	.drives = "find_mergeable_anon_vma, anon_vma_fork, anon_vma_clone, unlink_anon_vmas",
	.params = {
		[VMAS] = { "vmas", "VMAs", 256, 1, 4096, "touched VMAs of one page" },
	},
	.metrics = {
		[FORK_ADJACENT] = { "fork-adjacent", "ns", LATENCY, LOWER,
				    "first fork() with V VMAs side by side" },
		[FORK_SEPARATED] = { "fork-separated", "ns", LATENCY, LOWER,
				     "first fork() with V VMAs, a hole after each" },
		[UNMAP_ADJACENT] = { "unmap-adjacent", "ns", LATENCY, LOWER,
				     "one munmap() of all V VMAs side by side" },
		[UNMAP_SEPARATED] = { "unmap-separated", "ns", LATENCY, LOWER,
				      "one munmap() of all V VMAs and their holes" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[VMAS_WANTED] = "vmas_wanted",
		[VMAS_SEEN] = "vmas_seen",
		[CHILD_VMAS] = "child_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "every child saw the right pages and left with 0" },
		{ "work:vmas_seen", EXACTLY, VMAS_WANTED,
		  .why = "/proc/self/maps has a line for each VMA: none has merged" },
		{ "slab:vm_area_struct", AT_LEAST, CHILD_VMAS, .from = POPULATED, .to = HELD,
		  .why = "fork copied the VMAs" },
	},
	.samples = 50,
	.footprint = footprint,
	.run = run,
};
