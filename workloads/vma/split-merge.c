// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mprotect() of half of a touched VMA splits it, and both halves need the anon_vma; giving the
 * old protection back merges them.
 */
#include <sys/mman.h>

#include "workloads/workload.h"

enum { VMAS };
enum { SPLIT, MERGE };
enum { OPERATIONS, SPLITS, MERGES, PAGES, INTACT };

enum { PAGES_EACH = 2 };

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes =
		PAGES_EACH * b->param[VMAS] * b->page_size + 2 * family_bytes(b, b->param[VMAS], 1);
	f->processes = 1;
}

/* Protects the upper page of each VMA. */
static void protect(struct bench *b, const struct region *r, int protection, int metric)
{
	for (long i = 0; i < r->count; i++) {
		char *upper = region_vma(r, i) + b->page_size;
		uint64_t start = bench_now(b);
		int failed = mprotect(upper, b->page_size, protection);

		bench_sample(b, metric, bench_now(b) - start);
		if (failed)
			bench_fail(b, "mprotect in VMA %ld of %ld: %m", i + 1, r->count);
	}
}

static void model(struct bench *b, enum hold_point point)
{
	long v = b->param[VMAS];

	/* Both halves hang on one anon_vma (anon_vma_clone() in __split_vma()). */
	bench_model(b, point, "anon_vma", v);
	bench_model(b, point, "anon_vma_chain", point == HELD ? 2 * v : v);
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas);
}

static void one_round(struct bench *b, const struct region *r)
{
	long whole = maps_count(), split;

	protect(b, r, PROT_READ, SPLIT);
	split = maps_count();
	model(b, HELD);
	bench_hold(b, HELD);
	protect(b, r, PROT_READ | PROT_WRITE, MERGE);
	bench_work(b, OPERATIONS, r->count);
	bench_work(b, SPLITS, split - whole);
	bench_work(b, MERGES, split - maps_count());
}

static void run(struct bench *b)
{
	struct region r = region_map(b, b->param[VMAS], PAGES_EACH * b->page_size);
	long pages = r.count * PAGES_EACH, good;

	pages_small(r.base, r.stride * r.count);
	region_fill(b, &r, 1);
	model(b, POPULATED);
	bench_hold(b, POPULATED);
	for (long rounds = bench_rounds(b, r.count); rounds; rounds--)
		one_round(b, &r);
	good = region_verify(b, &r, 1);
	if (good != pages)
		bench_corrupted(b, "%ld of %ld pages changed by mprotect", pages - good, pages);
	bench_work(b, PAGES, pages);
	bench_work(b, INTACT, good);
	region_unmap(b, &r);
}

const struct workload workload = {
	.summary = "mprotect() that splits each of V touched VMAs, and the one that merges it back",
	.drives = "mprotect_fixup, vma_modify, __split_vma, anon_vma_clone, vma_merge, "
		  "unlink_anon_vmas",
	.params = {
		[VMAS] = { "vmas", "VMAs", 256, 1, 16384,
			   "touched VMAs of two pages, a hole after each" },
	},
	.metrics = {
		[SPLIT] = { "split", "ns", LATENCY, LOWER, "mprotect() to read-only of one half" },
		[MERGE] = { "merge", "ns", LATENCY, LOWER, "mprotect() back to writable" },
	},
	.works = {
		[OPERATIONS] = "operations",
		[SPLITS] = "splits",
		[MERGES] = "merges",
		[PAGES] = "pages",
		[INTACT] = "intact",
	},
	.evidence = {
		{ "work:splits", EXACTLY, OPERATIONS,
		  .why = "/proc/self/maps gained a line for each" },
		{ "work:merges", EXACTLY, OPERATIONS, .why = "/proc/self/maps lost it again" },
		{ "work:intact", EXACTLY, PAGES, .why = "no page changed" },
	},
	.samples = 1024,
	.footprint = footprint,
	.run = run,
};
