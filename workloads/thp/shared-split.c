// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages of which every sharer unmaps the same part: the last one to do so leaves pages that
 * nobody maps, the folio is queued, and reclaim of the memory group splits it, with one rmap walk
 * over all sharers to take the PTEs away and one to put them back.
 */
#include <linux/kernel-page-flags.h>
#include <sys/mman.h>

#include "workloads/machine.h"

enum { FOLIOS, CHILDREN };
enum { SPLIT };
enum { WANTED, HUGE, QUEUED, SPLITS, FORKED, REAPED };

static struct sharers sharers;
static struct group group;
static uint64_t *frame; /* of the first page of each folio */

static void footprint(const struct bench *b, struct footprint *f)
{
	f->bytes = sharers_bytes(b, b->param[FOLIOS] * thp_size(), b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static void verify(struct bench *b, void *arg, long k)
{
	size_t left = sharers.region.bytes / 2;
	long pages = sharers.region.bytes / b->page_size;

	(void)arg;
	for (long i = 0; i < sharers.region.count; i++) {
		const char *folio = region_vma(&sharers.region, i);

		if (pages_verify(b, folio, left, 1, i * pages) != pages / 2)
			bench_corrupted(b,
					"huge page %ld changed in its split, in child %ld "
					"(0: the parent)",
					i, k + 1);
	}
}

static void cut(struct bench *b, void *arg, long k)
{
	size_t half = sharers.region.bytes / 2;

	(void)arg;
	for (long i = 0; i < sharers.region.count; i++) {
		if (munmap(region_vma(&sharers.region, i) + half, half))
			bench_fail(b, "munmap of half a huge page in child %ld: %m", k + 1);
	}
}

static bool is_whole(long i)
{
	uint64_t compound = 1ul << KPF_COMPOUND_HEAD | 1ul << KPF_COMPOUND_TAIL;

	return page_frame(region_vma(&sharers.region, i)) == frame[i] &&
	       frame_flags(frame[i]) & compound;
}

static long whole(void)
{
	long n = 0;

	for (long i = 0; i < sharers.region.count; i++)
		n += is_whole(i);
	return n;
}

static void round_of(struct bench *b)
{
	long pages, queued, split;
	uint64_t start, ns;

	sharers.region = thp_map(b, b->param[FOLIOS]);
	pages = sharers.region.bytes / b->page_size;
	region_fill(b, &sharers.region, 1);
	bench_work(b, WANTED, sharers.region.count);
	bench_work(b, HUGE, thp_in_region(&sharers.region));
	for (long i = 0; i < sharers.region.count; i++)
		frame[i] = page_frame(region_vma(&sharers.region, i));
	bench_hold(b, POPULATED);
	for (long k = 0; k < b->param[CHILDREN]; k++)
		family_fork(b, &sharers.family, cut, &sharers);
	family_ready(b, &sharers.family);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	cut(b, NULL, -1);
	queued = whole();
	start = bench_now(b);
	if (!group_reclaim(&group, sharers.region.bytes * sharers.region.count))
		bench_fail(b, "the memory group refuses to reclaim: %m");
	ns = bench_now(b) - start;
	split = queued - whole();
	bench_work(b, QUEUED, queued);
	bench_work(b, SPLITS, split);
	bench_rate(b, SPLIT, split, ns);
	for (long i = 0; i < sharers.region.count; i++) {
		if (!frames_agree(b, &sharers.family, region_vma(&sharers.region, i), pages / 2))
			bench_corrupted(
				b, "processes that share huge page %ld see different frames", i);
	}
	verify(b, NULL, -1);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);

	frame = bench_memory(b, b->param[FOLIOS] * sizeof(*frame));
	sharers_new(b, &sharers, b->param[CHILDREN]);
	sharers.family.on_release = verify;
	if (!group_create(b, &group, "memory") || !group_enter(b, &group))
		bench_skip(b, "no memory control group can be made in /sys/fs/cgroup: %m");
	for (long i = 0; i < rounds; i++)
		round_of(b);
	sharers_free(b, &sharers);
	group_leave(b, &group);
}

const struct workload workload = {
	.summary = "huge pages that N processes share, cut by all and split by reclaim",
	.drives = "deferred_split_folio, deferred_split_scan, split_huge_page_to_list, "
		  "rmap_walk_anon, try_to_migrate, remove_migration_ptes",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "split in one round" },
		[CHILDREN] = { "children", "processes", 8, 1, 1000, "children that share them" },
	},
	.metrics = {
		[SPLIT] = { "split", "folios/s", THROUGHPUT, HIGHER,
			    "folios split by one reclaim of the whole group" },
	},
	.works = { [WANTED] = "wanted", [HUGE] = "huge", [QUEUED] = "queued", [SPLITS] = "split",
		   [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:huge", AT_LEAST, WANTED, .factor = 0.5,
		  .why = "there were huge pages to share (AnonHugePages)" },
		{ "vmstat:thp_deferred_split_page", AT_LEAST, QUEUED,
		  .why = "they were queued when the last sharer had cut them" },
		{ "work:split", AT_LEAST, QUEUED, .factor = 0.5,
		  .why = "reclaim split them: their frames are no longer compound" },
		{ "vmstat:thp_split_page", AT_LEAST, SPLITS, .why = "and the kernel counted it" },
		{ "work:reaped", EXACTLY, FORKED, .why = "every child found its pages intact" },
	},
	.needs = NEED_THP | NEED_MEMCG | NEED_PAGEMAP_PFN | NEED_ROOT,
	.samples = 8,
	.footprint = footprint,
	.run = run,
};
