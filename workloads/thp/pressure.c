// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Huge pages under memory pressure: their memory group is told to give memory back, reclaim walks
 * the rmap of each to see whether it was used and to unmap it, and writes it to swap, whole or
 * split. Then everything is read back. Reclaim swaps shared pages too, unlike MADV_PAGEOUT.
 */
#include "workloads/machine.h"

enum { FOLIOS, CHILDREN };
enum { OUT, BACK };
enum { WANTED, HUGE, IN_GROUP, SWAPPED, FORKED, REAPED };

static struct sharers sharers;
static struct group group;

static void footprint(const struct bench *b, struct footprint *f)
{
	/* Once in memory, once in compressed swap. */
	f->bytes = sharers_bytes(b, 2 * b->param[FOLIOS] * thp_size(), b->param[CHILDREN]);
	f->processes = b->param[CHILDREN] + 1;
}

static long swapped_pages(struct bench *b)
{
	const struct region *r = &sharers.region;

	return smaps_field(r->base, r->stride * r->count, "Swap") * 1024 / b->page_size;
}

static void round_of(struct bench *b)
{
	size_t bytes;
	uint64_t start, ns;
	long out;

	sharers.region = thp_map(b, b->param[FOLIOS]);
	bytes = sharers.region.bytes * sharers.region.count;
	region_fill(b, &sharers.region, 1);
	bench_work(b, WANTED, sharers.region.count);
	bench_work(b, HUGE, thp_in_region(&sharers.region));
	bench_hold(b, POPULATED);
	sharers_fork(b, &sharers);
	bench_work(b, FORKED, b->param[CHILDREN]);
	bench_hold(b, HELD);
	start = bench_now(b);
	/* The first calls only take the pages off the active list. */
	for (int i = 0; i < 4; i++) {
		if (!group_reclaim(&group, bytes))
			bench_fail(b, "the memory group refuses to reclaim: %m");
		if (swapped_pages(b) * b->page_size >= (long)(bytes / 10 * 9))
			break;
	}
	ns = bench_now(b) - start;
	out = swapped_pages(b);
	bench_rate(b, OUT, out, ns);
	bench_work(b, IN_GROUP, bytes / b->page_size);
	bench_work(b, SWAPPED, out);
	start = bench_now(b);
	region_verify(b, &sharers.region, 1);
	bench_rate(b, BACK, out, bench_now(b) - start);
	/* Contents alone: what each reads back from swap may come to lie in a frame of its own. */
	sharers_verify(b, &sharers);
	bench_work(b, REAPED, sharers_release(b, &sharers));
	region_unmap(b, &sharers.region);
}

static void run(struct bench *b)
{
	long rounds = bench_rounds(b, 1);

	swap_ensure(b, 2 * b->param[FOLIOS] * thp_size());
	sharers_new(b, &sharers, b->param[CHILDREN]);
	if (!group_create(b, &group, "memory") || !group_enter(b, &group))
		bench_skip(b, "no memory control group can be made in /sys/fs/cgroup: %m");
	for (long i = 0; i < rounds; i++)
		round_of(b);
	sharers_free(b, &sharers);
	group_leave(b, &group);
}

const struct workload workload = {
	.summary = "huge pages pushed out to swap by pressure on their memory group, and read back",
	.drives = "shrink_folio_list, folio_referenced, split_folio_to_list, try_to_unmap, "
		  "rmap_walk_anon, do_swap_page",
	.params = {
		[FOLIOS] = { "folios", "huge pages", 16, 1, 4096, "in the group" },
		[CHILDREN] = { "children", "processes", 0, 0, 1000, "children that share them" },
	},
	.metrics = {
		[OUT] = { "out", "pages/s", THROUGHPUT, HIGHER, "base pages reclaimed to swap" },
		[BACK] = { "back", "pages/s", THROUGHPUT, HIGHER,
			   "base pages read back by faults, and their contents checked" },
	},
	.works = { [WANTED] = "wanted", [HUGE] = "huge", [IN_GROUP] = "pages",
		   [SWAPPED] = "swapped", [FORKED] = "forked", [REAPED] = "reaped" },
	.evidence = {
		{ "work:huge", AT_LEAST, WANTED, .factor = 0.5,
		  .why = "there were huge pages in the group (AnonHugePages)" },
		{ "work:swapped", AT_LEAST, IN_GROUP, .factor = 0.5,
		  .why = "their pages were in swap (Swap of smaps)" },
		{ "vmstat:pswpout", AT_LEAST, SWAPPED, .factor = 0.9,
		  .why = "the kernel wrote them to swap" },
		{ "work:reaped", EXACTLY, FORKED, .may_be_zero = true,
		  .why = "every child found its pages intact" },
	},
	.needs = NEED_THP | NEED_SWAP | NEED_MEMCG | NEED_ROOT,
	.samples = 4,
	.footprint = footprint,
	.run = run,
};
