// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * V VMAs and N children, of which child k keeps VMA k alone. Each of the parent's pages is then
 * shared by two or three processes, however many children there are: a design that finds them
 * through the VMA visits few, one that goes down the tree of processes visits all.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/workload.h"

enum { VMAS, CHILDREN };
enum { FORK, DROP };
enum { FORKS, REAPED, DROPPED, GONE, LEFT_VMAS };

static struct region region;

static void footprint(const struct bench *b, struct footprint *f)
{
	long vmas = b->param[VMAS], children = b->param[CHILDREN];

	/* One child at a time has all VMAs. */
	f->bytes = vmas * b->page_size + family_bytes(b, vmas, 2) + family_bytes(b, 64, children) +
		   children * (vmas / 256) * b->page_size;
	f->processes = children + 1;
}

static long kept(long k)
{
	return k % region.count;
}

static void unmap(struct bench *b, long from, long to)
{
	size_t bytes = (to - from) * region.stride;

	if (bytes && munmap(region_vma(&region, from), bytes))
		bench_fail(b, "munmap of VMAs %ld to %ld in a child: %m", from, to - 1);
}

static void drop(struct bench *b, void *arg, long k)
{
	long vmas = maps_count();
	uint64_t start = bench_now(b);

	(void)arg;
	unmap(b, 0, kept(k));
	unmap(b, kept(k) + 1, region.count);
	bench_sample(b, DROP, bench_now(b) - start);
	bench_work(b, DROPPED, region.count - 1);
	bench_work(b, GONE, vmas - maps_count());
}

static void verify_kept(struct bench *b, void *arg, long k)
{
	(void)arg;
	if (pages_verify(b, region_vma(&region, kept(k)), region.bytes, 1, kept(k)) != 1)
		bench_corrupted(b, "the page that child %ld kept changed", k + 1);
}

static void model(struct bench *b, enum hold_point point, long own)
{
	long n = point == HELD ? b->param[CHILDREN] : 0, v = b->param[VMAS];

	bench_model(b, point, "anon_vma", v + n * (own + 1));
	bench_model(b, point, "anon_vma_chain", v + 2 * n * (own + 1));
	bench_model(b, point, "vm_area_struct",
		    maps_count() - b->vmas + n * (family_vmas(b) - v + 1));
}

static void one_round(struct bench *b, struct family *family, long own)
{
	long children = b->param[CHILDREN];

	for (long k = 0; k < children; k++) {
		bench_sample(b, FORK, family_fork(b, family, drop, NULL));
		family_ready(b, family);
	}
	bench_work(b, FORKS, children);
	bench_work(b, LEFT_VMAS, children * (family_vmas(b) - region.count + 1));
	model(b, HELD, own);
	bench_hold(b, HELD);
	bench_work(b, REAPED, family_release(b, family));
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[CHILDREN]), own = maps_anonymous();
	struct family family = family_new(b, b->param[CHILDREN]);

	family.on_release = verify_kept;
	region = region_map(b, b->param[VMAS], b->page_size);
	region_fill(b, &region, 1);
	model(b, POPULATED, own);
	bench_hold(b, POPULATED);
	for (; rounds; rounds--)
		one_round(b, &family, own);
	if (region_verify(b, &region, 1) != region.count)
		bench_corrupted(b, "the parent's pages changed");
	region_unmap(b, &region);
	family_free(b, &family);
}

const struct workload workload = {
	.summary = "N children of V VMAs, child k keeps VMA k alone (1000 x 1000)",
	.drives = "dup_mmap, anon_vma_fork, do_vmi_munmap, unlink_anon_vmas, "
		  "anon_vma_interval_tree_remove",
	.params = {
		[VMAS] = { "vmas", "VMAs", 100, 2, 4096, "touched VMAs, a hole after each" },
		[CHILDREN] = { "children", "processes", 100, 1, 1000, "children alive at once" },
	},
	.metrics = {
		[FORK] = { "fork", "ns", LATENCY, LOWER, "fork() as the parent sees it" },
		[DROP] = { "drop", "ns", LATENCY, LOWER,
			   "a child's munmap() of all inherited VMAs but one" },
	},
	.works = {
		[FORKS] = "forks",
		[REAPED] = "reaped",
		[DROPPED] = "dropped",
		[GONE] = "gone",
		[LEFT_VMAS] = "left_vmas",
	},
	.evidence = {
		{ "work:reaped", EXACTLY, FORKS,
		  .why = "every child still saw the page that it kept and left with 0" },
		{ "work:gone", EXACTLY, DROPPED,
		  .why = "/proc/self/maps of each child lost all VMAs but one" },
		{ "slab:vm_area_struct", AT_LEAST, LEFT_VMAS, .from = POPULATED, .to = HELD,
		  .why = "the children are alive with what they kept" },
	},
	.samples = 500,
	.children_report = true,
	.footprint = footprint,
	.run = run,
};
