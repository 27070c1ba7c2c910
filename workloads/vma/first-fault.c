// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first write into a fresh VMA, where mainline makes an anon_vma and its chain entry, against
 * the first write to the second page of the same VMA, where both are there already.
 */
#include "workloads/workload.h"

enum { VMAS, ADJACENT };
enum { FIRST, SECOND };
enum { VMAS_WANTED, VMAS_SEEN, WRITES, FAULTS, INTACT };

enum { PAGES_EACH = 2 };

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = PAGES_EACH * b->param[VMAS] * b->page_size + family_bytes(b, b->param[VMAS], 1);
	f->processes = 1;
}

static struct region map(struct bench *b)
{
	size_t bytes = PAGES_EACH * b->page_size;
	struct region r = b->param[ADJACENT] ? region_map_adjacent(b, b->param[VMAS], bytes)
					     : region_map(b, b->param[VMAS], bytes);

	pages_small(r.base, r.stride * r.count);
	return r;
}

/* Page `page` of each VMA, one after the other. */
static void touch(struct bench *b, const struct region *r, long page, int metric)
{
	for (long i = 0; i < r->count; i++) {
		volatile uint64_t *p = (uint64_t *)(region_vma(r, i) + page * b->page_size);
		uint64_t start = bench_now(b);

		*p = i + 1;
		bench_sample(b, metric, bench_now(b) - start);
	}
}

/* Pages that hold what touch() wrote and are zero elsewhere, as fresh memory must be. */
static long intact(const struct bench *b, const struct region *r)
{
	long good = 0;

	for (long i = 0; i < r->count * PAGES_EACH; i++) {
		const uint64_t *page =
			(uint64_t *)(region_vma(r, i / PAGES_EACH) + i % PAGES_EACH * b->page_size);

		good += *page == (uint64_t)i / PAGES_EACH + 1 &&
			page_is_zero(b, page, sizeof(*page));
	}
	return good;
}

static void model(struct bench *b, enum hold_point point)
{
	long touched = point == HELD ? b->param[VMAS] : 0;

	/* Neighbours that touch lend each other the first one's (reusable_anon_vma()). */
	bench_model(b, point, "anon_vma", b->param[ADJACENT] && touched ? 1 : touched);
	bench_model(b, point, "anon_vma_chain", touched);
	bench_model(b, point, "vm_area_struct", maps_count() - b->vmas);
}

static void one_round(struct bench *b)
{
	long vmas = maps_count();
	struct region r = map(b);
	long pages = r.count * PAGES_EACH, faults, good;

	bench_work(b, VMAS_WANTED, r.count);
	bench_work(b, VMAS_SEEN, maps_count() - vmas);
	model(b, POPULATED);
	bench_hold(b, POPULATED);
	faults = faults_taken();
	touch(b, &r, 0, FIRST);
	touch(b, &r, 1, SECOND);
	bench_work(b, FAULTS, faults_taken() - faults);
	model(b, HELD);
	bench_hold(b, HELD);
	good = intact(b, &r);
	if (good != pages)
		bench_corrupted(b, "%ld of %ld fresh pages do not hold what was written",
				pages - good, pages);
	bench_work(b, WRITES, pages);
	bench_work(b, INTACT, good);
	region_unmap(b, &r);
}

static void run(struct bench *b)
{
	for (long rounds = bench_rounds(b, b->param[VMAS]); rounds; rounds--)
		one_round(b);
}

const struct workload workload = {
	.summary = "first write into each of V fresh VMAs, against the second page of the same VMA",
	.drives = "do_anonymous_page, __anon_vma_prepare, find_mergeable_anon_vma, "
		  "folio_add_new_anon_rmap",
	.params = {
		[VMAS] = { "vmas", "VMAs", 256, 1, 32768, "fresh VMAs of two pages" },
		[ADJACENT] = { "adjacent", "0 or 1", 0, 0, 1,
			       "1: no holes between them, so that they can share an anon_vma" },
	},
	.metrics = {
		[FIRST] = { "first", "ns", LATENCY, LOWER,
			    "first write into the VMA: page fault and birth of its anon_vma" },
		[SECOND] = { "second", "ns", LATENCY, LOWER,
			     "first write to its second page: page fault alone" },
	},
	.works = {
		[VMAS_WANTED] = "vmas_wanted",
		[VMAS_SEEN] = "vmas_seen",
		[WRITES] = "writes",
		[FAULTS] = "faults",
		[INTACT] = "intact",
	},
	.evidence = {
		{ "work:vmas_seen", EXACTLY, VMAS_WANTED,
		  .why = "/proc/self/maps has a line for each: none has merged" },
		{ "work:faults", AT_LEAST, WRITES, .why = "each page was faulted in by itself" },
		{ "vmstat:pgfault", AT_LEAST, WRITES, .why = "the kernel counted the faults" },
		{ "work:intact", EXACTLY, WRITES,
		  .why = "each page holds its word and is zero elsewhere" },
	},
	.samples = 2048,
	.footprint = footprint,
	.run = run,
};
