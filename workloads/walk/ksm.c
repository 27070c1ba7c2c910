// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KSM: pages of equal contents are merged, then unmerged by writes. Both replace the rmap of a page
 * (write_protect_page() walks, rmap_walk_ksm() is what later walkers take).
 */
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/machine.h"

#define KSM "/sys/kernel/mm/ksm/"

enum { PAGES, LIMIT };
enum { MERGE, UNMERGE };
enum { PAGES_ASKED, MERGED, SHARING, WRITTEN };

static struct region region;
static uint64_t *frame;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[PAGES] * b->page_size;
	f->processes = 1;
}

/* Equal contents: every page holds the pattern of page 0. */
static void fill(struct bench *b, uint64_t tag)
{
	for (long i = 0; i < b->param[PAGES]; i++)
		pages_fill(b, region.base + i * b->page_size, b->page_size, tag, 0);
}

static void verify(struct bench *b, uint64_t tag, const char *when)
{
	for (long i = 0; i < b->param[PAGES]; i++) {
		if (pages_verify(b, region.base + i * b->page_size, b->page_size, tag, 0) != 1)
			bench_corrupted(b, "page %ld changed %s", i, when);
	}
}

/* Pages that lie in the frame of the page before them, which only merged pages do. */
static long merged_pages(struct bench *b)
{
	long pages = b->param[PAGES], same = 0;

	frames_read(getpid(), region.base, pages, frame);
	for (long i = 1; i < pages; i++)
		same += frame[i] && frame[i] == frame[i - 1];
	return same;
}

static void merge(struct bench *b)
{
	long pages = b->param[PAGES], merged;
	uint64_t start = bench_now(b), now;

	if (madvise(region.base, region.bytes, MADV_MERGEABLE) || file_write(KSM "run", "1"))
		bench_fail(b, "MADV_MERGEABLE, or " KSM "run = 1: %m");
	/* The kernel's pages_sharing has everybody's pages in it, so our frames tell. */
	do {
		usleep(5000);
		merged = merged_pages(b);
		now = bench_now(b);
	} while (merged < pages * 95 / 100 && now - start < b->param[LIMIT] * UINT64_C(1000000000));
	bench_rate(b, MERGE, merged, now - start);
	bench_work(b, PAGES_ASKED, pages);
	bench_work(b, MERGED, merged);
	bench_work(b, SHARING, file_read_long(KSM "pages_sharing"));
	verify(b, 1, "when KSM merged it");
}

/* A write to each page: a copy each (cow_ksm). */
static void unmerge(struct bench *b)
{
	uint64_t start, ns;
	long merged;

	/* Or ksmd would merge again what was written, for all pages are equal again. */
	if (file_write(KSM "run", "0"))
		bench_fail(b, KSM "run = 0: %m");
	merged = merged_pages(b);
	start = bench_now(b);
	for (long i = 0; i < b->param[PAGES]; i++)
		*(volatile char *)(region.base + i * b->page_size + b->page_size - 1) = 0;
	ns = bench_now(b) - start;
	merged -= merged_pages(b);
	bench_rate(b, UNMERGE, merged, ns);
	bench_work(b, WRITTEN, merged);
	verify(b, 1, "when it was unmerged");
}

/* Stopping ksmd leaves merged what it merged: strangers' pages too, if they are mergeable. */
static void unmerge_all(void *arg)
{
	(void)arg;
	file_write(KSM "run", "2");
	file_write(KSM "run", "0");
}

static void round_of(struct bench *b)
{
	region = region_map(b, 1, b->param[PAGES] * b->page_size);
	pages_small(region.base, region.bytes);
	fill(b, 1);
	bench_hold(b, POPULATED);
	merge(b);
	bench_hold(b, HELD);
	unmerge(b);
	region_unmap(b, &region);
}

static void run(struct bench *b)
{
	bool alone = !file_read_long(KSM "run") && !file_read_long(KSM "pages_sharing");
	long rounds = bench_rounds(b, 1);

	frame = bench_memory(b, b->param[PAGES] * sizeof(*frame));
	if (alone)
		bench_undo(b, unmerge_all, NULL);
	setting_write(b, KSM "sleep_millisecs", "1");
	setting_write(b, KSM "pages_to_scan", "20000");
	/* Not all kernels have these. */
	setting_try(b, KSM "advisor_mode", "none");
	setting_try(b, KSM "smart_scan", "0");
	/* Puts back what it was; each round turns it on and off. */
	setting_write(b, KSM "run", file_read_long(KSM "run") == 1 ? "0" : "1");
	for (long i = 0; i < rounds; i++)
		round_of(b);
	/* ksmd holds the anon_vma of pages that are gone until it meets them again. */
	if (alone)
		unmerge_all(NULL);
}

const struct workload workload = {
	.summary = "equal pages merged by KSM, then unmerged by writes",
	.drives = "ksm_do_scan, try_to_merge_with_ksm_page, write_protect_page, replace_page, "
		  "do_wp_page, ksm_might_need_to_copy, folio_add_anon_rmap_pte",
	.params = {
		[PAGES] = { "pages", "pages", 2048, 16, 1 << 18, "of equal contents" },
		[LIMIT] = { "limit", "s", 20, 1, 600, "to wait for ksmd" },
	},
	.metrics = {
		[MERGE] = { "merge", "pages/s", THROUGHPUT, HIGHER,
			    "pages merged, ksmd's waits included" },
		[UNMERGE] = { "unmerge", "pages/s", THROUGHPUT, HIGHER,
			      "merged pages that got a frame of their own by a write" },
	},
	.works = { [PAGES_ASKED] = "asked", [MERGED] = "merged", [SHARING] = "sharing",
		   [WRITTEN] = "unmerged" },
	.evidence = {
		{ "work:merged", AT_LEAST, PAGES_ASKED, .factor = 0.9,
		  .why = "neighbours lie in the same frame" },
		{ "work:sharing", AT_LEAST, MERGED, .factor = 0.9,
		  .why = "the kernel counts them as merged (pages_sharing)" },
		{ "vmstat:cow_ksm", AT_LEAST, WRITTEN, .why = "writes copied them" },
		{ "work:unmerged", AT_LEAST, MERGED, .factor = 0.9,
		  .why = "and neighbours no longer share a frame" },
	},
	.needs = NEED_KSM | NEED_PAGEMAP_PFN | NEED_ROOT,
	.samples = 3,
	.footprint = footprint,
	.run = run,
};
