// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_PAGEOUT of one page of a huge page: the folio is split first (split_folio() in
 * madvise_cold_or_pageout_pte_range()), with its rmap walks. Needs no swap: the split comes before
 * the question where the page would go. A huge page that others map too is passed over in silence.
 */
#include <sys/mman.h>

#include "workloads/machine.h"

enum { FOLIOS, CHILDREN };
enum { SPLIT };
enum { WANTED, HUGE, SPLITS, FORKED, REAPED };

static struct sharers sharers;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[FOLIOS] * thp_size(), b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void split_one(struct bench *b, char *folio)
{
	bool huge = thp_mapped(folio, sharers.region.bytes) == 1;
	uint64_t start, ns;

	start = bench_now(b);
	if (madvise(folio, b->page_size, MADV_PAGEOUT))
		bench_fail(b, "MADV_PAGEOUT of a page of a huge page: %m");
	ns = bench_now(b) - start;
	bench_work(b, HUGE, huge);
	if (!huge || thp_mapped(folio, sharers.region.bytes))
		return;
	bench_work(b, SPLITS, 1);
	bench_sample(b, SPLIT, ns);
}

static void round_of(struct bench *b)
{
	sharers.region = thp_map(b, b->param[FOLIOS]);
	region_fill(b, &sharers.region, 1);
	bench_work(b, WANTED, sharers.region.count);
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	for (long i = 0; i < sharers.region.count; i++)
		split_one(b, region_vma(&sharers.region, i));
	sharers_check(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[FOLIOS]);

	sharers_new(b, &sharers, b->param[CHILDREN]);
	for (long i = 0; i < rounds; i++)
		round_of(b);
	sharers_free(b, &sharers);
}

const struct workload workload = {
	.summary = "huge pages split because MADV_PAGEOUT asks for a part of them",
	.drives = "madvise_cold_or_pageout_pte_range, split_folio, split_huge_page_to_list, "
		  "try_to_migrate, remove_migration_ptes, reclaim_pages",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "split in one round" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000,
			       "children that share them; with any nothing is split, and the "
			       "evidence says so" },
	},
	.metrics = {
		[SPLIT] = { "split", "ns", LATENCY, LOWER,
			    "MADV_PAGEOUT of the first page of a huge page" },
	},
	.works = { [WANTED] = "wanted", [HUGE] = "huge", [SPLITS] = "split", [FORKED] = "forked",
		   [REAPED] = "reaped" },
	.evidence = {
		{ "work:huge", AT_LEAST, WANTED, .factor = 0.5,
		  .why = "there were huge pages to split (AnonHugePages)" },
		{ "work:split", AT_LEAST, HUGE, .factor = 0.9,
		  .why = "they no longer are (AnonHugePages)" },
		{ "vmstat:thp_split_page", AT_LEAST, SPLITS, .why = "the folios were split" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_THP,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
