// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * khugepaged collapses small pages in the background; here it is told to hurry, and watched. What
 * is timed is its own work and the waits it takes, so this is a rate to compare kernels by, not a
 * cost of one collapse: thp/collapse has that.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "workloads/machine.h"

#define KHUGEPAGED "/sys/kernel/mm/transparent_hugepage/khugepaged/"

enum { FOLIOS, LIMIT };
enum { COLLAPSE };
enum { WANTED, SMALL, COLLAPSED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = 2 * b->param[FOLIOS] * thp_size();
	f->processes = 1;
}

static void round_of(struct bench *b)
{
	long folios = b->param[FOLIOS], pages, huge;
	size_t size = thp_size();
	uint64_t start, now;

	sharers.region = region_map_aligned(b, folios, size, size);
	pages = size / b->page_size;
	for (long i = 0; i < folios; i++)
		pages_small(region_vma(&sharers.region, i), size);
	region_fill(b, &sharers.region, 1);
	bench_work(b, WANTED, folios);
	bench_work(b, SMALL, folios - thp_in_region(&sharers.region));
	bench_hold(b, POPULATED);
	bench_hold(b, HELD);
	start = bench_now(b);
	/* The advice also enters the process in khugepaged's list. */
	for (long i = 0; i < folios; i++)
		madvise(region_vma(&sharers.region, i), size, MADV_HUGEPAGE);
	do {
		usleep(5000);
		huge = thp_in_region(&sharers.region);
		now = bench_now(b);
	} while (huge < folios && now - start < b->param[LIMIT] * UINT64_C(1000000000));
	bench_rate(b, COLLAPSE, huge, now - start);
	bench_work(b, COLLAPSED, huge);
	if (region_verify(b, &sharers.region, 1) != folios * pages)
		bench_corrupted(b, "pages changed when khugepaged collapsed them");
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);

	sharers_new(b, &sharers, 0);
	setting_write(b, KHUGEPAGED "alloc_sleep_millisecs", "0");
	setting_write(b, KHUGEPAGED "pages_to_scan", "65536");
	setting_write(b, KHUGEPAGED "defrag", "1");
	/* Last: writing it wakes khugepaged. */
	setting_write(b, KHUGEPAGED "scan_sleep_millisecs", "1");
	for (long i = 0; i < rounds; i++)
		round_of(b);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "small pages collapsed into huge ones by khugepaged in a hurry",
	.drives = "khugepaged_scan_mm_slot, hpage_collapse_scan_pmd, collapse_huge_page, "
		  "anon_vma_lock_write",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "made in one round" },
		[LIMIT] = { "limit", "s", 20, 1, 600, "to wait for them" },
	},
	.metrics = {
		[COLLAPSE] = { "collapse", "folios/s", THROUGHPUT, HIGHER,
			       "huge pages made, khugepaged's waits included" },
	},
	.works = { [WANTED] = "wanted", [SMALL] = "small", [COLLAPSED] = "collapsed" },
	.evidence = {
		{ "work:small", EXACTLY, WANTED, .why = "they were small pages at first" },
		{ "work:collapsed", AT_LEAST, SMALL, .factor = 0.9,
		  .why = "they are huge pages now (AnonHugePages)" },
		{ "vmstat:thp_collapse_alloc", AT_LEAST, COLLAPSED,
		  .why = "the kernel made huge pages to collapse into" },
	},
	.needs = NEED_THP | NEED_ROOT,
	.samples = 4,
	.footprint = footprint,
	.run = run,
};
