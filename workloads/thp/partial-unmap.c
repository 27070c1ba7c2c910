// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Part of each huge page is unmapped: the PMD is split at once, the folio is queued
 * (deferred_split_folio), and reclaim splits it later, with the rmap walks of
 * split_huge_page_to_list(). A memory group holds the folios, so that reclaim finds these alone.
 *
 * Reclaim reports failure (EAGAIN) although it split, so whether a folio was split is read from the
 * flags of its frames.
 */
#include <errno.h>
#include <linux/kernel-page-flags.h>
#include <sys/mman.h>

#include "workloads/machine.h"

enum { FOLIOS, PAGES, RECLAIM };
enum { UNMAP, RECLAIM_SPLIT };
enum { WANTED, HUGE, CUT, QUEUED, SPLIT };

static struct region region;
static struct group group;
static uint64_t *frame; /* of the first page of each folio */
static bool can_reclaim;

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = b->param[FOLIOS] * thp_size();
	f->processes = 1;
}

static void verify(struct bench *b)
{
	size_t left = region.bytes - b->param[PAGES] * b->page_size;
	long pages = region.bytes / b->page_size;

	for (long i = 0; i < region.count; i++) {
		const char *folio = region_vma(&region, i);

		if (pages_verify(b, folio, left, 1, i * pages) != (long)left / b->page_size)
			bench_corrupted(b, "the mapped pages of huge page %ld changed", i);
		if (is_mapped(folio + left))
			bench_fail(b, "the end of huge page %ld is still mapped", i);
	}
}

/* The end of each huge page goes: its VMA shrinks and no other is made. */
static void cut(struct bench *b, long i)
{
	size_t bytes = b->param[PAGES] * b->page_size;
	char *folio = region_vma(&region, i);
	bool huge = thp_mapped(folio, region.bytes) == 1;
	uint64_t start, ns;

	frame[i] = page_frame(folio);
	start = bench_now(b);
	if (munmap(folio + region.bytes - bytes, bytes))
		bench_fail(b, "munmap of %zu bytes of a huge page: %m", bytes);
	ns = bench_now(b) - start;
	bench_work(b, HUGE, huge);
	if (!huge)
		return;
	bench_work(b, CUT, 1);
	bench_sample(b, UNMAP, ns);
}

static bool is_whole(long i)
{
	uint64_t compound = 1ul << KPF_COMPOUND_HEAD | 1ul << KPF_COMPOUND_TAIL;

	return page_frame(region_vma(&region, i)) == frame[i] && frame_flags(frame[i]) & compound;
}

static void reclaim(struct bench *b)
{
	long queued = 0, whole = 0;
	uint64_t start, ns;

	for (long i = 0; i < region.count; i++)
		queued += is_whole(i);
	start = bench_now(b);
	if (!group_reclaim(&group, region.bytes * region.count))
		bench_fail(b, "the memory group refuses to reclaim: %m");
	ns = bench_now(b) - start;
	for (long i = 0; i < region.count; i++)
		whole += is_whole(i);
	bench_work(b, QUEUED, queued);
	bench_work(b, SPLIT, queued - whole);
	bench_rate(b, RECLAIM_SPLIT, queued - whole, ns);
}

static void round_of(struct bench *b)
{
	region = thp_map(b, b->param[FOLIOS]);
	region_fill(b, &region, 1);
	bench_work(b, WANTED, region.count);
	bench_hold(b, POPULATED);
	for (long i = 0; i < region.count; i++)
		cut(b, i);
	bench_hold(b, HELD);
	if (can_reclaim)
		reclaim(b);
	verify(b);
	region_unmap(b, &region);
}

/* Reclaim is measured where there is a group to reclaim from and frames to look at. */
static void prepare(struct bench *b)
{
	static char probe;

	*(volatile char *)&probe = 1;
	if (!b->param[RECLAIM])
		return;
	if (!frame_flags(page_frame(&probe)))
		bench_note(b,
			   "no reclaim: /proc/kpageflags cannot be read (root), so a split could "
			   "not be proven");
	else if (!group_create(b, &group, "memory") || !group_enter(b, &group))
		bench_note(b, "no reclaim: no memory control group can be made in /sys/fs/cgroup "
			      "(%m)");
	else
		can_reclaim = true;
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, b->param[FOLIOS]);

	frame = bench_memory(b, b->param[FOLIOS] * sizeof(*frame));
	prepare(b);
	for (long i = 0; i < rounds; i++)
		round_of(b);
	if (can_reclaim)
		group_leave(b, &group);
}

const struct workload workload = {
	.summary = "huge pages of which a part is unmapped, then split by reclaim",
	.drives = "__split_huge_pmd, deferred_split_folio, deferred_split_scan, "
		  "split_huge_page_to_list, try_to_migrate, remove_migration_ptes",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "cut in one round" },
		[PAGES] = { "pages", "pages", 256, 1, 511, "unmapped at the end of each" },
		[RECLAIM] = { "reclaim", "0 or 1", 1, 0, 1,
			      "1: then reclaim, where a memory control group can be made" },
	},
	.metrics = {
		[UNMAP] = { "unmap", "ns", LATENCY, LOWER,
			    "munmap() of the end of one huge page, which splits its PMD" },
		[RECLAIM_SPLIT] = { "reclaim-split", "folios/s", THROUGHPUT, HIGHER,
				    "folios split by one reclaim of the whole group" },
	},
	.works = { [WANTED] = "wanted", [HUGE] = "huge", [CUT] = "cut", [QUEUED] = "queued",
		   [SPLIT] = "split" },
	.evidence = {
		{ "work:huge", AT_LEAST, WANTED, .factor = 0.5,
		  .why = "there were huge pages to cut (AnonHugePages)" },
		{ "vmstat:thp_split_pmd", AT_LEAST, CUT, .why = "munmap split their PMDs" },
		{ "vmstat:thp_deferred_split_page", AT_LEAST, CUT, .why = "and queued the folios" },
		{ "work:split", AT_LEAST, QUEUED, .factor = 0.5, .may_be_zero = true,
		  .why = "reclaim split them: their frames are no longer compound" },
		{ "vmstat:thp_split_page", AT_LEAST, SPLIT, .may_be_zero = true,
		  .why = "and the kernel counted it" },
	},
	.needs = NEED_THP,
	.samples = 64,
	.footprint = footprint,
	.run = run,
};
