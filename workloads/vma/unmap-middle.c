// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * munmap() of the middle of a touched VMA leaves two VMAs with one anon_vma; mapping the hole
 * again makes them one.
 */
#include <sys/mman.h>

#include "workloads/workload.h"

enum { VMAS };
enum { UNMAP, MAP, TOUCH };
enum { OPERATIONS, SPLITS, MERGES, FRESH, PAGES, INTACT };

enum { PAGES_EACH = 3 };

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes =
		PAGES_EACH * b->param[VMAS] * b->page_size + 2 * family_bytes(b, b->param[VMAS], 1);
	f->processes = 1;
}

static char *middle(const struct bench *b, const struct region *r, long i)
{
	return region_vma(r, i) + b->page_size;
}

static void unmap_all(struct bench *b, const struct region *r)
{
	for (long i = 0; i < r->count; i++) {
		uint64_t start = bench_now(b);
		int failed = munmap(middle(b, r, i), b->page_size);

		bench_sample(b, UNMAP, bench_now(b) - start);
		if (failed)
			bench_fail(b, "munmap in VMA %ld of %ld: %m", i + 1, r->count);
	}
}

static void map_all(struct bench *b, const struct region *r)
{
	for (long i = 0; i < r->count; i++) {
		uint64_t start = bench_now(b);
		char *p = mmap(middle(b, r, i), b->page_size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

		bench_sample(b, MAP, bench_now(b) - start);
		if (p == MAP_FAILED)
			bench_fail(b, "mmap in VMA %ld of %ld: %m", i + 1, r->count);
	}
}

/* Fills the fresh pages; returns how many were zero. */
static long touch_all(struct bench *b, const struct region *r)
{
	long fresh = 0;

	for (long i = 0; i < r->count; i++) {
		volatile uint64_t *p = (uint64_t *)middle(b, r, i);
		uint64_t start = bench_now(b);

		p[1] = 0;
		bench_sample(b, TOUCH, bench_now(b) - start);
		fresh += !*p;
		pages_fill(b, middle(b, r, i), b->page_size, 1, i * PAGES_EACH + 1);
	}
	return fresh;
}

static void model(struct bench *b, enum hold_point point)
{
	long v = b->param[VMAS];

	bench_model(b, point, "anon_vma", v);
	bench_model(b, point, "anon_vma_chain", point == HELD ? 2 * v : v);
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas);
}

static void one_round(struct bench *b, const struct region *r)
{
	long whole = maps_count(), split;

	unmap_all(b, r);
	split = maps_count();
	model(b, HELD);
	bench_hold(b, HELD);
	map_all(b, r);
	bench_work(b, MERGES, split - maps_count());
	bench_work(b, FRESH, touch_all(b, r));
	bench_work(b, OPERATIONS, r->count);
	bench_work(b, SPLITS, split - whole);
}

static void run(struct bench *b)
{
	struct region r = region_map(b, b->param[VMAS], PAGES_EACH * b->page_size);
	long pages = r.count * PAGES_EACH, good;

	region_fill(b, &r, 1);
	model(b, POPULATED);
	bench_hold(b, POPULATED);
	for (long rounds = bench_rounds(b, r.count); rounds; rounds--)
		one_round(b, &r);
	good = region_verify(b, &r, 1);
	if (good != pages)
		bench_corrupted(b, "%ld of %ld pages are not what was written", pages - good,
				pages);
	bench_work(b, PAGES, pages);
	bench_work(b, INTACT, good);
	region_unmap(b, &r);
}

const struct workload workload = {
	.summary = "munmap() of the middle of each of V touched VMAs, and mmap() that closes it",
	.drives = "do_vmi_munmap, __split_vma, anon_vma_clone, mmap_region, vma_merge, "
		  "do_anonymous_page",
	.params = {
		[VMAS] = { "vmas", "VMAs", 256, 1, 16384,
			   "touched VMAs of three pages, a hole after each" },
	},
	.metrics = {
		[UNMAP] = { "unmap", "ns", LATENCY, LOWER, "munmap() of the middle page" },
		[MAP] = { "map", "ns", LATENCY, LOWER,
			  "mmap() of that page again, which merges three into one" },
		[TOUCH] = { "touch", "ns", LATENCY, LOWER,
			    "first write to it: a fault in a VMA that has its anon_vma" },
	},
	.works = {
		[OPERATIONS] = "operations",
		[SPLITS] = "splits",
		[MERGES] = "merges",
		[FRESH] = "fresh",
		[PAGES] = "pages",
		[INTACT] = "intact",
	},
	.evidence = {
		{ "work:splits", EXACTLY, OPERATIONS,
		  .why = "/proc/self/maps gained a line for each" },
		{ "work:merges", EXACTLY, OPERATIONS, .why = "/proc/self/maps lost it again" },
		{ "work:fresh", EXACTLY, OPERATIONS, .why = "the page that came back was zero" },
		{ "work:intact", EXACTLY, PAGES, .why = "all others kept their contents" },
	},
	.samples = 1024,
	.footprint = footprint,
	.run = run,
};
